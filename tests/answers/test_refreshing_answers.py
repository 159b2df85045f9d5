"""A saved answer follows its question: what changed, by one change, and nothing where nothing did."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

from geoservice.answers import Author, Refreshed
from geoservice.description.collection import Collection, Field, FieldType, GeometryType
from geoservice.domain.facilities import facilities
from geoservice.errors import (
    Conflict,
    DatabaseUnavailable,
    GeoserviceError,
    NotOwnAnswer,
    QuestionChanged,
    UnknownAnswer,
    UnknownCollection,
)
from geoservice.languages import Text
from geoservice.questions import asking
from geoservice.store import publishing
from geoservice.store.database import Database
from geoservice.store.history import ChangesWanted, change_list
from geoservice.store.publishing import Registry, withdraw
from geoservice.store.statements import versions
from geoservice.store.system import changes
from geoservice.store.tables import tables
from tests.answers.conftest import Answers
from tests.questions.worlds import place, point


def move(database: Database, facility: object, distance_m: float) -> None:
    table = tables().current(facilities)
    there = f"SRID=4490;{point(place(distance_m))}"
    with database.change(actor="tester", door="test") as connection:
        moved = sa.update(table).where(table.c.uid == facility).values(geom=there)
        connection.execute(moved)


def newest_change(database: Database) -> Any:
    return database.rows(change_list(ChangesWanted(), 1))[0]


def test_what_entered_left_and_changed_is_one_change(answers: Answers, world: Any) -> None:
    world.site()
    stays, changes_distance, leaves = (world.school(place(each)) for each in (100, 200, 300))
    answers.save("near_schools")
    before = {row.facility_uid: row for row in answers.rows("near_schools")}
    move(answers.database, changes_distance, 250)
    move(answers.database, leaves, 900)
    enters = world.school(place(400))
    author = Author("saver", "test", reason="the yearly look")
    done = replace(answers, author=author).refresh("near_schools")
    assert (done.entered, done.left, done.changed) == (1, 1, 1)
    after = {row.facility_uid: row for row in answers.rows("near_schools")}
    assert set(after) == {stays, changes_distance, enters}
    assert after[stays] == before[stays]
    assert [after[each].version for each in (stays, changes_distance, enters)] == [1, 2, 1]
    assert after[changes_distance].distance_m == pytest.approx(250, abs=1e-6)
    assert after[changes_distance].uid == before[changes_distance].uid
    made = newest_change(answers.database)
    assert (made.id, made.actor, made.door, made.reason) == (
        done.change_id, "saver", "test", "the yearly look",
    )  # fmt: skip
    assert made.collections == [
        {"collection": "near_schools", "inserted": 1, "updated": 1, "deleted": 1}
    ]
    assert done.answer.counts["pairs"] == done.answer.row_count == 3


def test_an_answer_that_is_the_same_makes_no_change(answers: Answers, world: Any) -> None:
    world.site()
    world.school(place(100))
    saved = answers.save("near_schools")
    rows, newest = answers.rows("near_schools"), newest_change(answers.database)
    done = answers.refresh("near_schools")
    assert (done.entered, done.left, done.changed, done.change_id) == (0, 0, 0, None)
    assert answers.rows("near_schools") == rows
    assert newest_change(answers.database) == newest
    assert done.answer.refreshed_at > saved.saved_at


def test_a_row_that_comes_back_goes_on_with_its_versions(answers: Answers, world: Any) -> None:
    world.site()
    school = world.school(place(100))
    answers.save("near_schools")
    for distance_m, expected in (
        (900, (0, 1, 0)),
        (200, (1, 0, 0)),
        (300, (0, 0, 1)),
        (900, (0, 1, 0)),
    ):
        move(answers.database, school, distance_m)
        done = answers.refresh("near_schools")
        assert (done.entered, done.left, done.changed) == expected
    every = versions(answers.registry.collection("near_schools"))
    rows = answers.database.rows(sa.select(every).order_by(every.c.version))
    assert [(row.version, row.operation) for row in rows] == [
        (1, "delete"), (2, "update"), (3, "delete"),
    ]  # fmt: skip
    assert len({row.uid for row in rows}) == 1
    for earlier, later in pairwise(rows):
        assert earlier.recorded_at < earlier.superseded_at <= later.recorded_at


def test_defaults_are_taken_anew_and_what_was_given_stays(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers.save("by_default")
    answers.save("given", as_of="2020-05-06")
    answers.save("titled", title="Ours")
    monkeypatch.setattr(asking, "today", lambda _region: date(2031, 2, 3))
    assert answers.refresh("by_default").answer.parameters["as_of"] == "2031-02-03"
    assert answers.refresh("given").answer.parameters["as_of"] == "2020-05-06"
    answers.refresh("titled")
    titles = [answers.registry.collection(each).title.en for each in ("by_default", "titled")]
    assert titles == ["Remediation sites near schools (2031-02-03)", "Ours"]
    other_process = Registry(answers.database)
    assert "2031-02-03" in other_process.collection("by_default").description.en


def test_another_process_sees_the_new_description(answers: Answers, world: Any) -> None:
    other = Registry(answers.database)
    for name in ("first", "second"):
        answers.save(name)
    other.refresh()
    world.site()
    answers.refresh("first")
    other.refresh()
    assert other.collection("first") == answers.registry.collection("first")


def squares(label: str) -> Collection:
    names = ("name", "number")
    return Collection(
        id="squares",
        title=Text(zh="广场", en="Squares"),
        description=Text(zh="测试", en="Test"),
        geometry=GeometryType.POINT,
        published=True,
        label=label,
        fields=tuple(
            Field(name=name, type=FieldType.TEXT, title=Text(zh=name, en=name)) for name in names
        ),
    )


def test_a_question_with_other_columns_is_refused_until_it_is_saved_anew(
    answers: Answers, add: Any, world: Any
) -> None:
    sides = {"this": "squares", "that": "facilities", "distance_m": 500}
    for label in ("name", "number"):
        with answers.database.ownership() as connection:
            publishing.create(connection, squares(label))
        add(squares(label), name="n", number="1", geom="POINT(113.75 23)")
        answers.registry.refresh()
        if label == "name":
            world.school(place(100))
            answers.save("near_squares", "near", **sides)
            withdraw(answers.database, answers.registry, "squares")
    with pytest.raises(QuestionChanged, match="near_squares"):
        answers.refresh("near_squares")
    assert "this_name" in answers.registry.collection("near_squares").by_name
    answers.replace("near_squares", "near", **sides)
    assert answers.column("near_squares", "this_number") == ["1"]
    assert answers.refresh("near_squares").change_id is None


def test_an_answer_whose_layer_is_gone_says_so(answers: Answers) -> None:
    with pytest.raises(UnknownAnswer):
        answers.refresh("never_saved")
    with answers.database.ownership() as connection:
        publishing.create(connection, squares("name"))
    answers.registry.refresh()
    answers.save("near_squares", "near", this="squares", that="facilities", distance_m=5)
    withdraw(answers.database, answers.registry, "squares")
    with pytest.raises(UnknownCollection, match="squares"):
        answers.refresh("near_squares")


# --- at once, and cut off ---------------------------------------------------------------------------


@pytest.fixture
def process(answers: Answers) -> Iterator[Callable[[], Answers]]:
    """Makes another process: connections and a catalog of its own."""
    opened: list[Database] = []

    def another() -> Answers:
        database = Database(answers.database.url)
        opened.append(database)
        return replace(answers, database=database, registry=Registry(database))

    yield another
    for each in opened:
        each.close()


def test_refreshes_at_once_make_each_difference_once(
    answers: Answers, world: Any, process: Callable[[], Answers]
) -> None:
    world.site()
    leaves = world.school(place(100))
    answers.save("near_schools")
    move(answers.database, leaves, 900)
    world.school(place(200))
    start = threading.Barrier(6)

    def refreshed(each: Answers) -> Refreshed | Conflict:
        start.wait()
        try:
            return each.refresh("near_schools")
        except Conflict as late:  # waited too long for the others
            return late

    with ThreadPoolExecutor(6) as threads:
        done = list(threads.map(refreshed, [process() for _ in range(6)]))
    differences = [
        (each.entered, each.left) for each in done if isinstance(each, Refreshed) and each.change_id
    ]
    assert differences == [(1, 1)]
    assert len(answers.rows("near_schools")) == 1
    made = newest_change(answers.database).collections
    assert made == [{"collection": "near_schools", "inserted": 1, "updated": 0, "deleted": 1}]


def test_of_those_who_save_under_one_name_at_once_one_succeeds(
    answers: Answers, process: Callable[[], Answers]
) -> None:
    start = threading.Barrier(4)

    def saved(each: Answers) -> str:
        each.registry.refresh()
        start.wait()
        try:
            return each.save("mine").name
        except GeoserviceError as mistake:
            return mistake.code

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(saved, [process() for _ in range(4)]))
    assert sorted(done) == ["already-exists"] * 3 + ["mine"]


@contextmanager
def held(database: Database, table: str) -> Iterator[None]:
    """Nobody can write a table meanwhile."""
    with database.migration() as connection:
        connection.execute(sa.text(f"LOCK TABLE {table} IN SHARE MODE"))
        yield


WAITING = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_locks "
    "WHERE NOT granted AND relation = 'geoservice.answer_accounts'::regclass"
)


def killed_while_writing(database: Database, work: Callable[[], object]) -> BaseException | None:
    """What becomes of work whose connection ends when all its rows are written, but not yet kept."""
    ended = threading.Event()
    with ThreadPoolExecutor(1) as threads, held(database, "geoservice.answer_accounts"):
        running = threads.submit(work)
        running.add_done_callback(lambda _: ended.set())
        with sa.create_engine(database.url, isolation_level="AUTOCOMMIT").connect() as superuser:
            while not superuser.execute(WAITING).all():
                assert not ended.wait(0.01)
            failure = running.exception(timeout=20)
        superuser.engine.dispose()
    return failure


def test_nothing_is_half_written_when_saving_is_cut_off(
    answers: Answers, world: Any, process: Callable[[], Answers]
) -> None:
    world.site()
    world.school(place(100))
    cut_off = process()
    newest = newest_change(answers.database)
    failure = killed_while_writing(answers.database, lambda: cut_off.save("near_schools"))
    assert isinstance(failure, DatabaseUnavailable)
    answers.registry.refresh()
    assert "near_schools" not in answers.registry.catalog
    for table in ("near_schools", "near_schools_history"):
        found = sa.select(sa.func.to_regclass(f"published.{table}"))
        assert answers.database.scalar(found) is None
    assert newest_change(answers.database) == newest
    assert cut_off.save("near_schools").row_count == 1


def test_nothing_is_half_written_when_a_refresh_is_cut_off(
    answers: Answers, world: Any, process: Callable[[], Answers]
) -> None:
    world.site()
    school = world.school(place(100))
    saved = answers.save("near_schools")
    rows = answers.rows("near_schools")
    move(answers.database, school, 200)
    world.school(place(300))
    newest = newest_change(answers.database)
    cut_off = process()
    failure = killed_while_writing(answers.database, lambda: cut_off.refresh("near_schools"))
    assert isinstance(failure, DatabaseUnavailable)
    assert answers.rows("near_schools") == rows
    assert newest_change(answers.database) == newest
    done = cut_off.refresh("near_schools")
    assert (done.entered, done.changed) == (1, 1)
    assert done.answer.saved_at == saved.saved_at


def test_whoever_did_not_save_it_is_told_even_when_nothing_changed(answers: Answers) -> None:
    answers.save("mine")
    with pytest.raises(NotOwnAnswer):
        answers.by("another").refresh("mine")
    count = sa.select(sa.func.count()).select_from(changes).where(changes.c.actor == "another")
    assert answers.database.scalar(count) == 0
