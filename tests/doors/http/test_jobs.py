"""Jobs over HTTP: asked for, watched, fetched in parts, cancelled; who may see them; what is refused."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from geoservice.store.system import jobs
from tests.doors.http.conftest import ITEMS

ASYNC = {"prefer": "respond-async"}
_READY_WITHIN_S = 60


@pytest.fixture
def limits() -> Limits:
    return Limits(max_jobs=4, max_own_jobs=3, max_job_bytes=500_000)


@pytest.fixture
def working(served: Database, limits: Limits, tmp_path: Path) -> Iterator[TestClient]:
    """A client of a service that works on its jobs."""
    yield from _client(served, limits, Settings(data_dir=tmp_path), works=True)


@pytest.fixture
def idle(served: Database, limits: Limits, tmp_path: Path) -> Iterator[TestClient]:
    """A client of a service whose worker has not begun: jobs wait."""
    yield from _client(served, limits, Settings(data_dir=tmp_path), works=False)


def _client(
    served: Database, limits: Limits, settings: Settings, *, works: bool
) -> Iterator[TestClient]:
    app = create_app(settings, limits, database=served)
    client = TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
    client.headers["accept-language"] = "en"
    if works:
        with client:
            yield client
    else:
        yield client
    with served.access() as connection:
        connection.execute(sa.delete(jobs))


def _finished(client: TestClient, address: str) -> dict:
    until = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < until:
        job = client.get(address).json()
        if job["status"] not in ("accepted", "running"):
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def _frame(content: bytes, folder: Path) -> gpd.GeoDataFrame:
    path = folder / "fetched.gpkg"  # GDAL warns of another name
    path.write_bytes(content)
    return gpd.read_file(path)


def _asked(client: TestClient, address: str) -> str:
    answer = client.get(address, headers=ASYNC)
    assert answer.status_code == 202, answer.text
    assert answer.headers["preference-applied"] == "respond-async"
    return answer.headers["location"]


def test_a_file_that_is_preferred_later_is_a_job_with_its_result(
    working: TestClient, tmp_path: Path
) -> None:
    location = _asked(working, f"{ITEMS}?f=gpkg&filter=floors>20")
    job = _finished(working, location)
    assert (job["status"], job["progress"], job["problem"]) == ("successful", 100, None)
    assert job["rows"] == job["total_rows"] > 0
    (results,) = [each["href"] for each in job["links"] if each["rel"] == "results"]
    answer = working.get(results)
    assert answer.headers["content-type"] == "application/geopackage+sqlite3"
    assert answer.headers["content-disposition"] == 'attachment; filename="probes.gpkg"'
    assert len(answer.content) == job["bytes"]
    frame = _frame(answer.content, tmp_path)
    assert len(frame) == job["rows"]
    assert "secret" not in frame.columns
    part = working.get(results, headers={"range": "bytes=0-15"})
    assert (part.status_code, part.content) == (206, b"SQLite format 3\x00")


@pytest.mark.parametrize("format", ["gpkg", "shp", "xlsx", "fgb"])
def test_every_format_that_is_written_whole_can_be_a_job(working: TestClient, format: str) -> None:
    answer = working.post("/jobs", json={"request": f"{ITEMS}?f={format}&limit=5"})
    assert answer.status_code == 202, answer.text
    job = _finished(working, answer.headers["location"])
    assert (job["status"], job["rows"]) == ("successful", 5), job


def test_an_answer_can_be_a_job(working: TestClient, tmp_path: Path) -> None:
    question = "/questions/nearest?this=probes&that=probes&max_distance_m=500"
    for format in ("gpkg", "xlsx"):
        job = _finished(working, _asked(working, f"{question}&f={format}"))
        assert job["status"] == "successful", job
        content = working.get(f"/jobs/{job['id']}/results").content
        if format == "xlsx":
            assert openpyxl.load_workbook(io.BytesIO(content)).sheetnames
        else:
            assert len(_frame(content, tmp_path)) == job["rows"]


def test_what_is_streamed_anyway_stays_so(idle: TestClient) -> None:
    answer = idle.get(f"{ITEMS}?f=csv&limit=2", headers=ASYNC)
    assert answer.status_code == 200
    assert "preference-applied" not in answer.headers
    assert idle.head(f"{ITEMS}?f=gpkg", headers=ASYNC).status_code == 200


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ("/collections/nothing/items?f=gpkg", "unknown-collection"),
        (f"{ITEMS}?f=gpkg&filter=secret='x'", "unknown-property"),
        (f"{ITEMS}?f=gpkg&floor=3", "unknown-parameter"),
        (f"{ITEMS}?f=csv", "bad-parameter"),
        (f"{ITEMS}", "bad-parameter"),
        ("/questions/nothing?f=gpkg", "unknown-question"),
        ("/questions/nearest?f=gpkg&this=probes&nonsense=1", "unknown-parameter"),
        ("/changes?f=gpkg", "bad-parameter"),
        ("https://elsewhere.example/collections/probes/items?f=gpkg", "bad-parameter"),
        (7, "missing-parameter"),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused_at_once(
    idle: TestClient, request_: object, code: str
) -> None:
    answer = idle.post("/jobs", json={"request": request_})
    assert (answer.json()["code"], answer.status_code // 100) == (code, 4)


def test_a_waiting_job_has_no_result_and_can_be_taken_back(idle: TestClient) -> None:
    location = _asked(idle, f"{ITEMS}?f=gpkg")
    job = idle.get(location).json()
    assert (job["status"], job["progress"], job["started"]) == ("accepted", 0, None)
    assert idle.get(location).headers["retry-after"]
    answer = idle.get(f"{location}/results")
    assert (answer.status_code, answer.json()["code"]) == (409, "job-not-finished")
    assert idle.delete(location).json()["status"] == "dismissed"
    assert idle.delete(location).status_code == 204
    assert idle.get(location).json()["code"] == "unknown-job"
    assert idle.get("/jobs/nonsense").status_code == 404


def test_there_are_no_more_jobs_than_allowed_for_one(idle: TestClient) -> None:
    for _ in range(3):
        _asked(idle, f"{ITEMS}?f=gpkg")
    answer = idle.get(f"{ITEMS}?f=gpkg", headers=ASYNC)
    assert (answer.status_code, answer.json()["code"]) == (503, "too-many-jobs")
    assert "max_own_jobs: 3" in answer.json()["detail"]


def test_a_result_beyond_the_limit_is_refused_and_leaves_nothing(
    working: TestClient, tmp_path: Path
) -> None:
    job = _finished(working, _asked(working, f"{ITEMS}?f=gpkg&limit=500"))
    assert job["status"] == "successful"
    assert job["bytes"] <= 500_000
    job = _finished(working, _asked(working, f"{ITEMS}?f=gpkg"))
    if job["status"] == "failed":
        assert job["problem"]["code"] == "too-large"
        assert not (tmp_path / "exports" / job["id"]).exists()


def test_the_page_of_a_job_renews_itself_until_it_is_finished(working: TestClient) -> None:
    answer = working.post(
        "/jobs", data={"request": f"{ITEMS}?f=gpkg&limit=3"}, follow_redirects=False
    )
    assert answer.status_code == 303
    address = answer.headers["location"]
    _finished(working, address.partition("?")[0])
    text = working.get(address).text
    assert "http-equiv" not in text
    assert "/results" in text


def test_a_waiting_page_renews_itself(idle: TestClient) -> None:
    location = _asked(idle, f"{ITEMS}?f=gpkg")
    assert 'http-equiv="refresh"' in idle.get(f"{location}?f=html").text


def test_the_list_is_for_analysts_and_a_page_elsewhere_starts_nothing(idle: TestClient) -> None:
    assert idle.get("/jobs").status_code == 401
    answer = idle.post(
        "/jobs",
        json={"request": f"{ITEMS}?f=gpkg"},
        headers={"origin": "https://elsewhere.example"},
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign-page")


def test_what_an_analyst_had_written_is_nothing_for_the_public(
    served: Database, limits: Limits, tmp_path: Path
) -> None:
    private = Settings(data_dir=tmp_path, anonymous_role="analyst")
    public = Settings(data_dir=tmp_path)
    analyst = create_app(private, limits, database=served)
    with TestClient(analyst, base_url="http://127.0.0.1:8000") as client:
        location = _asked(client, f"{ITEMS}?f=gpkg&limit=4")
        job = _finished(client, location)
        frame = _frame(client.get(f"{location}/results").content, tmp_path)
        assert set(frame["secret"]) == {"do not tell"}
        assert [each["id"] for each in client.get("/jobs").json()["jobs"]] == [job["id"]]
    outside = TestClient(
        create_app(public, limits, database=served), base_url="http://127.0.0.1:8000"
    )
    for path in ("", "/results"):
        assert outside.get(f"{location}{path}").json()["code"] == "unknown-job"
    assert outside.delete(location).status_code == 404
    with served.access() as connection:
        connection.execute(sa.delete(jobs))


def test_a_folder_that_cannot_be_written_is_told_when_a_job_is_asked_for(
    served: Database, limits: Limits, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    app = create_app(Settings(data_dir=file), limits, database=served)
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        answer = client.get(f"{ITEMS}?f=gpkg&limit=1", headers=ASYNC)
        assert (answer.status_code, answer.json()["code"]) == (503, "setup-failed")
        assert client.get(f"{ITEMS}?f=gpkg&limit=1").status_code == 200
