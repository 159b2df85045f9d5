"""A map on the screen: lonboard's, made to work where there is no network but the service's own.

As published, lonboard 0.12 to 0.17 fetches three things from elsewhere, without which it draws nothing:
the program that reads Parquet (jsdelivr), a worker that cuts areas into triangles (jsdelivr), and the
base map (CARTO). Here the data travels as Arrow streams, which its program reads without help; areas
are cut in its main thread; the base map is an inline style. A release of lonboard whose program looks
different is not used: `explore` then gives the picture and says why.
"""

import re
import warnings
from dataclasses import replace
from functools import cache
from html import escape
from io import BytesIO
from typing import Any

import geopandas as gpd
import ipywidgets
import lonboard
import numpy as np
import pyarrow as pa
import traitlets
from arro3.core import ChunkedArray, Table
from lonboard.basemap import MaplibreBasemap
from numpy.typing import NDArray

from geoservice.client.maps import base_map
from geoservice.client.maps.appearance import LegendClass
from geoservice.client.maps.drawing import AREA, LINE, POINT, Drawing
from geoservice.client.maps.static import StaticMap, swatch
from geoservice.languages import Text

_PIXELS_PER_MM = 1 / 0.28
_HEIGHT = 520
_LON_LAT = 4326

_UNKNOWN_RELEASE = Text(
    zh="lonboard {version} 的程序与已知版本不同，离线时画不出图，因此只给出静态图。",
    en="The program of lonboard {version} is not one that is known to draw without a network, so "
    "this map is the picture only.",
)

_REPLACED = (
    # `await fetchWasm(url), ready = true` on the first use: there is nothing to fetch.
    (r"(async function [\w$]+\(\)\{[\w$]+\|\|\()await [\w$]+\([\w$]+\),", r"\1"),
    # The Parquet file that is read into an Arrow stream is a stream already.
    (
        r"[\w$]+\(new Uint8Array\(([\w$]+)\.buffer\),\{batchSize:2\*\*31\}\)\.intoIPCStream\(\)",
        r"new Uint8Array(\1.buffer,\1.byteOffset,\1.byteLength).slice()",
    ),
    # Without an address of a worker, areas are cut into triangles in the main thread.
    (r'earcutWorkerUrl:"https://[^"]+"', "earcutWorkerUrl:null"),
)
"""What is replaced in lonboard's program; each is there exactly once."""


def interactive_map(drawing: Drawing) -> "InteractiveMap | StaticMap":
    """The map with its picture; the picture alone, with a warning, if this lonboard is not known."""
    if _program() is None:
        text = _UNKNOWN_RELEASE.spoken(drawing.language)
        warnings.warn(text.format(version=lonboard.__version__), stacklevel=3)
        return StaticMap(drawing)
    return InteractiveMap(drawing)


@cache
def _program() -> str | None:
    """Lonboard's program without what it fetches; None if it does not look as expected."""
    text = str(lonboard.Map._esm)
    for pattern, replacement in _REPLACED:
        text, count = re.subn(pattern, replacement, text)
        if count != 1:
            return None
    return text


class InteractiveMap(lonboard.Map):
    """A map of lonboard; `legend` stands above it, `picture` is what a saved notebook keeps of it."""

    _esm: Any = _program() or ""

    def __init__(self, drawing: Drawing) -> None:
        west, south, east, north = drawing.extent
        super().__init__(
            list(_layers(drawing)),
            basemap=_InlineBaseMap(base_map.maplibre_style(drawing.towns)),
            view_state={
                "longitude": (west + east) / 2,
                "latitude": (south + north) / 2,
                "zoom": _zoom(drawing.extent),
            },
            height=_HEIGHT,
            show_tooltip=True,
            # It would show the tooltip's escaped words once more, escaped again.
            show_side_panel=False,
        )
        self.picture = StaticMap(drawing)
        self.legend = _legend(drawing)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        """The map under its legend where widgets are shown, the picture where they are not."""
        shown = ipywidgets.VBox([ipywidgets.HTML(self.legend), self, self._error_output])
        return {**shown._repr_mimebundle_(**options), **self.picture._repr_mimebundle_()}


class _InlineBaseMap(MaplibreBasemap):
    """A base map whose style is a document, where lonboard allows an address only."""

    style = traitlets.Dict().tag(sync=True)

    def __init__(self, style: dict[str, Any]) -> None:
        super(MaplibreBasemap, self).__init__(mode="overlaid", style=style)


class _AsArrow:
    """Sends tables and columns as Arrow streams, one batch each, where lonboard sends Parquet."""

    def trait_metadata(self, traitname: str, key: str, default: Any = None) -> Any:
        """The metadata of a trait; what it is sent by is replaced."""
        found = super().trait_metadata(traitname, key, default)  # type: ignore[misc]
        if key != "to_json":
            return found
        return lambda value, widget: (
            [_stream(value)] if isinstance(value, Table | ChunkedArray) else found(value, widget)
        )


class _Points(_AsArrow, lonboard.ScatterplotLayer):
    pass


class _Lines(_AsArrow, lonboard.PathLayer):
    pass


class _Areas(_AsArrow, lonboard.PolygonLayer):
    pass


def _stream(values: Table | ChunkedArray) -> bytes:
    table = values if isinstance(values, Table) else Table.from_pydict({"value": values})
    whole = pa.table(table).combine_chunks()
    target = BytesIO()
    with pa.ipc.new_stream(target, whole.schema) as writer:
        writer.write_batch(whole.to_batches()[0])
    return target.getvalue()


def _layers(drawing: Drawing) -> list[Any]:
    """Areas, lines and points; of each, the layers of its kinds of geometry."""
    found = []
    for dimension, layer in ((AREA, _area_layer), (LINE, _line_layer), (POINT, _point_layer)):
        chosen = np.flatnonzero(drawing.dimensions == dimension)
        if len(chosen):
            found.append(layer(drawing, chosen))
    return found


def _area_layer(drawing: Drawing, chosen: NDArray[np.intp]) -> Any:
    looks = _Looks(drawing, chosen)
    return _Areas.from_geopandas(
        _table(drawing, chosen),
        auto_downcast=False,
        get_fill_color=looks.fills,
        get_line_color=looks.strokes,
        get_line_width=looks.widths,
        line_width_units="pixels",
        pickable=True,
    )


def _line_layer(drawing: Drawing, chosen: NDArray[np.intp]) -> Any:
    looks = _Looks(drawing, chosen)
    return _Lines.from_geopandas(
        _table(drawing, chosen),
        auto_downcast=False,
        get_color=looks.strokes,
        get_width=looks.widths,
        width_units="pixels",
        cap_rounded=True,
        pickable=True,
    )


def _point_layer(drawing: Drawing, chosen: NDArray[np.intp]) -> Any:
    looks = _Looks(drawing, chosen)
    return _Points.from_geopandas(
        _table(drawing, chosen),
        auto_downcast=False,
        get_fill_color=looks.fills,
        get_line_color=looks.strokes,
        get_line_width=looks.widths,
        get_radius=looks.radii,
        radius_units="pixels",
        line_width_units="pixels",
        stroked=True,
        pickable=True,
    )


class _Looks:
    """The symbols of chosen parts as the columns that layers want: bytes of RGBA, pixels."""

    def __init__(self, drawing: Drawing, chosen: NDArray[np.intp]) -> None:
        symbols = [each.symbol for each in drawing.appearance.classes]
        place = drawing.class_of[chosen]
        fills = [_rgba(each.fill, each.fill_opacity) for each in symbols]
        strokes = [_rgba(each.stroke, 1) for each in symbols]
        widths = [max(each.stroke_width_mm * _PIXELS_PER_MM, 1) for each in symbols]
        radii = [each.size_mm / 2 * _PIXELS_PER_MM for each in symbols]
        self.fills = np.array(fills, dtype=np.uint8)[place]
        self.strokes = np.array(strokes, dtype=np.uint8)[place]
        self.widths = np.array(widths, dtype=np.float32)[place]
        self.radii = np.array(radii, dtype=np.float32)[place]


def _table(drawing: Drawing, chosen: NDArray[np.intp]) -> gpd.GeoDataFrame:
    """Geometries with the words of their rows, as the tooltip puts them into HTML: escaped here."""
    words = drawing.words.iloc[drawing.rows[chosen]].reset_index(drop=True)
    told = {
        escape(str(title)): [escape(each) if isinstance(each, str) else "" for each in column]
        for title, column in words.items()
    }
    return gpd.GeoDataFrame(told, geometry=drawing.geometries[chosen], crs=_LON_LAT)


def _rgba(colour: str | None, opacity: float) -> tuple[int, int, int, int]:
    if colour is None:
        return 255, 255, 255, 0
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue, round(255 * opacity)


def _zoom(extent: tuple[float, float, float, float]) -> float:
    """The zoom at which an extent fills a map of common size (512 pixels at zoom 0)."""
    west, south, east, north = extent
    squeeze = float(np.cos(np.radians((south + north) / 2)))
    across = np.log2(900 * 360 / 512 / (east - west))
    upwards = np.log2((_HEIGHT - 40) * 360 / 512 * squeeze / (north - south))
    return round(float(min(across, upwards)), 2)


def _legend(drawing: Drawing) -> str:
    """Title, classes and notes as HTML."""
    title = drawing.appearance.title
    named = f"<span>{escape(title)}</span>" if title is not None else ""
    dimensions = set(drawing.dimensions.tolist())
    classes = "".join(_entry(each, dimensions) for each in drawing.appearance.present)
    notes = "<br>".join(escape(note) for note in drawing.notes)
    return (
        '<div style="line-height:1.5;font-family:system-ui,sans-serif">'
        f"<strong>{escape(drawing.title)}</strong>"
        '<div style="display:flex;flex-wrap:wrap;gap:2px 16px;align-items:center">'
        f'{named}{classes}</div><div style="color:#4b5563;font-size:0.9em">{notes}</div></div>'
    )


def _entry(each: LegendClass, dimensions: set[int]) -> str:
    """A class as the map draws it: lonboard's points are all round."""
    round_one = replace(each, symbol=replace(each.symbol, shape="circle"))
    return (
        '<span style="display:inline-flex;align-items:center;gap:5px">'
        f"{swatch(round_one, dimensions)}{escape(each.title)} ({each.count:,})</span>"
    )
