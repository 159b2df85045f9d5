"""The quota ledger over HTTP: read by everybody, posted to by editors, once for each key."""

import json
import re

import pytest
from starlette.testclient import TestClient

from geoservice.access.keys import issue_key
from geoservice.access.principal import Role
from geoservice.access.users import add_user
from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from tests.ledger.books import TOWN_A, Books, allocate, entry, hold

ALLOCATE = {
    "entry_type": "allocate",
    "from_account": "S",
    "to_account": "C",
    "amount_m2": "600000.00",
    "booked_on": "2021-03-01",
    "document_no": "粤自然资〔2021〕1号",
}
TRANSFER = {
    "entry_type": "transfer",
    "from_account": "A",
    "to_account": "B",
    "amount_m2": "10.50",
    "booked_on": "2021-03-02",
}


@pytest.fixture
def books(database: Database) -> Books:
    books = Books(database)
    books.open()
    books.post(allocate("100000"), entry("distribute", "C", "A", "50000"))
    return books


KEYS: dict[str, str] = {}
"""Of users that stay in the database of the session while other data is taken away."""


def key_of(database: Database, name: str, role: Role, towns: list[str] | None) -> str:
    if name not in KEYS:
        add_user(database, f"ledger {name}", role, towns)
        KEYS[name] = issue_key(database, f"ledger {name}").text
    return KEYS[name]


@pytest.fixture
def clients(books: Books) -> dict[str, TestClient]:
    database = books.database
    settings = Settings(database_url=None, anonymous_role="public")
    app = create_app(settings, Limits(), database=database)
    found = {}
    for name, role, towns in (
        ("public", None, None),
        ("analyst", Role.ANALYST, None),
        ("town", Role.EDITOR, [TOWN_A]),
        ("editor", Role.EDITOR, None),
    ):
        client = TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 5))
        client.headers["accept-language"] = "en"
        if role is not None:
            client.headers["x-api-key"] = key_of(database, name, role, towns)
        found[name] = client
    return found


def posted(client: TestClient, *entries: dict, **headers: str):
    return client.post(
        "/ledger/entries", json={"reason": "test", "entries": list(entries)}, headers=headers
    )


def test_entries_are_posted_and_found_again(clients: dict[str, TestClient]) -> None:
    answer = posted(clients["editor"], ALLOCATE, TRANSFER)
    assert answer.status_code == 201, answer.text
    content = answer.json()
    assert [each["entry_no"] for each in content["entries"]] == [3, 4]
    assert content["entries"][1]["amount_m2"] == "10.50"
    again = clients["public"].get(answer.headers["location"]).json()
    assert again["entries"] == content["entries"]


def test_a_posting_with_a_key_is_made_once(clients: dict[str, TestClient]) -> None:
    key = {"Idempotency-Key": "k1"}
    first, second = (posted(clients["editor"], TRANSFER, **key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["idempotency-replayed"] == "true"
    assert first.content == second.content
    assert len(clients["public"].get("/ledger/entries").json()["entries"]) == 3
    assert posted(clients["editor"], ALLOCATE, **key).status_code == 422


def test_a_dry_run_stores_nothing(clients: dict[str, TestClient]) -> None:
    answer = clients["editor"].post("/ledger/entries?dry_run=true", json={"entries": [TRANSFER]})
    assert (answer.status_code, answer.json()["dry_run"], answer.json()["change"]) == (
        200,
        True,
        None,
    )
    assert len(clients["public"].get("/ledger/entries").json()["entries"]) == 2


@pytest.mark.parametrize(
    ("changes", "status", "code", "words"),
    [
        ({"amount_m2": "50000.01"}, 409, "overdraft", "49999.99"),
        ({"amount_m2": "1.001"}, 422, "rejected-feature", "two decimals"),
        ({"amount_m2": "1,5"}, 422, "rejected-feature", "separators"),
        ({"amount_m2": True}, 400, "malformed", "amount_m2"),
        ({"to_account": "X"}, 422, "rejected-feature", "X"),
        ({"entry_type": "give"}, 422, "rejected-feature", "give"),
        ({"to_account": "Ar"}, 422, "ledger-rule", "purpose"),
        ({"booked_on": "2021-02-30"}, 422, "rejected-feature", "2021-02-30"),
        ({"colour": "red"}, 400, "malformed", "colour"),
        ({"quota_rule": "none"}, 422, "rejected-feature", "none"),
    ],
)
def test_a_mistake_names_the_entry_and_what_is_wrong(
    clients: dict[str, TestClient], changes: dict, status: int, code: str, words: str
) -> None:
    good = TRANSFER | {"amount_m2": "0.01"}
    answer = posted(clients["editor"], good, TRANSFER | changes)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert words in problem["detail"]
    assert "entries/1" in problem["detail"]
    assert len(clients["public"].get("/ledger/entries").json()["entries"]) == 2


@pytest.mark.parametrize(
    "body", ["[]", "{}", '{"entries": []}', '{"entries": {}}', '{"entries": [1]}']
)
def test_a_body_without_entries_is_refused(clients: dict[str, TestClient], body: str) -> None:
    headers = {"content-type": "application/json"}
    assert (
        clients["editor"].post("/ledger/entries", content=body, headers=headers).status_code == 400
    )


def test_only_editors_post_and_those_of_a_town_only_what_is_theirs(
    clients: dict[str, TestClient], books: Books
) -> None:
    books.parcel("P1")
    assert posted(clients["public"], TRANSFER).status_code == 401
    assert posted(clients["analyst"], TRANSFER).status_code == 403
    assert posted(clients["town"], TRANSFER).status_code == 403
    held = {
        "entry_type": "hold",
        "from_account": "A",
        "to_account": "Ah",
        "amount_m2": 100.5,
        "booked_on": "2021-03-02",
        "quota_parcel": "P1",
        "expires_on": "2021-12-31",
    }
    answer = posted(clients["town"], held)
    assert answer.status_code == 201, answer.text
    assert answer.json()["entries"][0]["amount_m2"] == "100.50"
    assert clients["town"].post("/ledger/entries/1/reversal", json={}).status_code == 403
    options = clients["public"].options("/ledger/entries").headers["allow"]
    assert "POST" not in options


def test_an_entry_is_reversed_once(clients: dict[str, TestClient]) -> None:
    posted(clients["editor"], TRANSFER)
    answer = clients["editor"].post("/ledger/entries/3/reversal", json={"booked_on": "2021-04-01"})
    assert answer.status_code == 201, answer.text
    (back,) = answer.json()["entries"]
    assert (back["reverses"], back["from_account"], back["booked_on"]) == (3, "B", "2021-04-01")
    assert clients["editor"].post("/ledger/entries/3/reversal", json={}).status_code == 409
    assert clients["editor"].post("/ledger/entries/99/reversal", json={}).status_code == 404
    assert clients["editor"].post("/ledger/entries/x/reversal", json={}).status_code == 404
    shown = clients["public"].get("/ledger/entries?account=B").json()["entries"]
    assert [each["reversed_by"] for each in shown] == [4, None]


def test_balances_are_those_of_a_day_in_m2_and_mu(clients: dict[str, TestClient]) -> None:
    posted(clients["editor"], TRANSFER)
    public = clients["public"]

    def balance(**query: str) -> tuple[str, str]:
        found = public.get("/ledger/balances", params={"town": TOWN_A, **query}).json()
        (own,) = [each for each in found["balances"] if each["account_no"] == "A"]
        return own["balance_m2"], own["balance_mu"]

    assert balance() == ("49989.50", "74.9843")  # 49 989.5 · 15 / 10 000 = 74.98425
    assert balance(as_of="2021-03-01") == ("50000.00", "75.0000")
    assert balance(known_at="2021-01-01T00:00:00Z") == ("0.00", "0.0000")
    assert public.get("/ledger/balances?year=2022").json()["balances"][0]["year"] == 2022


@pytest.mark.parametrize(
    "query",
    [
        *(
            "balances?as_of=yesterday",
            "balances?year=21",
            "balances?level=moon",
            "balances?quota_kind=x",
        ),
        *("entries?cursor=x", "entries?posting=1", "entries?from=2021", "entries?known_at=now"),
        *("accounts?colour=red", "holds?expiring_by=x", "balances?account=A"),
    ],
)
def test_a_parameter_that_cannot_be_honoured_is_refused(
    clients: dict[str, TestClient], query: str
) -> None:
    assert clients["public"].get(f"/ledger/{query}").status_code == 400


def test_an_account_or_posting_that_is_not_there_is_not_found(
    clients: dict[str, TestClient],
) -> None:
    for path in (
        "entries?account=X",
        "postings/x",
        "postings/00000000-0000-7000-8000-000000000000",
    ):
        assert clients["public"].get(f"/ledger/{path}").status_code == 404, path


def test_entries_come_page_by_page(clients: dict[str, TestClient]) -> None:
    posted(clients["editor"], TRANSFER)
    url, numbers = "/ledger/entries?limit=2", []
    while url:
        content = clients["public"].get(url).json()
        numbers.append([each["entry_no"] for each in content["entries"]])
        url = next((each["href"] for each in content["links"] if each["rel"] == "next"), None)
    assert numbers == [[1, 2], [3]]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "path",
    ["", "/accounts", "/balances", "/holds", "/entries", "/entries?limit=1", "/postings/{posting}"],
)
def test_every_page_is_there_in_both_languages(
    clients: dict[str, TestClient], books: Books, path: str, language: str
) -> None:
    books.parcel("P1")
    posting = books.post(hold("P1", "10")).id
    mark = "&" if "?" in path else "?"
    answer = clients["public"].get(
        f"/ledger{path.format(posting=posting)}{mark}f=html&lang={language}"
    )
    assert answer.status_code == 200
    assert f'<html lang="{language}' in answer.text
    for address in re.findall(r'(?:src|href|action)="([^"]+)"', answer.text):
        assert address.startswith(("http://127.0.0.1:8000/", "#", "data:")), address


def test_the_ledger_says_what_each_type_moves(clients: dict[str, TestClient]) -> None:
    content = clients["public"].get("/ledger").json()
    use = next(each for each in content["entry_types"] if each["entry_type"] == "use")
    assert use["from"] == [{"level": "town", "state": "held"}]
    assert use["requires"] == ["quota_parcel", "approval_no"]
    assert {each["rel"] for each in content["links"]} >= {"ledger-accounts", "ledger-balances"}


def test_entries_are_read_like_any_collection_and_not_edited(
    clients: dict[str, TestClient],
) -> None:
    items = "/collections/quota_entries/items"
    found = clients["public"].get(f"{items}?entry_type=allocate").json()
    assert found["numberMatched"] == 1
    assert clients["editor"].delete(f"{items}/{found['features'][0]['id']}").status_code == 405
    feature = {"type": "Feature", "geometry": None, "properties": {}}
    answer = clients["editor"].post(
        items, content=json.dumps(feature), headers={"content-type": "application/geo+json"}
    )
    assert answer.status_code == 405
