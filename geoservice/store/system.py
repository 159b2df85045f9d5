"""The store's own tables, which are no collections: changes, descriptions, answers, users, locks, balances."""

from datetime import datetime
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
    sa.Column(
        "is_unconditional",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="whether it changed features without saying which version its author had seen",
    ),
    schema=SYSTEM_SCHEMA,
    comment="every transaction that changed a collection",
)

changed_collections = sa.Table(
    "changed_collections",
    _metadata,
    sa.Column("collection", sa.Text, primary_key=True),
    sa.Column("change_id", sa.BigInteger, sa.ForeignKey(changes.c.id), primary_key=True),
    sa.Column("inserted", sa.BigInteger, comment="features; null: not counted, as at a console"),
    sa.Column("updated", sa.BigInteger),
    sa.Column("deleted", sa.BigInteger),
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

answers = sa.Table(
    "answers",
    _metadata,
    sa.Column(
        "name",
        sa.Text,
        sa.ForeignKey(published_collections.c.id, ondelete="CASCADE"),
        primary_key=True,
        comment="also the id of the collection that holds its rows",
    ),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("given", pg.JSON, nullable=False, comment="parameters; others have their defaults"),
    sa.Column("title", sa.Text, comment="null: that of the question with its day"),
    sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("saved_by", sa.Text, nullable=False),
    schema=SYSTEM_SCHEMA,
    comment="answers that were saved as collections",
)

answer_accounts = sa.Table(
    "answer_accounts",
    _metadata,
    sa.Column("name", sa.Text, sa.ForeignKey(answers.c.name, ondelete="CASCADE"), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("parameters", pg.JSON, nullable=False, comment="all, as the answer echoed them"),
    sa.Column("data_version", pg.JSON, nullable=False),
    sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("counts", pg.JSON, nullable=False),
    sa.Column("coverage", pg.JSON, nullable=False),
    sa.Column("issues", pg.JSON, nullable=False),
    sa.Column("row_count", sa.BigInteger, nullable=False),
    schema=SYSTEM_SCHEMA,
    comment="what a saved answer said of itself when it was saved, and each time it was refreshed",
)

users = sa.Table(
    "users",
    _metadata,
    sa.Column(
        "id",
        pg.UUID(as_uuid=True),
        primary_key=True,
        server_default=sa.text(f"{SYSTEM_SCHEMA}.uuid7()"),
    ),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("role", sa.Text, nullable=False, comment="analyst, editor or admin"),
    sa.Column("towns", pg.ARRAY(sa.Text), comment="codes of an editor's towns; null: all"),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("disabled_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("role IN ('analyst', 'editor', 'admin')", name="role"),
    schema=SYSTEM_SCHEMA,
    comment="who may do more than read what is public",
)

keys = sa.Table(
    "keys",
    _metadata,
    sa.Column("id", sa.Text, primary_key=True, comment="the part of the key that may be shown"),
    sa.Column("user_id", pg.UUID(as_uuid=True), sa.ForeignKey(users.c.id), nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("secret_hash", sa.Text, nullable=False, comment="argon2id"),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
    sa.Column("revoked_at", sa.DateTime(timezone=True)),
    sa.Column("last_used_at", sa.DateTime(timezone=True)),
    schema=SYSTEM_SCHEMA,
    comment="keys by which users are known",
)

locks = sa.Table(
    "locks",
    _metadata,
    sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("minutes", sa.Double, nullable=False, comment="for how long it is renewed"),
    schema=SYSTEM_SCHEMA,
    comment="locks of features, by the clock of the database",
)

locked_features = sa.Table(
    "locked_features",
    _metadata,
    sa.Column("collection", sa.Text, primary_key=True),
    sa.Column("uid", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column(
        "lock_id",
        pg.UUID(as_uuid=True),
        sa.ForeignKey(locks.c.id, ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    schema=SYSTEM_SCHEMA,
    comment="the features that a lock holds",
)

answered_requests = sa.Table(
    "answered_requests",
    _metadata,
    sa.Column("actor", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True, comment="Idempotency-Key"),
    sa.Column("request_sha256", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=_now, index=True),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("headers", pg.JSONB, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    schema=SYSTEM_SCHEMA,
    comment="answers of edits, so that a repeated request is not carried out twice",
)


quota_balances = sa.Table(
    "quota_balances",
    _metadata,
    sa.Column("account", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("booked_on", sa.Date, primary_key=True),
    sa.Column("balance_m2", sa.Numeric(14, 2), nullable=False, comment="at the end of the day"),
    sa.Column("overdraft_allowed", sa.Boolean, nullable=False, comment="as the account says"),
    sa.CheckConstraint("balance_m2 >= 0 OR overdraft_allowed", name="overdraft"),
    schema=SYSTEM_SCHEMA,
    comment="the balance of a quota account at the end of each day on which something was booked",
)

quota_holds = sa.Table(
    "quota_holds",
    _metadata,
    sa.Column("account", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("quota_parcel", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("booked_on", sa.Date, primary_key=True),
    sa.Column("held_m2", sa.Numeric(14, 2), nullable=False, comment="at the end of the day"),
    sa.CheckConstraint("held_m2 >= 0", name="held"),
    schema=SYSTEM_SCHEMA,
    comment="what a quota account holds for a parcel at the end of each day with an entry for it",
)

quota_charges = sa.Table(
    "quota_charges",
    _metadata,
    sa.Column("quota_parcel", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("quota_kind", sa.Text, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("posting", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("charged_m2", sa.Numeric(14, 2), nullable=False),
    sa.Column("is_taken_over", sa.Boolean, nullable=False, comment="from an earlier ledger"),
    sa.CheckConstraint("charged_m2 > 0", name="charged"),
    schema=SYSTEM_SCHEMA,
    comment="the parcels that are charged now: used or taken over, and not reversed",
)

jobs = sa.Table(
    "jobs",
    _metadata,
    sa.Column(
        "id",
        pg.UUID(as_uuid=True),
        primary_key=True,
        server_default=sa.text("gen_random_uuid()"),
        comment="not to be guessed: whoever knows it may have the result",
    ),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False, comment="as which the result is read"),
    sa.Column("request", sa.Text, nullable=False, comment="path and query of what is wanted"),
    sa.Column("place", pg.UUID(as_uuid=True), nullable=False, comment="the folder of results"),
    sa.Column("status", sa.Text, nullable=False, server_default="accepted"),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("started_at", sa.DateTime(timezone=True)),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Column("expires_at", sa.DateTime(timezone=True), comment="when the result is removed"),
    sa.Column("worker", sa.Text, comment="who works on it, or has"),
    sa.Column("seen_at", sa.DateTime(timezone=True), comment="when its worker was last alive"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("rows", sa.BigInteger, comment="read so far"),
    sa.Column("total_rows", sa.BigInteger),
    sa.Column("bytes", sa.BigInteger, comment="written so far"),
    sa.Column("file_name", sa.Text),
    sa.Column("media_type", sa.Text),
    sa.Column("problem", pg.JSON, comment="why it failed, in both languages"),
    sa.CheckConstraint(
        "status IN ('accepted', 'running', 'successful', 'failed', 'dismissed')", name="status"
    ),
    schema=SYSTEM_SCHEMA,
    comment="files that are written in the background",
)


def newest_imports(most: int) -> sa.Select[Any]:
    """The newest imports, without their reports."""
    columns = [column for column in imports.c if column.name != "report"]
    return sa.select(*columns).order_by(imports.c.started_at.desc(), imports.c.id).limit(most)


def synthetic_collections() -> sa.Select[tuple[str]]:
    """The ids of the collections into which demonstration data was loaded."""
    table = changed_collections
    loaded = table.join(changes, changes.c.id == table.c.change_id)
    found = sa.select(table.c.collection).select_from(loaded).where(changes.c.door == "demo")
    return found.distinct().order_by(table.c.collection)


def origin(collection: str) -> sa.Select[tuple[datetime | None, bool]]:
    """When a collection was last changed, and whether demonstration data was loaded into it."""
    table = changed_collections
    own = table.join(changes, changes.c.id == table.c.change_id)
    times = sa.select(changes.c.at).select_from(own).where(table.c.collection == collection)
    newest = times.order_by(table.c.change_id.desc()).limit(1)
    demo = sa.exists().select_from(own)
    demo = demo.where(table.c.collection == collection, changes.c.door == "demo")
    return sa.select(newest.scalar_subquery().label("changed_at"), demo.label("synthetic"))
