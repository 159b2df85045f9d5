"""The parameters of questions: read from the service's description, and what Python's values become.

A value of another kind, outside its bounds or none of its choices is refused here, before any request,
with what is allowed. Knows no HTTP.
"""

import json
import keyword
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from inspect import Parameter
from typing import Any, Literal

import numpy as np
import pandas as pd

from geoservice.client import errors
from geoservice.client.places import geojson, is_place, places
from geoservice.client.values import day_text, instant_text, plain
from geoservice.languages import Language, Text

ParameterKind = Literal[
    "number", "integer", "boolean", "text", "choice", "choices", "date", "instant", "geometry"
]

PAGING = frozenset(("limit", "cursor"))
"""What a page of a document needs and an answer here does not: it holds every row."""

_BY_FORMAT: Mapping[tuple[str, str | None], ParameterKind] = {
    ("number", None): "number",
    ("integer", None): "integer",
    ("boolean", None): "boolean",
    ("array", None): "choices",
    ("string", "date"): "date",
    ("string", "date-time"): "instant",
    ("string", "geometry-any"): "geometry",
}
_ANNOTATIONS: Mapping[ParameterKind, Any] = {
    "number": float,
    "integer": int,
    "boolean": bool,
    "text": str,
    "choices": list[str],
    "date": date,
    "instant": datetime,
    "geometry": object,
}
_WORDS: Mapping[ParameterKind, Text] = {
    "number": Text(zh="数", en="number"),
    "integer": Text(zh="整数", en="whole number"),
    "boolean": Text(zh="True 或 False", en="True or False"),
    "text": Text(zh="文本", en="text"),
    "choice": Text(zh="其一", en="one of"),
    "choices": Text(zh="若干", en="some of"),
    "date": Text(zh="日期，如 2021-06-25", en="date such as 2021-06-25"),
    "instant": Text(
        zh="带时区的时刻，如 2021-06-25T08:00:00+08:00",
        en="instant with its offset such as 2021-06-25T08:00:00+08:00",
    ),
    "geometry": Text(
        zh="(经度, 纬度)、shapely 几何、带坐标系的 GeoSeries，或 WKT、GeoJSON 文本",
        en="(longitude, latitude), a shapely geometry, a GeoSeries with its CRS, or WKT or GeoJSON text",
    ),
}


@dataclass(frozen=True)
class QuestionParameter:
    """One parameter of a question.

    Attributes:
        name: what the service calls it.
        kind: which values it takes.
        title: what people call it.
        required: whether it must be given.
        unit: the symbol of its unit; None for what has none.
        default: the value when it is not given; None where that is computed or there is none.
        default_text: what a computed default is, such as “today”.
        choices: the titles of the values it may have, by value; empty if it is free.
        minimum, maximum: the ends of a number; `above_minimum`: the least itself is not allowed.
    """

    name: str
    kind: ParameterKind
    title: str
    language: Language
    required: bool = False
    unit: str | None = None
    default: Any = None
    default_text: str | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    minimum: float | None = None
    maximum: float | None = None
    above_minimum: bool = False

    @classmethod
    def described(cls, document: Mapping[str, Any], language: Language) -> "QuestionParameter":
        """The parameter that an entry of `/questions` describes."""
        schema = document["schema"]
        values = schema.get("items", schema)
        choices = dict(zip(values.get("enum", ()), values.get("x-enum-titles", ()), strict=True))
        kind = _BY_FORMAT.get((schema["type"], schema.get("format")), "text")
        return cls(
            name=document["name"],
            kind="choice" if kind == "text" and choices else kind,
            title=document["title"],
            language=language,
            required=document["required"],
            unit=schema.get("x-ogc-unit"),
            default=schema.get("default"),
            default_text=document.get("default"),
            choices=choices,
            minimum=schema.get("minimum"),
            maximum=schema.get("maximum"),
            above_minimum=schema.get("exclusiveMinimum", False),
        )

    @property
    def argument(self) -> str:
        """What Python calls it: words of the language itself get an underscore, as in `from_`."""
        return f"{self.name}_" if keyword.iskeyword(self.name) else self.name

    @property
    def in_signature(self) -> Parameter:
        """It as a parameter of a function; a computed default is None."""
        if self.kind == "choice":
            annotation: Any = Literal[tuple(self.choices)]
        else:
            annotation = _ANNOTATIONS[self.kind]
        default = Parameter.empty if self.required else self.default
        if default is None:
            annotation = annotation | None
        return Parameter(
            self.argument, Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )

    @property
    def allowed(self) -> str:
        """What it takes, in words: its kind, bounds and unit, or its choices."""
        word = _WORDS[self.kind].spoken(self.language)
        if self.choices:
            colon = Text(zh="：", en=" ").spoken(self.language)
            return f"{word}{colon}{', '.join(self.choices)}"
        if self.minimum is not None and self.maximum is not None:
            opening = "(" if self.above_minimum else "["
            word = f"{word} {opening}{self.minimum:g}, {self.maximum:g}]"
        return f"{word} {self.unit}" if self.unit else word

    @property
    def default_shown(self) -> str:
        """Its default as people read it."""
        if self.required:
            return Text(zh="必填", en="required").spoken(self.language)
        if self.default is None:
            return self.default_text or "–"
        return shown(self.default)

    def sent(self, value: object) -> Any:
        """The JSON value that the service is asked with.

        Something with an `id`, such as a collection or a saved answer, means its id.

        Raises:
            BadParameter: it is of another kind, outside the bounds or none of the choices.
            BadDatetime: it is no day or instant; an instant says its offset from UTC.
            BadGeometry: the geometry cannot be understood, or is several.
        """
        given = plain(value)
        match self.kind:
            case "number" | "integer":
                return self._number(given)
            case "boolean":
                if isinstance(given, bool):
                    return given
                raise self._bad(value)
            case "choice":
                return self._chosen(given)
            case "choices":
                several = given.split(",") if isinstance(given, str) else given
                if not isinstance(several, list | tuple | set | frozenset | np.ndarray | pd.Index):
                    raise self._bad(value)
                return [self._chosen(each) for each in several]
            case "date":
                return day_text(self.argument, value, self.language)
            case "instant":
                return instant_text(self.argument, value, self.language)
            case "geometry":
                return self._geometry(value)
        return self._text(given)

    def _number(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise self._bad(value)
        if not math.isfinite(value):
            raise self._bad(value)
        is_whole = value == int(value)
        number = int(value) if is_whole else float(value)
        too_low = self.minimum is not None and (
            number <= self.minimum if self.above_minimum else number < self.minimum
        )
        too_high = self.maximum is not None and number > self.maximum
        if too_low or too_high or (self.kind == "integer" and not is_whole):
            raise self._bad(value)
        return number

    def _chosen(self, value: object) -> str:
        text = value.strip() if isinstance(value, str) else getattr(value, "id", value)
        if not isinstance(text, str) or text not in self.choices:
            raise self._bad(value, allowed=list(self.choices))
        return text

    def _text(self, value: object) -> str:
        text = value if isinstance(value, str) else getattr(value, "id", None)
        if not isinstance(text, str):
            raise self._bad(value)
        return text

    def _geometry(self, value: object) -> str:
        if isinstance(value, str):
            return value
        if not is_place(value):
            raise self._bad(value)
        # The service looks at the numbers beside `source_crs`, and tells what they look like.
        found = places(value, self.name, self.language, may_be_projected=True)
        if len(found) != 1:
            reason = Text(
                zh=f"有 {len(found)} 个几何，只能是一个；逐行查询请用 check(…)。",
                en=f"there are {len(found)} geometries, and one is needed; check(…) asks row by row.",
            )
            raise errors.BadGeometry(
                self.language, name=self.name, value=type(value).__name__, reason=reason
            )
        return json.dumps(geojson(found[0]))

    def _bad(self, value: object, allowed: object = None) -> errors.BadParameter:
        return errors.BadParameter(
            self.language, name=self.argument, value=_worded(value), allowed=allowed or self.allowed
        )


def shown(value: Any) -> str:
    """A value of a parameter as people read it."""
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e6 else f"{value:,.2f}"
    return str(value)


def _worded(value: object) -> str:
    return value if isinstance(value, str) else repr(value)
