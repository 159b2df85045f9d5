"""Geometry columns of a batch: read, checked against every rule, moved to the storage CRS.

Order: structure, finiteness, size, type, coordinates that cannot be in their CRS, the way to the
storage CRS, validity there. GEOS never sees what could harm it: nested collections and NaN.
"""

import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from geoservice.description.collection import GeometryType
from geoservice.files.findings import Findings, Mask, error, info, warning
from geoservice.files.repairing import Repairer
from geoservice.files.source_crs import SourceCrs
from geoservice.languages import Text
from geoservice.regions import Region

INVALID = error("invalid-geometry", "几何无效", "the geometry is invalid")
UNREADABLE = error("invalid-geometry", "几何无法读取", "the geometry cannot be read")
UNCLOSED_RING = error("unclosed-ring", "环未闭合", "a ring is not closed")
EMPTY = error("empty-geometry", "几何为空", "the geometry is empty")
MISSING = error("missing-geometry", "缺少几何", "the geometry is missing")
NOT_FINITE = error("not-finite", "坐标不是有限数值", "a coordinate is not a finite number")
WRONG_TYPE = error("wrong-geometry-type", "几何类型不符", "not the geometry type of this layer")
TOO_MANY_VERTICES = error("too-many-vertices", "顶点过多", "too many vertices")
OUTSIDE_WORLD = error(
    "outside-world",
    "坐标不在地球上（经度 ±180、纬度 ±90）",
    "not on earth: longitude ±180, latitude ±90",
)
OUTSIDE_REGION = warning("outside-region", "在本区域范围之外", "outside the extent of the region")
SWAPPED_AXES = error(
    "swapped-axes",
    "坐标轴疑似颠倒：交换后落在本区域内",
    "the axes look swapped: exchanged, the coordinates lie in the region",
)
PERHAPS_SWAPPED = warning(SWAPPED_AXES.code, SWAPPED_AXES.reason.zh, SWAPPED_AXES.reason.en)
METRES_AS_DEGREES = error(
    "metres-as-degrees",
    "坐标像是米，而坐标系以度为单位；请检查 crs",
    "the coordinates look like metres, but the CRS is in degrees; check crs",
)
DEGREES_AS_METRES = error(
    "degrees-as-metres",
    "坐标像是度，而坐标系以米为单位；请检查 crs",
    "the coordinates look like degrees, but the CRS is in metres; check crs",
)
PROMOTED = info(
    "promoted-to-multi", "单部件几何存为多部件", "single-part geometries are stored as multi-part"
)
HAS_Z = info("has-z", "高程与量测值不予存储", "heights and measures are not stored")
REPAIRED = warning("repaired", "几何已修复（已记录前后状态）", "mended; both states are recorded")

_TYPE_NAMES = {
    0: "Point", 1: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString",
    6: "MultiPolygon", 7: "GeometryCollection",
}  # fmt: skip
_TYPE_IDS = {GeometryType(name): id for id, name in _TYPE_NAMES.items() if id != 7}
_PLAIN_WKB = {0: 1, 1: 2, 3: 3, 4: 4, 5: 5, 6: 6}
_LARGE_WKB_BYTES = 65_536
_WORKERS = ThreadPoolExecutor(2, "geoservice-validity")
_METRES_FROM = 400.0
_AREA_MARGIN = 1.0  # degrees: neighbouring zones overlap in practice

Shapes = Any  # arrays of GEOS geometries, None where there is none


@dataclass(frozen=True)
class ShapeRules:
    """What geometries of one column must be."""

    field: str
    type: GeometryType
    required: bool
    crs: SourceCrs
    region: Region
    max_vertices: int
    repairer: Repairer | None = None

    @property
    def allowed(self) -> frozenset[int]:
        """The type ids of GEOS that may come."""
        if self.type is GeometryType.GEOMETRY:
            return frozenset(_PLAIN_WKB)
        return frozenset({_TYPE_IDS[self.type], _TYPE_IDS[self.type.single]})


def checked(column: pa.Array, rules: ShapeRules, findings: Findings) -> pa.Array:
    """The geometries of a batch as WKB to store; null where there is none or the row is rejected."""
    given = np.asarray(column.is_valid())
    if rules.required:
        findings.rows(MISSING, ~given, rules.field)
    shapes = _read(column, given, rules, findings)
    there = ~shapely.is_missing(shapes)
    changed = _flatten(shapes, findings)
    bad = _structural_faults(shapes, there, rules, findings)
    shapes[bad] = None
    before = shapes
    if rules.crs.move is not None:
        with np.errstate(invalid="ignore"):
            shapes = rules.crs.to_storage(shapes)
        changed[:] = True
    shapes[_place_faults(before, shapes, rules, findings)] = None
    changed |= _validity(shapes, rules, findings)
    return _stored(column, shapes, changed, rules, findings)


def _read(column: pa.Array, given: Mask, rules: ShapeRules, findings: Findings) -> Shapes:
    """WKB as geometries; what GEOS must not or cannot read is an issue."""
    large = np.asarray(pc.fill_null(pc.greater(pc.binary_length(column), _LARGE_WKB_BYTES), False))
    raw = column.to_numpy(zero_copy_only=False)
    if large.any():
        raw = raw.copy()
        for at in np.flatnonzero(large):
            raw[at] = raw[at] if _is_flat(raw[at]) else b"\0"
    shapes = shapely.from_wkb(raw, on_invalid="ignore")
    unread = given & shapely.is_missing(shapes)
    if unread.any():
        open_rings = np.zeros(len(raw), bool)
        for at in np.flatnonzero(unread):
            open_rings[at] = _has_open_ring(raw[at])
        findings.rows(UNCLOSED_RING, open_rings, rules.field)
        findings.rows(UNREADABLE, unread & ~open_rings, rules.field)
    return shapes


def _flatten(shapes: Shapes, findings: Findings) -> Mask:
    """Drop heights and measures and SRIDs, in place; which geometries that changed."""
    changed = shapely.has_z(shapes) | shapely.has_m(shapes)
    if changed.any():
        shapes[changed] = shapely.force_2d(shapes[changed])
        findings.tally(HAS_Z, int(changed.sum()))
    found: Mask = changed | (shapely.get_srid(shapes) > 0)
    return found


def _structural_faults(shapes: Shapes, there: Mask, rules: ShapeRules, findings: Findings) -> Mask:
    types = shapely.get_type_id(shapes)
    wrong = there & ~np.isin(types, list(rules.allowed))
    findings.rows(WRONG_TYPE, wrong, rules.field, lambda at: _TYPE_NAMES.get(int(types[at]), "?"))
    empty = there & ~wrong & shapely.is_empty(shapes)
    findings.rows(EMPTY, empty, rules.field)
    many = there & (shapely.get_num_coordinates(shapes) > rules.max_vertices)
    findings.rows(
        TOO_MANY_VERTICES, many, rules.field, lambda at: shapely.get_num_coordinates(shapes[at])
    )
    bounds = shapely.bounds(shapes)
    infinite = there & ~wrong & ~empty & ~np.isfinite(bounds).all(axis=1)
    if rules.crs.move is not None:
        infinite |= _with_infinities(shapes)  # else the validity check finds those inside
    findings.rows(NOT_FINITE, infinite, rules.field)
    known = wrong | empty | many | infinite
    found: Mask = known | _unit_faults(bounds, known, rules, findings)
    return found


def _with_infinities(shapes: Shapes) -> Mask:
    """Which geometries have a coordinate that is no finite number."""
    found = np.zeros(len(shapes), bool)
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    found[owner[~np.isfinite(points).all(axis=1)]] = True
    return found


def _unit_faults(
    bounds: NDArray[np.float64], known: Mask, rules: ShapeRules, findings: Findings
) -> Mask:
    """Coordinates whose size speaks against the unit of their CRS, of rows without another fault."""
    west, south, east, north = np.where(known[:, None], np.nan, bounds).T
    if rules.crs.is_geographic:
        beyond = (west < -180) | (east > 180) | (south < -90) | (north > 90)
        if not beyond.any():
            found: Mask = beyond
            return found
        size = np.maximum.reduce(np.abs([west, south, east, north]))
        metres = beyond & (size > _METRES_FROM)
        fits = (south >= -180) & (north <= 180) & (west >= -90) & (east <= 90)
        swapped = beyond & ~metres & fits
        findings.rows(METRES_AS_DEGREES, metres, rules.field, _corner(west, south))
        findings.rows(SWAPPED_AXES, swapped, rules.field, _corner(west, south))
        findings.rows(OUTSIDE_WORLD, beyond & ~metres & ~swapped, rules.field, _corner(west, south))
        found = beyond
        return found
    degrees = (west >= -180) & (east <= 180) & (south >= -90) & (north <= 90)
    degrees &= (np.abs(west) + np.abs(south)) > 0
    findings.rows(DEGREES_AS_METRES, degrees, rules.field, _corner(west, south))
    found = degrees
    return found


def _place_faults(before: Shapes, shapes: Shapes, rules: ShapeRules, findings: Findings) -> Mask:
    """Stored coordinates that are not on earth or not in the region; what is rejected for it."""
    bounds = shapely.bounds(shapes)
    west, south, east, north = bounds.T
    there = ~shapely.is_missing(shapes)
    on_earth = (west >= -180) & (east <= 180) & (south >= -90) & (north <= 90)
    elsewhere = there & ~(on_earth & _inside(bounds, rules.region))
    if not elsewhere.any():
        found: Mask = elsewhere
        return found
    turned = np.zeros(len(shapes), bool)
    turned[elsewhere] = _fits_when_swapped(before[elsewhere], rules)
    # Where a CRS is made for, coordinates are taken at their word: exchanged, those of a
    # neighbouring city may well lie in the region.
    at_home = on_earth & _in_area(bounds, rules.crs)
    swapped = turned & ~at_home
    lost = elsewhere & ~on_earth & ~swapped
    findings.rows(SWAPPED_AXES, swapped, rules.field, _corner(west, south))
    findings.rows(OUTSIDE_WORLD, lost, rules.field, _corner(west, south))
    if rules.crs.is_geographic:
        findings.rows(PERHAPS_SWAPPED, turned & at_home, rules.field, _corner(west, south))
    outside = elsewhere & ~swapped & ~lost
    findings.rows(OUTSIDE_REGION, outside, rules.field, _corner(west, south))
    found = swapped | lost
    return found


def _in_area(bounds: NDArray[np.float64], crs: SourceCrs) -> Mask:
    if crs.area is None:
        return np.ones(len(bounds), bool)
    west, south, east, north = crs.area
    first, second, third, fourth = bounds.T
    found: Mask = (second >= south - _AREA_MARGIN) & (fourth <= north + _AREA_MARGIN)
    if west <= east:  # an area across the antimeridian is not looked at east and west
        found &= (first >= west - _AREA_MARGIN) & (third <= east + _AREA_MARGIN)
    return found


def _inside(bounds: NDArray[np.float64], region: Region) -> Mask:
    west, south, east, north = region.extent
    first, second, third, fourth = bounds.T
    found: Mask = (first >= west) & (second >= south) & (third <= east) & (fourth <= north)
    return found


def _fits_when_swapped(before: Shapes, rules: ShapeRules) -> Mask:
    """Whether a corner, its axes exchanged before the transformation, lies in the region."""
    corners = shapely.bounds(before)[:, 1::-1]
    if rules.crs.move is not None:
        with np.errstate(invalid="ignore"):
            corners = rules.crs.move(corners)
    return _inside(np.hstack([corners, corners]), rules.region)


def _validity(shapes: Shapes, rules: ShapeRules, findings: Findings) -> Mask:
    """Reject what is not valid by OGC's rules, or mend it if that is asked; which were mended."""
    mended = np.zeros(len(shapes), bool)
    invalid = ~shapely.is_missing(shapes) & ~_are_valid(shapes)
    if not invalid.any():
        return mended
    infinite = invalid & _with_infinities(shapes)
    findings.rows(NOT_FINITE, infinite, rules.field)
    shapes[infinite] = None
    invalid &= ~infinite
    reasons = dict(
        zip(np.flatnonzero(invalid), shapely.is_valid_reason(shapes[invalid]), strict=True)
    )
    if rules.repairer is not None:
        for at in np.flatnonzero(invalid):
            fixed = rules.repairer.mended(findings.rows_read + int(at) + 1, rules.field, shapes[at])
            if fixed is not None and shapely.get_type_id(fixed) in rules.allowed:
                shapes[at], mended[at], invalid[at] = fixed, True, False
        findings.rows(REPAIRED, mended, rules.field, lambda at: reasons[at])
    findings.rows(
        INVALID, invalid, rules.field,
        reasons=lambda at: Text(zh=f"几何无效：{reasons[at]}", en=f"invalid: {reasons[at]}"),
    )  # fmt: skip
    shapes[invalid] = None
    return mended


def _are_valid(shapes: Shapes) -> Mask:
    """GEOS lets go of the interpreter's lock here, so both halves are done at once."""
    halves = np.array_split(shapes, 2)
    return np.concatenate(list(_WORKERS.map(shapely.is_valid, halves)))


def _stored(
    column: pa.Array, shapes: Shapes, changed: Mask, rules: ShapeRules, findings: Findings
) -> pa.Array:
    """WKB as it is stored: the file's own bytes where nothing had to change."""
    gone = shapely.is_missing(shapes)
    if changed.all():
        stored = pa.array(shapely.to_wkb(shapes, byte_order=1), pa.binary())
    elif changed.any() or (gone & np.asarray(column.is_valid())).any():
        values = column.to_numpy(zero_copy_only=False).copy()
        values[changed] = shapely.to_wkb(shapes[changed], byte_order=1)
        values[gone] = None
        stored = pa.array(values, pa.binary())
    else:
        stored = column
    if rules.type is GeometryType.GEOMETRY or rules.type.single is rules.type:
        return stored
    types = shapely.get_type_id(shapes)
    single = types == _TYPE_IDS[rules.type.single]
    if not single.any():
        return stored
    findings.tally(PROMOTED, int(single.sum()))
    return _wrapped(stored, single, _PLAIN_WKB[_TYPE_IDS[rules.type]])


def _wrapped(stored: pa.Array, single: Mask, code: int) -> pa.Array:
    """Single geometries as multi-geometries of one part: nine bytes before each, no parsing."""
    prefix = struct.pack("<BII", 1, code, 1)
    prefixes = pa.scalar(prefix, pa.binary())
    if not single.all():
        prefixes = pc.if_else(pa.array(single), prefixes, pa.scalar(b"", pa.binary()))
    return pc.binary_join_element_wise(prefixes, stored, b"")


def _corner(west: Any, south: Any) -> Callable[[int], str]:
    return lambda at: f"{west[at]:.6f}, {south[at]:.6f}"


def _is_flat(wkb: bytes) -> bool:
    """Whether WKB is one geometry, or a multi-geometry of single ones: never nested deeper."""
    try:
        return _walk(wkb, 0, 0, lambda _ring: None) == len(wkb)
    except (struct.error, ValueError):
        return False


def _has_open_ring(wkb: bytes) -> bool:
    """Whether a polygon's ring ends elsewhere than it begins; False if the WKB makes no sense."""
    found: list[bool] = []
    try:
        _walk(wkb, 0, 0, found.append)
    except (struct.error, ValueError):
        return False
    return any(found)


def _walk(wkb: bytes, at: int, depth: int, ring: Callable[[bool], None]) -> int:
    """Go over the parts of a WKB without recursion beyond two levels; where it ends."""
    order = "<" if wkb[at] == 1 else ">"
    code = int(struct.unpack_from(order + "I", wkb, at + 1)[0])
    at += 9 if code & 0x20000000 else 5
    plain = code & 0x0FFFFFFF
    dimensions = 2 + (plain // 1000 in (1, 3)) + (plain // 1000 in (2, 3))
    dimensions += bool(code & 0x80000000) + bool(code & 0x40000000)
    size = 8 * dimensions
    plain %= 1000
    if plain == 1:
        return at + size
    number = int(struct.unpack_from(order + "I", wkb, at)[0])
    at += 4
    if plain == 2:
        return at + number * size
    if plain == 3:
        for _ in range(number):
            (points,) = struct.unpack_from(order + "I", wkb, at)
            at += 4
            end = at + points * size
            if points:
                ring(wkb[at : at + 16] != wkb[end - size : end - size + 16])
            at = end
        return at
    if plain not in (4, 5, 6) or depth:
        raise ValueError("nested")
    for _ in range(number):
        at = _walk(wkb, at, depth + 1, ring)
    return at
