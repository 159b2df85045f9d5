"""Places and shapes on the ellipsoid of CGCS2000, by the local scale of degrees."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import shapely
from pyproj import Geod
from shapely.geometry import MultiPoint, MultiPolygon, Point, Polygon

Geometry = Any  # shapely is not typed


AXIS_M = 6_378_137.0  # GRS 80, the ellipsoid of CGCS2000
ECCENTRICITY2 = 0.006694380022900788


def metres_per_degree(latitude: float) -> tuple[float, float]:
    """The length of one degree of longitude and of latitude on the ellipsoid."""
    phi = math.radians(latitude)
    w2 = 1 - ECCENTRICITY2 * math.sin(phi) ** 2
    east = AXIS_M / math.sqrt(w2) * math.cos(phi)
    north = AXIS_M * (1 - ECCENTRICITY2) / w2**1.5
    return math.radians(east), math.radians(north)


@dataclass(frozen=True)
class Place:
    """A position in degrees, rounded as the files hold it: to 6 decimals (0.1 m), of parcels to 7."""

    longitude: float
    latitude: float

    def moved(self, bearing: float, metres: float, decimals: int = 6) -> "Place":
        """The place so many metres away, bearing in degrees from north; good to 1 mm in 1 km."""
        angle = math.radians(bearing)
        latitude = self.latitude
        for _ in range(2):  # the second time with the scale of the middle latitude
            east, north = metres_per_degree((self.latitude + latitude) / 2)
            latitude = self.latitude + metres * math.cos(angle) / north
        longitude = self.longitude + metres * math.sin(angle) / east
        return Place(round(longitude, decimals), round(latitude, decimals))

    def distance(self, other: "Place") -> float:
        """Metres on the ellipsoid, by the scale of the middle latitude."""
        east, north = metres_per_degree((self.latitude + other.latitude) / 2)
        return math.hypot(
            (self.longitude - other.longitude) * east, (self.latitude - other.latitude) * north
        )

    def bearing(self, other: "Place") -> float:
        """The direction to another place, in degrees from north."""
        east, north = metres_per_degree((self.latitude + other.latitude) / 2)
        return math.degrees(
            math.atan2(
                (other.longitude - self.longitude) * east, (other.latitude - self.latitude) * north
            )
        )

    @property
    def point(self) -> Geometry:
        """The place as a geometry."""
        return Point(self.longitude, self.latitude)


def area(places: Iterable[Place]) -> Geometry:
    """The polygon with these corners, as the multipolygon that the collections hold."""
    polygon = shapely.orient_polygons(Polygon([(p.longitude, p.latitude) for p in places]))
    return MultiPolygon([polygon])


def rectangle(
    centre: Place, bearing: float, length: float, width: float, decimals: int = 6
) -> Geometry:
    """A rectangle whose length lies along the bearing."""
    half_diagonal = math.hypot(length, width) / 2
    turn = math.degrees(math.atan2(width, length))
    corners = (turn, 180 - turn, 180 + turn, -turn)
    return area(centre.moved(bearing + corner, half_diagonal, decimals) for corner in corners)


def parcel(centre: Place, bearing: float, square_metres: float, ratio: float) -> Geometry:
    """A rectangle of this area, surveyed to the centimetre, `ratio` times as long as wide."""
    width = math.sqrt(square_metres / ratio)
    return rectangle(centre, bearing, width * ratio, width, decimals=7)


def centre_of(shape: Geometry) -> Place:
    """The centroid, rounded."""
    return Place(round(shape.centroid.x, 6), round(shape.centroid.y, 6))


def joined(*shapes: Geometry) -> Geometry:
    """The parts of several areas as one, without merging them."""
    return MultiPolygon([part for shape in shapes for part in shape.geoms])


_ELLIPSOID = Geod(a=AXIS_M, rf=298.257222101)


def measured_m2(shape: Geometry) -> float:
    """The area on the ellipsoid, edges as geodesics, as the database measures it."""
    return float(abs(_ELLIPSOID.geometry_area_perimeter(shape)[0]))


class Ground:
    """What stands where: keeps new areas away from what was put down before."""

    _CELL = 0.02  # degrees, some 2 km

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[Geometry]] = {}

    def take(self, shape: Geometry) -> Geometry:
        """Put a shape down; gives it back."""
        for cell in self._cells_of(shape, 0):
            self._cells.setdefault(cell, []).append(shape)
        return shape

    def is_free(self, shape: Geometry, gap_m: float) -> bool:
        """Whether nothing stands within so many metres of a shape."""
        gap = gap_m / 100_000  # a degree is longer than 100 km in both directions
        return all(
            shape.distance(other) > gap
            for cell in self._cells_of(shape, gap)
            for other in self._cells.get(cell, ())
        )

    def _cells_of(self, shape: Geometry, gap: float) -> Iterator[tuple[int, int]]:
        west, south, east, north = shape.bounds
        for x in range(int((west - gap) / self._CELL), int((east + gap) / self._CELL) + 1):
            for y in range(int((south - gap) / self._CELL), int((north + gap) / self._CELL) + 1):
                yield x, y


def put_down(
    within: Geometry,
    grounds: Iterable[Ground],
    make: Callable[[Place], Geometry],
    random: Random,
    gap_m: float = 40,
) -> Geometry:
    """Make a shape at a random place inside an area where it is free on all grounds."""
    west, south, east, north = within.bounds
    every = list(grounds)
    for attempt in range(4000):
        place = Place(random.uniform(west, east), random.uniform(south, north))
        shape = make(place)
        gap = gap_m if attempt < 3000 else gap_m / 4
        if within.contains(shape) and all(ground.is_free(shape, gap) for ground in every):
            return shape
    raise RuntimeError(f"no room near {within.centroid.wkt}")


def slope_outline(centre: Place, length: float, width: float, random: Random) -> Geometry:
    """An irregular eight-sided area around a slope."""
    turn = random.uniform(0, 180)
    corners = []
    for step in range(8):
        angle = math.radians(45 * step)
        x = length / 2 * math.cos(angle) * random.uniform(0.75, 1.15)
        y = width / 2 * math.sin(angle) * random.uniform(0.75, 1.15)
        corners.append(centre.moved(turn + math.degrees(math.atan2(y, x)), math.hypot(x, y)))
    return area(reversed(corners))


def widened(footprint: Geometry, reach_m: float) -> Geometry:
    """The area within so many metres of another, as a convex outline of its moved corners."""
    corners = [Place(*corner) for corner in footprint.geoms[0].exterior.coords]
    moved = MultiPoint(
        [corner.moved(45 * step, reach_m).point for corner in corners for step in range(8)]
    )
    return MultiPolygon([shapely.orient_polygons(shapely.normalize(moved.convex_hull))])
