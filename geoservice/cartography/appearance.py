"""What of a collection is shown and how: its style or the default one, its words, what codes mean.

Shared by all writers of this folder; knows no format.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from geoservice.description.code_list import CodeList
from geoservice.description.collection import CodePair, Collection, Field, GeometryType
from geoservice.description.style import (
    BLUE,
    Label,
    Style,
    Symbol,
    SymbolClass,
)
from geoservice.languages import Language, Text

OTHER = Text(zh="其他", en="other")
SYNTHETIC = Text(
    zh="合成演示数据，不得用于土地或安全决策。",
    en="SYNTHETIC demonstration data: not for decisions about land or safety.",
)
UID = Text(zh="要素编号", en="Feature id")


class Kind(StrEnum):
    """What a collection's features are drawn as, from the uppermost on a map to the lowest."""

    POINT = "point"
    LINE = "line"
    MIXED = "mixed"  # points, lines and areas side by side
    AREA = "area"
    TABLE = "table"  # rows without geometry


_KINDS = {
    GeometryType.POINT: Kind.POINT,
    GeometryType.LINE_STRING: Kind.LINE,
    GeometryType.POLYGON: Kind.AREA,
    GeometryType.GEOMETRY: Kind.MIXED,
}

_DEFAULTS = {
    Kind.POINT: Symbol(fill=BLUE, size_mm=2.6),
    Kind.LINE: Symbol(stroke=BLUE, stroke_width_mm=0.5),
    Kind.MIXED: Symbol(fill=BLUE, stroke=BLUE, stroke_width_mm=0.4, size_mm=2.6),
    Kind.AREA: Symbol(fill=BLUE, fill_opacity=0.25, stroke=BLUE, stroke_width_mm=0.4),
    Kind.TABLE: Symbol(),
}

_LABELLED_FROM = 25_000


def kind(collection: Collection) -> Kind:
    """What the features of a collection are drawn as."""
    return _KINDS[collection.geometry.single] if collection.geometry else Kind.TABLE


def style(collection: Collection) -> Style:
    """The style of a collection: its own, or a plain one for its kind of geometry."""
    if collection.style is not None:
        return collection.style
    shown = {field.name for field in collection.public_fields}
    label = (
        Label(field=collection.label, max_scale_denominator=_LABELLED_FROM)
        if collection.label in shown and collection.label is not None and collection.geometry
        else None
    )
    return Style(symbol=_DEFAULTS[kind(collection)], label=label)


@dataclass(frozen=True)
class Entry:
    """One line of a legend. Without `code` it stands for what no other line does."""

    code: str | None
    title: str
    symbol: Symbol


def legend(collection: Collection, language: Language) -> tuple[Entry, ...]:
    """The lines of the legend: the classes, then all other features; one line if there are none."""
    drawn = style(collection)
    if drawn.classification is None:
        return (Entry(None, collection.title.spoken(language), drawn.symbol),)
    field = collection.by_name[drawn.classification.field]
    return (
        *(
            Entry(each.code, _title(each, field.codes, language), each.symbol)
            for each in drawn.classification.classes
        ),
        Entry(None, OTHER.spoken(language), drawn.symbol),
    )


def _title(each: SymbolClass, codes: CodeList | None, language: Language) -> str:
    """What the legend calls a class: its own title, what its code means, or the bare code."""
    if each.title is not None:
        return each.title.spoken(language)
    return codes.by_code[each.code].title.spoken(language) if codes else each.code


def caption(field: Field, language: Language) -> str:
    """What a field is called, with its unit."""
    title = field.title.spoken(language)
    if field.unit is None:
        return title
    return (
        f"{title}（{field.unit.symbol}）" if language == "zh" else f"{title} ({field.unit.symbol})"
    )


def meanings(collection: Collection, field: Field) -> dict[str, Text]:
    """What the values of a coded field mean, in the order of the list; empty if it is not coded.

    Where a second field names the code list, a code that two lists understand differently has both
    meanings, each with its list.
    """
    if field.codes is not None:
        return {code.code: code.title for code in field.codes}
    for rule in collection.rules:
        if isinstance(rule, CodePair) and rule.code_set == field.name:
            return {each.id: each.title for each in rule.lists}
        if isinstance(rule, CodePair) and rule.code == field.name:
            return dict(_meanings_in_all_lists(rule))
    return {}


def _meanings_in_all_lists(rule: CodePair) -> Iterator[tuple[str, Text]]:
    for code in dict.fromkeys(code.code for each in rule.lists for code in each):
        found = [(each.by_code[code].title, each.title) for each in rule.lists if code in each]
        if len({title for title, _ in found}) == 1:
            yield code, found[0][0]
        else:
            yield (
                code,
                Text(
                    zh="／".join(f"{title.zh}（{of.zh}）" for title, of in found),
                    en=" / ".join(f"{title.en} ({of.en})" for title, of in found),
                ),
            )
