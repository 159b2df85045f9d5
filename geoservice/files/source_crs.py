"""The CRS of a file, and the way from it to the storage CRS: known and stated, or refused.

PROJ answers a question it cannot answer with a silent shift of zero ("ballpark"). Such an answer is
refused, except between WGS 84 and CGCS2000, which differ by decimetres and are the same to every
register here; the report says so.
"""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS as ProjCrs
from pyproj import Transformer
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

from geoservice import chinese_offsets
from geoservice.crs import STORAGE_SRID
from geoservice.errors import MissingCrs, RefusedCrs, UnknownCrs
from geoservice.languages import Text

_WGS84 = 4326
_NULL_OFFSET_M = 0.5  # WGS 84 against CGCS2000: decimetres of plate motion and realisation
_EPSG = re.compile(r"(?:EPSG:)?([0-9]{4,6})", re.IGNORECASE)
_ENCRYPTED = {
    "gcj02": (chinese_offsets.gcj02_to_wgs84, "GCJ-02"),
    "bd09": (chinese_offsets.bd09_to_wgs84, "BD-09"),
}
_REFUSED_DATUMS = {
    4214: "1954 年北京坐标系 / Beijing 1954",
    4555: "新 1954 年北京坐标系 / New Beijing",
    4610: "1980 西安坐标系 / Xian 1980",
}
_MIN_CONFIDENCE = 70

Shapes = NDArray[np.object_]
Coordinates = NDArray[np.float64]


@dataclass(frozen=True)
class SourceCrs:
    """How coordinates of a file become stored ones.

    Attributes:
        name: `EPSG:4547`, `gcj02` …
        stated_by: the option, the file or its `.prj`.
        is_geographic: coordinates are degrees.
        accuracy_m: of the transformation; 0 where it is exact by definition.
        steps: what is done, in PROJ's words or ours.
        note: what a reader of the report should know.
        area: west, south, east, north of the area that the CRS is made for; None: everywhere.
    """

    name: str
    stated_by: str
    is_geographic: bool
    accuracy_m: float
    steps: str
    note: Text | None = None
    move: Callable[[Coordinates], Coordinates] | None = field(default=None, repr=False)
    area: tuple[float, float, float, float] | None = None

    def to_storage(self, shapes: Shapes) -> Shapes:
        """Geometries with stored coordinates; what PROJ cannot reach gets infinities."""
        return shapes if self.move is None else shapely.transform(shapes, self.move)

    def to_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "name": self.name,
            "stated_by": self.stated_by,
            "accuracy_m": self.accuracy_m,
            "transformation": self.steps,
            "note": {"zh": self.note.zh, "en": self.note.en} if self.note else None,
        }


def source_crs(
    given: str | None, in_file: str | None, stands_in: str | None, file: str
) -> SourceCrs:
    """The CRS that the caller or the file states.

    Args:
        given: the caller's word; overrides the file.
        in_file: what the file says: an authority code, WKT or PROJJSON.
        stands_in: where in the file.
        file: its name, for messages.

    Raises:
        MissingCrs: neither says anything.
        UnknownCrs: the caller's word is none of `gcj02 bd09 EPSG:n n`.
        RefusedCrs: no transformation with known parameters leads to the storage CRS.
    """
    if given is not None:
        if given.lower() in _ENCRYPTED:
            return _encrypted(given.lower())
        match = _EPSG.fullmatch(given.strip())
        if match is None:
            raise UnknownCrs(name="crs", value=given, allowed="EPSG:n, n, gcj02, bd09")
        return _through_proj(_parsed(f"EPSG:{match[1]}"), "crs")
    if in_file is None:
        raise MissingCrs(file=file, name="crs", value="", allowed="EPSG:n, gcj02, bd09")
    return _through_proj(_parsed(in_file), stands_in or "file")


def _parsed(text: str) -> ProjCrs:
    try:
        return ProjCrs.from_user_input(text)
    except CRSError as fault:
        raise UnknownCrs(name="crs", value=text[:200], allowed="EPSG:n, n, gcj02, bd09") from fault


def _encrypted(name: str) -> SourceCrs:
    inverse, title = _ENCRYPTED[name]

    def move(points: Coordinates) -> Coordinates:
        return np.column_stack(inverse(points[:, 0], points[:, 1]))

    return SourceCrs(
        name=name,
        stated_by="crs",
        is_geographic=True,
        accuracy_m=chinese_offsets.ACCURACY_M,
        steps=f"{title} → WGS 84 (iterated inverse) → CGCS2000 (null)",
        note=Text(
            zh=f"坐标由 {title} 迭代反算，精度约 {chinese_offsets.ACCURACY_M:g} 米",
            en=f"converted from {title} by an iterated inverse; accuracy about "
            f"{chinese_offsets.ACCURACY_M:g} m",
        ),
        move=move,
    )


def _through_proj(crs: ProjCrs, stated_by: str) -> SourceCrs:
    crs = _horizontal(crs)
    found = _way(crs, stated_by)
    use = crs.area_of_use
    return replace(found, area=(use.west, use.south, use.east, use.north)) if use else found


def _way(crs: ProjCrs, stated_by: str) -> SourceCrs:
    code = crs.to_epsg(min_confidence=_MIN_CONFIDENCE)
    known = ProjCrs.from_epsg(code) if code else crs
    name = f"EPSG:{code}" if code else (crs.name or "?")
    _refuse_datum(known, name)
    if code == STORAGE_SRID:
        return SourceCrs(name, stated_by, True, 0.0, "–")
    direct = _transformation(known, STORAGE_SRID)
    if direct is not None:
        return SourceCrs(
            name, stated_by, known.is_geographic, max(direct.accuracy, 0.0),
            direct.description, move=_mover(direct),
        )  # fmt: skip
    if _is_wgs84(known):
        move = None if known.is_geographic else _mover(_to_wgs84(known, name))
        return SourceCrs(
            name, stated_by, known.is_geographic, _NULL_OFFSET_M, "WGS 84 → CGCS2000 (null)",
            note=_null_note(), move=move,
        )  # fmt: skip
    to_wgs84 = _to_wgs84(known, name)
    return SourceCrs(
        name, stated_by, known.is_geographic, max(to_wgs84.accuracy, _NULL_OFFSET_M),
        f"{to_wgs84.description} + WGS 84 → CGCS2000 (null)", note=_null_note(),
        move=_mover(to_wgs84),
    )  # fmt: skip


def _horizontal(crs: ProjCrs) -> ProjCrs:
    """The horizontal part of a compound or bound CRS; heights are not stored."""
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    if crs.is_bound and crs.source_crs is not None:
        crs = crs.source_crs
    return crs


def _is_wgs84(crs: ProjCrs) -> bool:
    base = crs.geodetic_crs
    return (
        base is not None
        and base.datum is not None
        and "World Geodetic System 1984" in base.datum.name
    )


def _refuse_datum(crs: ProjCrs, name: str) -> None:
    base = crs.geodetic_crs
    if base is None or crs.is_geocentric or crs.is_vertical:
        raise RefusedCrs(
            value=name,
            reason=Text(zh="不是平面或地理坐标系", en="it is neither geographic nor projected"),
        )
    code = base.to_epsg(min_confidence=_MIN_CONFIDENCE)
    title = _REFUSED_DATUMS.get(code or 0)
    if title is None:
        return
    zh, en = title.split(" / ")
    raise RefusedCrs(
        value=name,
        reason=Text(
            zh=f"{zh}到 CGCS2000 没有公开的转换参数，PROJ 会静默按零偏移处理；请先用当地七参数或四参数转换。",
            en=f"no public parameters lead from {en} to CGCS2000, and PROJ would silently shift by "
            "zero; transform it with the local seven or four parameters first.",
        ),
    )


def _transformation(crs: ProjCrs, srid: int) -> Transformer | None:
    """PROJ's best transformation with known parameters; None if it has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a better grid that is not installed
        found = TransformerGroup(crs, srid, always_xy=True, allow_ballpark=False).transformers
    return found[0] if found else None


def _to_wgs84(crs: ProjCrs, name: str) -> Transformer:
    found = _transformation(crs, _WGS84)
    if found is None:
        raise RefusedCrs(
            value=name,
            reason=Text(
                zh="PROJ 没有到 CGCS2000 的已知参数，只会给出近似（ballpark）结果。",
                en="PROJ knows no parameters that lead to CGCS2000; its answer would be a ballpark.",
            ),
        )
    return found


def _mover(transformer: Transformer) -> Callable[[Coordinates], Coordinates]:
    def move(points: Coordinates) -> Coordinates:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    return move


def _null_note() -> Text:
    return Text(
        zh=f"WGS 84 与 CGCS2000 视为一致（差异在 {_NULL_OFFSET_M:g} 米以内，PROJ 称为 ballpark）",
        en=f"WGS 84 and CGCS2000 are taken as equal (they differ by less than {_NULL_OFFSET_M:g} m; "
        "PROJ calls this a ballpark)",
    )
