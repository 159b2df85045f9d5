"""Every collection: file → table → file and back, and every rule of its description, by its issue."""

import json
from pathlib import Path

import pytest
from factories import Feature, invalid_features, valid_feature, write_geojson

from geoservice.catalog import built_in_collections
from geoservice.description.collection import Collection
from geoservice.files.exporting import ExportOptions, collection_records, write
from geoservice.files.formats import FORMATS
from geoservice.query.query import Query
from geoservice.store.database import Database
from geoservice.store.publishing import Registry

EDITABLE = [each for each in built_in_collections() if each.editable]


def _named(collections: list[Collection]) -> list[str]:
    return [each.id for each in collections]


@pytest.fixture
def referred(importing, registry: Registry, tmp_path: Path) -> dict[str, str]:
    """A hazard site and a programme to refer to; the business keys by collection."""
    feature = valid_feature(registry.collection("hazard_sites"), 81)
    feature["properties"] |= {"site_no": "K1", "site_no_scheme": "national_12"}
    importing(
        "hazard_sites", write_geojson(tmp_path / "site.geojson", [feature])
    ).raise_if_refused()
    keys = {"hazard_sites": "K1"}
    programme = valid_feature(registry.collection("remediation_programmes"), 81, keys)
    programme["properties"]["programme_no"] = "K1"
    importing(
        "remediation_programmes", write_geojson(tmp_path / "programme.geojson", [programme])
    ).raise_if_refused()
    return keys | {"remediation_programmes": "K1"}


@pytest.mark.parametrize("collection", EDITABLE, ids=_named(EDITABLE))
def test_valid_features_come_back_equal_in_every_format(
    collection: Collection, referred, importing, database: Database, tmp_path: Path
) -> None:
    made = [valid_feature(collection, number, referred) for number in range(3)]
    report = importing(collection.id, write_geojson(tmp_path / "made.geojson", made))
    assert (report.state, report.inserted) == ("committed", 3), report.to_json()
    records, select = collection_records(collection, Query())
    for format in FORMATS.values():
        if format.id == "arrow" or (collection.geometry is None and format.id in ("fgb", "shp")):
            continue
        path = tmp_path / f"back{format.extension}"
        written = write(database, records, select, format.id, path, ExportOptions())
        again = importing(
            collection.id,
            path,
            crs=None if format.carries_crs or "geojson" in format.id else "4490",
        )
        assert again.state == "unchanged", (format.id, again.to_json())
        assert again.rows == written >= 3
    back = {
        feature["properties"][collection.key[-1]]: feature
        for feature in json.loads((tmp_path / "back.geojson").read_text("utf-8"))["features"]
    }
    for feature in made:
        _assert_equal(collection, feature, back[feature["properties"][collection.key[-1]]]) if (
            collection.id != "hazard_assessments"
        ) else None


def _assert_equal(collection: Collection, made: Feature, got: Feature) -> None:
    assert got["geometry"] == made["geometry"]
    for field in collection.fields:
        if (field.refers_to and field.refers_to.field == "uid") or field.geometry or field.computed:
            continue
        assert got["properties"][field.name] == made["properties"][field.name], field.name


@pytest.mark.parametrize("collection", EDITABLE, ids=_named(EDITABLE))
def test_every_broken_rule_is_an_issue_of_its_row(
    collection: Collection, referred, checking, tmp_path: Path
) -> None:
    broken = []
    for number, (code, field, _) in enumerate(
        invalid_features(collection, valid_feature(collection, 0, referred))
    ):
        for each_code, each_field, feature in invalid_features(
            collection, valid_feature(collection, number + 1, referred)
        ):
            if (each_code, each_field) == (code, field):
                broken.append((code, field, feature))
                break
    features = [valid_feature(collection, 80, referred), *(feature for _, _, feature in broken)]
    report = checking(collection.id, write_geojson(tmp_path / "broken.geojson", features))
    found = {(issue.row, issue.code, issue.field) for issue in report.issues if issue.row}
    wanted = {(number, code, field) for number, (code, field, _) in enumerate(broken, 2)}
    assert {each for each in wanted if each not in found} == set()
    assert not [issue for issue in report.issues if issue.row == 1]
    assert report.accepted == len(features) - report.rejected
    assert report.rejected == len(broken)


def test_a_collection_that_cannot_be_edited_takes_no_file(importing, tmp_path: Path) -> None:
    from geoservice.errors import BadParameter

    with pytest.raises(BadParameter, match="code_lists"):
        importing("code_lists", write_geojson(tmp_path / "x.geojson", []))
