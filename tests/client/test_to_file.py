"""Files of queries: the format by the ending, all features in them, whole or not there."""

import json
import os
import stat
import zipfile
from pathlib import Path

import geopandas
import httpx2
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from geoservice.client import Client, Connection, SavedFile, errors
from geoservice.client.files import FORMATS, format_of, replacing

ENDINGS = [ending for endings in FORMATS.values() for ending in endings]


@pytest.fixture
def facilities(city: Client):
    return city["facilities"]


def numbers(path: Path) -> set[str]:
    """The numbers of the facilities in a file."""
    name = path.name
    if name.endswith(".arrow"):
        column = pa.ipc.open_file(path).read_all()["facility_no"]
    elif name.endswith(".arrows"):
        column = pa.ipc.open_stream(path.read_bytes()).read_all()["facility_no"]
    elif name.endswith("parquet"):
        column = pyarrow.parquet.read_table(path)["facility_no"]
    elif name.endswith(".csv"):
        column = pd.read_csv(path)["facility_no"]
    elif name.endswith(".xlsx"):
        with zipfile.ZipFile(path) as archive:
            texts = b"".join(archive.read(each) for each in archive.namelist()).decode()
        return {f"SYN-{part.split('<')[0]}" for part in texts.split(">SYN-")[1:]}
    elif name.endswith(".zip"):
        frame = geopandas.read_file(f"zip://{path}")
        column = frame[
            next(each for each in frame if frame[each].astype(str).str.startswith("SYN-").all())
        ]
    else:
        column = geopandas.read_file(path)["facility_no"]
    return set(column.to_pylist() if isinstance(column, pa.ChunkedArray) else column)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_holds_every_feature_of_the_query(facilities, tmp_path: Path, ending: str):
    query = facilities.where(kind=["hospital", "primary_school"])
    target = tmp_path / f"facilities{ending}"
    saved = query.to_file(target)
    assert isinstance(saved, SavedFile)
    assert saved.path == target
    assert saved.bytes == target.stat().st_size > 0
    assert saved.features in (None, 36 + 86)
    assert [each.name for each in tmp_path.iterdir()] == [target.name]
    expected = query.select("facility_no").to_gdf()["facility_no"]
    assert numbers(target) == set(expected)
    assert len(expected) == 36 + 86


def test_geojson_is_a_document_of_any_length_in_longitude_and_latitude(
    city: Client, tmp_path: Path
):
    # More than a page of the service holds would be cut if a page were asked for.
    path = tmp_path / "sites.geojson"
    city["hazard_sites"].to_file(path)
    document = json.loads(path.read_text("utf-8"))
    assert document["type"] == "FeatureCollection"
    assert len(document["features"]) == 169
    assert set(document) == {"type", "features"}
    empty = tmp_path / "none.geojson"
    city["hazard_sites"].where("1 = 0").to_file(empty)
    assert json.loads(empty.read_text("utf-8")) == {"type": "FeatureCollection", "features": []}


def test_geojson_lines_hold_one_feature_each_and_a_sequence_its_separators(city, tmp_path: Path):
    lines = (tmp_path / "a.geojsonl", tmp_path / "a.geojsons")
    for path in lines:
        city["risk_zones"].to_file(path)
    plain, sequence = (path.read_bytes() for path in lines)
    assert [json.loads(line)["type"] for line in plain.splitlines()] == ["Feature"] * 40
    assert sequence.count(b"\x1e") == 40
    assert sequence.replace(b"\x1e", b"") == plain


@pytest.mark.parametrize("ending", [".geojson", ".geojsonl", ".geojsons"])
def test_geojson_in_another_crs_is_refused(facilities, tmp_path: Path, ending: str):
    with pytest.raises(errors.UnknownCrs, match="CRS84"):
        facilities.crs(4547).to_file(tmp_path / f"f{ending}")
    facilities.crs("CRS84").limit(1).to_file(tmp_path / f"f{ending}")
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_is_in_the_crs_of_the_query(facilities, tmp_path: Path):
    facilities.crs(4547).limit(3).to_file(tmp_path / "f.gpkg")
    assert geopandas.read_file(tmp_path / "f.gpkg").crs.to_epsg() == 4547


@pytest.mark.parametrize("name", ["f.dwg", "f", "f.shp", ".gpkg", "f.gpkg.bak"])
def test_an_ending_that_is_no_format_is_refused_with_those_there_are(facilities, tmp_path, name):
    with pytest.raises(errors.UnknownFormat) as caught:
        facilities.to_file(tmp_path / name)
    assert ".gpkg" in caught.value.parts["allowed"]
    assert list(tmp_path.iterdir()) == []


def test_a_format_by_name_goes_before_the_ending(facilities, tmp_path: Path):
    facilities.limit(2).to_file(tmp_path / "f.txt", format="csv")
    assert len(pd.read_csv(tmp_path / "f.txt")) == 2
    with pytest.raises(errors.UnknownFormat) as caught:
        facilities.to_file(tmp_path / "f.txt", format="gpgk")
    assert caught.value.nearest == ["gpkg"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("F.GPKG", "gpkg"), ("f.shp.zip", "shp"), ("f.zip", "shp"), ("a.b.GeoJSON", "geojson")],
)
def test_endings_are_read_in_capitals_or_not(name: str, expected: str):
    assert format_of(Path(name), None, FORMATS, "en") == expected


def test_a_file_that_is_there_is_replaced(facilities, tmp_path: Path):
    path = tmp_path / "f.csv"
    path.write_text("old")
    facilities.limit(1).to_file(path)
    assert path.read_text("utf-8-sig").startswith("uid,")


def test_nothing_is_left_and_nothing_replaced_when_it_does_not_come(tmp_path: Path, city: Client):
    def broken(request: httpx2.Request) -> httpx2.Response:
        def blocks():
            yield b"id,name\n1,"
            raise httpx2.ReadError("gone")

        return httpx2.Response(200, headers={"Transfer-Encoding": "chunked"}, content=blocks())

    facilities = city["facilities"]
    assert facilities.fields
    path = tmp_path / "f.csv"
    path.write_text("old")
    working = city.connection
    city.connection = Connection("http://broken.test", transport=httpx2.MockTransport(broken))
    try:
        for target in (path, tmp_path / "new.csv"):
            with pytest.raises(errors.InterruptedStream):
                facilities.to_file(target)
    finally:
        city.connection.close()
        city.connection = working
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["f.csv"]


def test_a_refusal_of_the_service_leaves_nothing(facilities, tmp_path: Path):
    with pytest.raises(errors.BadFilter):
        facilities.where("name >").to_file(tmp_path / "f.gpkg")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(facilities, tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        facilities.to_file(tmp_path / "nowhere" / "f.csv")


def test_a_new_file_may_be_read_by_those_who_may_read_any_new_file(tmp_path: Path):
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "f") as file:
            file.write(b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o640


def test_a_saved_file_is_a_path(facilities, tmp_path: Path):
    saved = facilities.limit(1).to_file(tmp_path / "f.csv")
    with open(saved, encoding="utf-8-sig") as file:
        assert file.readline().startswith("uid,")
