"""What each layer holds at places: met, within D, nearest, covered, and what that comes to.

Each layer is searched by its spatial index three times at most: in the box of D around a place; if
nothing is within D, by the order of the index for a bound of the nearest, and in the box of that
bound. All that is measured and summed up is written once for all layers together.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import aggregate_order_by

from geoservice.description.collection import Collection
from geoservice.questions.contract import Asking
from geoservice.questions.coverage import verdicts
from geoservice.questions.place.details import DETAILS
from geoservice.questions.proximity import Side
from geoservice.questions.sides import rows_of, true_then
from geoservice.store.geodesy import box_around, common_part, distance_m, extent_of

_DETAILS_AT_MOST = max(map(len, DETAILS.values()))


def judged(asking: Asking, layers: Sequence[Collection], places: sa.CTE) -> sa.CTE:
    """One row for each place and layer.

    `places` has the columns `place`, `area`, `label` and `town`. Columns: `place`, `place_label`,
    `position` and `collection` of the layer, `state`, `features_met`, `touches_only`,
    `features_within_distance`, `share` (null for points), `overlap_m2` (null for what has no
    area), `detail`, `nearest_uid`, `nearest_label`, `nearest_distance_m` (null if the layer is
    empty), and the shapes `place_shape` and `nearest_shape`.
    """
    sides = [_side(asking, layer, position) for position, layer in enumerate(layers)]
    radius_m = asking.number("distance_m")
    measured = _measured(asking, sides, places, radius_m)
    tallied = _tallied(_layered(layers, places), measured, radius_m)
    nearest = _nearest(sides, measured, tallied, radius_m)
    stated = verdicts(asking, layers, places).subquery("stated")
    t, n = tallied.c, nearest.c
    here = sa.and_(n.place == t.place, n.position == t.position)
    of_layer = sa.and_(stated.c.place == t.place, stated.c.dataset == t.collection)
    state = sa.case(
        (t.met > 0, "yes"),
        (stated.c.status == "complete", "no"),
        (sa.or_(stated.c.status == "none", n.uid.is_(None)), "not_covered"),
        else_="not_assessed",
    )
    dimension = sa.func.ST_Dimension(t.area)
    covered = extent_of(t.covered, t.area)
    return (
        sa.select(
            t.place,
            t.label.label("place_label"),
            t.position,
            t.collection,
            state.label("state"),
            t.met.label("features_met"),
            t.touches_only,
            t.within.label("features_within_distance"),
            sa.case((dimension > 0, covered / extent_of(t.area))).label("share"),
            sa.case((dimension == 2, covered)).label("overlap_m2"),
            t.detail,
            n.uid.label("nearest_uid"),
            n.label.label("nearest_label"),
            n.d.label("nearest_distance_m"),
            t.area.label("place_shape"),
            n.shape.label("nearest_shape"),
        )
        .select_from(tallied.outerjoin(nearest, here).outerjoin(stated, of_layer))
        .cte("judged")
    )


def _side(asking: Asking, layer: Collection, position: int) -> Side:
    rows = rows_of(asking, layer, f"layer_{position}")
    return Side(layer, rows, layer.best_geometry, true_then(asking, layer, rows))


def _layered(layers: Sequence[Collection], places: sa.CTE) -> sa.Subquery:
    """Every place with every layer."""
    ids = sa.literal([layer.id for layer in layers], sa.ARRAY(sa.Text))
    names = sa.func.unnest(ids).table_valued(
        sa.column("collection", sa.Text), with_ordinality="ordinal"
    )
    layer = names.render_derived(name="layer")
    position = (sa.cast(layer.c.ordinal, sa.Integer) - 1).label("position")
    return (
        sa.select(*places.c, position, layer.c.collection)
        .join_from(places, layer, sa.true())
        .subquery("layered")
    )


def _of_every(
    sides: Sequence[Side], one: Callable[[int, Side], sa.Select[Any]], name: str
) -> sa.Subquery:
    return sa.union_all(*(one(at, side) for at, side in enumerate(sides))).subquery(name)


def _measured(asking: Asking, sides: Sequence[Side], places: sa.CTE, radius_m: float) -> sa.CTE:
    """The features in the box of D around a place, with whether it meets them, and how far they are."""
    boxes = sa.select(
        places.c.place, places.c.area, box_around(places.c.area, radius_m).label("box")
    ).cte("boxes")

    def reached(position: int, side: Side) -> sa.Select[Any]:
        return (
            sa.select(
                boxes.c.place,
                boxes.c.area,
                sa.literal(position, sa.Integer).label("position"),
                side.rows.c.uid,
                side.label.label("label"),
                side.geometry.label("shape"),
                *_said(asking, side),
            )
            .select_from(boxes.join(side.rows, side.geometry.op("&&")(boxes.c.box)))
            .where(*side.where)
        )

    r = _of_every(sides, reached, "reached").c
    return sa.select(
        *r,
        sa.func.ST_Intersects(r.shape, r.area).label("met"),
        distance_m(r.shape, r.area).label("d"),
    ).cte("measured")


def _said(asking: Asking, side: Side) -> list[sa.ColumnElement[Any]]:
    """What a feature says, by slot: the name of the detail, the value, and its rank if it has one."""
    details = DETAILS.get(side.collection.id, ())
    found: list[sa.ColumnElement[Any]] = []
    for slot in range(_DETAILS_AT_MOST):
        name: sa.ColumnElement[Any] = sa.null()
        value: sa.ColumnElement[Any] = sa.null()
        rank: sa.ColumnElement[Any] = sa.null()
        if slot < len(details):
            detail = details[slot]
            name, value = sa.literal(detail.name, sa.Text), detail.value(asking, side.rows)
            rank = detail.rank(value)
        found += [
            sa.cast(name, sa.Text).label(f"name_{slot}"),
            sa.cast(value, sa.Text).label(f"value_{slot}"),
            sa.cast(rank, sa.Integer).label(f"rank_{slot}"),
        ]
    return found


def _tallied(layered: sa.Subquery, measured: sa.CTE, radius_m: float) -> sa.CTE:
    """What the features of each layer come to at each place."""
    m = measured.c
    pair = (m.place, m.position)
    is_met_by_some = sa.func.bool_or(m.met).over(partition_by=pair)
    counts = sa.case((is_met_by_some, m.met), else_=m.d <= radius_m).label("counts")
    counted = sa.select(*m, counts).subquery("counted")
    c = counted.c
    slots = range(_DETAILS_AT_MOST)
    best = [
        sa.func.min(sa.case((c.counts, c[f"rank_{slot}"])))
        .over(partition_by=(c.place, c.position))
        .label(f"best_{slot}")
        for slot in slots
    ]
    weighed = sa.select(*c, *best).subquery("weighed")
    w = weighed.c
    said = [_summed_up(w, slot) for slot in slots]
    touches = sa.case((w.met, sa.func.ST_Touches(w.shape, w.area)))
    is_covering = sa.and_(w.met, sa.func.ST_Dimension(w.shape) == 2)
    tally = (
        sa.select(
            w.place,
            w.position,
            sa.func.count().filter(w.met).label("met"),
            sa.func.count().filter(w.d <= radius_m).label("within"),
            sa.func.bool_and(touches).label("touches_only"),
            sa.func.ST_Union(
                sa.case((is_covering, common_part(w.shape, w.area))), type_=Geometry()
            ).label("covered"),
            sa.func.nullif(sa.func.concat_ws("; ", *said), "", type_=sa.Text).label("detail"),
        )
        .group_by(w.place, w.position)
        .subquery("tally")
    )
    t = tally.c
    return (
        sa.select(
            *layered.c,
            sa.func.coalesce(t.met, 0).label("met"),
            sa.func.coalesce(t.within, 0).label("within"),
            sa.func.coalesce(t.touches_only, False).label("touches_only"),
            t.covered,
            t.detail,
        )
        .select_from(
            layered.outerjoin(
                tally, sa.and_(t.place == layered.c.place, t.position == layered.c.position)
            )
        )
        .cte("tallied")
    )


def _summed_up(w: Any, slot: int) -> sa.ColumnElement[str | None]:
    """`name=value,value` of the features that count; of ranked values the first alone."""
    value = w[f"value_{slot}"]
    in_order: aggregate_order_by[str] = aggregate_order_by(sa.literal_column("','"), value)
    is_best = w[f"rank_{slot}"].is_not_distinct_from(w[f"best_{slot}"])
    values = sa.func.string_agg(sa.distinct(value), in_order).filter(w.counts, is_best)
    return sa.func.max(w[f"name_{slot}"]) + "=" + values


def _nearest(
    sides: Sequence[Side], measured: sa.CTE, tallied: sa.CTE, radius_m: float
) -> sa.Subquery:
    """The nearest feature of each layer to each place, by the exact distance and then the uid."""
    t = tallied.c

    def bounded(position: int, side: Side) -> sa.Select[Any]:
        first = (
            sa.select(distance_m(side.geometry, t.area))
            .where(*side.where, side.geometry.is_not(None))
            .order_by(side.geometry.op("<->")(t.area))
            .limit(1)
            .correlate(tallied)
            .scalar_subquery()
        )
        is_open = sa.and_(t.position == position, t.within == 0)
        return sa.select(t.place, t.position, t.area, first.label("m")).where(is_open)

    b = _of_every(sides, bounded, "bounded").c
    bounds = sa.select(b.place, b.position, b.area, box_around(b.area, b.m).label("box")).cte(
        "bounds"
    )

    def candidates(position: int, side: Side) -> sa.Select[Any]:
        is_near = sa.and_(bounds.c.position == position, side.geometry.op("&&")(bounds.c.box))
        return (
            sa.select(
                bounds.c.place,
                bounds.c.position,
                bounds.c.area,
                side.rows.c.uid,
                side.label.label("label"),
                side.geometry.label("shape"),
            )
            .select_from(bounds.join(side.rows, is_near))
            .where(*side.where)
        )

    far = _of_every(sides, candidates, "candidates").c
    names = ("place", "position", "uid", "label", "shape")
    beyond = sa.select(*(far[name] for name in names), distance_m(far.shape, far.area).label("d"))
    m = measured.c
    within = sa.select(*(m[name] for name in names), m.d).where(m.d <= radius_m)
    every = sa.union_all(within, beyond).subquery("every_near")
    e = every.c
    nth = sa.func.row_number().over(partition_by=(e.place, e.position), order_by=(e.d, e.uid))
    ranked = sa.select(*e, nth.label("nth")).subquery("ranked")
    return sa.select(*ranked.c).where(ranked.c.nth == 1).subquery("nearest")
