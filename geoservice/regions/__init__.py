"""The region that a deployment serves: its code, its metric CRS, its extent. A TOML file, read once.

`dongguan.toml` is the default; a setting names another file.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from geoservice.languages import Text


@dataclass(frozen=True)
class Region:
    """A city or province. `extent` is west, south, east, north; features outside are an issue."""

    adcode: str
    title: Text
    metric_srid: int
    extent: tuple[float, float, float, float]
    time_zone: str
    demo: str | None = None  # the folder of `datasets` with its demo data


@cache
def region(path: Path | None = None) -> Region:
    """The region that a file describes; None is Dongguan."""
    text = (
        files(__name__).joinpath("dongguan.toml").read_text("utf-8")
        if path is None
        else path.read_text("utf-8")
    )
    table = tomllib.loads(text)
    west, south, east, north = (float(edge) for edge in table["extent"])
    return Region(
        adcode=str(table["adcode"]),
        title=Text(**table["title"]),
        metric_srid=int(table["metric_srid"]),
        extent=(west, south, east, north),
        time_zone=str(table["time_zone"]),
        demo=table.get("demo"),
    )
