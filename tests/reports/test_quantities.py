"""Quantities in the units that people read: exact decimals, rounded only to be shown."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from geoservice.description.collection import FEN, METRE, SQUARE_METRE
from geoservice.reports.quantities import instant, plain_text, quantities, scales

ZONE = ZoneInfo("Asia/Shanghai")


def quantity(stored, unit, language):
    """A quantity with all its units in one line."""
    return " = ".join(quantities(stored, unit, language))


@pytest.mark.parametrize(
    ("square_metres", "shown"),
    [
        (Decimal("10000.00"), "10,000.00 m² = 15.0000 亩 = 1.0000 公顷"),
        (Decimal("600000.00"), "600,000.00 m² = 900.0000 亩 = 60.0000 公顷"),  # domain.md, ledger
        (Decimal("45000"), "45,000.00 m² = 67.5000 亩 = 4.5000 公顷"),
        (20_000_000, "20,000,000 m² = 30,000.0000 亩 = 2000.0000 公顷"),  # 20 km²
        (666.6666666666666, "666.67 m² = 1.0000 亩 = 0.0667 公顷"),  # 1 亩 = 10 000/15 m²
        (0, "0 m² = 0.0000 亩 = 0.0000 公顷"),
        (-150, "-150 m² = -0.2250 亩 = -0.0150 公顷"),
    ],
)
def test_an_area_is_read_in_square_metres_mu_and_hectares(square_metres, shown):
    assert quantity(square_metres, SQUARE_METRE, "zh") == shown


def test_the_factors_are_exact():
    _, mu, hectare = scales(SQUARE_METRE)
    assert mu.value(Decimal("0.01")) == Decimal("0.000015")
    assert mu.value(0.1) == Decimal("0.00015")  # the decimal that was meant, not the nearest double
    assert hectare.value(1) == Decimal("0.0001")
    assert scales(FEN)[1].value(9_580_0000_00) == Decimal(9580)


@pytest.mark.parametrize(
    ("fen", "shown"),
    [
        (9_580_0000_00, "95,800,000.00 yuan = 9580.00 × 10,000 yuan"),
        (84_0400_00, "840,400.00 yuan = 84.04 × 10,000 yuan"),
        (-1, "-0.01 yuan = -1.0E-6 × 10,000 yuan"),
    ],
)
def test_money_is_read_in_yuan(fen, shown):
    assert quantity(fen, FEN, "en") == shown


def test_what_is_small_is_not_shown_as_nothing():
    assert quantity(0.00001, None, "en") == "1.0E-5"
    assert quantity(0.0, None, "en") == "0"


def test_halves_are_rounded_away_from_zero():
    assert quantity(Decimal("0.25"), METRE, "en") == "0.3 m"
    assert quantity(Decimal("0.35"), METRE, "en") == "0.4 m"
    assert quantity(Decimal("-0.25"), METRE, "en") == "-0.3 m"


def test_a_year_is_not_divided_by_a_comma():
    assert quantity(2035, None, "en") == "2035"
    assert quantity(12035, None, "en") == "12,035"


def test_what_is_no_finite_number_is_said_so():
    assert quantity(float("inf"), METRE, "en") == "inf m"


def test_an_instant_is_shown_by_the_clocks_of_the_region():
    assert instant(datetime(2021, 9, 30, 16, 30, tzinfo=UTC), ZONE) == (
        "2021-10-01 00:30:00 UTC+08:00"
    )


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (None, "", ""),
        (True, "是", "yes"),
        (False, "否", "no"),
        (date(2021, 6, 25), "2021-06-25", "2021-06-25"),
        (["一", "二"], "一、二", "一, 二"),
        ("=1+1", "=1+1", "=1+1"),
    ],
)
def test_other_values_are_words(value, zh, en):
    assert plain_text(value, "zh", ZONE) == zh
    assert plain_text(value, "en", ZONE) == en
