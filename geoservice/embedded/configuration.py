"""What the cluster's configuration files say, derived from the machine.

Settings are written anew at every start, because a machine's memory changes. A value that an
administrator sets with `ALTER SYSTEM` is read after ours and wins.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

SUPERUSER = "geoservice"
# The database's roles. Migrations create all but the first; admitting a role that does not exist
# yet does no harm.
ROLES = (SUPERUSER, "geoservice_read", "geoservice_edit", "geoservice_migrate")
PORT = 5432

_MIB = 2**20
_ENOUGH_SHARED_MEMORY = 256 * _MIB
_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


@dataclass(frozen=True)
class Machine:
    """What the server may count on.

    Attributes:
        memory: bytes of memory.
        cpus: processors this process may use.
        shared_memory: bytes in /dev/shm, where parallel workers exchange rows.
    """

    memory: int
    cpus: int
    shared_memory: int


def this_machine() -> Machine:
    """The machine as this process may use it: a container's limits count, not its host's size."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in _CGROUP_LIMITS:
        try:
            memory = min(memory, int(limit.read_text()))
        except (OSError, ValueError):
            continue  # no such control group version, or the word "max"
    try:
        shared_memory = shutil.disk_usage("/dev/shm").total  # noqa: S108 (asked for its size only)
    except OSError:
        shared_memory = 0
    return Machine(memory, len(os.sched_getaffinity(0)), shared_memory)


def server_settings(
    machine: Machine, *, socket_folder: Path, max_connections: int, durable: bool
) -> dict[str, str]:
    """The server's settings by name.

    Args:
        machine: decides on memory and parallel workers.
        socket_folder: the only place where the server listens.
        max_connections: connections at once, the superuser's included.
        durable: False gives up crash safety for speed, for tests only.
    """
    # A worker helps large overlays by about 40 %, a second one no more; with a container's tiny
    # /dev/shm a parallel hash join fails, so there none is used.
    parallel = 1 if machine.cpus > 1 and machine.shared_memory >= _ENOUGH_SHARED_MEMORY else 0
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(socket_folder),
        "unix_socket_permissions": "0700",
        "max_connections": str(max_connections),
        # The machine is shared with the service itself and with a user's own programs.
        "shared_buffers": _megabytes(machine.memory // 16, at_least=64, at_most=1024),
        "effective_cache_size": _megabytes(machine.memory // 2, at_least=256, at_most=64 * 1024),
        "work_mem": _megabytes(machine.memory // 512, at_least=4, at_most=64),
        "maintenance_work_mem": _megabytes(machine.memory // 32, at_least=32, at_most=512),
        "max_parallel_workers_per_gather": str(parallel),
        "max_parallel_workers": str(machine.cpus),
        # Compiling costs more than it gains on spatial queries (500 ms against 312 for an overlay).
        "jit": "off",
        "random_page_cost": "1.1",
        # No replication: less is written. The server's own backup is a dump.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "2GB",
        "recovery_init_sync_method": "syncfs",
        "TimeZone": "UTC",
        "log_timezone": "UTC",
        # One file for each day of the week, overwritten a week later: logs never fill the disk.
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "%a.log",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
        "log_line_prefix": "%m [%p] %q%u@%d ",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return settings


def as_configuration_file(settings: Mapping[str, str]) -> str:
    """The settings in the syntax of `postgresql.conf`."""
    quoted = (
        f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()
    )
    return "\n".join(
        ("# Written by geoservice at every start; use ALTER SYSTEM instead.", *quoted, "")
    )


def host_based_authentication() -> str:
    """`pg_hba.conf`: only the socket, only whom the operating system vouches for."""
    return f"local all all peer map={SUPERUSER}\n"


def identity_map(users: Iterable[str]) -> str:
    """`pg_ident.conf`: the users of the operating system who may act in every role of ours."""
    lines = (f'{SUPERUSER} "{user}" {role}' for user in sorted(set(users)) for role in ROLES)
    return "\n".join((*lines, ""))


def _megabytes(size: int, *, at_least: int, at_most: int) -> str:
    return f"{min(max(size // _MIB, at_least), at_most)}MB"
