"""How what is done stands to a target: figures, and what they mean in words."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from geoservice.languages import Text
from geoservice.questions.contract import Figures, Issue
from geoservice.questions.land.target_path import Target

_LEAST_YEARS_OF_A_TREND = 1.0


def total(column: sa.ColumnElement[Any], *where: sa.ColumnElement[bool]) -> Any:
    """The sum of a column, of the rows that fulfil the conditions; 0 of none."""
    summed = sa.func.sum(column)
    return sa.func.coalesce(summed.filter(*where) if where else summed, 0.0, type_=sa.Double)


def progress_figures(
    day: date, land: sa.CTE, target: Target | None, compared: Target | None
) -> Figures:
    """What is done, and how it stands to the target; null where there is nothing to compare it with.

    `land` has the columns `counted_m2` and `is_done`; `compared` is the target if the land is all of
    what the target speaks of.
    """
    done = sa.select(total(land.c.counted_m2, land.c.is_done).label("m2")).cte("done")
    m2 = done.c.m2

    def known(value: float | None) -> sa.ColumnElement[float]:
        return sa.cast(value, sa.Double)  # a bare null has no type in PostgreSQL

    value = known(compared.value_m2 if compared else None)
    behind = compared.years_since_start(day) if compared else 0.0
    ahead = compared.years_left(day) if compared else 0.0
    pace = m2 / known(behind if behind >= _LEAST_YEARS_OF_A_TREND and ahead > 0 else None)
    path = known(compared.path_m2(day) if compared else None)
    missing = sa.case((value > m2, value - m2), (value.is_not(None), 0.0), else_=None)
    return sa.select(
        m2.label("done_m2"),
        known(target.value_m2 if target else None).label("target_m2"),
        known(target.tolerance_m2 if target else None).label("tolerance_m2"),
        path.label("path_m2"),
        (path - m2).label("gap_m2"),
        missing.label("remaining_m2"),
        (missing / known(ahead if ahead > 0 else None)).label("needed_m2_per_year"),
        pace.label("pace_m2_per_year"),
        (m2 + pace * known(ahead)).label("forecast_m2"),
    ).select_from(done)


def _m2(value: float) -> str:
    return f"{value:,.0f} m²"


def standing(figures: Mapping[str, Any], target: Target) -> Issue:
    """Whether the target is reached, and if not how the day stands to the path."""
    done, gap, reserves = figures["done_m2"], figures["gap_m2"], figures["done_reserves"]
    about = Text(
        zh="（文件未载容差，“约”不作为是否达标的界限）",
        en=" (the document states no tolerance, so “about” is no bound)",
    )
    if target.tolerance_m2 is not None:
        about = Text(
            zh=f"（容差 ±{_m2(target.tolerance_m2)}）",
            en=f" (tolerance ±{_m2(target.tolerance_m2)})",
        )
    least = target.value_m2 - (target.tolerance_m2 or 0)
    if done >= least:
        code, zh, en = "target-reached", "已达到目标", "the target is reached"
    elif gap > 0:
        code = "behind-path"
        zh, en = f"落后直线路径 {_m2(gap)}", f"{_m2(gap)} behind the straight path"
    else:
        code = "on-path"
        zh, en = f"领先直线路径 {_m2(-gap)}", f"{_m2(-gap)} ahead of the straight path"
    statement = Text(
        zh=f"已完成 {_m2(done)}，目标 {_m2(target.value_m2)}{about.zh}：{zh}。",
        en=f"{_m2(done)} done of {_m2(target.value_m2)}{about.en}: {en}.",
    )
    return Issue(code, reserves, statement)


def forecast(figures: Mapping[str, Any], target: Target) -> list[Issue]:
    """Where the pace so far leads, and what it rests on; nothing in the first year or after the end."""
    end_m2, pace = figures["forecast_m2"], figures["pace_m2_per_year"]
    if end_m2 is None:
        return []
    needed = figures["needed_m2_per_year"]
    statement = Text(
        zh=f"按 {target.starts_on} 以来平均每年 {_m2(pace)} 的速度，到 {target.ends_on} 为 {_m2(end_m2)}；"
        f"要达到目标今后每年需 {_m2(needed)}。这是外推，不是规划。",
        en=f"At the mean pace since {target.starts_on}, {_m2(pace)} a year, it is {_m2(end_m2)} on "
        f"{target.ends_on}; the target needs {_m2(needed)} a year from now on. This continues a trend, it is "
        "no plan.",
    )
    return [Issue("forecast", figures["done_reserves"], statement)]
