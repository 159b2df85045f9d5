"""Geometry literals: WKT and BBOX in their JSON form → valid WKB in the storage CRS."""

import math
from typing import Any

import shapely
from shapely.errors import ShapelyError

from geoservice.crs import Crs
from geoservice.query.filter import Geometry
from geoservice.query.geometries import bad_geometry, box, literal
from geoservice.query.limits import Budget

Node = Any

_NESTING = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}


def geometry(node: Node, crs: Crs, budget: Budget, *, for_distance: bool = False) -> Geometry:
    """The geometry that a GeoJSON or `bbox` object states in a CRS."""
    shape = shape_as_given(node, crs, budget)
    return literal(shape, crs, crs_from="filter-crs", for_distance=for_distance)


def shape_as_given(node: Node, crs: Crs, budget: Budget) -> shapely.Geometry:
    """The shape with the coordinates that a GeoJSON or `bbox` object has, x first; perhaps invalid."""
    try:
        return _box(node["bbox"], crs, budget) if "bbox" in node else _shape(node, crs, budget)
    except (ShapelyError, ValueError) as fault:
        detail = str(fault)[:200]
        raise bad_geometry(
            f"无法构成几何（{detail}）。", f"it cannot be built ({detail})."
        ) from None


def _shape(node: Node, crs: Crs, budget: Budget) -> shapely.Geometry:
    kind = node.get("type")
    if kind == "GeometryCollection":
        parts = node.get("geometries")
        if not isinstance(parts, list) or not parts:
            raise bad_geometry("GeometryCollection 为空。", "the GeometryCollection is empty.")
        return shapely.GeometryCollection([_part(part, crs, budget) for part in parts])
    return _part(node, crs, budget)


def _part(node: Node, crs: Crs, budget: Budget) -> shapely.Geometry:
    kind = node.get("type") if isinstance(node, dict) else None
    if not isinstance(kind, str) or kind not in _NESTING:
        allowed = ", ".join(_NESTING)
        raise bad_geometry(
            f"不支持的几何类型；可用：{allowed}。", f"its type is not one of {allowed}."
        )
    coordinates = _positions(node.get("coordinates"), _NESTING[kind], crs, budget)
    polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(kind, [])
    if any(ring[0] != ring[-1] for rings in polygons for ring in rings):
        raise bad_geometry("多边形的环没有闭合。", "a ring of a polygon is not closed.")
    return shapely.geometry.shape({"type": kind, "coordinates": coordinates})


def _positions(node: Node, nesting: int, crs: Crs, budget: Budget) -> Node:
    if nesting == 0:
        budget.vertices(1)
        return _position(node, crs)
    if not isinstance(node, list) or not node:
        raise bad_geometry(
            "坐标的层次不对，或为空。", "its coordinates are missing or nested wrongly."
        )
    return [_positions(part, nesting - 1, crs, budget) for part in node]


def _position(node: Node, crs: Crs) -> tuple[float, float]:
    if not isinstance(node, list) or not 2 <= len(node) <= 4:
        raise bad_geometry("坐标须为 2 至 4 个数。", "a position has 2 to 4 numbers.")
    x, y = _numbers(node)[:2]
    return (y, x) if crs.y_first else (x, y)


def _numbers(values: list[Node]) -> list[float]:
    if not all(type(value) in (int, float) and math.isfinite(value) for value in values):
        raise bad_geometry("坐标须为有限的数。", "coordinates are finite numbers.")
    return values


def _box(corners: Node, crs: Crs, budget: Budget) -> shapely.Geometry:
    if not isinstance(corners, list) or len(corners) not in (4, 6):
        raise bad_geometry("BBOX 须为 4 或 6 个数。", "a BBOX has 4 or 6 numbers.")
    half = len(corners) // 2
    low, high = _position(corners[:half], crs), _position(corners[half:], crs)
    _numbers(corners)
    budget.vertices(4)
    return box(low, high, wraps=crs.is_storage)
