"""Styles for web maps: every class is drawn by its own layer and told whole in the metadata."""

import pytest
import styled

from geoservice.cartography.maplibre import LEGEND, maplibre_style

TILES = "https://example.org/tiles?f=tilejson"


def test_each_class_is_a_layer_and_all_others_are_the_last():
    style = maplibre_style(styled.stations, "en", TILES)
    assert style["version"] == 8
    assert style["sources"] == {"stations": {"type": "vector", "url": TILES}}
    assert [each["filter"] for each in style["layers"]] == [
        ["all", ["==", ["get", "colour"], "r"]],
        ["all", ["==", ["get", "colour"], "o'x"]],
        ["all", ["!", ["in", ["get", "colour"], ["literal", ["r", "o'x"]]]]],
    ]
    assert [each["paint"]["circle-color"] for each in style["layers"]] == [
        "#d55e00",
        "#0072b2",
        "#bbbbbb",
    ]
    assert {each["source-layer"] for each in style["layers"]} == {"stations"}
    assert len({each["id"] for each in style["layers"]}) == 3


def test_sizes_are_pixels_of_0_28_mm_in_layers_and_millimetres_in_the_legend():
    style = maplibre_style(styled.stations, "en", TILES)
    paint = style["layers"][0]["paint"]
    assert paint["circle-radius"] == 5  # 2.8 mm across
    assert style["layers"][1]["paint"]["circle-stroke-width"] == 2  # 0.56 mm
    assert style["metadata"][LEGEND]["classes"][0]["size_mm"] == 2.8


@pytest.mark.parametrize(
    ("language", "titles"),
    [("zh", ["红", "怪的", "其他"]), ("en", ["red", "odd one", "other"])],
)
def test_the_legend_tells_every_class_in_the_language_asked_for(language, titles):
    legend = maplibre_style(styled.stations, language, TILES)["metadata"][LEGEND]
    assert (legend["collection"], legend["kind"], legend["field"]) == (
        "stations",
        "point",
        "colour",
    )
    assert legend["field_title"] == styled.stations.by_name["colour"].title.spoken(language)
    assert [each["title"] for each in legend["classes"]] == titles
    assert [each["code"] for each in legend["classes"]] == ["r", "o'x", None]
    assert [each["shape"] for each in legend["classes"]] == ["diamond", "circle", "cross"]


def test_a_dash_is_counted_in_widths_of_the_line():
    style = maplibre_style(styled.roads, "en", TILES)
    (line,) = style["layers"]
    assert line["paint"] == {
        "line-color": "#009e73",
        "line-width": 2.5,
        "line-dasharray": [4, 2],
    }
    assert line["filter"] == ["all"]
    assert style["metadata"][LEGEND]["field"] is None


def test_scales_are_zooms():
    # 2π · 6 378 137 m / 512 pixels / 0.28 mm = 1 : 279 541 132 at zoom 0; log2 of its quotients
    # with 1 : 200 000 and 1 : 500 is 10.45 and 19.09.
    layer = maplibre_style(styled.stations, "en", TILES)["layers"][0]
    assert (layer["minzoom"], layer["maxzoom"]) == (10.45, 19.09)


def test_an_area_without_a_fill_is_only_outlined():
    types = [each["type"] for each in maplibre_style(styled.borders, "en", TILES)["layers"]]
    assert types == ["line"]
    types = [each["type"] for each in maplibre_style(styled.areas, "en", TILES)["layers"]]
    assert types == ["fill", "line"]


def test_mixed_geometry_is_drawn_by_its_type_with_points_uppermost():
    layers = maplibre_style(styled.sketches, "en", TILES)["layers"]
    assert [(each["type"], each["filter"][1:]) for each in layers] == [
        ("fill", [["==", ["geometry-type"], "Polygon"]]),
        ("line", [["!", ["==", ["geometry-type"], "Point"]]]),
        ("circle", [["==", ["geometry-type"], "Point"]]),
    ]


def test_a_table_has_no_style_for_web_maps():
    with pytest.raises(ValueError, match="no geometry"):
        maplibre_style(styled.ledger, "en", TILES)
