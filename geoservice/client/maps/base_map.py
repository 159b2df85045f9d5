"""The map under every map: the towns of the service itself, so that no tile server is needed.

Fetched once for each connection, and simplified. Knows no drawing library: it gives the towns as
geometries, and as an inline MapLibre style whose labels are drawn with the reader's own fonts.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from numpy.typing import NDArray

from geoservice.client import errors

if TYPE_CHECKING:
    from geoservice.client.connection import Connection

WATER, LAND, BORDER, NAME = "#eaf0f4", "#fbfaf6", "#a8a8a0", "#5f6368"

_COLLECTION = "towns"
_DETAIL_DEGREES = 0.0002
"""About 20 m: what a map of a whole city can show."""

_FONTS = ["Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", "sans-serif"]


@dataclass(frozen=True)
class Towns:
    """The towns that have a geometry, as longitude and latitude; `attribution` names whose they are."""

    geometries: NDArray[np.object_]
    names: tuple[str, ...]
    attribution: str | None


NO_TOWNS = Towns(np.empty(0, dtype=object), (), None)

_kept: "WeakKeyDictionary[Connection, Towns]" = WeakKeyDictionary()


def towns(connection: "Connection | None") -> Towns:
    """The towns of a service in the connection's language; none without a connection or without towns."""
    if connection is None:
        return NO_TOWNS
    if connection not in _kept:
        _kept[connection] = _fetched(connection)
    return _kept[connection]


def _fetched(connection: "Connection") -> Towns:
    try:
        told = connection.json(f"/collections/{_COLLECTION}")
        features = [
            feature
            for page in connection.pages(
                f"/collections/{_COLLECTION}/items",
                {"properties": ("name", "name_en"), "sortby": "code", "limit": 1000},
            )
            for feature in page["features"]
            if feature["geometry"] is not None
        ]
    except (errors.NotFound, errors.NotAllowed):
        return NO_TOWNS
    geometries = shapely.from_geojson([json.dumps(each["geometry"]) for each in features])
    names = tuple(_name(each["properties"], connection.language) for each in features)
    return Towns(_simplified(geometries), names, told.get("attribution"))


def _name(properties: dict[str, Any], language: str) -> str:
    own = str(properties["name"])
    return str(properties.get("name_en") or own) if language == "en" else own


def _simplified(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """The towns with fewer corners; borders between two towns stay one line."""
    if not len(geometries):
        return np.empty(0, dtype=object)
    if not shapely.coverage_is_valid(geometries):
        return np.asarray(shapely.simplify(geometries, _DETAIL_DEGREES))
    return np.asarray(shapely.coverage_simplify(geometries, _DETAIL_DEGREES))


def maplibre_style(under: Towns) -> dict[str, Any]:
    """The towns as a MapLibre style that holds its data: nothing is fetched to draw it."""
    features = [
        {
            "type": "Feature",
            "geometry": json.loads(shapely.to_geojson(shapely.set_precision(geometry, 1e-5))),
            "properties": {"name": name},
        }
        for geometry, name in zip(under.geometries, under.names, strict=True)
    ]
    source: dict[str, Any] = {
        "type": "geojson",
        "data": {"type": "FeatureCollection", "features": features},
    }
    if under.attribution is not None:
        source["attribution"] = under.attribution
    label = {"text-field": ["get", "name"], "text-size": 12, "text-font": _FONTS}
    halo = {"text-color": NAME, "text-halo-color": LAND, "text-halo-width": 1.5}
    return {
        "version": 8,
        "sources": {"towns": source},
        "layers": [
            {"id": "background", "type": "background", "paint": {"background-color": WATER}},
            {"id": "land", "type": "fill", "source": "towns", "paint": {"fill-color": LAND}},
            {"id": "borders", "type": "line", "source": "towns", "paint": {"line-color": BORDER}},
            {"id": "names", "type": "symbol", "source": "towns", "layout": label, "paint": halo},
        ],
    }
