"""Conditions on the features of one collection → CQL2 (OGC 21-065r2), as text and as JSON.

Names, kinds of values and geometries are checked before any request. Nothing is cut, rounded or
repaired: what cannot be sent is refused. Knows no HTTP.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np
import shapely

from geoservice.client import errors
from geoservice.client.fields import Field, Fields
from geoservice.client.places import geojson, places
from geoservice.client.values import plain, wanted
from geoservice.languages import Text

MOST_TEXT_BYTES = 8_192
"""The longest CQL2 text that a service reads unless it is set otherwise (`max_filter_bytes`)."""

MOST_ENCODED_BYTES = 61_440
"""The longest CQL2 JSON as a URL holds it: a request line may have 64 KiB, 4 of them for all else."""


@dataclass(frozen=True)
class Condition:
    """One condition in both forms of CQL2; `document` is None for text that somebody wrote."""

    text: str
    document: Any


NEVER = Condition("FALSE", False)
"""Holds for no feature."""


def joined_text(conditions: Sequence[Condition]) -> str | None:
    """The CQL2 text for all conditions together; None if there are none."""
    if len(conditions) < 2:
        return conditions[0].text if conditions else None
    return " AND ".join(
        f"({each.text})" if each.document is None else each.text for each in conditions
    )


def filter_parameters(conditions: Sequence[Condition], fields: Fields) -> dict[str, str]:
    """The parameters that send the conditions: as text, or as JSON where the text is too long.

    The service takes longer JSON than text, but what somebody wrote as text stays text.

    Raises:
        FilterTooLong: it fits no request; nothing is left out to make it fit.
    """
    text = joined_text(conditions)
    if text is None:
        return {}
    length = len(text.encode())
    if length <= MOST_TEXT_BYTES:
        return {"filter": text}
    documents = [condition.document for condition in conditions]
    if any(document is None for document in documents):
        raise errors.FilterTooLong(fields.language, actual=length, limit=MOST_TEXT_BYTES)
    whole = documents[0] if len(documents) == 1 else {"op": "and", "args": documents}
    written = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    encoded = len(quote(written, safe=",:/"))
    if encoded > MOST_ENCODED_BYTES:
        raise errors.FilterTooLong(fields.language, actual=encoded, limit=MOST_ENCODED_BYTES)
    return {"filter": written, "filter-lang": "cql2-json"}


def written(text: str, fields: Fields) -> Condition:
    """The condition that somebody wrote as CQL2 text, which the service will read.

    Raises:
        BadFilter: it is empty, or its quotes or parentheses do not close: beside other conditions
            it would mean something else.
    """
    if not text.strip():
        raise _bad_filter(fields, text, 1, "条件是空的。", "The condition is empty.")
    opened: list[int] = []
    quoted, quoted_from = "", 0
    for position, character in enumerate(text, start=1):
        if quoted:
            quoted = "" if character == quoted else quoted
        elif character in "'\"":
            quoted, quoted_from = character, position
        elif character == "(":
            opened.append(position)
        elif character == ")":
            if not opened:
                raise _bad_filter(
                    fields, text, position, "多了一个右括号。", "A parenthesis closes nothing."
                )
            opened.pop()
    if quoted:
        raise _bad_filter(fields, text, quoted_from, "引号没有闭合。", "A quote is not closed.")
    if opened:
        raise _bad_filter(
            fields, text, opened[-1], "括号没有闭合。", "A parenthesis is not closed."
        )
    return Condition(text.strip(), None)


def equality(field: Field, value: object, fields: Fields) -> Condition:
    """The condition that a field has a value or one of several; see `Queryable.where`.

    Raises:
        BadParameter: the field cannot have this value.
        BadDatetime: a time of day for a date, or an instant without its offset.
    """
    asked = wanted(field, value, fields.language)
    name, node = _name(field.name), _property(field.name)
    found: list[Condition] = []
    if asked.literals:
        texts = ", ".join(literal.text for literal in asked.literals)
        documents = [literal.document for literal in asked.literals]
        if field.type == "list":
            document = {"op": "a_overlaps", "args": [node, documents]}
            found.append(Condition(f"A_OVERLAPS({name}, ({texts}))", document))
        elif len(documents) == 1:
            found.append(Condition(f"{name} = {texts}", {"op": "=", "args": [node, *documents]}))
        else:
            found.append(Condition(f"{name} IN ({texts})", {"op": "in", "args": [node, documents]}))
    if asked.missing:
        found.append(Condition(f"{name} IS NULL", {"op": "isNull", "args": [node]}))
    if len(found) < 2:
        return found[0] if found else NEVER
    text = " OR ".join(condition.text for condition in found)
    return Condition(f"({text})", {"op": "or", "args": [each.document for each in found]})


def within(area: object, fields: Fields) -> Condition:
    """The condition that a feature lies wholly in an area; see `Queryable.within`."""
    return _relation("S_WITHIN", area, "within", fields)


def intersecting(area: object, fields: Fields) -> Condition:
    """The condition that a feature has a point in common with an area."""
    return _relation("S_INTERSECTS", area, "intersecting", fields)


def near(place: object, distance_m: object, fields: Fields) -> Condition:
    """The condition that a feature is at most so many metres from a place; see `Queryable.near`.

    Raises:
        BadGeometry: the place cannot be understood, or the collection has no geometry.
        BadParameter: no distance greater than 0.
    """
    name = _geometry_name(fields)
    distance = plain(distance_m)
    is_number = isinstance(distance, int | float) and not isinstance(distance, bool)
    if not is_number or not 0 < distance < math.inf:  # type: ignore[operator]
        allowed = Text(zh="大于 0 的米数", en="metres, greater than 0")
        raise errors.BadParameter(
            fields.language, name="distance_m", value=repr(distance_m), allowed=allowed
        )
    shape = _united(place, "near", fields)
    arguments = [_property(name), geojson(shape), distance, "meters"]
    return Condition(
        f"DWITHIN({_name(name)}, {_wkt(shape)}, {distance!r}, meters)",
        {"op": "s_dwithin", "args": arguments},
    )


def _relation(operator: str, area: object, method: str, fields: Fields) -> Condition:
    name = _geometry_name(fields)
    edges = _edges(area, method, fields)
    if edges is not None:
        text, document = f"BBOX({', '.join(map(repr, edges))})", {"bbox": list(edges)}
    else:
        shape = _united(area, method, fields)
        text, document = _wkt(shape), geojson(shape)
    return Condition(
        f"{operator}({_name(name)}, {text})",
        {"op": operator.lower(), "args": [_property(name), document]},
    )


def _geometry_name(fields: Fields) -> str:
    if fields.geometry_name is None:
        reason = Text(
            zh="这是没有几何的表，不能按位置筛选。",
            en="it is a table without geometry, and has no places to filter by.",
        )
        raise errors.BadGeometry(fields.language, name=fields.collection, reason=reason)
    return fields.geometry_name


def _edges(area: object, method: str, fields: Fields) -> tuple[float, ...] | None:
    """West, south, east and north of a box; None if the area is no four numbers."""
    if not isinstance(area, list | tuple | np.ndarray) or len(area) != 4:
        return None
    edges = tuple(map(plain, area))
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in edges):
        return None
    west, south, east, north = edges
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):  # type: ignore[operator]
        reason = Text(
            zh="范围应为（西，南，东，北），以度为单位。",
            en="a box is (west, south, east, north) in degrees.",
        )
        raise errors.BadGeometry(fields.language, name=method, value=str(edges), reason=reason)
    return edges  # type: ignore[return-value]


def _united(place: object, method: str, fields: Fields) -> Any:
    shapes = places(place, method, fields.language)
    if not shapes:
        reason = Text(zh="没有任何几何。", en="there is no geometry in it.")
        raise errors.BadGeometry(fields.language, name=method, reason=reason)
    return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)


def _wkt(shape: Any) -> str:
    text: str = shapely.to_wkt(shape, rounding_precision=-1)
    return text


def _property(name: str) -> Mapping[str, str]:
    return {"property": name}


def _name(name: str) -> str:
    """A field's name as CQL2 text writes it: in quotes where it would be read as something else."""
    return f'"{name}"' if name.upper() in _RESERVED else name


_RESERVED = frozenset(
    (
        *("AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "TRUE", "FALSE", "DIV"),
        *("DATE", "TIMESTAMP", "INTERVAL", "CASEI", "ACCENTI", "BBOX"),
    )
)


def _bad_filter(fields: Fields, text: str, position: int, zh: str, en: str) -> errors.BadFilter:
    return errors.BadFilter(
        fields.language, filter=text, position=position, reason=Text(zh=zh, en=en)
    )
