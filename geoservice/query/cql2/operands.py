"""Scalar expressions: properties, literals, calculations and folded texts, with their kinds.

Types are strict, with one leniency: a plain text beside a date, an instant or a UUID counts as one
if it is written as one, because clients send `'2021-06-25'` as well as `DATE('2021-06-25')`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from geoservice.errors import BadFilter, UnknownFunction
from geoservice.query.cql2 import literals
from geoservice.query.cql2.faults import bad, shown
from geoservice.query.cql2.fence import Budget
from geoservice.query.cql2.names import KIND_TITLES, Kind, Names, kind_of
from geoservice.query.filter import (
    Arithmetic,
    Calculation,
    Folded,
    Literal,
    Property,
    Scalar,
    TextFunction,
)

Node = Any
"""A part of the JSON form, of any shape: whatever it turns out to be is checked."""

_MAX_CALCULATION = 32
_MAX_EXPONENT = 9
_LARGEST = Decimal("1e40")
_SMALLEST = Decimal("1e-40")


@dataclass(frozen=True)
class Operand:
    """A scalar and what it can be compared with."""

    value: Scalar
    kind: Kind

    def as_kind(self, kind: Kind) -> Scalar | None:
        """The scalar as another kind; None if it is not one."""
        if self.kind is kind:
            return self.value
        plain = self.value.value if isinstance(self.value, Literal) else None
        if not isinstance(plain, str):
            return None
        if kind is Kind.TIME:
            try:
                return Literal(literals.as_time(plain))
            except BadFilter:
                return None
        found = literals.as_uuid(plain) if kind is Kind.UUID else None
        return Literal(found) if found else None

    @property
    def is_literal(self) -> bool:
        """Whether it is written by the caller."""
        return isinstance(self.value, Literal)


def together(*operands: Operand) -> tuple[Scalar, ...]:
    """Scalars that are compared with each other, brought to one kind."""
    decisive = next((each for each in operands if not each.is_literal), None) or next(
        (each for each in operands if each.kind is not Kind.TEXT), operands[0]
    )
    kind = decisive.kind
    if kind in (Kind.GEOMETRY, Kind.LIST):
        raise _not_scalar(decisive)
    scalars = []
    for operand in operands:
        scalar = operand.as_kind(kind)
        if scalar is None:
            raise _mismatch(decisive, operand)
        scalars.append(scalar)
    return tuple(scalars)


def _not_scalar(operand: Operand) -> BadFilter:
    name = _described(operand)
    if operand.kind is Kind.LIST:
        return bad(
            f"字段 {name} 是列表，请用 A_CONTAINS 等函数。",
            f"{name} is a list; use A_CONTAINS and its like.",
        )
    return bad(
        f"{name} 是几何，请用 S_INTERSECTS 等函数。",
        f"{name} is a geometry; use S_INTERSECTS and its like.",
    )


def _mismatch(decisive: Operand, wrong: Operand) -> BadFilter:
    left, right = _described(decisive), _described(wrong)
    kind, other = KIND_TITLES[decisive.kind], KIND_TITLES[wrong.kind]
    return bad(
        f"{left} 是{kind.zh}，不能与 {right}（{other.zh}）比较。",
        f"{left} is {kind.en} and cannot be compared with {right} ({other.en}).",
        **({"field": decisive.value.name} if isinstance(decisive.value, Property) else {}),
    )


def _described(operand: Operand) -> str:
    match operand.value:
        case Property(name):
            return name
        case Literal(value):
            return f"“{shown(value)}”"
        case Calculation(operator):
            return f"… {operator} …"
        case Folded(function):
            return f"{function.upper()}(…)"


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
            title, name = KIND_TITLES[kind], _described(operand)
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
            return Operand(_calculation(_ARITHMETIC[function], *numbers), Kind.NUMBER)
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


def _calculation(operator: Arithmetic, left: Scalar, right: Scalar) -> Calculation:
    for side in (left, right):
        if isinstance(side, Literal) and not _is_moderate(side.value):
            raise bad(
                f"算式中的数字 {shown(side.value)} 过大或过小。",
                f"{shown(side.value)} is too large or too small to calculate with.",
            )
    if operator is Arithmetic.POWER:
        _check_power(left, right)
    calculation = Calculation(operator, left, right)
    if _count(calculation, lambda _: True) > _MAX_CALCULATION:
        raise bad(
            f"一个算式最多 {_MAX_CALCULATION} 个运算符。",
            f"a calculation has at most {_MAX_CALCULATION} operators.",
        )
    return calculation


def _is_moderate(value: object) -> bool:
    assert isinstance(value, int | Decimal)
    return value == 0 or _SMALLEST <= abs(Decimal(value)) < _LARGEST


def _check_power(base: Scalar, exponent: Scalar) -> None:
    value = exponent.value if isinstance(exponent, Literal) else None
    if not isinstance(value, int) or abs(value) > _MAX_EXPONENT:
        raise bad(
            f"指数必须是 -{_MAX_EXPONENT} 至 {_MAX_EXPONENT} 的整数。",
            f"an exponent is a whole number from -{_MAX_EXPONENT} to {_MAX_EXPONENT}.",
        )
    if _count(base, lambda operator: operator is Arithmetic.POWER):
        raise bad("乘方的底数不能再含乘方。", "the base of a power cannot contain a power.")


def _count(scalar: Scalar, counted: Callable[[Arithmetic], bool]) -> int:
    if not isinstance(scalar, Calculation):
        return 0
    below = _count(scalar.left, counted) + _count(scalar.right, counted)
    return below + counted(scalar.operator)


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
