"""Edits carried out and answered: once for each Idempotency-Key, tried only for `dry_run`."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from starlette.responses import Response

from geoservice.description.collection import Collection
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.editing.preconditions import feature_tag
from geoservice.doors.http.editing.request import EditRequest
from geoservice.doors.http.features import items
from geoservice.doors.http.negotiation import JSON
from geoservice.editing.carrying_out import EditLimits, carry_out, carry_out_within
from geoservice.editing.operations import Operation, Outcome
from geoservice.editing.repeats import Answer, answered_once
from geoservice.errors import GeoserviceError
from geoservice.store.database import Connection

_MAKES_THE_REQUEST = ("content-type", "content-crs", "if-match", "lock-id", "change-reason")
"""The header fields without which a request is another."""


@dataclass(frozen=True)
class Reply:
    """What to answer to an outcome: a document, or the feature if the client wants to see it."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    document: Any = None
    feature: tuple[Collection, UUID] | None = None


def answered(
    asked: Asked,
    asking: EditRequest,
    body: bytes,
    operations: Callable[[], Sequence[Operation]],
    reply: Callable[[Outcome], Reply],
) -> Response:
    """Carry operations out and answer.

    A dry run answers 200 with what would be, and needs no key. A request with a key that was carried
    out before is answered as then, before its operations are even looked at; so its answer is
    stored, and holds no feature.
    """
    service = asked.service
    how: dict[str, Any] = {
        "version_required": service.version_required,
        "limits": EditLimits(
            max_tx_operations=service.limits.max_tx_operations,
            max_tx_features=service.limits.max_tx_features,
        ),
    }
    author = asking.author
    if asking.dry_run:
        outcome = carry_out(service.database, author, operations(), dry_run=True, **how)
        return _response(_answer(described(outcome, 200, dry_run=True)))
    if asking.key is None:
        made = reply(carry_out(service.database, author, operations(), **how))
        if asking.wants_representation and made.feature is not None:
            return _represented(asked, made)
        return _response(_answer(made))

    def carried_out(connection: Connection) -> Reply:
        return reply(carry_out_within(connection, author, operations(), **how))

    return carried_out_once(asked, asking, body, carried_out)


def carried_out_once(
    asked: Asked, asking: EditRequest, body: bytes, carry_out: Callable[[Connection], Reply]
) -> Response:
    """Carry something out in one transaction of the editing role and answer.

    A request with a key that was carried out before is answered as then; a dry run needs no key.
    """
    database = asked.service.database
    if asking.key is None or asking.dry_run:
        with database.editing() as connection:
            return _response(_answer(carry_out(connection)))
    kept = answered_once(
        database,
        asking.author.name,
        asking.key,
        _digest(asked, body),
        lambda connection: _answer(carry_out(connection)),
    )
    return _response(kept)


def described(outcome: Outcome, status: int, *, dry_run: bool = False) -> Reply:
    """A document that says what was done, operation by operation, or would be."""
    done = [
        {
            "operation": type(each.operation).__name__.lower(),
            "collection": each.operation.collection.id,
            "features": [{"id": str(one.uid), "version": one.version} for one in each.features],
        }
        for each in outcome.done
    ]
    return Reply(
        status, document={"dry_run": dry_run, "change": outcome.change_id, "operations": done}
    )


def version_tag(version: int | None) -> str:
    """A tag for `If-Match` that stands for a version in every representation."""
    return feature_tag(str(version), "*")


@contextmanager
def in_operation(label: str) -> Iterator[None]:
    """Mistakes in here are those of one of several operations, and say so."""
    try:
        yield
    except GeoserviceError as mistake:
        raise mistake.in_operation(label) from mistake


def _answer(reply: Reply) -> Answer:
    if reply.document is None:
        return Answer(reply.status, reply.headers, b"")
    text = json.dumps(reply.document, ensure_ascii=False, separators=(",", ":"))
    return Answer(reply.status, {**reply.headers, "Content-Type": JSON.media_type}, text.encode())


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    _add_headers(response, answer.headers)
    if answer.repeated:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _represented(asked: Asked, reply: Reply) -> Response:
    """The feature as it is now, because the client prefers to see it."""
    assert reply.feature is not None
    response = items.written_feature(asked, *reply.feature)
    response.status_code = 201 if reply.status == 201 else 200
    _add_headers(response, {k: v for k, v in reply.headers.items() if k != "ETag"})
    response.headers["Preference-Applied"] = "return=representation"
    return response


class _AsWritten(bytes):
    """The name of a header field that the server sends as it is written here."""

    def lower(self) -> bytes:
        """Itself."""
        return self


_LOCATION = _AsWritten(b"Location")
"""Names have no case (RFC 9110, 5.1), and the server would send them all in lower case; but desktop
clients look for this one byte by byte, and without it take a new feature for failed.
"""


def _add_headers(response: Response, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        key = _LOCATION if name == "Location" else name.lower().encode("latin-1")
        response.raw_headers.append((key, value.encode("latin-1")))


def _digest(asked: Asked, body: bytes) -> str:
    """Of all that makes a request what it is, so that a key is not used for two."""
    parts = [
        asked.method,
        asked.path,
        sorted(asked.parameters.items()),
        [asked.headers.getlist(name) for name in _MAKES_THE_REQUEST],
    ]
    return hashlib.sha256(json.dumps(parts).encode() + b"\0" + body).hexdigest()
