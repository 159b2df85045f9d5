"""Files → sources, for every format that is read; the file must be what its extension says.

A GDAL driver is never chosen by GDAL alone: the first bytes are compared with the extension before,
the driver with an allow-list after, so that a `.geojson` that is a VRT opens nothing else.
"""

import csv
import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from geoservice.description.collection import FieldType
from geoservice.errors import BadParameter, TooLarge, UnreadableFile
from geoservice.files import geoparquet, shapefiles, tables
from geoservice.files.archives import unpacked
from geoservice.files.encodings import Encoding
from geoservice.files.layers import ALIASES
from geoservice.files.options import ImportOptions
from geoservice.files.plain import plain, plain_type
from geoservice.files.source import BATCH_ROWS, GEOMETRY, Source
from geoservice.languages import Text

_DRIVERS = {
    ".shp": "ESRI Shapefile",
    ".gpkg": "GPKG",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".geojsonl": "GeoJSONSeq",
    ".geojsons": "GeoJSONSeq",
    ".ndjson": "GeoJSONSeq",
    ".fgb": "FlatGeobuf",
}
_TABLES = (".csv", ".csv.gz", ".tsv", ".xlsx")
_PARQUET = (".parquet", ".geoparquet", ".pq")
SUFFIXES = (*_DRIVERS, *_TABLES, *_PARQUET, ".zip")
"""What can be read, by the end of the file's name."""

# What GDAL has to say comes as exceptions and Python's warnings; elsewhere it would print it.
pyogrio.set_gdal_config_options({"CPL_LOG": os.devnull})

_HEAD_BYTES = 4096
_GEOJSON_START = re.compile(rb"\s*\x1e?\s*\{")
_MAX_COLUMNS = 1600
_MAX_JSON_DEPTH = 128


@contextmanager
def opened(path: Path, options: ImportOptions) -> Iterator[Source]:
    """Open a file for reading; an archive is unpacked into a temporary folder meanwhile.

    Raises:
        UnreadableFile: unknown extension, content of another kind, damaged, no or several layers.
        TooLarge: the file or its unpacked content is beyond a limit.
        BadParameter: an option names a layer, column or encoding that is not there.
    """
    name = options.file_name or path.name
    size = path.stat().st_size
    if size > options.max_file_bytes:
        raise TooLarge(limit_name="max_file_bytes", limit=options.max_file_bytes, actual=size)
    with tempfile.TemporaryDirectory(prefix="geoservice-") as folder:
        suffix = _suffix(name)
        if suffix == ".zip":
            path, suffix = _from_archive(path, Path(folder), name, options)
        elif path.suffix.lower() != Path(name).suffix.lower():
            path = _linked(path, Path(folder), Path(name).suffix.lower())
        source = _with_full_names(_source(path, suffix, name, options, Path(folder)), Path(folder))
        if len(source.columns) > _MAX_COLUMNS:
            raise TooLarge(limit_name="max_columns", limit=_MAX_COLUMNS, actual=len(source.columns))
        yield source


def _with_full_names(source: Source, folder: Path) -> Source:
    """The source with the names that its archive's table of short names gives, if it has one."""
    table = folder / ALIASES
    if not (source.limits_names and table.is_file()):
        return source
    with table.open(encoding="utf-8-sig", newline="") as file:
        full = {row.get("short") or "": row.get("field") or "" for row in csv.DictReader(file)}
    return _renamed(source, full, ALIASES)


def _renamed(source: Source, full: Mapping[str, str], names_from: str) -> Source:
    """The source with other names for some columns, unless two would then have one name."""
    names = [full.get(name) or name for name in source.columns.names]
    if not full or len(set(names)) < len(names):
        return source

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in source.batches():
            known = [full.get(name) or name for name in batch.schema.names]
            yield pa.RecordBatch.from_arrays(batch.columns, names=known)

    columns = [field.with_name(name) for field, name in zip(source.columns, names, strict=True)]
    notes = {**source.notes, "names_from": names_from}
    return replace(source, columns=pa.schema(columns), batches=batches, notes=notes)


def _source(path: Path, suffix: str, name: str, options: ImportOptions, folder: Path) -> Source:
    if suffix in _PARQUET:
        return geoparquet.source(path, name)
    if suffix in _TABLES:
        return tables.source(path, suffix, name, options)
    _check_content(path, suffix, name)
    if suffix != ".shp":
        return _gdal_source(path, suffix, name, options, None)
    encoding = shapefiles.encoding_of(path, name, options)
    readable, full = shapefiles.with_readable_names(
        path, folder, encoding.name if encoding else "utf-8"
    )
    source = _gdal_source(readable, suffix, name, options, encoding)
    return _renamed(source, full, "whole characters of cut names")


def _suffix(name: str) -> str:
    lower = name.lower()
    found = [suffix for suffix in SUFFIXES if lower.endswith(suffix)]
    if not found:
        allowed = " ".join(SUFFIXES)
        raise _unreadable(
            name, f"不支持的扩展名；可用：{allowed}", f"unknown extension; allowed: {allowed}"
        )
    return max(found, key=len)


def _linked(path: Path, folder: Path, suffix: str) -> Path:
    """The file under a name with its true extension: an upload lies under a made-up name."""
    link = folder / f"file{suffix}"
    link.symlink_to(path.resolve())
    return link


def _from_archive(path: Path, folder: Path, name: str, options: ImportOptions) -> tuple[Path, str]:
    """The one readable file of an archive, or the one whose stem `layer` names."""
    inside = unpacked(path, folder, max_bytes=options.max_unpacked_bytes)
    readable = [
        file
        for file in inside
        if any(file.name.lower().endswith(suffix) for suffix in SUFFIXES if suffix != ".zip")
    ]
    # An archive of a shapefile may carry a table beside it, such as the list of aliases.
    if shapes := [file for file in readable if file.suffix.lower() == ".shp"]:
        readable = shapes
    if options.layer is not None and len(readable) > 1:
        readable = [file for file in readable if file.stem == options.layer]
    if len(readable) != 1:
        names = ", ".join(file.name for file in readable) or "–"
        raise _unreadable(
            name,
            f"压缩包中应恰有一个图层，现有：{names}；请用 layer 指定",
            f"the archive should hold exactly one layer, it holds: {names}; pass layer",
        )
    return readable[0], _suffix(readable[0].name)


def _check_content(path: Path, suffix: str, name: str) -> None:
    """The first bytes are those of the format that the extension names."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    fits = {
        ".shp": head.startswith(b"\x00\x00\x27\x0a"),
        ".gpkg": head.startswith(b"SQLite format 3\0")
        and head[68:72] in (b"GPKG", b"GP10", b"GP11"),
        ".fgb": head.startswith(b"fgb"),
    }.get(suffix, bool(_GEOJSON_START.match(head.removeprefix(b"\xef\xbb\xbf"))))
    if not fits:
        raise _unreadable(
            name,
            f"内容不是 {_DRIVERS[suffix]}",
            f"its content is not {_DRIVERS[suffix]}, as the extension says",
        )
    if suffix not in (".shp", ".gpkg", ".fgb"):
        _check_depth(path, name)


def _check_depth(path: Path, name: str) -> None:
    """Refuse nesting that no geometry has, before a recursive parser sees it."""
    import numpy as np

    steps = np.zeros(256, np.int8)
    steps[[ord("["), ord("{")]] = 1
    steps[[ord("]"), ord("}")]] = -1
    depth = 0
    with path.open("rb") as file:
        while block := file.read(2**22):
            running = np.cumsum(steps[np.frombuffer(block, np.uint8)], dtype=np.int64)
            if depth + int(running.max()) > _MAX_JSON_DEPTH:
                raise _unreadable(name, "嵌套过深", "it is nested too deep")
            depth += int(running[-1])


def _gdal_source(
    path: Path, suffix: str, name: str, options: ImportOptions, encoding: Encoding | None
) -> Source:
    layer = _layer(path, name, options)
    with _faults_told(name):
        info = pyogrio.read_info(
            path,
            layer=layer,
            encoding=encoding.name if encoding else None,
            force_feature_count=True,
        )
    if info["driver"] != _DRIVERS[suffix]:
        raise _unreadable(
            name,
            f"内容是 {info['driver']}",
            f"its content is {info['driver']}, not {_DRIVERS[suffix]}",
        )
    reader = _Gdal(path, name, layer, encoding, info)
    return Source(
        format=info["driver"],
        columns=reader.columns(),
        batches=reader.batches,
        has_geometry=info["geometry_type"] is not None,
        geometry_type=info["geometry_type"],
        crs=_crs(info, suffix, path),
        crs_from=".prj" if suffix == ".shp" else "file",
        total=int(info["features"]) if info["features"] >= 0 else None,
        encoding=_with_preview(encoding, reader),
        blank_is_null=suffix == ".shp",
        layer=layer,
        limits_names=suffix == ".shp",
        hints=reader.hints,
        notes=shapefiles.notes(path) if suffix == ".shp" else {},
    )


def _crs(info: dict[str, Any], suffix: str, path: Path) -> str | None:
    """GeoJSON without a `crs` member is WGS 84 by its standard, which GDAL reports."""
    if (
        suffix == ".shp"
        and not path.with_suffix(".prj").exists()
        and not shapefiles.sibling(path, ".prj")
    ):
        return None
    return str(info["crs"]) if info["crs"] else None


def _layer(path: Path, name: str, options: ImportOptions) -> str | None:
    with _faults_told(name), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layers = [str(row[0]) for row in pyogrio.list_layers(path)]
    if options.layer is not None and len(layers) > 0:
        if options.layer not in layers:
            if len(layers) == 1 and path.stem == options.layer:
                return layers[0]
            raise BadParameter(name="layer", value=options.layer, allowed=layers)
        return options.layer
    if len(layers) != 1:
        names = ", ".join(layers) or "–"
        raise _unreadable(
            name,
            f"文件应恰有一个图层，现有：{names}；请用 layer 指定",
            f"the file should hold exactly one layer, it holds: {names}; pass layer",
        )
    return layers[0]


class _Gdal:
    """A layer read as an Arrow stream."""

    def __init__(
        self,
        path: Path,
        name: str,
        layer: str | None,
        encoding: Encoding | None,
        info: dict[str, Any],
    ) -> None:
        self._path, self._name, self._layer = path, name, layer
        self._encoding = encoding.name if encoding else None
        self._geometry = info["geometry_name"] or "wkb_geometry"
        types = dict(zip(info["fields"], info["ogr_types"], strict=True))
        self._options: dict[str, str] = {}
        self.hints: dict[str, FieldType] = {}
        if info["driver"] in ("GeoJSON", "GeoJSONSeq"):
            # GDAL makes the third of March of a 31 February: dates are read as the text they are.
            self._options = {"DATE_AS_STRING": "YES"}
            kinds = {"OFTDate": FieldType.DATE, "OFTDateTime": FieldType.DATETIME}
            self.hints = {name: kinds[type] for name, type in types.items() if type in kinds}
            types = {}
        self._dates = {name for name, type in types.items() if type == "OFTDate"}

    def columns(self) -> pa.Schema:
        """The attribute columns, without reading a row more than needed."""
        with self._stream(1) as reader:
            return pa.schema(f for f in self._plain(reader.schema) if f.name != GEOMETRY)

    def batches(self, rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """All rows."""
        with self._stream(rows) as reader, _faults_told(self._name):
            schema = None
            for batch in reader:
                schema = schema or self._plain(batch.schema)
                columns = [
                    plain(column, field.type)
                    for column, field in zip(batch.columns, schema, strict=True)
                ]
                for column in columns:
                    if pa.types.is_string(column.type):
                        column.validate(full=True)  # GDAL hands bytes on that are no UTF-8
                yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def _plain(self, schema: pa.Schema) -> pa.Schema:
        """The schema with our name of the geometry, without extension metadata."""
        fields = []
        for field in schema:
            name = GEOMETRY if field.name == self._geometry else field.name
            type = pa.date32() if field.name in self._dates else plain_type(field.type)
            fields.append(pa.field(name, type))
        return pa.schema(fields)

    @contextmanager
    def _stream(self, rows: int) -> Iterator[Any]:
        with _faults_told(self._name), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # unclosed rings come through as they are: issues
            with pyogrio.open_arrow(
                self._path,
                layer=self._layer,
                encoding=self._encoding,
                use_pyarrow=True,
                batch_size=rows,
                datetime_as_string=False,
                **self._options,
            ) as (_, reader):
                yield _Renamed(reader, self._geometry)


class _Renamed:
    """A reader whose geometry column has our name."""

    def __init__(self, reader: Any, geometry: str) -> None:
        self._reader = reader
        self._names = [GEOMETRY if name == geometry else name for name in reader.schema.names]
        self.schema = reader.schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._reader:
            yield pa.RecordBatch.from_arrays(batch.columns, names=self._names)


@contextmanager
def _faults_told(name: str) -> Iterator[None]:
    try:
        yield
    except (DataSourceError, DataLayerError) as fault:
        raise _unreadable(name, str(fault)[:300], str(fault)[:300]) from fault
    except (UnicodeDecodeError, pa.ArrowInvalid) as fault:
        raise _unreadable(
            name, f"文字编码错误：{fault}", f"wrong text encoding: {fault}"
        ) from fault


def _with_preview(encoding: Encoding | None, reader: _Gdal) -> Encoding | None:
    if encoding is None:
        return None
    return Encoding(encoding.name, encoding.decided_by, tables.preview(reader.batches(3)))


def _unreadable(name: str, zh: str, en: str) -> UnreadableFile:
    return UnreadableFile(file=name, reason=Text(zh=zh, en=en))
