"""Stored queries, property values, and the same requests posted as XML."""

import json
from uuid import UUID

import pytest
from lxml import etree
from starlette.testclient import TestClient

from tests.doors.http.conftest import ROWS, rows
from tests.doors.http.wfs.conftest import FID, Asking, exception, found, qualified

BY_ID = "http://www.opengis.net/def/query/OGC-WFS/0/GetFeatureById"
BY_ID_URN = "urn:ogc:def:query:OGC-WFS::GetFeatureById"
NEAR = "urn:geoservice:questions:near"


def first_id(ask: Asking) -> str:
    return str(found(ask(typeNames="gs:probes", count=1), "//gs:probes")[0].get(FID))


@pytest.mark.parametrize("name", [BY_ID, BY_ID_URN])
def test_a_feature_is_given_bare_by_its_id(ask: Asking, name: str) -> None:
    id = first_id(ask)
    root = ask(storedQuery_id=name, id=id)
    assert root.tag == qualified("gs:probes")
    assert root.get(FID) == id


@pytest.mark.parametrize(
    "id", ["probes.0190163d-8694-739b-aea5-966c26f8ad91", "uuid-0190163d-8694", "nope.1"]
)
def test_a_feature_that_does_not_exist_is_not_found(ask: Asking, id: str) -> None:
    assert exception(ask(storedQuery_id=BY_ID, id=id, status=404))[0] == "NotFound"


def test_a_malformed_id_is_refused(ask: Asking) -> None:
    root = ask(storedQuery_id=BY_ID, id="probes.1' OR '1'='1", status=400)
    assert exception(root)[0] == "InvalidParameterValue"
    assert exception(ask(storedQuery_id=BY_ID, status=400))[:2] == ("MissingParameterValue", "id")
    other = ask(storedQuery_id=BY_ID, id=first_id(ask), nope="1", status=400)
    assert exception(other)[:2] == ("InvalidParameterValue", "nope")


def test_stored_queries_are_listed_with_titles_in_both_languages(ask: Asking) -> None:
    root = ask("ListStoredQueries")
    assert root.tag == qualified("wfs:ListStoredQueriesResponse")
    ids = found(root, "wfs:StoredQuery/@id")
    assert {BY_ID, BY_ID_URN, NEAR} <= set(ids)
    titles = found(root, f"wfs:StoredQuery[@id='{NEAR}']/wfs:Title")
    assert [each.get("{http://www.w3.org/XML/1998/namespace}lang") for each in titles] == [
        "zh",
        "en",
    ]
    assert found(root, f"wfs:StoredQuery[@id='{NEAR}']/wfs:ReturnFeatureType/text()") == ["gs:near"]


def test_a_stored_query_is_described_with_typed_parameters(ask: Asking) -> None:
    root = ask("DescribeStoredQueries", storedQuery_id=NEAR)
    assert len(root) == 1
    parameters = {each.get("name"): each.get("type") for each in found(root, "//wfs:Parameter")}
    assert parameters["distance_m"] == "xsd:double"
    assert parameters["as_of"] == "xsd:date"
    assert "limit" not in parameters
    assert "cursor" not in parameters
    assert found(root, "//wfs:QueryExpressionText/@returnFeatureTypes") == ["gs:near"]
    by_id = ask("DescribeStoredQueries", storedQuery_id=BY_ID)
    assert found(by_id, "//wfs:Parameter/@name") == ["id"]
    assert len(ask("DescribeStoredQueries")) == len(ask("ListStoredQueries"))
    unknown = ask("DescribeStoredQueries", storedQuery_id="urn:nope", status=400)
    assert exception(unknown)[0] == "InvalidParameterValue"


def test_a_question_answers_with_its_rows_as_features(ask: Asking, client: TestClient) -> None:
    given = {"this": "shapes", "that": "probes", "distance_m": "2000", "as_of": "2004-05-01"}
    expected = client.get("/questions/near", params=given).json()["features"]
    root = ask(storedQuery_id=NEAR, **given)
    features = found(root, "wfs:member/gs:near")
    assert len(features) == len(expected) > 0
    assert root.get("numberMatched") == str(len(expected))
    for feature, same in zip(features, expected, strict=True):
        assert feature.get(FID) == f"near.{same['id']}"
        assert feature.findtext(qualified("gs:that_uid")) == same["properties"]["that_uid"]
        assert (
            float(feature.findtext(qualified("gs:distance_m")) or 0)
            == same["properties"]["distance_m"]
        )


def test_rows_of_a_question_come_page_by_page(ask: Asking, client: TestClient) -> None:
    given = {"this": "shapes", "that": "probes", "distance_m": "5000", "as_of": "2004-05-01"}
    every = [each.get(FID) for each in found(ask(storedQuery_id=NEAR, **given), "//gs:near")]
    page = ask(storedQuery_id=NEAR, count=2, startIndex=1, **given)
    assert [each.get(FID) for each in found(page, "//gs:near")] == every[1:3]
    following = etree.fromstring(client.get(page.get("next", "")).content)
    assert [each.get(FID) for each in found(following, "//gs:near")] == every[3:5]


def test_rows_of_a_question_come_as_files(client: TestClient) -> None:
    keywords = {
        **{"service": "WFS", "version": "2.0.0", "request": "GetFeature", "storedQuery_id": NEAR},
        **{"this": "shapes", "that": "probes", "distance_m": "2000", "as_of": "2004-05-01"},
    }
    features = json.loads(client.get("/wfs", params={**keywords, "outputFormat": "json"}).content)[
        "features"
    ]
    lines = client.get("/wfs", params={**keywords, "outputFormat": "csv"}).text.strip().splitlines()
    assert len(features) == len(lines) - 1 > 0


@pytest.mark.parametrize(
    ("more", "locator"),
    [
        ({"this": "shapes", "that": "probes"}, "distance_m"),
        ({"this": "shapes", "that": "probes", "distance_m": "far"}, "distance_m"),
        ({"this": "shapes", "that": "probes", "distance_m": "-1"}, "distance_m"),
        ({"this": "shapes", "that": "probes", "distance_m": "5", "radius": "5"}, "radius"),
        ({"this": "shapes", "that": "probes", "distance_m": "5", "limit": "5"}, "limit"),
    ],
)
def test_arguments_of_a_question_are_checked_as_everywhere(
    ask: Asking, more: dict[str, str], locator: str
) -> None:
    code, where, _ = exception(ask(storedQuery_id=NEAR, status=400, **more))
    assert code in ("InvalidParameterValue", "MissingParameterValue")
    assert where == locator


def test_the_ids_of_features_are_given_as_values(ask: Asking) -> None:
    root = ask("GetPropertyValue", typeNames="gs:probes", valueReference="@gml:id", count=5)
    assert root.tag == qualified("wfs:ValueCollection")
    assert (root.get("numberMatched"), root.get("numberReturned")) == (str(ROWS), "5")
    for value in found(root, "wfs:member/text()"):
        type, _, uid = value.partition(".")
        assert (type, str(UUID(uid))) == ("probes", uid)


@pytest.mark.parametrize("reference", ["gs:kind", "kind", "gs:probes/gs:kind"])
def test_the_values_of_a_property_are_counted_and_given_without_gaps(
    ask: Asking, reference: str
) -> None:
    there = [row["kind"] for row in rows() if row["kind"] is not None]
    root = ask("GetPropertyValue", typeNames="gs:probes", valueReference=reference, count=2000)
    assert root.get("numberMatched") == root.get("numberReturned") == str(len(there))
    assert sorted(found(root, "wfs:member/text()")) == sorted(there)
    hits = ask(
        "GetPropertyValue", typeNames="gs:probes", valueReference=reference, resultType="hits"
    )
    assert (hits.get("numberMatched"), hits.get("numberReturned")) == (str(len(there)), "0")


def test_geometries_are_values_too(ask: Asking) -> None:
    root = ask(
        "GetPropertyValue", typeNames="gs:shapes", valueReference="geom", srsName="EPSG:4490"
    )
    assert root.get("numberReturned") == "5"
    assert found(root, "wfs:member/gml:Polygon")


WFS2 = 'xmlns:wfs="http://www.opengis.net/wfs/2.0" service="WFS" version="2.0.0"'
QUERY = '<wfs:Query typeNames="gs:probes"/>'
WFS1 = 'xmlns="http://www.opengis.net/wfs" service="WFS"'


@pytest.mark.parametrize(
    ("name", "attributes", "inside", "root"),
    [
        ("GetCapabilities", "", "", "wfs:WFS_Capabilities"),
        ("DescribeFeatureType", "", "<wfs:TypeName>gs:probes</wfs:TypeName>", "xsd:schema"),
        ("GetFeature", 'count="1"', QUERY, "wfs:FeatureCollection"),
        ("GetPropertyValue", 'valueReference="name"', QUERY, "wfs:ValueCollection"),
        ("ListStoredQueries", "", "", "wfs:ListStoredQueriesResponse"),
        (
            "DescribeStoredQueries",
            "",
            f"<wfs:StoredQueryId>{NEAR}</wfs:StoredQueryId>",
            "wfs:DescribeStoredQueriesResponse",
        ),
    ],
)
def test_every_operation_can_be_posted(
    post: Asking, name: str, attributes: str, inside: str, root: str
) -> None:
    assert post(f"<wfs:{name} {WFS2} {attributes}>{inside}</wfs:{name}>").tag == qualified(root)


@pytest.mark.parametrize(
    ("body", "root"),
    [
        (f"<GetCapabilities {WFS1}/>", "wfs1:WFS_Capabilities"),
        (
            f'<GetFeature {WFS1} version="1.0.0"><Query typeName="probes"/></GetFeature>',
            "wfs1:FeatureCollection",
        ),
    ],
)
def test_documents_of_older_versions_can_be_posted(post: Asking, body: str, root: str) -> None:
    assert post(body).tag == qualified(root)


def test_a_stored_query_can_be_posted(ask: Asking, post: Asking) -> None:
    id = first_id(ask)
    root = post(
        f'<wfs:GetFeature {WFS2}><wfs:StoredQuery id="{BY_ID}"><wfs:Parameter name="id">{id}</wfs:Parameter>'
        "</wfs:StoredQuery></wfs:GetFeature>"
    )
    assert root.get(FID) == id


def test_a_posted_negotiation_chooses_the_version(post: Asking) -> None:
    root = post(
        '<wfs:GetCapabilities xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:ows="http://www.opengis.net/ows/1.1"'
        ' service="WFS"><ows:AcceptVersions><ows:Version>10.0.0</ows:Version><ows:Version>1.1.0</ows:Version>'
        "</ows:AcceptVersions></wfs:GetCapabilities>"
    )
    assert root.get("version") == "1.1.0"


def test_a_library_that_forgets_namespaces_of_children_is_understood(post: Asking) -> None:
    root = post(
        f'<wfs:GetFeature {WFS2} count="3" outputformat="GML2"><wfs:Query typeNames="gs:probes">'
        "<PropertyName>limit</PropertyName></wfs:Query></wfs:GetFeature>"
    )
    assert len(found(root, "//gs:probes/*")) == 3


def test_the_empty_value_reference_of_a_document_is_refused(post: Asking) -> None:
    root = post(
        f'<wfs:GetPropertyValue {WFS2} valueReference=""><wfs:Query typeNames="gs:probes"/></wfs:GetPropertyValue>',
        status=400,
    )
    assert exception(root)[:2] == ("InvalidParameterValue", "valueReference")
