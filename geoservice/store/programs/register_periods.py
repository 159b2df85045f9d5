"""What keeps the periods of a hazard site in the registers apart, across the two tables that hold them.

A site states its present period itself; earlier ones are rows of their own. When a transaction
commits, the periods of each site that it has touched are looked at together: with the row of the
site locked, so that two writers cannot each find what the other has not yet stored. Needs the
isolation level READ COMMITTED, with which every editor writes.
"""

from collections.abc import Iterator

from geoservice.domain.hazards import hazard_sites, register_periods
from geoservice.languages import Text
from geoservice.store.tables import BUILT_IN_SCHEMA, Rule, tables

_FUNCTION = f"{BUILT_IN_SCHEMA}.check_register_periods"
_TRIGGER = "keep_register_periods_apart"

# About a row of all periods of a site in their order: `next_start` and `next_kind` are of the period
# that follows, null after the last; the present one has no `end_kind`.
RULES = (
    Rule(
        "register_periods_apart",
        "next_start IS NULL OR next_start >= ended_on",
        ("hazard_site", "started_on", "ended_on"),
        Text(
            zh="同一灾害点的在册期间（自起始日至终止日前一日，含灾害点本身的当前期间）不能重叠",
            en="the periods of a site in the registers, from the start to the day before the end and with the "
            "present one at the site itself, must not overlap",
        ),
    ),
    Rule(
        "register_periods_earlier",
        "next_start IS NULL OR NOT is_present",
        ("hazard_site", "started_on", "ended_on"),
        Text(
            zh="这里只记当前期间之前的期间；最近一次在册记于灾害点本身",
            en="only periods before the present one are kept here; the latest stands at the site itself",
        ),
    ),
    Rule(
        "register_periods_explained",
        "is_present OR (end_kind = 'reclassified') = coalesce(next_start = ended_on AND next_kind <> register_kind, "
        "false)",
        ("hazard_site", "ended_on", "end_kind"),
        Text(
            zh="终结方式须能解释下一次在册：转登记类别（reclassified）之后当日起在另一册，且仅此时用它",
            en="how a period ended must explain the next: reclassified if, and only if, the site is in the other "
            "register from that day on",
        ),
    ),
)
"""What the periods of every site fulfil; `faults` tells by name which of them was broken."""


def register_period_guard() -> Iterator[str]:
    """The function and the triggers, once both tables are there."""
    yield _function()
    sites, periods = tables().current(hazard_sites), tables().current(register_periods)
    said = ("register_kind", "registered_on", "cancelled_on")
    changed = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in said)
    events = {
        sites: f"AFTER UPDATE ON {sites} {_AT_COMMIT} WHEN ({changed})",
        periods: f"AFTER INSERT OR UPDATE OR DELETE ON {periods} {_AT_COMMIT}",
    }
    for table, event in events.items():
        yield f"DROP TRIGGER IF EXISTS {_TRIGGER} ON {table}"
        yield f"CREATE CONSTRAINT TRIGGER {_TRIGGER} {event} EXECUTE FUNCTION {_FUNCTION}()"


# A correction moves the end of one period and the start of the next: two rows, each wrong alone.
_AT_COMMIT = "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"


def _function() -> str:
    sites, periods = tables().current(hazard_sites), tables().current(register_periods)
    broken = " ".join(f"WHEN ({rule.test}) IS NOT TRUE THEN '{rule.name}'" for rule in RULES)
    return f"""
CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE touched uuid[]; site uuid; wrong record;
BEGIN
  IF TG_TABLE_NAME = '{sites.name}' THEN touched := ARRAY[NEW.uid];
  ELSIF TG_OP = 'INSERT' THEN touched := ARRAY[NEW.hazard_site];
  ELSIF TG_OP = 'DELETE' THEN touched := ARRAY[OLD.hazard_site];
  ELSE touched := ARRAY[OLD.hazard_site, NEW.hazard_site];
  END IF;
  FOR site IN SELECT DISTINCT each FROM unnest(touched) AS each ORDER BY each LOOP
    PERFORM FROM {sites} AS held WHERE held.uid = site FOR NO KEY UPDATE;
    SELECT placed.started_on, CASE {broken} END AS broken INTO wrong
    FROM (
      SELECT every.*, lead(started_on) OVER next AS next_start, lead(register_kind) OVER next AS next_kind
      FROM (
        SELECT register_kind, started_on, ended_on, end_kind, false AS is_present
        FROM {periods} WHERE hazard_site = site
        UNION ALL
        SELECT register_kind, registered_on, cancelled_on, NULL, true
        FROM {sites} WHERE uid = site AND registered_on IS NOT NULL
      ) AS every
      WINDOW next AS (ORDER BY started_on, ended_on NULLS LAST, is_present)
    ) AS placed
    ORDER BY 2, 1 LIMIT 1;  -- what is not broken is null, and comes last
    IF wrong.broken IS NOT NULL THEN
      RAISE check_violation USING MESSAGE = wrong.broken, CONSTRAINT = wrong.broken,
        SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
        DETAIL = format('(hazard_site, started_on)=(%s, %s)', site, wrong.started_on);
    END IF;
  END LOOP;
  RETURN NULL;
END $$
"""
