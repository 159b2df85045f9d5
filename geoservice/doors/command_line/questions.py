"""`ask` and `check`: the questions at a terminal."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoservice.description.collection import FieldType
from geoservice.doors.command_line.data import format_of
from geoservice.doors.command_line.output import (
    console,
    language,
    mistakes_told,
    notes,
    say,
    show_facts,
    show_json,
    show_table,
)
from geoservice.doors.command_line.session import Session, opened
from geoservice.errors import BadParameter, UnknownFormat
from geoservice.languages import Text

if TYPE_CHECKING:
    from geoservice.questions import Answer, Question

AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON · JSON output")]

_SHOWN_ROWS = 50


def add_to(application: typer.Typer) -> None:
    """Add the commands to the tree."""
    application.command("ask")(ask_command)
    application.command()(check)


def ask_command(
    question: Annotated[
        str | None, typer.Argument(help="问题；省略则列出全部 · Question; omitted: list them")
    ] = None,
    parameters: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="参数 · Parameters")
    ] = None,
    format: Annotated[
        str | None, typer.Option(help="输出文件的格式 · Format of the output file")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="写入文件（.xlsx .pdf .html 为报告，其他为全部行） · "
            "Write a file: .xlsx .pdf .html is a report, others hold every row",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """提问 · Ask a question."""
    from geoservice.questions import ask, question_called

    with mistakes_told(as_json=as_json), opened() as session:
        if question is None:
            _list_questions(session, as_json)
            return
        asked = question_called(question, session.region)
        given = dict(named_value(text) for text in parameters or ())
        if out is not None:
            _write(session, asked, given, out, format, as_json)
            return
        answer = ask(
            asked,
            given,
            database=session.database,
            registry=session.registry,
            region=session.region,
        )
        _show(answer, as_json)


def check(
    place: Annotated[
        str,
        typer.Argument(
            help="点“经度,纬度”、WKT、GeoJSON，要素“图层/编号”，或文件 · "
            "Point “lon,lat”, WKT, GeoJSON, a feature “collection/key”, or a file"
        ),
    ],
    parameters: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="参数 · Parameters")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """一处地点涉及哪些图层 · What affects a place."""
    from geoservice.doors.checking import question_about_file
    from geoservice.questions import ask, question_called

    with mistakes_told(as_json=as_json), opened() as session:
        given: dict[str, object] = dict(named_value(text) for text in parameters or ())
        asked = question_called("check", session.region)
        if _is_file(place):
            asked, given = question_about_file(
                Path(place), given, region=session.region, limits=session.limits
            )
        else:
            id, slash, _ = place.partition("/")
            is_feature = bool(slash) and id in session.registry.catalog
            given["feature" if is_feature else "geometry"] = place
        answer = ask(
            asked,
            given,
            database=session.database,
            registry=session.registry,
            region=session.region,
        )
        _show(answer, as_json)


def _is_file(text: str) -> bool:
    """Whether a text is the path of a file; a geometry can be longer than any path."""
    try:
        return Path(text).is_file()
    except OSError:
        return False


def named_value(text: str) -> tuple[str, str]:
    """A parameter as people type it, `distance_m=500`: its name and its value."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise BadParameter(name="NAME=VALUE", value=text, allowed="distance_m=500")
    return name, value


def _list_questions(session: Session, as_json: bool) -> None:
    from geoservice.questions import all_questions

    descriptions = [question.description for question in all_questions(session.region)]
    spoken = language()
    if as_json:
        show_json(
            [
                {
                    "id": each.id,
                    "title": each.title.spoken(spoken),
                    "parameters": [p.name for p in each.parameters],
                }
                for each in descriptions
            ]
        )
        return
    show_table(
        "问题 · Questions",
        ("id", "标题 · Title", "参数 · Parameters"),
        (
            (each.id, each.title.spoken(spoken), ", ".join(p.name for p in each.parameters))
            for each in descriptions
        ),
    )


def _write(
    session: Session,
    question: "Question",
    given: Mapping[str, object],
    out: Path,
    format: str | None,
    as_json: bool,
) -> None:
    report = _report_form(out, format)
    if report is not None:
        written = _write_report(session, question, given, out, report)
    else:
        written = _write_rows(session, question, given, out, _file_format(out, format))
    if as_json:
        show_json({"file": str(out), "rows": written})
    else:
        say(Text(zh=f"{out}：{written} 行", en=f"{out}: {written} rows"))


def _report_form(out: Path, format: str | None) -> str | None:
    """The form of a report that is named, or that a file's name ends in; None for another file."""
    from geoservice.reports.writing import FORMS

    if format is not None:
        return format if format in FORMS else None
    name = out.name.lower()
    return next((form.id for form in FORMS.values() if name.endswith(form.extension)), None)


def _file_format(out: Path, format: str | None) -> str:
    """The format of a file that is no report; whoever names neither is told both."""
    from geoservice.reports.writing import FORMS

    try:
        return format_of(out, format)
    except UnknownFormat as unknown:
        forms = (form.extension if format is None else form.id for form in FORMS.values())
        known = [str(each) for each in unknown.parts["allowed"]]  # type: ignore[attr-defined]
        allowed = sorted({*known, *forms})
        raise UnknownFormat(value=unknown.parts["value"], allowed=allowed) from unknown


def _write_report(
    session: Session, question: "Question", given: Mapping[str, object], out: Path, form: str
) -> int:
    from geoservice.reports.answered import answered
    from geoservice.reports.writing import Surroundings, write_report

    around = Surroundings(
        database=session.database,
        registry=session.registry,
        region=session.region,
        language=language(),
    )
    return write_report(
        lambda connection: answered(
            connection, question, given, registry=session.registry, region=session.region
        ),
        form,
        out,
        around,
    )


def _write_rows(
    session: Session, question: "Question", given: Mapping[str, object], out: Path, format: str
) -> int:
    from geoservice.files.exporting import ExportOptions, write
    from geoservice.questions import all_rows

    found = all_rows(question, given, registry=session.registry, region=session.region)
    options = ExportOptions(language=language())
    return write(session.database, found.records, found.statement, format, out, options)


def _show(answer: "Answer", as_json: bool) -> None:
    head = answer.head(language())
    features = json.loads(f"[{answer.features}]")
    if as_json:
        show_json({**head, "features": features})
        return
    spoken = language()
    # Feature ids are for programs; a person reads numbers and names.
    columns = [column for column in answer.columns if column.type is not FieldType.UUID]
    show_table(
        head["title"],
        [_head(column.title.spoken(spoken), column.unit) for column in columns],
        (
            [_cell(feature["properties"][column.name]) for column in columns]
            for feature in features[:_SHOWN_ROWS]
        ),
    )
    if answer.returned > _SHOWN_ROWS or answer.next_cursor:
        notes.print(f"… {_SHOWN_ROWS} / {answer.returned}")
    show_facts([("parameters", _line(head["parameters"])), ("counts", _line(head["counts"]))])
    for statement in head["coverage"]:
        console.print(f"[yellow]{statement['status']}[/] {statement['statement']}", highlight=False)
    for issue in head["issues"]:
        console.print(f"[red]{issue['code']}[/] {issue['statement']}", highlight=False)
    console.print(head["method"], style="dim", highlight=False)


def _head(title: str, unit: Any) -> str:
    return f"{title} ({unit.symbol})" if unit else title


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}"
    return "" if value is None else str(value)


def _line(values: Mapping[str, object]) -> str:
    return json.dumps({k: v for k, v in values.items() if v is not None}, ensure_ascii=False)
