"""The money of a programme by who holds it: its members, projects of several sites, others, nobody.

Knows neither stages nor registers. Sums are whole fen; each amount is in exactly one part, so the parts
add up to the total.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from geoservice.description.collection import FEN, FieldType
from geoservice.description.question import Column
from geoservice.domain.code_lists import FUNDING_KIND
from geoservice.languages import Text
from geoservice.questions.contract import Asking
from geoservice.questions.programme.funds import KINDS, fen, held_funds

KIND_COLUMNS = tuple(
    Column(
        name=f"{code.code}_fen",
        type=FieldType.LONG,
        title=Text(zh=f"{code.title.zh}资金", en=f"Funds {code.title.en}"),
        unit=FEN,
        nullable=True,
    )
    for code in FUNDING_KIND
)

_DIFFERENCES = (
    ("balance", "secured", "paid", Text(zh="结余：落实减支付", en="Balance: secured less paid")),
    ("not_secured", "planned", "secured", Text(zh="计划减落实", en="Planned less secured")),
    ("not_committed", "secured", "committed", Text(zh="落实减合同", en="Secured less committed")),
    ("not_paid", "committed", "paid", Text(zh="合同减支付", en="Committed less paid")),
)

_BALANCES = tuple(
    Column(name=f"{name}_fen", type=FieldType.LONG, title=title, unit=FEN, nullable=True)
    for name, _, _, title in _DIFFERENCES
)
BALANCE = _BALANCES[0]
"""What is left of the secured money."""

COLUMNS = (
    Column(
        name="part",
        type=FieldType.TEXT,
        title=Text(
            zh="归属",
            en="Held by",
        ),
    ),
    Column(
        name="project_no",
        type=FieldType.TEXT,
        title=Text(zh="多点项目编号", en="Number of the project of several sites"),
        nullable=True,
    ),
    *KIND_COLUMNS,
    *_BALANCES,
)

_TOTAL, _MEMBERS, _SHARED, _ELSEWHERE, _UNALLOCATED = range(5)
_PARTS = ("total", "members", "shared_project", "elsewhere", "unallocated")


@dataclass(frozen=True)
class Money:
    """The money of a programme, seen from its sites, from its holders, and in all.

    `of_sites` has `site` and the four sums; `shared` has `site` and the `project_nos` of the projects
    that hold money for it and others together; `by_holder` the parts with their `position`; `totals` is
    one row.
    """

    of_sites: sa.CTE
    shared: sa.CTE
    by_holder: sa.CTE
    totals: sa.CTE


def money_of(asking: Asking, programme: sa.Select[Any], members: sa.Select[Any]) -> Money:
    """The money of a programme; both arguments select uids.

    With a town the members are those of the town: what they and the projects that they share do not
    hold is of other towns or of none, and is left out.
    """
    held = held_funds(asking, programme)
    h = held.c
    listed = members.cte("money_of")
    shares = sa.exists(sa.select(listed.c.uid).where(listed.c.uid == sa.any_(h.project_sites)))
    position = sa.case(
        (h.site.in_(sa.select(listed.c.uid)), _MEMBERS),
        (shares, _SHARED),
        (sa.or_(h.site.is_not(None), h.project.is_not(None)), _ELSEWHERE),
        else_=_UNALLOCATED,
    )
    placed = sa.select(*h, position.label("position")).subquery("placed")
    parted = sa.select(*placed.c)
    if asking.text("town") is not None:
        parted = parted.where(placed.c.position.in_((_MEMBERS, _SHARED)))
    parts = parted.cte("money_parts")
    of_sites = sa.select(*parts.c).where(parts.c.position == _MEMBERS).cte("money_of_sites")
    has_rest = asking.text("town") is None
    sharing = _sharing(parts)
    totals = _totals(parts, sharing, has_rest)
    return Money(of_sites, _numbers(sharing), _by_holder(parts, has_rest), totals)


def _sharing(parts: sa.CTE) -> sa.CTE:
    """Each site of each project that holds money for several: `site`, `project`, `project_no`."""
    p = parts.c
    site = sa.func.unnest(p.project_sites, type_=sa.UUID()).label("site")
    return sa.select(site, p.project, p.project_no).where(p.project.is_not(None)).cte("sharing")


def _numbers(sharing: sa.CTE) -> sa.CTE:
    s = sharing.c
    in_order: aggregate_order_by[str] = aggregate_order_by(sa.literal_column("', '"), s.project_no)
    numbers = sa.func.string_agg(s.project_no, in_order).label("project_nos")
    return sa.select(s.site, numbers).group_by(s.site).cte("shared_projects")


def balance(rows: sa.FromClause) -> sa.ColumnElement[int | None]:
    """What is left of the secured money of a row; null where nothing is secured."""
    return rows.c.secured_fen - sa.func.coalesce(rows.c.paid_fen, 0)


def shown(rows: sa.FromClause) -> sa.Select[Any]:
    """Rows of `Money.by_holder` with the described columns."""
    named = sa.case(*((rows.c.position == place, part) for place, part in enumerate(_PARTS)))
    differences = (
        (rows.c[f"{more}_fen"] - rows.c[f"{less}_fen"]).label(f"{name}_fen")
        for name, more, less, _ in _DIFFERENCES
    )
    return sa.select(
        sa.func.concat_ws(".", named, sa.func.nullif(rows.c.holder, "")).label("id"),
        named.label("part"),
        sa.func.nullif(rows.c.holder, "").label("project_no"),
        *(rows.c[column.name] for column in KIND_COLUMNS),
        *differences,
        rows.c.number,
    )


def _sums(parts: sa.FromClause) -> list[sa.ColumnElement[int]]:
    """The sum of each kind; 0 where nothing is booked."""
    names = (f"{kind}_fen" for kind in KINDS)
    return [fen(sa.func.coalesce(sa.func.sum(parts.c[name]), 0)).label(name) for name in names]


def _by_holder(parts: sa.CTE, has_rest: bool) -> sa.CTE:
    """The parts, a project of several sites each by itself; a part that holds nothing has zeros."""
    positions = [_TOTAL, _MEMBERS, *((_ELSEWHERE, _UNALLOCATED) if has_rest else ())]
    place = sa.values(sa.column("position", sa.Integer), name="places").data(
        [(each,) for each in positions]
    )
    p = parts.c
    belongs = sa.or_(place.c.position == _TOTAL, p.position == place.c.position)
    whole = (
        sa.select(place.c.position, sa.literal("", sa.Text).label("holder"), *_sums(parts))
        .select_from(place.outerjoin(parts, belongs))
        .group_by(place.c.position)
    )
    each_project = (
        sa.select(p.position, p.project_no.label("holder"), *_sums(parts))
        .where(p.position == _SHARED)
        .group_by(p.position, p.project_no)
    )
    return sa.union_all(whole, each_project).cte("money_by_holder")


def _totals(parts: sa.CTE, sharing: sa.CTE, has_rest: bool) -> sa.CTE:
    """One row: the sums, what is left and not allocated of the secured, and what wants attention."""
    p, compared = parts.c, _comparable(parts, sharing)

    def exceeding(more: str, less: str) -> sa.ColumnElement[int]:
        beyond = compared.c[f"{more}_fen"] > compared.c[f"{less}_fen"]
        number = sa.select(sa.func.count()).select_from(compared).where(beyond)
        return number.scalar_subquery().label(f"{more}_exceeds_{less}")

    unallocated = sa.func.sum(p.secured_fen).filter(p.position == _UNALLOCATED)
    left = sa.func.sum(sa.func.coalesce(p.secured_fen, 0) - sa.func.coalesce(p.paid_fen, 0))
    return (
        sa.select(
            *_sums(parts),
            fen(sa.func.coalesce(left, 0)).label("balance_fen"),
            fen(sa.func.coalesce(unallocated, 0) if has_rest else sa.null()).label(
                "unallocated_fen"
            ),
            sa.func.count().filter(p.position == _SHARED).label("shared_projects"),
            sa.func.count().filter(p.position == _ELSEWHERE).label("outside_members"),
            exceeding("paid", "committed"),
            exceeding("committed", "secured"),
        )
        .select_from(parts)
        .cte("money_totals")
    )


def _comparable(parts: sa.CTE, sharing: sa.CTE) -> sa.CTE:
    """The sums of those whose stages of money can be compared with each other.

    Money may be secured for single sites and committed for a project of several: such a project is
    compared together with its sites, which are not compared by themselves then.
    """
    project, own, alone = (parts.alias(name) for name in ("project", "own", "alone"))
    sums = {
        f"{kind}_fen": fen(
            sa.func.coalesce(project.c[f"{kind}_fen"], 0)
            + sa.func.coalesce(sa.func.sum(own.c[f"{kind}_fen"]), 0)
        )
        for kind in KINDS
    }
    of_project = sharing.alias("of_project")
    together = (
        sa.select(*(each.label(name) for name, each in sums.items()))
        .select_from(
            project.outerjoin(of_project, of_project.c.project == project.c.project).outerjoin(
                own, own.c.site == of_project.c.site
            )
        )
        .where(project.c.project.is_not(None))
        .group_by(project.c.project, *(project.c[name] for name in sums))
    )
    is_sharing = alone.c.site.in_(sa.select(sharing.c.site)).is_(sa.true())
    single = sa.select(*(sa.func.coalesce(alone.c[name], 0) for name in sums)).where(
        alone.c.project.is_(None), sa.not_(is_sharing)
    )
    return sa.union_all(together, single).cte("comparable_money")
