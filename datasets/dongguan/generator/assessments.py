"""Assessments of hazard sites: what is threatened, and how the totals are shared out."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from generator.chance import largest_remainder
from generator.files import Row
from generator.published import (
    HIDDEN_DANGERS,
    PUBLISHED_ASSETS_WAN,
    PUBLISHED_PEOPLE,
    PUBLISHED_SITES,
    RISK_POINT_ASSETS_WAN,
    RISK_POINT_PEOPLE,
)
from generator.sites import Site

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


def assessment_rows(
    sites: Sequence[Site], figures: Mapping[str, Figures], random: Random
) -> Iterable[Row]:
    """The inspection before the flood season of 2021; of some sites an older assessment as well."""
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


# What changed at single sites until the published table of 2022; all others keep their level.
RISEN_TO_MEDIUM = ("risk_point", "low")  # the first ordinary site of this register and level


def figures_of_2022(
    register: Mapping[str, str],
    sites: Sequence[Site],
    before: Mapping[str, Figures],
    random: Random,
) -> dict[str, Figures]:
    """The figures of the published table of 2022, shared out near those of the year before."""
    totals = {
        "hidden_danger": (PUBLISHED_PEOPLE, PUBLISHED_ASSETS_WAN),
        "risk_point": (RISK_POINT_PEOPLE, RISK_POINT_ASSETS_WAN),
    }
    shared: dict[str, Figures] = {}
    for kind, (people, assets_wan) in totals.items():
        those = [site.number for site in sites if register.get(site.number) == kind]
        old = [before.get(number) or _first_figures(random) for number in those]
        heads = largest_remainder(people, [f.people * random.uniform(0.9, 1.1) for f in old])
        fixed = sum(RICHEST_WAN for f in old if f.assets == RICHEST_WAN)
        worth = [
            0.0 if f.assets in (None, RICHEST_WAN) else (f.assets or 0) * random.uniform(0.9, 1.1)
            for f in old
        ]
        assets = largest_remainder(round(assets_wan * 100) - fixed, worth)
        for number, f, head, share in zip(those, old, heads, assets, strict=True):
            known = share if f.assets not in (None, RICHEST_WAN) else f.assets
            shared[number] = Figures(head, known)
    return shared


def _first_figures(random: Random) -> Figures:
    return Figures(random.randint(1, 6), random.randint(800, 5200))


def rows_of_2022(
    register: Mapping[str, str],
    sites: Sequence[Site],
    before: Mapping[str, Figures],
    random: Random,
) -> Iterable[Row]:
    """A new site's first assessment; then the inspection of 2022, at whose figures the table adds up.

    `register` says in which register a site is on the day of the table; other sites have none.
    """
    figures = figures_of_2022(register, sites, before, random)
    risen = next(
        site
        for site in sites
        if (site.register, site.risk) == RISEN_TO_MEDIUM
        and register.get(site.number) == "risk_point"
    )
    for site in sites:
        if site.number not in register:
            continue
        since = site.stays[-1].since
        assessed = replace(site, risk="medium") if site is risen else site
        now = figures[site.number]
        late = since > date(2022, 4, 5)
        if site.number not in before and not late:
            yield assessment_row(site, since, "special", earlier(now, random), random)
        day = since if late else date(2022, 4, random.randint(6, 28))
        inspection = "special" if late else "before_flood_season"
        yield assessment_row(assessed, day, inspection, now, random)
