"""A live service with the demo data, and the folder in which the pages' examples are run."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from documents import ROOT

from geoservice.demo import load_demo
from geoservice.regions import region
from geoservice.store.database import Database
from geoservice.store.publishing import Registry

_READY_WITHIN_S = 90


@pytest.fixture(scope="module")
def demo_database(module_database: Database) -> Database:
    """A database with the demo data."""
    load_demo(module_database, Registry(module_database), region(None), lambda *_: None)
    return module_database


@pytest.fixture(scope="module")
def service(demo_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service over the demo data, in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "geoservice", "serve", "--port", str(port)]
    environment = os.environ | {
        "GEOSERVICE_DATABASE_URL": demo_database.url,
        "GEOSERVICE_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "PYTHONPATH": str(ROOT),
    }
    with subprocess.Popen(command, env=environment, cwd="/", stderr=subprocess.PIPE) as process:
        try:
            _wait(address, process)
            yield address
        finally:
            process.terminate()


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < give_up and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/readyz"):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    process.kill()
    raise AssertionError(process.communicate()[1].decode())


@pytest.fixture
def workplace(open_folder: Path) -> Path:
    """A folder like a clone, as far as examples see it: the program and the demo files."""
    program = open_folder / ".venv/bin/geoservice"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m geoservice "$@"\n')
    program.chmod(0o755)
    (open_folder / "datasets").symlink_to(ROOT / "datasets")
    return open_folder
