"""`up`, `serve`, `config`, `doctor`: the service and the machine it runs on."""

import ipaddress
import os
import shutil
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from geoservice.doors.command_line.output import (
    mistakes_told,
    progress_bar,
    say,
    show_facts,
    show_json,
    show_table,
)
from geoservice.doors.session import data_dir, database_url, opened
from geoservice.languages import Text

if TYPE_CHECKING:
    from geoservice.settings import Settings
    from geoservice.store.database import Database

Demo = Annotated[
    bool, typer.Option(help="数据库为空时载入演示数据 · Load demo data when the database is empty")
]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON · JSON output")]


def add_to(application: typer.Typer) -> None:
    """Add the commands to the tree."""
    application.command()(up)
    application.command()(serve)
    application.command()(config)
    application.command()(doctor)


def up(
    demo: Demo = True,
    host: Annotated[str | None, typer.Option(help="监听地址 · Address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="端口 · Port", min=1, max=65535)] = None,
    as_json: AsJson = False,
) -> None:
    """一键启动：数据库、结构、演示数据、服务 · Database, schema, demo data and service in one."""
    with mistakes_told(as_json=as_json):
        from geoservice.demo import load_demo
        from geoservice.doors.serving import serve as listen

        settings = _settings(host, port)
        with opened(settings) as session:
            if demo:
                with progress_bar() as bar:
                    load_demo(session.database, session.registry, session.region, bar.show)
            first_key = _first_key(session.database)
            os.environ["GEOSERVICE_DATABASE_URL"] = session.database.url
            session.database.close()
            _tell_address(settings, as_json, first_key)
            listen(settings, session.limits)


def serve(
    host: Annotated[str | None, typer.Option(help="监听地址 · Address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="端口 · Port", min=1, max=65535)] = None,
    as_json: AsJson = False,
) -> None:
    """只启动服务 · The service alone, on a database that is up to date."""
    with mistakes_told(as_json=as_json):
        from geoservice.doors.serving import serve as listen
        from geoservice.settings import Limits

        settings = _settings(host, port)
        with database_url(settings) as url:
            os.environ["GEOSERVICE_DATABASE_URL"] = url
            _tell_address(settings, as_json)
            listen(settings, Limits())


def config(as_json: AsJson = False) -> None:
    """全部设置及其来源 · Every setting and where it comes from."""
    with mistakes_told(as_json=as_json):
        from geoservice.settings import Limits, Settings

        rows = [
            (
                f"GEOSERVICE_{name.upper()}",
                _shown(name, value),
                name in model.model_fields_set,
                field,
            )
            for model in (Settings(), Limits())
            for name, value in dict(model).items()
            for field in (type(model).model_fields[name].description,)
        ]
        if as_json:
            show_json(
                [
                    {"name": name, "value": value, "source": "environment" if is_set else "default"}
                    for name, value, is_set, _ in rows
                ]
            )
            return
        show_table(
            "设置 · Settings",
            ("名称 · Name", "值 · Value", "来源 · Source", "说明 · Meaning"),
            (
                (name, value, "环境 · environment" if is_set else "默认 · default", text)
                for name, value, is_set, text in rows
            ),
        )


def doctor(as_json: AsJson = False) -> None:
    """检查运行条件 · Check what the service needs."""
    with mistakes_told(as_json=as_json):
        from geoservice.embedded import postgis_is_installed
        from geoservice.reports.pdf import missing_packages
        from geoservice.settings import Settings

        settings = Settings()
        folder = data_dir(settings)
        free = shutil.disk_usage(next(p for p in (folder, *folder.parents) if p.exists())).free
        facts: dict[str, object] = {
            "python": sys.version.split()[0],
            "data_dir": str(folder),
            "free_bytes": free,
            "postgis_installed": postgis_is_installed(),
            "pdf_packages_missing": ", ".join(missing_packages()) or "-",
        }
        with opened(settings) as session:
            facts["collections"] = len(list(session.registry.catalog))
        facts["database"] = "ok"
        if as_json:
            show_json(facts)
        else:
            show_facts(facts.items())


def _settings(host: str | None, port: int | None) -> "Settings":
    from geoservice.settings import Settings

    given = {"host": host, "port": port}
    return Settings().model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )


def _first_key(database: "Database") -> str | None:
    """The key of the first administrator, made where nobody is known yet; else None."""
    from geoservice.access.keys import issue_key
    from geoservice.access.users import add_first_admin

    admin = add_first_admin(database)
    return issue_key(database, admin.name, label="up").text if admin else None


def _tell_address(settings: "Settings", as_json: bool, first_key: str | None = None) -> None:
    address = (
        str(settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/") + "/"
    )
    _warn_of_open_doors(settings)
    if as_json:
        show_json({"url": address} | ({"admin_key": first_key} if first_key else {}))
        sys.stdout.flush()
    else:
        if first_key:
            say(
                Text(
                    zh="管理员密钥（只显示这一次；再要一个：geoservice key add admin）：",
                    en="Key of the administrator (shown only now; another: geoservice key add admin):",
                )
            )
            typer.echo(first_key)
        say(
            Text(
                zh=f"服务地址：{address}（Ctrl+C 停止）",
                en=f"Listening on {address} (Ctrl+C stops)",
            )
        )


def _warn_of_open_doors(settings: "Settings") -> None:
    role = settings.anonymous_role
    if role != "public" and not _is_loopback(settings.host):
        say(
            Text(
                zh=f"警告：能访问 {settings.host} 的人无需密钥即有 {role} 权限（GEOSERVICE_ANONYMOUS_ROLE）。",
                en=f"Warning: whoever reaches {settings.host} has the role {role} without a key "
                "(GEOSERVICE_ANONYMOUS_ROLE).",
            )
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(name: str, value: object) -> str:
    if value is None:
        return ""
    if name == "database_url":
        from sqlalchemy.engine import make_url

        return make_url(str(value)).render_as_string(hide_password=True)
    return str(value)
