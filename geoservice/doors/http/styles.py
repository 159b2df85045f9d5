"""How collections look, for desktop programs: their styles, and all of them as one QGIS project."""

from starlette.responses import Response
from starlette.routing import Route

from geoservice.cartography.appearance import Kind, kind, legend
from geoservice.cartography.maplibre import maplibre_style
from geoservice.cartography.qgis_project import Project, Provider, qgis_project
from geoservice.cartography.qml import qml
from geoservice.cartography.sld import sld
from geoservice.description.collection import Collection
from geoservice.doors.http.asked import Asked
from geoservice.doors.http.features.items import link
from geoservice.doors.http.negotiation import HTML, JSON, Representation, chosen
from geoservice.doors.http.presentation import VARY, document, page
from geoservice.doors.http.query_string import require_known
from geoservice.doors.http.resources import Resource
from geoservice.doors.http.tile_matrix_sets import MATRIX_SET
from geoservice.errors import BadParameter, UnknownStyle
from geoservice.languages import Text
from geoservice.store import system

STYLES_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/styles"

PROJECT = Representation(
    "qgz", "application/x-qgis-project", Text(zh="QGIS 工程", en="QGIS project")
)

_SLD = Representation(
    "sld",
    "application/vnd.ogc.sld+xml;version=1.1",
    Text(zh="SLD 1.1 样式", en="as SLD 1.1"),
)
_QML = Representation(
    "qml", "application/vnd.qgis.qml", Text(zh="QGIS 样式（QML）", en="as a QGIS style (QML)")
)
MAPLIBRE = Representation(
    "json",
    "application/vnd.mapbox.style+json",
    Text(zh="MapLibre 样式（JSON），含图例", en="as a MapLibre style (JSON) with its legend"),
    ("application/json",),
)
_WRITERS = {_SLD: sld, _QML: qml}

_DEFAULT = "default"
_DEFAULT_TITLE = Text(zh="默认样式", en="Default style")


def routes() -> list[Route]:
    """The routes of this file."""
    return [
        Route("/collections/{collection}/styles", Resource(_styles)),
        Route("/collections/{collection}/styles/{style}", Resource(_style)),
        Route("/qgis/project.qgz", Resource(_project)),
    ]


def _styles(asked: Asked) -> Response:
    """The styles of a collection: there is one, in one or several forms."""
    require_known(asked.parameters, ("f", "lang"))
    collection = asked.service.registry.collection(asked.path_parameter("collection"))
    forms = _forms(collection)
    if chosen(asked, (JSON, HTML)) is HTML:
        return page(
            asked,
            "styles.html",
            collection=collection,
            legend=legend(collection, asked.language),
            forms=forms,
            style=_DEFAULT,
        )
    path = f"/collections/{collection.id}/styles/{_DEFAULT}"
    described = {
        "id": _DEFAULT,
        "title": _DEFAULT_TITLE.spoken(asked.language),
        "links": [link(asked, "stylesheet", asked.url(path, f=each.id), each) for each in forms],
    }
    content = {
        "default": _DEFAULT,
        "styles": [described],
        "links": [
            link(asked, "self", asked.this_url(), JSON),
            link(asked, "alternate", asked.this_url(f="html"), HTML),
        ],
    }
    return document(asked, content, JSON.media_type)


def _style(asked: Asked) -> Response:
    """One style as a stylesheet or as a MapLibre style."""
    require_known(asked.parameters, ("f", "lang"))
    collection = asked.service.registry.collection(asked.path_parameter("collection"))
    name = asked.path_parameter("style")
    if name != _DEFAULT:
        raise UnknownStyle(value=name, allowed=[_DEFAULT])
    form = chosen(asked, _forms(collection))
    if form is MAPLIBRE:
        tiles = asked.url(f"/collections/{collection.id}/tiles/{MATRIX_SET}", f="tilejson")
        content = maplibre_style(collection, asked.language, tiles)
        return document(asked, content, MAPLIBRE.media_type)
    body = _WRITERS[form](collection, asked.language)
    return _download(asked, body, form, f"{collection.id}.{form.id}")


def _forms(collection: Collection) -> tuple[Representation, ...]:
    """The forms of a collection's style; only QML tells more than how geometry is drawn."""
    return (_QML,) if kind(collection) is Kind.TABLE else (_SLD, _QML, MAPLIBRE)


def _project(asked: Asked) -> Response:
    """All collections as layers of a QGIS project that reads them from this service."""
    require_known(asked.parameters, ("f", "lang", "provider"))
    chosen(asked, (PROJECT,))
    service = asked.service
    project = Project(
        base=asked.base,
        region=service.region,
        language=asked.language,
        provider=_provider(asked.parameters.get("provider", Provider.WFS)),
        synthetic=[row.collection for row in service.database.rows(system.synthetic_collections())],
    )
    body = qgis_project(service.registry.catalog, project)
    return _download(asked, body, PROJECT, f"geoservice-{service.region.adcode}.qgz")


def _provider(text: str) -> Provider:
    try:
        return Provider(text)
    except ValueError as wrong:
        raise BadParameter(
            name="provider", value=text, allowed=[each.value for each in Provider]
        ) from wrong


def _download(asked: Asked, body: bytes, form: Representation, file_name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name}"',
        "Content-Language": asked.language,
        "Vary": VARY,
    }
    return Response(body, headers=headers, media_type=form.media_type)
