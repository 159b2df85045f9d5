"""The description of the service as OpenAPI 3.0: small, whole, without a reference to elsewhere.

Written by hand because two clients read exact places of it: the page size at
`components/parameters/limit`, and the parameters of `/collections/{id}/items` under the literal path
of each collection.
"""

import json

from geoservice import __version__
from geoservice.cartography.qgis_project import Provider
from geoservice.catalog import Catalog
from geoservice.description import schema
from geoservice.description.collection import Collection
from geoservice.description.question import QuestionDescription
from geoservice.doors.checking import READING
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.features.reading import (
    FEATURE_PARAMETERS,
    FEATURES_PARAMETERS,
    simple_queryables,
)
from geoservice.doors.http.openapi import edits as openapi_edits
from geoservice.doors.http.openapi.answers import answer_paths
from geoservice.doors.http.openapi.edits import edit_methods
from geoservice.doors.http.openapi.jobs import job_paths
from geoservice.doors.http.openapi.ledger import ledger_paths
from geoservice.doors.http.openapi.operations import get, refs, responses
from geoservice.doors.http.openapi.parts import (
    PARAMETERS,
    RESPONSES,
    SCHEMAS,
    SECURITY,
    Node,
    parameter,
    ref,
)
from geoservice.doors.http.styles import MAPLIBRE
from geoservice.doors.http.tiles import MVT, TILE_PARAMETERS
from geoservice.files.formats import FORMATS
from geoservice.languages import Language, Text
from geoservice.questions import all_questions

_MOST_LISTED = 50
"""With more collections than these, their own parameters would make the document heavy."""

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
        **answer_paths(language),
        **job_paths(language),
        **ledger_paths(language),
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
        "/": get(language, "landing", Text(zh="首页", en="Landing page")),
        "/conformance": get(language, "conformance", Text(zh="符合的标准", en="Conformance")),
        "/api": get(language, "api", Text(zh="接口说明", en="This document")),
        "/collections": get(language, "collections", Text(zh="全部图层", en="All collections")),
        "/healthz": get(
            language, "healthz", Text(zh="进程是否存活", en="Is the process alive"), own=False
        ),
        "/readyz": get(language, "readyz", Text(zh="能否服务", en="Can it serve"), own=False),
    }


def _collection_paths(catalog: Catalog, language: Language) -> Node:
    path = "/collections/{collectionId}"
    id = [ref("parameters", "collectionId")]
    feature = [*id, ref("parameters", "featureId")]
    paths: Node = {
        path: get(language, "collection", Text(zh="一个图层", en="One collection"), id),
        f"{path}/schema": get(language, "schema", Text(zh="字段结构", en="Its schema"), id),
        f"{path}/queryables": get(
            language, "queryables", Text(zh="可筛选字段", en="What filters may name"), id
        ),
        f"{path}/items": _features(language, "items", Text(zh="要素", en="Features"), id),
        f"{path}/items/{{featureId}}": get(
            language,
            "item",
            Text(zh="一个要素", en="One feature"),
            [*feature, *refs(name for name in FEATURE_PARAMETERS if name not in ("f", "lang"))],
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
    feature = refs(("collectionId", "featureId"))
    shown = [name for name in FEATURE_PARAMETERS if name not in ("f", "lang", "known_at")]
    pages = refs(("limit", "cursor"))
    return {
        openapi_edits.VERSIONS: get(
            language,
            "versions",
            Text(zh="要素的历史版本", en="Versions of a feature"),
            [*feature, *pages],
        ),
        openapi_edits.VERSION: get(
            language,
            "version",
            Text(zh="要素的一个版本", en="A feature as it was"),
            [*feature, ref("parameters", "versionNumber"), *refs(shown)],
            content=_GEOJSON,
        ),
        openapi_edits.CHANGES: get(
            language,
            "changes",
            Text(zh="变更记录（编辑人员）", en="All changes (for editors)"),
            refs(("limit", *openapi_edits.CHANGE_PARAMETERS)),
        ),
        openapi_edits.CHANGE: get(
            language,
            "change_record",
            Text(zh="一次变更（编辑人员）", en="One change (for editors)"),
            refs(("changeId",)),
        ),
        openapi_edits.LOCKS: get(
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
    shared = refs(name for name in FEATURES_PARAMETERS if name not in ("f", "lang"))
    path = get(language, id, title, [*more, *shared], content=_GEOJSON, formats="f_items")
    path["get"]["responses"]["200"] = ref("responses", "Features")
    return path


def _question_paths(asked: Asked, language: Language) -> Node:
    paths = {
        "/questions": get(language, "questions", Text(zh="全部问题", en="All questions")),
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
        path = get(
            language,
            f"ask_{description.id}",
            description.title,
            [*parameters, ref("parameters", "crs")],
            content=content,
            formats="f_questions",
        )
        path["post"] = _post_question(description, language, content)
        paths[f"/questions/{description.id}"] = path
    paths["/check"] = _check_path(paths["/questions/check"])
    return paths


def _check_path(question: Node) -> Node:
    """The question `check` under its short address, which takes files too."""
    texts = ("source_crs", "distance_m", "as_of", "known_at", *READING)
    form: Node = {
        "type": "object",
        "properties": {
            "file": {"type": "string", "format": "binary"},
            **{name: {"type": "string"} for name in texts},
        },
    }
    asked, posted = question["get"], question["post"]
    content = {
        **posted["requestBody"]["content"],
        "multipart/form-data": {"schema": form},
        "application/geo+json": {"schema": {"type": "object"}},
    }
    others = {"422": ref("responses", "Rejected")}
    return {
        "get": {**asked, "operationId": "check"},
        "post": {
            **posted,
            "operationId": "check_file",
            "requestBody": {"required": True, "content": content},
            "responses": {**posted["responses"], **others},
        },
    }


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
        "parameters": refs(("f_questions", "lang", "crs")),
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": responses(content, {"413": "TooLarge", "415": "UnsupportedMediaType"}),
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
    imports = get(language, "imports", Text(zh="导入记录", en="Imports"))
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
        "parameters": refs(("f", "lang")),
        "requestBody": {
            "required": True,
            "content": {"multipart/form-data": {"schema": _import_form()}},
        },
        "responses": responses(report, {**others, "422": "Rejected", "409": "Conflict"})
        | {"201": created},
    }
    one = get(
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
    sheets: Node = {
        "application/vnd.ogc.sld+xml": sheet,
        "application/vnd.qgis.qml": sheet,
        MAPLIBRE.media_type: {"schema": {"type": "object"}},
    }
    style = Text(zh="一种样式（f=sld、qml、json）", en="A style (f=sld, qml, json)")
    project = Text(zh="QGIS 工程：全部图层与样式", en="QGIS project: all layers, styled")
    providers = {"type": "string", "enum": [each.value for each in Provider], "default": "wfs"}
    return {
        path: get(language, "styles", Text(zh="图层的样式", en="Styles of a collection"), id),
        f"{path}/{{styleId}}": get(
            language, "style", style, [*id, ref("parameters", "styleId")], content=sheets
        ),
        "/qgis/project.qgz": get(
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
    place = refs(("tileMatrix", "tileRow", "tileCol"))
    path = refs(("collectionId", "tileMatrixSetId"))
    asked = refs(name for name in TILE_PARAMETERS if name not in ("f", "lang"))
    binary: Node = {MVT.media_type: {"schema": {"type": "string", "format": "binary"}}}
    one = get(
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
        "/tileMatrixSets": get(
            language, "getTileMatrixSetsList", Text(zh="切片矩阵集", en="Tile matrix sets")
        ),
        "/tileMatrixSets/{tileMatrixSetId}": get(
            language,
            "getTileMatrixSet",
            Text(zh="一个切片矩阵集", en="A tile matrix set"),
            refs(("tileMatrixSetId",)),
        ),
        tiles: get(
            language,
            "features.collection.vector.getTileSetsList",
            Text(zh="图层的矢量切片集", en="Vector tilesets of a collection"),
            path[:1],
        ),
        tileset: get(
            language,
            "features.collection.vector.getTileSet",
            Text(zh="矢量切片集（f=tilejson）", en="A vector tileset (f=tilejson)"),
            [*path, *asked],
        ),
        f"{tileset}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": one,
    }
