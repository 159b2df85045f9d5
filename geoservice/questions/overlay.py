"""Overlays as SQL: where features of some layers lie on, touch, or come near those of others.

Candidates come from a spatial index, exact predicates decide, and areas are those on the ellipsoid:
the spherical area is wrong by up to a hundredfold on slivers. Every stored geometry is valid, which
a check of its table holds, so no single shape can abort a statement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry

from geoservice.questions.proximity import Side
from geoservice.store.geodesy import box_around, distance_m


@dataclass(frozen=True)
class Layer:
    """The features of a side under a name; `within_m` is how near counts, None: only what meets."""

    name: str
    side: Side
    within_m: float | None = None


def area_m2(geometry: sa.ColumnElement[Any]) -> sa.ColumnElement[float]:
    """The area on the ellipsoid, edges as geodesics; 0 of an empty geometry, null of none."""
    return sa.func.ST_Area(sa.func.geography(geometry), True, type_=sa.Double)


def common_area(one: sa.ColumnElement[Any], other: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The areas that two areas have in common, without the lines and points; empty if there are none."""
    return sa.func.ST_CollectionExtract(sa.func.ST_Intersection(one, other), 3, type_=Geometry())


def meetings(
    these: Sequence[Layer], those: Sequence[Layer], carried: tuple[str, ...] = ()
) -> sa.CTE:
    """Each feature of these layers with each of those that it meets, or that lies near enough.

    Columns: `this_layer`, `this_uid`, `that_layer`, `that_uid`, `this_geometry`, `that_geometry`,
    `accuracy_m` (of that side), `distance_uncertainty_m` (null unless both sides state one), `meets`,
    `distance_m` (0 where they meet), `overlap` (the areas in common; null unless both are areas that
    meet) and `overlap_m2`. Touching is meeting: its overlap has 0 m². Features without geometry are
    in no row. Of the rows of this side, the columns `carried` are there too: so nobody needs to join
    them again to pairs whose number the planner can only guess.
    """
    pairs = (_candidates(this, that, carried) for this in these for that in those)
    candidates = sa.union_all(*pairs).subquery("candidates")
    c = candidates.c
    both_are_areas = sa.and_(
        sa.func.ST_Dimension(c.this_geometry) == 2, sa.func.ST_Dimension(c.that_geometry) == 2
    )
    # A shape inside the other is itself what they share: a quick test beside a slow construction.
    is_inside = sa.func.ST_CoveredBy(c.this_geometry, c.that_geometry)
    shared = sa.case(
        (is_inside, c.this_geometry), else_=common_area(c.this_geometry, c.that_geometry)
    )
    overlap = sa.case((sa.and_(c.meets, both_are_areas), shared), else_=None)
    measured = (
        sa.select(*c, sa.type_coerce(overlap, Geometry()).label("overlap"))
        .offset(0)  # keeps the planner from computing each overlap as often as it is named
        .subquery("measured")
    )
    sized = sa.select(*measured.c, area_m2(measured.c.overlap).label("overlap_m2"))
    return sized.offset(0).cte("meetings")  # the area too


def _candidates(this: Layer, that: Layer, carried: tuple[str, ...]) -> sa.Select[Any]:
    one, other = this.side.geometry, that.side.geometry
    meets = sa.func.ST_Intersects(one, other, type_=sa.Boolean())
    met: sa.ColumnElement[bool] = meets
    where: sa.ColumnElement[bool] = meets
    distance: sa.ColumnElement[float] = sa.literal(0.0, sa.Double)
    if that.within_m is None:
        met = sa.true()
    else:
        where = one.op("&&", return_type=sa.Boolean())(box_around(other, that.within_m))
        distance = sa.case((meets, 0.0), else_=distance_m(one, other))
    candidates = (
        sa.select(
            sa.literal(this.name, sa.Text).label("this_layer"),
            this.side.rows.c.uid.label("this_uid"),
            sa.literal(that.name, sa.Text).label("that_layer"),
            that.side.rows.c.uid.label("that_uid"),
            sa.type_coerce(one, Geometry()).label("this_geometry"),
            sa.type_coerce(other, Geometry()).label("that_geometry"),
            that.side.accuracy_m.label("accuracy_m"),
            (this.side.accuracy_m + that.side.accuracy_m).label("distance_uncertainty_m"),
            met.label("meets"),
            distance.label("distance_m"),
            *(this.side.rows.c[name] for name in carried),
        )
        .select_from(this.side.rows.join(that.side.rows, where))
        .where(*this.side.where, *that.side.where)
        .offset(0)  # keeps the planner from measuring each distance twice
        .subquery()
    )
    near = () if that.within_m is None else (candidates.c.distance_m <= that.within_m,)
    return sa.select(*candidates.c).where(*near)
