"""Every change is a version with who, when, why and which door, whoever writes and however."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa

from geoservice.domain.facilities import facilities
from geoservice.domain.places import towns
from geoservice.errors import RejectedFeature
from geoservice.store import publishing
from geoservice.store.database import Database, Row
from geoservice.store.programs import EDITOR, OWNER
from geoservice.store.statements import feature, source, versions
from geoservice.store.system import changed_collections, changes
from geoservice.store.tables import tables

TOWN = {"code": "441900121", "name": "虎门镇", "kind": "town", "parent_code": "441900"}
TABLE = tables().current(towns)


def rename(database: Database, uid: UUID, name: str, **change: str) -> None:
    with database.change(**{"actor": "李", "door": "test"} | change) as connection:
        connection.execute(sa.update(TABLE).where(TABLE.c.uid == uid).values(name=name))


def delete(database: Database, uid: UUID, **change: str) -> None:
    with database.change(**{"actor": "李", "door": "test"} | change) as connection:
        connection.execute(sa.delete(TABLE).where(TABLE.c.uid == uid))


def chain(database: Database, uid: UUID) -> list[Row]:
    """All versions of a feature, oldest first, each with the change that made it."""
    every = versions(towns)
    return database.rows(
        sa.select(every, changes.c.actor, changes.c.door, changes.c.reason, changes.c.at)
        .join(changes, changes.c.id == every.c.change_id)
        .where(every.c.uid == uid)
        .order_by(every.c.version)
    )


def ends(database: Database, uid: UUID) -> list[tuple[str, str, str, str | None]]:
    """How each replaced version ended: by what, by whom, through which door and why."""
    old = tables().history(towns)
    return [
        tuple(row)
        for row in database.rows(
            sa.select(old.c.operation, changes.c.actor, changes.c.door, changes.c.reason)
            .join(changes, changes.c.id == old.c.superseded_by)
            .where(old.c.uid == uid)
            .order_by(old.c.version)
        )
    ]


def test_an_insert_is_version_one_with_its_change_and_no_history(add, database):
    before = database.scalar(sa.select(sa.func.clock_timestamp()))
    uid = add(towns, **TOWN)
    (only,) = chain(database, uid)
    assert (only.version, only.actor, only.door) == (1, "tester", "test")
    assert only.reason == "a test needs it"
    assert before <= only.at <= database.scalar(sa.select(sa.func.clock_timestamp()))
    assert only.superseded_at is None
    assert ends(database, uid) == []


def test_an_update_keeps_the_old_row_and_says_who_replaced_it(add, database):
    uid = add(towns, **TOWN, geom="MULTIPOLYGON(((113 22,114 22,114 23,113 22)))")
    rename(database, uid, "虎门", actor="王", door="rest", reason="改名")
    first, second = chain(database, uid)
    assert (first.version, first.name, first.operation) == (1, "虎门镇", "update")
    assert (second.version, second.name, second.operation) == (2, "虎门", None)
    assert first.superseded_at == second.recorded_at > first.recorded_at
    assert first.geom == second.geom
    assert (second.actor, second.door, second.reason) == ("王", "rest", "改名")
    assert ends(database, uid) == [("update", "王", "rest", "改名")]


def test_a_delete_keeps_the_last_row_and_says_who_deleted_it(add, database):
    uid = add(towns, **TOWN)
    delete(database, uid, actor="赵", door="wfs", reason="误录")
    (last,) = chain(database, uid)
    assert (last.name, last.operation) == ("虎门镇", "delete")
    assert ends(database, uid) == [("delete", "赵", "wfs", "误录")]
    assert database.rows(feature(towns, uid)) == []


def test_one_transaction_is_one_change_however_many_rows(database):
    with database.change(actor="李", door="import", reason="两镇") as connection:
        connection.execute(sa.insert(TABLE), [TOWN, TOWN | {"code": "441900119"}])
        connection.execute(sa.update(TABLE).values(name_en="x"))
    assert database.scalar(sa.select(sa.func.count()).where(changes.c.door == "import")) == 1
    assert database.scalar(sa.select(sa.func.count(sa.distinct(TABLE.c.change_id)))) == 1


def test_a_change_that_fails_leaves_nothing(add, database):
    uid = add(towns, **TOWN)
    before = database.scalar(sa.select(sa.func.count()).select_from(changes))

    def rename_and_repeat() -> None:
        with database.change(actor="李", door="test") as connection:
            connection.execute(sa.update(TABLE).values(name="虎门"))
            connection.execute(sa.insert(TABLE).values(TOWN))

    with pytest.raises(RejectedFeature):
        rename_and_repeat()
    assert database.row(feature(towns, uid)).name == "虎门镇"
    assert ends(database, uid) == []
    assert database.scalar(sa.select(sa.func.count()).select_from(changes)) == before


@pytest.mark.parametrize("role", [None, EDITOR, OWNER])
def test_statements_at_a_console_are_recorded_under_the_name_of_the_session(database, role):
    address = database.url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True, application_name="psql") as console:
        login = console.execute("select session_user").fetchone()[0]
        if role:
            console.execute(f"set role {role}")
            console.execute("set geoservice.towns = '*'")
        console.execute(
            "insert into registers.towns (code, name, kind, parent_code) "
            "values ('441900121', '虎门镇', 'town', '441900')"
        )
        console.execute("update registers.towns set name = '虎门'")
        uid = console.execute("select uid from registers.towns").fetchone()[0]
        console.execute("delete from registers.towns")
    first, second = chain(database, uid)
    assert {(row.actor, row.door, row.reason) for row in (first, second)} == {
        (login, "sql", "psql")
    }
    assert ends(database, uid) == [
        ("update", login, "sql", "psql"),
        ("delete", login, "sql", "psql"),
    ]
    assert first.change_id < second.change_id


def test_a_transaction_at_a_console_is_one_change(database):
    address = database.url.replace("+psycopg", "")
    with psycopg.connect(address) as console:
        for code in ("441900121", "441900119"):
            console.execute(
                "insert into registers.towns (code, name, kind, parent_code) "
                "values (%s, '镇', 'town', '441900')",
                [code],
            )
    assert database.scalar(sa.select(sa.func.count(sa.distinct(TABLE.c.change_id)))) == 1


def test_an_update_that_changes_nothing_makes_no_version(add, database):
    shape = "MULTIPOLYGON(((113 22,114 22,114 23,113 22)))"
    uid = add(towns, **TOWN, geom=shape)
    rename(database, uid, "虎门镇")
    with database.change(actor="李", door="test") as connection:
        connection.execute(sa.update(TABLE).values(geom=f"SRID=4490;{shape}", name_en=None))
    assert [row.version for row in chain(database, uid)] == [1]


def test_the_same_area_from_another_start_vertex_is_a_change(add, database):
    uid = add(towns, **TOWN, geom="MULTIPOLYGON(((113 22,114 22,114 23,113 22)))")
    turned = "SRID=4490;MULTIPOLYGON(((114 22,114 23,113 22,114 22)))"
    with database.change(actor="李", door="test") as connection:
        connection.execute(sa.update(TABLE).values(geom=turned))
    assert [row.version for row in chain(database, uid)] == [1, 2]


def test_a_uid_never_changes(add, database):
    uid = add(towns, **TOWN)
    with (
        pytest.raises(RejectedFeature) as refusal,
        database.change(actor="李", door="test") as connection,
    ):
        connection.execute(sa.update(TABLE).values(uid=uuid4()))
    assert refusal.value.parts["collection"] == "towns"
    assert refusal.value.parts["field"] == "uid"
    assert [row.version for row in chain(database, uid)] == [1]


def test_the_owner_cannot_forge_a_version_number(add, database):
    uid = add(towns, **TOWN)
    with database.ownership() as connection:
        connection.execute(sa.update(TABLE).values(version=7, change_id=1, name="虎门"))
    assert [row.version for row in chain(database, uid)] == [1, 2]


def test_versions_have_no_gap_and_no_overlap_when_many_write_at_once(add, database):
    uid = add(towns, **TOWN)
    writers, each = 4, 10

    def write(writer: int) -> None:
        for number in range(each):
            rename(database, uid, f"{writer}-{number}", actor=f"writer {writer}")

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    rows = chain(database, uid)
    assert [row.version for row in rows] == list(range(1, writers * each + 2))
    for old, new in pairwise(rows):
        assert old.recorded_at < old.superseded_at == new.recorded_at
    assert {row.name for row in rows[1:]} == {
        f"{writer}-{number}" for writer in range(writers) for number in range(each)
    }


def test_two_versions_in_one_transaction_have_times_of_their_own(database):
    with database.change(actor="李", door="test") as connection:
        uid = connection.execute(sa.insert(TABLE).values(TOWN).returning(TABLE.c.uid)).scalar_one()
        connection.execute(sa.update(TABLE).values(name="二"))
        connection.execute(sa.update(TABLE).values(name="三"))
    times = [row.recorded_at for row in chain(database, uid)]
    assert times[1] - times[0] == times[2] - times[1] == timedelta(microseconds=1)


def names_at(database: Database, instant: datetime) -> list[str]:
    return [row.name for row in database.rows(sa.select(source(towns, instant).c.name))]


def test_each_instant_shows_what_the_register_said_then(add, database):
    uid = add(towns, **TOWN)
    rename(database, uid, "虎门")
    delete(database, uid)
    first, second = chain(database, uid)
    instants = {
        first.recorded_at - timedelta(microseconds=1): [],
        first.recorded_at: ["虎门镇"],
        second.recorded_at - timedelta(microseconds=1): ["虎门镇"],
        second.recorded_at: ["虎门"],
        second.superseded_at - timedelta(microseconds=1): ["虎门"],
        second.superseded_at: [],
        datetime.max.replace(tzinfo=UTC): [],
    }
    assert {instant: names_at(database, instant) for instant in instants} == instants


def test_a_feature_that_was_deleted_and_added_again_is_another_feature(add, database):
    gone = add(towns, **TOWN)
    before = database.scalar(sa.select(sa.func.clock_timestamp()))
    delete(database, gone)
    new = add(towns, **TOWN)
    assert new != gone
    assert database.row(feature(towns, gone, before)).name == "虎门镇"
    assert database.rows(feature(towns, new, before)) == []


def test_a_change_names_the_collections_it_touched(add, database):
    add(towns, **TOWN)
    add(facilities, facility_no="1", name="小学", kind="primary_school", status="operating")
    touched = changed_collections
    made = database.rows(
        sa.select(touched.c.collection)
        .join(changes, changes.c.id == touched.c.change_id)
        .where(changes.c.door == "test")
        .order_by(touched.c.change_id)
    )
    assert [row.collection for row in made] == ["towns", "facilities"]


def test_an_upgrade_renews_the_history_of_published_collections(own_database, published_notes):
    from geoservice.store import programs, schema

    with own_database.migration() as connection:
        name = programs.function_name(published_notes)
        connection.execute(sa.text(f"drop function {name}() cascade"))  # as an older version had it
    schema.upgrade(own_database)
    table = tables().current(published_notes)
    with own_database.change(actor="李", door="test") as connection:
        connection.execute(sa.insert(table).values(text="一"))
        connection.execute(sa.update(table).values(text="二"))
    assert own_database.scalar(sa.select(tables().history(published_notes).c.text)) == "一"


@pytest.fixture
def published_notes(own_database):
    from geoservice.description.collection import Collection, Field, FieldType
    from geoservice.languages import Text

    title = Text(zh="笔记", en="Notes")
    notes = Collection(
        id="notes",
        title=title,
        description=title,
        published=True,
        fields=(Field(name="text", type=FieldType.TEXT, title=title),),
    )
    with own_database.ownership() as connection:
        publishing.create(connection, notes)
    return notes
