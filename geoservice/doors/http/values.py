"""Texts of a request → values: numbers, boxes, dates, coordinate systems. Every refusal says why."""

import math
import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from geoservice.crs import Crs, box_in_storage, named
from geoservice.description.collection import Collection, FieldType
from geoservice.errors import BadBbox, BadDatetime, BadParameter, OutOfRange, UnknownCrs
from geoservice.languages import Text
from geoservice.query.query import Box, Span

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BARE_T = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+ -][0-9]{2}:[0-9]{2})"
)
_DURATION = re.compile(
    r"P(?=[0-9T])(?:([0-9]{1,4})Y)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})W)?(?:([0-9]{1,6})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,8})S)?)?"
)
_WHOLE = re.compile(r"[0-9]{1,40}")
_FARTHEST_DEGREES = 10_000.0
_LONGEST_TIME = 100

Moment = date | datetime


def whole_number(name: str, text: str, *, minimum: int, maximum: int) -> int:
    """A whole number within its bounds."""
    if not _WHOLE.fullmatch(text):
        raise BadParameter(name=name, value=text, allowed=f"{minimum}–{maximum}")
    number = int(text)
    if not minimum <= number <= maximum:
        raise OutOfRange(name=name, value=text, minimum=minimum, maximum=maximum, unit="")
    return number


def page_size(text: str | None, *, default: int, maximum: int) -> int:
    """`limit`: a positive whole number, clamped to the maximum as the standard wants."""
    if text is None:
        return min(default, maximum)
    if not _WHOLE.fullmatch(text) or int(text) == 0:
        raise BadParameter(name="limit", value=text, allowed=f"1–{maximum}")
    return min(int(text), maximum)


def whole_value(text: str) -> int:
    """An integer of any size that a column may hold; `ValueError` otherwise."""
    number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,19}", text) else None
    if number is None:
        raise ValueError(text)
    return number


def decimal_value(text: str) -> Decimal:
    """A decimal number; `ValueError` if it is none."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


def boolean(name: str, text: str) -> bool:
    """`true` or `false`."""
    if text not in ("true", "false"):
        raise BadParameter(name=name, value=text, allowed="true, false")
    return text == "true"


def crs(name: str, text: str, offered: tuple[Crs, ...]) -> Crs:
    """A coordinate reference system that is offered, with the axis order of the name used."""
    found = named(text, offered)
    if found is None:
        raise UnknownCrs(name=name, value=text, allowed=[each.uri for each in offered])
    return found


def box(text: str, given_in: Crs) -> Box:
    """`bbox`: four numbers, or six of which the heights do not restrict.

    In degrees a west edge beyond the east edge spans the antimeridian; what lies beyond the poles
    or a full turn is cut, for there is nothing.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (4, 6) or not all(map(_NUMBER.fullmatch, parts)):
        raise _bad_box(text, "需要 4 或 6 个数", "it must be 4 or 6 numbers")
    numbers = [float(part) for part in parts]
    if not all(map(math.isfinite, numbers)):
        raise _bad_box(text, "数值不是有限数", "a number is not finite")
    a1, b1, *_, a2, b2 = numbers if len(numbers) == 4 else [*numbers[:2], *numbers[3:5]]
    x1, y1, x2, y2 = (b1, a1, b2, a2) if given_in.y_first else (a1, b1, a2, b2)
    if y1 > y2:
        raise _bad_box(text, "南边界大于北边界", "its south is north of its north")
    if len(numbers) == 6 and numbers[2] > numbers[5]:
        raise _bad_box(text, "最小高程大于最大高程", "its lowest height is above its highest")
    if given_in.is_storage:
        return _box_in_degrees(text, x1, y1, x2, y2)
    if x1 > x2:
        raise _bad_box(text, "西边界大于东边界", "its west is east of its east")
    edges = box_in_storage(given_in, (a1, b1, a2, b2))
    if not all(map(math.isfinite, edges)):
        raise _bad_box(text, "超出该坐标系的适用范围", "it lies outside the area of its CRS")
    return Box(*edges)


def _box_in_degrees(text: str, west: float, south: float, east: float, north: float) -> Box:
    if max(map(abs, (west, south, east, north))) > _FARTHEST_DEGREES:
        raise _bad_box(text, "不是经纬度", "these are no degrees")
    if west <= east:
        west, east = max(west, -180.0), min(east, 180.0)
        if west > east:  # wholly beyond a full turn: nothing is there
            west = east = min(max(west, -180.0), 180.0)
    elif west > 180 or east < -180:
        raise _bad_box(text, "西边界大于东边界", "its west is east of its east")
    south, north = min(max(south, -90.0), 90.0), min(max(north, -90.0), 90.0)
    return Box(west, south, east, north)


def _bad_box(text: str, zh: str, en: str) -> BadBbox:
    return BadBbox(name="bbox", value=text, reason=Text(zh=zh, en=en))


def day(name: str, text: str) -> date:
    """A day."""
    if not _DATE.fullmatch(text):
        raise BadDatetime(name=name, value=text)
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise BadDatetime(name=name, value=text) from wrong


def instant(name: str, text: str) -> datetime:
    """An instant with its offset, in UTC."""
    if len(text) > _LONGEST_TIME or not _INSTANT.fullmatch(text):
        raise BadDatetime(name=name, value=text)
    try:
        # A plus sign that was sent raw may have been read as a blank.
        plus = text[:-6] + text[-6:].replace(" ", "+")
        return datetime.fromisoformat(plus.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as wrong:
        raise BadDatetime(name=name, value=text) from wrong


def span(text: str, collection: Collection, zone: ZoneInfo) -> Span | None:
    """`datetime`: an instant, a day or an interval, in the kind of the collection's dates.

    None if it is open on both sides or the collection has no dates: then it restricts nothing.
    """
    if len(text) > _LONGEST_TIME:
        raise BadDatetime(name="datetime", value=text)
    start, slash, end = text.partition("/")
    if not slash:
        moment = _moment(text, text)
        if moment is None:
            raise BadDatetime(name="datetime", value=text)
        return _in_kind(moment, moment, collection, zone)
    first, last = _ends(start, end, text)
    if first is not None and last is not None and _as_instant(first) > _as_instant(last, end=True):
        raise BadDatetime(name="datetime", value=text)
    return None if first is None and last is None else _in_kind(first, last, collection, zone)


def _ends(start: str, end: str, whole: str) -> tuple[Moment | None, Moment | None]:
    if end.startswith("P"):
        first = _moment(start, whole)
        return first, _moved(first, end, 1, whole)
    if start.startswith("P"):
        last = _moment(end, whole)
        return _moved(last, start, -1, whole), last
    first, last = _moment(start, whole), _moment(end, whole)
    if first is None and last is None and ".." not in (start, end):
        raise BadDatetime(name="datetime", value=whole)
    return first, last


def _moment(text: str, whole: str) -> Moment | None:
    if text in ("", "..") or text.startswith("0000-"):  # there is nothing before the year 1
        return None
    bare = _BARE_T.fullmatch(text)
    if bare or _DATE.fullmatch(text):
        try:
            return date.fromisoformat(bare[1] if bare else text)
        except ValueError as wrong:
            raise BadDatetime(name="datetime", value=whole) from wrong
    try:
        return instant("datetime", text)
    except BadDatetime as wrong:
        raise BadDatetime(name="datetime", value=whole) from wrong


def _moved(moment: Moment | None, duration: str, sign: int, whole: str) -> Moment:
    match = _DURATION.fullmatch(duration)
    if match is None or moment is None:
        raise BadDatetime(name="datetime", value=whole)
    years, months, weeks, days, hours, minutes, seconds = (int(n or 0) for n in match.groups())
    try:
        month = moment.year * 12 + moment.month - 1 + sign * (years * 12 + months)
        year, month = month // 12, month % 12 + 1
        moved = moment.replace(
            year=year, month=month, day=min(moment.day, monthrange(year, month)[1])
        )
        rest = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
        return moved + sign * rest
    except (ValueError, OverflowError, IndexError) as wrong:
        raise BadDatetime(name="datetime", value=whole) from wrong


def _as_instant(moment: Moment, *, end: bool = False) -> datetime:
    if isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time.max if end else time.min, UTC)


def _in_kind(
    first: Moment | None, last: Moment | None, collection: Collection, zone: ZoneInfo
) -> Span | None:
    """A day where the collection has days, an instant where it has instants; in the region's time."""
    if collection.period is None:
        return None
    if collection.by_name[collection.period.start].type is FieldType.DATE:
        return Span(_as_day(first, zone), _as_day(last, zone))
    return Span(_edge(first, time.min, zone), _edge(last, time.max, zone))


def _as_day(moment: Moment | None, zone: ZoneInfo) -> date | None:
    if not isinstance(moment, datetime):
        return moment
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        return moment.date()


def _edge(moment: Moment | None, edge: time, zone: ZoneInfo) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, edge, zone)
