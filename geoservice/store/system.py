"""The store's own tables: changes, imports, published descriptions. They are no collections."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from geoservice.store.tables import SYSTEM_SCHEMA, tables

_metadata = tables().metadata
_now = sa.text("clock_timestamp()")

changes = sa.Table(
    "changes",
    _metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("actor", sa.Text, nullable=False, comment="who"),
    sa.Column("door", sa.Text, nullable=False, comment="through which door"),
    sa.Column("reason", sa.Text, comment="why"),
    sa.Column("import_id", pg.UUID(as_uuid=True), comment="the import that made it"),
    schema=SYSTEM_SCHEMA,
    comment="every transaction that changed a collection",
)

changed_collections = sa.Table(
    "changed_collections",
    _metadata,
    sa.Column("collection", sa.Text, primary_key=True),
    sa.Column("change_id", sa.BigInteger, sa.ForeignKey(changes.c.id), primary_key=True),
    schema=SYSTEM_SCHEMA,
    comment="which collections a change touched; the newest is the version of the collection",
)

imports = sa.Table(
    "imports",
    _metadata,
    sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("collection", sa.Text, nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("file_sha256", sa.Text, nullable=False),
    sa.Column("file_bytes", sa.BigInteger, nullable=False),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Column("state", sa.Text, nullable=False, comment="checked, committed or refused"),
    sa.Column("report", pg.JSONB, nullable=False, comment="how it was read, counts, issues"),
    schema=SYSTEM_SCHEMA,
    comment="every file that was offered, how it was read, and what became of it",
)

published_collections = sa.Table(
    "published_collections",
    _metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("description", pg.JSONB, nullable=False),
    sa.Column("published_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    schema=SYSTEM_SCHEMA,
    comment="descriptions of the collections made from files",
)


def newest_imports(most: int) -> sa.Select[Any]:
    """The newest imports, without their reports."""
    columns = [column for column in imports.c if column.name != "report"]
    return sa.select(*columns).order_by(imports.c.started_at.desc(), imports.c.id).limit(most)
