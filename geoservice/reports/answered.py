"""An answer to report on, asked now or saved earlier, and what is read of it and around it.

Everything that one report says comes from one snapshot of the database.
"""

from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from geoservice.description.records import Records
from geoservice.questions.asking import Account, account_of, every_row, figures_of, planned
from geoservice.questions.contract import Plan, Question
from geoservice.regions import Region
from geoservice.store.publishing import Registry
from geoservice.store.system import changes, synthetic_collections

_BUFFERED_ROWS = 2_000


@dataclass(frozen=True, kw_only=True)
class Answered:
    """An answer: its account, and the statements that give its rows.

    `given` names the parameters that were given; the others had their defaults. `count` gives the
    number of rows, `every` all of them in order with the columns of `records` and its geometry, and
    `first` the first of them, without working out the others.
    """

    account: Account
    given: Collection[str]
    records: Records
    count: sa.Select[int]
    every: sa.Select[Any]
    first: Callable[[int], sa.Select[Any]]


def answered(
    connection: sa.Connection,
    question: Question,
    given: Mapping[str, object],
    *,
    registry: Registry,
    region: Region,
) -> Answered:
    """The answer to a question on a snapshot; `limit` and `cursor` do not cut a report."""
    asking, plan = planned(question, given, registry=registry, region=region)
    counted = connection.execute(figures_of(plan)).mappings().one()
    records = Records(
        id=question.description.id,
        title=question.description.title,
        columns=plan.columns,
        geometry=plan.geometry,
        uid=None,
    )
    names = (*records.names, *((records.geometry_column,) if records.geometry else ()))
    return Answered(
        account=account_of(connection, question, asking, plan, dict(counted)),
        given=frozenset(name for name, value in given.items() if value not in (None, "")),
        records=records,
        count=sa.select(sa.func.count()).select_from(plan.found),
        every=_in_order(every_row(plan), names),
        first=lambda most: _in_order(_first(plan, most), names),
    )


def _first(plan: Plan, most: int) -> sa.FromClause:
    """The first rows, shown as a page is: nothing is worked out for the others."""
    order = [plan.found.c[name] for name in plan.order]
    number = sa.func.row_number().over(order_by=order).label("number")
    page = sa.select(*plan.found.c, number).order_by(*order).limit(most).subquery("first")
    return plan.shown(page).subquery("shown")


def _in_order(rows: sa.FromClause, names: tuple[str, ...]) -> sa.Select[Any]:
    return sa.select(*(rows.c[name] for name in names)).order_by(rows.c.number)


def number_of_rows(connection: sa.Connection, answer: Answered) -> int:
    """How many rows the answer has."""
    return connection.execute(answer.count).scalar_one()


def every_values(
    connection: sa.Connection, answer: Answered, *more: Callable[[sa.FromClause], Any]
) -> Generator[sa.Row[Any], None, None]:
    """The values of every row, in constant memory; `more` makes further columns of the rows.

    To be closed by whoever does not read all of them.
    """
    rows = answer.every.subquery("rows")
    wanted = sa.select(
        *(rows.c[name] for name in answer.records.names), *(make(rows) for make in more)
    )
    options = {"stream_results": True, "max_row_buffer": _BUFFERED_ROWS}
    with connection.execute(wanted, execution_options=options) as found:
        yield from found


def first_values(connection: sa.Connection, answer: Answered, most: int) -> list[sa.Row[Any]]:
    """The values of the first rows."""
    rows = answer.first(most).subquery("rows")
    wanted = sa.select(*(rows.c[name] for name in answer.records.names))
    return list(connection.execute(wanted))


def change_times(connection: sa.Connection, ids: Collection[int]) -> dict[int, datetime]:
    """When some changes were made, by their ids."""
    found = connection.execute(sa.select(changes.c.id, changes.c.at).where(changes.c.id.in_(ids)))
    return {row.id: row.at for row in found}


def synthetic_ids(connection: sa.Connection) -> frozenset[str]:
    """The collections that hold demonstration data."""
    return frozenset(row.collection for row in connection.execute(synthetic_collections()))
