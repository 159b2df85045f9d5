"""An operation → the keywords of a GET that asks for the same: for links to other pages."""

from collections.abc import Callable, Mapping

from lxml import etree

from geoservice.description.xml_names import NAMESPACE, PREFIX
from geoservice.doors.http.wfs.operations import (
    AdHocQuery,
    GetFeature,
    QueryExpression,
    SortKey,
    StoredQuery,
)
from geoservice.doors.http.wfs.versions import V200, Version


def keywords(wanted: GetFeature, version: Version) -> Mapping[str, object]:
    """The keywords of a request for features; those that are not given are None."""
    count = "count" if version is V200 else "maxFeatures"
    return {
        "request": "GetFeature",
        **_of_queries(wanted.queries, version),
        count: wanted.count,
        "startIndex": wanted.start_index,
        "outputFormat": wanted.output_format,
    }


def _of_queries(queries: tuple[QueryExpression, ...], version: Version) -> Mapping[str, object]:
    first = queries[0]
    if isinstance(first, StoredQuery):
        return {"storedQuery_id": first.id, **first.arguments}
    ad_hoc = [each for each in queries if isinstance(each, AdHocQuery)]
    prefixes = first.namespaces.by_prefix
    declared = (
        f"xmlns({prefix},{uri})"
        for prefix, uri in prefixes.items()
        if uri == NAMESPACE and prefix != PREFIX
    )
    return {
        "namespaces": ",".join(declared) or None,
        version.type_names: _listed(ad_hoc, lambda each: ",".join(each.type_names) or None),
        "filter": _listed(ad_hoc, _filter),
        "propertyName": _listed(
            ad_hoc, lambda each: ",".join(each.properties) if each.properties else None
        ),
        "sortBy": _listed(ad_hoc, lambda each: ",".join(map(_sort_key, each.sort)) or None),
        "srsName": _listed(ad_hoc, lambda each: each.srs_name),
        "bbox": first.box,
        "resourceId": ",".join(first.resource_ids) if first.resource_ids else None,
    }


def _listed(queries: list[AdHocQuery], of: Callable[[AdHocQuery], str | None]) -> str | None:
    """A value of each query, in parentheses if there are several."""
    values = [of(query) for query in queries]
    if not any(values):
        return None
    return values[0] if len(values) == 1 else "".join(f"({value or ''})" for value in values)


def _filter(query: AdHocQuery) -> str | None:
    if query.filter is None:
        return None
    return etree.tostring(query.filter, encoding="unicode", with_tail=False)


def _sort_key(key: SortKey) -> str:
    return f"{key.name} DESC" if key.descending else key.name
