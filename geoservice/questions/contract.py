"""What every question shares: its parameters, its certainty, what an answer consists of.

Rules: domain contract of distances — shortest geodesic on the CGCS2000 ellipsoid between the best
geometries, 0 when they touch, `≤ D` inclusive, never rounded before a comparison.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from geoservice.catalog import Catalog
from geoservice.description.collection import METRE, Collection, GeometryType
from geoservice.description.question import (
    Column,
    Parameter,
    ParameterType,
    ParameterValue,
    QuestionDescription,
)
from geoservice.languages import Text
from geoservice.regions import Region

MAX_DISTANCE_M = 50_000

CERTAINTIES: tuple[tuple[str, Text], ...] = (
    (
        "certain",
        Text(zh="确定：距离加误差不超过 D", en="certain: distance plus uncertainty is within D"),
    ),
    (
        "possible",
        Text(
            zh="可能：误差使结论可能改变",
            en="possible: the uncertainty could change the conclusion",
        ),
    ),
    (
        "unknown",
        Text(
            zh="未知：至少一方没有定位精度",
            en="unknown: at least one position has no stated accuracy",
        ),
    ),
)


def as_of() -> Parameter:
    """The day of valid time."""
    return Parameter(
        name="as_of",
        type=ParameterType.DATE,
        title=Text(zh="查询日期", en="As of"),
        description=Text(zh="按该日的实际情况回答", en="Answer as things were on this day"),
        default_text=Text(zh="今天", en="today"),
    )


def known_at() -> Parameter:
    """The instant of recorded time."""
    return Parameter(
        name="known_at",
        type=ParameterType.DATETIME,
        title=Text(zh="记录时点", en="Known at"),
        description=Text(
            zh="按台账在该时点的记载回答（含时区）",
            en="Answer as the registers said at this instant (with zone)",
        ),
        default_text=Text(zh="现在", en="now"),
    )


def town() -> Parameter:
    """The town to which the answer is restricted."""
    return Parameter(
        name="town",
        type=ParameterType.TEXT,
        title=Text(zh="镇街代码", en="Town code"),
        default_text=Text(zh="全部", en="all"),
    )


def distance(default: float | None) -> Parameter:
    """The distance D."""
    return Parameter(
        name="distance_m",
        type=ParameterType.NUMBER,
        title=Text(zh="距离", en="Distance"),
        description=Text(
            zh="“在 D 米以内”只说明位置关系，不等于“受威胁”",
            en="Within D says where things lie, not that they are threatened",
        ),
        unit=METRE,
        default=default,
        required=default is None,
        minimum=0,
        exclusive_minimum=True,
        maximum=MAX_DISTANCE_M,
    )


def metric(region: Region) -> Parameter:
    """How distance is measured. Walking distance needs a road network, which no register holds."""
    plane = f"plane{region.metric_srid}"
    return Parameter(
        name="metric",
        type=ParameterType.CHOICE,
        title=Text(zh="距离量算方式", en="Metric"),
        default="geodesic",
        choices=(
            (
                "geodesic",
                Text(zh="CGCS2000 椭球面最短距离", en="shortest on the CGCS2000 ellipsoid"),
            ),
            (
                plane,
                Text(
                    zh=f"EPSG:{region.metric_srid} 平面距离",
                    en=f"plane of EPSG:{region.metric_srid}",
                ),
            ),
        ),
    )


def limit() -> Parameter:
    """How many rows at once."""
    return Parameter(
        name="limit",
        type=ParameterType.INTEGER,
        title=Text(zh="每页行数", en="Rows in a page"),
        default=1_000,
        minimum=1,
        maximum=10_000,
    )


def cursor() -> Parameter:
    """Where the next page begins."""
    return Parameter(
        name="cursor",
        type=ParameterType.TEXT,
        title=Text(zh="翻页标记", en="Page token"),
        default_text=Text(zh="第一页", en="first page"),
    )


def choice(name: str, title: Text, default: str, choices: Mapping[str, Text]) -> Parameter:
    """One of some words."""
    return Parameter(
        name=name,
        type=ParameterType.CHOICE,
        title=title,
        default=default,
        choices=tuple(choices.items()),
    )


@dataclass(frozen=True)
class Asking:
    """A question being asked: its values, and what they refer to.

    `rows` reads what a value names, such as a feature, before the statements are made.
    """

    values: Mapping[str, ParameterValue]
    catalog: Catalog
    region: Region
    rows: Callable[[sa.Executable], list[sa.Row[Any]]]

    def number(self, name: str) -> float:
        """A numeric value that is there."""
        value = self.values[name]
        assert isinstance(value, int | float)
        return float(value)

    def text(self, name: str) -> str | None:
        """A text, or None where none was given."""
        value = self.values.get(name)
        assert value is None or isinstance(value, str)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Some of the choices."""
        value = self.values[name]
        assert isinstance(value, tuple)
        return value

    def day(self, name: str) -> date:
        """A day that is there."""
        value = self.values[name]
        assert isinstance(value, date)
        return value

    def instant(self, name: str) -> datetime | None:
        """An instant, or None where none was given."""
        value = self.values[name]
        assert value is None or isinstance(value, datetime)
        return value

    @property
    def as_of(self) -> date:
        """The day of valid time."""
        return self.day("as_of")

    @property
    def known_at(self) -> datetime | None:
        """The instant of recorded time; None is now."""
        return self.instant("known_at")


Figures = sa.Select[*tuple[Any, ...]]
"""A statement of one row, whose columns are counts by name."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a question is answered: statements, which `asking` runs.

    `found` holds every row in its barest form; `order` names its columns that give a stable order,
    the last one unique. `shown` turns rows of `found` with their `number` into the described columns, with
    `id`, `number` and `geom`; it is called with one page of them, so what is costly to show is computed for a page.
    `figures` are statements of one row each, whose columns are the counts by name. `asking` states
    for each of `collections` what the coverage statements say of the area asked about: the town, or
    the `places` with the columns `place`, `area` and `town`. `coverage` adds what only the question
    knows, from its figures. `issues` names what the reader of the
    answer must know about the data, from the figures too.
    """

    found: sa.CTE
    order: tuple[str, ...]
    shown: Callable[[sa.FromClause], sa.Select[Any]]
    columns: tuple[Column, ...]
    geometry: GeometryType | None
    figures: tuple[Figures, ...]
    collections: tuple[Collection, ...]
    places: sa.FromClause | None = None
    coverage: Callable[[Mapping[str, Any]], list["Coverage"]] = lambda _figures: []
    issues: Callable[[Mapping[str, Any]], list["Issue"]] = lambda _figures: []


@dataclass(frozen=True)
class Coverage:
    """What one layer covers of the area asked about, in domain terms."""

    collection: str
    status: str  # complete, partial, none, unknown
    statement: Text


@dataclass(frozen=True)
class Issue:
    """Something about the data that bears on the answer: a stable code, how many, and its meaning."""

    code: str
    count: int
    statement: Text


@dataclass(frozen=True)
class Question:
    """A question: its description, and the function from parameters to statements.

    `settled` gives the defaults that only the registers can tell, such as the only programme there
    is; they are echoed like every other.
    """

    description: QuestionDescription
    plan: Callable[[Asking], Plan]
    settled: Callable[[Asking], Asking] = lambda asking: asking
