"""The 244 education projects of priority: which is published is their number, all else is invented."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from generator.facilities import SCHOOLS, Facility
from generator.files import Row
from generator.ground import Geometry, Ground, Place, measured_m2, put_down
from generator.planning import growth_area
from generator.reserves import Reserve
from generator.towns import Town

PROJECTS = 244
LISTED_ON = date(2021, 3, 1)
DOUBLE = 8  # reserves on which two projects stand
LACKING, LACKING_WITHOUT_PLACE = 34, 12

PER_SEAT_M2 = {"primary": 12.0, "junior": 15.0, "senior": 18.7}
"""Land for a seat in Dongguan from 2020; for kindergartens no figure is cited."""

STAGES = {
    "kindergarten": ("幼儿园", ("kindergarten",)),
    "primary": ("小学", ("primary",)),
    "junior": ("初中", ("junior",)),
    "nine_year": ("九年一贯制学校", ("primary", "junior")),
    "senior": ("高中", ("senior",)),
}
SHARES = (0.16, 0.36, 0.18, 0.2, 0.1)
BUILD_NAMES = {"new": "新建", "rebuilt": "改建", "extended": "扩建"}
BY_FACILITY = {
    "kindergarten": "kindergarten",
    "primary_school": "primary",
    "junior_school": "junior",
    "nine_year_school": "nine_year",
    "senior_school": "senior",
}
LAND_STATUS = {
    "intended": "reserved",
    "planned": "reserved",
    "approved": "approved",
    "supplied": "supplied",
    "built": "supplied",
}


@dataclass
class EducationProject:
    """A project on a reserve, at a school that exists, or without land."""

    town: Town
    school: str
    build: str
    land_status: str
    place: Geometry | None
    seats: int
    status: str
    opens_on: date | None
    reserve: Reserve | None = None
    facility_no: str | None = None
    closed_on: date | None = None
    seats_known: bool = True


def education_projects(
    reserves: Sequence[Reserve],
    facilities: Sequence[tuple[str, Facility]],
    towns: Sequence[Town],
    random: Random,
) -> list[EducationProject]:
    """Exactly 244: on all education reserves in force, without land, and the rest at schools."""
    open_reserves = [
        each for each in reserves if each.kind == "education" and each.status != "cancelled"
    ]
    made = [_on(each, random) for each in open_reserves]
    doubled = [each for each in open_reserves if each.declared_m2 > 70_000][:DOUBLE]
    made += [_on(each, random, second=True) for each in doubled]
    ground = Ground()
    for number in range(LACKING):
        town = random.choice(towns)
        place = None
        if number >= LACKING_WITHOUT_PLACE:
            place = put_down(growth_area(town), (ground,), lambda p: _rounded(p).point, random)
        school = random.choices([*STAGES], SHARES)[0]
        opens = date(random.randint(2023, 2027), 9, 1)
        made.append(
            EducationProject(town, school, "new", "lacking", place, _seats(random), "listed", opens)
        )
    schools = [
        (number, f) for number, f in facilities if f.kind in SCHOOLS and f.status == "operating"
    ]
    for number, facility in random.sample(schools, PROJECTS - len(made)):
        made.append(_at(number, facility, random))
    for each in random.sample(made, 22):
        each.seats_known = False
    for each in [each for each in made if each.land_status == "lacking"][3:5]:
        each.status, each.closed_on, each.opens_on = "cancelled", date(2022, 11, 8), None
    return made


def _rounded(place: Place) -> Place:
    return Place(round(place.longitude, 6), round(place.latitude, 6))


def _seats(random: Random) -> int:
    return random.randrange(360, 2400, 45)


def _on(reserve: Reserve, random: Random, *, second: bool = False) -> EducationProject:
    """A project on a reserve; the second on a large one is a kindergarten beside the school."""
    small = measured_m2(reserve.shape) < 9000
    school = "kindergarten" if second or small else random.choices([*STAGES][1:], SHARES[1:])[0]
    per_seat = random.uniform(11.5, 26)
    seats = min(round(reserve.declared_m2 / per_seat / 45) * 45, 3600)
    if school == "kindergarten":
        seats = 360
    built, supplied = reserve.dates.get("built"), reserve.dates.get("supplied")
    status = "opened" if built else "in_works" if supplied else "listed"
    opens = _september(built or (supplied or date(2025, 1, 1)) + timedelta(days=700))
    inside = reserve.shape.geoms[0].centroid
    place = Place(round(inside.x + (0.0002 if second else 0), 6), round(inside.y, 6))
    return EducationProject(
        reserve.town, school, "new", LAND_STATUS[reserve.status], place.point, seats, status, opens,
        reserve,
    )  # fmt: skip


def _at(number: str, facility: Facility, random: Random) -> EducationProject:
    """An extension or rebuilding of a school, for which no further land is needed."""
    opens = date(random.randint(2021, 2024), 9, 1)
    status = "opened" if opens.year <= 2023 else "in_works"
    return EducationProject(
        facility.town, BY_FACILITY[facility.kind], random.choice(("extended", "rebuilt")),
        "not_needed", facility.place.point, random.randrange(90, 720, 45), status, opens,
        facility_no=number,
    )  # fmt: skip


def _september(day: date) -> date:
    return max(date(day.year + (day.month >= 9), 9, 1), LISTED_ON)


def project_rows(projects: Iterable[EducationProject]) -> Iterator[Row]:
    """Projects as the collection `education_projects` holds them."""
    for number, each in enumerate(projects, start=1):
        title, stages = STAGES[each.school]
        seats = dict.fromkeys(("kindergarten", "primary", "junior", "senior"))
        if each.seats_known:
            first = each.seats * 2 // 3 if len(stages) > 1 else each.seats
            shares = (first, each.seats - first)
            seats |= dict(zip(stages, shares, strict=False))
        yield {
            "geometry": each.place,
            "project_no": f"SYN-JX-{number:03d}",
            "name": f"示例·{each.town.name}{title}{BUILD_NAMES[each.build]}工程{number:03d}（合成）",
            "build_kind": each.build,
            "stages": list(stages),
            **{f"seats_{stage}": count for stage, count in seats.items()},
            "land_status": each.land_status,
            "land_reserve": each.reserve.number if each.reserve else None,
            "facility": each.facility_no,
            "status": each.status,
            "listed_on": LISTED_ON,
            "opens_on": each.opens_on,
            "closed_on": each.closed_on,
            "is_priority": True,
            "town_code": each.town.code,
        }
