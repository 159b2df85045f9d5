"""A page of features as one row: found, counted and written by one statement; or all, as lines.

A statement is composed and compiled once for each shape of query; the next query of that shape
brings only its values. Composing and compiling would take longer than the database takes to answer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.compiler import SQLCompiler

from geoservice.crs import STORAGE_SRID
from geoservice.description.collection import Collection
from geoservice.query.query import Box, Page, Query, Sort
from geoservice.store.encoding import Writer, constant, geojson
from geoservice.store.statements import (
    Condition,
    after_place,
    in_order,
    meets,
    restrictions,
    sort_values,
    source,
)
from geoservice.store.system import changed_collections

_DIALECT = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_RECENT_CHANGES = 1000
KEPT_SHAPES = 512

_EDGES = ("west", "south", "east", "north")

# Columns beside those of fields, whose names may be any but those of the store's own columns.
_NUMBER, _PLACE = "version", "change_id"

_limit = sa.bindparam("page_limit", type_=sa.Integer)
_offset = sa.bindparam("page_offset", type_=sa.Integer)
_count_limit = sa.bindparam("count_limit", type_=sa.Integer)
_edges = [sa.bindparam(f"box_{edge}", type_=sa.Double) for edge in _EDGES]
_envelope = sa.func.ST_MakeEnvelope(*_edges, STORAGE_SRID)


@dataclass(frozen=True)
class Prepared:
    """SQL with `$1`, `$2` …, which the driver need not rewrite, and the values in that order."""

    sql: str
    values: Sequence[Any]


@dataclass(frozen=True)
class _Shape:
    """What a statement is made of. Two shapes are equal if only bound values differ."""

    rows: sa.FromClause
    writer: Writer
    sort: tuple[Sort, ...]
    counts: bool
    skips: bool
    follows_key: bool
    in_box: bool
    conditions: tuple[object, ...]
    collection: Collection = field(compare=False)
    where: Condition = field(compare=False)
    after: Condition = field(compare=False)


@dataclass(frozen=True)
class CompiledStatement:
    """SQL with the values that are always the same, and where the others go."""

    sql: str
    order: tuple[str, ...]
    constants: Mapping[str, Any]
    names: tuple[str | None, ...]
    converters: tuple[Callable[[Any], Any] | None, ...]

    def values_of(self, bound: Sequence[sa.BindParameter[Any]]) -> dict[str, Any]:
        """The values of other conditions of the same form, in the order of those compiled."""
        return {
            name: bind.effective_value if convert is None else convert(bind.effective_value)
            for name, convert, bind in zip(self.names, self.converters, bound, strict=True)
            if name is not None
        }

    def prepared(self, values: Mapping[str, Any]) -> Prepared:
        """The statement with its values."""
        constants = self.constants
        return Prepared(
            self.sql,
            [values[name] if name in values else constants[name] for name in self.order],
        )


def geojson_page(
    collection: Collection, query: Query, page: Page, *, count_limit: int | None
) -> Prepared:
    """The statement for a page of GeoJSON features; see `feature_page`."""
    return feature_page(
        collection, query, page, geojson(collection, query), count_limit=count_limit
    )


def feature_page(
    collection: Collection, query: Query, page: Page, writer: Writer, *, count_limit: int | None
) -> Prepared:
    """The statement for a page: one row that holds all that the document needs, as text.

    Columns: `features`, the texts of the writer with its separator between them; `found`, how many
    rows there are up to one beyond the page; `last`, a JSON list of the sort values and uid of the
    last feature of a full page; `version` of the data; `matched`, how many features match, counted
    up to one beyond `count_limit`, null if that is None.
    """
    rows = source(collection, query.known_at)
    box, query = _box_apart(collection, query)
    where = sa.and_(sa.true(), *restrictions(collection, rows, query))
    after = after_place(rows, query, page.after) if page.after else sa.true()
    keys = [condition._generate_cache_key() for condition in (where, after)]
    bound = [bind for key in keys if key is not None for bind in key.bindparams]
    shape = _Shape(
        rows=rows,
        writer=writer,
        sort=query.sort,
        counts=count_limit is not None,
        skips=page.offset > 0,
        follows_key=box is None and _follows_key(query),
        in_box=box is not None,
        conditions=tuple(key.key if key is not None else object() for key in keys),
        collection=collection,
        where=where,
        after=after,
    )
    own_values = _own_values(page, box, count_limit)
    # A shape with a list of values, or over a view of the past, is its own: the text differs.
    shared = isinstance(rows, sa.Table) and not any(bind.expanding for bind in bound)
    if not shared or None in keys:
        return _prepared_once(shape, own_values)
    compiled = _compiled(shape)
    return compiled.prepared(compiled.values_of(bound) | own_values)


def _own_values(page: Page, box: Box | None, count_limit: int | None) -> dict[str, Any]:
    values = {"page_limit": page.limit, "page_offset": page.offset, "count_limit": count_limit}
    edges = {} if box is None else {f"box_{edge}": getattr(box, edge) for edge in _EDGES}
    return values | edges


def _box_apart(collection: Collection, query: Query) -> tuple[Box | None, Query]:
    """The box by itself, because nearly every map asks with one; not one over the antimeridian."""
    box = query.box
    if box is None or box.west > box.east or collection.geometry is None:
        return None, query
    return box, replace(query, box=None)


def feature_lines(
    collection: Collection,
    query: Query,
    writer: Writer,
    *,
    offset: int = 0,
    limit: int | None = None,
) -> sa.Select[Any]:
    """The features of a query in its order, one text each; for `Database.lines`."""
    rows = source(collection, query.known_at)
    found = (
        sa.select(*(rows.c[name] for name in ("uid", *writer.columns)))
        .where(*restrictions(collection, rows, query))
        .order_by(*in_order(rows, query))
        .limit(limit)
    )
    if offset and _follows_key(query):
        found = found.where(_from_number(rows, sa.literal(offset)))
    elif offset:
        found = found.offset(offset)
    return writer.written(found.subquery("here"))


def _follows_key(query: Query) -> bool:
    """Whether rows come in the order of their key, with none left out."""
    return not query.sort and not query.is_restricted


def _from_number(rows: sa.FromClause, offset: sa.ColumnElement[int]) -> Condition:
    """The rows behind the first ones of the key, which its index finds without reading a row."""
    ids = sa.select(rows.c.uid).correlate(None).order_by(rows.c.uid)
    return rows.c.uid >= ids.offset(offset).limit(1).scalar_subquery()


def geojson_feature(collection: Collection, query: Query, uid: UUID) -> Prepared:
    """The statement for one GeoJSON feature; see `single_feature`."""
    return single_feature(collection, query, uid, geojson(collection, query))


def single_feature(collection: Collection, query: Query, uid: UUID, writer: Writer) -> Prepared:
    """The statement for one feature: its text and its version, both null if it is not there."""
    rows = source(collection, query.known_at)
    build = _feature_statement if isinstance(rows, sa.Table) else _feature_statement.__wrapped__
    return build(rows, writer).prepared({"wanted_uid": uid})


@lru_cache(maxsize=KEPT_SHAPES)
def _feature_statement(rows: sa.FromClause, writer: Writer) -> CompiledStatement:
    wanted = sa.bindparam("wanted_uid", type_=pg.UUID(as_uuid=True))
    found = (
        writer.written(rows)
        .add_columns(rows.c.version)
        .where(rows.c.uid == wanted)
        .subquery("found")
    )
    return compile_statement(sa.select(sa.func.max(found.c.feature), sa.func.max(found.c.version)))


def _prepared_once(shape: _Shape, own_values: Mapping[str, Any]) -> Prepared:
    return compile_statement(_statement(shape)).prepared(own_values)


@lru_cache(maxsize=KEPT_SHAPES)
def _compiled(shape: _Shape) -> CompiledStatement:
    binds = [
        bind
        for condition in (shape.where, shape.after)
        for bind in condition._generate_cache_key().bindparams  # type: ignore[union-attr]
    ]
    return compile_statement(_statement(shape), binds)


def compile_statement(
    statement: sa.Select[Any], binds: Sequence[sa.BindParameter[Any]] = ()
) -> CompiledStatement:
    """SQL and its values; those of `binds` are given anew each time."""
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    assert isinstance(compiled, SQLCompiler)
    # What SQLAlchemy's own execution does with values before the driver sees them.
    processors: Mapping[str, Any] = compiled._bind_processors
    constants = {
        name: processors[name](value) if value is not None and name in processors else value
        for name, value in compiled.params.items()
    }
    # By key, as SQLAlchemy's own cache does: compiling may have copied a value or left it out.
    name_of = {bind.key: name for bind, name in compiled.bind_names.items()}
    names = tuple(name_of.get(bind.key) for bind in binds)
    return CompiledStatement(
        sql=str(compiled),
        order=tuple(compiled.positiontup or ()),
        constants=constants,
        names=names,
        converters=tuple(processors.get(name or "") for name in names),
    )


def _statement(shape: _Shape) -> sa.Select[Any]:
    """The ids of the page first, then its rows: sorting moves ids, not features."""
    query = Query(sort=shape.sort)
    rows, collection = shape.rows, shape.collection
    place = place_of(rows)
    where = [shape.where, *([meets(rows.c.geom, _envelope)] if shape.in_box else [])]
    matches = (
        sa.select(place.label(_PLACE), rows.c.uid, *_sort_columns(rows, shape.sort))
        .select_from(rows)
        .where(*where)
        .limit(_count_limit + 1)
        .cte("matches")
        .prefix_with("MATERIALIZED")
    )
    matched = sa.select(sa.func.count()).select_from(matches).scalar_subquery()
    places = array_of(_ids(rows, query, shape, place).where(*where, shape.after))
    if shape.counts:
        # The counted matches are all there are, unless counting has stopped: then look again.
        counted = array_of(_ids(matches, query, shape, matches.c[_PLACE]))
        places = sa.case((matched <= _count_limit, counted), else_=places)
    number = sa.func.row_number().over(order_by=in_order(rows, query)).label(_NUMBER)
    shown = [rows.c[name] for name in dict.fromkeys(_needed(shape))]
    here = sa.select(number, *shown).where(place == sa.any_(places)).subquery("here")
    last = sa.func.json_build_array(*sort_values(here, query), sa.cast(here.c.uid, sa.Text))
    texts = (
        shape.writer.written(here)
        .add_columns(here.c[_NUMBER].label("number"), sa.cast(last, sa.Text).label("last"))
        .subquery("texts")
    )
    separator = constant(shape.writer.separator)
    on_page = sa.case((texts.c.number <= _limit, texts.c.feature))
    return sa.select(
        sa.func.string_agg(on_page, separator).label("features"),
        sa.func.count().label("found"),
        sa.func.max(texts.c.last).filter(texts.c.number == _limit).label("last"),
        _version(collection.id).label("version"),
        (matched if shape.counts else sa.cast(sa.null(), sa.Integer)).label("matched"),
    )


def _needed(shape: _Shape) -> Iterator[str]:
    yield "uid"
    yield from shape.writer.columns
    yield from (key.field for key in shape.sort)


def place_of(rows: sa.FromClause) -> sa.ColumnElement[Any]:
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
    # Never a reference to the row outside, which has the same table: these are ids of their own.
    ids = sa.select(place).select_from(rows).correlate(None)
    ids = ids.order_by(*in_order(rows, query)).limit(_limit + 1)
    if not shape.skips:
        return ids
    return ids.where(_from_number(rows, _offset)) if shape.follows_key else ids.offset(_offset)


def array_of(ids: sa.Select[Any]) -> sa.ColumnElement[Any]:
    """The only column of a selection as an array."""
    of = ids.selected_columns[0].type
    return sa.func.array(ids.scalar_subquery(), type_=pg.ARRAY(of))


NEVER_CHANGED = "0.0"


def version_of(collection: Collection) -> sa.Select[tuple[str]]:
    """The version of one collection's data."""
    return sa.select(_version(collection.id))


def versions() -> sa.Select[tuple[str, str]]:
    """The versions of all collections that ever changed, by id."""
    table = changed_collections
    ids = sa.select(table.c.collection.label("id")).distinct().subquery("ids")
    return sa.select(ids.c.id, _version(ids.c.id))


def _version(collection: str | sa.ColumnElement[str]) -> sa.ScalarSelect[str]:
    """A text that differs after every change, in whatever order concurrent changes end.

    The newest change, and how many of the last thousand touched the collection: one that began
    earlier and ends later adds to the second figure.
    """
    table, others = changed_collections, changed_collections.alias("recent")
    newest = sa.func.coalesce(sa.func.max(table.c.change_id), 0)
    last = (
        sa.select(sa.func.max(table.c.change_id))
        .where(table.c.collection == collection)
        .correlate_except(table)
        .scalar_subquery()
    )
    recent = (
        sa.select(sa.func.count())
        .where(others.c.collection == collection, others.c.change_id > last - _RECENT_CHANGES)
        .correlate_except(others)
        .scalar_subquery()
    )
    text = sa.func.concat(newest, ".", recent, type_=sa.Text)
    return (
        sa.select(text)
        .where(table.c.collection == collection)
        .correlate_except(table)
        .scalar_subquery()
    )
