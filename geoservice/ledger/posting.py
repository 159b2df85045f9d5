"""Entries of the quota ledger → one posting: all of them or none, checked by the database.

Entries name accounts, parcels and rules by their numbers, and take effect in their order: what gives
an account its quota stands before what takes it away. The ledger is held from the first entry to the
end of the transaction, so others wait.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Self
from uuid import UUID, uuid4

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from geoservice.description.collection import Collection, Field
from geoservice.domain.quota import (
    quota_accounts,
    quota_entries,
    quota_parcels,
    quota_rules,
)
from geoservice.domain.quota_movements import REVERSAL, TOWN_TYPES
from geoservice.errors import (
    Forbidden,
    GeoserviceError,
    MissingParameter,
    RejectedFeature,
    TooLarge,
    Unavailable,
    UnknownEntry,
)
from geoservice.languages import Text
from geoservice.store import ledger
from geoservice.store.database import Database, begin_change, count_changed
from geoservice.store.faults import told_of_writing
from geoservice.store.ledger import EntriesWanted

MOST_ENTRIES = 1_000
"""In one posting, unless the caller allows more."""


MistakeListener = Callable[[int | None, GeoserviceError], None]
"""Hears of a mistake: which entry it is in, counted from 0 (None: the posting as a whole), and what."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry as its author gives it; accounts, parcel and rule by their numbers.

    A reversal (`entry_type="reverse"`) gives the number of the entry that it `reverses` and may leave
    out accounts, area, parcel and rule: they are those of the original. `label` is how its author
    calls the entry in messages.
    """

    entry_type: str
    booked_on: date
    from_account: str | None = None
    to_account: str | None = None
    amount_m2: Decimal | None = None
    quota_parcel: str | None = None
    quota_rule: str | None = None
    document_no: str | None = None
    approval_no: str | None = None
    expires_on: date | None = None
    reverses: int | None = None
    note: str | None = None
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Poster:
    """Who posts, through which door, and why.

    `towns` are those from whose accounts they may hold, release and use quota; None: they may post
    everything.
    """

    name: str
    door: str
    reason: str | None = None
    towns: frozenset[str] | None = None


@dataclass(frozen=True)
class Posted:
    """An entry as the ledger has it; accounts, parcel and rule by their numbers."""

    uid: UUID
    entry_no: int
    posting: UUID
    entry_type: str
    from_account: str
    to_account: str
    amount_m2: Decimal
    booked_on: date
    quota_parcel: str | None
    quota_rule: str | None
    document_no: str | None
    approval_no: str | None
    expires_on: date | None
    reverses: int | None
    reversed_by: int | None
    town_code: str | None
    note: str | None
    recorded_at: Any
    change_id: int

    @classmethod
    def of(cls, row: sa.Row[Any]) -> Self:
        """The entry that a row of `store.ledger.entries` describes."""
        return cls(**row._mapping)


@dataclass(frozen=True)
class Posting:
    """What was posted at once, or would be; `change_id` None: nothing was stored."""

    id: UUID
    change_id: int | None
    entries: tuple[Posted, ...]


def post(
    database: Database,
    poster: Poster,
    entries: Sequence[Entry],
    *,
    id: UUID | None = None,
    dry_run: bool = False,
    most: int = MOST_ENTRIES,
) -> Posting:
    """Post entries in their order, in one transaction; on any mistake nothing is stored.

    Args:
        database: where.
        poster: who, through which door, and what they may post.
        entries: at least one.
        id: of the posting; None gives it a new one.
        dry_run: do everything and roll it back; numbers and times would be others in earnest.
        most: how many entries there may be.

    Raises:
        TooLarge: too many entries.
        RejectedFeature: a number that no account, parcel, rule or entry has; a value out of bounds.
        LedgerRule, ChargedArea: an entry breaks a rule of the ledger.
        Overdraft, NotHeld, DoubleCharge, OverlappingCharge, ReservationShort, AlreadyReversed: the
            ledger is in another state than the entry needs.
        AlreadyExists: there is a posting with this id.
        Forbidden: not the poster's to post.
        Conflict: somebody else holds the ledger, or edits the parcel, for too long; try again.

    Of several entries, the one with the mistake is named in the part `operation`.
    """
    with database.editing() as connection:
        return post_within(connection, poster, entries, id=id, dry_run=dry_run, most=most)


def post_within(
    connection: sa.Connection,
    poster: Poster,
    entries: Sequence[Entry],
    *,
    id: UUID | None = None,
    dry_run: bool = False,
    most: int = MOST_ENTRIES,
    on_mistake: MistakeListener | None = None,
) -> Posting:
    """Like `post`, in a transaction of the editing role that the caller has opened.

    With `on_mistake`, an entry with a mistake is told to it and left out, so that every mistake is
    found at once; the caller must then roll the transaction back.
    """
    if not entries:
        raise MissingParameter(name="entries", allowed=f"1–{most}")
    if len(entries) > most:
        raise TooLarge(limit_name="max_tx_operations", limit=most, actual=len(entries))
    posting = _Posting(connection, poster, entries, id or uuid4(), on_mistake)
    with connection.begin_nested() as savepoint:
        posted = posting.posted()
        if dry_run:
            savepoint.rollback()
    return Posting(posting.id, None if dry_run else posting.change_id, tuple(posted))


def reversal(entry_no: int, booked_on: date, **more: str | None) -> Entry:
    """The entry that reverses another; `more` may give `document_no` and `note`."""
    return Entry(entry_type=REVERSAL, booked_on=booked_on, reverses=entry_no, **more)  # type: ignore[arg-type]


class _Posting:
    """Entries of one poster on their way."""

    def __init__(
        self,
        connection: sa.Connection,
        poster: Poster,
        entries: Sequence[Entry],
        id: UUID,
        on_mistake: MistakeListener | None,
    ) -> None:
        self._on_mistake = on_mistake
        self._connection = connection
        self._poster = poster
        self._entries = entries
        self._numbers: list[int] = []  # of the entries that have a row
        self.id = id
        self.change_id = 0

    def posted(self) -> list[Posted]:
        """The entries as the ledger has them, now that they are posted."""
        self.change_id = begin_change(
            self._connection,
            actor=self._poster.name,
            door=self._poster.door,
            reason=self._poster.reason,
            towns=self._poster.towns,
        )
        rows = self._rows()
        self._connection.execute(ledger.lock())
        self._insert(rows)
        with self._mistake_told(None), self._connection.begin_nested():
            self._connection.execute(ledger.constraints_checked())
        count_changed(self._connection, quota_entries.id, inserted=len(rows), updated=0, deleted=0)
        wanted = EntriesWanted(posting=self.id)
        found = self._connection.execute(ledger.entries(wanted, len(rows)))
        return [Posted.of(row) for row in found]

    def _insert(self, rows: Sequence[Mapping[str, object]]) -> None:
        """All rows at once; if that is refused, one by one, which shows the one it is about."""
        if len(rows) > 1:
            try:
                with self._connection.begin_nested():
                    self._connection.execute(*ledger.insertion(rows))
                return
            except OperationalError:
                raise  # it took too long, whichever it is
            except DBAPIError:
                pass
        for number, row in enumerate(rows):
            with self._mistake_told(self._numbers[number]), self._connection.begin_nested():
                self._connection.execute(*ledger.insertion([row]))

    # Names → ids

    def _rows(self) -> list[dict[str, object]]:
        originals = self._originals()
        completed = [_mirrored(entry, originals.get(entry.reverses)) for entry in self._entries]
        accounts = self._by_number(
            ledger.accounts_named, [(each.from_account, each.to_account) for each in completed]
        )
        parcels = self._by_number(
            ledger.parcels_named, [(each.quota_parcel,) for each in completed]
        )
        rules = self._by_number(ledger.rules_named, [(each.quota_rule,) for each in completed])
        rows: list[dict[str, object]] = []
        for number, entry in enumerate(completed):
            with self._mistake_told(number):
                giving = _known(accounts, "from_account", quota_accounts, entry.from_account)
                receiving = _known(accounts, "to_account", quota_accounts, entry.to_account)
                parcel = _known(parcels, "quota_parcel", quota_parcels, entry.quota_parcel)
                rule = _known(rules, "quota_rule", quota_rules, entry.quota_rule)
                self._require_own(entry, giving, receiving)
                self._numbers.append(number)
                rows.append(
                    {
                        "posting": self.id,
                        "entry_type": _one_of_codes("entry_type", entry.entry_type),
                        "from_account": giving.uid if giving else None,
                        "to_account": receiving.uid if receiving else None,
                        "amount_m2": _exact(entry.amount_m2),
                        "booked_on": entry.booked_on,
                        "quota_parcel": parcel.uid if parcel else None,
                        "quota_rule": rule.uid if rule else None,
                        "document_no": entry.document_no,
                        "approval_no": entry.approval_no,
                        "expires_on": entry.expires_on,
                        "reverses": self._reversed(entry, originals),
                        "note": entry.note,
                    }
                )
        return rows

    def _originals(self) -> dict[int | None, Posted]:
        numbers = {each.reverses for each in self._entries if each.reverses is not None}
        if not numbers:
            return {}
        found = self._connection.execute(ledger.entries_numbered(numbers))
        return {row.entry_no: Posted.of(row) for row in found}

    @staticmethod
    def _reversed(entry: Entry, originals: Mapping[int | None, Posted]) -> UUID | None:
        if entry.reverses is None:
            return None
        if entry.reverses not in originals:
            raise UnknownEntry(value=entry.reverses)
        return originals[entry.reverses].uid

    def _by_number(
        self,
        statement: Callable[[Iterable[str]], sa.Select[Any]],
        names: Iterable[tuple[str | None, ...]],
    ) -> dict[str, sa.Row[Any]]:
        """The rows that have these numbers, which stand in their first column."""
        wanted = {name for several in names for name in several if name is not None}
        if not wanted:
            return {}
        return {row[0]: row for row in self._connection.execute(statement(sorted(wanted)))}

    # Mistakes

    def _require_own(
        self, entry: Entry, giving: sa.Row[Any] | None, receiving: sa.Row[Any] | None
    ) -> None:
        """Refuse what the poster may not post; the database would, and not say why.

        Quota that was held from a pool may go back to it.
        """
        towns = self._poster.towns
        if towns is None:
            return
        sides = (giving,) if entry.entry_type == "release" else (giving, receiving)
        is_own = all(side is None or side.town_code in towns for side in sides)
        if not is_own or entry.entry_type not in TOWN_TYPES:
            raise _not_own(towns)

    @contextmanager
    def _mistake_told(self, number: int | None) -> Iterator[None]:
        """Mistakes in here are those of one entry, and say so if there are several."""
        try:
            yield
        except DBAPIError as fault:
            mistake = self._meaning(fault)
            if mistake is None:
                raise
            self._tell(mistake, number, fault)
        except GeoserviceError as mistake:
            self._tell(mistake, number, mistake.__cause__)

    def _tell(
        self, mistake: GeoserviceError, number: int | None, cause: BaseException | None
    ) -> None:
        if self._on_mistake is None:
            raise self._named(mistake, number) from cause
        self._on_mistake(number, mistake)

    def _meaning(self, fault: DBAPIError) -> GeoserviceError | None:
        if isinstance(fault.orig, psycopg.errors.InsufficientPrivilege):
            return None if self._poster.towns is None else _not_own(self._poster.towns)
        mistake = told_of_writing(fault.orig, 0)
        return (
            None if isinstance(mistake, Unavailable) else mistake
        )  # told where the limit is known

    def _named(self, mistake: GeoserviceError, number: int | None) -> GeoserviceError:
        if number is None:
            return mistake
        label = self._entries[number].label
        total = len(self._entries)
        if label:
            return mistake.in_operation(label)
        if total > 1:
            place = Text(zh=f"第 {number + 1} 条（共 {total} 条）", en=f"{number + 1} of {total}")
            return mistake.in_operation(place)
        return mistake


def _mirrored(entry: Entry, original: Posted | None) -> Entry:
    """A reversal with what it leaves out, from its original."""
    if original is None or entry.entry_type != REVERSAL:
        return entry
    return replace(
        entry,
        from_account=entry.from_account or original.to_account,
        to_account=entry.to_account or original.from_account,
        amount_m2=original.amount_m2 if entry.amount_m2 is None else entry.amount_m2,
        quota_parcel=entry.quota_parcel or original.quota_parcel,
        quota_rule=entry.quota_rule or original.quota_rule,
    )


def _known(
    found: Mapping[str, sa.Row[Any]], field: str, collection: Collection, number: str | None
) -> sa.Row[Any] | None:
    if number is None:
        return None
    if number not in found:
        reason = Text(
            zh=f"{collection.title.zh}中没有此编号", en=f"{collection.id} has no such number"
        )
        raise RejectedFeature(collection=quota_entries.id, field=field, value=number, reason=reason)
    return found[number]


def _one_of_codes(name: str, code: str) -> str:
    codes = _field(name).codes
    assert codes is not None
    if code not in codes:
        allowed = ", ".join(each.code for each in codes)
        reason = Text(zh=f"须为：{allowed}", en=f"it must be one of {allowed}")
        raise RejectedFeature(collection=quota_entries.id, field=name, value=code, reason=reason)
    return code


def _exact(amount_m2: Decimal | None) -> Decimal | None:
    """An area that the ledger can hold as it is; PostgreSQL would round it in silence."""
    digits = _field("amount_m2").digits
    assert digits is not None
    if amount_m2 is not None and amount_m2 != round(amount_m2, digits[1]):
        reason = Text(zh="至多两位小数", en="it has at most two decimals")
        raise RejectedFeature(
            collection=quota_entries.id, field="amount_m2", value=str(amount_m2), reason=reason
        )
    return amount_m2


def _field(name: str) -> Field:
    return quota_entries.by_name[name]


def _not_own(towns: Iterable[str]) -> Forbidden:
    own = ", ".join(sorted(towns))
    reason = Text(
        zh=f"只能为本镇街（{own}）的账户记占用、释放与使用；其余须由可编辑全部镇街的人员记账。",
        en=f"for your towns ({own}) you may hold, release and use from their own accounts; all else is "
        "posted by those who may edit everywhere.",
    )
    return Forbidden(reason=reason)
