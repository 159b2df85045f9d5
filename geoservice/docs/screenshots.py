"""The pictures of the page on QGIS, drawn by QGIS itself from the project that a service gives out.

Run by the Python that QGIS belongs to, with a service over the demonstration data:
`QT_QPA_PLATFORM=offscreen python3 geoservice/docs/screenshots.py http://127.0.0.1:8000`. Needs a font
with Chinese characters. Knows nothing of geoservice but the address of a project.
"""

import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeatureRequest,
    QgsLayerTree,
    QgsLayerTreeModel,
    QgsLegendRenderer,
    QgsLegendSettings,
    QgsLegendStyle,
    QgsMapRendererCustomPainterJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsRenderContext,
)
from qgis.gui import QgsAttributeForm, QgsGui
from qgis.PyQt.QtCore import QRectF, QSize, QSizeF, Qt
from qgis.PyQt.QtGui import QColor, QFont, QImage, QPainter

FOLDER = Path(__file__).parent / "images"
_LANGUAGES = ("zh", "en")
_FONT = "Noto Sans CJK SC"
_MAP_SIZE = QSize(760, 660)
_LEGEND_WIDTH = 250
_NOTICE_HEIGHT = 32
_FORM_SIZE = QSize(620, 640)
_DOTS_PER_INCH = 96
_MM_PER_INCH = 25.4

# Humen, a town with sites of every kind; west, south, east, north.
_SHOWN = QgsRectangle(113.62, 22.76, 113.80, 22.90)
_LEGEND_LAYERS = ("geoservice_hazard_sites", "geoservice_facilities", "geoservice_towns")
_FORM_LAYER = "geoservice_hazard_sites"


def main(arguments: Sequence[str]) -> int:
    """Draw the pictures of both languages; the first argument is the address of the service."""
    address = arguments[0].rstrip("/")
    provider = arguments[1] if len(arguments) > 1 else "wfs"
    program = QgsApplication([], True)
    program.initQgis()
    program.setFont(QFont(_FONT, 9))
    QgsGui.editorWidgetRegistry().initEditors()
    for language in _LANGUAGES:
        project = _opened(f"{address}/qgis/project.qgz?lang={language}&provider={provider}")
        _written(_map_with_legend(project), f"qgis_map_{language}.png")
        _written(_form(project), f"qgis_form_{language}.png")
        project.clear()
    program.exitQgis()
    return 0


def _opened(address: str) -> QgsProject:
    """The project, all of whose layers must open."""
    project = QgsProject.instance()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "project.qgz"
        with urllib.request.urlopen(address) as answer:  # noqa: S310 - of whoever runs this
            file.write_bytes(answer.read())
        if not project.read(str(file)):
            raise SystemExit(f"{address} is no project that QGIS reads")
    closed = [layer.name() for layer in project.mapLayers().values() if not layer.isValid()]
    if closed:
        raise SystemExit(f"QGIS does not open {', '.join(closed)}")
    return project


def _map_with_legend(project: QgsProject) -> QImage:
    width, height = _MAP_SIZE.width() + _LEGEND_WIDTH, _NOTICE_HEIGHT + _MAP_SIZE.height() + 1
    image = QImage(width, height, QImage.Format_RGB32)
    image.setDotsPerMeterX(round(_DOTS_PER_INCH / _MM_PER_INCH * 1000))
    image.setDotsPerMeterY(image.dotsPerMeterX())
    image.fill(Qt.white)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.Antialiasing)
    _draw_notice(project, painter, width)
    painter.translate(0, _NOTICE_HEIGHT)
    _draw_map(project, painter)
    _draw_legend(project, painter)
    painter.end()
    return image


def _draw_notice(project: QgsProject, painter: QPainter, width: int) -> None:
    """That the data is synthetic, in a band of its own, where no symbol can hide it."""
    notice, _ = project.readEntry("TitleLabel", "/Label")
    painter.fillRect(QRectF(0, 0, width, _NOTICE_HEIGHT), QColor("#fff3e6"))
    painter.setFont(QFont(_FONT, 11, QFont.Bold))
    painter.setPen(QColor("#a33c00"))
    painter.drawText(QRectF(0, 0, width, _NOTICE_HEIGHT), Qt.AlignCenter, notice)


def _draw_map(project: QgsProject, painter: QPainter) -> None:
    settings = QgsMapSettings()
    settings.setLayers(project.layerTreeRoot().layerOrder())
    settings.setDestinationCrs(project.crs())
    settings.setTransformContext(project.transformContext())
    settings.setOutputSize(_MAP_SIZE)
    settings.setOutputDpi(_DOTS_PER_INCH)
    settings.setBackgroundColor(QColor("white"))
    degrees = QgsCoordinateReferenceSystem("EPSG:4490")
    to_map = QgsCoordinateTransform(degrees, project.crs(), project)
    settings.setExtent(to_map.transformBoundingBox(_SHOWN))
    painter.save()
    painter.setClipRect(0, 0, _MAP_SIZE.width(), _MAP_SIZE.height())
    job = QgsMapRendererCustomPainterJob(settings, painter)
    job.renderSynchronously()
    painter.restore()
    painter.setPen(QColor("#888888"))
    painter.drawRect(0, 0, _MAP_SIZE.width() - 1, _MAP_SIZE.height())


def _draw_legend(project: QgsProject, painter: QPainter) -> None:
    tree = QgsLayerTree()
    for id in _LEGEND_LAYERS:
        tree.addLayer(project.mapLayer(id))
    settings = QgsLegendSettings()
    settings.setSymbolSize(QSizeF(6, 3))
    for style in (QgsLegendStyle.Subgroup, QgsLegendStyle.SymbolLabel):
        text = settings.style(style)
        font = QFont(_FONT, 8)
        font.setBold(style == QgsLegendStyle.Subgroup)
        text.setFont(font)
        settings.setStyle(style, text)
    model = QgsLayerTreeModel(tree)
    painter.save()
    painter.translate(_MAP_SIZE.width(), 4)
    pixels_per_mm = _DOTS_PER_INCH / _MM_PER_INCH
    painter.scale(pixels_per_mm, pixels_per_mm)  # a legend is drawn in millimetres
    context = QgsRenderContext.fromQPainter(painter)
    context.setScaleFactor(pixels_per_mm)
    QgsLegendRenderer(model, settings).drawLegend(context)
    painter.restore()


def _form(project: QgsProject) -> QImage:
    """The form of one feature, with the fields' titles and the meanings of their codes."""
    layer = project.mapLayer(_FORM_LAYER)
    request = QgsFeatureRequest().setFilterExpression("\"site_no\" = '441900000001'")
    feature = next(layer.getFeatures(request))
    layer.startEditing()  # else most values are grey
    form = QgsAttributeForm(layer, feature)
    form.resize(_FORM_SIZE)
    form.show()
    QgsApplication.processEvents()
    image = form.grab().toImage()
    layer.rollBack()
    return image


def _written(image: QImage, name: str) -> None:
    """A picture with a palette of 256 colours: small, and enough for flat colours."""
    few_colours = image.convertToFormat(QImage.Format_Indexed8, Qt.ThresholdDither | Qt.AvoidDither)
    few_colours.save(str(FOLDER / name), "PNG", 0)
    print(name, (FOLDER / name).stat().st_size)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
