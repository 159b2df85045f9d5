"""Thirty-two writers at once, backends and the server killed in between: the ledger stays right.

No writer waits for a time: each goes on until it has made its postings, the killer strikes each time
some more have been acknowledged.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from geoservice.embedded import Cluster
from geoservice.errors import GeoserviceError, Unavailable
from geoservice.ledger.balances import entries
from geoservice.ledger.posting import Entry, post
from geoservice.store import schema
from geoservice.store.database import Database
from geoservice.store.ledger import EntriesWanted
from geoservice.store.ledger_audit import disagreements
from tests.ledger.books import EVERYWHERE, Books, allocate, entry, hold, reverse, use

WRITERS = 32
POSTINGS_EACH = 8
KILLS = (25, 50, 75, 100)
"""How many postings are acknowledged when a process is killed: backends, then the postmaster."""

PARCELS = 24
AREA = "1000"


@dataclass
class Run:
    """What the writers did, for all threads."""

    address: str
    tried: dict[UUID, int] = field(default_factory=dict)
    acknowledged: list[UUID] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    unexpected: list[BaseException] = field(default_factory=list)
    deadlocks: int = 0
    refusals: int = 0
    kills: int = 0

    def write(self, seed: int) -> None:
        """One writer with its own connection."""
        database, random_ = Database(self.address, pool_size=1), random.Random(seed)
        made = 0
        while made < POSTINGS_EACH:
            wanted, id = some_posting(random_, self.numbers), uuid4()
            self.tried[id] = len(wanted)
            try:
                posted = post(database, EVERYWHERE, wanted, id=id)
            except Unavailable:
                time.sleep(0.02)  # the server is gone, or not back yet
                continue
            except GeoserviceError as refused:
                self.refusals += 1
                self.deadlocks += is_deadlock(refused)
                made += 1
                continue
            except BaseException as unexpected:
                self.unexpected.append(unexpected)
                break
            self.acknowledged.append(id)
            self.numbers.extend(each.entry_no for each in posted.entries)
            made += 1
        database.close()


def is_deadlock(mistake: BaseException | None) -> bool:
    while mistake is not None:
        if isinstance(getattr(mistake, "orig", None), psycopg.errors.DeadlockDetected):
            return True
        mistake = mistake.__cause__
    return False


def some_posting(random_: random.Random, numbers: list[int]) -> list[Entry]:
    """Few accounts and parcels that overlap, so that everybody is in everybody's way."""
    one, other = random_.sample(("A", "B"), 2)
    parcel = f"P{random_.randrange(PARCELS)}"
    kinds = ["distribute", "transfer", "hold", "charge", "release", "reverse", "both"]
    match random_.choice(kinds):
        case "distribute":
            return [entry("distribute", "C", one, str(random_.randrange(1, 20_000)))]
        case "transfer":
            return [entry("transfer", one, other, str(random_.randrange(1, 5_000)))]
        case "hold":
            return [hold(parcel, AREA, giving=one, town=one)]
        case "charge":
            return [hold(parcel, AREA, giving=one, town=one), use(parcel, AREA, town=one)]
        case "release":
            return [entry("release", one + "h", one, AREA, quota_parcel=parcel)]
        case "reverse" if numbers:
            return [reverse(random_.choice(numbers))]
    return [entry("transfer", one, other, "7"), entry("transfer", other, one, "7")]


@pytest.fixture
def durable(open_folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(open_folder, durable=True)
    cluster.start()
    yield cluster
    cluster.reset()


def kill_in_between(cluster: Cluster, run: Run, writing: list[threading.Thread]) -> None:
    """Kill -9 a backend three times, and the postmaster at last."""
    for number, threshold in enumerate(KILLS):
        while len(run.acknowledged) < threshold and any(each.is_alive() for each in writing):
            time.sleep(0.01)
        pid = some_backend(cluster) if number < len(KILLS) - 1 else cluster.status().pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            run.kills += 1
        if number == len(KILLS) - 1:
            cluster.start()


def some_backend(cluster: Cluster) -> int | None:
    try:
        with psycopg.connect(cluster.url().replace("+psycopg", "")) as connection:
            row = connection.execute(
                "select pid from pg_stat_activity where application_name = 'geoservice' "
                "order by random() limit 1"
            ).fetchone()
    except psycopg.OperationalError:
        return None  # it recovers from the kill before
    return row[0] if row else None


def test_nothing_is_lost_doubled_or_overdrawn_under_32_writers_and_kill_9(durable: Cluster) -> None:
    database = Database(durable.url())
    schema.upgrade(database)
    books = Books(database)
    books.open()
    books.reservation_rule("10")
    for number in range(PARCELS):  # each overlaps the next by half
        books.parcel(f"P{number}", 40, 25, east=20 * number)
    books.post(
        allocate("100000"),
        entry("distribute", "C", "A", "20000"),
        entry("distribute", "C", "B", "20000"),
    )
    database.close()

    run = Run(durable.url())
    writing = [threading.Thread(target=run.write, args=(seed,)) for seed in range(WRITERS)]
    for each in writing:
        each.start()
    kill_in_between(durable, run, writing)
    for each in writing:
        each.join()

    assert run.unexpected == []
    assert run.deadlocks == 0
    assert run.kills >= 2, "a backend at least, and the postmaster"
    assert len(run.acknowledged) > KILLS[-1]
    assert run.refusals > 0, "somebody was in somebody's way"
    found = entries(database, EntriesWanted())
    by_posting: dict[UUID, int] = {}
    for each in found:
        by_posting[each.posting] = by_posting.get(each.posting, 0) + 1
    assert {id for id in run.acknowledged if by_posting.get(id) != run.tried[id]} == set(), "lost"
    assert {id: n for id, n in by_posting.items() if run.tried.get(id, n) != n} == {}, (
        "half written"
    )
    assert [tuple(row) for row in database.rows(disagreements())] == []
    assert books.balance("C") >= Decimal(10_000), "what is to be reserved is still there"
    database.close()
