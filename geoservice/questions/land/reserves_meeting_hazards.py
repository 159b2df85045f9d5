"""Which land reserves or planned education projects conflict with hazards?

An overlap with a hazard area is measured; a site that only lies near is told by its distance, never
as an overlap. What an assessment would find, no overlay can tell: the answer suggests one.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry

from geoservice.description.collection import (
    METRE,
    SQUARE_METRE,
    Collection,
    FieldType,
    GeometryType,
)
from geoservice.description.question import Column, Parameter, ParameterType, QuestionDescription
from geoservice.domain.code_lists import REGISTER_KIND, RESERVE_STATUS, RISK_LEVEL
from geoservice.domain.hazards import hazard_sites, register_periods, risk_zones
from geoservice.domain.land import education_projects, land_reserves
from geoservice.languages import Text
from geoservice.questions import contract
from geoservice.questions.contract import CERTAINTIES, Asking, Issue, Plan, Question
from geoservice.questions.hazards.registers import registered_then
from geoservice.questions.land.conflicts import (
    ACTIONS,
    RELATIONS,
    by_land,
    figures_by_land,
    figures_of_pairs,
    figures_of_sites_left_out,
    judged_meetings,
)
from geoservice.questions.land.hazard_layers import (
    LAYERS,
    figures_of_layers,
    hazard_layers,
    hazards_named,
)
from geoservice.questions.land.lands import (
    LAND_COLUMNS,
    REGISTERS,
    column,
    figures_of_lands,
    is_land,
    land_values,
    lands_of,
    purpose_kinds,
    subjects,
)
from geoservice.questions.land.reserves import STAGES
from geoservice.questions.overlay import area_m2, meetings
from geoservice.questions.proximity import connecting_line
from geoservice.regions import Region


def _meaning(zh: str, en: str, codes: Mapping[str, Text]) -> Text:
    return Text(
        zh=f"{zh}：" + "；".join(f"{code} {title.zh}" for code, title in codes.items()),
        en=f"{en}; " + "; ".join(f"{code}: {title.en}" for code, title in codes.items()),
    )


_ACTION = Column(
    name="action", type=FieldType.TEXT, title=_meaning("建议措施", "Suggested action", ACTIONS)
)
_IS_CONFLICT = column("is_conflict", FieldType.BOOLEAN, "冲突", "Is a conflict")
_SUPPLIED_COLUMN = column(
    "already_supplied",
    FieldType.BOOLEAN,
    "查询日期已供地或已建成",
    "Supplied or built already on the day",
)
_SHARE_OF = Text(zh="占地块面积的比例", en="Share of the area of the parcel")

_PAIR_COLUMNS = (
    *LAND_COLUMNS,
    Column(name="layer", type=FieldType.TEXT, title=_meaning("灾害图层", "Hazard layer", LAYERS)),
    column("hazard_uid", FieldType.UUID, "灾害要素标识", "Hazard: feature id"),
    column("hazard_no", FieldType.TEXT, "灾害要素编号", "Hazard: number"),
    column("hazard_name", FieldType.TEXT, "灾害要素名称", "Hazard: name"),
    column(
        "register_kind",
        FieldType.TEXT,
        "灾害点的登记类别",
        "Register of the site",
        nullable=True,
    ),
    column("risk_level", FieldType.TEXT, "风险区等级", "Level of the risk zone", nullable=True),
    Column(name="relation", type=FieldType.TEXT, title=_meaning("关系", "Relation", RELATIONS)),
    column(
        "overlap_m2",
        FieldType.NUMBER,
        "重叠面积（椭球）",
        "Overlap on the ellipsoid",
        unit=SQUARE_METRE,
        nullable=True,
    ),
    Column(name="share", type=FieldType.NUMBER, title=_SHARE_OF, nullable=True),
    column("distance_m", FieldType.NUMBER, "距离", "Distance", unit=METRE),
    column(
        "distance_uncertainty_m",
        FieldType.NUMBER,
        "距离误差（两侧定位精度之和）",
        "Uncertainty: the sum of both accuracies",
        unit=METRE,
        nullable=True,
    ),
    Column(
        name="certainty",
        type=FieldType.TEXT,
        title=_meaning("确定性", "Certainty", dict(CERTAINTIES)),
    ),
    column(
        "site_accuracy_m",
        FieldType.NUMBER,
        "灾害点定位精度",
        "Accuracy of the position of the site",
        unit=METRE,
        nullable=True,
    ),
    _IS_CONFLICT,
    column(
        "is_sliver",
        FieldType.BOOLEAN,
        "重叠小于容差（不是冲突）",
        "The overlap is below the tolerance (no conflict)",
    ),
    column(
        "without_footprint",
        FieldType.BOOLEAN,
        "灾害点没有范围，只能判断距离",
        "The site has no footprint: only its distance is known",
    ),
    _SUPPLIED_COLUMN,
    _ACTION,
)

_RESERVE_COLUMNS = (
    *LAND_COLUMNS,
    column("conflicts", FieldType.LONG, "冲突数", "Conflicts"),
    column("slivers", FieldType.LONG, "小于容差的重叠数", "Overlaps below the tolerance"),
    column("touches", FieldType.LONG, "仅相接数", "Only touched"),
    column("within_distance", FieldType.LONG, "D 米以内的灾害点数", "Sites within D"),
    column(
        "overlap_m2",
        FieldType.NUMBER,
        "重叠面积（各图层取并集，不重复计）",
        "Overlap with all layers, their union: nothing counts twice",
        unit=SQUARE_METRE,
        nullable=True,
    ),
    Column(name="share", type=FieldType.NUMBER, title=_SHARE_OF, nullable=True),
    column(
        "highest_risk_level",
        FieldType.TEXT,
        "所涉风险区的最高等级",
        "Highest level of the risk zones met",
        nullable=True,
    ),
    column(
        "nearest_distance_m",
        FieldType.NUMBER,
        "最近距离",
        "Nearest distance",
        unit=METRE,
    ),
    _IS_CONFLICT,
    _SUPPLIED_COLUMN,
    _ACTION,
)

_METHOD = Text(
    zh="用空间索引取候选，以精确谓词判定；重叠面积在 CGCS2000 椭球上量算。冲突：重叠面积大于 tolerance_m2 与"
    "“tolerance_share × 地块面积”二者中较大者（即两项容差均须超过）；等于容差不是冲突。未超过的是碎屑（sliver），"
    "列出并计数，但不是冲突。仅相接的重叠为 0。只有点位的项目落在灾害面内部即为冲突。灾害点以最佳几何量距，"
    "相接为 0，不大于 D 计入；没有范围的灾害点只给距离。其点位在地块内、或按其精度可能在地块内的，建议评估。"
    "by=reserves 时重叠取各图层的并集，并以并集判断冲突。项目有在册用地预留时以其图形量算，否则以点位；项目与其"
    "预留分别列出。查询日期不在册的灾害点不计入但给出数目。用地未载明定位精度，故确定性为未知。"
    "入库图形均由检查约束保证有效，单个图形不会使查询中断。",
    en="Candidates come from the spatial index, exact predicates decide; overlaps are measured on the CGCS2000 "
    "ellipsoid. A conflict is an overlap above the larger of tolerance_m2 and tolerance_share times the area of "
    "the parcel, so both must be exceeded; just the tolerance is none. What does not exceed it is a sliver: "
    "listed and counted, no conflict. Where they only touch, the overlap is 0. A project with only a point "
    "conflicts with a hazard area when it lies inside. Sites are measured by their best geometry, 0 where they "
    "touch, D itself is within; one without footprint has a distance only, and where its point lies in the "
    "parcel, or by its accuracy could, an assessment is suggested. With by=reserves the overlap is the union "
    "over all layers, and the union decides. A project is measured by its reserve if that stands, else by its "
    "point; a project and its reserve are listed apart. Sites not registered on the day are left out and "
    "counted. Land states no accuracy of its position, so certainty is unknown. Every stored shape is valid by "
    "a check of its table, so no single one can abort the answer.",
)


def _choices(
    name: str, zh: str, en: str, default: tuple[str, ...], codes: Mapping[str, Text]
) -> Parameter:
    return Parameter(
        name=name,
        type=ParameterType.CHOICES,
        title=Text(zh=zh, en=en),
        default=default,
        choices=tuple(codes.items()),
    )


def _tolerances() -> tuple[Parameter, Parameter]:
    both = Text(
        zh="两项容差均须超过才是冲突", en="an overlap is a conflict if it exceeds both tolerances"
    )
    return (
        Parameter(
            name="tolerance_m2",
            type=ParameterType.NUMBER,
            title=Text(zh="面积容差", en="Tolerance of the area"),
            description=both,
            unit=SQUARE_METRE,
            default=1.0,
            minimum=0,
            maximum=1e9,
        ),
        Parameter(
            name="tolerance_share",
            type=ParameterType.NUMBER,
            title=Text(zh="比例容差", en="Tolerance as a share of the parcel"),
            description=both,
            default=0.001,
            minimum=0,
            maximum=1,
        ),
    )


def question(region: Region) -> Question:
    """The question `reserves_meeting_hazards`; it is the same in every region."""
    description = QuestionDescription(
        id="reserves_meeting_hazards",
        title=Text(
            zh="哪些用地预留与教育项目与地质灾害冲突",
            en="Land reserves and education projects that conflict with hazards",
        ),
        description=Text(
            zh="用地预留、教育项目、地块与灾害点影响范围、风险区的重叠面积和比例，以及 D 米以内的灾害点，附建议措施。",
            en="Reserves, education projects or parcels against influence zones, risk zones and sites within D: "
            "overlap, share, distance, and what to do.",
        ),
        parameters=(
            _choices(
                "of",
                "检查哪些用地",
                "Which land",
                (land_reserves.id, education_projects.id),
                {id: collection.title for id, collection in REGISTERS.items()},
            ),
            _choices("layers", "灾害图层", "Hazard layers", tuple(LAYERS), LAYERS),
            contract.choice(
                "risk_level_at_least",
                Text(zh="风险区等级不低于", en="Risk zones of at least"),
                "low",
                {code.code: code.title for code in RISK_LEVEL},
            ),
            contract.distance(100.0),
            _choices(
                "register_kind",
                "灾害点的登记类别",
                "Register of the sites",
                tuple(code.code for code in REGISTER_KIND),
                {code.code: code.title for code in REGISTER_KIND},
            ),
            _choices(
                "reserve_status",
                "用地预留在查询日期的状态",
                "Reserves in which state on the day",
                STAGES[:-1],
                {stage: RESERVE_STATUS.by_code[stage].title for stage in STAGES},
            ),
            purpose_kinds(
                Text(
                    zh="用地预留的用途；教育项目属教育；地块没有用途",
                    en="of reserves; projects are education; parcels have none",
                )
            ),
            *_tolerances(),
            contract.town(),
            contract.choice(
                "by",
                Text(zh="每行表示", en="A row is"),
                "pairs",
                {
                    "pairs": Text(zh="一处用地与一个灾害要素", en="land and a hazard"),
                    "reserves": Text(zh="一处用地", en="one piece of land"),
                },
            ),
            contract.as_of(),
            contract.known_at(),
            contract.limit(),
            contract.cursor(),
        ),
        columns=_PAIR_COLUMNS,
        geometry=GeometryType.GEOMETRY,
        method=_METHOD,
        sources=(
            "GB/T 40112-2021 地质灾害危险性评估规范",
            "i东莞 2021-06-25：至2035年新增公共服务设施用地约20平方公里",
            "GB 22021-2008 (CGCS2000)",
        ),
    )
    return Question(description, _plan)


def _plan(asking: Asking) -> Plan:
    lands, layers = subjects(asking), hazard_layers(asking)
    described_lands, then = lands_of(lands), registered_then(asking)
    judged = judged_meetings(asking, meetings(lands, layers, ("area_m2", "land_status")), then)
    pairs = sa.select(*judged.c).where(judged.c.counts).cte("pairs")
    shows_pairs = asking.text("by") == "pairs"
    grouped = by_land(pairs, with_overlaps=not shows_pairs)
    shown = (
        partial(_shown_pairs, asking=asking, lands=described_lands)
        if shows_pairs
        else partial(_shown_reserves, lands=described_lands)
    )
    return Plan(
        found=pairs if shows_pairs else grouped,
        order=("distance_m", "this_text", "that_layer", "that_text")
        if shows_pairs
        else ("nearest_distance_m", "this_layer", "this_text"),
        shown=shown,
        columns=_PAIR_COLUMNS if shows_pairs else _RESERVE_COLUMNS,
        geometry=GeometryType.GEOMETRY,
        figures=(
            figures_of_pairs(pairs),
            figures_by_land(asking, grouped),
            figures_of_sites_left_out(judged),
            *figures_of_lands(asking, lands),
            *figures_of_layers(asking, layers, then),
        ),
        collections=_collections(asking),
        issues=_issues,
    )


def _collections(asking: Asking) -> tuple[Collection, ...]:
    """Those that bear on the answer: a project is measured by its reserve."""
    of, layers = asking.texts("of"), asking.texts("layers")
    found = [REGISTERS[each] for each in of]
    if education_projects.id in of and land_reserves.id not in of:
        found.append(land_reserves)
    if {"influence_zones", "sites_within"} & {*layers}:
        found += [hazard_sites, register_periods]
    return (*found, *((risk_zones,) if "risk_zones" in layers else ()))


# How it is shown


def _shown_pairs(rows: sa.FromClause, *, asking: Asking, lands: sa.Subquery) -> sa.Select[Any]:
    p = rows.c
    hazards = hazards_named(asking)
    line = connecting_line(p.this_geometry, p.that_geometry)
    drawn = sa.case((p.relation == "overlaps", sa.func.coalesce(p.overlap, line)), else_=line)
    values: dict[str, Any] = {
        **land_values(lands),
        "layer": p.that_layer,
        "hazard_uid": p.that_uid,
        "hazard_no": hazards.c.no,
        "hazard_name": hazards.c.name,
        "site_accuracy_m": p.accuracy_m,
        "share": p.overlap_m2 / p.area_m2,
    }
    names = [each.name for each in _PAIR_COLUMNS]
    return sa.select(
        sa.func.concat_ws(".", p.this_layer, p.this_text, p.that_layer, p.that_text).label("id"),
        *((values[name] if name in values else p[name]).label(name) for name in names),
        sa.type_coerce(drawn, Geometry()).label("geom"),
        p.number,
    ).select_from(rows.join(lands, is_land(lands, rows)).join(hazards, hazards.c.uid == p.that_uid))


def _shown_reserves(rows: sa.FromClause, *, lands: sa.Subquery) -> sa.Select[Any]:
    together = sa.func.ST_Union(rows.c.overlaps, type_=Geometry())
    united = sa.select(*rows.c, together.label("shape")).offset(0).subquery("united")
    rows = sa.select(
        *united.c, sa.func.coalesce(area_m2(united.c.shape), 0.0).label("united_m2")
    ).subquery("measured_union")
    overlap = sa.case((lands.c.area_m2.is_not(None), rows.c.united_m2), else_=None)
    drawn = sa.case((rows.c.united_m2 > 0, rows.c.shape), else_=lands.c.geom)
    values: dict[str, Any] = {
        **land_values(lands),
        "overlap_m2": overlap,
        "share": overlap / lands.c.area_m2,
    }
    names = [each.name for each in _RESERVE_COLUMNS]
    return sa.select(
        (rows.c.this_layer + "." + rows.c.this_text).label("id"),
        *((values[name] if name in values else rows.c[name]).label(name) for name in names),
        sa.type_coerce(drawn, Geometry()).label("geom"),
        rows.c.number,
    ).select_from(rows.join(lands, is_land(lands, rows)))


_NOTES: Mapping[str, Text] = {
    "noted.slivers": Text(
        zh="重叠小于容差，多为数字化误差，不是冲突。",
        en="Overlaps below the tolerance, mostly of digitising; no conflicts.",
    ),
    "noted.without_footprint": Text(
        zh="灾害点没有范围，只能给出距离，是否重叠未知。",
        en="Sites without footprint: only their distance is known, not whether they overlap.",
    ),
    "noted.already_supplied": Text(
        zh="冲突用地在查询日期已供地或已建成。",
        en="Land in conflict that was supplied or built already on the day.",
    ),
    "excluded.sites_cancelled": Text(
        zh="灾害点在查询日期已不在册，不计入；用地如晚于核销，请核对核销依据。",
        en="Sites that are no longer registered on the day are left out; where land was set aside after the "
        "cancellation, see what it rested on.",
    ),
    "unknown.land_without_position": Text(
        zh="项目既无在册用地预留也无点位，无法判断。",
        en="Projects with neither a reserve that stands nor a point: nothing can be said of them.",
    ),
}


def _issues(figures: Mapping[str, Any]) -> list[Issue]:
    return [
        Issue(name.split(".")[-1].replace("_", "-"), figures[name], statement)
        for name, statement in _NOTES.items()
        if figures[name]
    ]
