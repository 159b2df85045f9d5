import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from geoservice import __main__ as bootstrap

# Stands in for uv: notes how it was called, and makes an environment that notes the same.
PRETEND_UV = """#!/bin/sh
echo "$UV_PYTHON_DOWNLOADS $*" >> "{clone}/uv-calls"
[ -e "{clone}/break-uv" ] && {{ echo "no such package"; exit 2; }}
mkdir -p .venv/bin .venv/lib/python3/site-packages/a_package-1.dist-info
for name in geoservice pytest; do
  printf '#!/bin/sh\\necho %s "$@"\\n' "$name" > .venv/bin/$name
done
printf '#!/bin/sh\\n[ ! -e "{clone}/no-postgis" ]\\n' > .venv/bin/python
chmod +x .venv/bin/*
"""


class Clone:
    """A fresh clone on a machine where uv has been installed already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "geoservice").mkdir(parents=True)
        shutil.copy(bootstrap.__file__, folder / "geoservice")
        (folder / "uv.lock").write_text("version = 1\n")
        (folder / "pyproject.toml").touch()
        uv = folder / ".boot/bin/uv"
        uv.parent.mkdir(parents=True)
        uv.write_text(PRETEND_UV.format(clone=folder))
        uv.chmod(0o755)
        (folder / ".boot/complete").touch()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "geoservice", *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)

    def uv_calls(self) -> list[str]:
        calls = self.folder / "uv-calls"
        return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "a clone")


def test_the_command_is_passed_to_the_environment_that_was_made(clone):
    done = clone.run("up", "--port", "8001")
    assert (done.returncode, done.stdout) == (0, "geoservice up --port 8001\n")
    (call,) = clone.uv_calls()
    assert call.startswith("never sync --frozen --extra server --python ")


def test_progress_is_in_both_languages_and_not_in_the_answer(clone):
    first, second = clone.run("up"), clone.run("up")
    assert "安装依赖 / Installing the dependencies" in first.stderr
    assert (second.stdout, second.stderr) == ("geoservice up\n", "")


def test_a_second_call_installs_nothing(clone):
    clone.run("up")
    clone.run("up")
    assert len(clone.uv_calls()) == 1


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml"])
def test_a_changed_lock_or_project_file_is_installed(clone, name):
    clone.run("up")
    (clone.folder / name).write_text("changed")
    clone.run("up")
    assert len(clone.uv_calls()) == 2


def remove_the_stamp(clone: Clone) -> None:
    bootstrap.stamp_file(clone.folder).unlink()


def spoil_the_stamp(clone: Clone) -> None:
    bootstrap.stamp_file(clone.folder).write_text("[half")


def remove_python(clone: Clone) -> None:
    (clone.folder / ".venv/bin/python").unlink()


def remove_a_package_by_hand(clone: Clone) -> None:
    (clone.folder / ".venv/lib/python3/site-packages/a_package-1.dist-info").rmdir()


@pytest.mark.parametrize(
    "damage", [remove_the_stamp, spoil_the_stamp, remove_python, remove_a_package_by_hand]
)
def test_an_interrupted_or_changed_environment_is_made_again(
    clone, damage: Callable[[Clone], None]
):
    clone.run("up")
    damage(clone)
    assert clone.run("up").stdout == "geoservice up\n"
    assert len(clone.uv_calls()) == 2


def test_the_tests_need_no_other_command_before(clone):
    done = clone.run("test", "-k", "hazard")
    assert done.stdout == "pytest -k hazard\n"
    assert "--group dev" in clone.uv_calls()[0]


def test_the_tools_for_the_tests_are_added_and_stay(clone):
    clone.run("up")
    clone.run("test")
    clone.run("up")
    assert ["--group dev" in call for call in clone.uv_calls()] == [False, True]
    (clone.folder / "uv.lock").write_text("changed")
    clone.run("up")
    assert "--group dev" in clone.uv_calls()[2]


def test_without_postgis_no_test_runs(clone):
    (clone.folder / "no-postgis").touch()
    done = clone.run("test")
    assert (done.returncode, done.stdout) == (1, "")


def test_a_failed_step_shows_what_it_said(clone):
    (clone.folder / "break-uv").touch()
    done = clone.run("up")
    assert done.returncode == 1
    assert "no such package" in done.stderr
    assert "失败 / Failed (2)" in done.stderr
    (clone.folder / "break-uv").unlink()
    assert clone.run("up").returncode == 0


def test_a_moved_clone_makes_its_environment_anew(clone, tmp_path):
    clone.run("up")
    (clone.folder / ".venv/of-the-old-place").touch()
    moved = clone.folder.rename(tmp_path / "moved")
    clone.folder = moved
    assert clone.run("up").returncode == 0
    assert not (moved / ".venv/of-the-old-place").exists()


def test_a_module_of_the_package_does_not_hide_one_of_the_standard_library(clone):
    (clone.folder / "geoservice/json.py").write_text("raise SystemExit('hidden')")
    assert clone.run("up").returncode == 0


def test_what_is_not_a_clone_is_told(clone):
    (clone.folder / "uv.lock").unlink()
    done = clone.run("up")
    assert done.returncode == 1
    assert "不是源码目录" in done.stderr
    assert "is not a clone" in done.stderr


def test_a_folder_that_cannot_be_written_is_told(clone, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(bootstrap.CannotSetUp, match=r"无法写入[\s\S]*is not writable"):
        bootstrap.make_ready(clone.folder, tests=False)


def test_an_old_python_is_told_the_one_that_is_needed():
    bootstrap.require_python((3, 11))
    with pytest.raises(
        bootstrap.CannotSetUp, match=r"Python 3\.11 or newer is needed; this is 3\.9"
    ):
        bootstrap.require_python((3, 9))


def test_a_python_without_venv_gets_it_from_debian(clone, monkeypatch):
    ran: list[list[str]] = []
    shutil.rmtree(clone.folder / ".boot")
    monkeypatch.setattr(bootstrap, "run_step", lambda command, **_: ran.append(list(command)))
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(bootstrap, "root_prefix", lambda: ["sudo", "-n"])
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(FileNotFoundError):  # the pretended commands make no folder
        bootstrap.make_uv(clone.folder)
    assert [command[-1] for command in ran[:2]] == ["update", "python3-venv"]
    assert all(command[:2] == ["sudo", "-n"] for command in ran[:2])
    assert ran[2][1:3] == ["-m", "venv"]


def test_without_rights_the_command_that_installs_venv_is_told(monkeypatch):
    monkeypatch.setattr(bootstrap, "root_prefix", lambda: None)
    with pytest.raises(bootstrap.CannotSetUp, match=r"apt-get install -y python3-venv") as failure:
        bootstrap.install_venv()
    assert "请以 root 运行" in str(failure.value)


def test_the_users_proxies_reach_the_commands(monkeypatch, tmp_path):
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("VIRTUAL_ENV", "/another")
    bootstrap.run_step(["sh", "-c", f'echo "$https_proxy$VIRTUAL_ENV" > {tmp_path}/seen'])
    assert (tmp_path / "seen").read_text() == "http://proxy.example:3128\n"


def test_a_long_step_gives_a_sign_of_life(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "_HEARTBEAT_S", 0.05)
    bootstrap.run_step(["sleep", "0.2"])
    assert " s\n" in capsys.readouterr().err
