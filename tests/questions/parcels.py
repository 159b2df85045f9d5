"""Rectangles of known area on a fine grid, and the land and hazards that are made of them.

One step is 1e-5 degrees: about 1.03 m to the east and 1.11 m to the north. Areas are those of
pyproj, which knows nothing of the database.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from worlds import CGCS2000, HERE

from geoservice.domain.hazards import hazard_sites, register_periods, risk_zones
from geoservice.domain.land import education_projects, land_parcels, land_reserves
from geoservice.domain.planning import targets


@dataclass(frozen=True)
class Box:
    """A rectangle from west, south to east, north, in steps from HERE."""

    west: float
    south: float
    east: float
    north: float

    @property
    def corners(self) -> list[tuple[float, float]]:
        """Counter-clockwise from the south west, as degrees."""
        west, east = (HERE[0] + step * 1e-5 for step in (self.west, self.east))
        south, north = (HERE[1] + step * 1e-5 for step in (self.south, self.north))
        return [(west, south), (east, south), (east, north), (west, north)]

    @property
    def area_m2(self) -> float:
        """On the ellipsoid, edges as geodesics."""
        area, _ = CGCS2000.polygon_area_perimeter(*zip(*self.corners, strict=True))
        return area

    def ring(self, start: int = 0, turn: int = 1) -> str:
        """The ring as WKT, from any vertex, in either direction."""
        corners = self.corners[start:] + self.corners[:start]
        ring = [*corners, corners[0]][::turn]
        return f"({', '.join(f'{x!r} {y!r}' for x, y in ring)})"

    @property
    def wkt(self) -> str:
        return f"MULTIPOLYGON({self.polygon()})"

    def polygon(self, start: int = 0, turn: int = 1) -> str:
        return f"({self.ring(start, turn)})"


def area_m2(*boxes: Box) -> float:
    """The sum of the areas of boxes that do not overlap."""
    return sum(box.area_m2 for box in boxes)


@dataclass
class Land:
    """Makes land and hazards; they are called by their numbers."""

    add: Any
    made: int = 0

    def _next(self, letter: str) -> str:
        self.made += 1
        return f"{letter}{self.made}"

    def reserve(self, where: Box | str, status: str = "planned", **rest: Any) -> UUID:
        """A reserve that reached its state on 1 March 2022."""
        values = {
            "reserve_no": self._next("R"),
            "name": "reserve",
            "purpose_kind": "education",
            "status": status,
            f"{status}_on": "2022-03-01",
            "geom": where.wkt if isinstance(where, Box) else where,
        }
        return self.add(land_reserves, **values | rest)

    def project(self, **rest: Any) -> UUID:
        """A project for more school places."""
        values = {
            "project_no": self._next("E"),
            "name": "project",
            "build_kind": "new",
            "land_status": "reserved",
            "status": "listed",
        }
        return self.add(education_projects, **values | rest)

    def parcel(self, where: Box, **rest: Any) -> UUID:
        """A parcel of school land."""
        values = {"parcel_no": self._next("L"), "land_use_code": "0804", "geom": where.wkt}
        return self.add(land_parcels, **values | rest)

    def zone(self, where: Box | str, risk_level: str = "high", **rest: Any) -> UUID:
        """A risk zone in force since 2020."""
        values = {
            "zone_no": self._next("Z"),
            "name": "zone",
            "risk_level": risk_level,
            "published_on": "2020-01-01",
            "geom": where.wkt if isinstance(where, Box) else where,
        }
        return self.add(risk_zones, **values | rest)

    def site(self, xy: tuple[float, float], **rest: Any) -> UUID:
        """A registered site, its position in steps from HERE."""
        values = {
            "site_no": self._next("S"),
            "name": "site",
            "register_kind": "hidden_danger",
            "type_code": "02",
            "registered_on": "2020-01-01",
            "geom": f"POINT({HERE[0] + xy[0] * 1e-5!r} {HERE[1] + xy[1] * 1e-5!r})",
        }
        return self.add(hazard_sites, **values | rest)

    def earlier_period(self, site: UUID, **rest: Any) -> UUID:
        """A period of a site in a register before the present one."""
        return self.add(register_periods, hazard_site=site, **rest)

    def target(self, value_m2: float = 150_000, **rest: Any) -> UUID:
        """A target from 2021 to 2035."""
        values = {
            "target_no": self._next("T"),
            "name": "new land",
            "metric": "new_public_service_land",
            "value_m2": value_m2,
            "base_year": 2021,
            "end_year": 2035,
        }
        return self.add(targets, **values | rest)
