"""Towns and villages: the official units by whose codes the other registers name a place.

Codes: 统计用区划代码 (National Bureau of Statistics). A town has 9 digits, a village 12, of which the
first nine are its town's. A city without districts uses its own six digits on the county level.
"""

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
from geoservice.description.style import Label, Style, Symbol
from geoservice.domain.code_lists import PLACE_KIND
from geoservice.languages import Text

_SUBJECT = Text(zh="行政区划", en="Places")
_SOURCE = Source(
    Text(
        zh="国家统计局 统计用区划代码",
        en="National Bureau of Statistics, division codes for statistics",
    ),
    publisher="国家统计局",
)


def _validity() -> tuple[Field, ...]:
    return (
        Field(name="valid_from", type=FieldType.DATE, title=Text(zh="启用日期", en="Valid from")),
        Field(
            name="valid_to",
            type=FieldType.DATE,
            title=Text(zh="停用日期", en="Valid to (exclusive)"),
        ),
        Field(
            name="replaced_by",
            type=FieldType.TEXT,
            title=Text(zh="被代替为", en="Replaced by"),
            description=Text(zh="停用后代替它的代码", en="The code that took its place"),
        ),
    )


towns = Collection(
    id="towns",
    title=Text(zh="镇街与园区", en="Towns, subdistricts and parks"),
    description=Text(
        zh="镇级统计单元：街道、镇，以及作为统计单元的园区（不是行政区划，范围可与镇重叠）。",
        en="Units of the town level: subdistricts, towns, and parks, which are statistical units, "
        "not administrative ones, and may overlap towns.",
    ),
    geometry=GeometryType.MULTI_POLYGON,
    key=("code",),
    label="name",
    town="code",
    period=Period("valid_from", "valid_to", open_start=True),
    rules=(InOrder("valid_from", "valid_to"),),
    source=_SOURCE,
    subject=_SUBJECT,
    style=Style(
        symbol=Symbol(stroke="#444444", stroke_width_mm=0.5, dash_mm=(4, 1)),
        label=Label(field="name", max_scale_denominator=500_000, size_pt=10),
    ),
    fields=(
        Field(
            name="code",
            type=FieldType.TEXT,
            title=Text(zh="镇级代码", en="Town code"),
            description=Text(zh="9 位统计用区划代码", en="9 digits"),
            nullable=False,
            max_length=12,
            aliases=("town_code", "XZQDM", "town_code9"),
        ),
        Field(
            name="name",
            type=FieldType.TEXT,
            title=Text(zh="名称", en="Name"),
            nullable=False,
            max_length=100,
            aliases=("XZQMC", "名称"),
        ),
        Field(
            name="name_en",
            type=FieldType.TEXT,
            title=Text(zh="英文名称", en="English name"),
            max_length=100,
        ),
        Field(
            name="kind",
            type=FieldType.TEXT,
            title=Text(zh="类别", en="Kind"),
            nullable=False,
            codes=PLACE_KIND,
        ),
        Field(
            name="parent_code",
            type=FieldType.TEXT,
            title=Text(zh="上级代码", en="Code of the unit above"),
            nullable=False,
            max_length=12,
        ),
        Field(
            name="boundary_accuracy_m",
            type=FieldType.NUMBER,
            title=Text(zh="界线精度", en="Accuracy of the boundary"),
            description=Text(
                zh="示意性界线的精度可达数千米；为空表示未知",
                en="Kilometres for a schematic boundary; empty: unknown",
            ),
            unit=METRE,
        ),
        *_validity(),
    ),
)

villages = Collection(
    id="villages",
    title=Text(zh="村与社区", en="Villages and communities"),
    description=Text(zh="村级统计单元。", en="Units of the village level."),
    geometry=GeometryType.MULTI_POLYGON,
    key=("code",),
    label="name",
    town="town_code",
    period=Period("valid_from", "valid_to", open_start=True),
    rules=(InOrder("valid_from", "valid_to"),),
    source=_SOURCE,
    subject=_SUBJECT,
    style=Style(
        symbol=Symbol(stroke="#777777", stroke_width_mm=0.25, dash_mm=(1, 1)),
        label=Label(field="name", max_scale_denominator=50_000, size_pt=8),
        max_scale_denominator=150_000,
    ),
    fields=(
        Field(
            name="code",
            type=FieldType.TEXT,
            title=Text(zh="村级代码", en="Village code"),
            description=Text(
                zh="12 位统计用区划代码；与地质灾害点编号位数相同，二者不可互认",
                en="12 digits, as many as a hazard site's number has: the two are never told apart by shape",
            ),
            nullable=False,
            max_length=12,
            aliases=("village_code12",),
        ),
        Field(
            name="name",
            type=FieldType.TEXT,
            title=Text(zh="名称", en="Name"),
            nullable=False,
            max_length=100,
        ),
        Field(
            name="kind",
            type=FieldType.TEXT,
            title=Text(zh="类别", en="Kind"),
            nullable=False,
            codes=PLACE_KIND,
        ),
        Field(
            name="town_code",
            type=FieldType.TEXT,
            title=Text(zh="所属镇街代码", en="Code of its town"),
            nullable=False,
            max_length=12,
            refers_to=Reference("towns", "code"),
            aliases=("streetCode",),
        ),
        *_validity(),
    ),
)
