"""Land: parcels, reserves for public facilities, education projects, and zones.

What keeps them apart: a parcel is land with a use, a reserve is an intention for land, a project is
building work, and a facility (its own subject) is what people use. One never stands for another.
"""

from dataclasses import replace
from decimal import Decimal

from geoservice.description.collection import (
    MU,
    CodePair,
    Collection,
    Field,
    FieldType,
    GeometryType,
    Given,
    InOrder,
    Period,
    Reference,
    Source,
    Steps,
)
from geoservice.description.style import (
    BLUE,
    BLUISH_GREEN,
    GREY,
    ORANGE,
    REDDISH_PURPLE,
    SKY_BLUE,
    VERMILLION,
    YELLOW,
    Classification,
    Label,
    Shape,
    Style,
    Symbol,
    SymbolClass,
)
from geoservice.domain.areas import AREAS
from geoservice.domain.code_lists import (
    BUILD_KIND,
    EDUCATION_PROJECT_STATUS,
    LAND_STATUS,
    LAND_USE_2023,
    LAND_USE_GBT21010,
    PARCEL_STATUS,
    RESERVE_PURPOSE,
    RESERVE_STATUS,
    SCHOOL_STAGE,
    ZONE_KIND,
)
from geoservice.domain.register_fields import TOWN_CODE, VALIDITY, VILLAGE_CODE
from geoservice.languages import Text

_ZERO = Decimal(0)
_SUBJECT = Text(zh="用地", en="Land")
_SOURCE = Source(
    Text(zh="市自然资源局 用地与用地预留台账", en="The bureau's registers of land and of reserves")
)
_LAND_USE = CodePair("land_use_set", "land_use_code", (LAND_USE_2023, LAND_USE_GBT21010))

_LAND_USE_SET = Field(
    name="land_use_set",
    type=FieldType.TEXT,
    title=Text(zh="用地分类代码表", en="Code set of the land use"),
    description=Text(
        zh="同一数字在各表中含义不同：0804 在一表中为教育用地，在另一表中为科研用地",
        en="The same digits mean different land: 0804 is education in one set and research in the other",
    ),
)

# No alias for DLBM, GHDLBM and JQDLBM: files write other sets under these names, and under the
# default set 农村宅基地 (0702) would read as 城镇社区服务设施用地.
_LAND_USE_CODE = Field(
    name="land_use_code",
    type=FieldType.TEXT,
    title=Text(zh="用地分类", en="Land use"),
    aliases=("YDYHFLDM", "用地用海分类代码"),
)


def _dates(*named: tuple[str, str, str]) -> tuple[Field, ...]:
    return tuple(
        Field(name=name, type=FieldType.DATE, title=Text(zh=zh, en=en)) for name, zh, en in named
    )


land_parcels = Collection(
    id="land_parcels",
    title=Text(zh="地块", en="Land parcels"),
    description=Text(
        zh="现状与规划地块及其用途。地块不是设施：中小学用地不分学段，幼儿园常在社区服务设施用地上。",
        en="Parcels as they are and as planned, with their use. A parcel is no facility: school land does not "
        "tell primary from secondary, and kindergartens often stand on land for community services.",
    ),
    geometry=GeometryType.MULTI_POLYGON,
    geometry_required=True,
    key=("parcel_no",),
    label="parcel_no",
    town="town_code",
    period=Period("valid_from", "valid_to", open_start=True),
    rules=(_LAND_USE, InOrder("valid_from", "valid_to")),
    source=_SOURCE,
    subject=_SUBJECT,
    # Not by use: the same digits are other land in each of the two sets.
    style=Style(
        symbol=Symbol(fill=GREY, fill_opacity=0.3),
        classification=Classification(
            field="status",
            classes=(
                SymbolClass(code="existing", symbol=Symbol(fill=SKY_BLUE, fill_opacity=0.3)),
                SymbolClass(
                    code="planned",
                    symbol=Symbol(fill=ORANGE, fill_opacity=0.3, dash_mm=(2, 1)),
                ),
            ),
        ),
        label=Label(field="parcel_no", max_scale_denominator=5_000, size_pt=8),
        max_scale_denominator=100_000,
    ),
    fields=(
        Field(
            name="parcel_no",
            type=FieldType.TEXT,
            title=Text(zh="地块编号", en="Parcel number"),
            nullable=False,
            max_length=60,
            aliases=("地块编号", "DKBH", "BSM"),
        ),
        replace(_LAND_USE_SET, nullable=False, default=LAND_USE_2023.id),
        replace(_LAND_USE_CODE, nullable=False),
        TOWN_CODE,
        VILLAGE_CODE,
        Field(
            name="plan",
            type=FieldType.UUID,
            title=Text(zh="所属规划", en="Plan"),
            refers_to=Reference("plans"),
            aliases=("plan_no", "规划编号"),
        ),
        Field(
            name="status",
            type=FieldType.TEXT,
            title=Text(zh="地块性质", en="State"),
            codes=PARCEL_STATUS,
            aliases=("地块性质",),
        ),
        *VALIDITY,
        *AREAS,
    ),
)

_BY_RESERVE_STATUS = Style(
    symbol=Symbol(fill=GREY, fill_opacity=0.5),
    classification=Classification(
        field="status",
        classes=tuple(
            SymbolClass(code=code, symbol=Symbol(fill=fill, fill_opacity=0.5, stroke_width_mm=0.3))
            for code, fill in (
                ("intended", YELLOW),
                ("planned", ORANGE),
                ("approved", SKY_BLUE),
                ("supplied", BLUE),
                ("built", BLUISH_GREEN),
                ("cancelled", REDDISH_PURPLE),
            )
        ),
    ),
    label=Label(field="name", max_scale_denominator=25_000),
)

land_reserves = Collection(
    id="land_reserves",
    title=Text(zh="公共服务设施用地预留", en="Land reserves"),
    description=Text(
        zh="为教育、交通、医疗、养老等预留的用地，从意向到建成。预留不是学校或医院：建成之前没有设施。"
        "不独立占地的社区配套（0702）单独标明，不计入新增用地。",
        en="Land set aside for education, transport, medical and elderly care, from intention to built. A "
        "reserve is no school and no hospital: until it is built there is no facility. Community services "
        "inside other land (0702) are marked and do not count as new land.",
    ),
    geometry=GeometryType.MULTI_POLYGON,
    geometry_required=True,
    key=("reserve_no",),
    label="name",
    town="town_code",
    period=Period("intended_on", "cancelled_on", open_start=True),
    rules=(
        _LAND_USE,
        Steps(
            "status",
            (
                ("intended", ("planned", "cancelled")),
                ("planned", ("approved", "cancelled")),
                ("approved", ("supplied", "cancelled")),
                ("supplied", ("built", "cancelled")),
            ),
        ),
        *(
            Given((("status", (status,)),), f"{status}_on")
            for status in ("planned", "approved", "supplied", "built", "cancelled")
        ),
        InOrder("intended_on", "planned_on"),
        InOrder("planned_on", "approved_on"),
        InOrder("approved_on", "supplied_on"),
        InOrder("supplied_on", "built_on"),
        InOrder("intended_on", "cancelled_on"),
    ),
    source=_SOURCE,
    subject=_SUBJECT,
    style=_BY_RESERVE_STATUS,
    fields=(
        Field(
            name="reserve_no",
            type=FieldType.TEXT,
            title=Text(zh="预留编号", en="Reserve number"),
            nullable=False,
            max_length=60,
            aliases=("预留编号",),
        ),
        Field(
            name="name",
            type=FieldType.TEXT,
            title=Text(zh="名称", en="Name"),
            nullable=False,
            max_length=200,
            aliases=("名称", "项目名称"),
        ),
        Field(
            name="purpose_kind",
            type=FieldType.TEXT,
            title=Text(zh="用途", en="Purpose"),
            nullable=False,
            codes=RESERVE_PURPOSE,
            aliases=("用途",),
        ),
        Field(
            name="status",
            type=FieldType.TEXT,
            title=Text(zh="状态", en="State"),
            nullable=False,
            codes=RESERVE_STATUS,
            aliases=("状态",),
        ),
        *_dates(
            ("intended_on", "意向日期", "Intended on"),
            ("planned_on", "规划预留日期", "Reserved in a plan on"),
            ("approved_on", "批准日期", "Approved on"),
            ("supplied_on", "供地日期", "Supplied on"),
            ("built_on", "建成日期", "Built on"),
            ("cancelled_on", "取消日期", "Cancelled on"),
        ),
        # Without a default: an unknown use leaves both halves of the pair empty.
        _LAND_USE_SET,
        _LAND_USE_CODE,
        Field(
            name="is_embedded",
            type=FieldType.BOOLEAN,
            title=Text(zh="不独立占地", en="Inside other land"),
            description=Text(
                zh="社区配套（0702），不独立占地",
                en="Community services (0702) without a plot of their own",
            ),
            nullable=False,
            default=False,
        ),
        Field(
            name="land_parcel",
            type=FieldType.UUID,
            title=Text(zh="地块", en="Parcel"),
            refers_to=Reference("land_parcels"),
            aliases=("parcel_no", "地块编号"),
        ),
        Field(
            name="target",
            type=FieldType.UUID,
            title=Text(zh="规划目标", en="Target"),
            refers_to=Reference("targets"),
            aliases=("target_no", "目标编号"),
        ),
        Field(
            name="plan",
            type=FieldType.UUID,
            title=Text(zh="所属规划", en="Plan"),
            refers_to=Reference("plans"),
            aliases=("plan_no", "规划编号"),
        ),
        TOWN_CODE,
        VILLAGE_CODE,
        *AREAS,
    ),
)


def _seats(stage: str) -> Field:
    title = SCHOOL_STAGE.by_code[stage].title
    return Field(
        name=f"seats_{stage}",
        type=FieldType.INTEGER,
        title=Text(zh=f"{title.zh}学位数", en=f"Seats, {title.en}"),
        description=Text(zh="未知为空，不填 0", en="Empty if unknown, never 0"),
        minimum=_ZERO,
    )


# What matters on a map of projects is which of them have no land.
_BY_LAND_STATUS = Style(
    symbol=Symbol(fill=GREY, size_mm=3),
    classification=Classification(
        field="land_status",
        classes=tuple(
            SymbolClass(code=code, symbol=Symbol(fill=fill, shape=shape, size_mm=3))
            for code, fill, shape in (
                ("lacking", VERMILLION, Shape.TRIANGLE),
                ("reserved", ORANGE, Shape.DIAMOND),
                ("approved", SKY_BLUE, Shape.SQUARE),
                ("supplied", BLUE, Shape.SQUARE),
                ("not_needed", BLUISH_GREEN, Shape.CIRCLE),
            )
        ),
    ),
    label=Label(field="name", max_scale_denominator=10_000, size_pt=8),
)

education_projects = Collection(
    id="education_projects",
    title=Text(zh="教育扩容项目", en="Education projects"),
    description=Text(
        zh="教育扩容的建设项目：学位、用地、进度。项目不是学校：一所学校可有多个项目，列入不等于建成。",
        en="Building projects for more school places: seats, land, progress. A project is no school: a school "
        "may have several, and a listed one is not built.",
    ),
    geometry=GeometryType.POINT,
    key=("project_no",),
    label="name",
    town="town_code",
    period=Period("listed_on", "closed_on", open_start=True),
    rules=(InOrder("listed_on", "opens_on"), InOrder("listed_on", "closed_on")),
    source=Source(
        Text(zh="教育扩容攻坚急需项目清单", en="The list of projects for more school places")
    ),
    subject=_SUBJECT,
    style=_BY_LAND_STATUS,
    fields=(
        Field(
            name="project_no",
            type=FieldType.TEXT,
            title=Text(zh="项目编号", en="Project number"),
            nullable=False,
            max_length=60,
            aliases=("项目编号",),
        ),
        Field(
            name="name",
            type=FieldType.TEXT,
            title=Text(zh="项目名称", en="Name"),
            nullable=False,
            max_length=200,
            aliases=("项目名称",),
        ),
        Field(
            name="build_kind",
            type=FieldType.TEXT,
            title=Text(zh="建设方式", en="Kind of building work"),
            nullable=False,
            codes=BUILD_KIND,
            aliases=("建设方式",),
        ),
        Field(
            name="stages",
            type=FieldType.TEXT,
            title=Text(zh="学段", en="Stages of schooling"),
            codes=SCHOOL_STAGE,
            many=True,
            aliases=("学段",),
        ),
        *(_seats(stage.code) for stage in SCHOOL_STAGE),
        Field(
            name="land_status",
            type=FieldType.TEXT,
            title=Text(zh="用地落实情况", en="State of the land"),
            nullable=False,
            codes=LAND_STATUS,
            aliases=("用地落实情况",),
        ),
        Field(
            name="land_reserve",
            type=FieldType.UUID,
            title=Text(zh="用地预留", en="Land reserve"),
            refers_to=Reference("land_reserves"),
            aliases=("reserve_no", "预留编号"),
        ),
        Field(
            name="facility",
            type=FieldType.UUID,
            title=Text(zh="设施", en="Facility"),
            refers_to=Reference("facilities"),
            aliases=("facility_no", "设施编号"),
        ),
        Field(
            name="status",
            type=FieldType.TEXT,
            title=Text(zh="状态", en="State"),
            nullable=False,
            codes=EDUCATION_PROJECT_STATUS,
            aliases=("状态",),
        ),
        *_dates(
            ("listed_on", "列入日期", "Listed on"),
            ("opens_on", "启用日期", "Opens on"),
            ("closed_on", "结束日期", "Closed on"),
        ),
        Field(
            name="is_priority",
            type=FieldType.BOOLEAN,
            title=Text(zh="重点保障", en="Priority"),
        ),
        TOWN_CODE,
    ),
)

zones = Collection(
    id="zones",
    title=Text(zh="片区", en="Zones"),
    description=Text(
        zh="产城融合示范片区等范围。“千亩以上”是待核实的目标，是否达到由图形面积与面积阈值比较得出。",
        en="Industry-city demonstration zones and others. “Above 1 000 mu” is an aim: whether a zone reaches "
        "its threshold is told by the area of its shape.",
    ),
    geometry=GeometryType.MULTI_POLYGON,
    geometry_required=True,
    key=("zone_no",),
    label="name",
    period=Period("valid_from", "valid_to", open_start=True),
    rules=(InOrder("valid_from", "valid_to"),),
    source=_SOURCE,
    subject=_SUBJECT,
    style=Style(
        symbol=Symbol(
            fill=REDDISH_PURPLE, fill_opacity=0.15, stroke=REDDISH_PURPLE, stroke_width_mm=0.6
        ),
        label=Label(field="name", max_scale_denominator=200_000, size_pt=10),
    ),
    fields=(
        Field(
            name="zone_no",
            type=FieldType.TEXT,
            title=Text(zh="片区编号", en="Zone number"),
            nullable=False,
            max_length=60,
            aliases=("片区编号",),
        ),
        Field(
            name="kind",
            type=FieldType.TEXT,
            title=Text(zh="片区类别", en="Kind"),
            nullable=False,
            codes=ZONE_KIND,
            aliases=("片区类别",),
        ),
        Field(
            name="name",
            type=FieldType.TEXT,
            title=Text(zh="片区名称", en="Name"),
            nullable=False,
            max_length=200,
            aliases=("片区名称",),
        ),
        Field(
            name="threshold_mu",
            type=FieldType.DECIMAL,
            digits=(12, 4),
            title=Text(zh="面积阈值", en="Threshold of the area"),
            description=Text(zh="应达到的面积", en="The area it should reach"),
            unit=MU,
            minimum=_ZERO,
        ),
        TOWN_CODE,
        *VALIDITY,
        *AREAS,
    ),
)
