"""Features as pages: a table of many, a list of one's fields, with titles and meanings of codes."""

import json
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from geoservice.description.collection import Collection, Field, FieldType
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.features.found import FoundPage
from geoservice.doors.http.features.reading import FeaturesRequest
from geoservice.doors.http.presentation import page
from geoservice.files.formats import FORMATS
from geoservice.languages import Language

_SHOWN_CHARACTERS = 300


@dataclass(frozen=True)
class Cell:
    """A value as a page shows it: its text, the meaning of its code, where it leads."""

    text: str
    meaning: str | None = None
    is_number: bool = False


def features(
    asked: Asked, collection: Collection, wanted: FeaturesRequest, found: FoundPage
) -> Response:
    """A page of features as a table."""
    rows = json.loads(b"[" + found.features + b"]")
    names = wanted.query.properties
    fields = [
        field
        for field in collection.public_fields
        if field.type is not FieldType.GEOMETRY and (names is None or field.name in names)
    ]
    following = asked.this_url(cursor=found.next_cursor, offset=None) if found.next_cursor else None
    table = [
        (
            row["id"],
            [cell(field, row["properties"].get(field.name), asked.language) for field in fields],
        )
        for row in rows
    ]
    return page(
        asked,
        "features.html",
        collection=collection,
        fields=fields,
        rows=table,
        matched=found.matched.to_json(asked),
        returned=found.returned,
        next_url=following,
        first_url=asked.this_url(cursor=None, offset=None),
        is_first=not (wanted.page.after or wanted.page.offset),
        geojson_url=asked.this_url(f="geojson"),
        files=[
            (each.id, asked.this_url(f=each.id, cursor=None, limit=None))
            for each in FORMATS.values()
            if each.id != "geojson"
        ],
    )


def feature(asked: Asked, collection: Collection, content: dict[str, Any]) -> Response:
    """One feature with its fields and the extent of its geometry."""
    properties = content["properties"]
    geometry = content["geometry"]
    return page(
        asked,
        "feature.html",
        collection=collection,
        id=content["id"],
        label=str(properties.get(collection.label) or content["id"]),
        cells=cells(collection, content, asked.language),
        geometry_type=geometry["type"] if geometry else None,
        extent=extent(geometry["coordinates"]) if geometry and "coordinates" in geometry else None,
        geojson_url=asked.this_url(f="geojson"),
    )


def cells(
    collection: Collection, content: dict[str, Any], language: Language
) -> list[tuple[Field, Cell]]:
    """The fields of a feature with their values, without geometries."""
    properties = content["properties"]
    return [
        (field, cell(field, properties[field.name], language))
        for field in collection.public_fields
        if field.name in properties and field.type is not FieldType.GEOMETRY
    ]


def cell(field: Field, value: Any, language: Language) -> Cell:
    """A value of a field, shown."""
    if value is None:
        return Cell("")
    if isinstance(value, list):
        parts = [cell(field, each, language) for each in value]
        meanings = [part.meaning for part in parts if part.meaning]
        return Cell(", ".join(part.text for part in parts), ", ".join(meanings) or None)
    if isinstance(value, bool):
        yes, no = ("是", "否") if language == "zh" else ("yes", "no")
        return Cell(yes if value else no)
    text = str(value)
    if field.codes is not None and text in field.codes.by_code:
        return Cell(text, field.codes.by_code[text].title.spoken(language))
    shown = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
    return Cell(shown, is_number=isinstance(value, int | float))


def extent(coordinates: Any) -> tuple[float, float, float, float]:
    """The box of nested GeoJSON coordinates."""
    xs: list[float] = []
    ys: list[float] = []
    waiting = [coordinates]
    while waiting:
        part = waiting.pop()
        if part and isinstance(part[0], int | float):
            xs.append(part[0])
            ys.append(part[1])
        else:
            waiting.extend(part)
    return min(xs), min(ys), max(xs), max(ys)
