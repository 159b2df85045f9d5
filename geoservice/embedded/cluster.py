"""The private cluster as the product sees it: start, stop, status, reset, and who holds it open.

On disk, below the data folder that the deployment chooses:

    pg17/              the database itself, named after PostgreSQL's major version
    pg17.unfinished/   an initdb under way or interrupted
    pg17.removed/      a removal under way or interrupted
    cluster.lock       held while one process starts, stops or removes the server
    cluster.users      held, shared, by every process that is inside `running()`

The socket is in a folder of its own in /tmp, whose name is a hash of the data folder's path.
"""

import fcntl
import hashlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

import psycopg

from geoservice.embedded import configuration, postmaster
from geoservice.embedded.account import server_account, server_account_name
from geoservice.embedded.installation import Installation, installed_servers
from geoservice.embedded.packages import not_installed
from geoservice.embedded.server import DATABASE, Server, discard, remove_database
from geoservice.errors import SetupFailed
from geoservice.languages import Text

_log = logging.getLogger(__name__)

_POLL_S = 0.05
_WAIT_FOR_OTHERS_S = 900.0
_WATCH_S = 1.0
_LONGEST_PAUSE_S = 30.0

# In the data folder while the server shall stop together with the last process that uses it.
_STOPS_WITH_LAST_USER = "stops-with-last-user"


@dataclass(frozen=True)
class ClusterStatus:
    """What a cluster is now.

    Attributes:
        state: `absent` when there is no data folder.
        data_folder: the database's files; where they would be when absent, None when PostGIS is not
            installed either.
        url: where clients connect when it runs.
        version: PostgreSQL's version, only the major one when stopped; None when absent.
        postgis: the PostGIS version; None unless running.
        pid: the server's process; None unless running.
        size_bytes: what the data folder takes on disk; 0 when absent.
    """

    state: Literal["absent", "stopped", "running"]
    data_folder: Path | None
    url: str
    version: str | None = None
    postgis: str | None = None
    pid: int | None = None
    size_bytes: int = 0


class Cluster:
    """A PostgreSQL cluster with PostGIS in a folder of the product's own.

    Several clusters run side by side when their data folders differ. All methods may be called by
    several processes and threads at once.

    Args:
        data_dir: the deployment's data folder; created when missing. As root it must be a folder
            that the system user `postgres` can enter.
        durable: False gives up crash safety for speed: for tests. Counts for the process that
            starts the server.
        max_connections: connections at once. Counts for the process that starts the server.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True, max_connections: int = 60) -> None:
        self._home = data_dir.expanduser().resolve()
        self._durable = durable
        self._max_connections = max_connections

    def start(self) -> None:
        """Make the cluster run and keep running when this process ends.

        Creates it when it does not exist, with the database `geoservice` and the extension PostGIS;
        does nothing when it runs already.

        Raises:
            SetupFailed: PostGIS is not installed, the folder cannot be used, or the server does not
                start; the message says which and what to do.
        """
        with self._alone():
            server = self._server()
            server.bring_up()
            (server.data_folder / _STOPS_WITH_LAST_USER).unlink(missing_ok=True)

    def stop(self) -> None:
        """Stop the server, ending open connections; does nothing when it does not run.

        Raises:
            SetupFailed: it does not stop.
        """
        if self._data_folders():
            with self._alone():
                self._server().shut_down()

    def reset(self) -> None:
        """Stop the server and remove the database with everything in it.

        Other files in the deployment's data folder stay. An interrupted reset leaves either the
        whole database or none. Data of a PostgreSQL version that is no longer installed go too.

        Raises:
            SetupFailed: it does not stop.
        """
        if not self._home.exists():
            return
        with self._alone():
            folders = self._data_folders().values()
            if any(postmaster.running_pid(folder) for folder in folders):
                self._server().shut_down()
            for folder in folders:
                remove_database(folder)
            discard(self._socket_folder())

    def status(self) -> ClusterStatus:
        """What the cluster is now; changes nothing, and works without PostGIS installed.

        Raises:
            SetupFailed: the data folder belongs to somebody else.
        """
        with _folder_errors(self._home):
            installed, existing = installed_servers().keys(), self._data_folders().keys()
            majors = (installed & existing) or existing or installed
            folder = self._home / f"pg{max(majors)}" if majors else None
            if folder is None or not folder.exists():
                return ClusterStatus("absent", folder, self.url())
            size, pid = _size(folder), postmaster.running_pid(folder)
            version = (folder / "PG_VERSION").read_text().strip()
        if pid is None:
            return ClusterStatus("stopped", folder, self.url(), version, size_bytes=size)
        return self._status_of_running(folder, version, pid, size)

    def url(self, database: str = DATABASE, *, role: str = configuration.SUPERUSER) -> str:
        """The SQLAlchemy URL of a database, whether the server runs or not.

        Clients check that the server belongs to the right user (`requirepeer`), so that nobody else
        can pose as it.

        Args:
            database: the database's name.
            role: the database role: the superuser unless told, or one that migrations create.
        """
        where = urlencode(
            {
                "host": str(self._socket_folder()),
                "port": configuration.PORT,
                "requirepeer": server_account_name(),
            },
            safe="/",
        )
        return f"postgresql+psycopg://{quote(role)}@/{quote(database, safe='')}?{where}"

    @contextmanager
    def running(self) -> Iterator[str]:
        """Keep the cluster running for the length of a `with` block; gives its URL.

        Starts it when it does not run, and starts it again when it dies meanwhile. A server that
        was stopped on purpose (`stop()`, an administrator) is left alone. At the end, the server
        stops if it was a `running()` that started it and no other process is inside one; a server
        started by `start()` goes on. If this process is killed, the server goes on too, until the
        next one to leave a `running()`.

        Raises:
            SetupFailed: as for `start()`.
        """
        with ExitStack() as held:
            with self._alone():
                server = self._server()
                if server.bring_up():
                    (server.data_folder / _STOPS_WITH_LAST_USER).touch()
                users = held.enter_context(self._lock_file("cluster.users"))
                fcntl.flock(users, fcntl.LOCK_SH)
            over = threading.Event()
            watch = threading.Thread(target=self._watch, args=(server, over), daemon=True)
            watch.start()
            try:
                yield self.url()
            finally:
                over.set()
                watch.join()
                self._leave(server, users)

    def _leave(self, server: Server, users: int) -> None:
        with self._alone():
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # somebody else still uses it
            if (server.data_folder / _STOPS_WITH_LAST_USER).exists():
                server.shut_down()

    def _watch(self, server: Server, over: threading.Event) -> None:
        pause = _WATCH_S
        while not over.wait(pause):
            try:
                if postmaster.has_crashed(server.data_folder):
                    _log.warning("The database server died; starting it again.")
                    with self._alone():
                        server.bring_up()
                pause = _WATCH_S
            except (SetupFailed, OSError) as problem:
                pause = min(pause * 2, _LONGEST_PAUSE_S)
                _log.error("The database does not start, next try in %.0f s: %s", pause, problem)

    def _server(self) -> Server:
        if not installed_servers():
            raise not_installed()
        account = server_account()
        account.require_reach(self._home)
        installation = self._installation()
        return Server(
            installation,
            account,
            data_folder=self._home / f"pg{installation.major}",
            socket_folder=self._socket_folder(),
            max_connections=self._max_connections,
            durable=self._durable,
        )

    def _installation(self) -> Installation:
        """The newest server that can read the data that is there, else the newest of all.

        After an upgrade of the operating system a newer server must not begin an empty database
        beside the old data.
        """
        installed = installed_servers()
        existing = self._data_folders()
        readable = installed.keys() & existing.keys() if existing else installed.keys()
        if not readable:
            major = max(existing)
            raise SetupFailed(
                reason=Text(
                    zh=f"{existing[major]} 中的数据属于 PostgreSQL {major}，但本机未安装该版本；"
                    f"请安装：apt-get install postgresql-{major}-postgis-3",
                    en=f"The data in {existing[major]} belong to PostgreSQL {major}, "
                    "which is not installed; install it: "
                    f"apt-get install postgresql-{major}-postgis-3",
                )
            )
        return installed[max(readable)]

    def _data_folders(self) -> dict[int, Path]:
        """The existing databases by PostgreSQL major version."""
        return {
            int(folder.name.removeprefix("pg")): folder
            for folder in self._home.glob("pg*")
            if folder.name.removeprefix("pg").isdecimal()
        }

    def _socket_folder(self) -> Path:
        # Not from TMPDIR: every process must find the same place. Its owner is checked at start.
        name = hashlib.blake2s(os.fsencode(self._home), digest_size=6).hexdigest()
        return Path(f"/tmp/geoservice-{os.geteuid()}-{name}")  # noqa: S108

    def _status_of_running(self, folder: Path, version: str, pid: int, size: int) -> ClusterStatus:
        postgis = None
        versions = (
            "select split_part(current_setting('server_version'), ' ', 1), extversion"
            " from pg_extension where extname = 'postgis'"
        )
        address = self.url().replace("+psycopg", "")
        try:
            with psycopg.connect(address, connect_timeout=5) as connection:
                version, postgis = connection.execute(versions).fetchone() or (version, None)
        except psycopg.Error:
            pass  # starting up, or full: the process is there all the same
        return ClusterStatus("running", folder, self.url(), version, postgis, pid, size)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the cluster's lock: one process at a time starts, stops or removes the server."""
        with _folder_errors(self._home):
            self._make_home()
            with self._lock_file("cluster.lock") as lock:
                give_up = time.monotonic() + _WAIT_FOR_OTHERS_S
                while not _locked(lock):
                    if time.monotonic() > give_up:
                        raise _still_busy(self._home)
                    time.sleep(_POLL_S)
                yield

    def _make_home(self) -> None:
        if not self._home.exists():
            self._home.mkdir(parents=True)
            if os.geteuid() == 0:
                # Whatever root's umask is: the server's account must pass through.
                self._home.chmod(0o755)

    @contextmanager
    def _lock_file(self, name: str) -> Iterator[int]:
        # Closed on exec, so the server does not inherit the lock; released by the kernel on a kill.
        descriptor = os.open(self._home / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def default_data_dir() -> Path:
    """Where a deployment keeps its data unless `GEOSERVICE_DATA_DIR` says otherwise.

    As root `/var/lib/geoservice`, because the server's account cannot enter root's home; else
    `geoservice` in the user's data folder (`XDG_DATA_HOME`, by default `~/.local/share`).
    """
    if os.geteuid() == 0:
        return Path("/var/lib/geoservice")
    # The specification wants relative values ignored.
    base = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".local/share") / "geoservice"


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512
            except FileNotFoundError:
                continue  # the running server removes files meanwhile
    return total


def _still_busy(home: Path) -> SetupFailed:
    return SetupFailed(
        reason=Text(
            zh=f"另一个进程正在启动或停止 {home} 中的数据库，等待超时。",
            en=f"Another process is starting or stopping the database in {home}; waited too long.",
        )
    )


@contextmanager
def _folder_errors(home: Path) -> Iterator[None]:
    """Tell of a folder that cannot be used as what it is, not as a programming mistake."""
    try:
        yield
    except OSError as problem:
        raise SetupFailed(
            reason=Text(
                zh=f"无法使用数据目录 {home}：{problem}。请用 GEOSERVICE_DATA_DIR 指定可写的目录。",
                en=f"The data folder {home} cannot be used: {problem}. "
                "Set GEOSERVICE_DATA_DIR to a folder you may write to.",
            )
        ) from problem
