"""Exports: whole or visibly not, harmless in spreadsheets, with their CRS, connections given back."""

import csv
import io
import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from factories import valid_feature, write_geojson

from geoservice.crs import Crs
from geoservice.errors import UnknownFormat
from geoservice.files.exporting import ExportOptions, collection_records, stream, write
from geoservice.files.formats import FORMATS
from geoservice.files.layers import short_names
from geoservice.query.query import Query

STREAMED = [each.id for each in FORMATS.values() if each.streamed]


@pytest.fixture
def towns(importing, registry, tmp_path: Path):
    collection = registry.collection("towns")
    features = [valid_feature(collection, number) for number in range(3)]
    features[0]["properties"]["name"] = "=cmd|' /C calc'!A0"
    importing("towns", write_geojson(tmp_path / "towns.geojson", features)).raise_if_refused()
    return collection


@pytest.mark.parametrize("format", STREAMED)
def test_a_stream_that_fails_raises_and_has_no_end(format: str, towns, database) -> None:
    records, select = collection_records(towns, Query())
    column = select.selected_columns.name
    broken = select.with_only_columns(
        *(c for c in select.selected_columns if c.key != "name"),
        sa.cast(1 / (sa.func.row_number().over() - 3), sa.Text).label(column.key),
    ).order_by(None)
    blocks = []
    with pytest.raises(Exception):  # noqa: B017, PT011 (the driver's own)
        blocks.extend(stream(database, records, broken, format, ExportOptions()))
    text = b"".join(blocks)
    assert not text.endswith(b"]}\n")
    assert not text.endswith(b"\xff\xff\xff\xff\x00\x00\x00\x00")


@pytest.mark.parametrize("format", STREAMED)
def test_a_stream_that_nobody_reads_on_gives_its_connection_back(
    format: str, towns, database
) -> None:
    records, select = collection_records(towns, Query())
    for _ in range(5):  # more than the pool has
        blocks = stream(database, records, select, format, ExportOptions())
        next(blocks)
        next(blocks, None)
        blocks.close()
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"  # fmt: skip  # noqa: E501
    assert database.scalar(sa.text(others)) == 0
    whole = b"".join(stream(database, records, select, format, ExportOptions()))
    assert whole


def test_formulas_are_marked_and_the_byte_order_mark_is_optional(
    towns, database, tmp_path: Path
) -> None:
    records, select = collection_records(towns, Query())
    text = b"".join(stream(database, records, select, "csv", ExportOptions(bom=True)))
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    assert {row["name"] for row in rows} >= {"'=cmd|' /C calc'!A0"}
    assert not b"".join(stream(database, records, select, "csv", ExportOptions())).startswith(
        b"\xef"
    )


def test_binary_formats_say_their_crs_and_keep_x_first(towns, database, tmp_path: Path) -> None:
    records, select = collection_records(towns, Query())
    metric = ExportOptions(
        crs=Crs(4547, "http://www.opengis.net/def/crs/EPSG/0/4547", y_first=True)
    )
    for id in ("gpkg", "fgb", "parquet", "shp"):
        path = tmp_path / f"towns{FORMATS[id].extension}"
        assert write(database, records, select, id, path, metric) == 3
        frame = gpd.read_parquet(path) if id == "parquet" else gpd.read_file(path)
        assert frame.crs.to_epsg() == 4547
        assert 400_000 < frame.total_bounds[0] < 600_000
    table = pa.ipc.open_stream(
        b"".join(stream(database, records, select, "arrow", metric))
    ).read_all()
    metadata = json.loads(table.schema.field("geometry").metadata[b"ARROW:extension:metadata"])
    assert metadata["crs"]["id"]["code"] == 4547


def test_a_shapefile_has_short_ascii_names_and_the_table_of_them(
    towns, database, tmp_path: Path
) -> None:
    assert short_names(["threatened_people", "threatened_households", "名称", "name"]) == {
        "threatened_people": "threatened", "threatened_households": "threaten_2",
        "名称": "F3", "name": "name",
    }  # fmt: skip
    records, select = collection_records(towns, Query())
    path = tmp_path / "towns.shp.zip"
    write(database, records, select, "shp", path, ExportOptions())
    with zipfile.ZipFile(path) as archive:
        assert archive.read("towns.cpg") == b"UTF-8"
        fields = archive.read("fields.csv").decode("utf-8-sig")
    assert "boundary_a,boundary_accuracy_m,界线精度" in fields


def test_a_write_that_fails_leaves_no_file(towns, database, tmp_path: Path) -> None:
    records, select = collection_records(towns, Query())
    path = tmp_path / "out" / "towns.geojson"
    path.parent.mkdir()
    broken = select.where(sa.literal(1) / sa.literal(0) > 0)
    with pytest.raises(Exception):  # noqa: B017, PT011 (the driver's own)
        write(database, records, broken, "geojson", path, ExportOptions())
    assert list(path.parent.iterdir()) == []
    with pytest.raises(UnknownFormat):
        write(database, records, select, "dwg", path, ExportOptions())


def test_an_empty_collection_is_a_whole_document(database, registry, tmp_path: Path) -> None:
    records, select = collection_records(registry.collection("towns"), Query())
    text = b"".join(stream(database, records, select, "geojson", ExportOptions()))
    assert json.loads(text) == {"type": "FeatureCollection", "features": []}
    for id, format in FORMATS.items():
        assert (
            write(database, records, select, id, tmp_path / f"x{format.extension}", ExportOptions())
            == 0
        )
