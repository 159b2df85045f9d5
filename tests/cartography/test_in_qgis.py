"""What the desktop program itself makes of styles and projects: it runs in a process of its own Python."""

import csv
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from styled import areas, borders, ledger, roads, stations

from geoservice.cartography.qml import qml
from geoservice.cartography.sld import sld
from geoservice.demo import load_demo
from geoservice.domain.code_lists import ALL_CODE_LISTS
from geoservice.doors.http.app import create_app
from geoservice.regions import region
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database
from geoservice.store.publishing import Registry
from tests.programs import SYSTEM_PYTHON, require_system_module

_PROBE = Path(__file__).with_name("qgis_probe.py")


@pytest.fixture(scope="module")
def address(module_database: Database) -> Iterator[str]:
    """The address of a service with the demonstration data."""
    load_demo(module_database, Registry(module_database), region(None), lambda *_: None)
    app = create_app(Settings(database_url=None), Limits(), database=module_database)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def ask_qgis(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Ask `qgis_probe.py` what QGIS understands; the arguments are its own."""
    home = tmp_path_factory.mktemp("qgis")
    environment = {
        "PATH": os.environ["PATH"],
        "QT_QPA_PLATFORM": "offscreen",
        "LANG": "C.UTF-8",
        # QGIS keeps capabilities on the disk for a day: never those of another test.
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
    }
    require_system_module("qgis.core", "python3-qgis", environment)

    def ask(*arguments: object) -> Any:
        command = [SYSTEM_PYTHON, str(_PROBE), *map(str, arguments)]
        answered = subprocess.run(
            command, env=environment, check=False, capture_output=True, text=True, timeout=120
        )
        assert answered.returncode == 0, answered.stderr
        return json.loads(answered.stdout)

    return ask


FIELDS = "name,colour,colours,size_set,size,height,built,closed,seen,open"


@pytest.fixture(scope="module")
def styles(tmp_path_factory, ask_qgis) -> dict:
    folder: Path = tmp_path_factory.mktemp("styles")
    written = {
        f"Point.{FIELDS}.zh.qml": qml(stations, "zh"),
        f"Point.{FIELDS}.en.qml": qml(stations, "en"),
        f"Point.{FIELDS}.zh.sld": sld(stations, "zh"),
        "MultiLineString.name.zh.qml": qml(roads, "zh"),
        "MultiLineString.name.zh.sld": sld(roads, "zh"),
        "MultiPolygon.name.zh.qml": qml(areas, "zh"),
        "Polygon.name.zh.qml": qml(borders, "zh"),
        "Polygon.name.zh.sld": sld(borders, "zh"),
        "None.name,colour.zh.qml": qml(ledger, "zh"),
    }
    for name, content in written.items():
        (folder / name).write_bytes(content)
    return ask_qgis("styles", *(folder / name for name in written))


def test_every_style_is_taken(styles):
    assert {name: each["message"] for name, each in styles.items() if not each["loaded"]} == {}


def test_classes_have_their_titles_colours_and_shapes(styles):
    found = styles[f"Point.{FIELDS}.zh.qml"]
    assert found["renderer"] == "categorizedSymbol"
    assert found["categories"] == [
        ["r", "红", "#d55e00", "square", "45"],
        ["o'x", "怪的", "#0072b2", "circle", "0"],
        ["", "其他", "#bbbbbb", "cross_fill", "0"],
    ]
    assert [each[1] for each in styles[f"Point.{FIELDS}.en.qml"]["categories"]] == [
        *("red", "odd one"),
        "other",
    ]


def test_fields_are_called_by_their_titles(styles):
    assert styles[f"Point.{FIELDS}.zh.qml"]["aliases"]["height"] == "height名（m）"
    assert styles[f"Point.{FIELDS}.en.qml"]["aliases"]["height"] == "height title (m)"


def test_codes_are_shown_by_what_they_mean(styles):
    widgets = styles[f"Point.{FIELDS}.zh.qml"]["widgets"]
    none = "{2839923C-8B7D-419E-B84B-CA2FE9B80EC7}"
    assert widgets["colour"] == [
        "ValueMap",
        [{"（空）": none}, {"红": "r"}, {"蓝": "b"}, {"怪": "o'x"}],
    ]
    assert widgets["size"] == ["ValueMap", [{"小": "1"}, {"大（甲）／巨（乙）": "2"}]]
    assert widgets["size_set"][1][1:] == [{"甲": "sizes_a"}, {"乙": "sizes_b"}]
    assert widgets["colours"][0] == "TextEdit"  # a list of codes is no code


def test_dates_have_a_calendar_and_truths_a_box(styles):
    widgets = styles[f"Point.{FIELDS}.zh.qml"]["widgets"]
    found = {name: widgets[name][0] for name in ("built", "seen", "open", "height")}
    assert found == {
        "built": "DateTime",
        "seen": "DateTime",
        "open": "CheckBox",
        "height": "TextEdit",
    }


def test_scales_and_labels_are_as_declared(styles):
    found = styles[f"Point.{FIELDS}.zh.qml"]
    assert found["scales"] == [True, 200_000, 500]
    assert found["label"] == ["name", True, 10_000]
    assert styles["MultiLineString.name.zh.qml"]["scales"][0] is False
    assert styles["MultiLineString.name.zh.qml"]["label"] is None


def test_a_feature_whose_validity_is_over_is_pale(styles):
    found = styles[f"Point.{FIELDS}.zh.qml"]["opacity"]
    assert found == {"": 100, "2000-01-01": 30, "2999-01-01": 100}


def test_a_table_has_coloured_cells(styles):
    found = styles["None.name,colour.zh.qml"]
    assert found["renderer"] is None
    assert found["cells"] == {
        "colour": [["红", "@value = 'r'", "#f0e442"], ["怪", "@value = 'o''x'", "#0072b2"]]
    }


def test_sld_gives_the_same_classes(styles):
    found = styles[f"Point.{FIELDS}.zh.sld"]
    assert found["renderer"] == "RuleRenderer"
    assert [rule[:2] for rule in found["rules"]] == [
        ["红", "colour = 'r'"],
        ["怪的", "colour = 'o''x'"],
        ["其他", "colour IS NULL OR NOT ( colour = 'r' OR colour = 'o''x' )"],
    ]
    assert {rule[3] for rule in found["rules"]} == {200_000}
    assert styles["Polygon.name.zh.sld"]["renderer"] == "singleSymbol"


@pytest.fixture(scope="module", params=["wfs", "oapif"])
def project(request, address, tmp_path_factory, ask_qgis) -> dict:
    file = tmp_path_factory.mktemp("project") / "project.qgz"
    found = httpx2.get(f"{address}/qgis/project.qgz?lang=zh&provider={request.param}")
    file.write_bytes(found.content)
    return ask_qgis("project", file)


def test_the_project_opens_on_the_region(project):
    assert project["title"] == "东莞市 · 自然资源数据"
    assert project["crs"] == "EPSG:4547"
    west, south, east, north = project["extent"]
    assert (west, east) == pytest.approx((438_300, 541_150), abs=100)
    assert south < north
    assert project["groups"]["地质灾害"] == [
        *("geoservice_hazard_sites", "geoservice_risk_zones"),
        *("geoservice_hazard_assessments", "geoservice_register_periods"),
    ]
    assert project["warning"].startswith("合成演示数据")


def test_every_layer_is_read_from_the_service(project):
    counts = {id: each["features"] for id, each in project["layers"].items() if each["valid"]}
    assert {id.removeprefix("geoservice_"): count for id, count in counts.items()} == {
        "code_lists": sum(len(each.codes) for each in ALL_CODE_LISTS),
        **_numbers_in_files(),
    }


def _numbers_in_files() -> dict[str, int]:
    """How many features the demonstration files hold, by collection."""
    folder = Path(__file__).parents[2] / "datasets" / "dongguan"
    found = {}
    for path in folder.glob("*.geojson"):
        found[path.stem] = len(json.loads(path.read_text("utf-8"))["features"])
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = sum(1 for _ in csv.DictReader(file))
    return found


def test_points_are_read_as_points_and_areas_as_areas(project):
    found = {id: each["geometries"] for id, each in project["layers"].items()}
    assert found["geoservice_hazard_sites"] == ["Point"]
    assert found["geoservice_facilities"] == ["Point"]
    assert found["geoservice_towns"] == ["MultiPolygon"]


def test_hazards_are_drawn_by_type_and_say_that_they_are_synthetic(project):
    found = project["layers"]["geoservice_hazard_sites"]
    assert [each[:2] for each in found["categories"]] == [
        *(["00", "不稳定斜坡"], ["01", "滑坡"], ["02", "崩塌"], ["03", "泥石流"]),
        *(["04", "地面塌陷"], ["", "其他"]),
    ]
    assert found["abstract"].startswith("合成演示数据")
    assert found["aliases"]["site_no"] == "统一编号"
    assert found["shown_as"] == '"name"'


def test_values_are_shown_by_their_meaning_and_towns_by_name(project):
    found = project["layers"]["geoservice_hazard_sites"]["shown"]
    assert found["register_kind"] in ("隐患点", "风险点")
    assert found["type_code"] in ("不稳定斜坡", "滑坡", "崩塌")
    assert found["type_set"] == "灾害类型（甲表）"
    assert found["town_code"].endswith(("镇", "街道"))


def test_assessments_have_cells_in_the_colours_of_risk(project):
    cells = project["layers"]["geoservice_hazard_assessments"]["cells"]["risk_level"]
    assert [each[0] for each in cells] == ["极高", "高", "中", "低"]
