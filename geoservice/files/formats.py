"""The file formats that rows are given out in; one table for every door."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A format.

    `streamed` formats need no file on disk; `tells_facts` ones have room for what the rows are.
    """

    id: str
    media_type: str
    extension: str
    streamed: bool
    carries_crs: bool
    tells_facts: bool = False


FORMATS: dict[str, Format] = {
    format.id: format
    for format in (
        Format("geojson", "application/geo+json", ".geojson", streamed=True, carries_crs=False),
        Format(
            "geojsonseq", "application/geo+json-seq", ".geojsons", streamed=True, carries_crs=False
        ),
        Format("csv", "text/csv; charset=utf-8", ".csv", streamed=True, carries_crs=False),
        Format("gpkg", "application/geopackage+sqlite3", ".gpkg", streamed=False, carries_crs=True),
        Format("fgb", "application/flatgeobuf", ".fgb", streamed=False, carries_crs=True),
        Format(
            "parquet",
            "application/vnd.apache.parquet",
            ".parquet",
            streamed=True,
            carries_crs=True,
            tells_facts=True,
        ),
        Format(
            "arrow",
            "application/vnd.apache.arrow.stream",
            ".arrows",
            streamed=True,
            carries_crs=True,
            tells_facts=True,
        ),
        Format("shp", "application/zip", ".shp.zip", streamed=False, carries_crs=True),
        Format(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ".xlsx",
            streamed=False,
            carries_crs=False,
        ),
    )
}
"""Every format by id."""
