"""The way to a service: the only file of the client that knows HTTP.

Asks in the user's language, with his key if he has one, and gives what came back whole or raises a
typed error. Idempotent requests are tried again after a fault of the connection and when the service
says that it is busy; what has been handed on in part is never asked for again. Redirections are not
followed, so that nothing but the address's own origin ever gets the key. Knows nothing of
collections, questions and frames.
"""

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import httpx2
import stamina

from geoservice import __version__
from geoservice.client import errors
from geoservice.client.addresses import Parameters, checked_address, is_loopback, query_text
from geoservice.client.cache import Cache, Kept, Place, Wanted
from geoservice.client.credentials import Key, warn_of_exposure
from geoservice.client.progress import Progress, advancement
from geoservice.client.streams import ArrowStream
from geoservice.languages import DEFAULT_LANGUAGE, Language, Text

_KEY_HEADER = "X-API-Key"
_PROBLEM = "application/problem+json"
_ARROW = "application/vnd.apache.arrow.stream"
_LONGEST_PROBLEM = 2**20
_BLOCK_BYTES = 2**18

_ATTEMPTS = 4
_TRIED_WITHIN_S = 90.0
_LONGEST_WAIT_S = 30.0
_FIRST_POLL_S, _LONGEST_POLL_S = 0.2, 2.0

_MADE_BY_JOBS = ("gpkg", "shp", "xlsx")
_ENDED = ("successful", "failed", "dismissed")

_Result = TypeVar("_Result")

_open: "WeakValueDictionary[str, Connection]" = WeakValueDictionary()


@dataclass(frozen=True)
class Sent:
    """What came back: the status, the header fields, and the content.

    `content` is parsed if it is JSON of any kind, else bytes; None if there is none.
    """

    status: int
    headers: Mapping[str, str]
    content: Any


class Connection:
    """A way to one service.

    Args:
        address: `http(s)://host[:port][/path]` of the service; without a key, query or fragment.
        language: in which the service speaks.
        key: whose rights count; None for those of everybody.
        timeout_s: how long the service may be silent.
        cache: where answers are kept to be asked for again: "session", "disk" or "off".
        progress: whether bars are shown, or a function that is told; None shows them where somebody
            looks on.
        transport: something that answers in place of the network.

    Raises:
        BadAddress: the address is not one, or carries what does not belong in it.
    """

    def __init__(
        self,
        address: str,
        *,
        language: Language = DEFAULT_LANGUAGE,
        key: str | None = None,
        timeout_s: float = 60,
        cache: Place = "session",
        progress: bool | Progress | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.address = checked_address(address, language)
        self.language: Language = language
        self.timeout_s = timeout_s
        self.cache = Cache(cache)
        self.progress = progress
        self.is_remote = transport is None
        self._key: Key | None = None
        self._http = httpx2.Client(
            transport=transport,
            timeout=timeout_s,
            follow_redirects=False,
            # A proxy cannot reach this machine, and has no business with what stays on it.
            trust_env=not is_loopback(self.address),
            headers={"User-Agent": f"geoservice/{__version__}"},
        )
        self.use_key(key)
        _open[self.address] = self

    @staticmethod
    def open_at(address: str) -> "Connection | None":
        """The connection to an address that was opened last, if anybody still holds it.

        By it a frame that was fetched earlier finds its service again.
        """
        return _open.get(address)

    def __repr__(self) -> str:
        return f"<Connection {self.address} {self.language}>"

    @property
    def has_key(self) -> bool:
        """Whether requests carry a key."""
        return self._key is not None

    def use_key(self, key: str | None) -> None:
        """Ask with another key from now on; with none if it is None.

        Raises:
            Unauthenticated: it holds what no key holds, such as a space or a line break.
        """
        if key is None:
            self._key = None
            return
        wrapped = Key(key)
        if not _is_token(wrapped.unwrapped()):
            reason = Text(
                zh="密钥含有不允许的字符，或者是空的。",
                en="The key is empty, or holds characters that no key holds.",
            )
            raise errors.Unauthenticated(self.language, reason=reason)
        if self.is_remote:
            warn_of_exposure(self.address, self.language)
        self._key = wrapped

    def close(self) -> None:
        """Give back all connections."""
        self._http.close()

    def url(self, path: str, parameters: Parameters | None = None) -> str:
        """The URL of a path with parameters, as it is asked for; it never holds a key.

        `path` may be a link that the service gave: its path and query count, never its host.
        Parameters that are None are left out; lists are comma separated; times are ISO 8601.
        """
        parts = urlsplit(path)
        base = urlsplit(self.address).path
        own = parts.path.removeprefix(base) if parts.path.startswith(f"{base}/") else parts.path
        query = "&".join(part for part in (parts.query, query_text(parameters or {})) if part)
        return f"{self.address}{own}{f'?{query}' if query else ''}"

    def json(self, path: str, parameters: Parameters | None = None) -> Any:
        """A document; asked for on condition that it has changed, if it is known already."""
        url = self.url(path, parameters)
        wanted = Wanted(url, self.language, self._key.digest if self._key else None)
        kept = self.cache.kept(wanted)
        condition = {"If-None-Match": kept.tag} if kept else {}

        def asked() -> bytes:
            accept = {"Accept": "application/json, application/geo+json;q=0.9, */*;q=0.1"}
            with self._answer("GET", url, headers=accept | condition) as answer:
                if answer.status_code == 304 and kept is not None:
                    return kept.content
                content = self._whole(answer)
            self._require_json(answer, url)
            tag = answer.headers.get("ETag")
            if tag and "no-store" not in answer.headers.get("Cache-Control", ""):
                self.cache.keep(wanted, Kept(tag, content))
            return content

        return self._parsed(self._tried(asked), url)

    def send(
        self,
        method: str,
        path: str,
        *,
        parameters: Parameters | None = None,
        body: object | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Sent:
        """Carry out one request.

        Args:
            method: of HTTP.
            path: below the address, or a link that the service gave.
            parameters: of the query string.
            body: bytes are sent as they are (name their type in `headers`), all else as JSON.
            headers: further header fields. With `Idempotency-Key` any method is tried again.
        """
        url = self.url(path, parameters)
        fields = dict(headers or {})
        content = body if isinstance(body, bytes) else None
        if body is not None and content is None:
            content = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
            fields.setdefault("Content-Type", "application/json")

        def asked() -> Sent:
            with self._answer(method, url, headers=fields, content=content) as answer:
                found: Any = self._whole(answer)
            if "json" in answer.headers.get("Content-Type", ""):
                found = self._parsed(found, url)
            return Sent(answer.status_code, answer.headers, found or None)

        repeatable = method == "GET" or "Idempotency-Key" in fields
        return self._tried(asked) if repeatable else asked()

    @contextmanager
    def arrow(
        self, path: str, parameters: Parameters | None = None, *, body: object | None = None
    ) -> Iterator[ArrowStream]:
        """A stream of record batches; `f=arrow` is added. With `body` it is asked for by POST.

        Raises:
            UnknownFormat: the resource has no Arrow stream.
            InterruptedStream: it was cut off; also while the stream is iterated.
        """
        url = self.url(path, {**(parameters or {}), "f": "arrow"})
        with self._stream(url, body=body) as answer:
            if _ARROW not in answer.headers.get("Content-Type", ""):
                raise self._foreign(url, "Arrow")
            matched = answer.headers.get("OGC-NumberMatched", "")
            total = int(matched) if matched.isdigit() else None
            with advancement(self.progress, urlsplit(url).path, total, "rows") as advance:
                yield ArrowStream(
                    self._blocks(answer),
                    self._interruption,
                    matched=total,
                    headers=answer.headers,
                    advance=advance,
                )

    def pages(self, path: str, parameters: Parameters | None = None) -> Iterator[dict[str, Any]]:
        """The GeoJSON pages of a resource, one after the other by their `next` links.

        The key `content_crs` that is added holds the URI of the CRS of the coordinates; None if
        the service did not say.
        """
        following: str | None = self.url(path, {**(parameters or {}), "f": "geojson"})
        while following is not None:
            sent = self.send("GET", following)
            if not isinstance(sent.content, dict) or "features" not in sent.content:
                raise self._foreign(following)
            crs = sent.headers.get("Content-Crs", "").strip("<> ") or None
            yield sent.content | {"content_crs": crs}
            links = sent.content.get("links", ())
            following = next((link["href"] for link in links if link.get("rel") == "next"), None)

    def download(
        self, path: str, parameters: Parameters, target: BinaryIO, *, label: str
    ) -> Mapping[str, str]:
        """Write a file into `target`, whole or not at all as far as this raises; its header fields.

        Formats that take the service long are made by a job there, which is removed again at the
        end, also if somebody interrupts the waiting.

        Raises:
            InterruptedStream: the file was cut off, or nothing tells that it is whole.
            JobFailed: the service gave up the export.
        """
        url = self.url(path, parameters)
        waits = str(parameters.get("f")) in _MADE_BY_JOBS
        prefer = {"Prefer": "respond-async"} if waits else {}
        with self._stream(url, headers=prefer) as answer:
            if answer.status_code != 202:
                return self._written(answer, target, label)
            job = answer.headers["Location"]
        try:
            self._wait_for(job, label)
            results = f"{self.url(job)}/results"
            with self._stream(results) as answer:
                return self._written(answer, target, label)
        finally:
            self._remove(job)

    def _wait_for(self, job: str, label: str) -> None:
        """Wait until a job has ended well."""
        pause = _FIRST_POLL_S
        with advancement(self.progress, label, 100, "%") as advance:
            while True:
                found = self.send("GET", job).content
                if found["progress"] is not None:
                    advance(int(found["progress"]), 100)
                if found["status"] in _ENDED:
                    break
                time.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_POLL_S)
        if found["status"] == "successful":
            return
        if isinstance(found.get("problem"), dict):
            raise self._error(found["problem"].get("status", 500), found["problem"])
        raise errors.JobFailed(self.language, job=found["id"], state=found["status"])

    def _remove(self, job: str) -> None:
        """Remove a job, which also stops it; that it is gone already, or cannot be reached, is no matter."""
        try:
            self.send("DELETE", job)
        except (errors.NotFound, errors.Unavailable, errors.ConnectionFault, errors.Conflict):
            return

    def _written(self, answer: httpx2.Response, target: BinaryIO, label: str) -> Mapping[str, str]:
        length = answer.headers.get("Content-Length")
        is_chunked = "chunked" in answer.headers.get("Transfer-Encoding", "")
        if self.is_remote and length is None and not is_chunked:
            reason = Text(
                zh="中间的代理没有给出长度，无法确认是否完整",
                en="something on the way took its length away, so that nothing tells whether it is whole",
            )
            raise self._interruption(reason)
        total = int(length) if length is not None else None
        written = 0
        with advancement(self.progress, label, total, "B") as advance:
            for block in self._blocks(answer):
                target.write(block)
                written += len(block)
                advance(written, total)
        return answer.headers

    @contextmanager
    def _stream(
        self, url: str, *, headers: Mapping[str, str] | None = None, body: object | None = None
    ) -> Iterator[httpx2.Response]:
        """An answer whose body is still to come; tried again until it begins, never after."""
        fields = {"Accept-Encoding": "identity", **(headers or {})}
        content = None
        if body is not None:
            content = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
            fields["Content-Type"] = "application/json"
        method = "GET" if body is None else "POST"
        begun = partial(self._begun, method, url, headers=fields, content=content)
        answer = self._tried(begun) if body is None else begun()
        try:
            yield answer
        finally:
            answer.close()

    @contextmanager
    def _answer(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes | None = None
    ) -> Iterator[httpx2.Response]:
        answer = self._begun(method, url, headers=headers, content=content)
        try:
            yield answer
        finally:
            answer.close()

    def _begun(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes | None = None
    ) -> httpx2.Response:
        """The beginning of an answer that is none of a mistake."""
        request = self._http.build_request(
            method, url, headers={"Accept-Language": self.language, **headers}, content=content
        )
        auth = None if self._key is None else _WithKey(self._key)
        try:
            answer = self._http.send(request, stream=True, auth=auth)
        except httpx2.TimeoutException:
            raise errors.TimedOut(
                self.language, address=self.address, timeout_s=f"{self.timeout_s:g}"
            ) from None
        except httpx2.HTTPError as fault:
            raise errors.ConnectionFailed(
                self.language, address=self.address, reason=_words(fault)
            ) from None
        if answer.is_success or answer.status_code == 304:
            return answer
        try:
            raise self._refusal(answer)
        finally:
            answer.close()

    def _blocks(self, answer: httpx2.Response) -> Iterator[bytes]:
        try:
            yield from answer.iter_bytes(_BLOCK_BYTES)
        except httpx2.HTTPError as fault:
            raise self._interruption(_words(fault)) from None

    def _whole(self, answer: httpx2.Response) -> bytes:
        return b"".join(self._blocks(answer))

    def _tried(self, attempt: Callable[[], _Result]) -> _Result:
        """What an attempt gives, made again as long as its fault may pass."""
        for trial in stamina.retry_context(
            on=_wait_after, attempts=_ATTEMPTS, timeout=_TRIED_WITHIN_S
        ):
            with trial:
                return attempt()
        raise AssertionError("the last attempt returns or raises")

    def _refusal(self, answer: httpx2.Response) -> errors.GeoserviceError:
        """The typed error of an answer that is none."""
        target = answer.headers.get("Location")
        if answer.is_redirect and target:
            reason = Text(
                zh=f"它让调用者转到 {target}；若该地址可信，请直接连接它",
                en=f"it sends its callers to {target}; connect there if you trust it",
            )
            return errors.NotAGeoservice(self.language, address=self.address, reason=reason)
        content = b""
        if answer.headers.get("Content-Type", "").startswith(_PROBLEM):
            content = self._whole(answer)[:_LONGEST_PROBLEM]
        try:
            document = json.loads(content)
        except ValueError:
            document = {"detail": f"HTTP {answer.status_code} {answer.reason_phrase}".strip()}
        wait = answer.headers.get("Retry-After", "")
        return self._error(
            answer.status_code,
            document,
            retry_after_s=float(wait) if wait.isdigit() else None,
            filter=answer.request.url.params.get("filter"),
        )

    def _error(
        self,
        status: int,
        document: Mapping[str, Any],
        *,
        retry_after_s: float | None = None,
        filter: str | None = None,
    ) -> errors.GeoserviceError:
        parts = dict(next(iter(document.get("errors") or ()), {}))
        if "position" in parts and filter is not None:
            parts["filter"] = filter
        problem = errors.Problem(
            title=str(document.get("title", "")),
            detail=str(document.get("detail", "")),
            code=str(document.get("code", f"http-{status}")),
            status=status,
            parts=parts,
            request_id=document.get("request_id"),
            retry_after_s=retry_after_s,
        )
        return errors.error_of(problem, self.language)

    def _parsed(self, content: bytes, url: str) -> Any:
        try:
            return json.loads(content)
        except ValueError:
            raise self._foreign(url) from None

    def _require_json(self, answer: httpx2.Response, url: str) -> None:
        if "json" not in answer.headers.get("Content-Type", ""):
            raise self._foreign(url)

    def _foreign(self, url: str, wanted: str = "JSON") -> errors.NotAGeoservice:
        path = urlsplit(url).path or "/"
        reason = Text(
            zh=f"{path} 的应答不是所期望的 {wanted}",
            en=f"the answer to {path} is not the {wanted} that was expected",
        )
        return errors.NotAGeoservice(self.language, address=self.address, reason=reason)

    def _interruption(self, reason: Text | str) -> errors.InterruptedStream:
        return errors.InterruptedStream(self.language, address=self.address, reason=reason)


class _WithKey(httpx2.Auth):
    """Puts the key on a request at the last moment, so that nothing else ever holds it."""

    def __init__(self, key: Key) -> None:
        self._key = key

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """The request with its key."""
        request.headers[_KEY_HEADER] = self._key.unwrapped()
        yield request


def _wait_after(fault: Exception) -> bool | float:
    """Whether a fault may pass by waiting; and how long the service asks to wait, in seconds."""
    if isinstance(fault, errors.NotAGeoservice) or not isinstance(fault, errors.GeoserviceError):
        return False
    if isinstance(fault, errors.ConnectionFault):
        return True
    passing = isinstance(fault, errors.Unavailable) and not isinstance(fault, errors.TooSlow)
    if passing or fault.code == "request-in-progress":
        wait = fault.retry_after_s
        return True if wait is None else (wait <= _LONGEST_WAIT_S and wait)
    return False


def _words(fault: Exception) -> str:
    return str(fault) or type(fault).__name__


def _is_token(key: str) -> bool:
    return bool(key) and key.isascii() and key.isprintable() and " " not in key
