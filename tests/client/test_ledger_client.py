"""The quota ledger from the client. Figures are those of quota_entries.csv, added up by hand."""

import datetime
import itertools
from decimal import Decimal

import pandas as pd
import pytest

from geoservice.client import Client, Ledger, errors

POOL = "SYN-ZH-2021-JS-XC-KY"
_numbers = itertools.count(1)


@pytest.fixture
def editor(connect_as) -> Client:
    return Client(connect_as("editor", language="en"))


@pytest.fixture
def ledger(editor) -> Ledger:
    return editor.ledger


@pytest.fixture
def accounts(editor) -> tuple[str, str]:
    """Two accounts of 2031 of the test's own: the superior authority's, and the city's."""
    number = next(_numbers)
    source, city = f"CL-{number}-SJ", f"CL-{number}-TC"
    shared = {"quota_kind": "new_construction", "year": 2031, "purpose": "general"}
    with editor["quota_accounts"].edit(reason="a test") as edit:
        edit.insert(
            shared | {"account_no": source, "name": "上级", "level": "superior", "state": "source"},
            overdraft_allowed=True,
        )
        edit.insert(
            shared | {"account_no": city, "name": "市", "state": "available"},
            level="city_coordinated",
            overdraft_allowed=False,
        )
    return source, city


def allocation(accounts, amount, **more):
    source, city = accounts
    return {
        "entry_type": "allocate",
        "from_account": source,
        "to_account": city,
        "amount_m2": amount,
        "booked_on": "2031-03-01",
        "document_no": "测试〔2031〕1号",
        **more,
    }


def balance(ledger, account, **given) -> float:
    return ledger.balances(**given).loc[account, "balance_m2"]


# Reading


@pytest.mark.parametrize(
    ("day", "m2", "mu"),
    [
        ("2021-03-21", 0, 0),
        ("2021-03-22", 60_000, 90),  # 10 % of 600,000 reserved
        ("2021-05-10", 40_000, 60),  # a town holds 20,000
        ("2021-08-25", 45_000, 67.5),  # uses 15,000 of them, and releases 5,000
        ("2021-11-22", 65_000, 97.5),  # 10 % of the second 200,000
        ("2022-01-10", 20_000, 30),  # 45,000 carried over
        ("2022-04-01", 0, 0),  # the rest reclaimed
    ],
)
def test_the_pool_of_the_worked_example_comes_out(city, day, m2, mu):
    balances = city.ledger.balances(as_of=day, year=2021)
    assert balances.loc[POOL, "balance_m2"] == m2
    assert balances.loc[POOL, "balance_mu"] == mu
    assert balances.attrs["geoservice"]["as_of"] == day


def test_all_balances_add_up_to_nothing(city):
    assert city.ledger.balances(as_of=datetime.date(2022, 7, 31))["balance_m2"].sum() == 0


def test_entries_are_narrowed(city):
    entries = city.ledger.entries(account=POOL, since="2021-05-10", until="2021-11-22")
    assert list(entries["entry_type"]) == ["hold", "release", "reserve"]
    assert list(entries["amount_m2"]) == [20_000, 5_000, 20_000]
    assert entries["booked_on"].iloc[0] == pd.Timestamp("2021-05-10")
    of_parcel = city.ledger.entries(parcel="SYN-ZB-001")
    assert set(of_parcel["quota_parcel"]) == {"SYN-ZB-001"}
    together = city.ledger.entries(posting=of_parcel["posting"].iloc[0])
    assert of_parcel.index[0] in together.index


def test_types_of_columns_do_not_depend_on_what_is_in_them(city):
    some, none = city.ledger.entries(), city.ledger.entries(parcel="SYN-ZB-NONE")
    assert len(none) == 0
    assert dict(none.dtypes) == dict(some.dtypes)
    assert none.dtypes["reverses"] == "Int64"
    assert none.dtypes["amount_m2"] == "float64"
    assert none.dtypes["expires_on"] == "datetime64[s]"


def test_accounts_and_holds_are_listed(city):
    accounts = city.ledger.accounts(year=2021, level="special_pool")
    assert POOL in accounts.index
    assert set(accounts["level"]) == {"special_pool"}
    assert accounts.dtypes["overdraft_allowed"] == "boolean"
    holds = city.ledger.holds(expiring_by="2023-12-31")
    assert (holds.loc[91, "parcel_no"], holds.loc[91, "held_m2"]) == ("SYN-ZB-036", 13_001)
    assert len(city.ledger.holds(expiring_by="2020-01-01")) == 0


def test_pages_are_put_together(city, monkeypatch):
    whole = city.ledger.entries(until="2021-03-31")
    json = city.connection.json

    def few_at_a_time(path, parameters=None):
        more = {"limit": 3} if path == "/ledger/entries" else {}
        return json(path, {**(parameters or {}), **more})

    monkeypatch.setattr(city.connection, "json", few_at_a_time)
    assert city.ledger.entries(until="2021-03-31").equals(whole)
    assert len(whole) > 3


def test_what_there_is_not_is_refused(city):
    with pytest.raises(errors.BadParameter, match="special_pool"):
        city.ledger.accounts(level="pool")
    with pytest.raises(errors.BadDatetime):
        city.ledger.balances(as_of="31.12.2021")
    with pytest.raises(errors.BadDatetime):
        city.ledger.balances(known_at="2021-12-31")


# Posting


@pytest.mark.parametrize(
    ("amount", "stored"),
    [
        (Decimal("100000.01"), 100_000.01),
        ("0.10", 0.1),
        (0.1, 0.1),
        (1234.5, 1234.5),
        (7, 7),
    ],
)
def test_amounts_are_posted_to_the_last_digit(ledger, accounts, amount, stored):
    receipt = ledger.post(allocation(accounts, amount), reason="a test")
    assert not receipt.dry_run
    assert receipt.change is not None
    assert receipt.entries["amount_m2"].iloc[0] == stored
    assert balance(ledger, accounts[1], as_of="2031-03-01") == stored
    assert ledger.entries(posting=receipt.posting).index.equals(receipt.entries.index)
    assert accounts[1] in repr(receipt)


@pytest.mark.parametrize(
    "amount", [0.1 + 0.2, 1.005, Decimal("0.001"), float("nan"), float("inf"), True, [1]]
)
def test_amounts_that_are_not_exact_are_refused_before_they_are_sent(
    ledger, accounts, monkeypatch, amount
):
    monkeypatch.setattr(ledger._client.connection, "send", None)
    if amount != amount:  # NaN is how frames say that there is none
        monkeypatch.undo()
        with pytest.raises(errors.Rejected, match="amount_m2"):
            ledger.post(allocation(accounts, amount))
        return
    with pytest.raises(errors.BadParameter, match="two decimals"):
        ledger.post(allocation(accounts, amount))


def test_rows_of_a_frame_are_posted_together_or_not_at_all(ledger, accounts):
    frame = pd.DataFrame([allocation(accounts, "10.00"), allocation(accounts, "20.00")])
    frame["booked_on"] = pd.to_datetime(frame["booked_on"])
    receipt = ledger.post(frame)
    assert list(receipt.entries["amount_m2"]) == [10, 20]
    assert balance(ledger, accounts[1], as_of="2031-03-01") == 30
    source, city = accounts
    back = allocation((city, source), "5.00")  # quota is not allocated upwards
    with pytest.raises(errors.LedgerRule) as refusal:
        ledger.post([allocation(accounts, "1.00"), back])
    assert refusal.value.parts["operation"] == "entries/1"
    assert balance(ledger, accounts[1], as_of="2031-03-01") == 30


def test_a_trial_stores_nothing(ledger, accounts):
    receipt = ledger.post(allocation(accounts, "10.00"), dry_run=True)
    assert receipt.dry_run
    assert receipt.change is None or accounts[1] in repr(receipt)
    assert balance(ledger, accounts[1], as_of="2031-03-01") == 0


def test_a_posting_with_a_key_is_posted_once(ledger, accounts):
    entry = allocation(accounts, "10.00")
    first = ledger.post(entry, key=f"{accounts[1]}-1")
    again = ledger.post(entry, key=f"{accounts[1]}-1")
    assert again.posting == first.posting
    assert balance(ledger, accounts[1], as_of="2031-03-01") == 10
    ledger.post(entry)  # without one it is another posting
    assert balance(ledger, accounts[1], as_of="2031-03-01") == 20


def test_an_entry_is_reversed_and_stays(ledger, accounts):
    number = ledger.post(allocation(accounts, "10.00")).entries.index[0]
    receipt = ledger.reverse(number, reason="a mistake", booked_on="2031-03-02", note="误记")
    assert receipt.entries["reverses"].iloc[0] == number
    assert receipt.entries["note"].iloc[0] == "误记"
    assert balance(ledger, accounts[1], as_of="2031-03-01") == 10
    assert balance(ledger, accounts[1], as_of="2031-03-02") == 0
    assert number in ledger.entries(account=accounts[1]).index
    with pytest.raises(errors.LedgerConflict):
        ledger.reverse(number, booked_on="2031-03-02")
    with pytest.raises(errors.NotFound):
        ledger.reverse(10**9)


def test_an_overdraft_is_refused(ledger, accounts):
    number = ledger.post(allocation(accounts, "10.00", booked_on="2031-03-02")).entries.index[0]
    with pytest.raises(errors.GeoserviceError):
        ledger.reverse(number, booked_on="2031-03-01")


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"amount": 5}, errors.UnknownParameter),
        ({"booked_on": "1.3.2031"}, errors.BadDatetime),
        ({"entry_type": "give"}, errors.GeoserviceError),
        ({"document_no": None}, errors.LedgerRule),
        ({"to_account": "NOPE"}, errors.GeoserviceError),
    ],
)
def test_entries_that_cannot_be_are_refused(ledger, accounts, more, kind):
    with pytest.raises(kind):
        ledger.post(allocation(accounts, "1.00") | more)
    assert balance(ledger, accounts[1], as_of="2031-03-01") == 0


def test_without_a_key_it_is_told_what_to_do(city, accounts):
    with pytest.raises(errors.Unauthenticated, match=r"login\(\)"):
        city.ledger.post(allocation(accounts, "1.00"))
