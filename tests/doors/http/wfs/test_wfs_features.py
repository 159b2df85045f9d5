"""GetFeature: which features, in which order, form and coordinates, and how they are counted."""

import json
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree
from starlette.testclient import TestClient

from geoservice.store.database import Database
from tests.doors.http.conftest import HOSTILE, ROWS, rows
from tests.doors.http.wfs.conftest import FID, Asking, Document, exception, found, qualified

PROBES = "gs:probes"
DATA = rows()


def numbers(root: Document) -> list[int]:
    """The features by their serial number in the test data."""
    return [int(each.text) for each in found(root, "//gs:limit")]


def fids(root: Document) -> list[str]:
    return [each.get(FID) for each in found(root, "//gs:probes")]


def test_the_answer_counts_exactly_what_matches_and_what_it_holds(ask: Asking) -> None:
    root = ask(typeNames=PROBES, count=7)
    assert root.tag == qualified("wfs:FeatureCollection")
    assert root.get("numberMatched") == str(ROWS)
    assert root.get("numberReturned") == "7"
    assert root.get("timeStamp", "").endswith("Z")
    assert len(found(root, "wfs:member/gs:probes")) == 7


def test_without_a_count_a_page_of_the_default_size_is_given(ask: Asking) -> None:
    assert len(fids(ask(typeNames=PROBES))) == 100


def test_versions_without_pages_are_given_everything(ask: Asking) -> None:
    for version in ("1.1.0", "1.0.0"):
        root = ask(version=version, typeName=PROBES)
        assert len(found(root, "gml3:featureMember/gs:probes")) == ROWS


def test_more_than_a_page_is_streamed_with_exact_numbers(ask: Asking) -> None:
    root = ask(typeNames=PROBES, count=1000, startIndex=100, sortBy="limit")
    assert root.get("numberMatched") == str(ROWS)
    assert root.get("numberReturned") == "1000"
    assert numbers(root) == list(range(100, 1100))


def test_a_count_of_nothing_is_answered_with_nothing(ask: Asking) -> None:
    root = ask(typeNames=PROBES, count=0)
    assert (root.get("numberMatched"), root.get("numberReturned")) == (str(ROWS), "0")
    assert root.get("next") is None


def test_pages_follow_each_other_in_the_order_of_the_key_and_are_full(ask: Asking) -> None:
    seen: list[str] = []
    for start in range(0, ROWS, 250):
        page = fids(ask(typeNames=PROBES, startIndex=start, count=250))
        assert len(page) == min(250, ROWS - start)
        seen += page
    assert len(set(seen)) == ROWS


def test_a_page_in_the_middle_is_the_same_with_and_without_the_pages_before_it(
    ask: Asking, client: TestClient
) -> None:
    sort = {"sortBy": "kind DESC,floors"}
    straight = fids(ask(typeNames=PROBES, count=40, startIndex=40, **sort))
    fids(ask(typeNames=PROBES, count=40, startIndex=0, **sort))
    remembered = fids(ask(typeNames=PROBES, count=40, startIndex=40, **sort))
    assert straight == remembered
    assert straight == fids(ask(typeNames=PROBES, count=80, **sort))[40:]


def test_hits_give_the_number_a_next_link_and_no_previous_one(
    ask: Asking, client: TestClient
) -> None:
    root = ask(typeNames=PROBES, resultType="hits", count=1, sortBy="limit")
    assert (root.get("numberMatched"), root.get("numberReturned")) == (str(ROWS), "0")
    assert len(root) == 0
    assert root.get("previous") is None
    first = etree.fromstring(client.get(root.get("next", "")).content)
    assert numbers(first) == [0]
    one = ask(version="1.1.0", typeName=PROBES, resultType="hits")
    assert one.get("numberOfFeatures") == str(ROWS)


def test_next_and_previous_lead_through_the_pages_and_back(ask: Asking, client: TestClient) -> None:
    first = ask(
        typeNames=PROBES, count=4, srsName="EPSG:4326", propertyName="limit", sortBy="limit"
    )
    assert first.get("previous") is None
    second = etree.fromstring(client.get(first.get("next", "")).content)
    assert numbers(second) == [4, 5, 6, 7]
    again = etree.fromstring(client.get(second.get("previous", "")).content)
    assert fids(again) == fids(first)


def test_the_last_page_has_no_next_link(ask: Asking) -> None:
    root = ask(typeNames=PROBES, count=10, startIndex=ROWS - 3)
    assert root.get("numberReturned") == "3"
    assert root.get("next") is None
    beyond = ask(typeNames=PROBES, count=10, startIndex=10**9)
    assert (beyond.get("numberReturned"), beyond.get("numberMatched")) == ("0", str(ROWS))


def test_links_of_a_posted_request_ask_for_the_same_by_get(
    post: Asking, client: TestClient
) -> None:
    body = """<w:GetFeature xmlns:w="http://www.opengis.net/wfs/2.0" xmlns:f="http://www.opengis.net/fes/2.0"
        xmlns:app="urn:geoservice:collections" service="WFS" version="2.0.0" count="3" startIndex="3">
      <w:Query typeNames="app:probes"><w:PropertyName>app:limit</w:PropertyName>
        <f:Filter><f:PropertyIsEqualTo><f:ValueReference>app:kind</f:ValueReference><f:Literal>a</f:Literal>
        </f:PropertyIsEqualTo></f:Filter>
        <f:SortBy><f:SortProperty><f:ValueReference>app:limit</f:ValueReference>
          <f:SortOrder>DESC</f:SortOrder></f:SortProperty></f:SortBy></w:Query></w:GetFeature>"""
    expected = [number for number, row in enumerate(DATA) if row["kind"] == "a"][::-1]
    root = post(body)
    assert numbers(root) == expected[3:6]
    following = etree.fromstring(client.get(root.get("next", "")).content)
    assert numbers(following) == expected[6:9]
    before = etree.fromstring(client.get(root.get("previous", "")).content)
    assert numbers(before) == expected[:3]


@pytest.mark.parametrize("order", ["limit D", "limit DESC", "gs:limit desc"])
def test_features_are_sorted_by_every_spelling(ask: Asking, order: str) -> None:
    assert numbers(ask(typeNames=PROBES, sortBy=order, count=3)) == [1202, 1201, 1200]
    assert numbers(ask(typeNames=PROBES, sortBy="limit A", count=2)) == [0, 1]


def test_only_the_properties_that_are_named_are_given(ask: Asking) -> None:
    root = ask(typeNames=PROBES, propertyName="gs:limit,名称", count=5)
    held = {etree.QName(each).localname for each in found(root, "//gs:probes/*")}
    assert held == {"limit", "名称"}
    with_geometry = ask(typeNames=PROBES, propertyName="geom", count=5)
    assert {etree.QName(each).localname for each in found(with_geometry, "//gs:probes/*")} == {
        "geom"
    }
    assert len(found(ask(typeNames=PROBES, propertyName="*", count=1), "//gs:limit")) == 1


def test_what_every_feature_must_have_is_given_even_if_it_is_not_named(ask: Asking) -> None:
    root = ask(typeNames="gs:code_lists", propertyName="parent", count=1)
    assert {"code_list", "code"} & {
        etree.QName(each).localname for each in found(root, "//gs:code_lists/*")
    }


def test_what_is_private_is_neither_given_nor_named(client: TestClient, ask: Asking) -> None:
    answer = client.get(
        "/wfs?service=WFS&version=2.0.0&request=GetFeature&typeNames=gs:probes&count=5"
    )
    if "do not tell" not in answer.text:  # the anonymous role of the test service decides
        root = ask(typeNames=PROBES, propertyName="secret", status=400)
        assert "secret" not in exception(root)[2].split("allowed:")[1]


def test_texts_survive_whatever_they_hold(ask: Asking) -> None:
    root = ask(typeNames=PROBES)
    text = found(root, "//gs:probes[gs:limit='5']/gs:name")[0].text
    assert text == HOSTILE


def test_missing_values_have_no_element_and_lists_one_for_each_item(ask: Asking) -> None:
    root = ask(typeNames=PROBES, count=100)
    for feature in found(root, "//gs:probes"):
        row = DATA[int(feature.findtext("gs:limit", None, {"gs": "urn:geoservice:collections"}))]
        assert [each.text for each in found(feature, "gs:tags")] == (row["tags"] or [])
        assert bool(found(feature, "gs:floors")) == (row["floors"] is not None)


BOX = (113.7, 22.8, 113.9, 22.95)


def in_box() -> list[int]:
    west, south, east, north = BOX
    inside = []
    for number, row in enumerate(DATA):
        if row["geom"] is not None:
            x, y = map(float, str(row["geom"]).split("(")[1][:-1].split())
            if west <= x <= east and south <= y <= north:
                inside.append(number)
    return inside


XY = ",".join(map(str, BOX))
YX = ",".join(str(BOX[i]) for i in (1, 0, 3, 2))


@pytest.mark.parametrize(
    ("version", "bbox"),
    [
        ("2.0.0", f"{YX},urn:ogc:def:crs:EPSG::4490"),
        ("2.0.0", f"{YX},http://www.opengis.net/def/crs/EPSG/0/4490"),
        ("2.0.0", YX),
        ("2.0.0", f"{XY},EPSG:4490"),
        ("2.0.0", f"{XY},urn:ogc:def:crs:OGC:1.3:CRS84"),
        ("1.1.0", f"{YX},urn:ogc:def:crs:EPSG::4490"),
        ("1.1.0", YX),
        ("1.1.0", f"{XY},EPSG:4490"),
        ("1.0.0", XY),
        ("1.0.0", f"{XY},EPSG:4490"),
        ("1.0.0", f"{XY},urn:ogc:def:crs:EPSG::4490"),
    ],
)
def test_a_box_means_the_same_place_by_the_rule_of_each_version_and_name(
    ask: Asking, version: str, bbox: str
) -> None:
    many = {"count": 1000} if version == "2.0.0" else {}
    assert sorted(numbers(ask(version=version, typeName=PROBES, bbox=bbox, **many))) == in_box()


@pytest.mark.parametrize(
    ("version", "srs_name", "expected"),
    [
        ("2.0.0", None, "yx"),
        ("2.0.0", "urn:ogc:def:crs:EPSG::4490", "yx"),
        ("2.0.0", "http://www.opengis.net/def/crs/EPSG/0/4490", "yx"),
        ("2.0.0", "EPSG:4490", "xy"),
        ("2.0.0", "http://www.opengis.net/gml/srs/epsg.xml#4490", "xy"),
        ("1.1.0", None, "yx"),
        ("1.1.0", "EPSG:4490", "xy"),
        ("1.0.0", None, "xy"),
        ("1.0.0", "urn:ogc:def:crs:EPSG::4490", "xy"),
    ],
)
def test_coordinates_come_in_the_order_of_the_name_that_they_carry(
    ask: Asking, version: str, srs_name: str | None, expected: str
) -> None:
    more = {"srsName": srs_name} if srs_name else {}
    limit = {"count": 1} if version == "2.0.0" else {"maxFeatures": 1}
    root = ask(version=version, typeName=PROBES, **limit, **more)
    point = found(root, "//*[local-name()='Point']")[0]
    pair = [float(part) for part in (point[0].text or "").replace(",", " ").split()]
    assert (pair[0] < 90) == (expected == "yx"), pair
    if version == "1.0.0":
        assert point.get("srsName") == "EPSG:4490"
    else:
        assert point.get("srsName") == (srs_name or "urn:ogc:def:crs:EPSG::4490")


def test_metres_come_northing_first_under_a_urn_and_easting_first_under_a_short_name(
    ask: Asking, dongguan: object
) -> None:
    srid = dongguan.metric_srid  # type: ignore[attr-defined]
    north_first = found(
        ask(typeNames=PROBES, count=1, srsName=f"urn:ogc:def:crs:EPSG::{srid}"), "//gml:pos"
    )[0].text.split()
    east_first = found(ask(typeNames=PROBES, count=1, srsName=f"EPSG:{srid}"), "//gml:pos")[
        0
    ].text.split()
    assert north_first == east_first[::-1]
    assert float(north_first[0]) > 2_400_000  # some 22.8° of latitude, in metres


def test_a_feature_is_found_by_its_id_in_each_version(ask: Asking) -> None:
    id = fids(ask(typeNames=PROBES, count=3))[2]
    assert fids(ask(typeNames=PROBES, resourceId=id)) == [id]
    assert fids(ask(resourceId=id)) == [id]
    one = ask(version="1.1.0", typeName=PROBES, featureId=id)
    assert found(one, "//gs:probes/@gml3:id") == [id]
    assert found(ask(version="1.0.0", featureId=id), "//gs:probes/@fid") == [id]


def test_an_id_that_no_feature_has_matches_nothing(ask: Asking) -> None:
    for id in ("probes.0190163d-8694-739b-aea5-966c26f8ad91", "test-0190163d"):
        root = ask(typeNames=PROBES, resourceId=id)
        assert (root.get("numberMatched"), len(root)) == ("0", 0)


def test_two_queries_in_one_request_are_answered_apart_and_in_turn(ask: Asking) -> None:
    root = ask(typeNames="(gs:shapes)(gs:probes)", count=8)
    inner = found(root, "wfs:member/wfs:FeatureCollection")
    assert [each.get("numberMatched") for each in inner] == ["6", str(ROWS)]
    assert [each.get("numberReturned") for each in inner] == ["6", "2"]
    assert (root.get("numberMatched"), root.get("numberReturned")) == (str(ROWS + 6), "8")
    one = ask(version="1.1.0", typeName="gs:shapes,gs:probes", maxFeatures=8)
    assert len(found(one, "gml3:featureMember")) == 8


def test_a_second_page_of_two_queries_continues_where_the_first_ended(
    ask: Asking, client: TestClient
) -> None:
    root = ask(typeNames="(gs:shapes)(gs:probes)", sortBy="(name)(limit)", count=8)
    following = etree.fromstring(client.get(root.get("next", "")).content)
    assert numbers(following) == list(range(2, 10))


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("application/gml+xml; version=3.2", "wfs:member"),
        ("text/xml; subtype=gml/3.2.1", "wfs:member"),
        ("text/xml; subtype=gml/3.1.1", "gml3:featureMember"),
        ("GML3", "gml3:featureMember"),
        ("GML2", "gml3:featureMember"),
    ],
)
def test_gml_is_written_in_the_version_that_a_format_names(
    ask: Asking, name: str, member: str
) -> None:
    root = ask(typeNames=PROBES, count=2, outputFormat=name)
    assert len(found(root, member)) == 2


def test_a_plus_in_a_format_may_have_been_sent_raw(client: TestClient) -> None:
    answer = client.get(
        "/wfs?service=WFS&version=2.0.0&request=GetFeature&typeNames=gs:probes&count=1"
        "&outputFormat=application/gml+xml;version=3.2"
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["application/json", "json", "geojson"])
def test_json_holds_the_same_features_with_longitude_first(client: TestClient, name: str) -> None:
    answer = client.get(
        "/wfs",
        params={
            **{"service": "WFS", "version": "2.0.0", "request": "GetFeature", "typeNames": PROBES},
            **{"count": "3", "startIndex": "2", "outputFormat": name},
            **{"srsName": "urn:ogc:def:crs:EPSG::4490", "sortBy": "limit"},
        },
    )
    features = json.loads(answer.content)["features"]
    assert [each["properties"]["limit"] for each in features] == [2, 3, 4]
    assert features[0]["geometry"]["coordinates"][0] > 113
    assert answer.headers["ogc-numbermatched"] == str(ROWS)


@pytest.mark.parametrize(
    ("name", "begins"),
    [("csv", b"uid"), ("gpkg", b"SQLite"), ("SHAPE-ZIP", b"PK"), ("fgb", b"fgb")],
)
def test_files_are_given_under_their_names(client: TestClient, name: str, begins: bytes) -> None:
    answer = client.get(
        f"/wfs?service=WFS&version=2.0.0&request=GetFeature&typeNames=gs:probes&count=5&outputFormat={name}"
    )
    assert answer.status_code == 200
    assert answer.content.startswith(begins)


def test_features_are_given_as_they_were_on_a_day(ask: Asking) -> None:
    day = date(2004, 5, 1)
    true_then = [
        number
        for number, row in enumerate(DATA)
        if row["begun"] is not None
        and row["begun"] <= day
        and (row["ended"] is None or row["ended"] > day)  # type: ignore[operator]
    ]
    root = ask(typeNames=PROBES, as_of="2004-05-01", count=1000, sortBy="limit")
    assert numbers(root) == true_then


def test_a_changed_collection_is_counted_anew(ask: Asking, served: Database) -> None:
    keywords = {
        "typeNames": "gs:shapes",
        "resultType": "hits",
        "filter": FILTER.format(name="pole"),
    }
    assert ask(**keywords).get("numberMatched") == "1"
    assert ask(**keywords).get("numberMatched") == "1"


FILTER = (
    '<Filter xmlns="http://www.opengis.net/fes/2.0"><PropertyIsEqualTo>'
    "<ValueReference>name</ValueReference><Literal>{name}</Literal></PropertyIsEqualTo></Filter>"
)


def test_a_filter_is_read_under_the_name_that_a_library_sends_it_by(ask: Asking) -> None:
    root = ask(typeNames="gs:shapes", query=FILTER.format(name="pole"))
    assert root.get("numberMatched") == "1"


def test_a_plus_in_a_filter_is_a_plus(client: TestClient) -> None:
    raw = "%3CFilter%20xmlns=%22http://www.opengis.net/fes/2.0%22%3E%3CPropertyIsEqualTo%3E%3CValueReference%3Ename%3C/ValueReference%3E%3CLiteral%3EA+B%3C/Literal%3E%3C/PropertyIsEqualTo%3E%3C/Filter%3E"
    answer = client.get(
        f"/wfs?service=WFS&version=2.0.0&request=GetFeature&typeNames=gs:shapes&filter={raw}"
    )
    assert etree.fromstring(answer.content).get("numberMatched") == "0"


QGIS_BOX_AND_SUBSET = (
    '<fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"><fes:And>'
    "<fes:BBOX><fes:ValueReference>geom</fes:ValueReference>"
    '<gml:Envelope srsName="urn:ogc:def:crs:EPSG::4490"><gml:lowerCorner>22.8 113.7</gml:lowerCorner>'
    "<gml:upperCorner>22.95 113.9</gml:upperCorner></gml:Envelope></fes:BBOX>"
    "<fes:PropertyIsEqualTo><fes:ValueReference>kind</fes:ValueReference><fes:Literal>a</fes:Literal>"
    "</fes:PropertyIsEqualTo></fes:And></fes:Filter>"
)


def test_a_box_and_a_subset_in_one_filter_restrict_together(ask: Asking) -> None:
    root = ask(typeNames=PROBES, filter=QGIS_BOX_AND_SUBSET, count=1000, sortBy="limit")
    assert numbers(root) == [number for number in in_box() if DATA[number]["kind"] == "a"]


def test_both_spellings_of_the_type_parameter_may_stand_together(client: TestClient) -> None:
    answer = client.get(
        "/wfs?SERVICE=WFS&REQUEST=GetFeature&VERSION=2.0.0&TYPENAMES=gs:probes&TYPENAME=gs:probes&STARTINDEX=0&COUNT=1"
        "&NAMESPACES=xmlns(gs,urn:geoservice:collections)&SRSNAME=urn:ogc:def:crs:EPSG::4490"
    )
    assert answer.status_code == 200
    assert etree.fromstring(answer.content).get("numberReturned") == "1"


@pytest.mark.parametrize("name", ["probes", "gs:probes", "app:probes"])
def test_a_type_is_known_by_its_bare_name_and_under_any_declared_prefix(
    ask: Asking, name: str
) -> None:
    root = ask(typeNames=name, count=1, namespaces="xmlns(app,urn:geoservice:collections)")
    assert root.get("numberReturned") == "1"


def test_the_schema_location_leads_to_the_schema(ask: Asking, client: TestClient) -> None:
    root = ask(typeNames=PROBES, count=1)
    where = root.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation", "").split()
    assert where[2] == "urn:geoservice:collections"
    assert parse_qs(urlsplit(where[3]).query)["typeNames"] == ["gs:probes"]
    assert client.get(where[3]).status_code == 200


@pytest.mark.parametrize("request_name", ["GetFeature", "DescribeFeatureType", "GetCapabilities"])
@pytest.mark.parametrize("version", ["2.0.0", "1.1.0", "1.0.0"])
def test_no_client_keeps_an_answer(client: TestClient, version: str, request_name: str) -> None:
    """QGIS 3.22 keeps what may be kept, and shows a layer as it was before its own change."""
    query = {"service": "WFS", "version": version, "request": request_name, "typeName": PROBES}
    for more in ({}, {"count": "1200", "maxFeatures": "1200"}):
        answer = client.get("/wfs", params=query | more)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
