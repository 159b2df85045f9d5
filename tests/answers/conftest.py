"""A world to ask about, and answers saved, refreshed and compared as a door does it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from geoservice.answers import Author, Comparison, Refreshed, SavedAnswer
from geoservice.answers import compared as compare_answers
from geoservice.answers import refresh as refresh_answer
from geoservice.answers import remove as remove_answer
from geoservice.answers import save as save_answer
from geoservice.questions import question_called
from geoservice.regions import Region
from geoservice.store.database import Database, Row
from geoservice.store.publishing import Registry
from geoservice.store.tables import tables
from tests.questions.worlds import World

NEAR_SCHOOLS = "remediation_sites_near_schools"


@dataclass(frozen=True)
class Answers:
    """Saved answers of one database, as one author handles them."""

    database: Database
    registry: Registry
    region: Region
    author: Author
    most_rows: int = 1_000

    def by(self, name: str, **rest: Any) -> "Answers":
        return replace(self, author=Author(name, "test", **rest))

    def save(
        self, name: str, question: str = NEAR_SCHOOLS, *, title: str | None = None, **given: object
    ) -> SavedAnswer:
        return self._save(name, question, title, given, replace=False)

    def replace(self, name: str, question: str = NEAR_SCHOOLS, **given: object) -> SavedAnswer:
        return self._save(name, question, None, given, replace=True)

    def _save(
        self, name: str, question: str, title: str | None, given: dict[str, object], replace: bool
    ) -> SavedAnswer:
        return save_answer(
            name,
            question_called(question, self.region),
            given,
            title=title,
            replace=replace,
            **self._how(),
        )

    def refresh(self, name: str) -> Refreshed:
        return refresh_answer(name, **self._how())

    def remove(self, name: str) -> None:
        remove_answer(name, author=self.author, database=self.database, registry=self.registry)

    def compare(
        self,
        name: str,
        other: str | None = None,
        *,
        known_at: datetime | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Comparison:
        return compare_answers(
            name,
            other=other,
            known_at=known_at,
            database=self.database,
            registry=self.registry,
            limit=limit,
            cursor=cursor,
        )

    def _how(self) -> dict[str, Any]:
        return {
            "author": self.author,
            "database": self.database,
            "registry": self.registry,
            "region": self.region,
            "most_rows": self.most_rows,
        }

    def rows(self, name: str) -> list[Row]:
        """The rows of a layer by their row ids."""
        table = tables().current(self.registry.collection(name))
        return self.database.rows(sa.select(table).order_by(table.c.row_id))

    def column(self, name: str, column: str) -> list[Any]:
        return [row._mapping[column] for row in self.rows(name)]


@pytest.fixture
def answers(database: Database, registry: Registry, dongguan: Region) -> Answers:
    """The saved answers of `database`."""
    return Answers(database, registry, dongguan, Author("saver", "test"))


@pytest.fixture
def world(add: Any) -> World:
    """Makes features in `database`."""
    return World(add)
