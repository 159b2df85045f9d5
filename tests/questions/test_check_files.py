"""The check of a file: each feature asked about, encodings and CRSs as in an import, nothing stored."""

import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from pyproj import Transformer
from worlds import HERE, Asked, place

from geoservice.chinese_offsets import wgs84_to_gcj02
from geoservice.domain.hazards import risk_zones
from geoservice.doors.checking import question_about_file
from geoservice.errors import MissingCrs, RefusedCrs, RejectedFile, TooLarge, UnreadableFile
from geoservice.questions import ask
from geoservice.regions import region
from geoservice.settings import Limits
from geoservice.store.publishing import Registry

ZONE = "MULTIPOLYGON(((113.74 22.99,113.76 22.99,113.76 23.01,113.74 23.01,113.74 22.99)))"


@pytest.fixture
def checked(database):
    """The answer about a file."""

    def of(path: Path, limits: Limits | None = None, **given: object) -> Asked:
        city = region()
        question, parameters = question_about_file(
            path, given, region=city, limits=limits or Limits()
        )
        answer = ask(
            question, parameters, database=database, registry=Registry(database), region=city
        )
        return Asked(answer)

    return of


@pytest.fixture
def zone(add):
    """A risk zone around HERE."""
    return add(
        risk_zones, zone_no="Z", name="Z", risk_level="high", published_on="2020-01-01", geom=ZONE
    )


def geojson(path: Path, *points: tuple[float, float], **properties: Any) -> Path:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": list(xy)},
            "properties": {name: f"{value} {number}" for name, value in properties.items()},
        }
        for number, xy in enumerate(points, 1)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def of_layer(answer: Asked, collection: str) -> list[dict[str, Any]]:
    return [row for row in answer.rows if row["collection"] == collection]


def test_each_feature_has_a_row_for_each_layer_in_the_order_of_the_file(zone, checked, tmp_path):
    answer = checked(geojson(tmp_path / "two.geojson", HERE, place(20_000), name="点"))
    rows = of_layer(answer, "risk_zones")
    assert [(row["place"], row["place_label"], row["state"]) for row in rows] == [
        (1, "点 1", "yes"),
        (2, "点 2", "not_assessed"),
    ]
    assert len(answer.rows) == 2 * answer.counts["layers"]
    assert answer.counts["places"] == 2
    assert len({feature["id"] for feature in answer.features}) == len(answer.features)


def test_a_zipped_shapefile_in_gbk_and_zone_38_is_understood(zone, checked, tmp_path):
    """Two squares of 100 m in EPSG:4526, one in the zone; Chinese names without a .cpg."""
    to_zone = Transformer.from_crs(4490, 4526, always_xy=True)
    squares = [
        shapely.box(x - 50, y - 50, x + 50, y + 50)
        for x, y in (to_zone.transform(*HERE), to_zone.transform(*place(20_000)))
    ]
    frame = geopandas.GeoDataFrame({"MC": ["东城地块", "虎门地块"]}, geometry=squares, crs=4526)
    frame.to_file(tmp_path / "地块.shp", encoding="GBK")
    (tmp_path / "地块.cpg").unlink()
    archive = tmp_path / "upload.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for part in tmp_path.glob("地块.*"):
            packed.write(part, part.name)
    rows = of_layer(checked(archive), "risk_zones")
    assert [(row["place_label"], row["state"]) for row in rows] == [
        ("东城地块", "yes"),
        ("虎门地块", "not_assessed"),
    ]
    assert rows[0]["share"] == pytest.approx(1, abs=1e-9)
    assert rows[0]["overlap_m2"] == pytest.approx(10_000, rel=1e-4)


def test_a_table_with_coordinates_is_understood(zone, checked, tmp_path):
    table = tmp_path / "points.csv"
    table.write_text("编号,经度,纬度\nA-7,113.75,23.0\n", encoding="gbk")
    (row,) = of_layer(checked(table, source_crs="4490"), "risk_zones")
    assert (row["place_label"], row["state"]) == ("A-7", "yes")
    with pytest.raises(MissingCrs):
        checked(table)


def test_as_many_features_as_the_limit_are_checked_and_no_more(checked, tmp_path):
    limits = Limits(max_check_features=3)
    three = geojson(tmp_path / "three.geojson", *[place(metres) for metres in (1, 2, 3)])
    assert checked(three, limits).counts["places"] == 3
    four = geojson(tmp_path / "four.geojson", *[place(metres) for metres in (1, 2, 3, 4)])
    with pytest.raises(TooLarge) as refusal:
        checked(four, limits)
    assert refusal.value.parts == {"limit_name": "max_check_features", "limit": 3, "actual": 4}


def test_a_file_larger_than_its_limit_is_refused(checked, tmp_path):
    path = geojson(tmp_path / "a.geojson", *[place(metres) for metres in range(20)])
    size = path.stat().st_size
    assert checked(path, Limits(max_check_file=size))
    with pytest.raises(TooLarge):
        checked(path, Limits(max_check_file=size - 1))


def test_a_feature_that_an_import_would_reject_refuses_the_file(checked, tmp_path):
    bow_tie = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    path = tmp_path / "bad.geojson"
    path.write_text(json.dumps({"type": "Feature", "geometry": bow_tie, "properties": {}}))
    with pytest.raises(RejectedFile, match="invalid-geometry"):
        checked(path)


@pytest.mark.parametrize("content", ['{"type":"FeatureCollection","features":[]}', "{}", "x"])
def test_a_file_without_features_is_refused(checked, tmp_path, content):
    path = tmp_path / "none.geojson"
    path.write_text(content)
    with pytest.raises(UnreadableFile):
        checked(path)


def test_swapped_and_projected_coordinates_are_refused(checked, tmp_path):
    with pytest.raises(RejectedFile, match="swapped-axes"):
        checked(geojson(tmp_path / "a.geojson", HERE[::-1]))
    with pytest.raises(RejectedFile, match="metres-as-degrees"):
        checked(geojson(tmp_path / "b.geojson", (474369.0, 2544559.0)))
    with pytest.raises(RefusedCrs):
        checked(geojson(tmp_path / "c.geojson", HERE), source_crs="EPSG:4214")


def test_a_file_of_a_web_map_is_suspected_and_read_when_it_is_stated(world, checked, tmp_path):
    places = [HERE, place(3_000)]
    for xy in places:
        world.school(xy)
    lon, lat = wgs84_to_gcj02(*np.array(places).T)
    path = geojson(tmp_path / "map.geojson", *zip(lon.tolist(), lat.tolist(), strict=True))
    (issue,) = checked(path).answer.issues
    assert (issue.code, issue.count) == ("suspected-gcj02", 2)
    answer = checked(path, source_crs="gcj02")
    assert answer.answer.issues == ()
    distances = [row["nearest_distance_m"] for row in of_layer(answer, "facilities")]
    assert distances == pytest.approx([0, 0], abs=0.1)


def test_the_answer_names_the_file_by_its_digest(checked, tmp_path):
    path = geojson(tmp_path / "a.geojson", HERE)
    parameters = checked(path, source_crs="4490", distance_m=300).answer.parameters
    assert parameters["file"].startswith("a.geojson sha256:")
    assert parameters["source_crs"] == "4490"
    assert parameters["distance_m"] == 300


def test_nothing_of_a_file_is_stored(checked, database, tmp_path):
    count = sa.text(
        "select sum((xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %I.%I', "
        "schemaname, tablename), false, true, '')))[1]::text::bigint) from pg_tables "
        "where schemaname in ('registers', 'published', 'geoservice')"
    )
    with database.migration() as connection:
        before = connection.execute(count).scalar()
        tables = connection.execute(sa.text("select count(*) from pg_class")).scalar()
    checked(geojson(tmp_path / "a.geojson", HERE))
    with database.migration() as connection:
        assert connection.execute(count).scalar() == before
        assert connection.execute(sa.text("select count(*) from pg_class")).scalar() == tables
