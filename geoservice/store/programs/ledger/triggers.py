"""The triggers of the ledger: an entry is checked, then booked, and never changed."""

from collections.abc import Iterator

from geoservice.domain.quota import quota_accounts, quota_entries, quota_parcels
from geoservice.domain.quota_movements import MOVEMENTS, REVERSAL, TOWN_TYPES
from geoservice.store.programs.ledger.booking import BOOKING
from geoservice.store.programs.ledger.charging import CHARGING
from geoservice.store.programs.ledger.definitions import DEFINER, DEFINITIONS, texts
from geoservice.store.programs.ledger.rules import RULES
from geoservice.store.programs.roles import EDITOR
from geoservice.store.tables import SYSTEM_SCHEMA, tables

_GIVEN = (
    *("posting", "entry_type", "from_account", "to_account", "amount_m2", "booked_on"),
    *("quota_parcel", "quota_rule", "document_no", "approval_no", "expires_on", "reverses", "note"),
)
"""What a poster says of an entry; the ledger adds number, time and town."""

_INNER_FUNCTIONS = (
    *("refuse", "add_to_quota_balance", "add_to_quota_hold", "charge_quota_parcel"),
    *("discharge_quota_parcel", "check_quota_overlap", "check_quota_area", "check_quota_carried"),
    *(
        "check_quota_reservation",
        "check_quota_reversal",
        "check_quota_rule",
        "check_quota_movement",
    ),
)
"""What only the triggers may call: else editors could write balances."""

_TYPES = texts((*(each.entry_type for each in MOVEMENTS), REVERSAL))

_CHECK_ENTRY = f"""
CREATE OR REPLACE FUNCTION geoservice.check_quota_entry() RETURNS trigger {DEFINER} AS $$
DECLARE giving registers.quota_accounts; receiving registers.quota_accounts; begun record; missing text;
BEGIN
  -- Constraints refuse what is not given, or is no type; they are checked after this.
  IF NEW.from_account IS NULL OR NEW.to_account IS NULL OR NEW.amount_m2 IS NULL OR NEW.booked_on IS NULL
    OR NEW.posting IS NULL OR NEW.entry_type IS NULL
    OR NEW.entry_type NOT IN ({_TYPES}) THEN
    NEW.entry_no := 0;
    RETURN NEW;
  END IF;
  PERFORM geoservice.lock_quota_ledger();
  SELECT recorded_at, change_id INTO begun FROM registers.quota_entries WHERE posting = NEW.posting LIMIT 1;
  NEW.version := 1;
  NEW.change_id := geoservice.current_change();
  NEW.recorded_at := coalesce(begun.recorded_at, clock_timestamp());
  NEW.entry_no := 1 + coalesce((SELECT max(entry_no) FROM registers.quota_entries), 0);
  IF begun.change_id <> NEW.change_id THEN
    PERFORM geoservice.refuse('posted_already', jsonb_build_object('posting', NEW.posting));
  END IF;
  SELECT * INTO giving FROM registers.quota_accounts WHERE uid = NEW.from_account;
  SELECT * INTO receiving FROM registers.quota_accounts WHERE uid = NEW.to_account;
  missing := CASE WHEN giving IS NULL THEN 'from_account' WHEN receiving IS NULL THEN 'to_account' END;
  IF NEW.quota_parcel IS NOT NULL THEN
    PERFORM FROM registers.quota_parcels WHERE uid = NEW.quota_parcel FOR SHARE NOWAIT;
    missing := CASE WHEN FOUND THEN missing ELSE 'quota_parcel' END;
  END IF;
  IF missing IS NOT NULL THEN
    RAISE foreign_key_violation USING MESSAGE = 'no such feature', TABLE = 'quota_entries', COLUMN = missing,
      DETAIL = format('(%s)=(%s)', missing, to_jsonb(NEW) ->> missing);
  END IF;
  NEW.town_code := coalesce(receiving.town_code, giving.town_code);
  IF NEW.entry_type = '{REVERSAL}' THEN
    PERFORM geoservice.check_quota_reversal(NEW);
  ELSE
    PERFORM geoservice.check_quota_movement(NEW, giving, receiving);
  END IF;
  RETURN NEW;
END $$
"""

_BOOK_ENTRY = f"""
CREATE OR REPLACE FUNCTION geoservice.book_quota_entry() RETURNS trigger {DEFINER} AS $$
DECLARE giving registers.quota_accounts; receiving registers.quota_accounts;
BEGIN
  SELECT * INTO giving FROM registers.quota_accounts WHERE uid = NEW.from_account;
  SELECT * INTO receiving FROM registers.quota_accounts WHERE uid = NEW.to_account;
  IF giving.state = 'held' THEN
    PERFORM geoservice.add_to_quota_hold(giving.uid, NEW.quota_parcel, NEW.booked_on, -NEW.amount_m2);
  END IF;
  PERFORM geoservice.add_to_quota_balance(giving.uid, NEW.booked_on, -NEW.amount_m2);
  PERFORM geoservice.add_to_quota_balance(receiving.uid, NEW.booked_on, NEW.amount_m2);
  IF receiving.state = 'held' THEN
    PERFORM geoservice.add_to_quota_hold(receiving.uid, NEW.quota_parcel, NEW.booked_on, NEW.amount_m2);
  END IF;
  IF receiving.state = 'used' THEN
    PERFORM geoservice.charge_quota_parcel(NEW, receiving);
  ELSIF giving.state = 'used' THEN
    PERFORM geoservice.discharge_quota_parcel(NEW, giving);
  END IF;
  IF giving.level = 'city_coordinated' AND NEW.entry_type <> 'reserve' THEN
    PERFORM geoservice.check_quota_reservation(NEW, giving);
  END IF;
  IF giving.year <> receiving.year THEN
    PERFORM geoservice.check_quota_carried(NEW);
  END IF;
  RETURN NULL;
END $$
"""

_KEEP_ENTRIES = f"""
CREATE OR REPLACE FUNCTION geoservice.keep_quota_entries() RETURNS trigger {DEFINER} AS $$
BEGIN
  PERFORM geoservice.refuse('append_only', jsonb_build_object('operation', TG_OP));
  RETURN NULL;
END $$
"""

_CHECK_ACCOUNT = f"""
CREATE OR REPLACE FUNCTION geoservice.check_quota_account() RETURNS trigger {DEFINER} AS $$
BEGIN
  IF NEW.level <> 'town' AND NEW.town_code IS NOT NULL THEN
    PERFORM geoservice.refuse('account_town', jsonb_build_object('account', NEW.account_no, 'level', NEW.level));
  END IF;
  RETURN NEW;
END $$
"""


def quota_ledger() -> Iterator[str]:
    """The functions, triggers and rights of the ledger, after those of its collections."""
    entries, parcels = tables().current(quota_entries), tables().current(quota_parcels)
    accounts = tables().current(quota_accounts)
    yield from (*DEFINITIONS, *BOOKING, *CHARGING, *RULES)
    yield from (_CHECK_ENTRY, _BOOK_ENTRY, _KEEP_ENTRIES, _CHECK_ACCOUNT)
    for name, event, scope, function in (
        ("check_entry", f"BEFORE INSERT ON {entries}", "ROW", "check_quota_entry"),
        ("book_entry", f"AFTER INSERT ON {entries}", "ROW", "book_quota_entry"),
        ("append_only", f"BEFORE UPDATE OR DELETE ON {entries}", "ROW", "keep_quota_entries"),
        ("append_only_table", f"BEFORE TRUNCATE ON {entries}", "STATEMENT", "keep_quota_entries"),
        ("check_charge", f"AFTER UPDATE ON {parcels}", "ROW", "check_quota_parcel"),
        ("check_town", f"BEFORE INSERT OR UPDATE ON {accounts}", "ROW", "check_quota_account"),
    ):
        yield (
            f"CREATE OR REPLACE TRIGGER {name} {event} "
            f"FOR EACH {scope} EXECUTE FUNCTION {SYSTEM_SCHEMA}.{function}()"
        )
    # A charge of several entries has its area when the last of them is there.
    yield f"DROP TRIGGER IF EXISTS check_charged_area ON {entries}"
    yield (
        f"CREATE CONSTRAINT TRIGGER check_charged_area AFTER INSERT ON {entries} "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        f"WHEN (NEW.entry_type IN ('use', '{REVERSAL}') AND NEW.quota_parcel IS NOT NULL) "
        f"EXECUTE FUNCTION {SYSTEM_SCHEMA}.check_charged_area()"
    )
    yield from _rights()


def _rights() -> Iterator[str]:
    """Editors post, and only so; those of some towns only what is theirs to post."""
    entries = tables().current(quota_entries)
    may_post = (
        f"{SYSTEM_SCHEMA}.may_write(NULL) OR "
        f"entry_type IN ({texts(TOWN_TYPES)}) AND {SYSTEM_SCHEMA}.may_write(town_code)"
    )
    yield f"DROP POLICY IF EXISTS insert_in_towns ON {entries}"
    yield f"CREATE POLICY insert_in_towns ON {entries} FOR INSERT TO {EDITOR} WITH CHECK ({may_post})"
    yield f"GRANT INSERT ({', '.join(_GIVEN)}) ON {entries} TO {EDITOR}"
    for function in _INNER_FUNCTIONS:
        yield f"REVOKE EXECUTE ON FUNCTION {SYSTEM_SCHEMA}.{function} FROM PUBLIC"
