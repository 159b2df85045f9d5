"""Expressions: references, literals, arithmetic and functions, brought to one kind where they meet.

A literal is a text until it meets a property. Two literals that meet have no type, so they are
refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from geoservice.description.collection import Collection
from geoservice.errors import BadFeatureId, BadFilter, UnknownFunction
from geoservice.query.faults import bad, shown
from geoservice.query.fes.feature_ids import uid_of
from geoservice.query.fes.literals import typed
from geoservice.query.fes.operators import ARITHMETIC, FES_2_0, FUNCTIONS
from geoservice.query.fes.references import Absent, FeatureId, References
from geoservice.query.filter import Folded, Literal, Property, Scalar, TextFunction
from geoservice.query.limits import Budget
from geoservice.query.names import KIND_TITLES, Kind, kind_of
from geoservice.query.operands import Operand, calculation, described, together
from geoservice.xml import Element, content, has_text, local_name, namespace


@dataclass(frozen=True)
class Untyped:
    """A literal that has not met a property."""

    text: str


@dataclass(frozen=True)
class InCapitals:
    """`upper` of a text, which is folded: equal to what is folded and was in capitals."""

    text: Folded


Expression = Operand | Untyped | InCapitals | Absent | FeatureId


class Expressions:
    """Reads the expressions of one filter."""

    def __init__(self, collection: Collection, namespace: str, budget: Budget) -> None:
        self._collection = collection
        self._namespace = namespace
        self._budget = budget
        self._references = References(collection)
        self._reference = "ValueReference" if namespace == FES_2_0 else "PropertyName"

    def is_reference(self, element: Element) -> bool:
        """Whether an element names a property."""
        return self._is(element, self._reference)

    def is_literal(self, element: Element) -> bool:
        """Whether an element is a literal."""
        return self._is(element, "Literal")

    def reference(self, element: Element) -> Property | Absent | FeatureId:
        """What a reference names."""
        check(element)
        return self._references.find(element)

    def read(self, element: Element) -> Expression:
        """An expression of any sort."""
        if self.is_reference(element):
            found = self.reference(element)
            return Operand(found, kind_of(found)) if isinstance(found, Property) else found
        if self.is_literal(element):
            return Untyped(self.text(element))
        if self._is(element, "Function"):
            return self._function(element)
        if self._is(element, *ARITHMETIC):
            return self._calculation(element)
        raise self._unexpected(element)

    def text(self, literal: Element) -> str:
        """What a literal holds; its declared type does not count beside that of the property."""
        if len(literal):
            name = shown(local_name(literal[0]))
            raise bad(f"此处的常量不能含有“{name}”。", f"a literal here cannot hold “{name}”.")
        check(literal, "type")
        return content(literal)

    def comparable(
        self, elements: Sequence[Element], *, folded: bool = False, ordered: bool = True
    ) -> tuple[Scalar, ...]:
        """Expressions that are compared with each other, as scalars of one kind.

        `folded` takes the case away from texts. `ordered` says that which is greater counts, not
        only whether they are equal.
        """
        read = [self.read(element) for element in elements]
        for each in read:
            if isinstance(each, Absent):
                raise each.refused()
        if all(isinstance(each, Untyped) for each in read):
            raise bad("两个常量不能相互比较。", "two literals have no type to be compared in.")
        if any(isinstance(each, FeatureId) for each in read):
            return self._feature_ids(read, ordered)
        if any(isinstance(each, InCapitals) for each in read):
            return _in_capitals(read, ordered)
        return _of_one_kind(read, folded)

    def as_text(self, element: Element) -> Scalar:
        """An expression that is a text."""
        return _as_kind(self.read(element), Kind.TEXT)

    def _is(self, element: Element, *names: str) -> bool:
        return namespace(element) == self._namespace and local_name(element) in names

    def _function(self, element: Element) -> Operand | InCapitals:
        check(element, "name")
        name = element.get("name", "")
        function = FUNCTIONS.get(name.lower())
        if function is None:
            raise UnknownFunction(value=shown(name), allowed=sorted(FUNCTIONS))
        (argument,) = children(element, 1)
        with self._budget.operator():
            text = Folded(function, _as_kind(self.read(argument), Kind.TEXT))
        return InCapitals(text) if name.lower() == "upper" else Operand(text, Kind.TEXT)

    def _calculation(self, element: Element) -> Operand:
        check(element)
        with self._budget.operator():
            left, right = (
                _as_kind(self.read(child), Kind.NUMBER) for child in children(element, 2)
            )
        joined = calculation(ARITHMETIC[local_name(element)], left, right)
        return Operand(joined, Kind.NUMBER)

    def _feature_ids(self, read: Sequence[Expression], ordered: bool) -> tuple[Scalar, ...]:
        if ordered or not all(isinstance(each, FeatureId | Untyped) for each in read):
            raise bad("@gml:id 只能与要素编号判断是否相等。", "@gml:id is equal to ids or not.")
        return tuple(
            Literal(self._uid(each.text)) if isinstance(each, Untyped) else Property("uid")
            for each in read
        )

    def _uid(self, text: str) -> UUID:
        found = uid_of(text, self._collection)
        if found is None:
            raise BadFeatureId(
                value=text, collection=self._collection.id, allowed=f"{self._collection.id}.…"
            )
        return found

    def _unexpected(self, element: Element) -> BadFilter:
        name = shown(local_name(element))
        if namespace(element) != self._namespace:
            return wrong_namespace(element, self._namespace)
        allowed = ", ".join((self._reference, "Literal", "Function", *ARITHMETIC))
        return bad(
            f"“{name}”不是表达式；可用：{allowed}。",
            f"“{name}” is not an expression; allowed: {allowed}.",
            value=name,
        )


def wrong_namespace(element: Element, wanted: str) -> BadFilter:
    """The mistake of an element that belongs to another vocabulary."""
    name, found = shown(local_name(element)), shown(namespace(element))
    return bad(
        f"“{name}”的命名空间是“{found}”，应为 {wanted}。",
        f"“{name}” is in the namespace “{found}”, not {wanted}.",
        value=name,
    )


def children(element: Element, *counts: int) -> list[Element]:
    """The children of an element, if there are as many as it takes."""
    found = list(element)
    if counts and len(found) not in counts:
        name, wanted = local_name(element), "/".join(str(count) for count in counts)
        raise bad(
            f"{name} 需要 {wanted} 个子元素，给出了 {len(found)} 个。",
            f"{name} takes {wanted} elements, not {len(found)}.",
        )
    if has_text(element):
        name = local_name(element)
        raise bad(f"{name} 中有多余的文字。", f"there is text in {name} where none belongs.")
    return found


def check(element: Element, *attributes: str) -> None:
    """Refuse an attribute that is not known: nothing of a filter is left out."""
    unknown = next((str(each) for each in element.attrib if each not in attributes), None)
    if unknown is not None:
        name, allowed = local_name(element), ", ".join(attributes) or "—"
        raise bad(
            f"{name} 没有属性“{shown(unknown)}”；可用：{allowed}。",
            f"{name} has no attribute “{shown(unknown)}”; allowed: {allowed}.",
            value=unknown,
        )


def _as_kind(expression: Expression, kind: Kind) -> Scalar:
    """An expression that has to be of a kind."""
    match expression:
        case Untyped(text):
            return typed(text, kind)
        case Absent():
            raise expression.refused()
        case Operand(value) if expression.kind is kind:
            return value
        case Operand():
            name = described(expression)
        case InCapitals():
            name = "upper(…)"
        case FeatureId():
            name = "@gml:id"
    title = KIND_TITLES[kind]
    raise bad(f"{name} 不能用作{title.zh}。", f"{name} cannot be used as {title.en} here.")


def _of_one_kind(read: Sequence[Expression], folded: bool) -> tuple[Scalar, ...]:
    decisive = next(each for each in read if isinstance(each, Operand))
    kind = decisive.kind
    if kind in (Kind.GEOMETRY, Kind.LIST):
        name, title = described(decisive), KIND_TITLES[kind]
        raise bad(f"{name} 是{title.zh}，不能比较。", f"{name} is {title.en} and does not compare.")
    operands = [
        Operand(typed(each.text, kind), kind) if isinstance(each, Untyped) else each
        for each in read
    ]
    scalars = together(*(each for each in operands if isinstance(each, Operand)))
    if folded and kind is Kind.TEXT:
        return tuple(Folded(TextFunction.CASEI, scalar) for scalar in scalars)
    return scalars


def _in_capitals(read: Sequence[Expression], ordered: bool) -> tuple[Scalar, ...]:
    """Texts beside `upper`: all are folded, which is the same if all are in capitals."""
    scalars: list[Scalar] = []
    for each in read:
        if isinstance(each, InCapitals):
            scalars.append(each.text)
        elif isinstance(each, Untyped) and each.text == each.text.upper() and not ordered:
            scalars.append(Folded(TextFunction.CASEI, typed(each.text, Kind.TEXT)))
        else:
            raise bad(
                "upper(…) 只能与大写的常量或另一个 upper(…) 判断是否相等。",
                "upper(…) is equal, or not, to a literal in capitals or to another upper(…).",
            )
    return tuple(scalars)
