"""A service over a database with awkward data: every field type, gaps, ties, and hostile texts."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from geoservice.description.code_list import code_list
from geoservice.description.collection import (
    METRE,
    Collection,
    Field,
    FieldType,
    GeometryType,
    Period,
)
from geoservice.doors.http.app import create_app
from geoservice.languages import Text
from geoservice.settings import Limits, Settings
from geoservice.store import publishing
from geoservice.store.database import Database
from geoservice.store.tables import tables

ROWS = 1203
HOSTILE = '<img src=x onerror=alert(1)> {{7*7}} "quoted" back\\slash\n\u202e中文'
KINDS = code_list(
    "probe_kind", Text(zh="类别", en="Kind"), "test", "a | 甲 | First\nb | 乙 | Second"
)


def _field(name: str, type: FieldType, **more: object) -> Field:
    return Field(name=name, type=type, title=Text(zh=f"{name}字段", en=f"The {name}"), **more)


probes = Collection(
    id="probes",
    title=Text(zh="探针<b>", en="Probes <b>"),
    description=Text(zh="测试数据", en="Test data"),
    geometry=GeometryType.POINT,
    label="name",
    published=True,
    period=Period("begun", "ended"),
    fields=(
        _field("name", FieldType.TEXT),
        _field("kind", FieldType.TEXT, codes=KINDS),
        _field("floors", FieldType.INTEGER),
        _field("serial", FieldType.LONG),
        _field("height", FieldType.NUMBER, unit=METRE),
        _field("price", FieldType.DECIMAL, digits=(12, 2)),
        _field("open", FieldType.BOOLEAN),
        _field("begun", FieldType.DATE),
        _field("ended", FieldType.DATE),
        _field("seen", FieldType.DATETIME),
        _field("tags", FieldType.TEXT, many=True),
        _field("名称", FieldType.TEXT),
        _field("limit", FieldType.INTEGER),
        _field("secret", FieldType.TEXT, private=True),
    ),
)

shapes = Collection(
    id="shapes",
    title=Text(zh="图形", en="Shapes"),
    description=Text(zh="测试数据", en="Test data"),
    geometry=GeometryType.GEOMETRY,
    published=True,
    fields=(_field("name", FieldType.TEXT),),
)


def rows() -> list[dict[str, object]]:
    """The same rows each time; one in nine values is missing, many are equal."""
    random_ = random.Random(7)

    def maybe(value: object) -> object:
        return None if random_.random() < 1 / 9 else value

    found = []
    for number in range(ROWS):
        begun = date(2000, 1, 1) + timedelta(days=random_.randrange(3000))
        x, y = 113.6 + random_.random() * 0.5, 22.7 + random_.random() * 0.4
        found.append(
            {
                "name": HOSTILE if number == 5 else maybe(f"探针 {random_.randrange(300):03d}"),
                "kind": maybe(random_.choice("ab")),
                "floors": maybe(random_.randrange(-3, 30)),
                "serial": maybe(random_.randrange(2**40)),
                "height": maybe(random_.choice([0.1, 1e-9, 1e15, 3.5, random_.random()])),
                "price": maybe(Decimal(random_.randrange(10**7)) / 100),
                "open": maybe(random_.random() < 0.5),
                "begun": maybe(begun),
                "ended": maybe(begun + timedelta(days=random_.randrange(1, 2000))),
                "seen": maybe(
                    datetime(2020, 1, 1, tzinfo=UTC)
                    + timedelta(microseconds=random_.randrange(10**13))
                ),
                "tags": maybe([random_.choice("xyz"), "共"]),
                "名称": maybe(f"地块{random_.randrange(50)}"),
                "limit": number,
                "secret": "do not tell",
                "geom": None if number % 100 == 7 else f"SRID=4490;POINT({x:.7f} {y:.7f})",
            }
        )
    return found


def insert(database: Database, collection: Collection, rows: list[dict[str, object]]) -> None:
    """Add rows by one change."""
    with database.change(actor="tester", door="test") as connection:
        connection.execute(sa.insert(tables().current(collection)), rows)


@pytest.fixture(scope="module")
def served(module_database: Database) -> Database:
    """The database behind `client`."""
    with module_database.ownership() as connection:
        for collection in (probes, shapes):
            publishing.create(connection, collection)
    insert(module_database, probes, rows())
    insert(
        module_database,
        shapes,
        [
            {"name": "dongguan", "geom": "SRID=4490;POINT(113.75 23.02)"},
            {"name": "west of the line", "geom": "SRID=4490;POINT(179.5 0.5)"},
            {"name": "east of the line", "geom": "SRID=4490;POINT(-179.5 -0.5)"},
            {"name": "pole", "geom": "SRID=4490;POINT(10 89.5)"},
            {"name": "triangle", "geom": "SRID=4490;POLYGON((113 22, 114 22, 113 23, 113 22))"},
            {"name": "nowhere", "geom": None},
        ],
    )
    return module_database


@pytest.fixture(scope="module")
def limits() -> Limits:
    """Limits small enough to be reached."""
    return Limits(
        limit_default=100, limit_maximum=500, count_limit=300, max_offset=1000, max_url_bytes=8192
    )


@pytest.fixture(scope="module")
def client(served: Database, limits: Limits) -> Iterator[TestClient]:
    """A client on this machine."""
    app = create_app(Settings(database_url=None), limits, database=served)
    with TestClient(
        app,
        base_url="http://127.0.0.1:8000",
        client=("127.0.0.1", 50000),
        raise_server_exceptions=False,
    ) as client:
        client.headers["accept-language"] = "en"
        yield client


@pytest.fixture(scope="module")
def editor(served: Database, limits: Limits) -> Iterator[TestClient]:
    """A client on this machine, where whoever has no key may edit."""
    settings = Settings(database_url=None, anonymous_role="editor")
    app = create_app(settings, limits, database=served)
    with TestClient(
        app,
        base_url="http://127.0.0.1:8000",
        client=("127.0.0.1", 50000),
        raise_server_exceptions=False,
    ) as client:
        client.headers["accept-language"] = "en"
        yield client


ITEMS = "/collections/probes/items"
CRS = "http://www.opengis.net/def/crs/EPSG/0/{}"
