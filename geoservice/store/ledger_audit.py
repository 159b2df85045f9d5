"""Whether all that is kept of the quota ledger agrees with its entries: one statement, every check.

The database keeps it so at every moment; this asks again from nothing but the entries, after a
restore, a crash, or once a night.
"""

import sqlalchemy as sa

from geoservice.store.programs.ledger import TOLERANCE_M2, TOLERANCE_SHARE


def disagreements() -> sa.TextClause:
    """Rows `(rule, subject, expected, found)`, as texts, for what is not as it must be; none is good."""
    return _AUDIT.bindparams(share=TOLERANCE_SHARE, square_metres=TOLERANCE_M2)


# The rules by name, each a query of the same four columns. Charges that were taken over are only
# recorded: neither their area nor overlaps among them are tested.
_AUDIT = sa.text("""
WITH moved AS (
  SELECT to_account AS account, booked_on, quota_parcel, amount_m2 FROM registers.quota_entries
  UNION ALL
  SELECT from_account, booked_on, quota_parcel, -amount_m2 FROM registers.quota_entries
), days AS (
  SELECT account, booked_on, sum(sum(amount_m2)) OVER (PARTITION BY account ORDER BY booked_on) AS balance_m2
  FROM moved GROUP BY account, booked_on
), held_days AS (
  SELECT moved.account, moved.quota_parcel, moved.booked_on, sum(sum(moved.amount_m2)) OVER (
    PARTITION BY moved.account, moved.quota_parcel ORDER BY moved.booked_on) AS held_m2
  FROM moved JOIN registers.quota_accounts AS account ON account.uid = moved.account
  WHERE account.state = 'held' GROUP BY moved.account, moved.quota_parcel, moved.booked_on
), charges AS (
  SELECT entry.quota_parcel, account.quota_kind, account.year, entry.posting,
    sum(entry.amount_m2) AS charged_m2, bool_or(entry.entry_type = 'takeover') AS is_taken_over
  FROM registers.quota_entries AS entry
  JOIN registers.quota_accounts AS account ON account.uid = entry.to_account
  WHERE entry.entry_type IN ('use', 'takeover')
    AND NOT EXISTS (SELECT FROM registers.quota_entries AS reversal WHERE reversal.reverses = entry.uid)
  GROUP BY entry.quota_parcel, account.quota_kind, account.year, entry.posting
), measured AS (
  SELECT charge.*, parcel.parcel_no, parcel.geom, ST_Area(geography(parcel.geom), true) AS area_m2
  FROM charges AS charge JOIN registers.quota_parcels AS parcel ON parcel.uid = charge.quota_parcel
)
SELECT 'numbers without gaps' AS rule, 'entry_no' AS subject, count(*)::text AS expected, max(entry_no)::text AS found
FROM registers.quota_entries HAVING count(*) <> coalesce(max(entry_no), 0)
UNION ALL
SELECT 'a posting is one change', posting::text, '1', count(DISTINCT change_id)::text
FROM registers.quota_entries GROUP BY posting HAVING count(DISTINCT change_id) > 1
UNION ALL
SELECT 'a reversal mirrors its original', reversal.entry_no::text, original.entry_no::text, reversal.amount_m2::text
FROM registers.quota_entries AS reversal JOIN registers.quota_entries AS original ON original.uid = reversal.reverses
WHERE (reversal.from_account, reversal.to_account, reversal.amount_m2, reversal.quota_parcel)
  IS DISTINCT FROM (original.to_account, original.from_account, original.amount_m2, original.quota_parcel)
UNION ALL
SELECT 'balance', account || ' ' || booked_on, days.balance_m2::text, kept.balance_m2::text
FROM days FULL JOIN geoservice.quota_balances AS kept USING (account, booked_on)
WHERE days.balance_m2 IS DISTINCT FROM kept.balance_m2
UNION ALL
SELECT 'no overdraft', account.account_no || ' ' || days.booked_on, '>= 0', days.balance_m2::text
FROM days JOIN registers.quota_accounts AS account ON account.uid = days.account
WHERE days.balance_m2 < 0 AND NOT account.overdraft_allowed
UNION ALL
SELECT 'held', account || ' ' || quota_parcel || ' ' || booked_on, held_days.held_m2::text, kept.held_m2::text
FROM held_days FULL JOIN geoservice.quota_holds AS kept USING (account, quota_parcel, booked_on)
WHERE held_days.held_m2 IS DISTINCT FROM kept.held_m2 OR held_days.held_m2 < 0
UNION ALL
SELECT 'charge', quota_parcel || ' ' || quota_kind || ' ' || year, charges.charged_m2::text, kept.charged_m2::text
FROM charges FULL JOIN geoservice.quota_charges AS kept USING (quota_parcel, quota_kind, year, posting)
WHERE charges.charged_m2 IS DISTINCT FROM kept.charged_m2
UNION ALL
SELECT 'charged area', parcel_no, area_m2::text, charged_m2::text FROM measured
WHERE NOT is_taken_over AND abs(charged_m2 - area_m2) > greatest(
  CAST(:square_metres AS double precision),
    CAST(:share AS double precision) * area_m2)
UNION ALL
SELECT 'charged once', one.parcel_no || ' ' || other.parcel_no, one.quota_kind, shared.area_m2::text
FROM measured AS one
JOIN measured AS other ON other.quota_kind = one.quota_kind AND other.geom && one.geom
  AND (other.quota_parcel, other.year, other.posting) > (one.quota_parcel, one.year, one.posting)
CROSS JOIN LATERAL (
  SELECT ST_Area(geography(ST_CollectionExtract(ST_Intersection(one.geom, other.geom), 3)), true) AS area_m2
) AS shared
WHERE NOT (one.is_taken_over AND other.is_taken_over)
  AND shared.area_m2 > greatest(
    CAST(:square_metres AS double precision),
    CAST(:share AS double precision) * least(one.area_m2, other.area_m2))
ORDER BY 1, 2
""")
