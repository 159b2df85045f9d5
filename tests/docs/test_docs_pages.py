"""What holds for every page: two equal trees, links that lead somewhere, names that exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from documents import DOCS, LANGUAGES, ROOT, anchors, blocks, links, pages, text

from geoservice.docs import reference

_MODULE = re.compile(r"`(geoservice/[a-z0-9_/.]+)`")
_COMMAND = re.compile(r"geoservice ((?:(?:db|user|key|answers|ledger) )?[a-z-]+)")
_MACHINE = re.compile(r"/work/|/root/(?!`)|/home/|\bshared/")


def test_both_trees_have_the_same_files():
    zh, en = ({file.relative_to(DOCS / of) for file in (DOCS / of).rglob("*")} for of in LANGUAGES)
    assert zh == en


def test_both_trees_have_the_same_headings_levels_and_runnable_blocks():
    for file in sorted((DOCS / "en").rglob("*.md")):
        twin = DOCS / "zh" / file.relative_to(DOCS / "en")
        levels = [re.findall(r"^#+", each.read_text("utf-8"), re.M) for each in (file, twin)]
        assert levels[0] == levels[1], file
        marks = [[block.mark for block in blocks(each)] for each in (file, twin)]
        assert marks[0] == marks[1], file


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page: Path):
    for file, anchor in links(page):
        assert file.exists(), f"{page}: {file}"
        if anchor:
            assert anchor in anchors(file), f"{page}: {file}#{anchor}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_modules_and_files_that_a_page_names_exist(page: Path):
    for name in _MODULE.findall(page.read_text("utf-8")):
        if not name.startswith("geoservice/docs/site"):
            assert (ROOT / name).exists(), name


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_a_page_shows_exist(page: Path):
    known = set(re.findall(r"^## geoservice (.+)$", reference.PAGES["command_line"]("en"), re.M))
    for block in blocks(page):
        if block.language == "sh":
            for command in _COMMAND.findall(block.text):
                assert command in known | {"test"}, command


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_places_of_one_machine(page: Path):
    assert not _MACHINE.search(page.read_text("utf-8"))


def test_every_page_can_be_reached_from_the_navigation():
    navigation = (DOCS / "zensical.toml").read_text("utf-8")
    for page in pages():
        if page.parent != ROOT and page != DOCS / "index.md":
            assert f'"{page.relative_to(DOCS)}"' in navigation, page


def test_every_picture_is_small_and_shown_by_a_page():
    shown = {file for page in pages() for file, _ in links(page)}
    pictures = list((DOCS / "images").iterdir())
    assert len(pictures) > 5
    for picture in pictures:
        assert picture in shown
        assert picture.stat().st_size < 200_000


def test_the_readme_is_one_page():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 75


def test_the_site_builds_without_warnings_and_loads_nothing_from_other_hosts(tmp_path: Path):
    copy = tmp_path / "docs"
    subprocess.run(["cp", "-r", DOCS, copy], check=True)
    subprocess.run(["rm", "-rf", copy / "site", copy / ".cache"], check=True)
    zensical = [sys.executable, "-m", "zensical", "build", "-f", copy / "zensical.toml", "--strict"]
    built = subprocess.run(zensical, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    site = copy / "site"
    for page in pages():
        if page.parent != ROOT:
            assert (site / page.relative_to(DOCS)).with_suffix(".html").exists()
    loaded = re.compile(r'<(?:script|img|iframe)[^>]* src="https?:|<link[^>]* href="https?:')
    for html in site.rglob("*.html"):
        assert not loaded.search(html.read_text("utf-8")), html
    for language in LANGUAGES:
        assert f'<html lang="{language}"' in (site / language / "tutorials/analyst.html").read_text(
            "utf-8"
        )


def test_text_reads_both_trees():
    assert all(len(text(language)) > 10_000 for language in LANGUAGES)
