"""DescribeFeatureType: types that desktop clients understand, and that the members keep to."""

from pathlib import Path

import pytest
from lxml import etree
from starlette.testclient import TestClient

from tests.doors.http.wfs.conftest import Asking, Document, exception, found

GML_STUB = """<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:gml="{gml}" targetNamespace="{gml}"
  elementFormDefault="qualified">
  <xsd:attribute name="id" type="xsd:ID"/>
  <xsd:element name="{head}" type="gml:AbstractFeatureType" abstract="true"/>
  <xsd:complexType name="AbstractFeatureType"><xsd:sequence/><xsd:attribute ref="gml:id"/>
    <xsd:attribute name="fid" type="xsd:string"/></xsd:complexType>
  {types}
</xsd:schema>"""
"""The little of GML that the schemas stand on: features, and properties that hold any geometry."""

PROPERTY = """<xsd:complexType name="{name}"><xsd:sequence>
  <xsd:any namespace="##targetNamespace" processContents="skip"/></xsd:sequence></xsd:complexType>"""

GML = {
    "2.0.0": ("http://www.opengis.net/gml/3.2", "AbstractFeature"),
    "1.1.0": ("http://www.opengis.net/gml", "_Feature"),
    "1.0.0": ("http://www.opengis.net/gml", "_Feature"),
}


def types(root: Document, name: str) -> dict[str, str]:
    path = f"xsd:complexType[@name='{name}Type']//xsd:element"
    return {each.get("name"): each.get("type") for each in found(root, path)}


@pytest.mark.parametrize("version", ["2.0.0", "1.1.0", "1.0.0"])
def test_every_field_has_a_plain_type_of_xml_schema(ask: Asking, version: str) -> None:
    root = ask("DescribeFeatureType", version, typeName="gs:probes")
    assert types(root, "probes") == {
        "name": "xsd:string",
        "kind": "xsd:string",
        "floors": "xsd:int",
        "serial": "xsd:long",
        "height": "xsd:double",
        "price": "xsd:decimal",
        "open": "xsd:boolean",
        "begun": "xsd:date",
        "ended": "xsd:date",
        "seen": "xsd:dateTime",
        "tags": "xsd:string",
        "名称": "xsd:string",
        "limit": "xsd:int",
        "geom": "gml:PointPropertyType",
    } | ({"secret": "xsd:string"} if "secret" in types(root, "probes") else {})
    assert not found(root, "//xsd:simpleType | //xsd:restriction")


def test_a_type_extends_the_feature_of_gml_and_may_stand_for_it(ask: Asking) -> None:
    root = ask("DescribeFeatureType", typeNames="gs:probes")
    assert root.get("targetNamespace") == "urn:geoservice:collections"
    assert root.get("elementFormDefault") == "qualified"
    assert found(root, "//xsd:extension/@base") == ["gml:AbstractFeatureType"]
    element = found(root, "xsd:element")[0]
    assert dict(element.attrib) == {
        "name": "probes",
        "type": "gs:probesType",
        "substitutionGroup": "gml:AbstractFeature",
    }
    assert found(root, "xsd:import/@schemaLocation") == [
        "http://schemas.opengis.net/gml/3.2.1/gml.xsd"
    ]


@pytest.mark.parametrize(
    ("version", "type"),
    [
        ("2.0.0", "gml:MultiSurfacePropertyType"),
        ("1.1.0", "gml:MultiSurfacePropertyType"),
        ("1.0.0", "gml:MultiPolygonPropertyType"),
    ],
)
def test_a_geometry_has_the_exact_type_of_its_version(ask: Asking, version: str, type: str) -> None:
    assert types(ask("DescribeFeatureType", version, typeName="towns"), "towns")["geom"] == type


def test_a_geometry_of_any_kind_is_called_so(ask: Asking) -> None:
    root = ask("DescribeFeatureType", typeNames="shapes")
    assert types(root, "shapes")["geom"] == "gml:GeometryPropertyType"


def test_a_list_may_repeat_and_what_may_be_missing_may_be_missing(ask: Asking) -> None:
    root = ask("DescribeFeatureType", typeNames="gs:probes")
    tags = found(root, "//xsd:element[@name='tags']")[0]
    assert (tags.get("minOccurs"), tags.get("maxOccurs")) == ("0", "unbounded")
    codes = ask("DescribeFeatureType", typeNames="gs:code_lists")
    required = found(codes, "//xsd:complexType//xsd:element[not(@minOccurs)]/@name")
    assert "code" in required


def test_several_types_are_described_together_and_all_without_a_name(ask: Asking) -> None:
    two = ask(
        "DescribeFeatureType", typeName="gs:probes,gs:shapes", typeNames="gs:probes,gs:shapes"
    )
    assert found(two, "xsd:element/@name") == ["probes", "shapes"]
    every = found(ask("DescribeFeatureType"), "xsd:element/@name")
    assert {"probes", "shapes", "towns", "code_lists", "near"} <= set(every)


def test_the_answer_of_a_question_is_a_type_of_its_own(ask: Asking) -> None:
    described = types(ask("DescribeFeatureType", typeNames="gs:near"), "near")
    assert described["distance_m"] == "xsd:double"
    assert described["geom"] == "gml:CurvePropertyType"


def test_an_unknown_type_is_refused_by_name(ask: Asking) -> None:
    code, locator, text = exception(ask("DescribeFeatureType", typeNames="gs:nope", status=400))
    assert (code, locator) == ("InvalidParameterValue", "typeNames")
    assert "gs:nope" in text
    assert "gs:probes" in text


def test_a_schema_is_written_in_the_gml_that_a_format_names(ask: Asking) -> None:
    root = ask(
        "DescribeFeatureType", typeNames="probes", outputFormat="text/xml; subtype=gml/3.1.1"
    )
    assert found(root, "xsd:import/@namespace") == ["http://www.opengis.net/gml"]
    assert (
        ask("DescribeFeatureType", "1.0.0", typeName="probes", outputFormat="XMLSCHEMA") is not None
    )
    code, locator, _ = exception(
        ask("DescribeFeatureType", typeNames="probes", outputFormat="text/html", status=400)
    )
    assert (code, locator) == ("InvalidParameterValue", "outputFormat")


@pytest.mark.parametrize("version", ["2.0.0", "1.1.0", "1.0.0"])
@pytest.mark.parametrize("name", ["probes", "shapes", "code_lists"])
def test_members_keep_to_their_schema(ask: Asking, tmp_path: Path, version: str, name: str) -> None:
    described = ask("DescribeFeatureType", version, typeName=name)
    gml, head = GML[version]
    used = {
        each.get("type").removeprefix("gml:")
        for each in found(described, "//*[starts-with(@type, 'gml:')]")
    }
    properties = "".join(PROPERTY.format(name=each) for each in used)
    stub = tmp_path / "gml.xsd"
    stub.write_text(GML_STUB.format(gml=gml, head=head, types=properties), "utf-8")
    found(described, "xsd:import")[0].set("schemaLocation", str(stub))
    local = tmp_path / "types.xsd"
    local.write_bytes(etree.tostring(described))
    schema = etree.XMLSchema(etree.parse(local))
    features = found(ask(version=version, typeName=name, maxFeatures=200), f"//gs:{name}")
    assert len(features) in (200, 6)
    for feature in features:
        schema.assertValid(etree.ElementTree(feature))


def test_schemas_have_the_media_type_of_their_form(client: TestClient) -> None:
    answer = client.get(
        "/wfs?service=WFS&version=1.1.0&request=DescribeFeatureType&typeName=probes"
    )
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
