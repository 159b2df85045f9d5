"""The database repeats every rule of a description, and says which field broke which rule."""

import re
from contextlib import suppress
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from geoservice.catalog import built_in_collections
from geoservice.description.collection import (
    CodePair,
    Collection,
    Field,
    FieldType,
    GeometryType,
    InOrder,
)
from geoservice.domain.code_lists import (
    HAZARD_TYPE_A,
    LAND_USE_2023,
    LAND_USE_GBT21010,
    REGISTER_KIND,
    TRIGGER,
)
from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_assessments, hazard_sites
from geoservice.domain.places import villages
from geoservice.domain.remediation import remediation_projects
from geoservice.errors import Conflict, Rejected, RejectedFeature
from geoservice.languages import Text
from geoservice.store import publishing
from geoservice.store.tables import Tables, tables

SITE = {
    "site_no": "441900020001",
    "name": "示例",
    "register_kind": "hidden_danger",
    "type_code": "02",
}
FACILITY = {"facility_no": "1", "name": "小学", "kind": "primary_school", "status": "operating"}
SQUARE = "MULTIPOLYGON(((113 22,114 22,114 23,113 23,113 22)))"
BOW_TIE = "MULTIPOLYGON(((113 22,114 23,114 22,113 23,113 22)))"
ANY = Text(zh="样本", en="Sample")


def refused(add: Any, collection: Collection, **values: object) -> RejectedFeature:
    with pytest.raises(RejectedFeature) as refusal:
        add(collection, **values)
    assert refusal.value.parts["collection"] == collection.id
    return refusal.value


def test_a_site_with_the_least_that_is_required_is_stored(add):
    assert isinstance(add(hazard_sites, **SITE), UUID)


@pytest.mark.parametrize(
    ("values", "field", "english"),
    [
        ({"register_kind": "hazard"}, "register_kind", "hidden_danger, risk_point"),
        ({"name": None}, "name", "must be given"),
        ({"name": "长" * 201}, "name", "at most 200 characters"),
        ({"triggers": ["1", "5"]}, "triggers", "1, 2, 3, 4"),
        ({"triggers": ["1", None]}, "triggers", "1, 2, 3, 4"),
        ({"slope_height_m": float("nan")}, "slope_height_m", "finite"),
        ({"slope_height_m": float("inf")}, "slope_height_m", "finite"),
        ({"slope_height_m": -0.001}, "slope_height_m", "at least 0"),
        ({"slope_angle_deg": 90.001}, "slope_angle_deg", "at most 90"),
        (
            {"registered_on": "2021-06-25", "cancelled_on": "2021-06-24"},
            "registered_on, cancelled_on",
            "must not be after",
        ),
        ({"type_code": "08"}, "type_set, type_code", "must belong to its set"),
        ({"type_set": "hazard_type_b", "type_code": "05"}, "type_set, type_code", "its set"),
        ({"type_set": "land_use_2023"}, "type_set, type_code", "its set"),
        ({"merged_into": uuid4()}, "merged_into", "no such feature"),
        ({"geom": "POINT EMPTY"}, "geom", "valid and not empty"),
        ({"geom": "POINT(180.0001 22)"}, "geom", "longitudes from -180 to 180"),
        ({"geom": "POINT(113 90.0001)"}, "geom", "latitudes from -90 to 90"),
        ({"geom": "POINT(NaN 22)"}, "geom", "valid"),
        ({"geom": "POINT(113 1e400)"}, "geom", "valid"),
        ({"footprint": BOW_TIE}, "footprint", "must be valid"),
        ({"influence_zone": "MULTIPOLYGON EMPTY"}, "influence_zone", "not empty"),
    ],
)
def test_a_rule_that_is_broken_is_told_by_its_field(add, values: dict, field: str, english: str):
    refusal = refused(add, hazard_sites, **SITE | values)
    assert refusal.parts["field"] == field
    assert english in refusal.text("en")
    assert re.search("[一-鿿]", str(refusal.parts["reason"].zh))


@pytest.mark.parametrize(
    "values",
    [
        {"name": "长" * 200},
        {"triggers": ["1", "2", "3", "4"]},
        {"triggers": []},
        {"slope_height_m": 0.0},
        {"slope_angle_deg": 90.0},
        {"registered_on": "2021-06-25", "cancelled_on": "2021-06-25"},
        {"registered_on": None, "cancelled_on": "2021-06-24"},
        {"type_set": "hazard_type_a", "type_code": "05"},
        {"type_set": "hazard_type_b", "type_code": "06"},
        {"geom": "POINT(180 90)"},
        {"geom": "POINT(-180 -90)"},
        {"footprint": SQUARE},
    ],
)
def test_a_value_just_within_its_rule_is_stored(add, values: dict):
    assert add(hazard_sites, **SITE | values)


@pytest.mark.parametrize(
    "values", [{"geom": "LINESTRING(113 22,114 23)"}, {"footprint": "POINT(113 22)"}]
)
def test_a_geometry_of_another_type_is_refused(add, values: dict):
    with pytest.raises(Rejected, match="type"):
        add(hazard_sites, **SITE | values)


def test_a_single_part_is_refused_or_promoted_but_never_stored_as_it_is(add, database):
    # PostGIS 3.3 refuses it, 3.5 makes it a multi-part geometry.
    with suppress(Rejected):
        add(hazard_sites, **SITE, footprint="POLYGON((0 0,1 0,1 1,0 0))")
    kind = sa.func.ST_GeometryType(tables().current(hazard_sites).c.footprint)
    assert {row[0] for row in database.rows(sa.select(kind))} <= {"ST_MultiPolygon"}


def test_a_geometry_in_another_crs_is_refused(database):
    insert = sa.text(
        "insert into registers.facilities (facility_no, name, kind, status, geom) "
        "values ('1', 'a', 'other', 'operating', 'SRID=4326;POINT(113 22)')"
    )
    with (
        pytest.raises(Rejected, match="SRID"),
        database.change(actor="me", door="test") as connection,
    ):
        connection.execute(insert)


def test_a_third_dimension_is_refused(add):
    with pytest.raises(Rejected, match="dimension"):
        add(facilities, **FACILITY, geom="POINT Z (113 22 5)")


def test_a_decimal_with_too_many_digits_is_refused_and_rounded_beyond_its_scale(add, database):
    site = add(hazard_sites, **SITE)
    known = {"hazard_site": site, "assessed_on": "2021-04-01"}
    with pytest.raises(Rejected):
        add(hazard_assessments, **known, threatened_assets_wan=Decimal("1000000000000"))
    add(hazard_assessments, **known, threatened_assets_wan=Decimal("999999999999.99"))
    stored = database.scalar(
        sa.text("select threatened_assets_wan from registers.hazard_assessments")
    )
    assert stored == Decimal("999999999999.99")


def test_two_sites_with_one_number_are_refused_with_the_fields_of_the_key(add):
    add(hazard_sites, **SITE)
    refusal = refused(add, hazard_sites, **SITE)
    assert refusal.parts["field"] == "site_no_scheme, site_no"
    assert "another feature has it already" in refusal.text("en")


def test_one_number_in_two_schemes_is_two_sites(add):
    add(hazard_sites, **SITE)
    assert add(hazard_sites, **SITE, site_no_scheme="provincial")


def test_a_site_number_and_a_village_code_may_be_the_same_digits(add):
    site = add(hazard_sites, **SITE | {"site_no": "441900003001", "type_code": "00"})
    village = add(
        villages, code="441900003001", name="岗贝社区", kind="community", town_code="441900003"
    )
    assert site != village


def test_an_assessment_of_a_site_that_is_not_there_is_refused(add):
    refusal = refused(add, hazard_assessments, hazard_site=uuid4(), assessed_on="2021-04-01")
    assert refusal.parts["field"] == "hazard_site"


def project(add: Any, *sites: UUID | None) -> UUID:
    return add(
        remediation_projects,
        project_no="1",
        name="治理",
        hazard_sites=list(sites),
        measure="D",
        status="in_works",
    )


def test_every_site_in_a_list_must_exist(add):
    there, missing = add(hazard_sites, **SITE), uuid4()
    with pytest.raises(RejectedFeature) as refusal:
        project(add, there, missing)
    assert refusal.value.parts["field"] == "hazard_sites"
    assert refusal.value.parts["value"] == str(missing)
    assert project(add, there)


def test_a_list_of_references_holds_no_missing_value(add):
    with pytest.raises(RejectedFeature) as refusal:
        project(add, add(hazard_sites, **SITE), None)
    assert refusal.value.parts["field"] == "hazard_sites"
    assert "a list must not hold a missing value" in refusal.value.text("en")


def delete_site(database: Any, uid: UUID) -> None:
    table = tables().current(hazard_sites)
    with database.change(actor="me", door="test") as connection:
        connection.execute(sa.delete(table).where(table.c.uid == uid))


def test_a_site_that_an_assessment_names_is_not_deleted(add, database):
    site = add(hazard_sites, **SITE)
    add(hazard_assessments, hazard_site=site, assessed_on="2021-04-01")
    with pytest.raises(Conflict) as refusal:
        delete_site(database, site)
    assert "is still used by hazard_assessments" in refusal.value.text("en")


def test_a_site_in_a_list_is_not_deleted(add, database):
    site = add(hazard_sites, **SITE)
    project(add, site)
    with pytest.raises(Conflict, match="remediation_projects"):
        delete_site(database, site)


def test_a_site_that_nothing_names_is_deleted(add, database):
    site = add(hazard_sites, **SITE)
    delete_site(database, site)
    assert database.scalar(sa.text("select count(*) from registers.hazard_sites")) == 0


PARCELS = Collection(
    id="parcels",
    title=ANY,
    description=ANY,
    published=True,
    geometry=GeometryType.POLYGON,
    geometry_required=True,
    rules=(
        CodePair("land_use_set", "land_use", (LAND_USE_2023, LAND_USE_GBT21010)),
        InOrder("least", "most"),
    ),
    fields=(
        Field(name="land_use_set", type=FieldType.TEXT, title=ANY),
        Field(name="land_use", type=FieldType.TEXT, title=ANY),
        Field(name="least", type=FieldType.INTEGER, title=ANY),
        Field(name="most", type=FieldType.INTEGER, title=ANY),
        Field(name='it\'s 100% "a:b" 名', type=FieldType.TEXT, title=ANY, max_length=2),
    ),
)
ODD = 'it\'s 100% "a:b" 名'
FIELD = "POLYGON((113 22,114 22,114 23,113 22))"


@pytest.fixture
def parcels(database) -> Collection:
    with database.ownership() as connection:
        publishing.create(connection, PARCELS)
    return PARCELS


@pytest.mark.parametrize(
    ("code_set", "code"),
    [
        ("land_use_2023", "0804"),
        ("land_use_gbt21010_2017", "0804"),
        ("land_use_2023", "080403"),
        (None, None),
    ],
)
def test_a_code_with_its_set_is_stored_and_so_is_none_of_both(add, parcels, code_set, code):
    assert add(parcels, geom=FIELD, land_use_set=code_set, land_use=code)


@pytest.mark.parametrize(
    ("code_set", "code"),
    [
        (None, "0804"),
        ("land_use_2023", None),
        ("land_use_gbt21010_2017", "080403"),
        ("land_use_2023", "0810"),
    ],
)
def test_a_code_without_its_set_or_of_the_other_set_is_refused(add, parcels, code_set, code):
    refusal = refused(add, parcels, geom=FIELD, land_use_set=code_set, land_use=code)
    assert refusal.parts["field"] == "land_use_set, land_use"


def test_a_required_geometry_must_be_given(add, parcels):
    assert refused(add, parcels).parts["field"] == "geom"


def test_numbers_are_kept_in_order_too(add, parcels):
    assert add(parcels, geom=FIELD, least=3, most=3)
    assert refused(add, parcels, geom=FIELD, least=4, most=3).parts["field"] == "least, most"


def test_a_field_name_with_quotes_percent_colon_and_chinese_is_a_column(add, parcels, database):
    add(parcels, geom=FIELD, **{ODD: "两字"})
    assert database.scalar(sa.select(tables().current(parcels).c[ODD])) == "两字"
    assert refused(add, parcels, geom=FIELD, **{ODD: "三个字"}).parts["field"] == ODD


LONG = "字段" * 10 + "abc"  # 63 bytes, the longest name a column can have


def test_constraints_on_the_longest_names_are_still_told_apart(add, database):
    long = Collection(
        id="l" * 44,
        title=ANY,
        description=ANY,
        published=True,
        fields=(
            Field(name=LONG, type=FieldType.TEXT, title=ANY, codes=REGISTER_KIND, max_length=5),
            Field(name=LONG[:-1] + "d", type=FieldType.TEXT, title=ANY, codes=TRIGGER),
        ),
    )
    with database.ownership() as connection:
        publishing.create(connection, long)
    refusal = refused(add, long, **{LONG: "risk_point"})
    assert "at most 5 characters" in refusal.text("en")
    assert refused(add, long, **{LONG: "a"}).parts["field"] == LONG
    assert refused(add, long, **{LONG[:-1] + "d": "a"}).parts["field"] == LONG[:-1] + "d"


def test_every_coded_field_of_every_collection_has_its_check():
    for collection in built_in_collections():
        names = {str(each.name) for each in tables().current(collection).constraints}
        for field in collection.fields:
            if field.codes:
                assert f"{collection.id}_{field.name}_code_check" in names


def test_a_changed_description_gives_a_changed_table():
    made = Tables()
    other = Collection(id="parcels", title=ANY, description=ANY, fields=(), published=True)
    assert ODD in made.current(PARCELS).c
    assert ODD not in made.current(other).c
    assert made.current(other) is made.current(other)
    assert HAZARD_TYPE_A.id not in made.metadata.tables
