"""Reserves, zones, plans and what lies on them by mistake: every case that the README promises.

Areas are geodesic by pyproj, distances in a projection around each site: no part of how the service
measures.
"""

from collections import Counter
from decimal import Decimal
from functools import cache

import pytest
from demo_files import (
    area_m2,
    best,
    by_key,
    distance_m,
    is_in_force,
    rows,
    stays,
    town_code,
)
from shapely import STRtree
from shapely.geometry import shape

KINDS = {  # 20 km² in all; how the published total splits is stated by the README
    "education": 8_200_000,
    "transport": 6_400_000,
    "medical": 3_200_000,
    "elderly_care": 2_200_000,
}
MU_M2 = 10_000 / 15


def reserves() -> dict[str, dict]:
    return by_key("land_reserves.geojson", "reserve_no")


def counted(reserve: dict) -> bool:
    """Whether it is new public-service land: since 2021, still planned, not embedded in housing."""
    built_before = (reserve["supplied_on"] or "9") < "2021-01-01"
    return reserve["status"] != "cancelled" and not reserve["is_embedded"] and not built_before


def overlap_m2(one: dict, other: dict) -> float:
    return area_m2(shape(one["geom"]).intersection(shape(other["geom"])))


@cache
def risky() -> dict[tuple[str, str], float]:
    """Pairs of a reserve and a zone in force whose shapes meet, with the square metres they share."""
    zones = [z for z in rows("risk_zones.geojson") if z["withdrawn_on"] is None]
    return {
        (number, zone["zone_no"]): overlap_m2(reserve, zone)
        for number, reserve in reserves().items()
        for zone in zones
        if shape(reserve["geom"]).intersects(shape(zone["geom"]))
    }


# Totals


@pytest.mark.parametrize("kind", KINDS)
def test_the_reserves_of_a_kind_add_up_to_its_share_of_the_target(kind: str):
    those = [r for r in reserves().values() if r["purpose_kind"] == kind and counted(r)]
    assert sum(area_m2(r["geom"]) for r in those) == pytest.approx(KINDS[kind], rel=0.005)
    target = by_key("targets.csv", "purpose_kind")[kind]
    assert Decimal(target["value_m2"]) == KINDS[kind]


def test_all_reserves_add_up_to_the_20_square_kilometres_of_the_target():
    measured = sum(area_m2(r["geom"]) for r in reserves().values() if counted(r))
    assert sum(KINDS.values()) == 20_000_000
    assert measured == pytest.approx(20_000_000, rel=0.005)
    (target,) = [t for t in rows("targets.csv") if t["purpose_kind"] is None]
    assert (target["value_m2"], target["tolerance_pct"]) == ("20000000.00", "5.00")
    assert (target["base_year"], target["end_year"]) == ("2021", "2035")


def test_reserves_are_in_every_state_and_town_and_their_days_end_in_2026():
    states = Counter(r["status"] for r in reserves().values())
    assert set(states) == {"intended", "planned", "approved", "supplied", "built", "cancelled"}
    assert states["cancelled"] == 1
    towns = {row["code"] for row in rows("towns.geojson") if row["geom"]}
    assert {r["town_code"] for r in reserves().values()} >= {*towns} - {town_code("莞城")}
    days = [r[f] for r in reserves().values() for f in r if f.endswith("_on") and r[f]]
    assert max(days) < "2026-07-01"
    assert sum(day >= "2021-01-01" for day in days) == len(days) - 5  # five of what is older


def test_reserves_overlap_each_other_only_on_purpose():
    every = list(reserves().values())
    shapes = [shape(reserve["geom"]) for reserve in every]
    pairs = STRtree(shapes).query(shapes, "intersects").T.tolist()
    by_pair = {
        (every[one]["reserve_no"], every[other]["reserve_no"]): overlap_m2(every[one], every[other])
        for one, other in pairs
        if one < other
    }
    assert set(by_pair) == {
        ("SYN-YL-JY-004", "SYN-YL-JT-002"),
        ("SYN-YL-JT-003", "SYN-YL-YL-003"),
    }
    assert by_pair["SYN-YL-JY-004", "SYN-YL-JT-002"] == pytest.approx(20_000, rel=0.001)


def test_no_reserve_lies_on_farmland_or_beyond_the_growth_boundary():
    lines = rows("control_lines.geojson")
    inside = {r["line_no"][-3:]: shape(r["geom"]) for r in lines if "KFBJ" in r["line_no"]}
    others = [shape(r["geom"]) for r in lines if "KFBJ" not in r["line_no"]]
    for reserve in reserves().values():
        geometry = shape(reserve["geom"])
        assert inside[reserve["town_code"][-3:]].contains(geometry)
        assert not any(geometry.intersects(other) for other in others)


def test_the_growth_boundary_stays_below_its_published_limit():
    areas: Counter = Counter()
    for row in rows("control_lines.geojson"):
        areas[row["kind"]] += area_m2(row["geom"]) / 1e6
    assert 1400 < areas["urban_growth_boundary"] <= 1433.37  # 国函〔2025〕15号
    assert areas["permanent_basic_farmland"] >= 66.67  # 10 万亩
    assert areas["ecological_red_line"] > 100


# Cases of reserves and hazards


def test_one_reserve_lies_on_a_zone_of_high_risk_by_35_per_cent():
    (pair,) = [pair for pair in risky() if pair[0] == "SYN-YL-JY-001"]
    reserve = reserves()["SYN-YL-JY-001"]
    assert by_key("risk_zones.geojson", "zone_no")[pair[1]]["risk_level"] == "high"
    assert risky()[pair] / area_m2(reserve["geom"]) == pytest.approx(0.35, abs=0.001)
    assert reserve["status"] == "planned"


def test_one_reserve_only_touches_a_zone():
    ((_, zone),) = [pair for pair in risky() if pair[0] == "SYN-YL-YL-001"]
    one = shape(reserves()["SYN-YL-YL-001"]["geom"])
    other = shape(by_key("risk_zones.geojson", "zone_no")[zone]["geom"])
    assert one.touches(other)
    assert one.intersection(other).area == 0
    assert one.intersection(other).length > 0


def test_one_reserve_overlaps_a_zone_by_a_sliver_below_both_tolerances():
    (shared,) = [metres for pair, metres in risky().items() if pair[0] == "SYN-YL-YLA-001"]
    assert 0.3 < shared < 1  # 1 m²
    assert shared < 0.001 * area_m2(reserves()["SYN-YL-YLA-001"]["geom"])  # 0.1 %


def test_one_reserve_was_supplied_inside_a_zone_and_one_lies_on_a_zone_of_low_risk():
    zones = by_key("risk_zones.geojson", "zone_no")
    supplied, low = reserves()["SYN-YL-JY-002"], reserves()["SYN-YL-JT-001"]
    ((_, zone),) = [pair for pair in risky() if pair[0] == "SYN-YL-JY-002"]
    assert shape(zones[zone]["geom"]).contains(shape(supplied["geom"]))
    assert (supplied["status"], zones[zone]["risk_level"]) == ("supplied", "medium")
    ((_, zone),) = [pair for pair in risky() if pair[0] == "SYN-YL-JT-001"]
    assert zones[zone]["risk_level"] == "low"
    assert risky()["SYN-YL-JT-001", zone] == pytest.approx(area_m2(low["geom"]) / 2, rel=0.001)


def test_no_other_reserve_meets_a_risk_zone():
    assert {reserve for reserve, _ in risky()} == {
        *("SYN-YL-JY-001", "SYN-YL-JY-002", "SYN-YL-JT-001"),
        *("SYN-YL-YL-001", "SYN-YL-YLA-001"),
    }


def near_sites() -> dict[tuple[str, str], float]:
    """Reserves and sites, registered or not, within 500 m of each other."""
    sites = rows("hazard_sites.geojson")
    tree = STRtree([shape(best(site)) for site in sites])
    found = {}
    for number, reserve in reserves().items():
        for at in tree.query(shape(reserve["geom"]), "dwithin", 0.006):  # degrees, 600 m and more
            metres = distance_m(best(sites[at]), reserve["geom"])
            if metres <= 500:
                found[number, sites[at]["site_no"]] = metres
    return found


def test_three_reserves_lie_near_a_site_each_in_its_own_way():
    near = near_sites()
    assert {reserve for reserve, _ in near} == {"SYN-YL-YL-002", "SYN-YL-JY-003", "SYN-YL-YLA-002"}
    sites = by_key("hazard_sites.geojson", "site_no")
    of = {reserve: sites[site] for reserve, site in near}
    metres = {reserve: each for (reserve, _), each in near.items()}

    plain = of["SYN-YL-YL-002"]  # neither footprint nor zone: only its distance says something
    assert (plain["footprint"], plain["influence_zone"]) == (None, None)
    assert metres["SYN-YL-YL-002"] == pytest.approx(180, abs=0.1)

    zoned = of["SYN-YL-JY-003"]  # its influence zone reaches onto the reserve
    zone = shape(zoned["influence_zone"])
    assert area_m2(zone.intersection(shape(reserves()["SYN-YL-JY-003"]["geom"]))) > 100
    assert zoned["cancelled_on"] is None

    gone = of["SYN-YL-YLA-002"]  # cancelled before the reserve was intended
    assert metres["SYN-YL-YLA-002"] == pytest.approx(60, abs=0.1)
    assert gone["cancelled_on"] < reserves()["SYN-YL-YLA-002"]["intended_on"]
    assert [stay[3] for stay in stays(gone)] == ["cancelled"]


# Other cases of reserves


def test_land_that_changed_its_use_is_reserved_once_on_any_day():
    before, after = reserves()["SYN-YL-JT-003"], reserves()["SYN-YL-YL-003"]
    assert before["geom"] == after["geom"]
    for day in ("2022-01-01", "2023-05-09", "2023-05-10", "2024-01-01"):
        both = [is_in_force(row, "intended_on", "cancelled_on", day) for row in (before, after)]
        assert sum(both) == 1


def test_one_reserve_is_older_than_the_base_year():
    old = [r for r in reserves().values() if (r["built_on"] or "9") < "2021"]
    assert [r["reserve_no"] for r in old] == ["SYN-YL-JY-005"]


def test_one_declared_area_is_eight_per_cent_too_large_and_all_others_agree():
    wrong = {
        number: float(r["area_declared_m2"]) / area_m2(r["geom"])
        for number, r in reserves().items()
        if abs(float(r["area_declared_m2"]) - area_m2(r["geom"])) > 1
    }
    assert wrong == {"SYN-YL-JY-006": pytest.approx(1.08, abs=1e-4)}


def test_one_reserve_has_two_parts():
    parts = {number: len(r["geom"]["coordinates"]) for number, r in reserves().items()}
    assert {number for number, count in parts.items() if count > 1} == {"SYN-YL-JY-007"}


def test_embedded_facilities_are_flagged_and_have_the_code_of_community_services():
    embedded = [r for r in reserves().values() if r["is_embedded"]]
    assert len(embedded) == 6
    assert {r["land_use_code"] for r in embedded} == {"0702"}
    assert all((r["land_use_code"] == "0702") == r["is_embedded"] for r in reserves().values())


def test_reserves_stand_in_towns_that_nobody_surveyed_for_risk_zones():
    unsurveyed = {
        row["town_code"]
        for row in rows("coverage_statements.geojson")
        if row["dataset"] == "risk_zones" and row["status"] == "none"
    }
    assert unsurveyed == {town_code("谢岗"), town_code("黄江")}
    assert not unsurveyed & {zone["town_code"] for zone in rows("risk_zones.geojson")}
    assert unsurveyed <= {r["town_code"] for r in reserves().values()}


def test_an_approved_reserve_has_a_parcel_of_the_same_shape():
    parcels = by_key("land_parcels.geojson", "parcel_no")
    for reserve in reserves().values():
        expected = reserve["approved_on"] and not reserve["is_embedded"]
        assert bool(reserve["land_parcel"]) == bool(expected)
        if reserve["land_parcel"]:
            parcel = parcels[reserve["land_parcel"]]
            assert parcel["geom"] == reserve["geom"]
            assert parcel["land_use_code"] == reserve["land_use_code"]
    sets = Counter(p["land_use_set"] for p in parcels.values())
    assert set(sets) == {"land_use_2023", "land_use_gbt21010_2017"}


# Education projects, zones, plans, coverage


def test_244_education_projects_have_priority():
    projects = rows("education_projects.geojson")
    assert len(projects) == 244
    assert all(project["is_priority"] for project in projects)
    stages = {stage for project in projects for stage in project["stages"]}
    assert stages == {"kindergarten", "primary", "junior", "senior"}
    assert any(project["stages"] == ["primary", "junior"] for project in projects)


def test_the_land_of_an_education_project_is_in_the_state_of_its_reserve():
    expected = {
        "intended": "reserved", "planned": "reserved", "approved": "approved",
        "supplied": "supplied", "built": "supplied",
    }  # fmt: skip
    on_land = Counter()
    for project in rows("education_projects.geojson"):
        if project["land_reserve"]:
            reserve = reserves()[project["land_reserve"]]
            assert project["land_status"] == expected[reserve["status"]]
            assert shape(reserve["geom"]).buffer(1e-6).contains(shape(project["geom"]))
            on_land[project["land_reserve"]] += 1
        else:
            assert project["land_status"] in ("lacking", "not_needed")
        assert (project["facility"] is not None) == (project["land_status"] == "not_needed")
    assert sum(count == 2 for count in on_land.values()) == 8


def test_some_education_projects_lack_land_a_place_or_known_seats():
    projects = rows("education_projects.geojson")
    lacking = [p for p in projects if p["land_status"] == "lacking"]
    assert len(lacking) == 34
    assert sum(p["geom"] is None for p in lacking) == 12
    unknown = [
        p
        for p in projects
        if all(p[f"seats_{s}"] is None for s in ("kindergarten", "primary", "junior", "senior"))
    ]
    assert len(unknown) == 22
    assert sum(p["status"] == "cancelled" for p in projects) == 2


def test_an_education_project_stands_on_the_reserve_in_conflict():
    on = {project["land_reserve"] for project in rows("education_projects.geojson")}
    assert {"SYN-YL-JY-001", "SYN-YL-JY-002", "SYN-YL-JY-003"} <= on


def test_ten_zones_reach_1000_mu_one_barely_and_one_only_with_both_parts():
    found = {row["zone_no"]: area_m2(row["geom"]) / MU_M2 for row in rows("zones.geojson")}
    assert len(found) == 10
    assert all(mu >= 1000 for mu in found.values())
    assert {row["kind"] for row in rows("zones.geojson")} == {"industry_city"}
    assert min(found.values()) == pytest.approx(1000.5, abs=0.05)
    (split,) = [row for row in rows("zones.geojson") if len(row["geom"]["coordinates"]) > 1]
    parts = [area_m2(part) / MU_M2 for part in shape(split["geom"]).geoms]
    assert max(parts) < 1000 <= sum(parts)


def test_some_towns_and_pilot_villages_have_no_plan_in_force():
    plans = rows("plans.geojson")
    levels = Counter((plan["level"], plan["status"]) for plan in plans)
    assert levels["city", "in_force"] == levels["city", "repealed"] == 1
    planned = {p["town_code"] for p in plans if p["level"] == "town" and p["status"] == "in_force"}
    assert len(planned) == 32 - 4 - 4
    assert {town_code(n) for n in ("石龙", "洪梅", "望牛墩", "高埗")}.isdisjoint(
        p["town_code"] for p in plans if p["level"] == "town"
    )
    pilots = [p for p in plans if p["level"] == "pilot_village"]
    assert len(pilots) == 14
    assert all(p["is_pilot"] and p["village_code"] for p in pilots)
    assert sum(p["status"] == "in_force" for p in pilots) == 9
    assert all((p["geom"] is None) == (p["status"] == "drafting") for p in pilots)


def test_coverage_says_complete_partial_none_and_unknown():
    statements = rows("coverage_statements.geojson")
    states = {(s["dataset"], s["town_code"]): s["status"] for s in statements if not s["geom"]}
    towns = [row for row in rows("towns.geojson") if row["kind"] != "park"]
    parks = [row["code"] for row in rows("towns.geojson") if row["kind"] == "park"]
    assert all(states["hazard_sites", town["code"]] == "complete" for town in towns)
    partly = [town["name"] for town in towns if states["facilities", town["code"]] == "partial"]
    assert partly == ["沙田镇"]
    assert all(states["land_reserves", town["code"]] == "complete" for town in towns)
    assert states["control_lines", None] == "partial"
    assert all(status == "unknown" for (_, town), status in states.items() if town in parks)
    (drawn,) = [s for s in statements if s["geom"]]
    assert (drawn["dataset"], drawn["status"]) == ("risk_zones", "partial")
