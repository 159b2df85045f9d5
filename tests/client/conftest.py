"""A live service over the demo data, in a process of its own, and connections to it.

All tests share it. A test that changes something works on features, answers and accounts of its own.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from geoservice.access.keys import issue_key
from geoservice.access.principal import Role
from geoservice.access.users import add_user
from geoservice.client import Client, Connection
from geoservice.demo import load_demo
from geoservice.languages import Language
from geoservice.regions import region
from geoservice.store.database import Database
from geoservice.store.publishing import Registry

_ROOT = Path(__file__).parents[2]
_READY_WITHIN_S = 180
_ROLES = {"analyst": Role.ANALYST, "editor": Role.EDITOR, "admin": Role.ADMIN}


@dataclass(frozen=True)
class Service:
    """The service as clients reach it; a key for each role but the public."""

    address: str
    database: Database
    keys: Mapping[str, str]


class Connecting(Protocol):
    """What `connect_as` is: a connection with the key of a role."""

    def __call__(self, role: str = ..., /, *, language: Language = ...) -> Connection: ...


@pytest.fixture(scope="session")
def service(session_database: Database, session_folder: Path) -> Iterator[Service]:
    """A service over the demo data."""
    load_demo(session_database, Registry(session_database), region(None), lambda *_: None)
    keys = {}
    for name, role in _ROLES.items():
        add_user(session_database, name, role)
        keys[name] = issue_key(session_database, name).text
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "geoservice", "serve", "--port", str(port)]
    environment = os.environ | {
        "GEOSERVICE_DATABASE_URL": session_database.url,
        "PYTHONPATH": str(_ROOT),
    }
    log = session_folder / "client-service.log"  # a pipe that nobody reads would fill up
    with (
        log.open("wb") as stderr,
        subprocess.Popen(command, env=environment, cwd="/", stderr=stderr) as process,
    ):
        try:
            _wait(address, process, log)
            yield Service(address, session_database, keys)
        finally:
            process.terminate()


@pytest.fixture
def connect_as(service: Service) -> Iterator[Connecting]:
    """Connections to the service, closed afterwards; without a role, as anybody."""
    opened: list[Connection] = []

    def connected(role: str = "public", /, *, language: Language = "zh") -> Connection:
        connection = Connection(service.address, language=language, key=service.keys.get(role))
        opened.append(connection)
        return connection

    yield connected
    for each in opened:
        each.close()


@pytest.fixture
def connection(connect_as: Connecting) -> Connection:
    """A connection to the service as anybody, in Chinese."""
    return connect_as()


@pytest.fixture
def city(connection: Connection) -> Client:
    """The service as anybody sees it, in Chinese."""
    return Client(connection)


def _wait(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    give_up = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < give_up and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/readyz"):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    process.kill()
    raise AssertionError(log.read_text())
