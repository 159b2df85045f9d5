"""Geometries as SVG paths on a sheet of paper: the statements behind the map of a report.

Paper coordinates are millimetres from the upper left corner, to the right and down. The database
fits the sheet around what is drawn, simplifies to what the eye can tell, and writes the paths.
Its common tables have no names, because the rows come with common tables of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry

from geoservice.crs import STORAGE_SRID
from geoservice.description.collection import Collection
from geoservice.store.statements import true_on
from geoservice.store.tables import tables

_DECIMALS = 2
_TOLERANCE_MM = 0.08
_USED = 0.9
"""The share of the sheet that what is drawn may fill; the rest is room around it."""

_FINEST_M_PER_MM = 10.0
"""A single point is shown with what lies around it: never larger than 1:10 000."""

_STRAIGHT_MM = 20.0
"""An edge of the sheet this short is straight in degrees too, for finding what is on the sheet."""

_REACH_DEGREES = 3.0
"""How far beyond its region a plane CRS is used: two zones of 3° lie side by side."""


@dataclass(frozen=True)
class Sheet:
    """A sheet of paper in a plane CRS: `west` and `north` of its corner, metres to a millimetre."""

    srid: int
    width_mm: float
    height_mm: float
    west: float
    north: float
    metres_per_mm: float


def drawn(
    rows: sa.Select[Any],
    *,
    srid: int,
    width_mm: float,
    height_mm: float,
    extent: tuple[float, float, float, float],
) -> sa.Select[Any]:
    """The parts of the geometries `geom` of some rows, drawn on a sheet that is fitted around them.

    Args:
        rows: in the order of importance; as many as may be drawn.
        srid: of the plane CRS in metres.
        width_mm: of the sheet.
        height_mm: of the sheet.
        extent: west, south, east, north of the region of the CRS in degrees: what lies farther away
            is not drawn, because the CRS cannot be trusted there.

    The first row has the whole, the others repeat it: `rows` examined, of them `without_position`
    and `far_away`, and the sheet as `west`, `north`, `metres_per_mm`, null if nothing is drawn. Each
    part has `number` (the row that it belongs to, from 1), `dimension` (0 to 2), its `path` (null
    for a point), a place on it (`x`, `y`), and `size_mm`, the longer side of its box.
    """
    given = rows.subquery("given")
    number = sa.func.row_number().over().label("number")
    shape = sa.type_coerce(given.c.geom, Geometry())
    examined = sa.select(number, shape.label("geom")).cte()
    west, south, east, north = extent
    reach = sa.func.ST_MakeEnvelope(
        west - _REACH_DEGREES,
        south - _REACH_DEGREES,
        east + _REACH_DEGREES,
        north + _REACH_DEGREES,
        STORAGE_SRID,
    )
    is_lost = sa.func.coalesce(sa.func.ST_IsEmpty(examined.c.geom), sa.true())
    is_near = sa.func.geometry_within(examined.c.geom, reach)
    tally = sa.select(
        sa.func.count().label("rows"),
        sa.func.count().filter(is_lost).label("without_position"),
        sa.func.count().filter(sa.not_(is_lost), sa.not_(is_near)).label("far_away"),
    ).select_from(examined)
    dumped = (
        sa.func.ST_Dump(sa.func.ST_Transform(examined.c.geom, srid)).table_valued("geom").lateral()
    )
    part = sa.type_coerce(dumped.c.geom, Geometry())
    parts = (
        sa.select(examined.c.number, part.label("geom"))
        .select_from(examined.join(dumped, sa.true()))
        .where(sa.not_(is_lost), is_near)
        .cte()
    )
    return _on_paper(parts, tally.cte(), width_mm, height_mm)


def _on_paper(parts: sa.CTE, tally: sa.CTE, width_mm: float, height_mm: float) -> sa.Select[Any]:
    sheet = _sheet(parts, width_mm, height_mm)
    longer_side = sa.func.greatest(
        sa.func.ST_XMax(parts.c.geom) - sa.func.ST_XMin(parts.c.geom),
        sa.func.ST_YMax(parts.c.geom) - sa.func.ST_YMin(parts.c.geom),
    )
    dimension = sa.func.ST_Dimension(parts.c.geom)
    spot = sa.case(
        (dimension == 1, sa.func.ST_StartPoint(parts.c.geom)),
        else_=sa.func.ST_PointOnSurface(parts.c.geom),
    )
    place = (
        sa.select(
            parts.c.number,
            dimension.label("dimension"),
            sa.case((dimension > 0, _path(parts.c.geom, sheet.c)), else_=None).label("path"),
            _moved(spot, sheet.c).label("spot"),
            (longer_side / sheet.c.metres_per_mm).label("size_mm"),
        )
        .select_from(parts.join(sheet, sa.true()))
        .subquery("placed")
    )
    return (
        sa.select(
            *tally.c,
            sheet.c.west,
            sheet.c.north,
            sheet.c.metres_per_mm,
            place.c.number,
            place.c.dimension,
            place.c.path,
            sa.func.ST_X(place.c.spot, type_=sa.Double).label("x"),
            (-sa.func.ST_Y(place.c.spot, type_=sa.Double)).label("y"),
            place.c.size_mm,
        )
        .select_from(tally.join(sheet, sa.true()).outerjoin(place, sa.true()))
        .order_by(place.c.number)
    )


def _sheet(parts: sa.CTE, width_mm: float, height_mm: float) -> sa.CTE:
    """One row: where the sheet lies so that everything is on it, and its scale."""
    box = sa.select(sa.func.ST_Extent(parts.c.geom).label("box")).cte()
    left, right = sa.func.ST_XMin(box.c.box), sa.func.ST_XMax(box.c.box)
    low, high = sa.func.ST_YMin(box.c.box), sa.func.ST_YMax(box.c.box)
    scale = sa.func.greatest(
        (right - left) / (width_mm * _USED), (high - low) / (height_mm * _USED), _FINEST_M_PER_MM
    )
    fitted = sa.select(
        ((left + right) / 2).label("x"),
        ((low + high) / 2).label("y"),
        sa.case((box.c.box.is_not(None), scale), else_=None).label("metres_per_mm"),
    ).cte()
    return sa.select(
        (fitted.c.x - width_mm / 2 * fitted.c.metres_per_mm).label("west"),
        (fitted.c.y + height_mm / 2 * fitted.c.metres_per_mm).label("north"),
        fitted.c.metres_per_mm,
    ).cte()


def _path(geometry: sa.ColumnElement[Any], sheet: Any) -> sa.ColumnElement[str]:
    """The path of a line or an area; what is smaller than the eye can tell keeps a few points."""
    plain = sa.func.ST_Simplify(geometry, sheet.metres_per_mm * _TOLERANCE_MM, True)
    return sa.func.ST_AsSVG(_moved(plain, sheet), 0, _DECIMALS, type_=sa.Text)


def _moved(geometry: Any, sheet: Any) -> sa.ColumnElement[Any]:
    """A geometry in millimetres of the sheet with y upward from its upper edge."""
    per_metre = 1 / sheet.metres_per_mm
    return sa.func.ST_TransScale(
        geometry, -sheet.west, -sheet.north, per_metre, per_metre, type_=Geometry()
    )


def background(
    collection: Collection, labels: Sequence[str], day: date, sheet: Sheet
) -> sa.Select[Any]:
    """The areas of a collection on a sheet as they are on a day, each with its label.

    `labels` are fields of the collection: the first that has a value is the label. Columns `label`,
    `path`, and `x`, `y` of a place for the label on the visible part.
    """
    table = tables().current(collection)
    corners = (
        sheet.west,
        sheet.north - sheet.height_mm * sheet.metres_per_mm,
        sheet.west + sheet.width_mm * sheet.metres_per_mm,
        sheet.north,
    )
    frame = sa.func.ST_MakeEnvelope(*corners, sheet.srid, type_=Geometry())
    window = sa.func.ST_Transform(
        sa.func.ST_Segmentize(frame, sheet.metres_per_mm * _STRAIGHT_MM), STORAGE_SRID
    )
    here = (
        sa.select(
            table.c.uid,
            sa.func.coalesce(*(table.c[name] for name in labels)).label("label"),
            sa.func.ST_Transform(table.c.geom, sheet.srid, type_=Geometry()).label("geom"),
        )
        .where(
            table.c.geom.op("&&")(window),
            *((true_on(table, collection.period, sa.literal(day)),) if collection.period else ()),
        )
        .subquery("here")
    )
    visible = sa.func.ST_ClipByBox2D(here.c.geom, frame, type_=Geometry())
    values = sa.select(
        sa.literal(sheet.west, sa.Double).label("west"),
        sa.literal(sheet.north, sa.Double).label("north"),
        sa.literal(sheet.metres_per_mm, sa.Double).label("metres_per_mm"),
    ).cte()
    spot = _moved(sa.func.ST_PointOnSurface(visible), values.c)
    return (
        sa.select(
            here.c.label,
            _path(here.c.geom, values.c).label("path"),
            sa.func.ST_X(spot, type_=sa.Double).label("x"),
            (-sa.func.ST_Y(spot, type_=sa.Double)).label("y"),
        )
        .select_from(here.join(values, sa.true()))
        .where(sa.not_(sa.func.ST_IsEmpty(visible)))
        .order_by(here.c.label, here.c.uid)
    )
