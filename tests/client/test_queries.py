"""Queries of the live service: what they find, in which form, and what they refuse."""

import json
import shlex
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import geopandas
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from pyproj import Geod

from geoservice.client import Client, Collection, Query, errors

DATASETS = Path(__file__).parents[2] / "datasets/dongguan"
CGCS2000 = Geod(a=6378137, rf=298.257222101)
PLACE = (113.67, 22.82)


def file(id: str) -> geopandas.GeoDataFrame:
    """A demo file as geopandas reads it."""
    return geopandas.read_file(DATASETS / f"{id}.geojson")


@pytest.fixture
def sites(city: Client) -> Collection:
    return city["hazard_sites"]


@pytest.fixture
def facilities(city: Client) -> Collection:
    return city["facilities"]


@pytest.fixture
def english(connect_as) -> Client:
    return Client(connect_as(language="en"))


# Counted in the file hazard_sites.geojson: 169 sites.
@pytest.mark.parametrize(
    ("equals", "expected"),
    [
        ({"register_kind": "risk_point"}, 37),
        ({"register_kind": ["risk_point", "hidden_danger"]}, 169),
        ({"register_kind": "risk_point", "plan_level": "1"}, 0),
        ({"slope_height_m": None}, 51),
        ({"triggers": "2"}, 131),
        ({"triggers": ["2", "3"]}, 169),
        ({"plan_level": ["3", None]}, 24),
        ({"name": []}, 0),
        ({"name": "' OR 1=1 OR ''='"}, 0),
    ],
)
def test_where_counts_what_the_file_holds(sites: Collection, equals: dict, expected: int):
    assert sites.where(**equals).count() == expected


def test_where_compares_values_of_every_type(city: Client, sites: Collection):
    whole = sites.to_gdf()
    for name in ("registered_on", "is_cut_slope_housing", "slope_height_m", "merged_into"):
        value = whole[name].dropna().iloc[0]
        found = sites.where(**{name: value}).to_gdf()
        assert set(found.index) == set(whole.index[(whole[name] == value).fillna(False)]), name
    entries = city["quota_entries"].to_gdf()
    amount = entries["amount_m2"].iloc[0]
    assert city["quota_entries"].where(amount_m2=amount).count() == sum(
        entries["amount_m2"] == amount
    )


def test_text_and_equals_hold_together(sites: Collection):
    # In the file 76 sites are higher than 20 m.
    assert sites.where("slope_height_m > 20").count() == 76
    both = sites.where("slope_height_m > 20 OR slope_height_m IS NULL", register_kind="risk_point")
    found = file("hazard_sites")
    height, kind = found["slope_height_m"], found["register_kind"]
    assert both.count() == sum(((height > 20) | height.isna()) & (kind == "risk_point"))
    assert both.where(name=[]).count() == 0


def test_a_query_is_not_changed_by_the_next(sites: Collection):
    first = sites.where(register_kind="risk_point")
    second = first.where(plan_level="1")
    assert isinstance(second, Query)
    assert (first.count(), second.count()) == (37, 0)
    assert sites.count() == 169


def test_a_day_shows_what_was_registered_then(sites: Collection):
    found = file("hazard_sites")
    begun, ended = pd.to_datetime(found["registered_on"]), pd.to_datetime(found["cancelled_on"])
    registered = sites.where(register_kind="hidden_danger")
    for day in (date(2021, 6, 24), date(2021, 6, 25), date(2022, 7, 31)):
        valid = (begun <= pd.Timestamp(day)) & ~(ended <= pd.Timestamp(day))
        expected = sum(valid & (found["register_kind"] == "hidden_danger"))
        assert registered.as_of(day).count() == expected > 100
        assert registered.as_of(pd.Timestamp(day)) == registered.as_of(str(day))
    assert registered.as_of("2021-06-25").to_gdf().attrs["geoservice"]["as_of"] == "2021-06-25"


def test_an_instant_shows_what_the_register_said_then(sites: Collection):
    assert sites.known_at("2020-01-01T00:00:00+08:00").count() == 0
    assert sites.known_at(datetime.now(UTC)).count() == 169
    with pytest.raises(errors.BadDatetime):
        sites.known_at(datetime(2020, 1, 1))


def test_near_measures_on_the_ellipsoid(facilities: Collection):
    points = file("facilities").geometry
    distances = [CGCS2000.inv(*PLACE, point.x, point.y)[2] for point in points]
    for metres in (500, 3000, 20_000):
        expected = sum(distance <= metres for distance in distances)
        assert facilities.near(PLACE, distance_m=metres).count() == expected
    nearest = min(distances)
    assert facilities.near(PLACE, distance_m=nearest - 0.01).count() == 0
    assert facilities.near(PLACE, distance_m=nearest + 0.01).count() == 1


def test_near_takes_geometries_of_any_crs(facilities: Collection):
    lonlat = geopandas.GeoSeries([shapely.Point(PLACE)], crs=4490)
    expected = facilities.near(PLACE, distance_m=3000).count()
    assert expected > 0
    for place in (lonlat, lonlat.to_crs(4547), lonlat.to_frame("geometry"), lonlat.iloc[0]):
        assert facilities.near(place, distance_m=3000).count() == expected


def test_within_a_town_is_what_geopandas_finds(city: Client, facilities: Collection):
    town = city["towns"].where(name="虎门镇").to_gdf()
    assert len(town) == 1
    expected = file("facilities").geometry.within(town.geometry.iloc[0]).sum()
    assert expected > 0
    assert facilities.within(town).count() == expected
    assert facilities.within(town.to_crs(4547)).count() == expected
    assert facilities.within(city["towns"].get(town.index[0])).count() == expected


def test_what_lies_on_the_edge_intersects_and_is_not_within(facilities: Collection):
    point = file("facilities").geometry.iloc[0]
    only = facilities.where(facility_no="SYN-441900003-KG01")
    edge = (point.x, point.y - 0.001, point.x + 0.001, point.y + 0.001)
    inside = (point.x - 0.001, point.y - 0.001, point.x + 0.001, point.y + 0.001)
    beyond = (point.x + 0.000001, point.y - 0.001, point.x + 0.001, point.y + 0.001)
    assert [only.within(box).count() for box in (inside, edge, beyond)] == [1, 0, 0]
    assert [only.intersecting(box).count() for box in (inside, edge, beyond)] == [1, 1, 0]


def test_an_area_that_is_only_partly_in_intersects(city: Client):
    zones = city["risk_zones"]
    shape = zones.limit(1).to_gdf()
    west, south, east, north = shape.total_bounds
    half = (west, south, (west + east) / 2, north)
    assert (
        zones.within((west, south, east, north)).where(zone_no=shape["zone_no"].iloc[0]).count()
        == 1
    )
    assert zones.within(half).where(zone_no=shape["zone_no"].iloc[0]).count() == 0
    assert zones.intersecting(half).where(zone_no=shape["zone_no"].iloc[0]).count() == 1


def test_what_has_no_geometry_is_in_no_area(city: Client):
    # Four of the 36 towns have no area in the file.
    towns = city["towns"]
    assert towns.within((-180, -90, 180, 90)).count() == 32
    assert towns.count() == 36


def test_a_long_area_is_sent_as_json(facilities: Collection):
    circle = shapely.Point(113.75, 22.95).buffer(0.1, quad_segs=100)
    query = facilities.within(circle)
    assert query.parameters["filter-lang"] == "cql2-json"
    assert query.count() == file("facilities").geometry.within(circle).sum()


def test_a_frame_holds_what_geopandas_reads_from_the_service(service, facilities: Collection):
    frame = facilities.to_gdf()
    url = f"{service.address}/collections/facilities/items?f=geojson&limit=10000"
    expected = geopandas.read_file(url).set_index("id").loc[frame.index]
    assert len(frame) == len(expected) == 451
    assert shapely.equals(frame.geometry.to_numpy(), expected.geometry.to_numpy()).all()
    for name in ("facility_no", "name", "kind", "town_code"):
        assert frame[name].tolist() == expected[name].tolist()
    assert frame["capacity"].sum() == expected["capacity"].sum()
    assert frame.crs.to_epsg() == 4490


def test_a_frame_holds_what_the_file_holds(sites: Collection):
    frame, expected = sites.to_gdf().set_index("site_no"), file("hazard_sites").set_index("site_no")
    expected = expected.loc[frame.index]
    assert frame["name"].tolist() == expected["name"].tolist()
    assert (
        frame["slope_height_m"].fillna(-1).tolist()
        == expected["slope_height_m"].fillna(-1).tolist()
    )
    assert frame["triggers"].tolist() == [list(each) for each in expected["triggers"]]
    assert (frame["registered_on"] == pd.to_datetime(expected["registered_on"])).all()


def test_no_features_have_the_same_columns_types_and_crs(city: Client):
    for id in ("hazard_sites", "risk_zones", "quota_entries", "villages"):
        for query in (city[id], city[id].crs(4547), city[id].without_geometry()):
            whole, none = query.to_gdf(), query.where("1 = 0").to_gdf()
            assert len(none) == 0
            pd.testing.assert_series_equal(none.dtypes, whole.dtypes)
            assert none.index.name == whole.index.name == "id"
            assert type(none) is type(whole)
            assert getattr(none, "crs", None) == getattr(whole, "crs", None)


def test_arrow_keeps_decimals(city: Client):
    table = city["quota_entries"].to_arrow()
    assert isinstance(table, pa.Table)
    assert pa.types.is_decimal(table.schema.field("amount_m2").type)
    assert table.num_rows >= 112  # other tests post entries of their own


def test_select_brings_these_fields_and_the_id(sites: Collection):
    frame = sites.select("name", "slope_height_m", "name").limit(3).to_gdf()
    assert list(frame.columns) == ["name", "slope_height_m", "geometry"]
    assert frame.index.name == "id"
    assert list(sites.select().limit(3).to_gdf().columns) == ["geometry"]


def test_without_geometry_it_is_a_data_frame(sites: Collection):
    frame = sites.select("name").without_geometry().limit(3).to_gdf()
    assert not isinstance(frame, geopandas.GeoDataFrame)
    assert list(frame.columns) == ["name"]


@pytest.mark.parametrize(
    "crs", [4547, "EPSG:4547", "epsg:4547", "http://www.opengis.net/def/crs/EPSG/0/4547"]
)
def test_coordinates_come_in_another_crs_with_x_first(sites: Collection, crs: object):
    plane = sites.crs(crs).limit(3).to_gdf()
    assert plane.crs.to_epsg() == 4547
    lonlat = sites.limit(3).to_gdf().to_crs(4547)
    assert plane.geometry.distance(lonlat.geometry).max() < 0.02
    assert 400_000 < plane.geometry.iloc[0].x < 600_000


@pytest.mark.parametrize("crs", [4526, "EPSG:1", "nonsense", None, 4547.5])
def test_a_crs_that_is_not_offered_is_refused(sites: Collection, crs: object):
    with pytest.raises(errors.UnknownCrs, match="EPSG:4547"):
        sites.crs(crs)


def test_sorting_puts_missing_values_last(sites: Collection):
    heights = sites.sort("-slope_height_m", "site_no").to_gdf()["slope_height_m"]
    present = file("hazard_sites")["slope_height_m"].dropna().sort_values(ascending=False)
    assert heights.iloc[: len(present)].tolist() == present.tolist()
    assert heights.iloc[len(present) :].isna().all()


def test_limit_takes_the_first_ones(sites: Collection):
    ordered = sites.sort("site_no").select("site_no")
    whole = ordered.to_gdf()["site_no"].tolist()
    assert whole == sorted(file("hazard_sites")["site_no"])
    assert ordered.limit(7).to_gdf()["site_no"].tolist() == whole[:7]
    assert ordered.head()["site_no"].tolist() == whole[:5]
    assert ordered.limit(7).count() == 7
    assert ordered.limit(1000).count() == 169


@pytest.mark.parametrize("most", [0, -1, 2.5, True, "5", None])
def test_a_limit_that_is_none_is_refused(sites: Collection, most: object):
    with pytest.raises(errors.BadParameter, match="limit"):
        sites.limit(most)  # type: ignore[arg-type]


def test_batches_are_the_frame_in_parts(facilities: Collection):
    ordered = facilities.sort("facility_no")
    batches = list(ordered.iter_batches(200))
    assert [len(batch) for batch in batches] == [200, 200, 51]
    whole = ordered.to_gdf()
    together = pd.concat([pd.DataFrame(batch) for batch in batches])
    pd.testing.assert_frame_equal(together, pd.DataFrame(whole), check_exact=True)
    assert batches[0].crs == whole.crs
    assert batches[2].attrs["geoservice"]["returned"] == 51
    assert [len(batch) for batch in ordered.limit(250).iter_batches(200)] == [200, 50]
    assert [len(batch) for batch in ordered.where("1 = 0").iter_batches()] == [0]


def test_more_features_than_wanted_are_refused_and_none_is_given(city: Client):
    towns = city["towns"]
    assert len(towns.to_gdf(max_features=36)) == 36
    with pytest.raises(errors.TooManyFeatures) as caught:
        towns.to_gdf(max_features=35)
    assert caught.value.parts == {"matched": 36, "limit": 35}
    for way_out in ("within()", "iter_batches()", "max_features="):
        assert way_out in str(caught.value)
    assert len(towns.limit(35).to_gdf(max_features=35)) == 35
    with pytest.raises(errors.TooManyFeatures):
        towns.where("kind = 'town'").to_gdf(max_features=1)


def test_a_frame_says_where_it_comes_from(service, english: Client):
    query = english["hazard_sites"].where(register_kind="risk_point").select("slope_height_m")
    known = query.limit(5).to_gdf().attrs["geoservice"]
    assert known["collection"] == "hazard_sites"
    assert known["title"] == "Geological-hazard sites"
    assert (known["matched"], known["returned"]) == (37, 5)
    assert known["service"] == service.address
    assert known["query"].startswith(f"{service.address}/collections/hazard_sites/items?filter=")
    assert known["fields"] == {"slope_height_m": {"title": "Slope height", "unit": "m"}}
    assert known["attribution"] == "The bureau's registers of hazard sites"
    assert known["synthetic"] is True
    assert known["transport"] == "arrow"
    assert known["data_version"]
    assert json.loads(json.dumps(known)) == known


@pytest.mark.parametrize(
    "ask",
    [
        lambda sites: sites.where(slope_heigth_m=5),
        lambda sites: sites.select("name", "slope_heigth_m"),
        lambda sites: sites.sort("-slope_heigth_m"),
    ],
)
def test_a_wrong_field_is_told_before_any_request(sites: Collection, ask, monkeypatch):
    assert sites.fields
    monkeypatch.setattr(sites.client, "connection", None)
    with pytest.raises(errors.UnknownProperty) as caught:
        ask(sites)
    assert caught.value.nearest[0] == "slope_height_m"


@pytest.mark.parametrize("name", ["triggers", "-footprint"])
def test_what_has_no_order_cannot_be_sorted_by(sites: Collection, name: str):
    with pytest.raises(errors.BadParameter, match="sort"):
        sites.sort(name)


@pytest.mark.parametrize("condition", ["slope_height_m >", "no_such = 1", "name = 5", "F(name)"])
def test_a_condition_that_the_service_cannot_read_is_told_by_it(sites: Collection, condition: str):
    query = sites.where(condition)
    for verb in (query.count, query.to_gdf, query.explain, query.to_arrow):
        with pytest.raises(errors.BadParameter) as caught:
            verb()
        assert caught.value.status == 400


def test_explain_tells_what_would_be_asked(service, connect_as):
    sites = Client(connect_as("editor", language="en"))["hazard_sites"]
    told = sites.where("slope_height_m > 20").near(PLACE, distance_m=3000).limit(2).explain()
    assert told.cql2 == (
        "(slope_height_m > 20) AND DWITHIN(geom, POINT (113.67 22.82), 3000, meters)"
    )
    assert told.url.startswith(f"{service.address}/collections/hazard_sites/items?")
    assert (told.transport, told.is_exact) == ("arrow", True)
    assert told.matched == sites.where("slope_height_m > 20").near(PLACE, distance_m=3000).count()
    assert service.keys["editor"] not in str(told) + told._repr_html_() + repr(told)
    assert told.curl is not None
    words = shlex.split(told.curl)
    assert words[0] == "curl"
    assert words[-1] == told.url
    assert "X-API-Key: $GEOSERVICE_KEY" in words
    assert "matches" in str(told)


def test_the_address_of_a_query_gives_the_same_features(sites: Collection):
    query = sites.where(register_kind="risk_point").crs(4547)
    sent = sites.client.connection.send(
        "GET", query.url.removeprefix(sites.client.connection.address)
    )
    table = pa.ipc.open_stream(BytesIO(sent.content)).read_all()
    assert table.num_rows == 37


def test_a_query_shows_that_it_has_not_been_asked(sites: Collection, monkeypatch):
    query = sites.where(plan_level="3").as_of("2021-06-25").select("name").sort("-name").limit(3)
    monkeypatch.setattr(type(query), "_arriving", None)
    shown = repr(query)
    for part in ("尚未执行", "plan_level = '3'", "2021-06-25", "-name", "limit: 3"):
        assert part in shown


def test_geojson_pages_give_the_same_frame(city: Client, monkeypatch: pytest.MonkeyPatch):
    for id in ("hazard_sites", "risk_zones", "quota_entries"):
        collection = city[id]
        queries = [
            collection,
            collection.limit(30),
            collection.where("1 = 0"),
            collection.select().without_geometry(),
        ]
        streamed = [query.to_gdf() for query in queries]
        monkeypatch.setattr(Collection, "_offers_arrow", False)
        paged = [query.to_gdf() for query in queries]
        monkeypatch.undo()
        for stream, pages in zip(streamed, paged, strict=True):
            assert pages.attrs["geoservice"]["transport"] == "geojson"
            assert pages.attrs["geoservice"]["matched"] == stream.attrs["geoservice"]["matched"]
            pd.testing.assert_frame_equal(pages, stream)


def test_geojson_pages_in_another_crs_have_x_first_and_millimetres(
    city: Client, monkeypatch: pytest.MonkeyPatch
):
    query = city["hazard_sites"].crs(4547)
    streamed = query.to_gdf()
    monkeypatch.setattr(Collection, "_offers_arrow", False)
    paged = query.to_gdf()
    assert paged.crs == streamed.crs
    assert paged.geometry.distance(streamed.geometry).max() < 0.001
    pd.testing.assert_frame_equal(
        pd.DataFrame(paged.drop(columns=["geometry", "footprint", "influence_zone"])),
        pd.DataFrame(streamed.drop(columns=["geometry", "footprint", "influence_zone"])),
    )
    for name in ("footprint", "influence_zone"):
        shapes = [shapely.from_wkt(each[name].dropna().to_numpy()) for each in (paged, streamed)]
        assert shapely.equals_exact(*shapes, tolerance=0.001).all()
