"""Write the synthetic demonstration registers of Dongguan beside this script.

    python generate.py [--out DIRECTORY]

Official and open: names and codes of towns and villages, GeoNames points (see `inputs/`).
Everything else is invented: areas of towns are schematic, hazard sites, assessments, facilities
and projects are SYNTHETIC and say so in their names. Only totals follow published figures, so that
the demonstration has realistic proportions. The same script writes the same bytes every time.
"""

import argparse
import csv
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import shapely
from shapely.affinity import scale as stretch
from shapely.geometry import MultiPoint, MultiPolygon, Point, Polygon, box, mapping

HERE = Path(__file__).parent
SEED = 20210625
AS_OF = date(2021, 6, 25)  # the day on which 114 sites were registered and 95.80 M yuan secured
CITY = "441900"
FUNDS_FEN = 9_580_000_000  # 9580 万元
SYNTHETIC = "SYNTHETIC 合成数据: no feature is real. See README.md"
SCHEMATIC = "Official codes and names, schematic areas 示意范围. See README.md"
FUNDS_STEP_FEN = 10_000  # 0.01 万元, the step in which projects are funded

Geometry = Any  # shapely is not typed
Row = dict[str, object]

# --------------------------------------------------------------------------------------------------
# What the registers add up to
# --------------------------------------------------------------------------------------------------

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
TWIN_TOWNS = ("虎门", "凤岗", "大岭山", "清溪")  # two sites side by side, treated by one project

TYPE_NAMES = {"00": "不稳定斜坡", "01": "滑坡", "02": "崩塌"}
PROJECTS_BY_STAGE = {
    "measure_set": 22, "design": 31, "in_works": 37, "completed": 13, "accepted": 7,
}  # fmt: skip
STAGES = tuple(PROJECTS_BY_STAGE)


def largest_remainder(total: int, weights: Sequence[float]) -> list[int]:
    """Whole shares of `total` in proportion to the weights; they add up to it exactly."""
    quotas = [total * weight / sum(weights) for weight in weights]
    shares = [math.floor(quota) for quota in quotas]
    order = sorted(range(len(quotas)), key=lambda i: (shares[i] - quotas[i], i))
    for i in order[: total - sum(shares)]:
        shares[i] += 1
    return shares


def scaled(published: Mapping[str, int]) -> dict[str, int]:
    """Published counts of 115 sites, brought to the 114 of June 2021."""
    return dict(
        zip(published, largest_remainder(HIDDEN_DANGERS, [*published.values()]), strict=True)
    )


def shuffled(counts: Mapping[str, int], random: Random) -> list[str]:
    """Each key as often as its count says, in random order."""
    keys = list(chain.from_iterable([key] * count for key, count in counts.items()))
    random.shuffle(keys)
    return keys


# --------------------------------------------------------------------------------------------------
# Places
# --------------------------------------------------------------------------------------------------

AXIS_M = 6_378_137.0  # GRS 80, the ellipsoid of CGCS2000
ECCENTRICITY2 = 0.006694380022900788


def metres_per_degree(latitude: float) -> tuple[float, float]:
    """The length of one degree of longitude and of latitude on the ellipsoid."""
    phi = math.radians(latitude)
    w2 = 1 - ECCENTRICITY2 * math.sin(phi) ** 2
    east = AXIS_M / math.sqrt(w2) * math.cos(phi)
    north = AXIS_M * (1 - ECCENTRICITY2) / w2**1.5
    return math.radians(east), math.radians(north)


@dataclass(frozen=True)
class Place:
    """A position in degrees, rounded to 6 decimals (0.1 m) as the files hold it."""

    longitude: float
    latitude: float

    def moved(self, bearing: float, metres: float) -> "Place":
        """The place so many metres away, bearing in degrees from north; good to 1 mm in 1 km."""
        angle = math.radians(bearing)
        latitude = self.latitude
        for _ in range(2):  # the second time with the scale of the middle latitude
            east, north = metres_per_degree((self.latitude + latitude) / 2)
            latitude = self.latitude + metres * math.cos(angle) / north
        return Place(round(self.longitude + metres * math.sin(angle) / east, 6), round(latitude, 6))

    def distance(self, other: "Place") -> float:
        """Metres on the ellipsoid, by the scale of the middle latitude."""
        east, north = metres_per_degree((self.latitude + other.latitude) / 2)
        return math.hypot(
            (self.longitude - other.longitude) * east, (self.latitude - other.latitude) * north
        )

    def bearing(self, other: "Place") -> float:
        """The direction to another place, in degrees from north."""
        east, north = metres_per_degree((self.latitude + other.latitude) / 2)
        return math.degrees(
            math.atan2(
                (other.longitude - self.longitude) * east, (other.latitude - self.latitude) * north
            )
        )

    @property
    def point(self) -> Geometry:
        """The place as a geometry."""
        return Point(self.longitude, self.latitude)


def area(places: Iterable[Place]) -> Geometry:
    """The polygon with these corners, as the multipolygon that the collections hold."""
    polygon = shapely.orient_polygons(Polygon([(p.longitude, p.latitude) for p in places]))
    return MultiPolygon([polygon])


def rectangle(centre: Place, bearing: float, length: float, width: float) -> Geometry:
    """A rectangle whose length lies along the bearing."""
    half_diagonal = math.hypot(length, width) / 2
    turn = math.degrees(math.atan2(width, length))
    corners = (turn, 180 - turn, 180 + turn, -turn)
    return area(centre.moved(bearing + corner, half_diagonal) for corner in corners)


def slope_outline(centre: Place, length: float, width: float, random: Random) -> Geometry:
    """An irregular eight-sided area around a slope."""
    turn = random.uniform(0, 180)
    corners = []
    for step in range(8):
        angle = math.radians(45 * step)
        x = length / 2 * math.cos(angle) * random.uniform(0.75, 1.15)
        y = width / 2 * math.sin(angle) * random.uniform(0.75, 1.15)
        corners.append(centre.moved(turn + math.degrees(math.atan2(y, x)), math.hypot(x, y)))
    return area(reversed(corners))


# --------------------------------------------------------------------------------------------------
# Towns and villages
# --------------------------------------------------------------------------------------------------

HAND_PLACED = {"441900118": Place(113.84, 22.9)}
"""大岭山 has no open point: a place in the gap between its neighbours, to two decimals."""

SOUTH_NORTH_SQUEEZE = math.cos(math.radians(22.9))  # makes degrees of longitude as long as others
CITY_BOX = box(113.52, 22.65, 114.25, 23.15)  # published extreme longitudes and latitudes


@dataclass(frozen=True)
class Town:
    """A unit of the town level; without `seed` and `area` where no open point is known."""

    code: str
    name: str
    name_en: str
    kind: str
    seed: Place | None
    area: Geometry | None
    villages: tuple[str, ...]

    @property
    def short(self) -> str:
        """The name without 街道 or 镇."""
        return self.name.removesuffix("街道").removesuffix("镇")

    @property
    def short_en(self) -> str:
        """The English name without the kind."""
        return self.name_en.removesuffix(" Subdistrict").removesuffix(" Town")

    def holds(self, place: Place, margin_m: float = 0) -> bool:
        """Whether a place lies inside the schematic area, that far from its border."""
        if self.area is None or not self.area.contains(place.point):
            return False
        return bool(self.area.boundary.distance(place.point) * 100_000 >= margin_m)


def read_input(name: str) -> list[dict[str, str]]:
    """The rows of an input file."""
    with (HERE / "inputs" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def open_points() -> tuple[dict[str, Place], list[Place]]:
    """The points of the towns by code, and those of places beyond the border."""
    towns, neighbours = dict(HAND_PLACED), []
    for row in read_input("geonames_points.csv"):
        place = Place(float(row["longitude"]), float(row["latitude"]))
        if row["role"] == "town":
            towns[row["town_code"]] = place
        elif row["role"] == "neighbour":
            neighbours.append(place)
    return towns, neighbours


def schematic_areas(seeds: Mapping[str, Place], neighbours: Sequence[Place]) -> dict[str, Geometry]:
    """Voronoi cells of the points, clipped to a buffered hull; cells of neighbours are left out."""

    def to_plane(geometry: Geometry) -> Geometry:
        return stretch(geometry, SOUTH_NORTH_SQUEEZE, 1, origin=(0, 0))

    points = {code: to_plane(place.point) for code, place in seeds.items()}
    hull = MultiPoint([*points.values()]).convex_hull.buffer(0.033, quad_segs=4)
    outline = hull.intersection(to_plane(CITY_BOX))
    everyone = MultiPoint([*points.values(), *(to_plane(place.point) for place in neighbours)])
    cells = shapely.voronoi_polygons(everyone, extend_to=outline).geoms
    areas = {}
    for code, point in points.items():
        cell = next(cell for cell in cells if cell.contains(point)).intersection(outline)
        degrees = stretch(cell, 1 / SOUTH_NORTH_SQUEEZE, 1, origin=(0, 0))
        rounded = shapely.normalize(shapely.set_precision(degrees, 1e-6))
        areas[code] = MultiPolygon([shapely.orient_polygons(rounded)])
    return areas


def read_towns() -> list[Town]:
    """The 36 units of the town level with their points, schematic areas and villages."""
    seeds, neighbours = open_points()
    areas = schematic_areas(seeds, neighbours)
    villages = read_input("villages.csv")
    return [
        Town(
            code=row["code"],
            name=row["name"],
            name_en=row["name_en"],
            kind=row["kind"],
            seed=seeds.get(row["code"]),
            area=areas.get(row["code"]),
            villages=tuple(v["code"] for v in villages if v["town_code"] == row["code"]),
        )
        for row in read_input("towns.csv")
    ]


def village_kind(name: str) -> str:
    """The kind of a village-level unit, which its official name tells."""
    if "虚拟社区" in name:
        return "virtual_community"
    if name.endswith("村民委员会"):
        return "village"
    return "living_area" if name.endswith("生活区") else "community"


def town_row(town: Town) -> Row:
    """A town as the collection `towns` holds it."""
    accuracy = None if town.area is None else 5000 if town.code in HAND_PLACED else 3000
    return {
        "geometry": town.area,
        "code": town.code,
        "name": town.name,
        "name_en": town.name_en,
        "kind": town.kind,
        "parent_code": CITY,
        "boundary_accuracy_m": accuracy,
        "valid_from": None,
        "valid_to": None,
        "replaced_by": None,
    }


def village_row(row: Mapping[str, str]) -> Row:
    """A village as the collection `villages` holds it."""
    return {
        "code": row["code"],
        "name": row["name"],
        "kind": village_kind(row["name"]),
        "town_code": row["town_code"],
        "valid_from": None,
        "valid_to": None,
        "replaced_by": None,
    }


# --------------------------------------------------------------------------------------------------
# Facilities
# --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FacilityKind:
    """How facilities of a kind are numbered, named, sized and dated."""

    short: str
    name: str
    name_en: str
    capacity: tuple[int, int, int]  # least, most, step
    public_share: float


KINDS = {
    "kindergarten": FacilityKind("KG", "幼儿园", "Kindergarten", (180, 420, 30), 0.4),
    "primary_school": FacilityKind("PS", "小学", "Primary School", (900, 2160, 45), 0.8),
    "junior_school": FacilityKind("JS", "初级中学", "Junior School", (900, 2400, 50), 0.8),
    "nine_year_school": FacilityKind("NY", "九年制学校", "Nine-Year School", (1350, 3600, 45), 0.4),
    "senior_school": FacilityKind("SS", "高级中学", "Senior School", (1500, 3000, 50), 0.8),
    "vocational_school": FacilityKind("VS", "职业学校", "Vocational School", (1200, 3000, 50), 0.7),
    "hospital": FacilityKind("HO", "医院", "Hospital", (120, 800, 20), 0.7),
    "primary_care": FacilityKind("PC", "社区卫生服务中心", "Health Centre", (0, 30, 5), 1),
    "elderly_care": FacilityKind("EC", "养老院", "Care Home", (40, 300, 10), 0.5),
    "bus_station": FacilityKind("BS", "公交枢纽站", "Bus Station", (10, 60, 5), 1),
    "station": FacilityKind("ST", "客运站", "Coach Station", (10, 40, 5), 1),
    "shelter": FacilityKind("SH", "应急避险场所", "Emergency Shelter", (200, 3000, 100), 1),
}
DIGITS = "零一二三四五六七八九"
SCHOOLS = ("kindergarten", "primary_school", "junior_school", "nine_year_school", "senior_school")


@dataclass
class Facility:
    """A facility before it is numbered; `campus` is its ground if that was surveyed."""

    town: Town
    kind: str
    place: Place
    status: str = "operating"
    campus: Geometry | None = None
    entrance: Place | None = None
    accuracy_m: float | None = 5.0
    opened_on: date | None = None
    closed_on: date | None = None


def in_chinese(number: int) -> str:
    """A number below 100 in Chinese numerals."""
    tens, ones = divmod(number, 10)
    if tens == 0:
        return DIGITS[ones]
    return ("" if tens == 1 else DIGITS[tens]) + "十" + (DIGITS[ones] if ones else "")


def kinds_of_town(index: int, has_sites: bool) -> list[tuple[str, str]]:
    """Kind and status of the facilities that a town has in its centre."""
    upper = ("senior_school", "nine_year_school") if index % 3 else ("senior_school",)
    transport = ("bus_station", "station") if index % 2 else ("bus_station",)
    kinds = ["kindergarten", "kindergarten", "primary_school", "primary_school", "junior_school"]
    kinds += [*upper, "hospital", "primary_care", "elderly_care", *transport]
    kinds += ["shelter"] if has_sites else []
    kinds += ["vocational_school"] if index % 8 == 3 else []
    extra = {1: ("primary_school", "planned"), 2: ("kindergarten", "closed")}.get(index % 4)
    if index % 7 == 5:
        extra = ("hospital", "under_construction")
    return [(kind, "operating") for kind in kinds] + ([extra] if extra else [])


def campus_of(kind: str, centre: Place, bearing: float, random: Random) -> tuple[Geometry, float]:
    """Grounds around a centre and their depth along the bearing."""
    depth = random.uniform(40, 70) if kind == "kindergarten" else random.uniform(90, 180)
    return rectangle(centre, bearing, depth, depth * random.uniform(0.7, 1.4)), depth


def date_facility(facility: Facility, random: Random) -> None:
    """Give opening and closing dates that agree with the status."""
    if facility.status in ("planned", "under_construction"):
        return
    if random.random() < 0.85:
        facility.opened_on = date(random.randint(1985, 2019), 9, 1)
    if facility.status == "closed":
        facility.closed_on = date(random.choice((2017, 2018, 2019, 2020)), 8, 31)


def town_facilities(town: Town, index: int, random: Random) -> list[Facility]:
    """Facilities around the centre of a town, some with surveyed grounds and an entrance."""
    assert town.seed is not None
    made: list[Facility] = []
    for kind, status in kinds_of_town(index, town.short in SITES_BY_TOWN):
        place = town.seed
        while not town.holds(place, 150) or any(place.distance(f.place) < 180 for f in made):
            place = town.seed.moved(random.uniform(0, 360), random.uniform(100, 2200))
        facility = Facility(town, kind, place, status)
        if kind in (*SCHOOLS, "hospital") and status == "operating" and random.random() < 0.35:
            bearing = random.uniform(0, 360)
            facility.campus, depth = campus_of(kind, place, bearing, random)
            facility.entrance = place.moved(bearing, depth / 2)
            facility.accuracy_m = 1.0
        elif random.random() < 0.15:
            facility.accuracy_m = random.choice((30.0, None))
        date_facility(facility, random)
        made.append(facility)
    return made


def facility_rows(facilities: Sequence[Facility], random: Random) -> Iterable[Row]:
    """Facilities as the collection `facilities` holds them, numbered by town and kind."""
    counts: Counter[tuple[str, str]] = Counter()
    for facility in sorted(facilities, key=lambda f: f.town.code):
        kind, town = KINDS[facility.kind], facility.town
        counts[town.code, facility.kind] += 1
        number = counts[town.code, facility.kind]
        least, most, step = kind.capacity
        yield {
            "geometry": facility.place.point,
            "facility_no": f"SYN-{town.code}-{kind.short}{number:02d}",
            "name": f"示例·{town.short}第{in_chinese(number)}{kind.name}（合成）",
            "name_en": f"{town.short_en} No. {number} {kind.name_en} (synthetic)",
            "kind": facility.kind,
            "is_public": random.random() < kind.public_share,
            "capacity": random.randrange(least, most + 1, step) or None,
            "status": facility.status,
            "opened_on": facility.opened_on,
            "closed_on": facility.closed_on,
            "town_code": town.code,
            "address": f"{town.name}示例路{random.randint(1, 299)}号（合成）",
            "location_accuracy_m": facility.accuracy_m,
            "entrance": facility.entrance.point if facility.entrance else None,
            "campus": facility.campus,
        }


# --------------------------------------------------------------------------------------------------
# Hazard sites
# --------------------------------------------------------------------------------------------------

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


@dataclass
class Site:
    """A hazard site; `index` counts the sites of its register in its town from 0."""

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


def widened(footprint: Geometry, reach_m: float) -> Geometry:
    """The area within so many metres of another, as a convex outline of its moved corners."""
    corners = [Place(*corner) for corner in footprint.geoms[0].exterior.coords]
    moved = MultiPoint(
        [corner.moved(45 * step, reach_m).point for corner in corners for step in range(8)]
    )
    return MultiPolygon([shapely.orient_polygons(shapely.normalize(moved.convex_hull))])


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
    """A site as the collection `hazard_sites` holds it."""
    risk_point = site.register == "risk_point"
    return {
        "geometry": site.place.point,
        "site_no": site.number,
        "site_no_scheme": "national_12",
        "field_no": f"SYN-{site.number[-6:]}" if random.random() < 0.6 else None,
        "name": f"{site.label}（合成）",
        "register_kind": site.register,
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
        "registered_on": site.registered_on,
        "cancelled_on": site.cancelled_on,
        "merged_into": None,
    }


# --------------------------------------------------------------------------------------------------
# Schools beside sites
# --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Beside:
    """A school so many metres from the point of a site; of a campus, its nearest edge counts."""

    kind: str
    metres: float
    status: str = "operating"
    campus: bool = False
    turn: float = 0  # from the direction of the scene's first school
    accuracy_m: float | None = 5.0


@dataclass(frozen=True)
class Scene:
    """A case worth showing at the n-th registered site of a town."""

    town: str
    index: int
    schools: tuple[Beside, ...]
    method: str = "gnss"
    accuracy_m: float | None = 2.0
    footprint: tuple[float, float] | None = None  # length towards the school, width


SCENES = (
    # the site's point is 520 m away, the edge of its footprint 470 m
    Scene("虎门", 0, (Beside("primary_school", 520),), footprint=(100, 40)),
    # position good to 30 m, grounds to 1 m: certain, possible, possible, no match
    Scene("凤岗", 0, (
        Beside("kindergarten", 460, campus=True, accuracy_m=1),
        Beside("primary_school", 480, campus=True, turn=85, accuracy_m=1),
        Beside("junior_school", 525, campus=True, turn=170, accuracy_m=1),
        Beside("nine_year_school", 532, campus=True, turn=255, accuracy_m=1),
    ), "map", 30),
    # a planned school and one under construction, which the default leaves out
    Scene("长安", 0, (
        Beside("primary_school", 220, "planned"),
        Beside("kindergarten", 310, "under_construction", turn=120),
    )),
    # a closed school
    Scene("大岭山", 0, (Beside("primary_school", 180, "closed"),)),
    # two schools at one site
    Scene("东城", 0, (
        Beside("primary_school", 210, campus=True, accuracy_m=1),
        Beside("kindergarten", 340, turn=140),
    )),
    # a position good to 300 m: possible only
    Scene("清溪", 0, (Beside("kindergarten", 640),), "village_centre", 300),
    # 450 m away, but nobody knows how good the site's position is
    Scene("樟木头", 0, (Beside("nine_year_school", 450),), "unknown", None),
    # grounds that reach to the foot of the slope
    Scene("厚街", 0, (Beside("nine_year_school", 26, campus=True, accuracy_m=1),), "gnss", 1,
          (44, 60)),
)  # fmt: skip
BORDER = ("虎门", 1, "长安")  # site just inside the first town, school just inside the other
EXACT = ("虎门", 2)  # within 500 m on the ellipsoid, beyond 500 m on the plane of EPSG:4547
SCENE_SITES = {(scene.town, scene.index) for scene in SCENES} | {BORDER[:2], EXACT}
ORDINARY_KINDS = (
    "kindergarten", "primary_school", "kindergarten", "primary_school", "junior_school",
    "nine_year_school", "kindergarten", "senior_school",
)  # fmt: skip


def school_beside(site: Site, beside: Beside, bearing: float, random: Random) -> Facility:
    """The school of a scene in one direction from a site."""
    place, campus, entrance = site.place.moved(bearing, beside.metres), None, None
    if beside.campus:
        _, depth = campus_of(beside.kind, place, bearing, random)
        entrance = place
        place = site.place.moved(bearing, beside.metres + depth / 2)
        campus = rectangle(place, bearing, depth, depth * 1.1)
    return Facility(
        site.town, beside.kind, place, beside.status, campus, entrance, beside.accuracy_m
    )


def add_schools(
    site: Site, schools: Sequence[Beside], facilities: list[Facility], random: Random
) -> float:
    """Put schools beside a site in a direction where all fit into its town; give that direction."""
    for _ in range(2000):
        bearing = random.uniform(0, 360)
        made = [school_beside(site, b, bearing + b.turn, random) for b in schools]
        if all(
            site.town.holds(school.place, 100)
            and all(school.place.distance(f.place) > 150 for f in facilities)
            for school in made
        ):
            break
    else:
        raise RuntimeError(f"no room for a school beside {site.label}")
    for school, beside in zip(made, schools, strict=True):
        date_facility(school, random)
        if beside.status == "operating":
            site.school_m = min(beside.metres, site.school_m or beside.metres)
    facilities += made
    return bearing


def play_scene(scene: Scene, site: Site, facilities: list[Facility], random: Random) -> None:
    """Make one site the case that a scene describes."""
    site.method, site.accuracy_m = scene.method, scene.accuracy_m
    site.footprint = site.influence_zone = None
    site.influence_basis = "none"
    bearing = add_schools(site, scene.schools, facilities, random)
    if scene.footprint:
        length, width = scene.footprint
        site.footprint = rectangle(site.place, bearing, length, width)
        site.length_m, site.width_m = length, width
        site.height_m, site.angle_deg = 24.0, 55
        site.volume_m3 = length * width * 2


def play_border(
    sites: Mapping[tuple[str, int], Site], other: Town, facilities: list[Facility], random: Random
) -> None:
    """A site 130 m inside one town and a school 200 m inside its neighbour."""
    site = sites[BORDER[:2]]
    assert site.town.seed is not None
    assert other.seed is not None
    shared = site.town.area.intersection(other.area)  # type: ignore[union-attr]
    middle = shared.interpolate(0.5, normalized=True)
    border = Place(round(middle.x, 6), round(middle.y, 6))
    bearing = site.town.seed.bearing(other.seed)
    site.place, site.method, site.accuracy_m = border.moved(bearing + 180, 130), "gnss", 2.0
    site.footprint = site.influence_zone = None
    site.influence_basis = "none"
    school = Facility(other, "primary_school", border.moved(bearing, 200))
    date_facility(school, random)
    site.school_m = 330
    facilities.append(school)


def play_exact(site: Site, facilities: list[Facility], random: Random) -> None:
    """A school less than 5 mm nearer than 500 m, as coordinates of 6 decimals allow."""
    site.method, site.accuracy_m = "gnss", 1.0
    site.footprint = site.influence_zone = None
    site.influence_basis = "none"
    steps = (site.place.moved(step / 100, 499.997) for step in range(36_000))
    place = next(
        place
        for place in steps
        if 499.9955 < site.place.distance(place) < 499.9995
        and all(place.distance(f.place) > 150 for f in facilities)
        and site.town.holds(place, 100)
    )
    school = Facility(site.town, "junior_school", place, accuracy_m=1.0)
    date_facility(school, random)
    facilities.append(school)


def add_near_schools(
    sites: Sequence[Site], towns: Mapping[str, Town], facilities: list[Facility], random: Random
) -> None:
    """The scenes, then ordinary schools near some sites of each register."""
    active = {(site.town.short, site.index): site for site in sites if site.active}
    play_border(active, towns[BORDER[2]], facilities, random)
    for scene in SCENES:
        play_scene(scene, active[scene.town, scene.index], facilities, random)
    play_exact(active[EXACT], facilities, random)
    ordinary = [site for key, site in active.items() if key not in SCENE_SITES]
    others = [site for site in sites if not site.active]
    for turn, site in enumerate([*ordinary[2::4], *others[1::6]]):
        kind = ORDINARY_KINDS[turn % len(ORDINARY_KINDS)]
        grounds = random.random() < 0.4
        metres = round(random.uniform(70, 480))
        schools = [Beside(kind, metres, campus=grounds, accuracy_m=1 if grounds else 5)]
        if turn % 7 == 3:
            schools.append(Beside("kindergarten", round(random.uniform(150, 450)), turn=150))
        add_schools(site, schools, facilities, random)


# --------------------------------------------------------------------------------------------------
# Assessments
# --------------------------------------------------------------------------------------------------

ASSESSORS = ("示例地质勘查院甲（合成）", "示例地质勘查院乙（合成）", "示例地质环境监测站（合成）")
RICHEST_WAN = 52_000  # one site reaches 5 M yuan, so its computed grade is C; in 0.01 万元


@dataclass(frozen=True)
class Figures:
    """What is threatened at a site; assets in 0.01 万元, None where nobody assessed them."""

    people: int
    assets: int | None


def share_figures(
    sites: Sequence[Site], people: int, assets_wan: float, random: Random
) -> list[Figures]:
    """Share totals out so that few sites hold much; two sites lack a figure for assets."""
    weights = [
        random.expovariate(1) + {"high": 4.0, "medium": 1.2, "low": 0.15}[site.risk]
        for site in sites
    ]
    heads = largest_remainder(people, weights)
    total = round(assets_wan * 100)
    worth = [w * random.uniform(0.5, 1.5) for w in weights]
    rich = max(range(len(sites)), key=lambda i: worth[i])
    unknown = sorted(range(len(sites)), key=lambda i: worth[i])[3:5]
    for i in (rich, *unknown):
        worth[i] = 0.0
    assets = largest_remainder(total - RICHEST_WAN, worth)
    assets[rich] = RICHEST_WAN
    return [Figures(heads[i], None if i in unknown else assets[i]) for i in range(len(sites))]


def site_figures(sites: Sequence[Site], random: Random) -> dict[str, Figures]:
    """The current figures of all sites; those of each register add up to its total."""
    hidden = [site for site in sites if site.active]
    risk = [site for site in sites if site.register == "risk_point"]
    cancelled = [site for site in sites if site.cancelled]
    ratio = HIDDEN_DANGERS / PUBLISHED_SITES
    people, assets = round(PUBLISHED_PEOPLE * ratio), round(PUBLISHED_ASSETS_WAN * ratio, 2)
    figures = [
        *zip(hidden, share_figures(hidden, people, assets, random), strict=True),
        *zip(
            risk, share_figures(risk, RISK_POINT_PEOPLE, RISK_POINT_ASSETS_WAN, random), strict=True
        ),
        *((site, Figures(random.randint(2, 12), random.randint(500, 6000))) for site in cancelled),
    ]
    return {site.number: figure for site, figure in figures}


def threat_objects(site: Site, random: Random) -> list[str]:
    """Declared objects. Most sites close to a school say so, some do not, a few say it wrongly."""
    objects = [random.choice("AAB")]
    if random.random() < 0.3:
        objects.append("F")
    close = site.school_m is not None and site.school_m <= 250
    if (close and random.random() < 0.6) or (site.school_m is None and random.random() < 0.03):
        objects.append("C")
    return sorted(objects)


def declared_grade(site: Site, figures: Figures) -> str:
    """Small, as the figures say, except where a declaration is out of date."""
    if figures.assets == RICHEST_WAN:
        return "D"  # computed: medium
    return "C" if site.active and (site.town.short, site.index) == ("谢岗", 0) else "D"


def size_grade(site: Site) -> str | None:
    """The grade of physical size by volume, for collapses and landslides (DZ/T 0261-2014)."""
    least_medium = {"02": 10_000, "01": 100_000}.get(site.type_code)
    if site.volume_m3 is None or least_medium is None:
        return None
    return "medium" if site.volume_m3 >= least_medium else "small"


def assessment_row(site: Site, day: date, inspection: str, figures: Figures, random: Random) -> Row:
    """One assessment as the collection `hazard_assessments` holds it."""
    households = math.ceil(figures.people / 4)
    stability = (
        ("less_stable", "fairly_stable") if site.risk == "low" else ("unstable", "less_stable")
    )
    return {
        "hazard_site": site.number,
        "assessed_on": day,
        "inspection": inspection,
        "threatened_people": figures.people,
        "threatened_households": households if random.random() < 0.95 else None,
        "threatened_buildings": max(households - random.randint(0, 1), 0),
        "threatened_assets_wan": None if figures.assets is None else f"{figures.assets / 100:.2f}",
        "threat_objects": threat_objects(site, random),
        "threat_grade_declared": declared_grade(site, figures),
        "size_grade": size_grade(site),
        "risk_level": site.risk,
        "stability": random.choice(stability),
        "assessor": random.choice(ASSESSORS),
    }


def earlier(figures: Figures, random: Random) -> Figures:
    """Other figures for the same site, some time before."""
    assets = None if figures.assets is None else round(figures.assets * random.uniform(0.6, 1.4))
    return Figures(max(figures.people + random.choice((-3, -2, -1, 1, 2, 4, 6)), 0), assets)


def assessment_rows(sites: Sequence[Site], random: Random) -> Iterable[Row]:
    """The inspection before the flood season of 2021; of some sites an older assessment as well."""
    figures = site_figures(sites, random)
    for site in sites:
        if site.cancelled_on:
            day = date(site.cancelled_on.year - 1, 4, random.randint(6, 28))
            yield assessment_row(site, day, "before_flood_season", figures[site.number], random)
            continue
        if site.registered_on.year < 2020 and random.random() < 0.45:
            before = replace(site, risk="medium" if random.random() < 0.15 else site.risk)
            day, inspection = random.choice(
                (
                    (date(2020, 4, random.randint(7, 28)), "before_flood_season"),
                    (date(2020, 6, random.randint(8, 12)), "emergency"),
                    (date(2020, 10, random.randint(12, 30)), "after_flood_season"),
                )
            )
            older = earlier(figures[site.number], random)
            yield assessment_row(before, day, inspection, older, random)
        day = date(2021, 4, random.randint(12, 29))
        yield assessment_row(site, day, "before_flood_season", figures[site.number], random)


# --------------------------------------------------------------------------------------------------
# Remediation projects
# --------------------------------------------------------------------------------------------------

DESIGNERS = (
    "示例勘察设计单位甲（合成）",
    "示例勘察设计单位乙（合成）",
    "示例勘察设计单位丙（合成）",
)
CONTRACTORS = ("示例施工单位甲（合成）", "示例施工单位乙（合成）", "示例施工单位丙（合成）")
MEASURE_NAMES = {"C": "搬迁避让", "D": "治理工程", "E": "排危除险"}
STAGE_DAYS = {"design": (20, 55), "works": (25, 60), "completed": (35, 80), "accepted": (12, 35)}
DATED_STAGES = ("measure_set", *STAGE_DAYS)


@dataclass
class Project:
    """A project: its sites, measure and stage, and the dates planned and reached of its stages."""

    number: str
    sites: tuple[Site, ...]
    measure: str
    status: str
    reached: dict[str, date] = field(default_factory=dict)
    planned: dict[str, date] = field(default_factory=dict)
    funds_fen: int = 0


def group_sites(sites: Sequence[Site]) -> list[tuple[Site, ...]]:
    """The 114 sites in groups that one project treats: alone, or two side by side."""
    groups: list[tuple[Site, ...]] = []
    for site in sites:
        last = SITES_BY_TOWN[site.town.short] - 1
        if site.town.short in TWIN_TOWNS and site.index == last:
            groups[-1] = (*groups[-1], site)
        else:
            groups.append((site,))
    return groups


def schedule(project: Project, random: Random) -> None:
    """Dates reached up to the status, all before the day of the data, and dates planned."""
    stage = STAGES.index(project.status)
    day = AS_OF - timedelta(days=random.randint(1, 50 if stage < 3 else 35))
    for name in reversed(DATED_STAGES[: stage + 1]):
        project.reached[name] = day
        day -= timedelta(days=random.randint(*STAGE_DAYS.get(name, (0, 0))))
    if random.random() < 0.08:
        return  # a project without a plan of dates
    plan = project.reached["measure_set"]
    for name, (least, most) in STAGE_DAYS.items():
        lag = random.randint(least, most)
        if name in project.reached:
            plan = max(plan, project.reached[name] - timedelta(days=random.randint(-8, 20)))
        else:
            plan = min(plan + timedelta(days=lag), date(2021, 12, 31))
        project.planned[name] = plan


def fund(projects: Sequence[Project], random: Random) -> None:
    """Share the secured funds out to the last fen; nothing is left unallocated."""
    base = {"C": 1.3, "D": 1.0, "E": 0.35}
    weights = [base[p.measure] * len(p.sites) * random.uniform(0.4, 1.9) for p in projects]
    steps = largest_remainder(FUNDS_FEN // FUNDS_STEP_FEN, weights)
    for project, count in zip(projects, steps, strict=True):
        project.funds_fen = count * FUNDS_STEP_FEN


def all_projects(sites: Sequence[Site], random: Random) -> list[Project]:
    """One project for every registered hazard site or pair of them."""
    groups = group_sites([site for site in sites if site.active])
    measures = shuffled({"D": len(groups) - 22, "E": 14, "C": 8}, random)
    stages = shuffled(PROJECTS_BY_STAGE, random)
    projects = [
        Project(f"SYN-ZL-2021-{number:03d}", *parts)
        for number, parts in enumerate(zip(groups, measures, stages, strict=True), start=1)
    ]
    newest = next(p for p in projects if p.sites[0].registered_on == AS_OF)
    other = next(p for p in projects if p.status == "measure_set")
    newest.status, other.status = other.status, newest.status
    for project in projects:
        schedule(project, random)
    newest.reached = {"measure_set": AS_OF}  # not before the site was registered
    fund(projects, random)
    return projects


def project_row(project: Project, random: Random) -> Row:
    """A project as the collection `remediation_projects` holds it."""
    stage, built = STAGES.index(project.status), project.measure != "C"
    dates: Row = {}
    for name in STAGE_DAYS:
        dates[f"{name}_planned_on"] = project.planned.get(name)
        dates[f"{name}_on"] = project.reached.get(name)
    document = f"示例验〔2021〕{int(project.number[-3:])}号（合成）"
    several = f"等{len(project.sites)}处" if len(project.sites) > 1 else ""
    return {
        "project_no": project.number,
        "name": f"{project.sites[0].label}{several}{MEASURE_NAMES[project.measure]}（合成）",
        "hazard_sites": [site.number for site in project.sites],
        "measure": project.measure,
        "status": project.status,
        "funds_secured_fen": project.funds_fen,
        "designer": random.choice(DESIGNERS) if built and stage >= 1 else None,
        "contractor": random.choice(CONTRACTORS) if built and stage >= 2 else None,
        "measure_set_on": project.reached["measure_set"],
        **dates,
        "acceptance_document": document if project.status == "accepted" else None,
        "cancelled_on": None,
    }


# --------------------------------------------------------------------------------------------------
# Files
# --------------------------------------------------------------------------------------------------


def json_value(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    return mapping(value) if hasattr(value, "geom_type") else value


def csv_value(value: object) -> object:
    """A value as a CSV cell: lists with semicolons, nothing for null."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ";".join(map(str, value))
    return value.isoformat() if isinstance(value, date) else value


def write_geojson(path: Path, note: str, rows: Iterable[Row]) -> None:
    """A feature collection with one feature a line, and a note on what it is."""
    lines = []
    for row in rows:
        values = {name: json_value(value) for name, value in row.items()}
        feature = {"type": "Feature", "geometry": values.pop("geometry"), "properties": values}
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    about = {"type": "FeatureCollection", "name": path.stem, "description": note}
    head = json.dumps(about, ensure_ascii=False)
    text = head[:-1] + ', "features": [\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    """A CSV file in UTF-8 with a header."""
    table = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: csv_value(value) for name, value in row.items()} for row in table)


def generate(out: Path) -> None:
    """Write all files. Every part has its own stream of chance, so a change moves little else."""

    def chance(part: str) -> Random:
        return Random(f"{SEED} {part}")

    towns = read_towns()
    located = [town for town in towns if town.seed]
    by_name = {town.short: town for town in towns}
    facilities: list[Facility] = []
    for index, town in enumerate(located):
        facilities += town_facilities(town, index, chance(town.code))
    sites = all_sites(by_name, facilities, chance("sites"))
    describe_sites(sites, chance("descriptions"))
    add_near_schools(sites, by_name, facilities, chance("schools"))
    number_sites(sites)
    projects = all_projects(sites, chance("projects"))

    def rows(make: Callable[..., Row], items: Iterable[object], part: str) -> list[Row]:
        random = chance(part)
        return [make(item, random) for item in items]

    villages = map(village_row, read_input("villages.csv"))
    write_geojson(out / "towns.geojson", SCHEMATIC, map(town_row, towns))
    write_csv(out / "villages.csv", villages)
    write_geojson(out / "hazard_sites.geojson", SYNTHETIC, rows(site_row, sites, "site rows"))
    write_csv(out / "hazard_assessments.csv", assessment_rows(sites, chance("assessments")))
    buildings = facility_rows(facilities, chance("facility rows"))
    write_geojson(out / "facilities.geojson", SYNTHETIC, buildings)
    write_csv(out / "remediation_projects.csv", rows(project_row, projects, "project rows"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the synthetic demonstration registers.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder, by default the script's")
    generate(parser.parse_args().out)
