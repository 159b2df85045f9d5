"""Arrow streams and GeoParquet files, and the Arrow batches from which all binary formats come."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
import sqlalchemy as sa

from geoservice.description.collection import FieldType
from geoservice.description.records import Records
from geoservice.files.outgoing import Outgoing
from geoservice.store.encoding import columns

GEOMETRY = "geometry"
ID = "id"
FACTS = "geoservice"
"""The key of the metadata under which a file says what its rows are."""

_ROW_GROUP_ROWS = 65_536
_ROW_GROUP_BYTES = 33_554_432
_BBOX = pa.struct([(edge, pa.float64()) for edge in ("xmin", "ymin", "xmax", "ymax")])


@contextmanager
def batches(
    outgoing: Outgoing,
    records: Records | None = None,
    select: sa.Select[Any] | None = None,
    *,
    exact_decimals: bool = True,
) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """The rows as Arrow batches: id, columns, `geometry` as WKB with x first.

    Decimals are exact, or doubles for formats that know none; what is described as a number is a
    double, however the database computes it. Lists are JSON text. `records` and
    `select` stand in for those of the rows where a format wants them in another shape.
    """
    records = outgoing.records if records is None else records
    rows = (outgoing.select if select is None else select).subquery("rows")
    geometry = records.geometry_column if records.geometry else None
    crs = replace(outgoing.crs, y_first=False)
    plain = columns(rows, records.names, uid=records.uid, geometry=geometry, crs=crs)
    with outgoing.snapshot.arrow(sa.select(*plain)) as reader:
        decimals = {
            name: _decimal(
                rows.c[name].type,
                exact_decimals and records.by_name[name].type is FieldType.DECIMAL,
            )
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
        yield schema, _counted(_cast(reader, schema), outgoing)


def _counted(found: Iterator[pa.RecordBatch], outgoing: Outgoing) -> Iterator[pa.RecordBatch]:
    for batch in found:
        outgoing.add(len(batch))
        yield batch


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


def arrow(outgoing: Outgoing) -> Generator[bytes, None, None]:
    """An Arrow IPC stream; without its end mark if a fault cuts it off.

    The first column is the id, called `id` unless a column of the rows is.
    """
    pieces = _Pieces()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    records = outgoing.records
    with batches(outgoing) as (plain, found):
        schema = plain.with_metadata(_told(outgoing))
        if records.uid is not None and ID not in records.names:
            schema = schema.set(0, schema.field(0).with_name(ID))
        writer = pa.ipc.new_stream(pieces, schema, options=options)
        yield pieces.taken()
        for batch in found:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
            yield pieces.taken()
        writer.close()
    yield pieces.taken()


def _told(outgoing: Outgoing) -> dict[str, str] | None:
    """What the rows are, as metadata of the schema."""
    if not outgoing.facts:
        return None
    return {FACTS: json.dumps(outgoing.facts, ensure_ascii=False, default=str)}


def parquet(outgoing: Outgoing) -> Generator[bytes, None, None]:
    """A GeoParquet 1.1 file with a box for every row, by which readers skip.

    Its foot, without which nobody can read it, comes last and not at all after a fault.
    """
    pieces = _Pieces()
    account = _Account()
    shaped = outgoing.records.geometry is not None
    with batches(outgoing) as (plain, found):
        schema = plain
        if shaped:
            schema = pa.schema([*(f.remove_metadata() for f in plain), pa.field("bbox", _BBOX)])
        writer = pq.ParquetWriter(pieces, schema, compression="zstd")
        for group in _row_groups(found):
            columns = group.columns
            if shaped:
                columns = [*columns, account.boxes(group.column(GEOMETRY))]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
            yield pieces.taken()
        about = _told(outgoing) or {}
        if shaped:
            about["geo"] = json.dumps(account.metadata(outgoing.crs.srid))
        writer.add_key_value_metadata(about)
        writer.close()
    yield pieces.taken()


def _row_groups(found: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows in groups that are large enough to be worth skipping, and fit in memory."""
    held: list[pa.RecordBatch] = []
    for batch in found:
        held.append(batch)
        rows, size = sum(map(len, held)), sum(each.nbytes for each in held)
        if rows >= _ROW_GROUP_ROWS or size >= _ROW_GROUP_BYTES:
            yield pa.concat_batches(held)
            held.clear()
    if held:
        yield pa.concat_batches(held)


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
