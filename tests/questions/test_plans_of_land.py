"""The plans of overlays on many polygons: the spatial index is used, and no step grows with the square."""

import re

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from geoservice.questions import question_called
from geoservice.questions.asking import planned
from geoservice.store.database import Database
from geoservice.store.publishing import Registry

RESERVES, ZONES, SITES = 4_000, 500, 4_000

_PLACE = "ST_SetSRID(ST_Point(113.5 + random() * 0.8, 22.6 + random() * 0.6), 4490)"
_FILL = (
    "select setseed(0.5)",
    """insert into registers.targets (target_no, name, metric, value_m2, base_year, end_year)
    values ('T', 't', 'new_public_service_land', 20000000, 2021, 2035)""",
    f"""insert into registers.land_reserves
      (reserve_no, name, purpose_kind, status, planned_on, geom)
    select i, 'r', 'education', 'planned', '2022-01-01', ST_Multi(ST_Expand(p, 0.0005))
    from (select i, {_PLACE} p from generate_series(1, {RESERVES}) as i) as made""",
    f"""insert into registers.risk_zones (zone_no, name, risk_level, published_on, geom)
    select i, 'z', 'high', '2020-01-01', ST_Multi(ST_Expand(p, 0.001))
    from (select i, {_PLACE} p from generate_series(1, {ZONES}) as i) as made""",
    f"""insert into registers.hazard_sites
      (site_no, name, register_kind, type_code, registered_on, geom, influence_zone)
    select i, 's', 'hidden_danger', '02', '2020-01-01', p, ST_Multi(ST_Expand(p, 0.0005))
    from (select i, {_PLACE} p from generate_series(1, {SITES}) as i) as made""",
    "analyze registers.land_reserves, registers.risk_zones, registers.hazard_sites",
)


@pytest.fixture(scope="module")
def province(module_database: Database) -> Database:
    with module_database.migration() as connection:
        for statement in _FILL:
            connection.execute(sa.text(statement))
    return module_database


@pytest.fixture
def plan_of(province, dongguan):
    """How PostgreSQL answers a question: the plan that it has chosen, as text."""

    def explained(id: str, **given: object) -> str:
        registry = Registry(province)
        _, plan = planned(question_called(id, dongguan), given, registry=registry, region=dongguan)
        found = sa.select(plan.found).compile(
            dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
        )
        rows = province.rows(
            sa.text("explain verbose " + str(found).replace(":", r"\:").replace("%%", "%"))
        )
        return "\n".join(row[0] for row in rows)

    return explained


def test_land_that_meets_hazards_is_found_by_spatial_indexes(plan_of):
    plan = plan_of("reserves_meeting_hazards", of="land_reserves")
    for hazard in ("hazard_sites_influence_zone", "risk_zones_geom", "hazard_sites_best"):
        index = rf"Index Scan using ({hazard}|land_reserves_geom)_gist"
        assert re.search(index, plan), hazard
    assert len(re.findall(r"Index Scan using \w+_gist", plan)) == 3


def test_registers_are_looked_up_in_hashed_sets(plan_of):
    """What meets is beyond any estimate, so a join could be planned as a loop over the register."""
    plan = plan_of("reserves_meeting_hazards", of="land_reserves")
    assert plan.count("hashed SubPlan") >= 3


def test_projects_are_found_by_the_index_of_their_reserves(plan_of):
    plan = plan_of("reserves_meeting_hazards", of="education_projects")
    assert "_gist" in plan


def test_overlapping_reserves_are_found_by_the_spatial_index(plan_of):
    plan = plan_of("public_land_progress")
    assert "Index Scan using land_reserves_geom_gist" in plan
