"""CQL2 against a model: a tree written as text and as JSON is read back, and the database selects
the rows that a naive evaluation of the tree selects.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from sqlalchemy.dialects import postgresql as pg

from geoservice.crs import CRS84
from geoservice.description.collection import Collection, Field, FieldType
from geoservice.languages import Text
from geoservice.query.cql2 import FilterLimits, read_json, read_text
from geoservice.query.filter import (
    And,
    Arithmetic,
    ArrayRelation,
    Between,
    Calculation,
    Compare,
    Comparison,
    Condition,
    Folded,
    In,
    Interval,
    IsNull,
    Like,
    Literal,
    Not,
    Or,
    Property,
    RelateInTime,
    RelateLists,
    Temporal,
    TextFunction,
    Truth,
)
from geoservice.store.filters import compiled

LIMITS = FilterLimits()
T = Text(zh="模型", en="Model")
TYPES = {
    "整数": (FieldType.INTEGER, sa.Integer()),
    "x": (FieldType.NUMBER, sa.Double()),
    "t": (FieldType.TEXT, sa.Text()),
    "u": (FieldType.TEXT, sa.Text()),
    "b": (FieldType.BOOLEAN, sa.Boolean()),
    "d": (FieldType.DATE, sa.Date()),
    "e": (FieldType.DATE, sa.Date()),
    "s": (FieldType.DATETIME, sa.DateTime(timezone=True)),
    "l": (FieldType.TEXT, pg.ARRAY(sa.Text())),
}
MODEL = Collection(
    id="model",
    title=T,
    description=T,
    published=True,
    fields=tuple(Field(name=n, type=t, title=T, many=n == "l") for n, (t, _) in TYPES.items()),
)
TABLE = sa.Table(
    "model",
    sa.MetaData(),
    sa.Column("row", sa.Integer),
    *(sa.Column(name, type_) for name, (_, type_) in TYPES.items()),
)
DAYS = [date(2020, 1, 1), date(2020, 1, 2), date(2020, 1, 5)]
INSTANTS = [datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, 12, tzinfo=UTC)]
WORDS = ["", "a", "A", "ab", "b%", "a_b", "地", "地b", "é", "it's", "a\\b"]
ROWS: list[tuple[Any, ...]] = [
    (1, 0.5, "a", "A", True, DAYS[0], DAYS[1], INSTANTS[0], ["p"]),
    (2, -2.0, "ab", "a", False, DAYS[1], DAYS[1], INSTANTS[1], ["p", "q"]),
    (0, 0.0, "", "é", True, DAYS[2], None, INSTANTS[0], []),
    (-4, 4.0, "地b", "地", None, DAYS[0], DAYS[2], None, ["q", "r"]),
    (4, None, "it's", "it's", False, None, DAYS[0], INSTANTS[1], None),
    (None, 1.0, "a_b", None, True, DAYS[1], DAYS[2], INSTANTS[0], ["r"]),
    (-1, -0.5, None, "b%", None, DAYS[2], DAYS[2], None, ["p", "q", "r"]),
    (2, 2.0, "a\\b", "a\\b", False, DAYS[0], None, INSTANTS[1], ["q"]),
    (1, 1.0, "é", "ab", True, DAYS[1], DAYS[0], INSTANTS[0], []),
    (None,) * 9,
]


# Trees


def _property(name: str) -> Property:
    return Property(name, MODEL.by_name[name])


def _properties(*names: str) -> st.SearchStrategy[Any]:
    return st.sampled_from([_property(name) for name in names])


NUMERALS = st.sampled_from([Literal(n) for n in (-2, -1, 0, 1, 2, 4, Decimal("0.5"))])
NUMBER_LEAVES = _properties("整数", "x") | NUMERALS
NUMBERS = st.recursive(
    NUMBER_LEAVES,
    lambda inner: (
        st.builds(
            Calculation,
            st.sampled_from([Arithmetic.ADD, Arithmetic.SUBTRACT, Arithmetic.MULTIPLY]),
            inner,
            inner,
        )
        | st.builds(
            Calculation,
            st.sampled_from([Arithmetic.DIVIDE, Arithmetic.MODULO, Arithmetic.INTEGER_DIVIDE]),
            inner,
            NUMBER_LEAVES,
        )
        | st.builds(
            Calculation,
            st.just(Arithmetic.POWER),
            NUMBER_LEAVES,
            st.sampled_from([Literal(n) for n in (-1, 0, 2, 3)]),
        )
    ),
    max_leaves=4,
)
TEXT_LEAVES = _properties("t", "u") | st.sampled_from([Literal(word) for word in WORDS])
TEXTS = TEXT_LEAVES | st.builds(Folded, st.just(TextFunction.CASEI), TEXT_LEAVES)
TIMES = _properties("d", "e", "s") | st.sampled_from([Literal(t) for t in [*DAYS, *INSTANTS]])
INTERVALS = st.builds(Interval, st.none() | TIMES, st.none() | TIMES)
PATTERNS = st.text("a%_b地", max_size=4) | st.sampled_from([r"a\_b", r"b\%", r"a\\b", "it's"])
TAGS = st.lists(st.sampled_from("pqr"), min_size=1, max_size=3).map(
    lambda tags: tuple(Literal(tag) for tag in tags)
)
FOR_INSTANTS = [
    Temporal.AFTER,
    Temporal.BEFORE,
    Temporal.DISJOINT,
    Temporal.EQUALS,
    Temporal.INTERSECTS,
]


SIGNS = st.sampled_from(list(Comparison))
PREDICATES: st.SearchStrategy[Any] = st.one_of(
    st.one_of(*(st.builds(Compare, SIGNS, kind, kind) for kind in (NUMBERS, TEXTS, TIMES))),
    st.one_of(*(st.builds(Between, kind, kind, kind) for kind in (NUMBERS, TEXTS, TIMES))),
    st.one_of(
        *(
            st.builds(In, kind, st.lists(kind, min_size=1, max_size=3).map(tuple))
            for kind in (NUMBERS, TEXTS, TIMES)
        )
    ),
    st.builds(Like, TEXTS, PATTERNS.map(Literal)),
    st.builds(IsNull, _properties(*TYPES) | NUMBERS),
    st.builds(Truth, _properties("b") | st.sampled_from([Literal(True), Literal(False)])),
    st.builds(RelateInTime, st.sampled_from(FOR_INSTANTS), TIMES | INTERVALS, TIMES | INTERVALS),
    st.builds(RelateInTime, st.sampled_from(list(Temporal)), INTERVALS, INTERVALS),
    st.builds(RelateLists, st.sampled_from(list(ArrayRelation)), _properties("l"), TAGS),
)


def _junctions(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=2, max_size=3)
    return inner.map(Not) | st.builds(_joined, st.sampled_from([And, Or]), several)


def _joined(kind: type[And] | type[Or], parts: list[Condition]) -> Condition:
    """What a text means: of brackets around the same kind nothing is left."""
    flat = [each for p in parts for each in (p.conditions if isinstance(p, kind) else (p,))]
    return kind(tuple(flat))


CONDITIONS = st.recursive(PREDICATES, _junctions, max_leaves=6)


# Writers


def as_json(node: Any) -> Any:
    """A tree in the JSON form of CQL2."""
    match node:
        case Property(name):
            return {"property": name}
        case Literal(value) | Truth(Literal(value)):
            return _literal(value)
        case Truth(value):
            return as_json(value)
        case Calculation(operator, left, right):
            return _call(operator, left, right)
        case Folded(function, text):
            return _call(function, text)
        case Interval(start, end):
            return {"interval": [".." if e is None else _end(e) for e in (start, end)]}
        case Compare(operator, left, right):
            return _call(operator, left, right)
        case Between(value, lower, upper):
            return _call("between", value, lower, upper)
        case In(value, items):
            return {"op": "in", "args": [as_json(value), [as_json(item) for item in items]]}
        case Like(text, pattern):
            return _call("like", text, pattern)
        case IsNull(value):
            return _call("isNull", value)
        case RelateInTime(relation, left, right):
            return _call(relation, left, right)
        case RelateLists(relation, left, right):
            return {"op": str(relation), "args": [as_json(left), [as_json(each) for each in right]]}
        case Not(condition):
            return _call("not", condition)
        case And(conditions):
            return _call("and", *conditions)
        case Or(conditions):
            return _call("or", *conditions)
    raise AssertionError(node)


def _call(name: str, *arguments: Any) -> Any:
    return {"op": str(name), "args": [as_json(argument) for argument in arguments]}


def _literal(value: Any) -> Any:
    match value:
        case datetime():
            return {"timestamp": value.isoformat().replace("+00:00", "Z")}
        case date():
            return {"date": value.isoformat()}
        case Decimal():
            return float(value)
    return value


def _end(end: Any) -> Any:
    content = as_json(end)
    return content.get("date") or content.get("timestamp") or content


def as_text(node: Any) -> str:
    """The JSON form as CQL2 text, with every bracket that is allowed."""
    match node:
        case bool():
            return str(node).upper()
        case str():
            return "'" + node.replace("'", "''") + "'"
        case int() | float():
            return f"({node})"
        case {"property": name}:
            return name
        case {"date": value}:
            return f"DATE('{value}')"
        case {"timestamp": value}:
            return f"TIMESTAMP('{value}')"
        case {"interval": [start, end]}:
            return f"INTERVAL({as_text(start)}, {as_text(end)})"
        case {"op": "and" | "or" as name, "args": arguments}:
            return "(" + f" {name.upper()} ".join(as_text(each) for each in arguments) + ")"
        case {"op": "not", "args": [argument]}:
            return f"(NOT ({as_text(argument)}))"
        case {"op": "between", "args": [value, lower, upper]}:
            return f"({as_text(value)} BETWEEN {as_text(lower)} AND {as_text(upper)})"
        case {"op": "in", "args": [value, items]}:
            return f"({as_text(value)} IN ({', '.join(as_text(item) for item in items)}))"
        case {"op": "like", "args": [text, pattern]}:
            return f"({as_text(text)} LIKE {as_text(pattern)})"
        case {"op": "isNull", "args": [value]}:
            return f"({as_text(value)} IS NULL)"
        case {"op": "casei", "args": [value]}:
            return f"CASEI({as_text(value)})"
        case {"op": name, "args": [left, list(items)]}:
            return f"{name.upper()}({as_text(left)}, ({', '.join(as_text(i) for i in items)}))"
        case {"op": name, "args": [left, right]} if name.startswith("t_"):
            return f"{name.upper()}({as_text(left)}, {as_text(right)})"
        case {"op": name, "args": [left, right]}:
            return f"({as_text(left)} {name} {as_text(right)})"
    raise AssertionError(node)


# The naive evaluation; None is unknown


def holds(condition: Condition, row: dict[str, Any]) -> bool | None:
    match condition:
        case Not(part):
            found = holds(part, row)
            return None if found is None else not found
        case And(parts):
            return _all(holds(part, row) for part in parts)
        case Or(parts):
            return _any(holds(part, row) for part in parts)
        case Truth(value):
            return _value(value, row)
        case IsNull(value):
            return _value(value, row) is None
        case Compare(sign, left, right):
            return _compared(sign, _value(left, row), _value(right, row))
        case Between(value, lower, upper):
            middle = _value(value, row)
            return _all(
                (
                    _compared(Comparison.GREATER_OR_EQUAL, middle, _value(lower, row)),
                    _compared(Comparison.LESS_OR_EQUAL, middle, _value(upper, row)),
                )
            )
        case In(value, items):
            wanted = _value(value, row)
            return _any(_compared(Comparison.EQUAL, wanted, _value(item, row)) for item in items)
        case Like(text, Literal(pattern)):
            content = _value(text, row)
            if content is None:
                return None
            return re.fullmatch(_regex(str(pattern)), content, re.DOTALL) is not None
        case RelateLists(relation, left, right):
            return _related_lists(relation, _value(left, row), {each.value for each in right})
        case RelateInTime(relation, left, right):
            return _related(relation, _ends(left, row), _ends(right, row))
    raise AssertionError(condition)


def _all(parts: Any) -> bool | None:
    found = list(parts)
    return False if False in found else None if None in found else True


def _any(parts: Any) -> bool | None:
    found = list(parts)
    return True if True in found else None if None in found else False


def _value(scalar: Any, row: dict[str, Any]) -> Any:
    match scalar:
        case Property(name):
            value = row[name]
            return Decimal(repr(value)) if isinstance(value, float) else _instant(value)
        case Literal(value):
            return _instant(value)
        case Folded(_, text):
            content = _value(text, row)
            return None if content is None else content.lower()
        case Calculation(operator, left, right):
            return _calculated(operator, _value(left, row), _value(right, row))
    raise AssertionError(scalar)


def _instant(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value


def _calculated(operator: Arithmetic, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    one, other = Decimal(left), Decimal(right)
    if operator is Arithmetic.POWER:
        if one == 0:
            return None if other < 0 else Decimal(other == 0)
        return one**other
    if operator in (Arithmetic.DIVIDE, Arithmetic.MODULO, Arithmetic.INTEGER_DIVIDE):
        if other == 0:
            return None
        if operator is Arithmetic.DIVIDE:
            return one / other
        return one % other if operator is Arithmetic.MODULO else one // other
    return {"+": one + other, "-": one - other, "*": one * other}[operator]


def _compared(sign: Comparison, one: Any, other: Any) -> bool | None:
    if one is None or other is None:
        return None
    return {
        "=": one == other,
        "<>": one != other,
        "<": one < other,
        "<=": one <= other,
        ">": one > other,
        ">=": one >= other,
    }[sign]


def _regex(pattern: str) -> str:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    return "".join({"%": ".*", "_": "."}.get(part, re.escape(part[-1])) for part in parts)


def _related_lists(relation: ArrayRelation, items: Any, others: set[Any]) -> bool | None:
    if items is None:
        return None
    return {
        "a_containedby": set(items) <= others,
        "a_contains": set(items) >= others,
        "a_equals": set(items) == others,
        "a_overlaps": bool(set(items) & others),
    }[relation]


FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _ends(value: Any, row: dict[str, Any]) -> tuple[Any, Any]:
    if not isinstance(value, Interval):
        instant = _value(value, row)
        return instant, instant
    start = FIRST if value.start is None else _value(value.start, row)
    return start, LAST if value.end is None else _value(value.end, row)


RELATIONS = {
    "t_after": "s>f",
    "t_before": "e<t",
    "t_contains": "s<t e>f",
    "t_during": "s>t e<f",
    "t_equals": "s=t e=f",
    "t_finishedby": "s<t e=f",
    "t_finishes": "s>t e=f",
    "t_meets": "e=t",
    "t_metby": "s=f",
    "t_overlappedby": "t<s s<f f<e",
    "t_overlaps": "s<t t<e e<f",
    "t_startedby": "s=t e>f",
    "t_starts": "s=t e<f",
}


def _related(relation: Temporal, one: tuple[Any, Any], other: tuple[Any, Any]) -> bool | None:
    if relation in (Temporal.DISJOINT, Temporal.INTERSECTS):
        parts = [_related(r, one, other) for r in (Temporal.BEFORE, Temporal.AFTER)]
        apart = _any(parts)
        return apart if relation is Temporal.DISJOINT or apart is None else not apart
    ends = dict(zip("setf", (*one, *other), strict=True))
    return _all(
        _compared(Comparison(rule[1]), ends[rule[0]], ends[rule[2]])
        for rule in RELATIONS[relation].split()
    )


def _reversed(node: Any) -> bool:
    """Whether an interval of constants somewhere ends before it starts, which is refused."""
    if isinstance(node, Interval):
        ends = [_instant(e.value) for e in (node.start, node.end) if isinstance(e, Literal)]
        return len(ends) == 2 and ends[0] > ends[1]
    if isinstance(node, tuple):
        return any(_reversed(part) for part in node)
    return hasattr(node, "__dataclass_fields__") and any(
        _reversed(getattr(node, name)) for name in node.__dataclass_fields__ if name != "field"
    )


# Properties


@given(CONDITIONS)
@settings(max_examples=300, deadline=None)
def test_a_tree_written_as_text_or_json_is_read_back(tree):
    assume(not _reversed(tree))
    content = as_json(tree)
    body = json.dumps(content, ensure_ascii=False)
    assert read_json(body, MODEL, filter_crs=CRS84, limits=LIMITS) == tree
    text = as_text(content)
    assume(len(text.encode()) < LIMITS.max_filter_bytes)
    assert read_text(text, MODEL, filter_crs=CRS84, limits=LIMITS) == tree


@pytest.fixture(scope="module")
def connection(database_url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(database_url, connect_args={"options": "-c timezone=Asia/Shanghai"})
    with engine.connect() as connection:
        TABLE.create(connection)
        for number, values in enumerate(ROWS):
            row = dict(zip(TYPES, values, strict=True))
            connection.execute(sa.insert(TABLE).values(row=number, **row))
        yield connection
        connection.rollback()
    engine.dispose()


@given(condition=CONDITIONS)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_database_selects_what_the_naive_evaluation_selects(connection, condition):
    statement = sa.select(TABLE.c.row).where(compiled(condition, TABLE, MODEL))
    found = set(connection.execute(statement).scalars())
    rows = [dict(zip(TYPES, values, strict=True)) for values in ROWS]
    assert found == {number for number, row in enumerate(rows) if holds(condition, row)}
