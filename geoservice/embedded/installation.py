"""The PostgreSQL servers with PostGIS that Debian's packages have installed on this machine."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Installation:
    """The programs of one PostgreSQL major version whose PostGIS is installed too."""

    major: int
    programs: Path

    def program(self, name: str) -> str:
        """The full path of one of its programs, such as `pg_ctl`; not on PATH with Debian."""
        return str(self.programs / name)


def installed_servers(root: Path = Path("/")) -> dict[int, Installation]:
    """Every usable server by major version; empty when PostGIS is not installed.

    A server without `postgis.control` is left out: it would start and then refuse the extension.

    Args:
        root: the root folder of the machine.
    """
    found: dict[int, Installation] = {}
    for programs in root.glob("usr/lib/postgresql/*/bin"):
        major = programs.parent.name
        extension = root / "usr/share/postgresql" / major / "extension/postgis.control"
        if major.isdecimal() and (programs / "initdb").exists() and extension.exists():
            found[int(major)] = Installation(int(major), programs)
    return found
