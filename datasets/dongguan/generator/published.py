"""What the registers add up to: figures of published texts, and what is chosen to fit them."""

from collections.abc import Mapping
from datetime import date

from generator.chance import largest_remainder

AS_OF = date(2021, 6, 25)  # the day on which 114 sites were registered and 95.80 M yuan secured
FUNDS_FEN = 9_580_000_000  # 9580 万元
ATTRIBUTED_FEN = 9_100_000_000  # invented: what of it belongs to single projects
FUNDS_STEP_FEN = 10_000  # 0.01 万元, the step in which projects are funded


HIDDEN_DANGERS = 114
# 东莞市2022年度地质灾害防治方案: 115 hazard sites (隐患点) and 37 risk points (风险点).
PUBLISHED_SITES = 115
PUBLISHED_TYPES = {"02": 60, "01": 7, "00": 48}  # collapse, landslide, unstable slope
PUBLISHED_RISKS = {"medium": 8, "low": 107}
PUBLISHED_PEOPLE = 409
PUBLISHED_ASSETS_WAN = 3613.0
RISK_POINT_TYPES = {"02": 14, "01": 12, "00": 11}
RISK_POINT_RISKS = {"high": 2, "medium": 11, "low": 24}
RISK_POINT_PEOPLE = 559
RISK_POINT_ASSETS_WAN = 4333.0

# Towns by name. Most sites lie in the five towns named first in the published text of 2017, none in
# the ten towns of the flood plain (水乡); the numbers themselves are invented.
SITES_BY_TOWN = {
    "虎门": 18, "凤岗": 16, "大岭山": 14, "东城": 12, "长安": 11, "厚街": 7, "清溪": 6, "塘厦": 5,
    "樟木头": 5, "黄江": 4, "谢岗": 4, "大朗": 3, "寮步": 3, "南城": 2, "常平": 1, "茶山": 1,
    "横沥": 1, "企石": 1,
}  # fmt: skip
RISK_POINTS_BY_TOWN = {
    "虎门": 6, "凤岗": 6, "清溪": 5, "樟木头": 4, "长安": 4, "大岭山": 3, "塘厦": 3, "谢岗": 2,
    "厚街": 2, "东城": 1, "黄江": 1,
}  # fmt: skip
CANCELLED_BY_TOWN = {"虎门": 2, "凤岗": 2, "大岭山": 1, "东城": 1, "长安": 1, "厚街": 1, "塘厦": 1}


def scaled(published: Mapping[str, int]) -> dict[str, int]:
    """Published counts of 115 sites, brought to the 114 of June 2021."""
    return dict(
        zip(published, largest_remainder(HIDDEN_DANGERS, [*published.values()]), strict=True)
    )
