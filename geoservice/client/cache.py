"""Answers kept with their entity tags, so that what has not changed is not sent again (RFC 9110, 13.1.2).

Nothing is ever taken from here unasked: the service is always asked whether a kept answer still
holds. An answer belongs to its whole URL, to the language and to the key that it was given for.

On disk, under the user's own cache folder, only what the service gives to everybody is kept: an
answer to a request with a key stays in memory and ends with the session, whatever was chosen. The
folder is the user's alone (mode 0700), so are its files (0600). Knows no HTTP.
"""

import hashlib
import json
import os
import tempfile
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Literal, Protocol

Place = Literal["session", "disk", "off"]
PLACES: tuple[Place, ...] = ("session", "disk", "off")

_MEMORY_BYTES = 32 * 2**20
_DISK_BYTES = 128 * 2**20
_LARGEST_SHARE = 4
"""An answer larger than a fourth of the room is not kept: it would drive out all others."""


@dataclass(frozen=True)
class Wanted:
    """What was asked for, by whom: answers are told apart by all of it."""

    url: str
    language: str
    asker: str | None
    """A digest of the key; None for what was asked without one."""

    @property
    def digest(self) -> str:
        """A name for it that fits a file."""
        whole = json.dumps([self.url, self.language, self.asker])
        return hashlib.sha256(whole.encode()).hexdigest()


@dataclass(frozen=True)
class Kept:
    """An answer and the entity tag by which the service is asked whether it still holds."""

    tag: str
    content: bytes


class _Shelf(Protocol):
    def kept(self, wanted: Wanted) -> Kept | None: ...
    def keep(self, wanted: Wanted, answer: Kept) -> None: ...
    def clear(self) -> None: ...


class Cache:
    """Kept answers, in the memory of the session and perhaps on disk.

    Args:
        place: "session", "disk" or "off".
        folder: where "disk" is; the user's cache folder unless given.

    Raises:
        OSError: the folder cannot be made or is not the user's own.
    """

    def __init__(self, place: Place, folder: Path | None = None) -> None:
        self.place = place
        self._private: _Shelf = _Memory()
        self._public: _Shelf = _Disk(folder) if place == "disk" else self._private

    def kept(self, wanted: Wanted) -> Kept | None:
        """The answer kept for this; None if there is none."""
        return None if self.place == "off" else self._shelf(wanted).kept(wanted)

    def keep(self, wanted: Wanted, answer: Kept) -> None:
        """Keep an answer in place of an older one."""
        if self.place != "off":
            self._shelf(wanted).keep(wanted, answer)

    def clear(self) -> None:
        """Forget all answers, on disk also those of other sessions."""
        self._private.clear()
        self._public.clear()

    def _shelf(self, wanted: Wanted) -> _Shelf:
        return self._public if wanted.asker is None else self._private

    def __repr__(self) -> str:
        return f"<Cache {self.place}>"


class _Memory:
    def __init__(self) -> None:
        self._answers: OrderedDict[Wanted, Kept] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def kept(self, wanted: Wanted) -> Kept | None:
        with self._lock:
            if wanted in self._answers:
                self._answers.move_to_end(wanted)
            return self._answers.get(wanted)

    def keep(self, wanted: Wanted, answer: Kept) -> None:
        if len(answer.content) > _MEMORY_BYTES // _LARGEST_SHARE:
            return
        with self._lock:
            older = self._answers.pop(wanted, None)
            self._bytes += len(answer.content) - (len(older.content) if older else 0)
            self._answers[wanted] = answer
            while self._bytes > _MEMORY_BYTES:
                self._bytes -= len(self._answers.popitem(last=False)[1].content)

    def clear(self) -> None:
        with self._lock:
            self._answers.clear()
            self._bytes = 0


class _Disk:
    """One file for an answer: a line of JSON that tells whose it is, then the answer.

    Files are written aside and renamed, so that several sessions may share the folder.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is None:
            import platformdirs

            folder = platformdirs.user_cache_path("geoservice", appauthor=False) / "answers"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            raise PermissionError(f"{folder} belongs to another user")
        folder.chmod(0o700)
        self._folder = folder

    def kept(self, wanted: Wanted) -> Kept | None:
        path = self._folder / wanted.digest
        try:
            first, _, content = path.read_bytes().partition(b"\n")
            label = json.loads(first)
            if label["url"] != wanted.url or label["bytes"] != len(content):
                return None
            tag = str(label["tag"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        with suppress(OSError):
            os.utime(path)
        return Kept(tag, content)

    def keep(self, wanted: Wanted, answer: Kept) -> None:
        if len(answer.content) > _DISK_BYTES // _LARGEST_SHARE:
            return
        label = {"url": wanted.url, "tag": answer.tag, "bytes": len(answer.content)}
        with suppress(OSError):  # a full disk keeps nothing, and reading goes on
            self._write(wanted.digest, json.dumps(label).encode() + b"\n" + answer.content)
            self._make_room()

    def clear(self) -> None:
        for path in self._files():
            path.unlink(missing_ok=True)

    def _write(self, name: str, content: bytes) -> None:
        handle, aside = tempfile.mkstemp(dir=self._folder, prefix="~")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(aside).replace(self._folder / name)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise

    def _make_room(self) -> None:
        found = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in self._files())
        excess = sum(size for _, size, _ in found) - _DISK_BYTES
        for _, size, path in found:
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= size

    def _files(self) -> Iterable[Path]:
        return [path for path in self._folder.iterdir() if path.is_file()]
