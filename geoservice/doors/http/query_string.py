"""The query string, read by the rules of RFC 3986 and not of HTML forms.

`A+B` in a filter is A plus B: desktop clients send `+` and `;` as they are and blanks as `%20`. Other
clients send `+` for a blank and never `%20`. So `+` is a blank exactly if no `%20` is there.
"""

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from urllib.parse import unquote_to_bytes

from geoservice.errors import Malformed, RepeatedParameter, UnknownParameter
from geoservice.languages import Text

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_LONGEST_SUGGESTED_NAME = 64

NAME = Text(zh="查询串", en="the query string")


def parsed(raw: bytes) -> dict[str, str]:
    """The parameters by name; one that is given twice has no meaning and is refused."""
    plus_is_blank = b"%20" not in raw
    found: dict[str, str] = {}
    for part in filter(None, raw.split(b"&")):
        name, _, value = (_decoded(piece, plus_is_blank) for piece in _halves(part))
        if name in found:
            raise RepeatedParameter(name=name)
        found[name] = value
    return found


def _halves(part: bytes) -> tuple[bytes, bytes, bytes]:
    return part.partition(b"=")


def _decoded(piece: bytes, plus_is_blank: bool) -> str:
    if _BROKEN_ESCAPE.search(piece):
        raise Malformed(
            name=NAME,
            reason=Text(
                zh="“%”之后不是两位十六进制数（百分号本身写作 %25）",
                en="a “%” without two hexadecimal digits (a percent sign is written %25)",
            ),
        )
    try:
        text = unquote_to_bytes(piece.replace(b"+", b" ") if plus_is_blank else piece).decode()
    except UnicodeDecodeError as wrong:
        raise Malformed(name=NAME, reason=Text(zh="不是 UTF-8", en="it is not UTF-8")) from wrong
    if "\0" in text:
        raise Malformed(
            name=NAME, reason=Text(zh="含有空字符（NUL）", en="it contains a NUL character")
        )
    return text


def require_known(given: Iterable[str], known: Collection[str]) -> None:
    """Refuse a parameter that the resource does not have; the nearest names come first."""
    for name in given:
        if name not in known:
            near = get_close_matches(name[:_LONGEST_SUGGESTED_NAME], known, n=3, cutoff=0.6)
            others = (each for each in sorted(known) if each not in near)
            raise UnknownParameter(name=name, allowed=[*near, *others], suggestion=near[:1])
