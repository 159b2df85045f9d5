"""A map as one SVG picture: no script, no font and no tile from elsewhere, so that it stays as it is.

Drawn in an equirectangular projection whose scale is true at the map's centre. Coordinates are reduced
to what a screen shows, and what would be drawn twice in one place is drawn once: the counts in the
legend are those of the features.
"""

import math
import re
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from geoservice.client.maps import base_map, scale_bar
from geoservice.client.maps.appearance import DOT_SIZE_MM, INK, Kind, LegendClass, Symbol, as_dot
from geoservice.client.maps.drawing import AREA, LINE, POINT, Drawing, told_apart
from geoservice.client.maps.lettering import width_of, wrapped
from geoservice.client.maps.markers import marker

_WIDTH, _MARGIN, _LEGEND_WIDTH = 960.0, 14.0, 236.0
_MAP_WIDTH = _WIDTH - _LEGEND_WIDTH - 2 * _MARGIN
_LOWEST, _HIGHEST = 300.0, 640.0
"""Bounds of the height of the map itself, in pixels."""

_TITLE_HEIGHT, _NOTE_HEIGHT = 40.0, 17.0
_LEGEND_SIZE, _LINE_HEIGHT, _ROW_GAP, _SWATCH_WIDTH = 12.5, 15.0, 6.0, 34.0
_DETAIL = 0.3
"""Pixels by which a line may be simplified."""

_PIXELS_PER_MM = 1 / 0.28
"""The standardized rendering pixel (OGC 05-077r4, 10.2)."""

_FAINT = "#4b5563"
_FONT = "system-ui,'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif"

# XML 1.0, fifth edition, production 2.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Place = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""From longitudes and latitudes to pixels."""


class StaticMap:
    """A map as a picture; shows itself in notebooks, `svg` is its text."""

    def __init__(self, drawing: Drawing) -> None:
        self.title = drawing.title
        self.svg = svg(drawing)

    def __repr__(self) -> str:
        return f"<StaticMap {self.title}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.svg, "image/svg+xml": self.svg}

    def save(self, path: str | Path) -> None:
        """Write the picture as an SVG file."""
        Path(path).write_text(self.svg, "utf-8")


def svg(drawing: Drawing) -> str:
    """The map as an SVG element that stands on its own; all words are escaped."""
    west, south, east, north = drawing.extent
    squeeze = math.cos(math.radians((south + north) / 2))
    proportion = (north - south) / ((east - west) * squeeze)
    height = min(max(_MAP_WIDTH * proportion, _LOWEST), _HIGHEST)
    scale = min(_MAP_WIDTH / ((east - west) * squeeze), height / (north - south))

    def place(positions: NDArray[np.float64]) -> NDArray[np.float64]:
        x = _MAP_WIDTH / 2 + (positions[:, 0] - (west + east) / 2) * squeeze * scale
        y = height / 2 - (positions[:, 1] - (south + north) / 2) * scale
        return np.column_stack([x, y])

    body = max(height, _legend_height(drawing) + 60)
    total = _TITLE_HEIGHT + body + _MARGIN + _NOTE_HEIGHT * len(_note_lines(drawing)) + _MARGIN / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {total:.0f}" '
        f'width="{_WIDTH:g}" height="{total:.0f}" style="max-width:100%;height:auto" role="img" '
        f'aria-label="{_safe(drawing.title)}" font-family="{_FONT}">',
        f'<rect width="{_WIDTH:g}" height="{total:.0f}" fill="#ffffff"/>',
        _words(_MARGIN, 26, drawing.title, size=17, weight=600),
        # A nested element is a window of its own: what lies beyond it is not drawn.
        f'<svg x="{_MARGIN:g}" y="{_TITLE_HEIGHT:g}" width="{_MAP_WIDTH:g}" height="{height:.1f}" '
        'overflow="hidden">',
        f'<rect width="100%" height="100%" fill="{base_map.WATER}"/>',
        *_towns(drawing, place),
        *_town_names(drawing, place),
        *_features(drawing, place),
        "</svg>",
        f'<rect x="{_MARGIN:g}" y="{_TITLE_HEIGHT:g}" width="{_MAP_WIDTH:g}" height="{height:.1f}" '
        f'fill="none" stroke="{base_map.BORDER}"/>',
        *_legend(drawing, _MARGIN * 2 + _MAP_WIDTH, _TITLE_HEIGHT),
        *_scale(drawing, scale * squeeze, _MARGIN * 2 + _MAP_WIDTH, _TITLE_HEIGHT + body - 12),
        *_notes(drawing, _TITLE_HEIGHT + body + _MARGIN + 6),
        "</svg>",
    ]
    return "".join(parts)


def _towns(drawing: Drawing, place: Place) -> Iterator[str]:
    if len(drawing.towns.geometries):
        path = _area_path(shapely.transform(drawing.towns.geometries, place))
        yield (
            f'<path d="{path}" fill="{base_map.LAND}" stroke="{base_map.BORDER}" stroke-width="0.8"/>'
        )


def _town_names(drawing: Drawing, place: Place) -> Iterator[str]:
    """The names of towns that have room for them."""
    if not len(drawing.towns.geometries):
        return
    middles = shapely.get_coordinates(shapely.point_on_surface(drawing.towns.geometries))
    bounds = shapely.bounds(drawing.towns.geometries)
    widths = place(bounds[:, 2:])[:, 0] - place(bounds[:, :2])[:, 0]
    for name, (x, y), width in zip(drawing.towns.names, place(middles), widths, strict=True):
        half = width_of(name, size=10.5) / 2
        if 2 * half < width * 1.1 and half < x < _MAP_WIDTH - half:
            yield (
                f'<text x="{x:.0f}" y="{y + 3:.0f}" font-size="10.5" text-anchor="middle" '
                f'fill="{base_map.NAME}" stroke="{base_map.LAND}" stroke-width="2.5" '
                f'stroke-opacity="0.8" paint-order="stroke">{_safe(name)}</text>'
            )


def _features(drawing: Drawing, place: Place) -> Iterator[str]:
    """Areas, then lines, then points; of each the classes from the last to the first."""
    for dimension, path_of, kind in _EXTENDED:
        dots = []
        for number, geometries in reversed(list(drawing.parts(dimension))):
            symbol = drawing.appearance.classes[number].symbol
            placed = shapely.transform(geometries, place)
            seen, small = told_apart(placed, DOT_SIZE_MM * _PIXELS_PER_MM)
            if len(seen):
                yield f'<path d="{path_of(seen)}" {_paint(symbol, is_filled=dimension == AREA)}/>'
            if len(small):
                dots.append(_markers(small, as_dot(symbol, kind)))
        yield from dots
    for number, geometries in reversed(list(drawing.parts(POINT))):
        symbol = drawing.appearance.classes[number].symbol
        yield _markers(place(shapely.get_coordinates(geometries)), symbol)


def _area_path(placed: NDArray[np.object_]) -> str:
    """Rings of areas; holes run the other way, so that the fill rule `nonzero` leaves them out."""
    polygons = shapely.get_parts(shapely.simplify(placed, _DETAIL))
    polygons = shapely.orient_polygons(polygons[~shapely.is_empty(polygons)])
    return _strung(shapely.get_rings(polygons), closed=True)


def _line_path(placed: NDArray[np.object_]) -> str:
    return _strung(shapely.get_parts(shapely.simplify(placed, _DETAIL)), closed=False)


def _strung(lines: NDArray[np.object_], *, closed: bool) -> str:
    """Lines as one path of absolute positions, to a tenth of a pixel; equal ones once."""
    coordinates, owners = shapely.get_coordinates(lines, return_index=True)
    breaks = np.flatnonzero(np.diff(owners)) + 1
    end = "Z" if closed else ""
    found = (
        "M" + "L".join(f"{x:g} {y:g}" for x, y in each.round(1).tolist()) + end
        for each in np.split(coordinates, breaks)
        if len(each)
    )
    return "".join(dict.fromkeys(found))


def _markers(positions: NDArray[np.float64], symbol: Symbol) -> str:
    shape = marker(symbol.shape) * (symbol.size_mm / 2 * _PIXELS_PER_MM)
    steps = np.diff(shape, axis=0, prepend=[[0.0, 0.0]]).round(2)
    # The first step is from the feature's position, which is not drawn, to the marker's edge.
    outline = "m{:g} {:g}".format(*steps[0]) + "".join(f"l{x:g} {y:g}" for x, y in steps[1:]) + "z"
    spots = np.unique((positions * 2).round() / 2, axis=0).tolist()
    path = "".join(f"M{x:g} {y:g}{outline}" for x, y in spots)
    return f'<path d="{path}" {_paint(symbol, is_filled=True)}/>'


def _paint(symbol: Symbol, *, is_filled: bool) -> str:
    width = max(symbol.stroke_width_mm * _PIXELS_PER_MM, 0.4)
    fill = symbol.fill if is_filled and symbol.fill is not None else "none"
    dash = " ".join(f"{length * _PIXELS_PER_MM:.1f}" for length in symbol.dash_mm)
    return (
        f'fill="{fill}" fill-opacity="{symbol.fill_opacity:g}" stroke="{symbol.stroke}" '
        f'stroke-width="{width:.2g}" stroke-linejoin="round" '
        + (f'stroke-dasharray="{dash}"' if dash else 'stroke-linecap="round"')
    )


_EXTENDED: tuple[tuple[int, Callable[[NDArray[np.object_]], str], Kind], ...] = (
    (AREA, _area_path, "area"),
    (LINE, _line_path, "line"),
)


def _legend(drawing: Drawing, x: float, y: float) -> Iterator[str]:
    row = y + 12
    for line in _title_lines(drawing):
        yield _words(x, row, line, size=_LEGEND_SIZE, weight=600)
        row += _LINE_HEIGHT
    dimensions = set(drawing.dimensions.tolist())
    for each in drawing.appearance.present:
        yield from _swatch(each, dimensions, x + 13, row - 1)
        for line in _class_lines(each):
            yield _words(x + _SWATCH_WIDTH, row + 3, line, size=_LEGEND_SIZE)
            row += _LINE_HEIGHT
        row += _ROW_GAP


def _legend_height(drawing: Drawing) -> float:
    classes = drawing.appearance.present
    lines = len(_title_lines(drawing)) + sum(len(_class_lines(each)) for each in classes)
    return lines * _LINE_HEIGHT + len(classes) * _ROW_GAP


def _title_lines(drawing: Drawing) -> list[str]:
    return wrapped(drawing.appearance.title or "", _LEGEND_WIDTH, size=_LEGEND_SIZE)


def _class_lines(each: LegendClass) -> list[str]:
    width = _LEGEND_WIDTH - _SWATCH_WIDTH
    return wrapped(f"{each.title} ({each.count:,})", width, size=_LEGEND_SIZE)


def swatch(each: LegendClass, dimensions: set[int]) -> str:
    """The symbol of a class as a small picture for a legend in HTML; `dimensions` are those on the map."""
    drawn = "".join(_swatch(each, dimensions, 15, 9))
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="18">{drawn}</svg>'


def _swatch(each: LegendClass, dimensions: set[int], x: float, y: float) -> Iterator[str]:
    """The symbol as it looks on the map, for each kind of geometry that the map has."""
    if AREA in dimensions:
        paint = _paint(each.symbol, is_filled=True)
        yield f'<rect x="{x - 12:g}" y="{y - 6:g}" width="16" height="12" {paint}/>'
        yield _markers(np.array([[x + 11, y]]), as_dot(each.symbol, "area"))
    elif LINE in dimensions:
        paint = _paint(each.symbol, is_filled=False)
        yield f'<path d="M{x - 12:g} {y:g}h16" {paint}/>'
        yield _markers(np.array([[x + 11, y]]), as_dot(each.symbol, "line"))
    if POINT in dimensions:
        yield _markers(np.array([[x, y]]), each.symbol)


def _scale(drawing: Drawing, pixels_per_degree: float, x: float, y: float) -> Iterator[str]:
    west, south, east, north = drawing.extent
    centre = ((west + east) / 2, (south + north) / 2)
    pixels_per_metre = pixels_per_degree / scale_bar.metres_per_degree_of_longitude(centre)
    metres = scale_bar.round_length(150 / pixels_per_metre)
    width = metres * pixels_per_metre
    yield (
        f'<path d="M{x:g} {y - 5:.1f}v5h{width:.1f}v-5" fill="none" stroke="{INK}" '
        'stroke-width="1.4"/>'
    )
    yield _words(x + width / 2, y - 7, scale_bar.caption(metres), size=11, anchor="middle")


def _notes(drawing: Drawing, y: float) -> Iterator[str]:
    for number, note in enumerate(_note_lines(drawing)):
        yield _words(_MARGIN, y + number * _NOTE_HEIGHT, note, size=11.5, colour=_FAINT)


def _note_lines(drawing: Drawing) -> list[str]:
    return [
        line
        for note in drawing.notes_of_picture
        for line in wrapped(note, _WIDTH - 2 * _MARGIN, size=11.5)
    ]


def _words(
    x: float,
    y: float,
    words: str,
    *,
    size: float,
    colour: str = INK,
    weight: int = 400,
    anchor: str = "start",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{colour}">{_safe(words)}</text>'
    )


def _safe(words: str) -> str:
    """Words for XML: escaped, and with U+FFFD for characters that XML 1.0 does not have."""
    return escape(_NOT_XML.sub("\ufffd", words))
