"""Who is asking over HTTP, what each may do, and that private fields stay where they belong."""

import base64
import io
import json
import logging
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from pydantic import HttpUrl
from starlette.testclient import TestClient

from geoservice.access.keys import issue_key, revoke_key
from geoservice.access.principal import Role
from geoservice.access.users import add_user, disable_user
from geoservice.answers import Author, save
from geoservice.description.collection import Collection, Field, FieldType, GeometryType
from geoservice.doors.http.app import create_app
from geoservice.files.formats import FORMATS
from geoservice.languages import Text
from geoservice.questions import question_called
from geoservice.regions import region
from geoservice.settings import Limits, Settings
from geoservice.store import publishing
from geoservice.store.database import Database
from geoservice.store.publishing import Registry
from geoservice.store.system import keys
from geoservice.store.tables import tables
from tests.doors.http.conftest import insert

BASE = "http://127.0.0.1:8000"
MARKER = "Zaphod-42-Beeblebrox"
NUMBER = 918273645
DAY = "1873-11-09"
PRIVATE = ("duty_person", "duty_number", "duty_day", "duty_names")
VALUES = (MARKER, str(NUMBER), DAY)


def _field(name: str, type: FieldType, **more: object) -> Field:
    return Field(name=name, type=type, title=Text(zh=f"{name}字段", en=f"The {name}"), **more)


vaults = Collection(
    id="vaults",
    title=Text(zh="库房", en="Vaults"),
    description=Text(zh="测试数据", en="Test data"),
    geometry=GeometryType.POINT,
    published=True,
    label="name",
    fields=(
        _field("name", FieldType.TEXT),
        _field("duty_person", FieldType.TEXT, private=True),
        _field("duty_number", FieldType.INTEGER, private=True),
        _field("duty_day", FieldType.DATE, private=True),
        _field("duty_names", FieldType.TEXT, many=True, private=True),
    ),
)
ITEMS = "/collections/vaults/items"


@dataclass(frozen=True)
class Stand:
    """A service, the keys of its users by name, and the id of a feature and of an import."""

    database: Database
    app: FastAPI
    keys: dict[str, str]
    feature: str
    report: str

    def client(self, key: str | None = None, app: FastAPI | None = None) -> TestClient:
        client = TestClient(
            app or self.app,
            base_url=BASE,
            client=("127.0.0.1", 50000),
            raise_server_exceptions=False,
        )
        client.headers["accept-language"] = "en"
        if key is not None:
            client.headers["x-api-key"] = self.keys[key]
        return client


def app_over(database: Database, **settings: Any) -> FastAPI:
    return create_app(Settings(database_url=None, **settings), Limits(), database=database)


@pytest.fixture(scope="module")
def stand(module_database: Database) -> Stand:
    database = module_database
    with database.ownership() as connection:
        publishing.create(connection, vaults)
    row = {
        "name": "north",
        "duty_person": MARKER,
        "duty_number": NUMBER,
        "duty_day": DAY,
        "duty_names": [MARKER],
        "geom": "SRID=4490;POINT(113.75 23.02)",
    }
    insert(database, vaults, [row, row | {"name": "south"}])
    with database.change(
        actor=MARKER, door="test"
    ) as connection:  # names of people are private too
        table = tables().current(vaults)
        connection.execute(sa.update(table).values(duty_names=[MARKER, "and another"]))
    # Who has saved an answer is private too.
    city, registry = region(), Registry(database)
    parameters = {"this": "vaults", "that": "vaults", "distance_m": 5000}
    saver = Author(MARKER, "test")
    save(
        "near_vaults",
        question_called("near", city),
        parameters,
        author=saver,
        database=database,
        registry=registry,
        region=city,
        most_rows=100,
    )
    users = {
        "analyst": (Role.ANALYST, None),
        "editor of a town": (Role.EDITOR, ["441900101"]),
        "editor": (Role.EDITOR, None),
        "admin": (Role.ADMIN, None),
    }
    issued = {}
    for name, (role, towns) in users.items():
        add_user(database, name, role, towns)
        issued[name] = issue_key(database, name).text
    stand = Stand(database, app_over(database), issued, "", "")
    client = stand.client("editor")
    report = offer(client).json()["id"]
    return Stand(database, stand.app, issued, client.get(ITEMS).json()["features"][0]["id"], report)


@pytest.fixture
def public(stand: Stand) -> TestClient:
    return stand.client()


@pytest.fixture
def analyst(stand: Stand) -> TestClient:
    return stand.client("analyst")


def offer(client: TestClient, **headers: str) -> httpx2.Response:
    """A file with a good and a bad row, in which the private fields are filled."""
    rows = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [113.75, 23.02]},
            "properties": {"name": "east", "duty_person": MARKER, "duty_day": day},
        }
        for day in (DAY, f"{MARKER} is no day")
    ]
    content = json.dumps({"type": "FeatureCollection", "features": rows}).encode()
    return client.post(
        "/imports",
        files={"file": (f"{MARKER}.geojson", content)},
        data={"collection": "vaults", "dry_run": "true"},
        headers=headers,
    )


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


# --- how a key is given ---------------------------------------------------------------------------


def ways(key: str) -> dict[str, tuple[dict[str, str], str]]:
    """Header fields and query string for every way to give a key."""
    return {
        "password": ({"authorization": basic("analyst", key)}, ""),
        "password of anybody": ({"authorization": basic("任何人", key)}, ""),
        "password of nobody": ({"authorization": basic("", key)}, ""),
        "user name": ({"authorization": basic(key, "")}, ""),
        "bearer": ({"authorization": f"Bearer {key}"}, ""),
        "scheme in lower case": ({"authorization": f"bearer {key}"}, ""),
        "header": ({"x-api-key": key}, ""),
        "parameter": ({}, f"?apikey={key}"),
        "parameter in upper case": ({}, f"?APIKEY={key}"),
        "parameter, escaped": ({}, "?%61pikey=" + key.replace("_", "%5F")),
        "twice the same": ({"x-api-key": key}, f"?apikey={key}"),
    }


@pytest.mark.parametrize("way", ways(""))
def test_a_key_is_taken_however_it_is_given(stand: Stand, way: str) -> None:
    headers, query = ways(stand.keys["analyst"])[way]
    answer = stand.client().get(ITEMS + query, headers=headers)
    assert answer.status_code == 200, answer.text
    assert MARKER in answer.text


@pytest.mark.parametrize("way", ways(""))
def test_a_wrong_key_is_never_silently_public(stand: Stand, way: str) -> None:
    app = app_over(stand.database)  # of its own: its failures count for nobody else
    client = stand.client(app=app)
    headers, query = ways(stand.keys["analyst"][:-4] + "AAAA")[way]
    for path in (ITEMS, "/", "/healthz", "/static/style.css"):
        answer = client.get(path + query, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong-key")
        challenge = 'Basic realm="geoservice", charset="UTF-8"'
        assert answer.headers["www-authenticate"] == challenge
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json()["errors"] == []


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": "Basic"}, ""),
        ({"authorization": "Basic !!!"}, ""),
        ({"authorization": "Basic " + base64.b64encode(b"nocolon").decode()}, ""),
        ({"authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()}, ""),
        ({"authorization": basic("", "")}, ""),
        ({"authorization": ""}, ""),
        ({"authorization": "Bearer"}, ""),
        ({"authorization": "Digest username=x"}, ""),
        ({"authorization": "Negotiate abc"}, ""),
        ({"x-api-key": ""}, ""),
        ({}, "?apikey="),
        ({}, "?apikey"),
        ({"authorization": "Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWRtaW4ifQ."}, ""),
        ({"authorization": "Bearer " + "a" * 10_000}, ""),
    ],
)
def test_what_is_no_key_is_refused(stand: Stand, headers: dict[str, str], query: str) -> None:
    answer = stand.client(app=app_over(stand.database)).get(ITEMS + query, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong-key")


def test_two_different_keys_are_refused(stand: Stand) -> None:
    first, second = stand.keys["analyst"], stand.keys["editor"]
    client = stand.client()
    several = [
        ({"x-api-key": first, "authorization": f"Bearer {second}"}, ""),
        ({"x-api-key": first}, f"?apikey={second}"),
        ({}, f"?apikey={first}&APIKEY={second}"),
    ]
    for headers, query in several:
        answer = client.get(ITEMS + query, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "several-keys")
        assert first not in answer.text
        assert second not in answer.text
    headers = [("x-api-key", first), ("x-api-key", second)]
    assert client.get(ITEMS, headers=headers).json()["code"] == "several-keys"
    assert client.get(f"{ITEMS}?apikey={first}&apikey={first}").status_code == 400


def test_a_key_that_is_no_longer_valid_is_refused(stand: Stand) -> None:
    database = stand.database
    past = datetime.now(UTC) - timedelta(seconds=1)
    add_user(database, "gone", Role.ANALYST)
    gone = issue_key(database, "gone").text
    revoked, expired = issue_key(database, "analyst"), issue_key(database, "analyst")
    client = stand.client(app=app_over(database))
    for key in (gone, revoked.text, expired.text):
        assert client.get(ITEMS, headers={"x-api-key": key}).status_code == 200
    disable_user(database, "gone")
    revoke_key(database, revoked.key.id)
    with database.access() as connection:
        update = sa.update(keys).where(keys.c.id == expired.key.id).values(expires_at=past)
        connection.execute(update)
    client = stand.client(app=app_over(database))
    bodies = set()
    for key in (gone, revoked.text, expired.text, "gs_nothing"):
        answer = client.get(ITEMS, headers={"x-api-key": key})
        assert answer.status_code == 401
        bodies.add(json.dumps(answer.json() | {"request_id": ""}))
    assert len(bodies) == 1


def test_after_20_wrong_keys_an_address_has_to_wait(stand: Stand) -> None:
    client = stand.client(app=app_over(stand.database))
    for _ in range(20):
        assert client.get("/", headers={"x-api-key": "wrong"}).status_code == 401
    answer = client.get("/", headers={"x-api-key": "wrong"})
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-attempts")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert client.get("/").status_code == 200, "without a key nothing is tried"


# --- where a key goes -----------------------------------------------------------------------------


def links_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "href":
                yield str(each)
            yield from links_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from links_in(each)


DOCUMENTS = (
    *("/", "/conformance", "/collections", "/collections/vaults", f"{ITEMS}?limit=1"),
    *("/questions", "/questions/near?this=facilities&that=facilities&distance_m=1", "/imports"),
)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_links_carry_the_key_exactly_if_it_came_as_a_parameter(stand: Stand, path: str) -> None:
    key = stand.keys["analyst"]
    client = stand.client()
    joined = f"{path}{'&' if '?' in path else '?'}apikey={key}"
    answer = client.get(joined)
    own = [link for link in links_in(answer.json()) if link.startswith(BASE)]
    assert own
    assert all(parse_qs(urlsplit(link).query).get("apikey") == [key] for link in own), own
    page = client.get(joined, headers={"accept": "text/html"})
    addresses = re.findall(r'href="(http[^"]+)"', page.text)
    assert all(f"apikey={key}" in each for each in addresses if "/static/" not in each), addresses
    for answer in (
        client.get(path, headers={"x-api-key": key}),
        client.get(path, headers={"x-api-key": key, "accept": "text/html"}),
        client.get(path, headers={"authorization": basic("x", key)}),
    ):
        assert answer.status_code == 200
        assert key not in answer.text
        assert key not in str(answer.headers)


def test_pages_are_turned_with_the_key(stand: Stand) -> None:
    key = stand.keys["analyst"]
    client = stand.client()
    url, seen = f"{ITEMS}?limit=1&sortby=duty_person&apikey={key}", []
    while url:
        page = client.get(url).json()
        seen += [feature["properties"]["name"] for feature in page["features"]]
        url = next((each["href"] for each in page["links"] if each["rel"] == "next"), "")
    assert sorted(seen) == ["north", "south"]


def test_a_form_keeps_the_key(stand: Stand) -> None:
    key = stand.keys["analyst"]
    page = stand.client().get(
        f"/questions/near?f=html&apikey={key}&this=vaults&that=vaults&distance_m=1"
    )
    assert f'<input type="hidden" name="apikey" value="{key}">' in page.text


def test_no_log_line_and_no_mistake_shows_a_key(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    right, wrong = stand.keys["editor"], stand.keys["editor"][:-4] + "AAAA"
    client = stand.client(app=app_over(stand.database))
    for key in (right, wrong):
        for headers, query in ways(key).values():
            joined = "&" if query else "?"
            for path, more in (
                *(("/nothing", ""), (ITEMS, "colour=1"), (ITEMS, "filter=x"), (ITEMS, "%zz")),
                *((ITEMS, "cursor=x"), ("/collections/nothing", ""), ("/imports/x", "")),
            ):
                answer = client.get(f"{path}{query}{joined}{more}", headers=headers)
                assert answer.status_code >= 400
                assert key not in answer.text
                assert key not in str(answer.headers)
        client.get(ITEMS, headers={"x-api-key": key})
    ours = [each for each in caplog.records if not each.name.startswith("httpx")]
    assert any(each.name == "geoservice.access" for each in ours)
    for record in ours:
        assert right not in record.getMessage()
        assert wrong not in record.getMessage()


def test_the_log_names_whoever_had_a_key(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="geoservice.access")
    for key in ("editor", None):
        assert stand.client(key).get(ITEMS).status_code == 200
    lines = [each for each in caplog.records if each.name == "geoservice.access"]
    assert [json.loads(each.getMessage())["user"] for each in lines] == ["editor", None]


def test_the_api_description_is_the_same_for_everybody(stand: Stand) -> None:
    key = stand.keys["admin"]
    found = {
        stand.client().get("/api?f=json").text,
        stand.client("admin").get("/api?f=json").text,
        stand.client().get(f"/api?f=json&apikey={key}").text,
    }
    assert len(found) == 1


def test_answers_to_a_key_are_kept_by_no_shared_cache(stand: Stand) -> None:
    for path in (ITEMS, f"{ITEMS}?f=csv", "/", "/imports", f"{ITEMS}/{stand.feature}"):
        for headers, query in ways(stand.keys["analyst"]).values():
            answer = stand.client().get(
                path + query.replace("?", "&" if "?" in path else "?"), headers=headers
            )
            assert answer.headers["cache-control"] == "private", (path, query)
            assert {"Authorization", "X-API-Key"} <= set(answer.headers["vary"].split(", "))
    answer = stand.client().get(ITEMS)
    assert "cache-control" not in answer.headers
    assert {"Authorization", "X-API-Key"} <= set(answer.headers["vary"].split(", "))


@pytest.mark.parametrize("path", [ITEMS, f"{ITEMS}?limit=1"])
def test_no_tag_of_one_is_good_for_the_other(
    public: TestClient, analyst: TestClient, path: str
) -> None:
    tag = analyst.get(path).headers["etag"]
    assert analyst.get(path, headers={"if-none-match": tag}).status_code == 304
    assert public.get(path, headers={"if-none-match": tag}).status_code == 200


# --- who may do what ------------------------------------------------------------------------------

ROLES = (None, "analyst", "editor of a town", "editor", "admin")
ROUTES = {
    "items": (200, 200, 200, 200, 200),
    "imports": (401, 200, 200, 200, 200),
    "one import": (401, 200, 200, 200, 200),
    "an import that is none": (401, 404, 404, 404, 404),
    "offering a file": (401, 403, 403, 422, 422),
}


@pytest.mark.parametrize("route", ROUTES)
def test_each_role_may_do_what_the_table_says(stand: Stand, route: str) -> None:
    found = []
    for role in ROLES:
        client = stand.client(role)
        found.append(
            offer(client).status_code
            if route == "offering a file"
            else client.get(
                {
                    "items": ITEMS,
                    "imports": "/imports",
                    "one import": f"/imports/{stand.report}",
                    "an import that is none": "/imports/x",
                }[route]
            ).status_code
        )
    # A refused row: the file was read, so that whoever offered it may offer files.
    assert tuple(200 if status == 422 else status for status in found) == tuple(
        200 if status == 422 else status for status in ROUTES[route]
    )


def test_who_may_not_is_told_which_role_is_needed(stand: Stand) -> None:
    answer = offer(stand.client())
    assert (answer.status_code, answer.json()["code"]) == (401, "key-needed")
    assert "www-authenticate" in answer.headers
    assert "editor" in answer.json()["detail"]
    answer = offer(stand.client("analyst"))
    assert (answer.status_code, answer.json()["code"]) == (403, "role-needed")
    assert "editor" in answer.json()["detail"]
    assert "analyst" in answer.json()["detail"]
    answer = offer(stand.client("editor of a town"))
    assert (answer.status_code, answer.json()["code"]) == (403, "all-towns-needed")
    assert "441900101" in answer.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9000"},
        {"sec-fetch-site": "cross-site"},
    ],
    ids=str,
)
def test_no_page_of_another_site_changes_anything_with_a_key_that_a_browser_has_stored(
    stand: Stand, headers: dict[str, str]
) -> None:
    authorization = basic("editor", stand.keys["editor"])
    answer = offer(stand.client(), authorization=authorization, **headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign-page")


def test_the_service_is_its_own_site_also_under_its_public_address(stand: Stand) -> None:
    app = app_over(stand.database, public_url=HttpUrl("https://Geo.example/gis"))
    client = stand.client("editor", app)
    assert offer(client, origin="https://geo.example").status_code in (200, 422)
    assert offer(client, origin="https://geo.example:8443").status_code == 403
    assert offer(client, origin=BASE).status_code in (200, 422)


# --- those without a key in a closed network ------------------------------------------------------


@pytest.mark.parametrize("role", ["analyst", "editor"])
def test_in_a_closed_network_the_anonymous_may_have_a_role(stand: Stand, role: str) -> None:
    client = stand.client(app=app_over(stand.database, anonymous_role=role))
    answer = client.get(ITEMS)
    assert MARKER in answer.text
    assert "Origin" in answer.headers.get_list("vary")
    assert offer(client).status_code in ((200, 422) if role == "editor" else (401,))


def test_the_anonymous_cannot_be_administrators(stand: Stand) -> None:
    with pytest.raises(ValueError, match="anonymous_role"):
        app_over(stand.database, anonymous_role="admin")


@pytest.mark.parametrize(
    ("headers", "sees"),
    [
        ({}, True),
        ({"host": "localhost:8000"}, True),
        ({"host": "[::1]:8000"}, True),
        ({"host": "192.168.1.9:8000"}, True),
        ({"host": "geo.example"}, True),
        ({"origin": "https://geo.example"}, True),
        ({"sec-fetch-site": "cross-site"}, True),  # a link that was followed: no script reads it
        ({"host": "rebound.example:8000"}, False),
        ({"host": "127.0.0.1.evil.example"}, False),
        ({"host": "localhost.evil.example"}, False),
        ({"host": "evil.example", "origin": "http://evil.example"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"host": ""}, False),
    ],
    ids=str,
)
def test_a_browser_in_a_closed_network_is_not_the_way_out_of_it(
    stand: Stand, headers: dict[str, str], sees: bool
) -> None:
    url = HttpUrl("https://geo.example/")
    client = stand.client(app=app_over(stand.database, anonymous_role="analyst", public_url=url))
    answer = client.get(ITEMS, headers=headers)
    assert answer.status_code == 200
    assert (MARKER in answer.text) is sees


# --- private fields -------------------------------------------------------------------------------


def text_in(answer: httpx2.Response) -> str:
    """Everything that can be read out of an answer, whatever its format."""
    content = answer.content
    found = [answer.text, str(answer.headers)]
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                found += [name, archive.read(name).decode("utf-8", "replace")]
    elif content[:4] == b"PAR1":
        table = pq.read_table(io.BytesIO(content))
        found += [str(table.schema), str(table.to_pylist())]
    elif "arrow" in answer.headers.get("content-type", ""):
        table = pa.ipc.open_stream(content).read_all()
        found += [str(table.schema), str(table.to_pylist())]
    else:
        found.append(content.decode("utf-8", "replace"))
        found.append(content.decode("utf-16-le", "replace"))
    return "\n".join(found)


def filled(stand: Stand, path: str) -> list[str]:
    """A route with every value that leads somewhere; a parameter that is new here fails the test."""
    values = {
        "collection": ["vaults"],
        "feature": [stand.feature],
        "version": ["1", "2"],
        "change": [str(number) for number in range(1, 9)],
        "id": [stand.report],
        "answer": ["near_vaults"],
        "question": ["near", "nearest", "check", "nearest_facilities"],
        "style": ["default"],
        "code": ["bad-bbox"],
        "name": ["style.css"],
        "matrix_set": ["WebMercatorQuad"],
        "tileMatrix": ["12"],
        "tileRow": ["1778"],
        "tileCol": ["3342"],
        "lock": ["00000000-0000-7000-8000-000000000000"],
        "job": ["00000000-0000-4000-8000-000000000000"],
        "entry": ["1"],
        "posting": ["00000000-0000-7000-8000-000000000000"],
    }
    found = [path]
    for name in re.findall(r"{(\w+)(?::\w+)?}", path):
        found = [
            re.sub(rf"{{{name}(?::\w+)?}}", value, each) for each in found for value in values[name]
        ]
    return found


QUERIES = {
    "/questions/near": "this=vaults&that=vaults&distance_m=5000",
    "/questions/nearest": "this=vaults&that=vaults&max_distance_m=5000",
    "/questions/check": "geometry=POINT(113.75 23.02)",
    "/qgis/project.qgz": "provider=wfs",
    "/answers/near_vaults/comparison": "known_at=2999-01-01T00:00:00Z",
}
WFS = (
    "service=WFS&version=2.0.0&request=GetCapabilities",
    "service=WFS&version=2.0.0&request=DescribeFeatureType&typeNames=vaults",
    "service=WFS&version=2.0.0&request=GetFeature&typeNames=vaults",
    "service=WFS&version=1.1.0&request=GetFeature&typeName=vaults",
    "service=WFS&version=1.0.0&request=GetFeature&typeName=vaults",
    "service=WFS&version=2.0.0&request=GetPropertyValue&typeNames=vaults&valueReference=name",
)
FILES = {
    *("json", "html", "schema", "sld", "qml", "qgz", "csv", "text"),
    *FORMATS,
}


def everything(stand: Stand) -> Iterator[str]:
    """Every address of the service in every format, whether it has it or not."""
    for route in stand.app.routes:
        for path in filled(stand, route.path):
            queries = WFS if path == "/wfs" else (QUERIES.get(path, ""),)
            for query in queries:
                yield f"{path}?{query}"
                yield from (f"{path}?{query}&f={format}" for format in sorted(FILES))


def test_no_route_in_any_format_tells_the_public_a_private_field(
    stand: Stand, public: TestClient
) -> None:
    asked = 0
    for url in everything(stand):
        answer = public.get(url)
        assert answer.status_code < 500, url
        text = text_in(answer)
        for secret in (*PRIVATE, *VALUES):
            assert secret not in text, url
        asked += answer.status_code == 200
    assert asked > 50


@pytest.mark.parametrize("format", ["", "html", *(each for each in FORMATS if each != "shp")])
def test_an_analyst_sees_private_fields_in_every_format(analyst: TestClient, format: str) -> None:
    answer = analyst.get(f"{ITEMS}?f={format}" if format else ITEMS)
    assert answer.status_code == 200, answer.text
    assert MARKER in text_in(answer)


@pytest.mark.parametrize("path", ["", "/schema", "/queryables", "/items/{feature}"])
def test_an_analyst_sees_private_fields_described(
    stand: Stand, analyst: TestClient, path: str
) -> None:
    url = "/collections/vaults" + path.format(feature=stand.feature)
    assert "duty_person" in analyst.get(f"{url}?f=html").text
    if path:
        assert "duty_person" in analyst.get(f"{url}?f=json").text


def test_an_analyst_may_ask_for_private_fields(analyst: TestClient) -> None:
    for query in (
        f"filter=duty_person='{MARKER}'",
        f"duty_person={MARKER}",
        f"duty_number={NUMBER}",
        "sortby=-duty_person",
        "properties=duty_person",
    ):
        answer = analyst.get(f"{ITEMS}?{query}")
        assert answer.status_code == 200, query
        assert answer.json()["numberMatched"] == 2, query


@pytest.mark.parametrize(
    "query",
    [
        f"filter=duty_person='{MARKER}'",
        "filter=duty_person IS NULL",
        "filter=duty_number>5",
        "filter=duty_day<DATE('2000-01-01')",
        "filter=A_CONTAINS(duty_names,('x'))",
        "filter=CASEI(duty_person)='x'",
        "filter=name='north' OR duty_number=1",
        'filter-lang=cql2-json&filter={"op":"=","args":[{"property":"duty_person"},"x"]}',
        "sortby=duty_person",
        "sortby=-duty_number",
        "properties=name,duty_person",
        "duty_person=x",
        "duty_number=5",
        "duty_number=x",
        "duty_day=x",
    ],
)
@pytest.mark.parametrize("known_at", ["", "&known_at=2999-01-01T00:00:00Z"])
def test_to_the_public_a_private_field_is_one_that_does_not_exist(
    public: TestClient, query: str, known_at: str
) -> None:
    private = public.get(f"{ITEMS}?{query}{known_at}")
    absent = public.get(f"{ITEMS}?{query.replace('duty_', 'nose_')}{known_at}")
    assert private.status_code == absent.status_code == 400
    said = [json.dumps(each.json() | {"request_id": ""}) for each in (private, absent)]
    assert said[0].replace("duty_", "nose_") == said[1]


@pytest.mark.parametrize("side", ["this_filter", "that_filter"])
def test_no_question_is_an_oracle_for_a_private_field(public: TestClient, side: str) -> None:
    url = "/questions/near?this=vaults&that=vaults&distance_m=5000"
    answer = public.get(f"{url}&{side}=duty_person='{MARKER}'")
    assert answer.status_code == 400
    assert "name" in answer.json()["detail"]


FES = (
    '<fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0"><fes:PropertyIsEqualTo>'
    "<fes:ValueReference>duty_person</fes:ValueReference><fes:Literal>x</fes:Literal>"
    "</fes:PropertyIsEqualTo></fes:Filter>"
)


@pytest.mark.parametrize("query", WFS[1:])
def test_the_wfs_knows_who_is_asking(analyst: TestClient, public: TestClient, query: str) -> None:
    url = f"/wfs?{query.replace('valueReference=name', 'valueReference=duty_person')}"
    shown = analyst.get(url)
    assert shown.status_code == 200, shown.text
    assert ("duty_person" if "Describe" in query else MARKER) in shown.text
    hidden = public.get(url)
    assert MARKER not in hidden.text
    if "GetPropertyValue" in query:
        assert hidden.status_code == 400


@pytest.mark.parametrize(
    "more", [f"filter={FES}", "sortBy=duty_person", "propertyName=duty_person"]
)
def test_to_the_public_the_wfs_has_no_private_property(public: TestClient, more: str) -> None:
    url = "/wfs?service=WFS&version=2.0.0&request=GetFeature&typeNames=vaults&" + more
    private, absent = public.get(url), public.get(url.replace("duty_", "nose_"))
    assert private.status_code == absent.status_code == 400
    assert private.text.replace("duty_", "nose_") == absent.text


def test_the_history_of_a_feature_shows_private_values_to_analysts_only(
    stand: Stand, public: TestClient, analyst: TestClient
) -> None:
    url = f"{ITEMS}/{stand.feature}/versions"
    assert "and another" in analyst.get(f"{url}/2").text
    for path in (url, f"{url}/1", f"{url}/2"):
        for format in ("json", "html"):
            assert "duty_" not in public.get(f"{path}?f={format}").text
