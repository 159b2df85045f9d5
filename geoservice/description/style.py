"""How a layer looks, declared once: symbols, classes by a coded field, scales, labels.

Pure data; QGIS styles, SLD and whole projects are written from it elsewhere. Sizes are millimetres on
paper or screen, scales are denominators: 50 000 means 1:50 000.

The colours are those of Okabe and Ito, "Color Universal Design" (2008, jfly.uni-koeln.de/color): people
with any kind of colour blindness tell them apart. Their greys lie close together, so where a mistake
would matter classes differ in shape as well, which also serves a print without colours.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from geoservice.languages import Text

BLACK = "#000000"
ORANGE = "#e69f00"
SKY_BLUE = "#56b4e9"
BLUISH_GREEN = "#009e73"
YELLOW = "#f0e442"
BLUE = "#0072b2"
VERMILLION = "#d55e00"
REDDISH_PURPLE = "#cc79a7"

GREY = "#bbbbbb"
"""Of what is outside the classes; it stands back behind every colour of the palette."""

_COLOUR = re.compile("#[0-9a-f]{6}")


class Shape(StrEnum):
    """The shapes of markers: those that Symbology Encoding names, some of them turned."""

    CIRCLE = "circle"
    SQUARE = "square"
    DIAMOND = "diamond"  # a square turned by 45°
    TRIANGLE = "triangle"
    TRIANGLE_DOWN = "triangle_down"  # a triangle turned by 180°
    STAR = "star"
    CROSS = "cross"


@dataclass(frozen=True, kw_only=True)
class Symbol:
    """What is drawn for a feature; each kind of geometry uses the parts that it has.

    A point is a marker of `shape` and `size_mm`, filled and outlined. A line is its stroke. An area
    is filled and outlined; without `fill` it is only outlined. A row without geometry has its cell
    coloured. `dash_mm` are lengths of dash and gap in turn.
    """

    fill: str | None = None
    fill_opacity: float = 1
    stroke: str = BLACK
    stroke_width_mm: float = 0.2
    dash_mm: tuple[float, ...] = ()
    shape: Shape = Shape.CIRCLE
    size_mm: float = 3

    def __post_init__(self) -> None:
        for colour in (self.fill, self.stroke):
            if colour is not None and not _COLOUR.fullmatch(colour):
                raise ValueError(f"colour {colour!r} is not written as #rrggbb in small letters")
        if not 0 <= self.fill_opacity <= 1:
            raise ValueError("an opacity is between 0 and 1")
        if len(self.dash_mm) % 2:
            raise ValueError("a dash is followed by a gap")


@dataclass(frozen=True, kw_only=True)
class SymbolClass:
    """The features with one code. Without `title` its meaning in the field's code list is shown."""

    code: str
    symbol: Symbol
    title: Text | None = None


@dataclass(frozen=True, kw_only=True)
class Classification:
    """Symbols by the codes of one field; features with another code have the style's own symbol."""

    field: str
    classes: tuple[SymbolClass, ...]

    def __post_init__(self) -> None:
        codes = [each.code for each in self.classes]
        if not codes or len(set(codes)) < len(codes):
            raise ValueError("a classification has classes, each with its own code")


@dataclass(frozen=True, kw_only=True)
class Label:
    """The field written at a feature, up to a scale: further out labels would hide each other."""

    field: str
    max_scale_denominator: int | None = None
    size_pt: float = 9


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a collection is drawn, and between which scales (OGC 05-077r4, 10.2).

    `min_scale_denominator`, the nearest, is included; `max_scale_denominator`, the furthest, is not.
    """

    symbol: Symbol
    classification: Classification | None = None
    label: Label | None = None
    min_scale_denominator: int | None = None
    max_scale_denominator: int | None = None

    def __post_init__(self) -> None:
        nearest, furthest = self.min_scale_denominator, self.max_scale_denominator
        if nearest is not None and furthest is not None and nearest >= furthest:
            raise ValueError("the range of scales is empty")
