"""Statements about the quota ledger: entries, balances, what is held, and whether all of it agrees.

Balances of now are read from those that the database keeps by day; balances as known at an earlier
instant are summed from the entries that were posted by then. Areas are square metres.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from geoservice.domain.quota import quota_accounts, quota_entries, quota_parcels, quota_rules
from geoservice.store.system import quota_balances, quota_holds
from geoservice.store.tables import tables

_entries = tables().current(quota_entries)
_accounts = tables().current(quota_accounts)
_parcels = tables().current(quota_parcels)
_rules = tables().current(quota_rules)


@dataclass(frozen=True, kw_only=True)
class AccountsWanted:
    """Which accounts; None is any."""

    account: str | None = None
    year: int | None = None
    quota_kind: str | None = None
    level: str | None = None
    town: str | None = None


@dataclass(frozen=True, kw_only=True)
class EntriesWanted:
    """Which entries: of an account (either side), a parcel, a posting; booked from … to, both included.

    `after` is the number of the last entry of the page before.
    """

    account: str | None = None
    parcel: str | None = None
    posting: UUID | None = None
    entry_no: int | None = None
    since: date | None = None
    until: date | None = None
    known_at: datetime | None = None
    after: int = 0


def lock() -> sa.Select[Any]:
    """Wait for the ledger and hold it until the transaction ends."""
    return sa.select(sa.func.geoservice.lock_quota_ledger())


def constraints_checked() -> sa.TextClause:
    """Check now what is else checked at the end of the transaction."""
    return sa.text("SET CONSTRAINTS ALL IMMEDIATE")


def insertion(
    rows: Sequence[Mapping[str, object]],
) -> tuple[sa.Insert, Sequence[Mapping[str, object]]]:
    """New entries, in their order."""
    return sa.insert(_entries), rows


def accounts_named(numbers: Iterable[str]) -> sa.Select[Any]:
    """Accounts by their numbers."""
    columns = (_accounts.c.account_no, _accounts.c.uid, _accounts.c.level, _accounts.c.town_code)
    return sa.select(*columns).where(_accounts.c.account_no.in_(list(numbers)))


def parcels_named(numbers: Iterable[str]) -> sa.Select[Any]:
    """The ids of parcels by their numbers."""
    wanted = _parcels.c.parcel_no.in_(list(numbers))
    return sa.select(_parcels.c.parcel_no, _parcels.c.uid).where(wanted)


def rules_named(numbers: Iterable[str]) -> sa.Select[Any]:
    """The ids of rules by their numbers."""
    return sa.select(_rules.c.rule_no, _rules.c.uid).where(_rules.c.rule_no.in_(list(numbers)))


def entries_numbered(numbers: Iterable[int]) -> sa.Select[Any]:
    """Entries by their numbers, with the numbers of accounts, parcel and rule, to be reversed."""
    return _described_entries().where(_entries.c.entry_no.in_(list(numbers)))


def entries(wanted: EntriesWanted, most: int | None = None) -> sa.Select[Any]:
    """Entries in the order of posting, at most so many."""
    own = _entries.c
    conditions = [own.entry_no > wanted.after]
    if wanted.account is not None:
        uid = sa.select(_accounts.c.uid).where(_accounts.c.account_no == wanted.account)
        account = uid.scalar_subquery()
        conditions.append(sa.or_(own.from_account == account, own.to_account == account))
    if wanted.parcel is not None:
        parcel = sa.select(_parcels.c.uid).where(_parcels.c.parcel_no == wanted.parcel)
        conditions.append(own.quota_parcel == parcel.scalar_subquery())
    if wanted.posting is not None:
        conditions.append(own.posting == wanted.posting)
    if wanted.entry_no is not None:
        conditions.append(own.entry_no == wanted.entry_no)
    if wanted.since is not None:
        conditions.append(own.booked_on >= wanted.since)
    if wanted.until is not None:
        conditions.append(own.booked_on <= wanted.until)
    if wanted.known_at is not None:
        conditions.append(own.recorded_at <= wanted.known_at)
    return _described_entries(wanted.known_at).where(*conditions).order_by(own.entry_no).limit(most)


def _described_entries(known_at: datetime | None = None) -> sa.Select[Any]:
    giving, receiving = _accounts.alias("giving"), _accounts.alias("receiving")
    original, reversal = _entries.alias("original"), _entries.alias("reversal")
    is_reversed = reversal.c.reverses == _entries.c.uid
    if known_at is not None:
        is_reversed = sa.and_(is_reversed, reversal.c.recorded_at <= known_at)
    joined = (
        _entries.join(giving, giving.c.uid == _entries.c.from_account)
        .join(receiving, receiving.c.uid == _entries.c.to_account)
        .outerjoin(_parcels, _parcels.c.uid == _entries.c.quota_parcel)
        .outerjoin(_rules, _rules.c.uid == _entries.c.quota_rule)
        .outerjoin(original, original.c.uid == _entries.c.reverses)
        .outerjoin(reversal, is_reversed)
    )
    own = _entries.c
    return sa.select(
        own.uid,
        own.entry_no,
        own.posting,
        own.entry_type,
        giving.c.account_no.label("from_account"),
        receiving.c.account_no.label("to_account"),
        own.amount_m2,
        own.booked_on,
        _parcels.c.parcel_no.label("quota_parcel"),
        _rules.c.rule_no.label("quota_rule"),
        own.document_no,
        own.approval_no,
        own.expires_on,
        original.c.entry_no.label("reverses"),
        reversal.c.entry_no.label("reversed_by"),
        own.town_code,
        own.note,
        own.recorded_at,
        own.change_id,
    ).select_from(joined)


def accounts(wanted: AccountsWanted) -> sa.Select[Any]:
    """Accounts by kind, year, level, purpose, state, town and number."""
    return sa.select(*_account_columns()).where(*_of(wanted)).order_by(*_account_order())


def balances(
    wanted: AccountsWanted, as_of: date, known_at: datetime | None = None
) -> sa.Select[Any]:
    """Accounts with their balances at the end of a day, as known at an instant; None is now."""
    balance = _kept_balance(as_of) if known_at is None else _summed_balance(as_of, known_at)
    exact = sa.cast(sa.func.coalesce(balance, 0), quota_balances.c.balance_m2.type)
    return (
        sa.select(*_account_columns(), exact.label("balance_m2"))
        .where(*_of(wanted))
        .order_by(*_account_order())
    )


def _account_columns() -> tuple[sa.ColumnElement[Any], ...]:
    own = _accounts.c
    return (
        *(own.account_no, own.name, own.level, own.quota_kind, own.year, own.purpose, own.state),
        *(own.town_code, own.overdraft_allowed),
    )


def _account_order() -> tuple[sa.ColumnElement[Any], ...]:
    own = _accounts.c
    return (
        *(own.quota_kind, own.year, own.level, own.purpose, own.state, own.town_code),
        own.account_no,
    )


def _of(wanted: AccountsWanted) -> list[sa.ColumnElement[bool]]:
    own = _accounts.c
    asked = (
        (own.account_no, wanted.account),
        (own.year, wanted.year),
        (own.quota_kind, wanted.quota_kind),
        (own.level, wanted.level),
        (own.town_code, wanted.town),
    )
    return [column == value for column, value in asked if value is not None]


def _kept_balance(as_of: date) -> sa.ScalarSelect[Any]:
    kept = quota_balances.c
    return (
        sa.select(kept.balance_m2)
        .where(kept.account == _accounts.c.uid, kept.booked_on <= as_of)
        .order_by(kept.booked_on.desc())
        .limit(1)
        .correlate(_accounts)
        .scalar_subquery()
    )


def _summed_balance(as_of: date, known_at: datetime) -> sa.ColumnElement[Any]:
    known = sa.and_(_entries.c.booked_on <= as_of, _entries.c.recorded_at <= known_at)

    def total(side: sa.Column[Any]) -> sa.ColumnElement[Any]:
        summed = sa.select(sa.func.sum(_entries.c.amount_m2)).where(side == _accounts.c.uid, known)
        return sa.func.coalesce(summed.correlate(_accounts).scalar_subquery(), 0)

    return total(_entries.c.to_account) - total(_entries.c.from_account)


def holds(expiring_by: date | None, town: str | None) -> sa.Select[Any]:
    """What is held now, by the entry that holds it; what was released or used is taken first in, first out."""
    account, parcel, entry = _accounts.c, _parcels.c, _entries.c
    kept = quota_holds.c
    latest = (
        sa.select(kept.account, kept.quota_parcel, kept.held_m2)
        .ext(pg.distinct_on(kept.account, kept.quota_parcel))
        .order_by(kept.account, kept.quota_parcel, kept.booked_on.desc())
        .subquery("latest")
    )
    reversal = _entries.alias("reversal")
    is_live = ~sa.exists().where(reversal.c.reverses == entry.uid)
    held_later = sa.func.sum(entry.amount_m2).over(
        partition_by=(entry.to_account, entry.quota_parcel),
        order_by=(entry.booked_on.desc(), entry.entry_no.desc()),
    )
    held = (
        sa.select(
            entry.entry_no,
            account.account_no,
            account.town_code,
            parcel.parcel_no,
            entry.expires_on,
            sa.func.least(entry.amount_m2, latest.c.held_m2 - held_later + entry.amount_m2).label(
                "held_m2"
            ),
        )
        .select_from(
            latest.join(
                _entries,
                sa.and_(
                    entry.to_account == latest.c.account,
                    entry.quota_parcel == latest.c.quota_parcel,
                    entry.entry_type == "hold",
                ),
            )
            .join(_accounts, account.uid == entry.to_account)
            .join(_parcels, parcel.uid == entry.quota_parcel)
        )
        .where(latest.c.held_m2 > 0, is_live)
        .subquery("held")
    )
    conditions = [held.c.held_m2 > 0]
    if expiring_by is not None:
        conditions.append(held.c.expires_on <= expiring_by)
    if town is not None:
        conditions.append(held.c.town_code == town)
    return sa.select(held).where(*conditions).order_by(held.c.expires_on, held.c.entry_no)


def reservation_on(
    rule: sa.ColumnElement[Any], day: sa.ColumnElement[Any], known_at: datetime | None
) -> sa.TableValuedAlias:
    """What a reservation rule asks for at the end of a day: `base_m2`, `required_m2`, `reserved_m2`, `pool_m2`."""
    known = sa.literal("infinity") if known_at is None else sa.literal(known_at)
    asked = sa.func.geoservice.quota_reservation(
        rule, day, sa.cast(known, sa.DateTime(timezone=True))
    )
    areas = ("base_m2", "required_m2", "reserved_m2", "pool_m2")
    return asked.table_valued(*(sa.column(name, sa.Numeric) for name in areas))


def reservations(
    year: int | None, quota_kind: str | None, as_of: date, known_at: datetime | None = None
) -> sa.Select[Any]:
    """The reservation rules and what they ask for at the end of a day; required less reserved is missing."""
    state = reservation_on(_rules.c.uid, sa.literal(as_of), known_at).lateral("state")
    conditions = [_rules.c.kind == "reservation"]
    if year is not None:
        conditions.append(_rules.c.year == year)
    if quota_kind is not None:
        conditions.append(_rules.c.quota_kind == quota_kind)
    own = _rules.c
    shortfall = sa.func.greatest(state.c.required_m2 - state.c.reserved_m2, 0)
    return (
        sa.select(
            *(own.rule_no, own.name, own.year, own.quota_kind, own.basis, own.percentage),
            state.c.base_m2,
            sa.func.round(state.c.required_m2, 2).label("required_m2"),
            state.c.reserved_m2,
            sa.func.round(shortfall, 2).label("shortfall_m2"),
        )
        .select_from(_rules.join(state, sa.true()))
        .where(*conditions)
        .order_by(own.quota_kind, own.year, own.rule_no)
    )
