"""What a notebook shows of a service, a collection, its fields and a query.

Says everything in the client's language, and titles in both. Knows no HTTP; what is shown comes from
what is handed over, and `markup` escapes all of it.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from geoservice.client.markup import (
    Content,
    Markup,
    card,
    code,
    details,
    element,
    facts,
    joined,
    line,
    quiet,
    table,
)
from geoservice.client.sketch import Ring, sketch
from geoservice.languages import Language, Text

if TYPE_CHECKING:
    from geoservice.client.collection import Collection
    from geoservice.client.fields import Field, Fields
    from geoservice.client.query import Explanation, Query
    from geoservice.client.service import ServiceInfo

_MOST_FIELDS_OPEN = 12
_MOST_CODES = 8

_TYPES: Mapping[str, Text] = {
    "text": Text(zh="文本", en="text"),
    "integer": Text(zh="整数", en="integer"),
    "number": Text(zh="数", en="number"),
    "decimal": Text(zh="定点数", en="decimal"),
    "boolean": Text(zh="是否", en="boolean"),
    "date": Text(zh="日期", en="date"),
    "datetime": Text(zh="时刻", en="instant"),
    "uuid": Text(zh="编号", en="id"),
    "list": Text(zh="列表", en="list"),
    "geometry": Text(zh="几何", en="geometry"),
}
NOT_YET_RUN = Text(zh="尚未执行", en="not yet run")
_SYNTHETIC = Text(
    zh="合成演示数据，不得用于土地或安全决策。",
    en="SYNTHETIC demonstration data: not for decisions about land or safety.",
)


def client_card(
    info: "ServiceInfo",
    collections: Mapping[str, Mapping[str, Any]],
    in_other_language: Mapping[str, Mapping[str, Any]],
    language: Language,
) -> str:
    """The card of a service: both titles, version, and its collections with their counts."""
    say = _Speaker(language)
    other: Language = "en" if language == "zh" else "zh"
    rows = [
        (
            code(id),
            each["title"],
            quiet(in_other_language.get(id, each)["title"]),
            _number(each.get("itemCount")),
            code(f"city[{id!r}]"),
        )
        for id, each in collections.items()
    ]
    heads = (
        "id",
        say("标题", "title"),
        say("英文标题", "Chinese title"),
        say("要素数", "features"),
        "Python",
    )
    address: Content = say("本进程内", "in this process")
    project = wfs = None
    if info.address is not None:
        address, wfs = code(info.address), code(_wfs(info.address))
        project = code(f"{info.address}/qgis/project.qgz")
    return card(
        joined((info.titles[language], " ", quiet(info.titles[other]))),
        line(info.description),
        facts(
            (
                (say("地址", "address"), address),
                (say("版本", "version"), info.version),
                (say("QGIS 工程", "QGIS project"), project),
                ("WFS", wfs),
            )
        ),
        table(heads, rows, numbers=(3,)),
        lang=language,
    )


def collection_card(
    collection: "Collection", document: Mapping[str, Any], outlines: Iterable[Ring]
) -> str:
    """The card of a collection: titles, where it lies, fields, terms, and lines to be copied.

    Args:
        collection: that is shown.
        document: what the service says of it now.
        outlines: of towns, around its extent.
    """
    language = collection.client.lang
    say = _Speaker(language)
    other: Language = "en" if language == "zh" else "zh"
    extent = collection.extent
    where = Text(zh="范围", en="Extent").spoken(language)
    drawn = sketch(extent, outlines, f"{where} {extent}") if extent else None
    warning = line(element("strong", _SYNTHETIC.spoken(language)))
    return card(
        joined((collection.titles[language], " ", quiet(collection.titles[other]))),
        line(collection.description),
        warning if document.get("synthetic") else None,
        drawn,
        facts(
            (
                ("id", code(collection.id)),
                (say("要素数", "features"), _number(collection.feature_count)),
                (say("几何", "geometry"), collection.geometry_type or say("无", "none")),
                (say("有效期", "validity"), _interval(collection.interval)),
                (say("许可", "licence"), collection.licence),
                (say("来源", "source"), collection.attribution),
                (say("最近更改", "last change"), document.get("updated")),
            )
        ),
        _fields(collection.fields, language),
        _snippets(collection, say),
        lang=language,
    )


def fields_card(fields: "Fields") -> str:
    """The card of a collection's fields: title, type, unit, share of missing values, codes."""
    return element("div", _field_table(fields, fields.language), lang=fields.language)


def query_card(query: "Query") -> str:
    """The card of a query: its conditions, and that it has not been asked yet."""
    language = query.collection.client.lang
    say = _Speaker(language)
    return card(
        f"{say('查询', 'Query')} · {query.collection.title}",
        quiet(NOT_YET_RUN.spoken(language)),
        facts((title, code(shown)) for title, shown in asked(query)),
        line(quiet(say(*_VERBS))),
        lang=language,
    )


def explanation_card(explanation: "Explanation") -> str:
    """The card of what a query would do."""
    say = _Speaker(explanation.language)
    return card(
        say("查询说明", "What the query does"),
        facts((title, code(shown)) for title, shown in explained(explanation)),
        lang=explanation.language,
    )


def asked(query: "Query") -> Iterable[tuple[str, str]]:
    """What a query asks, in words: pairs of what and how."""
    selection, say = query.selection, _Speaker(query.collection.client.lang)
    yield say("图层", "collection"), query.collection.id
    for title, value in (
        ("CQL2", query.cql2),
        ("as_of", selection.as_of),
        ("known_at", selection.known_at),
        ("select", _names(selection.properties)),
        (say("几何", "geometry"), None if selection.geometry else say("不取", "left out")),
        ("crs", selection.crs),
        ("sort", _names(selection.sort or None)),
        ("limit", None if selection.limit is None else str(selection.limit)),
    ):
        if value is not None:
            yield title, value


def explained(explanation: "Explanation") -> Iterable[tuple[str, str]]:
    """What a query would do, in words: pairs of what and how."""
    say = _Speaker(explanation.language)
    yield say("地址", "address"), explanation.url
    if explanation.curl is not None:
        yield "curl", explanation.curl
    yield "CQL2", explanation.cql2 or say("（无条件）", "(no condition)")
    matched = _number(explanation.matched) or say("未计数", "not counted")
    at_least = "" if explanation.is_exact else say("至少 ", "at least ")
    yield say("符合", "matches"), f"{at_least}{matched}"
    yield say("传输", "transport"), explanation.transport


_VERBS = (
    "count() 计数 · head() 前几行 · to_gdf() 全部 · iter_batches() 分批 · to_file() 写文件 · explain() 说明",
    "count() · head() · to_gdf() · iter_batches() · to_file() · explain()",
)


class _Speaker:
    """Says texts in one language."""

    def __init__(self, language: Language) -> None:
        self._language: Language = language

    def __call__(self, zh: str, en: str) -> str:
        return zh if self._language == "zh" else en


def _fields(fields: "Fields", language: Language) -> Markup:
    say = _Speaker(language)
    summary = f"{say('字段', 'Fields')} ({len(fields)})"
    return details(summary, _field_table(fields, language), opened=len(fields) <= _MOST_FIELDS_OPEN)


def _field_table(fields: "Fields", language: Language) -> Markup:
    say = _Speaker(language)
    heads = (
        say("字段", "field"),
        say("标题", "title"),
        say("类型", "type"),
        say("单位", "unit"),
        say("缺失", "missing"),
        say("取值与说明", "values and meaning"),
    )
    rows = [
        (
            code(each.name),
            each.title,
            _TYPES[each.type].spoken(language),
            each.unit,
            _share(each, say),
            _meaning(each, say),
        )
        for each in fields.values()
    ]
    note = say(
        "“—”：未统计（图层太大或为空）。", "“—”: not counted (the collection is large, or empty)."
    )
    counted = any(each.null_share is not None for each in fields.values())
    return joined(
        (table(heads, rows, numbers=(4,)), None if counted or not rows else line(quiet(note)))
    )


def _share(field: "Field", say: _Speaker) -> str:
    share = field.null_share
    if share is None:
        return "—"
    if share in (0, 1):
        return f"{share:.0%}"
    # A field that somebody has filled in is never shown as wholly missing, nor the other way round.
    return f"{min(max(share, 0.001), 0.999):.1%}"


def _meaning(field: "Field", say: _Speaker) -> Content:
    parts: list[str] = []
    if field.codes:
        shown = [f"{value} {title}" for value, title in list(field.codes.items())[:_MOST_CODES]]
        more = len(field.codes) - len(shown)
        rest = [say(f"另 {more} 个", f"{more} more")] if more else []
        parts.append("; ".join((*shown, *rest)))
    if field.refers_to is not None:
        parts.append(f"→ {field.refers_to}")
    if field.description:
        parts.append(field.description)
    return " · ".join(parts)


def _snippets(collection: "Collection", say: _Speaker) -> Markup:
    """Lines to be copied; those of programs outside only if they can reach the service."""
    connection = collection.client.connection
    address, id = connection.address, collection.id
    if not connection.is_remote:
        pairs: list[tuple[Content, Content]] = [("Python", code(f"city[{id!r}].to_gdf()"))]
    else:
        items = connection.url(f"/collections/{id}/items", {"limit": 10})
        project = connection.url("/qgis/project.qgz")
        pairs = [
            ("Python", code(f"geoservice.connect({address!r})[{id!r}].to_gdf()")),
            ("QGIS WFS", code(_wfs(address))),
            (say("QGIS 工程", "QGIS project"), code(project)),
            ("curl", code(f"curl -fsS '{items}'")),
        ]
    return details(say("复制使用", "To copy"), facts(pairs))


def _wfs(address: str) -> str:
    return f"{address}/wfs?service=WFS&request=GetCapabilities"


def _number(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"


def _names(names: tuple[str, ...] | None) -> str | None:
    return None if names is None else ", ".join(names)


def _interval(interval: tuple[str | None, str | None] | None) -> str | None:
    if interval is None or interval == (None, None):
        return None
    start, end = (each[:10] if each else "…" for each in interval)
    return f"{start} – {end}"
