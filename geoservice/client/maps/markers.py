"""The outlines of markers: those that Symbology Encoding names (OGC 05-077r4, 11.3.2), some turned."""

import math

import numpy as np
from numpy.typing import NDArray

_SIDES_OF_CIRCLE = 16


def marker(shape: str) -> NDArray[np.float64]:
    """The corners of a marker that reaches to 1 from its middle; x to the right, y downwards.

    A shape that is not known is a circle.
    """
    if shape == "square":
        return np.array([(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)])
    if shape == "diamond":
        return np.array([(0, -1), (1, 0), (0, 1), (-1, 0)], dtype=float)
    if shape == "triangle":
        return np.array([(0, -1), (1, 0.75), (-1, 0.75)])
    if shape == "triangle_down":
        return np.array([(0, 1), (-1, -0.75), (1, -0.75)])
    if shape == "star":
        return np.array([_at(turn / 10, 1 if turn % 2 == 0 else 0.42) for turn in range(10)])
    if shape == "cross":
        a = 0.33
        quarter = [(a, -a), (a, -1), (-a, -1)]
        corners = [
            (x * math.cos(t) - y * math.sin(t), x * math.sin(t) + y * math.cos(t))
            for t in (0, -math.pi / 2, -math.pi, -3 * math.pi / 2)
            for x, y in quarter
        ]
        return np.array(corners)
    return np.array([_at(n / _SIDES_OF_CIRCLE, 1) for n in range(_SIDES_OF_CIRCLE)])


def _at(turn: float, radius: float) -> tuple[float, float]:
    """The position at a part of a full turn, clockwise from the top."""
    angle = 2 * math.pi * turn
    return radius * math.sin(angle), -radius * math.cos(angle)
