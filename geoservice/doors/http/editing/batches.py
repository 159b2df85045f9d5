r"""A batch of edits as a JSON document → operations, in its order.

{"reason": "…", "operations": [
  {"op": "insert", "collection": "…", "feature": {…}},
  {"op": "update", "collection": "…", "id": "…", "version": 3, "properties": {…}, "geometry": …},
  {"op": "replace", "collection": "…", "id": "…", "if_match": "\"v3-…\"", "feature": {…}},
  {"op": "delete", "collection": "…", "id": "…"},
  {"op": "restore", "collection": "…", "id": "…", "to_version": 2}]}
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from geoservice.crs import Crs
from geoservice.description.collection import Collection
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.bodies import NAME
from geoservice.doors.http.editing.answers import in_operation
from geoservice.doors.http.editing.geojson import content_crs, partial_feature, whole_feature
from geoservice.doors.http.editing.preconditions import version_of_tags
from geoservice.doors.http.features.ids import feature_id
from geoservice.editing.operations import Delete, Insert, Operation, Replace, Restore, Update
from geoservice.errors import Malformed, TooLarge
from geoservice.languages import Text

_CONTENT = ("feature", "properties", "geometry")
_SEEN = ("version", "if_match")
_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "insert": _CONTENT,
    "update": ("id", *_SEEN, *_CONTENT),
    "replace": ("id", *_SEEN, *_CONTENT),
    "delete": ("id", *_SEEN),
    "restore": ("id", *_SEEN, "to_version"),
}
"""What each operation may say beside `op` and `collection`."""

_MOST_VERSIONS = 2**31


def reason_of(batch: Mapping[str, Any]) -> str | None:
    """Why, if the batch says it."""
    _require_members(batch, ("reason", "operations"))
    reason = batch.get("reason")
    if not isinstance(reason, str | None):
        raise _wrong("reason 须为文本", "reason must be a text")
    return reason


def operations_of(asked: Asked, batch: Mapping[str, Any]) -> list[Operation]:
    """The operations; each carries its place in the batch, such as `operations/3`, into mistakes."""
    given = batch.get("operations")
    if not isinstance(given, list) or not given:
        raise _wrong("operations 须为非空列表", "operations must be a list that is not empty")
    most = asked.service.limits.max_tx_operations
    if len(given) > most:
        raise TooLarge(limit_name="max_tx_operations", actual=len(given), limit=most)
    crs = content_crs(asked)
    operations = []
    for number, each in enumerate(given):
        label = f"operations/{number}"
        with in_operation(label):
            operations.append(_operation(asked, each, crs, label))
    return operations


def _operation(asked: Asked, given: Any, crs: Crs, label: str) -> Operation:
    if not isinstance(given, dict):
        raise _wrong("应为 JSON 对象", "it must be a JSON object")
    name = given.get("op")
    if not isinstance(name, str) or name not in _MEMBERS:
        allowed = ", ".join(_MEMBERS)
        raise _wrong(f"op 须为：{allowed}", f"op must be one of: {allowed}")
    _require_members(given, ("op", "collection", *_MEMBERS[name]))
    if not isinstance(given.get("collection"), str):
        raise _wrong("缺少 collection", "collection is missing")
    collection = asked.collection(given["collection"])
    if name == "insert":
        values = whole_feature(asked, collection, _feature(given, whole=True), crs)
        return Insert(collection=collection, values=values, label=label)
    return _of_feature(asked, collection, name, given, crs, label)


def _of_feature(
    asked: Asked, collection: Collection, name: str, given: Mapping[str, Any], crs: Crs, label: str
) -> Operation:
    """An operation on a feature that is there, or was."""
    if not isinstance(given.get("id"), str):
        raise _wrong("缺少 id", "id is missing")
    uid = feature_id(collection, given["id"])
    version = _version(asked, collection, uid, given)
    match name:
        case "update":
            changes = partial_feature(asked, collection, _feature(given, whole=False), crs, uid)
            return Update(
                collection=collection, which=uid, values=changes, version=version, label=label
            )
        case "replace":
            values = whole_feature(asked, collection, _feature(given, whole=True), crs, uid)
            return Replace(
                collection=collection, which=uid, values=values, version=version, label=label
            )
        case "delete":
            return Delete(collection=collection, which=uid, version=version, label=label)
    to_version = _number(given, "to_version")
    if to_version is None:
        raise _wrong("缺少 to_version", "to_version is missing")
    return Restore(
        collection=collection, which=uid, to_version=to_version, version=version, label=label
    )


def _feature(given: Mapping[str, Any], *, whole: bool) -> Any:
    """The feature of an operation: as it stands, or put together from its parts."""
    parts = {name: given[name] for name in ("properties", "geometry") if name in given}
    if "feature" in given and parts:
        raise _wrong(
            "feature 与 properties、geometry 只能给出一种",
            "either feature, or properties and geometry",
        )
    if "feature" in given:
        return given["feature"]
    return {"type": "Feature", **parts} if whole else parts


def _version(
    asked: Asked, collection: Collection, uid: UUID, given: Mapping[str, Any]
) -> int | None:
    if all(name in given for name in _SEEN):
        raise _wrong("version 与 if_match 只能给出一种", "either version or if_match")
    if "if_match" not in given:
        return _number(given, "version")
    if not isinstance(given["if_match"], str):
        raise _wrong("if_match 须为文本", "if_match must be a text")
    return version_of_tags(asked, collection, uid, given["if_match"])


def _number(given: Mapping[str, Any], name: str) -> int | None:
    number = given.get(name)
    if number is None:
        return None
    if type(number) is not int or not 0 < number < _MOST_VERSIONS:
        raise _wrong(f"{name} 须为正整数", f"{name} must be a positive whole number")
    return number


def _require_members(given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            allowed = ", ".join(known)
            raise _wrong(
                f"不认识的成员“{name}”；可用：{allowed}",
                f"unknown member “{name}”; allowed: {allowed}",
            )


def _wrong(zh: str, en: str) -> Malformed:
    return Malformed(name=NAME, reason=Text(zh=zh, en=en))
