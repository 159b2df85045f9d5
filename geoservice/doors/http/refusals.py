"""The form in which a mistake is answered: that of the protocol whose address was asked."""

from starlette.requests import Request
from starlette.responses import Response

from geoservice.doors.http import problems
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.wfs import exceptions
from geoservice.doors.http.wfs.calls import PATH
from geoservice.errors import GeoserviceError


def response(error: GeoserviceError, asked: Asked) -> Response:
    """The answer to a mistake."""
    if asked.path == PATH:
        return exceptions.response(error, asked)
    return problems.response(error, asked)


def internal(asked: Asked) -> Response:
    """The answer when the mistake is ours."""
    return exceptions.internal(asked) if asked.path == PATH else problems.internal(asked)


async def from_mistake(request: Request, fault: Exception) -> Response:
    """The answer to an error of ours that a route has raised."""
    assert isinstance(fault, GeoserviceError)
    return response(fault, Asked(request.app.state.service, request.scope))
