import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from geoservice.embedded import Cluster, configuration, default_data_dir
from geoservice.embedded import cluster as cluster_module
from geoservice.embedded.account import server_account
from geoservice.embedded.installation import installed_servers
from geoservice.embedded.postmaster import recorded_pid
from geoservice.errors import SetupFailed

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


def ask(
    cluster: Cluster, statement: str, *, database: str = "geoservice", **url: str
) -> list[tuple]:
    address = cluster.url(database, **url).replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        answer = connection.execute(statement)
        return answer.fetchall() if answer.description else []


def until(condition: Callable[[], bool], within_s: float = 15) -> bool:
    end = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def state(cluster: Cluster) -> str:
    return cluster.status().state


@pytest.fixture(scope="module")
def lived_in(session_folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(session_folder / "lived-in")
    cluster.start()
    ask(cluster, "create table kept (value int)")
    ask(cluster, "insert into kept values (42)")
    yield cluster
    cluster.reset()


@pytest.fixture
def kept(lived_in: Cluster) -> Cluster:
    lived_in.start()
    return lived_in


@pytest.fixture
def fresh(open_folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(open_folder, durable=False)
    yield cluster
    cluster.reset()


def test_a_new_cluster_has_a_database_with_postgis(kept):
    assert ask(kept, "select st_astext(st_setsrid(st_point(113.7, 23.0), 4490))") == [
        ("POINT(113.7 23)",)
    ]


def test_the_server_is_set_up_as_promised(kept):
    names = "data_checksums server_encoding TimeZone jit wal_level max_wal_senders max_connections"
    shown = [ask(kept, f"show {name}")[0][0] for name in names.split()]
    assert shown == ["on", "UTF8", "UTC", "off", "minimal", "0", "60"]
    assert ask(kept, "select datcollate from pg_database where datname = 'geoservice'") == [
        ("C.UTF-8",)
    ]
    assert ask(kept, "show listen_addresses") == [("",)]


def test_starting_twice_keeps_the_same_server(kept):
    before = kept.status().pid
    kept.start()
    assert kept.status().pid == before


def test_the_status_tells_what_is_there(kept):
    running = kept.status()
    assert running.state == "running"
    assert running.version.split(".")[0] == running.data_folder.name.removeprefix("pg")
    assert running.postgis.startswith("3.")
    assert running.size_bytes > 30 * 2**20
    kept.stop()
    stopped = kept.status()
    assert (stopped.state, stopped.pid, stopped.postgis) == ("stopped", None, None)
    assert stopped.url == running.url


def test_stopping_twice_is_no_mistake_and_rows_stay(kept):
    kept.stop()
    kept.stop()
    kept.start()
    assert ask(kept, "select value from kept") == [(42,)]


@pytest.mark.parametrize("victims", ["postmaster", "every process"])
def test_committed_rows_survive_kill_9(kept, victims):
    ask(kept, "insert into kept values (43)")
    server = kept.status().pid
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    killed = [server, *map(int, children if victims == "every process" else [])]
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    kept.start()
    assert kept.status().pid != server
    assert ask(kept, "select count(*) from kept where value = 43") == [(1,)]
    ask(kept, "delete from kept where value = 43")


def test_a_pid_file_whose_number_now_belongs_to_another_program_does_not_hinder(kept):
    pid_file = kept.status().data_folder / "postmaster.pid"
    content = pid_file.read_text()
    kept.stop()
    account = server_account()
    other = subprocess.Popen(
        ["sleep", "60"], user=account.uid if account.is_other else None, cwd="/"
    )
    try:
        pid_file.write_text("\n".join((str(other.pid), *content.split("\n")[1:])))
        assert state(kept) == "stopped"
        kept.start()
        assert ask(kept, "select value from kept") == [(42,)]
    finally:
        other.kill()
        other.wait()


def test_a_socket_that_was_swept_away_comes_back(kept):
    for file in Path(ask(kept, "show unix_socket_directories")[0][0]).iterdir():
        file.unlink()
    kept.start()
    assert ask(kept, "select value from kept") == [(42,)]


def test_every_role_of_the_product_is_open_to_the_user_who_runs_it(kept):
    ask(kept, "create role geoservice_read login")
    assert ask(kept, "select current_user::text", role="geoservice_read") == [("geoservice_read",)]


@as_root
def test_another_user_is_refused_even_when_the_socket_is_open_to_all(kept):
    folder = Path(ask(kept, "show unix_socket_directories")[0][0])
    program = next(iter(installed_servers().values())).program("psql")
    command = [program, "-h", str(folder), "-U", "geoservice", "geoservice", "-c", "select 1"]
    nobody = pwd.getpwnam("nobody").pw_uid

    def tried() -> str:
        done = subprocess.run(
            command,
            user=nobody,
            group=nobody,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        return done.stderr

    assert "Permission denied" in tried()
    folder.chmod(0o755)
    (folder / ".s.PGSQL.5432").chmod(0o777)
    try:
        assert "Peer authentication failed" in tried()
    finally:
        folder.chmod(0o700)


def test_a_server_that_cannot_start_shows_its_log(kept):
    kept.stop()
    settings = kept.status().data_folder / "postgresql.auto.conf"
    before = settings.read_text()
    try:
        settings.write_text("shared_buffers = nonsense\n")
        with pytest.raises(SetupFailed) as failure:
            kept.start()
    finally:
        settings.write_text(before)
    for language in ("zh", "en"):
        assert 'invalid value for parameter "shared_buffers"' in failure.value.text(language)
    assert "数据库无法启动" in failure.value.text("zh")


def test_a_running_block_leaves_a_server_that_was_there_before(kept):
    with kept.running() as url:
        assert url == kept.url()
    assert state(kept) == "running"


def test_the_last_to_leave_a_running_block_stops_the_server(kept):
    kept.stop()
    outer, inner = kept.running(), kept.running()
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    assert state(kept) == "running"
    inner.__exit__(None, None, None)
    assert state(kept) == "stopped"


def test_a_start_during_a_running_block_outlives_it(kept):
    kept.stop()
    with kept.running():
        kept.start()
    assert state(kept) == "running"


def test_a_running_block_starts_a_server_again_that_died(kept, monkeypatch):
    monkeypatch.setattr(cluster_module, "_WATCH_S", 0.05)
    with kept.running():
        died = kept.status().pid
        os.kill(died, signal.SIGKILL)
        assert until(lambda: kept.status().postgis is not None and kept.status().pid != died)


def test_a_running_block_leaves_a_server_stopped_that_was_stopped_on_purpose(kept, monkeypatch):
    monkeypatch.setattr(cluster_module, "_WATCH_S", 0.05)
    with kept.running():
        kept.stop()
        time.sleep(0.3)
        assert state(kept) == "stopped"


def test_a_reset_removes_the_database_and_nothing_else(fresh, open_folder):
    (open_folder / "rasters").mkdir()
    fresh.start()
    fresh.reset()
    assert state(fresh) == "absent"
    assert (open_folder / "rasters").is_dir()
    assert not list(open_folder.glob("pg*"))


def test_what_was_interrupted_is_thrown_away(fresh, open_folder):
    newest = max(installed_servers())
    for rest in ("unfinished", "removed"):
        (open_folder / f"pg{newest}.{rest}").mkdir()
        (open_folder / f"pg{newest}.{rest}" / "PG_VERSION").write_text("half")
    assert state(fresh) == "absent"
    fresh.start()
    assert [folder.name for folder in open_folder.glob("pg*")] == [f"pg{newest}"]


def test_two_clusters_live_side_by_side(cluster, kept):
    assert cluster.status().pid != kept.status().pid
    assert ask(cluster, "select to_regclass('kept')") == [(None,)]
    assert ask(kept, "select value from kept") == [(42,)]


def test_four_processes_that_start_at_once_share_one_server(fresh, open_folder):
    program = (
        "import sys; from pathlib import Path; from geoservice.embedded import Cluster\n"
        "cluster = Cluster(Path(sys.argv[1]), durable=False)\n"
        "cluster.start(); print(cluster.status().pid)"
    )
    command = [sys.executable, "-c", program, str(open_folder)]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = [starter.communicate(timeout=60)[0].strip() for starter in starters]
    assert [starter.returncode for starter in starters] == [0] * 4
    assert set(answers) == {str(fresh.status().pid)}


def test_nothing_to_stop_or_reset_is_no_mistake(open_folder):
    absent = Cluster(open_folder / "never-made")
    absent.stop()
    absent.reset()
    assert state(absent) == "absent"
    assert not (open_folder / "never-made").exists()


@as_root
def test_a_folder_that_the_server_cannot_enter_is_named_in_both_languages(open_folder):
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(SetupFailed) as failure:
        Cluster(closed / "data").start()
    for language, words in (("zh", "无法进入"), ("en", "cannot enter")):
        assert f"{words} {closed}" in failure.value.text(language)


def test_a_data_folder_that_is_a_file_is_told(open_folder):
    (open_folder / "file").touch()
    with pytest.raises(SetupFailed, match="无法使用数据目录"):
        Cluster(open_folder / "file").start()


@as_root
def test_a_socket_folder_laid_by_another_user_is_refused(fresh):
    folder = Path(fresh.url().partition("host=")[2].partition("&")[0])
    folder.mkdir()
    os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    try:
        with pytest.raises(SetupFailed, match=str(folder)):
            fresh.start()
    finally:
        folder.rmdir()


def test_data_of_a_version_that_is_not_installed_are_not_passed_over(open_folder):
    (open_folder / "pg9").mkdir()
    with pytest.raises(SetupFailed) as failure:
        Cluster(open_folder).start()
    assert "postgresql-9-postgis-3" in failure.value.text("en")
    assert list(open_folder.glob("pg*")) == [open_folder / "pg9"]


def test_data_of_a_version_that_is_not_installed_can_be_given_up(open_folder):
    (open_folder / "pg9").mkdir()
    (open_folder / "pg9" / "PG_VERSION").write_text("9\n")
    assert Cluster(open_folder).status().version == "9"
    Cluster(open_folder).reset()
    assert not list(open_folder.glob("pg*"))


def test_without_postgis_the_command_that_installs_it_is_told(open_folder, monkeypatch):
    monkeypatch.setattr(cluster_module, "installed_servers", dict)
    with pytest.raises(SetupFailed) as failure:
        Cluster(open_folder).start()
    for language in ("zh", "en"):
        assert "apt-get install -y --no-install-recommends postgresql-postgis" in (
            failure.value.text(language)
        )
    assert state(Cluster(open_folder)) == "absent"


def test_a_server_without_postgis_is_not_usable(tmp_path):
    for major, postgis in (("15", True), ("17", True), ("18", False)):
        (tmp_path / f"usr/lib/postgresql/{major}/bin").mkdir(parents=True)
        (tmp_path / f"usr/lib/postgresql/{major}/bin/initdb").touch()
        extensions = tmp_path / f"usr/share/postgresql/{major}/extension"
        extensions.mkdir(parents=True)
        if postgis:
            (extensions / "postgis.control").touch()
    assert sorted(installed_servers(tmp_path)) == [15, 17]


def test_urls_differ_by_folder_database_and_role(open_folder):
    url = Cluster(open_folder / "a").url()
    assert url.startswith("postgresql+psycopg://geoservice@/geoservice?host=/tmp/geoservice-")
    assert url == Cluster(open_folder / "b/../a").url()
    assert url != Cluster(open_folder / "b").url()
    assert "//geoservice_read@/a%20b?" in Cluster(open_folder).url("a b", role="geoservice_read")


def test_the_default_folder_is_one_that_the_server_can_enter(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_dir() == Path("/var/lib/geoservice")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/li")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert default_data_dir() == Path("/home/li/.local/share/geoservice")
    monkeypatch.setenv("XDG_DATA_HOME", "/data/li")
    assert default_data_dir() == Path("/data/li/geoservice")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert default_data_dir() == Path("/home/li/.local/share/geoservice")


@pytest.mark.parametrize(
    ("gigabytes", "cpus", "shared_memory", "buffers", "parallel"),
    [(0.5, 1, 2**30, "64MB", "0"), (8, 4, 2**30, "512MB", "1"), (512, 64, 2**26, "1024MB", "0")],
)
def test_the_servers_memory_follows_the_machine(gigabytes, cpus, shared_memory, buffers, parallel):
    machine = configuration.Machine(int(gigabytes * 2**30), cpus, shared_memory)
    settings = configuration.server_settings(
        machine, socket_folder=Path("/tmp/it's"), max_connections=60, durable=True
    )
    assert settings["shared_buffers"] == buffers
    assert settings["max_parallel_workers_per_gather"] == parallel
    assert "fsync" not in settings
    assert "unix_socket_directories = '/tmp/it''s'" in configuration.as_configuration_file(settings)


def test_an_unreadable_pid_file_names_no_process(tmp_path):
    (tmp_path / "postmaster.pid").write_text("")
    assert recorded_pid(tmp_path) is None
    assert recorded_pid(tmp_path / "absent") is None


def test_an_empty_database_has_postgis_and_no_table(empty_database, database_url):
    assert empty_database != database_url
    with psycopg.connect(empty_database.replace("+psycopg", "")) as connection:
        tables = "select tablename from pg_tables where schemaname = 'public'"
        assert connection.execute(tables).fetchall() == [("spatial_ref_sys",)]
        assert connection.execute("select postgis_lib_version()").fetchone()[0].startswith("3.")
