from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from geoservice.embedded import install_postgis, packages, postgis_is_installed
from geoservice.errors import SetupFailed


class PretendMachine:
    """Records what would be run; `fails` is a word in the command that ends with status 100."""

    def __init__(
        self,
        *,
        programs: Sequence[str] = ("apt-get", "sudo"),
        installed: Sequence[str] = (),
        root: bool = False,
        sudo: bool = False,
        fails: str = "",
    ) -> None:
        self.programs, self.installed, self.root, self.sudo = programs, installed, root, sudo
        self.fails = fails
        self.ran: list[tuple[str, ...]] = []
        self.contents: list[str] = []
        self.logs: set[Path] = set()

    def has_program(self, name: str) -> bool:
        return name in self.programs

    def has_package(self, name: str) -> bool:
        return name in self.installed

    def is_root(self) -> bool:
        return self.root

    def may_use_sudo(self) -> bool:
        return self.sudo

    def run(self, command: Sequence[str], *, content: str, log: Path) -> int:
        self.ran.append(tuple(command))
        self.contents.append(content)
        self.logs.add(log)
        if self.fails and self.fails in command:
            log.write_text("".join(f"line {number}\n" for number in range(100)))
            return 100
        return 0


def install(machine: PretendMachine, progress: Callable[[str], None] = str, **options: str) -> None:
    install_postgis(progress, machine=machine, **options)


def test_the_packages_are_on_this_machine():
    assert postgis_is_installed()
    install_postgis()  # and nothing is done


def test_the_lists_are_fetched_before_the_metapackage_is_installed():
    machine = PretendMachine(root=True, installed=["postgresql-common"])
    install(machine)
    update, command = machine.ran
    assert update[-1] == "update"
    assert command[-4:] == ("install", "--yes", "--no-install-recommends", "postgresql-postgis")
    assert "DEBIAN_FRONTEND=noninteractive" in command


def test_debians_own_cluster_is_declined_before_it_would_be_made():
    machine = PretendMachine(root=True)
    install(machine)
    assert machine.ran[0][-1] == "/etc/postgresql-common/createcluster.conf"
    assert machine.contents[0].endswith("create_main_cluster = false\n")


def test_the_configuration_of_an_existing_installation_is_not_touched():
    machine = PretendMachine(root=True, installed=["postgresql-common"])
    install(machine)
    assert not any("createcluster" in word for command in machine.ran for word in command)


def test_root_needs_no_sudo():
    machine = PretendMachine(root=True, sudo=True)
    install(machine)
    assert not any("sudo" in command for command in machine.ran)


def test_a_user_with_sudo_runs_every_command_through_it():
    machine = PretendMachine(sudo=True)
    install(machine)
    assert {command[:2] for command in machine.ran} == {("sudo", "-n")}


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "请让管理员运行"), ("en", "administrator run")]
)
def test_without_rights_the_exact_command_is_told(language, words):
    machine = PretendMachine()
    with pytest.raises(SetupFailed) as failure:
        install(machine)
    text = failure.value.text(language)
    assert words in text
    assert (
        "su -c 'apt-get update && "
        "apt-get install -y --no-install-recommends postgresql-postgis'" in text
    )
    assert machine.ran == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_apt_another_server_is_suggested(language):
    with pytest.raises(SetupFailed) as failure:
        install(PretendMachine(programs=(), root=True))
    assert "GEOSERVICE_DATABASE_URL" in failure.value.text(language)


@pytest.mark.parametrize(("language", "title"), [("zh", "安装 PostgreSQL"), ("en", "Installing")])
def test_a_failed_step_shows_the_end_of_its_output_and_keeps_the_log(language, title):
    machine = PretendMachine(root=True, fails="install")
    machine.installed = ["postgresql-common"]
    with pytest.raises(SetupFailed) as failure:
        install(machine)
    text = failure.value.text(language)
    (log,) = machine.logs
    try:
        assert title in text
        assert "100" in text
        assert "line 99" in text
        assert "line 5\n" not in text
        assert str(log) in text
        assert "line 5\n" in log.read_text()
    finally:
        log.unlink()


def test_a_broken_package_list_of_another_vendor_does_not_hinder():
    machine = PretendMachine(root=True, fails="update")
    install(machine)
    assert machine.ran[-1][-1] == "postgresql-postgis"


def test_a_success_leaves_no_log():
    machine = PretendMachine(root=True)
    install(machine)
    assert not any(log.exists() for log in machine.logs)


def test_each_step_is_announced_in_the_language_of_the_user():
    seen: dict[str, list[str]] = {"zh": [], "en": []}
    for language, titles in seen.items():
        install(PretendMachine(root=True), titles.append, language=language)
    assert len(seen["zh"]) == len(seen["en"]) == 3
    assert seen["en"][-1] == "Installing PostgreSQL and PostGIS"
    assert seen["zh"][-1] == "安装 PostgreSQL 和 PostGIS"


def test_without_a_terminal_each_step_is_a_line(capsys):
    install_postgis(machine=PretendMachine(root=True), language="en")
    assert "Updating the package lists\n" in capsys.readouterr().err


def test_a_command_and_its_output_are_logged(tmp_path):
    log = tmp_path / "log"
    command = ("sh", "-c", "cat; echo bad >&2; exit 3")
    assert packages.ThisMachine().run(command, content="in ", log=log) == 3
    assert log.read_text() == "$ sh -c 'cat; echo bad >&2; exit 3'\nin bad\n"


def test_this_machine_knows_its_packages():
    machine = packages.ThisMachine()
    assert machine.has_package("dpkg")
    assert not machine.has_package("no-such-package")
    assert machine.has_program("apt-get")
