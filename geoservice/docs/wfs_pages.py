"""The generated page about the WFS: operations, parameters, formats, axes, filters, exceptions, limits."""

from collections.abc import Iterator
from itertools import groupby

from geoservice.crs import CRS84, Crs, offered
from geoservice.docs.http_pages import error_classes
from geoservice.docs.markdown import code, codes, page, table
from geoservice.docs.setting_titles import CHINESE
from geoservice.docs.wfs_parameters import PARAMETERS
from geoservice.doors.http import problems
from geoservice.doors.http.wfs import exceptions, formats
from geoservice.doors.http.wfs.endpoint import _HANDLERS
from geoservice.doors.http.wfs.stored_queries import GET_FEATURE_BY_ID, QUESTION
from geoservice.doors.http.wfs.transaction_bodies import MOST_ELEMENTS
from geoservice.doors.http.wfs.versions import V200, VERSIONS, Version
from geoservice.editing.locks import MAX_MINUTES
from geoservice.languages import Language, Text
from geoservice.query.fes import operators
from geoservice.query.fes.operators import Operator
from geoservice.questions import all_questions
from geoservice.regions import region
from geoservice.settings import Limits

_MEANING = Text(zh="含义", en="Meaning")
_OPERATION = Text(zh="操作", en="Operation")
_NAME = Text(zh="名称", en="Name")
_YES = Text(zh="是", en="yes")
_POSTED = frozenset({"Transaction"})
"""Operations that come as a document only."""

_ORDERS = {
    (True, True): Text(zh="纬度, 经度", en="latitude, longitude"),
    (True, False): Text(zh="经度, 纬度", en="longitude, latitude"),
    (False, True): Text(zh="北, 东", en="northing, easting"),
    (False, False): Text(zh="东, 北", en="easting, northing"),
}
"""The coordinates of a CRS, by whether it is in degrees and whether y is first."""

_OWN_MEANINGS = {
    "limit_default": Text(
        zh="CountDefault：2.0.0 不给 count 时的要素数",
        en="CountDefault: features of 2.0.0 without count",
    ),
    "limit_maximum": Text(
        zh="一次回答超过此数则边读边发；几个查询合在一起时则拒绝",
        en="an answer with more features is streamed; of several queries together, it is refused",
    ),
    "max_filter_json_bytes": Text(
        zh="查询串中 FILTER 的最大长度，字节", en="longest FILTER in a query string, bytes"
    ),
}
"""Limits that bound something else here than in OGC API."""

_LIMITS = (
    *("max_xml_body", "max_url_bytes", "limit_default", "limit_maximum"),
    *("max_filter_json_bytes", "max_filter_depth", "max_filter_ops", "max_in_items"),
    *("max_filter_vertices", "max_geom_vertices", "max_tx_operations", "max_tx_features"),
    *("read_timeout_s", "write_timeout_s", "export_timeout_s"),
)
"""The limits that bound a request of WFS."""


def wfs(language: Language) -> str:
    """What the WFS can do, and where it ends."""
    parts = (
        (Text(zh="操作", en="Operations"), _operations),
        (Text(zh="参数", en="Parameters"), _parameters),
        (Text(zh="输出格式", en="Output formats"), _formats),
        (Text(zh="坐标系与轴序", en="Coordinate systems and order of axes"), _axes),
        (Text(zh="筛选运算符", en="Operators of filters"), _operators),
        (Text(zh="存储查询", en="Stored queries"), _stored_queries),
        (Text(zh="异常", en="Exceptions"), _exceptions),
        (Text(zh="上限", en="Limits"), _limits),
    )
    return page(
        Text(zh="WFS", en="WFS"),
        Text(
            zh="网址为 `/wfs`，版本 2.0.0、1.1.0、1.0.0；用法见[使用 WFS](../guides/wfs.md)。要素类型为"
            "[图层](collections.md)，前缀 `gs`，命名空间 `urn:geoservice:collections`；几何只有 `geom`。",
            en="The address is `/wfs`, the versions are 2.0.0, 1.1.0 and 1.0.0; how to use it is in "
            "[Use WFS](../guides/wfs.md). Feature types are the [collections](collections.md) with the prefix "
            "`gs` in the namespace `urn:geoservice:collections`; of their geometries, they have `geom`.",
        ),
        [
            each
            for title, write in parts
            for each in (f"## {title.spoken(language)}", write(language))
        ],
        language,
    )


def _operations(language: Language) -> str:
    def row(name: str, versions: tuple[Version, ...]) -> tuple[str, ...]:
        methods = ("POST",) if name in _POSTED else ("GET", "POST")
        offered_in = (_YES.spoken(language) if each in versions else "–" for each in VERSIONS)
        return code(name), *offered_in, codes(methods)

    heads = (_OPERATION, *_version_heads(), Text(zh="方法", en="Methods"))
    rows = [row(name, handler.versions) for name, handler in _HANDLERS.items()]
    return table(heads, rows, language)


def _version_heads() -> list[Text]:
    return [Text(zh=each.number, en=each.number) for each in VERSIONS]


def _parameters(language: Language) -> str:
    note = Text(
        zh="名称不分大小写；没有的参数一律拒绝，但 GetCapabilities、DescribeFeatureType 等不取要素的操作"
        "容许取要素的参数。",
        en="Names have no case. A parameter that does not exist is refused; operations that give no features, such "
        "as GetCapabilities, let those of GetFeature stand.",
    )
    rows = [
        (
            codes(each.names),
            each.where.spoken(language),
            _YES.spoken(language) if each.is_own else "",
            each.meaning.spoken(language),
        )
        for each in PARAMETERS
    ]
    own = Text(zh="非标准", en="Our own")
    return f"{note.spoken(language)}\n\n{table((_NAME, _OPERATION, own, _MEANING), rows, language)}"


def _formats(language: Language) -> str:
    heads = (Text(zh="格式", en="Format"), Text(zh="名称", en="Names"))
    gml = [
        (
            Text(
                zh=f"GML {each.gml_version}，{each.number} 的默认",
                en=f"GML {each.gml_version}, the default of {each.number}",
            ).spoken(language),
            codes(each.formats),
        )
        for each in VERSIONS
    ]
    files = [(f"[`{id}`](formats.md)", codes(names)) for id, names in formats.FILE_NAMES.items()]
    note = Text(
        zh="每个版本都给出全部格式。文件一次只能取一个查询，不分页：除非给出 `count`，否则为全部；"
        "符合条件的个数在响应头 `OGC-NumberMatched` 中。",
        en="Every version gives every format. A file holds one query and has no pages: it is everything unless there "
        "is a `count`; how many match is in the header field `OGC-NumberMatched`.",
    )
    return f"{note.spoken(language)}\n\n{table(heads, [*gml, *files], language)}"


def _axes(language: Language) -> str:
    place = region(None)
    crs_offered = offered(place.metric_srid)
    names = [name for crs in crs_offered for name in _names_of(crs)]
    rows = [(code(name), *_orders(name, crs_offered, language)) for name in names]
    none = Text(zh="不给名称（EPSG:4490）", en="no name (EPSG:4490)")
    rows.append((none.spoken(language), *_orders(None, crs_offered, language)))
    note = Text(
        zh="在 `srsName`、`bbox` 和 GML 中名称的含义相同。",
        en="Names mean the same in `srsName`, in `bbox` and in GML.",
    )
    return f"{note.spoken(language)}\n\n{table((_NAME, *_version_heads()), rows, language)}"


def _names_of(crs: Crs) -> tuple[str, ...]:
    if crs == CRS84:
        return (crs.urn, crs.uri)
    return (
        crs.urn,
        crs.uri,
        f"EPSG:{crs.srid}",
        f"http://www.opengis.net/gml/srs/epsg.xml#{crs.srid}",
    )


def _orders(name: str | None, allowed: tuple[Crs, ...], language: Language) -> Iterator[str]:
    """Which coordinate is first under a name, by version."""
    for version in VERSIONS:
        crs = version.gml_reading(allowed, place="srsName").crs(name)
        yield _ORDERS[crs.is_storage, crs.y_first].spoken(language)


def _operators(language: Language) -> str:
    groups: tuple[tuple[Text, tuple[Operator, ...]], ...] = (
        (
            Text(zh="比较", en="comparison"),
            (*operators.COMPARISONS.values(), *operators.OTHER_COMPARISONS),
        ),
        (
            Text(zh="空间", en="space"),
            (operators.BBOX, *operators.SPATIAL.values(), operators.DWITHIN, operators.BEYOND),
        ),
        (Text(zh="时间", en="time"), tuple(operators.TEMPORAL.values())),
    )
    rows = [
        (code(each.element), kind.spoken(language), *_names_in_capabilities(each))
        for kind, members in groups
        for each in members
    ]
    heads = (
        Text(zh="元素", en="Element"),
        Text(zh="种类", en="Kind"),
        Text(zh="能力文档 1.1.0", en="In capabilities of 1.1.0"),
        Text(zh="能力文档 1.0.0", en="In capabilities of 1.0.0"),
    )
    others = Text(
        zh=f"逻辑：{codes(operators.LOGICAL)}；算术：{codes(operators.ARITHMETIC)}；函数："
        f"{codes(operators.FUNCTIONS)}；要素编号：`ResourceId`（1.x 为 `FeatureId`、`GmlObjectId`）。元素名各版本相同，"
        "“–”表示该版本没有。"
        f"时段的关系（{codes(sorted(operators.OF_PERIODS))}）拒绝，因为这里的时间属性都是时刻。",
        en=f"Logic: {codes(operators.LOGICAL)}; arithmetic: {codes(operators.ARITHMETIC)}; functions: "
        f"{codes(operators.FUNCTIONS)}; ids: `ResourceId` (in 1.x `FeatureId`, `GmlObjectId`). Elements are the same "
        "in every version that has them; “–”: it does not. Relations of periods "
        f"({codes(sorted(operators.OF_PERIODS))}) are refused, because every property with a time is an instant.",
    )
    return f"{table(heads, rows, language)}\n\n{others.spoken(language)}"


def _names_in_capabilities(operator: Operator) -> tuple[str, str]:
    first, second = (
        "–" if name is None else code(name) for name in (operator.fe_1_1, operator.fe_1_0)
    )
    return first, second


def _stored_queries(language: Language) -> str:
    by_id = Text(zh="按编号取要素；参数 `id`", en="a feature by its id; parameter `id`")
    rows = [(code(id), by_id.spoken(language)) for id in GET_FEATURE_BY_ID]
    for question in all_questions(region(None)):
        about = question.description
        link = f"[{about.title.spoken(language)}](questions.md#{about.id})"
        rows.append((code(QUESTION + about.id), link))
    note = Text(
        zh=f"仅 {V200.number}。问题的参数同[问题](questions.md)，但没有 `limit` 和 `cursor`："
        "由 `count`、`startIndex` 代替。",
        en=f"Only in {V200.number}. Parameters are those of the [questions](questions.md) without `limit` and "
        "`cursor`, in whose place `count` and `startIndex` stand.",
    )
    return f"{note.spoken(language)}\n\n{table((_NAME, _MEANING), rows, language)}"


def exception_rows() -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Each exception code with a status of 2.0.0 and 1.1.0, and the errors that are told so."""
    found = []
    for kind in error_classes():
        example = kind.__new__(kind)  # only its class is asked
        found.append((problems.ogc_code_of(example), exceptions._status(example), kind.code))
    for (name, status), members in groupby(sorted(set(found)), lambda row: row[:2]):
        yield name, status, tuple(error for _, _, error in members)


def _exceptions(language: Language) -> str:
    heads = (
        Text(zh="异常代码", en="Exception code"),
        Text(zh="HTTP 状态", en="HTTP status"),
        Text(zh="错误", en="Errors"),
    )
    rows = [(code(name), str(status), codes(errors)) for name, status, errors in exception_rows()]
    note = Text(
        zh="服务的每种错误都有异常代码。2.0.0 与 1.1.0 以 `ows:ExceptionReport` 回答，状态见下；1.0.0 以 "
        "`ServiceExceptionReport` 回答，状态为 200，只有 401、429 和 5xx 照样给出。错误的含义见[错误](errors.md)。",
        en="Every error of the service has an exception code. 2.0.0 and 1.1.0 answer with an "
        "`ows:ExceptionReport` and the status below; 1.0.0 with a `ServiceExceptionReport` and status 200, except "
        "for 401, 429 and 5xx. What the errors mean is in [Errors](errors.md).",
    )
    return f"{note.spoken(language)}\n\n{table(heads, rows, language)}"


def _limits(language: Language) -> str:
    limits = Limits.model_construct()
    rows = []
    for name in _LIMITS:
        described = Text(zh=CHINESE[name], en=Limits.model_fields[name].description or "")
        meaning = _OWN_MEANINGS.get(name, described).spoken(language)
        rows.append((code(f"GEOSERVICE_{name.upper()}"), code(getattr(limits, name)), meaning))
    heads = (Text(zh="上限", en="Limit"), Text(zh="默认", en="Default"), _MEANING)
    fixed = Text(
        zh=f"固定不变：一份请求文档至多 {MOST_ELEMENTS:,} 个元素；一把锁至多 {MAX_MINUTES:.0f} 分钟。",
        en=f"Fixed: at most {MOST_ELEMENTS:,} elements in a document, {MAX_MINUTES:.0f} minutes for a lock.",
    )
    return f"{table(heads, rows, language)}\n\n{fixed.spoken(language)}"
