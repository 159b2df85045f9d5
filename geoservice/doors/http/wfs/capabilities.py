"""GetCapabilities: what the service is and has, in the form of each version.

Clients take much of it literally: a constraint counts only as `TRUE` in capitals, paging only with
`CountDefault` in both places, a default CRS only as a URN. Never stored by clients: a layer that was
published a minute ago must be seen.
"""

from collections.abc import Iterator, Sequence

from starlette.responses import Response

from geoservice.description import xml_names
from geoservice.description.collection import Collection
from geoservice.doors.http.facts import CollectionFacts
from geoservice.doors.http.presentation import VARY
from geoservice.doors.http.wfs import filters, formats
from geoservice.doors.http.wfs.calls import PATH, Call
from geoservice.doors.http.wfs.documents import XML_LANGUAGE, XSD, Document, written
from geoservice.doors.http.wfs.operations import GetCapabilities
from geoservice.doors.http.wfs.versions import NUMBERS, V100, V110, V200
from geoservice.errors import BadParameter
from geoservice.languages import Text
from geoservice.xml import Element

_TITLE = Text(zh="自然资源台账要素服务", en="Features of the natural-resources registers")
_ABSTRACT = Text(
    zh="自然资源台账的要素与空间问答；坐标系 CGCS2000（EPSG:4490）。",
    en="Features of the natural-resources registers and spatial questions over them; CGCS2000 (EPSG:4490).",
)
_KEYWORDS = (
    Text(zh="自然资源", en="natural resources"),
    Text(zh="要素服务", en="features"),
    Text(zh="空间问答", en="spatial questions"),
)

_SECTIONS = (
    *("ServiceIdentification", "ServiceProvider", "OperationsMetadata", "FeatureTypeList"),
    "Filter_Capabilities",
)


def capabilities(call: Call, wanted: GetCapabilities) -> Response:
    """The document in the form of the version."""
    sections = _wanted_sections(wanted.sections)
    root = _first_form(call) if call.version is V100 else _ows_form(call, sections)
    headers = {"Cache-Control": "no-store", "Vary": VARY}
    return Response(written(root), headers=headers, media_type="text/xml; charset=utf-8")


def _wanted_sections(names: Sequence[str]) -> Sequence[str]:
    by_name = {name.lower(): name for name in _SECTIONS}
    if not names or "all" in map(str.lower, names):
        return _SECTIONS
    for name in names:
        if name.lower() not in by_name:
            raise BadParameter(name="sections", value=name, allowed=["All", *_SECTIONS])
    return [by_name[name.lower()] for name in names]


def _ows_form(call: Call, sections: Sequence[str]) -> Element:
    """The form of 1.1.0 and 2.0.0, with metadata of OWS."""
    document = Document(call.version, "wfs:WFS_Capabilities", also={"xsd": XSD}, types_declare=True)
    root = document.root
    document.set(root, version=call.version.number)
    locations = f"{call.version.wfs} {call.version.wfs_schema}"
    document.set(root, xsi__schemaLocation=locations)
    if "ServiceIdentification" in sections:
        _add_identification(call, document)
    if "ServiceProvider" in sections:
        _add_provider(call, document)
    if "OperationsMetadata" in sections:
        _add_operations(call, document)
    if "FeatureTypeList" in sections:
        _add_feature_types(call, document)
    if "Filter_Capabilities" in sections:
        filters.add_capabilities(document, root, call.version)
    return root


def _add_identification(call: Call, document: Document) -> None:
    about = document.add(document.root, "ows:ServiceIdentification")
    _add_spoken(call, document, about, "ows:Title", _TITLE)
    _add_spoken(call, document, about, "ows:Abstract", _ABSTRACT)
    keywords = document.add(about, "ows:Keywords")
    for keyword in _KEYWORDS:
        _add_spoken(call, document, keywords, "ows:Keyword", keyword)
    document.add(about, "ows:ServiceType", "WFS")
    for number in NUMBERS if call.version is V200 else [call.version.number]:
        document.add(about, "ows:ServiceTypeVersion", number)
    document.add(about, "ows:Fees", "NONE")
    document.add(about, "ows:AccessConstraints", "NONE")


def _add_provider(call: Call, document: Document) -> None:
    provider = document.add(document.root, "ows:ServiceProvider")
    document.add(provider, "ows:ProviderName", call.spoken(call.service.region.title))
    document.add(provider, "ows:ProviderSite", xlink__href=call.asked.base + "/")
    document.add(provider, "ows:ServiceContact")


def _add_operations(call: Call, document: Document) -> None:
    version = call.version
    operations = document.add(document.root, "ows:OperationsMetadata")
    for name, parameters in _operations(call):
        operation = document.add(operations, "ows:Operation", name=name)
        http = document.add(document.add(operation, "ows:DCP"), "ows:HTTP")
        if name not in ("Transaction", "LockFeature", "GetFeatureWithLock"):
            document.add(http, "ows:Get", xlink__href=_get_address(call))
        document.add(http, "ows:Post", xlink__href=call.asked.url(PATH))
        for parameter, values in parameters:
            _add_domain(document, operation, "ows:Parameter", parameter, values)
        if version is V200 and name == "GetFeature":
            # A widespread client looks only here, another only at the end of the section.
            _add_constraint(document, operation, "CountDefault", _count_default(call))
    if version is V200:
        _add_domain(document, operations, "ows:Parameter", "version", NUMBERS)
        for name, value in _constraints():
            _add_constraint(document, operations, name, "TRUE" if value else "FALSE")
        _add_constraint(document, operations, "CountDefault", _count_default(call))
        types = ("wfs:Query", "wfs:StoredQuery")
        _add_domain(document, operations, "ows:Constraint", "QueryExpressions", types)


def _operations(call: Call) -> Iterator[tuple[str, list[tuple[str, Sequence[str]]]]]:
    """The operations with their parameters and what these may be."""
    version = call.version
    features: list[tuple[str, Sequence[str]]] = [
        ("resultType", ("results", "hits")),
        ("outputFormat", formats.output_formats(version)),
    ]
    values: list[tuple[str, Sequence[str]]] = [("outputFormat", version.formats)]
    if version is V200:
        resolve: tuple[str, Sequence[str]] = ("resolve", ("none", "local"))
        features, values = [*features, resolve], [*values, resolve]
    yield (
        "GetCapabilities",
        [
            ("AcceptVersions", NUMBERS),
            ("AcceptFormats", ("text/xml",)),
            ("Sections", _SECTIONS),
        ],
    )
    yield "DescribeFeatureType", [("outputFormat", version.formats)]
    yield "GetFeature", features
    if version is V200:
        yield "GetPropertyValue", values
        yield "ListStoredQueries", []
        yield "DescribeStoredQueries", []
    yield "GetFeatureWithLock", [("resultType", ("results",)), *features[1:]]
    yield "LockFeature", [("lockAction", ("ALL", "SOME"))]
    yield "Transaction", [("releaseAction", ("ALL", "SOME"))]


def _constraints() -> Iterator[tuple[str, bool]]:
    """The conformance classes of WFS 2.0 (OGC 09-025r2, table 13)."""
    yield "ImplementsBasicWFS", True
    yield "ImplementsTransactionalWFS", True
    yield "ImplementsLockingWFS", True
    yield "KVPEncoding", True
    yield "XMLEncoding", True
    yield "SOAPEncoding", False
    yield "ImplementsInheritance", False
    yield "ImplementsRemoteResolve", False
    yield "ImplementsResultPaging", True
    yield "ImplementsStandardJoins", False
    yield "ImplementsSpatialJoins", False
    yield "ImplementsTemporalJoins", False
    yield "ImplementsFeatureVersioning", False
    yield "ManageStoredQueries", False
    yield "PagingIsTransactionSafe", False


def _count_default(call: Call) -> str:
    return str(call.service.limits.limit_default)


def _add_constraint(document: Document, parent: Element, name: str, value: str) -> None:
    constraint = document.add(parent, "ows:Constraint", name=name)
    document.add(constraint, "ows:NoValues")
    document.add(constraint, "ows:DefaultValue", value)


def _add_domain(
    document: Document, parent: Element, kind: str, name: str, values: Sequence[str]
) -> None:
    """A parameter or constraint with its values; only OWS 1.1 has an element around them."""
    domain = document.add(parent, kind, name=name)
    if document.version is V200:
        domain = document.add(domain, "ows:AllowedValues")
    for value in values:
        document.add(domain, "ows:Value", value)


def _add_feature_types(call: Call, document: Document) -> None:
    listed = document.add(document.root, "wfs:FeatureTypeList")
    if call.version is V110:
        _add_rights(document, listed, "wfs:Operation", ["Query"])
    facts = call.service.facts.of_all(call.collections)
    for collection in call.collections:
        _add_feature_type(call, document, listed, collection, facts[collection.id])


def _add_feature_type(
    call: Call, document: Document, listed: Element, collection: Collection, facts: CollectionFacts
) -> None:
    version = call.version
    type = document.add_type(listed, "wfs:FeatureType")
    document.add(type, "wfs:Name", xml_names.type_name(collection))
    _add_spoken(call, document, type, "wfs:Title", collection.title)
    _add_spoken(call, document, type, "wfs:Abstract", collection.description)
    keywords = document.add(type, "ows:Keywords")
    for keyword in _keywords(collection):
        _add_spoken(call, document, keywords, "ows:Keyword", keyword)
    default, *others = _crs_names(call, collection)
    kind = "CRS" if version is V200 else "SRS"
    if collection.geometry is None and version is V200:
        document.add(type, "wfs:NoCRS")
    else:
        document.add(type, f"wfs:Default{kind}", default)
        for name in others:
            document.add(type, f"wfs:Other{kind}", name)
    if version is V110:
        _add_rights(document, type, "wfs:Operation", _rights(call, collection))
    output_formats = document.add(type, "wfs:OutputFormats")
    for name in formats.output_formats(version):
        document.add(output_formats, "wfs:Format", name)
    if collection.geometry is not None:
        west, south, east, north = facts.extent or call.service.region.extent
        box = document.add(type, "ows:WGS84BoundingBox")
        document.add(box, "ows:LowerCorner", f"{west!r} {south!r}")
        document.add(box, "ows:UpperCorner", f"{east!r} {north!r}")
    address = call.asked.url(f"/collections/{collection.id}")
    if version is V200:
        document.add(type, "wfs:MetadataURL", xlink__href=address)
    else:
        document.add(type, "wfs:MetadataURL", address, type="19139", format="text/html")


def _keywords(collection: Collection) -> Iterator[Text]:
    yield Text(zh=collection.id, en=collection.id)
    if collection.subject is not None:
        yield collection.subject


def _crs_names(call: Call, collection: Collection) -> list[str]:
    """The CRSs by their names in this version, that of the collection first, CRS84 last."""
    crs84, *others = call.service.crs_offered
    native_first = sorted(others, key=lambda crs: crs.srid != collection.native_srid)
    names = (call.version.crs_name(crs) for crs in (*native_first, crs84))
    return list(dict.fromkeys(names))


def _rights(call: Call, collection: Collection) -> list[str]:
    """What can be done with a type, which 1.0.0 and 1.1.0 say of each.

    Also to whoever has given no key yet: a client asks for one only when it is refused.
    """
    return ["Query", *(("Insert", "Update", "Delete", "Lock") if collection.editable else ())]


def _add_rights(document: Document, parent: Element, element: str, rights: Sequence[str]) -> None:
    operations = document.add(parent, "wfs:Operations")
    for right in rights:
        if element:
            document.add(operations, element, right)
        else:
            document.add(operations, f"wfs:{right}")


def _add_spoken(call: Call, document: Document, parent: Element, name: str, text: Text) -> None:
    element = document.add(parent, name, call.spoken(text))
    if call.version is V200:
        element.set(XML_LANGUAGE, call.language)


def _get_address(call: Call) -> str:
    """The address for GET, to which clients append: it ends with `?` or `&`."""
    address = call.asked.url(PATH, **call.kept)
    return address + ("&" if "?" in address else "?")


def _first_form(call: Call) -> Element:
    """The form of 1.0.0."""
    document = Document(call.version, "wfs:WFS_Capabilities", also={"xsd": XSD}, types_declare=True)
    root = document.root
    document.set(root, version=call.version.number)
    service = document.add(root, "wfs:Service")
    document.add(service, "wfs:Name", "WFS")
    document.add(service, "wfs:Title", call.spoken(_TITLE))
    document.add(service, "wfs:Abstract", call.spoken(_ABSTRACT))
    document.add(service, "wfs:Keywords", ", ".join(map(call.spoken, _KEYWORDS)))
    document.add(service, "wfs:OnlineResource", call.asked.url(PATH))
    document.add(service, "wfs:Fees", "NONE")
    document.add(service, "wfs:AccessConstraints", "NONE")
    request = document.add(document.add(root, "wfs:Capability"), "wfs:Request")
    for name in _FIRST_OPERATIONS:
        operation = document.add(request, f"wfs:{name}")
        for holder, value in _FIRST_FORMATS.get(name, {}).items():
            document.add(document.add(operation, f"wfs:{holder}"), f"wfs:{value}")
        for method, address in (("Get", _get_address(call)), ("Post", call.asked.url(PATH))):
            if method == "Post" or name != "Transaction":
                http = document.add(document.add(operation, "wfs:DCPType"), "wfs:HTTP")
                document.add(http, f"wfs:{method}", onlineResource=address)
    _add_first_feature_types(call, document)
    filters.add_capabilities(document, root, call.version)
    return root


_FIRST_OPERATIONS = (
    *("GetCapabilities", "DescribeFeatureType", "GetFeature"),
    *("Transaction", "LockFeature", "GetFeatureWithLock"),
)
_FIRST_FORMATS = {
    "DescribeFeatureType": {"SchemaDescriptionLanguage": formats.SCHEMA_LANGUAGE},
    "GetFeature": {"ResultFormat": "GML2"},
    "GetFeatureWithLock": {"ResultFormat": "GML2"},
}


def _add_first_feature_types(call: Call, document: Document) -> None:
    listed = document.add(document.root, "wfs:FeatureTypeList")
    _add_rights(document, listed, "", ["Query"])
    facts = call.service.facts.of_all(call.collections)
    for collection in call.collections:
        type = document.add_type(listed, "wfs:FeatureType")
        document.add(type, "wfs:Name", xml_names.type_name(collection))
        document.add(type, "wfs:Title", call.spoken(collection.title))
        document.add(type, "wfs:Abstract", call.spoken(collection.description))
        keywords = ", ".join(map(call.spoken, _keywords(collection)))
        document.add(type, "wfs:Keywords", keywords)
        document.add(type, "wfs:SRS", _crs_names(call, collection)[0])
        _add_rights(document, type, "", _rights(call, collection))
        if collection.geometry is not None:
            edges = facts[collection.id].extent or call.service.region.extent
            names = ("minx", "miny", "maxx", "maxy")
            box = {name: repr(edge) for name, edge in zip(names, edges, strict=True)}
            document.add(type, "wfs:LatLongBoundingBox", **box)
        address = call.asked.url(f"/collections/{collection.id}")
        document.add(type, "wfs:MetadataURL", address, type="FGDC", format="TXT")
