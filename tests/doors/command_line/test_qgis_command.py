"""`geoservice qgis-project`: a file that opens the service's layers, or words why there is none."""

import json
import zipfile
from pathlib import Path

import pytest
from lxml import etree
from typer.testing import CliRunner, Result

from geoservice.doors.command_line.application import application
from geoservice.store.database import Database


@pytest.fixture
def run(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GEOSERVICE_DATABASE_URL", database.url)
    monkeypatch.setenv("GEOSERVICE_LANG", "en")

    def command(*arguments: object) -> Result:
        return CliRunner().invoke(application, ["qgis-project", *map(str, arguments)])

    return command


def project(file: Path) -> etree._Element:
    with zipfile.ZipFile(file) as archive:
        return etree.fromstring(archive.read("project.qgs"))


def test_a_project_is_written_for_the_address_of_the_settings(run, tmp_path):
    file = tmp_path / "city.qgz"
    done = run(file, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["url"] == "http://127.0.0.1:8000"
    tree = project(file)
    sources = [each.text for each in tree.iter("datasource")]
    assert told["layers"] == len(sources)
    assert "url='http://127.0.0.1:8000/wfs'" in sources[0]
    assert tree.findtext("title") == "Dongguan · Natural-resources registers"


def test_address_provider_and_language_can_be_given(run, tmp_path):
    file = tmp_path / "city.qgz"
    done = run(file, "--url", "https://geo.example.org/", "--provider", "oapif", "--lang", "zh")
    assert done.exit_code == 0, done.output
    tree = project(file)
    assert all("url='https://geo.example.org/'" in each.text for each in tree.iter("datasource"))
    assert tree.findtext("title") == "东莞市 · 自然资源数据"


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("city.qgs", (), "city.qgs"),
        ("no_folder/city.qgz", (), "no_folder"),
        ("city.qgz", ("--provider", "wms"), "wms"),
        ("city.qgz", ("--lang", "fr"), "fr"),
        ("city.qgz", ("--url", "file:///etc"), "file:///etc"),
        ("city.qgz", ("--url", "https://user:word@geo.example.org"), "geo.example.org"),
    ],
)
def test_what_cannot_be_is_refused_with_code_2_and_nothing_written(
    run, tmp_path, name, options, said
):
    file = tmp_path / name
    done = run(file, *options)
    assert done.exit_code == 2
    assert said in done.stderr.replace("\n", "")
    assert "word@" not in done.output
    assert not file.exists()
