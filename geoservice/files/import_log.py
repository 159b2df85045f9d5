"""The log of imports: every file that was offered, how it was read, and what became of it."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from geoservice.errors import UnknownImport
from geoservice.files.identifiers import uuid7s
from geoservice.files.issues import IssueLog
from geoservice.files.options import ImportOptions
from geoservice.files.report import ImportReport, ImportState
from geoservice.store.database import Database
from geoservice.store.system import imports

_BLOCK_BYTES = 2**20


def new_report(collection: str, path: Path, options: ImportOptions) -> ImportReport:
    """The report of an import that begins now; the file is hashed unless its digest is known."""
    return ImportReport(
        id=UUID(bytes=uuid7s(1)[0].as_py()),
        collection=collection,
        file_name=options.file_name or path.name,
        sha256=options.sha256 or _digest(path),
        file_bytes=path.stat().st_size,
        started_at=datetime.now(UTC),
        issue_log=IssueLog(options.issue_limit),
    )


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def finish(
    report: ImportReport, state: ImportState, connection: sa.Connection | None, database: Database
) -> ImportReport:
    """End a report and keep it: in the transaction of what was stored, else in one of its own."""
    report.state, report.finished_at = state, datetime.now(UTC)
    if connection is not None:
        _keep(connection, report)
    else:
        with database.editing() as own:
            _keep(own, report)
    return report


def _keep(connection: sa.Connection, report: ImportReport) -> None:
    connection.execute(
        sa.insert(imports).values(
            id=report.id,
            collection=report.collection,
            file_name=report.file_name,
            file_sha256=report.sha256,
            file_bytes=report.file_bytes,
            started_at=report.started_at,
            finished_at=report.finished_at,
            state=report.state,
            report=_storable(report.to_json()),
        )
    )


def _storable(value: Any) -> Any:
    """JSON that PostgreSQL takes: it has no NUL character, which a bad cell may hold."""
    match value:
        case str():
            return value.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()
        case dict():
            return {_storable(key): _storable(each) for key, each in value.items()}
        case list() | tuple():
            return [_storable(each) for each in value]
    return value


def was_committed(database: Database, collection: str, sha256: str) -> bool:
    """Whether a file with this content is in the collection already."""
    found = sa.select(imports.c.id).where(
        imports.c.collection == collection,
        imports.c.file_sha256 == sha256,
        imports.c.state == "committed",
    )
    return bool(database.rows(found.limit(1)))


def stored_report(database: Database, id: UUID) -> dict[str, Any]:
    """The report of an earlier import as JSON values; `UnknownImport` if there is none."""
    rows = database.rows(sa.select(imports.c.report).where(imports.c.id == id))
    if not rows:
        raise UnknownImport(value=str(id))
    report: dict[str, Any] = rows[0].report
    return report
