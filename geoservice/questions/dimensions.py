"""What the counts of a question tell apart, and in which order their classes come."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geoservice.description.code_list import CodeList
from geoservice.languages import Text

UNKNOWN = "unknown"
"""The class of what nobody knows: a row of its own, never mixed up with a margin."""

_MARGIN, _LAST = -1, 99  # places of a margin and of the unknown class among the codes of a list


@dataclass(frozen=True)
class Dimension:
    """What is told apart: its name as a parameter, its column, its codes if they have an order."""

    name: str
    column: str
    title: Text
    codes: CodeList | None = None

    def place(self, counted: sa.FromClause) -> sa.ColumnElement[Any]:
        """Where a value comes among the others: the margin first, the unknown class last."""
        value = counted.c[self.column]
        is_margin = sa.func.grouping(value) == 1
        if self.codes is None:
            return sa.case((is_margin, ""), else_=value)
        known = {code.code: place for place, code in enumerate(self.codes)}
        places = ((value == code, place) for code, place in known.items())
        return sa.case((is_margin, _MARGIN), *places, else_=_LAST)
