"""What every filter language shares about a geometry given by a caller, and about distances.

Lines between vertices are straight in the CRS they were given in. Where another line would be drawn
between them, vertices are added so that a long edge stays where it was: before a transformation,
and for distances, which follow geodesics.
"""

import math

import shapely

from geoservice.crs import Crs, to_storage
from geoservice.errors import BadFilter, BadGeometry
from geoservice.languages import Text
from geoservice.query.faults import bad, shown
from geoservice.query.filter import Geometry

Position = tuple[float, float]

_SEGMENT_M = 1_000.0
_SEGMENT_DEGREES = 0.05
_MAX_ADDED_VERTICES = 2_000

_METRES = {
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), 1.0),
    **dict.fromkeys(("km", "kilometre", "kilometres", "kilometer", "kilometers"), 1000.0),
}
_FARTHEST_M = 20_100_000.0
"""Beyond half the circumference of the earth, nothing is farther."""


def bad_geometry(zh: str, en: str) -> BadGeometry:
    """A mistake in a geometry, in both languages."""
    return BadGeometry(name="filter", reason=Text(zh=zh, en=en))


def literal(
    shape: shapely.Geometry, crs: Crs, *, crs_from: str, for_distance: bool = False
) -> Geometry:
    """A shape, x first in a CRS, as a filter compares it; `crs_from` is what states the CRS.

    Validity is judged as given: added vertices could hide or feign a crossing by their rounding.
    """
    if not shapely.is_valid(shape):
        reason = shapely.is_valid_reason(shape)
        raise bad_geometry(f"几何不合法（{reason}）。", f"it is not valid ({reason}).")
    shape = in_storage(shape if crs.is_storage else _divided(shape, _SEGMENT_M), crs)
    _require_on_earth(shape, crs_from)
    if for_distance:
        shape = _divided(shape, _SEGMENT_DEGREES)
    return Geometry(shapely.to_wkb(shape, output_dimension=2))


def box(low: Position, high: Position, *, wraps: bool) -> shapely.Geometry:
    """The shape between two corners, x first; of no extent, a line or a point.

    With `wraps`, a west beyond the east means a box across the antimeridian: two polygons.
    """
    (west, south), (east, north) = low, high
    if south > north or (west > east and not wraps):
        raise bad_geometry(
            "BBOX 的最小值大于最大值。", "a minimum of the BBOX exceeds its maximum."
        )
    if west > east:
        parts = [shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)]
        return shapely.MultiPolygon(parts)
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([low, high])
    return shapely.box(west, south, east, north)


def metres(distance: float, unit: object) -> float:
    """A distance in metres; the unit is a word for metres or kilometres, in any case."""
    factor = _METRES.get(unit.lower()) if isinstance(unit, str) else None
    if factor is None:
        allowed = ", ".join(_METRES)
        raise bad(
            f"距离单位“{shown(unit)}”无效；可用：{allowed}。",
            f"“{shown(unit)}” is not a unit of distance; allowed: {allowed}.",
        )
    if not 0 <= distance * factor <= _FARTHEST_M:
        raise not_a_distance(distance)
    return float(distance * factor)


def not_a_distance(value: object) -> BadFilter:
    """The mistake of a distance that is no number, or none on earth."""
    return bad(
        f"距离“{shown(value)}”无效；允许 0 至 {_FARTHEST_M:.0f} 米。",
        f"“{shown(value)}” is not a distance from 0 to {_FARTHEST_M:.0f} m.",
    )


def _require_on_earth(shape: shapely.Geometry, crs_from: str) -> None:
    """Refuse degrees that are not on earth; an infinite or undefined position never is."""
    west, south, east, north = shape.bounds
    finite = bool(shapely.get_coordinates(shape).size) and all(map(math.isfinite, shape.bounds))
    if not (finite and -180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise bad_geometry(
            f"坐标超出经纬度范围；请检查 {crs_from} 及其轴序。",
            f"its coordinates are not on earth; check {crs_from} and its order of axes.",
        )


def in_storage(shape: shapely.Geometry, crs: Crs) -> shapely.Geometry:
    """The same vertices in EPSG:4490, x first on both sides; none is added.

    What the transformation cannot reach becomes infinite: the caller refuses.
    """
    if crs.is_storage:
        return shape
    return shapely.transform(shape, to_storage(crs.srid).transform, interleaved=False)


def _divided(shape: shapely.Geometry, longest: float) -> shapely.Geometry:
    if not math.isfinite(shape.length) or shape.length <= longest:
        return shape
    return shapely.segmentize(shape, max(longest, shape.length / _MAX_ADDED_VERTICES))
