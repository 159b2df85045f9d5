"""A file to be checked, as every door takes it: read with its options, asked about as a question."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geoservice.files.options import ImportOptions
from geoservice.files.shapes_of_file import shapes_of_file
from geoservice.questions import Question
from geoservice.questions.contract import Issue
from geoservice.questions.place import check
from geoservice.questions.place.places import MAX_VERTICES, places_from_shapes
from geoservice.regions import Region
from geoservice.settings import Limits

READING = ("encoding", "layer", "x", "y", "wkt")
"""What can be said about the file itself, beside `source_crs`."""


def question_about_file(
    path: Path, given: Mapping[str, object], *, region: Region, limits: Limits
) -> tuple[Question, dict[str, object]]:
    """The question `check` about each feature of a file, and the parameters that it is asked with.

    `given` holds the parameters, and what says how the file is read: `source_crs` and `READING`.
    Raises what `shapes_of_file` raises.
    """
    source_crs = _text(given, "source_crs")
    reading: dict[str, Any] = {name: _text(given, name) for name in READING}
    options = ImportOptions(
        crs=source_crs,
        max_file_bytes=limits.max_check_file,
        max_unpacked_bytes=limits.max_unpacked,
        max_vertices=MAX_VERTICES,
        **reading,
    )
    found = shapes_of_file(path, options, region, at_most=limits.max_check_features)
    file = check.PlacesFile(
        name=found.name,
        sha256=found.sha256,
        source_crs=source_crs,
        places=places_from_shapes(found.shapes, may_be_offset=found.may_be_offset),
        issues=tuple(Issue(issue.code, number, issue.reason) for issue, number in found.warnings),
    )
    own = ("source_crs", *READING)
    return check.question_about(file), {k: v for k, v in given.items() if k not in own}


def _text(given: Mapping[str, object], name: str) -> str | None:
    value = given.get(name)
    return None if value in (None, "") else str(value)
