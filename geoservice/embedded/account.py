"""The operating system's account under which the server runs, and running programs as it.

PostgreSQL refuses to run as root, so root runs it as `postgres`, the account that Debian's package
makes. Everybody else runs it as themselves.
"""

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from geoservice.errors import SetupFailed
from geoservice.languages import Text

_ACCOUNT_FOR_ROOT = "postgres"


@dataclass(frozen=True)
class Account:
    """A user of the operating system who owns the data folder and the server's processes."""

    name: str
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether this is not the account of the calling process, so that a switch is needed."""
        return self.uid != os.geteuid()

    def run(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        timeout_s: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this account and give its status with output and errors in `stdout`.

        The program starts in `/`, because the caller's folder may be closed to the account, and
        without the caller's `PG…` variables, which would redirect the PostgreSQL programs.

        Raises:
            SetupFailed: the program cannot be started as this account, or does not end in time.
        """
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        try:
            return subprocess.run(
                command,
                cwd="/",
                env=inherited | dict(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
                umask=0o077,
                user=self.uid if self.is_other else None,
                group=self.gid if self.is_other else None,
                extra_groups=[] if self.is_other else None,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise SetupFailed(
                reason=Text(
                    zh=f"无法以用户 {self.name} 运行 {command[0]}：{problem}",
                    en=f"{command[0]} cannot be run as user {self.name}: {problem}",
                )
            ) from problem

    def require_reach(self, folder: Path) -> None:
        """Make sure that this account can pass through a folder; asks the system, not mode bits.

        Raises:
            SetupFailed: it cannot; names the topmost folder that is closed.
        """
        if not self.is_other or self._passes(folder):
            return
        closed = next((each for each in reversed(folder.parents) if not self._passes(each)), folder)
        raise SetupFailed(
            reason=Text(
                zh=f"数据库以系统用户 {self.name} 运行，但该用户无法进入 {closed}。"
                "请把 GEOSERVICE_DATA_DIR 设为该用户可进入的目录（例如 /var/lib/geoservice）。",
                en=f"The database runs as the system user {self.name}, who cannot enter {closed}. "
                "Set GEOSERVICE_DATA_DIR to a folder it can enter, such as /var/lib/geoservice.",
            )
        )

    def _passes(self, folder: Path) -> bool:
        return self.run(["test", "-x", str(folder)]).returncode == 0


def calling_user() -> str:
    """The name of the user who runs this process.

    Raises:
        SetupFailed: the user id has no name, as in some containers; PostgreSQL needs one.
    """
    uid = os.geteuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError as problem:
        raise SetupFailed(
            reason=Text(
                zh=f"用户编号 {uid} 在本机没有用户名，PostgreSQL 无法以此身份运行；"
                "请在 /etc/passwd 中添加。",
                en=f"User id {uid} has no name on this machine, and PostgreSQL needs one; "
                "add it to /etc/passwd.",
            )
        ) from problem


def server_account_name() -> str:
    """The name of the account that runs the server when this process starts it."""
    return _ACCOUNT_FOR_ROOT if os.geteuid() == 0 else calling_user()


def server_account() -> Account:
    """The account that runs the server when this process starts it.

    Raises:
        SetupFailed: the account does not exist.
    """
    name = server_account_name()
    try:
        entry = pwd.getpwnam(name)
    except KeyError as problem:
        raise SetupFailed(
            reason=Text(
                zh=f"没有系统用户 {name}；它随 Debian 软件包 postgresql-common 一起安装。",
                en=f"There is no system user {name}; the package postgresql-common creates it.",
            )
        ) from problem
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
