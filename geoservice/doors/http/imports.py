"""Files that were offered: taken, checked, imported, and looked up afterwards.

A file may hold features of every town, and its report repeats private values.
"""

import csv
import hashlib
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geoservice.doors.http import bodies, values
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.features.items import link
from geoservice.doors.http.negotiation import HTML, JSON, Representation, chosen
from geoservice.doors.http.permission import require_analyst, require_editor_of_all_towns
from geoservice.doors.http.presentation import document, page
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.resources import Resource
from geoservice.errors import (
    BadParameter,
    MissingParameter,
    UnknownImport,
    UnsupportedMediaType,
)
from geoservice.files.import_log import stored_report
from geoservice.files.importing import check_file, import_file
from geoservice.files.options import ImportOptions
from geoservice.files.report import ImportReport
from geoservice.languages import Text
from geoservice.store import system

_CSV = Representation(
    "csv", "text/csv; charset=utf-8", Text(zh="问题清单 CSV", en="the issues as CSV")
)
_FLAGS = ("dry_run", "accept_rejected", "repair")
_TEXTS = ("crs", "encoding", "layer", "x", "y", "wkt")
_FIELDS = ("file", "collection", "map", "reason", *_FLAGS, *_TEXTS)
_LISTED = 200
_COLUMNS = ("row", "field", "value", "code", "severity", "reason")


def routes() -> list[Route]:
    """The routes of this file."""
    return [
        Route("/imports", Resource(_imports, _posted)),
        Route("/imports/{id}", Resource(_import)),
    ]


def _imports(asked: Asked) -> Response:
    """The newest imports, without their reports."""
    require_analyst(asked)
    require_known(asked.parameters, ("f", "lang"))
    rows = [
        {
            "id": str(row.id),
            "collection": row.collection,
            "file_name": row.file_name,
            "state": row.state,
            "started_at": row.started_at.isoformat(),
            "finished_at": row.finished_at.isoformat() if row.finished_at else None,
        }
        for row in asked.service.database.rows(system.newest_imports(_LISTED))
    ]
    if chosen(asked, (JSON, HTML)) is HTML:
        return page(asked, "imports.html", imports=rows)
    links = [link(asked, "self", asked.this_url(), JSON)]
    return document(asked, {"imports": rows, "links": links}, JSON.media_type)


def _import(asked: Asked) -> Response:
    """The report of one import; its issues as CSV too."""
    require_analyst(asked)
    require_known(asked.parameters, ("f", "lang"))
    text = asked.path_parameter("id")
    representation = chosen(asked, (JSON, HTML, _CSV))
    try:
        report = stored_report(asked.service.database, UUID(text))
    except ValueError as wrong:
        raise UnknownImport(value=text) from wrong
    if representation is _CSV:
        return _issues_as_csv(asked, report)
    if representation is HTML:
        return page(
            asked,
            "import.html",
            file_name=report["file"]["name"],
            state=report["state"],
            report=report,
        )
    return document(asked, report, JSON.media_type)


def _issues_as_csv(asked: Asked, report: Mapping[str, Any]) -> Response:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for issue in report.get("issues", []):
        reason = issue.get("reason")
        spoken = reason.get(asked.language) if isinstance(reason, dict) else reason
        cells = [*(issue.get(name) for name in _COLUMNS[:-1]), spoken]
        writer.writerow([_harmless(cell) for cell in cells])
    return Response(text.getvalue(), media_type=_CSV.media_type)


def _harmless(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    is_formula = isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{cell}" if is_formula else cell


async def _posted(asked: Asked, request: Request) -> Response:
    """Take a file and import it: 201 if it changed something, 422 if rows were rejected."""
    require_editor_of_all_towns(asked)
    require_known(asked.parameters, ("f", "lang"))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise UnsupportedMediaType(name="Content-Type", value=kind, allowed=["multipart/form-data"])
    limit = asked.service.limits.max_upload
    counted = Request(request.scope, bodies.counted(request.receive, limit))
    async with counted.form(max_files=1, max_fields=len(_FIELDS)) as form:
        return await run_in_threadpool(_imported, asked, form)


def _imported(asked: Asked, form: FormData) -> Response:
    file, texts = _parts(form)
    with tempfile.TemporaryDirectory(prefix="geoservice-") as folder:
        # The name is the client's: only its last part is used, and only inside our folder.
        name = PurePosixPath((file.filename or "").replace("\\", "/")).name
        if name in ("", ".", "..") or "\0" in name or len(name.encode()) > 200:
            raise BadParameter(name="file", value=name, allowed="file name")
        path = Path(folder) / name
        digest = _kept(file, path)
        report = _run(asked, path, _options(asked, texts, digest), texts)
    status = 422 if report.state == "refused" else 201 if report.state == "committed" else 200
    answer = document(
        asked, report.to_json(), JSON.media_type, {"Location": asked.url(f"/imports/{report.id}")}
    )
    answer.status_code = status
    return answer


def _parts(form: FormData) -> tuple[UploadFile, dict[str, str]]:
    """The file and the texts of the form; unknown or repeated parts are refused."""
    items = form.multi_items()
    require_known((name for name, _ in items), _FIELDS)
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise MissingParameter(name="file", allowed="multipart file")
    texts: dict[str, str] = {}
    for name, value in items:
        if isinstance(value, str):
            if name in texts or "\0" in value:
                raise BadParameter(name=name, value=value, allowed="1")
            texts[name] = value
    if "collection" not in texts:
        raise MissingParameter(name="collection", allowed="id")
    return file, texts


def _kept(file: UploadFile, path: Path) -> str:
    """The upload as a file under its own name; its digest."""
    digest = hashlib.sha256()
    with path.open("wb") as target:
        while block := file.file.read(2**20):
            digest.update(block)
            target.write(block)
    return digest.hexdigest()


def _options(asked: Asked, texts: Mapping[str, str], digest: str) -> ImportOptions:
    limits = asked.service.limits
    given = {name: texts[name] for name in _TEXTS if texts.get(name)}
    return ImportOptions(
        mapping=_mapping(texts.get("map", "")),
        accept_rejected=_flag(texts, "accept_rejected"),
        repair=_flag(texts, "repair"),
        sha256=digest,
        max_file_bytes=limits.max_upload,
        max_unpacked_bytes=limits.max_unpacked,
        max_vertices=limits.max_geom_vertices,
        **given,  # type: ignore[arg-type]
    )


def _mapping(text: str) -> tuple[tuple[str, str], ...]:
    """`map`: pairs such as `名称=name,代码=code`."""
    pairs = []
    for part in filter(None, text.split(",")):
        column, equals, field = part.rpartition("=")
        if not equals or not column or not field:
            raise BadParameter(name="map", value=part, allowed="column=field,…")
        pairs.append((column.strip(), field.strip()))
    return tuple(pairs)


def _flag(texts: Mapping[str, str], name: str) -> bool:
    return values.boolean(name, texts.get(name) or "false")


def _run(
    asked: Asked, path: Path, options: ImportOptions, texts: Mapping[str, str]
) -> ImportReport:
    service = asked.service
    collection = asked.collection(texts["collection"])
    if _flag(texts, "dry_run"):
        return check_file(
            service.database, service.registry, collection, path, options, region=service.region
        )
    return import_file(
        service.database,
        service.registry,
        collection,
        path,
        options,
        actor=asked.principal.name,
        door=asked.door,
        region=service.region,
        reason=texts.get("reason"),
    )
