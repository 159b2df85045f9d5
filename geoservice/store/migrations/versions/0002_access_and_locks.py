"""Users, keys, locks, and answers of repeated requests.

Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answered_requests",
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="Idempotency-Key"),
        sa.Column("request_sha256", sa.Text(), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("answered_requests_pkey")),
        schema="geoservice",
        comment="answers of edits, so that a repeated request is not carried out twice",
    )
    op.create_index(
        op.f("answered_requests_at_idx"),
        "answered_requests",
        ["at"],
        unique=False,
        schema="geoservice",
    )
    op.create_table(
        "locks",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Double(), nullable=False, comment="for how long it is renewed"),
        sa.PrimaryKeyConstraint("id", name=op.f("locks_pkey")),
        schema="geoservice",
        comment="locks of features, by the clock of the database",
    )
    op.create_table(
        "users",
        sa.Column("id", sa.UUID(), server_default=sa.text("geoservice.uuid7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="analyst, editor or admin"),
        sa.Column(
            "towns",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="codes of an editor's towns; null: all",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('analyst', 'editor', 'admin')", name=op.f("users_role_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("users_pkey")),
        sa.UniqueConstraint("name", name=op.f("users_name_key")),
        schema="geoservice",
        comment="who may do more than read what is public",
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.Text(), nullable=False, comment="the part of the key that may be shown"),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False, comment="argon2id"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["geoservice.users.id"], name=op.f("keys_user_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("keys_pkey")),
        schema="geoservice",
        comment="keys by which users are known",
    )
    op.create_table(
        "locked_features",
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("uid", sa.UUID(), nullable=False),
        sa.Column("lock_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lock_id"],
            ["geoservice.locks.id"],
            name=op.f("locked_features_lock_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collection", "uid", name=op.f("locked_features_pkey")),
        schema="geoservice",
        comment="the features that a lock holds",
    )
    op.create_index(
        op.f("locked_features_lock_id_idx"),
        "locked_features",
        ["lock_id"],
        unique=False,
        schema="geoservice",
    )
    op.add_column(
        "changed_collections",
        sa.Column(
            "inserted",
            sa.BigInteger(),
            nullable=True,
            comment="features; null: not counted, as at a console",
        ),
        schema="geoservice",
    )
    op.add_column(
        "changed_collections",
        sa.Column("updated", sa.BigInteger(), nullable=True),
        schema="geoservice",
    )
    op.add_column(
        "changed_collections",
        sa.Column("deleted", sa.BigInteger(), nullable=True),
        schema="geoservice",
    )
    op.add_column(
        "changes",
        sa.Column(
            "is_unconditional",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="whether it changed features without saying which version its author had seen",
        ),
        schema="geoservice",
    )


def downgrade() -> None:
    op.drop_column("changes", "is_unconditional", schema="geoservice")
    op.drop_column("changed_collections", "deleted", schema="geoservice")
    op.drop_column("changed_collections", "updated", schema="geoservice")
    op.drop_column("changed_collections", "inserted", schema="geoservice")
    op.drop_index(
        op.f("locked_features_lock_id_idx"), table_name="locked_features", schema="geoservice"
    )
    op.drop_table("locked_features", schema="geoservice")
    op.drop_table("keys", schema="geoservice")
    op.drop_table("users", schema="geoservice")
    op.drop_table("locks", schema="geoservice")
    op.drop_index(
        op.f("answered_requests_at_idx"), table_name="answered_requests", schema="geoservice"
    )
    op.drop_table("answered_requests", schema="geoservice")
