"""What the database found for a request of features, before it is shown in any form."""

from dataclasses import dataclass
from typing import Any

from geoservice.doors.http.asked import Asked
from geoservice.languages import Text


@dataclass(frozen=True)
class Matched:
    """How many features match, and how surely: `number` is exact, or the least it can be, or None."""

    number: int | None
    is_exact: bool

    def to_json(self, asked: Asked) -> dict[str, Any]:
        """The count with its certainty in words: never silently wrong."""
        if self.number is None:
            certainty, words = "not counted", Text(zh="未计数", en="not counted")
        elif self.is_exact:
            certainty, words = "exact", Text(zh=f"{self.number}", en=f"{self.number}")
        else:
            certainty = "at least"
            words = Text(zh=f"超过 {self.number - 1}", en=f"more than {self.number - 1}")
        return {"certainty": certainty, "number": self.number, "text": words.spoken(asked.language)}


@dataclass(frozen=True)
class FoundPage:
    """A page as the database wrote it."""

    features: bytes
    returned: int
    next_cursor: str | None
    version: str
    matched: Matched
