"""XML elements in one expression, with only the characters that XML 1.0 has."""

import re
from collections.abc import Mapping

from lxml import etree

from geoservice.xml import Element

# XML 1.0, fifth edition, production 2. The titles of a published file may hold anything.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\ufffd"


def element(
    tag: str,
    attributes: Mapping[str, object] | None = None,
    *children: Element,
    text: str | None = None,
    namespaces: Mapping[str | None, str] | None = None,
) -> Element:
    """An element; a truth is written as 1 or 0, another value as Python writes it."""
    made = etree.Element(tag, nsmap=dict(namespaces) if namespaces else None)
    for name, value in (attributes or {}).items():
        made.set(name, legible(value))
    if text is not None:
        made.text = legible(text)
    made.extend(children)
    return made


def legible(value: object) -> str:
    """A value as XML text; a character that XML does not have becomes U+FFFD."""
    if isinstance(value, bool):
        return str(int(value))
    return _NOT_XML.sub(_REPLACEMENT, str(value))


def document(root: Element, *, doctype: str | None = None) -> bytes:
    """A document in UTF-8; the same bytes for the same elements."""
    etree.indent(root, space=" ")
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, doctype=doctype)
