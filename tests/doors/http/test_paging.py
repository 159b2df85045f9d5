import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from geoservice.description.collection import FieldType
from tests.doors.http.conftest import ITEMS, ROWS, probes, rows

SORTABLE = [f.name for f in probes.public_fields if not f.many and f.type != FieldType.GEOMETRY]


def every_page(client: TestClient, url: str) -> list[dict[str, Any]]:
    pages = []
    while url:
        answer = client.get(url)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json())
        url = next((each["href"] for each in pages[-1]["links"] if each["rel"] == "next"), "")
        in_header = 'rel="next"' in answer.headers["link"]
        assert in_header == bool(url)
    return pages


@pytest.mark.parametrize("sign", ["+", "-"])
@pytest.mark.parametrize("field", SORTABLE)
def test_every_sort_order_gives_each_feature_once(
    client: TestClient, field: str, sign: str
) -> None:
    pages = every_page(client, f"{ITEMS}?limit=170&sortby={'%2B' if sign == '+' else '-'}{field}")
    features = [feature for page in pages for feature in page["features"]]
    ids = [feature["id"] for feature in features]
    assert len(ids) == len(set(ids)) == ROWS
    values = [feature["properties"][field] for feature in features]
    there = [value for value in values if value is not None]
    assert values[len(there) :] == [None] * (ROWS - len(there)), "missing values come last"
    assert there == sorted(there, reverse=sign == "-")


def test_two_keys_and_ties_are_ordered_within_each_other(client: TestClient) -> None:
    pages = every_page(client, f"{ITEMS}?limit=400&sortby=kind,-floors")
    found = [
        (f["properties"]["kind"], f["properties"]["floors"]) for p in pages for f in p["features"]
    ]
    last = "~"
    expected = sorted(
        found, key=lambda pair: (pair[0] or last, -(pair[1] if pair[1] is not None else -99))
    )
    assert found == expected
    assert len(found) == ROWS


def test_pages_of_a_filter_add_up_to_its_exact_count(client: TestClient) -> None:
    pages = every_page(client, f"{ITEMS}?limit=7&filter=floors%20%3E%2020%20AND%20kind%20%3D%20'a'")
    expected = sum(1 for r in rows() if (r["floors"] or 0) > 20 and r["kind"] == "a")
    assert 14 < expected == sum(page["numberReturned"] for page in pages)
    assert {page["numberMatched"] for page in pages} == {expected}


def test_a_count_beyond_the_limit_says_that_it_is_more(client: TestClient) -> None:
    page = client.get(f"{ITEMS}?limit=10&filter=floors>=-3").json()
    assert "numberMatched" not in page
    assert page["matched"] == {"certainty": "at least", "number": 301, "text": "more than 300"}


def test_a_count_at_the_limit_is_exact_and_one_beyond_is_not(client: TestClient) -> None:
    at_limit = client.get(f"{ITEMS}?filter=%22limit%22<300").json()
    beyond = client.get(f"{ITEMS}?filter=%22limit%22<301").json()
    assert at_limit["numberMatched"] == 300
    assert beyond["matched"]["certainty"] == "at least"


def test_an_exact_count_can_be_asked_for_and_no_count_too(client: TestClient) -> None:
    where = "filter=floors>=-3&limit=10"
    expected = sum(1 for row in rows() if row["floors"] is not None)
    exact = client.get(f"{ITEMS}?{where}&count=exact")
    assert exact.json()["numberMatched"] == expected
    assert exact.headers["ogc-numbermatched"] == str(expected)
    none = client.get(f"{ITEMS}?{where}&count=none").json()
    assert none["matched"]["certainty"] == "not counted"
    assert "numberMatched" not in none


def test_the_whole_collection_is_counted_exactly(client: TestClient) -> None:
    assert client.get(f"{ITEMS}?limit=1").json()["numberMatched"] == ROWS


def test_the_second_page_repeats_what_the_first_has_counted(client: TestClient) -> None:
    pages = every_page(client, f"{ITEMS}?limit=500&filter=floors>=-3")
    assert len(pages) == 3
    assert {json.dumps(page["matched"]) for page in pages} == {json.dumps(pages[0]["matched"])}


def test_offset_skips_and_pages_go_on_behind_it(client: TestClient) -> None:
    everything = [f["id"] for p in every_page(client, f"{ITEMS}?limit=500") for f in p["features"]]
    behind = [
        f["id"] for p in every_page(client, f"{ITEMS}?limit=500&offset=300") for f in p["features"]
    ]
    assert behind == everything[300:]


def test_limit_is_clamped_at_the_maximum_and_not_below(client: TestClient) -> None:
    assert client.get(f"{ITEMS}?limit=500").json()["numberReturned"] == 500
    assert client.get(f"{ITEMS}?limit=501").json()["numberReturned"] == 500
    assert client.get(f"{ITEMS}?limit=99999999999999999999").json()["numberReturned"] == 500
    assert client.get(ITEMS).json()["numberReturned"] == 100


def test_paging_in_the_past_gives_each_feature_once(client: TestClient) -> None:
    pages = every_page(client, f"{ITEMS}?limit=500&known_at=2099-01-01T00:00:00Z&sortby=floors")
    ids = {feature["id"] for page in pages for feature in page["features"]}
    assert len(ids) == ROWS
    before = client.get(f"{ITEMS}?known_at=2001-01-01T00:00:00Z").json()
    assert before["features"] == []
    assert before["numberMatched"] == 0


@pytest.mark.parametrize(
    "cursor",
    ["x", "!!!", "e30", "W10", "bnVsbA", "A" * 20000, "中文"],
)
def test_a_forged_page_token_is_refused(client: TestClient, cursor: str) -> None:
    answer = client.get(ITEMS, params={"cursor": cursor, "limit": "10"})
    assert answer.status_code == (414 if len(cursor) > 8000 else 400)


def test_a_page_token_of_another_query_is_refused(client: TestClient) -> None:
    page = client.get(f"{ITEMS}?limit=10&filter=floors>1").json()
    url = next(each["href"] for each in page["links"] if each["rel"] == "next")
    answer = client.get(url.replace("floors%3E1", "floors%3E2"))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor")
    assert client.get(url.replace("probes", "shapes")).status_code == 400
    assert client.get(url.replace("limit=10", "limit=20")).status_code == 200


def test_a_page_token_with_a_value_of_another_type_never_reaches_the_database(
    client: TestClient,
) -> None:
    import base64

    page = client.get(f"{ITEMS}?limit=10&sortby=floors").json()
    url = next(each["href"] for each in page["links"] if each["rel"] == "next")
    token = url.split("cursor=")[1].split("&")[0]
    parts = json.loads(base64.urlsafe_b64decode(token + "=="))
    for value in ("abc", "1; drop table", "99999999999", "\0", 5, [], "1.5"):
        parts[2] = value
        forged = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
        answer = client.get(url.replace(token, forged))
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-cursor"), value
