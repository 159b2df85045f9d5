"""The operations of WFS as typed requests, into which keywords and XML are both read.

Pure data: names are still the texts of the client, nothing here has been looked up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from geoservice.xml import Element

ResultType = Literal["results", "hits"]


@dataclass(frozen=True)
class Namespaces:
    """What the prefixes of a request mean; `default` is the namespace of names without a prefix."""

    by_prefix: Mapping[str, str]
    default: str | None = None


@dataclass(frozen=True, kw_only=True)
class SortKey:
    """A property to sort by."""

    name: str
    descending: bool = False


@dataclass(frozen=True, kw_only=True)
class AdHocQuery:
    """A query that says itself what it wants. `box` is `bbox` as it was written.

    At most one of `filter`, `box` and `resource_ids` is there. `properties` None is all of them.
    """

    type_names: tuple[str, ...] = ()
    namespaces: Namespaces
    filter: Element | None = None
    box: str | None = None
    resource_ids: tuple[str, ...] | None = None
    sort: tuple[SortKey, ...] = ()
    properties: tuple[str, ...] | None = None
    srs_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class StoredQuery:
    """A query by its name, with its arguments by the names of its parameters."""

    id: str
    arguments: Mapping[str, str]


QueryExpression = AdHocQuery | StoredQuery


@dataclass(frozen=True, kw_only=True)
class GetCapabilities:
    """What the service is. `sections` empty is all of them."""

    sections: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DescribeFeatureType:
    """The schema of some feature types; of all if none is named."""

    type_names: tuple[str, ...] = ()
    namespaces: Namespaces
    output_format: str | None = None


@dataclass(frozen=True, kw_only=True)
class GetFeature:
    """Features. `count` None is the default of the service, `start_index` counts from 0."""

    queries: tuple[QueryExpression, ...]
    result_type: ResultType = "results"
    count: int | None = None
    start_index: int = 0
    output_format: str | None = None


@dataclass(frozen=True, kw_only=True)
class GetPropertyValue:
    """The values of one property."""

    query: QueryExpression
    value_reference: str
    result_type: ResultType = "results"
    count: int | None = None
    start_index: int = 0
    output_format: str | None = None


@dataclass(frozen=True, kw_only=True)
class ListStoredQueries:
    """The stored queries by name and title."""


@dataclass(frozen=True, kw_only=True)
class DescribeStoredQueries:
    """The stored queries with their parameters; all if none is named."""

    ids: tuple[str, ...] = ()


Operation = (
    GetCapabilities
    | DescribeFeatureType
    | GetFeature
    | GetPropertyValue
    | ListStoredQueries
    | DescribeStoredQueries
)
