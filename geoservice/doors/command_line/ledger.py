"""`geoservice ledger`: accounts, balances and entries of the quota ledger; posting and taking in files."""

import hashlib
import json
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoservice.doors.command_line.output import (
    language,
    mistakes_told,
    say,
    show_json,
    show_table,
)
from geoservice.doors.session import Session, opened
from geoservice.errors import BadParameter, RejectedFile, UnreadableFile
from geoservice.languages import Text

if TYPE_CHECKING:
    from geoservice.ledger.posting import Poster, Posting
    from geoservice.ledger.taking_in import TakenIn

_DOOR = "command line"
_SHOWN_ROWS = 20

AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON · JSON output")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只检查，不写入 · Check, store nothing")]
Reason = Annotated[str | None, typer.Option(help="原因，记入历史 · Why; kept in the history")]
Year = Annotated[int | None, typer.Option(help="指标年度 · Year of the quota")]
Kind = Annotated[
    str | None, typer.Option("--kind", help="指标类型代码 · Code of the kind of quota")
]
Town = Annotated[str | None, typer.Option(help="镇街代码 · Code of a town")]
Level = Annotated[str | None, typer.Option(help="层级代码 · Code of the level")]
Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="日终，默认今天 · End of this day")
]
KnownAt = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%dT%H:%M:%S%z"],
        help="当时已记账的 · As posted by then, such as 2021-06-01T00:00:00+0800",
    ),
]

commands = typer.Typer(
    help="指标台账 · The ledger of land quotas",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@commands.command("accounts")
def show_accounts(
    year: Year = None,
    kind: Kind = None,
    town: Town = None,
    level: Level = None,
    as_json: AsJson = False,
) -> None:
    """账户 · The accounts."""
    from geoservice.ledger.balances import accounts
    from geoservice.store.ledger import AccountsWanted

    with mistakes_told(as_json=as_json), opened() as session:
        wanted = AccountsWanted(year=year, quota_kind=kind, level=level, town=town)
        found = [asdict(each) for each in accounts(session.database, wanted)]
        _show(
            "账户 · Accounts",
            found,
            ("account_no", "name", "level", "purpose", "state", "town_code"),
            as_json=as_json,
        )


@commands.command("balances")
def show_balances(
    year: Year = None,
    kind: Kind = None,
    town: Town = None,
    level: Level = None,
    as_of: Day = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """各账户余额 · The balances of the accounts at the end of a day."""
    from geoservice.ledger.balances import balances, in_mu
    from geoservice.store.ledger import AccountsWanted

    with mistakes_told(as_json=as_json), opened() as session:
        wanted = AccountsWanted(year=year, quota_kind=kind, level=level, town=town)
        found = balances(session.database, _day(session, as_of), wanted, known_at)
        rows = [{**asdict(each), "balance_mu": in_mu(each.balance_m2)} for each in found]
        names = ("account_no", "name", "balance_m2", "balance_mu")
        _show("余额 · Balances", rows, names, as_json=as_json)


@commands.command("entries")
def show_entries(
    account: Annotated[str | None, typer.Option(help="账户编号 · Number of an account")] = None,
    parcel: Annotated[str | None, typer.Option(help="地块编号 · Number of a parcel")] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="自该日 · From this day")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="至该日 · To this day")
    ] = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """分录；给出账户时为对账单，含余额 · Entries; of one account as a statement with its balance."""
    from geoservice.ledger.balances import entries, statement_of_account
    from geoservice.store.ledger import EntriesWanted

    first, last = since and since.date(), until and until.date()
    with mistakes_told(as_json=as_json), opened() as session:
        names: tuple[str, ...] = (*_ENTRY, "quota_parcel")
        if account is not None and parcel is None:
            statement = statement_of_account(session.database, account, first, last, known_at)
            rows = [
                {**asdict(line.entry), "change_m2": line.change_m2, "balance_m2": line.balance_m2}
                for line in statement.lines
            ]
            names = (*names, "balance_m2")
        else:
            wanted = EntriesWanted(
                account=account, parcel=parcel, since=first, until=last, known_at=known_at
            )
            rows = [asdict(each) for each in entries(session.database, wanted)]
        _show("分录 · Entries", rows, names, as_json=as_json)


@commands.command("holds")
def show_holds(
    expiring_by: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="在该日前到期 · That expire by this day"),
    ] = None,
    town: Town = None,
    as_json: AsJson = False,
) -> None:
    """占用中的指标 · What is held now, first what expires first."""
    from geoservice.ledger.balances import holds

    with mistakes_told(as_json=as_json), opened() as session:
        by = expiring_by and expiring_by.date()
        found = [asdict(each) for each in holds(session.database, by, town)]
        names = ("expires_on", "parcel_no", "account_no", "held_m2", "entry_no")
        _show("占用 · Holds", found, names, as_json=as_json)


@commands.command()
def check(as_json: AsJson = False) -> None:
    """核对余额、占用与记账是否与分录一致 · Check that all that is kept agrees with the entries.

    退出码 0 一致，4 不一致 · Exit code 0 if it does, 4 if not.
    """
    from geoservice.ledger.balances import disagreements

    with mistakes_told(as_json=as_json), opened() as session:
        found = [asdict(each) for each in disagreements(session.database)]
        if found or as_json:
            names = ("rule", "subject", "expected", "found")
            _show("不一致 · Disagreements", found, names, as_json=as_json)
        else:
            say(Text(zh="台账一致。", en="The ledger agrees with its entries."))
        if found:
            raise typer.Exit(4)


@commands.command()
def post(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help='JSON：{"reason": …, "entries": […]} · JSON file'
        ),
    ],
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """记账：全部写入或全部不写 · Post entries, all of them or none."""
    from geoservice.ledger import posting
    from geoservice.ledger.documents import entries_of

    with mistakes_told(as_json=as_json), opened() as session:
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except (ValueError, UnicodeDecodeError) as wrong:
            raise UnreadableFile(file=file.name, reason=str(wrong)) from wrong
        entries = entries_of(document.get("entries") if isinstance(document, dict) else None)
        poster = _poster(session, reason or document.get("reason"))
        _tell(posting.post(session.database, poster, entries, dry_run=dry_run), as_json=as_json)


@commands.command()
def reverse(
    entry: Annotated[int, typer.Argument(help="分录号 · Number of the entry")],
    booked_on: Day = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """冲正一条分录 · Reverse an entry."""
    from geoservice.ledger.posting import post as posted
    from geoservice.ledger.posting import reversal

    with mistakes_told(as_json=as_json), opened() as session:
        entries = [reversal(entry, _day(session, booked_on))]
        poster = _poster(session, reason)
        _tell(posted(session.database, poster, entries, dry_run=dry_run), as_json=as_json)


@commands.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX")],
    encoding: Annotated[str | None, typer.Option(help="文字编码 · Encoding of texts")] = None,
    layer: Annotated[str | None, typer.Option(help="工作表 · Sheet of a workbook")] = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """从表格记账：全部写入或全部不写 · Post the rows of a table, all of them or none."""
    with mistakes_told(as_json=as_json), opened() as session:
        taken = _taken_in(session, file, encoding, layer, reason, dry_run)
        if as_json:
            show_json(_taken_document(taken))
        else:
            for bad in taken.bad_rows[:_SHOWN_ROWS]:
                row = bad.row if bad.row is not None else "*"
                say(
                    Text(
                        zh=f"第 {row} 行：{bad.mistake.text('zh')}",
                        en=f"row {row}: {bad.mistake.text('en')}",
                    )
                )
        if taken.bad_rows:
            summary = Text(
                zh=f"共 {len(taken.bad_rows)} 处错误", en=f"{len(taken.bad_rows)} mistakes"
            )
            rejected = len({bad.row for bad in taken.bad_rows})
            raise RejectedFile(file=file.name, rejected=rejected, summary=summary)
        if not as_json:
            counts = f"{taken.rows} 条分录，{len(taken.postings)} 个凭证"
            count = f"{taken.rows} entries in {len(taken.postings)} postings"
            if dry_run:
                say(Text(zh=f"{counts}，未写入。", en=f"{count} would be posted."))
            else:
                say(Text(zh=f"{counts}已写入。", en=f"{count} are posted."))


_HEADS = {
    "account_no": "账户 · Account",
    "amount_m2": "m²",
    "balance_m2": "余额 · m²",
    "balance_mu": "亩 · mu",
    "booked_on": "日期 · Day",
    "entry_no": "#",
    "entry_type": "类型 · Type",
    "expires_on": "到期 · Until",
    "from_account": "转出 · From",
    "held_m2": "占用 · m²",
    "level": "层级 · Level",
    "name": "名称 · Name",
    "parcel_no": "地块 · Parcel",
    "purpose": "用途 · Purpose",
    "quota_parcel": "地块 · Parcel",
    "state": "状态 · State",
    "to_account": "转入 · To",
    "town_code": "镇街 · Town",
}

_ENTRY = ("entry_no", "booked_on", "entry_type", "from_account", "to_account", "amount_m2")


def _show(
    title: str, found: list[dict[str, Any]], names: tuple[str, ...], *, as_json: bool
) -> None:
    """All of it for a program, some columns for a person."""
    if as_json:
        show_json([{name: _plain(value) for name, value in row.items()} for row in found])
        return
    heads = [_HEADS.get(name, name) for name in names]
    show_table(title, heads, ([_plain(row[name]) for name in names] for row in found))


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int) else str(value)


def _day(session: Session, given: datetime | None) -> date:
    from geoservice.questions.asking import today

    return given.date() if given else today(session.region)


def _poster(session: Session, reason: str | None) -> "Poster":
    from geoservice.ledger.posting import Poster

    return Poster(name=session.actor, door=_DOOR, reason=reason)


def _tell(posting: "Posting", *, as_json: bool) -> None:
    from geoservice.ledger.documents import posting_document

    dry_run = posting.change_id is None
    if as_json:
        show_json(posting_document(posting, dry_run=dry_run))
        return
    rows = [asdict(each) for each in posting.entries]
    _show("分录 · Entries", rows, (*_ENTRY, "quota_parcel"), as_json=False)
    if dry_run:
        say(Text(zh="只检查，未写入。", en="Checked; nothing was stored."))
    else:
        say(Text(zh=f"凭证 {posting.id} 已写入。", en=f"Posted as {posting.id}."))


def _taken_in(
    session: Session,
    file: Path,
    encoding: str | None,
    layer: str | None,
    reason: str | None,
    dry_run: bool,
) -> "TakenIn":
    from geoservice.files.options import ImportOptions
    from geoservice.files.reading import opened as file_opened
    from geoservice.ledger.taking_in import take_in

    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    with file_opened(file, ImportOptions(encoding=encoding, layer=layer)) as source:
        if not source.is_text:
            raise BadParameter(name="file", value=file.name, allowed="CSV, XLSX")
        return take_in(
            session.database,
            _poster(session, reason),
            source.columns.names,
            (row for batch in source.batches() for row in batch.to_pylist()),
            sha256=digest,
            dry_run=dry_run,
        )


def _taken_document(taken: "TakenIn") -> dict[str, Any]:
    return {
        "rows": taken.rows,
        "postings": [str(each.id) for each in taken.postings],
        "mistakes": [
            {"row": bad.row, "code": bad.mistake.code, "detail": bad.mistake.text(language())}
            for bad in taken.bad_rows
        ],
    }
