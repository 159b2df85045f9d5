"""The quota ledger: its accounts, balances, holds and entries as frames, and posting to it.

Amounts are m² with two decimals. They are sent as exact decimal texts; frames show them as floats, which
tell every two amounts apart up to 90 million km². Knows no HTTP.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pandas as pd

from geoservice.client import errors, frames
from geoservice.client.values import day_text, instant_text, is_missing, plain
from geoservice.languages import Text

if TYPE_CHECKING:
    from geoservice.client.service import Client

_ACCOUNTS: Mapping[str, str] = {
    "account_no": "text",
    "name": "text",
    "level": "text",
    "quota_kind": "text",
    "year": "integer",
    "purpose": "text",
    "state": "text",
    "town_code": "text",
    "overdraft_allowed": "boolean",
}
_BALANCES: Mapping[str, str] = {**_ACCOUNTS, "balance_m2": "decimal", "balance_mu": "decimal"}
_HOLDS: Mapping[str, str] = {
    "entry_no": "integer",
    "account_no": "text",
    "town_code": "text",
    "parcel_no": "text",
    "expires_on": "date",
    "held_m2": "decimal",
}
_GIVEN: Mapping[str, str] = {
    "entry_type": "text",
    "from_account": "text",
    "to_account": "text",
    "amount_m2": "decimal",
    "booked_on": "date",
    "quota_parcel": "text",
    "quota_rule": "text",
    "document_no": "text",
    "approval_no": "text",
    "expires_on": "date",
    "reverses": "integer",
    "note": "text",
}
"""What an entry may give."""

_ENTRIES: Mapping[str, str] = {
    "entry_no": "integer",
    **_GIVEN,
    "reversed_by": "integer",
    "town_code": "text",
    "posting": "text",
    "recorded_at": "datetime",
    "change_id": "integer",
    "uid": "text",
}


@dataclass(frozen=True)
class Receipt:
    """What was posted, or would be.

    Attributes:
        posting: its id.
        change: in the history; None for a trial.
        entries: as they stand in the ledger; see `Ledger.entries`.
        dry_run: whether it was only tried.
    """

    posting: str
    change: int | None
    entries: pd.DataFrame
    dry_run: bool

    def __repr__(self) -> str:
        return f"<Receipt {self.posting}>\n{self.entries.dropna(axis='columns', how='all').to_string()}"

    def _repr_html_(self) -> str:
        return str(self.entries.dropna(axis="columns", how="all").to_html())


class Ledger:
    """The quota ledger of a service. Everybody reads it; editors post."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def accounts(
        self,
        *,
        year: int | None = None,
        quota_kind: str | None = None,
        level: str | None = None,
        town: str | None = None,
    ) -> pd.DataFrame:
        """The accounts, by number.

        Raises:
            BadParameter: there is no such kind, level or town; with what is allowed.
        """
        asked = {"year": year, "quota_kind": quota_kind, "level": level, "town": town}
        found = self._asked("/ledger/accounts", asked)["accounts"]
        return frames.frame_of_documents(found, _ACCOUNTS, "account_no")

    def balances(
        self,
        *,
        as_of: date | str | None = None,
        known_at: datetime | str | None = None,
        year: int | None = None,
        quota_kind: str | None = None,
        level: str | None = None,
        town: str | None = None,
    ) -> pd.DataFrame:
        """The accounts with their balances at the end of a day.

        `balance_mu` is the same in 亩 (15 亩 = 10,000 m²). `attrs["geoservice"]` says the day.

        Args:
            as_of: the day; today if not given.
            known_at: counts only what was posted by then.
            year: only of this year.
            quota_kind: only of this kind.
            level: only of this level.
            town: only of this town.
        """
        asked = {
            "as_of": self._day("as_of", as_of),
            "known_at": self._instant("known_at", known_at),
            **{"year": year, "quota_kind": quota_kind, "level": level, "town": town},
        }
        found = self._asked("/ledger/balances", asked)
        frame = frames.frame_of_documents(found["balances"], _BALANCES, "account_no")
        frame.attrs["geoservice"] = {name: found[name] for name in ("as_of", "known_at")}
        return frame

    def entries(
        self,
        *,
        account: str | None = None,
        parcel: str | None = None,
        posting: str | UUID | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
        known_at: datetime | str | None = None,
    ) -> pd.DataFrame:
        """The entries in the order of posting, by number.

        Args:
            account: only from or to this account.
            parcel: only of this parcel.
            posting: only those posted together under this id.
            since: only those booked on this day or later.
            until: only those booked on this day or before.
            known_at: only what was posted by then.
        """
        asked = {
            "account": account,
            "parcel": parcel,
            "posting": None if posting is None else str(posting),
            "from": self._day("since", since),
            "to": self._day("until", until),
            "known_at": self._instant("known_at", known_at),
        }
        return frames.frame_of_documents(
            list(self._pages("/ledger/entries", asked)), _ENTRIES, "entry_no"
        )

    def holds(
        self, *, expiring_by: date | str | None = None, town: str | None = None
    ) -> pd.DataFrame:
        """What is held for parcels now, first what expires first.

        Args:
            expiring_by: only what expires on this day or before.
            town: only of this town.
        """
        asked = {"expiring_by": self._day("expiring_by", expiring_by), "town": town}
        return frames.frame_of_documents(
            self._asked("/ledger/holds", asked)["holds"], _HOLDS, "entry_no"
        )

    def post(
        self,
        entries: pd.DataFrame | Mapping[str, object] | Sequence[Mapping[str, object]],
        *,
        reason: str | None = None,
        dry_run: bool = False,
        key: str | None = None,
    ) -> Receipt:
        """Post entries in their order, all of them or none.

        Args:
            entries: one or several, or the rows of a frame: `entry_type`, `from_account`,
                `to_account`, `amount_m2`, `booked_on` and what the type needs (see `/ledger`).
                Amounts are Decimal, whole numbers, texts, or floats with at most two decimals.
            reason: why, for the history.
            dry_run: check everything and store nothing.
            key: names the posting, so that it is posted once however often this is called
                (within 24 hours); a new one each time if not given.

        Raises:
            BadParameter: an entry has a member that there is not, or an amount that is not exact.
            LedgerRule, LedgerConflict: a rule of the ledger, or its balances, do not allow it.
            Unauthenticated, Forbidden: there is no key, or not one that may.
        """
        rows = _rows(entries)
        body = {"reason": reason, "entries": [self._entry(each) for each in rows]}
        return self._posted("/ledger/entries", body, dry_run, key)

    def reverse(
        self,
        entry: int,
        *,
        reason: str | None = None,
        booked_on: date | str | None = None,
        document_no: str | None = None,
        note: str | None = None,
        dry_run: bool = False,
        key: str | None = None,
    ) -> Receipt:
        """Take an entry back by its opposite; the entry itself stays.

        Args:
            entry: its number.
            reason: why, for the history.
            booked_on: the day of the reversal; today if not given.
            document_no: of the document that orders it.
            note: for readers of the ledger.
            dry_run: see `post`.
            key: see `post`.
        """
        body = {
            "reason": reason,
            "booked_on": self._day("booked_on", booked_on),
            "document_no": document_no,
            "note": note,
        }
        return self._posted(f"/ledger/entries/{int(entry)}/reversal", body, dry_run, key)

    def __repr__(self) -> str:
        return f"<Ledger {self._client.connection.address}>"

    def _asked(self, path: str, parameters: Mapping[str, object]) -> Any:
        return self._client.connection.json(path, parameters)

    def _pages(self, path: str, parameters: Mapping[str, object]) -> Iterator[Mapping[str, Any]]:
        page = self._asked(path, parameters)
        while True:
            yield from page["entries"]
            following = [each["href"] for each in page["links"] if each["rel"] == "next"]
            if not following:
                return
            page = self._asked(following[0], {})

    def _posted(
        self, path: str, body: Mapping[str, object], dry_run: bool, key: str | None
    ) -> Receipt:
        sent = self._client.connection.send(
            "POST",
            path,
            parameters={"dry_run": dry_run or None},
            body={name: value for name, value in body.items() if value is not None},
            headers={} if dry_run else {"Idempotency-Key": key or uuid4().hex},
        )
        found = sent.content
        entries = frames.frame_of_documents(found["entries"], _ENTRIES, "entry_no")
        return Receipt(found["posting"], found["change"], entries, found["dry_run"])

    def _entry(self, given: Mapping[str, object]) -> dict[str, Any]:
        """An entry as the service reads it."""
        written: dict[str, Any] = {}
        for name, value in given.items():
            if name not in _GIVEN:
                raise errors.UnknownParameter(
                    self._client.lang, name=str(name), allowed=list(_GIVEN)
                )
            if is_missing(plain(value)):
                continue
            match _GIVEN[name]:
                case "decimal":
                    written[name] = self._amount(name, value)
                case "date":
                    written[name] = self._day(name, value)
                case _:
                    written[name] = str(plain(value))
        return written

    def _amount(self, name: str, value: object) -> str:
        """An amount as an exact text; a float only if it is one to the second decimal."""
        given = plain(value)
        if isinstance(given, str):
            return given
        if isinstance(given, int | float | Decimal) and not isinstance(given, bool):
            exact = Decimal(repr(given)) if isinstance(given, float) else Decimal(given)
            if exact.is_finite() and round(exact, 2) == exact:
                return f"{exact:.2f}"
        allowed = Text(
            zh="Decimal、整数、文本，或至多两位小数的数（m²）",
            en="a Decimal, a whole number, a text, or a number with at most two decimals (m²)",
        )
        raise errors.BadParameter(self._client.lang, name=name, value=str(value), allowed=allowed)

    def _day(self, name: str, value: object) -> str | None:
        return None if value is None else day_text(name, value, self._client.lang)

    def _instant(self, name: str, value: object) -> str | None:
        return None if value is None else instant_text(name, value, self._client.lang)


def _rows(entries: object) -> list[Mapping[str, object]]:
    if isinstance(entries, pd.DataFrame):
        named = {str(name): entries[name].tolist() for name in entries.columns}
        return [
            {name: values[row] for name, values in named.items()} for row in range(len(entries))
        ]
    return [entries] if isinstance(entries, Mapping) else list(entries)  # type: ignore[call-overload]
