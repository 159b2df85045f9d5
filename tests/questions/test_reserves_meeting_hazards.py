"""Land against hazards: overlaps, slivers, touching, distance, and what is left out."""

from functools import partial
from itertools import pairwise

import pytest
from parcels import Box, Land, area_m2
from worlds import CGCS2000, HERE, Asked, asked

from geoservice.domain.land import land_reserves
from geoservice.errors import BadParameter, OutOfRange

RESERVE = Box(0, 0, 100, 100)  # about 11,400 m²
DAY = "2024-06-30"


@pytest.fixture
def land(add) -> Land:
    return Land(add)


@pytest.fixture
def ask(database):
    return partial(asked, database, "reserves_meeting_hazards", as_of=DAY)


def only(answer: Asked) -> dict:
    (row,) = answer.rows
    return row


def test_an_overlap_is_measured_on_the_ellipsoid_with_its_share_and_its_shape(land, ask):
    land.reserve(RESERVE)
    land.zone(Box(60, -50, 200, 50))
    answer = ask()
    row, common = only(answer), Box(60, 0, 100, 50)
    assert row["relation"] == "overlaps"
    assert row["overlap_m2"] == pytest.approx(common.area_m2, rel=1e-9)
    assert row["area_m2"] == pytest.approx(RESERVE.area_m2, rel=1e-9)
    assert row["share"] == pytest.approx(common.area_m2 / RESERVE.area_m2, rel=1e-9)
    assert row["is_conflict"] is True
    assert row["action"] == "assess"
    assert row["distance_m"] == 0
    assert row["risk_level"] == "high"
    shape = answer.features[0]["geometry"]
    assert shape["type"] in ("Polygon", "MultiPolygon")
    ring = shape["coordinates"][0] if shape["type"] == "Polygon" else shape["coordinates"][0][0]
    area, _ = CGCS2000.polygon_area_perimeter(*zip(*ring, strict=True))
    assert abs(area) == pytest.approx(common.area_m2, rel=1e-3)  # seven decimals are written
    assert answer.counts["conflicts"] == 1
    assert answer.counts["in_conflict"]["land_reserves"] == 1


def test_a_reserve_inside_a_zone_is_overlapped_as_a_whole(land, ask):
    land.reserve(RESERVE)
    land.zone(Box(-10, -10, 110, 110))
    assert only(ask())["share"] == 1


def test_a_zone_inside_a_reserve_overlaps_by_its_own_area(land, ask):
    land.reserve(RESERVE)
    land.zone(Box(10, 10, 20, 30))
    assert only(ask())["overlap_m2"] == pytest.approx(Box(10, 10, 20, 30).area_m2, rel=1e-9)


def test_a_zone_that_only_touches_is_no_conflict_and_no_sliver(land, ask):
    land.reserve(RESERVE)
    land.zone(Box(100, 0, 200, 100))
    land.zone(Box(100, 100, 200, 200))
    answer = ask()
    assert answer.column("relation") == ["touches", "touches"]
    assert answer.column("overlap_m2") == [0, 0]
    assert answer.column("is_conflict") == [False, False]
    assert answer.column("is_sliver") == [False, False]
    assert answer.column("action") == ["none", "none"]
    assert answer.counts["relation"] == {"overlaps": 0, "touches": 2, "within_distance": 0}


@pytest.mark.parametrize(
    ("width", "tolerance_m2", "tolerance_share", "is_conflict"),
    [
        # About 11,400 m², so 0.1 % is 11.4 m²: the width of a tenth of a step is just that.
        (0.11, 1, 0.001, True),
        (0.09, 1, 0.001, False),  # beyond the area, within the share
        (0.11, 20, 0.001, False),  # beyond the share, within the area
        (0.09, 20, 0.001, False),
        (0.2, 20, 0.001, True),
        (0.011, 1, 0, True),
        (0.0085, 1, 0, False),
    ],
)
def test_a_conflict_exceeds_both_tolerances(
    land, ask, width, tolerance_m2, tolerance_share, is_conflict
):
    land.reserve(RESERVE)
    land.zone(Box(100 - width, 0, 200, 100))
    overlap = Box(100 - width, 0, 100, 100).area_m2
    expected = overlap > max(tolerance_m2, tolerance_share * RESERVE.area_m2)
    assert expected is is_conflict  # the case is what it says
    answer = ask(tolerance_m2=tolerance_m2, tolerance_share=tolerance_share)
    row = only(answer)
    assert row["is_conflict"] is is_conflict
    assert row["is_sliver"] is not is_conflict
    assert row["action"] == ("assess" if is_conflict else "check_digitising")
    assert answer.counts["noted"]["slivers"] == (0 if is_conflict else 1)


def test_just_the_tolerance_is_no_conflict(land, ask):
    land.reserve(RESERVE)
    land.zone(Box(90, 0, 200, 100))
    overlap = only(ask())["overlap_m2"]
    assert only(ask(tolerance_m2=repr(overlap)))["is_conflict"] is False
    assert only(ask(tolerance_m2=repr(overlap - 1e-6)))["is_conflict"] is True


def test_overlapping_zones_count_once_for_a_reserve(land, ask):
    land.reserve(RESERVE)
    land.zone(Box(50, 0, 200, 100))
    land.zone(Box(60, 0, 200, 100), risk_level="medium")
    land.site((70, 50), influence_zone=Box(40, 40, 70, 60).wkt)
    row = only(ask(by="reserves"))
    union = area_m2(Box(50, 0, 100, 100), Box(40, 40, 50, 60))
    assert row["overlap_m2"] == pytest.approx(union, rel=1e-9)
    assert row["share"] == pytest.approx(union / RESERVE.area_m2, rel=1e-9)
    assert row["conflicts"] == 3
    assert row["within_distance"] == 1
    assert row["highest_risk_level"] == "high"


def test_slivers_that_together_exceed_the_tolerance_put_a_reserve_in_conflict(land, ask):
    land.reserve(RESERVE)
    land.zone(Box(99.92, 0, 200, 50))
    land.zone(Box(99.92, 50, 200, 100))
    assert area_m2(Box(99.92, 0, 100, 100)) < 11.4
    land.zone(Box(-50, 0, 0.08, 100))
    answer = ask(by="reserves")
    row = only(answer)
    assert (row["conflicts"], row["slivers"]) == (0, 3)
    assert row["is_conflict"] is True
    assert row["action"] == "assess"
    assert answer.counts["conflicts"] == 0
    assert answer.counts["in_conflict"]["land_reserves"] == 1


def test_slivers_on_one_another_do_not_add_up(land, ask):
    land.reserve(RESERVE)
    for _ in range(3):
        land.zone(Box(99.92, 0, 200, 100))
    row = only(ask(by="reserves"))
    assert row["is_conflict"] is False
    assert row["action"] == "check_digitising"


def test_a_site_without_footprint_has_a_distance_and_no_overlap(land, ask):
    land.reserve(RESERVE)
    land.site((150, 50), location_accuracy_m=5.0)
    row = only(ask())
    x, y = HERE[0] + 150e-5, HERE[1] + 50e-5
    _, _, expected = CGCS2000.inv(x, y, HERE[0] + 100e-5, y)
    assert row["relation"] == "within_distance"
    assert row["distance_m"] == pytest.approx(expected, abs=1e-3)
    assert row["without_footprint"] is True
    assert row["overlap_m2"] is None
    assert row["is_conflict"] is False
    assert row["action"] == "none"
    assert row["certainty"] == "unknown"  # a reserve states no accuracy
    assert row["site_accuracy_m"] == 5


@pytest.mark.parametrize(
    ("east", "accuracy", "action"),
    [
        (50, None, "assess"),  # inside
        (110, 20.0, "assess"),  # 10.3 m away, and 20 m uncertain
        (110, 10.0, "none"),
        (110, None, "none"),
    ],
)
def test_a_point_that_lies_or_may_lie_in_the_reserve_asks_for_an_assessment(
    land, ask, east, accuracy, action
):
    land.reserve(RESERVE)
    land.site((east, 50), location_accuracy_m=accuracy)
    row = only(ask())
    assert row["relation"] == "within_distance"
    assert row["action"] == action
    assert row["is_conflict"] is False


def test_a_footprint_overlaps_and_its_site_within_d_is_told_by_it(land, ask):
    land.reserve(RESERVE)
    land.site((200, 50), footprint=Box(80, 0, 220, 100).wkt)
    row = only(ask())
    assert row["layer"] == "sites_within"
    assert row["relation"] == "overlaps"
    assert row["without_footprint"] is False
    assert row["overlap_m2"] == pytest.approx(Box(80, 0, 100, 100).area_m2, rel=1e-9)


def test_d_itself_is_within(land, ask):
    land.reserve(RESERVE)
    land.site((150, 50))
    d = only(ask())["distance_m"]
    assert ask(distance_m=repr(d)).rows
    assert not ask(distance_m=repr(d - 1e-6)).rows


def test_a_wider_d_never_loses_a_match(land, ask):
    land.reserve(RESERVE)
    for step in range(12):
        land.site((90 + 20 * step, 13 * step))
    found = [
        set(ask(distance_m=d, layers="sites_within").column("hazard_uid"))
        for d in (1, 10, 50, 51, 100, 180, 400)
    ]
    assert all(narrow <= wide for narrow, wide in pairwise(found))
    assert len(found[-1]) == 12


def test_only_zones_of_the_level_or_above_count_and_the_others_are_counted(land, ask):
    land.reserve(RESERVE)
    for level in ("very_high", "high", "medium", "low"):
        land.zone(Box(50, 0, 200, 100), risk_level=level)
    assert len(ask().rows) == 4
    answer = ask(risk_level_at_least="high")
    assert set(answer.column("risk_level")) == {"very_high", "high"}
    assert answer.counts["excluded"]["lower_risk_zones"] == 2
    assert answer.counts["considered"]["risk_zones"] == 2


def test_a_zone_withdrawn_by_the_day_does_not_count(land, ask):
    land.reserve(RESERVE)
    land.zone(Box(50, 0, 200, 100), withdrawn_on=DAY)
    assert not ask().rows
    assert len(ask(as_of="2024-06-29").rows) == 1


def test_a_site_cancelled_by_the_day_is_left_out_and_counted(land, ask):
    land.reserve(RESERVE, planned_on="2024-06-01")
    land.site((50, 50), influence_zone=Box(40, 40, 70, 60).wkt, cancelled_on="2024-05-01")
    answer = ask()
    assert not answer.rows
    assert answer.counts["excluded"]["sites_cancelled"] == 1  # a site, though of two layers
    assert [each.code for each in answer.answer.issues] == ["sites-cancelled"]
    assert len(ask(as_of="2024-04-30").rows) == 2


def test_a_site_registered_again_counts_again(land, ask):
    land.reserve(RESERVE)
    site = land.site((50, 50), registered_on="2024-06-01")
    land.earlier_period(
        site,
        register_kind="hidden_danger",
        started_on="2020-01-01",
        ended_on="2023-01-01",
        end_kind="cancelled",
    )
    assert len(ask().rows) == 1
    assert ask(as_of="2023-06-01").counts["excluded"]["sites_cancelled"] == 1


def test_sites_of_the_other_register_are_left_out_and_counted(land, ask):
    land.reserve(RESERVE)
    land.site((50, 50), register_kind="risk_point")
    assert ask().column("register_kind") == ["risk_point"]
    answer = ask(register_kind="hidden_danger")
    assert not answer.rows
    assert answer.counts["excluded"]["other_register"] == 1


def test_a_site_never_registered_is_left_out_and_counted(land, ask):
    land.reserve(RESERVE)
    land.site((50, 50), registered_on=None)
    assert ask().counts["excluded"]["not_registered"] == 1


def test_the_state_of_a_reserve_is_that_of_the_day(land, ask):
    land.reserve(RESERVE, "built", planned_on="2021-02-01", supplied_on="2022-01-01")
    land.zone(RESERVE)
    answer = ask(as_of="2021-12-31")
    assert only(answer)["land_status"] == "planned"
    assert only(answer)["already_supplied"] is False
    assert not ask().rows
    assert ask().counts["excluded"]["reserves_in_other_state"] == 1
    built = only(ask(reserve_status="built"))
    assert built["land_status"] == "built"
    assert built["already_supplied"] is True


def test_land_supplied_already_is_flagged(land, ask):
    land.reserve(RESERVE, "supplied")
    land.zone(RESERVE)
    answer = ask()
    assert only(answer)["already_supplied"] is True
    assert answer.counts["noted"]["already_supplied"] == 1


def test_a_date_ahead_of_the_state_is_an_expectation(land, ask):
    land.reserve(RESERVE, "planned", supplied_on="2024-01-01")
    land.zone(RESERVE)
    assert only(ask())["land_status"] == "planned"


def test_a_reserve_cancelled_by_the_day_is_left_out_and_counted(land, ask):
    land.reserve(RESERVE, "cancelled", approved_on="2022-03-01", cancelled_on=DAY)
    land.zone(RESERVE)
    answer = ask()
    assert not answer.rows
    assert answer.counts["excluded"]["reserves_cancelled"] == 1
    assert only(ask(as_of="2024-06-29"))["land_status"] == "approved"


def test_a_project_is_measured_by_its_reserve(land, ask):
    reserve = land.reserve(RESERVE)
    land.project(land_reserve=reserve, geom=f"POINT({HERE[0] + 1} {HERE[1]})")
    land.zone(Box(50, 0, 200, 100))
    answer = ask()
    assert sorted(answer.column("of")) == ["education_projects", "land_reserves"]
    assert answer.column("geometry_basis") == ["reserve", "reserve"]
    assert len(set(answer.column("overlap_m2"))) == 1
    assert only(ask(of="education_projects"))["land_status"] == "planned"


@pytest.mark.parametrize(
    ("east", "relation", "is_conflict"),
    [(50, "overlaps", True), (100, "touches", False)],
)
def test_a_project_without_reserve_is_its_point(land, ask, east, relation, is_conflict):
    land.project(geom=f"POINT({HERE[0] + east * 1e-5!r} {HERE[1] + 50e-5!r})")
    land.zone(RESERVE)
    row = only(ask())
    assert row["geometry_basis"] == "point"
    assert row["relation"] == relation
    assert row["is_conflict"] is is_conflict
    assert row["overlap_m2"] is None
    assert row["share"] is None


def test_a_project_whose_reserve_is_cancelled_is_its_point(land, ask):
    reserve = land.reserve(RESERVE, "cancelled", cancelled_on="2023-01-01")
    land.project(land_reserve=reserve, geom=f"POINT({HERE[0] + 5e-5!r} {HERE[1] + 5e-5!r})")
    land.zone(RESERVE)
    assert only(ask())["geometry_basis"] == "point"


def test_projects_that_are_opened_or_cancelled_or_nowhere_are_counted(land, ask):
    land.project(status="opened")
    land.project(status="cancelled")
    land.project()
    answer = ask()
    assert answer.counts["excluded"]["projects_opened"] == 1
    assert answer.counts["excluded"]["projects_cancelled"] == 1
    assert answer.counts["unknown"]["land_without_position"] == 1


def test_parcels_can_be_asked_about(land, ask):
    land.parcel(RESERVE)
    land.zone(Box(50, 0, 200, 100))
    row = only(ask(of="land_parcels"))
    assert row["geometry_basis"] == "parcel"
    assert row["purpose_kind"] is None
    assert only(ask(of="land_parcels", by="reserves"))["conflicts"] == 1


def test_a_purpose_cannot_be_asked_of_parcels(ask):
    with pytest.raises(BadParameter):
        ask(of="land_parcels,land_reserves", purpose_kinds="medical")


def test_other_purposes_are_left_out_and_counted(land, ask):
    land.reserve(RESERVE, purpose_kind="medical")
    land.project()
    land.zone(RESERVE)
    answer = ask(purpose_kinds="education")
    assert not answer.rows
    assert answer.counts["excluded"]["reserves_of_other_purpose"] == 1
    assert ask(purpose_kinds="medical").counts["excluded"]["projects_of_other_purpose"] == 1


def test_the_town_is_that_of_the_land(land, ask):
    land.reserve(RESERVE, town_code="441900003")
    land.reserve(RESERVE, town_code="441900004")
    land.zone(RESERVE, town_code="441900004")
    assert ask(town="441900003").column("town_code") == ["441900003"]


@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize("turn", [1, -1])
def test_how_a_ring_is_written_changes_nothing(land, ask, start, turn):
    zone = Box(60, -50, 200, 50)
    land.reserve(f"MULTIPOLYGON({RESERVE.polygon(start, turn)})")
    land.zone(f"MULTIPOLYGON({zone.polygon(start, turn)})")
    row = only(ask())
    assert row["overlap_m2"] == pytest.approx(Box(60, 0, 100, 50).area_m2, rel=1e-9)
    assert row["is_conflict"] is True


def test_holes_and_parts_count_as_they_are(land, ask):
    hole = Box(20, 20, 40, 40)
    rings = f"({RESERVE.ring()}, {hole.ring(turn=-1)})"
    land.reserve(f"MULTIPOLYGON({rings}, {Box(200, 0, 210, 10).polygon()})")
    land.zone(Box(10, 10, 205, 50))
    common = area_m2(Box(10, 10, 100, 50)) - hole.area_m2
    assert only(ask())["overlap_m2"] == pytest.approx(common, rel=1e-9)


def test_an_earlier_state_of_the_register_can_be_asked(database, land, ask):
    reserve = land.reserve(RESERVE)
    land.zone(Box(50, 0, 200, 100))
    then = ask().answer.known_at
    from geoservice.store.tables import tables

    table = tables().current(land_reserves)
    with database.change(actor="tester", door="test", reason="moved") as connection:
        connection.execute(
            table.update()
            .where(table.c.uid == reserve)
            .values(geom=f"SRID=4490;{Box(500, 500, 600, 600).wkt}")
        )
    assert not ask().rows
    assert len(ask(known_at=then.isoformat()).rows) == 1


def test_pages_give_every_pair_once(land, ask):
    for step in range(5):
        land.reserve(Box(step, 0, step + 50, 50))
    land.zone(RESERVE)
    land.zone(RESERVE)
    for by, number in (("pairs", 10), ("reserves", 5)):
        whole = [each["id"] for each in ask(by=by).features]
        paged, cursor = [], None
        while True:
            page = ask(by=by, limit=3, cursor=cursor)
            paged += [each["id"] for each in page.features]
            cursor = page.answer.next_cursor
            if cursor is None:
                break
        assert paged == whole
        assert len(set(whole)) == number


def test_nothing_at_all_is_an_answer(ask):
    answer = ask()
    assert answer.rows == []
    assert answer.counts["conflicts"] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("distance_m", "0"),
        ("distance_m", "50001"),
        ("tolerance_m2", "-1"),
        ("tolerance_share", "2"),
    ],
)
def test_values_out_of_range_are_refused(ask, name, value):
    with pytest.raises(OutOfRange):
        ask(**{name: value})


def test_the_defaults_are_echoed(ask):
    echoed = ask().answer.parameters
    assert echoed["of"] == ["land_reserves", "education_projects"]
    assert echoed["layers"] == ["influence_zones", "risk_zones", "sites_within"]
    assert echoed["reserve_status"] == ["intended", "planned", "approved", "supplied"]
    assert (echoed["tolerance_m2"], echoed["tolerance_share"]) == (1, 0.001)
    assert (echoed["distance_m"], echoed["risk_level_at_least"]) == (100, "low")
