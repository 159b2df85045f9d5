"""Distances and areas on the ellipsoid, and boxes in degrees that nothing near enough can escape.

A plain GiST index on degrees answers “which boxes meet this box?”. `box_around` makes a box large
enough that the box of everything within a distance meets it; `distance_m` then decides. It is
derived for the ellipsoid of CGCS2000 (WGS 84 and GRS 80 are the same to a millimetre):

- One degree of latitude is at least 110 574 m long: at the equator; it grows towards the poles.
- One degree of longitude at latitude φ is at least 111 319 · cos φ m. A circle reaches farthest in
  longitude on the poleward side of its centre, so φ is the highest latitude of the expanded box.
- Edges are geodesics for the distance but straight in degrees for the index. An edge of length w
  at latitude φ rises above its ends by w² · tan φ / 8R: 21 m for 50 km at 23°, 49 m at 45°. So a
  margin of 50 m covers edges of up to 50 km, on both sides together. Longer ones are for the
  caller to divide; the filter reader does so.
- A thousandth of the distance covers the rounding of these figures.

At a pole the cosine vanishes and the box becomes the whole band of latitudes; one that crosses the
antimeridian is made so, because coordinates beyond 180° are stored on the other side.
"""

from typing import Any

import sqlalchemy as sa

Expression = sa.ColumnElement[Any]

_METRES_PER_DEGREE_NORTH = 110_574.0
_METRES_PER_DEGREE_EAST = 111_319.0  # at the equator
_MARGIN_M = 50.0
_ROUNDING = 1.001


def distance_m(one: Expression, other: Expression) -> sa.ColumnElement[float]:
    """The shortest geodesic distance of two geometries in metres; 0 if they meet."""
    sides = (sa.func.geography(one), sa.func.geography(other))
    return sa.func.ST_Distance(*sides, type_=sa.Double)


def extent_of(geometry: Expression, like: Expression | None = None) -> sa.ColumnElement[float]:
    """How much there is of a geometry: square metres, metres, or a number of points.

    Which of them, the dimension of `like` decides, or its own; on the ellipsoid, edges as
    geodesics. An empty geometry has 0, a missing one null.
    """
    dimension = sa.func.ST_Dimension(geometry if like is None else like)
    return sa.case(
        (dimension == 2, sa.func.ST_Area(sa.func.geography(geometry), type_=sa.Double)),
        (dimension == 1, sa.func.ST_Length(sa.func.geography(geometry), type_=sa.Double)),
        else_=sa.cast(sa.func.ST_NPoints(geometry), sa.Double),
    )


def common_part(one: Expression, place: Expression) -> Expression:
    """The part of a place that lies in a geometry: of the place's dimension, so without mere contacts.

    Where one holds the other whole, nothing is computed.
    """
    common = sa.func.ST_CollectionExtract(
        sa.func.ST_Intersection(one, place), sa.func.ST_Dimension(place) + 1
    )
    return sa.case(
        (sa.func.ST_Covers(one, place), place),
        (
            sa.and_(
                sa.func.ST_Dimension(one) == sa.func.ST_Dimension(place),
                sa.func.ST_Covers(place, one),
            ),
            one,
        ),
        else_=common,
    )


def box_around(geometry: Expression, distance: float | Expression) -> Expression:
    """A box in degrees that meets the box of everything within `distance` metres of a geometry.

    Around a constant it is a constant for the planner; around a column it serves a join:
    `a.geom && box_around(b.geom, 500)` uses the index of a.
    """
    reach: Any = distance * _ROUNDING + _MARGIN_M
    up = _number(reach / _METRES_PER_DEGREE_NORTH)
    latitude = sa.func.greatest(
        up - sa.func.ST_YMin(geometry), up + sa.func.ST_YMax(geometry), type_=sa.Double
    )
    cosine = sa.func.cosd(sa.func.least(latitude, 90.0), type_=sa.Double)
    cosine = sa.func.greatest(cosine, 1e-9, type_=sa.Double)
    at_equator = _number(reach / _METRES_PER_DEGREE_EAST)
    aside: Expression = at_equator.op("/", return_type=sa.Double())(cosine)
    longitude = sa.func.greatest(
        -sa.func.ST_XMin(geometry), sa.func.ST_XMax(geometry), type_=sa.Double
    )
    aside = sa.case((longitude + aside > 180.0, 360.0), else_=aside)
    return sa.func.ST_Expand(geometry, aside, up)


def _number(value: float | Expression) -> Expression:
    return sa.literal(value, sa.Double) if isinstance(value, float) else value
