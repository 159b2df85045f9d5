"""The rules of the OGC conformance suite for OGC API Features, Parts 1 and 2, line by line."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from geoservice.doors.http.features.collections import CONFORMANCE
from tests.doors.http.conftest import CRS, ITEMS, ROWS, rows

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
OFFERED = [CRS84, *(CRS.format(srid) for srid in (4490, 4547, 4326, 3857))]


def rel(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [link for link in document["links"] if link["rel"] == name]


def test_the_landing_page_links_to_description_conformance_and_data(client: TestClient) -> None:
    page = client.get("/", headers={"accept": "application/json"})
    assert page.headers["content-type"] == "application/json"
    for name in ("service-desc", "service-doc", "conformance", "data", "self", "alternate"):
        link = rel(page.json(), name)[0]
        assert link["type"]
        assert client.get(link["href"]).status_code == 200, name


def test_the_description_has_exactly_the_media_type_that_the_suite_looks_for(
    client: TestClient,
) -> None:
    link = rel(client.get("/").json(), "service-desc")[0]
    assert link["type"] == "application/vnd.oai.openapi+json;version=3.0"
    answer = client.get(link["href"], headers={"accept": link["type"]})
    assert answer.headers["content-type"] == link["type"]


def test_conformance_lists_core_geojson_html_crs_and_filters(client: TestClient) -> None:
    declared = client.get("/conformance").json()["conformsTo"]
    assert declared == list(CONFORMANCE)
    for name in (
        "ogcapi-features-1/1.0/conf/core",
        "ogcapi-features-1/1.0/conf/oas30",
        "ogcapi-features-1/1.0/conf/geojson",
        "ogcapi-features-1/1.0/conf/html",
        "ogcapi-features-2/1.0/conf/crs",
        "ogcapi-features-3/1.0/conf/filter",
        "ogcapi-features-3/1.0/conf/features-filter",
        "ogcapi-features-4/1.0/conf/create-replace-delete",
        "ogcapi-features-4/1.0/conf/update",
        "ogcapi-features-4/1.0/conf/optimistic-locking-etags",
        "ogcapi-features-4/1.0/conf/features",
        "ogcapi-features-5/1.0/conf/schemas",
        "cql2/1.0/conf/cql2-text",
        "cql2/1.0/conf/basic-cql2",
        "cql2/1.0/conf/advanced-comparison-operators",
        "cql2/1.0/conf/case-insensitive-comparison",
        "cql2/1.0/conf/basic-spatial-operators",
        "cql2/1.0/conf/basic-spatial-functions",
    ):
        assert f"http://www.opengis.net/spec/{name}" in declared


def test_the_collections_are_described_the_same_in_the_list_and_alone(client: TestClient) -> None:
    listed = client.get("/collections").json()
    assert {link["rel"] for link in listed["links"]} >= {"self", "alternate"}
    assert all(link["type"] for link in listed["links"])
    assert listed["crs"] == OFFERED
    for each in listed["collections"]:
        assert client.get(f"/collections/{each['id']}").json() == each
        assert each["crs"][0] == CRS84
        assert each["storageCrs"] == CRS.format(4490)
        assert each["storageCrs"] in each["crs"]
        assert {link["type"] for link in rel(each, "items")} >= {
            "application/geo+json",
            "text/html",
        }
        assert rel(each, "self")
        assert rel(each, "alternate")


def test_the_extent_holds_the_data_in_longitude_and_latitude(client: TestClient) -> None:
    collection = client.get("/collections/probes").json()
    [west, south, east, north] = collection["extent"]["spatial"]["bbox"][0]
    assert 113.6 <= west < east <= 114.1
    assert 22.7 <= south < north <= 23.1
    assert collection["extent"]["temporal"]["interval"][0][0].startswith("2000-01")
    assert collection["extent"]["temporal"]["interval"][0][1] is None, "some features have no end"
    assert collection["itemCount"] == ROWS


def test_an_unknown_collection_is_not_found_and_the_suites_name_is_none(client: TestClient) -> None:
    assert client.get("/collections/dUmmYColLection").status_code == 404
    assert client.get("/collections/dUmmYColLection/items").status_code == 404


def test_a_page_has_the_members_of_the_standard(client: TestClient) -> None:
    answer = client.get(f"{ITEMS}?limit=10")
    page = answer.json()
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["content-crs"] == f"<{CRS84}>"
    assert page["type"] == "FeatureCollection"
    assert page["numberReturned"] == len(page["features"]) == 10
    assert page["timeStamp"].endswith("Z")
    assert {link["rel"] for link in page["links"]} == {"self", "alternate", "next", "collection"}
    assert {link["type"] for link in rel(page, "alternate")} == {"text/html"}
    assert rel(page, "self")[0]["type"] == "application/geo+json"


def test_every_feature_has_every_property_and_no_private_one(client: TestClient) -> None:
    feature_names = [
        list(f["properties"]) for f in client.get(f"{ITEMS}?limit=500").json()["features"]
    ]
    assert all(names == feature_names[0] for names in feature_names)
    assert "secret" not in feature_names[0]
    assert feature_names[0][:3] == ["name", "kind", "floors"]


def test_a_feature_alone_is_the_feature_of_the_page_with_links(client: TestClient) -> None:
    for feature in client.get(f"{ITEMS}?limit=3").json()["features"]:
        answer = client.get(f"{ITEMS}/{feature['id']}")
        alone = answer.json()
        assert {link["rel"] for link in alone.pop("links")} == {
            *("self", "alternate", "collection", "version-history"),
        }
        assert alone == feature
        assert answer.headers["content-crs"] == f"<{CRS84}>"


@pytest.mark.parametrize(
    "id", ["1", "x", "00000000-0000-7000-8000-000000000000", "%27%20OR%20%271", "中"]
)
def test_an_unknown_feature_is_not_found(client: TestClient, id: str) -> None:
    answer = client.get(f"{ITEMS}/{id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-feature")


def test_features_without_geometry_are_there_unless_a_box_is_asked(client: TestClient) -> None:
    every = client.get("/collections/shapes/items").json()["features"]
    assert [f["properties"]["name"] for f in every if f["geometry"] is None] == ["nowhere"]
    boxed = client.get("/collections/shapes/items?bbox=-180,-90,180,90").json()["features"]
    assert len(boxed) == len(every) - 1


def names(client: TestClient, parameters: str) -> list[str]:
    answer = client.get(f"/collections/shapes/items?{parameters}")
    assert answer.status_code == 200, answer.text
    return sorted(f["properties"]["name"] for f in answer.json()["features"])


def test_boxes_over_equator_date_line_and_poles_give_what_meets_them(client: TestClient) -> None:
    assert names(client, "bbox=177,-10,-177,10") == ["east of the line", "west of the line"]
    assert names(client, "bbox=-180,-1,-179,0") == ["east of the line"]
    assert names(client, "bbox=-180,85,180,90") == ["pole"]
    assert names(client, "bbox=100,-5,120,50") == ["dongguan", "triangle"]
    assert names(client, "bbox=113.7,23,0,113.8,23.1,100") == ["dongguan"]
    assert names(client, "bbox=-400,-200,400,200") == sorted(
        ["dongguan", "east of the line", "pole", "triangle", "west of the line"]
    )


def test_a_box_meets_the_geometry_and_not_only_its_box(client: TestClient) -> None:
    assert names(client, "bbox=113.6,22.6,113.9,22.9") == []
    assert names(client, "bbox=113.4,22.4,113.9,22.9") == ["triangle"]
    assert names(client, "bbox=114,22,115,22.5") == ["triangle"], "touching is meeting"


def during(client: TestClient, datetime: str) -> int:
    answer = client.get(ITEMS, params={"datetime": datetime, "count": "exact", "limit": "1"})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["numberMatched"])


def expected_during(start: str, end: str) -> int:
    return sum(
        1
        for row in rows()
        if row["begun"] is not None
        and str(row["begun"]) <= end
        and (row["ended"] is None or str(row["ended"]) > start)
    )


def test_instants_intervals_and_durations_select_by_time(client: TestClient) -> None:
    assert during(client, "2003-05-01") == expected_during("2003-05-01", "2003-05-01")
    assert during(client, "2003-05-01T08:00:00Z") == expected_during("2003-05-01", "2003-05-01")
    year = expected_during("2003-01-01", "2003-12-31")
    assert during(client, "2003-01-01/2003-12-31") == year
    assert during(client, "2003-01-01T00:00:00Z/2003-12-31T12:00:00Z") == year
    assert during(client, "2003-01-01/P11M30D") == year
    assert during(client, "2003-01-01/P2D") == expected_during("2003-01-01", "2003-01-03")
    assert during(client, "P2D/2003-01-03") == expected_during("2003-01-01", "2003-01-03")
    assert during(client, "../2003-01-01") == expected_during("0001-01-01", "2003-01-01")
    assert during(client, "/2003-01-01") == during(client, "../2003-01-01")
    assert during(client, "2003-01-01/..") == expected_during("2003-01-01", "9999-12-31")


def test_the_forms_that_desktop_clients_send_are_read(client: TestClient) -> None:
    assert during(client, "2003-01-01T/..") == during(client, "2003-01-01/..")
    assert during(client, "2003-01-01/9999-12-31T00:00:00Z") == during(client, "2003-01-01/..")
    assert during(client, "0000-01-01T00:00:00Z/2003-01-01") == during(client, "../2003-01-01")


def test_as_of_selects_what_was_true_on_a_day(client: TestClient) -> None:
    answer = client.get(f"{ITEMS}?as_of=2003-05-01&count=exact&limit=1").json()
    assert answer["numberMatched"] == expected_during("2003-05-01", "2003-05-01")


@pytest.mark.parametrize("crs", OFFERED)
def test_every_listed_crs_can_be_asked_for_and_is_named_in_the_answer(
    client: TestClient, crs: str
) -> None:
    page = client.get(ITEMS, params={"crs": crs, "limit": "3"})
    assert page.headers["content-crs"] == f"<{crs}>"
    id = page.json()["features"][0]["id"]
    alone = client.get(f"{ITEMS}/{id}", params={"crs": crs})
    assert alone.headers["content-crs"] == f"<{crs}>"
    assert alone.json()["geometry"] == page.json()["features"][0]["geometry"]


@pytest.mark.parametrize("name", ["crs", "bbox-crs", "filter-crs"])
@pytest.mark.parametrize(
    "crs",
    [
        *("EPSG:999999", "http://www.opengis.net/def/crs/EPSG/0/2326", "http://169.254.169.254/x"),
        *("file:///etc/passwd", "+proj=pipeline +step", "", "CRS84", "PROJCS[" * 500),
    ],
)
def test_a_crs_that_is_not_listed_is_refused(client: TestClient, name: str, crs: str) -> None:
    answer = client.get(ITEMS, params={name: crs, "bbox": "1,1,2,2", "filter": "floors=1"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-crs")
    assert answer.json()["errors"][0]["parameter"] == name


@pytest.mark.parametrize("limit", ["unlimited", "0", "-1", "1e9", "1.5", "", "１０"])
def test_a_limit_that_is_no_positive_number_is_refused(client: TestClient, limit: str) -> None:
    assert client.get(ITEMS, params={"limit": limit}).status_code == 400


def test_an_unknown_parameter_is_refused_with_the_nearest_name(client: TestClient) -> None:
    for path in (ITEMS, "/collections", "/", "/collections/probes", f"{ITEMS}/x", "/questions"):
        assert client.get(f"{path}?unknownQueryParameter12345=1").status_code == 400, path
    answer = client.get(f"{ITEMS}?fliter=floors=1")
    assert answer.json()["code"] == "unknown-parameter"
    assert answer.json()["errors"][0]["suggestion"] == ["filter"]


def test_simple_values_select_and_add_to_the_filter(client: TestClient) -> None:
    one = client.get(ITEMS, params={"kind": "a", "floors": "5", "count": "exact"}).json()
    expected = sum(1 for row in rows() if row["kind"] == "a" and row["floors"] == 5)
    assert one["numberMatched"] == expected > 0
    both = client.get(ITEMS, params={"kind": "a", "filter": "floors = 5", "count": "exact"}).json()
    assert both["numberMatched"] == expected
    chinese = client.get(ITEMS, params={"名称": "地块7", "count": "exact"}).json()
    assert chinese["numberMatched"] == sum(1 for row in rows() if row["名称"] == "地块7") > 0
    assert client.get(ITEMS, params={"floors": "abc"}).status_code == 400


def test_properties_and_skip_geometry_shape_the_features(client: TestClient) -> None:
    page = client.get(f"{ITEMS}?properties=floors,name&skipGeometry=true&limit=2").json()
    for feature in page["features"]:
        assert list(feature["properties"]) == ["name", "floors"]
        assert feature["geometry"] is None
    assert client.get(f"{ITEMS}?properties=&limit=1").json()["features"][0]["properties"] == {}


def test_values_are_written_in_their_json_types(client: TestClient) -> None:
    found = client.get(f"{ITEMS}?limit=500").json()["features"]
    by_limit = {f["properties"]["limit"]: f["properties"] for f in found}
    for row in rows():
        shown = by_limit.get(row["limit"])  # type: ignore[call-overload]
        if shown is None:
            continue
        assert shown["name"] == row["name"]
        assert shown["height"] == row["height"]
        assert shown["tags"] == row["tags"]
        assert shown["begun"] == (row["begun"].isoformat() if row["begun"] else None)  # type: ignore[attr-defined]


def test_a_schema_describes_the_fields_for_clients(client: TestClient) -> None:
    answer = client.get("/collections/probes/schema", headers={"accept": "application/schema+json"})
    assert answer.headers["content-type"] == "application/schema+json"
    # GDAL asks so, and takes no other type for JSON.
    for of in ("schema", "queryables"):
        plain = client.get(f"/collections/probes/{of}?f=json")
        assert plain.headers["content-type"] == "application/json"
    properties = answer.json()["properties"]
    assert properties["geom"]["format"] == "geometry-point"
    assert properties["geom"]["x-ogc-role"] == "primary-geometry"
    assert properties["kind"]["enum"] == ["a", "b"]
    assert properties["kind"]["x-enum-titles"] == ["First", "Second"]
    assert properties["height"]["x-ogc-unit"] == "m"
    assert properties["begun"]["x-ogc-role"] == "primary-interval-start"
    assert "secret" not in properties
    order = [each["x-ogc-propertySeq"] for each in properties.values()]
    assert order == sorted(order)


def test_queryables_have_plain_types_and_the_geometry_by_reference(client: TestClient) -> None:
    answer = client.get("/collections/probes/queryables")
    properties = answer.json()["properties"]
    assert properties["geom"]["$ref"] == "https://geojson.org/schema/Point.json"
    assert all(isinstance(each["type"], str) for name, each in properties.items() if name != "geom")
    assert properties["begun"]["format"] == "date"
    assert properties["seen"]["format"] == "date-time"
    other = client.get(
        "/collections/probes/queryables",
        headers={"accept": "application/geo+json, application/json"},
    )
    assert other.headers["content-type"] == "application/json"
