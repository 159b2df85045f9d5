"""The account of one import: how the file was read, what was found, what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from geoservice.errors import RejectedFile
from geoservice.files.issues import Issue, IssueLog

ImportState = Literal["checked", "committed", "unchanged", "refused"]


@dataclass
class ImportReport:
    """What an import did; stored as it is in the import log.

    `reading` says how the file was understood (format, layer, encoding, crs, mapping), each with
    the way in which it was decided. `rows` were read, of which `accepted` + `rejected`; of the
    accepted ones `inserted`, `updated` and `unchanged` say what they did to the collection.
    `repairs` holds both states of each mended geometry.
    """

    id: UUID
    collection: str
    file_name: str
    sha256: str
    file_bytes: int
    started_at: datetime
    issue_log: IssueLog
    state: ImportState = "checked"
    finished_at: datetime | None = None
    change_id: int | None = None
    reading: dict[str, Any] = field(default_factory=dict)
    rows: int = 0
    rejected: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    repairs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """The rows that broke no rule."""
        return self.rows - self.rejected

    @property
    def issues(self) -> list[Issue]:
        """The first issues, up to the limit of the options."""
        return self.issue_log.first

    @property
    def issue_counts(self) -> Mapping[str, Mapping[str, int]]:
        """All issues by code and severity."""
        return self.issue_log.counts

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values; texts in both languages."""
        return {
            "id": str(self.id),
            "collection": self.collection,
            "file": {"name": self.file_name, "sha256": self.sha256, "bytes": self.file_bytes},
            "state": self.state,
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
            "change_id": self.change_id,
            "reading": self.reading,
            "counts": {
                "rows": self.rows,
                "accepted": self.accepted,
                "rejected": self.rejected,
                "inserted": self.inserted,
                "updated": self.updated,
                "unchanged": self.unchanged,
                "repaired": len(self.repairs),
            },
            "issue_counts": {code: dict(by) for code, by in self.issue_counts.items()},
            "issues": [issue.to_json() for issue in self.issues],
            "issues_in_all": len(self.issue_log),
            "repairs": self.repairs,
        }

    def write_issues(self, path: Path) -> None:
        """Write all issues, not only the first: CSV for `.csv`, else JSON."""
        self.issue_log.write(path)

    def raise_if_refused(self) -> None:
        """Raise `RejectedFile` if rows were rejected and therefore nothing was stored."""
        if self.state == "refused":
            summary = ", ".join(
                f"{code} {by['error']}" for code, by in self.issue_counts.items() if "error" in by
            )
            raise RejectedFile(file=self.file_name, rejected=self.rejected, summary=summary)
