"""Collection + query → SELECT. Pure functions; `Database` runs what they return."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from geoservice.crs import STORAGE_SRID
from geoservice.description.collection import Collection, Period
from geoservice.query.query import Box, Query, Span
from geoservice.store.filters import compiled
from geoservice.store.tables import tables

Condition = sa.ColumnElement[bool]


def source(collection: Collection, known_at: datetime | None = None) -> sa.FromClause:
    """The rows of a collection: as they are, or as the register said at an instant.

    Columns: `uid, version, recorded_at, change_id`, the fields, `geom`.
    """
    current = tables().current(collection)
    if known_at is None:
        return current
    history = tables().history(collection)
    names = [column.name for column in current.c]
    lasting: sa.ColumnElement[datetime] = sa.literal_column(
        "timestamptz 'infinity'", sa.DateTime(timezone=True)
    )
    # The conditions stand outside of the union: so the planner sees through it, to the indexes.
    every = sa.union_all(
        sa.select(*current.c, lasting.label("superseded_at")),
        sa.select(*(history.c[name] for name in names), history.c.superseded_at),
    ).subquery("every_version")
    v = every.c
    return (
        sa.select(*(v[name] for name in names))
        .where(v.recorded_at <= known_at, v.superseded_at > known_at)
        .subquery(collection.id)
    )


def versions(collection: Collection) -> sa.FromClause:
    """Every version of every feature, with when, by which change and how it was replaced.

    `superseded_at`, `superseded_by` and `operation` are null for what is still current.
    """
    current, history = tables().current(collection), tables().history(collection)
    names = [column.name for column in current.c]
    null = sa.null()
    now = sa.select(
        *(current.c[name] for name in names),
        sa.cast(null, sa.DateTime(timezone=True)).label("superseded_at"),
        sa.cast(null, sa.BigInteger).label("superseded_by"),
        sa.cast(null, sa.Text).label("operation"),
    )
    then = sa.select(
        *(history.c[name] for name in names),
        *(history.c[name] for name in ("superseded_at", "superseded_by", "operation")),
    )
    return sa.union_all(now, then).subquery(f"{collection.id}_versions")


def restrictions(collection: Collection, rows: sa.FromClause, query: Query) -> list[Condition]:
    """What a row must fulfil to be in the answer, all parts together."""
    found: list[Condition] = []
    if query.box is not None:
        found.append(in_box(rows.c.geom, query.box) if collection.geometry else sa.true())
    if query.condition is not None:
        found.append(compiled(query.condition, rows, collection))
    if query.during is not None and collection.period:
        found.append(_during(rows, collection.period, query.during))
    if query.as_of is not None and collection.period:
        found.append(true_on(rows, collection.period, sa.literal(query.as_of)))
    return found


def in_box(geometry: sa.ColumnElement[Any], box: Box) -> Condition:
    """Whether a geometry meets a box; edges count."""
    if box.west > box.east:
        east_part = Box(box.west, box.south, 180.0, box.north)
        west_part = Box(-180.0, box.south, box.east, box.north)
        return sa.or_(in_box(geometry, east_part), in_box(geometry, west_part))
    envelope = sa.func.ST_MakeEnvelope(box.west, box.south, box.east, box.north, STORAGE_SRID)
    return meets(geometry, envelope)


def meets(geometry: sa.ColumnElement[Any], envelope: sa.ColumnElement[Any]) -> Condition:
    """Whether a geometry meets an upright rectangle.

    What lies wholly inside meets it: the exact and slow test is left to the rim. The function
    `geometry_within`, not its operator `@`, so that the planner does not search the index twice.
    """
    inside = sa.func.geometry_within(geometry, envelope)
    exactly = sa.case((inside, sa.true()), else_=sa.func.ST_Intersects(geometry, envelope))
    return sa.and_(geometry.op("&&", return_type=sa.Boolean())(envelope), exactly)


def true_on(rows: sa.FromClause, period: Period, day: sa.ColumnElement[Any]) -> Condition:
    """Whether a feature was true on a day: start ≤ day < end. See `Period` for empty ends."""
    begun: Condition = rows.c[period.start] <= day
    if period.open_start:
        begun = sa.or_(begun, rows.c[period.start].is_(None))
    if period.end is None:
        return begun
    end = rows.c[period.end]
    return sa.and_(begun, sa.or_(end.is_(None), end > day))


def _during(rows: sa.FromClause, period: Period, span: Span) -> Condition:
    start = rows.c[period.start]
    found: list[Condition] = []
    if span.end is not None:
        begun: Condition = start <= span.end
        found.append(sa.or_(begun, start.is_(None)) if period.open_start else begun)
    elif not period.open_start:
        found.append(start.is_not(None))
    if span.start is not None:
        end = start if period.end is None else rows.c[period.end]
        lasting: Condition = end >= span.start if period.end is None else end > span.start
        found.append(lasting if period.end is None else sa.or_(end.is_(None), lasting))
    return sa.and_(sa.true(), *found)


def features(collection: Collection, query: Query) -> sa.Select[Any]:
    """The features of a query, every column of the store, in the order of its page."""
    rows = source(collection, query.known_at)
    return (
        sa.select(*rows.c)
        .where(*restrictions(collection, rows, query))
        .order_by(*in_order(rows, query))
    )


def feature(
    collection: Collection, uid: object, known_at: datetime | None = None
) -> sa.Select[Any]:
    """One feature, current or as the register said at an instant."""
    rows = source(collection, known_at)
    return sa.select(*rows.c).where(rows.c.uid == uid)


def matched(collection: Collection, query: Query, at_most: int | None) -> sa.Select[Any]:
    """How many features match; counting stops one beyond `at_most`."""
    rows = source(collection, query.known_at)
    found = sa.select(sa.literal(1)).select_from(rows).where(*restrictions(collection, rows, query))
    if at_most is not None:
        found = found.limit(at_most + 1)
    return sa.select(sa.func.count()).select_from(found.subquery())


def row_count(statement: sa.Select[Any]) -> sa.Select[Any]:
    """How many rows a statement gives."""
    one = statement.order_by(None).with_only_columns(sa.literal(1), maintain_column_froms=True)
    return sa.select(sa.func.count()).select_from(one.subquery())


def extent(collection: Collection) -> sa.Select[Any]:
    """West, south, east, north of all current features, null without any. A scan: keep the answer."""
    if collection.geometry is None:
        nothing: list[sa.ColumnElement[Any]] = [sa.null() for _ in range(4)]
        return sa.select(*nothing)
    rows = tables().current(collection)
    box = sa.select(sa.func.ST_Extent(rows.c.geom).label("box")).subquery()
    corner = (sa.func.ST_XMin, sa.func.ST_YMin, sa.func.ST_XMax, sa.func.ST_YMax)
    return sa.select(*(of(box.c.box) for of in corner))


def dates(collection: Collection) -> sa.Select[Any]:
    """The first and the last day of valid time that the collection speaks of; null if unbounded."""
    period = collection.period
    assert period is not None
    rows = tables().current(collection)
    last = rows.c[period.end] if period.end else rows.c[period.start]
    open_end = sa.func.bool_or(last.is_(None)) if period.end else sa.false()
    return sa.select(
        sa.func.min(rows.c[period.start]), sa.case((open_end, None), else_=sa.func.max(last))
    )


def sort_values(rows: sa.FromClause, query: Query) -> list[sa.ColumnElement[Any]]:
    """The values that identify a row's place, as text; `uid` is not among them."""
    return [sa.cast(rows.c[key.field], sa.Text) for key in query.sort]


def in_order(rows: sa.FromClause, query: Query) -> list[sa.ColumnElement[Any]]:
    """The keys by which rows are ordered, `uid` last; missing values come last."""
    keys: list[sa.ColumnElement[Any]] = []
    for key in query.sort:
        column = rows.c[key.field]
        keys.append((column.desc() if key.descending else column.asc()).nulls_last())
    return [*keys, rows.c.uid]


def after_place(rows: sa.FromClause, query: Query, after: tuple[str | None, ...]) -> Condition:
    """Rows behind a place, key by key: equal so far and greater here; missing values are last."""
    *values, uid = after
    found: list[Condition] = []
    equal: list[Condition] = []
    for key, text in zip(query.sort, values, strict=True):
        column = rows.c[key.field]
        if text is None:
            equal.append(column.is_(None))
            continue
        value = sa.cast(sa.literal(text, sa.Text), column.type)
        beyond = column < value if key.descending else column > value
        found.append(sa.and_(*equal, sa.or_(beyond, column.is_(None))))
        equal.append(column == value)
    last = rows.c.uid > sa.cast(sa.literal(uid, sa.Text), pg.UUID)
    return sa.or_(*found, sa.and_(*equal, last)) if found else sa.and_(*equal, last)
