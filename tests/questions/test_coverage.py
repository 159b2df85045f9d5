"""Coverage: what recorded statements say of the area asked about, on a day, as known at an instant."""

from typing import Any

import pytest
import sqlalchemy as sa
from worlds import asked

from geoservice.domain.coverage import coverage_statements
from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_sites
from geoservice.domain.places import towns, villages
from geoservice.languages import Text
from geoservice.questions.contract import Coverage
from geoservice.questions.coverage import TOLERANCE, merged, registers
from geoservice.store.tables import tables

WEST = "MULTIPOLYGON(((113.7 22.9,113.8 22.9,113.8 23.0,113.7 23.0,113.7 22.9)))"
EAST = "MULTIPOLYGON(((113.8 22.9,113.9 22.9,113.9 23.0,113.8 23.0,113.8 22.9)))"
NEAR = {"this": "facilities", "that": "hazard_sites", "distance_m": 1}


def around(west: float, south: float, east: float, north: float) -> str:
    ring = f"{west} {south},{east} {south},{east} {north},{west} {north},{west} {south}"
    return f"MULTIPOLYGON((({ring})))"


@pytest.fixture
def two_towns(add) -> None:
    """Two towns of one size beside each other, and a site and a school in the middle of the western."""
    for code, area in (("W", WEST), ("E", EAST)):
        add(towns, code=code, name=code, kind="town", parent_code="441900", geom=area)
    add(
        hazard_sites,
        site_no="1",
        name="site",
        register_kind="hidden_danger",
        type_code="02",
        registered_on="2020-01-01",
        geom="POINT(113.75 22.95)",
    )
    add(
        facilities,
        facility_no="1",
        name="school",
        kind="primary_school",
        status="operating",
        geom="POINT(113.75 22.95)",
    )


@pytest.fixture
def state(add):
    """Records a statement on hazard sites; its number is that of the statements so far."""
    made = []

    def stated(status: str, **values: Any) -> str:
        made.append(status)
        number = f"S-{len(made)}"
        given = {"dataset": "hazard_sites", "valid_from": "2020-01-01", "stated_by": "局"}
        add(coverage_statements, statement_no=number, status=status, **given | values)
        return number

    return stated


@pytest.fixture
def coverage(database, two_towns):
    """The status of hazard sites in an answer about a day in 2024, and the whole statement."""

    def of(**given: object) -> tuple[str, str]:
        answer = asked(database, "near", **NEAR, **{"as_of": "2024-01-01"} | given)
        return answer.coverage["hazard_sites"], answer.said_of("hazard_sites")

    return of


def test_without_a_statement_it_is_unknown(coverage):
    status, said = coverage()
    assert status == "unknown"
    assert "no statement of completeness is recorded" in said


@pytest.mark.parametrize("status", ["complete", "partial", "none", "unknown"])
def test_one_statement_on_the_whole_region_decides_and_is_named(state, coverage, status):
    number = state(status, valid_from="2021-06-25", stated_by="自然资源局")
    found, said = coverage()
    assert found == status
    assert f"{number} (2021-06-25, 自然资源局)" in said
    assert "the whole area" in said


def test_only_where_it_is_complete_does_not_listed_mean_not_there(state, coverage):
    state("partial")
    assert "does not mean not there" in coverage()[1]
    state("complete", valid_from="2022-01-01")
    assert "What is not listed is not there." in coverage()[1]


def test_a_statement_on_another_collection_says_nothing(state, coverage):
    state("complete", dataset="facilities")
    assert coverage()[0] == "unknown"


def test_statements_of_both_towns_together_cover_the_region(state, coverage):
    state("complete", town_code="W")
    status, said = coverage()
    assert status == "partial"
    assert "nothing stated for 50.0 % of the area" in said
    state("complete", town_code="E")
    status, said = coverage()
    assert status == "complete"
    assert "S-1" in said
    assert "S-2" in said


def test_the_town_asked_for_is_the_area(state, coverage):
    state("complete", town_code="W")
    assert coverage(town="W")[0] == "complete"
    assert coverage(town="E")[0] == "unknown"


def test_a_shape_covers_by_its_area(state, coverage):
    """The western half of the western town: a half of the town, a quarter of both."""
    state("complete", geom=around(113.7, 22.9, 113.75, 23.0))
    assert "50.0 % of the area" in coverage(town="W")[1]
    assert "25.0 % of the area" in coverage()[1]
    assert coverage(town="W")[0] == "partial"
    assert coverage(town="E")[0] == "unknown"


def test_the_town_that_a_statement_names_goes_before_its_shape(state, coverage):
    state("complete", town_code="W", geom=EAST)
    assert coverage(town="W")[0] == "complete"
    assert coverage(town="E")[0] == "unknown"


@pytest.mark.parametrize(("part", "status"), [(0.5, "complete"), (2.0, "partial")])
def test_a_sliver_within_the_tolerance_does_not_count(state, coverage, part, status):
    """The town is a tenth of a degree wide; the sliver is as high, so its share is that of its width."""
    state("complete", geom=around(113.7 + part * TOLERANCE * 0.1, 22.9, 113.8, 23.0))
    assert coverage(town="W")[0] == status


@pytest.mark.parametrize(
    ("older", "newer"), [("complete", "none"), ("none", "complete"), ("complete", "partial")]
)
def test_of_two_that_contradict_the_newer_start_holds(state, coverage, older, newer):
    state(newer, valid_from="2023-01-01")
    number = state(older, valid_from="2022-01-01")
    status, said = coverage()
    assert status == newer
    assert number not in said


def test_the_newer_one_holds_for_its_area_only(state, coverage):
    state("complete", valid_from="2022-01-01")
    state("none", valid_from="2023-01-01", town_code="E")
    status, said = coverage()
    assert status == "partial"
    assert "complete for 50.0 % of the area, as stated by S-1" in said
    assert "no data for 50.0 % of the area, as stated by S-2" in said
    assert coverage(town="W")[0] == "complete"
    assert coverage(town="E")[0] == "none"


def test_a_newer_statement_on_the_whole_region_voids_all_older_ones(state, coverage):
    state("none", valid_from="2022-01-01", town_code="E")
    state("none", valid_from="2022-01-01", geom=WEST)
    state("complete", valid_from="2023-01-01")
    assert coverage()[0] == "complete"


def test_three_in_one_place_the_newest_decides(state, coverage):
    for year, status in ((2020, "complete"), (2021, "none"), (2022, "complete")):
        state(status, valid_from=f"{year}-01-01", town_code="W")
    assert coverage(town="W")[0] == "complete"
    assert "S-2" not in coverage(town="W")[1]


def test_towns_that_share_a_border_do_not_overrule_each_other(state, coverage):
    state("complete", town_code="W")
    state("none", town_code="E", valid_from="2023-01-01")
    assert coverage(town="W")[0] == "complete"


def test_a_closed_statement_holds_until_the_day_before_its_end(state, coverage):
    state("complete", valid_from="2021-01-01", valid_to="2022-01-01")
    assert coverage(as_of="2020-12-31")[0] == "unknown"
    assert coverage(as_of="2021-01-01")[0] == "complete"
    assert coverage(as_of="2021-12-31")[0] == "complete"
    assert coverage(as_of="2022-01-01")[0] == "unknown"


def test_what_was_stated_later_was_not_known_before(state, coverage, database):
    state("partial")
    then = database.scalar(sa.text("select now()"))
    table = tables().current(coverage_statements)
    with database.change(actor="李", door="test") as connection:
        connection.execute(sa.update(table).values(status="complete"))
    assert coverage()[0] == "complete"
    assert coverage(known_at=then.isoformat())[0] == "partial"
    # Then nothing at all was recorded, which is no data.
    assert coverage(known_at="2001-01-01T00:00:00Z")[0] == "none"


def test_without_towns_the_extent_of_the_region_is_the_area(state, database):
    state("complete", geom=around(113, 22, 115, 24))
    answer = asked(database, "near", **NEAR, as_of="2024-01-01")
    assert answer.coverage["hazard_sites"] == "complete"


def test_of_a_town_without_an_area_its_own_and_general_statements_count(state, coverage, add):
    add(towns, code="P", name="park", kind="park", parent_code="441900", geom=None)
    state("complete", town_code="W")
    assert coverage(town="P")[0] == "unknown"
    state("none", valid_from="2021-01-01")
    assert coverage(town="P")[0] == "none"
    state("complete", valid_from="2022-01-01", town_code="P")
    assert coverage(town="P")[0] == "complete"


def test_a_complete_layer_without_a_match_stays_complete(state, database, two_towns, add):
    """Nothing qualifies, and that is “none”; without the statement it is “no data”."""
    given = NEAR | {"as_of": "2024-01-01", "that_filter": "name = 'another'"}
    answer = asked(database, "near", **given)
    assert answer.coverage["hazard_sites"] == "none"
    assert "no data" in answer.said_of("hazard_sites")
    state("complete")
    answer = asked(database, "near", **given)
    assert answer.coverage["hazard_sites"] == "complete"
    assert "no data" not in answer.said_of("hazard_sites")


def test_a_complete_layer_is_partial_beyond_the_edge_of_the_known_area(state, database, add):
    add(towns, code="W", name="W", kind="town", parent_code="441900", geom=WEST)
    state("complete")
    for name, x in (("a", 113.75), ("b", 113.7001)):
        add(
            facilities,
            facility_no=name,
            name=name,
            kind="primary_school",
            status="operating",
            geom=f"POINT({x} 22.95)",
        )
        add(
            hazard_sites,
            site_no=name,
            name=name,
            register_kind="hidden_danger",
            type_code="02",
            registered_on="2020-01-01",
            geom=f"POINT({x} 22.95)",
        )
    answer = asked(database, "near", **NEAR | {"distance_m": 500}, as_of="2024-01-01")
    assert answer.coverage["hazard_sites"] == "partial"
    assert "S-1" in answer.said_of("hazard_sites")
    assert "beyond it" in answer.said_of("hazard_sites")


def test_an_answer_depends_on_the_version_of_the_statements(state, database, two_towns):
    before = asked(database, "near", **NEAR).answer.data_version
    state("complete")
    after = asked(database, "near", **NEAR).answer.data_version
    assert before["coverage_statements"] < after["coverage_statements"]
    assert before["hazard_sites"] == after["hazard_sites"]


def test_many_statements_are_counted_and_the_newest_named(state, coverage):
    for month in range(1, 8):
        state("complete", town_code="W", valid_from=f"2021-{month:02}-01")
    said = coverage(town="W")[1]
    assert "S-7" in said
    assert "S-1 " not in said
    assert "and 2 more" in said


def test_the_units_of_places_and_the_statements_are_no_registers():
    assert registers((towns, coverage_statements, hazard_sites)) == (hazard_sites,)
    assert registers((villages,)) == (villages,)


def coverage_of(status: str, said: str) -> Coverage:
    return Coverage("x", status, Text(zh=said, en=said))


@pytest.mark.parametrize(
    ("stated", "found", "status"),
    [
        ("complete", "none", "complete"),
        ("complete", "partial", "partial"),
        ("unknown", "none", "none"),
        ("unknown", "partial", "partial"),
        ("partial", "none", "none"),
        ("none", "partial", "none"),
    ],
)
def test_what_is_stated_and_what_is_found_become_one(stated, found, status):
    (one,) = merged([coverage_of(stated, "A.")], [coverage_of(found, "B.")])
    assert one.status == status
    assert one.statement.en.startswith("A.")


def test_what_a_question_says_of_another_collection_is_kept():
    other = Coverage("y", "partial", Text(zh="", en=""))
    assert merged([coverage_of("unknown", "A.")], [other])[1] == other
