"""Places at known distances, the features that stand there, and questions asked as a door asks them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pyproj import Geod

from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_sites
from geoservice.domain.remediation import remediation_projects
from geoservice.questions import Answer, ask, question_called
from geoservice.regions import region
from geoservice.store.database import Database
from geoservice.store.publishing import Registry

CGCS2000 = Geod(a=6378137.0, rf=298.257222101)
HERE = (113.75, 23.0)


def place(distance_m: float, azimuth_deg: float = 90.0) -> tuple[float, float]:
    """Longitude and latitude of the place that far from HERE."""
    x, y, _ = CGCS2000.fwd(*HERE, azimuth_deg, distance_m)
    return x, y


def point(xy: tuple[float, float] = HERE) -> str:
    return f"POINT({xy[0]!r} {xy[1]!r})"


def square(centre: tuple[float, float], half_m: float, *, start: int = 0, turn: int = 1) -> str:
    """A square around a place; `start` and `turn` say how its ring is written."""
    corners = [
        CGCS2000.fwd(*centre, azimuth, half_m * 2**0.5)[:2] for azimuth in (45, 135, 225, 315)
    ]
    corners = corners[start:] + corners[:start]
    ring = [*corners, corners[0]][::turn]
    return f"MULTIPOLYGON((({', '.join(f'{x!r} {y!r}' for x, y in ring)})))"


@dataclass(frozen=True)
class Asked:
    """An answer, read as a client reads it."""

    answer: Answer

    @property
    def features(self) -> list[dict[str, Any]]:
        return json.loads(f"[{self.answer.features}]")

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [feature["properties"] for feature in self.features]

    @property
    def counts(self) -> Mapping[str, Any]:
        return self.answer.counts

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]

    @property
    def coverage(self) -> dict[str, str]:
        return {each.collection: each.status for each in self.answer.coverage}

    def said_of(self, collection: str) -> str:
        """What the answer says of the coverage of a collection, in English."""
        (said,) = [each for each in self.answer.coverage if each.collection == collection]
        return said.statement.en


def asked(database: Database, id: str, **given: object) -> Asked:
    """A question asked of a database."""
    registry, city = Registry(database), region()
    answer = ask(
        question_called(id, city), given, database=database, registry=registry, region=city
    )
    return Asked(answer)


@dataclass
class World:
    """Makes sites and facilities with what they need to count; names are their numbers."""

    add: Any
    made: int = 0

    def site(
        self, xy: tuple[float, float] | None = HERE, *, measure: str | None = "D", **rest: Any
    ) -> UUID:
        """A registered site with a measure."""
        self.made += 1
        values = {
            "site_no": f"S{self.made}",
            "name": f"site {self.made}",
            "register_kind": "hidden_danger",
            "type_code": "02",
            "registered_on": "2020-01-01",
            "location_accuracy_m": 0.0,
            "geom": xy and point(xy),
        }
        uid = self.add(hazard_sites, **values | rest)
        if measure:
            self.project(uid, measure=measure)
        return uid

    def project(self, *sites: UUID, **rest: Any) -> UUID:
        """A project that treats sites."""
        self.made += 1
        values = {
            "project_no": f"P{self.made}",
            "name": "project",
            "hazard_sites": list(sites),
            "measure": "D",
            "status": "in_works",
        }
        return self.add(remediation_projects, **values | rest)

    def school(self, xy: tuple[float, float] | None, **rest: Any) -> UUID:
        """A primary school in operation."""
        self.made += 1
        values = {
            "facility_no": f"F{self.made}",
            "name": f"school {self.made}",
            "kind": "primary_school",
            "status": "operating",
            "location_accuracy_m": 0.0,
            "geom": xy and point(xy),
        }
        return self.add(facilities, **values | rest)
