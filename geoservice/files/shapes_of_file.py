"""A file as shapes to ask about: read and checked like a file to import, and nothing of it stored."""

from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from geoservice.description.collection import Collection, GeometryType
from geoservice.errors import TooLarge, UnreadableFile
from geoservice.files.checking import GEOM
from geoservice.files.deriving import derived
from geoservice.files.import_log import new_report
from geoservice.files.intake import Intake, Watch
from geoservice.files.issues import Issue, Severity
from geoservice.files.options import ImportOptions, silent
from geoservice.files.reading import opened
from geoservice.languages import Text
from geoservice.regions import Region

_ID = "places"


@dataclass(frozen=True)
class FileShapes:
    """The features of a file as labels and WKB in the storage CRS, in their order.

    `may_be_offset`: they came as degrees, and the caller has not said of which CRS, so they may be
    those of a web map whatever the file says. `warnings` has one issue for each kind, with the number of rows.
    """

    name: str
    sha256: str
    shapes: tuple[tuple[str | None, bytes], ...]
    may_be_offset: bool
    warnings: tuple[tuple[Issue, int], ...]


def shapes_of_file(
    path: Path, options: ImportOptions, region: Region, *, at_most: int
) -> FileShapes:
    """Every feature of a file; `options.crs` and the others say how to read it.

    Raises:
        UnreadableFile: it is not what its extension says, damaged, or has no feature or geometry.
        TooLarge: more than `at_most` features, or beyond a limit of the options.
        RejectedFile: a feature has no geometry or one that an import would reject.
        RefusedCrs, MissingCrs, UnknownCrs: its coordinates cannot be understood.
        BadParameter: an option names a column, layer or encoding that does not exist.
    """
    report = new_report(_ID, path, options)
    with opened(path, options) as source:
        if not source.has_geometry:
            raise _unreadable(report.file_name, "没有坐标", "it has no coordinates")
        _require_few(source.total or 0, at_most)
        zone = ZoneInfo(region.time_zone)
        made = derived(source, _ID, options, title=None, file=report.file_name, zone=zone)
        collection = replace(
            made.collection, geometry=GeometryType.GEOMETRY, geometry_required=True
        )
        label = _label(collection, made.keys)
        mapping = replace(
            made.mapping, matches=tuple(m for m in made.mapping.matches if m.field.name == label)
        )
        intake = Intake(source, collection, mapping, options, region, report, Watch(silent))
        found: list[tuple[str | None, bytes]] = []
        for rows in intake.rows():
            names = rows.columns[label].to_pylist() if label else [None] * rows.number
            shapes = rows.columns[GEOM].to_pylist()
            found += [
                (None if name is None else str(name), shape)
                for name, shape in zip(names, shapes, strict=True)
            ]
            _require_few(len(found), at_most)
    if report.rejected:
        report.state = "refused"
        report.raise_if_refused()
    if not found:
        raise _unreadable(report.file_name, "没有要素", "it has no features")
    counts = report.issue_counts
    first = {issue.code: issue for issue in reversed(report.issues)}
    warnings = tuple(
        (issue, counts[code][Severity.WARNING])
        for code, issue in sorted(first.items())
        if issue.severity is Severity.WARNING
    )
    crs = intake.crs
    return FileShapes(
        name=report.file_name,
        sha256=report.sha256,
        shapes=tuple(found),
        may_be_offset=crs is not None and crs.is_geographic and options.crs is None,
        warnings=warnings,
    )


def _label(collection: Collection, keys: tuple[tuple[str, ...], ...]) -> str | None:
    """The field that names a feature: the usual name, else the likeliest key."""
    single = (key[0] for key in keys if len(key) == 1)
    return collection.label or next(single, None)


def _require_few(number: int, at_most: int) -> None:
    if number > at_most:
        raise TooLarge(limit_name="max_check_features", limit=at_most, actual=number)


def _unreadable(name: str, zh: str, en: str) -> UnreadableFile:
    return UnreadableFile(file=name, reason=Text(zh=zh, en=en))
