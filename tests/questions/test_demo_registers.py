"""Questions 4 and 6 on the demo data: the published numbers of 2021 and 2022, to the digit."""

from typing import Any

import pytest
from demo_registers import store_registers
from worlds import asked

from geoservice.store.database import Database

HIDDEN, RISK_POINT = "hidden_danger", "risk_point"
JUNE_2021, JULY_2022 = "2021-06-25", "2022-07-31"


@pytest.fixture(scope="module")
def demo(module_database: Database) -> Database:
    with module_database.change(actor="tester", door="test", reason="demo") as connection:
        store_registers(connection)
    return module_database


def by_register(demo: Database, by: str, column: str) -> dict[str, dict[Any, int]]:
    rows = asked(demo, "hazard_counts", as_of=JULY_2022, by=f"register_kind,{by}").rows
    return {
        register: {
            row[column]: row["sites"]
            for row in rows
            if row["register_kind"] == register and not row["is_margin"]
        }
        for register in (HIDDEN, RISK_POINT)
    }


def test_the_published_table_of_2022_comes_out(demo):
    assert by_register(demo, "type", "hazard_class") == {
        HIDDEN: {"collapse": 60, "landslide": 7, "unstable_slope": 48},
        RISK_POINT: {"collapse": 14, "landslide": 12, "unstable_slope": 11},
    }
    assert by_register(demo, "risk", "risk_level") == {
        HIDDEN: {"medium": 8, "low": 107},
        RISK_POINT: {"high": 2, "medium": 11, "low": 24},
    }


def test_its_people_and_assets_and_its_totals_over_both_registers_come_out(demo):
    rows = asked(demo, "hazard_counts", as_of=JULY_2022, by="register_kind").rows
    found = {row["register_kind"]: (row["sites"], row["people"], row["assets_wan"]) for row in rows}
    assert found == {HIDDEN: (115, 409, 3613), RISK_POINT: (37, 559, 4333)}
    total, *classes = asked(demo, "hazard_counts", as_of=JULY_2022, by="type").rows
    assert (total["sites"], total["people"], total["assets_wan"]) == (152, 968, 7946)
    sites = {row["hazard_class"]: row["sites"] for row in classes}
    assert (sites["collapse"], sites["landslide"]) == (74, 19)


def test_114_were_registered_in_june_2021(demo):
    counts = asked(demo, "hazard_counts", as_of=JUNE_2021).counts
    assert counts["sites"] == {HIDDEN: 114, RISK_POINT: 37}


@pytest.mark.parametrize("register", [HIDDEN, RISK_POINT])
def test_from_june_2021_to_july_2022_the_flows_are_those_that_the_data_set_states(demo, register):
    flows = {
        HIDDEN: {
            "opening": 114,
            "new": 9,
            "re_registered": 1,
            "reclassified_in": 1,
            "cancelled": 8,
            "reclassified_out": 1,
            "merged_out": 1,
            "closing": 115,
        },
        RISK_POINT: {"opening": 37, "reclassified_in": 1, "reclassified_out": 1, "closing": 37},
    }
    span = {"from": JUNE_2021, "to": JULY_2022, "register_kind": register}
    counts = asked(demo, "hazard_stock_flow", **span).counts
    others = dict.fromkeys(
        ("corrections", "merged_in", "voided", "new", "re_registered", "cancelled", "merged_out"), 0
    )
    expected = others | flows[register] | {"opening_reported": flows[register]["opening"]}
    assert {name: counts[name] for name in expected} == expected


def test_the_sites_of_all_towns_add_up_to_the_city(demo):
    total, *of_towns = asked(demo, "hazard_stock_flow", **{"from": JUNE_2021, "to": JULY_2022}).rows
    for name, value in total.items():
        if isinstance(value, int):
            assert sum(row[name] for row in of_towns) == value, name
