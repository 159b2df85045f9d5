"""What affects this place? One row for each layer with geometry: yes, near, no, or no data."""

from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry

from geoservice.crs import CRS84, STORAGE_SRID
from geoservice.description.collection import METRE, Collection, FieldType, GeometryType
from geoservice.description.question import Column, Parameter, ParameterType, QuestionDescription
from geoservice.languages import Text
from geoservice.query.cql2 import FilterLimits, read_geometry
from geoservice.questions import contract
from geoservice.questions.contract import Asking, Coverage, Plan, Question
from geoservice.questions.proximity import Side, connecting_line
from geoservice.questions.sides import rows_of, true_then
from geoservice.regions import Region
from geoservice.store.geodesy import box_around, distance_m

_COLUMNS = (
    Column(name="collection", type=FieldType.TEXT, title=Text(zh="图层", en="Collection")),
    Column(
        name="state",
        type=FieldType.TEXT,
        title=Text(
            zh="结论：yes 相交，near 在 D 米以内，no 否，no_data 无数据",
            en="yes: meets it; near: within D; no; no_data",
        ),
    ),
    Column(
        name="features_met",
        type=FieldType.LONG,
        title=Text(zh="相交要素数", en="Features that it meets"),
    ),
    Column(
        name="features_within_distance",
        type=FieldType.LONG,
        title=Text(zh="D 米以内要素数", en="Features within D"),
    ),
    Column(
        name="share",
        type=FieldType.NUMBER,
        title=Text(zh="被覆盖的面积比例", en="Share of its area that is covered"),
        nullable=True,
    ),
    Column(
        name="nearest_uid",
        type=FieldType.UUID,
        title=Text(zh="最近要素标识", en="Id of the nearest feature"),
        nullable=True,
    ),
    Column(
        name="nearest_label",
        type=FieldType.TEXT,
        title=Text(zh="最近要素", en="Nearest feature"),
        nullable=True,
    ),
    Column(
        name="nearest_distance_m",
        type=FieldType.NUMBER,
        title=Text(zh="最近距离", en="Nearest distance"),
        unit=METRE,
        nullable=True,
    ),
)


def question(region: Region) -> Question:
    """The question `check`; it is the same in every region."""
    description = QuestionDescription(
        id="check",
        title=Text(zh="一处地点涉及哪些图层", en="What affects this place"),
        description=Text(
            zh="给出点、WKT 或 GeoJSON，逐个图层回答：相交、邻近、否、无数据。",
            en="For a point, WKT or GeoJSON: layer by layer, whether it meets something, lies near something, "
            "does not, or whether the layer holds no data.",
        ),
        parameters=(
            Parameter(
                name="geometry",
                type=ParameterType.TEXT,
                title=Text(
                    zh="地点：“经度,纬度”、WKT 或 GeoJSON", en="Place: “lon,lat”, WKT or GeoJSON"
                ),
                required=True,
            ),
            contract.distance(500.0),
            contract.as_of(),
            contract.known_at(),
            contract.limit(),
            contract.cursor(),
        ),
        columns=_COLUMNS,
        geometry=GeometryType.LINE_STRING,
        method=Text(
            zh="逐图层按最佳几何：相交用 ST_Intersects；距离为 CGCS2000 椭球面最短距离；"
            "比例为交集面积（椭球面）除以地点面积。"
            "每行的线连到最近要素。",
            en="By the best geometry of each layer: meeting is ST_Intersects; distance is the shortest on the "
            "CGCS2000 ellipsoid; the share is the area of the intersection, on the ellipsoid, by that of the "
            "place. The line of a row leads to the nearest feature.",
        ),
        sources=("GB 22021-2008 (CGCS2000)",),
    )
    return Question(description, _plan)


def _plan(asking: Asking) -> Plan:
    geometry = read_geometry(
        asking.text("geometry") or "", name="geometry", crs=CRS84, limits=FilterLimits()
    )
    place = sa.func.ST_GeomFromWKB(
        sa.literal(geometry.wkb, sa.LargeBinary), STORAGE_SRID, type_=Geometry()
    )
    layers = tuple(each for each in asking.catalog if each.geometry_fields)
    radius_m = asking.number("distance_m")
    found = sa.union_all(
        *(
            _layer(asking, collection, place, radius_m, position)
            for position, collection in enumerate(layers)
        )
    ).cte("layers")
    return Plan(
        found=found,
        order=("position",),
        shown=_shown,
        columns=_COLUMNS,
        geometry=GeometryType.LINE_STRING,
        figures=(
            sa.select(
                sa.func.count().label("layers"),
                *(
                    sa.func.count().filter(found.c.state == state).label(f"state.{state}")
                    for state in ("yes", "near", "no", "no_data")
                ),
            ).select_from(found),
        ),
        coverage=lambda _figures: _coverage(layers),
        collections=layers,
    )


def _layer(
    asking: Asking,
    collection: Collection,
    place: sa.ColumnElement[Any],
    radius_m: float,
    position: int,
) -> sa.Select[Any]:
    rows = rows_of(asking, collection, f"layer_{position}")
    side = Side(collection, rows, collection.best_geometry, true_then(asking, collection, rows))
    shape = side.geometry
    met = sa.func.ST_Intersects(shape, place)
    reached = (
        sa.select(met.label("met"), distance_m(shape, place).label("d"), shape.label("shape"))
        .where(*side.where, shape.op("&&")(box_around(place, radius_m)))
        .offset(0)
        .subquery(f"reached_{position}")
    )
    covered = sa.func.ST_Union(sa.func.ST_Intersection(reached.c.shape, place)).filter(
        reached.c.met, sa.func.ST_Dimension(reached.c.shape) == 2
    )
    tally = sa.select(
        sa.func.count().filter(reached.c.met).label("met"),
        sa.func.count().filter(reached.c.d <= radius_m).label("within"),
        (
            sa.func.ST_Area(sa.func.geography(covered))
            / sa.func.nullif(sa.func.ST_Area(sa.func.geography(place)), 0)
        ).label("share"),
    ).subquery(f"tally_{position}")
    nearest = _nearest(side, place, position)
    holds_data = sa.exists(sa.select(rows.c.uid).where(*side.where, shape.is_not(None)))
    state = sa.case(
        (tally.c.met > 0, "yes"), (tally.c.within > 0, "near"), (holds_data, "no"), else_="no_data"
    )
    return sa.select(
        sa.literal(position, sa.Integer).label("position"),
        sa.literal(collection.id, sa.Text).label("collection"),
        state.label("state"),
        tally.c.met.label("features_met"),
        tally.c.within.label("features_within_distance"),
        tally.c.share,
        nearest.c.uid.label("nearest_uid"),
        nearest.c.label.label("nearest_label"),
        nearest.c.d.label("nearest_distance_m"),
        connecting_line(place, nearest.c.shape).label("geom"),
    ).select_from(tally.outerjoin(nearest, sa.true()))


def _nearest(side: Side, place: sa.ColumnElement[Any], position: int) -> sa.Subquery:
    """The nearest feature by the exact distance: the first by index order bounds the search."""
    shape = side.geometry
    first = (
        sa.select(distance_m(shape, place))
        .where(*side.where, shape.is_not(None))
        .order_by(shape.op("<->")(place))
        .limit(1)
        .scalar_subquery()
    )
    bound = sa.select(first.label("m")).cte(f"bound_{position}")
    radius = sa.select(bound.c.m).scalar_subquery()
    distance = distance_m(shape, place).label("d")
    return (
        sa.select(side.rows.c.uid, side.label.label("label"), distance, shape.label("shape"))
        .where(*side.where, shape.op("&&")(box_around(place, radius)))
        .order_by(distance, side.rows.c.uid)
        .limit(1)
        .subquery(f"nearest_{position}")
    )


def _shown(layers: sa.FromClause) -> sa.Select[Any]:
    return sa.select(
        layers.c.collection.label("id"),
        *(layers.c[column.name] for column in _COLUMNS),
        layers.c.geom,
        layers.c.number,
    )


def _coverage(layers: tuple[Collection, ...]) -> list[Coverage]:
    """Which layers cannot say “no”; none has a statement of completeness."""
    unknown = Text(
        zh="没有记录完整性声明：no 只表示台账中没有。",
        en="no statement of completeness is recorded: “no” only means that the register holds nothing there.",
    )
    return [
        Coverage(
            each.id,
            "unknown",
            Text(zh=f"{each.title.zh}：{unknown.zh}", en=f"{each.title.en}: {unknown.en}"),
        )
        for each in layers
    ]
