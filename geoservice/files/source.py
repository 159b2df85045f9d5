"""What a file offers, whatever its format: columns, geometry, CRS, and batches of rows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from geoservice.description.collection import FieldType
from geoservice.files.encodings import Encoding

GEOMETRY = "\0geometry"
"""The name of the WKB column in batches; no column of a file can have it."""

BATCH_ROWS = 32_768


@dataclass(frozen=True)
class Source:
    """An opened file. `batches()` may be called again; each call reads from the start.

    Attributes:
        format: the name for people.
        columns: the attribute columns in order, with their Arrow types.
        has_geometry: whether batches have a column `GEOMETRY` of WKB.
        geometry_type: what the file says its geometries are; None or "Unknown" if it does not.
        crs: what the file says about its coordinates, in any form pyproj reads; None if nothing.
        crs_from: where `crs` stands in the file.
        total: the number of rows, if the file says.
        encoding: how text was decoded, if that was a decision.
        blank_is_null: the format cannot tell an empty text from a missing one.
        is_text: every attribute is text because the format has no types.
        layer: the layer that was read, of a format with layers.
        limits_names: names may have been cut at 10 bytes.
        hints: what columns of text hold, as far as the format says.
        notes: remarks for the report.
    """

    format: str
    columns: pa.Schema
    batches: Callable[[], Iterator[pa.RecordBatch]]
    has_geometry: bool
    geometry_type: str | None = None
    crs: str | None = None
    crs_from: str | None = None
    total: int | None = None
    encoding: Encoding | None = None
    blank_is_null: bool = False
    is_text: bool = False
    layer: str | None = None
    limits_names: bool = False
    hints: Mapping[str, FieldType] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
