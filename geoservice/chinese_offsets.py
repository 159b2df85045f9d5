"""The encrypted datums of Chinese web maps, GCJ-02 and BD-09, to WGS 84 and back; vectorised.

The forward formulas are public since 2010 and agree among all libraries to 1e-9°; the inverse has
no formula and is iterated, which matters: one step leaves up to 2.7 m. Public domain algorithm as
in `prcoords` (Artoria2e5); `coord-convert` is the tests' oracle.

Both shift by 594–616 m (GCJ-02) and 1,220–1,255 m (BD-09) in Dongguan: more than the radii that
questions ask about. Outside China (the rectangle that the formula itself uses) nothing is shifted.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

ACCURACY_M = 1.0
"""What a converted coordinate is worth: the shift is a fit, and web maps round to a metre."""

Degrees = NDArray[np.float64]
Shift = Callable[[Degrees, Degrees], tuple[Degrees, Degrees]]

_SEMI_MAJOR_M = 6_378_245.0  # Krassovsky 1940, as the formula has it
_ECCENTRICITY_2 = 0.006_693_421_622_965_94
_BD_TURN = np.pi * 3000.0 / 180.0
_WEST, _SOUTH, _EAST, _NORTH = 72.004, 0.8293, 137.8347, 55.8271
_CLOSE_ENOUGH = 1e-10  # degrees: 0.01 mm
_MAX_ROUNDS = 30


def is_shifted(lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
    """Where the datum's formula applies: its own rough rectangle around China."""
    return (lon >= _WEST) & (lon <= _EAST) & (lat >= _SOUTH) & (lat <= _NORTH)


def wgs84_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """WGS 84 degrees to GCJ-02 degrees."""
    east, north = _shift(lon, lat)
    inside = is_shifted(lon, lat)
    return np.where(inside, lon + east, lon), np.where(inside, lat + north, lat)


def gcj02_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """GCJ-02 degrees to BD-09 degrees."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TURN)
    inside = is_shifted(lon, lat)
    east, north = radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006
    return np.where(inside, east, lon), np.where(inside, north, lat)


def wgs84_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """WGS 84 degrees to BD-09 degrees."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def gcj02_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """GCJ-02 degrees to WGS 84 degrees, to a hundredth of a millimetre of the formula."""
    return _inverse(wgs84_to_gcj02, lon, lat)


def bd09_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """BD-09 degrees to WGS 84 degrees, to a hundredth of a millimetre of the formula."""
    return _inverse(wgs84_to_bd09, lon, lat)


def _shift(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    common = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _ECCENTRICITY_2 * np.sin(phi) ** 2
    meridian = _SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_2) / (magic * np.sqrt(magic))
    parallel = _SEMI_MAJOR_M / np.sqrt(magic) * np.cos(phi)
    return np.degrees(east / parallel), np.degrees(north / meridian)


def _inverse(forward: Shift, lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Fixed-point iteration: the shift hardly changes over its own length, so it contracts."""
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    found_lon, found_lat = lon.copy(), lat.copy()
    with np.errstate(invalid="ignore"):
        for _ in range(_MAX_ROUNDS):
            there_lon, there_lat = forward(found_lon, found_lat)
            east, north = there_lon - lon, there_lat - lat
            found_lon, found_lat = found_lon - east, found_lat - north
            if not (np.maximum(np.abs(east), np.abs(north)) > _CLOSE_ENOUGH).any():
                break
    inside = is_shifted(lon, lat)
    return np.where(inside, found_lon, lon), np.where(inside, found_lat, lat)
