"""`python -m geoservice.embedded`: installs PostGIS, or says what that lacks."""

import os
import sys

from geoservice.embedded.packages import install_postgis, postgis_is_installed
from geoservice.errors import SetupFailed
from geoservice.languages import DEFAULT_LANGUAGE, as_language


def main() -> int:
    """Install PostGIS unless it is there; the exit status of a program."""
    language = as_language(os.environ.get("LANG", "")) or DEFAULT_LANGUAGE
    if postgis_is_installed():
        return 0
    try:
        install_postgis(language=language)
    except SetupFailed as problem:
        print(problem.text(language), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
