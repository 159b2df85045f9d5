"""Arrow → PostgreSQL: batches written as binary COPY, column by column, with no loop over rows.

A row of binary COPY is a count of fields, then each field as its length and its bytes. The fields
of a batch are made as arrays, runs of fixed width as one, and joined row by row in C. Measured on a
million polygons: half the time of the Arrow driver's own ingestion, in any transaction of psycopg.

Format: PostgreSQL manual, COPY, "Binary Format".
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

_SECONDS_TO_2000 = 946_684_800
_DAYS_TO_2000 = 10_957
_NULL_LENGTH = -1

Bytes = NDArray[np.uint8]


def encoded(columns: Sequence[pa.Array], kinds: Sequence[str]) -> pa.Buffer:
    """The rows of a batch as they stand between `HEADER` and `TRAILER`.

    `kinds` names how each column is written: `int4 int8 float8 bool date timestamptz uuid bytes
    numeric`; `bytes` is text in UTF-8 and WKB alike. The types must fit already; a value that does
    not raises `pyarrow.ArrowInvalid`.
    """
    rows = len(columns[0])
    row = _Row(rows)
    row.fixed(np.frombuffer(np.array(len(columns), ">i2").tobytes(), np.uint8)[None, :])
    for column, kind in zip(columns, kinds, strict=True):
        if kind in _FIXED:
            row.field(_FIXED[kind](column), _valid(column))
        else:
            row.varying(_numerics(column) if kind == "numeric" else column)
    return row.joined()


class _Row:
    """The pieces of a row, each an array over all rows of a batch."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._pieces: list[pa.Array] = []
        self._pending: list[Bytes] = []

    def fixed(self, data: Bytes) -> None:
        """Bytes of one width; one row of them is repeated."""
        self._pending.append(np.broadcast_to(data, (self._rows, data.shape[1])))

    def field(self, data: Bytes, valid: NDArray[np.bool_] | None) -> None:
        """A field of fixed width."""
        width = data.shape[1]
        length = np.frombuffer(np.array(width, ">i4").tobytes(), np.uint8)
        if valid is None:
            self.fixed(length[None, :])
            self.fixed(data)
            return
        whole = np.empty((self._rows, 4 + width), np.uint8)
        whole[:, :4] = np.where(valid[:, None], length, np.uint8(255))
        whole[:, 4:] = data
        kept = np.ones(whole.shape, bool)
        kept[:, 4:] = valid[:, None]
        offsets = np.zeros(self._rows + 1, np.int32)
        np.cumsum(np.where(valid, 4 + width, 4), out=offsets[1:])
        self._flush()
        self._pieces.append(_binary(offsets, whole[kept]))

    def varying(self, column: pa.Array) -> None:
        """A field whose bytes have any length."""
        lengths = pc.binary_length(column)
        if column.null_count:
            lengths = lengths.fill_null(_NULL_LENGTH)
            column = column.fill_null(b"" if pa.types.is_binary(column.type) else "")
        sizes = np.asarray(lengths).astype(">i4")
        self.fixed(sizes.view(np.uint8).reshape(-1, 4))
        self._flush()
        self._pieces.append(column.cast(pa.binary()))

    def joined(self) -> pa.Buffer:
        """All rows behind each other."""
        self._flush()
        if len(self._pieces) == 1:
            return self._pieces[0].buffers()[2]
        return pc.binary_join_element_wise(*self._pieces, b"").buffers()[2]

    def _flush(self) -> None:
        if self._pending:
            # Pieces of one byte make numpy choose columns first; the wire wants rows.
            data = np.ascontiguousarray(np.concatenate(self._pending, axis=1))
            offsets = np.arange(self._rows + 1, dtype=np.int32) * data.shape[1]
            self._pieces.append(_binary(offsets, data))
            self._pending = []


def _binary(offsets: NDArray[np.int32], data: Bytes) -> pa.Array:
    return pa.BinaryArray.from_buffers(
        pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )


def _valid(column: pa.Array) -> NDArray[np.bool_] | None:
    return np.asarray(column.is_valid()) if column.null_count else None


def _big_endian(kind: str, type: pa.DataType, zero: object = 0) -> Callable[[pa.Array], Bytes]:
    def convert(column: pa.Array) -> Bytes:
        values = column.cast(type)
        if values.null_count:
            values = values.fill_null(zero)
        numbers = np.asarray(values).astype(kind)
        return numbers.view(np.uint8).reshape(len(numbers), -1)

    return convert


def _dates(column: pa.Array) -> Bytes:
    days = np.asarray(column.cast(pa.date32()).cast(pa.int32()).fill_null(0)) - _DAYS_TO_2000
    return days.astype(">i4").view(np.uint8).reshape(-1, 4)


def _instants(column: pa.Array) -> Bytes:
    micros = column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).fill_null(0)
    since = np.asarray(micros) - _SECONDS_TO_2000 * 1_000_000
    return since.astype(">i8").view(np.uint8).reshape(-1, 8)


def _booleans(column: pa.Array) -> Bytes:
    return np.asarray(column.fill_null(False).cast(pa.uint8())).reshape(-1, 1)


def _uuids(column: pa.Array) -> Bytes:
    if column.null_count:
        column = column.fill_null(bytes(16))
    whole = np.frombuffer(column.buffers()[1], np.uint8)
    return whole[column.offset * 16 : (column.offset + len(column)) * 16].reshape(-1, 16)


_FIXED: Mapping[str, Callable[[pa.Array], Bytes]] = {
    "int4": _big_endian(">i4", pa.int32()),
    "int8": _big_endian(">i8", pa.int64()),
    "float8": _big_endian(">f8", pa.float64(), 0.0),
    "bool": _booleans,
    "date": _dates,
    "timestamptz": _instants,
    "uuid": _uuids,
}


def _numerics(column: pa.Array) -> pa.Array:
    """Decimals in PostgreSQL's form: digits to the base of 10,000. Rare, so value by value."""
    return pa.array([_numeric(value) for value in column.to_pylist()], pa.binary())


def _numeric(value: Decimal | None) -> bytes | None:
    if value is None:
        return None
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    scale = max(-exponent, 0)
    text = "".join(map(str, digits)) + "0" * max(exponent, 0)
    whole, fraction = (text[: len(text) - scale], text[len(text) - scale :].rjust(scale, "0"))
    whole = whole.zfill(-(-len(whole) // 4) * 4)
    fraction = fraction.ljust(-(-len(fraction) // 4) * 4, "0")
    groups = [int((whole + fraction)[i : i + 4]) for i in range(0, len(whole + fraction), 4)]
    header: list[Any] = [len(groups), len(whole) // 4 - 1, 0x4000 if sign else 0, scale]
    return np.array([*header, *groups], ">u2" if header[1] >= 0 else ">i2").tobytes()
