"""A million parcels in every streamed format over HTTP, beside the bare driver writing Arrow to a file.

    python -m tests.benchmarks.exports                fills a cluster of its own, then measures
    python -m tests.benchmarks.exports --folder D     uses the cluster in D, filled by an earlier run

The bare export is ADBC → Arrow IPC with zstd, the fastest that is known. Each format has a server
process of its own, whose memory is read before and after (VmHWM); what it grows by when one parcel is
exported, libraries loaded, is told apart. The client reads and forgets.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa
from adbc_driver_postgresql import dbapi

from geoservice.domain.land import land_parcels
from geoservice.embedded import Cluster
from geoservice.store import schema
from geoservice.store.database import Database
from geoservice.store.tables import tables
from tests.benchmarks.province import fill

FORMATS = ("arrow", "parquet", "fgb", "csv", "geojsonseq", "gpkg")
_MIB = 2**20


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path)
    options.add_argument("--share", type=float, default=1.0)
    options.add_argument("--turns", type=int, default=3)
    options.add_argument("--formats", nargs="*", default=FORMATS)
    given = options.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="geoservice-exports-", dir="/tmp"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    cluster = Cluster(folder, durable=False)
    cluster.start()
    database = Database(cluster.url("geoservice"))
    try:
        schema.upgrade(database)
        if not database.scalar(sa.select(sa.func.count()).select_from(_parcels())):
            fill(database, given.share)
        _measure(database, given.formats, given.turns, folder)
    finally:
        database.close()
        if given.folder:
            cluster.stop()
        else:
            cluster.reset()


def _parcels() -> sa.FromClause:
    return tables().current(land_parcels)


def _measure(database: Database, formats: list[str], turns: int, folder: Path) -> None:
    rows = database.scalar(sa.select(sa.func.count()).select_from(_parcels()))
    print(f"{rows} parcels; seconds (median of {turns}), ratio to bare, MB sent, MiB grown")
    bare: list[float] = []
    ours: dict[str, list[tuple[float, float, int, int]]] = {name: [] for name in formats}
    for _ in range(turns):
        bare.append(_bare(database.url, folder / "bare.arrow"))
        for name in formats:
            ours[name].append(_ours(database.url, name))
    floor = statistics.median(bare)
    print(f"bare ADBC to IPC zstd: {floor:.1f} s ({min(bare):.1f} to {max(bare):.1f})")
    for name, found in ours.items():
        seconds = statistics.median(each[0] for each in found)
        first = statistics.median(each[1] for each in found)
        size, grown = found[0][2], max(each[3] for each in found)
        print(
            f"{name:11} {seconds:6.1f} s  {seconds / floor:5.2f}x  first byte {first:5.2f} s  "
            f"{size / 1e6:7.1f} MB  +{grown / _MIB:5.0f} MiB"
        )


def _bare(url: str, path: Path) -> float:
    """The parcels by the driver alone, in whatever order they come, to a file."""
    names = ", ".join(f'"{each.name}"' for each in land_parcels.public_fields if not each.many)
    sql = f"SELECT uid::text, {names}, ST_AsBinary(geom) FROM registers.land_parcels"
    plain = url.replace("+psycopg", "")
    begun = time.perf_counter()
    with dbapi.connect(plain) as link, link.cursor() as cursor:
        cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": "4194304"})
        cursor.execute(sql)
        reader = cursor.fetch_record_batch()
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with path.open("wb") as file, pa.ipc.new_stream(file, reader.schema, options=options) as to:
            for batch in reader:
                to.write_batch(batch)
    seconds = time.perf_counter() - begun
    path.unlink()
    return seconds


def _ours(url: str, format: str) -> tuple[float, float, int, int]:
    """Seconds, seconds to the first byte, bytes, and by how much the server has grown."""
    with _server(url) as (address, process):
        items = f"{address}/collections/{land_parcels.id}/items?f={format}"
        _read(f"{items}&limit=1000")
        before = _memory(process, "VmRSS")
        seconds, first, size = _read(items)
        return seconds, first, size, _memory(process, "VmHWM") - before


def _read(address: str) -> tuple[float, float, int]:
    begun = time.perf_counter()
    size = 0
    first = 0.0
    with urllib.request.urlopen(address) as answer:
        while block := answer.read1(_MIB):
            first = first or time.perf_counter() - begun
            size += len(block)
    return time.perf_counter() - begun, first, size


def _memory(process: int, name: str) -> int:
    """Bytes of memory of a process, by the name that Linux has for them."""
    status = Path(f"/proc/{process}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


@contextmanager
def _server(url: str) -> Iterator[tuple[str, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "geoservice", "serve", "--port", str(port)]
    environment = os.environ | {"GEOSERVICE_DATABASE_URL": url}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            while True:
                try:
                    with urllib.request.urlopen(f"{address}/readyz"):
                        break
                except urllib.error.URLError:
                    time.sleep(0.1)
            yield address, process.pid
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
