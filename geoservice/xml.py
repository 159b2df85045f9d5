"""The one way by which XML from outside comes in: refused or parsed, with nothing fetched.

A document has no DOCTYPE, so it has no entities but the five of XML; what it costs is bounded before
and while it is parsed. Its encoding is settled here, not by the parser. Knows no vocabulary: what
the elements mean is for those who ask.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from geoservice.errors import Malformed, TooLarge
from geoservice.languages import Text

Element = etree._Element
SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(frozen=True)
class XmlLimits:
    """The limits of one document; the bytes are those of a setting, the rest fits every client."""

    max_bytes: int
    max_depth: int = 100  # below 256, where the parser would stop by itself
    max_elements: int = 100_000
    max_attributes: int = 64  # of one element
    max_attribute_characters: int = 8_192  # of one value
    max_markup_characters: int = (
        65_536  # of one tag, comment or CDATA section, up to its first bracket
    )
    max_namespaces: int = 64  # different ones


_CHUNK_BYTES = 16_384
BLANKS = " \t\r\n"
_CLOSINGS = {"<!--": "-->", "<?": "?>"}
_NOT_BLANK = re.compile(f"[^{BLANKS}]")
_COMMENT_OR_INSTRUCTION = re.compile("<!--|<[?]")
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", None),  # UTF-32, before the UTF-16 that it begins like
    (b"\x00\x00\xfe\xff", None),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_CODECS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "gb18030": "gb18030",
    "gbk": "gb18030",  # of which it is a part
    "gb2312": "gb18030",
}
_UTF_16 = frozenset({"utf-16", "utf-16le", "utf-16be"})
_DECLARATION = re.compile(
    r"""<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.[0-9]"|'1\.[0-9]')"""
    r"""(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*["'](?P<encoding>[A-Za-z][A-Za-z0-9._-]{0,39})["'])?"""
    r"""(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*["'](?:yes|no)["'])?[ \t\r\n]*\?>"""
)
_DECLARATION_CHARACTERS = 200


def parsed(body: bytes | str, *, name: Text, limits: XmlLimits) -> Element:
    """The root element of a document, without comments and processing instructions.

    A `str` has been decoded already: what it declares about its encoding does not count. XInclude,
    schemas and references are left as they stand. `name` says in messages what the document is.

    Raises `Malformed` for what is not XML, has a DOCTYPE or an encoding that is not read here, and
    `TooLarge` beyond a limit.
    """
    _require_at_most("max_xml_bytes", limits.max_bytes, len(body))
    text = body if isinstance(body, str) else _decoded(body, name)
    # Before a parser sees it: no fewer brackets open than there are elements, and no tag is long.
    openings = text.count("<") - text.count("</")
    _require_at_most("max_xml_elements", limits.max_elements, openings)
    text = _without_declaration(text.removeprefix("\ufeff"), name)
    most = limits.max_markup_characters
    if re.search(f"<[^<>]{{{most + 1}}}", text):
        raise TooLarge(limit_name="max_xml_markup_characters", limit=most, actual=f"> {most}")
    try:
        content = text.encode()
    except UnicodeEncodeError:
        raise _malformed(name, "含有非 Unicode 字符。", "it is not Unicode text.") from None
    _require_at_most("max_xml_bytes", limits.max_bytes, len(content))
    return _root(content, name, limits)


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return etree.QName(element).localname


def namespace(element: Element) -> str:
    """The namespace of an element; empty if it has none."""
    return etree.QName(element).namespace or ""


def content(element: Element) -> str:
    """The text of an element that has no children; an empty one has the empty text."""
    return element.text or ""


def has_text(element: Element) -> bool:
    """Whether there is more than blanks between the children of an element."""
    between = (element.text, *(child.tail for child in element))
    return any(text and text.strip(BLANKS) for text in between)


def _root(content: bytes, name: Text, limits: XmlLimits) -> Element:
    parser = etree.XMLPullParser(
        events=("start-ns", "start", "end"),
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    count = _Count(limits)
    try:
        for start in range(0, len(content), _CHUNK_BYTES):
            parser.feed(content[start : start + _CHUNK_BYTES])
            count.take_all(parser.read_events())
        return parser.close()
    except etree.XMLSyntaxError as fault:
        count.take_all(parser.read_events())  # a limit of the parser lies beyond one of ours
        line, column = fault.position
        detail = (fault.msg or "").strip()[:200]
        raise _malformed(
            name,
            f"第 {line} 行第 {column} 列不是合法的 XML（{detail}）。",
            f"it is not XML at line {line}, column {column} ({detail}).",
        ) from None


class _Count:
    """What a document has cost so far."""

    def __init__(self, limits: XmlLimits) -> None:
        self._limits = limits
        self._depth = 0
        self._namespaces: set[str] = set()

    def take_all(self, events: Iterable[tuple[str, Any]]) -> None:
        """Count what the parser has seen since."""
        for event, subject in events:
            if event == "start":
                self._open(subject)
            elif event == "end":
                self._depth -= 1
            else:
                self._namespaces.add(subject[1])
                most = self._limits.max_namespaces
                _require_at_most("max_xml_namespaces", most, len(self._namespaces))

    def _open(self, element: Element) -> None:
        limits = self._limits
        self._depth += 1
        _require_at_most("max_xml_depth", limits.max_depth, self._depth)
        attributes = element.attrib
        # First the number: to read the values costs the square of it.
        _require_at_most("max_xml_attributes", limits.max_attributes, len(attributes))
        for value in attributes.values():
            most = limits.max_attribute_characters
            _require_at_most("max_xml_attribute_characters", most, len(value))


def _decoded(body: bytes, name: Text) -> str:
    codec = _codec(body, name)
    try:
        return body.decode(codec)
    except UnicodeDecodeError as fault:
        raise _malformed(
            name,
            f"第 {fault.start + 1} 个字节处不是合法的 {codec}。",
            f"byte {fault.start + 1} is not {codec}.",
        ) from None


def _codec(body: bytes, name: Text) -> str:
    """The codec that mark and declaration agree on (XML 1.0, 4.3.3 and appendix F)."""
    marked = next((each for each in _BYTE_ORDER_MARKS if body.startswith(each[0])), None)
    if marked is not None and marked[1] is None:
        raise _unreadable(name, "UTF-32")
    by_mark = marked[1] if marked else None
    head = body[: 2 * _DECLARATION_CHARACTERS + 3].decode(by_mark or "latin-1", errors="replace")
    declaration = _DECLARATION.match(head.removeprefix("\ufeff")[:_DECLARATION_CHARACTERS])
    declared = (declaration["encoding"] or "").lower() if declaration else ""
    if by_mark in ("utf-16-le", "utf-16-be"):
        agree = declared in ("", "utf-16", by_mark.replace("-16-", "-16"))
    elif declared in _UTF_16:
        agree = False  # without a mark, nobody wrote this declaration in UTF-16
    elif declared and declared not in _CODECS:
        raise _unreadable(name, declared)
    else:
        agree = by_mark is None or declared in ("", "utf-8", "utf8")
    if not agree:
        raise _malformed(
            name,
            f"声明的编码“{declared}”与内容不符。",
            f"the encoding that it declares, “{declared}”, is not the one it is in.",
        )
    return by_mark or _CODECS[declared or "utf-8"]


def _unreadable(name: Text, encoding: str) -> Malformed:
    allowed = "UTF-8, UTF-16, GB18030, GBK, GB2312"
    return _malformed(
        name,
        f"不支持编码“{encoding}”；可用：{allowed}。",
        f"the encoding “{encoding}” is not read here; allowed: {allowed}.",
    )


def _without_declaration(text: str, name: Text) -> str:
    """The text behind its declaration; refused with a NUL or a DOCTYPE."""
    if "\0" in text:
        raise _malformed(name, "含有空字符（NUL）。", "it contains a NUL character.")
    declaration = _DECLARATION.match(text[:_DECLARATION_CHARACTERS])
    if declaration:
        text = text[declaration.end() :]
    if text.startswith(("\ufeff", "<?xml ", "<?xml\t", "<?xml\r", "<?xml\n")):
        # Behind a second mark the parser would begin anew, and see a DOCTYPE that was not seen here.
        raise _malformed(name, "XML 声明无效。", "its XML declaration cannot be read.")
    if _has_doctype(text):
        raise _malformed(name, "不允许 DOCTYPE。", "a DOCTYPE is not allowed.")
    return text


def _has_doctype(text: str) -> bool:
    """Whether the prolog (XML 1.0, production 22) has a document type declaration."""
    at = _after_blanks(text, 0)
    while found := _COMMENT_OR_INSTRUCTION.match(text, at):
        end = text.find(_CLOSINGS[found[0]], found.end())
        if end < 0:
            return False  # the parser refuses it
        at = _after_blanks(text, end + len(_CLOSINGS[found[0]]))
    return text.startswith("<!DOCTYPE", at)


def _after_blanks(text: str, at: int) -> int:
    found = _NOT_BLANK.search(text, at)
    return found.start() if found else len(text)


def _malformed(name: Text, zh: str, en: str) -> Malformed:
    return Malformed(name=name, reason=Text(zh=zh, en=en))


def _require_at_most(limit_name: str, limit: int, actual: int) -> None:
    if actual > limit:
        raise TooLarge(limit_name=limit_name, limit=limit, actual=actual)
