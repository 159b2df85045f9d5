"""Saving, refreshing and removing: an answer becomes a collection and follows its question.

Each is one transaction over one snapshot of the data, so the rows, the figures and the version of
the data belong together, and a process that is killed leaves nothing half-written.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from geoservice.answers.layer import same_columns
from geoservice.answers.rows import AskedRows, asked_rows, is_different
from geoservice.answers.stored import SavedAnswer, keep, saved_answer, saved_within
from geoservice.description.collection import IDENTIFIER
from geoservice.errors import AlreadyExists, BadParameter, NotOwnAnswer, QuestionChanged
from geoservice.questions import Question, question_called
from geoservice.regions import Region
from geoservice.store.database import Database, begin_change, count_changed, run
from geoservice.store.publishing import Registry, create, create_indexes, describe, drop, hold
from geoservice.store.system import answers
from geoservice.store.tables import tables


@dataclass(frozen=True)
class Author:
    """Who saves or refreshes, through which door and why.

    `is_admin` tells whether they may change what others have saved.
    """

    name: str
    door: str
    is_admin: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class Refreshed:
    """A saved answer after it was asked again: how many rows entered, left and changed.

    `change_id` is the change that did it; None if the answer was still the same.
    """

    answer: SavedAnswer
    entered: int
    left: int
    changed: int
    change_id: int | None


def save(
    name: str,
    question: Question,
    given: Mapping[str, object],
    *,
    author: Author,
    database: Database,
    registry: Registry,
    region: Region,
    most_rows: int,
    title: str | None = None,
    replace: bool = False,
) -> SavedAnswer:
    """Ask a question for all its rows and keep them as the collection `name`, which nobody edits.

    With `replace`, a saved answer of that name is dropped with its history first. Raises
    `AlreadyExists` for any other name that is taken, `NotOwnAnswer` for an answer that somebody else
    has saved, `TooLarge`, and what the question raises of its parameters.
    """
    if not IDENTIFIER.fullmatch(name):
        raise BadParameter(name="name", value=name, allowed=IDENTIFIER.pattern)
    registry.refresh()
    catalog = registry.catalog
    taken = next((each for each in catalog if each.id == name), None)
    if taken is not None and not (taken.published and replace):
        raise AlreadyExists(value=name)
    with database.ownership(snapshot=True) as connection:
        if taken is not None:
            hold(connection, name)
            _own(connection, name, author)
        rows = asked_rows(
            connection, name, question, given,
            registry=registry, region=region, title=title, most=most_rows,
        )  # fmt: skip
        change = _begin(connection, author)
        if taken is not None:
            drop(connection, taken)
        _make(connection, rows, change)
        connection.execute(
            sa.insert(answers).values(
                name=name,
                question=question.description.id,
                given=dict(given),
                title=title,
                saved_at=sa.func.now(),
                saved_by=author.name,
            )
        )
        keep(connection, name, rows.account, rows.number)
    registry.refresh()
    return saved_answer(database, name)


def refresh(
    name: str,
    *,
    author: Author,
    database: Database,
    registry: Registry,
    region: Region,
    most_rows: int,
) -> Refreshed:
    """Ask the question of a saved answer again and change the rows that differ, as one change.

    Parameters that were given stay; defaults, such as today, are computed anew. Rows that are equal
    stay as they are, and if all are, there is no change. Raises `UnknownAnswer`, `NotOwnAnswer`,
    `QuestionChanged`, `TooLarge`, and `Conflict` if somebody else is refreshing it for long.
    """
    saved_answer(database, name)
    registry.refresh()
    layer = registry.collection(name)
    with database.ownership(snapshot=True) as connection:
        hold(connection, name)
        saved = _own(connection, name, author)
        rows = asked_rows(
            connection, name, question_called(saved.question, region), saved.given,
            registry=registry, region=region, title=saved.title, most=most_rows,
        )  # fmt: skip
        if not same_columns(layer, rows.layer):
            raise QuestionChanged(value=name, question=saved.question)
        entered, left, changed = _differences(connection, rows)
        change = None
        if entered or left or changed:
            change = _begin(connection, author)
            _merge(connection, rows, entered=entered, left=left, changed=changed)
        describe(connection, rows.layer)
        keep(connection, name, rows.account, rows.number)
    registry.refresh()
    return Refreshed(saved_answer(database, name), entered, left, changed, change)


def remove(name: str, *, author: Author, database: Database, registry: Registry) -> None:
    """Drop a saved answer with its collection and history; `UnknownAnswer`, `NotOwnAnswer`."""
    saved_answer(database, name)
    layer = registry.collection(name)
    with database.ownership(snapshot=True) as connection:
        hold(connection, name)
        _own(connection, name, author)
        drop(connection, layer)
    registry.refresh()


def _own(connection: sa.Connection, name: str, author: Author) -> SavedAnswer:
    """The saved answer, if the author may change it; a collection that is none is only in the way."""
    saved = saved_within(connection, name)
    if saved is None:
        raise AlreadyExists(value=name)
    if author.name != saved.saved_by and not author.is_admin:
        raise NotOwnAnswer(value=name)
    return saved


def _begin(connection: sa.Connection, author: Author) -> int:
    return begin_change(connection, actor=author.name, door=author.door, reason=author.reason)


def _make(connection: sa.Connection, rows: AskedRows, change: int) -> None:
    """The collection with all its rows, whose indexes are made when they are there."""
    create(connection, rows.layer, indexes=False)
    current = tables().current(rows.layer)
    names = [column.name for column in rows.table.c]
    kept = sa.select(*rows.table.c, sa.literal(change).label("change_id"))
    connection.execute(sa.insert(current).from_select([*names, "change_id"], kept))
    create_indexes(connection, rows.layer)
    run(connection, [f"ANALYZE {current}"])
    count_changed(connection, rows.layer.id, inserted=rows.number, updated=0, deleted=0)


def _differences(connection: sa.Connection, rows: AskedRows) -> tuple[int, int, int]:
    """How many rows entered, left and changed."""
    current, asked = tables().current(rows.layer), rows.table
    count = sa.func.count()
    is_new, is_gone = current.c.uid.is_(None), asked.c.uid.is_(None)
    differing = is_different(rows.layer, current, asked)
    entered, left, changed = connection.execute(
        sa.select(
            count.filter(is_new),
            count.filter(is_gone),
            count.filter(sa.not_(is_new), sa.not_(is_gone), differing),
        ).select_from(current.join(asked, current.c.uid == asked.c.uid, full=True))
    ).one()
    return entered, left, changed


def _merge(
    connection: sa.Connection, rows: AskedRows, *, entered: int, left: int, changed: int
) -> None:
    """Write what differs; a statement that would touch no row is not run, as it would be a change."""
    current, asked = tables().current(rows.layer), rows.table
    same = current.c.uid == asked.c.uid
    if left:
        connection.execute(sa.delete(current).where(~sa.exists().where(same)))
    if changed:
        values = {column.name: column for column in asked.c if column.name != "uid"}
        differing = is_different(rows.layer, current, asked)
        connection.execute(sa.update(current).values(values).where(same, differing))
    if entered:
        _insert_entered(connection, rows)
    count_changed(connection, rows.layer.id, inserted=entered, updated=changed, deleted=left)


def _insert_entered(connection: sa.Connection, rows: AskedRows) -> None:
    """Add what is new; a row that was there before goes on with the versions in its history."""
    current, asked = tables().current(rows.layer), rows.table
    history = tables().history(rows.layer)
    run(connection, [f"ANALYZE {history}"])  # it may just have been filled
    last = (
        sa.select(history.c.version, history.c.superseded_at)
        .where(history.c.uid == asked.c.uid)
        .order_by(history.c.version.desc())
        .limit(1)
        .lateral("last")
    )
    names = [column.name for column in asked.c]
    version = sa.func.coalesce(last.c.version, 0) + 1
    recorded_at = sa.func.greatest(sa.func.now(), last.c.superseded_at)
    entered = (
        sa.select(*asked.c, version, recorded_at)
        .select_from(asked.outerjoin(last, sa.true()))
        .where(~sa.exists().where(current.c.uid == asked.c.uid))
    )
    connection.execute(sa.insert(current).from_select([*names, "version", "recorded_at"], entered))
