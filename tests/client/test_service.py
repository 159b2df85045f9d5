"""The client itself: what it says of the service, how collections are found, what it warns of."""

import json
import warnings
from pathlib import Path

import httpx2
import pytest

from geoservice import __version__
from geoservice.client import Client, Collection, Connection, errors

DATASETS = Path(__file__).parents[2] / "datasets/dongguan"

_CLASSES = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
]


def answering(relations, classes):
    """A connection to something whose landing page has such links, and claims such classes."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/conformance":
            return httpx2.Response(200, json={"conformsTo": classes})
        links = [{"rel": rel, "href": f"http://other.test/{rel}"} for rel in relations]
        return httpx2.Response(200, json={"title": "t", "description": "d", "links": links})

    return Connection(
        "http://other.test", language="en", transport=httpx2.MockTransport(answer), cache="off"
    )


def test_the_service_says_its_titles_in_both_languages_and_its_version(city: Client):
    assert city.info.titles == {
        "zh": "东莞市自然资源数据服务",
        "en": "Natural-resources registers of Dongguan",
    }
    assert city.info.version == __version__
    assert city.lang == "zh"
    assert city.info.links["enclosure"].endswith("/qgis/project.qgz")


def test_the_table_of_collections_has_titles_and_counts(city: Client):
    table = city.collections
    assert table.loc["towns", "title"] == "镇街与园区"
    assert table.loc["towns", "features"] == 36
    assert table.loc["facilities", "features"] == 451
    assert table.dtypes.astype(str).to_dict() == {
        "title": "string",
        "description": "string",
        "features": "Int64",
        "attribution": "string",
    }


def test_collections_are_listed_completed_and_found_by_id(city: Client):
    assert "towns" in city
    assert "nowhere" not in city
    assert len(city) == len(list(city)) >= 24
    assert "hazard_sites" in city._ipython_key_completions_()
    assert isinstance(city["towns"], Collection)


@pytest.mark.parametrize("id", ["hazard_site", "Hazard_Sites", "hazardsites"])
def test_an_unknown_collection_is_told_with_the_nearest_names(city: Client, id: str):
    with pytest.raises(errors.UnknownCollection) as caught:
        city[id]
    assert caught.value.nearest[0] == "hazard_sites"
    assert "hazard_sites" in str(caught.value)


@pytest.mark.parametrize("id", ["", "../questions", "towns/items", 7, None])
def test_what_cannot_be_an_id_is_an_unknown_collection(city: Client, id: object):
    with pytest.raises(errors.UnknownCollection):
        city[id]  # type: ignore[index]


def test_a_repr_tells_address_and_title_and_never_the_key(service, connect_as):
    with Client(connect_as("admin", language="en")) as city:
        assert service.address in repr(city)
        assert "Dongguan" in repr(city)
        assert service.keys["admin"] not in repr(city) + city._repr_html_()


def test_login_changes_whose_rights_count(service, connect_as):
    city = Client(connect_as())
    with pytest.raises(errors.NotAllowed):
        city.connection.json("/changes")
    city.login(service.keys["editor"])
    assert "changes" in city.connection.json("/changes")


def test_something_that_is_not_this_service_is_refused():
    with pytest.raises(errors.NotAGeoservice, match=r"other\.test"):
        Client(answering(["self", "data", "conformance"], _CLASSES))


def test_a_service_that_lacks_a_class_is_warned_of_by_what_will_not_work():
    lacking = [each for each in _CLASSES if "crs" not in each]
    with pytest.warns(UserWarning, match=r"will not work: crs\(\)$"):
        Client(answering(["data", "conformance", "questions"], lacking))


def test_a_service_that_has_all_classes_is_not_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Client(answering(["data", "conformance", "questions"], [*_CLASSES, "more"]))


def test_the_demo_files_are_counted_as_they_are(city: Client):
    for id in ("towns", "risk_zones", "facilities", "education_projects"):
        features = json.loads((DATASETS / f"{id}.geojson").read_text("utf-8"))["features"]
        assert city[id].count() == len(features)
