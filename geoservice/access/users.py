"""Users: who may do more than read what is public. Kept by name; their keys are in `keys`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from geoservice.access.principal import ANONYMOUS, Role
from geoservice.domain.places import towns as town_collection
from geoservice.errors import AlreadyExists, BadParameter, UnknownTown, UnknownUser
from geoservice.languages import Text
from geoservice.store.database import Database, Row
from geoservice.store.system import users
from geoservice.store.tables import tables

_NAME = re.compile(
    r"[^\s:\x00-\x1f\x7f-\x9f](?:[^:\x00-\x1f\x7f-\x9f]{0,62}[^\s:\x00-\x1f\x7f-\x9f])?"
)
_NAME_FORM = Text(
    zh="1 至 64 个字符，无冒号和控制字符，首尾无空格，且不是 anonymous",
    en="1 to 64 characters, no colon, no control character, no blank at an end, and not anonymous",
)
_TOWNS_FORM = Text(zh="只有编辑人员可限定镇街", en="only an editor can be limited to towns")
FIRST_ADMIN = "admin"
"""The name of the user that `add_first_admin` makes."""


@dataclass(frozen=True)
class User:
    """A user. `towns` are the codes of the towns an editor may write in; None is everywhere."""

    id: UUID
    name: str
    role: Role
    towns: frozenset[str] | None
    created_at: datetime
    disabled_at: datetime | None


def add_user(database: Database, name: str, role: Role, towns: Iterable[str] | None = None) -> User:
    """A new user.

    Raises `AlreadyExists` for a name that is taken, also by a disabled user; `BadParameter` for a
    name that cannot be one, for the role of the public, which is nobody's, and for towns of somebody
    who is no editor; `UnknownTown` for a code that no town has, where there are any towns.
    """
    if name == ANONYMOUS or not _NAME.fullmatch(name):
        raise BadParameter(name="name", value=name, allowed=_NAME_FORM)
    with database.access() as connection:
        values = _rights(connection, role, towns)
        insert = pg.insert(users).values(name=name, **values).on_conflict_do_nothing()
        row = connection.execute(insert.returning(*users.c)).first()
    if row is None:
        raise AlreadyExists(value=name)
    return _user(row)


def add_first_admin(database: Database) -> User | None:
    """An administrator where there is no user at all; None where there is one, even a disabled one."""
    nobody = ~sa.exists(sa.select(users.c.id))
    values = sa.select(sa.literal(FIRST_ADMIN), sa.literal(_stored(Role.ADMIN))).where(nobody)
    insert = pg.insert(users).from_select(["name", "role"], values).on_conflict_do_nothing()
    with database.access() as connection:
        row = connection.execute(insert.returning(*users.c)).first()
    return _user(row) if row else None


def change_user(
    database: Database, name: str, role: Role, towns: Iterable[str] | None = None
) -> User:
    """A user with another role and other towns; seen by the running service within a second.

    Raises `UnknownUser`, and for role and towns what `add_user` raises.
    """
    with database.access() as connection:
        values = _rights(connection, role, towns)
        return _updated(connection, name, values)


def disable_user(database: Database, name: str) -> User:
    """A user none of whose keys is valid any more. For good: a name stays with its history.

    Disabling again changes nothing. Raises `UnknownUser`.
    """
    moment = sa.func.coalesce(users.c.disabled_at, sa.func.clock_timestamp())
    with database.access() as connection:
        return _updated(connection, name, {"disabled_at": moment})


def all_users(database: Database) -> list[User]:
    """All users by name, the disabled ones too."""
    with database.access() as connection:
        return [_user(row) for row in connection.execute(sa.select(users).order_by(users.c.name))]


def user_named(database: Database, name: str) -> User:
    """One user; `UnknownUser` if there is none of this name."""
    with database.access() as connection:
        row = connection.execute(sa.select(users).where(users.c.name == name)).first()
    if row is None:
        raise UnknownUser(value=name)
    return _user(row)


def _rights(
    connection: sa.Connection, role: Role, towns: Iterable[str] | None
) -> dict[str, object]:
    """Role and towns as they are stored."""
    if role is Role.PUBLIC:
        allowed = [_stored(each) for each in Role if each is not Role.PUBLIC]
        raise BadParameter(name="role", value=_stored(role), allowed=allowed)
    codes = None if towns is None else sorted(set(towns))
    if codes is not None:
        if role is not Role.EDITOR:
            raise BadParameter(name="town", value=codes, allowed=_TOWNS_FORM)
        _require_towns(connection, codes)
    return {"role": _stored(role), "towns": codes}


def _require_towns(connection: sa.Connection, codes: list[str]) -> None:
    table = tables().current(town_collection)
    existing = set(connection.execute(sa.select(table.c.code).distinct()).scalars())
    unknown = [code for code in codes if code not in existing] if existing else []
    if unknown:
        raise UnknownTown(name="town", value=unknown, allowed=sorted(existing))


def _updated(connection: sa.Connection, name: str, values: dict[str, object]) -> User:
    update = sa.update(users).where(users.c.name == name).values(values)
    row = connection.execute(update.returning(*users.c)).first()
    if row is None:
        raise UnknownUser(value=name)
    return _user(row)


def _stored(role: Role) -> str:
    return role.name.lower()


def _user(row: Row) -> User:
    towns = None if row.towns is None else frozenset(row.towns)
    role = Role[row.role.upper()]
    return User(row.id, row.name, role, towns, row.created_at, row.disabled_at)
