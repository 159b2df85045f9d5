"""What a check finds in a batch: an issue for each row of a mask, or one for a whole file.

Checks are vectorised: they give masks. Only rows that have something are looked at one by one.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoservice.files.issues import Issue, IssueLog, Severity, shown
from geoservice.languages import Text

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Kind:
    """A kind of issue: its code, what it means for the row, and why, for people."""

    code: str
    severity: Severity
    reason: Text


def error(code: str, zh: str, en: str) -> Kind:
    """A kind that rejects the row."""
    return Kind(code, Severity.ERROR, Text(zh=zh, en=en))


def warning(code: str, zh: str, en: str) -> Kind:
    """A kind that asks for a look."""
    return Kind(code, Severity.WARNING, Text(zh=zh, en=en))


def info(code: str, zh: str, en: str) -> Kind:
    """A kind that tells what was done."""
    return Kind(code, Severity.INFO, Text(zh=zh, en=en))


class Findings:
    """The issues of one file as they come, and which rows of the present batch are rejected."""

    def __init__(self, log: IssueLog) -> None:
        self.log = log
        self.rows_read = 0
        self.rows_rejected = 0
        self.rejected: Mask = np.zeros(0, bool)
        self._tallies: Counter[Kind] = Counter()

    def begin(self, rows: int) -> None:
        """A batch begins."""
        self.rejected = np.zeros(rows, bool)

    def end(self) -> None:
        """The batch is done."""
        self.rows_read += len(self.rejected)
        self.rows_rejected += int(self.rejected.sum())

    def rows(
        self,
        kind: Kind,
        mask: Mask,
        field: str | None,
        values: Callable[[int], object] | Sequence[Any] | None = None,
        reasons: Callable[[int], Text] | None = None,
    ) -> None:
        """An issue for each row where the mask is true.

        Args:
            kind: of the issue; an error rejects the rows.
            mask: over the rows of the batch.
            field: the name of the field.
            values: the value of a row by its position, for the report.
            reasons: the reason of a row, where it is more than the kind's.
        """
        if not mask.any():
            return
        if kind.severity is Severity.ERROR:
            self.rejected |= mask
        for at in np.flatnonzero(mask):
            position = int(at)
            value = (
                values(position)
                if callable(values)
                else values[position]
                if values is not None
                else None
            )
            reason = reasons(position) if reasons else kind.reason
            self.log.add(
                Issue(
                    kind.code,
                    kind.severity,
                    self.rows_read + position + 1,
                    field,
                    shown(value),
                    reason,
                )
            )

    def tally(self, kind: Kind, number: int) -> None:
        """Count what was done with rows, to be told once for the file."""
        if number:
            self._tallies[kind] += number

    def tell_tallies(self) -> None:
        """One issue for each thing counted."""
        for kind, number in self._tallies.items():
            self.log.add(Issue(kind.code, kind.severity, None, None, str(number), kind.reason))
        self._tallies.clear()
