"""How many features a page and a file hold, and what a collection says of its origin."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from geoservice import __version__
from geoservice.domain.places import towns
from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from geoservice.store.tables import tables
from tests.doors.http.conftest import ITEMS, ROWS


@pytest.fixture
def short_pages(served: Database) -> Iterator[TestClient]:
    """A client of a service whose pages hold ten features at most."""
    app = create_app(Settings(database_url=None), Limits(limit_maximum=10), database=served)
    with TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 1)) as client:
        yield client


@pytest.mark.parametrize(
    ("asked", "in_page", "in_file"),
    [(9, 9, 9), (10, 10, 10), (11, 10, 11), (ROWS + 1, 10, ROWS), (10**39, 10, ROWS)],
)
def test_a_page_is_cut_at_the_maximum_and_a_file_never(
    short_pages: TestClient, asked: int, in_page: int, in_file: int
):
    page = short_pages.get(f"{ITEMS}?f=geojson&limit={asked}").json()
    assert page["numberReturned"] == in_page
    stream = short_pages.get(f"{ITEMS}?f=arrow&limit={asked}").content
    assert pa.ipc.open_stream(stream).read_all().num_rows == in_file
    lines = short_pages.get(f"{ITEMS}?f=geojsonseq&limit={asked}").content
    assert lines.count(b"\x1e") == in_file


def test_a_collection_says_when_it_was_last_changed_and_that_it_is_synthetic(
    client: TestClient, served: Database
):
    assert "updated" not in client.get("/collections/towns").json()
    assert client.get("/collections/towns").json()["synthetic"] is False
    before = datetime.now(UTC).replace(microsecond=0)
    row = {"code": "441900121", "name": "虎门镇", "kind": "town", "parent_code": "441900"}
    with served.change(actor="tester", door="demo", reason="a test needs it") as connection:
        connection.execute(tables().current(towns).insert().values(**row))
    found = client.get("/collections/towns").json()
    assert found["synthetic"] is True
    assert before <= datetime.fromisoformat(found["updated"]) <= datetime.now(UTC)
    listed = client.get("/collections").json()["collections"]
    assert found["updated"] == next(each for each in listed if each["id"] == "towns")["updated"]


def test_the_landing_page_says_the_version(client: TestClient):
    assert client.get("/").json()["version"] == __version__
