"""Codes of geological hazards: type, threat, size, risk, stability, inspection."""

from geoservice.description.code_list import code_list
from geoservice.languages import Text

_SURVEY_TABLE = "地质灾害调查数据表 ZHAA01A"

HAZARD_TYPE_A = code_list(
    "hazard_type_a",
    Text(zh="灾害类型（甲表）", en="Hazard type (table A)"),
    _SURVEY_TABLE,
    """
    00 | 不稳定斜坡 | unstable slope
    01 | 滑坡 | landslide
    02 | 崩塌 | collapse
    03 | 泥石流 | debris flow
    04 | 地面塌陷 | ground collapse
    05 | 地裂缝 | ground fissure
    06 | 地面沉降 | land subsidence
    07 | 其它 | other
    """,
)

HAZARD_TYPE_B = code_list(
    "hazard_type_b",
    Text(zh="灾害类型（乙表）", en="Hazard type (table B)"),
    "另一套在用的地质灾害信息系统代码",
    """
    00 | 不稳定斜坡 | unstable slope
    01 | 滑坡 | landslide
    02 | 崩塌 | collapse
    03 | 泥石流 | debris flow
    04 | 地面塌陷 | ground collapse
    06 | 地裂缝 | ground fissure
    07 | 地面沉降 | land subsidence
    """,
)

REGISTER_KIND = code_list(
    "register_kind",
    Text(zh="登记类别", en="Register"),
    "东莞市2022年度地质灾害防治方案：隐患点与风险点分册登记",
    """
    hidden_danger | 隐患点 | registered hazard site
    risk_point | 风险点 | risk point
    """,
)

TRIGGER = code_list(
    "trigger",
    Text(zh="诱发因素", en="Trigger"),
    _SURVEY_TABLE,
    """
    1 | 地震 | earthquake
    2 | 降雨 | rain
    3 | 人为因素 | human activity
    4 | 其它 | other
    """,
)

LOCATION_METHOD = code_list(
    "location_method",
    Text(zh="定位方式", en="Way of locating"),
    "geoservice",
    """
    gnss | GNSS实测 | GNSS survey
    map | 图上量取 | read from a map
    address | 地址匹配 | matched from an address
    village_centre | 村中心 | centre of the village
    unknown | 未知 | unknown
    """,
)

INFLUENCE_BASIS = code_list(
    "influence_basis",
    Text(zh="影响范围依据", en="Basis of the influence zone"),
    "geoservice",
    """
    survey | 实地调查 | survey
    rule | 按坡高规则推算 | derived from slope height
    none | 无 | none
    """,
)

THREAT_GRADE = code_list(
    "threat_grade",
    Text(zh="险情等级", en="Threat grade"),
    "国家突发地质灾害应急预案；代码按 ZHAA01A370：A 特大型 … D 小型",
    """
    A | 特大型 | extra large
    B | 大型 | large
    C | 中型 | medium
    D | 小型 | small
    """,
)

SIZE_GRADE = code_list(
    "size_grade",
    Text(zh="规模等级", en="Size grade"),
    "DZ/T 0261-2014",
    """
    giant | 巨型 | giant
    extra_large | 特大型 | extra large
    large | 大型 | large
    medium | 中型 | medium
    small | 小型 | small
    """,
)

RISK_LEVEL = code_list(
    "risk_level",
    Text(zh="风险等级", en="Risk level"),
    "东莞市2022年度地质灾害防治方案；颜色 极高 红 / 高 橙 / 中 黄 / 低 蓝",
    """
    very_high | 极高 | very high
    high | 高 | high
    medium | 中 | medium
    low | 低 | low
    """,
)

STABILITY = code_list(
    "stability",
    Text(zh="稳定性", en="Stability"),
    "GB/T 32864-2016",
    """
    stable | 稳定 | stable
    fairly_stable | 基本稳定 | fairly stable
    less_stable | 欠稳定 | less stable
    unstable | 不稳定 | unstable
    """,
)

THREAT_OBJECT = code_list(
    "threat_object",
    Text(zh="威胁对象", en="Threatened object"),
    "ZHAA01A380",
    """
    A | 分散农户 | scattered farm houses
    B | 聚集区 | settlement
    C | 学校 | school
    D | 场镇 | market town
    E | 县城 | county town
    F | 公路 | road
    G | 河道 | river
    H | 景区 | scenic area
    I | 其它 | other
    """,
)

INSPECTION = code_list(
    "inspection",
    Text(zh="检查类别", en="Inspection"),
    "群测群防：汛前排查、汛中巡查、汛后核查",
    """
    before_flood_season | 汛前 | before the flood season
    in_flood_season | 汛中 | in the flood season
    after_flood_season | 汛后 | after the flood season
    emergency | 应急 | emergency
    special | 专项 | special survey
    """,
)

PLAN_LEVEL = code_list(
    "plan_level",
    Text(zh="预案级别", en="Level of the emergency plan"),
    "ZHAA01A810",
    """
    1 | 省级 | province
    2 | 市（州）级 | city
    3 | 县级 | county
    4 | 乡镇级 | town
    """,
)

PERIOD_END = code_list(
    "period_end",
    Text(zh="在册期间的终结方式", en="How a period in a register ended"),
    "geoservice；核销程序：川自然资发〔2022〕30号、苏自然资规发〔2020〕1号",
    """
    cancelled | 核销 | cancelled
    reclassified | 转登记类别 | moved to the other register
    merged | 合并 | merged into another site
    void | 误报 | void
    """,
)
