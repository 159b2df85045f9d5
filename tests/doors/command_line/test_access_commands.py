"""`geoservice user`, `geoservice key`, and the first key that `geoservice up` shows."""

import json
from datetime import datetime
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from geoservice.access.gate import Gate
from geoservice.access.principal import Principal, Role
from geoservice.doors import serving
from geoservice.doors.command_line.application import application
from geoservice.errors import WrongKey
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database


class Terminal:
    """A terminal at which commands are typed."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def typed(self, *words: str) -> Result:
        return CliRunner().invoke(application, words)

    def json(self, *words: str) -> Any:
        done = self.typed(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def refused(self, *words: str) -> tuple[int, str]:
        done = self.typed(*words, "--json")
        return done.exit_code, json.loads(done.stderr)["code"]

    def principal(self, key: str) -> Principal:
        return Gate(self.database).principal(key)


@pytest.fixture
def terminal(own_database: Database, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("GEOSERVICE_DATABASE_URL", own_database.url)
    monkeypatch.setenv("GEOSERVICE_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")
    return Terminal(own_database)


def test_a_key_that_was_made_opens_the_door_until_it_is_revoked(terminal: Terminal) -> None:
    [user] = terminal.json("user", "add", "li", "--role", "editor", "--town", "441900101")
    assert (user["name"], user["role"], user["towns"]) == ("li", "editor", ["441900101"])
    key = terminal.json("key", "add", "li", "--label", "QGIS")
    expected = Principal("li", Role.EDITOR, frozenset({"441900101"}))
    assert terminal.principal(key["key"]) == expected
    [listed] = terminal.json("key", "list")
    assert (listed["id"], listed["user"], listed["label"]) == (key["id"], "li", "QGIS")
    assert "key" not in listed
    assert terminal.json("key", "revoke", key["id"])[0]["revoked_at"] is not None
    with pytest.raises(WrongKey):
        terminal.principal(key["key"])


def test_the_key_alone_is_on_the_output_so_that_a_script_can_take_it(terminal: Terminal) -> None:
    terminal.json("user", "add", "li", "--role", "analyst")
    done = terminal.typed("key", "add", "li")
    assert terminal.principal(done.stdout.removesuffix("\n")).name == "li"
    assert "only now" in done.stderr
    assert done.stdout.strip() not in done.stderr
    shown = terminal.typed("key", "list").output
    assert "li" in shown
    assert done.stdout.strip() not in shown


def test_a_date_is_the_last_day_of_a_key_in_the_time_of_the_region(terminal: Terminal) -> None:
    terminal.json("user", "add", "li", "--role", "analyst")
    for text, instant in (
        ("2999-12-31", "3000-01-01T00:00:00+08:00"),
        ("2999-12-31T12:00:00Z", "2999-12-31T12:00:00+00:00"),
    ):
        key = terminal.json("key", "add", "li", "--expires", text)
        found = datetime.fromisoformat(key["expires_at"])
        assert found == datetime.fromisoformat(instant)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2999-02-30", "bad-datetime"),
        ("2999-12-31T12:00:00", "bad-datetime"),
        ("tomorrow", "bad-datetime"),
        ("9999-12-31", "bad-datetime"),
        ("2000-01-01", "bad-parameter"),
    ],
)
def test_an_expiry_that_is_none_is_refused(terminal: Terminal, text: str, code: str) -> None:
    terminal.json("user", "add", "li", "--role", "analyst")
    assert terminal.refused("key", "add", "li", "--expires", text) == (2, code)
    assert terminal.json("key", "list") == []


def test_role_and_towns_are_changed_as_they_are_named(terminal: Terminal) -> None:
    terminal.json("user", "add", "li", "--role", "editor", "--town", "441900101")

    def changed(*words: str) -> tuple[str, list[str] | None]:
        [user] = terminal.json("user", "change", "li", *words)
        return user["role"], user["towns"]

    assert changed() == ("editor", ["441900101"])
    assert changed("--town", "441900102") == ("editor", ["441900102"])
    assert changed("--role", "editor") == ("editor", ["441900102"])
    assert changed("--all-towns") == ("editor", None)
    assert changed("--role", "analyst") == ("analyst", None)
    assert terminal.refused("user", "change", "li", "--role", "editor") == (2, "missing-parameter")
    assert changed("--role", "editor", "--town", "441900101") == ("editor", ["441900101"])
    words = ("user", "change", "li", "--town", "441900101", "--all-towns")
    assert terminal.refused(*words) == (2, "bad-parameter")


def test_mistakes_have_the_exit_code_of_their_kind(terminal: Terminal) -> None:
    assert terminal.refused("key", "add", "nobody") == (3, "unknown-user")
    assert terminal.refused("key", "revoke", "nothing") == (3, "unknown-key")
    assert terminal.refused("user", "disable", "nobody") == (3, "unknown-user")
    assert terminal.refused("user", "add", "a:b", "--role", "admin") == (2, "bad-parameter")
    terminal.json("user", "add", "li", "--role", "admin")
    assert terminal.refused("user", "add", "li", "--role", "admin") == (5, "already-exists")
    terminal.json("user", "disable", "li")
    assert terminal.refused("key", "add", "li") == (5, "user-disabled")
    assert terminal.typed("user", "add", "wang", "--role", "public").exit_code == 2


def test_up_shows_the_key_of_an_administrator_once(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Settings] = []

    def listen(settings: Settings, _limits: Limits) -> None:
        served.append(settings)

    monkeypatch.setattr(serving, "serve", listen)
    first = terminal.json("up", "--no-demo")
    assert terminal.principal(first["admin_key"]) == Principal("admin", Role.ADMIN)
    assert terminal.json("up", "--no-demo") == {"url": first["url"]}
    done = terminal.typed("up", "--no-demo")
    assert "gs_" not in done.output
    assert len(served) == 3
    assert [key["user"] for key in terminal.json("key", "list")] == ["admin"]


@pytest.mark.parametrize(
    ("role", "host", "warns"),
    [
        ("public", "0.0.0.0", False),
        ("analyst", "127.0.0.1", False),
        ("analyst", "::1", False),
        ("editor", "localhost", False),
        ("analyst", "0.0.0.0", True),
        ("editor", "192.168.1.9", True),
        ("analyst", "::", True),
        ("analyst", "gis.example", True),
    ],
)
def test_the_service_warns_if_others_have_a_role_without_a_key(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, role: str, host: str, warns: bool
) -> None:
    monkeypatch.setattr(serving, "serve", lambda *_: None)
    monkeypatch.setenv("GEOSERVICE_ANONYMOUS_ROLE", role)
    done = terminal.typed("serve", "--host", host)
    assert done.exit_code == 0
    assert ("GEOSERVICE_ANONYMOUS_ROLE" in done.stderr) is warns
