"""Features as files: whole collections, filtered ones, and clients that leave."""

import csv
import io
import json
import threading
import time

import anyio
import pyarrow as pa
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


def facts_in(content: bytes) -> dict:
    return json.loads(pa.ipc.open_stream(content).read_all().schema.metadata[b"geoservice"])


@pytest.mark.parametrize(
    ("parameters", "matched"),
    [("", str(ROWS)), ("limit=3", str(ROWS)), ("count=none", None), ("filter=floors>20", None)],
)
def test_a_stream_tells_how_many_match_where_that_is_known(
    client: TestClient, parameters: str, matched: str | None
) -> None:
    answer = client.get(f"{ITEMS}?f=arrow&{parameters}")
    assert answer.headers.get("ogc-numbermatched") == matched


def test_an_exact_count_of_a_filter_is_told_too(client: TestClient) -> None:
    answer = client.get(f"{ITEMS}?f=csv&filter=floors>20&count=exact")
    high = sum((row["floors"] or 0) > 20 for row in rows())  # type: ignore[operator]
    assert answer.headers["ogc-numbermatched"] == str(high)


def test_an_arrow_stream_says_what_its_collection_is(client: TestClient) -> None:
    found = facts_in(client.get(f"{ITEMS}?f=arrow&as_of=2005-01-01&limit=1").content)
    assert (found["collection"], found["title"], found["as_of"]) == ("probes", "Probes <b>", "2005-01-01")  # fmt: skip
    assert found["synthetic"] is False
    fields = {each["name"]: each for each in found["fields"]}
    assert fields["height"] == {
        "name": "height", "type": "number", "title": "The height", "unit": "m",
    }  # fmt: skip
    assert fields["tags"]["many"] is True
    assert "secret" not in fields


def test_an_arrow_stream_of_an_answer_has_the_account_of_its_document(client: TestClient) -> None:
    question = "/questions/nearest?this=probes&that=probes&max_distance_m=500"
    answer = client.get(f"{question}&f=arrow")
    table = pa.ipc.open_stream(answer.content).read_all()
    found = facts_in(answer.content)
    document = client.get(f"{question}&f=json").json()
    assert {k: v for k, v in document.items() if k not in ("features", "links", "numberReturned", "known_at", "next_cursor")} == {k: v for k, v in found.items() if k not in ("collection", "fields", "known_at")}  # fmt: skip  # noqa: E501
    assert found["collection"] is None
    assert answer.headers["ogc-numbermatched"] == str(table.num_rows)
    ids = [feature["id"] for feature in document["features"]]
    assert table.column("id").to_pylist()[: len(ids)] == ids


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
