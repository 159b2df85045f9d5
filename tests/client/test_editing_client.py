"""Transactions from the client: all or nothing, with the versions that were seen, sent once."""

import datetime
import warnings
from decimal import Decimal
from uuid import UUID

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geoservice.client import Client, Collection, errors

SQUARE = shapely.box(113.70, 22.90, 113.71, 22.91)
OTHER = shapely.box(113.72, 22.90, 113.73, 22.91)


@pytest.fixture
def zones(connect_as):
    """A collection to be edited; what a test has put into it is taken away afterwards."""
    collection = Client(connect_as("editor", language="en"))["zones"]
    yield collection
    left = collection.where("zone_no LIKE 'CL-%'").to_gdf()
    if len(left):
        with collection.edit() as edit:
            edit.delete(left)


@pytest.fixture
def zone(zones: Collection) -> str:
    """A zone of the test's own."""
    return inserted(zones, "CL-0")


def inserted(zones: Collection, number: str) -> str:
    with zones.edit(reason="a test") as edit:
        edit.insert(zone_no=number, kind="industry_city", name="测试", geometry=SQUARE)
    return edit.change.features["id"].iloc[0]


def name_of(zones: Collection, uid: str) -> str:
    return zones.get(uid)["name"].iloc[0]


def two_zones() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "zone_no": ["CL-1", "CL-2"],
            "kind": pd.array(["industry_city"] * 2, dtype="string"),
            "name": ["甲", "乙"],
            "threshold_mu": [1000.5, np.nan],
            "valid_from": pd.to_datetime(["2021-01-01", None]),
            "town_code": pd.array(["441900121", pd.NA], dtype="string"),
        },
        geometry=[SQUARE, OTHER],
        crs=4490,
    )


# New features


def test_a_frame_is_inserted_as_one_change_in_whatever_crs_it_says(zones):
    with zones.edit(reason="2021 survey") as edit:
        edit.insert(two_zones().to_crs(4547))
    stored = zones.where(zone_no=["CL-1", "CL-2"]).sort("zone_no").to_gdf()
    assert list(stored["name"]) == ["甲", "乙"]
    assert stored["threshold_mu"].iloc[0] == 1000.5
    assert stored["threshold_mu"].isna().iloc[1]
    assert stored["valid_from"].iloc[0] == pd.Timestamp("2021-01-01")
    assert stored["valid_from"].isna().iloc[1]
    assert stored["town_code"].isna().iloc[1]
    # A millionth of a millionth of a degree: to EPSG:4547 and back.
    assert shapely.hausdorff_distance(stored.geometry.iloc[0], SQUARE) < 1e-9
    assert set(edit.change.features["id"]) == set(stored.index)
    assert list(edit.change.features["operation"]) == ["insert", "insert"]
    history = zones.history(stored.index[0])
    assert (history["why"].iloc[0], history["who"].iloc[0]) == ("2021 survey", "editor")
    assert history["change"].iloc[0] == edit.change.id


def test_one_feature_is_inserted_by_its_values(zones):
    with zones.edit() as edit:
        edit.insert(
            {"zone_no": "CL-3", "kind": "industry_city", "name": "丙"},
            area_declared_m2=Decimal("1234567.89"),
            valid_from=datetime.date(2021, 1, 1),
            geometry=gpd.GeoSeries([SQUARE], crs=4490).to_crs(4526),
        )
    stored = zones.get(edit.change.features["id"].iloc[0])
    assert stored["area_declared_m2"].iloc[0] == 1234567.89
    assert stored["valid_from"].iloc[0] == pd.Timestamp("2021-01-01")


def test_a_frame_without_a_crs_is_refused(zones):
    with pytest.raises(errors.BadGeometry, match="set_crs"), zones.edit() as edit:
        edit.insert(two_zones().set_crs(None, allow_override=True))


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (lambda frame: frame.rename(columns={"name": "nmae"}), errors.UnknownProperty, "name"),
        (lambda frame: frame.assign(area_plane_m2=1.0), errors.BadParameter, "leave it out"),
        (lambda frame: frame.assign(threshold_mu=np.inf), errors.BadParameter, "threshold_mu"),
        (lambda frame: frame.assign(valid_from="1.1.2021"), errors.BadDatetime, "valid_from"),
        (lambda frame: frame.assign(name=[{}, {}]), errors.BadParameter, "name"),
        (
            lambda frame: frame.set_geometry(
                [shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), SQUARE], crs=4490
            ),
            errors.BadGeometry,
            "Self-intersection",
        ),
    ],
)
def test_a_frame_that_does_not_fit_is_refused_before_it_is_sent(
    zones, monkeypatch, change, kind, said
):
    len(zones.fields)
    monkeypatch.setattr(zones.client.connection, "send", None)
    with pytest.raises(kind, match=said), zones.edit() as edit:
        edit.insert(change(two_zones()))


def test_more_than_the_service_takes_is_refused_before_it_is_sent(zones, monkeypatch):
    monkeypatch.setattr(zones.client.connection, "send", None)
    most = zones.client.connection.json("/")["limits"]["max_tx_operations"]
    frame = two_zones().iloc[[0] * (most + 1)]
    edit = zones.edit()
    with pytest.raises(errors.TooLarge) as refusal:
        edit.insert(frame)
    assert refusal.value.parts["limit"] == most
    assert len(edit) == 0
    edit.insert(frame.iloc[:most])
    assert len(edit) == most


def test_what_the_service_refuses_names_the_operation_and_stores_nothing(zones):
    frame = two_zones().assign(kind=["industry_city", "no such kind"])
    with pytest.raises(errors.Rejected) as refusal, zones.edit() as edit:
        edit.insert(frame)
    assert refusal.value.parts["operation"] == "operations/1"
    assert zones.where(zone_no=["CL-1", "CL-2"]).count() == 0


def test_geometries_beside_that_of_the_feature_go_back_as_they_came(connect_as):
    """A facility's grounds come as WKT."""
    facilities = Client(connect_as("editor"))["facilities"]
    original = facilities.where("campus IS NOT NULL").sort("facility_no").head(1)
    writable = [each.name for each in facilities.fields.values() if not each.read_only]
    copy = original[[*writable, "geometry"]].assign(facility_no="CL-CAMPUS")
    with facilities.edit() as edit:
        edit.insert(copy)
    uid = edit.change.features["id"].iloc[0]
    try:
        assert facilities.get(uid)["campus"].iloc[0] == original["campus"].iloc[0]
    finally:
        with facilities.edit() as removal:
            removal.delete(uid)


# Changes


def test_only_the_fields_that_are_named_change(zones, zone):
    with zones.edit(reason="renamed") as edit:
        edit.update(zone, name="新名", town_code=pd.NA)
    stored = zones.get(zone)
    assert stored["name"].iloc[0] == "新名"
    assert stored["kind"].iloc[0] == "industry_city"
    assert edit.change.features["version"].iloc[0] == 2


def test_a_geometry_is_changed(zones, zone):
    with zones.edit() as edit:
        edit.update(UUID(zone), geometry=OTHER)
    assert zones.get(zone).geometry.iloc[0].equals(shapely.MultiPolygon([OTHER]))


def test_what_is_not_named_in_a_replacement_becomes_empty(zones):
    with zones.edit() as edit:
        edit.insert(two_zones().iloc[[0]])
    uid = edit.change.features["id"].iloc[0]
    with zones.edit() as edit:
        edit.replace(uid, zone_no="CL-1", kind="industry_city", name="丁", geometry=OTHER)
    assert zones.get(uid)["threshold_mu"].isna().iloc[0]


@pytest.mark.parametrize(
    "row",
    [
        lambda zones, uid: zones.get(uid),
        lambda zones, uid: zones.where(zone_no="CL-0").to_gdf(),
        lambda zones, uid: zones.where(zone_no="CL-0").to_gdf().loc[uid],
        lambda zones, uid: zones.version(uid, 1),
    ],
    ids=["of one feature", "of a frame", "as a series", "of a version"],
)
def test_a_row_that_somebody_has_changed_since_is_not_overwritten(zones, zone, row):
    seen = row(zones, zone)
    with zones.edit() as edit:
        edit.update(seen, name="一")
    assert name_of(zones, zone) == "一"
    with pytest.raises(errors.ChangedMeanwhile), zones.edit() as edit:
        edit.update(seen, name="二")
    assert name_of(zones, zone) == "一"


def test_somebody_who_is_quicker_is_noticed_when_it_is_sent(zones, zone):
    edit = zones.edit()
    edit.update(zone, name="慢")
    with zones.edit() as quicker:
        quicker.update(zone, name="快")
    with pytest.raises(errors.ChangedMeanwhile) as refusal:
        edit.send()
    assert zone in str(refusal.value)
    assert name_of(zones, zone) == "快"


def test_rows_are_deleted_and_restored(zones):
    uids = [inserted(zones, number) for number in ("CL-4", "CL-5")]
    with zones.edit() as edit:
        edit.delete(zones.where(zone_no=["CL-4", "CL-5"]).to_gdf())
    assert zones.where(zone_no=["CL-4", "CL-5"]).count() == 0
    with pytest.raises(errors.DeletedFeature), zones.edit() as edit:
        edit.update(uids[0], name="x")
    with zones.edit() as edit:
        for uid in uids:
            edit.restore(uid, to_version=1)
    assert zones.where(zone_no=["CL-4", "CL-5"]).count() == 2


@pytest.mark.parametrize(
    ("misuse", "kind"),
    [
        (lambda edit, zone: edit.update(zone), errors.BadParameter),
        (lambda edit, zone: edit.update(zone, nmae="x"), errors.UnknownProperty),
        (lambda edit, zone: edit.update("0" * 8, name="x"), errors.GeoserviceError),
        (lambda edit, zone: edit.update(str(UUID(int=7)), name="x"), errors.UnknownFeature),
        (lambda edit, zone: edit.update(two_zones(), name="x"), errors.BadParameter),
        (lambda edit, zone: edit.update(5, name="x"), errors.BadParameter),
        (lambda edit, zone: edit.insert(5), errors.BadParameter),
        (lambda edit, zone: edit.insert(two_zones(), name="x"), errors.BadParameter),
    ],
)
def test_what_cannot_be_meant_is_refused(zones, zone, misuse, kind):
    with pytest.raises(kind), zones.edit() as edit:
        misuse(edit, zone)
    assert name_of(zones, zone) == "测试"


def test_a_row_of_another_collection_is_refused(zones):
    row = zones.client["towns"].head(1)
    with pytest.raises(errors.BadParameter, match="zones"), zones.edit() as edit:
        edit.update(row, name="x")


# All or nothing, once


def test_an_exception_in_the_block_sends_nothing(zones, zone):
    edit = zones.edit()
    with pytest.raises(RuntimeError), edit:  # noqa: PT012
        edit.update(zone, name="x")
        raise RuntimeError
    assert edit.change is None
    assert name_of(zones, zone) == "测试"


def test_an_empty_edit_sends_nothing(zones, monkeypatch):
    monkeypatch.setattr(zones.client.connection, "send", None)
    with zones.edit() as edit:
        pass
    assert edit.change is None
    assert edit.preview() is None


def test_a_preview_checks_and_stores_nothing(zones, zone):
    edit = zones.edit(reason="maybe")
    edit.update(zone, name="也许")
    edit.insert(two_zones())
    preview = edit.preview()
    assert preview.id is None
    assert list(preview.features["operation"]) == ["update", "insert", "insert"]
    assert name_of(zones, zone) == "测试"
    assert zones.where(zone_no="CL-1").count() == 0
    edit.insert(two_zones().iloc[[0]])
    with pytest.raises(errors.GeoserviceError):
        edit.preview()


def test_an_edit_whose_answer_was_lost_is_stored_once(zones, monkeypatch):
    connection = zones.client.connection
    send = connection.send

    def losing(*given, **more):
        send(*given, **more)
        raise errors.ConnectionFailed("en", address=connection.address, reason="lost")

    monkeypatch.setattr(connection, "send", losing)
    with pytest.raises(errors.ConnectionFailed), zones.edit() as edit:
        edit.insert(two_zones())
    monkeypatch.undo()
    change = edit.send()
    assert edit.send() is change
    assert zones.where(zone_no=["CL-1", "CL-2"]).count() == 2
    assert len(zones.history(change.features["id"].iloc[0])) == 1
    with pytest.raises(errors.BadParameter):
        edit.delete(change.features["id"].iloc[0])


def test_without_a_key_it_is_told_what_to_do(city, zone):
    with (
        pytest.raises(errors.Unauthenticated, match=r"login\(\).*GEOSERVICE_KEY"),
        city["zones"].edit() as edit,
    ):
        edit.update(zone, name="x")


def test_analysts_edit_nothing(connect_as, zone):
    with (
        pytest.raises(errors.Forbidden),
        Client(connect_as("analyst"))["zones"].edit() as edit,
    ):
        edit.delete(zone)


def test_a_change_shows_what_was_done(zones, zone):
    with zones.edit() as edit, warnings.catch_warnings():
        edit.update(zone, name="x")
    assert zone in repr(edit.change)
    assert zone in edit.change._repr_html_()
