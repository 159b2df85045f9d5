"""All collections as one QGIS project (.qgz): layers, styles, forms, metadata, extent.

The project holds addresses and words, never data and never a credential. The same input gives the
same bytes.
"""

import io
import zipfile
from collections.abc import Collection as Some
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from urllib.parse import urlsplit

from pyproj import CRS as ProjCrs
from pyproj.enums import TransformDirection

from geoservice.cartography.appearance import SYNTHETIC, Kind, kind
from geoservice.cartography.markup import document, element
from geoservice.cartography.qgis_symbols import Naming
from geoservice.cartography.qml import (
    DOCTYPE,
    WRITTEN_FOR,
    Widgets,
    chosen_from,
    layer_attributes,
    style_elements,
)
from geoservice.crs import STORAGE_SRID, to_storage
from geoservice.description.collection import Collection
from geoservice.description.xml_names import element_name, type_name
from geoservice.errors import BadParameter
from geoservice.languages import Language, Text
from geoservice.regions import Region
from geoservice.xml import Element

_TITLE = Text(zh="自然资源数据", en="Natural-resources registers")
_PUBLISHED = Text(zh="由文件发布的图层", en="Published files")
_SYNTHETIC_LAYER = Text(zh="（合成数据）", en=" (synthetic)")
_ENDED = Text(
    zh="已终止（核销、停用）的要素以淡色显示。",
    en="Features whose validity is over (cancelled, closed) are drawn pale.",
)
_GEOMETRIES = {
    Kind.POINT: "Point",
    Kind.LINE: "Line",
    Kind.AREA: "Polygon",
    Kind.MIXED: "Unknown geometry",
    Kind.TABLE: "No geometry",
}
_ORDER = tuple(Kind)
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can tell
_TOP_CENTRE = 5  # QgsDecorationItem::TopCenter


class Provider(StrEnum):
    """How QGIS reads the layers."""

    WFS = "wfs"
    OGC_API = "oapif"


_QGIS_PROVIDERS = {Provider.WFS: "WFS", Provider.OGC_API: "OAPIF"}


@dataclass(frozen=True, kw_only=True)
class Project:
    """What a project is made for: the service at `base`, without a slash at its end.

    `synthetic` are the ids of collections that hold demonstration data.
    """

    base: str
    region: Region
    language: Language
    provider: Provider = Provider.WFS
    synthetic: Some[str] = ()

    def __post_init__(self) -> None:
        address = urlsplit(self.base)
        if address.username is not None or address.password is not None:
            raise BadParameter(
                name="url",
                value=f"{address.scheme}://…@{address.hostname}",
                allowed=Text(
                    zh="不含用户名和密码的地址：工程文件会被转发",
                    en="an address without user and password: project files are passed on",
                ),
            )


def qgis_project(collections: Iterable[Collection], project: Project) -> bytes:
    """The project as a .qgz: a zip file with one .qgs in it."""
    ordered = sorted(collections, key=lambda each: (_ORDER.index(kind(each)), each.id))
    text = document(_root(ordered, project), doctype=DOCTYPE)
    member = zipfile.ZipInfo("project.qgs", _ZIP_EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3
    member.external_attr = 0o644 << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(member, text)
    return packed.getvalue()


def _root(ordered: Sequence[Collection], project: Project) -> Element:
    title = f"{project.region.title.spoken(project.language)} · {_TITLE.spoken(project.language)}"
    srid = project.region.metric_srid
    by_id = {each.id: each for each in ordered}
    layers = (_layer(each, by_id, project) for each in ordered)
    return element(
        "qgis",
        {"version": WRITTEN_FOR, "projectname": title},
        element("title", text=title),
        element("projectCrs", None, _crs(srid)),
        _tree(ordered, project),
        _canvas(srid, project),
        element("projectlayers", None, *layers),
        element(
            "layerorder", None, *(element("layer", {"id": _layer_id(each)}) for each in ordered)
        ),
        _properties(ordered, project),
        _project_metadata(title, ordered, project),
        element("ProjectViewSettings", None, _default_view(srid, project)),
    )


def _tree(ordered: Sequence[Collection], project: Project) -> Element:
    """The layers in groups by subject, in the order in which the subjects' first layers come."""
    subjects = {_subject(each): number for number, each in reversed([*enumerate(ordered)])}
    grouped = sorted(ordered, key=lambda each: subjects[_subject(each)])
    tree = element("layer-tree-group")
    for subject, members in groupby(grouped, key=_subject):
        about = {"name": subject.spoken(project.language), "checked": "Qt::Checked", "expanded": 1}
        tree.append(
            element("layer-tree-group", about, *(_tree_layer(each, project) for each in members))
        )
    # Drawn by kind across all groups, so that no area hides a point of another subject.
    items = (element("item", text=_layer_id(each)) for each in ordered)
    tree.append(element("custom-order", {"enabled": 1}, *items))
    return tree


def _tree_layer(collection: Collection, project: Project) -> Element:
    return element(
        "layer-tree-layer",
        {
            "id": _layer_id(collection),
            "name": _layer_name(collection, project),
            "source": _source(collection, project),
            "providerKey": _QGIS_PROVIDERS[project.provider],
            "checked": "Qt::Checked",
            "expanded": 0,
        },
    )


def _layer_id(collection: Collection) -> str:
    """The layer's id in the project; QGIS replaces one of ten characters or fewer by another."""
    return f"geoservice_{collection.id}"


def _subject(collection: Collection) -> Text:
    return collection.subject or _PUBLISHED


def _layer_name(collection: Collection, project: Project) -> str:
    title = collection.title.spoken(project.language)
    if collection.id in project.synthetic:
        title += _SYNTHETIC_LAYER.spoken(project.language)
    return title


def _source(collection: Collection, project: Project) -> str:
    """The address of a layer as the provider reads it; only the view is asked for, page by page."""
    shared = "pagingEnabled='true' restrictToRequestBBOX='1'"
    if project.provider is Provider.OGC_API:
        return f"{shared} typename='{collection.id}' url='{project.base}/'"
    return (
        f"{shared} srsname='EPSG:{STORAGE_SRID}' typename='{type_name(collection)}' "
        f"url='{project.base}/wfs' version='auto'"
    )


def _naming(project: Project) -> Naming:
    return element_name if project.provider is Provider.WFS else _name_in_geojson


def _name_in_geojson(field: str) -> str:
    """A feature's id stands beside its properties, and becomes a field of this name."""
    return "id" if field == "uid" else field


def _layer(collection: Collection, by_id: dict[str, Collection], project: Project) -> Element:
    about = {
        "type": "vector",
        "geometry": _GEOMETRIES[kind(collection)],
        "styleCategories": "AllStyleCategories",
        **layer_attributes(collection),
    }
    widgets = _references(collection, by_id, project)
    return element(
        "maplayer",
        about,
        element("id", text=_layer_id(collection)),
        element("datasource", text=_source(collection, project)),
        element("shortname", text=collection.id),
        element("layername", text=_layer_name(collection, project)),
        *([element("srs", None, _crs(STORAGE_SRID))] if collection.geometry else []),
        _layer_metadata(collection, project),
        element("provider", {"encoding": "UTF-8"}, text=_QGIS_PROVIDERS[project.provider]),
        *style_elements(collection, project.language, _naming(project), widgets),
    )


def _references(collection: Collection, by_id: dict[str, Collection], project: Project) -> Widgets:
    """Codes of towns and the like are shown by the name of the feature that has the code."""
    named = _naming(project)
    found = {}
    for field in collection.public_fields:
        refers_to = field.refers_to
        if refers_to is None or field.many or refers_to.collection not in by_id:
            continue
        other = by_id[refers_to.collection]
        # Through WFS the id of a feature is no attribute, so nothing can be looked up by it.
        is_hidden = refers_to.field == "uid" and project.provider is Provider.WFS
        if is_hidden or other.label is None:
            continue
        found[field.name] = chosen_from(
            _layer_id(other),
            named(refers_to.field),
            named(other.label),
            source=_source(other, project),
            provider=_QGIS_PROVIDERS[project.provider],
            may_be_empty=field.nullable,
        )
    return found


def _layer_metadata(collection: Collection, project: Project) -> Element:
    """What QGIS shows under the layer's information: contents, licence, source, warnings."""
    language = project.language
    abstract = [collection.description.spoken(language)]
    if collection.period is not None and collection.period.end is not None and collection.geometry:
        abstract.append(_ENDED.spoken(language))
    found = element(
        "resourceMetadata",
        None,
        element("identifier", text=f"{project.base}/collections/{collection.id}"),
        element("language", text=language),
        element("type", text="dataset"),
        element("title", text=collection.title.spoken(language)),
    )
    links = element("links")
    _add_link(
        links, collection.title.spoken(language), f"{project.base}/collections/{collection.id}"
    )
    rights = []
    if collection.id in project.synthetic:
        abstract.insert(0, SYNTHETIC.spoken(language))
        warning = SYNTHETIC.spoken(language)
        rights.append(element("constraints", {"type": "other"}, text=warning))
    source = collection.source
    if source is not None:
        named = source.title.spoken(language)
        publisher = source.publisher
        with_publisher = named if publisher is None else f"{named} · {publisher}"
        rights.append(element("rights", text=with_publisher))
        if source.licence is not None:
            rights.append(element("license", text=source.licence))
        if source.url is not None:
            _add_link(links, named, source.url)
    found.append(element("abstract", text=" ".join(abstract)))
    found.append(links)
    found.extend(rights)
    return found


def _add_link(links: Element, name: str, address: str) -> None:
    links.append(element("link", {"name": name, "type": "WWW:LINK", "url": address}))


def _project_metadata(title: str, ordered: Sequence[Collection], project: Project) -> Element:
    found = element(
        "projectMetadata",
        None,
        element("identifier", text=f"{project.base}/qgis/project.qgz"),
        element("language", text=project.language),
        element("type", text="dataset"),
        element("title", text=title),
    )
    if _holds_synthetic(ordered, project):
        found.append(element("abstract", text=SYNTHETIC.spoken(project.language)))
    return found


def _holds_synthetic(ordered: Sequence[Collection], project: Project) -> bool:
    return any(each.id in project.synthetic for each in ordered)


def _properties(ordered: Sequence[Collection], project: Project) -> Element:
    """The project's settings: its CRS is in use, and demonstration data says so on every map."""
    uses_crs = element("ProjectionsEnabled", {"type": "int"}, text="1")
    properties = element("properties", None, element("SpatialRefSys", None, uses_crs))
    if _holds_synthetic(ordered, project):
        # The title decoration, so that no screenshot or print of the map looks real.
        decoration = element(
            "TitleLabel",
            None,
            element("Enabled", {"type": "bool"}, text="true"),
            element("Label", {"type": "QString"}, text=SYNTHETIC.spoken(project.language)),
            element("Placement", {"type": "int"}, text=str(_TOP_CENTRE)),
        )
        properties.append(decoration)
    return properties


def _canvas(srid: int, project: Project) -> Element:
    """What the map shows when the project is opened: the region."""
    edges = zip(("xmin", "ymin", "xmax", "ymax"), _region_box(srid, project), strict=True)
    return element(
        "mapcanvas",
        {"name": "theMapCanvas", "annotationsVisible": 1},
        element("extent", None, *(element(name, text=f"{edge:.0f}") for name, edge in edges)),
        element("rotation", text="0"),
        element("destinationsrs", None, _crs(srid)),
    )


def _default_view(srid: int, project: Project) -> Element:
    edges = zip(("xmin", "ymin", "xmax", "ymax"), _region_box(srid, project), strict=True)
    about = {name: f"{edge:.0f}" for name, edge in edges}
    return element("DefaultViewExtent", about, _crs(srid))


def _region_box(srid: int, project: Project) -> tuple[float, float, float, float]:
    """West, south, east, north of the region in the metric CRS, metres."""
    west, south, east, north = project.region.extent
    back = TransformDirection.INVERSE
    return to_storage(srid).transform_bounds(west, south, east, north, 101, direction=back)


def _crs(srid: int) -> Element:
    """A CRS in full, as QGIS reads one whose place in its own database nobody knows."""
    return element(
        "spatialrefsys",
        None,
        element("wkt", text=ProjCrs.from_epsg(srid).to_wkt("WKT2_2019")),
        element("srid", text=str(srid)),
        element("authid", text=f"EPSG:{srid}"),
    )
