"""Remediation projects as they stood on 2021-06-25: one for every registered hazard site or pair."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from generator.chance import largest_remainder, shuffled
from generator.published import AS_OF, ATTRIBUTED_FEN, FUNDS_STEP_FEN, SITES_BY_TOWN
from generator.sites import TWIN_TOWNS, Site

PROJECTS_BY_STAGE = {
    "measure_set": 22, "design": 31, "in_works": 37, "completed": 13, "accepted": 7,
}  # fmt: skip
STAGES = tuple(PROJECTS_BY_STAGE)


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
    later: dict[str, date] = field(
        default_factory=dict
    )  # beyond acceptance: asked, cancelled, void
    households: int | None = None  # to be relocated; and those of them that are, houses that stand
    relocated: int | None = None
    standing: int | None = None


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
    """Share out to the last fen the funds secured for single projects."""
    base = {"C": 1.3, "D": 1.0, "E": 0.35}
    weights = [base[p.measure] * len(p.sites) * random.uniform(0.4, 1.9) for p in projects]
    steps = largest_remainder(ATTRIBUTED_FEN // FUNDS_STEP_FEN, weights)
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
