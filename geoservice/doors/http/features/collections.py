"""What the service has (OGC API Features): landing page, conformance, collections and their schemas."""

from datetime import UTC
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from geoservice import __version__
from geoservice.crs import epsg
from geoservice.description import schema
from geoservice.description.collection import Collection
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.downloads import FILES, GEOJSON, IN_BACKGROUND
from geoservice.doors.http.facts import CollectionFacts
from geoservice.doors.http.features.items import link
from geoservice.doors.http.negotiation import HTML, JSON, SCHEMA, Representation, chosen
from geoservice.doors.http.openapi import document as openapi
from geoservice.doors.http.presentation import document, page
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.resources import Resource
from geoservice.doors.http.styles import PROJECT, STYLES_RELATION
from geoservice.doors.http.tile_matrix_sets import PATH as MATRIX_SETS_PATH
from geoservice.doors.http.tile_matrix_sets import SCHEMES_RELATION
from geoservice.doors.http.tiles import CONFORMANCE as TILE_CONFORMANCE
from geoservice.doors.http.tiles import TILESETS_RELATION
from geoservice.languages import Text
from geoservice.questions import all_questions

_FEATURES = "http://www.opengis.net/spec/ogcapi-features-{part}/1.0/conf/{name}"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/{name}"
_COMMON = "http://www.opengis.net/spec/ogcapi-common-{part}/1.0/conf/{name}"

CONFORMANCE: tuple[str, ...] = (
    *(
        _COMMON.format(part=1, name=name)
        for name in ("core", "landing-page", "json", "html", "oas30")
    ),
    _COMMON.format(part=2, name="collections"),
    *(_FEATURES.format(part=1, name=name) for name in ("core", "oas30", "html", "geojson")),
    _FEATURES.format(part=2, name="crs"),
    *(
        _FEATURES.format(part=3, name=name)
        for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")
    ),
    *(
        _FEATURES.format(part=4, name=name)
        for name in ("create-replace-delete", "update", "optimistic-locking-etags", "features")
    ),
    *(_FEATURES.format(part=5, name=name) for name in ("schemas", "core-roles-features")),
    *(
        _CQL2.format(name=name)
        for name in (
            *("cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators"),
            *("case-insensitive-comparison", "accent-insensitive-comparison"),
            # The name of the draft beside the final one: each is looked for by some desktop client.
            *("basic-spatial-functions", "basic-spatial-operators", "basic-spatial-functions-plus"),
            *("spatial-functions", "temporal-functions", "array-functions"),
            *("property-property", "arithmetic"),
        )
    ),
    *TILE_CONFORMANCE,
)
"""The conformance classes, by the exact strings that clients look for."""

SCHEMA_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/schema"
QUERYABLES_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/queryables"

_PAGES = (JSON, HTML)
_SCHEMAS = (SCHEMA, JSON, HTML)
_API = (
    Representation(
        "json",
        "application/vnd.oai.openapi+json;version=3.0",
        Text(zh="OpenAPI 文档", en="API description"),
        ("application/openapi+json",),
    ),
    JSON,
    HTML,
)
_WFS = Representation("wfs", "text/xml", Text(zh="WFS 2.0、1.1、1.0", en="as WFS 2.0, 1.1 and 1.0"))
_OWN_PARAMETERS = ("f", "lang")
_LIMITS_TOLD = (
    "max_json_body",
    "max_url_bytes",
    "limit_maximum",
    "max_tx_operations",
    "max_geom_vertices",
    "max_answer_rows",
    "max_check_file",
    "max_check_features",
)
"""The limits that a client can keep to before it sends anything."""


def routes() -> list[Route]:
    """The routes of this file."""
    return [
        Route("/", Resource(_landing)),
        Route("/conformance", Resource(_conformance)),
        Route("/api", Resource(_api)),
        Route("/collections", Resource(_collections)),
        Route("/collections/{collection}", Resource(_collection)),
        Route("/collections/{collection}/schema", Resource(_schema)),
        Route("/collections/{collection}/queryables", Resource(_queryables)),
    ]


def _landing(asked: Asked) -> Response:
    require_known(asked.parameters, _OWN_PARAMETERS)
    if chosen(asked, _PAGES) is HTML:
        return page(
            asked,
            "landing.html",
            collections=list(asked.service.registry.catalog),
            questions=[each.description for each in all_questions(asked.service.region)],
        )
    title = Text(
        zh=f"{asked.service.region.title.zh}自然资源数据服务",
        en=f"Natural-resources registers of {asked.service.region.title.en}",
    )
    about = Text(
        zh="自然资源台账的要素、筛选与空间问答。",
        en="Features of the registers, filters, and spatial questions over them.",
    )
    return document(
        asked,
        {
            "title": title.spoken(asked.language),
            "description": about.spoken(asked.language),
            "version": __version__,
            "limits": {name: getattr(asked.service.limits, name) for name in _LIMITS_TOLD},
            "links": [
                *_self_and_alternate(asked),
                link(asked, "service-desc", asked.url("/api"), _API[0]),
                link(asked, "service-doc", asked.url("/docs"), HTML),
                link(asked, "conformance", asked.url("/conformance"), JSON),
                link(asked, "data", asked.url("/collections"), JSON),
                link(asked, "questions", asked.url("/questions"), JSON),
                link(asked, SCHEMES_RELATION, asked.url(MATRIX_SETS_PATH), JSON),
                link(
                    asked,
                    "service",
                    asked.url("/wfs", service="WFS", request="GetCapabilities"),
                    _WFS,
                ),
                link(asked, "enclosure", asked.url("/qgis/project.qgz"), PROJECT),
            ],
        },
        JSON.media_type,
    )


def _conformance(asked: Asked) -> Response:
    require_known(asked.parameters, _OWN_PARAMETERS)
    if chosen(asked, _PAGES) is HTML:
        return page(asked, "conformance.html", classes=CONFORMANCE)
    content = {"conformsTo": list(CONFORMANCE), "links": _self_and_alternate(asked)}
    return document(asked, content, JSON.media_type)


def _api(asked: Asked) -> Response:
    require_known(asked.parameters, _OWN_PARAMETERS)
    representation = chosen(asked, _API)
    if representation is HTML:
        return Response(status_code=303, headers={"Location": asked.url("/docs")})
    headers = {"Content-Language": asked.language, "Vary": "Accept, Accept-Language"}
    body = openapi.document(asked)
    return Response(body, headers=headers, media_type=representation.media_type)


def _collections(asked: Asked) -> Response:
    require_known(asked.parameters, _OWN_PARAMETERS)
    catalog = asked.service.registry.catalog
    facts = asked.service.facts.of_all(catalog)
    if chosen(asked, _PAGES) is HTML:
        return page(asked, "collections.html", collections=list(catalog), facts=facts)
    content = {
        "links": _self_and_alternate(asked),
        "crs": [crs.uri for crs in asked.service.crs_offered],
        "collections": [_described(asked, each, facts[each.id]) for each in catalog],
    }
    return document(asked, content, JSON.media_type)


def _collection(asked: Asked) -> Response:
    require_known(asked.parameters, _OWN_PARAMETERS)
    collection = _named(asked)
    facts = asked.service.facts.of(collection)
    if chosen(asked, _PAGES) is HTML:
        return page(
            asked,
            "collection.html",
            collection=collection,
            facts=facts,
            files=FILES,
            in_background=[
                (id, f"/collections/{collection.id}/items?f={id}") for id in IN_BACKGROUND
            ],
        )
    return document(asked, _described(asked, collection, facts), JSON.media_type)


def _described(asked: Asked, collection: Collection, facts: CollectionFacts) -> dict[str, Any]:
    """A collection as the standard describes it; the same in the list and alone."""
    language = asked.language
    found: dict[str, Any] = {
        "id": collection.id,
        "title": collection.title.spoken(language),
        "description": collection.description.spoken(language),
        "itemType": "feature",
        "crs": [crs.uri for crs in asked.service.crs_offered],
        "storageCrs": epsg(collection.native_srid).uri,
        "extent": _extent(facts),
        "links": _collection_links(asked, collection),
    }
    if facts.count is not None:
        found["itemCount"] = facts.count
    if facts.changed_at is not None:
        found["updated"] = facts.changed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found["synthetic"] = facts.synthetic
    if collection.source is not None and collection.source.licence is not None:
        found["license"] = collection.source.licence
    if collection.source is not None:
        found["attribution"] = collection.source.title.spoken(language)
    return found


def _extent(facts: CollectionFacts) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if facts.extent is not None:
        # CRS84 by name: that is what the first CRS of the list is.
        crs = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
        found["spatial"] = {"bbox": [list(facts.extent)], "crs": crs}
    if facts.dates is not None:
        trs = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
        found["temporal"] = {"interval": [[_instant(each) for each in facts.dates]], "trs": trs}
    return found


def _instant(day: str | None) -> str | None:
    return None if day is None else day if "T" in day else f"{day}T00:00:00Z"


def _collection_links(asked: Asked, collection: Collection) -> list[dict[str, str]]:
    path = f"/collections/{collection.id}"
    items = asked.url(f"{path}/items")
    links = [
        link(asked, "self", asked.url(path), JSON),
        link(asked, "alternate", asked.url(path, f="html"), HTML),
        link(asked, "items", items, GEOJSON),
        link(asked, "items", asked.url(f"{path}/items", f="html"), HTML),
        link(asked, SCHEMA_RELATION, asked.url(f"{path}/schema"), SCHEMA),
        link(asked, QUERYABLES_RELATION, asked.url(f"{path}/queryables"), SCHEMA),
        link(asked, "queryables", asked.url(f"{path}/queryables", f="json"), JSON),
        link(asked, STYLES_RELATION, asked.url(f"{path}/styles"), JSON),
    ]
    if collection.geometry is not None:
        links.append(link(asked, TILESETS_RELATION, asked.url(f"{path}/tiles"), JSON))
    links += [
        link(asked, "enclosure", asked.url(f"{path}/items", f=each.id), each) for each in FILES
    ]
    if collection.source is not None and collection.source.url is not None:
        links.append({"rel": "via", "href": collection.source.url, "type": "text/html"})
    return links


def _schema(asked: Asked) -> Response:
    return _schema_document(asked, "schema", schema.feature_schema)


def _queryables(asked: Asked) -> Response:
    return _schema_document(asked, "queryables", schema.queryables)


def _schema_document(asked: Asked, name: str, described: Any) -> Response:
    require_known(asked.parameters, _OWN_PARAMETERS)
    collection = _named(asked)
    content = described(collection, asked.language)
    representation = chosen(asked, _SCHEMAS)
    if representation is HTML:
        return page(asked, "schema.html", collection=collection, schema=content, name=name)
    content = {"$id": asked.url(f"/collections/{collection.id}/{name}"), **content}
    return document(asked, content, representation.media_type)


def _named(asked: Asked) -> Collection:
    return asked.collection(asked.path_parameter("collection"))


def _self_and_alternate(asked: Asked) -> list[dict[str, str]]:
    return [
        link(asked, "self", asked.this_url(), JSON),
        link(asked, "alternate", asked.this_url(f="html"), HTML),
    ]
