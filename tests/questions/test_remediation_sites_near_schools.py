"""Question 1, by places at known distances: who is near whom, how sure, and what was left out."""

import json
import math
from base64 import urlsafe_b64decode as b64decode
from base64 import urlsafe_b64encode as b64encode
from datetime import date
from itertools import pairwise

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from worlds import CGCS2000, HERE, asked, place, point, square

from geoservice.domain.code_lists import SCHOOL_KINDS
from geoservice.domain.hazards import hazard_sites
from geoservice.domain.places import towns
from geoservice.errors import BadCursor, BadDatetime, BadParameter, OutOfRange, UnknownParameter
from geoservice.questions import all_rows, question_called
from geoservice.store.tables import tables

ID = "remediation_sites_near_schools"


@pytest.mark.parametrize(
    ("metres", "pairs"), [(199.9, 1), (199.999, 1), (200.001, 0), (200.1, 0), (0.0, 1)]
)
def test_a_school_within_200_metres_is_near_and_one_beyond_is_not(
    world, near_schools, metres, pairs
):
    world.site()
    world.school(place(metres))
    assert near_schools(distance_m=200).counts["pairs"] == pairs


@pytest.mark.parametrize("azimuth", [0, 45, 137, 180, 270])
@pytest.mark.parametrize("metres", [10, 499, 5_000, 49_999])
def test_the_distance_is_geodesic_in_every_direction(world, near_schools, metres, azimuth):
    world.site()
    world.school(place(metres, azimuth))
    (row,) = near_schools(distance_m=50_000).rows
    assert row["distance_m"] == pytest.approx(metres, abs=1e-6 + metres * 1e-9)
    assert row["bearing_deg"] % 360 == pytest.approx(azimuth, abs=1e-3)


def test_exactly_d_is_within_and_the_next_smaller_number_is_not(world, near_schools):
    world.site()
    world.school(place(321.5))
    (exactly,) = near_schools().column("distance_m")
    assert near_schools(distance_m=exactly).counts["pairs"] == 1
    assert near_schools(distance_m=math.nextafter(exactly, 0)).counts["pairs"] == 0


def test_a_pair_is_near_on_the_ellipsoid_and_not_in_the_plane(world, near_schools):
    # 30 km west of the central meridian the plane is 1.1e-5 longer than the ellipsoid.
    west = (113.68, 23.0)
    x, y, _ = CGCS2000.fwd(*west, 90, 499.9971)
    plane = Transformer.from_crs(4490, 4547, always_xy=True)
    in_plane = math.dist(plane.transform(*west), plane.transform(x, y))
    assert in_plane > 500.0
    world.site(west)
    world.school((x, y))
    (geodesic,) = near_schools().rows
    assert geodesic["distance_m"] == pytest.approx(499.9971, abs=1e-6)
    assert near_schools(metric="plane4547").rows == []
    (wider,) = near_schools(metric="plane4547", distance_m=501).rows
    assert wider["distance_m"] == pytest.approx(in_plane, abs=1e-6)


@pytest.mark.parametrize(
    ("metres", "certainty"),
    [
        (460, ["certain"]),
        (468.999, ["certain"]),
        (469.001, ["possible"]),
        (480, ["possible"]),
        (525, ["possible"]),
        (530.999, ["possible"]),
        (531.001, []),
        (532, []),
    ],
)
def test_accuracies_of_30_and_1_metres_decide_how_certain_a_pair_is(
    world, near_schools, metres, certainty
):
    world.site(location_accuracy_m=30.0)
    world.school(place(metres), location_accuracy_m=1.0)
    answer = near_schools(distance_m=500)
    assert answer.column("certainty") == certainty
    assert answer.column("distance_uncertainty_m") == [31.0] * len(certainty)
    assert answer.counts["pairs_within_distance"] == (metres <= 500)


@pytest.mark.parametrize(("site_m", "school_m"), [(None, 1.0), (30.0, None), (None, None)])
@pytest.mark.parametrize(("metres", "certainty"), [(499.9, ["unknown"]), (500.1, [])])
def test_without_both_accuracies_certainty_is_unknown_and_d_decides(
    world, near_schools, site_m, school_m, metres, certainty
):
    world.site(location_accuracy_m=site_m)
    world.school(place(metres), location_accuracy_m=school_m)
    answer = near_schools()
    assert answer.column("certainty") == certainty
    assert answer.column("distance_uncertainty_m") == [None] * len(certainty)
    assert answer.counts["certainty"] == {
        "certain": 0,
        "possible": 0,
        "unknown": len(certainty),
    }


@pytest.mark.parametrize(
    ("choice", "distance", "basis"),
    [
        ("best", 470, "footprint-point"),
        ("point", None, None),
        ("footprint", 470, "footprint-point"),
        ("influence", 440, "influence_zone-point"),
    ],
)
def test_the_point_is_520_metres_away_the_footprint_470_and_the_zone_440(
    world, near_schools, choice, distance, basis
):
    world.site(footprint=square(HERE, 50), influence_zone=square(HERE, 80))
    world.school(place(520))
    rows = near_schools(distance_m=500, site_geometry=choice).rows
    if distance is None:
        assert rows == []
        return
    (row,) = rows
    assert row["distance_m"] == pytest.approx(distance, abs=0.01)
    assert row["point_distance_m"] == pytest.approx(520, abs=1e-6)
    assert row["geometry_basis"] == basis


def test_grounds_count_before_the_point_of_a_school(world, near_schools):
    world.site()
    world.school(place(600), campus=square(place(600), 150))
    (row,) = near_schools().rows
    assert row["distance_m"] == pytest.approx(450, abs=0.01)
    assert row["geometry_basis"] == "point-campus"


def test_a_site_on_the_grounds_is_at_distance_zero_without_a_bearing(world, near_schools):
    world.site()
    world.school(place(30), campus=square(place(30), 100))
    (row,) = near_schools(distance_m=1).rows
    assert (row["distance_m"], row["bearing_deg"]) == (0, None)


def test_a_site_without_the_chosen_geometry_is_counted_as_unknown(world, near_schools):
    world.site()
    world.school(place(10))
    answer = near_schools(site_geometry="footprint")
    assert answer.rows == []
    assert answer.counts["unknown"]["sites_without_position"] == 1
    assert answer.counts["considered"]["sites"] == 1


def test_sites_and_schools_without_position_are_counted(world, near_schools):
    world.site(None)
    world.site()
    world.school(None)
    assert near_schools().counts["unknown"] == {
        "sites_without_position": 1,
        "facilities_without_position": 1,
    }


def test_every_reason_for_leaving_a_site_out_is_counted_once(world, near_schools):
    world.school(place(10))
    kept = world.site()
    world.site(register_kind="risk_point")
    world.site(register_kind="risk_point", cancelled_on="2021-01-01")
    world.site(cancelled_on="2021-01-01")
    world.site(cancelled_on="2021-06-25", measure=None)
    world.site(registered_on=None)
    world.site(registered_on="2021-06-26")
    world.site(measure=None)
    world.site(measure="B")
    answer = near_schools(as_of="2021-06-25")
    assert answer.column("site_uid") == [str(kept)]
    assert answer.counts["considered"] == {"sites": 1, "facilities": 1}
    assert answer.counts["excluded"] == {
        "other_register": 2,
        "cancelled": 2,
        "not_registered": 2,
        "without_remediation_measure": 2,
    }


@pytest.mark.parametrize(
    ("as_of", "sites"),
    [("2020-12-31", 0), ("2021-01-01", 1), ("2021-06-24", 1), ("2021-06-25", 0)],
)
def test_a_site_counts_from_its_registration_until_the_day_before_it_is_cancelled(
    world, near_schools, as_of, sites
):
    world.site(registered_on="2021-01-01", cancelled_on="2021-06-25")
    world.school(place(10))
    assert near_schools(as_of=as_of).counts["sites"] == sites


@pytest.mark.parametrize(("measure", "counts"), [("A", 0), ("B", 0), ("C", 1), ("D", 1), ("E", 1)])
def test_relocation_works_and_removal_remedy_and_monitoring_does_not(
    world, near_schools, measure, counts
):
    world.site(measure=measure)
    world.school(place(10))
    assert near_schools().counts["sites"] == counts


def test_a_project_that_was_void_or_not_yet_decided_does_not_make_a_remediation_site(
    world, near_schools
):
    void, later, both = (world.site(measure=None) for _ in range(3))
    world.project(void, status="void")
    world.project(later, measure_set_on="2021-06-26")
    world.project(void, both, cancelled_on="2021-06-25")
    world.project(both, measure="E", measure_set_on="2021-06-25")
    world.school(place(10))
    assert near_schools(as_of="2021-06-25").column("site_uid") == [str(both)]


def test_a_project_for_two_sites_makes_both_count_once(world, near_schools):
    one, two = world.site(), world.site(place(5))
    world.project(one, two)
    world.school(place(10))
    assert near_schools().counts["pairs"] == 2


def test_risk_points_are_asked_for_by_name(world, near_schools):
    world.site()
    risk = world.site(register_kind="risk_point")
    world.school(place(10))
    assert near_schools(register_kind="risk_point").column("site_uid") == [str(risk)]


def test_only_operating_schools_count_unless_others_are_asked_for(world, near_schools):
    world.site()
    states = ("planned", "under_construction", "operating", "closed")
    schools = {state: str(world.school(place(10), status=state)) for state in states}
    assert near_schools().column("facility_uid") == [schools["operating"]]
    for state in states:
        asked_for = near_schools(facility_status=state).column("facility_uid")
        assert asked_for == [schools[state]], state
    assert near_schools(facility_status=",".join(states)).counts["facilities"] == 4


def test_a_school_counts_from_the_day_it_opens_until_it_closes(world, near_schools):
    world.site()
    world.school(place(10), opened_on="2021-06-25", closed_on="2021-07-01")
    days = ("2021-06-24", "2021-06-25", "2021-06-30", "2021-07-01")
    assert [near_schools(as_of=day).counts["pairs"] for day in days] == [0, 1, 1, 0]


def test_a_school_means_kindergarten_to_senior_secondary_unless_kinds_are_given(
    world, near_schools
):
    world.site()
    for kind in (*SCHOOL_KINDS, "university", "vocational_school", "hospital"):
        world.school(place(10), kind=kind)
    assert sorted(near_schools().column("facility_kind")) == sorted(SCHOOL_KINDS)
    assert near_schools(facility_kinds="hospital").column("facility_kind") == ["hospital"]


def test_a_town_is_that_of_the_site_unless_that_of_the_facility_is_meant(world, near_schools):
    world.site(town_code="441900121")
    world.school(place(10), town_code="441900119")
    assert near_schools(town="441900121").counts["pairs"] == 1
    assert near_schools(town="441900119").counts["pairs"] == 0
    assert near_schools(town="441900119", town_of="facility").counts["pairs"] == 1
    assert near_schools(town="441900121", town_of="facility").counts["pairs"] == 0


def test_pairs_sites_and_schools_are_three_counts(world, near_schools):
    # Two sites with both of two schools near, one site with one school: 5 pairs, 3 sites, 2 schools.
    one = world.site()
    world.site(place(20))
    far = world.site(place(680))
    left, right = world.school(place(100)), world.school(place(300))
    answer = near_schools(distance_m=400)
    assert [answer.counts[each] for each in ("pairs", "sites", "facilities")] == [5, 3, 2]
    by_site = near_schools(distance_m=400, by="sites")
    assert {row["site_uid"]: row["facility_count"] for row in by_site.rows}[str(one)] == 2
    assert {row["site_uid"]: row["facility_count"] for row in by_site.rows}[str(far)] == 1
    assert by_site.counts == answer.counts
    by_facility = near_schools(distance_m=400, by="facilities").rows
    assert {row["facility_uid"]: row["site_count"] for row in by_facility} == {
        str(left): 2,
        str(right): 3,
    }
    nearest = {row["facility_uid"]: row["nearest_distance_m"] for row in by_facility}
    assert nearest[str(left)] == pytest.approx(80, abs=1e-5)


def test_a_summary_counts_the_certain_pairs_apart(world, near_schools):
    world.site(location_accuracy_m=30.0)
    world.school(place(460), location_accuracy_m=1.0)
    world.school(place(480), location_accuracy_m=1.0)
    (row,) = near_schools(by="sites").rows
    assert (row["facility_count"], row["facility_count_certain"]) == (2, 1)


def test_a_pair_is_drawn_as_a_line_from_the_site_to_the_school(world, near_schools):
    site, school = world.site(), world.school(place(100))
    (feature,) = near_schools().features
    assert feature["id"] == f"{site}.{school}"
    start, end = feature["geometry"]["coordinates"]
    assert start == pytest.approx(HERE, abs=1e-7)
    assert end == pytest.approx(place(100), abs=1e-7)


def test_rows_come_by_distance_and_equal_distances_by_id(world, near_schools):
    world.site()
    for metres in (300, 100, 200, 100):
        world.school(place(metres))
    rows = near_schools().rows
    order = [(row["distance_m"], row["site_uid"], row["facility_uid"]) for row in rows]
    assert order == sorted(order)
    assert [round(row["distance_m"]) for row in rows] == [100, 100, 200, 300]


@pytest.fixture
def nine_pairs(world) -> None:
    for metres in (0, 0, 10):
        world.site(place(metres))
    for metres in (100, 100, 200):
        world.school(place(metres))


def through_all_pages(ask, **given) -> list[str]:
    ids: list[str] = []
    cursor = None
    while True:
        page = ask(**given, **({"cursor": cursor} if cursor else {}))
        ids += [feature["id"] for feature in page.features]
        cursor = page.answer.next_cursor
        if cursor is None:
            return ids


@pytest.mark.parametrize("limit", [1, 2, 3, 8, 9, 10])
@pytest.mark.parametrize("by", ["pairs", "sites", "facilities"])
def test_pages_of_any_size_give_each_row_once_in_order(nine_pairs, near_schools, limit, by):
    whole = [feature["id"] for feature in near_schools(by=by).features]
    assert len(whole) == len(set(whole)) == (9 if by == "pairs" else 3)
    assert through_all_pages(near_schools, by=by, limit=limit) == whole


def test_a_page_carries_the_counts_of_the_whole_answer(nine_pairs, near_schools):
    first = near_schools(limit=2)
    second = near_schools(limit=2, cursor=first.answer.next_cursor)
    assert first.counts["pairs"] == second.counts["pairs"] == 9
    assert (first.answer.returned, second.answer.returned) == (2, 2)


def test_a_cursor_of_another_question_is_refused(nine_pairs, near_schools):
    cursor = near_schools(limit=2, as_of="2021-06-25").answer.next_cursor
    assert near_schools(limit=3, as_of="2021-06-25", cursor=cursor).answer.returned == 3
    with pytest.raises(BadCursor):
        near_schools(as_of="2021-06-25", distance_m=400, cursor=cursor)


@pytest.mark.parametrize(
    "token",
    [b"", b"[]", b"null", b"{}", b"\xff", b"[" * 6000, b'["a", 1, 2, 3]', b'["a", "1", "2", "3"]'],
)
def test_a_cursor_that_nobody_issued_is_refused(nine_pairs, near_schools, token):
    with pytest.raises(BadCursor):
        near_schools(cursor=b64encode(token).decode() or "x")


@pytest.mark.parametrize("place_in_token", [1, 2, 3])
def test_a_cursor_with_a_forged_place_is_refused(nine_pairs, near_schools, place_in_token):
    token = json.loads(b64decode(near_schools(limit=2).answer.next_cursor + "=="))
    token[place_in_token] = "forged"
    with pytest.raises(BadCursor):
        near_schools(cursor=b64encode(json.dumps(token).encode()).decode())


def test_all_rows_for_files_are_the_rows_of_all_pages(
    nine_pairs, near_schools, database, registry, dongguan
):
    every = all_rows(
        question_called(ID, dongguan), {"limit": "2"}, registry=registry, region=dongguan
    )
    rows = database.rows(every.statement)
    uids = [f"{row.site_uid}.{row.facility_uid}" for row in rows]
    assert uids == through_all_pages(near_schools, limit=4)
    assert every.records.names == tuple(
        column.name for column in question_called(ID, dongguan).description.columns
    )


def test_every_default_is_echoed(near_schools, dongguan):
    head = near_schools().answer.head("en")
    assert head["parameters"] == {
        "distance_m": 500.0,
        "facility_kinds": list(SCHOOL_KINDS),
        "facility_status": ["operating"],
        "register_kind": "hidden_danger",
        "site_geometry": "best",
        "town": None,
        "town_of": "site",
        "metric": "geodesic",
        "by": "pairs",
        "as_of": head["as_of"],
        "known_at": None,
        "limit": 1000,
        "cursor": None,
    }
    assert date.fromisoformat(head["as_of"]).year >= 2026
    assert head["question"] == ID
    assert head["known_at"].endswith("+00:00")


@pytest.mark.parametrize("value", ["0", "-1", "50000.001", "50001", "1e300"])
def test_a_distance_that_is_not_positive_or_beyond_50_km_is_refused(near_schools, value):
    with pytest.raises(OutOfRange) as refusal:
        near_schools(distance_m=value)
    assert "50000" in refusal.value.text("en")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "five", "1,5", "0x10"])
def test_a_distance_that_is_no_finite_number_is_refused(near_schools, value):
    with pytest.raises(BadParameter) as refusal:
        near_schools(distance_m=value)
    assert "(0, 50000]" in refusal.value.text("en")


@pytest.mark.parametrize("value", ["0.001", "50000", 500, 1.5])
def test_a_distance_within_its_bounds_is_accepted(near_schools, value):
    assert near_schools(distance_m=value).rows == []


@pytest.mark.parametrize(
    ("given_", "allowed"),
    [
        ({"metric": "network"}, "geodesic, plane4547"),
        ({"facility_kinds": "primary_school,zoo"}, "primary_school"),
        ({"facility_status": "open"}, "operating"),
        ({"register_kind": "all"}, "hidden_danger, risk_point"),
        ({"site_geometry": "centre"}, "best, point, footprint, influence"),
        ({"by": "towns"}, "pairs, sites, facilities"),
        ({"limit": "0"}, "1"),
        ({"limit": "2.5"}, "[1, 10000]"),
        ({"limit": "true"}, "[1, 10000]"),
    ],
)
def test_a_value_that_is_not_offered_is_refused_with_those_that_are(near_schools, given_, allowed):
    with pytest.raises(BadParameter) as refusal:
        near_schools(**given_)
    assert allowed in refusal.value.text("en")


def test_an_unknown_parameter_is_refused_with_those_there_are(near_schools):
    with pytest.raises(UnknownParameter) as refusal:
        near_schools(radius="500")
    assert "distance_m" in refusal.value.text("en")


@pytest.mark.parametrize(
    "given_",
    [
        {"as_of": "25.6.2021"},
        {"as_of": "2021-02-30"},
        {"known_at": "2021-06-25T08:00:00"},
        {"known_at": "yesterday"},
    ],
)
def test_a_date_that_does_not_exist_and_a_time_without_zone_are_refused(near_schools, given_):
    with pytest.raises(BadDatetime):
        near_schools(**given_)


CITY = "MULTIPOLYGON(((113.7 22.95,113.8 22.95,113.8 23.05,113.7 23.05,113.7 22.95)))"


def town(add) -> None:
    add(towns, code="441900121", name="镇", kind="town", parent_code="441900", geom=CITY)


def test_without_any_school_there_is_no_data_rather_than_none_near(world, near_schools):
    world.site()
    world.school(place(10), kind="hospital")
    answer = near_schools()
    assert answer.coverage == {"hazard_sites": "unknown", "facilities": "none"}
    assert "no data" in answer.said_of("facilities")


def test_a_site_near_the_edge_of_the_known_area_makes_coverage_partial(world, near_schools, add):
    town(add)
    east = CGCS2000.fwd(113.8, 23.0, 270, 400)[:2]  # 400 m inside the eastern edge
    world.site(east)
    world.school(place(10))
    assert near_schools(distance_m=500).coverage["facilities"] == "partial"
    assert near_schools(distance_m=500).counts["near_edge"] == 1
    assert near_schools(distance_m=300).coverage["facilities"] == "unknown"
    assert near_schools(distance_m=300).counts["near_edge"] == 0


def test_a_cancelled_site_at_the_edge_says_nothing_about_coverage(world, near_schools, add):
    town(add)
    world.site((113.8, 23.0), cancelled_on="2020-06-01")
    world.school(place(10))
    assert near_schools().coverage["facilities"] == "unknown"


def test_without_town_areas_nothing_is_said_about_the_edge(world, near_schools):
    world.site()
    world.school(place(10))
    assert near_schools().counts["near_edge"] is None
    assert near_schools().coverage["facilities"] == "unknown"


def test_known_at_gives_the_answer_of_before_an_edit_again(world, near_schools, database):
    site = world.site()
    world.school(place(100))
    before = near_schools()
    table = tables().current(hazard_sites)
    with database.change(actor="李", door="test", reason="重新测量") as connection:
        moved = sa.update(table).where(table.c.uid == site)
        connection.execute(moved.values(geom=f"SRID=4490;{point(place(5_000, 270))}"))
    assert near_schools().counts["pairs"] == 0
    again = near_schools(known_at=before.answer.head("en")["known_at"])
    assert again.features == before.features
    assert again.counts == before.counts
    assert (
        before.answer.data_version["hazard_sites"]
        < near_schools().answer.data_version["hazard_sites"]
    )


def test_known_at_before_anything_was_recorded_finds_nothing(world, near_schools):
    world.site()
    world.school(place(100))
    answer = near_schools(known_at="2001-01-01T00:00:00+08:00")
    assert answer.counts["considered"] == {"sites": 0, "facilities": 0}
    assert answer.coverage["facilities"] == "none"


FEW = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
metres = st.floats(min_value=1, max_value=3_000, allow_nan=False)


@FEW
@given(st.lists(metres, min_size=2, max_size=5).map(sorted))
def test_a_wider_distance_never_loses_a_pair(scattered, near_schools, distances):
    found = [{feature["id"] for feature in near_schools(distance_m=d).features} for d in distances]
    for narrow, wide in pairwise(found):
        assert narrow <= wide


@pytest.fixture
def scattered(world) -> None:
    for number in range(6):
        world.site(
            place(180 * number, 50 * number), location_accuracy_m=[0.0, 40.0, None][number % 3]
        )
        world.school(place(230 * number, 77 * number), location_accuracy_m=[5.0, None][number % 2])


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("start", [0, 1, 2, 3])
def test_how_a_ring_is_written_does_not_change_the_answer(world, near_schools, start, turn):
    world.site(footprint=square(HERE, 50, start=start, turn=turn))
    world.school(place(600), campus=square(place(600), 120, start=3 - start, turn=-turn))
    (row,) = near_schools().rows
    assert row["distance_m"] == pytest.approx(430, abs=0.01)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_the_order_of_recording_does_not_change_the_answer(world, near_schools, order):
    for number in order:
        world.site(place(100 * number), site_no=f"S{number}", name=f"site {number}")
        world.school(place(100 * number + 450), facility_no=f"F{number}", name=f"school {number}")
    rows = near_schools(distance_m=400).rows
    found = [(row["site_no"], row["facility_no"]) for row in rows]
    # Site n and school m are 450 + 100 (m - n) metres apart.
    expected = {(n, m) for n in range(4) for m in range(4) if 450 + 100 * (m - n) <= 400}
    assert set(found) == {(f"S{n}", f"F{m}") for n, m in expected}


def test_a_site_is_never_near_itself_in_the_general_question(world, database):
    world.site()
    world.site(place(50))
    answer = asked(database, "near", this="hazard_sites", that="hazard_sites", distance_m="100")
    assert answer.counts["pairs"] == 2  # each with the other, in both directions
    assert all(row["this_uid"] != row["that_uid"] for row in answer.rows)
