"""Question 1 on the demo data: the service's answer beside one computed without it, and published totals.

The reference measures in an azimuthal equidistant projection around each site: a projection that is
true to a millimetre at this distance, and no part of how the service measures. PostGIS looks for the
nearest places of two areas on a sphere before it measures on the ellipsoid: that adds up to 2e-5.
"""

from datetime import date
from typing import Any

import pytest
import shapely
import sqlalchemy as sa
from demo_registers import features, rows, store, store_registers
from pyproj import Transformer
from shapely.geometry import shape
from worlds import asked

from geoservice.domain.code_lists import SCHOOL_KINDS
from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_sites
from geoservice.domain.places import towns
from geoservice.domain.remediation import remediation_projects
from geoservice.store.database import Database
from geoservice.store.tables import tables

DAY = "2021-06-25"


def projects() -> list[dict[str, Any]]:
    return rows("remediation_projects.csv")


@pytest.fixture(scope="module")
def demo(module_database: Database) -> Database:
    with module_database.change(actor="tester", door="test") as connection:
        uids = store_registers(connection)
        for row in features("facilities.geojson"):
            store(connection, facilities, row)
        for row in projects():
            sites = [uids[number] for number in row["hazard_sites"].split(";")]
            connection.execute(
                sa.insert(tables().current(remediation_projects)).values(
                    row | {"hazard_sites": sites}
                )
            )
    return module_database


def reference() -> dict[tuple[str, str], tuple[float, str]]:
    """Distance and certainty of each pair that could be within 500 m, by both numbers."""
    treated = {
        number
        for project in projects()
        if project["measure"] in "CDE" and project["status"] != "void"
        for number in project["hazard_sites"].split(";")
    }
    sites = [
        site
        for site in features("hazard_sites.geojson")
        if site["register_kind"] == "hidden_danger"
        and site["registered_on"] <= DAY
        and (site["cancelled_on"] or "9999") > DAY
        and site["site_no"] in treated
    ]
    schools = [
        school
        for school in features("facilities.geojson")
        if school["kind"] in SCHOOL_KINDS
        and school["status"] == "operating"
        and (school["opened_on"] or "") <= DAY
    ]
    pairs = {}
    for site in sites:
        x, y = site["geom"]["coordinates"]
        local = f"+proj=aeqd +lon_0={x} +lat_0={y} +ellps=GRS80 +type=crs"
        move = Transformer.from_crs("EPSG:4490", local, always_xy=True).transform
        own = shapely.transform(shape(site["footprint"] or site["geom"]), move, interleaved=False)
        for school in schools:
            east, north = school["geom"]["coordinates"]
            if abs(x - east) > 0.02 or abs(y - north) > 0.02:  # 2 km
                continue
            best = shape(school["campus"] or school["geom"])
            metres = own.distance(shapely.transform(best, move, interleaved=False))
            known = site["location_accuracy_m"], school["location_accuracy_m"]
            if None in known:
                certainty = "unknown" if metres <= 500 else ""
            elif metres + sum(known) <= 500:
                certainty = "certain"
            else:
                certainty = "possible" if metres - sum(known) <= 500 else ""
            if certainty:
                pairs[site["site_no"], school["facility_no"]] = (metres, certainty)
    return pairs


def test_every_pair_its_distance_and_its_certainty_are_those_of_the_reference(demo):
    expected = reference()
    rows = asked(demo, "remediation_sites_near_schools", as_of=DAY).rows
    found = {
        (row["site_no"], row["facility_no"]): (row["distance_m"], row["certainty"]) for row in rows
    }
    assert found.keys() == expected.keys()
    for pair, (metres, certainty) in expected.items():
        assert found[pair][0] == pytest.approx(metres, rel=2e-5, abs=0.001), pair
        assert found[pair][1] == certainty, pair


def test_the_totals_are_those_that_the_data_set_states(demo):
    counts = asked(demo, "remediation_sites_near_schools", as_of=DAY).counts
    assert counts["pairs_within_distance"] == 43
    assert counts["certainty"] == {"certain": 33, "possible": 11, "unknown": 3}
    assert counts["pairs"] == 47
    assert counts["considered"]["sites"] == 114
    assert counts["excluded"] == {
        "other_register": 37,
        "cancelled": 9,
        "not_registered": 9,  # registered later
        "without_remediation_measure": 0,
    }


def test_36_sites_and_39_schools_are_within_500_metres(demo):
    rows = asked(demo, "remediation_sites_near_schools", as_of=DAY).rows
    within = [row for row in rows if row["distance_m"] <= 500]
    assert len({row["site_no"] for row in within}) == 36
    assert len({row["facility_no"] for row in within}) == 39


def pairs_of(demo: Database, number: str, **given: object) -> list[dict[str, Any]]:
    rows = asked(demo, "remediation_sites_near_schools", as_of=DAY, **given).rows
    return [row for row in rows if row["site_no"] == number]


def test_the_footprint_of_a_site_brings_a_school_within_reach(demo):
    (row,) = pairs_of(demo, "441900000001")
    assert row["distance_m"] == pytest.approx(470, abs=0.5)
    assert row["point_distance_m"] == pytest.approx(520, abs=0.5)
    assert row["geometry_basis"].startswith("footprint-")
    assert pairs_of(demo, "441900000001", site_geometry="point") == []


def test_a_school_on_the_line_is_within_on_the_ellipsoid_and_beyond_in_the_plane(demo):
    exact = {"site_geometry": "best", "distance_m": 500}
    (geodesic,) = pairs_of(demo, "441900000002", **exact)
    assert geodesic["distance_m"] == pytest.approx(499.9971, abs=2e-4)
    in_plane = pairs_of(demo, "441900000002", metric="plane4547", **exact)
    assert [row["distance_m"] > 500 for row in in_plane] in ([], [True])


def test_a_site_of_one_town_is_near_a_school_of_another(demo):
    (row,) = pairs_of(demo, "441900020001")
    assert row["site_town_code"] != row["facility_town_code"]


def test_accuracies_make_three_of_four_schools_certain_or_possible(demo):
    rows = pairs_of(demo, "441900020008")
    assert [(round(row["distance_m"]), row["certainty"]) for row in rows] == [
        (460, "certain"),
        (480, "possible"),
        (525, "possible"),
    ]


def test_a_site_number_that_is_also_a_village_code_is_a_site(demo):
    stored = tables().current(hazard_sites)
    assert demo.scalar(sa.select(stored.c.type_code).where(stored.c.site_no == "441900003001"))


def test_the_day_decides_which_sites_are_registered(demo):
    before = asked(demo, "remediation_sites_near_schools", as_of="2021-06-24").counts
    table = tables().current(hazard_sites)
    new_on_the_day = demo.scalar(
        sa.select(sa.func.count()).where(
            table.c.register_kind == "hidden_danger", table.c.registered_on == date(2021, 6, 25)
        )
    )
    gone_on_the_day = demo.scalar(
        sa.select(sa.func.count()).where(
            table.c.register_kind == "hidden_danger", table.c.cancelled_on == date(2021, 6, 25)
        )
    )
    considered = before["considered"]["sites"] + before["excluded"]["without_remediation_measure"]
    assert new_on_the_day >= 1
    assert considered == 114 - new_on_the_day + gone_on_the_day


def test_sites_of_each_town_add_up_to_the_whole_city(demo):
    every = asked(demo, "remediation_sites_near_schools", as_of=DAY).counts
    codes = [row.code for row in demo.rows(sa.select(tables().current(towns).c.code))]
    parts = [
        asked(demo, "remediation_sites_near_schools", as_of=DAY, town=code).counts for code in codes
    ]
    for name in ("pairs", "sites", "pairs_within_distance"):
        assert sum(part[name] for part in parts) == every[name], name
    assert sum(part["considered"]["sites"] for part in parts) == 114
