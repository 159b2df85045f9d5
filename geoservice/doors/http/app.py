"""The service as an ASGI application, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.routing import BaseRoute

from geoservice import __version__
from geoservice.doors.http import (
    answers,
    check,
    documentation,
    health,
    imports,
    jobs,
    ledger,
    problems,
    questions,
    refusals,
    styles,
    tile_matrix_sets,
    tiles,
)
from geoservice.doors.http.editing import features as editing
from geoservice.doors.http.editing import locks
from geoservice.doors.http.features import collections as features
from geoservice.doors.http.history import changes
from geoservice.doors.http.history import versions as feature_history
from geoservice.doors.http.middleware import Guard
from geoservice.doors.http.service import service_over
from geoservice.doors.http.wfs import endpoint as wfs
from geoservice.errors import GeoserviceError, SetupFailed
from geoservice.files.formats import FORMATS
from geoservice.jobs import Worker
from geoservice.languages import Text
from geoservice.settings import Limits, Settings
from geoservice.store.database import Database

_LEAST_COMPRESSED_BYTES = 1400  # within one packet there is nothing to gain
_COMPRESSED_FORMATS = ("gpkg", "fgb", "parquet", "arrow", "shp", "xlsx")


def create_app(settings: Settings, limits: Limits, *, database: Database | None = None) -> FastAPI:
    """The service of a deployment.

    A database that is given stays open when the service ends; else the one of the settings is
    opened and closed with it. While the service runs, so does its worker on jobs; without that no
    connection is made before the first request.
    """
    opened = database or _opened(settings, limits)
    service = service_over(opened, settings, limits)
    worker = Worker(
        service.queue,
        service.results,
        partial(jobs.perform, service),
        max_bytes=limits.max_job_bytes,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        worker.start()
        yield
        await run_in_threadpool(worker.stop)
        service.threads.shutdown()
        if database is None:
            opened.close()

    app = FastAPI(
        title="geoservice",
        version=__version__,
        openapi_url=None,  # our own document describes what the standard wants described
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        routes=_routes(),
        middleware=[Middleware(Guard, service=service), _gzip()],
        exception_handlers={
            GeoserviceError: refusals.from_mistake,
            HTTPException: problems.from_framework,
            RequestValidationError: problems.from_framework,
        },
    )
    app.state.service = service
    return app


def _gzip() -> Middleware:
    """Texts are compressed at the level that costs least; file formats compress themselves."""
    own = (FORMATS[id].media_type for id in _COMPRESSED_FORMATS)
    return Middleware(
        GZipMiddleware,
        minimum_size=_LEAST_COMPRESSED_BYTES,
        compresslevel=1,
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, *own, "application/pdf"),
    )


def _routes() -> list[BaseRoute]:
    # The most frequent first: routes are tried in order.
    return [
        *editing.routes(),
        *tiles.routes(),
        *feature_history.routes(),
        *features.routes(),
        *changes.routes(),
        *locks.routes(),
        *questions.routes(),
        *answers.routes(),
        *check.routes(),
        *jobs.routes(),
        *ledger.routes(),
        *imports.routes(),
        *styles.routes(),
        *tile_matrix_sets.routes(),
        *wfs.routes(),
        *health.routes(),
        *documentation.routes(),
    ]


def _opened(settings: Settings, limits: Limits) -> Database:
    if settings.database_url is None:
        raise SetupFailed(
            reason=Text(
                zh="没有数据库：请用 geoservice up 启动，或设置 GEOSERVICE_DATABASE_URL。",
                en="There is no database: start with `geoservice up`, or set GEOSERVICE_DATABASE_URL.",
            )
        )
    return Database(
        settings.database_url,
        read_timeout_s=limits.read_timeout_s,
        write_timeout_s=limits.write_timeout_s,
        export_timeout_s=limits.export_timeout_s,
    )
