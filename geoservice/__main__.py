"""`python3 geoservice …` in a fresh clone, and `python -m geoservice …` where it is installed.

In a clone nothing but git and Python is needed: this file makes `.boot/` (uv), then `.venv/` (what
the lock file names), and hands over to the command line in it. `python3 geoservice test …` also
makes sure of PostGIS and hands over to pytest. Once the environment is complete, that costs a few
milliseconds; what was interrupted is made again.

Only the standard library is used, and the syntax of older Pythons, so that they can be told.
"""

from __future__ import annotations

import sys

if __name__ == "__main__" and not __package__:
    # Run as a folder, the package itself is searched first and hides modules of the same names.
    del sys.path[0]

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

CLONE = Path(__file__).resolve().parent.parent

_OLDEST_PYTHON = (3, 11)
_HEARTBEAT_S = 10
_SHOWN_LINES = 20
_APT_GET = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300")
_VENV_PACKAGE = "python3-venv"


class CannotSetUp(Exception):
    """The environment cannot be made; the text says in both languages what to do."""


def main(arguments: Sequence[str]) -> int:
    """Make the environment ready and replace this process by the program; returns on failure only.

    Args:
        arguments: those of the command line; `test` and its arguments go to pytest.
    """
    tests = list(arguments[:1]) == ["test"]
    try:
        require_python(sys.version_info[:2])
        make_ready(CLONE, tests=tests)
    except CannotSetUp as problem:
        say(str(problem))
        return 1
    except KeyboardInterrupt:
        return 130
    programs = CLONE / ".venv/bin"
    if not tests:
        return replace_process([str(programs / "geoservice"), *arguments])
    os.chdir(CLONE)
    postgis = subprocess.run([str(programs / "python"), "-m", "geoservice.embedded"], check=False)
    if postgis.returncode != 0:
        return postgis.returncode
    return replace_process([str(programs / "pytest"), *arguments[1:]])


def replace_process(command: list[str]) -> int:
    """Become another program, which keeps the terminal, the process id and the signals."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)  # noqa: S606 (a program of ours, no shell)


def say(line: str) -> None:
    """Show a line of progress; on stderr, because stdout belongs to the program's answer."""
    print(line, file=sys.stderr, flush=True)


def require_python(version: Sequence[int]) -> None:
    """Refuse a Python that is too old.

    Raises:
        CannotSetUp: with the version that is needed.
    """
    if tuple(version) < _OLDEST_PYTHON:
        needed, found = (".".join(map(str, each)) for each in (_OLDEST_PYTHON, version))
        raise CannotSetUp(
            f"需要 Python {needed} 或更高版本，当前为 {found}。\n"
            f"Python {needed} or newer is needed; this is {found}."
        )


def make_ready(clone: Path, *, tests: bool) -> None:
    """Bring `.venv/` to what the lock file says; quick when it is there already.

    Several processes may call it at once. What an earlier call has installed for the tests stays.

    Args:
        clone: the folder with `pyproject.toml` and `uv.lock`.
        tests: whether the tools for the tests are needed too.

    Raises:
        CannotSetUp: not a clone, not writable, or a step failed.
    """
    if is_ready(clone, tests=tests):
        return
    if not (clone / "uv.lock").exists():
        raise CannotSetUp(
            f"{clone} 不是源码目录；已安装时请直接运行 geoservice。\n"
            f"{clone} is not a clone of the sources; where it is installed, run geoservice."
        )
    if not os.access(clone, os.W_OK):
        raise CannotSetUp(
            f"无法写入 {clone}；请克隆到可写的目录。\n"
            f"{clone} is not writable; clone into a folder where you may write."
        )
    with one_at_a_time(clone):
        if not is_ready(clone, tests=tests):
            uv = make_uv(clone)
            synchronise(clone, uv, tests=tests or bool(read_stamp(clone).get("tests")))


def is_ready(clone: Path, *, tests: bool) -> bool:
    """Whether `.venv/` was completed for this lock file, in this place, and not changed since."""
    stamp = read_stamp(clone)
    return (
        stamp.get("inputs") == inputs(clone)
        and stamp.get("packages") == installed_packages(clone)
        and (bool(stamp.get("tests")) or not tests)
        and (clone / ".venv/bin/python").exists()
    )


def inputs(clone: Path) -> str:
    """A digest of everything that decides on the content of `.venv/`, its own place included."""
    digest = hashlib.sha256(os.fsencode(clone))
    for name in ("uv.lock", "pyproject.toml"):
        file = clone / name
        digest.update(file.read_bytes() if file.exists() else b"")
    return digest.hexdigest()


def installed_packages(clone: Path) -> list[str]:
    """The packages in `.venv/` with their versions, so that a change by hand is noticed."""
    return sorted(each.name for each in clone.glob(".venv/lib/python*/site-packages/*.dist-info"))


def read_stamp(clone: Path) -> Mapping[str, object]:
    """What the last complete setup has noted; empty when there was none."""
    try:
        stamp = json.loads(stamp_file(clone).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def stamp_file(clone: Path) -> Path:
    """The note; inside `.venv/`, so that it goes when that goes."""
    return clone / ".venv/geoservice-ready.json"


@contextmanager
def one_at_a_time(clone: Path) -> Iterator[None]:
    """Hold the folder itself as a lock, which ends with the process."""
    descriptor = os.open(clone, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def make_uv(clone: Path) -> Path:
    """The uv program in `.boot/`, installed unless an earlier setup has completed it."""
    boot = clone / ".boot"
    uv, complete = boot / "bin/uv", boot / "complete"
    if not (complete.exists() and uv.exists()):
        if importlib.util.find_spec("ensurepip") is None:
            install_venv()
        shutil.rmtree(boot, ignore_errors=True)
        say("[1/2] 准备安装工具 / Preparing the installer")
        run_step([sys.executable, "-m", "venv", str(boot)])
        run_step([str(boot / "bin/python"), "-m", "pip", "install", "--quiet", "uv"])
        complete.touch()
    return uv


def synchronise(clone: Path, uv: Path, *, tests: bool) -> None:
    """Install what the lock file names, and note it."""
    environment = clone / ".venv"
    if read_stamp(clone) and read_stamp(clone).get("clone") != str(clone):
        # The clone was moved: scripts in the environment name the old place.
        shutil.rmtree(environment)
    stamp_file(clone).unlink(missing_ok=True)
    say("[2/2] 安装依赖 / Installing the dependencies")
    groups = ["--group", "dev"] if tests else []
    run_step(
        [str(uv), "sync", "--frozen", "--extra", "server", *groups, "--python", sys.executable],
        folder=clone,
        # Pythons of uv's own come from a place that not every network reaches.
        variables={"UV_PYTHON_DOWNLOADS": "never", "UV_PROJECT_ENVIRONMENT": str(environment)},
    )
    stamp = {
        "clone": str(clone),
        "inputs": inputs(clone),
        "packages": installed_packages(clone),
        "tests": tests,
    }
    stamp_file(clone).write_text(json.dumps(stamp), encoding="utf-8")


def install_venv() -> None:
    """Install Debian's missing half of Python's `venv`.

    Raises:
        CannotSetUp: no root's rights, or this Python is not Debian's.
    """
    by_hand = f"apt-get update && apt-get install -y {_VENV_PACKAGE}"
    say(f"安装 {_VENV_PACKAGE} / Installing {_VENV_PACKAGE}")
    root = root_prefix()
    if root is None or shutil.which("apt-get") is None:
        raise CannotSetUp(
            f"本机的 Python 缺少 venv。请以 root 运行：{by_hand}\n"
            f"This Python lacks venv. Run as root: {by_hand}"
        )
    run_step([*root, *_APT_GET, "update"], may_fail=True)
    run_step([*root, *_APT_GET, "install", "-y", "--no-install-recommends", _VENV_PACKAGE])
    probe = subprocess.run([sys.executable, "-c", "import ensurepip"], check=False, cwd="/")
    if probe.returncode != 0:
        raise CannotSetUp(
            f"{sys.executable} 缺少 ensurepip，请改用系统的 /usr/bin/python3。\n"
            f"{sys.executable} lacks ensurepip; use the system's /usr/bin/python3."
        )


def root_prefix() -> list[str] | None:
    """What gives a command root's rights; asks for the password here; None when nothing does."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    allowed = subprocess.run(["sudo", "--validate"], check=False).returncode == 0
    return ["sudo", "-n"] if allowed else None


def run_step(
    command: Sequence[str],
    *,
    folder: Path = Path("/"),
    variables: Mapping[str, str] | None = None,
    may_fail: bool = False,
) -> None:
    """Run a program to its end, with a sign of life while it takes long.

    Args:
        command: the program with its arguments.
        folder: where it runs.
        variables: added to the environment, whose proxies and mirrors are kept.
        may_fail: whether a failure is passed over.

    Raises:
        CannotSetUp: it failed; with the end of its output.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        with subprocess.Popen(
            command,
            cwd=folder,
            env={**inherited, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process:
            while process.poll() is None:
                try:
                    process.wait(_HEARTBEAT_S)
                except subprocess.TimeoutExpired:
                    say(f"      … {time.monotonic() - began:.0f} s")
        if process.returncode != 0 and not may_fail:
            output.seek(0)
            lines = output.read().decode(errors="replace").splitlines()[-_SHOWN_LINES:]
            raise CannotSetUp(
                "\n".join((*lines, f"失败 / Failed ({process.returncode}): {' '.join(command)}"))
            )


if __name__ == "__main__":
    if __package__:
        from geoservice.doors.command_line import main as command_line

        command_line()
    else:
        sys.exit(main(sys.argv[1:]))
