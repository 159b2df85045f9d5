"""The examples of the pages do what the pages say: blocks marked `run`, on a live service."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from documents import ROOT, Block, blocks, pages

from geoservice.docs import picture
from geoservice.store.database import Database

_SHOWN_ADDRESS = "http://127.0.0.1:8000"
_WITH_EXAMPLES = [page for page in pages() if any(block.is_run for block in blocks(page))]

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the examples use curl")


@pytest.fixture(scope="module")
def done() -> dict[Block, str]:
    """What blocks have said: one that stands in both languages is run once."""
    return {}


@pytest.mark.parametrize("page", _WITH_EXAMPLES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_run(
    page: Path, service: str, demo_database: Database, workplace: Path, done: dict[Block, str]
):
    output = ""
    for block in blocks(page):
        if block.is_run and (block.needs is None or shutil.which(block.needs)):
            if block not in done:
                done[block] = _run(block, page, service, demo_database.url, workplace)
            output = done[block]
        elif block.mark == "expect":
            for line in filter(None, map(str.strip, block.text.splitlines())):
                assert line == "…" or line in output, f"{page}: {line!r} is not in\n{output}"


def test_the_picture_of_the_readme_is_the_answer_of_the_service(service: str):
    assert picture.FILE.read_text("utf-8") == picture.drawn(service)


def test_the_picture_says_synthetic_and_is_small():
    drawn = picture.FILE.read_text("utf-8")
    assert "SYNTHETIC" in drawn
    assert len(drawn.encode()) < 150_000
    assert str(picture.FILE.relative_to(ROOT)) in (ROOT / "README.md").read_text("utf-8")


def _run(block: Block, page: Path, service: str, database_url: str, folder: Path) -> str:
    text = block.text.replace(_SHOWN_ADDRESS, service)
    program = [sys.executable, "-"] if block.language == "python" else ["bash", "-euo", "pipefail"]
    environment = os.environ | {
        "PATH": f"{folder}/.venv/bin:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GEOSERVICE_LANG": "zh" if "zh" in page.parts else "en",
        "GEOSERVICE_DATABASE_URL": database_url,
        "COLUMNS": "200",
    }
    if block.mark == "run: embedded":
        del environment["GEOSERVICE_DATABASE_URL"]
        environment["GEOSERVICE_DATA_DIR"] = str(folder / "data")
    done = subprocess.run(
        program,
        input=text,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, f"{page}:\n{text}\n{output}"
    return output
