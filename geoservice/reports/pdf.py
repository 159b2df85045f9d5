"""A printable page as PDF, made by WeasyPrint in a process of its own that may be killed.

Laying out a page costs more than its size tells, and holds a Python process meanwhile; so it is done
beside the service, at low priority, within bounds of time and memory. Nothing is fetched: the page
has everything in it.
"""

import ctypes
import os
import subprocess
import sys
from threading import BoundedSemaphore

from geoservice.errors import Busy, SetupFailed, TooLarge
from geoservice.languages import Text

PACKAGES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-noto-cjk")
"""The Debian packages without which there is no PDF."""

MOST_CPU_S = 120
MOST_AT_ONCE = 2
"""How many are made at once by one process of the service; another request is told to come back."""

_LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
_FONTS = "fonts-noto-cjk"
_MEMORY_BYTES = 2 * 2**30
_LONGEST_WAIT_S = MOST_CPU_S * 4  # on a busy machine

_turns = BoundedSemaphore(MOST_AT_ONCE)


def missing_packages() -> tuple[str, ...]:
    """The packages that this machine lacks, in the order of `PACKAGES`."""
    missing = {package for library, package in _LIBRARIES.items() if not _is_there(library)}
    if not _has_chinese_font():
        missing.add(_FONTS)
    return tuple(package for package in PACKAGES if package in missing)


def pdf(html: str) -> bytes:
    """The page as PDF; waits for it.

    Raises:
        SetupFailed: a package is missing, with its name.
        Busy: others are being made.
        TooLarge: it takes more time or memory than it may have.
    """
    require_packages()
    if not _turns.acquire(blocking=False):
        raise Busy(what="PDF", limit=MOST_AT_ONCE)
    try:
        return _made(html)
    finally:
        _turns.release()


def _made(html: str) -> bytes:
    command = [sys.executable, "-P", "-m", __name__]
    try:
        done = subprocess.run(
            command,
            input=html.encode("utf-8", "replace"),
            capture_output=True,
            check=False,
            timeout=_LONGEST_WAIT_S,
        )
    except subprocess.TimeoutExpired as late:
        raise _too_large() from late
    if done.returncode < 0 or b"MemoryError" in done.stderr:
        raise _too_large()
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise RuntimeError(done.stderr.decode("utf-8", "replace")[-2000:])
    return done.stdout


def _too_large() -> TooLarge:
    return TooLarge(limit_name="pdf_cpu_s", limit=MOST_CPU_S, actual=f"> {MOST_CPU_S}")


def require_packages() -> None:
    """Raise `SetupFailed` if this machine cannot make a PDF."""
    missing = missing_packages()
    if missing:
        command = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
        raise SetupFailed(
            reason=Text(
                zh=f"本机不能生成 PDF，缺少系统软件包。请以 root 运行：{command}；"
                "或改用可打印网页（f=report）。",
                en=f"This machine lacks packages for PDF. Run as root: {command}; "
                "or print the page (f=report).",
            )
        )


def _is_there(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _has_chinese_font() -> bool:
    """Whether fontconfig, on which Pango depends, knows a font with Chinese characters."""
    command = ["fc-list", ":lang=zh-cn", "family"]
    try:
        found = subprocess.run(command, capture_output=True, check=False).stdout
    except FileNotFoundError:
        return False
    return bool(found.strip())


def _write_pdf() -> None:
    """The work of the process: a page from standard input, its PDF to standard output."""
    import resource

    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    from weasyprint import HTML
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    class Nothing(URLFetcher):  # type: ignore[misc]
        """Fetches nothing: an address in a page would be a mistake of ours."""

        def fetch(self, url: str, headers: object = None) -> None:
            raise FatalURLFetchingError(f"a report fetches nothing, not {url}")

    page = sys.stdin.buffer.read().decode()
    made = HTML(string=page, url_fetcher=Nothing()).write_pdf(presentational_hints=True)
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    _write_pdf()
