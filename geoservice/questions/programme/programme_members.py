"""The members of a remediation programme: what became of each, its stage, and how late it is.

Knows nothing of programmes but their list and baseline, and of money only what is each member's.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from geoservice.description.collection import FEN, PERSON, FieldType
from geoservice.description.question import Column
from geoservice.domain.hazards import hazard_sites
from geoservice.languages import Text
from geoservice.questions.contract import Asking, Figures
from geoservice.questions.distances.pairs import Role, identifying_fields
from geoservice.questions.hazards.assessments import latest_assessments
from geoservice.questions.hazards.registers import (
    periods_of_sites,
    registered_on,
    registered_then,
)
from geoservice.questions.programme import programme_money
from geoservice.questions.programme.funds import KINDS, fen_each
from geoservice.questions.programme.programme_money import Money
from geoservice.questions.programme.treatment import (
    PROGRESS,
    STAGES,
    VOID,
    is_accepted,
    is_completed,
    progress_code,
    stage_code,
    treating_projects,
    treatment_of_sites,
)
from geoservice.questions.sides import in_town, rows_of
from geoservice.store.statements import Condition

NO_PROJECT = "no_project"

SITE_STATES = (
    "registered",
    "reclassified",
    "cancelled",
    "merged",
    "void",
    "not_registered",
)

_SITE = Role("site", "sites", Text(zh="灾害点", en="Site"), identifying_fields(hazard_sites))


def _text(name: str, zh: str, en: str, *, nullable: bool = False) -> Column:
    return Column(name=name, type=FieldType.TEXT, title=Text(zh=zh, en=en), nullable=nullable)


def _number(name: str, zh: str, en: str) -> Column:
    return Column(name=name, type=FieldType.LONG, title=Text(zh=zh, en=en))


COLUMNS = (
    *_SITE.columns(),
    _text(
        "site_state",
        "灾害点状态",
        "State of the site",
    ),
    _text("project_nos", "治理项目", "Projects", nullable=True),
    _text("measures", "防治措施", "Measures", nullable=True),
    _text("stage", "阶段", "Stage"),
    _text(
        "stage_basis",
        "阶段依据",
        "What the stage follows from",
        nullable=True,
    ),
    _text(
        "progress",
        "进度",
        "Progress",
    ),
    _text("late_stage", "逾期阶段", "Stage that is late", nullable=True),
    Column(
        name="late_days",
        type=FieldType.INTEGER,
        title=Text(zh="逾期天数", en="Days late"),
        nullable=True,
    ),
    _text(
        "obstacle",
        "未完成原因",
        "Why it is not complete",
        nullable=True,
    ),
    _text(
        "shared_projects",
        "资金不分摊的多点项目",
        "Projects whose money is not divided",
        nullable=True,
    ),
    *programme_money.KIND_COLUMNS,
    programme_money.BALANCE,
    Column(
        name="threatened_people",
        type=FieldType.INTEGER,
        title=Text(zh="受威胁人数（最近评估）", en="People threatened, by the latest assessment"),
        unit=PERSON,
        nullable=True,
    ),
    Column(
        name="secured_per_person_fen",
        type=FieldType.LONG,
        title=Text(zh="人均落实资金", en="Secured per person threatened"),
        unit=FEN,
        nullable=True,
    ),
)

STAGE_COLUMNS = (
    _text("stage", "阶段", "Stage"),
    _number("members", "成员数", "Members"),
    _number("late", "逾期", "Late"),
    _number("no_date", "无计划日期", "Without planned date"),
    _number("on_time", "按期", "On time"),
    _number("done", "已验收", "Done"),
)

_STAGES_IN_ORDER = (NO_PROJECT, VOID, *STAGES)


def listed_sites(asking: Asking, programme: sa.CTE) -> sa.CTE:
    """`uid` and `site_no` of the sites on the list of a programme, those of the town asked for."""
    listed = sa.select(sa.func.unnest(programme.c.hazard_sites, type_=sa.UUID()))
    sites = rows_of(asking, hazard_sites, "site")
    # A test of each site, not a join: the planner takes an unnested list for ten rows, and would
    # join everything else to the members one by one.
    is_listed = sites.c.uid.in_(listed).is_(sa.true())
    return (
        sa.select(sites.c.uid, sites.c.site_no)
        .where(is_listed, *in_town(asking, hazard_sites, sites))
        .cte("listed_sites")
    )


def members_of(asking: Asking, programme: sa.CTE, listed: sa.CTE, money: Money) -> sa.CTE:
    """One row for each of `listed_sites`, with everything but what names the site."""
    treatment = treatment_of_sites(treating_projects(asking))
    latest = latest_assessments(asking, "threatened_people")
    registration = _registration(asking, programme)
    m, t, own = listed.c, treatment.c, money.of_sites.c
    people = latest.c.threatened_people
    obstacle = sa.case(
        (t.old_house_standing, "old_house_standing"),
        (t.old_houses_unknown, "old_houses_unknown"),
        else_=None,
    )
    basis = sa.case((t.uid.is_(None), None), (t.undated, "status"), else_="dates")
    return (
        sa.select(
            m.uid,
            m.site_no,
            registration.state.label("site_state"),
            t.project_nos,
            t.measures,
            sa.func.coalesce(stage_code(t.place), NO_PROJECT).label("stage"),
            basis.label("stage_basis"),
            sa.func.coalesce(progress_code(t.progress), "no_date").label("progress"),
            stage_code(t.late_place).label("late_stage"),
            t.late_days,
            obstacle.label("obstacle"),
            sa.func.coalesce(is_completed(treatment), False).label("is_completed"),
            sa.func.coalesce(is_accepted(treatment), False).label("is_accepted"),
            money.shared.c.project_nos.label("shared_projects"),
            *(own[f"{kind}_fen"] for kind in KINDS),
            people.label("threatened_people"),
            fen_each(own.secured_fen, people).label("secured_per_person_fen"),
        )
        .select_from(
            listed.outerjoin(treatment, t.uid == m.uid)
            .outerjoin(money.of_sites, own.site == m.uid)
            .outerjoin(money.shared, money.shared.c.site == m.uid)
            .outerjoin(latest, latest.c.hazard_site == m.uid)
            .outerjoin(registration.then, registration.then.c.hazard_site == m.uid)
            .outerjoin(registration.at_baseline, registration.at_baseline.c.hazard_site == m.uid)
            .outerjoin(registration.last_end, registration.last_end.c.hazard_site == m.uid)
        )
        .cte("members")
    )


@dataclass(frozen=True)
class _Registration:
    """In which register each site was on the day and at the baseline, and how its last period ended."""

    then: sa.CTE
    at_baseline: sa.CTE
    last_end: sa.CTE

    @property
    def state(self) -> sa.ColumnElement[str]:
        """What became of a member by the day; reclassified: in another register than at the baseline."""
        register, end_kind = self.then.c.register_kind, self.last_end.c.end_kind
        return sa.case(
            (register != self.at_baseline.c.register_kind, "reclassified"),
            (register.is_not(None), "registered"),
            *((end_kind == each, each) for each in ("cancelled", "merged", "void")),
            else_="not_registered",
        )


def _registration(asking: Asking, programme: sa.CTE) -> _Registration:
    baseline = sa.select(programme.c.baseline_on).scalar_subquery()
    periods = periods_of_sites(asking.known_at)
    ended = (
        sa.select(periods.c.hazard_site, periods.c.end_kind)
        .ext(distinct_on(periods.c.hazard_site))
        .where(periods.c.ended_on <= asking.as_of)
        .order_by(periods.c.hazard_site, periods.c.started_on.desc())
    )
    return _Registration(
        registered_then(asking),
        registered_on(asking, baseline, "registered_at_baseline"),
        ended.cte("last_end"),
    )


def by_stage(members: sa.CTE) -> sa.CTE:
    """One row for each stage, `position` their order, with its members by lateness; zeros too."""
    stages = sa.values(
        sa.column("position", sa.Integer), sa.column("stage", sa.Text), name="stages"
    ).data(list(enumerate(_STAGES_IN_ORDER)))
    counts = (
        sa.func.count(members.c.uid).filter(members.c.progress == each).label(each)
        for each in PROGRESS
    )
    return (
        sa.select(*stages.c, sa.func.count(members.c.uid).label("members"), *counts)
        .select_from(stages.outerjoin(members, members.c.stage == stages.c.stage))
        .group_by(*stages.c)
        .cte("by_stage")
    )


def shown_stages(rows: sa.FromClause) -> sa.Select[Any]:
    """Rows of `by_stage` with the described columns."""
    columns = (rows.c[column.name] for column in STAGE_COLUMNS)
    return sa.select(rows.c.stage.label("id"), *columns, rows.c.number)


def shown(rows: sa.FromClause, *, asking: Asking) -> sa.Select[Any]:
    """Rows of `members_of` with the described columns and the point of the site."""
    sites = rows_of(asking, hazard_sites, "shown_site")
    own = COLUMNS[len(_SITE.columns()) :]
    balance = programme_money.balance(rows).label(programme_money.BALANCE.name)
    return sa.select(
        sa.cast(rows.c.uid, sa.Text).label("id"),
        *_SITE.values(sites),
        *(balance if each is programme_money.BALANCE else rows.c[each.name] for each in own),
        sites.c.geom,
        rows.c.number,
    ).select_from(rows.join(sites, sites.c.uid == rows.c.uid))


def figures(members: sa.CTE) -> Figures:
    """The members by stage, by lateness and by what became of them, and what wants attention."""
    m = members.c

    def some(*conditions: Condition) -> sa.ColumnElement[int]:
        return sa.func.count().filter(sa.and_(*conditions))

    return sa.select(
        sa.func.count().label("members"),
        *(some(m.stage == stage).label(f"stage.{stage}") for stage in _STAGES_IN_ORDER),
        *(some(m.progress == each).label(f"progress.{each}") for each in PROGRESS),
        *(some(m.site_state == each).label(f"site_state.{each}") for each in SITE_STATES),
        some(m.is_completed).label("treated"),
        some(m.is_accepted).label("accepted"),
        some(m.site_state == "cancelled").label("cancelled"),
        some(m.site_state == "cancelled", sa.not_(m.is_accepted)).label(
            "noted.cancelled_not_accepted"
        ),
        some(m.stage_basis == "status").label("noted.without_stage_date"),
        some(m.obstacle == "old_house_standing").label("noted.old_house_standing"),
        some(m.obstacle == "old_houses_unknown").label("noted.old_houses_unknown"),
        some(m.threatened_people.is_(None)).label("unknown.people"),
    ).select_from(members)
