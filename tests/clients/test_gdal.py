"""GDAL reads and changes layers by WFS, reads them by OGC API – Features, and opens what both give."""

import json
import os
import re
import subprocess
import urllib.parse
import zipfile
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import geopandas
import httpx2
import pyogrio
import pytest

from tests.clients.conftest import Service, pages
from tests.clients.layers import (
    AWKWARD,
    CHANGAN,
    HUMEN,
    LARGEST_ODD,
    MANY,
    NORTHING_OF_23,
    edits,
)
from tests.programs import SYSTEM_PYTHON, require_program, require_system_module

VERSIONS = ("2.0.0", "1.1.0", "1.0.0")
_WRITER = Path(__file__).with_name("ogr_client.py")


def wfs(service: Service, version: str) -> str:
    return f"WFS:{service.wfs}?VERSION={version}"


def run(*command: str, given: str | None = None, **variables: str) -> str:
    """What a program prints, if it complains of nothing."""
    environment = os.environ | {"GDAL_HTTP_MAX_RETRY": "0"} | variables
    done = subprocess.run(
        command,
        env=environment,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    complaints = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    assert (done.returncode, complaints) == (0, []), done.stderr
    return done.stdout


def read(dataset: str, layer: str, *options: str) -> list[dict[str, Any]]:
    """The features that `ogr2ogr` reads; the geometry at "geom"."""
    require_program("ogr2ogr", "gdal-bin")
    answer = run("ogr2ogr", "-f", "GeoJSON", "/vsistdout/", dataset, layer, *options)
    found = json.loads(answer)["features"]
    # What has no value is left out.
    return [
        defaultdict(lambda: None, each["properties"] | {"geom": each["geometry"]}) for each in found
    ]


def names(features: list[dict[str, Any]]) -> set[str | None]:
    return {each.get("name") for each in features}


FIELDS = {
    "name": "String",
    "floors": "Integer",
    "serial": "Integer64",
    "height": "Real",
    "price": "Real",
    "open": "Integer(Boolean)",
    "built": "Date",
    "seen": "DateTime",
    "note": "String",
    "名称": "String",
    "面积": "Real",
}


class TestReadingByWfs:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_layer_has_its_types_and_reference_system(self, service, version):
        require_program("ogrinfo", "gdal-bin")
        found = run("ogrinfo", "-ro", "-so", wfs(service, version), "gs:markers")
        assert "Feature Count: 6" in found
        assert 'ID["EPSG",4490]' in found
        assert "Extent: (113.670000, 22.750000) - (114.050000, 23.020000)" in found
        types = dict(re.findall(r"^(\S+): ([^\s:]+)(?: \(\d.*)?$", found, re.MULTILINE))
        assert {name: types.get(name) for name in FIELDS} == FIELDS

    @pytest.mark.parametrize("version", VERSIONS)
    def test_values_arrive_as_they_are(self, service, version):
        found = {each["name"]: each for each in read(wfs(service, version), "gs:markers")}
        first = found["松山湖"]
        assert first["geom"] == {"type": "Point", "coordinates": [113.75, 23.02]}
        assert (first["floors"], first["price"], first["open"]) == (3, 12.34, True)
        assert (first["built"], first["seen"]) == ("2024-02-29", "2024-02-29T08:30:15.250Z")
        assert (first["note"], first["名称"], first["面积"]) == (AWKWARD, "地块7", 1234.5)
        assert found["虎门"]["note"] == "第一行\n第二行"
        assert found["生僻字"]["note"] == "😀 𠮷野家"
        assert found["没有位置"]["geom"] is None
        assert {n for n, value in found[None].items() if value is not None} == {"gml_id", "geom"}

    @pytest.mark.parametrize("version", VERSIONS)
    def test_holes_parts_lines_and_tables_are_read(self, service, version):
        parcels = {each["code"]: each["geom"] for each in read(wfs(service, version), "gs:parcels")}
        assert parcels["带洞"]["coordinates"] == [
            [
                [[114, 23], [114.01, 23], [114.01, 23.01], [114, 23.01], [114, 23]],
                [
                    *([114.002, 23.002], [114.002, 23.004], [114.004, 23.004]),
                    *([114.004, 23.002], [114.002, 23.002]),
                ],
            ]
        ]
        assert len(parcels["两块"]["coordinates"]) == 2
        (road,) = read(wfs(service, version), "gs:roads")
        assert road["geom"]["coordinates"] == [[113.7, 22.8], [113.71, 22.81], [113.72, 22.8]]
        ledger = read(wfs(service, version), "gs:ledger")
        assert {each["code"]: each["amount"] for each in ledger} == {
            "C001": 0.5,
            "C002": None,
            "代码": 1234567.25,
        }

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_box_is_a_box_on_the_server(self, service, version):
        box = ("-spat", "113.7", "22.95", "113.8", "23.05")
        with service.recording() as exchanges:
            assert names(read(wfs(service, version), "gs:markers", *box)) == {"松山湖"}
        assert max(each.features for each in pages(exchanges)) == 1

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(
        ("where", "wanted"),
        [
            ("note = '😀 𠮷野家'", {"生僻字"}),
            ("\"名称\" = '地块7'", {"松山湖"}),
            ("floors > 3 AND floors < 100", {"没有位置", "生僻字"}),
            ("name LIKE '%山%'", {"松山湖"}),
            ("note IS NULL", {None, "中央子午线"}),
            ("built >= '2000/01/01'", {"松山湖"}),
        ],
    )
    def test_a_filter_is_a_filter_on_the_server(self, service, version, where, wanted):
        with service.recording() as exchanges:
            found = read(wfs(service, version), "gs:markers", "-where", where)
        assert names(found) == wanted
        asked = [each for each in pages(exchanges) if "FILTER" in each.parameters]
        assert max(each.features for each in asked) == len(wanted)

    def test_twelve_thousand_features_take_three_pages(self, service):
        with service.recording() as exchanges:
            found = read(wfs(service, "2.0.0"), "gs:many")
        assert sorted(each["number"] for each in found) == list(range(MANY))
        assert [each.features for each in pages(exchanges)] == [5000, 5000, 2000]

    def test_pyogrio_reads_a_layer_and_a_box_of_it(self, service):
        frame = pyogrio.read_dataframe(wfs(service, "2.0.0"), layer="gs:markers")
        assert frame.crs.to_epsg() == 4490
        first = frame[frame["name"] == "松山湖"].iloc[0]
        assert (first.geometry.x, first.geometry.y) == (113.75, 23.02)
        # Beside missing values, numbers would be made floating.
        where = "name = '松山湖'"
        frame = pyogrio.read_dataframe(wfs(service, "2.0.0"), layer="gs:markers", where=where)
        assert list(frame["serial"]) == [LARGEST_ODD]
        box = (113.7, 22.95, 113.8, 23.05)
        frame = pyogrio.read_dataframe(wfs(service, "2.0.0"), layer="gs:markers", bbox=box)
        assert list(frame["name"]) == ["松山湖"]


class TestWritingByWfs:
    @pytest.fixture
    def write(self, service):
        require_system_module("osgeo.ogr", "python3-gdal", dict(os.environ))

        def carry_out(version: str, *steps: dict[str, Any], user: str | None = "editor") -> Any:
            login = {"GDAL_HTTP_USERPWD": f"{user}:{service.keys[user]}"} if user else {}
            command = (SYSTEM_PYTHON, str(_WRITER), wfs(service, version), "gs:edits")
            return json.loads(run(*command, given=json.dumps(steps), **login))

        return carry_out

    @pytest.mark.parametrize("version", ["1.1.0", "1.0.0"])
    def test_features_are_added_changed_and_deleted(self, service, write, version):
        before = service.stored(edits)
        values = {
            "name": AWKWARD,
            "town": HUMEN,
            "qty": 77,
            "price": 12.34,
            "opened": "2024/02/29",
            "active": 1,
            "geom": "POINT (113.7 22.9)",
        }
        (added,) = write(version, {"add": values})
        id = added["gives"]
        assert id.startswith("edits.")
        stored = service.stored(edits)[-1]
        assert stored == {
            "name": AWKWARD,
            "town": HUMEN,
            "qty": 77,
            "price": Decimal("12.34"),
            "opened": date(2024, 2, 29),
            "seen": None,
            "active": True,
            "geom": "POINT(113.7 22.9)",
        }
        change = {"qty": None, "name": "改过", "geom": "POINT (113.9 22.7)"}
        (changed,) = write(version, {"where": f"gml_id = '{id}'", "set": change})
        assert changed == {"gives": 1}
        stored = service.stored(edits)[-1]
        assert (stored["qty"], stored["name"]) == (None, "改过")
        assert stored["geom"] == "POINT(113.9 22.7)"
        # Features have no number by which `DeleteFeature` could name them.
        (deleted,) = write(version, {"sql": f"DELETE FROM gs:edits WHERE gml_id = '{id}'"})
        assert deleted == {"gives": None}
        assert service.stored(edits) == before

    @pytest.mark.parametrize("version", ["1.1.0", "1.0.0"])
    @pytest.mark.parametrize(
        ("user", "values", "subject"),
        [
            (None, {"name": "无钥匙"}, "401"),
            ("analyst", {"name": "分析"}, "编辑人员"),
            ("editor of Humen", {"name": "他镇", "town": CHANGAN}, CHANGAN),
            ("editor", {"name": "负数", "qty": -1}, "qty"),
        ],
    )
    def test_a_refused_feature_is_reported_and_not_stored(
        self, service, write, version, user, values, subject
    ):
        before = service.stored(edits)
        (added,) = write(version, {"add": values}, user=user)
        assert subject in added["fails"]
        assert service.stored(edits) == before


class TestReadingByOgcApi:
    @pytest.fixture
    def api(self, service):
        return f"OAPIF:{service.address}"

    def test_values_arrive_as_they_are(self, api):
        found = {each["name"]: each for each in read(api, "markers")}
        first = found["松山湖"]
        assert first["geom"] == {"type": "Point", "coordinates": [113.75, 23.02]}
        assert (first["floors"], first["price"], first["open"]) == (3, 12.34, True)
        assert (first["built"], first["seen"]) == ("2024-02-29", "2024-02-29T08:30:15.250Z")
        assert (first["note"], first["名称"], first["面积"]) == (AWKWARD, "地块7", 1234.5)
        assert found["没有位置"]["geom"] is None

    def test_metres_come_with_easting_and_northing_in_place(self, service):
        """Read from the address itself: only newer drivers ask for a reference system."""
        crs = "http://www.opengis.net/def/crs/EPSG/0/4547"
        query = urllib.parse.urlencode({"crs": crs, "filter": "name = '中央子午线'"})
        found = httpx2.get(f"{service.address}/collections/markers/items?{query}").json()
        (feature,) = found["features"]
        assert feature["geometry"]["coordinates"] == pytest.approx(
            [NORTHING_OF_23, 500_000], abs=0.001
        )

    def test_a_box_is_a_box_on_the_server(self, api, service):
        with service.recording() as exchanges:
            found = read(api, "markers", "-spat", "113.7", "22.95", "113.8", "23.05")
        assert names(found) == {"松山湖"}
        asked = [each for each in exchanges if "BBOX" in each.parameters]
        assert [each.features for each in asked] == [1]

    @pytest.mark.parametrize(
        ("where", "wanted"),
        [
            ("name = '松山湖'", {"松山湖"}),
            ("\"名称\" = '地块7'", {"松山湖"}),
            ("floors > 3 AND floors < 100", {"没有位置", "生僻字"}),
            ("note = '😀 𠮷野家'", {"生僻字"}),
        ],
    )
    def test_a_filter_is_a_filter_on_the_server(self, api, service, where, wanted):
        with service.recording() as exchanges:
            found = read(api, "markers", "-where", where)
        assert names(found) == wanted
        last = [each for each in exchanges if each.path.endswith("/items")][-1]
        assert last.features == len(wanted)

    def test_twelve_thousand_features_take_three_pages(self, service):
        """The newer driver of pyogrio; older ones want to be told the size of a page."""
        with service.recording() as exchanges:
            frame = pyogrio.read_dataframe(f"OAPIF:{service.address}", layer="many")
        assert sorted(frame["number"]) == list(range(MANY))
        assert [each.features for each in pages(exchanges)] == [5000, 5000, 2000]


class TestFiles:
    """What GetFeature gives in other formats, opened by GDAL."""

    @pytest.mark.parametrize(
        ("form", "extension"),
        [
            (None, "gml"),
            ("gml31", "gml"),
            ("GML2", "gml"),
            ("application/json", "geojson"),
            ("csv", "csv"),
            ("gpkg", "gpkg"),
            ("fgb", "fgb"),
            ("SHAPE-ZIP", "shp.zip"),
        ],
    )
    def test_an_answer_opens(self, service, tmp_path, form, extension):
        parameters = {
            "service": "WFS",
            "version": "2.0.0",
            "request": "GetFeature",
            "typeNames": "gs:markers",
        }
        if form:
            parameters["outputFormat"] = form
        answer = httpx2.get(service.wfs, params=parameters)
        assert answer.status_code == 200, answer.text
        file = tmp_path / f"markers.{extension}"
        file.write_bytes(answer.content)
        if extension == "shp.zip":
            assert all(each.filename.isascii() for each in zipfile.ZipFile(file).filelist)
        assert len(pyogrio.read_dataframe(file)) == 6
        frame = pyogrio.read_dataframe(file, where="name = '松山湖'")
        (first,) = frame.to_dict("records")
        assert (first["note"], int(first["serial"])) == (AWKWARD, LARGEST_ODD)
        # A file of shapes has only ASCII for the names of fields.
        area = "F12" if extension == "shp.zip" else "面积"
        assert float(first[area]) == 1234.5
        if extension != "csv":
            assert (first["geometry"].x, first["geometry"].y) == (113.75, 23.02)


class TestGeopandas:
    def test_the_address_of_a_query_is_a_frame(self, service):
        query = (
            "service=WFS&version=2.0.0&request=GetFeature&typeNames=gs:parcels"
            "&outputFormat=application/json"
        )
        frame = geopandas.read_file(f"{service.wfs}?{query}")
        assert sorted(frame["code"]) == ["两块", "带洞"]
        with_hole = frame.set_index("code").loc["带洞"].geometry
        assert len(with_hole.geoms[0].interiors) == 1

    def test_the_address_of_a_collection_is_a_frame(self, service):
        frame = geopandas.read_file(f"{service.address}/collections/markers/items?f=geojson")
        assert len(frame) == 6
        first = frame.set_index("name").loc["松山湖"]
        assert (first.geometry.x, first.geometry.y) == (113.75, 23.02)
