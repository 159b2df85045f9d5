"""How the world is cut into tiles: the one tile matrix set that is served, WebMercatorQuad.

Written after OGC 17-083r4 (Two Dimensional Tile Matrix Set and Tile Set Metadata 2.0), annex D.1.
"""

import re
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from geoservice.doors.http.asked import Asked
from geoservice.doors.http.features.items import link
from geoservice.doors.http.negotiation import HTML, JSON, chosen
from geoservice.doors.http.presentation import document, page
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.resources import Resource
from geoservice.errors import BadParameter, UnknownTile, UnknownTileMatrixSet
from geoservice.languages import Text
from geoservice.store.tiles import DEEPEST_ZOOM, Tile

MATRIX_SET = "WebMercatorQuad"
MATRIX_SET_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
CRS_URI = "http://www.opengis.net/def/crs/EPSG/0/3857"
PATH = "/tileMatrixSets"
SCHEME_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
SCHEMES_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes"

_TITLE = Text(zh="Web 墨卡托四叉树", en="Google Maps Compatible for the World")
_WIDEST = 20037508.3427892  # metres from the middle of the map to its edges
_TILE_PIXELS = 256
_PIXEL_M = 0.00028  # the standardized rendering pixel, metres
_LONGEST_NUMBER = 40
_WHOLE = re.compile(rf"-?[0-9]{{1,{_LONGEST_NUMBER}}}")


def routes() -> list[Route]:
    """The routes of this file."""
    return [
        Route(PATH, Resource(_matrix_sets)),
        Route(f"{PATH}/{{matrix_set}}", Resource(_matrix_set)),
    ]


def require_matrix_set(asked: Asked) -> None:
    """Refuse a path that names another tile matrix set."""
    name = asked.path_parameter("matrix_set")
    if name != MATRIX_SET:
        raise UnknownTileMatrixSet(value=name, allowed=[MATRIX_SET])


def named_tile(asked: Asked) -> Tile:
    """The tile that a path names. Raises `BadParameter` for no number, `UnknownTile` beyond."""
    zoom = _number(asked, "tileMatrix", DEEPEST_ZOOM)
    last = 2**zoom - 1
    return Tile(zoom, row=_number(asked, "tileRow", last), column=_number(asked, "tileCol", last))


def _number(asked: Asked, name: str, last: int) -> int:
    text = asked.path_parameter(name)
    allowed = f"0–{last}"
    if not _WHOLE.fullmatch(text):
        raise BadParameter(name=name, value=text, allowed=allowed)
    if not 0 <= int(text) <= last:
        raise UnknownTile(name=name, value=text, allowed=allowed)
    return int(text)


def _matrix_sets(asked: Asked) -> Response:
    require_known(asked.parameters, ("f", "lang"))
    if chosen(asked, (JSON, HTML)) is HTML:
        return page(asked, "tile_matrix_set.html", matrix_set=_described(asked))
    described = {
        "id": MATRIX_SET,
        "title": _TITLE.spoken(asked.language),
        "uri": MATRIX_SET_URI,
        "crs": CRS_URI,
        "links": [link(asked, "self", asked.url(f"{PATH}/{MATRIX_SET}"), JSON)],
    }
    content = {"tileMatrixSets": [described], "links": _self_and_alternate(asked)}
    return document(asked, content, JSON.media_type)


def _matrix_set(asked: Asked) -> Response:
    require_known(asked.parameters, ("f", "lang"))
    require_matrix_set(asked)
    if chosen(asked, (JSON, HTML)) is HTML:
        return page(asked, "tile_matrix_set.html", matrix_set=_described(asked))
    return document(asked, _described(asked), JSON.media_type)


def _described(asked: Asked) -> dict[str, Any]:
    return {
        "id": MATRIX_SET,
        "title": _TITLE.spoken(asked.language),
        "uri": MATRIX_SET_URI,
        "crs": CRS_URI,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(zoom) for zoom in range(DEEPEST_ZOOM + 1)],
    }


def _matrix(zoom: int) -> dict[str, Any]:
    side = 2**zoom
    cell_m = 2 * _WIDEST / _TILE_PIXELS / side
    return {
        "id": str(zoom),
        "scaleDenominator": cell_m / _PIXEL_M,
        "cellSize": cell_m,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-_WIDEST, _WIDEST],
        "tileWidth": _TILE_PIXELS,
        "tileHeight": _TILE_PIXELS,
        "matrixWidth": side,
        "matrixHeight": side,
    }


def _self_and_alternate(asked: Asked) -> list[dict[str, str]]:
    return [
        link(asked, "self", asked.this_url(), JSON),
        link(asked, "alternate", asked.this_url(f="html"), HTML),
    ]
