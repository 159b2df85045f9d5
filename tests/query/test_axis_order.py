"""The order of axes of every version of WFS and every name of a CRS: one point of Dongguan.

The point is 113.75 E, 23.04 N. Its easting and northing in EPSG:4547 (3-degree Gauss–Kruger,
central meridian 114°, false easting 500 km) come from the series of Snyder, "Map Projections – A
Working Manual" (USGS PP 1395), eq. 8-9 and 8-10, and those of EPSG:3857 from its two formulas.
"""

import math
from functools import partial

import pytest

from geoservice.crs import CRS84, epsg, offered
from geoservice.languages import Text
from geoservice.query.geometries import in_storage
from geoservice.query.gml import GivenShape, GmlReading, shape
from geoservice.xml import XmlLimits, parsed

LON, LAT = 113.75, 23.04
OFFERED = offered(4547)


def gauss_kruger(lon: float, lat: float) -> tuple[float, float]:
    """Easting and northing on CGCS2000, central meridian 114°."""
    a, f = 6378137.0, 1 / 298.257222101
    e2 = f * (2 - f)
    second = e2 / (1 - e2)
    phi, away = math.radians(lat), math.radians(lon - 114)
    n = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
    t, c, big_a = math.tan(phi) ** 2, second * math.cos(phi) ** 2, away * math.cos(phi)
    m = a * (
        (1 - e2 / 4 - 3 * e2**2 / 64 - 5 * e2**3 / 256) * phi
        - (3 * e2 / 8 + 3 * e2**2 / 32 + 45 * e2**3 / 1024) * math.sin(2 * phi)
        + (15 * e2**2 / 256 + 45 * e2**3 / 1024) * math.sin(4 * phi)
        - 35 * e2**3 / 3072 * math.sin(6 * phi)
    )
    x = n * (big_a + (1 - t + c) * big_a**3 / 6)
    y = m + n * math.tan(phi) * (big_a**2 / 2 + (5 - t + 9 * c + 4 * c**2) * big_a**4 / 24)
    return 500_000 + x, y


def mercator(lon: float, lat: float) -> tuple[float, float]:
    """Easting and northing of EPSG:3857."""
    north = math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))
    return 6378137 * math.radians(lon), 6378137 * north


XY = {
    4326: (LON, LAT),
    4490: (LON, LAT),
    4547: gauss_kruger(LON, LAT),
    3857: mercator(LON, LAT),
}
Y_FIRST = {4326, 4490, 4547}  # EPSG: latitude or northing first; 3857 has easting first
TOLERANCE = 2e-9  # degrees: 0.2 mm


def test_the_numbers_are_those_of_dongguan():
    assert XY[4547] == pytest.approx((474_377, 2_548_926), abs=1_000)
    assert XY[3857] == pytest.approx((12_662_592, 2_636_000), abs=10_000)


def given(srs_name: str | None, numbers: tuple[float, float], reading: GmlReading) -> GivenShape:
    first, second = numbers
    attribute = f' srsName="{srs_name}"' if srs_name else ""
    text = (
        f'<gml:Point xmlns:gml="http://www.opengis.net/gml"{attribute}>'
        f"<gml:pos>{first!r} {second!r}</gml:pos></gml:Point>"
    )
    element = parsed(text, name=Text(zh="", en=""), limits=XmlLimits(max_bytes=1_000))
    return shape(element, reading, spend=lambda count: None)


def is_dongguan(found: GivenShape) -> bool:
    point = in_storage(found.shape, found.crs)
    return abs(point.x - LON) < TOLERANCE and abs(point.y - LAT) < TOLERANCE


NEWER = partial(GmlReading, allowed=OFFERED)
OLDEST = partial(GmlReading, allowed=OFFERED, x_first=True)
AUTHORITY_NAMES = [
    "urn:ogc:def:crs:EPSG::{}",
    "urn:ogc:def:crs:EPSG:6.9:{}",
    "http://www.opengis.net/def/crs/EPSG/0/{}",
]
SHORT_NAMES = ["EPSG:{}", "http://www.opengis.net/gml/srs/epsg.xml#{}"]
CRS84_NAMES = [
    "urn:ogc:def:crs:OGC:1.3:CRS84",
    "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    "CRS:84",
]


@pytest.mark.parametrize("form", AUTHORITY_NAMES)
@pytest.mark.parametrize("srid", XY)
def test_in_wfs_1_1_and_2_0_a_urn_or_uri_means_the_order_of_the_authority(srid, form):
    x, y = XY[srid]
    numbers = (y, x) if srid in Y_FIRST else (x, y)
    found = given(form.format(srid), numbers, NEWER(epsg(4490)))
    assert is_dongguan(found)
    assert (found.crs.srid, found.crs.y_first) == (srid, srid in Y_FIRST)


@pytest.mark.parametrize("form", SHORT_NAMES)
@pytest.mark.parametrize("srid", XY)
def test_in_wfs_1_1_and_2_0_a_short_name_means_x_first(srid, form):
    assert is_dongguan(given(form.format(srid), XY[srid], NEWER(epsg(4490))))


@pytest.mark.parametrize("srid", XY)
def test_in_wfs_1_1_and_2_0_no_name_means_the_default_in_the_order_of_the_authority(srid):
    x, y = XY[srid]
    numbers = (y, x) if srid in Y_FIRST else (x, y)
    assert is_dongguan(given(None, numbers, NEWER(epsg(srid))))


@pytest.mark.parametrize("form", [*AUTHORITY_NAMES, *SHORT_NAMES])
@pytest.mark.parametrize("srid", XY)
def test_in_wfs_1_0_every_name_means_x_first(srid, form):
    assert is_dongguan(given(form.format(srid), XY[srid], OLDEST(epsg(4490))))


@pytest.mark.parametrize("srid", XY)
def test_in_wfs_1_0_no_name_means_the_default_x_first(srid):
    assert is_dongguan(given(None, XY[srid], OLDEST(epsg(srid))))


@pytest.mark.parametrize("reading", [NEWER(epsg(4490)), OLDEST(epsg(4490)), NEWER(CRS84)])
@pytest.mark.parametrize("name", CRS84_NAMES)
def test_crs84_means_x_first_everywhere(name, reading):
    assert is_dongguan(given(name, (LON, LAT), reading))


@pytest.mark.parametrize("srid", sorted(Y_FIRST - {4547}))
def test_degrees_in_the_wrong_order_are_another_place(srid):
    swapped = given(f"urn:ogc:def:crs:EPSG::{srid}", (LON, LAT), NEWER(epsg(4490))).shape
    assert (swapped.x, swapped.y) == (LAT, LON)


def test_a_crs_of_a_parameter_follows_the_same_rule():
    newer, oldest = NEWER(epsg(4490)), OLDEST(epsg(4490))
    urn = "urn:ogc:def:crs:EPSG::4547"
    assert newer.crs(urn).y_first
    assert not oldest.crs(urn).y_first
    assert not newer.crs("EPSG:4547").y_first
    assert newer.crs(None) == epsg(4490)
