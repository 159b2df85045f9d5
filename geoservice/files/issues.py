"""Issues: what is wrong or remarkable with a row of a file, by code.

Counts are exact; the first issues are kept in memory, all of them in a temporary file, so that a
file of a million bad rows needs no more memory than a good one.
"""

import csv
import json
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from geoservice.languages import Text

_SHOWN_CHARACTERS = 200
_KEPT_IN_MEMORY_BYTES = 2**20


class Severity(StrEnum):
    """What an issue means for its row."""

    ERROR = "error"  # the row is rejected
    WARNING = "warning"  # the row is stored; someone should look
    INFO = "info"  # the row is stored; this was done with it


@dataclass(frozen=True)
class Issue:
    """One finding. `row` counts from 1 in the order of the file; None speaks of the whole file."""

    code: str
    severity: Severity
    row: int | None
    field: str | None
    value: str | None
    reason: Text

    def to_json(self) -> dict[str, object]:
        """The issue as JSON values."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "row": self.row,
            "field": self.field,
            "value": self.value,
            "reason": {"zh": self.reason.zh, "en": self.reason.en},
        }


def shown(value: object) -> str | None:
    """A value as an issue shows it: text, shortened."""
    if value is None:
        return None
    text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


class IssueLog:
    """The issues of one file, in the order in which they are found."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.first: list[Issue] = []
        self._counts: Counter[tuple[str, Severity]] = Counter()
        self._all: IO[str] = tempfile.SpooledTemporaryFile(  # noqa: SIM115 (lives with the log)
            _KEPT_IN_MEMORY_BYTES, "w+", encoding="utf-8"
        )
        weakref.finalize(self, self._all.close)

    def add(self, issue: Issue) -> None:
        """Keep an issue."""
        self._counts[issue.code, issue.severity] += 1
        if len(self.first) < self._limit:
            self.first.append(issue)
        self._all.write(json.dumps(issue.to_json(), ensure_ascii=False) + "\n")

    @property
    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """How many issues of each code, by severity; exact."""
        found: dict[str, dict[str, int]] = {}
        for (code, severity), number in sorted(self._counts.items()):
            found.setdefault(code, {})[str(severity)] = number
        return found

    def __len__(self) -> int:
        return self._counts.total()

    def lines(self) -> Iterator[str]:
        """Every issue as a line of JSON."""
        self._all.seek(0)
        yield from self._all
        self._all.seek(0, 2)

    def write(self, path: Path) -> None:
        """Write every issue: `.csv` as a table with a byte order mark for Excel, else as JSON."""
        if path.suffix.lower() == ".csv":
            self._write_csv(path)
            return
        with path.open("w", encoding="utf-8") as out:
            separator = "[\n"
            for line in self.lines():
                out.write(separator + line.rstrip("\n"))
                separator = ",\n"
            out.write("\n]\n" if len(self) else "[]\n")

    def _write_csv(self, path: Path) -> None:
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(("row", "severity", "code", "field", "value", "reason_zh", "reason_en"))
            for line in self.lines():
                issue = json.loads(line)
                reason = issue["reason"]
                cells = (issue[name] for name in ("row", "severity", "code", "field", "value"))
                writer.writerow([_harmless(cell) for cell in (*cells, reason["zh"], reason["en"])])


def _harmless(cell: object) -> object:
    """A cell that a spreadsheet does not take for a formula."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + cell
    return cell
