"""A collection's style as a MapLibre style (Mapbox style specification, version 8).

The service's own vector tiles are its source, so a web map draws it as it stands. Symbols that the
language has no word for without a sprite or fonts (shapes of markers, labels) are not drawn; the
document's `metadata` tells every symbol whole, class by class, for clients that draw on their own:

    {"geoservice:legend": {"collection", "title", "kind", "field", "field_title", "classes": [
        {"code", "title", "fill", "fill_opacity", "stroke", "stroke_width_mm", "dash_mm", "shape",
         "size_mm"}]}}

`kind` is point, line, area or mixed. The last class, with `code` null, is of all features that no
other class is of. Sizes are millimetres; in the layers they are pixels of 0.28 mm (OGC 05-077r4, 10.2).
"""

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from geoservice.cartography.appearance import Entry, Kind, kind, legend, style
from geoservice.description.collection import Collection
from geoservice.description.style import Style, Symbol
from geoservice.languages import Language

Node = dict[str, Any]

LEGEND = "geoservice:legend"
"""The member of a style's `metadata` that tells its classes."""

_MM_PER_PIXEL = 0.28
_SCALE_AT_ZOOM_0 = 2 * math.pi * 6_378_137 / 512 / (_MM_PER_PIXEL / 1000)
"""Denominator of the scale at the equator at zoom 0, where the world is 512 pixels wide."""

_POINTS, _AREAS = (["==", ["geometry-type"], name] for name in ("Point", "Polygon"))


def maplibre_style(collection: Collection, language: Language, tile_json: str) -> Node:
    """The style of a collection with geometry whose TileJSON document stands at an address.

    Without geometry there is nothing to draw: `ValueError`.
    """
    if kind(collection) is Kind.TABLE:
        raise ValueError(f"{collection.id} has no geometry")
    return {
        "version": 8,
        "name": collection.title.spoken(language),
        "metadata": {LEGEND: _legend(collection, language)},
        "sources": {collection.id: {"type": "vector", "url": tile_json}},
        "layers": list(_layers(collection, language)),
    }


def _legend(collection: Collection, language: Language) -> Node:
    classification = style(collection).classification
    field = collection.by_name[classification.field] if classification else None
    return {
        "collection": collection.id,
        "title": collection.title.spoken(language),
        "kind": kind(collection).value,
        "field": field.name if field else None,
        "field_title": field.title.spoken(language) if field else None,
        "classes": [
            {"code": entry.code, "title": entry.title, **_written(entry.symbol)}
            for entry in legend(collection, language)
        ],
    }


def _written(symbol: Symbol) -> Node:
    return asdict(symbol) | {"shape": symbol.shape.value, "dash_mm": list(symbol.dash_mm)}


def _layers(collection: Collection, language: Language) -> Iterator[Node]:
    """The layers from the lowest to the uppermost: areas, their outlines and lines, points."""
    drawn, entries = style(collection), legend(collection, language)
    for number, entry in enumerate(entries):
        condition = _condition(drawn, entry)
        for type, shown, paint in _painted(kind(collection), entry.symbol):
            yield {
                "id": f"{collection.id}-{number}-{type}",
                "type": type,
                "source": collection.id,
                "source-layer": collection.id,
                "metadata": {"geoservice:title": entry.title, "geoservice:code": entry.code},
                "filter": ["all", *([condition] if condition else []), *([shown] if shown else [])],
                "paint": paint,
                **_zooms(drawn),
            }


def _condition(drawn: Style, entry: Entry) -> list[Any] | None:
    if drawn.classification is None:
        return None
    value = ["get", drawn.classification.field]
    if entry.code is not None:
        return ["==", value, entry.code]
    return ["!", ["in", value, ["literal", [each.code for each in drawn.classification.classes]]]]


def _painted(drawn: Kind, symbol: Symbol) -> Iterator[tuple[str, list[Any] | None, Node]]:
    """Type of layer, which geometries it draws (None: all of the collection) and how."""
    mixed = drawn is Kind.MIXED
    if symbol.fill is not None and drawn in (Kind.AREA, Kind.MIXED):
        fill = {"fill-color": symbol.fill, "fill-opacity": symbol.fill_opacity}
        yield "fill", _AREAS if mixed else None, fill
    if drawn is not Kind.POINT:
        line = {"line-color": symbol.stroke, "line-width": _pixels(symbol.stroke_width_mm)}
        if symbol.dash_mm:  # MapLibre counts dashes in widths of the line
            line["line-dasharray"] = [
                round(length / symbol.stroke_width_mm, 2) for length in symbol.dash_mm
            ]
        yield "line", ["!", _POINTS] if mixed else None, line
    if drawn in (Kind.POINT, Kind.MIXED):
        circle = {
            "circle-color": symbol.fill or "#ffffff",
            "circle-opacity": symbol.fill_opacity if symbol.fill else 0,
            "circle-radius": _pixels(symbol.size_mm / 2),
            "circle-stroke-color": symbol.stroke,
            "circle-stroke-width": _pixels(symbol.stroke_width_mm),
        }
        yield "circle", _POINTS if mixed else None, circle


def _zooms(drawn: Style) -> Node:
    """The range of scales as zooms: a layer is drawn from `minzoom` on, and not at `maxzoom`."""
    zooms = {"minzoom": drawn.max_scale_denominator, "maxzoom": drawn.min_scale_denominator}
    return {
        name: round(math.log2(_SCALE_AT_ZOOM_0 / denominator), 2)
        for name, denominator in zooms.items()
        if denominator is not None
    }


def _pixels(millimetres: float) -> float:
    return round(millimetres / _MM_PER_PIXEL, 2)
