"""Is the process alive; can it serve. For supervisors and load balancers."""

import json
from dataclasses import asdict

from starlette.responses import Response
from starlette.routing import Route

from geoservice.doors.http.asked import Asked
from geoservice.doors.http.resources import Resource
from geoservice.errors import Unavailable
from geoservice.store import schema


def routes() -> list[Route]:
    """The routes of this file."""
    return [Route("/healthz", Resource(_alive)), Route("/readyz", Resource(_ready))]


def _alive(_asked: Asked) -> Response:
    return _answer({"status": "ok"}, 200)


def _ready(asked: Asked) -> Response:
    """Ready: the database answers, and its schema is the one this version knows."""
    try:
        state = schema.state(asked.service.database)
    except Unavailable as fault:
        return _answer({"status": "unavailable", "database": fault.code}, 503)
    is_current = state.current == state.newest
    return _answer(
        {
            "status": "ready" if is_current else "unavailable",
            "database": "ok",
            "schema": asdict(state),
        },
        200 if is_current else 503,
    )


def _answer(document: object, status: int) -> Response:
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": "5"} if status == 503 else {})
    return Response(json.dumps(document), status, headers, media_type="application/json")
