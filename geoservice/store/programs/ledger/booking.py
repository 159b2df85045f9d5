"""Balances and holds: kept by day, so that one constraint says that no day ends below zero."""

from geoservice.store.programs.ledger.definitions import DEFINER

# Balances are kept for each day with an entry, so that one constraint says that no day ends below
# zero, also if an entry is booked late. What is about to fail is told with its parts; the
# constraint stays the last guard.
_ADD_TO_BALANCE = f"""
CREATE OR REPLACE FUNCTION geoservice.add_to_quota_balance(account uuid, day date, change numeric)
RETURNS void {DEFINER} AS $$
DECLARE owner registers.quota_accounts; lowest geoservice.quota_balances;
BEGIN
  SELECT * INTO owner FROM registers.quota_accounts WHERE uid = $1;
  INSERT INTO geoservice.quota_balances (account, booked_on, balance_m2, overdraft_allowed)
  VALUES ($1, $2, coalesce((
      SELECT before.balance_m2 FROM geoservice.quota_balances AS before
      WHERE before.account = $1 AND before.booked_on < $2 ORDER BY before.booked_on DESC LIMIT 1
    ), 0), owner.overdraft_allowed)
  ON CONFLICT ON CONSTRAINT quota_balances_pkey DO NOTHING;
  IF $3 < 0 AND NOT owner.overdraft_allowed THEN
    SELECT * INTO lowest FROM geoservice.quota_balances AS kept
    WHERE kept.account = $1 AND kept.booked_on >= $2 ORDER BY kept.balance_m2, kept.booked_on LIMIT 1;
    IF lowest.balance_m2 + $3 < 0 THEN
      PERFORM geoservice.refuse('overdraft', jsonb_build_object(
        'account', owner.account_no, 'day', lowest.booked_on,
        'available_m2', lowest.balance_m2::text, 'asked_m2', (-$3)::text));
    END IF;
  END IF;
  UPDATE geoservice.quota_balances AS kept SET balance_m2 = kept.balance_m2 + $3
  WHERE kept.account = $1 AND kept.booked_on >= $2;
END $$
"""

_ADD_TO_HOLD = f"""
CREATE OR REPLACE FUNCTION geoservice.add_to_quota_hold(account uuid, parcel uuid, day date, change numeric)
RETURNS void {DEFINER} AS $$
DECLARE lowest geoservice.quota_holds;
BEGIN
  INSERT INTO geoservice.quota_holds (account, quota_parcel, booked_on, held_m2)
  VALUES ($1, $2, $3, coalesce((
      SELECT before.held_m2 FROM geoservice.quota_holds AS before
      WHERE before.account = $1 AND before.quota_parcel = $2 AND before.booked_on < $3
      ORDER BY before.booked_on DESC LIMIT 1
    ), 0))
  ON CONFLICT ON CONSTRAINT quota_holds_pkey DO NOTHING;
  SELECT * INTO lowest FROM geoservice.quota_holds AS kept
  WHERE kept.account = $1 AND kept.quota_parcel = $2 AND kept.booked_on >= $3
  ORDER BY kept.held_m2, kept.booked_on LIMIT 1;
  IF lowest.held_m2 + $4 < 0 THEN
    PERFORM geoservice.refuse('not_held', jsonb_build_object(
      'account', (SELECT account_no FROM registers.quota_accounts WHERE uid = $1),
      'parcel', (SELECT parcel_no FROM registers.quota_parcels WHERE uid = $2),
      'day', lowest.booked_on, 'held_m2', lowest.held_m2::text, 'asked_m2', (-$4)::text));
  END IF;
  UPDATE geoservice.quota_holds AS kept SET held_m2 = kept.held_m2 + $4
  WHERE kept.account = $1 AND kept.quota_parcel = $2 AND kept.booked_on >= $3;
END $$
"""

BOOKING = (_ADD_TO_BALANCE, _ADD_TO_HOLD)
