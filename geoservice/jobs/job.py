"""A job as everybody sees it, and how far it is while somebody works on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Any
from uuid import UUID

_ALMOST = 99
"""Percent while the last rows are in and the file is not closed yet."""


class Status(StrEnum):
    """Where a job is, in the words of OGC API Processes (18-062r2, 7.12)."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job: who wants what, and what has become of it.

    `request` is the path and query that the answer would have had at once; `role` that in which it
    is read; `place` the folder of the result. `problem` has the code, title and detail of a failure.
    """

    id: UUID
    actor: str
    role: str
    request: str
    place: UUID
    status: Status
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    attempts: int
    rows: int | None
    total_rows: int | None
    bytes: int | None
    file_name: str | None
    media_type: str | None
    problem: Mapping[str, Any] | None

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will become of it."""
        return self.status not in (Status.ACCEPTED, Status.RUNNING)

    @property
    def progress(self) -> int | None:
        """Percent, None where nobody knows how much there is to do."""
        if self.status is Status.SUCCESSFUL:
            return 100
        if self.status is Status.ACCEPTED:
            return 0
        if self.rows is None or self.total_rows is None:
            return None
        return min(_ALMOST, 100 * self.rows // max(1, self.total_rows))


@dataclass(frozen=True)
class Result:
    """What a job has made: a file in its folder, to be sent under this name and type."""

    file_name: str
    media_type: str


class Stopped(Exception):
    """Raised in the thread that writes when the rest is no longer wanted."""


class Progress:
    """How far the writing is, and the way to stop it; shared by who writes and who watches."""

    def __init__(self) -> None:
        self.rows: int | None = None
        self.total: int | None = None
        self._lock = Lock()
        self._cancel: Callable[[], None] | None = None
        self._is_stopped = False

    def begin(self, cancel: Callable[[], None]) -> None:
        """From now on, and until the end, `cancel` stops what the database does for the writing."""
        with self._lock:
            self._cancel = cancel
        self._require_wanted()

    def expect(self, total: int) -> None:
        """So many rows there are."""
        self.total = total
        self._require_wanted()

    def reached(self, rows: int) -> None:
        """So many rows are read. Raises `Stopped` when nobody wants the others."""
        self.rows = rows
        self._require_wanted()

    def end(self) -> None:
        """The database does nothing more for the writing."""
        with self._lock:
            self._cancel = None

    def stop(self) -> None:
        """Have the rest left: the statement that runs is cancelled, no further rows are taken."""
        with self._lock:
            self._is_stopped = True
            if self._cancel is not None:
                self._cancel()

    def _require_wanted(self) -> None:
        if self._is_stopped:
            raise Stopped
