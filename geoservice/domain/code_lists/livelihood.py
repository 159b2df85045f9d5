"""Codes of livelihood projects: fields of work and progress."""

from geoservice.description.code_list import code_list
from geoservice.languages import Text

LIVELIHOOD_FIELD = code_list(
    "livelihood_field",
    Text(zh="民生项目领域", en="Field of a livelihood project"),
    "i东莞 访谈（2021-06-25）：“城市更新、不动产登记、防灾减灾、测绘服务等”",
    """
    urban_renewal | 城市更新 | urban renewal
    property_registration | 不动产登记 | property registration
    disaster_prevention | 防灾减灾 | disaster prevention
    surveying | 测绘服务 | surveying
    other | 其他 | other
    """,
)

WORK_STATUS = code_list(
    "work_status",
    Text(zh="工作状态", en="State of work"),
    "geoservice",
    """
    planned | 计划 | planned
    under_way | 推进中 | under way
    done | 完成 | done
    """,
)
