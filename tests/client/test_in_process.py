"""In this process a client gets what it gets over HTTP; and the way there is one that holds."""

import asyncio
import getpass
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import geopandas
import httpx2
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal

import geoservice
from geoservice.client import Client, Connection, errors
from geoservice.doors.http.asked import CALLER, Asked
from geoservice.doors.in_process import ADDRESS, InProcessTransport, opened
from geoservice.store.database import Database

_ROOT = Path(__file__).parents[2]
_OWN = ("service", "query", "generated_at", "known_at")
"""What must differ: where a frame was asked for, and when."""
_PLACE = "POINT(113.712 22.8477)"
_NEEDED = {
    "near": {"this": "hazard_sites", "that": "facilities", "distance_m": 500},
    "nearest": {"this": "hazard_sites", "that": "facilities"},
    "check": {"geometry": _PLACE},
    "hazard_stock_flow": {"from": "2021-06-25", "to": "2022-07-31"},
    "quota_reservation": {"year": 2022},
}


# --- the same as over HTTP ------------------------------------------------------------------------


@pytest.fixture
def remote(service) -> Iterator[Client]:
    with geoservice.connect(service.address, lang="en", key=service.keys["admin"]) as city:
        yield city


@pytest.fixture
def local(service) -> Iterator[Client]:
    with geoservice.connect(service.database.url, lang="en") as city:
        yield city


def assert_equal(one: pd.DataFrame, other: pd.DataFrame) -> None:
    is_geographic = isinstance(one, geopandas.GeoDataFrame)
    assert type(one) is type(other)
    (assert_geodataframe_equal if is_geographic else assert_frame_equal)(one, other)
    if is_geographic:
        assert one.crs == other.crs
    assert list(map(str, one.dtypes)) == list(map(str, other.dtypes))
    kept = [
        {name: value for name, value in frame.attrs["geoservice"].items() if name not in _OWN}
        for frame in (one, other)
    ]
    assert kept[0] == kept[1]


def test_every_collection_gives_the_same_frame(remote: Client, local: Client):
    assert list(local) == list(remote)
    for id in remote:
        assert_equal(local[id].select().to_gdf(), remote[id].select().to_gdf())


def test_every_question_gives_the_same_answer(remote: Client, local: Client):
    assert list(local.questions) == list(remote.questions)
    for id in remote.questions:
        one, other = (city.ask(id, **_NEEDED.get(id, {})) for city in (remote, local))
        assert_equal(one.gdf, other.gdf)
        own = {"known_at": None, "generated_at": None}
        assert {**one.account, **own} == {**other.account, **own}


def test_a_query_with_a_filter_another_crs_and_a_day_is_the_same(remote: Client, local: Client):
    one, other = (
        city["hazard_sites"]
        .where("slope_height_m > 10")
        .crs(4547)
        .as_of("2022-07-31")
        .sort("-slope_height_m")
        .limit(7)
        .to_gdf()
        for city in (remote, local)
    )
    assert len(one) == 7
    assert_equal(one, other)


def test_refusals_are_the_same(remote: Client, local: Client):
    told = []
    for city in (remote, local):
        with pytest.raises(errors.BadFilter) as refused:
            city["towns"].where("no such filter").to_gdf()
        told.append((refused.value.detail, refused.value.code, refused.value.status))
    assert told[0] == told[1]


def test_what_has_not_changed_is_not_sent_again(service):
    _, transport, close = opened(service.database.url)
    with httpx2.Client(transport=transport, base_url=ADDRESS) as http:
        first = http.get("/collections/towns/items?limit=2")
        again = http.get(
            "/collections/towns/items?limit=2", headers={"If-None-Match": first.headers["etag"]}
        )
    close()
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_nothing_is_compressed_within_a_process(service):
    _, transport, close = opened(service.database.url)
    with httpx2.Client(transport=transport, base_url=ADDRESS) as http:
        answer = http.get("/collections?f=json", headers={"Accept-Encoding": "gzip"})
    close()
    assert "content-encoding" not in answer.headers


def test_links_lead_back_into_the_process_whatever_the_public_address(
    service, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GEOSERVICE_PUBLIC_URL", "https://gis.example.cn/")
    with geoservice.connect(service.database.url) as city:
        assert city.connection.address == ADDRESS
        links = city.connection.json("/collections")["links"]
    assert all(link["href"].startswith(f"{ADDRESS}/") for link in links)


# --- who asks -------------------------------------------------------------------------------------


def test_an_edit_is_the_users_by_the_door_python(service):
    with geoservice.connect(service.database.url, lang="en") as city:
        notes = city["hazard_sites"]
        row = notes.head(1)
        with notes.edit(reason="in this process") as edit:
            edit.update(str(row.index[0]), name="renamed in this process")
        latest = notes.history(row.index[0]).iloc[0]
        with notes.edit(reason="and back") as edit:
            edit.update(str(row.index[0]), name=row["name"].iloc[0])
    assert (latest["who"], latest["door"]) == (getpass.getuser(), "python")
    assert latest["why"] == "in this process"


def test_private_fields_are_shown_as_to_any_administrator(remote: Client, local: Client):
    assert list(local["hazard_sites"].fields) == list(remote["hazard_sites"].fields)


def test_a_key_that_is_given_counts_here_too(service):
    with pytest.raises(errors.Unauthenticated):
        geoservice.connect(service.database.url, lang="en", key="gs_wrong")
    key = service.keys["analyst"]
    with (
        geoservice.connect(service.database.url, lang="en", key=key) as city,
        pytest.raises(errors.Forbidden),
    ):
        city.connection.send("POST", "/changes", body={"operations": []})


def test_only_a_caller_of_this_process_is_one(service):
    scope = {"type": "http", "method": "GET", "headers": [], "path": "/", CALLER: "root"}
    asked = Asked(None, scope)  # type: ignore[arg-type]
    assert asked.door == "rest"


# --- where there is nothing -----------------------------------------------------------------------


def test_without_a_database_it_is_said_how_to_make_one(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("GEOSERVICE_DATABASE_URL", raising=False)
    monkeypatch.delenv("GEOSERVICE_URL", raising=False)
    monkeypatch.setenv("GEOSERVICE_DATA_DIR", str(open_folder / "nothing"))
    with pytest.raises(errors.Unavailable, match="geoservice up"):
        geoservice.connect(lang="en")
    assert not (open_folder / "nothing").exists()


def test_a_database_that_does_not_answer_is_unavailable():
    with pytest.raises(errors.Unavailable) as refused:
        geoservice.connect("postgresql://nobody:secret@127.0.0.1:1/none", lang="en")
    assert "secret" not in str(refused.value)


def test_a_database_without_our_tables_is_told_the_command(empty_database: str):
    with pytest.raises(errors.Unavailable, match="geoservice db upgrade"):
        geoservice.connect(empty_database.replace("+psycopg", ""), lang="en")


@pytest.mark.parametrize(
    "address", ["gis.example.cn", "ftp://gis.example.cn", "postgresql://user:secret@host:port/db"]
)
def test_an_address_that_is_none_is_refused_without_its_password(address: str):
    with pytest.raises(errors.BadAddress) as refused:
        geoservice.connect(address, lang="en")
    assert "secret" not in str(refused.value)


def test_without_the_servers_libraries_it_is_said_what_gives_them(monkeypatch):
    monkeypatch.setattr("geoservice.doors.server_libraries.missing", lambda: ("fastapi",))
    with pytest.raises(errors.Unavailable, match=r"geoservice\[server\]"):
        geoservice.connect("postgresql://host/db", lang="en")


# --- the transport, over applications of a few lines ----------------------------------------------


class Streaming:
    """An application that streams blocks as long as somebody reads them."""

    def __init__(self, blocks: int, *, fails_after: int | None = None) -> None:
        self.blocks = blocks
        self.fails_after = fails_after
        self.made = 0
        self.life: list[str] = []
        self.ended = threading.Event()

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        try:
            await receive()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            leaving = asyncio.ensure_future(receive())
            while self.made < self.blocks and not leaving.done():
                if self.made == self.fails_after:
                    raise ValueError("a fault of the application")
                self.made += 1
                await send({"type": "http.response.body", "body": b"x" * 10, "more_body": True})
            leaving.cancel()
            await send({"type": "http.response.body"})
        finally:
            self.ended.set()

    async def _live(self, receive, send) -> None:
        for step in ("startup", "shutdown"):
            assert (await receive())["type"] == f"lifespan.{step}"
            self.life.append(step)
            await send({"type": f"lifespan.{step}.complete"})


@pytest.fixture
def http_to():
    with ExitStack() as clients:

        def client(application, held: ExitStack | None = None, **options) -> httpx2.Client:
            transport = InProcessTransport(application, {}, held or ExitStack())
            return clients.enter_context(
                httpx2.Client(transport=transport, base_url=ADDRESS, **options)
            )

        yield client


def test_an_answer_is_made_no_faster_than_it_is_read(http_to):
    application = Streaming(10_000)
    with http_to(application).stream("GET", "/") as answer:
        for number, _ in enumerate(answer.iter_raw(), 1):
            assert application.made <= number + 6
    assert application.made == 10_000


def test_who_closes_an_answer_has_left(http_to):
    application = Streaming(10_000)
    with http_to(application).stream("GET", "/") as answer:
        next(answer.iter_raw())
    assert application.ended.wait(10)
    assert application.made < 20


def test_a_fault_in_an_answer_breaks_it_off(http_to):
    with (
        http_to(Streaming(10, fails_after=3)).stream("GET", "/") as answer,
        pytest.raises(httpx2.RemoteProtocolError) as broken,
    ):
        answer.read()
    assert isinstance(broken.value.__cause__, ValueError)


def test_a_client_never_takes_a_broken_answer_for_a_whole_one():
    transport = InProcessTransport(Streaming(10, fails_after=3), {}, ExitStack())
    connection = Connection(ADDRESS, language="en", transport=transport)
    with pytest.raises(errors.InterruptedStream):
        connection.download("/", {"f": "csv"}, io.BytesIO(), label="a file")
    connection.close()


def test_a_fault_before_an_answer_is_one_of_the_connection(http_to):
    async def failing(scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            await Streaming(0)(scope, receive, send)
            return
        raise ValueError("a fault of the application")

    with pytest.raises(httpx2.RemoteProtocolError) as broken:
        http_to(failing).get("/")
    assert isinstance(broken.value.__cause__, ValueError)


def test_an_answer_that_does_not_come_is_waited_for_as_long_as_was_said(http_to):
    async def silent(scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            await Streaming(0)(scope, receive, send)
            return
        await receive()
        assert (await receive())["type"] == "http.disconnect"

    with pytest.raises(httpx2.ReadTimeout):
        http_to(silent, timeout=0.05).get("/")


def test_an_application_lives_as_long_as_its_transport():
    application, held, closed = Streaming(1), ExitStack(), []
    held.callback(lambda: closed.append(tuple(application.life)))
    transport = InProcessTransport(application, {}, held)
    assert application.life == ["startup"]
    transport.close()
    transport.close()
    assert closed == [("startup", "shutdown")]
    with pytest.raises(RuntimeError, match="closed"):
        transport.handle_request(httpx2.Request("GET", ADDRESS))


def test_an_application_that_does_not_start_is_told(http_to):
    async def broken(scope, receive, send) -> None:
        await receive()
        raise ValueError("cannot start")

    with pytest.raises(ValueError, match="cannot start"):
        http_to(broken)


def test_several_threads_ask_at_once(http_to):
    client, found = http_to(Streaming(1)), []
    threads = [
        threading.Thread(target=lambda: found.append(client.get("/").status_code)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 8


# --- the end of a process -------------------------------------------------------------------------


def _run(program: str, database: Database) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHONPATH": str(_ROOT), "DATABASE": database.url}
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_program_that_closes_nothing_ends(service):
    done = _run(
        "import os, geoservice\n"
        "city = geoservice.connect(os.environ['DATABASE'])\n"
        "frames = city['hazard_sites'].iter_batches(5)\n"
        "print(len(next(frames)))\n",
        service.database,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "5", "")


def test_who_stops_waiting_stops_the_database_too(service):
    done = _run(
        "import os, signal, threading, time, geoservice, sqlalchemy as sa\n"
        "from geoservice.doors.http import health\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "city = geoservice.connect(os.environ['DATABASE'], lang='en')\n"
        "health.schema.state = lambda database: database.scalar(sa.select(sa.func.pg_sleep(300)))\n"
        "threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n"
        "    city.connection.json('/readyz')\n"
        "except KeyboardInterrupt:\n"
        "    city.close()\n"
        "    print('closed')\n",
        service.database,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "closed")


def test_a_fork_must_connect_anew_and_leaves_its_parent_alone(service):
    done = _run(
        "import os, geoservice\n"
        "city = geoservice.connect(os.environ['DATABASE'], lang='en', cache='off')\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    try:\n"
        "        list(city)\n"
        "    except RuntimeError as told:\n"
        "        city.close()\n"
        "        os._exit(0 if 'connect again' in str(told) else 1)\n"
        "    os._exit(2)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "print('towns' in list(city))\n",
        service.database,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "True", "")
