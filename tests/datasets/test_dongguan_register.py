"""The registers through time: 114 sites on 2021-06-25, and the published table of 2022 to the digit.

Figures of 2022: 东莞市2022年度地质灾害防治方案. Those of 2021 are scaled from it by hand: 114 / 115.
"""

from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from demo_files import (
    AS_OF,
    PUBLISHED_ON,
    active_sites,
    assessments_on,
    register_on,
    rows,
    stays,
    town_code,
)

from geoservice.domain.hazards import threat_grade

FLOOD_PLAIN = {f"441900{n}" for n in ("005", 101, 102, 123, 124, 125, 126, 127, 128, 129)}

# day, register: sites, (collapse, landslide, slope), (high, medium, low), people, assets in 万元
TABLE = {
    (AS_OF, "hidden_danger"): (114, (59, 7, 48), (0, 8, 106), 405, "3581.58"),
    (AS_OF, "risk_point"): (37, (14, 12, 11), (2, 11, 24), 559, "4333"),
    (PUBLISHED_ON, "hidden_danger"): (115, (60, 7, 48), (0, 8, 107), 409, "3613"),
    (PUBLISHED_ON, "risk_point"): (37, (14, 12, 11), (2, 11, 24), 559, "4333"),
}


def figures(day: str, kind: str) -> tuple:
    """A row of the table, counted."""
    sites, current = register_on(kind, day), assessments_on(day)
    types = Counter(site["type_code"] for site in sites.values())
    latest = [current[number] for number in sites]
    risks = Counter(row["risk_level"] for row in latest)
    return (
        len(sites),
        (types["02"], types["01"], types["00"]),
        (risks["high"], risks["medium"], risks["low"]),
        sum(int(row["threatened_people"]) for row in latest),
        sum(Decimal(row["threatened_assets_wan"] or 0) for row in latest),
    )


@pytest.mark.parametrize(("day", "kind"), TABLE)
def test_a_register_has_the_published_figures_of_its_day(day: str, kind: str):
    count, types, risks, people, assets = TABLE[day, kind]
    assert figures(day, kind) == (count, types, risks, people, Decimal(assets))


def test_both_registers_of_2022_add_up_to_the_published_totals():
    one, other = (figures(PUBLISHED_ON, kind) for kind in ("hidden_danger", "risk_point"))
    assert one[0] + other[0] == 152
    assert [a + b for a, b in zip(one[1], other[1], strict=True)] == [74, 19, 59]
    assert one[3] + other[3] == 968
    assert one[4] + other[4] == 7946


def test_the_figures_of_2022_are_those_of_assessments_of_2022():
    current = assessments_on(PUBLISHED_ON)
    for kind in ("hidden_danger", "risk_point"):
        assert all(current[n]["assessed_on"][:4] == "2022" for n in register_on(kind, PUBLISHED_ON))
    before = assessments_on(AS_OF)
    assert all(before[number]["assessed_on"][:7] == "2021-04" for number in active_sites())


def movements(kind: str, first: str, last: str) -> Counter:
    """Entries and exits of a register after a day and until another, by what they were."""
    found: Counter = Counter()
    for site in rows("hazard_sites.geojson"):
        earlier = None
        for register, since, until, ended_by in sorted(stays(site), key=lambda stay: stay[1]):
            if register == kind and first < since <= last:
                moved = earlier and earlier[3] == "reclassified" and earlier[2] == since
                found["in" if moved else "re-registered" if earlier else "new"] += 1
            if register == kind and until and first < until <= last:
                found["out" if ended_by == "reclassified" else ended_by] += 1
            earlier = (register, since, until, ended_by)
    return found


def test_the_stock_of_2022_is_that_of_2021_with_what_came_and_without_what_went():
    flow = movements("hidden_danger", AS_OF, PUBLISHED_ON)
    assert flow == {
        "new": 9, "re-registered": 1, "in": 1, "cancelled": 8, "out": 1, "merged": 1,
    }  # fmt: skip
    assert 114 + 9 + 1 + 1 - 8 - 1 - 1 == 115
    assert 114 + 9 - 8 == 115  # the others balance each other
    assert movements("risk_point", AS_OF, PUBLISHED_ON) == {"in": 1, "out": 1}


@pytest.mark.parametrize("kind", ["hidden_danger", "risk_point"])
@pytest.mark.parametrize(
    "day", ["2021-06-24", "2021-12-10", "2022-01-20", "2022-03-15", "2022-05-26"]
)
def test_the_identity_holds_for_every_span(kind: str, day: str):
    for first, last in ((day, PUBLISHED_ON), ("2015-01-01", day)):
        flow = movements(kind, first, last)
        came = flow["new"] + flow["re-registered"] + flow["in"]
        went = flow["cancelled"] + flow["out"] + flow["merged"] + flow["void"]
        assert len(register_on(kind, first)) + came - went == len(register_on(kind, last))


def test_a_re_registered_site_keeps_its_number():
    (row,) = [row for row in rows("register_periods.csv") if row["ended_on"] == "2021-12-10"]
    (site,) = [s for s in rows("hazard_sites.geojson") if s["site_no"] == row["hazard_site"]]
    assert row["end_kind"] == "cancelled"
    assert (site["registered_on"], site["cancelled_on"]) == ("2022-05-26", None)


def test_periods_of_a_site_do_not_overlap_and_a_reclassified_one_goes_on_at_once():
    kinds = Counter(row["end_kind"] for row in rows("register_periods.csv"))
    assert kinds == {"reclassified": 4, "cancelled": 2, "merged": 1, "void": 1}
    for site in rows("hazard_sites.geojson"):
        ordered = sorted(stays(site), key=lambda stay: stay[1])
        assert ordered[-1][1] == site["registered_on"]
        for one, other in pairwise(ordered):
            assert one[2]
            assert one[2] <= other[1]
            moves = one[2] == other[1] and one[0] != other[0]
            assert (one[3] == "reclassified") == moves


def test_a_merged_site_names_the_one_beside_it_that_goes_on():
    (merged,) = [site for site in rows("hazard_sites.geojson") if site["merged_into"]]
    assert merged["cancelled_on"] == "2022-01-20"
    other = register_on("hidden_danger", PUBLISHED_ON)[merged["merged_into"]]
    assert other["town_code"] == merged["town_code"]


def test_sites_come_and_go_on_the_day_itself():
    assert any(site["registered_on"] == AS_OF for site in active_sites().values())
    eve = [s for s in rows("hazard_sites.geojson") if s["cancelled_on"] == "2021-06-24"]
    assert len(eve) == 1
    assert eve[0]["site_no"] not in active_sites()
    gone = [s for s in rows("hazard_sites.geojson") if (s["cancelled_on"] or "9") < AS_OF]
    assert len(gone) == 9


def test_declared_grades_disagree_with_computed_ones_at_few_sites():
    differ, incomplete = 0, 0
    for number in active_sites():
        row = assessments_on(AS_OF)[number]
        assets = row["threatened_assets_wan"]
        grade = threat_grade(int(row["threatened_people"]), Decimal(assets) if assets else None)
        assert grade
        differ += grade.code != row["threat_grade_declared"]
        incomplete += not grade.complete
    assert (differ, incomplete) == (2, 2)


def test_no_site_lies_in_the_flood_plain_and_five_towns_hold_most():
    by_town = Counter(site["town_code"] for site in active_sites().values())
    everywhere = {site["town_code"] for site in rows("hazard_sites.geojson")}
    assert not everywhere & FLOOD_PLAIN
    top = [code for code, _ in by_town.most_common(5)]
    assert top == [town_code(name) for name in ("虎门", "凤岗", "大岭山", "东城", "长安")]
    assert sum(by_town[code] for code in top) > 114 / 2


def test_positions_vary_in_method_and_accuracy():
    expected = {"gnss": {1, 1.5, 2, 3, 5}, "map": {30}, "address": {100}, "village_centre": {300}}
    for site in rows("hazard_sites.geojson"):
        accuracies = expected.get(site["location_method"], {None})
        assert site["location_accuracy_m"] in accuracies
    assert len({site["location_method"] for site in active_sites().values()}) == 5
    with_outline = sum(site["footprint"] is not None for site in active_sites().values())
    assert 20 <= with_outline <= 94


def test_a_new_site_has_an_assessment_of_the_day_of_its_registration_or_later():
    new = [s for s in rows("hazard_sites.geojson") if s["site_no"] not in register_all_2021()]
    assert len(new) == 9
    for site in new:
        assert date.fromisoformat(site["registered_on"]) > date.fromisoformat(AS_OF)
        mine = [a for a in rows("hazard_assessments.csv") if a["hazard_site"] == site["site_no"]]
        assert min(a["assessed_on"] for a in mine) >= site["registered_on"]


def register_all_2021() -> set[str]:
    """All numbers that were known on 2021-06-25, registered or not."""
    return {
        site["site_no"]
        for site in rows("hazard_sites.geojson")
        if min(stay[1] for stay in stays(site)) <= AS_OF
    }
