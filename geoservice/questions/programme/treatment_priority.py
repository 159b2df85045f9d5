"""Which untreated sites should be treated next? A ranking by stated weights that explains itself.

The grade of threat is no part of it: where nearly all sites are small it tells nothing apart. “Within
D” says where schools lie; it never says that one is threatened.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa

from geoservice.description.collection import (
    FEN,
    METRE,
    PERSON,
    FieldType,
    GeometryType,
    Unit,
)
from geoservice.description.question import Column, Parameter, ParameterType, QuestionDescription
from geoservice.domain.code_lists import REGISTER_KIND
from geoservice.domain.facilities import facilities
from geoservice.domain.funding import funding_entries
from geoservice.domain.hazards import hazard_assessments, hazard_sites, register_periods
from geoservice.domain.remediation import remediation_projects
from geoservice.errors import BadParameter
from geoservice.languages import Text
from geoservice.questions import contract
from geoservice.questions.contract import Asking, Figures, Issue, Plan, Question
from geoservice.questions.distances.pairs import Role, identifying_fields
from geoservice.questions.distances.remediation_sites_near_schools import facility_kinds
from geoservice.questions.programme.priority_inputs import FACILITY, competition
from geoservice.questions.programme.scoring import Part, Weights, is_uniform, ranked
from geoservice.questions.proximity import Side
from geoservice.questions.sides import (
    coverage_of,
)
from geoservice.regions import Region
from geoservice.store.statements import Condition

# A grade from the middle upwards begins at 100 people or 5 million yuan (国家突发地质灾害应急预案).
_MEDIUM_PEOPLE, _MEDIUM_ASSETS_WAN = 100, 500

_RISK_CLASSES = (("low", 0.0), ("medium", 1 / 3), ("high", 2 / 3), ("very_high", 1.0))
_ANY_SCHOOL_CLASSES = (("no", 0.0), ("yes", 1.0))

PARTS = (
    Part("risk", "risk_level", _RISK_CLASSES),
    Part("people", "threatened_people"),
    Part("school_within_distance", "school_within_distance", _ANY_SCHOOL_CLASSES),
    Part("pupils", "pupils"),
    Part("slope_height", "slope_height_m"),
    Part("cost_efficiency", "people_per_million_yuan"),
)

_TITLES = {
    "risk": Text(zh="风险等级", en="Risk level"),
    "people": Text(zh="受威胁人数", en="People threatened"),
    "school_within_distance": Text(zh="D 米以内有学校", en="School within D"),
    "pupils": Text(zh="D 米以内学校的学位数", en="Capacity of the schools within D"),
    "slope_height": Text(zh="坡高", en="Slope height"),
    "cost_efficiency": Text(zh="每百万元保护人数", en="People per million yuan"),
}

# Costs are known for few sites before a project is planned, and what is missing is not scored.
_DEFAULT_WEIGHTS = dict.fromkeys(_TITLES, 1.0) | {"cost_efficiency": 0.0}

_PEOPLE_PER_MILLION_YUAN = Unit("人/百万元", Text(zh="人每百万元", en="people per million yuan"))


_SITE = Role("site", "sites", Text(zh="灾害点", en="Site"), identifying_fields(hazard_sites))


def _number(
    name: str, zh: str, en: str, type: FieldType = FieldType.NUMBER, unit: Unit | None = None
) -> Column:
    return Column(name=name, type=type, title=Text(zh=zh, en=en), unit=unit, nullable=True)


def _text(name: str, zh: str, en: str) -> Column:
    return Column(name=name, type=FieldType.TEXT, title=Text(zh=zh, en=en), nullable=True)


def _of_part(part: Part) -> tuple[Column, Column]:
    title = _TITLES[part.name]
    return (
        _number(part.value, f"{title.zh}：归一值（0–1）", f"{title.en}: part, 0 to 1"),
        _number(part.contribution, f"{title.zh}：得分贡献", f"{title.en}: contribution"),
    )


_COLUMNS = (
    _number("rank", "名次（并列同名次）", "Rank; ties share one", FieldType.LONG),
    _number("score", "得分（各贡献之和）", "Score: the sum of the contributions"),
    _number("rank_best", "权重变动后的最好名次", "Best rank under varied weights", FieldType.LONG),
    _number(
        "rank_worst", "权重变动后的最差名次", "Worst rank under varied weights", FieldType.LONG
    ),
    _text("missing", "缺少的输入", "Inputs that are missing"),
    *_SITE.columns(),
    _text("stage", "治理阶段（尚无项目为空）", "Stage of treatment; empty without a project"),
    _text("risk_level", "风险等级", "Risk level"),
    _number("threatened_people", "受威胁人数", "People threatened", FieldType.INTEGER, PERSON),
    _number("school_count", "D 米以内学校数", "Schools within D", FieldType.LONG),
    _number("pupils", "其学位数", "Their capacity", FieldType.LONG),
    _number("slope_height_m", "坡高", "Slope height", FieldType.NUMBER, METRE),
    _number("cost_fen", "治理资金", "Money for its treatment", FieldType.LONG, FEN),
    _text(
        "cost_basis",
        "资金依据",
        "What the money is",
    ),
    _number(
        "people_per_million_yuan",
        "每百万元保护人数",
        "People per million yuan",
        FieldType.NUMBER,
        _PEOPLE_PER_MILLION_YUAN,
    ),
    *(column for part in PARTS for column in _of_part(part)),
)

_COLLECTIONS = (
    hazard_sites,
    register_periods,
    hazard_assessments,
    remediation_projects,
    funding_entries,
    facilities,
)

_METHOD = Text(
    zh="得分 = Σ 权重 × 归一值，权重除以其和后合计为 1。归一值在全部参与的点上计算，与分页无关：风险等级按固定等级"
    "（低 0、中 1/3、高 2/3、极高 1）；D 米以内有无学校为 1 或 0；其余为（值 − 最小）÷（最大 − 最小），"
    "全部相等时为 0。险情等级不参与：小型占绝大多数时不提供信息。参与的点：查询日期在册、治理尚未验收；"
    "已进入设计、施工或竣工的默认不计（include_under_way），措施已定而未动工的计入。一点多项目取进度最慢者。"
    "人数与风险取不晚于查询日期的最近一次评估；学校为当日运营的设施，距离为最佳几何之间的 CGCS2000 椭球面最短距离，"
    "不大于 D 计入，只说明位置关系；资金为落实（没有则计划），多点项目的资金不分摊、视为未知。"
    "缺少任一权重大于 0 的输入时不评分，列在最后，不以 0 代替；missing=renormalised 时按已有输入的权重折算并注明。"
    "稳定性：逐一将每个权重升高与降低 stability_percent，重新排名，给出最好与最差名次。",
    en="Score = Σ weight × part, with the weights divided by their sum. Parts are worked out over all sites "
    "considered, whatever the page: risk by fixed classes (low 0, medium 1/3, high 2/3, very high 1); a school "
    "within D 1, none 0; the others (value - least) / (greatest - least), 0 where all are equal. The grade of "
    "threat takes no part: where nearly all are small it tells nothing. Considered are sites registered on the "
    "day whose treatment is not accepted; those in design, in works or completed only with include_under_way, "
    "those whose measure is merely decided always. Of several projects the least advanced decides. People and "
    "risk are of the latest assessment on or before the day; schools are facilities in operation then, at most "
    "D away by the shortest distance on the CGCS2000 ellipsoid between best geometries, which says where they "
    "lie and no more; money is secured, else planned; that of a project of several sites is not divided, so it is "
    "unknown. A site that lacks an input with a positive weight is not scored and listed last, never counted "
    "as 0; with missing=renormalised the weights of what it has count in proportion, and the row says so. "
    "Stability: each weight in turn is raised and lowered by stability_percent, and the best and worst rank told.",
)


def _weight(part: Part) -> Parameter:
    title = _TITLES[part.name]
    return Parameter(
        name=f"weight_{part.name}",
        type=ParameterType.NUMBER,
        title=Text(zh=f"权重：{title.zh}", en=f"Weight: {title.en.lower()}"),
        default=_DEFAULT_WEIGHTS[part.name],
        minimum=0,
        maximum=1_000,
    )


def question(region: Region) -> Question:
    """The question `treatment_priority`; it is the same in every region."""
    description = QuestionDescription(
        id="treatment_priority",
        title=Text(
            zh="尚未治理的灾害点应先治理哪些", en="Which untreated sites should be treated next"
        ),
        description=Text(
            zh="按给定权重为尚未治理的在册点排名，列出每一部分的原值、归一值与贡献，以及权重变动时名次的变化范围；"
            "缺少输入的点不评分、单列。",
            en="Untreated registered sites ranked by the given weights, with each part's raw value, normalised "
            "value and contribution, and how far the rank moves when weights do; sites that lack an input are "
            "listed without a score.",
        ),
        parameters=(
            *(_weight(part) for part in PARTS),
            contract.distance(500.0),
            facility_kinds(),
            contract.choice(
                "register_kind",
                Text(zh="登记类别", en="Register"),
                "hidden_danger",
                {code.code: code.title for code in REGISTER_KIND},
            ),
            Parameter(
                name="include_under_way",
                type=ParameterType.BOOLEAN,
                title=Text(zh="包含治理中的点", en="With sites under way"),
                description=Text(
                    zh="已进入设计、施工或竣工而未验收的点",
                    en="Sites in design, in works or completed, not accepted yet",
                ),
                default=False,
            ),
            contract.choice(
                "missing",
                Text(zh="缺少输入时", en="When an input is missing"),
                "not_scored",
                {
                    "not_scored": Text(zh="不评分", en="the site is not scored"),
                    "renormalised": Text(
                        zh="按已有输入的权重折算",
                        en="the weights of what it has count in proportion",
                    ),
                },
            ),
            Parameter(
                name="stability_percent",
                type=ParameterType.NUMBER,
                title=Text(zh="稳定性检验的权重变动（%）", en="Change of each weight, in per cent"),
                default=20.0,
                minimum=0,
                maximum=90,
            ),
            contract.town(),
            contract.as_of(),
            contract.known_at(),
            contract.limit(),
            contract.cursor(),
        ),
        columns=_COLUMNS,
        geometry=GeometryType.GEOMETRY,
        method=_METHOD,
        sources=(
            "东莞市2022年度地质灾害防治方案：115 处隐患点中 107 处为低风险",
            "国家突发地质灾害应急预案：险情分级",
        ),
    )
    return Question(description, _plan)


def _plan(asking: Asking) -> Plan:
    weights = _weights(asking)
    competing = competition(asking)
    found = ranked(
        competing.inputs,
        PARTS,
        weights,
        share=asking.number("stability_percent") / 100,
        needs_all=asking.text("missing") == "not_scored",
    )
    return Plan(
        found=found,
        order=("place", "uid"),
        shown=partial(_shown, side=competing.side),
        columns=_COLUMNS,
        geometry=GeometryType.GEOMETRY,
        figures=(*competing.figures, _rank_figures(found, weights)),
        coverage=coverage_of(facilities, f"considered.{FACILITY.plural}"),
        issues=partial(_issues, weights=weights),
        collections=_COLLECTIONS,
    )


def _weights(asking: Asking) -> Weights:
    """The weights asked for; `BadParameter` if all are 0, because nothing would be ranked then."""
    given = {part.name: asking.number(f"weight_{part.name}") for part in PARTS}
    if not any(given.values()):
        raise BadParameter(
            name=", ".join(f"weight_{name}" for name in given),
            value="0",
            allowed=Text(zh="至少一个大于 0", en="at least one above 0"),
        )
    return Weights.normalised(given)


def _shown(rows: sa.FromClause, *, side: Side) -> sa.Select[Any]:
    of_site = {value.name: value for value in _SITE.values(side.rows)}
    return sa.select(
        sa.cast(rows.c.uid, sa.Text).label("id"),
        *(
            of_site[column.name] if column.name in of_site else rows.c[column.name]
            for column in _COLUMNS
        ),
        side.geometry.label("geom"),
        rows.c.number,
    ).select_from(rows.join(side.rows, side.rows.c.uid == rows.c.uid))


def _rank_figures(found: sa.CTE, weights: Weights) -> Figures:
    """How many are ranked, which inputs are missing, which tell nothing, and the weights as used."""
    r = found.c

    def some(condition: Condition) -> sa.ColumnElement[int]:
        return sa.func.count().filter(condition)

    below = sa.and_(
        r.threatened_people < _MEDIUM_PEOPLE, r.threatened_assets_wan < _MEDIUM_ASSETS_WAN
    )
    above = sa.or_(
        r.threatened_people >= _MEDIUM_PEOPLE, r.threatened_assets_wan >= _MEDIUM_ASSETS_WAN
    )
    return sa.select(
        some(r.score.is_not(None)).label("ranked"),
        some(r.score.is_(None)).label("not_scored"),
        some(sa.and_(r.score.is_not(None), r.missing.is_not(None))).label("renormalised"),
        *(some(r[part.input].is_(None)).label(f"missing.{part.name}") for part in PARTS),
        *(
            sa.cast(is_uniform(found, part), sa.Integer).label(f"uniform.{part.name}")
            for part in PARTS
        ),
        some(below).label("severity.small"),
        some(above).label("severity.medium_or_more"),
        *(
            sa.literal(weights.of[part.name], sa.Double).label(f"weight_used.{part.name}")
            for part in PARTS
        ),
    ).select_from(found)


def _issues(figures: Mapping[str, Any], *, weights: Weights) -> list[Issue]:
    """What the reader must know: who is not ranked or on less, and what told nothing apart."""
    found = []
    if figures["not_scored"]:
        statement = Text(
            zh="这些点缺少权重大于 0 的输入，未评分，列在最后（见 missing）。",
            en="These sites lack an input with a positive weight; they are not scored and listed last (see "
            "missing).",
        )
        found.append(Issue("not-scored", figures["not_scored"], statement))
    if figures["renormalised"]:
        statement = Text(
            zh="这些点的得分只依据已有输入，与其他点不完全可比。",
            en="The scores of these sites rest on fewer inputs and are not quite comparable.",
        )
        found.append(Issue("scored-on-less", figures["renormalised"], statement))
    for part in PARTS:
        if weights.of[part.name] and figures[f"uniform.{part.name}"]:
            title = _TITLES[part.name]
            statement = Text(
                zh=f"{title.zh}：全部相同，不起区分作用。",
                en=f"{title.en}: all are equal, so it tells nothing apart.",
            )
            code = f"{part.name}-uniform".replace("_", "-")
            found.append(Issue(code, figures["considered.sites"], statement))
    if figures["severity.small"] and not figures["severity.medium_or_more"]:
        statement = Text(
            zh="参与的点没有一处达到中型（100 人或 500 万元），险情等级不提供信息，未用于评分。",
            en="No site considered reaches the medium grade (100 people or 5 million yuan): the grade of threat "
            "tells nothing apart and is no part of the score.",
        )
        found.append(Issue("severity-uninformative", figures["severity.small"], statement))
    return found
