"""How the projects of 2021 go on until 2022-07-31, and what is begun at sites registered since."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from random import Random

from generator.assessments import Figures
from generator.files import Row
from generator.published import AS_OF
from generator.register import TO_RISK_POINTS_ON, Changes
from generator.remediation import DATED_STAGES, STAGE_DAYS, Project

STATES = (
    "measure_set", "design", "in_works", "completed", "accepted", "cancellation_requested",
    "cancelled",
)  # fmt: skip
DESIGNERS = (
    "示例勘察设计单位甲（合成）",
    "示例勘察设计单位乙（合成）",
    "示例勘察设计单位丙（合成）",
)
CONTRACTORS = ("示例施工单位甲（合成）", "示例施工单位乙（合成）", "示例施工单位丙（合成）")
MEASURE_NAMES = {"C": "搬迁避让", "D": "治理工程", "E": "排危除险"}
STATES_IN_2022 = {
    "cancellation_requested": 6, "accepted": 60, "completed": 17, "in_works": 13, "design": 4,
    "measure_set": 1,
}  # fmt: skip
"""How far the 101 projects are whose sites neither left their register nor were cancelled."""

NEW_PROJECTS = ("in_works", "design", "design", "measure_set", "measure_set")
"""States of the projects at the first of the new sites; the other new sites have none yet."""

LAST_DAY = date(2022, 7, 20)


def advance(
    projects: Sequence[Project], changes: Changes, figures: Mapping[str, Figures], random: Random
) -> None:
    """Bring all projects of 2021 to where they stand at the end of July 2022."""
    cancelled = {site.number: site.stays for site in changes.cancelled}
    others: list[tuple[float, Project]] = []
    for project in projects:
        number = project.sites[0].number
        if number in cancelled:
            day = next(stay.until for stay in cancelled[number] if stay.until)
            _reach(project, "cancelled", day, random)
        elif number == changes.to_risk_points.number:
            project.status = "void"
            project.later["void"] = TO_RISK_POINTS_ON
        else:
            progress = STATES.index(project.status) + 1.5 * random.random()
            others.append((progress, project))
    others.sort(key=lambda each: (-each[0], each[1].number))
    states = [state for state, count in STATES_IN_2022.items() for _ in range(count)]
    for (_, project), state in zip(others, states, strict=True):
        _reach(project, state, LAST_DAY - timedelta(days=random.randint(0, 150)), random)
    _relocate(projects, figures)


def begun_in_2022(changes: Changes, random: Random) -> list[Project]:
    """Projects at new sites, at the re-registered one and at the one that was a risk point."""
    sites = (*changes.new[: len(NEW_PROJECTS)], changes.re_registered, changes.to_hazard_sites)
    states = (*NEW_PROJECTS, "design", "measure_set")
    made = []
    for number, (site, state) in enumerate(zip(sites, states, strict=True), start=1):
        project = Project(f"SYN-ZL-2022-{number:03d}", (site,), "D", "measure_set")
        decided = site.stays[-1].since + timedelta(days=random.randint(9, 30))
        project.reached["measure_set"] = decided
        _reach(project, state, min(decided + timedelta(days=240), LAST_DAY), random)
        made.append(project)
    return made


def project_row(project: Project, random: Random) -> Row:
    """A project as the collection `remediation_projects` holds it."""
    built = project.measure != "C"
    designer, contractor = random.choice(DESIGNERS), random.choice(CONTRACTORS)
    dates: Row = {}
    for name in STAGE_DAYS:
        dates[f"{name}_planned_on"] = project.planned.get(name)
        dates[f"{name}_on"] = project.reached.get(name)
    accepted = project.reached.get("accepted")
    several = f"等{len(project.sites)}处" if len(project.sites) > 1 else ""
    return {
        "project_no": project.number,
        "name": f"{project.sites[0].label}{several}{MEASURE_NAMES[project.measure]}（合成）",
        "hazard_sites": [site.number for site in project.sites],
        "measure": project.measure,
        "status": project.status,
        "households_to_relocate": project.households,
        "households_relocated": project.relocated,
        "old_houses_standing": project.standing,
        "designer": designer if built and "design" in project.reached else None,
        "contractor": contractor if built and "works" in project.reached else None,
        "measure_set_on": project.reached["measure_set"],
        **dates,
        "acceptance_document": accepted
        and f"示例验〔{accepted.year}〕{int(project.number[-3:])}号（合成）",
        "cancellation_requested_on": project.later.get("requested"),
        "cancelled_on": project.later.get("cancelled"),
        "void_on": project.later.get("void"),
    }


def _reach(project: Project, state: str, by: date, random: Random) -> None:
    """Give a project the state and the dates of the stages up to it, none of them after a day."""
    before, project.status = STATES.index(project.status), state
    stage = STATES.index(state)
    assert stage >= before, (project.number, STATES[before], state)
    missing = DATED_STAGES[before + 1 : stage + 1]
    last = max(project.reached[DATED_STAGES[min(before, 4)]], AS_OF)
    lags = [random.randint(*STAGE_DAYS[name]) * random.choice((1, 1, 1.6, 2.4)) for name in missing]
    end = {"cancelled": 70, "cancellation_requested": 45}.get(state, 0)
    room = (by - last).days - end
    assert not lags or room >= 8 * len(lags), project.number
    shrink = min(1.0, room / sum(lags)) if lags else 1.0
    for name, lag in zip(missing, lags, strict=True):
        last += timedelta(days=max(1, int(lag * shrink)))
        project.reached[name] = last
    if end:
        project.later["requested"] = last + timedelta(days=random.randint(14, 30))
    if state == "cancelled":
        project.later["cancelled"] = by


def _relocate(projects: Iterable[Project], figures: Mapping[str, Figures]) -> None:
    """Households of relocations: all gone and all houses down, except at two that cannot be accepted."""
    relocations = [project for project in projects if project.measure == "C"]
    for project in relocations:
        people = sum(figures[site.number].people for site in project.sites)
        project.households = max(2, round(people / 4))
        reached = STATES.index(project.status) if project.status in STATES else 0
        done = reached >= STATES.index("completed")
        project.relocated = project.households if done else project.households // 2
        project.standing = 0 if done else project.households
    kept = next(project for project in relocations if project.status == "accepted")
    # All have moved, but two old houses stand: the threat is not removed, so it is not accepted.
    kept.status, kept.standing = "completed", 2
    del kept.reached["accepted"]
