"""Request bodies, counted while they are read."""

import json
from typing import Any

from starlette.requests import Request
from starlette.types import Message, Receive

from geoservice.errors import Malformed, TooLarge, UnsupportedMediaType
from geoservice.languages import Text

_NAME = Text(zh="请求内容", en="the body")


async def json_object(request: Request, limit: int) -> dict[str, Any]:
    """A JSON object; the object in its member `inputs` if that is all it has."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise UnsupportedMediaType(name="Content-Type", value=kind, allowed=["application/json"])
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > limit:
            raise TooLarge(limit_name="max_json_body", actual=len(body), limit=limit)
    content = _decoded(bytes(body))
    if not isinstance(content, dict):
        raise Malformed(name=_NAME, reason=Text(zh="应为 JSON 对象", en="it must be a JSON object"))
    inputs = content.get("inputs")
    return inputs if isinstance(inputs, dict) and len(content) == 1 else content


def _decoded(body: bytes) -> Any:
    # A decoder recurses: nesting is bounded before it starts.
    if max(body.count(b"["), body.count(b"{")) > 100_000:
        raise Malformed(name=_NAME, reason=Text(zh="嵌套过多", en="it is nested too often"))
    try:
        return json.loads(body.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as wrong:
        raise Malformed(name=_NAME, reason=Text(zh="不是 JSON", en="it is not JSON")) from wrong


def _refuse(name: str) -> Any:
    raise ValueError(name)


def counted(receive: Receive, limit: int) -> Receive:
    """The same body, refused as soon as it is longer than the limit."""
    read = 0

    async def counting() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            raise TooLarge(limit_name="max_upload", actual=read, limit=limit)
        return message

    return counting
