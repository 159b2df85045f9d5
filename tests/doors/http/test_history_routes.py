"""The versions of a feature over HTTP: listed, shown as they were, restored; as pages for people."""

from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from geoservice.store.database import Database
from tests.doors.http.conftest import CRS, HOSTILE, ITEMS
from tests.doors.http.test_editing import PATCH, POINT, feature, last_change, made, properties

MOVED = {"type": "Point", "coordinates": [114.0, 23.0]}


def changed(editor: TestClient, path: str, reason: str = "", **values: Any) -> None:
    query = f"?reason={reason}" if reason else ""
    body = {"properties": values}
    assert editor.patch(path + query, json=body, headers=PATCH).status_code == 204


def links(document: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in document["links"]}


@pytest.fixture
def thrice(editor: TestClient) -> str:
    """A feature with three versions."""
    path = made(editor, name="first", floors=1, kind="a")
    changed(editor, path, "moved", floors=2)
    editor.patch(path, json={"geometry": MOVED, "properties": {"kind": "b"}}, headers=PATCH)
    return path


class TestTheList:
    def test_a_feature_links_to_its_history(self, editor: TestClient, thrice: str):
        url = links(editor.get(thrice).json())["version-history"]
        assert url.endswith(f"{thrice}/versions")
        assert editor.get(url).status_code == 200

    def test_it_has_the_newest_first_with_when_who_and_why(self, editor: TestClient, thrice: str):
        document = editor.get(f"{thrice}/versions").json()
        assert (document["collection"], document["id"]) == ("probes", thrice.rsplit("/", 1)[1])
        third, second, first = document["versions"]
        assert [each["version"] for each in (third, second, first)] == [3, 2, 1]
        assert third["recorded_to"] is None
        assert third["ended_by"] is None
        assert second["recorded_to"] == third["recorded_from"]
        assert first["recorded_to"] == second["recorded_from"]
        assert second["ended_by"] == first["ended_by"] == "update"
        assert second["change"]["author"] == "anonymous"
        assert second["change"]["door"] == "rest"
        assert second["change"]["reason"] == "moved"
        assert links(document)["latest-version"].endswith(thrice)
        assert links(first)["version"].endswith(f"{thrice}/versions/1")

    def test_names_and_reasons_are_not_for_the_public(self, client: TestClient, thrice: str):
        document = client.get(f"{thrice}/versions").json()
        for each in document["versions"]:
            assert set(each["change"]) == {"id", "door"}
        one = client.get(f"{thrice}/versions/2")
        page = client.get(f"{thrice}/versions?f=html")
        other = client.get(f"{thrice}/versions/2?f=html")
        for answer in (one, page, other):
            assert answer.status_code == 200
            assert "anonymous" not in answer.text
            assert "moved" not in answer.text

    def test_private_fields_are_not_in_the_history_of_the_public(
        self, client: TestClient, editor: TestClient
    ):
        path = made(editor, secret="told to nobody")
        changed(editor, path, secret="told to some")
        assert "secret" not in client.get(f"{path}/versions/1").json()["properties"]
        assert "told to" not in client.get(f"{path}/versions?f=html").text
        assert "told to nobody" in editor.get(f"{path}/versions?f=html").text

    def test_a_deletion_is_the_end_of_the_last_version(self, editor: TestClient, thrice: str):
        assert editor.delete(f"{thrice}?reason=gone").status_code == 204
        document = editor.get(f"{thrice}/versions").json()
        last = document["versions"][0]
        assert (last["version"], last["ended_by"]) == (3, "delete")
        assert last["recorded_to"] is not None
        assert last["ending_change"]["reason"] == "gone"
        assert "latest-version" not in links(document)

    def test_it_comes_in_pages_without_gaps(self, editor: TestClient):
        path = made(editor, floors=0)
        for number in range(1, 7):
            changed(editor, path, floors=number)
        seen: list[int] = []
        url: str | None = f"{path}/versions?limit=3"
        while url is not None:
            document = editor.get(url).json()
            seen += [each["version"] for each in document["versions"]]
            url = links(document).get("next")
        assert seen == [7, 6, 5, 4, 3, 2, 1]

    @pytest.mark.parametrize("query", ["limit=0", "cursor=x", "cursor=-1", "crs=x", "versions=1"])
    def test_what_cannot_be_asked_is_refused(self, editor: TestClient, thrice: str, query: str):
        assert editor.get(f"{thrice}/versions?{query}").status_code == 400

    @pytest.mark.parametrize("id", [str(uuid4()), "7", "x" * 36])
    def test_what_never_was_has_no_history(self, editor: TestClient, id: str):
        assert editor.get(f"{ITEMS}/{id}/versions").status_code == 404
        assert editor.get(f"{ITEMS}/{id}/versions/1").status_code == 404


class TestOneVersion:
    def test_it_is_the_feature_as_it_was(self, editor: TestClient, thrice: str):
        first = editor.get(f"{thrice}/versions/1")
        assert first.headers["content-type"] == "application/geo+json"
        assert first.json()["geometry"] == POINT
        assert first.json()["properties"]["name"] == "first"
        assert first.json()["properties"]["floors"] == 1
        assert first.json()["version"] == 1
        third = editor.get(f"{thrice}/versions/3").json()
        now = editor.get(thrice).json()
        assert (third["geometry"], third["properties"]) == (now["geometry"], now["properties"])

    def test_versions_lead_to_their_neighbours(self, editor: TestClient, thrice: str):
        answer = editor.get(f"{thrice}/versions/2")
        found = links(answer.json())
        assert found["predecessor-version"].endswith("/versions/1")
        assert found["successor-version"].endswith("/versions/3")
        assert found["version-history"].endswith("/versions")
        assert 'rel="successor-version"' in answer.headers["link"]
        assert "predecessor-version" not in links(editor.get(f"{thrice}/versions/1").json())
        assert "successor-version" not in links(editor.get(f"{thrice}/versions/3").json())

    def test_it_comes_in_every_crs(self, editor: TestClient, thrice: str):
        answer = editor.get(f"{thrice}/versions/1?crs={CRS.format(4490)}")
        assert answer.json()["geometry"]["coordinates"] == POINT["coordinates"][::-1]
        assert answer.headers["content-crs"] == f"<{CRS.format(4490)}>"

    def test_texts_are_written_as_every_client_reads_them(self, editor: TestClient):
        path = made(editor, name='a "quoted" \\ text')
        answer = editor.get(f"{path}/versions/1")
        assert answer.json()["properties"]["name"] == 'a "quoted" \\ text'
        assert b"\\u0022quoted\\u0022 \\u005c" in answer.content

    @pytest.mark.parametrize("number", ["0", "4", "x", "-1", "1.5", "9999999999", "१"])
    def test_an_unknown_version_is_not_found(self, editor: TestClient, thrice: str, number: str):
        answer = editor.get(f"{thrice}/versions/{number}")
        assert answer.status_code == 404
        assert answer.json()["code"] == "unknown-version"


class TestRestoring:
    def test_a_version_becomes_the_newest_and_history_stays(
        self, editor: TestClient, thrice: str, served: Database
    ):
        tag = editor.get(thrice).headers["etag"]
        answer = editor.post(
            f"{thrice}/versions/1/restore?reason=mistake", headers={"if-match": tag}
        )
        assert answer.status_code == 204, answer.text
        assert answer.headers["etag"].startswith('"v4-')
        now = editor.get(thrice).json()
        assert now["geometry"] == POINT
        assert (now["properties"]["floors"], now["properties"]["kind"]) == (1, "a")
        assert len(editor.get(f"{thrice}/versions").json()["versions"]) == 4
        assert last_change(served).reason == "mistake"

    def test_a_deleted_feature_comes_back_with_its_id(self, editor: TestClient, thrice: str):
        editor.delete(thrice)
        answer = editor.post(
            f"{thrice}/versions/2/restore", headers={"prefer": "return=representation"}
        )
        assert answer.status_code == 200
        assert answer.json()["properties"]["floors"] == 2
        assert properties(editor, thrice)["floors"] == 2
        versions = editor.get(f"{thrice}/versions").json()["versions"]
        assert [each["version"] for each in versions] == [4, 3, 2, 1]
        assert [each["ended_by"] for each in versions] == [None, "delete", "update", "update"]

    def test_a_stale_tag_restores_nothing(self, editor: TestClient, thrice: str):
        answer = editor.post(f"{thrice}/versions/1/restore", headers={"if-match": '"v2-x"'})
        assert answer.status_code == 412
        assert properties(editor, thrice)["floors"] == 2

    def test_a_dry_run_restores_nothing(self, editor: TestClient, thrice: str):
        answer = editor.post(f"{thrice}/versions/1/restore?dry_run=true")
        assert answer.status_code == 200
        assert answer.json()["operations"][0]["operation"] == "restore"
        assert answer.json()["operations"][0]["features"][0]["version"] == 4
        assert properties(editor, thrice)["floors"] == 2

    def test_an_unknown_version_cannot_be_restored(self, editor: TestClient, thrice: str):
        for number in ("0", "9", "x"):
            answer = editor.post(f"{thrice}/versions/{number}/restore")
            assert answer.status_code == 404, number
        assert editor.post(f"{ITEMS}/{uuid4()}/versions/1/restore").status_code == 404

    def test_it_is_for_editors(self, client: TestClient, thrice: str):
        assert client.post(f"{thrice}/versions/1/restore").status_code == 401
        assert client.options(f"{thrice}/versions/1/restore").headers["allow"] == "OPTIONS"


class TestPages:
    def test_what_each_version_changed_is_shown_old_and_new(self, editor: TestClient, thrice: str):
        page = editor.get(f"{thrice}/versions?f=html&lang=en").text
        assert "<del>1</del>" in page
        assert "<ins>2</ins>" in page
        assert "<del>113.75, 23.02</del>" in page
        assert "<ins>114, 23</ins>" in page
        assert page.count("<del>a</del>") == 1, "kind changed once, by its code"
        assert "First" in page
        assert "Second" in page, "codes are shown with their meaning"
        assert "First recorded" in page

    def test_they_speak_both_languages(self, editor: TestClient, thrice: str):
        for path in (f"{thrice}/versions", f"{thrice}/versions/2", thrice):
            chinese = editor.get(f"{path}?f=html&lang=zh")
            english = editor.get(f"{path}?f=html&lang=en")
            assert chinese.status_code == english.status_code == 200
            assert "版" in chinese.text
            assert "ersion" in english.text
            assert f"{thrice}/versions" in english.text

    def test_a_deletion_is_shown(self, editor: TestClient, thrice: str):
        editor.delete(f"{thrice}?reason=no%20longer")
        page = editor.get(f"{thrice}/versions?f=html&lang=en").text
        assert "the feature is deleted" in page
        assert "no longer" in page

    def test_hostile_texts_are_texts(self, editor: TestClient):
        path = made(editor, name="a")
        changed(editor, path, name=HOSTILE)
        for each in (f"{path}/versions", f"{path}/versions/2"):
            page = editor.get(f"{each}?f=html").text
            assert "<img" not in page
            assert "49" not in page.partition("<main")[2].partition("<time")[0]
            assert "&lt;img src=x" in page

    def test_a_page_of_many_versions_goes_on(self, editor: TestClient):
        path = made(editor, floors=0)
        for number in range(1, 4):
            changed(editor, path, floors=number)
        page = editor.get(f"{path}/versions?f=html&limit=2").text
        assert 'rel="next"' in page
        assert "<del>1</del>" in page, "what the last one shown has changed"
        assert "First recorded" not in page

    def test_a_feature_that_was_never_changed_has_one_version(self, editor: TestClient):
        path = made(editor, name="a")
        assert "First recorded" in editor.get(f"{path}/versions?f=html&lang=en").text
        answer = editor.put(
            path, json=feature(name="a"), headers={"content-type": "application/json"}
        )
        assert answer.status_code == 204
        assert len(editor.get(f"{path}/versions").json()["versions"]) == 1
