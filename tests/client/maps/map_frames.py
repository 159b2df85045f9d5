"""Small frames with every kind of geometry, as the client gives them but of no service."""

import geopandas as gpd
import pandas as pd
from shapely import wkt

_WKT = {
    "point": "POINT (113.75 23.05)",
    "line": "LINESTRING (113.7 23.0, 113.8 23.1)",
    "area": "POLYGON ((113.6 22.9, 113.7 22.9, 113.7 23.0, 113.6 22.9))",
    "mixed": "GEOMETRYCOLLECTION (POINT (113.75 23.0), LINESTRING (113.7 23.0, 113.72 23.0), "
    "POLYGON ((113.9 22.9, 114 22.9, 114 23, 113.9 22.9)))",
    "empty": "POINT EMPTY",
    "none": None,
}

FACTS = {
    "title": "测试 <b>&",
    "as_of": "2021-06-25",
    "known_at": "2021-07-01T08:30:45.5+08:00",
    "attribution": "某局",
    "licence": "CC BY 4.0",
    "synthetic": True,
    "fields": {"name": {"title": "名称", "unit": None}, "height": {"title": "高", "unit": "m"}},
}


def frame(*kinds: str, crs: int | None = 4490, **facts: object) -> gpd.GeoDataFrame:
    geometries = [None if _WKT[kind] is None else wkt.loads(_WKT[kind]) for kind in kinds]
    columns = {
        "name": pd.Series([f"<i>{kind}</i>" for kind in kinds], dtype="string"),
        "height": pd.Series([float(n) for n in range(len(kinds))], dtype="float64"),
    }
    found = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(geometries, crs=crs))
    found.attrs["geoservice"] = FACTS | facts
    return found
