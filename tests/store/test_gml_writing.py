"""Features as GML 2, 3.1.1 and 3.2: documents written by hand, and read back by lxml and GDAL.

Coordinates of the golden place are those of `test_encoding`, computed with pyproj.
"""

import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pyogrio
import pytest
import shapely
import sqlalchemy as sa
from lxml import etree

from geoservice.crs import named, offered
from geoservice.description.collection import Collection, Field, FieldType, GeometryType
from geoservice.description.xml_names import NAMESPACE, PREFIX, field_name
from geoservice.domain.hazards import hazard_sites
from geoservice.languages import Text
from geoservice.query.query import Box, Page, Query
from geoservice.store import pages, publishing
from geoservice.store.database import Database
from geoservice.store.gml import (
    FEATURE_ID,
    GmlForm,
    GmlVersion,
    gml_members,
    gml_properties,
    property_values,
)
from geoservice.store.statements import row_count

ANY = Text(zh="样本", en="Sample")
UID = UUID("0190163d-8694-739b-aea5-966c26f8ad91")
ID = f"samples.{UID}"
PLACE = "113.7518 23.0207"

GML_NAMESPACES = {
    GmlVersion.GML_2: "http://www.opengis.net/gml",
    GmlVersion.GML_3_1: "http://www.opengis.net/gml",
    GmlVersion.GML_3_2: "http://www.opengis.net/gml/3.2",
}


def samples(geometry: GeometryType | None, *fields: Field, id: str = "samples") -> Collection:
    return Collection(
        id=id, title=ANY, description=ANY, published=True, geometry=geometry, fields=fields
    )


def text(name: str, **more: Any) -> Field:
    return Field(name=name, type=FieldType.TEXT, title=ANY, **more)


def form(version: str = "3.2", srs_name: str = "urn:ogc:def:crs:EPSG::4490") -> GmlForm:
    crs = named(srs_name, offered(4547))
    assert crs is not None
    return GmlForm(GmlVersion(version), crs, srs_name)


@pytest.fixture
def published(database: Database):
    def publish(collection: Collection) -> Collection:
        with database.ownership() as connection:
            publishing.create(connection, collection)
        return collection

    return publish


def members(
    database: Database, collection: Collection, form: GmlForm, query: Query | None = None
) -> list[str]:
    """The members as lines; a page gives the same."""
    query = query or Query()
    writer = gml_members(collection, query, form)
    lines = b"".join(database.lines(pages.feature_lines(collection, query, writer)))
    page = pages.feature_page(collection, query, Page(100), writer, count_limit=None)
    features, number, *_ = database.document(page.sql, page.values)
    assert (features or b"") + b"\n" * bool(features) == lines
    assert int(number or 0) == lines.count(b"\n")
    return lines.decode().splitlines()


def member(database: Database, collection: Collection, form: GmlForm, **query: Any) -> str:
    (only,) = members(database, collection, form, Query(**query))
    return only


def document(lines: list[str], version: GmlVersion = GmlVersion.GML_3_2) -> str:
    """A collection with the namespaces that a door declares."""
    return (
        f'<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" '
        f'xmlns:gml="{GML_NAMESPACES[version]}" xmlns:{PREFIX}="{NAMESPACE}">'
        + "\n".join(lines)
        + "</wfs:FeatureCollection>"
    )


def values_read(line: str) -> list[tuple[str, str | None]]:
    """The fields of a member as a client reads them: names as in the description, and texts."""
    (feature,) = etree.fromstring(document([line]))[0]
    return [(field_name(etree.QName(each).localname), each.text) for each in feature]


POINT = samples(GeometryType.POINT, text("name"))


@pytest.mark.parametrize(
    ("version", "srs_name", "geometry"),
    [
        (
            "3.2",
            "urn:ogc:def:crs:EPSG::4490",
            f'<gml:Point srsName="urn:ogc:def:crs:EPSG::4490" gml:id="{ID}.geom">'
            "<gml:pos>23.0207 113.7518</gml:pos></gml:Point>",
        ),
        (
            "3.2",
            "EPSG:4490",
            f'<gml:Point srsName="EPSG:4490" gml:id="{ID}.geom">'
            "<gml:pos>113.7518 23.0207</gml:pos></gml:Point>",
        ),
        (
            "3.2",
            "urn:ogc:def:crs:EPSG::4547",
            f'<gml:Point srsName="urn:ogc:def:crs:EPSG::4547" gml:id="{ID}.geom">'
            "<gml:pos>2546851.533 474557.733</gml:pos></gml:Point>",
        ),
        (
            "3.2",
            "urn:ogc:def:crs:OGC:1.3:CRS84",
            f'<gml:Point srsName="urn:ogc:def:crs:OGC:1.3:CRS84" gml:id="{ID}.geom">'
            "<gml:pos>113.7518 23.0207</gml:pos></gml:Point>",
        ),
        (
            "3.2",
            "http://www.opengis.net/def/crs/EPSG/0/4326",
            f'<gml:Point srsName="http://www.opengis.net/def/crs/EPSG/0/4326" gml:id="{ID}.geom">'
            "<gml:pos>23.0207 113.7518</gml:pos></gml:Point>",
        ),
        (
            "3.1",
            "urn:ogc:def:crs:EPSG::4490",
            '<gml:Point srsName="urn:ogc:def:crs:EPSG::4490">'
            "<gml:pos>23.0207 113.7518</gml:pos></gml:Point>",
        ),
        (
            "3.1",
            "EPSG:4547",
            '<gml:Point srsName="EPSG:4547"><gml:pos>474557.733 2546851.533</gml:pos></gml:Point>',
        ),
        (
            "3.1",
            "urn:ogc:def:crs:EPSG::3857",
            '<gml:Point srsName="urn:ogc:def:crs:EPSG::3857">'
            "<gml:pos>12662792.453 2634522.144</gml:pos></gml:Point>",
        ),
        (
            "2",
            "EPSG:4490",
            '<gml:Point srsName="EPSG:4490">'
            "<gml:coordinates>113.7518,23.0207</gml:coordinates></gml:Point>",
        ),
        (
            "2",
            "http://www.opengis.net/gml/srs/epsg.xml#4547",
            '<gml:Point srsName="http://www.opengis.net/gml/srs/epsg.xml#4547">'
            "<gml:coordinates>474557.733,2546851.533</gml:coordinates></gml:Point>",
        ),
        (
            "2",
            "urn:ogc:def:crs:EPSG::4490",
            '<gml:Point srsName="urn:ogc:def:crs:EPSG::4490">'
            "<gml:coordinates>23.0207,113.7518</gml:coordinates></gml:Point>",
        ),
    ],
)
def test_a_member_has_the_markup_of_its_version_and_coordinates_in_the_order_of_the_name(
    add, database, published, version, srs_name, geometry
):
    published(POINT)
    add(POINT, uid=UID, name="虎门", geom=f"POINT({PLACE})")
    outer, identity = {
        "3.2": ("wfs:member", "gml:id"),
        "3.1": ("gml:featureMember", "gml:id"),
        "2": ("gml:featureMember", "fid"),
    }[version]
    assert member(database, POINT, form(version, srs_name)) == (
        f'<{outer}><gs:samples {identity}="{ID}"><gs:name>虎门</gs:name>'
        f"<gs:geom>{geometry}</gs:geom></gs:samples></{outer}>"
    )


SHAPES = {
    "POINT(1 2)": (
        '<gml:Point S I><gml:pos>2 1</gml:pos></gml:Point>',
        "<gml:Point S><gml:coordinates>1,2</gml:coordinates></gml:Point>",
    ),
    "MULTIPOINT((1 2),(3 4))": (
        "<gml:MultiPoint S I><gml:pointMember><gml:Point I1><gml:pos>2 1</gml:pos></gml:Point>"
        "</gml:pointMember><gml:pointMember><gml:Point I2><gml:pos>4 3</gml:pos></gml:Point>"
        "</gml:pointMember></gml:MultiPoint>",
        "<gml:MultiPoint S><gml:pointMember><gml:Point><gml:coordinates>1,2</gml:coordinates>"
        "</gml:Point></gml:pointMember><gml:pointMember><gml:Point><gml:coordinates>3,4"
        "</gml:coordinates></gml:Point></gml:pointMember></gml:MultiPoint>",
    ),
    "LINESTRING(1 2,3 4)": (
        "<gml:LineString S I><gml:posList>2 1 4 3</gml:posList></gml:LineString>",
        "<gml:LineString S><gml:coordinates>1,2 3,4</gml:coordinates></gml:LineString>",
    ),
    "MULTILINESTRING((1 2,3 4))": (
        "<gml:MultiCurve S I><gml:curveMember><gml:LineString I1><gml:posList>2 1 4 3"
        "</gml:posList></gml:LineString></gml:curveMember></gml:MultiCurve>",
        "<gml:MultiLineString S><gml:lineStringMember><gml:LineString><gml:coordinates>1,2 3,4"
        "</gml:coordinates></gml:LineString></gml:lineStringMember></gml:MultiLineString>",
    ),
    "MULTILINESTRING((1 2,3 4),(5 6,7 8))": (
        "<gml:MultiCurve S I><gml:curveMember><gml:LineString I1><gml:posList>2 1 4 3"
        "</gml:posList></gml:LineString></gml:curveMember><gml:curveMember><gml:LineString I2>"
        "<gml:posList>6 5 8 7</gml:posList></gml:LineString></gml:curveMember></gml:MultiCurve>",
        "<gml:MultiLineString S><gml:lineStringMember><gml:LineString><gml:coordinates>1,2 3,4"
        "</gml:coordinates></gml:LineString></gml:lineStringMember><gml:lineStringMember>"
        "<gml:LineString><gml:coordinates>5,6 7,8</gml:coordinates></gml:LineString>"
        "</gml:lineStringMember></gml:MultiLineString>",
    ),
    "POLYGON((0 0,4 0,4 5,0 0),(2 1,3 1,3 2,2 1))": (
        "<gml:Polygon S I><gml:exterior><gml:LinearRing><gml:posList>0 0 0 4 5 4 0 0"
        "</gml:posList></gml:LinearRing></gml:exterior><gml:interior><gml:LinearRing>"
        "<gml:posList>1 2 1 3 2 3 1 2</gml:posList></gml:LinearRing></gml:interior></gml:Polygon>",
        "<gml:Polygon S><gml:outerBoundaryIs><gml:LinearRing><gml:coordinates>0,0 4,0 4,5 0,0"
        "</gml:coordinates></gml:LinearRing></gml:outerBoundaryIs><gml:innerBoundaryIs>"
        "<gml:LinearRing><gml:coordinates>2,1 3,1 3,2 2,1</gml:coordinates></gml:LinearRing>"
        "</gml:innerBoundaryIs></gml:Polygon>",
    ),
    "MULTIPOLYGON(((0 0,4 0,4 5,0 0),(2 1,3 1,3 2,2 1)),((7 7,8 7,8 9,7 7)))": (
        "<gml:MultiSurface S I><gml:surfaceMember><gml:Polygon I1><gml:exterior><gml:LinearRing>"
        "<gml:posList>0 0 0 4 5 4 0 0</gml:posList></gml:LinearRing></gml:exterior><gml:interior>"
        "<gml:LinearRing><gml:posList>1 2 1 3 2 3 1 2</gml:posList></gml:LinearRing>"
        "</gml:interior></gml:Polygon></gml:surfaceMember><gml:surfaceMember><gml:Polygon I2>"
        "<gml:exterior><gml:LinearRing><gml:posList>7 7 7 8 9 8 7 7</gml:posList>"
        "</gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface>",
        "<gml:MultiPolygon S><gml:polygonMember><gml:Polygon><gml:outerBoundaryIs>"
        "<gml:LinearRing><gml:coordinates>0,0 4,0 4,5 0,0</gml:coordinates></gml:LinearRing>"
        "</gml:outerBoundaryIs><gml:innerBoundaryIs><gml:LinearRing><gml:coordinates>2,1 3,1 3,2"
        " 2,1</gml:coordinates></gml:LinearRing></gml:innerBoundaryIs></gml:Polygon>"
        "</gml:polygonMember><gml:polygonMember><gml:Polygon><gml:outerBoundaryIs>"
        "<gml:LinearRing><gml:coordinates>7,7 8,7 8,9 7,7</gml:coordinates></gml:LinearRing>"
        "</gml:outerBoundaryIs></gml:Polygon></gml:polygonMember></gml:MultiPolygon>",
    ),
    "MULTIPOLYGON(((0 0,4 0,4 5,0 0)))": (
        "<gml:MultiSurface S I><gml:surfaceMember><gml:Polygon I1><gml:exterior><gml:LinearRing>"
        "<gml:posList>0 0 0 4 5 4 0 0</gml:posList></gml:LinearRing></gml:exterior>"
        "</gml:Polygon></gml:surfaceMember></gml:MultiSurface>",
        "<gml:MultiPolygon S><gml:polygonMember><gml:Polygon><gml:outerBoundaryIs>"
        "<gml:LinearRing><gml:coordinates>0,0 4,0 4,5 0,0</gml:coordinates></gml:LinearRing>"
        "</gml:outerBoundaryIs></gml:Polygon></gml:polygonMember></gml:MultiPolygon>",
    ),
}  # fmt: skip
"""By hand, in GML 3.2 under the URN and in GML 2; `S`, `I` and `I1` stand for the attributes."""


@pytest.mark.parametrize("declared", ["as it is", "mixed"])
@pytest.mark.parametrize("wkt", SHAPES)
def test_every_geometry_has_its_markup_and_each_part_its_id(
    add, database, published, wkt, declared
):
    kind = wkt.partition("(")[0]
    type = next(each for each in GeometryType if each.upper() == kind)
    collection = published(samples(GeometryType.GEOMETRY if declared == "mixed" else type))
    add(collection, uid=UID, geom=wkt)
    gml_3_2, gml_2 = SHAPES[wkt]
    named_so = 'srsName="urn:ogc:def:crs:EPSG::4490"'

    def geometry(written: str) -> str:
        found = re.search("<gs:geom>(.*)</gs:geom>", written)
        assert found is not None
        return found[1]

    identified = re.sub(r" I(\d)", rf' gml:id="{ID}.geom.\1"', gml_3_2)
    identified = identified.replace(" I>", f' gml:id="{ID}.geom">').replace(" S", f" {named_so}")
    assert geometry(member(database, collection, form("3.2"))) == identified
    plain = re.sub(r" I\d?>", ">", gml_3_2).replace(" S", f" {named_so}")
    assert geometry(member(database, collection, form("3.1"))) == plain
    simple = gml_2.replace(" S", ' srsName="EPSG:4490"')
    assert geometry(member(database, collection, form("2", "EPSG:4490"))) == simple


VALUES = samples(
    None,
    text("文字"),
    text('a "b" \\c:d'),
    text("9%'lives"),
    Field(name="integer", type=FieldType.INTEGER, title=ANY),
    Field(name="long", type=FieldType.LONG, title=ANY),
    Field(name="number", type=FieldType.NUMBER, title=ANY),
    Field(name="decimal", type=FieldType.DECIMAL, digits=(14, 2), title=ANY),
    Field(name="boolean", type=FieldType.BOOLEAN, title=ANY),
    Field(name="date", type=FieldType.DATE, title=ANY),
    Field(name="datetime", type=FieldType.DATETIME, title=ANY),
    Field(name="uuid", type=FieldType.UUID, title=ANY),
    text("list", many=True),
    Field(name="uuids", type=FieldType.UUID, many=True, title=ANY),
    text("secret", private=True),
)
GIVEN = {
    "文字": "小学",
    "integer": -(2**31),
    "long": 2**63 - 1,
    "number": 0.1,
    "decimal": Decimal("999999999999.90"),
    "boolean": True,
    "date": "0001-01-01",
    "datetime": datetime(2021, 6, 25, 16, 0, 0, 500_000, tzinfo=UTC),
    "uuid": UUID("0190163d-8694-739b-aea5-966c26f8ad92"),
    "list": ["一", "", "三"],
    "uuids": [UID],
    "secret": "nobody reads this",
}
WRITTEN = (
    "<gs:integer>-2147483648</gs:integer><gs:long>9223372036854775807</gs:long>"
    "<gs:number>0.1</gs:number><gs:decimal>999999999999.90</gs:decimal>"
    "<gs:boolean>true</gs:boolean><gs:date>0001-01-01</gs:date>"
    "<gs:datetime>2021-06-25T16:00:00.5Z</gs:datetime>"
    "<gs:uuid>0190163d-8694-739b-aea5-966c26f8ad92</gs:uuid>"
    f"<gs:list>一</gs:list><gs:list></gs:list><gs:list>三</gs:list><gs:uuids>{UID}</gs:uuids>"
)


@pytest.mark.parametrize(("plain", "special"), [("小学", "小学"), ("A<B", "A&lt;B")])
def test_values_of_every_type_are_written_as_xml_schema_knows_them(
    add, database, published, plain, special
):
    published(VALUES)
    add(VALUES, uid=UID, **(GIVEN | {"文字": plain}))
    assert member(database, VALUES, form()) == (
        f'<wfs:member><gs:samples gml:id="{ID}"><gs:文字>{special}</gs:文字>'
        f"{WRITTEN}</gs:samples></wfs:member>"
    )


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        (datetime(2021, 6, 25, tzinfo=UTC), "2021-06-25T00:00:00Z"),
        (datetime(2021, 6, 25, 23, 59, 59, 1, tzinfo=UTC), "2021-06-25T23:59:59.000001Z"),
    ],
)
def test_a_time_has_the_fraction_that_is_there(add, database, published, stored, written):
    published(VALUES)
    add(VALUES, datetime=stored)
    assert f"<gs:datetime>{written}</gs:datetime>" in member(database, VALUES, form())


@pytest.mark.parametrize("number", [1e300, -5e-324, 1 / 3, 123456789012345680.0, 400.0, 0.0])
def test_a_number_comes_back_as_it_was(add, database, published, number):
    published(VALUES)
    add(VALUES, number=number)
    ((_, read),) = values_read(member(database, VALUES, form()))
    assert read is not None
    assert float(read) == number
    assert math.isfinite(float(read))


def test_what_is_missing_is_left_out(add, database, published):
    published(POINT)
    add(POINT, uid=UID)
    nothing = f'<wfs:member><gs:samples gml:id="{ID}"></gs:samples></wfs:member>'
    assert member(database, POINT, form()) == nothing


def test_an_empty_text_is_an_empty_element_and_an_empty_list_is_nothing(add, database, published):
    published(VALUES)
    add(VALUES, **{"文字": "", "list": []})
    assert values_read(member(database, VALUES, form())) == [("文字", None)]


AWKWARD = [
    ("A<B & \"C\" 'D'", "A&lt;B &amp; \"C\" 'D'"),
    ("&amp;", "&amp;amp;"),
    ("]]>", "]]&gt;"),
    ("one\ntwo\r\nthree\rfour", "one&#10;two&#13;&#10;three&#13;four"),
    ("tab\tand blank  ", "tab\tand blank  "),
    ("😀 ‘虎门’ \\n %s $1 :x {}", "😀 ‘虎门’ \\n %s $1 :x {}"),
]


@pytest.mark.parametrize(("stored", "written"), AWKWARD)
def test_a_special_character_is_escaped_and_comes_back(add, database, published, stored, written):
    published(VALUES)
    add(VALUES, **{"文字": stored, "list": ["a", stored]})
    line = member(database, VALUES, form())
    assert line.count(written) == 2
    assert values_read(line) == [("文字", stored), ("list", "a"), ("list", stored)]


def test_every_character_that_xml_cannot_hold_is_replaced(add, database, published):
    published(VALUES)
    forbidden = [*range(1, 9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF]
    for number in forbidden:
        add(VALUES, **{"文字": f"a{chr(number)}b"})
    read = [values_read(line) for line in members(database, VALUES, form())]
    assert read == [[("文字", "a\ufffdb")]] * len(forbidden)


def test_a_special_character_in_a_list_alone_is_escaped(add, database, published):
    published(VALUES)
    add(VALUES, **{"文字": "plain", "list": ["a<b"]})
    assert "<gs:list>a&lt;b</gs:list>" in member(database, VALUES, form())


def test_names_that_xml_does_not_allow_come_back(add, database, published):
    published(VALUES)
    add(VALUES, **{'a "b" \\c:d': "1", "9%'lives": "2"})
    line = member(database, VALUES, form())
    assert "<gs:a_x0020__x0022_b_x0022__x0020__x005C_c_x003A_d>1</gs:" in line
    assert "<gs:_x0039__x0025__x0027_lives>2</gs:" in line
    assert values_read(line) == [('a "b" \\c:d', "1"), ("9%'lives", "2")]


def test_a_private_field_is_in_no_member(add, database, published):
    published(VALUES)
    add(VALUES, **GIVEN)
    assert "secret" not in gml_properties(VALUES, Query(properties=("secret", "long")))
    assert "nobody" not in member(database, VALUES, form())


def test_a_feature_may_have_more_fields_than_a_function_has_arguments(add, database, published):
    wide = published(samples(None, *(text(f"f{number}") for number in range(250))))
    add(wide, **{f"f{number}": str(number) for number in range(250)})
    add(wide, **{f"f{number}": f"<{number}" for number in range(250)})
    plain, special = members(database, wide, form())
    assert values_read(plain) == [(f"f{number}", str(number)) for number in range(250)]
    assert values_read(special) == [(f"f{number}", f"<{number}") for number in range(250)]


SITE = {"site_no": "1", "name": "甲", "register_kind": "hidden_danger", "type_code": "02"}


def test_further_geometries_stand_in_their_place_and_the_own_geometry_last(add, database):
    footprint = "MULTIPOLYGON(((113 22,114 22,114 23,113 22)))"
    uid = add(hazard_sites, **SITE, geom="POINT(113 22)", footprint=footprint)
    line = member(database, hazard_sites, form())
    names = [name for name, _ in values_read(line)]
    assert names == [each for each in gml_properties(hazard_sites, Query()) if each in names]
    assert names[-1] == "geom"
    assert names.index("footprint") < len(names) - 1
    assert (
        f'<gs:footprint><gml:MultiSurface srsName="urn:ogc:def:crs:EPSG::4490" '
        f'gml:id="hazard_sites.{uid}.footprint"><gml:surfaceMember>'
        f'<gml:Polygon gml:id="hazard_sites.{uid}.footprint.1">'
    ) in line
    assert "22 113 22 114 23 114 22 113" in line


def test_only_what_is_asked_for_is_written(add, database, published):
    published(POINT)
    add(POINT, uid=UID, name="a", geom="POINT(1 2)")
    assert values_read(member(database, POINT, form(), geometry=False)) == [("name", "a")]
    assert [name for name, _ in values_read(member(database, POINT, form(), properties=()))] == [
        "geom"
    ]
    nothing = f'<wfs:member><gs:samples gml:id="{ID}"></gs:samples></wfs:member>'
    assert member(database, POINT, form(), properties=(), geometry=False) == nothing


def test_every_id_is_the_only_one_of_its_kind_and_a_name(add, database, published):
    mixed = published(samples(GeometryType.GEOMETRY, text("name")))
    for wkt in SHAPES:
        add(mixed, geom=wkt)
    tree = etree.fromstring(document(members(database, mixed, form())))
    gml = f"{{{GML_NAMESPACES[GmlVersion.GML_3_2]}}}"
    identified = [each for each in tree.iter() if f"{gml}id" in each.attrib]
    ids = [each.get(f"{gml}id") for each in identified]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9_.-]*", each or "") for each in ids)
    geometries = {"Point", "LineString", "Polygon", "MultiPoint", "MultiCurve", "MultiSurface"}
    assert all(
        each in identified for each in tree.iter() if etree.QName(each).localname in geometries
    )


@pytest.mark.parametrize("version", GmlVersion)
@pytest.mark.parametrize("wkt", SHAPES)
def test_gdal_reads_the_shapes_and_the_values(
    add, database, published, tmp_path: Path, version, wkt
):
    mixed = published(samples(GeometryType.GEOMETRY, text("name"), text("名称")))
    add(mixed, uid=UID, name="A<B & \"C\" 'D'\nE", geom=wkt, **{"名称": "虎门"})
    name = "EPSG:4490" if version is GmlVersion.GML_2 else "urn:ogc:def:crs:EPSG::4490"
    lines = members(database, mixed, form(version, name))
    file = tmp_path / "features.gml"
    file.write_text(document(lines, version), encoding="utf-8")
    frame = pyogrio.read_dataframe(file)
    row = frame.iloc[0]
    assert row["name"] == "A<B & \"C\" 'D'\nE"
    assert row["名称"] == "虎门"
    assert row["gml_id"] == ID
    assert shapely.equals(row.geometry, shapely.from_wkt(wkt))
    assert row.geometry.geom_type == shapely.from_wkt(wkt).geom_type
    assert frame.crs.to_epsg() == 4490


def values(database: Database, name: str, collection: Collection = VALUES, **more: Any) -> str:
    query = Query(**more)
    return b"".join(database.lines(property_values(collection, query, name, form()))).decode()


def test_the_values_of_a_property_are_members_without_an_element(add, database, published):
    published(VALUES)
    add(VALUES, uid=UID, **GIVEN)
    add(VALUES, **{"文字": "A<B\nC"})
    assert values(database, "文字") == (
        "<wfs:member>小学</wfs:member>\n<wfs:member>A&lt;B&#10;C</wfs:member>\n"
    )
    assert values(database, "datetime") == "<wfs:member>2021-06-25T16:00:00.5Z</wfs:member>\n"
    assert values(database, "integer") == "<wfs:member>-2147483648</wfs:member>\n"
    assert values(database, "list") == (
        "<wfs:member>一</wfs:member>\n<wfs:member></wfs:member>\n<wfs:member>三</wfs:member>\n"
    )
    assert values(database, FEATURE_ID).splitlines()[0] == f"<wfs:member>{ID}</wfs:member>"
    assert len(values(database, FEATURE_ID).splitlines()) == 2


def test_values_are_counted_and_skipped_one_by_one(add, database, published):
    published(VALUES)
    for values_of_one in (["a", "b"], None, [], ["c"]):
        add(VALUES, list=values_of_one)
    ids = property_values(VALUES, Query(), FEATURE_ID, form())
    items = property_values(VALUES, Query(), "list", form())
    assert database.scalar(row_count(ids)) == 4
    assert database.scalar(row_count(items)) == 3
    part = b"".join(database.lines(items.offset(1).limit(2)))
    assert part == b"<wfs:member>b</wfs:member>\n<wfs:member>c</wfs:member>\n"


def test_the_values_of_a_geometry_are_the_geometries(add, database, published):
    published(POINT)
    add(POINT, uid=UID, geom="POINT(1 2)")
    add(POINT)
    assert values(database, "geom", POINT) == (
        f'<wfs:member><gml:Point srsName="urn:ogc:def:crs:EPSG::4490" gml:id="{ID}.geom">'
        "<gml:pos>2 1</gml:pos></gml:Point></wfs:member>\n"
    )
    assert values(database, FEATURE_ID, POINT, box=Box(0, 0, 3, 3)).count("\n") == 1


def test_one_feature_is_a_member_or_nothing(add, database, published):
    published(POINT)
    add(POINT, uid=UID, name="a")
    query = Query()
    writer = gml_members(POINT, query, form())
    found = pages.single_feature(POINT, query, UID, writer)
    text, version = database.document(found.sql, found.values)
    assert text is not None
    assert text.decode() == member(database, POINT, form())
    assert version == b"1"
    missing = pages.single_feature(POINT, query, UUID(int=0), writer)
    assert database.document(missing.sql, missing.values) == (None, None)


def test_a_page_of_a_box_is_found_by_the_spatial_index(module_database):
    with module_database.migration() as connection:
        connection.execute(
            sa.text(
                "insert into registers.hazard_sites (site_no, name, register_kind, type_code, geom) "
                "select i, 's', 'hidden_danger', '02', ST_SetSRID(ST_Point(113.5 + (i % 200) * 0.004, "
                "22.6 + (i / 200) * 0.006), 4490) from generate_series(1, 20000) as i"
            )
        )
        connection.execute(sa.text("analyze registers.hazard_sites"))
    query = Query(box=Box(113.6, 22.8, 113.62, 22.82))
    writer = gml_members(hazard_sites, query, form())
    page = pages.feature_page(hazard_sites, query, Page(100), writer, count_limit=None)
    with psycopg.connect(module_database.url.replace("+psycopg", "")) as connection:
        cursor = psycopg.RawCursor(connection)
        rows = cursor.execute(f"explain (costs off) {page.sql}", page.values).fetchall()
    plan = "\n".join(row[0] for row in rows)
    assert "hazard_sites_geom_gist" in plan
    assert "Seq Scan on hazard_sites" not in plan


def test_pages_share_a_statement_if_only_values_differ():
    def sql(box: Box, form: GmlForm) -> str:
        query = Query(box=box)
        writer = gml_members(hazard_sites, query, form)
        return pages.feature_page(hazard_sites, query, Page(9), writer, count_limit=None).sql

    assert sql(Box(1, 2, 3, 4), form()) is sql(Box(5, 6, 7, 8), form())
    assert sql(Box(1, 2, 3, 4), form()) is not sql(Box(1, 2, 3, 4), form("3.1"))
    assert sql(Box(1, 2, 3, 4), form()) is not sql(Box(1, 2, 3, 4), form("3.2", "EPSG:4490"))
