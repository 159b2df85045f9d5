"""A collection's style as SLD 1.1.0 (OGC 05-078r4) with Symbology Encoding 1.1.0 (OGC 05-077r4).

Only the six well-known marks of the standard are used, turned where a shape needs it, and only
its default unit, the pixel of 0.28 mm. Two things that the QGIS style has are not in the language:
features whose validity is over are not drawn pale, because no filter knows today's date; and areas
among mixed geometry get a mark at their centre, because no filter knows the type of a geometry.
"""

from collections.abc import Iterator, Mapping

from geoservice.cartography.appearance import Kind, kind, legend, style
from geoservice.cartography.markup import document, element
from geoservice.description.collection import Collection
from geoservice.description.style import Classification, Label, Shape, Style, Symbol
from geoservice.description.xml_names import NAMESPACE, PREFIX, element_name, type_name
from geoservice.languages import Language
from geoservice.xml import Element

_SLD = "http://www.opengis.net/sld"
_SE = "http://www.opengis.net/se"
_OGC = "http://www.opengis.net/ogc"
_NAMESPACES: Mapping[str | None, str] = {None: _SLD, "se": _SE, "ogc": _OGC, PREFIX: NAMESPACE}

_MM_PER_PIXEL = 0.28
"""The standardized rendering pixel (OGC 05-077r4, 10.2)."""

_PIXELS_PER_POINT = 25.4 / 72 / _MM_PER_PIXEL

_ALL_OTHERS = "other"

_MARKS: Mapping[Shape, tuple[str, int]] = {
    Shape.CIRCLE: ("circle", 0),
    Shape.SQUARE: ("square", 0),
    Shape.DIAMOND: ("square", 45),
    Shape.TRIANGLE: ("triangle", 0),
    Shape.TRIANGLE_DOWN: ("triangle", 180),
    Shape.STAR: ("star", 0),
    Shape.CROSS: ("cross", 0),
}
"""Well-known name of the mark and angle by which it is turned, degrees clockwise."""


def sld(collection: Collection, language: Language) -> bytes:
    """The style of a collection with geometry; without one there is nothing to draw: `ValueError`."""
    if kind(collection) is Kind.TABLE:
        raise ValueError(f"{collection.id} has no geometry")
    drawn = style(collection)
    feature_type_style = _se(
        "FeatureTypeStyle",
        _se("FeatureTypeName", text=type_name(collection)),
        *_rules(collection, drawn, language),
        *([_label_rule(drawn, drawn.label)] if drawn.label is not None else []),
    )
    user_style = _sld(
        "UserStyle",
        _se("Name", text=collection.id),
        _described(collection.title.spoken(language), collection.description.spoken(language)),
        _sld("IsDefault", text="1"),
        feature_type_style,
    )
    layer = _sld("NamedLayer", _se("Name", text=type_name(collection)), user_style)
    root = element(
        f"{{{_SLD}}}StyledLayerDescriptor", {"version": "1.1.0"}, layer, namespaces=_NAMESPACES
    )
    return document(root)


def _rules(collection: Collection, drawn: Style, language: Language) -> Iterator[Element]:
    for entry in legend(collection, language):
        name = entry.code or _ALL_OTHERS
        rule = _se("Rule", _se("Name", text=name), _described(entry.title))
        if drawn.classification is not None:
            rule.append(_ogc("Filter", _condition(drawn.classification, entry.code)))
        rule.extend(_scales(drawn.min_scale_denominator, drawn.max_scale_denominator))
        rule.extend(symbolizer(entry.symbol) for symbolizer in _SYMBOLIZERS[kind(collection)])
        yield rule


def _condition(classification: Classification, code: str | None) -> Element:
    """Features with a code, or with None those of no class.

    Those are written out: an else filter would have nothing left over by the rule of the labels,
    which has no filter, and QGIS 3.22 reads it as no filter at all.
    """
    field = classification.field
    if code is not None:
        return _equal(field, code)
    of_a_class = [_equal(field, each.code) for each in classification.classes]
    of_any = _ogc("Or", *of_a_class) if len(of_a_class) > 1 else of_a_class[0]
    empty = _ogc("PropertyIsNull", _ogc("PropertyName", text=element_name(field)))
    return _ogc("Or", empty, _ogc("Not", of_any))


def _equal(field: str, code: str) -> Element:
    return _ogc(
        "PropertyIsEqualTo",
        _ogc("PropertyName", text=element_name(field)),
        _ogc("Literal", text=code),
    )


def _label_rule(drawn: Style, label: Label) -> Element:
    furthest = min(
        (each for each in (label.max_scale_denominator, drawn.max_scale_denominator) if each),
        default=None,
    )
    font = _se(
        "Font",
        _parameter("font-family", "sans-serif"),
        _parameter("font-size", _number(label.size_pt * _PIXELS_PER_POINT)),
    )
    halo = _se(
        "Halo", _se("Radius", text=_number(0.8 / _MM_PER_PIXEL)), _fill("#ffffff", opacity=1)
    )
    text = _se(
        "TextSymbolizer",
        _se("Label", _ogc("PropertyName", text=element_name(label.field))),
        font,
        halo,
        _fill("#000000", opacity=1),
    )
    scales = _scales(drawn.min_scale_denominator, furthest)
    return _se("Rule", _se("Name", text="label"), *scales, text)


def _scales(nearest: int | None, furthest: int | None) -> Iterator[Element]:
    if nearest is not None:
        yield _se("MinScaleDenominator", text=str(nearest))
    if furthest is not None:
        yield _se("MaxScaleDenominator", text=str(furthest))


def _point(symbol: Symbol) -> Element:
    name, angle = _MARKS[symbol.shape]
    filled = [_fill(symbol.fill, symbol.fill_opacity)] if symbol.fill else []
    mark = _se("Mark", _se("WellKnownName", text=name), *filled, _stroke(symbol))
    graphic = _se("Graphic", mark, _se("Size", text=_pixels(symbol.size_mm)))
    if angle:
        graphic.append(_se("Rotation", text=str(angle)))
    return _se("PointSymbolizer", graphic)


def _line(symbol: Symbol) -> Element:
    return _se("LineSymbolizer", _stroke(symbol))


def _area(symbol: Symbol) -> Element:
    filled = [_fill(symbol.fill, symbol.fill_opacity)] if symbol.fill else []
    return _se("PolygonSymbolizer", *filled, _stroke(symbol))


_SYMBOLIZERS = {
    Kind.POINT: (_point,),
    Kind.LINE: (_line,),
    Kind.AREA: (_area,),
    Kind.MIXED: (_line, _point),
}


def _fill(colour: str, opacity: float) -> Element:
    opaque = [] if opacity == 1 else [_parameter("fill-opacity", f"{opacity:g}")]
    return _se("Fill", _parameter("fill", colour), *opaque)


def _stroke(symbol: Symbol) -> Element:
    dashes = " ".join(_pixels(length) for length in symbol.dash_mm)
    return _se(
        "Stroke",
        _parameter("stroke", symbol.stroke),
        _parameter("stroke-width", _pixels(symbol.stroke_width_mm)),
        *([_parameter("stroke-dasharray", dashes)] if dashes else []),
    )


def _parameter(name: str, value: str) -> Element:
    return element(f"{{{_SE}}}SvgParameter", {"name": name}, text=value)


def _pixels(millimetres: float) -> str:
    return _number(millimetres / _MM_PER_PIXEL)


def _number(value: float) -> str:
    return f"{round(value, 2):g}"


def _described(title: str, abstract: str | None = None) -> Element:
    more = [] if abstract is None else [_se("Abstract", text=abstract)]
    return _se("Description", _se("Title", text=title), *more)


def _sld(name: str, *children: Element, text: str | None = None) -> Element:
    return element(f"{{{_SLD}}}{name}", None, *children, text=text, namespaces=_NAMESPACES)


def _se(name: str, *children: Element, text: str | None = None) -> Element:
    return element(f"{{{_SE}}}{name}", None, *children, text=text, namespaces=_NAMESPACES)


def _ogc(name: str, *children: Element, text: str | None = None) -> Element:
    return element(f"{{{_OGC}}}{name}", None, *children, text=text, namespaces=_NAMESPACES)
