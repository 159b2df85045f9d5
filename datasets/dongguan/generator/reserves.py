"""Reserves for public facilities, the target they serve, and the parcels of land they become.

All reserves that count towards the target add up to its 20 km²: neither cancelled ones, nor facilities
embedded in housing, nor what was supplied before the base year.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from generator.chance import largest_remainder
from generator.facilities import Facility
from generator.files import Row
from generator.ground import (
    Geometry,
    Ground,
    measured_m2,
    parcel,
    put_down,
)
from generator.planning import growth_area, plan_number
from generator.towns import Town

TARGET = "SYN-MB-2035"
TARGET_M2 = {
    "education": 8_200_000,
    "transport": 6_400_000,
    "medical": 3_200_000,
    "elderly_care": 2_200_000,
}
"""20 km² in all, as published; the split among the four published kinds is invented."""
COUNTS = {"education": 128, "transport": 84, "medical": 58, "elderly_care": 56}

KINDS = {
    "education": ("JY", "教育", ("080403", "080403", "080404")),
    "transport": ("JT", "交通", ("120801", "120802", "120803")),
    "medical": ("YL", "医疗", ("080601", "080602")),
    "elderly_care": ("YLA", "养老", ("080701",)),
}
STATES = ("intended", "planned", "approved", "supplied", "built")
SHARES = (0.18, 0.34, 0.16, 0.16, 0.16)
FIRST_INTENDED = {
    "intended": (date(2023, 1, 10), date(2026, 6, 1)),
    "planned": (date(2021, 1, 20), date(2025, 8, 1)),
    "approved": (date(2021, 1, 20), date(2024, 6, 1)),
    "supplied": (date(2021, 1, 20), date(2023, 6, 1)),
    "built": (date(2021, 1, 20), date(2022, 6, 1)),
}
LAGS = {"planned": (60, 240), "approved": (90, 300), "supplied": (60, 200), "built": (300, 700)}


@dataclass
class Reserve:
    """A reserve with the days on which it reached its states."""

    town: Town
    kind: str
    shape: Geometry
    status: str
    dates: dict[str, date]
    code: str
    declared_m2: float
    is_embedded: bool = False
    counts: bool = True  # towards the target
    number: str = ""
    parcel_no: str | None = None

    @property
    def name(self) -> str:
        """With its town and purpose, and that it is invented."""
        return f"示例·{self.town.name}{KINDS[self.kind][1]}用地预留{self.number[-3:]}（合成）"


def dates_of(status: str, random: Random) -> dict[str, date]:
    """The day on which each state up to one was reached."""
    first, last = FIRST_INTENDED[status]
    day = first + timedelta(days=random.randint(0, (last - first).days))
    reached = {"intended": day}
    for name in STATES[1 : STATES.index(status) + 1]:
        day += timedelta(days=random.randint(*LAGS[name]))
        reached[name] = day
    return reached


def reserve(town: Town, kind: str, shape: Geometry, status: str, random: Random) -> Reserve:
    """A reserve of this shape; its declared area is the one measured."""
    code = random.choice(KINDS[kind][2])
    declared = round(measured_m2(shape), 2)
    return Reserve(town, kind, shape, status, dates_of(status, random), code, declared)


def free_parcel(
    town: Town, square_metres: float, grounds: Sequence[Ground], random: Random
) -> Geometry:
    """A parcel of this area at a random free place in a town."""
    ratio = random.uniform(1, 1.8)
    return put_down(
        growth_area(town),
        grounds,
        lambda place: parcel(place, random.uniform(0, 180), square_metres, ratio),
        random,
    )


def ordinary_reserves(
    cases: Sequence[Reserve],
    towns: Sequence[Town],
    grounds: Sequence[Ground],
    random: Random,
) -> list[Reserve]:
    """What is still missing of each kind's share of the target, spread over the towns by area."""
    sizes = [growth_area(town).area for town in towns]
    made = []
    for kind, total in TARGET_M2.items():
        rest = total - sum(
            measured_m2(each.shape) for each in cases if each.kind == kind and each.counts
        )
        weights = [random.uniform(0.4, 1.8) for _ in range(COUNTS[kind])]
        for square_metres in largest_remainder(round(rest), weights):
            town = random.choices(towns, sizes)[0]
            shape = grounds[0].take(free_parcel(town, square_metres, grounds, random))
            made.append(reserve(town, kind, shape, random.choices(STATES, SHARES)[0], random))
    return made


def number_reserves(reserves: Sequence[Reserve]) -> None:
    """Number reserves by kind, and the parcels of those that are approved."""
    counts = dict.fromkeys(KINDS, 0)
    for each in reserves:
        counts[each.kind] += 1
        each.number = f"SYN-YL-{KINDS[each.kind][0]}-{counts[each.kind]:03d}"
        if "approved" in each.dates and not each.is_embedded:
            each.parcel_no = each.number.replace("SYN-YL", "SYN-DK")


def reserve_rows(reserves: Iterable[Reserve]) -> Iterator[Row]:
    """Reserves as the collection `land_reserves` holds them."""
    for each in reserves:
        days = {f"{name}_on": each.dates.get(name) for name in (*STATES, "cancelled")}
        yield {
            "geometry": each.shape,
            "reserve_no": each.number,
            "name": each.name,
            "purpose_kind": each.kind,
            "status": each.status,
            **days,
            "land_use_set": "land_use_2023",
            "land_use_code": each.code,
            "is_embedded": each.is_embedded,
            "land_parcel": each.parcel_no,
            "target": None if each.is_embedded else TARGET,
            "plan": plan_number(each.town) if "planned" in each.dates else None,
            "town_code": each.town.code,
            "village_code": None,
            "area_declared_m2": each.declared_m2,
        }


def target_rows() -> Iterator[Row]:
    """The published target, and the invented shares of the four kinds in it."""
    kinds: list[tuple[str | None, int]] = [(None, sum(TARGET_M2.values())), *TARGET_M2.items()]
    for kind, value in kinds:
        part = KINDS[kind][1] if kind else ""
        note = "分类为合成" if kind else "合计约20平方公里为公开数字（2021-06-25）"
        yield {
            "target_no": f"{TARGET}-{KINDS[kind][0]}" if kind else TARGET,
            "name": f"至2035年新增公共服务设施{part}用地（合成演示）",
            "metric": "new_public_service_land",
            "purpose_kind": kind,
            "value_m2": f"{value}.00",
            "tolerance_pct": "5.00",
            "base_year": 2021,
            "end_year": 2035,
            "document_no": None,
            "note": note,
        }


def parcel_rows(
    reserves: Iterable[Reserve], facilities: Iterable[Facility], random: Random
) -> Iterator[Row]:
    """Parcels of approved reserves by the guide of 2023; grounds of facilities by GB/T 21010."""
    for each in reserves:
        if each.parcel_no:
            yield _parcel(
                each.parcel_no, "land_use_2023", each.code, each.town, each.shape, each.declared_m2,
                "planned", plan_number(each.town), each.dates["approved"],
            )  # fmt: skip
    surveyed = [facility for facility in facilities if facility.campus is not None]
    for number, facility in enumerate(surveyed, start=1):
        code = "0805" if facility.kind == "hospital" else "0803"
        declared = round(measured_m2(facility.campus) * random.uniform(0.995, 1.005), 2)
        yield _parcel(
            f"SYN-DK-XZ-{number:03d}", "land_use_gbt21010_2017", code, facility.town, facility.campus,
            declared, "existing", None, facility.opened_on,
        )  # fmt: skip


def _parcel(
    number: str, code_set: str, code: str, town: Town, shape: Geometry, declared_m2: float,
    status: str, plan: str | None, since: date | None,
) -> Row:  # fmt: skip
    return {
        "geometry": shape,
        "parcel_no": number,
        "land_use_set": code_set,
        "land_use_code": code,
        "town_code": town.code,
        "village_code": None,
        "plan": plan,
        "status": status,
        "valid_from": since,
        "valid_to": None,
        "area_declared_m2": declared_m2,
    }
