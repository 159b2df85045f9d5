"""The layers that clients read and change in these tests, and what is in them: all written by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from geoservice.access.keys import issue_key
from geoservice.access.principal import Role
from geoservice.access.users import add_user
from geoservice.description.collection import Collection, Field, FieldType, GeometryType
from geoservice.languages import Text
from geoservice.store import publishing
from geoservice.store.database import Database
from geoservice.store.tables import tables

HUMEN, CHANGAN = "441900121", "441900119"
AWKWARD = '新增<要素>&"引号"\'’ 100% _下_ a+b;c \\'
LARGEST_ODD = 2**53 + 1
"""The first whole number that a double cannot hold."""

NORTHING_OF_23 = 2_544_537.5785520915
"""Length of the meridian from the equator to 23° N on the ellipsoid of CGCS2000, metres.

The integral of a(1 − e²) / (1 − e² sin² φ)^1.5 by Simpson's rule with a = 6 378 137 and
f = 1 / 298.257 222 101 (GB 22021—2008). On the central meridian of EPSG:4547, 114° E, it is the
northing, and the easting is 500 000.
"""


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


markers = _collection(
    "markers",
    GeometryType.POINT,
    _field("name", FieldType.TEXT),
    _field("floors", FieldType.INTEGER),
    _field("serial", FieldType.LONG),
    _field("height", FieldType.NUMBER),
    _field("price", FieldType.DECIMAL, digits=(12, 2)),
    _field("open", FieldType.BOOLEAN),
    _field("built", FieldType.DATE),
    _field("seen", FieldType.DATETIME),
    _field("note", FieldType.TEXT),
    _field("名称", FieldType.TEXT),
    _field("面积", FieldType.DECIMAL, digits=(12, 2)),
    _field("secret", FieldType.TEXT, private=True),
)
parcels = _collection(
    "parcels",
    GeometryType.MULTI_POLYGON,
    _field("code", FieldType.TEXT),
    _field("area_m2", FieldType.DECIMAL, digits=(14, 3)),
)
roads = _collection("roads", GeometryType.LINE_STRING, _field("name", FieldType.TEXT))
ledger = _collection(
    "ledger",
    None,
    _field("code", FieldType.TEXT),
    _field("amount", FieldType.DECIMAL, digits=(9, 2)),
)
many = _collection("many", GeometryType.POINT, _field("number", FieldType.INTEGER))
edits = _collection(
    "edits",
    GeometryType.POINT,
    _field("name", FieldType.TEXT, max_length=60),
    _field("town", FieldType.TEXT),
    _field("qty", FieldType.INTEGER, minimum=Decimal(0)),
    _field("price", FieldType.DECIMAL, digits=(10, 2)),
    _field("opened", FieldType.DATE),
    _field("seen", FieldType.DATETIME),
    _field("active", FieldType.BOOLEAN),
    town="town",
)
plots = _collection("plots", GeometryType.MULTI_POLYGON, _field("code", FieldType.TEXT))
sealed = _collection("sealed", GeometryType.POINT, _field("name", FieldType.TEXT), editable=False)

LAYERS = (markers, parcels, roads, ledger, many, edits, plots, sealed)

FIRST_MARKER: dict[str, Any] = {
    "name": "松山湖",
    "floors": 3,
    "serial": LARGEST_ODD,
    "height": 1.5,
    "price": Decimal("12.34"),
    "open": True,
    "built": date(2024, 2, 29),
    "seen": datetime(2024, 2, 29, 8, 30, 15, 250_000, UTC),
    "note": AWKWARD,
    "名称": "地块7",
    "面积": Decimal("1234.50"),
    "secret": "13800000000",
    "geom": "POINT(113.75 23.02)",
}
MARKERS: tuple[dict[str, Any], ...] = (
    FIRST_MARKER,
    {
        "name": "虎门",
        "floors": -2,
        "open": False,
        "built": date(1999, 12, 31),
        "note": "第一行\n第二行",
        "名称": "地块8",
        "geom": "POINT(113.67 22.81)",
    },
    {"name": "没有位置", "floors": 5, "open": True, "note": "x"},
    {"geom": "POINT(114.05 22.75)"},
    {"name": "生僻字", "floors": 7, "note": "😀 𠮷野家", "geom": "POINT(113.9 22.9)"},
    {"name": "中央子午线", "floors": 100, "open": True, "geom": "POINT(114 23)"},
)
WITH_HOLE = (
    "MULTIPOLYGON(((114 23, 114.01 23, 114.01 23.01, 114 23.01, 114 23), "
    "(114.002 23.002, 114.002 23.004, 114.004 23.004, 114.004 23.002, 114.002 23.002)))"
)
TWO_PARTS = (
    "MULTIPOLYGON(((113.6 22.9, 113.61 22.9, 113.61 22.91, 113.6 22.91, 113.6 22.9)), "
    "((113.62 22.9, 113.63 22.9, 113.63 22.91, 113.62 22.91, 113.62 22.9)))"
)
ROAD = "LINESTRING(113.7 22.8, 113.71 22.81, 113.72 22.8)"
MANY = 12_000
COLUMNS = 120
"""`many` is a grid of 120 × 100 points, 0.004° and 0.003° apart, from 113.6° E, 22.7° N."""

_ROWS: dict[str, list[dict[str, Any]]] = {
    "markers": [
        {each.name: row.get(each.name) for each in markers.fields} | {"geom": row.get("geom")}
        for row in MARKERS
    ],
    "parcels": [
        {"code": "带洞", "area_m2": Decimal("1136000.125"), "geom": WITH_HOLE},
        {"code": "两块", "area_m2": None, "geom": TWO_PARTS},
    ],
    "roads": [{"name": "解放大道", "geom": ROAD}],
    "ledger": [
        {"code": "C001", "amount": Decimal("0.50")},
        {"code": "C002", "amount": None},
        {"code": "代码", "amount": Decimal("1234567.25")},
    ],
    "many": [
        {
            "number": number,
            "geom": f"POINT({113.6 + number % COLUMNS * 0.004:.3f} {22.7 + number // COLUMNS * 0.003:.3f})",
        }
        for number in range(MANY)
    ],
    "edits": [
        {"name": "甲", "town": HUMEN, "qty": 1, "geom": "POINT(113.67 22.81)"},
        {"name": "乙", "town": CHANGAN, "qty": 2, "geom": "POINT(113.8 22.8)"},
    ],
    "plots": [{"code": "宗地", "geom": TWO_PARTS}],
}

_USERS: dict[str, tuple[Role, list[str] | None]] = {
    "editor": (Role.EDITOR, None),
    "editor of Humen": (Role.EDITOR, [HUMEN]),
    "analyst": (Role.ANALYST, None),
}


def fill(database: Database) -> dict[str, str]:
    """Publish and fill the layers, and make the users; their keys by name."""
    with database.ownership() as connection:
        for collection in LAYERS:
            publishing.create(connection, collection)
    with database.change(actor="tester", door="test") as connection:
        for collection in LAYERS:
            if rows := [_stored(row) for row in _ROWS.get(collection.id, [])]:
                connection.execute(sa.insert(tables().current(collection)), rows)
    for name, (role, towns) in _USERS.items():
        add_user(database, name, role, towns)
    return {name: issue_key(database, name).text for name in _USERS}


def _stored(row: dict[str, Any]) -> dict[str, Any]:
    if row.get("geom") is None:
        return row
    return row | {"geom": f"SRID=4490;{row['geom']}"}
