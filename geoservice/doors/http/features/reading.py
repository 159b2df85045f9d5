"""A request for features → one `Query` and one `Page`. Nothing behind this file reads parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Literal as OneOf
from uuid import UUID

from geoservice.crs import CRS84, Crs
from geoservice.description.collection import Collection, Field, FieldType
from geoservice.doors.http import values
from geoservice.doors.http.features import cursors
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.service import Service
from geoservice.errors import BadParameter, BadSort, RepeatedParameter, UnknownProperty
from geoservice.query.cql2 import FilterLimits, read_json, read_text
from geoservice.query.filter import And, Compare, Comparison, Condition, Literal, Property
from geoservice.query.query import Box, Page, Query, Sort
from geoservice.settings import Limits

FILTER_LANGUAGES = ("cql2-text", "cql2-json", "cql-text")
"""`cql-text` is an older name of `cql2-text`, by which a widespread client asks."""

Counting = OneOf["exact", "capped", "none"]
COUNTINGS: tuple[Counting, ...] = ("capped", "exact", "none")

FEATURE_PARAMETERS = ("f", "lang", "crs", "known_at", "properties", "skipGeometry")
"""What one feature may be asked with; it is also part of what many may."""

FEATURES_PARAMETERS = (
    *("bbox", "bbox-crs", "datetime", "as_of", "filter", "filter-lang", "filter-crs", "sortby"),
    *("limit", "offset", "cursor", "count", *FEATURE_PARAMETERS),
)

SHOWN_ON_A_PAGE = 50
"""Rows of a page for people."""

_MOST_ROWS = 2**63 - 1  # what a database counts with
_SIMPLE_TYPES = frozenset(FieldType) - {FieldType.GEOMETRY}


@dataclass(frozen=True)
class FeaturesRequest:
    """What was asked: which features, which page, and how exactly to count.

    `belongs_to` is the digest that a page token of this query carries; `matched` is what the first
    page counted, if this is a later one. `limit` is the one that was given, None if none was: a page
    holds at most as many as the service allows, a file all that were asked for.
    """

    query: Query
    page: Page
    counting: Counting
    belongs_to: str
    matched: int | None
    limit: int | None

    def with_limit(self, most: int) -> "FeaturesRequest":
        """The same request for a page of at most this many, unless it says how many it wants."""
        if self.limit is not None:
            return self
        return replace(self, page=replace(self.page, limit=min(self.page.limit, most)))


def features_request(
    collection: Collection, given: Mapping[str, str], service: Service
) -> FeaturesRequest:
    """The query and the page that a query string asks for."""
    simple = simple_queryables(collection)
    require_known(given, {*FEATURES_PARAMETERS, *simple})
    limits = service.limits
    query = replace(
        _shape(collection, given, service),
        box=_box(given, service),
        condition=_condition(collection, given, service),
        during=values.span(given["datetime"], collection, service.zone)
        if "datetime" in given
        else None,
        as_of=values.day("as_of", given["as_of"]) if "as_of" in given else None,
        sort=_sort(collection, given.get("sortby")),
    )
    belongs_to = cursors.digest(collection.id, given)
    size = page_size(given, limits)
    place = None
    if given.get("cursor"):
        place = cursors.place(given["cursor"], belongs_to, collection, query.sort)
    return FeaturesRequest(
        query=query,
        page=Page(size, place.after if place else (), _offset(given, limits)),
        counting=_counting(given.get("count", "capped")),
        belongs_to=belongs_to,
        matched=place.matched if place else None,
        limit=min(int(given["limit"]), _MOST_ROWS) if "limit" in given else None,
    )


def page_size(given: Mapping[str, str], limits: Limits, *, for_people: bool = False) -> int:
    """`limit`; what people look at is shorter, unless they ask for more."""
    default = min(SHOWN_ON_A_PAGE, limits.limit_default) if for_people else limits.limit_default
    return values.page_size(given.get("limit"), default=default, maximum=limits.limit_maximum)


def feature_query(collection: Collection, given: Mapping[str, str], service: Service) -> Query:
    """How one feature is to be shown, and as of which recorded time."""
    require_known(given, FEATURE_PARAMETERS)
    return _shape(collection, given, service)


@lru_cache(maxsize=256)
def simple_queryables(collection: Collection) -> Mapping[str, Field]:
    """The fields that may be asked by `name=value`; a parameter of the standard goes before."""
    return {
        field.name: field
        for field in collection.public_fields
        if field.type in _SIMPLE_TYPES and not field.many and field.name not in FEATURES_PARAMETERS
    }


@lru_cache(maxsize=8)
def filter_limits(limits: Limits) -> FilterLimits:
    """The limits of filters among all limits."""
    return FilterLimits(
        max_filter_bytes=limits.max_filter_bytes,
        max_filter_json_bytes=limits.max_filter_json_bytes,
        max_filter_depth=limits.max_filter_depth,
        max_filter_ops=limits.max_filter_ops,
        max_in_items=limits.max_in_items,
        max_filter_vertices=limits.max_filter_vertices,
    )


def _shape(collection: Collection, given: Mapping[str, str], service: Service) -> Query:
    """The parts of a query that say how features are shown, and as of which recorded time."""
    return Query(
        crs=_crs("crs", given, service),
        properties=_properties(collection, given.get("properties")),
        geometry=not values.boolean("skipGeometry", given.get("skipGeometry", "false")),
        known_at=values.instant("known_at", given["known_at"]) if "known_at" in given else None,
    )


def _crs(name: str, given: Mapping[str, str], service: Service) -> Crs:
    return values.crs(name, given[name], service.crs_offered) if name in given else CRS84


def _box(given: Mapping[str, str], service: Service) -> Box | None:
    crs = _crs("bbox-crs", given, service)
    return values.box(given["bbox"], crs) if "bbox" in given else None


def _condition(
    collection: Collection, given: Mapping[str, str], service: Service
) -> Condition | None:
    """The filter and every `name=value` together."""
    simple = simple_queryables(collection)
    conditions: list[Condition] = [
        Compare(Comparison.EQUAL, Property(name, simple[name]), _literal(simple[name], text))
        for name, text in given.items()
        if name in simple
    ]
    written = _filter(collection, given, service)
    if written is not None:
        conditions.append(written)
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else And(tuple(conditions))


def _filter(collection: Collection, given: Mapping[str, str], service: Service) -> Condition | None:
    language = given.get("filter-lang", FILTER_LANGUAGES[0])
    if language not in FILTER_LANGUAGES:
        raise BadParameter(name="filter-lang", value=language, allowed=list(FILTER_LANGUAGES))
    crs = _crs("filter-crs", given, service)
    if "filter" not in given:
        return None
    read = read_json if language == "cql2-json" else read_text
    return read(given["filter"], collection, filter_crs=crs, limits=filter_limits(service.limits))


def _literal(field: Field, text: str) -> Literal:
    """The value that a field is asked for, in the field's own type."""
    try:
        return Literal(_typed(field, text))
    except (ValueError, InvalidOperation) as wrong:
        raise BadParameter(name=field.name, value=text, allowed=field.type.value) from wrong


def _typed(field: Field, text: str) -> str | bool | int | Decimal | date | datetime | UUID:
    match field.type:
        case FieldType.INTEGER | FieldType.LONG:
            return values.whole_value(text)
        case FieldType.NUMBER | FieldType.DECIMAL:
            return values.decimal_value(text)
        case FieldType.BOOLEAN:
            return values.boolean(field.name, text)
        case FieldType.DATE:
            return values.day(field.name, text)
        case FieldType.DATETIME:
            return values.instant(field.name, text)
        case FieldType.UUID:
            return UUID(text)
        case _:
            return text


def _sort(collection: Collection, text: str | None) -> tuple[Sort, ...]:
    """`sortby`: names with `+` or `-` before them. A plus sent raw may have become a blank."""
    if text is None:
        return ()
    sortable = [f.name for f in collection.public_fields if f.type in _SIMPLE_TYPES and not f.many]
    keys: list[Sort] = []
    for part in text.split(","):
        name = part.strip()
        descending = name.startswith("-")
        name = name[1:] if name[:1] in ("-", "+") else name
        if name not in sortable or any(key.field == name for key in keys):
            raise BadSort(name="sortby", value=part, allowed=sortable)
        keys.append(Sort(name, descending))
    return tuple(keys)


def _properties(collection: Collection, text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")] if text else []
    public = [field.name for field in collection.public_fields]
    for name in names:
        if name not in public:
            raise UnknownProperty(
                name="properties", collection=collection.id, value=name, allowed=public
            )
    if len(set(names)) < len(names):
        raise RepeatedParameter(name="properties")
    return tuple(names)


def _offset(given: Mapping[str, str], limits: Limits) -> int:
    if "offset" not in given:
        return 0
    if given.get("cursor"):
        raise BadParameter(name="offset", value=given["offset"], allowed="cursor | offset")
    return values.whole_number("offset", given["offset"], minimum=0, maximum=limits.max_offset)


def _counting(text: str) -> Counting:
    for counting in COUNTINGS:
        if text == counting:
            return counting
    raise BadParameter(name="count", value=text, allowed=list(COUNTINGS))
