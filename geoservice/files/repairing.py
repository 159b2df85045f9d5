"""Mending invalid geometries, when asked: in a process of its own that may be killed.

Repair is not bounded by the size of its input: 5,000 random vertices keep GEOS busy for a minute
and have crashed a server. So a process with limits does it, one geometry at a time, and a geometry
that it cannot do in time stays invalid.
"""

import hashlib
import resource
import struct
import subprocess
import sys
from typing import Any, cast

import shapely

MAX_VERTICES = 2000
_CPU_S = 5
_MEMORY_BYTES = 512 * 2**20
_METHOD = "structure"
_PROGRAM = f"""
import sys, struct, shapely
while head := sys.stdin.buffer.read(4):
    shape = shapely.from_wkb(sys.stdin.buffer.read(struct.unpack("<I", head)[0]))
    fixed = shapely.to_wkb(shapely.make_valid(shape, method="{_METHOD}", keep_collapsed=False))
    sys.stdout.buffer.write(struct.pack("<I", len(fixed)) + fixed)
    sys.stdout.buffer.flush()
"""


class Repairer:
    """Mends geometries and keeps both states of each; `close` ends its process."""

    def __init__(self) -> None:
        self.repairs: list[dict[str, Any]] = []
        self._worker: subprocess.Popen[bytes] | None = None

    def mended(self, row: int, field: str, shape: Any) -> Any | None:
        """A valid geometry in place of an invalid one; None if it cannot be done within limits."""
        if shapely.get_num_coordinates(shape) > MAX_VERTICES:
            return None
        fixed = self._ask(shapely.to_wkb(shape))
        if fixed is None or fixed.is_empty or not fixed.is_valid:
            return None
        self.repairs.append(
            {
                "row": row,
                "field": field,
                "method": f"make_valid {_METHOD}",
                "before": _state(shape),
                "after": _state(fixed),
            }
        )
        return fixed

    def close(self) -> None:
        """End the process."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.communicate()
            self._worker = None

    def _ask(self, wkb: bytes) -> Any | None:
        if self._worker is None:
            self._worker = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"OPENBLAS_NUM_THREADS": "1"},
            )
        worker = self._worker
        assert worker.stdin is not None
        assert worker.stdout is not None
        _limit(worker.pid)
        try:
            worker.stdin.write(struct.pack("<I", len(wkb)) + wkb)
            worker.stdin.flush()
            head = worker.stdout.read(4)
            answer = worker.stdout.read(struct.unpack("<I", head)[0]) if len(head) == 4 else b""
        except BrokenPipeError:
            answer = b""
        if not answer:
            self.close()
            return None
        return shapely.from_wkb(answer)


def _limit(pid: int) -> None:
    """Five more seconds of CPU, and never more memory than the limit."""
    if not hasattr(resource, "prlimit"):
        return
    with open(f"/proc/{pid}/stat", "rb") as file:
        used = sum(int(tick) for tick in file.read().rsplit(b")", 1)[1].split()[11:13]) / 100
    limit = int(used) + _CPU_S + 1
    resource.prlimit(pid, resource.RLIMIT_CPU, (limit, limit))
    resource.prlimit(pid, resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


def _state(shape: Any) -> dict[str, Any]:
    """What identifies a state of a geometry in a report: a digest, its type and size."""
    return {
        "wkb_sha256": hashlib.sha256(cast("bytes", shapely.to_wkb(shape))).hexdigest(),
        "type": shape.geom_type,
        "vertices": int(shapely.get_num_coordinates(shape)),
        "area_deg2": float(shape.area),
    }
