"""`export`: a collection as a file, from a service or from this machine's database."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoservice.doors.command_line import completion
from geoservice.doors.command_line.client import AsJson, Url, connected
from geoservice.doors.command_line.output import mistakes_told, say, show_json
from geoservice.errors import BadParameter
from geoservice.languages import Text

if TYPE_CHECKING:
    from geoservice.client import Query
    from geoservice.client.files import SavedFile

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def add_to(application: typer.Typer) -> None:
    """Add the command to the tree."""
    application.command()(export)


def export(
    collection: Annotated[
        str, typer.Argument(help="图层 · Collection", autocompletion=completion.collections)
    ],
    file: Annotated[Path, typer.Argument(dir_okay=False, help="文件 · File")],
    format: Annotated[
        str | None,
        typer.Option(
            help="格式；默认按扩展名 · Format; by default from the name",
            autocompletion=completion.file_formats,
        ),
    ] = None,
    crs: Annotated[
        str | None,
        typer.Option("--crs", help="坐标系，如 EPSG:4547 · Coordinate reference system"),
    ] = None,
    filter: Annotated[str | None, typer.Option(help="CQL2 筛选 · CQL2 filter")] = None,
    bom: Annotated[bool, typer.Option("--bom", help="CSV 加 BOM · BOM before a CSV")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """导出图层 · Export a collection."""
    with mistakes_told(as_json=as_json), connected(url, as_json=as_json) as city:
        from geoservice.client import Query

        query = Query(city[collection])
        if filter is not None:
            query = query.where(filter)
        if crs is not None:
            query = query.crs(crs)
        form = client_format(format)
        written = _written_with_mark(query, file, form) if bom else query.to_file(file, format=form)
        facts = {"file": str(file), "format": written.format, "features": written.features}
        if as_json:
            show_json({**facts, "bytes": written.bytes})
        elif written.features is None:
            say(Text(zh=f"{file}：{written.bytes:,} 字节", en=f"{file}: {written.bytes:,} bytes"))
        else:
            say(
                Text(
                    zh=f"{file}：{written.features} 个要素",
                    en=f"{file}: {written.features} features",
                )
            )


def client_format(format: str | None) -> str | None:
    """The client's name of a format that the service has another name for."""
    return "geojsons" if format == "geojsonseq" else format


def _written_with_mark(query: "Query", file: Path, format: str | None) -> "SavedFile":
    """A CSV that spreadsheets take for UTF-8."""
    from geoservice.client import files

    connection = query.collection.client.connection
    form = files.format_of(file, format, files.FORMATS, connection.language)
    if form != "csv":
        raise BadParameter(name="--bom", value=form, allowed="csv")
    with files.replacing(file) as growing:
        growing.write(_BYTE_ORDER_MARK)
        headers = connection.download(
            query.path, {**query.parameters, "f": form}, growing, label=file.name
        )
    matched = headers.get("OGC-NumberMatched", "")
    features = int(matched) if matched.isdigit() else None
    return files.SavedFile(file, form, file.stat().st_size, features)
