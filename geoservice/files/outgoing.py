"""Rows on their way into a file: what every writer gets, and the count of those that have gone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from geoservice.crs import Crs
from geoservice.description.records import Records
from geoservice.store.database import Snapshot


@dataclass(kw_only=True)
class Outgoing:
    """The rows of a statement, read from one state of the data.

    `facts` is what a format with room for it says of the rows beside them, as JSON values.
    `reached` is told the number of rows after each part of them; it stops the writing by raising.
    """

    snapshot: Snapshot
    records: Records
    select: sa.Select[Any]
    crs: Crs
    facts: Mapping[str, Any] = field(default_factory=dict)
    reached: Callable[[int], None] | None = None
    count: int = 0

    def add(self, rows: int) -> None:
        """Count rows that have been read."""
        self.count += rows
        if self.reached is not None:
            self.reached(self.count)
