"""What comes from outside is one value of its field, or refused with the reason."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import orjson
import pytest

from geoservice.crs import CRS84
from geoservice.description.collection import Collection, Field, FieldType, GeometryType
from geoservice.editing.values import from_json, from_text, values_from_geojson
from geoservice.errors import Malformed, RejectedFeature, UnknownProperty
from geoservice.languages import Text

ANY = Text(zh="样本", en="Sample")


def field(name: str, type: FieldType, **more: object) -> Field:
    return Field(name=name, type=type, title=ANY, **more)


SAMPLES = Collection(
    id="samples",
    title=ANY,
    description=ANY,
    geometry=GeometryType.POINT,
    fields=(
        field("text", FieldType.TEXT, max_length=5),
        field("integer", FieldType.INTEGER),
        field("long", FieldType.LONG),
        field("number", FieldType.NUMBER),
        field("decimal", FieldType.DECIMAL, digits=(18, 2)),
        field("boolean", FieldType.BOOLEAN),
        field("date", FieldType.DATE),
        field("datetime", FieldType.DATETIME),
        field("uuid", FieldType.UUID),
        field("texts", FieldType.TEXT, many=True),
        field("uuids", FieldType.UUID, many=True),
        field("outline", FieldType.GEOMETRY, geometry=GeometryType.POLYGON),
        field("telephone", FieldType.TEXT, private=True),
    ),
)
UID = UUID("0190a0f0-0000-7000-8000-000000000001")
OTHER = UUID("0190a0f0-0000-7000-8000-000000000002")


def of_json(name: str, value: object) -> object:
    return from_json(SAMPLES, SAMPLES.by_name[name], value)


def of_text(name: str, text: str) -> object:
    return from_text(SAMPLES, SAMPLES.by_name[name], text)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("text", "一二三四五", "一二三四五"),
        ("text", "", ""),
        ("text", "a\n\tb", "a\n\tb"),
        ("text", "\U00020000", "\U00020000"),
        ("integer", 2147483647, 2147483647),
        ("integer", -2147483648, -2147483648),
        ("integer", 3.0, 3),
        ("integer", Decimal("3.0"), 3),
        ("long", 9223372036854775807, 9223372036854775807),
        ("long", -9223372036854775808, -9223372036854775808),
        ("number", 0.1, 0.1),
        ("number", 3, 3.0),
        ("number", 2**53, float(2**53)),
        ("decimal", 12.34, Decimal("12.34")),
        ("decimal", 12, Decimal(12)),
        ("decimal", 12.30, Decimal("12.3")),
        ("decimal", "1234567890123456.78", Decimal("1234567890123456.78")),
        ("decimal", Decimal("1234567890123456.78"), Decimal("1234567890123456.78")),
        ("decimal", "1.2000", Decimal("1.2000")),
        ("decimal", "1e3", Decimal(1000)),
        ("decimal", 0, Decimal(0)),
        ("boolean", True, True),
        ("boolean", False, False),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("datetime", "2024-02-29T08:00:00Z", datetime(2024, 2, 29, 8, tzinfo=UTC)),
        ("datetime", "2024-02-29T08:00:00.123Z", datetime(2024, 2, 29, 8, 0, 0, 123000, UTC)),
        ("datetime", "2024-02-29T08:00:00+08:00", datetime(2024, 2, 29, tzinfo=UTC)),
        ("datetime", "2024-02-29t08:00:00.123456000z", datetime(2024, 2, 29, 8, 0, 0, 123456, UTC)),
        ("uuid", str(UID).upper(), UID),
        ("texts", ["甲", "乙"], ["甲", "乙"]),
        ("texts", [], []),
        ("uuids", [str(UID)], [UID]),
        ("text", None, None),
        ("texts", None, None),
    ],
)
def test_a_json_value_of_its_field_is_taken(name, value, expected):
    found = of_json(name, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("name", "value", "english"),
    [
        ("text", 1, "a text"),
        ("text", True, "a text"),
        ("text", ["a"], "a text"),
        ("text", "一二三四五六", "at most 5 characters, not 6"),
        ("text", "a\0b", "control characters"),
        ("text", "a\x1bb", "control characters"),
        ("text", "\ud800", "surrogate"),
        ("integer", "3", "a whole number"),
        ("integer", "", "a whole number"),
        ("integer", True, "a whole number"),
        ("integer", 3.5, "a whole number"),
        ("integer", 2147483648, "-2147483648 to 2147483647"),
        ("integer", -2147483649, "-2147483648 to 2147483647"),
        ("long", 9223372036854775808, "to 9223372036854775807"),
        ("long", 9.3e18, "a whole number"),
        pytest.param("long", 10**10000, "to 9223372036854775807", id="endless long"),
        ("number", float("nan"), "finite"),
        ("number", float("inf"), "finite"),
        pytest.param("number", 10**10000, "finite", id="endless number"),
        ("number", 2**53 + 1, "lose digits"),
        ("number", "0.1", "a number"),
        ("decimal", 12.345, "16 digits before the point and 2 after it"),
        ("decimal", 0.001, "2 after it"),
        ("decimal", 10**16, "16 digits before the point"),
        pytest.param("decimal", 10**10000, "16 digits before the point", id="endless decimal"),
        ("decimal", 1234567890123456.78, "as a string"),
        ("decimal", float("nan"), "finite"),
        ("decimal", "NaN", "finite"),
        ("decimal", "1,5", "finite"),
        ("decimal", "1e999", "16 digits before the point"),
        ("boolean", 1, "true or false"),
        ("boolean", "true", "true or false"),
        ("date", "2027-02-29", "a date that exists"),
        ("date", "0000-01-01", "a date that exists"),
        ("date", "2024-2-29", "a date that exists"),
        ("date", "20240229", "a date that exists"),
        ("date", "２０２４-02-29", "a date that exists"),
        ("date", "2024-02-29T00:00:00Z", "a date that exists"),
        ("date", 20240229, "a date that exists"),
        ("datetime", "2024-02-29T08:00:00", "with its offset"),
        ("datetime", "2024-02-29", "with its offset"),
        ("datetime", "2024-02-30T08:00:00Z", "with its offset"),
        ("datetime", "2024-02-29T24:00:00Z", "with its offset"),
        ("datetime", "2024-02-29T08:00:00+24:00", "with its offset"),
        ("datetime", "2024-02-29T08:00:00.1234567Z", "six"),
        ("datetime", "0001-01-01T00:00:00+14:00", "with its offset"),
        ("datetime", 1709193600, "with its offset"),
        ("uuid", "{0190a0f0-0000-7000-8000-000000000001}", "UUID"),
        ("uuid", "0190a0f0000070008000000000000001", "UUID"),
        ("uuid", 1, "UUID"),
        ("texts", "甲", "a list"),
        ("texts", ["甲", None], "a text"),
        ("texts", ["甲", "甲"], "twice"),
        ("texts", [["甲"]], "a text"),
        ("uuids", [str(UID), str(UID).upper()], "twice"),
    ],
)
def test_a_json_value_of_another_kind_is_refused_with_the_reason(name, value, english):
    with pytest.raises(RejectedFeature) as refusal:
        of_json(name, value)
    assert refusal.value.parts["collection"] == "samples"
    assert refusal.value.parts["field"] == name
    assert english in refusal.value.parts["reason"].en
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("text", " 甲 ", " 甲 "),
        ("text", "", ""),
        ("integer", " 3\n", 3),
        ("integer", "+3", 3),
        ("long", "-9223372036854775808", -9223372036854775808),
        ("number", "1e3", 1000.0),
        ("number", ".5", 0.5),
        ("decimal", "1234567890123456.78", Decimal("1234567890123456.78")),
        ("boolean", "true", True),
        ("boolean", "0", False),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("datetime", "2024-02-29T08:00:00.000Z", datetime(2024, 2, 29, 8, tzinfo=UTC)),
        ("uuid", str(UID), UID),
        ("texts", ["甲", "乙"], ["甲", "乙"]),
        ("texts", [], []),
    ],
)
def test_a_text_of_its_field_is_taken(name, text, expected):
    found = of_text(name, text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *((name, "") for name in ("integer", "number", "decimal", "boolean", "date", "datetime", "uuid")),
        ("integer", "3.0"),
        ("integer", "٣"),
        ("integer", "2147483648"),
        ("integer", "9" * 10_000),
        ("long", "9223372036854775808"),
        ("number", "NaN"),
        ("number", "INF"),
        ("number", "1e999"),
        ("number", "0x10"),
        ("number", "1_000"),
        ("decimal", "0.001"),
        ("boolean", "TRUE"),
        ("boolean", "是"),
        ("date", "2027-02-29"),
        ("date", "2024-02-29Z"),
        ("datetime", "2024-02-29T08:00:00"),
        ("uuid", "1"),
        ("text", "一二三四五六"),
        ("text", "a\0"),
        ("texts", ["甲", "甲"]),
    ],
)  # fmt: skip
def test_a_text_of_another_kind_is_refused(name, text):
    with pytest.raises(RejectedFeature) as refusal:
        of_text(name, text)
    assert refusal.value.parts["field"] == name


# Features


def feature(**members: object) -> dict[str, object]:
    return {"type": "Feature"} | members


def values_of(value: object, collection: Collection = SAMPLES, own_id: UUID | None = None):
    return values_from_geojson(value, collection, CRS84, max_vertices=10, own_id=own_id)


def test_a_feature_gives_what_it_names_and_nothing_else():
    point = {"type": "Point", "coordinates": [113.75, 23]}
    assert set(values_of(feature(geometry=point, properties={"text": "甲", "integer": None}))) == {
        "geom",
        "text",
        "integer",
    }
    assert values_of(feature(properties=None)) == {}
    assert values_of(feature(geometry=None)) == {"geom": None}
    assert values_of({"properties": {"number": 1}}) == {"number": 1.0}  # a merge patch


def test_a_further_geometry_is_read_like_the_first():
    ring = [[113, 22], [114, 22], [114, 23], [113, 22]]
    outline = {"type": "Polygon", "coordinates": [ring]}
    assert isinstance(values_of(feature(properties={"outline": outline}))["outline"], bytes)
    with pytest.raises(RejectedFeature, match="outline"):
        values_of(feature(properties={"outline": {"type": "Polygon", "coordinates": [ring[:3]]}}))


@pytest.mark.parametrize("name", ["colour", "", "geom", "version", "telephone", "TEXT"])
def test_an_unknown_or_private_property_is_refused(name):
    with pytest.raises(UnknownProperty) as refusal:
        values_of(feature(properties={name: None}))
    assert "telephone" not in refusal.value.parts["allowed"]


def test_who_sees_a_private_field_writes_it():
    found = values_of(feature(properties={"telephone": "1"}), SAMPLES.unveiled)
    assert found == {"telephone": "1"}


@pytest.mark.parametrize("name", ["id", "uid"])
def test_the_id_of_a_feature_may_be_said_again(name):
    for value in (None, str(UID), str(UID).upper()):
        assert values_of(feature(properties={name: value}), own_id=UID) == {}
        assert values_of(feature(id=value), own_id=UID) == {}
    assert values_of(feature(properties={name: None})) == {}
    for value in (str(OTHER), 7, ""):
        with pytest.raises(RejectedFeature):
            values_of(feature(properties={name: value}), own_id=UID)
        with pytest.raises(RejectedFeature):
            values_of(feature(properties={name: value}))
        with pytest.raises(RejectedFeature):
            values_of(feature(id=value))


def test_a_field_that_is_called_id_is_a_field():
    with_id = replace(SAMPLES, fields=(*SAMPLES.fields, field("id", FieldType.INTEGER)))
    assert values_of(feature(properties={"id": 7}), with_id) == {"id": 7}


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "Feature",
        {"type": "FeatureCollection", "features": []},
        {"type": "Feature", "properties": []},
        {"type": "Feature", "properties": {}, "crs": {"type": "name"}},
        {"type": "Feature", "coordRefSys": "http://www.opengis.net/def/crs/EPSG/0/4547"},
    ],
)
def test_what_is_no_feature_or_in_its_own_crs_is_malformed(value):
    with pytest.raises(Malformed):
        values_of(value)


def test_a_collection_without_geometry_takes_none():
    plain = replace(SAMPLES, geometry=None)
    assert values_of(feature(geometry=None), plain) == {}
    with pytest.raises(RejectedFeature):
        values_of(feature(geometry={"type": "Point", "coordinates": [113, 22]}), plain)


def test_what_orjson_makes_of_a_number_beyond_64_bits_is_not_taken_for_another():
    value = orjson.loads(b"18446744073709551616")
    for name in ("integer", "long"):
        with pytest.raises(RejectedFeature):
            of_json(name, value)
