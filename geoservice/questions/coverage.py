"""How complete registers are, as recorded coverage statements say: for an area, a day and an instant.

A statement is about the town that it names, else about its own shape, else about the whole region.
Where two contradict each other, the one with the newer start holds for its area (of one start, the
one recorded later). What no statement covers is unknown: nothing found there is no proof that there
is nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import aggregate_order_by

from geoservice.crs import STORAGE_SRID
from geoservice.description.collection import Collection, Period
from geoservice.domain.code_lists import COVERAGE_STATUS
from geoservice.domain.coverage import coverage_statements
from geoservice.domain.places import towns
from geoservice.languages import Text
from geoservice.questions.contract import Asking, Coverage
from geoservice.regions import Region
from geoservice.store.geodesy import common_part, extent_of
from geoservice.store.statements import source, true_on

TOLERANCE = 1e-4
"""The share of an area that may lie outside the statements and still count as covered.

Borders are digitised more than once: one part in ten thousand is 1 ha of a town of 100 km².
"""

CONSULTED = (coverage_statements, towns)
"""The collections that every coverage depends on, beside those that it is about."""

_COMPLETE, _PARTIAL, _NONE, _UNKNOWN = "complete", "partial", "none", "unknown"
_FROM_WELL_KNOWN = (_COMPLETE, _UNKNOWN, _PARTIAL, _NONE)
_NAMED_STATEMENTS = 5


def registers(collections: Iterable[Collection]) -> tuple[Collection, ...]:
    """Those of some collections that can be incomplete somewhere: they have a place or a town.

    The units that give the places their codes are the frame, no register; nor are the statements.
    """
    return tuple(
        each
        for each in collections
        if (each.geometry_fields or each.town)
        and each.town not in each.key
        and each.id != coverage_statements.id
    )


def verdicts(
    asking: Asking, collections: Sequence[Collection], places: sa.FromClause
) -> sa.Select[Any]:
    """What is stated of each place and register: at most one row for a pair, none where nothing is.

    `places` has the columns `place`, `area` (null where only the `town` is known) and `town`.
    Columns: `place`, `dataset`, `status` (complete, partial, none, unknown), and `parts`: by status,
    how much of the place it holds for and by which statements, as JSON
    `[status, share, [[statement_no, valid_from, stated_by], …]]`.

    A place is complete, or without data, if statements that say so cover it together but for
    `TOLERANCE`; unknown, if nothing else is said of more than that; partial otherwise.
    """
    ids = [each.id for each in collections]
    about = _About(sa.literal(ids, sa.ARRAY(sa.Text)), sa.literal(_day(asking)), _known_at(asking))
    return _verdicts(about, places)


def recorded(
    connection: sa.Connection,
    asking: Asking,
    collections: Iterable[Collection],
    places: sa.FromClause | None,
) -> list[Coverage]:
    """The coverage of each register among some collections; `places` as `verdicts` wants them.

    Without places, of the town asked for, else of all towns, else of the extent of the region. Of
    several places a register is complete if it is in each of them.
    """
    about = registers(collections)
    if not about:
        return []
    number = 1
    if places is None:
        known_at, town = _known_at(asking), asking.text("town")
        statement = _of_area(asking.region, known_at is not None, town is not None)
        ids = [each.id for each in about]
        given = {"ids": ids, "day": _day(asking), "known_at": known_at, "town": town}
        rows = connection.execute(statement, given).all()
    else:
        rows = connection.execute(verdicts(asking, about, places)).all()
        if rows:
            number = connection.execute(sa.select(sa.func.count()).select_from(places)).scalar_one()
    found: dict[str, list[tuple[str, list[Any]]]] = {each.id: [] for each in about}
    for row in rows:
        found[row.dataset].append((row.status, row.parts))
    return [_coverage(each, found[each.id], number) for each in about]


@dataclass(frozen=True)
class _About:
    """What verdicts are wanted about: the ids of collections, the day, and when it was known."""

    ids: sa.ColumnElement[Any]
    day: sa.ColumnElement[date]
    known_at: Any  # an instant, or an expression that gives one; None is now


@cache
def _of_area(region: Region, with_known_at: bool, with_town: bool) -> sa.Select[Any]:
    """The verdicts on the area asked about; made once, for the values `ids day known_at town`."""
    known_at = sa.bindparam("known_at", type_=sa.DateTime(timezone=True)) if with_known_at else None
    day = sa.bindparam("day", type_=sa.Date())
    about = _About(sa.bindparam("ids", type_=sa.ARRAY(sa.Text)), day, known_at)
    rows = source(towns, about.known_at).alias("asked_towns")
    town: sa.ColumnElement[Any] = sa.bindparam("town", type_=sa.Text()) if with_town else sa.null()
    areas = sa.select(sa.func.ST_Union(rows.c.geom, type_=Geometry())).where(
        true_on(rows, _period(towns), day), *((rows.c.code == town,) if with_town else ())
    )
    area: sa.ColumnElement[Any] = areas.scalar_subquery()
    if not with_town:
        extent = sa.func.ST_MakeEnvelope(*region.extent, STORAGE_SRID, type_=Geometry())
        area = sa.func.coalesce(area, extent, type_=Geometry())
    asked = sa.select(
        sa.literal(0, sa.Integer).label("place"),
        area.label("area"),
        sa.cast(town, sa.Text).label("town"),
    )
    return _verdicts(about, asked.cte("asked"))


def _verdicts(about: _About, places: sa.FromClause) -> sa.Select[Any]:
    said = _said(about, places)
    by_status = (
        sa.select(
            said.c.place,
            said.c.dataset,
            said.c.status,
            sa.func.coalesce(
                extent_of(sa.func.ST_Union(said.c.part, type_=Geometry()), said.c.area)
                / sa.func.nullif(said.c.size, 0),
                1.0,
            ).label("share"),
            sa.func.json_agg(
                aggregate_order_by(
                    sa.func.json_build_array(
                        said.c.statement_no, said.c.valid_from, said.c.stated_by
                    ),
                    said.c.age,
                )
            ).label("statements"),
        )
        .group_by(said.c.place, said.c.dataset, said.c.status, said.c.area, said.c.size)
        .subquery("by_status")
    )

    def share(*statuses: str) -> sa.ColumnElement[float]:
        chosen = by_status.c.status.in_(statuses)
        return sa.func.coalesce(sa.func.sum(by_status.c.share).filter(chosen), 0.0)

    status = sa.case(
        (share(_COMPLETE) >= 1 - TOLERANCE, _COMPLETE),
        (share(_NONE) >= 1 - TOLERANCE, _NONE),
        (share(_COMPLETE, _PARTIAL, _NONE) <= TOLERANCE, _UNKNOWN),
        else_=_PARTIAL,
    )
    part = sa.func.json_build_array(by_status.c.status, by_status.c.share, by_status.c.statements)
    return sa.select(
        by_status.c.place,
        by_status.c.dataset,
        status.label("status"),
        sa.func.json_agg(aggregate_order_by(part, by_status.c.status)).label("parts"),
    ).group_by(by_status.c.place, by_status.c.dataset)


def merged(stated: Sequence[Coverage], more: Sequence[Coverage]) -> tuple[Coverage, ...]:
    """One coverage for each collection: what is stated of it, and what the question has found.

    The less that is known, the more it counts. A complete register that holds nothing that
    qualifies stays complete: there, nothing found means none.
    """
    found = {each.collection: each for each in stated}
    for each in more:
        known = found.get(each.collection)
        if known is None:
            found[each.collection] = each
        elif (known.status, each.status) != (_COMPLETE, _NONE):
            found[each.collection] = Coverage(
                each.collection,
                max(known.status, each.status, key=_FROM_WELL_KNOWN.index),
                _joined((known.statement, each.statement), Text(zh="", en=" ")),
            )
    return tuple(found.values())


def _said(about: _About, places: sa.FromClause) -> sa.Subquery:
    """The statements that decide for some of a place, with the part of it that they decide for."""
    stated = _in_force(about)
    here, newer = stated.alias("here"), stated.alias("newer")
    # Behind a fence, so that an area that is the union of towns is computed once; without a
    # statement, never.
    is_any = sa.exists(sa.select(sa.literal_column("1")).select_from(stated))
    fenced = sa.select(*places.c).where(is_any).offset(0).subquery("fenced")
    where = sa.select(*fenced.c, extent_of(fenced.c.area).label("size")).cte("places_with_size")
    area = where.c.area
    is_here = sa.or_(
        here.c.is_everywhere,
        here.c.extent.op("&&")(area),
        sa.and_(area.is_(None), here.c.town_code == where.c.town),
    )
    own = sa.case((here.c.is_everywhere, area), else_=common_part(here.c.extent, area))
    reached = (
        sa.select(
            where.c.place,
            area,
            where.c.size,
            *here.c,
            sa.cast(own, Geometry()).label("own"),
            sa.func.min(here.c.age)
            .over(partition_by=(where.c.place, here.c.dataset))
            .label("newest"),
        )
        .select_from(where.join(here, is_here))
        .subquery("reached")
    )
    overruling = (
        sa.select(sa.func.ST_Union(newer.c.extent, type_=Geometry()))
        .where(
            newer.c.dataset == reached.c.dataset,
            newer.c.age < reached.c.age,
            newer.c.status != reached.c.status,
            newer.c.extent.op("&&")(reached.c.own),
        )
        .scalar_subquery()
    )
    overruled = sa.select(*reached.c, overruling.label("overruled")).offset(0).subquery("overruled")
    part = sa.case(
        (overruled.c.overruled.is_(None), overruled.c.own),
        else_=sa.func.ST_Difference(overruled.c.own, overruled.c.overruled),
    )
    parts = (
        sa.select(*overruled.c, sa.cast(part, Geometry()).label("part")).offset(0).subquery("parts")
    )
    decides = sa.case(
        (parts.c.area.is_(None), parts.c.age == parts.c.newest),
        else_=extent_of(parts.c.part, parts.c.area) > TOLERANCE * parts.c.size,
    )
    return sa.select(*parts.c).where(decides).subquery("said")


def _in_force(about: _About) -> sa.CTE:
    """The statements about some collections, by age from the newest; those that others void are out."""
    rows = source(coverage_statements, about.known_at).alias("statement")
    named = source(towns, about.known_at).alias("stated_town")
    of_town = sa.and_(named.c.code == rows.c.town_code, true_on(named, _period(towns), about.day))
    is_everywhere = sa.and_(rows.c.town_code.is_(None), rows.c.geom.is_(None))
    newest_first = (rows.c.valid_from.desc(), rows.c.recorded_at.desc(), rows.c.statement_no.desc())
    age = sa.func.row_number().over(partition_by=rows.c.dataset, order_by=newest_first)
    area = sa.case((rows.c.town_code.is_(None), rows.c.geom), else_=named.c.geom)
    names = ("dataset", "statement_no", "status", "town_code", "valid_from", "stated_by")
    stated = (
        sa.select(
            *(rows.c[name] for name in names),
            area.label("extent"),
            is_everywhere.label("is_everywhere"),
            age.label("age"),
        )
        .select_from(rows.outerjoin(named, of_town))
        .where(
            rows.c.dataset == sa.any_(about.ids),
            true_on(rows, _period(coverage_statements), about.day),
        )
        .subquery("stated")
    )
    # What is older than a statement on the whole region decides nothing any more.
    last = sa.func.min(stated.c.age).filter(stated.c.is_everywhere)
    with_last = sa.select(
        *stated.c, last.over(partition_by=stated.c.dataset).label("last")
    ).subquery("with_last")
    return (
        sa.select(*(with_last.c[column.name] for column in stated.c))
        .where(with_last.c.age <= sa.func.coalesce(with_last.c.last, with_last.c.age))
        .cte("in_force")
    )


def _period(collection: Collection) -> Period:
    assert collection.period is not None
    return collection.period


def _day(asking: Asking) -> date:
    """The day asked about: `as_of`; of a question about a time, its last day; else today."""
    days = [value for value in asking.values.values() if type(value) is date]
    as_of = asking.values.get("as_of")
    today = datetime.now(ZoneInfo(asking.region.time_zone)).date()
    return as_of if type(as_of) is date else max(days, default=today)


def _known_at(asking: Asking) -> datetime | None:
    value = asking.values.get("known_at")
    return value if isinstance(value, datetime) else None


def _coverage(collection: Collection, found: list[tuple[str, list[Any]]], places: int) -> Coverage:
    """The verdict on one register in words, with the statements that decided."""
    statuses = Counter(status for status, _ in found)
    statuses[_UNKNOWN] += places - len(found)
    status = next((each for each, number in statuses.items() if number == places), _PARTIAL)
    if not found:
        return Coverage(collection.id, status, _titled(collection, _NOTHING_STATED))
    said = _shares(found[0][1]) if places == 1 else _counts(found, statuses)
    conclusion = _MEANS_NONE if status == _COMPLETE else _MEANS_NOTHING
    sentence = Text(zh=f"{said.zh}。{conclusion.zh}", en=f"{said.en}. {conclusion.en}")
    return Coverage(collection.id, status, _titled(collection, sentence))


_NOTHING_STATED = Text(
    zh="没有记录完整性声明，未列出不等于不存在。",
    en="no statement of completeness is recorded; not listed does not mean not there.",
)
_MEANS_NONE = Text(zh="未列出即为没有。", en="What is not listed is not there.")
_MEANS_NOTHING = Text(zh="未列出不等于不存在。", en="Not listed does not mean not there.")


def _titled(collection: Collection, said: Text) -> Text:
    return Text(zh=f"{collection.title.zh}：{said.zh}", en=f"{collection.title.en}: {said.en}")


def _shares(parts: list[Any]) -> Text:
    """By status, the share of the area and the statements; the rest has none."""
    said = []
    for status, share, statements in parts:
        word, how_much = COVERAGE_STATUS.by_code[status].title, _how_much(share)
        names = _names(statements)
        said.append(
            Text(
                zh=f"{how_much.zh}{word.zh}，据声明 {names.zh}",
                en=f"{word.en} for {how_much.en}, as stated by {names.en}",
            )
        )
    rest = 1 - sum(share for _, share, _ in parts)
    if rest > TOLERANCE:
        how_much = _how_much(rest)
        said.append(Text(zh=f"{how_much.zh}没有声明", en=f"nothing stated for {how_much.en}"))
    return _joined(said, Text(zh="；", en="; "))


def _counts(found: list[tuple[str, list[Any]]], statuses: Counter[str]) -> Text:
    """By status, the number of places; then the statements that decided for any of them."""
    places = statuses.total()
    counted = [
        Text(
            zh=f"{places} 处中 {number} 处{COVERAGE_STATUS.by_code[status].title.zh}",
            en=f"{COVERAGE_STATUS.by_code[status].title.en} at {number} of {places} places",
        )
        for status, number in sorted(statuses.items())
        if number
    ]
    every = {
        statement[0]: statement
        for _, parts in found
        for _, _, statements in parts
        for statement in statements
    }
    names = _names(sorted(every.values()))
    return _joined(
        (
            _joined(counted, Text(zh="、", en=", ")),
            Text(zh=f"据声明 {names.zh}", en=f"as stated by {names.en}"),
        ),
        Text(zh="，", en=", "),
    )


def _how_much(share: float) -> Text:
    if share >= 1 - TOLERANCE:
        return Text(zh="全部范围", en="the whole area")
    return Text(zh=f"范围的 {share:.1%} ", en=f"{share * 100:.1f} % of the area")


def _names(statements: list[Any]) -> Text:
    """Statements by number, date and author; of many the first, and how many more."""
    shown = statements[:_NAMED_STATEMENTS]
    more = len(statements) - len(shown)
    zh = "、".join(f"{no}（{'，'.join(filter(None, rest))}）" for no, *rest in shown)
    en = ", ".join(f"{no} ({', '.join(filter(None, rest))})" for no, *rest in shown)
    if more:
        return Text(zh=f"{zh} 等 {len(statements)} 份", en=f"{en} and {more} more")
    return Text(zh=zh, en=en)


def _joined(texts: Sequence[Text], separator: Text) -> Text:
    return Text(
        zh=separator.zh.join(each.zh for each in texts),
        en=separator.en.join(each.en for each in texts),
    )
