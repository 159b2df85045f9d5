"""What has not changed is not sent again; what belongs to one person is shown to no other."""

import os

import pytest

from geoservice.client import Connection, cache
from geoservice.client.cache import Cache, Kept, Wanted
from tests.client.wire import Said, Wire, head, said

_TAGGED = {"ETag": 'W/"7"'}
_UNCHANGED = Said(head(304, _TAGGED))


def _asked(wire):
    return [each.headers.get("if-none-match") for each in wire.heard]


def test_a_known_document_is_asked_for_on_condition_and_not_sent_again():
    with Wire([said({"a": 1}, headers=_TAGGED), _UNCHANGED, said({"a": 2})]) as wire:
        connection = Connection(wire.address)
        first = connection.json("/x")
        first["a"] = "spoilt by the caller"
        assert connection.json("/x") == {"a": 1}
        assert connection.json("/x") == {"a": 2}
        connection.close()
    assert _asked(wire) == [None, 'W/"7"', 'W/"7"']


def test_language_parameters_and_key_tell_answers_apart():
    with Wire([said({}, headers=_TAGGED)]) as wire:
        connection = Connection(wire.address, language="zh")
        connection.json("/x")
        connection.json("/x", {"limit": 1})
        connection.language = "en"
        connection.json("/x")
        connection.use_key("one")
        connection.json("/x")
        connection.use_key("other")
        connection.json("/x")
        connection.close()
    assert _asked(wire) == [None] * 5


@pytest.mark.parametrize(
    "headers", [{}, _TAGGED | {"Cache-Control": "no-store"}], ids=["no tag", "no-store"]
)
def test_what_has_no_tag_or_must_not_be_kept_is_not_kept(headers):
    with Wire([said({}, headers=headers)]) as wire:
        connection = Connection(wire.address)
        connection.json("/x")
        connection.json("/x")
        connection.close()
    assert _asked(wire) == [None, None]


def test_nothing_is_kept_after_clearing_or_when_off():
    with Wire([said({}, headers=_TAGGED)]) as wire:
        connection = Connection(wire.address)
        connection.json("/x")
        connection.cache.clear()
        connection.json("/x")
        connection.close()
        connection = Connection(wire.address, cache="off")
        connection.json("/x")
        connection.json("/x")
        connection.close()
    assert _asked(wire) == [None] * 4


def test_the_live_service_says_that_nothing_has_changed(connection):
    path, parameters = "/collections/towns/items", {"limit": 2}
    first = connection.json(path, parameters)
    wanted = Wanted(connection.url(path, parameters), "zh", None)
    assert connection.cache.kept(wanted) is not None
    again = connection.json(path, parameters)
    assert again["features"] == first["features"]


_PUBLIC = Wanted("http://here/x", "zh", None)
_KEYED = Wanted("http://here/x", "zh", "digest")


def test_disk_keeps_for_other_sessions_what_everybody_may_read(tmp_path):
    folder = tmp_path / "answers"
    Cache("disk", folder).keep(_PUBLIC, Kept("7", b"content\nmore"))
    assert Cache("disk", folder).kept(_PUBLIC) == Kept("7", b"content\nmore")
    assert Cache("disk", folder).kept(Wanted("http://here/x", "en", None)) is None
    assert [each.stat().st_mode & 0o777 for each in folder.iterdir()] == [0o600]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_was_answered_to_a_key_never_reaches_the_disk(tmp_path):
    session = Cache("disk", tmp_path)
    session.keep(_KEYED, Kept("7", b"for one person"))
    assert session.kept(_KEYED) == Kept("7", b"for one person")
    assert list(tmp_path.iterdir()) == []
    assert Cache("disk", tmp_path).kept(_KEYED) is None


def test_a_folder_that_others_may_read_is_closed(tmp_path):
    tmp_path.chmod(0o755)
    Cache("disk", tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(PermissionError):
        Cache("disk", tmp_path)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]\nx", b'{"url": "http://here/x"}\nx'])
def test_a_damaged_file_is_as_none(tmp_path, damage):
    session = Cache("disk", tmp_path)
    session.keep(_PUBLIC, Kept("7", b"content"))
    next(tmp_path.iterdir()).write_bytes(damage)
    assert session.kept(_PUBLIC) is None


def test_a_file_that_was_cut_is_as_none(tmp_path):
    session = Cache("disk", tmp_path)
    session.keep(_PUBLIC, Kept("7", b"content"))
    path = next(tmp_path.iterdir())
    path.write_bytes(path.read_bytes()[:-1])
    assert session.kept(_PUBLIC) is None


def test_clearing_empties_the_folder(tmp_path):
    Cache("disk", tmp_path).keep(_PUBLIC, Kept("7", b"content"))
    Cache("disk", tmp_path).clear()
    assert list(tmp_path.iterdir()) == []


def _wanted(number):
    return Wanted(f"http://here/{number}", "zh", None)


def test_memory_drops_what_was_asked_for_longest_ago(monkeypatch):
    monkeypatch.setattr(cache, "_MEMORY_BYTES", 40)
    session = Cache("session")
    for number in range(4):
        session.keep(_wanted(number), Kept("t", b"0123456789"))
    session.kept(_wanted(0))
    session.keep(_wanted(4), Kept("t", b"0123456789"))
    kept = [number for number in range(5) if session.kept(_wanted(number))]
    assert kept == [0, 2, 3, 4]


def test_disk_drops_what_was_asked_for_longest_ago(monkeypatch, tmp_path):
    session = Cache("disk", tmp_path)
    session.keep(_wanted(0), Kept("t", b"0123456789"))
    size = next(tmp_path.iterdir()).stat().st_size
    monkeypatch.setattr(cache, "_DISK_BYTES", 4 * size)
    for number in range(1, 5):
        for path in tmp_path.iterdir():
            os.utime(path, (path.stat().st_mtime - 10,) * 2)
        session.keep(_wanted(number), Kept("t", b"0123456789"))
    kept = [number for number in range(5) if session.kept(_wanted(number))]
    assert kept == [1, 2, 3, 4]


@pytest.mark.parametrize("place", ["session", "disk"])
def test_what_is_larger_than_a_fourth_of_the_room_is_not_kept(place, monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "_MEMORY_BYTES", 40)
    monkeypatch.setattr(cache, "_DISK_BYTES", 40)
    session = Cache(place, tmp_path)
    session.keep(_PUBLIC, Kept("t", b"0" * 11))
    assert session.kept(_PUBLIC) is None
