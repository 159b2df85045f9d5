"""What tests share: a folder that the server's account can enter, one cluster, and databases."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from geoservice.embedded import Cluster

_TEMPLATE = "empty_template"
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
        # A database that somebody is connected to cannot be cloned.
        connection.execute(f"alter database {_TEMPLATE} is_template true allow_connections false")
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
    name = f"empty_{next(_numbers)}"
    with _superuser(cluster) as connection:
        _clone(connection, _TEMPLATE, name)
        yield cluster.url(name)
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _superuser(cluster: Cluster) -> psycopg.Connection:
    address = cluster.url("postgres").replace("+psycopg", "")
    return psycopg.connect(address, autocommit=True)


def _clone(connection: psycopg.Connection, template: str, name: str) -> None:
    # Copying files is several times faster than writing the pages to the log.
    statement = "create database {} template {} strategy file_copy"
    connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(template)))
