"""Alembic's entry; everything comes from `store.schema`, which holds the connection."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"], **context.config.attributes["options"]
)
context.run_migrations()
