"""The demonstration files as tests read them, and measures that owe nothing to the service."""

import csv
import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import shapely
from pyproj import Geod, Transformer
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from geoservice.description.collection import Collection
from geoservice.domain.coverage import coverage_statements
from geoservice.domain.facilities import facilities
from geoservice.domain.funding import funding_entries
from geoservice.domain.hazards import (
    hazard_assessments,
    hazard_sites,
    register_periods,
    risk_zones,
)
from geoservice.domain.land import education_projects, land_parcels, land_reserves, zones
from geoservice.domain.livelihood import livelihood_projects
from geoservice.domain.places import towns, villages
from geoservice.domain.planning import control_lines, plans, targets
from geoservice.domain.quota import quota_accounts, quota_parcels, quota_rules
from geoservice.domain.remediation import remediation_programmes, remediation_projects

FOLDER = Path(__file__).parents[2] / "datasets" / "dongguan"
LEDGER_FILE = "quota_entries.csv"
"""Postings: they go through the ledger, which gives them their numbers."""

_WITHOUT_GEOMETRY = (
    villages,
    hazard_assessments,
    register_periods,
    remediation_programmes,
    remediation_projects,
    funding_entries,
    livelihood_projects,
    targets,
    quota_rules,
    quota_accounts,
)
_WITH_GEOMETRY = (
    towns,
    hazard_sites,
    facilities,
    risk_zones,
    control_lines,
    plans,
    zones,
    land_parcels,
    land_reserves,
    education_projects,
    coverage_statements,
    quota_parcels,
)
FILES: dict[str, Collection] = {
    **{f"{each.id}.csv": each for each in _WITHOUT_GEOMETRY},
    **{f"{each.id}.geojson": each for each in _WITH_GEOMETRY},
}
FILE_OF = {collection.id: name for name, collection in FILES.items()}
AS_OF = "2021-06-25"
PUBLISHED_ON = "2022-07-31"  # of the published table

ELLIPSOID = Geod(a=6378137.0, rf=298.257222101)


def given_fields(collection: Collection) -> list[str]:
    """The fields that a file has: all but those that the database computes."""
    return [
        field.name for field in collection.fields if field.name not in collection.computed_fields
    ]


@cache
def rows(name: str) -> list[dict]:
    """The features of a file as a dictionary of fields; lists are lists, an empty cell is None."""
    path = FOLDER / name
    if path.suffix == ".geojson":
        features = json.loads(path.read_text("utf-8"))["features"]
        return [{"geom": f["geometry"], **f["properties"]} for f in features]
    collection = FILES.get(name)
    many = {field.name for field in collection.fields if field.many} if collection else set()
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {k: None if v == "" else v.split(";") if k in many else v for k, v in row.items()}
            for row in csv.DictReader(file)
        ]


def by_key(name: str, field: str) -> dict[str, dict]:
    """The features of a file by one of their fields."""
    return {row[field]: row for row in rows(name)}


def town_code(short: str) -> str:
    """The code of a town by its name without 镇 or 街道."""
    found = [
        row["code"]
        for row in rows("towns.geojson")
        if row["name"].removesuffix("镇").removesuffix("街道") == short
    ]
    assert len(found) == 1, short
    return found[0]


def stays(site: dict) -> Iterator[tuple[str, str, str | None, str | None]]:
    """All stays of a site in registers: which, from, until (exclusive), how it ended."""
    for row in rows("register_periods.csv"):
        if row["hazard_site"] == site["site_no"]:
            yield row["register_kind"], row["started_on"], row["ended_on"], row["end_kind"]
    ended_by = None
    if site["cancelled_on"]:
        ended_by = "merged" if site["merged_into"] else "cancelled"
    yield site["register_kind"], site["registered_on"], site["cancelled_on"], ended_by


def register_on(kind: str, day: str) -> dict[str, dict]:
    """The sites that are in a register on a day."""
    return {
        site["site_no"]: site
        for site in rows("hazard_sites.geojson")
        for register, since, until, _ in stays(site)
        if register == kind and since <= day and (until is None or day < until)
    }


def active_sites() -> dict[str, dict]:
    """The 114."""
    return register_on("hidden_danger", AS_OF)


def assessments_on(day: str) -> dict[str, dict]:
    """The latest assessment of each site on or before a day."""
    ordered = sorted(rows("hazard_assessments.csv"), key=lambda row: row["assessed_on"])
    return {row["hazard_site"]: row for row in ordered if row["assessed_on"] <= day}


def is_in_force(row: dict, start: str, end: str, day: str) -> bool:
    """Whether a feature is true on a day; without a start it always was."""
    return (row[start] is None or row[start] <= day) and (row[end] is None or day < row[end])


def area_m2(geometry: BaseGeometry | dict) -> float:
    """The area on the ellipsoid of CGCS2000, edges as geodesics."""
    one = shape(geometry) if isinstance(geometry, dict) else geometry
    return abs(ELLIPSOID.geometry_area_perimeter(one)[0])


def distance_m(one: dict, other: dict) -> float:
    """Metres in an azimuthal equidistant projection around the first; to a millimetre at 1 km."""
    centre = shapely.centroid(shape(one))
    local = f"+proj=aeqd +lon_0={centre.x} +lat_0={centre.y} +ellps=GRS80 +type=crs"
    move = Transformer.from_crs("EPSG:4490", local, always_xy=True).transform
    first, second = (shapely.transform(shape(g), move, interleaved=False) for g in (one, other))
    return first.distance(second)


def best(site: dict) -> dict:
    """The best geometry of a site."""
    return site["footprint"] or site["geom"]


def days_between(one: str, other: str) -> int:
    return (date.fromisoformat(other) - date.fromisoformat(one)).days
