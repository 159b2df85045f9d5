"""Page tokens: where the next page begins, and which query it belongs to.

A token holds no secret. It carries a digest of all that restricts or orders the query, so that it
is refused with any other, and what the first page counted, so that no later page counts again.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from geoservice.description.collection import Collection, Field, FieldType
from geoservice.errors import BadCursor
from geoservice.query.query import Sort

_LONGEST_TOKEN = 16_384
_NOT_RESTRICTING = frozenset(
    {"limit", "cursor", "offset", "f", "lang", "crs", "properties", "skipGeometry", "count"}
)
_READERS: dict[FieldType, Callable[[str], object]] = {
    FieldType.NUMBER: float,
    FieldType.DECIMAL: Decimal,
    FieldType.BOOLEAN: {"true": True, "false": False}.__getitem__,
    FieldType.DATE: date.fromisoformat,
    FieldType.DATETIME: datetime.fromisoformat,
    FieldType.UUID: UUID,
}


@dataclass(frozen=True)
class Place:
    """The sort values and uid of the last feature seen, and the count that the first page gave."""

    after: tuple[str | None, ...]
    matched: int | None


def digest(collection: str, parameters: Mapping[str, str]) -> str:
    """What a token belongs to."""
    asked = sorted((k, v) for k, v in parameters.items() if k not in _NOT_RESTRICTING)
    return hashlib.sha256(json.dumps([collection, asked]).encode()).hexdigest()[:16]


def token(belongs_to: str, place: Place) -> str:
    """The text that a next link carries."""
    packed = json.dumps([belongs_to, place.matched, *place.after], ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def place(text: str, belongs_to: str, collection: Collection, sort: Sequence[Sort]) -> Place:
    """The place that a token names; `BadCursor` if this query did not issue it."""
    try:
        parts = json.loads(base64.b64decode(_padded(text), altchars=b"-_", validate=True))
    except ValueError as wrong:
        raise BadCursor(value=text) from wrong
    if not isinstance(parts, list) or len(parts) != len(sort) + 3 or parts[0] != belongs_to:
        raise BadCursor(value=text)
    matched, *values, uid = parts[1:]
    fields = (collection.by_name[key.field] for key in sort)
    fits = all(
        value is None or _fits(field, value) for field, value in zip(fields, values, strict=True)
    )
    if not (fits and _is_count(matched) and isinstance(uid, str) and _reads(UUID, uid)):
        raise BadCursor(value=text)
    return Place((*values, uid), matched)


def _padded(text: str) -> bytes:
    if len(text) > _LONGEST_TOKEN or not text.isascii():
        raise ValueError(text)
    return (text + "=" * (-len(text) % 4)).encode()


def _is_count(value: object) -> bool:
    return value is None or (type(value) is int and 0 <= value < 2**53)


def _fits(field: Field, value: object) -> bool:
    """Whether a text is a value of the field's type: a forged one must not reach the database."""
    if not isinstance(value, str) or "\0" in value:
        return False
    bits = {FieldType.INTEGER: 31, FieldType.LONG: 63}.get(field.type)
    if bits is not None:
        return _reads(int, value) and -(2**bits) <= int(value) < 2**bits
    read = _READERS.get(field.type)
    return read is None or _reads(read, value)


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except (ValueError, KeyError, InvalidOperation):
        return False
    return True
