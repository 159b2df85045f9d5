"""Connections: one pool for each role, statements run in threads, faults told in our words.

Knows how to reach PostgreSQL and what its errors mean; knows no collection.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

from geoservice.errors import (
    Conflict,
    DatabaseUnavailable,
    GeoserviceError,
    RejectedFeature,
    TooSlow,
)
from geoservice.languages import Text
from geoservice.store.programs import EDITOR, OWNER, READER

if TYPE_CHECKING:
    import pyarrow as pa

_DIALECT = PGDialect_psycopg(paramstyle="pyformat")

# A column whose text has none of these bytes leaves COPY as it is: the raw lines of a document.
_RAW_LINES = "FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02'"

Row = sa.Row[Any]


class Database:
    """A PostGIS database seen by three roles. Thread-safe; opens connections when first needed."""

    def __init__(
        self,
        url: str,
        *,
        read_timeout_s: float = 10,
        write_timeout_s: float = 15,
        export_timeout_s: float = 1800,
        pool_size: int = 8,
    ) -> None:
        self.url = url
        self._read_timeout_s = read_timeout_s
        self._reading = _engine(url, READER, read_timeout_s, pool_size, read_only=True)
        # A page is small: parallel workers would take longer to start than it takes to read.
        self._paging = _engine(
            url, READER, read_timeout_s, pool_size, read_only=True, parallel=False
        )
        self._exporting = _engine(url, READER, export_timeout_s, 2, read_only=True)
        self._editing = _engine(url, EDITOR, write_timeout_s, 2)
        self._owning = _engine(url, OWNER, export_timeout_s, 1)
        self._migrating = _engine(url, None, export_timeout_s, 1)

    def close(self) -> None:
        """Close every connection."""
        for engine in (
            self._reading,
            self._paging,
            self._exporting,
            self._editing,
            self._owning,
            self._migrating,
        ):
            engine.dispose()

    def rows(self, statement: sa.Executable) -> list[Row]:
        """All rows of a reading statement; for answers that fit in memory."""
        with self._translated(self._read_timeout_s), self._reading.connect() as connection:
            return list(connection.execute(statement).all())

    def row(self, statement: sa.Executable) -> Row:
        """The only row of a reading statement."""
        with self._translated(self._read_timeout_s), self._reading.connect() as connection:
            return connection.execute(statement).one()

    def scalar(self, statement: sa.Executable) -> Any:
        """The only value of a reading statement; None if there is no row."""
        with self._translated(self._read_timeout_s), self._reading.connect() as connection:
            return connection.execute(statement).scalar()

    def document(self, sql: str, values: Mapping[str, Any]) -> tuple[bytes | None, ...]:
        """The only row of a prepared reading statement, each value as PostgreSQL wrote it.

        The texts are handed on as UTF-8: a page of features is never decoded.
        """
        with self._translated(self._read_timeout_s), self._paging.connect() as connection:
            with _driver(connection).cursor() as cursor:
                result = cursor.execute(sql, values).pgresult
                assert result is not None and result.ntuples == 1
                return tuple(result.get_value(0, number) for number in range(result.nfields))

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A connection on which several reading statements see one state of the data."""
        options = {"isolation_level": "REPEATABLE READ"}
        with self._translated(self._read_timeout_s), self._reading.connect() as connection:
            with connection.execution_options(**options).begin():
                yield connection

    @contextmanager
    def change(
        self, *, actor: str, door: str, reason: str | None = None
    ) -> Iterator[sa.Connection]:
        """A transaction of the editing role, recorded as one change; rolled back on any error."""
        with self._translated(), self._editing.begin() as connection:
            begin_change(connection, actor=actor, door=door, reason=reason)
            yield connection

    @contextmanager
    def ownership(self) -> Iterator[sa.Connection]:
        """A transaction of the owning role, which may make and drop tables."""
        with self._translated(), self._owning.begin() as connection:
            yield connection

    @contextmanager
    def migration(self) -> Iterator[sa.Connection]:
        """A transaction of the user in the URL, before any role may exist."""
        with self._translated(), self._migrating.begin() as connection:
            yield connection

    def lines(self, statement: sa.Select[Any]) -> Iterator[bytes]:
        """The one text column of a statement, as UTF-8 blocks of whole lines, in constant memory.

        The text must hold no newline, as JSON does not. The query is cancelled and its connection
        given back when the iterator is closed.
        """
        sql, values = _text_and_values(statement)
        with self._translated(), self._exporting.connect() as connection:
            driver = _driver(connection)
            with driver.cursor() as cursor:
                try:
                    with cursor.copy(f"COPY ({sql}) TO STDOUT ({_RAW_LINES})", values) as copy:
                        for block in copy:
                            yield bytes(block)
                except GeneratorExit:
                    driver.cancel()
                    connection.invalidate()
                    raise

    @contextmanager
    def arrow(self, statement: sa.Select[Any]) -> Iterator["pa.RecordBatchReader"]:
        """The rows of a statement as Arrow batches, in constant memory."""
        from adbc_driver_postgresql import dbapi

        with self._translated(), self._exporting.connect() as connection:
            literal = psycopg.ClientCursor(_driver(connection)).mogrify(
                *_text_and_values(statement)
            )
            uri = _driver(connection).info.dsn
            password = _driver(connection).info.password
        with (
            dbapi.connect(uri + (f" password='{password}'" if password else "")) as link,
            link.cursor() as cursor,
        ):
            cursor.adbc_statement.set_options(
                **{"adbc.postgresql.batch_size_hint_bytes": "4194304"}
            )
            cursor.execute(literal)
            yield cast("pa.RecordBatchReader", cursor.fetch_record_batch())

    @contextmanager
    def _translated(self, timeout_s: float = 0) -> Iterator[None]:
        try:
            yield
        except DBAPIError as fault:
            raise _told(fault.orig, timeout_s) or fault from fault
        except psycopg.Error as fault:
            raise _told(fault, timeout_s) or fault from fault
        except sa.exc.TimeoutError as fault:  # every connection is in use
            raise DatabaseUnavailable(reason="busy") from fault


def begin_change(
    connection: sa.Connection,
    *,
    actor: str,
    door: str,
    reason: str | None = None,
    import_id: object = None,
) -> int:
    """Say who changes what follows on this connection, until its transaction ends; the change's id."""
    call = sa.func.geoservice.begin_change(actor, door, reason, sa.cast(import_id, sa.Uuid))
    return int(connection.execute(sa.select(call)).scalar_one())


def run(connection: sa.Connection, statements: Iterable[str]) -> None:
    """Run statements of DDL as they are written: no values, and `%` is a percent sign."""
    for statement in statements:
        _driver(connection).execute(cast("Any", statement))


def _engine(
    url: str,
    role: str | None,
    timeout_s: float,
    pool_size: int,
    *,
    read_only: bool = False,
    parallel: bool = True,
) -> sa.Engine:
    settings = {
        "timezone": "UTC",
        "jit": "off",
        "statement_timeout": str(int(timeout_s * 1000)),
        "lock_timeout": "3000",
        "idle_in_transaction_session_timeout": str(int(max(30, timeout_s) * 1000)),
        "plan_cache_mode": "force_custom_plan",  # a box decides which index is best
    }
    if role:
        settings["role"] = role
    if not parallel:
        settings["max_parallel_workers_per_gather"] = "0"
    if read_only:
        settings["default_transaction_read_only"] = "on"
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return sa.create_engine(
        url,
        connect_args={"options": options, "application_name": "geoservice", "connect_timeout": 5},
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        isolation_level="AUTOCOMMIT" if read_only else "READ COMMITTED",
    )


def _driver(connection: sa.Connection) -> "psycopg.Connection[Any]":
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def _text_and_values(statement: sa.Select[Any]) -> tuple[str, dict[str, Any]]:
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    values = dict(compiled.params)
    for name, convert in compiled._bind_processors.items():  # noqa: SLF001 (what execute does too)
        if name in values and not isinstance(convert, tuple):
            values[name] = convert(values[name])
    return str(compiled), values


def _told(fault: BaseException | None, timeout_s: float) -> GeoserviceError | None:
    """The mistake that a PostgreSQL error means to a user; None if it is ours."""
    match fault:
        case psycopg.errors.QueryCanceled():
            return TooSlow(limit=f"{timeout_s:g}")
        case psycopg.errors.LockNotAvailable() | psycopg.errors.DeadlockDetected():
            return Conflict(
                reason=Text(
                    zh="正被他人修改，请稍后重试。", en="Someone else is changing this; try again."
                )
            )
        case psycopg.errors.IntegrityError():
            return _rejected(fault)
        case psycopg.OperationalError():
            return DatabaseUnavailable(reason=type(fault).__name__)
    return None


def _rejected(fault: psycopg.errors.IntegrityError) -> RejectedFeature:
    about = fault.diag
    field = about.column_name or (about.constraint_name or "").removeprefix(f"{about.table_name}_")
    return RejectedFeature(
        collection=about.table_name or "",
        field=field,
        value=about.message_detail or "",
        reason=about.message_primary or "",
    )
