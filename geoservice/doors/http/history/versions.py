"""The versions of a feature: listed, shown as they were, and restored (relations of RFC 5829).

Who changed something and why is for those who see what is private: officials have names.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geoservice.description.collection import Collection
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.downloads import GEOJSON, shown_name
from geoservice.doors.http.editing.features import changed, may_write
from geoservice.doors.http.features import reading
from geoservice.doors.http.features.ids import feature_id, versions_path
from geoservice.doors.http.features.items import link
from geoservice.doors.http.features.reading import page_size
from geoservice.doors.http.history import pages as history_pages
from geoservice.doors.http.negotiation import HTML, JSON, chosen
from geoservice.doors.http.permission import require_editor
from geoservice.doors.http.presentation import VARY, document, plainly_escaped
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.resources import Resource
from geoservice.editing.operations import Operation, Restore
from geoservice.errors import BadCursor, UnknownFeature, UnknownVersion
from geoservice.query.query import Query
from geoservice.store import history
from geoservice.store.database import Row

LIST_PARAMETERS = ("f", "lang", "limit", "cursor")
VERSION_PARAMETERS = ("f", "lang", "crs", "properties", "skipGeometry")
_MOST_DIGITS = 9


def routes() -> list[Route]:
    """The routes of this file."""
    path = "/collections/{collection}/items/{feature}/versions"
    restoring = Resource(post=_post_restore, may_write=may_write)
    return [
        Route(path, Resource(_versions)),
        Route(path + "/{version}", Resource(_version)),
        Route(path + "/{version}/restore", restoring),
    ]


def _versions(asked: Asked) -> Response:
    """All versions of a feature that is there or was, newest first."""
    require_known(asked.parameters, LIST_PARAMETERS)
    collection, uid = _named(asked)
    is_page = chosen(asked, (JSON, HTML)) is HTML
    limit = page_size(asked.parameters, asked.service.limits, for_people=is_page)
    before = _cursor(asked)
    query = Query() if is_page else Query(properties=(), geometry=False)
    # One more than are shown: it tells whether there are others, and what the last has changed.
    found = asked.service.database.rows(
        history.feature_versions(collection, query, uid, limit=limit + 1, before=before)
    )
    if not found and before is None:
        raise UnknownFeature(collection=collection.id, value=str(uid))
    shown = found[:limit]
    following = asked.this_url(cursor=shown[-1].version) if len(found) > limit else None
    if is_page:
        return history_pages.versions(asked, collection, uid, found, limit, following)
    links = [
        link(asked, "self", asked.this_url(), JSON),
        link(asked, "alternate", asked.this_url(f=HTML.id), HTML),
        *_latest(asked, collection, uid, found if before is None else ()),
    ]
    if following is not None:
        links.append(link(asked, "next", following, JSON))
    content = {
        "collection": collection.id,
        "id": str(uid),
        "versions": [_described(asked, collection, uid, row) for row in shown],
        "links": links,
    }
    return document(asked, content, JSON.media_type)


def _version(asked: Asked) -> Response:
    """A feature as it was."""
    collection, uid = _named(asked)
    require_known(asked.parameters, VERSION_PARAMETERS)
    query = reading.feature_query(collection, asked.parameters, asked.service)
    representation = chosen(asked, (GEOJSON, HTML))
    number = _number(asked, collection, uid)
    around = asked.service.database.rows(
        history.feature_versions(collection, query, uid, limit=2, before=number + 1)
    )
    if not around or around[0].version != number:
        raise UnknownVersion(collection=collection.id, value=str(uid), version=number)
    if representation is HTML:
        return history_pages.version(asked, collection, uid, around)
    return _geojson(asked, collection, uid, query, around[0])


def _geojson(asked: Asked, collection: Collection, uid: UUID, query: Query, row: Row) -> Response:
    path = versions_path(collection.id, uid)
    links = [
        link(asked, "self", asked.this_url(), GEOJSON),
        link(asked, "alternate", asked.this_url(f=HTML.id), HTML),
        link(asked, "version-history", asked.url(path), JSON),
    ]
    if row.version > 1:
        links.append(_to_version(asked, "predecessor-version", path, row.version - 1))
    if row.operation == "update":
        links.append(_to_version(asked, "successor-version", path, row.version + 1))
    about = {**_about(asked, row), "links": links}
    feature = plainly_escaped(row.feature.encode())
    beside = plainly_escaped(json.dumps(about, ensure_ascii=False).encode())
    body = feature[:-1] + b"," + beside[1:]
    headers = {
        "Content-Crs": f"<{shown_name(query)}>",
        "Content-Language": asked.language,
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:24]}"',
        "Vary": VARY,
        "Link": ", ".join(f'<{each["href"]}>; rel="{each["rel"]}"' for each in links),
    }
    return Response(body, headers=headers, media_type=GEOJSON.media_type)


async def _post_restore(asked: Asked, _request: Request) -> Response:
    """A version becomes the newest one again; nothing of the history is changed."""
    require_editor(asked)

    def restore(collection: Collection, uid: UUID, version: int | None) -> Operation:
        number = _number(asked, collection, uid)
        return Restore(collection=collection, which=uid, to_version=number, version=version)

    return await run_in_threadpool(changed, asked, b"", restore)


def _described(asked: Asked, collection: Collection, uid: UUID, row: Row) -> dict[str, Any]:
    path = f"{versions_path(collection.id, uid)}/{row.version}"
    return {**_about(asked, row), "links": [link(asked, "version", asked.url(path), GEOJSON)]}


def _about(asked: Asked, row: Row) -> dict[str, Any]:
    """When a version was recorded, by which change, and how it ended."""
    sees_names = asked.principal.sees_private
    about: dict[str, Any] = {
        "version": row.version,
        "recorded_from": row.recorded_at.isoformat(),
        "recorded_to": row.superseded_at.isoformat() if row.superseded_at else None,
        "ended_by": row.operation,
        "change": _change(row.change_id, row.actor, row.door, row.reason, sees_names),
    }
    if row.operation == "delete":
        ended = (row.ended_actor, row.ended_door, row.ended_reason)
        about["ending_change"] = _change(row.ended_by, *ended, sees_names)
    return about


def _change(id: int, actor: str, door: str, reason: str | None, sees_names: bool) -> dict[str, Any]:
    names = {"author": actor, "reason": reason} if sees_names else {}
    return {"id": id, "door": door, **names}


def _latest(
    asked: Asked, collection: Collection, uid: UUID, found: Sequence[Row]
) -> list[dict[str, str]]:
    """The link to the feature as it is now, if it is there."""
    if not found or found[0].superseded_at is not None:
        return []
    now = asked.url(f"/collections/{collection.id}/items/{uid}")
    return [link(asked, "latest-version", now, GEOJSON)]


def _to_version(asked: Asked, rel: str, path: str, number: int) -> dict[str, str]:
    return link(asked, rel, asked.url(f"{path}/{number}"), GEOJSON)


def _named(asked: Asked) -> tuple[Collection, UUID]:
    collection = asked.collection(asked.path_parameter("collection"))
    return collection, feature_id(collection, asked.path_parameter("feature"))


def _number(asked: Asked, collection: Collection, uid: UUID) -> int:
    text = asked.path_parameter("version")
    if not _is_number(text):
        raise UnknownVersion(collection=collection.id, value=str(uid), version=text)
    return int(text)


def _cursor(asked: Asked) -> int | None:
    text = asked.parameters.get("cursor")
    if text is None:
        return None
    if not _is_number(text):
        raise BadCursor(value=text)
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
