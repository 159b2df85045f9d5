"""Question 6: what changed between two dates. Opening + in - out = closing, exactly."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import Asked, asked

from geoservice.domain.hazards import hazard_sites, register_periods
from geoservice.errors import BadDatetime, BadParameter, MissingParameter
from geoservice.questions.hazards.hazard_stock_flow import ENTRIES, EXITS
from geoservice.store.database import Database
from geoservice.store.tables import tables

HIDDEN, RISK_POINT = "hidden_danger", "risk_point"
HUMEN, CHANGAN = "441900121", "441900119"
FIRST, LAST = "2021-06-25", "2022-07-31"
STOCKS = ("opening", "closing")


def flow(database: Database, first: str = FIRST, last: str = LAST, **given: object) -> Asked:
    return asked(database, "hazard_stock_flow", **{"from": first, "to": last}, **given)


def changed(asked: Asked) -> dict[str, int]:
    """The flows that are not nought, with both stocks."""
    counts = asked.counts
    flows = {name: counts[name] for name in (*ENTRIES, *EXITS) if counts[name]}
    return {"opening": counts["opening"], **flows, "closing": counts["closing"]}


def balances(row: dict[str, Any]) -> bool:
    entries, exits = (sum(row[name] for name in names) for names in (ENTRIES, EXITS))
    return (
        row["opening"] + entries - exits == row["closing"]
        and row["opening_reported"] + row["corrections"] == row["opening"]
    )


def earlier(add: Any, site: UUID, started_on: str, ended_on: str, end_kind="cancelled", **rest):
    values = {"register_kind": HIDDEN, "started_on": started_on, "ended_on": ended_on}
    return add(register_periods, hazard_site=site, end_kind=end_kind, **values | rest)


def update(database: Database, site: UUID, **values: object) -> None:
    table = tables().current(hazard_sites)
    with database.change(actor="tester", door="test", reason="the register goes on") as connection:
        connection.execute(sa.update(table).where(table.c.uid == site).values(values))


def registered_again(database: Database, site: UUID, period: dict[str, Any], day: str) -> None:
    """What the register does when a site comes back: its past period is kept, the present one begins."""
    table, periods = tables().current(hazard_sites), tables().current(register_periods)
    with database.change(actor="tester", door="test", reason="re-registered") as connection:
        connection.execute(sa.insert(periods).values({"hazard_site": site} | period))
        present = {"registered_on": day, "cancelled_on": None}
        connection.execute(sa.update(table).where(table.c.uid == site).values(present))


# The worked examples


@pytest.fixture
def from_114_to_115(database: Database) -> list[UUID]:
    """114 sites on 2021-06-25; later 8 of them are cancelled and 9 are new. The 8 are given."""
    dates = [("2020-01-01", None)] * 106
    dates += [("2020-01-01", "2022-03-01")] * 8 + [("2021-12-01", None)] * 9
    table = tables().current(hazard_sites)
    with database.change(actor="tester", door="test", reason="register") as connection:
        insert = sa.insert(table).returning(table.c.uid)
        uids = [
            connection.execute(
                insert.values(
                    site_no=f"4419{number:08}",
                    name="site",
                    register_kind=HIDDEN,
                    type_code="02",
                    town_code=(HUMEN, CHANGAN)[number % 2],
                    registered_on=registered,
                    cancelled_on=cancelled,
                )
            ).scalar_one()
            for number, (registered, cancelled) in enumerate(dates)
        ]
    return uids[106:114]


def test_114_and_9_new_less_8_cancelled_are_115(from_114_to_115, database):
    answer = flow(database)
    assert changed(answer) == {"opening": 114, "new": 9, "cancelled": 8, "closing": 115}
    total, *of_towns = answer.rows
    assert balances(total)
    assert all(balances(row) for row in of_towns)
    assert [row["town_code"] for row in of_towns] == [CHANGAN, HUMEN]
    assert sum(row["closing"] for row in of_towns) == 115


def test_one_of_the_8_registered_again_makes_116_and_keeps_its_uid_and_number(
    from_114_to_115, database
):
    eighth = from_114_to_115[-1]
    table = tables().current(hazard_sites)
    number = database.scalar(sa.select(table.c.site_no).where(table.c.uid == eighth))
    period = {"register_kind": HIDDEN, "started_on": "2020-01-01"}
    period |= {"ended_on": "2022-03-01", "end_kind": "cancelled"}
    registered_again(database, eighth, period, "2022-06-01")
    answer = flow(database)
    assert changed(answer) == {
        "opening": 114,
        "new": 9,
        "re_registered": 1,
        "cancelled": 8,
        "closing": 116,
    }
    rows = flow(database, by="events").rows
    (event,) = [row for row in rows if row["kind"] == "re_registered"]
    assert (event["site_uid"], event["site_no"]) == (str(eighth), number)
    assert (event["on"], event["change"], event["register_to"]) == ("2022-06-01", 1, HIDDEN)


# Which days count


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2021-06-25", {"opening": 1, "closing": 1}),
        ("2021-06-26", {"opening": 0, "new": 1, "closing": 1}),
        ("2022-07-31", {"opening": 0, "new": 1, "closing": 1}),
        ("2022-08-01", {"opening": 0, "closing": 0}),
    ],
)
def test_the_first_day_belongs_to_the_opening_and_the_last_to_the_span(
    world, database, day, expected
):
    world.site(registered_on=day)
    assert changed(flow(database)) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2021-06-25", {"opening": 0, "closing": 0}),
        ("2021-06-26", {"opening": 1, "cancelled": 1, "closing": 0}),
        ("2022-07-31", {"opening": 1, "cancelled": 1, "closing": 0}),
        ("2022-08-01", {"opening": 1, "closing": 1}),
    ],
)
def test_a_site_cancelled_on_a_day_is_not_in_the_stock_of_that_day(world, database, day, expected):
    world.site(cancelled_on=day)
    assert changed(flow(database)) == expected


def test_in_and_out_on_one_day_counts_as_both(world, database):
    world.site(registered_on="2022-01-01", cancelled_on="2022-01-01")
    answer = flow(database, by="events")
    assert changed(answer) == {"opening": 0, "new": 1, "cancelled": 1, "closing": 0}
    assert answer.column("change") == [1, -1]


def test_out_and_in_again_on_one_day_counts_as_both(world, add, database):
    site = world.site(registered_on="2022-01-01")
    earlier(add, site, "2020-01-01", "2022-01-01")
    answer = flow(database, by="events")
    expected = {"opening": 1, "re_registered": 1, "cancelled": 1, "closing": 1}
    assert changed(answer) == expected
    assert answer.column("kind") == ["cancelled", "re_registered"]


def test_between_a_day_and_itself_nothing_changes(world, database):
    world.site(registered_on=FIRST)
    answer = flow(database, FIRST, FIRST)
    assert changed(answer) == {"opening": 1, "closing": 1}


def test_a_site_that_was_never_registered_is_in_no_stock(world, database):
    world.site(registered_on=None)
    answer = flow(database)
    assert changed(answer) == {"opening": 0, "closing": 0}
    (total,) = answer.rows
    assert total["level"] == "total"


# Which kind of change


def test_a_reclassification_leaves_one_register_and_enters_the_other(world, add, database):
    site = world.site(register_kind=RISK_POINT, registered_on="2022-01-01")
    earlier(add, site, "2020-01-01", "2022-01-01", "reclassified")
    out = flow(database, by="events")
    assert changed(out) == {"opening": 1, "reclassified_out": 1, "closing": 0}
    (event,) = out.rows
    assert (event["register_from"], event["register_to"]) == (HIDDEN, RISK_POINT)
    into = flow(database, by="events", register_kind=RISK_POINT)
    assert changed(into) == {"opening": 0, "reclassified_in": 1, "closing": 1}
    (event,) = into.rows
    assert (event["register_from"], event["register_to"]) == (HIDDEN, RISK_POINT)


def test_a_site_that_comes_back_to_the_other_register_later_is_registered_again(
    world, add, database
):
    site = world.site(register_kind=RISK_POINT, registered_on="2022-01-02")
    earlier(add, site, "2020-01-01", "2022-01-01")
    into = flow(database, register_kind=RISK_POINT)
    assert changed(into) == {"opening": 0, "re_registered": 1, "closing": 1}


def test_sites_merged_into_a_new_one_and_into_an_old_one(world, database):
    new = world.site(registered_on="2022-01-01")
    old = world.site()
    world.site(cancelled_on="2022-01-01", merged_into=new)
    world.site(cancelled_on="2022-01-01", merged_into=new)
    world.site(cancelled_on="2022-02-01", merged_into=old)
    assert changed(flow(database)) == {"opening": 4, "merged_in": 1, "merged_out": 3, "closing": 2}


def test_a_site_that_takes_over_others_later_than_it_is_registered_is_a_new_one(world, database):
    new = world.site(registered_on="2022-01-01")
    world.site(cancelled_on="2022-01-02", merged_into=new)
    assert changed(flow(database)) == {"opening": 1, "new": 1, "merged_out": 1, "closing": 1}


def test_a_void_registration_goes_out_as_void(world, add, database):
    site = world.site(registered_on=None)
    earlier(add, site, "2020-01-01", "2022-01-01", "void")
    assert changed(flow(database)) == {"opening": 1, "voided": 1, "closing": 0}


def test_registers_and_towns_are_asked_about_on_their_own(world, database):
    world.site(town_code=HUMEN, registered_on="2022-01-01")
    world.site(town_code=CHANGAN, cancelled_on="2022-01-01")
    world.site(register_kind=RISK_POINT)
    assert changed(flow(database, town=HUMEN)) == {"opening": 0, "new": 1, "closing": 1}
    assert changed(flow(database, register_kind=RISK_POINT)) == {"opening": 1, "closing": 1}
    assert [row["town_code"] for row in flow(database, town=HUMEN).rows] == [None, HUMEN]


# What was known when


def now(database: Database) -> str:
    return database.scalar(sa.select(sa.func.clock_timestamp())).isoformat()


def test_a_backdated_registration_is_a_correction_and_no_change(world, database):
    world.site()
    reported = now(database)
    late = world.site(registered_on="2021-01-01")
    answer = flow(database, by="events", from_known_at=reported)
    assert answer.counts["opening_reported"] == 1
    assert answer.counts["corrections"] == 1
    assert changed(answer) == {"opening": 2, "closing": 2}
    (event,) = answer.rows
    assert (event["kind"], event["change"], event["site_uid"]) == ("correction", 1, str(late))
    assert (event["on"], event["late_reported"]) == (FIRST, True)
    (issue,) = answer.answer.head("en")["issues"]
    assert (issue["code"], issue["count"]) == ("opening-corrected", 1)


def test_a_backdated_cancellation_is_a_correction_and_a_real_one_is_none(world, database):
    sites = [world.site() for _ in range(3)]
    reported = now(database)
    update(database, sites[0], cancelled_on="2021-06-25")
    update(database, sites[1], cancelled_on="2021-06-26")
    answer = flow(database, from_known_at=reported)
    assert answer.counts["opening_reported"] == 3
    assert answer.counts["corrections"] == -1
    assert changed(answer) == {"opening": 2, "cancelled": 1, "closing": 1}
    assert all(balances(row) for row in answer.rows)


def test_without_a_time_of_reporting_nothing_is_called_a_correction(world, database):
    world.site()
    answer = flow(database)
    assert (answer.counts["opening_reported"], answer.counts["corrections"]) == (1, 0)


def test_a_site_moved_to_another_town_is_a_correction_of_both(world, database):
    site = world.site(town_code=HUMEN)
    reported = now(database)
    update(database, site, town_code=CHANGAN)
    answer = flow(database, from_known_at=reported)
    assert {row["town_code"]: row["corrections"] for row in answer.rows} == {
        None: 0,
        CHANGAN: 1,
        HUMEN: -1,
    }
    events = flow(database, by="events", from_known_at=reported).rows
    assert {(row["town_code"], row["change"]) for row in events} == {(CHANGAN, 1), (HUMEN, -1)}


def test_a_site_that_was_deleted_since_is_named_as_it_was(world, database):
    site = world.site(measure=None)
    reported = now(database)
    table = tables().current(hazard_sites)
    with database.change(actor="tester", door="test", reason="entered twice") as connection:
        connection.execute(sa.delete(table).where(table.c.uid == site))
    (event,) = flow(database, by="events", from_known_at=reported).rows
    assert (event["site_no"], event["change"], event["kind"]) == ("S1", -1, "correction")


def test_known_at_gives_the_answer_of_before_an_edit_again(world, database):
    site = world.site()
    before = flow(database, by="events")
    then = now(database)
    update(database, site, cancelled_on="2022-01-01")
    assert flow(database).counts["cancelled"] == 1
    again = flow(database, by="events", known_at=then)
    assert (again.rows, again.counts) == (before.rows, before.counts)


def test_what_is_recorded_after_the_last_day_has_ended_in_the_region_is_late(world, database):
    in_time, late = world.site(registered_on="2022-01-01"), world.site(registered_on="2022-01-01")
    table = tables().current(hazard_sites)
    ends = datetime(2022, 7, 31, 16, tzinfo=UTC)  # 2022-08-01 00:00 in Dongguan
    with database.migration() as connection:
        connection.execute(sa.text("set local session_replication_role = replica"))
        for site, moment in ((in_time, ends - timedelta(microseconds=1)), (late, ends)):
            recorded = sa.update(table).where(table.c.uid == site).values(recorded_at=moment)
            connection.execute(recorded)
    rows = flow(database, by="events").rows
    assert {row["site_uid"]: row["late_reported"] for row in rows} == {
        str(in_time): False,
        str(late): True,
    }
    assert flow(database).counts["late_reported"] == 1


def test_another_name_for_a_site_does_not_make_its_registration_a_late_one(world, database):
    site = world.site(registered_on="2022-01-01")
    (before,) = flow(database, by="events").column("recorded_at")
    update(database, site, name="another name")
    assert flow(database, by="events").column("recorded_at") == [before]


def test_a_cancellation_keeps_the_time_it_was_recorded_when_the_site_comes_back(world, database):
    site = world.site(cancelled_on="2022-01-01")
    (before,) = flow(database, by="events").column("recorded_at")
    period = {"register_kind": HIDDEN, "started_on": "2020-01-01"}
    period |= {"ended_on": "2022-01-01", "end_kind": "cancelled"}
    registered_again(database, site, period, "2022-06-01")
    rows = flow(database, by="events").rows
    assert [row["kind"] for row in rows] == ["cancelled", "re_registered"]
    assert rows[0]["recorded_at"] == before
    assert rows[1]["recorded_at"] > before


# How it is asked and given


def test_events_are_drawn_at_their_sites_and_come_by_day(world, database):
    world.site(registered_on="2022-01-02")
    world.site(None, registered_on="2022-01-01")
    lost, drawn = flow(database, by="events").features
    assert lost["geometry"] is None
    assert drawn["geometry"] == {"type": "Point", "coordinates": [113.75, 23]}
    assert lost["properties"]["on"] == "2022-01-01"


@pytest.mark.parametrize("by", ["summary", "events"])
def test_pages_of_any_size_give_each_row_once_in_order(world, add, database, by):
    for number, town in enumerate((HUMEN, CHANGAN, None)):
        site = world.site(registered_on="2022-01-01", town_code=town)
        earlier(add, site, "2021-07-01", f"2021-07-0{number + 1}")
    whole = [feature["id"] for feature in flow(database, by=by).features]
    assert len(set(whole)) == len(whole) == (4 if by == "summary" else 9)
    for limit in (1, 2, 5):
        ids: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = flow(database, by=by, limit=limit, **cursor)
            ids += [feature["id"] for feature in page.features]
            if page.answer.next_cursor is None:
                break
            cursor = {"cursor": page.answer.next_cursor}
        assert ids == whole


def test_every_default_is_echoed(database):
    assert flow(database).answer.head("en")["parameters"] == {
        "from": FIRST,
        "to": LAST,
        "register_kind": HIDDEN,
        "town": None,
        "by": "summary",
        "known_at": None,
        "from_known_at": None,
        "limit": 1000,
        "cursor": None,
    }


@pytest.mark.parametrize(
    ("given_", "mistake"),
    [
        ({"from": "2022-08-01"}, BadParameter),
        ({"to": "2021-02-30"}, BadDatetime),
        ({"to": None}, MissingParameter),
        ({"register_kind": f"{HIDDEN},{RISK_POINT}"}, BadParameter),
        ({"by": "town"}, BadParameter),
        ({"from_known_at": "2022-01-01T00:00:00"}, BadDatetime),
        (
            {"known_at": "2022-01-01T00:00:00Z", "from_known_at": "2022-01-01T00:00:01Z"},
            BadParameter,
        ),
    ],
)
def test_what_makes_no_span_or_is_not_offered_is_refused(database, given_, mistake):
    with pytest.raises(mistake):
        asked(database, "hazard_stock_flow", **{"from": FIRST, "to": LAST} | given_)


@pytest.mark.parametrize("last", ["9999-12-31", "2021-06-25"])
def test_a_span_to_the_end_of_all_days_is_one(world, database, last):
    world.site()
    assert flow(database, "0001-01-01", last).counts["closing"] == 1


# Against a plain model


@dataclass(frozen=True)
class Stay:
    """A period of a site in a register, as the model sees it: days by number, None for no end."""

    register: str
    start: int
    end: int | None
    end_kind: str | None


@dataclass(frozen=True)
class Site:
    town: str | None
    stays: tuple[Stay, ...]
    is_known_late: bool


DAY_0 = date(2021, 1, 1)


def day(number: int) -> date:
    return DAY_0 + timedelta(days=number)


@st.composite
def histories(draw: st.DrawFn) -> Site:
    """A site with periods that a register can hold: apart, in order, each end explained."""
    start, register = draw(st.integers(0, 4)), draw(st.sampled_from([HIDDEN, RISK_POINT]))
    stays: list[Stay] = []
    for _ in range(draw(st.integers(0, 3))):
        end = start + draw(st.integers(1 if stays and stays[-1].start == start else 0, 4))
        if any(stay.start == start for stay in stays):
            break  # an earlier period is known by the day on which it starts
        end_kind = draw(st.sampled_from(["cancelled", "void", "merged", "reclassified"]))
        stays.append(Stay(register, start, end, end_kind))
        other = RISK_POINT if register == HIDDEN else HIDDEN
        if end_kind == "reclassified":
            start, register = end, other
        else:
            gap = draw(st.integers(0, 3))
            start = end + gap
            register = draw(st.sampled_from([HIDDEN, RISK_POINT])) if gap else register
    lasts = draw(st.booleans())
    end_of_last = None if lasts else start + draw(st.integers(0, 4))
    stays.append(Stay(register, start, end_of_last, None if lasts else "cancelled"))
    return Site(
        town=draw(st.sampled_from([HUMEN, CHANGAN, None])),
        stays=tuple(stays),
        is_known_late=draw(st.booleans()),
    )


REPORTED = datetime(2021, 2, 1, tzinfo=UTC)


def stored(database: Database, sites: list[Site]) -> None:
    """Only these sites, some of them recorded before REPORTED and some after."""
    table, periods = tables().current(hazard_sites), tables().current(register_periods)
    with database.migration() as connection:
        for collection in (register_periods, hazard_sites):
            connection.execute(sa.delete(tables().current(collection)))
            connection.execute(sa.delete(tables().history(collection)))
        for number, site in enumerate(sites):
            moment = REPORTED + timedelta(days=1 if site.is_known_late else -1)
            *before, present = site.stays
            values = {
                "site_no": str(number),
                "name": "site",
                "type_code": "02",
                "town_code": site.town,
                "register_kind": present.register,
                "registered_on": day(present.start),
                "cancelled_on": None if present.end is None else day(present.end),
                "recorded_at": moment,
            }
            insert = sa.insert(table).values(values).returning(table.c.uid)
            uid = connection.execute(insert).scalar_one()
            for stay in before:
                assert stay.end is not None
                values = {
                    "hazard_site": uid,
                    "register_kind": stay.register,
                    "started_on": day(stay.start),
                    "ended_on": day(stay.end),
                    "end_kind": stay.end_kind,
                    "recorded_at": moment,
                }
                connection.execute(sa.insert(periods).values(values))


def expected_flows(sites: list[Site], register: str, first: int, last: int) -> Counter[str]:
    """The figures by the definitions alone, site by site and day by day."""
    found: Counter[str] = Counter()
    for site in sites:
        before: Stay | None = None
        for stay in site.stays:
            if stay.register == register:
                for stock, number in (("opening", first), ("closing", last)):
                    found[stock] += stay.start <= number and (stay.end is None or stay.end > number)
                if first < stay.start <= last:
                    found[_entry(before)] += 1
                if stay.end is not None and first < stay.end <= last:
                    found[_EXIT[str(stay.end_kind)]] += 1
            before = stay
    return found


_EXIT = {
    "cancelled": "cancelled",
    "void": "voided",
    "merged": "merged_out",
    "reclassified": "reclassified_out",
}


def _entry(before: Stay | None) -> str:
    if before is None:
        return "new"
    return "reclassified_in" if before.end_kind == "reclassified" else "re_registered"


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sites=st.lists(histories(), max_size=8),
    span=st.tuples(st.integers(-1, 16), st.integers(-1, 16)).map(sorted),
    register=st.sampled_from([HIDDEN, RISK_POINT]),
)
def test_the_identity_holds_for_random_histories_in_the_city_and_in_every_town(
    database, sites, span, register
):
    stored(database, sites)
    first, last = span
    given_ = {"register_kind": register, "from_known_at": REPORTED.isoformat()}
    answer = flow(database, day(first).isoformat(), day(last).isoformat(), **given_)
    known_then = [site for site in sites if not site.is_known_late]
    for row in answer.rows:
        here, here_then = sites, known_then
        if row["level"] == "town":
            town = None if row["town_code"] == "unknown" else row["town_code"]
            here, here_then = (
                [site for site in each if site.town == town] for each in (sites, known_then)
            )
        expected = expected_flows(here, register, first, last)
        assert {name: row[name] for name in (*STOCKS, *ENTRIES, *EXITS)} == {
            name: expected[name] for name in (*STOCKS, *ENTRIES, *EXITS)
        }
        reported = expected_flows(here_then, register, first, last)["opening"]
        assert row["opening_reported"] == reported
        assert balances(row)
    events = flow(
        database, day(first).isoformat(), day(last).isoformat(), by="events", **given_
    ).rows
    total = answer.rows[0]
    assert sum(row["change"] for row in events) == total["closing"] - total["opening_reported"]
    kinds = Counter(row["kind"] for row in events)
    assert all(kinds[name] == total[name] for name in (*ENTRIES, *EXITS))
