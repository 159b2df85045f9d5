"""What a table of results is, whichever part of the service made it: what the file writers need.

Pure data; the statement that gives the rows travels beside it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from geoservice.description.collection import GeometryType
from geoservice.description.question import Column
from geoservice.languages import Text


@dataclass(frozen=True, kw_only=True)
class Records:
    """Rows with named columns, perhaps with a geometry: a collection or the answer of a question.

    `columns` are the shown attributes in order, without `uid` and without `geometry`.
    `uid` names the column that identifies a row, None if there is none.
    `geometry_column` names the column of the statement with the geometry; it is there if
    `geometry` is. Lists are columns with `many`.
    """

    id: str
    title: Text
    columns: tuple[Column, ...]
    geometry: GeometryType | None = None
    geometry_column: str = "geom"
    uid: str | None = "uid"
    lists: frozenset[str] = frozenset()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}

    def only(self, names: Iterable[str]) -> "Records":
        """The same records with fewer columns, in their own order."""
        from dataclasses import replace

        wanted = set(names)
        return replace(self, columns=tuple(c for c in self.columns if c.name in wanted))
