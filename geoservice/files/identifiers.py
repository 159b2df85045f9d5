"""Feature ids in bulk: UUIDs of version 7, in the order of the rows they are for (RFC 9562, 5.7)."""

import time

import numpy as np
import pyarrow as pa

_COUNTER_BITS = 12


def uuid7s(number: int) -> pa.Array:
    """Ids of which each is greater than the one before; 62 of their bits are random.

    Rows of one millisecond are told apart by the 12 bits that the standard leaves for a counter
    (method 1); every 4,096 rows the time moves on by one, so that ids of a bulk load stay in order
    and land at the end of the index.
    """
    rows = np.arange(number, dtype=np.int64)
    millis = time.time_ns() // 1_000_000 + (rows >> _COUNTER_BITS)
    octets = np.frombuffer(np.random.bytes(16 * number), np.uint8).reshape(-1, 16).copy()
    octets[:, :6] = millis.astype(">i8").view(np.uint8).reshape(-1, 8)[:, 2:]
    counter = (0x7000 | (rows & 0x0FFF)).astype(">u2")
    octets[:, 6:8] = counter.view(np.uint8).reshape(-1, 2)
    octets[:, 8] = 0x80 | (octets[:, 8] & 0x3F)
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), number, [None, pa.py_buffer(octets)])
