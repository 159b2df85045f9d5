"""Codes of land: parcels, reserves for public facilities, education projects, zones."""

from geoservice.description.code_list import code_list
from geoservice.languages import Text

PARCEL_STATUS = code_list(
    "parcel_status",
    Text(zh="地块性质", en="State of a parcel"),
    "geoservice",
    """
    existing | 现状 | existing
    planned | 规划 | planned
    """,
)

RESERVE_PURPOSE = code_list(
    "reserve_purpose",
    Text(zh="预留用途", en="Purpose of a reserve"),
    "i东莞 访谈（2021-06-25）：教育、交通、医疗、养老四类；其他为 geoservice 所加",
    """
    education | 教育 | education
    transport | 交通 | transport
    medical | 医疗 | medical care
    elderly_care | 养老 | elderly care
    other_public | 其他公共服务 | other public services
    """,
)

RESERVE_STATUS = code_list(
    "reserve_status",
    Text(zh="预留状态", en="State of a reserve"),
    "geoservice",
    """
    intended | 意向 | intended
    planned | 规划预留 | reserved in a plan
    approved | 已批 | approved
    supplied | 已供 | supplied
    built | 建成 | built
    cancelled | 取消 | cancelled
    """,
)

BUILD_KIND = code_list(
    "build_kind",
    Text(zh="建设方式", en="Kind of building work"),
    "geoservice",
    """
    new | 新建 | new building
    rebuilt | 改建 | rebuilt
    extended | 扩建 | extended
    """,
)

SCHOOL_STAGE = code_list(
    "school_stage",
    Text(zh="学段", en="Stage of schooling"),
    "geoservice",
    """
    kindergarten | 幼儿园 | kindergarten
    primary | 小学 | primary
    junior | 初中 | junior secondary
    senior | 高中 | senior secondary
    """,
)

LAND_STATUS = code_list(
    "land_status",
    Text(zh="用地落实情况", en="State of the land"),
    "geoservice",
    """
    not_needed | 不需新增用地 | no further land needed
    lacking | 未落实 | lacking
    reserved | 已预留 | reserved
    approved | 已批 | approved
    supplied | 已供 | supplied
    """,
)

EDUCATION_PROJECT_STATUS = code_list(
    "education_project_status",
    Text(zh="教育项目状态", en="State of an education project"),
    "geoservice",
    """
    listed | 列入 | listed
    in_works | 在建 | in works
    opened | 启用 | opened
    cancelled | 取消 | cancelled
    """,
)

ZONE_KIND = code_list(
    "zone_kind",
    Text(zh="片区类别", en="Kind of zone"),
    "i东莞 访谈（2021-06-25）：千亩以上产城融合示范片区",
    """
    industry_city | 产城融合示范片区 | industry-city demonstration zone
    other | 其他 | other
    """,
)
