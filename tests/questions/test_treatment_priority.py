"""Question 7: which sites compete, what their inputs are, and that schools within D only ever count more."""

import csv
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from worlds import HERE, Asked, asked, place, square

from geoservice.domain.funding import funding_entries
from geoservice.domain.hazards import hazard_assessments, threat_grade
from geoservice.domain.remediation import remediation_programmes
from geoservice.errors import BadParameter, OutOfRange
from geoservice.files.exporting import ExportOptions, write
from geoservice.questions import all_rows, question_called
from geoservice.questions.asking import planned
from geoservice.store.publishing import Registry

ID = "treatment_priority"
NOTHING_ELSE = {
    "weight_risk": 0,
    "weight_people": 0,
    "weight_school_within_distance": 0,
    "weight_pupils": 0,
    "weight_slope_height": 0,
}


@pytest.fixture
def priority(database):
    """Asks `treatment_priority`."""

    def ask(**given: object) -> Asked:
        return asked(database, ID, **{"as_of": "2021-12-31"} | given)

    return ask


@pytest.fixture
def untreated(world, add):
    """Makes a registered site without project, with an assessment."""

    def made(
        people: int | None = 3,
        risk: str | None = "low",
        height: float | None = 10.0,
        assets: float | None = 10,
        **rest: Any,
    ) -> UUID:
        values = {"measure": None, "slope_height_m": height} | rest
        site = world.site(**values)
        add(
            hazard_assessments,
            hazard_site=site,
            assessed_on="2021-05-01",
            threatened_people=people,
            risk_level=risk,
            threatened_assets_wan=assets,
        )
        return site

    return made


def only(part: str, **rest: object) -> dict[str, object]:
    """The parameters by which nothing but one part counts."""
    return NOTHING_ELSE | {f"weight_{part}": 1} | rest


def of_site(answer: Asked, site: UUID) -> dict[str, Any]:
    return next(row for row in answer.rows if row["site_uid"] == str(site))


def ranks(answer: Asked) -> dict[str, int | None]:
    return {row["site_uid"]: row["rank"] for row in answer.rows}


def issues(answer: Asked) -> dict[str, int]:
    return {each.code: each.count for each in answer.answer.issues}


def test_three_sites_are_ranked_as_on_paper_and_every_position_is_explained(
    world, untreated, priority
):
    # risk 0, 1/3, 2/3; people 0, 1, 0.5; a school of 600 at the third only; height 1, 0.5, 0.
    sites = [
        untreated(2, "low", 30.0, xy=place(0)),
        untreated(12, "medium", 20.0, xy=place(3_000)),
        untreated(7, "high", 10.0, xy=place(6_000)),
    ]
    world.school(place(6_400), capacity=600)
    answer = priority()
    first, second, third = (of_site(answer, each) for each in sites)
    assert third["score"] == pytest.approx((2 / 3 + 0.5 + 1 + 1 + 0) / 5)
    assert second["score"] == pytest.approx((1 / 3 + 1 + 0 + 0 + 0.5) / 5)
    assert first["score"] == pytest.approx((0 + 0 + 0 + 0 + 1) / 5)
    assert answer.column("site_uid") == [str(each) for each in reversed(sites)]
    assert answer.column("rank") == [1, 2, 3]
    assert third["risk_part"] == pytest.approx(2 / 3)
    assert third["risk_contribution"] == pytest.approx(2 / 15)
    assert (third["school_count"], third["pupils"]) == (1, 600)
    assert (first["school_count"], first["pupils"]) == (0, 0)
    for row in answer.rows:
        parts = sum(value or 0 for name, value in row.items() if name.endswith("_contribution"))
        assert parts == pytest.approx(row["score"], abs=1e-9)
    assert answer.counts["ranked"] == 3
    assert answer.counts["weight_used"]["people"] == pytest.approx(0.2)
    assert answer.counts["weight_used"]["cost_efficiency"] == 0
    assert answer.answer.parameters["weight_people"] == 1.0


class TestWhoCompetes:
    """Registered on the day, and not treated."""

    def test_accepted_sites_are_left_out_and_counted_and_those_under_way_unless_asked_for(
        self, world, untreated, priority
    ):
        decided, designed, completed, accepted, void = (untreated() for _ in range(5))
        finished = {"completed_on": "2021-05-01"}
        world.project(decided, status="measure_set", measure_set_on="2021-03-01")
        world.project(designed, status="design", design_on="2021-03-01")
        world.project(completed, status="completed", **finished)
        world.project(accepted, status="accepted", accepted_on="2021-06-01", **finished)
        world.project(void, status="void", void_on="2021-06-01")
        answer = priority()
        assert set(ranks(answer)) == {str(decided), str(void)}
        assert answer.counts["excluded"]["under_way"] == 2
        assert answer.counts["excluded"]["accepted"] == 1
        assert of_site(answer, decided)["stage"] == "measure_set"
        wider = priority(include_under_way="true")
        assert set(ranks(wider)) == {str(each) for each in (decided, designed, completed, void)}
        assert wider.counts["excluded"]["under_way"] == 0

    @pytest.mark.parametrize(("day", "competes"), [("2021-05-31", True), ("2021-06-01", False)])
    def test_acceptance_takes_a_site_out_from_its_day(
        self, world, untreated, priority, day, competes
    ):
        site = untreated()
        finished = {"completed_on": "2021-05-01", "accepted_on": "2021-06-01"}
        world.project(site, status="accepted", **finished)
        answer = priority(as_of=day, include_under_way="true")
        assert (str(site) in ranks(answer)) is competes

    def test_a_site_with_one_accepted_project_and_one_in_works_is_under_way(
        self, world, untreated, priority
    ):
        site = untreated()
        finished = {"completed_on": "2021-05-01", "accepted_on": "2021-06-01"}
        world.project(site, measure="E", status="accepted", **finished)
        world.project(site, measure="D", status="in_works", works_on="2021-07-01")
        assert priority().counts["excluded"]["under_way"] == 1

    def test_cancelled_unregistered_and_other_registers_are_left_out_and_counted(
        self, untreated, priority
    ):
        untreated(cancelled_on="2021-06-01")
        untreated(registered_on="2022-01-01")
        untreated(register_kind="risk_point")
        site = untreated()
        answer = priority()
        assert set(ranks(answer)) == {str(site)}
        excluded = answer.counts["excluded"]
        assert (excluded["cancelled"], excluded["not_registered"]) == (1, 1)
        assert excluded["other_register"] == 1

    def test_the_town_restricts_who_competes(self, untreated, priority):
        here = untreated(town_code="441900001")
        untreated(town_code="441900002")
        assert set(ranks(priority(town="441900001"))) == {str(here)}

    def test_the_page_does_not_change_the_parts(self, untreated, priority):
        for people in (1, 5, 9, 3):
            untreated(people)
        whole = priority(**only("people"))
        first = priority(**only("people", limit=2))
        second = priority(**only("people", limit=2, cursor=first.answer.next_cursor))
        assert first.rows + second.rows == whole.rows
        assert second.answer.next_cursor is None


class TestInputs:
    """Raw values, and what is unknown."""

    def test_a_site_without_an_input_is_listed_last_without_a_score_and_counted(
        self, world, untreated, priority
    ):
        world.school(place(0), capacity=100)
        unknown = untreated(people=None, risk="very_high", height=99.0)
        known = untreated()
        answer = priority()
        assert answer.column("site_uid") == [str(known), str(unknown)]
        row = of_site(answer, unknown)
        assert (row["score"], row["rank"], row["missing"]) == (None, None, "people")
        assert answer.counts["not_scored"] == 1
        assert answer.counts["missing"]["people"] == 1
        assert issues(answer)["not-scored"] == 1

    def test_without_any_assessment_risk_and_people_are_missing(self, world, priority):
        world.site(measure=None, slope_height_m=3.0)
        world.school(place(0), capacity=100)
        assert priority().column("missing") == ["risk, people"]

    def test_the_latest_assessment_counts_even_if_it_says_less(self, add, untreated, priority):
        site = untreated(people=50)
        add(hazard_assessments, hazard_site=site, assessed_on="2021-08-01", risk_level="high")
        row = of_site(priority(), site)
        assert (row["threatened_people"], row["risk_level"]) == (None, "high")
        assert of_site(priority(as_of="2021-07-31"), site)["threatened_people"] == 50

    def test_unknown_capacity_of_one_school_makes_the_pupils_unknown_not_less(
        self, world, untreated, priority
    ):
        world.school(place(100), capacity=500)
        world.school(place(200), capacity=None)
        site = untreated()
        row = of_site(priority(), site)
        assert (row["school_count"], row["pupils"], row["missing"]) == (2, None, "pupils")
        assert of_site(priority(distance_m=150), site)["pupils"] == 500

    def test_a_register_without_schools_is_no_data_and_not_none(self, untreated, priority):
        untreated()
        answer = priority()
        assert answer.column("missing") == ["school_within_distance, pupils"]
        assert answer.column("school_count") == [None]

    def test_a_site_without_position_has_no_schools_known(self, world, untreated, priority):
        world.school(place(0), capacity=100)
        untreated(xy=None)
        answer = priority()
        assert answer.column("missing") == ["school_within_distance, pupils"]
        assert answer.counts["unknown"]["sites_without_position"] == 1

    @pytest.mark.parametrize(("metres", "number"), [(499.9, 1), (500.1, 0)])
    def test_a_school_within_d_counts_and_one_beyond_does_not(
        self, world, untreated, priority, metres, number
    ):
        world.school(place(metres), capacity=9, location_accuracy_m=50.0)
        site = untreated()
        assert of_site(priority(), site)["school_count"] == number

    def test_the_footprint_is_measured_and_shown_where_there_is_one(
        self, world, untreated, priority
    ):
        world.school(place(520), capacity=9)
        untreated(footprint=square(HERE, 50))
        (feature,) = priority().features
        assert feature["properties"]["school_count"] == 1
        assert feature["geometry"]["type"] == "MultiPolygon"

    def test_schools_that_are_planned_closed_or_of_another_kind_do_not_count(
        self, world, untreated, priority
    ):
        world.school(place(10), capacity=1, status="planned")
        world.school(place(10), capacity=10, closed_on="2021-06-01")
        world.school(place(10), capacity=100, kind="hospital")
        world.school(place(10), capacity=1000)
        site = untreated()
        assert of_site(priority(), site)["pupils"] == 1000
        assert of_site(priority(facility_kinds="hospital"), site)["pupils"] == 100

    def test_money_is_secured_else_planned_and_that_of_a_shared_project_is_unknown(
        self, world, add, untreated, priority
    ):
        secured, planned_only, shared, none = (untreated(people=10) for _ in range(4))
        programme = add(
            remediation_programmes,
            programme_no="P",
            name="p",
            baseline_on="2021-01-01",
            hazard_sites=[],
        )
        project = world.project(shared, none, status="measure_set", measure_set_on="2021-03-01")
        entries = (
            ("secured", 200_000_000, {"hazard_site": secured}),
            ("planned", 900_000_000, {"hazard_site": secured}),
            ("planned", 50_000_000, {"hazard_site": planned_only}),
            ("secured", 70_000_000, {"project": project}),
        )
        for number, (kind, amount, held) in enumerate(entries):
            add(
                funding_entries,
                entry_no=f"E{number}",
                programme=programme,
                kind=kind,
                amount_fen=amount,
                booked_on="2021-06-01",
                **held,
            )
        answer = priority(**only("cost_efficiency"))
        found = {
            row["site_uid"]: (row["cost_fen"], row["cost_basis"], row["people_per_million_yuan"])
            for row in answer.rows
        }
        assert found == {
            str(secured): (200_000_000, "secured", 5.0),
            str(planned_only): (50_000_000, "planned", 20.0),
            str(shared): (None, None, None),
            str(none): (None, None, None),
        }
        assert ranks(answer)[str(planned_only)] == 1
        assert answer.counts["not_scored"] == 2

    def test_renormalised_scores_what_is_known_and_says_so(self, world, untreated, priority):
        world.school(place(0), capacity=100)
        unknown = untreated(people=None, risk="very_high")
        untreated(people=1)
        answer = priority(missing="renormalised")
        row = of_site(answer, unknown)
        assert row["rank"] == 1
        assert row["missing"] == "people"
        assert row["people_contribution"] is None
        assert answer.counts["not_scored"] == 0
        assert issues(answer)["scored-on-less"] == 1


class TestWhatTellsNothing:
    """Parts that do not tell sites apart are said to."""

    def test_a_part_that_is_equal_everywhere_is_0_and_noted_unless_its_weight_is_0(
        self, untreated, priority
    ):
        untreated(people=3, height=1.0)
        untreated(people=3, height=2.0)
        answer = priority(**only("people", weight_slope_height=1))
        assert answer.column("people_contribution") == [0.0, 0.0]
        assert issues(answer)["people-uniform"] == 2
        assert "people-uniform" not in issues(priority(**only("slope_height")))

    @pytest.mark.parametrize(
        ("people", "assets", "noted"), [(99, 499, True), (100, 499, False), (99, 500, False)]
    )
    def test_a_stock_of_small_sites_is_noted_because_severity_ranks_nothing(
        self, untreated, priority, people, assets, noted
    ):
        assert (threat_grade(people, assets).code == "D") is noted
        untreated(people, assets=assets)
        untreated(1, assets=1)
        assert ("severity-uninformative" in issues(priority())) is noted

    def test_equal_sites_share_a_rank_and_are_listed_by_their_uid(self, untreated, priority):
        sites = [untreated(1), untreated(1), untreated(9), untreated(1)]
        answer = priority(**only("people"))
        assert answer.column("rank") == [1, 2, 2, 2]
        same = [str(sites[0]), str(sites[1]), str(sites[3])]
        assert answer.column("site_uid") == [str(sites[2]), *sorted(same)]


class TestParameters:
    """Weights and their variation."""

    def test_weights_that_are_all_0_are_refused(self, priority):
        with pytest.raises(BadParameter):
            priority(**NOTHING_ELSE)

    @pytest.mark.parametrize("weight", ["-0.1", "nan", "1001"])
    def test_a_weight_below_0_or_no_number_is_refused(self, priority, weight):
        with pytest.raises(BadParameter):
            priority(weight_risk=weight)

    def test_a_variation_beyond_90_percent_is_refused(self, priority):
        priority(stability_percent=90)
        with pytest.raises(OutOfRange):
            priority(stability_percent=91)

    def test_weights_scaled_alike_change_nothing(self, world, untreated, priority):
        world.school(place(0), capacity=100)
        for number, risk in enumerate(("low", "high", "medium")):
            untreated(number * 7 % 5, risk, float(number))
        given = dict.fromkeys(NOTHING_ELSE, 3)
        assert ranks(priority(**given)) == ranks(priority())

    def test_stability_shows_how_far_a_rank_moves(self, untreated, priority):
        risky, crowded = untreated(1, "very_high"), untreated(9, "low")
        given = only("risk", weight_risk=11, weight_people=10)
        row = of_site(priority(**given), risky)
        assert (row["rank"], row["rank_best"], row["rank_worst"]) == (1, 1, 2)
        row = of_site(priority(**given, stability_percent=5), crowded)
        assert (row["rank"], row["rank_best"], row["rank_worst"]) == (2, 2, 2)


def test_widening_d_never_lowers_the_school_part(world, untreated, priority):
    for metres, azimuth in ((90, 0), (240, 80), (410, 190), (800, 300)):
        world.school(place(metres, azimuth), capacity=metres)
    site = untreated()
    untreated(xy=place(20_000))
    found = [
        of_site(priority(distance_m=distance), site) for distance in (50, 100, 250, 500, 1_000)
    ]
    for column in ("school_count", "pupils", "school_within_distance_part"):
        values = [row[column] for row in found]
        assert values == sorted(values)
    assert [row["school_count"] for row in found] == [0, 1, 2, 3, 4]


def test_what_was_known_before_is_answered_without_what_came_later(database, untreated, priority):
    site = untreated()
    then = datetime.now(UTC)
    untreated()
    assert set(ranks(priority(known_at=then.isoformat()))) == {str(site)}


def test_no_site_at_all_is_an_empty_answer(priority):
    answer = priority()
    assert answer.rows == []
    assert answer.counts["ranked"] == 0


def test_every_row_can_be_a_file_with_plain_numbers(database, dongguan, untreated, world, tmp_path):
    world.school(place(0), capacity=100)
    for people in (1, 2, None):
        untreated(people)
    rows = all_rows(question_called(ID, dongguan), {}, registry=Registry(database), region=dongguan)
    file = tmp_path / "ranking.csv"
    write(database, rows.records, rows.statement, "csv", file, ExportOptions())
    lines = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert [(line["rank"], line["people_part"]) for line in lines] == [
        ("1", "1"),
        ("2", "0"),
        ("", ""),
    ]


def test_schools_are_found_by_the_spatial_index(module_database, dongguan):
    fill = (
        """insert into registers.facilities (facility_no, name, kind, status, geom)
        select i, 'f', 'primary_school', 'operating',
          ST_SetSRID(ST_Point(113.5 + i % 97 * 0.008, 22.6 + i % 89 * 0.006), 4490)
        from generate_series(1, 4000) as i""",
        """insert into registers.hazard_sites
          (site_no, name, register_kind, type_code, registered_on, geom)
        select i, 's', 'hidden_danger', '02', '2020-01-01',
          ST_SetSRID(ST_Point(113.5 + i % 83 * 0.009, 22.6 + i % 79 * 0.007), 4490)
        from generate_series(1, 4000) as i""",
        "analyze registers.hazard_sites, registers.facilities",
    )
    with module_database.migration() as connection:
        for statement in fill:
            connection.execute(sa.text(statement))
    registry = Registry(module_database)
    _, plan = planned(question_called(ID, dongguan), {}, registry=registry, region=dongguan)
    found = sa.select(plan.found).compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )
    text = "explain " + str(found).replace(":", r"\:").replace("%%", "%")
    explained = "\n".join(row[0] for row in module_database.rows(sa.text(text)))
    assert "facilities_best_gist" in explained or "hazard_sites_best_gist" in explained
