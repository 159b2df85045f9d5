"""A posted `Transaction` → operations of editing: WFS 2.0.0 (OGC 09-025r2, 15), 1.1.0 and 1.0.0.

Desktop clients write 1.0.0 and 1.1.0 whatever the version of their layer, some with the default
namespace declared anew on every child: elements count by namespace and local name, never by prefix.
The order of axes follows from the version of the document and the name of the CRS, see `query.gml`.
An id that a new feature brings along is not kept, as `idgen="GenerateNew"` wants it (OGC 04-094,
12.2.4). Nothing here is carried out, and nothing that a document points at is fetched.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from geoservice.crs import epsg
from geoservice.description import xml_names
from geoservice.description.collection import Collection
from geoservice.doors.http.features.reading import filter_limits
from geoservice.doors.http.wfs.bodies import BODY, declared_namespaces
from geoservice.doors.http.wfs.calls import Call
from geoservice.doors.http.wfs.formats import output
from geoservice.doors.http.wfs.given_values import GivenValues
from geoservice.doors.http.wfs.versions import V200
from geoservice.editing.locks import LockAction
from geoservice.editing.operations import Delete, Insert, Operation, Replace, Selected, Update
from geoservice.errors import (
    BadParameter,
    GeoserviceError,
    Malformed,
    MissingParameter,
    TooLarge,
    UnknownFeature,
    UnknownFeatureType,
    UnknownParameter,
    UnsupportedOption,
)
from geoservice.languages import Text
from geoservice.query import gml
from geoservice.query.fes import read_filter
from geoservice.query.filter import Condition, In, Literal
from geoservice.query.gml import GmlReading
from geoservice.xml import SCHEMA_INSTANCE, Element, content, has_text, local_name, namespace

MOST_ELEMENTS = 400_000
"""Of one document: as many as 10,000 features with 30 fields and a geometry take."""


class Kind(StrEnum):
    """What an action does; the value is the name of its element."""

    INSERT = "Insert"
    UPDATE = "Update"
    REPLACE = "Replace"
    DELETE = "Delete"


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action of a transaction: what its client calls it, and what it asks for.

    All features that are `named` must be there.
    """

    kind: Kind
    handle: str | None
    operations: tuple[Operation, ...]
    named: frozenset[UUID]


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """A transaction. Its lock ends with it: for all its features, or those that are touched."""

    actions: tuple[Action, ...]
    handle: str | None
    lock_id: str | None
    release: LockAction

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations, in the order of the document."""
        return tuple(each for action in self.actions for each in action.operations)


_OWN_ATTRIBUTES = {
    "Transaction": {"service", "version", "handle", "releaseAction", "lockId", "srsName"},
    Kind.INSERT: {"handle", "idgen", "inputFormat", "srsName"},
    Kind.UPDATE: {"handle", "typeName", "inputFormat", "srsName"},
    Kind.REPLACE: {"handle", "inputFormat", "srsName"},
    Kind.DELETE: {"handle", "typeName"},
    "Native": {"handle", "vendorId", "safeToIgnore"},
}
_GML_OF_1_1 = "x-application/gml:3"
"""What the schema of 1.1.0 calls its own GML."""

_COLLECTIONS = frozenset({"FeatureCollection"})
_MEMBERS = frozenset({"featureMember", "featureMembers", "member"})
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def transaction(call: Call, root: Element) -> Transaction:
    """The transaction that a document states, its types and properties looked up.

    Raises what `Reader` of filters and `GivenValues` raise, with the name of the action: its
    `handle`, else its place in the document, as in `Insert[2]/edits[5]`. Raises `TooLarge` beyond
    `max_tx_operations` actions or `max_tx_features` new features.
    """
    return _Reader(call, root).transaction()


def lock_action(name: str, text: str | None) -> LockAction:
    """`lockAction` or `releaseAction`: all features, unless it says otherwise."""
    if text is not None and text.upper() not in LockAction.__members__:
        raise BadParameter(name=name, value=text, allowed=list(LockAction))
    return LockAction((text or "ALL").upper())


class _Read(NamedTuple):
    """What an action asks for, and the features that it names."""

    operations: tuple[Operation, ...]
    named: frozenset[UUID] = frozenset()


class _Reader:
    """Reads one document."""

    def __init__(self, call: Call, root: Element) -> None:
        self._call = call
        self._root = root
        self._is_2_0 = call.version is V200
        self._limits = call.service.limits
        # What a client has selected one by one, it deletes by a list of ids.
        self._filter_limits = replace(
            filter_limits(self._limits), max_in_items=self._limits.max_tx_features
        )
        self._usual_reading = call.version.gml_reading(call.service.crs_offered, place="Filter")
        self._values = GivenValues(self._limits.max_geom_vertices)
        self._types: dict[tuple[str, str], Collection] = {}
        self._features = 0

    def transaction(self) -> Transaction:
        root = self._root
        self._check(root, "Transaction")
        _require_at_most("max_tx_operations", self._limits.max_tx_operations, len(root))
        reading = self._reading(root, self._usual_reading)
        actions: list[Action] = []
        lock_id = root.get("lockId")
        counts: dict[str, int] = {}
        for child in self._children(root):
            name = local_name(child)
            counts[name] = counts.get(name, 0) + 1
            if name == "LockId" and not self._is_2_0 and not actions and lock_id is None:
                lock_id = content(child).strip()
            elif name == "Native":
                self._ignore(child)
            else:
                actions.append(self._action(child, reading, f"{name}[{counts[name]}]"))
        return Transaction(
            actions=tuple(actions),
            handle=root.get("handle"),
            lock_id=lock_id,
            release=lock_action("releaseAction", root.get("releaseAction")),
        )

    # Actions

    def _action(self, element: Element, reading: GmlReading, place: str) -> Action:
        read: Mapping[str, Callable[[Element, GmlReading, str], _Read]] = {
            Kind.INSERT: self._inserts,
            Kind.UPDATE: self._updates,
            Kind.DELETE: self._deletes,
            **({Kind.REPLACE: self._replacements} if self._is_2_0 else {}),
        }
        name = local_name(element)
        if name not in read:
            raise self._unexpected(element, ", ".join((*read, "Native")))
        label = element.get("handle") or place
        with _naming(label):
            self._check(element, name)
            inner = self._reading(element, reading)
            operations, named = read[name](element, inner, label)
        return Action(
            kind=Kind(name), handle=element.get("handle"), operations=operations, named=named
        )

    def _inserts(self, element: Element, reading: GmlReading, label: str) -> _Read:
        self._require_new_ids(element)
        features = list(self._new_features(element))
        if not features:
            raise _malformed(f"{label} 没有要素", f"{label} has no feature")
        self._count_features(len(features))
        operations = []
        for number, feature in enumerate(features, start=1):
            own = label if len(features) == 1 else f"{label}/{local_name(feature)}[{number}]"
            with _naming(own):
                collection = self._type_of(feature)
                values = self._values.of_feature(
                    collection, feature, self._native(collection, reading)
                )
            operations.append(Insert(collection=collection, values=values, label=own))
        return _Read(tuple(operations))

    def _updates(self, element: Element, reading: GmlReading, label: str) -> _Read:
        collection = self._named_type(element)
        children = self._children(element)
        properties = [each for each in children if local_name(each) == "Property"]
        if not properties:
            raise MissingParameter(name="Property", allowed="Property")
        values = self._values.of_properties(
            collection, properties, self._native(collection, reading)
        )
        which, named = self._selected(collection, children, "Property")
        update = Update(collection=collection, which=which, values=values, label=label)
        return _Read((update,), named)

    def _replacements(self, element: Element, reading: GmlReading, label: str) -> _Read:
        children = self._children(element, foreign=True)
        features = [each for each in children if not self._is_own(each)]
        if len(features) != 1:
            raise _malformed(
                f"{label} 须恰有一个要素，给出了 {len(features)} 个",
                f"{label} has one feature, not {len(features)}",
            )
        self._count_features(1)
        collection = self._type_of(features[0])
        own = [each for each in children if self._is_own(each)]
        which, _ = self._selected(collection, own)
        if not isinstance(which, UUID):
            raise UnsupportedOption(name="Filter", value=label, allowed="fes:ResourceId")
        values = self._values.of_feature(collection, features[0], self._native(collection, reading))
        return _Read((Replace(collection=collection, which=which, values=values, label=label),))

    def _deletes(self, element: Element, _reading: GmlReading, label: str) -> _Read:
        collection = self._named_type(element)
        which, named = self._selected(collection, self._children(element))
        return _Read((Delete(collection=collection, which=which, label=label),), named)

    def _ignore(self, element: Element) -> None:
        """A vendor's own operation: left out if its client says that it may be (15.2.8)."""
        self._check(element, "Native")
        text = element.get("safeToIgnore", "")
        if text not in _BOOLEANS:
            raise BadParameter(name="safeToIgnore", value=text, allowed="true, false")
        if not _BOOLEANS[text]:
            raise UnsupportedOption(
                name="Native", value=element.get("vendorId"), allowed='safeToIgnore="true"'
            )

    # Features

    def _require_new_ids(self, element: Element) -> None:
        """Ids are given here: what brings its own could stand for somebody else's feature."""
        idgen = element.get("idgen")
        if idgen not in (None, "GenerateNew"):
            raise UnsupportedOption(name="idgen", value=idgen, allowed="GenerateNew")

    def _new_features(self, element: Element) -> Iterator[Element]:
        """The features below an `Insert`, also those within a collection."""
        for child in self._children(element, foreign=True):
            is_wrapping = gml.is_gml(child) or namespace(child) == self._call.version.wfs
            if not (is_wrapping and local_name(child) in _COLLECTIONS):
                yield child
                continue
            for holder in self._children(child, foreign=True):
                name = local_name(holder)
                if name in _MEMBERS:
                    yield from self._children(holder, foreign=True)
                elif name != "boundedBy":
                    raise self._unexpected(holder, ", ".join(sorted(_MEMBERS)))

    def _count_features(self, more: int) -> None:
        self._features += more
        _require_at_most("max_tx_features", self._limits.max_tx_features, self._features)

    def _type_of(self, feature: Element) -> Collection:
        """The collection whose features an element is."""
        qualified = (namespace(feature), local_name(feature))
        found = self._types.get(qualified)
        if found is None:
            catalog = self._call.service.registry.catalog
            space, name = qualified
            if space not in ("", xml_names.NAMESPACE) or name not in catalog:
                raise UnknownFeatureType(
                    value=f"{{{space}}}{name}",
                    namespace=xml_names.NAMESPACE,
                    allowed=[each.id for each in catalog],
                )
            found = self._types[qualified] = self._call.collection_by_id(name)
        return found

    def _named_type(self, element: Element) -> Collection:
        name = element.get("typeName")
        if not name:
            raise MissingParameter(name="typeName", allowed="gs:…")
        return self._call.collection(name, declared_namespaces(element))

    # Filters

    def _selected(
        self, collection: Collection, children: list[Element], *others: str
    ) -> tuple[Selected, frozenset[UUID]]:
        """What the filter of an action selects, and the features that it names by their ids.

        Without a filter every feature would be meant; nobody who forgot it wants that.
        """
        filters = [each for each in children if local_name(each) == "Filter"]
        for each in children:
            if local_name(each) not in ("Filter", *others):
                raise self._unexpected(each, ", ".join(("Filter", *others)))
        if len(filters) != 1:
            raise MissingParameter(name="Filter", allowed=self._call.version.filter)
        condition = read_filter(
            filters[0],
            collection,
            reading=self._native(collection, self._usual_reading),
            limits=self._filter_limits,
        )
        ids = _ids(filters[0])
        named = frozenset[UUID]() if ids is None else _uids(collection, condition, ids)
        return next(iter(named)) if len(named) == 1 else condition, named

    # What surrounds them

    def _reading(self, element: Element, outer: GmlReading) -> GmlReading:
        """How geometries below an element are read: its `srsName` is their default."""
        format, srs_name = element.get("inputFormat"), element.get("srsName")
        version = self._call.version
        is_usual = format is None or format == _GML_OF_1_1
        if not is_usual and output(format, version).form is not version:
            allowed = ", ".join(version.formats)
            raise UnsupportedOption(name="inputFormat", value=format, allowed=allowed)
        return outer if srs_name is None else replace(outer, default=outer.crs(srs_name))

    def _native(self, collection: Collection, reading: GmlReading) -> GmlReading:
        """How geometries of a type are read: in its native CRS, if nothing around names another."""
        if reading is not self._usual_reading:
            return reading
        return replace(reading, default=epsg(collection.native_srid))

    def _is_own(self, element: Element) -> bool:
        """Whether an element is one of WFS or of filters."""
        return namespace(element) in (self._call.version.wfs, self._call.version.filter)

    def _children(self, element: Element, *, foreign: bool = False) -> list[Element]:
        """The children; unless `foreign`, all of WFS or of filters, or in no namespace."""
        if has_text(element):
            name = local_name(element)
            raise _malformed(f"{name} 中有多余的文字", f"there is text in {name}")
        children = list(element)
        for child in children:
            if not foreign and namespace(child) and not self._is_own(child):
                raise self._unexpected(child, self._call.version.wfs)
        return children

    def _check(self, element: Element, name: str) -> None:
        """Refuse an attribute that means nothing here; what XML Schema needs is left alone."""
        known = _OWN_ATTRIBUTES[name]
        for attribute in element.attrib:
            text = str(attribute)
            if text not in known and not text.startswith(f"{{{SCHEMA_INSTANCE}}}"):
                raise UnknownParameter(name=text, allowed=sorted(known))

    def _unexpected(self, element: Element, allowed: str) -> Malformed:
        name = f"{{{namespace(element)}}}{local_name(element)}"
        return _malformed(
            f"此处不认识元素 {name}；可用：{allowed}",
            f"there is no element {name} here; allowed: {allowed}",
        )


@contextmanager
def _naming(label: str) -> Iterator[None]:
    """Gives a mistake the name of the action in which it is, unless it has the name of a part."""
    try:
        yield
    except GeoserviceError as mistake:
        if "operation" in mistake.parts:
            raise
        raise mistake.in_operation(label) from mistake


def _ids(filter: Element) -> list[str] | None:
    """The feature ids that a filter consists of; None if it is another condition."""
    names = ("rid", "fid", "id", *(f"{{{each}}}id" for each in gml.NAMESPACES))
    ids = [next((each.get(name) for name in names if each.get(name)), None) for each in filter]
    return None if None in ids else [str(each) for each in ids]


def _uids(collection: Collection, condition: Condition, ids: list[str]) -> frozenset[UUID]:
    """The features that ids name; `UnknownFeature` for an id that none can have."""
    uids = frozenset[UUID]()
    if isinstance(condition, In):
        literals = (each.value for each in condition.items if isinstance(each, Literal))
        uids = frozenset(each for each in literals if isinstance(each, UUID))
    if len(uids) < len(set(ids)):
        known = {xml_names.feature_id(collection, uid) for uid in uids}
        unknown = next(each for each in ids if each not in known)
        raise UnknownFeature(collection=collection.id, value=unknown)
    return uids


def _require_at_most(limit_name: str, limit: int, actual: int) -> None:
    if actual > limit:
        raise TooLarge(limit_name=limit_name, limit=limit, actual=actual)


def _malformed(zh: str, en: str) -> Malformed:
    return Malformed(name=BODY, reason=Text(zh=zh, en=en))
