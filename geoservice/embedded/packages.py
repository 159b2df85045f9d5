"""PostgreSQL and PostGIS from the Debian packages of this machine.

The package `postgresql-postgis` depends on whatever versions the Debian release has, so that no
version is named here.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.console import Console

from geoservice.embedded.installation import installed_servers
from geoservice.errors import SetupFailed
from geoservice.languages import DEFAULT_LANGUAGE, Language, Text

PACKAGE = "postgresql-postgis"

Progress = Callable[[str], None]

_SHOWN_LOG_LINES = 12
# Wait for another apt, such as the automatic updates after boot.
_APT_GET = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300")
_BY_HAND = f"apt-get update && apt-get install -y --no-install-recommends {PACKAGE}"
_CLUSTER_SETTINGS = "/etc/postgresql-common/createcluster.conf"
_NO_MAIN_CLUSTER = (
    "# Written by geoservice, which runs a cluster of its own.\ncreate_main_cluster = false\n"
)


@dataclass(frozen=True)
class Step:
    """One command of the installation.

    Attributes:
        title: what a user reads meanwhile.
        command: the program with its arguments; root's rights are added when it is run.
        content: the program's standard input.
        may_fail: whether the installation can succeed without it.
    """

    title: Text
    command: tuple[str, ...]
    content: str = ""
    may_fail: bool = False


class Machine(Protocol):
    """What the installation asks and does: the real machine, or a test's stand-in."""

    def has_program(self, name: str) -> bool:
        """Whether a program can be found."""

    def has_package(self, name: str) -> bool:
        """Whether a Debian package is installed."""

    def is_root(self) -> bool:
        """Whether this process has root's rights."""

    def may_use_sudo(self) -> bool:
        """Whether sudo gives root's rights, asking for a password where somebody can answer."""

    def run(self, command: Sequence[str], *, content: str, log: Path) -> int:
        """Run a command with its output added to a log; its exit status."""


class ThisMachine:
    """The machine this process runs on."""

    def has_program(self, name: str) -> bool:
        """Whether a program is on PATH."""
        return shutil.which(name) is not None

    def has_package(self, name: str) -> bool:
        """Whether dpkg has it in any state but removed."""
        query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", name]
        state = subprocess.run(query, capture_output=True, text=True, check=False).stdout
        return state not in ("", "not-installed", "config-files")

    def is_root(self) -> bool:
        """Whether the effective user is root."""
        return os.geteuid() == 0

    def may_use_sudo(self) -> bool:
        """Whether sudo works without a password, or works after asking at the terminal."""
        if not self.has_program("sudo"):
            return False
        silent = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
        if silent.returncode == 0:
            return True
        if not sys.stdin.isatty():
            return False
        return subprocess.run(["sudo", "--validate"], check=False).returncode == 0

    def run(self, command: Sequence[str], *, content: str, log: Path) -> int:
        """Run a command to its end; there is no time limit, since networks differ."""
        with log.open("a", encoding="utf-8") as output:
            output.write(f"$ {shlex.join(command)}\n")
            output.flush()
            return subprocess.run(
                command,
                input=content.encode(),
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode


def postgis_is_installed() -> bool:
    """Whether this machine has a PostgreSQL server with PostGIS that the cluster can use."""
    return bool(installed_servers())


def installation_steps(*, common_is_installed: bool) -> tuple[Step, ...]:
    """The commands that install PostGIS, in order.

    Args:
        common_is_installed: whether Debian's PostgreSQL is in use here. If so its configuration is
            not touched; else the cluster that it would create and start at boot is declined.
    """
    # Another vendor's package list may be broken; whether it matters shows in the installation.
    update = Step(
        Text(zh="更新软件包列表", en="Updating the package lists"),
        (*_APT_GET, "update"),
        may_fail=True,
    )
    install = Step(
        Text(zh="安装 PostgreSQL 和 PostGIS", en="Installing PostgreSQL and PostGIS"),
        (*_APT_GET, "install", "--yes", "--no-install-recommends", PACKAGE),
    )
    if common_is_installed:
        return (update, install)
    title = Text(zh="不创建系统自带的数据库", en="Declining the system's own database")
    decline = Step(
        title, ("install", "-D", "-m", "644", "/dev/stdin", _CLUSTER_SETTINGS), _NO_MAIN_CLUSTER
    )
    return (decline, update, install)


def install_postgis(
    progress: Progress | None = None,
    *,
    language: Language = DEFAULT_LANGUAGE,
    machine: Machine | None = None,
) -> None:
    """Install PostgreSQL and PostGIS with apt-get, as root or through sudo.

    Does nothing when they are installed. A password that sudo wants is asked for before the first
    step. All output goes to a log, which is kept when a step fails.

    Args:
        progress: gets the title of each step; without it a status line is shown on the terminal.
        language: of the titles.
        machine: where to install; this machine unless told.

    Raises:
        SetupFailed: no apt-get, no root's rights (with the command to run by hand), or a step
            failed (with the end of its output and the log's place).
    """
    if machine is None:
        if postgis_is_installed():
            return
        machine = ThisMachine()
    prefix = _rights(machine)
    steps = installation_steps(common_is_installed=machine.has_package("postgresql-common"))
    descriptor, name = tempfile.mkstemp(prefix="geoservice-install-", suffix=".log")
    os.close(descriptor)
    log = Path(name)
    with _status_line() if progress is None else _as_given(progress) as show:
        for step in steps:
            show(step.title.spoken(language))
            status = machine.run((*prefix, *step.command), content=step.content, log=log)
            if status != 0 and not step.may_fail:
                raise _step_failed(step, status, log)
    log.unlink()
    if isinstance(machine, ThisMachine) and not postgis_is_installed():
        raise not_installed()


def not_installed() -> SetupFailed:
    """The mistake that PostGIS is missing, with the command that installs it."""
    return SetupFailed(
        reason=Text(
            zh=f"本机没有安装 PostGIS。请以 root 运行：{_BY_HAND}",
            en=f"PostGIS is not installed on this machine. Run as root: {_BY_HAND}",
        )
    )


def _rights(machine: Machine) -> tuple[str, ...]:
    """What to put before a command so that it runs with root's rights."""
    if not machine.has_program("apt-get"):
        raise SetupFailed(
            reason=Text(
                zh="本机没有 apt-get，无法自动安装 PostGIS。请用系统自己的方式安装，"
                "或用 GEOSERVICE_DATABASE_URL 指定一个 PostGIS 服务器。",
                en="There is no apt-get here to install PostGIS with. Install it in another way, "
                "or name a PostGIS server in GEOSERVICE_DATABASE_URL.",
            )
        )
    if machine.is_root():
        return ()
    if machine.may_use_sudo():
        return ("sudo", "-n")
    raise SetupFailed(
        reason=Text(
            zh=f"安装 PostGIS 需要 root 权限，而 sudo 不可用。请让管理员运行：su -c '{_BY_HAND}'",
            en=f"Installing PostGIS needs root's rights, and sudo is not available. "
            f"Have an administrator run: su -c '{_BY_HAND}'",
        )
    )


def _step_failed(step: Step, status: int, log: Path) -> SetupFailed:
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-_SHOWN_LOG_LINES:])
    return SetupFailed(
        reason=Text(
            zh=f"“{step.title.zh}”失败（退出码 {status}）：\n{tail}\n完整记录：{log}",
            en=f"“{step.title.en}” failed with status {status}:\n{tail}\nThe whole output: {log}",
        )
    )


@contextmanager
def _status_line() -> Iterator[Progress]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield console.print
        return
    with console.status("") as status:
        yield status.update


@contextmanager
def _as_given(progress: Progress) -> Iterator[Progress]:
    yield progress
