"""Two saved answers side by side: which rows entered, which left, which changed, and why they may.

Set-based SQL over both layers; of the differences one page at a time is written out.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql as pg

from geoservice.answers.layer import ROW_ID, same_columns
from geoservice.answers.rows import differs, is_different, value_columns
from geoservice.answers.stored import SavedAnswer, saved_answer
from geoservice.crs import CRS84, Crs
from geoservice.description.collection import Collection
from geoservice.errors import BadCursor, BadParameter, MissingParameter, NotComparable
from geoservice.languages import Text
from geoservice.store.database import Database
from geoservice.store.encoding import feature_text, geojson_geometry
from geoservice.store.publishing import Registry
from geoservice.store.statements import source

KINDS: Mapping[str, Text] = {
    "entered": Text(zh="新增", en="Entered"),
    "left": Text(zh="移出", en="Left"),
    "changed": Text(zh="变化", en="Changed"),
}
"""What can have happened to a row, in the order in which rows are listed."""

CHANGE, CHANGES = "change", "changes"
"""The columns that a comparison adds: what happened, and the changed values as `[old, new]` by column."""

_UNCHANGED = len(KINDS) + 1


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What has become of an old answer in a new one.

    `features` is GeoJSON features joined by commas: of a row that left the old values, else the new
    ones, with `change` and `changes`. `parameters` are those that differ, as (old, new).
    """

    old: SavedAnswer
    new: SavedAnswer
    layer: Collection
    counts: Mapping[str, int]
    parameters: Mapping[str, tuple[Any, Any]]
    features: str
    returned: int
    next_cursor: str | None


def compared(
    name: str,
    *,
    other: str | None,
    known_at: datetime | None,
    database: Database,
    registry: Registry,
    limit: int,
    cursor: str | None = None,
    crs: Crs = CRS84,
) -> Comparison:
    """A saved answer compared with another one, or with itself as it was at an instant.

    The other one, or the earlier state, is the old side. Raises `UnknownAnswer`, `NotComparable` for
    answers of different questions or with different columns, `MissingParameter` without anything to
    compare with, `BadParameter` for both at once or an instant before it was saved, `BadCursor` for
    the page of another comparison or of one whose answers were refreshed meanwhile.
    """
    new = saved_answer(database, name)
    old = _old_side(new, other, known_at, database)
    layer, old_layer = registry.collection(new.name), registry.collection(old.name)
    _require_comparable(new, layer, old, old_layer)
    sides = _Sides(
        layer,
        source(old_layer, known_at).alias("old"),
        source(layer).alias("new"),
    )
    digest = _digest(old, new, known_at)
    page = sides.page(limit, None if cursor is None else _after(cursor, digest))
    with database.snapshot() as connection:
        counts = connection.execute(sides.counts()).mappings().one()
        row = connection.execute(sides.written(page, limit, crs)).one()
    is_more = row.found > limit
    return Comparison(
        old=old,
        new=new,
        layer=layer,
        counts=dict(counts),
        parameters=_different(old.parameters, new.parameters),
        features=row.features,
        returned=min(row.found, limit),
        next_cursor=_cursor(digest, *row.last) if is_more else None,
    )


def _old_side(
    new: SavedAnswer, other: str | None, known_at: datetime | None, database: Database
) -> SavedAnswer:
    if other is None and known_at is None:
        raise MissingParameter(name="with", allowed="with, known_at")
    if other is not None and known_at is not None:
        raise BadParameter(name="known_at", value=known_at.isoformat(), allowed="with | known_at")
    if other is not None:
        return saved_answer(database, other)
    assert known_at is not None
    if known_at < new.saved_at:
        since = f"≥ {new.saved_at.isoformat()}"
        raise BadParameter(name="known_at", value=known_at.isoformat(), allowed=since)
    return saved_answer(database, new.name, known_at)


def _require_comparable(
    new: SavedAnswer, layer: Collection, old: SavedAnswer, old_layer: Collection
) -> None:
    if new.question != old.question:
        reason = Text(zh="它们回答的是不同的问题", en="they answer different questions")
    elif not same_columns(layer, old_layer):
        reason = Text(zh="它们的列不同", en="they have different columns")
    else:
        return
    raise NotComparable(
        name=new.name,
        question=new.question,
        other=old.name,
        other_question=old.question,
        reason=reason,
    )


@dataclass(frozen=True)
class _Sides:
    """The rows of both sides, joined by their ids."""

    layer: Collection
    old: sa.FromClause
    new: sa.FromClause

    def _pairs(self) -> sa.CTE:
        """Every row of either side with the number of what happened to it."""
        old, new = self.old, self.new
        kind = sa.case(
            (old.c.uid.is_(None), 1),
            (new.c.uid.is_(None), 2),
            (is_different(self.layer, old, new), 3),
            else_=_UNCHANGED,
        )
        both = old.join(new, old.c.uid == new.c.uid, full=True)
        uid = sa.func.coalesce(new.c.uid, old.c.uid, type_=pg.UUID(as_uuid=True))
        return sa.select(uid.label("uid"), kind.label("kind")).select_from(both).cte("pairs")

    def counts(self) -> sa.Select[Any]:
        """How many rows entered, left, changed and stayed the same, by name."""
        pairs = self._pairs()
        columns: list[sa.ColumnElement[Any]] = [
            sa.func.count().filter(pairs.c.kind == number).label(name)
            for number, name in enumerate((*KINDS, "unchanged"), 1)
        ]
        return sa.select(*columns)

    def page(self, limit: int, after: tuple[int, UUID] | None) -> sa.CTE:
        """The differences of a page in their order, and one more if there are others."""
        pairs = self._pairs()
        wanted = sa.select(*pairs.c).where(pairs.c.kind < _UNCHANGED)
        if after is not None:
            place = sa.tuple_(*map(sa.literal, after))
            wanted = wanted.where(sa.tuple_(pairs.c.kind, pairs.c.uid) > place)
        return wanted.order_by(pairs.c.kind, pairs.c.uid).limit(limit + 1).cte("page")

    def written(self, page: sa.CTE, limit: int, crs: Crs) -> sa.Select[Any]:
        """One row: `features`, how many were `found`, and the place of the `last`."""
        place = (page.c.kind, page.c.uid)
        here = sa.select(*page.c).order_by(*place).limit(limit).subquery("here")
        shown = self._shown(here, crs)
        names = [ROW_ID.name, CHANGE, CHANGES, *self._names]
        texts = feature_text(
            shown, names, geometry="geom" if self.layer.geometry else None, crs=crs
        ).add_columns(shown.c.kind, shown.c.uid)
        written = texts.subquery("written")
        ordered: pg.aggregate_order_by[str] = pg.aggregate_order_by(
            sa.literal_column("','"), written.c.kind, written.c.uid
        )
        features = sa.func.coalesce(sa.func.string_agg(written.c.feature, ordered), "")
        last = (
            sa.select(sa.func.json_build_array(*place))
            .order_by(*place)
            .offset(limit - 1)
            .limit(1)
            .scalar_subquery()
        )
        return sa.select(
            sa.select(features).scalar_subquery().label("features"),
            sa.select(sa.func.count()).select_from(page).scalar_subquery().label("found"),
            sa.type_coerce(last, sa.JSON).label("last"),
        )

    @property
    def _names(self) -> list[str]:
        return [field.name for field in self.layer.fields if field.name != ROW_ID.name]

    def _shown(self, here: sa.Subquery, crs: Crs) -> sa.Subquery:
        """The rows of a page: old values of what left, else the new ones, and what changed."""
        old, new = self.old, self.new
        has_left = here.c.kind == 2
        changes = self._changes(crs)

        def one(name: str) -> sa.ColumnElement[Any]:
            return sa.case((has_left, old.c[name]), else_=new.c[name]).label(name)

        named = [(here.c.kind == number, name) for number, name in enumerate(KINDS, 1)]
        both = (
            here.outerjoin(old, old.c.uid == here.c.uid)
            .outerjoin(new, new.c.uid == here.c.uid)
            .join(changes, sa.true())
        )
        return (
            sa.select(
                *here.c,
                sa.case(*named).label(CHANGE),
                sa.case((here.c.kind == 3, changes.c.changes)).label(CHANGES),
                one(ROW_ID.name),
                *(one(name) for name in value_columns(self.layer)),
            )
            .select_from(both)
            .subquery("shown")
        )

    def _changes(self, crs: Crs) -> Any:
        """For one row, the columns whose values differ with both values, in the order of the columns."""
        values = sa.values(
            sa.column("position", sa.Integer),
            sa.column("name", sa.Text),
            sa.column("differs", sa.Boolean),
            sa.column("old", sa.JSON),
            sa.column("new", sa.JSON),
            name="compared",
        ).data(
            [
                (
                    position,
                    "geometry" if name == "geom" else name,
                    differs(self.old.c[name], self.new.c[name]),
                    _json(self.old.c[name], crs),
                    _json(self.new.c[name], crs),
                )
                for position, name in enumerate(value_columns(self.layer))
            ]
        )
        each = values.lateral("each")
        pair = sa.func.json_build_array(each.c.old, each.c.new)
        ordered: pg.aggregate_order_by[Any] = pg.aggregate_order_by(pair, each.c.position)
        found = sa.func.json_object_agg(each.c.name, ordered, type_=sa.JSON)
        return sa.select(found.label("changes")).where(each.c.differs).lateral("changes")


def _json(value: sa.ColumnElement[Any], crs: Crs) -> sa.ColumnElement[Any]:
    if isinstance(value.type, Geometry):
        return sa.cast(geojson_geometry(value, crs), sa.JSON)
    return sa.func.to_json(value, type_=sa.JSON)


def _different(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = dict.fromkeys((*new, *old))
    pairs = {name: (old.get(name), new.get(name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _digest(old: SavedAnswer, new: SavedAnswer, known_at: datetime | None) -> str:
    """What a cursor belongs to: two answers as they are now."""
    parts = [old.name, old.at, new.name, new.at, known_at]
    return hashlib.sha256(json.dumps([str(each) for each in parts]).encode()).hexdigest()[:16]


def _cursor(digest: str, kind: int, uid: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([digest, kind, uid]).encode()).decode()


def _after(cursor: str, digest: str) -> tuple[int, UUID]:
    try:
        of, kind, uid = json.loads(base64.urlsafe_b64decode(cursor))
        place = int(kind), UUID(uid)
    except (ValueError, TypeError, AttributeError, RecursionError) as wrong:
        raise BadCursor(value=cursor) from wrong
    if of != digest:
        raise BadCursor(value=cursor)
    return place
