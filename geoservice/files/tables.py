"""CSV and XLSX files as sources: every cell is text, the geometry is in coordinate columns or WKT."""

import csv
import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import shapely

from geoservice.errors import BadParameter, UnreadableFile
from geoservice.files import encodings
from geoservice.files.archives import check_workbook, gunzipped
from geoservice.files.options import ImportOptions
from geoservice.files.source import BATCH_ROWS, GEOMETRY, Source
from geoservice.files.wkt import wkt_as_wkb
from geoservice.languages import Text

_X_NAMES = (
    "lon",
    "lng",
    "long",
    "longitude",
    "x",
    "经度",
    "东经",
    "easting",
    "东坐标",
    "横坐标",
    "point_x",
)
_Y_NAMES = ("lat", "latitude", "y", "纬度", "北纬", "northing", "北坐标", "纵坐标", "point_y")
_WKT_NAMES = ("wkt", "geometry", "geom", "the_geom", "几何")
_BLOCK_BYTES = 4 * 2**20
_PREVIEW_ROWS = 3


def source(path: Path, suffix: str, name: str, options: ImportOptions) -> Source:
    """A table; its geometry from the columns that the options or their names say.

    Raises:
        UnreadableFile: damaged, without a header, a name twice, text in no known encoding.
        BadParameter: an option names a column that is not there.
    """
    if suffix == ".xlsx":
        check_workbook(path, max_bytes=options.max_unpacked_bytes)
        plain = _workbook_source(path, name, options)
    else:
        plain = _csv_source(path, suffix, name, options)
    return _with_geometry(plain, options)


def preview(batches: Iterator[pa.RecordBatch]) -> tuple[str, ...]:
    """The first rows as lines, so that a person sees whether the encoding is right."""
    batch = next(batches, None)
    if batch is None:
        return ()
    columns = [name for name in batch.schema.names if name != GEOMETRY]
    rows = batch.slice(0, _PREVIEW_ROWS).select(columns).to_pylist()
    return tuple(
        " | ".join(str(value) for value in row.values() if value is not None)[:200] for row in rows
    )


def _csv_source(path: Path, suffix: str, name: str, options: ImportOptions) -> Source:
    limit = options.max_unpacked_bytes

    @contextmanager
    def stream() -> Iterator[IO[bytes]]:
        if suffix.endswith(".gz"):
            with gunzipped(path, max_bytes=limit) as file:
                yield file
        else:
            with path.open("rb") as file:
                yield file

    try:
        with stream() as file:
            first = file.read(_BLOCK_BYTES)
            blocks = iter(lambda: file.read(_BLOCK_BYTES), b"")
            encoding = encodings.decided(
                _chain(first, blocks), file=name, given=options.encoding, declared=None
            )
    except (OSError, EOFError) as fault:
        raise _unreadable(name, f"无法解压：{fault}", f"cannot be unpacked: {fault}") from fault
    separator = _separator(first.split(b"\n", 1)[0], suffix)

    def batches() -> Iterator[pa.RecordBatch]:
        with stream() as file, _faults_told(name):
            yield from _csv_batches(file, encoding.name, separator)

    with _faults_told(name):
        names = _csv_names(first.split(b"\n", 1)[0], encoding.name, separator)
    columns = _checked_columns(names, name)
    plain = Source("CSV", columns, batches, False, blank_is_null=True, is_text=True)
    return replace(
        plain, encoding=encodings.Encoding(encoding.name, encoding.decided_by, preview(batches()))
    )


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _separator(header: bytes, suffix: str) -> str:
    """The separator that the header has most of: comma, semicolon or tab."""
    if suffix == ".tsv":
        return "\t"
    return max(",;\t", key=lambda each: header.count(each.encode()))


def _csv_names(line: bytes, encoding: str, separator: str) -> list[str]:
    """The names in the header line; quotes may hold separators, not line breaks."""
    text = line.decode(encoding).removeprefix("\ufeff").rstrip("\r\n")
    return [name.strip() for name in next(csv.reader([text], delimiter=separator), [])]


def _csv_batches(file: IO[bytes], encoding: str, separator: str) -> Iterator[pa.RecordBatch]:
    """The rows, every cell as text: no value is guessed here."""
    first = file.read(_BLOCK_BYTES)
    line, _, rest = first.partition(b"\n")
    names = _csv_names(line, encoding, separator)
    if not rest.strip() and len(first) < _BLOCK_BYTES:
        return
    reader = pa_csv.open_csv(
        _Rejoined(rest, file),
        read_options=pa_csv.ReadOptions(
            encoding=encoding, block_size=_BLOCK_BYTES, column_names=names
        ),
        parse_options=pa_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types={name: pa.string() for name in names}, strings_can_be_null=False
        ),
    )
    for batch in reader:
        for start in range(0, len(batch), BATCH_ROWS):
            yield batch.slice(start, BATCH_ROWS)


class _Rejoined:
    """A stream of some bytes and then another stream."""

    def __init__(self, first: bytes, rest: IO[bytes]) -> None:
        self._first, self._rest = first, rest
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        if self._first:
            block, self._first = (
                (self._first, b"") if size < 0 else (self._first[:size], self._first[size:])
            )
            return block
        return self._rest.read(size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return False

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def _checked_columns(names: Sequence[str], file: str) -> pa.Schema:
    if not names or not any(names):
        raise _unreadable(file, "没有表头", "it has no header")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not all(names):
        which = ", ".join(twice) or "''"
        raise _unreadable(
            file, f"列名为空或重复：{which}", f"empty or repeated column names: {which}"
        )
    return pa.schema([pa.field(name, pa.string()) for name in names])


@contextmanager
def _faults_told(name: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, UnicodeError, EOFError, OSError) as fault:
        raise _unreadable(name, str(fault)[:200], str(fault)[:200]) from fault


def _workbook_source(path: Path, name: str, options: ImportOptions) -> Source:
    with _workbook(path, name) as book:
        sheets = [sheet.title for sheet in book.worksheets]
        if options.layer is not None and options.layer not in sheets:
            raise BadParameter(name="layer", value=options.layer, allowed=sheets)
        if options.layer is None and len(sheets) != 1:
            shown = ", ".join(sheets)
            raise _unreadable(
                name,
                f"应恰有一个工作表，现有：{shown}；请用 layer 指定",
                f"it should hold exactly one sheet, it holds: {shown}; pass layer",
            )
        layer = options.layer or sheets[0]
        header = next(iter(book[layer].iter_rows(values_only=True)), ())
    names = ["" if cell is None else str(cell).strip() for cell in header]
    while names and not names[-1]:
        names.pop()
    columns = _checked_columns(names, name)
    return Source(
        "XLSX",
        columns,
        lambda: _workbook_batches(path, name, layer, columns),
        False,
        blank_is_null=True,
        is_text=True,
        layer=layer,
    )


@contextmanager
def _workbook(path: Path, name: str) -> Iterator[Any]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as fault:  # openpyxl lets any fault of its parsers through
        raise _unreadable(name, f"不是 XLSX：{fault}", f"it is not XLSX: {fault}") from fault
    try:
        yield book
    finally:
        book.close()


def _workbook_batches(
    path: Path, name: str, layer: str, columns: pa.Schema
) -> Iterator[pa.RecordBatch]:
    width = len(columns)
    with _workbook(path, name) as book:
        rows: list[tuple[str | None, ...]] = []
        cells = book[layer].iter_rows(min_row=2, max_col=width, values_only=True)
        for row in cells:
            texts = tuple(_cell_text(cell) for cell in row)
            if any(text is not None for text in texts):
                rows.append(texts + (None,) * (width - len(texts)))
            if len(rows) == BATCH_ROWS:
                yield _batch(rows, columns)
                rows = []
        if rows:
            yield _batch(rows, columns)


def _batch(rows: list[tuple[str | None, ...]], columns: pa.Schema) -> pa.RecordBatch:
    arrays = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=columns)


def _cell_text(cell: object) -> str | None:
    """A cell as text; a whole number stays whole although a spreadsheet knows only doubles."""
    match cell:
        case None | "":
            return None
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case dt.datetime():
            whole_day = cell.time() == dt.time()
            return cell.date().isoformat() if whole_day else cell.isoformat()
    return str(cell)


def _with_geometry(plain: Source, options: ImportOptions) -> Source:
    """The source with a geometry column, made of the columns that hold it."""
    names = plain.columns.names
    for option in ("x", "y", "wkt"):
        given = getattr(options, option)
        if given is not None and given not in names:
            raise BadParameter(name=option, value=given, allowed=names)
    wkt = options.wkt or (None if options.x else _found(names, _WKT_NAMES))
    x = options.x or _found(names, _X_NAMES)
    y = options.y or _found(names, _Y_NAMES)
    if wkt is not None and (options.wkt or not (options.x and options.y)):
        return _from_wkt(plain, wkt)
    if x is not None and y is not None:
        return _from_points(plain, x, y)
    return plain


def _found(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    """The first column, in the order of `wanted`, whose name is one of them."""
    lower = {name.strip().lower(): name for name in names}
    return next((lower[each] for each in wanted if each in lower), None)


def _from_points(plain: Source, x: str, y: str) -> Source:
    def batches() -> Iterator[pa.RecordBatch]:
        for batch in plain.batches():
            east, north = (_numbers(batch.column(name)) for name in (x, y))
            missing = np.asarray(pc.and_(_blank(batch.column(x)), _blank(batch.column(y))))
            wkb = shapely.to_wkb(shapely.points(east, north), byte_order=1)
            geometry = pa.array(np.where(missing, None, wkb), pa.binary())
            yield batch.append_column(GEOMETRY, geometry)

    return replace(
        plain,
        batches=batches,
        has_geometry=True,
        geometry_type="Point",
        notes={**plain.notes, "geometry_from": {"x": x, "y": y}},
    )


def _blank(column: pa.Array) -> pa.Array:
    return pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True)


def _numbers(column: pa.Array) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Texts as numbers; what is none is NaN and becomes an issue of its row."""
    text = pc.utf8_trim_whitespace(column)
    plain = pc.match_substring_regex(text, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    numbers = pc.if_else(plain, text, None).cast(pa.float64())
    return cast("np.ndarray[Any, np.dtype[np.float64]]", numbers.to_numpy(zero_copy_only=False))


def _from_wkt(plain: Source, wkt: str) -> Source:
    def batches() -> Iterator[pa.RecordBatch]:
        for batch in plain.batches():
            geometry = wkt_as_wkb(batch.column(wkt))
            yield batch.append_column(GEOMETRY, geometry)

    return replace(
        plain,
        batches=batches,
        has_geometry=True,
        notes={**plain.notes, "geometry_from": {"wkt": wkt}},
    )


def _unreadable(name: str, zh: str, en: str) -> UnreadableFile:
    return UnreadableFile(file=name, reason=Text(zh=zh, en=en))
