"""From characters to the JSON form of CQL2, behind the fence. Only syntax is checked here."""

import re
from dataclasses import replace

import cql2
import orjson

from geoservice.errors import BadFilter
from geoservice.query.cql2.fence import fenced_json, fenced_text
from geoservice.query.faults import bad, shown
from geoservice.query.limits import FilterLimits

_PLACE = re.compile(r"--> ([0-9]+):([0-9]+)")
_NUMBER = r"[+-]?[0-9]+(?:[.][0-9]+)?"
_TWO_NUMBERS = re.compile(rf"\s*({_NUMBER})\s*[,，\s]\s*({_NUMBER})\s*")


def parsed_text(text: str, limits: FilterLimits) -> object:
    """The JSON form of a CQL2 text."""
    safe = fenced_text(text, limits)
    if not safe.strip():
        raise bad("筛选条件为空。", "it is empty.", position=1)
    try:
        return cql2.parse_text(safe).to_json()
    except cql2.ParseError as fault:
        raise _misplaced(text, str(fault)) from None
    except Exception as fault:  # the parser has no class for what it refuses after parsing
        detail = shown(fault)
        raise bad(f"无法解析（{detail}）。", f"it cannot be read ({detail}).") from None


def decoded_json(body: bytes | str, limits: FilterLimits) -> object:
    """The content of a JSON document."""
    content = fenced_json(body, limits)
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as fault:
        raise bad(
            f"第 {fault.pos + 1} 个字符处不是合法的 JSON。",
            f"it is not JSON at character {fault.pos + 1}.",
            position=fault.pos + 1,
        ) from None


def parsed_geometry(text: str, limits: FilterLimits) -> object:
    """The GeoJSON form of a geometry by itself: two numbers, GeoJSON or WKT."""
    pair = _TWO_NUMBERS.fullmatch(text[:256])
    if pair is not None and len(text) <= 256:
        return {"type": "Point", "coordinates": [float(pair[1]), float(pair[2])]}
    if text.lstrip().startswith("{"):
        return decoded_json(text, limits)
    # A polygon may be as long as one in JSON.
    return parsed_text(text, replace(limits, max_filter_bytes=limits.max_filter_json_bytes))


def _misplaced(text: str, message: str) -> BadFilter:
    """What the parser says, as a position in the text and the words found there."""
    place = _PLACE.search(message)
    if place is None:
        return bad(f"无法解析（{shown(message)}）。", f"it cannot be read ({shown(message)}).")
    line, column = int(place[1]), int(place[2])
    before = sum(len(part) for part in text.split("\n")[: line - 1]) + line - 1
    position = before + column
    rest = text[position - 1 :].strip()
    if not rest:
        return bad(
            "条件不完整，在末尾中断。",
            "it is incomplete; something is missing at its end.",
            position=position,
        )
    return bad(
        f"第 {position} 个字符处“{shown(rest)}”不符合 CQL2 语法。",
        f"at character {position}, “{shown(rest)}” is not what CQL2 allows there.",
        position=position,
    )
