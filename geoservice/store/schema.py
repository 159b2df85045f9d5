"""The schema of a database: brought up to date, checked for drift, asked for its state.

Migrations are Alembic revisions, written from the descriptions by `revision`; roles, functions and
triggers are made anew from the descriptions after every upgrade (`programs`).
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from geoalchemy2 import alembic_helpers

from geoservice.catalog import built_in_collections
from geoservice.domain.code_lists import ALL_CODE_LISTS, code_lists
from geoservice.store import programs, system
from geoservice.store.database import Database, begin_change, run
from geoservice.store.publishing import published
from geoservice.store.tables import BUILT_IN_SCHEMA, PUBLISHED_SCHEMA, SYSTEM_SCHEMA, tables

MIGRATIONS = Path(__file__).parent / "migrations"

_VERSION_TABLE = "schema_version"
_LOCK = 0x67656F73  # "geos": one upgrade at a time


def metadata() -> sa.MetaData:
    """The tables that migrations make: the store's own and those of the built-in collections."""
    for collection in built_in_collections():
        tables().history(collection)
    assert system.changes.metadata is tables().metadata
    return tables().metadata


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring a database from any earlier revision, or from nothing, to the newest.

    One transaction: all of it or nothing. Safe to call from several processes at once.
    """
    with database.migration() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        run(connection, programs.foundation())
        with _alembic(connection) as config:
            command.upgrade(config, revision)
        if revision == "head":
            run(connection, programs.change_functions())
            run(connection, programs.system_grants())
            for collection in (*built_in_collections(), *published(connection)):
                run(connection, programs.for_collection(collection))
            run(connection, programs.quota_ledger())
            run(connection, programs.register_period_guard())
            _own_by_owner(connection)
            _fill_code_lists(connection)


def downgrade(database: Database, revision: str) -> None:
    """Undo migrations down to a revision, or to `base`, with the data in what they had made."""
    with database.migration() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        _drop_functions_of_rows(connection)
        with _alembic(connection) as config:
            command.downgrade(config, revision)


@dataclass(frozen=True)
class SchemaState:
    """Revisions: of the database (None: it is empty), and the newest one known here."""

    current: str | None
    newest: str | None


def state(database: Database) -> SchemaState:
    """The revision of the database and the newest one known here."""
    with database.migration() as connection:
        current = MigrationContext.configure(
            connection,
            opts={"version_table": _VERSION_TABLE, "version_table_schema": SYSTEM_SCHEMA},
        ).get_current_revision()
        with _alembic(connection) as config:
            newest = ScriptDirectory.from_config(config).get_current_head()
    return SchemaState(current, newest)


def drift(database: Database) -> list[Any]:
    """The differences between the tables and the descriptions; empty when a migration is not due."""
    with database.migration() as connection, warnings.catch_warnings():
        # SQLAlchemy stumbles over checks that are NOT VALID when it reads them back.
        warnings.filterwarnings("ignore", "Can't validate argument 'dialect_options'")
        return list(
            compare_metadata(MigrationContext.configure(connection, opts=_options()), metadata())
        )


def write_revision(database: Database, message: str) -> None:
    """Write a migration for the differences; for developers."""
    with database.migration() as connection, _alembic(connection) as config:
        command.revision(config, message, autogenerate=True)


def _options() -> dict[str, Any]:
    return {
        "target_metadata": metadata(),
        "version_table": _VERSION_TABLE,
        "version_table_schema": SYSTEM_SCHEMA,
        "include_schemas": True,
        "include_name": _is_ours,
        "include_object": _is_migrated,
        "render_item": alembic_helpers.render_item,
        "compare_type": True,
        "compare_server_default": False,
    }


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return name in (SYSTEM_SCHEMA, BUILT_IN_SCHEMA) if kind == "schema" else name != _VERSION_TABLE


def _is_migrated(
    thing: sa.schema.SchemaItem, name: str | None, kind: str, reflected: bool, other: object
) -> bool:
    if isinstance(thing, sa.Table) and thing.schema == PUBLISHED_SCHEMA:
        return False
    include = alembic_helpers.include_object(thing, name, kind, reflected, other)  # type: ignore[no-untyped-call]
    return bool(include)


@contextmanager
def _alembic(connection: sa.Connection) -> Iterator[Config]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    config.attributes["options"] = _options()
    yield config


def _drop_functions_of_rows(connection: sa.Connection) -> None:
    """Drop the functions that take rows of a table, which could not be dropped before them.

    The next upgrade makes them anew, like everything in `programs`.
    """
    functions = connection.execute(
        sa.text(
            "SELECT format('DROP FUNCTION %s', p.oid::regprocedure) FROM pg_proc p "
            "JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = :schema AND EXISTS "
            "(SELECT FROM unnest(p.proargtypes) AS a JOIN pg_type t ON t.oid = a WHERE t.typtype = 'c')"
        ),
        {"schema": SYSTEM_SCHEMA},
    ).scalars()
    run(connection, functions.all())


def _own_by_owner(connection: sa.Connection) -> None:
    """Hand everything to the owning role, which makes and drops published tables later."""
    schemas = (SYSTEM_SCHEMA, BUILT_IN_SCHEMA, PUBLISHED_SCHEMA)
    run(connection, (f"ALTER SCHEMA {schema} OWNER TO {programs.OWNER}" for schema in schemas))
    owned = connection.execute(
        sa.text(
            "SELECT format('ALTER TABLE %I.%I OWNER TO ' || :owner, schemaname, tablename) FROM pg_tables "
            "WHERE schemaname IN ('geoservice', 'registers') AND tableowner <> :owner"
        ),
        {"owner": programs.OWNER},
    ).scalars()
    functions = connection.execute(
        sa.text(
            "SELECT format('ALTER FUNCTION %s OWNER TO ' || :owner, p.oid::regprocedure) FROM pg_proc p "
            "JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname IN ('geoservice', 'registers', 'published')"
        ),
        {"owner": programs.OWNER},
    ).scalars()
    run(connection, [*owned.all(), *functions.all()])


def _fill_code_lists(connection: sa.Connection) -> None:
    """The declared codes as rows, changed only where they differ; others are left alone."""
    table = tables().current(code_lists)
    wanted = {
        (codes.id, code.code): {
            "code_set": codes.id,
            "code_set_title_zh": codes.title.zh,
            "code_set_title_en": codes.title.en,
            "code": code.code,
            "name_zh": code.title.zh,
            "name_en": code.title.en,
            "parent": code.parent,
            "position": position,
            "source": codes.source,
        }
        for codes in ALL_CODE_LISTS
        for position, code in enumerate(codes)
    }
    names = list(next(iter(wanted.values())))
    there = {
        (row.code_set, row.code): dict(row._mapping)
        for row in connection.execute(sa.select(*(table.c[name] for name in names)))
    }
    new = [row for key, row in wanted.items() if key not in there]
    changed = [(key, row) for key, row in wanted.items() if there.get(key, row) != row]
    if not new and not changed:
        return
    begin_change(connection, actor="geoservice", door="upgrade", reason="declared code lists")
    if new:
        connection.execute(sa.insert(table), new)
    for (code_set, code), row in changed:
        same = sa.and_(table.c.code_set == code_set, table.c.code == code)
        connection.execute(sa.update(table).where(same).values(row))
