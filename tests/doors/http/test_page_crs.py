"""Axis order, with golden coordinates computed by pyproj, whose PROJ is not the database's."""

import pytest
from starlette.testclient import TestClient

from tests.doors.http.conftest import CRS

SHAPES = "/collections/shapes/items"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

# The point 113.75 E 23.02 N as each CRS writes it, in the order of its authority.
GOLDEN = {
    CRS84: (113.75, 23.02),
    CRS.format(4326): (23.02, 113.75),
    CRS.format(4490): (23.02, 113.75),
    CRS.format(4547): (2546774.325, 474373.087),  # northing first
    CRS.format(3857): (12662592.078, 2634437.479),  # easting first
}


@pytest.mark.parametrize("crs", GOLDEN)
def test_coordinates_come_out_in_the_order_of_the_authority(client: TestClient, crs: str) -> None:
    page = client.get(SHAPES, params={"crs": crs, "name": "dongguan"}).json()
    found = page["features"][0]["geometry"]["coordinates"]
    assert found == pytest.approx(GOLDEN[crs], abs=0.002 if max(GOLDEN[crs]) > 180 else 1e-7)


@pytest.mark.parametrize("crs", GOLDEN)
def test_boxes_are_read_in_the_order_of_the_authority(client: TestClient, crs: str) -> None:
    first, second = GOLDEN[crs]
    around = 50.0 if max(first, second) > 180 else 0.001
    box = f"{first - around},{second - around},{first + around},{second + around}"
    page = client.get(SHAPES, params={"bbox": box, "bbox-crs": crs}).json()
    assert [f["properties"]["name"] for f in page["features"]] == ["dongguan"]
    swapped = f"{second - around},{first - around},{second + around},{first + around}"
    other = client.get(SHAPES, params={"bbox": swapped, "bbox-crs": crs})
    assert other.status_code == 400 or other.json()["features"] == []


@pytest.mark.parametrize("crs", GOLDEN)
def test_geometries_in_filters_are_read_in_the_order_of_the_authority(
    client: TestClient, crs: str
) -> None:
    first, second = GOLDEN[crs]
    text = f"DWITHIN(geom, POINT({first!r} {second!r}), 20, 'm')"
    around = 50.0 if max(first, second) > 180 else 0.001
    ring = ", ".join(
        f"{first + dx * around!r} {second + dy * around!r}"
        for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    )
    for condition in (f"S_INTERSECTS(geom, POLYGON(({ring})))", text):
        answer = client.get(SHAPES, params={"filter": condition, "filter-crs": crs})
        assert answer.status_code == 200, answer.text
        found = [f["properties"]["name"] for f in answer.json()["features"]]
        assert found == ["dongguan"], condition


def test_a_name_of_the_form_epsg_n_means_x_first(client: TestClient) -> None:
    answer = client.get(SHAPES, params={"crs": "EPSG:4490", "name": "dongguan"})
    assert answer.json()["features"][0]["geometry"]["coordinates"] == [113.75, 23.02]
    assert answer.headers["content-crs"] == "<EPSG:4490>"


def test_the_urn_means_the_order_of_the_authority(client: TestClient) -> None:
    answer = client.get(SHAPES, params={"crs": "urn:ogc:def:crs:EPSG::4490", "name": "dongguan"})
    assert answer.json()["features"][0]["geometry"]["coordinates"] == [23.02, 113.75]
