"""The static map: one well-formed SVG that needs nothing from elsewhere."""

import xml.etree.ElementTree as ET

import geopandas as gpd
import numpy as np
import pytest
import shapely
from map_frames import frame

from geoservice.client import maps
from geoservice.client.maps.lettering import wrapped
from geoservice.client.maps.static import svg

SVG = "{http://www.w3.org/2000/svg}"


def picture(data: gpd.GeoDataFrame, **options: object) -> ET.Element:
    return ET.fromstring(maps.explore(data, static=True, **options).svg)


def texts(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("kind", ["point", "line", "area", "mixed", "none", "empty"])
def test_every_kind_of_geometry_is_well_formed(kind):
    assert picture(frame(kind)).tag == f"{SVG}svg"


def test_an_empty_frame_is_a_picture_too():
    assert any("0 个要素" in each for each in texts(picture(frame())))


def test_words_of_the_data_are_escaped():
    root = picture(frame("point", "line", title="a < b & \x01c"), color="name")
    assert "a < b & \ufffdc" in texts(root)
    assert "<i>point</i> (1)" in texts(root)


def test_nothing_is_fetched_and_nothing_is_run():
    text = maps.explore(frame("point", "area", "line"), static=True).svg
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    for word in ("<script", "<image", "href", "url(", "@import", " id="):
        assert word not in text


def test_the_legend_counts_the_features():
    assert "测试 <b>& (2)" in texts(picture(frame("point", "line")))


def test_points_in_one_place_are_drawn_once():
    once, twice = (picture(frame(*["point"] * n)) for n in (1, 2))

    def markers(root: ET.Element) -> list[str]:
        window = root.find(f"{SVG}svg")
        assert window is not None
        return [each.get("d", "") for each in window.iter(f"{SVG}path")]

    assert markers(once) == markers(twice)


def test_a_hole_stays_open():
    data = frame("area")
    hole = shapely.Polygon(
        [(113, 22), (114, 22), (114, 23), (113, 23)],
        [[(113.2, 22.2), (113.8, 22.2), (113.8, 22.8), (113.2, 22.8)]],
    )
    window = picture(data.set_geometry([hole], crs=4490)).find(f"{SVG}svg")
    assert window is not None
    outer, inner = window.findall(f"{SVG}path")[-1].get("d", "").rstrip("Z").split("Z")

    def turn(path: str) -> float:
        corners = np.array([part.split() for part in path[1:].split("L")], dtype=float)
        return shapely.linearrings(corners).is_ccw

    assert turn(outer) != turn(inner)


def test_an_area_too_small_to_be_seen_is_a_dot_and_the_picture_says_so():
    data = frame("area", "area").set_geometry(
        [shapely.box(113, 22, 114, 23), shapely.box(113.5, 22.5, 113.5001, 22.5001)], crs=4490
    )
    root = picture(data)
    assert "太小而看不出的面和线画成点。" in texts(root)
    window = root.find(f"{SVG}svg")
    assert window is not None
    assert len(window.findall(f"{SVG}path")) == 2


def test_a_map_of_points_says_nothing_of_dots():
    assert not any("画成点" in each for each in texts(picture(frame("point"))))


def test_many_vertices_become_a_small_picture():
    turns = np.linspace(0, 2 * np.pi, 2_001)
    rings = [
        shapely.Polygon(
            np.column_stack([113 + n / 10 + np.cos(turns) / 30, 23 + np.sin(turns) / 30])
        )
        for n in range(120)
    ]  # 240,000 vertices
    data = gpd.GeoDataFrame({"name": ["x"] * 120}, geometry=rings, crs=4490)
    assert len(maps.explore(data, static=True).svg) < 300_000


def test_a_notebook_is_given_the_picture_as_html_and_as_svg():
    bundle = maps.explore(frame("point"), static=True)._repr_mimebundle_()
    assert bundle["image/svg+xml"] == bundle["text/html"]
    assert bundle["text/html"].startswith("<svg ")


def test_the_picture_can_be_saved(tmp_path):
    shown = maps.explore(frame("point"), static=True)
    shown.save(tmp_path / "map.svg")
    assert ET.parse(tmp_path / "map.svg").getroot().tag == f"{SVG}svg"
    assert (tmp_path / "map.svg").read_text("utf-8") == shown.svg


def test_without_lonboard_the_picture_is_the_map(monkeypatch):
    monkeypatch.setattr(maps, "is_installed", lambda name: name != "lonboard")
    assert isinstance(maps.explore(frame("point")), maps.StaticMap)


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ("", []),
        ("one two", ["one two"]),
        ("one two three", ["one two", "three"]),
        ("不稳定斜坡隐患点", ["不稳定斜", "坡隐患点"]),
        ("incomprehensibilities", ["incomprehensibilities"]),
    ],
)
def test_lines_break_at_spaces_and_between_chinese_characters(words, lines):
    assert wrapped(words, 45, size=10) == lines


def test_the_same_drawing_is_the_same_picture():
    drawn = maps.drawing(frame("point", "area"))
    assert svg(drawn) == svg(drawn)
