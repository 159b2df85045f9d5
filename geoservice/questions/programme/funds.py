"""To which site or project the money of a programme belongs, by stage of the money.

An entry that names a site is that site's. One that names a project of a single site is the site's
too. The money of a project that treats several sites stays with the project, whole: no register
says how it is divided, so no answer divides it. An entry that names neither is not allocated.
All amounts are whole fen.
"""

from typing import Any

import sqlalchemy as sa

from geoservice.domain.code_lists import FUNDING_KIND
from geoservice.domain.funding import funding_entries
from geoservice.domain.remediation import remediation_projects
from geoservice.questions.contract import Asking
from geoservice.questions.sides import rows_of, true_then

KINDS = tuple(code.code for code in FUNDING_KIND)
"""The stages that the same money passes, in their order; sums of different ones are never added."""


def fen(amount: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """A sum of fen as the whole number that it is; the database sums them as decimals."""
    return sa.cast(amount, sa.BigInteger)


def fen_each(amount: sa.ColumnElement[Any], parts: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """Fen for each of some, to the nearest fen, halves away from zero; null for each of none."""
    total, number = sa.cast(amount, sa.Numeric), sa.func.nullif(sa.cast(parts, sa.Numeric), 0)
    rounded = sa.func.div(2 * sa.func.abs(total) + number, 2 * number)  # whole numbers throughout
    return fen(sa.func.sign(total) * rounded)


def held_funds(asking: Asking, programmes: sa.Select[Any] | None = None) -> sa.CTE:
    """The funds booked up to the day, summed by who holds them.

    `programmes` selects the uids of the programmes whose money it is; without it, all. Columns: `site`
    or else `project` (uids, both null for what is not allocated), `project_no` and `project_sites` of
    such a project, and `planned_fen`, `secured_fen`, `committed_fen`, `paid_fen`, null where there is no
    entry of the kind.
    """
    entries = rows_of(asking, funding_entries, "entry")
    projects = rows_of(asking, remediation_projects, "funded_project")
    sites = projects.c.hazard_sites
    only_site = sa.case((sites[1] == sa.all_(sites), sites[1]), else_=None)
    site = sa.func.coalesce(entries.c.hazard_site, only_site, type_=sa.UUID())
    shared = {
        "project": projects.c.uid,
        "project_no": projects.c.project_no,
        "project_sites": sites,
    }
    booked = (
        sa.select(
            site.label("site"),
            *(
                sa.case((site.is_(None), each), else_=None).label(name)
                for name, each in shared.items()
            ),
            entries.c.kind,
            entries.c.amount_fen,
        )
        .select_from(entries.outerjoin(projects, projects.c.uid == entries.c.project))
        .where(
            *true_then(asking, funding_entries, entries),
            *(() if programmes is None else (entries.c.programme.in_(programmes),)),
        )
        .subquery("booked")
    )
    b = booked.c
    holder = (b.site, *(b[name] for name in shared))
    sums = (
        fen(sa.func.sum(b.amount_fen).filter(b.kind == kind)).label(f"{kind}_fen") for kind in KINDS
    )
    return sa.select(*holder, *sums).group_by(*holder).cte("held_funds")
