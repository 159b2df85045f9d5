"""The functions that tables, triggers and doors call: ids, changes, who may write where, references."""

from collections.abc import Iterator

from geoservice.store.programs.roles import EDITOR, OWNER, ROLES, SCHEMAS
from geoservice.store.tables import BUILT_IN_SCHEMA, SYSTEM_SCHEMA

LOCKED = "GS001"
"""SQLSTATE of a change to a feature that somebody else has locked; detail `(uid)=(…)`."""

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

# The plane area in the 3° Gauss-Krüger zone of CGCS2000 (EPSG:4534 to 4554, central meridians 75°
# to 135° E) in which the middle of the box lies; GB 22021-2008. Immutable, for computed columns,
# and so without a search path: a restore computes them before anything is set.
_PLANE_AREA = f"""
CREATE OR REPLACE FUNCTION {SYSTEM_SCHEMA}.plane_area_m2(geom public.geometry) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN zone BETWEEN 25 AND 45
    THEN public.ST_Area(public.ST_Transform(geom, 4509 + zone)) END
  FROM (SELECT floor(((public.ST_XMin(geom) + public.ST_XMax(geom)) / 2 + 1.5) / 3)::integer AS zone) AS lies
$$
"""

_OPEN_CHANGE_SIGNATURE = "open_change(text, text, text, uuid, boolean)"
_BEGIN_CHANGE_SIGNATURE = "begin_change(text, text, text, uuid, text[], uuid, boolean)"
_COUNT_CHANGED_SIGNATURE = "count_changed(text, bigint, bigint, bigint)"

_OPEN_CHANGE = f"""
CREATE OR REPLACE FUNCTION {SYSTEM_SCHEMA}.open_change(
  actor text, door text, reason text, import_id uuid, is_unconditional boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE made bigint;
BEGIN
  INSERT INTO {SYSTEM_SCHEMA}.changes (actor, door, reason, import_id, is_unconditional)
  VALUES (actor, door, reason, import_id, is_unconditional) RETURNING id INTO made;
  PERFORM set_config('geoservice.change', made::text, true);
  RETURN made;
END $$
"""

# Doors open a change with its actor and reason, and say in which towns the actor may write.
_BEGIN_CHANGE = f"""
DROP FUNCTION IF EXISTS {SYSTEM_SCHEMA}.begin_change(text, text, text, uuid);
CREATE OR REPLACE FUNCTION {SYSTEM_SCHEMA}.begin_change(
  actor text, door text, reason text, import_id uuid DEFAULT NULL, towns text[] DEFAULT NULL,
  lock_id uuid DEFAULT NULL, is_unconditional boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM unnest(towns) AS town WHERE town = '*' OR strpos(town, ',') > 0) THEN
    RAISE invalid_parameter_value USING MESSAGE = 'a code of a town has no comma and is not *';
  END IF;
  PERFORM set_config('geoservice.towns', coalesce(array_to_string(towns, ','), '*'), true),
    set_config('geoservice.lock', coalesce(lock_id::text, ''), true);
  RETURN {SYSTEM_SCHEMA}.open_change(actor, door, reason, import_id, is_unconditional);
END $$
"""

# A statement typed at a console has no change: it opens one of its own, so that no row is ever
# written without saying by whom and when. It opens no town.
_CURRENT_CHANGE = f"""
CREATE OR REPLACE FUNCTION {SYSTEM_SCHEMA}.current_change() RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE open_change text := current_setting('geoservice.change', true);
BEGIN
  IF open_change IS NULL OR open_change = '' THEN
    RETURN {SYSTEM_SCHEMA}.open_change(
      session_user, 'sql', current_setting('application_name', true), NULL, false);
  END IF;
  RETURN open_change::bigint;
END $$
"""

# The setting `geoservice.towns` holds for one transaction: `*` is everywhere, codes with commas
# between them are those towns, unset is nowhere. It guards against mistakes of the doors; whoever
# types SQL as the editing role can set it.
_MAY_WRITE = f"""
CREATE OR REPLACE FUNCTION {SYSTEM_SCHEMA}.may_write(town text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT current_setting('geoservice.towns', true) = '*' OR
    coalesce(town = ANY (string_to_array(current_setting('geoservice.towns', true), ',')), false)
$$
"""

_COUNT_CHANGED = f"""
CREATE OR REPLACE FUNCTION {SYSTEM_SCHEMA}.count_changed(
  collection text, inserted bigint, updated bigint, deleted bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  INSERT INTO {SYSTEM_SCHEMA}.changed_collections AS kept
    (collection, change_id, inserted, updated, deleted)
  VALUES (collection, {SYSTEM_SCHEMA}.current_change(), inserted, updated, deleted)
  ON CONFLICT ON CONSTRAINT changed_collections_pkey DO UPDATE SET
    inserted = coalesce(kept.inserted, 0) + excluded.inserted,
    updated = coalesce(kept.updated, 0) + excluded.updated,
    deleted = coalesce(kept.deleted, 0) + excluded.deleted
$$
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
    yield ROLES
    for schema in SCHEMAS:
        yield f"CREATE SCHEMA IF NOT EXISTS {schema}"
    yield from (
        _UUID7,
        _OPEN_CHANGE,
        _BEGIN_CHANGE,
        _CURRENT_CHANGE,
        _MAY_WRITE,
        _PLANE_AREA,
        _TOUCH,
        _REFERENCES,
    )


def change_functions() -> Iterator[str]:
    """What needs the system tables, and who may call what writes with the owner's rights."""
    yield _COUNT_CHANGED
    for signature in (_OPEN_CHANGE_SIGNATURE, _BEGIN_CHANGE_SIGNATURE, _COUNT_CHANGED_SIGNATURE):
        yield f"REVOKE EXECUTE ON FUNCTION {SYSTEM_SCHEMA}.{signature} FROM PUBLIC"
        yield f"GRANT EXECUTE ON FUNCTION {SYSTEM_SCHEMA}.{signature} TO {EDITOR}, {OWNER}"
