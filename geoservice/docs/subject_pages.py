"""Generated pages about the subject: collections, code lists, questions."""

from collections.abc import Iterator

from geoservice.catalog import built_in_collections
from geoservice.description.code_list import CodeList
from geoservice.description.collection import (
    CodePair,
    Collection,
    Field,
    FieldType,
    Fixed,
    Given,
    InOrder,
    Period,
    Rule,
    Steps,
    Unique,
    Unit,
)
from geoservice.description.question import Column, Parameter, ParameterType, QuestionDescription
from geoservice.docs.markdown import code, codes, page, table, text
from geoservice.domain.code_lists import ALL_CODE_LISTS
from geoservice.languages import Language, Text
from geoservice.questions import all_questions
from geoservice.regions import region

_NONE = "–"

_FIELD = Text(zh="字段", en="Field")
_TYPE = Text(zh="类型", en="Type")
_REQUIRED = Text(zh="必填", en="Required")
_MEANING = Text(zh="含义", en="Meaning")
_VALUES = Text(zh="取值", en="Values")
_IN_FILES = Text(zh="文件中的列名", en="Names in files")
_YES = Text(zh="是", en="yes")
_DEFAULT = Text(zh="默认", en="Default")


def collections(language: Language) -> str:
    """Every built-in collection: fields, types, units, codes, key, dates, rules, source."""
    return page(
        Text(zh="图层", en="Collections"),
        Text(
            zh="每个图层由一份声明定义：数据库表、检查、JSON Schema、OGC API、导入和导出都由它得出。"
            "除下列字段外，每个要素还有 `uid`（UUID，要素标识，永不改变）、`version`（从 1 起的版本号）、"
            "`recorded_at`（记录时间）、`change_id`（由哪次变更写入）。坐标以 EPSG:4490 存储。"
            "导入时，列名与字段名或“文件中的列名”相同即自动对应。",
            en="One declaration defines a collection; its table, checks, JSON Schema, OGC API, import and export "
            "follow from it. Beside the fields below, every feature has `uid` (a UUID, the feature's id, never "
            "changes), `version` (counts from 1), `recorded_at` (when it was recorded) and `change_id` (by which "
            "change). Coordinates are stored in EPSG:4490. An import matches columns by the name of the field "
            "or by the “names in files”.",
        ),
        (
            part
            for collection in built_in_collections()
            for part in _collection(collection, language)
        ),
        language,
    )


def _collection(collection: Collection, language: Language) -> Iterator[str]:
    yield f"## {collection.id}"
    yield f"**{collection.title.spoken(language)}** — {text(collection.description.spoken(language))}"
    yield "\n".join(f"- {fact}" for fact in _facts(collection, language))
    heads = (_FIELD, _TYPE, _REQUIRED, _MEANING, _VALUES, _IN_FILES)
    yield table(heads, [_field(field, language) for field in collection.fields], language)


def _facts(collection: Collection, language: Language) -> Iterator[str]:
    def fact(name: Text, value: str) -> str:
        return f"{name.spoken(language)}{'：' if language == 'zh' else ': '}{value}"

    yield fact(Text(zh="几何", en="Geometry"), _geometry(collection, language))
    if collection.key:
        yield fact(Text(zh="业务主键", en="Business key"), codes(collection.key))
    if collection.label:
        yield fact(Text(zh="名称字段", en="Named by"), code(collection.label))
    if collection.town:
        yield fact(Text(zh="镇街字段", en="Town"), code(collection.town))
    if collection.period:
        yield fact(Text(zh="有效期", en="True"), _period(collection.period).spoken(language))
    for rule in collection.rules:
        yield fact(Text(zh="规则", en="Rule"), _rule(rule, language))
    if collection.source:
        yield fact(Text(zh="来源", en="Source"), _source(collection, language))
    if not collection.editable:
        yield Text(zh="只读", en="Read-only").spoken(language)


def _geometry(collection: Collection, language: Language) -> str:
    if collection.geometry is None:
        return Text(zh="无", en="none").spoken(language)
    needed = collection.geometry_required
    kind = (
        f"`geom`（{collection.geometry}）"
        if language == "zh"
        else f"`geom` ({collection.geometry})"
    )
    may = Text(zh="必有" if needed else "可空", en="required" if needed else "may be missing")
    if collection.best_geometry == ("geom",):
        return f"{kind}, {may.spoken(language)}"
    best = Text(zh="量距离时依次取", en="distances use the first of").spoken(language)
    return f"{kind}, {may.spoken(language)}; {best} {codes(collection.best_geometry)}"


def _period(period: Period) -> Text:
    start, end = code(period.start), code(period.end) if period.end else None
    if end is None:
        return Text(zh=f"自 {start} 起的观测", en=f"an observation, true from {start} on")
    empty = (
        Text(zh="为空表示一直有效", en="when it is empty: since always")
        if period.open_start
        else Text(zh="为空表示尚未生效", en="when it is empty: not yet")
    )
    return Text(
        zh=f"自 {start} 起（{empty.zh}），至 {end} 止（不含当日）",
        en=f"from {start} on ({empty.en}), until the day before {end}",
    )


def _rule(rule: Rule, language: Language) -> str:
    match rule:
        case InOrder(first, second):
            return f"{code(first)} ≤ {code(second)}"
        case CodePair(code_set, of_code, lists):
            pair = Text(zh="必须是以下代码表之一的成对取值", en="are a pair of one of the sets")
            names = ", ".join(_list_link(each) for each in lists)
            return f"({code(code_set)}, {code(of_code)}) {pair.spoken(language)}: {names}"
        case Given(when, field, value):
            states = ", ".join(f"{code(name)}: {codes(of)}" for name, of in when)
            wanted = Text(zh="须填写", en="must be given")
            if value is not None:
                wanted = Text(zh=f"须为 {code(str(value))}", en=f"must be {code(str(value))}")
            return f"{states} ⇒ {code(field)} {wanted.spoken(language)}"
        case Steps(field, allowed):
            steps = "; ".join(
                f"{code(before)} → {codes(afters) or '∅'}" for before, afters in allowed
            )
            return f"{code(field)}: {steps}"
        case Fixed(fields, once):
            never = Text(zh="不能改变", en="never change")
            if once is not None:
                never = Text(
                    zh=f"在 {code(once)} 填写后不能改变",
                    en=f"never change once {code(once)} is given",
                )
            return f"{codes(fields)} {never.spoken(language)}"
        case Unique(fields):
            never = Text(zh="的取值不能重复", en="are never the same in two features")
            return f"{codes(fields)} {never.spoken(language)}"


def _source(collection: Collection, language: Language) -> str:
    source = collection.source
    assert source is not None
    parts = (source.title.spoken(language), source.publisher, source.licence, source.url)
    return ", ".join(text(part) for part in parts if part)


def _field(field: Field, language: Language) -> tuple[str, ...]:
    meaning = text(field.title.spoken(language))
    if field.description:
        meaning += f" — {text(field.description.spoken(language))}"
    if field.computed:
        meaning += Text(
            zh=" — 由数据库计算，只读", en=" — computed by the database, read only"
        ).spoken(language)
    needed = not field.nullable and field.default is None
    return (
        code(field.name),
        _field_type(field, language),
        _YES.spoken(language) if needed else "",
        meaning,
        "; ".join(_field_values(field, language)),
        codes(field.aliases),
    )


def _field_type(field: Field, language: Language) -> str:
    if field.type is FieldType.GEOMETRY:
        return str(field.geometry)
    name = str(field.type)
    if field.digits:
        name += "({}, {})".format(*field.digits)
    if field.max_length:
        name += f"({field.max_length})"
    if field.many:
        name += Text(zh="，多值", en=", list").spoken(language)
    return _with_unit(name, field.unit, language)


def _with_unit(name: str, unit: Unit | None, language: Language) -> str:
    return f"{name}, {unit.title.spoken(language)}" if unit else name


def _field_values(field: Field, language: Language) -> Iterator[str]:
    if field.codes:
        yield _list_link(field.codes)
    if field.refers_to:
        other = field.refers_to
        yield f"→ [{other.collection}](#{other.collection}).{code(other.field)}"
    if field.minimum is not None:
        yield f"≥ {field.minimum}"
    if field.maximum is not None:
        yield f"≤ {field.maximum}"
    if field.default is not None:
        yield f"{_DEFAULT.spoken(language)} {code(field.default)}"


def _list_link(codes: CodeList) -> str:
    return f"[{codes.id}](code_lists.md#{codes.id})"


def code_lists(language: Language) -> str:
    """Every code list with its codes."""
    return page(
        Text(zh="代码表", en="Code lists"),
        Text(
            zh="同样的数字在不同代码表中含义不同，所以代码总是与代码表一起给出。这些代码也可以在图层 "
            "[code_lists](collections.md#code_lists) 中查询。",
            en="The same digits mean different things in different sets, so a code always comes with its set. "
            "The codes can also be queried as the collection [code_lists](collections.md#code_lists).",
        ),
        (part for each in ALL_CODE_LISTS for part in _code_list(each, language)),
        language,
    )


def _code_list(codes: CodeList, language: Language) -> Iterator[str]:
    yield f"## {codes.id}"
    source = Text(zh="依据", en="source").spoken(language)
    yield f"**{codes.title.spoken(language)}** — {source}: {codes.source}"
    nested = any(each.parent for each in codes)
    heads = [
        Text(zh="代码", en="Code"),
        Text(zh="中文", en="Chinese"),
        Text(zh="英文", en="English"),
    ]
    rows = [[code(each.code), each.title.zh, each.title.en] for each in codes]
    if nested:
        heads.append(Text(zh="上级", en="Above"))
        for row, each in zip(rows, codes, strict=True):
            row.append(code(each.parent) if each.parent else "")
    yield table(heads, rows, language)


def questions(language: Language) -> str:
    """Every question: parameters with defaults and bounds, columns, method, sources."""
    asked = [question.description for question in all_questions(region(None))]
    return page(
        Text(zh="问题", en="Questions"),
        Text(
            zh="提问：命令行 `geoservice ask 问题 参数=值 …`，或 HTTP `GET /questions/问题?参数=值`。"
            "回答总是带回全部参数（含默认值）、日期、方法、计数、覆盖情况和数据版本；"
            "参见[距离与方法](../explanation/answers.md)。",
            en="Ask on the command line, `geoservice ask QUESTION NAME=VALUE …`, or over HTTP, "
            "`GET /questions/QUESTION?NAME=VALUE`. An answer always repeats every parameter (with its "
            "default), its dates, method, counts, coverage and the version of the data; see "
            "[what an answer says](../explanation/answers.md).",
        ),
        (part for each in asked for part in _question(each, language)),
        language,
    )


def _question(question: QuestionDescription, language: Language) -> Iterator[str]:
    yield f"## {question.id}"
    yield f"**{question.title.spoken(language)}** — {text(question.description.spoken(language))}"
    heads = (
        Text(zh="参数", en="Parameter"),
        _TYPE,
        _DEFAULT,
        Text(zh="允许", en="Allowed"),
        _MEANING,
    )
    yield table(heads, [_parameter(each, language) for each in question.parameters], language)
    columns = (
        Text(zh="结果列", en="Column"),
        _TYPE,
        Text(zh="可空", en="May be empty"),
        _MEANING,
    )
    yield table(columns, [_column(each, language) for each in question.columns], language)
    method, sources = Text(zh="方法", en="Method"), Text(zh="依据", en="Sources")
    geometry = Text(zh="要素几何", en="Geometry of the features")
    yield "\n".join(
        (
            f"- {geometry.spoken(language)}: {question.geometry or _NONE}",
            f"- {method.spoken(language)}: {text(question.method.spoken(language))}",
            f"- {sources.spoken(language)}: {'; '.join(question.sources)}",
        )
    )


def _parameter(parameter: Parameter, language: Language) -> tuple[str, ...]:
    meaning = text(parameter.title.spoken(language))
    if parameter.description:
        meaning += f" — {text(parameter.description.spoken(language))}"
    return (
        code(parameter.name),
        _with_unit(str(parameter.type), parameter.unit, language),
        _default(parameter, language),
        _allowed(parameter, language),
        meaning,
    )


def _default(parameter: Parameter, language: Language) -> str:
    if parameter.required:
        return f"**{_REQUIRED.spoken(language)}**"
    if parameter.default_text:
        return parameter.default_text.spoken(language)
    value = parameter.default
    if isinstance(value, tuple):
        return ", ".join(code(each) for each in value)
    if isinstance(value, bool):
        return code(str(value).lower())
    return code(f"{value:g}" if isinstance(value, float) else value) if value is not None else _NONE


def _allowed(parameter: Parameter, language: Language) -> str:
    if parameter.choices:
        return "; ".join(
            f"{code(id)} {text(title.spoken(language))}" for id, title in parameter.choices
        )
    if parameter.minimum is not None and parameter.maximum is not None:
        sign = "<" if parameter.exclusive_minimum else "≤"
        return f"{parameter.minimum:g} {sign} x ≤ {parameter.maximum:g}"
    examples = {
        ParameterType.BOOLEAN: "`true`, `false`",
        ParameterType.DATE: "`2021-06-25`",
        ParameterType.DATETIME: "`2021-06-25T08:00:00Z`",
        ParameterType.COLLECTION: "[id](collections.md)",
    }
    return examples.get(parameter.type, "")


def _column(column: Column, language: Language) -> tuple[str, ...]:
    return (
        code(column.name),
        _with_unit(str(column.type), column.unit, language),
        _YES.spoken(language) if column.nullable else "",
        text(column.title.spoken(language)),
    )
