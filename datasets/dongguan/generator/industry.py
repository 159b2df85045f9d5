"""The ten industry-city zones of 1,000 亩 or more that the city strives for; places are invented."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from generator.files import Row
from generator.ground import Geometry, Ground, joined, measured_m2, parcel, put_down
from generator.planning import growth_area
from generator.towns import Town

MU_M2 = 10_000 / 15
THRESHOLD_MU = 1000

SIZES_MU = {
    "长安": (2860,), "虎门": (1930,), "塘厦": (1640,), "常平": (1510,), "寮步": (1380,),
    "厚街": (1290,), "沙田": (3120,), "麻涌": (2240,), "东坑": (1000.5,), "横沥": (640, 520),
}  # fmt: skip
"""亩 of the parts: 东坑 is just above the threshold, 横沥 only with both parts together."""


@dataclass(frozen=True)
class Zone:
    """A zone of a town."""

    town: Town
    shape: Geometry


def industry_zones(
    towns: Mapping[str, Town], grounds: Sequence[Ground], random: Random
) -> list[Zone]:
    """The zones, each on free ground; parts of one zone may lie anywhere in its town."""
    zones = []
    for name, parts in SIZES_MU.items():
        shapes = []
        for size in parts:
            shape = put_down(
                growth_area(towns[name]),
                grounds,
                lambda place, m2=size * MU_M2: parcel(
                    place, random.uniform(0, 180), m2, random.uniform(1.1, 1.7)
                ),
                random,
            )
            shapes.append(grounds[0].take(shape))
        zones.append(Zone(towns[name], joined(*shapes)))
    return zones


def zone_rows(zones: Iterable[Zone]) -> Iterator[Row]:
    """Zones as the collection `zones` holds them."""
    for number, zone in enumerate(zones, start=1):
        yield {
            "geometry": zone.shape,
            "zone_no": f"SYN-PQ-{number:02d}",
            "kind": "industry_city",
            "name": f"示例·{zone.town.name}产城融合示范片区（合成）",
            "threshold_mu": f"{THRESHOLD_MU}.0000",
            "town_code": zone.town.code,
            "valid_from": date(2021, 6, 25),
            "valid_to": None,
            "area_declared_m2": round(measured_m2(zone.shape), 2),
        }
