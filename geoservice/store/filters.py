"""Filter tree → one SQL condition: columns of a source and bound values, nothing else.

An unknown (a missing value, a division by zero) stays unknown under NOT, as in the standard. What
is compared with a column is converted once, as a constant; the column stays bare for its index.
"""

import operator
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from geoservice.crs import STORAGE_SRID
from geoservice.description.collection import Collection, FieldType
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
    Scalar,
    Spatial,
    Temporal,
    TemporalValue,
    TextFunction,
    Truth,
)
from geoservice.store.geodesy import box_around, distance_m

Expression = sa.ColumnElement[Any]
Sql = sa.ColumnElement[bool]

_COMPARISONS: dict[Comparison, Callable[[Expression, Expression], Sql]] = {
    Comparison.EQUAL: operator.eq,
    Comparison.NOT_EQUAL: operator.ne,
    Comparison.LESS: operator.lt,
    Comparison.LESS_OR_EQUAL: operator.le,
    Comparison.GREATER: operator.gt,
    Comparison.GREATER_OR_EQUAL: operator.ge,
}
_SPATIAL: dict[Spatial, Callable[..., Sql]] = {
    Spatial.INTERSECTS: sa.func.ST_Intersects,
    Spatial.EQUALS: sa.func.ST_Equals,
    Spatial.TOUCHES: sa.func.ST_Touches,
    Spatial.WITHIN: sa.func.ST_Within,
    Spatial.OVERLAPS: sa.func.ST_Overlaps,
    Spatial.CROSSES: sa.func.ST_Crosses,
    Spatial.CONTAINS: sa.func.ST_Contains,
}
_SQL_TYPES: dict[type, sa.types.TypeEngine[Any]] = {
    str: sa.Text(),
    bool: sa.Boolean(),
    Decimal: sa.Numeric(),
    date: sa.Date(),
    datetime: sa.DateTime(timezone=True),
    UUID: pg.UUID(as_uuid=True),
}
_INT8 = 2**63
_LARGEST_DOUBLE = sa.literal(1e40, sa.Double)  # to calculate with; beyond it, unknown
_DECIMALS = 40
_COMBINING_MARKS = "[\u0300-\u036f]"


def compiled(condition: Condition, source: sa.FromClause, collection: Collection) -> Sql:
    """The SQL of a condition on the rows of a source, which has the columns of the collection."""
    return _Compiler(source, collection).condition(condition)


class _Compiler:
    def __init__(self, source: sa.FromClause, collection: Collection) -> None:
        self._source = source
        self._collection = collection

    def condition(self, condition: Condition) -> Sql:
        match condition:
            case And(parts):
                return sa.and_(*(self.condition(part) for part in parts))
            case Or(parts):
                return sa.or_(*(self.condition(part) for part in parts))
            case Not(part):
                return sa.not_(self.condition(part))
            case Truth(value):
                return self._scalar(value)
            case Relate() | Near() | RelateInTime() | RelateLists():
                return self._relation(condition)
            case _:
                return self._comparison(condition)

    def _comparison(self, comparison: Compare | Between | In | Like | IsNull) -> Sql:
        match comparison:
            case Compare(sign, left, right):
                return _COMPARISONS[sign](*self._alike(left, right))
            case Between(value, lower, upper):
                middle, low, high = self._alike(value, lower, upper)
                return middle.between(low, high)
            case In(value, items):
                return self._in(value, items)
            case Like(text, pattern):  # PostgreSQL's own escape is the backslash too
                return self._scalar(text).like(self._scalar(pattern))
            case IsNull(value):
                return self._scalar(value).is_(None)

    def _relation(self, relation: Relate | Near | RelateInTime | RelateLists) -> Sql:
        match relation:
            case Relate():
                return self._relate(relation)
            case Near():
                return self._near(relation)
            case RelateInTime():
                return self._in_time(relation)
            case RelateLists():
                return self._lists(relation)

    # Scalars

    def _scalar(self, scalar: Scalar) -> Expression:
        match scalar:
            case Property(name):
                return self._source.c[name]
            case Literal(value):
                return _bound(value)
            case Calculation():
                return self._number(scalar)
            case Folded(function, text):
                return _folded(function, self._scalar(text))

    def _alike(self, *scalars: Scalar) -> list[Expression]:
        """Scalars in types that PostgreSQL compares without loss."""
        if any(isinstance(scalar, Calculation) for scalar in scalars):
            return [self._number(scalar) for scalar in scalars]
        if any(self._is_time(scalar) for scalar in scalars):
            return self._times(scalars)
        return [self._scalar(scalar) for scalar in scalars]

    def _type(self, scalar: Scalar) -> FieldType | None:
        field = self._collection.by_name.get(scalar.name) if isinstance(scalar, Property) else None
        return field.type if field else None

    def _in(self, value: Scalar, items: tuple[Scalar, ...]) -> Sql:
        wanted, *columns = self._alike(value, *items)
        literals = [column for column in columns if isinstance(column, sa.BindParameter)]
        if len(literals) < len(columns):
            return sa.or_(*(wanted == column for column in columns))
        return wanted.bool_op("=")(sa.func.any(_array(literals)))

    # Numbers

    def _number(self, scalar: Scalar) -> Expression:
        """A scalar as an exact number, within bounds in which no calculation can fail."""
        match scalar:
            case Calculation(arithmetic, left, right):
                return _calculated(arithmetic, self._number(left), self._number(right))
            case Literal(value):
                assert isinstance(value, int | Decimal)
                return sa.literal(Decimal(value), sa.Numeric)
            case _:
                column = self._scalar(scalar)
        if self._type(scalar) is not FieldType.NUMBER:
            return sa.cast(column, sa.Numeric)
        exact = sa.func.round(sa.cast(column, sa.Numeric), _DECIMALS, type_=sa.Numeric)
        return sa.case((sa.func.abs(column) < _LARGEST_DOUBLE, exact))

    # Times

    def _times(self, scalars: Sequence[Scalar]) -> list[Expression]:
        """Times of one type: days if all are days, else instants, a day being its midnight UTC."""
        instants = any(self._is_instant(scalar) for scalar in scalars)
        return [self._time(scalar, instants) for scalar in scalars]

    def _is_instant(self, scalar: Scalar) -> bool:
        if isinstance(scalar, Literal):
            return isinstance(scalar.value, datetime)
        return self._type(scalar) is FieldType.DATETIME

    def _is_time(self, scalar: Scalar) -> bool:
        if isinstance(scalar, Literal):
            return isinstance(scalar.value, date)
        return self._type(scalar) in (FieldType.DATE, FieldType.DATETIME)

    def _time(self, scalar: Scalar, instants: bool) -> Expression:
        if not instants or self._is_instant(scalar):
            return self._scalar(scalar)
        if isinstance(scalar, Literal):
            assert isinstance(scalar.value, date)
            return _bound(datetime.combine(scalar.value, time(), UTC))
        midnight = sa.cast(self._scalar(scalar), sa.DateTime)
        return sa.func.timezone("UTC", midnight, type_=sa.DateTime(timezone=True))

    def _in_time(self, relation: RelateInTime) -> Sql:
        ends = [*_ends(relation.left), *_ends(relation.right)]
        bounded = [end for end in ends if end is not None]
        instants = any(self._is_instant(end) for end in bounded)
        kind = "timestamptz" if instants else "date"
        columns = [
            self._time(end, instants) if end is not None else _UNBOUNDED[kind][at % 2]
            for at, end in enumerate(ends)
        ]
        return _TEMPORAL[relation.relation](*columns)

    # Lists and geometries

    def _lists(self, relation: RelateLists) -> Sql:
        left = self._scalar(relation.left)
        if isinstance(relation.right, Property):
            right = self._scalar(relation.right)
        else:
            item = pg.UUID if self._type(relation.left) is FieldType.UUID else sa.Text
            values = [literal.value for literal in relation.right]
            right = sa.literal(values, pg.ARRAY(item()))
        return _ARRAYS[relation.relation](left, right)

    def _geometry(self, value: GeometryValue) -> Expression:
        if isinstance(value, Property):
            return self._source.c[value.name]
        wkb = sa.literal(value.wkb, sa.LargeBinary)
        return sa.func.ST_GeomFromWKB(wkb, STORAGE_SRID)

    def _relate(self, relate: Relate) -> Sql:
        sides = (self._geometry(relate.left), self._geometry(relate.right))
        if relate.relation is Spatial.DISJOINT:
            return sa.not_(sa.func.ST_Intersects(*sides, type_=sa.Boolean))
        return _SPATIAL[relate.relation](*sides, type_=sa.Boolean)

    def _near(self, near: Near) -> Sql:
        left, right = self._geometry(near.left), self._geometry(near.right)
        metres = sa.literal(near.distance_m, sa.Double)
        distance = distance_m(left, right)
        if near.beyond:
            return distance > metres
        if isinstance(near.left, Property) and isinstance(near.right, Property):
            return distance <= metres
        column, constant = (right, left) if isinstance(near.left, Geometry) else (left, right)
        box = box_around(constant, near.distance_m)
        return sa.and_(column.bool_op("&&")(box), distance <= metres)


def _ends(value: TemporalValue) -> tuple[Scalar | None, Scalar | None]:
    return (value.start, value.end) if isinstance(value, Interval) else (value, value)


def _bound(value: object) -> sa.BindParameter[Any]:
    """A value of the caller, with the type that PostgreSQL is told."""
    return sa.literal(value, _sql_type(value))


def _sql_type(value: object) -> sa.types.TypeEngine[Any]:
    if type(value) is int:
        return sa.BigInteger() if -_INT8 <= value < _INT8 else sa.Numeric()
    return _SQL_TYPES[type(value)]


def _array(literals: Sequence[sa.BindParameter[Any]]) -> sa.BindParameter[Any]:
    """Values as one array: one value to bind, however many there are."""
    values: list[Any] = [literal.value for literal in literals]
    if any(isinstance(literal.type, sa.Numeric) for literal in literals):
        return sa.literal([Decimal(value) for value in values], pg.ARRAY(sa.Numeric()))
    return sa.literal(values, pg.ARRAY(literals[0].type))


def _calculated(arithmetic: Arithmetic, left: Expression, right: Expression) -> Expression:
    """Two exact numbers joined; what cannot be computed is unknown, never an error."""
    number = sa.Numeric()
    divisor = sa.func.nullif(right, 0, type_=number)
    match arithmetic:
        case Arithmetic.DIVIDE:
            return left.op("/", return_type=number)(divisor)
        case Arithmetic.MODULO:
            return sa.func.mod(left, divisor, type_=number)
        case Arithmetic.INTEGER_DIVIDE:
            return sa.func.div(left, divisor, type_=number)
        case Arithmetic.POWER:
            return _power(left, right)
    return left.op(arithmetic.value, return_type=number)(right)


def _power(base: Expression, exponent: Expression) -> Expression:
    assert isinstance(exponent, sa.BindParameter)  # `Calculation` allows no other
    power: Any = exponent.value
    if power < 0:
        base = sa.func.nullif(base, 0, type_=sa.Numeric)
    return sa.func.power(base, exponent, type_=sa.Numeric)


def _folded(function: TextFunction, text: Expression) -> Expression:
    if function is TextFunction.CASEI:
        return sa.func.lower(text, type_=sa.Text)
    # Letters lose the marks above and below them; marks of other scripts, such as か → が, stay.
    apart = sa.func.pg_catalog.normalize(text, "NFD", type_=sa.Text)
    bare = sa.func.regexp_replace(apart, _COMBINING_MARKS, "", "g", type_=sa.Text)
    return sa.func.pg_catalog.normalize(bare, "NFC", type_=sa.Text)


def _equal_sets(one: Expression, other: Expression) -> Sql:
    return sa.and_(one.bool_op("@>")(other), one.bool_op("<@")(other))


_ARRAYS: dict[ArrayRelation, Callable[[Expression, Expression], Sql]] = {
    ArrayRelation.CONTAINED_BY: lambda one, other: one.bool_op("<@")(other),
    ArrayRelation.CONTAINS: lambda one, other: one.bool_op("@>")(other),
    ArrayRelation.OVERLAPS: lambda one, other: one.bool_op("&&")(other),
    ArrayRelation.EQUALS: _equal_sets,
}

_UNBOUNDED: dict[str, tuple[Expression, Expression]] = {
    "date": (sa.literal_column("DATE '-infinity'"), sa.literal_column("DATE 'infinity'")),
    "timestamptz": (
        sa.literal_column("TIMESTAMPTZ '-infinity'"),
        sa.literal_column("TIMESTAMPTZ 'infinity'"),
    ),
}

# Start and end of the one (s, e) and of the other (t, f), both ends inclusive; an instant has
# equal ends. OWL-Time, to which OGC 21-065r2 refers.
_TEMPORAL: dict[Temporal, Callable[[Any, Any, Any, Any], Sql]] = {
    Temporal.AFTER: lambda s, e, t, f: s > f,
    Temporal.BEFORE: lambda s, e, t, f: e < t,
    Temporal.DISJOINT: lambda s, e, t, f: sa.or_(e < t, s > f),
    Temporal.INTERSECTS: lambda s, e, t, f: sa.and_(s <= f, e >= t),
    Temporal.EQUALS: lambda s, e, t, f: sa.and_(s == t, e == f),
    Temporal.CONTAINS: lambda s, e, t, f: sa.and_(s < t, e > f),
    Temporal.DURING: lambda s, e, t, f: sa.and_(s > t, e < f),
    Temporal.FINISHED_BY: lambda s, e, t, f: sa.and_(s < t, e == f),
    Temporal.FINISHES: lambda s, e, t, f: sa.and_(s > t, e == f),
    Temporal.MEETS: lambda s, e, t, f: e == t,
    Temporal.MET_BY: lambda s, e, t, f: s == f,
    Temporal.OVERLAPPED_BY: lambda s, e, t, f: sa.and_(s > t, s < f, e > f),
    Temporal.OVERLAPS: lambda s, e, t, f: sa.and_(s < t, e > t, e < f),
    Temporal.STARTED_BY: lambda s, e, t, f: sa.and_(s == t, e > f),
    Temporal.STARTS: lambda s, e, t, f: sa.and_(s == t, e < f),
}
