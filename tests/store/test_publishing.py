"""Collections made from files: kept as data, with history and editing like the built-in ones."""

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from geoservice.catalog import built_in_collections
from geoservice.description.collection import (
    CodePair,
    Collection,
    Field,
    FieldType,
    GeometryType,
    InOrder,
    Period,
    Source,
    Unit,
)
from geoservice.domain.code_lists import HAZARD_TYPE_A, HAZARD_TYPE_B, REGISTER_KIND
from geoservice.errors import AlreadyExists, UnknownCollection
from geoservice.languages import Text
from geoservice.store import publishing
from geoservice.store.database import Database
from geoservice.store.publishing import Registry, from_json, to_json
from geoservice.store.statements import versions
from geoservice.store.tables import tables

WELLS = Collection(
    id="wells",
    title=Text(zh="水井", en="Wells"),
    description=Text(zh="测试", en="Test"),
    published=True,
    geometry=GeometryType.POINT,
    geometry_required=True,
    key=("编号",),
    label="编号",
    accuracy_m="depth",
    period=Period("from", "to", open_start=True),
    rules=(InOrder("from", "to"), CodePair("set", "code", (HAZARD_TYPE_A, HAZARD_TYPE_B))),
    source=Source(Text(zh="文件", en="A file"), licence="CC BY 4.0", edition=date(2021, 6, 25)),
    fields=(
        Field(name="编号", type=FieldType.TEXT, title=Text(zh="编号", en="Number"), max_length=10),
        Field(
            name="depth",
            type=FieldType.NUMBER,
            title=Text(zh="深", en="Depth"),
            unit=Unit("m", Text(zh="米", en="metres")),
            minimum=Decimal(0),
            maximum=Decimal("99.5"),
        ),
        Field(name="from", type=FieldType.DATE, title=Text(zh="自", en="From")),
        Field(name="to", type=FieldType.DATE, title=Text(zh="至", en="To")),
        Field(name="set", type=FieldType.TEXT, title=Text(zh="表", en="Set"), nullable=False),
        Field(name="code", type=FieldType.TEXT, title=Text(zh="码", en="Code"), nullable=False),
        Field(
            name="kind",
            type=FieldType.TEXT,
            title=Text(zh="类", en="Kind"),
            codes=REGISTER_KIND,
            default="risk_point",
        ),
    ),
)
WELL = {"编号": "1", "set": "hazard_type_a", "code": "01", "geom": "POINT(113 22)"}


def publish(database: Database, collection: Collection = WELLS) -> None:
    with database.ownership() as connection:
        publishing.create(connection, collection)


@pytest.mark.parametrize("collection", [*built_in_collections(), WELLS], ids=lambda each: each.id)
def test_a_description_is_the_same_after_it_was_stored(collection: Collection):
    assert from_json(to_json(collection)) == collection


def test_a_published_collection_is_in_the_catalog_and_can_be_edited(database, registry, add):
    publish(database)
    uid = add(registry.collection("wells"), **WELL)
    table = tables().current(WELLS)
    with database.change(actor="me", door="test") as connection:
        connection.execute(sa.update(table).values(depth=7.5))
    every = versions(WELLS)
    rows = database.rows(sa.select(every).order_by(every.c.version))
    assert [(row.uid, row.version, row.depth, row.kind) for row in rows] == [
        (uid, 1, None, "risk_point"),
        (uid, 2, 7.5, "risk_point"),
    ]


@pytest.mark.parametrize("id", ["hazard_sites", "wells"])
def test_an_id_that_is_taken_is_refused(database, id):
    publish(database)
    taken = Collection(id=id, title=WELLS.title, description=WELLS.title, fields=(), published=True)
    with pytest.raises(AlreadyExists, match=id):
        publish(database, taken)


def test_a_collection_that_cannot_be_made_leaves_nothing(database, registry):
    def publish_and_fail() -> None:
        with database.ownership() as connection:
            publishing.create(connection, WELLS)
            connection.execute(sa.select(sa.func.no_such_function()))

    with pytest.raises(sa.exc.ProgrammingError):
        publish_and_fail()
    registry.refresh()
    assert "wells" not in registry.catalog
    assert database.scalar(sa.select(sa.func.to_regclass("published.wells"))) is None


def test_another_process_sees_a_new_collection_at_once_by_its_id(database, registry):
    other = Registry(database)
    assert "wells" not in other.catalog
    publish(database)
    assert other.collection("wells") == WELLS


def test_another_process_sees_what_was_withdrawn_and_published_anew(
    database, registry, monkeypatch
):
    monkeypatch.setattr(publishing, "_FRESH_S", 0.0)
    other = Registry(database)
    publish(database)
    assert other.collection("wells") == WELLS
    publishing.withdraw(database, registry, "wells")
    assert "wells" not in other.catalog
    smaller = Collection(
        id="wells",
        title=WELLS.title,
        description=WELLS.title,
        fields=WELLS.fields[:1],
        published=True,
    )
    publish(database, smaller)
    assert other.catalog["wells"] == smaller


def test_withdrawing_drops_rows_history_and_description(database, registry):
    publish(database)
    publishing.withdraw(database, registry, "wells")
    left = sa.text(
        "select (select count(*) from pg_class where relname like 'wells%') + "
        "(select count(*) from pg_proc where proname like '%wells%') + "
        "(select count(*) from geoservice.published_collections)"
    )
    assert database.scalar(left) == 0
    with pytest.raises(UnknownCollection):
        registry.collection("wells")


def test_a_built_in_collection_cannot_be_withdrawn(database, registry):
    publish(database)
    with pytest.raises(UnknownCollection) as refusal:
        publishing.withdraw(database, registry, "hazard_sites")
    assert refusal.value.parts["allowed"] == ["wells"]


def test_an_unknown_collection_is_told_with_those_there_are(registry):
    with pytest.raises(UnknownCollection) as refusal:
        registry.collection("volcanoes")
    assert "hazard_sites" in refusal.value.text("zh")


def test_indexes_can_be_made_after_the_rows(database):
    indexes = sa.text("select count(*) from pg_indexes where schemaname = 'published'")
    with database.ownership() as connection:
        publishing.create(connection, WELLS, indexes=False)
    bare = database.scalar(indexes)
    with database.ownership() as connection:
        publishing.create_indexes(connection, WELLS)
    assert database.scalar(indexes) == bare + 3  # the key, and the geometry of both tables


def test_published_tables_are_no_drift(own_database):
    from geoservice.store import schema

    publish(own_database)
    assert schema.drift(own_database) == []
