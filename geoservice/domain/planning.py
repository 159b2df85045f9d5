"""Plans, the control lines that bind them, and the targets they are measured against.

A plan is one version of a document: another version is another feature, and which was in force on a
day is told by its dates, not by its state today.
"""

from decimal import Decimal

from geoservice.description.collection import (
    PER_CENT,
    SQUARE_METRE,
    Collection,
    Field,
    FieldType,
    GeometryType,
    Given,
    InOrder,
    Period,
    Source,
)
from geoservice.description.style import (
    BLUE,
    GREY,
    VERMILLION,
    YELLOW,
    Classification,
    Label,
    Style,
    Symbol,
    SymbolClass,
)
from geoservice.domain.areas import MEASURED
from geoservice.domain.code_lists import (
    CONTROL_LINE_KIND,
    PLAN_STATUS,
    PLAN_TIER,
    RESERVE_PURPOSE,
    TARGET_METRIC,
)
from geoservice.domain.register_fields import DOCUMENT_NO, NOTE, TOWN_CODE, VALIDITY, VILLAGE_CODE
from geoservice.languages import Text

_SUBJECT = Text(zh="规划", en="Planning")
_SOURCE = Source(Text(zh="国土空间规划成果", en="The territorial plans as adopted"))

plans = Collection(
    id="plans",
    title=Text(zh="规划", en="Plans"),
    description=Text(
        zh="各级规划及其范围，一个版本一行。某日何者有效看生效与废止日期；“试点村”不等于所有村。",
        en="Plans of every tier with the area they cover, one version a row. What was in force on a day is "
        "told by the dates. “Pilot villages” are some of the villages, not all.",
    ),
    geometry=GeometryType.MULTI_POLYGON,
    key=("plan_no", "version_no"),
    label="name",
    town="town_code",
    period=Period("in_force_from", "in_force_to"),
    rules=(
        Given((("status", ("in_force", "repealed")),), "in_force_from"),
        Given((("status", ("repealed",)),), "in_force_to"),
        InOrder("in_force_from", "in_force_to"),
        InOrder("period_from", "period_to"),
    ),
    source=_SOURCE,
    subject=_SUBJECT,
    # Plans of several tiers lie on one another, so their areas are not filled.
    style=Style(
        symbol=Symbol(stroke_width_mm=0.4, dash_mm=(6, 2)),
        label=Label(field="name", max_scale_denominator=100_000),
    ),
    fields=(
        Field(
            name="plan_no",
            type=FieldType.TEXT,
            title=Text(zh="规划编号", en="Plan number"),
            nullable=False,
            max_length=60,
            aliases=("规划编号",),
        ),
        Field(
            name="version_no",
            type=FieldType.TEXT,
            title=Text(zh="版本号", en="Version of the plan"),
            nullable=False,
            default="1",
            max_length=20,
            aliases=("版本", "版本号"),
        ),
        Field(
            name="name",
            type=FieldType.TEXT,
            title=Text(zh="规划名称", en="Name"),
            nullable=False,
            max_length=200,
            aliases=("规划名称",),
        ),
        Field(
            name="level",
            type=FieldType.TEXT,
            title=Text(zh="规划层级", en="Tier"),
            nullable=False,
            codes=PLAN_TIER,
            aliases=("规划层级",),
        ),
        Field(
            name="status",
            type=FieldType.TEXT,
            title=Text(zh="状态", en="State"),
            nullable=False,
            codes=PLAN_STATUS,
            aliases=("状态",),
        ),
        TOWN_CODE,
        VILLAGE_CODE,
        Field(
            name="is_pilot",
            type=FieldType.BOOLEAN,
            title=Text(zh="试点", en="Pilot"),
        ),
        Field(
            name="period_from",
            type=FieldType.INTEGER,
            title=Text(zh="规划期起始年", en="First year of the plan"),
        ),
        Field(
            name="period_to",
            type=FieldType.INTEGER,
            title=Text(zh="规划期末年", en="Last year of the plan"),
        ),
        Field(
            name="in_force_from",
            type=FieldType.DATE,
            title=Text(zh="生效日期", en="In force from"),
            aliases=("生效日期",),
        ),
        Field(
            name="in_force_to",
            type=FieldType.DATE,
            title=Text(zh="废止日期", en="In force to (exclusive)"),
            aliases=("废止日期",),
        ),
        DOCUMENT_NO,
        *MEASURED,
    ),
)

_BY_KIND = Style(
    symbol=Symbol(fill=GREY, fill_opacity=0.25),
    classification=Classification(
        field="kind",
        classes=(
            SymbolClass(
                code="permanent_basic_farmland",
                symbol=Symbol(fill=YELLOW, fill_opacity=0.35),
            ),
            SymbolClass(
                code="ecological_red_line",
                symbol=Symbol(
                    fill=VERMILLION, fill_opacity=0.25, stroke=VERMILLION, stroke_width_mm=0.5
                ),
            ),
            SymbolClass(
                code="urban_growth_boundary",
                symbol=Symbol(
                    fill=BLUE,
                    fill_opacity=0.05,
                    stroke=BLUE,
                    stroke_width_mm=0.5,
                    dash_mm=(4, 2),
                ),
            ),
        ),
    ),
)

control_lines = Collection(
    id="control_lines",
    title=Text(zh="控制线", en="Control lines"),
    description=Text(
        zh="永久基本农田、生态保护红线、城镇开发边界，均以面存储。前两类限制线内的建设，"
        "城镇开发边界限制线外的建设，三者不可混读。",
        en="Permanent basic farmland, ecological red lines and the urban growth boundary, stored as areas. "
        "The first two restrict what is built inside them, the last what is built outside it.",
    ),
    geometry=GeometryType.MULTI_POLYGON,
    geometry_required=True,
    key=("line_no",),
    period=Period("valid_from", "valid_to", open_start=True),
    rules=(InOrder("valid_from", "valid_to"),),
    source=_SOURCE,
    subject=_SUBJECT,
    style=_BY_KIND,
    fields=(
        Field(
            name="line_no",
            type=FieldType.TEXT,
            title=Text(zh="控制线编号", en="Line number"),
            nullable=False,
            max_length=60,
            aliases=("控制线编号", "BSM"),
        ),
        Field(
            name="kind",
            type=FieldType.TEXT,
            title=Text(zh="控制线类别", en="Kind"),
            nullable=False,
            codes=CONTROL_LINE_KIND,
            aliases=("控制线类别",),
        ),
        Field(
            name="name",
            type=FieldType.TEXT,
            title=Text(zh="名称", en="Name"),
            max_length=200,
            aliases=("名称",),
        ),
        DOCUMENT_NO,
        *VALIDITY,
        *MEASURED,
    ),
)

targets = Collection(
    id="targets",
    title=Text(zh="规划目标", en="Targets"),
    description=Text(
        zh="规划期末应达到的数量。预测或“约”数没有容差时，容差为空，不作为是否达标的界限。",
        en="The amount to be reached by the end of a plan. Where a forecast (“about”) states no tolerance "
        "there is none here, so being near it is not being within it.",
    ),
    key=("target_no",),
    label="name",
    rules=(InOrder("base_year", "end_year"),),
    source=_SOURCE,
    subject=_SUBJECT,
    fields=(
        Field(
            name="target_no",
            type=FieldType.TEXT,
            title=Text(zh="目标编号", en="Target number"),
            nullable=False,
            max_length=60,
            aliases=("目标编号",),
        ),
        Field(
            name="name",
            type=FieldType.TEXT,
            title=Text(zh="目标名称", en="Name"),
            nullable=False,
            max_length=200,
            aliases=("目标名称",),
        ),
        Field(
            name="metric",
            type=FieldType.TEXT,
            title=Text(zh="指标", en="Metric"),
            nullable=False,
            codes=TARGET_METRIC,
        ),
        Field(
            name="purpose_kind",
            type=FieldType.TEXT,
            title=Text(zh="用途", en="Purpose"),
            description=Text(zh="为空表示全部用途", en="Empty: every purpose"),
            codes=RESERVE_PURPOSE,
        ),
        Field(
            name="value_m2",
            type=FieldType.DECIMAL,
            digits=(16, 2),
            title=Text(zh="目标值", en="Value"),
            unit=SQUARE_METRE,
            nullable=False,
            minimum=Decimal(0),
        ),
        Field(
            name="tolerance_pct",
            type=FieldType.DECIMAL,
            digits=(5, 2),
            title=Text(zh="容差", en="Tolerance"),
            description=Text(zh="文件未说明时为空", en="Empty where the document states none"),
            unit=PER_CENT,
            minimum=Decimal(0),
        ),
        Field(
            name="base_year",
            type=FieldType.INTEGER,
            title=Text(zh="基期年", en="Base year"),
            nullable=False,
        ),
        Field(
            name="end_year",
            type=FieldType.INTEGER,
            title=Text(zh="目标年", en="End year"),
            nullable=False,
        ),
        DOCUMENT_NO,
        NOTE,
    ),
)
