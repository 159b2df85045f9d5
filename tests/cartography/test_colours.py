"""Classes can be told apart by everybody: with each kind of colour blindness, and hazards without colours.

The matrices are those of Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of
Color Vision Deficiency" (IEEE TVCG 15(6), 2009), severity 1.0, for linear RGB.
"""

from itertools import combinations

import pytest

from geoservice.catalog import built_in_collections
from geoservice.description import style as palette
from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_sites

VISIONS = {
    "ordinary": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
JUST_NOTICEABLE = 2.3  # CIE 1976 ΔE*ab, Sharma, Digital Color Imaging Handbook (2003), 1.7.2
EASILY_TOLD_APART = 4 * JUST_NOTICEABLE

CLASSIFIED = [each for each in built_in_collections() if each.style and each.style.classification]


def as_seen(colour: str, vision) -> tuple[float, float, float]:
    """CIE L*a*b* (D65) of a colour as somebody sees it."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (byte / 255 for byte in bytes.fromhex(colour[1:]))
    ]
    r, g, b = (
        min(max(sum(f * c for f, c in zip(row, linear, strict=True)), 0), 1) for row in vision
    )
    x = (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047
    y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b
    z = (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883
    fx, fy, fz = (
        t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29 for t in (x, y, z)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def difference(one: str, other: str, vision) -> float:
    pairs = zip(as_seen(one, vision), as_seen(other, vision), strict=True)
    return sum((a - b) ** 2 for a, b in pairs) ** 0.5


def test_the_figures_are_those_of_the_definitions():
    ordinary = VISIONS["ordinary"]
    assert as_seen("#ffffff", ordinary) == pytest.approx((100, 0, 0), abs=0.01)
    assert as_seen("#ff0000", ordinary) == pytest.approx((53.24, 80.09, 67.20), abs=0.01)
    # Red and green of one lightness, which is what protanopia takes for one another.
    assert difference("#ff0000", "#008000", ordinary) > 100


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("collection", CLASSIFIED, ids=lambda each: each.id)
def test_classes_differ_in_colour_or_shape(collection, vision):
    symbols = [each.symbol for each in collection.style.classification.classes]
    symbols += [collection.style.symbol] if collection.geometry else []
    for one, other in combinations(symbols, 2):
        shapes_differ = bool(collection.geometry) and one.shape is not other.shape
        apart = difference(one.fill, other.fill, VISIONS[vision])
        assert shapes_differ or apart >= EASILY_TOLD_APART, (one, other, apart)


def test_types_of_hazards_differ_in_shape_so_that_a_print_without_colours_shows_them():
    symbols = [hazard_sites.style.symbol]
    symbols += [each.symbol for each in hazard_sites.style.classification.classes]
    assert len({each.shape for each in symbols}) == len(symbols) == 6


def test_kinds_of_facilities_of_one_colour_differ_in_shape():
    symbols = [each.symbol for each in facilities.style.classification.classes]
    assert len({(each.fill, each.shape) for each in symbols}) == len(symbols)


def test_risk_levels_keep_the_official_order_of_colours_red_orange_yellow_blue():
    by_id = {each.id: each for each in built_in_collections()}
    classes = by_id["hazard_assessments"].style.classification.classes
    assert [(each.code, each.symbol.fill) for each in classes] == [
        ("very_high", palette.VERMILLION),
        ("high", palette.ORANGE),
        ("medium", palette.YELLOW),
        ("low", palette.BLUE),
    ]
