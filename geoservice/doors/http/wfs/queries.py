"""An ad hoc query of WFS → a collection and the `Query` that every part of the service understands."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from geoservice.crs import Crs
from geoservice.description import xml_names
from geoservice.description.collection import Collection, FieldType
from geoservice.doors.http import values
from geoservice.doors.http.features.reading import filter_limits
from geoservice.doors.http.wfs.calls import Call, local_name
from geoservice.doors.http.wfs.operations import AdHocQuery, Namespaces, SortKey
from geoservice.errors import BadParameter, BadSort, UnknownProperty
from geoservice.query.fes import read_feature_ids, read_filter
from geoservice.query.filter import Condition
from geoservice.query.gml import GmlReading
from geoservice.query.query import Box, Query, Sort

_FIRST = re.compile(r"\[1\]$")


@dataclass(frozen=True)
class Selection:
    """Features of one collection. `crs` is the CRS that was asked for, None if none was."""

    collection: Collection
    query: Query
    crs: Crs | None


def selections(call: Call, wanted: AdHocQuery) -> Iterator[Selection]:
    """What a query selects: of one type, or of each type that its feature ids name."""
    if wanted.type_names:
        collection = call.collection(wanted.type_names[0], wanted.namespaces)
        yield _selection(call, collection, wanted)
        return
    by_type: dict[str, list[str]] = {}
    for id in wanted.resource_ids or ():
        by_type.setdefault(id.rpartition(".")[0], []).append(id)
    for name, ids in by_type.items():
        if name not in call.service.registry.catalog:
            raise BadParameter(name="resourceId", value=ids[0], allowed="type.uuid")
        of_type = replace(wanted, resource_ids=tuple(ids))
        yield _selection(call, call.collection_by_id(name), of_type)


def _selection(call: Call, collection: Collection, wanted: AdHocQuery) -> Selection:
    reading = _reading(call, collection, "srsName")
    query = Query(
        box=None if wanted.box is None else _box(call, collection, wanted.box),
        condition=_condition(call, collection, wanted),
        as_of=call.as_of,
        known_at=call.known_at,
        sort=_sort(collection, wanted.sort, wanted.namespaces),
    )
    if wanted.properties is not None:
        names = [
            field_named(text, collection, wanted.namespaces, parameter="propertyName")
            for text in wanted.properties
        ]
        query = with_properties(collection, query, names)
    crs = None if wanted.srs_name is None else reading.crs(wanted.srs_name)
    return Selection(collection, query, crs)


def with_properties(collection: Collection, query: Query, names: Iterable[str]) -> Query:
    """A query for some properties, and those without which a feature would break its schema.

    What the schema says every feature has is always given (OGC 09-025r2, 7.9.2.4.3).
    """
    wanted = set(names)
    shown = tuple(
        field.name
        for field in collection.public_fields
        if field.name in wanted or not field.nullable
    )
    geometry = xml_names.GEOMETRY in wanted or collection.geometry_required
    return replace(query, properties=shown, geometry=geometry)


def field_named(
    text: str, collection: Collection, namespaces: Namespaces, *, parameter: str
) -> str:
    """The field that a name in a parameter means: `gs:name`, `name`, `gs:type/gs:name`.

    Names are those of elements. Raises `UnknownProperty` with the parameter's name.
    """
    *types, last = _FIRST.sub("", text.strip().lstrip("/")).split("/")
    name = xml_names.field_name(local_name(last, namespaces) or "")
    public = [field.name for field in collection.public_fields]
    if collection.geometry is not None:
        public.append(xml_names.GEOMETRY)
    is_own = all(local_name(each, namespaces) in (collection.id, "*") for each in types)
    if name not in public or not is_own or len(types) > 1:
        raise UnknownProperty(
            name=parameter,
            collection=collection.id,
            value=text,
            allowed=[xml_names.element_name(each) for each in public],
        )
    return name


def _condition(call: Call, collection: Collection, wanted: AdHocQuery) -> Condition | None:
    limits = filter_limits(call.service.limits)
    if wanted.resource_ids is not None:
        return read_feature_ids(wanted.resource_ids, collection, limits=limits)
    if wanted.filter is None:
        return None
    reading = _reading(call, collection, "filter")
    return read_filter(wanted.filter, collection, reading=reading, limits=limits)


def _box(call: Call, collection: Collection, text: str) -> Box:
    """`bbox`: four or six numbers and perhaps a CRS, which also says their order."""
    if collection.geometry is None:
        raise BadParameter(name="bbox", value=text, allowed="—")
    reading = _reading(call, collection, "bbox")
    parts = text.split(",")
    named = parts.pop() if len(parts) in (5, 7) else None
    crs = reading.crs(named, attribute="bbox")
    return values.box(",".join(parts), crs)


def _reading(call: Call, collection: Collection, place: str) -> GmlReading:
    offered = call.service.crs_offered
    return call.version.gml_reading(offered, place, collection.native_srid)


def _sort(
    collection: Collection, keys: Iterable[SortKey], namespaces: Namespaces
) -> tuple[Sort, ...]:
    found: list[Sort] = []
    for key in keys:
        name = field_named(key.name, collection, namespaces, parameter="sortBy")
        field = collection.by_name.get(name)
        is_ordered = field is not None and field.type is not FieldType.GEOMETRY and not field.many
        if not is_ordered or any(each.field == name for each in found):
            allowed = [
                each.name
                for each in collection.public_fields
                if each.type is not FieldType.GEOMETRY and not each.many
            ]
            raise BadSort(name="sortBy", value=key.name, allowed=allowed)
        found.append(Sort(name, key.descending))
    return tuple(found)
