"""The history of a feature from the client: versions, what each changed, and the way back."""

from uuid import UUID

import pandas as pd
import pytest
import shapely

from geoservice.client import Client, errors


@pytest.fixture
def zones(connect_as):
    return Client(connect_as("editor"))["zones"]


@pytest.fixture
def uid(zones):
    """A zone with three versions: renamed, then moved."""
    with zones.edit(reason="新增") as edit:
        edit.insert(
            zone_no="CL-H",
            kind="industry_city",
            name="一",
            geometry=shapely.box(113.70, 22.90, 113.71, 22.91),
        )
    uid = edit.change.features["id"].iloc[0]
    with zones.edit(reason="改名") as edit:
        edit.update(uid, name="二")
    with zones.edit(reason="移动") as edit:
        edit.update(uid, geometry=shapely.box(113.72, 22.90, 113.73, 22.91))
    yield uid
    if zones.where(zone_no="CL-H").count():
        with zones.edit() as edit:
            edit.delete(uid)


def test_versions_tell_who_when_why_and_what(zones, uid):
    history = zones.history(uid)
    assert list(history.index) == [3, 2, 1]
    assert list(history["why"]) == ["移动", "改名", "新增"]
    assert set(history["who"]) == {"editor"}
    assert set(history["door"]) == {"rest"}
    assert history["changes"].loc[2] == {"name": ("一", "二")}
    assert "geometry" in history["changes"].loc[3]
    assert history["changes"].loc[1] is None
    assert history["to"].isna().tolist() == [True, False, False]
    assert history["from"].iloc[0] == history["to"].iloc[1]
    assert history["from"].dtype == "datetime64[us, UTC]"
    assert history["ended_by"].tolist()[1:] == ["update", "update"]


def test_people_are_not_named_to_everybody(city, uid):
    history = city["zones"].history(uid)
    assert history["who"].isna().all()
    assert history["why"].isna().all()
    assert len(history) == 3


def test_a_version_is_shown_as_it_was(zones, uid):
    first = zones.version(uid, 1)
    assert first["name"].iloc[0] == "一"
    assert first.geometry.iloc[0].bounds == (113.70, 22.90, 113.71, 22.91)
    assert list(first) == list(zones.get(uid))
    assert first.attrs["geoservice"]["version"] == 1


def test_a_version_is_restored_as_a_new_one(zones, uid):
    change = zones.restore(uid, 1, reason="回退")
    assert change.features["version"].iloc[0] == 4
    assert zones.get(uid)["name"].iloc[0] == "一"
    assert zones.history(uid)["why"].iloc[0] == "回退"


def test_a_deleted_feature_keeps_its_history_and_comes_back(zones, uid):
    with zones.edit(reason="误删") as edit:
        edit.delete(uid)
    assert zones.history(uid)["ended_by"].iloc[0] == "delete"
    with pytest.raises(errors.DeletedFeature):
        zones.get(uid)
    zones.restore(uid, 3, reason="恢复")
    assert zones.get(uid)["name"].iloc[0] == "二"


def test_what_never_was_is_refused(zones, uid):
    with pytest.raises(errors.UnknownFeature):
        zones.history(UUID(int=7))
    with pytest.raises(errors.NotFound):
        zones.version(uid, 9)
    with pytest.raises(errors.NotFound):
        zones.restore(uid, 9, reason="x")


def test_long_histories_are_read_page_by_page(zones, uid, monkeypatch):
    json = zones.client.connection.json

    def two_at_a_time(path, parameters=None):
        if path.endswith("/versions"):
            parameters = {**(parameters or {}), "limit": 2}
        return json(path, parameters)

    monkeypatch.setattr(zones.client.connection, "json", two_at_a_time)
    history = zones.history(uid)
    assert list(history.index) == [3, 2, 1]
    assert pd.isna(history["to"].iloc[0])
