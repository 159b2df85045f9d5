"""The quota of 2021 and 2022: the worked example of the reservation, and parcels charged as they lie."""

from collections import Counter, defaultdict
from decimal import Decimal
from itertools import combinations

import pytest
from demo_files import LEDGER_FILE, area_m2, by_key, rows, town_code
from shapely.geometry import shape

from geoservice.domain.code_lists import QUOTA_ENTRY_TYPE
from geoservice.domain.quota_movements import MOVEMENTS

CITY, POOL = "SYN-ZH-2021-JS-TC-KY", "SYN-ZH-2021-JS-XC-KY"
RULE = "SYN-GZ-2021-YL"


def entries() -> list[dict]:
    return rows(LEDGER_FILE)


def amount(entry: dict) -> Decimal:
    return Decimal(entry["amount_m2"])


def balance(account: str, day: str) -> Decimal:
    """What an account has at the end of a day."""
    return sum(
        (
            amount(entry) * ((entry["to_account"] == account) - (entry["from_account"] == account))
            for entry in entries()
            if entry["booked_on"] <= day
        ),
        Decimal(0),
    )


def booked(entry_type: str, account: str, day: str) -> Decimal:
    """All that was moved by one type of entry into or out of an account until a day."""
    return sum(
        amount(entry)
        for entry in entries()
        if entry["entry_type"] == entry_type
        and account in (entry["from_account"], entry["to_account"])
        and entry["booked_on"] <= day
    )


# 600,000 m² in March, 200,000 more in September; reserved: 60,000, and 20,000 more in November
@pytest.mark.parametrize(
    ("day", "base", "reserved"),
    [
        ("2021-03-15", 600_000, 0),
        ("2021-03-22", 600_000, 60_000),
        ("2021-09-14", 600_000, 60_000),
        ("2021-09-15", 800_000, 60_000),
        ("2021-11-21", 800_000, 60_000),
        ("2021-11-22", 800_000, 80_000),
    ],
)
def test_the_reservation_of_2021_is_short_between_the_second_tranche_and_its_reserve(
    day: str, base: int, reserved: int
):
    assert booked("allocate", CITY, day) == base
    assert booked("reserve", POOL, day) == reserved
    shortfall = max(base // 10 - reserved, 0)
    is_met = day >= "2021-11-22" or "2021-03-22" <= day < "2021-09-15"
    assert (shortfall == 0) == is_met


def test_the_pool_has_67_5_mu_after_the_parcel_of_the_worked_example():
    town = town_code("寮步")
    held = f"SYN-ZH-2021-JS-ZJ-{town[-3:]}-X-ZY"
    assert balance(POOL, "2021-05-09") == 60_000
    assert (balance(POOL, "2021-05-10"), balance(held, "2021-05-10")) == (40_000, 20_000)
    assert balance(held, "2021-08-20") == 5_000
    for day in ("2021-08-25", "2021-11-21"):
        assert balance(POOL, day) == 60_000 - 15_000 == 45_000
        assert balance(held, day) == 0
    assert Decimal(45_000) * 15 / 10_000 == Decimal("67.5")


def test_what_was_left_of_the_pool_was_carried_over_and_reclaimed():
    assert balance(POOL, "2021-12-31") == 65_000
    assert balance(POOL, "2022-01-10") == 20_000
    assert balance("SYN-ZH-2022-JS-XC-KY", "2022-01-10") == 45_000
    assert balance(POOL, "2022-04-01") == 0


def test_the_rule_states_ten_per_cent_of_the_city_coordinated_quota():
    rule = by_key("quota_rules.csv", "rule_no")[RULE]
    assert (rule["kind"], rule["basis"], rule["percentage"]) == (
        "reservation", "city_coordinated", "10.00",
    )  # fmt: skip


def test_no_account_is_overdrawn_on_any_day():
    accounts = by_key("quota_accounts.csv", "account_no")
    days = sorted({entry["booked_on"] for entry in entries()})
    for number, account in accounts.items():
        if account["overdraft_allowed"] == "false":
            assert all(balance(number, day) >= 0 for day in days), number
    assert {a["level"] for a in accounts.values() if a["overdraft_allowed"] == "true"} == {
        "superior"
    }


def test_entries_are_in_order_and_move_what_their_type_may_move():
    known = {movement.entry_type: movement for movement in MOVEMENTS}
    accounts = by_key("quota_accounts.csv", "account_no")
    parcels, rules = (
        by_key("quota_parcels.geojson", "parcel_no"),
        by_key("quota_rules.csv", "rule_no"),
    )
    days = [entry["booked_on"] for entry in entries()]
    assert days == sorted(days)
    for entry in entries():
        movement = known[entry["entry_type"]]
        giving, receiving = accounts[entry["from_account"]], accounts[entry["to_account"]]
        assert f"{giving['level']} {giving['state']}" in movement.giving
        assert f"{receiving['level']} {receiving['state']}" in movement.receiving
        assert all(entry[field] for field in movement.requires)
        assert entry["quota_parcel"] is None or entry["quota_parcel"] in parcels
        assert entry["quota_rule"] is None or entry["quota_rule"] in rules
        assert amount(entry) > 0


def test_all_types_of_entries_occur_but_reversals():
    used = {entry["entry_type"] for entry in entries()}
    assert used == {code.code for code in QUOTA_ENTRY_TYPE} - {"reverse"}


def test_the_entries_of_a_posting_stand_together():
    seen: list[str] = []
    sizes: Counter = Counter()
    for entry in entries():
        sizes[entry["posting"]] += 1
        if not seen or seen[-1] != entry["posting"]:
            seen.append(entry["posting"])
    assert len(seen) == len(sizes)
    assert sorted(sizes.values())[-2:] == [8, 8]  # to eight towns at once, in both years


def charged() -> dict[str, list[dict]]:
    """The entries that charge a parcel."""
    found = defaultdict(list)
    for entry in entries():
        if entry["entry_type"] in ("use", "takeover"):
            found[entry["quota_parcel"]].append(entry)
    return found


def test_charged_areas_are_those_measured():
    parcels = by_key("quota_parcels.geojson", "parcel_no")
    for number, uses in charged().items():
        measured = area_m2(parcels[number]["geom"])
        for entry in uses:
            assert abs(float(amount(entry)) - measured) <= max(1, 0.001 * measured)


def test_some_forty_parcels_were_registered_and_most_are_charged():
    assert len(rows("quota_parcels.geojson")) == 42
    without = {row["parcel_no"] for row in rows("quota_parcels.geojson")} - set(charged())
    assert len(without) == 2  # one was released and withdrawn, one is still held
    withdrawn = [row for row in rows("quota_parcels.geojson") if row["withdrawn_on"]]
    assert {row["parcel_no"] for row in withdrawn} < without


# Cases put in on purpose


def test_one_pair_of_parcels_overlaps_and_an_earlier_ledger_charged_it_twice():
    overlaps = {
        (one["parcel_no"], other["parcel_no"]): area_m2(
            shape(one["geom"]).intersection(shape(other["geom"]))
        )
        for one, other in combinations(rows("quota_parcels.geojson"), 2)
        if shape(one["geom"]).intersects(shape(other["geom"]))
    }
    assert overlaps == {("SYN-ZB-037", "SYN-ZB-038"): pytest.approx(9_600, rel=0.001)}
    taken_over = [entry for entry in entries() if entry["entry_type"] == "takeover"]
    assert [entry["quota_parcel"] for entry in taken_over] == ["SYN-ZB-037", "SYN-ZB-038"]
    accounts = by_key("quota_accounts.csv", "account_no")
    kinds = {accounts[entry["to_account"]]["quota_kind"] for entry in taken_over}
    assert kinds == {"new_construction"}


def test_one_parcel_lies_in_two_towns_a_third_of_it_in_the_other():
    parcel = by_key("quota_parcels.geojson", "parcel_no")["SYN-ZB-039"]
    towns = by_key("towns.geojson", "code")
    shares = {
        code: area_m2(shape(parcel["geom"]).intersection(shape(town["geom"])))
        for code, town in towns.items()
        if town["geom"] and shape(town["geom"]).intersects(shape(parcel["geom"]))
    }
    assert shares == {
        town_code("大朗"): pytest.approx(12_000, rel=0.001),
        town_code("寮步"): pytest.approx(6_000, rel=0.001),
    }
    assert parcel["town_code"] == town_code("大朗")


def test_one_parcel_lies_on_permanent_basic_farmland_and_was_charged_all_the_same():
    lines = [
        (row["line_no"], shape(row["geom"]))
        for row in rows("control_lines.geojson")
        if row["kind"] != "urban_growth_boundary"
    ]
    hit = {
        (row["parcel_no"], line)
        for row in rows("quota_parcels.geojson")
        for line, area in lines
        if area.intersects(shape(row["geom"]))
    }
    assert hit == {("SYN-ZB-040", "SYN-YJNT-103")}
    assert "SYN-ZB-040" in charged()


def test_one_parcel_has_two_parts_and_one_is_charged_to_two_kinds_of_quota():
    parts = {
        row["parcel_no"]: len(row["geom"]["coordinates"]) for row in rows("quota_parcels.geojson")
    }
    assert {number for number, count in parts.items() if count > 1} == {"SYN-ZB-041"}
    accounts = by_key("quota_accounts.csv", "account_no")
    kinds = {
        number: {accounts[entry["to_account"]]["quota_kind"] for entry in uses}
        for number, uses in charged().items()
    }
    twice = {number for number, found in kinds.items() if len(found) > 1}
    assert twice == {"SYN-ZB-002"}
    assert kinds["SYN-ZB-002"] == {"new_construction", "farmland_quantity"}
