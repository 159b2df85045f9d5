"""What tests of editing share: an author, and a shorter way to say what is done."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from geoservice.description.collection import Collection
from geoservice.editing.carrying_out import carry_out
from geoservice.editing.operations import Author, Operation, Outcome
from geoservice.store.database import Database, Row
from geoservice.store.programs import EDITOR
from geoservice.store.statements import versions
from geoservice.store.system import changed_collections, changes
from geoservice.store.tables import tables

HUMEN, CHANGAN = "441900121", "441900119"

AUTHOR = Author(name="李", door="test", reason="现场核实")
OF_HUMEN = Author(name="王", door="test", towns=frozenset({HUMEN}))

FACILITY = {
    "facility_no": "1",
    "name": "小学",
    "kind": "primary_school",
    "status": "operating",
    "town_code": HUMEN,
}

CarryOut = Callable[..., Outcome]


@pytest.fixture
def carried_out(database: Database) -> CarryOut:
    """Carries out operations in `database`."""

    def carried_out(*operations: Operation, author: Author = AUTHOR, **options: Any) -> Outcome:
        return carry_out(database, author, operations, **options)

    return carried_out


def row(database: Database, collection: Collection, uid: UUID) -> Row | None:
    """A feature as it is now; None if it is not there."""
    table = tables().current(collection)
    rows = database.rows(sa.select(table).where(table.c.uid == uid))
    return rows[0] if rows else None


def chain(database: Database, collection: Collection, uid: UUID) -> Sequence[Row]:
    """All versions of a feature, oldest first."""
    every = versions(collection)
    return database.rows(sa.select(every).where(every.c.uid == uid).order_by(every.c.version))


def number_of_changes(database: Database) -> int:
    """How many changes there are."""
    return int(database.scalar(sa.select(sa.func.count()).select_from(changes)))


def counts(database: Database, change_id: int) -> dict[str, tuple[int, int, int]]:
    """Inserted, updated, deleted of a change, by collection."""
    of = changed_collections
    rows = database.rows(
        sa.select(of.c.collection, of.c.inserted, of.c.updated, of.c.deleted).where(
            of.c.change_id == change_id
        )
    )
    return {each.collection: (each.inserted, each.updated, each.deleted) for each in rows}


@contextmanager
def console(database: Database, role: str = EDITOR) -> Iterator[psycopg.Connection]:
    """A console session of somebody who has only this role; its transaction is committed."""
    with ExitStack() as stack:
        connection = stack.enter_context(psycopg.connect(database.url.replace("+psycopg", "")))
        connection.execute(f"set session authorization {role}")
        yield connection
