"""QGIS without a window, which does what a test tells it; run by the Python that QGIS belongs to.

A line of the standard input is `[function, arguments]` as JSON, a line of the standard output what the
function has given. Functions are those of this file that take keywords only. A layer is given as
`{"provider": …, "typename": …, "url": …, …}`: whatever stands in the address of a layer of QGIS.
"""

import faulthandler
import inspect
import json
import os
import sys
import traceback

from qgis.core import (
    NULL,
    Qgis,
    QgsApplication,
    QgsAuthMethodConfig,
    QgsExpression,
    QgsFeature,
    QgsFeatureRequest,
    QgsGeometry,
    QgsRectangle,
    QgsSettings,
    QgsVectorDataProvider,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication, QDate, QDateTime, Qt, QVariant

_RIGHTS = {
    "add": QgsVectorDataProvider.AddFeatures,
    "change": QgsVectorDataProvider.ChangeAttributeValues,
    "reshape": QgsVectorDataProvider.ChangeGeometries,
    "delete": QgsVectorDataProvider.DeleteFeatures,
}


def version(*, of=None):
    """The number of QGIS: major, minor."""
    return [int(part) for part in Qgis.QGIS_VERSION.split("-")[0].split(".")[:2]]


def layer(*, of):
    """What QGIS knows of a layer before it has read it."""
    opened = _opened(of)
    if not opened.isValid():
        return {"valid": False, "error": opened.error().message()}
    provider = opened.dataProvider()
    extent = opened.extent()
    return {
        "valid": True,
        "crs": opened.crs().authid(),
        "geometry": QgsWkbTypes.displayString(opened.wkbType()),
        "fields": {field.name(): QVariant.typeToName(field.type()) for field in opened.fields()},
        "count": provider.featureCount(),
        "extent": [
            getattr(extent, edge)() for edge in ("xMinimum", "yMinimum", "xMaximum", "yMaximum")
        ],
        "rights": [name for name, right in _RIGHTS.items() if provider.capabilities() & right],
    }


def features(*, of, subset=None, box=None, expression=None):
    """The features that match, and how many QGIS says there are of the whole layer."""
    opened = _valid(of)
    if subset is not None:
        assert opened.setSubsetString(subset), subset
    request = QgsFeatureRequest()
    if box is not None:
        request.setFilterRect(QgsRectangle(*box))
    if expression is not None:
        request.setFilterExpression(expression)
    return {"features": _read(opened, request), "count": opened.dataProvider().featureCount()}


def committed(*, of, steps):
    """Change a layer step by step in one session, with a commit behind each.

    A step is `{"add": [values, …]}`, `{"where": expression, "set": values}` or `{"where": expression,
    "delete": true}`; values have the geometry as text at "geom". Ends with the features as the
    session sees them.
    """
    opened = _valid(of)
    outcomes = []
    for step in steps:
        assert opened.startEditing(), "the layer is read-only"
        _carry_out(opened, step)
        done = opened.commitChanges()
        errors = [] if done else opened.commitErrors()
        if not done:
            opened.rollBack()
        outcomes.append({"done": done, "errors": errors})
        QCoreApplication.processEvents()  # only then does the layer forget what it had read
    return {"outcomes": outcomes, "features": _read(opened, QgsFeatureRequest())}


def stored_login(*, user, password):
    """The id of a login in the store of QGIS, for `authcfg`; None if QGIS has no store."""
    manager = QgsApplication.authManager()
    if manager.isDisabled() or not manager.setMasterPassword("of the test", True):
        return None
    config = QgsAuthMethodConfig("Basic")
    config.setName("login")
    config.setConfig("username", user)
    config.setConfig("password", password)
    return config.id() if manager.storeAuthenticationConfig(config) else None


def _carry_out(opened, step):
    if "add" in step:
        assert opened.addFeatures([_feature(opened, values) for values in step["add"]])
        return
    request = QgsFeatureRequest(QgsExpression(step["where"]))
    for feature in list(opened.getFeatures(request)):
        if step.get("delete"):
            assert opened.deleteFeature(feature.id())
        for name, value in step.get("set", {}).items():
            if name == "geom":
                assert opened.changeGeometry(feature.id(), QgsGeometry.fromWkt(value))
            else:
                index = opened.fields().indexOf(name)
                assert opened.changeAttributeValue(feature.id(), index, _given(value))


def _feature(opened, values):
    feature = QgsFeature(opened.fields())
    for name, value in values.items():
        if name == "geom":
            feature.setGeometry(QgsGeometry.fromWkt(value))
        else:
            feature[name] = _given(value)
    return feature


def _given(value):
    return NULL if value is None else value


def _opened(of):
    parts = dict(of)
    provider = parts.pop("provider", "WFS")
    address = " ".join(f"{name}='{value}'" for name, value in parts.items())
    return QgsVectorLayer(address, "layer", provider)


def _valid(of):
    opened = _opened(of)
    assert opened.isValid(), opened.error().message()
    return opened


def _read(opened, request):
    # All are read: QGIS may crash when a download is left in the middle.
    found = list(opened.getFeatures(request))
    QCoreApplication.processEvents()
    names = [field.name() for field in opened.fields()]
    return [
        {**{name: _plain(each[name]) for name in names}, "geom": _shape(each)} for each in found
    ]


def _plain(value):
    if value == NULL or (isinstance(value, QVariant) and value.isNull()):
        return None
    if isinstance(value, QDateTime):
        return value.toUTC().toString("yyyy-MM-ddTHH:mm:ss.zzzZ")
    if isinstance(value, QDate):
        return value.toString(Qt.ISODate)
    return value


def _shape(feature):
    return feature.geometry().asWkt(7) if feature.hasGeometry() else None


def _settled():
    settings = QgsSettings()
    # What one test was answered must not answer another, and a refusal is not asked for again.
    settings.setValue("qgis/wfsMemoryCacheAllowed", False)
    settings.setValue("qgis/defaultTileMaxRetry", 0)


def main():
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # libraries write to the standard output what is no answer
    faulthandler.enable()
    application = QgsApplication([], False)
    application.initQgis()
    _settled()
    functions = {
        name: each
        for name, each in globals().items()
        if inspect.isfunction(each) and not name.startswith("_") and name != "main"
    }
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = {"gives": functions[name](**arguments)}
        except Exception:
            answer = {"fails": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    answers.close()
    os._exit(0)  # without the clearing up in which QGIS sometimes crashes


if __name__ == "__main__":
    main()
