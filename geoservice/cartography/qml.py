"""A collection as a QGIS layer style (QML): symbols, labels, scales, and how fields are shown.

A style can be laid on a layer of any provider, so it holds nothing about where the data comes from.
"""

from collections.abc import Iterator, Mapping

from geoservice.cartography.appearance import (
    UID,
    Kind,
    caption,
    kind,
    legend,
    meanings,
    style,
)
from geoservice.cartography.markup import document, element
from geoservice.cartography.qgis_symbols import (
    Naming,
    labeling,
    options,
    quoted_field,
    renderer,
    scale_attributes,
)
from geoservice.description.collection import Collection, Field, FieldType
from geoservice.languages import Language, Text
from geoservice.xml import Element

WRITTEN_FOR = "3.22.0"
"""The oldest QGIS that reads what is written; later ones read it as the style of an older one."""

DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
GEOMETRY_TYPES = {Kind.POINT: 0, Kind.LINE: 1, Kind.AREA: 2, Kind.MIXED: 3, Kind.TABLE: 4}

# How QGIS's value maps write "no value" (QgsValueMapFieldFormatter::NULL_VALUE).
_NO_VALUE = "{2839923C-8B7D-419E-B84B-CA2FE9B80EC7}"
_EMPTY = Text(zh="（空）", en="(none)")

Widgets = Mapping[str, Element]
"""Widgets that take the place of those that follow from the fields, by field."""


def qml(collection: Collection, language: Language) -> bytes:
    """The style of a layer whose fields have the names of the collection's fields."""
    root = element(
        "qgis",
        {
            "version": WRITTEN_FOR,
            "styleCategories": "AllStyleCategories",
            **layer_attributes(collection),
        },
        *style_elements(collection, language, lambda name: name, {}),
        element("layerGeometryType", text=str(GEOMETRY_TYPES[kind(collection)])),
    )
    return document(root, doctype=DOCTYPE)


def layer_attributes(collection: Collection) -> dict[str, object]:
    """The part of a style that QGIS writes as attributes of the layer."""
    drawn = style(collection)
    return {"labelsEnabled": drawn.label is not None, **scale_attributes(drawn)}


def style_elements(
    collection: Collection, language: Language, named: Naming, widgets: Widgets
) -> Iterator[Element]:
    """The elements of a style, the same in a QML file and in a project."""
    found = renderer(collection, language, named)
    if found is not None:
        yield found
    labels = labeling(collection, named)
    if labels is not None:
        yield labels
    yield from _form_elements(collection, language, named, widgets)
    if kind(collection) is Kind.TABLE:
        yield from _coloured_cells(collection, language, named)
    if collection.label is not None:
        yield element("previewExpression", text=quoted_field(named(collection.label)))


def _form_elements(
    collection: Collection, language: Language, named: Naming, widgets: Widgets
) -> Iterator[Element]:
    uid = named("uid")
    configured = element("fieldConfiguration", None, _configured(uid, _widget("TextEdit")))
    about = {"field": uid, "index": 0, "name": UID.spoken(language)}
    aliases = element("aliases", None, element("alias", about))
    for number, field in enumerate(collection.public_fields, start=1):
        widget = widgets.get(field.name)
        if widget is None:
            widget = _widget_of(collection, field, language)
        configured.append(_configured(named(field.name), widget))
        about = {
            "field": named(field.name),
            "index": number,
            "name": caption(field, language),
        }
        aliases.append(element("alias", about))
    yield configured
    yield aliases
    # The feature's id is given by the service, and some values are computed by it; whether the
    # rest may be edited, the service says.
    computed = (named(field.name) for field in collection.public_fields if field.computed)
    fixed = (element("field", {"name": name, "editable": 0}) for name in (uid, *computed))
    yield element("editable", None, *fixed)


def _configured(name: str, widget: Element) -> Element:
    return element("field", {"name": name, "configurationFlags": "None"}, widget)


def _widget_of(collection: Collection, field: Field, language: Language) -> Element:
    """The widget by which a field is shown and edited: codes by their meaning, dates by a calendar."""
    if field.type is FieldType.GEOMETRY:
        return _widget("Hidden")  # a further geometry arrives as text that tells nobody anything
    if field.many:
        return _widget("TextEdit")
    meant = meanings(collection, field)
    if meant:
        return _value_map(meant, field, language)
    match field.type:
        case FieldType.DATE:
            return _calendar("yyyy-MM-dd", iso=False)
        case FieldType.DATETIME:
            return _calendar("yyyy-MM-dd HH:mm:ss", iso=True)
        case FieldType.BOOLEAN:
            return _widget("CheckBox")
        case _:
            return _widget("TextEdit")


def _value_map(meant: Mapping[str, Text], field: Field, language: Language) -> Element:
    entries = [(meaning.spoken(language), code) for code, meaning in meant.items()]
    if field.nullable:
        entries.insert(0, (_EMPTY.spoken(language), _NO_VALUE))
    pairs = (options({title: ("QString", code)}) for title, code in entries)
    listed = element("Option", {"type": "List", "name": "map"}, *pairs)
    return _widget("ValueMap", element("Option", {"type": "Map"}, listed))


def _calendar(format: str, *, iso: bool) -> Element:
    return _widget(
        "DateTime",
        options(
            {
                "allow_null": ("bool", "true"),
                "calendar_popup": ("bool", "true"),
                "display_format": ("QString", format),
                "field_format": ("QString", format),
                "field_iso_format": ("bool", str(iso).lower()),
            }
        ),
    )


def chosen_from(
    layer_id: str, key: str, value: str, *, source: str, provider: str, may_be_empty: bool
) -> Element:
    """A widget that shows the feature of another layer of the project to which a field refers."""
    return _widget(
        "ValueRelation",
        options(
            {
                "AllowMulti": ("bool", "false"),
                "AllowNull": ("bool", str(may_be_empty).lower()),
                "Key": ("QString", key),
                "Layer": ("QString", layer_id),
                "LayerName": ("QString", layer_id),
                "LayerProviderName": ("QString", provider),
                "LayerSource": ("QString", source),
                "OrderByValue": ("bool", "true"),
                "Value": ("QString", value),
            }
        ),
    )


def _widget(type: str, configuration: Element | None = None) -> Element:
    config = element("config", None, element("Option") if configuration is None else configuration)
    return element("editWidget", {"type": type}, config)


def _coloured_cells(collection: Collection, language: Language, named: Naming) -> Iterator[Element]:
    """The classes of a table as colours of its cells, because it has nothing on the map."""
    classified = style(collection).classification
    if classified is None:
        return
    cells = element("fieldstyle", {"fieldname": named(classified.field)})
    for entry in legend(collection, language):
        if entry.code is None or entry.symbol.fill is None:
            continue
        quoted = entry.code.replace("'", "''")
        about = {
            "rule": f"@value = '{quoted}'",
            "name": entry.title,
            "background_color": entry.symbol.fill,
            "background_color_alpha": 255,
            "text_color": _legible_on(entry.symbol.fill),
            "text_color_alpha": 255,
        }
        cells.append(element("style", about))
    yield element(
        "conditionalstyles", None, element("rowstyles"), element("fieldstyles", None, cells)
    )


def _legible_on(colour: str) -> str:
    """Black or white, whichever contrasts more (WCAG 2.2, relative luminance and contrast ratio)."""
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (byte / 255 for byte in bytes.fromhex(colour[1:]))
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) else "#ffffff"
