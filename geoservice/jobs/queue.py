"""The queue of jobs in the database: who waits, who works, what has become of it.

Several processes share it. A job belongs to the worker that has claimed it for as long as that is
heard of; one that falls silent loses it, and another begins anew, a few times at most.
"""

import threading
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from geoservice.errors import GeoserviceError, JobDied, TooManyJobs, UnknownJob
from geoservice.jobs.job import Job, Progress, Result, Status
from geoservice.jobs.results import Results
from geoservice.languages import Text
from geoservice.store.database import Connection, Database
from geoservice.store.system import jobs

SILENT_S = 30
"""Seconds without a sign of life after which a worker counts as dead."""

MOST_ATTEMPTS = 3

_WAITING = (Status.ACCEPTED, Status.RUNNING)
_COLUMNS = tuple(jobs.c[each.name] for each in fields(Job))
_NOW = sa.func.clock_timestamp()
_ADDING = 0x6A6F6273  # a lock of ours alone: "jobs"

_INTERNAL = {
    "code": "internal",
    "title": Text(zh="内部错误", en="Internal error"),
    "detail": Text(zh="服务出错，已记录。", en="The service failed and has logged it."),
}


@dataclass(frozen=True, kw_only=True)
class QueueLimits:
    """How many unfinished jobs there may be, in all and of one user, and how long results are kept."""

    most: int
    most_of_one: int
    kept_hours: float


class Queue:
    """The jobs whose results are in one folder. Thread-safe; each call is one short transaction."""

    def __init__(self, database: Database, results: Results, limits: QueueLimits) -> None:
        self._database = database
        self._results = results
        self._limits = limits
        self.grown = threading.Event()
        """Set when a job is added by this process."""

    def add(self, request: str, *, actor: str, role: str) -> Job:
        """One job more, at the end of the queue. Raises `TooManyJobs`."""
        with self._database.access() as connection:
            # Two who come at once are counted one after the other.
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADDING)))
            self._require_room(connection, actor)
            adding = sa.insert(jobs).values(
                request=request, actor=actor, role=role, place=self._results.ready()
            )
            added = _job(connection.execute(adding.returning(*_COLUMNS)).one())
        self.grown.set()
        return added

    def _require_room(self, connection: Connection, actor: str) -> None:
        of_all = sa.func.count()
        of_one = of_all.filter(jobs.c.actor == actor)
        waiting = sa.select(of_all, of_one).where(jobs.c.status.in_(_WAITING))
        total, own = connection.execute(waiting).one()
        if own >= self._limits.most_of_one:
            raise TooManyJobs(limit_name="max_own_jobs", limit=self._limits.most_of_one)
        if total >= self._limits.most:
            raise TooManyJobs(limit_name="max_jobs", limit=self._limits.most)

    def job(self, id: UUID) -> Job:
        """A job. Raises `UnknownJob`."""
        with self._database.access() as connection:
            found = connection.execute(sa.select(*_COLUMNS).where(jobs.c.id == id)).one_or_none()
        if found is None:
            raise UnknownJob(value=str(id))
        return _job(found)

    def newest(self, most: int) -> list[Job]:
        """The newest jobs, wherever their results are."""
        newest = sa.select(*_COLUMNS).order_by(jobs.c.created_at.desc(), jobs.c.id).limit(most)
        with self._database.access() as connection:
            return [_job(row) for row in connection.execute(newest)]

    def claim(self, worker: str) -> Job | None:
        """The job that has waited longest, or whose worker is silent; now this worker's."""
        if self._results.place is None:
            return None
        silent = sa.and_(jobs.c.status == Status.RUNNING, jobs.c.seen_at < _ago(SILENT_S))
        here = jobs.c.place == self._results.place
        given_up = sa.update(jobs).where(here, silent, jobs.c.attempts >= MOST_ATTEMPTS)
        next_one = (
            sa.select(jobs.c.id)
            .where(here, sa.or_(jobs.c.status == Status.ACCEPTED, silent))
            .order_by(jobs.c.created_at, jobs.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        claiming = (
            sa.update(jobs)
            .where(jobs.c.id == next_one)
            .values(
                status=Status.RUNNING,
                worker=worker,
                attempts=jobs.c.attempts + 1,
                started_at=_NOW,
                seen_at=_NOW,
                rows=None,
                total_rows=None,
                bytes=None,
            )
        )
        with self._database.access() as connection:
            connection.execute(
                given_up.values(
                    problem=_spoken(_problem(JobDied(attempts=MOST_ATTEMPTS))),
                    **self._end(Status.FAILED),
                )
            )
            found = connection.execute(claiming.returning(*_COLUMNS)).one_or_none()
        return None if found is None else _job(found)

    def report(self, job: Job, worker: str, progress: Progress, bytes: int) -> bool:
        """Say that the worker is alive and how far it is; whether the job is still its own."""
        return self._change(
            job, worker, seen_at=_NOW, rows=progress.rows, total_rows=progress.total, bytes=bytes
        )

    def succeed(
        self, job: Job, worker: str, result: Result, progress: Progress, bytes: int
    ) -> bool:
        """The job is done; whether it was still this worker's."""
        return self._change(
            job,
            worker,
            file_name=result.file_name,
            media_type=result.media_type,
            rows=progress.rows,
            total_rows=progress.total,
            bytes=bytes,
            **self._end(Status.SUCCESSFUL),
        )

    def fail(self, job: Job, worker: str, mistake: GeoserviceError | None) -> None:
        """The job cannot be done: a mistake of whoever asked, or None for one of ours."""
        problem = _INTERNAL if mistake is None else _problem(mistake)
        self._change(job, worker, problem=_spoken(problem), **self._end(Status.FAILED))

    def give_back(self, job: Job, worker: str) -> None:
        """The worker ends before the job does: it waits again, as if nobody had begun it."""
        attempts = jobs.c.attempts - 1
        self._change(job, worker, status=Status.ACCEPTED, attempts=attempts, started_at=None)

    def dismiss(self, id: UUID) -> Job:
        """Take back a job that is not finished; one that is, is only told. Raises `UnknownJob`."""
        unfinished = sa.and_(jobs.c.id == id, jobs.c.status.in_(_WAITING))
        with self._database.access() as connection:
            connection.execute(
                sa.update(jobs).where(unfinished).values(**self._end(Status.DISMISSED))
            )
        return self.job(id)

    def remove(self, id: UUID) -> None:
        """Forget a job."""
        with self._database.access() as connection:
            connection.execute(sa.delete(jobs).where(jobs.c.id == id))

    def kept(self) -> frozenset[UUID]:
        """Forget what has expired; the ids of the jobs in this folder that have not.

        Those that are just being added are among them, or their folder is not made yet.
        """
        with self._database.access() as connection:
            connection.execute(sa.delete(jobs).where(jobs.c.expires_at < _NOW))
            found = connection.execute(
                sa.select(jobs.c.id).where(jobs.c.place == self._results.place)
            )
            return frozenset(found.scalars())

    def _change(self, job: Job, worker: str, **values: Any) -> bool:
        own = sa.and_(jobs.c.id == job.id, jobs.c.worker == worker, jobs.c.status == Status.RUNNING)
        with self._database.access() as connection:
            return connection.execute(sa.update(jobs).where(own).values(**values)).rowcount > 0

    def _end(self, status: Status) -> dict[str, Any]:
        kept = timedelta(hours=self._limits.kept_hours)
        return {"status": status, "finished_at": _NOW, "expires_at": _NOW + sa.literal(kept)}


def job_id(text: str) -> UUID:
    """The id of a job as an address has it. Raises `UnknownJob`."""
    try:
        return UUID(text)
    except ValueError as wrong:
        raise UnknownJob(value=text) from wrong


def _job(row: sa.Row[Any]) -> Job:
    values = dict(row._mapping)
    return Job(**{**values, "status": Status(values["status"])})


def _ago(seconds: float) -> sa.ColumnElement[Any]:
    return _NOW - sa.literal(timedelta(seconds=seconds))


def _problem(mistake: GeoserviceError) -> dict[str, Any]:
    detail = Text(zh=mistake.text("zh"), en=mistake.text("en"))
    return {"code": mistake.code, "title": mistake.title, "detail": detail}


def _spoken(problem: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"zh": part.zh, "en": part.en} if isinstance(part, Text) else part
        for name, part in problem.items()
    }
