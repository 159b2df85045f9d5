"""Programs of the system that tests ask: where they are, and what happens where they are not."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

SYSTEM_PYTHON = "/usr/bin/python3"
"""The Python whose modules Debian's packages of QGIS and GDAL are."""


def not_installed(*packages: str) -> NoReturn:
    """Skip the test and say what it needs; where every test must run, fail."""
    message = f"run as root: apt-get install --no-install-recommends {' '.join(packages)}"
    if "CI" in os.environ:
        pytest.fail(message)
    pytest.skip(message)


def require_system_module(module: str, package: str, environment: dict[str, str]) -> None:
    """Go no further without a module that a Debian package brings."""
    found = (
        Path(SYSTEM_PYTHON).exists()
        and not subprocess.run(
            [SYSTEM_PYTHON, "-c", f"import {module}"],
            env=environment,
            check=False,
            capture_output=True,
        ).returncode
    )
    if not found:
        not_installed(package)


def require_program(program: str, package: str) -> None:
    """Go no further without a program that a Debian package brings."""
    if shutil.which(program) is None:
        not_installed(package)
