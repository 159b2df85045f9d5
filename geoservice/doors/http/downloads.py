"""A collection or an answer as a file: what its rows are, what it says of them, how it is sent.

Everything that goes out as a file is described here once, whether it is sent at once or written in
the background.
"""

import tempfile
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.responses import Response

from geoservice.crs import CRS84, Crs
from geoservice.description.collection import Collection
from geoservice.description.records import Records
from geoservice.doors.http import values
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.features.reading import FeaturesRequest
from geoservice.doors.http.negotiation import Representation
from geoservice.doors.http.presentation import VARY
from geoservice.doors.http.resources import Streamed
from geoservice.errors import BadParameter
from geoservice.files.exporting import (
    About,
    ExportOptions,
    Stream,
    Teller,
    Watcher,
    collection_records,
    nothing,
    opened,
    write,
)
from geoservice.files.formats import FORMATS
from geoservice.languages import Language, Text
from geoservice.query.query import Query
from geoservice.questions import AllRows, Question, all_rows
from geoservice.reports.answered import answered
from geoservice.reports.writing import FORMS, Form, Surroundings, write_report
from geoservice.store import pages, statements, system
from geoservice.store.database import Connection

GEOJSON = Representation(
    "geojson",
    FORMATS["geojson"].media_type,
    Text(zh="GeoJSON", en="as GeoJSON"),
    ("json", "application/json"),
)
FILES = tuple(
    Representation(each.id, each.media_type, Text(zh=each.id.upper(), en=f"as {each.id.upper()}"))
    for each in FORMATS.values()
    if each.id != GEOJSON.id
)
IN_BACKGROUND = tuple(each.id for each in FORMATS.values() if not each.streamed)
"""The formats that are written whole before they can be sent."""

_BLOCK_BYTES = 262_144


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file that somebody wants.

    `format` is what `f=` calls it. `open` begins to send it, `write` makes it at a path; a format
    that cannot be sent while it is written has no `open`.
    """

    format: str
    file_name: str
    media_type: str
    headers: Mapping[str, str]
    open: Callable[[], Stream] | None
    write: Callable[[Path, Watcher | None], int]


def sent(download: Download) -> Response:
    """The file as the answer to the request, its first bytes as soon as they are there."""
    headers = dict(download.headers)
    if download.open is None:
        blocks = written(lambda path: download.write(path, None), download.file_name)
    else:
        stream = download.open()
        blocks = stream.blocks
        if stream.matched is not None:
            headers["OGC-NumberMatched"] = str(stream.matched)
    return Streamed(blocks, download.media_type, headers)


def written(write_to: Callable[[Path], object], name: str) -> Generator[bytes, None, None]:
    """The blocks of a file that is first written whole, and removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="geoservice-") as folder:
        path = Path(folder) / name
        write_to(path)
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                yield block


def collection_download(
    asked: Asked, collection: Collection, wanted: FeaturesRequest, representation: Representation
) -> Download:
    """Everything that matches, as a file; or as many of it as were asked for."""
    records, select = collection_records(collection, wanted.query)
    if wanted.limit is not None:
        select = select.limit(wanted.limit)
    if wanted.page.offset:
        select = select.offset(wanted.page.offset)
    tell = _teller_of_collection(collection, wanted, records, asked.language)
    headers = {"Content-Crs": f"<{shown_name(wanted.query)}>"}
    return _download(
        asked, records, select, representation, crs=wanted.query.crs, tell=tell, headers=headers
    )


def answer_download(
    asked: Asked,
    question: Question,
    given: Mapping[str, object],
    representation: Representation,
    *,
    crs: Crs,
) -> Download:
    """Every row of an answer as a file, whatever its limit says; as a report if it is a form of one."""
    if representation.id in FORMS:
        return _report_download(asked, question, given, FORMS[representation.id], crs=crs)
    service = asked.service
    rows = all_rows(question, given, registry=service.registry, region=service.region)
    # The account costs about what the rows do, so it is made where there is room for it.
    has_room = FORMATS[representation.id].tells_facts
    tell = _teller_of_answer(rows, asked.language) if has_room else nothing
    return _download(
        asked, rows.records, rows.statement, representation, crs=crs, tell=tell, headers={}
    )


def answer_crs(asked: Asked) -> Crs:
    """The CRS in which the rows of an answer are wanted."""
    if "crs" not in asked.parameters:
        return CRS84
    return values.crs("crs", asked.parameters["crs"], asked.service.crs_offered)


def _download(
    asked: Asked,
    records: Records,
    select: Any,
    representation: Representation,
    *,
    crs: Crs,
    tell: Teller,
    headers: Mapping[str, str],
) -> Download:
    database = asked.service.database
    options = ExportOptions(crs=crs, language=asked.language)
    form = FORMATS[representation.id]
    name = f"{records.id}{form.extension}"
    return Download(
        format=form.id,
        file_name=name,
        media_type=form.media_type,
        headers={**_attached(asked, name), **headers},
        open=(lambda: opened(database, records, select, form.id, options, tell))
        if form.streamed
        else None,
        write=lambda path, watcher: write(
            database, records, select, form.id, path, options, tell, watcher
        ),
    )


def _report_download(
    asked: Asked, question: Question, given: Mapping[str, object], form: Form, *, crs: Crs
) -> Download:
    """The answer as a report: everything that it says of itself, its rows, and its map."""
    if crs != CRS84:
        raise BadParameter(name="crs", value=crs.name, allowed=CRS84.uri)
    service = asked.service
    around = Surroundings(
        database=service.database,
        registry=service.registry,
        region=service.region,
        language=asked.language,
    )
    name = f"{question.description.id}{form.extension}"
    return Download(
        format=form.id,
        file_name=name,
        media_type=form.media_type,
        headers=_attached(asked, name),
        open=None,
        write=lambda path, watcher: write_report(
            lambda connection: answered(
                connection, question, given, registry=service.registry, region=service.region
            ),
            form.id,
            path,
            around,
            watcher,
        ),
    )


def _attached(asked: Asked, name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Language": asked.language,
        "Vary": VARY,
    }


def shown_name(query: Query) -> str:
    """The CRS of the coordinates by the name that tells their order."""
    crs = query.crs
    return crs.name if crs.name.upper().startswith("EPSG:") else crs.uri


def _teller_of_collection(
    collection: Collection, wanted: FeaturesRequest, records: Records, language: Language
) -> Teller:
    """What tells of the features of a query which data they are.

    They are counted where that costs little: all of them, or if an exact count was asked for.
    """
    query = wanted.query
    counts = wanted.counting == "exact" or (
        wanted.counting != "none" and not query.is_restricted and query.known_at is None
    )

    def tell(connection: Connection) -> About:
        version = connection.execute(pages.version_of(collection)).scalar_one()
        synthetic = connection.execute(system.synthetic_collections()).all()
        source = collection.source
        now = datetime.now(UTC)
        facts = {
            "collection": collection.id,
            "title": collection.title.spoken(language),
            "data_version": version,
            "as_of": query.as_of.isoformat() if query.as_of else None,
            "known_at": (query.known_at or now).astimezone(UTC).isoformat(),
            "crs": query.crs.uri,
            "generated_at": now.isoformat(),
            "licence": source.licence if source else None,
            "attribution": source.title.spoken(language) if source else None,
            "synthetic": collection.id in [row.collection for row in synthetic],
            "fields": _described_fields(records, language),
        }
        count = statements.matched(collection, query, None)
        matched = connection.execute(count).scalar_one() if counts else None
        return About(facts=facts, matched=matched)

    return tell


def _teller_of_answer(rows: AllRows, language: Language) -> Teller:
    """What tells of the rows of an answer what a document would: its account."""

    def tell(connection: Connection) -> About:
        account, count = rows.account(connection)
        facts: Mapping[str, Any] = {
            **account.head(language),
            "collection": None,
            "fields": _described_fields(rows.records, language),
        }
        return About(facts=facts, matched=count)

    return tell


def _described_fields(records: Records, language: Language) -> list[dict[str, Any]]:
    """The columns with their types, titles and units; a list is JSON text (`many`)."""
    return [
        {
            "name": each.name,
            "type": each.type.value,
            "title": each.title.spoken(language),
            "unit": each.unit.symbol if each.unit else None,
            **({"many": True} if each.name in records.lists else {}),
        }
        for each in records.columns
    ]
