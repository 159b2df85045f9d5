"""`geoservice db`: the embedded database, and the schema of whichever database is used."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from geoservice.doors.command_line.output import mistakes_told, say, show_facts, show_json
from geoservice.doors.session import cluster, database_url
from geoservice.errors import BadParameter
from geoservice.languages import Text

if TYPE_CHECKING:
    from geoservice.embedded import Cluster
    from geoservice.store.database import Database

commands = typer.Typer(help="数据库 · The database", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON · JSON output")]


def _embedded() -> "Cluster":
    from geoservice.settings import Settings

    settings = Settings()
    found = cluster(settings)
    if found is None:
        raise BadParameter(
            name="GEOSERVICE_DATABASE_URL",
            value="postgresql://…",  # it may hold a password
            allowed=Text(
                zh="不设置（此命令只用于内置数据库）",
                en="unset: this command is for the embedded database",
            ),
        )
    return found


@contextmanager
def _connected() -> Iterator["Database"]:
    """A database whose schema may be of any revision."""
    from geoservice.settings import Settings
    from geoservice.store.database import Database

    with database_url(Settings()) as url:
        database = Database(url)
        try:
            yield database
        finally:
            database.close()


def _show_status(as_json: bool) -> None:
    status = asdict(_embedded().status())
    status["data_folder"] = str(status["data_folder"])
    if as_json:
        show_json(status)
    else:
        show_facts(status.items())


@commands.command()
def start(as_json: AsJson = False) -> None:
    """启动内置数据库，并保持运行 · Start the embedded database; it goes on running."""
    from geoservice.embedded import install_postgis

    with mistakes_told(as_json=as_json):
        install_postgis()
        _embedded().start()
        _show_status(as_json)


@commands.command()
def stop(as_json: AsJson = False) -> None:
    """停止内置数据库 · Stop the embedded database."""
    with mistakes_told(as_json=as_json):
        _embedded().stop()
        _show_status(as_json)


@commands.command()
def status(as_json: AsJson = False) -> None:
    """内置数据库的状态 · State of the embedded database."""
    with mistakes_told(as_json=as_json):
        _show_status(as_json)


@commands.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="不再询问 · Do not ask")] = False,
    as_json: AsJson = False,
) -> None:
    """删除内置数据库及其全部数据 · Remove the embedded database with all data."""
    with mistakes_told(as_json=as_json):
        embedded = _embedded()
        folder = embedded.status().data_folder
        if not yes:
            typer.confirm(f"删除 · Remove {folder}?", abort=True)
        embedded.reset()
        _show_status(as_json)


@commands.command()
def upgrade(as_json: AsJson = False) -> None:
    """升级数据库结构 · Bring the schema up to date."""
    with mistakes_told(as_json=as_json), _connected() as database:
        from geoservice.store import schema

        schema.upgrade(database)
        state = asdict(schema.state(database))
        if as_json:
            show_json(state)
        else:
            say(Text(zh=f"数据库结构：{state['current']}", en=f"Schema: {state['current']}"))


@commands.command()
def check(as_json: AsJson = False) -> None:
    """结构与描述是否一致，并复核已发布的几何 · Tables as described? Also validates published geometry."""
    with mistakes_told(as_json=as_json), _connected() as database:
        from geoservice.files.publication import validate
        from geoservice.store import schema

        validated = validate(database)
        differences = [str(each) for each in schema.drift(database)]
        if as_json:
            show_json({"differences": differences, "validated": validated})
        else:
            for difference in differences:
                typer.echo(difference)
            say(Text(zh=f"差异 {len(differences)} 处", en=f"{len(differences)} differences"))
        raise typer.Exit(1 if differences else 0)
