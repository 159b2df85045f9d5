"""How far the treatment of hazard sites is on a day: the stages of projects, and of sites by them.

Only measures that end a threat count (relocation, works, removal); monitoring watches it. A stage is
reached when its date is not after the day. Where the state that a project is in bears no date, the
state counts as it stands. A later date than the state allows was taken back (a completion that led
to more works, a request that was refused) and does not count. A relocation with an old house still
standing has not ended the threat: its project stays in works.

Source: workflow of recognition and cancellation, 川自然资发〔2022〕30号, 苏自然资规发〔2020〕1号.
"""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by, array

from geoservice.domain.remediation import REMEDIATION_MEASURES, remediation_projects
from geoservice.questions.contract import Asking
from geoservice.questions.sides import rows_of
from geoservice.store.statements import Condition

Expression = sa.ColumnElement[Any]

VOID = "void"
STAGES = (
    "measure_set",
    "design",
    "in_works",
    "completed",
    "accepted",
    "cancellation_requested",
    "cancelled",
)
"""The stages of a project in their order; `void` is none of them."""

PROGRESS = ("late", "no_date", "on_time", "done")
"""How a treatment stands against its planned dates, from what wants attention first."""

_PLACE = {stage: place for place, stage in enumerate((VOID, *STAGES))}
_DESIGN, _IN_WORKS, _COMPLETED, _ACCEPTED = (
    _PLACE[stage] for stage in ("design", "in_works", "completed", "accepted")
)

# The column of a stage's date, and of its planned date where it has one.
_DATES = {stage: f"{stage}_on" for stage in STAGES} | {"in_works": "works_on"}
_PLANNED = {
    stage: _DATES[stage].removesuffix("_on") + "_planned_on"
    for stage in ("design", "in_works", "completed", "accepted")
}
_RELOCATION = "C"


def stage_code(place: Expression) -> sa.ColumnElement[str]:
    """The code of a stage from its place in the order; null for none."""
    return sa.case(*((place == number, stage) for stage, number in _PLACE.items()), else_=None)


def progress_code(progress: Expression) -> sa.ColumnElement[str]:
    """The code of a progress from its place in `PROGRESS`; null for none."""
    return sa.case(
        *((progress == number, code) for number, code in enumerate(PROGRESS)), else_=None
    )


def has_begun(treatment: sa.FromClause) -> Condition:
    """Whether more than the decision on a measure has been done: design or a later stage."""
    return treatment.c.place >= _DESIGN


def is_completed(treatment: sa.FromClause) -> Condition:
    """Whether works or relocation are known to be complete (治理完成), accepted or not."""
    return sa.and_(treatment.c.place >= _COMPLETED, sa.not_(treatment.c.old_houses_unknown))


def is_accepted(treatment: sa.FromClause) -> Condition:
    """Whether the treatment is accepted, or beyond that."""
    return treatment.c.place >= _ACCEPTED


def treating_projects(asking: Asking) -> sa.CTE:
    """The projects that end a threat and exist on the day, with how far each is.

    Columns: `uid`, `project_no`, `measure`, `hazard_sites`, `place` (of its stage in the order, 0 if
    void), `undated` (the state bears no date), `old_house_standing`, `old_houses_unknown`,
    `progress` (place in `PROGRESS`), `late_place`, `late_days`.
    """
    rows = rows_of(asking, remediation_projects, "project")
    placed = _with_earliest(_held_back(_staged(rows, asking.as_of)))
    return _measured_against_plan(placed, asking.as_of)


def _staged(rows: sa.FromClause, day: date) -> sa.Subquery:
    """The stage that each project has reached by the dates, by its state where these cannot tell."""
    status: Expression = rows.c.status
    state = sa.case(*((status == code, place) for code, place in _PLACE.items()))
    dates = {stage: rows.c[column] for stage, column in _DATES.items()}
    reached = sa.func.greatest(
        *(
            sa.case(
                (
                    sa.and_(dates[stage] <= day, sa.or_(status == VOID, state >= _PLACE[stage])),
                    _PLACE[stage],
                ),
                else_=0,
            )
            for stage in STAGES
        ),
        type_=sa.Integer,
    )
    date_of_state = sa.case(*((status == stage, dates[stage]) for stage in STAGES), else_=None)
    nothing_to_come = sa.and_(*(sa.func.coalesce(each <= day, True) for each in dates.values()))
    undated = sa.and_(status != VOID, date_of_state.is_(None), nothing_to_come)
    place = sa.case(
        (sa.and_(status == VOID, sa.func.coalesce(rows.c.void_on <= day, True)), 0),
        (undated, state),
        (reached > 0, reached),
        (rows.c.measure_set_on > day, None),
        else_=_PLACE["measure_set"],
    )
    return (
        sa.select(
            *(rows.c[name] for name in ("uid", "project_no", "measure", "hazard_sites")),
            *(rows.c[name] for name in _PLANNED.values()),
            rows.c.accepted_on,
            place.label("reached"),
            undated.label("undated"),
            rows.c.old_houses_standing,
        )
        .where(rows.c.measure.in_(REMEDIATION_MEASURES))
        .offset(0)  # keeps the planner from computing a stage wherever it is used
        .subquery("staged")
    )


def _held_back(staged: sa.Subquery) -> sa.Subquery:
    """With `place`, the stage that counts: a relocation stays in works while an old house stands."""
    s = staged.c
    relocated = sa.and_(s.measure == _RELOCATION, s.reached >= _COMPLETED)
    standing = sa.and_(relocated, sa.func.coalesce(s.old_houses_standing > 0, False))
    return (
        sa.select(
            *s,
            sa.case((standing, _IN_WORKS), else_=s.reached).label("place"),
            standing.label("old_house_standing"),
            sa.and_(relocated, s.old_houses_standing.is_(None)).label("old_houses_unknown"),
        )
        .where(s.reached.is_not(None))
        .offset(0)
        .subquery("held_back")
    )


def _with_earliest(placed: sa.Subquery) -> sa.Subquery:
    """With `earliest`, the first planned date of the stages to come."""
    to_come = (
        sa.case((placed.c.place < _PLACE[stage], placed.c[column]), else_=None)
        for stage, column in _PLANNED.items()
    )
    earliest = sa.func.least(*to_come, type_=sa.Date)
    return sa.select(*placed.c, earliest.label("earliest")).offset(0).subquery("with_earliest")


def _measured_against_plan(placed: sa.Subquery, day: date) -> sa.CTE:
    """Planned dates against the day for stages to come, against the actual one for an acceptance.

    A stage that is planned for the day itself is not late yet.
    """
    p = placed.c
    done, is_late = p.place >= _ACCEPTED, p.earliest < day
    after_plan = _days(p.accepted_on, p.accepted_planned_on)
    late_days = sa.case(
        (sa.and_(done, after_plan > 0), after_plan),
        (sa.and_(sa.not_(done), is_late), _days(sa.literal(day, sa.Date), p.earliest)),
        else_=None,
    )
    late_place = sa.case(
        (done, sa.case((after_plan > 0, _ACCEPTED), else_=None)),
        *(
            (sa.and_(is_late, p.place < _PLACE[stage], p[column] == p.earliest), _PLACE[stage])
            for stage, column in _PLANNED.items()
        ),
        else_=None,
    )
    progress = sa.case(
        (done, PROGRESS.index("done")),
        (is_late, PROGRESS.index("late")),
        (p.earliest.is_not(None), PROGRESS.index("on_time")),
        else_=PROGRESS.index("no_date"),
    )
    names = ("uid", "project_no", "measure", "hazard_sites", "undated", "place")
    obstacles = ("old_house_standing", "old_houses_unknown")
    return sa.select(
        *(p[name] for name in (*names, *obstacles)),
        progress.label("progress"),
        late_days.label("late_days"),
        late_place.label("late_place"),
    ).cte("treating_projects")


def _days(later: Expression, earlier: Expression) -> sa.ColumnElement[int]:
    return later.op("-", return_type=sa.Integer())(earlier)


def treatment_of_sites(projects: sa.CTE) -> sa.CTE:
    """How far each site is that a project of `treating_projects` names, one row a site.

    A site with several projects is as far as the one that is least far, and stands as the one does
    that most wants attention; void ones count only where there is no other. Columns: `uid`,
    `project_nos`, `measures` (texts), `place`, `undated`, `old_house_standing`,
    `old_houses_unknown`, `progress`, `late_place`, `late_days`.
    """
    # A project may name a site twice: none of the aggregates minds.
    of_site = sa.select(
        sa.func.unnest(projects.c.hazard_sites, type_=sa.UUID()).label("site"),
        *(column for column in projects.c if column.name != "hazard_sites"),
    ).subquery("of_site")
    o = of_site.c
    valid: Condition = o.place > 0
    # Lists are compared element by element, null last: so the least one is that of the worst project.
    standing: array[Any] = array((o.progress, -o.late_days, o.late_place), type_=sa.Integer)
    worst = sa.func.min(standing, type_=sa.ARRAY(sa.Integer)).filter(valid)

    def texts(column: Expression) -> Expression:
        return sa.func.string_agg(
            sa.distinct(column), aggregate_order_by(sa.literal_column("', '"), column)
        )

    def any_of(column: Expression) -> Expression:
        return sa.func.coalesce(sa.func.bool_or(column).filter(valid), False)

    return (
        sa.select(
            o.site.label("uid"),
            texts(o.project_no).label("project_nos"),
            texts(o.measure).label("measures"),
            sa.func.coalesce(sa.func.min(o.place).filter(valid), 0).label("place"),
            any_of(o.undated).label("undated"),
            any_of(o.old_house_standing).label("old_house_standing"),
            any_of(o.old_houses_unknown).label("old_houses_unknown"),
            sa.func.coalesce(worst[1], PROGRESS.index("no_date")).label("progress"),
            worst[3].label("late_place"),
            (-worst[2]).label("late_days"),
        )
        .group_by(o.site)
        .cte("treatment")
    )
