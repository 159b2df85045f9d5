"""Vector tiles over HTTP: what leads to them, what they hold, what is refused, what is said."""

import gzip
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from conftest import ROWS, probes
from starlette.testclient import TestClient

from geoservice.access.keys import issue_key
from geoservice.access.principal import Role
from geoservice.access.users import add_user
from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from geoservice.store.tables import tables
from tests.vector_tiles import decoded

TILESETS_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
SCHEME_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
SCHEMES_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes"
MVT = "application/vnd.mapbox-vector-tile"
TILESET = "/collections/probes/tiles/WebMercatorQuad"
WORLD = f"{TILESET}/0/0/0"
WITH_GEOMETRY = ROWS - len(range(7, ROWS, 100))


def rel(document: dict, name: str) -> list[dict]:
    return [link for link in document["links"] if link["rel"] == name]


def names(client: TestClient, address: str, layer: str = "probes") -> list[str]:
    answer = client.get(address)
    assert answer.status_code in (200, 204), answer.text
    return sorted(each.properties["uid"] for each in decoded(answer.content, layer))


def items(client: TestClient, query: str = "") -> list[str]:
    page = client.get(f"/collections/probes/items?limit=500&count=exact&{query}").json()
    assert page["numberReturned"] == page["numberMatched"]
    return sorted(each["id"] for each in page["features"] if each["geometry"])


@pytest.fixture(scope="module")
def narrow(served: Database) -> Iterator[TestClient]:
    """A client of a service whose tiles hold little."""
    limits = Limits(max_tile_features=100, max_tile_bytes=4096)
    app = create_app(Settings(database_url=None), limits, database=served)
    with TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 1)) as client:
        yield client


def test_a_client_finds_its_way_from_the_collection_to_a_tile(client: TestClient):
    (to_tilesets,) = rel(client.get("/collections/probes").json(), TILESETS_RELATION)
    (tileset,) = client.get(to_tilesets["href"]).json()["tilesets"]
    assert tileset["dataType"] == "vector"
    assert tileset["crs"] == "http://www.opengis.net/def/crs/EPSG/0/3857"
    (to_tileset,) = rel(tileset, "self")
    described = client.get(to_tileset["href"]).json()
    assert described["links"] == tileset["links"]
    (item,) = rel(described, "item")
    assert item["templated"] is True
    assert item["type"] == MVT
    place = {"{tileMatrix}": "0", "{tileRow}": "0", "{tileCol}": "0"}
    address = item["href"]
    for name, value in place.items():
        assert name in address
        address = address.replace(name, value)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == MVT
    assert len(decoded(answer.content, "probes")) == WITH_GEOMETRY
    (scheme,) = rel(described, SCHEME_RELATION)
    assert client.get(scheme["href"]).json()["uri"] == described["tileMatrixSetURI"]


def test_the_tile_matrix_set_is_the_one_of_the_standard(client: TestClient):
    (to_sets,) = rel(client.get("/").json(), SCHEMES_RELATION)
    (listed,) = client.get(to_sets["href"]).json()["tileMatrixSets"]
    assert listed["id"] == "WebMercatorQuad"
    matrix_set = client.get(rel(listed, "self")[0]["href"]).json()
    matrices = matrix_set["tileMatrices"]
    assert [each["id"] for each in matrices] == [str(zoom) for zoom in range(25)]
    # OGC 17-083r4, table D.1.
    assert matrices[0]["scaleDenominator"] == pytest.approx(559082264.028717, rel=1e-12)
    assert matrices[0]["cellSize"] == pytest.approx(156543.033928041, rel=1e-12)
    assert matrices[24]["scaleDenominator"] == pytest.approx(33.3238997477672, rel=1e-8)
    assert matrices[24]["matrixWidth"] == matrices[24]["matrixHeight"] == 16_777_216
    assert matrices[3]["pointOfOrigin"] == [-20037508.3427892, 20037508.3427892]


def test_the_classes_of_the_standard_are_declared(client: TestClient):
    declared = client.get("/conformance").json()["conformsTo"]
    for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "oas30"):
        assert f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}" in declared


def test_the_api_names_its_operations_as_the_standard_wants(client: TestClient):
    paths = client.get("/api").json()["paths"]
    tiles = "/collections/{collectionId}/tiles"
    ends = {
        tiles: ".collection.vector.getTileSetsList",
        f"{tiles}/{{tileMatrixSetId}}": ".collection.vector.getTileSet",
        f"{tiles}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": (
            ".collection.vector.getTile"
        ),
    }
    for path, end in ends.items():
        assert paths[path]["get"]["operationId"].endswith(end)
    ids = [method["operationId"] for path in paths.values() for method in path.values()]
    assert len(ids) == len(set(ids))


def test_the_tileset_tells_its_fields_and_its_box_and_no_secret(client: TestClient):
    described = client.get(TILESET).json()
    (layer,) = described["layers"]
    assert layer["id"] == "probes"
    assert layer["geometryDimension"] == 0
    properties = layer["propertiesSchema"]["properties"]
    assert list(properties)[:2] == ["uid", "name"]
    assert "名称" in properties
    assert "secret" not in properties
    west, south = described["boundingBox"]["lowerLeft"]
    assert (113.6 <= west < 113.7, 22.7 <= south < 22.8) == (True, True)


def test_the_tileset_is_there_as_tilejson(client: TestClient):
    for answer in (
        client.get(f"{TILESET}?f=tilejson"),
        client.get(TILESET, headers={"Accept": "application/vnd.mapbox.tile+json"}),
    ):
        described = answer.json()
        assert described["tilejson"] == "3.0.0"
        assert described["tiles"] == [f"http://127.0.0.1:8000{TILESET}/{{z}}/{{y}}/{{x}}"]
        fields = described["vector_layers"][0]["fields"]
        assert (fields["name"], fields["price"], fields["open"]) == ("String", "Number", "Boolean")
        assert fields["tags"] == "String"
        assert "secret" not in fields


@pytest.mark.parametrize(("language", "word"), [("zh", "矢量切片"), ("en", "Vector tiles")])
@pytest.mark.parametrize("path", [TILESET, "/collections/probes/tiles"])
def test_the_page_of_a_tileset_shows_the_address_to_paste(client, language, word, path):
    answer = client.get(f"{path}?f=html&lang={language}")
    assert answer.headers["content-type"].startswith("text/html")
    assert word in answer.text
    assert f"http://127.0.0.1:8000{TILESET}/{{z}}/{{y}}/{{x}}" in answer.text
    assert "探针&lt;b&gt;" in answer.text or "Probes &lt;b&gt;" in answer.text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", ["/tileMatrixSets", "/tileMatrixSets/WebMercatorQuad"])
def test_the_tile_matrix_set_has_a_page(client, language, path):
    answer = client.get(f"{path}?f=html&lang={language}")
    assert answer.status_code == 200
    assert "WebMercatorQuad" in answer.text


def test_the_addresses_of_tiles_keep_the_filter_of_the_tileset(client: TestClient):
    described = client.get(f"{TILESET}?filter=floors>20&f=tilejson").json()
    (address,) = described["tiles"]
    world = address.replace("{z}", "0").replace("{y}", "0").replace("{x}", "0")
    assert names(client, world) == items(client, "filter=floors>20")


@pytest.mark.parametrize(
    "query",
    [
        "filter=floors>20",
        "filter=S_INTERSECTS(geom,BBOX(113.7,22.8,113.8,22.9))",
        "datetime=2007-12-01/..&open=false",
        "as_of=2003-05-05&open=true",
        "kind=a&floors=3",
        "名称=地块7",
    ],
)
def test_one_question_has_the_same_features_in_tiles_and_in_pages(client: TestClient, query):
    wanted = items(client, query)
    assert wanted
    assert names(client, f"{WORLD}?{query}") == wanted


def test_tiles_side_by_side_hold_each_feature(client: TestClient):
    # 113.6–114.1° E, 22.7–23.1° N lies in these tiles of zoom 10.
    found = set()
    for row in range(443, 447):
        for column in range(834, 838):
            found |= set(names(client, f"{TILESET}/10/{row}/{column}"))
    assert len(found) == WITH_GEOMETRY


def test_a_tile_without_features_is_empty_and_no_mistake(client: TestClient):
    answer = client.get(f"{TILESET}/10/0/0")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "x-tile-reduced" not in answer.headers


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{TILESET}/24/0/0", 204, None),
        (f"{TILESET}/25/0/0", 404, "unknown-tile"),
        (f"{TILESET}/30/0/0", 404, "unknown-tile"),
        (f"{TILESET}/1/1/1", 204, None),
        (f"{TILESET}/1/2/0", 404, "unknown-tile"),
        (f"{TILESET}/1/0/2", 404, "unknown-tile"),
        (f"{TILESET}/-1/0/0", 404, "unknown-tile"),
        (f"{TILESET}/1/-1/0", 404, "unknown-tile"),
        (f"{TILESET}/1/0/-1", 404, "unknown-tile"),
        (f"{TILESET}/9/99999999999999999999999999/0", 404, "unknown-tile"),
        (f"{TILESET}/x/0/0", 400, "bad-parameter"),
        (f"{TILESET}/1/1.5/0", 400, "bad-parameter"),
        (f"{TILESET}/1/0/%20", 400, "bad-parameter"),
        (f"{TILESET}/1/0/{'9' * 41}", 400, "bad-parameter"),
        ("/collections/probes/tiles/WorldCRS84Quad/0/0/0", 404, "unknown-tile-matrix-set"),
        ("/collections/probes/tiles/WorldCRS84Quad", 404, "unknown-tile-matrix-set"),
        ("/collections/probes/tiles/..%2F..%2Fetc/0/0/0", 404, None),
        ("/tileMatrixSets/WorldCRS84Quad", 404, "unknown-tile-matrix-set"),
        ("/collections/nowhere/tiles/WebMercatorQuad/0/0/0", 404, "unknown-collection"),
        ("/collections/hazard_assessments/tiles", 404, "no-tiles"),
        ("/collections/hazard_assessments/tiles/WebMercatorQuad/0/0/0", 404, "no-tiles"),
        (f"{WORLD}?bbox=1,2,3,4", 400, "unknown-parameter"),
        (f"{WORLD}?limit=5", 400, None),
        (f"{WORLD}?filter=secret='x'", 400, None),
        (f"{WORLD}?properties=secret", 400, "unknown-property"),
        (f"{WORLD}?f=png", 400, "unknown-format"),
        ("/collections/hazard_sites/tiles/WebMercatorQuad?properties=geom", 400, None),
        (f"{TILESET}?filter=nonsense(", 400, None),
    ],
)
def test_what_is_no_tile_is_refused_with_the_reason(client: TestClient, path, status, code):
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    if code is not None:
        assert answer.json()["code"] == code


def test_a_collection_without_geometry_leads_to_no_tiles(client: TestClient):
    assert rel(client.get("/collections/hazard_assessments").json(), TILESETS_RELATION) == []
    assert "/tiles" not in client.get("/collections/hazard_assessments?f=html").text
    assert "/collections/probes/tiles" in client.get("/collections/probes?f=html").text


@pytest.mark.parametrize("accept", [None, "*/*", MVT, "application/x-protobuf", "image/webp,*/*"])
def test_every_map_client_gets_tiles(client: TestClient, accept):
    answer = client.get(WORLD, headers={"Accept": accept} if accept else {})
    assert answer.headers["content-type"] == MVT


def test_a_tile_is_not_sent_again_until_the_data_change(client: TestClient, served: Database):
    first = client.get(WORLD)
    tag = first.headers["etag"]
    again = client.get(WORLD, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = client.get(f"{WORLD}?floors=3", headers={"If-None-Match": tag})
    assert other.status_code == 200
    table = tables().current(probes)
    with served.change(actor="tester", door="test") as connection:
        uid = connection.execute(sa.select(table.c.uid).limit(1)).scalar_one()
        connection.execute(sa.update(table).where(table.c.uid == uid).values(name="changed"))
    changed = client.get(WORLD, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def test_a_tile_is_compressed(client: TestClient):
    with client.stream("GET", WORLD, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        sent = b"".join(answer.iter_raw())
    assert gzip.decompress(sent) == client.get(WORLD).content


def test_a_private_field_is_shown_to_editors_alone(client: TestClient, served: Database):
    add_user(served, "tile_editor", Role.EDITOR)
    key = issue_key(served, "tile_editor").text
    seen = decoded(client.get(WORLD, headers={"X-API-Key": key}).content, "probes")
    assert {each.properties["secret"] for each in seen} == {"do not tell"}
    hidden = decoded(client.get(WORLD).content, "probes")
    assert not any("secret" in each.properties for each in hidden)


def test_a_tile_with_too_many_features_is_reduced_and_says_so(narrow: TestClient):
    answer = narrow.get(f"{WORLD}?properties=limit")
    assert len(answer.content) <= 4096
    found = decoded(answer.content, "probes")
    assert answer.headers["x-tile-reduced"] == f"features;kept={len(found)}"
    assert 0 < len(found) <= 100
    assert "X-Tile-Reduced" in answer.headers["access-control-expose-headers"]


def test_a_tile_that_holds_all_says_nothing(client: TestClient, narrow: TestClient):
    assert "x-tile-reduced" not in client.get(WORLD).headers
    answer = narrow.get(f"{WORLD}?floors=3&properties=limit")
    assert "x-tile-reduced" not in answer.headers
    assert decoded(answer.content, "probes")


def test_what_is_too_small_to_be_seen_is_said_even_of_an_empty_tile(editor: TestClient):
    yard = [[113.74, 23.0], [113.7401, 23.0], [113.7401, 23.0001], [113.74, 23.0]]
    feature = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [yard]},
        "properties": {"name": "yard"},
    }
    created = editor.post(
        "/collections/shapes/items", json=feature, headers={"Content-Type": "application/geo+json"}
    )
    assert created.status_code == 201, created.text
    address = "/collections/shapes/tiles/WebMercatorQuad/{}?name=yard"
    answer = editor.get(address.format("0/0/0"))
    assert (answer.status_code, answer.headers["x-tile-reduced"]) == (204, "small")
    answer = editor.get(address.format("14/7115/13368"))
    assert len(decoded(answer.content, "shapes")) == 1
    assert "x-tile-reduced" not in answer.headers
