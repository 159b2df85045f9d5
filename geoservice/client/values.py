"""Python's values as literals of CQL2 (OGC 21-065r2) for one field, in its text and its JSON form.

A value that the field cannot have is refused here, before any request. Knows no HTTP.
"""

import json
import math
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd

from geoservice.client import errors
from geoservice.client.fields import Field
from geoservice.languages import Language, Text

_SEVERAL = (list, tuple, set, frozenset, np.ndarray, pd.Series, pd.Index)
_NUMBERS = (int, float, Decimal)

_FINITE = Text(zh="有限的数", en="a finite number")
_TEXT = Text(zh="文本", en="a text")
_DAY = Text(zh="日期，如 2024-01-31", en="a day such as 2024-01-31")
_INSTANT = Text(
    zh="带时区的时刻，如 2024-01-31T12:00:00+08:00",
    en="an instant with its offset such as 2024-01-31T12:00:00+08:00",
)


@dataclass(frozen=True)
class Literal:
    """A value in both forms; as JSON text, so that equal ones are found."""

    text: str
    json: str

    @property
    def document(self) -> Any:
        """What the JSON form holds."""
        return json.loads(self.json)


@dataclass(frozen=True)
class Wanted:
    """What a field may be: one of these values; missing too if `missing`."""

    literals: tuple[Literal, ...]
    missing: bool


def wanted(field: Field, value: object, language: Language) -> Wanted:
    """What a value, or several, mean for a field; the same one twice counts once.

    Raises:
        BadParameter: the field cannot have a value.
        BadDatetime: a time of day for a date, or an instant without its offset.
    """
    given = [plain(each) for each in value] if isinstance(value, _SEVERAL) else [plain(value)]
    present = [each for each in given if not is_missing(each)]
    literals = list(dict.fromkeys(_literal(field, each, language) for each in present))
    if isinstance(value, set | frozenset):
        literals.sort(key=lambda literal: literal.text)  # the same question has the same address
    return Wanted(tuple(literals), missing=len(present) < len(given))


def day_text(name: str, value: object, language: Language) -> str:
    """A day as the service reads it, `2024-01-31`.

    Args:
        name: what is asked for the day, to be told in the error.
        value: a date, its text, or a datetime at midnight without a time zone, as frames hold days.
        language: of the error.

    Raises:
        BadDatetime: it is no day, or has a time of day.
    """
    day = plain(value)
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day)
        except ValueError:
            day = None
    if isinstance(day, datetime):  # NaT, too
        at_midnight = not is_missing(day) and day.tzinfo is None and day.time() == time()
        day = day.date() if at_midnight else None
    if not isinstance(day, date):
        raise errors.BadDatetime(language, name=name, value=_shown(value), allowed=_DAY)
    return day.isoformat()


def instant_text(name: str, value: object, language: Language) -> str:
    """An instant as the service reads it, in UTC: `2024-01-31T04:00:00Z`.

    Args:
        name: what is asked for the instant, to be told in the error.
        value: a datetime with its time zone, or its text with an offset.
        language: of the error.

    Raises:
        BadDatetime: it is none, or does not say its offset from UTC: nothing is guessed.
    """
    moment = plain(value)
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            moment = None
    if is_missing(moment) or not isinstance(moment, datetime):
        moment = datetime.min  # which says no offset either
    offset = moment.utcoffset()
    if offset is None:
        raise errors.BadDatetime(language, name=name, value=_shown(value), allowed=_INSTANT)
    return f"{(moment.replace(tzinfo=None) - offset).isoformat()}Z"


def plain(value: object) -> object:
    """A scalar of numpy as Python's own; everything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def is_missing(value: object) -> bool:
    """Whether a value is how Python or pandas says that there is none."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float) and math.isnan(value)


def _literal(field: Field, value: object, language: Language) -> Literal:
    match field.type:
        case "integer" | "number" | "decimal":
            if (
                isinstance(value, bool)
                or not isinstance(value, _NUMBERS)
                or not math.isfinite(value)
            ):
                raise _refusal(field, value, _FINITE, language)
            number = f"{value:f}" if isinstance(value, Decimal) else repr(value)
            return Literal(number, number)
        case "boolean":
            if not isinstance(value, bool):
                raise _refusal(field, value, "True, False", language)
            return Literal(str(value).upper(), json.dumps(value))
        case "date":
            day = day_text(field.name, value, language)
            return Literal(f"DATE('{day}')", json.dumps({"date": day}))
        case "datetime":
            instant = instant_text(field.name, value, language)
            return Literal(f"TIMESTAMP('{instant}')", json.dumps({"timestamp": instant}))
        case "geometry":
            raise _refusal(field, value, "within(…), intersecting(…), near(…)", language)
    return _text(field, value, language)


def _text(field: Field, value: object, language: Language) -> Literal:
    if field.type == "uuid" and isinstance(value, UUID):
        value = str(value)
    if not isinstance(value, str):
        raise _refusal(field, value, _TEXT, language)
    if field.codes and value not in field.codes:
        raise _refusal(field, value, list(field.codes), language)
    quoted = value.replace("'", "''")
    return Literal(f"'{quoted}'", json.dumps(value, ensure_ascii=False))


def _refusal(
    field: Field, value: object, allowed: object, language: Language
) -> errors.BadParameter:
    return errors.BadParameter(language, name=field.name, value=_shown(value), allowed=allowed)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else repr(value)
