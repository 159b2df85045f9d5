"""The documentation as the tests see it: pages, links, headings, blocks to run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "geoservice/docs"
LANGUAGES = ("zh", "en")

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(
    r"^(?:<!-- (?P<mark>[^>]*?) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S
)
_HEADING = re.compile(r"^#+ (.+)$", re.M)


@dataclass(frozen=True)
class Block:
    """A fenced block with the mark before it: `run`, `run: embedded`, `run: needs jq`, `expect`."""

    language: str
    mark: str
    text: str

    @property
    def is_run(self) -> bool:
        return self.mark.partition(":")[0] == "run"

    @property
    def needs(self) -> str | None:
        return self.mark.removeprefix("run: needs ") if "needs " in self.mark else None


def pages() -> list[Path]:
    """Every page, and the README."""
    written = [file for file in DOCS.rglob("*.md") if "site" not in file.relative_to(DOCS).parts]
    return sorted([*written, ROOT / "README.md"])


def text(language: str) -> str:
    """All pages of one language as one text."""
    return "\n".join(file.read_text("utf-8") for file in sorted((DOCS / language).rglob("*.md")))


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page in order."""
    found = _FENCE.finditer(page.read_text("utf-8"))
    return [Block(each["language"], each["mark"] or "", each["text"]) for each in found]


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """The files that a page refers to, with the anchor; links to other hosts are left out."""
    prose = _FENCE.sub("", page.read_text("utf-8"))
    for target in _LINK.findall(prose):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield (page.parent / path).resolve() if path else page, anchor


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as Python-Markdown makes them: Chinese ones are numbered."""
    slugs = (
        re.sub(r"[^\w\s-]", "", heading.encode("ascii", "ignore").decode()).strip().lower()
        for heading in _HEADING.findall(_FENCE.sub("", page.read_text("utf-8")))
    )
    return {re.sub(r"[-\s]+", "-", slug) for slug in slugs}
