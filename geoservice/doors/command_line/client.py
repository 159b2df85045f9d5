"""What the commands of the client share: the service that is asked, and mistakes in words.

These commands ask a service, or the database of this machine in this process, by the Python client;
they work where nothing but the client is installed. The client is imported where it is used.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from geoservice.doors.command_line import completion
from geoservice.doors.command_line.output import fail, language, notes

if TYPE_CHECKING:
    from geoservice.client import Client, GeoserviceError

AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON · JSON output")]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="ADDRESS",
        help="服务地址；默认取 GEOSERVICE_URL，否则用本机数据库 · Address of a service; by default "
        "GEOSERVICE_URL, else the database of this machine",
    ),
]

_PATIENCE_S = 1_800.0
"""Who waits at a terminal can stop it himself; the service has limits of its own."""
_OWN_FAULT = 1


@contextmanager
def connected(url: str | None, *, as_json: bool) -> Iterator["Client"]:
    """The service that is asked; a mistake meanwhile becomes words and an exit code."""
    from geoservice import connect
    from geoservice.client import GeoserviceError

    try:
        with _warnings_noted(), connect(url, lang=language(), timeout_s=_PATIENCE_S) as city:
            completion.remember(city, url)
            yield city
    except GeoserviceError as mistake:
        words = str(mistake).removeprefix(mistake.title).removeprefix("：").removeprefix(": ")
        fail(mistake.title, words, mistake.code, exit_code(mistake), as_json=as_json)
    except OSError as fault:
        fail(str(fault.filename or "OSError"), str(fault.strerror), "file", 2, as_json=as_json)


def exit_code(mistake: "GeoserviceError") -> int:
    """The exit code of a mistake of the client; the same as for one of this machine's own."""
    from geoservice.client import errors

    codes = (
        (errors.BadRequest, 2),
        (errors.NotFound, 3),
        (errors.Rejected, 4),
        (errors.TooLarge, 4),
        (errors.Conflict, 5),
        (errors.Unavailable, 6),
        (errors.ConnectionFault, 6),
        (errors.NotAllowed, 7),
    )
    return next((code for kind, code in codes if isinstance(mistake, kind)), _OWN_FAULT)


@contextmanager
def _warnings_noted() -> Iterator[None]:
    """Show warnings as notes, without the line of the program that gave them."""

    def note(message: Warning | str, *_: object, **__: object) -> None:
        notes.print(f"[yellow]![/] {escape(str(message))}", highlight=False)

    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = note
        yield
