"""What the OpenAPI document is made of: shared parameters, answers to mistakes, schemas."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from geoservice.doors.http import credentials
from geoservice.doors.http.features.reading import COUNTINGS, FILTER_LANGUAGES
from geoservice.doors.http.problems import MEDIA_TYPE
from geoservice.doors.http.tile_matrix_sets import MATRIX_SET
from geoservice.files.formats import FORMATS
from geoservice.languages import LANGUAGES, Language, Text

Node = dict[str, Any]


def ref(kind: str, name: str) -> Node:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def parameter(
    name: str, schema: Node, *, description: str | None = None, required: bool = False
) -> Node:
    """A query parameter in the one style that all have."""
    found: Node = {"name": name, "in": "query", "required": required}
    found |= {"style": "form", "explode": False, "schema": schema}
    return found | ({"description": description} if description else {})


@dataclass(frozen=True)
class Shared:
    """A parameter that several operations have."""

    name: str
    schema: Node
    title: Text
    place: str = "query"
    fill: tuple[str, ...] = field(default=())

    def spoken(self, language: Language, *, limit: Node, crs: list[str]) -> Node:
        """The parameter in one language, with the bounds and names of this service."""
        schema = dict(self.schema)
        if "limit" in self.fill:
            schema |= limit
        if "crs" in self.fill:
            schema |= {"enum": crs, "default": crs[0]}
        if self.place != "query":
            found: Node = {"name": self.name, "in": self.place, "required": self.place == "path"}
            return found | {"schema": schema, "description": self.title.spoken(language)}
        return parameter(self.name, schema, description=self.title.spoken(language))


_STRING: Node = {"type": "string"}
_NAMES: Node = {"type": "array", "items": {"type": "string"}}

PARAMETERS: dict[str, Shared] = {
    "limit": Shared(
        "limit",
        {"type": "integer"},
        Text(zh="每页要素数，超出上限按上限", en="Features in a page; more is clamped"),
        fill=("limit",),
    ),
    "bbox": Shared(
        "bbox",
        {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
        Text(zh="范围框：minx,miny,maxx,maxy", en="Bounding box: minx,miny,maxx,maxy"),
    ),
    "bbox-crs": Shared(
        "bbox-crs",
        {"type": "string", "format": "uri"},
        Text(zh="范围框的坐标系", en="CRS of bbox"),
        fill=("crs",),
    ),
    "crs": Shared(
        "crs",
        {"type": "string", "format": "uri"},
        Text(zh="返回坐标的坐标系", en="CRS of the coordinates"),
        fill=("crs",),
    ),
    "datetime": Shared(
        "datetime", _STRING, Text(zh="时间或区间（RFC 3339）", en="Instant or interval (RFC 3339)")
    ),
    "as_of": Shared(
        "as_of",
        {"type": "string", "format": "date"},
        Text(zh="按该日的实际情况", en="As things were on this day"),
    ),
    "known_at": Shared(
        "known_at",
        {"type": "string", "format": "date-time"},
        Text(zh="按台账在该时点的记载", en="As the register said at this instant"),
    ),
    "filter": Shared("filter", _STRING, Text(zh="CQL2 筛选条件", en="CQL2 filter")),
    "filter-lang": Shared(
        "filter-lang",
        {"type": "string", "enum": list(FILTER_LANGUAGES), "default": FILTER_LANGUAGES[0]},
        Text(zh="筛选语言", en="Language of the filter"),
    ),
    "filter-crs": Shared(
        "filter-crs",
        {"type": "string", "format": "uri"},
        Text(zh="筛选条件中几何的坐标系", en="CRS of geometries in the filter"),
        fill=("crs",),
    ),
    "sortby": Shared(
        "sortby",
        _NAMES,
        Text(zh="排序：+字段,-字段；空值在后", en="Order: +field,-field; missing values last"),
    ),
    "properties": Shared("properties", _NAMES, Text(zh="返回的字段", en="Fields to return")),
    "skipGeometry": Shared(
        "skipGeometry",
        {"type": "boolean", "default": False},
        Text(zh="不返回几何", en="Leave the geometry out"),
    ),
    "offset": Shared(
        "offset",
        {"type": "integer", "minimum": 0, "default": 0},
        Text(
            zh="跳过的要素数；翻页请用 next 链接",
            en="Features to skip; to page, follow the next link",
        ),
    ),
    "cursor": Shared(
        "cursor", _STRING, Text(zh="翻页标记，取自 next 链接", en="Page token, from a next link")
    ),
    "count": Shared(
        "count",
        {"type": "string", "enum": list(COUNTINGS), "default": COUNTINGS[0]},
        Text(zh="计数方式", en="How to count the matches"),
    ),
    "f": Shared(
        "f", {"type": "string"}, Text(zh="格式：json、html 等", en="Format: json, html, …")
    ),
    "f_items": Shared(
        "f",
        {"type": "string", "enum": ["json", "html", *FORMATS]},
        Text(zh="格式", en="Format"),
    ),
    "f_questions": Shared(
        "f",
        {"type": "string", "enum": ["json", "html", *FORMATS, "report", "pdf"]},
        Text(zh="格式；report、pdf、xlsx 为报告", en="Format; report, pdf and xlsx are reports"),
    ),
    "lang": Shared(
        "lang", {"type": "string", "enum": list(LANGUAGES)}, Text(zh="语言", en="Language")
    ),
    "collectionId": Shared(
        "collectionId", _STRING, Text(zh="图层 id", en="Collection id"), place="path"
    ),
    "featureId": Shared("featureId", _STRING, Text(zh="要素编号", en="Feature id"), place="path"),
    "tileMatrixSetId": Shared(
        "tileMatrixSetId",
        {"type": "string", "enum": [MATRIX_SET]},
        Text(zh="切片矩阵集", en="Tile matrix set"),
        place="path",
    ),
    "tileMatrix": Shared(
        "tileMatrix",
        {"type": "string"},
        Text(zh="级别", en="Tile matrix: the zoom level"),
        place="path",
    ),
    "tileRow": Shared(
        "tileRow",
        {"type": "integer", "minimum": 0},
        Text(zh="行，自北向南", en="Row, from the north"),
        place="path",
    ),
    "tileCol": Shared(
        "tileCol",
        {"type": "integer", "minimum": 0},
        Text(zh="列，自西向东", en="Column, from the west"),
        place="path",
    ),
    "styleId": Shared("styleId", _STRING, Text(zh="样式", en="Style"), place="path"),
    "versionNumber": Shared(
        "versionNumber", {"type": "integer"}, Text(zh="版本号", en="Version number"), place="path"
    ),
    "lockId": Shared("lockId", _STRING, Text(zh="锁", en="Lock"), place="path"),
    "changeId": Shared(
        "changeId",
        {"type": "integer"},
        Text(zh="变更编号", en="Number of the change"),
        place="path",
    ),
    "Content-Crs": Shared(
        "Content-Crs",
        {"type": "string", "format": "uri"},
        Text(zh="请求中坐标的坐标系", en="CRS of the coordinates in the body"),
        place="header",
    ),
    "If-Match": Shared(
        "If-Match",
        _STRING,
        Text(zh="所见版本的 ETag", en="ETag of the version seen"),
        place="header",
    ),
    "Prefer": Shared(
        "Prefer",
        _STRING,
        Text(zh="return=representation 则返回要素", en="return=representation to see the feature"),
        place="header",
    ),
    "Change-Reason": Shared(
        "Change-Reason",
        _STRING,
        Text(zh="原因，UTF-8 百分号编码", en="Why; UTF-8, percent-encoded"),
        place="header",
    ),
    "Lock-Id": Shared(
        "Lock-Id",
        {"type": "string", "format": "uuid"},
        Text(zh="凭此锁修改", en="The lock under which to edit"),
        place="header",
    ),
    "Idempotency-Key": Shared(
        "Idempotency-Key",
        {"type": "string", "maxLength": 255},
        Text(zh="重复的请求只执行一次", en="A repeated request is carried out once"),
        place="header",
    ),
    "reason": Shared("reason", _STRING, Text(zh="原因，记入历史", en="Why; kept in the history")),
    "dry_run": Shared(
        "dry_run",
        {"type": "boolean", "default": False},
        Text(zh="只检查，不写入", en="Check, store nothing"),
    ),
    "change_actor": Shared("actor", _STRING, Text(zh="作者", en="Author")),
    "change_door": Shared("door", _STRING, Text(zh="途径", en="Door")),
    "change_collection": Shared("collection", _STRING, Text(zh="图层", en="Collection")),
    "change_since": Shared(
        "since",
        {"type": "string", "format": "date-time"},
        Text(zh="起始时间（含）", en="From this instant on"),
    ),
    "change_until": Shared(
        "until",
        {"type": "string", "format": "date-time"},
        Text(zh="截止时间（不含）", en="Before this instant"),
    ),
    "answerId": Shared(
        "answerId", _STRING, Text(zh="已存回答的名称", en="Name of a saved answer"), place="path"
    ),
    "jobId": Shared("jobId", _STRING, Text(zh="任务编号", en="Id of a job"), place="path"),
    "entryId": Shared(
        "entryId", {"type": "integer"}, Text(zh="分录号", en="Number of the entry"), place="path"
    ),
    "postingId": Shared(
        "postingId",
        {"type": "string", "format": "uuid"},
        Text(zh="记账凭证", en="The posting"),
        place="path",
    ),
    "importId": Shared("importId", _STRING, Text(zh="导入编号", en="Import id"), place="path"),
}
"""By the names under which they are referred to."""


def _problem(title: Text) -> Callable[[Language], Node]:
    content = {MEDIA_TYPE: {"schema": ref("schemas", "problem")}}
    return lambda language: {"description": title.spoken(language), "content": content}


def _features(_language: Language) -> Node:
    file: Node = {"schema": {"type": "string", "format": "binary"}}
    types = (each.media_type.partition(";")[0] for each in FORMATS.values())
    content = dict.fromkeys(types, file) | {"text/html": {"schema": _STRING}}
    content[FORMATS["geojson"].media_type] = {"schema": {"type": "object"}}
    return {"description": "OK", "content": content}


def _outcome(_language: Language) -> Node:
    outcome: Node = {"schema": ref("schemas", "outcome")}
    content = {"application/json": outcome, "application/geo+json": {"schema": {"type": "object"}}}
    return {"description": "OK", "content": content}


def _created(language: Language) -> Node:
    headers = {name: {"schema": _STRING} for name in ("Location", "ETag")}
    return {**_outcome(language), "headers": headers}


RESPONSES: dict[str, Callable[[Language], Node]] = {
    "Features": _features,
    "Outcome": _outcome,
    "Created": _created,
    "BadRequest": _problem(Text(zh="请求有误", en="The request is wrong")),
    "Unauthenticated": _problem(Text(zh="需要密钥", en="A key is needed")),
    "Refused": _problem(Text(zh="请求被拒绝，未作修改", en="Refused; nothing was changed")),
    "Forbidden": _problem(Text(zh="不允许", en="Forbidden")),
    "NotFound": _problem(Text(zh="不存在", en="Not found")),
    "NotAcceptable": _problem(Text(zh="无可接受的格式", en="Not acceptable")),
    "Conflict": _problem(Text(zh="冲突", en="Conflict")),
    "TooLarge": _problem(Text(zh="超出上限", en="Too large")),
    "UnsupportedMediaType": _problem(Text(zh="不支持的内容类型", en="Unsupported media type")),
    "Rejected": _problem(Text(zh="数据不符合规则", en="Data rejected")),
    "Unavailable": _problem(Text(zh="暂时不可用", en="Unavailable for now")),
}

SECURITY: dict[str, Node] = {
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": credentials.HEADER},
    "parameter": {"type": "apiKey", "in": "query", "name": credentials.PARAMETER},
}
"""The ways to give a key."""

SCHEMAS: dict[str, Node] = {
    "problem": {
        "type": "object",
        "description": "RFC 9457",
        "required": [
            "type",
            "title",
            "status",
            "detail",
            "instance",
            "code",
            "errors",
            "request_id",
            "lang",
        ],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": _STRING,
            "status": {"type": "integer"},
            "detail": _STRING,
            "instance": _STRING,
            "code": _STRING,
            "errors": {"type": "array", "items": {"type": "object"}},
            "request_id": _STRING,
            "lang": {"type": "string", "enum": list(LANGUAGES)},
        },
    },
    "outcome": {
        "type": "object",
        "required": ["dry_run", "change", "operations"],
        "properties": {
            "dry_run": {"type": "boolean"},
            "change": {"type": "integer", "nullable": True},
            "operations": {"type": "array", "items": {"type": "object"}},
        },
    },
    "answer": {
        "type": "object",
        "required": [
            "question",
            "parameters",
            "data_version",
            "method",
            "counts",
            "coverage",
            "features",
            "links",
        ],
        "properties": {
            "question": _STRING,
            "parameters": {"type": "object"},
            "data_version": {"type": "object"},
            "as_of": _STRING,
            "known_at": _STRING,
            "method": _STRING,
            "counts": {"type": "object"},
            "count_titles": {"type": "object", "additionalProperties": _STRING},
            "coverage": {"type": "array", "items": {"type": "object"}},
            "issues": {"type": "array", "items": {"type": "object"}},
            "features": {"type": "array", "items": {"type": "object"}},
            "links": {"type": "array", "items": {"type": "object"}},
        },
    },
}
