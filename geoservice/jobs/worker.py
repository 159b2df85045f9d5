"""Whoever works on jobs: one thread that claims them and watches, and one that writes."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from geoservice.errors import GeoserviceError, TooLarge
from geoservice.jobs.job import Job, Progress, Result
from geoservice.jobs.queue import Queue
from geoservice.jobs.results import Results

Perform = Callable[[Job, Path, Progress], Result]
"""Writes what a job wants into its folder, and says what it has written."""

_BEAT_S = 1.0
_IDLE_S = 5.0
_SWEEP_S = 600.0

_log = logging.getLogger(__name__)


class Worker:
    """Works on the jobs of a queue, one after the other, until it is stopped.

    A database that cannot be reached is waited for. A job that is stopped with the worker is begun
    anew by another.
    """

    def __init__(self, queue: Queue, results: Results, perform: Perform, *, max_bytes: int) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._queue = queue
        self._results = results
        self._perform = perform
        self._max_bytes = max_bytes
        self._is_stopping = threading.Event()
        self._swept_at = float("-inf")
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="job")
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns when the job at hand has been given back."""
        self._is_stopping.set()
        self._queue.grown.set()
        if self._thread.is_alive():
            self._thread.join()
        self._writing.shutdown()

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            self._queue.grown.clear()
            if not self._worked():
                self._queue.grown.wait(_IDLE_S)

    def _worked(self) -> bool:
        """Work on one job; False if there is none, or the database does not say."""
        try:
            self._sweep()
            job = self._queue.claim(self.name)
            if job is None:
                return False
            self._carry_out(job)
        except (GeoserviceError, SQLAlchemyError, OSError) as fault:
            _log.warning("jobs: %s", fault)
            return False
        return True

    def _sweep(self) -> None:
        is_due = time.monotonic() - self._swept_at >= _SWEEP_S
        if is_due and self._results.place is not None:
            self._results.keep(self._queue.kept())
            self._swept_at = time.monotonic()

    def _carry_out(self, job: Job) -> None:
        progress = Progress()
        folder = self._results.made(job.id)
        future = self._writing.submit(self._perform, job, folder, progress)
        is_own = self._watched(job, future, progress)
        size = self._results.size(job.id)
        fault = future.exception()
        if is_own and fault is None and size <= self._max_bytes:
            is_own = self._queue.succeed(job, self.name, future.result(), progress, size)
            if is_own:
                return
        self._results.remove(job.id)
        if not is_own:
            return  # nobody wants it, or another worker has it
        if size > self._max_bytes:
            mistake = TooLarge(limit_name="max_job_bytes", limit=self._max_bytes, actual=size)
            self._queue.fail(job, self.name, mistake)
        elif self._is_stopping.is_set():
            self._queue.give_back(job, self.name)
        elif isinstance(fault, GeoserviceError):
            self._queue.fail(job, self.name, fault)
        else:
            _log.error("job %s failed", job.id, exc_info=fault)
            self._queue.fail(job, self.name, None)

    def _watched(self, job: Job, future: "Future[Result]", progress: Progress) -> bool:
        """Report until the writing ends, and stop it when it must; whether the job is still ours."""
        is_own = True
        while not wait([future], timeout=_BEAT_S).done:
            size = self._results.size(job.id)
            try:
                is_own = is_own and self._queue.report(job, self.name, progress, size)
            except (GeoserviceError, SQLAlchemyError) as fault:
                _log.warning("job %s: %s", job.id, fault)
            if not is_own or size > self._max_bytes or self._is_stopping.is_set():
                progress.stop()
        return is_own
