"""Question 5, by programmes small enough to add up on paper: stages, lateness, and every fen."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

import pytest
import sqlalchemy as sa
from worlds import HERE, Asked, asked, place

from geoservice.domain.funding import funding_entries
from geoservice.domain.hazards import hazard_assessments, register_periods
from geoservice.domain.remediation import remediation_programmes, remediation_projects
from geoservice.errors import BadParameter, MissingParameter
from geoservice.questions import all_rows, question_called
from geoservice.regions import region
from geoservice.store.publishing import Registry
from geoservice.store.tables import tables

ID = "programme_status"
BASELINE = "2021-06-25"
WAN = 1_000_000  # fen in 万元


@dataclass
class Ledger:
    """Makes a programme and its entries; names are their numbers."""

    add: Any
    programme: UUID
    made: int = 0

    def entry(self, kind: str, amount_fen: int, **rest: Any) -> UUID:
        self.made += 1
        values = {
            "entry_no": f"E{self.made}",
            "programme": self.programme,
            "kind": kind,
            "amount_fen": amount_fen,
            "booked_on": "2021-06-25",
        }
        return self.add(funding_entries, **values | rest)


@pytest.fixture
def ledger_of(add):
    """Makes a programme with these members, and its ledger."""

    def made(*sites: UUID, programme_no: str = "2021-114", **rest: Any) -> Ledger:
        values = {
            "programme_no": programme_no,
            "name": "综合治理",
            "baseline_on": BASELINE,
            "frozen_on": BASELINE,
            "hazard_sites": list(sites),
        }
        return Ledger(add, add(remediation_programmes, **values | rest))

    return made


@pytest.fixture
def status(database):
    """Asks `programme_status`."""

    def ask(**given: object) -> Asked:
        return asked(database, ID, **{"as_of": "2021-12-31"} | given)

    return ask


def issues(answer: Asked) -> dict[str, int]:
    return {each.code: each.count for each in answer.answer.issues}


class TestProgramme:
    """Which programme is meant."""

    def test_the_only_programme_is_the_default_and_is_echoed(self, world, ledger_of, status):
        ledger_of(world.site())
        answer = status()
        assert answer.answer.parameters["programme"] == "2021-114"
        assert answer.counts["members"] == 1
        assert status(programme="2021-114").rows == answer.rows

    def test_several_programmes_and_none_named_is_an_error_that_names_them(self, ledger_of, status):
        ledger_of()
        ledger_of(programme_no="2022-1")
        with pytest.raises(MissingParameter) as refused:
            status()
        assert "2021-114, 2022-1" in str(refused.value)

    def test_a_number_that_no_programme_has_is_refused_with_those_there_are(
        self, ledger_of, status
    ):
        ledger_of()
        with pytest.raises(BadParameter) as refused:
            status(programme="2020")
        assert "2021-114" in str(refused.value)

    def test_without_any_programme_nothing_is_answered_and_that_is_said(self, status):
        answer = status()
        assert answer.rows == []
        assert answer.counts["secured_fen"] == 0
        assert "no-programme" in issues(answer)

    def test_a_programme_is_unknown_before_it_was_recorded(self, world, ledger_of, status):
        ledger_of(world.site())
        before = status(known_at="2020-01-01T00:00:00Z")
        assert before.counts["members"] == 0
        with pytest.raises(BadParameter):
            status(programme="2021-114", known_at="2020-01-01T00:00:00Z")


class TestMembers:
    """Members stay, whatever became of them."""

    def test_members_of_the_frozen_list_stay_when_merged_reclassified_or_cancelled(
        self, world, add, ledger_of, status
    ):
        other = world.site()
        sites = [
            world.site(),
            world.site(cancelled_on="2021-09-01"),
            world.site(cancelled_on="2021-09-01", merged_into=other),
            world.site(register_kind="risk_point", registered_on="2021-10-01"),
            world.site(registered_on=None),
        ]
        add(
            register_periods,
            hazard_site=sites[3],
            register_kind="hidden_danger",
            started_on="2020-01-01",
            ended_on="2021-10-01",
            end_kind="reclassified",
        )
        ledger_of(*sites)

        def states(**given: object) -> list[str]:
            found = {row["site_uid"]: row["site_state"] for row in status(**given).rows}
            return [found[str(each)] for each in sites]

        ended = ["cancelled", "merged", "reclassified", "not_registered"]
        assert states() == ["registered", *ended]
        assert states(as_of="2021-07-01") == ["registered"] * 4 + ["not_registered"]
        assert status().counts["members"] == 5
        assert status().counts["cancelled"] == 1

    def test_a_site_registered_again_is_registered_and_not_cancelled(
        self, world, add, ledger_of, status
    ):
        site = world.site(registered_on="2021-10-01")
        add(
            register_periods,
            hazard_site=site,
            register_kind="hidden_danger",
            started_on="2020-01-01",
            ended_on="2021-08-01",
            end_kind="cancelled",
        )
        ledger_of(site)
        states = {
            day: status(as_of=day).column("site_state")
            for day in ("2021-07-31", "2021-08-01", "2021-09-30", "2021-10-01")
        }
        assert states == {
            "2021-07-31": ["registered"],
            "2021-08-01": ["cancelled"],
            "2021-09-30": ["cancelled"],
            "2021-10-01": ["registered"],
        }

    def test_a_site_listed_twice_is_one_member(self, world, ledger_of, status):
        site = world.site()
        ledger_of(site, site)
        assert status().counts["members"] == 1

    def test_a_site_found_later_is_no_member(self, world, ledger_of, status):
        ledger_of(world.site())
        world.site()
        assert status().counts["members"] == 1

    def test_pages_together_hold_every_member_once(self, world, ledger_of, status):
        ledger_of(*(world.site() for _ in range(5)))
        first = status(limit=2)
        second = status(limit=2, cursor=first.answer.next_cursor)
        third = status(limit=2, cursor=second.answer.next_cursor)
        numbers = [row["site_no"] for page in (first, second, third) for row in page.rows]
        assert numbers == status().column("site_no")
        assert third.answer.next_cursor is None

    def test_a_row_lies_where_the_site_is(self, world, ledger_of, status):
        ledger_of(world.site(place(100)))
        (feature,) = status().features
        assert feature["geometry"]["coordinates"] == pytest.approx(place(100), abs=1e-7)

    def test_a_list_that_is_not_frozen_and_a_day_before_the_baseline_are_noted(
        self, ledger_of, status
    ):
        ledger_of(frozen_on="2021-07-01")
        assert "not-frozen" not in issues(status(as_of="2021-07-01"))
        assert "not-frozen" in issues(status(as_of="2021-06-30"))
        assert "before-baseline" not in issues(status(as_of=BASELINE))
        assert "before-baseline" in issues(status(as_of="2021-06-24"))


class TestStages:
    """How far a member is, by the dates of its projects."""

    DATES: ClassVar = {
        "measure_set_on": "2021-02-01",
        "design_on": "2021-03-01",
        "works_on": "2021-04-01",
        "completed_on": "2021-05-01",
        "accepted_on": "2021-06-01",
        "cancellation_requested_on": "2021-07-01",
        "cancelled_on": "2021-08-01",
    }

    @pytest.mark.parametrize(
        ("day", "stage"),
        [
            ("2021-01-31", "no_project"),
            ("2021-02-01", "measure_set"),
            ("2021-02-28", "measure_set"),
            ("2021-03-01", "design"),
            ("2021-04-01", "in_works"),
            ("2021-05-01", "completed"),
            ("2021-05-31", "completed"),
            ("2021-06-01", "accepted"),
            ("2021-07-01", "cancellation_requested"),
            ("2021-07-31", "cancellation_requested"),
            ("2021-08-01", "cancelled"),
        ],
    )
    def test_a_stage_is_reached_on_its_date(self, world, ledger_of, status, day, stage):
        site = world.site(measure=None)
        world.project(site, status="cancelled", **self.DATES)
        ledger_of(site)
        (row,) = status(as_of=day).rows
        assert row["stage"] == stage
        assert row["stage_basis"] == (None if stage == "no_project" else "dates")

    def test_a_state_without_its_date_counts_as_it_stands_and_is_noted(
        self, world, ledger_of, status
    ):
        ledger_of(world.site())  # in works, without any date
        answer = status()
        (row,) = answer.rows
        assert (row["stage"], row["stage_basis"]) == ("in_works", "status")
        assert issues(answer)["without-stage-date"] == 1

    def test_a_later_date_shows_that_an_undated_state_was_not_reached_before(
        self, world, ledger_of, status
    ):
        site = world.site(measure=None)
        dates = {"completed_on": "2021-05-01", "accepted_on": "2021-06-01"}
        world.project(site, status="cancellation_requested", **dates)
        ledger_of(site)
        assert status(as_of="2021-05-31").column("stage") == ["completed"]
        assert status(as_of="2021-06-01").column("stage") == ["cancellation_requested"]

    def test_a_request_that_was_refused_and_a_completion_taken_back_do_not_count(
        self, world, ledger_of, status
    ):
        refused, back = world.site(measure=None), world.site(measure=None)
        dates = self.DATES | {"cancelled_on": None}
        world.project(refused, status="accepted", **dates)
        world.project(back, status="in_works", works_on="2021-04-01", completed_on="2021-05-01")
        ledger_of(refused, back)
        assert status().column("stage") == ["accepted", "in_works"]

    def test_a_void_project_counts_until_its_day_and_is_no_treatment_after(
        self, world, ledger_of, status
    ):
        site = world.site(measure=None)
        world.project(site, status="void", void_on="2021-07-01", works_on="2021-04-01")
        ledger_of(site)
        assert status(as_of="2021-06-30").column("stage") == ["in_works"]
        after = status(as_of="2021-07-01")
        assert after.column("stage") == ["void"]
        assert after.counts["stage"]["no_project"] == 0

    def test_of_several_projects_the_least_advanced_decides(self, world, ledger_of, status):
        site = world.site(measure=None)
        done = {"completed_on": "2021-05-01", "accepted_on": "2021-06-01"}
        world.project(site, measure="E", status="accepted", **done)
        world.project(site, measure="D", status="design", design_on="2021-07-01")
        world.project(site, measure="D", status="void")
        ledger_of(site)
        answer = status()
        (row,) = answer.rows
        assert row["stage"] == "design"
        assert row["measures"] == "D, E"
        assert answer.counts["accepted"] == 0

    def test_monitoring_is_no_treatment(self, world, ledger_of, status):
        ledger_of(world.site(measure="A"), world.site(measure=None))
        answer = status()
        assert answer.column("stage") == ["no_project", "no_project"]
        assert issues(answer)["no-project"] == 2

    def test_a_relocation_with_an_old_house_standing_is_not_complete(
        self, world, ledger_of, status
    ):
        dates = {"works_on": "2021-04-01", "completed_on": "2021-05-01"}
        sites = [world.site(measure=None) for _ in range(4)]
        for site, houses, measure in zip(sites, (1, 0, None, 1), "CCCD", strict=True):
            world.project(
                site, measure=measure, status="completed", old_houses_standing=houses, **dates
            )
        ledger_of(*sites)
        answer = status()
        assert answer.column("stage") == ["in_works", "completed", "completed", "completed"]
        assert answer.column("obstacle") == ["old_house_standing", None, "old_houses_unknown", None]
        assert answer.counts["treated"] == 2
        assert issues(answer)["old-house-standing"] == 1
        assert issues(answer)["old-houses-unknown"] == 1

    def test_treated_accepted_and_cancelled_are_three_counts(self, world, ledger_of, status):
        completed = {"status": "completed", "completed_on": "2021-05-01"}
        accepted = {"status": "accepted", "completed_on": "2021-05-01", "accepted_on": "2021-06-01"}
        sites = [world.site(measure=None) for _ in range(2)]
        sites.append(world.site(measure=None, cancelled_on="2021-09-01"))
        sites.append(world.site(measure=None, cancelled_on="2021-09-01"))
        for site, project in zip(sites, (completed, accepted, accepted), strict=False):
            world.project(site, **project)
        ledger_of(*sites)
        answer = status()
        counts = answer.counts
        assert (counts["treated"], counts["accepted"], counts["cancelled"]) == (3, 2, 2)
        assert issues(answer)["cancelled-not-accepted"] == 1

    def test_by_stages_every_stage_has_a_row_and_they_add_up(self, world, ledger_of, status):
        sites = [world.site(measure=None), world.site(), world.site(measure=None)]
        world.project(
            sites[2],
            status="design",
            design_on="2021-07-01",
            works_planned_on="2021-10-01",
        )
        ledger_of(*sites)
        rows = {row["stage"]: row for row in status(by="stages").rows}
        assert len(rows) == 9
        assert sum(row["members"] for row in rows.values()) == 3
        assert rows["design"] == {
            "stage": "design",
            "members": 1,
            "late": 1,
            "no_date": 0,
            "on_time": 0,
            "done": 0,
        }
        assert rows["in_works"]["no_date"] == 1
        assert status(by="stages").features[0]["geometry"] is None


class TestLateness:
    """Planned dates against actual ones, or against the day."""

    @pytest.mark.parametrize(
        ("day", "progress", "late"),
        [
            ("2021-09-30", "on_time", (None, None)),
            ("2021-10-01", "on_time", (None, None)),
            ("2021-10-02", "late", ("in_works", 1)),
            ("2021-12-31", "late", ("in_works", 91)),
        ],
    )
    def test_a_stage_is_late_from_the_day_after_it_was_planned(
        self, world, ledger_of, status, day, progress, late
    ):
        site = world.site(measure=None)
        world.project(
            site,
            status="design",
            design_planned_on="2021-05-01",
            design_on="2021-06-01",
            works_planned_on="2021-10-01",
            completed_planned_on="2021-11-01",
        )
        ledger_of(site)
        (row,) = status(as_of=day).rows
        assert row["progress"] == progress
        assert (row["late_stage"], row["late_days"]) == late

    def test_what_is_planned_nowhere_has_no_date(self, world, ledger_of, status):
        site = world.site(measure=None)
        world.project(site, status="design", design_on="2021-06-01", design_planned_on="2021-05-01")
        ledger_of(site)
        assert status().column("progress") == ["no_date"]

    @pytest.mark.parametrize(
        ("planned", "late"), [("2021-06-01", None), ("2021-05-12", 20), (None, None)]
    )
    def test_an_acceptance_after_its_plan_is_done_and_says_by_how_many_days(
        self, world, ledger_of, status, planned, late
    ):
        site = world.site(measure=None)
        done = {"completed_on": "2021-05-01", "accepted_on": "2021-06-01"}
        world.project(site, status="accepted", accepted_planned_on=planned, **done)
        ledger_of(site)
        (row,) = status().rows
        assert row["progress"] == "done"
        assert (row["late_stage"], row["late_days"]) == ("accepted" if late else None, late)

    def test_of_several_projects_the_one_that_is_latest_is_told(self, world, ledger_of, status):
        site = world.site(measure=None)
        for days in ("2021-12-30", "2021-12-21", "2022-05-01"):
            world.project(site, status="design", design_on="2021-06-01", works_planned_on=days)
        ledger_of(site)
        (row,) = status().rows
        assert (row["progress"], row["late_stage"], row["late_days"]) == ("late", "in_works", 10)

    def test_a_relocation_that_waits_for_an_old_house_is_late_for_its_completion(
        self, world, ledger_of, status
    ):
        site = world.site(measure=None)
        world.project(
            site,
            measure="C",
            status="completed",
            completed_on="2021-05-01",
            completed_planned_on="2021-12-01",
            old_houses_standing=2,
        )
        ledger_of(site)
        (row,) = status().rows
        assert (row["progress"], row["late_stage"], row["late_days"]) == ("late", "completed", 30)

    def test_a_target_day_that_has_passed_names_those_not_treated(self, world, ledger_of, status):
        ledger_of(world.site(), world.site(), target_on="2021-12-30")
        assert issues(status())["target-passed"] == 2
        assert "target-passed" not in issues(status(as_of="2021-12-30"))


class TestMoney:
    """Every fen in exactly one place."""

    def test_95_80_million_yuan_over_114_sites_are_84_04_wan_each(self, world, ledger_of, status):
        sites = [world.site(measure=None) for _ in range(114)]
        ledger = ledger_of(*sites)
        for site in sites[:91]:
            ledger.entry("secured", 100 * WAN, hazard_site=site)
        ledger.entry("secured", 480 * WAN)
        answer = status()
        assert answer.counts["members"] == 114
        assert answer.counts["secured_fen"] == 9_580_000_000
        assert answer.counts["unallocated_fen"] == 480_000_000
        assert answer.counts["per_site_fen"] == 84_035_088
        assert round(answer.counts["per_site_fen"] / WAN, 2) == 84.04
        rows = {row["part"]: row["secured_fen"] for row in status(by="funds").rows}
        assert rows == {
            "total": 9_580_000_000,
            "members": 9_100_000_000,
            "elsewhere": 0,
            "unallocated": 480_000_000,
        }

    def test_the_kinds_are_summed_apart_and_balances_follow(self, world, ledger_of, status):
        site = world.site()
        ledger = ledger_of(site)
        for kind, wan in (("planned", 100), ("secured", 80), ("committed", 70), ("paid", 30)):
            ledger.entry(kind, wan * WAN, hazard_site=site)
        (row,) = status().rows
        assert row["balance_fen"] == 50 * WAN
        (total, members, *_) = status(by="funds").rows
        assert total["part"] == "total"
        for each in (total, members):
            assert [
                each[f"{name}_fen"] for name in ("planned", "secured", "committed", "paid")
            ] == [
                100 * WAN,
                80 * WAN,
                70 * WAN,
                30 * WAN,
            ]
            assert each["balance_fen"] == 50 * WAN
            assert each["not_secured_fen"] == 20 * WAN
            assert each["not_committed_fen"] == 10 * WAN
            assert each["not_paid_fen"] == 40 * WAN

    def test_money_of_a_project_of_one_site_is_that_sites(self, world, ledger_of, status):
        site = world.site(measure=None)
        project = world.project(site, site)  # listed twice is still one site
        ledger_of(site).entry("secured", 7, project=project)
        assert status().column("secured_fen") == [7]
        assert status().column("shared_projects") == [None]

    def test_money_of_a_project_of_several_sites_is_not_divided_and_counts_once(
        self, world, ledger_of, status
    ):
        sites = [world.site(measure=None) for _ in range(3)]
        shared = world.project(*sites[:2], project_no="SHARED")
        ledger = ledger_of(*sites)
        ledger.entry("secured", 101, project=shared)
        ledger.entry("secured", 10, hazard_site=sites[0], project=shared)
        answer = status()
        assert answer.column("secured_fen") == [10, None, None]
        assert answer.column("shared_projects") == ["SHARED", "SHARED", None]
        assert answer.counts["secured_fen"] == 111
        assert answer.counts["unallocated_fen"] == 0
        assert issues(answer)["shared-projects"] == 1
        holders = [
            (row["part"], row["project_no"], row["secured_fen"]) for row in status(by="funds").rows
        ]
        assert holders == [
            ("total", None, 111),
            ("members", None, 10),
            ("shared_project", "SHARED", 101),
            ("elsewhere", None, 0),
            ("unallocated", None, 0),
        ]

    def test_money_held_outside_the_list_counts_in_the_total_and_is_noted(
        self, world, ledger_of, status
    ):
        member, stranger = world.site(), world.site()
        project = world.project(stranger)
        ledger = ledger_of(member)
        ledger.entry("secured", 5, hazard_site=stranger)
        ledger.entry("secured", 6, project=project)
        answer = status()
        assert answer.counts["secured_fen"] == 11
        assert answer.column("secured_fen") == [None]
        assert issues(answer)["funds-outside-members"] == 1

    def test_money_of_another_programme_does_not_count(self, world, ledger_of, status):
        site = world.site()
        ledger_of(site).entry("secured", 5, hazard_site=site)
        ledger_of(site, programme_no="2022").entry("secured", 9, hazard_site=site, entry_no="X")
        assert status(programme="2021-114").counts["secured_fen"] == 5

    def test_a_correction_is_a_negative_entry_and_entries_count_from_their_day(
        self, world, ledger_of, status
    ):
        site = world.site()
        ledger = ledger_of(site)
        ledger.entry("secured", 100, hazard_site=site)
        ledger.entry("secured", -30, hazard_site=site, booked_on="2021-10-01")
        assert status(as_of="2021-09-30").counts["secured_fen"] == 100
        assert status(as_of="2021-10-01").counts["secured_fen"] == 70
        assert status(as_of="2021-06-24").column("secured_fen") == [None]

    @pytest.mark.parametrize(
        ("secured", "committed", "paid", "codes"),
        [
            (10, 10, 10, set()),
            (10, 10, 11, {"paid-exceeds-committed"}),
            (10, 11, 11, {"committed-exceeds-secured"}),
            (9, 10, 11, {"paid-exceeds-committed", "committed-exceeds-secured"}),
        ],
    )
    def test_paid_beyond_committed_or_committed_beyond_secured_is_noted_and_not_refused(
        self, world, ledger_of, status, secured, committed, paid, codes
    ):
        site = world.site()
        ledger = ledger_of(site)
        for kind, amount in (("secured", secured), ("committed", committed), ("paid", paid)):
            ledger.entry(kind, amount, hazard_site=site)
        answer = status()
        assert {code for code in issues(answer) if "exceeds" in code} == codes
        assert answer.counts["paid_fen"] == paid

    @pytest.mark.parametrize(
        ("committed", "codes"), [(30, set()), (31, {"committed-exceeds-secured"})]
    )
    def test_money_secured_for_sites_and_committed_for_their_project_is_compared_together(
        self, world, ledger_of, status, committed, codes
    ):
        sites = [world.site(measure=None) for _ in range(2)]
        ledger = ledger_of(*sites)
        ledger.entry("secured", 10, hazard_site=sites[0])
        ledger.entry("secured", 20, hazard_site=sites[1])
        ledger.entry("committed", committed, project=world.project(*sites))
        assert {code for code in issues(status()) if "exceeds" in code} == codes

    @pytest.mark.parametrize(
        ("people", "each"), [(3, 33), (8, 13), (7, 14), (0, None), (None, None)]
    )
    def test_secured_per_person_is_to_the_nearest_fen_and_unknown_is_not_0(
        self, world, add, ledger_of, status, people, each
    ):
        site = world.site()
        ledger_of(site).entry("secured", 100, hazard_site=site)
        early = {"assessed_on": "2021-01-01", "threatened_people": 99}
        late = {"assessed_on": "2021-05-01", "threatened_people": people}
        after = {"assessed_on": "2022-01-01", "threatened_people": 1}
        for assessment in (late, early, after):
            add(hazard_assessments, hazard_site=site, **assessment)
        answer = status()
        assert answer.column("secured_per_person_fen") == [each]
        assert answer.column("threatened_people") == [people]
        assert answer.counts["per_person_fen"] == each

    def test_per_person_in_all_is_unknown_while_the_people_of_one_member_are(
        self, world, add, ledger_of, status
    ):
        known, unknown = world.site(), world.site()
        add(hazard_assessments, hazard_site=known, assessed_on="2021-01-01", threatened_people=10)
        ledger_of(known, unknown).entry("secured", 100)
        answer = status()
        assert answer.counts["per_person_fen"] is None
        assert answer.counts["unknown"]["people"] == 1

    def test_a_town_has_the_money_of_its_members_and_none_that_is_unallocated(
        self, world, ledger_of, status
    ):
        here, there = world.site(town_code="441900001"), world.site(town_code="441900002")
        ledger = ledger_of(here, there)
        ledger.entry("secured", 10, hazard_site=here)
        ledger.entry("secured", 20, hazard_site=there)
        ledger.entry("secured", 40)
        ledger.entry("secured", 80, project=world.project(here, there))
        answer = status(town="441900001")
        assert answer.column("secured_fen") == [10]
        assert answer.counts["secured_fen"] == 90
        assert answer.counts["unallocated_fen"] is None
        assert answer.counts["per_site_fen"] == 90
        parts = [row["part"] for row in status(town="441900001", by="funds").rows]
        assert parts == ["total", "members", "shared_project"]

    @pytest.mark.parametrize("town", [None, "441900001"])
    def test_the_parts_add_up_to_the_total(self, world, ledger_of, status, town):
        sites = [world.site(measure=None, town_code="441900001") for _ in range(3)]
        ledger = ledger_of(*sites[:2])
        shared, single = world.project(*sites), world.project(sites[2])
        for n, held in enumerate(
            ({}, {"hazard_site": sites[0]}, {"project": shared}, {"project": single}), start=1
        ):
            for kind in ("planned", "secured", "committed", "paid"):
                ledger.entry(kind, 10**n + len(kind), **held)
        (total, *parts) = status(by="funds", town=town).rows
        for column, value in total.items():
            if column.endswith("_fen"):
                assert value == sum(part[column] for part in parts)


def test_every_view_can_be_a_file(world, database, ledger_of):
    ledger = ledger_of(world.site(), world.site())
    ledger.entry("secured", 5)
    registry, city = Registry(database), region()
    for by, number in (("members", 2), ("stages", 9), ("funds", 4)):
        rows = all_rows(question_called(ID, city), {"by": by}, registry=registry, region=city)
        assert len(database.rows(rows.statement)) == number
        assert [column.name for column in rows.records.columns]


def test_what_was_known_before_a_correction_can_be_asked(world, database, ledger_of, status):
    site = world.site(HERE, measure=None)
    ledger_of(site)
    project = world.project(site, status="design", design_on="2021-06-01")
    (before,) = database.rows(sa.select(sa.func.clock_timestamp()))[0]
    table = tables().current(remediation_projects)
    with database.change(actor="tester", door="test", reason="works began") as connection:
        connection.execute(
            sa.update(table)
            .where(table.c.uid == project)
            .values(status="in_works", works_on=date(2021, 7, 1))
        )
    assert status().column("stage") == ["in_works"]
    assert status(known_at=before.isoformat()).column("stage") == ["design"]


def test_the_description_names_the_columns_of_members(database, status, world, ledger_of):
    ledger_of(world.site())
    (row,) = status().rows
    described = question_called(ID, region()).description.columns
    assert list(row) == [column.name for column in described]
