"""Vector tiles (Mapbox Vector Tile 2.1) of a collection, each written by one statement of PostGIS.

Tiles are those of WebMercatorQuad (OGC 17-083r4, annex D.1). Knows no HTTP and no settings.

What a tile holds is decided here, and told: every feature of the query that meets the tile or the
rim around it, except that below `FULL_ZOOM` lines and areas smaller than a pixel are left out, and
that of too many features the largest are kept (of points, the first by id).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from geoalchemy2.types import Geometry

from geoservice.crs import CRS84, STORAGE_SRID
from geoservice.description.collection import Collection, Field, FieldType, GeometryType
from geoservice.query.query import Box, Query
from geoservice.store.database import Database
from geoservice.store.encoding import constant, plain_value, shown_fields
from geoservice.store.pages import (
    KEPT_SHAPES,
    CompiledStatement,
    Prepared,
    array_of,
    compile_statement,
    place_of,
    version_of,
)
from geoservice.store.statements import Condition, restrictions, source

DEEPEST_ZOOM = 24
"""The last tile matrix of WebMercatorQuad."""

EXTENT = 4096
"""Units along the side of a tile; positions are whole numbers of them."""

BUFFER = 64
"""Units of the rim around a tile in which features are drawn, too, so that no symbol is cut."""

PIXELS = 512
"""Pixels along the side of a tile as it is drawn."""

FULL_ZOOM = 14
"""From here on (a pixel is less than 5 m) no feature is left out for its size."""

ID = "uid"
"""The property with the feature's id: the id of a feature within a tile could only be a number."""

_PLANE_ZOOM = 11
# From here on latitude grows so evenly within a tile that nothing need be projected: degrees are
# off by π / 4 / 2 ** zoom * sin(latitude) of its side in the middle, which is 1.6 units at most.

_MERCATOR_SRID = 3857
_MOST_EXACT_DIGITS = 15  # of a decimal that a double holds exactly
_MARGIN = 0.95

# Columns beside those of fields, whose names may be any but those of the store's own columns.
_NUMBER, _SHAPE = "version", "change_id"

_most_features = sa.bindparam("most_features", type_=sa.Integer)
_most_bytes = sa.bindparam("most_bytes", type_=sa.Integer)


@dataclass(frozen=True)
class Tile:
    """A tile of WebMercatorQuad: rows count from the north, columns from the west."""

    zoom: int
    row: int
    column: int

    def box(self, rim: float = 0) -> Box:
        """Its edges in degrees, moved outwards by a part of its side."""
        return Box(
            west=self._longitude(self.column - rim),
            south=self._latitude(self.row + 1 + rim),
            east=self._longitude(self.column + 1 + rim),
            north=self._latitude(self.row - rim),
        )

    def _longitude(self, column: float) -> float:
        return column / float(2**self.zoom) * 360 - 180

    def _latitude(self, row: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / float(2**self.zoom)))))


@dataclass(frozen=True)
class TileLimits:
    """The most that a tile may hold."""

    features: int
    bytes: int


@dataclass(frozen=True)
class WrittenTile:
    """A tile: its bytes, none if nothing is there, and by what it holds less than there is.

    `features` is how many it was reduced to because there were too many of them, or because they
    took too many bytes; None if it was not.
    """

    content: bytes
    version: str
    without_small: bool
    features: int | None


def tile_fields(collection: Collection, query: Query) -> tuple[Field, ...]:
    """The fields that are properties of a tile's features: public, and no further geometry."""
    names = shown_fields(collection.with_one_geometry, query)
    return tuple(collection.by_name[name] for name in names)


def property_type(of: Field) -> type[str] | type[bool] | type[float]:
    """What a property of a tile is: a text, a truth value or a number."""
    if of.many or (of.digits is not None and of.digits[0] > _MOST_EXACT_DIGITS):
        return str
    if of.type is FieldType.BOOLEAN:
        return bool
    numbers = (FieldType.INTEGER, FieldType.LONG, FieldType.NUMBER, FieldType.DECIMAL)
    return float if of.type in numbers else str


def written_tile(
    database: Database, collection: Collection, query: Query, tile: Tile, limits: TileLimits
) -> WrittenTile:
    """The features of a query in a tile. Raises `TooSlow`."""
    prepared = tile_statement(collection, query, tile, limits)
    content, features, without_small, version = database.document(prepared.sql, prepared.values)
    assert version is not None
    return WrittenTile(
        # PostgreSQL writes bytes as hexadecimal digits behind `\x`.
        content=bytes.fromhex((content or b"")[2:].decode()),
        version=version.decode(),
        without_small=without_small == b"t",
        features=None if features is None else int(features),
    )


def tile_statement(
    collection: Collection, query: Query, tile: Tile, limits: TileLimits
) -> Prepared:
    """The statement for one tile; its columns are the parts of `WrittenTile` in another order."""
    assert collection.geometry is not None
    rows = source(collection, query.known_at)
    where = sa.and_(sa.true(), *restrictions(collection, rows, query))
    key = where._generate_cache_key()
    shape = _TileShape(
        rows=rows,
        collection=collection,
        names=tuple(field.name for field in tile_fields(collection, query)),
        is_plane=tile.zoom >= _PLANE_ZOOM,
        is_full=tile.zoom >= FULL_ZOOM,
        condition=None if key is None else key.key,
        where=where,
    )
    values = _values(tile, limits)
    # A shape with a list of values, or over a view of the past, is its own: the text differs.
    if (
        key is None
        or not isinstance(rows, sa.Table)
        or any(bind.expanding for bind in key.bindparams)
    ):
        return compile_statement(_statement(shape)).prepared(values)
    compiled = _compiled(shape)
    return compiled.prepared(compiled.values_of(key.bindparams) | values)


def _values(tile: Tile, limits: TileLimits) -> dict[str, Any]:
    box, rim = tile.box(), tile.box(BUFFER / EXTENT)
    edges = {
        f"{name}_{edge}": getattr(each, edge)
        for name, each in (("tile", box), ("rim", rim))
        for edge in ("west", "south", "east", "north")
    }
    return edges | {
        "zoom": tile.zoom,
        "row": tile.row,
        "column": tile.column,
        "pixel_width": (box.east - box.west) / PIXELS,
        "pixel_height": (box.north - box.south) / PIXELS,
        "most_features": limits.features,
        "most_bytes": limits.bytes,
    }


@dataclass(frozen=True)
class _TileShape:
    """What a statement is made of. Two are equal if only bound values differ.

    The rows stand for the collection, `condition` for `where`.
    """

    rows: sa.FromClause
    names: tuple[str, ...]
    is_plane: bool
    is_full: bool
    condition: object
    collection: Collection = field(compare=False)
    where: Condition = field(compare=False)

    @property
    def has_points_only(self) -> bool:
        """Whether nothing in it has a size."""
        return self.collection.geometry in (GeometryType.POINT, GeometryType.MULTI_POINT)


@lru_cache(maxsize=KEPT_SHAPES)
def _compiled(shape: _TileShape) -> CompiledStatement:
    key = shape.where._generate_cache_key()
    assert key is not None
    return compile_statement(_statement(shape), key.bindparams)


def _statement(shape: _TileShape) -> sa.Select[Any]:
    """Which rows first, then their shapes, then the tile, and again with less while it is too long."""
    rows = shape.rows
    box, rim = _envelope("tile"), _envelope("rim")
    small = _small(rows.c.geom, shape)
    # The box of a geometry is enough: what does not meet the rim itself gets no shape.
    meets_rim = [_boxes_meet(rows.c.geom, rim), shape.where]
    large = meets_rim if small is None else [*meets_rim, sa.not_(small)]
    places, is_capped = _places(shape, large)
    found = (
        sa.select(rows.c.uid, rows.c.geom, *_properties(shape), _drawn(rows.c.geom, shape))
        .where(place_of(rows) == sa.any_(places))
        .offset(sa.literal_column("0"))  # a fence: else each shape is made twice
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
    attempts = _attempts(found, shape)
    last = sa.select(attempts).order_by(attempts.c.kept).limit(1).subquery("last")
    is_reduced = sa.or_(is_capped, last.c.kept < _count(found))
    return sa.select(
        last.c.tile,
        sa.case((is_reduced, last.c.kept)),
        _lacks_small(shape, found, small, [_boxes_meet(rows.c.geom, box), shape.where]),
        version_of(shape.collection).scalar_subquery(),
    )


def _places(
    shape: _TileShape, large: Sequence[Condition]
) -> tuple[sa.ColumnElement[Any], Condition]:
    """Where the rows of the tile are, and whether these are not all. Only too many are ordered."""
    rows, place = shape.rows, place_of(shape.rows)
    matches = (
        sa.select(place.label("place"))
        .select_from(rows)
        .where(*large)
        .limit(_most_features + 1)
        .cte("matches")
        .prefix_with("MATERIALIZED")
    )
    is_capped = _count(matches) > _most_features
    largest = (
        sa.select(place)
        .select_from(rows)
        .where(*large)
        .order_by(*_largest_first(rows, shape))
        .limit(_most_features)
        .correlate(None)
    )
    return sa.case((is_capped, array_of(largest)), else_=array_of(sa.select(matches))), is_capped


def _attempts(found: sa.CTE, shape: _TileShape) -> sa.CTE:
    """Tiles with ever fewer features, as long as they are too long; the last one is not."""
    names = [ID, *shape.names]
    order = sa.func.row_number().over(order_by=_largest_first(found, shape))
    numbered = (
        sa.select(*(found.c[name] for name in (*names, _SHAPE)), order.label(_NUMBER))
        .cte("numbered")
        .prefix_with("MATERIALIZED")
    )

    def tile(drawn: sa.Select[Any]) -> sa.ScalarSelect[bytes]:
        # The row, whatever fields are called: no column is `_tile.*`, no collection has the name.
        row: sa.ColumnElement[Any] = sa.literal_column("_tile.*")
        layer, geometry = constant(shape.collection.id), constant("geom")
        whole = sa.func.ST_AsMVT(row, layer, EXTENT, geometry, type_=sa.LargeBinary)
        return sa.select(whole).select_from(drawn.subquery("_tile")).scalar_subquery()

    def drawn(rows: sa.CTE) -> sa.Select[Any]:
        columns = (rows.c[name] for name in names)
        there = rows.c[_SHAPE].is_not(None)
        return sa.select(*columns, rows.c[_SHAPE].label("geom")).where(there).order_by(rows.c[ID])

    first = sa.select(_count(found).label("kept"), tile(drawn(found)).label("tile"))
    attempts = first.cte("attempts", recursive=True)
    # At least one byte: PostgreSQL may divide before it asks whether the tile is too long.
    length = sa.func.greatest(sa.func.length(attempts.c.tile), 1, type_=sa.Double)
    kept = sa.func.floor(attempts.c.kept * sa.literal(_MARGIN, sa.Double) * _most_bytes / length)
    fewer = (
        sa.select(sa.cast(kept, sa.BigInteger).label("kept"))
        .where(length > _most_bytes)
        .correlate(attempts)
        .lateral("fewer")
    )
    remaining = drawn(numbered).where(numbered.c[_NUMBER] <= fewer.c.kept).correlate(fewer)
    again = sa.select(fewer.c.kept, tile(remaining))
    return attempts.union_all(again.select_from(attempts.join(fewer, sa.true())))


def _drawn(geometry: sa.ColumnElement[Any], shape: _TileShape) -> sa.ColumnElement[Any]:
    """A geometry in units of the tile, null if nothing of it is left there."""
    bounds = sa.func.Box2D(_envelope("tile"))
    if not shape.is_plane:
        # The poles have no place in this projection.
        world = sa.func.ST_MakeEnvelope(-180, -89, 180, 89, STORAGE_SRID)
        within = sa.func.geometry_within(geometry, world)
        clipped = sa.func.ST_ClipByBox2D(geometry, sa.func.Box2D(world))
        geometry = sa.case((within, geometry), else_=clipped)
        geometry = sa.func.ST_Transform(geometry, _MERCATOR_SRID, type_=Geometry())
        numbers = (sa.bindparam(name, type_=sa.Integer) for name in ("zoom", "column", "row"))
        bounds = sa.func.Box2D(sa.func.ST_TileEnvelope(*numbers))
    return sa.func.ST_AsMVTGeom(geometry, bounds, EXTENT, BUFFER, sa.true()).label(_SHAPE)


def _small(geometry: sa.ColumnElement[Any], shape: _TileShape) -> Condition | None:
    """Whether a line or an area is smaller than a pixel both ways; None where none is left out."""
    if shape.is_full or shape.has_points_only:
        return None
    width, height = _sides(geometry)
    small = [
        width < sa.bindparam("pixel_width", type_=sa.Double),
        height < sa.bindparam("pixel_height", type_=sa.Double),
    ]
    if shape.collection.geometry is GeometryType.GEOMETRY:
        small.append(sa.func.ST_Dimension(geometry) > 0)
    return sa.and_(*small)


def _lacks_small(
    shape: _TileShape,
    found: sa.CTE,
    small: Condition | None,
    in_tile: Sequence[Condition],
) -> Condition:
    """Whether a feature in the tile is not in it because there is nothing to see of it."""
    if shape.has_points_only:
        return sa.false()
    vanished = sa.exists().where(
        found.c[_SHAPE].is_(None), sa.func.ST_Intersects(found.c.geom, _envelope("tile"))
    )
    if small is None:
        return vanished
    left_out = sa.select(sa.literal(1)).select_from(shape.rows).where(*in_tile, small)
    return sa.or_(vanished, sa.exists(left_out.correlate(None)))


def _largest_first(rows: sa.FromClause, shape: _TileShape) -> list[sa.ColumnElement[Any]]:
    if shape.has_points_only:
        return [rows.c.uid]
    return [sa.func.greatest(*_sides(rows.c.geom)).desc(), rows.c.uid]


def _sides(geometry: sa.ColumnElement[Any]) -> tuple[sa.ColumnElement[float], ...]:
    """The width and the height of a geometry's box in degrees."""
    f = sa.func
    return (
        f.ST_XMax(geometry, type_=sa.Double) - f.ST_XMin(geometry, type_=sa.Double),
        f.ST_YMax(geometry, type_=sa.Double) - f.ST_YMin(geometry, type_=sa.Double),
    )


def _properties(shape: _TileShape) -> list[sa.ColumnElement[Any]]:
    fields = shape.collection.by_name
    return [_property(shape.rows.c[name], fields[name]).label(name) for name in shape.names]


def _property(column: sa.ColumnElement[Any], of: Field) -> sa.ColumnElement[Any]:
    """A value as a tile holds it: decimals as numbers if that is exact, times as in JSON."""
    if of.type is FieldType.DECIMAL and property_type(of) is float:
        return sa.cast(column, sa.Double)
    if of.type is FieldType.DATETIME and not of.many:
        return sa.func.to_json(column).op("#>>")(sa.literal_column("'{}'"))
    return plain_value(column, CRS84)


def _envelope(name: str) -> sa.ColumnElement[Any]:
    edges = [
        sa.bindparam(f"{name}_{edge}", type_=sa.Double)
        for edge in ("west", "south", "east", "north")
    ]
    return sa.func.ST_MakeEnvelope(*edges, STORAGE_SRID)


def _boxes_meet(geometry: sa.ColumnElement[Any], envelope: sa.ColumnElement[Any]) -> Condition:
    return geometry.op("&&", return_type=sa.Boolean())(envelope)


def _count(rows: sa.FromClause) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(rows).scalar_subquery()
