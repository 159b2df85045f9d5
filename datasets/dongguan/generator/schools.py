"""Schools beside hazard sites: the cases worth showing, then ordinary ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from generator.facilities import Facility, campus_of, date_facility
from generator.ground import Place, rectangle
from generator.sites import Site
from generator.towns import Town


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
