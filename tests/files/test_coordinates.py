"""GCJ-02 and BD-09 against an independent implementation, and CRSs that are known or refused."""

import coord_convert.transform as oracle
import numpy as np
import pytest
import shapely

from geoservice import chinese_offsets
from geoservice.errors import MissingCrs, RefusedCrs, UnknownCrs
from geoservice.files.source_crs import source_crs

METRE = 1 / 111_000
PLACES = np.random.default_rng(7).uniform((75, 4), (134, 53), (500, 2))
DATUMS = [
    (chinese_offsets.wgs84_to_gcj02, chinese_offsets.gcj02_to_wgs84, oracle.wgs2gcj),
    (chinese_offsets.wgs84_to_bd09, chinese_offsets.bd09_to_wgs84, oracle.wgs2bd),
]


@pytest.mark.parametrize(("forward", "inverse", "of_oracle"), DATUMS, ids=["gcj02", "bd09"])
def test_shifts_agree_with_the_oracle_and_are_undone_within_a_millimetre(
    forward, inverse, of_oracle
) -> None:
    lon, lat = PLACES.T
    shifted = np.array([of_oracle(*place) for place in PLACES])
    assert np.abs(np.column_stack(forward(lon, lat)) - shifted).max() < 0.001 * METRE
    assert np.abs(np.column_stack(inverse(*shifted.T)) - PLACES).max() < 0.001 * METRE


def test_nothing_is_shifted_outside_china() -> None:
    lon, lat = np.array([2.35, 151.2]), np.array([48.85, -33.9])
    for convert in (
        chinese_offsets.gcj02_to_wgs84,
        chinese_offsets.bd09_to_wgs84,
        chinese_offsets.wgs84_to_bd09,
    ):
        assert np.array_equal(np.column_stack(convert(lon, lat)), np.column_stack([lon, lat]))


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("4490", (113.75, 23.02)),
        ("EPSG:4326", (113.75, 23.02)),
        ("4547", (474_391.6, 2_546_771.2)),
        ("EPSG:4526", (38_474_391.6, 2_546_771.2)),
    ],
)
def test_coordinates_reach_the_storage_crs_with_x_first(
    name: str, point: tuple[float, float]
) -> None:
    stored = source_crs(name, None, None, "file").to_storage(shapely.points([point]))
    assert shapely.get_coordinates(stored)[0] == pytest.approx((113.75, 23.02), abs=2e-3)


@pytest.mark.parametrize("code", [2326, 27700, 32650, 3857])
def test_other_crs_of_proj_are_accepted_with_their_accuracy(code: int) -> None:
    assert 0 < source_crs(str(code), None, None, "file").accuracy_m <= 2


@pytest.mark.parametrize("code", [4214, 4610, 2384, 2435, 4555])
def test_crs_without_known_parameters_are_refused_with_the_reason(code: int) -> None:
    with pytest.raises(RefusedCrs, match="参数"):
        source_crs(f"EPSG:{code}", None, None, "file")


def test_a_crs_that_nobody_states_is_asked_for() -> None:
    with pytest.raises(MissingCrs, match="gcj02"):
        source_crs(None, None, None, "file.csv")
    with pytest.raises(UnknownCrs):
        source_crs("mars", None, None, "file.csv")
