"""The command tree."""

import signal
from types import FrameType
from typing import Annotated

import typer

from geoservice import __version__
from geoservice.doors.command_line import (
    access,
    answers,
    data,
    database,
    ledger,
    locks,
    qgis,
    questions,
    service,
)

application = typer.Typer(
    name="geoservice",
    help="自然资源台账与空间问答 · A city's natural-resources registers, and questions over them",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
application.add_typer(database.commands, name="db")
application.add_typer(access.user_commands, name="user")
application.add_typer(access.key_commands, name="key")
application.add_typer(locks.commands, name="lock")
application.add_typer(ledger.commands, name="ledger")
application.add_typer(answers.commands, name="answers")
for family in (service, data, questions, qgis):
    family.add_to(application)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@application.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="版本 · Version"),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command that the arguments name.

    A request to terminate unwinds the stack like an error, so that a transaction is rolled back
    and an embedded database that was started for the command is stopped.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _unwind)
    application()


def _unwind(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
