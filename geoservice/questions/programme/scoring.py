"""From inputs to a ranking that can be explained: parts from 0 to 1, weights, ranks, stability.

Knows nothing of what is ranked. A part is an input brought to 0 … 1: by fixed classes, or linearly from
the least to the greatest value of all that are considered, so it never depends on a page. Where all
values are equal they tell nothing apart, and such a part is 0 for all. The score is the sum of the
contributions, each a weight times a part, with weights that add up to 1. What is missing is never 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

Expression = sa.ColumnElement[Any]

_DECIMALS = 12
"""Scores that agree so far are a tie: what differs beyond is the rounding of binary fractions."""


@dataclass(frozen=True)
class Part:
    """A part of a score: its name, the column of its input, and the value of each class if it has some."""

    name: str
    input: str
    classes: tuple[tuple[str, float], ...] = ()

    @property
    def value(self) -> str:
        """The name of the column from 0 to 1."""
        return f"{self.name}_part"

    @property
    def contribution(self) -> str:
        """The name of the column that is added up."""
        return f"{self.name}_contribution"


@dataclass(frozen=True)
class Weights:
    """The weight of each part by name, adding up to 1."""

    of: Mapping[str, float]

    @classmethod
    def normalised(cls, given: Mapping[str, float]) -> "Weights":
        """Weights divided by their sum, which must be positive."""
        total = sum(given.values())
        return cls({name: weight / total for name, weight in given.items()})

    def varied(self, share: float) -> list["Weights"]:
        """Two for each weight, with it raised and lowered by a share of itself, and normalised again."""
        return [
            Weights.normalised({**self.of, name: weight * (1 + change)})
            for name, weight in self.of.items()
            if weight
            for change in (share, -share)
        ]


def ranked(
    inputs: sa.CTE, parts: Sequence[Part], weights: Weights, *, share: float, needs_all: bool
) -> sa.CTE:
    """The rows of `inputs` with their parts, contributions, score, rank, and best and worst rank.

    Equal scores share a rank (1, 2, 2, 4). `rank_best` and `rank_worst` are over the weights as they
    are and with each raised or lowered by `share`. A row that lacks an input with a positive weight
    has neither score nor rank with `needs_all`; without, the weights of what it has count as if they
    were all, and it has none only if it lacks every one. Columns beside those of `inputs`, which
    has `uid`: for each part its value and its contribution; `missing` (names of parts with a
    positive weight, null for none), `score`, `rank`, `place` (as `rank`, those without it last),
    `rank_best`, `rank_worst`.
    """
    valued = _valued(inputs, parts)
    scored = _scored(valued, parts, weights, needs_all)
    tried = _tried(scored, parts, [weights, *weights.varied(share)])
    return _joined(inputs, scored, tried)


def is_uniform(inputs: sa.FromClause, part: Part) -> sa.ColumnElement[bool]:
    """Whether at least two rows have the input, and all that have it agree: it tells nothing apart."""
    value = inputs.c[part.input]
    return sa.and_(sa.func.count(value) > 1, sa.func.count(sa.distinct(value)) == 1)


def _valued(inputs: sa.CTE, parts: Sequence[Part]) -> sa.CTE:
    values = (
        sa.cast(_value(inputs.c[part.input], part), sa.Double).label(part.value) for part in parts
    )
    return sa.select(inputs.c.uid, *values).cte("valued")


def _value(input: Expression, part: Part) -> Expression:
    if part.classes:
        return sa.case(*((input == code, value) for code, value in part.classes), else_=None)
    number = sa.cast(input, sa.Double)
    least = sa.func.min(number).over()
    width = sa.func.max(number).over() - least
    return sa.case((input.is_(None), None), (width == 0, 0.0), else_=(number - least) / width)


def _scored(valued: sa.CTE, parts: Sequence[Part], weights: Weights, needs_all: bool) -> sa.CTE:
    weighed = _weighed(valued, parts, weights, needs_all)
    w = weighed.c
    contributions = (
        sa.cast(w[part.value] * weights.of[part.name] / w.weight, sa.Double).label(
            part.contribution
        )
        for part in parts
    )
    # The offsets keep the planner from computing each term wherever it is used.
    contributed = sa.select(*w, *contributions).offset(0).cte("contributed")
    c = contributed.c
    total = _sum(sa.func.coalesce(c[part.contribution], 0.0) for part in parts)
    score = sa.cast(sa.case((c.weight.is_not(None), total)), sa.Double)
    own = (column for column in c if column.name != "weight")
    return sa.select(*own, score.label("score")).cte("scored")


def _weighed(valued: sa.CTE, parts: Sequence[Part], weights: Weights, needs_all: bool) -> sa.CTE:
    """With `missing`, and the `weight` of all that is there, null for a row that is not scored."""
    v = valued.c
    lacks = {part: v[part.value].is_(None) for part in parts if weights.of[part.name]}
    names = (sa.case((each, part.name), else_=None) for part, each in lacks.items())
    missing: Expression = sa.func.nullif(sa.func.concat_ws(", ", *names), "")
    there = _sum(sa.case((each, 0.0), else_=weights.of[p.name]) for p, each in lacks.items())
    unscored = sa.or_(*lacks.values()) if needs_all else sa.and_(*lacks.values())
    weight = sa.cast(sa.case((sa.not_(unscored), there)), sa.Double)
    return sa.select(*v, missing.label("missing"), weight.label("weight")).offset(0).cte("weighed")


def _tried(scored: sa.CTE, parts: Sequence[Part], scenarios: Sequence[Weights]) -> sa.CTE:
    """The rank of each scored row under the first weights, and its best and worst under them all."""
    columns = [sa.column(part.name, sa.Double) for part in parts]
    weights = sa.values(sa.column("scenario", sa.Integer), *columns, name="scenarios").data(
        [(number, *(each.of[part.name] for part in parts)) for number, each in enumerate(scenarios)]
    )
    s, w = scored.c, weights.c
    products = [sa.func.coalesce(s[part.value] * w[part.name], 0.0) for part in parts]
    of_known = _sum(sa.case((s[p.value].is_(None), 0.0), else_=w[p.name]) for p in parts)
    score = sa.func.round(sa.cast(_sum(products) / of_known, sa.Numeric), _DECIMALS)
    rank = sa.func.rank().over(partition_by=w.scenario, order_by=score.desc())
    ranks = (
        sa.select(s.uid, w.scenario, rank.label("rank"))
        .select_from(scored.join(weights, sa.true()))
        .where(s.score.is_not(None))
        .subquery("ranks")
    )
    return (
        sa.select(
            ranks.c.uid,
            sa.func.min(ranks.c.rank).filter(ranks.c.scenario == 0).label("rank"),
            sa.func.min(ranks.c.rank).label("rank_best"),
            sa.func.max(ranks.c.rank).label("rank_worst"),
        )
        .group_by(ranks.c.uid)
        .cte("tried")
    )


def _joined(inputs: sa.CTE, scored: sa.CTE, tried: sa.CTE) -> sa.CTE:
    behind_all = sa.select(sa.func.count() + 1).select_from(inputs).scalar_subquery()
    own = (column for column in scored.c if column.name != "uid")
    return (
        sa.select(
            *inputs.c,
            *own,
            tried.c.rank,
            tried.c.rank_best,
            tried.c.rank_worst,
            sa.func.coalesce(tried.c.rank, behind_all, type_=sa.BigInteger).label("place"),
        )
        .select_from(
            inputs.join(scored, scored.c.uid == inputs.c.uid).outerjoin(
                tried, tried.c.uid == inputs.c.uid
            )
        )
        .cte("ranked")
    )


def _sum(terms: Iterable[Expression]) -> Expression:
    first, *others = terms
    total = first
    for term in others:
        total = total + term
    return total
