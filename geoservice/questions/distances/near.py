"""The general verb: which features of one collection lie within D of which of another."""

from dataclasses import replace

from geoservice.crs import CRS84
from geoservice.description.collection import GeometryType
from geoservice.description.question import Parameter, ParameterType, QuestionDescription
from geoservice.languages import Text
from geoservice.query.cql2 import FilterLimits, read_text
from geoservice.questions import contract
from geoservice.questions.contract import Asking, Plan, Question
from geoservice.questions.distances.pairs import (
    Role,
    by,
    figures_of,
    identifying_fields,
    pair_columns,
    plan_of_pairs,
)
from geoservice.questions.proximity import Side, pairs_within
from geoservice.questions.sides import (
    chosen_metric,
    coverage_of,
    edge_figure,
    in_town,
    rows_of,
    true_then,
    with_geometry,
)
from geoservice.regions import Region
from geoservice.store.filters import compiled

THIS = Role("this", "these", Text(zh="本侧要素", en="Feature of this side"))
THAT = Role("that", "those", Text(zh="另一侧要素", en="Feature of the other side"))

METHOD = Text(
    zh="两侧最佳几何之间的最短距离，CGCS2000 椭球面大地线（metric=geodesic）；相接为 0；不大于 D 计入。"
    "用空间索引按外扩范围取候选，再以精确距离判定。"
    "点与点之间精确；涉及面时最近处按球面查找，结果可能偏大至多约十万分之二。",
    en="Shortest distance between the best geometries of both sides, geodesic on the CGCS2000 ellipsoid "
    "(metric=geodesic); 0 when they touch; D itself is within. Candidates come from a widened box by the "
    "spatial index, the exact distance decides. Between points it is exact; where areas take part, the nearest places "
    "are found on a sphere, and the distance may be too long by up to about 2 parts in 100,000.",
)


def collection_parameter(name: str, title: Text) -> Parameter:
    """A parameter that names a collection."""
    return Parameter(name=name, type=ParameterType.COLLECTION, title=title, required=True)


def filter_parameter(name: str, title: Text) -> Parameter:
    """A parameter that holds a CQL2 filter."""
    return Parameter(
        name=name,
        type=ParameterType.TEXT,
        title=title,
        description=Text(zh="CQL2 文本", en="CQL2 text"),
        default_text=Text(zh="无", en="none"),
    )


def chosen_side(asking: Asking, name: str) -> Side:
    """The side that the parameters `this`/`that` and `this_filter`/`that_filter` describe."""
    collection = with_geometry(asking.catalog[asking.text(name) or ""], name)
    rows = rows_of(asking, collection, name)
    where = true_then(asking, collection, rows)
    text = asking.text(f"{name}_filter")
    if text is not None:
        condition = read_text(text, collection, filter_crs=CRS84, limits=FilterLimits())
        where = (*where, compiled(condition, rows, collection))
    if name == "this":
        where = (*where, *in_town(asking, collection, rows))
    return Side(collection, rows, collection.best_geometry, where)


def question(region: Region) -> Question:
    """The question `near` for a region."""
    description = QuestionDescription(
        id="near",
        title=Text(
            zh="邻近：某图层哪些要素在另一图层的 D 米以内", en="Near: what lies within D of what"
        ),
        description=Text(
            zh="任意两个有几何的图层之间的邻近关系；对、两侧要素分别计数。",
            en="Proximity between any two collections with geometry; pairs and the features of both sides are "
            "counted apart.",
        ),
        parameters=(
            collection_parameter("this", THIS.title),
            collection_parameter("that", THAT.title),
            contract.distance(None),
            filter_parameter("this_filter", Text(zh="本侧筛选", en="Filter of this side")),
            filter_parameter("that_filter", Text(zh="另一侧筛选", en="Filter of the other side")),
            contract.town(),
            contract.metric(region),
            by(THIS, THAT),
            contract.as_of(),
            contract.known_at(),
            contract.limit(),
            contract.cursor(),
        ),
        columns=pair_columns(THIS, THAT),
        geometry=GeometryType.LINE_STRING,
        method=METHOD,
        sources=("OGC 21-065r2", "GB 22021-2008 (CGCS2000)"),
    )
    return Question(description, plan)


def plan(asking: Asking) -> Plan:
    """The statements that answer `near`."""
    this, that = chosen_side(asking, "this"), chosen_side(asking, "that")
    radius_m = asking.number("distance_m")
    pairs = pairs_within(this, that, radius_m, chosen_metric(asking))
    return plan_of_pairs(
        pairs,
        (replace(THIS, fields=identifying_fields(this.collection)), this),
        (replace(THAT, fields=identifying_fields(that.collection)), that),
        shown_by=asking.text("by") or "pairs",
        radius_m=radius_m,
        figures=(
            figures_of(THIS, this),
            figures_of(THAT, that),
            edge_figure(asking, this, radius_m),
        ),
        collections=(this.collection, that.collection),
        coverage=coverage_of(that.collection, f"considered.{THAT.plural}"),
    )
