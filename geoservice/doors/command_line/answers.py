"""`geoservice answers`: answers kept as layers: listed, saved, refreshed, compared, removed.

Who works at this terminal may do all of it, as an administrator may.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoservice.doors.command_line.output import (
    language,
    mistakes_told,
    say,
    show_facts,
    show_json,
    show_table,
)
from geoservice.doors.command_line.questions import named_value
from geoservice.doors.session import Session, opened
from geoservice.errors import BadDatetime
from geoservice.languages import Text

if TYPE_CHECKING:
    from geoservice.answers import Author, SavedAnswer

AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON · JSON output")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="已存回答的名称 · Name of the answer")]
Reason = Annotated[str | None, typer.Option(help="原因，记入历史 · Why; kept in the history")]

commands = typer.Typer(
    help="已存回答 · Saved answers", no_args_is_help=True, pretty_exceptions_enable=False
)


@commands.command("list")
def show_answers(as_json: AsJson = False) -> None:
    """全部已存回答 · All saved answers."""
    from geoservice.answers import saved_answers

    with mistakes_told(as_json=as_json), opened() as session:
        found = saved_answers(session.database)
        if as_json:
            show_json([_facts(each) for each in found])
            return
        show_table(
            "已存回答 · Saved answers",
            ("名称 · Name", "问题 · Question", "行数 · Rows", "保存 · Saved", "刷新 · Refreshed"),
            (
                (
                    each.name,
                    each.question,
                    each.row_count,
                    each.saved_at.isoformat(timespec="seconds"),
                    each.refreshed_at.isoformat(timespec="seconds") if each.refreshed_at else "",
                )
                for each in found
            ),
        )


@commands.command()
def save(
    name: Name,
    question: Annotated[str, typer.Argument(help="问题 · Question")],
    parameters: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="参数 · Parameters")
    ] = None,
    title: Annotated[str | None, typer.Option(help="标题 · Title")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="替换同名回答及其历史 · Replace one of this name")
    ] = False,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """提问并把全部行保存为图层 · Ask, and keep every row as a layer."""
    from geoservice.answers import save as keep
    from geoservice.questions import question_called

    with mistakes_told(as_json=as_json), opened() as session:
        saved = keep(
            name,
            question_called(question, session.region),
            dict(named_value(text) for text in parameters or ()),
            author=_author(session, reason),
            database=session.database,
            registry=session.registry,
            region=session.region,
            most_rows=session.limits.max_answer_rows,
            title=title,
            replace=replace,
        )
        _show(saved, {}, as_json)


@commands.command()
def refresh(name: Name, reason: Reason = None, as_json: AsJson = False) -> None:
    """按现在的数据重新回答 · Ask again with the data as they are."""
    from geoservice.answers import refresh as ask_again

    with mistakes_told(as_json=as_json), opened() as session:
        done = ask_again(
            name,
            author=_author(session, reason),
            database=session.database,
            registry=session.registry,
            region=session.region,
            most_rows=session.limits.max_answer_rows,
        )
        counts = {"entered": done.entered, "left": done.left, "changed": done.changed}
        _show(done.answer, {"change": done.change_id, **counts}, as_json)


@commands.command()
def compare(
    name: Name,
    other: Annotated[
        str | None,
        typer.Argument(metavar="[OTHER]", help="作为旧方的另一回答 · The other one, the old side"),
    ] = None,
    known_at: Annotated[
        str | None, typer.Option(help="与此时的自身比较 · With itself as it was at this instant")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """哪些行新增、移出、变化 · Which rows entered, left and changed."""
    from geoservice.answers.comparison import CHANGE, CHANGES, KINDS
    from geoservice.answers.layer import ROW_ID

    with mistakes_told(as_json=as_json), opened() as session:
        instant = _instant(known_at) if known_at else None
        counts, parameters, rows = _compared(session, name, other, instant)
        if as_json:
            show_json({"counts": counts, "parameters": parameters, "features": list(rows)})
            return
        spoken = language()
        show_table(
            f"{other or known_at} → {name}",
            ("变动 · Change", "行 · Row", "变化的列 · Changed columns"),
            (
                (
                    KINDS[row["properties"][CHANGE]].spoken(spoken),
                    row["properties"][ROW_ID.name],
                    _line(row["properties"][CHANGES]),
                )
                for row in rows
            ),
        )
        show_facts([*counts.items(), *((name, _line(pair)) for name, pair in parameters.items())])


@commands.command()
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="不再询问 · Do not ask")] = False,
    as_json: AsJson = False,
) -> None:
    """删除已存回答及其图层、历史 · Remove an answer with its layer and history."""
    from geoservice.answers import remove as take_away
    from geoservice.answers import saved_answer

    with mistakes_told(as_json=as_json), opened() as session:
        saved_answer(session.database, name)
        if not yes:
            typer.confirm(f"删除 · Remove {name}?", abort=True)
        author = _author(session, None)
        take_away(name, author=author, database=session.database, registry=session.registry)
        if as_json:
            show_json({"removed": name})
        else:
            say(Text(zh=f"已删除 {name}", en=f"{name} is removed"))


_ROWS_AT_ONCE = 10_000


def _compared(
    session: Session, name: str, other: str | None, known_at: datetime | None
) -> tuple[dict[str, int], dict[str, Any], Iterator[dict[str, Any]]]:
    """The counts, the parameters that differ, and every row that differs, page after page."""
    from geoservice.answers import compared

    def page(cursor: str | None) -> Any:
        return compared(
            name,
            other=other,
            known_at=known_at,
            database=session.database,
            registry=session.registry,
            limit=_ROWS_AT_ONCE,
            cursor=cursor,
        )

    first = page(None)

    def rows() -> Iterator[dict[str, Any]]:
        found = first
        yield from json.loads(f"[{found.features}]")
        while found.next_cursor is not None:
            found = page(found.next_cursor)
            yield from json.loads(f"[{found.features}]")

    pairs = {each: {"old": old, "new": new} for each, (old, new) in first.parameters.items()}
    return dict(first.counts), pairs, rows()


def _author(session: Session, reason: str | None) -> "Author":
    from geoservice.answers import Author

    return Author(session.actor, "command line", is_admin=True, reason=reason)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise BadDatetime(name="--known-at", value=text) from wrong
    if instant.tzinfo is None:
        raise BadDatetime(name="--known-at", value=text)
    return instant


def _facts(saved: "SavedAnswer") -> dict[str, Any]:
    refreshed = saved.refreshed_at
    return {
        "name": saved.name,
        "question": saved.question,
        "given": saved.given,
        "parameters": saved.parameters,
        "data_version": saved.data_version,
        "known_at": saved.known_at.isoformat(),
        "counts": saved.counts,
        "rows": saved.row_count,
        "saved_at": saved.saved_at.isoformat(),
        "saved_by": saved.saved_by,
        "refreshed_at": refreshed.isoformat() if refreshed else None,
    }


def _show(saved: "SavedAnswer", refreshed: dict[str, Any], as_json: bool) -> None:
    facts = _facts(saved)
    if as_json:
        show_json({**facts, **({"refresh": refreshed} if refreshed else {})})
        return
    shown = {**facts, **refreshed}
    show_facts((name, _line(value)) for name, value in shown.items() if value is not None)


def _line(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
