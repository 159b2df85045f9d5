"""Reports over HTTP: the same answer as a page to print, as PDF, as a workbook; mistakes by name."""

import base64
import hashlib
import io
import re
from collections.abc import Iterator
from datetime import date

import openpyxl
import pytest
from starlette.testclient import TestClient

from geoservice.catalog import Catalog
from geoservice.doors.http.app import create_app
from geoservice.reports import pdf as pdf_process
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from tests.conftest import Adding
from tests.programs import not_installed

NEAR = "/questions/near"
PAIR = {"this": "hazard_sites", "that": "facilities", "distance_m": "500"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(scope="module")
def asked(module_database: Database, add_for_module: Adding) -> Iterator[TestClient]:
    """A client of a service with one school, and a site some 51 m from it."""
    catalog = Catalog()
    add_for_module(
        catalog["facilities"],
        facility_no="F1",
        name="=学校<script>",
        kind="primary_school",
        status="operating",
        geom="POINT(113.75 23.02)",
    )
    add_for_module(
        catalog["hazard_sites"],
        site_no="441900100001",
        name="点一",
        register_kind="hidden_danger",
        registered_on=date(2020, 1, 1),
        type_set="hazard_type_a",
        type_code="01",
        geom="POINT(113.7505 23.02)",
    )
    app = create_app(Settings(database_url=None), Limits(), database=module_database)
    with TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 1)) as client:
        client.headers["accept-language"] = "en"
        yield client


@pytest.fixture(scope="module")
def can_make_pdf() -> None:
    """Go no further where a package is missing."""
    missing = pdf_process.missing_packages()
    if missing:
        not_installed(*missing)


def test_a_workbook_has_typed_rows_and_what_they_are(asked):
    found = asked.get(NEAR, params={**PAIR, "f": "xlsx"})
    assert found.headers["content-type"] == XLSX
    assert found.headers["content-disposition"] == 'attachment; filename="near.xlsx"'
    book = openpyxl.load_workbook(io.BytesIO(found.content))
    head, row = book["answer"].iter_rows(values_only=True)
    shown = dict(zip(head, row, strict=True))
    assert shown["Distance (m)"] == pytest.approx(51.27, abs=0.05)
    assert shown["Feature of the other side: name"] == "=学校<script>"
    assert ("pairs", "1") in {tuple(row[:2]) for row in book["about"].iter_rows(values_only=True)}


def test_a_workbook_has_every_row_whatever_the_limit_says(asked):
    whole = asked.get(NEAR, params={**PAIR, "distance_m": "500", "f": "xlsx", "limit": "1"})
    book = openpyxl.load_workbook(io.BytesIO(whole.content))
    assert "limit" not in {row[2] for row in book["about"].iter_rows(values_only=True)}


@pytest.mark.parametrize(("language", "word"), [("zh", "主要数字"), ("en", "Key figures")])
def test_a_page_to_print_is_whole_in_either_language(asked, language, word):
    found = asked.get(NEAR, params={**PAIR, "f": "report", "lang": language})
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.headers["content-language"] == language
    assert found.headers["content-disposition"] == 'inline; filename="near.html"'
    assert word in found.text
    assert "=学校&lt;script&gt;" in found.text
    assert "<svg" in found.text


def test_the_policy_of_the_page_allows_its_own_style_and_nothing_else(asked):
    found = asked.get(NEAR, params={**PAIR, "f": "report"})
    style = re.search("<style>(.*?)</style>", found.text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = found.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_pdf_is_asked_for_by_name_by_header_and_by_post(asked, can_make_pdf):
    by_name = asked.get(NEAR, params={**PAIR, "f": "pdf"})
    by_header = asked.get(NEAR, params=PAIR, headers={"accept": "application/pdf"})
    by_post = asked.post(f"{NEAR}?f=pdf", json={**PAIR, "distance_m": 500})
    for found in (by_name, by_header, by_post):
        assert found.status_code == 200, found.text
        assert found.headers["content-type"] == "application/pdf"
        assert found.headers["content-disposition"] == 'inline; filename="near.pdf"'
        assert found.content.startswith(b"%PDF-")
        assert "content-encoding" not in found.headers


def test_the_other_forms_are_asked_for_by_header_and_by_post(asked):
    workbook = asked.get(NEAR, params=PAIR, headers={"accept": XLSX})
    assert workbook.headers["content-type"] == XLSX
    page = asked.post(f"{NEAR}?f=report", json={**PAIR, "distance_m": 500})
    assert "Key figures" in page.text
    # A browser that accepts HTML gets the page with the form, as ever.
    interactive = asked.get(NEAR, params=PAIR, headers={"accept": "text/html"})
    assert "<form" in interactive.text


def test_the_page_of_an_answer_links_to_its_reports(asked):
    page = asked.get(NEAR, params={**PAIR, "f": "html"}).text
    for form in ("report", "pdf", "xlsx"):
        (address,) = re.findall(f'href="([^"]*f={form}[^"]*)"', page)
        assert "distance_m=500" in address


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"crs": "EPSG:4547"}, 400, "bad-parameter"),
        ({"distance_m": "-1"}, 400, "out-of-range"),
        ({"this": "secrets"}, 404, "unknown-collection"),
        ({"colour": "red"}, 400, "unknown-parameter"),
    ],
)
@pytest.mark.parametrize("form", ["report", "pdf", "xlsx"])
def test_mistakes_are_told_instead_of_a_report(asked, form, changes, status, code):
    found = asked.get(NEAR, params={**PAIR, **changes, "f": form})
    assert (found.status_code, found.json()["code"]) == (status, code)


def test_a_machine_without_pango_says_which_packages_it_lacks(asked, monkeypatch):
    monkeypatch.setattr(pdf_process, "_LIBRARIES", {"libpango-of-nowhere.so.9": "libpango-1.0-0"})
    found = asked.get(NEAR, params={**PAIR, "f": "pdf"})
    assert (found.status_code, found.json()["code"]) == (503, "setup-failed")
    assert "libpango-1.0-0" in found.json()["detail"]
    assert asked.get(NEAR, params={**PAIR, "f": "report"}).status_code == 200


def test_too_many_pdfs_at_once_are_told_when_to_come_back(asked, monkeypatch, can_make_pdf):
    class NoTurn:
        def acquire(self, *, blocking: bool) -> bool:
            return False

    monkeypatch.setattr(pdf_process, "_turns", NoTurn())
    found = asked.get(NEAR, params={**PAIR, "f": "pdf"})
    assert (found.status_code, found.json()["code"]) == (503, "busy")
    assert int(found.headers["retry-after"]) > 0
