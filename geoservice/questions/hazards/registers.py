"""Which register a hazard site was in, and when: its present period and the earlier ones together.

A site states its present period in a register itself; those before it are a collection of their
own. A period holds the days from its start to the day before its end; one that ends on the day it
starts holds none. The store keeps the periods of a site apart.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from geoservice.domain.hazards import hazard_sites, register_periods
from geoservice.questions.contract import Asking
from geoservice.store.statements import Condition, source


def periods_of_sites(known_at: datetime | None, *carried: str) -> sa.Subquery:
    """Every period of every site in a register, as the registers said at an instant; None is now.

    Columns: `hazard_site`, `register_kind`, `started_on`, `ended_on` and `end_kind` (both null of a
    period that lasts), `is_present` (the site states it itself), and the columns `carried` of the
    site. A site that was never registered has none.
    """
    sites = source(hazard_sites, known_at).alias("present")
    earlier = source(register_periods, known_at).alias("earlier")
    end_kind = sa.case(
        (sites.c.cancelled_on.is_(None), None),
        (sites.c.merged_into.is_not(None), "merged"),
        else_="cancelled",
    )
    names = ("hazard_site", "register_kind", "started_on", "ended_on", "end_kind")
    before: sa.Select[Any] = sa.select(*(earlier.c[name] for name in names), sa.false())
    if carried:
        site = source(hazard_sites, known_at).alias("site_of_earlier")
        before = before.add_columns(*(site.c[name] for name in carried)).join_from(
            earlier, site, site.c.uid == earlier.c.hazard_site
        )
    return sa.union_all(
        sa.select(
            sites.c.uid.label("hazard_site"),
            sites.c.register_kind,
            sites.c.registered_on.label("started_on"),
            sites.c.cancelled_on.label("ended_on"),
            end_kind.label("end_kind"),
            sa.true().label("is_present"),
            *(sites.c[name] for name in carried),
        ).where(sites.c.registered_on.is_not(None)),
        before,
    ).subquery("periods")


def lasts_on(periods: sa.FromClause, day: date | sa.ColumnElement[date]) -> Condition:
    """Whether a period holds a day."""
    ended: sa.ColumnElement[Any] = periods.c.ended_on
    return sa.and_(periods.c.started_on <= day, sa.or_(ended.is_(None), ended > day))


def registered_then(asking: Asking) -> sa.CTE:
    """The sites that were in a register on the day asked for: `hazard_site`, `register_kind` of then."""
    return registered_on(asking, asking.as_of, "registered_then")


def registered_on(asking: Asking, day: date | sa.ColumnElement[date], name: str) -> sa.CTE:
    """The sites that were in a register on a day, under a name: `hazard_site`, `register_kind` of then."""
    periods = periods_of_sites(asking.known_at)
    return (
        sa.select(periods.c.hazard_site, periods.c.register_kind)
        .where(lasts_on(periods, day))
        .cte(name)
    )


def left_by_then(asking: Asking) -> sa.CTE:
    """The sites with a period that had ended by the day asked for: `hazard_site`.

    Some of them may be registered again.
    """
    periods = periods_of_sites(asking.known_at)
    return (
        sa.select(periods.c.hazard_site)
        .where(periods.c.ended_on <= asking.as_of)
        .distinct()
        .cte("left_by_then")
    )
