"""Texts → typed values of a question's parameters, with every default filled in.

The same reader serves all doors, so that a value means the same through each of them.
"""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from geoservice.description.question import (
    Parameter,
    ParameterType,
    ParameterValue,
    QuestionDescription,
)
from geoservice.errors import (
    BadDatetime,
    BadParameter,
    MissingParameter,
    OutOfRange,
    TooLarge,
    UnknownParameter,
)

_LONGEST_TEXT = 8_192
MAX_GEOMETRY_CHARACTERS = 2**20

Values = Mapping[str, ParameterValue]


def read(description: QuestionDescription, given: Mapping[str, object], today: date) -> Values:
    """All parameters of a question by name; those not given have their default.

    `given` holds texts (from a query string or command line) or JSON values. `today` is the
    default of `as_of`, a day of the region. Raises an error that names the parameter, its value
    and what is allowed; a parameter that the question does not have is an error.
    """
    known = {parameter.name: parameter for parameter in description.parameters}
    for name in given:
        if name not in known:
            raise UnknownParameter(name=name, allowed=sorted(known))
    values: dict[str, ParameterValue] = {}
    for name, parameter in known.items():
        raw = given.get(name)
        if raw is None or raw == "":
            values[name] = _default(parameter, today)
        else:
            values[name] = _value(parameter, raw)
    return values


def allowed_text(parameter: Parameter) -> str:
    """What a parameter accepts, in the words of an error."""
    if parameter.choices:
        return ", ".join(code for code, _ in parameter.choices)
    if parameter.type in (ParameterType.NUMBER, ParameterType.INTEGER):
        low = "(" if parameter.exclusive_minimum else "["
        return f"{low}{parameter.minimum:g}, {parameter.maximum:g}]"
    return {
        ParameterType.BOOLEAN: "true, false",
        ParameterType.DATE: "2021-06-25",
        ParameterType.DATETIME: "2021-06-25T08:00:00Z",
    }.get(parameter.type, parameter.type.value)


def _default(parameter: Parameter, today: date) -> ParameterValue:
    if parameter.required:
        raise MissingParameter(name=parameter.name, allowed=allowed_text(parameter))
    return today if parameter.name == "as_of" else parameter.default


def _value(parameter: Parameter, raw: object) -> ParameterValue:
    match parameter.type:
        case ParameterType.NUMBER | ParameterType.INTEGER:
            return _number(parameter, raw)
        case ParameterType.BOOLEAN:
            return _boolean(parameter, raw)
        case ParameterType.DATE:
            return _date(parameter, raw)
        case ParameterType.DATETIME:
            return _instant(parameter, raw)
        case ParameterType.CHOICE:
            return _chosen(parameter, [str(raw)])[0]
        case ParameterType.CHOICES:
            many = (
                raw
                if isinstance(raw, Sequence) and not isinstance(raw, str)
                else str(raw).split(",")
            )
            return _chosen(parameter, [str(each).strip() for each in many])
        case ParameterType.TEXT | ParameterType.COLLECTION:
            return _text(parameter, raw)
        case ParameterType.GEOMETRY:
            return _geometry(parameter, raw)


def _bad(parameter: Parameter, raw: object) -> BadParameter:
    return BadParameter(name=parameter.name, value=str(raw), allowed=allowed_text(parameter))


def _number(parameter: Parameter, raw: object) -> int | float:
    if isinstance(raw, bool):
        raise _bad(parameter, raw)
    try:
        number = float(str(raw))
    except ValueError as wrong:
        raise _bad(parameter, raw) from wrong
    if not math.isfinite(number):
        raise _bad(parameter, raw)
    too_low = parameter.minimum is not None and (
        number <= parameter.minimum if parameter.exclusive_minimum else number < parameter.minimum
    )
    if too_low or (parameter.maximum is not None and number > parameter.maximum):
        raise OutOfRange(
            name=parameter.name,
            value=str(raw),
            minimum=f"{'>' if parameter.exclusive_minimum else ''}{parameter.minimum:g}",
            maximum=f"{parameter.maximum:g}",
            unit=parameter.unit.symbol if parameter.unit else "",
        )
    if parameter.type is ParameterType.INTEGER:
        if not number.is_integer():
            raise _bad(parameter, raw)
        return int(number)
    return number


def _boolean(parameter: Parameter, raw: object) -> bool:
    text = str(raw).lower()
    if text not in ("true", "false"):
        raise _bad(parameter, raw)
    return text == "true"


def _date(parameter: Parameter, raw: object) -> date:
    try:
        return date.fromisoformat(str(raw))
    except ValueError as wrong:
        raise BadDatetime(name=parameter.name, value=str(raw)) from wrong


def _instant(parameter: Parameter, raw: object) -> datetime:
    try:
        instant = datetime.fromisoformat(str(raw))
    except ValueError as wrong:
        raise BadDatetime(name=parameter.name, value=str(raw)) from wrong
    if instant.tzinfo is None:
        # A time without a zone would mean another instant on another machine.
        raise BadDatetime(name=parameter.name, value=str(raw))
    return instant.astimezone(UTC)


def _chosen(parameter: Parameter, codes: Sequence[str]) -> tuple[str, ...]:
    allowed = {code for code, _ in parameter.choices}
    for code in codes:
        if code not in allowed:
            raise _bad(parameter, code)
    return tuple(dict.fromkeys(codes))


def _text(parameter: Parameter, raw: object) -> str:
    text = str(raw)
    if "\0" in text or len(text) > _LONGEST_TEXT:
        raise _bad(parameter, text)
    return text


def _geometry(parameter: Parameter, raw: object) -> str:
    """A geometry as text; one that a JSON document holds as an object, as the text of that object."""
    text = json.dumps(raw, ensure_ascii=False) if isinstance(raw, Mapping) else str(raw)
    if "\0" in text:
        raise _bad(parameter, text)
    if len(text) > MAX_GEOMETRY_CHARACTERS:
        raise TooLarge(limit_name=parameter.name, limit=MAX_GEOMETRY_CHARACTERS, actual=len(text))
    return text
