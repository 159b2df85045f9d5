"""The code lists of the registers, and the collection that shows them.

Each list cites the table it follows. Lists that disagree are kept side by side under their own
ids, because the same digits mean different things: a code without its list is not stored.
"""

from geoservice.description.code_list import CodeList, code_list
from geoservice.description.collection import Collection, Field, FieldType, Source
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

MEASURE = code_list(
    "measure",
    Text(zh="防治措施", en="Measure"),
    "ZHAA01A756",
    """
    A | 群测群防 | community monitoring
    B | 专业监测 | professional monitoring
    C | 搬迁避让 | relocation
    D | 工程治理 | engineering works
    E | 排危除险 | removal of the danger
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

PROJECT_STATUS = code_list(
    "project_status",
    Text(zh="治理项目状态", en="State of a remediation project"),
    "认定与核销程序：川自然资发〔2022〕30号、苏自然资规发〔2020〕1号",
    """
    measure_set | 措施确定 | measure decided
    design | 设计 | design
    in_works | 施工或搬迁 | works or relocation
    completed | 竣工 | completed
    accepted | 验收 | accepted
    cancellation_requested | 申请核销 | cancellation requested
    cancelled | 核销 | cancelled
    void | 误报 | void
    """,
)

FACILITY_KIND = code_list(
    "facility_kind",
    Text(zh="设施类别", en="Kind of facility"),
    "geoservice；教育、交通、医疗、养老四类按国土空间规划",
    """
    education | 教育 | education
    kindergarten | 幼儿园 | kindergarten | education
    primary_school | 小学 | primary school | education
    junior_school | 初中 | junior secondary school | education
    nine_year_school | 九年一贯制学校 | nine-year school | education
    senior_school | 高中 | senior secondary school | education
    vocational_school | 中等职业学校 | vocational school | education
    university | 高等院校 | university | education
    health | 医疗 | health
    hospital | 医院 | hospital | health
    primary_care | 基层医疗卫生机构 | primary care | health
    welfare | 社会福利 | welfare
    elderly_care | 养老机构 | elderly care | welfare
    child_welfare | 儿童福利机构 | child welfare | welfare
    transport | 交通 | transport
    station | 交通场站 | station | transport
    bus_station | 公交场站 | bus station | transport
    car_park | 社会停车场 | car park | transport
    shelter | 避险场所 | emergency shelter
    other | 其他 | other
    """,
)

SCHOOL_KINDS = (
    "kindergarten",
    "primary_school",
    "junior_school",
    "nine_year_school",
    "senior_school",
)
"""What “school” means in a question that does not say: kindergarten to senior secondary."""

FACILITY_STATUS = code_list(
    "facility_status",
    Text(zh="设施状态", en="State of a facility"),
    "geoservice",
    """
    planned | 规划 | planned
    under_construction | 在建 | under construction
    operating | 运营 | operating
    closed | 停用 | closed
    """,
)

PLACE_KIND = code_list(
    "place_kind",
    Text(zh="区划类别", en="Kind of place"),
    "国家统计局统计用区划代码；园区为统计单元，不是行政区划",
    """
    subdistrict | 街道 | subdistrict
    town | 镇 | town
    park | 园区 | park (statistical unit)
    village | 村 | village
    community | 社区 | community
    virtual_community | 虚拟社区 | virtual community
    living_area | 生活区 | living area
    """,
)

LAND_USE_2023 = code_list(
    "land_use_2023",
    Text(zh="用地用海分类（2023）", en="Land and sea use (2023 guide)"),
    "国土空间调查、规划、用途管制用地用海分类指南（2023）",
    """
    01 | 耕地 | cultivated land
    02 | 园地 | garden land
    03 | 林地 | forest land
    04 | 草地 | grassland
    05 | 湿地 | wetland
    06 | 农业设施建设用地 | agricultural facilities
    0601 | 农村道路 | rural roads | 06
    060101 | 村道用地 | village roads | 0601
    060102 | 田间道 | field roads | 0601
    0602 | 设施农用地 | facility agriculture | 06
    07 | 居住用地 | residential
    0701 | 城镇住宅用地 | urban housing | 07
    070101 | 一类城镇住宅用地 | urban housing, class 1 | 0701
    070102 | 二类城镇住宅用地 | urban housing, class 2 | 0701
    070103 | 三类城镇住宅用地 | urban housing, class 3 | 0701
    0702 | 城镇社区服务设施用地 | urban community services | 07
    0703 | 农村宅基地 | rural homesteads | 07
    070301 | 一类农村宅基地 | rural homesteads, class 1 | 0703
    070302 | 二类农村宅基地 | rural homesteads, class 2 | 0703
    0704 | 农村社区服务设施用地 | rural community services | 07
    08 | 公共管理与公共服务用地 | public administration and services
    0801 | 机关团体用地 | government | 08
    0802 | 科研用地 | research | 08
    0803 | 文化用地 | culture | 08
    080301 | 图书与展览用地 | libraries and exhibitions | 0803
    080302 | 文化活动用地 | cultural activities | 0803
    0804 | 教育用地 | education | 08
    080401 | 高等教育用地 | higher education | 0804
    080402 | 中等职业教育用地 | vocational education | 0804
    080403 | 中小学用地 | primary and secondary schools | 0804
    080404 | 幼儿园用地 | kindergartens | 0804
    080405 | 其他教育用地 | other education | 0804
    0805 | 体育用地 | sports | 08
    080501 | 体育场馆用地 | sports venues | 0805
    080502 | 体育训练用地 | sports training | 0805
    0806 | 医疗卫生用地 | health | 08
    080601 | 医院用地 | hospitals | 0806
    080602 | 基层医疗卫生设施用地 | primary care | 0806
    080603 | 公共卫生用地 | public health | 0806
    0807 | 社会福利用地 | welfare | 08
    080701 | 老年人社会福利用地 | welfare of the elderly | 0807
    080702 | 儿童社会福利用地 | welfare of children | 0807
    080703 | 残疾人社会福利用地 | welfare of the disabled | 0807
    080704 | 其他社会福利用地 | other welfare | 0807
    09 | 商业服务业用地 | commerce
    0901 | 商业用地 | retail | 09
    0902 | 商务金融用地 | business and finance | 09
    0903 | 娱乐用地 | entertainment | 09
    0904 | 其他商业服务业用地 | other commerce | 09
    10 | 工矿用地 | industry and mining
    1001 | 工业用地 | industry | 10
    1002 | 采矿用地 | mining | 10
    1003 | 盐田 | salt pans | 10
    11 | 仓储用地 | storage
    1101 | 物流仓储用地 | logistics | 11
    1102 | 储备库用地 | reserves storage | 11
    12 | 交通运输用地 | transport
    1201 | 铁路用地 | railways | 12
    1202 | 公路用地 | roads | 12
    1203 | 机场用地 | airports | 12
    1204 | 港口码头用地 | ports | 12
    1205 | 管道运输用地 | pipelines | 12
    1206 | 城市轨道交通用地 | urban rail | 12
    1207 | 城镇村道路用地 | streets | 12
    1208 | 交通场站用地 | stations | 12
    120801 | 对外交通场站用地 | long-distance stations | 1208
    120802 | 公共交通场站用地 | public transport stations | 1208
    120803 | 社会停车场用地 | public car parks | 1208
    1209 | 其他交通设施用地 | other transport | 12
    13 | 公用设施用地 | utilities
    14 | 绿地与开敞空间用地 | green and open space
    1401 | 公园绿地 | parks | 14
    1402 | 防护绿地 | protective green | 14
    1403 | 广场用地 | squares | 14
    15 | 特殊用地 | special use
    16 | 留白用地 | reserved
    17 | 陆地水域 | inland waters
    18 | 渔业用海 | sea: fishery
    19 | 工矿通信用海 | sea: industry, mining, communication
    20 | 交通运输用海 | sea: transport
    21 | 游憩用海 | sea: recreation
    22 | 特殊用海 | sea: special use
    23 | 其他土地 | other land
    24 | 其他海域 | other sea
    """,
)

LAND_USE_GBT21010 = code_list(
    "land_use_gbt21010_2017",
    Text(zh="土地利用现状分类（GB/T 21010-2017）", en="Current land use (GB/T 21010-2017)"),
    "GB/T 21010-2017 土地利用现状分类",
    """
    01 | 耕地 | cultivated land
    0101 | 水田 | paddy | 01
    0102 | 水浇地 | irrigated land | 01
    0103 | 旱地 | dry land | 01
    02 | 园地 | garden land
    03 | 林地 | forest land
    04 | 草地 | grassland
    05 | 商服用地 | commerce
    06 | 工矿仓储用地 | industry, mining and storage
    0601 | 工业用地 | industry | 06
    0602 | 采矿用地 | mining | 06
    0603 | 盐田 | salt pans | 06
    0604 | 仓储用地 | storage | 06
    07 | 住宅用地 | housing
    0701 | 城镇住宅用地 | urban housing | 07
    0702 | 农村宅基地 | rural homesteads | 07
    08 | 公共管理与公共服务用地 | public administration and services
    0801 | 机关团体用地 | government | 08
    0802 | 新闻出版用地 | press and publishing | 08
    0803 | 教育用地 | education | 08
    0804 | 科研用地 | research | 08
    0805 | 医疗卫生用地 | health | 08
    0806 | 社会福利用地 | welfare | 08
    0807 | 文化设施用地 | culture | 08
    0808 | 体育用地 | sports | 08
    0809 | 公用设施用地 | utilities | 08
    0810 | 公园与绿地 | parks and green | 08
    09 | 特殊用地 | special use
    10 | 交通运输用地 | transport
    1001 | 铁路用地 | railways | 10
    1002 | 轨道交通用地 | urban rail | 10
    1003 | 公路用地 | roads | 10
    1004 | 城镇村道路用地 | streets | 10
    1005 | 交通服务场站用地 | stations | 10
    1006 | 农村道路 | rural roads | 10
    11 | 水域及水利设施用地 | waters and hydraulic works
    12 | 其他土地 | other land
    1201 | 空闲地 | idle land | 12
    1202 | 设施农用地 | facility agriculture | 12
    1203 | 田坎 | field ridges | 12
    1204 | 盐碱地 | saline land | 12
    1205 | 沙地 | sand | 12
    1206 | 裸土地 | bare soil | 12
    1207 | 裸岩石砾地 | bare rock and gravel | 12
    """,
)

ALL_CODE_LISTS: tuple[CodeList, ...] = (
    FACILITY_KIND,
    FACILITY_STATUS,
    HAZARD_TYPE_A,
    HAZARD_TYPE_B,
    INFLUENCE_BASIS,
    INSPECTION,
    LAND_USE_2023,
    LAND_USE_GBT21010,
    LOCATION_METHOD,
    MEASURE,
    PLACE_KIND,
    PLAN_LEVEL,
    PROJECT_STATUS,
    REGISTER_KIND,
    RISK_LEVEL,
    SIZE_GRADE,
    STABILITY,
    THREAT_GRADE,
    THREAT_OBJECT,
    TRIGGER,
)

code_lists = Collection(
    id="code_lists",
    title=Text(zh="代码表", en="Code lists"),
    description=Text(
        zh="各图层所用的代码及含义。同一数字在不同代码表中含义不同，因此代码总与代码表一起给出。",
        en="The codes that the layers use. The same digits mean different things in different sets, "
        "so a code always comes with its set.",
    ),
    key=("code_set", "code"),
    subject=Text(zh="代码", en="Codes"),
    label="name_zh",
    editable=False,
    source=Source(
        Text(zh="各标准原文，见 source 字段", en="The standards named in the field source")
    ),
    fields=(
        Field(
            name="code_set",
            type=FieldType.TEXT,
            title=Text(zh="代码表", en="Code set"),
            nullable=False,
        ),
        Field(
            name="code_set_title_zh",
            type=FieldType.TEXT,
            title=Text(zh="代码表名称（中文）", en="Title of the set in Chinese"),
            nullable=False,
        ),
        Field(
            name="code_set_title_en",
            type=FieldType.TEXT,
            title=Text(zh="代码表名称（英文）", en="Title of the set in English"),
            nullable=False,
        ),
        Field(name="code", type=FieldType.TEXT, title=Text(zh="代码", en="Code"), nullable=False),
        Field(
            name="name_zh",
            type=FieldType.TEXT,
            title=Text(zh="中文名称", en="Chinese name"),
            nullable=False,
        ),
        Field(
            name="name_en",
            type=FieldType.TEXT,
            title=Text(zh="英文名称", en="English name"),
            nullable=False,
        ),
        Field(name="parent", type=FieldType.TEXT, title=Text(zh="上级代码", en="Parent code")),
        Field(
            name="position",
            type=FieldType.INTEGER,
            title=Text(zh="次序", en="Position"),
            nullable=False,
        ),
        Field(
            name="source", type=FieldType.TEXT, title=Text(zh="依据", en="Source"), nullable=False
        ),
    ),
)
