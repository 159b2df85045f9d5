"""Each issue of geometry, of identity and of place: at the rule, and just beyond it."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from factories import valid_feature, write_geojson

from geoservice.chinese_offsets import wgs84_to_bd09, wgs84_to_gcj02

SQUARE = [[113.7, 23.0], [113.8, 23.0], [113.8, 23.1], [113.7, 23.0]]


def _publish_shapes(publishing, tmp_path: Path, *geometries: Any, **options: Any):
    features = [
        {"type": "Feature", "properties": {"id": n}, "geometry": geometry}
        for n, geometry in enumerate(geometries)
    ]
    return publishing("shapes", write_geojson(tmp_path / "shapes.geojson", features), **options)


def _polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def _point(*position: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(position)}


CASES = {
    "unclosed-ring": (_polygon(SQUARE), _polygon([*SQUARE[:-1], [113.7, 23.05]]), {}),
    "invalid-geometry": (
        _polygon(SQUARE),
        _polygon([[113.7, 23], [113.8, 23.1], [113.8, 23], [113.7, 23.1], [113.7, 23]]),
        {},
    ),
    "empty-geometry": (_polygon(SQUARE), {"type": "Polygon", "coordinates": []}, {}),
    "outside-region": (_point(114.4, 23.3), _point(114.41, 23.3), {}),
    "outside-world": (_point(180, 23), _point(180.5, 23), {}),
    "swapped-axes": (_point(113.7, 23.0), _point(23.0, 113.7), {}),
    "metres-as-degrees": (_point(113.7, 23.0), _point(474_391, 2_546_771), {}),
    "degrees-as-metres": (_point(474_391, 2_546_771), _point(113.7, 23.0), {"crs": "4547"}),
    "has-z": (_point(113.7, 23.0), _point(113.7, 23.0, 5.0), {}),
    "promoted-to-multi": (
        {"type": "MultiPolygon", "coordinates": [[SQUARE]]}, _polygon(SQUARE), {},
    ),
    "too-many-vertices": (_polygon(SQUARE), _polygon([*SQUARE[:2], [113.8, 23.05], *SQUARE[2:]]), {"max_vertices": 4}),
}  # fmt: skip
STORED = {"outside-region": "warning", "has-z": "info", "promoted-to-multi": "info"}


@pytest.mark.parametrize("code", CASES)
def test_a_geometry_that_breaks_a_rule_has_its_issue_and_another_has_none(
    code: str, publishing, tmp_path: Path
) -> None:
    good, bad, options = CASES[code]
    fine = _publish_shapes(publishing, tmp_path, good, **options)
    assert code not in fine.issue_counts
    report = _publish_shapes_again(publishing, tmp_path, good, bad, **options)
    assert report.issue_counts[code] == {STORED.get(code, "error"): 1}
    assert report.state == ("committed" if code in STORED else "refused")


def _publish_shapes_again(publishing, tmp_path: Path, *geometries: Any, **options: Any):
    features = [
        {"type": "Feature", "properties": {"id": n}, "geometry": geometry}
        for n, geometry in enumerate(geometries)
    ]
    return publishing("again", write_geojson(tmp_path / "again.geojson", features), **options)


def test_metric_axes_that_are_swapped_are_recognised(publishing, tmp_path: Path) -> None:
    report = _publish_shapes(publishing, tmp_path, _point(2_546_771, 474_391), crs="4547")
    assert list(report.issue_counts) == ["swapped-axes"]


def test_a_neighbouring_city_in_its_own_grid_is_not_taken_for_swapped(
    publishing, tmp_path: Path
) -> None:
    report = _publish_shapes(publishing, tmp_path, _point(842_000, 836_500), crs="2326")
    assert report.issue_counts == {"outside-region": {"warning": 1}}


def test_numbers_that_are_not_finite_are_refused(publishing, tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("name,lon,lat\nA,113.7,23\nB,nan,23\nC,1e999,23\nD,,\nE,x,23\n")
    report = publishing("points", path, crs="4490")
    rows = {(i.row, i.code) for i in report.issues if i.code == "not-finite"}
    assert rows == {(2, "not-finite"), (3, "not-finite"), (5, "not-finite")}


def test_repair_is_only_done_when_asked_and_records_both_states(publishing, tmp_path: Path) -> None:
    bow_tie = CASES["invalid-geometry"][1]
    assert _publish_shapes(publishing, tmp_path, bow_tie).state == "refused"
    report = _publish_shapes(publishing, tmp_path, bow_tie, repair=True)
    assert report.state == "committed"
    assert report.issue_counts["repaired"] == {"warning": 1}
    (repair,) = report.repairs
    assert repair["before"]["wkb_sha256"] != repair["after"]["wkb_sha256"]
    assert repair["after"]["area_deg2"] == pytest.approx(0.005)


def test_a_polygon_that_would_take_minutes_to_mend_stays_invalid(
    publishing, tmp_path: Path
) -> None:
    ring = np.random.default_rng(3).uniform((113.5, 22.7), (114.2, 23.2), (2001, 2)).tolist()
    report = _publish_shapes(publishing, tmp_path, _polygon([*ring, ring[0]]), repair=True)
    assert (report.state, list(report.issue_counts)) == ("refused", ["invalid-geometry"])


def test_rows_with_one_key_are_all_refused(checking, registry, tmp_path: Path) -> None:
    towns = registry.collection("towns")
    features = [valid_feature(towns, n) for n in (1, 2, 1)]
    report = checking("towns", write_geojson(tmp_path / "towns.geojson", features))
    assert [(i.code, i.row, i.field) for i in report.issues] == [
        ("duplicate-key", 1, "code"), ("duplicate-key", 3, "code"),
    ]  # fmt: skip
    assert (report.accepted, report.rejected) == (1, 2)


def test_a_reference_to_nothing_is_refused(checking, registry, tmp_path: Path) -> None:
    sites = registry.collection("hazard_sites")
    good, bad = valid_feature(sites, 1), valid_feature(sites, 2, {"hazard_sites": "nowhere"})
    good["properties"]["merged_into"] = None
    report = checking("hazard_sites", write_geojson(tmp_path / "sites.geojson", [good, bad]))
    assert [(i.code, i.row, i.field, i.value) for i in report.issues] == [
        ("unknown-reference", 2, "merged_into", "nowhere")
    ]


def test_a_row_may_refer_to_another_row_of_the_file(importing, registry, tmp_path: Path) -> None:
    sites = registry.collection("hazard_sites")
    first, second = valid_feature(sites, 1), valid_feature(sites, 2)
    for feature in (first, second):
        feature["properties"]["site_no_scheme"] = "national_12"
    first["properties"]["merged_into"] = second["properties"]["site_no"]
    report = importing("hazard_sites", write_geojson(tmp_path / "sites.geojson", [first, second]))
    assert (report.state, report.inserted) == ("committed", 2)


def test_the_meaning_of_a_code_is_stored_as_its_code(checking, registry, tmp_path: Path) -> None:
    feature = valid_feature(registry.collection("hazard_sites"), 1)
    feature["properties"] |= {"register_kind": "隐患点", "type_code": "滑坡", "merged_into": None}
    report = checking("hazard_sites", write_geojson(tmp_path / "sites.geojson", [feature]))
    assert {(i.code, i.field, i.value) for i in report.issues} == {
        ("code-from-title", "register_kind", "隐患点"), ("code-from-title", "type_code", "滑坡"),
    }  # fmt: skip
    assert report.rejected == 0


@pytest.mark.parametrize(
    ("code", "shift"),
    [("suspected-gcj02", wgs84_to_gcj02), ("suspected-bd09", wgs84_to_bd09), (None, None)],
)
def test_a_shifted_datum_is_suspected_from_the_towns_that_features_name(
    code, shift, importing, checking, registry, tmp_path: Path
) -> None:
    towns, facilities = registry.collection("towns"), registry.collection("facilities")
    areas, points = [], []
    for number in range(12):
        west = 113.6 + number * 0.004
        area = valid_feature(towns, number)
        area["properties"]["code"] = str(number)
        area["geometry"] = json.loads(
            shapely.to_geojson(
                shapely.MultiPolygon([shapely.box(west, 22.9, west + 0.004, 22.904)])
            )
        )
        areas.append(area)
        lon, lat = np.array([west + 0.002]), np.array([22.902])
        if shift:
            lon, lat = shift(lon, lat)
        point = valid_feature(facilities, number)
        point["properties"]["town_code"] = str(number)
        point["geometry"] = _point(float(lon[0]), float(lat[0]))
        points.append(point)
    importing("towns", write_geojson(tmp_path / "towns.geojson", areas)).raise_if_refused()
    report = checking("facilities", write_geojson(tmp_path / "schools.geojson", points))
    suspected = {c for c in report.issue_counts if c.startswith("suspected")}
    assert suspected == ({code} if code else set())


def test_all_issues_can_be_written_although_the_report_holds_few(
    publishing, tmp_path: Path
) -> None:
    report = _publish_shapes(publishing, tmp_path, *[_point(200, 0)] * 30, issue_limit=5)
    assert (len(report.issues), report.issue_counts["outside-world"]) == (5, {"error": 30})
    for name in ("issues.json", "issues.csv"):
        report.write_issues(tmp_path / name)
    assert len(json.loads((tmp_path / "issues.json").read_text("utf-8"))) == 30
    with (tmp_path / "issues.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (len(rows), rows[0]["code"]) == (30, "outside-world")
