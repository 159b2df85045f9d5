"""Elements of a new feature, and the properties of an `Update` → values as editing takes them.

A property that is absent keeps what it has or gets its default; one that is empty, or `xsi:nil`, has
no value from now on. A list is written as one element for each item. Texts are read by
`editing.values` and geometries judged by `editing.shapes`, as at every door.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from geoservice.description import xml_names
from geoservice.description.collection import Collection, FieldType
from geoservice.doors.http.wfs.bodies import BODY
from geoservice.editing import shapes, values
from geoservice.errors import (
    Malformed,
    RejectedFeature,
    TooLarge,
    UnknownProperty,
    UnsupportedOption,
)
from geoservice.languages import Text
from geoservice.query import gml
from geoservice.query.fes.references import References
from geoservice.query.filter import Property
from geoservice.query.gml import GmlReading
from geoservice.xml import (
    BLANKS,
    SCHEMA_INSTANCE,
    Element,
    content,
    has_text,
    local_name,
    namespace,
)

_OF_SCHEMAS = f"{{{SCHEMA_INSTANCE}}}"
_NIL = f"{_OF_SCHEMAS}nil"
_IDS = frozenset({"fid", *(f"{{{each}}}id" for each in gml.NAMESPACES)})
_OF_A_VALUE = frozenset({"nilReason"})
_TIMES = (FieldType.DATE, FieldType.DATETIME)
_WITH_SLASHES = re.compile(
    r"(?P<year>[0-9]{4})/(?P<month>[0-9]{2})/(?P<day>[0-9]{2})"
    r"(?: (?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]{1,6})?)"
    r"(?:(?P<hours>[+-][0-9]{2}):?(?P<minutes>[0-9]{2})?)?)?"
)


class GivenValues:
    """Reads the values of the features in one document."""

    def __init__(self, max_vertices: int) -> None:
        """No geometry may have more than `max_vertices`."""
        self._max_vertices = max_vertices
        self._fields: dict[tuple[str, str], str] = {}

    def of_feature(
        self, collection: Collection, feature: Element, reading: GmlReading
    ) -> dict[str, object]:
        """The values of a new feature, whose own id does not count.

        Raises `UnknownProperty` for an element that is no field, as `gml:name` is none where no
        field is called so; `RejectedFeature` for a value that a field cannot have.
        """
        _check(feature, _IDS)
        given: dict[str, list[Element]] = {}
        for child in _children(feature):
            given.setdefault(self._field_of(collection, child), []).append(child)
        return {
            name: self._value(collection, name, holders, reading) for name, holders in given.items()
        }

    def _field_of(self, collection: Collection, element: Element) -> str:
        key = (collection.id, str(element.tag))  # every feature names the same ones
        found = self._fields.get(key)
        if found is None:
            found = self._fields[key] = _field_of(collection, element)
        return found

    def of_properties(
        self, collection: Collection, properties: Sequence[Element], reading: GmlReading
    ) -> dict[str, object]:
        """The values that the `Property` elements of an `Update` assign; without `Value`, none.

        Raises what `of_feature` raises, and `RejectedFeature` for what only the service assigns:
        `@gml:id` and `gml:boundedBy` (OGC 09-025r2, 15.2.5.2.1).
        """
        references = References(collection)
        given: dict[str, list[Element]] = {}
        for each in properties:
            name, holders = _assignment(collection, references, each)
            given.setdefault(name, []).extend(holders)
        return {
            name: self._value(collection, name, holders, reading) for name, holders in given.items()
        }

    def _value(
        self, collection: Collection, name: str, holders: Sequence[Element], reading: GmlReading
    ) -> object:
        field = collection.by_name.get(name)
        is_list = field is not None and field.many
        if len(holders) > 1 and not is_list:
            raise _rejected(collection, name, "", "给出了多次", "it is given more than once")
        if field is None or field.type is FieldType.GEOMETRY:
            shape = [self._shape(collection, name, each, reading) for each in holders]
            return shape[0] if shape else None
        texts = [text for each in holders if (text := _text(collection, name, each))]
        if texts and len(texts) < len(holders):
            raise _rejected(collection, name, "", "列表中有空项", "an item of the list is empty")
        if not texts:
            return None
        if field.many:
            return values.from_json(collection, field, texts)
        if field.type in _TIMES:
            return values.from_text(collection, field, _as_in_schema(texts[0]))
        return values.from_text(collection, field, texts[0])

    def _shape(
        self, collection: Collection, name: str, holder: Element, reading: GmlReading
    ) -> bytes | None:
        """The geometry within a property as WKB in the storage CRS, None if it has none."""
        _check(holder, _OF_A_VALUE)
        if _is_nil(collection, name, holder) or (not len(holder) and not has_text(holder)):
            return None
        inside = _children(holder)
        if len(inside) != 1:
            raise _rejected(
                collection, name, "", "须恰有一个几何", f"it has {len(inside)} geometries, not one"
            )
        own = replace(reading, place=xml_names.element_name(name))
        given = gml.shape(inside[0], own, spend=self._vertices())
        return shapes.stored(collection, name, given.shape, given.crs, self._max_vertices)

    def _vertices(self) -> gml.Spend:
        spent = 0

        def spend(more: int) -> None:
            nonlocal spent
            spent += more
            if spent > self._max_vertices:
                raise TooLarge(
                    limit_name="max_geom_vertices", limit=self._max_vertices, actual=spent
                )

        return spend


# Elements


def _field_of(collection: Collection, element: Element) -> str:
    """The field or geometry that the element of a feature holds.

    GML's own properties are fields where a field is called like one: clients take `gs:name` for
    `gml:name` and send it back so.
    """
    name, space = xml_names.field_name(local_name(element)), namespace(element)
    is_own = space in ("", xml_names.NAMESPACE, *gml.NAMESPACES)
    if is_own and name in _names(collection):
        return name
    raise _unknown(collection, local_name(element))


def _assignment(
    collection: Collection, references: References, element: Element
) -> tuple[str, list[Element]]:
    """The field that a `Property` assigns, and the elements that hold its value."""
    children = {local_name(child): child for child in _children(element)}
    reference = children.pop("ValueReference", None)
    if reference is None:
        reference = children.pop("Name", None)
    value = children.pop("Value", None)
    if reference is None or children or len(element) > 2:
        raise _malformed(
            "Property 由 ValueReference（1.x 为 Name）和至多一个 Value 组成",
            "a Property consists of a ValueReference (in 1.x a Name) and at most one Value",
        )
    action = reference.get("action", "replace")
    if action != "replace":
        raise UnsupportedOption(name="action", value=action, allowed="replace")
    written = content(reference).strip(BLANKS)
    if written.startswith("@") or written.rpartition(":")[2] == "boundedBy":
        raise _rejected(collection, written, "", "由服务给出，不能修改", "the service assigns it")
    found = references.find(reference)
    name = found.name if isinstance(found, Property) else ""
    if name not in _names(collection):
        raise _unknown(collection, written)
    return name, [] if value is None else [value]


def _names(collection: Collection) -> list[str]:
    """What may be given: the fields that the author can see, and the geometry."""
    own = [xml_names.GEOMETRY] if collection.geometry else []
    return [*(field.name for field in collection.public_fields), *own]


def _text(collection: Collection, name: str, holder: Element) -> str | None:
    """The text of a property, None if it has no value."""
    _check(holder, _OF_A_VALUE)
    if len(holder):
        inside = f"<{local_name(holder[0])}>"
        raise _rejected(collection, name, inside, "须为文本", "it must be a text, not an element")
    return None if _is_nil(collection, name, holder) else content(holder) or None


def _as_in_schema(text: str) -> str:
    """A date or time as XML Schema writes it; a widespread library writes `2024/02/29 08:00:00+00`."""
    found = _WITH_SLASHES.fullmatch(text.strip(BLANKS))
    if found is None:
        return text
    day = f"{found['year']}-{found['month']}-{found['day']}"
    if found["time"] is None:
        return day
    hours, minutes = found["hours"], found["minutes"] or "00"
    return f"{day}T{found['time']}" + (f"{hours}:{minutes}" if hours else "")


def _is_nil(collection: Collection, name: str, holder: Element) -> bool:
    """Whether `xsi:nil` says that there is no value; then there must be none."""
    if holder.get(_NIL) not in ("true", "1"):
        return False
    if len(holder) or content(holder).strip(BLANKS):
        value = content(holder)
        raise _rejected(collection, name, value, "xsi:nil 却有值", "it is xsi:nil and has a value")
    return True


def _children(element: Element) -> list[Element]:
    if has_text(element):
        name = local_name(element)
        raise _malformed(f"{name} 中有多余的文字", f"there is text in {name}")
    return list(element)


def _check(element: Element, known: frozenset[str]) -> None:
    """Refuse an attribute that would have to mean something, such as a reference elsewhere."""
    for attribute in map(str, element.attrib):
        if attribute not in known and not attribute.startswith(_OF_SCHEMAS):
            raise UnsupportedOption(
                name=local_name(element), value=attribute, allowed=", ".join(sorted(known))
            )


def _unknown(collection: Collection, written: str) -> UnknownProperty:
    return UnknownProperty(
        name=written,
        collection=collection.id,
        value=written,
        allowed=[xml_names.element_name(each) for each in _names(collection)],
    )


def _rejected(collection: Collection, field: str, value: str, zh: str, en: str) -> RejectedFeature:
    reason = Text(zh=zh, en=en)
    return RejectedFeature(collection=collection.id, field=field, value=value, reason=reason)


def _malformed(zh: str, en: str) -> Malformed:
    return Malformed(name=BODY, reason=Text(zh=zh, en=en))
