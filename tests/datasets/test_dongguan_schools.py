"""Facilities, and the pairs of a hazard site and a school that the README states."""

from collections import Counter
from functools import cache

import pytest
import shapely
from demo_files import AS_OF, ELLIPSOID, active_sites, assessments_on, best, distance_m, rows
from pyproj import Transformer
from shapely.geometry import shape

from geoservice.domain.code_lists import SCHOOL_KINDS


def operating(facility: dict) -> bool:
    return facility["status"] == "operating" and (facility["opened_on"] or "") <= AS_OF


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
                metres = distance_m(best(site), school["campus"] or school["geom"])
                if metres <= 1000:
                    pairs.append((site, school, metres))
    return pairs


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
        nearest == pytest.approx(470, abs=0.5) and point == pytest.approx(520, abs=0.5)
        for nearest, point in rescued
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
    plane = Transformer.from_crs("EPSG:4490", "EPSG:4547", always_xy=True).transform
    found = []
    for site, school, metres in close_schools():
        if abs(metres - 500) > 0.01 or site["footprint"] or school["campus"]:
            continue
        one, other = shape(site["geom"]), shape(school["geom"])
        geodesic = ELLIPSOID.inv(one.x, one.y, other.x, other.y)[2]
        first, second = (shapely.transform(g, plane, interleaved=False) for g in (one, other))
        found.append((geodesic, first.distance(second)))
    assert len(found) == 1
    geodesic, planar = found[0]
    assert geodesic <= 500 < planar


def test_declared_threats_to_schools_agree_with_distance_at_some_sites_only():
    near = {s["site_no"] for s, school, metres in close_schools() if metres <= 500}
    declared = {n for n in active_sites() if "C" in assessments_on(AS_OF)[n]["threat_objects"]}
    assert declared & near
    assert declared - near
    assert near - declared
