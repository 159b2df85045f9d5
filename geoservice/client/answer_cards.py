"""What a notebook and a terminal show of an answer, a check and a comparison.

An empty answer is never shown as a plain nothing: whether it is a “none” or there is no data stands
beside it, from the coverage. Knows no HTTP; `markup` escapes all that is shown.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from geoservice.client.markup import (
    Content,
    Markup,
    card,
    code,
    details,
    element,
    facts,
    line,
    quiet,
    table,
)
from geoservice.client.question_parameters import PAGING, shown
from geoservice.languages import Language, Text

if TYPE_CHECKING:
    from geoservice.client.answers import Answered, Coverage
    from geoservice.client.place_check import Check
    from geoservice.client.saved_answers import Comparison

_ROWS = 5
_COLUMNS = 12
_LONGEST_CELL = 60

_STATUSES: Mapping[str, tuple[str, Text]] = {
    "complete": (
        "✓",
        Text(zh="完整：未列出即为没有", en="complete: what is not listed is not there"),
    ),
    "partial": (
        "◐",
        Text(zh="部分：未列出不等于没有", en="partial: not listed does not mean not there"),
    ),
    "none": (
        "∅",
        Text(zh="无数据：不能说明有或没有", en="no data: says neither that it is nor is not"),
    ),
    "unknown": (
        "?",
        Text(zh="未说明：未列出不等于没有", en="not stated: not listed does not mean not there"),
    ),
}
_VERDICTS: Mapping[str, tuple[str, Text]] = {
    "yes": ("●", Text(zh="涉及", en="yes")),
    "no": ("○", Text(zh="不涉及", en="no")),
    "not_covered": ("∅", Text(zh="无数据", en="not covered: no data")),
    "not_assessed": ("?", Text(zh="未评估", en="not assessed: nothing states that it is complete")),
}
_NONE = Text(
    zh="没有：相关图层声明完整，未列出即为没有。",
    en="None: the layers are stated to be complete, so what is not listed is not there.",
)
_NOT_KNOWN = Text(
    zh="没有列出任何行，但这不等于没有：见下面的数据完整性。",
    en="No row is listed, but that does not mean none: see the coverage below.",
)
_CHANGES: Mapping[str, Text] = {
    "entered": Text(zh="新增", en="entered"),
    "left": Text(zh="移出", en="left"),
    "changed": Text(zh="变化", en="changed"),
    "unchanged": Text(zh="未变", en="unchanged"),
}


def answer_card(answer: "Answered") -> str:
    """The card of an answer: dates, figures, coverage, issues, the first rows, parameters, method."""
    language = answer.client.lang
    return card(
        answer.title,
        facts(_dates(answer)),
        _issues(answer, language),
        _figures(answer, language),
        _coverage(answer, language),
        _rows(answer.gdf, answer.fields, language) if len(answer) else line(_empty(answer)),
        _parameters(answer, language),
        details(_say(language, "方法", "Method"), line(answer.method)),
        lang=language,
    )


def check_card(check: "Check") -> str:
    """The card of a check: for each place what each layer says, and what must be known of it."""
    language = check.client.lang
    heads = (
        _say(language, "图层", "layer"),
        _say(language, "结论", "verdict"),
        _say(language, "占地点比例", "share of the place"),
        _say(language, "最近要素", "nearest"),
        _say(language, "距离 (m)", "distance (m)"),
        _say(language, "摘要", "detail"),
    )
    places: list[Markup] = []
    for place, rows in check.layers.groupby("place", sort=False):
        cells = [
            (
                code(row["layer"]),
                _verdict(row["verdict"], language),
                _cell(row["share"], "{:.1%}"),
                _cell(row["nearest"]),
                _cell(row["distance_m"], "{:,.1f}"),
                _cell(row["detail"]),
            )
            for row in rows.to_dict("records")
        ]
        label = rows["place_label"].iloc[0]
        name = f"{_say(language, '地点', 'Place')} {place!s}"
        if isinstance(label, str) and label != str(place):
            name = f"{name} {label}"
        shown_places = table(heads, cells, numbers=(2, 4))
        places.append(details(name, shown_places, opened=not places))
    return card(
        check.title,
        facts(_dates(check)),
        _issues(check, language),
        *places,
        _coverage(check, language),
        _parameters(check, language),
        details(_say(language, "方法", "Method"), line(check.method)),
        lang=language,
    )


def answer_text(answer: "Answered") -> str:
    """An answer in a few lines for a terminal."""
    language = answer.client.lang
    colon = _say(language, "：", ": ")
    lines = [answer.title, *(f"{name}{colon}{value}" for name, value in _dates(answer) if value)]
    lines += [f"{title}{colon}{value}" for title, value in _figure_rows(answer)]
    for each in answer.coverage:
        sign, _ = _STATUSES.get(each.status, ("?", None))
        lines.append(f"{sign} {each.statement}")
    lines += [f"! {each.statement}" for each in answer.issues]
    lines.append(_count(len(answer), language) if len(answer) else _empty(answer))
    return "\n".join(lines)


def comparison_card(comparison: "Comparison") -> str:
    """The card of a comparison: the two sides, what differs in their parameters, counts, first rows."""
    language = comparison.language
    heads = ("", _say(language, "名称", "name"), "as_of", _say(language, "行数", "rows"))
    sides = [
        (_say(language, "旧", "old"), *_side(comparison.old)),
        (_say(language, "新", "new"), *_side(comparison.new)),
    ]
    differing = [
        (name, f"{shown(old)} → {shown(new)}") for name, (old, new) in comparison.parameters.items()
    ]
    fields = comparison.gdf.attrs["geoservice"]["fields"]
    return card(
        _say(language, "比较", "Comparison"),
        table(heads, sides, numbers=(3,)),
        facts(differing),
        facts(_changes(comparison)),
        _rows(comparison.gdf, fields, language) if len(comparison.gdf) else None,
        lang=language,
    )


def comparison_text(comparison: "Comparison") -> str:
    """A comparison in one line."""
    names = f"{comparison.old['name']} → {comparison.new['name']}"
    return f"{names}: " + ", ".join(f"{title} {count}" for title, count in _changes(comparison))


def _changes(comparison: "Comparison") -> Iterator[tuple[str, str]]:
    for name, count in comparison.counts.items():
        yield _CHANGES[name].spoken(comparison.language), f"{count:,}"


def _side(side: Mapping[str, Any]) -> tuple[Content, ...]:
    return code(side["name"]), side["as_of"], f"{side['rows']:,}"


def _say(language: Language, zh: str, en: str) -> str:
    return Text(zh=zh, en=en).spoken(language)


def _dates(answer: "Answered") -> list[tuple[str, str | None]]:
    language = answer.client.lang
    newest = max(answer.data_version.values(), default=0)
    return [
        (_say(language, "查询日期", "as of"), answer.as_of),
        (_say(language, "记录时点", "known at"), answer.known_at[:19].replace("T", " ") + " UTC"),
        (_say(language, "数据版本", "data version"), str(newest)),
    ]


def _empty(answer: "Answered") -> str:
    """What it means that there is no row."""
    statuses = {each.status for each in answer.coverage}
    meaning = _NONE if statuses == {"complete"} else _NOT_KNOWN
    return meaning.spoken(answer.client.lang)


def _figure_rows(answer: "Answered") -> Iterator[tuple[str, str]]:
    yield from _figures_within(answer.counts, answer.count_titles, answer.client.lang)


def _figures_within(
    counts: Mapping[str, Any], titles: Mapping[str, str], language: Language, before: str = ""
) -> Iterator[tuple[str, str]]:
    """Every figure with its title; one that nobody knows is told as such, never as 0."""
    for name, value in counts.items():
        path = before + name
        if isinstance(value, Mapping):
            yield from _figures_within(value, titles, language, f"{path}.")
        else:
            unknown = _say(language, "未知", "unknown")
            number = f"{value:,}" if isinstance(value, int | float) else value
            yield titles.get(path, path), unknown if value is None else str(number)


def _figures(answer: "Answered", language: Language) -> Markup:
    rows = list(_figure_rows(answer))
    return details(
        f"{_say(language, '数字', 'Figures')} ({len(rows)})", facts(rows), opened=len(rows) <= 20
    )


def _coverage(answer: "Answered", language: Language) -> Markup | None:
    if not answer.coverage:
        return None
    heads = (
        _say(language, "图层", "layer"),
        _say(language, "数据完整性", "coverage"),
        _say(language, "依据", "as stated"),
    )
    rows = [
        (code(each.collection), _status(each, language), quiet(each.statement))
        for each in answer.coverage
    ]
    known = all(each.status == "complete" for each in answer.coverage)
    title = _say(language, "数据完整性", "Coverage")
    return details(title, table(heads, rows), opened=not known or not len(answer))


def _status(coverage: "Coverage", language: Language) -> Markup:
    sign, words = _STATUSES.get(
        coverage.status, ("?", Text(zh=coverage.status, en=coverage.status))
    )
    weight = None if coverage.status == "complete" else "font-weight:600"
    return element("span", f"{sign} {words.spoken(language)}", style=weight)


def _verdict(verdict: str, language: Language) -> Markup:
    sign, words = _VERDICTS.get(verdict, ("?", Text(zh=verdict, en=verdict)))
    weight = "font-weight:600" if verdict == "yes" else "font-weight:400"
    return element("span", f"{sign} {words.spoken(language)}", style=f"{weight};white-space:nowrap")


def _issues(answer: "Answered", language: Language) -> Markup | None:
    if not answer.issues:
        return None
    rows = [(code(each.code), f"{each.count:,}", each.statement) for each in answer.issues]
    heads = (_say(language, "须知", "issue"), _say(language, "数量", "count"), "")
    return table(heads, rows, numbers=(1,))


def _parameters(answer: "Answered", language: Language) -> Markup:
    """Every parameter; those that were given are marked, all others are defaults."""
    rows = []
    for name, value in answer.parameters.items():
        if name in PAGING:
            continue
        is_given = name in answer.given
        origin = _say(language, "给定", "given") if is_given else _say(language, "默认", "default")
        text = "–" if value is None else shown(value)
        shown_value = element("strong", text) if is_given else text
        rows.append((code(name), shown_value, quiet(origin)))
    heads = (_say(language, "参数", "parameter"), _say(language, "值", "value"), "")
    return details(_say(language, "参数", "Parameters"), table(heads, rows))


def _rows(frame: pd.DataFrame, fields: Mapping[str, Any], language: Language) -> Markup:
    """The first rows, with titles and units; ids and geometries are for programs."""
    names = [
        name
        for name in frame.columns
        if name != "geometry" and not str(name).endswith("uid") and name != "id"
    ]
    heads = [_head(name, fields) for name in names[:_COLUMNS]]
    rows = [
        [element("span", _cell(value), style="white-space:nowrap") for value in row]
        for row in frame[names[:_COLUMNS]].head(_ROWS).values
    ]
    count = _count(len(frame), language)
    more = len(names) - _COLUMNS
    if more > 0:
        count += _say(language, f"；另有 {more} 列", f"; {more} more columns")
    return element("div", table(heads, rows), line(quiet(count)))


def _head(name: str, fields: Mapping[str, Any]) -> str:
    field = fields.get(name, {})
    unit = f" ({field['unit']})" if field.get("unit") else ""
    return f"{field.get('title') or name}{unit}"


def _count(rows: int, language: Language) -> str:
    return _say(language, f"共 {rows:,} 行", f"{rows:,} rows")


def _cell(value: Any, form: str = "{}") -> str:
    if not isinstance(value, dict | list | tuple) and pd.isna(value):
        return "–"
    if isinstance(value, float) and form == "{}":
        form = "{:,.2f}"
    text = form.format(value)
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
