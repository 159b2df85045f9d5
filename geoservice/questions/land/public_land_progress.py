"""How far is the city on the new land for public services that a target promises?

Stages of reserves are dates, areas are geometry: a square metre counts once, at its highest stage.
What a target calls “about” is only as wide as its document says.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import MAXYEAR, MINYEAR, date
from functools import partial
from typing import Any

import sqlalchemy as sa

from geoservice.description.collection import SQUARE_METRE, FieldType
from geoservice.description.question import (
    Column,
    Parameter,
    ParameterType,
    ParameterValue,
    QuestionDescription,
)
from geoservice.domain.code_lists import RESERVE_PURPOSE, RESERVE_STATUS
from geoservice.domain.land import land_reserves
from geoservice.domain.places import towns
from geoservice.domain.planning import targets
from geoservice.errors import BadParameter, MissingParameter
from geoservice.languages import Text
from geoservice.questions import contract
from geoservice.questions.contract import Asking, Figures, Issue, Plan, Question
from geoservice.questions.dimensions import UNKNOWN, Dimension
from geoservice.questions.land.counted_land import (
    NewLand,
    counted_land,
    figures_left_out,
    judged_reserves,
)
from geoservice.questions.land.reserves import STAGES
from geoservice.questions.land.target_path import Target
from geoservice.questions.land.target_progress import forecast, progress_figures, standing, total
from geoservice.questions.sides import rows_of
from geoservice.regions import Region

CURVE = "curve"
DIMENSIONS = (
    Dimension("status", "status", Text(zh="状态", en="Stage"), RESERVE_STATUS),
    Dimension("kind", "purpose_kind", Text(zh="用途", en="Purpose"), RESERVE_PURPOSE),
    Dimension("town", "town_code", Text(zh="镇街代码", en="Town code")),
    Dimension("year", "year", Text(zh="达到该状态的年份", en="Year in which it was reached")),
)
_BY_NAME = {dimension.name: dimension for dimension in DIMENSIONS}
_KINDS = tuple(code.code for code in RESERVE_PURPOSE)


def _area(name: str, zh: str, en: str, *, nullable: bool = False) -> Column:
    return Column(
        name=name,
        type=FieldType.NUMBER,
        title=Text(zh=zh, en=en),
        unit=SQUARE_METRE,
        nullable=nullable,
    )


_TOWN_NAME = Column(
    name="town_name", type=FieldType.TEXT, title=Text(zh="镇街", en="Town"), nullable=True
)

_MEASURES = (
    Column(name="reserves", type=FieldType.LONG, title=Text(zh="预留数", en="Reserves")),
    _area("counted_m2", "新增用地（每平方米计一次）", "New land, each square metre once"),
    _area("area_m2", "图形面积之和（重叠重复计）", "Areas of the reserves, overlaps repeated"),
    _area("double_counted_m2", "已由其他预留计入", "Counted with another reserve"),
    _area("on_earlier_m2", "位于期前用地上，不算新增", "On land of before, which is not new"),
)

_CURVE_COLUMNS = (
    Column(name="year", type=FieldType.INTEGER, title=Text(zh="年份", en="Year")),
    Column(
        name="on",
        type=FieldType.DATE,
        title=Text(
            zh="截至（年末或查询日期）", en="Up to: the end of the year, or the day asked for"
        ),
    ),
    _area("added_m2", "当年完成", "Added in the year", nullable=True),
    _area("cumulative_m2", "累计完成", "Done so far", nullable=True),
    _area("path_m2", "直线路径", "Straight path", nullable=True),
    _area(
        "gap_m2",
        "差距（路径减完成，正值为落后）",
        "Gap: path less done, positive when behind",
        nullable=True,
    ),
)


def _columns(by: tuple[str, ...]) -> tuple[Column, ...]:
    if by == (CURVE,):
        return _CURVE_COLUMNS
    told_apart = (
        Column(name=each.column, type=FieldType.TEXT, title=each.title, nullable=True)
        for each in (_BY_NAME[name] for name in by)
    )
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
        *((_TOWN_NAME,) if "town" in by else ()),
        *_MEASURES,
    )


_METHOD = Text(
    zh="状态按各阶段日期得出：日期不晚于查询日期且不高于台账所载状态的最高阶段。只计首个阶段日期不早于 counted_from 的"
    "预留；更早的、已取消的、不独立占地（0702）的、属于同类其他目标的不计但给出数目（分用途目标的预留也计入总目标）；没有日期的计为未知。每平方米只计一次，"
    "归最高状态的预留；同一状态先归期前用地（因此改变用途的旧公共用地不算新增），再按用途次序与标识。面积在 CGCS2000 "
    "椭球上量算，镇街与用途按预留台账现载；各分项之和等于合计。查询条件在计重之后适用，故分项与条件无关。"
    "直线路径自基期年 1 月 1 日的 0 到目标年 12 月 31 日的目标值，按日计算；差距为路径减完成。"
    "曲线按首次达到完成状态的日期累计，只含查询日期仍计入的用地。预测按起始以来的平均速度外推，不足一年不预测。",
    en="Stages follow from their dates: the highest dated on or before the day, never above the state that the "
    "register records. Only reserves whose first stage is dated counted_from or later are new; earlier ones, "
    "cancelled ones, those inside other land (0702) and those of a rival target are left out and counted (a "
    "reserve of a target for one purpose counts for the whole too), "
    "undated ones are unknown. A square metre counts once, with the reserve of the highest stage; of one stage "
    "first with land of before (so that public land that changes its use is not new), then by purpose and uid. "
    "Areas are those on the CGCS2000 ellipsoid; town and purpose are as the register states them; the parts add "
    "up to the total. Conditions apply after the sharing out, so a part is the same whatever is asked for. The "
    "straight path runs from 0 on 1 January of the base year to the value on 31 December of the end year, by "
    "days; the gap is the path less what is done. The curve adds up by the first day in a stage that counts as "
    "done, of the land that counts on the day. The forecast continues the mean pace since the start; there is "
    "none in the first year.",
)


def question(region: Region) -> Question:
    """The question `public_land_progress`; it is the same in every region."""
    by = ("status", "kind")
    description = QuestionDescription(
        id="public_land_progress",
        title=Text(
            zh="新增公共服务设施用地的目标完成了多少", en="Progress on new land for public services"
        ),
        description=Text(
            zh="按状态、用途、镇街、年份的新增用地面积，或逐年累计曲线；与目标的直线路径比较，附每年所需与预测。",
            en="New land by stage, purpose, town and year, or its curve over the years, against the straight path "
            "to a target: gap, what each year needs, and a forecast.",
        ),
        parameters=(
            Parameter(
                name="target",
                type=ParameterType.TEXT,
                title=Text(zh="目标编号", en="Target number"),
                default_text=Text(
                    zh="唯一的目标；多个时为唯一不分用途的",
                    en="the only one, or the only one for every purpose",
                ),
            ),
            Parameter(
                name="by",
                type=ParameterType.CHOICES,
                title=Text(
                    zh="每行表示（维度按此次序；或 curve）", en="A row is: of these, or curve"
                ),
                default=by,
                choices=(
                    *((each.name, each.title) for each in DIMENSIONS),
                    (CURVE, Text(zh="一年（累计曲线）", en="a year of the curve")),
                ),
            ),
            Parameter(
                name="purpose_kinds",
                type=ParameterType.CHOICES,
                title=Text(zh="用途", en="Purposes"),
                default_text=Text(zh="目标所含的全部用途", en="those of the target"),
                choices=tuple((code.code, code.title) for code in RESERVE_PURPOSE),
            ),
            contract.town(),
            Parameter(
                name="include_embedded",
                type=ParameterType.BOOLEAN,
                title=Text(
                    zh="计入不独立占地的社区配套（0702）",
                    en="With services inside other land (0702)",
                ),
                default=False,
            ),
            Parameter(
                name="counted_from",
                type=ParameterType.DATE,
                title=Text(zh="自何日起算新增", en="New since"),
                default_text=Text(zh="目标基期年 1 月 1 日", en="1 January of the base year"),
            ),
            Parameter(
                name="done_status",
                type=ParameterType.CHOICES,
                title=Text(zh="何种状态算完成", en="Stages that count as done"),
                default=("built",),
                choices=tuple((stage, RESERVE_STATUS.by_code[stage].title) for stage in STAGES),
            ),
            contract.as_of(),
            contract.known_at(),
            contract.limit(),
            contract.cursor(),
        ),
        columns=_columns(by),
        geometry=None,
        method=_METHOD,
        sources=(
            "i东莞 2021-06-25：至2035年新增公共服务设施用地约20平方公里",
            "国土空间调查、规划、用途管制用地用海分类指南（2023）：0702",
        ),
    )
    return Question(description, _plan, _settled)


def _settled(asking: Asking) -> Asking:
    """With the target that is meant, its purposes, and the day from which land is new.

    Raises `BadParameter` for a number that no target has, or a purpose that the target does not
    cover; `MissingParameter` if several could be meant. Without any target none is compared.
    """
    target = _target_meant(asking)
    kinds = _purposes(target)
    asked = asking.values["purpose_kinds"]
    if isinstance(asked, tuple) and not {*asked} <= {*kinds}:
        raise BadParameter(name="purpose_kinds", value=", ".join(asked), allowed=", ".join(kinds))
    settled: dict[str, ParameterValue] = {
        "target": target.number if target else None,
        "purpose_kinds": asked or kinds,
        "counted_from": asking.values["counted_from"] or (target.starts_on if target else None),
    }
    return replace(asking, values={**asking.values, **settled})


def _target_meant(asking: Asking) -> Target | None:
    """The target named; without a name the only one, or of several the only one for every purpose."""
    found = {each.number: each for each in _targets(asking)}
    number = asking.text("target")
    if number is not None:
        if number not in found:
            raise BadParameter(name="target", value=number, allowed=", ".join(found))
        return found[number]
    if len(found) <= 1:
        return next(iter(found.values()), None)
    of_every_purpose = [each for each in found.values() if each.purpose_kind is None]
    if len(of_every_purpose) != 1:
        raise MissingParameter(name="target", allowed=", ".join(found))
    return of_every_purpose[0]


def _purposes(target: Target | None) -> tuple[str, ...]:
    """The purposes that a target speaks of: all, unless it says one."""
    return _KINDS if target is None or target.purpose_kind is None else (target.purpose_kind,)


def _targets(asking: Asking) -> list[Target]:
    """The targets whose years a calendar has, in the order of their numbers."""
    rows = rows_of(asking, targets, "target")
    in_calendar = sa.and_(rows.c.base_year >= MINYEAR, rows.c.end_year <= MAXYEAR)
    found = asking.rows(sa.select(*rows.c).where(in_calendar).order_by(rows.c.target_no))
    return [
        Target(
            uid=row.uid,
            number=row.target_no,
            purpose_kind=row.purpose_kind,
            value_m2=float(row.value_m2),
            tolerance_pct=None if row.tolerance_pct is None else float(row.tolerance_pct),
            base_year=row.base_year,
            end_year=row.end_year,
        )
        for row in found
    ]


def _plan(asking: Asking) -> Plan:
    by = asking.texts("by")
    if CURVE in by and len(by) > 1:
        only = Text(zh="curve 不能与其他维度同时给出", en="curve alone, or any of the others")
        raise BadParameter(name="by", value=", ".join(by), allowed=only)
    number = asking.text("target")
    every_target = _targets(asking)
    target = next((each for each in every_target if each.number == number), None)
    since = asking.values["counted_from"]
    new_land = NewLand(
        since=since if isinstance(since, date) else None,
        other_targets=tuple(
            each.uid
            for each in every_target
            if target and each != target and each.purpose_kind == target.purpose_kind
        ),
        with_embedded=asking.values["include_embedded"] is True,
        done=asking.texts("done_status"),
    )
    judged = judged_reserves(asking, new_land)
    land = _asked_for(asking, counted_land(asking, judged))
    is_part = asking.text("town") is not None or {*asking.texts("purpose_kinds")} != {
        *_purposes(target)
    }
    compared = None if is_part else target
    is_curve = by == (CURVE,)
    dimensions = tuple(_BY_NAME[name] for name in by if name != CURVE)
    return Plan(
        found=_curve(asking, land, target, compared) if is_curve else _cells(land, dimensions),
        order=("year",) if is_curve else tuple(f"place_{n}" for n in range(len(dimensions))),
        shown=_shown_curve if is_curve else partial(_shown_cells, asking=asking, by=by),
        columns=_columns(by),
        geometry=None,
        figures=(
            _land_figures(land),
            progress_figures(asking.as_of, land, target, compared),
            figures_left_out(judged),
        ),
        collections=(land_reserves, targets, *((towns,) if "town" in by else ())),
        issues=partial(_issues, target=target, is_part=is_part),
    )


def _asked_for(asking: Asking, counted: sa.CTE) -> sa.CTE:
    """The counted land of the purposes and the town asked for, with whether it is done."""
    c = counted.c
    town = asking.text("town")
    return (
        sa.select(
            c.status,
            c.purpose_kind,
            sa.func.coalesce(c.town_code, UNKNOWN).label("town_code"),
            sa.cast(sa.extract("year", c.reached_on), sa.Text).label("year"),
            c.area_m2,
            c.counted_m2,
            c.on_earlier_m2,
            (c.lost_m2 - c.on_earlier_m2).label("double_counted_m2"),
            c.status.in_(asking.texts("done_status")).label("is_done"),
            c.done_on,
        )
        .where(
            c.purpose_kind.in_(asking.texts("purpose_kinds")),
            *(() if town is None else (c.town_code == town,)),
        )
        .cte("land")
    )


def _cells(land: sa.CTE, dimensions: tuple[Dimension, ...]) -> sa.CTE:
    """The sums of every class and every margin."""
    columns = [land.c[each.column] for each in dimensions]
    is_margin = {each: sa.func.grouping(land.c[each.column]) == 1 for each in dimensions}
    names = (sa.case((is_margin[each], None), else_=each.name) for each in dimensions)
    level: sa.ColumnElement[str] = sa.func.nullif(sa.func.concat_ws(",", *names), "")
    measures = ("counted_m2", "area_m2", "double_counted_m2", "on_earlier_m2")
    return (
        sa.select(
            *(each.place(land).label(f"place_{n}") for n, each in enumerate(dimensions)),
            *columns,
            sa.func.coalesce(level, "total").label("level"),
            sa.or_(*is_margin.values()).label("is_margin"),
            sa.func.count().label("reserves"),
            *(total(land.c[name]).label(name) for name in measures),
        )
        .group_by(sa.func.cube(*columns))
        .cte("cells")
    )


def _shown_cells(cells: sa.FromClause, *, asking: Asking, by: tuple[str, ...]) -> sa.Select[Any]:
    names = [column.name for column in _columns(by) if column is not _TOWN_NAME]
    values = (sa.func.coalesce(cells.c[_BY_NAME[name].column], "*") for name in by)
    columns = [cells.c[name] for name in names]
    rows: sa.FromClause = cells
    if "town" in by:
        places = rows_of(asking, towns, "town")
        columns.append(places.c.name.label(_TOWN_NAME.name))
        rows = cells.outerjoin(places, places.c.code == cells.c.town_code)
    identity = sa.func.concat_ws(".", *values).label("id")
    return sa.select(identity, *columns, cells.c.number).select_from(rows)


def _curve(asking: Asking, land: sa.CTE, target: Target | None, compared: Target | None) -> sa.CTE:
    """One row a year from the base year on; what is ahead of the day has a path and nothing else."""
    day = asking.as_of
    first = target.base_year if target else day.year
    last = max(target.end_year if target else first, day.year)
    ends = [
        min(date(year, 12, 31), day) if year == day.year else date(year, 12, 31)
        for year in range(first, last + 1)
    ]
    years = sa.values(
        sa.column("year", sa.Integer),
        sa.column("on", sa.Date),
        sa.column("path_m2", sa.Double),
        name="years",
    ).data([(end.year, end, compared.path_m2(end) if compared else None) for end in ends])
    is_done = sa.and_(land.c.is_done, land.c.done_on <= years.c.on)
    so_far = (
        sa.select(
            years.c.year,
            years.c.on,
            sa.cast(years.c.path_m2, sa.Double).label("path_m2"),
            sa.case((years.c.on <= day, total(land.c.counted_m2)), else_=None).label(
                "cumulative_m2"
            ),
        )
        .select_from(years.outerjoin(land, is_done))
        .group_by(*years.c)
        .subquery("so_far")
    )
    before = sa.func.lag(so_far.c.cumulative_m2, 1, 0.0).over(order_by=so_far.c.year)
    return sa.select(
        *so_far.c,
        (so_far.c.cumulative_m2 - before).label("added_m2"),
        (so_far.c.path_m2 - so_far.c.cumulative_m2).label("gap_m2"),
    ).cte("curve")


def _shown_curve(curve: sa.FromClause) -> sa.Select[Any]:
    columns = (curve.c[column.name] for column in _CURVE_COLUMNS)
    return sa.select(sa.cast(curve.c.year, sa.Text).label("id"), *columns, curve.c.number)


def _land_figures(land: sa.CTE) -> Figures:
    """What is counted, by stage and by purpose, and what was counted elsewhere."""
    c = land.c
    some = sa.func.count().filter
    return sa.select(
        sa.func.count().label("considered.land_reserves"),
        total(c.counted_m2).label("counted_m2"),
        *(total(c.counted_m2, c.status == each).label(f"stage_m2.{each}") for each in STAGES),
        *(total(c.counted_m2, c.purpose_kind == each).label(f"kind_m2.{each}") for each in _KINDS),
        total(c.double_counted_m2).label("double_counted_m2"),
        total(c.on_earlier_m2).label("on_earlier_m2"),
        some(c.double_counted_m2 > 0).label("noted.double_counted"),
        some(c.on_earlier_m2 > 0).label("noted.on_earlier"),
        some(c.is_done).label("done_reserves"),
    ).select_from(land)


_NOTES: Mapping[str, Text] = {
    "noted.double_counted": Text(
        zh="预留与其他预留重叠，重叠部分只计一次。",
        en="Reserves that overlap others; what they share counts once.",
    ),
    "noted.on_earlier": Text(
        zh="预留位于期前同级或更高状态的用地上，该部分不算新增（如改变用途）。",
        en="Reserves on land that had the same stage or a higher one before; that part is not new (such as a "
        "change of use).",
    ),
    "unknown.undated_reserves": Text(
        zh="预留没有任何阶段日期，不知是否新增，未计入。",
        en="Reserves without any date of a stage: whether they are new is unknown; not counted.",
    ),
}


def _issues(figures: Mapping[str, Any], *, target: Target | None, is_part: bool) -> list[Issue]:
    """How it stands to the target in words, and what the figures rest on."""
    found = [
        Issue(name.split(".")[-1].replace("_", "-"), figures[name], statement)
        for name, statement in _NOTES.items()
        if figures[name]
    ]
    if target is None:
        none = Text(zh="没有目标可比较。", en="There is no target to compare with.")
        return [Issue("no-target", 0, none), *found]
    if is_part:
        part = Text(
            zh="目标针对全部用途与全市，此处只问了一部分，不与目标比较。",
            en="The target is for all its purposes and the whole city; a part of it is not compared with it.",
        )
        return [Issue("part-of-target", 0, part), *found]
    return [standing(figures, target), *forecast(figures, target), *found]
