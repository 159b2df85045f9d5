"""Files over HTTP: checked or imported, looked up afterwards; by whom, `test_access` tells."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database

BASE = "http://127.0.0.1:8000"


def features(*kinds: str) -> bytes:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": [113.75 + number / 1000, 23.02]},
                    "properties": {
                        "facility_no": f"F{number}",
                        "name": f"设施{number}",
                        "kind": kind,
                        "status": "operating",
                    },
                }
                for number, kind in enumerate(kinds)
            ],
        }
    ).encode()


def client_of(database: Database, **limits: Any) -> TestClient:
    settings = Settings(database_url=None, anonymous_role="editor")
    app = create_app(settings, Limits(**limits), database=database)
    return TestClient(
        app, base_url=BASE, client=("127.0.0.1", 50000), raise_server_exceptions=False
    )


@pytest.fixture(scope="module")
def here(module_database: Database) -> Iterator[TestClient]:
    """A client on this machine."""
    with client_of(module_database) as client:
        client.headers["accept-language"] = "en"
        yield client


def offer(client: TestClient, content: bytes, name: str = "f.geojson", **texts: str) -> Any:
    data = {"collection": "facilities", **texts}
    return client.post("/imports", files={"file": (name, content)}, data=data)


def count(client: TestClient) -> int:
    return int(client.get("/collections/facilities/items?limit=1").json()["numberMatched"])


def test_a_dry_run_says_what_would_happen_and_changes_nothing(here: TestClient) -> None:
    before = count(here)
    answer = offer(here, features("primary_school"), dry_run="true")
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "checked"
    assert count(here) == before


def test_a_good_file_is_stored_and_its_report_found_again(here: TestClient) -> None:
    before = count(here)
    answer = offer(here, features("primary_school", "hospital", "station"), reason="test")
    if answer.status_code == 422:
        pytest.fail(answer.text)
    assert answer.status_code == 201
    report = answer.json()
    assert (report["state"], report["counts"]["inserted"]) == ("committed", 3)
    assert count(here) == before + 3
    again = here.get(answer.headers["location"])
    assert again.json()["counts"] == report["counts"]
    assert here.get("/imports").json()["imports"][0]["id"] == report["id"]
    for path in ("/imports", f"/imports/{report['id']}"):
        assert here.get(f"{path}?f=html").status_code == 200


def test_a_bad_row_refuses_the_file_and_is_listed(here: TestClient) -> None:
    before = count(here)
    answer = offer(here, features("primary_school", "=castle()"))
    assert answer.status_code == 422
    report = answer.json()
    assert report["state"] == "refused"
    assert any(issue["field"] == "kind" for issue in report["issues"])
    assert count(here) == before
    table = here.get(f"/imports/{report['id']}?f=csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.text.splitlines()[0] == "row,field,value,code,severity,reason"
    assert "'=castle()" in table.text, "no cell is a formula"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example", "origin": "http://evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:9000"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_no_page_of_another_site_makes_a_browser_in_a_closed_network_import(
    here: TestClient, headers: dict[str, str]
) -> None:
    before = count(here)
    answer = here.post(
        "/imports",
        files={"file": ("f.geojson", features("primary_school"))},
        data={"collection": "facilities"},
        headers=headers,
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "key-needed")
    assert count(here) == before


def test_a_page_of_our_own_may_import(here: TestClient) -> None:
    headers = {"origin": BASE, "sec-fetch-site": "same-origin"}
    answer = here.post(
        "/imports",
        files={"file": ("f.geojson", features("primary_school"))},
        data={"collection": "facilities", "dry_run": "true"},
        headers=headers,
    )
    assert answer.status_code == 200


def test_an_upload_beyond_the_limit_is_refused(module_database: Database) -> None:
    with client_of(module_database, max_upload=2000) as client:
        answer = offer(client, features(*["primary_school"] * 20) + b" " * 100_000)
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_forms_that_lack_or_repeat_parts_are_refused(here: TestClient) -> None:
    url = "/imports"
    file = {"file": ("f.geojson", features("primary_school"))}
    assert here.post(url, data={"collection": "facilities"}, files={}).status_code in (400, 415)
    assert here.post(url, files=file).json()["code"] == "missing-parameter"
    assert (
        here.post(url, files=file, data={"collection": "facilities", "colour": "1"}).status_code
        == 400
    )
    assert here.post(url, files=file, data={"collection": "nothing"}).status_code == 404
    assert (
        here.post(url, files=file, data={"collection": "facilities", "dry_run": "yes"}).status_code
        == 400
    )
    assert (
        here.post(url, files=file, data={"collection": "facilities", "map": "x"}).status_code == 400
    )
    kind = {"content-type": "multipart/form-data; boundary=x"}
    for content in (
        b"",
        b"--x\r\n",
        b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" * 5000,
    ):
        assert here.post(url, content=content, headers=kind).status_code == 400


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.geojson", "..\\..\\x.geojson", "x\r\ny.geojson", "中文.geojson"]
)
def test_the_name_of_a_file_leads_nowhere(here: TestClient, name: str) -> None:
    answer = offer(here, features("primary_school"), name=name, dry_run="true")
    assert answer.status_code in (200, 400, 422)
    if answer.status_code == 200:
        assert "/" not in answer.json()["file"]["name"]


@pytest.mark.parametrize("id", ["x", "00000000-0000-7000-8000-000000000000"])
def test_an_unknown_import_is_not_found(here: TestClient, id: str) -> None:
    answer = here.get(f"/imports/{id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-import")
