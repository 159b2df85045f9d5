"""Jobs: files that are written in the background.

Revises: 0003
"""

import geoalchemy2
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column(
            "id",
            sa.UUID(),
            server_default=sa.text("gen_random_uuid()"),
            nullable=False,
            comment="not to be guessed: whoever knows it may have the result",
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="as which the result is read"),
        sa.Column("request", sa.Text(), nullable=False, comment="path and query of what is wanted"),
        sa.Column("place", sa.UUID(), nullable=False, comment="the folder of results"),
        sa.Column("status", sa.Text(), server_default="accepted", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the result is removed",
        ),
        sa.Column("worker", sa.Text(), nullable=True, comment="who works on it, or has"),
        sa.Column(
            "seen_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when its worker was last alive",
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=True, comment="read so far"),
        sa.Column("total_rows", sa.BigInteger(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True, comment="written so far"),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column(
            "problem",
            postgresql.JSON(astext_type=sa.Text()),
            nullable=True,
            comment="why it failed, in both languages",
        ),
        sa.CheckConstraint(
            "status IN ('accepted', 'running', 'successful', 'failed', 'dismissed')",
            name=op.f("jobs_status_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("jobs_pkey")),
        schema="geoservice",
        comment="files that are written in the background",
    )


def downgrade() -> None:
    op.drop_table("jobs", schema="geoservice")
