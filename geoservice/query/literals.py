"""Values that a caller writes: numbers, texts, dates and instants, with their exact meaning."""

import math
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

from geoservice.query.faults import bad, shown
from geoservice.query.filter import Literal, Scalar

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EXACT_FLOAT = 2**53


def number(value: float) -> Literal:
    """A number, exact: a whole one as an integer, any other as the decimal that was written."""
    if isinstance(value, int):
        return Literal(value)
    if not math.isfinite(value):
        raise bad("数字超出可表示范围。", "a number is too large.")
    if value.is_integer() and abs(value) < _EXACT_FLOAT:
        return Literal(int(value))
    return Literal(Decimal(repr(value)))


def text(value: str) -> Literal:
    """A text that the database can hold."""
    if "\0" in value:
        raise bad("文本含有空字符（NUL）。", "a text contains a NUL character.")
    return Literal(value)


def as_date(value: object) -> date:
    """A full date of RFC 3339."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise bad(
        f"“{shown(value)}”不是日期；例：DATE('2021-06-25')。",
        f"“{shown(value)}” is not a date; write DATE('2021-06-25').",
    )


def as_instant(value: object) -> datetime:
    """A date-time of RFC 3339 in UTC; without an offset it is UTC."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            instant = datetime.fromisoformat(value.upper())
            return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise bad(
        f"“{shown(value)}”不是时刻；例：TIMESTAMP('2021-06-25T08:00:00Z')。",
        f"“{shown(value)}” is not an instant; write TIMESTAMP('2021-06-25T08:00:00Z').",
    )


def as_time(value: object) -> date | datetime:
    """A date or an instant, whichever is written; GDAL writes a date with a bare `T` behind it."""
    if isinstance(value, str):
        value = value.removesuffix("T")
    if isinstance(value, str) and _DATE.fullmatch(value):
        return as_date(value)
    return as_instant(value)


def as_uuid(value: str) -> UUID | None:
    """A UUID in its usual form; None if it is not one."""
    return UUID(value) if _UUID.fullmatch(value) else None


def require_order(start: Scalar | None, end: Scalar | None) -> None:
    """Refuse a span that starts after its end, if both are known."""
    if not isinstance(start, Literal) or not isinstance(end, Literal):
        return
    first, last = _moment(start.value), _moment(end.value)
    if first > last:
        raise bad("时段的开始晚于结束。", "a span of time starts after its end.")


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    assert isinstance(value, date)
    return datetime.combine(value, time(), UTC)
