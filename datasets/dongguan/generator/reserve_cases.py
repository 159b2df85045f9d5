"""Reserves that show something on purpose; see README.md, “Cases put in on purpose”."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from random import Random

from generator.ground import Geometry, Ground, Place, area, joined, rectangle
from generator.planning import growth_area
from generator.register import Changes
from generator.reserves import Reserve, free_parcel, reserve
from generator.risk_zones import RiskZone
from generator.schools import SCENE_SITES
from generator.sites import Site
from generator.towns import Town

EMBEDDED_IN = ("东城", "南城", "万江", "莞城", "长安", "常平")


def edge(zone: RiskZone, index: int) -> tuple[Place, Place, Place, float]:
    """An edge of a rectangular zone: its ends, its middle, and the direction away from the zone."""
    ring = zone.shape.geoms[0].exterior.coords
    one, other = Place(*ring[index]), Place(*ring[index + 1])
    middle = Place((one.longitude + other.longitude) / 2, (one.latitude + other.latitude) / 2)
    centre = Place(zone.shape.centroid.x, zone.shape.centroid.y)
    return one, other, middle, centre.bearing(middle)


def across(zone: RiskZone, index: int, share: float) -> Geometry:
    """A parcel of which this share lies in the zone."""
    _, _, middle, away = edge(zone, index)
    return rectangle(middle.moved(away, 220 * (0.5 - share), 9), away, 220, 180, decimals=7)


def touching(zone: RiskZone, index: int) -> Geometry:
    """A parcel that shares a whole edge with the zone, and no area."""
    one, other, _, away = edge(zone, index)
    corners = [one, *(end.moved(away, 160, 7) for end in (one, other)), other]
    return area(corners)


def corner_in(zone: RiskZone, index: int, depth_m: float) -> Geometry:
    """A square parcel of which one corner reaches that deep into the zone."""
    _, _, middle, away = edge(zone, index)
    side = 170.0
    centre = middle.moved(away, side / math.sqrt(2) - depth_m, 9)
    return rectangle(centre, away + 45, side, side, decimals=7)


def beside_site(site: Site, metres: float, ground: Ground, others: Sequence[Site]) -> Geometry:
    """A parcel whose edge is that far from the point of a site, and far from all other sites."""
    for bearing in range(0, 360, 10):
        shape = rectangle(site.place.moved(bearing, metres + 100, 9), bearing, 200, 150, decimals=7)
        middle = Place(shape.centroid.x, shape.centroid.y)
        if (
            growth_area(site.town).contains(shape)
            and ground.is_free(shape, 20)
            and all(middle.distance(o.place) > 800 for o in others if o is not site)
        ):
            return shape
    raise RuntimeError(f"no room beside {site.label}")


class ReserveCases:
    """Makes the reserves that show something on purpose, in the order of their numbers."""

    def __init__(
        self, ground: Ground, hazards: Ground, towns: Mapping[str, Town], random: Random
    ) -> None:
        self.made: list[Reserve] = []
        self._ground = ground
        self._hazards = hazards
        self._towns = towns
        self._random = random

    def on_zones(self, high: RiskZone, medium: RiskZone, low: RiskZone) -> None:
        """On a zone, touching it, a sliver in it; supplied inside one; on one of low risk."""
        self._add(high.town, "education", across(high, 0, 0.35), "planned")
        self._add(high.town, "medical", touching(high, 1), "planned")
        self._add(high.town, "elderly_care", corner_in(high, 2, 0.8), "planned")
        self._add(medium.town, "education", across(medium, 2, 1.1), "supplied")
        self._add(low.town, "transport", across(low, 0, 0.5), "approved")

    def near_sites(self, sites: Sequence[Site], changes: Changes) -> None:
        """Near a site without footprint; on an influence zone; later than a cancellation."""
        plain = _site_where(sites, lambda s: not s.footprint and not s.influence_zone, self._towns)
        shape = beside_site(plain, 180, self._ground, sites)
        self._add(plain.town, "medical", shape, "planned")
        zoned = _site_where(sites, lambda s: s.influence_zone is not None, self._towns)
        shape = beside_site(zoned, 5, self._ground, sites)
        self._add(zoned.town, "education", shape, "approved")
        gone = changes.cancelled[3]
        shape = beside_site(gone, 60, self._ground, sites)
        late = self._add(gone.town, "elderly_care", shape, "planned")
        late.dates = {"intended": date(2022, 3, 1), "planned": date(2022, 7, 4)}

    def planned_twice(self) -> None:
        """Two reserves of which each covers half of the other."""
        town = self._towns["寮步"]
        first = self._free(town, 40_000)
        ring = first.geoms[0].exterior.coords
        one, other = Place(*ring[0]), Place(*ring[1])
        along, length = one.bearing(other), one.distance(other)
        middle = Place(first.centroid.x, first.centroid.y).moved(along, length / 2, 9)
        second = rectangle(middle, along, length, 40_000 / length, decimals=7)
        self._add(town, "education", first, "planned")
        self._add(town, "transport", second, "intended")

    def changed_use(self) -> None:
        """A reserve that was cancelled, and its successor on the same land."""
        town = self._towns["石排"]
        shape = self._free(town, 52_000)
        before = self._add(town, "transport", shape, "planned")
        before.status, before.counts = "cancelled", False
        before.dates = {
            "intended": date(2021, 5, 6), "planned": date(2021, 11, 2),
            "cancelled": date(2023, 5, 10),
        }  # fmt: skip
        after = self._add(town, "medical", shape, "planned")
        after.dates = {"intended": date(2023, 5, 10), "planned": date(2023, 9, 1)}

    def odd_ones(self) -> None:
        """Older than the base year; declared too large; in two parts."""
        town = self._towns["石碣"]
        old = self._add(town, "education", self._free(town, 46_000), "built")
        old.counts = False
        old.dates = {
            "intended": date(2018, 3, 5), "planned": date(2018, 9, 3), "approved": date(2019, 4, 8),
            "supplied": date(2019, 8, 1), "built": date(2020, 11, 20),
        }  # fmt: skip
        town = self._towns["桥头"]
        wrong = self._add(town, "education", self._free(town, 50_000), "approved")
        wrong.declared_m2 = round(wrong.declared_m2 * 1.08, 2)
        town = self._towns["大朗"]
        self._add(town, "education", _split_by_a_road(self._free(town, 60_000)), "approved")

    def embedded(self) -> None:
        """Facilities in housing, whose land is not theirs alone."""
        for index, name in enumerate(EMBEDDED_IN):
            kind = ("elderly_care", "medical", "education")[index % 3]
            shape = self._free(self._towns[name], 2400 + 300 * index)
            each = self._add(self._towns[name], kind, shape, "planned")
            each.is_embedded, each.counts, each.code = True, False, "0702"

    def _add(self, town: Town, kind: str, shape: Geometry, status: str) -> Reserve:
        self.made.append(reserve(town, kind, self._ground.take(shape), status, self._random))
        return self.made[-1]

    def _free(self, town: Town, square_metres: float) -> Geometry:
        return free_parcel(town, square_metres, (self._ground, self._hazards), self._random)


def _site_where(
    sites: Sequence[Site], fits: Callable[[Site], bool], towns: Mapping[str, Town]
) -> Site:
    """A hazard site on the register throughout, alone within 900 m and away from the border."""
    for site in sites:
        if (
            site.active
            and len(site.stays) == 1
            and site.stays[0].until is None
            and site.accuracy_m is not None
            and site.accuracy_m <= 30
            and fits(site)
            and (site.town.short, site.index) not in SCENE_SITES
            and site.school_m is None
            and growth_area(towns[site.town.short]).buffer(-0.004).contains(site.place.point)
            and all(site.place.distance(o.place) > 1200 for o in sites if o is not site)
        ):
            return site
    raise RuntimeError("no such site")


def _split_by_a_road(shape: Geometry) -> Geometry:
    """Two parts of a rectangle, 12 m apart."""
    ring = [Place(*corner) for corner in shape.geoms[0].exterior.coords]
    along = ring[0].bearing(ring[1])
    half = ring[0].distance(ring[1]) / 2 - 6
    start = [ring[0], ring[3]]
    end = [ring[1], ring[2]]
    return joined(
        area([start[0], start[0].moved(along, half, 7), start[1].moved(along, half, 7), start[1]]),
        area(
            [end[0].moved(along + 180, half, 7), end[0], end[1], end[1].moved(along + 180, half, 7)]
        ),
    )
