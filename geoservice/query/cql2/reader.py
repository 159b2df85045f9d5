"""The JSON form of CQL2 → conditions. One method for each kind of operator."""

from typing import Any

from geoservice.crs import Crs
from geoservice.description.collection import Collection, FieldType
from geoservice.query.cql2.geometries import geometry
from geoservice.query.cql2.operands import Operands, required
from geoservice.query.faults import bad, shown
from geoservice.query.filter import (
    And,
    ArrayRelation,
    Between,
    Compare,
    Comparison,
    Condition,
    Folded,
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
    Scalar,
    Spatial,
    Temporal,
    TemporalValue,
    Truth,
)
from geoservice.query.geometries import metres, not_a_distance
from geoservice.query.limits import Budget, FilterLimits
from geoservice.query.literals import require_order
from geoservice.query.names import Kind, Names
from geoservice.query.operands import Operand, together

Node = Any

_COMPARISONS: dict[str, Comparison] = {str(operator): operator for operator in Comparison}
_SPATIAL: dict[str, Spatial] = {str(relation): relation for relation in Spatial}
_TEMPORAL: dict[str, Temporal] = {str(relation): relation for relation in Temporal}
_ARRAYS: dict[str, ArrayRelation] = {str(relation): relation for relation in ArrayRelation}
_NEAR = {"dwithin": False, "s_dwithin": False, "s_beyond": True}  # name: whether beyond
_FUNCTIONS = frozenset((*_SPATIAL, *_TEMPORAL, *_ARRAYS, *_NEAR))

_FOR_INSTANTS = frozenset(
    {Temporal.AFTER, Temporal.BEFORE, Temporal.DISJOINT, Temporal.EQUALS, Temporal.INTERSECTS}
)
_CONVERSE = {
    ArrayRelation.CONTAINS: ArrayRelation.CONTAINED_BY,
    ArrayRelation.CONTAINED_BY: ArrayRelation.CONTAINS,
}


class Reader:
    """Reads one filter; what it has spent of the limits is part of it."""

    def __init__(self, collection: Collection, filter_crs: Crs, limits: FilterLimits) -> None:
        self._filter_crs = filter_crs
        self._budget = Budget(limits)
        self._names = Names(collection)
        self._operands = Operands(self._names, self._budget, _FUNCTIONS)

    def condition(self, node: Node) -> Condition:
        """A condition of any kind."""
        match node:
            case bool():
                return Truth(Literal(node))
            case {"property": name, **rest} if not rest:
                return self._truth(self._operands.property(name))
            case {"op": str(name), "args": list(arguments)}:
                return self._call(name, arguments)
        raise bad(f"“{shown(node)}”不是条件。", f"“{shown(node)}” is not a condition.")

    def _call(self, name: str, arguments: list[Node]) -> Condition:
        word = name.lower()
        if word in ("and", "or"):
            return self._junction(word, arguments)
        with self._budget.operator():
            return self._operator(name, word, arguments)

    def _operator(self, name: str, word: str, arguments: list[Node]) -> Condition:
        if word in _COMPARISONS:
            left, right = self._operands.comparable(*required(name, arguments, 2))
            return Compare(_COMPARISONS[word], left, right)
        if word in _SPATIAL:
            first, second = required(name, arguments, 2)
            return Relate(_SPATIAL[word], self._geometry(first), self._geometry(second))
        if word in _NEAR:
            return self._near(_NEAR[word], required(name, arguments, 3, 4))
        if word in _TEMPORAL:
            return self._in_time(_TEMPORAL[word], required(name, arguments, 2))
        if word in _ARRAYS:
            return self._lists(_ARRAYS[word], required(name, arguments, 2))
        return self._word(name, word, arguments)

    def _junction(self, word: str, arguments: list[Node]) -> Condition:
        if not arguments:
            raise bad(f"{word.upper()} 没有条件。", f"{word.upper()} has no conditions.")
        with self._budget.operator(max(1, len(arguments) - 1)):
            conditions = tuple(self.condition(argument) for argument in arguments)
        if len(conditions) == 1:
            return conditions[0]
        return And(conditions) if word == "and" else Or(conditions)

    def _word(self, name: str, word: str, arguments: list[Node]) -> Condition:
        match word:
            case "not":
                (argument,) = required(name, arguments, 1)
                return Not(self.condition(argument))
            case "isnull":
                (argument,) = required(name, arguments, 1)
                return IsNull(self._operands.read(argument).value)
            case "between":
                return Between(*self._operands.comparable(*required(name, arguments, 3)))
            case "in":
                return self._in(*required(name, arguments, 2))
            case "like":
                return self._like(*required(name, arguments, 2))
        raise self._operands.unknown(name)

    def _truth(self, operand: Operand) -> Condition:
        if operand.kind is not Kind.BOOLEAN or not isinstance(operand.value, Property):
            name = operand.value.name if isinstance(operand.value, Property) else ""
            raise bad(
                f"字段 {name} 不是布尔值，不能单独作条件。", f"{name} is not a condition by itself."
            )
        return Truth(operand.value)

    def _in(self, value: Node, items: Node) -> Condition:
        if not isinstance(items, list) or not items:
            raise bad("IN 需要非空的列表。", "IN needs a list with at least one item.")
        self._budget.items(len(items))
        first, *others = self._operands.comparable(value, *items)
        return In(first, tuple(others))

    def _like(self, text: Node, pattern: Node) -> Condition:
        read = self._operands.text(pattern)
        written = read
        while isinstance(written, Folded):
            written = written.text
        if not isinstance(written, Literal) or not isinstance(written.value, str):
            raise bad("LIKE 的模式必须是文本。", "the pattern of LIKE is a literal text.")
        trailing = len(written.value) - len(written.value.rstrip("\\"))
        if trailing % 2:
            raise bad(
                "LIKE 的模式不能以转义符“\\”结尾。",
                "the pattern of LIKE cannot end with its escape “\\”.",
            )
        return Like(self._operands.text(text), read)

    def _geometry(self, node: Node, *, for_distance: bool = False) -> GeometryValue:
        match node:
            case {"property": name, **rest} if not rest:
                operand = self._operands.property(name)
                if operand.kind is Kind.GEOMETRY and isinstance(operand.value, Property):
                    return operand.value
                raise bad(f"字段 {name} 不是几何。", f"{name} is not a geometry.")
            case {"type": _} | {"bbox": _}:
                return geometry(node, self._filter_crs, self._budget, for_distance=for_distance)
            case {"op": name}:
                raise self._operands.unknown(name)
        raise bad(f"“{shown(node)}”不是几何。", f"“{shown(node)}” is not a geometry.")

    def _near(self, beyond: bool, arguments: list[Node]) -> Condition:
        left, right = (self._geometry(node, for_distance=True) for node in arguments[:2])
        distance, unit = arguments[2], (arguments[3] if len(arguments) == 4 else "m")
        if isinstance(unit, dict):  # a unit without quotes looks like a property
            unit = unit.get("property")
        if type(distance) not in (int, float):
            raise not_a_distance(distance)
        return Near(left, right, metres(distance, unit), beyond)

    def _in_time(self, relation: Temporal, arguments: list[Node]) -> Condition:
        left, right = self._time(arguments[0]), self._time(arguments[1])
        both = isinstance(left, Interval) and isinstance(right, Interval)
        if relation not in _FOR_INSTANTS and not both:
            name = relation.upper()
            raise bad(
                f"{name} 只比较两个 INTERVAL；时刻请用 T_INTERSECTS 或 < <= = >= >。",
                f"{name} relates two INTERVALs; for an instant use T_INTERSECTS or < <= = >= >.",
            )
        return RelateInTime(relation, left, right)

    def _time(self, node: Node) -> TemporalValue:
        match node:
            case {"interval": list(ends)}:
                start, end = (self._end(each) for each in required("INTERVAL", ends, 2))
                require_order(start, end)
                return Interval(start, end)
        operand = self._operands.read(node)
        scalar = operand.as_kind(Kind.TIME)
        if not isinstance(scalar, Property | Literal):
            raise bad(f"“{shown(node)}”不是日期或时间。", f"“{shown(node)}” is not a date or time.")
        return scalar

    def _end(self, node: Node) -> Scalar | None:
        if node == "..":
            return None
        value = self._time(node)
        if isinstance(value, Interval):
            raise bad("INTERVAL 不能嵌套。", "an INTERVAL cannot contain another.")
        return value

    def _lists(self, relation: ArrayRelation, arguments: list[Node]) -> Condition:
        left, right = arguments
        if isinstance(left, list):
            left, right, relation = right, left, _CONVERSE.get(relation, relation)
        field = self._list_field(left)
        if not isinstance(right, list):
            return RelateLists(relation, field, self._list_field(right))
        self._budget.items(len(right))
        assert field.field is not None
        item = Kind.UUID if field.field.type is FieldType.UUID else Kind.TEXT
        like = Operand(field, item)
        _, *values = together(like, *(self._operands.read(each) for each in right))
        found = tuple(value for value in values if isinstance(value, Literal))
        if len(found) < len(values):
            raise bad("列表只能含文本。", "a list holds literal texts only.")
        return RelateLists(relation, field, found)

    def _list_field(self, node: Node) -> Property:
        operand = self._operands.read(node)
        if operand.kind is not Kind.LIST or not isinstance(operand.value, Property):
            raise bad(
                f"“{shown(node)}”不是列表字段。", f"“{shown(node)}” is not a field with a list."
            )
        return operand.value
