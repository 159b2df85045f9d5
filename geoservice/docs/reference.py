"""The generated reference: pages in both languages written from what the code declares.

`python -m geoservice.docs.reference` writes `zh/reference/` and `en/reference/`; with `--check` it
only says whether they are current (exit code 1: they are not).
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from geoservice.docs import door_pages, filter_pages, http_pages, subject_pages, wfs_pages
from geoservice.languages import LANGUAGES, Language

FOLDER = Path(__file__).parent

PAGES: dict[str, Callable[[Language], str]] = {
    "collections": subject_pages.collections,
    "code_lists": subject_pages.code_lists,
    "questions": subject_pages.questions,
    "command_line": door_pages.command_line,
    "settings": door_pages.settings,
    "filters": filter_pages.filters,
    "http": http_pages.http,
    "wfs": wfs_pages.wfs,
    "errors": http_pages.errors,
    "formats": door_pages.formats,
    "import_issues": door_pages.import_issues,
}
"""The pages by the names of their files."""


def pages() -> Iterator[tuple[Path, str]]:
    """Every generated file and what it has to say now."""
    for language in LANGUAGES:
        for name, write in PAGES.items():
            yield FOLDER / language / "reference" / f"{name}.md", write(language)


def outdated() -> list[Path]:
    """The generated files that say something else than the code does, or are not there."""
    return [file for file, now in pages() if not file.exists() or file.read_text("utf-8") != now]


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with `--check` only compare them."""
    wrong = outdated()
    if list(arguments) == ["--check"]:
        for file in wrong:
            print(
                f"{file.relative_to(FOLDER)} is not current; run: python -m geoservice.docs.reference"
            )
        return 1 if wrong else 0
    for file, now in pages():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(now, "utf-8")
    print(f"{len(wrong)} files changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
