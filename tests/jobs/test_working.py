"""Jobs under workers: done once, begun anew after a death, cancelled at once, forgotten in time."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from geoservice.errors import BadParameter, GeoserviceError, SetupFailed, TooManyJobs, UnknownJob
from geoservice.jobs import Job, Progress, Queue, QueueLimits, Result, Results, Status, Worker
from geoservice.store.database import Database
from geoservice.store.system import jobs

_SOON_S = 30
REQUEST = "/collections/towns/items?f=gpkg"
LIMITS = QueueLimits(most=5, most_of_one=3, kept_hours=1)
Performing = Callable[[Job, Path, Progress], Result]


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(tmp_path / "exports")


@pytest.fixture
def queue(database: Database, results: Results) -> Queue:
    return Queue(database, results, LIMITS)


@pytest.fixture
def working(queue: Queue, results: Results) -> Iterator[Callable[..., Worker]]:
    """Starts workers, which end with the test."""
    started: list[Worker] = []

    def start(perform: Performing, *, max_bytes: int = 1_000) -> Worker:
        started.append(Worker(queue, results, perform, max_bytes=max_bytes))
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        each.stop()


def add(queue: Queue, actor: str = "somebody") -> Job:
    return queue.add(REQUEST, actor=actor, role="PUBLIC")


def until(found: Callable[[], bool]) -> None:
    end = time.monotonic() + _SOON_S
    while not found():
        assert time.monotonic() < end
        time.sleep(0.02)


def finished(queue: Queue, job: Job) -> Job:
    until(lambda: queue.job(job.id).is_finished)
    return queue.job(job.id)


def silence(database: Database, job: Job) -> None:
    """As if its worker had not been heard of for long."""
    long_ago = sa.func.clock_timestamp() - sa.literal(timedelta(minutes=5))
    with database.access() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.id == job.id).values(seen_at=long_ago))


def writes(text: str) -> Performing:
    def perform(_job: Job, folder: Path, progress: Progress) -> Result:
        progress.begin(lambda: None)
        progress.expect(4)
        (folder / "towns.gpkg").write_text(text)
        progress.reached(4)
        progress.end()
        return Result("towns.gpkg", "text/plain")

    return perform


def test_a_job_is_done_once_and_its_result_is_kept(
    queue: Queue, results: Results, working: Callable[..., Worker]
) -> None:
    done: list[str] = []

    def perform(job: Job, folder: Path, progress: Progress) -> Result:
        done.append(str(job.id))
        return writes("rows")(job, folder, progress)

    added = [add(queue) for _ in range(3)]
    for _ in range(2):
        working(perform)
    for job in added:
        found = finished(queue, job)
        assert (found.status, found.rows, found.total_rows) == (Status.SUCCESSFUL, 4, 4)
        assert (found.bytes, found.attempts, found.progress) == (4, 1, 100)
        assert found.expires_at is not None
        assert (results.of(job.id) / "towns.gpkg").read_text() == "rows"
    assert sorted(done) == sorted(str(job.id) for job in added)


def test_a_mistake_of_the_request_is_told_and_one_of_ours_is_not(
    queue: Queue, working: Callable[..., Worker], results: Results
) -> None:
    mistakes: list[Exception] = [
        BadParameter(name="crs", value="x", allowed="EPSG"),
        ZeroDivisionError("secret"),
    ]

    def perform(_job: Job, folder: Path, _progress: Progress) -> Result:
        (folder / "half").write_text("x")
        raise mistakes.pop(0)

    first, second = add(queue), add(queue)
    working(perform)
    told, untold = finished(queue, first), finished(queue, second)
    assert told.problem is not None
    assert untold.problem is not None
    assert (told.status, told.problem["code"]) == (Status.FAILED, "bad-parameter")
    assert "EPSG" in told.problem["detail"]["en"]
    assert untold.problem["code"] == "internal"
    assert "secret" not in str(untold.problem)
    assert not results.of(first.id).exists()


def test_a_result_that_grows_beyond_the_limit_is_stopped(
    queue: Queue, working: Callable[..., Worker], results: Results
) -> None:
    job, rightly = add(queue), add(queue)
    sizes = iter([1_001, 1_000])

    def perform(job: Job, folder: Path, progress: Progress) -> Result:
        return writes("x" * next(sizes))(job, folder, progress)

    working(perform)
    found = finished(queue, job)
    assert found.problem is not None
    assert (found.status, found.problem["code"]) == (Status.FAILED, "too-large")
    assert not results.of(job.id).exists()
    assert finished(queue, rightly).status is Status.SUCCESSFUL


def test_cancelling_stops_the_statement_that_runs(
    queue: Queue, working: Callable[..., Worker], database: Database, results: Results
) -> None:
    running = threading.Event()

    def perform(_job: Job, _folder: Path, progress: Progress) -> Result:
        with database.exporting() as snapshot:
            progress.begin(snapshot.cancel)
            running.set()
            try:
                snapshot.connection.execute(sa.select(sa.func.pg_sleep(600)))
            finally:
                progress.end()
        raise AssertionError("it was not stopped")

    job = add(queue)
    working(perform)
    assert running.wait(_SOON_S)
    assert queue.dismiss(job.id).status is Status.DISMISSED
    asleep = sa.text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%' AND state = 'active' AND pid <> pg_backend_pid()")  # fmt: skip  # noqa: E501
    until(lambda: database.scalar(asleep) == 0)
    until(lambda: not results.of(job.id).exists())
    assert queue.job(job.id).status is Status.DISMISSED


@pytest.mark.parametrize("rows", ["arrow", "lines"])
def test_cancelling_stops_whatever_reads(rows: str, database: Database) -> None:
    asleep = sa.text("select pg_sleep(600)::text as t").columns(sa.column("t", sa.Text))
    statement = sa.select(asleep.subquery())
    is_over = threading.Event()
    with pytest.raises((GeoserviceError, OSError)), database.exporting() as snapshot:  # noqa: PT012

        def cancelling() -> None:
            while not is_over.wait(0.2):
                snapshot.cancel()

        watcher = threading.Thread(target=cancelling)
        watcher.start()
        try:
            if rows == "lines":
                list(snapshot.lines(statement))
            else:
                with snapshot.arrow(statement) as reader:
                    reader.read_all()
        finally:
            is_over.set()
            watcher.join()


def test_a_worker_that_is_stopped_gives_its_job_back(
    queue: Queue, working: Callable[..., Worker]
) -> None:
    running = threading.Event()

    def slow(_job: Job, _folder: Path, progress: Progress) -> Result:
        running.set()
        while True:
            progress.reached(1)
            time.sleep(0.01)

    job = add(queue)
    worker = working(slow)
    assert running.wait(_SOON_S)
    worker.stop()
    found = queue.job(job.id)
    assert (found.status, found.attempts, found.started_at) == (Status.ACCEPTED, 0, None)
    working(writes("rows"))
    assert finished(queue, job).status is Status.SUCCESSFUL


def test_a_job_whose_worker_is_silent_is_begun_anew_a_few_times_at_most(
    queue: Queue, database: Database
) -> None:
    job = add(queue)
    for number in (1, 2, 3):
        claimed = queue.claim(f"worker {number}")
        assert claimed is not None
        assert claimed.attempts == number
        assert queue.claim("another") is None
        silence(database, job)
    assert queue.claim("another") is None
    found = queue.job(job.id)
    assert found.problem is not None
    assert (found.status, found.problem["code"]) == (Status.FAILED, "job-died")


def test_a_worker_that_comes_back_late_changes_nothing(queue: Queue, database: Database) -> None:
    job = add(queue)
    first = queue.claim("first")
    assert first is not None
    silence(database, job)
    second = queue.claim("second")
    assert second is not None
    assert not queue.report(first, "first", Progress(), 0)
    assert not queue.succeed(first, "first", Result("x", "y"), Progress(), 0)
    queue.fail(first, "first", None)
    assert queue.job(job.id).status is Status.RUNNING
    assert queue.succeed(second, "second", Result("x", "y"), Progress(), 0)


_DYING = """
import sys, time
from pathlib import Path
from geoservice.jobs import Queue, QueueLimits, Results, Worker
from geoservice.store.database import Database
database, results = Database(sys.argv[1]), Results(Path(sys.argv[2]))
def perform(job, folder, progress):
    (folder / "half").write_text("x")
    print("begun", flush=True)
    time.sleep(600)
queue = Queue(database, results, QueueLimits(most=5, most_of_one=3, kept_hours=1))
Worker(queue, results, perform, max_bytes=1000).start()
time.sleep(600)
"""


def test_a_job_survives_the_kill_of_its_process(
    queue: Queue,
    database: Database,
    results: Results,
    tmp_path: Path,
    working: Callable[..., Worker],
) -> None:
    job = add(queue)
    command = [sys.executable, "-c", _DYING, database.url, str(tmp_path / "exports")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        os.kill(process.pid, signal.SIGKILL)
    assert queue.job(job.id).status is Status.RUNNING
    silence(database, job)
    working(writes("rows"))
    assert finished(queue, job).attempts == 2
    assert [each.name for each in results.of(job.id).iterdir()] == ["towns.gpkg"]


def test_at_most_so_many_jobs_are_unfinished(queue: Queue) -> None:
    own = [add(queue) for _ in range(3)]
    with pytest.raises(TooManyJobs, match="max_own_jobs"):
        add(queue)
    add(queue, "another")
    add(queue, "a third")
    with pytest.raises(TooManyJobs, match="max_jobs"):
        add(queue, "a fourth")
    queue.dismiss(own[0].id)
    add(queue)


def test_jobs_of_another_folder_are_left_to_its_workers(
    queue: Queue, database: Database, tmp_path: Path
) -> None:
    other = Queue(database, Results(tmp_path / "elsewhere"), LIMITS)
    assert other.claim("there") is None
    job = add(queue)
    add(other, "another")
    claimed = other.claim("there")
    assert claimed is not None
    assert claimed.id != job.id
    assert other.claim("there") is None


def test_what_has_expired_is_forgotten_with_its_file(
    queue: Queue, database: Database, results: Results
) -> None:
    old, new = add(queue), add(queue)
    for job in (old, new):
        claimed = queue.claim("worker")
        assert claimed is not None
        (results.made(job.id) / "file").write_text("x")
        queue.succeed(claimed, "worker", Result("file", "text/plain"), Progress(), 1)
    past = sa.func.clock_timestamp() - sa.literal(timedelta(seconds=1))
    with database.access() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.id == old.id).values(expires_at=past))
    results.keep(queue.kept())
    assert not results.of(old.id).exists()
    assert results.of(new.id).exists()
    with pytest.raises(UnknownJob):
        queue.job(old.id)


def test_a_folder_that_cannot_be_made_is_told(database: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupFailed, match="GEOSERVICE_DATA_DIR"):
        add(Queue(database, Results(tmp_path / "file" / "exports"), LIMITS))


def test_readers_see_no_jobs(database: Database) -> None:
    with pytest.raises(SetupFailed):
        database.rows(sa.select(jobs.c.id))
