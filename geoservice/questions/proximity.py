"""The two verbs of proximity as SQL: pairs within a distance, and the k nearest.

Both find candidates with the spatial index of one side and a box around the other, and let the
exact distance decide, so no match is lost and none is gained by the way of searching.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.sql.selectable import LateralFromClause

from geoservice.description.collection import Collection
from geoservice.store.geodesy import box_around, distance_m
from geoservice.store.statements import Condition
from geoservice.store.tables import best_geometry


@dataclass(frozen=True)
class Side:
    """The features on one side of a question: rows, which geometries count, which rows count.

    `geometries` is ordered from the most telling; the first that a row has is used.
    """

    collection: Collection
    rows: sa.FromClause
    geometries: tuple[str, ...]
    where: tuple[Condition, ...] = ()

    @property
    def geometry(self) -> sa.ColumnElement[Any]:
        """The geometry that is measured."""
        return best_geometry(self.rows, self.collection, self.geometries)

    @property
    def basis(self) -> sa.ColumnElement[str]:
        """The name of the geometry that is measured: `geom` is called by what it is."""
        named = [
            (self.rows.c[name].is_not(None), _basis(self.collection, name))
            for name in self.geometries
        ]
        return sa.case(*named, else_=None)

    @property
    def accuracy_m(self) -> sa.ColumnElement[float | None]:
        """The stated accuracy of the position, null where none is stated."""
        name = self.collection.accuracy_m
        return self.rows.c[name] if name else sa.cast(sa.null(), sa.Double)

    @property
    def label(self) -> sa.ColumnElement[Any]:
        """What people call the feature."""
        name = self.collection.label
        return sa.cast(self.rows.c[name] if name else self.rows.c.uid, sa.Text)


def _basis(collection: Collection, name: str) -> str:
    return collection.geometry_type(name).lower() if name == "geom" else name


@dataclass(frozen=True)
class Metric:
    """How distance is measured: geodesic, or in the plane of a projected CRS."""

    name: str
    plane_srid: int | None = None

    def distance_m(
        self, a: sa.ColumnElement[Any], b: sa.ColumnElement[Any]
    ) -> sa.ColumnElement[float]:
        """The shortest distance between two stored geometries; 0 when they touch."""
        if self.plane_srid is None:
            return distance_m(a, b)
        plane = [sa.func.ST_Transform(g, self.plane_srid, type_=Geometry()) for g in (a, b)]
        return sa.func.ST_Distance(*plane, type_=sa.Double)

    def search_radius_m(self, radius_m: Any) -> Any:
        """A geodesic radius that holds everything within `radius_m` of this metric.

        A projected CRS chosen for the region stretches by far less than one percent (3 × 10⁻⁵ in
        the 3° zones of CGCS2000, 4 × 10⁻⁴ in 6° zones).
        """
        return radius_m if self.plane_srid is None else radius_m * 1.01


def _widest_accuracy_m(side: Side) -> sa.ColumnElement[float]:
    """The worst accuracy stated anywhere on a side: how far beyond D a match can still be possible."""
    worst = sa.select(sa.func.coalesce(sa.func.max(side.accuracy_m), 0.0).label("m"))
    widest = worst.select_from(side.rows).cte()  # a CTE: computed once
    return sa.select(widest.c.m).scalar_subquery()


def _box_of_reach(
    side: Side, others: Side, radius_m: float, metric: Metric
) -> sa.ColumnElement[Any]:
    """A box around each feature of a side that everything meets with which it can make a pair."""
    reach = sa.func.coalesce(side.accuracy_m, 0.0) + _widest_accuracy_m(others) + radius_m
    return box_around(side.geometry, metric.search_radius_m(reach))


def pairs_within(
    this: Side,
    that: Side,
    radius_m: float,
    metric: Metric,
) -> sa.CTE:
    """Pairs that are, or given the stated accuracies could be, at most `radius_m` apart.

    Columns: `this_uid`, `that_uid`, `distance_m`, `distance_uncertainty_m` (null if an accuracy is
    not stated), `certainty`, `this_basis`, `that_basis`, `this_geometry`, `that_geometry`.
    A feature is no pair with itself. Features without geometry are in no pair.

    Certainty (domain contract): with u the sum of both accuracies, `certain` if d + u ≤ D,
    `possible` if d - u ≤ D < d + u. Where u is not known, pairs with d ≤ D are kept as `unknown`.
    """
    # A box on each side, so that the planner may go out from whichever has fewer features.
    meet = sa.and_(
        this.geometry.op("&&")(_box_of_reach(that, this, radius_m, metric)),
        that.geometry.op("&&")(_box_of_reach(this, that, radius_m, metric)),
    )
    distance = metric.distance_m(this.geometry, that.geometry).label("distance_m")
    uncertainty = (this.accuracy_m + that.accuracy_m).label("distance_uncertainty_m")
    candidates = (
        sa.select(
            this.rows.c.uid.label("this_uid"),
            that.rows.c.uid.label("that_uid"),
            distance,
            uncertainty,
            this.basis.label("this_basis"),
            that.basis.label("that_basis"),
            this.geometry.label("this_geometry"),
            that.geometry.label("that_geometry"),
        )
        .select_from(this.rows.join(that.rows, meet))
        .where(*this.where, *that.where, *_not_itself(this, that))
        .offset(0)  # keeps the planner from computing each distance twice
        .subquery("candidates")
    )
    c = candidates.c
    u = sa.func.coalesce(c.distance_uncertainty_m, 0.0)
    certainty = sa.case(
        (c.distance_uncertainty_m.is_(None), "unknown"),
        (c.distance_m + u <= radius_m, "certain"),
        else_="possible",
    ).label("certainty")
    return sa.select(*c, certainty).where(c.distance_m - u <= radius_m).cte("pairs")


@dataclass(frozen=True)
class EachOf:
    """Values of a field of the other side, of each of which the k nearest are wanted."""

    field: str
    values: tuple[str, ...]


def k_nearest(
    this: Side,
    that: Side,
    k: int,
    max_distance_m: float,
    metric: Metric,
    each: EachOf | None = None,
) -> sa.CTE:
    """For each feature of one side, the k nearest of the other, exact by the metric.

    Columns as of `pairs_within` without `certainty`, plus `rank` and `tied`; `wanted_kind`, `place`
    and `that_key` are never null and order the rows. Ties at rank k are all there. A feature with
    no neighbour within `max_distance_m`, or without a geometry, has one row with nulls; with `each`
    one for each value.

    The k first by the index order (degrees) give a radius that certainly holds k features; the box
    of that radius is then searched exactly. So the order of the index never decides. Each step is
    a lateral of its own, so that it is computed once for a feature.
    """
    kinds = sa.values(sa.column("kind", sa.Text), name="kinds").data(
        [(value,) for value in (each.values if each else ("",))]
    )
    same_kind = (that.rows.c[each.field] == kinds.c.kind,) if each else ()
    eligible = (
        *that.where,
        *same_kind,
        *_not_itself(this, that),
        that.geometry.is_not(None),
    )
    outer = (this.rows, kinds)
    distance = metric.distance_m(this.geometry, that.geometry)
    farthest = _farthest_of_first(this, that, k, distance, eligible, outer)
    reach = sa.func.least(sa.func.coalesce(farthest.c.m, max_distance_m), max_distance_m)
    box = box_around(this.geometry, metric.search_radius_m(reach)).label("box")
    area = sa.select(box).correlate(*outer, farthest).offset(0).lateral("area")
    found = (*eligible, that.geometry.op("&&")(area.c.box))
    near = _ranked(this, that, k, max_distance_m, distance, found, (*outer, area))
    source = this.rows.join(kinds, sa.true()).join(farthest, sa.true()).join(area, sa.true())
    return (
        sa.select(
            this.rows.c.uid.label("this_uid"),
            this.basis.label("this_basis"),
            this.geometry.label("this_geometry"),
            kinds.c.kind.label("wanted_kind"),
            *near.c,
            sa.func.coalesce(near.c.rank, 0).label("place"),
            sa.func.coalesce(sa.cast(near.c.that_uid, sa.Text), "").label("that_key"),
        )
        .select_from(source.outerjoin(near, sa.true()))
        .where(*this.where)
        .cte("nearest")
    )


def _farthest_of_first(
    this: Side,
    that: Side,
    k: int,
    distance: sa.ColumnElement[float],
    eligible: tuple[Condition, ...],
    outer: tuple[sa.FromClause, ...],
) -> LateralFromClause:
    """How far the farthest is of the k first by the order of the index, which are not yet the nearest."""
    firsts = (
        sa.select(distance.label("d"))
        .where(*eligible)
        .order_by(this.geometry.op("<->")(that.geometry))
        .limit(k)
        .correlate(*outer)
        .subquery()
    )
    return sa.select(sa.func.max(firsts.c.d).label("m")).lateral("farthest")


def _ranked(
    this: Side,
    that: Side,
    k: int,
    max_distance_m: float,
    distance: sa.ColumnElement[float],
    found: tuple[Condition, ...],
    outer: tuple[sa.FromClause, ...],
) -> LateralFromClause:
    """Those found, measured and ranked; equal to a micrometre is a tie."""
    measured = (
        sa.select(
            that.rows.c.uid.label("that_uid"),
            distance.label("distance_m"),
            (this.accuracy_m + that.accuracy_m).label("distance_uncertainty_m"),
            that.basis.label("that_basis"),
            that.geometry.label("that_geometry"),
        )
        .where(*found)
        .correlate(*outer)
        .offset(0)
        .subquery()
    )
    micrometres = sa.func.round(measured.c.distance_m * 1e6)
    ranked = (
        sa.select(
            *measured.c,
            sa.func.rank().over(order_by=micrometres).label("rank"),
            (sa.func.count().over(partition_by=micrometres) > 1).label("tied"),
        )
        .where(measured.c.distance_m <= max_distance_m)
        .subquery()
    )
    return sa.select(*ranked.c).where(ranked.c.rank <= k).lateral("near")


def _not_itself(this: Side, that: Side) -> tuple[Condition, ...]:
    return (this.rows.c.uid != that.rows.c.uid,) if this.collection.id == that.collection.id else ()


def connecting_line(a: sa.ColumnElement[Any], b: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The line from one geometry to the nearest place of the other, for drawing.

    Between two points it is simply theirs. Otherwise PostGIS draws shortest lines in the plane;
    degrees are scaled by the cosine of the latitude first, so that east and north weigh the same.
    Its ends are good to a decimetre in a kilometre; the distance itself is never taken from it.
    """
    squeeze = sa.func.cos(sa.func.radians(sa.func.ST_Y(sa.func.ST_Centroid(a))))
    flat = [sa.func.ST_Scale(g, squeeze, 1.0) for g in (a, b)]
    shortest = sa.func.ST_Scale(sa.func.ST_ShortestLine(*flat), 1 / squeeze, 1.0)
    are_points = sa.and_(*(sa.func.ST_Dimension(g) == 0 for g in (a, b)))
    return sa.case((are_points, sa.func.ST_MakeLine(a, b)), else_=shortest).cast(Geometry())


def bearing_deg(line: sa.ColumnElement[Any]) -> sa.ColumnElement[float | None]:
    """The geodesic azimuth of a line's start, clockwise from north; null for touching geometries."""
    ends = (sa.func.ST_StartPoint(line), sa.func.ST_EndPoint(line))
    return sa.func.degrees(sa.func.ST_Azimuth(*map(sa.func.geography, ends)), type_=sa.Double)
