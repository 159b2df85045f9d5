"""Values as people read them: numbers in the units of daily work, dates, instants of the region.

The only place where a quantity changes its unit. Areas are stored in m² and money in fen; both are
multiplied by exact decimals: 1 亩 is 10 000/15 m², so 1 m² is 0.0015 亩; 1 公顷 (ha) is 10 000 m².
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from geoservice.description.collection import (
    CUBIC_METRE,
    DEGREE,
    FEN,
    METRE,
    MU,
    PER_CENT,
    PERSON,
    SQUARE_METRE,
    TEN_THOUSAND_YUAN,
    Unit,
)
from geoservice.languages import Language, Text

_ONE = Decimal(1)
_GROUPED_FROM = 10_000  # up to four digits a number may be a year


@dataclass(frozen=True)
class Scale:
    """A unit in which a stored quantity is read.

    A stored value times `factor` is the value in `unit`, shown with `decimals`. Without a unit
    zeros at the end are left out, because nobody knows how exact the number is.
    """

    unit: Text | None
    factor: Decimal
    decimals: int

    def value(self, stored: int | float | Decimal) -> Decimal:
        """The value in this unit, exact: of a double, its shortest decimal is taken."""
        return Decimal(str(stored)) * self.factor

    def text(self, stored: int | float | Decimal) -> str:
        """The value in this unit as text, half away from zero, with thousands apart."""
        if isinstance(stored, float) and not math.isfinite(stored):
            return str(stored)
        if isinstance(stored, int) and self.factor == _ONE:
            return f"{stored:,}" if abs(stored) >= _GROUPED_FROM else str(stored)
        exact = self.value(stored)
        rounded = exact.quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)
        if exact and not rounded:
            return f"{exact:.1E}"  # small, but not nothing
        text = f"{rounded:,}" if abs(rounded) >= _GROUPED_FROM else str(rounded)
        return text if self.unit or "." not in text else text.rstrip("0").rstrip(".")


_SCALES: Mapping[Unit, tuple[Scale, ...]] = {
    SQUARE_METRE: (
        Scale(Text(zh="m²", en="m²"), _ONE, 2),
        Scale(Text(zh="亩", en="mu"), Decimal("0.0015"), 4),
        Scale(Text(zh="公顷", en="ha"), Decimal("0.0001"), 4),
    ),
    FEN: (
        Scale(Text(zh="元", en="yuan"), Decimal("0.01"), 2),
        Scale(Text(zh="万元", en="× 10,000 yuan"), Decimal("0.000001"), 2),
    ),
}
_WORDS: Mapping[Unit, Text] = {
    MU: Text(zh="亩", en="mu"),
    PERSON: Text(zh="人", en="people"),
    TEN_THOUSAND_YUAN: Text(zh="万元", en="× 10,000 yuan"),
}
_DECIMALS: Mapping[Unit, int] = {
    METRE: 1,
    CUBIC_METRE: 1,
    DEGREE: 1,
    MU: 4,
    PER_CENT: 2,
    PERSON: 0,
    TEN_THOUSAND_YUAN: 2,
}
_OTHER_DECIMALS = 4

_FIGURE_UNITS = {"_m2": SQUARE_METRE, "_fen": FEN, "_m": METRE, "_pct": PER_CENT}


def scales(unit: Unit | None) -> tuple[Scale, ...]:
    """The units in which a quantity stored in a unit is read, the most exact first."""
    if unit is None:
        return (Scale(None, _ONE, _OTHER_DECIMALS),)
    word = _WORDS.get(unit, Text(zh=unit.symbol, en=unit.symbol))
    return _SCALES.get(unit) or (Scale(word, _ONE, _DECIMALS.get(unit, _OTHER_DECIMALS)),)


def unit_of_figure(path: str) -> Unit | None:
    """The unit of a figure, which its name ends in: `reserved.area_m2`."""
    return next((unit for ending, unit in _FIGURE_UNITS.items() if path.endswith(ending)), None)


def quantities(stored: Any, unit: Unit | None, language: Language) -> tuple[str, ...]:
    """A quantity in each of its units, such as `1,000.00 m²`, `1.5000 亩`, `0.1000 公顷`."""
    return tuple(
        f"{scale.text(stored)}{' ' + scale.unit.spoken(language) if scale.unit else ''}"
        for scale in scales(unit)
    )


def instant(value: datetime, zone: ZoneInfo) -> str:
    """An instant as the clocks of the region show it, with the distance to UTC."""
    local = value.astimezone(zone)
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%d %H:%M:%S} UTC{offset[:3]}:{offset[3:]}"


def plain_text(value: object, language: Language, zone: ZoneInfo) -> str:
    """A value that is no number as text; nothing for a missing one."""
    match value:
        case None:
            return ""
        case bool():
            return Text(zh="是" if value else "否", en="yes" if value else "no").spoken(language)
        case datetime():
            return instant(value, zone)
        case date():
            return value.isoformat()
        case list() | tuple():
            separator = Text(zh="、", en=", ").spoken(language)
            return separator.join(plain_text(each, language, zone) for each in value)
        case _:
            return str(value)
