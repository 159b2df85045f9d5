"""Codes of funding: the stages that the same money passes."""

from geoservice.description.code_list import code_list
from geoservice.languages import Text

FUNDING_KIND = code_list(
    "funding_kind",
    Text(zh="资金阶段", en="Stage of funding"),
    "geoservice；“落实”见 i东莞 访谈（2021-06-25）：已落实专项经费9580万元",
    """
    planned | 计划 | planned
    secured | 落实 | secured
    committed | 合同 | committed by contract
    paid | 支付 | paid
    """,
)
