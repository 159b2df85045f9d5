"""Names of coordinate reference systems, and the order of axes that each name implies."""

import math

import pytest
from pyproj import Transformer

from geoservice.crs import CRS84, Crs, authority_is_y_first, box_in_storage, epsg, named, offered
from geoservice.regions import region

OFFERED = offered(4547)


def test_crs84_comes_first_and_each_crs_is_offered_once():
    assert OFFERED[0] == CRS84
    assert [crs.srid for crs in OFFERED[1:]] == [4490, 4547, 4326, 3857]
    assert [crs.srid for crs in offered(3857)[1:]] == [4490, 3857, 4326]


@pytest.mark.parametrize(
    ("srid", "y_first"), [(4326, True), (4490, True), (4547, True), (4526, True), (3857, False)]
)
def test_the_order_of_the_authority_is_asked_of_proj(srid, y_first):
    assert authority_is_y_first(srid) is y_first


@pytest.mark.parametrize(
    "form",
    [
        "http://www.opengis.net/def/crs/EPSG/0/{}",
        "https://www.opengis.net/def/crs/EPSG/0/{}",
        "http://www.opengis.net/def/crs/EPSG/9.9.1/{}",
        "urn:ogc:def:crs:EPSG::{}",
        "urn:ogc:def:crs:EPSG:6.9:{}",
        "URN:OGC:DEF:CRS:epsg::{}",
    ],
)
@pytest.mark.parametrize(
    ("srid", "y_first"), [(4326, True), (4490, True), (4547, True), (3857, False)]
)
def test_a_uri_or_urn_means_the_order_of_the_authority(form, srid, y_first):
    crs = named(form.format(srid), OFFERED)
    assert crs is not None
    assert (crs.srid, crs.y_first) == (srid, y_first)


@pytest.mark.parametrize(
    "form", ["EPSG:{}", "epsg:{}", "http://www.opengis.net/gml/srs/epsg.xml#{}"]
)
@pytest.mark.parametrize("srid", [4326, 4490, 4547, 3857])
def test_a_short_name_means_x_first(form, srid):
    crs = named(form.format(srid), OFFERED)
    assert crs is not None
    assert (crs.srid, crs.y_first) == (srid, False)


@pytest.mark.parametrize(
    "name",
    [
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "https://www.opengis.net/def/crs/OGC/0/CRS84",
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        "urn:ogc:def:crs:OGC::CRS84",
        "CRS:84",
        "OGC:CRS84",
    ],
)
def test_crs84_is_longitude_first_by_all_its_names(name):
    assert named(name, OFFERED) == CRS84
    assert CRS84.y_first is False


@pytest.mark.parametrize(
    "name",
    [
        "",
        "4490",
        "EPSG:4610",
        "EPSG:4490 ",
        "EPSG:4490\n",
        "EPSG:04490",
        "EPSG:4490;drop",
        "EPSG:４４９０",
        "urn:ogc:def:crs:EPSG::99999999",
        "+proj=longlat",
        "http://evil.example/def/crs/EPSG/0/4490",
        "http://www.opengis.net/def/crs/OGC/1.3/CRS83",
    ],
)
def test_any_other_name_is_none_of_ours(name):
    assert named(name, OFFERED) is None


@pytest.mark.parametrize("crs", OFFERED, ids=lambda crs: str(crs.srid))
def test_a_crs_is_found_again_by_its_uri_and_its_urn(crs: Crs):
    for name in (crs.uri, crs.urn):
        again = named(name, OFFERED)
        assert again is not None
        assert (again.srid, again.y_first, again.uri) == (crs.srid, crs.y_first, crs.uri)


@pytest.mark.parametrize(("srid", "decimals"), [(4490, 7), (4326, 7), (4547, 3), (3857, 3)])
def test_decimals_keep_a_centimetre(srid, decimals):
    crs = epsg(srid)
    assert crs.decimals == decimals
    half_of_the_last = 0.5 * 10**-decimals * (111_319 if decimals == 7 else 1)
    assert half_of_the_last < 0.01


def test_a_box_latitude_first_is_turned():
    assert box_in_storage(epsg(4490), (22.0, 113.0, 23.0, 114.0)) == (113.0, 22.0, 114.0, 23.0)
    assert box_in_storage(CRS84, (113.0, 22.0, 114.0, 23.0)) == (113.0, 22.0, 114.0, 23.0)


def test_a_box_over_the_antimeridian_stays_one():
    assert box_in_storage(CRS84, (179.0, -10.0, -179.0, 10.0)) == (179.0, -10.0, -179.0, 10.0)


@pytest.mark.parametrize(
    ("crs", "corners"),
    [
        (epsg(4547), (2_500_000.0, 440_000.0, 2_570_000.0, 530_000.0)),
        (Crs(4547, "EPSG:4547", y_first=False), (440_000.0, 2_500_000.0, 530_000.0, 2_570_000.0)),
    ],
)
def test_a_box_in_metres_covers_every_place_in_it(crs, corners):
    west, south, east, north = box_in_storage(crs, corners)
    to_degrees = Transformer.from_crs(4547, 4490, always_xy=True)
    edge = [(440_000 + 900 * step, y) for step in range(101) for y in (2_500_000, 2_570_000)]
    edge += [(x, 2_500_000 + 700 * step) for step in range(101) for x in (440_000, 530_000)]
    for x, y in (to_degrees.transform(*place) for place in edge):
        assert west - 5e-8 <= x <= east + 5e-8  # 5 mm
        assert south - 5e-8 <= y <= north + 5e-8


def test_a_box_that_cannot_be_reached_gives_infinities():
    corners = (1e30, 1e30, 2e30, 2e30)
    assert not all(map(math.isfinite, box_in_storage(epsg(4547), corners)))


def test_the_region_is_dongguan_unless_a_file_says_otherwise(tmp_path):
    assert (region().adcode, region().metric_srid) == ("441900", 4547)
    west, south, east, north = region().extent
    assert west < 113.52 < 114.26 < east
    assert south < 22.66 < 23.15 < north
    other = tmp_path / "region.toml"
    other.write_text(
        'adcode = "810000"\nmetric_srid = 2326\nextent = [113.8, 22.1, 114.5, 22.6]\n'
        'time_zone = "Asia/Hong_Kong"\n[title]\nzh = "香港"\nen = "Hong Kong"\n',
        "utf-8",
    )
    assert (region(other).metric_srid, region(other).demo) == (2326, None)
