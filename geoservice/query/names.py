"""Properties by name: looked up, never evaluated."""

from difflib import get_close_matches
from enum import StrEnum

from geoservice.description.collection import Collection, Field, FieldType
from geoservice.errors import UnknownProperty
from geoservice.languages import Text
from geoservice.query.filter import Property


class Kind(StrEnum):
    """What values can be compared with each other."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    UUID = "uuid"
    GEOMETRY = "geometry"
    LIST = "list"


KIND_TITLES: dict[Kind, Text] = {
    Kind.TEXT: Text(zh="文本", en="a text"),
    Kind.NUMBER: Text(zh="数字", en="a number"),
    Kind.BOOLEAN: Text(zh="布尔值", en="true or false"),
    Kind.TIME: Text(zh="日期或时间", en="a date or time"),
    Kind.UUID: Text(zh="要素编号（UUID）", en="a UUID"),
    Kind.GEOMETRY: Text(zh="几何", en="a geometry"),
    Kind.LIST: Text(zh="列表", en="a list"),
}

_KINDS: dict[FieldType, Kind] = {
    FieldType.TEXT: Kind.TEXT,
    FieldType.INTEGER: Kind.NUMBER,
    FieldType.LONG: Kind.NUMBER,
    FieldType.NUMBER: Kind.NUMBER,
    FieldType.DECIMAL: Kind.NUMBER,
    FieldType.BOOLEAN: Kind.BOOLEAN,
    FieldType.DATE: Kind.TIME,
    FieldType.DATETIME: Kind.TIME,
    FieldType.UUID: Kind.UUID,
    FieldType.GEOMETRY: Kind.GEOMETRY,
}


class Names:
    """The names that a filter on one collection may use.

    The public fields, `geom` and `uid`, and their everyday names `geometry` and `id` where no
    field has them.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._properties = {
            field.name: Property(field.name, field) for field in collection.public_fields
        }
        if collection.geometry is not None:
            self._properties["geom"] = Property("geom")
            self._properties.setdefault("geometry", Property("geom"))
        self._properties["uid"] = Property("uid")
        self._properties.setdefault("id", Property("uid"))

    def get(self, name: str) -> Property | None:
        """The property of a name; None if there is none."""
        return self._properties.get(name)

    def find(self, name: object) -> Property:
        """The property of a name; the error lists the names, the nearest first."""
        found = self.get(name) if isinstance(name, str) else None
        if found is not None:
            return found
        near = get_close_matches(str(name)[:63], self._properties, n=3, cutoff=0.5)
        allowed = [*near, *(other for other in self._properties if other not in near)]
        raise UnknownProperty(
            collection=self._collection.id,
            value=str(name),
            allowed=allowed,
            suggestion=near[0] if near else None,
        )


def kind_of(found: Property) -> Kind:
    """What the values of a property are."""
    field: Field | None = found.field
    if field is None:
        return Kind.GEOMETRY if found.name == "geom" else Kind.UUID
    return Kind.LIST if field.many else _KINDS[field.type]
