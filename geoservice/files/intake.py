"""One pass over an opened file: understood, checked, counted, told of; the rows come out good."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from geoservice.description.collection import Collection
from geoservice.errors import BadParameter
from geoservice.files.checking import GEOM, ROW, Checker, Rows
from geoservice.files.findings import Findings
from geoservice.files.mapping import Mapping
from geoservice.files.options import ImportOptions, Progress, ProgressListener
from geoservice.files.reference import TownReference
from geoservice.files.report import ImportReport
from geoservice.files.source import Source
from geoservice.files.source_crs import SourceCrs, source_crs
from geoservice.files.staging import ahead
from geoservice.languages import Text
from geoservice.regions import Region

READING = Text(zh="读取与检查", en="Reading and checking")
MERGING = Text(zh="写入", en="Storing")
INDEXING = Text(zh="建立索引", en="Indexing")

_TELL_EVERY_S = 0.2


@dataclass
class Watch:
    """Tells a listener of progress, not more often than it can show."""

    listener: ProgressListener
    total: int | None = None
    _told_at: float = field(default=float("-inf"))

    def tell(self, stage: Text, done: int, *, always: bool = False) -> None:
        """Tell, unless it was told a moment ago."""
        now = time.monotonic()
        if always or now - self._told_at >= _TELL_EVERY_S:
            self._told_at = now
            self.listener(Progress(stage, done, self.total))


class Intake:
    """The rows of a source for one collection; `rows()` once.

    Writes how the file was understood into the report at once, and the counts when all rows are
    read. Raises what `source_crs` raises, and `BadParameter` if no column fills any field.
    """

    def __init__(
        self,
        source: Source,
        collection: Collection,
        mapping: Mapping,
        options: ImportOptions,
        region: Region,
        report: ImportReport,
        watch: Watch,
        *,
        reference: TownReference | None = None,
    ) -> None:
        self._source, self._collection, self._mapping = source, collection, mapping
        self._report, self._watch, self._reference = report, watch, reference
        self._crs = _crs(source, collection, options, report.file_name)
        self._findings = Findings(report.issue_log)
        self._checker = Checker(
            collection, source, mapping, self._crs, region, options, self._findings
        )
        watch.total = source.total
        if not mapping.matches and not self._checker.takes_geometry:
            raise BadParameter(
                name="map", value=", ".join(source.columns.names), allowed=list(collection.by_name)
            )
        report.reading = self._understanding()

    @property
    def crs(self) -> SourceCrs | None:
        """The CRS of the file; None if no coordinates are read."""
        return self._crs

    @property
    def names(self) -> list[str]:
        """The columns of the rows: fields, the geometry and the number of the row."""
        names = [ROW, *(match.field.name for match in self._mapping.matches)]
        return [*names, GEOM] if self._checker.takes_geometry else names

    @property
    def gives_uid(self) -> bool:
        """Whether the rows have a column with ids from the file."""
        return self._mapping.uid_column is not None

    def rows(self) -> Iterator[Rows]:
        """The good rows, batch by batch."""
        try:
            with ahead(self._source.batches()) as batches:
                for batch in batches:
                    rows = self._checker.check(batch)
                    self._compare_with_towns(rows)
                    self._watch.tell(READING, self._findings.rows_read)
                    yield rows
            self._finish()
        finally:
            if self._checker.repairer is not None:
                self._checker.repairer.close()

    def _finish(self) -> None:
        self._findings.tell_tallies()
        if self._reference is not None:
            self._reference.tell(self._report.issue_log)
        self._report.rows = self._findings.rows_read
        self._report.rejected = self._findings.rows_rejected
        if self._checker.repairer is not None:
            self._report.repairs = self._checker.repairer.repairs
        self._watch.tell(READING, self._findings.rows_read, always=True)

    def _compare_with_towns(self, rows: Rows) -> None:
        town = self._collection.town
        if self._reference is None or town not in rows.columns or GEOM not in rows.columns:
            return
        assert town is not None
        codes = rows.columns[town]
        if pa.types.is_string(codes.type) and self._collection.id != "towns":
            self._reference.collect(rows.columns[ROW], codes, rows.columns[GEOM])

    def _understanding(self) -> dict[str, object]:
        source = self._source
        return {
            "format": source.format,
            "layer": source.layer,
            "encoding": source.encoding.to_json() if source.encoding else None,
            "crs": self._crs.to_json() if self._crs else None,
            "mapping": self._mapping.to_json(),
            **source.notes,
        }


def _crs(
    source: Source, collection: Collection, options: ImportOptions, file: str
) -> SourceCrs | None:
    """The CRS of a file that has coordinates for the collection."""
    if not collection.geometry_fields or not (source.has_geometry or options.crs):
        return None
    return source_crs(options.crs, source.crs, source.crs_from, file)
