"""Collections made from files: their descriptions kept as data, their tables made and dropped.

The catalog of a process is read again when another process has published or withdrawn something.
"""

import time
from threading import Lock

import sqlalchemy as sa
from psycopg.errors import UndefinedTable
from pydantic import TypeAdapter
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

from geoservice.catalog import Catalog
from geoservice.description.collection import Collection
from geoservice.errors import AlreadyExists, UnknownCollection
from geoservice.store import programs
from geoservice.store.database import Database, run
from geoservice.store.system import published_collections
from geoservice.store.tables import PUBLISHED_SCHEMA, tables

_FRESH_S = 1.0
_descriptions: TypeAdapter[Collection] = TypeAdapter(Collection)


def to_json(collection: Collection) -> object:
    """A description as JSON values, as it is stored."""
    return _descriptions.dump_python(collection, mode="json")


def from_json(value: object) -> Collection:
    """The description that `to_json` wrote."""
    return _descriptions.validate_python(value)


def published(connection: sa.Connection) -> list[Collection]:
    """The collections made from files, by id."""
    table = published_collections
    stored = connection.execute(sa.select(table.c.description).order_by(table.c.id)).scalars()
    return [from_json(description) for description in stored]


class Registry:
    """The catalog as the database knows it now; thread-safe.

    Another process's publication is seen after at most a second; an id that is not known yet is
    looked up at once, so that what one door has published every door serves.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._catalog = Catalog()
        self._stamp: object = None
        self._checked_at = float("-inf")

    @property
    def database(self) -> Database:
        """The database whose catalog this is."""
        return self._database

    @property
    def catalog(self) -> Catalog:
        """All collections."""
        if time.monotonic() - self._checked_at > _FRESH_S:
            self.refresh()
        return self._catalog

    def collection(self, id: str) -> Collection:
        """One collection; `UnknownCollection` if there is none in the database either."""
        if id not in self.catalog:
            self.refresh()
        return self._catalog[id]

    def refresh(self) -> None:
        """Read the published descriptions if they have changed."""
        with self._lock:
            table = published_collections
            # The sum, because who publishes later may be seen sooner.
            times = sa.func.sum(sa.extract("epoch", table.c.published_at))
            stamp = tuple(self._database.row(sa.select(sa.func.count(), times).select_from(table)))
            if stamp != self._stamp:
                rows = self._database.rows(sa.select(table.c.description).order_by(table.c.id))
                self._catalog = Catalog(from_json(row.description) for row in rows)
                self._stamp = stamp
            self._checked_at = time.monotonic()


def create(connection: sa.Connection, collection: Collection, *, indexes: bool = True) -> None:
    """Make the tables of a published collection and keep its description; the owning role's work.

    `indexes=False` leaves them to `create_indexes`, so that a bulk load goes before. Raises
    `AlreadyExists` for an id that is taken, by a built-in collection too, or by the history of one.
    """
    table = published_collections
    of_history = connection.execute(
        sa.select(table.c.id).where(
            sa.or_(
                sa.func.concat(table.c.id, "_history") == collection.id,
                table.c.id == f"{collection.id}_history",
            )
        )
    ).first()
    if of_history or collection.id in Catalog():
        raise AlreadyExists(value=collection.id)
    kept = {"id": collection.id, "description": to_json(collection)}
    try:
        connection.execute(sa.insert(table).values(kept))
    except IntegrityError as taken:  # the index decides between two who publish at once
        raise AlreadyExists(value=collection.id) from taken
    current, history = tables().current(collection), tables().history(collection)
    for table in (current, history):
        connection.execute(CreateTable(table))
    run(connection, programs.for_collection(collection))
    if indexes:
        create_indexes(connection, collection)


def create_indexes(connection: sa.Connection, collection: Collection) -> None:
    """Make the indexes of a published collection."""
    for table in (tables().current(collection), tables().history(collection)):
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            connection.execute(CreateIndex(index))


def describe(connection: sa.Connection, collection: Collection) -> None:
    """Keep another description of a published collection with the same columns."""
    table = published_collections
    connection.execute(
        sa.update(table)
        .where(table.c.id == collection.id)
        .values(description=to_json(collection), published_at=sa.func.clock_timestamp())
    )


def hold(connection: sa.Connection, id: str) -> None:
    """Let nobody else write a published collection until the transaction ends; readers go on.

    As the first statement of a transaction it comes before the transaction's snapshot, which then
    holds what others wrote meanwhile. Raises `UnknownCollection` if there is none, or none any more.
    """
    table = sa.table(id, schema=PUBLISHED_SCHEMA)
    name = connection.dialect.identifier_preparer.format_table(table)
    try:
        run(connection, [f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE"])
    except UndefinedTable as gone:
        raise UnknownCollection(value=id, allowed=[]) from gone


def drop(connection: sa.Connection, collection: Collection) -> None:
    """Drop the tables of a published collection and its description; the owning role's work."""
    table = published_collections
    connection.execute(sa.delete(table).where(table.c.id == collection.id))
    for each in (tables().current(collection), tables().history(collection)):
        connection.execute(DropTable(each))
    run(connection, programs.without_collection(collection))


def withdraw(database: Database, registry: Registry, id: str) -> None:
    """Drop a published collection with its history; a built-in one cannot be withdrawn."""
    collection = registry.collection(id)
    if not collection.published:
        allowed = [each.id for each in registry.catalog if each.published]
        raise UnknownCollection(value=id, allowed=allowed)
    with database.ownership() as connection:
        drop(connection, collection)
    registry.refresh()
