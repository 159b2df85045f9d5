"""Features made, replaced, changed and deleted over HTTP (OGC API Features, Part 4)."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
import uvicorn
from starlette.testclient import TestClient

from geoservice.access.keys import issue_key
from geoservice.access.principal import Role
from geoservice.access.users import add_user
from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from geoservice.store.system import changes
from tests.doors.http.conftest import CRS, HOSTILE, ITEMS

GEOJSON = {"content-type": "application/geo+json"}
PATCH = {"content-type": "application/merge-patch+json"}
POINT = {"type": "Point", "coordinates": [113.75, 23.02]}
ALL_PROPERTIES = {
    "name": "新探针",
    "kind": "a",
    "floors": 3,
    "serial": 2**40,
    "height": 1.5,
    "price": 12.25,
    "open": True,
    "begun": "2021-06-25",
    "ended": None,
    "seen": "2021-06-25T08:00:00+08:00",
    "tags": ["x", "共"],
    "名称": "地块",
    "limit": 7,
    "secret": "s",
}


def feature(geometry: Any = POINT, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def made(editor: TestClient, geometry: Any = POINT, **properties: Any) -> str:
    """The path of a new feature."""
    answer = editor.post(ITEMS, json=feature(geometry, **properties), headers=GEOJSON)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].removeprefix("http://127.0.0.1:8000")


def properties(editor: TestClient, path: str) -> dict[str, Any]:
    answer = editor.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["properties"]


def last_change(database: Database) -> Any:
    return database.rows(sa.select(changes).order_by(changes.c.id.desc()).limit(1))[0]


def count(editor: TestClient) -> int:
    return editor.get(f"{ITEMS}?limit=1&count=exact").json()["numberMatched"]


class TestWhatIsOffered:
    def test_editors_are_offered_every_method_by_options(self, editor: TestClient):
        path = made(editor)
        assert editor.options(ITEMS).headers["allow"] == "GET, HEAD, OPTIONS, POST"
        assert editor.options(path).headers["allow"] == "GET, HEAD, OPTIONS, PUT, PATCH, DELETE"

    def test_the_public_is_offered_reading_only(self, client: TestClient, editor: TestClient):
        path = made(editor)
        for each in (ITEMS, path):
            assert client.options(each).headers["allow"] == "GET, HEAD, OPTIONS"

    def test_options_vary_by_the_key(self, editor: TestClient):
        assert "Authorization" in editor.options(ITEMS).headers["vary"]

    def test_a_collection_that_cannot_be_edited_allows_reading_only(self, editor: TestClient):
        path = "/collections/code_lists/items"
        assert editor.options(path).headers["allow"] == "GET, HEAD, OPTIONS"
        answer = editor.post(path, json=feature(), headers=GEOJSON)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"

    def test_whoever_has_no_key_is_asked_for_one(self, client: TestClient, editor: TestClient):
        path = made(editor, name="kept")
        for method, each in (("POST", ITEMS), ("PUT", path), ("PATCH", path), ("DELETE", path)):
            answer = client.request(method, each, json=feature(name="other"), headers=GEOJSON)
            assert answer.status_code == 401, method
            assert "www-authenticate" in answer.headers
        assert properties(editor, path)["name"] == "kept"

    def test_an_analyst_may_not_edit(self, served: Database, client: TestClient):
        add_user(served, "reader", Role.ANALYST)
        key = issue_key(served, "reader").text
        headers = {**GEOJSON, "x-api-key": key}
        assert client.post(ITEMS, json=feature(), headers=headers).status_code == 403

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW"])
    def test_a_whole_collection_cannot_be_changed(self, editor: TestClient, method: str):
        answer = editor.request(method, ITEMS)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"

    def test_an_unknown_collection_is_not_found_for_any_method(self, editor: TestClient):
        for method in ("OPTIONS", "POST", "GET"):
            assert editor.request(method, "/collections/nothing/items").status_code == 404


class TestNewFeatures:
    def test_a_new_feature_is_as_it_was_sent(self, editor: TestClient, served: Database):
        path = made(editor, **ALL_PROPERTIES)
        stored = editor.get(path).json()
        assert stored["geometry"] == POINT
        assert stored["properties"] == {**ALL_PROPERTIES, "seen": "2021-06-25T00:00:00+00:00"}
        change = last_change(served)
        assert (change.actor, change.door, change.reason) == ("anonymous", "rest", None)

    def test_the_answer_says_where_it_is_and_which_version(self, editor: TestClient):
        answer = editor.post(ITEMS, json=feature(name="a"), headers=GEOJSON)
        assert answer.status_code == 201
        assert answer.content == b""
        assert answer.headers["location"].startswith(f"http://127.0.0.1:8000{ITEMS}/")
        assert answer.headers["etag"].startswith('"v1-')

    def test_location_is_written_with_a_capital_and_without_parameters(self, editor: TestClient):
        answer = editor.post(f"{ITEMS}?lang=en&apikey=", json=feature(), headers=GEOJSON)
        assert answer.status_code == 401, "an empty key is no key"
        answer = editor.post(f"{ITEMS}?lang=en", json=feature(), headers=GEOJSON)
        raw = dict(answer.headers.raw)
        assert b"Location" in raw
        assert b"?" not in raw[b"Location"]

    def test_the_representation_is_answered_if_it_is_preferred(self, editor: TestClient):
        headers = {**GEOJSON, "prefer": "respond-async, return=representation"}
        answer = editor.post(
            ITEMS, json=feature(name=HOSTILE.replace("\u202e", "")), headers=headers
        )
        assert answer.status_code == 201
        assert answer.headers["preference-applied"] == "return=representation"
        assert answer.headers["content-type"] == "application/geo+json"
        path = answer.headers["location"]
        seen = editor.get(path).json()
        assert {k: v for k, v in answer.json().items() if k != "links"} == {
            k: v for k, v in seen.items() if k != "links"
        }
        tag = answer.headers["etag"]
        assert editor.delete(path, headers={"if-match": tag}).status_code == 204

    def test_desktop_clients_send_a_null_id_among_the_properties(self, editor: TestClient):
        path = made(editor, id=None, name="q")
        assert properties(editor, path)["name"] == "q"

    def test_an_id_of_the_clients_own_is_refused(self, editor: TestClient):
        for body in ({**feature(), "id": str(uuid4())}, feature(id=7), feature(uid=str(uuid4()))):
            answer = editor.post(ITEMS, json=body, headers=GEOJSON)
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["field"] in ("id", "uid")

    def test_a_collection_of_features_is_one_change(self, editor: TestClient, served: Database):
        body = {"type": "FeatureCollection", "features": [feature(name=n) for n in "abc"]}
        answer = editor.post(f"{ITEMS}?reason=several", json=body, headers=GEOJSON)
        assert answer.status_code == 201
        document = answer.json()
        assert document["change"] == last_change(served).id
        assert document["dry_run"] is False
        ids = [each["features"][0]["id"] for each in document["operations"]]
        assert [properties(editor, f"{ITEMS}/{id}")["name"] for id in ids] == ["a", "b", "c"]
        assert {each["features"][0]["version"] for each in document["operations"]} == {1}
        assert last_change(served).reason == "several"

    def test_one_bad_feature_of_many_stores_nothing_and_is_named(self, editor: TestClient):
        before = count(editor)
        features = [feature(name=str(n)) for n in range(1000)]
        features[617]["properties"]["kind"] = "?"
        body = {"type": "FeatureCollection", "features": features}
        answer = editor.post(ITEMS, json=body, headers=GEOJSON)
        assert answer.status_code == 422
        [mistake] = answer.json()["errors"]
        assert mistake["operation"] == "features/617"
        assert mistake["field"] == "kind"
        assert count(editor) == before

    def test_more_features_than_a_transaction_may_have_are_too_large(self, editor: TestClient):
        body = {"type": "FeatureCollection", "features": [feature()] * 1001}
        answer = editor.post(ITEMS, json=body, headers=GEOJSON)
        assert answer.status_code == 413
        assert answer.json()["errors"][0]["limit_name"] == "max_tx_operations"

    def test_an_empty_collection_of_features_is_refused(self, editor: TestClient):
        body = {"type": "FeatureCollection", "features": []}
        assert editor.post(ITEMS, json=body, headers=GEOJSON).status_code == 400


class TestCoordinates:
    @pytest.mark.parametrize("form", ["{}", "<{}>"])
    def test_the_axis_order_follows_the_name(self, editor: TestClient, form: str):
        body = feature({"type": "Point", "coordinates": [23.02, 113.75]}, name="lat first")
        headers = {**GEOJSON, "content-crs": form.format(CRS.format(4490))}
        answer = editor.post(ITEMS, json=body, headers=headers)
        assert editor.get(answer.headers["location"]).json()["geometry"] == POINT

    def test_a_projected_point_comes_back_where_it_was(self, editor: TestClient):
        path = made(editor)
        grid = editor.get(f"{path}?crs={CRS.format(4547)}").json()["geometry"]
        headers = {**PATCH, "content-crs": f"<{CRS.format(4547)}>"}
        moved = {
            "type": "Point",
            "coordinates": [grid["coordinates"][0] + 100, grid["coordinates"][1]],
        }
        assert editor.patch(path, json={"geometry": moved}, headers=headers).status_code == 204
        assert editor.get(f"{path}?crs={CRS.format(4547)}").json()["geometry"] == moved

    def test_a_crs_that_is_not_offered_is_refused_by_name(self, editor: TestClient):
        headers = {**GEOJSON, "content-crs": CRS.format(2326)}
        answer = editor.post(ITEMS, json=feature(), headers=headers)
        assert answer.status_code == 400
        assert answer.json()["code"] == "unknown-crs"
        assert answer.json()["errors"][0]["parameter"] == "Content-Crs"

    def test_a_member_crs_is_not_overlooked(self, editor: TestClient):
        body = {**feature(), "crs": {"type": "name", "properties": {"name": "EPSG:4547"}}}
        assert editor.post(ITEMS, json=body, headers=GEOJSON).status_code == 400


class TestPutAndPatch:
    def test_put_replaces_all_and_empties_what_is_missing(self, editor: TestClient):
        path = made(editor, **ALL_PROPERTIES)
        answer = editor.put(path, json=feature(None, name="only"), headers=GEOJSON)
        assert answer.status_code == 204
        assert "etag" not in answer.headers, "RFC 9110, 9.3.4"
        now = editor.get(path).json()
        assert now["geometry"] is None
        assert {k: v for k, v in now["properties"].items() if v is not None} == {"name": "only"}

    def test_what_get_gave_can_be_put_back(self, editor: TestClient):
        path = made(editor, **ALL_PROPERTIES)
        before = editor.get(path)
        answer = editor.put(path, json=before.json(), headers=GEOJSON)
        assert answer.status_code == 204, answer.text
        assert editor.get(path).headers["etag"] == before.headers["etag"], "nothing has changed"

    def test_put_makes_no_feature(self, editor: TestClient):
        answer = editor.put(f"{ITEMS}/{uuid4()}", json=feature(), headers=GEOJSON)
        assert answer.status_code == 404

    def test_put_without_a_geometry_member_is_refused(self, editor: TestClient):
        path = made(editor)
        body = {"type": "Feature", "properties": {"name": "x"}}
        assert editor.put(path, json=body, headers=GEOJSON).status_code == 400
        assert editor.get(path).json()["geometry"] == POINT

    def test_the_id_of_a_body_is_that_of_the_address(self, editor: TestClient):
        path = made(editor)
        own = path.rsplit("/", 1)[1]
        assert editor.put(path, json={**feature(), "id": own}, headers=GEOJSON).status_code == 204
        other = {**feature(), "id": str(uuid4())}
        assert editor.put(path, json=other, headers=GEOJSON).status_code == 422

    def test_patch_changes_only_what_it_names(self, editor: TestClient):
        path = made(editor, name="a", floors=1, tags=["x"])
        answer = editor.patch(path, json={"properties": {"floors": None}}, headers=PATCH)
        assert answer.status_code == 204
        assert answer.headers["etag"].startswith('"v2-')
        now = editor.get(path).json()
        assert now["geometry"] == POINT
        assert (now["properties"]["name"], now["properties"]["floors"]) == ("a", None)
        assert now["properties"]["tags"] == ["x"]

    def test_patch_with_a_geometry_keeps_the_properties(self, editor: TestClient):
        path = made(editor, name="a")
        moved = {"type": "Point", "coordinates": [114, 23]}
        assert editor.patch(path, json={"geometry": moved}, headers=PATCH).status_code == 204
        assert editor.get(path).json()["geometry"]["coordinates"] == [114, 23]
        assert properties(editor, path)["name"] == "a"
        assert editor.patch(path, json={"geometry": None}, headers=PATCH).status_code == 204
        assert editor.get(path).json()["geometry"] is None

    def test_patch_of_nothing_changes_nothing(self, editor: TestClient):
        path = made(editor, name="a")
        tag = editor.get(path).headers["etag"]
        assert editor.patch(path, json={}, headers=PATCH).status_code == 204
        assert editor.get(path).headers["etag"] == tag

    def test_null_for_all_properties_at_once_is_refused(self, editor: TestClient):
        path = made(editor, name="a")
        assert editor.patch(path, json={"properties": None}, headers=PATCH).status_code == 400
        assert properties(editor, path)["name"] == "a"

    def test_patch_answers_the_representation_if_it_is_preferred(self, editor: TestClient):
        path = made(editor, name="a")
        headers = {**PATCH, "prefer": "return=representation"}
        answer = editor.patch(path, json={"properties": {"name": "b"}}, headers=headers)
        assert answer.status_code == 200
        assert answer.json()["properties"]["name"] == "b"
        assert answer.headers["etag"].startswith('"v2-')

    @pytest.mark.parametrize(
        ("method", "body", "status"),
        [
            ("PUT", {"type": "Feature", "geometry": None, "properties": {"nmae": 1}}, 400),
            ("PATCH", {"properties": {"nmae": 1}}, 400),
            ("PATCH", {"name": "at the top"}, 400),
            ("PATCH", {"type": "Point"}, 400),
            ("PATCH", {"properties": {"floors": "three"}}, 422),
            ("PATCH", {"properties": {"floors": 2**31}}, 422),
            ("PATCH", {"properties": {"begun": "2021-02-30"}}, 422),
            ("PATCH", {"properties": {"kind": "?"}}, 422),
            ("PATCH", {"properties": {"name": "a\u0000b"}}, 422),
            ("PATCH", {"properties": []}, 400),
        ],
    )
    def test_what_is_no_value_of_the_feature_is_refused_and_named(
        self, editor: TestClient, method: str, body: Any, status: int
    ):
        path = made(editor, name="kept", floors=1)
        answer = editor.request(method, path, json=body, headers=GEOJSON)
        assert answer.status_code == status, answer.text
        assert properties(editor, path)["name"] == "kept"
        if status == 422:
            [mistake] = answer.json()["errors"]
            assert mistake["collection"] == "probes"
            assert mistake["field"] in body["properties"]


class TestDeletion:
    def test_a_deleted_feature_is_gone_and_says_where_its_history_is(self, editor: TestClient):
        path = made(editor, name="x")
        assert editor.delete(path).status_code == 204
        for method in ("GET", "HEAD", "DELETE"):
            answer = editor.request(method, path)
            assert answer.status_code == 404
            assert answer.headers["link"] == (
                f'<http://127.0.0.1:8000{path}/versions>; rel="version-history"'
            )
        assert editor.put(path, json=feature(), headers=GEOJSON).status_code == 404
        assert editor.patch(path, json={}, headers=PATCH).status_code == 404

    def test_what_never_was_is_not_found(self, editor: TestClient):
        for id in (uuid4(), "7", "nothing", "%00", "x" * 36):
            assert editor.delete(f"{ITEMS}/{id}").status_code in (400, 404), id


class TestPreconditions:
    """RFC 9110, 13.1.1."""

    def patch(self, editor: TestClient, path: str, tag: str) -> Any:
        headers = {**PATCH, "if-match": tag}
        return editor.patch(path, json={"properties": {"floors": 9}}, headers=headers)

    @pytest.mark.parametrize(
        "query", ["", "?lang=zh", f"?crs={CRS.format(4547)}", "?properties=name", "?f=html"]
    )
    def test_a_tag_of_any_representation_is_the_version(self, editor: TestClient, query: str):
        path = made(editor, name="a")
        tag = editor.get(path + query).headers["etag"]
        assert self.patch(editor, path, tag).status_code == 204
        stale = self.patch(editor, path, tag)
        assert stale.status_code == 412
        assert stale.json()["code"] == "changed-meanwhile"
        assert stale.json()["errors"][0]["actual"] == 2
        assert 'rel="version-history"' in stale.headers["link"]

    def test_lists_and_a_star(self, editor: TestClient):
        path = made(editor)
        tag = editor.get(path).headers["etag"]
        assert self.patch(editor, path, f'"other", {tag}, "v9-x"').status_code == 204
        assert self.patch(editor, path, f'"other", {tag}, "v9-x"').status_code == 412
        assert self.patch(editor, path, "*").status_code == 204

    @pytest.mark.parametrize("tag", ['W/"v1-x"', '"x"', "v1", "garbage", '"v1', '""', "", '"v0-x"'])
    def test_what_is_no_strong_tag_of_ours_never_matches(self, editor: TestClient, tag: str):
        path = made(editor, floors=1)
        assert self.patch(editor, path, tag).status_code == 412
        assert properties(editor, path)["floors"] == 1

    def test_a_star_for_what_is_not_there_fails(self, editor: TestClient):
        assert self.patch(editor, f"{ITEMS}/{uuid4()}", "*").status_code == 412
        assert self.patch(editor, f"{ITEMS}/{uuid4()}", '"v1-x"').status_code == 404

    def test_put_and_delete_keep_the_condition_too(self, editor: TestClient):
        path = made(editor)
        wrong, right = {"if-match": '"v2-x"'}, {"if-match": editor.get(path).headers["etag"]}
        put = editor.put(path, json=feature(), headers={**GEOJSON, **wrong})
        assert put.status_code == 412
        assert editor.delete(path, headers=wrong).status_code == 412
        assert editor.delete(path, headers=right).status_code == 204

    @pytest.mark.parametrize("name", ["If-None-Match", "If-Unmodified-Since"])
    def test_a_condition_that_is_not_kept_is_refused(self, editor: TestClient, name: str):
        path = made(editor)
        answer = editor.delete(path, headers={name: "*"})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["parameter"] == name
        assert editor.get(path).status_code == 200

    def test_a_new_feature_has_no_version_to_match(self, editor: TestClient):
        headers = {**GEOJSON, "if-match": "*"}
        assert editor.post(ITEMS, json=feature(), headers=headers).status_code == 400

    def test_a_change_without_the_version_is_recorded_as_such(
        self, editor: TestClient, served: Database
    ):
        path = made(editor)
        editor.patch(path, json={"properties": {"floors": 1}}, headers=PATCH)
        assert last_change(served).is_unconditional
        tag = editor.get(path).headers["etag"]
        editor.patch(path, json={"properties": {"floors": 2}}, headers={**PATCH, "if-match": tag})
        assert not last_change(served).is_unconditional

    @pytest.mark.parametrize("required", ["probes", "towns, probes", "*"])
    def test_where_the_version_is_required_its_lack_is_told(
        self, editor: TestClient, served: Database, required: str
    ):
        path = made(editor)
        settings = Settings(database_url=None, anonymous_role="editor", lock_required=required)
        app = create_app(settings, Limits(), database=served)
        with TestClient(app, base_url="http://127.0.0.1:8000") as strict:
            answer = strict.delete(path)
            assert answer.status_code == 428
            assert answer.json()["code"] == "condition-required"
            assert strict.post(ITEMS, json=feature(), headers=GEOJSON).status_code == 201
            tag = strict.get(path).headers["etag"]
            assert strict.delete(path, headers={"if-match": tag}).status_code == 204

    def test_of_two_patches_to_different_fields_without_condition_both_are_kept(
        self, editor: TestClient
    ):
        path = made(editor, name="a", floors=1)
        editor.patch(path, json={"properties": {"name": "b"}}, headers=PATCH)
        editor.patch(path, json={"properties": {"floors": 2}}, headers=PATCH)
        now = properties(editor, path)
        assert (now["name"], now["floors"]) == ("b", 2)

    def test_of_threads_that_saw_one_version_one_wins_and_none_is_lost(self, editor: TestClient):
        path = made(editor, floors=0)

        def add_one(_: int) -> int:
            for _ in range(100):
                seen = editor.get(path)
                body = {"properties": {"floors": seen.json()["properties"]["floors"] + 1}}
                headers = {**PATCH, "if-match": seen.headers["etag"]}
                status = editor.patch(path, json=body, headers=headers).status_code
                if status == 204:
                    return 1
                assert status in (409, 412, 503)
            return 0

        with ThreadPoolExecutor(4) as threads:
            accepted = sum(threads.map(add_one, range(12)))
        assert accepted == 12
        assert properties(editor, path)["floors"] == 12
        assert editor.get(path).headers["etag"].startswith('"v13-')


class TestReasonsAndWishes:
    def test_a_reason_in_chinese_comes_percent_encoded(self, editor: TestClient, served: Database):
        headers = {**GEOJSON, "change-reason": "%E6%A0%B8%E6%9F%A5"}
        assert editor.post(ITEMS, json=feature(), headers=headers).status_code == 201
        assert last_change(served).reason == "核查"

    @pytest.mark.parametrize("reason", ["%FF", "%00", "x" * 1001])
    def test_what_is_no_readable_reason_is_refused(self, editor: TestClient, reason: str):
        headers = {**GEOJSON, "change-reason": reason}
        assert editor.post(ITEMS, json=feature(), headers=headers).status_code == 400

    def test_a_thousand_characters_are_a_reason(self, editor: TestClient):
        headers = {**GEOJSON, "change-reason": "x" * 1000}
        assert editor.post(ITEMS, json=feature(), headers=headers).status_code == 201

    def test_two_reasons_are_one_too_many(self, editor: TestClient):
        headers = {**GEOJSON, "change-reason": "a"}
        answer = editor.post(f"{ITEMS}?reason=b", json=feature(), headers=headers)
        assert answer.status_code == 400

    @pytest.mark.parametrize("query", ["dry_run=yes", "resaon=x", "crs=x", "if-match=*"])
    def test_an_unknown_parameter_is_refused(self, editor: TestClient, query: str):
        before = count(editor)
        assert editor.post(f"{ITEMS}?{query}", json=feature(), headers=GEOJSON).status_code == 400
        assert count(editor) == before

    @pytest.mark.parametrize("lock", ["nothing", str(uuid4())])
    def test_an_unknown_lock_is_a_conflict(self, editor: TestClient, lock: str):
        answer = editor.delete(made(editor), headers={"lock-id": lock})
        assert answer.status_code == 409
        assert answer.json()["code"] == "unknown-lock"

    def test_a_dry_run_checks_everything_and_stores_nothing(
        self, editor: TestClient, served: Database
    ):
        path = made(editor, name="kept")
        before, change = count(editor), last_change(served).id
        answer = editor.post(f"{ITEMS}?dry_run=true", json=feature(), headers=GEOJSON)
        assert answer.status_code == 200
        assert answer.json()["dry_run"] is True
        assert answer.json()["change"] is None
        assert answer.json()["operations"][0]["operation"] == "insert"
        changed = editor.patch(
            f"{path}?dry_run=true", json={"properties": {"name": "b"}}, headers=PATCH
        )
        assert changed.json()["operations"][0]["features"][0]["version"] == 2
        assert editor.delete(f"{path}?dry_run=true").status_code == 200
        wrong = editor.patch(
            f"{path}?dry_run=true", json={"properties": {"kind": "?"}}, headers=PATCH
        )
        assert wrong.status_code == 422
        stale = editor.delete(f"{path}?dry_run=true", headers={"if-match": '"v9-x"'})
        assert stale.status_code == 412
        assert (count(editor), last_change(served).id) == (before, change)
        assert properties(editor, path)["name"] == "kept"


class TestIdempotencyKeys:
    def headers(self, key: str) -> dict[str, str]:
        return {**GEOJSON, "idempotency-key": key}

    def test_a_request_with_a_key_is_carried_out_once(self, editor: TestClient):
        before, headers = count(editor), self.headers("once")
        first = editor.post(ITEMS, json=feature(name="k"), headers=headers)
        again = editor.post(ITEMS, json=feature(name="k"), headers=headers)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.headers["location"] == first.headers["location"]
        assert again.headers["etag"] == first.headers["etag"]
        assert b"Location" in dict(again.headers.raw)
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"
        assert count(editor) == before + 1

    def test_a_repeated_change_does_not_fail_for_the_version_it_has_made_itself(
        self, editor: TestClient
    ):
        path = made(editor, floors=1)
        for tag in ('"v1-x"', '"v1-x", "v8-x"'):
            headers = {**PATCH, "idempotency-key": f"patch {tag}", "if-match": tag}
            body = {"properties": {"floors": 2}}
            statuses = [editor.patch(path, json=body, headers=headers).status_code for _ in "ab"]
            assert statuses in ([204, 204], [412, 412])
        assert editor.get(path).headers["etag"].startswith('"v2-')

    def test_a_key_of_another_request_is_refused(self, editor: TestClient):
        headers, path = self.headers("used"), made(editor)
        assert editor.post(ITEMS, json=feature(name="a"), headers=headers).status_code == 201
        assert editor.post(ITEMS, json=feature(name="b"), headers=headers).status_code == 422
        assert (
            editor.post(f"{ITEMS}?reason=x", json=feature(name="a"), headers=headers).status_code
            == 422
        )
        assert editor.delete(path, headers={"idempotency-key": "used"}).status_code == 422
        assert editor.get(path).status_code == 200

    def test_a_request_that_failed_may_be_mended_under_its_key(self, editor: TestClient):
        headers = self.headers("mended")
        assert editor.post(ITEMS, json=feature(kind="?"), headers=headers).status_code == 422
        assert editor.post(ITEMS, json=feature(kind="a"), headers=headers).status_code == 201

    def test_a_key_of_somebody_else_is_another(self, editor: TestClient, served: Database):
        add_user(served, "another", Role.EDITOR)
        key = issue_key(served, "another").text
        first = editor.post(ITEMS, json=feature(), headers=self.headers("shared"))
        other = editor.post(
            ITEMS, json=feature(), headers={**self.headers("shared"), "x-api-key": key}
        )
        assert other.status_code == 201
        assert other.headers["location"] != first.headers["location"]

    @pytest.mark.parametrize("key", ["", "x" * 256, "x" * 10_240, "\x7f", " "])
    def test_what_is_no_key_is_refused(self, editor: TestClient, key: str):
        before = count(editor)
        assert editor.post(ITEMS, json=feature(), headers=self.headers(key)).status_code == 400
        assert count(editor) == before

    def test_a_key_may_have_255_characters(self, editor: TestClient):
        answer = editor.post(ITEMS, json=feature(), headers=self.headers("x" * 255))
        assert answer.status_code == 201

    def test_requests_that_come_at_once_make_one_feature(self, editor: TestClient):
        before, headers = count(editor), self.headers("at once")

        def send(_: int) -> int:
            return editor.post(ITEMS, json=feature(name="k"), headers=headers).status_code

        with ThreadPoolExecutor(6) as threads:
            statuses = set(threads.map(send, range(6)))
        assert 201 in statuses
        assert statuses <= {201, 409}
        assert count(editor) == before + 1

    def test_a_dry_run_uses_no_key(self, editor: TestClient):
        headers = self.headers("dry")
        tried = editor.post(f"{ITEMS}?dry_run=true", json=feature(), headers=headers)
        assert tried.status_code == 200
        assert editor.post(ITEMS, json=feature(), headers=headers).status_code == 201


def nested(depth: int) -> bytes:
    coordinates = b"[" * depth + b"]" * depth
    return b'{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":%b}}' % (
        coordinates
    )


def collections_within(depth: int) -> bytes:
    opening = b'{"type":"GeometryCollection","geometries":[' * depth
    return b'{"type":"Feature","properties":{},"geometry":%b%b}' % (opening, b"]}" * depth)


def with_geometry(text: str) -> bytes:
    return f'{{"type":"Feature","properties":{{}},"geometry":{text}}}'.encode()


def polygon(*rings: list[list[float]]) -> bytes:
    return with_geometry(json.dumps({"type": "Polygon", "coordinates": rings}))


SQUARE = [[113, 22], [114, 22], [114, 23], [113, 23], [113, 22]]

MALFORMED = {
    "nothing": b"",
    "no JSON": b"{bad",
    "no object": b"[]",
    "NaN": b'{"type":"Feature","geometry":null,"properties":{"height":NaN}}',
    "Infinity": b'{"type":"Feature","geometry":null,"properties":{"height":Infinity}}',
    "1e999": b'{"type":"Feature","geometry":null,"properties":{"height":1e999}}',
    "ten thousand digits": b'{"type":"Feature","geometry":null,"properties":{"serial":%b}}'
    % (b"9" * 10_000),
    "coordinates nested 200 000 deep": nested(200_000),
    "100 000 collections": collections_within(100_000),
    "no UTF-8": b'{"type":"Feature","geometry":null,"properties":{"name":"\xff"}}',
    "half a surrogate pair": b'{"type":"Feature","geometry":null,"properties":{"name":"\\ud800"}}',
}
REFUSED = {
    "a ring that is not closed": polygon(SQUARE[:-1]),
    "a ring of two points": polygon(SQUARE[:2]),
    "a bow tie": polygon([[113, 22], [114, 23], [114, 22], [113, 23], [113, 22]]),
    "a hole outside": polygon(SQUARE, [[x + 5, y] for x, y in SQUARE]),
    "no coordinates": with_geometry('{"type":"Polygon","coordinates":[]}'),
    "no member coordinates": with_geometry('{"type":"Point"}'),
    "nesting of 900": nested(900),
    "a collection": with_geometry('{"type":"GeometryCollection","geometries":[]}'),
    "a text": with_geometry('"POINT(1 2)"'),
    "heights": with_geometry('{"type":"Point","coordinates":[113,23,5]}'),
    "far from earth": with_geometry('{"type":"Point","coordinates":[1e30,23]}'),
    "an empty point": with_geometry('{"type":"Point","coordinates":[]}'),
    "no numbers": with_geometry('{"type":"Point","coordinates":["113","23"]}'),
    "null for a number": with_geometry('{"type":"Point","coordinates":[null,23]}'),
    "latitude first": with_geometry('{"type":"Point","coordinates":[23.0,113.7]}'),
}


class TestHostileBodies:
    """Each is refused, nothing is stored, and the service lives."""

    def refused(self, editor: TestClient, path: str, body: bytes, status: int) -> Any:
        before = editor.get(f"{path}?limit=1&count=exact").json()["numberMatched"]
        answer = editor.post(path, content=body, headers=GEOJSON)
        assert answer.status_code == status, answer.text
        assert editor.get(f"{path}?limit=1&count=exact").json()["numberMatched"] == before
        assert editor.get("/healthz").status_code == 200
        return answer.json()

    @pytest.mark.parametrize("name", MALFORMED)
    def test_what_is_no_json(self, editor: TestClient, name: str):
        assert self.refused(editor, ITEMS, MALFORMED[name], 400)["code"] == "malformed"

    @pytest.mark.parametrize("name", REFUSED)
    def test_what_is_no_geometry(self, editor: TestClient, name: str):
        problem = self.refused(editor, "/collections/shapes/items", REFUSED[name], 422)
        assert problem["errors"][0]["field"] == "geom"

    def test_a_polygon_where_points_are(self, editor: TestClient):
        self.refused(editor, ITEMS, polygon(SQUARE), 422)

    def test_thousands_of_crossings(self, editor: TestClient):
        ring = [
            [113 + (n * 7919 % 5000) / 5000, 22 + (n * 104729 % 5000) / 5000] for n in range(5000)
        ]
        self.refused(editor, "/collections/shapes/items", polygon([*ring, ring[0]]), 422)

    def test_a_body_beyond_its_limit(self, editor: TestClient, limits: Limits):
        body = json.dumps(feature(name="x" * limits.max_json_body)).encode()
        self.refused(editor, ITEMS, body, 413)

    def test_a_body_of_unknown_length_beyond_its_limit(self, editor: TestClient, limits: Limits):
        blocks = (b" " * 2**20 for _ in range(limits.max_json_body // 2**20 + 2))
        answer = editor.post(ITEMS, content=blocks, headers=GEOJSON)
        assert answer.status_code == 413

    @pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
    def test_a_body_of_another_kind(self, editor: TestClient, kind: str):
        headers = {"content-type": kind}
        answer = editor.post(ITEMS, content=json.dumps(feature()), headers=headers)
        assert answer.status_code == 415

    def test_a_compressed_body(self, editor: TestClient):
        headers = {**GEOJSON, "content-encoding": "gzip"}
        assert editor.post(ITEMS, content=b"x", headers=headers).status_code == 415

    def test_a_page_of_another_site_cannot_edit(self, editor: TestClient):
        headers = {**GEOJSON, "origin": "https://elsewhere.example"}
        before = count(editor)
        assert editor.post(ITEMS, json=feature(), headers=headers).status_code in (401, 403)
        assert editor.options(ITEMS, headers=headers).headers["allow"] == "GET, HEAD, OPTIONS"
        assert count(editor) == before


@pytest.mark.parametrize("protocol", ["httptools", "h11"])
def test_the_server_sends_location_with_a_capital(editor: TestClient, protocol: str):
    """QGIS up to 3.40.6 compares the bytes."""
    config = uvicorn.Config(editor.app, port=0, http=protocol, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    body = json.dumps(feature(name="raw")).encode()
    head = f"POST {ITEMS} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    head += f"Content-Type: application/geo+json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = Thread(target=server.run, kwargs={"sockets": [listening]})
        running.start()
        try:
            with socket.create_connection(listening.getsockname()) as client:
                client.sendall(head.encode() + body)
                with client.makefile("rb") as answer:
                    lines = answer.read().split(b"\r\n")
        finally:
            server.should_exit = True
            running.join()
    assert lines[0] == b"HTTP/1.1 201 Created"
    [location] = [line for line in lines if line.lower().startswith(b"location:")]
    assert location.startswith(b"Location: http://127.0.0.1" + ITEMS.encode() + b"/")


def test_fields_that_may_not_be_seen_may_not_be_written_by_name_either(
    client: TestClient, editor: TestClient
):
    path = made(editor, secret="known to editors")
    assert "secret" not in client.get(path).json()["properties"]
    assert properties(editor, path)["secret"] == "known to editors"
