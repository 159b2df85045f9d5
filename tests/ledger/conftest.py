"""What tests of the ledger share."""

import pytest

from geoservice.store.database import Database
from tests.ledger.books import Books, allocate, entry


@pytest.fixture
def books(database: Database) -> Books:
    """An empty ledger with its accounts."""
    books = Books(database)
    books.open()
    return books


@pytest.fixture
def stocked(books: Books) -> Books:
    """A ledger in which town A has 50 000 m² of 100 000."""
    books.post(allocate("100000"), entry("distribute", "C", "A", "50000"))
    return books
