"""`geoservice answers`: saved, listed, refreshed, compared and removed at a terminal."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from geoservice.doors.command_line.application import application
from geoservice.store.database import Database
from tests.questions.worlds import World, place

QUESTION = "remediation_sites_near_schools"


@pytest.fixture
def typed(database: Database, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("GEOSERVICE_DATABASE_URL", database.url)

    def run(*words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(application, ["answers", *words])
        return done.exit_code, done.stdout, done.stderr

    return run


def test_an_answer_lives_through_the_command_line(typed: Any, add: Any) -> None:
    world = World(add)
    world.site()
    world.school(place(100))
    code, output, _ = typed("save", "near", QUESTION, "distance_m=400", "--title", "近", "--json")
    saved = json.loads(output)
    assert (code, saved["rows"], saved["given"]) == (0, 1, {"distance_m": "400"})
    assert typed("save", "near", QUESTION, "--json")[0] == 5  # taken
    world.school(place(200))
    refreshed = json.loads(typed("refresh", "near", "--json")[1])
    assert refreshed["rows"] == 2
    assert refreshed["refresh"]["entered"] == 1
    assert refreshed["refresh"]["change"] is not None
    (listed,) = json.loads(typed("list", "--json")[1])
    assert listed["name"] == "near"
    since = ("compare", "near", "--known-at", saved["saved_at"])
    compared = json.loads(typed(*since, "--json")[1])
    assert compared["counts"] == {"entered": 1, "left": 0, "changed": 0, "unchanged": 1}
    assert [each["properties"]["change"] for each in compared["features"]] == ["entered"]
    assert typed("save", "near", QUESTION, "distance_m=150", "--replace")[0] == 0
    typed("save", "wide", QUESTION, "distance_m=400")
    compared = json.loads(typed("compare", "near", "wide", "--json")[1])
    assert compared["counts"]["left"] == 1
    assert compared["parameters"] == {"distance_m": {"old": 400.0, "new": 150.0}}
    for words in (("list",), ("compare", "near", "wide"), ("refresh", "near")):
        code, output, _ = typed(*words)
        assert code == 0
        assert "near" in output
    assert typed("remove", "near", "--yes", "--json")[0] == 0
    assert typed("remove", "near", "--yes")[0] == 3


@pytest.mark.parametrize(
    ("words", "code", "mistake"),
    [
        (("refresh", "nothing"), 3, "unknown-answer"),
        (("save", "near", "why"), 3, "unknown-question"),
        (("save", "near", QUESTION, "distance_m=0"), 2, "out-of-range"),
        (("save", "near", QUESTION, "distance_m"), 2, "bad-parameter"),
        (("save", "hazard_sites", QUESTION, "--replace"), 5, "already-exists"),
        (("compare", "nothing", "--known-at", "2020-01-01"), 2, "bad-datetime"),
        (("compare", "nothing"), 3, "unknown-answer"),
    ],
)
def test_a_mistake_has_its_exit_code(
    typed: Any, words: tuple[str, ...], code: int, mistake: str
) -> None:
    found, _, errors = typed(*words, "--json")
    assert (found, json.loads(errors)["code"]) == (code, mistake)
