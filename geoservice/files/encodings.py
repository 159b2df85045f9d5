"""The encoding of text in DBF and CSV files: decided by a rule, stated, never guessed in silence.

Order: what the caller says, what a `.cpg` says, UTF-8 if every byte is strict UTF-8, GB18030
likewise. Chinese tools write GBK without saying so, and a GBK file read as Latin-1 gives no error.
"""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from geoservice.errors import BadParameter, UnreadableFile
from geoservice.languages import Text

_CODE_PAGES = {
    "936": "gb18030",
    "cp936": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "ansi 936": "gb18030",
    "65001": "utf-8",
    "utf8": "utf-8",
    "950": "big5",
    "1252": "cp1252",
    "1251": "cp1251",
    "88591": "iso-8859-1",
    "8859-1": "iso-8859-1",
}

# UTF-8 read as GBK, and GBK or UTF-8 read as Latin-1 or cp1252: sequences that no text has.
_MOJIBAKE = "|".join(
    (
        "\N{REPLACEMENT CHARACTER}",
        "锟斤拷|烫烫烫|屯屯屯",
        "[ÃÂ][\x80-¿]",
        "[äåæçèé][\x80-¿‘’“”„†‡ˆ‰‹›œžŸƒŒŽš™–—¡-¿][\x80-¿‘’“”„†‡ˆ‰‹›œžŸƒŒŽš™–—¡-¿]",
        "[À-ÿ]{2}[À-ÿ¡-¿]{2,}",
        "[\x80-\x9f]{2}",
    )
)
MOJIBAKE = re.compile(_MOJIBAKE)
"""Text that was almost surely decoded with the wrong encoding."""


@dataclass(frozen=True)
class Encoding:
    """An encoding and how it was decided; `preview` is what the first rows then say."""

    name: str
    decided_by: Text
    preview: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "name": self.name,
            "decided_by": {"zh": self.decided_by.zh, "en": self.decided_by.en},
            "preview": list(self.preview),
        }


def known(name: str) -> str:
    """Python's name of an encoding, code page numbers and GBK's many names understood.

    Raises `BadParameter` for a name that is no text encoding.
    """
    plain = _CODE_PAGES.get(name.strip().lower().replace("_", "-"), name.strip())
    try:
        info = codecs.lookup(plain)
    except (LookupError, ValueError):
        info = None
    if info is None or not getattr(info, "_is_text_encoding", True):
        raise BadParameter(name="encoding", value=name, allowed="utf-8, gb18030, big5, …")
    return info.name


def decided(
    blocks: Iterable[bytes], *, file: str, given: str | None, declared: str | None
) -> Encoding:
    """The encoding of a text of which `blocks` are all bytes.

    Args:
        blocks: the text, read once.
        file: the name for messages.
        given: what the caller says; believed, but checked.
        declared: what the file's `.cpg` says; checked likewise, and a lie is an error, because a
            choice in its place would be a guess.

    Raises:
        BadParameter: `given` is unknown.
        UnreadableFile: the bytes are not what was said, or neither UTF-8 nor GB18030.
    """
    if given is not None:
        name, by = known(given), Text(zh="调用者指定", en="given by the caller")
        candidates = [(name, by)]
    elif declared:
        try:
            name = known(declared)
        except BadParameter as fault:
            raise _undecided(
                file, Text(zh=f".cpg 为“{declared}”", en=f"the .cpg says “{declared}”")
            ) from fault
        candidates = [(name, Text(zh=".cpg 文件", en="the .cpg file"))]
    else:
        candidates = [
            ("utf-8", Text(zh="全部字节为合法 UTF-8", en="every byte is valid UTF-8")),
            (
                "gb18030",
                Text(
                    zh="不是 UTF-8，全部字节为合法 GB18030",
                    en="not UTF-8; every byte is valid GB18030",
                ),
            ),
        ]
    fitting = _fitting(blocks, [name for name, _ in candidates])
    for name, by in candidates:
        if name in fitting:
            return Encoding(name, by)
    tried = ", ".join(name for name, _ in candidates)
    raise _undecided(file, Text(zh=f"字节不符合 {tried}", en=f"its bytes are not valid {tried}"))


def _fitting(blocks: Iterable[bytes], names: list[str]) -> set[str]:
    """Which encodings decode everything, strictly; one pass."""
    decoders = {name: codecs.getincrementaldecoder(name)("strict") for name in names}
    for block in blocks:
        for name in list(decoders):
            try:
                decoders[name].decode(block)
            except UnicodeError:
                del decoders[name]
        if not decoders:
            break
    fitting = set()
    for name, decoder in decoders.items():
        try:
            decoder.decode(b"", final=True)
        except UnicodeError:
            continue
        fitting.add(name)
    return fitting


def _undecided(file: str, reason: Text) -> UnreadableFile:
    return UnreadableFile(
        file=file,
        reason=Text(
            zh=f"文字编码：{reason.zh}；请用 encoding 指定",
            en=f"text encoding: {reason.en}; pass encoding",
        ),
    )
