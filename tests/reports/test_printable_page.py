"""The printable page and its PDF: complete, escaped, self-contained, and honest about what is cut."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pypdfium2
import pytest
import sqlalchemy as sa
from geoalchemy2 import Geometry
from lxml import html

from geoservice.description.collection import FieldType, GeometryType
from geoservice.errors import Busy, SetupFailed, TooLarge
from geoservice.reports import page as printable
from geoservice.reports import pdf as pdf_process
from geoservice.reports.page import style
from tests.programs import not_installed
from tests.reports.answers import AREA, NAME, answer, column, values, written

A4 = (pytest.approx(595.28, abs=0.01), pytest.approx(841.89, abs=0.01))
HOSTILE = "<script>alert(1)</script>{{7*7}}'\"&"


@pytest.fixture(scope="module")
def can_make_pdf() -> None:
    """Go no further where a package is missing."""
    missing = pdf_process.missing_packages()
    if missing:
        not_installed(*missing)


def page_of(database, folder: Path, *args, language="zh", **kwargs):
    """The page of an answer, parsed, and as text."""
    path = folder / "report.html"
    written(database, answer(*args, **kwargs), path, "report", language)
    text = path.read_text("utf-8")
    return html.fromstring(text), text


def words(node) -> str:
    """The text of a page as it is read, without its style sheet."""
    for each in node.xpath("//style"):
        each.drop_tree()
    return " ".join(" ".join(node.itertext()).split())


@contextmanager
def opened(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    """A PDF as PDFium reads it."""
    document = pypdfium2.PdfDocument(path)
    yield document
    document.close()


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "zh",
            [
                "试问<b> 问什么。",
                "查询日期（实际情况） 2021-06-25",
                "记录时点（台账记载） 2021-10-01 00:30:00 UTC+08:00",
                "无数据 没有设施数据 完整 镇街齐全 3 × late 三处补报",
                "对 12 未计入：已核销 未知",
                "距离 500 m 类别",
                "镇街 全部 默认",
                "方法 如此量算。",
                "10,000.00 15.0000 亩 1.0000 公顷",
                "来源 GB 22021-2008",
            ],
        ),
        (
            "en",
            [
                "A probe <b> What is asked.",
                "Known at (as registers said) 2021-10-01 00:30:00 UTC+08:00",
                "no data No data of facilities complete All towns 3 × late Three reported late",
                "Town all default",
                "10,000.00 15.0000 mu 1.0000 ha",
            ],
        ),
    ],
)
def test_the_page_says_everything_in_its_language(database, tmp_path, language, expected):
    rows = values(("甲", 10_000), name=sa.Text, area=sa.Numeric(14, 2))
    node, _ = page_of(database, tmp_path, rows, NAME, AREA, language=language)
    assert node.get("lang") == {"zh": "zh-CN", "en": "en"}[language]
    said = words(node)
    for each in expected:
        assert each in said, each


def test_hostile_names_are_text(database, tmp_path):
    rows = values((HOSTILE,), ("长" * 3000,), ("🏫👩‍👩‍👧",), ("\u202eabc\x07",), name=sa.Text)
    node, text = page_of(database, tmp_path, rows, NAME)
    assert node.xpath("//td")[0].text == HOSTILE
    assert node.xpath("//td")[2].text == "🏫👩‍👩‍👧"
    assert not node.xpath("//script | //img | //link | //iframe | //object")
    assert node.xpath("//td")[1].text == "长" * 200 + "…（另有 2800 字）"
    assert "<script" not in text


def test_the_page_needs_nothing_from_elsewhere(database, tmp_path):
    place = sa.cast("SRID=4490;POINT(113.75 23.02)", Geometry())
    rows = sa.select(
        sa.literal(1).label("number"), sa.literal("甲").label("name"), place.label("geom")
    )
    node, text = page_of(database, tmp_path, rows, NAME, geometry=GeometryType.POINT)
    assert node.xpath("//*[local-name()='svg']")
    assert not node.xpath("//@src | //@href | //@style | //@onload")
    assert not re.search(r"url\((?!#sheet)|@import|@font-face", text)
    assert set(re.findall(r"https?://[^\"'<> ]+", text)) == {"http://www.w3.org/2000/svg"}
    assert f"<style>{style()}</style>" in text  # byte for byte, as its digest is announced


def test_an_answer_without_geometry_has_no_map_section(database, tmp_path):
    node, _ = page_of(database, tmp_path, values(("甲",), name=sa.Text), NAME)
    assert "地图" not in words(node)


def test_ids_are_left_to_programs(database, tmp_path):
    rows = values(
        ("甲", "01a20e40-c858-7e9c-b1c8-85de8d1ffa3f"), name=sa.Text, feature=sa.Uuid(as_uuid=False)
    )
    node, _ = page_of(database, tmp_path, rows, NAME, column("feature", FieldType.UUID))
    assert "01a20e40" not in words(node)


@pytest.mark.parametrize(("number", "left_out"), [(3, None), (4, "另有 1 行未印")])
def test_rows_that_are_not_printed_are_counted(database, tmp_path, monkeypatch, number, left_out):
    monkeypatch.setattr("geoservice.reports.writing.MOST_ROWS", 3)
    monkeypatch.setattr(printable, "MOST_ROWS", 3)
    rows = values(*[(f"第{n}",) for n in range(number)], name=sa.Text)
    node, _ = page_of(database, tmp_path, rows, NAME)
    assert len(node.xpath("//section[contains(@class, 'rows')]//tbody/tr")) == 3
    said = words(node)
    assert f"行数 {number}" in said
    if left_out:
        assert left_out in said
        assert "f=xlsx" in said
    else:
        assert "未印" not in said


def test_nothing_found_is_said(database, tmp_path):
    empty = values(("甲",), name=sa.Text).where(sa.false())
    node, _ = page_of(database, tmp_path, empty, NAME, language="en")
    assert "Nothing matches." in words(node)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pdf_has_selectable_text_on_numbered_pages(database, tmp_path, language, can_make_pdf):
    place = sa.cast("SRID=4490;POINT(113.75 23.02)", Geometry())
    serial = sa.func.generate_series(1, 120).column_valued("serial")
    rows = sa.select(
        serial.label("number"),
        (sa.literal("东莞市滑坡隐患点 <i> 🏫 ") + sa.cast(serial, sa.Text)).label("name"),
        place.label("geom"),
    )
    path = tmp_path / "report.pdf"
    made = answer(rows, NAME, geometry=GeometryType.POINT)
    assert written(database, made, path, "pdf", language) == 120
    title = {"zh": "试问<b>", "en": "A probe <b>"}[language]
    with opened(path) as document:
        assert document.get_metadata_value("Title").startswith(title)
        assert all(page.get_size() == A4 for page in document)
        texts = [page.get_textpage().get_text_range() for page in document]
    assert len(texts) >= 3
    whole = "".join(texts)
    assert "东莞市滑坡隐患点 <i> 🏫 1" in whole
    assert "东莞市滑坡隐患点 <i> 🏫 120" in whole
    assert {"zh": "无数据", "en": "no data"}[language] in texts[0]
    for number, text in enumerate(texts, start=1):
        assert f"{number} / {len(texts)}" in text
        assert title in text  # the running header


def test_a_wide_table_lies_across_the_paper(database, tmp_path, can_make_pdf):
    columns = [column(f"c{number}", FieldType.TEXT) for number in range(8)]
    rows = values(tuple("abcdefgh"), **{each.name: sa.Text for each in columns})
    written(database, answer(rows, *columns), tmp_path / "wide.pdf", "pdf")
    with opened(tmp_path / "wide.pdf") as document:
        sizes = [page.get_size() for page in document]
    assert sizes[0] == A4
    assert A4[::-1] in sizes


def test_missing_packages_are_named_and_nothing_is_left(database, tmp_path, monkeypatch):
    monkeypatch.setattr(pdf_process, "_LIBRARIES", {"libpango-of-nowhere.so.9": "libpango-1.0-0"})
    with pytest.raises(SetupFailed, match=r"apt-get install .*libpango-1\.0-0"):
        written(database, answer(values(("甲",), name=sa.Text), NAME), tmp_path / "a.pdf", "pdf")
    assert not list(tmp_path.iterdir())


def test_a_machine_without_a_chinese_font_is_told_its_package(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert "fonts-noto-cjk" in pdf_process.missing_packages()


def test_one_pdf_too_many_at_once_is_told_to_come_back(can_make_pdf):
    taken = [pdf_process._turns.acquire(blocking=False) for _ in range(pdf_process.MOST_AT_ONCE)]
    try:
        assert all(taken)
        with pytest.raises(Busy):
            pdf_process.pdf("<p>x")
    finally:
        for _ in taken:
            pdf_process._turns.release()
    assert pdf_process.pdf("<p>x").startswith(b"%PDF")


def test_a_page_that_takes_too_long_is_refused(monkeypatch, can_make_pdf):
    spinning = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGXCPU)"]
    monkeypatch.setattr(
        subprocess, "run", lambda _command, _run=subprocess.run, **more: _run(spinning, **more)
    )
    with pytest.raises(TooLarge, match="pdf_cpu_s"):
        pdf_process._made("<p>x")


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/x.png", "file:///etc/passwd", "data:text/css,p{}"]
)
def test_a_pdf_fetches_nothing(address, can_make_pdf):
    with pytest.raises(RuntimeError, match="fetches nothing"):
        pdf_process.pdf(f'<link rel="stylesheet" href="{address}"><p>x')
