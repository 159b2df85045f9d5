"""Features as GeoJSON: every property in every feature, coordinates in the order that the CRS was named with.

The coordinates of the golden place were computed with pyproj alone (4490 to each CRS, `always_xy`), and are
compared with pyproj again below.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from pyproj import Transformer

from geoservice.crs import CRS84, Crs, epsg, named, offered
from geoservice.description.collection import Collection, Field, FieldType, GeometryType
from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_sites
from geoservice.languages import Text
from geoservice.query.query import Query
from geoservice.store import publishing
from geoservice.store.encoding import columns, feature_text, shown_fields
from geoservice.store.tables import tables

PLACE = (113.7518, 23.0207)
GOLDEN = {
    "http://www.opengis.net/def/crs/OGC/1.3/CRS84": (113.7518, 23.0207),
    "http://www.opengis.net/def/crs/EPSG/0/4326": (23.0207, 113.7518),
    "http://www.opengis.net/def/crs/EPSG/0/4490": (23.0207, 113.7518),
    "http://www.opengis.net/def/crs/EPSG/0/4547": (2546851.533, 474557.733),
    "http://www.opengis.net/def/crs/EPSG/0/3857": (12662792.453, 2634522.144),
}
FACILITY = {"facility_no": "1", "name": "小学", "kind": "primary_school", "status": "operating"}
ANY = Text(zh="样本", en="Sample")


def written(database: Any, collection: Collection, crs: Crs = CRS84) -> dict[str, Any]:
    """The only feature of a collection as a reader gets it."""
    rows = tables().current(collection)
    names = shown_fields(collection, Query())
    geometry = "geom" if collection.geometry else None
    return json.loads(database.scalar(feature_text(rows, names, geometry=geometry, crs=crs)))


@pytest.mark.parametrize("uri", GOLDEN)
def test_coordinates_are_in_the_crs_and_its_order(add, database, uri):
    add(facilities, **FACILITY, geom=f"POINT({PLACE[0]} {PLACE[1]})")
    crs = named(uri, offered(4547))
    assert crs is not None
    coordinates = written(database, facilities, crs)["geometry"]["coordinates"]
    assert coordinates == pytest.approx(GOLDEN[uri], abs=5e-4 if crs.decimals == 3 else 1e-9)


@pytest.mark.parametrize("srid", [4547, 3857])
def test_the_golden_coordinates_are_what_pyproj_says(srid):
    east, north = Transformer.from_crs(4490, srid, always_xy=True).transform(*PLACE)
    golden = GOLDEN[epsg(srid).uri]
    assert (golden[::-1] if srid == 4547 else golden) == pytest.approx((east, north), abs=6e-4)


@pytest.mark.parametrize("uri", GOLDEN)
def test_further_geometries_are_in_the_same_crs_and_order(add, database, uri):
    add(facilities, **FACILITY, entrance=f"POINT({PLACE[0]} {PLACE[1]})")
    crs = named(uri, offered(4547))
    assert crs is not None
    feature = written(database, facilities, crs)
    assert feature["geometry"] is None
    entrance = feature["properties"]["entrance"]
    assert entrance["type"] == "Point"
    assert entrance["coordinates"] == pytest.approx(GOLDEN[uri], abs=5e-4)


def test_every_property_is_there_in_the_order_of_the_description(add, database):
    add(facilities, **FACILITY)
    feature = written(database, facilities)
    assert list(feature["properties"]) == [field.name for field in facilities.fields]
    given = {name: value for name, value in feature["properties"].items() if value is not None}
    assert given == FACILITY
    assert list(feature) == ["type", "id", "geometry", "properties"]
    assert UUID(feature["id"]).version == 7


SAMPLES = Collection(
    id="samples",
    title=ANY,
    description=ANY,
    published=True,
    geometry=GeometryType.GEOMETRY,
    fields=(
        Field(name="文字", type=FieldType.TEXT, title=ANY),
        Field(name='a "b" \\c', type=FieldType.TEXT, title=ANY),
        Field(name="integer", type=FieldType.INTEGER, title=ANY),
        Field(name="long", type=FieldType.LONG, title=ANY),
        Field(name="number", type=FieldType.NUMBER, title=ANY),
        Field(name="decimal", type=FieldType.DECIMAL, digits=(14, 2), title=ANY),
        Field(name="boolean", type=FieldType.BOOLEAN, title=ANY),
        Field(name="date", type=FieldType.DATE, title=ANY),
        Field(name="datetime", type=FieldType.DATETIME, title=ANY),
        Field(name="uuid", type=FieldType.UUID, title=ANY),
        Field(name="list", type=FieldType.TEXT, many=True, title=ANY),
        Field(name="secret", type=FieldType.TEXT, private=True, title=ANY),
    ),
)
VALUES = {
    "文字": "“虎门”\n<&>'\"\\",
    'a "b" \\c': "😀",
    "integer": -(2**31),
    "long": 2**63 - 1,
    "number": 0.1,
    "decimal": Decimal("999999999999.99"),
    "boolean": False,
    "date": "0001-01-01",
    "datetime": datetime(2021, 6, 25, 16, 0, tzinfo=UTC),
    "uuid": UUID("0190163d-8694-739b-aea5-966c26f8ad91"),
    "list": ["一", 'b"', ""],
    "secret": "nobody reads this",
}
READ = {
    **VALUES,
    "decimal": 999999999999.99,
    "datetime": "2021-06-25T16:00:00+00:00",
    "uuid": "0190163d-8694-739b-aea5-966c26f8ad91",
}
del READ["secret"]


@pytest.fixture
def samples(database) -> Collection:
    with database.ownership() as connection:
        publishing.create(connection, SAMPLES)
    return SAMPLES


def test_values_of_every_type_come_back_as_json_knows_them(add, database, samples):
    add(samples, **VALUES)
    assert written(database, samples)["properties"] == READ


def test_a_private_field_is_in_no_feature(add, database, samples):
    add(samples, **VALUES)
    assert "secret" not in shown_fields(samples, Query())
    assert "secret" not in shown_fields(samples, Query(properties=("secret", "long")))
    assert "nobody" not in json.dumps(written(database, samples))


@pytest.mark.parametrize(
    ("wkt", "kind"),
    [
        ("POINT(1 2)", "Point"),
        ("MULTIPOINT((1 2),(3 4))", "MultiPoint"),
        ("LINESTRING(1 2,3 4)", "LineString"),
        ("MULTILINESTRING((1 2,3 4))", "MultiLineString"),
        ("POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,1 2,2 2,2 1,1 1))", "Polygon"),
        ("MULTIPOLYGON(((0 0,1 0,1 1,0 0)))", "MultiPolygon"),
    ],
)
def test_every_type_of_geometry_is_written(add, database, samples, wkt, kind):
    add(samples, geom=wkt)
    assert written(database, samples)["geometry"]["type"] == kind


def test_degrees_keep_seven_decimals_and_metres_three(add, database):
    add(facilities, **FACILITY, geom="POINT(113.123456749 22.987654351)")
    assert written(database, facilities)["geometry"]["coordinates"] == [113.1234567, 22.9876544]
    metres = written(database, facilities, epsg(4547))["geometry"]["coordinates"]
    assert [round(value, 3) for value in metres] == metres


def test_only_the_properties_asked_for_are_shown_in_their_own_order():
    query = Query(properties=("status", "name"))
    assert shown_fields(facilities, query) == ("name", "status")
    assert shown_fields(facilities, Query(properties=())) == ()


def test_a_feature_may_have_no_properties_at_all(add, database):
    add(facilities, **FACILITY)
    text = database.scalar(feature_text(tables().current(facilities), ()))
    assert json.loads(text)["properties"] == {}


def test_files_get_wkb_for_the_geometry_wkt_for_others_and_json_for_lists(add, database):
    uid = add(
        hazard_sites,
        site_no="1",
        name="示例",
        register_kind="hidden_danger",
        type_code="02",
        triggers=["2", "3"],
        geom="POINT(113 22)",
        footprint="MULTIPOLYGON(((113 22,114 22,114 23,113 22)))",
    )
    rows = tables().current(hazard_sites)
    row = database.row(
        sa.select(*columns(rows, ("triggers", "footprint", "merged_into"), crs=epsg(4490)))
    )
    assert row.uid == str(uid)
    assert json.loads(row.triggers) == ["2", "3"]
    assert row.footprint == "MULTIPOLYGON(((22 113,22 114,23 114,22 113)))"
    assert row.merged_into is None
    assert bytes(row.geometry).hex() == "0101000000" + "0000000000003640" + "0000000000405c40"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (400.0, "400.0"),
        (0.0, "0.0"),
        (-7.0, "-7.0"),
        (0.1, "0.1"),
        (1e14, "100000000000000.0"),
        (1e15, "1e+15"),
    ],
)
def test_a_number_is_never_written_as_a_whole_one(add, database, value, text):
    add(facilities, **FACILITY, location_accuracy_m=abs(value))
    rows = tables().current(facilities)
    feature = database.scalar(feature_text(rows, ["location_accuracy_m"], geometry=None))
    assert f'"location_accuracy_m":{text.lstrip("-")}' in feature
