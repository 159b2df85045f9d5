"""Text of DBF and CSV: decided by a rule, stated with a preview, overridden, never guessed."""

import struct
import zipfile
from pathlib import Path

import pytest

from geoservice.errors import BadParameter, UnreadableFile
from geoservice.files.options import ImportOptions
from geoservice.files.reading import opened

ROWS = "name,lon,lat\n隐患点名称,113.7,23.0\n石碣镇,113.8,23.1\n"
MOJIBAKE = "Òþ»¼µãÃû³Æ"


def shapefile(folder: Path, name: bytes, cpg: str | None, column: bytes = b"NAME") -> Path:
    """A shapefile of one point with one text, byte for byte."""
    point = struct.pack("<idd", 1, 113.7, 23.0)
    record = struct.pack(">ii", 1, len(point) // 2) + point
    box = struct.pack("<4d", 113.7, 23.0, 113.7, 23.0) + bytes(32)
    for suffix, body in ((".shp", record), (".shx", struct.pack(">ii", 50, len(point) // 2))):
        size = (100 + len(body)) // 2
        head = struct.pack(">7i", 9994, 0, 0, 0, 0, 0, size) + struct.pack("<ii", 1000, 1)
        (folder / f"layer{suffix}").write_bytes(head + box + body)
    field = column.ljust(11, b"\0") + b"C" + bytes(4) + bytes([40, 0]) + bytes(14)
    head = bytes([3, 121, 1, 1]) + struct.pack("<IHH", 1, 32 + 32 + 1, 41) + bytes(20)
    (folder / "layer.dbf").write_bytes(head + field + b"\r" + b" " + name.ljust(40) + b"\x1a")
    if cpg is not None:
        (folder / "layer.cpg").write_text(cpg)
    (folder / "layer.prj").write_text('GEOGCS["China Geodetic Coordinate System 2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]')  # fmt: skip  # noqa: E501
    return folder / "layer.shp"


@pytest.mark.parametrize(
    ("encoding", "cpg", "given", "decided"),
    [
        ("utf-8", "UTF-8", None, "utf-8"),
        ("gb18030", "GBK", None, "gb18030"),
        ("gb18030", "936", None, "gb18030"),
        ("utf-8", None, None, "utf-8"),
        ("gb18030", None, None, "gb18030"),
        ("big5", None, "big5", "big5"),
    ],
)
def test_the_text_of_a_shapefile_is_read_right_and_the_decision_stated(
    encoding: str, cpg: str | None, given: str | None, decided: str, tmp_path: Path
) -> None:
    text = "隱患點" if encoding == "big5" else "隐患点名称"
    path = shapefile(tmp_path, text.encode(encoding), cpg)
    with opened(path, ImportOptions(encoding=given)) as source:
        assert source.encoding is not None
        assert (source.encoding.name, source.encoding.preview) == (decided, (text,))
        assert next(source.batches()).column("NAME").to_pylist() == [text]
        assert source.encoding.decided_by.zh


def test_a_cpg_that_lies_is_an_error_and_can_be_overridden(tmp_path: Path) -> None:
    path = shapefile(tmp_path, "隐患点名称".encode("gb18030"), "UTF-8")
    with pytest.raises(UnreadableFile, match="encoding"), opened(path, ImportOptions()):
        pass
    with opened(path, ImportOptions(encoding="GBK")) as source:
        assert next(source.batches()).column("NAME").to_pylist() == ["隐患点名称"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read_as_utf8_if_it_is_that_and_else_as_gb18030(
    encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "sites.csv"
    path.write_bytes(ROWS.encode(encoding))
    with opened(path, ImportOptions()) as source:
        assert source.columns.names == ["name", "lon", "lat"]
        assert next(source.batches()).column("name").to_pylist() == ["隐患点名称", "石碣镇"]


def test_bytes_of_no_known_encoding_and_unknown_names_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_bytes(b"name,lon,lat\n\xff\xff\xff,1,1\n")
    with pytest.raises(UnreadableFile), opened(path, ImportOptions()):
        pass
    with pytest.raises(BadParameter), opened(path, ImportOptions(encoding="klingon")):
        pass


def test_text_decoded_wrongly_before_it_came_is_suspected(publishing, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(f"name,lon,lat\n{MOJIBAKE},113.7,23.0\nÉcole,113.7,23.0\n", "utf-8")
    report = publishing("bad", path, crs="4490")
    assert [(i.code, i.row) for i in report.issues] == [("mojibake", 1)]
    assert report.state == "committed"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_a_name_cut_inside_a_character_is_recognised(
    encoding: str, checking, tmp_path: Path
) -> None:
    name = "灾害点名称" if encoding == "utf-8" else "A灾害点名称"
    cut = name.encode(encoding)[:10]
    path = shapefile(tmp_path, "石碣".encode(encoding), None, column=cut)
    report = checking("hazard_sites", path)
    columns = [*report.reading["mapping"]["unmapped_columns"]]
    columns += [each["column"] for each in report.reading["mapping"]["fields"]]
    assert "灾害点" in "".join(filter(None, columns))


def test_a_zipped_shapefile_with_chinese_file_names_is_read(tmp_path: Path) -> None:
    shapefile(tmp_path, "甲".encode("gb18030"), None)
    archive = tmp_path / "东莞.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for part in tmp_path.glob("layer.*"):
            file.write(part, f"数据/{part.name}")
    with opened(archive, ImportOptions()) as source:
        assert sum(len(batch) for batch in source.batches()) == 1
