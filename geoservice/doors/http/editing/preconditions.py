"""Which version of a feature an edit may change: `If-Match` (RFC 9110, 13.1.1).

A feature's tag begins with its version. Whatever language, coordinate system or format a client has
seen a version in, its tag names that version, so that what it was given with any GET it may use.
"""

import re
from uuid import UUID

from geoservice.description.collection import Collection
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.features.ids import current_version
from geoservice.errors import BadParameter, ChangedMeanwhile

_TAG = re.compile(r'(?P<weak>W/)?"(?:v(?P<version>[0-9]{1,9})-)?[^"]*"')
_LONGEST = 4096
_REFUSED = ("if-none-match", "if-unmodified-since", "if-modified-since", "if-range")


def feature_tag(version: int | str, content: str) -> str:
    """The strong validator of one representation of a version."""
    return f'"v{version}-{content}"'


def require_none(asked: Asked) -> None:
    """Refuse conditions where there is no version that they could be about."""
    _require_not(asked, ("if-match", *_REFUSED))


def expected_version(asked: Asked, collection: Collection, uid: UUID) -> int | None:
    """The version that a feature must have to be edited; None if the request does not say.

    `*` says only that it must be there. A weak tag or one that is not ours names no version and
    never matches. Raises `ChangedMeanwhile` if no tag can match; `BadParameter` for conditions
    that say nothing about an edit here: a PUT never makes a feature, and times are not compared.
    """
    _require_not(asked, _REFUSED)
    given = asked.headers.getlist("if-match")
    return version_of_tags(asked, collection, uid, ", ".join(given)) if given else None


def version_of_tags(asked: Asked, collection: Collection, uid: UUID, given: str) -> int | None:
    """The version that a list of tags means; see `expected_version`."""
    versions = _strong_versions(given)
    if len(versions) == 1:
        return versions.pop()
    current = current_version(asked, collection, uid)
    if current is None and given.strip() != "*":
        return None  # it is not there, which is told first
    if current is None or (given.strip() != "*" and current not in versions):
        raise ChangedMeanwhile(
            collection=collection.id, value=str(uid), expected=given, actual=current or "—"
        )
    return None if given.strip() == "*" else current


def _strong_versions(given: str) -> set[int]:
    tags = _TAG.finditer(given[:_LONGEST])
    return {int(tag["version"]) for tag in tags if tag["version"] and not tag["weak"]}


def _require_not(asked: Asked, names: tuple[str, ...]) -> None:
    for name in names:
        if name in asked.headers:
            raise BadParameter(
                name=name.title(),
                value=asked.headers[name],
                allowed="If-Match (PUT, PATCH, DELETE)",
            )
