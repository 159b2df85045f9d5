"""`ask` and `check`: the questions at a terminal, on a service or on this machine's database."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoservice.doors.command_line import completion
from geoservice.doors.command_line.answer_document import answer_document, plain
from geoservice.doors.command_line.client import AsJson, Url, connected
from geoservice.doors.command_line.export import client_format
from geoservice.doors.command_line.output import (
    console,
    mistakes_told,
    notes,
    say,
    show_facts,
    show_json,
    show_table,
)
from geoservice.errors import BadParameter
from geoservice.languages import Text

if TYPE_CHECKING:
    from geoservice.client import Client
    from geoservice.client.answers import Answered
    from geoservice.client.question_parameters import QuestionParameter
    from geoservice.client.questions import Question

Parameters = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME=VALUE]...",
        help="参数；limit=N 为只显示前 N 行 · Parameters; limit=N shows the first N rows only",
        autocompletion=completion.parameters,
    ),
]

_SHOWN_ROWS = 50
_FOR_PROGRAMS = ("uuid", "geometry")
_FILE_ENDINGS = frozenset(
    (".zip", ".shp", ".gpkg", ".geojson", ".json", ".fgb", ".parquet", ".csv", ".xlsx")
)


def add_to(application: typer.Typer) -> None:
    """Add the commands to the tree."""
    application.command("ask")(ask_command)
    application.command()(check)


def ask_command(
    question: Annotated[
        str | None,
        typer.Argument(
            help="问题；省略则列出全部 · Question; omitted: list them",
            autocompletion=completion.questions,
        ),
    ] = None,
    parameters: Parameters = None,
    format: Annotated[
        str | None,
        typer.Option(
            help="输出文件的格式；默认按扩展名 · Format of the output file; by default from its name",
            autocompletion=completion.answer_formats,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="写入文件（.xlsx .pdf .html 为报告，其他为全部行） · "
            "Write a file: .xlsx .pdf .html is a report, others hold every row",
        ),
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """提问 · Ask a question."""
    with mistakes_told(as_json=as_json), connected(url, as_json=as_json) as city:
        if format is not None and out is None:
            raise BadParameter(name="--format", value=format, allowed="--out")
        if question is None:
            _list_questions(city, as_json)
            return
        given = _named_values(parameters)
        most = _row_limit(given, as_json) if out is None else None
        answer = city.ask(question, **_typed(city, question, given))
        if out is None:
            _show(answer, as_json, most)
            return
        written = answer.to_file(out, client_format(format))
        if as_json:
            show_json({"file": str(out), "format": written.format, "rows": len(answer)})
        else:
            say(Text(zh=f"{out}：{len(answer)} 行", en=f"{out}: {len(answer)} rows"))


def check(
    place: Annotated[
        str,
        typer.Argument(
            help="点“经度,纬度”、WKT、GeoJSON，要素“图层/编号”，宗地编号，或文件 · "
            "Point “lon,lat”, WKT, GeoJSON, a feature “collection/key”, the number of a parcel, or a file"
        ),
    ],
    parameters: Parameters = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """一处地点涉及哪些图层 · What affects a place."""
    with mistakes_told(as_json=as_json), connected(url, as_json=as_json) as city:
        given = _named_values(parameters)
        most = _row_limit(given, as_json)
        checked = city.check(_place(place), **_typed(city, "check", given))
        _show(checked, as_json, most)


def named_value(text: str) -> tuple[str, str]:
    """A parameter as people type it, `distance_m=500`: its name and its value."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise BadParameter(name="NAME=VALUE", value=text, allowed="distance_m=500")
    return name, value


def _named_values(texts: list[str] | None) -> dict[str, str]:
    return dict(named_value(text) for text in texts or ())


def _row_limit(given: dict[str, str], as_json: bool) -> int | None:
    """How many rows are shown, taken out of the parameters; None for all."""
    text = given.pop("limit", None)
    if text is None:
        return None if as_json else _SHOWN_ROWS
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise BadParameter(name="limit", value=text, allowed=">= 1")
    return int(text)


def _typed(city: "Client", question: str, given: Mapping[str, str]) -> dict[str, Any]:
    """What people type as what Python says; what is none stays a text, and is refused as such."""
    known = {each.name: each for each in city.questions[question].parameters.values()}
    return {
        name: _value(known[name], text) if name in known else text for name, text in given.items()
    }


def _value(parameter: "QuestionParameter", text: str) -> object:
    match parameter.kind:
        case "number" | "integer":
            try:
                return float(text)
            except ValueError:
                return text
        case "boolean":
            return {"true": True, "false": False}.get(text.lower(), text)
    return text


def _place(text: str) -> str | Path:
    """A file where one is named, else what the client understands of a text."""
    path = Path(text)
    try:
        is_file = path.is_file()
    except OSError:  # a geometry can be longer than any path
        return text
    return path if is_file or path.suffix.lower() in _FILE_ENDINGS else text


def _list_questions(city: "Client", as_json: bool) -> None:
    found = [(each.id, each.title, _parameter_names(each)) for each in city.questions.values()]
    if as_json:
        names = ("id", "title", "parameters")
        show_json([dict(zip(names, each, strict=True)) for each in found])
        return
    show_table(
        "问题 · Questions",
        ("id", "标题 · Title", "参数 · Parameters"),
        ((id, title, ", ".join(names)) for id, title, names in found),
    )


def _parameter_names(question: "Question") -> list[str]:
    return [parameter.name for parameter in question.parameters.values()]


def _show(answer: "Answered", as_json: bool, most: int | None) -> None:
    if as_json:
        show_json(answer_document(answer, most))
        return
    # Feature ids are for programs; a person reads numbers and names.
    fields = [each for each in answer.account["fields"] if each["type"] not in _FOR_PROGRAMS]
    shown = answer.gdf.iloc[:most]
    columns = [[_cell(value) for value in shown[each["name"]]] for each in fields]
    show_table(
        answer.title,
        [f"{each['title']} ({each['unit']})" if each["unit"] else each["title"] for each in fields],
        zip(*columns, strict=True),
    )
    if len(answer) > len(shown):
        notes.print(f"… {len(shown):,} / {len(answer):,}")
    show_facts([("parameters", _line(answer.parameters)), ("counts", _line(answer.counts))])
    for known in answer.coverage:
        console.print(f"[yellow]{known.status}[/] {known.statement}", highlight=False)
    for issue in answer.issues:
        console.print(f"[red]{issue.code}[/] {issue.statement}", highlight=False)
    console.print(answer.method, style="dim", highlight=False)


def _cell(value: object) -> str:
    shown = plain(value)
    if isinstance(shown, float):
        return f"{shown:,.1f}"
    if isinstance(shown, list):
        return ", ".join(map(str, shown))
    return "" if shown is None else str(shown)


def _line(values: Mapping[str, object]) -> str:
    return json.dumps({k: v for k, v in values.items() if v is not None}, ensure_ascii=False)
