"""A resource: which methods a path has, each run where it belongs, all others refused with `Allow`.

Reading methods are plain functions and run in a thread of the service, because the database driver
blocks; files are streamed in other threads, so that a download keeps nobody waiting. HEAD
answers like GET without its body. OPTIONS names the methods that whoever asks may use: desktop
clients ask that way whether a layer can be edited, and show it as read-only if not.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from functools import partial

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from geoservice.access.principal import Principal
from geoservice.doors.http import credentials
from geoservice.doors.http.asked import Asked
from geoservice.errors import MethodNotAllowed

Reader = Callable[[Asked], Response]
Taker = Callable[[Asked, Request], Awaitable[Response]]

_SHARED = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "Accept, Accept-Language, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


@dataclass(frozen=True)
class MayWrite:
    """Whether a thing can be changed, and whether whoever asks may change it."""

    thing: bool
    caller: bool


class Resource:
    """What a path answers. Methods that take a body read it themselves and block only in threads.

    `may_write` tells whether the thing behind a path can be changed at all, and whether whoever asks
    may do it; without it, everybody may try. What cannot be changed has reading methods only; who
    may not change it is not offered to, and is told why if he tries nevertheless.
    """

    def __init__(
        self,
        get: Reader | None = None,
        post: Taker | None = None,
        *,
        put: Taker | None = None,
        patch: Taker | None = None,
        delete: Taker | None = None,
        may_write: Callable[[Asked], MayWrite] | None = None,
    ) -> None:
        self._get = get
        given = {"POST": post, "PUT": put, "PATCH": patch, "DELETE": delete}
        self._takers = {name: taker for name, taker in given.items() if taker is not None}
        self._may_write = may_write
        self._reading = (*(("GET", "HEAD") if get else ()), "OPTIONS")
        self.allowed = (*self._reading, *self._takers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; first of all, a key that it carries must be right."""
        asked = Asked(scope["app"].state.service, scope)
        in_thread = partial(asyncio.get_running_loop().run_in_executor, asked.service.threads)
        if asked.method in ("GET", "HEAD") and self._get is not None:
            answer = await in_thread(_read, self._get, asked)
            if asked.method == "HEAD":
                send = _without_body(send)
        elif asked.method in self._takers:
            may_write = await in_thread(self._asked_to_write, asked)
            if not may_write.thing:
                raise MethodNotAllowed(value=asked.method, allowed=list(self._reading))
            answer = await self._takers[asked.method](asked, Request(scope, receive, send))
        elif asked.method == "OPTIONS":
            answer = await in_thread(self._options, asked)
        else:
            raise MethodNotAllowed(value=asked.method, allowed=list(self.allowed))
        await answer(scope, receive, send)

    def _asked_to_write(self, asked: Asked) -> MayWrite:
        _known(asked)
        return self._may_write(asked) if self._may_write else MayWrite(thing=True, caller=True)

    def _options(self, asked: Asked) -> Response:
        """The methods for whoever asks. A browser asks so before it sends what a script wants."""
        wanted = asked.headers.get("access-control-request-method", "")
        if wanted in ("GET", "HEAD"):
            return Response(status_code=204, headers={"Allow": ", ".join(self.allowed), **_SHARED})
        may_write = self._asked_to_write(asked)
        offered = self.allowed if may_write.thing and may_write.caller else self._reading
        return Response(
            status_code=204,
            headers={"Allow": ", ".join(offered), "Vary": credentials.VARIES_BY},
        )


def _known(asked: Asked) -> Principal:
    return asked.principal


def _read(get: Reader, asked: Asked) -> Response:
    _known(asked)
    return get(asked)


def _without_body(send: Send) -> Send:
    async def head_only(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return head_only


class Streamed(Response):
    """Blocks as they come, in constant memory.

    The first block is made before the status is sent, so that a mistake found by then has its own
    answer. However the client leaves, the iterator is closed, which gives its connection back.
    A fault in the middle ends the connection without an end of the document.
    """

    def __init__(
        self, blocks: Generator[bytes, None, None], media_type: str, headers: dict[str, str]
    ) -> None:
        super().__init__(headers=headers, media_type=media_type)
        del self.headers["content-length"]
        self._blocks = blocks
        self._first = next(blocks, None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send block by block, each when the one before is gone."""
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            block = None if scope["method"] == "HEAD" else self._first
            while block is not None:
                await send({"type": "http.response.body", "body": block, "more_body": True})
                if await _has_left(receive):
                    return
                block = await run_in_threadpool(next, self._blocks, None)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            # Also when the task is cancelled: the connection must go back.
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(self._blocks.close)


async def _has_left(receive: Receive) -> bool:
    """Whether the client has gone; asks without waiting."""
    message: Message = {"type": ""}
    with anyio.CancelScope() as scope:
        scope.cancel()
        message = await receive()
    return bool(message["type"] == "http.disconnect")
