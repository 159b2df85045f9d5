"""What a feature has been: its versions with their authors, each as it was, and a way back.

Knows no HTTP.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

import pandas as pd

from geoservice.client import frames

if TYPE_CHECKING:
    import geopandas

    from geoservice.client.collection import Collection

GEOMETRY = "geometry"

_TYPES: Mapping[str, str] = {
    "version": "integer",
    "from": "datetime",
    "to": "datetime",
    "who": "text",
    "door": "text",
    "why": "text",
    "change": "integer",
    "ended_by": "text",
}


def history(collection: "Collection", uid: str | UUID) -> pd.DataFrame:
    """The versions of a feature that is there or was, the newest first.

    The index is the version. `from` and `to` say when it was recorded and superseded, `who`, `door`
    and `why` by whose change (people are named to analysts and above), `ended_by` how it ended:
    `update`, `delete`, or missing while it is the current one. `changes` holds what it changed, by
    field: (before, after); None for the first. Costs one request for each version.

    Raises:
        UnknownFeature: there never was such a feature.
    """
    listed = list(_listed(collection, uid))
    contents = [_content(_feature(collection, uid, each["version"])) for each in listed]
    frame = frames.frame_of_documents([_document(each) for each in listed], _TYPES, "version")
    frame.index = frame.index.astype("int64")
    changes = list(map(_changes, contents, [*contents[1:], None]))
    return frame.assign(changes=pd.Series(changes, index=frame.index, dtype="object"))


def version(
    collection: "Collection", uid: str | UUID, number: int
) -> "geopandas.GeoDataFrame | pd.DataFrame":
    """One version of a feature as it was, as a frame of one row.

    Raises:
        NotFound: the feature has no such version.
    """
    feature = _feature(collection, uid, number)
    fields = collection.fields
    table = frames.table_of_features(
        [feature],
        {name: field.type for name, field in fields.items()},
        has_geometry=fields.geometry_name is not None,
    )
    known = {
        "collection": collection.id,
        "title": collection.title,
        **{name: feature[name] for name in ("version", "recorded_from", "recorded_to")},
        "fields": {n: {"title": f.title, "unit": f.unit} for n, f in fields.items()},
        "service": collection.client.connection.address,
        "transport": "geojson",
    }
    return frames.frame_of(table, known)


def latest_version(collection: "Collection", uid: str) -> Mapping[str, Any]:
    """The newest version of a feature as the service lists it, without its content.

    Raises:
        UnknownFeature: there never was such a feature.
    """
    found: list[Mapping[str, Any]] = _asked(collection, _path(collection, uid), limit=1)["versions"]
    return found[0]


def _path(collection: "Collection", uid: str | UUID) -> str:
    return f"/collections/{collection.id}/items/{quote(str(uid), safe='')}/versions"


def _asked(collection: "Collection", path: str, **parameters: object) -> Any:
    return collection.client.connection.json(path, parameters)


def _listed(collection: "Collection", uid: str | UUID) -> Iterator[Mapping[str, Any]]:
    following: str | None = _path(collection, uid)
    while following is not None:
        page = _asked(collection, following)
        yield from page["versions"]
        links = page["links"]
        following = next((each["href"] for each in links if each["rel"] == "next"), None)


def _feature(collection: "Collection", uid: str | UUID, number: int) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _asked(collection, f"{_path(collection, uid)}/{number}")
    return found


def _content(feature: Mapping[str, Any]) -> dict[str, Any]:
    return {**feature["properties"], GEOMETRY: feature["geometry"]}


def _changes(
    content: Mapping[str, Any], before: Mapping[str, Any] | None
) -> dict[str, tuple[Any, Any]] | None:
    """The fields in which two versions differ, each with the value before and after."""
    if before is None:
        return None
    return {
        name: (before.get(name), value)
        for name, value in content.items()
        if before.get(name) != value
    }


def _document(about: Mapping[str, Any]) -> dict[str, Any]:
    """A version as one row; who made it and why are not told to everybody."""
    made = about["change"]
    return {
        "version": about["version"],
        "from": about["recorded_from"],
        "to": about["recorded_to"],
        "who": made.get("author"),
        "door": made["door"],
        "why": made.get("reason"),
        "change": made["id"],
        "ended_by": about["ended_by"],
    }
