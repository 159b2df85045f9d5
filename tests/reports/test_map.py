"""The map: places computed by hand on a sheet of 180 by 112 mm, and what is not drawn."""

import math
import re
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from geoalchemy2 import Geometry
from lxml import etree

from geoservice.description.collection import GeometryType
from geoservice.domain.places import towns
from geoservice.regions import region
from geoservice.reports import map as report_map
from geoservice.reports.map import Map, map_of
from geoservice.store.database import Database
from tests.conftest import Adding
from tests.reports.answers import NAME, answer

_DAY = date(2021, 6, 25)
_SVG = "{http://www.w3.org/2000/svg}"


def drawn(
    database: Database,
    *shapes: str | None,
    language: str = "zh",
    type: GeometryType = GeometryType.GEOMETRY,
) -> Map:
    """The map of an answer with these geometries, as WKT in degrees, in this order."""
    rows = sa.union_all(
        *(
            sa.select(
                sa.literal(number).label("number"),
                sa.literal("甲").label("name"),
                sa.cast(wkt and f"SRID=4490;{wkt}", Geometry()).label("geom"),
            )
            for number, wkt in enumerate(shapes, start=1)
        )
    )
    made = answer(sa.select(rows.subquery("all")), NAME, geometry=type)
    with database.snapshot() as connection:
        return map_of(
            connection,
            made,
            row_count=len(shapes),
            day=_DAY,
            region=region(),
            language=language,
        )


def elements(drawing: Map, tag: str) -> list[Any]:
    assert drawing.svg is not None
    return list(etree.fromstring(drawing.svg).iter(f"{_SVG}{tag}"))


def dots(drawing: Map) -> list[tuple[float, float]]:
    """The centres of the dots on the sheet."""
    circles = [each for each in elements(drawing, "circle") if each.get("fill-opacity") is None]
    centres = [(float(each.get("cx")), float(each.get("cy"))) for each in circles]
    return [(x, y) for x, y in centres if y <= 112]


def words(drawing: Map) -> str:
    return " ".join(each.text for each in elements(drawing, "text"))


def test_a_single_point_lies_in_the_middle_of_its_surroundings(database):
    drawing = drawn(database, "POINT(113.75 23.02)")
    assert dots(drawing) == [(90, 56)]
    assert "约 1:10,000" in words(drawing)  # the nearest that a map goes
    assert "200 m" in words(drawing)  # 20 mm; 500 m would be longer than 45 mm


def test_points_beside_the_central_meridian_lie_symmetrically(database):
    west, east = dots(drawn(database, "POINT(113.9 23)", "POINT(114.1 23)"))[::-1]
    assert west == (9, 56)  # nine tenths of 180 mm are used
    assert east == (171, 56)


def test_the_first_row_is_drawn_over_the_others(database):
    west_first = dots(drawn(database, "POINT(113.9 23)", "POINT(114.1 23)"))
    assert west_first[-1][0] < 90
    assert dots(drawn(database, "POINT(114.1 23)", "POINT(113.9 23)"))[-1][0] > 90


def test_north_is_up(database):
    (south, north) = dots(drawn(database, "POINT(114 23.1)", "POINT(114 23)"))
    assert north[1] < south[1]
    assert {south[0], north[0]} == {90}


def test_lines_and_areas_are_paths_and_every_part_of_a_collection_is_drawn(database):
    collection = (
        "GEOMETRYCOLLECTION(POINT(114 23), LINESTRING(114 23, 114.1 23.1),"
        " MULTIPOLYGON(((114 23, 114.1 23, 114.1 23.1, 114 23)), ((113 23, 113.1 23, 113 23.1, 113 23))))"
    )
    drawing = drawn(database, collection)
    shapes = [
        each.get("d") for each in elements(drawing, "path") if each.getparent().get("fill-opacity")
    ]
    assert len(shapes) == 3
    assert sum(shape.upper().endswith("Z") for shape in shapes) == 2
    assert len(dots(drawing)) == 1
    assert "回答中的点" in words(drawing)
    assert "回答中的线" in words(drawing)
    assert "回答中的面" in words(drawing)


def test_what_is_too_small_to_be_seen_is_a_dot(database):
    small = "POLYGON((114 23, 114.0001 23, 114.0001 23.0001, 114 23))"
    assert dots(drawn(database, small, "POINT(113.5 22.5)")).__len__() == 2
    large = "POLYGON((114 23, 114.1 23, 114.1 23.1, 114 23))"
    assert dots(drawn(database, large)) == []


def test_more_vertices_than_the_eye_can_tell_are_left_out(database):
    ring = [
        f"{114 + 0.01 * math.cos(angle):.9f} {23 + 0.01 * math.sin(angle):.9f}"
        for angle in (2 * math.pi * step / 20_000 for step in range(20_000))
    ]
    drawing = drawn(database, f"POLYGON(({', '.join([*ring, ring[0]])}))")
    (path,) = (
        each.get("d") for each in elements(drawing, "path") if each.getparent().get("fill-opacity")
    )
    # A circle of 50 mm keeps within 0.08 mm by steps of 2 acos(1 - 0.08/50): at least 55 of them.
    assert 55 <= len(re.findall(r"-?\d+(?:\.\d+)? -?\d+(?:\.\d+)?", path)) < 300


def test_rows_that_are_not_drawn_are_counted(database, monkeypatch):
    monkeypatch.setattr(report_map, "MOST_FEATURES", 3)
    drawing = drawn(
        database, "POINT(114 23)", None, "POINT(-70 10)", "POINT(114 23)", "POINT EMPTY"
    )
    assert drawing.notes == (
        "地图画出前 3 行，其余 2 行未画。",
        "1 行没有位置，未画。",
        "1 行远在本区域之外，未画。",
    )
    assert len(dots(drawing)) == 1


def test_as_many_rows_as_may_be_drawn_are_drawn_without_a_note(database, monkeypatch):
    monkeypatch.setattr(report_map, "MOST_FEATURES", 2)
    assert drawn(database, "POINT(114 23)", "POINT(114 23)").notes == ()


def test_an_answer_of_which_no_row_has_a_position_says_so_without_a_picture(database):
    assert drawn(database, None, "POINT EMPTY", language="en") == Map(
        None, ("2 rows have no position and are not drawn.",)
    )


def test_an_answer_without_geometry_has_no_map_and_says_nothing(database):
    made = answer(sa.select(sa.literal(1).label("number"), sa.literal("甲").label("name")), NAME)
    with database.snapshot() as connection:
        drawing = map_of(connection, made, row_count=1, day=_DAY, region=region(), language="zh")
    assert drawing == Map(None, ())


@pytest.fixture
def two_towns(database: Database, add: Adding) -> Database:
    """A town around the point, named with markup, and one that has ended."""
    here = "MULTIPOLYGON(((113.7 23, 113.8 23, 113.8 23.1, 113.7 23.1, 113.7 23)))"
    common = {"kind": "town", "parent_code": "441900", "geom": here}
    add(towns, code="441900101", name="<b>石碣镇</b>", name_en="Shijie", **common)
    add(towns, code="441900102", name="旧镇", valid_to=date(2021, 6, 25), **common)
    return database


@pytest.mark.parametrize(("language", "name"), [("zh", "<b>石碣镇</b>"), ("en", "Shijie")])
def test_towns_are_the_background_as_they_were_on_the_day(two_towns, language, name):
    drawing = drawn(two_towns, "POINT(113.75 23.02)", language=language)
    assert name in [each.text for each in elements(drawing, "text")]
    assert "旧镇" not in words(drawing)
    assert "<b>" not in str(drawing.svg)


def test_an_area_that_is_not_valid_is_drawn(database):
    bow_tie = "POLYGON((114 23, 114.1 23.1, 114.1 23, 114 23.1, 114 23))"
    assert "回答中的面" in words(drawn(database, bow_tie))


def test_rows_that_come_with_common_tables_of_their_own_are_drawn(database):
    """Questions are free to call theirs what they like."""
    rows = sa.select(
        sa.literal(1).label("number"),
        sa.literal("甲").label("name"),
        sa.cast("SRID=4490;POINT(114 23)", Geometry()).label("geom"),
    )
    for name in ("examined", "parts", "tally", "box", "fitted", "sheet", "placed", "given"):
        rows = sa.select(rows.cte(name))
    made = answer(rows, NAME, geometry=GeometryType.POINT)
    with database.snapshot() as connection:
        drawing = map_of(connection, made, row_count=1, day=_DAY, region=region(), language="zh")
    assert dots(drawing) == [(90, 56)]
