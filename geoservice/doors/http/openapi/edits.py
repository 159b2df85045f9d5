"""The part of the OpenAPI document that edits: methods by path, each described once for all collections."""

from functools import partial

from geoservice.doors.http.editing.geojson import PARTIAL, WHOLE
from geoservice.doors.http.history.changes import FILTERS
from geoservice.doors.http.openapi.operations import changing
from geoservice.doors.http.openapi.parts import Node, ref
from geoservice.languages import Language, Text

ITEMS = "/collections/{collectionId}/items"
ITEM = f"{ITEMS}/{{featureId}}"
VERSIONS = f"{ITEM}/versions"
VERSION = f"{VERSIONS}/{{versionNumber}}"
CHANGES = "/changes"
CHANGE = "/changes/{changeId}"
LOCKS = "/locks"
LOCK = "/locks/{lockId}"

CHANGE_PARAMETERS = ("cursor", *(f"change_{name}" for name in FILTERS))

_COLLECTION = ("collectionId",)
_FEATURE = (*_COLLECTION, "featureId")
_WHY = ("Change-Reason", "reason", "Lock-Id", "Idempotency-Key", "dry_run", "lang")
_CONDITION = ("If-Match", *_WHY)


def edit_methods(language: Language) -> dict[str, Node]:
    """The methods that change something, by path."""
    method = partial(changing, language)
    changed = {"204": {"description": "OK"}, "200": ref("responses", "Outcome")}
    shown = ("Prefer", *_CONDITION)
    return {
        ITEMS: {
            "post": method(
                "insert",
                Text(zh="新增一个或多个要素", en="Insert one feature, or several"),
                (*_COLLECTION, "Content-Crs", "Prefer", *_WHY),
                done={"201": ref("responses", "Created"), "200": ref("responses", "Outcome")},
                body=WHOLE,
            )
        },
        ITEM: {
            "put": method(
                "replace",
                Text(zh="替换要素", en="Replace a feature"),
                (*_FEATURE, "Content-Crs", *shown),
                done=changed,
                body=WHOLE,
            ),
            "patch": method(
                "update",
                Text(zh="修改所给的值", en="Change the values that are named"),
                (*_FEATURE, "Content-Crs", *shown),
                done=changed,
                body=PARTIAL,
            ),
            "delete": method(
                "delete",
                Text(zh="删除要素，历史保留", en="Delete a feature; its history stays"),
                (*_FEATURE, *_CONDITION),
                done=changed,
            ),
        },
        f"{VERSION}/restore": {
            "post": method(
                "restore",
                Text(zh="恢复到此版本", en="Restore this version"),
                (*_FEATURE, "versionNumber", *shown),
                done=changed,
            )
        },
        CHANGES: {
            "post": method(
                "change",
                Text(zh="一次事务中的多项修改", en="Several edits in one transaction"),
                ("Content-Crs", *_WHY),
                done={"201": ref("responses", "Outcome"), "200": ref("responses", "Outcome")},
                body=("application/json",),
            )
        },
        LOCK: {
            "delete": method(
                "release",
                Text(zh="提前结束一个锁", en="End a lock before its time"),
                ("lockId", "lang"),
                done={"204": {"description": "OK"}},
            )
        },
    }
