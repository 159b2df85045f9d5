"""Questions over HTTP: list, form, answer in each shape, mistakes."""

import io
from collections.abc import Iterator
from datetime import date

import pytest
from starlette.testclient import TestClient

from geoservice.catalog import Catalog
from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from tests.conftest import Adding

NEAR = "/questions/near"
PAIR = {"this": "hazard_sites", "that": "facilities", "distance_m": "500"}


@pytest.fixture(scope="module")
def asked(module_database: Database, add_for_module: Adding) -> Iterator[TestClient]:
    """A client of a service with one school, and sites some 51 m and 5 km from it."""
    catalog = Catalog()
    school = {
        "facility_no": "F1",
        "name": '学校 "一"',
        "kind": "primary_school",
        "status": "operating",
    }
    add_for_module(catalog["facilities"], geom="POINT(113.75 23.02)", **school)
    for number, x in enumerate((113.7505, 113.80)):
        add_for_module(
            catalog["hazard_sites"],
            site_no=f"44190010000{number}",
            name=f"点{number}",
            register_kind="hidden_danger",
            registered_on=date(2020, 1, 1),
            type_set="hazard_type_a",
            type_code="01",
            geom=f"POINT({x} 23.02)",
        )
    app = create_app(Settings(database_url=None), Limits(), database=module_database)
    with TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 1)) as client:
        client.headers["accept-language"] = "en"
        yield client


def test_all_questions_are_listed_with_their_parameters(asked: TestClient) -> None:
    found = asked.get("/questions").json()["questions"]
    assert found[0]["id"] == "remediation_sites_near_schools"
    for question in found:
        assert question["title"]
        assert question["method"]
        assert all(each["schema"]["type"] for each in question["parameters"])
        assert asked.get(question["links"][0]["href"] + "?limit=0").status_code == 400


def test_an_answer_echoes_every_default_and_accounts_for_itself(asked: TestClient) -> None:
    answer = asked.get(NEAR, params=PAIR)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document["question"] == "near"
    assert document["parameters"]["distance_m"] == 500
    assert document["parameters"]["metric"] == "geodesic"
    for name in (
        "data_version",
        "as_of",
        "known_at",
        "method",
        "counts",
        "coverage",
        "issues",
        "links",
    ):
        assert name in document
    assert document["numberReturned"] == len(document["features"]) == 1
    assert document["features"][0]["properties"]["distance_m"] == pytest.approx(51.27, abs=0.05)


def test_a_posted_body_asks_the_same(asked: TestClient) -> None:
    by_get = asked.get(NEAR, params=PAIR).json()
    body = {**PAIR, "distance_m": 500}
    for content in (body, {"inputs": body}):
        by_post = asked.post(NEAR, json=content).json()
        assert by_post["features"] == by_get["features"]
        assert by_post["parameters"] == by_get["parameters"]


@pytest.mark.parametrize(
    "content", ["", "[]", "{", "1", '{"distance_m": NaN}', "\ud800", "[" * 200_000]
)
def test_a_body_that_is_no_object_is_refused(asked: TestClient, content: str) -> None:
    raw = content.encode("utf-8", "surrogatepass")
    answer = asked.post(NEAR, content=raw, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_a_body_of_another_type_is_refused(asked: TestClient) -> None:
    assert asked.post(NEAR, data={"distance_m": "1"}).status_code == 415


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"distance_m": "-1"}, "out-of-range"),
        ({"distance_m": "NaN"}, "bad-parameter"),
        ({"distance_m": "1e12"}, "out-of-range"),
        ({"distance_n": "1"}, "unknown-parameter"),
        ({"this": "secrets"}, "unknown-collection"),
        ({"crs": "EPSG:1"}, "unknown-crs"),
        ({"f": "exe"}, "unknown-format"),
        ({"cursor": "zzz"}, "bad-cursor"),
        ({"as_of": "2021-02-30"}, "bad-datetime"),
    ],
)
def test_mistakes_are_named(asked: TestClient, changes: dict[str, str], code: str) -> None:
    answer = asked.get(NEAR, params={**PAIR, **changes})
    assert answer.status_code in (400, 404)
    assert answer.json()["code"] == code


def test_a_missing_parameter_is_named(asked: TestClient) -> None:
    assert asked.get(f"{NEAR}?this=hazard_sites").json()["code"] == "missing-parameter"


def test_an_unknown_question_is_not_found(asked: TestClient) -> None:
    assert asked.get("/questions/why").json()["code"] == "unknown-question"


def test_an_answer_comes_as_features(asked: TestClient) -> None:
    features = asked.get(NEAR, params={**PAIR, "f": "geojson"})
    assert features.headers["content-type"] == "application/geo+json"
    assert features.json()["type"] == "FeatureCollection"
    assert b'\\"' not in features.content


def test_an_answer_comes_as_files(asked: TestClient) -> None:
    table = asked.get(NEAR, params={**PAIR, "f": "csv"})
    assert table.headers["content-type"].startswith("text/csv")
    assert table.headers["content-disposition"] == 'attachment; filename="near.csv"'
    assert len(table.text.strip().splitlines()) == 2
    by_header = asked.get(NEAR, params=PAIR, headers={"accept": "text/csv"})
    assert by_header.text == table.text

    import pyarrow as pa

    arrow = asked.get(NEAR, params={**PAIR, "f": "arrow"})
    assert pa.ipc.open_stream(io.BytesIO(arrow.content)).read_all().num_rows == 1


def test_a_browser_gets_the_form_first_and_the_answer_then(asked: TestClient) -> None:
    form = asked.get(
        "/questions/remediation_sites_near_schools", headers={"accept": "text/html"}
    ).text
    assert '<input id="p-distance_m" name="distance_m" value="500' in form
    assert "Nothing matches" not in form
    answer = asked.get(NEAR, params={**PAIR, "f": "html"}).text
    assert "51." in answer
    assert "<img" not in answer
