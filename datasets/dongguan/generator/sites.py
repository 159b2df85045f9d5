"""Hazard sites as the registers stood on 2021-06-25: 114 hazard sites, 37 risk points, 9 cancelled."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from generator.chance import shuffled
from generator.facilities import SCHOOLS, Facility
from generator.files import Row
from generator.ground import Geometry, Place, slope_outline, widened
from generator.published import (
    AS_OF,
    CANCELLED_BY_TOWN,
    PUBLISHED_RISKS,
    PUBLISHED_TYPES,
    RISK_POINT_RISKS,
    RISK_POINT_TYPES,
    RISK_POINTS_BY_TOWN,
    SITES_BY_TOWN,
    scaled,
)
from generator.towns import CITY, Town

TWIN_TOWNS = ("虎门", "凤岗", "大岭山", "清溪")  # two sites side by side, treated by one project

TYPE_NAMES = {"00": "不稳定斜坡", "01": "滑坡", "02": "崩塌"}


METHODS = {
    "gnss": (0.55, (1.0, 1.5, 2.0, 3.0, 5.0)),
    "map": (0.25, (30.0,)),
    "address": (0.05, (100.0,)),
    "village_centre": (0.09, (300.0,)),
    "unknown": (0.06, (None,)),
}
RENUMBERED = {("厚街", 1): "00", ("樟木头", 1): "01"}
"""Sites whose type changed after they were numbered: the number keeps the old type's digits."""

COLLIDING = ("塘厦", "3001")
"""The town whose first unstable slope is number 3001: 441900003001 is a village's code, too."""


@dataclass(frozen=True)
class Stay:
    """A stay in a register, until a day that no longer belongs to it, and what ended it."""

    register: str
    since: date
    until: date | None = None
    ended_by: str | None = None


@dataclass
class Site:
    """A hazard site as it stood on 2021-06-25; `index` counts those of its register in its town.

    `stays` are all its stays in registers, of which the last is the one that the site itself states.
    """

    town: Town
    index: int
    register: str
    cancelled: bool
    type_code: str
    risk: str
    place: Place
    method: str = "gnss"
    accuracy_m: float | None = 2.0
    number: str = ""
    label: str = ""
    footprint: Geometry | None = None
    influence_zone: Geometry | None = None
    influence_basis: str = "none"
    height_m: float | None = None
    angle_deg: float | None = None
    width_m: float | None = None
    length_m: float | None = None
    volume_m3: float | None = None
    discovered_on: date | None = None
    registered_on: date = date(2010, 1, 1)
    cancelled_on: date | None = None
    school_m: float | None = None  # to the nearest operating school that was put beside it
    stays: list[Stay] = field(default_factory=list)
    merged_into: "Site | None" = None

    @property
    def active(self) -> bool:
        """Whether it is one of the 114."""
        return self.register == "hidden_danger" and not self.cancelled


def hill_place(
    town: Town, facilities: Sequence[Facility], sites: Sequence[Site], random: Random
) -> Place:
    """A place in a town, away from its border, its facilities and other sites."""
    west, south, east, north = town.area.bounds if town.area is not None else (0, 0, 0, 0)
    for attempt in range(20_000):
        ease = 1 - attempt / 25_000  # small towns: accept less and less room
        place = Place(round(random.uniform(west, east), 6), round(random.uniform(south, north), 6))
        if (
            town.holds(place, 400 * ease)
            and all(place.distance(f.place) > 1000 * ease for f in facilities if f.kind in SCHOOLS)
            and all(place.distance(site.place) > 900 * ease for site in sites)
        ):
            return place
    raise RuntimeError(f"no room for a site in {town.name}")


@dataclass(frozen=True)
class Register:
    """How many sites each town has in a register, and their types and risk levels in all."""

    kind: str
    cancelled: bool
    by_town: Mapping[str, int]
    types: Mapping[str, int]
    risks: Mapping[str, int]


REGISTERS = (
    Register(
        "hidden_danger", False, SITES_BY_TOWN, scaled(PUBLISHED_TYPES), scaled(PUBLISHED_RISKS)
    ),
    Register("risk_point", False, RISK_POINTS_BY_TOWN, RISK_POINT_TYPES, RISK_POINT_RISKS),
    Register(
        "hidden_danger",
        True,
        CANCELLED_BY_TOWN,
        {"02": 6, "01": 1, "00": 2},
        {"medium": 3, "low": 6},
    ),
)


def all_sites(
    towns: Mapping[str, Town], facilities: Sequence[Facility], random: Random
) -> list[Site]:
    """The sites of both registers and the cancelled ones, placed but not yet described."""
    sites: list[Site] = []
    for register in REGISTERS:
        types, risks = shuffled(register.types, random), shuffled(register.risks, random)
        kind, cancelled = register.kind, register.cancelled
        for name, count in register.by_town.items():
            for index in range(count):
                place = hill_place(towns[name], facilities, sites, random)
                if register is REGISTERS[0] and name in TWIN_TOWNS and index == count - 1:
                    place = sites[-1].place.moved(random.uniform(0, 360), random.uniform(90, 160))
                sites.append(
                    Site(towns[name], index, kind, cancelled, types.pop(), risks.pop(), place)
                )
    return sites


def locate(site: Site, random: Random) -> None:
    """Say how the position was found, and how good it is."""
    shares = [share for share, _ in METHODS.values()]
    site.method = random.choices([*METHODS], shares)[0]
    site.accuracy_m = random.choice(METHODS[site.method][1])


def measure_slope(site: Site, random: Random) -> None:
    """Sizes for seven sites of ten; an outline and an influence zone for some surveyed ones."""
    if random.random() > 0.7:
        return
    site.height_m = round(random.uniform(5, 38), 1)
    site.angle_deg = round(random.uniform(32, 78))
    site.width_m = round(random.uniform(18, 110), 1)
    site.length_m = round(site.height_m / math.sin(math.radians(site.angle_deg)), 1)
    site.volume_m3 = round(site.width_m * site.length_m * random.uniform(1, 6), -1)
    if site.method not in ("gnss", "map") or random.random() > 0.6:
        return
    site.footprint = slope_outline(site.place, site.length_m * 1.4, site.width_m, random)
    if random.random() < 0.5:
        reach = min(2 * site.height_m, 50.0)  # rule: twice the slope's height, at most 50 m
        site.influence_basis = "rule" if random.random() < 0.7 else "survey"
        site.influence_zone = widened(site.footprint, reach)


def date_site(site: Site, random: Random) -> None:
    """Discovery, registration and, for cancelled sites, cancellation, in that order."""
    first, last = date(2006, 4, 1), date(2020, 3, 31)
    if site.cancelled:
        last = date(2013, 3, 1)
    discovered = first + timedelta(days=random.randint(0, (last - first).days))
    site.registered_on = discovered + timedelta(days=random.randint(20, 180))
    site.discovered_on = discovered if random.random() < 0.9 else None
    if site.cancelled:
        site.cancelled_on = date(2018, 3, 1) + timedelta(days=random.randint(0, 1150))


def number_sites(sites: Sequence[Site]) -> None:
    """Twelve digits: county level, type, sequence within the type; and a name with the town."""
    sequences: Counter[str] = Counter()
    labels: Counter[tuple[str, str, str]] = Counter()
    collided = False
    for site in sites:
        town, kind = site.town.short, TYPE_NAMES[site.type_code]
        digits = (
            RENUMBERED.get((town, site.index), site.type_code) if site.active else site.type_code
        )
        sequences[digits] += 1
        sequence = f"{sequences[digits]:04d}"
        if (town, digits) == (COLLIDING[0], "00") and not collided:
            collided, sequence = True, COLLIDING[1]
        site.number = CITY + digits + sequence
        labels[town, kind, site.register] += 1
        kind += "隐患点" if site.register == "hidden_danger" else "风险点"
        count = labels[town, TYPE_NAMES[site.type_code], site.register]
        site.label = f"示例·{site.town.name}{kind}{count:02d}"


def describe_sites(sites: Sequence[Site], random: Random) -> None:
    """Fill in how each site was located, its size and dates, and two dates on the boundary."""
    for site in sites:
        locate(site, random)
        measure_slope(site, random)
        date_site(site, random)
    newest = next(site for site in sites if site.active and site.town.short == "黄江")
    newest.discovered_on, newest.registered_on = date(2021, 4, 9), AS_OF
    latest = next(site for site in sites if site.cancelled and site.town.short == "厚街")
    latest.cancelled_on = AS_OF - timedelta(days=1)


def site_row(site: Site, random: Random) -> Row:
    """A site as the collection `hazard_sites` holds it: with its present stay in a register."""
    stay = site.stays[-1]
    risk_point = stay.register == "risk_point"
    return {
        "geometry": site.place.point,
        "site_no": site.number,
        "site_no_scheme": "national_12",
        "field_no": f"SYN-{site.number[-6:]}" if random.random() < 0.6 else None,
        "name": f"{site.label}（合成）",
        "register_kind": stay.register,
        "is_cut_slope_housing": random.random() < (0.7 if risk_point else 0.15),
        "type_set": "hazard_type_a",
        "type_code": site.type_code,
        "triggers": random.choice((["2", "3"], ["2", "3"], ["2", "3"], ["3"], ["2"])),
        "plan_level": "4" if site.risk == "low" else "3",
        "town_code": site.town.code,
        "village_code": random.choice(site.town.villages) if random.random() < 0.8 else None,
        "address": f"{site.town.name}示例地址（合成）",
        "location_accuracy_m": site.accuracy_m,
        "location_method": site.method,
        "footprint": site.footprint,
        "influence_zone": site.influence_zone,
        "influence_basis": site.influence_basis,
        "slope_height_m": site.height_m,
        "slope_angle_deg": site.angle_deg,
        "width_m": site.width_m,
        "length_m": site.length_m,
        "volume_m3": site.volume_m3,
        "discovered_on": site.discovered_on,
        "registered_on": stay.since,
        "cancelled_on": stay.until,
        "merged_into": site.merged_into.number if site.merged_into else None,
    }
