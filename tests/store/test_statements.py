"""Which rows a query means: boxes, days, spans, pages. Each edge from both sides."""

import json
import random
from datetime import date

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoservice.description.collection import Collection
from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_assessments, hazard_sites
from geoservice.domain.places import towns
from geoservice.query.query import Box, Page, Query, Sort, Span
from geoservice.store import pages
from geoservice.store.database import Database
from geoservice.store.statements import dates, extent, features, matched
from geoservice.store.tables import tables

FACILITY = {"kind": "primary_school", "status": "operating"}
SITE = {"register_kind": "hidden_danger", "type_code": "02"}


def found(database: Database, collection: Collection, label: str, **query: object) -> set[str]:
    """The labels of the features of a query; it gives each feature once and counts them right."""
    asked = Query(**query)
    names = [getattr(row, label) for row in database.rows(features(collection, asked))]
    assert len(names) == len(set(names))
    assert database.scalar(matched(collection, asked, None)) == len(names)
    return set(names)


@pytest.fixture
def spots(add, database):
    """Adds points by name, and asks which a box holds."""

    def within(box: Box, **points: str) -> set[str]:
        for name, xy in points.items():
            add(facilities, **FACILITY, facility_no=name, name=name, geom=f"POINT({xy})")
        return found(database, facilities, "name", box=box)

    return within


def test_a_box_holds_its_edges_and_corners_and_nothing_beyond(spots):
    held = spots(
        Box(113.0, 22.0, 114.0, 23.0),
        middle="113.5 22.5", edge="113.0 22.5", corner="114.0 23.0",
        west="112.9999999 22.5", north="113.5 23.0000001",
    )  # fmt: skip
    assert held == {"middle", "edge", "corner"}


def test_a_box_without_width_is_a_point(spots):
    assert spots(Box(113, 22, 113, 22), here="113 22", there="113 22.0000001") == {"here"}


def test_a_box_over_the_antimeridian_holds_both_sides(spots):
    held = spots(
        Box(179.0, -10.0, -179.0, 10.0),
        east="179.5 0", west="-179.5 0", line="180 0", edge="-179 10",
        outside="178.9999 0", other="0 0", south="179.5 -10.0001",
    )  # fmt: skip
    assert held == {"east", "west", "line", "edge"}


def test_an_area_meets_a_box_by_its_shape_not_by_its_own_box(add, database):
    angle = "MULTIPOLYGON(((0 0,10 0,10 1,1 1,1 10,0 10,0 0)))"
    add(towns, code="1", name="angle", kind="town", parent_code="0", geom=angle)
    assert found(database, towns, "name", box=Box(2, 2, 9, 9)) == set()
    assert found(database, towns, "name", box=Box(1, 1, 9, 9)) == {"angle"}
    assert found(database, towns, "name", box=Box(-1, -1, 11, 11)) == {"angle"}
    assert found(database, towns, "name", box=Box(0.2, 0.2, 0.4, 0.4)) == {"angle"}


def test_a_feature_without_geometry_is_in_no_box(add, database):
    add(facilities, **FACILITY, facility_no="1", name="lost")
    assert found(database, facilities, "name", box=Box(-180, -90, 180, 90)) == set()
    assert found(database, facilities, "name") == {"lost"}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2021, 6, 24), {"whole", "ends"}),
        (date(2021, 6, 25), {"whole", "ends", "begins", "both"}),
        (date(2021, 6, 29), {"whole", "ends", "begins", "both"}),
        (date(2021, 6, 30), {"whole", "begins"}),
    ],
)
def test_a_facility_exists_from_its_first_day_to_the_day_before_its_last(
    add, database, day, expected
):
    """No opening day means since always; the closing day itself no longer counts."""
    spans = {
        "whole": (None, None),
        "ends": (None, "2021-06-30"),
        "begins": ("2021-06-25", None),
        "both": ("2021-06-25", "2021-06-30"),
        "never": ("2021-06-25", "2021-06-25"),
    }
    for name, (start, end) in spans.items():
        add(facilities, **FACILITY, facility_no=name, name=name, opened_on=start, closed_on=end)
    assert found(database, facilities, "name", as_of=day) == expected


def test_a_site_without_registration_day_was_never_registered(add, database):
    add(hazard_sites, **SITE, site_no="1", name="suspected")
    add(hazard_sites, **SITE, site_no="2", name="registered", registered_on="2021-06-25")
    assert found(database, hazard_sites, "name", as_of=date(2021, 6, 25)) == {"registered"}
    assert found(database, hazard_sites, "name", as_of=date(2021, 6, 24)) == set()


def test_an_assessment_is_true_from_its_day_on(add, database):
    site = add(hazard_sites, **SITE, site_no="1", name="site")
    for day in ("2021-04-01", "2021-10-01"):
        add(hazard_assessments, hazard_site=site, assessed_on=day)
    days = {
        date(2021, 3, 31): set(),
        date(2021, 4, 1): {date(2021, 4, 1)},
        date(2021, 10, 1): {date(2021, 4, 1), date(2021, 10, 1)},
    }
    for day, expected in days.items():
        assert found(database, hazard_assessments, "assessed_on", as_of=day) == expected


JUNE = {
    "inside": ("2021-06-10", "2021-06-20"),
    "open": ("2021-06-10", None),
    "past": (None, "2021-06-01"),
}


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2021, 6, 1), date(2021, 6, 9), set()),
        (date(2021, 6, 1), date(2021, 6, 10), {"inside", "open"}),
        (date(2021, 6, 19), date(2021, 6, 30), {"inside", "open"}),
        (date(2021, 6, 20), date(2021, 6, 30), {"open"}),
        (None, date(2021, 5, 31), {"past"}),
        (date(2021, 5, 31), None, {"inside", "open", "past"}),
        (date(2021, 6, 1), None, {"inside", "open"}),
        (None, None, {"inside", "open", "past"}),
    ],
)
def test_a_span_meets_what_was_true_on_any_of_its_days(add, database, start, end, expected):
    for name, (opened, closed) in JUNE.items():
        add(facilities, **FACILITY, facility_no=name, name=name, opened_on=opened, closed_on=closed)
    assert found(database, facilities, "name", during=Span(start, end)) == expected


def test_a_span_does_not_meet_what_was_never_true(add, database):
    add(hazard_sites, **SITE, site_no="1", name="suspected")
    assert found(database, hazard_sites, "name", during=Span(date(2021, 1, 1), None)) == set()


@pytest.mark.parametrize(("at_most", "count"), [(None, 5), (5, 5), (4, 5), (3, 4), (0, 1)])
def test_counting_stops_one_beyond_its_limit(add, database, at_most, count):
    for number in range(5):
        add(facilities, **FACILITY, facility_no=str(number), name="a")
    assert database.scalar(matched(facilities, Query(), at_most)) == count


def test_the_extent_is_the_box_of_all_features_and_null_without_any(add, database):
    assert tuple(database.row(extent(facilities))) == (None,) * 4
    assert tuple(database.row(extent(hazard_assessments))) == (None,) * 4
    for number, xy in enumerate(("113.5 22.6", "114 23.25")):
        add(facilities, **FACILITY, facility_no=str(number), name="a", geom=f"POINT({xy})")
    assert tuple(database.row(extent(facilities))) == (113.5, 22.6, 114.0, 23.25)


def test_the_dates_are_open_at_the_end_while_anything_lasts(add, database):
    assert tuple(database.row(dates(facilities))) == (None, None)
    closed = {"opened_on": "2000-01-01", "closed_on": "2021-06-30"}
    add(facilities, **FACILITY, facility_no="1", name="a", **closed)
    assert tuple(database.row(dates(facilities))) == (date(2000, 1, 1), date(2021, 6, 30))
    add(facilities, **FACILITY, facility_no="2", name="b", opened_on="2010-01-01")
    assert tuple(database.row(dates(facilities))) == (date(2000, 1, 1), None)


def page_of(database: Database, query: Query, page: Page) -> tuple[list[str], tuple | None]:
    """The numbers of one page, and its last place if there may be another page."""
    prepared = pages.geojson_page(facilities, query, page, count_limit=None)
    texts, number, last, _, _ = database.document(prepared.sql, prepared.values)
    rows = json.loads(b"[" + (texts or b"") + b"]")
    more = int(number or 0) > page.limit
    return (
        [row["properties"]["facility_no"] for row in rows],
        tuple(json.loads(last or b"null")) if more else None,
    )


@pytest.fixture(scope="module")
def twenty(module_database, add_for_module) -> Database:
    """Twenty facilities with repeated and missing values."""
    chance = random.Random(7)
    for number in range(20):
        add_for_module(
            facilities,
            **FACILITY,
            facility_no=str(number),
            name=chance.choice(["b", "a", "小学", 'quote"', "a b"]),
            capacity=chance.choice([None, 0, 5, 5, -0, 700]),
            is_public=chance.choice([None, True, False]),
            opened_on=chance.choice([None, "2001-09-01", "1999-12-31"]),
            location_accuracy_m=chance.choice([None, 0.1, 1e-300, 123456.789]),
        )
    return module_database


keys = st.lists(
    st.builds(
        Sort,
        st.sampled_from(["name", "capacity", "is_public", "opened_on", "location_accuracy_m"]),
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda key: key.field,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sort=keys.map(tuple), limit=st.integers(1, 21))
def test_pages_give_every_row_once_in_the_order_of_the_whole(twenty, sort, limit):
    query = Query(sort=sort)
    whole = [row.facility_no for row in twenty.rows(features(facilities, query))]
    assert sorted(whole, key=int) == [str(number) for number in range(20)]
    paged: list[str] = []
    after: tuple[str | None, ...] = ()
    while True:
        numbers, last = page_of(twenty, query, Page(limit, after))
        paged += numbers
        if last is None:
            break
        after = last
    assert paged == whole


@pytest.mark.parametrize("descending", [False, True])
def test_missing_values_come_last_in_both_directions(twenty, descending):
    query = Query(sort=(Sort("capacity", descending),))
    values = [row.capacity for row in twenty.rows(features(facilities, query))]
    present = [value for value in values if value is not None]
    assert present == sorted(present, reverse=descending)
    assert values == present + [None] * (len(values) - len(present))
    assert None in values


def test_an_offset_skips_as_many(twenty):
    query = Query(sort=(Sort("capacity"),))
    whole = [row.facility_no for row in twenty.rows(features(facilities, query))]
    assert page_of(twenty, query, Page(5, offset=7))[0] == whole[7:12]
    assert page_of(twenty, query, Page(5, offset=20))[0] == []


@pytest.fixture(scope="module")
def many(module_database) -> Database:
    """Twenty thousand points, so that an index pays."""
    with module_database.migration() as connection:
        connection.execute(
            sa.text(
                "insert into registers.hazard_sites (site_no, name, register_kind, type_code, geom) "
                "select i, 's', 'hidden_danger', '02', ST_SetSRID(ST_Point(113.5 + (i % 200) * 0.004, "
                "22.6 + (i / 200) * 0.006), 4490) from generate_series(1, 20000) as i"
            )
        )
        connection.execute(sa.text("analyze registers.hazard_sites"))
    return module_database


def plan_of(database: Database, query: Query, page: Page) -> str:
    prepared = pages.geojson_page(hazard_sites, query, page, count_limit=None)
    with psycopg.connect(database.url.replace("+psycopg", "")) as connection:
        cursor = psycopg.RawCursor(connection)
        rows = cursor.execute(f"explain (costs off) {prepared.sql}", prepared.values).fetchall()
    return "\n".join(row[0] for row in rows)


def test_a_page_of_a_box_is_found_by_the_spatial_index(many):
    plan = plan_of(many, Query(box=Box(113.6, 22.8, 113.62, 22.82)), Page(100))
    assert "hazard_sites_geom_gist" in plan
    assert "Seq Scan on hazard_sites" not in plan


def test_the_next_page_is_found_by_the_primary_key(many):
    middle = many.scalar(
        sa.select(sa.cast(tables().current(hazard_sites).c.uid, sa.Text))
        .order_by("uid")
        .offset(10_000)
        .limit(1)
    )
    plan = plan_of(many, Query(), Page(100, (middle,)))
    assert "hazard_sites_pkey" in plan
    assert "Seq Scan on hazard_sites" not in plan
