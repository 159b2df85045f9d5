"""Towns and villages: official codes and names, schematic areas around open points."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely
from shapely.affinity import scale as stretch
from shapely.geometry import MultiPoint, MultiPolygon, box

from generator.files import Row
from generator.ground import Geometry, Place

INPUTS = Path(__file__).parents[1] / "inputs"
CITY = "441900"


HAND_PLACED = {"441900118": Place(113.84, 22.9)}
"""大岭山 has no open point: a place in the gap between its neighbours, to two decimals."""

SOUTH_NORTH_SQUEEZE = math.cos(math.radians(22.9))  # makes degrees of longitude as long as others
CITY_BOX = box(113.52, 22.65, 114.25, 23.15)  # published extreme longitudes and latitudes


@dataclass(frozen=True)
class Town:
    """A unit of the town level; without `seed` and `area` where no open point is known."""

    code: str
    name: str
    name_en: str
    kind: str
    seed: Place | None
    area: Geometry | None
    villages: tuple[str, ...]

    @property
    def short(self) -> str:
        """The name without 街道 or 镇."""
        return self.name.removesuffix("街道").removesuffix("镇")

    @property
    def short_en(self) -> str:
        """The English name without the kind."""
        return self.name_en.removesuffix(" Subdistrict").removesuffix(" Town")

    def holds(self, place: Place, margin_m: float = 0) -> bool:
        """Whether a place lies inside the schematic area, that far from its border."""
        if self.area is None or not self.area.contains(place.point):
            return False
        return bool(self.area.boundary.distance(place.point) * 100_000 >= margin_m)


def read_input(name: str) -> list[dict[str, str]]:
    """The rows of an input file."""
    with (INPUTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def open_points() -> tuple[dict[str, Place], list[Place]]:
    """The points of the towns by code, and those of places beyond the border."""
    towns, neighbours = dict(HAND_PLACED), []
    for row in read_input("geonames_points.csv"):
        place = Place(float(row["longitude"]), float(row["latitude"]))
        if row["role"] == "town":
            towns[row["town_code"]] = place
        elif row["role"] == "neighbour":
            neighbours.append(place)
    return towns, neighbours


def schematic_areas(seeds: Mapping[str, Place], neighbours: Sequence[Place]) -> dict[str, Geometry]:
    """Voronoi cells of the points, clipped to a buffered hull; cells of neighbours are left out."""

    def to_plane(geometry: Geometry) -> Geometry:
        return stretch(geometry, SOUTH_NORTH_SQUEEZE, 1, origin=(0, 0))

    points = {code: to_plane(place.point) for code, place in seeds.items()}
    hull = MultiPoint([*points.values()]).convex_hull.buffer(0.033, quad_segs=4)
    outline = hull.intersection(to_plane(CITY_BOX))
    everyone = MultiPoint([*points.values(), *(to_plane(place.point) for place in neighbours)])
    cells = shapely.voronoi_polygons(everyone, extend_to=outline).geoms
    areas = {}
    for code, point in points.items():
        cell = next(cell for cell in cells if cell.contains(point)).intersection(outline)
        degrees = stretch(cell, 1 / SOUTH_NORTH_SQUEEZE, 1, origin=(0, 0))
        rounded = shapely.normalize(shapely.set_precision(degrees, 1e-6))
        areas[code] = MultiPolygon([shapely.orient_polygons(rounded)])
    return areas


def read_towns() -> list[Town]:
    """The 36 units of the town level with their points, schematic areas and villages."""
    seeds, neighbours = open_points()
    areas = schematic_areas(seeds, neighbours)
    villages = read_input("villages.csv")
    return [
        Town(
            code=row["code"],
            name=row["name"],
            name_en=row["name_en"],
            kind=row["kind"],
            seed=seeds.get(row["code"]),
            area=areas.get(row["code"]),
            villages=tuple(v["code"] for v in villages if v["town_code"] == row["code"]),
        )
        for row in read_input("towns.csv")
    ]


def village_kind(name: str) -> str:
    """The kind of a village-level unit, which its official name tells."""
    if "虚拟社区" in name:
        return "virtual_community"
    if name.endswith("村民委员会"):
        return "village"
    return "living_area" if name.endswith("生活区") else "community"


def town_row(town: Town) -> Row:
    """A town as the collection `towns` holds it."""
    accuracy = None if town.area is None else 5000 if town.code in HAND_PLACED else 3000
    return {
        "geometry": town.area,
        "code": town.code,
        "name": town.name,
        "name_en": town.name_en,
        "kind": town.kind,
        "parent_code": CITY,
        "boundary_accuracy_m": accuracy,
        "valid_from": None,
        "valid_to": None,
        "replaced_by": None,
    }


def village_row(row: Mapping[str, str]) -> Row:
    """A village as the collection `villages` holds it."""
    return {
        "code": row["code"],
        "name": row["name"],
        "kind": village_kind(row["name"]),
        "town_code": row["town_code"],
        "valid_from": None,
        "valid_to": None,
        "replaced_by": None,
    }
