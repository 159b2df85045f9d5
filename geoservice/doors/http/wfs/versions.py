"""The versions of WFS that are spoken: what each calls things, and which of them a client gets.

One object for each version; nothing else asks `if version == …` for a name or a namespace.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from geoservice.crs import STORAGE_SRID, Crs, epsg
from geoservice.description.collection import GeometryType
from geoservice.errors import VersionNegotiationFailed
from geoservice.query.gml import GmlReading
from geoservice.store.gml import GmlForm, GmlVersion

_GML_3_TYPES = {
    GeometryType.POINT: "Point",
    GeometryType.MULTI_POINT: "MultiPoint",
    GeometryType.LINE_STRING: "Curve",
    GeometryType.MULTI_LINE_STRING: "MultiCurve",
    GeometryType.POLYGON: "Surface",
    GeometryType.MULTI_POLYGON: "MultiSurface",
    GeometryType.GEOMETRY: "Geometry",
}
_GML_2_TYPES = {type: str(type) for type in GeometryType}


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of WFS: `ows` is None where exceptions and metadata have no namespace of OWS."""

    number: str
    wfs: str
    ows: str | None
    filter: str
    gml: str
    gml_version: GmlVersion
    gml_schema: str
    wfs_schema: str
    type_names: str
    filter_prefix: str
    formats: tuple[str, ...]
    media_type: str

    def __str__(self) -> str:
        return self.number

    def geometry_type(self, geometry: GeometryType) -> str:
        """The XML Schema type of a geometry property, with the prefix that clients look for."""
        names = _GML_2_TYPES if self.gml_version is GmlVersion.GML_2 else _GML_3_TYPES
        return f"gml:{names[geometry]}PropertyType"

    def crs_name(self, crs: Crs) -> str:
        """A CRS as capabilities name it; the name implies the order of axes."""
        return f"EPSG:{crs.srid}" if self.gml_version is GmlVersion.GML_2 else crs.urn

    def gml_reading(
        self, offered: tuple[Crs, ...], place: str, native_srid: int = STORAGE_SRID
    ) -> GmlReading:
        """By which rules coordinates of this version are read; see there for the order of axes.

        What names no CRS is in the native one of its type.
        """
        return GmlReading(
            default=epsg(native_srid),
            allowed=offered,
            x_first=self.gml_version is GmlVersion.GML_2,
            place=place,
        )

    def gml_form(self, crs: Crs | None, native_srid: int = STORAGE_SRID) -> GmlForm:
        """How geometries are written in a CRS that was asked for, or in the native one.

        They carry the name that was used to ask, so that name and order of axes agree.
        """
        asked = self._in_order(crs or epsg(native_srid))
        name = asked.name if crs and self.gml_version is not GmlVersion.GML_2 else None
        return GmlForm(self.gml_version, asked, name or self.crs_name(asked))

    def _in_order(self, crs: Crs) -> Crs:
        if self.gml_version is not GmlVersion.GML_2:
            return crs
        return Crs(crs.srid, f"EPSG:{crs.srid}", y_first=False)


V200 = Version(
    number="2.0.0",
    wfs="http://www.opengis.net/wfs/2.0",
    ows="http://www.opengis.net/ows/1.1",
    filter="http://www.opengis.net/fes/2.0",
    gml="http://www.opengis.net/gml/3.2",
    gml_version=GmlVersion.GML_3_2,
    gml_schema="http://schemas.opengis.net/gml/3.2.1/gml.xsd",
    wfs_schema="http://schemas.opengis.net/wfs/2.0/wfs.xsd",
    type_names="typeNames",
    filter_prefix="fes",
    formats=(
        "application/gml+xml; version=3.2",
        "text/xml; subtype=gml/3.2",
        "text/xml; subtype=gml/3.2.1",
        "gml32",
    ),
    media_type="application/gml+xml; version=3.2; charset=utf-8",
)
V110 = Version(
    number="1.1.0",
    wfs="http://www.opengis.net/wfs",
    ows="http://www.opengis.net/ows",
    filter="http://www.opengis.net/ogc",
    gml="http://www.opengis.net/gml",
    gml_version=GmlVersion.GML_3_1,
    gml_schema="http://schemas.opengis.net/gml/3.1.1/base/gml.xsd",
    wfs_schema="http://schemas.opengis.net/wfs/1.1.0/wfs.xsd",
    type_names="typeName",
    filter_prefix="ogc",
    formats=(
        "text/xml; subtype=gml/3.1.1",
        "application/gml+xml; version=3.1",
        "text/gml; subtype=gml/3.1.1",
        "GML3",
        "gml31",
    ),
    media_type="text/xml; subtype=gml/3.1.1; charset=utf-8",
)
V100 = Version(
    number="1.0.0",
    wfs="http://www.opengis.net/wfs",
    ows=None,
    filter="http://www.opengis.net/ogc",
    gml="http://www.opengis.net/gml",
    gml_version=GmlVersion.GML_2,
    gml_schema="http://schemas.opengis.net/gml/2.1.2/feature.xsd",
    wfs_schema="http://schemas.opengis.net/wfs/1.0.0/WFS-basic.xsd",
    type_names="typeName",
    filter_prefix="ogc",
    formats=("GML2", "text/xml; subtype=gml/2.1.2", "application/gml+xml; version=2.1"),
    media_type="text/xml; subtype=gml/2.1.2; charset=utf-8",
)
VERSIONS = (V200, V110, V100)
"""The versions, the newest first."""

NUMBERS = tuple(version.number for version in VERSIONS)
_CORRIGENDA = {"2.0.2": V200}
"""Corrections of the text of a version, which change no document."""


def version_called(number: str, name: str = "version") -> Version:
    """The version of a number; `VersionNegotiationFailed` names those there are."""
    found = _known(number)
    if found is None:
        raise VersionNegotiationFailed(name=name, value=number, allowed=list(NUMBERS))
    return found


def negotiated(accepted: Sequence[str]) -> Version:
    """The first version that client and service both speak (OWS Common 1.1, 7.3.2)."""
    for number in accepted:
        found = _known(number.strip())
        if found is not None:
            return found
    raise VersionNegotiationFailed(
        name="AcceptVersions", value=",".join(accepted), allowed=list(NUMBERS)
    )


def _known(number: str) -> Version | None:
    by_number = {version.number: version for version in VERSIONS} | _CORRIGENDA
    return by_number.get(number)
