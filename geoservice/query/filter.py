"""The filter tree: conditions on one feature, with properties and types already checked.

Every filter language (CQL2 text and JSON, FES) is read into this tree; the store compiles it. What
is in the tree is allowed: names are fields of the collection, literals have Python types, geometry
is WKB in the storage CRS (longitude, latitude), distances are metres.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from geoservice.description.collection import Field


@dataclass(frozen=True)
class Property:
    """The value of a field; `field` is None for the feature id and for `geom`."""

    name: str
    field: Field | None = None


@dataclass(frozen=True)
class Literal:
    """A value given by the caller; never None, and a number is exact."""

    value: str | bool | int | Decimal | date | datetime | UUID


@dataclass(frozen=True)
class Geometry:
    """A geometry given by the caller: WKB in the storage CRS, finite and valid."""

    wkb: bytes


@dataclass(frozen=True)
class Interval:
    """A span of time, both ends inclusive; None is unbounded. An instant has equal ends."""

    start: "Scalar | None"
    end: "Scalar | None"


class Arithmetic(StrEnum):
    """Operators on numbers."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    MODULO = "%"
    INTEGER_DIVIDE = "div"
    POWER = "^"


@dataclass(frozen=True)
class Calculation:
    """Two numbers joined by an operator, computed exactly (a double counts as its 15 digits).

    An exponent is a whole number from -9 to 9, and its base has no exponent: so no row can make
    the result too large to compute. Dividing by zero gives a missing value.
    """

    operator: Arithmetic
    left: "Scalar"
    right: "Scalar"


class TextFunction(StrEnum):
    """Functions from text to text."""

    CASEI = "casei"  # case-insensitive
    ACCENTI = "accenti"  # accent-insensitive


@dataclass(frozen=True)
class Folded:
    """A text with case or accents taken away."""

    function: TextFunction
    text: "Scalar"


Scalar = Property | Literal | Calculation | Folded


class Comparison(StrEnum):
    """Comparisons of two values."""

    EQUAL = "="
    NOT_EQUAL = "<>"
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


@dataclass(frozen=True)
class Compare:
    """Two values compared; unknown if either is missing."""

    operator: Comparison
    left: Scalar
    right: Scalar


@dataclass(frozen=True)
class Between:
    """A value between two others, ends included."""

    value: Scalar
    lower: Scalar
    upper: Scalar


@dataclass(frozen=True)
class In:
    """A value among others."""

    value: Scalar
    items: tuple[Scalar, ...]


@dataclass(frozen=True)
class Like:
    r"""A text that matches a pattern of `%` (any run), `_` (any one) and `\` (escape)."""

    text: Scalar
    pattern: Scalar


@dataclass(frozen=True)
class IsNull:
    """A value that is missing."""

    value: Scalar


class Spatial(StrEnum):
    """The relations of OGC 06-103r4."""

    INTERSECTS = "s_intersects"
    EQUALS = "s_equals"
    DISJOINT = "s_disjoint"
    TOUCHES = "s_touches"
    WITHIN = "s_within"
    OVERLAPS = "s_overlaps"
    CROSSES = "s_crosses"
    CONTAINS = "s_contains"


GeometryValue = Property | Geometry


@dataclass(frozen=True)
class Relate:
    """Two geometries in a relation."""

    relation: Spatial
    left: GeometryValue
    right: GeometryValue


@dataclass(frozen=True)
class Near:
    """Two geometries at most `distance_m` apart: geodesic, on the CGCS2000 ellipsoid, inclusive.

    With `beyond`, more than that apart.
    """

    left: GeometryValue
    right: GeometryValue
    distance_m: float
    beyond: bool = False


class Temporal(StrEnum):
    """The relations of two spans of time (OGC 21-065r2, 7.8)."""

    AFTER = "t_after"
    BEFORE = "t_before"
    CONTAINS = "t_contains"
    DISJOINT = "t_disjoint"
    DURING = "t_during"
    EQUALS = "t_equals"
    FINISHED_BY = "t_finishedby"
    FINISHES = "t_finishes"
    INTERSECTS = "t_intersects"
    MEETS = "t_meets"
    MET_BY = "t_metby"
    OVERLAPPED_BY = "t_overlappedby"
    OVERLAPS = "t_overlaps"
    STARTED_BY = "t_startedby"
    STARTS = "t_starts"


TemporalValue = Property | Literal | Interval


@dataclass(frozen=True)
class RelateInTime:
    """Two times in a relation; a date beside an instant is its midnight UTC."""

    relation: Temporal
    left: TemporalValue
    right: TemporalValue


class ArrayRelation(StrEnum):
    """The relations of two lists (OGC 21-065r2, 7.9)."""

    CONTAINED_BY = "a_containedby"
    CONTAINS = "a_contains"
    EQUALS = "a_equals"
    OVERLAPS = "a_overlaps"


@dataclass(frozen=True)
class RelateLists:
    """A list field and another list in a relation; both are taken as sets."""

    relation: ArrayRelation
    left: Property
    right: Property | tuple[Literal, ...]


@dataclass(frozen=True)
class Truth:
    """A constant, or a boolean field used as a condition."""

    value: Literal | Property


@dataclass(frozen=True)
class Not:
    """The opposite; unknown stays unknown."""

    condition: "Condition"


@dataclass(frozen=True)
class And:
    """All of the conditions."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True)
class Or:
    """Any of the conditions."""

    conditions: tuple["Condition", ...]


Condition = (
    Compare
    | Between
    | In
    | Like
    | IsNull
    | Relate
    | Near
    | RelateInTime
    | RelateLists
    | Truth
    | Not
    | And
    | Or
)
