"""The service on a free port of this machine, which notes what went over the wire.

`recorded_service.py DATABASE_URL FILE` prints its port, and ends when its standard input does. A line
of the file is one exchange as JSON; it is there before the client has its answer.
"""

import asyncio
import gzip
import json
import re
import sys
from typing import Any, TextIO
from urllib.parse import parse_qsl

import uvicorn

from geoservice.doors.http.app import create_app
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database

_FEATURE = re.compile(rb'(?:gml:id|fid)="[a-z_]+\.[0-9a-f-]{36}"|"type":"Feature"')


class Recorder:
    """Notes requests and what they are answered."""

    def __init__(self, app: Any, record: TextIO) -> None:
        self._app, self._record = app, record

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked, answered = bytearray(), bytearray()
        start: dict[str, Any] = {}

        async def received() -> Any:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                answered.extend(message.get("body", b""))
                if not message.get("more_body"):
                    self._note(scope, bytes(asked), start, bytes(answered))
            await send(message)

        await self._app(scope, received, sent)

    def _note(self, scope: Any, asked: bytes, start: Any, answered: bytes) -> None:
        if (b"content-encoding", b"gzip") in start["headers"]:
            answered = gzip.decompress(answered)
        query = scope["query_string"].decode()
        exchange = {
            "method": scope["method"],
            "path": scope["path"],
            "query": query,
            "parameters": {
                name.upper(): value for name, value in parse_qsl(query, keep_blank_values=True)
            },
            "headers": {name.decode(): value.decode("latin-1") for name, value in scope["headers"]},
            "body": asked.decode(),
            "status": start["status"],
            "features": len(_FEATURE.findall(answered)),
            "answer": answered[:2000].decode(errors="replace"),
        }
        self._record.write(json.dumps(exchange) + "\n")
        self._record.flush()


async def _serve(app: Any) -> None:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving


def main(database_url: str, file: str) -> None:
    """Serve until the standard input ends."""
    database = Database(database_url)
    app = create_app(Settings(database_url=None), Limits(), database=database)
    with open(file, "a", encoding="utf-8") as record:
        asyncio.run(_serve(Recorder(app, record)))
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
