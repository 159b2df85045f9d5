"""Saved answers over HTTP: who may save, refresh, compare and remove, and how it is told."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from geoservice.access.keys import issue_key
from geoservice.access.principal import Role
from geoservice.access.users import add_user
from geoservice.domain.facilities import facilities
from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from geoservice.store.publishing import Registry, withdraw
from geoservice.store.tables import tables
from tests.questions.worlds import World, place, point

USERS = {
    "ana": Role.ANALYST,
    "another": Role.ANALYST,
    "ed": Role.EDITOR,
    "root": Role.ADMIN,
}
QUESTION = "remediation_sites_near_schools"
WITHIN_350 = {"question": QUESTION, "parameters": {"distance_m": 350}}


class Doors:
    """The service as its users reach it."""

    def __init__(self, database: Database, school: object) -> None:
        self.database, self.school = database, school
        limits = Limits(max_answer_rows=3)
        self._app = create_app(Settings(database_url=None), limits, database=database)
        for name, role in USERS.items():
            add_user(database, name, role, None)
        self._keys = {name: issue_key(database, name).text for name in USERS}

    def __call__(self, user: str | None = None) -> TestClient:
        client = TestClient(
            self._app,
            base_url="http://127.0.0.1:8000",
            client=("127.0.0.1", 50000),
            raise_server_exceptions=False,
            follow_redirects=False,
        )
        client.headers["accept-language"] = "en"
        if user is not None:
            client.headers["x-api-key"] = self._keys[user]
        return client

    def move_school(self, distance_m: float) -> None:
        table = tables().current(facilities)
        there = f"SRID=4490;{point(place(distance_m))}"
        with self.database.change(actor="tester", door="test") as connection:
            moved = sa.update(table).where(table.c.uid == self.school).values(geom=there)
            connection.execute(moved)


@pytest.fixture(scope="module")
def doors(module_database: Database, add_for_module: Any) -> Doors:
    world = World(add_for_module)
    world.site()
    schools = [world.school(place(distance_m)) for distance_m in (100, 200, 300, 400)]
    return Doors(module_database, schools[2])


@pytest.fixture(autouse=True)
def no_answers(doors: Doors) -> None:
    registry = Registry(doors.database)
    for each in registry.catalog:
        if each.published:
            withdraw(doors.database, registry, each.id)
    doors.move_school(300)


def saved(doors: Doors, name: str = "near", **more: object) -> dict[str, Any]:
    answer = doors("ana").put(f"/answers/{name}", json={**WITHIN_350, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_an_analyst_saves_and_everybody_reads(doors: Doors) -> None:
    answer = doors("ana").put("/answers/near?reason=for%20the%20map", json=WITHIN_350)
    assert answer.status_code == 201
    assert answer.headers["location"] == "http://127.0.0.1:8000/answers/near"
    assert answer.json()["saved_by"] == "ana"
    shown = doors().get("/answers/near").json()
    assert shown["question"] == QUESTION
    assert shown["given"] == {"distance_m": 350}
    assert shown["parameters"]["metric"] == "geodesic"
    assert shown["parameters"]["as_of"] == shown["as_of"]
    assert shown["counts"]["pairs"] == shown["rows"] == 3
    assert shown["data_version"].keys() >= {"hazard_sites", "facilities"}
    assert shown["refreshed_at"] is None
    assert "saved_by" not in shown
    asked = doors().get(f"/questions/{QUESTION}?distance_m=350").json()
    assert shown["coverage"] == asked["coverage"]
    assert shown["method"] == asked["method"]
    (change,) = doors("ed").get("/changes?collection=near").json()["changes"]
    assert (change["author"], change["door"], change["reason"]) == ("ana", "rest", "for the map")
    assert change["collections"] == [
        {"collection": "near", "inserted": 3, "updated": 0, "deleted": 0}
    ]


def test_the_links_of_an_answer_lead_to_its_layer(doors: Doors) -> None:
    links = {each["rel"]: each["href"] for each in saved(doors)["links"]}
    public = doors()
    for href in links.values():
        parts = urlsplit(href)
        assert public.get(f"{parts.path}?{parts.query}").status_code == 200, href
    items = public.get(urlsplit(links["items"]).path).json()
    assert items["numberMatched"] == 3
    collection = public.get(urlsplit(links["collection"]).path).json()
    assert collection["title"] == public.get("/answers/near").json()["title"]
    assert urlsplit(links["http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"]).path == (
        "/collections/near/tiles"
    )


def test_the_layer_of_an_answer_is_only_read(doors: Doors) -> None:
    saved(doors)
    root = doors("root")
    (feature, *_) = root.get("/collections/near/items").json()["features"]
    assert root.options("/collections/near/items").headers["allow"] == "GET, HEAD, OPTIONS"
    assert problem(root.delete(f"/collections/near/items/{feature['id']}"))[0] == 405
    capabilities = root.get("/wfs?service=WFS&version=2.0.0&request=GetCapabilities").text
    assert "<Name>geoservice:near</Name>" in capabilities or ":near</" in capabilities


@pytest.mark.parametrize("path", ["/answers/near", "/answers/near?replace=true"])
def test_saving_needs_a_key_of_an_analyst(doors: Doors, path: str) -> None:
    assert problem(doors().put(path, json=WITHIN_350)) == (401, "key-needed")
    allowed = doors().options("/answers/near").headers["allow"]
    assert allowed == "GET, HEAD, OPTIONS"
    allowed = doors("ana").options("/answers/near").headers["allow"]
    assert allowed == "GET, HEAD, OPTIONS, PUT, DELETE"
    foreign = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
    answer = doors("ana").put(path, json=WITHIN_350, headers=foreign)
    assert problem(answer) == (403, "foreign-page")


def test_only_who_saved_it_or_an_administrator_changes_it(doors: Doors) -> None:
    saved(doors)
    for user in ("another", "ed"):
        client = doors(user)
        for answer in (
            client.post("/answers/near/refresh"),
            client.delete("/answers/near"),
            client.put("/answers/near?replace=true", json=WITHIN_350),
        ):
            assert problem(answer) == (403, "not-own-answer")
    assert problem(doors().post("/answers/near/refresh")) == (401, "key-needed")
    assert doors("root").post("/answers/near/refresh").status_code == 200
    assert doors("root").delete("/answers/near").status_code == 204
    assert problem(doors().get("/answers/near")) == (404, "unknown-answer")
    assert doors().get("/collections/near").status_code == 404


def test_a_taken_name_is_a_conflict_and_replace_saves_anew(doors: Doors) -> None:
    saved(doors)
    other = {"question": QUESTION, "parameters": {"distance_m": "150"}, "title": "Close"}
    assert problem(doors("ana").put("/answers/near", json=other)) == (409, "already-exists")
    assert problem(doors("ana").put("/answers/towns?replace=true", json=other))[0] == 409
    answer = doors("ana").put("/answers/near?replace=true", json=other)
    assert (answer.status_code, answer.json()["rows"]) == (200, 1)
    assert answer.json()["title"] == "Close"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/answers/Near", WITHIN_350, (400, "bad-parameter")),
        ("/answers/near?replace=maybe", WITHIN_350, (400, "bad-parameter")),
        ("/answers/near?overwrite=true", WITHIN_350, (400, "unknown-parameter")),
        ("/answers/near", {**WITHIN_350, "rows": 1}, (400, "unknown-parameter")),
        ("/answers/near", {"parameters": {}}, (400, "missing-parameter")),
        ("/answers/near", {"question": "why"}, (404, "unknown-question")),
        ("/answers/near", {"question": QUESTION, "parameters": []}, (400, "bad-parameter")),
        ("/answers/near", {"question": QUESTION, "title": "x" * 201}, (400, "bad-parameter")),
        ("/answers/near", {"question": QUESTION, "title": 1}, (400, "bad-parameter")),
        (
            "/answers/near",
            {"question": QUESTION, "parameters": {"limit": 5}},
            (400, "unknown-parameter"),
        ),
        (
            "/answers/near",
            {"question": QUESTION, "parameters": {"distance_m": 0}},
            (400, "out-of-range"),
        ),
        (
            "/answers/near",
            {"question": QUESTION, "parameters": {"distance_m": 500}},  # 4 rows
            (413, "too-large"),
        ),
    ],
)
def test_a_request_that_cannot_be_honoured_saves_nothing(
    doors: Doors, path: str, body: Any, expected: tuple[int, str]
) -> None:
    assert problem(doors("ana").put(path, json=body)) == expected
    assert doors().get("/answers").json()["answers"] == []


def test_a_refresh_tells_what_it_changed(doors: Doors) -> None:
    saved(doors)
    unchanged = doors("ana").post("/answers/near/refresh").json()["refresh"]
    assert unchanged == {"change": None, "entered": 0, "left": 0, "changed": 0}
    doors.move_school(900)
    answer = doors("ana").post("/answers/near/refresh?reason=again").json()
    change = answer["refresh"].pop("change")
    assert answer["refresh"] == {"entered": 0, "left": 1, "changed": 0}
    assert answer["rows"] == 2
    recorded = doors("ed").get(f"/changes/{change}").json()
    assert (recorded["author"], recorded["reason"]) == ("ana", "again")


def test_a_comparison_is_a_feature_collection_with_pages(doors: Doors) -> None:
    saved(doors, "wide")
    saved(doors, "narrow", parameters={"distance_m": 50})
    public = doors()
    answer = public.get("/answers/wide/comparison?with=narrow&limit=2&f=geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    first = answer.json()
    assert first["type"] == "FeatureCollection"
    assert first["counts"] == {"entered": 3, "left": 0, "changed": 0, "unchanged": 0}
    assert first["parameters"] == {"distance_m": {"old": 50.0, "new": 350.0}}
    assert (first["old"]["name"], first["new"]["name"]) == ("narrow", "wide")
    assert first["tolerance"] == 1e-6
    assert first["numberReturned"] == len(first["features"]) == 2
    (following,) = (each["href"] for each in first["links"] if each["rel"] == "next")
    parts = urlsplit(following)
    last = public.get(f"{parts.path}?{parts.query}").json()
    assert len(last["features"]) == 1
    assert "next" not in {each["rel"] for each in last["links"]}


def test_a_comparison_with_an_instant_shows_both_values(doors: Doors) -> None:
    at = saved(doors)["saved_at"].replace("+00:00", "Z")
    doors.move_school(320)
    doors("ana").post("/answers/near/refresh")
    answer = doors().get(f"/answers/near/comparison?known_at={at}&crs=EPSG:4547").json()
    (feature,) = answer["features"]
    old, new = feature["properties"]["changes"]["distance_m"]
    assert (round(old), round(new)) == (300, 320)
    assert feature["geometry"]["coordinates"][0][0] > 100_000  # metres


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (400, "missing-parameter")),
        ("?with=near&known_at=2999-01-01T00:00:00Z", (400, "bad-parameter")),
        ("?with=nothing", (404, "unknown-answer")),
        ("?with=counts", (400, "not-comparable")),
        ("?known_at=yesterday", (400, "bad-datetime")),
        ("?known_at=1999-01-01T00:00:00Z", (400, "bad-parameter")),
        ("?with=near&cursor=x", (400, "bad-cursor")),
        ("?with=near&limit=0", (400, "bad-parameter")),
        ("?with=near&other=x", (400, "unknown-parameter")),
    ],
)
def test_a_comparison_that_cannot_be_made_is_refused(
    doors: Doors, query: str, expected: tuple[int, str]
) -> None:
    saved(doors)
    saved(doors, "counts", question="hazard_counts", parameters={"by": "register_kind"})
    assert problem(doors().get(f"/answers/near/comparison{query}")) == expected


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_show_what_the_documents_say(doors: Doors, lang: str) -> None:
    saved(doors, title="<b>Ours</b>")
    doors.move_school(320)
    at = doors("ana").post("/answers/near/refresh").json()["saved_at"].replace("+00:00", "Z")
    saved(doors, "other")
    public, ana = doors(), doors("ana")
    for client in (public, ana):
        listed = client.get(f"/answers?f=html&lang={lang}").text
        one = client.get(f"/answers/near?f=html&lang={lang}").text
        compared = client.get(f"/answers/near/comparison?known_at={at}&f=html&lang={lang}").text
        for page in (listed, one):
            assert "&lt;b&gt;Ours&lt;/b&gt;" in page
            assert "<b>Ours" not in page
        assert f"/answers/near/comparison?lang={lang}&amp;with=other" in one
        assert "distance_m" in compared
        assert ({"zh": "变化", "en": "Changed"}[lang]) in compared
    assert 'method="post"' not in public.get("/answers/near?f=html").text
    assert (
        'action="http://127.0.0.1:8000/answers/near/refresh?f=html"'
        in ana.get("/answers/near?f=html").text
    )
    assert 'method="post"' not in doors("another").get("/answers/near?f=html").text


def test_an_answer_without_geometry_has_a_page(doors: Doors) -> None:
    body = {"question": "hazard_counts", "parameters": {"by": "register_kind"}}
    assert doors("ana").put("/answers/counts", json=body).status_code == 201
    page = doors().get("/answers/counts?f=html")
    assert page.status_code == 200
    assert "/collections/counts/tiles" not in page.text


def test_the_page_of_a_question_saves_what_it_shows(doors: Doors) -> None:
    page = f"/questions/{QUESTION}?distance_m=350&limit=2&f=html"
    assert "save-name" not in doors().get(page).text
    ana = doors("ana")
    text = ana.get(page).text
    assert 'action="http://127.0.0.1:8000/answers"' in text
    (parameters,) = re.findall(r'name="parameters" value="([^"]*)"', text)
    given = json.loads(parameters.replace("&#34;", '"'))
    assert given == {"distance_m": "350"}
    form = {"question": QUESTION, "parameters": json.dumps(given), "name": "near", "title": ""}
    answer = ana.post("/answers", data=form)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "http://127.0.0.1:8000/answers/near?f=html"
    assert doors().get("/answers/near").json()["rows"] == 3
    refreshed = ana.post("/answers/near/refresh?f=html")
    assert (refreshed.status_code, refreshed.headers["location"]) == (
        303, "http://127.0.0.1:8000/answers/near?f=html",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"question": QUESTION}, (400, "missing-parameter")),
        ({"question": QUESTION, "name": "near", "rows": "1"}, (400, "unknown-parameter")),
        ({"question": QUESTION, "name": "near", "parameters": "{"}, (400, "malformed")),
        ({"question": "why", "name": "near"}, (404, "unknown-question")),
    ],
)
def test_a_form_that_cannot_be_honoured_saves_nothing(
    doors: Doors, form: dict[str, str], expected: tuple[int, str]
) -> None:
    assert problem(doors("ana").post("/answers", data=form)) == expected
    assert problem(doors().post("/answers", data=form)) == (401, "key-needed")
    assert doors().get("/answers").json()["answers"] == []


def test_answers_are_listed_by_name(doors: Doors) -> None:
    for name in ("zebra", "apple"):
        saved(doors, name)
    listed = doors().get("/answers").json()["answers"]
    assert [each["name"] for each in listed] == ["apple", "zebra"]
    assert all("saved_by" not in each for each in listed)
    assert [each["saved_by"] for each in doors("ana").get("/answers").json()["answers"]] == [
        "ana", "ana",
    ]  # fmt: skip
