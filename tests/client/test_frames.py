"""What frames look like: index, types, CRS, whatever the rows are and whichever way they came."""

import datetime
import decimal
import io
import json

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from pyproj import CRS

from geoservice.client.errors import InterruptedStream
from geoservice.client.frames import frame_of, frames_of, table_of_features
from geoservice.client.streams import ArrowStream

_FIELDS = [
    ("name", "text", pa.string(), "string"),
    ("code", "uuid", pa.string(), "string"),
    ("floors", "integer", pa.int32(), "Int64"),
    ("people", "long", pa.int64(), "Int64"),
    ("height_m", "number", pa.float64(), "float64"),
    ("money", "decimal", pa.decimal128(12, 2), "float64"),
    ("is_open", "boolean", pa.bool_(), "boolean"),
    ("opened_on", "date", pa.date32(), "datetime64[s]"),
    ("seen_at", "datetime", pa.timestamp("us", "UTC"), "datetime64[us, UTC]"),
    ("triggers", "list", pa.string(), "object"),
    ("zone", "geometry", pa.string(), "string"),
]
_DTYPES = {name: dtype for name, _, _, dtype in _FIELDS}
_TYPES = {name: type for name, type, _, _ in _FIELDS}
_SEEN_AT = datetime.datetime(2025, 6, 30, 8, 0, 0, 123456, tzinfo=datetime.UTC)
_VALUES = {
    "name": "虎门镇",
    "code": "01a20f33-d765-7022-8cf2-40c8ed4c91ae",
    "floors": 3,
    "people": 2**53 + 1,
    "height_m": 2.0,
    "money": decimal.Decimal("12.30"),
    "is_open": False,
    "opened_on": datetime.date(1969, 12, 31),
    "seen_at": _SEEN_AT,
    "triggers": '["2","降雨"]',
    "zone": "POINT(1 2)",
}
_NULLS = dict.fromkeys(_VALUES)
_POINT = shapely.to_wkb(shapely.Point(113.75, 23))


def _geometry_field(srid=4490):
    crs = {"crs": CRS.from_epsg(srid).to_json_dict(), "crs_type": "projjson"}
    return pa.field(
        "geometry",
        pa.binary(),
        metadata={
            "ARROW:extension:name": "geoarrow.wkb",
            "ARROW:extension:metadata": json.dumps(crs),
        },
    )


def _table(rows, *, srid=4490, geometry=True):
    described = [
        {"name": name, "type": "text" if type == "list" else type}
        | ({"many": True} if type == "list" else {})
        for name, type, _, _ in _FIELDS
    ]
    fields = [pa.field("id", pa.string())] + [pa.field(name, type) for name, _, type, _ in _FIELDS]
    if geometry:
        fields.append(_geometry_field(srid))
    schema = pa.schema(fields, metadata={"geoservice": json.dumps({"fields": described})})
    rows = [{"id": str(number), "geometry": _POINT} | row for number, row in enumerate(rows)]
    return pa.Table.from_pylist(rows, schema=schema)


@pytest.mark.parametrize(
    "rows", [[], [_NULLS], [_VALUES], [_VALUES, _NULLS]], ids=["empty", "nulls", "values", "both"]
)
def test_types_follow_from_the_fields_and_not_from_the_values(rows):
    frame = frame_of(_table(rows))
    assert isinstance(frame, gpd.GeoDataFrame)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        **_DTYPES,
        "geometry": "geometry",
    }
    assert frame.index.name == "id"
    assert frame.index.dtype == "string"
    assert frame.crs == CRS.from_epsg(4490)
    assert len(frame) == len(rows)


def test_values_arrive_as_they_are():
    row = frame_of(_table([_VALUES])).loc["0"]
    assert row["name"] == "虎门镇"
    assert row["floors"] == 3
    assert row["people"] == 2**53 + 1  # a float would have rounded it
    assert row["money"] == 12.3
    assert bool(row["is_open"]) is False
    assert row["opened_on"] == pd.Timestamp("1969-12-31")
    assert row["seen_at"] == pd.Timestamp(_SEEN_AT)
    assert row["triggers"] == ["2", "降雨"]
    assert row["geometry"].equals(shapely.Point(113.75, 23))


def test_missing_values_are_missing():
    frame = frame_of(_table([{**_NULLS, "geometry": None}]))
    assert frame.drop(columns="triggers").isna().all(axis=None)
    assert frame["triggers"].iloc[0] is None


@pytest.mark.parametrize("srid", [4490, 4547, 3857])
@pytest.mark.parametrize("rows", [[], [{**_VALUES, "geometry": None}], [_VALUES]])
def test_the_crs_is_known_without_any_geometry(srid, rows):
    assert frame_of(_table(rows, srid=srid)).crs == CRS.from_epsg(srid)


def test_without_a_geometry_column_it_is_a_plain_frame():
    for rows in ([], [_VALUES]):
        frame = frame_of(_table(rows, geometry=False))
        assert type(frame) is pd.DataFrame
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == _DTYPES


def test_without_an_id_rows_are_numbered():
    frame = frame_of(pa.table({"town": ["a", "b"], "count": [1, 2]}))
    assert list(frame.index) == [0, 1]
    assert [str(dtype) for dtype in frame.dtypes] == ["string", "Int64"]


def test_a_table_of_geometries_alone_is_a_frame_of_them():
    schema = pa.schema([_geometry_field()])
    frame = frame_of(pa.Table.from_pylist([{"geometry": _POINT}], schema=schema))
    assert list(frame.columns) == ["geometry"]
    assert len(frame) == 1


def test_what_is_known_of_a_frame_goes_with_it():
    frame = frame_of(_table([_VALUES]), {"collection": "towns", "returned": 1})
    assert frame.attrs == {"geoservice": {"collection": "towns", "returned": 1}}
    assert frame.head(0).attrs == frame.attrs
    assert frame.to_crs(4547).attrs == frame.attrs


class _Wkb(pa.ExtensionType):
    """What libraries of GeoArrow register: the metadata moves from the field into the type."""

    def __init__(self, metadata=b""):
        self._metadata = metadata
        super().__init__(pa.binary(), "geoarrow.wkb")

    def __arrow_ext_serialize__(self):
        return self._metadata

    @classmethod
    def __arrow_ext_deserialize__(cls, _storage, serialized):
        return cls(serialized)


@pytest.mark.parametrize("rows", [[], [_VALUES, {**_VALUES, "geometry": None}]])
def test_frames_are_the_same_where_geoarrow_is_registered(rows):
    sink = io.BytesIO()
    table = _table(rows, srid=4547)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    pa.register_extension_type(_Wkb())
    try:
        registered = pa.ipc.open_stream(sink.getvalue()).read_all()
    finally:
        pa.unregister_extension_type("geoarrow.wkb")
    assert isinstance(registered.schema.field("geometry").type, _Wkb)
    assert_geodataframe_equal(frame_of(registered), frame_of(table))


def _streamed(table, *, batch_rows, whole=True):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=batch_rows)
    content = sink.getvalue() if whole else sink.getvalue()[:-8]

    def interruption(reason):
        return InterruptedStream("en", address="here", reason=reason)

    return ArrowStream(iter([content]), interruption)


@pytest.mark.parametrize("batch_rows", [1, 3, 100])
@pytest.mark.parametrize(
    ("rows", "sizes"), [(0, [0]), (4, [4]), (5, [5]), (6, [5, 1]), (10, [5, 5]), (13, [5, 5, 3])]
)
def test_frames_in_parts_have_so_many_rows_and_the_last_the_rest(rows, sizes, batch_rows):
    table = _table([_VALUES] * rows)
    frames = list(frames_of(_streamed(table, batch_rows=batch_rows), 5))
    assert [len(frame) for frame in frames] == sizes
    whole = pd.concat(frames)
    assert list(whole.index) == [str(number) for number in range(rows)]
    assert all(str(frame.dtypes["floors"]) == "Int64" for frame in frames)


def test_frames_in_parts_of_a_stream_without_end_raise():
    frames = frames_of(_streamed(_table([_VALUES] * 5), batch_rows=5, whole=False), 5)
    assert len(next(frames)) == 5
    with pytest.raises(InterruptedStream):
        next(frames)


_JSON = {
    **_VALUES,
    "money": 12.3,
    "height_m": 2,
    "opened_on": "1969-12-31",
    "seen_at": "2025-06-30T16:00:00.123456+08:00",
    "triggers": ["2", "降雨"],
    "zone": {"type": "Point", "coordinates": [1, 2]},
}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_geojson_gives_the_same_frame_as_arrow(count):
    features = [
        {
            "type": "Feature",
            "id": str(number),
            "geometry": {"type": "Point", "coordinates": [113.75, 23]},
            "properties": _NULLS if number == 1 else _JSON,
        }
        for number in range(count)
    ]
    rows = [_NULLS if number == 1 else _VALUES for number in range(count)]
    expected = frame_of(_table(rows))
    assert_geodataframe_equal(frame_of(table_of_features(features, _TYPES)), expected)


def test_geojson_without_geometry_gives_a_plain_frame():
    features = [{"type": "Feature", "id": "0", "geometry": None, "properties": _JSON}]
    frame = frame_of(table_of_features(features, _TYPES, has_geometry=False))
    pd.testing.assert_frame_equal(frame, frame_of(_table([_VALUES], geometry=False)))


_URI = "http://www.opengis.net/def/crs/EPSG/0/{srid}"


@pytest.mark.parametrize(
    ("uri", "coordinates", "srid"),
    [
        (None, [113.75, 23], 4490),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", [113.75, 23], 4490),
        (_URI.format(srid=4490), [23, 113.75], 4490),  # latitude first
        (_URI.format(srid=4547), [23, 113.75], 4547),  # northing first
        (_URI.format(srid=3857), [113.75, 23], 3857),  # easting first
    ],
)
def test_coordinates_of_geojson_are_turned_to_x_first(uri, coordinates, srid):
    feature = {
        "type": "Feature",
        "id": "0",
        "geometry": {"type": "Point", "coordinates": coordinates},
        "properties": {},
    }
    for features in ([feature], [feature, {**feature, "geometry": None}], []):
        frame = frame_of(table_of_features(features, {}, crs=uri))
        assert frame.crs == CRS.from_epsg(srid)
        assert len(frame) == len(features)
        if features:
            assert frame.geometry.iloc[0].equals(shapely.Point(113.75, 23))


@pytest.mark.parametrize("crs", [None, _URI.format(srid=4547)])
@pytest.mark.parametrize(
    "id", ["towns", "hazard_sites", "funding_entries", "remediation_projects", "quota_entries"]
)
def test_a_collection_gives_the_same_frame_both_ways(connect_as, id, crs):
    connection = connect_as("admin")
    path, parameters = f"/collections/{id}/items", {"crs": crs}
    with connection.arrow(path, parameters) as stream:
        table = stream.table()
        types = {
            field["name"]: "list" if field.get("many") else field["type"]
            for field in stream.account["fields"]
        }
    pages = list(connection.pages(path, parameters))
    features = [feature for page in pages for feature in page["features"]]
    has_geometry = "geometry" in table.column_names
    by_arrow = frame_of(table)
    by_geojson = frame_of(
        table_of_features(
            features, types, crs=pages[0]["content_crs"] if crs else None, has_geometry=has_geometry
        )
    ).loc[by_arrow.index]
    further = [name for name, type in types.items() if type == "geometry"]
    if not has_geometry:
        pd.testing.assert_frame_equal(by_geojson, by_arrow)
        return
    # GeoJSON has 7 decimals of a degree and 3 of a metre.
    tolerance = 1e-6 if crs is None else 1e-2
    near = by_geojson.geometry.geom_equals_exact(by_arrow.geometry, tolerance)
    assert (near | by_arrow.geometry.isna()).all()
    assert by_geojson.crs == by_arrow.crs
    pd.testing.assert_frame_equal(
        pd.DataFrame(by_geojson.drop(columns=["geometry", *further])),
        pd.DataFrame(by_arrow.drop(columns=["geometry", *further])),
    )
