"""The code lists of the registers, and the collection that shows them.

Each list cites the table it follows. Lists that disagree are kept side by side under their own
ids, because the same digits mean different things: a code without its list is not stored.
One module, one subject; every list is offered here under its name.
"""

import importlib
import pkgutil

from geoservice.description.code_list import CodeList
from geoservice.domain.code_lists.collection import code_lists
from geoservice.domain.code_lists.coverage import COVERAGE_STATUS
from geoservice.domain.code_lists.facilities import FACILITY_KIND, FACILITY_STATUS, SCHOOL_KINDS
from geoservice.domain.code_lists.funding import FUNDING_KIND
from geoservice.domain.code_lists.hazard_classes import CLASS_OF_TYPE, HAZARD_CLASS
from geoservice.domain.code_lists.hazards import (
    HAZARD_TYPE_A,
    HAZARD_TYPE_B,
    INFLUENCE_BASIS,
    INSPECTION,
    LOCATION_METHOD,
    PERIOD_END,
    PLAN_LEVEL,
    REGISTER_KIND,
    RISK_LEVEL,
    SIZE_GRADE,
    STABILITY,
    THREAT_GRADE,
    THREAT_OBJECT,
    TRIGGER,
)
from geoservice.domain.code_lists.land import (
    BUILD_KIND,
    EDUCATION_PROJECT_STATUS,
    LAND_STATUS,
    PARCEL_STATUS,
    RESERVE_PURPOSE,
    RESERVE_STATUS,
    SCHOOL_STAGE,
    ZONE_KIND,
)
from geoservice.domain.code_lists.land_use import LAND_USE_2023, LAND_USE_GBT21010
from geoservice.domain.code_lists.livelihood import LIVELIHOOD_FIELD, WORK_STATUS
from geoservice.domain.code_lists.places import PLACE_KIND
from geoservice.domain.code_lists.planning import (
    CONTROL_LINE_KIND,
    PLAN_STATUS,
    PLAN_TIER,
    TARGET_METRIC,
)
from geoservice.domain.code_lists.quota import (
    QUOTA_BASIS,
    QUOTA_ENTRY_TYPE,
    QUOTA_KIND,
    QUOTA_LEVEL,
    QUOTA_PURPOSE,
    QUOTA_RULE_KIND,
    QUOTA_STATE,
)
from geoservice.domain.code_lists.remediation import MEASURE, PROJECT_STATUS

__all__ = [
    "ALL_CODE_LISTS",
    "BUILD_KIND",
    "CLASS_OF_TYPE",
    "CONTROL_LINE_KIND",
    "COVERAGE_STATUS",
    "EDUCATION_PROJECT_STATUS",
    "FACILITY_KIND",
    "FACILITY_STATUS",
    "FUNDING_KIND",
    "HAZARD_CLASS",
    "HAZARD_TYPE_A",
    "HAZARD_TYPE_B",
    "INFLUENCE_BASIS",
    "INSPECTION",
    "LAND_STATUS",
    "LAND_USE_2023",
    "LAND_USE_GBT21010",
    "LIVELIHOOD_FIELD",
    "LOCATION_METHOD",
    "MEASURE",
    "PARCEL_STATUS",
    "PERIOD_END",
    "PLACE_KIND",
    "PLAN_LEVEL",
    "PLAN_STATUS",
    "PLAN_TIER",
    "PROJECT_STATUS",
    "QUOTA_BASIS",
    "QUOTA_ENTRY_TYPE",
    "QUOTA_KIND",
    "QUOTA_LEVEL",
    "QUOTA_PURPOSE",
    "QUOTA_RULE_KIND",
    "QUOTA_STATE",
    "REGISTER_KIND",
    "RESERVE_PURPOSE",
    "RESERVE_STATUS",
    "RISK_LEVEL",
    "SCHOOL_KINDS",
    "SCHOOL_STAGE",
    "SIZE_GRADE",
    "STABILITY",
    "TARGET_METRIC",
    "THREAT_GRADE",
    "THREAT_OBJECT",
    "TRIGGER",
    "WORK_STATUS",
    "ZONE_KIND",
    "code_lists",
]


def _declared() -> tuple[CodeList, ...]:
    found: dict[str, CodeList] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for value in vars(module).values():
            if isinstance(value, CodeList) and found.setdefault(value.id, value) is not value:
                raise ValueError(f"two code lists are called {value.id}")
    return tuple(found[id] for id in sorted(found))


ALL_CODE_LISTS = _declared()
"""Every list of every module here, by id; two with one id are a programming error."""
