"""Rows → documents, written by PostGIS: GeoJSON features, plain columns for files and Arrow.

One place decides how each field type looks in JSON and in columns; answers of questions use it too.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
from geoalchemy2.types import Geometry

from geoservice.crs import CRS84, Crs
from geoservice.description.collection import Collection
from geoservice.query.query import Query

_EXPONENT_FROM = 1e15
"""From here on PostgreSQL writes a double with an exponent."""


def shown_fields(collection: Collection, query: Query) -> tuple[str, ...]:
    """The names of the fields that an answer shows, in the order of the description."""
    wanted = query.properties
    public = (field.name for field in collection.public_fields)
    return tuple(name for name in public if wanted is None or name in wanted)


class Writer(Hashable, Protocol):
    """How a row becomes one text. Compared by value, because statements are kept by it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that it reads, beside `uid`."""

    @property
    def separator(self) -> str:
        """What stands between two texts."""

    def written(self, rows: sa.FromClause) -> sa.Select[Any]:
        """The texts, one column `feature`, in the order of `rows`."""


@dataclass(frozen=True)
class GeoJson:
    """Each row as a GeoJSON feature."""

    names: tuple[str, ...]
    geometry: str | None
    crs: Crs

    separator = ","

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields, and the geometry if it is shown."""
        return self.names if self.geometry is None else (*self.names, self.geometry)

    def written(self, rows: sa.FromClause) -> sa.Select[Any]:
        """The features; see `feature_text`."""
        return feature_text(rows, self.names, geometry=self.geometry, crs=self.crs)


def geojson(collection: Collection, query: Query) -> GeoJson:
    """How the features of a query are written as GeoJSON."""
    geometry = "geom" if collection.geometry and query.geometry else None
    return GeoJson(shown_fields(collection, query), geometry, query.crs)


def constant(text: str) -> sa.ColumnElement[str]:
    """Markup or a name of ours as SQL, never a value. Bound, it would cost more to plan."""
    quoted = text.replace("'", "''")
    return sa.literal_column(f"'{quoted}'", sa.Text())


def in_crs(geometry: sa.ColumnElement[Any], crs: Crs) -> sa.ColumnElement[Any]:
    """A stored geometry in another CRS, axes in the order that the CRS was named with."""
    if not crs.is_storage:
        geometry = sa.func.ST_Transform(geometry, crs.srid, type_=Geometry())
    if crs.y_first:
        geometry = sa.func.ST_FlipCoordinates(geometry, type_=Geometry())
    return geometry


def geojson_geometry(geometry: sa.ColumnElement[Any], crs: Crs) -> sa.ColumnElement[str]:
    """A geometry as GeoJSON text, `null` if it is missing."""
    text = sa.func.ST_AsGeoJSON(in_crs(geometry, crs), crs.decimals, 0, type_=sa.Text)
    return sa.func.coalesce(text, "null", type_=sa.Text)


def feature_text(
    rows: sa.FromClause,
    names: Sequence[str],
    *,
    uid: str = "uid",
    geometry: str | None = "geom",
    crs: Crs = CRS84,
) -> sa.Select[Any]:
    """Rows as GeoJSON feature texts, one column `feature`, in the order of `rows`.

    Every property is present in every feature, null included, because clients guess fields from
    the first ones.
    """
    values = (_json_value(rows.c[name], crs) for name in names)
    properties = sa.select(*values).correlate(rows).lateral("_properties")
    shape = (
        sa.literal_column("'null'") if geometry is None else geojson_geometry(rows.c[geometry], crs)
    )
    text = _joined(
        sa.literal_column('\'{"type":"Feature","id":"\''),
        sa.cast(rows.c[uid], sa.Text),
        sa.literal_column('\'","geometry":\''),
        shape,
        sa.literal_column("',\"properties\":'"),
        # The row, whatever fields are called: no column is `_properties.*`, no collection has the name.
        sa.literal_column("row_to_json(_properties.*)::text" if names else "'{}'"),
        sa.literal_column("'}'"),
    )
    source = rows.join(properties, sa.true()) if names else rows
    return sa.select(text.label("feature")).select_from(source)


def _joined(*parts: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    text = parts[0]
    for part in parts[1:]:
        text = text.op("||")(part)
    return sa.type_coerce(text, sa.Text)


def _json_value(column: sa.ColumnElement[Any], crs: Crs) -> sa.ColumnElement[Any]:
    if isinstance(column.type, Geometry):
        shape = sa.func.ST_AsGeoJSON(in_crs(column, crs), crs.decimals, 0, type_=sa.Text)
        return sa.cast(shape, sa.JSON).label(column.key)
    if isinstance(column.type, sa.Double):
        return _as_fraction(column).label(column.key)
    return column


def _as_fraction(number: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A number with a point even if it is whole.

    QGIS and GDAL guess a field's type from the first features, and cut what comes later to it.
    """
    whole = sa.and_(number == sa.func.trunc(number), sa.func.abs(number) < _EXPONENT_FROM)
    written = sa.cast(sa.func.concat(number, ".0"), sa.JSON)
    return sa.case((whole, written), else_=sa.func.to_json(number))


def columns(
    rows: sa.FromClause,
    names: Sequence[str],
    *,
    uid: str | None = "uid",
    geometry: str | None = "geom",
    crs: Crs = CRS84,
) -> list[sa.ColumnElement[Any]]:
    """Rows as plain columns for files: uid as text, geometries as WKB, lists as JSON text."""
    found: list[sa.ColumnElement[Any]] = []
    if uid is not None:
        found.append(sa.cast(rows.c[uid], sa.Text).label(uid))
    found += [plain_value(rows.c[name], crs).label(name) for name in names]
    if geometry is not None:
        found.append(sa.func.ST_AsBinary(in_crs(rows.c[geometry], crs)).label("geometry"))
    return found


def plain_value(column: sa.ColumnElement[Any], crs: Crs) -> sa.ColumnElement[Any]:
    """A value as a file's column can hold it; a further geometry as WKT, a list as JSON text."""
    if isinstance(column.type, Geometry):
        return sa.func.ST_AsText(in_crs(column, crs), crs.decimals, type_=sa.Text)
    if isinstance(column.type, sa.ARRAY):
        return sa.cast(sa.func.array_to_json(column), sa.Text)
    if isinstance(column.type, sa.Uuid):
        return sa.cast(column, sa.Text)
    return column
