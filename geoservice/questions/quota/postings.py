"""The quota ledger as questions read it: what moved, and which parcels are charged, on a day.

A reversal moves the same area back, so sums take it with the type of what it reverses. What was
posted after `known_at`, or is booked after `as_of`, is not there.
"""

from typing import Any

import sqlalchemy as sa

from geoservice.domain.quota import quota_accounts, quota_entries
from geoservice.domain.quota_movements import CHARGING_TYPES
from geoservice.questions.contract import Asking
from geoservice.questions.sides import rows_of


def movements(asking: Asking) -> sa.CTE:
    """Every movement of an account up to the day, twice an entry: what it gave, and what it received.

    Columns: `account`, `other` (the account on the other side), `entry_no`, `entry_type` (of the
    entry that is reversed, if it is a reversal), `booked_on`, `quota_parcel`, `quota_rule`, `posting`,
    `town_code`, `document_no`, `is_reversal` and `change_m2`, positive for what was received.
    """
    entries = rows_of(asking, quota_entries, "entry")
    originals = _reversed_entries(asking)
    e = entries.c
    posted = (
        sa.select(
            *(e.from_account, e.to_account, e.amount_m2, e.entry_no),
            sa.func.coalesce(originals.c.entry_type, e.entry_type).label("entry_type"),
            *(e.booked_on, e.quota_parcel, e.quota_rule, e.town_code, e.document_no),
            sa.func.coalesce(originals.c.posting, e.posting).label("posting"),
            e.reverses.is_not(None).label("is_reversal"),
        )
        .select_from(entries.outerjoin(originals, originals.c.uid == e.reverses))
        .where(e.booked_on <= asking.as_of)
        .subquery("posted")
    )
    return _both_sides(posted).cte("movements")


def sums_moved(asking: Asking) -> sa.CTE:
    """What moved between each two accounts up to the day, by type: few rows, for whom sums suffice.

    Columns: `account`, `other`, `entry_type` and `change_m2`, as of `movements`.
    """
    entries = rows_of(asking, quota_entries, "summed_entry")
    originals = _reversed_entries(asking)
    e = entries.c
    entry_type = sa.func.coalesce(originals.c.entry_type, e.entry_type)
    summed = (
        sa.select(
            *(e.from_account, e.to_account),
            entry_type.label("entry_type"),
            sa.func.sum(e.amount_m2).label("amount_m2"),
        )
        .select_from(entries.outerjoin(originals, originals.c.uid == e.reverses))
        .where(e.booked_on <= asking.as_of)
        .group_by(e.from_account, e.to_account, entry_type)
        .cte("summed")
    )
    return _both_sides(summed).cte("sums_moved")


def _both_sides(posted: sa.FromClause) -> sa.CompoundSelect[Any]:
    """What the account on either side received, negative for what it gave; all other columns as they are."""
    p = posted.c
    sides = ("from_account", "to_account", "amount_m2")
    others = [column for column in p if column.name not in sides]

    def side(account: Any, other: Any, change: Any) -> sa.Select[Any]:
        return sa.select(
            account.label("account"), other.label("other"), *others, change.label("change_m2")
        )

    return sa.union_all(
        side(p.to_account, p.from_account, p.amount_m2),
        side(p.from_account, p.to_account, -p.amount_m2),
    )


def _reversed_entries(asking: Asking) -> sa.Subquery:
    """The entries that others reverse: few, so that nothing else need be looked through for them."""
    entries = rows_of(asking, quota_entries, "reversed_entry")
    reversals = rows_of(asking, quota_entries, "reversing")
    reversed_ones = sa.select(reversals.c.reverses).where(reversals.c.reverses.is_not(None))
    return (
        sa.select(entries.c.uid, entries.c.entry_type, entries.c.posting)
        .where(entries.c.uid.in_(reversed_ones))
        .subquery("original")
    )


def charges(asking: Asking) -> sa.CTE:
    """The parcels that are charged on the day, by kind of quota and year: used or taken over, not reversed.

    Columns: `quota_parcel`, `quota_kind`, `year`, `charged_m2`, `entry_nos` (a list), `towns` (codes of
    the towns that were charged, a list), `is_taken_over`, from an earlier ledger as it stood, and
    `is_recharged`, after an earlier charge was reversed.
    """
    entries = rows_of(asking, quota_entries, "charging")
    accounts = rows_of(asking, quota_accounts, "charged_account")
    e = entries.c
    # Grouped by columns of the table itself: the planner must know how many charges there are.
    return (
        sa.select(
            e.quota_parcel,
            accounts.c.quota_kind,
            accounts.c.year,
            sa.func.sum(e.amount_m2).label("charged_m2"),
            _distinct(e.entry_no, sa.BigInteger()).label("entry_nos"),
            _distinct(e.town_code, sa.Text()).label("towns"),
            sa.func.bool_or(e.entry_type == "takeover").label("is_taken_over"),
            _was_reversed(asking, e.quota_parcel).label("is_recharged"),
        )
        .select_from(entries.join(accounts, accounts.c.uid == e.to_account))
        .where(
            e.entry_type.in_(CHARGING_TYPES),
            e.booked_on <= asking.as_of,
            sa.not_(_is_reversed(asking, e.uid)),
        )
        .group_by(e.quota_parcel, accounts.c.quota_kind, accounts.c.year)
        .cte("charges")
    )


def _distinct(column: Any, type: sa.types.TypeEngine[Any]) -> sa.ColumnElement[Any]:
    return sa.func.array_agg(sa.distinct(column), type_=sa.ARRAY(type))


def _is_reversed(asking: Asking, entry: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    reversals = rows_of(asking, quota_entries, "reversal")
    return sa.exists().where(reversals.c.reverses == entry, reversals.c.booked_on <= asking.as_of)


def _was_reversed(asking: Asking, parcel: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether an entry that charged a parcel was reversed by the day."""
    earlier = rows_of(asking, quota_entries, "earlier")
    return sa.exists().where(
        earlier.c.quota_parcel == parcel,
        earlier.c.entry_type.in_(CHARGING_TYPES),
        _is_reversed(asking, earlier.c.uid),
    )
