"""The limits of one filter, and what is left of them while it is read, in whatever language it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from geoservice.query.faults import require_at_most


@dataclass(frozen=True)
class FilterLimits:
    """The limits of one filter, by the names and with the defaults of the settings."""

    max_filter_bytes: int = 8_192
    max_filter_json_bytes: int = 65_536
    max_filter_depth: int = 32
    max_filter_ops: int = 256
    max_in_items: int = 1_000
    max_filter_vertices: int = 10_000


class Budget:
    """What a filter spends while it is read: the same limits again, now by meaning."""

    def __init__(self, limits: FilterLimits) -> None:
        self.limits = limits
        self._operators = 0
        self._depth = 0
        self._vertices = 0

    @contextmanager
    def operator(self, count: int = 1) -> Iterator[None]:
        """One operator, or `count` of a kind in a row, with everything below it."""
        self._operators += count
        self._depth += 1
        require_at_most("max_filter_ops", self.limits.max_filter_ops, self._operators)
        require_at_most("max_filter_depth", self.limits.max_filter_depth, self._depth)
        yield
        self._depth -= 1

    def vertices(self, count: int) -> None:
        """So many vertices of a geometry."""
        self._vertices += count
        require_at_most("max_filter_vertices", self.limits.max_filter_vertices, self._vertices)

    def items(self, count: int) -> None:
        """A list of so many items."""
        require_at_most("max_in_items", self.limits.max_in_items, count)
