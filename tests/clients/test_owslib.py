"""OWSLib reads layers by WFS, and reads and changes them by OGC API – Features."""

import json
from typing import Any

import httpx2
import pytest
from lxml import etree
from owslib.etree import etree as owslib_etree
from owslib.fes import PropertyIsEqualTo as EqualsOf1
from owslib.fes2 import And, PropertyIsEqualTo, PropertyIsGreaterThan
from owslib.ogcapi.features import Features
from owslib.wfs import WebFeatureService

from tests.clients.conftest import Service
from tests.clients.layers import AWKWARD, edits

GEOJSON = {"Content-Type": "application/geo+json"}
"""Without it the library says that everything it posts is XML."""
OURS = "urn:geoservice:collections"


@pytest.fixture(params=["2.0.0", "1.1.0"])
def wfs(request, service: Service):
    return WebFeatureService(service.wfs, version=request.param)


@pytest.fixture
def newest(service: Service):
    return WebFeatureService(service.wfs, version="2.0.0")


def content(answer: Any) -> bytes:
    """The body of an answer, which may come as a file, as text or as bytes."""
    found = answer.read() if hasattr(answer, "read") else answer
    return found.encode() if isinstance(found, str) else found


def names(answer: Any) -> set[str | None]:
    """The names of the markers in an answer, by its XML."""
    root = etree.fromstring(content(answer))
    return {each.findtext(f"{{{OURS}}}name") for each in root.iter(f"{{{OURS}}}markers")}


ALL = {"松山湖", "虎门", "没有位置", None, "生僻字", "中央子午线"}


class TestWfs:
    def test_layers_are_listed_with_box_and_reference_systems(self, wfs):
        found = wfs.contents["gs:markers"]
        assert found.boundingBoxWGS84 == (113.67, 22.75, 114.05, 23.02)
        assert found.crsOptions[0].getcodeurn() == "urn:ogc:def:crs:EPSG::4490"

    def test_the_schema_tells_types_and_geometry(self, wfs):
        found = wfs.get_schema("gs:markers")
        assert found["geometry_column"] == "geom"
        assert found["geometry"] in ("Point", "PointPropertyType")
        assert found["properties"]["serial"] == "long"
        assert found["properties"]["built"] == "date"
        assert found["properties"]["名称"] == "string"

    def test_all_features_and_some_are_read(self, wfs):
        assert names(wfs.getfeature(typename=["gs:markers"])) == ALL
        assert len(names(wfs.getfeature(typename=["gs:markers"], maxfeatures=2))) == 2

    def test_texts_are_read_as_utf_8(self, newest, service):
        # `requests` guesses a wrong encoding for text without a charset.
        query = {"service": "WFS", "version": "2.0.0", "request": "GetFeature"}
        answer = httpx2.get(service.wfs, params=query | {"typeNames": "gs:markers"})
        assert answer.charset_encoding == "utf-8"
        assert "😀 𠮷野家" in content(newest.getfeature(typename=["gs:markers"])).decode()

    def test_a_box_has_the_axes_of_its_reference_system(self, wfs):
        """The library turns the box round for a URN, and sends it as it is for a short name."""
        for crs in ("urn:ogc:def:crs:EPSG::4490", "EPSG:4490"):
            box = (113.7, 22.95, 113.8, 23.05, crs)
            assert names(wfs.getfeature(typename=["gs:markers"], bbox=box)) == {"松山湖"}

    def test_a_filter_is_sent_by_get(self, service, newest):
        of_1 = WebFeatureService(service.wfs, version="1.1.0")
        filter = owslib_etree.tostring(EqualsOf1("gs:名称", "地块7").toXML()).decode()
        whole = f'<ogc:Filter xmlns:ogc="http://www.opengis.net/ogc">{filter}</ogc:Filter>'
        assert names(of_1.getfeature(typename=["gs:markers"], filter=whole)) == {"松山湖"}
        # For 2.0.0 the library calls the parameter `query`.
        whole = _filter(PropertyIsEqualTo("gs:名称", "地块7"))
        assert names(newest.getfeature(typename=["gs:markers"], filter=whole)) == {"松山湖"}

    def test_a_filter_is_sent_by_post(self, newest):
        both = And([PropertyIsGreaterThan("gs:floors", "3"), PropertyIsEqualTo("gs:note", "x")])
        answer = newest.getfeature(typename=["gs:markers"], filter=_filter(both), method="Post")
        assert names(answer) == {"没有位置"}

    def test_pages_do_not_overlap(self, newest):
        found = [
            etree.fromstring(
                content(newest.getfeature(typename=["gs:many"], startindex=start, maxfeatures=400))
            )
            for start in (0, 400, 800)
        ]
        numbers = [each.text for root in found for each in root.iter(f"{{{OURS}}}number")]
        assert len(numbers) == len(set(numbers)) == 1200

    def test_stored_queries_are_listed_and_asked(self, newest):
        listed = {each.id for each in newest.storedqueries}
        by_id = "urn:ogc:def:query:OGC-WFS::GetFeatureById"
        assert by_id in listed
        (road,) = etree.fromstring(content(newest.getfeature(typename=["gs:roads"]))).iter(
            f"{{{OURS}}}roads"
        )
        id = road.get("{http://www.opengis.net/gml/3.2}id")
        answer = newest.getfeature(storedQueryID=by_id, storedQueryParams={"id": id})
        found = etree.fromstring(content(answer))
        assert [each.text for each in found.iter(f"{{{OURS}}}name")] == ["解放大道"]

    def test_json_is_given_on_demand(self, newest):
        answer = newest.getfeature(typename=["gs:markers"], outputFormat="application/json")
        found = json.loads(content(answer))["features"]
        assert {each["properties"]["name"] for each in found} == ALL


def _filter(condition: Any) -> str:
    """A filter of 2.0.0, which the library has in parts only."""
    inside = owslib_etree.tostring(condition.toXML()).decode()
    return f'<fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0">{inside}</fes:Filter>'


class TestOgcApi:
    @pytest.fixture
    def api(self, service):
        return Features(f"{service.address}/")

    @pytest.fixture
    def editor(self, service):
        """The same for an editor."""
        headers = GEOJSON | {"X-API-Key": service.keys["editor"]}
        return Features(f"{service.address}/", headers=headers)

    def test_documents_are_read(self, api):
        assert "markers" in api.feature_collections()
        assert api.collection("markers")["storageCrs"].endswith("/EPSG/0/4490")
        assert any("ogcapi-features-4" in each for each in api.conformance()["conformsTo"])
        assert "/collections/{collectionId}/items" in api.api()["paths"]
        assert "名称" in api.collection_queryables("markers")["properties"]

    def test_features_are_read(self, api):
        found = api.collection_items("markers")
        assert found["numberMatched"] == 6
        assert {each["properties"]["name"] for each in found["features"]} == ALL
        id = found["features"][0]["id"]
        assert api.collection_item("markers", id)["id"] == id

    @pytest.mark.parametrize(
        "asked",
        [
            {"bbox": [113.7, 22.95, 113.8, 23.05]},
            {"filter": "\"名称\" = '地块7' AND floors = 3"},
            {"filter": "S_INTERSECTS(geom, BBOX(113.7, 22.95, 113.8, 23.05))"},
        ],
    )
    def test_features_are_asked_for(self, api, asked):
        found = api.collection_items("markers", **asked)
        assert [each["properties"]["name"] for each in found["features"]] == ["松山湖"]

    def test_a_feature_is_made_replaced_and_deleted(self, editor, service):
        before = service.stored(edits)
        point = {"type": "Point", "coordinates": [113.7, 22.9]}
        made = {
            "type": "Feature",
            "geometry": point,
            "properties": {"name": AWKWARD, "qty": 7, "opened": "2024-02-29"},
        }
        assert editor.collection_item_create("edits", json.dumps(made)) is True
        stored = service.stored(edits)[-1]
        assert (stored["name"], stored["qty"]) == (AWKWARD, 7)
        assert stored["geom"] == "POINT(113.7 22.9)"
        (found,) = editor.collection_items("edits", filter="qty = 7")["features"]
        changed = made | {"properties": {"name": "改过"}}
        assert editor.collection_item_update("edits", found["id"], json.dumps(changed)) is True
        stored = service.stored(edits)[-1]
        assert (stored["name"], stored["qty"]) == ("改过", None)
        assert editor.collection_item_delete("edits", found["id"]) is True
        assert service.stored(edits) == before

    def test_an_analyst_changes_nothing(self, service):
        # With a key, since the library sends the headers that were given to it last by all objects.
        analyst = Features(
            f"{service.address}/", headers=GEOJSON | {"X-API-Key": service.keys["analyst"]}
        )
        before = service.stored(edits)
        body = json.dumps({"type": "Feature", "geometry": None, "properties": {"name": "分析"}})
        with pytest.raises(RuntimeError, match="role-needed"):
            analyst.collection_item_create("edits", body)
        assert service.stored(edits) == before
