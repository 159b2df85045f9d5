"""A service whose features can be changed, its users, and bodies as clients write them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import FastAPI
from lxml import etree
from starlette.testclient import TestClient

from geoservice.access.keys import issue_key
from geoservice.access.principal import Role
from geoservice.access.users import add_user
from geoservice.description.collection import Collection, Field, FieldType, GeometryType
from geoservice.doors.http.app import create_app
from geoservice.languages import Text
from geoservice.settings import Limits, Settings
from geoservice.store import publishing
from geoservice.store.database import Database, Row
from geoservice.store.tables import tables
from tests.doors.http.wfs.conftest import Document, found

HUMEN, CHANGAN = "441900121", "441900119"

_SPACES = {
    "2.0.0": ("http://www.opengis.net/wfs/2.0", "http://www.opengis.net/gml/3.2"),
    "1.1.0": ("http://www.opengis.net/wfs", "http://www.opengis.net/gml"),
    "1.0.0": ("http://www.opengis.net/wfs", "http://www.opengis.net/gml"),
}


def _field(name: str, type: FieldType, **more: Any) -> Field:
    return Field(name=name, type=type, title=Text(zh=name, en=name), **more)


def _collection(id: str, geometry: GeometryType | None, *fields: Field, **more: Any) -> Collection:
    title = Text(zh=id, en=id)
    return Collection(
        id=id,
        title=title,
        description=title,
        geometry=geometry,
        fields=fields,
        published=True,
        **more,
    )


edits = _collection(
    "edits",
    GeometryType.POINT,
    _field("name", FieldType.TEXT, max_length=60),
    _field("qty", FieldType.INTEGER),
    _field("price", FieldType.DECIMAL, digits=(10, 2)),
    _field("height", FieldType.NUMBER),
    _field("opened", FieldType.DATE),
    _field("seen", FieldType.DATETIME),
    _field("active", FieldType.BOOLEAN, default=True),
    _field("tags", FieldType.TEXT, many=True),
    _field("名称 1", FieldType.TEXT),
    _field("secret", FieldType.TEXT, private=True),
)
plots = _collection("plots", GeometryType.MULTI_POLYGON, _field("code", FieldType.TEXT))
notes = _collection("notes", None, _field("text", FieldType.TEXT, nullable=False))
sealed = _collection("sealed", GeometryType.POINT, _field("text", FieldType.TEXT), editable=False)
sites = _collection(
    "sites",
    GeometryType.POINT,
    _field("name", FieldType.TEXT),
    _field("town", FieldType.TEXT),
    town="town",
)


@dataclass(frozen=True)
class Desk:
    """The service as one user sees it."""

    database: Database
    app: FastAPI
    keys: dict[str, str]
    client: TestClient

    def as_user(self, name: str | None) -> "Desk":
        """The same for another user; None has no key."""
        return Desk(
            self.database, self.app, self.keys, client_of(self.app, self.keys.get(name or ""))
        )

    def post(self, body: str | bytes, *, status: int = 200, **keywords: str) -> Document:
        """The answer to a document."""
        content = body if isinstance(body, bytes) else body.encode()
        answer = self.client.post(
            "/wfs", content=content, params=keywords, headers={"content-type": "text/xml"}
        )
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].endswith("charset=utf-8")
        return etree.fromstring(answer.content)

    def inserted(self, *features: str, version: str = "2.0.0") -> list[str]:
        """The ids of new features."""
        answer = self.post(transaction(f"<wfs:Insert>{''.join(features)}</wfs:Insert>", version))
        return ids(answer)

    def features(self, type: str, version: str = "2.0.0", **keywords: str) -> Document:
        """Features as they are read."""
        name = "typeNames" if version == "2.0.0" else "typeName"
        given = {"service": "WFS", "version": version, "request": "GetFeature", name: f"gs:{type}"}
        answer = self.client.get("/wfs", params=given | keywords)
        assert answer.status_code == 200, answer.text
        return etree.fromstring(answer.content)

    def row(self, id: str) -> Row | None:
        """A feature as it is stored; geometry as `wkt`. None if it is not there."""
        name, _, uid = id.partition(".")
        collection = next(each for each in COLLECTIONS if each.id == name)
        table = tables().current(collection)
        columns = [c for c in table.c if c.name != "geom"]
        wkt = sa.func.ST_AsText(table.c.geom).label("wkt") if collection.geometry else sa.null()
        rows = self.database.rows(sa.select(*columns, wkt).where(table.c.uid == UUID(uid)))
        return rows[0] if rows else None

    def count(self, collection: Collection) -> int:
        """How many features there are."""
        table = tables().current(collection)
        return int(self.database.scalar(sa.select(sa.func.count()).select_from(table)))


COLLECTIONS = (edits, plots, notes, sealed, sites)


def desk_over(database: Database, limits: Limits) -> Desk:
    """A service over a database, for an editor who may edit everywhere."""
    with database.ownership() as connection:
        for collection in COLLECTIONS:
            publishing.create(connection, collection)
    users = {
        "editor": (Role.EDITOR, None),
        "other editor": (Role.EDITOR, None),
        "editor of Humen": (Role.EDITOR, [HUMEN]),
        "analyst": (Role.ANALYST, None),
        "administrator": (Role.ADMIN, None),
    }
    keys = {}
    for name, (role, towns) in users.items():
        add_user(database, name, role, towns)
        keys[name] = issue_key(database, name).text
    app = create_app(Settings(database_url=None), limits, database=database)
    return Desk(database, app, keys, client_of(app, keys["editor"]))


def client_of(app: FastAPI, key: str | None) -> TestClient:
    """A client on this machine that brings a key."""
    client = TestClient(
        app,
        base_url="http://127.0.0.1:8000",
        client=("127.0.0.1", 50000),
        raise_server_exceptions=False,
    )
    client.headers["accept-language"] = "en"
    if key:
        client.headers["x-api-key"] = key
    return client


def request(name: str, content: str, version: str = "2.0.0", attributes: str = "") -> str:
    """A document of a version with every prefix declared."""
    wfs, gml = _SPACES[version]
    return (
        f'<wfs:{name} service="WFS" version="{version}" xmlns:wfs="{wfs}" xmlns:gml="{gml}" '
        'xmlns:ogc="http://www.opengis.net/ogc" xmlns:fes="http://www.opengis.net/fes/2.0" '
        'xmlns:gs="urn:geoservice:collections" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {attributes}>{content}</wfs:{name}>'
    )


def transaction(actions: str, version: str = "2.0.0", attributes: str = "") -> str:
    """A transaction of a version."""
    return request("Transaction", actions, version, attributes)


def by_id(*ids: str, version: str = "2.0.0") -> str:
    """A filter that names features."""
    if version == "2.0.0":
        each = "".join(f'<fes:ResourceId rid="{id}"/>' for id in ids)
        return f"<fes:Filter>{each}</fes:Filter>"
    each = "".join(f'<ogc:FeatureId fid="{id}"/>' for id in ids)
    return f"<ogc:Filter>{each}</ogc:Filter>"


def named(name: str) -> str:
    """A filter of 2.0.0 for features by name."""
    return (
        "<fes:Filter><fes:PropertyIsEqualTo><fes:ValueReference>gs:name</fes:ValueReference>"
        f"<fes:Literal>{name}</fes:Literal></fes:PropertyIsEqualTo></fes:Filter>"
    )


def edit(name: str, more: str = "") -> str:
    """A new feature of `edits`."""
    return f"<gs:edits><gs:name>{name}</gs:name>{more}</gs:edits>"


def ids(answer: Document) -> list[str]:
    """The feature ids in an answer, in its order."""
    return found(answer, ".//fes:ResourceId/@rid | .//ogc:FeatureId/@fid")


def totals(answer: Document) -> dict[str, int]:
    """The numbers of a summary by the names that they have there."""
    (summary,) = found(answer, "wfs:TransactionSummary | wfs1:TransactionSummary")
    return {etree.QName(each).localname: int(each.text) for each in summary}
