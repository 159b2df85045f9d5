"""Reading GML: the geometries of its three versions, and what is refused with which reason."""

import re

import pytest
import shapely

from geoservice.crs import epsg, offered
from geoservice.errors import BadGeometry, FilterTooComplex, UnknownCrs
from geoservice.languages import LANGUAGES, Text
from geoservice.query.geometries import in_storage
from geoservice.query.gml import GmlReading, box, shape
from geoservice.query.limits import Budget, FilterLimits
from geoservice.xml import XmlLimits, parsed

READING = GmlReading(default=epsg(4490), allowed=offered(4547))
XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
GML_3_2 = "http://www.opengis.net/gml/3.2"
GML = "http://www.opengis.net/gml"
NAME = Text(zh="几何", en="the geometry")


def element(text: str, namespace: str = GML):
    declared = f'xmlns="{namespace}" {XLINK}'
    opened = re.sub(r"^<(\w+)", rf"<\1 {declared}", text)
    return parsed(opened, name=NAME, limits=XmlLimits(max_bytes=50_000_000))


def read(text: str, namespace: str = GML, *, drop_heights: bool = False, most: int = 10_000):
    spend = Budget(FilterLimits(max_filter_vertices=most)).vertices
    given = shape(element(text, namespace), READING, spend=spend, drop_heights=drop_heights)
    return given.shape


def reason(text: str, namespace: str = GML) -> str:
    with pytest.raises(BadGeometry) as mistake:
        read(text, namespace)
    assert all(mistake.value.text(language) for language in LANGUAGES)
    return mistake.value.text("en")


RING = "<LinearRing><posList>22 113 22 114 23 114 22 113</posList></LinearRing>"
HOLE = "<LinearRing><posList>22.2 113.5 22.2 113.6 22.3 113.6 22.2 113.5</posList></LinearRing>"
TRIANGLE = "POLYGON((113 22,114 22,114 23,113 22))"
HOLED = "POLYGON((113 22,114 22,114 23,113 22),(113.5 22.2,113.6 22.2,113.6 22.3,113.5 22.2))"

POINT = "<Point><pos>23.04 113.75</pos></Point>"
LINE = "<LineString><posList>23 113 24 114</posList></LineString>"
CURVE = (
    "<Curve><segments><LineStringSegment><posList>23 113 24 114</posList></LineStringSegment>"
    "</segments></Curve>"
)
POLYGON = f"<Polygon><exterior>{RING}</exterior></Polygon>"
SURFACE = (
    "<Surface><patches><PolygonPatch interpolation='planar'>"
    f"<exterior>{RING}</exterior></PolygonPatch></patches></Surface>"
)


@pytest.mark.parametrize("namespace", [GML, GML_3_2])
@pytest.mark.parametrize(
    ("text", "wkt"),
    [
        (POINT, "POINT(113.75 23.04)"),
        ("<Point><pos> 23.04\n113.75 </pos></Point>", "POINT(113.75 23.04)"),
        ("<Point srsDimension='2'><pos>2.304e1 +113.75</pos></Point>", "POINT(113.75 23.04)"),
        ("<Point><coordinates>23.04,113.75</coordinates></Point>", "POINT(113.75 23.04)"),
        (
            "<Point><coordinates decimal=',' cs=';' ts='|'>23,04;113,75</coordinates></Point>",
            "POINT(113.75 23.04)",
        ),
        (LINE, "LINESTRING(113 23,114 24)"),
        (
            "<LineString><pos>23 113</pos><pos>24 114</pos></LineString>",
            "LINESTRING(113 23,114 24)",
        ),
        (
            "<LineString><coordinates>23,113 24,114\n25,115</coordinates></LineString>",
            "LINESTRING(113 23,114 24,115 25)",
        ),
        (
            "<LineString><posList count='2' srsDimension='2'>23 113 24 114</posList></LineString>",
            "LINESTRING(113 23,114 24)",
        ),
        (CURVE, "LINESTRING(113 23,114 24)"),
        (
            "<Curve><segments><LineStringSegment><posList>23 113 24 114</posList></LineStringSegment>"
            "<LineStringSegment interpolation='linear'><pos>24 114</pos><pos>25 115</pos>"
            "</LineStringSegment></segments></Curve>",
            "LINESTRING(113 23,114 24,115 25)",
        ),
        (POLYGON, TRIANGLE),
        (f"<Polygon><exterior>{RING}</exterior><interior>{HOLE}</interior></Polygon>", HOLED),
        (
            f"<Polygon><outerBoundaryIs>{RING}</outerBoundaryIs>"
            f"<innerBoundaryIs>{HOLE}</innerBoundaryIs></Polygon>",
            HOLED,
        ),
        (SURFACE, TRIANGLE),
        (
            f"<MultiPoint><pointMember>{POINT}</pointMember><pointMember>{POINT}</pointMember></MultiPoint>",
            "MULTIPOINT(113.75 23.04,113.75 23.04)",
        ),
        (
            f"<MultiPoint><pointMembers>{POINT}{POINT}</pointMembers></MultiPoint>",
            "MULTIPOINT(113.75 23.04,113.75 23.04)",
        ),
        (
            f"<MultiLineString><lineStringMember>{LINE}</lineStringMember></MultiLineString>",
            "MULTILINESTRING((113 23,114 24))",
        ),
        (
            f"<MultiCurve><curveMember>{LINE}</curveMember><curveMember>{CURVE}</curveMember></MultiCurve>",
            "MULTILINESTRING((113 23,114 24),(113 23,114 24))",
        ),
        (
            f"<MultiPolygon><polygonMember>{POLYGON}</polygonMember></MultiPolygon>",
            f"MULTIPOLYGON({TRIANGLE.removeprefix('POLYGON')})",
        ),
        (
            f"<MultiSurface><surfaceMembers>{POLYGON}{SURFACE}</surfaceMembers></MultiSurface>",
            "MULTIPOLYGON(((113 22,114 22,114 23,113 22)),((113 22,114 22,114 23,113 22)))",
        ),
    ],
)
def test_each_geometry_is_read_in_each_way_of_writing_it(text, wkt, namespace):
    found = read(text, namespace)
    assert shapely.to_wkt(found, trim=True) == shapely.to_wkt(shapely.from_wkt(wkt), trim=True)


@pytest.mark.parametrize(
    ("text", "wkt"),
    [
        (
            "<Envelope><lowerCorner>22 113</lowerCorner><upperCorner>23 114</upperCorner></Envelope>",
            "POLYGON((113 22,114 22,114 23,113 23,113 22))",
        ),
        (
            "<Envelope><pos>22 113</pos><pos>23 114</pos></Envelope>",
            "POLYGON((113 22,114 22,114 23,113 23,113 22))",
        ),
        (
            "<Box><coordinates>22,113 23,114</coordinates></Box>",
            "POLYGON((113 22,114 22,114 23,113 23,113 22))",
        ),
        ("<Box><coordinates>22,113 22,113</coordinates></Box>", "POINT(113 22)"),
        ("<Box><coordinates>22,113 22,114</coordinates></Box>", "LINESTRING(113 22,114 22)"),
    ],
)
def test_a_box_is_the_shape_between_its_corners(text, wkt):
    given = box(element(text), READING, spend=lambda count: None)
    assert given.shape.equals(shapely.from_wkt(wkt))
    assert given.shape.geom_type == shapely.from_wkt(wkt).geom_type


@pytest.mark.parametrize(
    "text",
    [
        "<Envelope><lowerCorner>23 113</lowerCorner><upperCorner>22 114</upperCorner></Envelope>",
        "<Envelope><lowerCorner>22 113</lowerCorner></Envelope>",
        "<Envelope><upperCorner>22 113</upperCorner><upperCorner>23 114</upperCorner></Envelope>",
        "<Envelope><lowerCorner>22 113 5 5</lowerCorner><upperCorner>23 114</upperCorner></Envelope>",
        "<Box><coordinates>22,113</coordinates></Box>",
        "<Box><coordinates>22,113 23,114 24,115</coordinates></Box>",
        "<Box/>",
        POINT,
    ],
)
def test_a_box_without_two_corners_in_order_is_refused(text):
    with pytest.raises(BadGeometry):
        box(element(text), READING, spend=lambda count: None)


# CRSs


def test_a_crs_is_inherited_from_the_enclosing_geometry():
    text = f"<MultiPoint srsName='EPSG:4490'><pointMember>{POINT}</pointMember></MultiPoint>"
    assert read(text).geoms[0].coords[0] == (23.04, 113.75)


def test_a_crs_of_the_members_is_that_of_the_geometry():
    point = "<Point srsName='EPSG:4547'><pos>474377 2548926</pos></Point>"
    text = f"<MultiPoint><pointMember>{point}</pointMember></MultiPoint>"
    given = shape(element(text), READING, spend=lambda count: None)
    assert given.crs.srid == 4547


def test_members_in_two_crss_are_refused():
    members = "".join(
        f"<pointMember><Point srsName='EPSG:{srid}'><pos>1 1</pos></Point></pointMember>"
        for srid in (4547, 4490)
    )
    assert "two CRSs" in reason(f"<MultiPoint>{members}</MultiPoint>")


@pytest.mark.parametrize(
    "name",
    ["EPSG:32650", "urn:ogc:def:crs:EPSG::4527", "EPSG:4490;drop", "", "urn:x", "EPSG:999999"],
)
def test_a_crs_that_is_not_offered_is_refused_by_its_name(name):
    with pytest.raises(UnknownCrs) as mistake:
        read(f"<Point srsName='{name}'><pos>1 1</pos></Point>")
    assert mistake.value.parts["value"] == name


def test_a_shape_is_given_in_the_storage_crs_without_added_vertices():
    line = "<LineString srsName='EPSG:4547'><posList>474377 2548926 500000 2548926</posList></LineString>"
    given = shape(element(line), READING, spend=lambda count: None)
    stored = in_storage(given.shape, given.crs)
    assert len(stored.coords) == 2
    assert stored.coords[0] == pytest.approx((113.75, 23.04), abs=1e-3)
    assert stored.coords[1][0] == pytest.approx(114.0, abs=1e-9)  # the central meridian


# Heights


def test_heights_are_refused_or_dropped_as_the_reader_says():
    for text in (
        "<Point srsDimension='3'><pos>23.04 113.75 8</pos></Point>",
        "<Point><pos>23.04 113.75 8</pos></Point>",
        "<Point><coordinates>23.04,113.75,8</coordinates></Point>",
    ):
        assert "heights are not stored" in reason(text)
        assert read(text, drop_heights=True).wkt == "POINT (113.75 23.04)"


def test_a_list_in_three_dimensions_is_read_if_it_says_so():
    text = "<LineString srsDimension='3'><posList>23 113 1 24 114 2</posList></LineString>"
    assert read(text, drop_heights=True).wkt == "LINESTRING (113 23, 114 24)"


# What is refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<LineString><posList>1 2 3</posList></LineString>", "posList has 3 numbers"),
        ("<LineString><posList srsDimension='3'>1 2 3 4</posList></LineString>", "dimension 3"),
        ("<LineString><posList></posList></LineString>", "posList has 0 numbers"),
        ("<LineString><posList count='3'>1 2 3 4</posList></LineString>", "count"),
        ("<LineString><posList>1 2</posList></LineString>", "2 positions"),
        ("<LineString><coordinates>1,2 3</coordinates></LineString>", "differ"),
        ("<LineString><coordinates>1,2 3,4,5</coordinates></LineString>", "differ"),
        ("<LineString><coordinates>1,2 3,</coordinates></LineString>", "missing"),
        ("<Point><coordinates decimal=',' cs=','>1,2</coordinates></Point>", "separators"),
        ("<Point><coordinates cs='1'>112</coordinates></Point>", "separators"),
        ("<Point><coordinates cs=''>1 2</coordinates></Point>", "separators"),
        ("<Point><coordinates decimal=',' cs=';'>1.5;2</coordinates></Point>", "finite"),
        ("<Point><pos>NaN 1</pos></Point>", "“NaN” is not"),
        ("<Point><pos>1 INF</pos></Point>", "“INF” is not"),
        ("<Point><pos>1 1e999</pos></Point>", "“1e999” is not"),
        ("<Point><pos>1 2_3</pos></Point>", "“2_3” is not"),
        ("<Point><pos>1 ２</pos></Point>", "“２” is not"),
        ("<Point><pos>1 .</pos></Point>", "“.” is not"),
        ("<Point><pos>1</pos></Point>", "2 numbers"),
        ("<Point><pos>1 2 3 4</pos></Point>", "2 numbers"),
        ("<Point><pos/></Point>", "numbers"),
        ("<Point srsDimension='3'><pos>1 2</pos></Point>", "dimension 3"),
        ("<Point srsDimension='4'><pos>1 2 3 4</pos></Point>", "srsDimension"),
        ("<Point><pos>1 2</pos><pos>1 2</pos></Point>", "one position"),
        ("<Point><pos>1 2<b/></pos></Point>", "“b” is not read"),
        ("<Point>x<pos>1 2</pos></Point>", "text in Point"),
        ("<Point><pos>1 2</pos><coordinates>1,2</coordinates></Point>", "states its positions"),
        ("<Point/>", "states its positions"),
        ("<Point xlink:href='http://localhost/p'/>", "xlink"),
        ("<MultiPoint><pointMember xlink:href='#p'/></MultiPoint>", "xlink"),
        ("<Point srsname='EPSG:4490'><pos>1 2</pos></Point>", "srsname"),
        (f"<MultiPoint><pointMember>{POINT}{POINT}</pointMember></MultiPoint>", "2 members"),
        ("<MultiPoint><pointMember/></MultiPoint>", "0 members"),
        ("<MultiPoint/>", "empty"),
        (f"<MultiPoint><pointMember>{LINE}</pointMember></MultiPoint>", "“LineString” is not read"),
        (
            f"<MultiGeometry><geometryMember>{POINT}</geometryMember></MultiGeometry>",
            "MultiGeometry",
        ),
        ("<Solid/>", "“Solid” is not read"),
        ("<Envelope/>", "“Envelope” is not read"),
        ("<Curve><segments><Arc><posList>1 2 3 4 5 6</posList></Arc></segments></Curve>", "“Arc”"),
        (
            "<Curve><segments><LineStringSegment interpolation='cubicSpline'><posList>1 2 3 4</posList>"
            "</LineStringSegment></segments></Curve>",
            "cubicSpline",
        ),
        ("<Curve><segments/></Curve>", "no segments"),
        (
            "<Curve><segments><LineStringSegment><posList>1 2 3 4</posList></LineStringSegment>"
            "<LineStringSegment><posList>5 6 7 8</posList></LineStringSegment></segments></Curve>",
            "begins elsewhere",
        ),
        ("<Surface><patches/></Surface>", "one PolygonPatch, not 0"),
        ("<Surface><patches><Triangle/></patches></Surface>", "“Triangle”"),
        ("<Polygon><exterior><Ring/></exterior></Polygon>", "“Ring”"),
        (f"<Polygon><interior>{RING}</interior></Polygon>", "one exterior"),
        (f"<Polygon><exterior>{RING}{RING}</exterior></Polygon>", "one ring"),
        ("<Polygon/>", "one exterior"),
        (
            "<Polygon><exterior><LinearRing><posList>1 2 3 4 5 7 1 2.1</posList></LinearRing></exterior></Polygon>",
            "not closed",
        ),
        (
            "<Polygon><exterior><LinearRing><posList>1 2 3 4 1 2</posList></LinearRing></exterior></Polygon>",
            "fewer than 4",
        ),
        ("<OrientableCurve/>", "OrientableCurve"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(text, expected):
    assert expected in reason(text)


def test_a_geometry_of_another_vocabulary_is_refused():
    assert "kml" in reason(POINT, "http://www.opengis.net/kml/2.2")


def test_too_many_vertices_are_refused_before_they_are_numbers():
    line = "<LineString><posList>" + "1 " * 20_002 + "</posList></LineString>"
    with pytest.raises(FilterTooComplex) as mistake:
        read(line)
    assert mistake.value.parts["actual"] == 10_001
    assert (
        len(read("<LineString><posList>" + "1 2 " * 3 + "</posList></LineString>", most=3).coords)
        == 3
    )
