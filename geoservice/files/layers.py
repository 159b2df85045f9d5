"""GeoPackage, FlatGeobuf and shapefile, written by GDAL from Arrow batches."""

import csv
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyogrio

from geoservice.description.collection import GeometryType
from geoservice.description.records import Records
from geoservice.errors import UnknownFormat
from geoservice.files.columnar import GEOMETRY, batches
from geoservice.files.outgoing import Outgoing

ALIASES = "fields.csv"
"""The table of a zipped shapefile's short names, which the importer reads again."""

_DBF_NAME_BYTES = 10
_DRIVERS = {"gpkg": "GPKG", "fgb": "FlatGeobuf", "shp": "ESRI Shapefile"}
_OPTIONS: dict[str, dict[str, str]] = {
    "gpkg": {"SPATIAL_INDEX": "YES", "GEOMETRY_NAME": "geom"},
    # An index would need the whole file in memory.
    "fgb": {"SPATIAL_INDEX": "NO"},
    "shp": {"ENCODING": "UTF-8"},
}


def write(outgoing: Outgoing, format: str, path: Path) -> None:
    """Write the rows. A shapefile is zipped with its table of names."""
    if format == "shp":
        _write_shapefile(outgoing, path)
        return
    with batches(outgoing, exact_decimals=False) as (schema, found):
        _write_layer(schema, found, outgoing, format, path)


def _write_layer(
    schema: pa.Schema,
    found: Iterator[pa.RecordBatch],
    outgoing: Outgoing,
    format: str,
    path: Path,
) -> None:
    records = outgoing.records
    shaped = records.geometry is not None
    options = dict(_OPTIONS[format]) if shaped else {}
    if format == "gpkg":
        options |= {"IDENTIFIER": records.title.zh, "DESCRIPTION": records.title.en}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a layer without a CRS of its own: tables have none
        pyogrio.write_arrow(
            pa.RecordBatchReader.from_batches(schema, found),
            path,
            layer=records.id,
            driver=_DRIVERS[format],
            geometry_name=GEOMETRY if shaped else None,
            geometry_type=_geometry_type(records.geometry) if records.geometry else None,
            crs=f"EPSG:{outgoing.crs.srid}" if shaped else None,
            **options,
        )


def _geometry_type(geometry: GeometryType) -> str:
    return "Unknown" if geometry is GeometryType.GEOMETRY else geometry.value


def _write_shapefile(outgoing: Outgoing, path: Path) -> None:
    """A shapefile with ASCII names of ten bytes, `.cpg` for its text, and the names' table, zipped."""
    records = outgoing.records
    if records.geometry in (None, GeometryType.GEOMETRY):
        raise UnknownFormat(value="shp", allowed=["gpkg", "fgb", "parquet", "geojson"])
    folder = path.parent / "shapefile"
    folder.mkdir()
    names = [*([records.uid] if records.uid else []), *records.names]
    short = short_names(names)
    with batches(outgoing, exact_decimals=False) as (schema, found):
        plain = pa.schema([_dbf_field(field, short) for field in schema])
        rows = (_dbf_batch(batch, plain) for batch in found)
        _write_layer(plain, rows, outgoing, "shp", folder / f"{records.id}.shp")
    _write_aliases(folder / ALIASES, records, short)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, part.name)


def short_names(names: list[str]) -> dict[str, str]:
    """ASCII names of at most ten bytes, all different in any case, by name."""
    found: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        plain = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "" for c in name)
        candidate = (plain or f"F{number}")[:_DBF_NAME_BYTES]
        taken = {each.lower() for each in found.values()}
        suffix = 1
        while candidate.lower() in taken:
            suffix += 1
            tail = f"_{suffix}"
            candidate = (plain or f"F{number}")[: _DBF_NAME_BYTES - len(tail)] + tail
        found[name] = candidate
    return found


def _dbf_field(field: pa.Field, short: dict[str, str]) -> pa.Field:
    type = field.type
    if pa.types.is_timestamp(type):
        type = pa.string()
    elif pa.types.is_boolean(type):
        type = pa.int32()
    return pa.field(short.get(field.name, field.name), type, metadata=field.metadata)


def _dbf_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    arrays = []
    for column, field in zip(batch.columns, schema, strict=True):
        is_instant = pa.types.is_timestamp(column.type)
        plain = pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ") if is_instant else column
        arrays.append(plain.cast(field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _write_aliases(path: Path, records: Records, short: dict[str, str]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("short", "field", "title_zh", "title_en", "unit"))
        for name, cut in short.items():
            column = records.by_name.get(name)
            unit = column.unit.symbol if column and column.unit else ""
            titles = (column.title.zh, column.title.en) if column else ("", "")
            writer.writerow((cut, name, *titles, unit))
