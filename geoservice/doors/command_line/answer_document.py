"""Answers → the JSON document that the service gives of them, for programs that read a command."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

    from geoservice.client.answers import Answered

_OF_FRAMES = ("fields", "collection", "count_titles")
"""What the service says for those who make frames."""


def answer_document(answer: "Answered", most: int | None = None) -> dict[str, Any]:
    """The account of an answer and its rows as GeoJSON features; at most so many if that is said.

    Coordinates are longitude and latitude.
    """
    account = {name: value for name, value in answer.account.items() if name not in _OF_FRAMES}
    found = list(_features(answer.gdf.iloc[:most]))
    return {**account, "numberReturned": len(found), "features": found}


def _features(frame: "pd.DataFrame | geopandas.GeoDataFrame") -> Iterator[dict[str, Any]]:
    geometries = _geometries(frame)
    properties = frame.drop(columns="geometry", errors="ignore")
    columns = [[plain(value) for value in properties[name]] for name in properties]
    rows = zip(*columns, strict=True) if columns else (() for _ in frame.index)
    for id, geometry, row in zip(frame.index, geometries, rows, strict=True):
        yield {
            "type": "Feature",
            "id": str(id),
            "geometry": geometry,
            "properties": dict(zip(properties.columns, row, strict=True)),
        }


def _geometries(frame: "pd.DataFrame | geopandas.GeoDataFrame") -> list[Any]:
    if "geometry" not in frame.columns:
        return [None] * len(frame)
    import shapely

    return [
        None if text is None else json.loads(text)
        for text in shapely.to_geojson(frame["geometry"].to_numpy())
    ]


def plain(value: object) -> Any:
    """A cell of a frame as JSON has it: a day or an instant by ISO 8601, nothing for a missing value."""
    import pandas as pd

    if isinstance(value, list):
        return value
    if pd.isna(value):  # type: ignore[call-overload]
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat() if value.tz is None else value.isoformat()
    return value.item() if hasattr(value, "item") else value
