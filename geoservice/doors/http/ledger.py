"""The quota ledger: accounts, balances, holds and entries for everybody; posting for editors.

Areas are decimal texts in m², so that no client rounds them; 亩 are a text beside them, for people.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geoservice.description.code_list import CodeList
from geoservice.domain.code_lists.quota import (
    QUOTA_ENTRY_TYPE,
    QUOTA_KIND,
    QUOTA_LEVEL,
    QUOTA_PURPOSE,
    QUOTA_STATE,
)
from geoservice.domain.quota_movements import MOVEMENTS, Movement
from geoservice.doors.http import bodies, values
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.editing.answers import Reply, carried_out_once
from geoservice.doors.http.editing.preconditions import require_none
from geoservice.doors.http.editing.request import EditRequest, edit_request
from geoservice.doors.http.features.items import link
from geoservice.doors.http.features.reading import page_size
from geoservice.doors.http.negotiation import HTML, JSON, chosen
from geoservice.doors.http.permission import require_editor
from geoservice.doors.http.presentation import document, page
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.resources import MayWrite, Resource
from geoservice.errors import BadCursor, BadParameter, Malformed, UnknownEntry, UnknownPosting
from geoservice.languages import Text
from geoservice.ledger import balances as ledger
from geoservice.ledger.balances import in_mu
from geoservice.ledger.documents import entries_of, entry_document, entry_of, posting_document
from geoservice.ledger.posting import Entry, Posted, Poster, post_within
from geoservice.questions.asking import today
from geoservice.store.database import Connection
from geoservice.store.ledger import AccountsWanted, EntriesWanted

ACCOUNT_PARAMETERS = ("year", "quota_kind", "level", "town")
BALANCE_PARAMETERS = (*ACCOUNT_PARAMETERS, "as_of", "known_at")
ENTRY_PARAMETERS = ("account", "parcel", "posting", "from", "to", "known_at", "limit", "cursor")
HOLD_PARAMETERS = ("expiring_by", "town")

_SHOWN_IN = ("f", "lang")
_YEARS = (1980, 2100)
_MOST_DIGITS = 18
_REVERSAL_MEMBERS = ("reason", "booked_on", "document_no", "note")

_PARTS = (
    ("accounts", Text(zh="账户", en="Accounts")),
    ("balances", Text(zh="各账户余额", en="Balances of the accounts")),
    ("entries", Text(zh="分录", en="Entries")),
    ("holds", Text(zh="占用中的指标", en="What is held now")),
)


def routes() -> list[Route]:
    """The routes of this file."""
    return [
        Route("/ledger", Resource(_ledger)),
        Route("/ledger/accounts", Resource(_accounts)),
        Route("/ledger/balances", Resource(_balances)),
        Route("/ledger/holds", Resource(_holds)),
        Route("/ledger/entries", Resource(_entries, _posted, may_write=_may_write)),
        Route("/ledger/entries/{entry}/reversal", Resource(post=_reversed, may_write=_may_write)),
        Route("/ledger/postings/{posting}", Resource(_posting)),
    ]


def _may_write(asked: Asked) -> MayWrite:
    return MayWrite(thing=True, caller=asked.principal.may_edit and asked.foreign_page is None)


# Reading


def _ledger(asked: Asked) -> Response:
    """What there is, and what each type of entry moves."""
    require_known(asked.parameters, _SHOWN_IN)
    movements = [_movement(asked, each) for each in MOVEMENTS]
    if chosen(asked, (JSON, HTML)) is HTML:
        return page(asked, "ledger.html", parts=_PARTS, movements=movements)
    links = [
        *_own_links(asked),
        *(
            {
                "rel": f"ledger-{name}",
                "type": JSON.media_type,
                "href": asked.url(f"/ledger/{name}"),
                "title": title.spoken(asked.language),
            }
            for name, title in _PARTS
        ),
    ]
    return document(asked, {"entry_types": movements, "links": links}, JSON.media_type)


def _movement(asked: Asked, movement: Movement) -> dict[str, Any]:
    def side(text: str) -> dict[str, str]:
        level, state = text.split()
        return {"level": level, "state": state}

    return {
        "entry_type": movement.entry_type,
        "title": QUOTA_ENTRY_TYPE.by_code[movement.entry_type].title.spoken(asked.language),
        "from": [side(each) for each in movement.giving],
        "to": [side(each) for each in movement.receiving],
        "requires": list(movement.requires),
        "accepts": list(movement.accepts),
        "quota_rule_kind": movement.rule_kind,
    }


def _accounts(asked: Asked) -> Response:
    """The accounts."""
    require_known(asked.parameters, (*_SHOWN_IN, *ACCOUNT_PARAMETERS))
    found = [asdict(each) for each in ledger.accounts(asked.service.database, _wanted(asked))]
    if chosen(asked, (JSON, HTML)) is HTML:
        return page(asked, "ledger_accounts.html", accounts=found, as_of=None, **_words())
    return document(asked, {"accounts": found, "links": _own_links(asked)}, JSON.media_type)


def _balances(asked: Asked) -> Response:
    """The balances at the end of a day, today unless told, as known at an instant."""
    given = asked.parameters
    require_known(given, (*_SHOWN_IN, *BALANCE_PARAMETERS))
    as_of = _day(given, "as_of") or today(asked.service.region)
    known_at = _known_at(given)
    found = [
        {**asdict(each), "balance_m2": str(each.balance_m2), "balance_mu": in_mu(each.balance_m2)}
        for each in ledger.balances(asked.service.database, as_of, _wanted(asked), known_at)
    ]
    if chosen(asked, (JSON, HTML)) is HTML:
        return page(asked, "ledger_accounts.html", accounts=found, as_of=as_of, **_words())
    content = {
        "as_of": as_of.isoformat(),
        "known_at": known_at.isoformat() if known_at else None,
        "balances": found,
        "links": _own_links(asked),
    }
    return document(asked, content, JSON.media_type)


def _holds(asked: Asked) -> Response:
    """What is held now, first what expires first."""
    given = asked.parameters
    require_known(given, (*_SHOWN_IN, *HOLD_PARAMETERS))
    expiring_by = _day(given, "expiring_by")
    found = [
        {**asdict(each), "expires_on": each.expires_on.isoformat(), "held_m2": str(each.held_m2)}
        for each in ledger.holds(asked.service.database, expiring_by, given.get("town"))
    ]
    if chosen(asked, (JSON, HTML)) is HTML:
        return page(asked, "ledger_holds.html", holds=found)
    return document(asked, {"holds": found, "links": _own_links(asked)}, JSON.media_type)


def _entries(asked: Asked) -> Response:
    """Entries in the order of posting, page by page."""
    given = asked.parameters
    require_known(given, (*_SHOWN_IN, *ENTRY_PARAMETERS))
    is_page = chosen(asked, (JSON, HTML)) is HTML
    limit = page_size(given, asked.service.limits, for_people=is_page)
    found = ledger.entries(asked.service.database, _wanted_entries(given), limit + 1)
    following = asked.this_url(cursor=found[limit - 1].entry_no) if len(found) > limit else None
    return _listed(asked, found[:limit], following)


def _posting(asked: Asked) -> Response:
    """The entries that were posted together."""
    require_known(asked.parameters, _SHOWN_IN)
    text = asked.path_parameter("posting")
    try:
        id = UUID(text)
    except ValueError as wrong:
        raise UnknownPosting(value=text) from wrong
    return _listed(asked, ledger.posting(asked.service.database, id), None, posting=str(id))


def _listed(
    asked: Asked, found: Sequence[Posted], following: str | None, posting: str | None = None
) -> Response:
    shown = [entry_document(each) for each in found]
    if chosen(asked, (JSON, HTML)) is HTML:
        return page(
            asked,
            "ledger_entries.html",
            entries=shown,
            next_url=following,
            posting=posting,
            **_words(),
        )
    links = _own_links(asked)
    if following is not None:
        links.append(link(asked, "next", following, JSON))
    content: dict[str, Any] = {"posting": posting} if posting else {}
    return document(asked, {**content, "entries": shown, "links": links}, JSON.media_type)


def _own_links(asked: Asked) -> list[dict[str, str]]:
    return [
        link(asked, "self", asked.this_url(), JSON),
        link(asked, "alternate", asked.this_url(f=HTML.id), HTML),
    ]


def _words() -> dict[str, Mapping[str, Text]]:
    """The meanings of codes on the pages."""

    def titles(codes: CodeList) -> dict[str, Text]:
        return {each.code: each.title for each in codes}

    return {
        "types": titles(QUOTA_ENTRY_TYPE),
        "kinds": titles(QUOTA_KIND),
        "levels": titles(QUOTA_LEVEL),
        "purposes": titles(QUOTA_PURPOSE),
        "states": titles(QUOTA_STATE),
    }


# Parameters


def _wanted(asked: Asked) -> AccountsWanted:
    given = asked.parameters
    least, most = _YEARS
    year = given.get("year")
    return AccountsWanted(
        year=None
        if year is None
        else values.whole_number("year", year, minimum=least, maximum=most),
        quota_kind=_code(given, "quota_kind", QUOTA_KIND),
        level=_code(given, "level", QUOTA_LEVEL),
        town=given.get("town"),
    )


def _code(given: Mapping[str, str], name: str, codes: CodeList) -> str | None:
    code = given.get(name)
    if code is not None and code not in codes:
        raise BadParameter(name=name, value=code, allowed=[each.code for each in codes])
    return code


def _wanted_entries(given: Mapping[str, str]) -> EntriesWanted:
    cursor, posting = given.get("cursor"), given.get("posting")
    if cursor is not None and not _is_number(cursor):
        raise BadCursor(value=cursor)
    try:
        id = None if posting is None else UUID(posting)
    except ValueError as wrong:
        raise BadParameter(name="posting", value=posting, allowed="UUID") from wrong
    return EntriesWanted(
        account=given.get("account"),
        parcel=given.get("parcel"),
        posting=id,
        since=_day(given, "from"),
        until=_day(given, "to"),
        known_at=_known_at(given),
        after=int(cursor) if cursor is not None else 0,
    )


def _day(given: Mapping[str, str], name: str) -> date | None:
    return values.day(name, given[name]) if name in given else None


def _known_at(given: Mapping[str, str]) -> datetime | None:
    return values.instant("known_at", given["known_at"]) if "known_at" in given else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


# Posting


async def _posted(asked: Asked, request: Request) -> Response:
    """Entries, all of them or none."""
    require_editor(asked)
    limit = asked.service.limits.max_json_body
    body = await bodies.whole(request, ("application/json",), limit)
    return await run_in_threadpool(_carried_out, asked, body, _given_entries)


async def _reversed(asked: Asked, request: Request) -> Response:
    """The reversal of an entry, booked today unless the body says another day."""
    require_editor(asked)
    limit = asked.service.limits.max_json_body
    body = await bodies.whole(request, ("application/json",), limit)
    return await run_in_threadpool(_carried_out, asked, body, _given_reversal)


def _given_entries(_asked: Asked, content: Mapping[str, Any]) -> list[Entry]:
    _require_members(content, ("reason", "entries"))
    return entries_of(content.get("entries"))


def _given_reversal(asked: Asked, content: Mapping[str, Any]) -> list[Entry]:
    _require_members(content, _REVERSAL_MEMBERS)
    text = asked.path_parameter("entry")
    if not _is_number(text):
        raise UnknownEntry(value=text)
    given = {"booked_on": today(asked.service.region).isoformat(), **content}
    given.pop("reason", None)
    for name, value in given.items():
        if not isinstance(value, str):
            raise _malformed(f"{name} 须为文本", f"{name} must be a text")
    return [entry_of({**given, "entry_type": "reverse", "reverses": text})]


def _carried_out(
    asked: Asked,
    body: bytes,
    entries: Callable[[Asked, Mapping[str, Any]], list[Entry]],
) -> Response:
    require_none(asked)
    content = bodies.decoded(body)
    reason = content.get("reason")
    if not isinstance(reason, str | None):
        raise _malformed("reason 须为文本", "reason must be a text")
    asking = edit_request(asked, require_editor(asked), reason)
    most = asked.service.limits.max_tx_operations

    def carry_out(connection: Connection) -> Reply:
        posting = post_within(
            connection,
            _poster(asking),
            entries(asked, content),
            dry_run=asking.dry_run,
            most=most,
        )
        shown = posting_document(posting, dry_run=asking.dry_run)
        if asking.dry_run:
            return Reply(200, document=shown)
        location = f"{asked.base}/ledger/postings/{posting.id}"
        return Reply(201, {"Location": location}, shown)

    return carried_out_once(asked, asking, body, carry_out)


def _poster(asking: EditRequest) -> Poster:
    author = asking.author
    return Poster(name=author.name, door=author.door, reason=author.reason, towns=author.towns)


def _require_members(content: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in content:
        if name not in known:
            allowed = ", ".join(known)
            raise _malformed(
                f"不认识的成员“{name}”；可用：{allowed}",
                f"unknown member “{name}”; allowed: {allowed}",
            )


def _malformed(zh: str, en: str) -> Malformed:
    return Malformed(name=bodies.NAME, reason=Text(zh=zh, en=en))
