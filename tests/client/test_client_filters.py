"""What conditions become as CQL2, without a service: values, names, areas, lengths."""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely

from geoservice.client import errors, filters
from geoservice.client.fields import Fields

FIELDS = Fields(
    "wells",
    {
        "required": ["name"],
        "properties": {
            "uid": {"type": "string", "format": "uuid", "x-ogc-role": "id"},
            "geom": {"format": "geometry-point", "x-ogc-role": "primary-geometry"},
            "name": {"type": "string", "title": "Name"},
            "kind": {"type": "string", "enum": ["dug", "drilled"], "x-enum-titles": ["a", "b"]},
            "depth_m": {"type": "number", "format": "double", "x-ogc-unit": "m"},
            "cost": {"type": "number"},
            "rings": {"type": "integer", "format": "int32"},
            "is_dry": {"type": "boolean"},
            "dug_on": {"type": "string", "format": "date"},
            "seen_at": {"type": "string", "format": "date-time"},
            "owner": {"type": "string", "format": "uuid"},
            "uses": {"type": "array", "items": {"type": "string"}},
            "shaft": {"format": "geometry-linestring"},
            "like": {"type": "string"},
        },
    },
    "en",
)
OWNER = "01a20f26-3f3b-700b-a3f0-7bad93d44393"
BEIJING = timezone(timedelta(hours=8))


def text(name: str, value: object) -> str:
    """The CQL2 text of `where(name=value)`."""
    return filters.equality(FIELDS[name], value, FIELDS).text


def document(name: str, value: object) -> object:
    """The CQL2 JSON of `where(name=value)`."""
    return filters.equality(FIELDS[name], value, FIELDS).document


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("name", "井", "name = '井'"),
        ("name", "O'Neill's", "name = 'O''Neill''s'"),
        ("name", "' OR 1=1 --", "name = ''' OR 1=1 --'"),
        ("name", "", "name = ''"),
        ("kind", "dug", "kind = 'dug'"),
        ("depth_m", 2, "depth_m = 2"),
        ("depth_m", 2.5, "depth_m = 2.5"),
        ("depth_m", np.float64(2.5), "depth_m = 2.5"),
        ("rings", np.int64(7), "rings = 7"),
        ("cost", Decimal("0.10"), "cost = 0.10"),
        ("cost", Decimal("1E+3"), "cost = 1000"),
        ("is_dry", True, "is_dry = TRUE"),
        ("is_dry", np.bool_(False), "is_dry = FALSE"),
        ("dug_on", date(2020, 2, 29), "dug_on = DATE('2020-02-29')"),
        ("dug_on", "2020-02-29", "dug_on = DATE('2020-02-29')"),
        ("dug_on", pd.Timestamp(2020, 2, 29), "dug_on = DATE('2020-02-29')"),
        (
            "seen_at",
            datetime(2020, 1, 1, 8, tzinfo=BEIJING),
            "seen_at = TIMESTAMP('2020-01-01T00:00:00Z')",
        ),
        (
            "seen_at",
            "2020-01-01T08:00:00.5+08:00",
            "seen_at = TIMESTAMP('2020-01-01T00:00:00.500000Z')",
        ),
        ("owner", UUID(OWNER), f"owner = '{OWNER}'"),
        ("owner", OWNER, f"owner = '{OWNER}'"),
        ("uses", "drinking", "A_OVERLAPS(uses, ('drinking'))"),
        ("uses", ["drinking", "garden"], "A_OVERLAPS(uses, ('drinking', 'garden'))"),
        ("like", "x", "\"like\" = 'x'"),
    ],
)
def test_a_value_is_written_by_the_type_of_its_field(name: str, value: object, expected: str):
    assert text(name, value) == expected


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA, pd.NaT, np.float64("nan")])
def test_what_is_missing_is_null(missing: object):
    assert text("depth_m", missing) == "depth_m IS NULL"
    assert document("depth_m", missing) == {"op": "isNull", "args": [{"property": "depth_m"}]}


@pytest.mark.parametrize(
    "several",
    [
        ["a", "b"],
        ("a", "b"),
        {"b", "a"},
        pd.Series(["a", "b"]),
        pd.Index(["a", "b"]),
        np.array(["a", "b"]),
    ],
)
def test_several_values_are_one_of_them(several: object):
    assert text("name", several) == "name IN ('a', 'b')"
    assert document("name", several) == {"op": "in", "args": [{"property": "name"}, ["a", "b"]]}


def test_several_values_of_which_one_is_missing():
    assert text("name", ["a", None, "b"]) == "(name IN ('a', 'b') OR name IS NULL)"
    assert text("name", [None]) == "name IS NULL"


def test_the_same_value_twice_counts_once():
    assert text("rings", [3, 3]) == "rings = 3"


def test_none_of_no_values_is_nothing():
    assert filters.equality(FIELDS["name"], [], FIELDS) == filters.NEVER


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", 5),
        ("name", b"x"),
        ("kind", "dugg"),
        ("depth_m", "5"),
        ("depth_m", True),
        ("depth_m", math.inf),
        ("rings", "7"),
        ("is_dry", 1),
        ("is_dry", "true"),
        ("owner", 5),
        ("uses", 2),
        ("name", {"a": 1}),
        ("name", slice(1, 2)),
        ("shaft", shapely.Point(0, 0)),
    ],
)
def test_a_value_that_the_field_cannot_have_is_refused(name: str, value: object):
    with pytest.raises(errors.BadParameter, match=name):
        text(name, value)


def test_a_wrong_code_is_told_with_the_nearest():
    with pytest.raises(errors.BadParameter) as caught:
        text("kind", "driled")
    assert caught.value.nearest == ["drilled"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dug_on", "2020-02-30"),
        ("dug_on", "yesterday"),
        ("dug_on", datetime(2020, 1, 1, 12)),
        ("dug_on", datetime(2020, 1, 1, tzinfo=UTC)),
        ("dug_on", 2020),
        ("seen_at", datetime(2020, 1, 1)),
        ("seen_at", "2020-01-01T00:00:00"),
        ("seen_at", date(2020, 1, 1)),
        ("seen_at", "noon"),
    ],
)
def test_a_time_that_must_be_guessed_is_refused(name: str, value: object):
    with pytest.raises(errors.BadDatetime, match=name):
        text(name, value)


def test_written_text_stands_in_parentheses_beside_other_conditions():
    either = filters.written(" rings = 1 OR rings = 2 ", FIELDS)
    other = filters.equality(FIELDS["name"], "a", FIELDS)
    assert filters.joined_text([either]) == "rings = 1 OR rings = 2"
    assert filters.joined_text([either, other]) == "(rings = 1 OR rings = 2) AND name = 'a'"
    assert filters.joined_text([]) is None


@pytest.mark.parametrize(
    ("condition", "position"),
    [
        ("", 1),
        ("  ", 1),
        ("a=1) OR (b=2", 4),
        ("(a=1", 1),
        ("a='x", 3),
        ('"a=1', 1),
        ("a = 1)", 6),
        ("((a=1) AND b=2", 1),
    ],
)
def test_written_text_that_would_swallow_other_conditions_is_refused(condition: str, position: int):
    with pytest.raises(errors.BadFilter) as caught:
        filters.written(condition, FIELDS)
    assert caught.value.position == position


@pytest.mark.parametrize(
    "condition", ["name = ')'", "name = '('", "name = 'it''s )'", '"like" = 1']
)
def test_parentheses_and_quotes_within_texts_are_texts(condition: str):
    assert filters.written(condition, FIELDS).text == condition


def test_a_box_is_a_box():
    condition = filters.within((113.5, 22.5, 114, 23), FIELDS)
    assert condition.text == "S_WITHIN(geom, BBOX(113.5, 22.5, 114, 23))"
    assert condition.document == {
        "op": "s_within",
        "args": [{"property": "geom"}, {"bbox": [113.5, 22.5, 114, 23]}],
    }
    bounds = geopandas.GeoSeries([shapely.box(113.5, 22.5, 114, 23)]).total_bounds
    assert filters.intersecting(bounds, FIELDS).text == (
        "S_INTERSECTS(geom, BBOX(113.5, 22.5, 114.0, 23.0))"
    )


@pytest.mark.parametrize(
    "box",
    [
        (114, 22, 113, 23),
        (113, 23, 114, 22),
        (38_475_000, 2_520_000, 38_480_000, 2_530_000),
        (math.nan, 22, 114, 23),
        (113, 22, math.inf, 23),
    ],
)
def test_a_box_that_is_none_is_refused(box: object):
    with pytest.raises(errors.BadGeometry):
        filters.within(box, FIELDS)


def test_a_bare_geometry_is_in_longitude_and_latitude():
    condition = filters.within(
        shapely.from_wkt("POLYGON((113 22, 114 22, 114 23, 113 22))"), FIELDS
    )
    assert condition.text == "S_WITHIN(geom, POLYGON ((113 22, 114 22, 114 23, 113 22)))"
    assert condition.document["args"][1]["type"] == "Polygon"


def test_a_series_is_transformed_from_the_crs_that_it_says():
    # 38 zone of 3°: EPSG 4526 is 4547 with the number of the zone before the easting.
    plain = geopandas.GeoSeries([shapely.Point(475464.34, 2522309.216)], crs=4547)
    numbered = geopandas.GeoSeries([shapely.Point(38475464.34, 2522309.216)], crs=4526)
    for series in (plain, numbered):
        (x, y) = filters.near(series, 1, FIELDS).document["args"][1]["coordinates"]
        # The demo's site 441900010005, as the service gives it in degrees.
        assert (round(x, 6), round(y, 6)) == (113.761033, 22.7991)


def test_geometries_of_a_frame_are_united():
    two = geopandas.GeoDataFrame(
        geometry=[shapely.box(113, 22, 114, 23), shapely.box(114, 22, 115, 23)], crs=4490
    )
    shape = shapely.from_geojson(
        str(filters.within(two, FIELDS).document["args"][1]).replace("'", '"')
    )
    assert shape.equals(shapely.box(113, 22, 115, 23))


@pytest.mark.parametrize(
    "place",
    [
        geopandas.GeoSeries([shapely.Point(113, 22)]),
        geopandas.GeoSeries([], crs=4490),
        geopandas.GeoSeries([None], crs=4490),
        shapely.Point(),
        shapely.Point(475464, 2522309),
        shapely.from_wkt("POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))"),
        "POINT(113 22)",
        (1, 2, 3),
        ("113", "22"),
        None,
    ],
)
def test_a_place_that_is_none_is_refused(place: object):
    with pytest.raises(errors.BadGeometry):
        filters.near(place, 100, FIELDS)


def test_near_says_metres():
    condition = filters.near((113.67, 22.82), 3000, FIELDS)
    assert condition.text == "DWITHIN(geom, POINT (113.67 22.82), 3000, meters)"
    assert condition.document == {
        "op": "s_dwithin",
        "args": [
            {"property": "geom"},
            {"type": "Point", "coordinates": [113.67, 22.82]},
            3000,
            "meters",
        ],
    }


@pytest.mark.parametrize("distance", [0, -1, math.nan, math.inf, True, "3000", None])
def test_a_distance_that_is_none_is_refused(distance: object):
    with pytest.raises(errors.BadParameter, match="distance_m"):
        filters.near((113.67, 22.82), distance, FIELDS)


def test_a_table_has_no_places():
    table = Fields("entries", {"properties": {"name": {"type": "string"}}}, "en")
    for condition in (filters.within, filters.intersecting):
        with pytest.raises(errors.BadGeometry, match="entries"):
            condition((113, 22, 114, 23), table)
    with pytest.raises(errors.BadGeometry, match="entries"):
        filters.near((113, 22), 5, table)


def test_a_filter_is_text_up_to_the_limit_and_json_beyond():
    at_limit = filters.equality(FIELDS["name"], "x" * (filters.MOST_TEXT_BYTES - 9), FIELDS)
    assert len(at_limit.text) == filters.MOST_TEXT_BYTES
    assert filters.filter_parameters([at_limit], FIELDS) == {"filter": at_limit.text}
    beyond = filters.equality(FIELDS["name"], "x" * (filters.MOST_TEXT_BYTES - 8), FIELDS)
    sent = filters.filter_parameters([beyond], FIELDS)
    assert sent["filter-lang"] == "cql2-json"
    assert sent["filter"].startswith('{"op":"=","args":[{"property":"name"},"xxx')


def test_written_text_beyond_the_limit_is_refused():
    long = filters.written(f"name = '{'x' * filters.MOST_TEXT_BYTES}'", FIELDS)
    with pytest.raises(errors.FilterTooLong) as caught:
        filters.filter_parameters([long], FIELDS)
    assert caught.value.parts["limit"] == filters.MOST_TEXT_BYTES


def test_what_fits_no_request_is_refused():
    circle = shapely.Point(113.7, 22.8).buffer(0.1, quad_segs=1000)
    with pytest.raises(errors.FilterTooLong, match=r"simplify|total_bounds"):
        filters.filter_parameters([filters.within(circle, FIELDS)], FIELDS)


def test_no_conditions_need_no_parameter():
    assert filters.filter_parameters([], FIELDS) == {}
