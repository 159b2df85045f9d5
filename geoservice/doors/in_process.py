"""The service without a server: `geoservice.connect()` on a database, in this process.

A transport of httpx2 hands each request to the application as a server would, so that a client gets
what it gets over HTTP, to the byte, and no answer has a second implementation. The application runs
in a thread of its own with its own event loop: a notebook has one already. Knows no route, and of the
client only its errors; imports what needs the server's libraries only where it is used.
"""

import asyncio
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from concurrent.futures import Future
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from geoservice.client import errors as client_errors
from geoservice.doors import server_libraries
from geoservice.errors import GeoserviceError, SetupFailed
from geoservice.languages import DEFAULT_LANGUAGE, Language, Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from geoservice.settings import Settings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
_Value = TypeVar("_Value")
Head = tuple[int, list[tuple[bytes, bytes]]]

ADDRESS = "http://in-process.invalid"
"""What addresses and links begin with. No network knows a name that ends so (RFC 6761, 6.4): whoever
takes one elsewhere learns what it is, and no key follows it."""

_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_DOOR = "python"
_UNAVAILABLE = 503
_ASGI = {"version": "3.0", "spec_version": "2.3"}
_MOST_BLOCKS = 4
"""Blocks that lie ready for who reads an answer; then the application waits."""
_ENDED_WITHIN_S = 30.0
"""How long requests may take to end when the application is stopped, as under a server."""
_WITHOUT = (b"accept-encoding",)  # nothing is gained by compressing what stays in this process


def opened(
    address: str | None = None, language: Language = DEFAULT_LANGUAGE
) -> tuple[str, httpx2.BaseTransport, Callable[[], None]]:
    """The service over a database, whose caller is its administrator under the name of the user.

    Args:
        address: `postgresql://…`; without one, what `GEOSERVICE_DATABASE_URL` names, else the
            embedded database, which is started if it does not run.
        language: in which errors are told.

    Returns:
        The address of the service, which is only a name; the transport that reaches it; and what
        ends it. Whatever is not ended so is ended with the transport or with the main thread.

    Raises:
        BadAddress: no database has such an address.
        Unavailable: the server's libraries are not installed, there is no database yet, its schema
            is old, or nothing answers there; the text says what to do.
    """
    if address is not None:
        _require_readable(address, language)
    with _told_as_client(language):
        _require_server()
        settings = _settings(address)
        from geoservice.access.principal import Principal, Role
        from geoservice.doors import session
        from geoservice.doors.http.app import create_app
        from geoservice.doors.http.asked import CALLER, Caller

        with ExitStack() as kept_open:
            here = kept_open.enter_context(session.opened(settings))
            application = create_app(here.settings, here.limits, database=here.database)
            caller = Caller(Principal(here.actor, Role.ADMIN), _DOOR)
            transport = InProcessTransport(
                application, {CALLER: caller}, kept_open.pop_all(), here.database.interrupt
            )
    return ADDRESS, transport, transport.close


def _require_readable(address: str, language: Language) -> None:
    """Refuse what is no address; of one that may hold a password only the scheme is shown."""
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in _SCHEMES and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        scheme, colon, _ = address.partition("://")
        reason = Text(
            zh="不是服务地址（https://主机）或数据库地址（postgresql://用户@主机:5432/库名）。",
            en="it is neither the address of a service (https://host) nor that of a database "
            "(postgresql://user@host:5432/name).",
        )
        shown = f"{scheme}://…" if colon else address
        raise client_errors.BadAddress(language, value=shown, reason=reason)


@contextmanager
def _told_as_client(language: Language) -> Iterator[None]:
    """Tell mistakes by the client's classes, as if a service had told them."""
    try:
        yield
    except GeoserviceError as mistake:
        problem = client_errors.Problem(
            title=mistake.title.spoken(language),
            detail=mistake.text(language),
            code=mistake.code,
            status=_UNAVAILABLE,
            parts=mistake.parts,
        )
        raise client_errors.error_of(problem, language) from mistake


def _require_server() -> None:
    missing = server_libraries.missing()
    if missing:
        raise SetupFailed(
            reason=Text(
                zh=f"此处只装有客户端（缺少 {missing[0]} 等）。请给出服务地址（http://… 或 GEOSERVICE_URL），"
                f"或运行：{server_libraries.INSTALL}",
                en=f"Only the client is installed here (without {missing[0]} and more). Give the address of "
                f"a service (http://… or GEOSERVICE_URL), or run: {server_libraries.INSTALL}",
            )
        )


def _settings(address: str | None) -> "Settings":
    from geoservice.settings import Settings

    settings = Settings()
    if address is not None:
        settings = settings.model_copy(update={"database_url": address})
    if settings.database_url is None:
        _require_embedded(settings)
    # Links lead back into this process, not to where others reach the service.
    return settings.model_copy(update={"public_url": None})


def _require_embedded(settings: "Settings") -> None:
    """Refuse to install PostGIS or to make an empty database: a program only wants to read one."""
    from geoservice.doors import session
    from geoservice.embedded import postgis_is_installed

    cluster = session.cluster(settings)
    if cluster is not None and (not postgis_is_installed() or cluster.status().state == "absent"):
        raise SetupFailed(
            reason=Text(
                zh="这里还没有数据库。请用 geoservice up 建立（含演示数据），"
                "或给出服务地址（http://… 或 GEOSERVICE_URL）或数据库地址（postgresql://… 或 "
                "GEOSERVICE_DATABASE_URL）。",
                en="There is no database here yet. Make one with `geoservice up` (demo data included), or "
                "give the address of a service (http://… or GEOSERVICE_URL) or of a database "
                "(postgresql://… or GEOSERVICE_DATABASE_URL).",
            )
        )


class InProcessTransport(httpx2.BaseTransport):
    """Requests to an ASGI application in this process; may be used by several threads at once.

    An answer is handed on while the application makes it, and the application waits for who reads
    it: at most four blocks lie between. An answer that is closed before its end is a client that has
    left. A fault of the application in an answer is what a broken connection is over HTTP. The read
    timeout of a request holds between two blocks; nothing else can take long. Bodies of requests are
    read as a whole.

    Args:
        application: an ASGI 3 application; its lifespan begins here and ends with the transport.
        entries: what each scope says besides the request.
        held: what is closed after the application, in the thread that ran it.
        interrupt: what hurries the requests that are under way at the end; it may block.
    """

    def __init__(
        self,
        application: Application,
        entries: Mapping[str, object],
        held: ExitStack,
        interrupt: Callable[[], None] | None = None,
    ) -> None:
        self._entries = entries
        self._host = _Host(application, held, interrupt)
        # Must not wait: the collector runs in any thread, the host's own too.
        weakref.finalize(self, self._host.end)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer as far as its head; its body is read when it is asked for.

        Raises:
            RuntimeError: the transport is closed, or belongs to the process that this was forked of.
            httpx2.ReadTimeout: the head took longer than the request's read timeout.
            httpx2.RemoteProtocolError: the application failed without an answer.
        """
        exchange = self._host.begun(_scope(request, self._entries), request.read())
        patience_s = request.extensions.get("timeout", {}).get("read")
        status, headers = exchange.head(patience_s)
        return httpx2.Response(status, headers=headers, stream=_Body(exchange, patience_s))

    def close(self) -> None:
        """End the application; requests under way are interrupted, and given half a minute."""
        self._host.end()
        self._host.join()


def _scope(request: httpx2.Request, entries: Mapping[str, object]) -> MutableMapping[str, Any]:
    headers = [(name.lower(), value) for name, value in request.headers.raw]
    return {
        **entries,
        "type": "http",
        "asgi": _ASGI,
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "server": (request.url.host, request.url.port),
        "client": None,
        "root_path": "",
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "headers": [header for header in headers if header[0] not in _WITHOUT],
    }


class _Host:
    """The thread in which an application lives."""

    def __init__(
        self, application: Application, held: ExitStack, interrupt: Callable[[], None] | None
    ) -> None:
        self._application = application
        self._held = held
        self._interrupt = interrupt
        self._process = os.getpid()
        self._loop: Future[asyncio.AbstractEventLoop] = Future()
        self._over = asyncio.Event()
        self._under_way: dict[asyncio.Task[None], _Exchange] = {}
        self._thread = threading.Thread(target=self._live, name="geoservice-in-process")
        _hosts_of(self._process).add(self)
        self._thread.start()
        self._loop.result()

    def begun(self, scope: MutableMapping[str, Any], body: bytes) -> "_Exchange":
        """A request handed to the application."""
        if not self._is_alive():
            raise RuntimeError(
                "This connection is closed, or was opened by another process: connect again."
            )
        loop = self._loop.result()
        exchange = _Exchange(body, loop)

        def begin() -> None:
            task = loop.create_task(exchange.carry_out(self._application, scope))
            self._under_way[task] = exchange
            task.add_done_callback(self._under_way.pop)
            task.add_done_callback(exchange.settle)

        loop.call_soon_threadsafe(begin)
        return exchange

    def end(self) -> None:
        """Tell the application to end, and do not wait for it."""
        if self._is_alive():
            self._loop.result().call_soon_threadsafe(self._over.set)

    def join(self) -> None:
        """Wait until everything is closed."""
        if self._process == os.getpid() and threading.current_thread() is not self._thread:
            self._thread.join()

    def _is_alive(self) -> bool:
        return self._process == os.getpid() and not self._loop.result().is_closed()

    def _live(self) -> None:
        with self._held:
            asyncio.run(self._serve())

    async def _serve(self) -> None:
        async with AsyncExitStack() as life:
            starting = asyncio.ensure_future(life.enter_async_context(_lifespan(self._application)))
            await asyncio.wait((starting,))
            if fault := starting.exception():
                self._loop.set_exception(fault)
                return
            self._loop.set_result(asyncio.get_running_loop())
            await self._over.wait()
            for exchange in self._under_way.values():
                exchange.leave_now()
            if self._under_way and self._interrupt is not None:
                await asyncio.to_thread(self._interrupt)
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=_ENDED_WITHIN_S)


@cache
def _hosts_of(process: int) -> "weakref.WeakSet[_Host]":
    """The hosts of a process, which are ended with its main thread.

    `atexit` would be too late: the interpreter first waits for the threads in which an application
    works, and those end with it.
    """
    hosts: weakref.WeakSet[_Host] = weakref.WeakSet()

    def end_with_main_thread() -> None:
        threading.main_thread().join()
        for host in tuple(hosts):
            host.end()

    threading.Thread(target=end_with_main_thread, name="geoservice-exit", daemon=True).start()
    return hosts


class _Exchange:
    """One request: what the application and who waits for the answer hand each other."""

    def __init__(self, body: bytes, loop: asyncio.AbstractEventLoop) -> None:
        self._body: bytes | None = body
        self._loop = loop
        self._head: Future[Head] = Future()
        self._blocks: asyncio.Queue[bytes] = asyncio.Queue(_MOST_BLOCKS)
        self._has_left = asyncio.Event()
        self._is_whole = False
        self._fault: BaseException | None = None

    # --- in the thread of who asks ---

    def head(self, patience_s: float | None) -> Head:
        """Status and header; waits for them."""
        return self._waited(self._head, patience_s)

    def blocks(self, patience_s: float | None) -> Iterator[bytes]:
        """The body; waits for each block."""
        while block := self._waited(
            asyncio.run_coroutine_threadsafe(self._blocks.get(), self._loop), patience_s
        ):
            yield block
        if not self._is_whole:
            raise httpx2.RemoteProtocolError(
                "the application broke off its answer"
            ) from self._fault

    def leave(self) -> None:
        """Want no more of the answer."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.leave_now)

    def _waited(self, future: "Future[_Value]", patience_s: float | None) -> _Value:
        try:
            return future.result(patience_s)
        except TimeoutError as late:
            self.leave()
            raise httpx2.ReadTimeout(f"no answer within {patience_s} s") from late
        except BaseException:
            self.leave()
            raise

    # --- in the event loop ---

    def leave_now(self) -> None:
        """Be a client that has left: what was ready is dropped, and who made it goes on."""
        self._has_left.set()
        while not self._blocks.empty():
            self._blocks.get_nowait()

    async def carry_out(self, application: Application, scope: MutableMapping[str, Any]) -> None:
        """Have the application answer."""
        try:
            await application(scope, self._receive, self._send)
        except BaseException as fault:
            self._fault = fault
            raise
        finally:
            if not self._has_left.is_set():
                await self._blocks.put(b"")

    def settle(self, carried_out: "asyncio.Task[None]") -> None:
        """Let nobody wait for the head of an answer that will not come."""
        if not carried_out.cancelled():
            carried_out.exception()  # it is told to who reads the answer
        if not self._head.done():
            broken = httpx2.RemoteProtocolError("the application ended without an answer")
            broken.__cause__ = self._fault
            self._head.set_exception(broken)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._has_left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._head.set_result((message["status"], list(message.get("headers", ()))))
            return
        block = message.get("body", b"")
        if block and not self._has_left.is_set():
            await self._blocks.put(block)
        self._is_whole = not message.get("more_body", False)


class _Body(httpx2.SyncByteStream):
    """The body of an answer."""

    def __init__(self, exchange: _Exchange, patience_s: float | None) -> None:
        self._exchange = exchange
        self._patience_s = patience_s

    def __iter__(self) -> Iterator[bytes]:
        yield from self._exchange.blocks(self._patience_s)

    def close(self) -> None:
        """Leave, if there is more."""
        self._exchange.leave()


@asynccontextmanager
async def _lifespan(application: Application) -> "AsyncIterator[None]":
    """The life of an application between its startup and its shutdown (ASGI lifespan 2.0).

    Raises what the application raises in its startup.
    """
    to_application: asyncio.Queue[Message] = asyncio.Queue()
    from_application: asyncio.Queue[Message] = asyncio.Queue()
    scope: MutableMapping[str, Any] = {"type": "lifespan", "asgi": _ASGI}
    living = asyncio.ensure_future(application(scope, to_application.get, from_application.put))
    to_application.put_nowait({"type": "lifespan.startup"})
    told = asyncio.ensure_future(from_application.get())
    await asyncio.wait((living, told), return_when=asyncio.FIRST_COMPLETED)
    if not told.done() or told.result()["type"] != "lifespan.startup.complete":
        told.cancel()
        await living
        raise RuntimeError("The application has ended in its startup.")
    try:
        yield
    finally:
        to_application.put_nowait({"type": "lifespan.shutdown"})
        await living
