"""The query string → an operation: keyword-value pairs of WFS 1.0.0, 1.1.0 and 2.0.0.

Names are read whatever their case, lists by commas, lists of lists by parentheses (OGC 09-025r2,
6.2.5.3). Desktop clients repeat a layer's parameters when they ask for metadata, so there they may
stand; where features are asked for, a parameter without a meaning is refused.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from geoservice.doors.http import values
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.wfs.operations import (
    AdHocQuery,
    DescribeFeatureType,
    DescribeStoredQueries,
    GetCapabilities,
    GetFeature,
    GetPropertyValue,
    ListStoredQueries,
    Namespaces,
    Operation,
    QueryExpression,
    ResultType,
    SortKey,
    StoredQuery,
)
from geoservice.doors.http.wfs.versions import NUMBERS, V200, Version, negotiated, version_called
from geoservice.errors import (
    BadParameter,
    BadSort,
    MissingParameter,
    RepeatedParameter,
    UnsupportedOption,
)
from geoservice.languages import LANGUAGES, Language, Text, as_language
from geoservice.xml import Element, XmlLimits, parsed

FILTER_LANGUAGE = "urn:ogc:def:queryLanguage:OGC-FES:Filter"
MOST_FEATURES = 2**31 - 1
_LONGEST_LANGUAGE = 35

_COMMON = frozenset(
    {
        *("service", "version", "request", "namespaces", "namespace", "exceptions", "handle"),
        *("lang", "language", "as_of", "known_at"),
        *("map", "_", "_ts", "_dc"),  # what gateways and browsers add; it changes nothing
    }
)
_CAPABILITIES = frozenset({"acceptversions", "sections", "acceptformats", "updatesequence"})
_PRESENTATION = frozenset(
    {
        *("count", "maxfeatures", "startindex", "resulttype", "outputformat"),
        *("resolve", "resolvedepth", "resolvetimeout", "traversexlinkdepth", "traversexlinkexpiry"),
    }
)
_QUERY = frozenset(
    {
        *("typenames", "typename", "aliases", "srsname", "propertyname", "filter", "query"),
        *("filter_language", "bbox", "resourceid", "featureid", "sortby"),
    }
)
_STORED = frozenset({"storedquery_id", "storedqueryid"})
_VALUES = frozenset({"valuereference", "resolvepath"})
_FEATURES = _COMMON | _PRESENTATION | _QUERY | _STORED
_EVERYTHING = _FEATURES | _CAPABILITIES | _VALUES

_NAMESPACE = re.compile(r"\s*xmlns\(\s*(?:([^,=()\s]+)\s*[,=])?\s*([^()\s]*)\s*\)\s*(?:,|$)")
_FILTERS = re.compile(r"(?<=>)\s*\)\s*\(\s*(?=<)")
_SORT_ORDERS = {"": False, "ASC": False, "A": False, "DESC": True, "D": True}
_FILTER_TEXT = Text(zh="FILTER 参数", en="the parameter FILTER")


def require_none_beside_document(given: "Keywords", name: str) -> None:
    """Refuse parameters beside a posted document that it would have to say itself.

    Raises `UnknownParameter`, and `BadParameter` if `request` names another operation.
    """
    given.require_known(_COMMON | {"reason"})
    request = given.text("request")
    if request is not None and request.lower() != name.lower():
        raise BadParameter(name="request", value=request, allowed=name)


class Keywords:
    """Parameters whose names have no case; an empty value is as good as none."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._values: dict[str, str] = {}
        for name, value in given.items():
            known = self._values.setdefault(name.lower(), value)
            if known != value:
                raise RepeatedParameter(name=name)

    def text(self, *names: str) -> str | None:
        """The value under any of some names; clients may use two, but for one value."""
        found = {self._values[name] for name in map(str.lower, names) if self._values.get(name)}
        if len(found) > 1:
            raise RepeatedParameter(name=names[0])
        return found.pop() if found else None

    def has(self, name: str) -> bool:
        """Whether there is such a parameter, even without a value."""
        return name.lower() in self._values

    def items(self, *names: str) -> tuple[str, ...]:
        """The items of a list."""
        text = self.text(*names)
        return tuple(item.strip() for item in text.split(",")) if text else ()

    def groups(self, *names: str) -> tuple[str, ...]:
        """The lists of a list of lists; a list without parentheses is the only one."""
        text = (self.text(*names) or "").strip()
        if not text.startswith("("):
            return (text,) if text else ()
        if not text.endswith(")"):
            raise BadParameter(name=names[0], value=text, allowed="(a,b)(c)")
        return tuple(part.strip() for part in re.split(r"\)\s*\(", text[1:-1]))

    def require_known(self, known: frozenset[str]) -> None:
        """Refuse a parameter that means nothing here."""
        require_known(self._values, known)

    def others(self, known: frozenset[str]) -> dict[str, str]:
        """The parameters beside some known ones."""
        return {name: value for name, value in self._values.items() if name not in known}


def language_of(keywords: Keywords) -> Language | None:
    """The language that is asked for by `language` or `lang`."""
    chosen = keywords.text("language", "lang")
    language = as_language(chosen) if chosen and len(chosen) <= _LONGEST_LANGUAGE else None
    if chosen and language is None:
        raise BadParameter(name="language", value=chosen, allowed=list(LANGUAGES))
    return language


def version_of(keywords: Keywords) -> Version:
    """The version that is asked for; only capabilities may be asked for without one."""
    accepted, version = keywords.items("acceptversions"), keywords.text("version")
    if accepted:
        return negotiated(accepted)
    if version is not None:
        return version_called(version)
    if (keywords.text("request") or "").lower() == "getcapabilities":
        return V200
    raise MissingParameter(name="version", allowed=list(NUMBERS))


def require_service(service: str | None) -> None:
    """Refuse what is meant for another service, or for none (OGC 09-025r2, 7.6.2.4)."""
    if service is None:
        raise MissingParameter(name="service", allowed="WFS")
    if service.upper() != "WFS":
        raise BadParameter(name="service", value=service, allowed="WFS")


def operation(name: str, version: Version, keywords: Keywords, most_bytes: int) -> Operation:
    """The operation that the parameters ask for. `most_bytes` bounds a filter in them."""
    read: dict[str, Callable[[], Operation]] = {
        "GetCapabilities": lambda: _capabilities(keywords),
        "DescribeFeatureType": lambda: _feature_types(keywords),
        "GetFeature": lambda: _features(version, keywords, most_bytes),
        "GetPropertyValue": lambda: _property_values(version, keywords, most_bytes),
        "ListStoredQueries": lambda: _stored_queries(keywords),
        "DescribeStoredQueries": lambda: _stored_query_descriptions(keywords),
    }
    return read[name]()


def _capabilities(keywords: Keywords) -> GetCapabilities:
    keywords.require_known(_EVERYTHING)
    return GetCapabilities(sections=keywords.items("sections"))


def _feature_types(keywords: Keywords) -> DescribeFeatureType:
    keywords.require_known(_EVERYTHING)
    groups = keywords.groups("typenames", "typename")
    return DescribeFeatureType(
        type_names=tuple(name.strip() for group in groups for name in group.split(",")),
        namespaces=_namespaces(keywords),
        output_format=keywords.text("outputformat"),
    )


def _stored_queries(keywords: Keywords) -> ListStoredQueries:
    keywords.require_known(_EVERYTHING)
    return ListStoredQueries()


def _stored_query_descriptions(keywords: Keywords) -> DescribeStoredQueries:
    keywords.require_known(_EVERYTHING)
    return DescribeStoredQueries(ids=keywords.items("storedquery_id", "storedqueryid"))


def _features(version: Version, keywords: Keywords, most_bytes: int) -> GetFeature:
    queries = _queries(version, keywords, _FEATURES, most_bytes)
    require_local(keywords.text("resolve"))
    return GetFeature(
        queries=queries,
        result_type=result_type(keywords.text("resulttype")),
        count=count(keywords.text("count", "maxfeatures"), version),
        start_index=start_index(keywords.text("startindex")),
        output_format=keywords.text("outputformat"),
    )


def _property_values(version: Version, keywords: Keywords, most_bytes: int) -> GetPropertyValue:
    queries = _queries(version, keywords, _FEATURES | _VALUES, most_bytes)
    require_local(keywords.text("resolve"))
    path = keywords.text("resolvepath")
    if path is not None:
        raise UnsupportedOption(name="resolvePath", value=path, allowed="—")
    if len(queries) > 1:
        raise RepeatedParameter(name=version.type_names)
    return GetPropertyValue(
        query=queries[0],
        value_reference=value_reference(keywords.text("valuereference"), keywords),
        result_type=result_type(keywords.text("resulttype")),
        count=count(keywords.text("count", "maxfeatures"), version),
        start_index=start_index(keywords.text("startindex")),
        output_format=keywords.text("outputformat"),
    )


def value_reference(text: str | None, keywords: Keywords | None = None) -> str:
    """`valueReference`, which must say something (OGC 09-025r2, 10.2.4.3)."""
    if text is None and keywords is not None and not keywords.has("valuereference"):
        raise MissingParameter(name="valueReference", allowed="gs:name, @gml:id")
    if not text or not text.strip():
        raise BadParameter(name="valueReference", value=text or "", allowed="gs:name, @gml:id")
    return text.strip()


def result_type(text: str | None) -> ResultType:
    """`resultType`: the features, or only their number."""
    if text is None or text.lower() == "results":
        return "results"
    if text.lower() != "hits":
        raise BadParameter(name="resultType", value=text, allowed="results, hits")
    return "hits"


def count(text: str | None, version: Version) -> int | None:
    """`count`, in 1.x `maxFeatures`, which is never 0 there."""
    if text is None:
        return None
    name, least = ("count", 0) if version is V200 else ("maxFeatures", 1)
    return values.whole_number(name, text, minimum=least, maximum=MOST_FEATURES)


def start_index(text: str | None) -> int:
    """`startIndex`, which counts from 0."""
    if text is None:
        return 0
    return values.whole_number("startIndex", text, minimum=0, maximum=MOST_FEATURES)


def require_local(resolve: str | None) -> None:
    """Refuse to follow references: nothing is ever fetched, and no feature has any."""
    if resolve is not None and resolve not in ("local", "none"):
        raise UnsupportedOption(name="resolve", value=resolve, allowed="local, none")


def sort_keys(texts: Iterable[str]) -> tuple[SortKey, ...]:
    """`sortBy`: names with `ASC`, `DESC` or, as in 1.1.0, `A`, `D` behind them."""
    keys = []
    for text in texts:
        name, _, order = text.strip().partition(" ")
        if not name or order.strip().upper() not in _SORT_ORDERS:
            raise BadSort(name="sortBy", value=text, allowed="gs:name ASC, gs:name DESC")
        keys.append(SortKey(name=name, descending=_SORT_ORDERS[order.strip().upper()]))
    return tuple(keys)


def _queries(
    version: Version, keywords: Keywords, known: frozenset[str], most_bytes: int
) -> tuple[QueryExpression, ...]:
    stored = keywords.text("storedquery_id", "storedqueryid")
    if stored is not None:
        if version is not V200:
            raise UnsupportedOption(name="storedQuery_id", value=stored, allowed=V200.number)
        for name in sorted(_QUERY - {"srsname", "typenames", "typename"}):
            if keywords.text(name):
                raise BadParameter(name=name, value=keywords.text(name), allowed="STOREDQUERY_ID")
        arguments = keywords.others(known - {"as_of", "known_at", "srsname"})
        return (StoredQuery(id=stored, arguments=arguments),)
    keywords.require_known(known)
    if keywords.text("aliases"):
        raise _join(keywords.text("aliases"))
    language = keywords.text("filter_language")
    if language not in (None, FILTER_LANGUAGE):
        raise UnsupportedOption(name="filter_language", value=language, allowed=FILTER_LANGUAGE)
    _require_one(keywords)
    types = _types(version, keywords)
    shared = {
        "namespaces": _namespaces(keywords),
        "box": keywords.text("bbox"),
        "resource_ids": keywords.items("resourceid", "featureid") or None,
    }
    lists = {
        "properties": keywords.groups("propertyname"),
        "sort": keywords.groups("sortby"),
        "srs_name": keywords.groups("srsname"),
        "filter": _filters(keywords, most_bytes),
    }
    for name, groups in lists.items():
        if groups and len(groups) != len(types) and not (name == "srs_name" and len(groups) == 1):
            raise BadParameter(name=_ASKED_AS[name], value=len(groups), allowed=len(types))
    return tuple(
        _query(type_names, number, shared, lists) for number, type_names in enumerate(types)
    )


_ASKED_AS = {
    "properties": "propertyName",
    "sort": "sortBy",
    "srs_name": "srsName",
    "filter": "filter",
}


def _query(
    type_names: tuple[str, ...],
    number: int,
    shared: Mapping[str, object],
    lists: Mapping[str, tuple[object, ...]],
) -> AdHocQuery:
    own = {
        name: groups[min(number, len(groups) - 1)] if groups else None
        for name, groups in lists.items()
    }
    properties, sort = own["properties"], own["sort"]
    return AdHocQuery(
        type_names=type_names,
        properties=_properties(str(properties)) if properties is not None else None,
        sort=sort_keys(str(sort).split(",")) if sort is not None else (),
        srs_name=own["srs_name"],  # type: ignore[arg-type]
        filter=own["filter"],  # type: ignore[arg-type]
        **shared,  # type: ignore[arg-type]
    )


def _properties(text: str) -> tuple[str, ...] | None:
    names = tuple(name.strip() for name in text.split(","))
    return None if "*" in names else names


def _require_one(keywords: Keywords) -> None:
    """Of the ways to say which features, at most one (OGC 09-025r2, table 8)."""
    ways = (("filter", "query"), ("bbox",), ("resourceid", "featureid"))
    used = [way[0] for way in ways if keywords.text(*way)]
    if len(used) > 1:
        raise BadParameter(
            name=used[1], value=keywords.text(used[1]) or "", allowed="FILTER | BBOX | RESOURCEID"
        )


def _types(version: Version, keywords: Keywords) -> tuple[tuple[str, ...], ...]:
    """The types of each query. Two types in one query are a join in 2.0.0, two queries before."""
    text = keywords.text("typenames", "typename")
    if text is None:
        if not keywords.text("resourceid", "featureid"):
            raise MissingParameter(name=version.type_names, allowed="gs:…")
        return ((),)
    groups = tuple(
        tuple(name.strip() for name in group.split(","))
        for group in keywords.groups("typenames", "typename")
    )
    if version is not V200:
        return tuple((name,) for group in groups for name in group)
    for group in groups:
        if len(group) > 1:
            raise _join(",".join(group))
    return groups


def _join(text: str | None) -> UnsupportedOption:
    return UnsupportedOption(name="typeNames", value=text, allowed="(gs:a)(gs:b)")


def _filters(keywords: Keywords, most_bytes: int) -> tuple[Element, ...]:
    """`filter`, or `query`, as which a widespread library sends it."""
    text = (keywords.text("filter", "query") or "").strip()
    if not text:
        return ()
    several = text.startswith("(") and text.endswith(")")
    parts = _FILTERS.split(text[1:-1].strip()) if several else [text]
    limits = XmlLimits(max_bytes=most_bytes)
    return tuple(parsed(part, name=_FILTER_TEXT, limits=limits) for part in parts)


def _namespaces(keywords: Keywords) -> Namespaces:
    """`namespaces=xmlns(gs,urn:…)`, in 1.1.0 `namespace=xmlns(gs=urn:…)`."""
    text = keywords.text("namespaces", "namespace") or ""
    found: dict[str, str] = {}
    default = None
    position = 0
    while position < len(text):
        match = _NAMESPACE.match(text, position)
        if match is None:
            raise BadParameter(name="namespaces", value=text, allowed="xmlns(gs,urn:…)")
        if match[1] is None:
            default = match[2]
        else:
            found[match[1]] = match[2]
        position = match.end()
    return Namespaces(found, default)
