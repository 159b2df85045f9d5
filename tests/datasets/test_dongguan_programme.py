"""The programme of 114 sites: projects through time, and the last fen of 95.80 M yuan."""

from collections import Counter, defaultdict
from collections.abc import Callable

import pytest
from demo_files import (
    AS_OF,
    PUBLISHED_ON,
    active_sites,
    by_key,
    days_between,
    register_on,
    rows,
)

from geoservice.domain.remediation import REMEDIATION_MEASURES

STAGES = {
    "measure_set": "measure_set_on",
    "design": "design_on",
    "in_works": "works_on",
    "completed": "completed_on",
    "accepted": "accepted_on",
    "cancellation_requested": "cancellation_requested_on",
    "cancelled": "cancelled_on",
}


def projects(year: int) -> list[dict]:
    return [p for p in rows("remediation_projects.csv") if p["project_no"][:11] == f"SYN-ZL-{year}"]


def stage_on(project: dict, day: str) -> str:
    """The last stage whose day had come."""
    return [stage for stage, field in STAGES.items() if (project[field] or "9") <= day][-1]


def test_the_members_are_the_114_and_each_has_one_project_of_2021():
    (programme,) = rows("remediation_programmes.csv")
    assert programme["name"] == "2021 年度 114 处综合治理（合成）"
    assert (programme["baseline_on"], programme["frozen_on"]) == (AS_OF, AS_OF)
    assert set(programme["hazard_sites"]) == set(active_sites())
    treated = Counter(number for row in projects(2021) for number in row["hazard_sites"])
    assert treated == dict.fromkeys(active_sites(), 1)
    assert sum(len(row["hazard_sites"]) == 2 for row in projects(2021)) == 4
    assert len(projects(2021)) == 110


def test_every_measure_is_taken_and_works_are_the_most():
    measures = Counter(row["measure"] for row in projects(2021))
    assert set(measures) == set(REMEDIATION_MEASURES)
    assert measures["D"] > 110 / 2


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (AS_OF, {"measure_set": 22, "design": 31, "in_works": 37, "completed": 13, "accepted": 7}),
        (
            PUBLISHED_ON,
            {
                "cancelled": 8, "cancellation_requested": 6, "accepted": 59, "completed": 18,
                "in_works": 13, "design": 4, "measure_set": 1, "void": 1,
            },
        ),
    ],
)  # fmt: skip
def test_the_stages_of_the_110_projects_on_a_day(day: str, expected: dict[str, int]):
    found = Counter(
        "void" if (row["void_on"] or "9") <= day else stage_on(row, day) for row in projects(2021)
    )
    assert found == expected


def test_the_state_of_a_project_is_the_last_stage_that_it_reached_in_order():
    for row in rows("remediation_projects.csv"):
        reached = [row[field] for field in STAGES.values()]
        given = [day for day in reached if day]
        assert given == sorted(given)
        assert reached[: len(given)] == given  # no stage was left out
        assert all(day <= PUBLISHED_ON for day in given)
        assert (row["void_on"] is not None) == (row["status"] == "void")
        if row["status"] != "void":
            assert row["status"] == stage_on(row, PUBLISHED_ON)
        assert (row["acceptance_document"] is None) == (row["accepted_on"] is None)


def test_a_site_is_cancelled_with_its_project_and_only_after_acceptance():
    gone = {
        row["hazard_site"]: row["ended_on"]
        for row in rows("register_periods.csv")
        if row["end_kind"] == "cancelled" and row["ended_on"] > AS_OF
    }
    for site in rows("hazard_sites.geojson"):
        if not site["merged_into"] and (site["cancelled_on"] or "") > AS_OF:
            gone[site["site_no"]] = site["cancelled_on"]
    cancelled = {row["hazard_sites"][0]: row for row in projects(2021) if row["cancelled_on"]}
    assert {site: row["cancelled_on"] for site, row in cancelled.items()} == gone
    assert len(gone) == 8
    assert all(row["accepted_on"] < row["cancelled_on"] for row in cancelled.values())


def test_projects_begin_after_their_site_was_registered():
    sites = by_key("hazard_sites.geojson", "site_no")
    assert len(projects(2022)) == 7
    for row in projects(2022):
        (number,) = row["hazard_sites"]
        assert number in register_on("hidden_danger", PUBLISHED_ON)
        assert sites[number]["registered_on"] < row["measure_set_on"]


def test_a_relocation_with_old_houses_standing_is_not_accepted():
    relocations = [row for row in projects(2021) if row["measure"] == "C"]
    others = [row for row in projects(2021) if row["measure"] != "C"]
    assert len(relocations) == 8
    assert all(row["households_to_relocate"] is None for row in others)
    for row in relocations:
        moved, planned = int(row["households_relocated"]), int(row["households_to_relocate"])
        assert moved <= planned
        if row["accepted_on"]:
            assert (moved, row["old_houses_standing"]) == (planned, "0")
    (held,) = [
        row
        for row in relocations
        if row["households_relocated"] == row["households_to_relocate"]
        and row["old_houses_standing"] != "0"
    ]
    assert (held["status"], held["old_houses_standing"]) == ("completed", "2")


def test_some_projects_are_late_and_some_have_no_planned_dates():
    late = [
        row
        for row in projects(2021)
        if row["accepted_on"]
        and row["accepted_planned_on"]
        and days_between(row["accepted_planned_on"], row["accepted_on"]) > 30
    ]
    undated = [row for row in projects(2021) if row["accepted_planned_on"] is None]
    assert len(late) >= 5
    assert len(undated) >= 3


# Money


def total(kind: str, day: str, keep: Callable[[dict], bool] = lambda entry: True) -> int:
    """Fen of a kind up to a day."""
    return sum(
        int(entry["amount_fen"])
        for entry in rows("funding_entries.csv")
        if entry["kind"] == kind and entry["booked_on"] <= day and keep(entry)
    )


@pytest.mark.parametrize("day", [AS_OF, PUBLISHED_ON, "2026-01-01"])
def test_95_80_million_yuan_are_secured_of_which_4_80_are_not_allocated(day: str):
    assert total("secured", day) == 9_580_000_000
    assert total("secured", day, lambda entry: entry["project"] is not None) == 9_100_000_000
    unallocated = total("secured", day, lambda e: e["project"] is None and e["hazard_site"] is None)
    assert unallocated == 480_000_000


def test_in_sum_less_is_paid_than_committed_and_less_committed_than_secured():
    paid, committed = total("paid", PUBLISHED_ON), total("committed", PUBLISHED_ON)
    assert 0 < paid < committed < 9_580_000_000


def test_one_project_was_paid_more_than_its_contract():
    held: dict[str, Counter] = defaultdict(Counter)
    for entry in rows("funding_entries.csv"):
        held[entry["project"]][entry["kind"]] += int(entry["amount_fen"])
    over = [project for project, each in held.items() if each["paid"] > each["committed"]]
    assert over == ["SYN-ZL-2021-001"]
    assert all(each["secured"] >= 0 for each in held.values())


def test_the_money_of_the_void_project_went_to_another():
    (void,) = [row for row in projects(2021) if row["status"] == "void"]
    assert total("secured", AS_OF, lambda e: e["project"] == void["project_no"]) > 0
    assert total("secured", PUBLISHED_ON, lambda e: e["project"] == void["project_no"]) == 0
    (site,) = void["hazard_sites"]
    assert site in register_on("risk_point", PUBLISHED_ON)


def test_money_is_committed_when_works_begin_and_paid_afterwards():
    for entry in rows("funding_entries.csv"):
        if entry["kind"] in ("committed", "paid"):
            project = by_key("remediation_projects.csv", "project_no")[entry["project"]]
            assert project["works_on"]
            if entry["kind"] == "paid":
                assert entry["booked_on"] > project["works_on"]
        assert (int(entry["amount_fen"]) < 0) == ("调出" in (entry["note"] or ""))


def test_of_four_projects_for_two_sites_one_tells_its_money_apart_by_site():
    shared = {row["project_no"]: row for row in projects(2021) if len(row["hazard_sites"]) == 2}
    named = [entry for entry in rows("funding_entries.csv") if entry["hazard_site"]]
    assert {entry["project"] for entry in named} == {min(shared)}
    assert {entry["hazard_site"] for entry in named} == {*shared[min(shared)]["hazard_sites"]}
    unnamed = {e["project"] for e in rows("funding_entries.csv") if not e["hazard_site"]}
    assert min(shared) not in unnamed


def test_the_seven_livelihood_projects_have_no_names():
    found = rows("livelihood_projects.csv")
    assert len(found) == 7
    assert all(row["name"] is None for row in found)
    assert Counter(row["field"] for row in found) == {
        "urban_renewal": 1, "property_registration": 1, "disaster_prevention": 1, "surveying": 1,
        None: 3,
    }  # fmt: skip
