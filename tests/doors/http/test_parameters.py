"""Hostile and mistaken parameters: each is refused with a reason, none reaches the database."""

import pytest
from starlette.testclient import TestClient

from tests.doors.http.conftest import ITEMS


def problem(client: TestClient, url: str, status: int = 400) -> dict[str, object]:
    answer = client.get(url)
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, object] = answer.json()
    assert set(found) == {
        *("type", "title", "status", "detail", "instance", "code", "errors", "request_id", "lang")
    }
    assert found["status"] == status
    for leak in ("Traceback", "SELECT", "psycopg", "/geoservice/"):
        assert leak not in answer.text
    assert client.get("/healthz").status_code == 200
    return found


@pytest.mark.parametrize(
    "url",
    [
        f"{ITEMS}?filter=name%3D%27a%00b%27",
        f"{ITEMS}?name=%00",
        f"{ITEMS}/%00",
        "/collections/%00",
        f"{ITEMS}?filter=%ff%fe",
        f"{ITEMS}?name=%ed%a0%80",
        f"{ITEMS}?n%00ame=1",
        f"{ITEMS}?filter=name%20LIKE%20'50%'",
    ],
)
def test_nul_and_broken_utf_8_are_refused(client: TestClient, url: str) -> None:
    problem(client, url)


@pytest.mark.parametrize("offset", ["1000000000000000", "-1", "abc", "1.5", "1001"])
def test_an_offset_out_of_bounds_is_refused(client: TestClient, offset: str) -> None:
    problem(client, f"{ITEMS}?offset={offset}")


def test_an_offset_at_the_limit_is_honoured(client: TestClient) -> None:
    assert client.get(f"{ITEMS}?offset=1000&limit=1").status_code == 200


@pytest.mark.parametrize(
    "box",
    [
        *(
            "NaN,NaN,NaN,NaN",
            "inf,0,1,1",
            "1,2,3",
            "1,2,3,4,5",
            "1,2,3,4,5,6,7",
            "",
            ",,,",
            "a,b,c,d",
        ),
        *("0,10,1,5", "1e308,0,1e309,1", "-1e308,0,1e308,1", "0,0,9,1,1,3", "1 2 3 4", "0x1,0,1,1"),
        *("१,0,1,1", "1,2,3,4" + "0" * 5000, "1_0,0,20,1"),
    ],
)
def test_a_box_that_is_none_is_refused(client: TestClient, box: str) -> None:
    answer = client.get(ITEMS, params={"bbox": box})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-bbox")


def test_a_box_outside_the_area_of_its_crs_is_refused_or_empty(client: TestClient) -> None:
    crs = "http://www.opengis.net/def/crs/EPSG/0/4547"
    for box in ("1e30,1e30,1e31,1e31", "1e12,1e12,2e12,2e12"):
        answer = client.get(ITEMS, params={"bbox": box, "bbox-crs": crs})
        assert answer.status_code in (200, 400)
        assert answer.status_code == 400 or answer.json()["features"] == []


@pytest.mark.parametrize(
    "text",
    [
        *("9999999-01-01", "2004-01-01/2003-01-01", "2003-13-01", "2003-02-29", "yesterday", "/"),
        *(
            "2003",
            "2003-01-01/2003-01-02/2003-01-03",
            "",
            "P2D",
            "P2D/P3D",
            "../P2D",
        ),
        *("2003-01-01/P", "2003-01-01/PT", "2003-01-01/P99999999999D", "2" * 5_000),
        *(
            "2003-01-01T00:00:00",
            "2003-01-01T25:00:00Z",
            "2003-01-01T00:00:00+99:00",
            "9999-12-31/P9999Y",
        ),
    ],
)
def test_a_time_that_is_none_is_refused(client: TestClient, text: str) -> None:
    answer = client.get(ITEMS, params={"datetime": text})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-datetime")


def test_an_interval_open_on_both_sides_selects_everything(client: TestClient) -> None:
    whole = client.get(f"{ITEMS}?limit=1").json()["numberMatched"]
    assert client.get(f"{ITEMS}?limit=1&datetime=../..").json()["numberMatched"] == whole


@pytest.mark.parametrize("name", ["as_of", "known_at"])
@pytest.mark.parametrize("text", ["", "x", "2003-02-30", "2003-01-01T00:00:00", "0000-01-01"])
def test_days_and_instants_are_strict(client: TestClient, name: str, text: str) -> None:
    assert client.get(ITEMS, params={name: text}).status_code == 400


@pytest.mark.parametrize(
    "query",
    ["limit=10&limit=9999", "filter=a&filter=b", "f=json&f=html", "lang=zh&lang=en", "x=1&x=2"],
)
def test_a_repeated_parameter_is_refused(client: TestClient, query: str) -> None:
    found = problem(client, f"{ITEMS}?{query}")
    assert found["code"] == "repeated-parameter"


@pytest.mark.parametrize(
    "text", ["secret", "geom", "tags", "uid;drop", "name,name", "", "+", "name desc"]
)
def test_sorting_by_what_cannot_be_sorted_by_is_refused(client: TestClient, text: str) -> None:
    answer = client.get(ITEMS, params={"sortby": text})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-sort")


@pytest.mark.parametrize("text", ["secret", "nothing", "name,,kind", "__class__", "geom::text"])
def test_unknown_and_private_properties_are_refused(client: TestClient, text: str) -> None:
    assert client.get(ITEMS, params={"properties": text}).json()["code"] == "unknown-property"


def test_many_repeated_properties_are_refused(client: TestClient) -> None:
    answer = client.get(ITEMS, params={"properties": ",".join(["name"] * 900)})
    assert answer.status_code == 400


@pytest.mark.parametrize("text", ["secret = 'do not tell'", "secret IS NULL", "passwords.hash = 1"])
def test_a_private_field_cannot_be_asked_about(client: TestClient, text: str) -> None:
    answer = client.get(ITEMS, params={"filter": text})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-property")
    assert client.get(f"{ITEMS}?secret=do%20not%20tell").status_code == 400


def test_injections_are_values(client: TestClient) -> None:
    for text in ("x' OR 1=1 --", "'; DROP TABLE x; --", "%' OR '1'='1", "x\\' OR 1=1 --"):
        found = client.get(ITEMS, params={"name": text}).json()
        assert found["numberMatched"] == 0


@pytest.mark.parametrize(
    "query", ["f=exe", "lang=fr", "filter-lang=sql", "count=maybe", "skipGeometry=1"]
)
def test_words_outside_their_choices_are_refused(client: TestClient, query: str) -> None:
    found = problem(client, f"{ITEMS}?{query}")
    assert found["errors"][0]["allowed"]  # type: ignore[index]


def test_a_plus_is_a_plus_where_blanks_are_percent_20_and_else_a_blank(client: TestClient) -> None:
    raw = client.get(f"{ITEMS}?filter=(floors%20%3D%202+3)&count=exact").json()["numberMatched"]
    assert raw == client.get(f"{ITEMS}?floors=5&count=exact").json()["numberMatched"] > 0
    form = client.get(f"{ITEMS}?filter=floors+%3D+5&count=exact").json()["numberMatched"]
    assert form == raw
    assert client.get(f"{ITEMS}?filter=name%20%3D%20'a;b'").status_code == 200


def test_a_raw_plus_in_an_offset_or_a_sort_is_understood(client: TestClient) -> None:
    assert client.get(f"{ITEMS}?known_at=2099-01-01T00:00:00+08:00").status_code == 200
    values = [
        f["properties"]["floors"] for f in client.get(f"{ITEMS}?sortby=+floors").json()["features"]
    ]
    assert values == sorted(values)


def test_all_filter_languages_are_read(client: TestClient) -> None:
    json_text = '{"op":"=","args":[{"property":"floors"},5]}'
    counts = {
        client.get(ITEMS, params={"filter": text, "filter-lang": lang, "count": "exact"}).json()[
            "numberMatched"
        ]
        for lang, text in (
            ("cql2-text", "floors=5"),
            ("cql-text", "floors=5"),
            ("cql2-json", json_text),
        )
    }
    assert len(counts) == 1


def test_hostile_filters_are_refused_and_the_process_lives(client: TestClient) -> None:
    for text in ("NOT (" * 500, "(" * 2000, "floors=1 OR " * 257 + "floors=1"):
        assert client.get(ITEMS, params={"filter": text}).status_code == 400
        assert client.get("/healthz").status_code == 200
