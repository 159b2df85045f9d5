"""Whether the server of a data folder is running, judged by evidence.

`postmaster.pid` alone proves nothing: it outlives a crash, its number may belong to another program
by then, and right after SIGKILL the process is still listed.
"""

import os
from pathlib import Path


def recorded_pid(data_folder: Path) -> int | None:
    """The process id in `postmaster.pid`; None when there is no such file or it is unreadable."""
    try:
        return int((data_folder / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def running_pid(data_folder: Path) -> int | None:
    """The process id of the live server of this data folder; None when it has none."""
    pid = recorded_pid(data_folder)
    return pid if pid is not None and _serves(pid, data_folder) else None


def is_ready(data_folder: Path) -> bool:
    """Whether the server says of itself, as the last word of its file, that it can be used."""
    try:
        return (data_folder / "postmaster.pid").read_text().split()[-1:] == ["ready"]
    except FileNotFoundError:
        return False


def has_crashed(data_folder: Path) -> bool:
    """Whether the server ended without being asked: an orderly stop removes `postmaster.pid`."""
    return recorded_pid(data_folder) is not None and running_pid(data_folder) is None


def forget_stale_pid(data_folder: Path) -> None:
    """Remove a `postmaster.pid` whose number is in use, but not by the server.

    Either another program has the number now, as is common after a container's restart, or the dead
    server's parent has not collected it, as with a container's first process. PostgreSQL clears all
    other leftovers itself, and in any case refuses to start while an orphan still writes.
    """
    pid = recorded_pid(data_folder)
    if pid is not None and Path(f"/proc/{pid}").exists() and not _serves(pid, data_folder):
        (data_folder / "postmaster.pid").unlink(missing_ok=True)


def _serves(pid: int, data_folder: Path) -> bool:
    # A server's working folder is its data folder. A dead process has none.
    process = Path(f"/proc/{pid}")
    try:
        return Path(os.readlink(process / "cwd")) == data_folder
    except PermissionError:
        # Root in a container often lacks the right to ask; what was started is public.
        return _was_started_for(process, data_folder)
    except OSError:
        return False


def _was_started_for(process: Path, data_folder: Path) -> bool:
    try:
        arguments = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"-D" in arguments[:-1] and arguments[arguments.index(b"-D") + 1] == os.fsencode(
        data_folder
    )
