"""What is refused, with which code and locator, in the form of the version that was asked."""

import pytest
from lxml import etree
from starlette.testclient import TestClient

from tests.doors.http.wfs.conftest import Asking, exception, found, qualified

PROBES = "gs:probes"
FES = "http://www.opengis.net/fes/2.0"


VALUES = "service=WFS&version=2.0.0&request=GetPropertyValue&typeNames=probes"
WFS = "http://www.opengis.net/wfs/2.0"


def equals(property: str, value: str = "x") -> str:
    return (
        f'<Filter xmlns="{FES}"><PropertyIsEqualTo><ValueReference>{property}</ValueReference>'
        f"<Literal>{value}</Literal></PropertyIsEqualTo></Filter>"
    )


@pytest.mark.parametrize(
    ("keywords", "code", "locator"),
    [
        ({"typeNames": "gs:nope"}, "InvalidParameterValue", "typeNames"),
        ({"typeNames": "app:probes"}, "InvalidParameterValue", "typeNames"),
        ({}, "MissingParameterValue", "typeNames"),
        ({"typeNames": "gs:probes,gs:shapes"}, "OptionNotSupported", "typeNames"),
        ({"typeNames": PROBES, "aliases": "a"}, "OptionNotSupported", "typeNames"),
        ({"typeNames": PROBES, "count": "-1"}, "InvalidParameterValue", "count"),
        ({"typeNames": PROBES, "count": "many"}, "InvalidParameterValue", "count"),
        ({"typeNames": PROBES, "count": "99999999999999999999"}, "InvalidParameterValue", "count"),
        ({"typeNames": PROBES, "startIndex": "-5"}, "InvalidParameterValue", "startIndex"),
        ({"typeNames": PROBES, "resultType": "some"}, "InvalidParameterValue", "resultType"),
        ({"typeNames": PROBES, "resolve": "remote"}, "OptionNotSupported", "resolve"),
        (
            {"typeNames": PROBES, "outputFormat": "text/html"},
            "InvalidParameterValue",
            "outputFormat",
        ),
        (
            {"typeNames": PROBES, "srsName": "urn:ogc:def:crs:EPSG::32690"},
            "InvalidParameterValue",
            "srsName",
        ),
        (
            {"typeNames": PROBES, "srsName": "http://169.254.169.254/crs"},
            "InvalidParameterValue",
            "srsName",
        ),
        ({"typeNames": PROBES, "propertyName": "nope"}, "InvalidParameterValue", "propertyName"),
        (
            {"typeNames": PROBES, "propertyName": "geom::text"},
            "InvalidParameterValue",
            "propertyName",
        ),
        ({"typeNames": PROBES, "sortBy": "nope"}, "InvalidParameterValue", "sortBy"),
        ({"typeNames": PROBES, "sortBy": "geom"}, "InvalidParameterValue", "sortBy"),
        ({"typeNames": PROBES, "sortBy": "tags"}, "InvalidParameterValue", "sortBy"),
        ({"typeNames": PROBES, "sortBy": "limit SIDEWAYS"}, "InvalidParameterValue", "sortBy"),
        ({"typeNames": PROBES, "bbox": "1,2,3"}, "InvalidParameterValue", "bbox"),
        ({"typeNames": PROBES, "bbox": "NaN,NaN,NaN,NaN"}, "InvalidParameterValue", "bbox"),
        ({"typeNames": PROBES, "bbox": "1,2,3,4,EPSG:999999"}, "InvalidParameterValue", "bbox"),
        ({"typeNames": "gs:code_lists", "bbox": "1,2,3,4"}, "InvalidParameterValue", "bbox"),
        (
            {"typeNames": PROBES, "resourceId": "shapes.0190163d-8694-739b-aea5-966c26f8ad91"},
            "InvalidParameterValue",
            "RESOURCEID",
        ),
        (
            {"typeNames": PROBES, "resourceId": "1' OR '1'='1"},
            "InvalidParameterValue",
            "RESOURCEID",
        ),
        ({"typeNames": PROBES, "filter": "<bad"}, "OperationParsingFailed", None),
        ({"typeNames": PROBES, "filter": equals("nope")}, "InvalidParameterValue", "filter"),
        (
            {"typeNames": PROBES, "filter": equals("kind"), "bbox": "22,113,23,114"},
            "InvalidParameterValue",
            "bbox",
        ),
        (
            {"typeNames": PROBES, "filter": equals("kind"), "filter_language": "CQL"},
            "OptionNotSupported",
            "filter_language",
        ),
        ({"typeNames": PROBES, "fliter": "x"}, "InvalidParameterValue", "fliter"),
        ({"typeNames": PROBES, "sld_body": "<a/>"}, "InvalidParameterValue", "sld_body"),
        (
            {"typeNames": "(gs:probes)(gs:shapes)", "propertyName": "(name)(name)(name)"},
            "InvalidParameterValue",
            "propertyName",
        ),
        ({"typeNames": PROBES, "namespaces": "xmlns("}, "InvalidParameterValue", "namespaces"),
        ({"typeNames": PROBES, "as_of": "yesterday"}, "InvalidParameterValue", "as_of"),
        ({"storedQuery_id": "urn:nope"}, "InvalidParameterValue", "storedQuery_id"),
        ({"storedQuery_id": "urn:nope", "bbox": "1,2,3,4"}, "InvalidParameterValue", "bbox"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(
    ask: Asking, keywords: dict[str, str], code: str, locator: str | None
) -> None:
    root = ask(status=400, **keywords)
    found_code, found_locator, text = exception(root)
    assert (found_code, found_locator) == (code, locator)
    assert text.strip()


def test_an_unknown_parameter_is_refused_with_its_nearest_name_first(ask: Asking) -> None:
    assert (
        "filter"
        in exception(ask(typeNames=PROBES, fliter="x", status=400))[2].split("allowed:")[1][:10]
    )


@pytest.mark.parametrize("name", ["map", "_", "_ts", "handle", "exceptions", "traverseXlinkDepth"])
def test_what_clients_and_gateways_add_changes_nothing(ask: Asking, name: str) -> None:
    assert ask(typeNames=PROBES, count=1, **{name: "1"}).get("numberReturned") == "1"


def test_metadata_may_be_asked_for_with_the_parameters_of_a_layer(ask: Asking) -> None:
    more = {"typeNames": PROBES, "srsName": "EPSG:4490", "bbox": "1,2,3,4", "count": "5"}
    assert ask("GetCapabilities", **more).tag == qualified("wfs:WFS_Capabilities")
    assert ask("GetCapabilities", fliter="x", status=400).tag == qualified("ows:ExceptionReport")


@pytest.mark.parametrize(
    ("keywords", "code", "locator"),
    [
        ("request=GetCapabilities", "MissingParameterValue", "service"),
        ("service=WMS&request=GetCapabilities", "InvalidParameterValue", "service"),
        ("service=WFS", "MissingParameterValue", "request"),
        ("service=WFS&version=2.0.0&request=GetEverything", "OperationNotSupported", "request"),
        ("service=WFS&version=1.1.0&request=GetPropertyValue", "OperationNotSupported", "request"),
        ("service=WFS&version=2.0.0&request=CreateStoredQuery", "OperationNotSupported", "request"),
        ("service=WFS&request=GetFeature&typeNames=probes", "MissingParameterValue", "version"),
        (
            "service=WFS&version=3.0.0&request=GetFeature&typeNames=probes",
            "VersionNegotiationFailed",
            "version",
        ),
        (
            "service=WFS&request=GetCapabilities&AcceptVersions=0.9,7",
            "VersionNegotiationFailed",
            "AcceptVersions",
        ),
        ("service=WFS&service=WFS&request=GetCapabilities", "InvalidParameterValue", "service"),
        ("service=WFS&SERVICE=WMS&request=GetCapabilities", "InvalidParameterValue", "SERVICE"),
        (
            "service=WFS&version=2.0.0&request=GetFeature&typeNames=%FF",
            "OperationParsingFailed",
            None,
        ),
        (
            "service=WFS&version=2.0.0&request=GetFeature&typeNames=%00",
            "OperationParsingFailed",
            None,
        ),
        (VALUES + "&valueReference=", "InvalidParameterValue", "valueReference"),
        (VALUES, "MissingParameterValue", "valueReference"),
        (VALUES + "&valueReference=x", "InvalidParameterValue", "valueReference"),
        (VALUES + "&valueReference=name&resolvePath=x", "OptionNotSupported", "resolvePath"),
    ],
)
def test_a_request_that_is_none_is_told_what_it_lacks(
    client: TestClient, keywords: str, code: str, locator: str | None
) -> None:
    answer = client.get(f"/wfs?{keywords}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert exception(etree.fromstring(answer.content))[:2] == (code, locator)


def test_exceptions_have_the_form_of_the_version_that_was_asked(ask: Asking) -> None:
    two = ask(typeNames="gs:nope", status=400)
    assert (two.tag, two.get("version")) == (qualified("ows:ExceptionReport"), "2.0.0")
    one = ask(version="1.1.0", typeName="gs:nope", status=400)
    assert (one.tag, one.get("version")) == (qualified("ows1:ExceptionReport"), "1.1.0")
    first = ask(version="1.0.0", typeName="gs:nope", status=200)
    assert (first.tag, first.get("version")) == (qualified("ogc:ServiceExceptionReport"), "1.2.0")
    assert exception(first)[:2] == ("InvalidParameterValue", "typeName")


def test_a_posted_document_is_answered_in_its_own_version(post: Asking) -> None:
    body = '<GetFeature xmlns="{}" service="WFS" version="{}"><Query typeName="nope"/></GetFeature>'
    one = post(body.format("http://www.opengis.net/wfs", "1.1.0"), status=200)
    assert one.tag == qualified("ows1:ExceptionReport")
    first = post(body.format("http://www.opengis.net/wfs", "1.0.0"), status=200)
    assert first.tag == qualified("ogc:ServiceExceptionReport")


def test_exceptions_are_told_in_the_language_that_is_asked_for(client: TestClient) -> None:
    path = "/wfs?service=WFS&version=2.0.0&request=GetFeature&typeNames=nope"
    assert "cannot be" in client.get(path).text
    assert "无效" in client.get(path + "&LANGUAGE=zh").text
    assert client.get(path + "&LANGUAGE=zh").headers["content-language"] == "zh"
    assert "无效" in client.get(path, headers={"accept-language": "zh-CN"}).text


def test_somebody_with_a_browser_is_shown_where_to_begin(client: TestClient) -> None:
    answer = client.get("/wfs", headers={"accept": "text/html"})
    assert answer.status_code == 400
    texts = found(etree.fromstring(answer.content), "//ows:ExceptionText/text()")
    assert "http://127.0.0.1:8000/wfs?service=WFS&request=GetCapabilities" in texts[1]


def test_limits_of_the_service_are_told_in_the_form_of_wfs(client: TestClient) -> None:
    long = client.get("/wfs?service=WFS&version=1.1.0&request=GetFeature&typeName=" + "x" * 9000)
    assert long.status_code == 414
    assert etree.fromstring(long.content).tag == qualified("ows1:ExceptionReport")
    put = client.put("/wfs")
    assert put.status_code == 405
    assert "GET" in put.headers["allow"]
    assert exception(etree.fromstring(put.content))[0] == "OperationNotSupported"


def test_two_big_queries_in_one_request_are_refused_rather_than_cut(ask: Asking) -> None:
    root = ask(typeNames="(gs:probes)(gs:probes)", count=1000, status=413)
    assert exception(root)[0] == "OperationProcessingFailed"


HOSTILE_BODIES = {
    "billion laughs": '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><GetFeature>&c;</GetFeature>',
    "external entity": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><GetFeature>&b;</GetFeature>',
    "any doctype": "<!DOCTYPE GetFeature><GetFeature/>",
    "not XML": "request=GetFeature",
    "nothing": "",
    "another vocabulary": "<GetFeature/>",
    "deep nesting": "<a>" * 5000 + "</a>" * 5000,
}


@pytest.mark.parametrize("body", HOSTILE_BODIES.values(), ids=HOSTILE_BODIES.keys())
def test_a_hostile_document_is_refused_and_the_service_lives(client: TestClient, body: str) -> None:
    answer = client.post("/wfs", content=body, headers={"content-type": "text/xml"})
    assert answer.status_code in (400, 413)
    assert exception(etree.fromstring(answer.content))[0] in (
        "OperationParsingFailed",
        "OperationProcessingFailed",
    )
    assert client.get("/healthz").status_code == 200


def test_a_schema_location_is_never_looked_at(post: Asking) -> None:
    root = post(
        """<wfs:GetFeature xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
          xsi:schemaLocation="http://www.opengis.net/wfs/2.0 http://127.0.0.1:9/wfs.xsd" service="WFS" version="2.0.0"
          count="1"><wfs:Query typeNames="gs:probes"/></wfs:GetFeature>"""
    )
    assert root.get("numberReturned") == "1"


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<wfs:Unheard/>",
        '<wfs:Query typeNames="gs:probes"><wfs:Unheard/></wfs:Query>',
        "<wfs:Query/>",
        '<wfs:Query typeNames="gs:probes gs:shapes"/>',
        '<wfs:Query typeNames="gs:probes" featureVersion="ALL"/>',
        '<wfs:StoredQuery id="urn:x"><wfs:Parameter>1</wfs:Parameter></wfs:StoredQuery>',
    ],
)
def test_what_a_document_says_and_is_not_understood_is_refused(post: Asking, inside: str) -> None:
    root = post(
        f'<wfs:GetFeature xmlns:wfs="{WFS}" service="WFS" version="2.0.0">{inside}</wfs:GetFeature>',
        status=400,
    )
    assert exception(root)[0]
