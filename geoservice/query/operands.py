"""Scalars with their kinds, and what can be compared or calculated with what.

Types are strict, with one leniency: a plain text beside a date, an instant or a UUID counts as one
if it is written as one, because clients send `'2021-06-25'` as well as `DATE('2021-06-25')`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from geoservice.errors import BadFilter
from geoservice.query import literals
from geoservice.query.faults import bad, shown
from geoservice.query.filter import Arithmetic, Calculation, Folded, Literal, Property, Scalar
from geoservice.query.names import KIND_TITLES, Kind

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
    name = described(operand)
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
    left, right = described(decisive), described(wrong)
    kind, other = KIND_TITLES[decisive.kind], KIND_TITLES[wrong.kind]
    return bad(
        f"{left} 是{kind.zh}，不能与 {right}（{other.zh}）比较。",
        f"{left} is {kind.en} and cannot be compared with {right} ({other.en}).",
        **({"field": decisive.value.name} if isinstance(decisive.value, Property) else {}),
    )


def described(operand: Operand) -> str:
    """An operand as a message names it."""
    match operand.value:
        case Property(name):
            return name
        case Literal(value):
            return f"“{shown(value)}”"
        case Calculation(operator):
            return f"… {operator} …"
        case Folded(function):
            return f"{function.upper()}(…)"


def calculation(operator: Arithmetic, left: Scalar, right: Scalar) -> Calculation:
    """Two numbers joined, within the bounds in which every row can be computed."""
    for side in (left, right):
        if isinstance(side, Literal) and not _is_moderate(side.value):
            raise bad(
                f"算式中的数字 {shown(side.value)} 过大或过小。",
                f"{shown(side.value)} is too large or too small to calculate with.",
            )
    if operator is Arithmetic.POWER:
        _check_power(left, right)
    joined = Calculation(operator, left, right)
    if _count(joined, lambda _: True) > _MAX_CALCULATION:
        raise bad(
            f"一个算式最多 {_MAX_CALCULATION} 个运算符。",
            f"a calculation has at most {_MAX_CALCULATION} operators.",
        )
    return joined


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
