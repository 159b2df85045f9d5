"""Codes of planning: plans, control lines, targets."""

from geoservice.description.code_list import code_list
from geoservice.languages import Text

PLAN_TIER = code_list(
    "plan_tier",
    Text(zh="规划层级", en="Tier of a plan"),
    "i东莞 访谈（2021-06-25）：“市、镇、试点村”三级；专项与详规按国土空间规划体系",
    """
    city | 市 | city
    town | 镇 | town
    pilot_village | 试点村 | pilot village
    special | 专项 | special plan
    detailed | 详规 | detailed plan
    """,
)

PLAN_STATUS = code_list(
    "plan_status",
    Text(zh="规划状态", en="State of a plan"),
    "geoservice",
    """
    drafting | 编制 | drafting
    displayed | 公示 | on public display
    under_approval | 审批 | under approval
    in_force | 生效 | in force
    repealed | 废止 | repealed
    """,
)

CONTROL_LINE_KIND = code_list(
    "control_line_kind",
    Text(zh="控制线类别", en="Kind of control line"),
    "三条控制线：永久基本农田、生态保护红线、城镇开发边界（国函〔2025〕15号）",
    """
    permanent_basic_farmland | 永久基本农田 | permanent basic farmland
    ecological_red_line | 生态保护红线 | ecological red line
    urban_growth_boundary | 城镇开发边界 | urban growth boundary
    """,
)

TARGET_METRIC = code_list(
    "target_metric",
    Text(zh="目标指标", en="Metric of a target"),
    "i东莞 访谈（2021-06-25）：至 2035 年公共服务设施新增用地约 20 平方公里",
    """
    new_public_service_land | 新增公共服务设施用地 | new land for public services
    """,
)
