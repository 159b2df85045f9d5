"""Codes of land quotas and their ledger."""

from geoservice.description.code_list import code_list
from geoservice.languages import Text

_PLAN_RULES = "土地利用年度计划管理办法（2016）；东莞市用地指标管理"

QUOTA_KIND = code_list(
    "quota_kind",
    Text(zh="指标类型", en="Kind of quota"),
    _PLAN_RULES,
    """
    new_construction | 新增建设用地计划指标 | annual quota of new construction land
    linked | 增减挂钩指标 | quota linked to reclaimed village land
    mining_reclamation | 工矿废弃地复垦指标 | quota of reclaimed mining land
    farmland_quantity | 占补平衡·耕地数量 | farmland balance, quantity
    farmland_paddy | 占补平衡·水田 | farmland balance, paddy fields
    plan_scale | 规划建设用地规模 | size of planned construction land
    flexible | 机动指标 | flexible quota
    """,
)

QUOTA_LEVEL = code_list(
    "quota_level",
    Text(zh="指标层级", en="Level of a quota account"),
    "geoservice",
    """
    superior | 上级下达 | superior authority
    city_coordinated | 市统筹用地指标 | city-coordinated
    special_pool | 专项池 | special pool
    town | 镇街 | town
    """,
)

QUOTA_PURPOSE = code_list(
    "quota_purpose",
    Text(zh="指标用途", en="Purpose of a quota"),
    "geoservice",
    """
    general | 一般 | general
    rural_revitalization | 乡村振兴 | rural revitalization
    """,
)

QUOTA_STATE = code_list(
    "quota_state",
    Text(zh="指标状态", en="State of the quota in an account"),
    "geoservice",
    """
    source | 来源 | source
    available | 可用 | available
    held | 占用中 | held
    used | 已使用 | used
    """,
)

QUOTA_ENTRY_TYPE = code_list(
    "quota_entry_type",
    Text(zh="分录类型", en="Type of ledger entry"),
    "geoservice",
    """
    allocate | 下达 | allocated by the superior authority
    reserve | 预留 | reserved for rural revitalization
    distribute | 分解 | distributed to a town
    transfer | 调剂 | transferred between towns and pools
    hold | 占用申请 | held for a parcel
    release | 释放 | released again
    use | 使用 | used by a parcel
    carry | 结转 | carried over to the next year
    reclaim | 收回 | reclaimed by the city
    deduct | 核减 | deducted by the superior authority
    takeover | 承接原台账 | taken over from an earlier ledger
    reverse | 冲正 | reverses an earlier entry
    """,
)

QUOTA_RULE_KIND = code_list(
    "quota_rule_kind",
    Text(zh="规则类型", en="Kind of quota rule"),
    "geoservice",
    """
    reservation | 预留 | reservation
    carry_over | 结转 | carry-over
    deduction | 核减 | deduction
    reclaim | 收回 | reclaim
    """,
)

QUOTA_BASIS = code_list(
    "quota_basis",
    Text(zh="比例的基数", en="Base of a percentage"),
    "geoservice",
    """
    city_coordinated | 市统筹用地指标 | city-coordinated quota
    """,
)
