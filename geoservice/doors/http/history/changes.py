"""Changes: a batch of edits over several collections, and the list of all that were made.

The list names people, so it is for editors and above.
"""

from collections.abc import Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geoservice.doors.http import bodies, values
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.editing.answers import Reply, answered, described
from geoservice.doors.http.editing.batches import operations_of, reason_of
from geoservice.doors.http.editing.preconditions import require_none
from geoservice.doors.http.editing.request import edit_request
from geoservice.doors.http.features.items import link
from geoservice.doors.http.features.reading import page_size
from geoservice.doors.http.negotiation import HTML, JSON, chosen
from geoservice.doors.http.permission import require_editor
from geoservice.doors.http.presentation import document, page
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.resources import MayWrite, Resource
from geoservice.editing.operations import Outcome
from geoservice.errors import BadCursor, UnknownChange
from geoservice.store import history
from geoservice.store.database import Row
from geoservice.store.history import ChangesWanted

FILTERS = ("actor", "door", "collection", "since", "until")
LIST_PARAMETERS = ("f", "lang", "limit", "cursor", *FILTERS)
_MOST_DIGITS = 18


def routes() -> list[Route]:
    """The routes of this file."""
    return [
        Route("/changes", Resource(_list, _post, may_write=_may_write)),
        Route("/changes/{change}", Resource(_one)),
    ]


def _may_write(asked: Asked) -> MayWrite:
    return MayWrite(thing=True, caller=asked.principal.may_edit and asked.foreign_page is None)


def _list(asked: Asked) -> Response:
    """Changes, newest first."""
    require_editor(asked)
    given = asked.parameters
    require_known(given, LIST_PARAMETERS)
    is_page = chosen(asked, (JSON, HTML)) is HTML
    limit = page_size(asked.parameters, asked.service.limits, for_people=is_page)
    found = asked.service.database.rows(history.change_list(_wanted(asked), limit + 1))
    shown = [_described(row) for row in found[:limit]]
    following = asked.this_url(cursor=shown[-1]["id"]) if len(found) > limit else None
    if is_page:
        filters = {name: given[name] for name in FILTERS if name in given}
        return page(
            asked,
            "changes.html",
            changes=found[:limit],
            next_url=following,
            filters=filters,
            collections=[each.id for each in asked.service.registry.catalog],
        )
    links = [
        link(asked, "self", asked.this_url(), JSON),
        link(asked, "alternate", asked.this_url(f=HTML.id), HTML),
    ]
    if following is not None:
        links.append(link(asked, "next", following, JSON))
    return document(asked, {"changes": shown, "links": links}, JSON.media_type)


def _wanted(asked: Asked) -> ChangesWanted:
    given = asked.parameters
    collection = given.get("collection")
    if collection is not None:
        asked.collection(collection)
    cursor = given.get("cursor")
    if cursor is not None and not _is_number(cursor):
        raise BadCursor(value=cursor)
    return ChangesWanted(
        actor=given.get("actor"),
        door=given.get("door"),
        collection=collection,
        since=values.instant("since", given["since"]) if "since" in given else None,
        until=values.instant("until", given["until"]) if "until" in given else None,
        before=int(cursor) if cursor is not None else None,
    )


def _one(asked: Asked) -> Response:
    """One change."""
    require_editor(asked)
    require_known(asked.parameters, ("f", "lang"))
    text = asked.path_parameter("change")
    representation = chosen(asked, (JSON, HTML))
    rows: Sequence[Row] = ()
    if _is_number(text):
        rows = asked.service.database.rows(history.one_change(int(text)))
    if not rows:
        raise UnknownChange(value=text)
    if representation is HTML:
        return page(asked, "change.html", change=rows[0])
    links = [
        link(asked, "self", asked.this_url(), JSON),
        link(asked, "alternate", asked.this_url(f=HTML.id), HTML),
    ]
    return document(asked, {**_described(rows[0]), "links": links}, JSON.media_type)


def _described(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": row.at.isoformat(),
        "author": row.actor,
        "door": row.door,
        "reason": row.reason,
        "import": str(row.import_id) if row.import_id else None,
        "unconditional": row.is_unconditional,
        "collections": row.collections or [],
    }


async def _post(asked: Asked, request: Request) -> Response:
    """Several operations, all of them or none."""
    require_editor(asked)
    limit = asked.service.limits.max_json_body
    body = await bodies.whole(request, ("application/json",), limit)
    return await run_in_threadpool(_carried_out, asked, body)


def _carried_out(asked: Asked, body: bytes) -> Response:
    require_none(asked)
    batch = bodies.decoded(body)
    asking = edit_request(asked, require_editor(asked), reason_of(batch))

    def reply(outcome: Outcome) -> Reply:
        if outcome.change_id is None:
            return described(outcome, 200)
        location = f"{asked.base}/changes/{outcome.change_id}"
        made = described(outcome, 201)
        return Reply(made.status, {"Location": location}, made.document)

    return answered(asked, asking, body, lambda: operations_of(asked, batch), reply)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
