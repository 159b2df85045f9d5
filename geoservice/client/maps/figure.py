"""A map for print, drawn by matplotlib in a plane with equal scale in all directions.

Nothing of matplotlib's global state is read or changed: figures are made without pyplot, and fonts are
given with each text.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure, FigureBase
from matplotlib.font_manager import FontProperties, get_font_names
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from geoservice.client.maps import base_map, scale_bar
from geoservice.client.maps.appearance import DOT_SIZE_MM, INK, LegendClass, Symbol, as_dot
from geoservice.client.maps.drawing import AREA, LINE, POINT, Drawing, told_apart
from geoservice.client.maps.lettering import has_chinese, width_of, wrapped
from geoservice.client.maps.markers import marker
from geoservice.client.maps.requirements import MissingFont
from geoservice.languages import Text

CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Microsoft YaHei", "SimHei", "PingFang SC",
    "Noto Sans CJK JP",
)  # fmt: skip
"""Fonts for Chinese, the best first. The last is what older programs call the file of the first."""

_MM_PER_INCH, _POINTS_PER_MM = 25.4, 72 / 25.4
_MARGIN_MM, _TITLE_MM, _LEGEND_MM, _NOTE_MM = 10.0, 12.0, 58.0, 4.2
_TITLE_PT, _LEGEND_PT, _NOTE_PT, _NAME_PT = 15, 9, 7.5, 7
_SCREEN_DPI = 110
_NORTH = Text(zh="北", en="N")
_LON_LAT = CRS.from_epsg(4490)

_FIRST_ZONE, _FIRST_MERIDIAN, _LAST_MERIDIAN = 4534, 75, 135
"""EPSG codes of CGCS2000 / 3-degree Gauss-Kruger CM 75E and so on, one for each third degree."""


class PrintFigure(Figure):
    """A figure that shows itself in notebooks, also where pyplot has never been imported."""

    def _repr_png_(self) -> bytes:
        target = BytesIO()
        self.savefig(target, format="png", dpi=_SCREEN_DPI)
        return target.getvalue()


def print_figure(
    drawing: Drawing, target: "FigureBase | Axes | None", size_mm: tuple[float, float]
) -> FigureBase:
    """The map in a new figure, in the given one, or in the given axes; the figure is returned."""
    font = _font(drawing)
    if isinstance(target, Axes):
        _draw_map(target, drawing, font)
        if drawing.appearance.present:
            target.legend(loc="best", **_legend(drawing, font, frame=True))
        target.set_title(drawing.title, fontproperties=_sized(font, _TITLE_PT - 3))
        width = target.get_window_extent().width * 72 / _root(target).dpi
        notes = [
            line
            for note in drawing.notes_of_picture
            for line in wrapped(note, width, size=_NOTE_PT)
        ]
        target.set_xlabel("\n".join(notes), fontproperties=_sized(font, _NOTE_PT), loc="left")
        return _root(target)
    figure = target
    if figure is None:
        width, height = size_mm
        figure = PrintFigure(figsize=(width / _MM_PER_INCH, height / _MM_PER_INCH))
        figure.set_facecolor("white")
    _lay_out(figure, drawing, font)
    return figure


def _root(artist: Axes | FigureBase) -> Figure:
    found = artist.get_figure(root=True)
    assert found is not None, "what is drawn in has a figure"
    return found


def plane_of(longitude: float) -> CRS:
    """The plane in which a map is drawn: CGCS2000 / 3-degree Gauss-Kruger of the nearest meridian.

    Beyond the zones of China, the nearest of them; the further out, the more stretched.
    """
    meridian = min(max(round(longitude / 3) * 3, _FIRST_MERIDIAN), _LAST_MERIDIAN)
    return CRS.from_epsg(_FIRST_ZONE + (meridian - _FIRST_MERIDIAN) // 3)


def chinese_font() -> str | None:
    """The name of the best font for Chinese that is installed; None without one."""
    installed = set(get_font_names())
    return next((name for name in CHINESE_FONTS if name in installed), None)


def _font(drawing: Drawing) -> FontProperties:
    """The font of all words: one for Chinese if there is any Chinese among them."""
    words = [
        drawing.title,
        drawing.appearance.title or "",
        *drawing.notes_of_picture,
        *drawing.towns.names,
    ]
    words += [each.title for each in drawing.appearance.present]
    words += [_NORTH.spoken(drawing.language)]
    if not any(map(has_chinese, words)):
        return FontProperties(family=["DejaVu Sans"])
    name = chinese_font()
    if name is None:
        raise MissingFont(drawing.language, allowed=list(CHINESE_FONTS))
    return FontProperties(family=[name, "DejaVu Sans"])


def _sized(font: FontProperties, points: float, weight: str = "normal") -> FontProperties:
    found = font.copy()
    found.set_size(points)
    found.set_weight(weight)
    return found


def _lay_out(figure: FigureBase, drawing: Drawing, font: FontProperties) -> None:
    """Title above, legend to the right, notes below; lengths in millimetres of the paper."""
    box = figure.get_window_extent().transformed(_root(figure).dpi_scale_trans.inverted())
    width, height = box.width * _MM_PER_INCH, box.height * _MM_PER_INCH
    note_width = (width - 2 * _MARGIN_MM) * _POINTS_PER_MM
    notes = [
        line
        for note in drawing.notes_of_picture
        for line in wrapped(note, note_width, size=_NOTE_PT)
    ]
    titles = wrapped(drawing.title, note_width, size=_TITLE_PT)
    bottom = _MARGIN_MM + len(notes) * _NOTE_MM + 2
    top = _MARGIN_MM + len(titles) * _TITLE_MM * 0.6 + _TITLE_MM * 0.4
    map_width = width - 2 * _MARGIN_MM - _LEGEND_MM
    map_height = height - bottom - top
    axes = figure.add_axes(
        (_MARGIN_MM / width, bottom / height, map_width / width, map_height / height)
    )
    _draw_map(axes, drawing, font)
    figure.text(
        _MARGIN_MM / width, 1 - _MARGIN_MM / height, "\n".join(titles),
        fontproperties=_sized(font, _TITLE_PT, "bold"), color=INK, va="top",
    )  # fmt: skip
    if drawing.appearance.present:
        figure.legend(
            loc="upper left",
            bbox_to_anchor=(
                (_MARGIN_MM + map_width + 2) / width,
                1 - (top - 1.5) / height,
            ),
            **_legend(drawing, font, frame=False),
        )
    for number, line in enumerate(notes):
        figure.text(
            _MARGIN_MM / width, (bottom - 3 - number * _NOTE_MM) / height, line,
            fontproperties=_sized(font, _NOTE_PT), color="#374151", va="top",
        )  # fmt: skip


@dataclass(frozen=True)
class _Plane:
    """A projected CRS, the way into it, and the part of it that the map shows."""

    crs: CRS
    west: float
    south: float
    east: float
    north: float

    @property
    def centre(self) -> tuple[float, float]:
        return (self.west + self.east) / 2, (self.south + self.north) / 2

    def placed(self, geometries: NDArray[np.object_]) -> NDArray[np.object_]:
        """Geometries in longitude and latitude, moved into the plane."""
        into = Transformer.from_crs(_LON_LAT, self.crs, always_xy=True)

        def moved(positions: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.column_stack(into.transform(positions[:, 0], positions[:, 1]))

        return np.asarray(shapely.transform(geometries, moved), dtype=object)


def _plane(drawing: Drawing, proportion: float) -> _Plane:
    """The plane with a window around the extent whose height is so many times its width."""
    west, south, east, north = drawing.extent
    crs = plane_of((west + east) / 2)
    into = Transformer.from_crs(_LON_LAT, crs, always_xy=True)
    left, bottom, right, top = into.transform_bounds(west, south, east, north)
    width = max(right - left, (top - bottom) / proportion)
    x, y = (left + right) / 2, (bottom + top) / 2
    half_width, half_height = width / 2, width * proportion / 2
    return _Plane(crs, x - half_width, y - half_height, x + half_width, y + half_height)


def _draw_map(axes: Axes, drawing: Drawing, font: FontProperties) -> None:
    """Towns, features, scale bar and north within axes, whose limits are set."""
    box = axes.get_window_extent()
    plane = _plane(drawing, box.height / box.width)
    points_per_metre = box.width * 72 / _root(axes).dpi / (plane.east - plane.west)
    axes.set_facecolor(base_map.WATER)
    towns = plane.placed(drawing.towns.geometries)
    _add_areas(axes, towns, Symbol(fill=base_map.LAND, stroke=base_map.BORDER), 1)
    _add_features(axes, drawing, plane, DOT_SIZE_MM * _POINTS_PER_MM / points_per_metre)
    axes.set_xlim(plane.west, plane.east)
    axes.set_ylim(plane.south, plane.north)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(color=base_map.BORDER, linewidth=0.8)
    _name_towns(axes, drawing.towns.names, towns, points_per_metre, font)
    _add_scale_bar(axes, plane, points_per_metre, font)
    _add_north(axes, plane, _NORTH.spoken(drawing.language), font)


def _add_features(axes: Axes, drawing: Drawing, plane: _Plane, least_m: float) -> None:
    """Areas, lines and points; of each the first class uppermost. What is smaller is a dot."""
    for number, geometries in drawing.parts(AREA):
        symbol = drawing.appearance.classes[number].symbol
        seen, small = told_apart(plane.placed(geometries), least_m)
        _add_areas(axes, seen, symbol, 3 - number / 1000)
        axes.add_line(_markers(small, as_dot(symbol, "area"), 3.5 - number / 1000))
    for number, geometries in drawing.parts(LINE):
        symbol = drawing.appearance.classes[number].symbol
        seen, small = told_apart(plane.placed(geometries), least_m)
        axes.add_collection(_lines(seen, symbol, 4 - number / 1000))
        axes.add_line(_markers(small, as_dot(symbol, "line"), 4.5 - number / 1000))
    for number, geometries in drawing.parts(POINT):
        symbol = drawing.appearance.classes[number].symbol
        positions = shapely.get_coordinates(plane.placed(geometries))
        axes.add_line(_markers(positions, symbol, 5 - number / 1000))


def _add_areas(axes: Axes, areas: NDArray[np.object_], symbol: Symbol, order: float) -> None:
    """Areas as one path; holes run the other way, so that they stay empty."""
    polygons = shapely.orient_polygons(shapely.get_parts(areas))
    rings = shapely.get_rings(polygons[~shapely.is_empty(polygons)])
    if not len(rings):
        return
    path = Path.make_compound_path(
        *(Path(shapely.get_coordinates(ring), closed=True) for ring in rings)
    )
    axes.add_patch(PathPatch(path, zorder=order, **_area_style(symbol)))


def _lines(lines: NDArray[np.object_], symbol: Symbol, order: float) -> LineCollection:
    segments = [shapely.get_coordinates(line) for line in shapely.get_parts(lines)]
    return LineCollection(
        segments,
        colors=symbol.stroke,
        linewidths=symbol.stroke_width_mm * _POINTS_PER_MM,
        linestyles=[_dash(symbol)],
        capstyle="butt" if symbol.dash_mm else "round",
        zorder=order,
    )


def _markers(positions: NDArray[np.float64], symbol: Symbol, order: float) -> Line2D:
    shape = marker(symbol.shape) * (1, -1)
    return Line2D(
        positions[:, 0],
        positions[:, 1],
        linestyle="none",
        marker=Path(np.vstack([shape, shape[:1]]), closed=True),
        markersize=symbol.size_mm * _POINTS_PER_MM,
        markerfacecolor=_faded(symbol),
        markeredgecolor=symbol.stroke,
        markeredgewidth=symbol.stroke_width_mm * _POINTS_PER_MM,
        zorder=order,
    )


def _area_style(symbol: Symbol) -> dict[str, Any]:
    return {
        "facecolor": _faded(symbol),
        "edgecolor": symbol.stroke,
        "linewidth": symbol.stroke_width_mm * _POINTS_PER_MM,
        "linestyle": _dash(symbol),
        "joinstyle": "round",
    }


def _faded(symbol: Symbol) -> Any:
    """The colour of the inside with its opacity."""
    return "none" if symbol.fill is None else (symbol.fill, symbol.fill_opacity)


def _dash(symbol: Symbol) -> Any:
    """Lengths in widths of the line, as matplotlib counts them."""
    if not symbol.dash_mm:
        return "solid"
    return 0, tuple(length / symbol.stroke_width_mm for length in symbol.dash_mm)


def _name_towns(
    axes: Axes,
    names: tuple[str, ...],
    towns: NDArray[np.object_],
    points_per_metre: float,
    font: FontProperties,
) -> None:
    """The names of towns that have room for them, under the features."""
    for name, town in zip(names, towns, strict=True):
        west, _, east, _ = town.bounds
        if width_of(name, size=_NAME_PT) < (east - west) * points_per_metre:
            x, y = town.point_on_surface().coords[0]
            axes.text(
                x, y, name, fontproperties=_sized(font, _NAME_PT), color=base_map.NAME,
                ha="center", va="center", clip_on=True, zorder=2,
            )  # fmt: skip


def _add_scale_bar(
    axes: Axes, plane: _Plane, points_per_metre: float, font: FontProperties
) -> None:
    """Two fields, one filled, at the lower left; its length holds at the centre of the map."""
    width, height = plane.east - plane.west, plane.north - plane.south
    metres = scale_bar.round_length(width * 0.22)
    length = scale_bar.length_on_plane(metres, plane.centre, plane.crs)
    x, y, thick = plane.west + width * 0.025, plane.south + height * 0.035, height * 0.009
    frame = [(x - 0.02 * width, y - 0.022 * height), (length + 0.06 * width, 0.07 * height)]
    axes.add_patch(_box(*frame[0], *frame[1], "white", None, 7))
    for number, colour in enumerate((INK, "white")):
        axes.add_patch(_box(x + number * length / 2, y, length / 2, thick, colour, INK, 8))
    has_room = points_per_metre * length > 110
    for share in (0, 0.5, 1) if has_room else (0, 1):
        label = "0" if not share else scale_bar.caption(metres * share)
        axes.text(
            x + share * length, y + thick * 1.6, label, fontproperties=_sized(font, _NOTE_PT),
            color=INK, ha="center", va="bottom", zorder=9, gid=f"scale-bar-{label}",
        )  # fmt: skip


def _box(
    x: float, y: float, width: float, height: float, fill: str, edge: str | None, order: float
) -> Patch:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    opacity = 1 if edge else 0.8
    return PathPatch(
        Path(corners, closed=True), facecolor=(fill, opacity), edgecolor=edge or "none",
        linewidth=0.6, zorder=order, gid="scale-bar" if edge else None,
    )  # fmt: skip


def _add_north(axes: Axes, plane: _Plane, letter: str, font: FontProperties) -> None:
    """An arrow to the true north of the map's centre, at the upper left."""
    outof = Transformer.from_crs(plane.crs, _LON_LAT, always_xy=True)
    longitude, latitude = outof.transform(*plane.centre)
    start, end = plane.placed(shapely.points([[longitude, latitude], [longitude, latitude + 0.01]]))
    angle = math.atan2(end.x - start.x, end.y - start.y)
    height = plane.north - plane.south
    x, y = plane.west + 0.035 * height, plane.north - 0.085 * height
    arrow = (
        np.array([(0, 1.15), (0.42, -0.6), (0, -0.25), (-0.42, -0.6), (0, 1.15)]) * 0.03 * height
    )
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    axes.add_patch(PathPatch(Path(arrow @ turn + (x, y), closed=True), facecolor=INK, zorder=8))
    axes.text(
        x, y + 0.037 * height, letter, fontproperties=_sized(font, 9, "bold"), color=INK,
        ha="center", va="bottom", zorder=8,
    )  # fmt: skip


def _legend(drawing: Drawing, font: FontProperties, *, frame: bool) -> dict[str, Any]:
    """What matplotlib makes a legend of: a class is drawn as each kind of geometry that the map has."""
    dimensions = set(drawing.dimensions.tolist())
    present = drawing.appearance.present
    width = (_LEGEND_MM - 16) * _POINTS_PER_MM
    title = drawing.appearance.title
    lines = wrapped(title or "", width + 12 * _POINTS_PER_MM, size=_LEGEND_PT)
    return {
        "handles": [tuple(_handles(each, dimensions)) for each in present],
        "labels": [
            "\n".join(wrapped(f"{each.title} ({each.count:,})", width, size=_LEGEND_PT))
            for each in present
        ],
        "handler_map": {tuple: HandlerTuple(ndivide=None, pad=0.2)},
        "prop": _sized(font, _LEGEND_PT),
        "title": "\n".join(lines) or None,
        "title_fontproperties": _sized(font, _LEGEND_PT, "bold"),
        "alignment": "left",
        "frameon": frame,
        "borderaxespad": 0.5 if frame else 0,
        "labelspacing": 0.7,
    }


def _handles(each: LegendClass, dimensions: set[int]) -> Iterator[Any]:
    symbol, middle = each.symbol, np.empty((0, 2))
    if AREA in dimensions:
        yield Patch(**_area_style(symbol))
        yield _markers(middle, as_dot(symbol, "area"), 1)
    elif LINE in dimensions:
        width = symbol.stroke_width_mm * _POINTS_PER_MM
        yield Line2D([], [], color=symbol.stroke, linewidth=width, linestyle=_dash(symbol))
        yield _markers(middle, as_dot(symbol, "line"), 1)
    if POINT in dimensions:
        yield _markers(middle, symbol, 1)
