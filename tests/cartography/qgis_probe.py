"""What QGIS understands of a project or of styles, as JSON; run by the Python that QGIS belongs to.

`qgis_probe.py project FILE` opens a project. `qgis_probe.py styles FILE…` lays each style on a layer in
memory: a file is called `<geometry>.<fields>.<anything>.qml` or `.sld`, fields joined by commas.
"""

import json
import os
import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsLayerTreeGroup,
    QgsProject,
    QgsRenderContext,
    QgsVectorLayer,
    QgsWkbTypes,
)


def described(layer):
    renderer = layer.renderer()
    labels = layer.labeling().settings() if layer.labeling() and layer.labelsEnabled() else None
    return {
        "valid": layer.isValid(),
        "features": layer.featureCount() if layer.isValid() else None,
        "provider": layer.providerType(),
        "crs": layer.crs().authid(),
        "geometry": layer.geometryType(),
        "renderer": renderer.type() if renderer else None,
        "categories": categories(renderer),
        "rules": rules(renderer),
        "scales": [layer.hasScaleBasedVisibility(), layer.minimumScale(), layer.maximumScale()],
        "label": labels and [labels.fieldName, labels.scaleVisibility, labels.minimumScale],
        "aliases": {f.name(): layer.attributeAlias(i) for i, f in enumerate(layer.fields())},
        "widgets": {
            f.name(): [
                layer.editorWidgetSetup(i).type(),
                layer.editorWidgetSetup(i).config().get("map"),
            ]
            for i, f in enumerate(layer.fields())
        },
        "read_only": [
            f.name() for i, f in enumerate(layer.fields()) if layer.editFormConfig().readOnly(i)
        ],
        "cells": {
            f.name(): [
                [each.name(), each.rule(), each.backgroundColor().name()]
                for each in layer.conditionalStyles().fieldStyles(f.name())
            ]
            for f in layer.fields()
            if layer.conditionalStyles().fieldStyles(f.name())
        },
        "abstract": layer.metadata().abstract(),
        "licences": layer.metadata().licenses(),
        "constraints": [each.constraint for each in layer.metadata().constraints()],
        "shown_as": layer.displayExpression(),
    }


def categories(renderer):
    if renderer is None or renderer.type() != "categorizedSymbol":
        return None
    return [[each.value(), each.label(), *look(each.symbol())] for each in renderer.categories()]


def rules(renderer):
    if renderer is None or renderer.type() != "RuleRenderer":
        return None
    return [
        [each.label(), each.filterExpression(), each.isElse(), each.minimumScale()]
        for each in renderer.rootRule().children()
    ]


def look(symbol):
    layer = symbol.symbolLayer(0)
    properties = layer.properties()
    return [symbol.color().name(), properties.get("name"), properties.get("angle")]


def opacity(layer, values):
    """How opaque QGIS draws a feature with these values, per cent."""
    feature = QgsFeature(layer.fields())
    for name, value in values.items():
        feature.setAttribute(name, value)
    context = QgsRenderContext()
    expressions = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    expressions.setFeature(feature)
    context.setExpressionContext(expressions)
    symbols = layer.renderer().symbols(context)
    value, _ = symbols[0].dataDefinedProperties().valueAsDouble(0, expressions, 100)
    return value


def geometries(layer):
    """The types of geometry that the features have, by the names of OGC."""
    found = (each.geometry() for each in layer.getFeatures())
    return sorted(
        {QgsWkbTypes.displayString(each.wkbType()) for each in found if not each.isNull()}
    )


def groups(group):
    return {
        child.name(): [each.layerId() for each in child.findLayers()]
        for child in group.children()
        if isinstance(child, QgsLayerTreeGroup)
    }


def shown(layer, wanted):
    """The values of the first feature as QGIS shows them, by the widgets of their fields."""
    # All are read: QGIS may crash when a download is left in the middle.
    features = list(layer.getFeatures())
    if not features:
        return None
    feature = features[0]
    found = {}
    for number, field in enumerate(layer.fields()):
        if field.name() in wanted:
            setup = layer.editorWidgetSetup(number)
            formatter = QgsApplication.fieldFormatterRegistry().fieldFormatter(setup.type())
            found[field.name()] = formatter.representValue(
                layer, number, setup.config(), None, feature[number]
            )
    return found


def opened(file):
    project = QgsProject.instance()
    assert project.read(file), project.error()
    tree = project.layerTreeRoot()
    box = project.viewSettings().defaultViewExtent()
    wanted = ("type_code", "type_set", "register_kind", "town_code", "risk_level", "status", "kind")
    return {
        "title": project.title(),
        "crs": project.crs().authid(),
        "extent": [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()],
        "groups": groups(tree),
        "warning": project.readEntry("TitleLabel", "/Label")[0],
        "layers": {
            each.id(): {
                **described(each),
                "shown": shown(each, wanted),
                "geometries": geometries(each),
            }
            for each in project.mapLayers().values()
        },
    }


def styled(file):
    geometry, fields, _ = Path(file).name.split(".", 2)
    columns = "".join(f"&field={name}:string" for name in fields.split(","))
    layer = QgsVectorLayer(f"{geometry}?crs=EPSG:4490{columns}", "layer", "memory")
    load = layer.loadSldStyle if file.endswith(".sld") else layer.loadNamedStyle
    message, loaded = load(file)
    found = {"loaded": loaded, "message": message, **described(layer)}
    if "closed" in fields and file.endswith(".qml"):
        found["opacity"] = {
            day: opacity(layer, {"closed": day or None, "colour": "r"})
            for day in ("", "2000-01-01", "2999-01-01")
        }
    return found


def main():
    QgsApplication.setPrefixPath("/usr", True)
    program = QgsApplication([], False)
    program.initQgis()
    what, *files = sys.argv[1:]
    found = opened(files[0]) if what == "project" else {Path(f).name: styled(f) for f in files}
    json.dump(found, sys.stdout, ensure_ascii=False, default=str)
    sys.stdout.flush()
    os._exit(0)  # taking QGIS down in order can crash it, long after the answer is out


main()
