"""Feature ids: what `ResourceId`, `FeatureId` and `@gml:id` name."""

import re
from collections.abc import Sequence
from uuid import UUID

from geoservice.description.collection import Collection
from geoservice.description.xml_names import feature_id, parts_of_feature_id
from geoservice.errors import BadFeatureId
from geoservice.query.filter import Condition, In, Literal, Property, Truth

_EXAMPLE = UUID("0190163d-8694-739b-aea5-966c26f8ad91")
_FOREIGN = re.compile(r"[^\W\d][\w-]*")
"""A name that could be an `xs:ID` somewhere and has no dot: such an id is never given out here."""


def uid_of(text: str, collection: Collection) -> UUID | None:
    """The uid that an id names; None if it is an id that no feature of any collection can have.

    Raises `BadFeatureId` for what is no id at all, or that of another collection's feature
    (OGC 09-025r2, 7.9.2.4.1).
    """
    parts = parts_of_feature_id(text)
    if parts is not None and parts[0] == collection.id:
        return parts[1]
    if parts is None and _FOREIGN.fullmatch(text):
        return None
    example = feature_id(collection, _EXAMPLE)
    raise BadFeatureId(value=text, collection=collection.id, allowed=example)


def one_of(texts: Sequence[str], collection: Collection) -> Condition:
    """The condition that a feature has one of the ids; one that does not exist is no match."""
    found = [uid_of(text, collection) for text in texts]
    uids = tuple(Literal(uid) for uid in dict.fromkeys(found) if uid is not None)
    return In(Property("uid"), uids) if uids else Truth(Literal(False))
