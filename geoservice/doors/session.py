"""What works without a server in between works with: settings, the database (embedded or given), the catalog.

For the command line and for programs in this process. It imports heavy libraries where it uses
them: `geoservice --help` is quick.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING

from geoservice.errors import SetupFailed
from geoservice.languages import Text

if TYPE_CHECKING:
    from geoservice.embedded import Cluster
    from geoservice.regions import Region
    from geoservice.settings import Limits, Settings
    from geoservice.store.database import Database
    from geoservice.store.publishing import Registry


@dataclass(frozen=True)
class Session:
    """An open database with its catalog."""

    settings: "Settings"
    limits: "Limits"
    database: "Database"
    registry: "Registry"
    region: "Region"

    @property
    def actor(self) -> str:
        """Who works at this terminal, or runs this program."""
        return getuser()


def cluster(settings: "Settings") -> "Cluster | None":
    """The embedded cluster of the settings; None where they name a server."""
    from geoservice.embedded import Cluster

    if settings.database_url:
        return None
    return Cluster(data_dir(settings))


def data_dir(settings: "Settings") -> Path:
    """The folder of the embedded cluster and of files."""
    from geoservice.embedded import default_data_dir

    return settings.data_dir or default_data_dir()


@contextmanager
def database_url(settings: "Settings") -> Iterator[str]:
    """The URL of a running database: the server of the settings, or the embedded one, started."""
    from geoservice.embedded import Cluster, install_postgis, postgis_is_installed

    if settings.database_url:
        yield driver_url(settings.database_url)
        return
    if not postgis_is_installed():
        install_postgis()
    with Cluster(data_dir(settings)).running() as url:
        yield url


def driver_url(url: str) -> str:
    """A PostgreSQL URL as people write it, with the driver that is used here."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


@contextmanager
def opened(settings: "Settings | None" = None) -> Iterator[Session]:
    """A session on a database whose schema is up to date.

    An embedded database is brought up to date; on a server that is the administrator's decision,
    so an old schema raises `SetupFailed` with the command.
    """
    from geoservice.regions import region
    from geoservice.settings import Limits, Settings
    from geoservice.store.database import Database
    from geoservice.store.publishing import Registry

    settings = settings or Settings()
    with database_url(settings) as url:
        limits = Limits()
        database = Database(
            url,
            read_timeout_s=limits.export_timeout_s,
            write_timeout_s=limits.export_timeout_s,
            export_timeout_s=limits.export_timeout_s,
        )
        try:
            _ensure_schema(database, embedded=settings.database_url is None)
            yield Session(settings, limits, database, Registry(database), region(settings.region))
        finally:
            database.close()


def _ensure_schema(database: "Database", *, embedded: bool) -> None:
    from geoservice.store import schema

    state = schema.state(database)
    if state.current == state.newest:
        return
    if not embedded:
        raise SetupFailed(
            reason=Text(
                zh=f"数据库结构为 {state.current or '空'}，需要 {state.newest}；请运行：geoservice db upgrade",
                en=f"The schema is {state.current or 'empty'}, {state.newest} is needed; run: geoservice db upgrade",
            )
        )
    schema.upgrade(database)
