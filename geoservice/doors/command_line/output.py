"""What a command shows: tables for people, JSON for programs, mistakes with their exit codes."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from geoservice.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    GeoserviceError,
    NotFound,
    Rejected,
    TooLarge,
    TooManyAttempts,
    Unauthenticated,
    Unavailable,
)
from geoservice.languages import Language, Text, environment_language

EXIT_CODES: tuple[tuple[type[GeoserviceError], int], ...] = (
    (BadRequest, 2),
    (NotFound, 3),
    (Rejected, 4),
    (TooLarge, 4),
    (Conflict, 5),
    (Unavailable, 6),
    (Unauthenticated, 7),
    (Forbidden, 7),
    (TooManyAttempts, 7),
)

_LEAST_WIDTH = 14
"""A column narrower than its content is still read if it has so many characters."""
_AROUND_A_CELL = 3

console = Console()
notes = Console(stderr=True)


def language() -> Language:
    """The language of the terminal: `GEOSERVICE_LANG`, else `LC_ALL` or `LANG`, else Chinese."""
    return environment_language(os.environ)


def say(text: Text) -> None:
    """A note for the person at the terminal; on the error stream, so that results stay clean."""
    notes.print(text.spoken(language()), highlight=False)


def show_json(value: Any) -> None:
    """A result for a program."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def show_table(title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A result for a person: a table, or one value a line where the terminal is too narrow for it."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if _readable_width(heads, texts) > console.width:
        _show_records(title, heads, texts)
        return
    table = Table(title=title, title_justify="left", header_style="bold")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in texts:
        table.add_row(*row)
    console.print(table)


def _readable_width(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """The width that a table needs if no column is folded to less than `_LEAST_WIDTH`."""
    columns = zip(heads, *rows, strict=True)
    widths = (min(max(map(cell_len, column)), _LEAST_WIDTH) for column in columns)
    return sum(width + _AROUND_A_CELL for width in widths) + 1


def _show_records(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0), title=title)
    table.title_justify = "left"
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for number, row in enumerate(rows, start=1):
        table.add_row(f"── {number}", "", style="dim")
        for head, text in zip(heads, row, strict=True):
            table.add_row(head, text)
    console.print(table)


def show_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Names and values, one a line."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, str(value))
    console.print(table)


def exit_code(mistake: GeoserviceError) -> int:
    """The exit code of a mistake."""
    return next((code for kind, code in EXIT_CODES if isinstance(mistake, kind)), 1)


@contextmanager
def mistakes_told(*, as_json: bool) -> Iterator[None]:
    """Turn a mistake into words on the error stream and an exit code."""
    try:
        yield
    except GeoserviceError as mistake:
        spoken = language()
        fail(
            mistake.title.spoken(spoken),
            mistake.text(spoken),
            mistake.code,
            exit_code(mistake),
            as_json=as_json,
        )


def fail(title: str, words: str, code: str, status: int, *, as_json: bool) -> NoReturn:
    """End the command: tell on the error stream why, and leave with an exit code."""
    if as_json:
        sys.stderr.write(json.dumps({"code": code, "detail": words}, ensure_ascii=False) + "\n")
    else:
        notes.print(f"[bold red]{escape(title)}[/]: ", end="")
        notes.print(words, highlight=False, markup=False)
    raise SystemExit(status)


@contextmanager
def progress_bar() -> Iterator["Bar"]:
    """A bar on the error stream; silent where that is no terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}{task.fields[of]}"),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=notes, disable=not notes.is_terminal, transient=True
    ) as progress:
        yield Bar(progress)


class Bar:
    """One bar that shows the stage of a long step."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def show(self, stage: Text, done: int, total: int | None) -> None:
        """How far the stage is; `total` None where nobody knows."""
        words = stage.spoken(language())
        if self._task is None:
            self._task = self._progress.add_task(words, total=total, of="")
        of = f" / {total:,}" if total is not None else ""
        self._progress.update(self._task, description=words, completed=done, total=total, of=of)
