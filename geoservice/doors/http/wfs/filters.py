"""`Filter_Capabilities`: what filters can say, listed from the tables by which they are read."""

from collections.abc import Iterator, Sequence

from geoservice.doors.http.wfs.documents import Document
from geoservice.doors.http.wfs.versions import V100, V200, Version
from geoservice.query.fes import operators
from geoservice.query.fes.operators import Operator
from geoservice.query.filter import Temporal
from geoservice.xml import Element

_CONFORMANCE = (
    *("ImplementsQuery", "ImplementsAdHocQuery", "ImplementsFunctions", "ImplementsResourceId"),
    *("ImplementsMinStandardFilter", "ImplementsStandardFilter", "ImplementsMinSpatialFilter"),
    *("ImplementsSpatialFilter", "ImplementsMinTemporalFilter", "ImplementsTemporalFilter"),
    *("ImplementsSorting", "ImplementsMinimumXPath"),
)
_NOT_IMPLEMENTED = (
    "ImplementsVersionNav",
    "ImplementsExtendedOperators",
    "ImplementsSchemaElementFunc",
)

_COMPARISONS = (*operators.COMPARISONS.values(), *operators.OTHER_COMPARISONS)
_SPATIAL = (
    *(operators.BBOX, *operators.SPATIAL.values()),
    *(operators.DWITHIN, operators.BEYOND),
)
_OPERANDS = (
    *("Envelope", "Point", "MultiPoint", "LineString", "Curve", "MultiCurve", "Polygon"),
    *("Surface", "MultiSurface", "MultiGeometry"),
)
_OPERANDS_1_1 = ("Envelope", "Point", "LineString", "Polygon")
"""Those that its schema can name; the others are read as well."""

_TEMPORAL_OPERANDS = ("TimeInstant", "TimePeriod")


def add_capabilities(document: Document, parent: Element, version: Version) -> None:
    """Add the section in the form of a version."""
    if version is V200:
        _add_fes_2_0(document, parent)
    elif version is V100:
        _add_1_0(document, parent)
    else:
        _add_1_1(document, parent)


def _add_fes_2_0(document: Document, parent: Element) -> None:
    section = document.add(parent, "fes:Filter_Capabilities")
    conformance = document.add(section, "fes:Conformance")
    for name in (*_CONFORMANCE, *_NOT_IMPLEMENTED):
        constraint = document.add(conformance, "fes:Constraint", name=name)
        document.add(constraint, "ows:NoValues")
        value = "TRUE" if name in _CONFORMANCE else "FALSE"
        document.add(constraint, "ows:DefaultValue", value)
    identifiers = document.add(section, "fes:Id_Capabilities")
    document.add(identifiers, "fes:ResourceIdentifier", name="fes:ResourceId")
    scalar = document.add(section, "fes:Scalar_Capabilities")
    document.add(scalar, "fes:LogicalOperators")
    comparisons = document.add(scalar, "fes:ComparisonOperators")
    for each in _COMPARISONS:
        document.add(comparisons, "fes:ComparisonOperator", name=each.element)
    spatial = document.add(section, "fes:Spatial_Capabilities")
    _add_names(document, spatial, "fes:GeometryOperand", _operands("gml", _OPERANDS))
    _add_names(document, spatial, "fes:SpatialOperator", (each.element for each in _SPATIAL))
    temporal = document.add(section, "fes:Temporal_Capabilities")
    _add_names(document, temporal, "fes:TemporalOperand", _operands("gml", _TEMPORAL_OPERANDS))
    # Its schema has forgotten AnyInteracts (filterCapabilities.xsd of FES 2.0), which is read too.
    listed = (each for each in operators.TEMPORAL if each is not Temporal.INTERSECTS)
    times = (operators.TEMPORAL[each].element for each in listed)
    _add_names(document, temporal, "fes:TemporalOperator", times)
    functions = document.add(section, "fes:Functions")
    for name in operators.FUNCTIONS:
        function = document.add(functions, "fes:Function", name=name)
        document.add(function, "fes:Returns", "xsd:string")
        argument = document.add(
            document.add(function, "fes:Arguments"), "fes:Argument", name="text"
        )
        document.add(argument, "fes:Type", "xsd:string")


def _add_names(document: Document, parent: Element, name: str, values: Iterator[str]) -> None:
    group = document.add(parent, f"{name}s")
    for value in values:
        document.add(group, name, name=value)


def _operands(prefix: str, names: Sequence[str]) -> Iterator[str]:
    return (f"{prefix}:{name}" for name in names)


def _add_1_1(document: Document, parent: Element) -> None:
    section = document.add(parent, "ogc:Filter_Capabilities")
    spatial = document.add(section, "ogc:Spatial_Capabilities")
    operands = document.add(spatial, "ogc:GeometryOperands")
    for name in _operands("gml", _OPERANDS_1_1):
        document.add(operands, "ogc:GeometryOperand", name)
    spatials = document.add(spatial, "ogc:SpatialOperators")
    for name in _names(_SPATIAL, "fe_1_1"):
        document.add(spatials, "ogc:SpatialOperator", name=name)
    scalar = document.add(section, "ogc:Scalar_Capabilities")
    document.add(scalar, "ogc:LogicalOperators")
    comparisons = document.add(scalar, "ogc:ComparisonOperators")
    for name in _names(_COMPARISONS, "fe_1_1"):
        document.add(comparisons, "ogc:ComparisonOperator", name)
    arithmetic = document.add(scalar, "ogc:ArithmeticOperators")
    document.add(arithmetic, "ogc:SimpleArithmetic")
    _add_functions(document, arithmetic, "ogc:FunctionName")
    identifiers = document.add(section, "ogc:Id_Capabilities")
    document.add(identifiers, "ogc:EID")
    document.add(identifiers, "ogc:FID")


def _add_1_0(document: Document, parent: Element) -> None:
    section = document.add(parent, "ogc:Filter_Capabilities")
    spatial = document.add(section, "ogc:Spatial_Capabilities")
    spatials = document.add(spatial, "ogc:Spatial_Operators")
    for name in _names(_SPATIAL, "fe_1_0"):
        document.add(spatials, f"ogc:{name}")
    scalar = document.add(section, "ogc:Scalar_Capabilities")
    document.add(scalar, "ogc:Logical_Operators")
    comparisons = document.add(scalar, "ogc:Comparison_Operators")
    for name in _names(_COMPARISONS, "fe_1_0"):
        document.add(comparisons, f"ogc:{name}")
    arithmetic = document.add(scalar, "ogc:Arithmetic_Operators")
    document.add(arithmetic, "ogc:Simple_Arithmetic")
    _add_functions(document, arithmetic, "ogc:Function_Name")


def _add_functions(document: Document, parent: Element, element: str) -> None:
    """The functions, within elements whose names differ between the versions only by a mark."""
    group = document.add(parent, "ogc:Functions")
    names = document.add(group, f"{element}s")
    for name in operators.FUNCTIONS:
        document.add(names, element, name, nArgs="1")


def _names(listed: Sequence[Operator], version: str) -> Iterator[str]:
    """The names of operators in a version that has them, each once."""
    found = (getattr(each, version) for each in listed)
    return iter(dict.fromkeys(name for name in found if name is not None))
