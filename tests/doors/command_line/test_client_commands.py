"""`ask`, `export`, `check` at a terminal: tables, JSON, files, exit codes, and what the shell completes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from geoservice.client import errors
from geoservice.client.files import FORMATS
from geoservice.doors.command_line import completion, output
from geoservice.doors.command_line.application import application, command_tree
from geoservice.doors.command_line.client import exit_code
from geoservice.store.database import Database
from tests.questions.worlds import World, place

_QUESTION = "remediation_sites_near_schools"


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of names, in a place of its own."""
    file = tmp_path / "names.json"
    monkeypatch.setattr(completion, "_file", lambda: file)
    return file


@pytest.fixture
def typed(database: Database, names: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("GEOSERVICE_DATABASE_URL", database.url)
    monkeypatch.setenv("GEOSERVICE_LANG", "en")
    monkeypatch.delenv("GEOSERVICE_URL", raising=False)

    def run(*words: object) -> Result:
        return CliRunner().invoke(application, [*map(str, words)])

    return run


@pytest.fixture
def world(add: Any) -> World:
    found = World(add)
    found.site()
    found.school(place(100))
    found.school(place(200))
    return found


class TestAnswers:
    def test_a_person_gets_a_table_with_the_account(self, typed: Any, world: World):
        done = typed("ask", _QUESTION, "distance_m=400")
        assert done.exit_code == 0, done.stderr
        for shown in ("Remediation sites near schools", "parameters", "counts", "400"):
            assert shown in done.stdout

    def test_in_a_narrow_terminal_each_value_has_a_line_and_none_is_left_out(
        self, typed: Any, world: World, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(output.console, "width", 80)
        narrow = typed("ask", _QUESTION, "distance_m=400").stdout.splitlines()
        distances = [line.split()[-1] for line in narrow if line.startswith("Distance (m)")]
        assert distances == ["100.0", "200.0"]
        monkeypatch.setattr(output.console, "width", 400)
        wide = typed("ask", _QUESTION, "distance_m=400").stdout.splitlines()
        assert not any(line.startswith("Distance (m)") for line in wide)
        assert sum(" 100.0 " in line for line in wide) == 1

    def test_a_program_gets_the_document_of_the_service(self, typed: Any, world: World):
        document = json.loads(typed("ask", _QUESTION, "distance_m=400", "--json").stdout)
        assert (document["question"], document["numberReturned"]) == (_QUESTION, 2)
        assert document["parameters"]["distance_m"] == 400
        feature = document["features"][0]
        assert (feature["type"], feature["geometry"]["type"]) == ("Feature", "LineString")
        assert feature["properties"]["distance_m"] == pytest.approx(100, abs=0.1)
        assert {"counts", "coverage", "issues", "method", "data_version"} <= document.keys()
        assert {"links", "fields"} & document.keys() == set()

    def test_limit_shows_the_first_rows_only(self, typed: Any, world: World):
        asked = ("ask", _QUESTION, "distance_m=400", "limit=1")
        assert json.loads(typed(*asked, "--json").stdout)["numberReturned"] == 1
        assert "1 / 2" in typed(*asked).stderr

    def test_without_a_question_all_are_listed(self, typed: Any):
        listed = json.loads(typed("ask", "--json").stdout)
        assert _QUESTION in {each["id"] for each in listed}
        assert "distance_m" in typed("ask").stdout

    def test_a_place_is_checked(self, typed: Any):
        document = json.loads(typed("check", "113.75,23", "distance_m=200", "--json").stdout)
        assert {each["properties"]["state"] for each in document["features"]} == {"not_covered"}

    def test_a_file_is_checked(self, typed: Any, tmp_path: Path):
        file = tmp_path / "places.csv"
        file.write_text("name,lon,lat\nA,113.712,22.8477\nB,113.95,22.75\n")
        done = typed("check", file, "source_crs=EPSG:4490", "--json")
        assert done.exit_code == 0, done.stderr
        assert json.loads(done.stdout)["counts"]["places"] == 2


class TestFiles:
    @pytest.mark.parametrize("format", ["csv", "geojson", "geojsonseq", "parquet", "arrow", "fgb"])
    def test_a_collection_is_written_in_any_format(
        self, typed: Any, world: World, tmp_path: Path, format: str
    ):
        file = tmp_path / "sites"
        done = typed("export", "hazard_sites", file, "--format", format, "--json")
        assert done.exit_code == 0, done.stderr
        assert json.loads(done.stdout)["bytes"] == file.stat().st_size > 0

    def test_the_ending_says_the_format_and_a_filter_what_is_written(
        self, typed: Any, world: World, tmp_path: Path
    ):
        file = tmp_path / "none.csv"
        done = typed("export", "facilities", file, "--filter", "name = 'nobody'")
        assert done.exit_code == 0, done.stderr
        assert len(file.read_text("utf-8").splitlines()) == 1

    def test_a_csv_can_begin_with_a_byte_order_mark(self, typed: Any, tmp_path: Path):
        file = tmp_path / "towns.csv"
        assert typed("export", "towns", file, "--bom").exit_code == 0
        assert file.read_bytes().startswith(b"\xef\xbb\xbfuid,code")
        assert typed("export", "towns", tmp_path / "towns.fgb", "--bom").exit_code == 2

    def test_every_row_of_an_answer_is_written(self, typed: Any, world: World, tmp_path: Path):
        file = tmp_path / "near.csv"
        done = typed("ask", _QUESTION, "distance_m=400", "--out", file, "--json")
        assert json.loads(done.stdout)["rows"] == 2
        assert len(file.read_text("utf-8").splitlines()) == 3

    def test_a_format_without_a_file_is_refused(self, typed: Any):
        assert typed("ask", _QUESTION, "--format", "csv").exit_code == 2

    def test_the_formats_that_are_completed_are_those_of_the_client(self):
        assert set(completion.FILE_FORMATS) == set(FORMATS)


class TestMistakes:
    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [
            (("ask", "remediation_sites"), 3, "remediation_sites_near_schools"),
            (("ask", _QUESTION, "distance=1"), 2, "distance_m"),
            (("ask", _QUESTION, "distance_m=far"), 2, "far"),
            (("ask", _QUESTION, "distance_m"), 2, "NAME=VALUE"),
            (("ask", _QUESTION, "limit=0"), 2, "limit"),
            (("export", "town", "x.csv"), 3, "towns"),
            (("export", "towns", "x.doc"), 2, ".gpkg"),
            (("export", "towns", "x.csv", "--crs", "EPSG:2"), 2, "EPSG:4547"),
            (("export", "towns", "x.csv", "--filter", "nothing = 1"), 2, "nothing"),
            (("export", "towns", "/nowhere/x.csv"), 2, "/nowhere"),
            (("check", "nowhere.csv"), 2, "nowhere.csv"),
            (("check", "towns/none"), 3, "none"),
            (("ask", "--url", "http://127.0.0.1:1"), 6, "127.0.0.1:1"),
            (("ask", "--url", "nonsense"), 2, "nonsense"),
        ],
    )
    def test_a_mistake_has_its_words_and_its_exit_code(
        self, typed: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words, code, said
    ):
        monkeypatch.chdir(tmp_path)
        done = typed(*words)
        assert (done.exit_code, said in done.stderr) == (code, True), done.stderr
        assert [each for each in tmp_path.iterdir() if each.name != "names.json"] == []

    def test_a_program_gets_the_code_of_a_mistake(self, typed: Any):
        told = json.loads(typed("ask", "nothing", "--json").stderr)
        assert told["code"] == "unknown-question"

    @pytest.mark.parametrize(
        ("mistake", "code"),
        [
            (errors.BadFilter, 2),
            (errors.UnknownAnswer, 3),
            (errors.LedgerRule, 4),
            (errors.TooLarge, 4),
            (errors.Locked, 5),
            (errors.TooSlow, 6),
            (errors.InterruptedStream, 6),
            (errors.Unauthenticated, 7),
            (errors.ServiceFault, 1),
        ],
    )
    def test_exit_codes_follow_what_can_be_done(self, mistake, code):
        problem = errors.Problem(title="", detail="", code="", status=400)
        assert exit_code(mistake("en", problem=problem)) == code


class TestCompletion:
    @pytest.fixture
    def completed(self, names: Path) -> Any:
        def complete(*words: str) -> str:
            text = " ".join(("geoservice", *words))
            environment = os.environ | {
                "_GEOSERVICE_COMPLETE": "complete_fish",
                "_TYPER_COMPLETE_FISH_ACTION": "get-args",
                "_TYPER_COMPLETE_ARGS": text,
                "XDG_CACHE_HOME": str(names.parent),
            }
            environment.pop("GEOSERVICE_URL", None)
            (names.parent / "geoservice").mkdir(exist_ok=True)
            if names.exists():
                names.replace(names.parent / "geoservice/names.json")
            done = subprocess.run(
                [str(Path(sys.executable).with_name("geoservice"))],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert (done.returncode, done.stderr) in ((0, ""), (1, "")), done.stderr
            return done.stdout

        return complete

    def test_what_a_command_has_learned_is_completed(self, typed: Any, completed: Any):
        assert typed("ask").exit_code == 0
        assert "hazard_sites" in completed("export", "haz")
        assert _QUESTION in completed("ask", "rem")
        assert "distance_m=" in completed("ask", _QUESTION, "dis")
        assert "by=town" in completed("ask", "hazard_counts", "by=to")
        assert "geojson" in completed("export", "towns", "x", "--format", "geo")

    def test_where_nothing_is_known_nothing_is_completed(self, completed: Any, names: Path):
        assert "towns" not in completed("export", "to")
        (names.parent / "geoservice/names.json").write_text("{broken")
        assert "towns" not in completed("export", "to")

    def test_names_of_another_service_are_kept_apart(self, typed: Any, completed: Any):
        assert typed("ask").exit_code == 0
        assert _QUESTION not in completed("ask", "--url", "https://gis.example.cn", "rem")

    def test_completion_imports_no_heavy_library(self, names: Path):
        program = (
            "import sys\n"
            "from geoservice.doors.command_line.application import application\n"
            "heavy = ('pandas', 'pyarrow', 'sqlalchemy', 'pydantic_settings', 'psycopg', 'httpx2', 'pyproj')\n"
            "print([name for name in heavy if name in sys.modules])\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]"


def test_the_client_alone_has_its_commands_and_says_what_gives_the_others():
    done = CliRunner().invoke(command_tree(has_server=False), ["--help"])
    assert "export" in done.output
    assert " up " not in done.output
    assert "geoservice[server]" in done.output
