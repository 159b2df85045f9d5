"""Coordinate reference systems: names in, names out, and the order of axes.

Coordinates are stored and computed with x first (longitude, latitude) in EPSG:4490. What the outside
means by an order follows from the *name* it used: a URN or an http URI means the order of the
authority (latitude first for 4490 and 4326, northing first for 4547), `CRS84` and `EPSG:n` mean x
first. The authority's order is asked of PROJ, never assumed.
"""

import re
from dataclasses import dataclass
from functools import cache

from pyproj import CRS as ProjCrs
from pyproj import Transformer

STORAGE_SRID = 4490
"""CGCS2000, degrees; the ellipsoid of every distance and area."""

CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG_URI = "http://www.opengis.net/def/crs/EPSG/0/{srid}"
_EPSG_NAME = re.compile(
    r"(?:(?P<authority>https?://www\.opengis\.net/def/crs/EPSG/[0-9.]{1,8}/|urn:ogc:def:crs:EPSG:[0-9.]{0,8}:)"
    r"|https?://www\.opengis\.net/gml/srs/epsg\.xml#|EPSG:)(?P<srid>[1-9][0-9]{3,5})",
    re.IGNORECASE,
)
_CRS84_NAME = re.compile(
    r"(?:https?://www\.opengis\.net/def/crs/OGC/[0-9.]{1,8}/CRS84|urn:ogc:def:crs:OGC:[0-9.]{0,8}:CRS84|CRS:84|OGC:CRS84)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Crs:
    """A CRS as someone named it: its EPSG number and whether coordinates come y first.

    `srid` of CRS84 is 4490: on this planet's scale of surveying PROJ holds the two for equal, and
    the difference (decimetres) is below what any register here knows.
    """

    srid: int
    name: str
    y_first: bool

    @property
    def uri(self) -> str:
        """The http URI, as OGC API writes it."""
        return CRS84_URI if self == CRS84 else _EPSG_URI.format(srid=self.srid)

    @property
    def urn(self) -> str:
        """The URN, as WFS 1.1 and 2.0 write it."""
        return (
            "urn:ogc:def:crs:OGC:1.3:CRS84"
            if self == CRS84
            else f"urn:ogc:def:crs:EPSG::{self.srid}"
        )

    @property
    def is_storage(self) -> bool:
        """Whether stored coordinates are its coordinates, up to the order of axes."""
        return self.srid in (STORAGE_SRID, 4326)

    @property
    def decimals(self) -> int:
        """Decimals that keep a coordinate to a centimetre: 7 in degrees, 3 in metres."""
        return 7 if _proj(self.srid).is_geographic else 3


CRS84 = Crs(STORAGE_SRID, CRS84_URI, y_first=False)


@cache
def _proj(srid: int) -> ProjCrs:
    return ProjCrs.from_epsg(srid)


@cache
def authority_is_y_first(srid: int) -> bool:
    """Whether EPSG puts latitude or northing first, from the axis directions PROJ knows."""
    first = _proj(srid).axis_info[0]
    return first.direction.lower() in ("north", "south")


@cache
def epsg(srid: int) -> Crs:
    """The CRS under its http URI, in the authority's order."""
    return Crs(srid, _EPSG_URI.format(srid=srid), authority_is_y_first(srid))


def offered(metric_srid: int) -> tuple[Crs, ...]:
    """The CRSs in which features are given out; the first is the default."""
    return (CRS84, *(epsg(srid) for srid in dict.fromkeys((STORAGE_SRID, metric_srid, 4326, 3857))))


def named(name: str, allowed: tuple[Crs, ...]) -> Crs | None:
    """The CRS that a name means, with the axis order the name implies; None if it is not allowed.

    The name is matched against patterns and looked up; it never reaches PROJ.
    """
    if _CRS84_NAME.fullmatch(name):
        return CRS84
    match = _EPSG_NAME.fullmatch(name)
    if match is None:
        return None
    srid = int(match["srid"])
    if srid not in {crs.srid for crs in allowed if crs != CRS84}:
        return None
    return Crs(srid, name, y_first=bool(match["authority"]) and authority_is_y_first(srid))


@cache
def to_storage(srid: int) -> Transformer:
    """A transformation to the storage CRS, x first on both sides."""
    return Transformer.from_crs(srid, STORAGE_SRID, always_xy=True)


def box_in_storage(
    crs: Crs, corners: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """A box given in any CRS and order, as west, south, east, north of the storage CRS.

    The edges are followed with 101 points each: of a box as wide as a city, nothing is left out by
    more than some millimetres. Coordinates that the transformation cannot reach give infinities;
    the caller refuses.
    """
    first, second, third, fourth = corners
    west, south, east, north = (second, first, fourth, third) if crs.y_first else corners
    if crs.is_storage:
        return west, south, east, north
    return to_storage(crs.srid).transform_bounds(west, south, east, north, densify_pts=101)
