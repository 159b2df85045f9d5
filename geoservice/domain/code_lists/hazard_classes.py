"""What a type of hazard is called across the tables that number the types differently.

The tables share most digits and not all: 06 is land subsidence in one and a ground fissure in the
other. Whoever counts by type counts by these classes.
"""

from geoservice.description.code_list import code_list
from geoservice.domain.code_lists.hazards import HAZARD_TYPE_A, HAZARD_TYPE_B
from geoservice.languages import Text

HAZARD_CLASS = code_list(
    "hazard_class",
    Text(zh="灾害类型（归并）", en="Class of hazard"),
    "《地质灾害防治条例》第二条的六类；不稳定斜坡是调查类别，不属六类，单列",
    """
    collapse | 崩塌 | collapse
    landslide | 滑坡 | landslide
    debris_flow | 泥石流 | debris flow
    ground_collapse | 地面塌陷 | ground collapse
    ground_fissure | 地裂缝 | ground fissure
    land_subsidence | 地面沉降 | land subsidence
    unstable_slope | 不稳定斜坡 | unstable slope
    other | 其它 | other
    """,
)

_CLASS_CALLED = {code.title: code.code for code in HAZARD_CLASS}

CLASS_OF_TYPE = {
    (codes.id, code.code): _CLASS_CALLED[code.title]
    for codes in (HAZARD_TYPE_A, HAZARD_TYPE_B)
    for code in codes
}
"""The class of each type, by its table and its code: by what the code means in that table."""
