"""The interactive map: what it sends, what it keeps for a saved notebook, and that it fetches nothing."""

import base64
import json
import re
import shutil
import subprocess
import warnings
from io import BytesIO
from pathlib import Path

import geopandas as gpd
import lonboard
import nbformat
import numpy as np
import pyarrow as pa
import pytest
import shapely
from ipywidgets.embed import dependency_state
from map_frames import frame
from matplotlib import image
from nbconvert import HTMLExporter

from geoservice.client import maps
from geoservice.client.maps import interactive

_NO_NAME_IS_FOUND = "--host-resolver-rules=MAP * ~NOTFOUND"


def tables(shown: lonboard.Map) -> list[pa.Table]:
    """The tables that the browser is sent."""
    sent = [layer.get_state()["table"] for layer in shown.layers]
    return [pa.ipc.open_stream(only).read_all() for (only,) in sent]


@pytest.mark.parametrize(
    ("kinds", "layers"),
    [
        (["point"], ["scatterplot"]),
        (["line"], ["path"]),
        (["area"], ["polygon"]),
        (["mixed"], ["polygon", "path", "scatterplot"]),
        (["none", "empty"], []),
        ([], []),
    ],
)
def test_each_kind_of_geometry_is_a_layer(kinds, layers):
    shown = maps.explore(frame(*kinds))
    assert [each._layer_type for each in shown.layers] == layers


def test_what_is_sent_is_an_arrow_stream_with_escaped_words():
    (table,) = tables(maps.explore(frame("point", "point")))
    assert table.num_rows == 2
    assert table["名称"].to_pylist() == ["&lt;i&gt;point&lt;/i&gt;"] * 2
    assert table["高（m）"].to_pylist() == ["0", "1"]


def test_colours_are_sent_as_arrow_streams_too():
    shown = maps.explore(frame("point", "point"), color="name")
    (sent,) = shown.layers[0].get_state()["get_fill_color"]
    colours = pa.ipc.open_stream(sent).read_all()["value"].to_pylist()
    assert [tuple(each)[:3] for each in colours] == [(0x00, 0x72, 0xB2)] * 2


def test_the_base_map_is_a_document_and_no_address():
    shown = maps.explore(frame("point"))
    style = shown.basemap.get_state()["style"]
    assert style["version"] == 8
    assert "http" not in json.dumps(style)


def test_the_program_fetches_nothing():
    program = interactive._program()
    assert program is not None
    assert "earcut-worker" not in program
    assert re.search(r"[\w$]+\|\|\([\w$]+=!0\)", program)  # nothing is awaited before it is ready


def test_a_map_that_lonboard_makes_itself_is_left_as_it_is():
    maps.explore(frame("point"))
    points = frame("point").to_crs(4326)[["geometry"]]
    plain = lonboard.ScatterplotLayer.from_geopandas(points, auto_downcast=False)
    assert plain.get_state()["table"][0][:4] == b"PAR1"
    assert "earcut-worker" in str(lonboard.Map._esm)


def test_a_release_of_lonboard_that_is_not_known_gives_the_picture_and_says_so(monkeypatch):
    monkeypatch.setattr(interactive, "_program", lambda: None)
    with pytest.warns(UserWarning, match="lonboard"):
        shown = maps.explore(frame("point"))
    assert isinstance(shown, maps.StaticMap)


def test_the_legend_is_above_the_map_with_escaped_titles():
    shown = maps.explore(frame("point", "line"), color="name")
    assert "&lt;i&gt;point&lt;/i&gt; (1)" in shown.legend
    assert "<i>point" not in shown.legend
    assert "合成演示数据" in shown.legend


def test_more_than_200_000_vertices_are_sent_whole():
    turns = np.linspace(0, 2 * np.pi, 2_101)
    ring = np.column_stack([np.cos(turns), np.sin(turns)]) / 30
    areas = [shapely.Polygon(ring + np.array([113 + n / 50, 23])) for n in range(100)]
    shown = maps.explore(gpd.GeoDataFrame({"name": ["x"] * 100}, geometry=areas, crs=4490))
    (table,) = tables(shown)
    rings = table["geometry"].combine_chunks()
    while isinstance(rings, pa.ListArray):
        rings = rings.flatten()
    assert len(rings) == 210_100


def test_a_saved_notebook_shows_the_picture_where_no_widget_can_live():
    shown = maps.explore(frame("point", "area"))
    bundle = shown._repr_mimebundle_()
    assert bundle["text/html"] == shown.picture.svg
    output = nbformat.v4.new_output("display_data", data=bundle)
    cell = nbformat.v4.new_code_cell("city", outputs=[output])
    notebook = nbformat.reads(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])), as_version=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbconvert's own parts
        page, _ = HTMLExporter().from_notebook_node(notebook)
    assert "某局" in page
    assert "<path" in page


@pytest.mark.skipif(shutil.which("chromium") is None, reason="shown in Chromium")
def test_a_browser_without_network_draws_the_features(open_folder: Path):
    data = frame("area", "point").set_geometry(
        [shapely.box(113.6, 22.9, 113.9, 23.1), shapely.Point(113.75, 23.0)], crs=4490
    )
    shown = maps.explore(data)
    page, screenshot = open_folder / "map.html", open_folder / "map.png"
    page.write_text(_page(shown), "utf-8")
    subprocess.run(
        [
            "chromium", "--headless=new", "--no-sandbox", "--use-gl=angle",
            "--use-angle=swiftshader", "--enable-unsafe-swiftshader", _NO_NAME_IS_FOUND,
            f"--user-data-dir={open_folder}/profile", "--window-size=600,500",
            "--virtual-time-budget=20000", f"--screenshot={screenshot}", page.as_uri(),
        ],
        check=True, capture_output=True, timeout=170,
    )  # fmt: skip
    pixels = np.asarray(image.imread(BytesIO(screenshot.read_bytes())))[..., :3] * 255
    # The blue of the only class, 60 % over the land or the water.
    is_blue = (pixels[..., 2] > pixels[..., 0] + 60) & (pixels[..., 2] > 140)
    assert is_blue.mean() > 0.1


def _page(shown: lonboard.Map) -> str:
    """A page that does for the map what a notebook's front end does: models, buffers, render."""
    state = dependency_state(shown, drop_defaults=False)
    root = state[shown.model_id]["state"]
    program, css = root.pop("_esm"), root.pop("_css")
    encoded = base64.b64encode(program.encode()).decode()
    models = json.dumps({"root": shown.model_id, "state": state}).replace("<", "\\u003c")
    host = (Path(__file__).parent / "host.js").read_text("utf-8")
    return (
        f"<!doctype html><meta charset=utf-8><style>{css}</style>"
        "<style>html,body,#map{height:100%;margin:0}</style><div id=map></div>"
        f"<script>const STATE={models};const PROGRAM='{encoded}';</script>"
        f"<script type=module>{host}</script>"
    )
