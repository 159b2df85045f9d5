"""Public facilities: schools, hospitals, care homes, stations. A facility is not a parcel of land."""

from decimal import Decimal

from geoservice.description.collection import (
    METRE,
    Collection,
    Field,
    FieldType,
    GeometryType,
    InOrder,
    Period,
    Reference,
    Source,
)
from geoservice.description.style import (
    BLUE,
    BLUISH_GREEN,
    GREY,
    ORANGE,
    REDDISH_PURPLE,
    SKY_BLUE,
    VERMILLION,
    Classification,
    Label,
    Shape,
    Style,
    Symbol,
    SymbolClass,
)
from geoservice.domain.code_lists import FACILITY_KIND, FACILITY_STATUS
from geoservice.languages import Text

# A colour for each family of kinds, a shape for each kind in it; planned and closed facilities are
# told apart by their state, not by their symbol.
_FAMILIES: tuple[tuple[str, tuple[tuple[str, Shape], ...]], ...] = (
    (
        BLUE,
        (
            ("kindergarten", Shape.CIRCLE),
            ("primary_school", Shape.SQUARE),
            ("junior_school", Shape.TRIANGLE),
            ("nine_year_school", Shape.DIAMOND),
            ("senior_school", Shape.STAR),
            ("education", Shape.CROSS),
        ),
    ),
    (SKY_BLUE, (("vocational_school", Shape.TRIANGLE_DOWN), ("university", Shape.STAR))),
    (
        VERMILLION,
        (("hospital", Shape.CROSS), ("primary_care", Shape.CIRCLE), ("health", Shape.SQUARE)),
    ),
    (
        REDDISH_PURPLE,
        (
            ("elderly_care", Shape.TRIANGLE_DOWN),
            ("child_welfare", Shape.TRIANGLE),
            ("welfare", Shape.SQUARE),
        ),
    ),
    (
        BLUISH_GREEN,
        (
            ("station", Shape.SQUARE),
            ("bus_station", Shape.DIAMOND),
            ("car_park", Shape.CIRCLE),
            ("transport", Shape.CROSS),
        ),
    ),
    (ORANGE, (("shelter", Shape.STAR),)),
)

_BY_KIND = Style(
    symbol=Symbol(fill=GREY, size_mm=2.6),
    classification=Classification(
        field="kind",
        classes=tuple(
            SymbolClass(code=code, symbol=Symbol(fill=fill, shape=shape, size_mm=2.6))
            for fill, kinds in _FAMILIES
            for code, shape in kinds
        ),
    ),
    label=Label(field="name", max_scale_denominator=10_000, size_pt=8),
    max_scale_denominator=250_000,
)

facilities = Collection(
    id="facilities",
    title=Text(zh="公共服务设施", en="Public facilities"),
    description=Text(
        zh="教育、医疗、养老、交通等设施。一处设施可有多块用地，一块用地可有多处设施。",
        en="Education, health, elderly care, transport. A facility may stand on several parcels, and "
        "a parcel may bear several facilities.",
    ),
    geometry=GeometryType.POINT,
    key=("facility_no",),
    label="name",
    town="town_code",
    accuracy_m="location_accuracy_m",
    best_geometry=("campus", "geom"),
    period=Period("opened_on", "closed_on", open_start=True),
    rules=(InOrder("opened_on", "closed_on"),),
    subject=Text(zh="公共服务设施", en="Public facilities"),
    style=_BY_KIND,
    source=Source(Text(zh="各主管部门设施台账", en="The registers of the departments in charge")),
    fields=(
        Field(
            name="facility_no",
            type=FieldType.TEXT,
            title=Text(zh="设施编号", en="Facility number"),
            nullable=False,
            max_length=60,
            aliases=("设施编号", "学校标识码"),
        ),
        Field(
            name="name",
            type=FieldType.TEXT,
            title=Text(zh="名称", en="Name"),
            nullable=False,
            max_length=200,
            aliases=("名称", "学校名称", "设施名称"),
        ),
        Field(
            name="name_en",
            type=FieldType.TEXT,
            title=Text(zh="英文名称", en="English name"),
            max_length=200,
        ),
        Field(
            name="kind",
            type=FieldType.TEXT,
            title=Text(zh="类别", en="Kind"),
            nullable=False,
            codes=FACILITY_KIND,
            aliases=("类别", "设施类别"),
        ),
        Field(name="is_public", type=FieldType.BOOLEAN, title=Text(zh="公办", en="Public")),
        Field(
            name="capacity",
            type=FieldType.INTEGER,
            title=Text(zh="容量", en="Capacity"),
            description=Text(zh="学位、床位或车位数", en="Seats, beds or spaces"),
            minimum=Decimal(0),
        ),
        Field(
            name="status",
            type=FieldType.TEXT,
            title=Text(zh="状态", en="State"),
            nullable=False,
            codes=FACILITY_STATUS,
            aliases=("状态",),
        ),
        Field(name="opened_on", type=FieldType.DATE, title=Text(zh="启用日期", en="Opened on")),
        Field(name="closed_on", type=FieldType.DATE, title=Text(zh="停用日期", en="Closed on")),
        Field(
            name="town_code",
            type=FieldType.TEXT,
            title=Text(zh="所在镇街代码", en="Town code"),
            max_length=12,
            refers_to=Reference("towns", "code"),
            aliases=("镇街代码",),
        ),
        Field(
            name="address", type=FieldType.TEXT, title=Text(zh="地址", en="Address"), max_length=400
        ),
        Field(
            name="location_accuracy_m",
            type=FieldType.NUMBER,
            title=Text(zh="定位精度", en="Accuracy of the position"),
            unit=METRE,
            minimum=Decimal(0),
        ),
        Field(
            name="entrance",
            type=FieldType.GEOMETRY,
            title=Text(zh="出入口", en="Entrance"),
            geometry=GeometryType.POINT,
        ),
        Field(
            name="campus",
            type=FieldType.GEOMETRY,
            title=Text(zh="用地范围", en="Grounds"),
            geometry=GeometryType.MULTI_POLYGON,
        ),
    ),
)
