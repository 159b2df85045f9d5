"""The text of a literal → a value of the kind that it is compared with."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from geoservice.errors import BadFilter
from geoservice.query import literals
from geoservice.query.faults import bad, shown
from geoservice.query.filter import Literal
from geoservice.query.names import KIND_TITLES, Kind
from geoservice.xml import BLANKS

_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_WHOLE = re.compile(r"[-+]?[0-9]+")
_MAX_DIGITS = 60
_MAX_EXPONENT = 308  # of a double
_EXACT_FLOAT = 2**53
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}  # XML Schema 2, 3.2.2
_UTC_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})Z")


def typed(text: str, kind: Kind) -> Literal:
    """The value that a text is as a kind; blanks around all but a text do not count.

    A date-time without an offset is UTC, as in CQL2.
    """
    if kind is Kind.TEXT:
        return literals.text(text)
    value = _READERS[kind](text.strip(BLANKS))
    if value is None:
        title = KIND_TITLES[kind]
        raise bad(
            f"“{shown(text)}”不是{title.zh}。",
            f"“{shown(text)}” is not {title.en}.",
            value=text,
        )
    return Literal(value)


def number(text: str) -> int | Decimal | None:
    """An exact number, within the range of doubles; None if it is not one."""
    if not _NUMBER.fullmatch(text) or len(text) > _MAX_DIGITS:
        return None
    if _WHOLE.fullmatch(text):
        return int(text)
    value = Decimal(text)
    if abs(value.adjusted()) > _MAX_EXPONENT:
        return None
    whole = abs(value) < _EXACT_FLOAT and value == value.to_integral_value()
    return int(value) if whole else value


def _time(text: str) -> date | datetime | None:
    utc_date = _UTC_DATE.fullmatch(text)
    try:
        return literals.as_time(utc_date[1] if utc_date else text)
    except BadFilter:
        return None


_READERS: dict[Kind, Callable[[str], bool | int | Decimal | date | UUID | None]] = {
    Kind.NUMBER: number,
    Kind.BOOLEAN: _BOOLEANS.get,
    Kind.TIME: _time,
    Kind.UUID: literals.as_uuid,
}
