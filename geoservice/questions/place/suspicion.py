"""Whether places were given in the coordinates of a Chinese web map, by evidence of the registers.

GCJ-02 shifts by 600 m here and BD-09 by 1,200 m, which no single place shows. But planners ask about
what the registers know: if a place coincides with a feature only once the shift is undone, it was
most likely shifted. The suspicion is told; nothing is converted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from geoservice.description.collection import Collection, GeometryType
from geoservice.languages import Text
from geoservice.questions.contract import Asking, Figures, Issue
from geoservice.questions.place.places import Place, as_rows
from geoservice.questions.sides import rows_of
from geoservice.store.geodesy import box_around, distance_m

POINT_TOLERANCE_M = 30.0
LEAST_OVERLAP = 0.8
"""Of outlines: the area in common by the area of both together."""

_DATUMS = {"gcj02": "GCJ-02", "bd09": "BD-09"}
_GIVEN = "given"
_BY_DIMENSION = {
    0: (GeometryType.POINT, GeometryType.MULTI_POINT),
    2: (GeometryType.POLYGON, GeometryType.MULTI_POLYGON),
}


def suspected(
    asking: Asking, layers: Sequence[Collection], places: Sequence[Place]
) -> Figures | None:
    """One row: how many places coincide with a feature only if they are `suspected.gcj02`, or `…bd09`.

    Points within 30 m of a point, outlines that share 80 % with an outline. Of lines nothing is
    said. None if no place can be judged.
    """
    hits = [
        each
        for dimension, types in _BY_DIMENSION.items()
        if (variants := _variants(places, dimension)) is not None
        for each in _coincidences(asking, layers, variants, dimension, types)
    ]
    if not hits:
        return None
    found = sa.union(*hits).cte("coincidences")
    by_place = (
        sa.select(
            *(sa.func.bool_or(found.c.datum == datum).label(datum) for datum in (_GIVEN, *_DATUMS))
        )
        .group_by(found.c.of)
        .subquery("by_place")
    )
    not_as_given = sa.not_(by_place.c[_GIVEN])
    return sa.select(
        sa.func.count().filter(not_as_given, by_place.c.gcj02).label("suspected.gcj02"),
        sa.func.count()
        .filter(not_as_given, by_place.c.bd09, sa.not_(by_place.c.gcj02))
        .label("suspected.bd09"),
    )


def issues(figures: Mapping[str, Any]) -> list[Issue]:
    """The suspicions of an answer in words."""
    return [
        Issue(
            f"suspected-{datum}",
            number,
            Text(
                zh=f"{number} 处地点疑似 {title} 坐标：反算后才与已有要素重合；"
                f"如确为 {title}，请给出 source_crs={datum}。",
                en=f"{number} places look like {title}: they coincide with a known feature only once "
                f"converted back; if they are {title}, say source_crs={datum}.",
            ),
        )
        for datum, title in _DATUMS.items()
        if (number := figures.get(f"suspected.{datum}"))
    ]


def _variants(places: Sequence[Place], dimension: int) -> sa.FromClause | None:
    """Each place of a dimension that may be shifted: as given, and as each datum would have it."""
    chosen = [
        (number, datum, place.shape if datum == _GIVEN else place.undone(datum))
        for number, place in enumerate(places)
        if place.may_be_offset and place.dimension == dimension
        for datum in (_GIVEN, *_DATUMS)
    ]
    if not chosen:
        return None
    numbers, datums, shapes = zip(*chosen, strict=True)
    rows = as_rows(shapes, of=[str(each) for each in numbers], datum=datums).subquery("shifted")
    box = box_around(rows.c.area, POINT_TOLERANCE_M).label("box")
    return sa.select(*rows.c, box).cte(f"variants_of_{dimension}")


def _coincidences(
    asking: Asking,
    layers: Sequence[Collection],
    variants: sa.FromClause,
    dimension: int,
    types: tuple[GeometryType, ...],
) -> list[sa.Select[Any]]:
    """By layer and geometry of these types, which variants coincide with a feature."""
    found = []
    for collection in layers:
        for name in collection.geometry_fields:
            if collection.geometry_type(name) not in types:
                continue
            rows = rows_of(asking, collection, f"known_{collection.id}_{name}")
            alike = _alike_points if dimension == 0 else _alike_outlines
            is_there = sa.exists().where(*alike(rows.c[name], variants.c)).correlate(variants)
            found.append(sa.select(variants.c.of, variants.c.datum).where(is_there))
    return found


def _alike_points(known: sa.ColumnElement[Any], given: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        known.op("&&")(given.box),
        distance_m(known, given.area) <= POINT_TOLERANCE_M,
    )


def _alike_outlines(known: sa.ColumnElement[Any], given: Any) -> tuple[sa.ColumnElement[bool], ...]:
    """By areas in degrees: of a ratio nearby the scale does not matter. Sizes are compared first."""
    sizes = (sa.func.ST_Area(known), sa.func.ST_Area(given.area))
    common = sa.func.ST_Area(sa.func.ST_Intersection(known, given.area))
    alike = sa.func.least(*sizes, type_=sa.Double) >= LEAST_OVERLAP * sa.func.greatest(*sizes)
    return (
        known.op("&&")(given.area),
        sa.case(
            (alike, common >= LEAST_OVERLAP * (sizes[0] + sizes[1] - common)), else_=sa.false()
        ),
    )
