"""Saved answers: listed, saved under a name, shown with their account, refreshed, compared, removed."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from geoservice.access.principal import Role
from geoservice.answers import (
    Author,
    Comparison,
    SavedAnswer,
    compared,
    refresh,
    remove,
    save,
    saved_answer,
    saved_answers,
)
from geoservice.answers.comparison import CHANGES, KINDS
from geoservice.answers.rows import TOLERANCE
from geoservice.crs import CRS84, Crs
from geoservice.description.collection import Collection
from geoservice.doors.http import bodies, query_string, values
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.downloads import GEOJSON
from geoservice.doors.http.features.items import link
from geoservice.doors.http.features.reading import page_size
from geoservice.doors.http.negotiation import HTML, JSON, Representation, chosen
from geoservice.doors.http.permission import require_analyst
from geoservice.doors.http.presentation import VARY, document, page, plainly_escaped
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.questions import figures
from geoservice.doors.http.resources import MayWrite, Resource
from geoservice.doors.http.styles import PROJECT
from geoservice.doors.http.tiles import TILESETS_RELATION
from geoservice.editing.operations import reason_given
from geoservice.errors import BadParameter, MissingParameter
from geoservice.questions import question_called

COMPARISON_PARAMETERS = ("f", "lang", "crs", "limit", "cursor", "with", "known_at")
SAVED_MEMBERS = ("question", "parameters", "title")

_FORM = "application/x-www-form-urlencoded"
_FORM_FIELDS = ("name", "question", "title", "parameters")
_CHANGING_PARAMETERS = ("f", "lang", "reason")
_LONGEST_TITLE = 200


def routes() -> list[Route]:
    """The routes of this file."""
    one = "/answers/{answer}"
    return [
        Route("/answers", Resource(_list, _posted_form, may_write=_may_write)),
        Route(one, Resource(_one, put=_put, delete=_delete, may_write=_may_write)),
        Route(f"{one}/refresh", Resource(post=_post_refresh, may_write=_may_write)),
        Route(f"{one}/comparison", Resource(_comparison)),
    ]


def _may_write(asked: Asked) -> MayWrite:
    return MayWrite(thing=True, caller=asked.principal.sees_private and asked.foreign_page is None)


def _author(asked: Asked) -> Author:
    principal = require_analyst(asked)
    reason = reason_given("reason", asked.parameters.get("reason"))
    return Author(principal.name, asked.door, principal.role >= Role.ADMIN, reason)


# --- reading --------------------------------------------------------------------------------------


def _list(asked: Asked) -> Response:
    """All saved answers, by name."""
    require_known(asked.parameters, ("f", "lang"))
    is_page = chosen(asked, (JSON, HTML)) is HTML
    found = saved_answers(asked.service.database)
    layers = {each.name: asked.service.registry.collection(each.name) for each in found}
    if is_page:
        return page(asked, "answers.html", answers=found, layers=layers)
    content = {
        "answers": [_summary(asked, each, layers[each.name]) for each in found],
        "links": [
            link(asked, "self", asked.this_url(), JSON),
            link(asked, "alternate", asked.this_url(f="html"), HTML),
        ],
    }
    return document(asked, content, JSON.media_type)


def _one(asked: Asked) -> Response:
    """A saved answer: its account as it was given, and where its rows are."""
    require_known(asked.parameters, ("f", "lang"))
    is_page = chosen(asked, (JSON, HTML)) is HTML
    saved = saved_answer(asked.service.database, asked.path_parameter("answer"))
    layer = asked.service.registry.collection(saved.name)
    if not is_page:
        return _described(asked, saved, layer)
    others = [
        each.name
        for each in saved_answers(asked.service.database)
        if each.question == saved.question and each.name != saved.name
    ]
    principal = asked.principal
    may_change = principal.role >= Role.ADMIN or (
        principal.sees_private and principal.name == saved.saved_by
    )
    return page(
        asked,
        "answer.html",
        saved=saved,
        layer=layer,
        account=saved.account(asked.service.region).head(asked.language),
        figures=list(figures(saved.counts)),
        others=others,
        may_change=may_change,
    )


def _described(asked: Asked, saved: SavedAnswer, layer: Collection, **more: object) -> Response:
    content = {
        **saved.account(asked.service.region).head(asked.language),
        "title": layer.title.spoken(asked.language),
        "given": saved.given,
        **_summary(asked, saved, layer),
        **more,
    }
    return document(asked, content, JSON.media_type)


def _summary(asked: Asked, saved: SavedAnswer, layer: Collection) -> dict[str, Any]:
    """What the list tells of a saved answer; who saved it is for those who see names of people."""
    refreshed = saved.refreshed_at
    return {
        "name": saved.name,
        "title": layer.title.spoken(asked.language),
        "question": saved.question,
        "rows": saved.row_count,
        "saved_at": saved.saved_at.isoformat(),
        "refreshed_at": refreshed.isoformat() if refreshed else None,
        **({"saved_by": saved.saved_by} if asked.principal.sees_private else {}),
        "links": _links(asked, saved, layer),
    }


def _links(asked: Asked, saved: SavedAnswer, layer: Collection) -> list[dict[str, str]]:
    own, collection = f"/answers/{saved.name}", f"/collections/{saved.name}"
    links = [
        link(asked, "self", asked.url(own), JSON),
        link(asked, "alternate", asked.url(own, f="html"), HTML),
        link(asked, "collection", asked.url(collection), JSON),
        link(asked, "items", asked.url(f"{collection}/items"), GEOJSON),
        link(asked, "question", asked.url(f"/questions/{saved.question}"), JSON),
        link(asked, "related", asked.url("/qgis/project.qgz"), PROJECT),
    ]
    if layer.geometry is not None:
        links.append(link(asked, TILESETS_RELATION, asked.url(f"{collection}/tiles"), JSON))
    return links


# --- saving, refreshing, removing -----------------------------------------------------------------


async def _put(asked: Asked, request: Request) -> Response:
    """Save under the name of the path: 201, or 200 where `replace` took the place of another."""
    require_analyst(asked)
    limit = asked.service.limits.max_json_body
    body = bodies.decoded(await bodies.whole(request, ("application/json",), limit))
    return await run_in_threadpool(_saved, asked, body)


def _saved(asked: Asked, body: Mapping[str, Any]) -> Response:
    require_known(asked.parameters, (*_CHANGING_PARAMETERS, "replace"))
    require_known(body, SAVED_MEMBERS)
    name = asked.path_parameter("answer")
    replace = values.boolean("replace", asked.parameters.get("replace", "false"))
    asked.service.registry.refresh()
    is_there = name in asked.service.registry.catalog
    saved = _keep(asked, name, body, replace=replace)
    response = _described(asked, saved, asked.service.registry.collection(name))
    if not is_there:
        response.status_code = 201
        response.headers["Location"] = f"{asked.base}/answers/{name}"
    return response


def _keep(asked: Asked, name: str, body: Mapping[str, Any], *, replace: bool) -> SavedAnswer:
    service = asked.service
    question, title = body.get("question"), body.get("title")
    parameters = body.get("parameters", {})
    if not isinstance(question, str):
        raise MissingParameter(name="question", allowed="/questions")
    if not isinstance(parameters, Mapping):
        raise BadParameter(name="parameters", value=str(parameters), allowed="{…}")
    if title is not None and not (isinstance(title, str) and len(title) <= _LONGEST_TITLE):
        allowed = f"≤ {_LONGEST_TITLE}"
        raise BadParameter(name="title", value=str(title), allowed=allowed)
    return save(
        name,
        question_called(question, service.region),
        parameters,
        author=_author(asked),
        database=service.database,
        registry=service.registry,
        region=service.region,
        most_rows=service.limits.max_answer_rows,
        title=title or None,
        replace=replace,
    )


async def _posted_form(asked: Asked, request: Request) -> Response:
    """What the page of a question sends: save, then show what was saved."""
    require_analyst(asked)
    limit = asked.service.limits.max_json_body
    body = await bodies.whole(request, (_FORM,), limit)
    return await run_in_threadpool(_saved_from_form, asked, body)


def _saved_from_form(asked: Asked, body: bytes) -> Response:
    require_known(asked.parameters, _CHANGING_PARAMETERS)
    form = query_string.parsed(body)
    require_known(form, _FORM_FIELDS)
    if not form.get("name"):
        raise MissingParameter(name="name", allowed="a-z, 0-9, _")
    parameters = bodies.decoded(form.get("parameters", "{}").encode())
    saved = _keep(asked, form["name"], {**form, "parameters": parameters}, replace=False)
    return _shown(asked, saved.name)


def _shown(asked: Asked, name: str) -> Response:
    """Send a browser on to the page of a saved answer."""
    language = {"lang": asked.language} if "lang" in asked.parameters else {}
    return RedirectResponse(asked.url(f"/answers/{name}", f="html", **language), status_code=303)


async def _post_refresh(asked: Asked, _request: Request) -> Response:
    return await run_in_threadpool(_refreshed, asked)


def _refreshed(asked: Asked) -> Response:
    """Ask again: what entered, left and changed, and the new account; a browser sees the page."""
    author = _author(asked)
    require_known(asked.parameters, _CHANGING_PARAMETERS)
    representation = chosen(asked, (JSON, HTML))
    service = asked.service
    done = refresh(
        asked.path_parameter("answer"),
        author=author,
        database=service.database,
        registry=service.registry,
        region=service.region,
        most_rows=service.limits.max_answer_rows,
    )
    if representation is HTML:
        return _shown(asked, done.answer.name)
    layer = service.registry.collection(done.answer.name)
    counts = {"entered": done.entered, "left": done.left, "changed": done.changed}
    return _described(asked, done.answer, layer, refresh={"change": done.change_id, **counts})


async def _delete(asked: Asked, _request: Request) -> Response:
    return await run_in_threadpool(_removed, asked)


def _removed(asked: Asked) -> Response:
    """Take a saved answer away, with its collection and history."""
    author = _author(asked)
    require_known(asked.parameters, ("lang",))
    service = asked.service
    name = asked.path_parameter("answer")
    remove(name, author=author, database=service.database, registry=service.registry)
    return Response(status_code=204)


# --- comparing ------------------------------------------------------------------------------------


def _comparison(asked: Asked) -> Response:
    """What has become of another answer, or of an earlier state, in this one."""
    given = asked.parameters
    require_known(given, COMPARISON_PARAMETERS)
    representation = chosen(asked, (JSON, GEOJSON, HTML))
    service = asked.service
    crs = values.crs("crs", given["crs"], service.crs_offered) if "crs" in given else CRS84
    comparison = compared(
        asked.path_parameter("answer"),
        other=given.get("with"),
        known_at=values.instant("known_at", given["known_at"]) if "known_at" in given else None,
        database=service.database,
        registry=service.registry,
        limit=page_size(given, service.limits, for_people=representation is HTML),
        cursor=given.get("cursor"),
        crs=crs,
    )
    cursor = comparison.next_cursor
    following = asked.this_url(cursor=cursor) if cursor else None
    if representation is HTML:
        return _comparison_page(asked, comparison, following)
    return _comparison_document(asked, comparison, following, crs, representation)


def _comparison_document(
    asked: Asked,
    comparison: Comparison,
    following: str | None,
    crs: Crs,
    representation: Representation,
) -> Response:
    links = [
        link(asked, "self", asked.this_url(), representation),
        link(asked, "alternate", asked.this_url(f="html"), HTML),
    ]
    if following is not None:
        links.append(link(asked, "next", following, representation))
    head: dict[str, Any] = {
        **({"type": "FeatureCollection"} if representation is GEOJSON else {}),
        "question": comparison.new.question,
        "old": _side(comparison.old),
        "new": _side(comparison.new),
        "parameters": {
            name: {"old": old, "new": new} for name, (old, new) in comparison.parameters.items()
        },
        "counts": comparison.counts,
        "tolerance": TOLERANCE,
        "numberReturned": comparison.returned,
        "links": links,
    }
    opening = json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1]
    body = f'{opening},"features":['.encode() + comparison.features.encode() + b"]}"
    headers = {
        "Content-Crs": f"<{crs.uri}>",
        "Content-Language": asked.language,
        "Vary": VARY,
    }
    return Response(plainly_escaped(body), headers=headers, media_type=representation.media_type)


def _side(saved: SavedAnswer) -> dict[str, Any]:
    return {
        "name": saved.name,
        "at": saved.at.isoformat(),
        "as_of": saved.parameters.get("as_of"),
        "data_version": saved.data_version,
        "rows": saved.row_count,
    }


def _comparison_page(asked: Asked, comparison: Comparison, following: str | None) -> Response:
    features = json.loads(f"[{comparison.features}]")
    return page(
        asked,
        "answer_comparison.html",
        comparison=comparison,
        kinds=KINDS,
        layer=comparison.layer,
        rows=[each["properties"] for each in features],
        changes=[list(_changes(each["properties"][CHANGES])) for each in features],
        next_url=following,
        tolerance=TOLERANCE,
    )


def _changes(changes: Mapping[str, list[Any]] | None) -> Iterator[tuple[str, Any, Any]]:
    """The changed columns with both values; of a geometry only that it is another."""
    for name, (old, new) in (changes or {}).items():
        yield (name, "", "") if name == "geometry" else (name, old, new)
