"""Styles and the QGIS project over HTTP: forms, languages, refusals, links that lead to them."""

import io
import zipfile

import pytest
import sqlalchemy as sa
from conftest import shapes
from lxml import etree
from starlette.testclient import TestClient

from geoservice.access.keys import issue_key
from geoservice.access.principal import Role
from geoservice.access.users import add_user
from geoservice.store.database import Database
from geoservice.store.tables import tables

STYLE = "/collections/probes/styles/default"
SLD = "application/vnd.ogc.sld+xml;version=1.1"
QML = "application/vnd.qgis.qml"
MAPLIBRE = "application/vnd.mapbox.style+json"
STYLES_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/styles"


def project(client: TestClient, **parameters: str) -> etree._Element:
    answer = client.get("/qgis/project.qgz", params=parameters)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return etree.fromstring(archive.read("project.qgs"))


def test_a_collection_leads_to_its_styles_and_they_to_every_form(client: TestClient):
    links = client.get("/collections/probes").json()["links"]
    address = next(each["href"] for each in links if each["rel"] == STYLES_RELATION)
    listed = client.get(address).json()
    assert listed["default"] == "default"
    (style,) = listed["styles"]
    assert style["title"] == "Default style"
    assert [(each["rel"], each["type"]) for each in style["links"]] == [
        ("stylesheet", SLD),
        ("stylesheet", QML),
        ("stylesheet", MAPLIBRE),
    ]
    for each in style["links"]:
        answer = client.get(each["href"])
        assert answer.status_code == 200
        assert answer.headers["content-type"] == each["type"]


@pytest.mark.parametrize(
    ("query", "accept", "root", "name"),
    [
        ("", None, "{http://www.opengis.net/sld}StyledLayerDescriptor", "probes.sld"),
        ("?f=sld", None, "{http://www.opengis.net/sld}StyledLayerDescriptor", "probes.sld"),
        ("?f=qml", None, "qgis", "probes.qml"),
        ("", QML, "qgis", "probes.qml"),
        ("", "application/vnd.ogc.sld+xml", "{http://www.opengis.net/sld}", "probes.sld"),
    ],
)
def test_a_style_has_the_form_that_is_asked_for(client: TestClient, query, accept, root, name):
    headers = {"Accept": accept} if accept else {}
    answer = client.get(f"{STYLE}{query}", headers=headers)
    assert etree.fromstring(answer.content).tag.startswith(root)
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


def test_a_style_speaks_the_language_that_is_asked_for(client: TestClient):
    for language, title in (("zh", "name字段"), ("en", "The name")):
        answer = client.get(STYLE, params={"f": "qml", "lang": language})
        assert answer.headers["content-language"] == language
        aliases = etree.fromstring(answer.content).findall("aliases/alias")
        assert {each.get("field"): each.get("name") for each in aliases}["name"] == title


def test_a_style_does_not_tell_of_private_fields(client: TestClient):
    assert "secret" not in client.get(STYLE, params={"f": "qml"}).text


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{STYLE}?f=png", 400, "unknown-format"),
        (f"{STYLE}?lang=fr", 400, "bad-parameter"),
        (f"{STYLE}?colour=red", 400, "unknown-parameter"),
        ("/collections/probes/styles/other", 404, "unknown-style"),
        ("/collections/nothing/styles", 404, "unknown-collection"),
        ("/collections/nothing/styles/default", 404, "unknown-collection"),
        ("/collections/probes/styles?f=qml", 400, "unknown-format"),
        ("/collections/code_lists/styles/default?f=sld", 400, "unknown-format"),
        ("/qgis/project.qgz?f=json", 400, "unknown-format"),
        ("/qgis/project.qgz?provider=wms", 400, "bad-parameter"),
        ("/qgis/project.qgz?provider=", 400, "bad-parameter"),
        ("/qgis/project.qgz?lang=fr", 400, "bad-parameter"),
        ("/qgis/project.qgz?base=https://elsewhere.example", 400, "unknown-parameter"),
    ],
)
def test_what_is_not_offered_is_refused(client: TestClient, path, status, code):
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_form_that_nobody_offers_is_not_acceptable(client: TestClient):
    answer = client.get(STYLE, headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert answer.json()["errors"][0]["allowed"] == ["application/vnd.ogc.sld+xml", QML, MAPLIBRE]


def test_a_table_has_a_qgis_style_only(client: TestClient):
    answer = client.get("/collections/hazard_assessments/styles/default")
    assert answer.headers["content-type"] == QML
    refused = client.get("/collections/hazard_assessments/styles/default?f=json")
    assert refused.json()["code"] == "unknown-format"


def test_a_web_map_finds_tiles_and_legend_by_the_style(client: TestClient):
    answer = client.get("/collections/hazard_sites/styles/default", params={"f": "json"})
    assert answer.headers["content-type"] == MAPLIBRE
    style = answer.json()
    tiles = client.get(style["sources"]["hazard_sites"]["url"]).json()
    layers = {each["id"] for each in tiles["vector_layers"]}
    assert {each["source-layer"] for each in style["layers"]} == layers == {"hazard_sites"}
    classes = style["metadata"]["geoservice:legend"]["classes"]
    assert [each["code"] for each in classes] == ["00", "01", "02", "03", "04", None]


def test_a_plain_wish_for_json_gets_the_style_for_web_maps(client: TestClient):
    assert client.get(STYLE, headers={"Accept": "application/json"}).json()["version"] == 8


def test_the_page_of_styles_shows_the_legend(client: TestClient):
    page = client.get("/collections/hazard_sites/styles?f=html&lang=zh").text
    assert "<code>01</code>" in page
    assert "滑坡" in page
    assert "/collections/hazard_sites/styles/default?lang=zh&amp;f=sld" in page


def test_titles_of_published_files_are_escaped_on_the_page(client: TestClient):
    page = client.get("/collections/probes/styles?f=html").text
    assert "Probes &lt;b&gt;" in page
    assert "Probes <b>" not in page


def test_the_landing_page_leads_to_the_project(client: TestClient):
    links = client.get("/").json()["links"]
    found = [each for each in links if each["type"] == "application/x-qgis-project"]
    assert [each["href"] for each in found] == ["http://127.0.0.1:8000/qgis/project.qgz"]
    assert "/qgis/project.qgz?lang=en" in client.get("/?f=html").text


def test_the_project_reads_from_the_address_by_which_it_was_asked_for(client: TestClient):
    answer = client.get("/qgis/project.qgz")
    assert answer.headers["content-type"] == "application/x-qgis-project"
    assert answer.headers["content-disposition"] == 'attachment; filename="geoservice-441900.qgz"'
    sources = [each.text for each in project(client).iter("datasource")]
    assert all("url='http://127.0.0.1:8000/wfs'" in each for each in sources)
    by_api = [each.text for each in project(client, provider="oapif").iter("datasource")]
    assert all("url='http://127.0.0.1:8000/'" in each for each in by_api)


def test_every_collection_is_a_layer_of_the_project_published_ones_too(client: TestClient):
    listed = {each["id"] for each in client.get("/collections").json()["collections"]}
    assert {each.text for each in project(client).iter("shortname")} == listed
    assert "probes" in listed


def test_the_project_is_the_same_until_something_changes(client: TestClient):
    first, second = (client.get("/qgis/project.qgz").content for _ in range(2))
    assert first == second


def test_only_what_the_demonstration_brought_is_called_synthetic(
    client: TestClient, served: Database
):
    assert project(client).find("properties/TitleLabel") is None
    with served.change(actor="geoservice", door="demo"):
        pass  # a change that touched nothing makes nothing synthetic
    assert project(client).find("properties/TitleLabel") is None
    # A collection of which a part came with the demonstration data.
    insert_as_demo(served)
    named = {each.get("id"): each.get("name") for each in project(client).iter("layer-tree-layer")}
    assert named["geoservice_shapes"] == "Shapes (synthetic)"
    assert named["geoservice_probes"] == "Probes <b>"


def insert_as_demo(served: Database) -> None:
    with served.change(actor="geoservice", door="demo") as connection:
        connection.execute(sa.insert(tables().current(shapes)), [{"name": "demo", "geom": None}])


def test_the_api_description_names_the_paths(client: TestClient):
    paths = client.get("/api?f=json").json()["paths"]
    assert {
        "/collections/{collectionId}/styles",
        "/collections/{collectionId}/styles/{styleId}",
        "/qgis/project.qgz",
    } <= set(paths)


def test_a_project_can_be_asked_for_by_head(client: TestClient):
    answer = client.head("/qgis/project.qgz")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_key_that_was_given_is_not_in_the_project_nor_are_private_fields(
    client: TestClient, served: Database
):
    add_user(served, "mapper", Role.ANALYST, None)
    key = issue_key(served, "mapper").text
    tree = project(client, apikey=key)
    assert key not in etree.tostring(tree, encoding="unicode")
    assert "secret" not in {each.get("field") for each in tree.iter("alias")}
