"""Reports as files: the way in for every door."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from geoalchemy2 import Geometry

from geoservice.description.collection import GeometryType
from geoservice.description.question import ParameterType
from geoservice.errors import UnknownFormat
from geoservice.files.exporting import Watcher, draft_of, watched
from geoservice.files.formats import FORMATS as FILE_FORMATS
from geoservice.languages import Language
from geoservice.regions import Region
from geoservice.reports import workbook
from geoservice.reports.answered import (
    Answered,
    change_times,
    every_values,
    first_values,
    number_of_rows,
    synthetic_ids,
)
from geoservice.reports.map import map_of
from geoservice.reports.page import MOST_ROWS, page
from geoservice.reports.pdf import pdf, require_packages
from geoservice.reports.report import Report, report
from geoservice.store.database import Database
from geoservice.store.publishing import Registry


@dataclass(frozen=True)
class Form:
    """A form of a report."""

    id: str
    media_type: str
    extension: str


_PAGE = Form("report", "text/html; charset=utf-8", ".html")
_PDF = Form("pdf", "application/pdf", ".pdf")
_XLSX = Form("xlsx", FILE_FORMATS["xlsx"].media_type, FILE_FORMATS["xlsx"].extension)
FORMS: Mapping[str, Form] = {form.id: form for form in (_PAGE, _PDF, _XLSX)}
"""Every form by its id: the printable page, its PDF, the workbook."""

_TOLD_EVERY = 1_000

Source = Callable[[sa.Connection], Answered]
"""What gives the answer on a snapshot: `answered` for a question, or what reads a saved answer."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where an answer is reported on: the database with its catalog, the region, the language."""

    database: Database
    registry: Registry
    region: Region
    language: Language


def write_report(
    source: Source, form: str, path: Path, around: Surroundings, watcher: Watcher | None = None
) -> int:
    """Write the report of an answer; the number of rows of the answer. A workbook can be watched.

    The file appears under its name when it is whole. A workbook has every row, a page the first
    `MOST_ROWS` and the number of the others. All that it says is of one state of the data.

    Raises:
        UnknownFormat: there is no such form.
        TooLarge: more rows than a worksheet has, or a page that takes too long to print.
        SetupFailed: the machine lacks a package that PDF needs.
        Busy: too many PDFs are being made.
    """
    if form not in FORMS:
        raise UnknownFormat(value=form, allowed=list(FORMS))
    with draft_of(path, FORMS[form].extension) as draft:
        if form == _XLSX.id:
            return _write_workbook(source, draft, around, watcher)
        if form == _PDF.id:
            require_packages()
        html, count = _page(source, around)
        draft.write_bytes(pdf(html) if form == _PDF.id else html.encode("utf-8", "replace"))
    return count


def _write_workbook(
    source: Source, path: Path, around: Surroundings, watcher: Watcher | None
) -> int:
    with watched(around.database, watcher) as snapshot:
        connection = snapshot.connection
        answer = source(connection)
        count = number_of_rows(connection, answer)
        workbook.require_rows_fit(count)
        told = _report(connection, answer, count, around)
        places = _places(answer)
        with closing(every_values(connection, answer, *places)) as rows:
            seen = rows if watcher is None else _watched_rows(rows, count, watcher)
            workbook.write(told, seen, path, has_places=bool(places))
    return count


def _watched_rows(
    rows: Iterator[sa.Row[Any]], count: int, watcher: Watcher
) -> Iterator[sa.Row[Any]]:
    watcher.expect(count)
    for number, row in enumerate(rows, 1):
        yield row
        if number % _TOLD_EVERY == 0 or number == count:
            watcher.reached(number)


def _page(source: Source, around: Surroundings) -> tuple[str, int]:
    """The printable page and the number of rows; no connection is held while it is printed."""
    with around.database.snapshot() as connection:
        answer = source(connection)
        count = number_of_rows(connection, answer)
        told = _report(connection, answer, count, around)
        rows = first_values(connection, answer, MOST_ROWS)
        drawing = map_of(
            connection,
            answer,
            row_count=count,
            day=_day(answer, around.region),
            region=around.region,
            language=around.language,
        )
    return page(told, rows, drawing), count


def _report(
    connection: sa.Connection, answer: Answered, count: int, around: Surroundings
) -> Report:
    return report(
        answer.account,
        given=answer.given,
        columns=answer.records.columns,
        row_count=count,
        catalog=around.registry.catalog,
        change_times=change_times(connection, answer.account.data_version.values()),
        synthetic=synthetic_ids(connection),
        region=around.region,
        language=around.language,
        generated_at=datetime.now(UTC),
    )


def _places(answer: Answered) -> tuple[Callable[[sa.FromClause], Any], ...]:
    """What makes columns with the coordinates of points; other geometry does not fit a sheet."""
    if answer.records.geometry is not GeometryType.POINT:
        return ()

    def coordinate(function: Callable[..., Any]) -> Callable[[sa.FromClause], Any]:
        name = answer.records.geometry_column
        return lambda rows: function(sa.type_coerce(rows.c[name], Geometry()), type_=sa.Double)

    return coordinate(sa.func.ST_X), coordinate(sa.func.ST_Y)


def _day(answer: Answered, region: Region) -> date:
    """The day whose towns are the background: the one asked about, the last of several, or today."""
    values = answer.account.parameters
    if values.get("as_of"):
        return date.fromisoformat(values["as_of"])
    dates = (p for p in answer.account.description.parameters if p.type is ParameterType.DATE)
    days = [date.fromisoformat(values[each.name]) for each in dates if values.get(each.name)]
    return max(days, default=datetime.now(ZoneInfo(region.time_zone)).date())
