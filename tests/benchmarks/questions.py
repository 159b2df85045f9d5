"""Each first question on a province beside the best bare SQL for the same figures, in turns.

    python -m tests.benchmarks.questions            fills a cluster of its own, then measures
    python -m tests.benchmarks.questions --share 0.05

What is timed is what a door waits for: parameters read, statement made, run, page and figures written.
The bare statement computes the numbers of the answer and its first page by hand, without paging,
dates of knowledge, certainty, coverage or text. Where a figure needs more than the obvious statement
(kinds of changes and late reports of a flow, what became of reserved quota, areas of the parts of a
parcel, which facilities are nearest on the ellipsoid: in degrees, one site in eleven gets a wrong
three), the bare statement computes it too, as fast as we know how to write it. Medians of five
turns; only ratios mean anything.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from geoservice.embedded import Cluster
from geoservice.questions import Question, ask, question_called
from geoservice.regions import region
from geoservice.store import schema
from geoservice.store.database import Database
from geoservice.store.publishing import Registry
from tests.benchmarks.province import fill

DAY = "2022-12-31"

_REGISTERED = """registered AS (
  SELECT * FROM registers.hazard_sites
  WHERE registered_on <= '2022-12-31' AND (cancelled_on IS NULL OR cancelled_on > '2022-12-31'))"""
_LATEST = """latest AS (
  SELECT DISTINCT ON (hazard_site) * FROM registers.hazard_assessments
  WHERE assessed_on <= '2022-12-31' ORDER BY hazard_site, assessed_on DESC)"""
_BOX = "ST_Expand({0}, 0.0065, 0.006)"  # 500 m at these latitudes, with room

CASES: dict[str, tuple[dict[str, object], str]] = {
    "remediation_sites_near_schools": (
        {"distance_m": 500, "facility_kinds": "kindergarten,primary_school"},
        f"""WITH {_REGISTERED}, treated AS (
          SELECT s.uid, coalesce(s.footprint, s.geom) AS geom FROM registered AS s
          WHERE s.register_kind = 'hidden_danger' AND EXISTS (
            SELECT FROM registers.remediation_projects AS p WHERE p.hazard_sites @> ARRAY[s.uid])
        ), pairs AS (
          SELECT s.uid, f.uid AS other, ST_Distance(s.geom::geography, f.geom::geography) AS d
          FROM treated AS s JOIN registers.facilities AS f ON f.geom && {_BOX.format("s.geom")}
          WHERE f.kind IN ('kindergarten', 'primary_school') AND f.status = 'operating'
        ), near AS (SELECT * FROM pairs WHERE d <= 500)
        SELECT (SELECT count(*) FROM near), (SELECT count(DISTINCT uid) FROM near),
          (SELECT json_agg(page) FROM (SELECT * FROM near ORDER BY d, uid LIMIT 1000) AS page)""",
    ),
    "nearest_facilities": (
        {"k": 3, "facility_kinds": "hospital"},
        f"""WITH {_REGISTERED}, near AS (
          SELECT s.uid, f.* FROM registered AS s CROSS JOIN LATERAL (
            SELECT c.uid AS other, ST_Distance(c.geom::geography, coalesce(s.footprint, s.geom)::geography) AS d
            FROM (SELECT f.uid, f.geom FROM registers.facilities AS f
              WHERE f.kind = 'hospital' AND f.status = 'operating'
              ORDER BY f.geom <-> coalesce(s.footprint, s.geom) LIMIT 8) AS c
            ORDER BY d LIMIT 3) AS f
          WHERE s.register_kind = 'hidden_danger')
        SELECT count(*), json_agg(near) FILTER (WHERE d < 100) FROM near""",
    ),
    "reserves_meeting_hazards": (
        {"of": "land_reserves", "layers": "risk_zones"},
        """WITH met AS (
          SELECT r.uid, z.uid AS zone, r.area_ellipsoid_m2 AS area, CASE WHEN ST_CoveredBy(r.geom, z.geom) THEN r.geom
            ELSE ST_CollectionExtract(ST_Intersection(r.geom, z.geom), 3) END AS shared
          FROM registers.land_reserves AS r JOIN registers.risk_zones AS z ON ST_Intersects(r.geom, z.geom)
          WHERE r.status IN ('intended', 'planned', 'approved', 'supplied') OFFSET 0
        ), measured AS (SELECT *, ST_Area(shared::geography, true) AS m2 FROM met)
        SELECT count(*), sum(m2), (SELECT json_agg(page) FROM (
          SELECT uid, zone, m2, m2 / area, ST_AsGeoJSON(shared) FROM measured ORDER BY uid, zone LIMIT 1000) AS page)
        FROM measured""",
    ),
    "hazard_counts": (
        {},
        f"""WITH {_REGISTERED}, {_LATEST}, counted AS (
          SELECT s.town_code, s.type_code, l.risk_level, s.register_kind, count(*) AS sites,
            sum(l.threatened_people) AS people, sum(l.threatened_assets_wan) AS assets
          FROM registered AS s LEFT JOIN latest AS l ON l.hazard_site = s.uid
          GROUP BY CUBE (s.town_code, s.type_code, l.risk_level, s.register_kind))
        SELECT count(*), (SELECT json_agg(page) FROM (SELECT * FROM counted ORDER BY 1, 2, 3, 4 LIMIT 1000) AS page)
        FROM counted""",
    ),
    "hazard_stock_flow": (
        {"from": "2020-12-31", "to": DAY},
        """WITH merged AS (
          SELECT DISTINCT merged_into, cancelled_on FROM registers.hazard_sites WHERE merged_into IS NOT NULL
        ), periods AS (
          SELECT s.uid, s.town_code, s.register_kind, s.registered_on AS started_on, s.cancelled_on AS ended_on,
            CASE WHEN s.merged_into IS NULL THEN 'cancelled' ELSE 'merged' END AS end_kind
          FROM registers.hazard_sites AS s WHERE s.registered_on IS NOT NULL
          UNION ALL
          SELECT s.uid, s.town_code, e.register_kind, e.started_on, e.ended_on, e.end_kind
          FROM registers.register_periods AS e JOIN registers.hazard_sites AS s ON s.uid = e.hazard_site
        ), told AS (
          SELECT p.*, p.started_on > '2020-12-31' AND p.started_on <= '2022-12-31' AS enters,
            p.ended_on > '2020-12-31' AND p.ended_on <= '2022-12-31' AS leaves,
            b.end_kind AS before, b.ended_on = p.started_on AS at_once, m.merged_into IS NOT NULL AS takes_over
          FROM periods AS p LEFT JOIN merged AS m ON m.merged_into = p.uid AND m.cancelled_on = p.started_on
          LEFT JOIN registers.register_periods AS b ON b.hazard_site = p.uid AND b.ended_on <= p.started_on
            AND NOT EXISTS (SELECT FROM registers.register_periods AS later WHERE later.hazard_site = p.uid
              AND later.started_on > b.started_on AND later.ended_on <= p.started_on)
          WHERE p.register_kind = 'hidden_danger'
        ), flows AS (
          SELECT town_code, count(*) FILTER (WHERE started_on <= '2020-12-31'
              AND (ended_on IS NULL OR ended_on > '2020-12-31')) AS opening,
            count(*) FILTER (WHERE enters AND before IS NULL AND NOT takes_over) AS new,
            count(*) FILTER (WHERE enters AND before IS NULL AND takes_over) AS merged_in,
            count(*) FILTER (WHERE enters AND before = 'reclassified' AND at_once) AS reclassified_in,
            count(*) FILTER (WHERE enters AND NOT (before = 'reclassified' AND at_once)) AS re_registered,
            count(*) FILTER (WHERE leaves AND end_kind = 'cancelled') AS cancelled,
            count(*) FILTER (WHERE leaves AND end_kind = 'merged') AS merged_out,
            count(*) FILTER (WHERE leaves AND end_kind = 'void') AS voided,
            count(*) FILTER (WHERE leaves AND end_kind = 'reclassified') AS reclassified_out,
            count(*) FILTER (WHERE started_on <= '2022-12-31'
              AND (ended_on IS NULL OR ended_on > '2022-12-31')) AS closing
          FROM told GROUP BY ROLLUP (town_code)
        ), recorded AS (
          SELECT uid, register_kind, registered_on, cancelled_on, recorded_at FROM registers.hazard_sites
          UNION ALL
          SELECT uid, register_kind, registered_on, cancelled_on, recorded_at FROM registers.hazard_sites_history
          UNION ALL
          SELECT hazard_site, register_kind, started_on, ended_on, recorded_at FROM registers.register_periods
          UNION ALL
          SELECT hazard_site, register_kind, started_on, ended_on, recorded_at FROM registers.register_periods_history
        ), late AS (
          SELECT uid FROM recorded WHERE registered_on > '2020-12-31' AND registered_on <= '2022-12-31'
            AND register_kind = 'hidden_danger'
          GROUP BY uid, registered_on HAVING min(recorded_at) >= '2022-12-31T16:00:00Z'
          UNION ALL
          SELECT uid FROM recorded WHERE cancelled_on > '2020-12-31' AND cancelled_on <= '2022-12-31'
            AND register_kind = 'hidden_danger'
          GROUP BY uid, cancelled_on HAVING min(recorded_at) >= '2022-12-31T16:00:00Z')
        SELECT count(*), (SELECT count(*) FROM late), (SELECT json_agg(page) FROM (
          SELECT flows.*, t.name FROM flows LEFT JOIN registers.towns AS t ON t.code = flows.town_code
          ORDER BY flows.town_code NULLS FIRST LIMIT 1000) AS page) FROM flows""",
    ),
    "programme_status": (
        {},
        f"""WITH {_LATEST}, members AS (
          SELECT unnest(hazard_sites) AS site FROM registers.remediation_programmes
        ), projects AS (
          SELECT uid, unnest(hazard_sites) AS site, status, accepted_planned_on, accepted_on
          FROM registers.remediation_projects
        ), funds AS (
          SELECT p.site, sum(amount_fen) FILTER (WHERE kind = 'planned') AS planned,
            sum(amount_fen) FILTER (WHERE kind = 'secured') AS secured,
            sum(amount_fen) FILTER (WHERE kind = 'paid') AS paid
          FROM registers.funding_entries AS e JOIN projects AS p ON p.uid = e.project
          WHERE e.booked_on <= '2022-12-31' GROUP BY p.site
        ), stated AS (
          SELECT s.uid, s.site_no, s.name, s.town_code, p.status, f.*, l.threatened_people,
            p.accepted_on IS NULL AND p.accepted_planned_on < '2022-12-31' AS late
          FROM members AS m JOIN registers.hazard_sites AS s ON s.uid = m.site
          LEFT JOIN projects AS p ON p.site = s.uid LEFT JOIN funds AS f ON f.site = s.uid
          LEFT JOIN latest AS l ON l.hazard_site = s.uid)
        SELECT count(*), count(*) FILTER (WHERE late), sum(secured), (SELECT json_agg(page) FROM (
          SELECT * FROM stated ORDER BY site_no LIMIT 1000) AS page) FROM stated""",
    ),
    "treatment_priority": (
        {"include_under_way": "true"},
        f"""WITH {_REGISTERED}, {_LATEST}, near AS (
          SELECT s.uid, count(*) AS schools, sum(f.capacity) AS pupils
          FROM registered AS s JOIN registers.facilities AS f ON f.geom && {_BOX.format("coalesce(s.footprint, s.geom)")}
          WHERE f.kind IN ('kindergarten', 'primary_school') AND f.status = 'operating'
            AND ST_Distance(coalesce(s.footprint, s.geom)::geography, f.geom::geography) <= 500
          GROUP BY s.uid
        ), scored AS (
          SELECT s.uid, array_position(ARRAY['low', 'medium', 'high'], l.risk_level) AS risk, l.threatened_people,
            coalesce(n.schools, 0) AS schools, coalesce(n.pupils, 0) AS pupils, s.slope_height_m,
            (coalesce(l.threatened_people, 0) / 63.0 + coalesce(n.pupils, 0) / 2000.0 + s.slope_height_m / 45) AS score
          FROM registered AS s LEFT JOIN latest AS l ON l.hazard_site = s.uid LEFT JOIN near AS n ON n.uid = s.uid
          WHERE s.register_kind = 'hidden_danger'
        ), ranked AS (
          SELECT *, rank() OVER (ORDER BY score DESC), rank() OVER (ORDER BY score + 0.2 * risk DESC) AS r1,
            rank() OVER (ORDER BY score - 0.2 * risk DESC) AS r2, rank() OVER (ORDER BY score + 0.2 * pupils DESC) AS r3,
            rank() OVER (ORDER BY score - 0.2 * pupils DESC) AS r4, rank() OVER (ORDER BY score + schools DESC) AS r5,
            rank() OVER (ORDER BY score - schools DESC) AS r6, rank() OVER (ORDER BY score + slope_height_m DESC) AS r7,
            rank() OVER (ORDER BY score - slope_height_m DESC) AS r8,
            rank() OVER (ORDER BY score + threatened_people DESC) AS r9,
            rank() OVER (ORDER BY score - threatened_people DESC) AS r10 FROM scored)
        SELECT count(*), (SELECT json_agg(page) FROM (SELECT * FROM ranked ORDER BY rank, uid LIMIT 1000) AS page)
        FROM ranked""",
    ),
    "quota_reservation": (
        {},
        """WITH rule AS (
          SELECT * FROM registers.quota_rules WHERE kind = 'reservation'
        ), summed AS (
          SELECT e.from_account, e.to_account, coalesce(o.entry_type, e.entry_type) AS entry_type, e.quota_rule,
            sum(e.amount_m2) AS m2
          FROM registers.quota_entries AS e LEFT JOIN (SELECT uid, entry_type FROM registers.quota_entries WHERE uid IN (
            SELECT reverses FROM registers.quota_entries WHERE reverses IS NOT NULL)) AS o ON o.uid = e.reverses
          WHERE e.booked_on <= '2022-12-31' GROUP BY 1, 2, 3, 4
        ), moved AS (
          SELECT a.*, other.year - a.year AS years, s.entry_type, s.quota_rule, s.m2
          FROM (SELECT to_account AS account, from_account AS other, entry_type, quota_rule, m2 FROM summed
            UNION ALL SELECT from_account, to_account, entry_type, quota_rule, -m2 FROM summed) AS s
          JOIN registers.quota_accounts AS a ON a.uid = s.account
          JOIN registers.quota_accounts AS other ON other.uid = s.other
        ), asked AS (
          SELECT rule.rule_no, rule.year, rule.percentage,
            coalesce(sum(m2) FILTER (WHERE entry_type IN ('allocate', 'deduct')), 0) AS base,
            -coalesce(sum(m2) FILTER (WHERE entry_type = 'reserve' AND coalesce(quota_rule, rule.uid) = rule.uid), 0) AS reserved
          FROM rule LEFT JOIN moved AS m ON m.level = rule.basis AND m.quota_kind = rule.quota_kind AND m.year = rule.year
          GROUP BY rule.rule_no, rule.year, rule.percentage
        ), left_over AS (
          SELECT sum(m2) FILTER (WHERE entry_type = 'carry' AND years < 0) AS carried_in,
            sum(m2) FILTER (WHERE entry_type = 'takeover') AS taken_over, sum(m2) FILTER (WHERE state = 'used') AS used,
            sum(m2) FILTER (WHERE state = 'held') AS held,
            -sum(m2) FILTER (WHERE entry_type = 'carry' AND years > 0) AS carried_out,
            -sum(m2) FILTER (WHERE entry_type = 'reclaim') AS reclaimed,
            -sum(m2) FILTER (WHERE entry_type = 'deduct') AS deducted,
            sum(m2) FILTER (WHERE state = 'available') AS balance
          FROM moved AS m JOIN rule ON rule.year = m.year AND rule.quota_kind = m.quota_kind
          WHERE m.purpose = 'rural_revitalization' AND m.state <> 'source')
        SELECT rule_no, year, base, base * percentage / 100, reserved,
          greatest(base * percentage / 100 - reserved, 0), left_over.* FROM asked, left_over""",
    ),
    "quota_parcel_conflicts": (
        {},
        """WITH charged AS (
          SELECT p.uid, p.parcel_no, p.geom, p.area_ellipsoid_m2 AS m2, sum(e.amount_m2) AS charged,
            greatest(1, 0.001 * p.area_ellipsoid_m2) AS tolerance
          FROM registers.quota_entries AS e JOIN registers.quota_parcels AS p ON p.uid = e.quota_parcel
          WHERE e.booked_on <= '2022-12-31' AND e.entry_type IN ('use', 'takeover') AND NOT EXISTS (
            SELECT FROM registers.quota_entries AS r WHERE r.reverses = e.uid AND r.booked_on <= '2022-12-31')
          GROUP BY p.uid
        ), twice AS (
          SELECT a.uid, b.uid AS other, ST_Area(ST_CollectionExtract(ST_Intersection(a.geom, b.geom), 3)::geography, true) AS m2
          FROM registers.quota_parcels AS a JOIN registers.quota_parcels AS b ON ST_Intersects(a.geom, b.geom) AND a.uid < b.uid
        ), forbidden AS (
          SELECT a.uid, l.kind, a.m2 AS parcel_m2, a.tolerance, CASE WHEN ST_CoveredBy(a.geom, l.geom) THEN a.geom
            ELSE ST_CollectionExtract(ST_Intersection(a.geom, l.geom), 3) END AS shared
          FROM charged AS a JOIN registers.quota_parcels AS p ON p.uid = a.uid JOIN (
            SELECT kind, geom FROM registers.control_lines UNION ALL SELECT 'risk_zone', geom FROM registers.risk_zones
          ) AS l ON ST_Intersects(p.geom, l.geom) OFFSET 0
        ), sized AS (
          SELECT *, ST_Area(shared::geography, true) AS m2 FROM forbidden OFFSET 0
        ), laid AS (
          SELECT uid, kind, CASE WHEN count(*) = 1 THEN min(m2)
            ELSE ST_Area(ST_UnaryUnion(ST_Collect(shared))::geography, true) END AS m2
          FROM sized WHERE m2 > tolerance GROUP BY uid, kind
        ), parts AS (
          SELECT a.uid, t.code, a.tolerance, CASE WHEN ST_CoveredBy(a.geom, t.geom) THEN a.m2
            ELSE ST_Area(ST_CollectionExtract(ST_Intersection(a.geom, t.geom), 3)::geography, true) END AS m2
          FROM charged AS a JOIN registers.towns AS t ON ST_Intersects(t.geom, a.geom) WHERE t.kind <> 'park' OFFSET 0
        ), crossing AS (
          SELECT uid, count(*) AS towns FROM parts WHERE m2 > tolerance GROUP BY uid)
        SELECT (SELECT count(*) FROM charged), (SELECT sum(charged) FROM charged), (SELECT sum(m2) FROM charged),
          (SELECT count(*) FROM charged WHERE abs(charged - m2) > tolerance),
          (SELECT count(*) FROM twice WHERE m2 > 1), (SELECT sum(m2) FROM twice WHERE m2 > 1),
          (SELECT json_object_agg(kind, n) FROM (SELECT kind, count(*) AS n FROM laid GROUP BY kind) AS k),
          (SELECT count(*) FROM crossing WHERE towns > 1), (SELECT json_agg(page) FROM (
            SELECT c.uid, c.parcel_no, c.m2, c.charged, c.towns, ST_AsGeoJSON(c.geom), d.m2 AS twice_m2, l.kinds
            FROM (SELECT * FROM charged LEFT JOIN crossing USING (uid) ORDER BY parcel_no LIMIT 1000) AS c
            LEFT JOIN (SELECT uid, json_object_agg(kind, m2) AS kinds FROM laid GROUP BY uid) AS l USING (uid)
            LEFT JOIN (SELECT unnest(ARRAY[uid, other]) AS uid, sum(m2) AS m2 FROM twice WHERE m2 > 1 GROUP BY 1) AS d
              USING (uid) ORDER BY c.parcel_no) AS page)""",
    ),
    "public_land_progress": (
        {},
        """WITH staged AS (
          SELECT uid, geom, purpose_kind, town_code, status, array_position(
            ARRAY['intended', 'planned', 'approved', 'supplied', 'built'], status) AS stage, area_ellipsoid_m2 AS m2
          FROM registers.land_reserves WHERE planned_on <= '2022-12-31'
        ), doubled AS (
          SELECT a.uid, ST_Area(ST_Intersection(a.geom, ST_Union(b.geom))::geography, true) AS m2
          FROM staged AS a JOIN registers.land_reserves AS n ON ST_Intersects(n.geom, a.geom)
          JOIN staged AS b ON b.uid = n.uid AND (b.stage, b.uid) > (a.stage, a.uid)
          GROUP BY a.uid, a.geom
        ), cells AS (
          SELECT status, purpose_kind, town_code, sum(s.m2 - coalesce(d.m2, 0)) AS m2, count(*)
          FROM staged AS s LEFT JOIN doubled AS d ON d.uid = s.uid GROUP BY CUBE (status, purpose_kind, town_code))
        SELECT (SELECT json_agg(page) FROM (SELECT * FROM cells ORDER BY 1, 2, 3 LIMIT 1000) AS page)""",
    ),
    "all parcels on all risk zones": (
        {"of": "land_parcels", "layers": "risk_zones"},
        """WITH met AS (
          SELECT p.uid, z.uid AS zone, p.area_ellipsoid_m2 AS area, CASE WHEN ST_CoveredBy(p.geom, z.geom) THEN p.geom
            ELSE ST_CollectionExtract(ST_Intersection(p.geom, z.geom), 3) END AS shared
          FROM registers.land_parcels AS p JOIN registers.risk_zones AS z ON ST_Intersects(p.geom, z.geom) OFFSET 0
        ), measured AS (SELECT *, ST_Area(shared::geography, true) AS m2 FROM met)
        SELECT count(*), sum(m2), (SELECT json_agg(page) FROM (
          SELECT uid, zone, m2, ST_AsGeoJSON(shared) FROM measured ORDER BY uid, zone LIMIT 1000) AS page)
        FROM measured""",
    ),
}


def _seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def measure(url: str, turns: int, only: str | None) -> None:
    """Print, for each case, the median seconds of the question and of the bare SQL, and their ratio."""
    database = Database(url, read_timeout_s=600)
    registry, here = Registry(database), region()
    bare = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
    bare.execute("SET jit = off")
    for name, (given, sql) in CASES.items():
        if only and only not in name:
            continue
        question = question_called(name if " " not in name else "reserves_meeting_hazards", here)
        names = {each.name for each in question.description.parameters}
        dated = given | ({"as_of": DAY} if "as_of" in names else {})

        def answered(question: Question = question, given: dict[str, object] = dated) -> object:
            return ask(question, given, database=database, registry=registry, region=here)

        def plain(sql: str = sql) -> object:
            return bare.execute(sql).fetchall()

        answered(), plain()
        times = [(_seconds(answered), _seconds(plain)) for _ in range(turns)]
        ours, floor = (statistics.median(each) for each in zip(*times, strict=True))
        print(f"{name:34} {ours:8.3f} s {floor:8.3f} s  {ours / floor:5.2f}x", flush=True)


def main() -> None:
    """Fill a cluster and measure; or measure a database that is filled already."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--only")
    parser.add_argument("--url", help="of a database that is filled")
    asked = parser.parse_args()
    if asked.url:
        measure(asked.url, asked.turns, asked.only)
        return
    folder = Path(tempfile.mkdtemp(prefix="geoservice-province-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder, durable=False)
    cluster.start()
    try:
        database = Database(cluster.url("geoservice"))
        schema.upgrade(database)
        fill(database, asked.share)
        database.close()
        measure(cluster.url("geoservice"), asked.turns, asked.only)
    finally:
        cluster.reset()


if __name__ == "__main__":
    main()
