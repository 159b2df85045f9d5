"""What a question is: its parameters and the columns of its answer, for every door.

Pure data; the function that answers it lives in `questions`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from geoservice.description.collection import FieldType, GeometryType, Unit
from geoservice.languages import Text

ParameterValue = str | int | float | bool | date | datetime | tuple[str, ...] | None


class ParameterType(StrEnum):
    """The kinds of values a question can be asked with."""

    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT = "text"
    CHOICE = "choice"  # one of `choices`
    CHOICES = "choices"  # some of `choices`, comma separated on the wire
    DATE = "date"
    DATETIME = "datetime"
    COLLECTION = "collection"  # the id of a collection with geometry
    GEOMETRY = "geometry"  # two numbers, WKT or GeoJSON; in a JSON document an object too


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter; `default` is echoed in the answer when it was not given."""

    name: str
    type: ParameterType
    title: Text
    description: Text | None = None
    unit: Unit | None = None
    default: ParameterValue = None
    default_text: Text | None = None  # for defaults that are computed, such as today
    required: bool = False
    minimum: float | None = None
    exclusive_minimum: bool = False
    maximum: float | None = None
    choices: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of an answer."""

    name: str
    type: FieldType
    title: Text
    unit: Unit | None = None
    nullable: bool = False


@dataclass(frozen=True, kw_only=True)
class QuestionDescription:
    """A question as every door shows it. `geometry` is the type of the answer's features, if any."""

    id: str
    title: Text
    description: Text
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    geometry: GeometryType | None
    method: Text
    sources: tuple[str, ...]
