"""Rows → files: a statement and its description, written in any format of `formats`."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from geoservice.crs import CRS84, Crs
from geoservice.description.collection import Collection
from geoservice.description.question import Column
from geoservice.description.records import Records
from geoservice.errors import BadParameter, UnknownFormat
from geoservice.files import columnar, layers, sheets, texts
from geoservice.files.formats import FORMATS, Format
from geoservice.languages import DEFAULT_LANGUAGE, Language
from geoservice.query.query import Query
from geoservice.store.database import Database
from geoservice.store.encoding import shown_fields
from geoservice.store.statements import features


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """How to write: `crs` of the coordinates, `bom` before a CSV, `language` of titles."""

    crs: Crs = CRS84
    bom: bool = False
    language: Language = DEFAULT_LANGUAGE


def collection_records(collection: Collection, query: Query) -> tuple[Records, sa.Select[Any]]:
    """The features of a query as records and the statement that gives them.

    Private fields are not among them. Decimals are asked for in the query's order.
    """
    fields = [collection.by_name[name] for name in shown_fields(collection, query)]
    records = Records(
        id=collection.id,
        title=collection.title,
        columns=tuple(
            Column(
                name=field.name,
                type=field.type,
                title=field.title,
                unit=field.unit,
                nullable=field.nullable,
            )
            for field in fields
        ),
        geometry=collection.geometry if query.geometry else None,
        lists=frozenset(field.name for field in fields if field.many),
    )
    return records, features(collection, query)


def stream(
    database: Database,
    records: Records,
    select: sa.Select[Any],
    format: str,
    options: ExportOptions,
) -> Iterator[bytes]:
    """The rows as a document, block by block, in constant memory; for streamed formats.

    A fault after the first block raises and leaves the document without its end, so that a reader
    notices. Closing the iterator cancels the query. Raises `UnknownFormat` for a format that is
    not streamed.
    """
    chosen = _format(format, streamed=True)
    return _blocks(database, records, select, chosen, options, [0])


def write(
    database: Database,
    records: Records,
    select: sa.Select[Any],
    format: str,
    path: Path,
    options: ExportOptions,
) -> int:
    """Write the rows to a file in any format; the number of rows.

    The file appears under its name when it is whole; until then there is a hidden one beside it,
    which a fault removes.

    Raises:
        UnknownFormat: there is no such format, or it cannot hold these rows: a shapefile or
            FlatGeobuf without geometry, a shapefile of mixed geometries.
        TooLarge: more rows than a worksheet has.
    """
    chosen = _format(format)
    with draft_of(path, chosen.extension) as draft:
        return _write(database, records, select, chosen, draft, options)


@contextmanager
def draft_of(path: Path, extension: str) -> Iterator[Path]:
    """A hidden file beside `path` to be written, which takes its place when it is whole."""
    with tempfile.TemporaryDirectory(prefix=".geoservice-", dir=path.parent) as folder:
        draft = Path(folder) / f"draft{extension}"
        yield draft
        os.chmod(draft, 0o644)
        os.replace(draft, path)


def _format(id: str, *, streamed: bool = False) -> Format:
    allowed = [each.id for each in FORMATS.values() if each.streamed or not streamed]
    if id not in allowed:
        raise UnknownFormat(value=id, allowed=allowed)
    return FORMATS[id]


def _blocks(
    database: Database,
    records: Records,
    select: sa.Select[Any],
    format: Format,
    options: ExportOptions,
    count: list[int],
) -> Iterator[bytes]:
    match format.id:
        case "geojson":
            return texts.geojson(database, records, select, options.crs, count)
        case "geojsonseq":
            return texts.geojson_sequence(database, records, select, options.crs, count)
        case "csv":
            return sheets.csv(database, records, select, options.crs, count, bom=options.bom)
    return columnar.arrow(database, records, select, options.crs, count)


def _write(
    database: Database,
    records: Records,
    select: sa.Select[Any],
    format: Format,
    path: Path,
    options: ExportOptions,
) -> int:
    if format.streamed:
        count = [0]
        with path.open("wb") as file:
            for block in _blocks(database, records, select, format, options, count):
                file.write(block)
        return count[0]
    if format.id == "parquet":
        return columnar.parquet(database, records, select, options.crs, path)
    if format.id == "xlsx":
        return sheets.xlsx(database, records, select, options.crs, path, options.language)
    if records.geometry is None and format.id != "gpkg":
        raise UnknownFormat(value=format.id, allowed=["gpkg", "parquet", "csv", "xlsx"])
    if options.crs.srid == 0:
        raise BadParameter(name="crs", value=options.crs.name, allowed="EPSG")
    return layers.write(database, records, select, options.crs, format.id, path)
