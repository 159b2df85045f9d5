"""ZIP archives from outside: unpacked under limits, or refused with the reason.

Sizes are counted while unpacking, because an archive can lie about them.
"""

import gzip
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from geoservice.errors import TooLarge, UnreadableFile
from geoservice.languages import Text

MAX_ENTRIES = 1000
MAX_ENTRY_BYTES = 512 * 2**20
MAX_RATIO = 100
_RATIO_FLOOR_BYTES = 2**20  # a small file may well shrink more
_BLOCK_BYTES = 2**20
_NESTED = (".zip", ".gz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".tgz")


def unpacked(path: Path, folder: Path, *, max_bytes: int) -> list[Path]:
    """Unpack an archive into an empty folder, flat; the files in the archive's order.

    Folders inside the archive are left away, as a shapefile is often zipped with its folder.

    Raises:
        UnreadableFile: not a ZIP; an entry that is encrypted, a link, an archive, outside the
            folder, or named twice; an entry that shrinks more than `MAX_RATIO` times.
        TooLarge: more entries or bytes than allowed.
    """
    with _opened(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _check_entries(path, entries)
        found: list[Path] = []
        left = max_bytes
        for entry in entries:
            if _is_clutter(entry.filename):
                continue
            target = folder / PurePosixPath(_name(entry).replace("\\", "/")).name
            if target in found:
                raise _refused(path, "重名条目", "an entry's name appears twice", _name(entry))
            left -= _unpack(path, archive, entry, target, left)
            found.append(target)
    return found


def check_workbook(path: Path, *, max_bytes: int) -> None:
    """Raise unless an XLSX file, which is a ZIP archive, keeps within the limits."""
    with _opened(path) as archive:
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise _too_many(len(entries))
        left = max_bytes
        for entry in entries:
            if entry.flag_bits & 1:
                raise _refused(path, "文件已加密", "it is encrypted", entry.filename)
            left -= _unpack(path, archive, entry, None, left)


@contextmanager
def gunzipped(path: Path, *, max_bytes: int) -> Iterator[IO[bytes]]:
    """A gzip file as a stream that raises `TooLarge` beyond a limit."""
    with gzip.open(path, "rb") as stream:
        yield cast("IO[bytes]", _Limited(stream, max_bytes))


class _Limited:
    """A stream for reading that refuses to give more than a number of bytes."""

    def __init__(self, stream: gzip.GzipFile, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._given = 0
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        block = self._stream.read(_BLOCK_BYTES if size is None or size < 0 else size)
        self._given += len(block)
        if self._given > self._limit:
            raise TooLarge(
                limit_name="max_unpacked_bytes", limit=self._limit, actual=f"> {self._limit}"
            )
        return block

    def readable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        self.closed = True


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, RuntimeError) as fault:
        raise _refused(
            path, "ZIP 损坏或不受支持", "the ZIP is damaged or unsupported", fault
        ) from fault


def _check_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES:
        raise _too_many(len(entries))
    for entry in entries:
        name = PurePosixPath(_name(entry).replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
            raise _refused(path, "条目路径越界", "an entry leads outside", name)
        if entry.flag_bits & 1:
            raise _refused(path, "条目已加密", "an entry is encrypted", name)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise _refused(path, "条目是链接", "an entry is a link", name)
        if name.suffix.lower() in _NESTED:
            raise _refused(path, "嵌套压缩包", "an archive inside the archive", name)


def _unpack(
    path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path | None, left: int
) -> int:
    """Write an entry, or only measure it if there is no target; its true size."""
    size = 0
    packed = max(entry.compress_size, 1)
    with archive.open(entry) as stream, open(target or "/dev/null", "wb") as out:
        while block := stream.read(_BLOCK_BYTES):
            size += len(block)
            if size > min(MAX_ENTRY_BYTES, left):
                name = "max_unpacked_entry" if size > MAX_ENTRY_BYTES else "max_unpacked_bytes"
                raise TooLarge(
                    limit_name=name, limit=min(MAX_ENTRY_BYTES, left), actual=f"> {size}"
                )
            if size > max(_RATIO_FLOOR_BYTES, packed * MAX_RATIO):
                raise _refused(
                    path,
                    f"压缩比超过 {MAX_RATIO}",
                    f"shrunk more than {MAX_RATIO} times",
                    entry.filename,
                )
            out.write(block)
    return size


def _name(entry: zipfile.ZipInfo) -> str:
    """The name as its maker wrote it: without the UTF-8 mark, Chinese tools mean GB18030."""
    if entry.flag_bits & 0x800:
        return entry.filename
    raw = entry.filename.encode("cp437", errors="replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def _is_clutter(name: str) -> bool:
    return "__MACOSX" in name or PurePosixPath(name).name in (".DS_Store", "Thumbs.db")


def _too_many(number: int) -> TooLarge:
    return TooLarge(limit_name="max_archive_entries", limit=MAX_ENTRIES, actual=number)


def _refused(path: Path, zh: str, en: str, what: object) -> UnreadableFile:
    return UnreadableFile(file=path.name, reason=Text(zh=f"{zh}：{what}", en=f"{en}: {what}"))
