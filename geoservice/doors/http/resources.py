"""A resource: which methods a path has, each run where it belongs, all others refused with `Allow`.

Reading methods are plain functions and run in a thread of the service, because the database driver
blocks; files are streamed in other threads, so that a download keeps nobody waiting. HEAD
answers like GET without its body; OPTIONS names every method, because desktop clients ask whether a
layer can be edited that way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from geoservice.doors.http.asked import Asked
from geoservice.errors import MethodNotAllowed

Reader = Callable[[Asked], Response]
Taker = Callable[[Asked, Request], Awaitable[Response]]


class Resource:
    """What a path answers. `post` reads its body itself and runs what blocks in a thread."""

    def __init__(self, get: Reader | None = None, post: Taker | None = None) -> None:
        self._get = get
        self._post = post
        reading = ("GET", "HEAD") if get else ()
        self.allowed = (*reading, "OPTIONS", *(("POST",) if post else ()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asked = Asked(scope["app"].state.service, scope)
        if asked.method in ("GET", "HEAD") and self._get is not None:
            threads = asked.service.threads
            answer = await asyncio.get_running_loop().run_in_executor(threads, self._get, asked)
            if asked.method == "HEAD":
                send = _without_body(send)
        elif asked.method == "POST" and self._post is not None:
            answer = await self._post(asked, Request(scope, receive, send))
        elif asked.method == "OPTIONS":
            answer = self._options(asked)
        else:
            raise MethodNotAllowed(value=asked.method, allowed=list(self.allowed))
        await answer(scope, receive, send)

    def _options(self, asked: Asked) -> Response:
        allow = ", ".join(self.allowed)
        headers = {"Allow": allow}
        if asked.headers.get("access-control-request-method", "") in ("GET", "HEAD"):
            headers["Access-Control-Allow-Methods"] = "GET, HEAD"
            headers["Access-Control-Allow-Headers"] = "Accept, Accept-Language, If-None-Match"
            headers["Access-Control-Max-Age"] = "86400"
        return Response(status_code=204, headers=headers)


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
