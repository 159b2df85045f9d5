"""What an entry may move, by which rule, and what it must leave: the reservation, the carry-over."""

from geoservice.domain.quota_movements import MOVEMENTS, REVERSAL, STATED, Movement
from geoservice.store.programs.ledger.definitions import DEFINER, texts

# What a reservation rule asks for on a day, and what was there, as known at an instant. The base is
# what was allocated to the city less what was deducted from it; reversals count against what they
# reverse. A reserve entry counts for the rule that it names, or for all if it names none.
_RESERVATION = """
CREATE OR REPLACE FUNCTION geoservice.quota_reservation(rule uuid, as_of date, known_at timestamptz)
RETURNS TABLE (base_m2 numeric, required_m2 numeric, reserved_m2 numeric, pool_m2 numeric)
LANGUAGE sql STABLE AS $$
  WITH pool AS (
    SELECT account.uid, asked.uid AS rule, asked.percentage
    FROM registers.quota_rules AS asked
    JOIN registers.quota_accounts AS account ON account.level = asked.basis
      AND account.quota_kind = asked.quota_kind AND account.year = asked.year
    WHERE asked.uid = $1 AND asked.kind = 'reservation'
  ), moved AS (
    SELECT coalesce((
      SELECT original.entry_type FROM registers.quota_entries AS original
      WHERE original.uid = entry.reverses), entry.entry_type) AS entry_type, entry.quota_rule, entry.amount_m2
    FROM registers.quota_entries AS entry
    JOIN pool ON pool.uid = entry.to_account
    WHERE entry.booked_on <= $2 AND entry.recorded_at <= $3
    UNION ALL
    SELECT coalesce((
      SELECT original.entry_type FROM registers.quota_entries AS original
      WHERE original.uid = entry.reverses), entry.entry_type), entry.quota_rule, -entry.amount_m2
    FROM registers.quota_entries AS entry
    JOIN pool ON pool.uid = entry.from_account
    WHERE entry.booked_on <= $2 AND entry.recorded_at <= $3
  ), total AS (
    SELECT coalesce(sum(amount_m2) FILTER (WHERE entry_type IN ('allocate', 'deduct')), 0) AS base,
      -coalesce(sum(amount_m2) FILTER (
        WHERE entry_type = 'reserve' AND coalesce(quota_rule, $1) = $1), 0) AS reserved,
      coalesce(sum(amount_m2), 0) AS pool
    FROM moved
  )
  SELECT base, base * asked.percentage / 100, reserved, pool
  FROM total CROSS JOIN registers.quota_rules AS asked
  WHERE asked.uid = $1 AND asked.kind = 'reservation'
$$
"""

# Whatever leaves the city's accounts, except to be reserved, leaves there what is still to be
# reserved, on its day and at the end of every later one.
_CHECK_RESERVATION = f"""
CREATE OR REPLACE FUNCTION geoservice.check_quota_reservation(
  entry registers.quota_entries, account registers.quota_accounts) RETURNS void {DEFINER} AS $$
DECLARE short record;
BEGIN
  SELECT rule.rule_no, days.day, state.*, round(state.required_m2 - state.reserved_m2, 2) AS shortfall_m2 INTO short
  FROM registers.quota_rules AS rule
  CROSS JOIN (
    SELECT DISTINCT kept.booked_on AS day FROM geoservice.quota_balances AS kept
    JOIN registers.quota_accounts AS pool ON pool.uid = kept.account
    WHERE pool.level = account.level AND pool.quota_kind = account.quota_kind AND pool.year = account.year
      AND kept.booked_on >= entry.booked_on
  ) AS days
  CROSS JOIN LATERAL geoservice.quota_reservation(rule.uid, days.day, 'infinity') AS state
  WHERE rule.kind = 'reservation' AND rule.basis = account.level
    AND rule.quota_kind = account.quota_kind AND rule.year = account.year
    AND state.pool_m2 < state.required_m2 - state.reserved_m2
  ORDER BY days.day, rule.rule_no LIMIT 1;
  IF FOUND THEN
    PERFORM geoservice.refuse('reservation_short', jsonb_build_object(
      'rule', short.rule_no, 'account', account.account_no, 'day', short.day,
      'required_m2', round(short.required_m2, 2)::text, 'reserved_m2', short.reserved_m2::text,
      'shortfall_m2', short.shortfall_m2::text,
      'available_m2', greatest(short.pool_m2 + entry.amount_m2 - short.shortfall_m2, 0)::text,
      'asked_m2', entry.amount_m2::text));
  END IF;
END $$
"""

# What is carried over a second time must have come by the same rule: the years of a rule are those
# of the quota, not of the account.
_CHECK_CARRIED = f"""
CREATE OR REPLACE FUNCTION geoservice.check_quota_carried(entry registers.quota_entries)
RETURNS void {DEFINER} AS $$
DECLARE short record;
BEGIN
  SELECT account.account_no, rule.rule_no,
    coalesce(sum(moved.amount_m2) FILTER (WHERE moved.to_account = account.uid), 0)
    - coalesce(sum(moved.amount_m2) FILTER (WHERE moved.from_account = account.uid), 0) AS left_m2
  INTO short
  FROM registers.quota_accounts AS account
  JOIN registers.quota_rules AS rule ON rule.uid = entry.quota_rule AND account.year > rule.year
  JOIN registers.quota_entries AS moved ON moved.quota_rule = rule.uid
    AND account.uid IN (moved.from_account, moved.to_account)
  WHERE account.uid IN (entry.from_account, entry.to_account) AND rule.kind = 'carry_over'
  GROUP BY account.account_no, rule.rule_no
  HAVING coalesce(sum(moved.amount_m2) FILTER (WHERE moved.to_account = account.uid), 0)
    < coalesce(sum(moved.amount_m2) FILTER (WHERE moved.from_account = account.uid), 0)
  LIMIT 1;
  IF FOUND THEN
    PERFORM geoservice.refuse('carried_twice', jsonb_build_object('entry_type', entry.entry_type,
      'account', short.account_no, 'rule', short.rule_no, 'left_m2', (short.left_m2 + entry.amount_m2)::text,
      'asked_m2', entry.amount_m2::text));
  END IF;
END $$
"""

_CHECK_REVERSAL = f"""
CREATE OR REPLACE FUNCTION geoservice.check_quota_reversal(entry registers.quota_entries)
RETURNS void {DEFINER} AS $$
DECLARE original registers.quota_entries; earlier bigint;
BEGIN
  IF entry.reverses IS NULL THEN
    PERFORM geoservice.refuse('missing', jsonb_build_object('entry_type', entry.entry_type, 'fields', 'reverses'));
  END IF;
  SELECT * INTO original FROM registers.quota_entries WHERE uid = entry.reverses;
  IF NOT FOUND THEN
    RAISE foreign_key_violation USING MESSAGE = 'no such entry', TABLE = 'quota_entries',
      COLUMN = 'reverses', DETAIL = format('(reverses)=(%s)', entry.reverses);
  END IF;
  SELECT entry_no INTO earlier FROM registers.quota_entries WHERE reverses = entry.reverses;
  IF FOUND THEN
    PERFORM geoservice.refuse('already_reversed', jsonb_build_object('entry_no', original.entry_no, 'by', earlier));
  ELSIF original.entry_type = '{REVERSAL}' THEN
    PERFORM geoservice.refuse('reversal_of_reversal', jsonb_build_object(
      'entry_type', entry.entry_type, 'entry_no', original.entry_no));
  ELSIF (entry.from_account, entry.to_account, entry.amount_m2, entry.quota_parcel, entry.quota_rule)
      IS DISTINCT FROM (original.to_account, original.from_account, original.amount_m2,
        original.quota_parcel, original.quota_rule)
    OR entry.expires_on IS NOT NULL OR entry.approval_no IS NOT NULL THEN
    PERFORM geoservice.refuse('not_mirrored', jsonb_build_object(
      'entry_type', entry.entry_type, 'entry_no', original.entry_no));
  ELSIF entry.booked_on < original.booked_on THEN
    PERFORM geoservice.refuse('reversed_before', jsonb_build_object('entry_type', entry.entry_type,
      'entry_no', original.entry_no, 'booked_on', original.booked_on));
  END IF;
END $$
"""

_CHECK_RULE = f"""
CREATE OR REPLACE FUNCTION geoservice.check_quota_rule(
  entry registers.quota_entries, giving registers.quota_accounts, receiving registers.quota_accounts, wanted text)
RETURNS void {DEFINER} AS $$
DECLARE rule registers.quota_rules; parts jsonb;
BEGIN
  SELECT * INTO rule FROM registers.quota_rules WHERE uid = entry.quota_rule;
  IF NOT FOUND THEN
    RAISE foreign_key_violation USING MESSAGE = 'no such rule', TABLE = 'quota_entries',
      COLUMN = 'quota_rule', DETAIL = format('(quota_rule)=(%s)', entry.quota_rule);
  END IF;
  parts := jsonb_build_object('entry_type', entry.entry_type, 'rule', rule.rule_no);
  IF rule.kind <> wanted THEN
    PERFORM geoservice.refuse('rule_kind', parts || jsonb_build_object('wanted', wanted));
  ELSIF rule.quota_kind <> giving.quota_kind THEN
    PERFORM geoservice.refuse('rule_quota_kind', parts || jsonb_build_object('quota_kind', giving.quota_kind));
  ELSIF entry.booked_on < rule.cut_off_on THEN
    PERFORM geoservice.refuse('rule_cut_off', parts || jsonb_build_object('day', rule.cut_off_on));
  ELSIF rule.kind <> 'carry_over' AND rule.year <> giving.year THEN
    PERFORM geoservice.refuse('rule_year', parts || jsonb_build_object('year', giving.year));
  ELSIF rule.kind = 'carry_over' AND rule.carry_over_allowed IS NOT TRUE THEN
    PERFORM geoservice.refuse('carry_over_not_allowed', parts);
  ELSIF rule.kind = 'carry_over'
    AND receiving.year - rule.year NOT BETWEEN 1 AND coalesce(rule.carry_over_years, 1) THEN
    PERFORM geoservice.refuse('carry_over_years', parts || jsonb_build_object(
      'year', rule.year, 'years', coalesce(rule.carry_over_years, 1)));
  END IF;
END $$
"""


def _array(values: tuple[str, ...]) -> str:
    return f"ARRAY[{texts(values)}]::text[]"


def _row(movement: Movement) -> str:
    rule_kind = f"'{movement.rule_kind}'" if movement.rule_kind else "NULL"
    lists = (movement.giving, movement.receiving, movement.requires, movement.accepts)
    return (
        f"('{movement.entry_type}', {', '.join(map(_array, lists))}, "
        f"'{movement.purpose}', {rule_kind}, {movement.years}, {movement.changes_town})"
    )


def _check_movement() -> str:
    """The table of movements as a function, and what it asks of an entry and its accounts."""
    movements = ",\n    ".join(map(_row, MOVEMENTS))
    stated = ", ".join(f"CASE WHEN entry.{name} IS NOT NULL THEN '{name}' END" for name in STATED)
    return f"""
CREATE OR REPLACE FUNCTION geoservice.check_quota_movement(
  entry registers.quota_entries, giving registers.quota_accounts, receiving registers.quota_accounts)
RETURNS void {DEFINER} AS $$
DECLARE
  movement record; named jsonb; wrong text;
  stated text[] := array_remove(ARRAY[{stated}], NULL);
BEGIN
  SELECT * INTO movement FROM (VALUES
    {movements}
  ) AS known (entry_type, giving, receiving, required, accepted, purpose, rule_kind, years, changes_town)
  WHERE known.entry_type = entry.entry_type;
  named := jsonb_build_object(
    'entry_type', entry.entry_type, 'giving', giving.account_no, 'receiving', receiving.account_no);
  wrong := CASE
    WHEN giving.uid = receiving.uid OR NOT (giving.level || ' ' || giving.state = ANY (movement.giving)
      AND receiving.level || ' ' || receiving.state = ANY (movement.receiving)) THEN 'accounts'
    WHEN giving.quota_kind <> receiving.quota_kind THEN 'quota_kind'
    WHEN receiving.year - giving.year <> movement.years THEN 'year'
    WHEN movement.years > 0 AND giving.level <> receiving.level THEN 'level'
    WHEN giving.town_code <> receiving.town_code AND NOT movement.changes_town THEN 'town'
    WHEN NOT CASE movement.purpose
        WHEN 'any' THEN true
        WHEN 'to_rural' THEN giving.purpose = 'general' AND receiving.purpose = 'rural_revitalization'
        WHEN 'to_general' THEN receiving.purpose IN (giving.purpose, 'general')
        ELSE receiving.purpose = giving.purpose
      END THEN 'purpose'
  END;
  IF wrong IS NOT NULL THEN
    PERFORM geoservice.refuse(wrong, named || jsonb_build_object(
      'from_sides', movement.giving, 'to_sides', movement.receiving, 'years', movement.years));
  END IF;
  SELECT string_agg(name, ', ' ORDER BY name) INTO wrong FROM unnest(movement.required) AS name
  WHERE name <> ALL (stated);
  IF wrong IS NOT NULL THEN
    PERFORM geoservice.refuse('missing', jsonb_build_object('entry_type', entry.entry_type, 'fields', wrong));
  END IF;
  SELECT string_agg(name, ', ' ORDER BY name) INTO wrong FROM unnest(stated) AS name
  WHERE name <> ALL (movement.required || movement.accepted);
  IF wrong IS NOT NULL THEN
    PERFORM geoservice.refuse('unexpected', jsonb_build_object('entry_type', entry.entry_type, 'fields', wrong));
  ELSIF entry.expires_on <= entry.booked_on THEN
    PERFORM geoservice.refuse('expired', named);
  ELSIF entry.quota_rule IS NOT NULL THEN
    PERFORM geoservice.check_quota_rule(entry, giving, receiving, movement.rule_kind);
  ELSIF entry.entry_type = 'release' AND (
    SELECT coalesce(sum(CASE WHEN moved.from_account = receiving.uid THEN moved.amount_m2 ELSE -moved.amount_m2 END), 0)
    FROM registers.quota_entries AS moved
    WHERE moved.quota_parcel = entry.quota_parcel AND (moved.from_account, moved.to_account)
      IN ((giving.uid, receiving.uid), (receiving.uid, giving.uid))) < entry.amount_m2 THEN
    PERFORM geoservice.refuse('not_held_from', named);
  ELSIF entry.entry_type = 'hold' AND giving.town_code IS NULL AND NOT geoservice.may_write(NULL) THEN
    RAISE insufficient_privilege USING MESSAGE = 'a pool is no town', TABLE = 'quota_entries';
  END IF;
END $$
"""


RULES = (
    *(_RESERVATION, _CHECK_RESERVATION, _CHECK_CARRIED, _CHECK_REVERSAL, _CHECK_RULE),
    _check_movement(),
)
