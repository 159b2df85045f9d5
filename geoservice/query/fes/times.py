"""`gml:TimeInstant` and `gml:TimePeriod` → times of the filter tree."""

from geoservice.errors import BadFilter
from geoservice.query.faults import bad, shown
from geoservice.query.fes.literals import typed
from geoservice.query.filter import Interval, Literal
from geoservice.query.gml import NAMESPACES, is_gml
from geoservice.query.literals import require_order
from geoservice.query.names import Kind
from geoservice.xml import Element, content, has_text, local_name

_GREGORIAN = "#ISO-8601"
_IDS = frozenset(f"{{{each}}}id" for each in NAMESPACES)


def time(element: Element) -> Literal | Interval:
    """The instant or the period that an element states; a date is its midnight UTC."""
    match local_name(element) if is_gml(element) else None:
        case "TimeInstant":
            return _instant(element)
        case "TimePeriod":
            return _period(element)
    raise _unexpected(element, "gml:TimeInstant, gml:TimePeriod")


def _instant(element: Element) -> Literal:
    (position,) = _children(element, "timePosition")
    return _position(position)


def _period(element: Element) -> Interval:
    nested = element.find("{*}begin") is not None
    names = ("begin", "end") if nested else ("beginPosition", "endPosition")
    start, end = (_end(child) for child in _children(element, *names))
    require_order(start, end)
    return Interval(start, end)


def _end(element: Element) -> Literal:
    if local_name(element).endswith("Position"):
        return _position(element)
    (instant,) = _children(element, "TimeInstant")
    return _instant(instant)


def _position(element: Element) -> Literal:
    if len(element):
        raise _unexpected(element[0], "—")
    _check_attributes(element)
    return typed(content(element), Kind.TIME)


def _children(element: Element, *names: str) -> list[Element]:
    """The children, if they have just these names, in this order."""
    _check_attributes(element)
    children = list(element)
    right = [local_name(child) for child in children] == list(names)
    if not right or has_text(element) or not all(map(is_gml, children)):
        name, wanted = local_name(element), ", ".join(names)
        raise bad(f"gml:{name} 须由 {wanted} 组成。", f"a gml:{name} consists of {wanted}.")
    return children


def _check_attributes(element: Element) -> None:
    for name, value in element.attrib.items():
        if name not in _IDS and not (name == "frame" and value == _GREGORIAN):
            raise bad(
                f"gml:{local_name(element)} 的属性 {shown(name)}=“{shown(value)}”不支持。",
                f"{shown(name)}=“{shown(value)}” of gml:{local_name(element)} is not read here.",
            )


def _unexpected(element: Element, allowed: str) -> BadFilter:
    name = shown(local_name(element))
    return bad(
        f"“{name}”不是时间；可用：{allowed}。", f"“{name}” is not a time; allowed: {allowed}."
    )
