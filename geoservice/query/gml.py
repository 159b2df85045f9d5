"""GML 2, 3.1 and 3.2 → shapes in the plane, x first, with the CRS that they were given in.

Reads what filters compare and what transactions store; judges form, not validity, and adds nothing.
The order of axes is settled here for every version of WFS.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError

from geoservice.crs import Crs, named
from geoservice.errors import BadGeometry, UnknownCrs
from geoservice.languages import Text
from geoservice.query import geometries
from geoservice.query.faults import shown
from geoservice.xml import Element, content, has_text, local_name, namespace

GML_3_2 = "http://www.opengis.net/gml/3.2"
GML_3_1 = "http://www.opengis.net/gml"
"""The namespace of GML 2 and GML 3.1 alike."""

NAMESPACES = frozenset({GML_3_1, GML_3_2})

Positions = NDArray[np.float64]
Spend = Callable[[int], None]
"""Takes note of so many vertices, and raises what its caller raises for too many."""


@dataclass(frozen=True)
class GmlReading:
    """By which rules the geometries of one document are read.

    `default` is the CRS of a geometry without `srsName`: that of its feature type, with the axis
    order of the authority. `x_first` is the rule of documents of WFS 1.0.0, which mean longitude
    or easting first by every name. `place` is what messages call the place of a geometry.
    """

    default: Crs
    allowed: tuple[Crs, ...]
    x_first: bool = False
    place: str = "filter"

    def crs(self, name: str | None, *, attribute: str = "srsName") -> Crs:
        """The CRS that a name means, with the axis order of coordinates given under it.

        A URN or an http URI means the order of the authority, `EPSG:n` and CRS84 mean x first, no
        name means the default. Raises `UnknownCrs` for any other.
        """
        crs = self.default if name is None else named(name.strip(), self.allowed)
        if crs is None:
            offered = [each.urn for each in self.allowed]
            raise UnknownCrs(name=attribute, value=name, allowed=offered)
        return replace(crs, y_first=False) if self.x_first else crs


@dataclass(frozen=True)
class GivenShape:
    """A shape as it was given: in the plane, x first, in a CRS."""

    shape: shapely.Geometry
    crs: Crs


def is_gml(element: Element) -> bool:
    """Whether an element is one of GML."""
    return namespace(element) in NAMESPACES


def shape(
    element: Element, reading: GmlReading, *, spend: Spend, drop_heights: bool = False
) -> GivenShape:
    """The shape of a geometry element; validity is not judged.

    Heights are refused, as nothing here stores them, unless `drop_heights`: a relation in the
    plane has no use for them. Raises `BadGeometry` and `UnknownCrs`.
    """
    return _Reader(reading, spend, drop_heights).shape(element, GEOMETRIES)


def box(element: Element, reading: GmlReading, *, spend: Spend) -> GivenShape:
    """The shape of an `Envelope` or `Box`: a polygon, or less if it has no extent."""
    return _Reader(reading, spend, drop_heights=True).shape(element, BOXES)


@dataclass(frozen=True)
class _Scope:
    """What an element hands down to those inside it."""

    crs: Crs
    dimension: int | None = None


@dataclass(frozen=True)
class _Collection:
    """A geometry of several: the elements that hold its members, what these are, how it is made."""

    members: tuple[str, str]  # for one, for several
    types: tuple[str, ...]
    made: Callable[[Sequence[shapely.Geometry]], shapely.Geometry]


_COLLECTIONS = {
    "MultiPoint": _Collection(("pointMember", "pointMembers"), ("Point",), shapely.MultiPoint),
    "MultiLineString": _Collection(
        ("lineStringMember", "lineStringMembers"), ("LineString",), shapely.MultiLineString
    ),
    "MultiCurve": _Collection(
        ("curveMember", "curveMembers"), ("LineString", "Curve"), shapely.MultiLineString
    ),
    "MultiPolygon": _Collection(
        ("polygonMember", "polygonMembers"), ("Polygon",), shapely.MultiPolygon
    ),
    "MultiSurface": _Collection(
        ("surfaceMember", "surfaceMembers"), ("Polygon", "Surface"), shapely.MultiPolygon
    ),
}
GEOMETRIES = ("Point", "LineString", "Curve", "Polygon", "Surface", *_COLLECTIONS)
BOXES = ("Envelope", "Box")

_ATTRIBUTES = frozenset(
    {
        "srsName",
        "srsDimension",
        "axisLabels",  # the axes of srsName by their abbreviations, which change nothing
        "uomLabels",
        "count",
        "gid",
        "decimal",
        "cs",
        "ts",
        "interpolation",
        *(f"{{{each}}}id" for each in NAMESPACES),
    }
)
_STRAIGHT = frozenset({"linear", "planar"})
_XLINK = "{http://www.w3.org/1999/xlink}"
_NUMERALS = re.compile(r"[-+.0-9eE \t\r\n]*")
_SEPARATOR = re.compile(r"[^-+.0-9eE\w]")
_LEAST_OF_A_RING = 4


class _Reader:
    """Reads one geometry, in one CRS."""

    def __init__(self, reading: GmlReading, spend: Spend, drop_heights: bool) -> None:
        self._reading = reading
        self._spend = spend
        self._drop_heights = drop_heights
        self._crs: Crs | None = None

    def shape(self, element: Element, allowed: tuple[str, ...]) -> GivenShape:
        outermost = _Scope(self._reading.crs(None))
        try:
            shape = self._geometry(element, outermost, allowed)
        except ShapelyError as fault:
            detail = str(fault)[:200]
            raise self._bad(
                f"无法构成几何（{detail}）。", f"it cannot be built ({detail})."
            ) from None
        assert self._crs is not None  # no shape is without positions
        return GivenShape(shape, self._crs)

    def _bad(self, zh: str, en: str) -> BadGeometry:
        return BadGeometry(name=self._reading.place, reason=Text(zh=zh, en=en))

    # Geometries

    def _geometry(
        self, element: Element, outer: _Scope, allowed: tuple[str, ...]
    ) -> shapely.Geometry:
        name = local_name(element)
        if not is_gml(element) or name not in allowed:
            raise self._unexpected(element, allowed)
        scope = self._scope(element, outer)
        if name in _COLLECTIONS:
            return self._collection(element, scope, _COLLECTIONS[name])
        match name:
            case "Point":
                return shapely.Point(*self._corner(self._positions(element, scope)))
            case "LineString":
                return shapely.LineString(self._line(element, scope))
            case "Curve":
                return self._curve(element, scope)
            case "Polygon":
                return self._polygon(element, scope)
            case "Surface":
                return self._surface(element, scope)
        return self._box(element, scope)

    def _collection(
        self, element: Element, scope: _Scope, collection: _Collection
    ) -> shapely.Geometry:
        parts = []
        for holder in self._children(element, collection.members):
            inner = self._scope(holder, scope)
            members = list(self._children(holder, collection.types))
            if not members or (len(members) > 1 and local_name(holder) == collection.members[0]):
                raise self._bad(
                    f"{local_name(holder)} 的成员个数不对。",
                    f"{local_name(holder)} has {len(members)} members.",
                )
            parts += [self._geometry(each, inner, collection.types) for each in members]
        if not parts:
            raise self._bad(f"{local_name(element)} 为空。", f"the {local_name(element)} is empty.")
        return collection.made(parts)

    def _curve(self, element: Element, scope: _Scope) -> shapely.Geometry:
        segments = [
            self._line(segment, self._scope(segment, scope))
            for holder in self._children(element, ("segments",))
            for segment in self._children(holder, ("LineStringSegment",))
        ]
        if not segments:
            raise self._bad("Curve 没有线段。", "the Curve has no segments.")
        for before, after in pairwise(segments):
            if tuple(before[-1]) != tuple(after[0]):
                raise self._bad(
                    "Curve 的各段没有首尾相接。", "a segment of the Curve begins elsewhere."
                )
        return shapely.LineString(np.concatenate([segments[0], *(s[1:] for s in segments[1:])]))

    def _surface(self, element: Element, scope: _Scope) -> shapely.Geometry:
        patches = [
            patch
            for holder in self._children(element, ("patches", "polygonPatches"))
            for patch in self._children(holder, ("PolygonPatch",))
        ]
        if len(patches) != 1:
            raise self._bad(
                f"Surface 须恰有一个 PolygonPatch，给出了 {len(patches)} 个；请用 MultiSurface。",
                f"a Surface has one PolygonPatch, not {len(patches)}; use MultiSurface.",
            )
        return self._polygon(patches[0], self._scope(patches[0], scope))

    def _polygon(self, element: Element, scope: _Scope) -> shapely.Geometry:
        shells: list[Positions] = []
        holes: list[Positions] = []
        names = ("exterior", "outerBoundaryIs", "interior", "innerBoundaryIs")
        for holder in self._children(element, names):
            inner = self._scope(holder, scope)
            rings = list(self._children(holder, ("LinearRing",)))
            found = [self._ring(ring, self._scope(ring, inner)) for ring in rings]
            # GML 2 allows one ring in each boundary, as later versions do (OGC 02-069, 4.3).
            if len(found) != 1:
                raise self._bad("每条边界须恰有一个环。", "a boundary has one ring.")
            (shells if local_name(holder) in names[:2] else holes).extend(found)
        if len(shells) != 1:
            raise self._bad("多边形须恰有一个外环。", "a polygon has one exterior ring.")
        return shapely.Polygon(shells[0], holes)

    def _ring(self, element: Element, scope: _Scope) -> Positions:
        ring = self._positions(element, scope)
        if len(ring) < _LEAST_OF_A_RING or tuple(ring[0]) != tuple(ring[-1]):
            raise self._bad(
                "多边形的环没有闭合，或少于 4 个点。",
                "a ring of a polygon is not closed, or has fewer than 4 positions.",
            )
        return ring

    def _line(self, element: Element, scope: _Scope) -> Positions:
        line = self._positions(element, scope)
        if len(line) < 2:
            raise self._bad("线至少要有 2 个点。", "a line has 2 positions or more.")
        return line

    def _box(self, element: Element, scope: _Scope) -> shapely.Geometry:
        corners = {local_name(child): child for child in element}
        if {"lowerCorner", "upperCorner"} == set(corners) and len(element) == 2:
            self._children(element, tuple(corners))
            ends = [
                self._one(corners[name], self._scope(corners[name], scope))
                for name in ("lowerCorner", "upperCorner")
            ]
            positions = np.concatenate(ends)
        else:
            positions = self._positions(element, scope)
        if len(positions) != 2:
            raise self._bad("范围框须恰有两个角点。", "a box has two corners.")
        low, high = self._corner(positions[:1]), self._corner(positions[1:])
        return geometries.box(low, high, wraps=scope.crs.is_storage)

    def _corner(self, positions: Positions) -> tuple[float, float]:
        if len(positions) != 1:
            raise self._bad("点须恰有一个坐标。", "a Point has one position.")
        x, y = positions[0].tolist()
        return x, y

    # Positions

    def _positions(self, element: Element, scope: _Scope) -> Positions:
        """The positions written in an element, in whichever of the three ways."""
        children = self._children(element, ("pos", "posList", "coordinates"))
        ways = {local_name(child) for child in children}
        if not children or len(ways) > 1 or (ways != {"pos"} and len(children) > 1):
            raise self._bad(
                f"{local_name(element)} 须以 pos、posList 或 coordinates 之一给出坐标。",
                f"{local_name(element)} states its positions by pos, by one posList or by one coordinates.",
            )
        if ways == {"pos"}:
            each = [self._one(child, self._scope(child, scope)) for child in children]
            return np.concatenate(each)
        (only,) = children
        inner = self._scope(only, scope)
        read = self._list if ways == {"posList"} else self._tuples
        return read(only, inner)

    def _one(self, element: Element, scope: _Scope) -> Positions:
        numerals = self._numerals(element)
        dimension = scope.dimension or len(numerals)
        if len(numerals) != dimension:
            raise self._wrong_count(element, len(numerals), dimension)
        return self._plane(numerals, dimension, scope)

    def _list(self, element: Element, scope: _Scope) -> Positions:
        numerals, dimension = self._numerals(element), scope.dimension or 2
        count = element.get("count")
        if not numerals or len(numerals) % dimension:
            raise self._wrong_count(element, len(numerals), dimension)
        if count is not None and count.strip() != str(len(numerals) // dimension):
            raise self._bad(
                f"posList 的 count“{shown(count)}”与坐标个数不符。",
                f"the count of the posList, “{shown(count)}”, is not that of its positions.",
            )
        return self._plane(numerals, dimension, scope)

    def _tuples(self, element: Element, scope: _Scope) -> Positions:
        """The positions of `coordinates`, whose separators its attributes state (OGC 02-069, 4.3.1)."""
        decimal, comma, blank = (
            element.get(name, usual) for name, usual in (("decimal", "."), ("cs", ","), ("ts", " "))
        )
        self._check_separators(decimal, comma, blank)
        text = self._text(element)
        tuples = text.split() if blank.isspace() else text.strip().split(blank)
        numbers = tuples[0].count(comma) + 1 if tuples else 0
        if any(each.count(comma) + 1 != numbers for each in tuples):
            raise self._bad("各坐标的维数不一致。", "its positions differ in their dimension.")
        if scope.dimension not in (None, numbers):
            raise self._wrong_count(element, numbers, scope.dimension or 2)
        joined = " ".join(each.replace(comma, " ") for each in tuples)
        if decimal != ".":
            if "." in joined:
                raise self._not_finite(joined)
            joined = joined.replace(decimal, ".")
        numerals = self._split(joined)
        if len(numerals) != numbers * len(tuples):
            raise self._bad("坐标中缺少数字。", "a number is missing in its coordinates.")
        return self._plane(numerals, numbers, scope)

    def _check_separators(self, decimal: str, comma: str, blank: str) -> None:
        usable = decimal in (".", ",") and all(
            len(each) == 1 and (_SEPARATOR.fullmatch(each) or each == "_")
            for each in (comma, blank)
        )
        if not usable or len({decimal, comma, blank}) < 3:
            raise self._bad(
                f"coordinates 的分隔符无效：decimal“{shown(decimal)}” cs“{shown(comma)}” ts“{shown(blank)}”。",
                f"the separators of coordinates are not usable: decimal “{shown(decimal)}”, "
                f"cs “{shown(comma)}”, ts “{shown(blank)}”.",
            )

    def _numerals(self, element: Element) -> list[str]:
        return self._split(self._text(element))

    def _text(self, element: Element) -> str:
        if len(element):
            raise self._unexpected(element[0], ())
        return content(element)

    def _split(self, text: str) -> list[str]:
        if not _NUMERALS.fullmatch(text):
            raise self._not_finite(text)
        return text.split()

    def _plane(self, numerals: list[str], dimension: int, scope: _Scope) -> Positions:
        """Numerals as positions of two numbers, x first."""
        if dimension not in (2, 3):
            raise self._bad(f"坐标须为 2 维，不能是 {dimension} 维。", "a position has 2 numbers.")
        if dimension == 3 and not self._drop_heights:
            raise self._bad(
                "不保存高程；请给出二维坐标。", "heights are not stored; give 2 dimensions."
            )
        if self._crs is not None and self._crs.srid != scope.crs.srid:
            raise self._bad("一个几何使用了两种坐标系。", "one geometry is in two CRSs.")
        self._crs = self._crs or scope.crs
        self._spend(len(numerals) // dimension)
        try:
            numbers = np.array(numerals, dtype=np.float64)
        except ValueError:
            raise self._not_finite(" ".join(numerals)) from None
        if not np.isfinite(numbers).all():
            raise self._not_finite(" ".join(numerals))
        positions = numbers.reshape(-1, dimension)[:, :2]
        return positions[:, ::-1] if scope.crs.y_first else positions

    # What surrounds them

    def _scope(self, element: Element, outer: _Scope) -> _Scope:
        """What holds inside an element, whose attributes are all known."""
        for name, value in element.attrib.items():
            self._check_attribute(str(name), str(value))
        srs_name, dimension = element.get("srsName"), element.get("srsDimension")
        if dimension not in (None, "2", "3"):
            raise self._bad(
                f"srsDimension“{shown(dimension)}”无效；允许：2、3。",
                f"srsDimension cannot be “{shown(dimension)}”; allowed: 2, 3.",
            )
        return _Scope(
            outer.crs if srs_name is None else self._reading.crs(srs_name),
            outer.dimension if dimension is None else int(dimension),
        )

    def _check_attribute(self, name: str, value: str) -> None:
        if name.startswith(_XLINK):
            raise self._bad("不跟随 xlink 引用。", "references by xlink are not followed.")
        if name not in _ATTRIBUTES:
            raise self._bad(f"未知的属性“{shown(name)}”。", f"it has an attribute “{shown(name)}”.")
        if name == "interpolation" and value not in _STRAIGHT:
            raise self._bad(
                f"不支持插值方式“{shown(value)}”；只支持直线。",
                f"interpolation “{shown(value)}” is not read here; lines are straight.",
            )

    def _children(self, element: Element, allowed: tuple[str, ...]) -> list[Element]:
        if has_text(element):
            raise self._bad(
                f"{local_name(element)} 中有多余的文字。",
                f"there is text in {local_name(element)} where none belongs.",
            )
        children: list[Any] = list(element)
        for child in children:
            if not is_gml(child) or local_name(child) not in allowed:
                raise self._unexpected(child, allowed)
        return children

    def _unexpected(self, element: Element, allowed: tuple[str, ...]) -> BadGeometry:
        name, names = shown(local_name(element)), ", ".join(allowed) or "—"
        where = "" if is_gml(element) else f"{{{shown(namespace(element))}}}"
        return self._bad(
            f"不支持“{where}{name}”；可用：{names}。",
            f"“{where}{name}” is not read here; allowed: {names}.",
        )

    def _wrong_count(self, element: Element, count: int, dimension: int) -> BadGeometry:
        name = local_name(element)
        return self._bad(
            f"{name} 有 {count} 个数，与维数 {dimension} 不符。",
            f"{name} has {count} numbers, which does not fit dimension {dimension}.",
        )

    def _not_finite(self, text: str) -> BadGeometry:
        wrong = next((each for each in text.split() if not _is_number(each)), "")
        return self._bad(
            f"坐标须为有限的数，不能是“{shown(wrong)}”。",
            f"coordinates are finite numbers; “{shown(wrong)}” is not.",
        )


def _is_number(text: str) -> bool:
    try:
        return bool(_NUMERALS.fullmatch(text)) and bool(np.isfinite(float(text)))
    except ValueError:
        return False
