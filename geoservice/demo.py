"""The demo data: the synthetic files of `datasets/`, imported like anybody's files.

Knows where they lie and in which order they depend on each other; the importer does the rest.
"""

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from geoservice.files.importing import ImportOptions, Progress, import_file
from geoservice.languages import Text
from geoservice.regions import Region
from geoservice.store.database import Database
from geoservice.store.publishing import Registry
from geoservice.store.system import changes
from geoservice.store.tables import tables

_FILES = (
    ("towns", "towns.geojson"),
    ("villages", "villages.csv"),
    ("hazard_sites", "hazard_sites.geojson"),
    ("hazard_assessments", "hazard_assessments.csv"),
    ("facilities", "facilities.geojson"),
    ("remediation_projects", "remediation_projects.csv"),
)

Show = Callable[[Text, int, int | None], None]


def demo_folder(region: Region) -> Path | None:
    """Where the demo files of a region lie: in the wheel or in the checkout; None if there are none."""
    if region.demo is None:
        return None
    package = Path(__file__).parent
    places = (package / "demo_files" / region.demo, package.parent / "datasets" / region.demo)
    return next((place for place in places if place.is_dir()), None)


def load_demo(database: Database, registry: Registry, region: Region, show: Show) -> bool:
    """Import the demo files that are missing, unless somebody has put in data; whether it did.

    So an interrupted start is completed by the next one, and real data is never mixed with demo data.
    """
    folder = demo_folder(region)
    if folder is None or _holds_other_data(database):
        return False
    missing = [each for each in _FILES if _is_empty(database, registry, each[0])]

    def tell(progress: Progress) -> None:
        show(progress.stage, progress.done, progress.total)

    for id, name in missing:
        report = import_file(
            database,
            registry,
            registry.collection(id),
            folder / name,
            ImportOptions(),
            actor="geoservice",
            door="demo",
            reason="SYNTHETIC demo data",
            region=region,
            progress=tell,
        )
        report.raise_if_refused()
    return bool(missing)


def _holds_other_data(database: Database) -> bool:
    foreign = sa.select(changes.c.id).where(changes.c.door.not_in(("demo", "upgrade")))
    return bool(database.scalar(sa.select(sa.exists(foreign))))


def _is_empty(database: Database, registry: Registry, id: str) -> bool:
    table = tables().current(registry.collection(id))
    return not database.scalar(sa.select(sa.exists(sa.select(table.c.uid))))
