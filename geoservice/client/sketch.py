"""A sketch of where a collection lies, as an inline SVG: its box in the outlines of the towns.

No tiles, no request, no exact map: latitude and longitude are drawn with the proportion that they have
in the middle of the sketch. Knows no HTTP.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from geoservice.client.markup import Markup, element, joined

Box = tuple[float, float, float, float]
Ring = Sequence[tuple[float, float]]

_WIDTH, _HIGHEST, _MARGIN = 300, 220, 8
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 45.0)
_MOST_LINES = 6
_SMALLEST_SPAN = 0.02
_FAINT = "rgba(128,128,128,.55)"


@dataclass(frozen=True)
class _Frame:
    """From degrees to pixels; y downwards."""

    west: float
    south: float
    east: float
    north: float

    @property
    def scale(self) -> float:
        width = (self.east - self.west) * self._narrowing
        height = self.north - self.south
        return min((_WIDTH - 2 * _MARGIN) / width, (_HIGHEST - 2 * _MARGIN) / height)

    @property
    def height(self) -> float:
        return (self.north - self.south) * self.scale + 2 * _MARGIN

    @property
    def width(self) -> float:
        return (self.east - self.west) * self._narrowing * self.scale + 2 * _MARGIN

    @property
    def _narrowing(self) -> float:
        return max(0.05, math.cos(math.radians((self.south + self.north) / 2)))

    def x(self, longitude: float) -> str:
        return f"{(longitude - self.west) * self._narrowing * self.scale + _MARGIN:.1f}"

    def y(self, latitude: float) -> str:
        return f"{(self.north - latitude) * self.scale + _MARGIN:.1f}"


def sketch(extent: Box, outlines: Iterable[Ring], title: str) -> Markup:
    """The box of a collection, in degrees, among outlines and the lines of the graticule.

    Args:
        extent: west, south, east, north.
        outlines: rings to be drawn faintly; none is fine.
        title: what is told to people who do not see it.
    """
    rings = [ring for ring in outlines if len(ring) > 1]
    frame = _frame(extent, rings)
    west, south, east, north = extent
    path = "".join(
        "M" + "L".join(f"{frame.x(x)} {frame.y(y)}" for x, y in ring) + "Z" for ring in rings
    )
    drawn = [
        element("title", title),
        *_graticule(frame),
        element("path", d=path, fill="none", stroke=_FAINT, stroke_width="0.7"),
        element(
            "rect",
            x=frame.x(west),
            y=frame.y(north),
            width=f"{max(2.0, float(frame.x(east)) - float(frame.x(west))):.1f}",
            height=f"{max(2.0, float(frame.y(south)) - float(frame.y(north))):.1f}",
            fill="rgba(31,119,180,.15)",
            stroke="rgb(31,119,180)",
            stroke_width="1.5",
        ),
    ]
    return element(
        "svg",
        joined(drawn),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {frame.width:.0f} {frame.height:.0f}",
        width=f"{frame.width:.0f}",
        height=f"{frame.height:.0f}",
        role="img",
    )


def _frame(extent: Box, rings: Sequence[Ring]) -> _Frame:
    """Around everything that is drawn, and a little more where that is a point."""
    xs = [extent[0], extent[2], *(x for ring in rings for x, _ in ring)]
    ys = [extent[1], extent[3], *(y for ring in rings for _, y in ring)]
    west, south, east, north = min(xs), min(ys), max(xs), max(ys)
    missing_x = max(0.0, _SMALLEST_SPAN - (east - west)) / 2
    missing_y = max(0.0, _SMALLEST_SPAN - (north - south)) / 2
    return _Frame(west - missing_x, south - missing_y, east + missing_x, north + missing_y)


def _graticule(frame: _Frame) -> Iterable[Markup]:
    """Lines of round longitudes and latitudes, with their degrees."""
    widest = max(frame.east - frame.west, frame.north - frame.south)
    step = next((each for each in _STEPS if widest / each <= _MOST_LINES), _STEPS[-1])
    left, right = f"{_MARGIN / 2:.1f}", f"{frame.width - _MARGIN / 2:.1f}"
    top, bottom = f"{_MARGIN / 2:.1f}", f"{frame.height - _MARGIN / 2:.1f}"
    for longitude in _round_between(frame.west, frame.east, step):
        x = frame.x(longitude)
        yield _line(x, top, x, bottom)
        yield _label(x, bottom, f"{longitude:g}°", "middle")
    for latitude in _round_between(frame.south, frame.north, step):
        y = frame.y(latitude)
        yield _line(left, y, right, y)
        yield _label(left, y, f"{latitude:g}°", "start")


def _round_between(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(number * step, 6) for number in range(first, last + 1)]


def _line(x1: str, y1: str, x2: str, y2: str) -> Markup:
    return element(
        "line",
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        stroke=_FAINT,
        stroke_width="0.5",
        stroke_dasharray="2 3",
    )


def _label(x: str, y: str, text: str, anchor: str) -> Markup:
    return element(
        "text",
        text,
        x=x,
        y=y,
        text_anchor=anchor,
        fill="currentColor",
        fill_opacity="0.7",
        font_size="9",
        dy="-1",
    )
