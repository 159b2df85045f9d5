"""The one-stop check: each state both ways, shares by hand, boundaries, parcels, refusals, suspicions."""

import json
from typing import Any

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from worlds import CGCS2000, HERE, asked, place, square

from geoservice.chinese_offsets import wgs84_to_bd09, wgs84_to_gcj02
from geoservice.domain.coverage import coverage_statements
from geoservice.domain.hazards import hazard_assessments, risk_zones
from geoservice.domain.land import land_reserves
from geoservice.domain.places import towns
from geoservice.domain.planning import control_lines, plans
from geoservice.domain.quota import quota_parcels
from geoservice.errors import (
    BadGeometry,
    BadParameter,
    MissingParameter,
    TooLarge,
    UnknownCollection,
    UnknownCrs,
    UnknownFeature,
)
from geoservice.questions import ask
from geoservice.questions.place import check
from geoservice.questions.place.places import MAX_AREA_KM2, MAX_VERTICES, Place
from geoservice.regions import region
from geoservice.store.publishing import Registry


def box(west: float, south: float, east: float, north: float) -> str:
    ring = f"{west} {south},{east} {south},{east} {north},{west} {north},{west} {south}"
    return f"MULTIPOLYGON((({ring})))"


INSIDE = box(113.74, 22.99, 113.76, 23.01)


@pytest.fixture
def zone(add):
    """Adds a risk zone; its number counts."""
    made = []

    def added(geom: str = INSIDE, level: str = "high", **rest: Any):
        made.append(geom)
        values = {"zone_no": f"Z{len(made)}", "name": f"zone {len(made)}", "risk_level": level}
        return add(risk_zones, **values | {"published_on": "2020-01-01", "geom": geom} | rest)

    return added


@pytest.fixture
def state(add):
    """Records a statement on risk zones."""
    made = []

    def stated(status: str, **rest: Any) -> None:
        made.append(status)
        values = {"dataset": "risk_zones", "valid_from": "2020-01-01", "stated_by": "局"}
        add(coverage_statements, statement_no=f"S{len(made)}", status=status, **values | rest)

    return stated


@pytest.fixture
def checked(database):
    """The rows of an answer by layer; a place is HERE unless it is given."""

    def rows(geometry: str | None = "113.75,23", **given: object) -> dict[str, dict[str, Any]]:
        place = {} if geometry is None else {"geometry": geometry}
        answer = asked(database, "check", **place, **given)
        return {row["collection"]: row for row in answer.rows}

    return rows


class TestStates:
    def test_a_layer_with_a_feature_at_the_place_says_yes_whatever_is_stated(
        self, zone, state, checked
    ):
        zone()
        for number, status in enumerate(("none", "unknown", "complete")):
            state(status, valid_from=f"202{number}-01-01")
            row = checked()["risk_zones"]
            assert (row["state"], row["features_met"], row["nearest_distance_m"]) == ("yes", 1, 0)

    def test_no_needs_a_statement_of_completeness(self, zone, state, checked):
        zone(box(113.9, 22.9, 113.91, 22.91))
        assert checked()["risk_zones"]["state"] == "not_assessed"
        state("complete")
        assert checked()["risk_zones"]["state"] == "no"

    @pytest.mark.parametrize("status", ["partial", "unknown"])
    def test_what_is_stated_to_be_partial_or_unknown_is_not_assessed(
        self, zone, state, checked, status
    ):
        zone(box(113.9, 22.9, 113.91, 22.91))
        state(status)
        assert checked()["risk_zones"]["state"] == "not_assessed"

    def test_where_there_is_no_data_by_statement_it_is_not_covered(self, zone, state, checked):
        zone(box(113.9, 22.9, 113.91, 22.91))
        state("none")
        assert checked()["risk_zones"]["state"] == "not_covered"

    def test_a_layer_without_data_is_not_covered_unless_it_is_stated_to_be_complete(
        self, state, checked
    ):
        row = checked()["risk_zones"]
        assert (row["state"], row["nearest_uid"]) == ("not_covered", None)
        state("complete")
        assert checked()["risk_zones"]["state"] == "no"

    def test_a_zone_that_is_not_true_on_the_day_is_not_there(self, zone, checked):
        zone(published_on="2021-01-01", withdrawn_on="2022-01-01")
        states = {
            day: checked(as_of=day)["risk_zones"]["state"]
            for day in ("2020-12-31", "2021-01-01", "2021-12-31", "2022-01-01")
        }
        assert list(states.values()) == ["not_covered", "yes", "yes", "not_covered"]

    def test_a_statement_counts_while_it_is_in_force(self, zone, state, checked):
        zone(box(113.9, 22.9, 113.91, 22.91))
        state("complete", valid_from="2021-01-01", valid_to="2022-01-01")
        days = ("2020-12-31", "2021-12-31", "2022-01-01")
        states = [checked(as_of=day)["risk_zones"]["state"] for day in days]
        assert states == ["not_assessed", "no", "not_assessed"]

    def test_a_statement_of_a_town_holds_in_that_town(self, zone, state, checked, add):
        for code, area in (
            ("W", box(113.7, 22.9, 113.8, 23.1)),
            ("E", box(113.8, 22.9, 113.9, 23.1)),
        ):
            add(towns, code=code, name=code, kind="town", parent_code="441900", geom=area)
        zone(box(113.6, 22.8, 113.61, 22.81))
        state("complete", town_code="W")
        assert checked("113.75,23")["risk_zones"]["state"] == "no"
        assert checked("113.85,23")["risk_zones"]["state"] == "not_assessed"
        across = box(113.79, 22.99, 113.81, 23.01)
        assert checked(across)["risk_zones"]["state"] == "not_assessed"
        state("complete", town_code="E")
        assert checked(across)["risk_zones"]["state"] == "no"
        state("none", valid_from="2021-01-01")
        assert checked("113.75,23")["risk_zones"]["state"] == "not_covered"

    def test_the_account_says_what_is_stated_of_the_place(self, zone, state, database):
        zone(box(113.9, 22.9, 113.91, 22.91))
        state("complete", geom=box(113.7, 22.9, 113.8, 23.1))
        near = asked(database, "check", geometry="113.75,23")
        assert near.coverage["risk_zones"] == "complete"
        assert "S1" in near.said_of("risk_zones")
        assert asked(database, "check", geometry="113.85,23").coverage["risk_zones"] == "unknown"

    def test_the_figures_count_the_states_of_all_layers(self, zone, database):
        zone()
        counts = asked(database, "check", geometry="113.75,23").counts
        assert counts["places"] == 1
        assert sum(counts["state"].values()) == counts["layers"]
        assert counts["state"]["yes"] == 1

    def test_coverage_statements_are_no_layer_to_check(self, state, checked):
        state("complete", geom=INSIDE)
        assert "coverage_statements" not in checked()


class TestMeasures:
    def test_a_polygon_partly_inside_has_its_share_and_area(self, zone, checked):
        """A square of 0.02°, of which a zone covers the western quarter."""
        zone(box(113.70, 22.9, 113.745, 23.1))
        row = checked(INSIDE)["risk_zones"]
        assert row["share"] == pytest.approx(0.25, abs=1e-6)
        strip = np.array([(113.74, 22.99), (113.745, 22.99), (113.745, 23.01), (113.74, 23.01)])
        area, _ = CGCS2000.polygon_area_perimeter(*strip.T)
        assert row["overlap_m2"] == pytest.approx(area, rel=1e-6)

    def test_overlapping_features_are_counted_once_in_the_share(self, zone, checked):
        zone(box(113.70, 22.9, 113.75, 23.1))
        zone(box(113.745, 22.9, 113.755, 23.1))
        row = checked(INSIDE)["risk_zones"]
        assert (row["features_met"], row["share"]) == (2, pytest.approx(0.75, abs=1e-6))

    def test_what_is_overlapped_here_and_touched_there_counts_by_area(self, zone, state, checked):
        """An L around the corner of the place: it covers a quarter, and touches an edge elsewhere."""
        half = "113.74 22.99,113.745 22.99,113.745 23.01,113.74 23.01,113.74 22.99"
        beside = "113.76 22.99,113.77 22.99,113.77 23.01,113.76 23.01,113.76 22.99"
        both = f"MULTIPOLYGON((({half})),(({beside})))"
        zone(both)
        row = checked(INSIDE)["risk_zones"]
        assert (row["share"], row["touches_only"]) == (pytest.approx(0.25, abs=1e-6), False)
        state("complete", geom=both)
        state("none", geom=box(113.70, 22.9, 113.742, 23.1), valid_from="2021-01-01")
        assert checked(INSIDE)["risk_zones"]["state"] == "yes"

    def test_a_line_has_the_share_of_its_length_and_a_point_has_none(self, zone, checked):
        zone(box(113.70, 22.9, 113.75, 23.1))
        row = checked("LINESTRING(113.74 23, 113.78 23)")["risk_zones"]
        assert (row["share"], row["overlap_m2"]) == (pytest.approx(0.25, abs=1e-6), None)
        row = checked("113.745,23")["risk_zones"]
        assert (row["share"], row["overlap_m2"]) == (None, None)

    def test_a_point_on_a_boundary_meets_and_is_flagged(self, zone, checked):
        zone(box(113.75, 22.99, 113.76, 23.01))
        row = checked("113.75,23")["risk_zones"]
        assert (row["state"], row["touches_only"]) == ("yes", True)
        row = checked("113.7500001,23")["risk_zones"]
        assert (row["state"], row["touches_only"]) == ("yes", False)
        assert checked("113.7499999,23")["risk_zones"]["state"] == "not_assessed"

    def test_a_polygon_that_shares_an_edge_touches_only(self, zone, checked):
        zone(box(113.76, 22.99, 113.77, 23.01))
        row = checked(INSIDE)["risk_zones"]
        assert (row["state"], row["touches_only"], row["share"]) == ("yes", True, 0)
        zone()
        assert checked(INSIDE)["risk_zones"]["touches_only"] is False

    def test_the_nearest_is_exact_and_named_however_far(self, world, checked):
        for metres in (900, 700, 800):
            world.site(place(metres), name=f"at {metres}", location_accuracy_m=None)
        row = checked()["hazard_sites"]
        assert row["nearest_label"] == "at 700"
        assert row["nearest_distance_m"] == pytest.approx(700, abs=1e-6)
        assert row["features_within_distance"] == 0
        assert checked(distance_m=800.5)["hazard_sites"]["features_within_distance"] == 2

    def test_distance_d_itself_is_within(self, world, checked):
        world.site(place(300))
        measured = checked()["hazard_sites"]["nearest_distance_m"]
        assert checked(distance_m=measured)["hazard_sites"]["features_within_distance"] == 1
        below = np.nextafter(measured, 0)
        assert checked(distance_m=below)["hazard_sites"]["features_within_distance"] == 0

    def test_the_line_of_a_row_leads_to_the_nearest_feature(self, world, database):
        world.site(place(700))
        answer = asked(database, "check", geometry="113.75,23")
        (feature,) = [f for f in answer.features if f["properties"]["collection"] == "hazard_sites"]
        (x, y), end = feature["geometry"]["coordinates"]
        assert (x, y) == HERE
        assert end == pytest.approx(place(700), abs=1e-6)
        assert feature["id"] == "1.hazard_sites"

    def test_a_feature_without_a_position_is_nowhere(self, world, checked):
        world.site(None)
        assert checked()["hazard_sites"]["state"] == "not_covered"


class TestDetails:
    def test_risk_zones_name_their_highest_level_alone(self, zone, checked):
        for level in ("low", "very_high", "medium"):
            zone(level=level)
        assert checked()["risk_zones"]["detail"] == "risk_level=very_high"

    def test_what_is_met_goes_before_what_is_near(self, zone, checked):
        zone(box(113.7501, 22.99, 113.76, 23.01), level="very_high")
        assert checked()["risk_zones"]["detail"] == "risk_level=very_high"
        zone(level="low")
        assert checked()["risk_zones"]["detail"] == "risk_level=low"

    def test_plans_name_the_tiers_in_force(self, add, checked):
        for number, (level, since) in enumerate(
            (
                ("town", "2021-01-01"),
                ("city", "2020-01-01"),
                ("special", "2099-01-01"),
                ("town", "2022-01-01"),
            )
        ):
            add(
                plans, plan_no=f"P{number}", name="plan", level=level, status="in_force",
                in_force_from=since, geom=INSIDE,
            )  # fmt: skip
        assert checked()["plans"]["detail"] == "level=city,town"

    def test_control_lines_name_their_kinds(self, add, checked):
        for kind in ("permanent_basic_farmland", "ecological_red_line"):
            add(control_lines, line_no=kind, kind=kind, geom=INSIDE)
        detail = checked()["control_lines"]["detail"]
        assert detail == "kind=ecological_red_line,permanent_basic_farmland"

    def test_reserves_name_status_and_purpose(self, add, checked):
        add(
            land_reserves, reserve_no="R1", name="reserve", purpose_kind="education",
            status="planned", planned_on="2021-01-01", geom=INSIDE,
        )  # fmt: skip
        assert checked()["land_reserves"]["detail"] == "status=planned; purpose_kind=education"

    def test_sites_name_their_register_and_the_risk_of_the_latest_assessment(
        self, world, add, checked
    ):
        site = world.site()
        for day, level in (("2021-01-01", "high"), ("2022-01-01", "low"), ("2099-01-01", "medium")):
            add(hazard_assessments, hazard_site=site, assessed_on=day, risk_level=level)
        detail = checked()["hazard_sites"]["detail"]
        assert detail == "register_kind=hidden_danger; risk_level=low"
        detail = checked(as_of="2021-06-01")["hazard_sites"]["detail"]
        assert detail == "register_kind=hidden_danger; risk_level=high"

    def test_a_parcel_that_consumed_no_quota_says_so(self, add, checked):
        add(quota_parcels, parcel_no="Q1", geom=INSIDE)
        assert checked()["quota_parcels"]["detail"] == "charged=no"

    def test_a_layer_without_an_entry_has_none(self, add, checked):
        add(towns, code="T", name="T", kind="town", parent_code="441900", geom=INSIDE)
        assert checked()["towns"]["detail"] is None


class TestFeatures:
    def test_a_feature_is_named_by_its_uid_or_its_key(self, add, checked):
        uid = add(quota_parcels, parcel_no="2021/A-1", geom=INSIDE)
        for name in (str(uid), "2021/A-1"):
            row = checked(None, feature=f"quota_parcels/{name}")["quota_parcels"]
            assert (row["nearest_uid"], row["share"]) == (str(uid), 1)
            assert row["place_label"] == f"quota_parcels/{name}"

    def test_parts_of_a_key_with_a_default_may_be_left_out(self, world, add, checked):
        world.site(site_no="441900020001")
        assert checked(None, feature="hazard_sites/441900020001")["hazard_sites"]["state"] == "yes"
        whole = "hazard_sites/national_12/441900020001"
        assert checked(None, feature=whole)["hazard_sites"]["state"] == "yes"
        with pytest.raises(UnknownFeature):
            checked(None, feature="hazard_sites/other/441900020001")

    def test_it_is_found_as_it_was_known_then(self, add, checked):
        add(quota_parcels, parcel_no="Q1", geom=INSIDE)
        with pytest.raises(UnknownFeature):
            checked(None, feature="quota_parcels/Q1", known_at="2001-01-01T00:00:00Z")

    @pytest.mark.parametrize(
        ("feature", "mistake"),
        [
            ("quota_parcels/none", UnknownFeature),
            ("quota_parcels/00000000-0000-7000-8000-000000000000", UnknownFeature),
            ("volcanoes/1", UnknownCollection),
            ("hazard_assessments/1", BadParameter),
            ("quota_parcels/", BadParameter),
            ("quota_parcels", BadParameter),
            ("hazard_sites/a/b/c", BadParameter),
        ],
    )
    def test_what_names_no_feature_is_refused(self, checked, feature, mistake):
        with pytest.raises(mistake):
            checked(None, feature=feature)

    def test_a_feature_without_a_position_is_refused(self, world, checked):
        world.site(None, site_no="1")
        with pytest.raises(BadParameter, match="位置"):
            checked(None, feature="hazard_sites/1")

    def test_exactly_one_place_is_given(self, checked):
        with pytest.raises(MissingParameter):
            checked(None)
        with pytest.raises(BadParameter):
            checked("113.75,23", feature="towns/T")
        with pytest.raises(BadParameter):
            checked(None, feature="towns/T", source_crs="gcj02")


class TestCoordinates:
    """HERE in EPSG:4547 by PROJ: easting 474 369.31 m, northing 2 544 559.43 m."""

    PLANE = (474369.31, 2544559.43)

    @pytest.mark.parametrize("crs", ["EPSG:4547", "4547"])
    def test_a_stated_crs_is_followed(self, world, checked, crs):
        world.site()
        x, y = self.PLANE
        row = checked(f"{x},{y}", source_crs=crs)["hazard_sites"]
        assert row["nearest_distance_m"] < 0.02

    def test_zone_numbers_are_part_of_the_easting(self, world, checked):
        world.site()
        x, y = self.PLANE
        row = checked(f"{x + 38e6},{y}", source_crs="EPSG:4526")["hazard_sites"]
        assert row["nearest_distance_m"] < 0.02

    def test_geojson_and_wkt_are_one_place(self, zone, checked):
        zone()
        ring = [[113.74, 22.99], [113.75, 22.99], [113.75, 23.0], [113.74, 22.99]]
        wkt = "POLYGON((113.74 22.99,113.75 22.99,113.75 23.0,113.74 22.99))"
        geojson = json.dumps({"type": "Polygon", "coordinates": [ring]})
        assert checked(wkt)["risk_zones"] == checked(geojson)["risk_zones"]
        assert checked({"type": "Polygon", "coordinates": [ring]})["risk_zones"]["share"] == 1

    @pytest.mark.parametrize(
        ("geometry", "source_crs", "words"),
        [
            ("23,113.75", None, "latitude, longitude"),
            ("474384,2544557", None, "EPSG:4547"),
            ("38474384,2544557", None, "EPSG:4526"),
            ("2544557,474384", None, "EPSG:4547 with northing first"),
            ("12662600,2632000", None, "EPSG:3857"),
            ("999999,999999", None, "look like metres"),
            ("113.75,23", "EPSG:4547", "look like degrees"),
            ("2544557,474384", "EPSG:4547", "look like northing first"),
            ("POLYGON((0 0,1 1,0 1,1 0,0 0))", None, "not valid"),
            ("POLYGON((0 0,1 1,0 1))", None, "not closed"),
            ("POINT(1)", None, "not a geometry"),
            ("nowhere", None, "geometry"),
        ],
    )
    def test_what_cannot_be_is_refused_with_what_it_looks_like(
        self, checked, geometry, source_crs, words
    ):
        given = {} if source_crs is None else {"source_crs": source_crs}
        with pytest.raises(BadGeometry) as refusal:
            checked(geometry, **given)
        assert words in refusal.value.text("en")

    @pytest.mark.parametrize("name", ["EPSG:4214", "wgs84", "EPSG:4610", "gcj-02"])
    def test_a_crs_that_leads_nowhere_is_refused(self, checked, name):
        with pytest.raises(UnknownCrs) as refusal:
            checked(source_crs=name)
        assert "gcj02" in refusal.value.text("en")

    def test_a_place_elsewhere_is_answered_and_told(self, database):
        (issue,) = asked(database, "check", geometry="2.35,48.85").answer.issues
        assert (issue.code, issue.count) == ("outside-region", 1)
        assert asked(database, "check", geometry="113.75,23").answer.issues == ()

    def test_collections_of_geometries_are_no_place(self, checked):
        with pytest.raises(BadGeometry):
            checked("GEOMETRYCOLLECTION(POINT(113.75 23),POINT(113.76 23))")


class TestLimits:
    def test_more_vertices_than_the_limit_are_refused(self, checked):
        points = [
            (113.75 + 0.01 * np.cos(a), 23 + 0.01 * np.sin(a))
            for a in np.linspace(0, 2 * np.pi, MAX_VERTICES, endpoint=False)
        ]
        ring = ",".join(f"{x:.8f} {y:.8f}" for x, y in [*points[:-1], points[0]])
        assert checked(f"POLYGON(({ring}))")["risk_zones"]["state"] == "not_covered"
        ring = ",".join(f"{x:.8f} {y:.8f}" for x, y in [*points, points[0]])
        with pytest.raises(TooLarge) as refusal:
            checked(f"POLYGON(({ring}))")
        assert refusal.value.parts["limit"] == MAX_VERTICES
        assert refusal.value.parts["actual"] == MAX_VERTICES + 1

    @pytest.mark.parametrize(("part", "is_allowed"), [(0.999, True), (1.001, False)])
    def test_an_area_beyond_the_limit_is_refused(self, checked, part, is_allowed):
        half_m = (MAX_AREA_KM2 * 1e6 * part) ** 0.5 / 2
        geometry = square(HERE, half_m)
        if is_allowed:
            assert checked(geometry)
        else:
            with pytest.raises(TooLarge, match="max_check_area_km2"):
                checked(geometry)


def shifted(forward: Any, xy: tuple[float, float]) -> tuple[float, float]:
    lon, lat = forward(np.array([xy[0]]), np.array([xy[1]]))
    return float(lon[0]), float(lat[0])


DATUMS = [("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)]


class TestWebMaps:
    @pytest.mark.parametrize(("datum", "forward"), DATUMS)
    def test_a_point_of_a_web_map_is_suspected_and_read_when_it_is_stated(
        self, world, database, datum, forward
    ):
        world.school(HERE)
        x, y = shifted(forward, HERE)
        answer = asked(database, "check", geometry=f"{x},{y}")
        assert [(each.code, each.count) for each in answer.answer.issues] == [
            (f"suspected-{datum}", 1)
        ]
        rows = {row["collection"]: row for row in answer.rows}
        assert rows["facilities"]["nearest_distance_m"] > 500
        stated = asked(database, "check", geometry=f"{x},{y}", source_crs=datum)
        assert stated.answer.issues == ()
        rows = {row["collection"]: row for row in stated.rows}
        assert rows["facilities"]["nearest_distance_m"] < 0.1

    @pytest.mark.parametrize(("datum", "forward"), DATUMS)
    def test_an_outline_of_a_web_map_is_suspected(self, add, database, datum, forward):
        corners = [(113.75, 23.0), (113.753, 23.0), (113.753, 23.002), (113.75, 23.002)]
        add(quota_parcels, parcel_no="Q1", geom=box(113.75, 23.0, 113.753, 23.002))
        there = [shifted(forward, corner) for corner in [*corners, corners[0]]]
        ring = ",".join(f"{x!r} {y!r}" for x, y in there)
        (issue,) = asked(database, "check", geometry=f"POLYGON(({ring}))").answer.issues
        assert issue.code == f"suspected-{datum}"

    def test_a_place_that_coincides_as_given_is_not_suspected(self, world, database):
        world.school(HERE)
        world.school(shifted(wgs84_to_gcj02, HERE))
        x, y = shifted(wgs84_to_gcj02, HERE)
        assert asked(database, "check", geometry=f"{x},{y}").answer.issues == ()

    @pytest.mark.parametrize(("metres", "is_suspected"), [(29, True), (31, False)])
    def test_points_coincide_within_thirty_metres(self, world, database, metres, is_suspected):
        world.school(HERE)
        x, y = shifted(wgs84_to_gcj02, place(metres))
        issues = asked(database, "check", geometry=f"{x!r},{y!r}").answer.issues
        assert bool(issues) == is_suspected

    @pytest.mark.parametrize(("width", "is_suspected"), [(0.00245, True), (0.00235, False)])
    def test_outlines_coincide_if_four_fifths_are_common(self, add, database, width, is_suspected):
        """Of a parcel 0.003° wide: 0.00245 of it is 82 %, 0.00235 is 78 %."""
        add(quota_parcels, parcel_no="Q1", geom=box(113.75, 23.0, 113.753, 23.002))
        corners = [
            (113.75, 23.0),
            (113.75 + width, 23.0),
            (113.75 + width, 23.002),
            (113.75, 23.002),
        ]
        there = [shifted(wgs84_to_gcj02, corner) for corner in [*corners, corners[0]]]
        ring = ",".join(f"{x!r} {y!r}" for x, y in there)
        issues = asked(database, "check", geometry=f"POLYGON(({ring}))").answer.issues
        assert bool(issues) == is_suspected

    def test_a_feature_of_the_registers_is_never_suspected(self, world, database):
        world.school(HERE)
        world.school(shifted(wgs84_to_gcj02, HERE), facility_no="copy")
        world.school(place(10_000), facility_no="far")
        answer = asked(database, "check", feature="facilities/far")
        assert "suspected" not in answer.counts
        assert answer.answer.issues == ()

    def test_of_a_thousand_ordinary_points_a_handful_is_suspected_at_most(self, database):
        """By chance: 2,000 known points in 5,450 km² lie within 30 m of 2.1 of 2 x 1,000 places."""
        with database.migration() as connection:
            connection.execute(sa.text("select setseed(0.5)"))
            connection.execute(
                sa.text(
                    "insert into registers.facilities (facility_no, name, kind, status, geom) "
                    "select i, 'f', 'primary_school', 'operating', ST_SetSRID(ST_Point("
                    "113.5 + random() * 0.8, 22.6 + random() * 0.6), 4490) "
                    "from generate_series(1, 2000) as i"
                )
            )
        points = np.random.default_rng(7).uniform((113.5, 22.6), (114.3, 23.2), (1000, 2))
        places = tuple(Place(shapely.Point(x, y), may_be_offset=True) for x, y in points)
        file = check.PlacesFile("points", "0", None, places)
        city = region()
        answer = ask(
            check.question_about(file),
            {},
            database=database,
            registry=Registry(database),
            region=city,
        )
        assert sum(answer.counts["suspected"].values()) <= 10
