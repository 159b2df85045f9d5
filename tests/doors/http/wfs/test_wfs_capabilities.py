"""What clients read from capabilities, literally as they read it."""

import re

import pytest
from starlette.testclient import TestClient

from geoservice.store.database import Database
from tests.doors.http.wfs.conftest import NAMESPACES, Asking, found, names, qualified

CONSTRAINTS = {
    # OGC 09-025r2, table 13, and the bindings; all must be there, in capitals.
    "ImplementsBasicWFS": "TRUE",
    "ImplementsInheritance": "FALSE",
    "ImplementsRemoteResolve": "FALSE",
    "ImplementsResultPaging": "TRUE",
    "ImplementsStandardJoins": "FALSE",
    "ImplementsSpatialJoins": "FALSE",
    "ImplementsTemporalJoins": "FALSE",
    "ImplementsFeatureVersioning": "FALSE",
    "ManageStoredQueries": "FALSE",
    "KVPEncoding": "TRUE",
    "XMLEncoding": "TRUE",
    "SOAPEncoding": "FALSE",
}


def test_every_service_constraint_has_its_value_in_capitals(ask: Asking) -> None:
    root = ask("GetCapabilities")
    assert root.tag == qualified("wfs:WFS_Capabilities")
    assert root.get("version") == "2.0.0"
    path = "ows:OperationsMetadata/ows:Constraint"
    stated = {
        each.get("name"): each.findtext("ows:DefaultValue", None, NAMESPACES)
        for each in found(root, path)
    }
    assert stated.items() >= CONSTRAINTS.items()
    assert {"ImplementsTransactionalWFS", "ImplementsLockingWFS"} <= set(stated)


def test_the_page_size_stands_globally_and_within_get_feature(ask: Asking) -> None:
    root = ask("GetCapabilities")
    for path in ("ows:OperationsMetadata", "//ows:Operation[@name='GetFeature']"):
        values = found(root, f"{path}/ows:Constraint[@name='CountDefault']/ows:DefaultValue/text()")
        assert values == ["100"], path


def test_the_operations_of_a_basic_wfs_have_addresses_for_get_and_post(ask: Asking) -> None:
    root = ask("GetCapabilities")
    for name in (
        *("GetCapabilities", "DescribeFeatureType", "GetFeature", "GetPropertyValue"),
        *("ListStoredQueries", "DescribeStoredQueries"),
    ):
        get = found(root, f"//ows:Operation[@name='{name}']//ows:Get/@xlink:href")
        post = found(root, f"//ows:Operation[@name='{name}']//ows:Post/@xlink:href")
        assert (get, post) == (["http://127.0.0.1:8000/wfs?"], ["http://127.0.0.1:8000/wfs"])


@pytest.mark.parametrize("name", ["GetFeature", "GetPropertyValue"])
def test_references_are_resolved_locally_only(ask: Asking, name: str) -> None:
    path = f"//ows:Operation[@name='{name}']/ows:Parameter[@name='resolve']//ows:Value/text()"
    assert found(ask("GetCapabilities"), path) == ["none", "local"]


def test_the_feature_type_list_has_the_literal_prefix_and_each_type_declares_ours(
    client: TestClient,
) -> None:
    for version in ("2.0.0", "1.1.0", "1.0.0"):
        text = client.get(
            "/wfs", params={"service": "WFS", "request": "GetCapabilities", "version": version}
        ).text
        assert "<wfs:FeatureTypeList>" in text
        assert '<wfs:FeatureType xmlns:gs="urn:geoservice:collections">' in text


def test_type_names_are_the_same_in_every_version(ask: Asking) -> None:
    two = found(ask("GetCapabilities"), "//wfs:FeatureType/wfs:Name/text()")
    assert "gs:probes" in two
    assert "gs:code_lists" in two  # has no geometry
    for version in ("1.1.0", "1.0.0"):
        assert found(ask("GetCapabilities", version), "//wfs1:FeatureType/wfs1:Name/text()") == two


def test_the_default_crs_is_a_urn_and_the_others_follow(ask: Asking) -> None:
    two = found(ask("GetCapabilities"), "//wfs:FeatureType[wfs:Name='gs:probes']")[0]
    assert found(two, "wfs:DefaultCRS/text()") == ["urn:ogc:def:crs:EPSG::4490"]
    assert found(two, "wfs:OtherCRS/text()") == [
        *(f"urn:ogc:def:crs:EPSG::{srid}" for srid in (4547, 4326, 3857)),
        "urn:ogc:def:crs:OGC:1.3:CRS84",
    ]
    one = found(ask("GetCapabilities", "1.1.0"), "//wfs1:FeatureType[wfs1:Name='gs:probes']")[0]
    assert found(one, "wfs1:DefaultSRS/text()") == ["urn:ogc:def:crs:EPSG::4490"]
    first = found(ask("GetCapabilities", "1.0.0"), "//wfs1:FeatureType[wfs1:Name='gs:probes']")[0]
    assert found(first, "wfs1:SRS/text()") == ["EPSG:4490"]


def test_every_crs_that_is_listed_can_be_asked_for(ask: Asking) -> None:
    listed = found(
        ask("GetCapabilities"), "//wfs:FeatureType[wfs:Name='gs:probes']/wfs:OtherCRS/text()"
    )
    for name in listed:
        root = ask(typeNames="gs:probes", count=1, srsName=name)
        assert found(root, "//gml:Point/@srsName")[0][-5:] == name[-5:]


def test_the_box_of_a_type_is_that_of_its_data(ask: Asking) -> None:
    box = found(
        ask("GetCapabilities"), "//wfs:FeatureType[wfs:Name='gs:shapes']/ows:WGS84BoundingBox"
    )[0]
    corners = [list(map(float, (each.text or "").split())) for each in box]
    assert corners == [[-179.5, -0.5], [179.5, 89.5]]
    first = found(
        ask("GetCapabilities", "1.0.0"),
        "//wfs1:FeatureType[wfs1:Name='gs:shapes']/wfs1:LatLongBoundingBox",
    )
    assert [float(first[0].get(name)) for name in ("minx", "miny", "maxx", "maxy")] == [
        -179.5,
        -0.5,
        179.5,
        89.5,
    ]


def test_a_type_without_geometry_has_no_crs_and_no_box(ask: Asking) -> None:
    type = found(ask("GetCapabilities"), "//wfs:FeatureType[wfs:Name='gs:code_lists']")[0]
    assert found(type, "wfs:NoCRS")
    assert not found(type, "ows:WGS84BoundingBox | wfs:DefaultCRS")


def test_filter_capabilities_list_what_clients_look_for_before_they_push_a_filter(
    ask: Asking,
) -> None:
    two = ask("GetCapabilities")
    comparisons = names(two, "//fes:ComparisonOperator")
    assert {"PropertyIsEqualTo", "PropertyIsLike", "PropertyIsNull", "PropertyIsBetween"} <= set(
        comparisons
    )
    assert {"BBOX", "Intersects", "DWithin"} <= set(names(two, "//fes:SpatialOperator"))
    assert {"After", "Before", "During"} <= set(names(two, "//fes:TemporalOperator"))
    assert names(two, "//fes:ResourceIdentifier") == ["fes:ResourceId"]
    conformance = {
        each.get("name"): found(each, "string(ows:DefaultValue)")
        for each in found(two, "//fes:Conformance/fes:Constraint")
    }
    for name in (
        *("ImplementsQuery", "ImplementsAdHocQuery", "ImplementsResourceId", "ImplementsSorting"),
        *("ImplementsMinStandardFilter", "ImplementsStandardFilter", "ImplementsMinSpatialFilter"),
        "ImplementsMinimumXPath",
    ):
        assert conformance[name] == "TRUE", name
    one = ask("GetCapabilities", "1.1.0")
    assert "EqualTo" in found(one, "//ogc:ComparisonOperator/text()")
    first = ask("GetCapabilities", "1.0.0")
    assert found(first, "//ogc:Comparison_Operators/ogc:Simple_Comparisons")
    assert found(first, "//ogc:Spatial_Operators/ogc:Intersect")


def test_filter_capabilities_name_only_prefixes_that_are_declared(ask: Asking) -> None:
    for each in found(ask("GetCapabilities"), "//fes:*[contains(@name, ':')]"):
        assert each.get("name").partition(":")[0] in each.nsmap


def test_clients_do_not_keep_capabilities(client: TestClient) -> None:
    answer = client.get("/wfs?service=WFS&request=GetCapabilities")
    assert answer.headers["cache-control"] == "no-store"


def test_titles_are_in_the_language_that_is_asked_for(client: TestClient, ask: Asking) -> None:
    path = "string(//wfs:FeatureType[wfs:Name='gs:shapes']/wfs:Title)"
    assert found(ask("GetCapabilities"), path) == "Shapes"
    for name in ("lang", "LANGUAGE"):
        assert found(ask("GetCapabilities", **{name: "zh"}), path) == "图形"


def test_addresses_for_get_carry_on_the_language_and_the_times_asked_about(ask: Asking) -> None:
    root = ask("GetCapabilities", as_of="2004-05-01", LANG="en")
    get = found(root, "//ows:Operation[@name='GetFeature']//ows:Get/@xlink:href")[0]
    assert get == "http://127.0.0.1:8000/wfs?as_of=2004-05-01&lang=en&"
    post = found(root, "//ows:Operation[@name='GetFeature']//ows:Post/@xlink:href")[0]
    assert post == "http://127.0.0.1:8000/wfs"


def test_only_the_sections_that_are_asked_for_are_given(ask: Asking) -> None:
    root = ask("GetCapabilities", sections="ServiceIdentification,FeatureTypeList")
    assert [re.sub("{.*}", "", str(each.tag)) for each in root] == [
        "ServiceIdentification",
        "FeatureTypeList",
    ]


@pytest.mark.parametrize(
    ("accepted", "answered"),
    [
        ("10.0.0,2.0.0,1.1.0", "2.0.0"),
        ("1.1.0,2.0.0", "1.1.0"),
        ("1.0.0", "1.0.0"),
        ("2.0.2", "2.0.0"),
    ],
)
def test_the_first_version_that_both_speak_is_answered(
    ask: Asking, accepted: str, answered: str
) -> None:
    root = ask("GetCapabilities", None, AcceptVersions=accepted)
    assert root.get("version") == answered


def test_a_collection_published_a_moment_ago_is_listed(ask: Asking, served: Database) -> None:
    assert "gs:shapes" in found(ask("GetCapabilities"), "//wfs:FeatureType/wfs:Name/text()")
