"""`geoservice ask … --out`: reports by the name of the file, and words for what is none."""

import json

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from geoservice.doors.command_line.application import application
from geoservice.reports.pdf import missing_packages
from geoservice.store.database import Database
from tests.programs import not_installed

_NEAR = ("near", "this=hazard_sites", "that=facilities", "distance_m=500")


@pytest.fixture
def ask(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GEOSERVICE_DATABASE_URL", database.url)
    monkeypatch.setenv("GEOSERVICE_LANG", "en")

    def command(*arguments: object) -> Result:
        return CliRunner().invoke(application, ["ask", *map(str, arguments)])

    return command


def test_a_workbook_and_a_page_are_reports(ask, tmp_path):
    for name in ("answer.xlsx", "answer.html"):
        done = ask(*_NEAR, "--out", tmp_path / name, "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["rows"] == 0
    assert openpyxl.load_workbook(tmp_path / "answer.xlsx").sheetnames == ["answer", "about"]
    assert "Key figures" in (tmp_path / "answer.html").read_text("utf-8")


def test_a_pdf_is_written_by_the_name_of_its_format_too(ask, tmp_path):
    if missing_packages():
        not_installed(*missing_packages())
    done = ask(*_NEAR, "--out", tmp_path / "answer", "--format", "pdf")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "answer").read_bytes().startswith(b"%PDF-")


def test_other_files_hold_the_rows_as_before(ask, tmp_path):
    assert ask(*_NEAR, "--out", tmp_path / "answer.csv").exit_code == 0
    assert "distance_m" in (tmp_path / "answer.csv").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--out", "answer.docx"), ".pdf"), (("--out", "answer.pdf", "--format", "docx"), "report")],
)
def test_a_file_that_is_neither_is_told_both(ask, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    done = ask(*_NEAR, *arguments)
    assert done.exit_code == 2
    assert said in done.output
    assert "gpkg" in done.output
    assert not list(tmp_path.iterdir())
