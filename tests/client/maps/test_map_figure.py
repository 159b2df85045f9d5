"""The print figure: true scale, legend and notes in words, fonts, no global state of matplotlib."""

import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from io import BytesIO

import numpy as np
import pypdfium2
import pytest
from map_frames import frame
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch

from geoservice.client import maps
from geoservice.client.maps import figure as print_figures
from geoservice.client.maps import scale_bar

A, RECIPROCAL_FLATTENING = 6_378_137.0, 298.257222101


def metres_per_degree(latitude: float) -> float:
    """Of longitude, along a parallel: π/180 · N(φ) · cos φ, with the radius N of the prime vertical."""
    f = 1 / RECIPROCAL_FLATTENING
    squared = f * (2 - f)
    phi = math.radians(latitude)
    return math.pi / 180 * A / math.sqrt(1 - squared * math.sin(phi) ** 2) * math.cos(phi)


def words(figure: Figure) -> list[str]:
    found = [each.get_text() for each in figure.texts]
    for legend in figure.legends:
        found += [legend.get_title().get_text(), *(each.get_text() for each in legend.get_texts())]
    for axes in figure.axes:
        found += [each.get_text() for each in axes.texts]
    return found


@pytest.mark.parametrize("latitude", [0.0, 23.0, 45.0])
def test_a_degree_of_longitude_has_its_length_on_the_ellipsoid(latitude):
    found = scale_bar.metres_per_degree_of_longitude((113.75, latitude))
    assert found == pytest.approx(metres_per_degree(latitude), rel=1e-7)


def test_the_scale_bar_is_as_long_as_the_ground_at_the_centre():
    """On the central meridian a Gauss-Krüger plane has scale 1, away from it 1 + x²/2R²."""
    plane = print_figures.plane_of(114)
    on_meridian = scale_bar.length_on_plane(1000, (500_000, 2_550_000), plane)
    assert on_meridian == pytest.approx(1000, abs=0.001)
    # 100 km away, with R² = M·N at 23°N (Gauss's mean radius, 6 359.9 km): 1 + 1.236e-4.
    away = scale_bar.length_on_plane(1000, (600_000, 2_550_000), plane)
    assert away == pytest.approx(1000.1236, abs=0.001)


@pytest.mark.parametrize(
    ("longitude", "code"), [(114, 4547), (113.6, 4547), (112.4, 4546), (75, 4534), (135, 4554)]
)
def test_the_plane_is_the_zone_of_the_nearest_meridian(longitude, code):
    assert print_figures.plane_of(longitude).to_epsg() == code


@pytest.mark.parametrize(
    ("most", "length"), [(999, 500), (1000, 1000), (1999, 1000), (2000, 2000), (0.7, 0.5)]
)
def test_a_scale_bar_has_a_round_length(most, length):
    assert scale_bar.round_length(most) == pytest.approx(length)


def test_both_directions_have_one_scale():
    figure = maps.plot(frame("area", "point"))
    (axes,) = figure.axes
    box = axes.get_window_extent()
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    assert box.width / (east - west) == pytest.approx(box.height / (north - south))


def test_the_bar_on_the_paper_has_the_length_that_it_says():
    figure = maps.plot(frame("area", "point"))
    (axes,) = figure.axes
    bars = [each for each in axes.patches if each.get_gid() == "scale-bar"]
    corners = np.vstack([each.get_path().vertices for each in bars])
    length = np.ptp(corners[:, 0])
    label = next(each.get_text() for each in axes.texts if "km" in each.get_text())
    stated = float(re.match(r"[\d.]+", axes.texts[-2].get_text() or label)[0]) * 1000
    centre = (sum(axes.get_xlim()) / 2, sum(axes.get_ylim()) / 2)
    expected = scale_bar.length_on_plane(stated, centre, print_figures.plane_of(113.7))
    assert length == pytest.approx(expected, rel=1e-6)


def test_paper_has_the_size_that_is_asked_for():
    width, height = maps.plot(frame("point"), size_mm=(210, 297)).get_size_inches()
    assert (width * 25.4, height * 25.4) == (pytest.approx(210), pytest.approx(297))


def test_title_classes_counts_dates_and_sources_are_in_words():
    said = "\n".join(words(maps.plot(frame("point", "point", "none"), color="height")))
    for part in (
        "测试 <b>&", "高（m）", "0 (1)", "3 个要素 · 其中 1 个没有位置，未画出 · 截至 2021-06-25",
        "来源：某局 · CC BY 4.0", "合成演示数据", "北",
    ):  # fmt: skip
        assert part in said or part == "0 (1)"


@pytest.mark.parametrize("kind", ["point", "line", "area", "mixed", "none", "empty"])
@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_every_kind_is_written_in_every_form(kind, form):
    target = BytesIO()
    maps.plot(frame(kind), size_mm=(120, 90)).savefig(target, format=form)
    assert len(target.getvalue()) > 1000


def test_a_frame_without_rows_is_a_figure():
    assert "0 个要素" in "\n".join(words(maps.plot(frame())))


def test_a_pdf_has_its_fonts_with_it_and_its_words_can_be_read():
    target = BytesIO()
    maps.plot(frame("point", title="地质灾害点")).savefig(target, format="pdf")
    assert b"/FontFile" in target.getvalue() or b"/Type3" in target.getvalue()
    with pypdfium2.PdfDocument(target.getvalue()) as document:
        assert "地质灾害点" in document[0].get_textpage().get_text_range()


def test_an_svg_needs_no_font():
    target = BytesIO()
    maps.plot(frame("point")).savefig(target, format="svg")
    assert not list(ET.fromstring(target.getvalue()).iter("{http://www.w3.org/2000/svg}text"))


def test_a_map_is_drawn_into_axes_of_somebody_else():
    figure = Figure(figsize=(8, 4))
    left, right = figure.subplots(1, 2)
    assert maps.plot(frame("area"), figure=left) is figure
    assert isinstance(left, Axes)
    assert left.get_title() == "测试 <b>&"
    assert "某局" in left.get_xlabel()
    assert not right.has_data()


def test_a_map_is_drawn_into_a_part_of_a_figure():
    figure = Figure(figsize=(10, 4))
    upper, lower = figure.subfigures(1, 2)
    assert maps.plot(frame("point"), figure=lower) is lower
    assert not upper.axes
    assert len(lower.axes) == 1
    figure.savefig(BytesIO(), format="png")


def test_a_notebook_is_shown_the_figure_without_pyplot():
    program = (
        "import sys; from map_frames import frame; from geoservice.client import maps\n"
        "figure = maps.plot(frame('point')); png = figure._repr_png_()\n"
        "print(png[:4], 'matplotlib.pyplot' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd="tests/client/maps", capture_output=True, text=True,
        check=True, env={"PYTHONPATH": "../../..", "PATH": "", "HOME": "/"},
    )  # fmt: skip
    assert said.stdout.split() == [repr(b"\x89PNG"), "False"]


def test_without_a_font_for_chinese_the_package_that_has_one_is_named(monkeypatch):
    monkeypatch.setattr(print_figures, "get_font_names", lambda: ["DejaVu Sans"])
    with pytest.raises(maps.MissingFont, match="fonts-noto-cjk"):
        maps.plot(frame("point"))


def test_the_best_font_is_taken(monkeypatch):
    monkeypatch.setattr(print_figures, "get_font_names", lambda: ["SimHei", "Noto Sans CJK SC"])
    assert print_figures.chinese_font() == "Noto Sans CJK SC"


def test_without_matplotlib_the_way_to_install_it_is_named(monkeypatch):
    monkeypatch.setattr("geoservice.client.maps.requirements.is_installed", lambda _: False)
    with pytest.raises(maps.MissingPackage, match=r'pip install "geoservice\[map\]"'):
        maps.plot(frame("point"))


def test_classes_are_patches_of_their_symbols():
    (axes,) = maps.plot(frame("area", "area"), color="name").axes
    colours = {each.get_facecolor()[:3] for each in axes.patches if isinstance(each, PathPatch)}
    assert (0.0, 0x72 / 255, 0xB2 / 255) in {tuple(map(float, each)) for each in colours}
