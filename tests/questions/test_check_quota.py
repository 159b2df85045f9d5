"""The one-stop check says whether a parcel has consumed quota: of which kind and year, and how much."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from worlds import asked

from tests.ledger.books import DAY, LATER, Books, entry, hold, reverse, takeover, use


@pytest.fixture
def books(database) -> Books:
    """Accounts with quota, and a parcel of 15 000 m²."""
    found = Books(database)
    found.open()
    found.allocated()
    found.post(entry("distribute", "C", "A", "20000"))
    found.parcel("P1")
    return found


def detail(database, **given: object) -> str:
    answer = asked(database, "check", feature="quota_parcels/P1", **given)
    (row,) = [row for row in answer.rows if row["collection"] == "quota_parcels"]
    return row["detail"]


def test_a_parcel_is_charged_from_the_day_of_use_until_its_reversal(books, database):
    books.post(hold("P1", "15000"))
    assert detail(database) == "charged=no"
    used = books.post(use("P1", "15000"))
    assert detail(database) == "charged=new_construction/2021/15000.00"
    assert detail(database, as_of=DAY - timedelta(days=1)) == "charged=no"
    books.post(reverse(used.entries[0].entry_no))
    assert detail(database) == "charged=no"
    before = LATER - timedelta(days=1)
    assert detail(database, as_of=before) == "charged=new_construction/2021/15000.00"


def test_what_was_taken_over_from_an_earlier_ledger_counts_too(books, database):
    books.post(takeover("P1", "15000"))
    assert detail(database) == "charged=new_construction/2021/15000.00"


def test_before_the_entry_was_known_the_parcel_was_not_charged(books, database):
    then = database.scalar(sa.text("select now()"))
    books.post(takeover("P1", "15000"))
    assert detail(database, known_at=then.isoformat()) == "charged=no"
