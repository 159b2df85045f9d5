"""The demo data is taken in whole: by the importer, and by the ledger what is posted."""

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from demo_files import FILES, LEDGER_FILE, rows

from geoservice.demo import load_demo
from geoservice.domain.hazards import hazard_sites
from geoservice.domain.livelihood import livelihood_projects
from geoservice.domain.quota import quota_accounts, quota_entries
from geoservice.regions import region
from geoservice.store.database import Database
from geoservice.store.publishing import Registry
from geoservice.store.system import changes
from geoservice.store.tables import tables


def load(database: Database) -> bool:
    return load_demo(database, Registry(database), region(), lambda *_: None)


@pytest.fixture(scope="module")
def demo(module_database: Database) -> Database:
    assert load(module_database)
    return module_database


def count(database: Database, collection) -> int:
    table = tables().current(collection)
    return int(database.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def test_every_row_of_every_file_is_a_feature(demo: Database):
    for name, collection in FILES.items():
        assert count(demo, collection) == len(rows(name)), name
    assert count(demo, quota_entries) == len(rows(LEDGER_FILE))


def test_every_change_is_marked_as_demo_data(demo: Database):
    reasons = sa.select(changes.c.reason).where(changes.c.door == "demo").distinct()
    assert [row.reason for row in demo.rows(reasons)] == ["SYNTHETIC demo data"]


def test_what_is_there_is_not_loaded_again(demo: Database):
    before = count(demo, quota_entries)
    assert not load(demo)
    assert count(demo, quota_entries) == before


def test_balances_of_the_ledger_are_those_of_the_worked_example(demo: Database):
    accounts = tables().current(quota_accounts)
    entries = tables().current(quota_entries)
    pool = sa.select(accounts.c.uid).where(accounts.c.account_no == "SYN-ZH-2021-JS-XC-KY")
    uid = demo.scalar(pool)
    sign = sa.case((entries.c.to_account == uid, 1), (entries.c.from_account == uid, -1), else_=0)
    for day, expected in (("2021-08-24", 40_000), ("2021-08-25", 45_000), ("2021-11-22", 65_000)):
        balance = sa.select(sa.func.sum(entries.c.amount_m2 * sign)).where(
            entries.c.booked_on <= date.fromisoformat(day)
        )
        assert demo.scalar(balance) == Decimal(expected), day


def test_an_unfinished_load_is_completed(demo: Database):
    table = tables().current(livelihood_projects)
    with demo.change(actor="tester", door="demo", reason="SYNTHETIC demo data") as connection:
        connection.execute(sa.delete(table))
    assert load(demo)
    assert count(demo, livelihood_projects) == 7


def test_demo_data_is_never_mixed_with_other_data(own_database: Database):
    table = tables().current(livelihood_projects)
    with own_database.change(actor="somebody", door="http", reason="mine") as connection:
        connection.execute(sa.insert(table).values(project_no="1"))
    assert not load(own_database)
    assert count(own_database, hazard_sites) == 0
