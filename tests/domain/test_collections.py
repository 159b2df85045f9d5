"""The catalogue: found by itself, told in two languages, and one declaration is enough."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from geoservice import domain
from geoservice.catalog import Catalog, built_in_collections
from geoservice.description.collection import Collection, Field, FieldType, GeometryType, Period
from geoservice.domain.code_lists import RISK_LEVEL
from geoservice.errors import RejectedFeature, UnknownCollection
from geoservice.languages import Text
from geoservice.query.query import Query
from geoservice.store import programs
from geoservice.store.database import run
from geoservice.store.encoding import feature_text, shown_fields
from geoservice.store.statements import features, versions
from geoservice.store.tables import tables

BUILT_IN = built_in_collections()
FIELDS = [(collection, field) for collection in BUILT_IN for field in collection.fields]


def is_chinese(text: str) -> bool:
    return any("一" <= character <= "鿿" for character in text)


def test_the_first_collections_are_there():
    assert {
        "code_lists",
        "facilities",
        "hazard_assessments",
        "hazard_sites",
        "remediation_projects",
        "towns",
        "villages",
    } <= {collection.id for collection in BUILT_IN}


@pytest.mark.parametrize("collection", BUILT_IN, ids=lambda each: each.id)
def test_a_collection_is_told_in_both_languages(collection: Collection):
    for text in (collection.title, collection.description):
        assert is_chinese(text.zh)
        assert text.en
        assert not is_chinese(text.en.replace("人", ""))
    assert collection.source is not None


@pytest.mark.parametrize(
    ("collection", "field"), FIELDS, ids=lambda each: getattr(each, "id", None) or each.name
)
def test_a_field_is_told_in_both_languages_under_a_stable_ascii_name(collection, field):
    assert re.fullmatch("[a-z][a-z0-9_]*", field.name)
    assert re.search("[一-鿿]|GNSS", field.title.zh), field.title
    assert field.title.en
    assert not is_chinese(field.title.en)


@pytest.mark.parametrize("collection", BUILT_IN, ids=lambda each: each.id)
def test_titles_within_a_collection_are_told_apart(collection: Collection):
    for language in ("zh", "en"):
        titles = [field.title.spoken(language) for field in collection.fields]
        assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("collection", BUILT_IN, ids=lambda each: each.id)
def test_a_collection_refers_only_to_what_there_is(collection: Collection):
    by_id = {each.id: each for each in BUILT_IN}
    for field in collection.fields:
        if field.refers_to:
            other = by_id[field.refers_to.collection]
            assert field.refers_to.field == "uid" or field.refers_to.field in other.by_name


@pytest.mark.parametrize(
    ("collection", "field"), FIELDS, ids=lambda each: getattr(each, "id", None) or each.name
)
def test_a_measure_has_its_unit(collection, field):
    suffixes = {"_m": "m", "_deg": "°", "_m2": "m²", "_m3": "m³"}
    suffixes |= {"_mu": "亩", "_pct": "%", "_wan": "万元", "_fen": "分"}
    for suffix, symbol in suffixes.items():
        if field.name.endswith(suffix):
            assert field.unit is not None
            assert field.unit.symbol == symbol


def test_no_part_of_the_source_tells_an_identifier_by_its_shape():
    """441900003001 is a village's code and a possible number of a site."""
    package = Path(domain.__file__).parents[1]
    shapes = re.compile(r"441900|\\d\{12\}|\[0-9\]\{12\}|len\([^)]*\)\s*==\s*12")
    found = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "docs" not in path.parts and shapes.search(path.read_text("utf-8"))
    ]
    assert found == []


TREES = Collection(
    id="test_trees",
    title=Text(zh="古树", en="Old trees"),
    description=Text(zh="测试图层", en="A layer for a test"),
    geometry=GeometryType.POINT,
    key=("tree_no",),
    period=Period("planted_on"),
    fields=(
        Field(name="tree_no", type=FieldType.TEXT, title=Text(zh="编号", en="No"), nullable=False),
        Field(name="planted_on", type=FieldType.DATE, title=Text(zh="种植日期", en="Planted")),
        Field(
            name="height_m",
            type=FieldType.NUMBER,
            title=Text(zh="高", en="Height"),
            minimum=Decimal(0),
        ),
        Field(name="risk", type=FieldType.TEXT, title=Text(zh="风险", en="Risk"), codes=RISK_LEVEL),
    ),
)


@pytest.fixture
def trees(own_database, monkeypatch):
    """A database and a catalogue in which somebody has added one declaration to the domain."""
    monkeypatch.setattr(domain.places, "test_trees", TREES, raising=False)
    built_in_collections.cache_clear()
    table, history = tables().current(TREES), tables().history(TREES)
    with own_database.migration() as connection:
        for each in (table, history):
            each.create(connection)
        run(connection, programs.for_collection(TREES))
    yield own_database
    monkeypatch.undo()
    built_in_collections.cache_clear()
    for each in (table, history):
        tables().metadata.remove(each)
    tables()._made.pop(TREES.id)


def test_one_declaration_is_enough_for_a_layer_with_rules_history_and_features(trees):
    assert Catalog()["test_trees"] is TREES
    table = tables().current(TREES)
    tree = {"tree_no": "1", "planted_on": "1900-01-01", "geom": "SRID=4490;POINT(113 22)"}

    def write(statement: sa.Executable) -> None:
        with trees.change(actor="林", door="test") as connection:
            connection.execute(statement)

    write(sa.insert(table).values(**tree, risk="low"))
    write(sa.update(table).values(height_m=12.5))
    for wrong, field in (
        ({"tree_no": "2", "height_m": -1.0}, "height_m"),
        ({"tree_no": "2", "risk": "great"}, "risk"),
        ({"tree_no": "1"}, "tree_no"),
        ({"tree_no": None}, "tree_no"),
    ):
        with pytest.raises(RejectedFeature) as refusal:
            write(sa.insert(table).values(**tree | wrong))
        assert refusal.value.parts["field"] == field
    every = versions(TREES)
    heights = [row.height_m for row in trees.rows(sa.select(every).order_by(every.c.version))]
    assert heights == [None, 12.5]
    text = trees.scalar(feature_text(table, shown_fields(TREES, Query())))
    assert json.loads(text)["properties"] == {
        "tree_no": "1",
        "planted_on": "1900-01-01",
        "height_m": 12.5,
        "risk": "low",
    }
    assert len(trees.rows(features(TREES, Query()))) == 1


def test_a_declaration_without_a_migration_is_drift(trees):
    from geoservice.store import schema

    with trees.migration() as connection:
        connection.execute(sa.text("drop table registers.test_trees_history"))
    assert ("add_table", "test_trees_history") in [
        (difference[0], difference[1].name)
        for difference in schema.drift(trees)
        if difference[0] == "add_table"
    ]


def test_two_declarations_with_one_id_are_an_error(monkeypatch):
    other = Collection(id="towns", title=TREES.title, description=TREES.title, fields=())
    monkeypatch.setattr(domain.hazards, "other_towns", other, raising=False)
    with pytest.raises(ValueError, match="two collections are called towns"):
        built_in_collections.__wrapped__()


def test_the_catalogue_is_in_the_order_of_ids_and_names_what_there_is():
    catalog = Catalog([TREES])
    ids = [collection.id for collection in catalog]
    assert ids == sorted(ids)
    assert "test_trees" in catalog
    assert "test_trees" not in Catalog()
    with pytest.raises(UnknownCollection) as refusal:
        catalog["forests"]
    assert refusal.value.parts["allowed"] == ids
