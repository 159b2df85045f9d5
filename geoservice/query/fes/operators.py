"""The operators of filters in XML, by the names that filters and capabilities use for them.

Data only: the reader dispatches on it, a capabilities document lists it.
"""

from dataclasses import dataclass

from geoservice.query.filter import Arithmetic, Comparison, Spatial, Temporal, TextFunction

FES_2_0 = "http://www.opengis.net/fes/2.0"
OGC = "http://www.opengis.net/ogc"
"""The namespace of Filter Encoding 1.0 and 1.1 alike."""


@dataclass(frozen=True)
class Operator:
    """An operator by its names; None where a version does not have it.

    `element` is the element of a filter, the same in every version, and the name in capabilities
    of FES 2.0 (OGC 09-026r2, 7.14.7). The others are the names in capabilities of Filter
    Encoding 1.1 (OGC 04-095, 16) and 1.0 (OGC 02-059, 14), where all simple comparisons are one.
    """

    element: str
    fe_1_1: str | None = None
    fe_1_0: str | None = None


COMPARISONS: dict[Comparison, Operator] = {
    Comparison.EQUAL: Operator("PropertyIsEqualTo", "EqualTo", "Simple_Comparisons"),
    Comparison.NOT_EQUAL: Operator("PropertyIsNotEqualTo", "NotEqualTo", "Simple_Comparisons"),
    Comparison.LESS: Operator("PropertyIsLessThan", "LessThan", "Simple_Comparisons"),
    Comparison.GREATER: Operator("PropertyIsGreaterThan", "GreaterThan", "Simple_Comparisons"),
    Comparison.LESS_OR_EQUAL: Operator(
        "PropertyIsLessThanOrEqualTo", "LessThanEqualTo", "Simple_Comparisons"
    ),
    Comparison.GREATER_OR_EQUAL: Operator(
        "PropertyIsGreaterThanOrEqualTo", "GreaterThanEqualTo", "Simple_Comparisons"
    ),
}
LIKE = Operator("PropertyIsLike", "Like", "Like")
BETWEEN = Operator("PropertyIsBetween", "Between", "Between")
NULL = Operator("PropertyIsNull", "NullCheck", "NullCheck")
NIL = Operator("PropertyIsNil")
OTHER_COMPARISONS = (LIKE, NULL, NIL, BETWEEN)

BBOX = Operator("BBOX", "BBOX", "BBOX")
SPATIAL: dict[Spatial, Operator] = {
    Spatial.EQUALS: Operator("Equals", "Equals", "Equals"),
    Spatial.DISJOINT: Operator("Disjoint", "Disjoint", "Disjoint"),
    Spatial.INTERSECTS: Operator("Intersects", "Intersects", "Intersect"),
    Spatial.TOUCHES: Operator("Touches", "Touches", "Touches"),
    Spatial.CROSSES: Operator("Crosses", "Crosses", "Crosses"),
    Spatial.WITHIN: Operator("Within", "Within", "Within"),
    Spatial.CONTAINS: Operator("Contains", "Contains", "Contains"),
    Spatial.OVERLAPS: Operator("Overlaps", "Overlaps", "Overlaps"),
}
DWITHIN = Operator("DWithin", "DWithin", "DWithin")
BEYOND = Operator("Beyond", "Beyond", "Beyond")

TEMPORAL: dict[Temporal, Operator] = {
    Temporal.AFTER: Operator("After"),
    Temporal.BEFORE: Operator("Before"),
    Temporal.STARTS: Operator("Begins"),
    Temporal.FINISHES: Operator("Ends"),
    Temporal.DURING: Operator("During"),
    Temporal.EQUALS: Operator("TEquals"),
    Temporal.INTERSECTS: Operator("AnyInteracts"),
}
"""What an instant can be to another time: every property with a time is an instant."""

OF_PERIODS = frozenset(
    {"BegunBy", "TContains", "EndedBy", "Meets", "MetBy", "TOverlaps", "OverlappedBy"}
)
"""What only a period can be to another time (ISO 19108, 5.2.3.5): refused, with this reason."""

FOR_INSTANTS = frozenset({Temporal.AFTER, Temporal.BEFORE, Temporal.EQUALS, Temporal.INTERSECTS})
FOR_PERIODS = frozenset(TEMPORAL) - {Temporal.EQUALS}
"""What an instant can be to an instant, and to a period (ISO 19108, 5.2.3.5)."""

LOGICAL = ("And", "Or", "Not")

ARITHMETIC: dict[str, Arithmetic] = {
    "Add": Arithmetic.ADD,
    "Sub": Arithmetic.SUBTRACT,
    "Mul": Arithmetic.MULTIPLY,
    "Div": Arithmetic.DIVIDE,
}
FUNCTIONS: dict[str, TextFunction] = {"lower": TextFunction.CASEI, "upper": TextFunction.CASEI}
"""Functions of one text. What stands beside `upper` has to be in capitals; see `expressions`."""
