"""Suspicion of GCJ-02 or BD-09, from a reference: the town that each feature says it is in.

The datums shift by 600 m and 1,200 m, which no single feature shows. Many do: if the towns that
the features name fit better once the shift is undone, the file was most likely not WGS 84 or
CGCS2000. The heuristic speaks only of collections that name their town, and only where the
boundaries of towns are known; it warns and never converts.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from geoservice import chinese_offsets
from geoservice.files.issues import Issue, IssueLog, Severity
from geoservice.languages import Text
from geoservice.store.database import Database
from geoservice.store.publishing import Registry
from geoservice.store.tables import tables

_LEAST_ROWS = 3
_LEAST_GAIN = 0.05
_MAX_POINTS = 200_000
_CANDIDATES = (
    ("suspected-gcj02", "GCJ-02", chinese_offsets.gcj02_to_wgs84),
    ("suspected-bd09", "BD-09", chinese_offsets.bd09_to_wgs84),
)


@dataclass
class TownReference:
    """The areas of towns by code, and the features that were compared with them."""

    areas: dict[str, Any]
    _codes: list[str] = field(default_factory=list)
    _rows: list[int] = field(default_factory=list)
    _points: list[NDArray[np.float64]] = field(default_factory=list)

    def collect(self, rows: pa.Array, codes: pa.Array, geometry: pa.Array) -> None:
        """Remember where features say they are; a bounded number of them is enough."""
        known = np.array([code in self.areas for code in codes.to_pylist()], bool)
        known &= np.asarray(geometry.is_valid())
        if not known.any() or len(self._rows) > _MAX_POINTS:
            return
        shapes = shapely.from_wkb(geometry.to_numpy(zero_copy_only=False)[known])
        self._points.append(shapely.get_coordinates(shapely.centroid(shapes)))
        self._codes += [code for code, good in zip(codes.to_pylist(), known, strict=True) if good]
        self._rows += [row for row, good in zip(rows.to_pylist(), known, strict=True) if good]

    def tell(self, log: IssueLog) -> None:
        """Warn if the towns fit clearly better after an inverse shift: the file and the rows.

        Clearly: at least three rows and 5 % more of them lie in the town that they name.
        """
        if not self._rows:
            return
        points = np.vstack(self._points)
        plain = self._in_their_towns(points)
        best = max(
            (
                (
                    self._in_their_towns(np.column_stack(inverse(points[:, 0], points[:, 1]))),
                    code,
                    title,
                )
                for code, title, inverse in _CANDIDATES
            ),
            key=lambda each: int(each[0].sum()),
        )
        shifted, code, title = best
        gain = int(shifted.sum()) - int(plain.sum())
        if gain < max(_LEAST_ROWS, _LEAST_GAIN * len(points)):
            return
        shares = f"{plain.mean():.0%} → {shifted.mean():.0%}"
        log.add(_issue(code, title, None, shares))
        for at in np.flatnonzero(shifted & ~plain):
            log.add(_issue(code, title, self._rows[at], self._codes[at]))

    def _in_their_towns(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        areas = np.array([self.areas[code] for code in self._codes], object)
        found: NDArray[np.bool_] = shapely.intersects_xy(areas, points[:, 0], points[:, 1])
        return found


def town_reference(database: Database, registry: Registry) -> TownReference | None:
    """The reference as the register knows it now; None if no town has an area."""
    towns = tables().current(registry.collection("towns"))
    rows = database.rows(
        sa.select(towns.c.code, sa.func.ST_AsBinary(towns.c.geom).label("wkb")).where(
            towns.c.geom.is_not(None)
        )
    )
    areas = {row.code: _prepared(bytes(row.wkb)) for row in rows}
    return TownReference(areas) if areas else None


def _prepared(wkb: bytes) -> Any:
    area = shapely.from_wkb(wkb)
    shapely.prepare(area)
    return area


def _issue(code: str, title: str, row: int | None, value: str) -> Issue:
    reason = Text(
        zh=f"坐标疑似 {title}：反算后与所填镇街相符；如确为 {title}，请用 crs 指定",
        en=f"the coordinates look like {title}: once converted back they fit the towns that are "
        "named; if they are, pass crs",
    )
    return Issue(code, Severity.WARNING, row, "geom", value, reason)
