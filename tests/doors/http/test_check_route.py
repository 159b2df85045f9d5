"""`/check`: by address, as JSON, as a form with a file, as a file by itself; pages; mistakes."""

import io
import json
from collections.abc import Iterator
from datetime import date

import pytest
from starlette.testclient import TestClient

from geoservice.catalog import Catalog
from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from tests.conftest import Adding

ZONE = "MULTIPOLYGON(((113.74 22.99,113.76 22.99,113.76 23.01,113.74 23.01,113.74 22.99)))"
POINT = {"type": "Point", "coordinates": [113.75, 23.0]}
FILE = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": POINT, "properties": {"name": "甲"}},
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [113.95, 23.0]},
                "properties": {"name": "乙"},
            },
        ],
    }
).encode()


@pytest.fixture(scope="module")
def asked(module_database: Database, add_for_module: Adding) -> Iterator[TestClient]:
    """A client of a service with one risk zone, which takes small files only."""
    add_for_module(
        Catalog()["risk_zones"],
        zone_no="Z1",
        name="zone",
        risk_level="high",
        published_on=date(2020, 1, 1),
        geom=ZONE,
    )
    limits = Limits(max_check_file=4096, max_check_features=2)
    app = create_app(Settings(database_url=None), limits, database=module_database)
    with TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 1)) as client:
        client.headers["accept-language"] = "en"
        yield client


def zones(document: dict) -> list[tuple[int, str | None, str]]:
    rows = [feature["properties"] for feature in document["features"]]
    return [
        (row["place"], row["place_label"], row["state"])
        for row in rows
        if row["collection"] == "risk_zones"
    ]


ONE = [(1, None, "yes")]
BOTH = [(1, "甲", "yes"), (2, "乙", "not_assessed")]


def test_an_address_asks_the_question(asked: TestClient) -> None:
    answer = asked.get("/check", params={"geometry": "113.75,23"})
    assert answer.status_code == 200, answer.text
    assert zones(answer.json()) == ONE
    same = asked.get("/questions/check", params={"geometry": "113.75,23"}).json()
    assert answer.json()["features"] == same["features"]
    assert zones(asked.get("/check", params={"feature": "risk_zones/Z1"}).json())[0][2] == "yes"


@pytest.mark.parametrize("route", ["/check", "/questions/check"])
def test_json_may_hold_the_geometry_as_an_object(asked: TestClient, route: str) -> None:
    answer = asked.post(route, json={"geometry": POINT, "distance_m": 10})
    assert zones(answer.json()) == ONE
    assert json.loads(answer.json()["parameters"]["geometry"]) == POINT


def test_a_form_with_a_file_checks_each_feature(asked: TestClient) -> None:
    answer = asked.post("/check", files={"file": ("两处.geojson", FILE)}, data={"distance_m": "9"})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert zones(document) == BOTH
    assert document["parameters"]["distance_m"] == 9
    assert document["parameters"]["file"].startswith("两处.geojson")


def test_a_file_can_be_the_body(asked: TestClient) -> None:
    headers = {"content-type": "application/geo+json"}
    answer = asked.post("/check?distance_m=9", content=FILE, headers=headers)
    assert zones(answer.json()) == BOTH
    table = "name,lon,lat\n甲,113.75,23\n乙,113.95,23\n".encode()
    headers = {"content-type": "text/csv; charset=utf-8"}
    answer = asked.post("/check?source_crs=4490", content=table, headers=headers)
    assert zones(answer.json()) == BOTH


def test_the_answer_about_a_file_comes_as_a_file_too(asked: TestClient) -> None:
    answer = asked.post("/check?f=csv", files={"file": ("a.geojson", FILE)})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.count(',"risk_zones",') == 2


def test_the_page_has_a_form_for_a_file_in_both_languages(asked: TestClient) -> None:
    html = {"accept": "text/html"}
    for language, word in (("en", "Check each feature of a file"), ("zh", "核查文件中的每个要素")):
        page = asked.get(f"/check?lang={language}", headers=html)
        assert page.status_code == 200
        assert word in page.text
        assert 'type="file"' in page.text
    page = asked.post(
        "/check?f=html&lang=zh", files={"file": ("a.geojson", FILE)}, data={"as_of": ""}
    )
    assert page.status_code == 200, page.text
    assert "not_assessed" in page.text
    assert "乙" in page.text


def test_a_suspicion_stands_on_the_page(asked: TestClient) -> None:
    page = asked.get("/check", params={"geometry": "2.35,48.85", "f": "html"})
    assert "outside-region" in page.text


def test_a_form_without_a_file_is_asked_like_an_address(asked: TestClient) -> None:
    parts = {"geometry": (None, "113.75,23")}
    assert zones(asked.post("/check", files=parts).json()) == ONE


@pytest.mark.parametrize(
    ("files", "data", "status", "code"),
    [
        ({"file": ("a.geojson", FILE)}, {"volume": "1"}, 400, "unknown-parameter"),
        ({"file": ("a.geojson", FILE)}, {"geometry": "113.75,23"}, 400, "unknown-parameter"),
        ({"file": ("a.exe", FILE)}, {}, 422, "unreadable-file"),
        ({"file": ("..", FILE)}, {}, 400, "bad-parameter"),
        ({"file": ("a.geojson", b" " * 5000)}, {}, 413, "too-large"),
        ({"file": ("a.csv", b"a,b\n1,2\n")}, {}, 422, "unreadable-file"),
        ({"file": ("a.csv", b"lon,lat\n113.75,23\n")}, {}, 400, "missing-crs"),
        (
            {"file": ("a.csv", b"lon,lat\n" + b"113.75,23\n" * 3)},
            {"source_crs": "4490"},
            413,
            "too-large",
        ),
    ],
)
def test_mistakes_are_named(
    asked: TestClient, files: dict, data: dict, status: int, code: str
) -> None:
    answer = asked.post("/check", files=files, data=data)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_body_of_another_type_and_an_empty_question_are_refused(asked: TestClient) -> None:
    headers = {"content-type": "application/x-thing"}
    assert asked.post("/check", content=b"x", headers=headers).status_code == 415
    assert asked.get("/check?f=json").json()["code"] == "missing-parameter"
    assert asked.post("/check", json={}).json()["code"] == "missing-parameter"
    assert asked.get("/check?geometry=23,113.75").json()["code"] == "bad-geometry"
    assert asked.get("/check?feature=risk_zones/none").status_code == 404
    assert asked.put("/check", content=io.BytesIO(b"")).status_code == 405
