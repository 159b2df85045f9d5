"""Geometries from outside → WKB to store: judged as given and as stored, never mended.

Must not know files: what an import may mend or warn of, an edit refuses.
"""

import math
from collections.abc import Callable, Mapping
from functools import cache, partial

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS as ProjCrs

from geoservice.crs import CRS84, Crs
from geoservice.description.collection import Collection, GeometryType
from geoservice.errors import RejectedFeature
from geoservice.languages import Text
from geoservice.query.geometries import in_storage
from geoservice.shape_process import ShapeProcess

_NESTING = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
_MULTI = {
    "Point": shapely.MultiPoint,
    "LineString": shapely.MultiLineString,
    "Polygon": shapely.MultiPolygon,
}
_AREA_MARGIN = 1.0  # degrees: neighbouring zones overlap in practice

_VALID = "Valid Geometry"
_ALWAYS_VALID = ("Point", "MultiPoint")  # once their coordinates are finite

# GEOS compares edges whose boxes overlap: of parallel slanting teeth, each with each. What takes
# milliseconds as a coast takes minutes so, and there is no telling but by trying.
_MOST_JUDGED_HERE = 5_000  # vertices
_JUDGING_CPU_S = 0.75

Validity = Callable[[shapely.Geometry], str | None]
"""The reason why a shape is not valid, or that it is; None if it could not be found out."""

_NOT_COORDINATES = Text(
    zh="coordinates 的层次不对或为空", en="its coordinates are nested wrongly or empty"
)


def from_geojson(
    collection: Collection, name: str, value: object, crs: Crs, max_vertices: int
) -> bytes | None:
    """A GeoJSON geometry as it is stored, None for null; axes in the order of the CRS.

    Coordinates are read no deeper than their type is nested, and no further than `max_vertices`.
    Raises `RejectedFeature`, see `stored`.
    """
    if value is None:
        return None
    reader = _Reader(collection, name, crs, max_vertices)
    return stored(collection, name, reader.shape(value), crs, max_vertices)


def stored(
    collection: Collection, name: str, shape: shapely.Geometry, crs: Crs, max_vertices: int
) -> bytes:
    """A shape, x first in a CRS, as WKB of its column's type in the storage CRS.

    A single geometry becomes a multi-geometry of one part where the column asks for it. Validity
    is judged in the CRS that was given, in the storage CRS, and as read back with the decimals that
    are given out; lines between vertices are straight in each.

    Raises:
        RejectedFeature: the shape is empty, not of the column's type, has heights or measures, too
            many vertices, a coordinate that is no finite number or not on earth, is not valid, or so
            tangled that it takes too long to know.
    """
    judge = _Judge(collection, name)
    judge.require_plain(shape, max_vertices)
    shape = judge.of_column_type(shape)
    if shape.geom_type in _ALWAYS_VALID:
        return _wkb(judge.on_earth(shape, crs))
    if shapely.get_num_coordinates(shape) <= _MOST_JUDGED_HERE:
        return _wkb(judge.valid(shape, crs, shapely.is_valid_reason))
    with ShapeProcess("shapely.is_valid_reason(shape).encode()", cpu_s=_JUDGING_CPU_S) as process:
        return _wkb(judge.valid(shape, crs, partial(_reason_within_limits, process)))


def _reason_within_limits(process: ShapeProcess, shape: shapely.Geometry) -> str | None:
    answer = process.answer(shape)
    return None if answer is None else answer.decode()


def _wkb(shape: shapely.Geometry) -> bytes:
    found: bytes = shapely.to_wkb(shape, output_dimension=2, byte_order=1, include_srid=False)
    return found


class _Judge:
    """What a geometry of one column must be."""

    def __init__(self, collection: Collection, name: str) -> None:
        self._collection = collection
        self._name = name
        self._type = collection.geometry_type(name)

    def refusal(self, value: str, zh: str, en: str) -> RejectedFeature:
        """The refusal of a geometry."""
        return RejectedFeature(
            collection=self._collection.id,
            field=self._name,
            value=value,
            reason=Text(zh=zh, en=en),
        )

    def require_plain(self, shape: shapely.Geometry, max_vertices: int) -> None:
        """Refuse what is empty, too much, not flat or not finite, before anything is computed."""
        if shape.is_empty or shapely.is_empty(shapely.get_parts(shape)).any():
            raise self.refusal(shape.geom_type, "几何为空", "it is empty")
        points = shapely.get_coordinates(shape)
        if len(points) > max_vertices:
            raise self.too_many(len(points), max_vertices)
        if shape.has_z or shape.has_m:
            raise self.refusal(
                shape.geom_type, "只存储二维坐标", "only positions of two numbers are stored"
            )
        if not np.isfinite(points).all():
            raise self.refusal(
                shape.geom_type, "坐标须为有限的数", "its coordinates are not finite"
            )

    def too_many(self, count: int, most: int) -> RejectedFeature:
        """The refusal of too many vertices."""
        return self.refusal(
            str(count),
            f"顶点数超过上限 {most}（max_geom_vertices）",
            f"it has more vertices than max_geom_vertices, {most}",
        )

    def of_column_type(self, shape: shapely.Geometry) -> shapely.Geometry:
        """The shape, or the multi-geometry of it alone; any other type is refused."""
        given, wanted = shape.geom_type, self._type
        allowed = [*_NESTING] if wanted is GeometryType.GEOMETRY else [wanted.value]
        if given in allowed:
            return shape
        if wanted.value.startswith("Multi") and given == wanted.single.value:
            return _MULTI[given]([shape])
        if wanted.single is not wanted:
            allowed.append(wanted.single.value)
        listed = ", ".join(allowed)
        raise self.refusal(given, f"几何类型须为 {listed}", f"its type must be {listed}")

    def valid(self, shape: shapely.Geometry, crs: Crs, validity: Validity) -> shapely.Geometry:
        """The shape in the storage CRS, valid as given, as stored and as it is given out."""
        self._require_valid(shape, validity, Text(zh="", en=""))
        kept = self.on_earth(shape, crs)
        if kept is not shape:
            self._require_valid(
                kept, validity, Text(zh="转换到存储坐标系后，", en="in the storage CRS, ")
            )
        points = shapely.get_coordinates(kept)
        shown = np.round(points, CRS84.decimals)
        if (shown != points).any():
            rounded = shapely.transform(kept, lambda _: shown)
            where = Text(zh="按输出精度取整后，", en="rounded as it is given out, ")
            self._require_valid(rounded, validity, where)
        return kept

    def _require_valid(self, shape: shapely.Geometry, validity: Validity, where: Text) -> None:
        """Refuse what is not valid (OGC 06-103r4), with the reason and the place."""
        reason = validity(shape)
        if reason is None:
            raise self.refusal(
                shape.geom_type,
                f"边线互相交错过多，{_JUDGING_CPU_S:g} 秒内无法判断几何是否合法",
                "its edges lie across each other so much that it takes more than "
                f"{_JUDGING_CPU_S:g} s to find out whether it is valid",
            )
        if reason != _VALID:
            raise self.refusal(
                shape.geom_type,
                f"{where.zh}几何不合法：{reason}",
                f"{where.en}it is not valid: {reason}",
            )

    def on_earth(self, shape: shapely.Geometry, crs: Crs) -> shapely.Geometry:
        """The shape in the storage CRS; what lies nowhere on earth is refused."""
        kept = in_storage(shape, crs)
        is_on_earth = _is_on_earth(kept)
        if is_on_earth and _is_in_area(kept, crs):
            return kept
        turned = in_storage(shapely.transform(shape, lambda points: points[:, ::-1]), crs)
        fits_turned = _is_on_earth(turned) and _is_in_area(turned, crs)
        if is_on_earth and not fits_turned:
            return kept
        x, y = shapely.get_coordinates(shape)[0]
        if fits_turned:
            raise self.refusal(
                f"{x:g}, {y:g}",
                "坐标轴疑似颠倒：交换后才落在此坐标系的范围内",
                "the axes look swapped: only exchanged do the coordinates lie where the CRS is for",
            )
        raise self.refusal(
            f"{x:g}, {y:g}",
            "坐标不在地球上（经度 ±180、纬度 ±90）",
            "it is not on earth: longitude ±180, latitude ±90",
        )


def _is_on_earth(shape: shapely.Geometry) -> bool:
    west, south, east, north = shape.bounds
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        return False
    return bool(west >= -180 and east <= 180 and south >= -90 and north <= 90)


def _is_in_area(shape: shapely.Geometry, crs: Crs) -> bool:
    """Whether a shape lies where a projected CRS is made for; degrees are taken at their word."""
    area = _area_of_use(crs.srid)
    if crs.is_storage or area is None:
        return True
    west, south, east, north = area
    first, second, third, fourth = shape.bounds
    return bool(
        first >= west - _AREA_MARGIN
        and third <= east + _AREA_MARGIN
        and second >= south - _AREA_MARGIN
        and fourth <= north + _AREA_MARGIN
    )


@cache
def _area_of_use(srid: int) -> tuple[float, float, float, float] | None:
    """West, south, east, north in degrees; None if it is not known or crosses the antimeridian."""
    area = ProjCrs.from_epsg(srid).area_of_use
    if area is None or area.west > area.east:
        return None
    return area.west, area.south, area.east, area.north


class _Reader:
    """Reads one GeoJSON geometry (RFC 7946, 3.1)."""

    def __init__(self, collection: Collection, name: str, crs: Crs, max_vertices: int) -> None:
        self._judge = _Judge(collection, name)
        self._crs = crs
        self._room = self._most = max_vertices

    def shape(self, value: object) -> shapely.Geometry:
        """The shape, x first, whose coordinates are finite and whose rings are rings."""
        kind = value.get("type") if isinstance(value, Mapping) else None
        if not isinstance(kind, str) or kind not in _NESTING:
            allowed = ", ".join(_NESTING)
            raise self._refusal(kind, f"几何类型须为 {allowed}", f"its type must be {allowed}")
        assert isinstance(value, Mapping)
        parts = value.get("coordinates")
        match kind:
            case "Point":
                return shapely.Point(self._position(parts, kind))
            case "MultiPoint":
                return shapely.MultiPoint(self._positions(parts, kind))
            case "LineString":
                return self._line(parts, kind)
            case "MultiLineString":
                return shapely.MultiLineString(
                    [self._line(part, kind) for part in self._list(parts, kind)]
                )
            case "Polygon":
                return self._polygon(parts, kind)
        return shapely.MultiPolygon([self._polygon(part, kind) for part in self._list(parts, kind)])

    def _refusal(self, kind: object, zh: str, en: str) -> RejectedFeature:
        return self._judge.refusal(kind if isinstance(kind, str) else "?", zh, en)

    def _list(self, node: object, kind: str) -> list[object]:
        if not isinstance(node, list) or not node:
            raise self._refusal(kind, _NOT_COORDINATES.zh, _NOT_COORDINATES.en)
        return node

    def _positions(self, node: object, kind: str) -> NDArray[np.float64]:
        positions = self._list(node, kind)
        self._room -= len(positions)
        if self._room < 0:
            raise self._judge.too_many(self._most - self._room, self._most)
        return np.array([self._position(each, kind) for each in positions], np.float64)

    def _position(self, node: object, kind: str) -> tuple[float, float]:
        if not isinstance(node, list) or len(node) != 2:
            has_height = isinstance(node, list) and len(node) in (3, 4)
            if has_height:
                raise self._refusal(
                    kind, "只存储二维坐标", "only positions of two numbers are stored"
                )
            raise self._refusal(kind, _NOT_COORDINATES.zh, _NOT_COORDINATES.en)
        first, second = (self._ordinate(each, kind) for each in node)
        return (second, first) if self._crs.y_first else (first, second)

    def _ordinate(self, value: object, kind: str) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
            if math.isfinite(number):
                return number
        raise self._refusal(kind, "坐标须为有限的数", "its coordinates are not finite numbers")

    def _line(self, node: object, kind: str) -> shapely.Geometry:
        positions = self._positions(node, kind)
        if len(positions) < 2:
            raise self._refusal(kind, "线至少有 2 个点", "a line has at least 2 positions")
        return shapely.LineString(positions)

    def _polygon(self, node: object, kind: str) -> shapely.Geometry:
        rings = [self._ring(each, kind) for each in self._list(node, kind)]
        return shapely.Polygon(rings[0], rings[1:])

    def _ring(self, node: object, kind: str) -> NDArray[np.float64]:
        positions = self._positions(node, kind)
        if len(positions) < 4:
            raise self._refusal(kind, "环至少有 4 个点", "a ring has at least 4 positions")
        if (positions[0] != positions[-1]).any():
            raise self._refusal(kind, "多边形的环没有闭合", "a ring of a polygon is not closed")
        return positions
