"""Codes of remediation: measures and the states of a project."""

from geoservice.description.code_list import code_list
from geoservice.languages import Text

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
