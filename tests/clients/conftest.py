"""A service that listens, with layers, users and a record of the wire; and the programs that ask it."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from geoservice.description.collection import Collection
from geoservice.store.database import Database
from geoservice.store.tables import tables
from tests.clients.layers import fill
from tests.programs import SYSTEM_PYTHON, require_system_module

_HERE = Path(__file__).parent
_LONGEST_ANSWER_S = 120


@dataclass(frozen=True)
class Exchange:
    """A request and its answer; `parameters` have names in capitals, `features` is how many came."""

    method: str
    path: str
    query: str
    parameters: dict[str, str]
    headers: dict[str, str]
    body: str
    status: int
    features: int
    answer: str


@dataclass(frozen=True)
class Service:
    """The service as clients reach it."""

    address: str
    database: Database
    keys: dict[str, str]
    record: Path

    @property
    def wfs(self) -> str:
        """The address of the WFS."""
        return f"{self.address}/wfs"

    @contextmanager
    def recording(self) -> Iterator[list[Exchange]]:
        """What goes over the wire meanwhile; the list is filled at the end."""
        exchanges: list[Exchange] = []
        known = len(self._lines())
        yield exchanges
        exchanges += [Exchange(**json.loads(line)) for line in self._lines()[known:]]

    def stored(self, collection: Collection) -> list[dict[str, Any]]:
        """What a layer holds now, by order of creation; the geometry as text at "geom"."""
        table = tables().current(collection)
        columns = [table.c[field.name] for field in collection.fields]
        geom = sa.func.ST_AsText(table.c.geom).label("geom")
        found = self.database.rows(sa.select(*columns, geom).order_by(table.c.uid))
        return [dict(row._mapping) for row in found]

    def _lines(self) -> list[str]:
        return self.record.read_text(encoding="utf-8").splitlines()


def pages(exchanges: list[Exchange]) -> list[Exchange]:
    """The requests among them that fetch features: no mere counts, nor looks at the first few."""
    return [each for each in exchanges if _fetches(each) and not _looks(each.parameters)]


def _fetches(exchange: Exchange) -> bool:
    by_wfs = exchange.parameters.get("REQUEST") == "GetFeature"
    return by_wfs or (exchange.method == "GET" and exchange.path.endswith("/items"))


def _looks(parameters: dict[str, str]) -> bool:
    few = {"COUNT": ("1",), "MAXFEATURES": ("1",), "LIMIT": ("1", "10", "20")}
    is_short = any(parameters.get(name) in numbers for name, numbers in few.items())
    return is_short or parameters.get("RESULTTYPE") == "hits"


@pytest.fixture(scope="module")
def service(
    module_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A service of a process of its own."""
    keys = fill(module_database)
    record = tmp_path_factory.mktemp("service") / "exchanges.jsonl"
    record.touch()
    program = str(_HERE / "recorded_service.py")
    with subprocess.Popen(
        [sys.executable, program, module_database.url, str(record)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the service did not start"
        yield Service(f"http://127.0.0.1:{port}", module_database, keys, record)
        process.stdin.close()


class Qgis:
    """QGIS in a process of its own; functions are those of `qgis_client.py`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.version: tuple[int, int] = tuple(self("version"))

    def __call__(self, function: str, **arguments: Any) -> Any:
        """What a function gives."""
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answered is not None
        asked.write(json.dumps([function, arguments]) + "\n")
        asked.flush()
        limit = threading.Timer(_LONGEST_ANSWER_S, self._process.kill)
        limit.start()
        line = answered.readline()
        limit.cancel()
        assert line, f"QGIS has ended without an answer to {function} {arguments}"
        answer = json.loads(line)
        assert "fails" not in answer, answer["fails"]
        return answer["gives"]


@pytest.fixture(scope="module")
def qgis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Qgis]:
    """QGIS, which keeps nothing of other tests."""
    home = tmp_path_factory.mktemp("qgis")
    environment = {
        "PATH": os.environ["PATH"],
        "QT_QPA_PLATFORM": "offscreen",
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
    }
    require_system_module("qgis.core", "python3-qgis", environment)
    with (
        (home / "messages").open("w") as messages,
        subprocess.Popen(
            [SYSTEM_PYTHON, str(_HERE / "qgis_client.py")],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=messages,
            encoding="utf-8",
        ) as process,
    ):
        yield Qgis(process)
        assert process.stdin is not None
        process.stdin.close()
