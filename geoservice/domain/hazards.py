"""Geological-hazard sites, their dated assessments and earlier periods in a register, and risk zones.

Three gradings are kept apart: threat before an event (险情), loss after one (灾情), physical size
(规模). Declared and computed grades stand side by side; neither overwrites the other. A site is a place
that was examined, a risk zone an area that was mapped: a count of one says nothing of the other.
"""

from dataclasses import dataclass
from decimal import Decimal

from geoservice.description.collection import (
    CUBIC_METRE,
    DEGREE,
    METRE,
    PERSON,
    TEN_THOUSAND_YUAN,
    CodePair,
    Collection,
    Field,
    FieldType,
    GeometryType,
    InOrder,
    Period,
    Reference,
    Source,
)
from geoservice.description.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    REDDISH_PURPLE,
    VERMILLION,
    YELLOW,
    Classification,
    Label,
    Shape,
    Style,
    Symbol,
    SymbolClass,
)
from geoservice.domain.areas import MEASURED
from geoservice.domain.code_lists import (
    HAZARD_TYPE_A,
    HAZARD_TYPE_B,
    INFLUENCE_BASIS,
    INSPECTION,
    LOCATION_METHOD,
    PERIOD_END,
    PLAN_LEVEL,
    REGISTER_KIND,
    RISK_LEVEL,
    SIZE_GRADE,
    STABILITY,
    THREAT_GRADE,
    THREAT_OBJECT,
    TRIGGER,
)
from geoservice.domain.register_fields import DOCUMENT_NO, NOTE, TOWN_CODE
from geoservice.languages import Text

_ZERO = Decimal(0)
_SUBJECT = Text(zh="地质灾害", en="Geological hazards")

_SOURCE = Source(
    Text(zh="市自然资源局 地质灾害隐患点与风险点台账", en="The bureau's registers of hazard sites")
)


@dataclass(frozen=True)
class ThreatGrade:
    """A threat grade; incomplete if a missing figure could only raise it."""

    code: str
    complete: bool


_THRESHOLDS = (("A", 1_000, Decimal(10_000)), ("B", 500, Decimal(5_000)), ("C", 100, Decimal(500)))


def threat_grade(people: int | None, assets_wan: Decimal | None) -> ThreatGrade | None:
    """The threat grade (险情等级) by people to be moved and potential loss in 万元.

    The higher of the two criteria decides; a lower bound is inclusive. With one figure unknown the
    grade is a lower bound and incomplete, except at the top; with both unknown there is none.
    Source: 国家突发地质灾害应急预案, 险情分级.
    """
    if people is None and assets_wan is None:
        return None
    reached = next(
        (
            code
            for code, least_people, least_assets in _THRESHOLDS
            if (people is not None and people >= least_people)
            or (assets_wan is not None and assets_wan >= least_assets)
        ),
        "D",
    )
    return ThreatGrade(reached, complete=reached == "A" or None not in (people, assets_wan))


def _site(code: str, fill: str, shape: Shape) -> SymbolClass:
    symbol = Symbol(fill=fill, shape=shape, size_mm=4)
    return SymbolClass(code=code, symbol=symbol, title=HAZARD_TYPE_A.by_code[code].title)


# Only the codes that mean the same in both tables are classes: 06 is a fissure in one of them and
# a subsidence in the other.
_BY_TYPE = Style(
    symbol=Symbol(fill=GREY, shape=Shape.CROSS, size_mm=4),
    classification=Classification(
        field="type_code",
        classes=(
            _site("00", ORANGE, Shape.SQUARE),
            _site("01", VERMILLION, Shape.TRIANGLE),
            _site("02", REDDISH_PURPLE, Shape.DIAMOND),
            _site("03", BLUE, Shape.TRIANGLE_DOWN),
            _site("04", BLACK, Shape.CIRCLE),
        ),
    ),
    label=Label(field="name", max_scale_denominator=25_000),
)


def _by_risk(opacity: float) -> Classification:
    """The official colours of the levels (red, orange, yellow, blue) in the shades of the palette."""
    colours = (("very_high", VERMILLION), ("high", ORANGE), ("medium", YELLOW), ("low", BLUE))
    return Classification(
        field="risk_level",
        classes=tuple(
            SymbolClass(code=code, symbol=Symbol(fill=fill, fill_opacity=opacity))
            for code, fill in colours
        ),
    )


hazard_sites = Collection(
    id="hazard_sites",
    title=Text(zh="地质灾害点", en="Geological-hazard sites"),
    description=Text(
        zh="在册与已核销的地质灾害隐患点、风险点。两册分开统计，不可相加。",
        en="Geological-hazard sites and risk points, registered and cancelled. The two registers are "
        "counted apart and never added.",
    ),
    geometry=GeometryType.POINT,
    key=("site_no_scheme", "site_no"),
    label="name",
    town="town_code",
    accuracy_m="location_accuracy_m",
    best_geometry=("footprint", "geom"),
    period=Period("registered_on", "cancelled_on"),
    rules=(
        InOrder("discovered_on", "registered_on"),
        InOrder("registered_on", "cancelled_on"),
        CodePair("type_set", "type_code", (HAZARD_TYPE_A, HAZARD_TYPE_B)),
    ),
    source=_SOURCE,
    subject=_SUBJECT,
    style=_BY_TYPE,
    fields=(
        Field(
            name="site_no",
            type=FieldType.TEXT,
            title=Text(zh="统一编号", en="Site number"),
            description=Text(
                zh="编号在其编码规则内唯一；类型变更后编号不变。",
                en="Unique within its scheme; it stays when the type changes.",
            ),
            nullable=False,
            max_length=40,
            aliases=("统一编号", "TYBH", "灾害点编号"),
        ),
        Field(
            name="site_no_scheme",
            type=FieldType.TEXT,
            title=Text(zh="编码规则", en="Scheme of the number"),
            nullable=False,
            default="national_12",
            max_length=40,
        ),
        Field(
            name="field_no",
            type=FieldType.TEXT,
            title=Text(zh="野外编号", en="Field number"),
            max_length=40,
            aliases=("野外编号",),
        ),
        Field(
            name="name",
            type=FieldType.TEXT,
            title=Text(zh="名称", en="Name"),
            nullable=False,
            max_length=200,
            aliases=("灾害点名称", "隐患点名称", "MC", "名称"),
        ),
        Field(
            name="register_kind",
            type=FieldType.TEXT,
            title=Text(zh="登记类别", en="Register"),
            nullable=False,
            codes=REGISTER_KIND,
            aliases=("登记类别",),
        ),
        Field(
            name="is_cut_slope_housing",
            type=FieldType.BOOLEAN,
            title=Text(zh="削坡建房", en="Cut-slope housing"),
        ),
        Field(
            name="type_set",
            type=FieldType.TEXT,
            title=Text(zh="灾害类型代码表", en="Code set of the type"),
            nullable=False,
            default="hazard_type_a",
        ),
        Field(
            name="type_code",
            type=FieldType.TEXT,
            title=Text(zh="灾害类型", en="Type of hazard"),
            nullable=False,
            aliases=("灾害类型", "ZHLX"),
        ),
        Field(
            name="triggers",
            type=FieldType.TEXT,
            title=Text(zh="诱发因素", en="Triggers"),
            codes=TRIGGER,
            many=True,
            aliases=("诱发因素",),
        ),
        Field(
            name="plan_level",
            type=FieldType.TEXT,
            title=Text(zh="预案级别", en="Level of the emergency plan"),
            codes=PLAN_LEVEL,
        ),
        Field(
            name="town_code",
            type=FieldType.TEXT,
            title=Text(zh="所在镇街代码", en="Town code"),
            max_length=12,
            refers_to=Reference("towns", "code"),
            aliases=("镇街代码", "town_code9"),
        ),
        Field(
            name="village_code",
            type=FieldType.TEXT,
            title=Text(zh="所在村代码", en="Village code"),
            max_length=12,
            refers_to=Reference("villages", "code"),
            aliases=("village_code12",),
        ),
        Field(
            name="address",
            type=FieldType.TEXT,
            title=Text(zh="地理位置", en="Address"),
            max_length=400,
            aliases=("地理位置", "地址"),
        ),
        Field(
            name="location_accuracy_m",
            type=FieldType.NUMBER,
            title=Text(zh="定位精度", en="Accuracy of the position"),
            unit=METRE,
            minimum=_ZERO,
        ),
        Field(
            name="location_method",
            type=FieldType.TEXT,
            title=Text(zh="定位方式", en="Way of locating"),
            nullable=False,
            default="unknown",
            codes=LOCATION_METHOD,
        ),
        Field(
            name="footprint",
            type=FieldType.GEOMETRY,
            title=Text(zh="灾害体范围", en="Footprint"),
            geometry=GeometryType.MULTI_POLYGON,
        ),
        Field(
            name="influence_zone",
            type=FieldType.GEOMETRY,
            title=Text(zh="影响范围", en="Influence zone"),
            geometry=GeometryType.MULTI_POLYGON,
        ),
        Field(
            name="influence_basis",
            type=FieldType.TEXT,
            title=Text(zh="影响范围依据", en="Basis of the influence zone"),
            nullable=False,
            default="none",
            codes=INFLUENCE_BASIS,
        ),
        Field(
            name="slope_height_m",
            type=FieldType.NUMBER,
            title=Text(zh="坡高", en="Slope height"),
            unit=METRE,
            minimum=_ZERO,
            aliases=("坡高",),
        ),
        Field(
            name="slope_angle_deg",
            type=FieldType.NUMBER,
            title=Text(zh="坡度", en="Slope angle"),
            unit=DEGREE,
            minimum=_ZERO,
            maximum=Decimal(90),
            aliases=("坡度",),
        ),
        Field(
            name="width_m",
            type=FieldType.NUMBER,
            title=Text(zh="宽", en="Width"),
            unit=METRE,
            minimum=_ZERO,
        ),
        Field(
            name="length_m",
            type=FieldType.NUMBER,
            title=Text(zh="长", en="Length"),
            unit=METRE,
            minimum=_ZERO,
        ),
        Field(
            name="volume_m3",
            type=FieldType.NUMBER,
            title=Text(zh="体积", en="Volume"),
            unit=CUBIC_METRE,
            minimum=_ZERO,
        ),
        Field(
            name="discovered_on", type=FieldType.DATE, title=Text(zh="发现日期", en="Discovered on")
        ),
        Field(
            name="registered_on", type=FieldType.DATE, title=Text(zh="认定日期", en="Registered on")
        ),
        Field(
            name="cancelled_on",
            type=FieldType.DATE,
            title=Text(zh="核销日期", en="Cancelled on"),
            description=Text(
                zh="自该日起不再在册", en="From this day on it is no longer registered"
            ),
        ),
        Field(
            name="merged_into",
            type=FieldType.UUID,
            title=Text(zh="并入", en="Merged into"),
            refers_to=Reference("hazard_sites"),
        ),
    ),
)

hazard_assessments = Collection(
    id="hazard_assessments",
    title=Text(zh="地质灾害点评估记录", en="Assessments of hazard sites"),
    description=Text(
        zh="某日对一处灾害点的调查结论。人数与风险逐年变化；“当前”指不晚于查询日期的最近一次。",
        en="What was found at a site on a day. People and risk change from year to year; “current” is "
        "the latest on or before the day asked for.",
    ),
    key=("hazard_site", "assessed_on", "inspection"),
    period=Period("assessed_on"),
    source=_SOURCE,
    subject=_SUBJECT,
    style=Style(symbol=Symbol(), classification=_by_risk(opacity=1)),
    fields=(
        Field(
            name="hazard_site",
            type=FieldType.UUID,
            title=Text(zh="灾害点", en="Hazard site"),
            nullable=False,
            refers_to=Reference("hazard_sites"),
            aliases=("site_no", "统一编号"),
        ),
        Field(
            name="assessed_on",
            type=FieldType.DATE,
            title=Text(zh="评估日期", en="Assessed on"),
            nullable=False,
            aliases=("调查日期",),
        ),
        Field(
            name="inspection",
            type=FieldType.TEXT,
            title=Text(zh="检查类别", en="Inspection"),
            nullable=False,
            default="special",
            codes=INSPECTION,
        ),
        Field(
            name="threatened_people",
            type=FieldType.INTEGER,
            title=Text(zh="受威胁人数", en="People threatened"),
            unit=PERSON,
            minimum=_ZERO,
            aliases=("威胁人数", "威胁人口"),
        ),
        Field(
            name="threatened_households",
            type=FieldType.INTEGER,
            title=Text(zh="受威胁户数", en="Households threatened"),
            minimum=_ZERO,
        ),
        Field(
            name="threatened_buildings",
            type=FieldType.INTEGER,
            title=Text(zh="受威胁房屋数", en="Buildings threatened"),
            minimum=_ZERO,
        ),
        Field(
            name="threatened_assets_wan",
            type=FieldType.DECIMAL,
            digits=(14, 2),
            title=Text(zh="受威胁资产", en="Assets threatened"),
            unit=TEN_THOUSAND_YUAN,
            minimum=_ZERO,
            aliases=("威胁财产",),
        ),
        Field(
            name="threat_objects",
            type=FieldType.TEXT,
            title=Text(zh="威胁对象", en="Threatened objects"),
            codes=THREAT_OBJECT,
            many=True,
            aliases=("威胁对象",),
        ),
        Field(
            name="threat_grade_declared",
            type=FieldType.TEXT,
            title=Text(zh="险情等级（申报）", en="Threat grade as declared"),
            codes=THREAT_GRADE,
            aliases=("险情等级",),
        ),
        Field(
            name="size_grade",
            type=FieldType.TEXT,
            title=Text(zh="规模等级", en="Size grade"),
            codes=SIZE_GRADE,
            aliases=("规模等级",),
        ),
        Field(
            name="risk_level",
            type=FieldType.TEXT,
            title=Text(zh="风险等级", en="Risk level"),
            codes=RISK_LEVEL,
            aliases=("风险等级",),
        ),
        Field(
            name="stability",
            type=FieldType.TEXT,
            title=Text(zh="稳定性", en="Stability"),
            codes=STABILITY,
            aliases=("稳定性",),
        ),
        Field(
            name="assessor",
            type=FieldType.TEXT,
            title=Text(zh="评估单位", en="Assessed by"),
            max_length=200,
        ),
    ),
)

risk_zones = Collection(
    id="risk_zones",
    title=Text(zh="地质灾害风险区", en="Geological-hazard risk zones"),
    description=Text(
        zh="按风险等级划定的范围（“隐患点+风险区”双控）。风险区是面，不是灾害点，不计入点数；"
        "精度以比例尺分母为限。",
        en="Areas mapped by level of risk, which are controlled beside the sites. A zone is an area, not a "
        "site, and is never counted as one; it is no more precise than its scale.",
    ),
    geometry=GeometryType.MULTI_POLYGON,
    geometry_required=True,
    key=("zone_no",),
    label="name",
    town="town_code",
    period=Period("published_on", "withdrawn_on"),
    rules=(InOrder("published_on", "withdrawn_on"),),
    source=Source(
        Text(zh="市自然资源局 地质灾害风险区划成果", en="The bureau's maps of geological risk")
    ),
    subject=_SUBJECT,
    style=Style(
        symbol=Symbol(fill=GREY, fill_opacity=0.4),
        classification=_by_risk(opacity=0.4),
        label=Label(field="name", max_scale_denominator=25_000),
    ),
    fields=(
        Field(
            name="zone_no",
            type=FieldType.TEXT,
            title=Text(zh="风险区编号", en="Zone number"),
            nullable=False,
            max_length=60,
            aliases=("风险区编号",),
        ),
        Field(
            name="name",
            type=FieldType.TEXT,
            title=Text(zh="风险区名称", en="Name"),
            nullable=False,
            max_length=200,
            aliases=("风险区名称", "名称"),
        ),
        Field(
            name="risk_level",
            type=FieldType.TEXT,
            title=Text(zh="风险等级", en="Risk level"),
            nullable=False,
            codes=RISK_LEVEL,
            aliases=("风险等级",),
        ),
        Field(
            name="method",
            type=FieldType.TEXT,
            title=Text(zh="划定方法", en="Method"),
            max_length=400,
        ),
        Field(
            name="scale_denominator",
            type=FieldType.INTEGER,
            title=Text(zh="比例尺分母", en="Denominator of the scale"),
            minimum=Decimal(1),
        ),
        TOWN_CODE,
        Field(
            name="published_on",
            type=FieldType.DATE,
            title=Text(zh="公布日期", en="Published on"),
            nullable=False,
            aliases=("公布日期",),
        ),
        Field(
            name="withdrawn_on",
            type=FieldType.DATE,
            title=Text(zh="废止日期", en="Withdrawn on"),
            aliases=("废止日期",),
        ),
        DOCUMENT_NO,
        *MEASURED,
    ),
)

register_periods = Collection(
    id="register_periods",
    title=Text(zh="既往在册期间", en="Earlier periods in a register"),
    description=Text(
        zh="一处灾害点在当前在册期间之前的各次在册：核销后重新登记、转登记类别等。当前一次记于灾害点本身。"
        "同一处的期间互不重叠；灾害点的标识与编号不变。",
        en="When a site was registered before its present period: cancelled and registered again, or moved "
        "between the registers. The present period stands at the site itself. Periods of a site do not "
        "overlap; the site keeps its uid and its number.",
    ),
    key=("hazard_site", "started_on"),
    period=Period("started_on", "ended_on"),
    rules=(InOrder("started_on", "ended_on"),),
    source=_SOURCE,
    subject=_SUBJECT,
    fields=(
        Field(
            name="hazard_site",
            type=FieldType.UUID,
            title=Text(zh="灾害点", en="Hazard site"),
            nullable=False,
            refers_to=Reference("hazard_sites"),
            aliases=("site_no", "统一编号"),
        ),
        Field(
            name="register_kind",
            type=FieldType.TEXT,
            title=Text(zh="登记类别", en="Register"),
            nullable=False,
            codes=REGISTER_KIND,
            aliases=("登记类别",),
        ),
        Field(
            name="started_on",
            type=FieldType.DATE,
            title=Text(zh="在册起始日期", en="Registered from"),
            nullable=False,
        ),
        Field(
            name="ended_on",
            type=FieldType.DATE,
            title=Text(zh="在册终止日期", en="Registered to (exclusive)"),
            nullable=False,
        ),
        Field(
            name="end_kind",
            type=FieldType.TEXT,
            title=Text(zh="终结方式", en="How it ended"),
            nullable=False,
            codes=PERIOD_END,
        ),
        DOCUMENT_NO,
        NOTE,
    ),
)
