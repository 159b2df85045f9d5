"""The query object: which features, in which order, which page, in which shape."""

from dataclasses import dataclass, field
from datetime import date, datetime

from geoservice.crs import CRS84, Crs
from geoservice.query.filter import Condition


@dataclass(frozen=True)
class Box:
    """A bounding box in the storage CRS: longitude and latitude, edges included.

    `west` > `east` spans the antimeridian (RFC 7946, 5.2).
    """

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True)
class Sort:
    """One sort key; missing values come last whichever the direction."""

    field: str
    descending: bool = False


@dataclass(frozen=True)
class Span:
    """An interval of valid time, ends included; None is unbounded. A day spans itself."""

    start: date | datetime | None
    end: date | datetime | None


@dataclass(frozen=True)
class Page:
    """A page: at most `limit` features after `after`, the sort values and uid of the last one.

    `offset` is for callers that count; it excludes `after`.
    """

    limit: int
    after: tuple[str | None, ...] = ()
    offset: int = 0


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is asked of one collection. The default asks for everything.

    `as_of` is a day of valid time, `known_at` an instant of recorded time. `properties` None is
    all public fields; `geometry=False` leaves the geometry out. All parts restrict together.
    """

    box: Box | None = None
    condition: Condition | None = None
    during: Span | None = None
    as_of: date | None = None
    known_at: datetime | None = None
    sort: tuple[Sort, ...] = ()
    properties: tuple[str, ...] | None = None
    geometry: bool = True
    crs: Crs = field(default=CRS84)

    @property
    def is_restricted(self) -> bool:
        """Whether it asks for less than the whole collection as it is now."""
        parts = (self.box, self.condition, self.during, self.as_of, self.known_at)
        return any(part is not None for part in parts)
