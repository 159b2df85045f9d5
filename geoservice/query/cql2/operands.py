"""Scalar expressions of the JSON form: properties, literals, calculations and folded texts."""

from typing import Any

from geoservice.errors import BadFilter, UnknownFunction
from geoservice.query import literals
from geoservice.query.faults import bad, shown
from geoservice.query.filter import Arithmetic, Folded, Literal, Scalar, TextFunction
from geoservice.query.limits import Budget
from geoservice.query.names import KIND_TITLES, Kind, Names, kind_of
from geoservice.query.operands import Operand, calculation, described, together

Node = Any
"""A part of the JSON form, of any shape: whatever it turns out to be is checked."""


class Operands:
    """Reads scalar expressions of the JSON form."""

    def __init__(self, names: Names, budget: Budget, conditions: frozenset[str]) -> None:
        self._names = names
        self._budget = budget
        self._conditions = conditions  # operators that are no scalars

    def read(self, node: Node) -> Operand:
        """A scalar expression."""
        match node:
            case bool():
                return Operand(Literal(node), Kind.BOOLEAN)
            case int() | float():
                return Operand(literals.number(node), Kind.NUMBER)
            case str():
                return Operand(literals.text(node), Kind.TEXT)
            case {"property": name, **rest} if not rest:
                return self.property(name)
            case {"date": _, **rest} | {"timestamp": _, **rest} if not rest:
                return Operand(_time(node), Kind.TIME)
            case {"op": str(name), "args": list(arguments)}:
                return self._call(name, arguments)
        raise _misplaced(node)

    def property(self, name: object) -> Operand:
        """A property by its name."""
        found = self._names.find(name)
        return Operand(found, kind_of(found))

    def comparable(self, *nodes: Node) -> tuple[Scalar, ...]:
        """Scalar expressions that are compared with each other."""
        return together(*(self.read(node) for node in nodes))

    def text(self, node: Node) -> Scalar:
        """A scalar expression that is a text."""
        return self._of_kind(node, Kind.TEXT)

    def _of_kind(self, node: Node, kind: Kind) -> Scalar:
        operand = self.read(node)
        if operand.kind is not kind:
            title, name = KIND_TITLES[kind], described(operand)
            raise bad(f"{name} 不是{title.zh}。", f"{name} is not {title.en}.")
        return operand.value

    def _call(self, name: str, arguments: list[Node]) -> Operand:
        function = name.lower()
        if function in _FOLDING:
            (argument,) = required(name, arguments, 1)
            with self._budget.operator():
                return Operand(Folded(_FOLDING[function], self.text(argument)), Kind.TEXT)
        if function in _ARITHMETIC:
            left, right = required(name, arguments, 2)
            with self._budget.operator():
                numbers = (self._of_kind(left, Kind.NUMBER), self._of_kind(right, Kind.NUMBER))
            return Operand(calculation(_ARITHMETIC[function], *numbers), Kind.NUMBER)
        if function in self._conditions:
            raise bad(
                f"{name} 的结果是真假，不能参与比较或计算。",
                f"{name} is a condition and cannot be compared or calculated with.",
            )
        raise self.unknown(name)

    def unknown(self, name: object) -> UnknownFunction:
        """The error for a function that does not exist."""
        return UnknownFunction(value=shown(name), allowed=sorted((*self._conditions, *_FOLDING)))


def required(name: str, arguments: list[Node], *counts: int) -> list[Node]:
    """The arguments, if there are as many as the operator takes."""
    if len(arguments) not in counts:
        wanted = "/".join(str(count) for count in counts)
        raise bad(
            f"{name} 需要 {wanted} 个参数，给出了 {len(arguments)} 个。",
            f"{name} takes {wanted} arguments, not {len(arguments)}.",
        )
    return arguments


_FOLDING: dict[str, TextFunction] = {str(function): function for function in TextFunction}
_ARITHMETIC: dict[str, Arithmetic] = {str(operator): operator for operator in Arithmetic}


def _time(node: dict[str, Node]) -> Literal:
    if "date" in node:
        return Literal(literals.as_date(node["date"]))
    return Literal(literals.as_instant(node["timestamp"]))


def _misplaced(node: Node) -> BadFilter:
    if node is None:
        return bad("不能与 NULL 比较；请用 IS NULL。", "nothing compares with NULL; use IS NULL.")
    if isinstance(node, list):
        return bad("此处不能是列表。", "a list cannot stand here.")
    if isinstance(node, dict) and "interval" in node:
        return bad("INTERVAL 只能用于 T_ 函数。", "an INTERVAL can only stand in a T_ function.")
    if isinstance(node, dict) and ("type" in node or "bbox" in node):
        return bad("几何只能用于 S_ 函数。", "a geometry can only stand in an S_ function.")
    return bad(f"无法识别“{shown(node)}”。", f"“{shown(node)}” is not an expression.")
