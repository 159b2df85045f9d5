"""Question 4: how many sites, people and assets. The table of 2022 is reproduced from its margins."""

from collections import Counter, defaultdict
from decimal import Decimal
from itertools import chain, repeat
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import Asked, asked

from geoservice.domain.hazards import hazard_assessments, hazard_sites, register_periods
from geoservice.domain.places import towns
from geoservice.errors import BadDatetime, BadParameter
from geoservice.questions import all_rows, question_called
from geoservice.store.database import Database
from geoservice.store.tables import tables

HIDDEN, RISK_POINT = "hidden_danger", "risk_point"
HUMEN, CHANGAN = "441900121", "441900119"
DAY = "2022-07-31"

# 东莞市2022年度地质灾害防治方案: sites by type and by risk level, people, assets in 万元.
PUBLISHED: dict[str, dict[str, Any]] = {
    HIDDEN: {
        "sites": 115,
        "types": {"collapse": 60, "landslide": 7, "unstable_slope": 48},
        "risks": {"medium": 8, "low": 107},
        "people": 409,
        "assets": Decimal("3613.00"),
    },
    RISK_POINT: {
        "sites": 37,
        "types": {"collapse": 14, "landslide": 12, "unstable_slope": 11},
        "risks": {"high": 2, "medium": 11, "low": 24},
        "people": 559,
        "assets": Decimal("4333.00"),
    },
}
CODES = {"collapse": "02", "landslide": "01", "unstable_slope": "00"}


def each_of(margin: dict[str, int]) -> list[str]:
    """Every value as often as its margin says."""
    return list(chain.from_iterable(repeat(value, count) for value, count in margin.items()))


def published_sites() -> list[dict[str, Any]]:
    """A site for every site of the published table, and 8 that were cancelled after June 2021."""
    found = []
    for register, published in PUBLISHED.items():
        types, risks = each_of(published["types"]), each_of(published["risks"])
        others = published["sites"] - 1
        for number, (type, risk) in enumerate(zip(types, risks, strict=True)):
            is_new = register == HIDDEN and number < 9
            site = {
                "site_no": f"{register}-{number}",
                "register_kind": register,
                "type_set": "hazard_type_b" if number % 2 else "hazard_type_a",
                "type_code": CODES[type],
                "town_code": (HUMEN, CHANGAN, None)[number % 3],
                "registered_on": "2021-09-01" if is_new else "2020-01-01",
                "cancelled_on": None,
            }
            last = number == others
            people = published["people"] - 3 * others if last else 3
            assets = published["assets"] - Decimal("31.07") * others if last else Decimal("31.07")
            found.append({"site": site, "risk": risk, "people": people, "assets": assets})
    for number in range(8):
        gone = found[20]["site"] | {"site_no": f"gone-{number}", "cancelled_on": "2022-01-01"}
        found.append({"site": gone, "risk": "low", "people": 5, "assets": Decimal("1.00")})
    return found


@pytest.fixture(scope="module")
def register_of_2022(module_database: Database) -> Database:
    sites, assessments = tables().current(hazard_sites), tables().current(hazard_assessments)
    with module_database.change(actor="tester", door="test", reason="2022") as connection:
        for each in published_sites():
            insert = sa.insert(sites).values(each["site"] | {"name": "site"})
            uid = connection.execute(insert.returning(sites.c.uid)).scalar_one()
            assessment = {
                "hazard_site": uid,
                "assessed_on": "2021-06-01",
                "risk_level": each["risk"],
                "threatened_people": each["people"],
                "threatened_assets_wan": each["assets"],
            }
            connection.execute(sa.insert(assessments).values(assessment))
    return module_database


def counts(database: Database, **given: object) -> Asked:
    return asked(database, "hazard_counts", **given)


def exact_rows(database: Database, dongguan, registry, **given: object) -> list[Any]:
    """Rows as files get them, decimals exact."""
    question = question_called("hazard_counts", dongguan)
    found = all_rows(question, given, registry=registry, region=dongguan)
    return database.rows(found.statement)


@pytest.mark.parametrize("register", [HIDDEN, RISK_POINT])
def test_the_published_table_of_2022_is_reproduced(register_of_2022, dongguan, registry, register):
    published = PUBLISHED[register]
    for by, margin in (("type", "types"), ("risk", "risks")):
        asked_for = {"as_of": DAY, "by": f"{by},register_kind", "register_kind": register}
        rows = exact_rows(register_of_2022, dongguan, registry, **asked_for)
        column = {"type": "hazard_class", "risk": "risk_level"}[by]
        classes = {getattr(row, column): row.sites for row in rows if not row.is_margin}
        assert classes == published[margin]
        (total,) = [row for row in rows if row.is_margin]
        assert (total.level, total.register_kind) == ("register_kind", register)
        assert total.sites == published["sites"]
        assert total.people == published["people"]
        assert total.assets_wan == published["assets"]


def test_the_published_totals_over_both_registers_come_only_with_a_word_about_it(
    register_of_2022, dongguan, registry
):
    answer = counts(register_of_2022, as_of=DAY, by="type")
    assert {row["hazard_class"]: row["sites"] for row in answer.rows} == {
        None: 152,
        "collapse": 74,
        "landslide": 19,
        "unstable_slope": 59,
    }
    assert answer.rows[0]["people"] == 968
    (total, *_) = exact_rows(register_of_2022, dongguan, registry, as_of=DAY, by="type")
    assert total.assets_wan == Decimal("7946.00")
    (issue,) = answer.answer.head("en")["issues"]
    assert (issue["code"], issue["count"]) == ("registers-added", 152)
    assert answer.counts["sites"] == {HIDDEN: 115, RISK_POINT: 37}


def test_the_stock_of_june_2021_is_114(register_of_2022):
    answer = counts(register_of_2022, as_of="2021-06-25", by="register_kind")
    assert {row["register_kind"]: row["sites"] for row in answer.rows} == {
        HIDDEN: 114,
        RISK_POINT: 37,
    }
    assert answer.counts["excluded"] == {"other_register": 0, "cancelled": 0, "not_registered": 9}
    later = counts(register_of_2022, as_of=DAY).counts["excluded"]
    assert later == {"other_register": 0, "cancelled": 8, "not_registered": 0}


def test_no_row_adds_the_registers_unless_that_is_asked_for(register_of_2022):
    answer = counts(register_of_2022, as_of=DAY)
    assert {row["register_kind"] for row in answer.rows} == {HIDDEN, RISK_POINT}
    assert answer.answer.head("en")["issues"] == []
    alone = counts(register_of_2022, as_of=DAY, by="risk", register_kind=HIDDEN)
    assert alone.rows[0]["sites"] == 115
    assert alone.answer.head("en")["issues"] == []
    assert alone.counts["excluded"]["other_register"] == 37


def test_pages_of_any_size_give_each_row_once_in_order(register_of_2022):
    whole = [feature["id"] for feature in counts(register_of_2022, as_of=DAY).features]
    assert len(whole) == len(set(whole))
    for limit in (1, 7, 1_000):
        ids: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = counts(register_of_2022, as_of=DAY, limit=limit, **cursor)
            ids += [feature["id"] for feature in page.features]
            if page.answer.next_cursor is None:
                break
            cursor = {"cursor": page.answer.next_cursor}
        assert ids == whole


def test_rows_come_in_the_order_of_the_dimensions_asked_for_margins_first(register_of_2022):
    rows = counts(register_of_2022, as_of=DAY, by="register_kind,risk").rows
    order = [(row["register_kind"], row["risk_level"], row["is_margin"]) for row in rows]
    assert order == [
        (HIDDEN, None, True),
        (HIDDEN, "medium", False),
        (HIDDEN, "low", False),
        (RISK_POINT, None, True),
        (RISK_POINT, "high", False),
        (RISK_POINT, "medium", False),
        (RISK_POINT, "low", False),
    ]
    assert {row["level"] for row in rows} == {"register_kind", "register_kind,risk"}


# Single cases


def assess(add: Any, site: object, **rest: Any) -> None:
    add(hazard_assessments, **{"hazard_site": site, "assessed_on": "2021-06-25"} | rest)


def row_of(database: Database, **given: object) -> dict[str, Any]:
    (row,) = counts(database, by="register_kind", **given).rows
    return row


def test_what_is_unknown_is_a_class_of_its_own_and_no_margin(world, add, database):
    world.site()
    assess(add, world.site(town_code=HUMEN), risk_level="low", threatened_people=0)
    rows = counts(database, by="town,risk").rows
    found = {(row["level"], row["town_code"], row["risk_level"]): row["sites"] for row in rows}
    assert found == {
        ("total", None, None): 2,
        ("risk", None, "low"): 1,
        ("risk", None, "unknown"): 1,
        ("town", HUMEN, None): 1,
        ("town,risk", HUMEN, "low"): 1,
        ("town", "unknown", None): 1,
        ("town,risk", "unknown", "unknown"): 1,
    }
    assert counts(database).counts["unknown"] == {
        "town": 1,
        "risk": 1,
        "people": 1,
        "assets": 2,
        "sites_without_assessment": 1,
    }


def test_unknown_people_are_counted_and_never_nought(world, add, database):
    site = world.site()
    row = row_of(database)
    assert (row["people"], row["people_unknown"], row["sites_without_assessment"]) == (None, 1, 1)
    assess(add, site, threatened_people=None, threatened_assets_wan="0.10")
    row = row_of(database)
    assert (row["people"], row["people_unknown"], row["sites_without_assessment"]) == (None, 1, 0)
    assert (row["assets_wan"], row["assets_unknown"]) == (0.1, 0)
    assess(add, world.site(), threatened_people=0, threatened_assets_wan="0.20")
    row = row_of(database)
    assert (row["people"], row["people_unknown"]) == (0, 1)
    issue = counts(database, by="register_kind").answer.head("en")["issues"]
    assert [(each["code"], each["count"]) for each in issue] == [("exposure-incomplete", 1)]


def test_assets_are_added_exactly(world, add, database):
    for amount in ("0.10", "0.20"):
        assess(add, world.site(), threatened_assets_wan=amount)
    assert '"assets_wan": 0.30' in counts(database, by="register_kind").answer.features.replace(
        '"assets_wan":', '"assets_wan": '
    )


@pytest.mark.parametrize(
    ("as_of", "people"),
    [("2020-12-31", None), ("2021-01-01", 10), ("2021-06-24", 10), ("2021-06-25", 7)],
)
def test_the_latest_assessment_on_or_before_the_day_counts(world, add, database, as_of, people):
    site = world.site()
    assess(add, site, assessed_on="2021-01-01", threatened_people=10)
    assess(add, site, assessed_on="2021-06-25", threatened_people=7)
    assert row_of(database, as_of=as_of)["people"] == people


def test_of_two_assessments_on_a_day_the_one_recorded_last_counts(world, add, database):
    site = world.site()
    assess(add, site, inspection="special", threatened_people=1)
    assess(add, site, inspection="emergency", threatened_people=2)
    assert row_of(database)["people"] == 2


def test_an_earlier_assessment_does_not_fill_in_what_the_latest_leaves_empty(world, add, database):
    site = world.site()
    assess(add, site, assessed_on="2021-01-01", threatened_people=10)
    assess(add, site, assessed_on="2021-06-25", threatened_people=None)
    assert row_of(database)["people"] is None


def test_the_same_digits_of_two_tables_are_counted_by_what_they_mean(world, database):
    world.site(type_set="hazard_type_a", type_code="06")
    world.site(type_set="hazard_type_b", type_code="06")
    world.site(type_set="hazard_type_b", type_code="07")
    rows = counts(database, by="type").rows
    assert {row["hazard_class"]: row["sites"] for row in rows if not row["is_margin"]} == {
        "land_subsidence": 2,
        "ground_fissure": 1,
    }


def test_a_site_counts_in_the_register_that_it_was_in_on_the_day(world, add, database):
    site = world.site(registered_on="2021-06-25")
    period = {"register_kind": RISK_POINT, "end_kind": "reclassified", "ended_on": "2021-06-25"}
    add(register_periods, hazard_site=site, started_on="2020-01-01", **period)
    for day, register in (("2021-06-24", RISK_POINT), ("2021-06-25", HIDDEN)):
        assert row_of(database, as_of=day)["register_kind"] == register
    assert counts(database, as_of="2019-12-31", by="register_kind").rows == []


def test_a_site_between_two_periods_is_cancelled(world, add, database):
    site = world.site(registered_on="2022-01-01")
    period = {"register_kind": HIDDEN, "end_kind": "cancelled", "ended_on": "2021-06-25"}
    add(register_periods, hazard_site=site, started_on="2020-01-01", **period)
    excluded = counts(database, as_of="2021-06-25").counts["excluded"]
    assert excluded == {"other_register": 0, "cancelled": 1, "not_registered": 0}


def test_a_town_restricts_the_count(world, database):
    world.site(town_code=HUMEN)
    world.site(town_code=CHANGAN)
    world.site()
    rows = counts(database, town=HUMEN, by="town,register_kind").rows
    assert {row["town_code"] for row in rows} == {None, HUMEN}
    assert {row["sites"] for row in rows} == {1}


def test_a_site_outside_the_area_of_its_town_is_told(world, add, database):
    square = "MULTIPOLYGON(((113.7 22.95,113.8 22.95,113.8 23.05,113.7 23.05,113.7 22.95)))"
    add(towns, code=HUMEN, name="虎门镇", kind="town", parent_code="441900", geom=square)
    world.site((113.8, 23.0), town_code=HUMEN)  # on the border: inside
    answer = counts(database, by="town")
    assert answer.counts["sites_outside_their_town"] == 0
    assert answer.rows[1]["town_name"] == "虎门镇"
    world.site((113.80001, 23.0), town_code=HUMEN)
    world.site((113.9, 23.0), town_code=CHANGAN)  # no area is known
    world.site(None, town_code=HUMEN)
    answer = counts(database, by="town,register_kind")
    assert answer.counts["sites_outside_their_town"] == 1
    codes = [issue["code"] for issue in answer.answer.head("en")["issues"]]
    assert "position-outside-town" in codes


def test_an_empty_register_has_a_total_of_nought(database):
    (row,) = counts(database, by="town").rows
    assert (row["level"], row["sites"], row["people"], row["assets_wan"]) == ("total", 0, 0, 0)


def test_every_default_is_echoed(database):
    head = counts(database).answer.head("en")
    assert head["parameters"] == {
        "by": ["town", "type", "risk", "register_kind"],
        "register_kind": [HIDDEN, RISK_POINT],
        "town": None,
        "as_of": head["as_of"],
        "known_at": None,
        "limit": 1000,
        "cursor": None,
    }


@pytest.mark.parametrize(
    ("given_", "mistake"),
    [
        ({"by": "village"}, BadParameter),
        ({"by": "town,,risk"}, BadParameter),
        ({"register_kind": "both"}, BadParameter),
        ({"as_of": "2022-02-30"}, BadDatetime),
    ],
)
def test_what_is_not_offered_is_refused(database, given_, mistake):
    with pytest.raises(mistake):
        counts(database, **given_)


# Against a count in Python

REGISTERED = st.fixed_dictionaries(
    {
        "town_code": st.sampled_from([HUMEN, CHANGAN, None]),
        "type": st.sampled_from(
            [("hazard_type_a", "05"), ("hazard_type_a", "06"), ("hazard_type_b", "06")]
        ),
        "register_kind": st.sampled_from([HIDDEN, RISK_POINT]),
        "risk_level": st.sampled_from(["high", "low", None]),
        "people": st.none() | st.integers(0, 9),
        "assets": st.none() | st.decimals(0, 9, places=2),
    }
)
CLASSES = {
    ("hazard_type_a", "05"): "ground_fissure",
    ("hazard_type_a", "06"): "land_subsidence",
    ("hazard_type_b", "06"): "ground_fissure",
}
COLUMNS = {
    "town": "town_code",
    "type": "hazard_class",
    "risk": "risk_level",
    "register_kind": "register_kind",
}
NAMES = ("town", "type", "risk", "register_kind")


def stored(database: Database, sites: list[dict[str, Any]]) -> None:
    """Only these sites in the register."""
    table, assessments = tables().current(hazard_sites), tables().current(hazard_assessments)
    with database.migration() as connection:
        connection.execute(sa.delete(assessments))
        connection.execute(sa.delete(table))
    with database.change(actor="tester", door="test", reason="random") as connection:
        for number, site in enumerate(sites):
            type_set, type_code = site["type"]
            values = {
                "site_no": str(number),
                "name": "site",
                "registered_on": "2020-01-01",
                "town_code": site["town_code"],
                "type_set": type_set,
                "type_code": type_code,
                "register_kind": site["register_kind"],
            }
            insert = sa.insert(table).values(values).returning(table.c.uid)
            uid = connection.execute(insert).scalar_one()
            assessment = {
                "hazard_site": uid,
                "assessed_on": "2021-01-01",
                "risk_level": site["risk_level"],
                "threatened_people": site["people"],
                "threatened_assets_wan": site["assets"],
            }
            connection.execute(sa.insert(assessments).values(assessment))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sites=st.lists(REGISTERED, max_size=12),
    by=st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True),
)
def test_every_class_is_counted_right_and_every_margin_is_the_sum_of_its_classes(
    database, registry, dongguan, sites, by
):
    stored(database, sites)
    rows = exact_rows(database, dongguan, registry, by=",".join(by))
    expected: Counter[tuple[str, ...]] = Counter()
    for site in sites:
        values = {
            "town": site["town_code"] or "unknown",
            "type": CLASSES[site["type"]],
            "risk": site["risk_level"] or "unknown",
            "register_kind": site["register_kind"],
        }
        expected[tuple(values[name] for name in by)] += 1
    classes = [row for row in rows if not row.is_margin]
    assert {
        tuple(getattr(row, COLUMNS[name]) for name in by): row.sites for row in classes
    } == expected
    sums: dict[tuple[str | None, ...], list[Any]] = defaultdict(lambda: [0] * 5)
    for row in classes:
        parts = (row.sites, row.people or 0, row.people_unknown)
        parts = (*parts, row.assets_wan or 0, row.assets_unknown)
        for margin in (row for row in rows if row.is_margin):
            told_apart = [] if margin.level == "total" else margin.level.split(",")
            key = tuple(getattr(margin, COLUMNS[name]) for name in by)
            if all(getattr(row, COLUMNS[n]) == getattr(margin, COLUMNS[n]) for n in told_apart):
                sums[key] = [a + b for a, b in zip(sums[key], parts, strict=True)]
    for margin in (row for row in rows if row.is_margin):
        key = tuple(getattr(margin, COLUMNS[name]) for name in by)
        found = (margin.sites, margin.people or 0, margin.people_unknown)
        found = (*found, margin.assets_wan or 0, margin.assets_unknown)
        assert list(found) == sums[key]
    whole = [row for row in rows if row.level in ("total", "register_kind")]
    assert sum(row.sites for row in whole) == len(sites)
    known = [site["people"] for site in sites if site["people"] is not None]
    assert sum(row.people or 0 for row in whole) == sum(known)
