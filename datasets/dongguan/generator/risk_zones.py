"""Risk zones: areas around some hazard sites, and the ones that the cases need."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from generator.files import Row
from generator.ground import Geometry, Ground, Place, put_down, rectangle, slope_outline
from generator.planning import growth_area
from generator.sites import Site
from generator.towns import Town

UNSURVEYED = ("谢岗", "黄江")  # no zones were drawn there, and a coverage statement says so
SURVEYS = (date(2021, 5, 10), date(2022, 5, 20))
RISEN = {
    "low": ("low", "low", "medium"),
    "medium": ("medium", "high"),
    "high": ("high", "very_high"),
}
CASE_SIZE_M = (400.0, 300.0)


@dataclass(frozen=True)
class RiskZone:
    """A zone with its level and the days of its publication and withdrawal."""

    town: Town
    shape: Geometry
    level: str
    published_on: date
    withdrawn_on: date | None = None
    bearing: float = 0.0


def zones_around_sites(sites: Sequence[Site], random: Random) -> list[RiskZone]:
    """Zones around every fourth site; two of the first survey were withdrawn by the second."""
    zones = []
    surveyed = [site for site in sites if site.town.short not in UNSURVEYED and not site.cancelled]
    for turn, site in enumerate(surveyed[1::4]):
        size = random.uniform(260, 620), random.uniform(200, 420)
        level = random.choice(RISEN[site.risk])
        withdrawn = SURVEYS[1] if turn in (8, 21) else None
        published = SURVEYS[0] if withdrawn else random.choice(SURVEYS)
        shape = slope_outline(site.place, *size, random)
        zones.append(RiskZone(site.town, shape, level, published, withdrawn))
    return zones


def case_zones(towns: Sequence[Town], grounds: Sequence[Ground], random: Random) -> list[RiskZone]:
    """A zone for each of these towns, away from all sites, with levels high, medium and low."""
    zones = []
    for town, level in zip(towns, ("high", "medium", "low"), strict=True):
        bearing = random.uniform(0, 90)
        # room on all sides for the reserves of the cases
        room = put_down(
            growth_area(town),
            grounds,
            lambda place, bearing=bearing: rectangle(place, bearing, 1100, 1100),
            random,
        )
        centre = Place(room.centroid.x, room.centroid.y)
        shape = rectangle(centre, bearing, *CASE_SIZE_M, decimals=7)
        zones.append(RiskZone(town, shape, level, SURVEYS[0], bearing=bearing))
    return zones


def risk_zone_rows(zones: Iterable[RiskZone]) -> Iterator[Row]:
    """Zones as the collection `risk_zones` holds them."""
    for number, zone in enumerate(zones, start=1):
        yield {
            "geometry": zone.shape,
            "zone_no": f"SYN-FXQ-{number:03d}",
            "name": f"示例·{zone.town.name}风险区{number:03d}（合成）",
            "risk_level": zone.level,
            "method": "示例：1:10000 风险调查（合成）",
            "scale_denominator": 10_000,
            "town_code": zone.town.code,
            "published_on": zone.published_on,
            "withdrawn_on": zone.withdrawn_on,
            "document_no": f"示例险〔{zone.published_on.year}〕1号（合成）",
        }
