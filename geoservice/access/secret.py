"""What a key is made of, and how its secret is kept: the only place that makes or compares one."""

import re
import secrets
import string
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_FORM = re.compile(r"gs_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
_ID_CHARACTERS = string.ascii_lowercase + string.digits


@cache
def _hasher() -> PasswordHasher:
    """Argon2id with the least cost that OWASP's Password Storage Cheat Sheet allows.

    A secret here is random and as long as a hash, so that no guess is ever worth its cost; what is
    saved is memory, which an attacker could otherwise make the service use up.
    """
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@cache
def nobodys_hash() -> str:
    """The hash of a secret that nobody has."""
    return hash_of(new_secret())


def new_id() -> str:
    """The part of a new key that may be shown: 62 random bits, so that keys never have one id."""
    return "".join(secrets.choice(_ID_CHARACTERS) for _ in range(12))


def new_secret() -> str:
    """The secret of a new key: 256 random bits, base64url."""
    return secrets.token_urlsafe(32)


def key_of(id: str, secret: str) -> str:
    """A key as its user gets it. The beginning tells people and scanners what has leaked."""
    return f"gs_{id}_{secret}"


def parts_of(key: str) -> tuple[str, str] | None:
    """The id and the secret of a key; None if it has not the form of one."""
    form = _FORM.fullmatch(key)
    return (form[1], form[2]) if form else None


def hash_of(secret: str) -> str:
    """The hash by which a secret is kept, with its salt and its cost."""
    return _hasher().hash(secret)


def is_right(secret: str, secret_hash: str) -> bool:
    """Whether a secret is the one that was hashed."""
    try:
        return _hasher().verify(secret_hash, secret)
    except (VerificationError, InvalidHashError):
        return False
