"""The history of a feature as pages: its versions, and what each has changed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.responses import Response

from geoservice.description.collection import Collection, Field, FieldType
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.features import pages as feature_pages
from geoservice.doors.http.features.pages import Cell
from geoservice.doors.http.presentation import page
from geoservice.languages import Language, Text
from geoservice.store.database import Row

_GEOMETRY = Text(zh="位置", en="Geometry")


@dataclass(frozen=True)
class Difference:
    """A field that a version has changed, with the value before and after."""

    title: Text
    old: Cell
    new: Cell


@dataclass(frozen=True)
class ShownVersion:
    """A version with what it has changed; None: it is the first, or the one before is not known."""

    row: Row
    differences: tuple[Difference, ...] | None


def versions(
    asked: Asked,
    collection: Collection,
    uid: UUID,
    found: Sequence[Row],
    limit: int,
    following: str | None,
) -> Response:
    """The versions, newest first; `found` may hold one more than the limit, which is not shown."""
    befores = [*found[1:], None]
    shown = [
        ShownVersion(row, _differences(collection, before, row, asked.language))
        for row, before in list(zip(found, befores, strict=True))[:limit]
    ]
    return page(
        asked,
        "versions.html",
        collection=collection,
        id=uid,
        versions=shown,
        next_url=following,
        is_there=bool(found) and found[0].superseded_at is None,
    )


def version(asked: Asked, collection: Collection, uid: UUID, around: Sequence[Row]) -> Response:
    """One version with its fields, and what it has changed; the one before may follow it."""
    row, before = around[0], around[1] if len(around) > 1 else None
    content = json.loads(row.feature)
    return page(
        asked,
        "version.html",
        collection=collection,
        id=uid,
        row=row,
        cells=feature_pages.cells(collection, content, asked.language),
        differences=_differences(collection, before, row, asked.language),
        geometry_type=content["geometry"]["type"] if content["geometry"] else None,
    )


def _differences(
    collection: Collection, before: Row | None, row: Row, language: Language
) -> tuple[Difference, ...] | None:
    if before is None:
        return None
    old, new = json.loads(before.feature), json.loads(row.feature)
    found = list(_changed_fields(collection, old["properties"], new["properties"], language))
    if old["geometry"] != new["geometry"]:
        found.append(
            Difference(
                _GEOMETRY, Cell(_position(old["geometry"])), Cell(_position(new["geometry"]))
            )
        )
    return tuple(found)


def _changed_fields(
    collection: Collection, old: dict[str, Any], new: dict[str, Any], language: Language
) -> Iterator[Difference]:
    for field in collection.public_fields:
        if old.get(field.name) != new.get(field.name):
            yield Difference(
                field.title,
                _cell(field, old.get(field.name), language),
                _cell(field, new.get(field.name), language),
            )


def _cell(field: Field, value: Any, language: Language) -> Cell:
    if field.type is FieldType.GEOMETRY:
        return Cell(_position(value))
    return feature_pages.cell(field, value, language)


def _position(geometry: dict[str, Any] | None) -> str:
    """A geometry in a few words: its type, and a point's place."""
    if geometry is None:
        return ""
    if geometry["type"] == "Point":
        return "{}, {}".format(*geometry["coordinates"])
    west, south, east, north = feature_pages.extent(geometry["coordinates"])
    return f"{geometry['type']} · {west}, {south} – {east}, {north}"
