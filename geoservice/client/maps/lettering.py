"""How much room words take, and where their lines break, when nothing measures them."""

import re

_FIRST_OF_CHINESE = 0x2E80
_PIECES = re.compile(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+")
"""What a line is never broken within: a Chinese character, or a word with the spaces after it."""

_LATIN_WIDTH = 0.6
"""Of the size of the font: a little more than letters of common fonts take on average."""


def wrapped(words: str, width: float, *, size: float) -> list[str]:
    """Words as lines that are at most about as wide, in the unit of the font's size.

    A word that is wider than a line stands alone. Nothing gives no line.
    """
    lines: list[str] = []
    line = ""
    for piece in _PIECES.findall(words):
        if line.strip() and width_of(line + piece.rstrip(), size=size) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def width_of(words: str, *, size: float) -> float:
    """About how wide words are: Chinese characters are as wide as high, others narrower."""
    return sum(size * (1 if ord(each) >= _FIRST_OF_CHINESE else _LATIN_WIDTH) for each in words)


def has_chinese(words: str) -> bool:
    """Whether some character needs a font for Chinese, punctuation included."""
    return any(0x2E80 <= ord(each) <= 0x9FFF or 0xF900 <= ord(each) <= 0xFFEF for each in words)
