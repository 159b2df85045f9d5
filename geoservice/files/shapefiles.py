"""The parts of a shapefile beside each other, and the encoding of the text in its DBF."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geoservice.files import encodings
from geoservice.files.encodings import Encoding
from geoservice.files.options import ImportOptions

_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


_NAME_BYTES = 10
_END_OF_FIELDS = 0x0D


def sibling(path: Path, suffix: str) -> Path | None:
    """The part of a shapefile with this extension in any case."""
    return next(
        (
            each
            for each in path.parent.iterdir()
            if each.suffix.lower() == suffix and each.stem == path.stem
        ),
        None,
    )


def notes(path: Path) -> dict[str, Any]:
    """Which parts are missing, for the report."""
    missing = [part for part in _PARTS if sibling(path, part) is None]
    return {"missing_parts": missing} if missing else {}


def encoding_of(path: Path, name: str, options: ImportOptions) -> Encoding | None:
    """The encoding of the text, decided by `encodings`; None if there is no DBF."""
    dbf = sibling(path, ".dbf")
    if dbf is None:
        return None
    cpg = sibling(path, ".cpg")
    declared = cpg.read_bytes()[:64].decode("ascii", "replace").strip() if cpg else None
    with dbf.open("rb") as file:
        blocks = _dbf_texts(file.read(32), file)
        return encodings.decided(
            blocks, file=name, given=options.encoding, declared=declared or None
        )


def with_readable_names(path: Path, folder: Path, encoding: str) -> tuple[Path, dict[str, str]]:
    """The shapefile, or one in `folder` whose broken names are replaced; the true names by those.

    A name cut at ten bytes may end inside a character; a reader that is strict then fails on it.
    Its whole characters are enough to recognise the field.
    """
    dbf = sibling(path, ".dbf")
    if dbf is None:
        return path, {}
    with dbf.open("rb") as file:
        head = file.read(32)
        descriptors = bytearray(file.read(max(int.from_bytes(head[8:10], "little") - 32, 0)))
    full: dict[str, str] = {}
    for number, raw in enumerate(_names(bytes(descriptors))):
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            short = f"F_{number}"
            full[short] = raw.decode(encoding, "ignore")
            descriptors[number * 32 : number * 32 + 11] = short.encode().ljust(11, b"\0")
    if not full:
        return path, {}
    target = folder / "readable"
    target.mkdir()
    for part in _PARTS:
        if (there := sibling(path, part)) and part != ".dbf":
            (target / f"{path.stem}{part}").symlink_to(there.resolve())
    copy = target / f"{path.stem}.dbf"
    shutil.copyfile(dbf, copy)
    with copy.open("r+b") as file:
        file.seek(32)
        file.write(descriptors)
    return target / f"{path.stem}.shp", full


def _names(descriptors: bytes) -> Iterator[bytes]:
    """The field names of a DBF as they are stored."""
    for start in range(0, len(descriptors) - 31, 32):
        if descriptors[start] == _END_OF_FIELDS:
            return
        yield descriptors[start : start + 11].split(b"\0")[0][:_NAME_BYTES]


def _dbf_texts(header: bytes, file: Any) -> Iterator[bytes]:
    """Field names and text cells of a DBF, each cut free of the padding, line by line.

    Names cut at 10 bytes may end inside a character: the last bytes of a full name are left out.
    """
    header_bytes, record_bytes = (int.from_bytes(header[i : i + 2], "little") for i in (8, 10))
    descriptors = file.read(max(header_bytes - 32, 0))
    for raw in _names(descriptors):
        yield _uncut(raw, _NAME_BYTES) + b"\n"
    cells, at = [], 1
    for i in range(0, len(descriptors) - 31, 32):
        if descriptors[i] == _END_OF_FIELDS:
            break
        width = descriptors[i + 16]
        if descriptors[i + 11 : i + 12] in (b"C", b"M"):
            width += 256 * descriptors[i + 17] if descriptors[i + 11 : i + 12] == b"C" else 0
            cells.append((at, at + width))
        at += width
    while record_bytes and (block := file.read(record_bytes * 4096)):
        for start in range(0, len(block) - record_bytes + 1, record_bytes):
            record = block[start : start + record_bytes]
            yield b"\n".join(_uncut(record[a:b].rstrip(b" \0"), b - a) for a, b in cells) + b"\n"


def _uncut(cell: bytes, width: int) -> bytes:
    """A cell without a character that its width has cut, which says nothing of the encoding."""
    if len(cell) < width:
        return cell
    for cut in range(4):
        try:
            cell[: len(cell) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return cell[: len(cell) - cut]
    return (
        cell[:-1] if len(cell.decode("gb18030", "ignore").encode("gb18030")) < len(cell) else cell
    )
