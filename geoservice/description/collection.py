"""What a layer is: the one declaration from which table, checks, schemas and doors are derived.

Pure data. Imports no SQLAlchemy, FastAPI or geopandas, and knows nothing of how it is used.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from geoservice.description.code_list import CodeList
from geoservice.description.style import Style
from geoservice.languages import Text

IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,43}")
"""A collection id: also a table name, with room in PostgreSQL's 63 bytes for `restore_deleted_of_`."""

MAX_FIELD_NAME_BYTES = 63


class FieldType(StrEnum):
    """The types of values; each door has one table that maps them to its own."""

    TEXT = "text"
    INTEGER = "integer"  # 32 bit
    LONG = "long"  # 64 bit
    NUMBER = "number"  # double precision
    DECIMAL = "decimal"  # exact, with `digits`
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"  # with time zone, UTC on the wire
    UUID = "uuid"
    GEOMETRY = "geometry"  # a further geometry beside the collection's own


class GeometryType(StrEnum):
    """The geometry types of OGC 06-103r4 that are stored; always two-dimensional."""

    POINT = "Point"
    MULTI_POINT = "MultiPoint"
    LINE_STRING = "LineString"
    MULTI_LINE_STRING = "MultiLineString"
    POLYGON = "Polygon"
    MULTI_POLYGON = "MultiPolygon"
    GEOMETRY = "Geometry"  # any of the above, mixed

    @property
    def single(self) -> "GeometryType":
        """The type of the parts: `Point` of `MultiPoint`; a single type is its own."""
        return GeometryType(self.removeprefix("Multi")) if self != GeometryType.GEOMETRY else self


@dataclass(frozen=True)
class Unit:
    """A unit of measure: its symbol as UCUM or everyday use writes it, and its name."""

    symbol: str
    title: Text


METRE = Unit("m", Text(zh="米", en="metres"))
SQUARE_METRE = Unit("m²", Text(zh="平方米", en="square metres"))
CUBIC_METRE = Unit("m³", Text(zh="立方米", en="cubic metres"))
DEGREE = Unit("°", Text(zh="度", en="degrees"))
PERSON = Unit("人", Text(zh="人", en="people"))
TEN_THOUSAND_YUAN = Unit("万元", Text(zh="万元", en="10,000 yuan"))
FEN = Unit("分", Text(zh="分（人民币）", en="fen (1/100 yuan)"))
MU = Unit("亩", Text(zh="亩", en="mu (10,000/15 m²)"))
PER_CENT = Unit("%", Text(zh="百分比", en="per cent"))


class Measure(StrEnum):
    """What the database measures of a feature's `geom`, in square metres; 0 for what has no area."""

    ELLIPSOID_AREA = "ellipsoid_area"  # on the ellipsoid of CGCS2000, edges as geodesics
    PLANE_AREA = "plane_area"  # in the 3° Gauss-Krüger zone of the feature; null outside China


@dataclass(frozen=True)
class Computed:
    """A value that the database keeps computed from others of the row, so nobody writes it.

    With `subtracted_from` it is that field less the measure.
    """

    measure: Measure
    subtracted_from: str | None = None


@dataclass(frozen=True)
class Reference:
    """A field that names a feature of another collection.

    With `field="uid"` the database enforces it, and an import may give the other's business key
    instead. Any other field is a name in common: followed by questions, not enforced, because
    registers arrive in any order and official codes change.
    """

    collection: str
    field: str = "uid"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One attribute. `name` is ASCII for built-in collections; a published file keeps its own."""

    name: str
    type: FieldType
    title: Text
    description: Text | None = None
    unit: Unit | None = None
    codes: CodeList | None = None
    refers_to: Reference | None = None
    many: bool = False  # a list of such values, in order, without repeats
    nullable: bool = True
    default: str | int | bool | None = None  # stored when a new feature does not say
    minimum: Decimal | None = None  # inclusive
    maximum: Decimal | None = None  # inclusive
    max_length: int | None = None
    digits: tuple[int, int] | None = None  # of a decimal: all digits, those after the point
    geometry: GeometryType | None = None  # of a geometry
    aliases: tuple[str, ...] = ()  # names that files use for it
    private: bool = False  # never leaves through a public door
    computed: Computed | None = None  # by the database; read only

    def __post_init__(self) -> None:
        if not self.name or len(self.name.encode()) > MAX_FIELD_NAME_BYTES or "\0" in self.name:
            raise ValueError(f"field name {self.name!r} is empty or longer than 63 bytes")
        if self.name in SYSTEM_FIELDS:
            raise ValueError(f"field name {self.name!r} is taken by the store")
        if (self.type is FieldType.GEOMETRY) != (self.geometry is not None):
            raise ValueError(f"{self.name}: a geometry field names its geometry type, and only it")
        if (self.type is FieldType.DECIMAL) != (self.digits is not None):
            raise ValueError(f"{self.name}: a decimal field names its digits, and only it")
        if self.many and self.type not in (FieldType.TEXT, FieldType.UUID):
            raise ValueError(f"{self.name}: only texts and references can be lists")
        if self.computed and (self.type is not FieldType.NUMBER or not self.nullable):
            raise ValueError(f"{self.name}: what is computed is a number, null without geometry")


SYSTEM_FIELDS = frozenset(
    {
        *("uid", "version", "recorded_at", "change_id", "geom"),
        *("superseded_at", "superseded_by", "operation"),
    }
)
"""Columns that the store adds to every collection, to its current rows or to its history."""


@dataclass(frozen=True)
class Period:
    """The fields that say when a feature was true in the world; what `as_of` and `datetime` ask.

    A feature is true on day d if `start` ≤ d and (`end` is empty or d < `end`). An empty `start`
    means "since always" if `open_start`, else "not yet" (a site that was never registered).
    Without `end`, a feature is an observation: true from `start` on.
    """

    start: str
    end: str | None = None
    open_start: bool = False


@dataclass(frozen=True)
class InOrder:
    """A rule: if both are given, `first` is not after `second` (dates) or not greater (numbers)."""

    first: str
    second: str


@dataclass(frozen=True)
class CodePair:
    """A rule: (`code_set`, `code`) is a pair of the given lists; a bare code would be ambiguous.

    Both empty is allowed where both fields are nullable; one without the other is not.
    """

    code_set: str
    code: str
    lists: tuple[CodeList, ...]


@dataclass(frozen=True)
class Given:
    """A rule: where each field of `when` has one of its codes, `field` is given, and is `value` if stated."""

    when: tuple[tuple[str, tuple[str, ...]], ...]
    field: str
    value: str | int | None = None


@dataclass(frozen=True)
class Steps:
    """A rule: a later version changes `field` only by one of these steps, from a code to others.

    A code that is not listed leads nowhere. A new feature may begin with any code, because registers
    are taken over as they stand; restoring an earlier version may go back.
    """

    field: str
    allowed: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Fixed:
    """A rule: these fields never change: once `once` is given, or from the first version on."""

    fields: tuple[str, ...]
    once: str | None = None


@dataclass(frozen=True)
class Unique:
    """A rule beside the key: no two features have the same values of these fields; empty ones differ."""

    fields: tuple[str, ...]


Rule = InOrder | CodePair | Given | Steps | Unique | Fixed


@dataclass(frozen=True)
class Source:
    """Where the data comes from, and under which terms."""

    title: Text
    publisher: str | None = None
    licence: str | None = None
    url: str | None = None
    edition: date | None = None


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A layer: its fields, its geometry and what its values mean.

    `id` is the table, the URL, the WFS type and the command-line argument. `key` is the business
    key by which an import recognises a feature it has seen; empty means that every row is new.
    `native_srid` is the CRS in which people work with the layer: desktop clients get it unless they
    ask for another; stored coordinates are in EPSG:4490 all the same.
    `best_geometry` lists the geometry fields from most to least telling, for distances.
    """

    id: str
    title: Text
    description: Text
    fields: tuple[Field, ...]
    geometry: GeometryType | None = None  # of the column `geom`
    geometry_required: bool = False
    native_srid: int = 4490  # EPSG number
    key: tuple[str, ...] = ()
    label: str | None = None  # the field that names a feature to people
    period: Period | None = None
    town: str | None = None  # the field with the town's code
    accuracy_m: str | None = None  # the field with the accuracy of the position
    best_geometry: tuple[str, ...] = ("geom",)
    rules: tuple[Rule, ...] = ()
    source: Source | None = None
    editable: bool = True
    published: bool = False  # made from a file, not built in
    subject: Text | None = None  # under which heading it is listed
    style: Style | None = None  # without one, it is drawn in the way of its geometry

    def __post_init__(self) -> None:
        if not IDENTIFIER.fullmatch(self.id):
            raise ValueError(f"collection id {self.id!r} is not plain snake case")
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.id}: two fields have one name")
        known = set(names)
        for mentioned in self._mentioned_fields():
            if mentioned not in known:
                raise ValueError(f"{self.id}: there is no field {mentioned!r}")

    def _mentioned_fields(self) -> Iterator[str]:
        yield from self.key
        yield from (name for name in (self.label, self.town, self.accuracy_m) if name)
        yield from self._styled_fields()
        yield from (name for name in self.best_geometry if name != "geom")
        if self.period:
            yield from (name for name in (self.period.start, self.period.end) if name)
        for rule in self.rules:
            match rule:
                case InOrder(first, second):
                    yield from (first, second)
                case CodePair(code_set, code):
                    yield from (code_set, code)
                case Given(when, then):
                    yield from (*(name for name, _ in when), then)
                case Steps(name):
                    yield name
                case Fixed(names, once):
                    yield from (*names, *((once,) if once else ()))
                case Unique(names):
                    yield from names
        for field in self.fields:
            if field.computed and field.computed.subtracted_from:
                yield field.computed.subtracted_from

    def _styled_fields(self) -> Iterator[str]:
        if self.style and self.style.classification:
            yield self.style.classification.field
        if self.style and self.style.label:
            yield self.style.label.field

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by name."""
        return {field.name: field for field in self.fields}

    @cached_property
    def public_fields(self) -> tuple[Field, ...]:
        """The fields that every reader may see, in order."""
        return tuple(field for field in self.fields if not field.private)

    @cached_property
    def computed_fields(self) -> frozenset[str]:
        """The names of the fields that the database computes."""
        return frozenset(field.name for field in self.fields if field.computed)

    @cached_property
    def unveiled(self) -> "Collection":
        """The same collection with nothing private, for readers who may see everything."""
        if len(self.public_fields) == len(self.fields):
            return self
        return replace(self, fields=tuple(replace(each, private=False) for each in self.fields))

    @cached_property
    def with_one_geometry(self) -> "Collection":
        """The same collection without further geometries, for clients that know one for a feature."""
        if self.geometry is None or len(self.geometry_fields) == 1:
            return self
        fields = (
            replace(each, private=each.private or each.geometry is not None) for each in self.fields
        )
        return replace(self, fields=tuple(fields))

    @cached_property
    def geometry_fields(self) -> tuple[str, ...]:
        """The names of all geometry columns, `geom` first."""
        own = ("geom",) if self.geometry else ()
        return own + tuple(f.name for f in self.fields if f.type is FieldType.GEOMETRY)

    def geometry_type(self, name: str) -> GeometryType:
        """The type of one geometry column."""
        declared = self.geometry if name == "geom" else self.by_name[name].geometry
        if declared is None:
            raise KeyError(name)
        return declared
