"""Features made from a description alone: a valid one, and others that just break one rule."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import shapely

from geoservice.description.collection import (
    CodePair,
    Collection,
    Field,
    FieldType,
    GeometryType,
    Given,
    InOrder,
)

Feature = dict[str, Any]

_CENTRE = (113.75, 23.02)

_BEYOND_DESCRIPTIONS: dict[str, Feature] = {"quota_accounts": {"town_code": None}}
"""What the database asks beyond the description: only the account of a town names one."""


def shape(type: GeometryType, number: int = 0) -> Any:
    """A geometry of a type in Dongguan, with seven decimals or less; another for each number."""
    x, y = round(_CENTRE[0] + number * 0.001, 7), _CENTRE[1]
    far_x, far_y = round(x + 0.0005, 7), round(y + 0.0005, 7)
    square = shapely.box(x, y, far_x, far_y)
    line = shapely.LineString([(x, y), (far_x, far_y)])
    return {
        GeometryType.POINT: shapely.Point(x, y),
        GeometryType.MULTI_POINT: shapely.MultiPoint([(x, y)]),
        GeometryType.LINE_STRING: line,
        GeometryType.MULTI_LINE_STRING: shapely.MultiLineString([line]),
        GeometryType.POLYGON: square,
        GeometryType.MULTI_POLYGON: shapely.MultiPolygon([square]),
        GeometryType.GEOMETRY: square,
    }[type]


def valid_feature(
    collection: Collection, number: int = 0, references: dict[str, str] | None = None
) -> Feature:
    """A GeoJSON feature that breaks no rule; `references` gives a business key by collection."""
    properties = {
        field.name: value(collection, field, number, references or {})
        for field in collection.fields
        if not field.computed
    }
    properties |= _BEYOND_DESCRIPTIONS.get(collection.id, {})
    for rule in collection.rules:
        if isinstance(rule, Given) and rule.value is not None and _applies(rule, properties):
            properties[rule.field] = rule.value
    geometry = None
    if collection.geometry is not None:
        geometry = json.loads(shapely.to_geojson(shape(collection.geometry, number)))
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _applies(rule: Given, properties: Feature) -> bool:
    return all(properties[name] in codes for name, codes in rule.when)


def value(collection: Collection, field: Field, number: int, references: dict[str, str]) -> Any:
    """A value of a field that breaks no rule."""
    pair = next((r for r in collection.rules if isinstance(r, CodePair)), None)
    if pair and field.name in (pair.code_set, pair.code):
        codes = pair.lists[0]
        return codes.id if field.name == pair.code_set else codes.codes[0].code
    if field.refers_to is not None and field.refers_to.field == "uid":
        named = references.get(field.refers_to.collection)
        return [named] if field.many and named else named
    if field.codes is not None:
        codes_of_field = [code.code for code in field.codes][:2]
        return codes_of_field if field.many else codes_of_field[0]
    low = field.minimum or Decimal(0)
    plain: dict[FieldType, Any] = {
        FieldType.TEXT: ([f"甲{number}", "b;c"] if field.many else _text(field, number)),
        FieldType.INTEGER: int(min(low + number, field.maximum or 10**9)),
        FieldType.LONG: int(low) + number + 2**40 * (field.maximum is None),
        FieldType.NUMBER: float(low) + number + 0.5,
        FieldType.DECIMAL: float(low) + number + 0.25,
        FieldType.BOOLEAN: number % 2 == 0,
        FieldType.DATE: (date(2021, 1, 1) + timedelta(days=number)).isoformat(),
        FieldType.DATETIME: "2021-06-25T01:02:03+00:00",
        FieldType.UUID: f"0190a0f0-0000-7000-8000-{number:012d}",
    }
    if field.type is FieldType.GEOMETRY:
        assert field.geometry is not None
        return shapely.to_wkt(shape(field.geometry, number), rounding_precision=7)
    return plain[field.type]


def _text(field: Field, number: int) -> str:
    return f"{number}{field.title.zh}"[: field.max_length]


def invalid_features(collection: Collection, valid: Feature) -> Iterator[tuple[str, str, Feature]]:
    """(code of the issue, field, feature) for every rule that can be just broken."""
    for field in collection.fields:
        for code, wrong in _wrong_values(collection, field) if not field.computed else ():
            yield code, field.name, _changed(valid, field.name, wrong)
    for rule in collection.rules:
        match rule:
            case InOrder():
                is_date = collection.by_name[rule.first].type is FieldType.DATE
                first, second = ("2021-06-26", "2021-06-25") if is_date else (2036, 2035)
                feature = _changed(valid, rule.first, first)
                feature["properties"][rule.second] = second
                yield "bad-order", rule.first, feature
            case CodePair():
                yield "code-pair", rule.code, _changed(valid, rule.code, "?")
            case Given():
                feature = _changed(valid, rule.field, None)
                feature["properties"] |= {name: codes[0] for name, codes in rule.when}
                yield "not-given", rule.field, feature
            case _:
                pass  # about a change, or about other rows
    if collection.geometry is not None:
        yield from _wrong_geometries(collection, valid)


def _wrong_values(collection: Collection, field: Field) -> Iterator[tuple[str, Any]]:
    in_pair = any(
        isinstance(r, CodePair) and field.name in (r.code_set, r.code) for r in collection.rules
    )
    if not field.nullable and field.default is None:
        yield "missing-value", None
    if field.max_length is not None and field.refers_to is None and not in_pair:
        yield "too-long", "x" * (field.max_length + 1)
    if field.minimum is not None:
        yield "out-of-bounds", float(field.minimum) - 1
    if field.maximum is not None:
        yield "out-of-bounds", float(field.maximum) + 1
    if field.codes is not None:
        yield "unknown-code", ["?"] if field.many else "?"
    if field.type in (FieldType.DATE, FieldType.DATETIME):
        yield "bad-type", "2021-02-31"
    if field.type is FieldType.BOOLEAN:
        yield "bad-type", "maybe"
    if field.type in (FieldType.INTEGER, FieldType.LONG, FieldType.NUMBER, FieldType.DECIMAL):
        yield "bad-type", "1,5"
    if field.type is FieldType.TEXT and not (field.many or field.codes or in_pair):
        yield "control-characters", "\x07"
    if field.type is FieldType.GEOMETRY:
        yield "invalid-geometry", "POLYGON EMPTYISH"


def _wrong_geometries(collection: Collection, valid: Feature) -> Iterator[tuple[str, str, Feature]]:
    assert collection.geometry is not None
    other = (
        GeometryType.POINT
        if collection.geometry.single is not GeometryType.POINT
        else GeometryType.POLYGON
    )
    if collection.geometry is not GeometryType.GEOMETRY:
        wrong = deepcopy(valid)
        wrong["geometry"] = json.loads(shapely.to_geojson(shape(other)))
        yield "wrong-geometry-type", "geom", wrong
    if collection.geometry.single is GeometryType.POLYGON:
        bow_tie = deepcopy(valid)
        bow_tie["geometry"] = {
            "type": "Polygon",
            "coordinates": [[[113.7, 23], [113.8, 23.1], [113.8, 23], [113.7, 23.1], [113.7, 23]]],
        }
        yield "invalid-geometry", "geom", bow_tie


def _changed(valid: Feature, name: str, wrong: Any) -> Feature:
    feature = deepcopy(valid)
    feature["properties"][name] = wrong
    return feature


def write_geojson(path: Path, features: list[Feature]) -> Path:
    """A GeoJSON file."""
    document = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path
