import csv
import json
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
import shapely
from pyproj import Geod, Transformer
from shapely.geometry import shape

from geoservice.description.collection import CodePair, Collection, FieldType, InOrder
from geoservice.domain.code_lists import SCHOOL_KINDS
from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_assessments, hazard_sites, threat_grade
from geoservice.domain.places import towns, villages
from geoservice.domain.remediation import REMEDIATION_MEASURES, remediation_projects

FOLDER = Path(__file__).parents[2] / "datasets" / "dongguan"
FILES = {
    "towns.geojson": towns,
    "villages.csv": villages,
    "hazard_sites.geojson": hazard_sites,
    "hazard_assessments.csv": hazard_assessments,
    "facilities.geojson": facilities,
    "remediation_projects.csv": remediation_projects,
}
AS_OF = "2021-06-25"
FLOOD_PLAIN = {f"441900{n}" for n in ("005", 101, 102, 123, 124, 125, 126, 127, 128, 129)}


@cache
def rows(name: str) -> list[dict]:
    """The features of a file as a dictionary of fields; lists are lists, an empty cell is None."""
    path = FOLDER / name
    if path.suffix == ".geojson":
        features = json.loads(path.read_text("utf-8"))["features"]
        return [{"geom": f["geometry"], **f["properties"]} for f in features]
    many = {field.name for field in FILES[name].fields if field.many}
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {k: None if v == "" else v.split(";") if k in many else v for k, v in row.items()}
            for row in csv.DictReader(file)
        ]


def values(value: object) -> list:
    """A list as it is, nothing for None, else the value alone."""
    return value if isinstance(value, list) else [] if value is None else [value]


def registered(site: dict) -> bool:
    return (
        site["register_kind"] == "hidden_danger"
        and site["registered_on"] <= AS_OF
        and (site["cancelled_on"] is None or site["cancelled_on"] > AS_OF)
    )


def operating(facility: dict) -> bool:
    return facility["status"] == "operating" and (facility["opened_on"] or "") <= AS_OF


def active_sites() -> dict[str, dict]:
    return {site["site_no"]: site for site in rows("hazard_sites.geojson") if registered(site)}


def current_assessments() -> dict[str, dict]:
    ordered = sorted(rows("hazard_assessments.csv"), key=lambda row: row["assessed_on"])
    return {row["hazard_site"]: row for row in ordered if row["assessed_on"] <= AS_OF}


def distance_m(one: dict, other: dict) -> float:
    """Metres in an azimuthal equidistant projection around the first; to a millimetre at 1 km."""
    centre = shapely.centroid(shape(one))
    local = f"+proj=aeqd +lon_0={centre.x} +lat_0={centre.y} +ellps=GRS80 +type=crs"
    move = Transformer.from_crs("EPSG:4490", local, always_xy=True).transform
    first, second = (shapely.transform(shape(g), move, interleaved=False) for g in (one, other))
    return first.distance(second)


@cache
def close_schools() -> list[tuple[dict, dict, float]]:
    """Registered sites and all schools within 1 km of them, by the best geometries."""
    schools = [f for f in rows("facilities.geojson") if f["kind"] in SCHOOL_KINDS]
    pairs = []
    for site in active_sites().values():
        x, y = site["geom"]["coordinates"]
        for school in schools:
            east, north = school["geom"]["coordinates"]
            if abs(x - east) < 0.02 and abs(y - north) < 0.02:
                best = site["footprint"] or site["geom"], school["campus"] or school["geom"]
                metres = distance_m(*best)
                if metres <= 1000:
                    pairs.append((site, school, metres))
    return pairs


def test_the_script_writes_the_committed_files_byte_by_byte(tmp_path):
    script = FOLDER / "generate.py"
    subprocess.run([sys.executable, script, "--out", tmp_path], check=True)
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name


def test_all_files_together_stay_small():
    size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    assert size < 1_500_000


@pytest.mark.parametrize(("name", "collection"), FILES.items())
def test_a_file_has_exactly_the_fields_of_its_collection(name: str, collection: Collection):
    expected = [field.name for field in collection.fields]
    if name.endswith(".geojson"):
        expected.insert(0, "geom")
    assert all(list(row) == expected for row in rows(name))


@pytest.mark.parametrize(("name", "collection"), FILES.items())
def test_a_file_keeps_to_the_types_codes_and_bounds_of_its_fields(name, collection):
    for row in rows(name):
        for field in collection.fields:
            given = values(row[field.name])
            assert field.nullable or given, (name, field.name)
            assert len(set(map(str, given))) == len(given)
            for value in given:
                if field.codes:
                    assert value in field.codes, (name, field.name, value)
                if field.max_length:
                    assert len(value) <= field.max_length
                if field.type is FieldType.DATE:
                    assert date.fromisoformat(value).isoformat() == value
                if field.minimum is not None:
                    assert Decimal(str(value)) >= field.minimum
                if field.maximum is not None:
                    assert Decimal(str(value)) <= field.maximum
                if field.type is FieldType.BOOLEAN:
                    assert isinstance(value, bool)
                if field.type in (FieldType.INTEGER, FieldType.LONG):
                    assert re.fullmatch(r"\d+", str(value))


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


@pytest.mark.parametrize(("name", "collection"), FILES.items())
def test_a_business_key_appears_once(name: str, collection: Collection):
    keys = Counter(tuple(row[field] for field in collection.key) for row in rows(name))
    assert [key for key, count in keys.items() if count > 1] == []


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".geojson")])
def test_geometries_are_valid_typed_rounded_and_inside_the_region(name: str):
    collection = FILES[name]
    for row in rows(name):
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
                assert round(coordinate, 6) == coordinate


def test_names_of_invented_things_say_that_they_are_synthetic():
    for name in ("hazard_sites.geojson", "facilities.geojson", "remediation_projects.csv"):
        assert all("示例" in row["name"] and "合成" in row["name"] for row in rows(name))
    assert all(row["name_en"].endswith("(synthetic)") for row in rows("facilities.geojson"))
    assert all("合成" in row["assessor"] for row in rows("hazard_assessments.csv"))
    for name in ("hazard_sites.geojson", "facilities.geojson"):
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


def test_points_lie_in_the_town_that_they_name():
    areas = {row["code"]: shape(row["geom"]) for row in rows("towns.geojson") if row["geom"]}
    for name in ("hazard_sites.geojson", "facilities.geojson"):
        assert all(areas[row["town_code"]].contains(shape(row["geom"])) for row in rows(name))


def test_references_name_features_that_exist():
    numbers = {row["site_no"] for row in rows("hazard_sites.geojson")}
    assert {row["hazard_site"] for row in rows("hazard_assessments.csv")} == numbers
    for row in rows("remediation_projects.csv"):
        assert set(row["hazard_sites"]) <= numbers
    codes = {row["code"] for row in rows("villages.csv")}
    for row in rows("hazard_sites.geojson"):
        assert row["village_code"] is None or row["village_code"] in codes
        assert row["village_code"] is None or row["village_code"].startswith(row["town_code"])


def test_114_hazard_sites_are_registered_on_the_day_of_the_interview():
    sites = active_sites().values()
    assert len(sites) == 114
    assert all(site["cancelled_on"] is None for site in sites)
    assert any(site["registered_on"] == AS_OF for site in sites)
    assert Counter(site["type_code"] for site in sites) == {"02": 59, "01": 7, "00": 48}
    kinds = Counter(site["register_kind"] for site in rows("hazard_sites.geojson"))
    assert kinds == {"hidden_danger": 114 + 9, "risk_point": 37}
    cancelled = [s for s in rows("hazard_sites.geojson") if s["cancelled_on"]]
    assert len(cancelled) == 9
    assert all(site["cancelled_on"] < AS_OF for site in cancelled)


def test_current_assessments_add_up_to_the_scaled_published_totals():
    current = current_assessments()
    registers = {
        "hidden_danger": (405, Decimal("3581.58"), {"medium": 8, "low": 106}),
        "risk_point": (559, Decimal(4333), {"high": 2, "medium": 11, "low": 24}),
    }
    for kind, (people, assets, risks) in registers.items():
        latest = [
            current[site["site_no"]]
            for site in rows("hazard_sites.geojson")
            if site["register_kind"] == kind and site["cancelled_on"] is None
        ]
        assert sum(int(row["threatened_people"]) for row in latest) == people
        assert sum(Decimal(row["threatened_assets_wan"] or 0) for row in latest) == assets
        assert Counter(row["risk_level"] for row in latest) == risks
        assert all(row["assessed_on"][:7] == "2021-04" for row in latest)
        assert {row["inspection"] for row in latest} == {"before_flood_season"}


def test_declared_grades_disagree_with_computed_ones_at_few_sites():
    differ, incomplete = 0, 0
    for number in active_sites():
        row = current_assessments()[number]
        assets = row["threatened_assets_wan"]
        grade = threat_grade(int(row["threatened_people"]), Decimal(assets) if assets else None)
        assert grade
        differ += grade.code != row["threat_grade_declared"]
        incomplete += not grade.complete
    assert (differ, incomplete) == (2, 2)


def test_no_site_lies_in_the_flood_plain_and_five_towns_hold_most():
    by_town = Counter(site["town_code"] for site in active_sites().values())
    everywhere = {site["town_code"] for site in rows("hazard_sites.geojson")}
    assert not everywhere & FLOOD_PLAIN
    top = [code for code, _ in by_town.most_common(5)]
    assert top == [f"441900{n}" for n in ("121", "117", "118", "003", "119")]
    assert sum(by_town[code] for code in top) > 114 / 2


def test_site_numbers_have_twelve_digits_and_two_keep_the_digits_of_an_old_type():
    sites = rows("hazard_sites.geojson")
    assert all(re.fullmatch(r"441900\d{6}", site["site_no"]) for site in sites)
    assert sum(site["site_no"][6:8] != site["type_code"] for site in sites) == 2


def test_one_site_number_is_also_the_code_of_a_village():
    numbers = {site["site_no"] for site in rows("hazard_sites.geojson")}
    assert numbers & {row["code"] for row in rows("villages.csv")} == {"441900003001"}


def test_positions_vary_in_method_and_accuracy():
    expected = {"gnss": {1, 1.5, 2, 3, 5}, "map": {30}, "address": {100}, "village_centre": {300}}
    for site in rows("hazard_sites.geojson"):
        accuracies = expected.get(site["location_method"], {None})
        assert site["location_accuracy_m"] in accuracies
    assert len({site["location_method"] for site in active_sites().values()}) == 5
    with_outline = sum(site["footprint"] is not None for site in active_sites().values())
    assert 20 <= with_outline <= 94


def test_every_registered_site_has_one_project_and_the_funds_add_up_to_the_last_fen():
    projects = rows("remediation_projects.csv")
    treated = Counter(number for row in projects for number in row["hazard_sites"])
    assert treated == dict.fromkeys(active_sites(), 1)
    assert len(projects) == 110
    assert sum(len(row["hazard_sites"]) == 2 for row in projects) == 4
    assert sum(int(row["funds_secured_fen"]) for row in projects) == 9_580_000_000
    assert {row["measure"] for row in projects} == set(REMEDIATION_MEASURES)
    assert Counter(row["measure"] for row in projects)["D"] > len(projects) / 2


def test_the_dates_of_a_project_agree_with_its_status():
    stages = ["measure_set", "design", "in_works", "completed", "accepted"]
    dates = ["measure_set_on", "design_on", "works_on", "completed_on", "accepted_on"]
    sites = active_sites()
    for row in rows("remediation_projects.csv"):
        reached = stages.index(row["status"]) + 1
        actual = [row[name] for name in dates[:reached]]
        assert actual == sorted(actual)
        assert all(day <= AS_OF for day in actual)
        assert all(sites[number]["registered_on"] <= actual[0] for number in row["hazard_sites"])
        assert all(row[name] is None for name in dates[reached:])
        assert (row["acceptance_document"] is None) == (row["status"] != "accepted")
    assert {row["status"] for row in rows("remediation_projects.csv")} == set(stages)


def test_every_town_has_each_group_of_facilities():
    for town in rows("towns.geojson"):
        kinds = Counter(
            f["kind"]
            for f in rows("facilities.geojson")
            if f["town_code"] == town["code"] and f["status"] == "operating"
        )
        if town["geom"] is None:
            assert not kinds
            continue
        assert kinds["kindergarten"] >= 2
        for kind in ("primary_school", "junior_school", "hospital", "primary_care", "elderly_care"):
            assert kinds[kind] >= 1
        assert kinds["senior_school"] + kinds["nine_year_school"] >= 1
        assert kinds["bus_station"] + kinds["station"] >= 1


def test_the_status_of_a_facility_agrees_with_its_dates():
    for row in rows("facilities.geojson"):
        if row["status"] in ("planned", "under_construction"):
            assert row["opened_on"] is None
        assert (row["closed_on"] is not None) == (row["status"] == "closed")
        if row["campus"]:
            assert shape(row["campus"]).contains(shape(row["geom"]))
            assert distance_m(row["campus"], row["entrance"]) < 0.5


def test_43_pairs_of_a_site_and_an_operating_school_lie_within_500_metres():
    pairs = [p for p in close_schools() if p[2] <= 500 and operating(p[1])]
    assert len(pairs) == 43
    per_site = Counter(site["site_no"] for site, _, _ in pairs)
    assert max(per_site.values()) >= 2
    assert any(site["town_code"] != school["town_code"] for site, school, _ in pairs)


def test_pairs_are_certain_possible_or_of_unknown_accuracy():
    certain, possible, unknown = 0, 0, 0
    for site, school, metres in close_schools():
        accuracies = site["location_accuracy_m"], school["location_accuracy_m"]
        if not operating(school):
            continue
        if None in accuracies:
            unknown += metres <= 500
        else:
            certain += metres + sum(accuracies) <= 500
            possible += metres - sum(accuracies) <= 500 < metres + sum(accuracies)
    assert certain >= 25
    assert possible >= 4
    assert unknown >= 1


def test_planned_closed_and_unfinished_schools_stand_near_sites():
    near = {school["status"] for _, school, metres in close_schools() if metres <= 500}
    assert near == {"operating", "planned", "closed", "under_construction"}


def test_a_footprint_brings_a_site_within_500_metres_that_its_point_does_not():
    rescued = [
        (metres, distance_m(site["geom"], school["geom"]))
        for site, school, metres in close_schools()
        if metres <= 500 and site["footprint"] and not school["campus"]
    ]
    assert any(
        best == pytest.approx(470, abs=0.5) and point == pytest.approx(520, abs=0.5)
        for best, point in rescued
    )


def test_the_four_steps_of_certainty_lie_around_one_site():
    around = sorted(
        metres
        for site, school, metres in close_schools()
        if site["location_accuracy_m"] == 30
        and school["location_accuracy_m"] == 1
        and site["site_no"] == "441900020008"
    )
    assert around == pytest.approx([460, 480, 525, 532], abs=0.1)


def test_one_school_is_within_500_metres_on_the_ellipsoid_but_not_on_the_plane():
    ellipsoid = Geod(ellps="GRS80")
    plane = Transformer.from_crs("EPSG:4490", "EPSG:4547", always_xy=True).transform
    found = []
    for site, school, metres in close_schools():
        if abs(metres - 500) > 0.01 or site["footprint"] or school["campus"]:
            continue
        one, other = shape(site["geom"]), shape(school["geom"])
        geodesic = ellipsoid.inv(one.x, one.y, other.x, other.y)[2]
        first, second = (shapely.transform(g, plane, interleaved=False) for g in (one, other))
        found.append((geodesic, first.distance(second)))
    assert len(found) == 1
    geodesic, planar = found[0]
    assert geodesic <= 500 < planar


def test_declared_threats_to_schools_agree_with_distance_at_some_sites_only():
    near = {s["site_no"] for s, school, metres in close_schools() if metres <= 500}
    declared = {n for n in active_sites() if "C" in current_assessments()[n]["threat_objects"]}
    assert declared & near
    assert declared - near
    assert near - declared
