"""What a collection says of itself, and one feature of it."""

import json
from pathlib import Path

import geopandas
import pandas as pd
import pytest

from geoservice.client import Client, errors

DATASETS = Path(__file__).parents[2] / "datasets/dongguan"


def rows(id: str) -> list[dict]:
    """The properties of a demo file's features."""
    features = json.loads((DATASETS / f"{id}.geojson").read_text("utf-8"))["features"]
    return [each["properties"] for each in features]


def test_a_collection_says_what_it_is(city: Client):
    zones = city["risk_zones"]
    assert zones.id == "risk_zones"
    assert zones.title == "地质灾害风险区"
    assert zones.titles == {"zh": "地质灾害风险区", "en": "Geological-hazard risk zones"}
    assert zones.feature_count == 40
    assert zones.geometry_type == "MultiPolygon"
    assert zones.attribution == "市自然资源局 地质灾害风险区划成果"
    assert zones.licence is None
    assert "risk_zones" in repr(zones)
    west, south, east, north = zones.extent
    assert 113.5 < west < east < 114.3
    assert 22.7 < south < north < 23.2


def test_a_table_without_geometry_says_so(city: Client):
    entries = city["funding_entries"]
    assert entries.geometry_type is None
    assert entries.extent is None
    assert entries.fields.geometry_name is None


def test_fields_have_titles_types_units_and_codes(city: Client):
    fields = city["hazard_sites"].fields
    assert list(fields)[:3] == ["site_no", "site_no_scheme", "field_no"]
    assert "geom" not in fields
    assert "uid" not in fields
    height = fields["slope_height_m"]
    assert (height.type, height.unit, height.nullable) == ("number", "m", True)
    assert fields["name"].nullable is False
    assert fields["register_kind"].codes["risk_point"] == "风险点"
    assert fields["triggers"].type == "list"
    assert fields["triggers"].codes["2"] == "降雨"
    assert fields["footprint"].type == "geometry"
    assert fields["registered_on"].type == "date"
    assert fields["merged_into"].type == "uuid"
    assert fields["town_code"].refers_to == "towns"
    assert fields["is_cut_slope_housing"].type == "boolean"
    assert city["risk_zones"].fields["area_ellipsoid_m2"].read_only
    assert city["risk_zones"].fields["scale_denominator"].type == "integer"
    assert city["quota_entries"].fields["amount_m2"].type == "decimal"


def test_fields_speak_the_language_of_the_client(connect_as):
    fields = Client(connect_as(language="en"))["hazard_sites"].fields
    assert fields["slope_height_m"].title == "Slope height"
    assert fields["register_kind"].codes["risk_point"] == "risk point"


def test_an_unknown_field_is_told_with_the_nearest_names(city: Client):
    fields = city["hazard_sites"].fields
    with pytest.raises(errors.UnknownProperty) as caught:
        fields["slope_heigth_m"]
    assert caught.value.nearest[0] == "slope_height_m"
    assert fields.get("nothing") is None


def test_fields_become_a_frame_and_a_text(city: Client):
    fields = city["hazard_sites"].fields
    frame = fields.to_frame()
    assert list(frame.index) == list(fields)
    assert frame.loc["slope_height_m", "unit"] == "m"
    assert "slope_height_m" in repr(fields)
    assert "name" in fields._ipython_key_completions_()


def test_null_shares_are_those_of_the_data(city: Client):
    zones = rows("risk_zones")
    withdrawn = sum(each["withdrawn_on"] is None for each in zones)
    assert 0 < withdrawn < len(zones)
    fields = city["risk_zones"].fields
    assert fields["withdrawn_on"].null_share == withdrawn / len(zones)
    assert fields["name"].null_share == 0


def test_null_shares_are_left_out_where_reading_all_would_cost_too_much(
    city: Client, monkeypatch: pytest.MonkeyPatch
):
    zones = city["risk_zones"]
    monkeypatch.setattr("geoservice.client.collection.MOST_COUNTED", 39)
    assert zones.null_shares is None
    assert zones.fields["withdrawn_on"].null_share is None
    monkeypatch.setattr("geoservice.client.collection.MOST_COUNTED", 40)
    assert city["risk_zones"].null_shares is not None


def test_one_feature_is_a_frame_with_one_row_and_its_version(city: Client):
    towns = city["towns"]
    whole = towns.to_gdf()
    uid = whole.index[whole["name"] == "虎门镇"][0]
    found = towns.get(uid)
    assert isinstance(found, geopandas.GeoDataFrame)
    assert list(found.index) == [uid]
    assert found.crs == whole.crs
    pd.testing.assert_series_equal(found.dtypes, whole.dtypes)
    assert found.geometry.iloc[0].equals(whole.geometry[uid])
    assert found.attrs["geoservice"]["etag"].startswith('"v1-')


def test_one_row_of_a_table_is_a_data_frame(city: Client):
    rules = city["quota_rules"]
    whole = rules.to_gdf()
    found = rules.get(whole.index[0])
    assert not isinstance(found, geopandas.GeoDataFrame)
    pd.testing.assert_frame_equal(found, whole.iloc[[0]])


@pytest.mark.parametrize("uid", ["0", "01a20f26-3f3b-700b-a3f0-7bad93d44390", "../../questions"])
def test_a_feature_that_is_not_there_is_told(city: Client, uid: str):
    with pytest.raises(errors.UnknownFeature, match="towns"):
        city["towns"].get(uid)


def test_offered_reference_systems_are_named(city: Client):
    assert city["towns"].crs_offered[0].endswith("/OGC/1.3/CRS84")
    assert any(uri.endswith("/EPSG/0/4547") for uri in city["towns"].crs_offered)
