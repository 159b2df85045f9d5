"""Vector tiles of collections (OGC API – Tiles, Part 1, OGC 20-057), for any map client.

A tile is asked with the same filters as features are, and so has the same ones. It never holds
less without saying so: see `X-Tile-Reduced`.
"""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from geoservice.description import schema
from geoservice.description.collection import Collection, GeometryType
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.features.items import entity_tag, is_named, link
from geoservice.doors.http.features.reading import features_request, simple_queryables
from geoservice.doors.http.negotiation import HTML, JSON, Representation, chosen
from geoservice.doors.http.presentation import VARY, document, page
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.resources import Resource
from geoservice.doors.http.tile_matrix_sets import (
    CRS_URI,
    MATRIX_SET,
    MATRIX_SET_URI,
    PATH,
    SCHEME_RELATION,
    named_tile,
    require_matrix_set,
)
from geoservice.errors import NoTiles, UnknownProperty
from geoservice.languages import Text
from geoservice.query.query import Query
from geoservice.store.tiles import (
    DEEPEST_ZOOM,
    FULL_ZOOM,
    ID,
    PIXELS,
    TileLimits,
    WrittenTile,
    property_type,
    tile_fields,
    written_tile,
)

CONFORMANCE = (
    *(
        f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}"
        for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "datetime", "mvt")
    ),
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/oas30",
    *(
        f"http://www.opengis.net/spec/tms/2.0/conf/{name}"
        for name in ("tilematrixset", "json-tilematrixset", "json-tilesetmetadata")
    ),
)
"""The conformance classes of tiles."""

TILESETS_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"

TILE_PARAMETERS = (
    *("datetime", "as_of", "known_at", "filter", "filter-lang", "filter-crs", "properties"),
    *("f", "lang"),
)
"""What a tile may be asked with, beside every simple field by its name."""

REDUCED = "X-Tile-Reduced"
"""The header that says by what a tile holds less than there is; see `_reduction`."""

MVT = Representation(
    "mvt",
    "application/vnd.mapbox-vector-tile",
    Text(zh="矢量切片（MVT）", en="as vector tiles (MVT)"),
    ("pbf", "application/x-protobuf"),
)
_TILE_JSON = Representation(
    "tilejson",
    "application/json",
    Text(zh="TileJSON", en="as TileJSON"),
    ("application/vnd.mapbox.tile+json",),
)
_TILESET = "/collections/{collection}/tiles/{matrix_set}"
_PLACE = "{tileMatrix}/{tileRow}/{tileCol}"
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_TYPE_NAMES = {str: "String", bool: "Boolean", float: "Number"}
_DIMENSIONS = {
    GeometryType.POINT: 0,
    GeometryType.LINE_STRING: 1,
    GeometryType.POLYGON: 2,
}


def routes() -> list[Route]:
    """The routes of this file."""
    return [
        Route(f"{_TILESET}/{_PLACE}", Resource(_tile)),
        Route(_TILESET, Resource(_tileset)),
        Route("/collections/{collection}/tiles", Resource(_tilesets)),
    ]


def _tile(asked: Asked) -> Response:
    """One tile; 204 if nothing is there."""
    collection = _named(asked)
    require_matrix_set(asked)
    tile = named_tile(asked)
    query = _query(asked, collection)
    chosen(asked, (MVT,))
    service = asked.service
    validator = asked.headers.get("if-none-match")
    if validator is not None:
        tag = entity_tag(asked, service.facts.version(collection))
        if is_named(validator, tag):
            return Response(status_code=304, headers={"ETag": tag, "Vary": VARY})
    limits = TileLimits(service.limits.max_tile_features, service.limits.max_tile_bytes)
    written = written_tile(service.database, collection, query, tile, limits)
    headers = {"ETag": entity_tag(asked, written.version), "Vary": VARY}
    reduction = _reduction(written)
    if reduction:
        headers[REDUCED] = reduction
    if not written.content:
        return Response(status_code=204, headers=headers)
    return Response(written.content, headers=headers, media_type=MVT.media_type)


def _reduction(written: WrittenTile) -> str:
    """By what a tile holds less than there is: a list of RFC 9651, empty if it holds all.

    `small`: below zoom `FULL_ZOOM`, lines and areas smaller than a pixel; from there on, what is too
    thin for the grid. `features`: of too many, the largest `kept` ones were kept.
    """
    found = ["small"] if written.without_small else []
    if written.features is not None:
        found.append(f"features;kept={written.features}")
    return ", ".join(found)


def _tilesets(asked: Asked) -> Response:
    """The tilesets of a collection: there is one."""
    require_known(asked.parameters, ("f", "lang"))
    collection = _named(asked)
    if chosen(asked, (JSON, HTML)) is HTML:
        return _tileset_page(asked, collection)
    described = _summary(asked, collection) | {"links": _tileset_links(asked, collection)}
    content = {
        "tilesets": [described],
        "links": [
            link(asked, "self", asked.this_url(), JSON),
            link(asked, "alternate", asked.this_url(f="html"), HTML),
        ],
    }
    return document(asked, content, JSON.media_type)


def _tileset(asked: Asked) -> Response:
    """What the tiles of a collection hold and where they are."""
    collection = _named(asked)
    require_matrix_set(asked)
    query = _query(asked, collection)
    representation = chosen(asked, (JSON, _TILE_JSON, HTML))
    if representation is HTML:
        return _tileset_page(asked, collection)
    describe = _tile_json if representation is _TILE_JSON else _metadata
    return document(asked, describe(asked, collection, query), representation.media_type)


def _metadata(asked: Asked, collection: Collection, query: Query) -> dict[str, Any]:
    """The tileset as OGC 17-083r4 describes it."""
    fields = tile_fields(collection, query)
    layer: dict[str, Any] = {
        "id": collection.id,
        "title": collection.title.spoken(asked.language),
        "dataType": "vector",
        "propertiesSchema": {
            "type": "object",
            "properties": {
                ID: {"type": "string", "format": "uuid"},
                **{each.name: schema.field_schema(each, asked.language) for each in fields},
            },
        },
    }
    assert collection.geometry is not None
    dimension = _DIMENSIONS.get(collection.geometry.single)
    if dimension is not None:
        layer["geometryDimension"] = dimension
    found = _summary(asked, collection) | {
        "description": collection.description.spoken(asked.language),
        "layers": [layer],
        "links": _tileset_links(asked, collection),
    }
    extent = asked.service.facts.of(collection).extent
    if extent is not None:
        west, south, east, north = extent
        corners = {"lowerLeft": [west, south], "upperRight": [east, north]}
        found["boundingBox"] = corners | {"crs": _CRS84}
    return found | _attribution(asked, collection)


def _tile_json(asked: Asked, collection: Collection, query: Query) -> dict[str, Any]:
    """The tileset as TileJSON 3.0.0 describes it."""
    fields = {
        each.name: _TYPE_NAMES[property_type(each)] for each in tile_fields(collection, query)
    }
    found: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": collection.title.spoken(asked.language),
        "description": collection.description.spoken(asked.language),
        "scheme": "xyz",
        "tiles": [_tile_template(asked, collection, "{z}/{y}/{x}")],
        "minzoom": 0,
        "maxzoom": DEEPEST_ZOOM,
        "vector_layers": [{"id": collection.id, "fields": {ID: "String", **fields}}],
    }
    extent = asked.service.facts.of(collection).extent
    if extent is not None:
        found["bounds"] = list(extent)
    return found | _attribution(asked, collection)


def _attribution(asked: Asked, collection: Collection) -> dict[str, str]:
    source = collection.source
    return {} if source is None else {"attribution": source.title.spoken(asked.language)}


def _tileset_page(asked: Asked, collection: Collection) -> Response:
    return page(
        asked,
        "tileset.html",
        collection=collection,
        xyz=_tile_template(asked, collection, "{z}/{y}/{x}"),
        tile_json_url=_tileset_url(asked, collection, f="tilejson"),
        json_url=_tileset_url(asked, collection, f="json"),
        deepest=DEEPEST_ZOOM,
        full_zoom=FULL_ZOOM,
        pixels=PIXELS,
        limits=asked.service.limits,
    )


def _summary(asked: Asked, collection: Collection) -> dict[str, Any]:
    return {
        "title": collection.title.spoken(asked.language),
        "dataType": "vector",
        "crs": CRS_URI,
        "tileMatrixSetURI": MATRIX_SET_URI,
    }


def _tileset_links(asked: Asked, collection: Collection) -> list[dict[str, Any]]:
    template = _tile_template(asked, collection, _PLACE)
    return [
        link(asked, "self", _tileset_url(asked, collection, f=None), JSON),
        link(asked, "alternate", _tileset_url(asked, collection, f="html"), HTML),
        link(asked, "alternate", _tileset_url(asked, collection, f="tilejson"), _TILE_JSON),
        link(asked, "item", template, MVT) | {"templated": True},
        link(asked, SCHEME_RELATION, asked.url(f"{PATH}/{MATRIX_SET}"), JSON),
        link(asked, "collection", asked.url(f"/collections/{collection.id}"), JSON),
    ]


def _tileset_url(asked: Asked, collection: Collection, **changes: str | None) -> str:
    given = {**_shown(asked), **changes}
    return asked.url(f"/collections/{collection.id}/tiles/{MATRIX_SET}", **given)


def _tile_template(asked: Asked, collection: Collection, place: str) -> str:
    """The address of any tile, with the filters with which the tileset was asked."""
    path = f"/collections/{collection.id}/tiles/{MATRIX_SET}/{place}"
    return asked.url(path, **_shown(asked))


def _shown(asked: Asked) -> Mapping[str, str]:
    return {name: value for name, value in asked.parameters.items() if name not in ("f", "lang")}


def _query(asked: Asked, collection: Collection) -> Query:
    """What is asked of the collection. A tile has one geometry, so no other may be named."""
    require_known(asked.parameters, {*TILE_PARAMETERS, *simple_queryables(collection)})
    query = features_request(collection, asked.parameters, asked.service).query
    allowed = [each.name for each in collection.with_one_geometry.public_fields]
    for name in query.properties or ():
        if name not in allowed:
            raise UnknownProperty(
                name="properties", collection=collection.id, value=name, allowed=allowed
            )
    return query


def _named(asked: Asked) -> Collection:
    collection = asked.collection(asked.path_parameter("collection"))
    if collection.geometry is None:
        raise NoTiles(collection=collection.id)
    return collection
