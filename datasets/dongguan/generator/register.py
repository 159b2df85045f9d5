"""The registers through time: from 114 hazard sites on 2021-06-25 to 115 on 2022-07-31.

The path is invented, its two ends are published. In the register of hazard sites (隐患点):

    114 + 9 new + 1 re-registered − 8 cancelled + 1 − 1 reclassified − 1 merged = 115

and in that of risk points (风险点) 37 + 1 − 1 reclassified = 37. Which sites take part is decided by
their type and risk level, so that the margins of the published table come out as well.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from generator.assessments import RICHEST_WAN, Figures
from generator.facilities import Facility
from generator.files import Row
from generator.published import SITES_BY_TOWN
from generator.remediation import STAGES, Project
from generator.schools import SCENE_SITES
from generator.sites import (
    RENUMBERED,
    TWIN_TOWNS,
    Site,
    Stay,
    hill_place,
    locate,
    measure_slope,
)
from generator.towns import Town

END = date(2022, 7, 31)  # the day of the published table

NEW = (
    ("虎门", "02", date(2021, 9, 14)),
    ("凤岗", "02", date(2021, 11, 3)),
    ("虎门", "01", date(2022, 3, 18)),
    ("清溪", "02", date(2022, 4, 12)),
    ("塘厦", "00", date(2022, 5, 20)),
    ("樟木头", "02", date(2022, 5, 27)),
    ("谢岗", "02", date(2022, 6, 2)),
    ("大朗", "00", date(2022, 6, 16)),
    ("黄江", "02", date(2022, 7, 8)),
)
"""Town, type and day of the nine new sites, all of low risk."""

CANCELLED = (
    ("02", "medium", date(2021, 12, 10)),
    ("02", "low", date(2021, 12, 10)),
    ("00", "low", date(2021, 12, 24)),
    ("02", "low", date(2022, 1, 14)),
    ("01", "low", date(2022, 2, 25)),
    ("00", "medium", date(2022, 3, 25)),
    ("02", "low", date(2022, 6, 10)),
    ("02", "low", date(2022, 6, 24)),
)
"""Type, risk level and day of the eight sites cancelled after their treatment was accepted."""

LATE = date(2022, 2, 20)
"""From here on a project is accepted in time that had not been begun on 2021-06-25."""

RE_REGISTERED_ON = date(2022, 5, 26)  # the first of the cancelled: same uid, same number
TO_RISK_POINTS_ON = date(2022, 3, 15)
TO_HAZARD_SITES_ON = date(2022, 4, 20)
MERGED_ON = date(2022, 1, 20)

BEFORE = (
    ("hidden_danger", "void", date(2009, 5, 11), date(2010, 3, 2)),
    ("hidden_danger", "cancelled", date(2008, 4, 21), date(2011, 11, 15)),
    ("hidden_danger", "merged", date(2007, 6, 4), date(2012, 8, 30)),
    ("risk_point", "reclassified", date(2010, 4, 19), None),
    ("risk_point", "reclassified", date(2011, 6, 8), None),
)
"""Stays from before the present one of five of the 114; a reclassification leaves no gap."""


@dataclass(frozen=True)
class Changes:
    """Which sites changed between the two days, each in the way that the field says."""

    new: tuple[Site, ...]
    cancelled: tuple[Site, ...]
    re_registered: Site
    to_risk_points: Site
    to_hazard_sites: Site
    merged: Site


def begin(sites: Iterable[Site]) -> None:
    """The stay of each site as it stood on 2021-06-25."""
    for site in sites:
        ended_by = "cancelled" if site.cancelled_on else None
        site.stays = [Stay(site.register, site.registered_on, site.cancelled_on, ended_by)]


def new_sites(
    towns: Mapping[str, Town],
    facilities: Sequence[Facility],
    sites: Sequence[Site],
    random: Random,
) -> tuple[Site, ...]:
    """The sites that are registered after 2021-06-25, placed and described."""
    made: list[Site] = []
    for name, type_code, since in NEW:
        index = SITES_BY_TOWN[name] + sum(site.town.short == name for site in made)
        place = hill_place(towns[name], facilities, [*sites, *made], random)
        site = Site(towns[name], index, "hidden_danger", False, type_code, "low", place)
        locate(site, random)
        measure_slope(site, random)
        site.registered_on = since
        site.discovered_on = since - timedelta(days=random.randint(12, 60))
        made.append(site)
    begin(made)
    return tuple(made)


class Choice:
    """Takes sites out of a list, each at most once."""

    def __init__(self, sites: Iterable[Site]) -> None:
        self._free = list(sites)

    def take(self, fits: Callable[[Site], bool]) -> Site:
        """One that fits; not the first, so that all towns have their share: they follow each other."""
        fitting = [site for site in self._free if fits(site)]
        taken = fitting[(7 * len(self._free)) % len(fitting)]
        self._free.remove(taken)
        return taken


def change(
    sites: Sequence[Site],
    new: tuple[Site, ...],
    projects: Sequence[Project],
    figures: Mapping[str, Figures],
) -> Changes:
    """Carry the sites of 2021-06-25 on to 2022-07-31."""
    stages = {p.sites[0].number: p.status for p in projects if len(p.sites) == 1}
    choice = Choice(site for site in sites if _is_ordinary(site, figures))
    cancelled = tuple(_cancel(choice, stages, *each) for each in CANCELLED)
    cancelled[0].stays.append(Stay("hidden_danger", RE_REGISTERED_ON))
    leaving = choice.take(
        lambda site: (
            site.active
            and stages.get(site.number) in ("measure_set", "design")
            and (site.type_code, site.risk) == ("02", "low")
        )
    )
    _reclassify(leaving, "risk_point", TO_RISK_POINTS_ON)
    coming = choice.take(
        lambda site: (
            site.register == "risk_point" and (site.type_code, site.risk) == ("02", "medium")
        )
    )
    _reclassify(coming, "hidden_danger", TO_HAZARD_SITES_ON)
    merged, other = next(pair for pair in _twins(sites) if _fits_merger(pair[0], figures))
    merged.stays[-1] = replace(merged.stays[-1], until=MERGED_ON, ended_by="merged")
    merged.merged_into = other
    _add_earlier_stays(choice)
    return Changes(new, cancelled, cancelled[0], leaving, coming, merged)


def _cancel(
    choice: Choice, stages: Mapping[str, str], type_code: str, risk: str, day: date
) -> Site:
    """Cancel a site of this type and level whose project can be accepted before the day."""
    in_time = ("in_works", "completed", "accepted") if day < LATE else STAGES
    site = choice.take(
        lambda site: (
            site.active
            and (site.type_code, site.risk) == (type_code, risk)
            and stages.get(site.number) in in_time
        )
    )
    site.stays[-1] = replace(site.stays[-1], until=day, ended_by="cancelled")
    return site


def register_on(sites: Iterable[Site], day: date) -> dict[str, str]:
    """The register in which each site is on a day, by number; only those that are in one."""
    return {
        site.number: stay.register
        for site in sites
        for stay in site.stays
        if stay.since <= day and (stay.until is None or day < stay.until)
    }


def period_rows(sites: Iterable[Site], random: Random) -> Iterable[Row]:
    """The stays before the present ones as the collection `register_periods` holds them."""
    documents = {"cancelled": "核", "reclassified": "转", "merged": "并", "void": "误"}
    for site in sites:
        for stay in site.stays[:-1]:
            assert stay.until is not None
            assert stay.ended_by is not None
            number = random.randint(1, 99)
            yield {
                "hazard_site": site.number,
                "register_kind": stay.register,
                "started_on": stay.since,
                "ended_on": stay.until,
                "end_kind": stay.ended_by,
                "document_no": f"示例{documents[stay.ended_by]}〔{stay.until.year}〕{number}号（合成）",
                "note": None,
            }


def _is_ordinary(site: Site, figures: Mapping[str, Figures]) -> bool:
    """Whether no case of its own hangs on the site, and its assets are known and usual."""
    key = site.town.short, site.index
    if site.active and (
        key in SCENE_SITES
        or key in RENUMBERED
        or (site.town.short in TWIN_TOWNS and site.index >= SITES_BY_TOWN[site.town.short] - 2)
        or key in (("黄江", 0), ("谢岗", 0))
        or site.school_m is not None
    ):
        return False
    return not site.cancelled and figures[site.number].assets not in (None, RICHEST_WAN)


def _twins(sites: Sequence[Site]) -> Iterable[tuple[Site, Site]]:
    """Each of two sites side by side with the other one."""
    for town in TWIN_TOWNS:
        one, other = (
            s for s in sites if s.active and s.town.short == town and s.index in _last(town)
        )
        yield from ((other, one), (one, other))


def _last(town: str) -> tuple[int, int]:
    return SITES_BY_TOWN[town] - 2, SITES_BY_TOWN[town] - 1


def _fits_merger(site: Site, figures: Mapping[str, Figures]) -> bool:
    usual = figures[site.number].assets not in (None, RICHEST_WAN)
    return usual and (site.type_code, site.risk) == ("02", "low")


def _reclassify(site: Site, register: str, day: date) -> None:
    site.stays[-1] = replace(site.stays[-1], until=day, ended_by="reclassified")
    site.stays.append(Stay(register, day))


def _add_earlier_stays(choice: Choice) -> None:
    """Stays long past, which a flow between days of the present knows nothing of."""
    for register, ended_by, since, until in BEFORE:
        latest = until or since
        site = choice.take(
            lambda site, latest=latest: (
                site.active and site.registered_on > latest and site.registered_on.year >= 2013
            )
        )
        ended = until or site.registered_on
        site.stays.insert(0, Stay(register, since, ended, ended_by))
        site.discovered_on = None  # who found it the first time was not handed down
