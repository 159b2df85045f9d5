"""Columns of a file → values of fields, strictly: what does not mean one thing is an issue.

Every function takes a whole column and gives the values and the masks of what it could not take.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geoservice.description.collection import Field, FieldType
from geoservice.files import times
from geoservice.files.encodings import MOJIBAKE
from geoservice.files.taken import (
    BAD_TYPE,
    CODE_FROM_TITLE,
    CONTROL_CHARACTERS,
    MOJIBAKE_SUSPECTED,
    NOT_FINITE,
    OUT_OF_BOUNDS,
    TOO_LONG,
    UNKNOWN_CODE,
    Taken,
    as_text,
)

_TRUE = ("true", "t", "yes", "y", "1", "1.0", "是", "有", "真")
_FALSE = ("false", "f", "no", "n", "0", "0.0", "否", "无", "假")
_INTEGER = r"^[+-]?[0-9]{1,19}$"
_WHOLE_FLOAT = r"^([+-]?[0-9]{1,15})\.0*$"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
_NO_NUMBER = r"^(?i)[+-]?(nan|inf|infinity|1\.?#.*)$"
UUID_PATTERN = r"^(?i)\{?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\}?$"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_SEPARATOR = r"\s*[;；、|]\s*"
_BOUNDS = {FieldType.INTEGER: 2**31, FieldType.LONG: 2**63}


def taken(field: Field, column: pa.Array, *, blank_is_null: bool, zone: ZoneInfo) -> Taken:
    """The values of a field from a column of a file.

    Lists and references stay text (JSON for lists): the database resolves them. Times without a
    zone are in `zone`. A further geometry is not taken here but by `checking`.
    """
    if column.type == pa.null():
        column = column.cast(pa.string())
    is_text = pa.types.is_string(column.type)
    if is_text and (blank_is_null or field.type is not FieldType.TEXT or field.many):
        trimmed = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    if field.many:
        return _list(field, column)
    result = _TAKERS[field.type](field, column, zone)
    if field.codes is not None:
        _check_codes(field, result)
    _check_bounds(field, result)
    return result


def _text(field: Field, column: pa.Array, _zone: ZoneInfo) -> Taken:
    result = Taken(as_text(column))
    check_text(result)
    if field.max_length is not None:
        long = pc.greater(pc.utf8_length(result.values), field.max_length)
        result.fault(TOO_LONG, long)
    return result


def check_text(result: Taken) -> None:
    """Control characters and suspected mojibake, in a column of text.

    The buffer is scanned as bytes first; Chinese and ASCII text never reaches the patterns.
    """
    data = result.values.buffers()[2]
    if data is None:
        return
    offsets = np.frombuffer(result.values.buffers()[1], np.int32)
    first, last = result.values.offset, result.values.offset + len(result.values)
    data = data.slice(int(offsets[first]), int(offsets[last] - offsets[first]))
    octets = np.frombuffer(data, np.uint8)
    low = (octets < 0x20) | (octets == 0x7F)
    if low.any():
        result.fault(CONTROL_CHARACTERS, pc.match_substring_regex(result.values, _CONTROL))
    raw = memoryview(data)
    suspicious = ((octets == 0xC2) | (octets == 0xC3)).any() or any(
        mark in bytes(raw) for mark in (b"\xef\xbf\xbd", "锟斤拷".encode(), "烫烫烫".encode())
    )
    if suspicious:
        texts = result.values.to_pylist()
        found = np.array([bool(text and MOJIBAKE.search(text)) for text in texts], bool)
        result.fault(MOJIBAKE_SUSPECTED, found)


def _integer(field: Field, column: pa.Array, _zone: ZoneInfo) -> Taken:
    wanted = pa.int32() if field.type is FieldType.INTEGER else pa.int64()
    limit = _BOUNDS[field.type]
    if pa.types.is_integer(column.type):
        numbers, bad = column.cast(pa.int64()), None
    elif pa.types.is_floating(column.type):
        whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 2.0**53))
        bad = pc.and_(column.is_valid(), pc.invert(pc.fill_null(whole, False)))
        numbers = pc.if_else(whole, column, None).cast(pa.int64())
    elif pa.types.is_string(column.type):
        text = pc.replace_substring_regex(column, _WHOLE_FLOAT, r"\1")
        fits = pc.match_substring_regex(text, _INTEGER)
        bad = pc.and_(column.is_valid(), pc.invert(pc.fill_null(fits, False)))
        numbers = _parsed_integers(pc.if_else(fits, text, None))
    else:
        return _nothing(column, wanted)
    if limit < 2**63:
        beyond = pc.or_(pc.greater_equal(numbers, limit), pc.less(numbers, -limit))
        numbers = pc.if_else(pc.fill_null(beyond, False), None, numbers)
    lost = pc.and_(column.is_valid(), numbers.is_null())
    result = Taken(numbers.cast(wanted))
    if bad is not None:
        result.fault(BAD_TYPE, bad)
        lost = pc.and_(lost, pc.invert(bad))
    result.fault(OUT_OF_BOUNDS, lost)
    return result


def _parsed_integers(text: pa.Array) -> pa.Array:
    text = pc.replace_substring_regex(text, r"^\+", "")
    try:
        return text.cast(pa.int64())
    except pa.ArrowInvalid:  # 19 digits beyond 64 bits: rare, so one by one
        limit = 2**63
        numbers = (int(each) if each is not None else None for each in text.to_pylist())
        return pa.array(
            [n if n is not None and -limit <= n < limit else None for n in numbers], pa.int64()
        )


def _number(_field: Field, column: pa.Array, _zone: ZoneInfo) -> Taken:
    if pa.types.is_string(column.type):
        fits = pc.match_substring_regex(column, _NUMBER)
        result = Taken(pc.if_else(fits, column, None).cast(pa.float64()))
        no_number = pc.fill_null(pc.match_substring_regex(column, _NO_NUMBER), False)
        unfit = pc.and_(column.is_valid(), pc.invert(pc.fill_null(fits, False)))
        result.fault(NOT_FINITE, no_number)
        result.fault(BAD_TYPE, pc.and_(unfit, pc.invert(no_number)))
    elif (
        pa.types.is_floating(column.type)
        or pa.types.is_integer(column.type)
        or pa.types.is_decimal(column.type)
    ):
        result = Taken(column.cast(pa.float64()))
    else:
        return _nothing(column, pa.float64())
    finite = pc.fill_null(pc.is_finite(result.values), True)
    result.fault(NOT_FINITE, pc.invert(finite))
    return result


def _decimal(field: Field, column: pa.Array, _zone: ZoneInfo) -> Taken:
    assert field.digits is not None
    digits, places = field.digits
    wanted = pa.decimal128(digits, places)
    if not pa.types.is_string(column.type):
        if not (
            pa.types.is_integer(column.type)
            or pa.types.is_floating(column.type)
            or pa.types.is_decimal(column.type)
        ):
            return _nothing(column, wanted)
        column = as_text(column)
    values: list[Decimal | None] = []
    bad, beyond = np.zeros(len(column), bool), np.zeros(len(column), bool)
    fits = np.asarray(pc.fill_null(pc.match_substring_regex(column, _NUMBER), False))
    for position, text in enumerate(column.to_pylist()):
        value = Decimal(text) if fits[position] else None
        bad[position] = text is not None and value is None
        if value is not None and value != round(value, places):
            bad[position], value = True, None
        if value is not None and abs(value) >= Decimal(10) ** (digits - places):
            beyond[position], value = True, None
        values.append(None if value is None else value.quantize(Decimal(1).scaleb(-places)))
    result = Taken(pa.array(values, wanted))
    result.fault(BAD_TYPE, bad)
    result.fault(OUT_OF_BOUNDS, beyond)
    return result


def _boolean(_field: Field, column: pa.Array, _zone: ZoneInfo) -> Taken:
    if pa.types.is_boolean(column.type):
        return Taken(column)
    text = pc.utf8_lower(as_text(column))
    yes, no = (pc.is_in(text, pa.array(words)) for words in (_TRUE, _FALSE))
    result = Taken(pc.if_else(yes, True, pc.if_else(no, False, None)))
    result.fault(BAD_TYPE, pc.and_(column.is_valid(), pc.invert(pc.or_(yes, no))))
    return result


def _uuid(field: Field, column: pa.Array, _zone: ZoneInfo) -> Taken:
    text = pc.utf8_trim_whitespace(as_text(column))
    if field.refers_to is not None:
        result = Taken(text)
        check_text(result)
        return result
    fits = pc.match_substring_regex(text, UUID_PATTERN)
    plain = pc.replace_substring_regex(pc.if_else(fits, text, None), "[{}-]", "")
    result = Taken(
        pa.array(
            [None if each is None else bytes.fromhex(each) for each in plain.to_pylist()],
            pa.binary(16),
        )
    )
    result.fault(BAD_TYPE, pc.and_(column.is_valid(), pc.invert(pc.fill_null(fits, False))))
    return result


def _list(field: Field, column: pa.Array) -> Taken:
    """A list: JSON, or elements between `;`, `；`, `、` or `|`; as JSON text, without repeats."""
    values: list[str | None] = []
    masks = {
        kind: np.zeros(len(column), bool)
        for kind in (BAD_TYPE, UNKNOWN_CODE, CODE_FROM_TITLE, CONTROL_CHARACTERS)
    }
    for position, text in enumerate(as_text(column).to_pylist()):
        elements = _elements(text)
        if elements is None:
            masks[BAD_TYPE][position] = text is not None
            values.append(None)
            continue
        if any(any(ord(c) < 32 for c in element) for element in elements):
            masks[CONTROL_CHARACTERS][position] = True
        if field.codes is not None:
            titles = _titles(field)
            masks[CODE_FROM_TITLE][position] = any(
                e in titles and e not in field.codes for e in elements
            )
            elements = [e if e in field.codes else titles.get(e, e) for e in elements]
            masks[UNKNOWN_CODE][position] = any(e not in field.codes for e in elements)
        values.append(json.dumps(list(dict.fromkeys(elements)), ensure_ascii=False))
    result = Taken(pa.array(values, pa.string()))
    for kind, mask in masks.items():
        result.fault(kind, mask)
    return result


def _elements(text: str | None) -> list[str] | None:
    """The elements of a list; None if the text is no list."""
    import re

    if text is None:
        return None
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return None
        plain = isinstance(found, list) and all(isinstance(e, str | int) for e in found)
        return [str(e) for e in found] if plain else None
    return [element for element in re.split(_SEPARATOR, text.strip()) if element]


def _titles(field: Field) -> dict[str, str]:
    """Codes by their Chinese and English titles, the ambiguous ones left out."""
    assert field.codes is not None
    found: dict[str, str] = {}
    twice: set[str] = set()
    for code in field.codes:
        for title in {code.title.zh, code.title.en}:
            if title in found:
                twice.add(title)
            found[title] = code.code
    return {title: code for title, code in found.items() if title not in twice}


def _check_codes(field: Field, result: Taken) -> None:
    codes = field.codes
    assert codes is not None
    known = pc.is_in(result.values, pa.array([code.code for code in codes]))
    unknown = pc.and_(result.values.is_valid(), pc.invert(known))
    if not pc.any(unknown).as_py():
        return
    titles = _titles(field)
    at = pc.index_in(result.values, pa.array(list(titles)))
    by_title = pc.take(pa.array(list(titles.values())), at)
    translated = pc.and_(unknown, by_title.is_valid())
    result.values = pc.if_else(translated, by_title, result.values)
    result.fault(CODE_FROM_TITLE, translated)
    result.fault(UNKNOWN_CODE, pc.and_(unknown, by_title.is_null()))


def _check_bounds(field: Field, result: Taken) -> None:
    values = result.values
    if not (
        pa.types.is_floating(values.type)
        or pa.types.is_integer(values.type)
        or pa.types.is_decimal(values.type)
    ):
        return
    if field.minimum is None and field.maximum is None:
        return
    numbers = values.cast(pa.float64(), safe=False)
    if field.minimum is not None:
        result.fault(OUT_OF_BOUNDS, pc.less(numbers, float(field.minimum)))
    if field.maximum is not None:
        result.fault(OUT_OF_BOUNDS, pc.greater(numbers, float(field.maximum)))


def _nothing(column: pa.Array, type: pa.DataType) -> Taken:
    """A column of a type from which the field's values cannot come."""
    result = Taken(pa.nulls(len(column), type))
    result.fault(BAD_TYPE, column.is_valid())
    return result


_TAKERS: dict[FieldType, Callable[[Field, pa.Array, ZoneInfo], Taken]] = {
    FieldType.TEXT: _text,
    FieldType.INTEGER: _integer,
    FieldType.LONG: _integer,
    FieldType.NUMBER: _number,
    FieldType.DECIMAL: _decimal,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: times.date,
    FieldType.DATETIME: times.datetime,
    FieldType.UUID: _uuid,
}
