"""What is remembered of queries that come again page by page: how many match, where a page ended.

Everything is kept under the version of the data, so that nothing old is ever told.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import replace
from threading import Lock
from typing import TypeVar, cast

from geoservice.crs import CRS84
from geoservice.description.collection import Collection
from geoservice.doors.http.service import Service
from geoservice.query.query import Query

_KEPT = 1024

Place = tuple[str | None, ...]
"""The sort values and uid of the last feature before a page, as `Page.after` takes them."""

_Value = TypeVar("_Value")


class Memory:
    """Counts and places of the queries last asked; bounded, thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[Hashable, object] = OrderedDict()

    def count(self, collection: Collection, version: str, query: Query) -> int | None:
        """How many features match; None if that is not known."""
        return self._found(("count", collection.id, version, _restricting(query)), int)

    def keep_count(self, collection: Collection, version: str, query: Query, count: int) -> None:
        """So many features match."""
        self._keep(("count", collection.id, version, _restricting(query)), count)

    def place(self, collection: Collection, version: str, query: Query, offset: int) -> Place:
        """Where the page before this offset ended; empty if that is not known."""
        key = ("place", collection.id, version, _ordered(query), offset)
        return cast("Place", self._found(key, tuple) or ())

    def keep_place(
        self, collection: Collection, version: str, query: Query, offset: int, place: Place
    ) -> None:
        """A page before this offset has ended here."""
        self._keep(("place", collection.id, version, _ordered(query), offset), place)

    def _found(self, key: Hashable, kind: type[_Value]) -> _Value | None:
        with self._lock:
            if key not in self._known:
                return None
            self._known.move_to_end(key)
            value = self._known[key]
            assert isinstance(value, kind)
            return value

    def _keep(self, key: Hashable, value: object) -> None:
        with self._lock:
            self._known[key] = value
            self._known.move_to_end(key)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)


def memory_of(service: Service) -> Memory:
    """The memory of a service."""
    return cast("Memory", service.remembered.setdefault(Memory, Memory()))


def _ordered(query: Query) -> Query:
    """What decides which features stand where."""
    return replace(query, properties=None, geometry=True, crs=CRS84)


def _restricting(query: Query) -> Query:
    """What decides which features match."""
    return replace(_ordered(query), sort=())
