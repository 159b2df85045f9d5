"""Codes of towns and villages."""

from geoservice.description.code_list import code_list
from geoservice.languages import Text

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
