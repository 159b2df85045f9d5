"""Work on shapes that their size does not bound, in a process of its own that may be killed.

A repair of 5,000 random vertices keeps GEOS busy for a minute and has crashed a server; to find out
whether a polygon of 200,000 is valid may take minutes as well. Must not know what the work is for.
"""

import struct
import subprocess
import sys
from types import TracebackType
from typing import Self

import shapely

_MEMORY_BYTES = 512 * 2**20
_PROGRAM = """
import resource, signal, struct, sys
if sys.platform == "linux":
    resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
import shapely
while head := sys.stdin.buffer.read(4):
    wkb = sys.stdin.buffer.read(struct.unpack("<I", head)[0])
    signal.setitimer(signal.ITIMER_PROF, {cpu_s})
    shape = shapely.from_wkb(wkb)
    answer = {answer}
    signal.setitimer(signal.ITIMER_PROF, 0)
    sys.stdout.buffer.write(struct.pack("<I", len(answer)) + answer)
    sys.stdout.buffer.flush()
"""


class ShapeProcess:
    """Answers about one shape after the other; its process is there from the first to `close`."""

    def __init__(self, answer: str, *, cpu_s: float) -> None:
        """`answer` is a Python expression, with `shapely` and `shape`: bytes, and not empty.

        For each it may take `cpu_s` seconds of CPU, and 512 MiB of memory.
        """
        self._program = _PROGRAM.format(memory=_MEMORY_BYTES, cpu_s=cpu_s, answer=answer)
        self._worker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def answer(self, shape: shapely.Geometry) -> bytes | None:
        """The answer about a shape; None if there is none within the limits."""
        wkb: bytes = shapely.to_wkb(shape)
        if self._worker is None:
            self._worker = subprocess.Popen(
                [sys.executable, "-c", self._program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"OPENBLAS_NUM_THREADS": "1"},
            )
        worker = self._worker
        assert worker.stdin is not None
        assert worker.stdout is not None
        try:
            worker.stdin.write(struct.pack("<I", len(wkb)) + wkb)
            worker.stdin.flush()
            head = worker.stdout.read(4)
            answer = worker.stdout.read(struct.unpack("<I", head)[0]) if len(head) == 4 else b""
        except BrokenPipeError:
            answer = b""
        if not answer:
            self.close()
        return answer or None

    def close(self) -> None:
        """End the process, if there is one."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.communicate()
            self._worker = None
