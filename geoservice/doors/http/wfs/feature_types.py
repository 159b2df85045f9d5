"""DescribeFeatureType: collections and answers of questions as GML application schemas.

Only plain types of XML Schema and only top-level declarations: a widespread desktop client takes
anything richer for a complex schema and loses the types. Elements stand in the order of `store.gml`.
A missing value has no element, so nothing is nillable.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree
from starlette.responses import Response

from geoservice.description.collection import Collection, FieldType, GeometryType
from geoservice.description.question import QuestionDescription
from geoservice.description.xml_names import GEOMETRY, NAMESPACE, PREFIX, element_name
from geoservice.doors.http.wfs import formats
from geoservice.doors.http.wfs.calls import Call, local_name
from geoservice.doors.http.wfs.documents import XSD, written
from geoservice.doors.http.wfs.operations import DescribeFeatureType
from geoservice.doors.http.wfs.versions import V200, Version
from geoservice.xml import Element

_TYPES: dict[FieldType, str] = {
    FieldType.TEXT: "string",
    FieldType.INTEGER: "int",
    FieldType.LONG: "long",
    FieldType.NUMBER: "double",
    FieldType.DECIMAL: "decimal",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "date",
    FieldType.DATETIME: "dateTime",
    FieldType.UUID: "string",
}


@dataclass(frozen=True, kw_only=True)
class _Property:
    """An element of a type."""

    name: str
    type: FieldType
    geometry: GeometryType | None = None
    required: bool = False
    many: bool = False


def schema(call: Call, wanted: DescribeFeatureType) -> Response:
    """The schema of the types that are asked for; of all if none is."""
    form = formats.schema_form(wanted.output_format, call.version)
    if wanted.type_names:
        types = [_type_called(call, name, wanted) for name in dict.fromkeys(wanted.type_names)]
    else:
        types = [(each.id, _of_collection(each)) for each in call.collections]
        types += [
            (id, _of_question(each.description)) for id, each in sorted(call.questions.items())
        ]
    media_type = form.media_type if form is V200 else "text/xml; charset=utf-8"
    return Response(written(_document(types, form)), media_type=media_type)


def _type_called(
    call: Call, name: str, wanted: DescribeFeatureType
) -> tuple[str, Sequence[_Property]]:
    id = local_name(name, wanted.namespaces)
    if id is not None and id in call.questions:
        return id, _of_question(call.questions[id].description)
    collection = call.collection(name, wanted.namespaces)
    return collection.id, _of_collection(collection)


def _of_collection(collection: Collection) -> list[_Property]:
    return list(_properties(collection))


def _properties(collection: Collection) -> Iterator[_Property]:
    for field in collection.public_fields:
        yield _Property(
            name=field.name,
            type=field.type,
            geometry=field.geometry,
            required=not field.nullable,
            many=field.many,
        )
    if collection.geometry is not None:
        yield _Property(
            name=GEOMETRY,
            type=FieldType.GEOMETRY,
            geometry=collection.geometry,
            required=collection.geometry_required,
        )


def _of_question(description: QuestionDescription) -> list[_Property]:
    properties = [
        _Property(name=column.name, type=column.type, required=not column.nullable)
        for column in description.columns
    ]
    if description.geometry is not None:
        geometry = description.geometry
        properties.append(_Property(name=GEOMETRY, type=FieldType.GEOMETRY, geometry=geometry))
    return properties


def _document(types: Sequence[tuple[str, Sequence[_Property]]], form: Version) -> Element:
    root = etree.Element(
        f"{{{XSD}}}schema",
        {"targetNamespace": NAMESPACE, "elementFormDefault": "qualified"},
        nsmap={"xsd": XSD, "gml": form.gml, PREFIX: NAMESPACE},
    )
    _add(root, "import", namespace=form.gml, schemaLocation=form.gml_schema)
    head = "gml:AbstractFeature" if form is V200 else "gml:_Feature"
    for id, properties in types:
        _add(root, "element", name=id, type=f"{PREFIX}:{id}Type", substitutionGroup=head)
        content = _add(_add(root, "complexType", name=f"{id}Type"), "complexContent")
        extension = _add(content, "extension", base="gml:AbstractFeatureType")
        sequence = _add(extension, "sequence")
        for each in properties:
            type = f"xsd:{_TYPES[each.type]}" if each.geometry is None else ""
            occurs = {} if each.required and not each.many else {"minOccurs": "0"}
            if each.many:
                occurs["maxOccurs"] = "unbounded"
            _add(
                sequence,
                "element",
                name=element_name(each.name),
                type=type or form.geometry_type(each.geometry or GeometryType.GEOMETRY),
                **occurs,
            )
    return root


def _add(parent: Element, name: str, /, **attributes: str) -> Element:
    return etree.SubElement(parent, f"{{{XSD}}}{name}", attributes)
