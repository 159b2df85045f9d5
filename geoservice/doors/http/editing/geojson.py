"""Features as clients send them, in GeoJSON (RFC 7946), → the values of an operation.

Knows which members a document may have and must have; what a value must be is known to
`editing.values`.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from geoservice.crs import CRS84, Crs
from geoservice.description.collection import Collection
from geoservice.doors.http import values
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.bodies import NAME
from geoservice.editing.operations import Values
from geoservice.editing.values import values_from_geojson
from geoservice.errors import Malformed
from geoservice.languages import Text

WHOLE = ("application/geo+json", "application/json")
PARTIAL = ("application/merge-patch+json", *WHOLE)

_MEMBERS = ("type", "id", "geometry", "properties")
_PASSED_OVER = ("links", "bbox")
"""What an answer of ours has beside; it tells nothing that the rest does not."""
_LEFT_TO_VALUES = ("crs", "coordRefSys")


def content_crs(asked: Asked) -> Crs:
    """The CRS of the coordinates of a body: `Content-Crs`, in angle brackets or without.

    OGC 18-058r1 (Part 2) writes them; desktop clients leave them out. Longitude and latitude if
    nothing is said.
    """
    given = asked.headers.get("content-crs")
    if given is None:
        return CRS84
    name = given.strip()
    if name.startswith("<") and name.endswith(">"):
        name = name[1:-1]
    return values.crs("Content-Crs", name, asked.service.crs_offered)


def features_of(document: Mapping[str, Any]) -> list[Any] | None:
    """The features of a FeatureCollection; None if it is a single feature."""
    if document.get("type") != "FeatureCollection":
        return None
    _require_members(document, ("type", "features"))
    features = document.get("features")
    if not isinstance(features, list) or not features:
        raise _wrong("features 须为非空列表", "features must be a list that is not empty")
    return features


def whole_feature(
    asked: Asked, collection: Collection, document: Any, crs: Crs, uid: UUID | None = None
) -> Values:
    """The values of a Feature that stands for all there is; `uid` is that of the one replaced.

    Its geometry must be said, null if there is none (RFC 7946, 3.2): what was forgotten must not
    take a geometry away.
    """
    if not isinstance(document, dict) or document.get("type") != "Feature":
        raise _wrong("type 须为 Feature", "its type must be Feature")
    if collection.geometry is not None and "geometry" not in document:
        raise _wrong("缺少 geometry（没有几何时写 null）", "geometry is missing; null means none")
    return _values(asked, collection, document, crs, uid)


def partial_feature(
    asked: Asked, collection: Collection, document: Any, crs: Crs, uid: UUID
) -> Values:
    """The values that a merge patch (RFC 7396) names; null takes one away.

    Null for all properties at once is refused: nobody who edits one feature means it.
    """
    if not isinstance(document, dict):
        raise _wrong("应为 JSON 对象", "it must be a JSON object")
    if "properties" in document and document["properties"] is None:
        raise _wrong("properties 不能为 null", "properties must not be null")
    return _values(asked, collection, document, crs, uid)


def _values(
    asked: Asked, collection: Collection, document: dict[str, Any], crs: Crs, uid: UUID | None
) -> Values:
    _require_members(document, (*_MEMBERS, *_LEFT_TO_VALUES))
    return values_from_geojson(
        document,
        collection,
        crs,
        max_vertices=asked.service.limits.max_geom_vertices,
        own_id=uid,
    )


def _require_members(document: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse a member that might mean something: nothing that a client says is dropped."""
    for name in document:
        if name not in known and name not in _PASSED_OVER:
            allowed = ", ".join(known)
            raise _wrong(
                f"不认识的成员“{name}”；可用：{allowed}",
                f"unknown member “{name}”; allowed: {allowed}",
            )


def _wrong(zh: str, en: str) -> Malformed:
    return Malformed(name=NAME, reason=Text(zh=zh, en=en))
