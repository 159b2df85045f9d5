"""A command that is told to end leaves nothing behind, and says why when it cannot begin."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from geoservice.embedded import Cluster

_START_S = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def started(data_dir: Path, port: int) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "GEOSERVICE_DATA_DIR": str(data_dir), "LANG": "en"}
    environment.pop("GEOSERVICE_DATABASE_URL", None)
    command = [sys.executable, "-m", "geoservice", "up", "--no-demo", "--port", str(port)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)


def wait_until_listening(port: int) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the service does not listen")


def test_a_service_that_is_terminated_stops_its_database(open_folder: Path) -> None:
    port = free_port()
    process = started(open_folder, port)
    try:
        wait_until_listening(port)
        assert Cluster(open_folder).status().state == "running"
        process.send_signal(signal.SIGTERM)
        process.wait(_START_S)
        assert Cluster(open_folder).status().state == "stopped"
    finally:
        process.kill()
        process.communicate()


def test_a_port_in_use_is_told_with_what_to_do(open_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = started(open_folder, taken.getsockname()[1])
        _, words = process.communicate(timeout=_START_S)
    assert process.returncode == 6
    assert b"--port" in words
    assert Cluster(open_folder).status().state == "stopped"
