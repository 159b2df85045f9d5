"""Which registered remediation sites lie within D metres of schools, and which schools are affected?

A remediation site is a hazard site that is registered on the day and has a measure that ends the
threat: relocation, works, or removal of the danger. “Within D” says where things lie; it never says
that a school is threatened.
"""

from dataclasses import replace

import sqlalchemy as sa

from geoservice.description.collection import GeometryType
from geoservice.description.question import Parameter, ParameterType, QuestionDescription
from geoservice.domain.code_lists import FACILITY_KIND, FACILITY_STATUS, REGISTER_KIND, SCHOOL_KINDS
from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_sites, register_periods
from geoservice.domain.remediation import REMEDIATION_MEASURES, remediation_projects
from geoservice.languages import Text
from geoservice.questions import contract
from geoservice.questions.contract import Asking, Figures, Plan, Question
from geoservice.questions.distances.near import METHOD
from geoservice.questions.distances.pairs import (
    Role,
    by,
    figures_of,
    identifying_fields,
    pair_columns,
    plan_of_pairs,
)
from geoservice.questions.hazards.registers import left_by_then, registered_then
from geoservice.questions.proximity import Side, pairs_within
from geoservice.questions.sides import (
    chosen_metric,
    considered_rows,
    coverage_of,
    in_town,
    near_edge,
    near_edge_figure,
    rows_of,
    true_then,
)
from geoservice.regions import Region
from geoservice.store.statements import Condition

SITE = Role("site", "sites", Text(zh="灾害点", en="Site"), identifying_fields(hazard_sites))
FACILITY = Role(
    "facility", "facilities", Text(zh="设施", en="Facility"), identifying_fields(facilities, "kind")
)

_SITE_GEOMETRIES = {
    "best": ("footprint", "geom"),
    "point": ("geom",),
    "footprint": ("footprint",),
    "influence": ("influence_zone",),
}


def facility_kinds() -> Parameter:
    """Which kinds of facilities; kindergarten to senior secondary unless said otherwise."""
    return Parameter(
        name="facility_kinds",
        type=ParameterType.CHOICES,
        title=Text(zh="设施类别", en="Kinds of facilities"),
        default=SCHOOL_KINDS,
        choices=tuple((code.code, code.title) for code in FACILITY_KIND),
    )


def facility_status() -> Parameter:
    """Facilities in which state; those operating unless said otherwise."""
    return Parameter(
        name="facility_status",
        type=ParameterType.CHOICES,
        title=Text(zh="设施状态", en="State of facilities"),
        default=("operating",),
        choices=tuple((code.code, code.title) for code in FACILITY_STATUS),
    )


def site_geometry() -> Parameter:
    """Which geometry of a site is measured."""
    return contract.choice(
        "site_geometry",
        Text(zh="灾害点几何", en="Geometry of sites"),
        "best",
        {
            "best": Text(
                zh="有范围用范围，否则用点", en="the footprint where there is one, else the point"
            ),
            "point": Text(zh="点位", en="the point"),
            "footprint": Text(zh="灾害体范围", en="the footprint"),
            "influence": Text(zh="影响范围", en="the influence zone"),
        },
    )


def question(region: Region) -> Question:
    """The question for a region."""
    description = QuestionDescription(
        id="remediation_sites_near_schools",
        title=Text(zh="哪些在册治理点在学校 D 米以内", en="Remediation sites near schools"),
        description=Text(
            zh="在册且有工程治理、搬迁避让或排危除险措施的灾害点，与指定类别设施之间的邻近关系。"
            "对、点、学校分别计数；已核销的点不计入但给出数目。",
            en="Registered hazard sites with works, relocation or removal, and the facilities of the given "
            "kinds within D. Pairs, sites and schools are counted apart; cancelled sites are left out and "
            "counted.",
        ),
        parameters=(
            contract.distance(500.0),
            facility_kinds(),
            facility_status(),
            contract.choice(
                "register_kind",
                Text(zh="登记类别", en="Register"),
                "hidden_danger",
                {code.code: code.title for code in REGISTER_KIND},
            ),
            site_geometry(),
            contract.town(),
            contract.choice(
                "town_of",
                Text(zh="镇街条件作用于", en="The town is that of"),
                "site",
                {
                    "site": Text(zh="灾害点", en="the site"),
                    "facility": Text(zh="设施", en="the facility"),
                },
            ),
            contract.metric(region),
            by(SITE, FACILITY),
            contract.as_of(),
            contract.known_at(),
            contract.limit(),
            contract.cursor(),
        ),
        columns=pair_columns(SITE, FACILITY),
        geometry=GeometryType.LINE_STRING,
        method=METHOD,
        sources=(
            "GB 50180-93 (2002)：小学服务半径 500 m",
            "ZHAA01A756 防治措施 C 搬迁避让、D 工程治理、E 排危除险",
        ),
    )
    return Question(description, plan)


def plan(asking: Asking) -> Plan:
    """The statements that answer it."""
    radius_m = asking.number("distance_m")
    site_rows = rows_of(asking, hazard_sites, "site")
    facility_rows = rows_of(asking, facilities, "facility")
    town_of_site = asking.text("town_of") == "site"
    scope = in_town(asking, hazard_sites, site_rows) if town_of_site else ()
    everything = Side(
        hazard_sites, site_rows, _SITE_GEOMETRIES[asking.text("site_geometry") or "best"], scope
    )
    judged = _judged(asking, everything, radius_m)
    sites = replace(everything, rows=considered_rows(site_rows, judged), where=())
    schools = Side(
        facilities,
        facility_rows,
        facilities.best_geometry,
        (
            facility_rows.c.kind.in_(asking.texts("facility_kinds")),
            facility_rows.c.status.in_(asking.texts("facility_status")),
            *_existing(asking, facility_rows),
            *(() if town_of_site else in_town(asking, facilities, facility_rows)),
        ),
    )
    return plan_of_pairs(
        pairs_within(sites, schools, radius_m, chosen_metric(asking)),
        (SITE, sites),
        (FACILITY, schools),
        shown_by=asking.text("by") or "pairs",
        radius_m=radius_m,
        figures=(
            _site_figures(judged),
            figures_of(FACILITY, schools),
        ),
        coverage=coverage_of(facilities, f"considered.{FACILITY.plural}"),
        collections=(hazard_sites, register_periods, facilities, remediation_projects),
    )


def _is_treated(asking: Asking, sites: sa.FromClause) -> Condition:
    """A project that ends the threat covers the site on the day; a project void by then does not."""
    projects = rows_of(asking, remediation_projects, "project")
    covered = (
        sa.select(sa.func.unnest(projects.c.hazard_sites).label("uid"))
        .where(
            projects.c.measure.in_(REMEDIATION_MEASURES),
            sa.or_(projects.c.status != "void", projects.c.void_on > asking.as_of),
            *true_then(asking, remediation_projects, projects),
        )
        .cte("covered")
    )
    return sites.c.uid.in_(sa.select(covered.c.uid))


def _existing(asking: Asking, rows: sa.FromClause) -> tuple[Condition, ...]:
    """Facilities that exist on the day; planned ones exist only when they are asked for."""
    statuses = asking.texts("facility_status")
    if set(statuses) & {"planned", "under_construction", "closed"}:
        return ()
    return true_then(asking, facilities, rows)


def _judged(asking: Asking, sites: Side, radius_m: float) -> sa.CTE:
    """Every site of the town with what decides whether it counts; each is judged once.

    The register of a site is that of the period that holds the day; if none does, its present one.
    """
    rows, then, left = sites.rows, registered_then(asking), left_by_then(asking)
    register = sa.func.coalesce(then.c.register_kind, rows.c.register_kind)
    registered: Condition = then.c.hazard_site.is_not(None)
    has_left: Condition = left.c.hazard_site.is_not(None)
    each = (
        sa.select(
            rows.c.uid,
            (register == asking.text("register_kind")).label("listed"),
            sa.and_(has_left, sa.not_(registered)).label("cancelled"),
            registered.label("registered"),
            _is_treated(asking, rows).label("treated"),
            sites.geometry.label("measured"),
        )
        .select_from(
            rows.outerjoin(then, then.c.hazard_site == rows.c.uid).outerjoin(
                left, left.c.hazard_site == rows.c.uid
            )
        )
        .where(*sites.where)
        .offset(0)
        .subquery("each")
    )
    considered = sa.and_(each.c.listed, each.c.registered, each.c.treated)
    reasons = ("listed", "cancelled", "registered", "treated")
    return sa.select(
        each.c.uid,
        *(each.c[name] for name in reasons),
        considered.label("considered"),
        sa.and_(considered, each.c.measured.is_(None)).label("lost"),
        sa.case((considered, near_edge(asking, each.c.measured, radius_m))).label("near_edge"),
    ).cte("judged")


def _site_figures(judged: sa.CTE) -> Figures:
    """How many sites were considered, and how many were not, by the first reason that holds."""
    j = judged.c

    def some(*conditions: Condition) -> sa.ColumnElement[int]:
        return sa.func.count().filter(sa.and_(*conditions))

    return sa.select(
        some(j.considered).label("considered.sites"),
        some(sa.not_(j.listed)).label("excluded.other_register"),
        some(j.listed, j.cancelled).label("excluded.cancelled"),
        some(j.listed, sa.not_(j.registered), sa.not_(j.cancelled)).label(
            "excluded.not_registered"
        ),
        some(j.listed, j.registered, sa.not_(j.treated)).label(
            "excluded.without_remediation_measure"
        ),
        some(j.lost).label("unknown.sites_without_position"),
        near_edge_figure(j.near_edge),
    )
