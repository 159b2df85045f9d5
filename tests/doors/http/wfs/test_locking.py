"""LockFeature, GetFeatureWithLock, and transactions under a lock, by the clock of the database."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from lxml import etree

from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from geoservice.store.system import locked_features, locks
from tests.doors.http.wfs.conftest import Document, exception, found, qualified
from tests.doors.http.wfs.writing import (
    CHANGAN,
    HUMEN,
    Desk,
    by_id,
    client_of,
    desk_over,
    edit,
    edits,
    ids,
    named,
    request,
    transaction,
)

VERSIONS = ("1.0.0", "1.1.0", "2.0.0")


@pytest.fixture(scope="module")
def served(module_database: Database) -> Desk:
    return desk_over(module_database, Limits(max_tx_features=50))


@pytest.fixture
def desk(served: Desk) -> Desk:
    """The service without any lock, and without features of `edits`."""
    with served.database.migration() as connection:
        connection.execute(sa.delete(locks))
        connection.execute(sa.text("truncate published.edits"))
    return served


def locking(
    filter: str = "", version: str = "2.0.0", attributes: str = "", type: str = "edits"
) -> str:
    """A LockFeature of a version."""
    if version == "2.0.0":
        content = f'<wfs:Query typeNames="gs:{type}">{filter}</wfs:Query>'
    else:
        content = f'<wfs:Lock typeName="gs:{type}">{filter}</wfs:Lock>'
    return request("LockFeature", content, version, attributes)


def reading(filter: str = "", version: str = "2.0.0", attributes: str = "") -> str:
    """A GetFeatureWithLock of a version."""
    name = "typeNames" if version == "2.0.0" else "typeName"
    content = f'<wfs:Query {name}="gs:edits">{filter}</wfs:Query>'
    return request("GetFeatureWithLock", content, version, attributes)


def lock_of(answer: Document) -> str:
    """The id of the lock that an answer tells."""
    named = answer.get("lockId") or answer.findtext("{*}LockId")
    return str(UUID(named))


def locked(answer: Document) -> set[str]:
    return set(found(answer, "*[local-name()='FeaturesLocked']/*/@*"))


def not_locked(answer: Document) -> set[str]:
    return set(found(answer, "*[local-name()='FeaturesNotLocked']/*/@*"))


def members(answer: Document) -> set[str]:
    """The ids of the features in a collection."""
    return set(found(answer, "//gs:edits/@fid | //gs:edits/@gml:id | //gs:edits/@gml3:id"))


def minutes_left(desk: Desk, lock: str) -> float:
    """How long a lock binds yet, by the clock of the database."""
    left = sa.extract("epoch", locks.c.expires_at - sa.func.clock_timestamp()) / 60
    with desk.database.migration() as connection:
        return float(
            connection.execute(sa.select(left).where(locks.c.id == UUID(lock))).scalar_one()
        )


def held(desk: Desk) -> int:
    """How many features are held by any lock."""
    with desk.database.migration() as connection:
        number = sa.select(sa.func.count()).select_from(locked_features)
        return int(connection.execute(number).scalar_one())


def expire(desk: Desk, lock: str) -> None:
    """Let the time of a lock be over."""
    with desk.database.migration() as connection:
        past = sa.func.clock_timestamp() - timedelta(seconds=1)
        connection.execute(sa.update(locks).where(locks.c.id == UUID(lock)).values(expires_at=past))


def deletion(id: str, attributes: str = "", version: str = "2.0.0") -> str:
    actions = f'<wfs:Delete typeName="gs:edits">{by_id(id, version=version)}</wfs:Delete>'
    return transaction(actions, version, attributes)


# LockFeature


@pytest.mark.parametrize("version", VERSIONS)
def test_the_lock_and_what_it_holds_are_told_in_the_form_of_the_version(
    desk: Desk, version: str
) -> None:
    first, second, _ = desk.inserted(edit("a"), edit("a"), edit("b"))
    answer = desk.post(locking(by_id(first, second, version=version), version))
    names = {
        "1.0.0": "wfs1:WFS_LockFeatureResponse",
        "1.1.0": "wfs1:LockFeatureResponse",
        "2.0.0": "wfs:LockFeatureResponse",
    }
    assert answer.tag == qualified(names[version])
    assert locked(answer) == {first, second}
    assert not_locked(answer) == set()
    assert lock_of(answer)


def test_without_a_filter_all_features_of_a_type_are_locked(desk: Desk) -> None:
    new = desk.inserted(*[edit("a")] * 3)
    assert locked(desk.post(locking())) == set(new)


def test_a_lock_by_keywords_holds_what_a_box_meets(desk: Desk) -> None:
    def at(x: float) -> str:
        point = f"<gml:Point><gml:pos>30 {x}</gml:pos></gml:Point>"
        return edit("a", f"<gs:geom>{point}</gs:geom>")

    inside, _ = desk.inserted(at(114), at(115))
    answer = desk.client.post(
        "/wfs?service=WFS&version=2.0.0&request=LockFeature&typeNames=gs:edits"
        "&bbox=29,113.5,31,114,urn:ogc:def:crs:EPSG::4490&expiry=60"
    )
    assert answer.status_code == 200, answer.text
    assert f'rid="{inside}"' in answer.text
    assert held(desk) == 1


def test_a_feature_is_held_by_one_lock_at_most(desk: Desk) -> None:
    first, _ = desk.inserted(edit("a"), edit("a"))
    desk.post(locking(by_id(first)))
    answer = desk.post(locking(), status=400)
    assert exception(answer)[0] == "CannotLockAllFeatures"
    assert held(desk) == 1


def test_some_may_be_locked_where_others_are_not(desk: Desk) -> None:
    first, second = desk.inserted(edit("a"), edit("a"))
    desk.post(locking(by_id(first)))
    answer = desk.as_user("other editor").post(locking(attributes='lockAction="SOME"'))
    assert (locked(answer), not_locked(answer)) == ({second}, {first})


@pytest.mark.parametrize(
    ("version", "expiry", "minutes"),
    [
        ("2.0.0", "", 5),
        ("2.0.0", 'expiry="120"', 2),
        ("2.0.0", 'expiry="3600"', 60),
        ("2.0.0", 'expiry="3601"', 60),
        ("2.0.0", 'expiry="60000000000"', 60),
        ("1.1.0", 'expiry="2"', 2),
        ("1.1.0", "", 60),
        ("1.1.0", 'expiry="1000000000"', 60),
        ("1.0.0", 'expiry="2"', 2),
    ],
)
def test_a_lock_lasts_as_long_as_is_asked_but_no_longer_than_an_hour(
    desk: Desk, version: str, expiry: str, minutes: float
) -> None:
    desk.inserted(edit("a"))
    lock = lock_of(desk.post(locking("", version, expiry)))
    assert minutes_left(desk, lock) == pytest.approx(minutes, abs=0.5)


@pytest.mark.parametrize("expiry", ["0", "-1", "soon", "1.5"])
def test_a_time_that_is_none_is_refused(desk: Desk, expiry: str) -> None:
    answer = desk.post(locking(attributes=f'expiry="{expiry}"'), status=400)
    assert exception(answer)[:2] == ("InvalidParameterValue", "expiry")


def test_a_lock_action_that_is_none_is_refused(desk: Desk) -> None:
    answer = desk.post(locking(attributes='lockAction="MOST"'), status=400)
    assert exception(answer)[:2] == ("InvalidParameterValue", "lockAction")


def test_as_many_features_as_the_limit_can_be_locked_and_no_more(desk: Desk) -> None:
    desk.inserted(*[edit("a")] * 50)
    assert len(locked(desk.post(locking()))) == 50
    with desk.database.migration() as connection:
        connection.execute(sa.delete(locks))
    desk.inserted(edit("a"))
    assert exception(desk.post(locking(), status=400))[0] == "CannotLockAllFeatures"
    assert held(desk) == 0


def test_the_time_of_a_lock_begins_anew_when_it_is_named(desk: Desk) -> None:
    (id,) = desk.inserted(edit("a"))
    lock = lock_of(desk.post(locking(attributes='expiry="60"')))
    again = request("LockFeature", "", attributes=f'lockId="{lock}" expiry="600"')
    answer = desk.post(again)
    assert (lock_of(answer), locked(answer)) == (lock, {id})
    assert minutes_left(desk, lock) == pytest.approx(10, abs=0.5)


def test_a_lock_is_not_named_beside_a_query(desk: Desk) -> None:
    desk.inserted(edit("a"))
    lock = lock_of(desk.post(locking()))
    answer = desk.post(locking(attributes=f'lockId="{lock}"'), status=400)
    assert exception(answer)[0] == "OperationParsingFailed"


def test_a_lock_that_has_expired_does_not_begin_anew(desk: Desk) -> None:
    desk.inserted(edit("a"))
    lock = lock_of(desk.post(locking()))
    expire(desk, lock)
    answer = desk.post(request("LockFeature", "", attributes=f'lockId="{lock}"'), status=403)
    assert exception(answer)[:2] == ("LockHasExpired", "lockId")


# Transactions under a lock


@pytest.mark.parametrize("user", ["editor", "other editor"])
def test_a_locked_feature_is_changed_by_nobody_who_does_not_name_the_lock(
    desk: Desk, user: str
) -> None:
    (id,) = desk.inserted(edit("a"))
    desk.post(locking())
    answer = desk.as_user(user).post(deletion(id), status=400)
    assert exception(answer)[:2] == ("MissingParameterValue", "lockId")
    assert desk.row(id) is not None


def test_a_lock_binds_edits_by_another_door(desk: Desk) -> None:
    (id,) = desk.inserted(edit("a"))
    desk.post(locking())
    address = f"/collections/edits/items/{id.partition('.')[2]}"
    assert desk.client.delete(address).status_code in (409, 423)
    assert desk.row(id) is not None


def test_whoever_names_the_lock_may_change_what_it_holds_and_it_ends(desk: Desk) -> None:
    first, second = desk.inserted(edit("a"), edit("a"))
    lock = lock_of(desk.post(locking()))
    desk.post(deletion(first, f'lockId="{lock}"'))
    assert desk.row(first) is None
    desk.post(deletion(second))  # the lock has ended
    assert desk.row(second) is None


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_before_2_0_0_an_element_names_the_lock(desk: Desk, version: str) -> None:
    (id,) = desk.inserted(edit("a"))
    lock = lock_of(desk.post(locking("", version)))
    delete = f'<wfs:Delete typeName="edits">{by_id(id, version=version)}</wfs:Delete>'
    desk.post(transaction(f"<wfs:LockId>{lock}</wfs:LockId>{delete}", version))
    assert desk.row(id) is None


def test_with_some_only_what_was_changed_is_released(desk: Desk) -> None:
    first, second = desk.inserted(edit("a"), edit("a"))
    lock = lock_of(desk.post(locking()))
    desk.post(deletion(first, f'lockId="{lock}" releaseAction="SOME"'))
    desk.post(deletion(second), status=400)
    desk.post(deletion(second, f'lockId="{lock}"'))
    assert desk.row(second) is None


def test_a_transaction_that_fails_does_not_end_the_lock(desk: Desk) -> None:
    (id,) = desk.inserted(edit("a"))
    lock = lock_of(desk.post(locking()))
    bad = "<wfs:Insert><gs:edits><gs:qty>many</gs:qty></gs:edits></wfs:Insert>"
    desk.post(transaction(bad, attributes=f'lockId="{lock}"'), status=400)
    desk.post(deletion(id), status=400)


def test_under_a_lock_only_what_it_holds_may_be_changed(desk: Desk) -> None:
    first, second = desk.inserted(edit("a"), edit("a"))
    lock = lock_of(desk.post(locking(by_id(first))))
    answer = desk.post(deletion(second, f'lockId="{lock}"'), status=400)
    assert exception(answer)[:2] == ("FeaturesNotLocked", "lockId")
    other = lock_of(desk.post(locking(by_id(second))))
    answer = desk.post(deletion(first, f'lockId="{other}"'), status=400)
    assert exception(answer)[:2] == ("FeaturesNotLocked", "lockId")


@pytest.mark.parametrize("lock", ["", "nonsense", str(uuid4())])
def test_a_lock_that_is_not_there_is_refused(desk: Desk, lock: str) -> None:
    (id,) = desk.inserted(edit("a"))
    answer = desk.post(deletion(id, f'lockId="{lock}"'), status=400)
    assert exception(answer)[:2] == ("InvalidLockId", "lockId")
    assert desk.row(id) is not None


def test_the_lock_of_somebody_else_is_not_there(desk: Desk) -> None:
    (id,) = desk.inserted(edit("a"))
    lock = lock_of(desk.post(locking()))
    answer = desk.as_user("other editor").post(deletion(id, f'lockId="{lock}"'), status=400)
    assert exception(answer)[0] == "InvalidLockId"


def test_a_lock_that_has_expired_is_told_and_binds_nobody(desk: Desk) -> None:
    (id,) = desk.inserted(edit("a"))
    lock = lock_of(desk.post(locking()))
    expire(desk, lock)
    answer = desk.post(deletion(id, f'lockId="{lock}"'), status=403)
    assert exception(answer)[:2] == ("LockHasExpired", "lockId")
    desk.as_user("other editor").post(deletion(id))
    assert desk.row(id) is None


def test_a_release_action_that_is_none_is_refused(desk: Desk) -> None:
    answer = desk.post(transaction("", attributes='releaseAction="NONE"'), status=400)
    assert exception(answer)[:2] == ("InvalidParameterValue", "releaseAction")


# GetFeatureWithLock


@pytest.mark.parametrize("version", VERSIONS)
def test_features_are_locked_while_they_are_read(desk: Desk, version: str) -> None:
    new = desk.inserted(edit("a"), edit("b"))
    answer = desk.post(reading("", version))
    assert answer.tag.endswith("}FeatureCollection")
    assert members(answer) == set(new)
    assert lock_of(answer)
    assert held(desk) == 2


def test_only_what_matches_is_locked_and_read(desk: Desk) -> None:
    first, _ = desk.inserted(edit("a"), edit("b"))
    answer = desk.post(reading(named("a")))
    assert (members(answer), held(desk)) == ({first}, 1)
    assert (answer.get("numberMatched"), answer.get("numberReturned")) == ("1", "1")


def test_no_more_than_count_are_locked_and_read(desk: Desk) -> None:
    desk.inserted(*[edit("a")] * 5)
    answer = desk.post(reading(attributes='count="2"'))
    assert (len(members(answer)), held(desk)) == (2, 2)


def test_nothing_that_matches_is_an_empty_collection(desk: Desk) -> None:
    answer = desk.post(reading(named("nobody")))
    assert (members(answer), held(desk)) == (set(), 0)


def test_some_features_are_read_without_those_that_others_hold(desk: Desk) -> None:
    first, second = desk.inserted(edit("a"), edit("b"))
    desk.post(reading(by_id(first)))
    answer = desk.post(reading(attributes='lockAction="SOME"'))
    assert members(answer) == {second}
    assert exception(desk.post(reading(), status=400))[0] == "CannotLockAllFeatures"


def test_features_with_lock_by_keywords(desk: Desk) -> None:
    (id,) = desk.inserted(edit("a"))
    answer = desk.client.post(
        "/wfs?service=WFS&version=1.1.0&request=GetFeatureWithLock&typeName=gs:edits&expiry=3"
    )
    assert answer.status_code == 200, answer.text
    assert (id in answer.text, "lockId=" in answer.text, held(desk)) == (True, True, 1)
    assert answer.headers["cache-control"] == "no-store"


def test_the_stored_query_for_one_feature_locks_it(desk: Desk) -> None:
    first, _ = desk.inserted(edit("a"), edit("b"))
    query = (
        '<wfs:StoredQuery id="http://www.opengis.net/def/query/OGC-WFS/0/GetFeatureById">'
        f'<wfs:Parameter name="id">{first}</wfs:Parameter></wfs:StoredQuery>'
    )
    answer = desk.post(request("GetFeatureWithLock", query))
    assert (members(answer), held(desk)) == ({first}, 1)


def test_numbers_alone_lock_nothing(desk: Desk) -> None:
    desk.inserted(edit("a"))
    answer = desk.post(reading(attributes='resultType="hits"'), status=400)
    assert exception(answer)[:2] == ("InvalidParameterValue", "resultType")
    assert held(desk) == 0


@pytest.mark.parametrize(
    "attributes", ['startIndex="1"', 'outputFormat="csv"', 'expiry="x"', 'lockAction="x"']
)
def test_what_a_lock_cannot_honour_is_refused(desk: Desk, attributes: str) -> None:
    desk.inserted(edit("a"))
    desk.post(reading(attributes=attributes), status=400)
    assert held(desk) == 0


# Who may


@pytest.mark.parametrize(("user", "status"), [(None, 401), ("analyst", 403)])
def test_only_editors_may_lock(desk: Desk, user: str | None, status: int) -> None:
    desk.inserted(edit("a"))
    desk.as_user(user).post(locking(), status=status)
    desk.as_user(user).post(reading(), status=status)
    assert held(desk) == 0


def test_an_editor_of_one_town_cannot_lock_in_another(desk: Desk) -> None:
    here, there = (
        f"<gs:sites><gs:name>lock</gs:name><gs:town>{town}</gs:town></gs:sites>"
        for town in (HUMEN, CHANGAN)
    )
    own, foreign = desk.inserted(here, there)
    editor = desk.as_user("editor of Humen")
    assert locked(editor.post(locking(by_id(own), type="sites"))) == {own}
    editor.post(locking(by_id(foreign), type="sites"), status=403)
    editor.post(locking(named("lock"), type="sites"), status=403)


def test_what_cannot_be_edited_cannot_be_locked(desk: Desk) -> None:
    assert "sealed" in exception(desk.post(locking(type="sealed"), status=403))[2]


# Capabilities


def test_capabilities_say_that_features_can_be_changed_and_locked(desk: Desk) -> None:
    root = _capabilities(desk, "2.0.0")
    for name in ("ImplementsTransactionalWFS", "ImplementsLockingWFS"):
        path = f"//ows:Constraint[@name='{name}']/ows:DefaultValue/text()"
        assert found(root, path) == ["TRUE"]
    for name in ("Transaction", "LockFeature", "GetFeatureWithLock"):
        path = f"//ows:Operation[@name='{name}']//ows:Post/@xlink:href"
        assert found(root, path) == ["http://127.0.0.1:8000/wfs"]


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_before_2_0_0_each_type_says_what_can_be_done(desk: Desk, version: str) -> None:
    root = _capabilities(desk, version)
    for name, expected in (
        ("gs:edits", ["Query", "Insert", "Update", "Delete", "Lock"]),
        ("gs:sealed", ["Query"]),
    ):
        path = f"//wfs1:FeatureType[wfs1:Name='{name}']/wfs1:Operations/*"
        rights = [
            each.text if version == "1.1.0" else each.tag.rpartition("}")[2]
            for each in found(root, path)
        ]
        assert rights == expected


def test_the_address_for_transactions_carries_the_key_that_came_as_a_parameter(desk: Desk) -> None:
    key = desk.keys["editor"]
    client = desk.as_user(None)
    root = _capabilities(client, "2.0.0", apikey=key)
    path = "//ows:Operation[@name='Transaction']//ows:Post/@xlink:href"
    assert found(root, path) == [f"http://127.0.0.1:8000/wfs?apikey={key}"]
    insert = transaction(f"<wfs:Insert>{edit('a')}</wfs:Insert>")
    assert len(ids(client.post(insert, apikey=key))) == 1
    assert desk.count(edits) == 1


def _capabilities(desk: Desk, version: str, **keywords: str) -> Document:
    given = {"service": "WFS", "request": "GetCapabilities", "version": version}
    answer = desk.client.get("/wfs", params=given | keywords)
    assert answer.status_code == 200, answer.text
    return etree.fromstring(answer.content)


def test_where_a_version_is_required_a_lock_stands_for_it(desk: Desk) -> None:
    settings = Settings(database_url=None, lock_required="edits")
    app = create_app(settings, Limits(), database=desk.database)
    strict = Desk(desk.database, app, desk.keys, client_of(app, desk.keys["editor"]))
    (id,) = desk.inserted(edit("before"))
    change = (
        '<wfs:Update typeName="gs:edits"><wfs:Property><wfs:ValueReference>gs:name'
        "</wfs:ValueReference><wfs:Value>after</wfs:Value></wfs:Property>"
        f"{by_id(id)}</wfs:Update>"
    )
    refused = strict.post(transaction(change), status=428)
    assert "lock on the feature" in exception(refused)[2]
    assert desk.row(id).name == "before"
    lock = lock_of(strict.post(locking(by_id(id))))
    strict.post(transaction(change, attributes=f'lockId="{lock}"'))
    assert desk.row(id).name == "after"


@pytest.mark.parametrize("name", ["count", "startIndex", "resultType", "sortBy"])
def test_a_lock_by_keywords_has_no_keywords_of_pages(desk: Desk, name: str) -> None:
    desk.inserted(edit("one"), edit("two"))
    keywords = {"service": "WFS", "version": "2.0.0", "request": "LockFeature"}
    answer = desk.client.post("/wfs", params={**keywords, "typeNames": "gs:edits", name: "1"})
    assert answer.status_code == 400
    assert exception(etree.fromstring(answer.content))[1] == name.lower()


def test_an_editor_sees_and_ends_own_locks_and_an_administrator_all(desk: Desk) -> None:
    (id,) = desk.inserted(edit("held"))
    lock = lock_of(desk.post(locking(by_id(id))))
    (shown,) = desk.client.get("/locks").json()["locks"]
    assert (shown["id"], shown["owner"], shown["features"]) == (lock, "editor", 1)
    other = desk.as_user("other editor").client
    assert other.get("/locks").json()["locks"] == []
    assert other.delete(f"/locks/{lock}").json()["code"] == "unknown-lock"
    assert desk.as_user("analyst").client.get("/locks").status_code == 403
    assert desk.as_user(None).client.delete(f"/locks/{lock}").status_code == 401
    administrator = desk.as_user("administrator").client
    assert [each["id"] for each in administrator.get("/locks").json()["locks"]] == [lock]
    assert administrator.delete(f"/locks/{lock}").status_code == 204
    assert desk.client.get("/locks").json()["locks"] == []
    assert desk.client.delete("/locks/none").json()["code"] == "unknown-lock"
    desk.as_user("other editor").post(
        transaction(f'<wfs:Delete typeName="gs:edits">{by_id(id)}</wfs:Delete>')
    )
    assert desk.row(id) is None


@pytest.mark.parametrize("name", ["LockFeature", "GetFeatureWithLock"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_a_link_can_send_locks_nothing(desk: Desk, name: str, method: str) -> None:
    desk.inserted(edit("one"))
    keywords = {"service": "WFS", "version": "2.0.0", "request": name, "typeNames": "gs:edits"}
    assert desk.client.request(method, "/wfs", params=keywords).status_code == 400
    assert held(desk) == 0


@pytest.mark.parametrize("given", [{"fliter": "x"}, {"count": "1"}, {"request": "GetFeature"}])
def test_a_parameter_beside_a_document_is_refused_not_ignored(
    desk: Desk, given: dict[str, str]
) -> None:
    (id,) = desk.inserted(edit("one"))
    answer = desk.post(locking(by_id(id)), status=400, **given)
    assert exception(answer)[1] == next(iter(given))
    assert held(desk) == 0
