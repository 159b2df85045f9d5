"""Pieces of Markdown, as the generated pages need them: tables, code, paragraphs."""

import re
from collections.abc import Iterable, Sequence

from geoservice.languages import Language, Text

GENERATED = Text(
    zh="本页由代码生成，请勿手改。更新：`python -m geoservice.docs.reference`。",
    en="This page is written from the code; do not edit it. Renew it: `python -m geoservice.docs.reference`.",
)

_BRACED = re.compile(r"\{[a-z0-9_]+\}")


def page(title: Text, introduction: Text, parts: Iterable[str], language: Language) -> str:
    """A whole page: title, what it is about, the note that it is generated, and its parts."""
    head = (f"# {title.spoken(language)}", introduction.spoken(language))
    note = f"!!! note\n    {GENERATED.spoken(language)}"
    return "\n\n".join((*head, note, *parts)) + "\n"


def table(heads: Sequence[Text], rows: Iterable[Sequence[str]], language: Language) -> str:
    """A table; cells are Markdown already, only what would break the table is escaped."""
    lines = [
        [head.spoken(language) for head in heads],
        ["---"] * len(heads),
        *([_cell(cell) for cell in row] for row in rows),
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def code(text: object) -> str:
    """A literal word."""
    return f"`{text}`"


def codes(texts: Iterable[object]) -> str:
    """Literal words, comma separated."""
    return ", ".join(code(text) for text in texts)


def text(words: str) -> str:
    """Plain words: what Markdown or HTML would take for markup is escaped."""
    escaped = words.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
    return _BRACED.sub(lambda match: code(match[0]), words) if "{" in words else escaped


def _cell(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")
