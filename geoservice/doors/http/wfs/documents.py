"""XML documents that are written: elements by short names, and documents around ready-made text."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from lxml import etree

from geoservice.description.xml_names import NAMESPACE, PREFIX
from geoservice.doors.http.wfs.versions import Version
from geoservice.xml import SCHEMA_INSTANCE, Element

XSD = "http://www.w3.org/2001/XMLSchema"
XLINK = "http://www.w3.org/1999/xlink"
XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

_PLACE = ("members", "here")
_PLACE_WRITTEN = b"<?members here?>"


class Document:
    """Makes the elements of one document; a name is `prefix:local`."""

    def __init__(
        self,
        version: Version,
        root: str,
        *,
        also: Mapping[str, str] | None = None,
        types_declare: bool = False,
    ) -> None:
        self.version = version
        self._namespaces = {
            "wfs": version.wfs,
            "gml": version.gml,
            version.filter_prefix: version.filter,
            PREFIX: NAMESPACE,
            "xlink": XLINK,
            "xsi": SCHEMA_INSTANCE,
            **({"ows": version.ows} if version.ows else {}),
            **(also or {}),
        }
        declared = dict(self._namespaces)
        if types_declare:
            del declared[PREFIX]
        self.root = etree.Element(self._qualified(root), nsmap=declared)

    def add(
        self, parent: Element, name: str, text: str | None = None, /, **attributes: str | None
    ) -> Element:
        """A new last child. Attributes that are None are left out; `xlink__href` is `xlink:href`."""
        child = etree.SubElement(parent, self._qualified(name))
        if text is not None:
            child.text = clean(text)
        self.set(child, **attributes)
        return child

    def add_type(self, parent: Element, name: str) -> Element:
        """A new last child that itself declares the prefix of our types."""
        return etree.SubElement(parent, self._qualified(name), nsmap={PREFIX: NAMESPACE})

    def set(self, element: Element, /, **attributes: str | None) -> None:
        """Set attributes by the same rule."""
        for attribute, value in attributes.items():
            if value is not None:
                element.set(self._qualified(attribute.replace("__", ":")), clean(value))

    def add_place(self, parent: Element) -> None:
        """Where ready-made text will stand."""
        parent.append(etree.ProcessingInstruction(*_PLACE))

    def _qualified(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        return f"{{{self._namespaces[prefix]}}}{local}" if colon else name


def clean(text: str) -> str:
    """A text without the characters that XML 1.0 cannot hold (production 2)."""
    return "".join(
        "\ufffd"
        if (character < " " and character not in "\t\r\n")
        or character in "\ufffe\uffff"
        or "\ud800" <= character <= "\udfff"
        else character
        for character in text
    )


def written(root: Element) -> bytes:
    """A document as it is sent."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def pieces(root: Element) -> Sequence[bytes]:
    """What stands before, between and behind the places of a document."""
    # No value can hold the mark: its bracket is escaped in values.
    return written(root).split(_PLACE_WRITTEN)


def now() -> str:
    """The time as documents state it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
