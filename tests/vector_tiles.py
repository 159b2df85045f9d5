"""Vector tiles read by GDAL: what a tile says, in whole units from its north-west corner."""

from dataclasses import dataclass
from typing import Any

import pyogrio
import shapely

EXTENT = 4096


@dataclass(frozen=True)
class Drawn:
    """A feature of a tile: its shape with y to the south, and its properties that are there."""

    shape: Any
    properties: dict[str, Any]


def decoded(content: bytes, layer: str) -> list[Drawn]:
    """The features of the only layer of a tile; none of no bytes at all."""
    if not content:
        return []
    assert [name for name, _ in pyogrio.list_layers(content)] == [layer]
    meta, _, shapes, columns = pyogrio.raw.read(content, CLIP="NO")  # the rim, too
    shapes = shapely.transform(shapely.from_wkb(shapes), lambda xy: [0, EXTENT] + xy * [1, -1])
    rows = zip(*columns, strict=True)
    found = []
    for shape, row in zip(shapes, rows, strict=True):
        properties = {
            str(name): value
            for name, value in zip(meta["fields"], row, strict=True)
            if not (value is None or value != value)  # missing, or not a number
        }
        assert "mvt_id" not in properties, "no feature id within the tile is made up"
        found.append(Drawn(shape, properties))
    return found
