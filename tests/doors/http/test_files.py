"""Features as files: whole collections, filtered ones, and clients that leave."""

import csv
import io
import json
import threading
import time

import anyio
import pytest
from starlette.testclient import TestClient

from geoservice.doors.http.resources import Streamed
from geoservice.files.formats import FORMATS
from tests.doors.http.conftest import ITEMS, ROWS, rows


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_given_out(client: TestClient, format: str) -> None:
    answer = client.get(f"{ITEMS}?f={format}&filter=floors>20")
    assert answer.status_code == 200, answer.text
    form = FORMATS[format]
    assert answer.headers["content-type"] == form.media_type
    if format != "geojson":
        assert (
            answer.headers["content-disposition"]
            == f'attachment; filename="probes{form.extension}"'
        )
    assert len(answer.content) > 1000
    assert client.head(f"{ITEMS}?f={format}").status_code == 200


def test_a_file_holds_everything_that_matches_unless_a_limit_is_given(client: TestClient) -> None:
    def table(parameters: str) -> list[dict[str, str]]:
        text = client.get(f"{ITEMS}?f=csv&{parameters}").text.lstrip("\ufeff")
        return list(csv.DictReader(io.StringIO(text)))

    everything = table("")
    assert len(everything) == ROWS
    assert "secret" not in everything[0]
    some = table("filter=floors>20&sortby=-floors")
    assert [int(row["floors"]) for row in some] == sorted(
        (r["floors"] for r in rows() if (r["floors"] or 0) > 20),
        reverse=True,  # type: ignore[operator,type-var]
    )
    assert len(table("limit=7")) == 7


def test_a_sequence_is_one_feature_a_line(client: TestClient) -> None:
    lines = client.get(f"{ITEMS}?f=geojsonseq").content.strip().splitlines()
    assert len(lines) == ROWS
    assert json.loads(lines[0].lstrip(b"\x1e"))["type"] == "Feature"


def test_the_format_can_be_asked_for_by_media_type(client: TestClient) -> None:
    answer = client.get(f"{ITEMS}?limit=2", headers={"accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")


def test_a_client_that_leaves_closes_the_stream() -> None:
    closed = threading.Event()

    def blocks():
        try:
            for _ in range(1_000_000):
                yield b"x" * 1000
        finally:
            closed.set()

    async def leave_after_three() -> None:
        sent = 0

        async def receive():
            if sent > 3:
                return {"type": "http.disconnect"}
            await anyio.sleep(60)
            return {"type": "http.request"}

        async def send(message):
            nonlocal sent
            sent += 1

        await Streamed(blocks(), "text/csv", {})({"type": "http", "method": "GET"}, receive, send)

    anyio.run(leave_after_three)
    assert closed.is_set()


def test_a_cancelled_stream_is_closed_too() -> None:
    closed = threading.Event()

    def blocks():
        try:
            while True:
                time.sleep(0.01)
                yield b"x"
        finally:
            closed.set()

    async def receive():
        await anyio.sleep(60)

    async def send(_message):
        await anyio.sleep(0)

    async def cancelled() -> None:
        with anyio.move_on_after(0.1):
            await Streamed(blocks(), "text/csv", {})(
                {"type": "http", "method": "GET"}, receive, send
            )

    anyio.run(cancelled)
    assert closed.is_set()


def test_leaving_many_downloads_gives_every_connection_back(client: TestClient) -> None:
    service = client.app.state.service  # type: ignore[attr-defined]
    pool = service.database._exporting.pool
    for _ in range(20):
        answer = client.get(f"{ITEMS}?f=geojsonseq&limit=3")
        assert answer.status_code == 200
    assert pool.checkedout() == 0
