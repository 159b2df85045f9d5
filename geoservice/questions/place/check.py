"""What affects this place? One row for each layer with geometry: yes, no, not covered, not assessed.

A layer says “no” only where a recorded statement says that it is complete; see `coverage`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from geoservice.description.collection import (
    METRE,
    SQUARE_METRE,
    Collection,
    FieldType,
    GeometryType,
)
from geoservice.description.question import Column, Parameter, ParameterType, QuestionDescription
from geoservice.domain.coverage import coverage_statements
from geoservice.errors import BadParameter, MissingParameter
from geoservice.languages import Text
from geoservice.questions import contract
from geoservice.questions.contract import Asking, Issue, Plan, Question
from geoservice.questions.place import suspicion
from geoservice.questions.place.looking import judged
from geoservice.questions.place.places import (
    MAX_AREA_KM2,
    MAX_VERTICES,
    Place,
    as_rows,
    place_from_text,
    place_of_feature,
)
from geoservice.questions.proximity import connecting_line
from geoservice.regions import Region

STATES: tuple[tuple[str, Text], ...] = (
    ("yes", Text(zh="涉及：与要素相交或相接", en="a feature meets the place, or touches it")),
    (
        "no",
        Text(
            zh="不涉及：没有相交的要素，且声明该处数据完整",
            en="none meets it, and the layer is stated to be complete there",
        ),
    ),
    (
        "not_covered",
        Text(
            zh="未覆盖：声明该处无数据，或图层没有任何数据",
            en="stated to hold no data there, or the layer holds none at all",
        ),
    ),
    (
        "not_assessed",
        Text(
            zh="未评估：没有相交的要素，但没有声明该处数据完整",
            en="none meets it, but nothing states that the layer is complete there",
        ),
    ),
)

_STATES_TOLD = Text(
    zh="；".join(f"{code} {title.zh}" for code, title in STATES),
    en="; ".join(f"{code}: {title.en}" for code, title in STATES),
)

_COLUMNS = (
    Column(name="place", type=FieldType.INTEGER, title=Text(zh="地点序号", en="Place, from 1")),
    Column(
        name="place_label",
        type=FieldType.TEXT,
        title=Text(zh="地点名称", en="Name of the place"),
        nullable=True,
    ),
    Column(name="collection", type=FieldType.TEXT, title=Text(zh="图层", en="Collection")),
    Column(name="state", type=FieldType.TEXT, title=Text(zh="结论", en="State")),
    Column(
        name="features_met",
        type=FieldType.LONG,
        title=Text(zh="相交要素数", en="Features that it meets"),
    ),
    Column(
        name="touches_only",
        type=FieldType.BOOLEAN,
        title=Text(zh="仅在边界相接", en="They only touch its boundary, or it theirs"),
    ),
    Column(
        name="features_within_distance",
        type=FieldType.LONG,
        title=Text(zh="D 米以内要素数", en="Features within D"),
    ),
    Column(
        name="share",
        type=FieldType.NUMBER,
        title=Text(
            zh="被要素覆盖的比例（重叠只计一次）", en="Share of it that is covered, overlaps once"
        ),
        nullable=True,
    ),
    Column(
        name="overlap_m2",
        type=FieldType.NUMBER,
        title=Text(zh="被覆盖的面积", en="Area of it that is covered"),
        unit=SQUARE_METRE,
        nullable=True,
    ),
    Column(
        name="detail",
        type=FieldType.TEXT,
        title=Text(
            zh="相交要素（没有则为 D 米以内要素）的代码摘要",
            en="What the features met say, or if none is met those within D, in codes",
        ),
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

_ROWS = 10_000  # all layers of all features of a file come on one page

_METHOD = Text(
    zh="逐图层按最佳几何：涉及为 ST_Intersects（边界相接亦算，另行标明）；距离为 CGCS2000 椭球面最短距离；"
    "比例为与各要素交集之并集（面为椭球面积，线为长度）除以地点。"
    "未涉及时，“否”须有覆盖该处的完整性声明。每行的线连到最近要素。",
    en="By the best geometry of each layer: meeting is ST_Intersects, touching counts and is flagged; distance "
    "is the shortest on the CGCS2000 ellipsoid; the share is the union of the intersections (area on the "
    "ellipsoid, length of lines) by the place. Where nothing is met, “no” needs a statement of "
    "completeness that covers the place. The line of a row leads to the nearest feature.",
)


def question(region: Region) -> Question:
    """The question `check` about one place; the same in every region."""
    given = (
        Parameter(
            name="geometry",
            type=ParameterType.GEOMETRY,
            title=Text(
                zh="地点：“经度,纬度”、WKT 或 GeoJSON", en="Place: “lon,lat”, WKT or GeoJSON"
            ),
            description=Text(
                zh=f"至多 {MAX_VERTICES} 个顶点、{MAX_AREA_KM2} km²；与 feature 二者给一",
                en=f"at most {MAX_VERTICES} vertices and {MAX_AREA_KM2} km²; either this or feature",
            ),
            default_text=Text(zh="无", en="none"),
        ),
        Parameter(
            name="source_crs",
            type=ParameterType.TEXT,
            title=Text(zh="geometry 的坐标系", en="CRS of geometry"),
            description=Text(
                zh="EPSG:n，或 gcj02、bd09（反算，精度约 1 米）",
                en="EPSG:n, or gcj02, bd09 (converted back, good to about 1 m)",
            ),
            default_text=Text(zh="经纬度 CGCS2000", en="longitude and latitude, CGCS2000"),
        ),
        Parameter(
            name="feature",
            type=ParameterType.TEXT,
            title=Text(zh="以要素为地点：图层/标识 或 图层/业务编号", en="A feature as the place"),
            description=Text(
                zh="如 land_parcels/P-001；该要素本身也计入",
                en="collection/uid or collection/business key, as in land_parcels/P-001; the feature itself "
                "is counted too",
            ),
            default_text=Text(zh="无", en="none"),
        ),
    )
    return Question(_description(given), _plan)


@dataclass(frozen=True)
class PlacesFile:
    """The places of a file: what it is called and its digest, so that an answer says which it was."""

    name: str
    sha256: str
    source_crs: str | None
    places: tuple[Place, ...]
    issues: tuple[Issue, ...] = ()


def question_about(file: PlacesFile) -> Question:
    """The question `check` about each place of a file, in its order."""
    name = Parameter(
        name="file",
        type=ParameterType.TEXT,
        title=Text(zh="文件", en="File"),
        default=f"{file.name} sha256:{file.sha256}",
    )

    crs = Parameter(
        name="source_crs",
        type=ParameterType.TEXT,
        title=Text(zh="文件坐标的坐标系", en="CRS of its coordinates"),
        default=file.source_crs,
        default_text=Text(zh="文件所写", en="as the file says"),
    )

    def plan(asking: Asking) -> Plan:
        return _plan_of(asking, file.places, file.issues)

    return Question(_description((name, crs)), plan)


def _description(given: tuple[Parameter, ...]) -> QuestionDescription:
    return QuestionDescription(
        id="check",
        title=Text(zh="一处地点涉及哪些图层", en="What affects this place"),
        description=Text(
            zh=f"给出点、图形、地块编号或文件，逐个图层回答。{_STATES_TOLD.zh}。",
            en=f"For a point, a shape, a parcel or a file, layer by layer. {_STATES_TOLD.en}.",
        ),
        parameters=(
            *given,
            contract.distance(500.0),
            contract.as_of(),
            contract.known_at(),
            replace(contract.limit(), default=_ROWS),
            contract.cursor(),
        ),
        columns=_COLUMNS,
        geometry=GeometryType.LINE_STRING,
        method=_METHOD,
        sources=("GB 22021-2008 (CGCS2000)", "OGC 06-103r4"),
    )


def _plan(asking: Asking) -> Plan:
    geometry, feature = asking.text("geometry"), asking.text("feature")
    source_crs = asking.text("source_crs")
    if geometry is None and feature is None:
        raise MissingParameter(name="geometry", allowed="geometry, feature")
    if feature is not None:
        for name, value in (("geometry", geometry), ("source_crs", source_crs)):
            if value is not None:
                only = Text(zh="与 feature 不能同时给出", en="not together with feature")
                raise BadParameter(name=name, value=value, allowed=only)
        return _plan_of(asking, (place_of_feature(feature, asking),))
    assert geometry is not None
    return _plan_of(asking, (place_from_text(geometry, source_crs, asking.region),))


def _plan_of(asking: Asking, places: Sequence[Place], issues: tuple[Issue, ...] = ()) -> Plan:
    layers = tuple(each for each in asking.catalog if _is_layer(each))
    shapes = [place.shape for place in places]
    none: list[str | None] = [None] * len(places)
    asked = as_rows(shapes, label=[place.label for place in places], town=none).cte("places")
    found = judged(asking, layers, asked)
    suspicions = suspicion.suspected(asking, layers, places)
    return Plan(
        found=found,
        order=("place", "position"),
        shown=_shown,
        columns=_COLUMNS,
        geometry=GeometryType.LINE_STRING,
        figures=(
            sa.select(
                sa.literal(len(places)).label("places"),
                sa.literal(len(layers)).label("layers"),
                *(
                    sa.func.count().filter(found.c.state == state).label(f"state.{state}")
                    for state, _ in STATES
                ),
            ).select_from(found),
            *((suspicions,) if suspicions is not None else ()),
        ),
        collections=layers,
        places=asked,
        issues=partial(_issues, issues=issues, outside=_outside(asking.region, places)),
    )


def _is_layer(collection: Collection) -> bool:
    """Whether a place can be in it: not of statements on layers, nor of saved answers about them."""
    is_saved_answer = collection.published and not collection.editable
    is_register = collection.id != coverage_statements.id and not is_saved_answer
    return bool(collection.geometry_fields) and is_register


def _shown(judged: sa.FromClause) -> sa.Select[Any]:
    row = judged.c
    number = (row.place + 1).label("place")
    named = (column.name for column in _COLUMNS if column.name != "place")
    return sa.select(
        sa.func.concat(number, ".", row.collection).label("id"),
        number,
        *(row[name] for name in named),
        connecting_line(row.place_shape, row.nearest_shape).label("geom"),
        row.number,
    )


def _outside(region: Region, places: Sequence[Place]) -> int:
    return sum(place.is_outside(region) for place in places)


def _issues(figures: Mapping[str, Any], *, issues: tuple[Issue, ...], outside: int) -> list[Issue]:
    """What reading the file has found, places outside the region, and suspicions of an offset."""
    found = [*issues]
    if outside:
        said = Text(
            zh=f"{outside} 处地点在本区域之外，台账不涉及。",
            en=f"{outside} places lie outside the region, of which the registers say nothing.",
        )
        found.append(Issue("outside-region", outside, said))
    return found + suspicion.issues(figures)
