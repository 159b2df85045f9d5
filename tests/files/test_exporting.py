"""Exports: whole or visibly not, harmless in spreadsheets, with their CRS, connections given back."""

import csv
import io
import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from factories import valid_feature, write_geojson

from geoservice.crs import Crs
from geoservice.errors import UnknownFormat
from geoservice.files import columnar
from geoservice.files.exporting import (
    About,
    ExportOptions,
    collection_records,
    opened,
    stream,
    write,
)
from geoservice.files.formats import FORMATS
from geoservice.files.layers import short_names
from geoservice.query.query import Query
from geoservice.store import database as store
from geoservice.store.statements import row_count

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


def test_a_parquet_file_that_fails_has_no_foot_even_after_whole_row_groups(
    towns, database, monkeypatch
) -> None:
    monkeypatch.setattr(columnar, "_ROW_GROUP_ROWS", 1)
    records, select = collection_records(towns, Query())
    blocks: list[bytes] = []

    def fail(_connection) -> About:
        raise UnknownFormat(value="x", allowed="y")

    with pytest.raises(UnknownFormat):
        opened(database, records, select, "parquet", ExportOptions(), fail)
    whole = stream(database, records, select, "parquet", ExportOptions())
    blocks.append(next(whole))
    whole.close()
    assert blocks[0].startswith(b"PAR1")
    assert not blocks[0].endswith(b"PAR1")


def test_a_file_tells_what_its_rows_are(towns, database) -> None:
    records, select = collection_records(towns, Query())

    def tell(connection) -> About:
        count = connection.execute(row_count(select)).scalar_one()
        return About(facts={"title": "镇街"}, matched=count)

    for format in ("arrow", "parquet"):
        found = opened(database, records, select, format, ExportOptions(), tell)
        content = b"".join(found.blocks)
        assert found.matched == 3
        if format == "arrow":
            table = pa.ipc.open_stream(content).read_all()
            assert table.schema.names[0] == "id"
            assert table.schema.names[-1] == "geometry"
        else:
            file = pq.ParquetFile(io.BytesIO(content))
            table = file.read().replace_schema_metadata(file.metadata.metadata)
            assert table.schema.names[0] == "uid"  # as an import reads it again
        assert json.loads(table.schema.metadata[b"geoservice"]) == {"title": "镇街"}
        assert table.num_rows == 3


@pytest.mark.parametrize("format", STREAMED)
def test_a_file_is_of_the_state_in_which_it_was_opened(
    format: str, towns, database, importing, tmp_path: Path
) -> None:
    records, select = collection_records(towns, Query())
    found = opened(database, records, select, format, ExportOptions())
    more = [valid_feature(towns, number) for number in range(3, 5)]
    importing("towns", write_geojson(tmp_path / "more.geojson", more)).raise_if_refused()
    path = tmp_path / f"towns{FORMATS[format].extension}"
    path.write_bytes(b"".join(found.blocks))
    if format == "arrow":
        rows = pa.ipc.open_stream(path.read_bytes()).read_all().num_rows
    elif format == "csv":
        rows = len(list(csv.DictReader(path.read_text("utf-8").splitlines())))
    else:
        rows = len(gpd.read_parquet(path) if format == "parquet" else gpd.read_file(path))
    assert rows == 3


def test_row_groups_are_of_the_wanted_size(towns, database, monkeypatch) -> None:
    monkeypatch.setattr(columnar, "_ROW_GROUP_ROWS", 2)
    monkeypatch.setattr(store, "_BATCH_BYTES", 1)
    records, select = collection_records(towns, Query())
    content = b"".join(stream(database, records, select, "parquet", ExportOptions()))
    file = pq.ParquetFile(io.BytesIO(content))
    groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert groups == [2, 1]
    covering = json.loads(file.metadata.metadata[b"geo"])["columns"]["geometry"]["covering"]
    assert covering["bbox"]["xmin"] == ["bbox", "xmin"]


def test_whoever_watches_is_told_of_the_rows_and_can_stop(towns, database, tmp_path: Path) -> None:
    records, select = collection_records(towns, Query())

    class Watching:
        def __init__(self, most: int) -> None:
            self.most = most
            self.seen: list[object] = []

        def begin(self, cancel) -> None:
            self.seen.append("begin")

        def expect(self, total: int) -> None:
            self.seen.append(("of", total))

        def reached(self, rows: int) -> None:
            self.seen.append(rows)
            if rows > self.most:
                raise UnknownFormat(value="x", allowed="y")

        def end(self) -> None:
            self.seen.append("end")

    path = tmp_path / "out" / "towns.csv"
    path.parent.mkdir()
    patient = Watching(3)
    write(database, records, select, "csv", path, ExportOptions(), watcher=patient)
    assert patient.seen == ["begin", ("of", 3), 3, "end"]
    path.unlink()
    with pytest.raises(UnknownFormat):
        write(database, records, select, "csv", path, ExportOptions(), watcher=Watching(2))
    assert list(path.parent.iterdir()) == []


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
