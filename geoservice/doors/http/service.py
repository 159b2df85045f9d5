"""What every route needs: settings, the database, the catalog, and what is remembered of the data."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from geoservice.crs import Crs, offered
from geoservice.doors.http.facts import Facts
from geoservice.regions import Region, region
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from geoservice.store.publishing import Registry

_THREADS = 16
"""Readers at once in one process: more would only wait for a connection."""


@dataclass(frozen=True)
class Service:
    """One running service; made by `create_app`, shared by all requests."""

    settings: Settings
    limits: Limits
    database: Database
    registry: Registry
    region: Region
    facts: Facts
    crs_offered: tuple[Crs, ...]
    zone: ZoneInfo
    threads: ThreadPoolExecutor
    remembered: dict[object, object] = field(default_factory=dict)


def service_over(database: Database, settings: Settings, limits: Limits) -> Service:
    """The service of a deployment over its database."""
    place = region(settings.region)
    return Service(
        settings=settings,
        limits=limits,
        database=database,
        registry=Registry(database),
        region=place,
        facts=Facts(database),
        crs_offered=offered(place.metric_srid),
        zone=ZoneInfo(place.time_zone),
        threads=ThreadPoolExecutor(_THREADS, thread_name_prefix="reader"),
    )
