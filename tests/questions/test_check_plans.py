"""How PostgreSQL answers the check on a province's worth of features: by the index of every layer."""

import re

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from geoservice.questions import question_called
from geoservice.questions.asking import planned
from geoservice.store.database import Database
from geoservice.store.publishing import Registry

MANY = 20_000

_PLACE = (
    "(select i, ST_SetSRID(ST_Point(113.5 + random() * 0.8, 22.6 + random() * 0.6), 4490) p "
    f"from generate_series(1, {MANY}) as i) as made"
)
_FILL = (
    "select setseed(0.5)",
    f"""insert into registers.facilities (facility_no, name, kind, status, geom, campus)
    select i, 'f', 'primary_school', 'operating', p,
      case when i % 4 = 0 then ST_Multi(ST_Expand(p, 0.0005)) end from {_PLACE}""",
    f"""insert into registers.education_projects
      (project_no, name, build_kind, land_status, status, geom)
    select i, 'e', 'new', 'lacking', 'listed', p from {_PLACE}""",
    f"""insert into registers.quota_parcels (parcel_no, geom)
    select i, ST_Multi(ST_Expand(p, 0.0003)) from {_PLACE}""",
    "analyze registers.facilities, registers.education_projects, registers.quota_parcels",
)


@pytest.fixture(scope="module")
def province(module_database: Database) -> Database:
    with module_database.migration() as connection:
        for statement in _FILL:
            connection.execute(sa.text(statement))
    return module_database


@pytest.fixture
def plan_of(province, dongguan):
    """The plan of the rows, or of the figures, of a check."""

    def explained(geometry: str, *, figures: bool = False) -> str:
        registry = Registry(province)
        _, plan = planned(
            question_called("check", dongguan), {"geometry": geometry},
            registry=registry, region=dongguan,
        )  # fmt: skip
        statement = plan.figures[1] if figures else sa.select(plan.found)
        compiled = statement.compile(
            dialect=postgresql.dialect(), compile_kwargs={"render_postcompile": True}
        )
        values = {
            k: compiled._bind_processors.get(k, lambda v: v)(v) for k, v in compiled.params.items()
        }
        with province.snapshot() as connection:
            driver = connection.connection.driver_connection
            rows = driver.execute(f"explain {compiled}", values).fetchall()
        return "\n".join(row[0] for row in rows)

    return explained


LAYERS = {
    "points": ("education_projects", "education_projects_geom_gist", "geom"),
    "points with grounds": ("facilities", "facilities_best_gist", "COALESCE(campus, geom)"),
    "areas": ("quota_parcels", "quota_parcels_geom_gist", "geom"),
}
POINT = "113.8,22.9"
AREA = "POLYGON((113.8 22.9,113.801 22.9,113.801 22.901,113.8 22.9))"


@pytest.mark.parametrize("geometry", [POINT, AREA], ids=["point", "area"])
@pytest.mark.parametrize("kind", LAYERS)
def test_each_kind_of_layer_is_searched_by_its_index(plan_of, kind, geometry):
    table, index, column = LAYERS[kind]
    plan = plan_of(geometry)
    assert f"Seq Scan on {table}" not in plan
    # In the box of D, by the order of the index, and in the box of that bound.
    assert len(re.findall(rf"Index Scan (?:using|on) {index}", plan)) == 3
    assert f"Order By: ({column} <-> " in plan


def test_suspicions_are_searched_by_the_index(plan_of):
    for geometry, index in (
        (POINT, "education_projects_geom_gist"),
        (POINT, "facilities_geom_gist"),
        (AREA, "quota_parcels_geom_gist"),
    ):
        plan = plan_of(geometry, figures=True)
        assert re.search(rf"Index Scan (?:using|on) {index}", plan)
        assert "Seq Scan on quota_parcels" not in plan
