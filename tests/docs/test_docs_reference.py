"""The reference is written from the code: it is current, and nothing that exists is missing."""

import pytest
import typer
from documents import DOCS, LANGUAGES, text

from geoservice.catalog import built_in_collections
from geoservice.crs import CRS84
from geoservice.docs import door_pages, filter_pages, http_pages, reference
from geoservice.docs.setting_titles import CHINESE
from geoservice.domain.code_lists import ALL_CODE_LISTS
from geoservice.domain.hazards import hazard_sites
from geoservice.doors.command_line.application import application
from geoservice.doors.http.features.reading import FEATURES_PARAMETERS
from geoservice.doors.http.problems import OGC_CODES
from geoservice.doors.http.wfs import formats, keywords
from geoservice.doors.http.wfs.keywords import Keywords
from geoservice.doors.http.wfs.versions import V200, VERSIONS
from geoservice.errors import UnknownParameter
from geoservice.files.formats import FORMATS
from geoservice.query.cql2 import FilterLimits, read_text
from geoservice.query.filter import Arithmetic, Comparison
from geoservice.questions import all_questions
from geoservice.regions import region
from geoservice.settings import Limits, Settings


def test_every_generated_page_is_current():
    assert reference.outdated() == []


def test_check_says_which_page_is_not_current(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    assert reference.main(["--check"]) == 1
    assert "zh/reference/questions.md is not current" in capsys.readouterr().out


def test_writing_makes_every_page_current(monkeypatch, tmp_path):
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0


def _commands(command, name):
    if not hasattr(command, "commands"):
        return {name: command}
    found = {}
    for id, each in command.commands.items():
        found |= _commands(each, f"{name} {id}")
    return found


@pytest.mark.parametrize("example", [filter for filter, _ in filter_pages.EXAMPLES])
def test_every_example_of_a_filter_can_be_read(example):
    read_text(example, hazard_sites, filter_crs=CRS84, limits=FilterLimits())


@pytest.mark.parametrize("language", LANGUAGES)
class TestNothingIsMissing:
    def test_commands_arguments_and_options(self, language):
        page = (DOCS / language / "reference/command_line.md").read_text("utf-8")
        commands = _commands(typer.main.get_command(application), "geoservice")
        assert len(commands) > 10
        for name, command in commands.items():
            part = page.partition(f"## {name}\n")[2].partition("\n## ")[0]
            for option in command.params:
                if option.param_type_name == "option":
                    assert all(f"`{each}`" in part for each in option.opts), (name, option.name)
                else:
                    assert option.metavar or option.name.upper() in part, (name, option.name)

    def test_questions_parameters_and_columns(self, language):
        page = (DOCS / language / "reference/questions.md").read_text("utf-8")
        for question in all_questions(region(None)):
            about = question.description
            part = page.partition(f"## {about.id}\n")[2].partition("\n## ")[0]
            for each in (*about.parameters, *about.columns):
                assert f"| `{each.name}` |" in part, (about.id, each.name)

    def test_collections_fields_and_code_lists(self, language):
        page = (DOCS / language / "reference/collections.md").read_text("utf-8")
        for collection in built_in_collections():
            part = page.partition(f"## {collection.id}\n")[2].partition("\n## ")[0]
            for field in collection.fields:
                assert f"| `{field.name}` |" in part, (collection.id, field.name)
        codes = (DOCS / language / "reference/code_lists.md").read_text("utf-8")
        for each in ALL_CODE_LISTS:
            part = codes.partition(f"## {each.id}\n")[2].partition("\n## ")[0]
            assert all(f"| `{code.code}` |" in part for code in each), each.id

    def test_settings_and_limits(self, language):
        page = (DOCS / language / "reference/settings.md").read_text("utf-8")
        for model in (Settings, Limits):
            for name, field in model.model_fields.items():
                assert f"`GEOSERVICE_{name.upper()}`" in page
                assert field.description
                assert CHINESE[name]

    def test_errors(self, language):
        page = (DOCS / language / "reference/errors.md").read_text("utf-8")
        found = http_pages.error_classes()
        assert len(found) > 25
        assert all(f"`{each.code}`" in page for each in found)

    def test_routes_and_parameters_of_features(self, language):
        page = (DOCS / language / "reference/http.md").read_text("utf-8")
        assert len(http_pages.routes()) > 10
        assert all(f"| `{path}` |" in page for path, _ in http_pages.routes())
        assert all(f"| `{name}` |" in page for name in FEATURES_PARAMETERS)

    def test_operations_parameters_and_formats_of_wfs(self, language):
        page = (DOCS / language / "reference/wfs.md").read_text("utf-8")
        with pytest.raises(UnknownParameter) as refused:
            keywords.operation("GetCapabilities", V200, Keywords({"colour": "red"}), 1_000)
        known = refused.value.parts["allowed"]
        assert len(known) > 30
        assert all(f"`{each}`" in page.lower() for each in known)
        for version in VERSIONS:
            assert all(f"`{each}`" in page for each in formats.output_formats(version))
        for name in ("GetCapabilities", "GetPropertyValue", "Transaction", "LockFeature"):
            assert f"| `{name}` |" in page

    def test_operators_exceptions_and_stored_queries_of_wfs(self, language):
        page = (DOCS / language / "reference/wfs.md").read_text("utf-8")
        for each in ("PropertyIsLike", "BBOX", "DWithin", "AnyInteracts", "Not", "Div", "lower"):
            assert f"`{each}`" in page
        assert all(f"| `{each}` |" in page for each in set(OGC_CODES.values()))
        for question in all_questions(region(None)):
            assert f"`urn:geoservice:questions:{question.description.id}`" in page

    def test_functions_and_operators_of_filters(self, language):
        page = (DOCS / language / "reference/filters.md").read_text("utf-8")
        assert {"dwithin", "casei", "s_intersects", "t_during"} <= set(filter_pages.functions())
        assert all(f"`{each.upper()}`" in page for each in filter_pages.functions())
        assert all(f"`{each}`" in page for each in (*Comparison, *Arithmetic))

    def test_import_issues(self, language):
        page = (DOCS / language / "reference/import_issues.md").read_text("utf-8")
        assert len(door_pages.issue_kinds()) > 15
        assert all(f"| `{each.code}` |" in page for each in door_pages.issue_kinds())

    def test_formats(self, language):
        page = (DOCS / language / "reference/formats.md").read_text("utf-8")
        assert all(f"| `{id}` |" in page for id in FORMATS)

    def test_collections_and_questions_are_spoken_of_beyond_the_reference(self, language):
        words = text(language)
        for collection in built_in_collections():
            assert words.count(f"`{collection.id}`") + words.count(f"/{collection.id}/") >= 1
        for question in all_questions(region(None)):
            assert question.description.id in words


@pytest.mark.parametrize(
    ("name", "orders"),
    [
        # Axis orders of the EPSG registry; "EPSG:n" is x first by convention; 1.0.0 always (OGC 02-058).
        ("urn:ogc:def:crs:EPSG::4490", "latitude, longitude | latitude, longitude | longitude, "),
        ("EPSG:4490", "longitude, latitude | longitude, latitude | longitude, latitude |"),
        ("urn:ogc:def:crs:EPSG::4547", "northing, easting | northing, easting | easting, "),
        ("urn:ogc:def:crs:EPSG::3857", "easting, northing | easting, northing | easting, "),
    ],
)
def test_the_page_on_wfs_tells_the_order_of_axes_by_name_and_version(name, orders):
    page = (DOCS / "en/reference/wfs.md").read_text("utf-8")
    assert f"| `{name}` | {orders}" in page
