"""A lock holds features for those who give it, against every door, by the database's clock."""

import threading
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from geoservice.domain.facilities import facilities
from geoservice.domain.places import towns
from geoservice.editing import locks
from geoservice.editing.locks import LockAction, Member, Wanted
from geoservice.editing.operations import Author, Delete, Insert, Replace, Restore, Update
from geoservice.errors import (
    BadParameter,
    CannotLock,
    Conflict,
    FeatureLocked,
    FeatureNotLocked,
    Forbidden,
    LockExpired,
    UnknownFeature,
    UnknownLock,
)
from geoservice.files.importing import ImportOptions, import_file
from geoservice.query.filter import Compare, Comparison, Literal, Property
from geoservice.store import system
from geoservice.store.tables import tables
from tests.editing.conftest import AUTHOR, CHANGAN, FACILITY, HUMEN, OF_HUMEN, console, row

OTHER = Author(name="王", door="test")


@pytest.fixture
def ids(carried_out) -> list[UUID]:
    """Three facilities, the last in another town, in the order of their ids."""
    made = [
        carried_out(
            Insert(
                collection=facilities,
                values=FACILITY | {"facility_no": str(number), "town_code": town},
            )
        )
        for number, town in enumerate((HUMEN, HUMEN, CHANGAN))
    ]
    return [each.done[0].features[0].uid for each in made]


def locked(database, *uids: UUID, author: Author = AUTHOR, **options) -> locks.Lock:
    wanted = [Wanted(facilities, tuple(uids))]
    return locks.lock(database, author, wanted, **({"minutes": 5} | options))


def under(lock: locks.Lock, author: Author = AUTHOR) -> Author:
    return Author(name=author.name, door=author.door, towns=author.towns, lock_id=lock.id)


def renamed(uid: UUID, name: str = "甲") -> Update:
    return Update(collection=facilities, which=uid, values={"name": name})


def expire(database, lock_id: UUID) -> None:
    with database.editing() as connection:
        past = sa.text("clock_timestamp() - interval '1 second'")
        connection.execute(
            sa.update(system.locks).where(system.locks.c.id == lock_id).values(expires_at=past)
        )


def members(database) -> set[UUID]:
    with database.editing() as connection:
        return set(connection.execute(sa.select(system.locked_features.c.uid)).scalars())


def test_a_locked_feature_is_changed_only_with_its_lock(carried_out, database, ids):
    lock = locked(database, ids[0])
    assert lock.locked == (Member("facilities", ids[0]),)
    for operation in (
        renamed(ids[0]),
        Replace(collection=facilities, which=ids[0], values=FACILITY | {"facility_no": "x"}),
        Delete(collection=facilities, which=ids[0]),
    ):
        for author in (AUTHOR, OTHER):
            with pytest.raises(FeatureLocked) as refusal:
                carried_out(operation, author=author)
            assert refusal.value.parts["collection"] == "facilities"
            assert refusal.value.parts["value"] == str(ids[0])
    carried_out(renamed(ids[1]), author=OTHER)
    carried_out(renamed(ids[0]), author=under(lock))
    assert row(database, facilities, ids[0]).name == "甲"


def test_a_lock_binds_an_import(carried_out, database, ids, registry, dongguan, tmp_path):
    locked(database, ids[0])
    file = tmp_path / "facilities.csv"
    file.write_text("facility_no,name,kind,status\n0,新名,other,operating\n", encoding="utf-8")

    def imported():
        return import_file(
            database, registry, facilities, file, ImportOptions(), actor="王", door="import",
            region=dongguan,
        )  # fmt: skip

    with pytest.raises(FeatureLocked):
        imported()
    assert row(database, facilities, ids[0]).name == "小学"
    with database.editing() as connection:
        connection.execute(sa.delete(system.locks))
    assert imported().updated == 1


@pytest.mark.parametrize("role", ["geoservice_edit", "geoservice_migrate"])
def test_a_lock_binds_sql_at_a_console(database, ids, role):
    lock = locked(database, ids[0])
    with console(database, role) as session:
        session.execute("set geoservice.towns = '*'")
        for statement in (
            "update registers.facilities set name = '甲'",
            "delete from registers.facilities",
        ):
            with pytest.raises(Exception, match="locked"):
                session.execute(statement)
            session.rollback()
            session.execute("set geoservice.towns = '*'")
        session.execute("select set_config('geoservice.lock', %s, false)", [str(lock.id)])
        assert session.execute("update registers.facilities set name = '甲'").rowcount == 3


def test_an_update_that_changes_nothing_is_no_change_of_a_locked_feature(
    carried_out, database, ids
):
    locked(database, ids[0])
    assert carried_out(renamed(ids[0], "小学")).change_id is None


def test_under_a_lock_only_what_it_holds_is_changed(carried_out, database, ids):
    lock = locked(database, ids[0])
    for operation in (renamed(ids[1]), Delete(collection=facilities, which=ids[1])):
        with pytest.raises(FeatureNotLocked):
            carried_out(renamed(ids[0]), operation, author=under(lock))
    assert row(database, facilities, ids[0]).version == 1
    new = Insert(collection=facilities, values=FACILITY | {"facility_no": "9"})
    carried_out(new, author=under(lock))


def test_an_edit_under_a_lock_needs_no_version(carried_out, database, ids):
    lock = locked(database, ids[0])
    outcome = carried_out(renamed(ids[0]), author=under(lock), version_required={"facilities"})
    of = sa.select(system.changes.c.is_unconditional)
    assert not database.scalar(of.where(system.changes.c.id == outcome.change_id))


def test_a_deleted_feature_that_its_lock_still_holds_is_restored_under_it(
    carried_out, database, ids
):
    lock = locked(database, ids[0])
    carried_out(Delete(collection=facilities, which=ids[0]), author=under(lock))
    carried_out(Restore(collection=facilities, which=ids[0], to_version=1), author=under(lock))
    with pytest.raises(FeatureLocked):
        carried_out(renamed(ids[0]), author=OTHER)


def test_a_lock_of_somebody_else_is_unknown(carried_out, database, ids):
    lock = locked(database, ids[0])
    for use in (
        lambda: carried_out(renamed(ids[0]), author=under(lock, OTHER)),
        lambda: locks.renewed(database, OTHER, lock.id, minutes=5),
        lambda: locks.release(database, lock.id, owner=OTHER.name),
        lambda: carried_out(renamed(ids[0]), author=Author(name="李", door="t", lock_id=uuid4())),
        lambda: locks.lock_id("1"),
        lambda: locks.lock_id("{0190a0f0-0000-7000-8000-00000000000}"),
    ):
        with pytest.raises(UnknownLock):
            use()


def test_an_expired_lock_binds_nobody_and_opens_nothing(carried_out, database, ids):
    lock = locked(database, ids[0], ids[1])
    expire(database, lock.id)
    with pytest.raises(LockExpired):
        carried_out(renamed(ids[0]), author=under(lock))
    with pytest.raises(LockExpired):
        locks.renewed(database, AUTHOR, lock.id, minutes=5)
    carried_out(renamed(ids[0]), author=OTHER)
    new = locked(database, ids[0], author=OTHER)
    assert [each.uid for each in new.locked] == [ids[0]]
    with pytest.raises(LockExpired):
        carried_out(renamed(ids[0]), author=under(lock))


def test_a_lock_that_expired_a_day_ago_is_forgotten(database, ids):
    lock = locked(database, ids[0])
    with database.editing() as connection:
        past = sa.text("clock_timestamp() - interval '24 hours 1 second'")
        connection.execute(sa.update(system.locks).values(expires_at=past))
    locked(database, ids[1])
    assert members(database) == {ids[1]}
    with pytest.raises(UnknownLock):
        locks.renewed(database, AUTHOR, lock.id, minutes=5)


def left_minutes(database, lock_id: UUID) -> float:
    left = sa.func.extract("epoch", system.locks.c.expires_at - sa.func.clock_timestamp()) / 60
    with database.editing() as connection:
        return float(
            connection.execute(sa.select(left).where(system.locks.c.id == lock_id)).scalar_one()
        )


def test_a_lock_lasts_an_hour_at_most(database, ids):
    assert 59 < left_minutes(database, locked(database, ids[0], minutes=1e9).id) <= 60
    assert 2 < left_minutes(database, locked(database, ids[1], minutes=3).id) <= 3
    for minutes in (0, -1, float("nan")):
        with pytest.raises(BadParameter):
            locked(database, ids[2], minutes=minutes)


def test_a_lock_is_renewed_by_its_owner(database, ids):
    lock = locked(database, ids[0], minutes=1)
    renewed = locks.renewed(database, AUTHOR, lock.id, minutes=30)
    assert (renewed.id, renewed.locked) == (lock.id, lock.locked)
    assert 29 < left_minutes(database, lock.id) <= 30


def test_all_or_none_is_locked_unless_some_will_do(database, ids):
    locked(database, ids[1], author=OTHER)
    with pytest.raises(CannotLock) as refusal:
        locked(database, *ids)
    assert refusal.value.parts["value"] == str(ids[1])
    assert members(database) == {ids[1]}
    some = locked(database, *ids, action=LockAction.SOME)
    assert {each.uid for each in some.locked} == {ids[0], ids[2]}
    assert some.not_locked == (Member("facilities", ids[1]),)


def test_what_a_condition_selects_is_locked(database, ids):
    town = Property("town_code", facilities.by_name["town_code"])
    of_humen = Compare(Comparison.EQUAL, town, Literal(HUMEN))
    lock = locks.lock(database, AUTHOR, [Wanted(facilities, of_humen)], minutes=5)
    assert {each.uid for each in lock.locked} == {ids[0], ids[1]}
    rest = locks.lock(
        database, OTHER, [Wanted(facilities), Wanted(towns)], minutes=5, action=LockAction.SOME
    )
    assert {each.uid for each in rest.locked} == {ids[2]}


def test_more_than_the_limit_is_not_locked(database, ids):
    everything = [Wanted(facilities)]
    with pytest.raises(CannotLock):
        locks.lock(database, AUTHOR, everything, minutes=5, at_most=2, action=LockAction.SOME)
    assert members(database) == set()
    assert len(locks.lock(database, AUTHOR, everything, minutes=5, at_most=3).locked) == 3


def test_a_feature_that_is_not_there_is_not_locked(database, ids):
    with pytest.raises(UnknownFeature):
        locked(database, ids[0], uuid4())
    assert members(database) == set()


def test_a_feature_of_another_town_is_not_locked(database, ids):
    with pytest.raises(Forbidden):
        locked(database, ids[0], ids[2], author=OF_HUMEN)
    assert len(locked(database, ids[0], ids[1], author=OF_HUMEN).locked) == 2


def test_a_lock_ends_with_the_edit_that_says_so(carried_out, database, ids):
    lock = locked(database, *ids)
    carried_out(renamed(ids[0]), author=under(lock), dry_run=True, release=LockAction.ALL)
    assert members(database) == {*ids}
    carried_out(renamed(ids[0]), author=under(lock), release=LockAction.SOME)
    assert members(database) == {ids[1], ids[2]}
    carried_out(renamed(ids[0], "乙"), author=OTHER)
    with pytest.raises(FeatureNotLocked):
        carried_out(renamed(ids[0]), author=under(lock))
    carried_out(renamed(ids[1]), author=under(lock), release=LockAction.ALL)
    assert members(database) == set()
    with pytest.raises(UnknownLock):
        carried_out(renamed(ids[1]), author=under(lock))


def test_a_lock_whose_last_feature_is_given_back_is_ended(carried_out, database, ids):
    lock = locked(database, ids[0])
    carried_out(renamed(ids[0], "小学"), author=under(lock), release=LockAction.SOME)
    with pytest.raises(UnknownLock):
        locks.renewed(database, AUTHOR, lock.id, minutes=5)


def test_what_remains_of_a_lock_has_its_whole_time_again(carried_out, database, ids):
    lock = locked(database, *ids, minutes=20)
    with database.editing() as connection:
        connection.execute(
            sa.update(system.locks).values(
                expires_at=sa.text("clock_timestamp() + interval '1 minute'")
            )
        )
    carried_out(renamed(ids[0]), author=under(lock), release=LockAction.SOME)
    assert 19 < left_minutes(database, lock.id) <= 20


def test_an_edit_that_fails_leaves_its_lock(carried_out, database, ids):
    lock = locked(database, *ids)
    with pytest.raises(UnknownFeature):
        carried_out(renamed(ids[0]), renamed(uuid4()), author=under(lock), release=LockAction.ALL)
    assert members(database) == {*ids}


def test_an_administrator_ends_anybodys_lock(carried_out, database, ids):
    lock = locked(database, *ids)
    (standing,) = locks.standing_locks(database)
    assert (standing.id, standing.owner, standing.features) == (lock.id, "李", 3)
    locks.release(database, lock.id, owner=None)
    assert locks.standing_locks(database) == []
    carried_out(renamed(ids[0]), author=OTHER)
    with pytest.raises(UnknownLock):
        locks.release(database, lock.id, owner=None)


def test_of_two_who_lock_at_once_one_wins(database, ids):
    start, results = threading.Barrier(2), []

    def take(author: Author) -> None:
        start.wait()
        try:
            results.append(locked(database, *ids, author=author))
        except CannotLock as mistake:
            results.append(mistake)

    threads = [threading.Thread(target=take, args=[each]) for each in (AUTHOR, OTHER)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(type(each).__name__ for each in results) == ["CannotLock", "Lock"]


def test_locking_waits_for_an_edit_that_is_under_way(database, ids):
    done: list[object] = []

    def take() -> None:
        done.append(locked(database, ids[0]))

    thread = threading.Thread(target=take)
    with console(database) as session:
        session.execute("set geoservice.towns = '*'")
        session.execute("update registers.facilities set name = '甲' where uid = %s", [ids[0]])
        thread.start()
        waiting = (
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' "
            "and datname = current_database()"
        )
        with database.migration() as connection:
            while not connection.execute(sa.text(waiting)).scalar_one():
                pass
        assert done == []
        session.commit()
    thread.join()
    assert len(done) == 1
    table = tables().current(facilities)
    assert database.scalar(sa.select(table.c.name).where(table.c.uid == ids[0])) == "甲"


def test_an_edit_that_waited_for_a_lock_to_be_taken_meets_it(database, ids, carried_out):
    with database.editing() as connection:
        connection.execute(sa.text("set local geoservice.towns = '*'"))
        table = tables().current(facilities)
        connection.execute(sa.select(table.c.uid).with_for_update(key_share=True)).all()
        lock_id = uuid4()
        connection.execute(
            sa.insert(system.locks).values(
                id=lock_id, owner="李", minutes=5,
                expires_at=sa.text("clock_timestamp() + interval '5 minutes'"),
            )
        )  # fmt: skip
        connection.execute(
            sa.insert(system.locked_features).values(
                collection="facilities", uid=ids[0], lock_id=lock_id
            )
        )
        refusals: list[Conflict] = []

        def edit() -> None:
            try:
                carried_out(renamed(ids[0]), author=OTHER)
            except Conflict as mistake:
                refusals.append(mistake)

        thread = threading.Thread(target=edit)
        thread.start()
        waiting = sa.text(
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' "
            "and datname = current_database()"
        )
        with database.migration() as watching:
            while not watching.execute(waiting).scalar_one():
                pass
    thread.join()
    assert [type(each) for each in refusals] == [FeatureLocked]
