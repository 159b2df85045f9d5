"""What an importer may say about a file, and how it hears of progress. Pure data."""

from collections.abc import Callable
from dataclasses import dataclass

from geoservice.languages import Text


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How to read a file and what to do with rows that break rules. The default says nothing.

    Attributes:
        crs: the CRS of the coordinates: `gcj02`, `bd09`, `EPSG:4547` or `4547`; overrides the file.
        encoding: of the text in a DBF or CSV file; overrides what the file says.
        layer: which layer of a file with several.
        mapping: (column of the file, field of the collection) pairs; override names and aliases.
        x: the column with easting or longitude (CSV and XLSX).
        y: the column with northing or latitude.
        wkt: the column with the geometry as WKT.
        key: for publishing: the columns that identify a feature.
        valid_from: for publishing: the column with the day or time from which a feature is true.
        valid_to: for publishing: the column with the day or time when it ends; without it, a
            feature is an observation.
        accept_rejected: store the good rows although others were rejected.
        repair: mend invalid geometries; both states are recorded.
        file_name: the name to record, if the file lies elsewhere under another name.
        sha256: the digest of the file, if the caller has computed it while receiving.
        max_file_bytes: of the file as it is given.
        max_unpacked_bytes: of everything in an archive.
        max_vertices: of one feature.
        issue_limit: how many issues the report holds; all are counted and can be written out.
    """

    crs: str | None = None
    encoding: str | None = None
    layer: str | None = None
    mapping: tuple[tuple[str, str], ...] = ()
    x: str | None = None
    y: str | None = None
    wkt: str | None = None
    key: tuple[str, ...] = ()
    valid_from: str | None = None
    valid_to: str | None = None
    accept_rejected: bool = False
    repair: bool = False
    file_name: str | None = None
    sha256: str | None = None
    max_file_bytes: int = 8 * 2**30
    max_unpacked_bytes: int = 2 * 2**30
    max_vertices: int = 200_000
    issue_limit: int = 1000


@dataclass(frozen=True)
class Progress:
    """How far an import is: `done` of `total` rows; `total` is None where the file does not say."""

    stage: Text
    done: int
    total: int | None


ProgressListener = Callable[[Progress], None]
"""Called from the importing thread, at most a few times a second; an exception stops the import."""


def silent(_progress: Progress) -> None:
    """A listener that does nothing."""
