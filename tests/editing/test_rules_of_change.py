"""What the database computes and which changes it refuses, by the rules of a description."""

from datetime import date
from uuid import UUID

import psycopg
import pyproj
import pytest
import shapely
import sqlalchemy as sa

from geoservice.description.code_list import code_list
from geoservice.description.collection import (
    SQUARE_METRE,
    Collection,
    Computed,
    Field,
    FieldType,
    Fixed,
    GeometryType,
    Given,
    Measure,
    Steps,
)
from geoservice.editing.operations import Insert, Replace, Restore, Update
from geoservice.errors import RejectedFeature
from geoservice.languages import Text
from geoservice.store import publishing
from geoservice.store.tables import tables
from tests.editing.conftest import chain, console, row

STATE = code_list(
    "state",
    Text(zh="状态", en="State"),
    "test",
    """
    begun | 开始 | begun
    built | 建成 | built
    closed | 关闭 | closed
    """,
)


def field(name: str, type: FieldType = FieldType.TEXT, **more: object) -> Field:
    return Field(name=name, type=type, title=Text(zh=name, en=name), **more)  # type: ignore[arg-type]


PLOTS = Collection(
    id="plots",
    title=Text(zh="地块", en="Plots"),
    description=Text(zh="测试", en="test"),
    geometry=GeometryType.MULTI_POLYGON,
    published=True,
    fields=(
        field("number", nullable=False),
        field("state", nullable=False, codes=STATE),
        field("kind"),
        field("built_on", FieldType.DATE),
        field("houses_standing", FieldType.INTEGER),
        field("frozen_on", FieldType.DATE),
        field("declared_m2", FieldType.DECIMAL, digits=(14, 2), unit=SQUARE_METRE),
        field("ellipsoid_m2", FieldType.NUMBER, computed=Computed(Measure.ELLIPSOID_AREA)),
        field("plane_m2", FieldType.NUMBER, computed=Computed(Measure.PLANE_AREA)),
        field(
            "difference_m2",
            FieldType.NUMBER,
            computed=Computed(Measure.ELLIPSOID_AREA, subtracted_from="declared_m2"),
        ),
    ),
    rules=(
        Steps("state", (("begun", ("built",)), ("built", ("closed",)))),
        Given((("state", ("built", "closed")),), "built_on"),
        Given((("state", ("closed",)), ("kind", ("C",))), "houses_standing", 0),
        Fixed(("number", "frozen_on"), once="frozen_on"),
    ),
)

SQUARE = shapely.MultiPolygon([shapely.box(113.75, 23.0, 113.76, 23.01)])
NORTH = shapely.MultiPolygon([shapely.box(113.75, 23.01, 113.77, 23.02)])
IN_EUROPE = shapely.MultiPolygon([shapely.box(9.0, 45.0, 9.01, 45.01)])
TWO_STEPS = {"state": "built", "built_on": date(2021, 6, 1)}


@pytest.fixture(autouse=True)
def _plots(database):
    with database.ownership() as connection:
        publishing.create(connection, PLOTS)


@pytest.fixture
def insert(carried_out):
    def insert(shape: shapely.Geometry = SQUARE, **values: object) -> UUID:
        given = {"number": "1", "state": "begun", "geom": shapely.to_wkb(shape)} | values
        return carried_out(Insert(collection=PLOTS, values=given)).done[0].features[0].uid

    return insert


@pytest.fixture
def update(carried_out):
    def update(uid: UUID, **values: object) -> None:
        carried_out(Update(collection=PLOTS, which=uid, values=values))

    return update


def ellipsoid_m2(shape: shapely.Geometry) -> float:
    area, _ = pyproj.Geod(ellps="GRS80").geometry_area_perimeter(shape)
    return abs(area)


def plane_m2(shape: shapely.Geometry, srid: int) -> float:
    to_plane = pyproj.Transformer.from_crs(4490, srid, always_xy=True)
    return shapely.transform(shape, to_plane.transform, interleaved=False).area


def test_areas_are_measured_on_the_ellipsoid_and_in_the_zone_of_the_feature(insert, database):
    stored = row(database, PLOTS, insert(declared_m2=1_135_000))
    assert stored.ellipsoid_m2 == pytest.approx(ellipsoid_m2(SQUARE), rel=1e-9)
    assert stored.plane_m2 == pytest.approx(plane_m2(SQUARE, 4547), rel=1e-9)
    assert stored.difference_m2 == pytest.approx(1_135_000 - ellipsoid_m2(SQUARE), abs=0.01)


@pytest.mark.parametrize(("west", "srid"), [(112.49, 4546), (112.5, 4547), (115.49, 4547)])
def test_the_zone_is_that_of_the_middle(insert, database, west, srid):
    shape = shapely.MultiPolygon([shapely.box(west - 0.001, 23.0, west + 0.0015, 23.001)])
    stored = row(database, PLOTS, insert(shape))
    assert stored.plane_m2 == pytest.approx(plane_m2(shape, srid), rel=1e-9)


def test_outside_the_zones_of_china_there_is_no_plane_area(insert, database):
    stored = row(database, PLOTS, insert(IN_EUROPE))
    assert stored.plane_m2 is None
    assert stored.ellipsoid_m2 == pytest.approx(ellipsoid_m2(IN_EUROPE), rel=1e-9)


def test_without_geometry_or_declared_area_nothing_is_measured(carried_out, database, insert):
    outcome = carried_out(Insert(collection=PLOTS, values={"number": "2", "state": "begun"}))
    bare = row(database, PLOTS, outcome.done[0].features[0].uid)
    assert (bare.ellipsoid_m2, bare.plane_m2, bare.difference_m2) == (None, None, None)
    assert row(database, PLOTS, insert()).difference_m2 is None


def test_an_area_follows_the_geometry_and_the_history_keeps_the_old_one(insert, update, database):
    uid = insert()
    update(uid, geom=shapely.to_wkb(NORTH))
    first, second = chain(database, PLOTS, uid)
    assert first.ellipsoid_m2 == pytest.approx(ellipsoid_m2(SQUARE), rel=1e-9)
    assert second.ellipsoid_m2 == pytest.approx(ellipsoid_m2(NORTH), rel=1e-9)


def test_an_update_that_changes_nothing_makes_no_version_where_areas_are_computed(
    insert, update, database
):
    uid = insert()
    update(uid, number="1", geom=shapely.to_wkb(SQUARE))
    assert [each.version for each in chain(database, PLOTS, uid)] == [1]


def test_an_update_of_a_computed_value_is_refused(insert, update):
    with pytest.raises(RejectedFeature) as refused:
        update(insert(), ellipsoid_m2=5.0)
    assert refused.value.parts["field"] == "ellipsoid_m2"


def test_a_whole_feature_sent_back_may_hold_what_is_computed(insert, carried_out, database):
    uid = insert(ellipsoid_m2=5.0)
    everything = {"number": "1", "state": "begun", "plane_m2": 7.0, "geom": shapely.to_wkb(NORTH)}
    carried_out(Replace(collection=PLOTS, which=uid, values=everything))
    assert row(database, PLOTS, uid).plane_m2 == pytest.approx(plane_m2(NORTH, 4547), rel=1e-9)


def test_a_state_changes_by_its_steps(insert, update, database):
    uid = insert()
    update(uid, **TWO_STEPS)
    update(uid, state="closed")
    assert row(database, PLOTS, uid).state == "closed"


@pytest.mark.parametrize(("before", "after"), [("begun", "closed"), ("built", "begun")])
def test_a_step_that_is_not_allowed_names_those_that_are(insert, update, before, after):
    uid = insert(state=before, built_on=date(2021, 6, 1))
    with pytest.raises(RejectedFeature) as refused:
        update(uid, state=after)
    assert refused.value.parts["field"] == "state"
    assert refused.value.parts["value"] == after
    assert "begun → built" in str(refused.value)


def test_what_leads_nowhere_stays_but_its_other_values_may_change(insert, update, database):
    uid = insert(state="closed", built_on=date(2021, 6, 1))
    update(uid, kind="A")
    assert row(database, PLOTS, uid).kind == "A"
    with pytest.raises(RejectedFeature):
        update(uid, state="built")


def test_a_new_feature_may_begin_anywhere(insert, database):
    uid = insert(state="closed", built_on=date(2021, 6, 1))
    assert row(database, PLOTS, uid).state == "closed"


def test_restoring_goes_back_and_then_the_steps_hold_again(insert, update, carried_out, database):
    uid = insert()
    update(uid, **TWO_STEPS)
    carried_out(
        Restore(collection=PLOTS, which=uid, to_version=1),
    )
    assert row(database, PLOTS, uid).state == "begun"
    with pytest.raises(RejectedFeature):
        carried_out(
            Restore(collection=PLOTS, which=uid, to_version=2),
            Update(collection=PLOTS, which=uid, values={"state": "begun"}),
        )


def test_a_state_without_what_it_needs_is_refused(insert, update):
    with pytest.raises(RejectedFeature) as refused:
        update(insert(), state="built")
    assert "built_on" in str(refused.value.parts["field"])


@pytest.mark.parametrize("standing", [None, 1])
def test_a_relocation_is_not_closed_while_old_houses_stand(insert, standing):
    closed = {"state": "closed", "built_on": date(2021, 6, 1), "kind": "C"}
    with pytest.raises(RejectedFeature):
        insert(**closed, houses_standing=standing)
    insert(**closed, houses_standing=0)
    insert(**closed | {"kind": "D"}, houses_standing=standing)


def test_what_is_frozen_stays_and_before_that_it_may_change(insert, update, database):
    uid = insert()
    update(uid, number="2")
    update(uid, number="3", frozen_on=date(2021, 6, 25))
    for change in ({"number": "4"}, {"frozen_on": None}, {"frozen_on": date(2021, 6, 26)}):
        with pytest.raises(RejectedFeature) as refused:
            update(uid, **change)
        assert refused.value.parts["field"] == "number, frozen_on"
    update(uid, kind="A")
    assert row(database, PLOTS, uid).number == "3"


def test_a_console_is_bound_by_the_same_rules(insert, database):
    insert(state="closed", built_on=date(2021, 6, 1))
    table = tables().current(PLOTS)
    with console(database) as connection:
        connection.execute("select set_config('geoservice.towns', '*', false)")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(f"update {table} set state = 'begun'")
        connection.rollback()
    with database.editing() as connection, pytest.raises(sa.exc.ProgrammingError):
        connection.execute(
            sa.text(f"insert into {table} (number, state, plane_m2) values ('1', 'begun', 1)")
        )
