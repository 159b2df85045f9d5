"""Write the synthetic demonstration registers of Dongguan beside this script.

    python generate.py [--out DIRECTORY]

Official and open: names and codes of towns and villages, GeoNames points (see `inputs/`).
Everything else is invented: areas of towns are schematic, and whatever is registered in them is
SYNTHETIC and says so in its name. Only totals follow published figures, so that the demonstration
has realistic proportions. The same script writes the same bytes every time.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator import education, funding, industry, planning, quota, register, reserves, statements
from generator.assessments import Figures, assessment_rows, rows_of_2022, site_figures
from generator.chance import stream
from generator.facilities import (
    Facility,
    facility_number,
    facility_rows,
    numbered,
    town_facilities,
)
from generator.files import SCHEMATIC, SYNTHETIC, Row, write_csv, write_geojson
from generator.ground import Geometry, Ground
from generator.progress import advance, begun_in_2022, project_row
from generator.quota_parcels import QuotaParcels
from generator.quota_parcels import parcel_rows as quota_parcel_rows
from generator.remediation import Project, all_projects
from generator.reserve_cases import ReserveCases
from generator.risk_zones import RiskZone, case_zones, risk_zone_rows, zones_around_sites
from generator.schools import add_near_schools
from generator.sites import Site, all_sites, describe_sites, number_sites, site_row
from generator.towns import Town, read_input, read_towns, town_row, village_row

CASE_TOWNS = ("厚街", "塘厦", "寮步")  # of the three risk zones around which cases are laid


@dataclass
class Hazards:
    """Facilities, sites, what happened to them, and the projects that treat them."""

    facilities: list[Facility]
    sites: list[Site]
    old_sites: Sequence[Site]
    changes: register.Changes
    figures: dict[str, Figures]
    assessments: list[Row]
    projects: list[Project]
    new_projects: list[Project]


def hazards_of(towns: Sequence[Town]) -> Hazards:
    """The registers of 2021-06-25 and their path to 2022-07-31."""
    by_name = {town.short: town for town in towns}
    facilities: list[Facility] = []
    for index, town in enumerate(town for town in towns if town.seed):
        facilities += town_facilities(town, index, stream(town.code))
    old_sites = all_sites(by_name, facilities, stream("sites"))
    describe_sites(old_sites, stream("descriptions"))
    add_near_schools(old_sites, by_name, facilities, stream("schools"))
    new_sites = register.new_sites(by_name, facilities, old_sites, stream("new sites"))
    sites = [*old_sites, *new_sites]
    number_sites(sites)
    register.begin(old_sites)
    projects = all_projects(old_sites, stream("projects"))
    assessing = stream("assessments")
    figures = site_figures(old_sites, assessing)
    assessments = list(assessment_rows(old_sites, figures, assessing))
    changes = register.change(old_sites, new_sites, projects, figures)
    in_2022 = register.register_on(sites, register.END)
    assessments += rows_of_2022(in_2022, sites, figures, stream("assessments of 2022"))
    advance(projects, changes, figures, stream("progress"))
    new_projects = begun_in_2022(changes, stream("projects of 2022"))
    return Hazards(
        facilities, sites, old_sites, changes, figures, assessments, projects, new_projects
    )


@dataclass
class Land:
    """Zones, reserves and parcels, each on ground of its own."""

    risk_zones: list[RiskZone]
    reserves: list[reserves.Reserve]
    zones: list[industry.Zone]
    lines: dict[str, dict[str, Geometry]]
    quota_parcels: QuotaParcels


def land_of(towns: Sequence[Town], hazards: Hazards) -> Land:
    """Everything that lies on the ground, away from sites and zones except on purpose."""
    by_name = {town.short: town for town in towns}
    located = [town for town in towns if town.area is not None]
    ground, dangerous = Ground(), Ground()
    for site in hazards.sites:
        dangerous.take(site.place.point.buffer(0.006))  # 600 m and more
    for facility in hazards.facilities:
        ground.take(facility.campus or facility.place.point)
    risk_zones = zones_around_sites(hazards.sites, stream("risk zones"))
    for zone in risk_zones:
        dangerous.take(zone.shape)
    both = ground, dangerous
    for_cases = case_zones([by_name[name] for name in CASE_TOWNS], both, stream("case zones"))
    for zone in for_cases:
        dangerous.take(zone.shape)
    cases = ReserveCases(ground, dangerous, by_name, stream("case reserves"))
    cases.on_zones(*for_cases)
    cases.near_sites(hazards.sites, hazards.changes)
    cases.planned_twice()
    cases.changed_use()
    cases.odd_ones()
    cases.embedded()
    made = cases.made
    zones = industry.industry_zones(by_name, both, stream("zones"))
    made += reserves.ordinary_reserves(made, located, both, stream("reserves"))
    reserves.number_reserves(made)
    lines = planning.control_lines(located)
    farmland = lines["permanent_basic_farmland"]
    parcels = QuotaParcels(by_name, farmland, both, stream("quota parcels"))
    return Land([*risk_zones, *for_cases], made, zones, lines, parcels)


def generate(out: Path) -> None:
    """Write all files."""
    towns = read_towns()
    hazards = hazards_of(towns)
    land = land_of(towns, hazards)
    write_registers(out, towns, hazards)
    write_programme(out, hazards)
    write_land(out, towns, hazards, land)
    write_quota(out, towns, land)


def _rows(make: Callable[..., Row], items: Iterable[object], part: str) -> list[Row]:
    random = stream(part)
    return [make(item, random) for item in items]


def write_registers(out: Path, towns: Sequence[Town], hazards: Hazards) -> None:
    """Places, sites and facilities."""
    write_geojson(out / "towns.geojson", SCHEMATIC, map(town_row, towns))
    write_csv(out / "villages.csv", map(village_row, read_input("villages.csv")))
    sites = _rows(site_row, hazards.sites, "site rows")
    write_geojson(out / "hazard_sites.geojson", SYNTHETIC, sites)
    periods = register.period_rows(hazards.sites, stream("periods"))
    write_csv(out / "register_periods.csv", periods)
    write_csv(out / "hazard_assessments.csv", hazards.assessments)
    buildings = facility_rows(hazards.facilities, stream("facility rows"))
    write_geojson(out / "facilities.geojson", SYNTHETIC, buildings)


def write_programme(out: Path, hazards: Hazards) -> None:
    """The programme of the 114, its projects and its money; what was begun outside it."""
    members = [site for site in hazards.old_sites if site.active]
    write_csv(out / "remediation_programmes.csv", funding.programme_rows(members))
    projects = [*hazards.projects, *hazards.new_projects]
    treatments = _rows(project_row, projects, "project rows")
    write_csv(out / "remediation_projects.csv", treatments)
    entries = funding.funding_rows(hazards.projects, stream("funding"))
    write_csv(out / "funding_entries.csv", entries)
    write_csv(out / "livelihood_projects.csv", statements.livelihood_rows())


def write_land(out: Path, towns: Sequence[Town], hazards: Hazards, land: Land) -> None:
    """Zones, plans, reserves and what is built on them; what is known where."""
    located = [town for town in towns if town.area is not None]
    zones = risk_zone_rows(land.risk_zones)
    write_geojson(out / "risk_zones.geojson", SYNTHETIC, zones)
    lines = planning.control_line_rows(land.lines, located)
    write_geojson(out / "control_lines.geojson", SYNTHETIC, lines)
    write_geojson(out / "plans.geojson", SYNTHETIC, planning.plan_rows(located, stream("plans")))
    write_geojson(out / "zones.geojson", SYNTHETIC, industry.zone_rows(land.zones))
    write_csv(out / "targets.csv", reserves.target_rows())
    parcels = reserves.parcel_rows(land.reserves, hazards.facilities, stream("parcels"))
    write_geojson(out / "land_parcels.geojson", SYNTHETIC, parcels)
    reserved = reserves.reserve_rows(land.reserves)
    write_geojson(out / "land_reserves.geojson", SYNTHETIC, reserved)
    schools = [(facility_number(f, number), f) for number, f in numbered(hazards.facilities)]
    projects = education.education_projects(
        land.reserves, schools, located, stream("education projects")
    )
    rows = education.project_rows(projects)
    write_geojson(out / "education_projects.geojson", SYNTHETIC, rows)
    covered = statements.coverage_rows(towns)
    write_geojson(out / "coverage_statements.geojson", SYNTHETIC, covered)


def write_quota(out: Path, towns: Sequence[Town], land: Land) -> None:
    """Rules, accounts and parcels of the quota, and the postings that go through the ledger."""
    by_name = {town.short: town for town in towns}
    ledger = quota.ledger(land.quota_parcels.groups, by_name, stream("quota ledger"))
    write_csv(out / "quota_rules.csv", quota.rule_rows())
    accounts = sorted(ledger.accounts.values(), key=lambda row: str(row["account_no"]))
    write_csv(out / "quota_accounts.csv", accounts)
    write_geojson(
        out / "quota_parcels.geojson", SYNTHETIC, quota_parcel_rows(land.quota_parcels.all)
    )
    write_csv(out / "quota_entries.csv", ledger.entries)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the synthetic demonstration registers.")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent, help="folder, by default the script's"
    )
    generate(parser.parse_args().out)
