"""The protocol: methods, limits, headers, validators, languages, and what is never believed."""

import json
import logging

import pytest
from pydantic import HttpUrl
from starlette.testclient import TestClient

from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from tests.doors.http.conftest import ITEMS, insert, shapes

PATHS = [
    *("/", "/conformance", "/api", "/collections", "/collections/probes", ITEMS, "/questions"),
    *(
        "/collections/probes/schema",
        "/collections/probes/queryables",
        "/imports",
        "/healthz",
        "/readyz",
    ),
    *(
        "/docs",
        "/docs/errors",
        "/docs/errors/bad-bbox",
        "/static/style.css",
        "/docs/assets/swagger-ui.css",
    ),
]


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/imports"])
def test_head_answers_like_get_without_a_body(client: TestClient, path: str) -> None:
    get, head = client.get(path), client.head(path)
    assert get.status_code == head.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize("path", PATHS)
def test_options_names_every_method(client: TestClient, path: str) -> None:
    answer = client.options(path)
    assert answer.status_code == 204
    posts = ", POST" if path == "/imports" else ""
    assert answer.headers["allow"] == f"GET, HEAD, OPTIONS{posts}"


@pytest.mark.parametrize("path", [path for path in PATHS if path not in ("/imports", ITEMS)])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_other_methods_are_refused_with_those_that_are_allowed(
    client: TestClient, path: str, method: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_method_in_a_header_is_not_believed(client: TestClient) -> None:
    answer = client.post("/collections", headers={"x-http-method-override": "GET"})
    assert answer.status_code == 405


def test_a_slash_at_the_end_makes_no_difference(client: TestClient) -> None:
    assert client.get("/collections/", follow_redirects=False).status_code == 200
    assert client.get("//").status_code == 200


def test_a_url_at_the_limit_is_read_and_one_byte_more_is_not(client: TestClient) -> None:
    room = 8192 - len(f"{ITEMS}name=")
    assert client.get(f"{ITEMS}?name={'a' * room}").status_code == 200
    answer = client.get(f"{ITEMS}?name={'a' * (room + 1)}")
    assert (answer.status_code, answer.json()["code"]) == (414, "url-too-long")


def test_a_body_beyond_its_limit_is_refused(served: Database) -> None:
    app = create_app(Settings(database_url=None), Limits(max_json_body=1024), database=served)
    with TestClient(app, client=("127.0.0.1", 1)) as client:
        url = "/questions/remediation_sites_near_schools"
        at_limit = json.dumps({"distance_m": 500}).ljust(1024)
        kind = {"content-type": "application/json"}
        assert client.post(url, content=at_limit, headers=kind).status_code == 200
        answer = client.post(url, content=at_limit + " ", headers=kind)
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")

        def blocks():  # no Content-Length
            for _ in range(3):
                yield b" " * 500

        assert client.post(url, content=blocks(), headers=kind).status_code == 413


def test_a_compressed_body_is_refused(client: TestClient) -> None:
    answer = client.post(
        "/questions/near",
        content=b"x",
        headers={"content-encoding": "gzip", "content-type": "application/json"},
    )
    assert answer.status_code == 415


def test_every_answer_carries_safe_headers_and_a_request_id(client: TestClient) -> None:
    for path in ("/", ITEMS, "/nothing", f"{ITEMS}?x=1"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert len(headers["x-request-id"]) == 32
        assert headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize("origin", ["null", "https://evil.example"])
def test_a_preflight_allows_reading_and_nothing_else(client: TestClient, origin: str) -> None:
    headers = {"origin": origin, "access-control-request-method": "GET"}
    assert (
        client.options(ITEMS, headers=headers).headers["access-control-allow-methods"]
        == "GET, HEAD"
    )
    headers["access-control-request-method"] = "POST"
    assert "access-control-allow-methods" not in client.options("/imports", headers=headers).headers


def test_links_use_the_public_address_whatever_the_client_says(served: Database) -> None:
    settings = Settings(database_url=None, public_url=HttpUrl("https://geo.example/gis/"))
    with TestClient(create_app(settings, Limits(), database=served)) as client:
        evil = {
            "host": "evil.example",
            "x-forwarded-host": "evil.example",
            "x-forwarded-proto": "gopher",
            "forwarded": "host=evil.example",
            "x-original-url": "/evil",
        }
        for path in (
            "/",
            "/collections",
            "/collections/probes",
            f"{ITEMS}?limit=1",
            "/api",
            "/questions",
        ):
            text = client.get(path, headers=evil).text
            assert "evil" not in text
            assert "https://geo.example/gis" in text
        page = client.get("/", headers={**evil, "accept": "text/html"}).text
        assert "evil" not in page


def test_a_host_that_is_no_host_is_not_repeated(client: TestClient) -> None:
    for host in ('"><script>', "a b", "evil\\@x"):
        assert host not in client.get("/", headers={"host": host}).text


def test_forwarded_headers_of_anybody_are_not_believed(client: TestClient) -> None:
    text = client.get(
        "/", headers={"x-forwarded-host": "evil.example", "x-forwarded-proto": "https"}
    ).text
    assert "evil" not in text
    assert "https://" not in text


def test_an_unchanged_page_is_not_sent_again(served: Database, client: TestClient) -> None:
    url = "/collections/shapes/items?limit=2"
    first = client.get(url)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    assert client.get(url).headers["etag"] == tag
    for validator in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(url, headers={"if-none-match": validator})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert client.get(url, headers={"if-none-match": '"other"'}).status_code == 200
    for other in (f"{url}&lang=zh", "/collections/shapes/items?limit=3", f"{url}&name=x"):
        assert client.get(other).headers["etag"] != tag
    insert(served, shapes, [{"name": "new", "geom": None}])
    changed = client.get(url, headers={"if-none-match": tag})
    assert changed.status_code == 200
    assert changed.json()["numberMatched"] == first.json()["numberMatched"] + 1


def test_a_feature_has_a_validator_with_its_version(client: TestClient) -> None:
    id = client.get(f"{ITEMS}?limit=1").json()["features"][0]["id"]
    answer = client.get(f"{ITEMS}/{id}")
    assert answer.headers["etag"].startswith('"v1-')
    again = client.get(f"{ITEMS}/{id}", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_answer_says_what_it_depends_on(client: TestClient) -> None:
    assert client.get(ITEMS).headers["vary"].startswith("Accept, Accept-Language")


def test_texts_are_compressed_for_those_who_accept_it(client: TestClient) -> None:
    answer = client.get(ITEMS, headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json()["numberReturned"] == 100
    assert (
        "content-encoding" not in client.get(ITEMS, headers={"accept-encoding": "identity"}).headers
    )


def test_the_language_follows_the_parameter_then_the_header(client: TestClient) -> None:
    def title(**headers: str) -> str:
        return str(client.get("/collections/towns", headers=headers).json()["title"])

    assert title(**{"accept-language": "en"}) == "Towns, subdistricts and parks"
    assert title(**{"accept-language": "zh-CN,en;q=0.5"}) == "镇街与园区"
    assert title(**{"accept-language": "fr, *"}) == "镇街与园区"
    answer = client.get("/collections/towns?lang=zh", headers={"accept-language": "en"})
    assert answer.json()["title"] == "镇街与园区"
    assert answer.headers["content-language"] == "zh"


def test_errors_speak_the_language_of_the_caller(client: TestClient) -> None:
    for language, word in (("zh", "未知参数"), ("en", "Unknown parameter")):
        found = client.get("/?x=1", headers={"accept-language": language}).json()
        assert (found["title"], found["lang"]) == (word, language)
        assert found["type"].endswith("/docs/errors/unknown-parameter")
        assert client.get(found["type"]).status_code == 200


@pytest.mark.parametrize("value", ["en%0d%0aSet-Cookie:%20x=1", "zh%0aX: y", "x" * 3000])
def test_a_language_cannot_split_a_header(client: TestClient, value: str) -> None:
    answer = client.get(f"/?lang={value}")
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "accept",
    ["*/*;q=" + "9" * 10_000, "a/b, " * 3000, ";;;", "text", "", "*/*", "application/*;q=0.1"],
)
def test_an_odd_accept_gets_the_default(client: TestClient, accept: str) -> None:
    answer = client.get(
        "/collections", headers={"accept": accept, "accept-language": "zh;q=x, " * 2000}
    )
    assert answer.status_code in (200, 406)


def test_an_accept_that_leaves_nothing_is_refused(client: TestClient) -> None:
    answer = client.get("/collections", headers={"accept": "image/png"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")


def test_browsers_get_pages_and_programs_get_data(client: TestClient) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert (
        client.get("/", headers={"accept": browser}).headers["content-type"].startswith("text/html")
    )
    for path in ("/", "/collections", ITEMS):
        for accept in ("*/*", "application/json", "application/geo+json, application/json"):
            kind = client.get(path, headers={"accept": accept}).headers["content-type"]
            assert "json" in kind


def test_many_unknown_collections_leave_nothing_behind(client: TestClient) -> None:
    service = client.app.state.service  # type: ignore[attr-defined]
    before = len(service.facts._known), len(service.remembered)
    for number in range(200):
        assert client.get(f"/collections/random{number}/items").status_code == 404
    assert (len(service.facts._known), len(service.remembered)) == before


def test_the_log_is_one_line_of_json_without_values(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="geoservice.access"):
        client.get("/collections/a%0a%1b[31mb?filter=secretvalue&x=%0a")
    lines = [record.getMessage() for record in caplog.records if record.name == "geoservice.access"]
    assert len(lines) == 1
    assert "\n" not in lines[0]
    assert "\x1b" not in lines[0]
    entry = json.loads(lines[0])
    assert entry["path"] == "/collections/a\n\x1b[31mb"
    assert entry["status"] in (400, 404)
    assert "secretvalue" not in lines[0]


def test_a_fault_of_ours_is_told_without_its_insides(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(client.app.state.service.facts.__class__, "of_all", fail)  # type: ignore[attr-defined]
    answer = client.get("/collections")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "hunter2" not in answer.text
    assert answer.json()["request_id"] in caplog.text


def test_without_a_database_the_process_lives_and_says_when_to_come_back(limits: Limits) -> None:
    gone = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with TestClient(create_app(Settings(database_url=None), limits, database=gone)) as client:
        assert client.get("/healthz").status_code == 200
        for path in ("/readyz", "/collections", ITEMS):
            answer = client.get(path)
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "5"
    gone.close()
