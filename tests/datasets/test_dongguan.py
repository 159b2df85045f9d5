"""The demonstration files keep to the descriptions of their collections, and can be made again."""

import json
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import combinations

import pytest
import shapely
from demo_files import FILE_OF, FILES, FOLDER, LEDGER_FILE, given_fields, rows
from shapely.geometry import shape

from geoservice.description.collection import (
    CodePair,
    Collection,
    Field,
    FieldType,
    Given,
    InOrder,
    Steps,
)

PARCELS = {"land_parcels", "land_reserves", "quota_parcels", "zones", "plans", "risk_zones"}
"""What is surveyed to the centimetre, so that its area is right."""


def values(value: object) -> list:
    """A list as it is, nothing for None, else the value alone."""
    return value if isinstance(value, list) else [] if value is None else [value]


def check_type(field: Field, value: object) -> None:
    match field.type:
        case FieldType.DATE:
            assert date.fromisoformat(str(value)).isoformat() == value
        case FieldType.BOOLEAN:
            assert isinstance(value, bool) or value in ("true", "false")
        case FieldType.INTEGER | FieldType.LONG:
            assert re.fullmatch(r"-?\d+", str(value))


def test_the_script_writes_the_committed_files_byte_by_byte(tmp_path):
    script = FOLDER / "generate.py"
    subprocess.run([sys.executable, "-B", script, "--out", tmp_path], check=True)
    assert {path.name for path in tmp_path.iterdir()} == {*FILES, LEDGER_FILE}
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (FOLDER / path.name).read_bytes(), path.name


def test_the_readme_states_how_many_features_each_file_has():
    stated = {}
    for line in (FOLDER / "README.md").read_text("utf-8").splitlines():
        if row := re.match(r"\| (`[^|]+`) \| (\d[\d, ]*) \|", line):
            names, counts = re.findall(r"`([^`]+)`", row[1]), row[2].split(", ")
            stated |= dict(zip(names, map(int, counts), strict=True))
    named = {name: count for name, count in stated.items() if not name.startswith("inputs/")}
    assert named == {name: len(rows(name)) for name in (*FILES, LEDGER_FILE)}


def test_all_files_together_stay_small():
    files = (path for path in FOLDER.rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert sum(path.stat().st_size for path in files) < 2_000_000


@pytest.mark.parametrize(("name", "collection"), FILES.items())
def test_a_file_has_exactly_the_fields_of_its_collection(name: str, collection: Collection):
    expected = given_fields(collection)
    if name.endswith(".geojson"):
        expected.insert(0, "geom")
    assert all(list(row) == expected for row in rows(name))


@pytest.mark.parametrize(("name", "collection"), FILES.items())
def test_a_file_keeps_to_the_types_codes_and_bounds_of_its_fields(name, collection):
    fields = [collection.by_name[field] for field in given_fields(collection)]
    for row in rows(name):
        for field in fields:
            given = values(row[field.name])
            assert field.nullable or given, (name, field.name)
            assert len(set(map(str, given))) == len(given)
            for value in given:
                check_type(field, value)
                if field.codes:
                    assert value in field.codes, (name, field.name, value)
                if field.max_length:
                    assert len(value) <= field.max_length
                if field.minimum is not None:
                    assert Decimal(str(value)) >= field.minimum
                if field.maximum is not None:
                    assert Decimal(str(value)) <= field.maximum


@pytest.mark.parametrize(("name", "collection"), FILES.items())
def test_a_file_keeps_the_rules_of_its_collection(name: str, collection: Collection):
    for row in rows(name):
        for rule in collection.rules:
            match rule:
                case InOrder(first, second):
                    one, other = row[first], row[second]
                    assert one is None or other is None or one <= other, (row, rule)
                case CodePair(code_set, code, lists):
                    codes = {code_list.id: code_list for code_list in lists}
                    assert row[code] in codes[row[code_set]]
                case Given(when, field, value):
                    if all(row[each] in allowed for each, allowed in when):
                        assert row[field] is not None, (row, rule)
                        assert value is None or str(row[field]).lower() == str(value).lower()
                case Steps(field, allowed):
                    known = {code for start, ends in allowed for code in (start, *ends)}
                    assert row[field] in known


@pytest.mark.parametrize(("name", "collection"), FILES.items())
def test_a_business_key_appears_once(name: str, collection: Collection):
    keys = Counter(tuple(row[field] for field in collection.key) for row in rows(name))
    assert [key for key, count in keys.items() if count > 1] == []


@pytest.mark.parametrize(("name", "collection"), FILES.items())
def test_references_name_features_that_exist(name: str, collection: Collection):
    for field in collection.fields:
        if field.refers_to is None:
            continue
        other = FILES[FILE_OF[field.refers_to.collection]]
        target = field.refers_to.field
        if target == "uid":  # named by the part of the key that has no default
            target = next(key for key in other.key if other.by_name[key].default is None)
        known = {row[target] for row in rows(FILE_OF[other.id])}
        for row in rows(name):
            assert {*values(row[field.name])} <= known, (name, field.name)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".geojson")])
def test_geometries_are_valid_typed_rounded_and_inside_the_region(name: str):
    collection = FILES[name]
    decimals = 7 if collection.id in PARCELS else 6
    for row in rows(name):
        assert row["geom"] or not collection.geometry_required
        for column in collection.geometry_fields:
            if row[column] is None:
                continue
            geometry = shape(row[column])
            assert geometry.is_valid
            assert not geometry.is_empty
            assert geometry.geom_type == collection.geometry_type(column)
            west, south, east, north = geometry.bounds
            assert 113.4 <= west <= east <= 114.4
            assert 22.5 <= south <= north <= 23.3
            for coordinate in shapely.get_coordinates(geometry).ravel().tolist():
                assert round(coordinate, decimals) == coordinate


IN_TWO_TOWNS = {"quota_parcels.geojson": 1, "risk_zones.geojson": 1}
"""A parcel across a border, on purpose; and the zone around the site that stands 130 m from one."""

OFFICIAL = ("towns.geojson", "villages.csv")


@pytest.mark.parametrize("name", [name for name in FILES if name not in OFFICIAL])
def test_names_of_invented_things_say_that_they_are_synthetic(name: str):
    for row in rows(name):
        for field in ("name", "assessor", "stated_by", "project_name", "document_no"):
            assert "合成" in (row.get(field) or "合成"), row
        assert "synthetic" in (row.get("name_en") or "synthetic")
    if name.endswith(".geojson"):
        assert "SYNTHETIC" in json.loads((FOLDER / name).read_text("utf-8"))["description"]


def test_towns_and_villages_are_the_official_list():
    kinds = Counter(row["kind"] for row in rows("towns.geojson"))
    assert kinds == {"town": 28, "subdistrict": 4, "park": 4}
    kinds = Counter(row["kind"] for row in rows("villages.csv"))
    assert kinds == {
        "village": 350,
        "community": 249,
        "virtual_community": 4,
        "living_area": 6,
    }
    codes = {row["code"] for row in rows("towns.geojson")}
    assert {row["town_code"] for row in rows("villages.csv")} == codes
    assert all(row["code"].startswith(row["town_code"]) for row in rows("villages.csv"))


def test_schematic_areas_cover_the_city_once_and_parks_have_none():
    areas = [shape(row["geom"]) for row in rows("towns.geojson") if row["geom"]]
    without = {row["kind"] for row in rows("towns.geojson") if row["geom"] is None}
    assert without == {"park"}
    assert len(areas) == 32
    assert all(one.intersection(other).area == 0 for one, other in combinations(areas, 2))
    assert shapely.union_all(areas).geom_type == "Polygon"


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, collection in FILES.items()
        if name.endswith(".geojson") and collection.town and collection.town != "code"
    ],
)
def test_features_lie_in_the_town_that_they_name(name: str):
    areas = {row["code"]: shape(row["geom"]) for row in rows("towns.geojson") if row["geom"]}
    across = 0
    for row in rows(name):
        if row["geom"] is None or row["town_code"] is None:
            continue
        geometry = shape(row["geom"])
        assert areas[row["town_code"]].contains(geometry.representative_point()), row
        across += not areas[row["town_code"]].buffer(1e-6).contains(geometry)
    assert across == IN_TWO_TOWNS.get(name, 0)


def test_villages_belong_to_the_town_that_is_named_with_them():
    for name, collection in FILES.items():
        if "village_code" in collection.by_name:
            for row in rows(name):
                assert (row["village_code"] or row["town_code"] or "").startswith(
                    row["town_code"] or ""
                )


def test_site_numbers_have_twelve_digits_and_two_keep_the_digits_of_an_old_type():
    sites = rows("hazard_sites.geojson")
    assert all(re.fullmatch(r"441900\d{6}", site["site_no"]) for site in sites)
    assert sum(site["site_no"][6:8] != site["type_code"] for site in sites) == 2


def test_one_site_number_is_also_the_code_of_a_village():
    numbers = {site["site_no"] for site in rows("hazard_sites.geojson")}
    assert numbers & {row["code"] for row in rows("villages.csv")} == {"441900003001"}
