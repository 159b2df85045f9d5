"""What guards the tables of one collection: history, locks, towns, references, rights."""

from collections.abc import Iterable, Iterator

from geoservice.description.collection import Collection
from geoservice.store.programs.foundation import LOCKED
from geoservice.store.programs.roles import EDITOR, READER
from geoservice.store.tables import (
    BUILT_IN_SCHEMA,
    CHANGE_COLUMNS,
    SYSTEM_SCHEMA,
    rules_of_change,
    tables,
)


def for_collection(collection: Collection) -> Iterator[str]:
    """The functions, triggers, policies and grants of one collection."""
    current = tables().current(collection)
    yield _history_function(collection)
    yield _restoring_function(collection)
    yield (
        f"CREATE OR REPLACE TRIGGER keep_history BEFORE UPDATE OR DELETE ON {current} "
        f"FOR EACH ROW EXECUTE FUNCTION {function_name(collection)}()"
    )
    yield (
        f"CREATE OR REPLACE TRIGGER touch_collection AFTER INSERT OR UPDATE OR DELETE ON {current} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {SYSTEM_SCHEMA}.touch_collection()"
    )
    yield from _change_rules(collection)
    yield from _reference_triggers(collection)
    yield from _policies(collection)
    yield from _grants(collection)


def without_collection(collection: Collection) -> Iterator[str]:
    """What remains to be dropped when the tables of a collection are gone."""
    yield f"DROP FUNCTION {function_name(collection)}()"
    yield f"DROP FUNCTION IF EXISTS {_restoring_signature(collection)}"
    yield f"DROP FUNCTION IF EXISTS {_rules_function_name(collection)}()"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def function_name(collection: Collection) -> str:
    """The name of the function that keeps the history of a collection."""
    return f"{tables().current(collection).schema}.keep_history_of_{collection.id}"


def restoring_function_name(collection: Collection) -> str:
    """The name of the function `(uid, version)` that brings a deleted feature back.

    It gives the new version; null if the history has no such version, or if the feature is there.
    """
    return f"restore_deleted_of_{collection.id}"


def _restoring_signature(collection: Collection) -> str:
    schema = tables().current(collection).schema
    return f"{schema}.{restoring_function_name(collection)}(uuid, integer)"


def _history_function(collection: Collection) -> str:
    """A replaced row goes to the history; one that would stay the same stays as it is.

    Recorded times of one feature strictly increase even if a transaction that began earlier
    commits later. The row is held by this transaction when the trigger runs, so a lock that was
    taken before is seen, and one that is being taken waits.

    The lock is looked up by its feature, then by its id, with plans made once for all rows: joined,
    every feature of a lock might be read for each. As there may have been no lock when the plan was
    made, it must not rest on how few there were. The collection is named by a literal, because
    `TG_TABLE_NAME` is a `name`, whose collation the index does not have, not even cast to `text`.
    """
    history = tables().history(collection)
    kept = [column.name for column in tables().current(collection).c]
    columns = ", ".join(_quote(name) for name in kept)
    values = ", ".join(f"OLD.{_quote(name)}" for name in kept)
    # What is computed is not there yet before the row is written; it follows from the rest.
    computed = "".join(
        f" NEW.{_quote(name)} := OLD.{_quote(name)};" for name in sorted(collection.computed_fields)
    )
    return f"""
CREATE OR REPLACE FUNCTION {function_name(collection)}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE moment timestamptz := greatest(transaction_timestamp(), OLD.recorded_at + interval '1 microsecond');
DECLARE change bigint := {SYSTEM_SCHEMA}.current_change();
DECLARE holder uuid;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.uid <> OLD.uid THEN
      RAISE integrity_constraint_violation
        USING MESSAGE = 'uid never changes', TABLE = TG_TABLE_NAME, COLUMN = 'uid';
    END IF;
    NEW.version := OLD.version; NEW.recorded_at := OLD.recorded_at; NEW.change_id := OLD.change_id;{computed}
    IF NEW IS NOT DISTINCT FROM OLD THEN RETURN OLD; END IF;
  END IF;
  SELECT held.lock_id INTO holder FROM {SYSTEM_SCHEMA}.locked_features AS held
  WHERE held.collection = '{collection.id}' AND held.uid = OLD.uid;
  IF holder::text <> coalesce(current_setting('geoservice.lock', true), '') AND EXISTS (
    SELECT FROM {SYSTEM_SCHEMA}.locks WHERE locks.id = holder AND locks.expires_at > clock_timestamp()
  ) THEN
    RAISE SQLSTATE '{LOCKED}' USING MESSAGE = format('%s is locked', OLD.uid),
      DETAIL = format('(uid)=(%s)', OLD.uid), TABLE = TG_TABLE_NAME;
  END IF;
  INSERT INTO {history} ({columns}, superseded_at, superseded_by, operation)
  VALUES ({values}, moment, change, lower(TG_OP));
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  NEW.version := OLD.version + 1; NEW.recorded_at := moment; NEW.change_id := change;
  RETURN NEW;
END $$
"""


def _restoring_function(collection: Collection) -> str:
    """Editors cannot set a version; this function goes on with those of a deleted feature.

    Policies do not bind it, so it asks itself whether the author may write in the town where the
    feature was last and in that where it will be.
    """
    current, history = tables().current(collection), tables().history(collection)
    data = given_columns(collection)
    columns = "".join(f", {_quote(name)}" for name in data)
    values = "".join(f", wanted.{_quote(name)}" for name in data)
    last_town, town = (_town(collection, of) for of in ("last", "wanted"))
    return f"""
CREATE OR REPLACE FUNCTION {_restoring_signature(collection)} RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE last {history}; wanted {history};
BEGIN
  SELECT * INTO last FROM {history} AS h WHERE h.uid = $1 ORDER BY h.version DESC LIMIT 1;
  SELECT * INTO wanted FROM {history} AS h WHERE h.uid = $1 AND h.version = $2;
  IF wanted IS NULL OR EXISTS (SELECT FROM {current} AS c WHERE c.uid = $1) THEN RETURN NULL; END IF;
  IF NOT ({SYSTEM_SCHEMA}.may_write({last_town}) AND {SYSTEM_SCHEMA}.may_write({town})) THEN
    RAISE insufficient_privilege USING MESSAGE = 'the feature is in another town', TABLE = '{current.name}';
  END IF;
  INSERT INTO {current} (uid, version, recorded_at{columns})
  VALUES ($1, last.version + 1, greatest(transaction_timestamp(), last.superseded_at){values});
  RETURN last.version + 1;
END $$
"""


def given_columns(collection: Collection) -> list[str]:
    """The columns of a feature that somebody gives: not its id, what is kept of changes, or computed."""
    own = {"uid", *CHANGE_COLUMNS, *collection.computed_fields}
    return [column.name for column in tables().current(collection).c if column.name not in own]


def _rules_function_name(collection: Collection) -> str:
    return f"{tables().current(collection).schema}.check_change_of_{collection.id}"


def _change_rules(collection: Collection) -> Iterator[str]:
    """The trigger that keeps the rules on how a feature may change; it fires before `keep_history`."""
    current = tables().current(collection)
    rules = rules_of_change(collection)
    if not rules:
        yield f"DROP TRIGGER IF EXISTS check_change ON {current}"
        return
    checks = "\n".join(
        f"  IF NOT ({rule.test}) THEN RAISE check_violation USING MESSAGE = '{rule.name}', "
        f"CONSTRAINT = '{rule.name}', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME; END IF;"
        for rule in rules
    )
    yield f"""
CREATE OR REPLACE FUNCTION {_rules_function_name(collection)}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
{checks}
  RETURN NEW;
END $$
"""
    yield (
        f"CREATE OR REPLACE TRIGGER check_change BEFORE UPDATE ON {current} "
        f"FOR EACH ROW EXECUTE FUNCTION {_rules_function_name(collection)}()"
    )


def _town(collection: Collection, row: str | None = None) -> str:
    """The town of a row as SQL; without towns, nobody who is limited to some may write."""
    if collection.town is None:
        return "NULL"
    return f"{row}.{_quote(collection.town)}" if row else _quote(collection.town)


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


def _policies(collection: Collection) -> Iterator[str]:
    """Everybody reads every row, by the plans of a table without policies; editors write their towns.

    The old row and the new one must both be in them. The owner, who publishes, is not bound.
    """
    current = tables().current(collection)
    may_write = f"{SYSTEM_SCHEMA}.may_write({_town(collection)})"
    policies = {
        "read_all": "FOR SELECT USING (true)",
        "insert_in_towns": f"FOR INSERT TO {EDITOR} WITH CHECK ({may_write})",
        "update_in_towns": f"FOR UPDATE TO {EDITOR} USING ({may_write}) WITH CHECK ({may_write})",
        "delete_in_towns": f"FOR DELETE TO {EDITOR} USING ({may_write})",
    }
    yield f"ALTER TABLE {current} ENABLE ROW LEVEL SECURITY"
    for name, rule in policies.items():
        yield f"DROP POLICY IF EXISTS {name} ON {current}"
        yield f"CREATE POLICY {name} ON {current} {rule}"


def _grants(collection: Collection) -> Iterable[str]:
    current, history = tables().current(collection), tables().history(collection)
    data = ", ".join(map(_quote, ("uid", *given_columns(collection))))
    yield f"GRANT SELECT ON {current}, {history} TO {READER}, {EDITOR}"
    yield f"REVOKE EXECUTE ON FUNCTION {_restoring_signature(collection)} FROM PUBLIC"
    if collection.editable:
        yield f"GRANT INSERT ({data}), UPDATE ({data}), DELETE ON {current} TO {EDITOR}"
        yield f"GRANT EXECUTE ON FUNCTION {_restoring_signature(collection)} TO {EDITOR}"
