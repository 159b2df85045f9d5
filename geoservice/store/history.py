"""What was before: the versions of a feature, and the changes that made them. → SELECT.

Pure functions like those of `statements`. Must not know who may see the names in it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from geoservice.description.collection import Collection
from geoservice.query.query import Query
from geoservice.store.encoding import geojson
from geoservice.store.statements import versions
from geoservice.store.system import changed_collections, changes


def latest_version(collection: Collection, uid: UUID) -> sa.Select[Any]:
    """The newest version of a feature: `version, superseded_at`; no row if it never was.

    `superseded_at` tells when the feature was deleted, null if it is there.
    """
    rows = versions(collection)
    return (
        sa.select(rows.c.version, rows.c.superseded_at)
        .where(rows.c.uid == uid)
        .order_by(rows.c.version.desc())
        .limit(1)
    )


def feature_versions(
    collection: Collection,
    query: Query,
    uid: UUID,
    *,
    limit: int,
    number: int | None = None,
    before: int | None = None,
) -> sa.Select[Any]:
    """Versions of a feature, newest first: the one with a number, or those before one, or all.

    Columns: `feature`, as GeoJSON in the form of the query; `version, recorded_at, superseded_at,
    operation` (that ended it); `change_id, actor, door, reason` of the change that made it;
    `ended_by, ended_actor, ended_door, ended_reason` of the one that ended it, null if it is current.
    """
    rows = versions(collection)
    picked = sa.select(*rows.c).where(rows.c.uid == uid)
    if number is not None:
        picked = picked.where(rows.c.version == number)
    if before is not None:
        picked = picked.where(rows.c.version < before)
    shown = picked.order_by(rows.c.version.desc()).limit(limit).subquery("shown")
    about = ("version", "recorded_at", "superseded_at", "operation", "change_id", "superseded_by")
    texts = (
        geojson(collection, query)
        .written(shown)
        .add_columns(*(shown.c[name] for name in about))
        .subquery("texts")
    )
    made, ended = changes.alias("made"), changes.alias("ended")
    return (
        sa.select(
            *(texts.c[name] for name in ("feature", *about[:-1])),
            *(made.c[name] for name in ("actor", "door", "reason")),
            texts.c.superseded_by.label("ended_by"),
            *(ended.c[name].label(f"ended_{name}") for name in ("actor", "door", "reason")),
        )
        .select_from(
            texts.outerjoin(made, made.c.id == texts.c.change_id).outerjoin(
                ended, ended.c.id == texts.c.superseded_by
            )
        )
        .order_by(texts.c.version.desc())
    )


@dataclass(frozen=True, kw_only=True)
class ChangesWanted:
    """Which changes: those that fulfil everything that is said. `since` counts in, `until` does not."""

    actor: str | None = None
    door: str | None = None
    collection: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def change_list(wanted: ChangesWanted, limit: int) -> sa.Select[Any]:
    """Changes, newest first; the columns of `one_change`."""
    found = _changes().order_by(changes.c.id.desc()).limit(limit)
    if wanted.actor is not None:
        found = found.where(changes.c.actor == wanted.actor)
    if wanted.door is not None:
        found = found.where(changes.c.door == wanted.door)
    if wanted.collection is not None:
        touched = changed_collections.alias("touched")
        found = found.where(
            sa.exists().where(
                touched.c.change_id == changes.c.id, touched.c.collection == wanted.collection
            )
        )
    if wanted.since is not None:
        found = found.where(changes.c.at >= wanted.since)
    if wanted.until is not None:
        found = found.where(changes.c.at < wanted.until)
    if wanted.before is not None:
        found = found.where(changes.c.id < wanted.before)
    return found


def one_change(id: int) -> sa.Select[Any]:
    """A change: its columns, and `collections`, a JSON list of counts by collection."""
    return _changes().where(changes.c.id == id)


def _changes() -> sa.Select[Any]:
    counted = changed_collections
    counts = sa.func.json_build_object(
        *("collection", counted.c.collection),
        *("inserted", counted.c.inserted),
        *("updated", counted.c.updated),
        *("deleted", counted.c.deleted),
    )
    collections = (
        sa.select(sa.func.json_agg(pg.aggregate_order_by(counts, counted.c.collection)))
        .where(counted.c.change_id == changes.c.id)
        .correlate(changes)
        .scalar_subquery()
    )
    return sa.select(*changes.c, sa.type_coerce(collections, sa.JSON).label("collections"))
