"""Connections: one pool for each role, statements run in threads, faults told in our words.

Knows how to reach PostgreSQL; knows no collection. `faults` knows what errors mean.
"""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import psycopg
import sqlalchemy as sa
from psycopg.types.numeric import FloatDumper
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

from geoservice.errors import DatabaseUnavailable, GeoserviceError, TooSlow
from geoservice.store.faults import told, told_of_writing
from geoservice.store.programs import EDITOR, OWNER, READER

if TYPE_CHECKING:
    import pyarrow as pa

_DIALECT = PGDialect_psycopg(paramstyle="pyformat")  # type: ignore[no-untyped-call]

# A column whose text has none of these bytes leaves COPY as it is: the raw lines of a document.
_RAW_LINES = "FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02'"
_BLOCK_BYTES = 65_536
_BATCH_BYTES = 4_194_304
_BATCH_BYTES_OPTION = "adbc.postgresql.batch_size_hint_bytes"

Row = sa.Row[Any]
Connection = sa.Connection
Meaning = Callable[[BaseException | None, float], GeoserviceError | None]


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
        self._write_timeout_s = write_timeout_s
        self._export_timeout_s = export_timeout_s
        self._reading = _engine(url, READER, read_timeout_s, pool_size, read_only=True)
        # A page is small: parallel workers would take longer to start than it takes to read.
        self._paging = _engine(
            url, READER, read_timeout_s, pool_size, read_only=True, parallel=False
        )
        self._exporting = _engine(url, READER, export_timeout_s, 4, read_only=True)
        self._editing = _engine(url, EDITOR, write_timeout_s, 2)
        # Long edits keep their connections: nobody must wait for them to be known.
        self._access = _engine(url, EDITOR, read_timeout_s, 1)
        self._owning = _engine(url, OWNER, export_timeout_s, 1)
        self._migrating = _engine(url, None, export_timeout_s, 1)

        self._engines = (
            self._reading,
            self._paging,
            self._exporting,
            self._editing,
            self._access,
            self._owning,
            self._migrating,
        )
        self._in_use: set[psycopg.Connection[Any]] = set()
        for engine in self._engines:
            sa.event.listen(engine, "checkout", lambda driver, *_: self._in_use.add(driver))
            sa.event.listen(engine, "checkin", lambda driver, *_: self._in_use.discard(driver))

    def close(self) -> None:
        """Close every connection."""
        for engine in self._engines:
            engine.dispose()

    def interrupt(self) -> None:
        """Cancel the statements under way, which nobody waits for any more."""
        for driver in tuple(self._in_use):
            driver.cancel_safe()

    def rows(self, statement: sa.Executable) -> list[Row]:
        """All rows of a reading statement; for answers that fit in memory."""
        with _translated(self._read_timeout_s), self._reading.connect() as connection:
            return list(connection.execute(statement).all())

    def row(self, statement: sa.Executable) -> Row:
        """The only row of a reading statement."""
        with _translated(self._read_timeout_s), self._reading.connect() as connection:
            return connection.execute(statement).one()

    def scalar(self, statement: sa.Executable) -> Any:
        """The only value of a reading statement; None if there is no row."""
        with _translated(self._read_timeout_s), self._reading.connect() as connection:
            return connection.execute(statement).scalar()

    def document(self, sql: str, values: Sequence[Any]) -> tuple[bytes | None, ...]:
        """The only row of a reading statement with `$1` …, each value as PostgreSQL wrote it.

        The texts are handed on as UTF-8: a page of features is never decoded.
        """
        with (
            _translated(self._read_timeout_s),
            self._paging.connect() as connection,
            psycopg.RawCursor(_driver(connection)) as cursor,
        ):
            result = cursor.execute(sql, values).pgresult
            assert result is not None
            return tuple(result.get_value(0, number) for number in range(result.nfields))

    @contextmanager
    def snapshot(self, *, bulk: bool = False) -> Iterator[sa.Connection]:
        """A connection on which several reading statements see one state of the data.

        `bulk` gives them the time of an export.
        """
        options = {"isolation_level": "REPEATABLE READ"}
        engine = self._exporting if bulk else self._reading
        with (
            _translated(self._export_timeout_s if bulk else self._read_timeout_s),
            engine.connect() as connection,
            connection.execution_options(**options).begin(),
        ):
            yield connection

    @contextmanager
    def change(
        self,
        *,
        actor: str,
        door: str,
        reason: str | None = None,
        towns: Iterable[str] | None = None,
    ) -> Iterator[sa.Connection]:
        """A transaction of the editing role, recorded as one change; rolled back on any error."""
        with self.editing() as connection:
            begin_change(connection, actor=actor, door=door, reason=reason, towns=towns)
            yield connection

    @contextmanager
    def editing(self, *, bulk: bool = False) -> Iterator[sa.Connection]:
        """A transaction of the editing role that opens its change itself, once it has one to make.

        Until then it may write in no town.
        `bulk` gives its statements the time of an export.
        """
        timeout_s = self._export_timeout_s if bulk else self._write_timeout_s
        with _translated(timeout_s, told_of_writing), self._editing.begin() as connection:
            if bulk:
                limit = sa.func.set_config("statement_timeout", str(int(timeout_s * 1000)), True)
                connection.execute(sa.select(limit))
            yield connection

    @contextmanager
    def access(self) -> Iterator[sa.Connection]:
        """A short transaction of the editing role with users and keys, which no edit delays."""
        with (
            _translated(self._read_timeout_s, told_of_writing),
            self._access.begin() as connection,
        ):
            yield connection

    @contextmanager
    def ownership(self, *, snapshot: bool = False) -> Iterator[sa.Connection]:
        """A transaction of the owning role, which may make and drop tables.

        With `snapshot` all its statements see one state of the data: that of the first one.
        """
        level = "REPEATABLE READ" if snapshot else "READ COMMITTED"
        with (
            _translated(self._export_timeout_s, told_of_writing),
            self._owning.connect() as connection,
            connection.execution_options(isolation_level=level).begin(),
        ):
            yield connection

    @contextmanager
    def migration(self) -> Iterator[sa.Connection]:
        """A transaction of the user in the URL, before any role may exist."""
        with _translated(self._export_timeout_s), self._migrating.begin() as connection:
            yield connection

    @contextmanager
    def exporting(self) -> Iterator["Snapshot"]:
        """The data as they are now, of which much is read; its statements have the time of an export."""
        with self.snapshot(bulk=True) as connection:
            exported = connection.execute(sa.select(sa.func.pg_export_snapshot())).scalar_one()
            yield Snapshot(connection, exported, self._export_timeout_s)

    def lines(self, statement: sa.Select[Any]) -> Iterator[bytes]:
        """The one text column of a statement, as UTF-8 blocks of whole lines, in constant memory.

        The text must hold no newline, as JSON does not. The query is cancelled and its connection
        given back when the iterator is closed.
        """
        with self.exporting() as snapshot:
            yield from snapshot.lines(statement)

    def counted_lines(
        self, count: sa.Select[Any], statement: sa.Select[Any]
    ) -> tuple[int, Generator[bytes, None, None]]:
        """The only value of one statement, and the `lines` of another, of one state of the data.

        The count is there at once; the lines hold a connection until they are read or closed.
        """
        blocks = self._count_and_lines(count, statement)
        return int(next(blocks)), blocks

    def _count_and_lines(
        self, count: sa.Select[Any], statement: sa.Select[Any]
    ) -> Generator[bytes, None, None]:
        with self.exporting() as snapshot:
            yield b"%d" % snapshot.connection.execute(count).scalar_one()
            yield from snapshot.lines(statement)

    @contextmanager
    def arrow(self, statement: sa.Select[Any]) -> Iterator["pa.RecordBatchReader"]:
        """The rows of a statement as Arrow batches, in constant memory."""
        with self.exporting() as snapshot, snapshot.arrow(statement) as reader:
            yield reader


class Snapshot:
    """One state of the data, read by as many statements as one likes, one after the other.

    `connection` is for those whose answers fit in memory, `exported` the name by which other
    connections may see the same. For one thread, except `cancel`.
    """

    def __init__(self, connection: sa.Connection, exported: str, timeout_s: float) -> None:
        self.connection = connection
        self._exported = exported
        self._timeout_s = timeout_s
        self._cancel: Callable[[], None] = _driver(connection).cancel

    def cancel(self) -> None:
        """Stop the statement that runs now, which then raises; from any thread."""
        self._cancel()

    def lines(self, statement: sa.Select[Any]) -> Generator[bytes, None, None]:
        """The one text column of a statement, as `Database.lines`."""
        yield from _copied_out(self.connection, statement)

    @contextmanager
    def arrow(self, statement: sa.Select[Any]) -> Iterator["pa.RecordBatchReader"]:
        """The rows of a statement as Arrow batches, in constant memory.

        They are read by a connection of its own, which sees the same state of the data.
        """
        from adbc_driver_postgresql import dbapi

        driver = _driver(self.connection)
        literal = _client_cursor(driver).mogrify(*_text_and_values(statement))
        password = driver.info.password
        uri = driver.info.dsn + (f" password='{password}'" if password else "")
        started = time.monotonic()
        try:
            opened = dbapi.connect(uri)
        except dbapi.OperationalError as fault:
            raise DatabaseUnavailable(reason=type(fault).__name__) from fault
        with opened as link, link.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(f"SET TRANSACTION SNAPSHOT '{self._exported}'")
            cursor.adbc_statement.set_options(**{_BATCH_BYTES_OPTION: str(_BATCH_BYTES)})
            self._cancel = cursor.adbc_cancel
            try:
                cursor.execute(literal)
                yield cast("pa.RecordBatchReader", cursor.fetch_record_batch())
            except (dbapi.Error, OSError) as fault:
                # Of an error among the rows Arrow tells only the server's words, in its language.
                is_ours = isinstance(fault, dbapi.Error) or fault.errno is None
                if is_ours and time.monotonic() - started >= self._timeout_s:
                    raise TooSlow(limit=f"{self._timeout_s:g}") from fault
                raise
            finally:
                self._cancel = driver.cancel


@contextmanager
def _translated(timeout_s: float, meaning: Meaning = told) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, psycopg.Error) as fault:
        cause = fault.orig if isinstance(fault, DBAPIError) else fault
        mistake = meaning(cause, timeout_s)
        if mistake is None:
            raise
        raise mistake from fault
    except sa.exc.TimeoutError as fault:  # every connection is in use
        raise DatabaseUnavailable(reason="busy") from fault


def begin_change(
    connection: sa.Connection,
    *,
    actor: str,
    door: str,
    reason: str | None = None,
    import_id: object = None,
    towns: Iterable[str] | None = None,
    lock_id: object = None,
    is_unconditional: bool = False,
) -> int:
    """Say who changes what follows on this connection, until its transaction ends; the change's id.

    Args:
        connection: within a transaction.
        actor: who.
        door: through which door.
        reason: why.
        import_id: the import that makes the change.
        towns: the codes of the towns whose features may be written; None is everywhere.
        lock_id: the lock whose features may be written though they are locked.
        is_unconditional: whether features are changed without regard to the version they have.
    """
    call = sa.func.geoservice.begin_change(
        actor,
        door,
        reason,
        sa.cast(import_id, sa.Uuid),
        sa.cast(None if towns is None else sorted(towns), sa.ARRAY(sa.Text)),
        sa.cast(lock_id, sa.Uuid),
        is_unconditional,
    )
    return int(connection.execute(sa.select(call)).scalar_one())


def limit_to_towns(connection: sa.Connection, towns: Iterable[str] | None) -> None:
    """Say where one may write on this connection, before it has a change; None is everywhere."""
    codes = "*" if towns is None else ",".join(sorted(towns))
    connection.execute(sa.select(sa.func.set_config("geoservice.towns", codes, True)))


def count_changed(
    connection: sa.Connection, collection: str, *, inserted: int, updated: int, deleted: int
) -> None:
    """Add to the numbers of features that the open change has touched in a collection."""
    call = sa.func.geoservice.count_changed(collection, inserted, updated, deleted)
    connection.execute(sa.select(call))


def check_now(connection: sa.Connection) -> None:
    """Check what is otherwise checked when the transaction commits; for one that will be undone too."""
    connection.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))


def copy_in(
    connection: sa.Connection, table: sa.Table, names: Iterable[str], blocks: Iterable[bytes]
) -> None:
    """Load rows in the form of binary COPY into columns of a table, in constant memory."""
    quoted = _DIALECT.identifier_preparer
    columns = ", ".join(quoted.quote_identifier(name) for name in names)
    sql = f"COPY {quoted.format_table(table)} ({columns}) FROM STDIN (FORMAT binary)"
    with _driver(connection).cursor() as cursor, cursor.copy(cast("Any", sql)) as copy:
        for block in blocks:
            copy.write(block)


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
        "search_path": "public",  # not the schema that has the name of the user
        "timezone": "UTC",
        "datestyle": "ISO",
        "jit": "off",
        "statement_timeout": str(int(timeout_s * 1000)),
        "lock_timeout": "3000",
        "idle_in_transaction_session_timeout": str(int(max(30, timeout_s) * 1000)),
        "plan_cache_mode": "force_custom_plan",  # a box decides which index is best
        "client_connection_check_interval": "2000",  # who has left, leaves no statement behind
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


def _copied_out(
    connection: sa.Connection, statement: sa.Select[Any]
) -> Generator[bytes, None, None]:
    """The lines of a statement; closing it cancels the query and gives the connection up."""
    driver = _driver(connection)
    with _client_cursor(driver) as cursor:
        # COPY takes no values; the cursor would leave a doubled percent sign if there were none.
        literal = cursor.mogrify(*_text_and_values(statement))
        try:
            with cursor.copy(cast("Any", f"COPY ({literal}) TO STDOUT ({_RAW_LINES})")) as copy:
                yield from _blocks_of(copy)
        except GeneratorExit:
            driver.cancel()
            connection.invalidate()
            raise


class _DoubleDumper(FloatDumper):
    """A float among the words of a statement: bare, PostgreSQL would read a decimal, of another type."""

    def quote(self, obj: float) -> bytes:
        return bytes(super().quote(obj)) + b"::float8"


def _client_cursor(driver: "psycopg.Connection[Any]") -> "psycopg.ClientCursor[Any]":
    """A cursor that writes values into the statement, each of the type that it has when it is bound."""
    cursor = psycopg.ClientCursor(driver)
    cursor.adapters.register_dumper(float, _DoubleDumper)
    return cursor


def _blocks_of(copy: psycopg.Copy) -> Iterator[bytes]:
    """Its lines put together: each block costs whoever sends it two changes of threads."""
    held: list[bytes] = []
    size = 0
    for line in copy:
        held.append(bytes(line))
        size += len(held[-1])
        if size >= _BLOCK_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _driver(connection: sa.Connection) -> "psycopg.Connection[Any]":
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def _text_and_values(statement: sa.Select[Any]) -> tuple[str, dict[str, Any]]:
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    values = dict(compiled.params)
    # What SQLAlchemy's own execution does with values before the driver sees them.
    processors: dict[str, Any] = dict(compiled._bind_processors)
    for name, convert in processors.items():
        if name in values and not isinstance(convert, tuple):
            values[name] = convert(values[name])
    return str(compiled), values
