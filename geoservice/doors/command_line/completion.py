"""Names for the shell to complete: collections, questions, their parameters and values.

What a command has learned of a service is kept in a file, and completion reads nothing else: it is
quick, asks nobody, and where it knows nothing it completes nothing. Never fails.
"""

import json
import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from geoservice.client import Client

FILE_FORMATS = (
    "gpkg",
    "fgb",
    "parquet",
    "arrow",
    "arrows",
    "geojson",
    "geojsonl",
    "geojsons",
    "csv",
    "shp",
    "xlsx",
)
REPORT_FORMATS = ("report", "pdf")

_LEARNED_FOR_S = 3_600.0
_MOST_SERVICES = 20
_THIS_MACHINE = "."

Completed = tuple[str, str]
"""What may stand there, and what it means."""


def collections(ctx: typer.Context, incomplete: str) -> list[Completed]:
    """Ids of collections."""
    known = _known(ctx).get("collections", {})
    return _beginning(incomplete, known.items())


def questions(ctx: typer.Context, incomplete: str) -> list[Completed]:
    """Ids of questions."""
    known = _known(ctx).get("questions", {})
    return _beginning(incomplete, ((id, each["title"]) for id, each in known.items()))


def parameters(ctx: typer.Context, incomplete: str) -> list[Completed]:
    """`NAME=` of a question's parameters, then `NAME=VALUE` of those with choices."""
    question = ctx.params.get("question") or ctx.info_name
    known = _known(ctx).get("questions", {}).get(question, {}).get("parameters", {})
    name, equals, _ = incomplete.partition("=")
    if equals:
        choices = known.get(name, {}).get("choices", {})
        return _beginning(incomplete, ((f"{name}={each}", t) for each, t in choices.items()))
    return _beginning(incomplete, ((f"{id}=", each["title"]) for id, each in known.items()))


def file_formats(incomplete: str) -> list[str]:
    """Formats of files with rows."""
    return [each for each in FILE_FORMATS if each.startswith(incomplete)]


def answer_formats(incomplete: str) -> list[str]:
    """Formats of files with rows, and of reports."""
    return [each for each in (*FILE_FORMATS, *REPORT_FORMATS) if each.startswith(incomplete)]


def remember(city: "Client", url: str | None) -> None:
    """Learn the names of a service, unless that was done within the hour."""
    from geoservice.client import GeoserviceError

    file = _file()
    services = _read(file)
    place = _place(url)
    if time.time() - services.get(place, {}).get("learned", 0) < _LEARNED_FOR_S:
        return
    with suppress(GeoserviceError, OSError):
        services.pop(place, None)
        latest = dict(list(services.items())[1 - _MOST_SERVICES :])
        _write(file, {**latest, place: {"learned": time.time(), **_learned(city)}})


def _learned(city: "Client") -> dict[str, Any]:
    titles = city.collections["title"]
    return {
        "collections": {str(id): str(title) for id, title in titles.items()},
        "questions": {
            question.id: {
                "title": question.title,
                "parameters": {
                    each.name: {"title": each.title, "choices": dict(each.choices)}
                    for each in question.parameters.values()
                },
            }
            for question in city.questions.values()
        },
    }


def _known(ctx: typer.Context) -> Mapping[str, Any]:
    found = _read(_file()).get(_place(ctx.params.get("url")), {})
    return found if isinstance(found, dict) else {}


def _place(url: str | None) -> str:
    return (url or os.environ.get("GEOSERVICE_URL") or _THIS_MACHINE).rstrip("/")


def _beginning(incomplete: str, found: Any) -> list[Completed]:
    return [(value, title) for value, title in found if value.startswith(incomplete)]


def _file() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("geoservice") / "names.json"


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(file: Path, services: Mapping[str, Any]) -> None:
    """Replace the file at once: several commands may do it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=file.parent, prefix=".names-", delete=False, encoding="utf-8"
    ) as growing:
        json.dump(services, growing, ensure_ascii=False)
    Path(growing.name).replace(file)
