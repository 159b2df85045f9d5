"""Migrations and roles: the schema comes up from nothing, and each role can do its own work only."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from psycopg import errors

from geoservice.catalog import built_in_collections
from geoservice.domain.code_lists import ALL_CODE_LISTS, code_lists
from geoservice.domain.places import towns
from geoservice.store import schema
from geoservice.store.database import Database
from geoservice.store.programs import EDITOR, OWNER, READER
from geoservice.store.tables import CHANGE_COLUMNS, tables

MIGRATIONS = ScriptDirectory(str(schema.MIGRATIONS))
REVISIONS = [script.revision for script in reversed(list(MIGRATIONS.walk_revisions()))]


@pytest.fixture
def empty(empty_database: str) -> Iterator[Database]:
    database = Database(empty_database)
    yield database
    database.close()


@contextmanager
def session_of(database: Database, role: str) -> Iterator[psycopg.Connection]:
    """A console session of somebody who has only this role; rolled back at its end."""
    address = database.url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"set session authorization {role}")
        with connection.transaction(force_rollback=True):
            yield connection


def relations(database: Database) -> set[tuple[str, str]]:
    names = sa.text(
        "select schemaname, tablename from pg_tables "
        "where schemaname in ('geoservice', 'registers', 'published')"
    )
    with database.migration() as connection:
        return {(row.schemaname, row.tablename) for row in connection.execute(names)}


def test_an_empty_database_has_no_revision(empty: Database):
    assert schema.state(empty) == schema.SchemaState(None, REVISIONS[-1])


def test_an_upgrade_from_nothing_makes_every_table_with_its_history(empty: Database):
    schema.upgrade(empty)
    made = relations(empty)
    for collection in built_in_collections():
        assert {("registers", collection.id), ("registers", f"{collection.id}_history")} <= made
    assert schema.state(empty) == schema.SchemaState(REVISIONS[-1], REVISIONS[-1])


def test_after_an_upgrade_no_migration_is_due(database: Database):
    assert schema.drift(database) == []


def test_a_missing_column_is_drift(own_database: Database):
    with own_database.migration() as connection:
        connection.execute(sa.text("alter table registers.towns drop column name_en"))
    (difference,) = schema.drift(own_database)
    assert difference[0] == "add_column"
    assert difference[3].name == "name_en"


def test_a_second_upgrade_changes_nothing(own_database: Database):
    def everything() -> tuple[object, ...]:
        changes = sa.text("select count(*) from geoservice.changes")
        codes = sa.select(tables().current(code_lists)).order_by("uid")
        return own_database.scalar(changes), own_database.rows(codes), relations(own_database)

    before = everything()
    schema.upgrade(own_database)
    assert everything() == before


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_revision_goes_down_and_up_again(own_database: Database, revision: str):
    schema.downgrade(own_database, MIGRATIONS.get_revision(revision).down_revision or "base")
    schema.upgrade(own_database)
    assert schema.drift(own_database) == []
    assert schema.state(own_database).current == REVISIONS[-1]


def test_going_down_to_the_bottom_leaves_no_table(own_database: Database):
    schema.downgrade(own_database, "base")
    assert relations(own_database) == {("geoservice", "schema_version")}
    assert schema.state(own_database).current is None


def test_the_declared_codes_are_rows(database: Database):
    table = tables().current(code_lists)
    stored = database.rows(sa.select(table.c.code_set, table.c.code, table.c.name_zh))
    declared = {(codes.id, code.code, code.title.zh) for codes in ALL_CODE_LISTS for code in codes}
    assert {tuple(row) for row in stored} == declared
    assert len(stored) == len(declared)


def test_an_upgrade_mends_a_code_that_was_changed_and_keeps_what_it_was(own_database: Database):
    same = "where code_set = 'register_kind' and code = 'risk_point'"
    with own_database.migration() as connection:
        connection.execute(sa.text(f"update registers.code_lists set name_zh = '别的' {same}"))
    schema.upgrade(own_database)
    current = own_database.row(sa.text(f"select name_zh, version from registers.code_lists {same}"))
    assert tuple(current) == ("风险点", 3)


@pytest.mark.parametrize("role", [READER, EDITOR])
@pytest.mark.parametrize("schema_name", ["geoservice", "registers", "published", "public"])
def test_neither_reader_nor_editor_may_create_tables(
    database: Database, role: str, schema_name: str
):
    with session_of(database, role) as console, pytest.raises(errors.InsufficientPrivilege):
        console.execute(f"create table {schema_name}.mine (a int)")


@pytest.mark.parametrize(
    "statement",
    [
        "insert into registers.towns (code, name, kind, parent_code) values ('1', 'a', 'town', '2')",
        "update registers.towns set name = 'a'",
        "delete from registers.towns",
        "truncate registers.towns",
        "insert into geoservice.changes (actor, door) values ('me', 'here')",
        "select geoservice.begin_change('me', 'here', null)",
        "insert into geoservice.published_collections (id, description) values ('a', '{}')",
        "drop table registers.towns",
    ],
)
def test_a_reader_cannot_write(database: Database, statement: str):
    with session_of(database, READER) as console, pytest.raises(errors.InsufficientPrivilege):
        console.execute(statement)


def test_a_reader_reads_rows_and_history(database: Database):
    with session_of(database, READER) as console:
        for table in ("towns", "towns_history"):
            assert console.execute(f"select count(*) from registers.{table}").fetchone() == (0,)


@pytest.mark.parametrize("column", CHANGE_COLUMNS)
def test_an_editor_cannot_write_the_columns_of_the_store(database: Database, column: str):
    statement = f"update registers.towns set {column} = {column}"
    with session_of(database, EDITOR) as console, pytest.raises(errors.InsufficientPrivilege):
        console.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into geoservice.changes (actor, door) values ('somebody else', 'here')",
        "update geoservice.changes set actor = 'somebody else'",
        "delete from geoservice.changes",
        "delete from registers.towns_history",
        "update registers.towns_history set name = 'never'",
        "insert into registers.towns_history select * from registers.towns_history",
        "update registers.code_lists set name_zh = 'x'",
        "alter table registers.towns disable trigger keep_history",
        "truncate registers.towns",
        "drop function registers.keep_history_of_towns() cascade",
    ],
)
def test_an_editor_cannot_go_behind_the_history(database: Database, statement: str):
    with session_of(database, EDITOR) as console, pytest.raises(errors.InsufficientPrivilege):
        console.execute(statement)


def test_an_editor_edits_the_data(database: Database):
    with session_of(database, EDITOR) as console:
        console.execute("set local geoservice.towns = '441900121'")
        console.execute(
            "insert into registers.towns (code, name, kind, parent_code) "
            "values ('441900121', '虎门镇', 'town', '441900')"
        )
        assert console.execute("update registers.towns set name = '虎门'").rowcount == 1
        assert console.execute("delete from registers.towns").rowcount == 1


def test_everything_belongs_to_the_owning_role(database: Database):
    others = sa.text(
        "select tablename from pg_tables where tableowner <> :owner "
        "and schemaname in ('geoservice', 'registers') and tablename <> 'schema_version'"
    ).bindparams(owner=OWNER)
    with database.migration() as connection:
        assert connection.execute(others).all() == []


def test_new_ids_are_version_7_and_in_the_order_of_time(database: Database):
    made = database.rows(
        sa.text("select geoservice.uuid7() as uid, pg_sleep(0.002) from generate_series(1, 20)")
    )
    uids = [row.uid for row in made]
    assert {(uid.version, uid.variant) for uid in uids} == {(7, "specified in RFC 4122")}
    assert uids == sorted(uids)


def test_the_key_of_a_town_is_unique(database: Database):
    indexes = {index.name: index for index in tables().current(towns).indexes}
    assert indexes["towns_key"].unique
