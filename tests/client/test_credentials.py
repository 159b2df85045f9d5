"""A key is found where it may be, sent where it belongs, and seen nowhere."""

import io
import logging
import pickle
import traceback
import warnings

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import NoKeyringError, PasswordDeleteError
from rich.console import Console
from rich.traceback import Traceback

from geoservice.client import Connection, credentials, errors
from geoservice.client.credentials import Key, key_for, prompted_key
from tests.client.wire import Wire, problem, said

_SECRET = "gsk_0123456789_SECRET"
_HERE = "https://gis.example.cn"


class _InMemory(KeyringBackend):
    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("none")


@pytest.fixture(autouse=True)
def ring(monkeypatch):
    """A keyring of the test's own, and no key in the environment."""
    monkeypatch.delenv(credentials.KEY_VARIABLE, raising=False)
    monkeypatch.delenv(credentials.ADDRESS_VARIABLE, raising=False)
    before = keyring.get_keyring()
    own = _InMemory()
    keyring.set_keyring(own)
    yield own
    keyring.set_keyring(before)


def test_the_argument_goes_before_the_environment_and_that_before_the_keyring(monkeypatch):
    assert key_for(_HERE) is None
    credentials.remember(_HERE, "ring", "en")
    assert key_for(_HERE) == "ring"
    monkeypatch.setenv(credentials.KEY_VARIABLE, "environment")
    assert key_for(_HERE) == "environment"
    assert key_for(_HERE, "argument") == "argument"


def test_the_key_of_the_environment_goes_only_to_the_service_of_the_environment(monkeypatch):
    monkeypatch.setenv(credentials.KEY_VARIABLE, "environment")
    monkeypatch.setenv(credentials.ADDRESS_VARIABLE, f"{_HERE}/geo")
    assert key_for(f"{_HERE}:443/other") == "environment"
    assert key_for("https://elsewhere.example.cn") is None
    assert key_for("http://gis.example.cn") is None


def test_a_remembered_key_is_for_its_address_and_can_be_forgotten():
    credentials.remember(f"{_HERE}/geo", "ring", "en")
    assert key_for(_HERE) == "ring"
    assert key_for("https://elsewhere.example.cn") is None
    credentials.forget(_HERE)
    credentials.forget(_HERE)
    assert key_for(_HERE) is None


def test_without_a_keyring_there_is_no_key_and_none_is_remembered(monkeypatch):
    def none(*_):
        raise NoKeyringError("none")

    monkeypatch.setattr(keyring, "get_password", none)
    monkeypatch.setattr(keyring, "set_password", none)
    assert key_for(_HERE) is None
    with pytest.raises(errors.Unauthenticated, match="GEOSERVICE_KEY") as found:
        credentials.remember(_HERE, _SECRET, "en")
    assert _SECRET not in str(found.value)


def test_a_key_is_typed_at_a_prompt_that_names_the_service(monkeypatch):
    prompts = []
    monkeypatch.setattr("getpass.getpass", lambda prompt: prompts.append(prompt) or f" {_SECRET}\n")
    assert prompted_key(f"{_HERE}/geo", "zh") == _SECRET
    assert prompts == [f"{_HERE} 的密钥："]


def test_no_key_is_taken_where_it_would_be_seen(monkeypatch):
    import getpass

    def seen(_prompt):
        warnings.warn("Can not control echo", getpass.GetPassWarning, stacklevel=1)
        return _SECRET

    def nobody(_prompt):
        raise EOFError

    for typed in (seen, nobody, lambda _prompt: "  "):
        monkeypatch.setattr("getpass.getpass", typed)
        with pytest.raises(errors.Unauthenticated):
            prompted_key(_HERE, "en")


def test_a_key_does_not_show_itself():
    key = Key(_SECRET)
    assert _SECRET not in repr(key) + str(key) + f"{key}" + repr(vars(Connection)) + key.digest
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(key)


def test_a_connection_shows_no_key_and_is_not_pickled():
    connection = Connection("http://127.0.0.1:9", key=_SECRET)
    assert _SECRET not in repr(connection) + repr(vars(connection))
    with pytest.raises(TypeError):
        pickle.dumps(connection)
    connection.close()


def _with_locals(error):
    """The traceback as tools show it that print local variables, from the client's own code on."""
    written = io.StringIO()
    trace = Traceback.from_exception(
        type(error), error, error.__traceback__.tb_next, show_locals=True
    )
    Console(file=written, width=300).print(trace)
    return written.getvalue()


@pytest.mark.parametrize(
    "answer",
    [problem(401, "wrong-key"), problem(500, "internal"), said(b"<html>", type="text/html")],
)
def test_no_error_log_or_traceback_shows_a_key(answer, caplog):
    caplog.set_level(logging.DEBUG)
    with Wire([answer]) as wire:
        connection = Connection(wire.address, key=_SECRET)
        try:
            connection.json("/collections")
        except errors.GeoserviceError as error:
            shown = "".join(traceback.format_exception(error)) + _with_locals(error)
            pickled = pickle.dumps(error)
        connection.close()
    assert wire.heard[0].headers["x-api-key"] == _SECRET
    for text in (shown, caplog.text, repr(pickled)):
        assert _SECRET not in text


def test_a_connection_that_fails_shows_no_key():
    connection = Connection("http://127.0.0.1:9", key=_SECRET)
    with pytest.raises(errors.ConnectionFailed) as found:
        connection.send("POST", "/changes", body={})
    assert _SECRET not in _with_locals(found.value)
    connection.close()


def test_a_redirection_is_refused_and_the_key_goes_nowhere_else():
    with Wire([said({})]) as elsewhere:
        moved = said({}, 302, headers={"Location": f"{elsewhere.address}/collections"})
        with Wire([moved]) as wire:
            connection = Connection(wire.address, key=_SECRET)
            with pytest.raises(errors.NotAGeoservice, match=elsewhere.address):
                connection.json("/collections")
            connection.close()
    assert elsewhere.heard == []


def test_a_link_of_the_service_is_followed_on_its_own_host_only():
    with Wire([said({})]) as wire:
        connection = Connection(f"{wire.address}/geo", key=_SECRET)
        connection.json("https://elsewhere.example.cn/geo/collections?cursor=7")
        connection.json("/geo/jobs/1")
        connection.json("/jobs/1")
        connection.close()
    assert [each.target for each in wire.heard] == [
        "/geo/collections?cursor=7",
        "/geo/jobs/1",
        "/geo/jobs/1",
    ]


@pytest.mark.parametrize("key", ["", " ", "a b", "a\r\nX-Evil: 1", "钥匙"])
def test_what_no_key_holds_is_refused_unseen(key):
    with pytest.raises(errors.Unauthenticated) as found:
        Connection("http://127.0.0.1:9", key=key)
    assert "X-Evil" not in str(found.value)


def test_a_key_on_an_open_line_is_warned_of_once(monkeypatch):
    monkeypatch.setattr(credentials, "_warned_of", set())
    with pytest.warns(UserWarning, match="https") as told:
        Connection("http://gis.example.cn", key=_SECRET).close()
    assert _SECRET not in str(told[0].message)
    Connection("http://gis.example.cn:80/geo", key=_SECRET).close()


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000", "https://gis.example.cn"],
)
def test_no_warning_where_nobody_can_listen(address):
    Connection(address, key=_SECRET).close()


def test_no_warning_without_a_key():
    Connection("http://gis.example.cn").close()


@pytest.mark.parametrize(
    "address", [f"https://me:{_SECRET}@gis.example.cn", f"https://gis.example.cn/?apikey={_SECRET}"]
)
def test_a_key_in_the_address_is_refused_unseen(address):
    with pytest.raises(errors.BadAddress, match=r"key=") as found:
        Connection(address)
    assert _SECRET not in str(found.value)
    assert _SECRET not in repr(found.value.parts)


def test_a_key_that_is_right_has_its_role_and_a_wrong_one_is_refused(connect_as, service):
    editor = connect_as("editor")
    assert editor.has_key
    editor.json("/collections")
    editor.use_key(service.keys["editor"][:-1] + "!")
    with pytest.raises(errors.Unauthenticated):
        editor.json("/collections")
    editor.use_key(None)
    assert not editor.has_key
    editor.json("/collections")
