"""The demo data: the synthetic files of `datasets/`, imported like anybody's files.

Knows where they lie and in which order they depend on each other; the importer and, for what is
posted, the ledger do the rest.
"""

import csv
import hashlib
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from geoservice.domain.quota import quota_entries
from geoservice.files.importing import ImportOptions, Progress, import_file
from geoservice.languages import Text
from geoservice.ledger.posting import Poster
from geoservice.ledger.taking_in import take_in
from geoservice.regions import Region
from geoservice.store.database import Database
from geoservice.store.publishing import Registry
from geoservice.store.system import changes
from geoservice.store.tables import tables

# Whatever a file refers to stands before it.
_FILES = (
    ("towns", "towns.geojson"),
    ("villages", "villages.csv"),
    ("coverage_statements", "coverage_statements.geojson"),
    ("hazard_sites", "hazard_sites.geojson"),
    ("register_periods", "register_periods.csv"),
    ("hazard_assessments", "hazard_assessments.csv"),
    ("risk_zones", "risk_zones.geojson"),
    ("facilities", "facilities.geojson"),
    ("remediation_projects", "remediation_projects.csv"),
    ("remediation_programmes", "remediation_programmes.csv"),
    ("funding_entries", "funding_entries.csv"),
    ("livelihood_projects", "livelihood_projects.csv"),
    ("plans", "plans.geojson"),
    ("control_lines", "control_lines.geojson"),
    ("zones", "zones.geojson"),
    ("targets", "targets.csv"),
    ("land_parcels", "land_parcels.geojson"),
    ("land_reserves", "land_reserves.geojson"),
    ("education_projects", "education_projects.geojson"),
    ("quota_rules", "quota_rules.csv"),
    ("quota_accounts", "quota_accounts.csv"),
    ("quota_parcels", "quota_parcels.geojson"),
)

_LEDGER_FILE = "quota_entries.csv"  # posted last: it refers to accounts, parcels and rules

_ACTOR, _DOOR, _REASON = "geoservice", "demo", "SYNTHETIC demo data"
_POSTING = Text(zh="记入指标台账", en="Posting to the quota ledger")

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
            actor=_ACTOR,
            door=_DOOR,
            reason=_REASON,
            region=region,
            progress=tell,
        )
        report.raise_if_refused()
    is_unposted = _is_empty(database, registry, quota_entries.id)
    if is_unposted:
        _post(database, folder / _LEDGER_FILE, show)
    return bool(missing) or is_unposted


def _post(database: Database, path: Path, show: Show) -> None:
    content = path.read_bytes()
    rows = csv.DictReader(content.decode().splitlines())
    show(_POSTING, 0, None)
    taken = take_in(
        database,
        Poster(name=_ACTOR, door=_DOOR, reason=_REASON),
        rows.fieldnames or (),
        rows,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    for bad in taken.bad_rows:
        raise bad.mistake


def _holds_other_data(database: Database) -> bool:
    foreign = sa.select(changes.c.id).where(changes.c.door.not_in(("demo", "upgrade")))
    return bool(database.scalar(sa.select(sa.exists(foreign))))


def _is_empty(database: Database, registry: Registry, id: str) -> bool:
    table = tables().current(registry.collection(id))
    return not database.scalar(sa.select(sa.exists(sa.select(table.c.uid))))
