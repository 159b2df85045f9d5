"""Users and keys that are gone after each test."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from geoservice.store.database import Database
from geoservice.store.system import keys, users


@pytest.fixture
def known(database: Database) -> Iterator[Database]:
    """The database, in which nobody is known before and after."""
    yield database
    with database.migration() as connection:
        connection.execute(sa.delete(keys))
        connection.execute(sa.delete(users))
