"""Rows of a file → postings, all of them or none; every bad row is told with its number and reason.

A column is known by the name of a field of an entry, its title or another name for it; accounts,
parcels and rules are given by their numbers, codes by themselves or their titles. Rows with one value
in the column `posting` are posted together; without that column, all rows are one posting.
Must not know how a file is read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

import sqlalchemy as sa

from geoservice.domain.quota import quota_entries
from geoservice.errors import (
    AlreadyExists,
    GeoserviceError,
    MissingParameter,
    TooLarge,
    UnknownProperty,
)
from geoservice.ledger.documents import MEMBERS, entry_of
from geoservice.ledger.posting import Entry, Poster, Posting, post_within
from geoservice.store import ledger
from geoservice.store.database import Database
from geoservice.store.ledger import EntriesWanted

MOST_ROWS = 10_000

_POSTING = "posting"
_COLUMNS = (_POSTING, *MEMBERS)
_NAMESPACE = UUID("5b0d9b2c-1f63-4d0b-9f0c-6f0a1f3f7d10")

Row = Mapping[str, str | None]
"""A row of a file: every cell as text, by the name of its column; None is an empty cell."""


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be posted, counted from 1 after the heading; None: a posting as a whole."""

    row: int | None
    mistake: GeoserviceError


@dataclass(frozen=True)
class TakenIn:
    """What became of a file: its postings, or the rows that stood in their way; then nothing is stored."""

    rows: int
    postings: tuple[Posting, ...]
    bad_rows: tuple[BadRow, ...]


def take_in(
    database: Database,
    poster: Poster,
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    sha256: str,
    dry_run: bool = False,
    most: int = MOST_ROWS,
) -> TakenIn:
    """Post the rows of a file in their order.

    Args:
        database: where.
        poster: who, through which door, and what they may post.
        columns: the heading.
        rows: the rows.
        sha256: of the file: a file that was taken in is refused when it comes again.
        dry_run: find the mistakes, store nothing.
        most: how many rows there may be.

    Raises:
        UnknownProperty: a column that means nothing to the ledger.
        MissingParameter: there is no row.
        TooLarge: there are too many.
        AlreadyExists: the file was taken in before.
    """
    names = _names(columns)
    bad: list[BadRow] = []
    read = list(_read(rows, names, bad, most))
    if not read and not bad:
        raise MissingParameter(name="rows", allowed=f"1–{most}")
    by_posting: dict[str, list[tuple[int, Entry]]] = {}
    for row, label, entry in read:
        by_posting.setdefault(label, []).append((row, entry))
    postings = []
    with database.editing(bulk=True) as connection, connection.begin_nested() as savepoint:
        for label, numbered in by_posting.items():
            id = uuid5(_NAMESPACE, f"{sha256} {label}")
            postings.append(_posted(connection, poster, id, numbered, bad, most))
        if bad or dry_run:
            savepoint.rollback()
    ordered = sorted(bad, key=lambda each: (each.row is None, each.row))
    return TakenIn(
        len(read) + len({b.row for b in bad}), () if bad else tuple(postings), tuple(ordered)
    )


def _posted(
    connection: sa.Connection,
    poster: Poster,
    id: UUID,
    numbered: Sequence[tuple[int, Entry]],
    bad: list[BadRow],
    most: int,
) -> Posting:
    def hear(number: int | None, mistake: GeoserviceError) -> None:
        bad.append(BadRow(None if number is None else numbered[number][0], mistake))

    if connection.execute(ledger.entries(EntriesWanted(posting=id), 1)).first() is not None:
        raise AlreadyExists(value=str(id))
    entries = [entry for _, entry in numbered]
    return post_within(connection, poster, entries, id=id, most=most, on_mistake=hear)


def _read(
    rows: Iterable[Row], names: Mapping[str, str], bad: list[BadRow], most: int
) -> Iterator[tuple[int, str, Entry]]:
    """The number, the posting and the entry of each row that can be read."""
    for number, row in enumerate(rows, start=1):
        if number > most:
            raise TooLarge(limit_name="rows", limit=most, actual=number)
        given = {name: _trimmed(row.get(column)) for column, name in names.items()}
        label = given.pop(_POSTING, None) or ""
        try:
            yield number, label, entry_of(given)
        except GeoserviceError as mistake:
            bad.append(BadRow(number, mistake))


def _trimmed(text: str | None) -> str | None:
    return (text or "").strip() or None


def _names(columns: Sequence[str]) -> dict[str, str]:
    """The fields of the columns, by the columns."""
    known: dict[str, str] = {_POSTING: _POSTING}
    for name in MEMBERS:
        field = quota_entries.by_name[name]
        for said in (name, field.title.zh, field.title.en, *field.aliases):
            known.setdefault(said.casefold(), name)
    found: dict[str, str] = {}
    for column in columns:
        meant = known.get(column.strip().casefold())
        if meant is None or meant in found.values():
            raise UnknownProperty(
                collection=quota_entries.id, value=column, allowed=", ".join(_COLUMNS)
            )
        found[column] = meant
    return found
