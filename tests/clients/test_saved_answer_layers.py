"""A saved answer is a layer like others: for QGIS by WFS and OGC API, for GDAL, in tiles and projects."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from geoservice.store.tables import tables
from tests.clients.conftest import Qgis, Service
from tests.clients.layers import markers
from tests.clients.test_gdal import read, wfs

PARAMETERS = {"this": "markers", "that": "markers", "distance_m": 50_000}


@pytest.fixture(scope="module")
def editor(service: Service) -> Iterator[httpx2.Client]:
    with httpx2.Client(
        base_url=service.address, headers={"x-api-key": service.keys["editor"]}
    ) as client:
        yield client


@pytest.fixture(scope="module")
def rows(editor: httpx2.Client) -> list[dict[str, Any]]:
    """The rows of the question whose answer is saved as `near_markers`."""
    asked = editor.get("/questions/near", params=PARAMETERS).json()["features"]
    body = {"question": "near", "parameters": PARAMETERS}
    assert editor.put("/answers/near_markers", json=body).status_code == 201
    assert len(asked) > 1
    return asked


def distances(features: list[dict[str, Any]]) -> list[float]:
    return sorted(round(each["distance_m"], 3) for each in features)


def expected(rows: list[dict[str, Any]]) -> list[float]:
    return distances([each["properties"] for each in rows])


@pytest.mark.parametrize("version", ["2.0.0", "1.1.0", "1.0.0"])
def test_qgis_shows_it_by_wfs_and_cannot_change_it(
    service: Service, qgis: Qgis, rows: list[dict[str, Any]], version: str
) -> None:
    of = {
        "url": service.wfs,
        "typename": "gs:near_markers",
        "version": version,
        "username": "editor",
        "password": service.keys["editor"],
    }
    known = qgis("layer", of=of)
    assert known["valid"]
    if version != "2.0.0":  # which cannot say it of one layer
        assert known["rights"] == []
    assert known["geometry"] in ("LineString", "MultiLineString", "MultiCurve")
    shown = qgis("features", of=of)["features"]
    assert distances(shown) == expected(rows)
    assert {each["row_id"] for each in shown} == {each["id"] for each in rows}


def test_qgis_shows_it_by_ogc_api_features(
    service: Service, qgis: Qgis, rows: list[dict[str, Any]]
) -> None:
    of = {"provider": "OAPIF", "url": service.address, "typename": "near_markers"}
    assert qgis("layer", of=of)["valid"]
    assert distances(qgis("features", of=of)["features"]) == expected(rows)


def test_gdal_reads_it(service: Service, rows: list[dict[str, Any]]) -> None:
    for dataset, layer in (
        (wfs(service, "2.0.0"), "gs:near_markers"),
        (f"OAPIF:{service.address}", "near_markers"),
    ):
        assert distances(read(dataset, layer)) == expected(rows)


def test_it_is_in_the_project_and_in_tiles(
    service: Service, editor: httpx2.Client, rows: list[dict[str, Any]]
) -> None:
    with zipfile.ZipFile(io.BytesIO(editor.get("/qgis/project.qgz").content)) as archive:
        project = next(name for name in archive.namelist() if name.endswith(".qgs"))
        text = archive.read(project).decode()
    assert "near_markers" in text
    assert "已存回答" in text or "Saved answers" in text
    tile = editor.get("/collections/near_markers/tiles/WebMercatorQuad/8/111/208")
    assert tile.status_code == 200
    assert b"near_markers" in tile.content


def test_qgis_shows_what_a_refresh_has_changed(
    service: Service, editor: httpx2.Client, qgis: Qgis, rows: list[dict[str, Any]]
) -> None:
    table = tables().current(markers)
    with service.database.change(actor="tester", door="test") as connection:
        added = {"name": "new", "geom": "SRID=4490;POINT(113.68 22.76)"}
        connection.execute(sa.insert(table).values(added))
    done = editor.post("/answers/near_markers/refresh").json()["refresh"]
    assert done["entered"] > 0
    of = {"url": service.wfs, "typename": "gs:near_markers", "version": "2.0.0"}
    shown = qgis("features", of=of)["features"]
    assert len(shown) == len(rows) + done["entered"]
    asked = editor.get("/questions/near", params=PARAMETERS).json()["features"]
    assert distances(shown) == expected(asked)
