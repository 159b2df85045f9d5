"""What holds for every request: its id, its limits, safe headers, one line in the log, no surprises.

The only place that catches whatever may happen.
"""

import json
import logging
import time
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geoservice.doors.http import credentials, refusals
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.service import Service
from geoservice.doors.http.wfs.calls import PATH as WFS_PATH
from geoservice.errors import (
    GeoserviceError,
    Malformed,
    TooLarge,
    UnsupportedMediaType,
    UrlTooLong,
)
from geoservice.languages import Text
from geoservice.settings import Limits

_access = logging.getLogger("geoservice.access")
_faults = logging.getLogger("geoservice.faults")

_CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", _CONTENT_POLICY.encode()),
    (b"referrer-policy", b"same-origin"),
)
# No request carries a cookie, and a page of another site gets what is public unless it brings a key
# of its own: any page may read it.
_SHARED: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Link, ETag, Content-Crs, Content-Language, OGC-NumberMatched, OGC-NumberReturned, Retry-After, "
        b"Preference-Applied, X-Tile-Reduced",
    ),
)
_MULTIPART_OVERHEAD = 65_536


class Guard:
    """The outermost layer of the service."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, and account for it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        scope.setdefault("state", {})["request_id"] = uuid4().hex
        depends_on_origin = self._service.settings.anonymous_role != "public"
        sent = _Sent(send, scope, depends_on_origin=depends_on_origin)
        try:
            self._require_readable(scope)
            _without_last_slash(scope)
            await self._app(scope, receive, sent)
        except GeoserviceError as mistake:
            answer = refusals.response(mistake, Asked(self._service, scope))
            await answer(scope, receive, sent)
        except Exception:
            _faults.exception("request %s failed", scope["state"]["request_id"])
            if sent.status is not None:
                raise  # the answer has begun: the server cuts the connection
            answer = refusals.internal(Asked(self._service, scope))
            await answer(scope, receive, sent)
        finally:
            _log(scope, sent, time.perf_counter() - begun)

    def _require_readable(self, scope: Scope) -> None:
        limits = self._service.limits
        raw_path = scope.get("raw_path") or scope["path"].encode()
        length = len(raw_path) + len(scope.get("query_string", b""))
        if length > limits.max_url_bytes:
            raise UrlTooLong(limit_name="max_url_bytes", actual=length, limit=limits.max_url_bytes)
        _require_text(raw_path)
        for name, value in scope["headers"]:
            if name == b"content-length":
                _require_length(value, *_longest_body(scope["path"].rstrip("/"), limits))
            elif name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
                raise UnsupportedMediaType(
                    name="Content-Encoding", value=value.decode("latin-1"), allowed=["identity"]
                )


def _longest_body(path: str, limits: Limits) -> tuple[str, int]:
    """The limit of a body by its name, and in bytes."""
    if path == "/imports":
        return "max_upload", limits.max_upload + _MULTIPART_OVERHEAD
    if path == WFS_PATH:
        return "max_xml_body", limits.max_xml_body
    return "max_json_body", limits.max_json_body


def _require_text(raw_path: bytes) -> None:
    try:
        text = unquote_to_bytes(raw_path).decode()
    except UnicodeDecodeError as wrong:
        reason = Text(zh="不是 UTF-8", en="it is not UTF-8")
        raise Malformed(name=Text(zh="路径", en="the path"), reason=reason) from wrong
    if "\0" in text:
        reason = Text(zh="含有空字符（NUL）", en="it contains a NUL character")
        raise Malformed(name=Text(zh="路径", en="the path"), reason=reason)


def _require_length(value: bytes, limit_name: str, limit: int) -> None:
    if not value.isdigit():
        raise Malformed(name="Content-Length", reason=value.decode("latin-1"))
    if int(value) > limit:
        raise TooLarge(limit_name=limit_name, actual=int(value), limit=limit)


def _without_last_slash(scope: Scope) -> None:
    """`/collections/` is `/collections`; a redirect would have to guess the public address."""
    path = scope["path"]
    if len(path) > 1 and path.endswith("/"):
        scope["path"] = path.rstrip("/") or "/"


class _Sent:
    """The way out: adds headers, remembers what was sent."""

    def __init__(self, send: Send, scope: Scope, *, depends_on_origin: bool) -> None:
        self._send = send
        self._shared = scope["method"] in credentials.READING
        self._is_private = credentials.may_carry_key(scope)
        self._depends_on_origin = depends_on_origin
        self._request_id = scope["state"]["request_id"].encode()
        self.status: int | None = None
        self.size = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {
                **message,
                "headers": [*message["headers"], *self._added(message["headers"])],
            }
        elif message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
        await self._send(message)

    def _added(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        there = {name.lower() for name, _ in headers}
        added = [header for header in _HEADERS if header[0] not in there]
        added.append((b"x-request-id", self._request_id))
        if self._is_private and b"cache-control" not in there:
            added.append((b"cache-control", b"private"))
        if self._depends_on_origin:
            added.append((b"vary", b"Origin"))
        return [*added, *_SHARED] if self._shared else added


def _log(scope: Scope, sent: _Sent, seconds: float) -> None:
    """One line of JSON, in which no control character survives; values of parameters stay out."""
    if not _access.isEnabledFor(logging.INFO):
        return
    client = scope.get("client")
    _access.info(
        json.dumps(
            {
                "request_id": scope["state"]["request_id"],
                "client": client[0] if client else None,
                "user": scope["state"].get("user"),
                "method": scope["method"],
                "path": scope["path"][:1000],
                "status": sent.status,
                "bytes": sent.size,
                "ms": round(seconds * 1000, 1),
            }
        )
    )
