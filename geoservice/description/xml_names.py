"""How collections, fields and features are called in XML: GML, FES and WFS use the same names.

A field's name may be anything that a published file had; an element's name may not. Characters that
XML does not allow are written as `_xHHHH_`, by the mapping of SQL/XML (ISO/IEC 9075-14, 9.1), so
that the way back is exact.
"""

import re
from functools import lru_cache
from uuid import UUID

from geoservice.description.collection import Collection

PREFIX = "gs"
NAMESPACE = "urn:geoservice:collections"
"""The namespace of all collections, the same in every deployment: saved projects name it."""

GEOMETRY = "geom"

# XML 1.0, fifth edition, productions 4 and 4a, without the colon (Namespaces in XML 1.0, 4).
_START = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_FURTHER = _START + "\\-.0-9\u00b7\u0300-\u036f\u203f\u2040"
_WRITTEN_OUT = re.compile(f"(?P<start>^[^{_START}])|[^{_FURTHER}]|_(?=x[0-9A-F]{{4,8}}_)")
_MARK = re.compile("_x([0-9A-F]{4,8})_")
_FEATURE_ID = re.compile(
    r"(?P<collection>[a-z][a-z0-9_]*)\.(?P<uid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)


@lru_cache(maxsize=4096)
def element_name(field_name: str) -> str:
    """The local name of the element that holds a field."""
    return _WRITTEN_OUT.sub(lambda found: f"_x{ord(found[0]):04X}_", field_name)


def field_name(element_name: str) -> str:
    """The field that an element holds: the way back from `element_name`."""
    return _MARK.sub(lambda found: _character(found[1], found[0]), element_name)


def _character(digits: str, mark: str) -> str:
    number = int(digits, 16)
    return chr(number) if number <= 0x10FFFF else mark


def type_name(collection: Collection) -> str:
    """The name of a feature type, the same in every version of WFS."""
    return f"{PREFIX}:{collection.id}"


def feature_id(collection: Collection, uid: UUID | str) -> str:
    """The `gml:id` or `fid` of a feature: its type and its uid, stable for ever."""
    return f"{collection.id}.{uid}"


def parts_of_feature_id(text: str) -> tuple[str, UUID] | None:
    """The collection's id and the uid that a feature id names; None if it is not one of ours."""
    found = _FEATURE_ID.fullmatch(text)
    return (found["collection"], UUID(found["uid"])) if found else None
