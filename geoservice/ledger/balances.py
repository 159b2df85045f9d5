"""What the entries of the ledger add up to: balances, statements of account, holds, reservations.

Valid time and recorded time are apart: `as_of` is a day of the world, `known_at` an instant by which
something was posted. A balance is that at the end of the day.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa

from geoservice.errors import UnknownAccount, UnknownEntry, UnknownPosting
from geoservice.ledger.posting import Posted
from geoservice.store import ledger, ledger_audit
from geoservice.store.database import Database
from geoservice.store.ledger import AccountsWanted, EntriesWanted

ALL_ACCOUNTS = AccountsWanted()

M2_OF_15_MU = Decimal(10_000)
"""15 亩 are one hectare (国务院 1984 年法定计量单位命令), so 1 亩 is 10000/15 m²."""


def in_mu(area_m2: Decimal) -> str:
    """An area in 亩 with four decimals, halves away from zero; rounded here and nowhere before."""
    mu = area_m2 * 15 / M2_OF_15_MU
    return str(mu.quantize(Decimal("0.0001"), ROUND_HALF_UP))


@dataclass(frozen=True)
class Account:
    """An account of the ledger."""

    account_no: str
    name: str
    level: str
    quota_kind: str
    year: int
    purpose: str
    state: str
    town_code: str | None
    overdraft_allowed: bool

    @classmethod
    def of(cls, row: sa.Row[Any]) -> Self:
        """The account that a row describes."""
        return cls(**row._mapping)


@dataclass(frozen=True)
class Balance(Account):
    """An account and what is in it at the end of a day."""

    balance_m2: Decimal


@dataclass(frozen=True)
class Hold:
    """What is held now for a parcel by one entry, and until when."""

    entry_no: int
    account_no: str
    town_code: str
    parcel_no: str
    expires_on: date
    held_m2: Decimal


@dataclass(frozen=True)
class Reservation:
    """A reservation rule at the end of a day: its base, what it requires, what is reserved, what is missing."""

    rule_no: str
    name: str
    year: int
    quota_kind: str
    basis: str
    percentage: Decimal
    base_m2: Decimal
    required_m2: Decimal
    reserved_m2: Decimal
    shortfall_m2: Decimal


@dataclass(frozen=True)
class Disagreement:
    """A rule of the ledger that does not hold: for what, what it should be, what was found."""

    rule: str
    subject: str
    expected: str | None
    found: str | None


@dataclass(frozen=True)
class Line:
    """One line of a statement of account: an entry, what it changes, and the balance after it."""

    entry: Posted
    change_m2: Decimal
    balance_m2: Decimal


@dataclass(frozen=True)
class Statement:
    """What happened in an account: the balance before, every entry by day and number, the balance after."""

    account: str
    opening_m2: Decimal
    lines: tuple[Line, ...]
    closing_m2: Decimal


def accounts(database: Database, wanted: AccountsWanted = ALL_ACCOUNTS) -> list[Account]:
    """The accounts in the order of kind, year, level, purpose, state and town."""
    return [Account.of(row) for row in database.rows(ledger.accounts(wanted))]


def balances(
    database: Database,
    as_of: date,
    wanted: AccountsWanted = ALL_ACCOUNTS,
    known_at: datetime | None = None,
) -> list[Balance]:
    """Every wanted account with its balance, also if nothing was ever booked."""
    return [Balance.of(row) for row in database.rows(ledger.balances(wanted, as_of, known_at))]


def entries(database: Database, wanted: EntriesWanted, most: int | None = None) -> list[Posted]:
    """Entries in the order of posting, at most so many.

    Raises `UnknownAccount` for the number of an account that does not exist.
    """
    if wanted.account is not None and not accounts(
        database, AccountsWanted(account=wanted.account)
    ):
        raise UnknownAccount(value=wanted.account)
    return [Posted.of(row) for row in database.rows(ledger.entries(wanted, most))]


def entry(database: Database, entry_no: int) -> Posted:
    """One entry; `UnknownEntry` if there is none."""
    found = entries(database, EntriesWanted(entry_no=entry_no), 1)
    if not found:
        raise UnknownEntry(value=entry_no)
    return found[0]


def posting(database: Database, id: UUID) -> tuple[Posted, ...]:
    """The entries of a posting; `UnknownPosting` if there is none."""
    found = tuple(entries(database, EntriesWanted(posting=id)))
    if not found:
        raise UnknownPosting(value=str(id))
    return found


def holds(
    database: Database, expiring_by: date | None = None, town: str | None = None
) -> list[Hold]:
    """What is held now, first what expires first; only what expires by a day, if one is given."""
    return [Hold(**row._mapping) for row in database.rows(ledger.holds(expiring_by, town))]


def reservations(
    database: Database,
    as_of: date,
    year: int | None = None,
    quota_kind: str | None = None,
    known_at: datetime | None = None,
) -> list[Reservation]:
    """What the reservation rules ask for at the end of a day."""
    rows = database.rows(ledger.reservations(year, quota_kind, as_of, known_at))
    return [Reservation(**row._mapping) for row in rows]


def disagreements(database: Database) -> list[Disagreement]:
    """What is not as the entries say; empty as long as all is well."""
    return [Disagreement(**row._mapping) for row in database.rows(ledger_audit.disagreements())]


def statement_of_account(
    database: Database,
    account: str,
    since: date | None = None,
    until: date | None = None,
    known_at: datetime | None = None,
) -> Statement:
    """A statement of one account for the days from … to, both included.

    Raises `UnknownAccount`.
    """
    wanted = EntriesWanted(account=account, until=until, known_at=known_at)
    opening = closing = Decimal(0)
    lines = []
    for each in sorted(entries(database, wanted), key=lambda one: (one.booked_on, one.entry_no)):
        change = each.amount_m2 if each.to_account == account else -each.amount_m2
        closing += change
        if since is not None and each.booked_on < since:
            opening = closing
        else:
            lines.append(Line(each, change, closing))
    return Statement(account, opening, tuple(lines), closing)
