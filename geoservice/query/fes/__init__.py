"""Filters in XML → the filter tree: FES 2.0 (OGC 09-026r2), Filter Encoding 1.1 and 1.0.

The sister of `cql2`: the same names, kinds and limits. Each version has its own namespace, and a
filter keeps to one. Nothing that is not understood is left out.
"""

from collections.abc import Sequence

from geoservice.description.collection import Collection
from geoservice.languages import Text
from geoservice.query.faults import bad, require_at_most, shown
from geoservice.query.fes.feature_ids import one_of
from geoservice.query.fes.operators import FES_2_0, OGC
from geoservice.query.fes.reader import Reader
from geoservice.query.filter import Condition
from geoservice.query.gml import GmlReading
from geoservice.query.limits import FilterLimits
from geoservice.xml import Element, XmlLimits, local_name, namespace, parsed

__all__ = ["read_document", "read_feature_ids", "read_filter"]

_XML_DEPTH_OF_A_GEOMETRY = 12
_XML_DEPTH_OF_AN_OPERATOR = 2  # itself, and what holds it, as the boundary of an interval


def read_filter(
    element: Element, collection: Collection, *, reading: GmlReading, limits: FilterLimits
) -> Condition:
    """The condition that a `Filter` element states on one collection.

    The element comes from `geoservice.xml.parsed`, whose limit of bytes counts for it. Geometries
    are in the CRS of their `srsName`, by the order of axes of `reading`.

    Raises `BadFilter` and its kinds, `UnknownProperty`, `UnknownCrs` and `BadGeometry`.
    """
    space = namespace(element)
    if local_name(element) != "Filter" or space not in (FES_2_0, OGC):
        name = shown(f"{{{space}}}{local_name(element)}")
        raise bad(
            f"“{name}”不是 Filter；命名空间须为 {FES_2_0} 或 {OGC}。",
            f"“{name}” is not a Filter in the namespace {FES_2_0} or {OGC}.",
        )
    return Reader(collection, space, reading, limits).filter(element)


def read_document(
    text: bytes | str, collection: Collection, *, reading: GmlReading, limits: FilterLimits
) -> Condition:
    """The condition that a document states, as a filter in a URL is one; see `read_filter`.

    Raises `Malformed` and `TooLarge` as well.
    """
    depth = limits.max_filter_depth * _XML_DEPTH_OF_AN_OPERATOR + _XML_DEPTH_OF_A_GEOMETRY
    xml_limits = XmlLimits(max_bytes=limits.max_filter_json_bytes, max_depth=depth)
    root = parsed(text, name=Text(zh="筛选条件", en="the filter"), limits=xml_limits)
    return read_filter(root, collection, reading=reading, limits=limits)


def read_feature_ids(
    texts: Sequence[str], collection: Collection, *, limits: FilterLimits
) -> Condition:
    """The condition that a feature has one of the ids, as a parameter lists them.

    An id that no feature has is no match. Raises `BadFeatureId` for what cannot be one.
    """
    require_at_most("max_in_items", limits.max_in_items, len(texts))
    return one_of(texts, collection)
