"""The workbook, read back as a spreadsheet program reads it."""

import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from geoalchemy2 import Geometry

from geoservice.description.collection import METRE, FieldType, GeometryType
from geoservice.errors import TooLarge
from geoservice.reports import workbook
from geoservice.store.database import Database
from tests.reports.answers import AREA, MONEY, NAME, answer, column, values, written

_NUMERIC = sa.Numeric(14, 2)


def sheets(database: Database, path: Path, *args: Any, language: str = "zh", **kwargs: Any) -> Any:
    """The workbook of an answer, opened."""
    written(database, answer(*args, **kwargs), path, "xlsx", language)
    return openpyxl.load_workbook(path)


def test_quantities_are_numbers_in_each_unit_and_the_header_is_frozen(database, tmp_path):
    rows = values(
        (Decimal("10000.00"), 8404_0000), (None, None), area=_NUMERIC, money=sa.BigInteger
    )
    sheet = sheets(database, tmp_path / "a.xlsx", rows, AREA, MONEY).worksheets[0]
    assert sheet.freeze_panes == "A2"
    assert [cell.value for cell in sheet[1]] == [
        "area 列 (m²)",
        "area 列 (亩)",
        "area 列 (公顷)",
        "money 列 (元)",
        "money 列 (万元)",
    ]
    assert [cell.value for cell in sheet[2]] == [10000, 15, 1, 840400, 84.04]
    assert {cell.data_type for cell in sheet[2]} == {"n"}
    assert [cell.number_format for cell in sheet[2]][:2] == ["#,##0.00", "#,##0.0000"]
    assert [cell.value for cell in sheet[3]] == [None] * 5


def test_dates_are_dates_and_instants_are_those_of_the_region(database, tmp_path):
    columns = (column("day", FieldType.DATE), column("seen", FieldType.DATETIME))
    rows = values(
        (date(2021, 6, 25), "2021-09-30T16:30:00Z"),
        (date(1900, 2, 28), "1899-01-01T00:00:00Z"),
        (None, None),
        day=sa.Date,
        seen=sa.DateTime(timezone=True),
    )
    sheet = sheets(database, tmp_path / "a.xlsx", rows, *columns, language="en").worksheets[0]
    assert sheet["B1"].value == "The seen (Asia/Shanghai)"
    assert sheet["A2"].value == datetime(2021, 6, 25)
    assert (sheet["A2"].is_date, sheet["A2"].number_format) == (True, "yyyy-mm-dd")
    assert sheet["B2"].value == datetime(2021, 10, 1, 0, 30)
    assert sheet["A3"].value == "1900-02-28"  # days before March 1900 are not told alike
    assert sheet["B3"].data_type == "s"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "#REF!"])
def test_a_text_that_looks_like_a_formula_stays_a_text(database, tmp_path, text):
    book = sheets(database, tmp_path / "a.xlsx", values((text,), name=sa.Text), NAME)
    cell = book.worksheets[0]["A2"]
    assert (cell.value, cell.data_type) == (text, "s")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as parts:
        for name in parts.namelist():
            assert b"<f>" not in parts.read(name)
            assert b"<f " not in parts.read(name)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("a\x01b", "a_x0001_b"),
        ("\ufffe", "_xFFFE_"),
        ("_x0041_", "_x005F_x0041_"),  # else a reader would make it “A”
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("长" * 500 + "🏫", "长" * 500 + "🏫"),
        ("line\nbreak\ttab", "line\nbreak\ttab"),
        ("", None),
    ],
)
def test_awkward_texts_are_held(database, tmp_path, text, held):
    rows = values((text,), name=sa.Text)
    assert sheets(database, tmp_path / "a.xlsx", rows, NAME).worksheets[0]["A2"].value == held


def test_a_number_with_more_digits_than_a_cell_holds_is_a_text(database, tmp_path):
    columns = (column("serial", FieldType.LONG), column("exact", FieldType.DECIMAL))
    rows = values(
        (999_999_999_999_999, Decimal("123456789012.345")),
        (1_000_000_000_000_000, Decimal("1234567890123.456")),
        serial=sa.BigInteger,
        exact=sa.Numeric(20, 3),
    )
    sheet = sheets(database, tmp_path / "a.xlsx", rows, *columns).worksheets[0]
    assert [cell.value for cell in sheet[2]] == [999_999_999_999_999, 123456789012.345]
    assert [cell.value for cell in sheet[3]] == ["1000000000000000", "1234567890123.456"]


def test_numbers_that_are_not_finite_truths_and_lists_are_held(database, tmp_path):
    columns = (
        column("height", FieldType.NUMBER, METRE),
        column("open", FieldType.BOOLEAN),
        column("tags", FieldType.TEXT),
    )
    rows = values(
        (float("nan"), True, ["甲", "=乙"]),
        height=sa.Double,
        open=sa.Boolean,
        tags=sa.ARRAY(sa.Text),
    )
    sheet = sheets(database, tmp_path / "a.xlsx", rows, *columns).worksheets[0]
    assert [cell.value for cell in sheet[2]] == ["nan", True, "甲、=乙"]


def test_points_have_their_coordinates(database, tmp_path):
    place = sa.cast("SRID=4490;POINT(113.75 23.02)", Geometry())
    rows = sa.select(
        sa.literal(1).label("number"), sa.literal("甲").label("name"), place.label("geom")
    )
    book = sheets(
        database, tmp_path / "a.xlsx", rows, NAME, geometry=GeometryType.POINT, language="en"
    )
    assert [[cell.value for cell in row] for row in book.worksheets[0]] == [
        ["The name", "Longitude (°)", "Latitude (°)"],
        ["甲", 113.75, 23.02],
    ]


@pytest.mark.parametrize(
    ("language", "names", "expected"),
    [
        ("zh", ["回答", "说明"], {("距离", "500 m"), ("对", "12"), ("方法", "如此量算。")}),
        ("en", ["answer", "about"], {("Distance", "500 m"), ("pairs", "12"), ("Rows", 1)}),
    ],
)
def test_a_sheet_says_what_the_rows_are(database, tmp_path, language, names, expected):
    rows = values(("甲",), name=sa.Text)
    book = sheets(database, tmp_path / "a.xlsx", rows, NAME, language=language)
    assert book.sheetnames == names
    about = {tuple(cell.value for cell in row[:2]) for row in book.worksheets[1]}
    assert expected <= about


def test_every_row_is_written_in_order(database, tmp_path):
    serial = sa.func.generate_series(1, 5000).column_valued("serial")
    rows = sa.select((5001 - serial).label("number"), serial.label("serial"))
    sheet = sheets(
        database, tmp_path / "a.xlsx", rows, column("serial", FieldType.LONG)
    ).worksheets[0]
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == list(
        range(5000, 0, -1)
    )


def test_more_rows_than_a_sheet_has_are_refused_before_anything_is_written(
    database, tmp_path, monkeypatch
):
    assert workbook.MOST_ROWS == 2**20 - 1
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    two, three = (values(*[("甲",)] * number, name=sa.Text) for number in (2, 3))
    written(database, answer(two, NAME), tmp_path / "two.xlsx", "xlsx")
    with pytest.raises(TooLarge, match="max_sheet_rows") as refused:
        written(database, answer(three, NAME), tmp_path / "three.xlsx", "xlsx")
    assert refused.value.parts == {"limit_name": "max_sheet_rows", "limit": 2, "actual": 3}
    assert [each.name for each in tmp_path.iterdir()] == ["two.xlsx"]


def test_a_text_longer_than_a_cell_is_refused_and_leaves_nothing(database, tmp_path):
    fits = values(("长" * 32_767,), name=sa.Text)
    written(database, answer(fits, NAME), tmp_path / "fits.xlsx", "xlsx")
    longer = values(("长" * 32_768,), name=sa.Text)
    with pytest.raises(TooLarge, match="max_cell_characters"):
        written(database, answer(longer, NAME), tmp_path / "longer.xlsx", "xlsx")
    assert [each.name for each in tmp_path.iterdir()] == ["fits.xlsx"]
