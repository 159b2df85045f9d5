"""An answer that is cut off anywhere raises; it never becomes a shorter answer."""

import io

import pyarrow as pa
import pytest

from geoservice.client import Connection
from geoservice.client.errors import InterruptedStream, NotAGeoservice
from geoservice.client.frames import frame_of, frames_of
from geoservice.client.streams import ArrowStream
from tests.client.wire import Said, Wire, chunked, head, said

_ROWS = 4
_SCHEMA = pa.schema([("id", pa.string()), ("floors", pa.int64())])


def _stream(*, compression: str | None = "zstd", last: int = 7) -> bytes:
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, _SCHEMA, options=options) as writer:
        for ids, floors in ((["a", "b"], [1, 2]), (["c", "d"], [3, last])):
            writer.write_batch(pa.record_batch([ids, floors], schema=_SCHEMA))
    return sink.getvalue()


def _read(content: bytes, block_bytes: int = 64) -> pa.Table:
    blocks = (content[start : start + block_bytes] for start in range(0, len(content), block_bytes))
    interruption = lambda reason: InterruptedStream("en", address="here", reason=reason)  # noqa: E731
    return ArrowStream(blocks, interruption).table()


@pytest.mark.parametrize("block_bytes", [1, 7, 64, 10_000])
def test_a_whole_stream_gives_all_rows_however_it_is_divided(block_bytes):
    assert _read(_stream(), block_bytes).num_rows == _ROWS


@pytest.mark.parametrize("compression", ["zstd", None])
def test_a_stream_that_ends_after_any_of_its_bytes_raises(compression):
    whole = _stream(compression=compression)
    for length in range(len(whole)):
        with pytest.raises(InterruptedStream):
            _read(whole[:length])


def test_a_last_value_that_looks_like_the_end_mark_is_not_taken_for_it():
    # 0xFFFFFFFF as a little-endian 64 bit integer has the very bytes of the mark.
    whole = _stream(compression=None, last=0xFFFF_FFFF)
    mark = whole[-8:]
    without = whole[:-8]
    assert without.rstrip(b"\0")[-4:] == mark[:4]
    with pytest.raises(InterruptedStream, match="mark of its end is missing"):
        _read(without)


def test_what_follows_the_end_mark_raises():
    with pytest.raises(InterruptedStream, match="follows"):
        _read(_stream() + b"<html>Bad Gateway</html>")


def test_what_is_no_arrow_stream_raises():
    page = b"<!DOCTYPE html><html><body>Please log in</body></html>"
    with pytest.raises(InterruptedStream):
        _read(page)
    with Wire([said(page, type="text/html")]) as wire:
        connection = Connection(wire.address)
        with pytest.raises(NotAGeoservice, match="Arrow"), connection.arrow("/rows"):
            pass
        connection.close()


_WHOLE = _stream()
_MESSAGE = len(_WHOLE) - 8
_TYPE = {"Content-Type": "application/vnd.apache.arrow.stream"}


def _with_length(body: bytes, length: int) -> bytes:
    return head(200, _TYPE | {"Content-Length": str(length)}) + body


def _in_chunks(body: bytes, *, ends: bool) -> bytes:
    return head(200, _TYPE | {"Transfer-Encoding": "chunked"}) + chunked(body, ends=ends)


_CUTS = {
    "content length short, inside a message": Said(_with_length(_WHOLE[:-300], len(_WHOLE))),
    "content length short, between messages": Said(_with_length(_WHOLE[:_MESSAGE], len(_WHOLE))),
    "chunks cut inside a message": Said(_in_chunks(_WHOLE[:-300], ends=False)),
    "chunks cut between messages": Said(_in_chunks(_WHOLE[:_MESSAGE], ends=False)),
    "chunks without their end, after the end mark": Said(_in_chunks(_WHOLE, ends=False)),
    "chunk half sent": Said(_in_chunks(_WHOLE, ends=True)[:-200]),
    "chunks ended properly by a service that failed": Said(_in_chunks(_WHOLE[:-300], ends=True)),
    "chunks ended properly before the end mark": Said(_in_chunks(_WHOLE[:_MESSAGE], ends=True)),
    "no length, inside a message": Said(head(200, _TYPE) + _WHOLE[:-300]),
    "no length, before the end mark": Said(head(200, _TYPE) + _WHOLE[:_MESSAGE]),
    "no length, nothing at all": Said(head(200, _TYPE)),
    "reset inside a message": Said(_with_length(_WHOLE[:-300], len(_WHOLE)), reset=True),
    "reset before the end mark": Said(_in_chunks(_WHOLE[:_MESSAGE], ends=False), reset=True),
}


@pytest.mark.parametrize("cut", _CUTS.values(), ids=_CUTS.keys())
def test_a_stream_that_the_network_cuts_raises_and_is_not_asked_for_again(cut):
    with Wire([cut]) as wire:
        connection = Connection(wire.address)
        with pytest.raises(InterruptedStream), connection.arrow("/rows") as stream:
            frame_of(stream.table())
        connection.close()
    assert len(wire.heard) == 1


def test_a_silence_in_the_middle_of_a_stream_raises():
    begun = head(200, _TYPE | {"Content-Length": str(len(_WHOLE))}) + _WHOLE[:400]
    with Wire([Said(begun, then_silent_s=5)]) as wire:
        connection = Connection(wire.address, timeout_s=0.2)
        with pytest.raises(InterruptedStream), connection.arrow("/rows") as stream:
            stream.table()
        connection.close()


@pytest.mark.parametrize(
    "whole",
    [
        Said(_with_length(_WHOLE, len(_WHOLE))),
        Said(_in_chunks(_WHOLE, ends=True)),
        Said(head(200, _TYPE) + _WHOLE),
    ],
    ids=["length", "chunks", "until the connection ends"],
)
def test_a_whole_stream_is_read_whatever_carries_it(whole):
    with Wire([whole]) as wire:
        connection = Connection(wire.address)
        with connection.arrow("/rows") as stream:
            assert len(frame_of(stream.table())) == _ROWS
        connection.close()


def test_frames_in_parts_raise_at_the_cut_too():
    with Wire([_CUTS["chunks ended properly before the end mark"]]) as wire:
        connection = Connection(wire.address)
        with connection.arrow("/rows") as stream, pytest.raises(InterruptedStream):
            list(frames_of(stream, 3))
        connection.close()


def _downloaded(answer: Said) -> bytes:
    target = io.BytesIO()
    with Wire([answer]) as wire:
        connection = Connection(wire.address)
        try:
            connection.download("/rows", {"f": "csv"}, target, label="rows")
        finally:
            connection.close()
    return target.getvalue()


def test_a_download_that_is_cut_raises():
    for cut in (
        Said(_with_length(b"a,b\n1,2\n", 12)),
        Said(_in_chunks(b"a,b\n1,2\n", ends=False)),
        Said(_with_length(b"a,b\n1,2\n", 12), reset=True),
    ):
        with pytest.raises(InterruptedStream):
            _downloaded(cut)


def test_a_download_of_which_nothing_tells_that_it_is_whole_is_refused():
    with pytest.raises(InterruptedStream, match="长度"):
        _downloaded(Said(head(200, _TYPE) + b"a,b\n1,2\n"))


def test_a_whole_download_is_written():
    assert _downloaded(Said(_with_length(b"a,b\n1,2\n", 8))) == b"a,b\n1,2\n"
    assert _downloaded(Said(_in_chunks(b"a,b\n1,2\n", ends=True))) == b"a,b\n1,2\n"
