"""Mending invalid geometries, when asked: one at a time, in a process that may be killed.

Repair is not bounded by the size of its input. A geometry that it cannot do in time stays invalid.
"""

import hashlib
from typing import Any, cast

import shapely

from geoservice.shape_process import ShapeProcess

MAX_VERTICES = 2000
_CPU_S = 5
_METHOD = "structure"
_MENDED = f"shapely.to_wkb(shapely.make_valid(shape, method='{_METHOD}', keep_collapsed=False))"


class Repairer:
    """Mends geometries and keeps both states of each; `close` ends its process."""

    def __init__(self) -> None:
        self.repairs: list[dict[str, Any]] = []
        self._process = ShapeProcess(_MENDED, cpu_s=_CPU_S)

    def mended(self, row: int, field: str, shape: Any) -> Any | None:
        """A valid geometry in place of an invalid one; None if it cannot be done within limits."""
        if shapely.get_num_coordinates(shape) > MAX_VERTICES:
            return None
        answer = self._process.answer(shape)
        fixed = None if answer is None else shapely.from_wkb(answer)
        if fixed is None or fixed.is_empty or not fixed.is_valid:
            return None
        self.repairs.append(
            {
                "row": row,
                "field": field,
                "method": f"make_valid {_METHOD}",
                "before": _state(shape),
                "after": _state(fixed),
            }
        )
        return fixed

    def close(self) -> None:
        """End the process."""
        self._process.close()


def _state(shape: Any) -> dict[str, Any]:
    """What identifies a state of a geometry in a report: a digest, its type and size."""
    return {
        "wkb_sha256": hashlib.sha256(cast("bytes", shapely.to_wkb(shape))).hexdigest(),
        "type": shape.geom_type,
        "vertices": int(shapely.get_num_coordinates(shape)),
        "area_deg2": float(shape.area),
    }
