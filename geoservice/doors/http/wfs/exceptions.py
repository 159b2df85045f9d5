"""Mistakes → exception reports in the form of the version that was asked for.

2.0.0: `ows:ExceptionReport` of OWS 1.1; 1.1.0: of OWS 1.0; 1.0.0: `ServiceExceptionReport` 1.2.0. All
of 1.0.0 and what 1.1.0 has posted, such as a transaction, is answered with status 200, because older
desktop clients show the text of nothing else; but a client that is to log in must see 401.
"""

from collections.abc import Mapping

from lxml import etree
from starlette.responses import Response

from geoservice import errors
from geoservice.doors.http import problems
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.wfs.calls import PATH
from geoservice.doors.http.wfs.documents import clean, written
from geoservice.doors.http.wfs.keywords import Keywords, language_of
from geoservice.doors.http.wfs.versions import V100, V110, V200, VERSIONS, Version
from geoservice.languages import Language, Text

MEDIA_TYPE = "text/xml; charset=utf-8"

_SERVICE_EXCEPTION = "http://www.opengis.net/ogc"
_VERSION = "wfs_version"
_FAULT = "NoApplicableCode"

_LOCATORS: dict[type[errors.GeoserviceError], str] = {
    errors.BadFeatureId: "RESOURCEID",
    errors.BadFilter: "filter",
    errors.UnknownProperty: "filter",
    errors.BadGeometry: "filter",
}
"""What is at fault where a mistake does not name its parameter."""

_LOCK_ID: tuple[type[errors.GeoserviceError], ...] = (
    *(errors.FeatureLocked, errors.FeatureNotLocked, errors.UnknownLock, errors.LockExpired),
)
"""Mistakes that are always at fault in `lockId`."""

_STATUSES: dict[type[errors.GeoserviceError], int] = {
    errors.LockExpired: 403,
    errors.UnknownLock: 400,
    errors.FeatureLocked: 400,
    errors.FeatureNotLocked: 400,
    errors.CannotLock: 400,
    errors.Rejected: 400,
}
"""Where OGC 09-025r2, table D.2, wants another status than the rest of the service has."""


def remember_version(asked: Asked, version: Version) -> None:
    """Keep the version of a request for a mistake that is found later."""
    asked.scope["state"][_VERSION] = version


def response(error: errors.GeoserviceError, asked: Asked) -> Response:
    """The answer to a mistake."""
    language = _language(asked)
    texts = [error.text(language), *_hints(error, asked, language)]
    headers = problems.headers_of(error, asked)
    return _report(
        asked,
        status=_status(error),
        code=problems.ogc_code_of(error),
        locator=_locator(error),
        texts=texts,
        headers=headers,
    )


def internal(asked: Asked) -> Response:
    """The answer when the mistake is ours; says nothing of what happened."""
    language = _language(asked)
    texts = [f"{problems.INTERNAL_DETAIL.spoken(language)} request_id: {asked.request_id}"]
    return _report(asked, status=500, code=_FAULT, locator=None, texts=texts, headers={})


def _status(error: errors.GeoserviceError) -> int:
    own = (_STATUSES[each] for each in type(error).__mro__ if each in _STATUSES)
    return next(own, problems.status_of(error))


def _locator(error: errors.GeoserviceError) -> str | None:
    """What is at fault: an action of a transaction, a parameter, or the part that is always."""
    if isinstance(error, _LOCK_ID):
        return "lockId"
    for part in (error.parts.get("operation"), error.parts.get("name")):
        if isinstance(part, str):
            return part
    return next((_LOCATORS[each] for each in type(error).__mro__ if each in _LOCATORS), None)


def _hints(error: errors.GeoserviceError, asked: Asked, language: Language) -> list[str]:
    """Where to begin, for somebody who has opened the bare address."""
    if not isinstance(error, errors.MissingParameter) or error.parts.get("name") != "service":
        return []
    where = f"{asked.base}{PATH}?service=WFS&request=GetCapabilities"  # without the key of a client
    hint = Text(
        zh=f"这是 WFS 服务地址，供 QGIS 等软件使用；能力文档：{where}",
        en=f"This is the address of a WFS, for QGIS and other software; its capabilities: {where}",
    )
    return [hint.spoken(language)]


def _report(
    asked: Asked,
    *,
    status: int,
    code: str,
    locator: str | None,
    texts: list[str],
    headers: Mapping[str, str],
) -> Response:
    version, language = _version(asked), _language(asked)
    if version.ows is None:
        root = _service_exception(code, locator, texts)
    else:
        root = _exception(version, language, code, locator, texts)
    hides_text = version is V100 or (version is V110 and asked.method == "POST")
    # Clients have to see that a key is needed, or that it is worth to try again.
    if hides_text and status < 500 and status not in (401, 429):
        status = 200
    headers = {**headers, "Content-Language": language, "Cache-Control": "no-store"}
    return Response(written(root), status, headers, media_type=MEDIA_TYPE)


def _exception(
    version: Version, language: Language, code: str, locator: str | None, texts: list[str]
) -> etree._Element:
    root = etree.Element(f"{{{version.ows}}}ExceptionReport", nsmap={"ows": str(version.ows)})
    root.set("version", version.number)
    spoken_in = "{http://www.w3.org/XML/1998/namespace}lang" if version is V200 else "language"
    root.set(spoken_in, language)
    exception = etree.SubElement(root, f"{{{version.ows}}}Exception", exceptionCode=code)
    if locator is not None:
        exception.set("locator", clean(locator))
    for text in texts:
        etree.SubElement(exception, f"{{{version.ows}}}ExceptionText").text = clean(text)
    return root


def _service_exception(code: str, locator: str | None, texts: list[str]) -> etree._Element:
    root = etree.Element(
        f"{{{_SERVICE_EXCEPTION}}}ServiceExceptionReport",
        nsmap={None: _SERVICE_EXCEPTION},
        version="1.2.0",
    )
    exception = etree.SubElement(root, f"{{{_SERVICE_EXCEPTION}}}ServiceException", code=code)
    if locator is not None:
        exception.set("locator", clean(locator))
    exception.text = clean("\n".join(texts))
    return root


def _version(asked: Asked) -> Version:
    """The version that was asked for, as far as it can be known."""
    known = asked.scope["state"].get(_VERSION)
    if isinstance(known, Version):
        return known
    try:
        number = Keywords(asked.parameters).text("version")
    except errors.GeoserviceError:
        return V200
    return next((each for each in VERSIONS if each.number == number), V200)


def _language(asked: Asked) -> Language:
    try:
        return language_of(Keywords(asked.parameters)) or asked.language
    except errors.GeoserviceError:
        return asked.language_for_errors
