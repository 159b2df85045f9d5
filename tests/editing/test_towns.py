"""Who may write in some towns writes in no other, through no door; everybody reads everything."""

from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors

from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_assessments, hazard_sites
from geoservice.editing.operations import Author, Delete, Insert, Replace, Restore, Update
from geoservice.errors import Forbidden
from geoservice.query.filter import Compare, Comparison, IsNull, Literal, Property
from geoservice.store.programs import OWNER, READER
from geoservice.store.system import changes
from geoservice.store.tables import tables
from tests.editing.conftest import (
    AUTHOR,
    CHANGAN,
    FACILITY,
    HUMEN,
    OF_HUMEN,
    chain,
    console,
    row,
)

TABLE = tables().current(facilities)
OF_BOTH = Author(name="赵", door="test", towns=frozenset({HUMEN, CHANGAN}))
OF_NONE = Author(name="钱", door="test", towns=frozenset())
SITE = {"site_no": "1", "name": "示例", "register_kind": "hidden_danger", "type_code": "02"}


def new(number: int, town: str | None) -> Insert:
    values = FACILITY | {"facility_no": str(number), "town_code": town}
    return Insert(collection=facilities, values=values)


@pytest.fixture
def ids(carried_out) -> dict[str | None, UUID]:
    """A facility in each of two towns, and one in none."""
    done = carried_out(*(new(n, town) for n, town in enumerate((HUMEN, CHANGAN, None)))).done
    return {each.operation.values["town_code"]: each.features[0].uid for each in done}


def moved(uid: UUID, town: str | None) -> Update:
    return Update(collection=facilities, which=uid, values={"town_code": town})


def renamed(uid: UUID) -> Update:
    return Update(collection=facilities, which=uid, values={"name": "甲"})


def test_an_editor_of_a_town_edits_in_it(carried_out, ids, database):
    carried_out(new(10, HUMEN), renamed(ids[HUMEN]), author=OF_HUMEN)
    carried_out(Delete(collection=facilities, which=ids[HUMEN]), author=OF_HUMEN)
    carried_out(Restore(collection=facilities, which=ids[HUMEN], to_version=1), author=OF_HUMEN)
    assert [each.version for each in chain(database, facilities, ids[HUMEN])] == [1, 2, 3]


@pytest.mark.parametrize("town", [CHANGAN, None])
def test_an_editor_of_a_town_edits_in_no_other(carried_out, ids, database, town):
    uid = ids[town]
    for operation in (
        new(10, town),
        renamed(uid),
        moved(uid, HUMEN),
        moved(ids[HUMEN], town),
        Replace(collection=facilities, which=uid, values=FACILITY),
        Replace(collection=facilities, which=ids[HUMEN], values=FACILITY | {"town_code": town}),
        Delete(collection=facilities, which=uid),
        Restore(collection=facilities, which=uid, to_version=1),
    ):
        with pytest.raises(Forbidden) as refusal:
            carried_out(operation, author=OF_HUMEN)
        assert refusal.value.parts["town"] == town
        assert (town or "without a town") in refusal.value.text("en")
    assert [len(chain(database, facilities, each)) for each in ids.values()] == [1, 1, 1]


def test_a_feature_that_names_no_town_is_nobody_of_a_towns(carried_out, ids):
    with pytest.raises(Forbidden):
        carried_out(
            Insert(
                collection=facilities,
                values={name: value for name, value in FACILITY.items() if name != "town_code"},
            ),
            author=OF_HUMEN,
        )
    without = {name: value for name, value in FACILITY.items() if name != "town_code"}
    with pytest.raises(Forbidden):
        carried_out(
            Replace(collection=facilities, which=ids[HUMEN], values=without), author=OF_HUMEN
        )


def test_who_may_write_in_both_towns_moves_a_feature_there_and_back(carried_out, ids, database):
    carried_out(moved(ids[HUMEN], CHANGAN), author=OF_BOTH)
    carried_out(moved(ids[HUMEN], HUMEN), author=OF_BOTH)
    assert row(database, facilities, ids[HUMEN]).version == 3
    with pytest.raises(Forbidden):
        carried_out(moved(ids[HUMEN], None), author=OF_BOTH)


def test_who_may_write_nowhere_writes_nothing(carried_out, ids):
    for operation in (new(10, HUMEN), renamed(ids[HUMEN]), moved(ids[None], None)):
        with pytest.raises(Forbidden):
            carried_out(operation, author=OF_NONE)


def test_a_condition_that_reaches_into_another_town_is_refused_as_a_whole(
    carried_out, ids, database
):
    name = Property("name", facilities.by_name["name"])
    all_of_them = Compare(Comparison.EQUAL, name, Literal("小学"))
    town = Property("town_code", facilities.by_name["town_code"])
    own = Compare(Comparison.EQUAL, town, Literal(HUMEN))
    for operation in (
        Update(collection=facilities, which=all_of_them, values={"name": "甲"}),
        Delete(collection=facilities, which=all_of_them),
        Delete(collection=facilities, which=IsNull(town)),
    ):
        with pytest.raises(Forbidden):
            carried_out(operation, author=OF_HUMEN)
    (done,) = carried_out(
        Update(collection=facilities, which=own, values={"name": "甲"}), author=OF_HUMEN
    ).done
    assert [each.uid for each in done.features] == [ids[HUMEN]]
    assert row(database, facilities, ids[CHANGAN]).name == "小学"


def test_a_deleted_feature_of_another_town_is_not_brought_back_or_taken_over(carried_out, ids):
    carried_out(moved(ids[CHANGAN], HUMEN))  # version 2 was in the editor's town
    carried_out(moved(ids[CHANGAN], CHANGAN))
    carried_out(Delete(collection=facilities, which=ids[CHANGAN]))
    for version in (1, 2, 3):
        with pytest.raises(Forbidden):
            carried_out(
                Restore(collection=facilities, which=ids[CHANGAN], to_version=version),
                author=OF_HUMEN,
            )


def test_a_version_in_another_town_is_not_restored(carried_out, ids):
    carried_out(moved(ids[CHANGAN], HUMEN))
    with pytest.raises(Forbidden):
        carried_out(
            Restore(collection=facilities, which=ids[CHANGAN], to_version=1), author=OF_HUMEN
        )


def test_a_collection_without_towns_is_for_those_who_may_write_everywhere(carried_out):
    assert hazard_assessments.town is None
    site = carried_out(Insert(collection=hazard_sites, values=SITE)).done[0].features[0].uid
    assessment = Insert(
        collection=hazard_assessments, values={"hazard_site": site, "assessed_on": "2021-04-01"}
    )
    with pytest.raises(Forbidden):
        carried_out(assessment, author=OF_HUMEN)
    uid = carried_out(assessment).done[0].features[0].uid
    with pytest.raises(Forbidden):
        carried_out(Delete(collection=hazard_assessments, which=uid), author=OF_HUMEN)


# The database by itself


INSERTED = "insert into registers.facilities (facility_no, name, kind, status, town_code) values "


def test_a_console_of_the_editing_role_writes_nothing_until_it_says_where(ids, database):
    with console(database) as session:
        assert session.execute("update registers.facilities set name = '甲'").rowcount == 0
        assert session.execute("delete from registers.facilities").rowcount == 0
        with pytest.raises(errors.InsufficientPrivilege):
            session.execute(f"{INSERTED} ('7', '甲', 'other', 'operating', '{HUMEN}')")
        session.rollback()
    assert {row(database, facilities, uid).name for uid in ids.values()} == {"小学"}


def test_a_console_that_says_where_writes_there_and_nowhere_else(ids, database):
    with console(database) as session:
        session.execute(f"set geoservice.towns = '{HUMEN}'")
        assert session.execute("update registers.facilities set name = '甲'").rowcount == 1
        with pytest.raises(errors.InsufficientPrivilege):
            session.execute(f"update registers.facilities set town_code = '{CHANGAN}'")
        session.rollback()
        session.execute("set geoservice.towns = '*'")
        assert session.execute("update registers.facilities set name = '甲'").rowcount == 3


def test_a_function_cannot_be_talked_into_restoring_in_another_town(carried_out, ids, database):
    carried_out(Delete(collection=facilities, which=ids[CHANGAN]))
    restore = "select registers.restore_deleted_of_facilities(%s, 1)"
    with console(database) as session:
        session.execute(f"set geoservice.towns = '{HUMEN}'")
        with pytest.raises(errors.InsufficientPrivilege):
            session.execute(restore, [ids[CHANGAN]])
    with console(database, READER) as session, pytest.raises(errors.InsufficientPrivilege):
        session.execute(restore, [ids[CHANGAN]])


def test_no_code_of_a_town_means_everywhere(database):
    for code in ("*", f"{HUMEN},{CHANGAN}"):
        with (
            pytest.raises(Exception, match="comma"),
            database.change(actor="李", door="test", towns=[code]),
        ):
            pass


def test_the_owner_is_not_bound(ids, database):
    with console(database, OWNER) as session:
        assert session.execute("update registers.facilities set name = '甲'").rowcount == 3


def test_every_collection_has_the_policies(database):
    unguarded = sa.text(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = 'registers' and c.relkind = 'r' and c.relname not like '%\\_history' "
        "and (not c.relrowsecurity or (select count(*) from pg_policy where polrelid = c.oid) <> 4)"
    )
    with database.migration() as connection:
        assert connection.execute(unguarded).all() == []


def test_a_pooled_connection_never_carries_where_the_last_author_could_write(
    carried_out, ids, database
):
    for number in range(20):
        author, other = (OF_HUMEN, OF_BOTH) if number % 2 else (OF_BOTH, OF_HUMEN)
        carried_out(renamed(ids[HUMEN]), author=author)
        with pytest.raises(Forbidden):
            carried_out(renamed(ids[None]), author=other)
        with database.editing() as connection:
            touched = connection.execute(sa.update(TABLE).values(name="乙"))
            assert touched.rowcount == 0


def test_readers_see_every_town_by_the_spatial_index(database):
    with database.migration() as connection:
        connection.execute(
            sa.text(
                "insert into registers.facilities (facility_no, name, kind, status, town_code, geom) "
                "select n, 'x', 'other', 'operating', '441900121', "
                "st_setsrid(st_point(113 + (n % 200) * 0.005, 22 + n / 200 * 0.005), 4490) "
                "from generate_series(1, 20000) n"
            )
        )
        connection.execute(sa.text("analyze registers.facilities"))
    plan = (
        "explain select uid from registers.facilities where geom && "
        "st_makeenvelope(113.5, 22.2, 113.52, 22.22, 4490) and st_intersects(geom, "
        "st_makeenvelope(113.5, 22.2, 113.52, 22.22, 4490)) order by uid limit 1000"
    )
    with console(database, READER) as session:
        lines = [line for (line,) in session.execute(plan)]
        assert any("facilities_geom_gist" in line for line in lines), lines
        assert not any("may_write" in line for line in lines)
        everything = "select count(*) from registers.facilities"
        assert session.execute(everything).fetchone() == (20000,)


# Secrets


@pytest.mark.parametrize(
    "table", ["keys", "users", "locks", "locked_features", "answered_requests"]
)
def test_readers_do_not_see_who_has_which_key_lock_or_answer(database, table):
    with console(database, READER) as session, pytest.raises(errors.InsufficientPrivilege):
        session.execute(f"select * from geoservice.{table}")


def test_readers_see_changes_and_editors_change_none(database, carried_out):
    carried_out(new(1, HUMEN))
    with console(database, READER) as session:
        assert session.execute("select count(*) from geoservice.changes").fetchone()[0] > 0
        with pytest.raises(errors.InsufficientPrivilege):
            session.execute("select geoservice.begin_change('a', 'b', 'c')")
    with console(database) as session, pytest.raises(errors.InsufficientPrivilege):
        session.execute("update geoservice.changes set actor = 'nobody'")
    assert (
        database.scalar(sa.select(changes.c.actor).where(changes.c.door == "test")) == AUTHOR.name
    )


def test_the_driver_tells_a_missing_right_apart(database):
    with pytest.raises(psycopg.errors.InsufficientPrivilege), console(database, READER) as session:
        session.execute("delete from registers.facilities")
