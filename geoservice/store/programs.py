"""What the database does by itself: roles, functions, and the triggers that write history.

Migrations make tables; this file makes the rest, from the descriptions, each time the schema is
upgraded or a collection is published. Every statement may run again.
"""

from collections.abc import Iterable, Iterator

from geoservice.description.collection import Collection
from geoservice.store.tables import (
    BUILT_IN_SCHEMA,
    CHANGE_COLUMNS,
    PUBLISHED_SCHEMA,
    SYSTEM_SCHEMA,
    tables,
)

READER = "geoservice_read"
EDITOR = "geoservice_edit"
OWNER = "geoservice_migrate"

_SCHEMAS = (SYSTEM_SCHEMA, BUILT_IN_SCHEMA, PUBLISHED_SCHEMA)

_ROLES = f"""
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

# RFC 9562, 5.7: 48 bits of Unix milliseconds, then version, variant and random bits.
_UUID7 = f"""
CREATE OR REPLACE FUNCTION {SYSTEM_SCHEMA}.uuid7() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(set_bit(set_bit(overlay(
    uuid_send(gen_random_uuid())
    PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
    FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$
"""

# Doors open a change with its actor and reason. A statement typed at a console has none: it opens
# one of its own, so that no row is ever written without saying by whom and when.
_BEGIN_CHANGE = f"""
CREATE OR REPLACE FUNCTION {SYSTEM_SCHEMA}.begin_change(
  actor text, door text, reason text, import_id uuid DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE made bigint;
BEGIN
  INSERT INTO {SYSTEM_SCHEMA}.changes (actor, door, reason, import_id)
  VALUES (actor, door, reason, import_id) RETURNING id INTO made;
  PERFORM set_config('geoservice.change', made::text, true);
  RETURN made;
END $$
"""

_BEGIN_CHANGE_SIGNATURE = f"{SYSTEM_SCHEMA}.begin_change(text, text, text, uuid)"

_CURRENT_CHANGE = f"""
CREATE OR REPLACE FUNCTION {SYSTEM_SCHEMA}.current_change() RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE open_change text := current_setting('geoservice.change', true);
BEGIN
  IF open_change IS NULL OR open_change = '' THEN
    RETURN {SYSTEM_SCHEMA}.begin_change(session_user, 'sql', current_setting('application_name', true));
  END IF;
  RETURN open_change::bigint;
END $$
"""

_TOUCH = f"""
CREATE OR REPLACE FUNCTION {SYSTEM_SCHEMA}.touch_collection() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  INSERT INTO {SYSTEM_SCHEMA}.changed_collections (collection, change_id)
  VALUES (TG_TABLE_NAME, {SYSTEM_SCHEMA}.current_change()) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$
"""

# Lists of references are not covered by foreign keys; the same promise, in both directions.
_REFERENCES = f"""
CREATE OR REPLACE FUNCTION {SYSTEM_SCHEMA}.check_references() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE missing uuid;
BEGIN
  EXECUTE format('SELECT each FROM unnest(($1).%I) AS each WHERE NOT EXISTS
    (SELECT FROM {BUILT_IN_SCHEMA}.%I AS other WHERE other.uid = each) LIMIT 1', TG_ARGV[0], TG_ARGV[1])
    USING NEW INTO missing;
  IF missing IS NOT NULL THEN
    RAISE foreign_key_violation USING MESSAGE = format('%s is not in %s', missing, TG_ARGV[1]),
      DETAIL = format('(%s)=(%s)', TG_ARGV[0], missing), TABLE = TG_TABLE_NAME, COLUMN = TG_ARGV[0];
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION {SYSTEM_SCHEMA}.check_referenced() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE used boolean;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT FROM {BUILT_IN_SCHEMA}.%I WHERE %I @> ARRAY[$1])',
    TG_ARGV[0], TG_ARGV[1]) USING OLD.uid INTO used;
  IF used THEN
    RAISE foreign_key_violation USING MESSAGE = format('%s is used by %s', OLD.uid, TG_ARGV[0]),
      DETAIL = format('(uid)=(%s)', OLD.uid), TABLE = TG_ARGV[0], COLUMN = TG_ARGV[1];
  END IF;
  RETURN NULL;
END $$
"""


def foundation() -> Iterator[str]:
    """The statements before any table: extension, roles, schemas, functions that defaults call."""
    yield "CREATE EXTENSION IF NOT EXISTS postgis"
    yield _ROLES
    for schema in _SCHEMAS:
        yield f"CREATE SCHEMA IF NOT EXISTS {schema}"
    yield from (_UUID7, _BEGIN_CHANGE, _CURRENT_CHANGE, _TOUCH, _REFERENCES)


def system_grants() -> Iterator[str]:
    """Who may do what with the store's own tables. Editors open changes by function only."""
    for schema in _SCHEMAS:
        yield f"GRANT USAGE ON SCHEMA {schema} TO {READER}, {EDITOR}, {OWNER}"
    yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {SYSTEM_SCHEMA} TO {READER}, {EDITOR}"
    yield f"GRANT INSERT, UPDATE ON {SYSTEM_SCHEMA}.imports TO {EDITOR}"
    # It writes with the owner's rights, so a reader must not call it.
    yield f"REVOKE EXECUTE ON FUNCTION {_BEGIN_CHANGE_SIGNATURE} FROM PUBLIC"
    yield f"GRANT EXECUTE ON FUNCTION {_BEGIN_CHANGE_SIGNATURE} TO {EDITOR}, {OWNER}"


def for_collection(collection: Collection) -> Iterator[str]:
    """The triggers and grants of one collection."""
    current = tables().current(collection)
    yield _history_function(collection)
    yield (
        f"CREATE OR REPLACE TRIGGER keep_history BEFORE UPDATE OR DELETE ON {current} "
        f"FOR EACH ROW EXECUTE FUNCTION {function_name(collection)}()"
    )
    yield (
        f"CREATE OR REPLACE TRIGGER touch_collection AFTER INSERT OR UPDATE OR DELETE ON {current} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {SYSTEM_SCHEMA}.touch_collection()"
    )
    yield from _reference_triggers(collection)
    yield from _grants(collection)


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def function_name(collection: Collection) -> str:
    """The name of the function that keeps the history of a collection."""
    return f"{tables().current(collection).schema}.keep_history_of_{collection.id}"


def _history_function(collection: Collection) -> str:
    """A replaced row goes to the history; one that would stay the same stays as it is.

    Recorded times of one feature strictly increase even if a transaction that began earlier
    commits later.
    """
    history = tables().history(collection)
    kept = [column.name for column in tables().current(collection).c]
    columns = ", ".join(_quote(name) for name in kept)
    values = ", ".join(f"OLD.{_quote(name)}" for name in kept)
    return f"""
CREATE OR REPLACE FUNCTION {function_name(collection)}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE moment timestamptz := greatest(transaction_timestamp(), OLD.recorded_at + interval '1 microsecond');
DECLARE change bigint := {SYSTEM_SCHEMA}.current_change();
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.uid <> OLD.uid THEN
      RAISE integrity_constraint_violation
        USING MESSAGE = 'uid never changes', TABLE = TG_TABLE_NAME, COLUMN = 'uid';
    END IF;
    NEW.version := OLD.version; NEW.recorded_at := OLD.recorded_at; NEW.change_id := OLD.change_id;
    IF NEW IS NOT DISTINCT FROM OLD THEN RETURN OLD; END IF;
  END IF;
  INSERT INTO {history} ({columns}, superseded_at, superseded_by, operation)
  VALUES ({values}, moment, change, lower(TG_OP));
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  NEW.version := OLD.version + 1; NEW.recorded_at := moment; NEW.change_id := change;
  RETURN NEW;
END $$
"""


def _reference_triggers(collection: Collection) -> Iterator[str]:
    current = tables().current(collection)
    for field in collection.fields:
        if not (field.many and field.refers_to):
            continue
        other = field.refers_to.collection
        yield (
            f"CREATE OR REPLACE TRIGGER check_{field.name} AFTER INSERT OR UPDATE ON {current} "
            f"FOR EACH ROW EXECUTE FUNCTION "
            f"{SYSTEM_SCHEMA}.check_references('{field.name}', '{other}')"
        )
        yield (
            f"CREATE OR REPLACE TRIGGER check_use_in_{collection.id} AFTER DELETE "
            f"ON {BUILT_IN_SCHEMA}.{other} FOR EACH ROW EXECUTE FUNCTION "
            f"{SYSTEM_SCHEMA}.check_referenced('{collection.id}', '{field.name}')"
        )


def _grants(collection: Collection) -> Iterable[str]:
    current, history = tables().current(collection), tables().history(collection)
    data = ", ".join(_quote(c.name) for c in current.c if c.name not in CHANGE_COLUMNS)
    yield f"GRANT SELECT ON {current}, {history} TO {READER}, {EDITOR}"
    if collection.editable:
        yield f"GRANT INSERT ({data}), UPDATE ({data}), DELETE ON {current} TO {EDITOR}"
