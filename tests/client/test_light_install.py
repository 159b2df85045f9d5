"""`pip install geoservice` is enough for the client and its commands: nothing of the server is imported.

Everything runs in processes where only what the package itself requires, without extras, can be
found: the requirements are followed through the metadata of what is installed, and whatever else is
there is hidden. Code of ours that is not the client's is hidden too.
"""

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from geoservice.doors import server_libraries

_ROOT = Path(__file__).parents[2]

_HIDING = '''
"""Hides every module of a distribution that is not allowed; runs before anything else."""

import json
import os
import sys
from importlib.machinery import PathFinder

_ALLOWED = json.loads(os.environ["ALLOWED_MODULES"])
_OURS = ("client", "errors", "languages", "doors", "__main__")
_OF_THE_SERVER = ("http", "session", "serving", "checking")


class Hiding(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        top, *within = name.split(".")
        if top == "geoservice" and within:
            hidden = within[0] not in _OURS or within[1:2] and within[1] in _OF_THE_SERVER
            return None if hidden else super().find_spec(name, path, target)
        found = super().find_spec(name, path, target)
        place = str(found and (found.origin or found.submodule_search_locations))
        return found if top in _ALLOWED or "site-packages" not in place else None


sys.meta_path[:] = [*(each for each in sys.meta_path if each.__module__.startswith("_frozen")), Hiding]
sys.meta_path.remove(PathFinder)
'''


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required() -> set[str]:
    """The distributions that `pip install geoservice` brings, by their names."""
    waiting = [Requirement(each) for each in metadata.requires("geoservice") or ()]
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        name = normalised(requirement.name)
        for extra in ("", *requirement.extras):
            marker = requirement.marker
            if (name, extra) in seen or (marker and not marker.evaluate({"extra": ""})):
                continue
            seen.add((name, extra))
            found.add(name)
            for text in metadata.requires(name) or ():
                following = Requirement(text)
                if following.marker is None or following.marker.evaluate({"extra": extra}):
                    following.marker = None
                    waiting.append(following)
    return found


def allowed_modules() -> list[str]:
    modules = {"geoservice", "sitecustomize"}
    wanted = required()
    for module, distributions in metadata.packages_distributions().items():
        if wanted & set(map(normalised, distributions)):
            modules.add(module)
    return sorted(modules)


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("light")
    (folder / "sitecustomize.py").write_text(_HIDING)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GEOSERVICE")}
    return kept | {
        "PYTHONPATH": f"{folder}:{_ROOT}",
        "ALLOWED_MODULES": json.dumps(allowed_modules()),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "GEOSERVICE_LANG": "en",
        "COLUMNS": "200",
        "TERM": "dumb",
    }


def run(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=environment["XDG_CACHE_HOME"].removesuffix("/cache"),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def program(environment: dict[str, str], text: str) -> str:
    done = run(environment, "-W", "error", "-c", text)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_library_of_the_server_comes_with_the_client():
    names = server_libraries.NAMES
    assert not set(names) & set(allowed_modules())
    extra = [Requirement(each) for each in metadata.requires("geoservice") or ()]
    of_server = {
        normalised(each.name)
        for each in extra
        if each.marker and each.marker.evaluate({"extra": "server"})
    }
    brought = of_server - required()
    distributions = metadata.packages_distributions()
    named = {normalised(each) for name in names for each in distributions[name]}
    assert brought - named == set(), "every library that only the server has is looked for"


def test_what_is_hidden_cannot_be_imported(environment):
    told = program(
        environment,
        "from geoservice.doors import server_libraries as s\n"
        "import importlib\n"
        "refused = []\n"
        "for name in (*s.NAMES, 'geoservice.settings', 'geoservice.store'):\n"
        "    try:\n"
        "        importlib.import_module(name)\n"
        "    except ModuleNotFoundError:\n"
        "        refused.append(name)\n"
        "print(len(refused) - len(s.NAMES))\n",
    )
    assert told.strip() == "2"


def test_frames_come_without_the_server(environment, service):
    told = program(
        environment,
        "import geoservice, sys\n"
        f"city = geoservice.connect({service.address!r})\n"
        "frame = city['hazard_sites'].where('slope_height_m > 10').to_gdf()\n"
        "city['towns'].crs(4547).head(2)\n"
        "city['towns']._repr_html_(), city._repr_html_()\n"
        "answer = city.ask('remediation_sites_near_schools', distance_m=500)\n"
        "answer._repr_html_()\n"
        "check = city.check((113.712, 22.8477))\n"
        "city.ledger, city.programme, city.answers\n"
        "answer.to_file('near.gpkg')\n"
        "print(len(frame) > 0, len(answer.gdf) > 0, len(check.layers) > 0)\n"
        "print([name for name in ('sqlalchemy', 'fastapi', 'psycopg') if name in sys.modules])\n",
    )
    assert told.splitlines() == ["True True True", "[]"]


def test_without_a_service_it_is_said_what_gives_one(environment):
    done = run(environment, "-m", "geoservice", "ask")
    assert done.returncode == 6
    assert "geoservice[server]" in done.stderr


def test_the_commands_are_those_that_work(environment):
    shown = run(environment, "-m", "geoservice", "--help")
    assert shown.returncode == 0, shown.stderr
    for command in ("ask", "check", "export"):
        assert f" {command} " in shown.stdout
    for command in (" up ", " serve ", " import ", " ledger ", " doctor "):
        assert command not in shown.stdout
    assert "geoservice[server]" in shown.stdout


def test_the_commands_work_at_an_address(environment, service, tmp_path):
    url = ("--url", service.address)
    asked = run(environment, "-m", "geoservice", "ask", "hazard_counts", "by=town", *url)
    assert (asked.returncode, "How many hazard sites" in asked.stdout) == (0, True), asked.stderr
    file = tmp_path / "towns.parquet"
    for arguments in (
        ("check", "113.712,22.8477", "--json"),
        ("export", "towns", str(file)),
        ("ask", "hazard_counts", "--out", str(tmp_path / "counts.csv")),
    ):
        done = run(environment, "-m", "geoservice", *arguments, *url)
        assert done.returncode == 0, done.stderr
    assert file.read_bytes().startswith(b"PAR1")
