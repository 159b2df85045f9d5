"""What a vector tile holds, where it draws it, and when it says that it holds less."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from pyproj import Transformer

from geoservice.description.collection import (
    Collection,
    Field,
    FieldType,
    GeometryType,
    Period,
)
from geoservice.languages import Text
from geoservice.query.filter import Compare, Comparison, Literal, Property
from geoservice.query.query import Query
from geoservice.store import publishing
from geoservice.store.database import Database
from geoservice.store.tables import tables
from geoservice.store.tiles import Tile, TileLimits, WrittenTile, tile_statement, written_tile
from tests.vector_tiles import Drawn, decoded

WIDEST = 20037508.342789244
PROJECTED = Transformer.from_crs(4326, 3857, always_xy=True)
AMPLE = TileLimits(features=50_000, bytes=2 * 2**20)
DONGGUAN = Tile(14, row=7115, column=13368)  # 113.73046875° E; holds 23.015° N


def field_(name: str, type: FieldType, **more: object) -> Field:
    return Field(name=name, type=type, title=Text(zh=name, en=name), **more)


def collection(id: str, geometry: GeometryType, *fields: Field, **more: object) -> Collection:
    return Collection(
        id=id,
        title=Text(zh=id, en=id),
        description=Text(zh=id, en=id),
        geometry=geometry,
        published=True,
        fields=(field_("name", FieldType.TEXT), *fields),
        **more,
    )


marks = collection(
    "marks",
    GeometryType.POINT,
    field_("名称", FieldType.TEXT),
    field_("floors", FieldType.INTEGER),
    field_("serial", FieldType.LONG),
    field_("height", FieldType.NUMBER),
    field_("price", FieldType.DECIMAL, digits=(15, 2)),
    field_("exact", FieldType.DECIMAL, digits=(16, 2)),
    field_("open", FieldType.BOOLEAN),
    field_("begun", FieldType.DATE),
    field_("ended", FieldType.DATE),
    field_("seen", FieldType.DATETIME),
    field_("tags", FieldType.TEXT, many=True),
    field_("entrance", FieldType.GEOMETRY, geometry=GeometryType.POINT),
    field_("secret", FieldType.TEXT, private=True),
    period=Period("begun", "ended"),
)
plots = collection("plots", GeometryType.POLYGON)
mixed = collection("mixed", GeometryType.GEOMETRY)


@pytest.fixture(scope="module")
def store(module_database: Database) -> Database:
    with module_database.ownership() as connection:
        for each in (marks, plots, mixed):
            publishing.create(connection, each)
    return module_database


@pytest.fixture
def put(store: Database):
    """Puts features into a collection by name and geometry; all are gone after the test."""

    def insert(into: Collection, rows: list[dict[str, object]]) -> None:
        with store.change(actor="tester", door="test") as connection:
            connection.execute(sa.insert(tables().current(into)), rows)

    def named(into: Collection, **geometries: str) -> None:
        insert(into, [{"name": n, "geom": f"SRID=4490;{g}"} for n, g in geometries.items()])

    named.rows = insert
    yield named
    with store.change(actor="tester", door="test") as connection:
        for each in (marks, plots, mixed):
            connection.execute(sa.delete(tables().current(each)))


def written(
    store: Database, of: Collection, tile: Tile, limits: TileLimits = AMPLE, **query: Any
) -> WrittenTile:
    return written_tile(store, of, Query(**query), tile, limits)


def drawn(store: Database, of: Collection, tile: Tile, **query: Any) -> dict[str, Drawn]:
    found = decoded(written(store, of, tile, **query).content, of.id)
    return {each.properties["name"]: each for each in found}


def square(west: float, south: float, width: float, height: float | None = None) -> str:
    east, north = west + width, south + (width if height is None else height)
    return (
        f"POLYGON(({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"
    )


def expected(tile: Tile, longitude: float, latitude: float) -> tuple[float, float]:
    """Units from the north-west corner, by PROJ."""
    x, y = PROJECTED.transform(longitude, latitude)
    across, down = ((x + WIDEST) / (2 * WIDEST), (WIDEST - y) / (2 * WIDEST))
    return (
        (across * 2**tile.zoom - tile.column) * 4096,
        (down * 2**tile.zoom - tile.row) * 4096,
    )


def test_the_edges_of_tiles_are_those_of_the_tile_matrix_set():
    world = Tile(0, 0, 0).box()
    assert (world.west, world.east) == (-180, 180)
    assert world.north == pytest.approx(85.0511287798)  # the latitude at which the map is square
    assert world.south == pytest.approx(-85.0511287798)
    north_east = Tile(1, row=0, column=1).box()
    assert (north_east.west, north_east.south) == (0, pytest.approx(0, abs=1e-12))
    assert Tile(2, row=1, column=3).box().north == pytest.approx(66.51326044)
    assert Tile(3, row=3, column=5).box().north == pytest.approx(40.97989807)
    assert DONGGUAN.box().west == 113.73046875


def test_the_rim_is_a_part_of_the_side_on_each_side():
    box, rim = DONGGUAN.box(), DONGGUAN.box(64 / 4096)
    part = 360 / 2**14 / 64
    assert rim.west == pytest.approx(box.west - part, abs=1e-12)
    assert rim.east == pytest.approx(box.east + part, abs=1e-12)
    assert rim.south < box.south < box.north < rim.north


@pytest.mark.parametrize(
    ("tile", "tolerance"),
    [
        (Tile(0, 0, 0), 0.51),
        (Tile(5, 13, 26), 0.51),
        (Tile(10, 444, 835), 0.51),
        (Tile(11, 889, 1671), 1.2),  # half a unit of rounding, and 0.61 of drawing in degrees
        (Tile(12, 1778, 3342), 0.9),
        (DONGGUAN, 0.6),
        (Tile(18, 113843, 213894), 0.51),
    ],
)
def test_a_point_is_drawn_where_the_projection_puts_it(store, put, tile, tolerance):
    box = tile.box()
    places = {
        "middle": ((box.west + box.east) / 2, (box.south + box.north) / 2),
        "corner": (box.west + (box.east - box.west) / 8, box.north - (box.north - box.south) / 9),
    }
    put(marks, **{name: f"POINT({x} {y})" for name, (x, y) in places.items()})
    found = drawn(store, marks, tile)
    assert set(found) == set(places)
    for name, place in places.items():
        x, y = expected(tile, *place)
        assert found[name].shape.x == pytest.approx(x, abs=tolerance)
        assert found[name].shape.y == pytest.approx(y, abs=tolerance)


def test_a_quarter_of_the_world_is_a_quarter_of_the_tile(store, put):
    put(marks, a="POINT(-90 66.51326044)", b="POINT(90 0)", c="POINT(0 -66.51326044)")
    found = {
        name: each.shape.coords[0] for name, each in drawn(store, marks, Tile(0, 0, 0)).items()
    }
    assert found == {"a": (1024, 1024), "b": (3072, 2048), "c": (2048, 3072)}


def test_what_lies_on_an_edge_is_in_both_tiles(store, put):
    put(marks, on_edge=f"POINT({DONGGUAN.box().west} 23.015)")
    west = Tile(DONGGUAN.zoom, DONGGUAN.row, DONGGUAN.column - 1)
    assert drawn(store, marks, DONGGUAN)["on_edge"].shape.x == 0
    assert drawn(store, marks, west)["on_edge"].shape.x == 4096
    assert drawn(store, marks, Tile(14, DONGGUAN.row, DONGGUAN.column + 1)) == {}


@pytest.mark.parametrize("zoom", [10, 14])
def test_the_rim_is_drawn_and_what_lies_beyond_is_not(store, put, zoom):
    column, row = 13368 >> (14 - zoom), DONGGUAN.row >> (14 - zoom)
    tile = Tile(zoom, row, column)
    box = tile.box()
    unit, latitude = (box.east - box.west) / 4096, (box.south + box.north) / 2
    put(
        marks,
        in_rim=f"POINT({box.west - 63 * unit} {latitude})",
        beyond=f"POINT({box.west - 66 * unit} {latitude})",
    )
    found = drawn(store, marks, tile)
    assert set(found) == {"in_rim"}
    assert found["in_rim"].shape.x == -63


@pytest.mark.parametrize("zoom", [9, 14])
def test_an_area_is_cut_at_the_rim(store, put, zoom):
    put(plots, large=square(113, 22, 2))
    tile = Tile(zoom, DONGGUAN.row >> (14 - zoom), DONGGUAN.column >> (14 - zoom))
    assert drawn(store, plots, tile)["large"].shape.bounds == (-64, -64, 4160, 4160)


def test_a_tile_where_nothing_is_has_no_bytes_and_lacks_nothing(store, put):
    put(marks, far="POINT(10 10)")
    found = written(store, marks, DONGGUAN)
    assert (found.content, found.without_small, found.features) == (b"", False, None)


def test_an_area_over_a_pole_is_drawn_as_far_as_the_map_goes(store, put):
    put(plots, ice="POLYGON((-180 -90, 180 -90, 180 -60, -180 -60, -180 -90))")
    put(marks, pole="POINT(0 90)")
    west, north, east, south = drawn(store, plots, Tile(0, 0, 0))["ice"].shape.bounds
    assert (west, east, south) == (0, 4096, 4160)
    assert north == round(expected(Tile(0, 0, 0), 0, -60)[1])
    assert drawn(store, marks, Tile(0, 0, 0)) == {}


def test_each_type_of_field_has_its_type_in_the_tile(store, put):
    put.rows(
        marks,
        [
            {
                "name": "a",
                "名称": "东莞·“松山湖”",
                "floors": -3,
                "serial": 2**40 + 1,
                "height": 0.1,
                "price": Decimal("1234567890123.45"),
                "exact": Decimal("12345678901234.56"),
                "open": True,
                "begun": date(2020, 2, 29),
                "seen": datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
                "tags": ["甲", 'b"'],
                "entrance": "SRID=4490;POINT(113.74 23.02)",
                "secret": "do not tell",
                "geom": "SRID=4490;POINT(113.74 23.015)",
            }
        ],
    )
    properties = drawn(store, marks, DONGGUAN)["a"].properties
    uid = store.scalar(sa.select(tables().current(marks).c.uid))
    assert properties == {
        "uid": str(uid),
        "name": "a",
        "名称": "东莞·“松山湖”",
        "floors": -3,
        "serial": 2**40 + 1,
        "height": 0.1,
        "price": 1234567890123.45,
        "exact": "12345678901234.56",
        "open": True,
        "begun": "2020-02-29",
        "seen": "2024-05-06T07:08:09+00:00",
        "tags": '["甲","b\\""]',
    }


def test_what_is_private_is_shown_to_whoever_may_see_it_alone(store, put):
    row = {"name": "a", "secret": "S", "geom": "SRID=4490;POINT(113.74 23.015)"}
    put.rows(marks, [row])
    assert "secret" not in drawn(store, marks, DONGGUAN)["a"].properties
    assert drawn(store, marks.unveiled, DONGGUAN)["a"].properties["secret"] == "S"


def test_a_query_restricts_a_tile_as_it_restricts_a_page(store, put):
    geom = "SRID=4490;POINT(113.74 23.015)"
    put.rows(
        marks,
        [
            {"name": "low", "floors": 1, "begun": date(2000, 1, 1), "ended": None, "geom": geom},
            {"name": "high", "floors": 9, "begun": date(2020, 1, 1), "ended": None, "geom": geom},
        ],
    )
    high = Compare(Comparison.GREATER, Property("floors", marks.by_name["floors"]), Literal(5))
    assert set(drawn(store, marks, DONGGUAN)) == {"low", "high"}
    assert set(drawn(store, marks, DONGGUAN, condition=high)) == {"high"}
    assert set(drawn(store, marks, DONGGUAN, as_of=date(2010, 1, 1))) == {"low"}
    (alone,) = drawn(store, marks, DONGGUAN, condition=high, properties=("name",)).values()
    assert set(alone.properties) == {"uid", "name"}


def test_a_tile_can_show_what_the_register_said(store, put):
    put(marks, old="POINT(113.74 23.015)")
    then = store.scalar(sa.select(tables().current(marks).c.recorded_at))
    with store.change(actor="tester", door="test") as connection:
        connection.execute(sa.update(tables().current(marks)).values(name="new"))
    assert set(drawn(store, marks, DONGGUAN)) == {"new"}
    assert set(drawn(store, marks, DONGGUAN, known_at=then)) == {"old"}


PIXEL_13 = 360 / 2**13 / 512


def test_below_zoom_14_what_is_smaller_than_a_pixel_is_left_out_and_that_is_said(store, put):
    put(plots, below=square(113.74, 23.015, PIXEL_13 * 0.9, PIXEL_13 * 0.8))
    put(plots, above=square(113.741, 23.015, PIXEL_13 * 1.1))
    put(plots, long=square(113.742, 23.015, PIXEL_13 * 0.3, PIXEL_13 * 3))
    tile = Tile(13, DONGGUAN.row >> 1, DONGGUAN.column >> 1)
    assert set(drawn(store, plots, tile)) == {"above", "long"}
    assert written(store, plots, tile).without_small
    assert set(drawn(store, plots, DONGGUAN)) == {"below", "above", "long"}
    assert not written(store, plots, DONGGUAN).without_small


def test_what_is_left_out_of_another_tile_is_not_said_here(store, put):
    put(plots, elsewhere=square(113.9, 23.015, PIXEL_13 * 0.5))
    assert not written(
        store, plots, Tile(13, DONGGUAN.row >> 1, DONGGUAN.column >> 1)
    ).without_small


def test_a_point_is_never_too_small(store, put):
    put(mixed, point="POINT(113.74 23.015)", area=square(113.741, 23.015, PIXEL_13 / 2))
    put(marks, point="POINT(113.74 23.015)")
    tile = Tile(10, 444, 835)
    assert set(drawn(store, mixed, tile)) == {"point"}
    assert written(store, mixed, tile).without_small
    assert set(drawn(store, marks, tile)) == {"point"}
    assert not written(store, marks, tile).without_small


def test_an_area_too_thin_for_the_grid_is_not_left_out_silently(store, put):
    unit = 360 / 2**14 / 4096
    put(plots, thin=square(113.74 + unit / 8, 23.015, unit / 100, unit * 900))
    found = written(store, plots, DONGGUAN)
    assert (found.content, found.without_small) == (b"", True)


@pytest.mark.parametrize(("most", "kept"), [(3, None), (2, 2)])
def test_of_too_many_areas_the_largest_are_kept_and_that_is_said(store, put, most, kept):
    sides = {"small": 0.001, "large": 0.003, "middle": 0.002}
    put(plots, **{name: square(113.74, 23.01, side) for name, side in sides.items()})
    found = written(store, plots, DONGGUAN, TileLimits(most, AMPLE.bytes))
    names = {each.properties["name"] for each in decoded(found.content, "plots")}
    assert names == ({"small", "large", "middle"} if kept is None else {"large", "middle"})
    assert found.features == kept


def test_of_too_many_points_the_first_by_id_are_kept(store, put):
    put(marks, **{f"p{number}": "POINT(113.74 23.015)" for number in range(5)})
    found = written(store, marks, DONGGUAN, TileLimits(2, AMPLE.bytes))
    table = tables().current(marks)
    first = store.rows(sa.select(table.c.uid).order_by(table.c.uid).limit(2))
    kept = {each.properties["uid"] for each in decoded(found.content, "marks")}
    assert kept == {str(row.uid) for row in first}
    assert found.features == 2


def test_a_tile_is_never_longer_than_its_limit(store, put):
    rows = [
        {
            "name": f"{number:03d}" + "x" * 50,
            "geom": f"SRID=4490;{square(113.735, 23.005, 0.001 + number / 1e5)}",
        }
        for number in range(200)
    ]
    put.rows(plots, rows)
    whole = written(store, plots, DONGGUAN)
    assert whole.features is None
    just = written(store, plots, DONGGUAN, TileLimits(1000, len(whole.content)))
    assert just.content == whole.content
    assert just.features is None
    less = written(store, plots, DONGGUAN, TileLimits(1000, len(whole.content) - 1))
    found = decoded(less.content, "plots")
    assert len(less.content) < len(whole.content)
    assert 150 < len(found) == less.features < 200
    names = {each.properties["name"][:3] for each in found}
    assert names == {f"{number:03d}" for number in range(200 - len(found), 200)}, "the largest"


def test_a_feature_longer_than_a_whole_tile_leaves_it_empty_and_that_is_said(store, put):
    put(marks, **{"x" * 2000: "POINT(113.74 23.015)"})
    found = written(store, marks, DONGGUAN, TileLimits(10, 1024))
    assert (found.content, found.features) == (b"", 0)


@pytest.mark.parametrize("zoom", [9, 14])
def test_the_rows_of_a_tile_are_found_by_the_spatial_index(store, zoom):
    tile = Tile(zoom, DONGGUAN.row >> (14 - zoom), DONGGUAN.column >> (14 - zoom))
    prepared = tile_statement(plots, Query(), tile, AMPLE)
    with store.migration() as connection:
        connection.execute(sa.text("set local enable_seqscan = off"))
        driver: Any = connection.connection.driver_connection
        cursor = psycopg.RawCursor(driver)
        cursor.execute("set local plan_cache_mode = force_custom_plan")
        cursor.execute("explain (costs off) " + prepared.sql, prepared.values, prepare=False)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "plots_geom_gist" in plan
    assert "Seq Scan on plots" not in plan
    assert "Tid Scan on plots" in plan


def test_tiles_with_other_values_of_a_filter_share_their_statement_and_not_their_features(
    store, put
):
    geom = "SRID=4490;POINT(113.74 23.015)"
    put.rows(marks, [{"name": f"f{n}", "floors": n, "geom": geom} for n in range(10)])

    def above(floors: int) -> Compare:
        name = Property("floors", marks.by_name["floors"])
        return Compare(Comparison.GREATER, name, Literal(floors))

    for least in (7, 8):
        kept = {f"f{n}" for n in range(least + 1, 10)}
        assert set(drawn(store, marks, DONGGUAN, condition=above(least))) == kept
    one, other = (tile_statement(marks, Query(condition=above(n)), DONGGUAN, AMPLE) for n in (7, 8))
    assert one.sql is other.sql


def test_tiles_of_one_kind_share_their_statement():
    one = tile_statement(plots, Query(), Tile(15, 1, 2), AMPLE)
    other = tile_statement(plots, Query(), Tile(16, 3, 4), AMPLE)
    assert one.sql is other.sql
    assert one.values != other.values
    assert tile_statement(plots, Query(), Tile(9, 1, 2), AMPLE).sql is not one.sql
