"""Facilities around the centres of towns."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from generator.files import Row
from generator.ground import Geometry, Place, rectangle
from generator.published import SITES_BY_TOWN
from generator.towns import Town


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


def numbered(facilities: Sequence[Facility]) -> Iterator[tuple[int, Facility]]:
    """Facilities by town, each with its number among those of its town and kind."""
    counts: Counter[tuple[str, str]] = Counter()
    for facility in sorted(facilities, key=lambda f: f.town.code):
        counts[facility.town.code, facility.kind] += 1
        yield counts[facility.town.code, facility.kind], facility


def facility_number(facility: Facility, number: int) -> str:
    """The business number of a facility."""
    return f"SYN-{facility.town.code}-{KINDS[facility.kind].short}{number:02d}"


def facility_rows(facilities: Sequence[Facility], random: Random) -> Iterable[Row]:
    """Facilities as the collection `facilities` holds them."""
    for number, facility in numbered(facilities):
        kind, town = KINDS[facility.kind], facility.town
        least, most, step = kind.capacity
        yield {
            "geometry": facility.place.point,
            "facility_no": facility_number(facility, number),
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
