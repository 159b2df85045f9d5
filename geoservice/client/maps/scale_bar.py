"""How long a scale bar is: true on the ellipsoid of CGCS2000 at the centre of a map.

Its ellipsoid is that of GRS 80 but for the last digits of the flattening: a = 6 378 137 m,
1/f = 298.257 222 101 (GB 22021-2008).
"""

from pyproj import CRS, Geod, Transformer

_ELLIPSOID = Geod(a=6_378_137.0, rf=298.257222101)
_WEST_EAST_DEGREES = 0.005


def metres_per_degree_of_longitude(centre: tuple[float, float]) -> float:
    """Metres along the parallel through a place (longitude, latitude), for one degree."""
    longitude, latitude = centre
    _, _, metres = _ELLIPSOID.inv(
        longitude - _WEST_EAST_DEGREES, latitude, longitude + _WEST_EAST_DEGREES, latitude
    )
    return float(metres) / (2 * _WEST_EAST_DEGREES)


def length_on_plane(metres: float, centre: tuple[float, float], plane: CRS) -> float:
    """The length in a plane, along its x axis through the centre, of so many metres on the ground.

    Args:
        metres: between the two ends, geodesic on the ellipsoid.
        centre: x and y in the plane; the bar lies to both sides of it.
        plane: a projected CRS in metres.
    """
    to_degrees = Transformer.from_crs(plane, plane.geodetic_crs, always_xy=True)
    x, y = centre
    length = metres
    for _ in range(3):  # the scale hardly changes over a bar: the second step is exact already
        longitudes, latitudes = to_degrees.transform([x - length / 2, x + length / 2], [y, y])
        _, _, ground = _ELLIPSOID.inv(longitudes[0], latitudes[0], longitudes[1], latitudes[1])
        length *= metres / float(ground)
    return length


def round_length(most: float) -> float:
    """The longest of 1, 2 or 5 times a power of ten that is not longer than `most` metres."""
    power = 10.0 ** int(f"{most:e}".partition("e")[2])
    return next(step * power for step in (5, 2, 1) if step * power <= most * (1 + 1e-12))


def caption(metres: float) -> str:
    """A length as a bar is labelled: in kilometres from 1 000 m on."""
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
