"""The question about the reservation, by the worked example of the domain; figures by hand."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from geoservice.errors import BadParameter, MissingParameter
from tests.ledger.books import TOWN_A, TOWN_B, Books, allocate, entry, hold, reverse, takeover, use
from tests.questions.worlds import asked

MARCH, APRIL, MAY, JUNE = (date(2021, month, 1) for month in (3, 4, 5, 6))
YEAR_END = date(2021, 12, 31)

Ask = Callable[..., Any]


@pytest.fixture
def ask(books: Books) -> Ask:
    return lambda **given: asked(books.database, "quota_reservation", **given)


@pytest.fixture
def example(books: Books) -> Books:
    """600 000 allocated, 60 000 reserved; town A holds 20 000, uses 15 000, releases 5 000."""
    books.reservation_rule("10")
    books.parcel("P1", 100, 150, is_rural_revitalization=True)
    books.post(allocate("600000", MARCH), entry("reserve", "C", "P", "60000", MARCH))
    books.post(hold("P1", "20000", APRIL, giving="P", town="Ar"))
    books.post(
        use("P1", "15000", MAY, town="Ar"),
        entry("release", "Arh", "P", "5000", MAY, quota_parcel="P1"),
    )
    return books


AREAS = (
    "base_m2",
    "required_m2",
    "reserved_m2",
    "shortfall_m2",
    "used_m2",
    "held_m2",
    "balance_m2",
)


def areas(answer: Any) -> tuple[float, ...]:
    (row,) = answer.rows
    return tuple(row[name] for name in AREAS)


def test_the_rule_is_met_and_45_000_are_left(example: Books, ask: Ask) -> None:
    answer = ask(as_of="2021-05-31")
    assert areas(answer) == (600_000, 60_000, 60_000, 0, 15_000, 0, 45_000)
    (row,) = answer.rows
    assert (row["state"], row["reserved_pct"], row["percentage"]) == ("met", 10, 10)
    assert answer.answer.head("en")["parameters"]["rule"] == "R10"
    assert answer.answer.head("en")["parameters"]["year"] == 2021
    assert answer.answer.head("en")["issues"] == []


def test_what_is_held_is_not_left(example: Books, ask: Ask) -> None:
    assert areas(ask(as_of="2021-04-30")) == (600_000, 60_000, 60_000, 0, 0, 20_000, 40_000)


def test_a_second_tranche_asks_for_more_from_its_day_on(example: Books, ask: Ask) -> None:
    example.post(allocate("200000", JUNE))
    assert areas(ask(as_of="2021-05-31"))[:4] == (600_000, 60_000, 60_000, 0)
    answer = ask(as_of="2021-06-01")
    assert areas(answer)[:4] == (800_000, 80_000, 60_000, 20_000)
    assert answer.rows[0]["state"] == "short"
    assert answer.rows[0]["reserved_pct"] == 7.5
    assert [each["code"] for each in answer.answer.head("en")["issues"]] == ["short"]
    example.post(entry("reserve", "C", "P", "20000", date(2021, 6, 2)))
    assert areas(ask(as_of="2021-06-02"))[:4] == (800_000, 80_000, 80_000, 0)


def test_each_day_on_which_it_changed_is_told_with_its_document(example: Books, ask: Ask) -> None:
    example.post(allocate("200000", JUNE))
    example.post(entry("distribute", "C", "A", "1000", date(2021, 7, 1)))
    days = ask(by="days", as_of="2021-12-31").rows
    assert [(each["day"], each["required_m2"], each["shortfall_m2"]) for each in days] == [
        ("2021-03-01", 60_000, 0),
        ("2021-06-01", 80_000, 20_000),
    ]
    assert days[1]["document_nos"] == "粤自然资〔2021〕1号"


def test_what_was_known_earlier_can_be_asked(example: Books, ask: Ask) -> None:
    before = ask(as_of="2021-06-30").answer.head("en")["known_at"]
    example.post(allocate("200000", JUNE))
    assert areas(ask(as_of="2021-06-30", known_at=before))[0] == 600_000
    assert areas(ask(as_of="2021-06-30"))[0] == 800_000


def test_before_the_first_tranche_there_is_no_base(example: Books, ask: Ask) -> None:
    answer = ask(as_of="2021-02-28")
    assert areas(answer) == (0, 0, 0, 0, 0, 0, 0)
    assert answer.rows[0]["state"] == "no_base"
    assert answer.rows[0]["reserved_pct"] is None
    assert [each["code"] for each in answer.answer.head("en")["issues"]] == ["no-base"]


def test_a_reversed_tranche_is_no_base(example: Books, ask: Ask) -> None:
    tranche = example.post(allocate("200000", JUNE))
    example.post(reverse(tranche.entries[0].entry_no, date(2021, 7, 1)))
    assert areas(ask(as_of="2021-06-30"))[0] == 800_000
    assert areas(ask(as_of="2021-07-01"))[0] == 600_000


def test_what_is_carried_over_leaves_the_old_year_and_is_told_apart_in_the_new(
    example: Books, ask: Ask
) -> None:
    example.rule("K21", "carry_over", carry_over_allowed=True, cut_off_on=YEAR_END)
    next_year = {"basis": "city_coordinated", "percentage": 10}
    example.rule("R10-22", "reservation", 2022, **next_year)
    example.post(entry("carry", "P", "P22", "45000", YEAR_END, quota_rule="K21"))
    (old,) = ask(rule="R10", as_of="2021-12-31").rows
    assert (old["carried_out_m2"], old["balance_m2"], old["reserved_m2"]) == (45_000, 0, 60_000)
    (new,) = ask(rule="R10-22", as_of="2021-12-31").rows
    assert (new["carried_in_m2"], new["balance_m2"]) == (45_000, 45_000)
    assert (new["reserved_m2"], new["state"]) == (0, "no_base")


def test_what_is_taken_back_is_told(example: Books, ask: Ask) -> None:
    example.rule("I21", "reclaim", cut_off_on=YEAR_END)
    example.post(entry("reclaim", "P", "C", "45000", YEAR_END, quota_rule="I21"))
    (row,) = ask(as_of="2021-12-31").rows
    assert (row["reclaimed_m2"], row["balance_m2"]) == (45_000, 0)


def test_everything_that_came_in_is_somewhere(example: Books, ask: Ask) -> None:
    example.parcel("P2", 100, 10, east=500)
    example.parcel("P3", 100, 20, east=900)
    example.rule("I21", "reclaim", cut_off_on=YEAR_END)
    example.post(entry("distribute", "P", "Br", "10000", JUNE))
    example.post(entry("transfer", "Br", "Ar", "4000", JUNE))
    example.post(hold("P2", "1000", JUNE, giving="Br", town="Br"))
    example.post(takeover("P3", "2000", JUNE, town="Br"))
    example.post(entry("reclaim", "Ar", "C", "500", YEAR_END, quota_rule="I21"))
    (row,) = ask(as_of="2021-12-31").rows
    came = row["reserved_m2"] + row["carried_in_m2"] + row["taken_over_m2"]
    parts = ("balance_m2", "held_m2", "used_m2", "carried_out_m2", "reclaimed_m2", "deducted_m2")
    assert came == sum(row[name] for name in parts) == 62_000
    assert [row[name] for name in parts] == [43_500, 1_000, 17_000, 0, 500, 0]


def test_towns_add_up_to_the_city(example: Books, ask: Ask) -> None:
    example.post(entry("distribute", "P", "Br", "10000", JUNE))
    example.post(entry("transfer", "Br", "Ar", "4000", JUNE))
    rows = {each["town_code"]: each for each in ask(by="towns", as_of="2021-12-31").rows}
    # The pool received 60 000 and gave 10 000; B received 10 000 and gave 4 000.
    assert {town: row["received_m2"] for town, row in rows.items()} == {
        None: 50_000,
        TOWN_A: 4_000,
        TOWN_B: 6_000,
    }
    assert {town: row["balance_m2"] for town, row in rows.items()} == {
        None: 35_000,
        TOWN_A: 4_000,
        TOWN_B: 6_000,
    }
    assert rows[TOWN_A]["used_m2"] == 15_000
    (of_a,) = ask(town=TOWN_A, as_of="2021-12-31").rows
    assert (of_a["required_m2"], of_a["used_m2"], of_a["balance_m2"]) == (60_000, 15_000, 4_000)


def test_without_a_rule_nothing_is_required_and_that_is_said(books: Books, ask: Ask) -> None:
    books.allocated()
    answer = ask()
    assert answer.rows == []
    assert [each["code"] for each in answer.answer.head("en")["issues"]] == ["no-rule"]
    assert answer.answer.head("en")["counts"]["required_m2"] is None


def test_of_several_rules_one_must_be_named(example: Books, ask: Ask) -> None:
    example.rule("R5", "reservation", basis="city_coordinated", percentage=5)
    with pytest.raises(MissingParameter) as missing:
        ask()
    assert missing.value.parts["allowed"] == "R10, R5"
    for wrong in ({"rule": "R11"}, {"year": 2020}, {"rule": "R5", "year": 2022}):
        with pytest.raises(BadParameter):
            ask(**wrong)


def test_a_rule_that_is_none_of_reservation_cannot_be_asked_about(example: Books, ask: Ask) -> None:
    example.rule("I21", "reclaim")
    with pytest.raises(BadParameter):
        ask(rule="I21")


def test_figures_are_numbers_that_end_at_the_cent(example: Books, ask: Ask) -> None:
    example.post(allocate("0.07", JUNE))  # a tenth of it is 0.007 m²
    answer = ask(as_of="2021-06-01")
    counts = answer.answer.head("en")["counts"]
    assert (counts["base_m2"], counts["required_m2"], counts["shortfall_m2"]) == (
        600_000.07,
        60_000.01,
        0.01,
    )
    assert answer.rows[0]["state"] == "short"
