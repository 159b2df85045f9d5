"""Codes of public facilities: kinds and states."""

from geoservice.description.code_list import code_list
from geoservice.languages import Text

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
