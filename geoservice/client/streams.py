"""Arrow streams as they come in: batch by batch, and whole or not at all.

Knows no HTTP: takes blocks of bytes from an iterator that raises `InterruptedStream` if they end too
early. That is not enough to know that a stream is whole, because a service that fails in the middle
may still end its answer properly; only the end-of-stream mark of the Arrow IPC format tells. pyarrow
takes the end of the bytes for one, so this file watches for it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from geoservice.client.errors import InterruptedStream
from geoservice.languages import Text

if TYPE_CHECKING:
    import pyarrow as pa

ACCOUNT = b"geoservice"
"""The key in the schema's metadata under which the service puts its account of an answer."""

_NO_END_MARK = Text(zh="缺少结束标记", en="the mark of its end is missing")
_TORN = Text(zh="数据块不完整或已损坏", en="a part of it is cut off or damaged")
_BEYOND_END = Text(zh="结束标记之后还有数据", en="something follows the mark of its end")

Interruption = Callable[[Text], InterruptedStream]
"""The error for a reason; it knows the address and the language."""


class Body:
    """Blocks of bytes as a file that is read forwards; `exhausted` once more was wanted than came."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")
        self._position = 0
        self.exhausted = False
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """Exactly `size` bytes; fewer only at the end of the bytes."""
        if size < 0:
            size = 2**63
        parts: list[memoryview] = []
        missing = size
        while missing:
            if not self._rest:
                block = next(self._blocks, None)
                if block is None:
                    self.exhausted = True
                    break
                self._rest = memoryview(block)
            part = self._rest[:missing]
            self._rest = self._rest[len(part) :]
            missing -= len(part)
            parts.append(part)
        self._position += size - missing
        return b"".join(parts)

    def tell(self) -> int:
        """The bytes read so far."""
        return self._position

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """No."""
        return False

    def close(self) -> None:
        """Read no further."""
        self.closed = True


class ArrowStream:
    """Record batches as they come; iterated once.

    Attributes:
        schema: of the batches, with its metadata.
        matched: the rows that will come, if the service knew; None otherwise.

    Raises, while iterated:
        InterruptedStream: the stream is not whole. What came before it is not the answer.
    """

    def __init__(
        self,
        blocks: Iterator[bytes],
        interruption: Interruption,
        *,
        matched: int | None = None,
        headers: Mapping[str, str] | None = None,
        advance: Callable[[int, int | None], None] | None = None,
    ) -> None:
        import pyarrow as pa

        self._body = Body(blocks)
        self._interruption = interruption
        self._advance = advance
        self._rows = 0
        self.matched = matched
        self.headers: Mapping[str, str] = headers or {}
        try:
            self._reader = pa.ipc.open_stream(pa.PythonFile(self._body, mode="r"))
        except (pa.ArrowInvalid, OSError):
            raise self._interruption(_TORN) from None
        self.schema: pa.Schema = self._reader.schema

    @property
    def account(self) -> dict[str, Any]:
        """What the service says of the answer: its dates, sources, figures; empty if it says nothing."""
        written = (self.schema.metadata or {}).get(ACCOUNT)
        account: dict[str, Any] = json.loads(written) if written else {}
        return account

    def __iter__(self) -> "Iterator[pa.RecordBatch]":
        import pyarrow as pa

        while True:
            try:
                batch = self._reader.read_next_batch()
            except StopIteration:
                break
            except (pa.ArrowInvalid, OSError):
                raise self._interruption(_TORN) from None
            self._rows += batch.num_rows
            if self._advance is not None:
                self._advance(self._rows, self.matched)
            yield batch
        if self._body.exhausted:
            raise self._interruption(_NO_END_MARK)
        if self._body.read(1):
            raise self._interruption(_BEYOND_END)

    def table(self) -> "pa.Table":
        """All rows at once."""
        import pyarrow as pa

        return pa.Table.from_batches(list(self), schema=self.schema)
