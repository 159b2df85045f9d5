"""What tests of files share: importing and publishing with the usual arguments."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geoservice.files.importing import (
    ImportOptions,
    ImportReport,
    check_file,
    import_file,
    publish_file,
)
from geoservice.regions import Region
from geoservice.store.database import Database
from geoservice.store.publishing import Registry

Run = Callable[..., ImportReport]


@pytest.fixture
def importing(database: Database, registry: Registry, dongguan: Region) -> Run:
    """Import a file into a collection: `importing("towns", path, crs="gcj02")`."""

    def run(collection: str, path: Path, **options: Any) -> ImportReport:
        return import_file(
            database, registry, registry.collection(collection), path, ImportOptions(**options),
            actor="tester", door="test", region=dongguan,
        )  # fmt: skip

    return run


@pytest.fixture
def checking(database: Database, registry: Registry, dongguan: Region) -> Run:
    """Check a file, as `importing`."""

    def run(collection: str, path: Path, **options: Any) -> ImportReport:
        return check_file(
            database, registry, registry.collection(collection), path, ImportOptions(**options),
            region=dongguan,
        )  # fmt: skip

    return run


@pytest.fixture
def publishing(database: Database, registry: Registry, dongguan: Region) -> Run:
    """Publish a file: `publishing("parcels", path)`."""

    def run(id: str, path: Path, **options: Any) -> ImportReport:
        return publish_file(
            database, registry, id, path, ImportOptions(**options),
            actor="tester", door="test", region=dongguan,
        )  # fmt: skip

    return run
