"""A report as an XLSX workbook: the rows as typed cells, and a sheet that says what they are.

Written row by row, in constant memory. Text stays text, whatever it begins with: no cell of a report
is a formula.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from geoservice.description.collection import FieldType
from geoservice.description.question import Column
from geoservice.errors import TooLarge
from geoservice.reports.quantities import Scale, plain_text, scales
from geoservice.reports.report import Entry, Report, Statement

MOST_ROWS = 1_048_575
"""Rows of a worksheet (Excel specifications and limits) without the one of the titles."""

_MOST_CHARACTERS = 32_767
_MOST_DIGITS = 15  # a cell's number is a double
_FIRST_DAY = date(1900, 3, 1)  # before it, programs count the days differently
_NUMBERS = (FieldType.INTEGER, FieldType.LONG, FieldType.NUMBER, FieldType.DECIMAL)
_DATE, _INSTANT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
_WIDEST, _NARROWEST = 48, 9

# What XML cannot hold is written `_x0001_` (ECMA-376-1, 22.9.2.19), and so is what looks like it.
_TO_ESCAPE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")

Value = Callable[[Any], object]


@dataclass(frozen=True)
class _Cells:
    """One column of the sheet: its title, how its values look, and how they are made."""

    title: str
    number_format: str
    value: Value
    source: int


def write(report: Report, rows: Iterable[Sequence[Any]], path: Path, *, has_places: bool) -> None:
    """Write the workbook; `rows` have the columns of the report, then with `has_places` a point's x and y.

    Raises `TooLarge` for a text longer than a cell holds: nothing is cut in silence.
    """
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    with ExitStack() as unfinished:
        unfinished.callback(_end, book)
        _write_rows(
            book.create_sheet(report.spoken("回答", "answer")),
            list(_columns(report, has_places=has_places)),
            rows,
        )
        _write_about(book.create_sheet(report.spoken("说明", "about")), report)
        unfinished.pop_all()
    book.save(path)


def _end(book: Any) -> None:
    """End what a refused row left open: a sheet that is thrown away open complains when it goes."""
    for sheet in book.worksheets:
        sheet.close()


def require_rows_fit(count: int) -> None:
    """Refuse more rows than a worksheet has."""
    if count > MOST_ROWS:
        raise TooLarge(limit_name="max_sheet_rows", limit=MOST_ROWS, actual=count)


def _columns(report: Report, *, has_places: bool) -> Iterator[_Cells]:
    for number, column in enumerate(report.columns):
        yield from _cells_of(report, column, number)
    if has_places:
        for shift, title in enumerate((("经度", "Longitude"), ("纬度", "Latitude"))):
            words = f"{report.spoken(*title)} (°)"
            yield _Cells(words, "0.0000000", _number, len(report.columns) + shift)


def _cells_of(report: Report, column: Column, number: int) -> Iterator[_Cells]:
    title = report.spoken(column.title)
    if column.type in _NUMBERS:
        whole = column.type in (FieldType.INTEGER, FieldType.LONG)
        for scale in scales(column.unit):
            yield _Cells(_headed(report, title, scale), _format(scale, whole), _in(scale), number)
    elif column.type is FieldType.DATETIME:
        yield _Cells(f"{title} ({report.zone.key})", _INSTANT, _local(report), number)
    elif column.type is FieldType.DATE:
        yield _Cells(title, _DATE, _day, number)
    else:
        yield _Cells(title, "General", _words(report), number)


def _headed(report: Report, title: str, scale: Scale) -> str:
    return f"{title} ({report.spoken(scale.unit)})" if scale.unit else title


def _format(scale: Scale, whole: bool) -> str:
    if whole and scale.factor == 1:
        return "0"
    return "General" if scale.unit is None else f"#,##0.{'0' * scale.decimals}".rstrip(".")


def _in(scale: Scale) -> Value:
    if scale.factor == 1:
        return _number
    return lambda value: None if value is None else _number(scale.value(value))


def _number(value: Any) -> object:
    """A number as a cell holds it; as text if it has more digits than that."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, int):
        return value if abs(value) < 10**_MOST_DIGITS else str(value)
    if isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) > _MOST_DIGITS:
        return str(value)
    return value


def _day(value: Any) -> object:
    return value if value is None or value >= _FIRST_DAY else value.isoformat()


def _local(report: Report) -> Value:
    """An instant by the clocks of the region: a sheet knows no time zones."""

    def local(value: Any) -> object:
        if value is None:
            return None
        here: datetime = value.astimezone(report.zone).replace(tzinfo=None)
        return here if here.date() >= _FIRST_DAY else here.isoformat()

    return local


def _words(report: Report) -> Value:
    def words(value: Any) -> object:
        if value is None or isinstance(value, bool):
            return value
        return _text(plain_text(value, report.language, report.zone))

    return words


def _text(text: str) -> str:
    escaped = _TO_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    if len(escaped) > _MOST_CHARACTERS:
        raise TooLarge(
            limit_name="max_cell_characters", limit=_MOST_CHARACTERS, actual=len(escaped)
        )
    return escaped


def _write_rows(sheet: Any, columns: Sequence[_Cells], rows: Iterable[Sequence[Any]]) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = "A2"
    for number, column in enumerate(columns, start=1):
        width = min(max(len(column.title) * 1.8, _NARROWEST), _WIDEST)
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([_heading(sheet, _text(column.title)) for column in columns])
    # A cell is written at once when its row is, so each column needs only one.
    cells = []
    for column in columns:
        cell = WriteOnlyCell(sheet)
        cell.number_format = column.number_format
        cells.append(cell)
    makers = [(column.value, column.source, column.number_format) for column in columns]
    for row in rows:
        for cell, (value, source, number_format) in zip(cells, makers, strict=True):
            _fill(cell, value(row[source]), number_format)
        sheet.append(cells)


def _fill(cell: Any, value: object, number_format: str = "General") -> None:
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"  # never a formula, never an error code
    elif isinstance(value, date):
        cell.number_format = number_format  # which the cell has replaced by one of its own


def _heading(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font

    cell = WriteOnlyCell(sheet)
    _fill(cell, text)
    cell.font = Font(bold=True)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _write_about(sheet: Any, report: Report) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment

    for letter, width in zip("ABCD", (30, 60, 24, 24), strict=True):
        sheet.column_dimensions[letter].width = width

    def add(*texts: object, bold: bool = False) -> None:
        row = []
        for number, each in enumerate(texts):
            value = _text(each) if isinstance(each, str) else each
            if bold or number == 0:
                row.append(_heading(sheet, str(value)))
                continue
            cell = WriteOnlyCell(sheet)
            _fill(cell, value)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            row.append(cell)
        sheet.append(row)

    for title, lines in _sections(report):
        if title:
            add()
            add(title, bold=True)
        for line in lines:
            add(*line)


def _sections(report: Report) -> Iterator[tuple[str, list[tuple[object, ...]]]]:
    """Everything that a report says beside its rows, as titled lists of lines."""
    say = report.spoken
    yield (
        "",
        [
            (say("标题", "Title"), report.title),
            (say("问题", "Question"), report.question),
            (say("区域", "Region"), report.region),
            *([(say("注意", "Note"), report.synthetic)] if report.synthetic else []),
            *([(say("查询日期", "As of"), report.as_of)] if report.as_of else []),
            (say("记录时点", "Known at"), report.known_at),
            (say("行数", "Rows"), report.row_count),
            (say("方法", "Method"), report.method),
            (say("生成时间", "Generated at"), report.generated_at),
            (say("程序", "Program"), report.program),
        ],
    )
    yield say("数据完整性", "Completeness of data"), [_said(each) for each in report.coverage]
    if report.issues:
        yield say("数据问题", "Issues of the data"), [_said(each) for each in report.issues]
    yield say("参数", "Parameters"), [_entry(report, each) for each in report.parameters]
    yield say("数字", "Figures"), [_entry(report, each) for each in report.figures]
    yield (
        say("数据版本（各图层最新变更）", "Data version (newest change of each collection)"),
        [(each.title, each.collection, each.change, each.at) for each in report.data_version],
    )
    yield say("来源", "Sources"), [("", each) for each in report.sources]
    yield (
        say("各列", "Columns"),
        [
            (say(column.title), column.name, say(column.unit.title) if column.unit else "")
            for column in report.columns
        ],
    )


def _said(statement: Statement) -> tuple[object, ...]:
    return (statement.subject, statement.text, statement.status)


def _entry(report: Report, entry: Entry) -> tuple[object, ...]:
    default = (report.spoken("默认", "default"),) if entry.is_default else ()
    return (entry.title, entry.value, entry.name, *default)
