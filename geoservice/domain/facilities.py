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
from geoservice.domain.code_lists import FACILITY_KIND, FACILITY_STATUS
from geoservice.languages import Text

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
