"""What a filter must pass before a native parser sees it.

Parsers of nested input recurse: a few kilobytes of brackets overflow the stack of the process. So
length, nesting and operators are counted here first, by a scanner that knows texts and quoted
names and does not recurse.
"""

import re

from geoservice.query.faults import bad, require_at_most
from geoservice.query.limits import FilterLimits

_TOKEN = re.compile(
    r"""
      (?P<text>'(?:[^'\\]|\\.|'')*')
    | (?P<name>"(?:[^"]|"")*")
    | (?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)
    | (?P<word>[^\W\d][\w.:]*)
    | (?P<operator><>|<=|>=|!=|[-+*/%^=<>])
    | (?P<open>\()
    | (?P<close>\))
    | (?P<comma>,)
    | (?P<unclosed>['"])
    | (?P<other>\s+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_OPERATOR_WORDS = frozenset({"and", "or", "not", "like", "between", "in", "is", "div"})
_GEOMETRY_WORDS = frozenset(
    part + dimension
    for part in ("point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon")
    for dimension in ("", "z", "m", "zm")
)
_DIMENSION_WORDS = frozenset({"z", "m", "zm"})
_COORDINATES = 4
_EXACT_INTEGER = 2**53
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_JSON_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_JSON_BRACKETS_OF_AN_OPERATOR = 2
_JSON_BRACKETS_OF_A_GEOMETRY = 8


def fenced_text(text: str, limits: FilterLimits) -> str:
    r"""The text if it is within the limits, with `\'` in a text written as `''`.

    The standard knows both ways of writing a quote, the parser only the second. Both have two
    characters, so positions stay.
    """
    size = len(_utf8(text))
    require_at_most("max_filter_bytes", limits.max_filter_bytes, size)
    if "\0" in text:
        raise bad(
            "含有空字符（NUL）。", "it contains a NUL character.", position=text.index("\0") + 1
        )
    scan = _Scan()
    for token in _TOKEN.finditer(text):
        scan.take(token)
    require_at_most("max_filter_depth", limits.max_filter_depth, scan.deepest)
    require_at_most("max_filter_ops", limits.max_filter_ops, scan.operators)
    return "".join(scan.parts)


def fenced_json(body: bytes | str, limits: FilterLimits) -> bytes:
    """The body if it is within the limits that can be seen without decoding it."""
    content = _utf8(body) if isinstance(body, str) else body
    require_at_most("max_filter_json_bytes", limits.max_filter_json_bytes, len(content))
    depth = deepest = 0
    for token in _JSON_TOKEN.finditer(content):
        first = token[0][:1]
        depth += (first in b"[{") - (first in b"]}")
        deepest = max(deepest, depth)
    operators = (deepest - _JSON_BRACKETS_OF_A_GEOMETRY) // _JSON_BRACKETS_OF_AN_OPERATOR
    require_at_most("max_filter_depth", limits.max_filter_depth, operators)
    return content


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as fault:
        raise bad(
            "含有无法编码为 UTF-8 的字符。",
            "it contains a character that is not Unicode text.",
            position=fault.start + 1,
        ) from None


class _Scan:
    """What the scanner has counted so far."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.operators = 0
        self.deepest = 0
        self._depth = 0
        self._brackets: list[int] = []  # the depth that each open bracket added
        self._nots = 0  # directly before this token
        self._word = ""  # the word directly before this token
        self._geometry_at: int | None = None  # brackets open where a geometry began
        self._signs = 0  # minus signs since the last comma or bracket of a geometry

    def take(self, token: re.Match[str]) -> None:
        """Count one token."""
        kind, content = str(token.lastgroup), token[0]
        if kind == "unclosed":
            raise bad(
                "引号没有闭合。", "a quotation mark is not closed.", position=token.start() + 1
            )
        if kind == "number":
            self._number(token)
        if kind == "text":
            content = _ESCAPED.sub(lambda found: "''" if found[1] == "'" else found[0], content)
        self.parts.append(content)
        if kind == "other":
            return
        word = content.lower() if kind == "word" else ""
        if kind == "open":
            self._open()
        elif kind == "close":
            self._close()
        elif word in _OPERATOR_WORDS or kind == "operator":
            self._operator(content)
        if kind in ("open", "close", "comma"):
            self._signs = 0
        self._nots = self._nots + 1 if word == "not" else 0
        self.deepest = max(self.deepest, self._depth + self._nots)
        if not (word in _DIMENSION_WORDS and self._word in _GEOMETRY_WORDS):
            self._word = word

    def _open(self) -> None:
        added = 1 + self._nots
        self._brackets.append(added)
        self._depth += added
        if self._word in _GEOMETRY_WORDS and self._geometry_at is None:
            self._geometry_at = len(self._brackets)

    def _close(self) -> None:
        if self._geometry_at == len(self._brackets):
            self._geometry_at = None
        self._depth -= self._brackets.pop() if self._brackets else 0

    def _operator(self, content: str) -> None:
        if content == "-" and self._geometry_at is not None and self._signs < _COORDINATES:
            self._signs += 1  # the sign of a coordinate
        else:
            self.operators += 1

    def _number(self, token: re.Match[str]) -> None:
        digits = token[0]
        if self._geometry_at is None and digits.isdigit() and int(digits) > _EXACT_INTEGER:
            whole = digits[:40]
            raise bad(
                f"整数 {whole} 过大，文本形式无法精确表示；请用 CQL2 JSON。",
                f"the whole number {whole} is too large to be exact in CQL2 text; use JSON.",
                position=token.start() + 1,
            )
