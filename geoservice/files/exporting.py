"""Rows → files: a statement and its description, written in any format of `formats`."""

import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from geoservice.crs import CRS84, Crs
from geoservice.description.collection import Collection
from geoservice.description.question import Column
from geoservice.description.records import Records
from geoservice.errors import BadParameter, UnknownFormat
from geoservice.files import columnar, layers, sheets, texts
from geoservice.files.formats import FORMATS, Format
from geoservice.files.outgoing import Outgoing
from geoservice.languages import DEFAULT_LANGUAGE, Language
from geoservice.query.query import Query
from geoservice.store.database import Connection, Database, Snapshot
from geoservice.store.encoding import shown_fields
from geoservice.store.statements import features, row_count


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


@dataclass(frozen=True, kw_only=True)
class About:
    """What is known of rows beside them, in the state of the data from which they are read.

    `facts` are JSON values, for formats that have room for them; `matched` is how many rows there
    are, limits apart, or None where nobody has counted.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    matched: int | None = None


Teller = Callable[[Connection], About]
"""What finds that out in the state of the data that a connection sees."""


def nothing(_connection: Connection) -> About:
    """Nothing is told."""
    return About()


class Watcher(Protocol):
    """Whoever wants to know how far a file is, and may stop it by raising."""

    def begin(self, cancel: Callable[[], None]) -> None:
        """From now on, and until the end, `cancel` stops the database, from any thread."""

    def expect(self, total: int) -> None:
        """There are so many rows."""

    def reached(self, rows: int) -> None:
        """So many rows have been read."""

    def end(self) -> None:
        """The database is needed no more."""


@contextmanager
def watched(database: Database, watcher: Watcher | None) -> Iterator[Snapshot]:
    """One state of the data to write a file from, while somebody watches."""
    with database.exporting() as snapshot:
        if watcher is None:
            yield snapshot
            return
        try:
            watcher.begin(snapshot.cancel)
            yield snapshot
        finally:
            watcher.end()


@dataclass(frozen=True)
class Stream:
    """A document on its way: how many rows match, if that is known, and its blocks, to be closed."""

    matched: int | None
    blocks: Generator[bytes, None, None]


def opened(
    database: Database,
    records: Records,
    select: sa.Select[Any],
    format: str,
    options: ExportOptions,
    tell: Teller = nothing,
) -> Stream:
    """The rows as a document, block by block, in constant memory; for streamed formats.

    What the document says of itself is of the same state of the data as its rows. A fault after
    the first block raises and leaves the document without its end, so that a reader notices.
    Closing the blocks cancels the query. Raises `UnknownFormat` for a format that is not streamed.
    """
    chosen = _format(format, streamed=True)
    about: list[About] = []

    def blocks() -> Generator[bytes, None, None]:
        with database.exporting() as snapshot:
            about.append(tell(snapshot.connection))
            yield b""  # only that much is done when the stream is opened
            outgoing = Outgoing(
                snapshot=snapshot,
                records=records,
                select=select,
                crs=options.crs,
                facts=about[0].facts,
            )
            with closing(_blocks(outgoing, chosen, options)) as written:
                yield from written

    opened = blocks()
    next(opened)
    return Stream(about[0].matched, opened)


def stream(
    database: Database,
    records: Records,
    select: sa.Select[Any],
    format: str,
    options: ExportOptions,
) -> Generator[bytes, None, None]:
    """The blocks of a document that says nothing of itself; see `opened`."""
    return opened(database, records, select, format, options).blocks


def write(
    database: Database,
    records: Records,
    select: sa.Select[Any],
    format: str,
    path: Path,
    options: ExportOptions,
    tell: Teller = nothing,
    watcher: Watcher | None = None,
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
    with draft_of(path, chosen.extension) as draft, watched(database, watcher) as snapshot:
        outgoing = Outgoing(
            snapshot=snapshot,
            records=records,
            select=select,
            crs=options.crs,
            facts=tell(snapshot.connection).facts,
            reached=watcher.reached if watcher else None,
        )
        if watcher is not None:
            watcher.expect(snapshot.connection.execute(row_count(select)).scalar_one())
        _write(outgoing, chosen, draft, options)
    return outgoing.count


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
    outgoing: Outgoing, format: Format, options: ExportOptions
) -> Generator[bytes, None, None]:
    match format.id:
        case "geojson":
            return texts.geojson(outgoing)
        case "geojsonseq":
            return texts.geojson_sequence(outgoing)
        case "csv":
            return sheets.csv(outgoing, bom=options.bom)
        case "parquet":
            return columnar.parquet(outgoing)
    return columnar.arrow(outgoing)


def _write(outgoing: Outgoing, format: Format, path: Path, options: ExportOptions) -> None:
    if format.streamed:
        with path.open("wb") as file, closing(_blocks(outgoing, format, options)) as blocks:
            for block in blocks:
                file.write(block)
    elif format.id == "xlsx":
        sheets.xlsx(outgoing, path, options.language)
    elif outgoing.records.geometry is None and format.id != "gpkg":
        raise UnknownFormat(value=format.id, allowed=["gpkg", "parquet", "csv", "xlsx"])
    elif options.crs.srid == 0:
        raise BadParameter(name="crs", value=options.crs.name, allowed="EPSG")
    else:
        layers.write(outgoing, format.id, path)
