"""The map of a report: the rows of an answer over the towns, as one SVG picture to print.

Everything on it is drawn here from paths that the database wrote; no picture is fetched. Lengths are
millimetres on paper.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import sqlalchemy as sa
from lxml import etree
from pyproj import CRS as ProjCrs

from geoservice.cartography.markup import element
from geoservice.description.style import BLUE, ORANGE, VERMILLION, Symbol
from geoservice.domain.places import towns
from geoservice.languages import Language, Text
from geoservice.regions import Region
from geoservice.reports.answered import Answered
from geoservice.store.svg import Sheet, background, drawn
from geoservice.xml import Element

MOST_FEATURES = 2_000
"""Rows drawn: more would hide each other, and be slow to print."""

WIDTH_MM, HEIGHT_MM = 180.0, 112.0
_MARGIN_MM = 13.0  # below the sheet, for legend and scale
_SVG = "http://www.w3.org/2000/svg"
_FONT = "'Noto Sans CJK SC', 'Source Han Sans SC', 'Microsoft YaHei', sans-serif"
_GROUND, _LAND, _INK = "#f3f3ee", "#ffffff", "#333333"
_TOWN = Symbol(stroke="#999999", stroke_width_mm=0.2)
_LABEL_MM = 2.5
_SYMBOLS: dict[int, Symbol] = {
    0: Symbol(fill=VERMILLION, stroke_width_mm=0.15, size_mm=2.2),
    1: Symbol(fill=BLUE, stroke=BLUE, stroke_width_mm=0.4, size_mm=1.8),
    2: Symbol(fill=ORANGE, fill_opacity=0.45, stroke="#a86f00", stroke_width_mm=0.25, size_mm=1.8),
}
"""By dimension. What would be too small to be seen is a dot of the same colours."""

_KINDS = {
    0: Text(zh="回答中的点", en="Points of the answer"),
    1: Text(zh="回答中的线", en="Lines of the answer"),
    2: Text(zh="回答中的面", en="Areas of the answer"),
}
_SEEN_FROM_MM = 1.5
_LONGEST_BAR_MM = 45.0


@dataclass(frozen=True)
class Map:
    """A map as SVG markup, None if there is nothing to draw, and what is not on it."""

    svg: str | None
    notes: tuple[str, ...]


def map_of(
    connection: sa.Connection,
    answer: Answered,
    *,
    row_count: int,
    day: date,
    region: Region,
    language: Language,
) -> Map:
    """The map of an answer; without a geometry it has neither a picture nor anything to say."""
    if answer.records.geometry is None or not row_count:
        return Map(None, ())
    parts = connection.execute(
        drawn(
            answer.first(MOST_FEATURES),
            srid=region.metric_srid,
            width_mm=WIDTH_MM,
            height_mm=HEIGHT_MM,
            extent=region.extent,
        )
    ).all()
    whole = parts[0]
    notes = tuple(_notes(whole, row_count, language))
    if whole.metres_per_mm is None:
        return Map(None, notes)
    sheet = Sheet(
        region.metric_srid, WIDTH_MM, HEIGHT_MM, whole.west, whole.north, whole.metres_per_mm
    )
    labels = ("name_en", "name") if language == "en" else ("name",)
    areas = connection.execute(background(towns, labels, day, sheet)).all()
    return Map(_picture(parts, areas, sheet, language), notes)


def _notes(whole: Any, row_count: int, language: Language) -> Iterator[str]:
    beyond = row_count - whole.rows
    if beyond > 0:
        yield Text(
            zh=f"地图画出前 {whole.rows:,} 行，其余 {beyond:,} 行未画。",
            en=f"The map shows the first {whole.rows:,} rows; {beyond:,} others are not drawn.",
        ).spoken(language)
    if whole.without_position:
        yield Text(
            zh=f"{whole.without_position:,} 行没有位置，未画。",
            en=f"{whole.without_position:,} rows have no position and are not drawn.",
        ).spoken(language)
    if whole.far_away:
        yield Text(
            zh=f"{whole.far_away:,} 行远在本区域之外，未画。",
            en=f"{whole.far_away:,} rows lie far outside the region and are not drawn.",
        ).spoken(language)


def _picture(parts: Sequence[Any], areas: Sequence[Any], sheet: Sheet, language: Language) -> str:
    title = Text(zh="回答的地图", en="Map of the answer").spoken(language)
    size = {"width": f"{WIDTH_MM:g}mm", "height": f"{HEIGHT_MM + _MARGIN_MM:g}mm"}
    box = f"0 0 {WIDTH_MM:g} {HEIGHT_MM + _MARGIN_MM:g}"
    frame = {"x": 0, "y": 0, "width": f"{WIDTH_MM:g}", "height": f"{HEIGHT_MM:g}"}
    root = element(
        f"{{{_SVG}}}svg",
        {**size, "viewBox": box, "role": "img", "aria-label": title, "font-family": _FONT},
        _element("defs", {}, _element("clipPath", {"id": "sheet"}, _element("rect", frame))),
        _element("rect", {**frame, "fill": _GROUND}),
        _element(
            "g",
            {"clip-path": "url(#sheet)"},
            *_towns(areas),
            *(shape for dimension in (2, 1, 0) for shape in _shapes(parts, dimension)),
        ),
        _north(),
        _element("rect", {**frame, "fill": "none", "stroke": _INK, "stroke-width": 0.3}),
        *_margin(parts, bool(areas), sheet, language),
        namespaces={None: _SVG},
    )
    return etree.tostring(root, encoding="unicode")


def _towns(areas: Sequence[Any]) -> Iterator[Element]:
    look = {**_stroke(_TOWN), "fill": _LAND, "fill-rule": "evenodd"}
    yield _element("g", look, *(_element("path", {"d": each.path}) for each in areas if each.path))
    for each in _legible_labels(areas):
        yield _text(each.label, each.x, each.y, _LABEL_MM, anchor="middle", fill="#777777")


def _legible_labels(areas: Sequence[Any]) -> list[Any]:
    """The areas whose labels are wholly on the sheet and lie on no label before them."""
    found: list[Any] = []
    for each in areas:
        half = _half_width(each.label)
        is_on_sheet = half < each.x < WIDTH_MM - half and _LABEL_MM < each.y < HEIGHT_MM - 1
        if is_on_sheet and not any(_meet(each, other) for other in found):
            found.append(each)
    return found


def _meet(one: Any, other: Any) -> bool:
    reach = _half_width(one.label) + _half_width(other.label)
    return bool(abs(one.x - other.x) < reach and abs(one.y - other.y) < _LABEL_MM)


def _half_width(label: str) -> float:
    """Half the width of a label: a Latin letter is half as wide as a character."""
    return len(label) * _LABEL_MM * (0.55 if label.isascii() else 1) / 2


def _shapes(parts: Sequence[Any], dimension: int) -> Iterator[Element]:
    """The parts of one dimension; the first row comes last, so that nothing hides it."""
    symbol = _SYMBOLS[dimension]
    here = [each for each in reversed(parts) if each.dimension == dimension]
    paths = (_element("path", {"d": each.path}) for each in here if each.path)
    fill = (symbol.fill or "none") if dimension == 2 else "none"
    look = {**_stroke(symbol), "fill": fill, "fill-opacity": symbol.fill_opacity}
    yield _element("g", {**look, "fill-rule": "evenodd", "stroke-linejoin": "round"}, *paths)
    yield from (
        _dot(each.x, each.y, symbol)
        for each in here
        if dimension == 0 or each.size_mm < _SEEN_FROM_MM
    )


def _dot(x: float, y: float, symbol: Symbol) -> Element:
    place = {"cx": f"{x:.2f}", "cy": f"{y:.2f}", "r": f"{symbol.size_mm / 2:g}"}
    look = {"fill": symbol.fill, "stroke": symbol.stroke, "stroke-width": 0.15}
    return _element("circle", {**place, **look})


def _north() -> Element:
    """The grid north of the plane CRS."""
    x, y = WIDTH_MM - 8, 3.0
    arrow = f"M{x:g} {y:g}l2.2 8-2.2-1.8-2.2 1.8z"
    ground = {"cx": f"{x:g}", "cy": f"{y + 6:g}", "r": 7, "fill": _LAND, "fill-opacity": 0.8}
    return _element(
        "g",
        {},
        _element("circle", ground),
        _element("path", {"d": arrow, "fill": _INK}),
        _text("N", x, y + 11.5, 3.2, anchor="middle"),
    )


def _margin(
    parts: Sequence[Any], has_towns: bool, sheet: Sheet, language: Language
) -> Iterator[Element]:
    """Legend to the left, scale to the right, the CRS beneath."""
    x, y = 1.0, HEIGHT_MM + 4.5
    shown = {each.dimension for each in parts}
    for dimension in sorted(shown):
        yield from _legend_entry(x, y, dimension, _KINDS[dimension].spoken(language))
        x += 36
    if has_towns:
        yield _element("path", {"d": f"M{x:g} {y:g}h6", **_stroke(_TOWN)})
        yield _text(towns.title.spoken(language), x + 8, y + 1, 2.8)
    metres, length = _bar(sheet.metres_per_mm)
    left = WIDTH_MM - length - 1
    words = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    bar = f"M{left:g} {y - 1.2:g}v1.8h{length:g}v-1.8"
    yield _element("path", {"d": bar, "fill": "none", "stroke": _INK, "stroke-width": 0.35})
    yield _text(words, left - 1.5, y + 0.8, 2.8, anchor="end")
    ratio = f"{_rounded(sheet.metres_per_mm * 1000):,}"
    about = Text(
        zh=f"EPSG:{sheet.srid}（{_crs_name(sheet.srid)}）；约 1:{ratio}；箭头指坐标北",
        en=f"EPSG:{sheet.srid} ({_crs_name(sheet.srid)}); about 1:{ratio}; the arrow is grid north",
    )
    yield _text(about.spoken(language), 1, y + 6, 2.5, fill="#666666")


def _legend_entry(x: float, y: float, dimension: int, title: str) -> Iterator[Element]:
    symbol = _SYMBOLS[dimension]
    if dimension == 0:
        yield _dot(x + 3, y, symbol)
    else:
        shape = f"M{x:g} {y:g}h6" if dimension == 1 else f"M{x:g} {y - 1.4:g}h6v2.8h-6z"
        fill = {"fill": symbol.fill, "fill-opacity": symbol.fill_opacity}
        yield _element("path", {"d": shape, **_stroke(symbol), **fill})
    yield _text(title, x + 8, y + 1, 2.8)


def _bar(metres_per_mm: float) -> tuple[float, float]:
    """The longest scale bar of 1, 2 or 5 times a power of ten that fits: metres, and mm on paper."""
    most = _LONGEST_BAR_MM * metres_per_mm
    power = 10.0 ** math.floor(math.log10(most))
    metres = max(each * power for each in (1, 2, 5) if each * power <= most)
    return metres, metres / metres_per_mm


def _rounded(denominator: float) -> int:
    """A denominator with two digits that mean something."""
    power = int(10 ** (math.floor(math.log10(denominator)) - 1))
    return round(denominator / power) * power


@cache
def _crs_name(srid: int) -> str:
    return str(ProjCrs.from_epsg(srid).name)


def _stroke(symbol: Symbol) -> dict[str, object]:
    dashes = " ".join(f"{length:g}" for length in symbol.dash_mm)
    return {
        "stroke": symbol.stroke,
        "stroke-width": symbol.stroke_width_mm,
        **({"stroke-dasharray": dashes} if dashes else {}),
    }


def _text(
    words: str, x: float, y: float, size: float, *, anchor: str = "start", fill: str = _INK
) -> Element:
    place = {"x": f"{x:.2f}", "y": f"{y:.2f}", "font-size": f"{size:g}"}
    return _element("text", {**place, "text-anchor": anchor, "fill": fill}, text=words)


def _element(
    tag: str, attributes: dict[str, Any], *children: Element, text: str | None = None
) -> Element:
    return element(f"{{{_SVG}}}{tag}", attributes, *children, text=text)
