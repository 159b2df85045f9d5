"""`outputFormat`: the names by which clients ask for GML and for files, and what each means.

A form of GML is that of a version of WFS: whoever asks 2.0.0 for GML 2 gets the document of 1.0.0.
"""

import re
from dataclasses import dataclass

from geoservice.doors.http.wfs.versions import VERSIONS, Version
from geoservice.errors import UnknownFormat

_IGNORED = re.compile(r"[\s+\"]")
"""Blanks, and a plus, which a careless client has turned into a blank."""

FILE_NAMES: dict[str, tuple[str, ...]] = {
    "geojson": (
        *("application/json", "json", "geojson", "application/geo+json"),
        "application/json; subtype=geojson",
    ),
    "csv": ("csv", "text/csv"),
    "gpkg": ("gpkg", "geopackage", "application/geopackage+sqlite3", "application/x-gpkg"),
    "shp": ("SHAPE-ZIP", "shp", "shapezip", "application/x-shapefile"),
    "fgb": ("fgb", "flatgeobuf", "application/flatgeobuf"),
}
"""The names of files; the first of each is the one that capabilities list."""

SCHEMA_LANGUAGE = "XMLSCHEMA"
"""What WFS 1.0.0 calls its only form of a schema."""


@dataclass(frozen=True)
class Output:
    """What an answer is written as: GML in the form of a version, or a file."""

    form: Version | None = None
    file: str | None = None


def output(name: str | None, version: Version) -> Output:
    """What a name means; none is the GML of the version. `UnknownFormat` for any other."""
    if name is None:
        return Output(form=version)
    wanted = _plain(name)
    for form in VERSIONS:
        if wanted in map(_plain, form.formats):
            return Output(form=form)
    for file, names in FILE_NAMES.items():
        if wanted in map(_plain, names):
            return Output(file=file)
    raise unknown(name, output_formats(version))


def schema_form(name: str | None, version: Version) -> Version:
    """The version in whose GML a schema is written."""
    if name is None or name.upper() == SCHEMA_LANGUAGE:
        return version
    wanted = _plain(name)
    for form in VERSIONS:
        if wanted in map(_plain, form.formats):
            return form
    raise unknown(name, version.formats)


def output_formats(version: Version) -> tuple[str, ...]:
    """The names that capabilities list, the default first."""
    others = (name for form in VERSIONS if form is not version for name in form.formats[:1])
    return (*version.formats, *others, *(names[0] for names in FILE_NAMES.values()))


def _plain(name: str) -> str:
    return _IGNORED.sub("", name).lower()


def unknown(name: str, allowed: tuple[str, ...]) -> UnknownFormat:
    """The mistake of asking for a format that is not offered."""
    return UnknownFormat(name="outputFormat", value=name, allowed=list(allowed))
