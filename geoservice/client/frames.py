"""What a service sends → frames: Arrow tables and GeoJSON features to GeoDataFrames and DataFrames.

GeoJSON becomes an Arrow table first, so that both ways give equal frames. The types of columns follow
from the description of the fields, never from the values: they are the same when there are no rows or
no values. Coordinates have x first, whatever the CRS. Knows no HTTP, and asks nothing.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import pyarrow as pa
    from pyproj import CRS

INDEX = "id"
GEOMETRY = "geometry"
ATTRIBUTES = "geoservice"
"""The key in a frame's `attrs` of what is known of it."""

_ACCOUNT = b"geoservice"
_EXTENSION_NAME = b"ARROW:extension:name"
_EXTENSION_METADATA = b"ARROW:extension:metadata"

_CRS84_SRID = 4490
"""What the service means by CRS84: CGCS2000 with longitude first, as it is stored."""

_DTYPES: Mapping[str, str] = {
    "text": "string",
    "uuid": "string",
    "geometry": "string",  # a further geometry beside that of the feature, as WKT
    "integer": "Int64",
    "long": "Int64",
    "number": "float64",
    "decimal": "float64",
    "boolean": "boolean",
    "date": "datetime64[s]",
    "datetime": "datetime64[us, UTC]",
    "list": "object",
}
"""The type of a column by the type of its field."""


class Batches(Protocol):
    """Record batches of one schema, iterated once; an `ArrowStream` is such."""

    @property
    def schema(self) -> "pa.Schema":
        """Of the batches."""

    def __iter__(self) -> "Iterator[pa.RecordBatch]":
        """The batches."""


def frame_of(
    table: "pa.Table", attributes: Mapping[str, Any] | None = None
) -> "gpd.GeoDataFrame | pd.DataFrame":
    """The frame of an Arrow table; a GeoDataFrame if the table has a geometry column.

    The index is the column `id`; without one, rows are numbered. The CRS is that of the geometry
    column, also when there are no rows. Decimals become floats.

    Args:
        table: as the service streams it, with its metadata.
        attributes: what is known of the frame; `frame.attrs["geoservice"]` afterwards.
    """
    import pandas as pd

    types = _field_types(table.schema)
    columns = {
        name: _column(table.column(name), types[name])
        for name in table.column_names
        if name not in (INDEX, GEOMETRY)
    }
    index: Any = pd.RangeIndex(len(table))
    if INDEX in table.column_names:
        index = pd.Index(_column(table.column(INDEX), "text"), name=INDEX)
    frame = pd.DataFrame(columns, index=index, copy=False)
    if GEOMETRY in table.column_names:
        frame = _with_geometry(frame, table)
    if attributes is not None:
        frame.attrs[ATTRIBUTES] = dict(attributes)
    return frame


def frames_of(
    stream: "Batches", rows: int, attributes: Mapping[str, Any] | None = None
) -> "Iterator[gpd.GeoDataFrame | pd.DataFrame]":
    """Frames of so many rows as the stream comes in, the last of fewer; one without rows if it has none.

    Raises:
        InterruptedStream: the stream is not whole; the frames before it are not the whole answer.
    """
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    count = 0
    is_empty = True
    for batch in stream:
        waiting.append(batch)
        count += batch.num_rows
        while count >= rows:
            table = pa.Table.from_batches(waiting, schema=stream.schema)
            yield frame_of(table.slice(0, rows), attributes)
            is_empty = False
            waiting = table.slice(rows).to_batches()
            count -= rows
    if count or is_empty:
        yield frame_of(pa.Table.from_batches(waiting, schema=stream.schema), attributes)


def table_of_features(
    features: Sequence[Mapping[str, Any]],
    types: Mapping[str, str],
    *,
    crs: str | None = None,
    has_geometry: bool = True,
) -> "pa.Table":
    """The Arrow table of GeoJSON features, as the service would stream it.

    Args:
        features: of all pages.
        types: the types of the fields by name, in the order of the columns: those of the service's
            description, and `list`.
        crs: the URI of the coordinates' CRS, from `Content-Crs`; None means CRS84. A CRS named by
            a URI has its coordinates in its authority's order (OGC 18-058r1, 6.3), which is
            turned to x first here.
        has_geometry: whether the features are shown with their geometry.
    """
    import pyarrow as pa

    columns = {INDEX: pa.array([feature["id"] for feature in features], pa.string())}
    for name, type in types.items():
        values = [feature["properties"].get(name) for feature in features]
        columns[name] = _array(values, type, crs)
    fields = [pa.field(name, column.type) for name, column in columns.items()]
    if has_geometry:
        columns[GEOMETRY] = _wkb([feature["geometry"] for feature in features], crs)
        crs_metadata = {"crs": _crs_of_uri(crs).to_json_dict(), "crs_type": "projjson"}
        metadata = {
            _EXTENSION_NAME: b"geoarrow.wkb",
            _EXTENSION_METADATA: json.dumps(crs_metadata).encode(),
        }
        fields.append(pa.field(GEOMETRY, pa.binary(), metadata=metadata))
    account = {"fields": [_described(name, type) for name, type in types.items()]}
    schema = pa.schema(fields, metadata={_ACCOUNT: json.dumps(account).encode()})
    return pa.Table.from_arrays(list(columns.values()), schema=schema)


def _described(name: str, type: str) -> dict[str, Any]:
    is_list = type == "list"
    return {"name": name, "type": "text" if is_list else type, "many": is_list}


def frame_of_documents(
    documents: Sequence[Mapping[str, Any]], types: Mapping[str, str], index: str
) -> "pd.DataFrame":
    """The frame of JSON documents that are no features, such as entries of a ledger.

    Args:
        documents: of which each has all names of `types`; a decimal may be a text.
        types: the types of the columns by name, in their order; as of fields.
        index: the column that becomes the index.
    """
    features = [
        {
            "id": "",
            "properties": {
                name: float(value) if types[name] == "decimal" and value is not None else value
                for name, value in document.items()
                if name in types
            },
        }
        for document in documents
    ]
    frame: pd.DataFrame = frame_of(table_of_features(features, types, has_geometry=False))
    return frame.set_index(index)


def _field_types(schema: "pa.Schema") -> dict[str, str]:
    """The types of the fields by name: as described in the metadata, else what Arrow tells."""
    account = json.loads((schema.metadata or {}).get(_ACCOUNT, b"{}"))
    described = {
        field["name"]: "list" if field.get("many") else field["type"]
        for field in account.get("fields", ())
    }
    return {
        field.name: described[field.name] if described.get(field.name) in _DTYPES else _type(field)
        for field in schema
    }


def _type(field: "pa.Field") -> str:
    import pyarrow.types as arrow

    for is_such, type in (
        (arrow.is_boolean, "boolean"),
        (arrow.is_integer, "integer"),
        (arrow.is_floating, "number"),
        (arrow.is_decimal, "decimal"),
        (arrow.is_date, "date"),
        (arrow.is_timestamp, "datetime"),
    ):
        if is_such(field.type):
            return type
    return "text"


def _arrow_type(type: str) -> "pa.DataType":
    """The Arrow type from which a column of this type is made."""
    import pyarrow as pa

    match _DTYPES[type]:
        case "Int64":
            return pa.int64()
        case "float64":
            return pa.float64()
        case "boolean":
            return pa.bool_()
        case "datetime64[s]":
            return pa.timestamp("s")
        case "datetime64[us, UTC]":
            return pa.timestamp("us", "UTC")
    return pa.string()


def _column(values: "pa.ChunkedArray", type: str) -> Any:
    """An array of pandas; values that are missing stay so."""
    import pandas as pd
    import pyarrow as pa

    if pa.types.is_decimal(values.type):
        # By way of a text each becomes the nearest double; Arrow's own way may miss it by one.
        values = values.cast(pa.string())
    values = values.cast(_arrow_type(type))
    dtype: Any = pd.api.types.pandas_dtype(_DTYPES[type])
    if type == "list":
        return _lists(values)
    if hasattr(dtype, "__from_arrow__"):
        return dtype.__from_arrow__(values)
    return values.to_numpy()


def _lists(values: "pa.ChunkedArray") -> Any:
    """Lists from their JSON texts, all in one reading."""
    import numpy as np

    texts = values.fill_null("null").to_pylist()
    lists = np.empty(len(texts), dtype=object)
    lists[:] = json.loads(f"[{','.join(texts)}]")
    return lists


def _array(values: Sequence[Any], type: str, crs: str | None) -> "pa.Array":
    """Values of JSON as the service's Arrow streams hold them."""
    import pyarrow as pa

    if type == "list":
        texts = [None if each is None else json.dumps(each, ensure_ascii=False) for each in values]
        return pa.array(texts, pa.string())
    if type == "geometry":
        import shapely

        shapes = _shapes(values, crs)
        written = [text and _as_the_service_writes(text) for text in shapely.to_wkt(shapes)]
        return pa.array(written, pa.string())
    target = _arrow_type(type)
    if pa.types.is_timestamp(target):
        return pa.array(values, pa.string()).cast(target)
    return pa.array(values, target)


def _as_the_service_writes(wkt: str) -> str:
    """WKT without blanks around parentheses and after commas, as PostGIS writes it."""
    return wkt.replace(", ", ",").replace(" (", "(")


def _wkb(geometries: Sequence[Mapping[str, Any] | None], crs: str | None) -> "pa.Array":
    """Geometries of GeoJSON as WKB with x first."""
    import pyarrow as pa
    import shapely

    return pa.array(shapely.to_wkb(_shapes(geometries, crs)), pa.binary())


def _shapes(geometries: Sequence[Mapping[str, Any] | None], crs: str | None) -> Any:
    """Geometries of GeoJSON with x first."""
    import shapely

    texts = [None if geometry is None else json.dumps(geometry) for geometry in geometries]
    shapes = shapely.from_geojson(texts)
    if crs is not None and "CRS84" not in crs and _is_y_first(crs):
        shapes = shapely.transform(shapes, lambda coordinates: coordinates[:, ::-1])
    return shapes


def _with_geometry(frame: "pd.DataFrame", table: "pa.Table") -> "gpd.GeoDataFrame":
    import geopandas as gpd
    import pyarrow as pa
    import shapely

    column = table.column(GEOMETRY)
    field = table.schema.field(GEOMETRY)
    metadata = (field.metadata or {}).get(_EXTENSION_METADATA, b"{}")
    if isinstance(field.type, pa.BaseExtensionType):  # somebody has registered GeoArrow's types
        metadata = field.type.__arrow_ext_serialize__()
        column = pa.chunked_array(
            [chunk.storage for chunk in column.chunks], field.type.storage_type
        )
    shapes = shapely.from_wkb(column.to_numpy())
    geometry = gpd.array.GeometryArray(shapes, crs=_crs_of_metadata(metadata))
    return gpd.GeoDataFrame(frame.assign(**{GEOMETRY: geometry}), geometry=GEOMETRY)


@cache
def _crs_of_metadata(metadata: bytes) -> "CRS | None":
    """The CRS that the metadata of a GeoArrow column names (GeoArrow 0.2: `crs` as PROJJSON)."""
    from pyproj import CRS

    found = json.loads(metadata or b"{}").get("crs")
    return None if found is None else CRS.from_user_input(found)


@cache
def _crs_of_uri(uri: str | None) -> "CRS":
    from pyproj import CRS

    if uri is None or "CRS84" in uri:
        return CRS.from_epsg(_CRS84_SRID)
    return CRS.from_epsg(int(uri.rstrip("/").rpartition("/")[2]))


def _is_y_first(uri: str) -> bool:
    return _crs_of_uri(uri).axis_info[0].direction.lower() in ("north", "south")
