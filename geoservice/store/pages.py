"""A page of features as one row: found, counted and written by one statement.

A statement is composed and compiled once for each shape of query; the next query of that shape
brings only its values. Composing and compiling would take longer than the database takes to answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from geoservice.crs import Crs
from geoservice.description.collection import Collection
from geoservice.query.query import Page, Query, Sort
from geoservice.store.encoding import feature_text, shown_fields
from geoservice.store.statements import (
    Condition,
    after_place,
    in_order,
    restrictions,
    sort_values,
    source,
)
from geoservice.store.system import changed_collections

_DIALECT = PGDialect_psycopg(paramstyle="pyformat")
_RECENT_CHANGES = 1000
_KEPT_SHAPES = 512

_limit = sa.bindparam("page_limit", type_=sa.Integer)
_offset = sa.bindparam("page_offset", type_=sa.Integer)
_count_limit = sa.bindparam("count_limit", type_=sa.Integer)


@dataclass(frozen=True)
class Prepared:
    """SQL as the driver takes it, and its values."""

    sql: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class _Shape:
    """What a statement is made of. Two shapes are equal if only bound values differ."""

    rows: sa.FromClause
    names: tuple[str, ...]
    geometry: str | None
    crs: Crs
    sort: tuple[Sort, ...]
    counts: bool
    skips: bool
    conditions: tuple[object, ...]
    collection: Collection = field(compare=False)
    where: Condition = field(compare=False)
    after: Condition = field(compare=False)


@dataclass(frozen=True)
class _Compiled:
    sql: str
    constants: Mapping[str, Any]
    names: tuple[str, ...]
    converters: tuple[Callable[[Any], Any] | None, ...]


def geojson_page(
    collection: Collection, query: Query, page: Page, *, count_limit: int | None
) -> Prepared:
    """The statement for a page: one row that holds all that the document needs, as text.

    Columns: `features`, the features joined by commas; `found`, how many rows there are up to one
    beyond the page; `last`, a JSON list of the sort values and uid of the last feature of a full
    page; `version` of the data; `matched`, how many features match, counted up to one beyond
    `count_limit`, null if that is None.
    """
    rows = source(collection, query.known_at)
    where = sa.and_(sa.true(), *restrictions(collection, rows, query))
    after = after_place(rows, query, page.after) if page.after else sa.true()
    keys = [condition._generate_cache_key() for condition in (where, after)]  # noqa: SLF001
    bound = [bind for key in keys if key is not None for bind in key.bindparams]
    shape = _Shape(
        rows=rows,
        names=shown_fields(collection, query),
        geometry="geom" if collection.geometry and query.geometry else None,
        crs=query.crs,
        sort=query.sort,
        counts=count_limit is not None,
        skips=page.offset > 0,
        conditions=tuple(key.key if key is not None else object() for key in keys),
        collection=collection,
        where=where,
        after=after,
    )
    # A shape with a list of values, or over a view of the past, is its own: the text differs.
    shared = isinstance(rows, sa.Table) and not any(bind.expanding for bind in bound)
    own_values = {"page_limit": page.limit, "page_offset": page.offset, "count_limit": count_limit}
    if not shared or None in keys:
        return _prepared_once(shape, own_values)
    compiled = _compiled(shape)
    values = {
        name: bind.effective_value if convert is None else convert(bind.effective_value)
        for name, convert, bind in zip(compiled.names, compiled.converters, bound, strict=True)
    }
    return Prepared(compiled.sql, {**compiled.constants, **values, **own_values})


def _prepared_once(shape: _Shape, own_values: Mapping[str, Any]) -> Prepared:
    compiled = _statement(shape).compile(
        dialect=_DIALECT, compile_kwargs={"render_postcompile": True}
    )
    values = dict(compiled.params) | dict(own_values)
    for name, convert in compiled._bind_processors.items():  # noqa: SLF001 (what execute does too)
        if name in values and not isinstance(convert, tuple):
            values[name] = convert(values[name])
    return Prepared(str(compiled), values)


@lru_cache(maxsize=_KEPT_SHAPES)
def _compiled(shape: _Shape) -> _Compiled:
    compiled = _statement(shape).compile(dialect=_DIALECT)
    binds = [
        bind
        for condition in (shape.where, shape.after)
        for bind in condition._generate_cache_key().bindparams  # type: ignore[union-attr] # noqa: SLF001
    ]
    names = tuple(compiled.bind_names[bind] for bind in binds)
    processors = compiled._bind_processors  # noqa: SLF001 (what execute does too)
    converters = tuple(processors.get(name) for name in names)
    return _Compiled(str(compiled), compiled.params, names, converters)  # type: ignore[arg-type]


def _statement(shape: _Shape) -> sa.Select[Any]:
    """The ids of the page first, then its rows: sorting moves ids, not features."""
    query = Query(sort=shape.sort)
    rows, collection = shape.rows, shape.collection
    place = _place(rows)
    matches = (
        sa.select(place.label("place"), rows.c.uid, *_sort_columns(rows, shape.sort))
        .where(shape.where)
        .limit(_count_limit + 1)
        .cte("matches")
        .prefix_with("MATERIALIZED")
    )
    matched = sa.select(sa.func.count()).select_from(matches).scalar_subquery()
    places = _array(_ids(rows, query, shape, place).where(shape.where, shape.after))
    if shape.counts:
        # The counted matches are all there are, unless counting has stopped: then look again.
        counted = _array(_ids(matches, query, shape, matches.c.place))
        places = sa.case((matched <= _count_limit, counted), else_=places)
    number = sa.func.row_number().over(order_by=in_order(rows, query)).label("number")
    here = sa.select(number, *rows.c).where(place == sa.any_(places)).subquery("here")
    last = sa.func.json_build_array(*sort_values(here, query), sa.cast(here.c.uid, sa.Text))
    texts = (
        feature_text(here, shape.names, geometry=shape.geometry, crs=shape.crs)
        .add_columns(here.c.number, sa.cast(last, sa.Text).label("last"))
        .subquery("texts")
    )
    on_page = sa.case((texts.c.number <= _limit, texts.c.feature))
    return sa.select(
        sa.func.string_agg(on_page, sa.literal_column("','")).label("features"),
        sa.func.count().label("found"),
        sa.func.max(texts.c.last).filter(texts.c.number == _limit).label("last"),
        data_version(collection.id).label("version"),
        (matched if shape.counts else sa.cast(sa.null(), sa.Integer)).label("matched"),
    )


def _place(rows: sa.FromClause) -> sa.ColumnElement[Any]:
    """What finds a row again within a statement: its address in a table, else its id."""
    if isinstance(rows, sa.Table):
        return sa.literal_column(f"{rows.fullname}.ctid", type_=_Address())
    return rows.c.uid


class _Address(sa.types.UserDefinedType[Any]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "tid"


def _sort_columns(rows: sa.FromClause, sort: Sequence[Sort]) -> list[sa.ColumnElement[Any]]:
    return [rows.c[name] for name in dict.fromkeys(key.field for key in sort)]


def _ids(
    rows: sa.FromClause, query: Query, shape: _Shape, place: sa.ColumnElement[Any]
) -> sa.Select[Any]:
    ids = sa.select(place).order_by(*in_order(rows, query)).limit(_limit + 1)
    return ids.offset(_offset) if shape.skips else ids


def _array(ids: sa.Select[Any]) -> sa.ColumnElement[Any]:
    of = ids.selected_columns[0].type
    return sa.func.array(ids.scalar_subquery(), type_=pg.ARRAY(of))


def data_version(collection: str) -> sa.ScalarSelect[str]:
    """The version of a collection's data: it changes with every change, in whatever order they end.

    The newest change, and how many of the last thousand changes touched the collection: one that
    was begun earlier and ends later adds to the second figure.
    """
    table = changed_collections
    newest = (
        sa.select(sa.func.coalesce(sa.func.max(table.c.change_id), 0).label("id"))
        .where(table.c.collection == collection)
        .subquery("newest")
    )
    recent = (
        sa.select(sa.func.count())
        .where(table.c.collection == collection, table.c.change_id > newest.c.id - _RECENT_CHANGES)
        .scalar_subquery()
    )
    text = sa.func.concat(newest.c.id, ".", recent, type_=sa.Text)
    return sa.select(text).select_from(newest).scalar_subquery()
