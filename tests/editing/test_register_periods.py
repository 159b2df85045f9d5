"""The periods of a hazard site in the registers stay apart, whoever writes them and in whichever order."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
import sqlalchemy as sa

from geoservice.domain.hazards import hazard_sites, register_periods
from geoservice.editing.operations import Delete, Insert, Update
from geoservice.errors import RejectedFeature
from geoservice.store import schema
from geoservice.store.tables import tables
from tests.editing.conftest import row

HIDDEN, RISK = "hidden_danger", "risk_point"
APART, EARLIER = "must not overlap", "only periods before the present one"
EXPLAINED = "how a period ended must explain the next"


@pytest.fixture
def site(add):
    """A site in the register of hazard sites from 2015-01-01 on."""
    return site_with(add)


def site_with(add, **rest: object) -> UUID:
    values = {
        "site_no": "S1",
        "name": "site",
        "register_kind": HIDDEN,
        "type_code": "02",
        "registered_on": "2015-01-01",
    }
    return add(hazard_sites, **values | rest)


def earlier(site: UUID, started_on: str, ended_on: str, end_kind="cancelled", kind=HIDDEN):
    return {
        "hazard_site": site,
        "register_kind": kind,
        "started_on": started_on,
        "ended_on": ended_on,
        "end_kind": end_kind,
    }


def refused(action, meaning: str) -> RejectedFeature:
    with pytest.raises(RejectedFeature) as refusal:
        action()
    assert meaning in refusal.value.text("en")
    return refusal.value


def test_a_period_may_end_on_the_day_the_present_one_starts_and_not_a_day_later(site, add):
    refused(lambda: add(register_periods, **earlier(site, "2010-01-01", "2015-01-02")), APART)
    add(register_periods, **earlier(site, "2010-01-01", "2015-01-01"))


def test_a_refusal_names_the_period_and_the_rule_in_both_languages(site, add):
    refusal = refused(
        lambda: add(register_periods, **earlier(site, "2010-01-01", "2016-01-01")), APART
    )
    assert f"{site}, 2010-01-01" in refusal.text("en")
    assert "不能重叠" in refusal.text("zh")
    assert "register_periods" in refusal.text("en")


@pytest.mark.parametrize(
    ("started_on", "ended_on", "fits"),
    [
        ("2004-01-01", "2005-01-01", True),
        ("2004-01-01", "2005-01-02", False),
        ("2007-12-31", "2009-01-01", False),
        ("2008-01-01", "2009-01-01", True),
        ("2005-06-01", "2005-07-01", False),
        ("2004-01-01", "2009-01-01", False),
    ],
)
def test_earlier_periods_do_not_overlap_each_other(site, add, started_on, ended_on, fits):
    add(register_periods, **earlier(site, "2005-01-01", "2008-01-01"))
    another = earlier(site, started_on, ended_on)
    if fits:
        add(register_periods, **another)
    else:
        refused(lambda: add(register_periods, **another), APART)


@pytest.mark.parametrize(
    ("day", "fits"),
    [("2004-12-31", True), ("2005-01-02", False), ("2008-01-01", True), ("2015-01-01", True)],
)
def test_a_period_of_no_day_lies_at_the_edge_of_another_and_not_within(site, add, day, fits):
    add(register_periods, **earlier(site, "2005-01-01", "2008-01-01"))
    another = earlier(site, day, day)
    if fits:
        add(register_periods, **another)
    else:
        refused(lambda: add(register_periods, **another), APART)


def test_periods_of_different_sites_may_overlap(site, add):
    other = site_with(add, site_no="S2")
    add(register_periods, **earlier(site, "2005-01-01", "2008-01-01"))
    add(register_periods, **earlier(other, "2005-01-01", "2008-01-01"))


def test_a_period_after_the_present_one_has_no_place_there(add):
    site = site_with(add, cancelled_on="2018-01-01")
    refused(lambda: add(register_periods, **earlier(site, "2018-01-01", "2019-01-01")), EARLIER)


def test_a_site_that_is_in_no_register_now_may_have_been_before(add):
    site = site_with(add, registered_on=None)
    add(register_periods, **earlier(site, "2030-01-01", "2031-01-01"))


@pytest.mark.parametrize(
    ("end_kind", "ended_on", "kind", "fits"),
    [
        ("reclassified", "2015-01-01", RISK, True),
        ("reclassified", "2014-12-31", RISK, False),
        ("reclassified", "2015-01-01", HIDDEN, False),
        ("cancelled", "2015-01-01", RISK, False),
        ("cancelled", "2014-12-31", RISK, True),
        ("cancelled", "2015-01-01", HIDDEN, True),
        ("merged", "2014-12-31", HIDDEN, True),
        ("void", "2015-01-01", RISK, False),
    ],
)
def test_reclassified_is_what_is_in_the_other_register_from_that_day_on(
    site, add, end_kind, ended_on, kind, fits
):
    period = earlier(site, "2010-01-01", ended_on, end_kind, kind)
    if fits:
        add(register_periods, **period)
    else:
        refused(lambda: add(register_periods, **period), EXPLAINED)


def test_nothing_follows_a_reclassification_of_a_site_in_no_register(add):
    site = site_with(add, registered_on=None)
    period = earlier(site, "2010-01-01", "2012-01-01", "reclassified")
    refused(lambda: add(register_periods, **period), EXPLAINED)


def changed(database, table, uid, **values):
    stored = tables().current(table)
    with database.change(actor="tester", door="test", reason="correction") as connection:
        connection.execute(sa.update(stored).where(stored.c.uid == uid).values(values))


@pytest.mark.parametrize(("registered_on", "fits"), [("2008-01-01", True), ("2007-12-31", False)])
def test_the_present_period_of_a_site_cannot_be_moved_over_an_earlier_one(
    site, add, database, registered_on, fits
):
    add(register_periods, **earlier(site, "2005-01-01", "2008-01-01"))
    if fits:
        changed(database, hazard_sites, site, registered_on=registered_on)
    else:
        refusal = refused(
            lambda: changed(database, hazard_sites, site, registered_on=registered_on), APART
        )
        assert "hazard_sites" in refusal.text("en")
        assert str(row(database, hazard_sites, site).registered_on) == "2015-01-01"


def test_a_period_that_explains_another_cannot_be_taken_away_alone(site, add, database):
    moved = earlier(site, "2005-01-01", "2008-01-01", "reclassified", RISK)
    with database.change(actor="tester", door="test", reason="both at once") as connection:
        table = tables().current(register_periods)
        connection.execute(sa.insert(table).values(moved))  # what explains it comes after
        following = earlier(site, "2008-01-01", "2012-01-01")
        insert = sa.insert(table).values(following).returning(table.c.uid)
        uid = connection.execute(insert).scalar_one()

    def taken_away() -> None:
        with database.change(actor="tester", door="test", reason="wrong") as connection:
            connection.execute(sa.delete(table).where(table.c.uid == uid))

    refused(taken_away, EXPLAINED)


def test_the_day_of_a_reclassification_is_corrected_in_both_rows_at_once(add, carried_out):
    site = site_with(add, register_kind=RISK)
    uid = add(register_periods, **earlier(site, "2010-01-01", "2015-01-01", "reclassified"))
    end = Update(collection=register_periods, which=uid, values={"ended_on": "2015-02-01"})
    start = Update(collection=hazard_sites, which=site, values={"registered_on": "2015-02-01"})
    refused(lambda: carried_out(end), APART)
    refused(lambda: carried_out(start), EXPLAINED)
    carried_out(end, start)
    back = Update(collection=hazard_sites, which=site, values={"registered_on": "2014-12-01"})
    end_back = Update(collection=register_periods, which=uid, values={"ended_on": "2014-12-01"})
    carried_out(back, end_back)


def test_a_dry_run_finds_what_storing_would_find(site, carried_out):
    period = earlier(site, "2010-01-01", "2016-01-01")
    insert = Insert(collection=register_periods, values=period)
    refused(lambda: carried_out(insert, dry_run=True), APART)


def test_a_site_is_registered_again_with_its_uid_and_number(add, carried_out, database):
    site = site_with(add, cancelled_on="2020-01-01")
    again = Update(
        collection=hazard_sites,
        which=site,
        values={"registered_on": "2022-01-01", "cancelled_on": None},
    )
    before = Insert(collection=register_periods, values=earlier(site, "2015-01-01", "2020-01-01"))
    carried_out(before, again)
    assert row(database, hazard_sites, site).site_no == "S1"


def test_a_site_and_its_periods_are_deleted_together(site, add, carried_out, database):
    uid = add(register_periods, **earlier(site, "2010-01-01", "2012-01-01"))
    carried_out(
        Delete(collection=register_periods, which=uid), Delete(collection=hazard_sites, which=site)
    )
    assert row(database, hazard_sites, site) is None


def test_of_two_writers_at_once_only_one_stores_an_overlapping_period(site, add, database):
    together = Barrier(2, timeout=20)
    table = tables().current(register_periods)

    def written(started_on: str) -> bool:
        try:
            with database.change(actor="tester", door="test", reason="race") as connection:
                period = earlier(site, started_on, "2014-01-01")
                connection.execute(sa.insert(table).values(period))
                together.wait()  # both have written, neither has committed
        except RejectedFeature:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        stored = list(pool.map(written, ("2010-01-01", "2011-01-01")))
    assert sorted(stored) == [False, True]
    assert database.scalar(sa.select(sa.func.count()).select_from(table)) == 1


def test_a_writer_of_the_site_and_one_of_its_periods_do_not_pass_each_other(site, database):
    together = Barrier(2, timeout=20)
    periods, sites = tables().current(register_periods), tables().current(hazard_sites)
    writing = (
        sa.insert(periods).values(earlier(site, "2010-01-01", "2014-01-01")),
        sa.update(sites).where(sites.c.uid == site).values(registered_on="2013-01-01"),
    )

    def written(statement: sa.Executable) -> bool:
        try:
            with database.change(actor="tester", door="test", reason="race") as connection:
                connection.execute(statement)
                together.wait()
        except RejectedFeature:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(written, writing)) == [False, True]


def test_the_guard_can_be_made_again(own_database):
    schema.upgrade(own_database)
    schema.upgrade(own_database)
