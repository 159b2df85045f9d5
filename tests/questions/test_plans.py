"""The plans of the two verbs on a province's worth of features: the spatial index is used, and often enough."""

import re

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from geoservice.questions import question_called
from geoservice.questions.asking import planned
from geoservice.store.database import Database
from geoservice.store.publishing import Registry

SITES, FACILITIES = 20_000, 5_000

_FILL = (
    "select setseed(0.5)",
    f"""insert into registers.facilities (facility_no, name, kind, status, location_accuracy_m, geom, campus)
    select i, 'f', 'primary_school', 'operating', 5, p,
      case when i % 4 = 0 then ST_Multi(ST_Expand(p, 0.0005)) end
    from (select i, ST_SetSRID(ST_Point(113.5 + random() * 0.8, 22.6 + random() * 0.6), 4490) p
          from generate_series(1, {FACILITIES}) as i) as made""",
    f"""insert into registers.hazard_sites
      (site_no, name, register_kind, type_code, registered_on, location_accuracy_m, geom, footprint)
    select i, 's', 'hidden_danger', '02', '2020-01-01', 20, p,
      case when i % 4 = 0 then ST_Multi(ST_Expand(p, 0.0003)) end
    from (select i, ST_SetSRID(ST_Point(113.5 + random() * 0.8, 22.6 + random() * 0.6), 4490) p
          from generate_series(1, {SITES}) as i) as made""",
    "insert into registers.remediation_projects (project_no, name, hazard_sites, measure, status) "
    "select 'all', 'all', array_agg(uid), 'D', 'in_works' from registers.hazard_sites",
    "analyze registers.hazard_sites, registers.facilities, registers.remediation_projects",
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
            sa.text("explain " + str(found).replace(":", r"\:").replace("%%", "%"))
        )
        return "\n".join(row[0] for row in rows)

    return explained


def test_near_searches_the_spatial_index_for_each_feature_of_one_side(plan_of):
    plan = plan_of("remediation_sites_near_schools", distance_m="500")
    assert re.search(r"Index Scan (using|on) (hazard_sites|facilities)_best_gist", plan)
    assert (
        "Index Cond: (COALESCE(footprint, geom) &&" in plan or "COALESCE(campus, geom) &&" in plan
    )


def test_what_the_registers_said_then_is_searched_by_the_spatial_index_too(plan_of):
    plan = plan_of(
        "remediation_sites_near_schools", distance_m="500", known_at="2100-01-01T00:00:00Z"
    )
    assert "Index Scan using facilities_best_gist on facilities" in plan
    assert "Index Cond: (COALESCE(campus, geom) &&" in plan


def test_the_search_goes_out_from_the_sites_that_were_judged_to_count(plan_of):
    plan = plan_of("remediation_sites_near_schools", distance_m="500")
    assert "Index Scan using facilities_best_gist on facilities" in plan
    assert "hazard_sites_best_gist" not in plan


def test_the_points_alone_have_an_index_of_their_own(plan_of):
    plan = plan_of("remediation_sites_near_schools", site_geometry="point")
    assert re.search(r"Index Scan (using|on) (hazard_sites_geom|facilities_best)_gist", plan)


def test_near_measures_only_what_the_index_lets_through(province):
    """Of 100 million pairs, a few ten thousand are measured."""
    boxes = sa.text(
        "select count(*) from registers.hazard_sites s join registers.facilities f "
        "on coalesce(s.footprint, s.geom) && ST_Expand(coalesce(f.campus, f.geom), 0.01)"
    )
    assert province.scalar(boxes) < SITES * FACILITIES / 1000


def test_nearest_walks_the_index_in_order_and_computes_the_radius_once(plan_of):
    plan = plan_of("nearest", this="hazard_sites", that="facilities", k="2")
    assert plan.count("Order By: (COALESCE(campus, geom) <-> COALESCE") == 1
    assert plan.count("Index Scan using facilities_best_gist") == 2
    assert "Seq Scan on facilities" not in plan


def test_nearest_of_each_kind_uses_the_index_too(plan_of):
    plan = plan_of("nearest_facilities", k="2", per_kind="true")
    assert plan.count("Order By: (COALESCE(campus, geom) <-> COALESCE") == 1
