"""`geoservice ledger`: accounts, balances, entries, posting, and tables taken in."""

import json
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from geoservice.doors.command_line.application import application
from tests.ledger.books import Books, entry, hold

HEAD = (
    "posting",
    "entry_type",
    "from_account",
    "to_account",
    "amount_m2",
    "booked_on",
    "document_no",
)
ROWS = [
    ("1", "下达", "S", "C", "600000.00", "2021-03-01", "粤自然资〔2021〕1号"),
    ("2", "distribute", "C", "A", "100.50", "2021-03-02", ""),
]


@pytest.fixture(autouse=True)
def the_database(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOSERVICE_DATABASE_URL", books.database.url)


@pytest.fixture
def books(database) -> Books:
    books = Books(database)
    books.open()
    return books


def typed(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(application, ["ledger", *words])
    return done.exit_code, done.stdout, done.stderr


def shown(*words: str):
    code, output, errors = typed(*words, "--json")
    assert code == 0, errors
    return json.loads(output)


def csv(folder: Path, *rows: tuple[str, ...]) -> str:
    path = folder / "entries.csv"
    path.write_text("\n".join(",".join(row) for row in (HEAD, *rows)), encoding="utf-8")
    return str(path)


def balance(account: str, *words: str) -> str:
    (found,) = [each for each in shown("balances", *words) if each["account_no"] == account]
    return found["balance_m2"]


def test_a_csv_file_is_posted_once(tmp_path: Path) -> None:
    file = csv(tmp_path, *ROWS)
    assert shown("import", file, "--dry-run")["rows"] == 2
    assert shown("entries") == []
    assert len(shown("import", file)["postings"]) == 2
    code, _, errors = typed("import", file, "--json")
    assert (code, json.loads(errors)["code"]) == (5, "already-exists")
    assert (balance("C"), balance("C", "--as-of", "2021-03-01")) == ("599899.50", "600000.00")


def test_a_workbook_is_posted_with_its_numbers_and_days(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (HEAD, ("1", "allocate", "S", "C", 600000, "2021-03-01", "x")):
        book.active.append(row)
    book.save(tmp_path / "entries.xlsx")
    shown("import", str(tmp_path / "entries.xlsx"))
    assert balance("C") == "600000.00"


def test_bad_rows_are_all_told_and_nothing_is_stored(tmp_path: Path) -> None:
    bad = ("2", "distribute", "C", "A", "999999999", "2021-03-02", "")
    worse = ("2", "distribute", "C", "nobody", "1", "2021-03-02", "")
    file = csv(tmp_path, *ROWS, bad, worse)
    code, output, _ = typed("import", file, "--json")
    assert code == 4
    assert [(each["row"], each["code"]) for each in json.loads(output)["mistakes"]] == [
        (3, "overdraft"),
        (4, "rejected-feature"),
    ]
    code, _, errors = typed("import", file)
    assert code == 4
    assert "第 3 行" in errors
    assert shown("entries") == []


def test_entries_are_posted_from_json_and_reversed(tmp_path: Path) -> None:
    file = tmp_path / "posting.json"
    entries = [dict(zip(HEAD[1:], ROWS[0][1:], strict=True))]
    file.write_text(json.dumps({"reason": "test", "entries": entries}), encoding="utf-8")
    assert shown("post", str(file), "--dry-run")["change"] is None
    assert shown("post", str(file))["entries"][0]["entry_no"] == 1
    (back,) = shown("reverse", "1", "--booked-on", "2021-04-01")["entries"]
    assert (back["reverses"], back["from_account"]) == (1, "C")
    code, _, errors = typed("reverse", "1", "--json")
    assert (code, json.loads(errors)["code"]) == (5, "already-reversed")
    file.write_text("{", encoding="utf-8")
    assert typed("post", str(file))[0] == 4


def test_a_statement_of_account_has_its_balance(books: Books) -> None:
    books.allocated("100")
    books.post(entry("distribute", "C", "A", "40"))
    assert [each["balance_m2"] for each in shown("entries", "--account", "C")] == [
        "100.00",
        "60.00",
    ]
    assert shown("entries", "--account", "C", "--from", "2022-01-01") == []
    code, _, errors = typed("entries", "--account", "X", "--json")
    assert (code, json.loads(errors)["code"]) == (3, "unknown-account")


def test_holds_accounts_and_the_check_are_shown(books: Books) -> None:
    books.allocated("100")
    books.parcel("P1")
    books.post(entry("distribute", "C", "A", "40"), hold("P1", "30"))
    assert [each["held_m2"] for each in shown("holds", "--expiring-by", "2025-12-31")] == ["30.00"]
    assert shown("holds", "--expiring-by", "2025-12-30") == []
    assert {each["year"] for each in shown("accounts", "--year", "2022")} == {2022}
    assert shown("check") == []
    assert typed("check")[0] == 0
    for words in (("balances",), ("accounts",), ("entries",), ("holds",)):
        assert typed(*words)[0] == 0
