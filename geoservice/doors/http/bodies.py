"""Request bodies, counted while they are read."""

from collections.abc import Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.types import Message, Receive

from geoservice.errors import Malformed, TooLarge, UnsupportedMediaType
from geoservice.languages import Text

NAME = Text(zh="请求内容", en="the body")


async def json_object(request: Request, limit: int) -> dict[str, Any]:
    """A JSON object; the object in its member `inputs` if that is all it has."""
    content = decoded(await whole(request, ("application/json",), limit))
    inputs = content.get("inputs")
    return inputs if isinstance(inputs, dict) and len(content) == 1 else content


async def whole(
    request: Request, media_types: Sequence[str], limit: int, *, limit_name: str = "max_json_body"
) -> bytes:
    """The body, if it is of one of these media types and no longer than the limit."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in media_types:
        raise UnsupportedMediaType(name="Content-Type", value=kind, allowed=list(media_types))
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > limit:
            raise TooLarge(limit_name=limit_name, actual=len(body), limit=limit)
    return bytes(body)


def decoded(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is.

    The decoder refuses what is no JSON (NaN, numbers that are not finite) and nesting beyond 1024,
    in time proportional to the body.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        reason = Text(zh=f"不是 JSON（{wrong}）", en=f"it is not JSON ({wrong})")
        raise Malformed(name=NAME, reason=reason) from wrong
    if not isinstance(content, dict):
        raise Malformed(name=NAME, reason=Text(zh="应为 JSON 对象", en="it must be a JSON object"))
    return content


def counted(receive: Receive, limit: int, *, limit_name: str = "max_upload") -> Receive:
    """The same body, refused as soon as it is longer than the limit."""
    read = 0

    async def counting() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            raise TooLarge(limit_name=limit_name, actual=read, limit=limit)
        return message

    return counting
