"""What is kept of saved answers beside their rows: what was asked, and what each asking said."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from geoservice.errors import UnknownAnswer
from geoservice.languages import Text
from geoservice.questions import question_called
from geoservice.questions.asking import Account
from geoservice.questions.contract import Coverage, Issue
from geoservice.regions import Region
from geoservice.store.database import Database, Row
from geoservice.store.system import answer_accounts, answers


@dataclass(frozen=True, kw_only=True)
class SavedAnswer:
    """A saved answer: `name` is its collection too, `at` is when it was last asked.

    `given` are the parameters that somebody gave, `parameters` all of them as they were understood.
    """

    name: str
    question: str
    given: Mapping[str, Any]
    title: str | None
    saved_at: datetime
    saved_by: str
    at: datetime
    parameters: Mapping[str, Any]
    data_version: Mapping[str, int]
    known_at: datetime
    counts: Mapping[str, Any]
    coverage: tuple[Coverage, ...]
    issues: tuple[Issue, ...]
    row_count: int

    @property
    def refreshed_at(self) -> datetime | None:
        """When it was last refreshed; None if it never was."""
        return self.at if self.at > self.saved_at else None

    def account(self, region: Region) -> Account:
        """The account that the question gave; `UnknownQuestion` if it is none any more."""
        return Account(
            description=question_called(self.question, region).description,
            values=self.parameters,
            known_at=self.known_at,
            data_version=self.data_version,
            counts=self.counts,
            coverage=self.coverage,
            issues=self.issues,
        )


def saved_answers(database: Database) -> list[SavedAnswer]:
    """All saved answers, by name."""
    return [_read(row) for row in database.rows(_selected())]


def saved_answer(database: Database, name: str, at: datetime | None = None) -> SavedAnswer:
    """One saved answer as it is, or as it was at an instant; else `UnknownAnswer`."""
    rows = database.rows(_selected(name, at))
    if not rows:
        names = sa.select(answers.c.name).order_by(answers.c.name)
        raise UnknownAnswer(value=name, allowed=[row.name for row in database.rows(names)])
    return _read(rows[0])


def saved_within(connection: sa.Connection, name: str) -> SavedAnswer | None:
    """One saved answer as a transaction sees it; None if there is none."""
    row = connection.execute(_selected(name)).first()
    return None if row is None else _read(row)


def keep(connection: sa.Connection, name: str, account: Account, number: int) -> None:
    """Keep what a saved answer says of itself from now on; the owning role's work.

    The instants of one answer strictly increase, whichever transaction began first.
    """
    table = answer_accounts
    last = sa.select(sa.func.max(table.c.at)).where(table.c.name == name).scalar_subquery()
    after_last = last + sa.text("interval '1 microsecond'")
    connection.execute(
        sa.insert(table).values(
            name=name,
            at=sa.func.greatest(sa.func.now(), after_last),
            parameters=account.parameters,
            data_version=dict(account.data_version),
            known_at=account.known_at,
            counts=_plain(account.counts),
            coverage=[
                {"collection": each.collection, "status": each.status, **_texts(each.statement)}
                for each in account.coverage
            ],
            issues=[
                {"code": each.code, "count": each.count, **_texts(each.statement)}
                for each in account.issues
            ],
            row_count=number,
        )
    )


def _plain(figures: Mapping[str, Any]) -> Any:
    """Figures as JSON values, written as the doors write them."""
    return json.loads(json.dumps(figures, default=str))


def _texts(statement: Text) -> dict[str, str]:
    return {"zh": statement.zh, "en": statement.en}


def _selected(name: str | None = None, at: datetime | None = None) -> sa.Select[Any]:
    """Saved answers with their newest accounts, or those of an instant."""
    accounts = sa.select(answer_accounts).where(answer_accounts.c.name == answers.c.name)
    if at is not None:
        accounts = accounts.where(answer_accounts.c.at <= at)
    newest = accounts.order_by(answer_accounts.c.at.desc()).limit(1).lateral("newest")
    told = (column for column in newest.c if column.name != "name")
    found = sa.select(*answers.c, *told).select_from(answers.join(newest, sa.true()))
    return found.where(answers.c.name == name) if name else found.order_by(answers.c.name)


def _read(row: Row) -> SavedAnswer:
    values = dict(row._mapping)
    values["coverage"] = tuple(
        Coverage(each["collection"], each["status"], Text(zh=each["zh"], en=each["en"]))
        for each in values["coverage"]
    )
    values["issues"] = tuple(
        Issue(each["code"], each["count"], Text(zh=each["zh"], en=each["en"]))
        for each in values["issues"]
    )
    return SavedAnswer(**values)
