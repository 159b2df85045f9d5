"""What tests share: a folder that the server's account can enter, one cluster, and databases."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from geoservice.description.collection import Collection
from geoservice.domain.code_lists import code_lists
from geoservice.embedded import Cluster
from geoservice.regions import Region, region
from geoservice.store import schema, system
from geoservice.store.database import Database
from geoservice.store.publishing import Registry, withdraw
from geoservice.store.system import changed_collections, changes
from geoservice.store.tables import tables

_TEMPLATE = "empty_template"
_UPGRADED = "upgraded_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def session_folder() -> Iterator[Path]:
    """A folder for the session; unlike pytest's own, every account may pass through it."""
    yield from _open_folder()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder for one test; unlike `tmp_path`, every account may pass through it."""
    yield from _open_folder()


def _open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="geoservice-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster(session_folder: Path) -> Iterator[Cluster]:
    """A running cluster, fast and not crash-safe, for the whole session."""
    cluster = Cluster(session_folder, durable=False)
    cluster.start()
    with _superuser(cluster) as connection:
        _clone(connection, "geoservice", _TEMPLATE)
        _seal(connection, _TEMPLATE)
    yield cluster
    cluster.reset()


@pytest.fixture(scope="session")
def database_url(cluster: Cluster) -> str:
    """The SQLAlchemy URL of a database with PostGIS that lives as long as the session."""
    with _superuser(cluster) as connection:
        _clone(connection, _TEMPLATE, "session")
    return cluster.url("session")


@pytest.fixture
def empty_database(cluster: Cluster) -> Iterator[str]:
    """The SQLAlchemy URL of a new database with PostGIS and nothing else, dropped afterwards."""
    with _copy(cluster, _TEMPLATE) as url:
        yield url


@pytest.fixture(scope="session")
def upgraded_template(cluster: Cluster) -> str:
    """The name of a database with the newest schema and no data, from which others are cloned."""
    with _superuser(cluster) as connection:
        _clone(connection, _TEMPLATE, _UPGRADED)
        with _opened(cluster.url(_UPGRADED)) as database:
            schema.upgrade(database)
        _seal(connection, _UPGRADED)
    return _UPGRADED


@pytest.fixture(scope="session")
def _shared_database(cluster: Cluster, upgraded_template: str) -> Iterator[Database]:
    with _copy(cluster, upgraded_template) as url, _opened(url) as database:
        yield database


@pytest.fixture
def database(_shared_database: Database) -> Iterator[Database]:
    """A database with the newest schema and no data; for tests that change only data, and publish."""
    yield _shared_database
    _empty(_shared_database)


@pytest.fixture
def own_database(cluster: Cluster, upgraded_template: str) -> Iterator[Database]:
    """A new database with the newest schema and no data, for tests that change the schema."""
    with _copy(cluster, upgraded_template) as url, _opened(url) as database:
        yield database


@pytest.fixture(scope="module")
def module_database(cluster: Cluster, upgraded_template: str) -> Iterator[Database]:
    """Like `database`, but one for all tests of a module: for data that no test changes."""
    with _copy(cluster, upgraded_template) as url, _opened(url) as database:
        yield database


@pytest.fixture(scope="session")
def session_database(cluster: Cluster, upgraded_template: str) -> Iterator[Database]:
    """Like `module_database`, but one for the whole session."""
    with _copy(cluster, upgraded_template) as url, _opened(url) as database:
        yield database


@pytest.fixture
def registry(database: Database) -> Registry:
    """The catalog of `database`."""
    return Registry(database)


@pytest.fixture(scope="session")
def dongguan() -> Region:
    """The region that a deployment serves unless told otherwise."""
    return region()


class Adding(Protocol):
    """What `add` is: one feature more, by one change; geometries as `POINT(113.75 23)`."""

    def __call__(self, collection: Collection, /, **values: object) -> UUID: ...


@pytest.fixture
def add(database: Database) -> Adding:
    """Adds one feature to `database` through the editing role."""
    return partial(_add, database)


@pytest.fixture(scope="module")
def add_for_module(module_database: Database) -> Adding:
    """Adds one feature to `module_database`."""
    return partial(_add, module_database)


def _add(database: Database, collection: Collection, /, **values: object) -> UUID:
    for name in {*collection.geometry_fields} & {*values}:
        if values[name] is not None:
            values[name] = f"SRID=4490;{values[name]}"
    table = tables().current(collection)
    with database.change(actor="tester", door="test", reason="a test needs it") as connection:
        inserted = connection.execute(sa.insert(table).values(**values).returning(table.c.uid))
        return inserted.scalar_one()


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _copy(cluster: Cluster, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    with _superuser(cluster) as connection:
        _clone(connection, template, name)
        yield cluster.url(name)
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _empty(database: Database) -> None:
    """Take away everything but what the upgrade itself has put in."""
    registry = Registry(database)
    for collection in registry.catalog:
        if collection.published:
            withdraw(database, registry, collection.id)
    registers = [each for each in registry.catalog if each.id != code_lists.id]
    filled_tables = [
        table
        for collection in registers
        for table in (tables().current(collection), tables().history(collection))
    ]
    added = changes.c.door != "upgrade"
    with database.migration() as connection:
        connection.execute(sa.text("set local session_replication_role = replica"))
        for table in (
            *filled_tables,
            system.imports,
            system.locked_features,
            system.locks,
            system.answered_requests,
            system.jobs,
            system.quota_balances,
            system.quota_holds,
            system.quota_charges,
        ):  # quicker than to truncate what is nearly empty
            connection.execute(sa.delete(table))
        connection.execute(
            sa.delete(changed_collections).where(
                changed_collections.c.change_id.in_(sa.select(changes.c.id).where(added))
            )
        )
        connection.execute(sa.delete(changes).where(added))


def _seal(connection: psycopg.Connection, name: str) -> None:
    # A database that somebody is connected to cannot be cloned.
    statement = "alter database {} is_template true allow_connections false"
    connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def _superuser(cluster: Cluster) -> psycopg.Connection:
    address = cluster.url("postgres").replace("+psycopg", "")
    return psycopg.connect(address, autocommit=True)


def _clone(connection: psycopg.Connection, template: str, name: str) -> None:
    # Copying files is several times faster than writing the pages to the log.
    statement = "create database {} template {} strategy file_copy"
    connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(template)))
