"""Geometry as text in a column of a file."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely


def wkt_as_wkb(column: pa.Array) -> pa.Array:
    """WKT or GeoJSON as WKB; null where there is no text, one byte that is no WKB where it is neither.

    Collections are not read: nested ones harm the parser, and no layer takes them.
    """
    blank = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True)
    nested = pc.match_substring(column, "COLLECTION", ignore_case=True)
    texts = pc.if_else(pc.or_(blank, pc.fill_null(nested, False)), None, column)
    written = texts.to_numpy(zero_copy_only=False)
    read = shapely.from_wkt(written, on_invalid="ignore")
    json = np.asarray(pc.fill_null(pc.starts_with(texts, "{"), False))
    if json.any():
        read[json] = shapely.from_geojson(written[json], on_invalid="ignore")
    wkb: Any = shapely.to_wkb(read, byte_order=1)
    unread = ~np.asarray(blank) & shapely.is_missing(read)
    wkb[unread] = b"\0"
    return pa.array(wkb, pa.binary())
