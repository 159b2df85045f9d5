"""Collection → JSON Schema (OGC API Features, Part 5) and queryables (Part 3), for every door.

Types are plain strings, never lists of types: clients push filters down only for those. That a
value may be missing is said by leaving its field out of `required`.
"""

from typing import Any

from geoservice.description.code_list import CodeList
from geoservice.description.collection import Collection, Field, FieldType, GeometryType
from geoservice.description.question import Parameter, ParameterType
from geoservice.languages import Language, Text

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_GEOMETRY_SCHEMA = "https://geojson.org/schema/{type}.json"

_TYPES: dict[FieldType, dict[str, Any]] = {
    FieldType.TEXT: {"type": "string"},
    FieldType.INTEGER: {"type": "integer", "format": "int32"},
    FieldType.LONG: {"type": "integer", "format": "int64"},
    FieldType.NUMBER: {"type": "number", "format": "double"},
    FieldType.DECIMAL: {"type": "number"},
    FieldType.BOOLEAN: {"type": "boolean"},
    FieldType.DATE: {"type": "string", "format": "date"},
    FieldType.DATETIME: {"type": "string", "format": "date-time"},
    FieldType.UUID: {"type": "string", "format": "uuid"},
}

_PARAMETER_TYPES: dict[ParameterType, dict[str, Any]] = {
    ParameterType.NUMBER: {"type": "number"},
    ParameterType.INTEGER: {"type": "integer"},
    ParameterType.BOOLEAN: {"type": "boolean"},
    ParameterType.TEXT: {"type": "string"},
    ParameterType.CHOICE: {"type": "string"},
    ParameterType.CHOICES: {"type": "array", "items": {"type": "string"}},
    ParameterType.DATE: {"type": "string", "format": "date"},
    ParameterType.DATETIME: {"type": "string", "format": "date-time"},
    ParameterType.COLLECTION: {"type": "string"},
    ParameterType.GEOMETRY: {"type": "string", "format": "geometry-any"},
}

_LOCATION = Text(zh="位置", en="Geometry")
_IDENTIFIER = Text(zh="要素编号", en="Feature id")


def feature_schema(collection: Collection, language: Language) -> dict[str, Any]:
    """The schema of a feature's content: its id, its geometry, its fields in order."""
    properties: dict[str, Any] = {
        "uid": {
            "title": _IDENTIFIER.spoken(language),
            "type": "string",
            "format": "uuid",
            "x-ogc-role": "id",
            "x-ogc-propertySeq": 1,
            "readOnly": True,
        }
    }
    if collection.geometry is not None:
        properties["geom"] = {
            "title": _LOCATION.spoken(language),
            "format": geometry_format(collection.geometry),
            "x-ogc-role": "primary-geometry",
            "x-ogc-propertySeq": 2,
        }
    for position, field in enumerate(collection.public_fields, start=3):
        properties[field.name] = {
            **field_schema(field, language),
            **_role(collection, field),
            "x-ogc-propertySeq": position,
            **({} if collection.editable and not field.computed else {"readOnly": True}),
        }
    required = [field.name for field in collection.public_fields if not field.nullable]
    if collection.geometry_required:
        required.insert(0, "geom")
    return {
        "$schema": DIALECT,
        "type": "object",
        "title": collection.title.spoken(language),
        "description": collection.description.spoken(language),
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def queryables(collection: Collection, language: Language) -> dict[str, Any]:
    """What filters may name; the geometry by reference, which is the only form clients look for."""
    properties: dict[str, Any] = {}
    if collection.geometry is not None:
        properties["geom"] = {
            "title": _LOCATION.spoken(language),
            "x-ogc-role": "primary-geometry",
            "$ref": geometry_reference(collection.geometry),
        }
    for field in collection.public_fields:
        if field.type is FieldType.GEOMETRY:
            assert field.geometry is not None
            properties[field.name] = {
                "title": field.title.spoken(language),
                "$ref": geometry_reference(field.geometry),
            }
        else:
            properties[field.name] = field_schema(field, language)
    return {
        "$schema": DIALECT,
        "type": "object",
        "title": collection.title.spoken(language),
        "properties": properties,
        "additionalProperties": False,
    }


def field_schema(field: Field, language: Language) -> dict[str, Any]:
    """The schema of one field's values."""
    schema: dict[str, Any] = {"title": field.title.spoken(language)}
    if field.description is not None:
        schema["description"] = field.description.spoken(language)
    if field.type is FieldType.GEOMETRY:
        assert field.geometry is not None
        schema["format"] = geometry_format(field.geometry)
        return schema
    value = dict(_TYPES[field.type])
    if field.codes is not None:
        value |= _codes(field.codes, language)
    if field.max_length is not None:
        value["maxLength"] = field.max_length
    for name, bound in (("minimum", field.minimum), ("maximum", field.maximum)):
        if bound is not None:
            value[name] = int(bound) if bound == int(bound) else float(bound)
    schema |= {"type": "array", "items": value, "uniqueItems": True} if field.many else value
    if field.default is not None:
        schema["default"] = field.default
    if field.unit is not None:
        schema["x-ogc-unit"] = field.unit.symbol
    if field.refers_to is not None:
        schema["x-ogc-role"] = "reference"
        schema["x-ogc-collectionId"] = field.refers_to.collection
    return schema


def parameter_schema(parameter: Parameter, language: Language) -> dict[str, Any]:
    """The schema of a question's parameter."""
    schema = dict(_PARAMETER_TYPES[parameter.type])
    if parameter.choices:
        choices: dict[str, Any] = {
            "enum": [code for code, _ in parameter.choices],
            "x-enum-titles": [title.spoken(language) for _, title in parameter.choices],
        }
        if parameter.type is ParameterType.CHOICES:
            schema["items"] = schema["items"] | choices
        else:
            schema |= choices
    if parameter.minimum is not None:
        schema["minimum"] = parameter.minimum
        if parameter.exclusive_minimum:
            schema["exclusiveMinimum"] = True
    if parameter.maximum is not None:
        schema["maximum"] = parameter.maximum
    if parameter.default is not None:
        many = isinstance(parameter.default, tuple)
        schema["default"] = list(parameter.default) if many else parameter.default  # type: ignore[arg-type]
    if parameter.unit is not None:
        schema["x-ogc-unit"] = parameter.unit.symbol
    return schema


def geometry_format(geometry: GeometryType) -> str:
    """The `format` of Part 5: `geometry-multipolygon`, `geometry-any`."""
    return "geometry-" + ("any" if geometry is GeometryType.GEOMETRY else geometry.lower())


def geometry_reference(geometry: GeometryType) -> str:
    """The GeoJSON schema of a geometry type."""
    return _GEOMETRY_SCHEMA.format(type=geometry)


def _codes(codes: CodeList, language: Language) -> dict[str, Any]:
    return {
        "enum": [code.code for code in codes],
        "x-enum-titles": [code.title.spoken(language) for code in codes],
        "x-ogc-codelist": codes.id,
    }


def _role(collection: Collection, field: Field) -> dict[str, Any]:
    period = collection.period
    if period is not None and field.name == period.start:
        return {"x-ogc-role": "primary-interval-start" if period.end else "primary-instant"}
    if period is not None and field.name == period.end:
        return {"x-ogc-role": "primary-interval-end"}
    if field.name == collection.label:
        return {"x-ogc-role": "title"}
    return {}
