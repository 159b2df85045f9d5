"""The notebooks: executed from empty, kept without outputs, shown as pages of the documentation."""

import json
import os
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from documents import ROOT

from geoservice.access.keys import issue_key
from geoservice.access.principal import Role
from geoservice.access.users import add_user
from geoservice.docs.notebooks import (
    ADDRESS,
    PAGES,
    cleared,
    digest,
    executed,
    page_file,
    read,
    source_files,
    text,
)
from geoservice.store.database import Database

_ALL_PAGES_BYTES = 4_000_000
_REFERENCE = re.compile(
    r"""(?:src|href|srcset|action|data)=["']?(?!data:)([^"'\s>]+)|url\(([^)]+)\)"""
)
every_notebook = pytest.mark.parametrize("source", source_files(), ids=lambda file: file.stem)


@pytest.fixture(scope="module")
def editors_key(demo_database: Database) -> str:
    """The key of an editor of all towns."""
    add_user(demo_database, "planner", Role.EDITOR)
    return issue_key(demo_database, "planner").text


def test_there_are_eight():
    assert [source.name[:2] for source in source_files()] == [f"0{n}" for n in range(1, 9)]


@every_notebook
def test_a_notebook_runs_from_empty_without_network_and_leaves_no_trace(
    source: Path, service: str, editors_key: str, open_folder: Path
):
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("GEOSERVICE_")
    }
    environment |= {
        "GEOSERVICE_URL": service,
        "GEOSERVICE_KEY": editors_key,
        "LANG": "zh_CN.UTF-8",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}",
        "IPYTHONDIR": str(open_folder / "ipython"),
    }
    before = _state(service)
    executed(
        read(source),
        open_folder,
        environment,
        kernel_arguments=["--IPKernelApp.exec_lines=import loopback_only"],
    )
    assert _state(service) == before
    assert [left.name for left in open_folder.iterdir() if left.name != "ipython"] == []


def _state(service: str) -> dict[str, object]:
    """What notebooks could leave behind; times and versions of the data go on, of course."""
    near = "questions/remediation_sites_near_schools?as_of=2021-06-25&limit=500"
    return {
        "answers": [each["name"] for each in _asked(service, "answers")["answers"]],
        "collections": {
            each["id"]: each["itemCount"] for each in _asked(service, "collections")["collections"]
        },
        "facilities": _asked(service, "collections/facilities/items?limit=1000")["features"],
        "near schools": _asked(service, near)["counts"],
    }


def _asked(service: str, path: str) -> Any:
    accepted = {"Accept": "application/json, application/geo+json"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{service}/{path}", headers=accepted)
    ) as answer:
        return json.load(answer)


@every_notebook
def test_a_notebook_is_kept_as_written_without_outputs_and_counts(source: Path):
    kept = source.read_text("utf-8")
    assert kept == text(cleared(read(source)))
    assert all(
        cell["outputs"] == [] and cell["execution_count"] is None
        for cell in json.loads(kept)["cells"]
        if cell["cell_type"] == "code"
    )


@every_notebook
def test_its_prose_is_in_chinese_first_and_then_in_english(source: Path):
    prose = [cell for cell in read(source).cells if cell.cell_type == "markdown"]
    assert [cell.metadata.lang for cell in prose] == ["zh", "en"] * (len(prose) // 2)
    for zh, en in zip(prose[::2], prose[1::2], strict=True):
        assert (zh.id, en.id) == (f"{en.id.removesuffix('-en')}-zh", en.id)
        headings = [re.findall(r"^#+ ", cell.source, re.M) for cell in (zh, en)]
        assert headings[0] == headings[1], zh.id


@every_notebook
def test_its_page_shows_what_is_written_in_it(source: Path):
    is_current = digest(read(source)) in page_file(source).read_text("utf-8")
    assert is_current, "run `python -m geoservice.docs.notebooks` again"


@every_notebook
def test_its_page_refers_to_no_other_host_and_runs_no_script(source: Path):
    page = page_file(source).read_text("utf-8")
    targets = {target for found in _REFERENCE.findall(page) for target in found if target}
    assert {each for each in targets if "//" in each and not each.startswith(ADDRESS)} == set()
    assert "<script" not in page
    assert "@import" not in page


def test_the_pages_are_small_and_there_is_one_for_each():
    pages = sorted(PAGES.glob("*.html"))
    assert pages == [page_file(source) for source in source_files()]
    assert sum(page.stat().st_size for page in pages) < _ALL_PAGES_BYTES
