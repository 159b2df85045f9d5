"""Which symbol each row of a frame has, and the legend that says so.

Classes come from the style of the collection, from codes or from numbers. Their colours are told apart
by people with any kind of colour blindness; classes of codes differ in shape or dash as well, those
of numbers in lightness and size, so that a print without colours still serves. Knows no drawing library
and no connection.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoservice.languages import Language, Text

Kind = Literal["point", "line", "area", "mixed"]
"""What a drawing's geometries are; `mixed` if there are several kinds."""

QUALITATIVE = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#f0e442",
)  # fmt: skip
"""Okabe and Ito, "Color Universal Design" (2008), without black."""

SEQUENTIAL = ("#f58b47", "#d5536f", "#a51f99", "#6300a7", "#0d0887")
"""Even steps of plasma (van der Walt and Smith, 2015) without its pale end: the darker, the more."""

GREY = "#bbbbbb"
INK = "#1f2937"

CERTAINTY = "certainty"
"""The column of an answer that tells how sure each row is; answers are coloured by it."""

CERTAINTIES: Mapping[str, Text] = {
    "certain": Text(zh="确定", en="certain"),
    "possible": Text(zh="可能：取决于位置精度", en="possible: the accuracy decides"),
    "unknown": Text(zh="未知：精度未说明", en="unknown: an accuracy is not stated"),
}

TRUTHS: Mapping[bool, Text] = {True: Text(zh="是", en="yes"), False: Text(zh="否", en="no")}

_SHAPES = ("circle", "square", "triangle", "diamond", "triangle_down", "star", "cross")
_DASHES: tuple[tuple[float, ...], ...] = (
    (), (3, 1), (1, 1), (4, 1, 1, 1), (6, 2), (2, 2), (1, 2),
)  # fmt: skip
DOT_SIZE_MM = 1.8
"""How large a dot is; an area or line that is smaller is drawn as one."""

_CLASSES_OF_NUMBERS = 5
_OTHER = Text(zh="其他", en="other")
_OTHERS = Text(zh="其他（{values} 个值）", en="other ({values} values)")
_NO_DATA = Text(zh="没有数据", en="no data")
_QUANTILES = Text(zh="{title}（各级数量大致相等）", en="{title} (about as many in each class)")


@dataclass(frozen=True, kw_only=True)
class Symbol:
    """What is drawn for a row; each kind of geometry uses the parts that it has.

    A point is a marker of `shape`, filled and outlined. A line is its stroke. An area is filled and
    outlined; without `fill` it is only outlined. Sizes are millimetres.
    """

    fill: str | None = QUALITATIVE[0]
    fill_opacity: float = 1
    stroke: str = "#000000"
    stroke_width_mm: float = 0.2
    dash_mm: tuple[float, ...] = ()
    shape: str = "circle"
    size_mm: float = 2.6


@dataclass(frozen=True)
class LegendClass:
    """One line of the legend: what it stands for, its symbol, how many rows are drawn so."""

    title: str
    symbol: Symbol
    count: int


@dataclass(frozen=True)
class Appearance:
    """The symbols of a frame's rows: `class_of` holds, for each row, the place of its class.

    `title` is what the classes tell apart; None if all rows look alike.
    """

    title: str | None
    classes: tuple[LegendClass, ...]
    class_of: NDArray[np.intp]

    @property
    def present(self) -> list[LegendClass]:
        """The classes that some row is of."""
        return [each for each in self.classes if each.count]


def as_dot(symbol: Symbol, kind: Kind) -> Symbol:
    """The symbol of an area or line that is too small to be seen as one: a small marker."""
    colour = symbol.stroke if kind == "line" or symbol.fill is None else symbol.fill
    return Symbol(
        fill=colour, stroke=INK, stroke_width_mm=0.1, shape=symbol.shape, size_mm=DOT_SIZE_MM
    )


def alike(rows: int, title: str, kind: Kind) -> Appearance:
    """All rows with one symbol."""
    classes = (LegendClass(title, _coloured(kind, 0), rows),)
    return Appearance(None, classes, np.zeros(rows, dtype=np.intp))


def by_style(frame: pd.DataFrame, legend: Mapping[str, Any]) -> Appearance | None:
    """By the legend that the service gives with a collection's style (`geoservice:legend`).

    None if the frame lacks the field by which the style tells classes.
    """
    field = legend["field"]
    symbols = [_symbol(each) for each in legend["classes"]]
    titles = [each["title"] for each in legend["classes"]]
    if field is None:
        place = np.zeros(len(frame), dtype=np.intp)
    elif field in frame:
        codes = [each["code"] for each in legend["classes"][:-1]]
        place = _places(frame[field], codes, elsewhere=len(codes))
    else:
        return None
    return _appearance(legend["field_title"], titles, symbols, place)


def by_values(
    values: "pd.Series[Any]", title: str, titles: Mapping[str, str], kind: Kind, language: Language
) -> Appearance:
    """By the values of a column: classes of quantiles for numbers, else one class for each value.

    `titles` say what values mean; classes come in their order. Beyond seven values the rarest share
    one class, which tells how many they are. Rows without a value are a class of their own.
    """
    if pd.api.types.is_bool_dtype(values.dtype):
        spoken = {str(truth): text.spoken(language) for truth, text in TRUTHS.items()}
        return _by_codes(values.astype("string"), title, spoken, kind, language)
    if pd.api.types.is_numeric_dtype(values.dtype) and not titles:
        return _by_numbers(values, title, kind, language)
    return _by_codes(values, title, titles, kind, language)


def _by_codes(
    values: "pd.Series[Any]", title: str, titles: Mapping[str, str], kind: Kind, language: Language
) -> Appearance:
    found = values.dropna().astype("string").value_counts().sort_index(kind="stable")
    ordered = sorted(found.index, key=lambda code: (_rank(code, titles), code))
    kept = ordered
    if len(ordered) > len(QUALITATIVE):
        frequent = set(found.sort_values(ascending=False, kind="stable").index[: len(_SHAPES) - 1])
        kept = [code for code in ordered if code in frequent]
    rest = len(ordered) - len(kept)
    shown = [titles.get(code, code) for code in kept]
    symbols = [_coloured(kind, number) for number in range(len(kept))]
    if rest:
        shown.append(_OTHERS.spoken(language).format(values=rest))
        symbols.append(replace(_coloured(kind, len(kept)), fill="#000000", stroke="#000000"))
    place = _places(values, kept, elsewhere=len(kept))
    return _with_no_data(values, title, shown, symbols, place, kind, language)


def _by_numbers(values: "pd.Series[Any]", title: str, kind: Kind, language: Language) -> Appearance:
    """Five classes with about as many rows each. The upper bound belongs to a class, the lower not."""
    numbers = values.astype("float64")
    known = numbers.dropna().to_numpy()
    if not len(known):
        return _with_no_data(
            values, title, [], [], np.zeros(len(values), dtype=np.intp), kind, language
        )
    least, *inner, most = _told_apart(
        np.unique(np.quantile(known, np.linspace(0, 1, _CLASSES_OF_NUMBERS + 1)))
    )
    place = np.searchsorted(np.array(inner), numbers.fillna(least).to_numpy(), side="left")
    edges = [_plain(edge) for edge in (least, *inner, most)]
    shown = [
        f"{low} – {high}" if n == 0 else f"> {low} – {high}"
        for n, (low, high) in enumerate(itertools.pairwise(edges))
    ]
    if least == most:
        shown = [edges[0]]
    steps = np.linspace(0, len(SEQUENTIAL) - 1, len(shown)).round().astype(int)
    symbols = [_graded(kind, int(step)) for step in (steps if len(shown) > 1 else [2])]
    named = _QUANTILES.spoken(language).format(title=title) if len(shown) > 1 else title
    return _with_no_data(values, named, shown, symbols, place, kind, language)


def _with_no_data(
    values: "pd.Series[Any]",
    title: str,
    titles: Sequence[str],
    symbols: Sequence[Symbol],
    place: NDArray[np.intp],
    kind: Kind,
    language: Language,
) -> Appearance:
    """A class more, for the rows whose value is not known: never one of the others."""
    grey = replace(_coloured(kind, 0), fill="#ffffff", stroke="#6b7280", dash_mm=(1, 1))
    place = np.where(values.isna().to_numpy(), len(titles), place)
    return _appearance(title, [*titles, _NO_DATA.spoken(language)], [*symbols, grey], place)


def _appearance(
    title: str | None, titles: Sequence[str], symbols: Sequence[Symbol], place: NDArray[np.intp]
) -> Appearance:
    counts = np.bincount(place, minlength=len(titles))
    classes = tuple(
        LegendClass(each, symbol, int(count))
        for each, symbol, count in zip(titles, symbols, counts, strict=True)
    )
    return Appearance(title, classes, place)


def _places(values: "pd.Series[Any]", codes: Sequence[str], *, elsewhere: int) -> NDArray[np.intp]:
    """The place of each value in a list of codes; `elsewhere` for what is not in it."""
    places = {code: place for place, code in enumerate(codes)}
    texts = values.astype("string").fillna("").tolist()
    return np.array([places.get(text, elsewhere) for text in texts], dtype=np.intp)


def _rank(code: str, titles: Mapping[str, str]) -> int:
    return list(titles).index(code) if code in titles else len(titles)


def _symbol(told: Mapping[str, Any]) -> Symbol:
    return Symbol(
        fill=told["fill"],
        fill_opacity=told["fill_opacity"],
        stroke=told["stroke"],
        stroke_width_mm=told["stroke_width_mm"],
        dash_mm=tuple(told["dash_mm"]),
        shape=told["shape"],
        size_mm=told["size_mm"],
    )


def _coloured(kind: Kind, number: int) -> Symbol:
    """The symbol of the n-th of several classes that have no order."""
    colour = QUALITATIVE[number % len(QUALITATIVE)]
    shape, dash = _SHAPES[number % len(_SHAPES)], _DASHES[number % len(_DASHES)]
    if kind == "point":
        return Symbol(fill=colour, shape=shape)
    if kind == "line":
        return Symbol(stroke=colour, stroke_width_mm=0.8, dash_mm=dash, shape=shape)
    if kind == "area":
        return Symbol(
            fill=colour,
            fill_opacity=0.6,
            stroke=INK,
            stroke_width_mm=0.3,
            dash_mm=dash,
            shape=shape,
        )
    return Symbol(fill=colour, fill_opacity=0.6, stroke=colour, stroke_width_mm=0.6, shape=shape)


def _graded(kind: Kind, step: int) -> Symbol:
    """The symbol of a step of classes from little to much."""
    colour = SEQUENTIAL[step]
    if kind == "line":
        return Symbol(stroke=colour, stroke_width_mm=0.5 + 0.15 * step)
    outline = INK if kind in ("point", "area") else colour
    return Symbol(
        fill=colour,
        fill_opacity=1 if kind == "point" else 0.75,
        stroke=outline,
        stroke_width_mm=0.2 if kind != "mixed" else 0.6,
        size_mm=2 + 0.4 * step,
    )


def _told_apart(bounds: NDArray[np.float64]) -> list[float]:
    """Bounds rounded to as few digits as tell them apart, at least three; two if there is but one.

    Rows are put into classes by the rounded bounds, so that the legend says what was done.
    """
    if len(bounds) == 1:
        return [float(bounds[0])] * 2
    for digits in range(3, 16):
        rounded = [float(f"{bound:.{digits}g}") for bound in bounds]
        if len(set(rounded)) == len(rounded):
            return rounded
    return [float(bound) for bound in bounds]


def _plain(number: float) -> str:
    """A number with thousands apart, without exponent unless it is very small."""
    if number and abs(number) < 1e-4:
        return f"{number:g}"
    text = f"{number:,.10f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
