"""The HTTP service of this process's environment, and the server that runs it."""

import socket
from typing import TYPE_CHECKING

from geoservice.errors import SetupFailed
from geoservice.languages import Text
from geoservice.settings import Limits, Settings

if TYPE_CHECKING:
    from fastapi import FastAPI


def application() -> "FastAPI":
    """The service that the environment describes; called once in each server process."""
    from geoservice.doors.http.app import create_app

    return create_app(Settings(), Limits())


def serve(settings: Settings, limits: Limits) -> None:
    """Listen until the process is told to stop; requests under way are finished.

    Raises `SetupFailed` if nobody can listen there.
    """
    import uvicorn

    _require_free(settings.host, settings.port)
    uvicorn.run(
        f"{__name__}:application",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        h11_max_incomplete_event_size=limits.max_url_bytes + 16_384,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=30,
        log_level="warning",
    )


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as fault:
        raise SetupFailed(
            reason=Text(
                zh=f"无法在 {host}:{port} 监听（{fault.strerror}）；请用 --port 换一个端口。",
                en=f"Cannot listen on {host}:{port} ({fault.strerror}); choose another with --port.",
            )
        ) from fault
