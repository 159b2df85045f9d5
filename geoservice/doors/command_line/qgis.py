"""`qgis-project`: the collections as layers of a QGIS project."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoservice.doors.command_line.output import language, mistakes_told, say, show_json
from geoservice.doors.session import opened
from geoservice.errors import BadParameter
from geoservice.languages import LANGUAGES, Language, Text, as_language

if TYPE_CHECKING:
    from geoservice.settings import Settings

_EXTENSION = ".qgz"


def add_to(application: typer.Typer) -> None:
    """Add the command to the tree."""
    application.command("qgis-project")(write_project)


def write_project(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="文件（.qgz） · File (.qgz)")],
    url: Annotated[
        str | None,
        typer.Option(
            help="服务地址；默认按设置 · Address of the service; by default the settings'"
        ),
    ] = None,
    provider: Annotated[
        str, typer.Option(help="wfs 或 oapif（OGC API） · wfs or oapif (OGC API)")
    ] = "wfs",
    lang: Annotated[
        str | None, typer.Option(help="zh 或 en；默认按终端 · zh or en; by default the terminal's")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON · JSON output")] = False,
) -> None:
    """写出 QGIS 工程：全部图层、样式、字段名 · Write a QGIS project: layers, styles, field names."""
    from geoservice.cartography.qgis_project import Project, Provider, qgis_project
    from geoservice.settings import Settings
    from geoservice.store import system

    with mistakes_told(as_json=as_json):
        if file.suffix.lower() != _EXTENSION:
            raise BadParameter(name="FILE", value=file.name, allowed=f"*{_EXTENSION}")
        if not file.parent.is_dir():
            allowed = Text(zh="已有的文件夹", en="a folder that exists")
            raise BadParameter(name="FILE", value=str(file.parent), allowed=allowed)
        providers = {each.value: each for each in Provider}
        if provider not in providers:
            raise BadParameter(name="--provider", value=provider, allowed=list(providers))
        spoken = _spoken(lang)
        settings = Settings()
        with opened(settings) as session:
            rows = session.database.rows(system.synthetic_collections())
            project = Project(
                base=_address(settings, url),
                region=session.region,
                language=spoken,
                provider=providers[provider],
                synthetic=[row.collection for row in rows],
            )
            layers = list(session.registry.catalog)
            file.write_bytes(qgis_project(layers, project))
        if as_json:
            show_json({"file": str(file), "layers": len(layers), "url": project.base})
        else:
            say(
                Text(
                    zh=f"{file}：{len(layers)} 个图层，读取自 {project.base}",
                    en=f"{file}: {len(layers)} layers, read from {project.base}",
                )
            )


def _spoken(lang: str | None) -> Language:
    if lang is None:
        return language()
    spoken = as_language(lang)
    if spoken is None:
        raise BadParameter(name="--lang", value=lang, allowed=list(LANGUAGES))
    return spoken


def _address(settings: "Settings", url: str | None) -> str:
    given = url or settings.public_url or f"http://{settings.host}:{settings.port}"
    address = str(given).rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise BadParameter(name="--url", value=address, allowed="http://… | https://…")
    return address
