"""Queries → files on this machine, made by the service; whole under their name, or not there.

A file grows under a name of its own beside its place, reaches the disk, and then takes its name at
once, so that nobody ever finds half of one. Knows no HTTP.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from geoservice.client import errors
from geoservice.languages import Language, Text

if TYPE_CHECKING:
    import pyarrow as pa

    from geoservice.client.connection import Connection
    from geoservice.client.query import Query

FORMATS: Mapping[str, tuple[str, ...]] = {
    "gpkg": (".gpkg",),
    "fgb": (".fgb",),
    "parquet": (".parquet", ".geoparquet"),
    "arrow": (".arrow",),
    "arrows": (".arrows",),
    "geojson": (".geojson",),
    "geojsonl": (".geojsonl",),
    "geojsons": (".geojsons",),
    "csv": (".csv",),
    "shp": (".shp.zip", ".zip"),
    "xlsx": (".xlsx",),
}
"""The endings by which each format is known.

`arrow` is a file of Arrow IPC, `arrows` the stream as the service sends it; `geojsonl` has one feature
on each line, `geojsons` is a sequence by RFC 8142; a Shapefile comes with its companions in one ZIP.
"""

SERVED = {
    "arrows": "arrow",
    "geojson": "geojsonseq",
    "geojsonl": "geojsonseq",
    "geojsons": "geojsonseq",
}
"""What the service is asked for where its name for it is another."""

_IN_LONGITUDE_LATITUDE = ("geojson", "geojsonl", "geojsons")
_RECORD_SEPARATOR = b"\x1e"


@dataclass(frozen=True)
class SavedFile:
    """A file that has been written.

    Attributes:
        path: where it is.
        format: a name of `FORMATS`, or of a report.
        bytes: its size.
        features: how many are in it; None if the service did not say.
    """

    path: Path
    format: str
    bytes: int
    features: int | None

    def __fspath__(self) -> str:
        return str(self.path)


def saved(query: "Query", path: Path, format: str | None) -> SavedFile:
    """The file with all features of a query; see `Queryable.to_file`."""
    collection = query.collection
    connection = collection.client.connection
    form = format_of(path, format, FORMATS, connection.language)
    if form in _IN_LONGITUDE_LATITUDE:
        _require_longitude_latitude(query, form)
    if form == "arrow":
        return _saved_arrow(query, path)
    parameters = {**query.parameters, "f": SERVED.get(form, form)}
    label = f"{collection.id} → {path.name}"
    return downloaded(connection, query.path, parameters, path, form, label=label)


def downloaded(
    connection: "Connection",
    path: str,
    parameters: Mapping[str, Any],
    target: Path,
    format: str,
    *,
    label: str,
) -> SavedFile:
    """The file that the service gives for a request, put in its place when it is whole.

    Raises:
        InterruptedStream, JobFailed: it did not come; nothing is left behind.
    """
    with replacing(target) as file:
        rewritten = _REWRITERS.get(format)
        sink = file if rewritten is None else rewritten(file)
        headers = connection.download(path, parameters, cast(BinaryIO, sink), label=label)
        if rewritten is not None:
            sink.close()
    matched = headers.get("OGC-NumberMatched", "")
    features = int(matched) if matched.isdigit() and "limit" not in parameters else None
    return SavedFile(target, format, target.stat().st_size, features)


def format_of(
    path: Path, format: str | None, offered: Mapping[str, tuple[str, ...]], language: Language
) -> str:
    """The format that is named, or that the ending of a name means, in capitals or not.

    Raises:
        UnknownFormat: it is none of those that are offered.
    """
    if format is not None:
        if format not in offered:
            raise errors.UnknownFormat(language, value=format, allowed=list(offered))
        return format
    name = path.name.lower()
    for known, endings in offered.items():
        if any(name.endswith(ending) and name != ending for ending in endings):
            return known
    endings = tuple(ending for each in offered.values() for ending in each)
    raise errors.UnknownFormat(language, value=path.name, allowed=list(endings))


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """A new file beside a place, which takes that place when the block has ended well.

    What stood there stays until then, and if the block raises. The new file may be read by those who
    may read any new file of this process.
    """
    descriptor, name = tempfile.mkstemp(
        prefix=f".{target.name}.", suffix=".part", dir=target.parent
    )
    growing = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        growing.chmod(0o666 & ~_umask())
        growing.replace(target)
    except BaseException:
        growing.unlink(missing_ok=True)
        raise
    _reach_disk(target.parent)


def saved_table(table: "pa.Table", path: Path) -> SavedFile:
    """An Arrow file of rows that are here already."""
    import pyarrow as pa

    with replacing(path) as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    return SavedFile(path, "arrow", path.stat().st_size, len(table))


def _saved_arrow(query: "Query", path: Path) -> SavedFile:
    """An Arrow file, made here of the stream: the service does not know its end when it begins."""
    import pyarrow as pa

    rows = 0
    with (
        replacing(path) as file,
        query._arriving() as arriving,
        pa.ipc.new_file(file, arriving.schema) as writer,
    ):
        for batch in arriving:
            writer.write_batch(batch)
            rows += batch.num_rows
    return SavedFile(path, "arrow", path.stat().st_size, rows)


def _require_longitude_latitude(query: "Query", form: str) -> None:
    """GeoJSON names no CRS (RFC 7946, 4): other coordinates would be taken for longitude and latitude."""
    crs = query.selection.crs
    if crs is None or crs.endswith("CRS84"):
        return
    allowed = Text(
        zh="CRS84（GeoJSON 只用经纬度；其他坐标系请用 .gpkg、.fgb、.parquet 等）",
        en="CRS84 (GeoJSON has longitude and latitude only; for others take .gpkg, .fgb or .parquet)",
    )
    raise errors.UnknownCrs(query.collection.client.lang, name=form, value=crs, allowed=allowed)


class _Lines:
    """A sink that turns a sequence of RFC 8142 into one feature a line: without its separators."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, block: bytes) -> int:
        """Write a block without its separators."""
        self._file.write(block.replace(_RECORD_SEPARATOR, b""))
        return len(block)

    def close(self) -> None:
        """Nothing is left to be written."""


class _FeatureCollection:
    """A sink that turns a sequence of RFC 8142 into one GeoJSON document.

    A separator never stands within a feature: JSON writes control characters by escapes.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._is_first = True
        file.write(b'{"type":"FeatureCollection","features":[\n')

    def write(self, block: bytes) -> int:
        """Write a block, with commas between the features."""
        text = block
        if self._is_first and _RECORD_SEPARATOR in text:
            text = text.replace(_RECORD_SEPARATOR, b"", 1)
            self._is_first = False
        self._file.write(text.replace(_RECORD_SEPARATOR, b","))
        return len(block)

    def close(self) -> None:
        """Write the end of the document."""
        self._file.write(b"]}\n")


_REWRITERS: Mapping[str, Callable[[BinaryIO], _Lines | _FeatureCollection]] = {
    "geojson": _FeatureCollection,
    "geojsonl": _Lines,
}


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _reach_disk(folder: Path) -> None:
    """Let the new name reach the disk, where a folder can be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
