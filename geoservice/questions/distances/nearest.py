"""The k nearest: of any collection to any other, and of facilities to hazard sites or facilities."""

from dataclasses import replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from geoservice.description.collection import METRE, FieldType, GeometryType
from geoservice.description.question import Column, Parameter, ParameterType, QuestionDescription
from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_sites
from geoservice.languages import Text
from geoservice.questions import contract
from geoservice.questions.contract import MAX_DISTANCE_M, Asking, Plan, Question
from geoservice.questions.distances.near import (
    THAT,
    THIS,
    chosen_side,
    collection_parameter,
    filter_parameter,
)
from geoservice.questions.distances.pairs import Role, figures_of, identifying_fields
from geoservice.questions.distances.remediation_sites_near_schools import (
    FACILITY,
    facility_kinds,
    facility_status,
)
from geoservice.questions.proximity import EachOf, Side, bearing_deg, connecting_line, k_nearest
from geoservice.questions.sides import (
    chosen_metric,
    coverage_of,
    edge_figure,
    in_town,
    rows_of,
    true_then,
)
from geoservice.regions import Region

MAX_K = 50

FEATURE = Role("feature", "features", Text(zh="要素", en="Feature"))

_METHOD = Text(
    zh="按精确距离取前 k 个：先由空间索引得到必含 k 个要素的半径，再在该半径内逐一量算、排序。"
    "与第 k 名等距者全部列出并标明。",
    en="The first k by exact distance: the spatial index gives a radius that certainly holds k, then "
    "everything within it is measured and ranked. Ties at rank k are all listed and flagged.",
)


def _k() -> Parameter:
    return Parameter(
        name="k",
        type=ParameterType.INTEGER,
        title=Text(zh="个数 k", en="How many"),
        default=3,
        minimum=1,
        maximum=MAX_K,
    )


def _max_distance() -> Parameter:
    return Parameter(
        name="max_distance_m",
        type=ParameterType.NUMBER,
        title=Text(zh="最大距离", en="Farthest distance"),
        unit=METRE,
        default=float(MAX_DISTANCE_M),
        minimum=0,
        exclusive_minimum=True,
        maximum=MAX_DISTANCE_M,
    )


def _columns(this: Role, that: Role) -> tuple[Column, ...]:
    neighbour = tuple(replace(column, nullable=True) for column in that.columns())
    return (
        *this.columns(),
        Column(
            name="wanted_kind",
            type=FieldType.TEXT,
            title=Text(zh="所求类别（逐类列出时）", en="Kind asked for, where each has its list"),
            nullable=True,
        ),
        Column(
            name="rank",
            type=FieldType.LONG,
            title=Text(zh="名次", en="Rank"),
            nullable=True,
        ),
        Column(
            name="tied",
            type=FieldType.BOOLEAN,
            title=Text(zh="并列", en="Tied with another"),
            nullable=True,
        ),
        *neighbour,
        Column(
            name="distance_m",
            type=FieldType.NUMBER,
            title=Text(zh="距离", en="Distance"),
            unit=METRE,
            nullable=True,
        ),
        Column(
            name="distance_uncertainty_m",
            type=FieldType.NUMBER,
            title=Text(
                zh="距离误差（两侧定位精度之和）", en="Uncertainty: the sum of both accuracies"
            ),
            unit=METRE,
            nullable=True,
        ),
        Column(
            name="bearing_deg",
            type=FieldType.NUMBER,
            title=Text(zh="方位角（自北顺时针）", en="Bearing, clockwise from north"),
            nullable=True,
        ),
        Column(
            name="state",
            type=FieldType.TEXT,
            title=Text(zh="说明", en="State"),
        ),
    )


def nearest(region: Region) -> Question:
    """The general question `nearest` for a region."""
    description = QuestionDescription(
        id="nearest",
        title=Text(
            zh="最近：某图层各要素最近的 k 个另一图层要素",
            en="Nearest: the k nearest of another collection",
        ),
        description=Text(
            zh="任意两个有几何的图层；名次按精确距离。没有位置的要素标为 no_position。",
            en="For any two collections with geometry; ranked by exact distance. A feature without a position "
            "is listed as no_position.",
        ),
        parameters=(
            collection_parameter("this", THIS.title),
            collection_parameter("that", THAT.title),
            _k(),
            _max_distance(),
            filter_parameter("this_filter", Text(zh="本侧筛选", en="Filter of this side")),
            filter_parameter("that_filter", Text(zh="另一侧筛选", en="Filter of the other side")),
            *_common(region),
        ),
        columns=_columns(THIS, THAT),
        geometry=GeometryType.LINE_STRING,
        method=_METHOD,
        sources=("GB 22021-2008 (CGCS2000)",),
    )
    return Question(description, _general_plan)


def nearest_facilities(region: Region) -> Question:
    """The question `nearest_facilities` for a region."""
    description = QuestionDescription(
        id="nearest_facilities",
        title=Text(
            zh="各灾害点或设施最近的 k 处设施",
            en="The k nearest facilities of each site or facility",
        ),
        description=Text(
            zh="对每个在册灾害点（或每处设施），列出最近的 k 处设施；可按类别分别列出。",
            en="For each registered hazard site, or each facility, the k nearest facilities; on request for "
            "each kind apart.",
        ),
        parameters=(
            contract.choice(
                "of",
                Text(zh="对象", en="Of what"),
                "hazard_sites",
                {"hazard_sites": hazard_sites.title, "facilities": facilities.title},
            ),
            _k(),
            _max_distance(),
            facility_kinds(),
            facility_status(),
            Parameter(
                name="per_kind",
                type=ParameterType.BOOLEAN,
                title=Text(zh="每类各列 k 处", en="k of each kind"),
                default=False,
            ),
            *_common(region),
        ),
        columns=_columns(FEATURE, FACILITY),
        geometry=GeometryType.LINE_STRING,
        method=_METHOD,
        sources=("GB 22021-2008 (CGCS2000)",),
    )
    return Question(description, _facilities_plan)


def _common(region: Region) -> tuple[Parameter, ...]:
    return (
        contract.town(),
        contract.metric(region),
        contract.as_of(),
        contract.known_at(),
        contract.limit(),
        contract.cursor(),
    )


def _general_plan(asking: Asking) -> Plan:
    this, that = chosen_side(asking, "this"), chosen_side(asking, "that")
    return _plan(
        asking,
        (replace(THIS, fields=identifying_fields(this.collection)), this),
        (replace(THAT, fields=identifying_fields(that.collection)), that),
    )


def _facilities_plan(asking: Asking) -> Plan:
    about = hazard_sites if asking.text("of") == "hazard_sites" else facilities
    rows, others = rows_of(asking, about, "feature"), rows_of(asking, facilities, "facility")
    then = true_then(asking, about, rows)
    this = Side(about, rows, about.best_geometry, (*then, *in_town(asking, about, rows)))
    that = Side(
        facilities,
        others,
        facilities.best_geometry,
        (
            others.c.kind.in_(asking.texts("facility_kinds")),
            others.c.status.in_(asking.texts("facility_status")),
            *true_then(asking, facilities, others),
        ),
    )
    each = EachOf("kind", asking.texts("facility_kinds")) if asking.values["per_kind"] else None
    role = replace(FEATURE, fields=identifying_fields(about))
    return _plan(asking, (role, this), (FACILITY, that), each)


def _plan(
    asking: Asking, this: tuple[Role, Side], that: tuple[Role, Side], each: EachOf | None = None
) -> Plan:
    (this_role, this_side), (that_role, that_side) = this, that
    farthest_m = asking.number("max_distance_m")
    found = k_nearest(
        this_side, that_side, int(asking.number("k")), farthest_m, chosen_metric(asking), each
    )
    placed = found.c.that_uid.is_not(None)
    ranked = sa.select(
        sa.func.count().filter(placed).label("ranked"),
        sa.func.count(sa.distinct(found.c.this_uid)).filter(placed).label(this_role.plural),
        sa.func.count(sa.distinct(found.c.that_uid)).label(that_role.plural),
    ).select_from(found)
    return Plan(
        found=found,
        order=("this_uid", "wanted_kind", "place", "that_key"),
        shown=partial(_shown, this=this, that=that),
        columns=_columns(this_role, that_role),
        geometry=GeometryType.LINE_STRING,
        figures=(
            ranked,
            figures_of(this_role, this_side),
            figures_of(that_role, that_side),
            edge_figure(asking, this_side, 0.0),
        ),
        coverage=coverage_of(that_side.collection, f"considered.{that_role.plural}"),
        collections=tuple(
            {side.collection.id: side.collection for side in (this_side, that_side)}.values()
        ),
    )


def _shown(
    found: sa.FromClause, *, this: tuple[Role, Side], that: tuple[Role, Side]
) -> sa.Select[Any]:
    (this_role, this_side), (that_role, that_side) = this, that
    a, b = this_side.rows, that_side.rows
    line = connecting_line(found.c.this_geometry, found.c.that_geometry)
    lined = sa.select(*found.c, line.label("line")).offset(0).subquery("lined")
    near = lined.c
    state = sa.case(
        (near.this_geometry.is_(None), "no_position"),
        (near.that_uid.is_(None), "none_within_distance"),
        else_="ranked",
    )
    return sa.select(
        sa.func.concat_ws(
            ".", near.this_uid, sa.func.nullif(near.wanted_kind, ""), near.that_uid
        ).label("id"),
        *this_role.values(a),
        sa.func.nullif(near.wanted_kind, "").label("wanted_kind"),
        near.rank,
        near.tied,
        *that_role.values(b),
        near.distance_m,
        near.distance_uncertainty_m,
        sa.case((near.distance_m > 0, bearing_deg(near.line)), else_=sa.null()).label(
            "bearing_deg"
        ),
        state.label("state"),
        near.line.label("geom"),
        near.number,
    ).select_from(lined.join(a, a.c.uid == near.this_uid).outerjoin(b, b.c.uid == near.that_uid))
