"""Which sites compete for treatment, and what is known of each: the raw inputs of a ranking.

Knows neither weights nor ranks. “Within D” says where schools lie; it never says that one is
threatened. What is not known is null, never 0.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_sites
from geoservice.languages import Text
from geoservice.questions.contract import Asking, Figures
from geoservice.questions.distances.pairs import Role, figures_of
from geoservice.questions.hazards.assessments import latest_assessments
from geoservice.questions.hazards.registers import left_by_then, registered_then
from geoservice.questions.programme.funds import held_funds
from geoservice.questions.programme.treatment import (
    has_begun,
    is_accepted,
    stage_code,
    treating_projects,
    treatment_of_sites,
)
from geoservice.questions.proximity import Metric, Side, pairs_within
from geoservice.questions.sides import (
    considered_rows,
    in_town,
    near_edge,
    near_edge_figure,
    rows_of,
    true_then,
)
from geoservice.store.statements import Condition

FACILITY = Role("facility", "facilities", Text(zh="设施", en="Facility"))
"""What the schools are called in the figures."""

_FEN_IN_MILLION_YUAN = 100_000_000


@dataclass(frozen=True)
class Competition:
    """The sites: all of the town as they were judged, and those that compete, with their inputs."""

    side: Side
    judged: sa.CTE
    schools: Side
    inputs: sa.CTE

    @property
    def figures(self) -> tuple[Figures, ...]:
        """How many sites compete, why others do not, and how many schools are considered."""
        return _site_figures(self.judged), figures_of(FACILITY, self.schools)


def competition(asking: Asking) -> Competition:
    """The sites that compete on the day: registered, and not treated."""
    radius_m = asking.number("distance_m")
    rows = rows_of(asking, hazard_sites, "site")
    everything = Side(
        hazard_sites, rows, hazard_sites.best_geometry, in_town(asking, hazard_sites, rows)
    )
    judged = _judged(asking, everything, radius_m)
    side = Side(hazard_sites, considered_rows(rows, judged), hazard_sites.best_geometry)
    schools = _schools(asking)
    return Competition(side, judged, schools, _inputs(asking, side, judged, schools, radius_m))


def _judged(asking: Asking, sites: Side, radius_m: float) -> sa.CTE:
    """Every site of the town with what decides whether it competes."""
    rows = sites.rows
    then, left = registered_then(asking), left_by_then(asking)
    treatment = treatment_of_sites(treating_projects(asking))
    begun = sa.func.coalesce(has_begun(treatment), False)
    accepted = sa.func.coalesce(is_accepted(treatment), False)
    each = (
        sa.select(
            rows.c.uid,
            sa.func.coalesce(then.c.register_kind == asking.text("register_kind"), False).label(
                "listed"
            ),
            then.c.register_kind.is_not(None).label("registered"),
            left.c.hazard_site.is_not(None).label("has_left"),
            accepted.label("accepted"),
            sa.and_(begun, sa.not_(accepted)).label("under_way"),
            stage_code(treatment.c.place).label("stage"),
            sites.geometry.label("measured"),
        )
        .select_from(
            rows.outerjoin(then, then.c.hazard_site == rows.c.uid)
            .outerjoin(left, left.c.hazard_site == rows.c.uid)
            .outerjoin(treatment, treatment.c.uid == rows.c.uid)
        )
        .where(*sites.where)
        .offset(0)  # keeps the planner from judging each site as often as it is counted
        .subquery("each")
    )
    wanted = sa.true() if asking.values["include_under_way"] else sa.not_(each.c.under_way)
    considered = sa.and_(each.c.listed, sa.not_(each.c.accepted), wanted)
    reasons = ("listed", "registered", "has_left", "accepted", "under_way")
    return sa.select(
        each.c.uid,
        each.c.stage,
        *(each.c[name] for name in reasons),
        wanted.label("wanted"),
        considered.label("considered"),
        each.c.measured.is_(None).label("lost"),
        sa.case((considered, near_edge(asking, each.c.measured, radius_m))).label("near_edge"),
    ).cte("judged")


def _schools(asking: Asking) -> Side:
    """The facilities of the kinds asked for that operate on the day, of every town."""
    rows = rows_of(asking, facilities, "facility")
    where = (
        rows.c.kind.in_(asking.texts("facility_kinds")),
        rows.c.status == "operating",
        *true_then(asking, facilities, rows),
    )
    return Side(facilities, rows, facilities.best_geometry, where)


def _inputs(asking: Asking, sites: Side, judged: sa.CTE, schools: Side, radius_m: float) -> sa.CTE:
    """One row a competing site with the raw values; null is unknown.

    Schools are unknown for a site without position, and for all if no school is recorded: no data is
    not none. Their capacity is unknown if it is of one of them.
    """
    near = _schools_near(sites, schools, radius_m)
    latest = latest_assessments(asking, "risk_level", "threatened_people", "threatened_assets_wan")
    funds = held_funds(asking)
    cost, basis = _cost(funds)
    any_school = sa.exists(
        sa.select(schools.rows.c.uid).where(*schools.where, schools.geometry.is_not(None))
    )
    is_known = sa.and_(sa.not_(judged.c.lost), any_school)
    count = sa.func.coalesce(near.c.number, 0)
    people = latest.c.threatened_people
    per_million = sa.cast(people, sa.Double) * _FEN_IN_MILLION_YUAN / cost
    is_near = sa.case((count > 0, "yes"), else_="no")
    return (
        sa.select(
            judged.c.uid,
            judged.c.stage,
            latest.c.risk_level,
            people,
            latest.c.threatened_assets_wan,
            sa.case((is_known, count), else_=None).label("school_count"),
            sa.case((is_known, is_near), else_=None).label("school_within_distance"),
            sa.case(
                (sa.and_(is_known, count == 0), 0), (is_known, near.c.pupils), else_=None
            ).label("pupils"),
            sites.rows.c.slope_height_m,
            cost.label("cost_fen"),
            basis.label("cost_basis"),
            per_million.label("people_per_million_yuan"),
        )
        .select_from(
            judged.join(sites.rows, sites.rows.c.uid == judged.c.uid)
            .outerjoin(near, near.c.uid == judged.c.uid)
            .outerjoin(latest, latest.c.hazard_site == judged.c.uid)
            .outerjoin(funds, funds.c.site == judged.c.uid)
        )
        .where(judged.c.considered)
        .cte("inputs")
    )


def _schools_near(sites: Side, schools: Side, radius_m: float) -> sa.CTE:
    pairs = pairs_within(sites, schools, radius_m, Metric("geodesic"))
    capacity = schools.rows.c.capacity
    known = sa.func.bool_and(capacity.is_not(None))
    total = sa.cast(sa.func.sum(capacity), sa.BigInteger)
    return (
        sa.select(
            pairs.c.this_uid.label("uid"),
            sa.func.count().label("number"),
            sa.case((known, total), else_=None).label("pupils"),
        )
        .select_from(pairs.join(schools.rows, schools.rows.c.uid == pairs.c.that_uid))
        .where(pairs.c.distance_m <= radius_m)
        .group_by(pairs.c.this_uid)
        .cte("schools_near")
    )


def _cost(funds: sa.CTE) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    """The money for a site and what it is: secured, else planned; none that is not above 0."""
    kinds = ("secured", "planned")
    amounts = {kind: funds.c[f"{kind}_fen"] for kind in kinds}
    return (
        sa.case(*((amounts[kind] > 0, amounts[kind]) for kind in kinds), else_=None),
        sa.case(*((amounts[kind] > 0, kind) for kind in kinds), else_=None),
    )


def _site_figures(judged: sa.CTE) -> Figures:
    """How many sites compete, and how many do not, by the first reason that holds."""
    j = judged.c

    def some(*conditions: Condition) -> sa.ColumnElement[int]:
        return sa.func.count().filter(sa.and_(*conditions))

    return sa.select(
        some(j.considered).label("considered.sites"),
        some(j.registered, sa.not_(j.listed)).label("excluded.other_register"),
        some(sa.not_(j.registered), j.has_left).label("excluded.cancelled"),
        some(sa.not_(j.registered), sa.not_(j.has_left)).label("excluded.not_registered"),
        some(j.listed, j.accepted).label("excluded.accepted"),
        some(j.listed, sa.not_(j.accepted), sa.not_(j.wanted)).label("excluded.under_way"),
        some(j.considered, j.lost).label("unknown.sites_without_position"),
        near_edge_figure(j.near_edge),
    )
