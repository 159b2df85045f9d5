"""New land for public services with each square metre counted once: at its highest stage.

Reserves overlap: two plans set aside the same land, a project changes its kind. Each square metre
belongs to the first of the reserves on it: that of the highest stage; of one stage, the one that is
not new; then by kind and uid. A reserve counts what no reserve before it has taken. So the parts of
any breakdown add up to the whole, whatever is asked for.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from geoalchemy2 import Geometry

from geoservice.domain.code_lists import LAND_USE_2023, RESERVE_PURPOSE
from geoservice.domain.land import land_reserves
from geoservice.questions.contract import Asking, Figures
from geoservice.questions.land.reserves import STAGES, first_of, reached_on, status_on
from geoservice.questions.overlay import area_m2, common_area
from geoservice.questions.sides import rows_of, true_then
from geoservice.store.statements import Condition

_COMMUNITY_SERVICES = "0702"  # 城镇社区服务设施用地 of the 2023 guide; homesteads in GB/T 21010


@dataclass(frozen=True)
class NewLand:
    """Which reserves count as new land: since a day, embedded ones or not, of no rival target.

    Rivals speak of the same purposes; a target for one purpose is a part of that for all.
    """

    since: date | None
    other_targets: tuple[UUID, ...]
    with_embedded: bool
    done: tuple[str, ...]


def judged_reserves(asking: Asking, new_land: NewLand) -> sa.CTE:
    """Every reserve with its stage on the day and why it does not count, if so.

    Columns: `uid`, `purpose_kind`, `town_code`, `area_m2`, `geom`, `status`, `reached_on`, `done_on`
    (first day in a stage that counts as done), `left_out` (a reason, null of new land).
    """
    rows = rows_of(asking, land_reserves, "reserve")
    (stands,) = true_then(asking, land_reserves, rows)
    reached = reached_on(rows, asking.as_of)
    first = first_of(rows, STAGES, asking.as_of)
    is_embedded = sa.or_(
        rows.c.is_embedded,
        sa.and_(
            rows.c.land_use_set == LAND_USE_2023.id,
            rows.c.land_use_code.startswith(_COMMUNITY_SERVICES),
        ),
    )
    left_out = sa.case(
        (rows.c.cancelled_on <= asking.as_of, "cancelled"),
        (sa.not_(stands), "reserves_not_begun"),
        (rows.c.target.in_(new_land.other_targets), "other_target"),
        (sa.and_(sa.not_(sa.literal(new_land.with_embedded)), is_embedded), "embedded"),
        (reached.is_(None), "undated"),
        (first < sa.literal(new_land.since, sa.Date), "earlier"),
        else_=None,
    )
    return sa.select(
        rows.c.uid,
        rows.c.purpose_kind,
        rows.c.town_code,
        rows.c.area_ellipsoid_m2.label("area_m2"),
        rows.c.geom,
        status_on(rows, asking.as_of).label("status"),
        reached.label("reached_on"),
        first_of(rows, new_land.done, asking.as_of).label("done_on"),
        left_out.label("left_out"),
    ).cte("judged_reserves")


def counted_land(asking: Asking, judged: sa.CTE) -> sa.CTE:
    """Each new reserve with what it counts: `counted_m2`, and what others on it have taken.

    `lost_m2` is taken by other reserves, `on_earlier_m2` of it by those that are not new; with
    `counted_m2` it is the area of the reserve.
    """
    members = _in_order(judged)
    pieces = _taken(asking, members)
    taken = (
        sa.select(
            pieces.c.uid,
            area_m2(sa.func.ST_Union(pieces.c.shape, type_=Geometry())).label("lost_m2"),
            sa.func.coalesce(
                area_m2(
                    sa.func.ST_Union(pieces.c.shape, type_=Geometry()).filter(pieces.c.by_earlier)
                ),
                0.0,
            ).label("on_earlier_m2"),
        )
        .group_by(pieces.c.uid)
        .subquery("taken")
    )
    lost = sa.func.coalesce(taken.c.lost_m2, 0.0)
    names = ("uid", "purpose_kind", "town_code", "area_m2", "status", "reached_on", "done_on")
    return (
        sa.select(
            *(members.c[name] for name in names),
            sa.func.greatest(members.c.area_m2 - lost, 0.0, type_=sa.Double).label("counted_m2"),
            lost.label("lost_m2"),
            sa.func.coalesce(taken.c.on_earlier_m2, 0.0).label("on_earlier_m2"),
        )
        .select_from(members.outerjoin(taken, taken.c.uid == members.c.uid))
        .where(sa.not_(members.c.is_earlier))
        .cte("counted_land")
    )


def _in_order(judged: sa.CTE) -> sa.CTE:
    """The reserves that share out the land, new ones and earlier ones, by who comes first."""
    j = judged.c
    is_earlier: Condition = sa.func.coalesce(j.left_out == "earlier", False)
    kinds = {code.code: place for place, code in enumerate(RESERVE_PURPOSE)}
    order = (
        sa.case({stage: place for place, stage in enumerate(STAGES)}, value=j.status).desc(),
        is_earlier.desc(),
        sa.case(kinds, value=j.purpose_kind),
        j.uid,
    )
    return (
        sa.select(
            *judged.c,
            is_earlier.label("is_earlier"),
            sa.func.row_number().over(order_by=order).label("place"),
        )
        .where(sa.or_(j.left_out.is_(None), is_earlier))
        .cte("members")
    )


def _taken(asking: Asking, members: sa.CTE) -> sa.Subquery:
    """What of each new reserve the reserves before it have taken; rows only where two overlap.

    The neighbours come from the register itself, whose spatial index serves; the members tell which
    of them comes first.
    """
    neighbours = rows_of(asking, land_reserves, "neighbour")
    first = members.alias("first")
    one, other = members.c.geom, neighbours.c.geom
    pairs = (
        sa.select(
            members.c.uid,
            first.c.is_earlier.label("by_earlier"),
            one.label("one"),
            other.label("other"),
        )
        .select_from(
            members.join(
                neighbours,
                sa.and_(neighbours.c.uid != members.c.uid, sa.func.ST_Intersects(one, other)),
            ).join(first, sa.and_(first.c.uid == neighbours.c.uid, first.c.place < members.c.place))
        )
        .where(sa.not_(members.c.is_earlier))
        .subquery("pairs")
    )
    # What is covered as a whole is taken as a whole: two plans often draw one and the same parcel.
    shape: Any = sa.case(
        (sa.func.ST_CoveredBy(pairs.c.one, pairs.c.other), pairs.c.one),
        else_=common_area(pairs.c.one, pairs.c.other),
    )
    pieces = (
        sa.select(pairs.c.uid, pairs.c.by_earlier, sa.type_coerce(shape, Geometry()).label("shape"))
        .offset(0)  # keeps the planner from computing each piece twice
        .subquery("pieces")
    )
    return sa.select(*pieces.c).where(sa.not_(sa.func.ST_IsEmpty(pieces.c.shape))).subquery("parts")


def figures_left_out(judged: sa.CTE) -> Figures:
    """How many reserves do not count, by the first reason that holds; undated ones are unknown."""
    reasons = ("cancelled", "reserves_not_begun", "other_target", "embedded", "earlier")
    left_out = judged.c.left_out

    def some(reason: str) -> sa.ColumnElement[int]:
        return sa.func.count().filter(left_out == reason)

    return sa.select(
        *(some(reason).label(f"excluded.{reason}") for reason in reasons),
        some("undated").label("unknown.undated_reserves"),
        sa.func.coalesce(sa.func.sum(judged.c.area_m2).filter(left_out == "embedded"), 0.0).label(
            "excluded.embedded_m2"
        ),
    ).select_from(judged)
