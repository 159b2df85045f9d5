"""Locks that stand: shown to editors, ended by whoever owns them or by an administrator.

They are taken by the WFS (LockFeature, GetFeatureWithLock) and bind every door.
"""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geoservice.access.principal import Role
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.features.items import link
from geoservice.doors.http.negotiation import JSON, chosen
from geoservice.doors.http.permission import require_editor
from geoservice.doors.http.presentation import document
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.resources import MayWrite, Resource
from geoservice.editing.locks import lock_id, release, standing_locks

_PARAMETERS = ("f", "lang")


def routes() -> list[Route]:
    """The routes of this file."""
    return [
        Route("/locks", Resource(_list)),
        Route("/locks/{lock}", Resource(delete=_delete, may_write=_may_write)),
    ]


def _may_write(asked: Asked) -> MayWrite:
    return MayWrite(thing=True, caller=asked.principal.may_edit and asked.foreign_page is None)


def _list(asked: Asked) -> Response:
    """The locks that bind now; an editor sees their own, an administrator all."""
    require_known(asked.parameters, _PARAMETERS)
    owner = _owner(asked)
    chosen(asked, (JSON,))
    rows = standing_locks(asked.service.database)
    found: list[dict[str, Any]] = [
        {
            "id": str(row.id),
            "owner": row.owner,
            "created_at": row.created_at.isoformat(),
            "expires_at": row.expires_at.isoformat(),
            "features": row.features,
        }
        for row in rows
        if owner in (None, row.owner)
    ]
    links = [link(asked, "self", asked.this_url(), JSON)]
    return document(asked, {"locks": found, "links": links}, JSON.media_type)


async def _delete(asked: Asked, _request: Request) -> Response:
    """End a lock before its time."""
    return await run_in_threadpool(_released, asked)


def _released(asked: Asked) -> Response:
    require_known(asked.parameters, _PARAMETERS)
    owner = _owner(asked)
    release(asked.service.database, lock_id(asked.path_parameter("lock")), owner=owner)
    return Response(status_code=204)


def _owner(asked: Asked) -> str | None:
    """Whose locks somebody may see and end; None is everybody's."""
    principal = require_editor(asked)
    return None if principal.role >= Role.ADMIN else principal.name
