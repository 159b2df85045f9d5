"""The feature that a path names: its id, and what to say if it is not there."""

from uuid import UUID

from geoservice.description.collection import Collection
from geoservice.doors.http.asked import Asked
from geoservice.errors import DeletedFeature, NotFound, UnknownFeature
from geoservice.store import history


def feature_id(collection: Collection, text: str) -> UUID:
    """The id that a text is; what is no id belongs to no feature."""
    try:
        if len(text) == 36:
            return UUID(text)
    except ValueError:
        pass
    raise UnknownFeature(collection=collection.id, value=text)


def current_version(asked: Asked, collection: Collection, uid: UUID) -> int | None:
    """The version of a feature now; None if it is not there."""
    row = next(iter(asked.service.database.rows(history.latest_version(collection, uid))), None)
    return None if row is None or row.superseded_at is not None else int(row.version)


def absent(asked: Asked, collection: Collection, uid: UUID) -> NotFound:
    """The mistake of asking for a feature that is not there now: it never was, or was deleted."""
    row = next(iter(asked.service.database.rows(history.latest_version(collection, uid))), None)
    if row is None or row.superseded_at is None:
        return UnknownFeature(collection=collection.id, value=str(uid))
    return DeletedFeature(
        collection=collection.id, value=str(uid), deleted_at=row.superseded_at.isoformat()
    )


def versions_path(collection: str, uid: object) -> str:
    """Where the history of a feature is."""
    return f"/collections/{collection}/items/{uid}/versions"
