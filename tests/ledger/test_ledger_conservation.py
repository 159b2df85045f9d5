"""Whatever is posted, in whatever order and on whatever day: nothing is made, nothing is lost."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoservice.errors import GeoserviceError, Rejected
from geoservice.ledger.balances import balances, disagreements, entries
from geoservice.ledger.posting import Entry
from geoservice.store.database import Database
from geoservice.store.ledger import EntriesWanted
from tests.conftest import _empty
from tests.ledger.books import Books, allocate, entry, hold, reverse, use

FIRST = date(2021, 1, 1)
DAYS = st.integers(0, 9).map(lambda day: FIRST + timedelta(days=day))
AMOUNTS = st.decimals("0.01", "2000", places=2).map(str)
TOWNS = st.sampled_from(["A", "B"])
PARCEL = st.sampled_from(["P0", "P1", "P2"])
AREA = "1000"

STEPS = st.one_of(
    st.builds(allocate, AMOUNTS, DAYS),
    st.builds(lambda amount, day: entry("reserve", "C", "P", amount, day), AMOUNTS, DAYS),
    st.builds(
        lambda town, amount, day: entry("distribute", "C", town, amount, day), TOWNS, AMOUNTS, DAYS
    ),
    st.builds(
        lambda one, other, amount, day: entry("transfer", one, other, amount, day),
        TOWNS,
        TOWNS,
        AMOUNTS,
        DAYS,
    ),
    st.builds(
        lambda parcel, town, day: hold(parcel, AREA, day, giving=town, town=town),
        PARCEL,
        TOWNS,
        DAYS,
    ),
    st.builds(lambda parcel, town, day: use(parcel, AREA, day, town=town), PARCEL, TOWNS, DAYS),
    st.builds(
        lambda parcel, town, amount, day: entry(
            "release", town + "h", town, amount, day, quota_parcel=parcel
        ),
        PARCEL,
        TOWNS,
        AMOUNTS,
        DAYS,
    ),
    st.builds(reverse, st.integers(1, 12), DAYS),
)


@given(st.lists(st.lists(STEPS, min_size=1, max_size=3), min_size=4, max_size=14))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_ledger_conserves_what_is_in_it(
    database: Database, postings: list[list[Entry]]
) -> None:
    _empty(database)
    books = Books(database)
    books.open()
    books.reservation_rule("10")
    for number in range(3):  # each overlaps the next
        books.parcel(f"P{number}", 40, 25, east=20 * number)
    books.post(allocate("5000", FIRST), entry("distribute", "C", "A", "2000", FIRST))
    for each in postings:
        count = len(entries(database, EntriesWanted()))
        try:
            books.post(*each)
        except GeoserviceError:
            assert len(entries(database, EntriesWanted())) == count, "a refusal leaves nothing"
        else:
            assert len(entries(database, EntriesWanted())) == count + len(each)

    assert disagreements(database) == []
    for day in range(10):
        found = balances(database, FIRST + timedelta(days=day))
        assert sum(each.balance_m2 for each in found) == 0
        assert all(each.balance_m2 >= 0 for each in found if each.level != "superior")


def test_overlaps_are_found_by_the_spatial_index(stocked: Books) -> None:
    """Among 5 000 parcels, one that is charged is compared with its neighbours only."""
    with stocked.database.change(actor="tester", door="test") as connection:
        connection.execute(
            sa.text(
                "insert into registers.quota_parcels (parcel_no, geom) select 'N' || n, "
                "ST_Multi(ST_MakeEnvelope(113 + n % 100 * 0.01, 22 + n / 100 * 0.01, "
                "113.005 + n % 100 * 0.01, 22.005 + n / 100 * 0.01, 4490)) from generate_series(1, 5000) as n"
            )
        )
    stocked.parcel("P1")
    with stocked.database.ownership() as connection:
        scans = sa.text(
            "select seq_scan from pg_stat_xact_user_tables where relname = 'quota_parcels'"
        )
        before = connection.execute(scans).scalar_one()
        for check in ("check_quota_overlap(uid, 'new_construction', false)",):
            connection.execute(
                sa.text(
                    f"select geoservice.{check} from registers.quota_parcels where parcel_no = 'P1'"
                )
            )
        assert connection.execute(scans).scalar_one() == before


def test_areas_that_fill_the_digits_are_exact(books: Books) -> None:
    largest = "999999999999.99"
    books.post(allocate(largest), entry("distribute", "C", "A", "0.01"))
    assert books.balance("C") == Decimal("999999999999.98")
    with pytest.raises(Rejected):
        books.post(allocate(largest))
