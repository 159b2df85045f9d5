"""Question 2: the k nearest, exactly, with their ties and with those that have none."""

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import CGCS2000, HERE, Asked, asked, place, square

from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_sites
from geoservice.errors import BadParameter, OutOfRange, UnknownCollection
from geoservice.store.tables import tables


@pytest.fixture
def nearest_facilities(database):
    """Asks `nearest_facilities`."""
    return lambda **given_: asked(database, "nearest_facilities", **given_)


def ranks(answer: Asked, **of: object) -> list[tuple[int, str]]:
    """Rank and facility of each row, of the rows with these values."""
    wanted = [row for row in answer.rows if of.items() <= row.items()]
    return [(row["rank"], row["facility_uid"]) for row in wanted]


def test_the_k_nearest_come_in_order_of_distance(world, nearest_facilities):
    world.site(measure=None)
    schools = {metres: str(world.school(place(metres))) for metres in (400, 100, 300, 200)}
    answer = nearest_facilities(k=3)
    assert ranks(answer) == [(1, schools[100]), (2, schools[200]), (3, schools[300])]
    assert answer.column("distance_m") == pytest.approx([100, 200, 300], abs=1e-6)
    assert answer.column("tied") == [False, False, False]
    assert answer.column("state") == ["ranked"] * 3
    assert (answer.counts["ranked"], answer.counts["features"]) == (3, 1)
    assert answer.counts["considered"] == {"features": 1, "facilities": 4}


def test_degrees_would_rank_the_northern_school_first_but_metres_decide(world, nearest_facilities):
    # At 23° N a degree of longitude is 0.92 of one of latitude: 96 m east is more degrees than 100 m north.
    world.site()
    north, east = world.school(place(100, 0)), world.school(place(96, 90))
    assert place(96, 90)[0] - HERE[0] > place(100, 0)[1] - HERE[1]
    assert ranks(nearest_facilities(k=1)) == [(1, str(east))]
    assert ranks(nearest_facilities(k=2)) == [(1, str(east)), (2, str(north))]


def test_everybody_who_ties_at_rank_k_is_there_and_flagged(world, nearest_facilities):
    world.site()
    first = str(world.school(place(50)))
    tied = {str(world.school(place(100))) for _ in range(3)}
    world.school(place(101))
    rows = nearest_facilities(k=2).rows
    assert [(row["rank"], row["tied"]) for row in rows] == [(1, False), *[(2, True)] * 3]
    assert rows[0]["facility_uid"] == first
    assert {row["facility_uid"] for row in rows[1:]} == tied
    assert [row["facility_uid"] for row in rows[1:]] == sorted(tied)


def test_a_micrometre_is_a_tie_and_a_millimetre_is_none(world, nearest_facilities):
    world.site()
    world.school(place(100))
    world.school(place(100.001))
    assert nearest_facilities(k=1).column("tied") == [False]
    world.school(place(100.0000001))
    assert nearest_facilities(k=1).column("tied") == [True, True]


def test_fewer_than_k_are_all_there(world, nearest_facilities):
    world.site()
    world.school(place(100))
    world.school(place(200))
    assert nearest_facilities(k=50).column("rank") == [1, 2]


def test_a_facility_is_not_its_own_neighbour(world, nearest_facilities):
    one, two = world.school(HERE), world.school(place(100))
    rows = nearest_facilities(of="facilities", k=3).rows
    assert {(row["feature_uid"], row["facility_uid"]) for row in rows} == {
        (str(one), str(two)),
        (str(two), str(one)),
    }


def test_two_facilities_at_one_place_are_neighbours(world, nearest_facilities):
    world.school(HERE)
    world.school(HERE)
    answer = nearest_facilities(of="facilities", k=1)
    assert answer.column("distance_m") == [0, 0]
    assert answer.column("bearing_deg") == [None, None]


def test_each_kind_has_its_own_list(world, nearest_facilities):
    world.site()
    made = {
        (kind, metres): str(world.school(place(metres), kind=kind))
        for kind in ("kindergarten", "primary_school")
        for metres in (100, 200)
    }
    world.school(place(10), kind="hospital")
    kinds = "kindergarten,primary_school,university"
    answer = nearest_facilities(k=1, per_kind="true", facility_kinds=kinds)
    assert ranks(answer, facility_kind="kindergarten") == [(1, made["kindergarten", 100])]
    assert ranks(answer, facility_kind="primary_school") == [(1, made["primary_school", 100])]
    (none,) = (row for row in answer.rows if row["wanted_kind"] == "university")
    assert (none["state"], none["facility_uid"]) == ("none_within_distance", None)
    assert len({feature["id"] for feature in answer.features}) == len(answer.rows) == 3
    assert len(nearest_facilities(k=1).rows) == 2  # a tie, of different kinds


def test_a_site_without_position_is_listed_with_that_state(world, nearest_facilities):
    world.school(place(100))
    lost = world.site(None)
    answer = nearest_facilities()
    (row,) = answer.rows
    assert (row["feature_uid"], row["state"]) == (str(lost), "no_position")
    assert (row["rank"], row["facility_uid"], row["distance_m"]) == (None, None, None)
    assert answer.features[0]["geometry"] is None
    assert answer.counts["unknown"] == {
        "features_without_position": 1,
        "facilities_without_position": 0,
    }


def test_a_school_without_position_is_counted_and_never_ranked(world, nearest_facilities):
    world.site()
    world.school(None)
    answer = nearest_facilities()
    assert answer.column("state") == ["none_within_distance"]
    assert answer.counts["unknown"]["facilities_without_position"] == 1


@pytest.mark.parametrize(
    ("farthest", "state"), [("100.001", "ranked"), ("99.999", "none_within_distance")]
)
def test_nothing_beyond_the_farthest_distance_is_ranked(world, nearest_facilities, farthest, state):
    world.site()
    world.school(place(100))
    assert nearest_facilities(max_distance_m=farthest).column("state") == [state]


def test_a_farthest_distance_below_the_kth_keeps_those_within(world, nearest_facilities):
    world.site()
    for metres in (100, 200, 300):
        world.school(place(metres))
    assert nearest_facilities(k=3, max_distance_m=250).column("rank") == [1, 2]


def test_footprints_and_grounds_are_measured(world, nearest_facilities):
    world.site(footprint=square(HERE, 50))
    far_point = world.school(place(700), campus=square(place(700), 300))
    world.school(place(420))
    (row,) = nearest_facilities(k=1).rows
    assert row["facility_uid"] == str(far_point)
    assert row["distance_m"] == pytest.approx(350, abs=0.01)


def test_cancelled_sites_and_closed_schools_are_left_out(world, nearest_facilities):
    world.site(cancelled_on="2021-06-25")
    world.site()
    world.school(place(10), status="closed")
    world.school(place(20), closed_on="2021-06-25")
    operating = str(world.school(place(30)))
    assert ranks(nearest_facilities(k=1)) == [(1, operating)]
    assert len(nearest_facilities(k=1, as_of="2021-06-24").rows) == 2


@pytest.mark.parametrize(
    ("given_", "error"),
    [
        ({"k": "0"}, OutOfRange),
        ({"k": "51"}, OutOfRange),
        ({"k": "1.5"}, BadParameter),
        ({"max_distance_m": "0"}, OutOfRange),
        ({"max_distance_m": "50001"}, OutOfRange),
        ({"per_kind": "yes"}, BadParameter),
        ({"of": "towns"}, BadParameter),
    ],
)
def test_values_outside_the_bounds_are_refused(nearest_facilities, given_, error):
    with pytest.raises(error):
        nearest_facilities(**given_)


@pytest.mark.parametrize("k", ["1", "50"])
def test_k_is_accepted_from_1_to_50(nearest_facilities, k):
    assert nearest_facilities(k=k).rows == []


def test_any_two_collections_with_geometry_can_be_asked_about(world, database):
    world.site()
    world.school(place(100))
    answer = asked(database, "nearest", this="facilities", that="hazard_sites", k=1)
    (row,) = answer.rows
    assert row["distance_m"] == pytest.approx(100, abs=1e-6)
    assert row["bearing_deg"] == pytest.approx(270, abs=0.01)


def test_a_collection_without_geometry_is_refused(database):
    with pytest.raises(BadParameter):
        asked(database, "nearest", this="hazard_assessments", that="facilities")
    with pytest.raises(UnknownCollection):
        asked(database, "nearest", this="volcanoes", that="facilities")


def test_the_plane_metric_ranks_by_the_plane(world, nearest_facilities):
    world.site()
    world.school(place(10_000))
    (row,) = nearest_facilities(metric="plane4547").rows
    # 25.6 km west of the central meridian, scale 1 + y² / 2R² = 1 + 6.5e-6 at the middle of the line.
    assert row["distance_m"] == pytest.approx(10_000 * (1 + 5.3e-6), abs=0.01)


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_give_each_row_once_and_ties_and_states_do_not_confuse_them(
    world, nearest_facilities, limit
):
    for number in range(3):
        world.site(place(number))
    world.site(None)
    for metres in (100, 100, 200):
        world.school(place(metres, 0))
    asked = {"k": 2, "per_kind": "true", "facility_kinds": "primary_school"}
    whole = [feature["id"] for feature in nearest_facilities(**asked).features]
    assert len(whole) == len(set(whole)) == 7
    ids: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(8):
        page = nearest_facilities(**asked, limit=limit, **cursor)
        ids += [feature["id"] for feature in page.features]
        if page.answer.next_cursor is None:
            break
        cursor = {"cursor": page.answer.next_cursor}
    assert ids == whole


spots = st.tuples(st.integers(-40, 40), st.integers(-40, 40))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sites=st.lists(spots, min_size=1, max_size=6),
    schools=st.lists(spots, min_size=1, max_size=12),
    k=st.integers(1, 6),
)
def test_ranks_are_those_of_measuring_everything(database, sites, schools, k):
    """Places on a grid of 0.001°, so that ties happen."""
    with database.change(actor="tester", door="test") as connection:
        for collection in (hazard_sites, facilities):
            connection.execute(sa.delete(tables().current(collection)))
        for number, (x, y) in enumerate(sites):
            values = {
                "register_kind": "hidden_danger",
                "type_code": "02",
                "registered_on": "2020-01-01",
            }
            connection.execute(
                sa.insert(tables().current(hazard_sites)).values(
                    site_no=str(number), name="s", geom=_grid(x, y), **values
                )
            )
        for number, (x, y) in enumerate(schools):
            connection.execute(
                sa.insert(tables().current(facilities)).values(
                    facility_no=str(number),
                    name="f",
                    kind="primary_school",
                    status="operating",
                    geom=_grid(x, y),
                )
            )
    found = {
        (row["feature_site_no"], row["facility_no"]): row["rank"]
        for row in asked(database, "nearest_facilities", k=k).rows
    }
    assert found == _by_measuring_everything(sites, schools, k)


def _grid(x: int, y: int) -> str:
    return f"SRID=4490;POINT({113.75 + x / 1000!r} {23 + y / 1000!r})"


def _by_measuring_everything(sites, schools, k) -> dict[tuple[str, str], int]:
    expected = {}
    for site, (x, y) in enumerate(sites):
        distances = [
            round(
                CGCS2000.inv(113.75 + x / 1000, 23 + y / 1000, 113.75 + a / 1000, 23 + b / 1000)[2],
                5,
            )
            for a, b in schools
        ]
        for school, distance in enumerate(distances):
            rank = 1 + sum(other < distance for other in distances)
            if rank <= k:
                expected[str(site), str(school)] = rank
    return expected
