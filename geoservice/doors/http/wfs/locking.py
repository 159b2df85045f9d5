"""LockFeature and GetFeatureWithLock: features that for some time only one client may change.

A lock belongs to whoever took it and binds every door, because the database keeps it. `expiry` is
in seconds in 2.0.0 (OGC 09-025r2, 12.2.4.2) and in minutes before (OGC 04-094, 10.2); no lock lasts
longer than an hour.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from starlette.responses import Response

from geoservice.crs import CRS84
from geoservice.description.xml_names import GEOMETRY
from geoservice.doors.http import values
from geoservice.doors.http.wfs import bodies, formats, keywords
from geoservice.doors.http.wfs.calls import Call
from geoservice.doors.http.wfs.documents import Document, written
from geoservice.doors.http.wfs.features import feature_collection
from geoservice.doors.http.wfs.keywords import Keywords
from geoservice.doors.http.wfs.operations import (
    AdHocQuery,
    GetFeature,
    Namespaces,
    Operation,
    QueryExpression,
    StoredQuery,
)
from geoservice.doors.http.wfs.queries import Selection, selections
from geoservice.doors.http.wfs.sources import CollectionSource
from geoservice.doors.http.wfs.stored_queries import GET_FEATURE_BY_ID, is_feature_by_id
from geoservice.doors.http.wfs.transaction_bodies import lock_action
from geoservice.doors.http.wfs.transactions import (
    MEDIA_TYPE,
    add_ids,
    author_of,
    lock_id,
    require_present,
)
from geoservice.doors.http.wfs.versions import V100, V200, Version
from geoservice.editing import locks
from geoservice.editing.locks import MAX_MINUTES, Lock, LockAction, Member, Wanted
from geoservice.editing.operations import Author
from geoservice.errors import (
    BadParameter,
    Forbidden,
    Malformed,
    MissingParameter,
    UnknownFormat,
    UnknownParameter,
    UnsupportedOption,
)
from geoservice.languages import Text
from geoservice.query import geometries
from geoservice.query.filter import (
    And,
    Condition,
    In,
    Literal,
    Property,
    Relate,
    Spatial,
    Truth,
)
from geoservice.query.query import Query
from geoservice.xml import Element, local_name

_MINUTES = 5.0
"""How long a lock lasts if nobody says (the default of `expiry` in the schema of 2.0.0)."""

_MOST_EXPIRY = 2**63
_OF_LOCKS = frozenset({"expiry", "lockaction", "lockid"})
_OF_QUERIES = (
    *("typenames", "typename", "resourceid", "featureid", "filter", "query", "bbox"),
    *("storedquery_id", "storedqueryid"),
)
_NOT_OF_LOCKS = ("count", "maxfeatures", "startindex", "resulttype", "outputformat", "sortby")
"""Keywords of GetFeature that a lock does not have: it holds all that its queries select."""

_NOT_STORED = {"Cache-Control": "no-store"}


@dataclass(frozen=True, kw_only=True)
class LockFeature:
    """Lock what some queries select, or begin the time of a lock anew."""

    queries: tuple[QueryExpression, ...]
    lock_id: str | None
    minutes: float
    action: LockAction


@dataclass(frozen=True, kw_only=True)
class GetFeatureWithLock:
    """Features that are locked while they are read."""

    features: GetFeature
    minutes: float
    action: LockAction


# Requests


def lock_of_keywords(version: Version, given: Keywords, most_bytes: int) -> LockFeature:
    """LockFeature by keywords (OGC 09-025r2, table 18)."""
    for name in _NOT_OF_LOCKS:
        if given.text(name) is not None:
            raise UnknownParameter(name=name, allowed=sorted(_OF_LOCKS | {*_OF_QUERIES}))
    rest = Keywords(given.others(_OF_LOCKS))
    named = given.text("lockid")
    queries: tuple[QueryExpression, ...] = ()
    if named is None or any(rest.text(name) for name in _OF_QUERIES):
        queries = _queries(keywords.operation("GetFeature", version, rest, most_bytes))
    return _lock(version, queries, named, given.text("expiry"), given.text("lockaction"))


def lock_of_body(version: Version, root: Element) -> LockFeature:
    """LockFeature in XML: `Query` elements in 2.0.0, `Lock` elements before."""
    named = root.get("lockId") if version is V200 else None
    queries: tuple[QueryExpression, ...] = ()
    if version is not V200:
        queries = tuple(_lock_element(version, each) for each in root)
    elif named is None or len(root):
        queries = _queries(bodies.operation("GetFeature", version, root))
    return _lock(version, queries, named, root.get("expiry"), root.get("lockAction"))


def features_of_keywords(version: Version, given: Keywords, most_bytes: int) -> GetFeatureWithLock:
    """GetFeatureWithLock by keywords (OGC 09-025r2, table 20)."""
    rest = Keywords(given.others(_OF_LOCKS))
    features = keywords.operation("GetFeature", version, rest, most_bytes)
    return _with_lock(version, features, given.text("expiry"), given.text("lockaction"))


def features_of_body(version: Version, root: Element) -> GetFeatureWithLock:
    """GetFeatureWithLock in XML: like GetFeature, with attributes more."""
    features = bodies.operation("GetFeature", version, root)
    return _with_lock(version, features, root.get("expiry"), root.get("lockAction"))


def _queries(features: Operation) -> tuple[QueryExpression, ...]:
    assert isinstance(features, GetFeature)
    return features.queries


def _lock(
    version: Version,
    queries: tuple[QueryExpression, ...],
    named: str | None,
    expiry: str | None,
    action: str | None,
) -> LockFeature:
    if named is not None and queries:
        raise Malformed(
            name="LockFeature",
            reason=Text(
                zh="lockId 用于续期，不能同时给出查询",
                en="lockId begins the time of a lock anew; a query cannot stand beside it",
            ),
        )
    return LockFeature(
        queries=queries,
        lock_id=named,
        minutes=_minutes(version, expiry),
        action=lock_action("lockAction", action),
    )


def _with_lock(
    version: Version, features: Operation, expiry: str | None, action: str | None
) -> GetFeatureWithLock:
    assert isinstance(features, GetFeature)
    if features.result_type != "results":
        raise BadParameter(name="resultType", value=features.result_type, allowed="results")
    if features.start_index:
        raise UnsupportedOption(name="startIndex", value=features.start_index, allowed="0")
    return GetFeatureWithLock(
        features=features,
        minutes=_minutes(version, expiry),
        action=lock_action("lockAction", action),
    )


def _minutes(version: Version, expiry: str | None) -> float:
    """How long; before 2.0.0, a lock without `expiry` would last for ever."""
    if expiry is None:
        return _MINUTES if version is V200 else MAX_MINUTES
    number = values.whole_number("expiry", expiry.strip(), minimum=1, maximum=_MOST_EXPIRY)
    return number / 60 if version is V200 else float(number)


def _lock_element(version: Version, element: Element) -> AdHocQuery:
    """`<Lock typeName="…">` with at most one filter (OGC 04-094, 10.2)."""
    type_name = element.get("typeName")
    filters = [each for each in element if local_name(each) == "Filter"]
    if local_name(element) != "Lock" or len(filters) < len(element) or len(filters) > 1:
        raise Malformed(
            name="LockFeature",
            reason=Text(
                zh="须由 Lock 组成，各含至多一个 Filter",
                en="it consists of Lock elements, each with at most one Filter",
            ),
        )
    if not type_name:
        raise MissingParameter(name=version.type_names, allowed="gs:…")
    return AdHocQuery(
        type_names=(type_name,),
        namespaces=bodies.declared_namespaces(element),
        filter=filters[0] if filters else None,
    )


# Answers


def lock_features(call: Call, wanted: LockFeature) -> Response:
    """The answer to LockFeature: the lock, what it holds, and what is held by others.

    Raises `CannotLock`, `UnknownLock`, `LockExpired`, and what `author_of` raises.
    """
    require_present(call)
    author = author_of(call)
    database = call.service.database
    named = lock_id(wanted.lock_id)
    if named is not None:
        lock = locks.renewed(database, author, named, minutes=wanted.minutes)
    else:
        selected = [selection for query in wanted.queries for selection in _selected(call, query)]
        lock = _taken(call, author, selected, wanted.minutes, wanted.action)
    return Response(written(_response(call, lock).root), headers=_NOT_STORED, media_type=MEDIA_TYPE)


def features_with_lock(call: Call, wanted: GetFeatureWithLock) -> Response:
    """The features that could be locked, in one answer, with the lock that holds them.

    With `SOME`, what others hold is left out (OGC 09-025r2, 13.2.4.2). With `count`, no more than
    so many are locked.
    """
    require_present(call)
    author = author_of(call)
    features = wanted.features
    if formats.output(features.output_format, call.version).file is not None:
        value, allowed = features.output_format, list(call.version.formats)
        raise UnknownFormat(name="outputFormat", value=value, allowed=allowed)
    selected = [selection for query in features.queries for selection in _selected(call, query)]
    if features.count is not None and (len(selected) > 1 or selected[0].query.sort):
        raise UnsupportedOption(name="count", value=features.count, allowed="—")
    lock = _taken(call, author, selected, wanted.minutes, wanted.action, first=features.count)
    sources = [CollectionSource(call, _within(each, lock)) for each in selected]
    answer = feature_collection(
        call, replace(features, count=len(lock.locked)), sources, lock_id=str(lock.id)
    )
    answer.headers.update(_NOT_STORED)
    return answer


def _selected(call: Call, query: QueryExpression) -> Iterator[Selection]:
    """What a query selects, all of which must be such that it can be changed."""
    if isinstance(query, StoredQuery):
        if not is_feature_by_id(query):
            allowed = ", ".join(GET_FEATURE_BY_ID)
            raise UnsupportedOption(name="storedQuery_id", value=query.id, allowed=allowed)
        query = AdHocQuery(namespaces=Namespaces({}), resource_ids=(query.arguments.get("id", ""),))
    for selection in selections(call, query):
        if not selection.collection.editable:
            id = selection.collection.id
            reason = Text(zh=f"{id} 不能编辑。", en=f"{id} cannot be edited.")
            raise Forbidden(collection=id, reason=reason)
        yield selection


def _taken(
    call: Call,
    author: Author,
    selected: Sequence[Selection],
    minutes: float,
    action: LockAction,
    first: int | None = None,
) -> Lock:
    wanted = [Wanted(each.collection, _condition(each.query), first) for each in selected]
    most = call.service.limits.max_tx_features
    return locks.lock(
        call.service.database, author, wanted, minutes=minutes, action=action, at_most=most
    )


def _condition(query: Query) -> Condition | None:
    """A query as one condition; None is every feature."""
    if query.box is None:
        return query.condition
    west, south, east, north = query.box.west, query.box.south, query.box.east, query.box.north
    shape = geometries.box((west, south), (east, north), wraps=True)
    box = geometries.literal(shape, CRS84, crs_from="bbox")
    in_box = Relate(Spatial.INTERSECTS, Property(GEOMETRY), box)
    return in_box if query.condition is None else And((query.condition, in_box))


def _within(selection: Selection, lock: Lock) -> Selection:
    """Of a selection, what the lock holds."""
    id = selection.collection.id
    uids = tuple(Literal(each.uid) for each in lock.locked if each.collection == id)
    held: Condition = In(Property("uid"), uids) if uids else Truth(Literal(False))
    own = selection.query.condition
    condition = held if own is None else And((own, held))
    return replace(selection, query=replace(selection.query, condition=condition))


def _response(call: Call, lock: Lock) -> Document:
    """OGC 09-025r2, 12.3; OGC 04-094, 10.3; OGC 02-058, 10.3."""
    version = call.version
    name = "WFS_LockFeatureResponse" if version is V100 else "LockFeatureResponse"
    document = Document(version, f"wfs:{name}")
    if version is V200:
        document.set(document.root, lockId=str(lock.id))
    else:
        document.add(document.root, "wfs:LockId", str(lock.id))
    for holder, members in (
        ("wfs:FeaturesLocked", lock.locked),
        ("wfs:FeaturesNotLocked", lock.not_locked),
    ):
        if members:
            add_ids(version, document, document.add(document.root, holder), _ids(members))
    return document


def _ids(members: Iterable[Member]) -> Iterator[str]:
    return (f"{each.collection}.{each.uid}" for each in members)
