"""Entries of the ledger as texts and as JSON: read from outside, and shown.

One reading for the body of a request, the file of a command and the row of a table. Areas are decimal
texts in m², days are ISO 8601, accounts, parcels and rules are named by their numbers.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from geoservice.description.collection import Field, FieldType
from geoservice.domain.quota import quota_entries
from geoservice.errors import GeoserviceError, Malformed, RejectedFeature
from geoservice.languages import Text
from geoservice.ledger.posting import Entry, Posted, Posting

MEMBERS = tuple(each.name for each in fields(Entry) if each.name != "label")
"""What an entry may give."""

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日)")


def entries_of(given: object) -> list[Entry]:
    """The entries of a JSON list; each carries its place, such as `entries/3`, into mistakes.

    Raises `Malformed`, `RejectedFeature`.
    """
    if not isinstance(given, list) or not given:
        raise _malformed("entries 须为非空列表", "entries must be a list that is not empty")
    found = []
    for number, each in enumerate(given):
        label = f"entries/{number}"
        with _in_operation(label):
            found.append(replace(entry_of(_texts(each)), label=label))
    return found


def posting_document(posting: Posting, *, dry_run: bool) -> dict[str, Any]:
    """What was posted, or would be."""
    return {
        "dry_run": dry_run,
        "posting": str(posting.id),
        "change": posting.change_id,
        "entries": [entry_document(each) for each in posting.entries],
    }


def entry_document(entry: Posted) -> dict[str, Any]:
    """One entry as JSON: areas as decimal texts, so that nobody rounds them."""
    shown: dict[str, Any] = {}
    for each in fields(entry):
        value = getattr(entry, each.name)
        is_plain = value is None or isinstance(value, int | str)
        shown[each.name] = value if is_plain else _shown(value)
    return shown


def _shown(value: Any) -> str:
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _texts(given: object) -> dict[str, str | None]:
    """The members of a JSON object as texts."""
    if not isinstance(given, dict):
        raise _malformed("应为 JSON 对象", "it must be a JSON object")
    found: dict[str, str | None] = {}
    for name, value in given.items():
        if name not in MEMBERS:
            allowed = ", ".join(MEMBERS)
            raise _malformed(
                f"不认识的成员“{name}”；可用：{allowed}",
                f"unknown member “{name}”; allowed: {allowed}",
            )
        if isinstance(value, bool) or not isinstance(value, str | int | float | None):
            raise _malformed(f"{name} 须为文本或数值", f"{name} must be a text or a number")
        # The shortest text that is this double is what was written: no area has 15 digits.
        found[name] = None if value is None else str(value)
    return found


@contextmanager
def _in_operation(label: str) -> Iterator[None]:
    try:
        yield
    except GeoserviceError as mistake:
        raise mistake.in_operation(label) from mistake


def _malformed(zh: str, en: str) -> Malformed:
    return Malformed(name="entries", reason=Text(zh=zh, en=en))


def entry_of(given: Mapping[str, str | None]) -> Entry:
    """The entry that texts by the names of `MEMBERS` give; None is what is not given.

    Codes may be given by their titles. Raises `RejectedFeature`.
    """
    values = {
        name: _value(quota_entries.by_name[name], text)
        for name, text in given.items()
        if text is not None
    }
    for name in ("entry_type", "booked_on"):
        if name not in values:
            raise _wrong(name, "", Text(zh="不能为空", en="it must be given"))
    return Entry(**values)  # type: ignore[arg-type]


def _value(field: Field, text: str) -> object:
    if field.name == "reverses":
        if not re.fullmatch(r"[0-9]{1,18}", text):
            raise _wrong(field.name, text, Text(zh="须为分录号", en="it must be an entry number"))
        return int(text)
    if field.type is FieldType.DATE:
        return _day(field.name, text)
    if field.type is FieldType.DECIMAL:
        return _decimal(field.name, text)
    if field.codes is not None:
        titles = {c.title.zh: c.code for c in field.codes} | {
            c.title.en: c.code for c in field.codes
        }
        return titles.get(text, text)
    return text


def _day(name: str, text: str) -> date:
    match = _DATE.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        return date(*(int(part) for part in match.groups() if part is not None))
    except ValueError as wrong:
        allowed = Text(zh="须为日期，例如 2021-03-01", en="it must be a date such as 2021-03-01")
        raise _wrong(name, text, allowed) from wrong


def _decimal(name: str, text: str) -> Decimal:
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text):
        allowed = Text(
            zh="须为正数，不带千分位，例如 20000.50",
            en="it must be a number without separators, such as 20000.50",
        )
        raise _wrong(name, text, allowed)
    return Decimal(text)


def _wrong(name: str, value: str, reason: Text) -> RejectedFeature:
    return RejectedFeature(collection=quota_entries.id, field=name, value=value, reason=reason)
