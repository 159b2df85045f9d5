"""The command tree: of the service where its libraries are installed, else of the client alone."""

import signal
from types import FrameType
from typing import Annotated

import typer
from rich.markup import escape

from geoservice import __version__
from geoservice.doors import server_libraries
from geoservice.doors.command_line import export, questions

_HELP = "自然资源台账与空间问答 · A city's natural-resources registers, and questions over them"
_INSTALL = escape(server_libraries.INSTALL)
_CLIENT_ALONE = (
    f"此处只装有客户端；服务与数据库的命令需要：{_INSTALL} · "
    f"Only the client is installed; the commands of the service need: {_INSTALL}"
)


def command_tree(*, has_server: bool) -> typer.Typer:
    """The commands: all of them, or those that need nothing but the client."""
    tree = typer.Typer(
        name="geoservice",
        help=_HELP,
        epilog=None if has_server else _CLIENT_ALONE,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    tree.callback()(_root)
    if has_server:
        _add_service_to(tree)
    for family in (export, questions):
        family.add_to(tree)
    return tree


def _add_service_to(tree: typer.Typer) -> None:
    from geoservice.doors.command_line import (
        access,
        answers,
        data,
        database,
        ledger,
        locks,
        qgis,
        service,
    )

    tree.add_typer(database.commands, name="db")
    tree.add_typer(access.user_commands, name="user")
    tree.add_typer(access.key_commands, name="key")
    tree.add_typer(locks.commands, name="lock")
    tree.add_typer(ledger.commands, name="ledger")
    tree.add_typer(answers.commands, name="answers")
    for family in (service, data, qgis):
        family.add_to(tree)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _root(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="版本 · Version"),
    ] = False,
) -> None:
    pass


application = command_tree(has_server=not server_libraries.missing())


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
