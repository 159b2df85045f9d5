"""The HTTP service of this process's environment, and the server that runs it."""

from typing import TYPE_CHECKING

from geoservice.settings import Limits, Settings

if TYPE_CHECKING:
    from fastapi import FastAPI


def application() -> "FastAPI":
    """The service that the environment describes; called once in each server process."""
    from geoservice.doors.http.app import create_app

    return create_app(Settings(), Limits())


def serve(settings: Settings, limits: Limits) -> None:
    """Listen until the process is told to stop; requests under way are finished."""
    import uvicorn

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
