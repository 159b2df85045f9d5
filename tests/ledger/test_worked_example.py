"""The worked example of the domain, to the digit. Expected figures are worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest

from geoservice.errors import ReservationShort
from geoservice.ledger.balances import holds, in_mu, reservations
from tests.ledger.books import Books, allocate, entry, hold, use

MARCH, APRIL, MAY, JUNE = (date(2021, month, 1) for month in (3, 4, 5, 6))
YEAR_END = date(2021, 12, 31)


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


def required(books: Books, on: date) -> tuple[Decimal, Decimal, Decimal]:
    (rule,) = reservations(books.database, on)
    return rule.required_m2, rule.reserved_m2, rule.shortfall_m2


def test_ten_per_cent_of_600_000_is_90_mu() -> None:
    assert in_mu(Decimal(60_000)) == "90.0000"


def test_the_pool_keeps_45_000_which_is_67_5_mu(example: Books) -> None:
    assert example.balance("P") == 45_000
    assert in_mu(example.balance("P")) == "67.5000"
    assert [example.balance(each) for each in ("Arh", "Aru", "C", "S")] == [
        0,
        15_000,
        540_000,
        -600_000,
    ]
    assert holds(example.database) == []


def test_a_second_tranche_makes_20_000_missing_until_they_are_reserved(example: Books) -> None:
    assert required(example, MAY) == (60_000, 60_000, 0)
    example.post(allocate("200000", JUNE))
    assert required(example, MAY) == (60_000, 60_000, 0)
    assert required(example, JUNE) == (80_000, 60_000, 20_000)

    with pytest.raises(ReservationShort) as short:  # 740 000 are there, 20 000 must stay
        example.post(entry("distribute", "C", "A", "720000.01", JUNE))
    assert short.value.parts["shortfall_m2"] == "20000.00"
    assert short.value.parts["available_m2"] == "720000.00"
    example.post(entry("distribute", "C", "A", "720000", JUNE))
    example.post(entry("reserve", "C", "P", "20000", JUNE))
    assert required(example, JUNE) == (80_000, 80_000, 0)
    assert example.balance("C") == 0


def test_with_carry_over_the_rest_goes_to_the_next_year(example: Books) -> None:
    example.rule("K21", "carry_over", carry_over_allowed=True, cut_off_on=YEAR_END)
    example.post(entry("carry", "P", "P22", "45000", YEAR_END, quota_rule="K21"))
    assert (example.balance("P"), example.balance("P22")) == (0, 45_000)
    assert example.balance("P", date(2021, 12, 30)) == 45_000


def test_without_carry_over_the_rest_goes_back_to_the_city(example: Books) -> None:
    example.rule("I21", "reclaim", cut_off_on=YEAR_END)
    example.post(entry("reclaim", "P", "C", "45000", YEAR_END, quota_rule="I21"))
    assert (example.balance("P"), example.balance("C")) == (0, 585_000)
    # What was reserved and not used is lawfully taken back: nothing is missing for it.
    assert required(example, YEAR_END) == (60_000, 60_000, 0)


@pytest.mark.parametrize(
    ("area", "mu"),
    [
        ("666.67", "1.0000"),
        ("0.01", "0.0000"),
        ("0.03", "0.0000"),
        ("0.04", "0.0001"),
        ("-45000", "-67.5000"),
    ],
)
def test_mu_are_rounded_to_four_decimals_at_the_edge(area: str, mu: str) -> None:
    assert in_mu(Decimal(area)) == mu
