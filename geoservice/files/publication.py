"""A file becomes a collection: described, loaded, indexed and registered in one transaction.

The rows go straight into the new table, whose indexes are made when they are all there. Nobody
sees the table before the transaction ends, so a load that is cut off leaves nothing.
"""

import re
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.schema import CreateIndex, DropConstraint

from geoservice.crs import offered
from geoservice.description.collection import Collection
from geoservice.errors import AlreadyExists
from geoservice.files.checking import ROW, UID
from geoservice.files.deriving import Derived, derived, with_key
from geoservice.files.identifiers import uuid7s
from geoservice.files.import_log import finish, new_report
from geoservice.files.intake import INDEXING, Intake, Watch
from geoservice.files.issues import Issue, shown
from geoservice.files.merging import DUPLICATE_KEY
from geoservice.files.options import ImportOptions, ProgressListener, silent
from geoservice.files.reading import opened
from geoservice.files.report import ImportReport
from geoservice.files.source import Source
from geoservice.files.staging import load
from geoservice.languages import Text
from geoservice.regions import Region
from geoservice.store.database import Database, begin_change, count_changed, run
from geoservice.store.publishing import Registry, create, to_json
from geoservice.store.system import published_collections
from geoservice.store.tables import tables

_KEYS_TRIED = 3


def publish_file(
    database: Database,
    registry: Registry,
    id: str,
    path: Path,
    options: ImportOptions,
    *,
    actor: str,
    door: str,
    region: Region,
    title: Text | None = None,
    reason: str | None = None,
    progress: ProgressListener = silent,
) -> ImportReport:
    """Make a collection `id` from a file and load it, in one transaction.

    The rows' geometries are checked while they are read, and by the database from then on;
    `validate` lets it check the loaded ones once more. Afterwards `registry.collection(id)` is the
    derived description; its key is that of the options, or a column with a usual name whose values
    are all there and all different. Raises
    `AlreadyExists` and what `import_file` raises; `state` is `committed` or `refused`.
    """
    registry.refresh()
    if id in registry.catalog:
        raise AlreadyExists(value=id)
    report = new_report(id, path, options)
    zone = ZoneInfo(region.time_zone)
    with opened(path, options) as source:
        made = derived(source, id, options, title=title, file=report.file_name, zone=zone)
        publication = _Publication(database, source, made, options, region, Watch(progress))
        publication.run(report, actor=actor, door=door, reason=reason)
    registry.refresh()
    if report.state != "committed":
        return finish(report, "refused", None, database)
    return report


class _Publication:
    """The making and loading of one collection."""

    def __init__(
        self,
        database: Database,
        source: Source,
        made: Derived,
        options: ImportOptions,
        region: Region,
        watch: Watch,
    ) -> None:
        self._database, self._source, self._made = database, source, made
        self._options, self._region, self._watch = options, region, watch

    def run(
        self,
        report: ImportReport,
        *,
        actor: str,
        door: str,
        reason: str | None,
    ) -> None:
        """Make, load, index and register, or leave nothing; the report's state tells which."""
        collection = self._made.collection
        intake = Intake(
            self._source, collection, self._made.mapping, self._options, self._region, report,
            self._watch,
        )  # fmt: skip
        with self._database.ownership() as connection:
            change = begin_change(
                connection, actor=actor, door=door, reason=reason, import_id=report.id
            )
            create(connection, collection, indexes=False)
            validity = _validity_checks(collection)
            _drop(connection, validity)
            report.inserted = load(
                connection,
                tables().current(collection),
                collection,
                [name for name in intake.names if name != ROW],
                intake.rows(),
                constants={"change_id": ("int8", pa.scalar(change, pa.int64()))},
                more={UID: lambda rows: uuid7s(rows.number)},
            )
            self._watch.tell(INDEXING, report.rows, always=True)
            keyed = self._keyed(connection, self._in_native_crs(collection, intake), report)
            if report.rejected and not self._options.accept_rejected:
                report.inserted = 0
                connection.rollback()
                return
            _add_for_later_rows(connection, validity)
            count_changed(connection, collection.id, inserted=report.inserted, updated=0, deleted=0)
            self._register(connection, keyed)
            report.change_id = change
            report.reading["key"] = list(keyed.key)
            finish(report, "committed", connection, self._database)

    def _in_native_crs(self, collection: Collection, intake: Intake) -> Collection:
        """The description with the CRS of the file, if that is one in which features are given out."""
        of_file = re.fullmatch(r"EPSG:(\d+)", intake.crs.name) if intake.crs else None
        srid = int(of_file[1]) if of_file else None
        if srid is None or srid not in {crs.srid for crs in offered(self._region.metric_srid)}:
            return collection
        return replace(collection, native_srid=srid)

    def _register(self, connection: sa.Connection, collection: Collection) -> None:
        """Make the indexes that are not there yet, and keep the final description."""
        current = tables().current(collection)
        for table in (current, tables().history(collection)):
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                if not index.unique:
                    connection.execute(CreateIndex(index))
        required = [f'ALTER COLUMN "{_doubled(name)}" SET NOT NULL' for name in collection.key]
        if required:
            run(connection, [f"ALTER TABLE {current} {', '.join(required)}"])
        run(connection, [f"ANALYZE {current}"])
        connection.execute(
            sa.update(published_collections)
            .where(published_collections.c.id == collection.id)
            .values(description=to_json(collection))
        )

    def _keyed(
        self, connection: sa.Connection, collection: Collection, report: ImportReport
    ) -> Collection:
        """The description with the first candidate that is a key of the rows, and its index."""
        for key in self._made.keys[:_KEYS_TRIED]:
            keyed = with_key(collection, key)
            if _is_key(connection, keyed):
                return keyed
        if self._options.key:
            self._tell_duplicates(connection, collection, report)
        return collection

    def _tell_duplicates(
        self, connection: sa.Connection, collection: Collection, report: ImportReport
    ) -> None:
        """Issues for rows whose key is missing or not theirs alone; ids are in the file's order."""
        table = tables().current(collection)
        keys = [table.c[name] for name in self._made.keys[0]]
        numbered = sa.select(
            sa.func.row_number().over(order_by=table.c.uid).label("row"),
            sa.func.concat_ws(", ", *keys).label("value"),
            sa.func.count().over(partition_by=keys).label("copies"),
            sa.or_(*(key.is_(None) for key in keys)).label("missing"),
        ).subquery()
        wrong = sa.or_(numbered.c.copies > 1, numbered.c.missing)
        known_rows = not report.rejected
        rows = connection.execute(
            sa.select(numbered.c.row, numbered.c.value).where(wrong).order_by(numbered.c.row)
        ).all()
        label = ", ".join(self._made.keys[0])
        for row, value in rows:
            report.issue_log.add(
                Issue(
                    DUPLICATE_KEY.code, DUPLICATE_KEY.severity, row if known_rows else None,
                    label, shown(value), DUPLICATE_KEY.reason,
                )
            )  # fmt: skip
        report.rejected += len(rows)


def _is_key(connection: sa.Connection, keyed: Collection) -> bool:
    """Whether every row has the key and no two have the same; if so, its index is made."""
    table = tables().current(keyed)
    missing = sa.or_(*(table.c[name].is_(None) for name in keyed.key))
    if connection.execute(sa.select(table.c.uid).where(missing).limit(1)).first():
        return False
    try:
        with connection.begin_nested():
            for index in table.indexes:
                if index.unique:
                    connection.execute(CreateIndex(index))
    except (IntegrityError, OperationalError):  # not unique; a text too long for an index
        return False
    return True


def _validity_checks(collection: Collection) -> list[sa.CheckConstraint]:
    """The checks of geometries, which would parse every one of them a second time."""
    table = tables().current(collection)
    named = {f"{name}_storable" for name in collection.geometry_fields}
    return [
        each
        for each in table.constraints
        if isinstance(each, sa.CheckConstraint) and "rule" in each.info
        if each.info["rule"].name in named
    ]


def _drop(connection: sa.Connection, checks: list[sa.CheckConstraint]) -> None:
    for check in checks:
        connection.execute(DropConstraint(check))


def _add_for_later_rows(connection: sa.Connection, checks: list[sa.CheckConstraint]) -> None:
    """Put the checks in force for every later write; what was loaded has passed the same ones.

    Checking every geometry twice would take a third of a load; `validate` does it when asked.
    """
    for check in checks:
        assert check.table is not None
        name, test = _doubled(str(check.name)), check.info["rule"].test
        statement = f'ALTER TABLE {check.table} ADD CONSTRAINT "{name}" CHECK ({test}) NOT VALID'
        run(connection, [statement])


def validate(database: Database) -> int:
    """Let PostgreSQL check the loaded rows of published collections too; how many checks it made.

    Reading and writing go on meanwhile. Raises `RejectedFeature` if a row does not pass, which
    means that two versions of GEOS disagree.
    """
    with database.ownership() as connection:
        waiting = (
            connection.execute(
                sa.text(
                    "SELECT format('ALTER TABLE %s VALIDATE CONSTRAINT %I', conrelid::regclass, conname) "
                    "FROM pg_constraint WHERE contype = 'c' AND NOT convalidated "
                    "AND connamespace = 'published'::regnamespace"
                )
            )
            .scalars()
            .all()
        )
        run(connection, waiting)
    return len(waiting)


def _doubled(name: str) -> str:
    return name.replace('"', '""')
