"""The roles of a database, and what each may do with the store's own tables."""

from collections.abc import Iterator

from geoservice.store.tables import BUILT_IN_SCHEMA, PUBLISHED_SCHEMA, SYSTEM_SCHEMA

READER = "geoservice_read"
EDITOR = "geoservice_edit"
OWNER = "geoservice_migrate"

SCHEMAS = (SYSTEM_SCHEMA, BUILT_IN_SCHEMA, PUBLISHED_SCHEMA)

ROLES = f"""
DO $$
DECLARE wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['{READER}', '{EDITOR}', '{OWNER}'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another database of this server
    END;
    -- From PostgreSQL 16 on, whoever makes a role administers it, but must be granted its use.
    BEGIN
      IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT %I TO %I', wanted, current_user);
      END IF;
    EXCEPTION WHEN insufficient_privilege THEN NULL; -- granted by an administrator, or told at use
    END;
  END LOOP;
END $$
"""

_READABLE = (
    *("changes", "changed_collections", "imports", "published_collections", "schema_version"),
    *("answers", "answer_accounts"),
    *("quota_balances", "quota_holds", "quota_charges"),
)
_EDITED = {
    "imports": "SELECT, INSERT, UPDATE",
    "users": "SELECT, INSERT, UPDATE",
    "keys": "SELECT, INSERT, UPDATE",
    "locks": "SELECT, INSERT, UPDATE, DELETE",
    "locked_features": "SELECT, INSERT, UPDATE, DELETE",
    "answered_requests": "SELECT, INSERT, UPDATE, DELETE",
    "jobs": "SELECT, INSERT, UPDATE, DELETE",
}
"""What editors may do; keys, users, locks, answers and jobs are nothing for readers."""


def system_grants() -> Iterator[str]:
    """Who may do what with the store's own tables. Editors open changes by function only."""
    for schema in SCHEMAS:
        yield f"GRANT USAGE ON SCHEMA {schema} TO {READER}, {EDITOR}, {OWNER}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {SYSTEM_SCHEMA} FROM {READER}, {EDITOR}"
    for table in _READABLE:
        yield f"GRANT SELECT ON {SYSTEM_SCHEMA}.{table} TO {READER}, {EDITOR}"
    for table, rights in _EDITED.items():
        yield f"GRANT {rights} ON {SYSTEM_SCHEMA}.{table} TO {EDITOR}"
