"""Python's geometries as places for the service: in longitude and latitude of CGCS2000.

Knows no HTTP. What says its CRS is transformed here, by PROJ; what does not is refused unless it is a
bare shapely geometry or a pair of numbers, which are degrees, longitude first.
"""

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoservice.client.errors import BadGeometry
from geoservice.languages import Language, Text

if TYPE_CHECKING:
    import geopandas

STORED_CRS = "EPSG:4490"


def is_place(value: object) -> bool:
    """Whether this is something that `places` understands."""
    import geopandas

    return (
        isinstance(value, BaseGeometry | geopandas.GeoSeries | geopandas.GeoDataFrame)
        or _pair(value) is not None
    )


def places(
    value: object, name: str, language: Language, *, may_be_projected: bool = False
) -> list[BaseGeometry]:
    """The geometries of a value, one for each row, in degrees.

    Args:
        value: a pair (longitude, latitude), a shapely geometry, a GeoSeries or a GeoDataFrame.
        name: what is asked for it, to be told in errors.
        language: of errors.
        may_be_projected: whether bare coordinates may be others than degrees, because their CRS is
            said elsewhere.

    Raises:
        BadGeometry: one is missing, empty, not valid or not in degrees, or a series has no CRS.
    """
    import geopandas

    if isinstance(value, geopandas.GeoSeries | geopandas.GeoDataFrame):
        return list(in_degrees(value.geometry, name, language))
    pair = _pair(value)
    shape = shapely.Point(pair) if pair is not None else value
    if not isinstance(shape, BaseGeometry):
        reason = Text(
            zh="需要 (经度, 纬度)、shapely 几何，或带坐标系的 GeoSeries、GeoDataFrame。",
            en="(longitude, latitude), a shapely geometry, or a GeoSeries or GeoDataFrame with its CRS "
            "is needed.",
        )
        raise BadGeometry(language, name=name, value=repr(value), reason=reason)
    _require_usable(np.array([shape]), [None], name, language, any_numbers=may_be_projected)
    return [shape]


def in_degrees(
    series: "geopandas.GeoSeries", name: str, language: Language, *, may_miss: bool = False
) -> "np.ndarray[Any, Any]":
    """The geometries of a series in the storage CRS, None where one is missing.

    Raises:
        BadGeometry: as `places`; missing ones are allowed with `may_miss`.
    """
    if series.crs is None:
        reason = Text(
            zh="没有坐标系；请先用 set_crs(…) 说明。",
            en="it has no CRS; say it first, with set_crs(…).",
        )
        raise BadGeometry(language, name=name, value=type(series).__name__, reason=reason)
    moved: np.ndarray[Any, Any] = series.to_crs(STORED_CRS).to_numpy()
    _require_usable(moved, list(series.index), name, language, may_miss=may_miss)
    return moved


def geojson(shape: BaseGeometry) -> Any:
    """A geometry as a GeoJSON object, with every digit of its coordinates."""
    return json.loads(shapely.to_geojson(shape))


def _pair(value: object) -> tuple[float, float] | None:
    """Two finite numbers; None if the value is something else."""
    if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str) or len(value) != 2:
        return None
    plain = [each.item() if isinstance(each, np.generic) else each for each in value]
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in plain):
        return None
    x, y = map(float, plain)
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None


def _require_usable(
    shapes: "np.ndarray[Any, Any]",
    rows: Sequence[object],
    name: str,
    language: Language,
    *,
    may_miss: bool = False,
    any_numbers: bool = False,
) -> None:
    missing = shapely.is_missing(shapes)
    bounds = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        beyond = (np.abs(bounds[:, 0::2]) > 180).any(axis=1) | (np.abs(bounds[:, 1::2]) > 90).any(
            axis=1
        )
    checks = (
        (missing & (not may_miss), Text(zh="没有几何。", en="it has no geometry.")),
        (shapely.is_empty(shapes) & ~missing, Text(zh="几何是空的。", en="the geometry is empty.")),
        (
            beyond & (not any_numbers),
            Text(
                zh="坐标不是经纬度（经度在前）；其他坐标系请用带坐标系的 GeoSeries。",
                en="the coordinates are no degrees, longitude first; for another CRS give a GeoSeries "
                "that says it.",
            ),
        ),
        (~shapely.is_valid(shapes) & ~missing, None),
    )
    for is_wrong, reason in checks:
        if not is_wrong.any():
            continue
        first = int(np.argmax(is_wrong))
        shape = shapes[first]
        why = reason or Text(
            zh=f"几何无效：{shapely.is_valid_reason(shape)}。",
            en=f"the geometry is not valid: {shapely.is_valid_reason(shape)}.",
        )
        where = name if rows[first] is None else f"{name} [{rows[first]}]"
        shown = None if shape is None else shape.geom_type
        raise BadGeometry(language, name=where, value=shown, reason=why)
