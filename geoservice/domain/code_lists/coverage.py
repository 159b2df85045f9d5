"""Codes of what is known about the completeness of data."""

from geoservice.description.code_list import code_list
from geoservice.languages import Text

COVERAGE_STATUS = code_list(
    "coverage_status",
    Text(zh="数据完整性", en="Completeness of data"),
    "geoservice",
    """
    complete | 完整 | complete
    partial | 部分 | partial
    none | 无数据 | no data
    unknown | 未知 | unknown
    """,
)
