"""What changed in a register of hazard sites between two dates?

The stock of a day is the sites registered on it. Opening + entries - exits = closing, exactly, for
the city and for each town: every period that starts after the first day and not after the last is
an entry, every one that ends in this span an exit, one that does both is both. What the register
says of the opening day differently than it once did is a correction, told apart from what changed.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from geoservice.description.collection import FieldType, GeometryType
from geoservice.description.question import Column, Parameter, ParameterType, QuestionDescription
from geoservice.domain.code_lists import REGISTER_KIND
from geoservice.domain.hazards import hazard_sites, register_periods
from geoservice.domain.places import towns
from geoservice.errors import BadParameter
from geoservice.languages import Text
from geoservice.questions import contract
from geoservice.questions.contract import Asking, Issue, Plan, Question
from geoservice.questions.hazards.registers import lasts_on, periods_of_sites
from geoservice.questions.sides import in_town, rows_of
from geoservice.regions import Region
from geoservice.store.statements import Condition, source, versions

Expression = sa.ColumnElement[Any]

ENTRIES = {
    "new": Text(zh="新增", en="New"),
    "re_registered": Text(zh="重新登记", en="Registered again"),
    "reclassified_in": Text(zh="由另一册转入", en="Moved in from the other register"),
    "merged_in": Text(zh="合并而来", en="Made of merged sites"),
}
EXITS = {
    "cancelled": Text(zh="核销", en="Cancelled"),
    "reclassified_out": Text(zh="转出至另一册", en="Moved out to the other register"),
    "merged_out": Text(zh="并入他处", en="Merged into another site"),
    "voided": Text(zh="误报注销", en="Void"),
}
_CORRECTION = "correction"
_EXIT_OF_END = {
    "cancelled": "cancelled",
    "reclassified": "reclassified_out",
    "merged": "merged_out",
    "void": "voided",
}
_STOCKS = ("opening_reported", "opening", "closing")
_FIGURES = (*_STOCKS, "corrections", *ENTRIES, *EXITS)
_UNKNOWN_TOWN = "unknown"


def _count(name: str, title: Text) -> Column:
    return Column(name=name, type=FieldType.LONG, title=title)


def _text(name: str, title: Text, *, nullable: bool = False) -> Column:
    return Column(name=name, type=FieldType.TEXT, title=title, nullable=nullable)


_TOWN_CODE = _text("town_code", Text(zh="镇街代码", en="Town code"), nullable=True)
_TOWN_NAME = _text("town_name", Text(zh="镇街", en="Town"), nullable=True)

_SUMMARY = (
    _text("level", Text(zh="层级：total 合计，town 镇街", en="Level: total or town")),
    _TOWN_CODE,
    _TOWN_NAME,
    _count("opening_reported", Text(zh="期初（当时台账）", en="Opening, as reported")),
    _count("corrections", Text(zh="期初更正", en="Corrections of the opening")),
    _count("opening", Text(zh="期初", en="Opening")),
    *(_count(name, title) for name, title in (ENTRIES | EXITS).items()),
    _count("closing", Text(zh="期末", en="Closing")),
)

_EVENTS = (
    Column(
        name="site_uid",
        type=FieldType.UUID,
        title=Text(zh="灾害点标识", en="Feature id of the site"),
    ),
    _text("site_no", Text(zh="统一编号", en="Site number")),
    _text("site_name", Text(zh="名称", en="Name")),
    _TOWN_CODE,
    Column(name="on", type=FieldType.DATE, title=Text(zh="日期", en="Day")),
    _text("kind", Text(zh="变化类别", en="Kind of change")),
    Column(name="change", type=FieldType.INTEGER, title=Text(zh="增减", en="Change of the stock")),
    _text("register_from", Text(zh="原登记类别", en="From register"), nullable=True),
    _text("register_to", Text(zh="新登记类别", en="To register"), nullable=True),
    Column(
        name="recorded_at",
        type=FieldType.DATETIME,
        title=Text(zh="首次记入台账的时间", en="When the register first held it"),
        nullable=True,
    ),
    Column(
        name="late_reported",
        type=FieldType.BOOLEAN,
        title=Text(zh="补报", en="Reported late"),
    ),
)

_METHOD = Text(
    zh="期初为起始日当日在册数，期末为截止日当日在册数；起始日之后（不含）至截止日（含）开始的在册期间计入，结束的计出，"
    "同日进出各计一次。期初＋计入－计出＝期末，全市与各镇街均严格成立。给出 from_known_at 时，期初另按当时台账列出，"
    "与现台账之差为更正。补报指截止日终了之后才首次记入台账，或属期初更正。镇街按台账现载。",
    en="The opening is what was registered on the first day, the closing what was on the last. A period that "
    "starts after the first day and not after the last counts in, one that ends then counts out; one that "
    "does both on one day counts twice. Opening + in - out = closing exactly, for the city and each town. "
    "With from_known_at, the opening is also given as the register said it then; the difference is the "
    "corrections. Reported late is what the register first held after the last day had ended, and every "
    "correction. The town of a site is the one that the register states now.",
)


def question(region: Region) -> Question:
    """The question `hazard_stock_flow`; it is the same in every region."""
    description = QuestionDescription(
        id="hazard_stock_flow",
        title=Text(
            zh="两个日期之间灾害点台账有何变化",
            en="What changed in a register of hazard sites between two dates",
        ),
        description=Text(
            zh="期初、新增、重新登记、转入、核销、转出、并出、误报、期末与更正；汇总或逐条列出。两册分开回答。",
            en="Opening, new, registered again, moved in, cancelled, moved out, merged, void, closing and "
            "corrections; summed up or one by one. Each register is asked about on its own.",
        ),
        parameters=(
            _day(
                "from",
                Text(zh="起始日", en="From"),
                Text(
                    zh="期初为该日在册数；该日的变化不计",
                    en="Its stock is the opening; its changes are not counted",
                ),
            ),
            _day(
                "to",
                Text(zh="截止日", en="To"),
                Text(
                    zh="期末为该日在册数；该日的变化计入",
                    en="Its stock is the closing; its changes are counted",
                ),
            ),
            contract.choice(
                "register_kind",
                Text(zh="登记类别", en="Register"),
                "hidden_danger",
                {code.code: code.title for code in REGISTER_KIND},
            ),
            contract.town(),
            contract.choice(
                "by",
                Text(zh="每行表示", en="A row is"),
                "summary",
                {
                    "summary": Text(zh="合计与各镇街", en="the total, and each town"),
                    "events": Text(zh="一次变化", en="one change"),
                },
            ),
            contract.known_at(),
            Parameter(
                name="from_known_at",
                type=ParameterType.DATETIME,
                title=Text(zh="期初的记录时点", en="Opening known at"),
                description=Text(
                    zh="期初当时的台账（含时区），用以区分更正与变化",
                    en="When the opening was reported (with zone): tells corrections from changes",
                ),
                default_text=Text(zh="同 known_at，无更正", en="as known_at: no corrections"),
            ),
            contract.limit(),
            contract.cursor(),
        ),
        columns=_SUMMARY,
        geometry=None,
        method=_METHOD,
        sources=(
            "东莞市2022年度地质灾害防治方案：2021年6月114处，2022年7月115处",
            "核销程序：川自然资发〔2022〕30号、苏自然资规发〔2020〕1号",
        ),
    )
    return Question(description, _plan)


def _day(name: str, title: Text, description: Text) -> Parameter:
    return Parameter(
        name=name, type=ParameterType.DATE, title=title, description=description, required=True
    )


def _plan(asking: Asking) -> Plan:
    _require_order(asking)
    histories = _histories(asking)
    events, tallies = _events(asking, histories), _tallies(asking, histories)
    figures = (
        sa.select(*(tallies.c[name] for name in _FIGURES)).where(tallies.c.town == ""),
        sa.select(
            sa.func.count().filter(events.c.late_reported).label("late_reported"),
            sa.func.count().filter(events.c.kind == _CORRECTION).label("sites_corrected"),
        ),
    )
    shows_events = asking.text("by") == "events"
    return Plan(
        found=events if shows_events else tallies,
        order=("day_number", "site_text", "sequence") if shows_events else ("town",),
        shown=partial(_shown_events if shows_events else _shown_tallies, asking=asking),
        columns=_EVENTS if shows_events else _SUMMARY,
        geometry=GeometryType.POINT if shows_events else None,
        figures=figures,
        issues=_issues,
        collections=(hazard_sites, register_periods, towns),
    )


def _require_order(asking: Asking) -> None:
    """Refuse a span that ends before it begins, and an opening reported later than the closing."""
    first, last = asking.day("from"), asking.day("to")
    if first > last:
        raise BadParameter(name="from", value=first.isoformat(), allowed=f"≤ to = {last}")
    reported, known = asking.instant("from_known_at"), asking.known_at
    if reported is not None and known is not None and reported > known:
        allowed = f"≤ known_at = {known.isoformat()}"
        raise BadParameter(name="from_known_at", value=reported.isoformat(), allowed=allowed)


# What the register knows


def _histories(asking: Asking) -> sa.CTE:
    """The periods of the sites of the town, each with its `entry` and its `exit` in the span.

    Both are null where the period starts or ends outside the span, or is of the other register.
    `number` counts the periods of a site; `kind_before` and `kind_after` are the registers of the
    period before and the one after.
    """
    placed = _in_order(asking)
    p = placed.c
    is_asked_for = p.register_kind == asking.text("register_kind")
    merged = rows_of(asking, hazard_sites, "merged")
    takes_over = sa.exists().where(
        merged.c.merged_into == p.hazard_site,
        merged.c.cancelled_on == p.started_on,
        merged.c.merged_into.is_not(None),  # so that the few are found by the index
    )
    is_moved = sa.and_(p.end_before == "reclassified", p.ended_before == p.started_on)
    entry = sa.case(
        (sa.not_(sa.and_(is_asked_for, _in_span(asking, p.started_on))), None),
        (sa.and_(is_moved, p.kind_before != p.register_kind), "reclassified_in"),
        (p.kind_before.is_not(None), "re_registered"),
        (takes_over, "merged_in"),
        else_="new",
    )
    exit = sa.case(
        *(
            (sa.and_(is_asked_for, _in_span(asking, p.ended_on), p.end_kind == end_kind), name)
            for end_kind, name in _EXIT_OF_END.items()
        ),
        else_=None,
    )
    return sa.select(*placed.c, entry.label("entry"), exit.label("exit")).cte("histories")


def _in_order(asking: Asking) -> sa.Subquery:
    """The periods of the sites of the town in their order, each with what its neighbours say.

    Most sites have a single period, which has no neighbours: only the others are put in order.
    """
    periods = periods_of_sites(asking.known_at, "town_code")
    p = periods.c
    earlier = rows_of(asking, register_periods, "earlier_period")
    is_one_of_several = p.hazard_site.in_(sa.select(earlier.c.hazard_site)).is_(sa.true())
    of_town = in_town(asking, hazard_sites, periods)
    order = (p.started_on, p.ended_on.nulls_last(), p.is_present)

    def of(function: sa.FunctionElement[Any]) -> Expression:
        return sa.over(function, partition_by=p.hazard_site, order_by=order)

    several = sa.select(
        *p,
        of(sa.func.row_number()).label("number"),
        of(sa.func.lag(p.register_kind)).label("kind_before"),
        of(sa.func.lag(p.end_kind)).label("end_before"),
        of(sa.func.lag(p.ended_on)).label("ended_before"),
        of(sa.func.lead(p.register_kind)).label("kind_after"),
    ).where(is_one_of_several, *of_town)
    nothing = sa.cast(sa.null(), sa.Text)
    single = sa.select(
        *p,
        sa.literal(1, sa.BigInteger),
        *(nothing, nothing, sa.cast(sa.null(), sa.Date), nothing),
    ).where(sa.not_(is_one_of_several), *of_town)
    return sa.union_all(several, single).subquery("placed")


def _in_span(asking: Asking, day: Expression) -> Condition:
    return sa.and_(day > asking.day("from"), day <= asking.day("to"))


def _first_recorded(asking: Asking, *by: str) -> sa.Subquery:
    """When the register first held what a period says in some columns, whichever version says it.

    Later versions repeat it: a new name of a site does not make its registration a late one.
    """
    site, period = versions(hazard_sites), versions(register_periods)
    names = {"started_on": "registered_on", "ended_on": "cancelled_on"}
    said = sa.union_all(
        sa.select(
            site.c.uid.label("hazard_site"),
            *(site.c[names.get(name, name)].label(name) for name in by),
            site.c.recorded_at,
        ),
        sa.select(period.c.hazard_site, *(period.c[name] for name in by), period.c.recorded_at),
    ).subquery("said")
    keys = [said.c[name] for name in ("hazard_site", *by)]
    found = sa.select(*keys, sa.func.min(said.c.recorded_at).label("recorded_at"))
    return found.where(_in_span(asking, said.c[by[-1]])).group_by(*keys).subquery()


def _stock(asking: Asking, known_at: datetime | None) -> sa.Subquery:
    """The sites of the opening, as the register said at an instant: `uid`, `town`."""
    periods = periods_of_sites(known_at, "town_code")
    return (
        sa.select(periods.c.hazard_site.label("uid"), periods.c.town_code.label("town"))
        .where(
            lasts_on(periods, asking.day("from")),
            periods.c.register_kind == asking.text("register_kind"),
            *in_town(asking, hazard_sites, periods),
        )
        .subquery()
    )


# What changed


def _events(asking: Asking, histories: sa.CTE) -> sa.CTE:
    """Every change in the span, one row each, and every correction of the opening.

    Columns: `uid`, `town`, `on`, `kind`, `change`, `register_from`, `register_to`, `recorded_at`,
    `late_reported`; `day_number`, `site_text`, `sequence` give the order.
    """
    changes = [_entries(asking, histories), _exits(asking, histories)]
    if asking.instant("from_known_at") is not None:
        changes += _corrections(asking)
    every = sa.union_all(*changes).subquery("every")
    e = every.c
    closing = sa.cast(sa.cast(asking.day("to"), sa.Date) + 1, sa.DateTime())
    end_of_span = sa.func.timezone(asking.region.time_zone, closing)
    late = sa.or_(e.kind == _CORRECTION, e.recorded_at >= end_of_span)
    epoch = sa.literal_column("date '1970-01-01'", sa.Date)
    return sa.select(
        *every.c,
        sa.func.coalesce(late, False).label("late_reported"),
        e.on.op("-", return_type=sa.Integer())(epoch).label("day_number"),
        sa.cast(e.uid, sa.Text).label("site_text"),
    ).cte("events")


def _entries(asking: Asking, histories: sa.CTE) -> sa.Select[Any]:
    h, by = histories.c, ("hazard_site", "register_kind", "started_on")
    recorded = _first_recorded(asking, *by[1:])
    is_it = sa.and_(*(recorded.c[name] == h[name] for name in by))
    return (
        sa.select(
            h.hazard_site.label("uid"),
            h.town_code.label("town"),
            h.started_on.label("on"),
            h.entry.label("kind"),
            sa.literal(1, sa.Integer).label("change"),
            sa.case((h.entry == "reclassified_in", h.kind_before), else_=None).label(
                "register_from"
            ),
            h.register_kind.label("register_to"),
            recorded.c.recorded_at,
            (2 * h.number).label("sequence"),
        )
        .select_from(histories.outerjoin(recorded, is_it))
        .where(h.entry.is_not(None))
    )


def _exits(asking: Asking, histories: sa.CTE) -> sa.Select[Any]:
    h, by = histories.c, ("hazard_site", "ended_on")
    recorded = _first_recorded(asking, *by[1:])
    is_it = sa.and_(*(recorded.c[name] == h[name] for name in by))
    return (
        sa.select(
            h.hazard_site,
            h.town_code,
            h.ended_on,
            h.exit,
            sa.literal(-1, sa.Integer),
            h.register_kind,
            sa.case((h.exit == "reclassified_out", h.kind_after), else_=None),
            recorded.c.recorded_at,
            2 * h.number + 1,
        )
        .select_from(histories.outerjoin(recorded, is_it))
        .where(h.exit.is_not(None))
    )


def _corrections(asking: Asking) -> list[sa.Select[Any]]:
    """Sites that the opening has now and had not when it was reported, and the other way round.

    A site that the register has moved to another town is one of each.
    """
    now, then = _stock(asking, asking.known_at), _stock(asking, asking.instant("from_known_at"))

    def missing(one: sa.Subquery, other: sa.Subquery, change: int) -> sa.Select[Any]:
        kept = sa.exists().where(
            other.c.uid == one.c.uid, other.c.town.is_not_distinct_from(one.c.town)
        )
        register: Expression = sa.literal(asking.text("register_kind"), sa.Text)
        nothing = sa.cast(sa.null(), sa.Text)
        return sa.select(
            one.c.uid,
            one.c.town,
            sa.cast(asking.day("from"), sa.Date),
            sa.literal(_CORRECTION, sa.Text),
            sa.literal(change, sa.Integer),
            nothing if change > 0 else register,
            register if change > 0 else nothing,
            sa.cast(sa.null(), sa.DateTime(timezone=True)),
            sa.literal(change, sa.BigInteger),
        ).where(sa.not_(kept))

    return [missing(now, then, 1), missing(then, now, -1)]


# How many


def _tallies(asking: Asking, histories: sa.CTE) -> sa.CTE:
    """The stocks and the changes of each town and of all (`town` is empty): one row each."""
    h = histories.c
    is_asked_for = h.register_kind == asking.text("register_kind")
    opening, closing = (
        sa.and_(is_asked_for, lasts_on(histories, asking.day(day))) for day in ("from", "to")
    )
    reported = asking.instant("from_known_at")
    facts: sa.SelectBase = sa.select(
        h.town_code.label("town"),
        opening.label("opening"),
        closing.label("closing"),
        h.entry,
        h.exit,
        (opening if reported is None else sa.false()).label("opening_reported"),
    ).where(sa.or_(opening, closing, h.entry.is_not(None), h.exit.is_not(None)))
    if reported is not None:
        then, nothing = _stock(asking, reported), sa.cast(sa.null(), sa.Text)
        no = sa.false()
        facts = sa.union_all(facts, sa.select(then.c.town, no, no, nothing, nothing, sa.true()))
    fact = facts.subquery("fact")
    town = sa.func.coalesce(fact.c.town, _UNKNOWN_TOWN).label("town")
    placed = sa.select(town, *(column for column in fact.c if column.name != "town"))
    return _counted(placed.subquery("placed"))


def _counted(facts: sa.Subquery) -> sa.CTE:
    f = facts.c
    counted: dict[str, Condition] = {name: f[name] for name in _STOCKS}
    counted |= {name: f.entry == name for name in ENTRIES}
    counted |= {name: f.exit == name for name in EXITS}
    counts = {name: sa.func.count().filter(test) for name, test in counted.items()}
    is_total = sa.func.grouping(f.town) == 1
    return (
        sa.select(
            sa.case((is_total, ""), else_=f.town).label("town"),
            *(count.label(name) for name, count in counts.items()),
            (counts["opening"] - counts["opening_reported"]).label("corrections"),
        )
        .group_by(sa.func.grouping_sets(sa.tuple_(), sa.tuple_(f.town)))
        .cte("tallies")
    )


# How it is shown


def _shown_tallies(tallies: sa.FromClause, *, asking: Asking) -> sa.Select[Any]:
    places = rows_of(asking, towns, "town")
    is_total = tallies.c.town == ""
    return sa.select(
        sa.case((is_total, "total"), else_=tallies.c.town).label("id"),
        sa.case((is_total, "total"), else_="town").label("level"),
        sa.func.nullif(tallies.c.town, "").label("town_code"),
        places.c.name.label("town_name"),
        *(tallies.c[name] for name in _FIGURES),
        tallies.c.number,
    ).select_from(tallies.outerjoin(places, places.c.code == tallies.c.town))


def _shown_events(events: sa.FromClause, *, asking: Asking) -> sa.Select[Any]:
    """Events with their sites; one that is no longer there is as it was when the opening was reported."""
    now = rows_of(asking, hazard_sites, "site")
    then = source(hazard_sites, asking.instant("from_known_at") or asking.known_at).alias(
        "site_then"
    )
    joined = events.outerjoin(now, now.c.uid == events.c.uid).outerjoin(
        then, sa.and_(then.c.uid == events.c.uid, now.c.uid.is_(None))
    )
    e = events.c
    return sa.select(
        (e.site_text + "." + sa.cast(e.sequence, sa.Text)).label("id"),
        e.uid.label("site_uid"),
        sa.func.coalesce(now.c.site_no, then.c.site_no).label("site_no"),
        sa.func.coalesce(now.c.name, then.c.name).label("site_name"),
        e.town.label("town_code"),
        *(e[column.name] for column in _EVENTS[4:]),
        sa.func.coalesce(now.c.geom, then.c.geom, type_=now.c.geom.type).label("geom"),
        e.number,
    ).select_from(joined)


def _issues(figures: Mapping[str, Any]) -> list[Issue]:
    """That the register says another thing of the opening day than it did."""
    corrected = figures["sites_corrected"]
    if not corrected:
        return []
    statement = Text(
        zh=f"台账对起始日在册情况的记载已更正 {corrected} 处；更正不是期内变化。",
        en=f"The register now says another thing of the opening day at {corrected} sites; corrections are no "
        "changes in the span.",
    )
    return [Issue("opening-corrected", corrected, statement)]
