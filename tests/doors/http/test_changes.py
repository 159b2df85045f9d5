"""Batches of edits over several collections, and the list of all changes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from geoservice.access.keys import issue_key
from geoservice.access.principal import Role
from geoservice.access.users import add_user
from geoservice.domain.hazards import hazard_sites
from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from tests.doors.http.conftest import CRS, ITEMS
from tests.doors.http.test_editing import GEOJSON, POINT, feature, made, properties
from tests.factories import valid_feature

BATCH = "/changes"


def send(editor: TestClient, *operations: dict[str, Any], query: str = "", **more: Any) -> Any:
    body = {"operations": list(operations), **more}
    return editor.post(BATCH + query, json=body)


def insert(name: str, collection: str = "probes") -> dict[str, Any]:
    return {"op": "insert", "collection": collection, "feature": feature(name=name)}


def on(path: str, op: str, **more: Any) -> dict[str, Any]:
    return {"op": op, "collection": "probes", "id": path.rsplit("/", 1)[1], **more}


class TestBatches:
    def test_operations_on_several_collections_are_one_change(self, editor: TestClient):
        changed, replaced, gone = (made(editor, name=n, floors=1) for n in "crd")
        answer = send(
            editor,
            insert("new"),
            insert("shape", "shapes"),
            on(changed, "update", properties={"name": "c2"}),
            on(replaced, "replace", version=1, properties={"name": "r2"}, geometry=None),
            on(gone, "delete", if_match=editor.get(gone).headers["etag"]),
            reason="测试批次",
        )
        assert answer.status_code == 201, answer.text
        document = answer.json()
        assert [each["operation"] for each in document["operations"]] == [
            *("insert", "insert", "update", "replace", "delete"),
        ]
        versions = [each["features"][0]["version"] for each in document["operations"]]
        assert versions == [1, 1, 2, 2, None]
        assert properties(editor, changed)["name"] == "c2"
        assert properties(editor, changed)["floors"] == 1
        assert properties(editor, replaced)["floors"] is None
        assert editor.get(gone).status_code == 404
        assert b"Location" in dict(answer.headers.raw)
        change = editor.get(answer.headers["location"]).json()
        assert change["id"] == document["change"]
        assert change["reason"] == "测试批次"
        assert change["collections"] == [
            {"collection": "probes", "inserted": 1, "updated": 2, "deleted": 1},
            {"collection": "shapes", "inserted": 1, "updated": 0, "deleted": 0},
        ]

    def test_one_mistake_undoes_all_and_names_its_operation(self, editor: TestClient):
        path = made(editor, name="kept")
        answer = send(
            editor,
            on(path, "update", properties={"name": "other"}),
            on(path, "delete", version=9),
        )
        assert answer.status_code == 412
        assert answer.json()["errors"][0]["operation"] == "operations/1"
        assert answer.json()["errors"][0]["actual"] == 2
        assert properties(editor, path)["name"] == "kept"

    def test_a_mistake_in_a_value_names_operation_collection_and_field(self, editor: TestClient):
        wrong = {"op": "insert", "collection": "probes", "feature": feature(floors="many")}
        answer = send(editor, insert("a"), wrong)
        assert answer.status_code == 422
        [mistake] = answer.json()["errors"]
        assert (mistake["operation"], mistake["collection"], mistake["field"]) == (
            *("operations/1", "probes", "floors"),
        )

    def test_an_operation_sees_what_those_before_it_have_done(self, editor: TestClient):
        path = made(editor, name="a")
        answer = send(
            editor,
            on(path, "update", version=1, properties={"name": "b"}),
            on(path, "update", version=2, properties={"name": "c"}),
            on(path, "restore", to_version=1),
        )
        assert answer.status_code == 201
        assert properties(editor, path)["name"] == "a"

    def test_a_deleted_feature_is_restored(self, editor: TestClient):
        path = made(editor, name="a")
        editor.delete(path)
        assert send(editor, on(path, "restore", to_version=1)).status_code == 201
        assert editor.get(path).headers["etag"].startswith('"v2-')

    def test_a_dry_run_stores_nothing(self, editor: TestClient):
        path = made(editor, name="kept")
        answer = send(editor, on(path, "delete"), insert("x"), query="?dry_run=true")
        assert answer.status_code == 200
        assert answer.json()["dry_run"] is True
        assert answer.json()["change"] is None
        assert properties(editor, path)["name"] == "kept"

    def test_what_changes_nothing_is_no_change(self, editor: TestClient):
        path = made(editor, name="a")
        answer = send(editor, on(path, "update", properties={"name": "a"}))
        assert answer.status_code == 200
        assert answer.json()["change"] is None
        assert answer.json()["operations"][0]["features"][0]["version"] == 1

    def test_coordinates_are_in_the_crs_of_the_content(self, editor: TestClient):
        body = {"operations": [insert("lat first")]}
        body["operations"][0]["feature"]["geometry"] = {
            "type": "Point",
            "coordinates": [23.02, 113.75],
        }
        answer = editor.post(BATCH, json=body, headers={"content-crs": CRS.format(4490)})
        id = answer.json()["operations"][0]["features"][0]["id"]
        assert editor.get(f"{ITEMS}/{id}").json()["geometry"] == POINT

    def test_the_same_key_is_one_change(self, editor: TestClient):
        headers = {"idempotency-key": "batch"}
        first, again = (
            editor.post(BATCH, json={"operations": [insert("k")]}, headers=headers) for _ in "ab"
        )
        assert first.json() == again.json()
        assert again.headers["idempotency-replayed"] == "true"

    def test_a_reason_is_given_once(self, editor: TestClient):
        answer = send(editor, insert("a"), query="?reason=x", reason="y")
        assert answer.status_code == 400

    def test_a_thousand_operations_are_taken_and_one_more_is_not(self, editor: TestClient):
        path = made(editor, name="a")
        many = [on(path, "update", properties={"floors": 1})] * 1000
        assert send(editor, *many, query="?dry_run=true").status_code == 200
        answer = send(editor, *many, many[0])
        assert answer.status_code == 413
        assert answer.json()["errors"][0]["limit"] == 1000

    @pytest.mark.parametrize(
        ("operation", "status"),
        [
            ({}, 400),
            (7, 400),
            ({"op": "upsert", "collection": "probes"}, 400),
            ({"op": ["insert"], "collection": "probes"}, 400),
            ({"op": "insert"}, 400),
            ({"op": "insert", "collection": "nothing", "feature": feature()}, 404),
            ({"op": "insert", "collection": "probes"}, 400),
            ({"op": "insert", "collection": "probes", "feature": 7}, 400),
            ({"op": "insert", "collection": "probes", "feature": feature(), "id": "x"}, 400),
            ({"op": "insert", "collection": "probes", "feature": feature(), "properties": {}}, 400),
            ({"op": "insert", "collection": "code_lists", "properties": {}}, 403),
            ({"op": "delete", "collection": "probes"}, 400),
            ({"op": "delete", "collection": "probes", "id": "x"}, 404),
            ({"op": "delete", "collection": "probes", "id": str(uuid4())}, 404),
            ({"op": "delete", "collection": "probes", "id": str(uuid4()), "version": 0}, 400),
            ({"op": "delete", "collection": "probes", "id": str(uuid4()), "version": True}, 400),
            (
                *(
                    {"op": "delete", "collection": "probes", "id": str(uuid4())}
                    | {"version": 1, "if_match": "*"},
                    400,
                ),
            ),
            ({"op": "restore", "collection": "probes", "id": str(uuid4())}, 400),
        ],
    )
    def test_what_is_no_operation_is_refused(self, editor: TestClient, operation: Any, status: int):
        answer = send(editor, operation)
        assert answer.status_code == status, answer.text
        assert answer.json()["errors"][0]["operation"] == "operations/0"

    @pytest.mark.parametrize(
        "body", [{}, {"operations": []}, {"operations": {}}, {"operations": [], "dry_run": True}]
    )
    def test_what_is_no_batch_is_refused(self, editor: TestClient, body: Any):
        assert editor.post(BATCH, json=body).status_code == 400

    def test_a_batch_needs_an_editor(self, client: TestClient):
        assert client.post(BATCH, json={"operations": [insert("a")]}).status_code == 401
        assert client.options(BATCH).headers["allow"] == "GET, HEAD, OPTIONS"


class TestTheListOfChanges:
    def test_it_is_for_editors(self, client: TestClient, served: Database):
        assert client.get(BATCH).status_code == 401
        assert client.get(f"{BATCH}/1").status_code == 401
        add_user(served, "looks", Role.ANALYST)
        headers = {"x-api-key": issue_key(served, "looks").text}
        assert client.get(BATCH, headers=headers).status_code == 403

    def test_it_has_the_newest_first_in_pages(self, editor: TestClient):
        made_ids = [send(editor, insert(str(n))).json()["change"] for n in range(5)]
        ids: list[int] = []
        url: str | None = f"{BATCH}?limit=2&collection=probes"
        while url is not None and len(ids) < 5:
            page = editor.get(url).json()
            assert len(page["changes"]) == 2
            ids += [each["id"] for each in page["changes"]]
            url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
        assert ids[:5] == made_ids[::-1]

    def test_the_last_page_has_no_next(self, editor: TestClient):
        page = editor.get(f"{BATCH}?limit=1000&door=rest").json()
        assert "next" not in {link["rel"] for link in page["links"]}
        assert all(each["door"] == "rest" for each in page["changes"])

    def test_it_can_be_asked_by_author_door_collection_and_time(
        self, editor: TestClient, served: Database
    ):
        add_user(served, "陈工", Role.EDITOR)
        key = {"x-api-key": issue_key(served, "陈工").text}
        change = editor.post(BATCH, json={"operations": [insert("a", "shapes")]}, headers=key)
        id = change.json()["change"]
        at = datetime.fromisoformat(editor.get(f"{BATCH}/{id}").json()["at"]).astimezone(UTC)
        earlier, later = (
            (at + timedelta(seconds=s)).isoformat().replace("+00:00", "Z") for s in (-1, 1)
        )
        for query, is_there in (
            ("actor=陈工", True),
            ("actor=nobody", False),
            ("door=rest", True),
            ("door=wfs", False),
            ("collection=shapes", True),
            ("collection=probes", False),
            (f"since={earlier}", True),
            (f"since={later}", False),
            (f"until={later}", True),
            (f"until={earlier}", False),
        ):
            found = editor.get(f"{BATCH}?{query}&limit=1000").json()["changes"]
            assert (id in [each["id"] for each in found]) == is_there, query

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("since=yesterday", 400),
            ("cursor=x", 400),
            ("cursor=99999999999999999999", 400),
            ("limit=0", 400),
            ("who=x", 400),
            ("collection=nothing", 404),
        ],
    )
    def test_what_cannot_be_asked_is_refused(self, editor: TestClient, query: str, status: int):
        assert editor.get(f"{BATCH}?{query}").status_code == status

    @pytest.mark.parametrize("id", ["0", "x", "99999999999999999999"])
    def test_an_unknown_change_is_not_found(self, editor: TestClient, id: str):
        assert editor.get(f"{BATCH}/{id}").status_code == 404

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_it_is_a_page_too_with_everything_escaped(self, editor: TestClient, language: str):
        hostile = "<img src=x onerror=alert(1)>"
        change = send(editor, insert("a"), reason=hostile).json()["change"]
        for path in (f"{BATCH}?f=html&lang={language}", f"{BATCH}/{change}?f=html&lang={language}"):
            page = editor.get(path)
            assert page.status_code == 200
            assert hostile not in page.text
            assert "&lt;img src=x" in page.text
            assert ("变更" in page.text) == (language == "zh")


class TestTowns:
    def test_an_editor_of_one_town_changes_nothing_in_another(
        self, served: Database, editor: TestClient
    ):
        sites = "/collections/hazard_sites/items"
        foreign = editor.post(sites, json=_site(HUMEN, 1)).headers["location"]
        with _keyed(served, "editor of one town", {DONGCHENG}) as here:
            own = here.post(sites, json=_site(DONGCHENG, 2))
            assert own.status_code == 201, own.text
            moved = {"properties": {"town_code": HUMEN}}
            for answer in (
                here.post(sites, json=_site(HUMEN, 3)),
                here.patch(own.headers["location"], json=moved, headers=GEOJSON),
                here.patch(foreign, json={"properties": {"name": "x"}}, headers=GEOJSON),
                here.put(foreign, json=_site(DONGCHENG, 1)),
                here.delete(foreign),
                here.post(f"{foreign}/versions/1/restore"),
            ):
                assert answer.status_code == 403, answer.text
        assert editor.get(foreign).headers["etag"].startswith('"v1-')


DONGCHENG, HUMEN = "441900101", "441900121"


def _site(town: str, number: int) -> dict[str, Any]:
    site = valid_feature(hazard_sites, number)
    site["properties"] |= dict.fromkeys(("merged_into", "footprint", "influence_zone"))
    site["properties"]["town_code"] = town
    return site


def _keyed(served: Database, name: str, towns: set[str]) -> TestClient:
    add_user(served, name, Role.EDITOR, towns)
    app = create_app(Settings(database_url=None), Limits(), database=served)
    headers = {"x-api-key": issue_key(served, name).text, "accept-language": "en"}
    return TestClient(app, base_url="http://127.0.0.1:8000", headers=headers)
