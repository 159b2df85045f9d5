"""Elements of a filter → conditions. One method for each kind of operator."""

import re
from collections.abc import Callable, Sequence

from geoservice.description.collection import Collection, FieldType
from geoservice.errors import BadFilter, UnknownFunction
from geoservice.query import geometries, gml
from geoservice.query.faults import bad, shown
from geoservice.query.fes import feature_ids, operators
from geoservice.query.fes.expressions import Expressions, check, children, wrong_namespace
from geoservice.query.fes.literals import number, typed
from geoservice.query.fes.operators import FES_2_0, OGC
from geoservice.query.fes.references import Absent
from geoservice.query.fes.times import time
from geoservice.query.filter import (
    And,
    ArrayRelation,
    Between,
    Compare,
    Comparison,
    Condition,
    Folded,
    Geometry,
    GeometryValue,
    In,
    Interval,
    IsNull,
    Like,
    Literal,
    Near,
    Not,
    Or,
    Property,
    Relate,
    RelateInTime,
    RelateLists,
    Spatial,
    Temporal,
    TemporalValue,
    TextFunction,
    Truth,
)
from geoservice.query.gml import GmlReading
from geoservice.query.limits import Budget, FilterLimits
from geoservice.query.names import Kind, kind_of
from geoservice.xml import BLANKS, SCHEMA_INSTANCE, Element, content, local_name, namespace

_COMPARISONS = {each.element: sign for sign, each in operators.COMPARISONS.items()}
_SPATIAL = {each.element: relation for relation, each in operators.SPATIAL.items()}
_TEMPORAL = {each.element: relation for relation, each in operators.TEMPORAL.items()}
_NEAR = {operators.DWITHIN.element: False, operators.BEYOND.element: True}  # whether beyond
_IDS: dict[str, dict[str, tuple[str, ...]]] = {
    FES_2_0: {"ResourceId": ("rid",)},
    OGC: {
        "FeatureId": ("fid",),
        "GmlObjectId": ("id", *(f"{{{each}}}id" for each in sorted(gml.NAMESPACES))),
    },
}
_EXPRESSIONS = frozenset({"ValueReference", "PropertyName", "Literal", *operators.ARITHMETIC})
_MATCH_ACTIONS = frozenset({"any", "all", "one"})
"""For a property with one value the three mean the same; of a list, any value may be equal."""

_UNIT = re.compile(
    r"(?:urn:ogc:def:uom:(?P<a>[^:]*):[^:]*:|https?://www\.opengis\.net/def/uom/(?P<b>[^/]*)/[^/]*/)(?P<name>.+)",
    re.IGNORECASE,
)
_EPSG_UNITS = {"9001": "metre", "9036": "kilometre"}


class Reader:
    """Reads one filter; what it has spent of the limits is part of it."""

    def __init__(
        self, collection: Collection, space: str, reading: GmlReading, limits: FilterLimits
    ) -> None:
        self._collection = collection
        self._namespace = space
        self._reading = reading
        self._budget = Budget(limits)
        self._expressions = Expressions(collection, space, self._budget)

    def filter(self, element: Element) -> Condition:
        """The condition that a `Filter` element states."""
        check(element, f"{{{SCHEMA_INSTANCE}}}schemaLocation")
        inside = children(element)
        if inside and all(self._id_attributes(each) for each in inside):
            with self._budget.operator():
                return self._ids(inside)
        if len(inside) != 1:
            raise bad(
                f"Filter 须恰有一个条件，给出了 {len(inside)} 个。",
                f"a Filter holds one condition, not {len(inside)}.",
            )
        return self.condition(inside[0])

    def condition(self, element: Element) -> Condition:
        """A condition of any kind."""
        if namespace(element) != self._namespace:
            raise wrong_namespace(element, self._namespace)
        name = local_name(element)
        if name in ("And", "Or"):
            return self._junction(element)
        with self._budget.operator():
            return self._operator(name, element)

    def _operator(self, name: str, element: Element) -> Condition:
        if name in _COMPARISONS:
            return self._compare(_COMPARISONS[name], element)
        if name in _SPATIAL:
            return self._relate(_SPATIAL[name], element)
        if name in _NEAR:
            return self._near(_NEAR[name], element)
        if self._id_attributes(element):
            return self._ids([element])
        if name in _TEMPORAL and self._namespace == FES_2_0:
            return self._in_time(_TEMPORAL[name], element)
        read = self._others().get(name)
        if read is None:
            raise self._unknown(name, element)
        return read(element)

    def _others(self) -> dict[str, Callable[[Element], Condition]]:
        return {
            "Not": self._not,
            operators.BETWEEN.element: self._between,
            operators.LIKE.element: self._like,
            operators.NULL.element: self._is_null,
            operators.BBOX.element: self._bbox,
            **({operators.NIL.element: self._is_null} if self._namespace == FES_2_0 else {}),
        }

    def _unknown(self, name: str, element: Element) -> BadFilter:
        if name == "Function":
            called = shown(element.get("name", ""))
            return UnknownFunction(value=called, allowed=sorted(operators.FUNCTIONS))
        if name in operators.OF_PERIODS and self._namespace == FES_2_0:
            return bad(
                f"{name} 只适用于时段；此处的属性都是时刻。",
                f"{name} relates a period; every property here is an instant.",
                value=name,
            )
        if name in _EXPRESSIONS:
            return bad(f"“{name}”不是条件。", f"“{name}” is not a condition.", value=name)
        timely = _TEMPORAL if self._namespace == FES_2_0 else {}
        known = (*operators.LOGICAL[:2], *_COMPARISONS, *_SPATIAL, *_NEAR, *timely, *self._others())
        allowed = ", ".join(sorted({*known, *_IDS[self._namespace]}))
        return bad(
            f"没有运算符“{shown(name)}”；可用：{allowed}。",
            f"there is no operator “{shown(name)}”; allowed: {allowed}.",
            value=name,
        )

    # Logic and ids

    def _junction(self, element: Element) -> Condition:
        check(element)
        inside, name = children(element), local_name(element)
        if not inside:
            raise bad(f"{name} 没有条件。", f"{name} has no conditions.")
        if name == "Or" and len(inside) > 1 and (among := self._among(inside)):
            return among
        with self._budget.operator(max(1, len(inside) - 1)):
            conditions = tuple(self.condition(each) for each in inside)
        if len(conditions) == 1:
            return conditions[0]
        return And(conditions) if name == "And" else Or(conditions)

    def _among(self, inside: Sequence[Element]) -> In | None:
        """The `In` that an `Or` of equalities of one property with literals is; None if it is not.

        So do clients write a list, which may be longer than a filter may have operators.
        """
        references, literals = [], []
        for each in inside:
            sides = list(each)
            plain = local_name(each) == operators.COMPARISONS[Comparison.EQUAL].element
            if namespace(each) != self._namespace or not plain or each.attrib or len(sides) != 2:
                return None
            reference, literal = sides
            if not self._expressions.is_reference(reference):
                return None
            if not self._expressions.is_literal(literal):
                return None
            children(each)
            references.append(reference)
            literals.append(literal)
        named = {self._expressions.reference(each) for each in references}
        if len(named) > 1 or any(
            isinstance(p, Property) and kind_of(p) is Kind.LIST for p in named
        ):
            return None
        self._budget.items(len(literals))
        with self._budget.operator():
            first, *others = self._expressions.comparable((references[0], *literals), ordered=False)
        return In(first, tuple(others))

    def _not(self, element: Element) -> Condition:
        check(element)
        (inside,) = children(element, 1)
        return Not(self.condition(inside))

    def _id_attributes(self, element: Element) -> tuple[str, ...]:
        """The attributes of which one holds an id, if the element is made for that.

        Such an element may be in no namespace: a widespread library writes it so when it deletes.
        """
        if namespace(element) not in ("", self._namespace):
            return ()
        return _IDS[self._namespace].get(local_name(element), ())

    def _ids(self, elements: Sequence[Element]) -> Condition:
        self._budget.items(len(elements))
        return feature_ids.one_of([self._id(each) for each in elements], self._collection)

    def _id(self, element: Element) -> str:
        attributes = self._id_attributes(element)
        check(element, *attributes)
        children(element, 0)
        found = next((element.get(each) for each in attributes if each in element.attrib), None)
        return found or ""

    # Comparisons

    def _compare(self, sign: Comparison, element: Element) -> Condition:
        check(element, "matchCase", "matchAction")
        action = element.get("matchAction", "Any")
        if action.lower() not in _MATCH_ACTIONS:
            raise _bad_attribute(element, "matchAction", action, "Any, All, One")
        folded, ordered = not _match_case(element), sign not in _EQUALITIES
        sides = children(element, 2)
        if sign is Comparison.EQUAL and action.lower() == "any" and not folded:
            among = self._member(*sides) or self._member(*reversed(sides))
            if among is not None:
                return among
        left, right = self._expressions.comparable(sides, folded=folded, ordered=ordered)
        return Compare(sign, left, right)

    def _member(self, reference: Element, literal: Element) -> RelateLists | None:
        """A list with a literal among its values (OGC 09-026r2, 7.7.3.3); None if it is no list."""
        is_plain = self._expressions.is_reference(reference) and self._expressions.is_literal(
            literal
        )
        found = self._expressions.reference(reference) if is_plain else None
        if not isinstance(found, Property) or kind_of(found) is not Kind.LIST:
            return None
        is_uuid = found.field is not None and found.field.type is FieldType.UUID
        value = typed(self._expressions.text(literal), Kind.UUID if is_uuid else Kind.TEXT)
        return RelateLists(ArrayRelation.CONTAINS, found, (value,))

    def _between(self, element: Element) -> Condition:
        check(element)
        value, *boundaries = children(element, 3)
        ends = []
        for boundary, name in zip(boundaries, ("LowerBoundary", "UpperBoundary"), strict=True):
            if namespace(boundary) != self._namespace or local_name(boundary) != name:
                raise bad(
                    "PropertyIsBetween 依次含有一个表达式、LowerBoundary 和 UpperBoundary。",
                    "PropertyIsBetween holds an expression, a LowerBoundary and an UpperBoundary.",
                )
            check(boundary)
            ends += children(boundary, 1)
        return Between(*self._expressions.comparable((value, *ends)))

    def _like(self, element: Element) -> Condition:
        check(element, "wildCard", "singleChar", "escapeChar", "escape", "matchCase")
        text, literal = children(element, 2)
        if not self._expressions.is_literal(literal):
            raise bad("PropertyIsLike 的模式必须是常量。", "the pattern is not a literal.")
        escapes = [
            element.attrib[each] for each in ("escapeChar", "escape") if each in element.attrib
        ]
        special = (element.get("wildCard", ""), element.get("singleChar", ""), *escapes)
        if len(escapes) != 1 or any(len(each) != 1 for each in special) or len({*special}) < 3:
            raise bad(
                "PropertyIsLike 的 wildCard、singleChar、escapeChar 须为三个不同的单个字符。",
                "wildCard, singleChar and escapeChar of PropertyIsLike are three different characters.",
            )
        pattern = Literal(_pattern(self._expressions.text(literal), *special))
        if _match_case(element):
            return Like(self._expressions.as_text(text), pattern)
        fold = TextFunction.CASEI
        return Like(Folded(fold, self._expressions.as_text(text)), Folded(fold, pattern))

    def _is_null(self, element: Element) -> Condition:
        check(element)
        (value,) = children(element, 1)
        if self._expressions.is_literal(value):
            raise bad("常量不会为空。", "a literal is never null.")
        if not self._expressions.is_reference(value):
            return IsNull(*self._expressions.comparable((value,)))
        found = self._expressions.reference(value)
        if isinstance(found, Absent):
            return Truth(Literal(True))
        return IsNull(found if isinstance(found, Property) else Property("uid"))

    # Space

    def _relate(self, relation: Spatial, element: Element) -> Condition:
        check(element)
        left, right = (self._geometry(each) for each in children(element, 2))
        _require_property(left, right)
        return Relate(relation, left, right)

    def _bbox(self, element: Element) -> Condition:
        check(element)
        *named, envelope = children(element, 1, 2)
        if local_name(envelope) not in gml.BOXES:
            raise bad("BBOX 须以 gml:Envelope 结尾。", "a BBOX ends with a gml:Envelope.")
        properties = [self._geometry(each) for each in named] or self._all_geometries()
        area = self._geometry(envelope)
        conditions = tuple(Relate(Spatial.INTERSECTS, each, area) for each in properties)
        _require_property(*properties)
        return conditions[0] if len(conditions) == 1 else Or(conditions)

    def _all_geometries(self) -> list[GeometryValue]:
        """What a BBOX without a name is about (OGC 09-026r2, 7.8.3.2)."""
        own = [Property("geom")] if self._collection.geometry else []
        fields = self._collection.public_fields
        others = [Property(each.name, each) for each in fields if each.type is FieldType.GEOMETRY]
        if not own and not others:
            raise bad("此图层没有几何。", "this collection has no geometry.")
        return [*own, *others]

    def _near(self, beyond: bool, element: Element) -> Condition:
        check(element)
        *sides, distance = children(element, 3)
        left, right = (self._geometry(each, for_distance=True) for each in sides)
        _require_property(left, right)
        return Near(left, right, self._distance(distance), beyond)

    def _distance(self, element: Element) -> float:
        if namespace(element) != self._namespace or local_name(element) != "Distance":
            raise bad("缺少 Distance。", "the Distance is missing.")
        check(element, "units", "uom")
        written, units = content(element).strip(BLANKS), list(element.attrib.values())
        if len(units) != 1:
            raise bad("Distance 须注明单位。", "a Distance states its unit, in uom or units.")
        value = None if len(element) else number(written)
        if value is None:
            raise geometries.not_a_distance(written)
        return geometries.metres(float(value), _unit(str(units[0])))

    def _geometry(self, element: Element, *, for_distance: bool = False) -> GeometryValue:
        if self._expressions.is_reference(element):
            return self._geometry_property(element)
        if self._expressions.is_literal(element):
            check(element, "type")
            (element,) = children(element, 1)
        if not gml.is_gml(element):
            name = shown(local_name(element))
            raise bad(f"“{name}”不是几何。", f"“{name}” is not a geometry.", value=name)
        spend = self._budget.vertices
        if local_name(element) in gml.BOXES:
            given = gml.box(element, self._reading, spend=spend)
        else:
            given = gml.shape(element, self._reading, spend=spend, drop_heights=True)
        return geometries.literal(
            given.shape, given.crs, crs_from="srsName", for_distance=for_distance
        )

    def _geometry_property(self, element: Element) -> Property:
        found = self._expressions.reference(element)
        if isinstance(found, Absent):
            raise found.refused()
        if not isinstance(found, Property) or kind_of(found) is not Kind.GEOMETRY:
            name = found.name if isinstance(found, Property) else "@gml:id"
            raise bad(f"{name} 不是几何。", f"{name} is not a geometry.", value=name)
        return found

    # Time

    def _in_time(self, relation: Temporal, element: Element) -> Condition:
        check(element)
        first, second = children(element, 2)
        if not self._expressions.is_reference(first):
            raise bad("时间关系的第一项须为属性。", "a relation in time begins with a property.")
        left, right = self._time(first), self._time(second)
        period = isinstance(right, Interval)
        allowed = operators.FOR_PERIODS if period else operators.FOR_INSTANTS
        if relation not in allowed:
            name = local_name(element)
            names = ", ".join(sorted(operators.TEMPORAL[each].element for each in allowed))
            other = ("时段", "a period") if period else ("时刻", "an instant")
            raise bad(
                f"{name} 不适用于时刻与{other[0]}之间；可用：{names}。",
                f"{name} does not relate an instant to {other[1]}; allowed: {names}.",
                value=name,
            )
        return RelateInTime(relation, left, right)

    def _time(self, element: Element) -> TemporalValue:
        if self._expressions.is_literal(element):
            if not len(element):
                return typed(self._expressions.text(element), Kind.TIME)
            check(element, "type")
            (element,) = children(element, 1)
        if not self._expressions.is_reference(element):
            return time(element)
        found = self._expressions.reference(element)
        if isinstance(found, Absent):
            raise found.refused()
        if not isinstance(found, Property) or kind_of(found) is not Kind.TIME:
            name = found.name if isinstance(found, Property) else "@gml:id"
            raise bad(f"{name} 不是日期或时间。", f"{name} is not a date or time.", value=name)
        return found


_EQUALITIES = frozenset({Comparison.EQUAL, Comparison.NOT_EQUAL})


def _require_property(*values: GeometryValue) -> None:
    if all(isinstance(value, Geometry) for value in values):
        raise bad("两个几何常量不能相互比较。", "a relation in space is about a property.")


def _match_case(element: Element) -> bool:
    written = element.get("matchCase", "true")
    if written not in ("true", "false", "1", "0"):
        raise _bad_attribute(element, "matchCase", written, "true, false")
    return written in ("true", "1")


def _bad_attribute(element: Element, attribute: str, value: str, allowed: str) -> BadFilter:
    name = local_name(element)
    return bad(
        f"{name} 的 {attribute} 不能是“{shown(value)}”；允许：{allowed}。",
        f"{attribute} of {name} cannot be “{shown(value)}”; allowed: {allowed}.",
        value=value,
    )


def _pattern(written: str, wild_card: str, single: str, escape: str) -> str:
    r"""A pattern in the characters of the filter tree: `%`, `_` and `\`."""
    parts, characters = [], iter(written)
    for character in characters:
        if character == wild_card:
            parts.append("%")
        elif character == single:
            parts.append("_")
        else:
            plain = next(characters, None) if character == escape else character
            if plain is None:
                raise bad(
                    f"PropertyIsLike 的模式不能以转义符“{escape}”结尾。",
                    f"the pattern of PropertyIsLike cannot end with its escape “{escape}”.",
                )
            parts.append("\\" + plain if plain in "%_\\" else plain)
    return "".join(parts)


def _unit(written: str) -> str:
    """The word of a unit that may be written as a URN or URI of OGC."""
    found = _UNIT.fullmatch(written.strip())
    if found is None:
        return written.strip()
    epsg = (found["a"] or found["b"] or "").upper() == "EPSG"
    return _EPSG_UNITS.get(found["name"], written) if epsg else found["name"]
