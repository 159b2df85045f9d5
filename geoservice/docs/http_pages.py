"""Generated pages about the HTTP door: routes, parameters, conformance, errors."""

import json
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, cast

from geoservice.catalog import Catalog
from geoservice.crs import offered
from geoservice.docs.markdown import code, codes, page, table, text
from geoservice.doors.command_line.output import exit_code
from geoservice.doors.http import problems
from geoservice.doors.http.app import create_app
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.editing.request import HEADERS
from geoservice.doors.http.features.collections import CONFORMANCE
from geoservice.doors.http.features.reading import FEATURE_PARAMETERS, FEATURES_PARAMETERS
from geoservice.doors.http.openapi import document as openapi
from geoservice.doors.http.openapi.parts import PARAMETERS
from geoservice.errors import GeoserviceError
from geoservice.languages import Language, Text
from geoservice.regions import region
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database

_MEANING = Text(zh="含义", en="Meaning")
_TYPE = Text(zh="类型", en="Type")
_NAME = Text(zh="参数", en="Parameter")
_DEFAULT = Text(zh="默认", en="Default")
_HEADER = Text(zh="请求头", en="header")
_QUERY = Text(zh="参数", en="query string")
_NOT_SHOWN = frozenset({"HEAD", "OPTIONS"})

_BEYOND_OPENAPI = {
    "/questions/{question}": Text(zh="一个问题的回答", en="The answer to a question"),
    "/wfs": Text(
        zh="WFS 2.0.0、1.1.0、1.0.0（QGIS、GDAL、OWSLib）",
        en="WFS 2.0.0, 1.1.0 and 1.0.0, for QGIS, GDAL and OWSLib",
    ),
    "/docs": Text(zh="接口浏览页（离线可用）", en="API browser, works offline"),
    "/docs/errors": Text(zh="错误说明", en="What the errors mean"),
    "/docs/errors/{code}": Text(zh="一种错误的说明", en="What one error means"),
    "/docs/assets/{name}": Text(zh="页面所用文件", en="Files of the pages"),
    "/static/{name}": Text(zh="页面所用文件", en="Files of the pages"),
}
"""Routes that the OpenAPI document does not describe, or only question by question."""

_IMPORT_FIELDS = {
    "file": Text(zh="文件", en="the file"),
    "collection": Text(zh="图层", en="the collection"),
    "map": Text(zh="列=字段，逗号分隔", en="COLUMN=FIELD, comma separated"),
    "reason": Text(zh="原因，记入历史", en="why; kept in the history"),
    "crs": Text(zh="坐标系", en="coordinate reference system"),
    "encoding": Text(zh="文字编码", en="encoding of texts"),
    "layer": Text(zh="文件中的图层", en="layer in the file"),
    "x": Text(zh="经度（东坐标）列", en="column with longitude or easting"),
    "y": Text(zh="纬度（北坐标）列", en="column with latitude or northing"),
    "wkt": Text(zh="WKT 列", en="column with WKT"),
    "dry_run": Text(zh="只检查，不写入", en="check, store nothing"),
    "accept_rejected": Text(zh="写入合格的行", en="store the good rows anyway"),
    "repair": Text(zh="修复无效几何", en="repair invalid geometry"),
}


def http(language: Language) -> str:
    """Every route, the parameters of features, the fields of an import, the conformance classes."""
    described = openapi_document(language)
    return page(
        Text(zh="HTTP 接口", en="HTTP"),
        Text(
            zh="OGC API – Features 与 REST。每个资源都可用 `f=` 或 `Accept` 选择格式，用 `lang=zh|en` 或 "
            "`Accept-Language` 选择语言；不认识的参数一律拒绝。完整的机器可读描述在 `/api`。",
            en="OGC API – Features and REST. Every resource chooses its format by `f=` or `Accept` and its language "
            "by `lang=zh|en` or `Accept-Language`; an unknown parameter is refused. The full description for "
            "machines is at `/api`.",
        ),
        (
            _heading(Text(zh="路径", en="Routes"), language),
            _routes(described, language),
            _heading(Text(zh="要素的参数", en="Parameters of features"), language),
            _feature_parameters(language),
            _heading(
                Text(zh="修改的请求头与参数", en="Header fields and parameters of edits"), language
            ),
            _edit_parameters(language),
            _heading(Text(zh="导入的字段", en="Fields of an import"), language),
            _import_fields(described, language),
            _heading(Text(zh="符合的标准", en="Conformance"), language),
            "\n".join(f"- `{each}`" for each in CONFORMANCE),
        ),
        language,
    )


def _heading(title: Text, language: Language) -> str:
    return f"## {title.spoken(language)}"


def openapi_document(language: Language) -> dict[str, Any]:
    """The OpenAPI document of a service with default settings and the built-in collections."""
    place = region(None)
    service = SimpleNamespace(
        registry=SimpleNamespace(catalog=Catalog()),
        remembered={},
        limits=Limits.model_construct(),
        crs_offered=offered(place.metric_srid),
        region=place,
    )
    asked = SimpleNamespace(language=language, base="", service=service)
    document: dict[str, Any] = json.loads(openapi.document(cast("Asked", asked)))
    return document


def routes() -> list[tuple[str, tuple[str, ...]]]:
    """Every path of the service with its methods; no connection is made for it."""
    database = Database("postgresql+psycopg:///")
    settings = Settings.model_construct(database_url=database.url)
    app: Any = create_app(settings, Limits.model_construct(), database=database)
    return [(route.path, route.app.allowed) for route in app.routes]


def _routes(described: Mapping[str, Any], language: Language) -> str:
    titles = {
        _bare(path): next(iter(methods.values()))["summary"]
        for path, methods in described["paths"].items()
    }
    rows = []
    for path, allowed in sorted(routes()):
        shown = codes(method for method in allowed if method not in _NOT_SHOWN)
        other = _BEYOND_OPENAPI.get(path)
        rows.append((code(path), shown, other.spoken(language) if other else titles[_bare(path)]))
    heads = (Text(zh="路径", en="Path"), Text(zh="方法", en="Methods"), _MEANING)
    return table(heads, rows, language)


def _bare(path: str) -> str:
    """A path with nameless parameters: the document and the routes name them differently."""
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def _feature_parameters(language: Language) -> str:
    limits = Limits.model_construct()
    limit = {"minimum": 1, "maximum": limits.limit_maximum, "default": limits.limit_default}
    crs = [each.uri for each in offered(region(None).metric_srid)]
    rows = []
    for name in FEATURES_PARAMETERS:
        spoken = PARAMETERS["f_items" if name == "f" else name].spoken(
            language, limit=limit, crs=crs
        )
        alone = Text(zh="是", en="yes").spoken(language) if name in FEATURE_PARAMETERS else ""
        rows.append((code(name), *_schema(spoken["schema"]), alone, text(spoken["description"])))
    heads = (
        _NAME,
        _TYPE,
        _DEFAULT,
        Text(zh="允许", en="Allowed"),
        Text(zh="单个要素也可用", en="Also for one feature"),
        _MEANING,
    )
    own = Text(
        zh="此外，每个简单字段都可作参数：`register_kind=risk_point`。",
        en="Every simple field is a parameter, too: `register_kind=risk_point`.",
    )
    return f"{table(heads, rows, language)}\n\n{own.spoken(language)}"


def _edit_parameters(language: Language) -> str:
    rows = []
    for name in (*HEADERS, "reason", "dry_run"):
        each = PARAMETERS[name]
        place = _HEADER if each.place == "header" else _QUERY
        rows.append((code(name), place.spoken(language), text(each.title.spoken(language))))
    how = Text(
        zh="修改须有编辑人员的[密钥](../guides/keys.md)；用法见[编辑要素](../guides/edit_features.md)。",
        en="An edit needs the [key](../guides/keys.md) of an editor; see [Edit features](../guides/edit_features.md).",
    )
    heads = (_NAME, Text(zh="位置", en="Place"), _MEANING)
    return f"{how.spoken(language)}\n\n{table(heads, rows, language)}"


def _schema(schema: Mapping[str, Any]) -> tuple[str, str, str]:
    """Type, default and allowed values of a JSON Schema."""
    default = schema.get("default")
    shown = code(str(default).lower() if isinstance(default, bool) else default)
    if "enum" in schema:
        allowed = codes(schema["enum"])
    else:
        low, high = (schema.get(name) for name in ("minimum", "maximum"))
        allowed = "–".join(str(each) for each in (low, high) if each is not None)
    return str(schema["type"]), "" if default is None else shown, allowed


def _import_fields(described: Mapping[str, Any], language: Language) -> str:
    body = described["paths"]["/imports"]["post"]["requestBody"]["content"]
    schema = body["multipart/form-data"]["schema"]
    rows = [
        (
            code(name),
            *_schema(each)[:2],
            _required(name, schema, language),
            _IMPORT_FIELDS[name].spoken(language),
        )
        for name, each in schema["properties"].items()
    ]
    heads = (_NAME, _TYPE, _DEFAULT, Text(zh="必填", en="Required"), _MEANING)
    limits = Text(
        zh="`POST /imports`，`multipart/form-data`；须有可编辑全部镇街的[密钥](../guides/keys.md)。",
        en="`POST /imports`, `multipart/form-data`; it needs the [key](../guides/keys.md) of an editor of all "
        "towns.",
    )
    return f"{limits.spoken(language)}\n\n{table(heads, rows, language)}"


def _required(name: str, schema: Mapping[str, Any], language: Language) -> str:
    return Text(zh="是", en="yes").spoken(language) if name in schema["required"] else ""


def error_classes() -> list[type[GeoserviceError]]:
    """Every mistake with a code of its own, in the order of the tree."""

    def below(kind: type[GeoserviceError]) -> Iterator[type[GeoserviceError]]:
        for each in kind.__subclasses__():
            yield each
            yield from below(each)

    return [each for each in below(GeoserviceError) if "code" in vars(each)]


def errors(language: Language) -> str:
    """Every error: code, HTTP status, exit code, title, message."""
    heads = (
        Text(zh="代码", en="Code"),
        Text(zh="HTTP 状态", en="HTTP status"),
        Text(zh="退出码", en="Exit code"),
        Text(zh="标题", en="Title"),
        Text(zh="说明", en="Message"),
    )
    rows = [_error(each, language) for each in error_classes()]
    title = problems.INTERNAL_TITLE.spoken(language)
    rows.append((code(problems.INTERNAL_CODE), "500", "1", title, ""))
    return page(
        Text(zh="错误", en="Errors"),
        Text(
            zh="每种错误有固定的代码，供程序识别；说明随语言变化。HTTP 以 `application/problem+json`（RFC 9457）回答，"
            "`errors` 给出参数、值和允许的值；命令行以退出码表示。",
            en="Every error has a code for programs, which never changes; its message follows the language. HTTP "
            "answers with `application/problem+json` (RFC 9457), whose `errors` name the parameter, its value and "
            "what is allowed; the command line tells it by its exit code.",
        ),
        (table(heads, rows, language),),
        language,
    )


def _error(kind: type[GeoserviceError], language: Language) -> tuple[str, ...]:
    example = kind.__new__(kind)  # only its class is asked
    return (
        code(kind.code),
        str(problems.status_of(example)),
        str(exit_code(example)),
        kind.title.spoken(language),
        text(kind.message.spoken(language)),
    )
