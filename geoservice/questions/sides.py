"""Which features of a collection a question considers: at its date, in its town, by its filter."""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from geoservice.description.collection import Collection
from geoservice.errors import BadParameter
from geoservice.languages import Text
from geoservice.questions.contract import Asking, Coverage, Figures
from geoservice.questions.proximity import Metric, Side
from geoservice.store.geodesy import box_around
from geoservice.store.statements import Condition, source, true_on
from geoservice.store.tables import tables


def rows_of(asking: Asking, collection: Collection, alias: str) -> sa.FromClause:
    """The rows of a collection as the register said at `known_at`."""
    return source(collection, asking.known_at).alias(alias)


def true_then(asking: Asking, collection: Collection, rows: sa.FromClause) -> tuple[Condition, ...]:
    """The condition that a feature was true on the day asked for; none for a collection without dates."""
    if collection.period is None:
        return ()
    return (true_on(rows, collection.period, sa.literal(asking.as_of)),)


def in_town(asking: Asking, collection: Collection, rows: sa.FromClause) -> tuple[Condition, ...]:
    """The condition that a feature belongs to the town asked for."""
    town = asking.text("town")
    if town is None:
        return ()
    if collection.town is None:
        raise BadParameter(
            name="town",
            value=town,
            allowed=Text(
                zh=f"{collection.id} 没有镇街字段", en=f"{collection.id} has no field for the town"
            ),
        )
    return (rows.c[collection.town] == town,)


def considered_rows(rows: sa.FromClause, judged: sa.CTE) -> sa.CTE:
    """The rows that were judged to count: `judged` says so of each `uid` in `considered`.

    They are few beside all rows and have no index, so that a search goes out from them.
    """
    return (
        sa.select(*rows.c)
        .select_from(judged.join(rows, rows.c.uid == judged.c.uid))
        .where(judged.c.considered)
        .cte("considered")
    )


def chosen_metric(asking: Asking) -> Metric:
    """The metric asked for."""
    name = asking.text("metric") or "geodesic"
    return Metric(name, None if name == "geodesic" else asking.region.metric_srid)


def with_geometry(collection: Collection, name: str) -> Collection:
    """A collection that can be measured; `name` is the parameter that named it."""
    if not collection.geometry_fields:
        raise BadParameter(
            name=name,
            value=collection.id,
            allowed=Text(zh="有几何的图层", en="a collection with geometry"),
        )
    return collection


def near_edge(
    asking: Asking, geometry: sa.ColumnElement[Any], radius_m: float
) -> sa.ColumnElement[bool | None]:
    """Whether a feature lies so near the edge of the known area that neighbours beyond it may be missing.

    The known area is what the towns cover; a feature is near its edge if the box of D around it is
    not all inside, so one that no town covers is. Null if it has no position, or if there are no
    town areas at all: nothing can be said then.
    """
    towns = tables().current(asking.catalog["towns"])
    area = sa.select(sa.func.ST_Union(towns.c.geom).label("area")).cte("known_area")
    known = sa.select(area.c.area).scalar_subquery()
    inside = sa.func.ST_Covers(known, box_around(geometry, radius_m))
    return sa.case((known.is_not(None), sa.not_(inside)), else_=None)


def near_edge_figure(near: sa.ColumnElement[bool | None]) -> sa.ColumnElement[int | None]:
    """The figure `near_edge`: how many are; null if of none it can be said."""
    return sa.case((sa.func.count(near) > 0, sa.func.count().filter(near)), else_=None).label(
        "near_edge"
    )


def edge_figure(asking: Asking, this: Side, radius_m: float) -> Figures:
    """One row with the figure `near_edge` of a side."""
    judged = (
        sa.select(near_edge(asking, this.geometry, radius_m).label("near"))
        .select_from(this.rows)
        .where(*this.where)
        .subquery("judged_edge")
    )
    return sa.select(near_edge_figure(judged.c.near))


def coverage_of(that: Collection, considered: str) -> Callable[[Mapping[str, Any]], list[Coverage]]:
    """What a question finds out about coverage, from its figures `considered` and `near_edge`.

    It adds to what is stated of the layer: see `coverage.merged`.
    """

    def found(figures: Mapping[str, Any]) -> list[Coverage]:
        near_edge = figures["near_edge"]
        if not figures[considered]:
            none = Text(
                zh=f"{that.title.zh}：没有任何符合条件的数据，不能据此认为“没有”。",
                en=f"{that.title.en}: the layer holds nothing that qualifies; this is no data, not “none”.",
            )
            return [Coverage(that.id, "none", none)]
        if near_edge:
            partial = Text(
                zh=f"{near_edge} 个要素靠近已知区域边缘，边缘以外的{that.title.zh}未知。",
                en=f"{near_edge} features lie near the edge of the known area; beyond it "
                f"{that.title.en.lower()} are unknown.",
            )
            return [Coverage(that.id, "partial", partial)]
        return []

    return found
