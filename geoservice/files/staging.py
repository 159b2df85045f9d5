"""Checked rows → a table of PostgreSQL, while the next ones are read and checked.

Reading, checking and sending run in threads of their own: the libraries leave the interpreter's
lock while they work, and the database works on another core.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from geoservice.description.collection import Collection, Field, FieldType
from geoservice.files.checking import GEOM, ROW, UID, Rows
from geoservice.files.copying import HEADER, TRAILER, encoded
from geoservice.store.database import copy_in
from geoservice.store.tables import column_type, tables

KINDS: Mapping[FieldType, str] = {
    FieldType.TEXT: "bytes",
    FieldType.INTEGER: "int4",
    FieldType.LONG: "int8",
    FieldType.NUMBER: "float8",
    FieldType.DECIMAL: "numeric",
    FieldType.BOOLEAN: "bool",
    FieldType.DATE: "date",
    FieldType.DATETIME: "timestamptz",
    FieldType.UUID: "uuid",
    FieldType.GEOMETRY: "bytes",
}
"""How the values of a field are written, see `copying`."""

MATCHED = " matched"  # whether the register has the feature; no field is called so
_AHEAD = 1  # batch between two threads: more only costs memory
_DONE = object()

Item = TypeVar("Item")


def is_resolved(field: Field) -> bool:
    """Whether the database makes the value from the text that the file gives."""
    return field.many or (field.refers_to is not None and field.type is FieldType.UUID)


def given(name: str) -> str:
    """The staging column with the text that the file gives for a resolved field."""
    return f"{name} given"


def staging_table(collection: Collection, names: Iterable[str], *, with_uid: bool) -> sa.Table:
    """A table for the rows of one import; gone with its transaction.

    Columns: the row's number; `uid` and whether it is known, filled when features are recognised; the fields that the
    file fills, those that the database resolves twice: as given, and resolved.
    """
    target = tables().current(collection)
    columns: list[sa.Column[Any]] = [
        sa.Column(ROW, sa.BigInteger),
        sa.Column(UID, pg.UUID(as_uuid=True)),
        sa.Column(MATCHED, sa.Boolean),
    ]
    if with_uid:
        columns.append(sa.Column(given(UID), sa.Text))
    for name in names:
        if name == GEOM:
            columns.append(sa.Column(GEOM, target.c.geom.type))
            continue
        field = collection.by_name[name]
        columns.append(sa.Column(name, column_type(field)))
        if is_resolved(field):
            columns.append(sa.Column(given(name), sa.Text))
    return sa.Table(
        "staged", sa.MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP"
    )


def load(
    connection: sa.Connection,
    table: sa.Table,
    collection: Collection,
    names: Iterable[str],
    batches: Iterable[Rows],
    *,
    constants: Mapping[str, tuple[str, pa.Scalar]] | None = None,
    more: Mapping[str, Callable[[Rows], pa.Array]] | None = None,
) -> int:
    """Load checked rows into columns of a table; how many.

    Args:
        connection: within a transaction.
        table: a staging table, or the collection's own.
        collection: gives the types of the columns.
        names: the columns of the rows that are loaded.
        batches: the rows.
        constants: columns with the same value in every row, with the kind of value.
        more: columns of ids made for each batch.
    """
    constants, more = constants or {}, more or {}
    plan: list[tuple[str, str, str]] = [(name, *_wire(collection, name)) for name in names]
    columns = [column for _, column, _ in plan] + [*more, *constants]
    kinds = [kind for _, _, kind in plan] + ["uuid"] * len(more)
    kinds += [kind for kind, _ in constants.values()]
    loaded = 0

    def blocks() -> Iterator[Any]:
        nonlocal loaded
        yield HEADER
        for rows in batches:
            if not rows.number:
                continue
            arrays = [rows.columns[name] for name, _, _ in plan]
            arrays += [make(rows) for make in more.values()]
            arrays += [pa.repeat(value, rows.number) for _, value in constants.values()]
            loaded += rows.number
            yield encoded(arrays, kinds)
        yield TRAILER

    with ahead(blocks()) as ready:
        copy_in(connection, table, columns, ready)
    return loaded


def _wire(collection: Collection, name: str) -> tuple[str, str]:
    """The table's column for a column of rows, and the kind of its values."""
    if name == ROW:
        return ROW, "int8"
    if name == GEOM:
        return GEOM, "bytes"
    if name == UID:
        return given(UID), "bytes"
    field = collection.by_name[name]
    return (given(name), "bytes") if is_resolved(field) else (name, KINDS[field.type])


@contextmanager
def ahead(items: Iterator[Item]) -> Iterator[Iterator[Item]]:
    """The same items, made in a thread of its own some steps ahead; faults come out in order."""
    ready: queue.Queue[Any] = queue.Queue(_AHEAD)
    stopped = threading.Event()

    def make() -> None:
        try:
            for item in items:
                if not _put(ready, item, stopped):
                    return
            _put(ready, _DONE, stopped)
        except BaseException as fault:  # raised again where the items are used
            _put(ready, _Fault(fault), stopped)
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()

    def take() -> Iterator[Item]:
        while (item := ready.get()) is not _DONE:
            if isinstance(item, _Fault):
                raise item.fault
            yield item

    worker = threading.Thread(target=make, name="geoservice-ahead", daemon=True)
    worker.start()
    try:
        yield take()
    finally:
        stopped.set()
        worker.join()


class _Fault:
    def __init__(self, fault: BaseException) -> None:
        self.fault = fault


def _put(ready: "queue.Queue[Any]", item: object, stopped: threading.Event) -> bool:
    """Put an item as soon as there is room; False if nobody wants it any more."""
    while not stopped.is_set():
        try:
            ready.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False
