"""Geometry literals: WKT and BBOX in their JSON form → valid WKB in the storage CRS.

Lines between vertices are straight in the CRS they were given in. Where another line would be drawn
between them, vertices are added so that a long edge stays where it was: before a transformation,
and for distances, which follow geodesics.
"""

import math
from typing import Any

import shapely
from shapely.errors import ShapelyError

from geoservice.crs import Crs, to_storage
from geoservice.errors import BadGeometry
from geoservice.languages import Text
from geoservice.query.cql2.fence import Budget
from geoservice.query.filter import Geometry

Node = Any

_NESTING = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
_SEGMENT_M = 1_000.0
_SEGMENT_DEGREES = 0.05
_MAX_ADDED_VERTICES = 2_000


def geometry(node: Node, crs: Crs, budget: Budget, *, for_distance: bool = False) -> Geometry:
    """The geometry that a GeoJSON or `bbox` object states in a CRS.

    Validity is judged as given: added vertices could hide or feign a crossing by their rounding.
    """
    try:
        shape = _box(node["bbox"], crs, budget) if "bbox" in node else _shape(node, crs, budget)
    except (ShapelyError, ValueError) as fault:
        detail = str(fault)[:200]
        raise _bad(f"无法构成几何（{detail}）。", f"it cannot be built ({detail}).") from None
    if not shapely.is_valid(shape):
        reason = shapely.is_valid_reason(shape)
        raise _bad(f"几何不合法（{reason}）。", f"it is not valid ({reason}).")
    shape = _in_storage(shape, crs)
    _require_plausible(shape)
    if for_distance:
        shape = _divided(shape, _SEGMENT_DEGREES)
    return Geometry(shapely.to_wkb(shape, output_dimension=2))


def _bad(zh: str, en: str) -> BadGeometry:
    return BadGeometry(name="filter", reason=Text(zh=zh, en=en))


def _shape(node: Node, crs: Crs, budget: Budget) -> shapely.Geometry:
    kind = node.get("type")
    if kind == "GeometryCollection":
        parts = node.get("geometries")
        if not isinstance(parts, list) or not parts:
            raise _bad("GeometryCollection 为空。", "the GeometryCollection is empty.")
        return shapely.GeometryCollection([_part(part, crs, budget) for part in parts])
    return _part(node, crs, budget)


def _part(node: Node, crs: Crs, budget: Budget) -> shapely.Geometry:
    kind = node.get("type") if isinstance(node, dict) else None
    if not isinstance(kind, str) or kind not in _NESTING:
        allowed = ", ".join(_NESTING)
        raise _bad(f"不支持的几何类型；可用：{allowed}。", f"its type is not one of {allowed}.")
    coordinates = _positions(node.get("coordinates"), _NESTING[kind], crs, budget)
    polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(kind, [])
    if any(ring[0] != ring[-1] for rings in polygons for ring in rings):
        raise _bad("多边形的环没有闭合。", "a ring of a polygon is not closed.")
    return shapely.geometry.shape({"type": kind, "coordinates": coordinates})


def _positions(node: Node, nesting: int, crs: Crs, budget: Budget) -> Node:
    if nesting == 0:
        budget.vertex()
        return _position(node, crs)
    if not isinstance(node, list) or not node:
        raise _bad("坐标的层次不对，或为空。", "its coordinates are missing or nested wrongly.")
    return [_positions(part, nesting - 1, crs, budget) for part in node]


def _position(node: Node, crs: Crs) -> tuple[float, float]:
    if not isinstance(node, list) or not 2 <= len(node) <= 4:
        raise _bad("坐标须为 2 至 4 个数。", "a position has 2 to 4 numbers.")
    x, y = _numbers(node)[:2]
    return (y, x) if crs.y_first else (x, y)


def _numbers(values: list[Node]) -> list[float]:
    if not all(type(value) in (int, float) and math.isfinite(value) for value in values):
        raise _bad("坐标须为有限的数。", "coordinates are finite numbers.")
    return values


def _box(corners: Node, crs: Crs, budget: Budget) -> shapely.Geometry:
    if not isinstance(corners, list) or len(corners) not in (4, 6):
        raise _bad("BBOX 须为 4 或 6 个数。", "a BBOX has 4 or 6 numbers.")
    half = len(corners) // 2
    low, high = _position(corners[:half], crs), _position(corners[half:], crs)
    _numbers(corners)
    for _ in range(4):
        budget.vertex()
    (west, south), (east, north) = low, high
    if south > north or (west > east and not crs.is_storage):
        raise _bad("BBOX 的最小值大于最大值。", "a minimum of the BBOX exceeds its maximum.")
    if west > east:  # across the antimeridian
        parts = [shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)]
        return shapely.MultiPolygon(parts)
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([low, high])
    return shapely.box(west, south, east, north)


def _in_storage(shape: shapely.Geometry, crs: Crs) -> shapely.Geometry:
    if crs.is_storage:
        return shape
    dense = _divided(shape, _SEGMENT_M)
    return shapely.transform(dense, to_storage(crs.srid).transform, interleaved=False)


def _divided(shape: shapely.Geometry, longest: float) -> shapely.Geometry:
    if not math.isfinite(shape.length) or shape.length <= longest:
        return shape
    return shapely.segmentize(shape, max(longest, shape.length / _MAX_ADDED_VERTICES))


def _require_plausible(shape: shapely.Geometry) -> None:
    """Refuse what is not on earth; the box of an infinite or undefined position never fits."""
    west, south, east, north = shape.bounds
    finite = bool(shapely.get_coordinates(shape).size) and all(map(math.isfinite, shape.bounds))
    if not (finite and -180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise _bad(
            "坐标超出经纬度范围；请检查 filter-crs 及其轴序。",
            "its coordinates are not on earth; check filter-crs and its order of axes.",
        )
