"""The programme of the 114 sites and its money: planned, secured, committed, paid.

The secured total is published, everything else invented. The kinds are stages of the same money.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from random import Random

from generator.files import Row
from generator.published import AS_OF, ATTRIBUTED_FEN, FUNDS_FEN, FUNDS_STEP_FEN
from generator.register import TO_RISK_POINTS_ON
from generator.remediation import Project
from generator.sites import Site

PROGRAMME = "SYN-P-2021-114"
SOURCES = ("市级财政专项（合成）", "省级专项补助（合成）")
BATCHES = (date(2021, 3, 30), date(2021, 6, 18))
PLANNED_ON = date(2021, 3, 10)
LAST_DAY = date(2022, 7, 31)

Entry = dict[str, object]


def programme_rows(members: Sequence[Site]) -> Iterable[Row]:
    """The programme as the collection `remediation_programmes` holds it."""
    yield {
        "programme_no": PROGRAMME,
        "name": "2021 年度 114 处综合治理（合成）",
        "name_en": "Remediation of 114 sites in 2021 (synthetic)",
        "baseline_on": AS_OF,
        "target_on": date(2021, 12, 31),
        "closed_on": None,
        "frozen_on": AS_OF,
        "hazard_sites": [site.number for site in members],
        "document_no": "示例治〔2021〕1号（合成）",
    }


def funding_rows(projects: Sequence[Project], random: Random) -> Iterable[Row]:
    """Entries as the collection `funding_entries` holds them, numbered by date."""
    entries = [_unallocated()]
    apart = next(project for project in projects if len(project.sites) > 1)
    for project in projects:
        mine = [*_planned_and_secured(project, random)]
        if project.status != "void":
            mine += _committed_and_paid(project, random)
        entries += _told_apart(mine, project) if project is apart else mine
    entries += _moved(projects)
    entries += _supplement(projects, entries)
    order = sorted(range(len(entries)), key=lambda i: (str(entries[i]["booked_on"]), i))
    for number, at in enumerate(order, start=1):
        yield {"entry_no": f"SYN-ZJ-{number:04d}", "programme": PROGRAMME, **entries[at]}


def _entry(
    kind: str, amount_fen: int, booked_on: date, *, project: Project | None = None, **rest: object
) -> Entry:
    return {
        "project": project.number if project else None,
        "hazard_site": None,
        "kind": kind,
        "amount_fen": amount_fen,
        "booked_on": booked_on,
        "funding_source": rest.get("source"),
        "document_no": rest.get("document_no"),
        "note": rest.get("note"),
    }


def _unallocated() -> Entry:
    note = "勘查、监测与前期费用，尚未分配到项目（合成）"
    amount = FUNDS_FEN - ATTRIBUTED_FEN
    return _entry("secured", amount, BATCHES[1], source=SOURCES[0], note=note)


def _in_steps(amount_fen: float) -> int:
    return round(amount_fen / FUNDS_STEP_FEN) * FUNDS_STEP_FEN


def _planned_and_secured(project: Project, random: Random) -> Iterator[Entry]:
    planned = _in_steps(project.funds_fen * random.uniform(0.94, 1.18))
    yield _entry("planned", planned, PLANNED_ON, project=project)
    batch, source = random.choice(BATCHES), random.choice(SOURCES)
    yield _entry("secured", project.funds_fen, batch, project=project, source=source)


def _told_apart(entries: Iterable[Entry], project: Project) -> Iterator[Entry]:
    """Entries of a project of two sites, one for each site in place of one for both."""
    one, other = project.sites
    for entry in entries:
        amount = int(str(entry["amount_fen"]))
        first = _in_steps(amount * 0.45)
        yield {**entry, "hazard_site": one.number, "amount_fen": first}
        yield {**entry, "hazard_site": other.number, "amount_fen": amount - first}


def _committed_and_paid(project: Project, random: Random) -> Iterator[Entry]:
    """The contract when the works begin; instalments after its begin, its end and its acceptance."""
    begun = project.reached.get("works")
    if begun is None:
        return
    contract = _in_steps(project.funds_fen * random.uniform(0.86, 0.99))
    signed = max(begun - timedelta(days=random.randint(3, 12)), BATCHES[1])
    yield _entry("committed", contract, signed, project=project)
    left = contract
    for name, share in (("works", 0.3), ("completed", 0.5), ("accepted", 0.17)):
        reached = project.reached.get(name)
        if reached is None:
            return
        paid = min(_in_steps(contract * share), left)
        left -= paid
        day = max(reached, signed) + timedelta(days=random.randint(8, 25))
        if day <= LAST_DAY:
            yield _entry("paid", paid, day, project=project, source=random.choice(SOURCES))


def _moved(projects: Sequence[Project]) -> Iterator[Entry]:
    """The money of the void project goes to the largest one under way: what is secured stays."""
    void = next(project for project in projects if project.status == "void")
    other = max(
        (project for project in projects if project.status == "in_works"),
        key=lambda project: (project.funds_fen, project.number),
    )
    day, amount = TO_RISK_POINTS_ON + timedelta(days=9), void.funds_fen
    document = "示例资〔2022〕7号（合成）"
    yield _entry(
        "secured",
        -amount,
        day,
        project=void,
        document_no=document,
        note="项目终止，资金调出（合成）",
    )
    yield _entry("secured", amount, day, project=other, document_no=document, note="调入（合成）")


def _supplement(projects: Sequence[Project], entries: Sequence[Entry]) -> Iterator[Entry]:
    """One project has been paid more than its contract: a warning, because a supplement may follow."""
    project = next(p for p in projects if p.status == "accepted" and p.measure == "D")
    mine = [each for each in entries if each["project"] == project.number]
    sums = {
        kind: sum(int(str(each["amount_fen"])) for each in mine if each["kind"] == kind)
        for kind in ("committed", "paid")
    }
    amount = _in_steps(sums["committed"] * 1.04) - sums["paid"]
    yield _entry(
        "paid", amount, LAST_DAY, project=project, source=SOURCES[0],
        note="设计变更，补充合同未签（合成）",
    )  # fmt: skip
