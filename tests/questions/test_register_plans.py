"""The plans of the counts and flows on a province's worth of sites: each table is read once, none per site."""

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from geoservice.questions import question_called
from geoservice.questions.asking import planned
from geoservice.store.database import Database
from geoservice.store.publishing import Registry

SITES = 20_000

_FILL = (
    "select setseed(0.5)",
    f"""insert into registers.hazard_sites
      (site_no, name, register_kind, type_code, town_code, registered_on, cancelled_on, geom)
    select i, 's', case when i % 4 = 0 then 'risk_point' else 'hidden_danger' end, '0' || i % 4,
      '4419001' || lpad((i % 30)::text, 2, '0'), date '2015-01-01' + i % 2000,
      case when i % 3 = 0 then date '2021-01-01' + i % 700 end,
      ST_SetSRID(ST_Point(113.5 + random() * 0.8, 22.6 + random() * 0.6), 4490)
    from generate_series(1, {SITES}) as i""",
    """insert into registers.hazard_assessments
      (hazard_site, assessed_on, inspection, threatened_people, threatened_assets_wan, risk_level)
    select uid, date '2021-01-01' + year * 200, 'special', 3, 31.07, 'low'
    from registers.hazard_sites, generate_series(0, 2) as year""",
    """insert into registers.register_periods
      (hazard_site, register_kind, started_on, ended_on, end_kind)
    select uid, register_kind, '2010-01-01', '2012-01-01', 'cancelled' from registers.hazard_sites
    where hashtext(site_no) % 10 = 0""",
    "analyze registers.hazard_sites, registers.hazard_assessments, registers.register_periods",
)


@pytest.fixture(scope="module")
def province(module_database: Database) -> Database:
    with module_database.migration() as connection:
        for statement in _FILL:
            connection.execute(sa.text(statement))
    return module_database


@pytest.fixture
def plan_of(province, dongguan):
    """How PostgreSQL answers a question, as text."""

    def explained(id: str, **given: object) -> str:
        registry = Registry(province)
        _, plan = planned(question_called(id, dongguan), given, registry=registry, region=dongguan)
        found = sa.select(plan.found).compile(
            dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
        )
        text = str(found).replace(":", r"\:").replace("%%", "%")
        return "\n".join(row[0] for row in province.rows(sa.text(f"explain {text}")))

    return explained


def loops(plan: str) -> list[list[str]]:
    """Where the plan reads one thing for each row of another, as what is read outside and inside.

    The few earlier periods may be looked up one by one, if it is by an index.
    """
    lines = plan.splitlines()
    found = []
    for number, line in enumerate(lines):
        if "Nested Loop" in line:
            outside, inside = inner_nodes(lines[number:])
            scans = [each for each in inside.splitlines() if " Scan" in each]
            by_index = bool(scans) and all("Index" in each for each in scans)
            if not ("register_periods" in outside and by_index):
                found.append([outside, inside])
    return found


def inner_nodes(lines: list[str]) -> list[str]:
    """The nodes right below the first line, each with all that is below it."""
    depths = [line.find("->") for line in lines]
    own = depths[0]
    ends = (at for at, depth in enumerate(depths) if at and 0 <= depth <= own)
    below = range(1, next(ends, len(lines)))
    least = min(depths[at] for at in below if depths[at] >= 0)
    starts = [at for at in below if depths[at] == least]
    return [
        "\n".join(lines[start:end])
        for start, end in zip(starts, [*starts[1:], below.stop], strict=True)
    ]


def test_counting_joins_each_table_as_a_whole(plan_of):
    plan = plan_of("hazard_counts", as_of="2022-07-31")
    assert loops(plan) == []
    assert plan.count("on hazard_assessments") == 1


def test_a_flow_joins_each_table_as_a_whole(plan_of):
    span = {"from": "2021-06-25", "to": "2022-07-31", "from_known_at": "2100-01-01T00:00:00Z"}
    for by in ("summary", "events"):
        assert loops(plan_of("hazard_stock_flow", by=by, **span)) == []
