"""Pairs of features as an answer: one row a pair, or one row for each feature of either side.

Counts of pairs and of the features on both sides are always given together, because they differ.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from geoservice.description.collection import (
    DEGREE,
    METRE,
    Collection,
    Field,
    FieldType,
    GeometryType,
)
from geoservice.description.question import Column, Parameter
from geoservice.languages import Text
from geoservice.questions.contract import CERTAINTIES, Coverage, Figures, Plan, choice
from geoservice.questions.proximity import Side, bearing_deg, connecting_line
from geoservice.store.geodesy import distance_m

_PRIMARY_BASES = tuple(geometry.lower() for geometry in GeometryType)


@dataclass(frozen=True)
class Role:
    """What a side plays in a question: the name that its columns and counts carry, and its fields."""

    name: str
    plural: str
    title: Text
    fields: tuple[Field, ...] = ()

    def column_name(self, field: str) -> str:
        """`site_name` for a site's `name`; a field that already says it, such as `site_no`, as it is."""
        return field if field.startswith(f"{self.name}_") else f"{self.name}_{field}"

    def columns(self) -> tuple[Column, ...]:
        """The columns that describe a feature of this side."""
        described = (
            Column(
                name=self.column_name(field.name),
                type=field.type,
                title=Text(
                    zh=f"{self.title.zh}：{field.title.zh}",
                    en=f"{self.title.en}: {field.title.en.lower()}",
                ),
                unit=field.unit,
                nullable=field.nullable,
            )
            for field in self.fields
        )
        uid = Column(
            name=f"{self.name}_uid",
            type=FieldType.UUID,
            title=Text(zh=f"{self.title.zh}：要素标识", en=f"{self.title.en}: feature id"),
        )
        return (uid, *described)

    def values(self, rows: sa.FromClause) -> list[sa.ColumnElement[Any]]:
        """The values of `columns`."""
        found = [rows.c.uid.label(f"{self.name}_uid")]
        return found + [
            rows.c[field.name].label(self.column_name(field.name)) for field in self.fields
        ]


def identifying_fields(collection: Collection, *extra: str) -> tuple[Field, ...]:
    """The fields that identify a feature to people: key, label, town, and the extra ones."""
    names = (*collection.key, collection.label, collection.town, *extra)
    return tuple(collection.by_name[name] for name in dict.fromkeys(filter(None, names)))


def by(this: Role, that: Role) -> Parameter:
    """The parameter that chooses what a row is."""
    one = Text(zh="一个", en="one ")
    words = {"pairs": Text(zh="一对要素", en="a pair")} | {
        role.plural: Text(zh=one.zh + role.title.zh, en=one.en + role.title.en.lower())
        for role in (this, that)
    }
    return choice("by", Text(zh="每行表示", en="A row is"), "pairs", words)


def pair_columns(this: Role, that: Role) -> tuple[Column, ...]:
    """The columns of a row that is a pair."""
    return (
        *this.columns(),
        *that.columns(),
        Column(
            name="distance_m",
            type=FieldType.NUMBER,
            title=Text(zh="距离", en="Distance"),
            unit=METRE,
        ),
        Column(
            name="distance_uncertainty_m",
            type=FieldType.NUMBER,
            title=Text(
                zh="距离误差（两侧定位精度之和）", en="Uncertainty: the sum of both accuracies"
            ),
            unit=METRE,
            nullable=True,
        ),
        Column(name="certainty", type=FieldType.TEXT, title=Text(zh="确定性", en="Certainty")),
        Column(
            name="bearing_deg",
            type=FieldType.NUMBER,
            title=Text(zh="方位角（自北顺时针）", en="Bearing, clockwise from north"),
            unit=DEGREE,
            nullable=True,
        ),
        Column(
            name="geometry_basis",
            type=FieldType.TEXT,
            title=Text(zh="量算所用几何", en="Geometries measured"),
        ),
        Column(
            name="point_distance_m",
            type=FieldType.NUMBER,
            title=Text(zh="点位之间的距离", en="Distance between the points"),
            unit=METRE,
            nullable=True,
        ),
    )


def summary_columns(one: Role, other: Role) -> tuple[Column, ...]:
    """The columns of a row that is one feature with what is near it."""
    return (
        *one.columns(),
        Column(
            name=f"{other.name}_count",
            type=FieldType.LONG,
            title=Text(zh=f"邻近{other.title.zh}数", en=f"Number of {other.title.en.lower()} near"),
        ),
        Column(
            name=f"{other.name}_count_certain",
            type=FieldType.LONG,
            title=Text(zh="其中确定", en="Of these, certain"),
        ),
        Column(
            name="nearest_distance_m",
            type=FieldType.NUMBER,
            title=Text(zh="最近距离", en="Nearest distance"),
            unit=METRE,
        ),
    )


def plan_of_pairs(
    pairs: sa.CTE,
    this: tuple[Role, Side],
    that: tuple[Role, Side],
    *,
    shown_by: str,
    radius_m: float,
    figures: tuple[Figures, ...],
    coverage: Callable[[Mapping[str, Any]], list[Coverage]],
    collections: tuple[Collection, ...],
) -> Plan:
    """The plan of a question whose answer is pairs, shown as the parameter `by` says."""
    order: tuple[str, ...]
    if shown_by == "pairs":
        found, order = pairs, ("distance_m", "this_uid", "that_uid")
        shown = partial(_shown_pairs, this=this, that=that)
        columns, geometry = pair_columns(this[0], that[0]), GeometryType.LINE_STRING
    else:
        one, other = (this, that) if shown_by == this[0].plural else (that, this)
        uid = pairs.c.this_uid if one is this else pairs.c.that_uid
        found, order = _grouped(pairs, uid), ("nearest_distance_m", "uid")
        shown = partial(_shown_groups, one=one, other=other[0])
        columns, geometry = summary_columns(one[0], other[0]), GeometryType.GEOMETRY
    return Plan(
        found=found,
        order=order,
        shown=shown,
        columns=columns,
        geometry=geometry,
        figures=(_pair_figures(pairs, this[0], that[0], radius_m), *figures),
        coverage=coverage,
        collections=collections,
    )


def _shown_pairs(
    pairs: sa.FromClause, *, this: tuple[Role, Side], that: tuple[Role, Side]
) -> sa.Select[Any]:
    line = connecting_line(pairs.c.this_geometry, pairs.c.that_geometry)
    lined = sa.select(*pairs.c, line.label("line")).offset(0).subquery("lined")
    p, a, b = lined.c, this[1].rows, that[1].rows
    return sa.select(
        (sa.cast(p.this_uid, sa.Text) + "." + sa.cast(p.that_uid, sa.Text)).label("id"),
        *this[0].values(a),
        *that[0].values(b),
        p.distance_m,
        p.distance_uncertainty_m,
        p.certainty,
        sa.case((p.distance_m > 0, bearing_deg(p.line)), else_=sa.null()).label("bearing_deg"),
        (p.this_basis + "-" + p.that_basis).label("geometry_basis"),
        _point_distance_m(lined, a, b).label("point_distance_m"),
        p.line.label("geom"),
        p.number,
    ).select_from(lined.join(a, a.c.uid == p.this_uid).join(b, b.c.uid == p.that_uid))


def _point_distance_m(
    pairs: sa.FromClause, a: sa.FromClause, b: sa.FromClause
) -> sa.ColumnElement[float | None]:
    """The distance between the primary geometries, where others were measured; else the same."""
    if "geom" not in a.c or "geom" not in b.c:
        return sa.cast(sa.null(), sa.Double)
    primary = sa.and_(
        pairs.c.this_basis.in_(_PRIMARY_BASES), pairs.c.that_basis.in_(_PRIMARY_BASES)
    )
    return sa.case((primary, pairs.c.distance_m), else_=distance_m(a.c.geom, b.c.geom))


def _grouped(pairs: sa.CTE, uid: sa.ColumnElement[Any]) -> sa.CTE:
    return (
        sa.select(
            uid.label("uid"),
            sa.func.count().label("near"),
            sa.func.count().filter(pairs.c.certainty == "certain").label("certain"),
            sa.func.min(pairs.c.distance_m).label("nearest_distance_m"),
        )
        .group_by(uid)
        .cte("grouped")
    )


def _shown_groups(groups: sa.FromClause, *, one: tuple[Role, Side], other: Role) -> sa.Select[Any]:
    role, side = one
    return sa.select(
        sa.cast(side.rows.c.uid, sa.Text).label("id"),
        *role.values(side.rows),
        groups.c.near.label(f"{other.name}_count"),
        groups.c.certain.label(f"{other.name}_count_certain"),
        groups.c.nearest_distance_m,
        side.geometry.label("geom"),
        groups.c.number,
    ).select_from(side.rows.join(groups, groups.c.uid == side.rows.c.uid))


def _pair_figures(pairs: sa.CTE, this: Role, that: Role, radius_m: float) -> Figures:
    def some(*condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count().filter(*condition)

    return sa.select(
        sa.func.count().label("pairs"),
        some(pairs.c.distance_m <= radius_m).label("pairs_within_distance"),
        sa.func.count(sa.distinct(pairs.c.this_uid)).label(this.plural),
        sa.func.count(sa.distinct(pairs.c.that_uid)).label(that.plural),
        *(
            some(pairs.c.certainty == certainty).label(f"certainty.{certainty}")
            for certainty, _ in CERTAINTIES
        ),
    ).select_from(pairs)


def figures_of(role: Role, side: Side) -> Figures:
    """How many features of a side were considered, and how many of these have no position."""
    return (
        sa.select(
            sa.func.count().label(f"considered.{role.plural}"),
            sa.func.count()
            .filter(side.geometry.is_(None))
            .label(f"unknown.{role.plural}_without_position"),
        )
        .select_from(side.rows)
        .where(*side.where)
    )
