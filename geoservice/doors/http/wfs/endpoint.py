"""The address of the WFS: requests by GET and POST, told apart by version and operation.

One table leads from operations to what answers them. Nothing that a request points at is fetched.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geoservice.doors.http import bodies as request_bodies
from geoservice.doors.http import values
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.resources import Resource
from geoservice.doors.http.wfs import bodies, keywords
from geoservice.doors.http.wfs.calls import PATH, Call
from geoservice.doors.http.wfs.capabilities import capabilities
from geoservice.doors.http.wfs.exceptions import remember_version
from geoservice.doors.http.wfs.feature_types import schema
from geoservice.doors.http.wfs.features import feature_collection
from geoservice.doors.http.wfs.keywords import Keywords
from geoservice.doors.http.wfs.locking import (
    features_of_body,
    features_of_keywords,
    features_with_lock,
    lock_features,
    lock_of_body,
    lock_of_keywords,
)
from geoservice.doors.http.wfs.operations import AdHocQuery, GetFeature
from geoservice.doors.http.wfs.property_values import value_collection
from geoservice.doors.http.wfs.queries import selections
from geoservice.doors.http.wfs.sources import CollectionSource, Source
from geoservice.doors.http.wfs.stored_queries import (
    described,
    feature_by_id,
    is_feature_by_id,
    listed,
    question_source,
)
from geoservice.doors.http.wfs.transaction_bodies import MOST_ELEMENTS
from geoservice.doors.http.wfs.transactions import only_posted, transact
from geoservice.doors.http.wfs.versions import V200, VERSIONS, Version
from geoservice.errors import MissingParameter, UnsupportedOperation, UnsupportedOption
from geoservice.xml import Element, XmlLimits, local_name, parsed

_MEDIA_TYPES = (
    *("text/xml", "application/xml", "application/gml+xml"),
    # What programs call XML that were not told what it is.
    *("", "text/plain", "application/x-www-form-urlencoded"),
)
_KEPT = ("as_of", "known_at", "lang", "language")


@dataclass(frozen=True)
class _Handler:
    """What answers an operation, the versions that have it, and what reads it if it is not usual.

    What `changes` something is posted, also by keywords: GET must be safe (RFC 9110, 9.2.1), because
    any page can make a browser send it with the key that it remembers.
    """

    answer: Callable[[Call, Any], Response]
    versions: tuple[Version, ...] = VERSIONS
    changes: bool = False
    by_keywords: Callable[[Version, Keywords, int], object] | None = None
    by_document: Callable[[Version, Element], object] | None = None


def routes() -> list[Route]:
    """The route of the WFS."""
    return [Route(PATH, Resource(_asked_by_keywords, _posted))]


def _asked_by_keywords(asked: Asked) -> Response:
    given = Keywords(asked.parameters)
    keywords.require_service(given.text("service"))
    request = given.text("request")
    if request is None:
        raise MissingParameter(name="request", allowed=list(_HANDLERS))
    version = keywords.version_of(given)
    remember_version(asked, version)
    name = _operation_called(request, version)
    if _HANDLERS[name].changes and asked.method != "POST":
        raise UnsupportedOption(name="request", value=name, allowed="POST")
    most_bytes = asked.service.limits.max_filter_json_bytes
    read = _HANDLERS[name].by_keywords or partial(keywords.operation, name)
    wanted = read(version, given, most_bytes)
    return _answered(asked, version, given, name, wanted)


async def _posted(asked: Asked, request: Request) -> Response:
    limit = asked.service.limits.max_xml_body
    body = await request_bodies.whole(request, _MEDIA_TYPES, limit, limit_name="max_xml_body")
    if not body and Keywords(asked.parameters).has("request"):
        return await run_in_threadpool(_asked_by_keywords, asked)
    return await run_in_threadpool(_asked_by_document, asked, body, limit)


def _asked_by_document(asked: Asked, body: bytes, limit: int) -> Response:
    root = parsed(
        body, name=bodies.BODY, limits=XmlLimits(max_bytes=limit, max_elements=MOST_ELEMENTS)
    )
    version = bodies.version_of(root)
    remember_version(asked, version)
    # 1.0.0 leaves it to the address whether a body says which service it is for.
    service = root.get("service")
    if service is not None or version is V200:
        keywords.require_service(service)
    name = _operation_called(local_name(root), version)
    read = _HANDLERS[name].by_document or partial(bodies.operation, name)
    given = Keywords(asked.parameters)
    keywords.require_none_beside_document(given, name)
    wanted = read(version, root)
    return _answered(asked, version, given, name, wanted)


def _operation_called(name: str, version: Version) -> str:
    offered = [each for each, handler in _HANDLERS.items() if version in handler.versions]
    for each in offered:
        if each.lower() == name.lower():
            return each
    raise UnsupportedOperation(name="request", value=name, allowed=offered)


def _answered(
    asked: Asked, version: Version, given: Keywords, name: str, wanted: object
) -> Response:
    as_of, known_at = given.text("as_of"), given.text("known_at")
    kept: Mapping[str, str] = {
        each: value for each in _KEPT if (value := given.text(each)) is not None
    }
    call = Call(
        asked=asked,
        version=version,
        language=keywords.language_of(given) or asked.language,
        as_of=None if as_of is None else values.day("as_of", as_of),
        known_at=None if known_at is None else values.instant("known_at", known_at),
        kept=kept,
    )
    answer = _HANDLERS[name].answer(call, wanted)
    answer.headers.setdefault("Content-Language", call.language)
    # Nothing here can be asked for anew by an ETag, and a widespread desktop client that reads a layer
    # again within the second of its own change is otherwise shown what it had read before.
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def _features(call: Call, wanted: GetFeature) -> Response:
    sources: list[Source] = []
    for query in wanted.queries:
        if isinstance(query, AdHocQuery):
            sources += [CollectionSource(call, each) for each in selections(call, query)]
        elif not is_feature_by_id(query):
            sources.append(question_source(call, query))
        elif len(wanted.queries) > 1:
            raise UnsupportedOption(name="storedQuery_id", value=query.id, allowed="1")
        else:
            return feature_by_id(call, wanted, query)
    return feature_collection(call, wanted, sources)


_HANDLERS: dict[str, _Handler] = {
    "GetCapabilities": _Handler(capabilities),
    "DescribeFeatureType": _Handler(schema),
    "GetFeature": _Handler(_features),
    "GetPropertyValue": _Handler(value_collection, (V200,)),
    "ListStoredQueries": _Handler(lambda call, _: listed(call), (V200,)),
    "DescribeStoredQueries": _Handler(lambda call, wanted: described(call, wanted.ids), (V200,)),
    "Transaction": _Handler(
        transact, changes=True, by_keywords=only_posted, by_document=lambda _, root: root
    ),
    "LockFeature": _Handler(
        lock_features, changes=True, by_keywords=lock_of_keywords, by_document=lock_of_body
    ),
    "GetFeatureWithLock": _Handler(
        features_with_lock,
        changes=True,
        by_keywords=features_of_keywords,
        by_document=features_of_body,
    ),
}
