"""What affects a place, from the client: places of every kind, verdicts, and what is refused."""

import warnings

import geopandas as gpd
import pytest
import shapely

from geoservice.chinese_offsets import wgs84_to_bd09, wgs84_to_gcj02
from geoservice.client import Client, OffsetSuspected, errors

DAY = "2021-06-25"
HERE = (113.712, 22.8477)  # in the footprint of a hazard site of 虎门 (datasets/dongguan/README.md)
STATES = {"yes", "no", "not_covered", "not_assessed"}


@pytest.fixture
def english(connect_as) -> Client:
    return Client(connect_as(language="en"))


def verdicts(check) -> dict[str, str]:
    return dict(zip(check.layers["layer"], check.layers["verdict"], strict=True))


def test_each_layer_says_yes_no_not_covered_or_not_assessed(city):
    """Villages hold no geometry; parcels are stated to be partial; the town is 虎门."""
    check = city.check(HERE, as_of=DAY)
    said = verdicts(check)
    assert set(said.values()) == STATES
    assert said["hazard_sites"] == said["towns"] == "yes"
    assert said["risk_zones"] == "no"
    assert said["villages"] == "not_covered"
    assert said["land_parcels"] == "not_assessed"
    rows = check.layers.set_index("layer")
    assert rows.loc["towns", "nearest"] == "虎门镇"
    assert rows.loc["hazard_sites", "distance_m"] == 0
    assert rows.loc["facilities", "distance_m"] > 500
    assert check.counts["state"]["yes"] == 3


@pytest.mark.parametrize(
    "place",
    [
        shapely.Point(HERE),
        f"{HERE[0]},{HERE[1]}",
        f"POINT({HERE[0]} {HERE[1]})",
        f'{{"type": "Point", "coordinates": [{HERE[0]}, {HERE[1]}]}}',
        gpd.GeoSeries([shapely.Point(HERE)], crs=4490).to_crs(4547),
    ],
)
def test_a_place_means_the_same_however_it_is_given(city, place):
    assert verdicts(city.check(place, as_of=DAY)) == verdicts(city.check(HERE, as_of=DAY))


def test_each_row_of_a_frame_is_a_place(city):
    shapes = [shapely.Point(HERE), shapely.Point(113.95, 22.75)]
    frame = gpd.GeoDataFrame(index=["甲", "乙"], geometry=shapes, crs=4490).to_crs(4526)
    check = city.check(frame, distance_m=300, as_of=DAY)
    assert list(check.layers["place"].unique()) == ["甲", "乙"]
    first = check.layers[check.layers["place"] == "甲"]
    assert dict(zip(first["layer"], first["verdict"], strict=True)) == verdicts(
        city.check(HERE, distance_m=300, as_of=DAY)
    )
    assert check.counts["places"] == 2
    assert check.parameters["distance_m"] == 300
    assert "frame.geojson" in check.parameters["file"]


def test_a_file_is_checked_feature_by_feature(city, tmp_path):
    table = tmp_path / "地点.csv"
    table.write_text("name,lon,lat\nA,113.712,22.8477\nB,113.95,22.75\n", "utf-8")
    check = city.check(table, source_crs="EPSG:4490", as_of=DAY)
    assert list(check.layers["place_label"].unique()) == ["A", "B"]
    assert list(check.layers["place"].unique()) == [1, 2]
    assert check.parameters["file"].startswith("地点.csv sha256:")


def test_a_shapefile_is_taken_with_its_parts(city, tmp_path):
    frame = gpd.GeoDataFrame({"名称": ["甲"]}, geometry=[shapely.Point(HERE)], crs=4490)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_crs(4547).to_file(tmp_path / "places.shp", encoding="GBK")
    check = city.check(tmp_path / "places.shp", as_of=DAY)
    assert verdicts(check) == verdicts(city.check(HERE, as_of=DAY))
    assert list(check.layers["place_label"].unique()) == ["甲"]


def test_a_feature_and_a_parcel_are_named(city):
    assert verdicts(city.check("towns/441900121", as_of=DAY))["towns"] == "yes"
    parcel = city["land_parcels"].sort("parcel_no").head(1).iloc[0]["parcel_no"]
    check = city.check(parcel)
    assert check.parameters["feature"] == f"land_parcels/{parcel}"
    assert verdicts(check)["land_parcels"] == "yes"
    assert city.check("SYN-ZB-001").parameters["feature"] == "quota_parcels/SYN-ZB-001"


def test_layers_are_chosen(city):
    assert list(verdicts(city.check(HERE, layers=["towns", "risk_zones"]))) == [
        "risk_zones",
        "towns",
    ]
    assert list(verdicts(city.check(HERE, layers="towns"))) == ["towns"]
    with pytest.raises(errors.UnknownCollection) as refusal:
        city.check(HERE, layers="town")
    assert refusal.value.nearest == ["towns"]


@pytest.mark.parametrize(("datum", "shifted"), [("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)])
def test_coordinates_of_web_maps_are_warned_of_and_read_when_they_are_stated(
    english, datum, shifted
):
    point = english["facilities"].where(kind="kindergarten").sort("facility_no").head(1).geometry
    there = tuple(map(float, shifted(point.x.iloc[0], point.y.iloc[0])))
    with pytest.warns(OffsetSuspected) as warned:
        check = english.check(there)
    assert warned[0].filename == __file__
    assert [each.code for each in check.issues] == [f"suspected-{datum}"]
    assert f"suspected-{datum}" in check._repr_html_()
    stated = english.check(there, source_crs=datum)
    assert stated.issues == ()
    assert stated.layers.set_index("layer").loc["facilities", "distance_m"] < 0.5
    frame = gpd.GeoSeries([shapely.Point(there)] * 2, crs=4326)
    with pytest.warns(OffsetSuspected):
        english.check(frame)
    assert english.check(frame, source_crs=datum).issues == ()


def test_a_card_tells_no_data_from_no(english):
    card = english.check(HERE, as_of=DAY)._repr_html_()
    for said in ("● yes", "○ no<", "∅ not covered: no data", "? not assessed"):
        assert said in card


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ((22.8477, 113.712), "latitude, longitude"),
        ((474558.0, 2546852.0), "EPSG:4547"),
        (gpd.GeoSeries([shapely.Point(1, 2)] * 2), "set_crs"),
        (gpd.GeoSeries([shapely.Point(HERE), None], crs=4490), r"\[1\]"),
        (gpd.GeoSeries([shapely.Point(HERE), shapely.Point()], crs=4490), "empty"),
        (shapely.Polygon([(113, 22), (114, 23), (114, 22), (113, 23)]), "Self-intersection"),
    ],
)
def test_a_place_that_cannot_be_is_refused_with_the_reason(english, place, said):
    with pytest.raises(errors.BadGeometry, match=said):
        english.check(place)


def test_metres_are_read_where_their_crs_is_said(city):
    x, y = gpd.GeoSeries([shapely.Point(HERE)], crs=4490).to_crs(4547).iloc[0].coords[0]
    check = city.check((x, y), source_crs="EPSG:4547", as_of=DAY)
    assert verdicts(check)["hazard_sites"] == "yes"
    frame = gpd.GeoSeries([shapely.Point(x, y)], crs=4547)
    with pytest.raises(errors.BadParameter) as refusal:  # a frame says its own
        city.check(frame, source_crs="EPSG:4547")
    assert refusal.value.parts["name"] == "source_crs"


def test_what_is_not_there_is_refused(city, tmp_path):
    with pytest.raises(errors.UnknownFeature, match="NOPE"):
        city.check("NOPE")
    with pytest.raises(errors.UnknownFeature):
        city.check("towns/NOPE")
    with pytest.raises(errors.UnknownParameter) as refusal:
        city.check(HERE, distance=5)
    assert refusal.value.nearest == ["distance_m"]
    with pytest.raises(FileNotFoundError):
        city.check(tmp_path / "nothing.shp")
    with pytest.raises(errors.BadParameter):
        city.check(5)


def test_too_many_places_are_refused_before_they_are_sent(city, monkeypatch):
    limit = city.connection.json("/")["limits"]["max_check_features"]
    many = gpd.GeoSeries([shapely.Point(HERE)] * (limit + 1), crs=4490)
    monkeypatch.setattr(city.connection, "send", None)
    with pytest.raises(errors.TooLarge) as refusal:
        city.check(many)
    assert (refusal.value.parts["actual"], refusal.value.parts["limit"]) == (limit + 1, limit)
