"""The examples of the pages do what the pages say: blocks marked `run`, on a live service."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from documents import ROOT, Block, blocks, pages
from python_session import PythonSession

from geoservice.access.keys import issue_key
from geoservice.access.principal import Role
from geoservice.access.users import add_user
from geoservice.docs import picture
from geoservice.store.database import Database

_SHOWN_ADDRESS = "http://127.0.0.1:8000"
_WITH_EXAMPLES = [page for page in pages() if any(block.is_run for block in blocks(page))]

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the examples use curl")


@pytest.fixture(scope="module")
def done() -> dict[Block, str]:
    """What blocks have said: one that stands in both languages is run once."""
    return {}


@pytest.fixture(scope="module")
def editor_key(demo_database: Database) -> str:
    """The key of an editor, which Python blocks find in `GEOSERVICE_KEY`."""
    add_user(demo_database, "docs_editor", Role.EDITOR)
    return issue_key(demo_database, "docs_editor").text


@pytest.mark.parametrize("page", _WITH_EXAMPLES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_run(
    page: Path,
    service: str,
    demo_database: Database,
    editor_key: str,
    workplace: Path,
    done: dict[Block, str],
):
    """Shell blocks are programs; Python blocks are one session, as in a notebook."""
    output = ""
    environment = _environment(page, demo_database.url, workplace)
    with PythonSession(workplace, environment | {"GEOSERVICE_KEY": editor_key}) as session:
        for block in blocks(page):
            text = block.text.replace(_SHOWN_ADDRESS, service)
            if block.mark == "expect":
                for line in filter(None, map(str.strip, block.text.splitlines())):
                    assert line == "…" or line in output, f"{page}: {line!r} is not in\n{output}"
            elif not block.is_run or (block.needs and shutil.which(block.needs) is None):
                continue
            elif block.language == "python":
                output, is_well = session.run(text)
                assert is_well, f"{page}:\n{text}\n{output}"
            else:
                if block not in done:
                    done[block] = _run(block, page, text, environment, workplace)
                output = done[block]


def test_the_picture_of_the_readme_is_the_answer_of_the_service(service: str):
    assert picture.FILE.read_text("utf-8") == picture.drawn(service)


def test_the_picture_says_synthetic_and_is_small():
    drawn = picture.FILE.read_text("utf-8")
    assert "SYNTHETIC" in drawn
    assert len(drawn.encode()) < 150_000
    assert str(picture.FILE.relative_to(ROOT)) in (ROOT / "README.md").read_text("utf-8")


def _environment(page: Path, database_url: str, folder: Path) -> dict[str, str]:
    return os.environ | {
        "PATH": f"{folder}/.venv/bin:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GEOSERVICE_LANG": "zh" if "zh" in page.parts else "en",
        "GEOSERVICE_DATABASE_URL": database_url,
        "COLUMNS": "200",
    }


def _run(block: Block, page: Path, text: str, environment: Mapping[str, str], folder: Path) -> str:
    variables = dict(environment)
    if block.mark == "run: embedded":
        del variables["GEOSERVICE_DATABASE_URL"]
        variables["GEOSERVICE_DATA_DIR"] = str(folder / "data")
    done = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input=text,
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, f"{page}:\n{text}\n{output}"
    return output
