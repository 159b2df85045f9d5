"""One data folder and the PostgreSQL server over it: make, start, ask, stop, remove.

Takes no locks: `Cluster` calls these one process at a time.
"""

import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import psycopg
from psycopg import sql

from geoservice.embedded import configuration, postmaster
from geoservice.embedded.account import Account, calling_user
from geoservice.embedded.installation import Installation
from geoservice.errors import SetupFailed
from geoservice.languages import Text

DATABASE = "geoservice"

_OUR_SETTINGS = "geoservice.conf"
_POLL_S = 0.05
_RECOVERY_S = 600.0
_ANSWER_S = 30.0
_STOP_S = 60
_SHOWN_LOG_LINES = 12
_ORPHANS = "shared memory block"


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server that may or may not exist or run yet.

    Attributes:
        installation: the programs.
        account: who owns the data folder and the processes.
        data_folder: its files.
        socket_folder: where it listens; short, because the kernel allows 107 bytes.
        max_connections: connections at once.
        durable: whether committed work survives a crash.
    """

    installation: Installation
    account: Account
    data_folder: Path
    socket_folder: Path
    max_connections: int
    durable: bool

    @property
    def pid(self) -> int | None:
        """The process id of the running server; None when it does not run."""
        return postmaster.running_pid(self.data_folder)

    def bring_up(self) -> bool:
        """Make it run, create what is missing, and wait until it answers.

        Returns:
            Whether this call started it.

        Raises:
            SetupFailed: it does not start; with the last lines of its log.
        """
        discard(_removed(self.data_folder))
        self._prepare_socket_folder()
        if not self.data_folder.exists():
            self._create()
        self._settle()
        must_start = self.pid is None
        if must_start:
            self._launch()
        self._ensure_database()
        return must_start

    def shut_down(self) -> None:
        """Stop it, ending open connections; nothing happens when it does not run.

        Raises:
            SetupFailed: it does not stop.
        """
        for mode in ("fast", "immediate"):
            if self.pid is None:
                return
            done = self._run(
                "pg_ctl", "stop", "-D", str(self.data_folder), "-m", mode, "-w", "-t", str(_STOP_S)
            )
        if self.pid is not None:
            raise self._failed("无法停止数据库", "The database does not stop", done.stdout)

    def connect(self, database: str = DATABASE) -> psycopg.Connection:
        """A connection as superuser, each statement its own transaction.

        Raises:
            psycopg.OperationalError: the server does not answer.
        """
        return psycopg.connect(
            host=str(self.socket_folder),
            port=configuration.PORT,
            user=configuration.SUPERUSER,
            dbname=database,
            requirepeer=self.account.name,
            connect_timeout=10,
            autocommit=True,
        )

    def _create(self) -> None:
        """Run initdb aside and rename, so that a data folder is either whole or not there."""
        unfinished = _unfinished(self.data_folder)
        discard(unfinished)
        unfinished.mkdir(mode=0o700)
        self._give(unfinished)
        done = self._run(
            *("initdb", "-D", str(unfinished), "-U", configuration.SUPERUSER, "--auth=peer"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-sync"),
        )
        if done.returncode != 0:
            raise self._failed(
                "无法创建数据库目录", "The data folder cannot be created", done.stdout
            )
        # initdb has probed this machine's shared memory and written what works: ours is added.
        with _opened(unfinished / "postgresql.conf", os.O_APPEND) as file:
            file.write(f"\ninclude = '{_OUR_SETTINGS}'\n")
        if self.durable:
            # One flush of the file system is faster than initdb's file by file.
            self.account.run(["sync", "--file-system", str(unfinished)])
        unfinished.rename(self.data_folder)
        if self.durable:
            _flush_names(self.data_folder.parent)

    def _launch(self) -> None:
        self._write_configuration()
        postmaster.forget_stale_pid(self.data_folder)
        self._socket.unlink(missing_ok=True)
        self._socket.with_name(f"{self._socket.name}.lock").unlink(missing_ok=True)
        give_up = time.monotonic() + _STOP_S
        command = ("pg_ctl", "start", "-D", str(self.data_folder), "-l", str(self._start_log))
        while True:
            self._start_log.unlink(missing_ok=True)
            done = self._run(*command, "-w", "-t", f"{_RECOVERY_S:.0f}", timeout_s=_RECOVERY_S + 10)
            if done.returncode == 0:
                return
            # After a kill the old server's children finish what they are doing before they notice.
            has_orphans = self._start_log.exists() and _ORPHANS in self._start_log.read_text()
            if not has_orphans or time.monotonic() > give_up:
                reason = self._log_tail() or done.stdout
                raise self._failed("数据库无法启动", "The database does not start", reason)
            time.sleep(_POLL_S)

    def _write_configuration(self) -> None:
        settings = configuration.server_settings(
            configuration.this_machine(),
            socket_folder=self.socket_folder,
            max_connections=self.max_connections,
            durable=self.durable,
        )
        files = {
            _OUR_SETTINGS: configuration.as_configuration_file(settings),
            "pg_hba.conf": configuration.host_based_authentication(),
            "pg_ident.conf": configuration.identity_map((self.account.name, calling_user())),
        }
        for name, content in files.items():
            path = self.data_folder / name
            path.unlink(missing_ok=True)
            with _opened(path, os.O_CREAT | os.O_EXCL) as file:
                file.write(content)
            self._give(path)

    def _prepare_socket_folder(self) -> None:
        """Make the socket folder, and refuse one that another user has put in its place."""
        try:
            self.socket_folder.mkdir(mode=0o700)
            self._give(self.socket_folder)
        except FileExistsError as problem:
            found = self.socket_folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.account.uid:
                raise SetupFailed(
                    reason=Text(
                        zh=f"{self.socket_folder} 不属于用户 {self.account.name}；请删除后重试。",
                        en=f"{self.socket_folder} does not belong to {self.account.name}; "
                        "remove it and try again.",
                    )
                ) from problem

    def _settle(self) -> None:
        """Let a start or stop that is under way come to its end: it answers or does not run."""
        began = time.monotonic()
        while self.pid is not None:
            is_ready = postmaster.is_ready(self.data_folder)
            if is_ready and self._answers():
                return
            if is_ready and not self._socket.exists():
                # Something swept the socket away: the server is alive but nobody can reach it.
                self.shut_down()
            elif time.monotonic() - began > (_ANSWER_S if is_ready else _RECOVERY_S):
                raise self._failed("数据库没有响应", "The server does not answer", self._log_tail())
            time.sleep(_POLL_S)

    def _answers(self) -> bool:
        # Only an answer proves a server: right after SIGKILL all else is as if it were alive.
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _ensure_database(self) -> None:
        """Create the database and PostGIS, or bring PostGIS to the version that is installed."""
        try:
            with self.connect("postgres") as connection:
                known = connection.execute(
                    "select 1 from pg_database where datname = %s", (DATABASE,)
                )
                if known.fetchone() is None:
                    connection.execute(
                        sql.SQL("create database {}").format(sql.Identifier(DATABASE))
                    )
            with self.connect() as connection:
                versions = connection.execute(
                    "select installed_version, default_version from pg_available_extensions"
                    " where name = 'postgis'"
                ).fetchone()
                installed, available = versions or (None, None)
                if installed is None:
                    connection.execute("create extension postgis")
                elif installed != available:
                    connection.execute("alter extension postgis update")
        except psycopg.Error as problem:
            raise self._failed(
                "数据库没有响应", "The database does not answer", str(problem)
            ) from problem

    @property
    def _socket(self) -> Path:
        return self.socket_folder / f".s.PGSQL.{configuration.PORT}"

    @property
    def _start_log(self) -> Path:
        return self.data_folder / "start.log"

    def _log_tail(self) -> str:
        logs = sorted(
            (self.data_folder / "log").glob("*.log"), key=lambda log: log.stat().st_mtime
        )[-1:]
        if self._start_log.exists():
            logs.append(self._start_log)
        lines = [line for log in logs for line in log.read_text(errors="replace").splitlines()]
        return "\n".join(lines[-_SHOWN_LOG_LINES:])

    def _run(
        self, program: str, *arguments: str, timeout_s: float = 120
    ) -> subprocess.CompletedProcess[str]:
        # pg_ctl asks whether the server answers; without a name it would ask as a role we lack.
        environment = {"PGUSER": configuration.SUPERUSER, "PGDATABASE": "postgres"}
        command = (self.installation.program(program), *arguments)
        return self.account.run(command, environment=environment, timeout_s=timeout_s)

    def _give(self, path: Path) -> None:
        if self.account.is_other:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)

    def _failed(self, zh: str, en: str, detail: str) -> SetupFailed:
        where = self.data_folder
        return SetupFailed(
            reason=Text(zh=f"{zh}（{where}）：\n{detail}", en=f"{en} ({where}):\n{detail}")
        )


def remove_database(data_folder: Path) -> None:
    """Remove the data folder of a server that does not run, with what interruptions have left.

    The folder is renamed first, so that an interrupted removal leaves no half database.
    """
    discard(_removed(data_folder))
    if data_folder.exists():
        data_folder.rename(_removed(data_folder))
    discard(_removed(data_folder))
    discard(_unfinished(data_folder))


def discard(folder: Path) -> None:
    """Remove a folder with all it holds, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)


def _unfinished(data_folder: Path) -> Path:
    return data_folder.with_name(f"{data_folder.name}.unfinished")


def _removed(data_folder: Path) -> Path:
    return data_folder.with_name(f"{data_folder.name}.removed")


def _flush_names(folder: Path) -> None:
    """Write a folder's list of names to the disk, so that a rename survives a power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[TextIO]:
    # Root writes into another account's folder: never through a link that this account has laid.
    with open(
        os.open(path, os.O_WRONLY | os.O_NOFOLLOW | flags, 0o600), "w", encoding="utf-8"
    ) as file:
        yield file
