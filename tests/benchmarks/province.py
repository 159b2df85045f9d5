"""A register of the size of a province, made in SQL: synthetic, the same every time.

20 000 hazard sites with assessments and projects, 100 000 facilities, 1 000 000 land parcels, 2 000
risk zones, 100 000 land reserves, 20 000 charged quota parcels. Random numbers come from `hashint4`,
so that no seed is needed. History and checks of other rows are left out of the load.
"""

from geoservice.store.database import Database, run

WEST, SOUTH, EAST, NORTH = 110.0, 21.5, 116.0, 25.0


def _random(salt: int, row: str = "n") -> str:
    """A number from 0 to 1 for a row."""
    return f"((hashint4({row} * 97 + {salt}) & 1048575) / 1048576.0)"


_PLACE = f"ST_SetSRID(ST_MakePoint({WEST} + {_random(1)} * {EAST - WEST}, {SOUTH} + {_random(2)} * {NORTH - SOUTH}), 4490)"
_TOWN = f"lpad((440100001 + ({_random(3)} * 1000)::int)::text, 9, '0')"


def _box(width: str, height: str) -> str:
    """A rectangle around a random place, sides in degrees."""
    return (
        f"ST_Multi(ST_MakeEnvelope(ST_X(p) - {width} / 2, ST_Y(p) - {height} / 2, "
        f"ST_X(p) + {width} / 2, ST_Y(p) + {height} / 2, 4490))"
    )


def _rows(number: int) -> str:
    return (
        f"(SELECT n, {_PLACE} AS p FROM generate_series(1, (:share * {number})::int) AS n) AS made"
    )


_SIDE = f"(0.0002 + 0.0018 * {_random(4)})"

_STATEMENTS = (
    f"""INSERT INTO registers.towns (code, name, name_en, kind, parent_code, geom)
    SELECT (440100001 + n)::text, 'town ' || n, 'town ' || n, 'town', '440000',
      ST_Multi(ST_MakeEnvelope({WEST} + 0.15 * (n % 40), {SOUTH} + 0.14 * (n / 40),
        {WEST} + 0.15 * (n % 40 + 1), {SOUTH} + 0.14 * (n / 40 + 1), 4490))
    FROM generate_series(0, 999) AS n""",
    f"""INSERT INTO registers.hazard_sites (site_no, name, register_kind, type_set, type_code, town_code,
      location_accuracy_m, slope_height_m, registered_on, cancelled_on, geom, footprint, influence_zone, influence_basis)
    SELECT n::text, 'site ' || n, CASE WHEN n % 4 = 0 THEN 'risk_point' ELSE 'hidden_danger' END,
      'hazard_type_a', '0' || (n % 3), {_TOWN}, 10, 5 + n % 40,
      date '2015-01-01' + (n % 2200), CASE WHEN n % 9 = 0 THEN date '2021-09-01' + n % 900 END, p,
      CASE WHEN n % 2 = 0 THEN ST_Multi(ST_Buffer(p, 0.0003)) END,
      CASE WHEN n % 2 = 0 THEN ST_Multi(ST_Buffer(p, 0.0008)) END, CASE WHEN n % 2 = 0 THEN 'survey' ELSE 'none' END
    FROM {_rows(20_000)}""",
    """INSERT INTO registers.hazard_assessments (hazard_site, assessed_on, inspection, threatened_people,
      threatened_assets_wan, risk_level)
    SELECT uid, day, 'before_flood_season', hashint4(site_no::int + 7) & 63, hashint4(site_no::int + 8) & 255,
      (ARRAY['low', 'medium', 'high'])[1 + site_no::int % 3]
    FROM registers.hazard_sites CROSS JOIN unnest(ARRAY[date '2021-04-01', date '2022-04-01']) AS day""",
    """INSERT INTO registers.remediation_projects (project_no, name, hazard_sites, measure, status, measure_set_on,
      works_planned_on, accepted_planned_on)
    SELECT 'p' || site_no, 'p' || site_no, ARRAY[uid], (ARRAY['C', 'D', 'E'])[1 + site_no::int % 3], 'in_works',
      date '2021-01-01' + site_no::int % 200, date '2021-03-01', date '2021-12-01'
    FROM registers.hazard_sites WHERE site_no::int % 2 = 0""",
    """INSERT INTO registers.remediation_programmes (programme_no, name, baseline_on, frozen_on, hazard_sites)
    SELECT 'all', 'all', '2021-06-25', '2021-06-25', array_agg(uid ORDER BY uid) FROM registers.hazard_sites""",
    """INSERT INTO registers.funding_entries (entry_no, programme, project, kind, amount_fen, booked_on)
    SELECT project_no || kind, programme.uid, project.uid, kind, 84040000, '2021-05-01'
    FROM registers.remediation_projects AS project, registers.remediation_programmes AS programme,
      unnest(ARRAY['planned', 'secured']) AS kind""",
    f"""INSERT INTO registers.facilities (facility_no, name, kind, capacity, status, town_code, location_accuracy_m, geom)
    SELECT n::text, 'facility ' || n, (ARRAY['kindergarten', 'primary_school', 'hospital', 'elderly_care', 'car_park'])[1 + n % 5],
      100 + n % 2000, 'operating', {_TOWN}, 5, p FROM {_rows(100_000)}""",
    f"""INSERT INTO registers.risk_zones (zone_no, name, risk_level, published_on, geom)
    SELECT n::text, 'zone ' || n, (ARRAY['low', 'medium', 'high', 'very_high'])[1 + n % 4], '2020-01-01',
      ST_Multi(ST_Buffer(p, 0.01 + 0.02 * {_random(5)}, 16)) FROM {_rows(2_000)}""",
    f"""INSERT INTO registers.land_parcels (parcel_no, land_use_code, status, town_code, area_declared_m2, geom)
    SELECT n::text, '080403', 'existing', {_TOWN}, 5000, {_box(_SIDE, _SIDE)} FROM {_rows(1_000_000)}""",
    f"""INSERT INTO registers.land_reserves (reserve_no, name, purpose_kind, status, intended_on, planned_on,
      approved_on, supplied_on, built_on, town_code, geom)
    SELECT n::text, 'reserve ' || n, (ARRAY['education', 'transport', 'medical', 'elderly_care'])[1 + n % 4],
      (ARRAY['planned', 'approved', 'supplied', 'built'])[1 + n % 4], date '2021-01-01' + n % 300,
      date '2021-01-01' + n % 300 + 30, CASE WHEN n % 4 >= 1 THEN date '2022-01-01' + n % 300 END,
      CASE WHEN n % 4 >= 2 THEN date '2023-01-01' + n % 300 END, CASE WHEN n % 4 = 3 THEN date '2024-01-01' + n % 300 END,
      {_TOWN}, {_box(_SIDE, _SIDE)} FROM {_rows(100_000)}""",
    """INSERT INTO registers.targets (target_no, name, metric, value_m2, base_year, end_year)
    VALUES ('public', 'public', 'new_public_service_land', 2000000000, 2021, 2035)""",
    f"""INSERT INTO registers.control_lines (line_no, kind, geom)
    SELECT n::text, (ARRAY['permanent_basic_farmland', 'ecological_red_line'])[1 + n % 2],
      ST_Multi(ST_Buffer(p, 0.01 + 0.02 * {_random(5)}, 16)) FROM {_rows(2_000)}""",
    f"""INSERT INTO registers.quota_parcels (parcel_no, town_code, geom)
    SELECT n::text, {_TOWN}, {_box(_SIDE, _SIDE)} FROM {_rows(20_000)}""",
    """INSERT INTO registers.quota_rules (rule_no, name, kind, year, quota_kind, basis, percentage)
    VALUES ('R10', 'R10', 'reservation', 2021, 'new_construction', 'city_coordinated', 10)""",
    """INSERT INTO registers.quota_accounts (account_no, name, level, quota_kind, year, purpose, state, overdraft_allowed, town_code)
    VALUES ('S', 'S', 'superior', 'new_construction', 2021, 'general', 'source', true, NULL),
      ('C', 'C', 'city_coordinated', 'new_construction', 2021, 'general', 'available', false, NULL),
      ('P', 'P', 'special_pool', 'new_construction', 2021, 'rural_revitalization', 'available', false, NULL),
      ('U', 'U', 'town', 'new_construction', 2021, 'rural_revitalization', 'used', false, '440100001')""",
    """INSERT INTO registers.quota_entries (entry_no, posting, entry_type, from_account, to_account, amount_m2, booked_on, document_no)
    SELECT n, geoservice.uuid7(), CASE WHEN n % 5 = 0 THEN 'reserve' ELSE 'allocate' END,
      (SELECT uid FROM registers.quota_accounts WHERE account_no = CASE WHEN n % 5 = 0 THEN 'C' ELSE 'S' END),
      (SELECT uid FROM registers.quota_accounts WHERE account_no = CASE WHEN n % 5 = 0 THEN 'P' ELSE 'C' END),
      100000, date '2021-01-01' + n % 300, 'd' FROM generate_series(1, 1000) AS n""",
    """INSERT INTO registers.quota_entries (entry_no, posting, entry_type, from_account, to_account, amount_m2, booked_on,
      quota_parcel, document_no)
    SELECT 1000 + parcel_no::int, geoservice.uuid7(), 'takeover',
      (SELECT uid FROM registers.quota_accounts WHERE account_no = 'S'),
      (SELECT uid FROM registers.quota_accounts WHERE account_no = 'U'),
      round(area_ellipsoid_m2::numeric, 2), '2021-06-01', uid, 'old' FROM registers.quota_parcels""",
)


def fill(database: Database, share: float = 1.0) -> None:
    """Put the province, or a share of it, into an empty database with the newest schema."""
    statements = (statement.replace(":share", str(share)) for statement in _STATEMENTS)
    with database.migration() as connection:
        run(connection, ("SET LOCAL session_replication_role = replica", *statements, "ANALYZE"))
