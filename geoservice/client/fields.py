"""The fields of a collection, read from its schema document (OGC API Features, Part 5).

Knows no HTTP: the collection hands the document over, and a way to learn the null shares.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from geoservice.client import cards, errors
from geoservice.languages import Language

FieldType = Literal[
    "text",
    "integer",
    "number",
    "decimal",
    "boolean",
    "date",
    "datetime",
    "uuid",
    "list",
    "geometry",
]

_BY_FORMAT: Mapping[tuple[str | None, str | None], FieldType] = {
    ("string", None): "text",
    ("string", "date"): "date",
    ("string", "date-time"): "datetime",
    ("string", "uuid"): "uuid",
    ("integer", None): "integer",
    ("number", "double"): "number",
    ("number", None): "decimal",
    ("boolean", None): "boolean",
    ("array", None): "list",
}
_SIMPLE_NAMES = frozenset(_BY_FORMAT.values()) - {"list"}
_ID_ROLE, _GEOMETRY_ROLE = "id", "primary-geometry"


@dataclass(frozen=True)
class Field:
    """One field of a collection.

    Attributes:
        name: what filters, `select` and columns call it.
        title: what people call it, in the client's language.
        description: more about its meaning; None where the title says it all.
        type: the kind of its values; a list holds texts or codes.
        unit: the symbol of the unit of measurement (m, m², °); None for what has none.
        nullable: whether a feature may lack it.
        codes: the titles of the values it may have, by value; empty if it is not a code.
        refers_to: the collection whose features it names; None if it refers to nothing.
        read_only: whether the service fills it in.
    """

    name: str
    title: str
    type: FieldType
    description: str | None = None
    unit: str | None = None
    nullable: bool = True
    codes: Mapping[str, str] = field(default_factory=dict)
    refers_to: str | None = None
    read_only: bool = False
    _null_share: Callable[[str], float | None] = field(
        default=lambda _name: None, repr=False, compare=False
    )

    @property
    def null_share(self) -> float | None:
        """The share of features that lack it, from 0 to 1; None where it is not known.

        Read once for all fields of a collection, and only of a collection that is small enough
        (see `Collection.null_shares`).
        """
        return self._null_share(self.name)

    @property
    def is_simple(self) -> bool:
        """Whether it holds one value that can be compared and sorted by: no list, no geometry."""
        return self.type in _SIMPLE_NAMES


class Fields(Mapping[str, Field]):
    """The fields of a collection by name, in their order; shows as a table.

    The id and the main geometry are no fields: a frame has them as its index and as `geometry`.

    Attributes:
        collection: the id of the collection.
        geometry_name: what filters call the main geometry; None for a table without one.
        geometry_type: its kind as GeoJSON names it (`MultiPolygon`; `Geometry` for any); None too.
    """

    def __init__(
        self,
        collection: str,
        schema: Mapping[str, Any],
        language: Language,
        null_share: Callable[[str], float | None] = lambda _name: None,
    ) -> None:
        self.collection = collection
        self.language = language
        self.geometry_name: str | None = None
        self.geometry_type: str | None = None
        self._by_name: dict[str, Field] = {}
        required = frozenset(schema.get("required", ()))
        for name, document in schema["properties"].items():
            role = document.get("x-ogc-role")
            if role == _GEOMETRY_ROLE:
                self.geometry_name = name
                self.geometry_type = _geometry_type(document["format"])
            elif role != _ID_ROLE:
                self._by_name[name] = _field(name, document, name not in required, null_share)

    def __getitem__(self, name: str) -> Field:
        try:
            return self._by_name[name]
        except KeyError:
            raise self.unknown(name) from None

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def get(self, name: str, default: Any = None) -> Any:
        """The field of this name, or the default: unlike `[…]`, it raises nothing."""
        return self._by_name.get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def unknown(self, name: object) -> errors.UnknownProperty:
        """The error for a name that is no field's."""
        return errors.UnknownProperty(
            self.language, collection=self.collection, value=name, allowed=list(self._by_name)
        )

    def to_frame(self) -> pd.DataFrame:
        """A frame with one row for each field: title, type, unit, whether nullable, codes, description."""
        rows = [
            (each.title, each.type, each.unit, each.nullable, dict(each.codes), each.description)
            for each in self.values()
        ]
        columns = ["title", "type", "unit", "nullable", "codes", "description"]
        index = pd.Index(list(self), dtype="string", name="name")
        return pd.DataFrame(rows, columns=columns, index=index)

    def __repr__(self) -> str:
        shown = self.to_frame()[["title", "type", "unit"]].fillna("")
        return f"Fields of {self.collection}\n{shown.to_string()}"

    def _repr_html_(self) -> str:
        return cards.fields_card(self)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._by_name)


def _field(
    name: str,
    document: Mapping[str, Any],
    nullable: bool,
    null_share: Callable[[str], float | None],
) -> Field:
    values = document.get("items", document)
    return Field(
        name=name,
        title=document.get("title", name),
        type=_type(document),
        description=document.get("description"),
        unit=document.get("x-ogc-unit"),
        nullable=nullable,
        codes=dict(zip(values.get("enum", ()), values.get("x-enum-titles", ()), strict=False)),
        refers_to=document.get("x-ogc-collectionId"),
        read_only=document.get("readOnly", False),
        _null_share=null_share,
    )


def _type(document: Mapping[str, Any]) -> FieldType:
    """The type of a field; a format that is new to us is told by its basic type, or is text."""
    kind, form = document.get("type"), document.get("format")
    if kind is None and str(form).startswith("geometry-"):
        return "geometry"
    return _BY_FORMAT.get((kind, form)) or _BY_FORMAT.get((kind, None), "text")


def _geometry_type(form: str) -> str:
    """The name in GeoJSON of `geometry-multipolygon`; `Geometry` of `geometry-any`."""
    names = ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon")
    return next((name for name in names if form == f"geometry-{name.lower()}"), "Geometry")
