"""Places to ask about: what a person or a file gives, as valid shapes in the storage CRS.

Every refusal says what the coordinates look like; nothing is exchanged or converted unless it was
asked for by `source_crs`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import shapely
import sqlalchemy as sa
from geoalchemy2 import Geometry
from pyproj import Geod

from geoservice import chinese_offsets
from geoservice.crs import CRS84, STORAGE_SRID, Crs, named, offered, to_storage
from geoservice.crs import epsg as epsg_named
from geoservice.description.collection import Collection, FieldType
from geoservice.errors import BadGeometry, BadParameter, TooLarge, UnknownCrs, UnknownFeature
from geoservice.languages import Text
from geoservice.query.cql2 import FilterLimits, read_shape
from geoservice.query.geometries import literal
from geoservice.questions.contract import Asking
from geoservice.questions.parameters import MAX_GEOMETRY_CHARACTERS
from geoservice.regions import Region
from geoservice.store.statements import source
from geoservice.store.tables import best_geometry

MAX_VERTICES = 10_000
MAX_AREA_KM2 = 1_000

_LIMITS = FilterLimits(
    max_filter_json_bytes=4 * MAX_GEOMETRY_CHARACTERS, max_filter_vertices=MAX_GEOMETRY_CHARACTERS
)
_ELLIPSOID = Geod(a=6_378_137.0, rf=298.257222101)  # CGCS2000, GB 22021-2008
_OFFSET_DATUMS = {
    "gcj02": chinese_offsets.gcj02_to_wgs84,
    "bd09": chinese_offsets.bd09_to_wgs84,
}
_CGCS2000 = range(4491, 4555)  # 6° and 3° Gauss-Krüger zones, with and without zone numbers
_KINDS = frozenset(
    ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
)
_MARGIN_DEGREES = 0.5
_METRES_FROM = 400.0


@dataclass(frozen=True)
class Place:
    """A shape to ask about, in the storage CRS, and what people call it.

    `may_be_offset`: its coordinates were taken as they came, so they may be those of a web map.
    """

    shape: shapely.Geometry
    label: str | None = None
    may_be_offset: bool = False

    @property
    def dimension(self) -> int:
        """0 for points, 1 for lines, 2 for polygons."""
        return int(shapely.get_dimensions(self.shape))

    def undone(self, datum: str) -> shapely.Geometry:
        """The shape as it would lie if its coordinates were those of `gcj02` or `bd09`."""
        return shapely.transform(self.shape, _OFFSET_DATUMS[datum], interleaved=False)

    def is_outside(self, region: Region) -> bool:
        """Whether no part of it is within the extent of the region."""
        return not self.shape.intersects(shapely.box(*region.extent))


def source_crs_names(region: Region) -> list[str]:
    """What `source_crs` may be."""
    plain = (f"EPSG:{crs.srid}" for crs in offered(region.metric_srid))
    return ["CRS84", *dict.fromkeys(plain), "EPSG:4491–4554", *_OFFSET_DATUMS]


def place_from_text(text: str, source_crs: str | None, region: Region) -> Place:
    """The place that two numbers, WKT or GeoJSON state.

    Args:
        text: x first, unless the name of the CRS says otherwise.
        source_crs: the name of a CRS, `gcj02` or `bd09`; None is longitude and latitude.
        region: in which the coordinates should make sense.

    Raises:
        UnknownCrs: the name is none of `source_crs_names`.
        BadGeometry: it is no geometry, not valid, or its coordinates cannot be in the CRS.
        TooLarge: more than `MAX_VERTICES` or `MAX_AREA_KM2`.
    """
    datum = source_crs if source_crs in _OFFSET_DATUMS else None
    crs = CRS84 if datum or source_crs is None else _crs(source_crs, region)
    shape = read_shape(text, name="geometry", crs=crs, limits=_LIMITS)
    if shape.geom_type not in _KINDS:
        raise _bad("不能是几何集合。", "a collection of geometries is no place.")
    _require_few_vertices(shape)
    _require_sense(shape, crs, region)
    stored = shapely.from_wkb(literal(shape, crs, crs_from="source_crs", for_distance=True).wkb)
    place = Place(stored, may_be_offset=source_crs is None)
    if datum:
        place = Place(place.undone(datum))
    _require_small_area(place.shape)
    return place


def places_from_shapes(
    shapes: Iterable[tuple[str | None, bytes]], *, may_be_offset: bool
) -> tuple[Place, ...]:
    """Places from labels and WKB in the storage CRS, which were checked already."""
    found = []
    for label, wkb in shapes:
        shape = shapely.from_wkb(wkb)
        _require_few_vertices(shape)
        _require_small_area(shape)
        found.append(Place(shape, label, may_be_offset))
    return tuple(found)


def place_of_feature(text: str, asking: Asking) -> Place:
    """The place of a feature that is named `collection/uid` or `collection/business key`.

    The fields of a key of several are separated by slashes in their order; those with a default may
    be left out. The best geometry counts, as the register says at `known_at`.

    Raises `BadParameter`, `UnknownCollection`, `UnknownFeature`.
    """
    id, slash, name = text.partition("/")
    if not (slash and id and name):
        raise BadParameter(name="feature", value=text, allowed="collection/uid, collection/key")
    collection = asking.catalog[id]
    if not collection.geometry_fields:
        raise BadParameter(
            name="feature",
            value=text,
            allowed=Text(zh="有几何的图层", en="a collection with geometry"),
        )
    rows = source(collection, asking.known_at).alias("named")
    shape = best_geometry(rows, collection, collection.best_geometry)
    found = asking.rows(
        sa.select(sa.func.ST_AsBinary(shape).label("wkb")).where(*_is_named(collection, rows, name))
    )
    if not found:
        raise UnknownFeature(collection=id, value=name)
    if found[0].wkb is None:
        raise BadParameter(
            name="feature",
            value=text,
            allowed=Text(zh="有位置的要素", en="a feature whose position is known"),
        )
    (place,) = places_from_shapes([(text, bytes(found[0].wkb))], may_be_offset=False)
    return place


def as_rows(shapes: Sequence[shapely.Geometry], **texts: Sequence[str | None]) -> sa.Select[Any]:
    """Shapes as rows: `place` from 0, `area`, and columns of texts beside them."""
    arrays = [
        sa.literal([shape.wkb for shape in shapes], sa.ARRAY(sa.LargeBinary)),
        *(sa.literal(list(column), sa.ARRAY(sa.Text)) for column in texts.values()),
    ]
    columns: list[sa.ColumnClause[Any]] = [sa.column("wkb", sa.LargeBinary)]
    columns += [sa.column(name, sa.Text) for name in texts]
    given = (
        sa.func.unnest(*arrays)
        .table_valued(*columns, with_ordinality="ordinal")
        .render_derived(name="given")
    )
    ordinal = sa.cast(given.c.ordinal, sa.Integer)
    return sa.select(
        (ordinal - 1).label("place"),
        sa.func.ST_GeomFromWKB(given.c.wkb, STORAGE_SRID, type_=Geometry()).label("area"),
        *(given.c[name] for name in texts),
    )


def _is_named(
    collection: Collection, rows: sa.FromClause, name: str
) -> list[sa.ColumnElement[bool]]:
    try:
        return [rows.c.uid == UUID(name)]
    except ValueError:
        key = [collection.by_name[field] for field in collection.key]
    values = [name] if len(key) == 1 else name.split("/")
    asked = [field for field in key if field.default is None]
    if len(values) == len(key):
        asked = key
    if len(values) != len(asked) or not key:
        form = "/".join((collection.id, *collection.key)) if key else f"{collection.id}/uid"
        raise BadParameter(name="feature", value=f"{collection.id}/{name}", allowed=form)
    wanted = {field.name: str(field.default) for field in key}
    wanted |= {field.name: value for field, value in zip(asked, values, strict=True)}
    return [
        (
            rows.c[field.name]
            if field.type is FieldType.TEXT
            else sa.cast(rows.c[field.name], sa.Text)
        )
        == wanted[field.name]
        for field in key
    ]


def _crs(name: str, region: Region) -> Crs:
    allowed = (*offered(region.metric_srid), *map(epsg_named, _CGCS2000))
    text = f"EPSG:{name}" if name.isdecimal() else name
    found = CRS84 if text.upper() == "CRS84" else named(text, allowed)
    if found is None:
        raise UnknownCrs(name="source_crs", value=name, allowed=source_crs_names(region))
    return found


def _require_few_vertices(shape: shapely.Geometry) -> None:
    number = int(shapely.get_num_coordinates(shape))
    if number > MAX_VERTICES:
        raise TooLarge(limit_name="max_check_vertices", limit=MAX_VERTICES, actual=number)


def _require_small_area(shape: shapely.Geometry) -> None:
    if shapely.get_dimensions(shape) < 2:
        return
    area_m2, _ = _ELLIPSOID.geometry_area_perimeter(shapely.orient_polygons(shape))
    if area_m2 > MAX_AREA_KM2 * 1e6:
        raise TooLarge(
            limit_name="max_check_area_km2", limit=MAX_AREA_KM2, actual=round(area_m2 / 1e6)
        )


def _require_sense(shape: shapely.Geometry, crs: Crs, region: Region) -> None:
    """Refuse coordinates whose size or order speaks against their CRS, and say what they look like."""
    west, south, east, north = shape.bounds
    if not all(map(math.isfinite, (west, south, east, north))):
        return  # refused as no place on earth
    if crs.is_storage:
        _require_degrees((west, south, east, north), region)
    elif -180 <= west <= east <= 180 and -90 <= south <= north <= 90:
        raise _bad(
            f"坐标像是经纬度，而 EPSG:{crs.srid} 以米为单位；请检查 source_crs。",
            f"the coordinates look like degrees, but EPSG:{crs.srid} is in metres; check source_crs.",
        )
    elif not _lies_near(shape.centroid, crs, region) and _lies_near(
        shapely.transform(shape.centroid, lambda x, y: (y, x), interleaved=False), crs, region
    ):
        raise _bad(
            "坐标像是北坐标在前：交换后落在本区域内。",
            "the coordinates look like northing first: exchanged, they lie in the region.",
        )


def _require_degrees(bounds: tuple[float, float, float, float], region: Region) -> None:
    west, south, east, north = bounds
    on_earth = west >= -180 and east <= 180 and south >= -90 and north <= 90
    if _is_near(bounds, region) or (on_earth and not _is_near((south, west, north, east), region)):
        return
    if _is_near((south, west, north, east), region):
        raise _bad(
            "坐标像是“纬度,经度”：交换后落在本区域内；应为经度在前。",
            "the coordinates look like latitude, longitude: exchanged, they lie in the region; "
            "longitude comes first.",
        )
    if max(map(abs, bounds)) > _METRES_FROM:
        raise _looks_projected(((west + east) / 2, (south + north) / 2), region)


def _looks_projected(centre: tuple[float, float], region: Region) -> BadGeometry:
    """The refusal of metres as degrees, with the CRS in which they would lie in the region."""
    for srid in (region.metric_srid, 3857, *_CGCS2000):
        for (x, y), order in ((centre, False), (centre[::-1], True)):
            if _lies_near(shapely.Point(x, y), epsg_named(srid), region):
                zh = "，且北坐标在前" if order else ""
                en = " with northing first; easting comes first" if order else ""
                return _bad(
                    f"坐标像是 EPSG:{srid} 的米{zh}；请给出 source_crs=EPSG:{srid}。",
                    f"the coordinates look like metres of EPSG:{srid}{en}; "
                    f"say source_crs=EPSG:{srid}.",
                )
    return _bad(
        "坐标像是米而不是经纬度；请给出 source_crs。",
        "the coordinates look like metres, not degrees; say source_crs.",
    )


def _lies_near(point: shapely.Point, crs: Crs, region: Region) -> bool:
    lon, lat = to_storage(crs.srid).transform(point.x, point.y)
    return math.isfinite(lon + lat) and _is_near((lon, lat, lon, lat), region)


def _is_near(bounds: tuple[float, float, float, float], region: Region) -> bool:
    box = shapely.box(*region.extent).buffer(_MARGIN_DEGREES, join_style="mitre")
    return bool(box.covers(shapely.box(*bounds)))


def _bad(zh: str, en: str) -> BadGeometry:
    return BadGeometry(name="geometry", reason=Text(zh=zh, en=en))
