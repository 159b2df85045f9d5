"""CSV and XLSX: for people and spreadsheets, harmless when opened.

Coordinates of points are two columns, other geometry is WKT. Text that a spreadsheet would take for
a formula is marked with an apostrophe (OWASP, CSV injection).
"""

import io
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import sqlalchemy as sa

from geoservice.description.collection import GeometryType
from geoservice.errors import TooLarge
from geoservice.files.columnar import batches
from geoservice.files.outgoing import Outgoing
from geoservice.languages import Language
from geoservice.store.encoding import in_crs

_FORMULA = "^[=+\\-@\t\r]"
_MAX_SHEET_ROWS = 1_048_576
_MAX_SHEET_TITLE = 31


def csv(outgoing: Outgoing, *, bom: bool) -> Generator[bytes, None, None]:
    """A CSV file in UTF-8 (RFC 4180, texts quoted); a missing value is nothing, an empty text `""`."""
    if bom:
        yield b"\xef\xbb\xbf"
    with _flat(outgoing) as (schema, found):
        yield (",".join(_quoted(name) for name in schema.names) + "\r\n").encode()
        options = pa_csv.WriteOptions(include_header=False)
        for batch in found:
            out = io.BytesIO()
            pa_csv.write_csv(_harmless(batch), out, options)
            yield out.getvalue()


def xlsx(outgoing: Outgoing, path: Path, language: Language) -> None:
    """An XLSX workbook with one sheet.

    Raises `TooLarge` beyond the rows of a sheet. Instants are text, because a spreadsheet knows no
    time zones.
    """
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_title(outgoing.records.title.spoken(language)))
    with _flat(outgoing) as (schema, found):
        sheet.append(schema.names)
        for batch in found:
            if outgoing.count >= _MAX_SHEET_ROWS:
                raise TooLarge(
                    limit_name="max_sheet_rows",
                    limit=_MAX_SHEET_ROWS - 1,
                    actual=f">= {outgoing.count}",
                )
            plain = _harmless(_cells(batch))
            for row in zip(*(column.to_pylist() for column in plain.columns), strict=True):
                sheet.append(row)
    book.save(path)


@contextmanager
def _flat(outgoing: Outgoing) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """The rows without a geometry column, its coordinates or WKT in columns of their own."""
    records, crs = outgoing.records, outgoing.crs
    if records.geometry is None:
        with batches(outgoing) as found:
            yield found
        return
    rows = outgoing.select.subquery("rows")
    shape = in_crs(rows.c[records.geometry_column], replace(crs, y_first=False))
    taken = {*records.names, records.uid or ""}
    if records.geometry is GeometryType.POINT:
        names = ("lon", "lat") if crs.is_storage else ("x", "y")
        made = [
            sa.func.ST_X(shape, type_=sa.Double).label(_free(names[0], taken)),
            sa.func.ST_Y(shape, type_=sa.Double).label(_free(names[1], taken)),
        ]
    else:
        made = [sa.func.ST_AsText(shape, crs.decimals, type_=sa.Text).label(_free("wkt", taken))]
    kept = [column for column in rows.c if column.key in taken]
    more = tuple(
        replace(records.columns[0], name=each.name) if records.columns else _bare(each.name)
        for each in made
    )
    plain = replace(records, columns=(*records.columns, *more), geometry=None)
    with batches(outgoing, plain, sa.select(*kept, *made)) as found:
        yield found


def _bare(name: str) -> Any:
    from geoservice.description.collection import FieldType
    from geoservice.description.question import Column
    from geoservice.languages import Text

    return Column(name=name, type=FieldType.TEXT, title=Text(zh=name, en=name))


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _harmless(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Texts that begin like a formula get an apostrophe before."""

    def marked(column: pa.Array) -> pa.Array:
        if not pa.types.is_string(column.type):
            return column
        risky = pc.fill_null(pc.match_substring_regex(column, _FORMULA), False)
        return pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)

    return _mapped(batch, marked)


def _cells(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Values as a worksheet holds them."""

    def held(column: pa.Array) -> pa.Array:
        is_instant = pa.types.is_timestamp(column.type)
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ") if is_instant else column

    return _mapped(batch, held)


def _mapped(batch: pa.RecordBatch, change: Callable[[pa.Array], pa.Array]) -> pa.RecordBatch:
    arrays = [change(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _sheet_title(title: str) -> str:
    for character in "[]:*?/\\":
        title = title.replace(character, " ")
    return title[:_MAX_SHEET_TITLE]


def _quoted(name: str) -> str:
    name = "'" + name if name[:1] in "=+-@" else name
    return '"' + name.replace('"', '""') + '"' if any(c in name for c in ',"\r\n') else name
