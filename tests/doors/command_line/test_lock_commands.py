"""`geoservice lock`: the locks that stand, and their end."""

import json

import pytest
from typer.testing import CliRunner

from geoservice.domain.places import towns
from geoservice.doors.command_line.application import application
from geoservice.editing.locks import Wanted, lock
from geoservice.editing.operations import Author
from geoservice.store.database import Database
from tests.conftest import Adding


def typed(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(application, [*words, "--json"])
    return done.exit_code, done.stdout, done.stderr


def test_an_operator_sees_every_lock_and_ends_it(
    module_database: Database, add_for_module: Adding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEOSERVICE_DATABASE_URL", module_database.url)
    uid = add_for_module(towns, code="441900101", name="石碣镇", kind="town", parent_code="441900")
    author = Author(name="editor", door="test")
    held = lock(module_database, author, [Wanted(towns, (uid,))], minutes=5)
    code, output, _ = typed("lock", "list")
    (shown,) = json.loads(output)
    assert (code, shown["id"], shown["owner"]) == (0, str(held.id), "editor")
    assert shown["features"] == 1
    assert typed("lock", "release", str(held.id))[0] == 0
    assert json.loads(typed("lock", "list")[1]) == []
    code, _, errors = typed("lock", "release", str(held.id))
    assert code != 0
    assert json.loads(errors)["code"] == "unknown-lock"
