"""What every route needs: settings, the database, the catalog, and what is remembered of the data."""

import hashlib
from collections.abc import Container
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from geoservice.access.gate import Gate
from geoservice.crs import Crs, offered
from geoservice.doors.http.facts import Facts
from geoservice.doors.session import data_dir
from geoservice.jobs import Queue, QueueLimits, Results
from geoservice.regions import Region, region
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from geoservice.store.publishing import Registry

_THREADS = 16
"""Readers at once in one process: more would only wait for a connection."""

_RESULTS_FOLDER = "exports"


@dataclass(frozen=True)
class Service:
    """One running service; made by `create_app`, shared by all requests."""

    settings: Settings
    limits: Limits
    database: Database
    registry: Registry
    gate: Gate
    region: Region
    facts: Facts
    crs_offered: tuple[Crs, ...]
    zone: ZoneInfo
    threads: ThreadPoolExecutor
    results: Results
    queue: Queue
    remembered: dict[object, object] = field(default_factory=dict)

    @property
    def version_required(self) -> Container[str]:
        """The ids of the collections that may be changed only with the version seen, or a lock."""
        named = {name.strip() for name in self.settings.lock_required.split(",")}
        return self.registry.catalog if "*" in named else named


def service_over(database: Database, settings: Settings, limits: Limits) -> Service:
    """The service of a deployment over its database."""
    place = region(settings.region)
    results = Results(_folder_of_results(settings, database))
    job_limits = QueueLimits(
        most=limits.max_jobs, most_of_one=limits.max_own_jobs, kept_hours=limits.job_hours
    )
    return Service(
        settings=settings,
        limits=limits,
        database=database,
        registry=Registry(database),
        gate=Gate(database),
        region=place,
        facts=Facts(database),
        crs_offered=offered(place.metric_srid),
        zone=ZoneInfo(place.time_zone),
        threads=ThreadPoolExecutor(_THREADS, thread_name_prefix="reader"),
        results=results,
        queue=Queue(database, results, job_limits),
    )


def _folder_of_results(settings: Settings, database: Database) -> Path:
    """A folder for each database: files of jobs that a database does not know are taken away."""
    parts = urlsplit(database.url)
    named = f"{parts.hostname}:{parts.port}{parts.path}?{parts.query}"
    return data_dir(settings) / _RESULTS_FOLDER / hashlib.sha256(named.encode()).hexdigest()[:16]
