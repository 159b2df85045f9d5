"""Pages for people and the description for programs."""

import json
import re

import pytest
from openapi_spec_validator import validate
from starlette.testclient import TestClient

from geoservice.doors.http.documentation import known_errors
from geoservice.doors.http.presentation import plainly_escaped
from tests.doors.http.conftest import HOSTILE, ITEMS

PAGES = [
    *("/", "/conformance", "/collections", "/collections/probes", ITEMS, "/questions"),
    *("/collections/probes/schema", "/collections/probes/queryables", "/docs", "/docs/errors"),
    "/questions/remediation_sites_near_schools",
]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_in_both_languages_without_anything_from_elsewhere(
    client: TestClient, path: str, language: str
) -> None:
    answer = client.get(f"{path}?lang={language}", headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}' in answer.text
    for address in re.findall(r'(?:src|href|action)="([^"]+)"', answer.text):
        assert address.startswith(("http://127.0.0.1:8000/", "#", "data:")), address
    assert "<script>" not in answer.text
    assert " style=" not in answer.text


def test_hostile_texts_are_shown_and_not_run(client: TestClient) -> None:
    page = client.get(f"{ITEMS}?limit=500&f=html").text
    id = next(
        f["id"]
        for f in client.get(f"{ITEMS}?limit=500").json()["features"]
        if f["properties"]["name"] == HOSTILE
    )
    alone = client.get(f"{ITEMS}/{id}?f=html").text
    for text in (page, alone, client.get("/collections?f=html").text, client.get("/?f=html").text):
        assert "<img" not in text
        assert "<b>" not in text
    assert "&lt;img src=x onerror=alert(1)&gt; {{7*7}}" in alone
    reflected = client.get(f"{ITEMS}?f=html&name=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in reflected


def test_a_table_shows_titles_and_meanings_of_codes(client: TestClient) -> None:
    page = client.get(f"{ITEMS}?f=html&kind=b&limit=5").text
    assert "The floors" in page
    assert "Second" in page
    assert "(m)" in page
    assert 'rel="next"' in page
    assert "do not tell" not in page


def test_quotes_and_backslashes_are_written_as_unicode_escapes(client: TestClient) -> None:
    answer = client.get(f"{ITEMS}?limit=500")
    assert b'\\"' not in answer.content
    assert b"\\\\" not in answer.content
    assert b"\\u0022quoted\\u0022" in answer.content
    names = [f["properties"]["name"] for f in answer.json()["features"]]
    assert HOSTILE in names


@pytest.mark.parametrize("text", ['"', "\\", '\\"', '\\\\"', "\n\\n", '"\\u0022', "a\\\\b"])
def test_the_escapes_mean_the_same_text(text: str) -> None:
    written = plainly_escaped(json.dumps([text, {"k": text}]).encode())
    assert json.loads(written) == [text, {"k": text}]
    assert b'\\"' not in written
    assert b"\\\\" not in written


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_description_is_valid_openapi_3_0(client: TestClient, language: str) -> None:
    document = client.get(f"/api?lang={language}").json()
    assert document["openapi"].startswith("3.0")
    validate(document)


def test_the_description_holds_what_clients_read_where_they_read_it(client: TestClient) -> None:
    answer = client.get("/api")
    document = answer.json()
    limit = document["components"]["parameters"]["limit"]
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 500, "default": 100}
    assert (limit["style"], limit["explode"], limit["required"]) == ("form", False, False)
    box = document["components"]["parameters"]["bbox"]["schema"]
    assert (box["type"], box["minItems"], box["maxItems"]) == ("array", 4, 6)
    assert document["components"]["parameters"]["datetime"]["schema"] == {"type": "string"}
    assert "cql-text" in document["components"]["parameters"]["filter-lang"]["schema"]["enum"]
    own = document["paths"]["/collections/probes/items"]["get"]["parameters"]
    references = {each.get("$ref") for each in own}
    for name in ("limit", "bbox", "datetime", "filter", "filter-lang", "crs"):
        assert f"#/components/parameters/{name}" in references
    assert {each["name"] for each in own if "name" in each} >= {"kind", "floors", "名称"}
    assert not re.search(r'"\$ref":"[^#]', answer.text), "no reference leads elsewhere"
    for path in ("/conformance", "/collections", "/collections/{collectionId}"):
        assert path in document["paths"]
    assert "/collections/{collectionId}/items/{featureId}" in document["paths"]
    # Clients load it for each layer, so it grows by no more than what is listed.
    listed = [
        path for path in document["paths"] if re.fullmatch("/collections/[a-z_0-9]+/items", path)
    ]
    asked = [path for path in document["paths"] if re.fullmatch("/questions/[a-z_]+", path)]
    assert len(answer.content) < 50_000 + 3_000 * len(listed) + 4_000 * len(asked)


def test_every_question_is_described_with_typed_parameters(client: TestClient) -> None:
    paths = client.get("/api").json()["paths"]
    operation = paths["/questions/remediation_sites_near_schools"]["get"]
    distance = next(each for each in operation["parameters"] if each.get("name") == "distance_m")
    assert distance["schema"]["type"] == "number"
    assert distance["schema"]["default"] == 500
    assert "post" in paths["/questions/remediation_sites_near_schools"]


def test_every_error_has_its_page(client: TestClient) -> None:
    for code in known_errors():
        assert code in client.get(f"/docs/errors/{code}").text
    assert client.get("/docs/errors/none").status_code == 404


@pytest.mark.parametrize(
    "name", ["..%2f..%2fapp.py", "app.py", "%2e%2e/app.py", "swagger-ui.js.map"]
)
def test_only_the_named_files_are_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404
