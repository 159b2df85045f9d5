"""Pages about the service itself: the API browser and the errors, with all they need from here."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from starlette.responses import Response
from starlette.routing import Route
from swagger_ui_bundle import swagger_ui_path

from geoservice.doors.http import problems
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.presentation import page
from geoservice.doors.http.resources import Resource
from geoservice.errors import GeoserviceError, NotFound
from geoservice.languages import Text

_OUR_FILES = files("geoservice.doors.http") / "static"
_ASSETS: dict[str, tuple[Any, str]] = {
    "style.css": (_OUR_FILES, "text/css; charset=utf-8"),
    "docs.js": (_OUR_FILES, "text/javascript; charset=utf-8"),
    "swagger-ui.css": (swagger_ui_path, "text/css; charset=utf-8"),
    "swagger-ui-bundle.js": (swagger_ui_path, "text/javascript; charset=utf-8"),
}


def routes() -> list[Route]:
    """The routes of this file."""
    return [
        Route("/docs", Resource(_api_browser)),
        Route("/docs/errors", Resource(_errors)),
        Route("/docs/errors/{code}", Resource(_error)),
        Route("/docs/assets/{name}", Resource(_asset)),
        Route("/static/{name}", Resource(_asset)),
    ]


def _api_browser(asked: Asked) -> Response:
    answer = page(asked, "api.html")
    # The browser component sets styles on its elements; nothing else of the policy is loosened.
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return answer


def _errors(asked: Asked) -> Response:
    return page(asked, "errors.html", errors=list(known_errors().values()))


def _error(asked: Asked) -> Response:
    code = asked.path_parameter("code")
    if code not in known_errors():
        raise NotFound(value=code)
    return page(asked, "errors.html", errors=[known_errors()[code]])


@cache
def known_errors() -> dict[str, dict[str, object]]:
    """Every error by code, with its status: what the pages and the API description list."""
    found = {
        each.code: {
            "code": each.code,
            "title": each.title,
            "message": each.message,
            "status": problems.STATUSES[next(c for c in each.__mro__ if c in problems.STATUSES)],
        }
        for each in _below(GeoserviceError)
        if "code" in vars(each)
    }
    found[problems.INTERNAL_CODE] = {
        "code": problems.INTERNAL_CODE,
        "title": problems.INTERNAL_TITLE,
        "message": Text(zh="服务出错，已记录。", en="The service failed and has logged it."),
        "status": 500,
    }
    return dict(sorted(found.items()))


def _below(error: type[GeoserviceError]) -> Iterator[type[GeoserviceError]]:
    for each in error.__subclasses__():
        yield each
        yield from _below(each)


def _asset(asked: Asked) -> Response:
    name = asked.path_parameter("name")
    if name not in _ASSETS:  # looked up, so no path leads outside
        raise NotFound(value=name)
    _, media_type = _ASSETS[name]
    headers = {"Cache-Control": "public, max-age=3600"}
    return Response(_content(name), headers=headers, media_type=media_type)


@cache
def _content(name: str) -> bytes:
    folder, _ = _ASSETS[name]
    return bytes((folder / name).read_bytes())
