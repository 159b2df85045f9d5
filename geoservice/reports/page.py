"""A report as one page of HTML that needs nothing else: to read, to keep, to print, to make a PDF of.

Every text is escaped by the template. Long tables are cut visibly: what is left out is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from unicodedata import east_asian_width

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from geoservice.description.collection import FieldType
from geoservice.description.question import Column
from geoservice.reports.map import Map
from geoservice.reports.quantities import plain_text, scales
from geoservice.reports.report import Report

MOST_ROWS = 500
"""Rows printed: some twenty sheets of paper. The workbook has all."""

_MOST_CHARACTERS = 200  # of a cell
_MOST_PARAMETER_CHARACTERS = 1_000
_LANDSCAPE_FROM = 8  # columns
_NARROWEST, _WIDEST = 8, 24  # letters of a column
_NUMBERS = (FieldType.INTEGER, FieldType.LONG, FieldType.NUMBER, FieldType.DECIMAL)


@dataclass(frozen=True)
class Cell:
    """A printed value, with the same quantity in other units."""

    text: str
    others: tuple[str, ...] = ()
    is_number: bool = False


@cache
def style() -> str:
    """The style sheet of the page, as it stands in it."""
    return files(__package__).joinpath("templates/report.css").read_text("utf-8")


def page(report: Report, rows: Sequence[Sequence[Any]], drawing: Map) -> str:
    """The page of a report with its first rows; `rows` have the columns of the report."""
    shown = [
        (number, column)
        for number, column in enumerate(report.columns)
        if column.type is not FieldType.UUID  # ids are for programs
    ]
    printed = [
        [_cell(report, column, row[number]) for number, column in shown] for row in rows[:MOST_ROWS]
    ]
    return (
        _templates()
        .get_template("report.html")
        .render(
            report=report,
            t=report.spoken,
            style=Markup(style()),  # noqa: S704 (a file of ours)
            map=Markup(drawing.svg) if drawing.svg else None,  # noqa: S704 (written as XML)
            map_notes=drawing.notes,
            columns=[(column, _unit(report, column)) for _, column in shown],
            numbers=_NUMBERS,
            widths=_widths(printed),
            rows=printed,
            left_out=report.row_count - len(printed),
            is_wide=len(shown) >= _LANDSCAPE_FROM,
            shortened=lambda text: _shortened(report, text, _MOST_PARAMETER_CHARACTERS),
        )
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("geoservice.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _unit(report: Report, column: Column) -> str:
    first = scales(column.unit)[0]
    return report.spoken(first.unit) if first.unit and column.type in _NUMBERS else ""


def _cell(report: Report, column: Column, value: Any) -> Cell:
    if column.type not in _NUMBERS or value is None:
        text = plain_text(value, report.language, report.zone)
        return Cell(_shortened(report, text, _MOST_CHARACTERS))
    first, *others = scales(column.unit)
    more = (f"{scale.text(value)} {report.spoken(scale.unit)}" for scale in others if scale.unit)
    return Cell(first.text(value), tuple(more), is_number=True)


def _widths(rows: Sequence[Sequence[Cell]]) -> list[float]:
    """The widths of columns in per cent, by their longest values; a long text takes several lines."""
    longest = [max(map(_length, column)) for column in zip(*rows, strict=True)]
    wanted = [min(max(each, _NARROWEST), _WIDEST) for each in longest]
    return [round(100 * each / sum(wanted), 1) for each in wanted]


def _length(cell: Cell) -> int:
    """How long a cell's longest line is, in Latin letters."""
    lines = (cell.text, *cell.others)
    return max(sum(2 if east_asian_width(each) in "WF" else 1 for each in line) for line in lines)


def _shortened(report: Report, text: str, most: int) -> str:
    """A text that is too long for paper, cut with the number of characters left out."""
    if len(text) <= most:
        return text
    left_out = len(text) - most
    return text[:most] + report.spoken(
        f"…（另有 {left_out} 字）", f"… ({left_out} characters more)"
    )
