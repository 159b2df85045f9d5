"""A server that says what a test tells it to, byte for byte, and breaks off where it is told to."""

import json
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Said:
    """What is sent for one request; then the connection ends, by a reset if wanted."""

    raw: bytes
    reset: bool = False
    silent_s: float = 0
    then_silent_s: float = 0


@dataclass(frozen=True)
class Heard:
    """A request."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Wire:
    """Answers one request after the other; the last answer stays for all that follow."""

    answers: list[Said]
    heard: list[Heard] = field(default_factory=list)

    def __enter__(self) -> "Wire":
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._ended = threading.Event()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        with socket.create_connection(self._socket.getsockname()):
            pass
        self._thread.join()
        self._socket.close()

    @property
    def address(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                if self._ended.is_set():
                    return
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            first = stream.readline().decode()
            if not first:
                return
            headers = {}
            while (line := stream.readline().decode().strip()) != "":
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = stream.read(int(headers.get("content-length", 0)))
        method, target, _ = first.split()
        self.heard.append(Heard(method, target, headers, body))
        said = self.answers[min(len(self.heard), len(self.answers)) - 1]
        if said.silent_s:
            self._ended.wait(said.silent_s)
        connection.sendall(said.raw)
        if said.then_silent_s:
            self._ended.wait(said.then_silent_s)
        if said.reset:
            # Closing at once without waiting for what lies unsent makes TCP reset the connection.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def said(
    content: bytes | object,
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    type: str = "application/json",
) -> Said:
    """A proper answer with its length."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    fields = {"Content-Type": type, "Content-Length": str(len(body)), **(headers or {})}
    return Said(head(status, fields) + body)


def problem(
    status: int, code: str, *, headers: Mapping[str, str] | None = None, **parts: Any
) -> Said:
    """A problem document."""
    document = {"title": code, "status": status, "detail": f"{code} happened", "code": code}
    errors = {"errors": [parts]} if parts else {}
    return said(
        document | errors | {"request_id": "4711"},
        status,
        headers=headers,
        type="application/problem+json",
    )


def head(status: int, fields: Mapping[str, str]) -> bytes:
    """The beginning of an answer, whose connection ends with it."""
    lines = [f"{name}: {value}" for name, value in {**fields, "Connection": "close"}.items()]
    return "\r\n".join([f"HTTP/1.1 {status} Said", *lines, "", ""]).encode()


def chunked(content: bytes, *, ends: bool = True) -> bytes:
    """A body in chunks, with or without the last one that says that it is whole."""
    blocks = [content[start : start + 1000] for start in range(0, len(content), 1000)]
    body = b"".join(f"{len(block):x}\r\n".encode() + block + b"\r\n" for block in blocks)
    return body + (b"0\r\n\r\n" if ends else b"")
