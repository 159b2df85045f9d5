"""A description that contradicts itself is refused where it is written."""

from dataclasses import FrozenInstanceError, replace

import pytest

from geoservice.description.collection import (
    CodePair,
    Collection,
    Field,
    FieldType,
    GeometryType,
    InOrder,
    Period,
)
from geoservice.domain.code_lists import HAZARD_TYPE_A
from geoservice.languages import Text

ANY = Text(zh="样本", en="Sample")


def field(name: str, type: FieldType = FieldType.TEXT, **rest: object) -> Field:
    return Field(name=name, type=type, title=ANY, **rest)  # type: ignore[arg-type]


def layer(*fields: Field, **rest: object) -> Collection:
    given = {"id": "layer", "title": ANY, "description": ANY, "fields": fields}
    return Collection(**given | rest)  # type: ignore[arg-type]


@pytest.mark.parametrize("id", ["a", "hazard_sites", "a1_", "a" * 44])
def test_an_id_is_plain_snake_case_of_at_most_44_characters(id):
    assert layer(id=id).id == id


@pytest.mark.parametrize("id", ["", "A", "1a", "_a", "a-b", "a b", "表", "a" * 45, "a\n", 'a"'])
def test_any_other_id_is_refused(id):
    with pytest.raises(ValueError, match="snake case"):
        layer(id=id)


@pytest.mark.parametrize("name", ["a", "名称", "a b", 'a"b', "字" * 21, "x" * 63])
def test_a_field_keeps_the_name_of_its_file(name):
    assert layer(field(name)).by_name[name].name == name


@pytest.mark.parametrize("name", ["", "字" * 22, "x" * 64, "a\0b"])
def test_a_field_name_beyond_63_bytes_is_refused(name):
    with pytest.raises(ValueError, match="63 bytes"):
        field(name)


@pytest.mark.parametrize(
    "name", ["uid", "version", "recorded_at", "superseded_at", "change_id", "geom"]
)
def test_the_names_of_the_store_are_taken(name):
    with pytest.raises(ValueError, match="taken by the store"):
        field(name)


def test_two_fields_with_one_name_are_refused():
    with pytest.raises(ValueError, match="two fields have one name"):
        layer(field("a"), field("a", FieldType.INTEGER))


@pytest.mark.parametrize(
    "rest",
    [
        {"key": ("missing",)},
        {"label": "missing"},
        {"town": "missing"},
        {"accuracy_m": "missing"},
        {"best_geometry": ("missing", "geom")},
        {"period": Period("missing")},
        {"period": Period("there", "missing")},
        {"rules": (InOrder("there", "missing"),)},
        {"rules": (CodePair("missing", "there", (HAZARD_TYPE_A,)),)},
    ],
)
def test_a_field_that_is_mentioned_must_be_there(rest):
    with pytest.raises(ValueError, match="no field 'missing'"):
        layer(field("there"), **rest)


@pytest.mark.parametrize(
    ("type", "rest"),
    [
        (FieldType.GEOMETRY, {}),
        (FieldType.TEXT, {"geometry": GeometryType.POINT}),
        (FieldType.DECIMAL, {}),
        (FieldType.NUMBER, {"digits": (14, 2)}),
        (FieldType.INTEGER, {"many": True}),
        (FieldType.GEOMETRY, {"geometry": GeometryType.POINT, "many": True}),
    ],
)
def test_what_a_type_needs_is_given_and_nothing_else(type, rest):
    with pytest.raises(ValueError, match="a:"):
        field("a", type, **rest)


def test_a_further_geometry_stands_beside_the_own_one():
    zone = field("zone", FieldType.GEOMETRY, geometry=GeometryType.MULTI_POLYGON)
    both = layer(zone, geometry=GeometryType.POINT)
    assert both.geometry_fields == ("geom", "zone")
    assert both.geometry_type("geom") is GeometryType.POINT
    assert both.geometry_type("zone") is GeometryType.MULTI_POLYGON
    assert layer(zone).geometry_fields == ("zone",)
    with pytest.raises(KeyError):
        layer(zone).geometry_type("geom")


def test_private_fields_are_not_public():
    collection = layer(field("seen"), field("hidden", private=True))
    assert [each.name for each in collection.public_fields] == ["seen"]


@pytest.mark.parametrize(
    ("type", "single"),
    [
        (GeometryType.MULTI_POINT, GeometryType.POINT),
        (GeometryType.MULTI_LINE_STRING, GeometryType.LINE_STRING),
        (GeometryType.MULTI_POLYGON, GeometryType.POLYGON),
        (GeometryType.POINT, GeometryType.POINT),
        (GeometryType.GEOMETRY, GeometryType.GEOMETRY),
    ],
)
def test_a_multi_type_has_parts_of_the_single_type(type, single):
    assert type.single is single


def test_a_description_cannot_be_changed_and_equals_its_copy():
    collection = layer(field("a"))
    with pytest.raises(FrozenInstanceError):
        collection.id = "b"  # type: ignore[misc]
    assert replace(collection) == collection
    assert replace(collection, id="b") != collection
