"""Requests that may come twice: one with a key is carried out once, and answered the same again.

The answer is stored in the transaction of the edit, so that neither is there without the other
(draft-ietf-httpapi-idempotency-key-header). A request that failed left nothing and may be repeated.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from geoservice.errors import BadParameter, KeyReused, RequestInProgress
from geoservice.store.database import Database
from geoservice.store.system import answered_requests

MAX_KEY_CHARACTERS = 255
_KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class Answer:
    """What a door answered; `repeated` says that nothing was done for it now."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    repeated: bool = False


def answered_once(
    database: Database,
    actor: str,
    key: str,
    request_sha256: str,
    answer: Callable[[sa.Connection], Answer],
) -> Answer:
    """The answer of a request, carried out only if it was not within the last 24 hours.

    Args:
        database: where answers are kept.
        actor: whose key it is; another's is independent.
        key: the `Idempotency-Key`, up to 255 characters.
        request_sha256: of all that makes the request what it is: method, address, body.
        answer: carries the request out on a connection, in its transaction.

    Raises:
        BadParameter: the key is empty or too long.
        KeyReused: the key came with another request.
        RequestInProgress: the request is being carried out.
    """
    if not 0 < len(key) <= MAX_KEY_CHARACTERS or not key.isprintable():
        raise BadParameter(
            name="Idempotency-Key", value=key, allowed=f"1–{MAX_KEY_CHARACTERS} characters"
        )
    kept = answered_requests
    is_kept = kept.c.at > sa.func.clock_timestamp() - _KEPT
    with database.editing() as connection:
        lock = sa.func.hashtextextended(f"request {actor!r} {key!r}", 0)
        if not connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(lock))).scalar_one():
            raise RequestInProgress(value=key)
        earlier = connection.execute(
            sa.select(kept).where(kept.c.actor == actor, kept.c.key == key, is_kept)
        ).first()
        if earlier is not None and earlier.request_sha256 != request_sha256:
            raise KeyReused(value=key)
        if earlier is not None:
            return Answer(earlier.status, earlier.headers, bytes(earlier.body), repeated=True)
        made = answer(connection)
        _forget_old(connection)
        connection.execute(
            sa.insert(kept).values(
                actor=actor,
                key=key,
                request_sha256=request_sha256,
                status=made.status,
                headers=dict(made.headers),
                body=made.body,
            )
        )
    return made


def _forget_old(connection: sa.Connection) -> None:
    """Delete answers that are kept no longer, this key's among them; not those another deletes."""
    kept = answered_requests
    old = (
        sa.select(kept.c.actor, kept.c.key)
        .where(kept.c.at <= sa.func.clock_timestamp() - _KEPT)
        .with_for_update(skip_locked=True)
    )
    connection.execute(sa.delete(kept).where(sa.tuple_(kept.c.actor, kept.c.key).in_(old)))
