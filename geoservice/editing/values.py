"""One value from outside → one value to store, strictly: what does not mean one thing is refused.

Values come as JSON or as text (XML). What the database checks anyway is left to it: code lists,
bounds, references, whether a value may be missing. Must not know whose request it is.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from geoservice.crs import Crs
from geoservice.description.collection import Collection, Field, FieldType
from geoservice.editing import shapes
from geoservice.editing.operations import Values
from geoservice.errors import Malformed, RejectedFeature, UnknownProperty
from geoservice.languages import Text

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"(?P<second>[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?P<fraction>\.[0-9]{1,9})?(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BOUNDS = {FieldType.INTEGER: 2**31, FieldType.LONG: 2**63}
_EXACT_DIGITS = 15  # a double keeps so many decimal digits, whatever they are
_EXACT_INTEGERS = 2**53
_OWN_NAMES = ("id", "uid")
_OTHER_CRS = ("crs", "coordRefSys")
_LONGEST_SHOWN = 100
_LARGEST_SHOWN = 10**_LONGEST_SHOWN

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}  # XML Schema 2, 3.2.2

_NOT_A_DATE = Text(
    zh="须为存在的日期，如 2024-02-29", en="it must be a date that exists, such as 2024-02-29"
)
_NOT_AN_INSTANT = Text(
    zh="须为带时区的时间，如 2024-02-29T08:00:00Z，秒后至多六位小数",
    en="it must be a time with its offset, such as 2024-02-29T08:00:00Z, with at most six "
    "decimals of a second",
)


class _Wrong(Exception):
    """Why a value is not one of its field."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


def from_json(collection: Collection, field: Field, value: object) -> object:
    """A JSON value as the store takes it; null is None.

    A whole number may be written as `1.0`. An exact decimal of more than 15 digits is given as a
    string, because a JSON number may have lost some on its way. A time says its offset from UTC
    (RFC 3339); one of another zone is the same instant. Empty text is a text, and nothing else.

    Raises `RejectedFeature`; geometries are read by `values_from_geojson`.
    """
    if value is None:
        return None
    with_list = _list_from_json if field.many else _JSON[field.type]
    try:
        return with_list(field, value)
    except _Wrong as wrong:
        raise rejected(collection, field.name, value, wrong.reason) from None


def from_text(collection: Collection, field: Field, given: str | Sequence[str]) -> object:
    """A text of XML, or the texts of a list, as the store takes it: the forms of XML Schema.

    Blanks around it do not count, except in a text. Times say their offset. An empty text is no
    number or date: that there is none is said in another way. Raises `RejectedFeature`.
    """
    try:
        if field.many:
            return _without_repeats([_from_text(field, text) for text in given])
        assert isinstance(given, str)
        return _from_text(field, given)
    except _Wrong as wrong:
        raise rejected(collection, field.name, given, wrong.reason) from None


def values_from_geojson(
    feature: object,
    collection: Collection,
    crs: Crs,
    *,
    max_vertices: int,
    own_id: UUID | None = None,
) -> Values:
    """The values that a GeoJSON feature gives (RFC 7946), or a part of one in a merge patch.

    Args:
        feature: the JSON value; a member that it does not have is not among the values.
        collection: the fields that may be written are those that it shows.
        crs: of all coordinates, in its order of axes.
        max_vertices: the most of one geometry.
        own_id: of the feature that is changed; None for a new one, which gets its id.

    Raises:
        Malformed: it is no feature.
        UnknownProperty: a property is no field, or none that is shown.
        RejectedFeature: a value cannot be one of its field.
    """
    if not isinstance(feature, Mapping) or feature.get("type", "Feature") != "Feature":
        raise _malformed("须为 GeoJSON Feature。", "it must be a GeoJSON Feature.")
    properties = feature.get("properties")
    if not isinstance(properties, Mapping | None):
        raise _malformed("properties 须为对象。", "properties must be an object.")
    for name in _OTHER_CRS:
        if feature.get(name) is not None:
            raise _malformed(
                f"不读取成员 {name}；坐标系由 Content-Crs 说明。",
                f"the member {name} is not read: Content-Crs states the CRS.",
            )
    _require_own(collection, "id", feature.get("id"), own_id)
    values: dict[str, object] = {}
    if "geometry" in feature:
        values |= _own_geometry(collection, feature["geometry"], crs, max_vertices)
    shown = {field.name: field for field in collection.public_fields}
    for name, value in (properties or {}).items():
        field = shown.get(name)
        if field is None and name in _OWN_NAMES:
            _require_own(collection, name, value, own_id)
        elif field is None:
            raise UnknownProperty(collection=collection.id, value=name, allowed=[*shown])
        elif field.type is FieldType.GEOMETRY:
            values[name] = shapes.from_geojson(collection, name, value, crs, max_vertices)
        else:
            values[name] = from_json(collection, field, value)
    return values


def rejected(collection: Collection, name: str, value: object, reason: Text) -> RejectedFeature:
    """The refusal of one value, which is shown as far as it can be."""
    if isinstance(value, int) and abs(value) >= _LARGEST_SHOWN:
        value = "…"  # Python refuses to write out an endless number
    shown = value if isinstance(value, str) else repr(value)[:_LONGEST_SHOWN]
    shown = shown.encode("utf-8", "backslashreplace").decode()
    shown = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", shown)
    return RejectedFeature(collection=collection.id, field=name, value=shown, reason=reason)


def _own_geometry(
    collection: Collection, value: object, crs: Crs, max_vertices: int
) -> dict[str, object]:
    if collection.geometry is not None:
        return {"geom": shapes.from_geojson(collection, "geom", value, crs, max_vertices)}
    if value is None:
        return {}
    reason = Text(zh="此图层没有几何", en="this collection has no geometry")
    raise rejected(collection, "geometry", "…", reason)


def _require_own(collection: Collection, name: str, value: object, own_id: UUID | None) -> None:
    """A feature keeps its id, and a new one gets it from the store."""
    if value is None or (own_id is not None and str(value).lower() == str(own_id)):
        return
    reason = (
        Text(zh="新要素的标识由系统给出", en="a new feature gets its id from the store")
        if own_id is None
        else Text(zh=f"要素的标识不变：{own_id}", en=f"the id of the feature stays {own_id}")
    )
    raise rejected(collection, name, value, reason)


def _malformed(zh: str, en: str) -> Malformed:
    return Malformed(name="body", reason=Text(zh=zh, en=en))


# From JSON


def _require(value: object, kind: type | tuple[type, ...], zh: str, en: str) -> None:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _Wrong(Text(zh=f"须为{zh}", en=f"it must be {en}"))


def _text(field: Field, value: object) -> str:
    _require(value, str, "文本", "a text")
    text = str(value)
    if _CONTROL.search(text):
        raise _Wrong(Text(zh="不能含控制字符", en="it must not hold control characters"))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _Wrong(
            Text(zh="含不成对的代理字符", en="it holds half of a surrogate pair")
        ) from None
    if field.max_length is not None and len(text) > field.max_length:
        raise _Wrong(
            Text(
                zh=f"最多 {field.max_length} 个字符，现有 {len(text)} 个",
                en=f"at most {field.max_length} characters, not {len(text)}",
            )
        )
    return text


def _integer(field: Field, value: object) -> int:
    _require(value, (int, float, Decimal), "整数", "a whole number")
    assert isinstance(value, int | float | Decimal)
    if isinstance(value, int):
        return _in_bounds(field, value)
    is_inexact = isinstance(value, float) and not abs(value) <= _EXACT_INTEGERS
    if is_inexact or not math.isfinite(value) or value != int(value):
        raise _Wrong(Text(zh="须为整数", en="it must be a whole number"))
    return _in_bounds(field, int(value))


def _in_bounds(field: Field, number: int) -> int:
    limit = _BOUNDS[field.type]
    if not -limit <= number < limit:
        raise _Wrong(
            Text(zh=f"须在 {-limit} 至 {limit - 1} 之间", en=f"it must be {-limit} to {limit - 1}")
        )
    return number


def _number(_field: Field, value: object) -> float:
    _require(value, (int, float, Decimal), "数值", "a number")
    assert isinstance(value, int | float | Decimal)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _Wrong(Text(zh="须为有限数值", en="it must be a finite number"))
    if isinstance(value, int) and number != value:
        raise _Wrong(
            Text(zh="整数过大，会失去精度", en="a whole number so large would lose digits")
        )
    return number


def _decimal(field: Field, value: object) -> Decimal:
    _require(value, (int, float, Decimal, str), "数值", "a number")
    if isinstance(value, str):
        return _decimal_from_text(field, value)
    assert isinstance(value, int | float | Decimal)
    if isinstance(value, int) and abs(value) >= 10**400:
        raise _too_many_digits(field)
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if isinstance(value, float) and len(number.as_tuple().digits) > _EXACT_DIGITS:
        raise _Wrong(
            Text(
                zh=f"超过 {_EXACT_DIGITS} 位数字，须以文本给出",
                en=f"of more than {_EXACT_DIGITS} digits, it must be given as a string",
            )
        )
    return _with_digits(field, number)


def _with_digits(field: Field, number: Decimal) -> Decimal:
    """The number, if its column keeps every digit of it."""
    assert field.digits is not None
    if not number.is_finite():
        raise _Wrong(Text(zh="须为有限数值", en="it must be a finite number"))
    digits, decimals = field.digits
    _, found, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    trailing = 0
    while trailing < len(found) - 1 and found[-1 - trailing] == 0:
        trailing += 1
    beyond = 0 if not number else -(exponent + trailing)
    if beyond > decimals or (number and number.adjusted() >= digits - decimals):
        raise _too_many_digits(field)
    return number


def _too_many_digits(field: Field) -> _Wrong:
    assert field.digits is not None
    digits, decimals = field.digits
    return _Wrong(
        Text(
            zh=f"最多 {digits - decimals} 位整数和 {decimals} 位小数",
            en=f"at most {digits - decimals} digits before the point and {decimals} after it",
        )
    )


def _boolean(_field: Field, value: object) -> bool:
    _require(value, bool, " true 或 false", "true or false")
    return bool(value)


def _date(_field: Field, value: object) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise _Wrong(_NOT_A_DATE)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _Wrong(_NOT_A_DATE) from None


def _instant(_field: Field, value: object) -> datetime:
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None or len((match["fraction"] or "").rstrip("0")) > len(".123456"):
        raise _Wrong(_NOT_AN_INSTANT)
    fraction = (match["fraction"] or ".").ljust(len(".123456"), "0")[: len(".123456")]
    try:
        moment = datetime.fromisoformat(
            f"{match['second'].upper()}{fraction}{match['offset'].upper()}"
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Wrong(_NOT_AN_INSTANT) from None


def _uuid(_field: Field, value: object) -> UUID:
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise _Wrong(Text(zh="须为 36 个字符的 UUID", en="it must be a UUID of 36 characters"))
    return UUID(value)


def _list_from_json(field: Field, value: object) -> list[object]:
    _require(value, list, "列表", "a list")
    assert isinstance(value, list)
    return _without_repeats([_JSON[field.type](field, item) for item in value])


def _without_repeats(items: list[object]) -> list[object]:
    if len(set(items)) < len(items):
        raise _Wrong(Text(zh="列表中有重复的值", en="a value occurs twice in the list"))
    return items


_JSON: Mapping[FieldType, Callable[[Field, object], object]] = {
    FieldType.TEXT: _text,
    FieldType.INTEGER: _integer,
    FieldType.LONG: _integer,
    FieldType.NUMBER: _number,
    FieldType.DECIMAL: _decimal,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
    FieldType.DATETIME: _instant,
    FieldType.UUID: _uuid,
}


# From text


def _from_text(field: Field, text: str) -> object:
    return _TEXT[field.type](field, text if field.type is FieldType.TEXT else text.strip(" \t\r\n"))


def _integer_from_text(field: Field, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise _Wrong(Text(zh="须为整数", en="it must be a whole number"))
    return _in_bounds(field, int(text))


def _number_from_text(field: Field, text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise _Wrong(Text(zh="须为有限数值", en="it must be a finite number"))
    return _number(field, float(text))


def _decimal_from_text(field: Field, text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise _Wrong(Text(zh="须为有限数值", en="it must be a finite number"))
    return _with_digits(field, Decimal(text))


def _boolean_from_text(_field: Field, text: str) -> bool:
    if text not in _BOOLEANS:
        raise _Wrong(Text(zh="须为 true 或 false", en="it must be true or false"))
    return _BOOLEANS[text]


_TEXT: Mapping[FieldType, Callable[[Field, str], object]] = {
    FieldType.TEXT: _text,
    FieldType.INTEGER: _integer_from_text,
    FieldType.LONG: _integer_from_text,
    FieldType.NUMBER: _number_from_text,
    FieldType.DECIMAL: _decimal_from_text,
    FieldType.BOOLEAN: _boolean_from_text,
    FieldType.DATE: _date,
    FieldType.DATETIME: _instant,
    FieldType.UUID: _uuid,
}
