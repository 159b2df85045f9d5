"""The question about charged parcels: against their measure, against each other, against lines.

Parcels are rectangles of the plane of EPSG:4547 whose areas are known; what the ellipsoid adds here
is below one part in 10 000 of an area.
"""

from collections.abc import Callable
from datetime import date

import pytest

from geoservice.domain.hazards import risk_zones
from geoservice.domain.places import towns
from geoservice.domain.planning import control_lines
from tests.ledger.books import (
    TOWN_A,
    TOWN_B,
    Books,
    allocate,
    entry,
    hold,
    rectangle,
    reverse,
    takeover,
    use,
)
from tests.questions.worlds import Asked, asked

NEAR = 1e-4  # of an area: plane and ellipsoid
MARCH, JUNE = date(2021, 3, 1), date(2021, 6, 1)

Ask = Callable[..., Asked]


@pytest.fixture
def ask(books: Books) -> Ask:
    return lambda **given: asked(
        books.database, "quota_parcel_conflicts", **{"as_of": "2021-12-31", **given}
    )


@pytest.fixture
def old_ledger(books: Books) -> Books:
    """Two parcels of 15 000 m² of an old ledger that share 2 000 m², and one apart."""
    books.parcel("P1", 100, 150, town_code=TOWN_A, area_declared_m2=15_000)
    books.parcel("P2", 100, 20, east=50, town_code=TOWN_B)  # 50 m x 20 m of it on P1
    books.parcel("P3", 100, 150, east=1_000)
    books.post(takeover("P1", "15000", MARCH), takeover("P2", "2000", MARCH, town="B"))
    return books


def charge(books: Books, number: str, amount: str) -> None:
    books.post(allocate("100000"), entry("distribute", "C", "A", "50000"))
    books.post(hold(number, amount))
    books.post(use(number, amount))


def by_parcel(answer: Asked) -> dict[str, dict]:
    return {row["parcel_no"]: row for row in answer.rows}


def add_line(books: Books, number: str, kind: str, width: float, east: float = 0) -> None:
    shape = rectangle(width, 1_000, east, -500)
    books.add(control_lines, [{"line_no": number, "kind": kind, "geom": shape}])


def test_a_charge_stands_beside_what_the_parcel_measures(old_ledger: Books, ask: Ask) -> None:
    row = by_parcel(ask())["P1"]
    assert (row["charged_m2"], row["declared_m2"], row["year"]) == (15_000, 15_000, 2021)
    assert row["measured_m2"] == pytest.approx(15_000, rel=NEAR)
    assert row["difference_m2"] == pytest.approx(15_000 - row["measured_m2"])
    assert row["is_within_tolerance"] is True
    assert (row["is_taken_over"], row["is_recharged"], row["entry_nos"]) == (True, False, "1")


def test_a_parcel_that_is_not_charged_is_not_told(old_ledger: Books, ask: Ask) -> None:
    assert set(by_parcel(ask())) == {"P1", "P2"}
    assert ask(as_of="2021-02-28").rows == []


@pytest.mark.parametrize(("taken_over", "is_within"), [("15014.70", True), ("15014.95", False)])
def test_the_tolerance_is_a_thousandth_of_the_measured_area(
    books: Books, ask: Ask, taken_over: str, is_within: bool
) -> None:
    # 20 km from the central meridian the plane is too large by 1e-5: 14 999.85 m², tolerance 15 m².
    books.parcel("P1", 100, 150)
    books.post(takeover("P1", taken_over))
    (row,) = ask().rows
    assert abs(row["difference_m2"]) == pytest.approx(float(taken_over) - row["measured_m2"])
    assert row["is_within_tolerance"] is is_within


def test_ground_that_is_charged_twice_is_told_for_both_and_once_as_a_pair(
    old_ledger: Books, ask: Ask
) -> None:
    answer = ask()
    assert {no: row["charged_twice_m2"] for no, row in by_parcel(answer).items()} == {
        "P1": pytest.approx(1_000, rel=NEAR),
        "P2": pytest.approx(1_000, rel=NEAR),
    }
    assert answer.counts["pairs_charged_twice"] == 1
    assert answer.counts["overlap_m2"] == pytest.approx(1_000, rel=NEAR)
    assert [each.code for each in answer.answer.issues] == ["charged-twice"]
    pairs = ask(by="overlaps")
    (pair,) = pairs.rows
    assert {pair["parcel_no"], pair["other_parcel_no"]} == {"P1", "P2"}
    assert pair["overlap_m2"] == pytest.approx(1_000, rel=NEAR)
    assert pairs.features[0]["geometry"]["type"] == "MultiPolygon"


def test_a_pair_is_told_also_if_only_one_of_them_is_in_the_town(
    old_ledger: Books, ask: Ask
) -> None:
    for town, number, other in ((TOWN_A, "P1", "P2"), (TOWN_B, "P2", "P1")):
        (pair,) = ask(by="overlaps", town=town).rows
        assert (pair["parcel_no"], pair["other_parcel_no"]) == (number, other)
        assert ask(town=town).counts["pairs_charged_twice"] == 1


def test_what_lies_on_two_others_at_once_counts_once(books: Books, ask: Ask) -> None:
    for number, width in (("P1", 100), ("P2", 60), ("P3", 40)):  # from the same corner
        books.parcel(number, width, 100)
    books.post(takeover("P1", "10000"), takeover("P2", "6000"), takeover("P3", "4000"))
    answer = ask()
    assert by_parcel(answer)["P1"]["charged_twice_m2"] == pytest.approx(6_000, rel=NEAR)
    assert answer.counts["pairs_charged_twice"] == 3
    assert answer.counts["overlap_m2"] == pytest.approx(6_000 + 4_000 + 4_000, rel=NEAR)


def test_parcels_that_share_an_edge_charge_nothing_twice(books: Books, ask: Ask) -> None:
    books.parcel("P1", 100, 100)
    books.parcel("P2", 100, 100, east=100)
    books.post(takeover("P1", "10000"), takeover("P2", "10000"))
    answer = ask()
    assert answer.counts["pairs_charged_twice"] == 0
    assert answer.answer.issues == ()


@pytest.mark.parametrize(("overlap_m", "pairs"), [(0.05, 0), (0.2, 1)])
def test_a_sliver_within_the_tolerance_is_none(
    books: Books, ask: Ask, overlap_m: float, pairs: int
) -> None:
    books.parcel("P1", 100, 100)  # 10 000 m²: slivers up to 10 m² are those of digitising
    books.parcel("P2", 100, 100, east=100 - overlap_m)
    books.post(takeover("P1", "10000"), takeover("P2", "10000"))
    assert ask().counts["pairs_charged_twice"] == pairs


def test_other_kinds_of_quota_may_charge_the_same_ground(old_ledger: Books, ask: Ask) -> None:
    assert ask(quota_kinds="linked").rows == []
    assert len(ask(quota_kinds="linked,new_construction").rows) == 2
    assert ask(year="2020").rows == []


def test_a_released_parcel_is_free_and_a_reversed_charge_can_be_made_again(
    books: Books, ask: Ask
) -> None:
    books.parcel("P1", 100, 150)
    charge(books, "P1", "15000")
    books.post(reverse(4, JUNE))
    assert ask(as_of="2021-05-31").counts["charges"] == 1
    assert ask().rows == []
    books.post(use("P1", "15000", date(2021, 7, 1)))
    (row,) = ask().rows
    assert (row["is_recharged"], row["charged_m2"], row["entry_nos"]) == (True, 15_000, "6")


def test_forbidden_ground_is_told_with_its_area_and_share(old_ledger: Books, ask: Ask) -> None:
    add_line(old_ledger, "F1", "permanent_basic_farmland", 40)  # 40 m x 150 m of P1
    add_line(old_ledger, "F2", "permanent_basic_farmland", 30, 10)  # the same ground, and no more
    add_line(old_ledger, "E1", "ecological_red_line", 10, 140)  # 10 m x 20 m of P2
    add_line(old_ledger, "U1", "urban_growth_boundary", 1_000, -100)  # within it one may build
    answer = ask()
    rows = by_parcel(answer)
    assert rows["P1"]["farmland_m2"] == pytest.approx(6_000, rel=NEAR)
    assert rows["P1"]["red_line_m2"] == 0
    assert rows["P2"]["red_line_m2"] == pytest.approx(200, rel=1e-3)
    assert answer.counts["parcels_on"] == {
        "permanent_basic_farmland": 1,
        "ecological_red_line": 1,
        "risk_zones": 0,
    }
    assert {each.code for each in answer.answer.issues} == {
        "charged-twice",
        "on-basic-farmland",
        "inside-red-line",
    }
    told = {(row["parcel_no"], row["feature_no"]): row for row in ask(by="forbidden").rows}
    assert set(told) == {("P1", "F1"), ("P1", "F2"), ("P2", "E1")}
    assert told["P1", "F2"]["overlap_m2"] == pytest.approx(4_500, rel=NEAR)
    assert told["P1", "F2"]["share"] == pytest.approx(0.3, rel=NEAR)


def test_a_line_that_is_no_longer_in_force_forbids_nothing(old_ledger: Books, ask: Ask) -> None:
    shape = rectangle(40, 1_000, 0, -500)
    line = {"line_no": "F1", "kind": "permanent_basic_farmland", "geom": shape}
    old_ledger.add(control_lines, [{**line, "valid_to": date(2021, 6, 1)}])
    assert len(ask(by="forbidden", as_of="2021-05-31").rows) == 1
    assert ask(by="forbidden", as_of="2021-06-01").rows == []


def test_a_risk_zone_is_a_warning_and_no_issue(old_ledger: Books, ask: Ask) -> None:
    zone = {"zone_no": "Z1", "name": "区", "risk_level": "high", "published_on": MARCH}
    old_ledger.add(risk_zones, [{**zone, "geom": rectangle(40, 1_000, 0, -500)}])
    (row,) = ask(by="forbidden").rows
    assert (row["layer"], row["kind"], row["feature_no"]) == ("risk_zones", "high", "Z1")
    assert [each.code for each in ask().answer.issues] == ["charged-twice"]


def test_a_parcel_that_crosses_towns_is_divided_by_area(old_ledger: Books, ask: Ask) -> None:
    for code, east in ((TOWN_A, -1_000), (TOWN_B, 30)):  # the border runs 30 m into P1
        shape = rectangle(1_030, 4_000, east, -2_000)
        place = {"code": code, "name": code[-3:], "name_en": "x", "kind": "town"}
        old_ledger.add(towns, [{**place, "parent_code": "441900", "geom": shape}])
    park = {
        "code": "441900401",
        "name": "园",
        "name_en": "x",
        "kind": "park",
        "parent_code": "441900",
    }
    old_ledger.add(towns, [{**park, "geom": rectangle(5_000, 5_000, -2_000, -2_000)}])
    parts = {(row["parcel_no"], row["lies_in_town"]): row for row in ask(by="towns").rows}
    assert set(parts) == {("P1", TOWN_A), ("P1", TOWN_B), ("P2", TOWN_B)}
    assert parts["P1", TOWN_A]["part_m2"] == pytest.approx(30 * 150, rel=NEAR)
    assert parts["P1", TOWN_B]["share"] == pytest.approx(0.7, rel=NEAR)
    assert parts["P1", TOWN_A]["is_charged_there"] is True
    assert parts["P1", TOWN_B]["is_charged_there"] is False
    answer = ask()
    assert answer.counts["parcels_crossing_towns"] == 1
    assert by_parcel(answer)["P1"]["towns_met"] == 2
