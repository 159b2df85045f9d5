"""The gate: a key → whoever it belongs to."""

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

import sqlalchemy as sa

from geoservice.access.attempts import Attempts
from geoservice.access.principal import Principal, Role
from geoservice.access.secret import is_right, nobodys_hash, parts_of
from geoservice.errors import WrongKey
from geoservice.store.database import Database, Row
from geoservice.store.system import keys, users

_FRESH_S = 1.0
_MOST_REMEMBERED = 1024
_MARKED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class _Known:
    """A key that was verified: its id, whose it was when last looked up, and when that was."""

    id: str
    principal: Principal
    looked_up_at: float


class Gate:
    """Tells who asks by their key. Thread-safe; one for each process.

    A secret is verified once in a process. Afterwards the key is known by a digest under a secret of
    the process, never by itself, and each second its row is read again, so that a key that was
    revoked or has expired, and a role that was changed, are seen after at most a second.
    """

    def __init__(self, database: Database, attempts: Attempts | None = None) -> None:
        self._database = database
        self._attempts = attempts or Attempts()
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._lock = Lock()

    def principal(self, key: str, *, address: str = "") -> Principal:
        """Whose key it is.

        Raises `WrongKey` if it is malformed, unknown, expired or revoked, or its user is disabled:
        in one wording, and after the same work. Raises `TooManyAttempts` if too many wrong keys
        came from the address; a key that is known already is not affected.
        """
        digest = hmac.digest(self._secret, key.encode("utf-8", "replace"), hashlib.sha256)
        known = self._known.get(digest)
        now = time.monotonic()
        if known is not None and now - known.looked_up_at < _FRESH_S:
            return known.principal
        if known is not None:
            row = self._row(known.id)
            if row is not None and row.is_valid:
                return self._remembered(digest, known.id, row)
            self._forget(digest)
        with self._attempts.one(address):
            id, row = self._verified(key)
        return self._remembered(digest, id, row)

    def _verified(self, key: str) -> tuple[str, Row]:
        id, secret = parts_of(key) or ("", "")
        row = self._row(id)
        # Whatever is wrong, one hash is computed, so that the time tells nothing.
        fits = is_right(secret, row.secret_hash if row else nobodys_hash())
        if row is None or not fits or not row.is_valid:
            raise WrongKey
        return id, row

    def _row(self, id: str) -> Row | None:
        """The row of a key with its user: whether it is valid, whether its use is to be marked."""
        now = sa.func.clock_timestamp()
        is_valid = sa.and_(
            keys.c.revoked_at.is_(None),
            users.c.disabled_at.is_(None),
            sa.or_(keys.c.expires_at.is_(None), keys.c.expires_at > now),
        )
        is_due = sa.or_(keys.c.last_used_at.is_(None), keys.c.last_used_at < now - _MARKED_EVERY)
        statement = (
            sa.select(
                keys.c.secret_hash,
                users.c.name,
                users.c.role,
                users.c.towns,
                is_valid.label("is_valid"),
                is_due.label("is_due"),
            )
            .join(users, users.c.id == keys.c.user_id)
            .where(keys.c.id == id)
        )
        with self._database.access() as connection:
            return connection.execute(statement).first()

    def _remembered(self, digest: bytes, id: str, row: Row) -> Principal:
        if row.is_due:
            self._mark_as_used(id)
        towns = None if row.towns is None else frozenset(row.towns)
        principal = Principal(row.name, Role[row.role.upper()], towns)
        with self._lock:
            self._known[digest] = _Known(id, principal, time.monotonic())
            self._known.move_to_end(digest)
            if len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        return principal

    def _mark_as_used(self, id: str) -> None:
        now = sa.func.clock_timestamp()
        with self._database.access() as connection:
            connection.execute(sa.update(keys).where(keys.c.id == id).values(last_used_at=now))

    def _forget(self, digest: bytes) -> None:
        with self._lock:
            self._known.pop(digest, None)
