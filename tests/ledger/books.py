"""A small set of accounts, rules and parcels, and short words to post; for tests of the ledger."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from geoservice.domain.quota import quota_accounts, quota_parcels, quota_rules
from geoservice.ledger.balances import balances
from geoservice.ledger.posting import Entry, Poster, Posting, post, reversal
from geoservice.store.database import Database
from geoservice.store.tables import tables

KIND = "new_construction"
TOWN_A, TOWN_B = "441900101", "441900102"
DAY = date(2021, 3, 1)
LATER = date(2021, 6, 1)
EVERYWHERE = Poster(name="bookkeeper", door="test", reason="a test needs it")


@dataclass
class Books:
    """The ledger of a database. Accounts: S source, C city, P pool, A/B towns with h(eld) and u(sed).

    `A` is general, `Ar` rural revitalization; `C22` is the city's account of 2022, and so on.
    """

    database: Database

    def open(self) -> None:
        """Open the accounts of 2021 and 2022."""
        rows = []
        for year, mark in ((2021, ""), (2022, "22")):

            def account(
                number: str,
                level: str,
                state: str = "available",
                mark: str = mark,
                year: int = year,
                **more: object,
            ) -> dict[str, object]:
                values = {"purpose": "general", "town_code": None, "overdraft_allowed": False}
                return {
                    **values,
                    "account_no": number + mark,
                    "name": number + mark,
                    "level": level,
                    "state": state,
                    "year": year,
                    "quota_kind": KIND,
                    **more,
                }

            rows += [
                account("S", "superior", "source", overdraft_allowed=True),
                account("C", "city_coordinated"),
                account("P", "special_pool", purpose="rural_revitalization"),
            ]
            for town, code in (("A", TOWN_A), ("B", TOWN_B)):
                for suffix, purpose in (("", "general"), ("r", "rural_revitalization")):
                    rows += [
                        account(town + suffix, "town", town_code=code, purpose=purpose),
                        account(
                            town + suffix + "h", "town", "held", town_code=code, purpose=purpose
                        ),
                        account(
                            town + suffix + "u", "town", "used", town_code=code, purpose=purpose
                        ),
                    ]
        self.add(quota_accounts, rows)

    def add(self, collection, rows: list[dict[str, object]]) -> list[UUID]:
        """Features through the editing role."""
        table = tables().current(collection)
        with self.database.change(actor="tester", door="test", reason="setup") as connection:
            return [
                connection.execute(
                    sa.insert(table).values(**row).returning(table.c.uid)
                ).scalar_one()
                for row in rows
            ]

    def parcel(
        self,
        number: str,
        width: float = 100,
        height: float = 150,
        *,
        east: float = 0,
        **more: object,
    ) -> UUID:
        """A rectangle in the plane of EPSG:4547, metres; `east` moves it. 15 000 m² unless told."""
        return self.add(
            quota_parcels, [{"parcel_no": number, "geom": rectangle(width, height, east), **more}]
        )[0]

    def rule(self, number: str, kind: str, year: int = 2021, **more: object) -> UUID:
        """A rule."""
        row = {"rule_no": number, "name": number, "kind": kind, "year": year, "quota_kind": KIND}
        return self.add(quota_rules, [{**row, **more}])[0]

    def reservation_rule(self, percentage: str = "10") -> UUID:
        """The rule R10: so much of the city-coordinated quota of 2021 is reserved."""
        return self.rule(
            "R10", "reservation", basis="city_coordinated", percentage=Decimal(percentage)
        )

    def post(self, *entries: Entry, poster: Poster = EVERYWHERE, **how) -> Posting:
        """Post entries."""
        return post(self.database, poster, entries, **how)

    def allocated(self, amount: str = "100000", on: date = DAY) -> Posting:
        """Quota that has come to the city."""
        return self.post(allocate(amount, on))

    def balance(self, account: str, on: date = date(2030, 1, 1), **when) -> Decimal:
        """What is in an account at the end of a day."""
        return {each.account_no: each.balance_m2 for each in balances(self.database, on, **when)}[
            account
        ]

    def scalar(self, sql: str, **values: object):
        """The value of a reading statement."""
        return self.database.scalar(sa.text(sql).bindparams(**values))


def rectangle(width: float, height: float, east: float = 0, north: float = 0):
    """A rectangle of the plane in the storage CRS, as SQL."""
    x, y = 480_000 + east, 2_550_000 + north
    box = sa.func.ST_MakeEnvelope(x, y, x + width, y + height, 4547)
    return sa.func.ST_Multi(sa.func.ST_Transform(box, 4490))


def entry(kind: str, giving: str, receiving: str, amount: str, on: date = DAY, **more) -> Entry:
    """An entry in few words."""
    return Entry(
        entry_type=kind,
        from_account=giving,
        to_account=receiving,
        amount_m2=Decimal(amount),
        booked_on=on,
        **more,
    )


def allocate(amount: str, on: date = DAY) -> Entry:
    """From the superior authority to the city."""
    return entry("allocate", "S", "C", amount, on, document_no="粤自然资〔2021〕1号")


def hold(
    parcel: str, amount: str, on: date = DAY, *, giving: str = "A", town: str = "A", **more
) -> Entry:
    """Held for a parcel until the end of 2025."""
    more.setdefault("expires_on", date(2025, 12, 31))
    return entry("hold", giving, town + "h", amount, on, quota_parcel=parcel, **more)


def use(parcel: str, amount: str, on: date = DAY, *, town: str = "A", **more) -> Entry:
    """Used by a parcel."""
    more.setdefault("approval_no", "东府办〔2021〕7号")
    return entry("use", town + "h", town + "u", amount, on, quota_parcel=parcel, **more)


def takeover(parcel: str, amount: str, on: date = DAY, *, town: str = "A") -> Entry:
    """Taken over from the paper ledger."""
    return entry(
        "takeover", "S", town + "u", amount, on, quota_parcel=parcel, document_no="2020年台账"
    )


def reverse(entry_no: int, on: date = LATER) -> Entry:
    """The reversal of an entry."""
    return reversal(entry_no, on)
