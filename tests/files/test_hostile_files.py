"""Archives and files that want to do harm are refused with the reason, and leave nothing behind."""

import gzip
import io
import json
import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geoservice.errors import GeoserviceError, TooLarge, UnreadableFile
from geoservice.files import archives
from geoservice.files.options import ImportOptions
from geoservice.files.reading import opened

POINT = '{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{}}'
VRT = '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'  # fmt: skip  # noqa: E501


def _zip(
    entries: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] | None = None
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if change:
                change(info)
            archive.writestr(info, body)
    return out.getvalue()


def _link(info: zipfile.ZipInfo) -> None:
    info.external_attr = 0o120777 << 16


def _encrypted() -> bytes:
    body = bytearray(_zip({"a.geojson": POINT.encode()}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(mark) + offset] |= 1
    return bytes(body)


ARCHIVES = {
    "slip": _zip({"../../x.geojson": POINT.encode()}),
    "absolute": _zip({"/tmp/x.geojson": POINT.encode()}),
    "backslash": _zip({"..\\x.geojson": POINT.encode()}),
    "drive": _zip({"C:/x.geojson": POINT.encode()}),
    "link": _zip({"x.geojson": b"/etc/passwd"}, _link),
    "nested": _zip({"x.zip": _zip({"x.geojson": POINT.encode()})}),
    "encrypted": _encrypted(),
    "many entries": _zip({f"{n}.txt": b"" for n in range(1001)}),
    "bomb": _zip({"x.geojson": bytes(200 * 2**20)}),
    "same name twice": _zip({"a/x.geojson": POINT.encode(), "b/x.geojson": POINT.encode()}),
    "two layers": _zip({"a.geojson": POINT.encode(), "b.geojson": POINT.encode()}),
    "no layer": _zip({"readme.txt": b"hello"}),
    "no archive": b"PK\x03\x04 but nothing more",
    "cut off": _zip({"x.geojson": POINT.encode()})[:-30],
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_hostile_archive_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "upload.zip"
    path.write_bytes(ARCHIVES[kind])
    before = set(Path(tempfile.gettempdir()).glob("geoservice-*"))
    with pytest.raises((UnreadableFile, TooLarge)), opened(path, ImportOptions()):
        pass
    assert set(Path(tempfile.gettempdir()).glob("geoservice-*")) - before == set()


def test_a_good_archive_is_read_and_limits_hold_at_their_value(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "upload.zip"
    path.write_bytes(_zip({"a.geojson": POINT.encode(), "readme.txt": b"x" * 100}))
    size = len(POINT) + 100
    with opened(path, ImportOptions(max_unpacked_bytes=size)) as source:
        assert source.total == 1
    with pytest.raises(TooLarge), opened(path, ImportOptions(max_unpacked_bytes=size - 1)):
        pass
    monkeypatch.setattr(archives, "MAX_ENTRY_BYTES", len(POINT) - 1)
    with pytest.raises(TooLarge), opened(path, ImportOptions()):
        pass


def _deep(levels: int) -> str:
    return '{"type":"Polygon","coordinates":' + "[" * levels + "]" * levels + "}"


def _nested_wkb(levels: int) -> bytes:
    return struct.pack("<BII", 1, 7, 1) * levels + struct.pack("<BIdd", 1, 1, 0, 0)


def _parquet(geometry: bytes) -> bytes:
    geo = {"version": "1.1.0", "primary_column": "g", "columns": {"g": {"encoding": "WKB", "geometry_types": []}}}  # fmt: skip  # noqa: E501
    table = pa.table({"g": pa.array([geometry], pa.binary())})
    out = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), out)
    return out.getvalue()


FILES = {
    "vrt.geojson": VRT.encode(),
    "vrt.gpkg": VRT.encode(),
    "pipeline.geojson": b'{"type":"gdal_streamed_alg","command_line":"gdal vector pipeline"}',
    "deep.geojson": _deep(200_000).encode(),
    "html.json": b"<html></html>",
    "text.fgb": b"hello",
    "text.shp": b"hello",
    "database.gpkg": b"SQLite format 3\0" + bytes(1000),
    "bad.parquet": b"PAR1 nonsense PAR1",
    "bad.xlsx": b"PK\x03\x04",
    "empty.csv": b"",
    "twice.csv": b"a,a\n1,2\n",
    "program.exe": b"MZ",
    "cut.csv.gz": gzip.compress(b"a,b\n1,2\n" * 1000)[:-20],
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_not_what_its_extension_says_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    with pytest.raises(GeoserviceError), opened(path, ImportOptions()) as source:
        list(source.batches())


def test_a_gzip_bomb_stops_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 1_000_000))
    with pytest.raises(TooLarge), opened(path, ImportOptions(max_unpacked_bytes=1_000_000)):
        pass


def test_nested_collections_never_reach_the_geometry_library(publishing, tmp_path: Path) -> None:
    path = tmp_path / "deep.parquet"
    path.write_bytes(_parquet(_nested_wkb(100_000)))
    report = publishing("deep", path)
    assert (report.state, list(report.issue_counts)) == ("refused", ["invalid-geometry"])
    text = tmp_path / "deep.csv"
    text.write_text("wkt\n" + '"' + "GEOMETRYCOLLECTION(" * 50_000 + ")" * 50_000 + '"\n')
    report = publishing("deep", text, crs="4490")
    assert (report.state, list(report.issue_counts)) == ("refused", ["invalid-geometry"])
