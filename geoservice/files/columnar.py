"""Arrow streams and GeoParquet files, and the Arrow batches from which all binary formats come."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
import sqlalchemy as sa

from geoservice.crs import Crs
from geoservice.description.records import Records
from geoservice.store.database import Database
from geoservice.store.encoding import columns

GEOMETRY = "geometry"
_ROW_GROUP_ROWS = 65_536
_BBOX = pa.struct([(edge, pa.float64()) for edge in ("xmin", "ymin", "xmax", "ymax")])


@contextmanager
def batches(
    database: Database,
    records: Records,
    select: sa.Select[Any],
    crs: Crs,
    *,
    exact_decimals: bool = True,
) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """The rows as Arrow batches: id, columns, `geometry` as WKB with x first.

    Decimals are exact, or doubles for formats that know none. Lists are JSON text.
    """
    rows = select.subquery("rows")
    geometry = records.geometry_column if records.geometry else None
    plain = columns(
        rows, records.names, uid=records.uid, geometry=geometry, crs=replace(crs, y_first=False)
    )
    with database.arrow(sa.select(*plain)) as reader:
        decimals = {
            name: _decimal(rows.c[name].type, exact_decimals)
            for name in records.names
            if isinstance(rows.c[name].type, sa.Numeric)
            and not isinstance(rows.c[name].type, sa.Float)
        }
        fields = [
            pa.field(field.name, decimals.get(field.name, field.type)) for field in reader.schema
        ]
        if geometry is not None:
            fields[-1] = fields[-1].with_metadata(_geoarrow(crs.srid))
        schema = pa.schema(fields)
        yield schema, _cast(reader, schema)


def _decimal(type: Any, exact: bool) -> pa.DataType:
    if exact and type.precision is not None and type.scale is not None:
        return pa.decimal128(type.precision, type.scale)
    return pa.float64()


def _cast(reader: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        arrays = [
            array if array.type == field.type else _storage(array).cast(field.type)
            for array, field in zip(batch.columns, schema, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _storage(array: pa.Array) -> pa.Array:
    """A value of a type that the driver has no Arrow type for, as the text that it gives."""
    return array.storage if isinstance(array, pa.ExtensionArray) else array


@cache
def projjson(srid: int) -> dict[str, Any]:
    """A CRS as PROJJSON."""
    from pyproj import CRS as ProjCrs

    found: dict[str, Any] = ProjCrs.from_epsg(srid).to_json_dict()
    return found


def _geoarrow(srid: int) -> dict[str, str]:
    metadata = {"crs": projjson(srid), "crs_type": "projjson"}
    return {
        "ARROW:extension:name": "geoarrow.wkb",
        "ARROW:extension:metadata": json.dumps(metadata),
    }


class _Pieces:
    """What a writer has written since it was last asked."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self.closed = False

    def write(self, block: Any) -> int:
        self._written.append(bytes(block))
        return len(block)

    def taken(self) -> bytes:
        block = b"".join(self._written)
        self._written.clear()
        return block

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def writable(self) -> bool:
        return True


def arrow(
    database: Database, records: Records, select: sa.Select[Any], crs: Crs, count: list[int]
) -> Iterator[bytes]:
    """An Arrow IPC stream; without its end mark if a fault cuts it off."""
    pieces = _Pieces()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with batches(database, records, select, crs) as (schema, found):
        writer = pa.ipc.new_stream(pieces, schema, options=options)
        for batch in found:
            writer.write_batch(batch)
            count[0] += len(batch)
            yield pieces.taken()
        writer.close()
    yield pieces.taken()


def parquet(
    database: Database, records: Records, select: sa.Select[Any], crs: Crs, path: Path
) -> int:
    """A GeoParquet 1.1 file with a box for every row, by which readers skip; the rows."""
    count = 0
    account = _Account()
    with batches(database, records, select, crs) as (schema, found):
        shaped = pa.schema([*(f.remove_metadata() for f in schema), pa.field("bbox", _BBOX)])
        written = schema if records.geometry is None else shaped
        with pq.ParquetWriter(path, written, compression="zstd") as writer:
            for batch in found:
                count += len(batch)
                columns = batch.columns
                if records.geometry is not None:
                    columns = [*columns, account.boxes(batch.column(GEOMETRY))]
                whole = pa.RecordBatch.from_arrays(columns, schema=written)
                writer.write_batch(whole, row_group_size=_ROW_GROUP_ROWS)
            if records.geometry is not None:
                writer.add_key_value_metadata({"geo": json.dumps(account.metadata(crs.srid))})
    return count


class _Account:
    """The extent and the geometry types of what was written."""

    def __init__(self) -> None:
        self._types: set[str] = set()
        self._bounds: np.ndarray[Any, Any] | None = None

    def boxes(self, column: pa.Array) -> pa.Array:
        """The box of each geometry."""
        shapes = shapely.from_wkb(column.to_numpy(zero_copy_only=False))
        bounds = shapely.bounds(shapes)
        there = ~shapely.is_missing(shapes)
        if there.any():
            for id in np.unique(shapely.get_type_id(shapes[there])):
                self._types.add(_TYPE_NAMES[int(id)])
            whole = shapely.total_bounds(shapes)
            self._bounds = whole if self._bounds is None else _union(self._bounds, whole)
        edges = [pa.array(bounds[:, i], mask=~there) for i in range(4)]
        return pa.StructArray.from_arrays(edges, fields=list(_BBOX), mask=pa.array(~there))

    def metadata(self, srid: int) -> dict[str, Any]:
        """The `geo` metadata."""
        column: dict[str, Any] = {
            "encoding": "WKB",
            "geometry_types": sorted(self._types),
            "crs": projjson(srid),
            "covering": {
                "bbox": {edge: ["bbox", edge] for edge in ("xmin", "ymin", "xmax", "ymax")}
            },
        }
        if self._bounds is not None:
            column["bbox"] = [float(edge) for edge in self._bounds]
        return {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}


def _union(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.concatenate([np.fmin(one[:2], other[:2]), np.fmax(one[2:], other[2:])])


_TYPE_NAMES = {
    0: "Point", 1: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString",
    6: "MultiPolygon", 7: "GeometryCollection",
}  # fmt: skip
