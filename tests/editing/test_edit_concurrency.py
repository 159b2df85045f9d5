"""Many who edit the same features at once: nothing is lost, and a loser had a real competitor."""

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from uuid import UUID

import pytest
import sqlalchemy as sa

from geoservice.domain.facilities import facilities
from geoservice.editing.carrying_out import carry_out
from geoservice.editing.operations import Author, Insert, Update
from geoservice.errors import ChangedMeanwhile
from geoservice.store.database import Database
from geoservice.store.statements import versions
from geoservice.store.system import changed_collections, changes
from geoservice.store.tables import tables
from tests.editing.conftest import AUTHOR, FACILITY

THREADS, FEATURES = 32, 50
EDITS = 12
"""Of each thread; with 200, as in the reference measurement, it takes 40 s on two busy cores."""

Edit = tuple[UUID, int | None, int]


@pytest.fixture
def processes(own_database: Database) -> Iterator[list[Database]]:
    """The pools of several server processes on one database."""
    with ExitStack() as stack:
        pools = [Database(own_database.url) for _ in range(8)]
        for each in pools:
            stack.callback(each.close)
        yield pools


def test_nothing_is_lost_when_many_edit_the_same_features(processes: list[Database]):
    database = processes[0]
    new = [
        Insert(collection=facilities, values=FACILITY | {"facility_no": str(number)})
        for number in range(FEATURES)
    ]
    ids = [each.features[0].uid for each in carry_out(database, AUTHOR, new).done]
    accepted: list[Edit] = []
    lost: list[tuple[UUID, int, int]] = []
    table = tables().current(facilities)

    def edit(thread: int) -> None:
        pool = processes[thread % len(processes)]
        author, chance = Author(name=f"{thread}", door="test"), random.Random(thread)
        for number in range(EDITS):
            uid = chance.choice(ids)
            seen = None
            if chance.random() < 0.7:
                seen = int(pool.scalar(sa.select(table.c.version).where(table.c.uid == uid)))
            values = {"name": f"{thread}-{number}"}
            operation = Update(collection=facilities, which=uid, values=values, version=seen)
            try:
                (done,) = carry_out(pool, author, [operation]).done
            except ChangedMeanwhile as mistake:
                assert seen is not None
                lost.append((uid, seen, int(str(mistake.parts["actual"]))))
            else:
                version = done.features[0].version
                assert version is not None
                assert seen is None or version == seen + 1
                accepted.append((uid, seen, version))

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(edit, range(THREADS)))

    assert len(accepted) + len(lost) == THREADS * EDITS
    made = Counter(uid for uid, _, _ in accepted)
    final = dict(tuple(row) for row in database.rows(sa.select(table.c.uid, table.c.version)))
    assert {uid: version - 1 for uid, version in final.items() if version > 1} == made
    assert len({(uid, version) for uid, _, version in accepted}) == len(accepted)
    authors = _authors(database, ids)
    for uid, seen, actual in lost:
        assert actual > seen
        assert authors[uid, seen + 1]
    _require_gapless(database, ids)
    counted = sa.select(sa.func.sum(changed_collections.c.updated))
    assert database.scalar(counted) == len(accepted)


def _authors(database: Database, ids: list[UUID]) -> dict[tuple[UUID, int], str]:
    every = versions(facilities)
    rows = database.rows(
        sa.select(every.c.uid, every.c.version, changes.c.actor).join(
            changes, changes.c.id == every.c.change_id
        )
    )
    return {(row.uid, row.version): row.actor for row in rows if row.uid in set(ids)}


def _require_gapless(database: Database, ids: list[UUID]) -> None:
    every = versions(facilities)
    rows = database.rows(sa.select(every).order_by(every.c.uid, every.c.version))
    by_feature: dict[UUID, list[sa.Row]] = {}
    for row in rows:
        by_feature.setdefault(row.uid, []).append(row)
    assert set(by_feature) == set(ids)
    for chain in by_feature.values():
        assert [row.version for row in chain] == list(range(1, len(chain) + 1))
        for old, newer in pairwise(chain):
            assert old.recorded_at < old.superseded_at == newer.recorded_at
        assert chain[-1].superseded_at is None
