"""Which state a land reserve had reached on a day, and when: told by the dates of its stages.

The register requires the date of the present state, not those of the stages before it. A stage is
reached by its date on or before the day; a date ahead of the state that the register records is an
expectation and reaches nothing, unless the reserve was cancelled since, which hides how far it was.
"""

from datetime import date
from typing import Any

import sqlalchemy as sa

from geoservice.store.statements import Condition

STAGES = ("intended", "planned", "approved", "supplied", "built")
"""From the lowest to the highest; `cancelled` is an end, not a stage."""


def _reached(rows: sa.FromClause, stage: str, day: date) -> Condition:
    allowed = (*STAGES[STAGES.index(stage) :], "cancelled")
    return sa.and_(rows.c[f"{stage}_on"] <= day, rows.c.status.in_(allowed))


def status_on(rows: sa.FromClause, day: date) -> sa.ColumnElement[str]:
    """The highest stage reached on a day; `intended` where no date tells any."""
    reached = ((_reached(rows, stage, day), stage) for stage in reversed(STAGES))
    return sa.case(*reached, else_=STAGES[0])


def reached_on(rows: sa.FromClause, day: date) -> sa.ColumnElement[date | None]:
    """Since when the stage of that day had been reached; null where no date tells."""
    reached = ((_reached(rows, each, day), rows.c[f"{each}_on"]) for each in reversed(STAGES))
    return sa.case(*reached, else_=sa.cast(sa.null(), sa.Date))


def first_of(
    rows: sa.FromClause, stages: tuple[str, ...], day: date
) -> sa.ColumnElement[date | None]:
    """The first day on which any of some stages was reached, up to a day; null if none was."""
    dates: list[Any] = [
        sa.case((_reached(rows, each, day), rows.c[f"{each}_on"]), else_=None) for each in stages
    ]
    return sa.func.least(*dates, type_=sa.Date)
