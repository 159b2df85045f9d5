"""GeoParquet files as sources (GeoParquet 1.0 and 1.1, geometry as WKB)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from geoservice.errors import UnreadableFile
from geoservice.files.plain import plain, plain_type
from geoservice.files.source import BATCH_ROWS, GEOMETRY, Source
from geoservice.languages import Text

_DEFAULT_CRS = "OGC:CRS84"  # GeoParquet: a missing key
_MAX_FOOTER_BYTES = 64 * 2**20
_MAX_ROW_GROUP_BYTES = 2 * 2**30


def source(path: Path, name: str) -> Source:
    """A Parquet file; without the `geo` metadata it is a table without geometry.

    Raises `UnreadableFile` for a damaged file, one whose metadata promises more than the limits,
    and for geometry in another encoding than WKB.
    """
    try:
        with pq.ParquetFile(path) as file:
            metadata, schema = file.metadata, file.schema_arrow
    except (pa.ArrowException, OSError) as fault:
        raise _unreadable(name, str(fault)[:200], str(fault)[:200]) from fault
    if metadata.serialized_size > _MAX_FOOTER_BYTES or any(
        metadata.row_group(i).total_byte_size > _MAX_ROW_GROUP_BYTES
        for i in range(metadata.num_row_groups)
    ):
        raise _unreadable(name, "元数据或行组过大", "its footer or a row group is too large")
    geo = _geo(metadata, schema, name)
    columns = _attribute_columns(schema, geo)
    geometry = geo.get("primary_column")
    column = geo.get("columns", {}).get(geometry, {})
    return Source(
        format="GeoParquet" if geometry else "Parquet",
        columns=columns,
        batches=lambda: _batches(path, name, columns, geometry),
        has_geometry=geometry is not None,
        geometry_type=_one_type(column.get("geometry_types", [])),
        crs=_crs(column) if geometry else None,
        crs_from="geo",
        total=metadata.num_rows,
    )


def _geo(metadata: pq.FileMetaData, schema: pa.Schema, name: str) -> dict[str, Any]:
    raw = (metadata.metadata or {}).get(b"geo")
    if raw is None:
        return {}
    try:
        geo = json.loads(raw)
        column = geo["columns"][geo["primary_column"]]
        if column["encoding"] != "WKB" or schema.get_field_index(geo["primary_column"]) < 0:
            raise _unreadable(
                name, f"几何编码为 {column['encoding']}", f"geometry encoding {column['encoding']}"
            )
    except (ValueError, KeyError, TypeError) as fault:
        raise _unreadable(name, "geo 元数据损坏", "its geo metadata is damaged") from fault
    assert isinstance(geo, dict)
    return geo


def _crs(column: dict[str, Any]) -> str | None:
    if "crs" not in column:
        return _DEFAULT_CRS
    return json.dumps(column["crs"]) if column["crs"] else None


def _one_type(types: list[str]) -> str | None:
    return types[0] if len(types) == 1 else None


def _attribute_columns(schema: pa.Schema, geo: dict[str, Any]) -> pa.Schema:
    """All but geometries and the boxes that only speed reading up."""
    hidden = set(geo.get("columns", {}))
    for column in geo.get("columns", {}).values():
        for path in column.get("covering", {}).get("bbox", {}).values():
            hidden.add(path[0])
    fields = []
    for field in schema:
        if field.name in hidden or field.name.startswith("__index_level_"):
            continue
        fields.append(pa.field(field.name, plain_type(field.type)))
    return pa.schema(fields)


def _batches(
    path: Path, name: str, columns: pa.Schema, geometry: str | None
) -> Iterator[pa.RecordBatch]:
    wanted = [*columns.names, *([geometry] if geometry else [])]
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
                arrays = [plain(batch.column(field.name), field.type) for field in columns]
                names = list(columns.names)
                if geometry:
                    arrays.append(batch.column(geometry).cast(pa.binary()))
                    names.append(GEOMETRY)
                yield pa.RecordBatch.from_arrays(arrays, names=names)
    except (pa.ArrowException, OSError) as fault:
        raise _unreadable(name, str(fault)[:200], str(fault)[:200]) from fault


def _unreadable(name: str, zh: str, en: str) -> UnreadableFile:
    return UnreadableFile(file=name, reason=Text(zh=zh, en=en))
