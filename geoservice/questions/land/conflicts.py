"""Meetings of land with hazards, judged: which are conflicts, which slivers, which only near.

An overlap is a conflict above the larger of two tolerances. What lies near is told by its distance
alone: whether it is a danger, an assessment says and no overlay.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry

from geoservice.domain.code_lists import REGISTER_KIND, RISK_LEVEL
from geoservice.domain.hazards import risk_zones
from geoservice.languages import Text
from geoservice.questions.contract import CERTAINTIES, Asking, Figures
from geoservice.questions.hazards.registers import left_by_then
from geoservice.questions.overlay import area_m2
from geoservice.questions.sides import rows_of
from geoservice.store.statements import Condition

RELATIONS: Mapping[str, Text] = {
    "overlaps": Text(zh="重叠", en="they have an area in common, or the point lies inside"),
    "touches": Text(zh="仅在边界相接", en="they have only a boundary in common"),
    "within_distance": Text(zh="在 D 米以内", en="within D"),
}
ACTIONS: Mapping[str, Text] = {
    "assess": Text(
        zh="须按 GB/T 40112 开展地质灾害危险性评估",
        en="an assessment of the geological hazard by GB/T 40112 is needed",
    ),
    "check_digitising": Text(
        zh="重叠小于容差，核对数字化边界",
        en="the overlap is below the tolerance: check how the borders were digitised",
    ),
    "none": Text(zh="无", en="none"),
}
_ACTION_ORDER = {action: place for place, action in enumerate(ACTIONS)}
SUPPLIED = ("supplied", "built")


def judged_meetings(asking: Asking, met: sa.CTE, then: sa.CTE) -> sa.CTE:
    """Each meeting with its relation, whether it is a conflict, and whether it counts at all.

    A meeting with a site counts if the site was in a register asked for on the day; `then` tells.
    It is looked up in hashed sets: a join could be planned as a loop, since how many things meet is
    beyond any estimate.
    """
    left = left_by_then(asking)
    zones = rows_of(asking, risk_zones, "zone_met")
    m = met.c
    is_zone: Condition = m.that_layer == "risk_zones"
    register = sa.case(
        *(
            (
                m.that_uid.in_(sa.select(then.c.hazard_site).where(then.c.register_kind == kind)),
                kind,
            )
            for kind in (code.code for code in REGISTER_KIND)
        ),
        else_=None,
    )
    known = (
        sa.select(
            *met.c,
            sa.func.coalesce(m.land_status.in_(SUPPLIED), False).label("already_supplied"),
            register.label("register_kind"),
            m.that_uid.in_(sa.select(left.c.hazard_site)).label("has_left"),
            zones.c.risk_level,
            is_zone.label("is_zone"),
            _relation(met).label("relation"),
            sa.and_(
                m.that_layer == "sites_within", sa.func.ST_Dimension(m.that_geometry) == 0
            ).label("without_footprint"),
        )
        .select_from(met.outerjoin(zones, sa.and_(is_zone, zones.c.uid == m.that_uid)))
        .offset(0)  # keeps the planner from looking up each register several times
        .subquery("known")
    )
    k = known.c
    overlaps: Condition = k.relation == "overlaps"
    exceeds = sa.func.coalesce(k.overlap_m2 > _tolerance_m2(asking, k.area_m2), True)
    is_conflict = sa.and_(overlaps, exceeds)
    # Where both accuracies are known, the contract of distances; land states none.
    radius_m = sa.case((k.that_layer == "sites_within", asking.number("distance_m")), else_=0.0)
    certainty = sa.case(
        (k.distance_uncertainty_m.is_(None), "unknown"),
        (k.distance_m + k.distance_uncertainty_m <= radius_m, "certain"),
        else_="possible",
    )
    may_lie_inside = sa.and_(
        k.without_footprint, k.distance_m <= sa.func.coalesce(k.accuracy_m, 0.0)
    )
    action = sa.case(
        (sa.or_(is_conflict, may_lie_inside), "assess"),
        (overlaps, "check_digitising"),
        else_="none",
    )
    listed = k.register_kind.in_(asking.texts("register_kind"))
    return sa.select(
        *known.c,
        sa.func.coalesce(sa.or_(k.is_zone, listed), False).label("counts"),
        is_conflict.label("is_conflict"),
        sa.and_(overlaps, sa.not_(exceeds)).label("is_sliver"),
        certainty.label("certainty"),
        action.label("action"),
        _tolerance_m2(asking, k.area_m2).label("tolerance_m2"),
        sa.cast(k.this_uid, sa.Text).label("this_text"),
        sa.cast(k.that_uid, sa.Text).label("that_text"),
    ).cte("judged")


def _tolerance_m2(asking: Asking, area: sa.ColumnElement[Any]) -> sa.ColumnElement[float]:
    """The larger of both tolerances: an overlap beyond it exceeds each of them."""
    share = asking.number("tolerance_share") * sa.func.coalesce(area, 0.0)
    return sa.func.greatest(asking.number("tolerance_m2"), share, type_=sa.Double)


def _relation(met: sa.FromClause) -> sa.ColumnElement[str]:
    """Overlap where the interiors meet. A site that is but a point has a distance, and no overlap."""
    m = met.c
    touches = sa.case(
        (m.overlap_m2.is_not(None), m.overlap_m2 == 0),
        else_=sa.func.ST_Touches(m.this_geometry, m.that_geometry),
    )
    is_apart = sa.or_(sa.not_(m.meets), sa.func.ST_Dimension(m.that_geometry) == 0)
    return sa.case((is_apart, "within_distance"), (touches, "touches"), else_="overlaps")


def by_land(pairs: sa.CTE, *, with_overlaps: bool) -> sa.CTE:
    """One row for each piece of land with what it meets.

    The union of its overlaps decides whether it is in conflict. It is made only where it can matter:
    of several overlaps none of which is a conflict by itself. `overlaps` is the list of their shapes,
    null unless asked for.
    """
    p = pairs.c
    is_overlap: Condition = p.relation == "overlaps"
    partition = (p.this_layer, p.this_uid)
    apart = sa.and_(
        sa.not_(sa.func.bool_or(p.is_conflict).over(partition_by=partition)),
        sa.func.count().filter(is_overlap).over(partition_by=partition) > 1,
    )
    windowed = sa.select(*pairs.c, apart.label("apart")).subquery("windowed")
    w = windowed.c
    together = sa.func.ST_Union(w.overlap, type_=Geometry()).filter(w.apart)
    exceeds = sa.func.coalesce(area_m2(together) > sa.func.min(w.tolerance_m2), False)
    is_conflict = sa.or_(sa.func.bool_or(w.is_conflict), exceeds)
    places = sa.case(_ACTION_ORDER, value=w.action)
    shapes = sa.func.array_agg(w.overlap).filter(w.overlap.is_not(None))
    levels = {code.code: place for place, code in enumerate(RISK_LEVEL)}
    highest = sa.func.min(sa.case(levels, value=w.risk_level, else_=None))

    def some(condition: Condition) -> sa.ColumnElement[int]:
        return sa.func.count().filter(condition)

    action = sa.case(
        (is_conflict, "assess"),
        *((sa.func.min(places) == place, action) for action, place in _ACTION_ORDER.items()),
    )
    return (
        sa.select(
            w.this_layer,
            w.this_uid,
            w.this_text,
            some(w.is_conflict).label("conflicts"),
            some(w.is_sliver).label("slivers"),
            some(w.relation == "touches").label("touches"),
            some(w.relation == "within_distance").label("within_distance"),
            sa.case(
                *((highest == place, level) for level, place in levels.items()), else_=None
            ).label("highest_risk_level"),
            sa.func.min(w.distance_m).label("nearest_distance_m"),
            is_conflict.label("is_conflict"),
            sa.func.bool_or(w.already_supplied).label("already_supplied"),
            action.label("action"),
            (shapes if with_overlaps else sa.null()).label("overlaps"),
        )
        .group_by(w.this_layer, w.this_uid, w.this_text)
        .cte("grouped")
    )


def figures_of_pairs(pairs: sa.CTE) -> Figures:
    """How many meetings there are, by what they are and what they ask for."""
    p = pairs.c

    def some(condition: Condition) -> sa.ColumnElement[int]:
        return sa.func.count().filter(condition)

    return sa.select(
        sa.func.count().label("pairs"),
        some(p.is_conflict).label("conflicts"),
        *(some(p.relation == each).label(f"relation.{each}") for each in RELATIONS),
        *(some(p.action == each).label(f"action.{each}") for each in ACTIONS),
        *(some(p.certainty == each).label(f"certainty.{each}") for each, _ in CERTAINTIES),
        some(p.is_sliver).label("noted.slivers"),
        some(p.without_footprint).label("noted.without_footprint"),
    ).select_from(pairs)


def figures_by_land(asking: Asking, grouped: sa.CTE) -> Figures:
    """How many pieces of land meet anything, and are in conflict, of each register."""
    g = grouped.c

    def some(*conditions: Condition) -> sa.ColumnElement[int]:
        return sa.func.count().filter(sa.and_(*conditions))

    of = asking.texts("of")
    return sa.select(
        *(some(g.this_layer == each).label(f"met.{each}") for each in of),
        *(some(g.this_layer == each, g.is_conflict).label(f"in_conflict.{each}") for each in of),
        some(g.already_supplied, g.is_conflict).label("noted.already_supplied"),
    ).select_from(grouped)


def figures_of_sites_left_out(judged: sa.CTE) -> Figures:
    """The sites that would be met and do not count, by the first reason that holds."""
    j = judged.c
    registered: Condition = j.register_kind.is_not(None)

    def sites(*conditions: Condition) -> sa.ColumnElement[int]:
        return sa.func.count(sa.distinct(j.that_uid)).filter(sa.not_(j.counts), *conditions)

    return sa.select(
        sites(registered).label("excluded.other_register"),
        sites(sa.not_(registered), j.has_left).label("excluded.sites_cancelled"),
        sites(sa.not_(registered), sa.not_(j.has_left)).label("excluded.not_registered"),
    ).select_from(judged)
