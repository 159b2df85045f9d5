"""A posted XML document → an operation: WFS 1.0.0, 1.1.0 and 2.0.0, told apart by namespace.

Children are found by their local names: widespread libraries write some without a namespace. What
`schemaLocation` points at is not looked at.
"""

from collections.abc import Callable, Iterator

from geoservice.doors.http.wfs import keywords
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
    SortKey,
    StoredQuery,
)
from geoservice.doors.http.wfs.versions import (
    NUMBERS,
    V100,
    V110,
    V200,
    Version,
    negotiated,
    version_called,
)
from geoservice.errors import (
    BadParameter,
    BadSort,
    Malformed,
    MissingParameter,
    UnsupportedOption,
    VersionNegotiationFailed,
)
from geoservice.languages import Text
from geoservice.xml import Element, content, local_name, namespace

BODY = Text(zh="请求内容", en="the body")


def version_of(root: Element) -> Version:
    """The version in which a document is written: its namespace says it, then `version`."""
    number = root.get("version")
    if local_name(root) == "GetCapabilities":
        accepted = [content(each).strip() for each in _all(root, "AcceptVersions", "Version")]
        if accepted:
            return negotiated(accepted)
    if namespace(root) == V200.wfs:
        if number is not None and version_called(number) is not V200:
            raise VersionNegotiationFailed(name="version", value=number, allowed=[V200.number])
        return V200
    if namespace(root) != V110.wfs:
        raise Malformed(
            name=BODY,
            reason=Text(
                zh=f"根元素的命名空间“{namespace(root)}”不是 WFS 的",
                en=f"the namespace of its root, “{namespace(root)}”, is none of WFS",
            ),
        )
    if number is None:
        return V110  # the default of its schema
    version = version_called(number)
    if version not in (V110, V100):
        raise VersionNegotiationFailed(name="version", value=number, allowed=list(NUMBERS[1:]))
    return version


def operation(name: str, version: Version, root: Element) -> Operation:
    """The operation that a document asks for."""
    read: dict[str, Callable[[], Operation]] = {
        "GetCapabilities": lambda: GetCapabilities(
            sections=tuple(content(each).strip() for each in _all(root, "Sections", "Section"))
        ),
        "DescribeFeatureType": lambda: _feature_types(root),
        "GetFeature": lambda: _features(version, root),
        "GetPropertyValue": lambda: _property_values(version, root),
        "ListStoredQueries": ListStoredQueries,
        "DescribeStoredQueries": lambda: DescribeStoredQueries(
            ids=tuple(content(each).strip() for each in _all(root, "StoredQueryId"))
        ),
    }
    return read[name]()


def _feature_types(root: Element) -> DescribeFeatureType:
    return DescribeFeatureType(
        type_names=tuple(content(each).strip() for each in _all(root, "TypeName")),
        namespaces=declared_namespaces(root),
        output_format=root.get("outputFormat"),
    )


def _features(version: Version, root: Element) -> GetFeature:
    keywords.require_local(root.get("resolve"))
    return GetFeature(
        queries=_queries(version, root),
        result_type=keywords.result_type(root.get("resultType")),
        count=keywords.count(root.get("count") or root.get("maxFeatures"), version),
        start_index=keywords.start_index(root.get("startIndex")),
        output_format=root.get("outputFormat") or root.get("outputformat"),
    )


def _property_values(version: Version, root: Element) -> GetPropertyValue:
    keywords.require_local(root.get("resolve"))
    if root.get("resolvePath"):
        raise UnsupportedOption(name="resolvePath", value=root.get("resolvePath"), allowed="—")
    queries = _queries(version, root)
    if len(queries) > 1:
        raise _malformed("只能有一个 Query", "it may have only one Query")
    return GetPropertyValue(
        query=queries[0],
        value_reference=keywords.value_reference(root.get("valueReference")),
        result_type=keywords.result_type(root.get("resultType")),
        count=keywords.count(root.get("count"), version),
        start_index=keywords.start_index(root.get("startIndex")),
        output_format=root.get("outputFormat"),
    )


def _queries(version: Version, root: Element) -> tuple[QueryExpression, ...]:
    found: list[QueryExpression] = []
    for child in root:
        match local_name(child):
            case "Query":
                found += _ad_hoc(version, child)
            case "StoredQuery" if version is V200:
                found.append(_stored(child))
            case other:
                raise _malformed(f"不认识元素 {other}", f"there is no element {other}")
    if not found:
        raise MissingParameter(name="Query", allowed="Query, StoredQuery")
    return tuple(found)


def _ad_hoc(version: Version, query: Element) -> Iterator[AdHocQuery]:
    text = query.get("typeNames") or query.get("typeName")
    if not text:
        raise MissingParameter(name=version.type_names, allowed="gs:…")
    names = text.replace(",", " ").split()
    if query.get("aliases") or (len(names) > 1 and version is V200):
        raise UnsupportedOption(name="typeNames", value=text, allowed="<Query/><Query/>")
    if query.get("featureVersion"):
        raise UnsupportedOption(
            name="featureVersion", value=query.get("featureVersion"), allowed="known_at"
        )
    properties: list[str] = []
    sort: tuple[SortKey, ...] = ()
    filter = None
    for child in query:
        match local_name(child):
            case "PropertyName":
                properties.append(content(child).strip())
            case "Filter":
                filter = child
            case "SortBy":
                sort = tuple(_sort_key(each) for each in child)
            case other:
                raise _malformed(f"Query 不认识元素 {other}", f"a Query has no element {other}")
    for name in names:
        yield AdHocQuery(
            type_names=(name,),
            namespaces=declared_namespaces(query),
            filter=filter,
            sort=sort,
            properties=tuple(properties) if properties and "*" not in properties else None,
            srs_name=query.get("srsName"),
        )


def _sort_key(element: Element) -> SortKey:
    """`<SortProperty>`: a name, and perhaps an order."""
    named = [
        content(each) for each in element if local_name(each) in ("ValueReference", "PropertyName")
    ]
    orders = [content(each) for each in element if local_name(each) == "SortOrder"]
    if local_name(element) != "SortProperty" or len(named) != 1 or len(orders) > 1:
        raise BadSort(name="sortBy", value=local_name(element), allowed="SortProperty")
    return keywords.sort_keys([" ".join([named[0].strip(), *orders])])[0]


def _stored(query: Element) -> StoredQuery:
    arguments: dict[str, str] = {}
    for child in query:
        name = child.get("name")
        if local_name(child) != "Parameter" or not name:
            raise _malformed("StoredQuery 只含 Parameter", "a StoredQuery holds only Parameters")
        if name in arguments or len(child):
            raise BadParameter(name=name, value=name, allowed="text")
        arguments[name] = content(child).strip()
    if not query.get("id"):
        raise MissingParameter(name="id", allowed="DescribeStoredQueries")
    return StoredQuery(id=str(query.get("id")), arguments=arguments)


def _all(root: Element, *path: str) -> Iterator[Element]:
    """The elements on a path of local names."""
    name, *rest = path
    for child in root:
        if local_name(child) == name:
            if rest:
                yield from _all(child, *rest)
            else:
                yield child


def declared_namespaces(element: Element) -> Namespaces:
    """What prefixes mean at an element. A name without one is ours: the default is that of WFS."""
    return Namespaces({prefix: uri for prefix, uri in element.nsmap.items() if prefix is not None})


def _malformed(zh: str, en: str) -> Malformed:
    return Malformed(name=BODY, reason=Text(zh=zh, en=en))
