"""The generated page about filters: operators and functions that are offered, and examples."""

from geoservice.crs import CRS84
from geoservice.docs.markdown import code, codes, page, table
from geoservice.domain.hazards import hazard_sites
from geoservice.errors import UnknownFunction
from geoservice.languages import Language, Text
from geoservice.query.cql2 import FilterLimits, read_text
from geoservice.query.filter import Arithmetic, Comparison

EXAMPLES: tuple[tuple[str, Text], ...] = (
    (
        "register_kind = 'hidden_danger' AND cancelled_on IS NULL",
        Text(zh="隐患点册中未核销的", en="of the register of hazard sites, not cancelled"),
    ),
    ("name LIKE '%虎门%'", Text(zh="名称含“虎门”", en="with 虎门 in the name")),
    (
        "town_code IN ('441900121', '441900117') AND NOT type_code = '02'",
        Text(zh="两个镇街中不是崩塌的", en="in two towns, and no collapse"),
    ),
    (
        "slope_height_m BETWEEN 10 AND 30 OR width_m * length_m > 2000",
        Text(zh="坡高 10 至 30 米，或面积较大", en="a slope of 10 to 30 m, or a large area"),
    ),
    (
        "DWITHIN(geom, POINT(113.67 22.82), 3000, meters)",
        Text(zh="某点 3 千米以内", en="within 3 km of a point"),
    ),
    (
        "S_INTERSECTS(footprint, POLYGON((113.6 22.7, 113.8 22.7, 113.8 22.9, 113.6 22.7)))",
        Text(zh="范围与多边形相交", en="whose footprint meets a polygon"),
    ),
    (
        "T_AFTER(registered_on, DATE('2015-12-31')) AND discovered_on < DATE('2020-01-01')",
        Text(
            zh="某日之后登记、另一日之前发现", en="registered after one day, found before another"
        ),
    ),
    (
        "A_OVERLAPS(triggers, ('2', '3'))",
        Text(zh="诱发因素含降雨或人为", en="with rain or human activity among its triggers"),
    ),
)
"""Filters on `hazard_sites` with what they find; each is read by a test."""

_GROUPS = (
    ("s_", Text(zh="空间关系", en="relations in space")),
    ("t_", Text(zh="时间关系", en="relations in time")),
    ("a_", Text(zh="列表关系", en="relations of lists")),
    ("", Text(zh="其他", en="others")),
)


def functions() -> list[str]:
    """The functions that filters may call, as a mistake about one names them."""
    try:
        read_text("no_such(1) = 1", hazard_sites, filter_crs=CRS84, limits=FilterLimits())
    except UnknownFunction as mistake:
        allowed = mistake.parts["allowed"]
        assert isinstance(allowed, list)
        return [str(each) for each in allowed]
    raise AssertionError("a function that does not exist was accepted")


def filters(language: Language) -> str:
    """What a filter can say."""
    heads = (Text(zh="筛选条件", en="Filter"), Text(zh="选出", en="Finds"))
    examples = [(code(filter), found.spoken(language)) for filter, found in EXAMPLES]
    return page(
        Text(zh="筛选条件", en="Filters"),
        Text(
            zh="筛选条件用 CQL2（OGC 21-065r2）书写：`filter=`（文本，或 `filter-lang=cql2-json`）、命令行 "
            "`export --filter`、问题的 `this_filter` 和 `that_filter`。可用的名字是图层的字段，以及 `geom` 和 "
            "`uid`。距离以米或千米计，与坐标系无关。坐标默认为经度在前（CRS84），`filter-crs` 可另指定。"
            "与空值比较的结果为“未知”，不会选出。",
            en="A filter is written in CQL2 (OGC 21-065r2): `filter=` (text, or `filter-lang=cql2-json`), on the "
            "command line `export --filter`, in questions `this_filter` and `that_filter`. It may name the fields "
            "of the collection, `geom` and `uid`. Distances are metres or kilometres in any coordinate system. "
            "Coordinates have longitude first (CRS84) unless `filter-crs` says otherwise. A comparison with a "
            "missing value is unknown, and finds nothing.",
        ),
        (
            table(heads, examples, language),
            "## " + Text(zh="运算符", en="Operators").spoken(language),
            _operators(language),
            "## " + Text(zh="函数", en="Functions").spoken(language),
            _functions(language),
        ),
        language,
    )


def _operators(language: Language) -> str:
    kinds = {
        Text(zh="比较", en="comparison"): [*Comparison, "BETWEEN", "IN", "LIKE", "IS NULL"],
        Text(zh="逻辑", en="logic"): ["AND", "OR", "NOT"],
        Text(zh="算术", en="arithmetic"): list(Arithmetic),
    }
    return "\n".join(f"- {kind.spoken(language)}: {codes(each)}" for kind, each in kinds.items())


def _functions(language: Language) -> str:
    left, lines = functions(), []
    for prefix, title in _GROUPS:
        found = [name for name in left if name.startswith(prefix)]
        left = [name for name in left if name not in found]
        lines.append(f"- {title.spoken(language)}: {codes(name.upper() for name in found)}")
    return "\n".join(lines)
