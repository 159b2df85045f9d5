"""The description of the service as OpenAPI 3.0: small, whole, without a reference to elsewhere.

Written by hand because two clients read exact places of it: the page size at
`components/parameters/limit`, and the parameters of `/collections/{id}/items` under the literal path
of each collection.
"""

import json
from collections.abc import Iterable

from geoservice import __version__
from geoservice.cartography.qgis_project import Provider
from geoservice.catalog import Catalog
from geoservice.description import schema
from geoservice.description.collection import Collection
from geoservice.description.question import QuestionDescription
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.features.reading import (
    FEATURE_PARAMETERS,
    FEATURES_PARAMETERS,
    simple_queryables,
)
from geoservice.doors.http.openapi import edits as openapi_edits
from geoservice.doors.http.openapi.edits import edit_methods
from geoservice.doors.http.openapi.parts import (
    PARAMETERS,
    RESPONSES,
    SCHEMAS,
    SECURITY,
    Node,
    parameter,
    ref,
)
from geoservice.doors.http.tiles import MVT, TILE_PARAMETERS
from geoservice.files.formats import FORMATS
from geoservice.languages import Language, Text
from geoservice.questions import all_questions

_MOST_LISTED = 50
"""With more collections than these, their own parameters would make the document heavy."""

_ERRORS = {"400": "BadRequest", "406": "NotAcceptable", "503": "Unavailable"}
_GEOJSON = {FORMATS["geojson"].media_type: {"schema": {"type": "object"}}}


def document(asked: Asked) -> bytes:
    """The document as JSON text; remembered while catalog, language and address stay."""
    catalog = asked.service.registry.catalog
    remembered = asked.service.remembered
    key = (asked.language, asked.base)
    if remembered.get("catalog") is not catalog:
        remembered.clear()
        remembered["catalog"] = catalog
    if key not in remembered:
        text = json.dumps(_document(asked, catalog), ensure_ascii=False, separators=(",", ":"))
        remembered[key] = text.encode()
    found = remembered[key]
    assert isinstance(found, bytes)
    return found


def _document(asked: Asked, catalog: Catalog) -> Node:
    language = asked.language
    limits = asked.service.limits
    limit = {"minimum": 1, "maximum": limits.limit_maximum, "default": limits.limit_default}
    offered = [crs.uri for crs in asked.service.crs_offered]
    title = Text(zh="自然资源数据服务", en="Natural-resources registers")
    paths = {
        **_common_paths(language),
        **_collection_paths(catalog, language),
        **_history_paths(language),
        **_question_paths(asked, language),
        **_import_paths(language),
        **_style_paths(language),
        **_tile_paths(language),
    }
    for path, methods in edit_methods(language).items():
        paths[path] = paths.get(path, {}) | methods
    return {
        "openapi": "3.0.3",
        "info": {"title": title.spoken(language), "version": __version__},
        "servers": [{"url": asked.base}],
        "paths": paths,
        "components": {
            "parameters": {
                name: each.spoken(language, limit=limit, crs=offered)
                for name, each in PARAMETERS.items()
            },
            "responses": {name: each(language) for name, each in RESPONSES.items()},
            "schemas": SCHEMAS,
            "securitySchemes": SECURITY,
        },
        "security": [{}, *({name: []} for name in SECURITY)],  # a key is never demanded of a reader
    }


def _common_paths(language: Language) -> Node:
    return {
        "/": _get(language, "landing", Text(zh="首页", en="Landing page")),
        "/conformance": _get(language, "conformance", Text(zh="符合的标准", en="Conformance")),
        "/api": _get(language, "api", Text(zh="接口说明", en="This document")),
        "/collections": _get(language, "collections", Text(zh="全部图层", en="All collections")),
        "/healthz": _get(
            language, "healthz", Text(zh="进程是否存活", en="Is the process alive"), own=False
        ),
        "/readyz": _get(language, "readyz", Text(zh="能否服务", en="Can it serve"), own=False),
    }


def _collection_paths(catalog: Catalog, language: Language) -> Node:
    path = "/collections/{collectionId}"
    id = [ref("parameters", "collectionId")]
    feature = [*id, ref("parameters", "featureId")]
    paths: Node = {
        path: _get(language, "collection", Text(zh="一个图层", en="One collection"), id),
        f"{path}/schema": _get(language, "schema", Text(zh="字段结构", en="Its schema"), id),
        f"{path}/queryables": _get(
            language, "queryables", Text(zh="可筛选字段", en="What filters may name"), id
        ),
        f"{path}/items": _features(language, "items", Text(zh="要素", en="Features"), id),
        f"{path}/items/{{featureId}}": _get(
            language,
            "item",
            Text(zh="一个要素", en="One feature"),
            [*feature, *_refs(name for name in FEATURE_PARAMETERS if name not in ("f", "lang"))],
            content=_GEOJSON,
        ),
    }
    collections = list(catalog)
    if len(collections) <= _MOST_LISTED:
        for each in collections:
            paths[f"/collections/{each.id}/items"] = _features(
                language, f"items_{each.id}", each.title, _own_parameters(each)
            )
    return paths


def _history_paths(language: Language) -> Node:
    feature = _refs(("collectionId", "featureId"))
    shown = [name for name in FEATURE_PARAMETERS if name not in ("f", "lang", "known_at")]
    pages = _refs(("limit", "cursor"))
    return {
        openapi_edits.VERSIONS: _get(
            language,
            "versions",
            Text(zh="要素的历史版本", en="Versions of a feature"),
            [*feature, *pages],
        ),
        openapi_edits.VERSION: _get(
            language,
            "version",
            Text(zh="要素的一个版本", en="A feature as it was"),
            [*feature, ref("parameters", "versionNumber"), *_refs(shown)],
            content=_GEOJSON,
        ),
        openapi_edits.CHANGES: _get(
            language,
            "changes",
            Text(zh="变更记录（编辑人员）", en="All changes (for editors)"),
            _refs(("limit", *openapi_edits.CHANGE_PARAMETERS)),
        ),
        openapi_edits.CHANGE: _get(
            language,
            "change_record",
            Text(zh="一次变更（编辑人员）", en="One change (for editors)"),
            _refs(("changeId",)),
        ),
        openapi_edits.LOCKS: _get(
            language, "locks", Text(zh="现有的锁（编辑人员）", en="Locks (for editors)")
        ),
    }


def _own_parameters(collection: Collection) -> list[Node]:
    """`name=value` for each simple field. Their titles stand in the schema, not here."""
    return [
        parameter(name, {"type": _bare_type(collection, name)})
        for name in simple_queryables(collection)
    ]


def _bare_type(collection: Collection, name: str) -> str:
    return str(schema.field_schema(collection.by_name[name], "en")["type"])


def _features(language: Language, id: str, title: Text, more: list[Node]) -> Node:
    shared = _refs(name for name in FEATURES_PARAMETERS if name not in ("f", "lang"))
    path = _get(language, id, title, [*more, *shared], content=_GEOJSON, formats="f_items")
    path["get"]["responses"]["200"] = ref("responses", "Features")
    return path


def _question_paths(asked: Asked, language: Language) -> Node:
    paths = {
        "/questions": _get(language, "questions", Text(zh="全部问题", en="All questions")),
    }
    for question in all_questions(asked.service.region):
        description = question.description
        parameters = [
            parameter(
                each.name,
                _brief(schema.parameter_schema(each, language)),
                description=each.title.spoken(language),
                required=each.required,
            )
            for each in description.parameters
        ]
        content = {"application/json": {"schema": ref("schemas", "answer")}, **_GEOJSON}
        path = _get(
            language,
            f"ask_{description.id}",
            description.title,
            [*parameters, ref("parameters", "crs")],
            content=content,
            formats="f_items",
        )
        path["post"] = _post_question(description, language, content)
        paths[f"/questions/{description.id}"] = path
    return paths


def _brief(node: Node) -> Node:
    """A parameter's schema without the meanings of its codes, which `/questions` tells."""
    if "items" in node:
        node = node | {"items": _brief(node["items"])}
    return {name: value for name, value in node.items() if name != "x-enum-titles"}


def _post_question(description: QuestionDescription, language: Language, content: Node) -> Node:
    # Which members: the parameters of GET, which need not be written twice.
    body: Node = {"type": "object"}
    return {
        "operationId": f"post_{description.id}",
        "summary": description.title.spoken(language),
        "parameters": _refs(("f_items", "lang", "crs")),
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": _responses(content, {"413": "TooLarge", "415": "UnsupportedMediaType"}),
    }


def _import_form() -> Node:
    """The parts of the form by which a file is handed in."""
    texts = {name: {"type": "string"} for name in ("crs", "encoding", "layer", "x", "y", "wkt")}
    flags = {
        name: {"type": "boolean", "default": False}
        for name in ("dry_run", "accept_rejected", "repair")
    }
    return {
        "type": "object",
        "required": ["file", "collection"],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "collection": {"type": "string"},
            "map": {"type": "string", "example": "名称=name,代码=code"},
            "reason": {"type": "string"},
            **texts,
            **flags,
        },
    }


def _import_paths(language: Language) -> Node:
    report = {"application/json": {"schema": {"type": "object"}}}
    imports = _get(language, "imports", Text(zh="导入记录", en="Imports"))
    title = Text(zh="导入文件（编辑人员，全部镇街）", en="Import a file (an editor of all towns)")
    created = {"description": title.spoken(language), "content": report}
    others = {
        "413": "TooLarge",
        "415": "UnsupportedMediaType",
        "401": "Unauthenticated",
        "403": "Forbidden",
        "404": "NotFound",
    }
    imports["post"] = {
        "operationId": "import_file",
        "summary": title.spoken(language),
        "parameters": _refs(("f", "lang")),
        "requestBody": {
            "required": True,
            "content": {"multipart/form-data": {"schema": _import_form()}},
        },
        "responses": _responses(report, {**others, "422": "Rejected", "409": "Conflict"})
        | {"201": created},
    }
    one = _get(
        language,
        "import",
        Text(zh="一次导入", en="One import"),
        [ref("parameters", "importId")],
    )
    return {"/imports": imports, "/imports/{importId}": one}


def _style_paths(language: Language) -> Node:
    path = "/collections/{collectionId}/styles"
    id = [ref("parameters", "collectionId")]
    sheet: Node = {"schema": {"type": "string"}}
    sheets = {"application/vnd.ogc.sld+xml": sheet, "application/vnd.qgis.qml": sheet}
    style = Text(zh="一种样式（f=sld、qml）", en="A style (f=sld, qml)")
    project = Text(zh="QGIS 工程：全部图层与样式", en="QGIS project: all layers, styled")
    providers = {"type": "string", "enum": [each.value for each in Provider], "default": "wfs"}
    return {
        path: _get(language, "styles", Text(zh="图层的样式", en="Styles of a collection"), id),
        f"{path}/{{styleId}}": _get(
            language, "style", style, [*id, ref("parameters", "styleId")], content=sheets
        ),
        "/qgis/project.qgz": _get(
            language,
            "qgis_project",
            project,
            [parameter("provider", providers)],
            content={
                "application/x-qgis-project": {"schema": {"type": "string", "format": "binary"}}
            },
        ),
    }


def _tile_paths(language: Language) -> Node:
    """Operations end with the names that OGC 20-057 gives them (requirement 23)."""
    tiles = "/collections/{collectionId}/tiles"
    tileset = f"{tiles}/{{tileMatrixSetId}}"
    place = _refs(("tileMatrix", "tileRow", "tileCol"))
    path = _refs(("collectionId", "tileMatrixSetId"))
    asked = _refs(name for name in TILE_PARAMETERS if name not in ("f", "lang"))
    binary: Node = {MVT.media_type: {"schema": {"type": "string", "format": "binary"}}}
    one = _get(
        language,
        "features.collection.vector.getTile",
        Text(zh="一个矢量切片", en="A vector tile"),
        [*path, *place, *asked],
        content=binary,
    )
    one["get"]["responses"]["204"] = {
        "description": Text(zh="切片内没有要素", en="Nothing is in this tile").spoken(language)
    }
    return {
        "/tileMatrixSets": _get(
            language, "getTileMatrixSetsList", Text(zh="切片矩阵集", en="Tile matrix sets")
        ),
        "/tileMatrixSets/{tileMatrixSetId}": _get(
            language,
            "getTileMatrixSet",
            Text(zh="一个切片矩阵集", en="A tile matrix set"),
            _refs(("tileMatrixSetId",)),
        ),
        tiles: _get(
            language,
            "features.collection.vector.getTileSetsList",
            Text(zh="图层的矢量切片集", en="Vector tilesets of a collection"),
            path[:1],
        ),
        tileset: _get(
            language,
            "features.collection.vector.getTileSet",
            Text(zh="矢量切片集（f=tilejson）", en="A vector tileset (f=tilejson)"),
            [*path, *asked],
        ),
        f"{tileset}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": one,
    }


def _get(
    language: Language,
    id: str,
    title: Text,
    parameters: Iterable[Node] = (),
    *,
    content: Node | None = None,
    formats: str = "f",
    own: bool = True,
) -> Node:
    """A path with a GET operation; `own` adds the parameters that every page has."""
    shown = content or {"application/json": {"schema": {"type": "object"}}}
    if own and content is None:
        shown = {**shown, "text/html": {"schema": {"type": "string"}}}
    parameters = list(parameters)
    has_path = any("Id" in str(each.get("$ref", "")) for each in parameters)
    more = {"404": "NotFound"} if has_path or content is not None else {}
    return {
        "get": {
            "operationId": id,
            "summary": title.spoken(language),
            "parameters": [*parameters, *(_refs((formats, "lang")) if own else ())],
            "responses": _responses(shown, more),
        }
    }


def _responses(content: Node, more: dict[str, str]) -> Node:
    found: Node = {"200": {"description": "OK", "content": content}}
    for status, name in sorted({**_ERRORS, **more}.items()):
        found[status] = ref("responses", name)
    return found


def _refs(names: Iterable[str]) -> list[Node]:
    return [ref("parameters", name) for name in names]
