"""Features made, replaced, changed and deleted (OGC API Features, Part 4), each in one transaction."""

from collections.abc import Callable, Sequence
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geoservice.description.collection import Collection
from geoservice.doors.http import bodies
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.editing.answers import (
    Reply,
    answered,
    described,
    in_operation,
    version_tag,
)
from geoservice.doors.http.editing.geojson import (
    PARTIAL,
    WHOLE,
    content_crs,
    features_of,
    partial_feature,
    whole_feature,
)
from geoservice.doors.http.editing.preconditions import expected_version, require_none
from geoservice.doors.http.editing.request import EditRequest, edit_request
from geoservice.doors.http.features import items
from geoservice.doors.http.features.ids import absent, feature_id
from geoservice.doors.http.permission import require_editor
from geoservice.doors.http.resources import MayWrite, Resource
from geoservice.editing.operations import Delete, Insert, Operation, Outcome, Replace, Update
from geoservice.errors import UnknownFeature

_Make = Callable[[Collection, UUID, int | None], Operation]


def routes() -> list[Route]:
    """The paths of features, with reading and writing."""
    return [
        Route(
            "/collections/{collection}/items",
            Resource(items.features, _post, may_write=may_write),
        ),
        Route(
            "/collections/{collection}/items/{feature}",
            Resource(items.feature, put=_put, patch=_patch, delete=_delete, may_write=may_write),
        ),
    ]


def may_write(asked: Asked) -> MayWrite:
    """Whether a collection can be edited, and whether whoever asks may do so."""
    collection = asked.collection(asked.path_parameter("collection"))
    is_trusted = asked.principal.may_edit and asked.foreign_page is None
    return MayWrite(thing=collection.editable, caller=is_trusted)


async def _post(asked: Asked, request: Request) -> Response:
    """One new feature, or all those of a FeatureCollection."""
    body = await _body(asked, request, WHOLE)
    return await run_in_threadpool(_inserted, asked, body)


async def _put(asked: Asked, request: Request) -> Response:
    """Another feature in the place of one that is there; none is made."""
    body = await _body(asked, request, WHOLE)

    def replace(collection: Collection, uid: UUID, version: int | None) -> Operation:
        document, crs = bodies.decoded(body), content_crs(asked)
        values = whole_feature(asked, collection, document, crs, uid)
        return Replace(collection=collection, which=uid, values=values, version=version)

    return await run_in_threadpool(changed, asked, body, replace)


async def _patch(asked: Asked, request: Request) -> Response:
    """The values that are named."""
    body = await _body(asked, request, PARTIAL)

    def update(collection: Collection, uid: UUID, version: int | None) -> Operation:
        document, crs = bodies.decoded(body), content_crs(asked)
        values = partial_feature(asked, collection, document, crs, uid)
        return Update(collection=collection, which=uid, values=values, version=version)

    return await run_in_threadpool(changed, asked, body, update)


async def _delete(asked: Asked, _request: Request) -> Response:
    """A feature is taken away; its history stays."""
    require_editor(asked)

    def delete(collection: Collection, uid: UUID, version: int | None) -> Operation:
        return Delete(collection=collection, which=uid, version=version)

    return await run_in_threadpool(changed, asked, b"", delete)


async def _body(asked: Asked, request: Request, media_types: Sequence[str]) -> bytes:
    """The body, read only of somebody who may edit."""
    require_editor(asked)
    return await bodies.whole(request, media_types, asked.service.limits.max_json_body)


def _inserted(asked: Asked, body: bytes) -> Response:
    collection = asked.collection(asked.path_parameter("collection"))
    asking = edit_request(asked, require_editor(asked))
    require_none(asked)
    document, crs = bodies.decoded(body), content_crs(asked)
    many = features_of(document)
    if many is None:
        values = whole_feature(asked, collection, document, crs)
        insert = Insert(collection=collection, values=values)
        return answered(asked, asking, body, lambda: [insert], _created(asked, collection, asking))

    def inserts() -> list[Operation]:
        found: list[Operation] = []
        for number, each in enumerate(many):
            label = f"features/{number}"
            with in_operation(label):
                values = whole_feature(asked, collection, each, crs)
            found.append(Insert(collection=collection, values=values, label=label))
        return found

    return answered(asked, asking, body, inserts, lambda outcome: described(outcome, 201))


def _created(
    asked: Asked, collection: Collection, asking: EditRequest
) -> Callable[[Outcome], Reply]:
    def reply(outcome: Outcome) -> Reply:
        [new] = outcome.done[0].features
        # Without a key among its parameters: desktop clients take the id from what is behind `items/`.
        location = f"{asked.base}/collections/{collection.id}/items/{new.uid}"
        headers = {"Location": location, "ETag": version_tag(new.version)}
        return Reply(201, headers, feature=(collection, new.uid))

    return reply


def changed(asked: Asked, body: bytes, make: _Make) -> Response:
    """The answer to an operation on the feature that the path names."""
    collection = asked.collection(asked.path_parameter("collection"))
    asking = edit_request(asked, require_editor(asked))
    uid = feature_id(collection, asked.path_parameter("feature"))

    def operations() -> list[Operation]:
        return [make(collection, uid, expected_version(asked, collection, uid))]

    def reply(outcome: Outcome) -> Reply:
        [feature] = outcome.done[0].features
        if feature.version is None:
            return Reply(204, {})
        # A tag with the answer to PUT would say that all was stored as it came (RFC 9110, 9.3.4).
        headers = {} if asked.method == "PUT" else {"ETag": version_tag(feature.version)}
        return Reply(204, headers, feature=(collection, uid))

    try:
        return answered(asked, asking, body, operations, reply)
    except UnknownFeature as missing:
        raise absent(asked, collection, uid) from missing
