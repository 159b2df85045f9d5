"""Connections: what a statement may take, and in which words a fault is told."""

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.exc import DBAPIError

from geoservice.domain.facilities import facilities
from geoservice.domain.places import towns
from geoservice.errors import Conflict, DatabaseUnavailable, TooSlow
from geoservice.store.database import Database
from geoservice.store.tables import tables

TABLE = tables().current(towns)
TOWN = {"code": "441900121", "name": "虎门镇", "kind": "town", "parent_code": "441900"}
SLEEP = sa.select(sa.func.pg_sleep(5))


@pytest.fixture
def hasty(database: Database) -> Iterator[Database]:
    """The same database for somebody in a hurry, with one connection for readers."""
    hasty = Database(
        database.url, read_timeout_s=0.2, write_timeout_s=0.3, export_timeout_s=0.4, pool_size=1
    )
    yield hasty
    hasty.close()


def test_a_statement_beyond_its_time_is_told_with_the_limit(hasty):
    started = time.monotonic()
    with pytest.raises(TooSlow) as refusal:
        hasty.rows(SLEEP)
    assert refusal.value.parts["limit"] == "0.2"
    assert time.monotonic() - started < 2


def test_every_way_of_running_a_statement_has_its_own_limit(hasty):
    def writing() -> None:
        with hasty.change(actor="me", door="test") as connection:
            connection.execute(SLEEP)

    def owning() -> None:
        with hasty.ownership() as connection:
            connection.execute(SLEEP)

    slow_text = sa.select(sa.cast(sa.func.pg_sleep(5), sa.Text))
    ways = {
        "0.2": [lambda: hasty.scalar(SLEEP), lambda: hasty.row(SLEEP)],
        "0.3": [writing],
        "0.4": [owning, lambda: list(hasty.lines(slow_text))],
    }
    for limit, runs in ways.items():
        for run in runs:
            with pytest.raises(TooSlow) as refusal:
                run()
            assert refusal.value.parts["limit"] == limit


def test_a_reading_connection_cannot_write_whatever_its_role_may(database):
    with pytest.raises(DBAPIError, match="read-only"):
        database.rows(sa.text("create temporary table mine (a int)"))


def test_a_programming_error_stays_one(database):
    with pytest.raises(sa.exc.ProgrammingError):
        database.rows(sa.text("select nothing_of_that_name"))


def test_a_row_that_somebody_else_is_changing_is_a_conflict(add, database):
    add(towns, **TOWN)
    slow = Database(database.url)

    def rename() -> None:
        with slow.change(actor="me", door="test") as connection:
            connection.execute(sa.text("set local lock_timeout = '100ms'"))
            connection.execute(sa.update(TABLE).values(name="虎门"))

    with database.change(actor="you", door="test") as connection:
        connection.execute(sa.update(TABLE).values(name="太平"))
        with pytest.raises(Conflict) as refusal:
            rename()
    slow.close()
    assert "Someone else is changing this" in refusal.value.text("en")


def test_of_two_who_wait_for_each_other_one_is_told_of_a_conflict(add, database):
    add(towns, **TOWN)
    add(towns, **TOWN | {"code": "441900119"})
    both_hold_one = threading.Barrier(2)
    outcomes: list[str] = []

    def rename(first: str, second: str) -> None:
        try:
            with database.change(actor=first, door="test") as connection:
                for code in (first, second):
                    where = TABLE.c.code == code
                    connection.execute(sa.update(TABLE).where(where).values(name=first))
                    if code == first:
                        both_hold_one.wait(5)
            outcomes.append("done")
        except Conflict:
            outcomes.append("conflict")

    codes = ("441900121", "441900119")
    threads = [threading.Thread(target=rename, args=pair) for pair in (codes, codes[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["conflict", "done"]
    assert len(set(database.scalar(sa.select(sa.func.array_agg(TABLE.c.name))))) == 1


def test_a_server_that_is_not_there_is_unavailable():
    nowhere = Database("postgresql+psycopg://nobody@/none?host=/nonexistent")
    with pytest.raises(DatabaseUnavailable):
        nowhere.rows(sa.select(1))
    nowhere.close()


def test_a_connection_that_was_cut_is_unavailable_once_and_then_mended(database):
    own = Database(database.url, pool_size=1)

    def lose_the_connection() -> None:
        with own.snapshot() as connection, database.migration() as other:
            process = connection.scalar(sa.select(sa.func.pg_backend_pid()))
            other.execute(sa.select(sa.func.pg_terminate_backend(process)))
            connection.execute(sa.select(1))

    try:
        with pytest.raises(DatabaseUnavailable):
            lose_the_connection()
        assert own.scalar(sa.select(1)) == 1
    finally:
        own.close()


def test_a_snapshot_sees_one_state_whatever_others_commit(add, database):
    count = sa.select(sa.func.count()).select_from(TABLE)
    with database.snapshot() as connection:
        assert connection.scalar(count) == 0
        add(towns, **TOWN)
        assert connection.scalar(count) == 0
    assert database.scalar(count) == 1


def test_lines_come_as_whole_lines_of_utf_8_with_every_character(add, database):
    awkward = 'a\\n"b"\\\t%s :x 小学 😀'
    values = {"kind": "other", "status": "operating"}
    for number, name in enumerate((awkward, "b")):
        add(facilities, **values, facility_no=str(number), name=name)
    rows = tables().current(facilities)
    text = (
        sa.select(rows.c.name).where(rows.c.name.in_([awkward, "b"])).order_by(rows.c.facility_no)
    )
    assert b"".join(database.lines(text)).decode().splitlines() == [awkward, "b"]


def test_lines_that_nobody_reads_to_the_end_leave_no_statement_behind(database):
    endless = sa.text("select repeat('x', 1000) as t from pg_class a, pg_class b, pg_class c")
    lines = database.lines(sa.select(endless.columns(sa.column("t", sa.Text)).subquery()))
    assert next(lines).startswith(b"x" * 1000)
    lines.close()
    running = sa.text(
        "select count(*) from pg_stat_activity "
        "where state = 'active' and query like '%pg_class c%' and pid <> pg_backend_pid()"
    )
    deadline = time.monotonic() + 5
    while database.scalar(running) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert database.scalar(running) == 0
    assert b"".join(database.lines(sa.select(sa.literal("next", sa.Text)))) == b"next\n"


def test_arrow_gives_the_rows_with_their_types(database):
    statement = sa.select(
        sa.literal(7, sa.Integer).label("n"), sa.literal("100% 小学 :x", sa.Text).label("t")
    )
    with database.arrow(statement) as reader:
        table = reader.read_all()
    assert table.to_pylist() == [{"n": 7, "t": "100% 小学 :x"}]


def test_rows_in_arrow_wait_for_a_server_that_takes_no_more_connections(own_database, cluster):
    name = sql.Identifier(sa.make_url(own_database.url).database or "")
    address = cluster.url("postgres").replace("+psycopg", "")
    with own_database.exporting() as snapshot, psycopg.connect(address, autocommit=True) as other:
        other.execute(sql.SQL("alter database {} with allow_connections false").format(name))
        try:
            reading = snapshot.arrow(sa.select(sa.literal(7, sa.Integer).label("n")))
            with pytest.raises(DatabaseUnavailable), reading:
                pass
        finally:
            other.execute(sql.SQL("alter database {} with allow_connections true").format(name))


def test_times_are_in_utc_whatever_the_server_thinks(database):
    assert database.scalar(sa.text("show timezone")) == "UTC"
    moment = database.scalar(sa.text("select timestamptz '2021-06-25 08:00+08'"))
    assert moment.isoformat() == "2021-06-25T00:00:00+00:00"


@pytest.mark.parametrize("value", [0.0, -2.5, 1e300])
def test_a_float_written_into_a_streamed_statement_is_a_double(
    database: Database, value: float
) -> None:
    number = sa.literal(value, sa.Double)
    same = sa.cast(sa.func.pg_typeof(number), sa.Text) + sa.literal(" ") + sa.cast(number, sa.Text)
    (line,) = b"".join(database.lines(sa.select(same))).decode().splitlines()
    kind, written = line.rsplit(" ", 1)
    assert (kind, float(written)) == ("double precision", value)
