"""`ValueReference` and `PropertyName`: the subset of XPath that names one value, looked up."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from geoservice.description import xml_names
from geoservice.description.collection import Collection
from geoservice.errors import BadFilter
from geoservice.query.faults import bad
from geoservice.query.filter import Property
from geoservice.query.gml import NAMESPACES as GML
from geoservice.query.names import Names
from geoservice.xml import BLANKS, Element, content

_NAME = r"[^\s:/\[\]()@*'\"=<>|!,$+]+"
_STEP = re.compile(rf"(?:(?P<prefix>{_NAME}):)?(?P<name>{_NAME})(?:\[1\])?")
_FEATURE_ID = re.compile(rf"@(?P<prefix>{_NAME}):id")
_OF_GML = frozenset({"name", "description", "identifier", "boundedBy"})
_USUAL_PREFIXES = {xml_names.PREFIX: xml_names.NAMESPACE, "gml": "http://www.opengis.net/gml/3.2"}
"""For filters in a URL, which leave out what they take for known."""


@dataclass(frozen=True)
class Absent:
    """A property that GML knows and no feature has."""

    name: str

    def refused(self) -> BadFilter:
        """The mistake of using it for anything but a test for nothing."""
        return bad(
            f"没有要素具有 {self.name}；只能用于 PropertyIsNull。",
            f"no feature has {self.name}; it can only stand in PropertyIsNull.",
            value=self.name,
        )


@dataclass(frozen=True)
class FeatureId:
    """The attribute `gml:id`."""


class References:
    """What references name on one collection."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._names = Names(collection)

    def find(self, element: Element) -> Property | Absent | FeatureId:
        """What a reference names: `name`, `gs:name`, `type/name`, `name[1]`, `@gml:id`.

        Names are those of elements (`xml_names`). Raises `UnknownProperty` for anything else.
        """
        written = "" if len(element) else content(element).strip(BLANKS)
        steps = written.split("/")
        if len(steps) == 2 and self._is_own_type(steps[0], element):
            steps = steps[1:]
        if len(steps) != 1:
            return self._names.find(written)
        feature_id = _FEATURE_ID.fullmatch(steps[0])
        if feature_id and _namespace(feature_id["prefix"], element.nsmap) in GML:
            return FeatureId()
        step = _STEP.fullmatch(steps[0])
        if step is None:
            return self._names.find(written)
        return self._named(step, element, written)

    def _named(
        self, step: re.Match[str], element: Element, written: str
    ) -> Property | Absent | FeatureId:
        name = xml_names.field_name(step["name"])
        space = _namespace(step["prefix"], element.nsmap)
        found = self._names.get(name)
        if space in GML and name in _OF_GML:
            return found or Absent(f"gml:{name}")
        if space != xml_names.NAMESPACE or found is None:
            return self._names.find(written if space != xml_names.NAMESPACE else name)
        return found

    def _is_own_type(self, written: str, element: Element) -> bool:
        step = _STEP.fullmatch(written)
        if step is None or written.endswith("]"):
            return False
        space = _namespace(step["prefix"], element.nsmap)
        return step["name"] == self._collection.id and space == xml_names.NAMESPACE


def _namespace(prefix: str | None, declared: Mapping[str | None, str]) -> str | None:
    """The namespace of a prefix; a name without one is ours, whatever the default of the document."""
    if prefix is None:
        return xml_names.NAMESPACE
    return declared.get(prefix) or _USUAL_PREFIXES.get(prefix)
