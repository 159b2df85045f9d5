"""A target that is reached over years, and the straight path to it. Pure arithmetic, no database."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

DAYS_PER_YEAR = 365.2425


@dataclass(frozen=True)
class Target:
    """An area to be reached by the end of a year; `purpose_kind` None: land of every purpose."""

    uid: UUID
    number: str
    purpose_kind: str | None
    value_m2: float
    tolerance_pct: float | None
    base_year: int
    end_year: int

    @property
    def starts_on(self) -> date:
        """The day on which the path is at 0: 1 January of the base year."""
        return date(self.base_year, 1, 1)

    @property
    def ends_on(self) -> date:
        """The day on which the path is at the value: 31 December of the end year."""
        return date(self.end_year, 12, 31)

    @property
    def tolerance_m2(self) -> float | None:
        """How far “about” reaches; None where the document does not say."""
        return None if self.tolerance_pct is None else self.value_m2 * self.tolerance_pct / 100

    def path_m2(self, day: date) -> float:
        """The value of the straight path on a day, to the day; 0 before it and the value after it."""
        share = (day - self.starts_on).days / (self.ends_on - self.starts_on).days
        return self.value_m2 * min(max(share, 0.0), 1.0)

    def years_since_start(self, day: date) -> float:
        """Years of the path behind a day; negative before its start."""
        return (day - self.starts_on).days / DAYS_PER_YEAR

    def years_left(self, day: date) -> float:
        """Years of the path ahead of a day; negative after its end."""
        return (self.ends_on - day).days / DAYS_PER_YEAR
