"""Mistakes → answers: one table from error classes to statuses, one shape (RFC 9457) for all.

Nothing else in the doors knows a status of an error.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from geoservice import errors
from geoservice.doors.http import credentials
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.features.ids import versions_path
from geoservice.languages import Language, Text

MEDIA_TYPE = "application/problem+json"

STATUSES: dict[type[errors.GeoserviceError], int] = {
    errors.BadRequest: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.NotAcceptable: 406,
    errors.Conflict: 409,
    errors.ChangedMeanwhile: 412,
    errors.TooLarge: 413,
    errors.UrlTooLong: 414,
    errors.UnsupportedMediaType: 415,
    errors.Rejected: 422,
    errors.FeatureLocked: 423,
    errors.ConditionRequired: 428,
    errors.TooManyAttempts: 429,
    errors.Unavailable: 503,
    errors.GeoserviceError: 500,
}

OGC_CODES: dict[type[errors.GeoserviceError], str] = {
    errors.MissingParameter: "MissingParameterValue",
    errors.VersionNegotiationFailed: "VersionNegotiationFailed",
    errors.UnsupportedOperation: "OperationNotSupported",
    errors.UnsupportedOption: "OptionNotSupported",
    errors.BadParameter: "InvalidParameterValue",
    errors.NotFound: "InvalidParameterValue",
    errors.UnknownFeature: "NotFound",
    errors.Malformed: "OperationParsingFailed",
    errors.MethodNotAllowed: "OperationNotSupported",
    errors.Rejected: "InvalidValue",
    errors.TooLarge: "OperationProcessingFailed",
    errors.Conflict: "OperationProcessingFailed",
    errors.FeatureLocked: "MissingParameterValue",
    errors.FeatureNotLocked: "FeaturesNotLocked",
    errors.UnknownLock: "InvalidLockId",
    errors.LockExpired: "LockHasExpired",
    errors.CannotLock: "CannotLockAllFeatures",
    errors.GeoserviceError: "NoApplicableCode",
}
"""Exception codes of OWS Common and WFS 2.0."""

_RETRY_AFTER_S = 5
_LONGEST_PART = 500

INTERNAL_CODE = "internal"
INTERNAL_TITLE = Text(zh="内部错误", en="Internal error")
INTERNAL_DETAIL = Text(
    zh="服务出错，已记录；请把 request_id 告诉管理员。",
    en="The service failed and has logged it; tell the operator the request_id.",
)


def status_of(error: errors.GeoserviceError) -> int:
    """The HTTP status of a mistake: that of its nearest class in the table."""
    return _status_of(type(error))


def _status_of(mistake: type[errors.GeoserviceError]) -> int:
    return next(STATUSES[each] for each in mistake.__mro__ if each in STATUSES)


def status_of_code(code: str) -> int:
    """The HTTP status of a mistake that is known by its code alone, as one of long ago is."""
    return next(
        (
            _status_of(each)
            for each in vars(errors).values()
            if isinstance(each, type)
            and issubclass(each, errors.GeoserviceError)
            and each.code == code
        ),
        500,
    )


def ogc_code_of(error: errors.GeoserviceError) -> str:
    """The OGC exception code of a mistake: that of its nearest class in the table."""
    return next(OGC_CODES[each] for each in type(error).__mro__ if each in OGC_CODES)


def headers_of(error: errors.GeoserviceError, asked: Asked) -> dict[str, str]:
    """The header fields that a mistake needs, in whatever form it is told."""
    headers: dict[str, str] = {}
    if status_of(error) == 503:
        headers["Retry-After"] = str(_RETRY_AFTER_S)
    if isinstance(error, errors.TooManyAttempts):
        headers["Retry-After"] = str(error.parts["retry_after_s"])
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = credentials.CHALLENGE
    if isinstance(error, errors.DeletedFeature | errors.ChangedMeanwhile):
        path = versions_path(str(error.parts["collection"]), error.parts["value"])
        headers["Link"] = f'<{asked.base}{path}>; rel="version-history"'
    if isinstance(error, errors.MethodNotAllowed):
        headers["Allow"] = ", ".join(_texts(error.parts["allowed"]))
    return headers


def response(error: errors.GeoserviceError, asked: Asked) -> Response:
    """The answer to a mistake."""
    language = asked.language_for_errors
    return _problem(
        asked,
        status=status_of(error),
        code=error.code,
        title=error.title.spoken(language),
        detail=error.text(language),
        parts=error.parts,
        headers=headers_of(error, asked),
    )


def internal(asked: Asked) -> Response:
    """The answer when the mistake is ours; says nothing of what happened."""
    language = asked.language_for_errors
    return _problem(
        asked,
        status=500,
        code=INTERNAL_CODE,
        title=INTERNAL_TITLE.spoken(language),
        detail=INTERNAL_DETAIL.spoken(language),
        parts={},
        headers={},
    )


async def from_framework(request: Request, fault: Exception) -> Response:
    """The answer to what the framework refuses: in practice, a path that is nothing."""
    asked = Asked(request.app.state.service, request.scope)
    if isinstance(fault, HTTPException) and fault.status_code != 404:
        return response(errors.Malformed(name=asked.path, reason=str(fault.detail)), asked)
    return response(errors.NotFound(value=asked.path), asked)


def _problem(
    asked: Asked,
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    parts: Mapping[str, object],
    headers: dict[str, str],
) -> Response:
    language = asked.language_for_errors
    document: dict[str, Any] = {
        "type": f"{asked.base}/docs/errors/{code}",  # the same for whoever asks
        "title": title,
        "status": status,
        "detail": detail,
        "instance": asked.path,
        "code": code,
        "errors": [_error(parts, language)] if parts else [],
        "request_id": asked.request_id,
        "lang": language,
    }
    headers |= {"Content-Language": language, "Cache-Control": "no-store"}
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, status, headers, media_type=MEDIA_TYPE)


def _error(parts: Mapping[str, object], language: Language) -> dict[str, Any]:
    found = {name: _json(part, language) for name, part in parts.items()}
    if isinstance(found.get("name"), str):
        found["parameter"] = found.pop("name")
    return found


def _json(part: object, language: Language) -> Any:
    if isinstance(part, Text):
        return part.spoken(language)
    if isinstance(part, str):
        return part[:_LONGEST_PART]
    if part is None or isinstance(part, bool | int | float):
        return part
    return list(_texts(part)) if isinstance(part, Iterable) else str(part)[:_LONGEST_PART]


def _texts(part: object) -> Iterable[str]:
    if isinstance(part, str):
        return [part]
    assert isinstance(part, Iterable)
    return [str(each)[:_LONGEST_PART] for each in part]
