"""Keys of users: issued, listed, revoked. A secret is shown once and kept only as a hash."""

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from geoservice.access.secret import hash_of, key_of, new_id, new_secret
from geoservice.errors import BadParameter, UnknownKey, UnknownUser, UserDisabled
from geoservice.languages import Text
from geoservice.store.database import Database, Row
from geoservice.store.system import keys, users

_LONGEST_LABEL = 100
_LABEL_FORM = Text(zh="至多 100 个字符", en="at most 100 characters")
_EXPIRY_FORM = Text(zh="将来的时间", en="a time to come")


@dataclass(frozen=True)
class Key:
    """What may be known of a key. Times are in UTC; `last_used_at` is true to a minute."""

    id: str
    user: str
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True)
class IssuedKey:
    """A new key with its text, which nobody can ever find out again."""

    key: Key
    text: str = field(repr=False)


def issue_key(
    database: Database, user: str, *, label: str = "", expires_at: datetime | None = None
) -> IssuedKey:
    """A new key of a user; without `expires_at` it is valid until it is revoked.

    Raises `UnknownUser`, `UserDisabled`, and `BadParameter` for a label that is too long or an expiry
    that is not to come, by the clock of the database.
    """
    if len(label) > _LONGEST_LABEL or not label.isprintable():
        raise BadParameter(name="label", value=label, allowed=_LABEL_FORM)
    id, secret = new_id(), new_secret()
    secret_hash = hash_of(secret)
    with database.access() as connection:
        # Locked, so that no key is made for a user who is being disabled.
        owner = connection.execute(
            sa.select(users.c.id, users.c.disabled_at, sa.func.clock_timestamp().label("now"))
            .where(users.c.name == user)
            .with_for_update()
        ).first()
        if owner is None:
            raise UnknownUser(value=user)
        if owner.disabled_at is not None:
            raise UserDisabled(value=user)
        if expires_at is not None and expires_at <= owner.now:
            raise BadParameter(name="expires", value=expires_at.isoformat(), allowed=_EXPIRY_FORM)
        connection.execute(
            sa.insert(keys).values(
                id=id,
                user_id=owner.id,
                label=label,
                secret_hash=secret_hash,
                expires_at=expires_at,
            )
        )
        row = connection.execute(_selected().where(keys.c.id == id)).one()
    return IssuedKey(_key(row), key_of(id, secret))


def all_keys(database: Database) -> list[Key]:
    """All keys, those that are no longer valid too, by user and time."""
    statement = _selected().order_by(users.c.name, keys.c.created_at, keys.c.id)
    with database.access() as connection:
        return [_key(row) for row in connection.execute(statement)]


def revoke_key(database: Database, id: str) -> Key:
    """A key that is no longer valid, as the running service sees within a second.

    Revoking again changes nothing. Raises `UnknownKey`.
    """
    moment = sa.func.coalesce(keys.c.revoked_at, sa.func.clock_timestamp())
    with database.access() as connection:
        connection.execute(sa.update(keys).where(keys.c.id == id).values(revoked_at=moment))
        row = connection.execute(_selected().where(keys.c.id == id)).first()
    if row is None:
        raise UnknownKey(value=id)
    return _key(row)


def _selected() -> sa.Select[tuple[object, ...]]:
    """Everything but the hash."""
    shown = [column for column in keys.c if column.name not in ("secret_hash", "user_id")]
    return sa.select(*shown, users.c.name.label("user_name")).join(
        users, users.c.id == keys.c.user_id
    )


def _key(row: Row) -> Key:
    return Key(
        id=row.id,
        user=row.user_name,
        label=row.label,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
