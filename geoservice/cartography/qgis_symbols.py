"""Symbols, classes and labels as QGIS writes them: its `renderer-v2` and `labeling` elements.

Written for QGIS 3.22 and later, which read the properties of a symbol as a map of options.
"""

from collections.abc import Callable, Iterator, Mapping

from geoservice.cartography.appearance import Kind, kind, legend, style
from geoservice.cartography.markup import element
from geoservice.description.collection import Collection
from geoservice.description.style import Label, Shape, Style, Symbol
from geoservice.languages import Language
from geoservice.xml import Element

Naming = Callable[[str], str]
"""How the layer calls a field: its own name, or the one that it has in XML."""

_SHAPES: Mapping[Shape, tuple[str, int]] = {
    Shape.CIRCLE: ("circle", 0),
    Shape.SQUARE: ("square", 0),
    Shape.DIAMOND: ("square", 45),
    Shape.TRIANGLE: ("triangle", 0),
    Shape.TRIANGLE_DOWN: ("triangle", 180),
    Shape.STAR: ("star", 0),
    Shape.CROSS: ("cross_fill", 0),
}
"""Name of the shape and angle by which it is turned, degrees clockwise."""

_SYMBOL_TYPES = {Kind.POINT: "marker", Kind.LINE: "line", Kind.AREA: "fill"}
_PLACEMENTS = {Kind.POINT: 6, Kind.LINE: 3, Kind.AREA: 4}  # around it, along it, within it
_ENDED_OPACITY = 30
_WHITE = "255,255,255,255"


def renderer(collection: Collection, language: Language, named: Naming) -> Element | None:
    """The renderer; None for a table, and for mixed geometry, whose layers each get another one.

    A feature whose period of validity is over is drawn pale, by today's date.
    """
    symbol_type = _SYMBOL_TYPES.get(kind(collection))
    if symbol_type is None:
        return None
    pale = _ended(collection, named)
    entries = legend(collection, language)
    symbols = element("symbols")
    for number, entry in enumerate(entries):
        symbols.append(_symbol(entry.symbol, str(number), symbol_type, pale))
    classified = style(collection).classification
    if classified is None:
        return element("renderer-v2", {"type": "singleSymbol", "forceraster": 0}, symbols)
    categories = element("categories")
    for number, entry in enumerate(entries):
        # The category without a value takes what no other one takes.
        about = {"value": entry.code or "", "symbol": number, "label": entry.title}
        categories.append(element("category", {**about, "render": "true"}))
    about = {"type": "categorizedSymbol", "attr": named(classified.field), "forceraster": 0}
    return element("renderer-v2", about, categories, symbols)


def _ended(collection: Collection, named: Naming) -> str | None:
    """An expression for the opacity of a feature by the end of its validity, if it can have one."""
    if collection.period is None or collection.period.end is None:
        return None
    end = quoted_field(named(collection.period.end))
    return f"if(to_date({end}) <= to_date(now()), {_ENDED_OPACITY}, 100)"


def quoted_field(name: str) -> str:
    """A field in an expression of QGIS."""
    return '"' + name.replace('"', '""') + '"'


def _symbol(symbol: Symbol, name: str, symbol_type: str, pale: str | None) -> Element:
    made = element("symbol", {"type": symbol_type, "name": name, "alpha": 1, "clip_to_extent": 1})
    if pale is not None:
        made.append(element("data_defined_properties", None, _opacity_by(pale)))
    for layer_class, properties in _layers(symbol, symbol_type):
        values = options({key: ("QString", value) for key, value in properties.items()})
        about = {"class": layer_class, "enabled": 1, "pass": 0, "locked": 0}
        made.append(element("layer", about, values))
    return made


def _layers(symbol: Symbol, symbol_type: str) -> Iterator[tuple[str, dict[str, object]]]:
    """The layers of a symbol from below; a dashed outline of an area is a line of its own."""
    if symbol_type == "marker":
        yield "SimpleMarker", _marker(symbol)
        return
    is_dashed_area = symbol_type == "fill" and bool(symbol.dash_mm)
    if symbol_type == "fill" and (symbol.fill or not is_dashed_area):
        yield "SimpleFill", _fill(symbol, outlined=not is_dashed_area)
    if symbol_type == "line" or is_dashed_area:
        yield "SimpleLine", _line(symbol)


def _opacity_by(expression: str) -> Element:
    found = options(
        {"active": ("bool", "true"), "expression": ("QString", expression), "type": ("int", 3)}
    )
    found.set("name", "alpha")
    properties = element("Option", {"name": "properties", "type": "Map"}, found)
    whole = options({"name": ("QString", ""), "type": ("QString", "collection")})
    whole.insert(1, properties)
    return whole


def _marker(symbol: Symbol) -> dict[str, object]:
    name, angle = _SHAPES[symbol.shape]
    return {
        "name": name,
        "angle": angle,
        "color": _rgba(symbol.fill, symbol.fill_opacity),
        "outline_color": _rgba(symbol.stroke),
        "outline_style": "solid",
        "outline_width": symbol.stroke_width_mm,
        "outline_width_unit": "MM",
        "size": symbol.size_mm,
        "size_unit": "MM",
    }


def _line(symbol: Symbol) -> dict[str, object]:
    return {
        "line_color": _rgba(symbol.stroke),
        "line_style": "solid",
        "line_width": symbol.stroke_width_mm,
        "line_width_unit": "MM",
        **_dashes(symbol),
    }


def _fill(symbol: Symbol, *, outlined: bool) -> dict[str, object]:
    return {
        "color": _rgba(symbol.fill, symbol.fill_opacity),
        "style": "solid" if symbol.fill else "no",
        "outline_color": _rgba(symbol.stroke),
        "outline_style": "solid" if outlined else "no",
        "outline_width": symbol.stroke_width_mm,
        "outline_width_unit": "MM",
    }


def _dashes(symbol: Symbol) -> dict[str, object]:
    if not symbol.dash_mm:
        return {}
    pattern = ";".join(f"{length:g}" for length in symbol.dash_mm)
    return {"customdash": pattern, "customdash_unit": "MM", "use_custom_dash": 1}


def _rgba(colour: str | None, opacity: float = 1) -> str:
    if colour is None:
        return "255,255,255,0"
    red, green, blue = bytes.fromhex(colour[1:])
    return f"{red},{green},{blue},{round(opacity * 255)}"


def options(values: Mapping[str, tuple[str, object]]) -> Element:
    """A map of options: names with the Qt type and the value of each."""
    return element(
        "Option",
        {"type": "Map"},
        *(
            element("Option", {"name": name, "type": type, "value": value})
            for name, (type, value) in values.items()
        ),
    )


def labeling(collection: Collection, named: Naming) -> Element | None:
    """The labels; None where there are none."""
    placement = _PLACEMENTS.get(kind(collection))
    label = style(collection).label
    if placement is None or label is None:
        return None
    text_style = element(
        "text-style",
        {
            "fieldName": named(label.field),
            "isExpression": 0,
            "fontSize": f"{label.size_pt:g}",
            "fontSizeUnit": "Point",
            "textColor": "0,0,0,255",
            "textOpacity": 1,
        },
        element(
            "text-buffer",
            {
                "bufferDraw": 1,
                "bufferSize": 0.8,
                "bufferSizeUnits": "MM",
                "bufferColor": _WHITE,
                "bufferOpacity": 1,
            },
        ),
    )
    settings = element(
        "settings",
        None,
        text_style,
        element("placement", {"placement": placement, "dist": 1, "distUnits": "MM"}),
        element("rendering", {"drawLabels": 1, **_label_scales(label)}),
    )
    return element("labeling", {"type": "simple"}, settings)


def _label_scales(label: Label) -> dict[str, object]:
    if label.max_scale_denominator is None:
        return {"scaleVisibility": 0}
    return {"scaleVisibility": 1, "scaleMin": 0, "scaleMax": label.max_scale_denominator}


def scale_attributes(drawn: Style) -> dict[str, object]:
    """The range of scales; QGIS calls the largest denominator the minimum scale."""
    nearest, furthest = drawn.min_scale_denominator, drawn.max_scale_denominator
    return {
        "hasScaleBasedVisibilityFlag": nearest is not None or furthest is not None,
        "minScale": furthest if furthest is not None else 100_000_000,
        "maxScale": nearest if nearest is not None else 0,
    }
