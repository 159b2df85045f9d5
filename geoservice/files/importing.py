"""Files into collections: check, import, publish.

The three entry points of the doors; see `options` for what can be said about a file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from geoservice.description.collection import Collection
from geoservice.errors import BadParameter
from geoservice.files.checking import UID
from geoservice.files.import_log import finish, new_report, stored_report, was_committed
from geoservice.files.intake import MERGING, Intake, Watch
from geoservice.files.mapping import mapping
from geoservice.files.merging import Merge
from geoservice.files.options import ImportOptions, Progress, ProgressListener, silent
from geoservice.files.publication import publish_file
from geoservice.files.reading import opened
from geoservice.files.reference import town_reference
from geoservice.files.report import ImportReport
from geoservice.files.staging import load, staging_table
from geoservice.regions import Region
from geoservice.store.database import Database, begin_change, count_changed
from geoservice.store.publishing import Registry

__all__ = [
    "ImportOptions",
    "ImportReport",
    "Progress",
    "check_file",
    "import_file",
    "publish_file",
    "stored_report",
]


def check_file(
    database: Database,
    registry: Registry,
    collection: Collection,
    path: Path,
    options: ImportOptions,
    *,
    region: Region,
    progress: ProgressListener = silent,
) -> ImportReport:
    """Dry run: everything that `import_file` would find and do; changes nothing.

    Raises what `import_file` raises; issues of rows are in the report, `state` is `checked`.
    """
    _must_be_editable(registry, collection)
    report = new_report(collection.id, path, options)
    task = _Task(registry, collection, path, options, region)
    with _staged(database, task, report, Watch(progress)) as (connection, _):
        connection.rollback()
    return finish(report, "checked", None, database)


def import_file(
    database: Database,
    registry: Registry,
    collection: Collection,
    path: Path,
    options: ImportOptions,
    *,
    actor: str,
    door: str,
    region: Region,
    reason: str | None = None,
    progress: ProgressListener = silent,
) -> ImportReport:
    """Import a file in one transaction: all or nothing, unless `accept_rejected`.

    A row is the feature with its key, or in a collection without a key the one with its `uid`; it
    updates that feature if a value differs, in the fields that the file has. Other rows are new.
    A file for a collection without a key that has no `uid` is stored once.

    The report's `state` is `committed`, `unchanged` (every row was there already) or `refused`
    (rows were rejected; nothing was stored; `report.raise_if_refused()` raises `RejectedFile`).

    Raises:
        UnreadableFile: the file is not what its extension says, or is damaged.
        TooLarge: it is beyond a limit.
        RefusedCrs, MissingCrs, UnknownCrs: its coordinates cannot be understood.
        BadParameter: an option names a column, field or encoding that does not exist, or the
            collection cannot be edited.
        Conflict: another import into the collection is under way.
    """
    _must_be_editable(registry, collection)
    report = new_report(collection.id, path, options)
    if not collection.key and was_committed(database, collection.id, report.sha256):
        return finish(report, "unchanged", None, database)
    task = _Task(registry, collection, path, options, region)
    watch = Watch(progress)
    with _staged(database, task, report, watch) as (connection, merge):
        refused = bool(report.rejected) and not options.accept_rejected
        if not refused and (report.inserted or report.updated):
            watch.tell(MERGING, report.accepted, always=True)
            report.change_id = begin_change(
                connection, actor=actor, door=door, reason=reason, import_id=report.id
            )
            merge.store()
            count_changed(
                connection,
                collection.id,
                inserted=report.inserted,
                updated=report.updated,
                deleted=0,
            )
            return finish(report, "committed", connection, database)
        connection.rollback()
    return finish(report, "refused" if refused else "unchanged", None, database)


class _Task(NamedTuple):
    """What is to be read, for which collection."""

    registry: Registry
    collection: Collection
    path: Path
    options: ImportOptions
    region: Region


@contextmanager
def _staged(
    database: Database, task: _Task, report: ImportReport, watch: Watch
) -> Iterator[tuple[sa.Connection, Merge]]:
    """The file's good rows in a staging table, compared with the register; all findings told.

    A transaction of the editing role, in which nothing outside the staging table has changed yet.
    """
    registry, collection, path, options, region = task
    reference = town_reference(database, registry) if collection.town else None
    with opened(path, options) as source, database.editing(bulk=True) as connection:
        _one_at_a_time(connection, collection)
        matched = mapping(collection, source, options)
        intake = Intake(
            source, collection, matched, options, region, report, watch, reference=reference
        )
        names = intake.names
        table = staging_table(collection, names[1:], with_uid=intake.gives_uid)
        table.create(connection)
        loaded = [*names, UID] if intake.gives_uid else names
        load(connection, table, collection, loaded, intake.rows())
        merge = Merge(connection, registry, collection, table, names, report.issue_log)
        report.rejected += merge.prepare(matched.missing)
        outcome = merge.outcome()
        report.inserted, report.updated = outcome.inserted, outcome.updated
        report.unchanged = outcome.unchanged
        yield connection, merge


def _must_be_editable(registry: Registry, collection: Collection) -> None:
    if not collection.editable:
        editable = [each.id for each in registry.catalog if each.editable]
        raise BadParameter(name="collection", value=collection.id, allowed=editable)


def _one_at_a_time(connection: sa.Connection, collection: Collection) -> None:
    """Two imports of new features at once would each take the other's for new."""
    key = sa.func.hashtextextended(f"import {collection.id}", 0)
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
