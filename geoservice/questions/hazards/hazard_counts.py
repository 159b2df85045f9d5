"""How many sites, people and assets, by town × type × risk × register, as of a date?

A cube with its margins. The two registers are never added in silence: a margin is that of one
register, unless the caller asks for both together without telling them apart.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from geoservice.description.collection import PERSON, TEN_THOUSAND_YUAN, FieldType
from geoservice.description.question import Column, Parameter, ParameterType, QuestionDescription
from geoservice.domain.code_lists import REGISTER_KIND, RISK_LEVEL
from geoservice.domain.code_lists.hazard_classes import CLASS_OF_TYPE, HAZARD_CLASS
from geoservice.domain.hazards import hazard_assessments, hazard_sites, register_periods
from geoservice.domain.places import towns
from geoservice.languages import Text
from geoservice.questions import contract
from geoservice.questions.contract import Asking, Figures, Issue, Plan, Question
from geoservice.questions.dimensions import UNKNOWN, Dimension
from geoservice.questions.hazards.assessments import latest_assessments
from geoservice.questions.hazards.registers import left_by_then, registered_then
from geoservice.questions.sides import in_town, rows_of
from geoservice.regions import Region
from geoservice.store.statements import Condition

DIMENSIONS = (
    Dimension("town", "town_code", Text(zh="镇街代码", en="Town code")),
    Dimension("type", "hazard_class", Text(zh="灾害类型", en="Class of hazard"), HAZARD_CLASS),
    Dimension("risk", "risk_level", Text(zh="风险等级", en="Risk level"), RISK_LEVEL),
    Dimension("register_kind", "register_kind", Text(zh="登记类别", en="Register"), REGISTER_KIND),
)
_BY_NAME = {dimension.name: dimension for dimension in DIMENSIONS}
_TOWN, _REGISTER = _BY_NAME["town"], _BY_NAME["register_kind"]
_REGISTERS = tuple(code.code for code in REGISTER_KIND)


def _count(name: str, title: Text) -> Column:
    return Column(name=name, type=FieldType.LONG, title=title)


_MEASURES = (
    _count("sites", Text(zh="点数", en="Sites")),
    Column(
        name="people",
        type=FieldType.LONG,
        title=Text(zh="受威胁人数（已知之和）", en="People threatened, the sum of what is known"),
        unit=PERSON,
        nullable=True,
    ),
    _count("people_unknown", Text(zh="人数未知的点", en="Sites whose people are unknown")),
    Column(
        name="assets_wan",
        type=FieldType.DECIMAL,
        title=Text(zh="受威胁资产（已知之和）", en="Assets threatened, the sum of what is known"),
        unit=TEN_THOUSAND_YUAN,
        nullable=True,
    ),
    _count("assets_unknown", Text(zh="资产未知的点", en="Sites whose assets are unknown")),
    _count("sites_without_assessment", Text(zh="没有评估的点", en="Sites without an assessment")),
)

_TOWN_NAME = Column(
    name="town_name", type=FieldType.TEXT, title=Text(zh="镇街", en="Town"), nullable=True
)


def _columns(by: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns of a row: which level it is of, what it is about, and how many."""
    told_apart: list[Column] = []
    for each in (_BY_NAME[name] for name in by):
        told_apart.append(
            Column(name=each.column, type=FieldType.TEXT, title=each.title, nullable=True)
        )
        if each is _TOWN:
            told_apart.append(_TOWN_NAME)
    return (
        Column(
            name="level",
            type=FieldType.TEXT,
            title=Text(
                zh="分到哪些维度；total 为总计", en="What it is broken down by; total: nothing"
            ),
        ),
        Column(name="is_margin", type=FieldType.BOOLEAN, title=Text(zh="合计行", en="Is a margin")),
        *told_apart,
        *_MEASURES,
    )


_METHOD = Text(
    zh="点计入其台账所载镇街（town_code）与查询日期所在登记期的登记类别；人数、资产、风险取不晚于查询日期的最近一次"
    "评估。类型按代码在各自代码表中的含义归并，不稳定斜坡单列，不属法定六类。未知自成一类（unknown）；"
    "合计行由 level 与 is_margin 标明，合计等于各分项之和。两册只在请求不区分登记类别时相加，并在 issues 中说明。"
    "人数与资产是已知值之和，相邻各点共同威胁的住户会重复计算，未作去重。",
    en="A site counts in the town that the register states (town_code) and in the register of the period that "
    "holds the day; people, assets and risk are those of the latest assessment on or before it. Types are "
    "brought together by what a code means in its own table; an unstable slope is a class of its own, none of "
    "the six legal kinds. What is unknown is a class (unknown); margins are marked by level and is_margin, "
    "and equal the sum of their parts. The two registers are added only where the request does not tell them "
    "apart, and issues say so. People and assets are sums of what is known; households that neighbouring "
    "sites threaten together are counted at each of them.",
)


def question(region: Region) -> Question:
    """The question `hazard_counts`; it is the same in every region."""
    every = tuple(dimension.name for dimension in DIMENSIONS)
    description = QuestionDescription(
        id="hazard_counts",
        title=Text(
            zh="某日有多少灾害点、威胁多少人与资产", en="How many hazard sites, people and assets"
        ),
        description=Text(
            zh="按镇街、类型、风险等级、登记类别统计在册点、受威胁人数与资产，含各级合计；未知单列。",
            en="Registered sites, people and assets threatened, by town, class, risk and register, with every "
            "margin; what is unknown is counted apart.",
        ),
        parameters=(
            Parameter(
                name="by",
                type=ParameterType.CHOICES,
                title=Text(zh="统计维度（按此次序）", en="Broken down by, in this order"),
                default=every,
                choices=tuple((each.name, each.title) for each in DIMENSIONS),
            ),
            Parameter(
                name="register_kind",
                type=ParameterType.CHOICES,
                title=Text(zh="登记类别", en="Register"),
                default=_REGISTERS,
                choices=tuple((code.code, code.title) for code in REGISTER_KIND),
            ),
            contract.town(),
            contract.as_of(),
            contract.known_at(),
            contract.limit(),
            contract.cursor(),
        ),
        columns=_columns(every),
        geometry=None,
        method=_METHOD,
        sources=(
            "东莞市2022年度地质灾害防治方案：隐患点、风险点分册统计",
            "《地质灾害防治条例》第二条",
        ),
    )
    return Question(description, _plan)


def _plan(asking: Asking) -> Plan:
    by = asking.texts("by")
    dimensions = tuple(_BY_NAME[name] for name in by)
    judged = _judged(asking)
    counted = _counted(asking, judged)
    cube = _cube(counted, dimensions)
    adds_registers = _REGISTER not in dimensions and len(asking.texts("register_kind")) > 1
    return Plan(
        found=cube,
        order=tuple(f"place_{number}" for number in range(len(dimensions))),
        shown=partial(_shown, asking=asking, by=by),
        columns=_columns(by),
        geometry=None,
        figures=(_figures(asking, judged), _figures_of_counted(asking, judged, counted)),
        issues=partial(_issues, adds_registers=adds_registers),
        collections=(hazard_sites, register_periods, hazard_assessments, towns),
    )


def _judged(asking: Asking) -> sa.CTE:
    """Every site of the town with its register on the day, and whether it counts."""
    sites = rows_of(asking, hazard_sites, "site")
    then, left = registered_then(asking), left_by_then(asking)
    return (
        sa.select(
            *(sites.c[name] for name in ("uid", "town_code", "type_set", "type_code", "geom")),
            then.c.register_kind,
            sa.func.coalesce(then.c.register_kind.in_(asking.texts("register_kind")), False).label(
                "counts"
            ),
            left.c.hazard_site.is_not(None).label("has_left"),
        )
        .select_from(
            sites.outerjoin(then, then.c.hazard_site == sites.c.uid).outerjoin(
                left, left.c.hazard_site == sites.c.uid
            )
        )
        .where(*in_town(asking, hazard_sites, sites))
        .cte("judged")
    )


def _counted(asking: Asking, judged: sa.CTE) -> sa.CTE:
    """The sites that count, one row each, with the class of every dimension and what they threaten."""
    exposure = ("risk_level", "threatened_people", "threatened_assets_wan")
    latest = latest_assessments(asking, *exposure)
    type = sa.tuple_(judged.c.type_set, judged.c.type_code)
    classes = ((type == sa.tuple_(*key), each) for key, each in CLASS_OF_TYPE.items())
    return (
        sa.select(
            judged.c.uid,
            sa.func.coalesce(judged.c.town_code, UNKNOWN).label("town_code"),
            sa.case(*classes, else_=UNKNOWN).label("hazard_class"),
            sa.func.coalesce(latest.c.risk_level, UNKNOWN).label("risk_level"),
            judged.c.register_kind,
            latest.c.threatened_people.label("people"),
            latest.c.threatened_assets_wan.label("assets_wan"),
            latest.c.hazard_site.is_(None).label("unassessed"),
        )
        .select_from(judged.outerjoin(latest, latest.c.hazard_site == judged.c.uid))
        .where(judged.c.counts)
        .cte("counted")
    )


def _cube(counted: sa.CTE, dimensions: tuple[Dimension, ...]) -> sa.CTE:
    """The sums of every class and every margin; no margin over the registers if they are told apart."""
    kept = [counted.c[each.column] for each in dimensions if each is _REGISTER]
    summed = [counted.c[each.column] for each in dimensions if each is not _REGISTER]
    groups = [*kept, *([sa.func.cube(*summed)] if summed else [])]
    is_margin = {each: sa.func.grouping(counted.c[each.column]) == 1 for each in dimensions}
    names = (sa.case((is_margin[each], None), else_=each.name) for each in dimensions)
    level: sa.ColumnElement[str] = sa.func.nullif(sa.func.concat_ws(",", *names), "")
    c = counted.c
    return (
        sa.select(
            *(each.place(counted).label(f"place_{n}") for n, each in enumerate(dimensions)),
            *(c[each.column] for each in dimensions),
            sa.func.coalesce(level, "total").label("level"),
            sa.or_(*is_margin.values()).label("is_margin"),
            sa.func.count().label("sites"),
            _known_sum(c.people, sa.BigInteger()).label("people"),
            (sa.func.count() - sa.func.count(c.people)).label("people_unknown"),
            _known_sum(c.assets_wan, sa.Numeric(20, 2)).label("assets_wan"),
            (sa.func.count() - sa.func.count(c.assets_wan)).label("assets_unknown"),
            sa.func.count().filter(c.unassessed).label("sites_without_assessment"),
        )
        .group_by(*groups)
        .cte("cube")
    )


def _known_sum(
    column: sa.ColumnElement[Any], type: sa.types.TypeEngine[Any]
) -> sa.ColumnElement[Any]:
    """The sum of what is known; null where there are sites and of none it is known; of no site 0."""
    total = sa.cast(sa.func.sum(column), type)
    return sa.case((sa.func.count() == 0, sa.cast(0, type)), else_=total)


def _shown(cube: sa.FromClause, *, asking: Asking, by: tuple[str, ...]) -> sa.Select[Any]:
    names = [column.name for column in _columns(by) if column is not _TOWN_NAME]
    values = (sa.func.coalesce(cube.c[_BY_NAME[name].column], "*") for name in by)
    columns = [cube.c[name] for name in names]
    rows: sa.FromClause = cube
    if "town" in by:
        places = rows_of(asking, towns, "town")
        columns.append(places.c.name.label(_TOWN_NAME.name))
        rows = cube.outerjoin(places, places.c.code == cube.c.town_code)
    identity = sa.func.concat_ws(".", *values).label("id")
    return sa.select(identity, *columns, cube.c.number).select_from(rows)


def _figures(asking: Asking, judged: sa.CTE) -> Figures:
    """How many sites count in each register, and how many do not, by the first reason that holds."""
    j = judged.c
    registered: Condition = j.register_kind.is_not(None)

    def some(*conditions: Condition) -> sa.ColumnElement[int]:
        return sa.func.count().filter(sa.and_(*conditions))

    return sa.select(
        *(
            some(j.register_kind == each).label(f"sites.{each}")
            for each in asking.texts("register_kind")
        ),
        some(registered, sa.not_(j.counts)).label("excluded.other_register"),
        some(sa.not_(registered), j.has_left).label("excluded.cancelled"),
        some(sa.not_(registered), sa.not_(j.has_left)).label("excluded.not_registered"),
    )


def _figures_of_counted(asking: Asking, judged: sa.CTE, counted: sa.CTE) -> Figures:
    """Of how many of the sites that count something is unknown, and how many lie outside their town."""
    areas = rows_of(asking, towns, "area")
    positions = (
        sa.select(judged.c.town_code, judged.c.geom)
        .where(judged.c.counts)
        .order_by(judged.c.town_code)  # PostGIS prepares an area once for the points that follow
        .offset(0)
        .subquery("positions")
    )
    outside = (
        sa.select(sa.func.count())
        .select_from(positions.join(areas, areas.c.code == positions.c.town_code))
        .where(sa.not_(sa.func.ST_Covers(areas.c.geom, positions.c.geom)))
        .scalar_subquery()
    )
    c = counted.c
    some = sa.func.count().filter
    return sa.select(
        some(c.town_code == UNKNOWN).label("unknown.town"),
        some(c.risk_level == UNKNOWN).label("unknown.risk"),
        some(c.people.is_(None)).label("unknown.people"),
        some(c.assets_wan.is_(None)).label("unknown.assets"),
        some(c.unassessed).label("unknown.sites_without_assessment"),
        outside.label("sites_outside_their_town"),
    )


def _issues(figures: Mapping[str, Any], *, adds_registers: bool) -> list[Issue]:
    """What the reader must know: registers that were added, towns that disagree, figures that are missing."""
    found = []
    added = sum(figures[f"sites.{each}"] for each in _REGISTERS) if adds_registers else 0
    if added:
        statement = Text(
            zh=f"隐患点与风险点是两册，此处应请求相加（by 中没有 register_kind），共 {added} 处。",
            en="The register of hazard sites and that of risk points are two; here they are added, as the "
            f"request asks (register_kind is not in by): {added} in all.",
        )
        found.append(Issue("registers-added", added, statement))
    outside = figures["sites_outside_their_town"]
    if outside:
        statement = Text(
            zh=f"{outside} 处的点位不在所载镇街的范围内；仍计入所载镇街。",
            en=f"{outside} sites lie outside the town that the register states; they count in that town.",
        )
        found.append(Issue("position-outside-town", outside, statement))
    unknown = max(figures["unknown.people"], figures["unknown.assets"])
    if unknown:
        statement = Text(
            zh=f"{unknown} 处的人数或资产未知，合计是下限。",
            en=f"People or assets of {unknown} sites are unknown, so the sums are lower bounds.",
        )
        found.append(Issue("exposure-incomplete", unknown, statement))
    return found
