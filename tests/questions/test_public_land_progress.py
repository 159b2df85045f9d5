"""New land for public services: each square metre once, its stage on a day, and the way to a target."""

from datetime import date
from functools import partial
from uuid import UUID

import pytest
from parcels import Box, Land, area_m2
from worlds import Asked, asked

from geoservice.errors import BadParameter, MissingParameter
from geoservice.questions.land.target_path import Target

DAY = "2024-06-30"
WHOLE = Box(0, 0, 100, 100)
WEST, EAST = Box(0, 0, 50, 100), Box(50, 0, 100, 100)


@pytest.fixture
def land(add) -> Land:
    return Land(add)


@pytest.fixture
def ask(database):
    return partial(asked, database, "public_land_progress", as_of=DAY)


def m2(value: float):
    return pytest.approx(value, rel=1e-6, abs=1e-3)


def total(answer: Asked) -> dict:
    (row,) = (row for row in answer.rows if row["level"] == "total")
    return row


# Each square metre once


def test_a_reserve_alone_counts_as_a_whole(land, ask):
    land.target()
    land.reserve(WHOLE)
    answer = ask()
    assert answer.counts["counted_m2"] == m2(WHOLE.area_m2)
    assert answer.counts["stage_m2"]["planned"] == m2(WHOLE.area_m2)
    assert answer.counts["done_m2"] == 0


def test_land_in_two_plans_counts_once_at_its_highest_stage(land, ask):
    land.target()
    land.reserve(WHOLE, "planned")
    land.reserve(Box(50, 0, 150, 100), "built")
    answer = ask()
    assert answer.counts["stage_m2"]["built"] == m2(Box(50, 0, 150, 100).area_m2)
    assert answer.counts["stage_m2"]["planned"] == m2(WEST.area_m2)
    assert answer.counts["counted_m2"] == m2(Box(0, 0, 150, 100).area_m2)
    assert answer.counts["double_counted_m2"] == m2(EAST.area_m2)
    assert answer.counts["noted"]["double_counted"] == 1


def test_three_reserves_on_one_another_count_their_union(land, ask):
    land.target()
    land.reserve(Box(0, 0, 60, 100), "built")
    land.reserve(Box(40, 0, 100, 100), "supplied")
    land.reserve(Box(30, 50, 70, 150), "approved")
    answer = ask()
    stages = answer.counts["stage_m2"]
    assert stages["built"] == m2(Box(0, 0, 60, 100).area_m2)
    assert stages["supplied"] == m2(Box(60, 0, 100, 100).area_m2)
    assert stages["approved"] == m2(Box(30, 100, 70, 150).area_m2)
    assert answer.counts["counted_m2"] == m2(area_m2(WHOLE, Box(30, 100, 70, 150)))
    areas = area_m2(Box(0, 0, 60, 100), Box(40, 0, 100, 100), Box(30, 50, 70, 150))
    counted = answer.counts["counted_m2"]
    assert counted + answer.counts["double_counted_m2"] == m2(areas)


def test_one_parcel_drawn_twice_counts_once(land, ask):
    land.target()
    for _ in range(3):
        land.reserve(WHOLE)
    answer = ask()
    assert answer.counts["counted_m2"] == m2(WHOLE.area_m2)
    assert answer.counts["double_counted_m2"] == m2(2 * WHOLE.area_m2)


def test_of_one_stage_the_first_kind_counts(land, ask):
    land.target()
    land.reserve(WHOLE, purpose_kind="medical")
    land.reserve(EAST, purpose_kind="education")
    kinds = ask().counts["kind_m2"]
    assert kinds["education"] == m2(EAST.area_m2)
    assert kinds["medical"] == m2(WEST.area_m2)


def test_neighbours_that_share_a_border_lose_nothing(land, ask):
    land.target()
    land.reserve(WEST)
    land.reserve(EAST)
    answer = ask()
    assert answer.counts["counted_m2"] == m2(WHOLE.area_m2)
    assert answer.counts["noted"]["double_counted"] == 0


def test_the_parts_of_every_breakdown_add_up_to_the_total(land, ask):
    land.target()
    kinds = ("education", "transport", "medical", "elderly_care", "other_public")
    stages = ("planned", "approved", "supplied", "built")
    for n in range(20):
        shift = Box(7.3 * n, 5.1 * n, 7.3 * n + 60, 5.1 * n + 55)
        land.reserve(
            shift,
            stages[n % 4],
            purpose_kind=kinds[n % 5],
            town_code=("441900003", "441900004", None)[n % 3],
            **{f"{stages[n % 4]}_on": f"{2021 + n % 3}-05-01"},
        )
    answer = ask(by="status,kind,town,year", limit="10000")
    whole = total(answer)["counted_m2"]
    assert whole == answer.counts["counted_m2"]
    for level in {row["level"] for row in answer.rows}:
        cells = [row["counted_m2"] for row in answer.rows if row["level"] == level]
        assert sum(cells) == pytest.approx(whole, rel=1e-9)
    assert sum(answer.counts["stage_m2"].values()) == pytest.approx(whole, rel=1e-9)
    assert sum(answer.counts["kind_m2"].values()) == pytest.approx(whole, rel=1e-9)
    # The union of squares on a diagonal: each adds what the one before does not cover.
    overlap = Box(7.3, 5.1, 60, 55).area_m2
    union = 20 * Box(0, 0, 60, 55).area_m2 - 19 * overlap
    assert whole == pytest.approx(union, rel=1e-4)  # steps are shorter towards the north


def test_a_part_is_the_same_whatever_is_asked_for(land, ask):
    land.target()
    land.reserve(WHOLE, "built", purpose_kind="education", town_code="441900003")
    land.reserve(WHOLE, "planned", purpose_kind="medical", town_code="441900004")
    assert ask(purpose_kinds="medical").counts["counted_m2"] == 0
    assert ask(town="441900004").counts["counted_m2"] == 0
    assert ask(town="441900003").counts["counted_m2"] == m2(WHOLE.area_m2)


@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize("turn", [1, -1])
def test_how_a_ring_is_written_changes_nothing(land, ask, start, turn):
    land.target()
    land.reserve(f"MULTIPOLYGON({WHOLE.polygon(start, turn)})")
    land.reserve(f"MULTIPOLYGON({EAST.polygon(start, -turn)})", "built")
    stages = ask().counts["stage_m2"]
    assert (stages["built"], stages["planned"]) == (m2(EAST.area_m2), m2(WEST.area_m2))


@pytest.mark.parametrize("turned", [False, True])
def test_the_order_of_rows_changes_nothing(land, ask, turned):
    land.target()
    made = [
        {"uid": UUID(int=1), "where": WHOLE, "town_code": "441900003"},
        {"uid": UUID(int=2), "where": EAST, "town_code": "441900004"},
    ]
    for each in reversed(made) if turned else made:
        land.reserve(each.pop("where"), **each)
    assert ask(town="441900003").counts["counted_m2"] == m2(WHOLE.area_m2)
    assert ask(town="441900004").counts["counted_m2"] == 0


# What is new


def test_reserves_of_before_the_base_year_are_left_out_and_counted(land, ask):
    land.target()
    land.reserve(WEST, "built", intended_on="2020-12-31")
    land.reserve(EAST, "built", intended_on="2021-01-01")
    answer = ask()
    assert answer.counts["done_m2"] == m2(EAST.area_m2)
    assert answer.counts["excluded"]["earlier"] == 1


def test_new_can_be_counted_from_another_day(land, ask):
    land.target()
    land.reserve(WEST, intended_on="2020-12-31")
    answer = ask(counted_from="2020-12-31")
    assert answer.counts["counted_m2"] == m2(WEST.area_m2)
    assert answer.answer.parameters["counted_from"] == "2020-12-31"


def test_undated_reserves_are_unknown(land, ask):
    land.target()
    land.reserve(WHOLE, "intended", intended_on=None)
    answer = ask()
    assert answer.counts["counted_m2"] == 0
    assert answer.counts["unknown"]["undated_reserves"] == 1


def test_public_land_of_before_that_changes_its_use_is_not_new(land, ask):
    land.target()
    land.reserve(WHOLE, "built", purpose_kind="education", built_on="2015-01-01")
    land.reserve(EAST, "built", purpose_kind="medical")
    answer = ask()
    assert answer.counts["done_m2"] == 0
    assert answer.counts["on_earlier_m2"] == m2(EAST.area_m2)
    assert answer.counts["double_counted_m2"] == m2(0)


def test_what_was_only_intended_before_is_new_once_it_is_built(land, ask):
    land.target()
    land.reserve(WHOLE, "intended", intended_on="2015-01-01")
    land.reserve(EAST, "built")
    assert ask().counts["done_m2"] == m2(EAST.area_m2)


def test_cancelled_reserves_are_left_out_from_that_day_on(land, ask):
    land.target()
    land.reserve(WHOLE, "cancelled", approved_on="2022-03-01", cancelled_on=DAY)
    answer = ask()
    assert answer.counts["counted_m2"] == 0
    assert answer.counts["excluded"]["cancelled"] == 1
    assert ask(as_of="2024-06-29").counts["stage_m2"]["approved"] == m2(WHOLE.area_m2)


def test_what_a_cancelled_reserve_covered_counts_for_the_other(land, ask):
    land.target()
    land.reserve(WHOLE, "cancelled", supplied_on="2022-03-01", cancelled_on="2023-01-01")
    land.reserve(WHOLE, "planned")
    assert ask().counts["stage_m2"]["planned"] == m2(WHOLE.area_m2)


def test_reserves_inside_other_land_count_only_when_asked_for(land, ask):
    land.target()
    land.reserve(WEST, is_embedded=True)
    land.reserve(EAST, land_use_set="land_use_2023", land_use_code="0702")
    # The same digits are homesteads in the other set.
    land.reserve(Box(200, 0, 300, 100), land_use_set="land_use_gbt21010_2017", land_use_code="0702")
    answer = ask()
    assert answer.counts["counted_m2"] == m2(Box(200, 0, 300, 100).area_m2)
    assert answer.counts["excluded"]["embedded"] == 2
    assert answer.counts["excluded"]["embedded_m2"] == m2(WHOLE.area_m2)
    assert ask(include_embedded="true").counts["excluded"]["embedded"] == 0


def test_reserves_of_another_target_are_left_out_and_counted(land, ask):
    own, other = land.target(), land.target()
    land.reserve(WEST, target=own)
    land.reserve(EAST, target=other)
    land.reserve(Box(200, 0, 300, 100))
    answer = ask(target="T1")
    assert answer.counts["considered"]["land_reserves"] == 2
    assert answer.counts["excluded"]["other_target"] == 1


def test_a_reserve_of_a_target_for_one_purpose_counts_for_the_whole_too(land, ask):
    land.target()
    part = land.target(purpose_kind="education")
    land.reserve(WHOLE, "built", target=part)
    assert ask().counts["done_m2"] == m2(WHOLE.area_m2)
    assert ask(target="T2").counts["done_m2"] == m2(WHOLE.area_m2)


def test_of_several_targets_the_only_one_for_every_purpose_is_the_default(land, ask):
    land.target(purpose_kind="education")
    land.target(purpose_kind="medical")
    with pytest.raises(MissingParameter):
        ask()
    land.target()
    assert ask().answer.parameters["target"] == "T3"


def test_a_reserve_intended_after_the_day_does_not_count(land, ask):
    land.target()
    land.reserve(WHOLE, "intended", intended_on="2024-07-01")
    assert ask().counts["excluded"]["reserves_not_begun"] == 1


# Stages on a day


@pytest.mark.parametrize(
    ("day", "stage"),
    [
        ("2021-03-01", "intended"),
        ("2022-02-28", "intended"),
        ("2022-03-01", "planned"),
        ("2022-12-31", "planned"),
        ("2023-01-01", "supplied"),  # approved at some time unknown
        ("2024-01-01", "built"),
    ],
)
def test_the_stage_is_that_of_the_day(land, ask, day, stage):
    land.target()
    land.reserve(
        WHOLE,
        "built",
        intended_on="2021-02-01",
        planned_on="2022-03-01",
        supplied_on="2023-01-01",
        built_on="2024-01-01",
    )
    stages = ask(as_of=day).counts["stage_m2"]
    assert {name for name, value in stages.items() if value} == {stage}


def test_the_year_is_that_in_which_the_stage_was_reached(land, ask):
    land.target()
    land.reserve(WEST, "built", intended_on="2021-02-01", built_on="2023-12-31")
    land.reserve(EAST, "planned", planned_on="2022-01-01")
    rows = ask(by="year").rows
    assert {row["year"]: row["counted_m2"] for row in rows if not row["is_margin"]} == {
        "2022": m2(EAST.area_m2),
        "2023": m2(WEST.area_m2),
    }


# The target

PATH = Target(
    uid=UUID(int=1),
    number="T",
    purpose_kind=None,
    value_m2=1_000_000.0,
    tolerance_pct=5.0,
    base_year=2021,
    end_year=2035,
)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2020, 12, 31), 0),
        (date(2021, 1, 1), 0),
        # 15 years, of which 2024, 2028 and 2032 are leap years: 5,478 days, the last of them whole.
        (date(2021, 1, 2), 1_000_000 / 5477),
        (date(2024, 6, 30), 1_000_000 * 1276 / 5477),
        (date(2035, 12, 30), 1_000_000 * 5476 / 5477),
        (date(2035, 12, 31), 1_000_000),
        (date(2040, 1, 1), 1_000_000),
    ],
)
def test_the_straight_path_is_exact_to_the_day(day, expected):
    assert PATH.path_m2(day) == pytest.approx(expected, rel=1e-12)


def test_a_target_within_one_year_has_a_path(land, ask):
    land.target(base_year=2024, end_year=2024)
    assert ask(as_of="2024-12-31").counts["path_m2"] == 150_000


def test_gap_needed_pace_and_forecast_follow_from_what_is_done(land, ask):
    land.target(150_000, tolerance_pct=5)
    land.reserve(WHOLE, "built")
    counts = ask().counts
    done, path = WHOLE.area_m2, 150_000 * 1276 / 5477
    assert counts["target_m2"] == 150_000
    assert counts["tolerance_m2"] == pytest.approx(7_500)
    assert counts["path_m2"] == pytest.approx(path)
    assert counts["gap_m2"] == m2(path - done)
    assert counts["remaining_m2"] == m2(150_000 - done)
    assert counts["needed_m2_per_year"] == m2((150_000 - done) / (4201 / 365.2425))
    assert counts["pace_m2_per_year"] == m2(done / (1276 / 365.2425))
    assert counts["forecast_m2"] == m2(done * 5477 / 1276)


def test_the_answer_says_in_words_how_it_stands(land, ask):
    land.target(150_000)
    land.reserve(WHOLE, "built")
    issues = {each.code: each for each in ask().answer.issues}
    assert set(issues) == {"behind-path", "forecast"}
    assert "states no tolerance" in issues["behind-path"].statement.en
    assert "容差" in issues["behind-path"].statement.zh
    assert issues["forecast"].count == 1
    assert "2021-01-01" in issues["forecast"].statement.en


@pytest.mark.parametrize(
    ("share_done", "tolerance_pct", "code"),
    [
        (0.96, 5, "target-reached"),
        (0.94, 5, "on-path"),
        (0.96, None, "on-path"),
        (1.01, None, "target-reached"),
        (0.1, 5, "behind-path"),
    ],
)
def test_about_is_as_wide_as_the_document_says(land, ask, share_done, tolerance_pct, code):
    land.target(WHOLE.area_m2 / share_done, tolerance_pct=tolerance_pct)
    land.reserve(WHOLE, "built")
    assert code in [each.code for each in ask().answer.issues]


def test_there_is_no_forecast_in_the_first_year_or_after_the_end(land, ask):
    land.target()
    land.reserve(WHOLE, "built", built_on="2021-03-01")
    assert ask(as_of="2021-12-31").counts["forecast_m2"] is None
    assert ask(as_of="2022-01-02").counts["forecast_m2"] is not None
    ended = ask(as_of="2036-01-01").counts
    assert (ended["forecast_m2"], ended["needed_m2_per_year"]) == (None, None)
    assert ended["path_m2"] == 150_000


def test_other_stages_can_count_as_done(land, ask):
    land.target()
    land.reserve(WEST, "approved")
    land.reserve(EAST, "built")
    answer = ask(done_status="approved,supplied,built")
    assert answer.counts["done_m2"] == m2(WHOLE.area_m2)
    assert answer.answer.parameters["done_status"] == ["approved", "supplied", "built"]
    assert ask().counts["done_m2"] == m2(EAST.area_m2)


def test_a_part_of_the_target_is_not_compared_with_it(land, ask):
    land.target()
    land.reserve(WHOLE, "built", town_code="441900003")
    for part in ({"town": "441900003"}, {"purpose_kinds": "education"}):
        answer = ask(**part)
        assert answer.counts["done_m2"] == m2(WHOLE.area_m2)
        assert answer.counts["gap_m2"] is None
        assert answer.counts["forecast_m2"] is None
        assert [each.code for each in answer.answer.issues] == ["part-of-target"]


def test_a_target_of_one_purpose_is_of_that_purpose(land, ask):
    land.target(purpose_kind="medical")
    land.reserve(WEST, "built", purpose_kind="medical")
    land.reserve(EAST, "built", purpose_kind="education")
    answer = ask()
    assert answer.counts["done_m2"] == m2(WEST.area_m2)
    assert answer.counts["gap_m2"] is not None
    assert answer.answer.parameters["purpose_kinds"] == ["medical"]
    with pytest.raises(BadParameter):
        ask(purpose_kinds="education")


def test_the_only_target_is_the_default_and_echoed(land, ask):
    land.target()
    assert ask().answer.parameters["target"] == "T1"
    assert ask().answer.parameters["counted_from"] == "2021-01-01"
    land.target()
    with pytest.raises(MissingParameter):
        ask()
    with pytest.raises(BadParameter):
        ask(target="T9")


def test_without_a_target_the_land_is_counted_and_nothing_compared(land, ask):
    land.reserve(WHOLE, "built")
    answer = ask()
    assert answer.counts["done_m2"] == m2(WHOLE.area_m2)
    assert answer.counts["target_m2"] is None
    assert [each.code for each in answer.answer.issues] == ["no-target"]
    assert len(ask(by="curve").rows) == 1


# The curve


def test_the_curve_adds_up_by_year_to_what_is_done(land, ask):
    land.target(150_000)
    land.reserve(WEST, "built", built_on="2022-12-31")
    land.reserve(EAST, "built", built_on="2024-06-30")
    land.reserve(Box(200, 0, 300, 100), "planned")
    answer = ask(by="curve")
    rows = {row["year"]: row for row in answer.rows}
    assert list(rows) == list(range(2021, 2036))
    assert [rows[year]["cumulative_m2"] for year in (2021, 2022, 2023, 2024)] == [
        m2(0),
        m2(WEST.area_m2),
        m2(WEST.area_m2),
        m2(WHOLE.area_m2),
    ]
    assert rows[2022]["added_m2"] == m2(WEST.area_m2)
    assert rows[2023]["added_m2"] == m2(0)
    assert rows[2024]["on"] == DAY
    assert rows[2024]["cumulative_m2"] == m2(answer.counts["done_m2"])
    assert rows[2024]["gap_m2"] == m2(answer.counts["gap_m2"])
    assert rows[2025]["cumulative_m2"] is None
    assert rows[2025]["added_m2"] is None
    assert rows[2035]["path_m2"] == 150_000


def test_the_curve_goes_by_the_first_day_in_a_stage_that_is_done(land, ask):
    land.target()
    land.reserve(WHOLE, "built", approved_on="2021-05-01", built_on="2024-01-01")
    rows = ask(by="curve", done_status="approved,supplied,built").rows
    assert rows[0]["cumulative_m2"] == m2(WHOLE.area_m2)


def test_the_curve_stands_alone(ask):
    with pytest.raises(BadParameter):
        ask(by="curve,kind")


def test_pages_give_every_row_once(land, ask):
    land.target()
    land.reserve(WEST, "built")
    land.reserve(EAST, "planned", purpose_kind="medical")
    for by in ("status,kind,town,year", "curve"):
        whole = [each["id"] for each in ask(by=by).features]
        paged, cursor = [], None
        while True:
            page = ask(by=by, limit=4, cursor=cursor)
            paged += [each["id"] for each in page.features]
            cursor = page.answer.next_cursor
            if cursor is None:
                break
        assert paged == whole
        assert len(set(whole)) == len(whole)


def test_nothing_at_all_is_a_total_of_nothing(ask):
    answer = ask()
    assert total(answer)["counted_m2"] == 0
    assert answer.counts["done_m2"] == 0
