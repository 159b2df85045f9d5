"""Locks: features that only those may change who give the lock, for some minutes.

That a lock binds is the work of the database, for every door. Whether it has expired is told by the
clock of the database alone. A lock that has expired binds nobody, and is forgotten after a day.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from geoservice.description.collection import Collection
from geoservice.editing.operations import Author
from geoservice.editing.towns import not_own
from geoservice.errors import BadParameter, CannotLock, LockExpired, UnknownFeature, UnknownLock
from geoservice.languages import Text
from geoservice.query.filter import Condition
from geoservice.store.database import Database, limit_to_towns
from geoservice.store.filters import compiled
from geoservice.store.system import locked_features, locks
from geoservice.store.tables import tables

MAX_MINUTES = 60.0
_REMEMBERED = timedelta(days=1)

_now = sa.func.clock_timestamp()


class LockAction(StrEnum):
    """Whether all of the features are meant, or those that can be had, or were touched."""

    ALL = "ALL"
    SOME = "SOME"


@dataclass(frozen=True)
class Wanted:
    """Features to lock: by their ids, which must be there, by a condition, or (None) all.

    Of these no more than `first`, in the order of their ids.
    """

    collection: Collection
    which: tuple[UUID, ...] | Condition | None = None
    first: int | None = None


@dataclass(frozen=True)
class Member:
    """A feature of a collection, by their ids."""

    collection: str
    uid: UUID


@dataclass(frozen=True)
class Lock:
    """A lock that holds `locked` until `expires_at`; `not_locked` are held by other locks."""

    id: UUID
    expires_at: datetime
    locked: tuple[Member, ...]
    not_locked: tuple[Member, ...] = ()


def lock(
    database: Database,
    author: Author,
    wanted: Sequence[Wanted],
    *,
    minutes: float,
    action: LockAction = LockAction.ALL,
    at_most: int = 10_000,
) -> Lock:
    """Lock features for an author, once the edits that are under way have ended.

    More than `MAX_MINUTES` are cut to it, as the time that the lock tells shows.

    Raises:
        CannotLock: with `ALL`, a feature is locked already; or there are more than `at_most`.
        UnknownFeature: an id is not there.
        Forbidden: a feature is in a town that is not the author's.
        BadParameter: the minutes are no positive number.
        Conflict: a feature is being edited for too long.
    """
    minutes = _capped(minutes)
    with database.editing() as connection:
        limit_to_towns(connection, author.towns)
        _forget(connection)
        found: dict[Member, None] = {}
        for each in sorted(wanted, key=lambda each: each.collection.id):
            for uid in _held_rows(connection, author, each, at_most - len(found)):
                found[Member(each.collection.id, uid)] = None
        _free_expired(connection, found)
        made = connection.execute(
            sa.insert(locks)
            .values(
                id=uuid4(), owner=author.name, minutes=minutes, expires_at=_now + _span(minutes)
            )
            .returning(locks.c.id, locks.c.expires_at)
        ).one()
        taken = _taken(connection, made.id, found)
        missed = tuple(each for each in found if each not in taken)
        if missed and action is LockAction.ALL:
            first = missed[0]
            raise CannotLock(
                collection=first.collection,
                value=str(first.uid),
                reason=Text(
                    zh=f"{first.collection} 的要素 {first.uid} 已被锁定（共 {len(missed)} 个）。",
                    en=f"feature {first.uid} of {first.collection} is locked already "
                    f"({len(missed)} in all).",
                ),
            )
    return Lock(made.id, made.expires_at, tuple(each for each in found if each in taken), missed)


def renewed(database: Database, author: Author, lock_id: UUID, *, minutes: float) -> Lock:
    """The author's lock, with its time begun anew; raises `UnknownLock` or `LockExpired`."""
    minutes = _capped(minutes)
    with database.editing() as connection:
        require_usable(connection, lock_id, author.name)
        expires_at = connection.execute(
            sa.update(locks)
            .where(locks.c.id == lock_id)
            .values(minutes=minutes, expires_at=_now + _span(minutes))
            .returning(locks.c.expires_at)
        ).scalar_one()
        members = sorted(held(connection, lock_id), key=lambda each: (each.collection, each.uid))
    return Lock(lock_id, expires_at, tuple(members))


def release(database: Database, lock_id: UUID, *, owner: str | None) -> None:
    """End a lock; `owner` None is an administrator, who may end anybody's. Raises `UnknownLock`."""
    mine = sa.true() if owner is None else locks.c.owner == owner
    with database.editing() as connection:
        gone = connection.execute(sa.delete(locks).where(locks.c.id == lock_id, mine))
        if not gone.rowcount:
            raise UnknownLock(value=str(lock_id))


def lock_id(text: str) -> UUID:
    """The id that a text is; what is no id belongs to no lock, and raises `UnknownLock`."""
    try:
        if len(text) == 36:
            return UUID(text)
    except ValueError:
        pass
    raise UnknownLock(value=text)


def release_after(
    connection: sa.Connection, lock_id: UUID, action: LockAction, touched: Iterable[Member]
) -> None:
    """End a lock in the transaction that edits under it: all of it, or only what was touched.

    What remains is locked for its full time again; a lock that holds nothing more is ended (OGC
    09-025r2, 15.2.3.1.2). Whose lock it is, the edit has asked.
    """
    if action is LockAction.SOME:
        for collection, uids in _by_collection(touched):
            connection.execute(
                sa.delete(locked_features).where(
                    locked_features.c.lock_id == lock_id,
                    locked_features.c.collection == collection,
                    locked_features.c.uid == sa.func.any(sa.literal(uids, pg.ARRAY(pg.UUID))),
                )
            )
        rest = sa.select(locked_features.c.uid).where(locked_features.c.lock_id == lock_id)
        if connection.execute(rest.limit(1)).first():
            span = sa.func.make_interval(0, 0, 0, 0, 0, 0, locks.c.minutes * 60)
            connection.execute(
                sa.update(locks).where(locks.c.id == lock_id).values(expires_at=_now + span)
            )
            return
    connection.execute(sa.delete(locks).where(locks.c.id == lock_id))


def require_usable(connection: sa.Connection, lock_id: UUID, owner: str) -> None:
    """Refuse a lock that is not the owner's or has expired; else nobody ends it meanwhile.

    Somebody else's lock is as unknown as one that never was.
    """
    row = connection.execute(
        sa.select((locks.c.expires_at > _now).label("is_in_time"))
        .where(locks.c.id == lock_id, locks.c.owner == owner)
        .with_for_update()
    ).first()
    if row is None:
        raise UnknownLock(value=str(lock_id))
    if not row.is_in_time:
        raise LockExpired(value=str(lock_id))


def held(connection: sa.Connection, lock_id: UUID) -> frozenset[Member]:
    """The features that a lock holds."""
    rows = connection.execute(
        sa.select(locked_features.c.collection, locked_features.c.uid).where(
            locked_features.c.lock_id == lock_id
        )
    )
    return frozenset(Member(row.collection, row.uid) for row in rows)


def standing_locks(database: Database) -> list[sa.Row[Any]]:
    """The locks that bind now, for administrators: id, owner, created_at, expires_at, features."""
    members = sa.func.count(locked_features.c.uid).label("features")
    with database.editing() as connection:
        return list(
            connection.execute(
                sa.select(
                    locks.c.id, locks.c.owner, locks.c.created_at, locks.c.expires_at, members
                )
                .outerjoin(locked_features)
                .where(locks.c.expires_at > _now)
                .group_by(locks.c.id)
                .order_by(locks.c.created_at, locks.c.id)
            ).all()
        )


def _capped(minutes: float) -> float:
    if not minutes > 0:
        raise BadParameter(name="expiry", value=str(minutes), allowed="> 0")
    return min(minutes, MAX_MINUTES)


def _span(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


def _held_rows(connection: sa.Connection, author: Author, wanted: Wanted, room: int) -> list[UUID]:
    """The ids of the features that are wanted, whose rows nobody changes until this ends."""
    collection = wanted.collection
    table = tables().current(collection)
    town = table.c[collection.town] if collection.town else sa.cast(sa.null(), sa.Text)
    where: sa.ColumnElement[bool] = sa.true()
    if isinstance(wanted.which, tuple):
        where = table.c.uid == sa.func.any(sa.literal(list(wanted.which), pg.ARRAY(pg.UUID)))
    elif wanted.which is not None:
        where = compiled(wanted.which, table, collection)
    most = room + 1 if wanted.first is None else min(room + 1, wanted.first)
    rows = sa.select(table.c.uid).where(where).order_by(table.c.uid).limit(most)
    if author.towns is not None:  # to hold a row asks the policies for writing, which pass over it
        barred = sa.select(town.label("town")).where(
            where, sa.not_(sa.func.geoservice.may_write(town))
        )
        other = connection.execute(barred.limit(1)).first()
        if other is not None:
            raise not_own(collection, other.town)
    uids = list(connection.execute(rows.with_for_update(key_share=True)).scalars())
    if len(uids) > room:
        raise CannotLock(
            reason=Text(
                zh=f"要素过多，剩余可锁定 {room} 个。",
                en=f"there are too many features; {room} more could be locked.",
            )
        )
    if isinstance(wanted.which, tuple):
        for uid in sorted({*wanted.which} - {*uids}):
            raise UnknownFeature(collection=collection.id, value=str(uid))
    return uids


def _taken(connection: sa.Connection, lock_id: UUID, wanted: Iterable[Member]) -> set[Member]:
    """The features that no other lock holds, now held by this one."""
    taken: set[Member] = set()
    for collection, uids in _by_collection(wanted):
        each = sa.func.unnest(sa.literal(uids, pg.ARRAY(pg.UUID(as_uuid=True))))
        rows = sa.select(sa.literal(collection), each, sa.literal(lock_id, pg.UUID))
        added = connection.execute(
            pg.insert(locked_features)
            .from_select(["collection", "uid", "lock_id"], rows)
            .on_conflict_do_nothing()
            .returning(locked_features.c.uid)
        )
        taken |= {Member(collection, uid) for uid in added.scalars()}
    return taken


def _free_expired(connection: sa.Connection, wanted: Iterable[Member]) -> None:
    """Take features away from locks whose time is over; one that is being renewed is waited for."""
    for collection, uids in _by_collection(wanted):
        mine = sa.and_(
            locked_features.c.collection == collection,
            locked_features.c.uid == sa.func.any(sa.literal(uids, pg.ARRAY(pg.UUID))),
        )
        owners = sa.select(locked_features.c.lock_id).where(mine)
        expired = (
            sa.select(locks.c.id)
            .where(locks.c.id.in_(owners), locks.c.expires_at <= _now)
            .order_by(locks.c.id)
            .with_for_update()
        )
        ids = list(connection.execute(expired).scalars())
        if ids:
            connection.execute(
                sa.delete(locked_features).where(mine, locked_features.c.lock_id.in_(ids))
            )


def _forget(connection: sa.Connection) -> None:
    """Delete locks that expired long ago; until then it is told that they have expired."""
    old = (
        sa.select(locks.c.id)
        .where(locks.c.expires_at < _now - _REMEMBERED)
        .with_for_update(skip_locked=True)
    )
    connection.execute(sa.delete(locks).where(locks.c.id.in_(old)))


def _by_collection(members: Iterable[Member]) -> Iterator[tuple[str, list[UUID]]]:
    grouped: dict[str, list[UUID]] = {}
    for each in members:
        grouped.setdefault(each.collection, []).append(each.uid)
    yield from sorted(grouped.items())
