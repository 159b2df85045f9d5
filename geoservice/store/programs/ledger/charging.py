"""Parcels are charged once, with the area that they measure, and no square metre is charged twice."""

from geoservice.store.programs.ledger.definitions import DEFINER

TOLERANCE_SHARE = 0.001
TOLERANCE_M2 = 1
"""Digitising errors: charged area and overlap may be off by 0.1 % or 1 m², whichever is more."""

# No square metre is charged twice to one kind of quota, in whichever year. What was taken over from
# an earlier ledger is recorded as it stands, and tested only against what is charged here.
_CHECK_OVERLAP = f"""
CREATE OR REPLACE FUNCTION geoservice.check_quota_overlap(parcel uuid, kind text, is_taken_over boolean)
RETURNS void {DEFINER} AS $$
DECLARE own registers.quota_parcels; worst record;
BEGIN
  SELECT * INTO own FROM registers.quota_parcels WHERE uid = $1;
  SELECT other.parcel_no, shared.area_m2 INTO worst
  FROM registers.quota_parcels AS other
  JOIN geoservice.quota_charges AS charge ON charge.quota_parcel = other.uid AND charge.quota_kind = $2
  CROSS JOIN LATERAL (
    SELECT ST_Area(geography(ST_CollectionExtract(ST_Intersection(own.geom, other.geom), 3)), true) AS area_m2
  ) AS shared
  WHERE other.geom && own.geom AND other.uid <> $1 AND NOT ($3 AND charge.is_taken_over)
    AND shared.area_m2 > greatest({TOLERANCE_M2}, {TOLERANCE_SHARE} * least(
      ST_Area(geography(own.geom), true), ST_Area(geography(other.geom), true)))
  ORDER BY shared.area_m2 DESC, other.parcel_no LIMIT 1;
  IF FOUND THEN
    PERFORM geoservice.refuse('overlapping_charge', jsonb_build_object(
      'parcel', own.parcel_no, 'other', worst.parcel_no, 'quota_kind', $2,
      'overlap_m2', round(worst.area_m2::numeric, 2)::text));
  END IF;
END $$
"""

_CHECK_AREA = f"""
CREATE OR REPLACE FUNCTION geoservice.check_quota_area(parcel uuid, kind text, year integer)
RETURNS void {DEFINER} AS $$
DECLARE charge geoservice.quota_charges; own registers.quota_parcels;
  measured double precision; tolerance double precision;
BEGIN
  SELECT * INTO charge FROM geoservice.quota_charges AS each
  WHERE each.quota_parcel = $1 AND each.quota_kind = $2 AND each.year = $3 AND NOT each.is_taken_over;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT * INTO own FROM registers.quota_parcels WHERE uid = $1;
  measured := ST_Area(geography(own.geom), true);
  tolerance := greatest({TOLERANCE_M2}, {TOLERANCE_SHARE} * measured);
  IF abs(charge.charged_m2 - measured) > tolerance THEN
    PERFORM geoservice.refuse('charged_area', jsonb_build_object(
      'parcel', own.parcel_no, 'charged_m2', charge.charged_m2::text,
      'measured_m2', round(measured::numeric, 2)::text, 'tolerance_m2', round(tolerance::numeric, 2)::text));
  END IF;
END $$
"""

_CHARGE = f"""
CREATE OR REPLACE FUNCTION geoservice.charge_quota_parcel(
  entry registers.quota_entries, account registers.quota_accounts) RETURNS void {DEFINER} AS $$
DECLARE earlier geoservice.quota_charges; takes_over boolean := entry.entry_type = 'takeover';
BEGIN
  SELECT * INTO earlier FROM geoservice.quota_charges AS each
  WHERE each.quota_parcel = entry.quota_parcel AND each.quota_kind = account.quota_kind
    AND (each.year = account.year OR NOT (each.is_taken_over AND takes_over))
  ORDER BY each.year = account.year DESC, each.year LIMIT 1;
  IF NOT FOUND THEN
    PERFORM geoservice.check_quota_overlap(entry.quota_parcel, account.quota_kind, takes_over);
    INSERT INTO geoservice.quota_charges (quota_parcel, quota_kind, year, posting, charged_m2, is_taken_over)
    VALUES (entry.quota_parcel, account.quota_kind, account.year, entry.posting, entry.amount_m2, takes_over);
  ELSIF earlier.year = account.year AND earlier.posting = entry.posting AND earlier.is_taken_over = takes_over THEN
    UPDATE geoservice.quota_charges AS each SET charged_m2 = each.charged_m2 + entry.amount_m2
    WHERE each.quota_parcel = entry.quota_parcel AND each.quota_kind = account.quota_kind AND each.year = account.year;
  ELSE
    PERFORM geoservice.refuse('double_charge', jsonb_build_object(
      'parcel', (SELECT parcel_no FROM registers.quota_parcels WHERE uid = entry.quota_parcel),
      'quota_kind', earlier.quota_kind, 'year', earlier.year, 'posting', earlier.posting,
      'charged_m2', earlier.charged_m2::text));
  END IF;
END $$
"""

_DISCHARGE = f"""
CREATE OR REPLACE FUNCTION geoservice.discharge_quota_parcel(
  entry registers.quota_entries, account registers.quota_accounts) RETURNS void {DEFINER} AS $$
BEGIN
  DELETE FROM geoservice.quota_charges AS each WHERE each.quota_parcel = entry.quota_parcel
    AND each.quota_kind = account.quota_kind AND each.year = account.year
    AND each.charged_m2 = entry.amount_m2;
  IF NOT FOUND THEN
    UPDATE geoservice.quota_charges AS each SET charged_m2 = each.charged_m2 - entry.amount_m2
    WHERE each.quota_parcel = entry.quota_parcel AND each.quota_kind = account.quota_kind AND each.year = account.year;
  END IF;
END $$
"""

_CHECK_CHARGED = f"""
CREATE OR REPLACE FUNCTION geoservice.check_charged_area() RETURNS trigger {DEFINER} AS $$
BEGIN
  PERFORM geoservice.check_quota_area(NEW.quota_parcel, account.quota_kind, account.year)
  FROM registers.quota_accounts AS account WHERE account.uid = NEW.from_account;
  RETURN NULL;
END $$
"""

# The row is held when this runs, and the lock of the ledger is taken after it; whoever posts takes
# the lock first, and refuses to wait for the row.
_CHECK_PARCEL = f"""
CREATE OR REPLACE FUNCTION geoservice.check_quota_parcel() RETURNS trigger {DEFINER} AS $$
BEGIN
  IF OLD.geom IS NOT DISTINCT FROM NEW.geom OR NOT EXISTS (
    SELECT FROM registers.quota_entries WHERE quota_parcel = NEW.uid) THEN RETURN NULL; END IF;
  PERFORM geoservice.lock_quota_ledger();
  PERFORM geoservice.check_quota_overlap(NEW.uid, charge.quota_kind, charge.is_taken_over),
    geoservice.check_quota_area(NEW.uid, charge.quota_kind, charge.year)
  FROM geoservice.quota_charges AS charge WHERE charge.quota_parcel = NEW.uid;
  RETURN NULL;
END $$
"""

CHARGING = (_CHECK_OVERLAP, _CHECK_AREA, _CHARGE, _DISCHARGE, _CHECK_CHARGED, _CHECK_PARCEL)
