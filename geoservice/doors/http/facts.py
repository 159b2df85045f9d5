"""What is known of each collection's data: its version, extent, dates and number of features.

Counting and measuring read the whole table, so they are done once for each version of the data.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from geoservice.description.collection import Collection
from geoservice.errors import TooSlow
from geoservice.query.query import Query
from geoservice.store import pages, statements, system
from geoservice.store.database import Database


@dataclass(frozen=True)
class CollectionFacts:
    """Of one version of the data. None: too large to find out in the time of a request.

    `extent` is west, south, east, north; `dates` the first and last day of valid time, each None
    where it is open; `changed_at` is None if nothing ever changed; `synthetic` says whether it
    holds demonstration data.
    """

    version: str
    count: int | None
    extent: tuple[float, float, float, float] | None
    dates: tuple[str | None, str | None] | None
    changed_at: datetime | None
    synthetic: bool


class Facts:
    """Facts of all collections, remembered by version; thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._known: dict[str, CollectionFacts] = {}
        self._counts: dict[str, tuple[str, int | None]] = {}

    def version(self, collection: Collection) -> str:
        """The version of a collection's data now."""
        return str(self._database.scalar(pages.version_of(collection)))

    def count(self, collection: Collection, version: str) -> int | None:
        """How many features the collection has; None if counting takes too long."""
        known = self._counts.get(collection.id)
        if known is None or known[0] != version:
            known = (version, self._counted(collection))
            with self._lock:
                self._counts[collection.id] = known
        return known[1]

    def of(self, collection: Collection) -> CollectionFacts:
        """The facts of one collection."""
        return self._of(collection, self.version(collection))

    def of_all(self, collections: Iterable[Collection]) -> dict[str, CollectionFacts]:
        """The facts of many collections by id."""
        versions = dict(map(tuple, self._database.rows(pages.versions())))
        return {
            each.id: self._of(each, versions.get(each.id, pages.NEVER_CHANGED))
            for each in collections
        }

    def _of(self, collection: Collection, version: str) -> CollectionFacts:
        known = self._known.get(collection.id)
        if known is None or known.version != version:
            changed_at, synthetic = tuple(self._database.row(system.origin(collection.id)))
            known = CollectionFacts(
                version=version,
                count=self.count(collection, version),
                extent=self._extent(collection),
                dates=self._dates(collection),
                changed_at=changed_at,
                synthetic=synthetic,
            )
            with self._lock:
                self._known[collection.id] = known
        return known

    def _counted(self, collection: Collection) -> int | None:
        try:
            return int(self._database.scalar(statements.matched(collection, Query(), None)))
        except TooSlow:
            return None

    def _extent(self, collection: Collection) -> tuple[float, float, float, float] | None:
        if collection.geometry is None:
            return None
        try:
            west, south, east, north = tuple(self._database.row(statements.extent(collection)))
        except TooSlow:
            return None
        return None if west is None else (west, south, east, north)

    def _dates(self, collection: Collection) -> tuple[str | None, str | None] | None:
        if collection.period is None:
            return None
        try:
            first, last = tuple(self._database.row(statements.dates(collection)))
        except TooSlow:
            return None
        return tuple(each.isoformat() if each else None for each in (first, last))  # type: ignore[return-value]
