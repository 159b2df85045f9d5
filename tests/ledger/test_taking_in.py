"""Rows of a table become postings, all of them or none, and every bad row is told."""

from decimal import Decimal

import pytest

from geoservice.errors import (
    AlreadyExists,
    LedgerRule,
    MissingParameter,
    Overdraft,
    RejectedFeature,
    TooLarge,
    UnknownProperty,
)
from geoservice.ledger.balances import entries
from geoservice.ledger.taking_in import TakenIn, take_in
from geoservice.store.ledger import EntriesWanted
from tests.ledger.books import EVERYWHERE, Books

COLUMNS = ("posting", "类型", "转出账户", "转入账户", "面积", "记账日期", "document_no")


def row(*cells: str | None) -> dict[str, str | None]:
    return dict(zip(COLUMNS, cells, strict=True))


GOOD = [
    row("1", "下达", "S", "C", "600000.00", "2021-03-01", "粤自然资〔2021〕1号"),
    row("2", "distribute", "C", "A", "100", "2021年3月2日", None),
    row("1", "allocate", "S", "C", "5", "2021/3/1", "x"),
]


def taken(books: Books, rows: list[dict], sha256: str = "a file", **how) -> TakenIn:
    return take_in(books.database, EVERYWHERE, COLUMNS, rows, sha256=sha256, **how)


def test_rows_are_posted_by_the_column_posting(books: Books) -> None:
    result = taken(books, GOOD)
    assert (result.rows, result.bad_rows) == (3, ())
    assert [len(each.entries) for each in result.postings] == [2, 1]
    assert books.balance("C") == Decimal("599905.00")


def test_without_that_column_all_rows_are_one_posting(books: Books) -> None:
    rows = [{name: cell for name, cell in each.items() if name != "posting"} for each in GOOD]
    result = take_in(books.database, EVERYWHERE, COLUMNS[1:], rows, sha256="x")
    assert len(result.postings) == 1


def test_a_dry_run_stores_nothing(books: Books) -> None:
    assert taken(books, GOOD, dry_run=True).bad_rows == ()
    assert entries(books.database, EntriesWanted()) == []


def test_a_file_is_taken_in_once(books: Books) -> None:
    taken(books, GOOD)
    with pytest.raises(AlreadyExists):
        taken(books, GOOD)
    taken(books, GOOD, sha256="another file")


def test_every_bad_row_is_told_and_nothing_is_stored(books: Books) -> None:
    rows = [
        *GOOD,
        row("3", "distribute", "C", "A", "1,000", "2021-03-01", None),  # 4: a separator
        row("3", "distribute", "C", "nobody", "1", "2021-03-01", None),  # 5
        row("3", "distribute", "C", "A", "9999999", "2021-03-01", None),  # 6
        row("3", "allocate", "S", "C", "1", "2021-03-01", None),  # 7: no document
        row("3", "distribute", "C", "A", "1", "2021-02-30", None),  # 8: no such day
        row("3", None, "C", "A", "1", "2021-03-01", None),  # 9
        row("3", "give", "C", "A", "1", "2021-03-01", None),  # 10
        row("3", "distribute", "C", "A", "1.001", "2021-03-01", None),  # 11
    ]
    result = taken(books, rows)
    assert result.postings == ()
    assert {bad.row: type(bad.mistake) for bad in result.bad_rows} == {
        4: RejectedFeature,
        5: RejectedFeature,
        6: Overdraft,
        7: LedgerRule,
        8: RejectedFeature,
        9: RejectedFeature,
        10: RejectedFeature,
        11: RejectedFeature,
    }
    assert entries(books.database, EntriesWanted()) == []


@pytest.mark.parametrize("columns", [(*COLUMNS, "colour"), (*COLUMNS, "转出账户 ")])
def test_a_column_without_meaning_or_twice_is_refused(
    books: Books, columns: tuple[str, ...]
) -> None:
    with pytest.raises(UnknownProperty):
        take_in(books.database, EVERYWHERE, columns, GOOD, sha256="x")


def test_an_empty_file_and_a_long_one_are_refused(books: Books) -> None:
    with pytest.raises(MissingParameter):
        taken(books, [])
    assert taken(books, GOOD, dry_run=True, most=3).rows == 3
    with pytest.raises(TooLarge):
        taken(books, GOOD, dry_run=True, most=2)
