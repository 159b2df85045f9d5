"""Remediation: the projects at hazard sites and how far they are, and the programmes they fulfil.

A site is treated when its project is accepted, and leaves the register when the project is cancelled
(核销); between the two it is still registered. What money is spent is a subject of its own (funding).
"""

from decimal import Decimal

from geoservice.description.collection import (
    Collection,
    Field,
    FieldType,
    Fixed,
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
    Style,
    Symbol,
    SymbolClass,
)
from geoservice.domain.code_lists import MEASURE, PROJECT_STATUS
from geoservice.domain.register_fields import DOCUMENT_NO
from geoservice.languages import Text

REMEDIATION_MEASURES = ("C", "D", "E")
"""The measures that end a threat; A and B watch it (ZHAA01A756)."""

_SUBJECT = Text(zh="综合治理", en="Remediation")
_SOURCE = Source(
    Text(zh="市自然资源局 地质灾害综合治理台账", en="The bureau's register of remediation")
)

_AFTER_ACCEPTANCE = ("accepted", "cancellation_requested", "cancelled")

# Cancellation only after acceptance; a request may be turned down. Source of the procedure:
# 川自然资发〔2022〕30号, 苏自然资规发〔2020〕1号.
_WORKFLOW = Steps(
    "status",
    (
        ("measure_set", ("design", "in_works", "void")),
        ("design", ("in_works", "void")),
        ("in_works", ("completed", "void")),
        ("completed", ("accepted", "in_works", "void")),
        ("accepted", ("cancellation_requested",)),
        ("cancellation_requested", ("cancelled", "accepted")),
    ),
)


def _dated_stage(name: str, zh: str, en: str) -> tuple[Field, Field]:
    return (
        Field(
            name=f"{name}_planned_on",
            type=FieldType.DATE,
            title=Text(zh=f"计划{zh}日期", en=f"{en} planned on"),
        ),
        Field(
            name=f"{name}_on", type=FieldType.DATE, title=Text(zh=f"实际{zh}日期", en=f"{en} on")
        ),
    )


_BY_STATUS = Style(
    symbol=Symbol(),
    classification=Classification(
        field="status",
        classes=tuple(
            SymbolClass(code=code, symbol=Symbol(fill=fill))
            for code, fill in (
                ("measure_set", VERMILLION),
                ("design", ORANGE),
                ("in_works", YELLOW),
                ("completed", SKY_BLUE),
                ("accepted", BLUE),
                ("cancellation_requested", REDDISH_PURPLE),
                ("cancelled", BLUISH_GREEN),
                ("void", GREY),
            )
        ),
    ),
)

remediation_projects = Collection(
    id="remediation_projects",
    title=Text(zh="治理项目", en="Remediation projects"),
    description=Text(
        zh="对一处或多处地质灾害点的治理：措施、状态、各阶段日期。验收后尚未核销的灾害点仍在册；"
        "搬迁项目在旧房全部拆除之前不能验收。资金见资金台账分录。",
        en="The treatment of one or more hazard sites: measure, state, dates of its stages. A site whose "
        "project is accepted stays registered until it is cancelled; a relocation is not accepted while an "
        "old house stands. Money: see the funding entries.",
    ),
    subject=_SUBJECT,
    style=_BY_STATUS,
    key=("project_no",),
    label="name",
    period=Period("measure_set_on", "cancelled_on", open_start=True),
    rules=(
        InOrder("design_on", "works_on"),
        InOrder("works_on", "completed_on"),
        InOrder("completed_on", "accepted_on"),
        InOrder("accepted_on", "cancellation_requested_on"),
        InOrder("accepted_on", "cancelled_on"),
        InOrder("cancellation_requested_on", "cancelled_on"),
        _WORKFLOW,
        Given((("status", ("completed", *_AFTER_ACCEPTANCE)),), "completed_on"),
        Given((("status", _AFTER_ACCEPTANCE),), "accepted_on"),
        Given((("status", ("cancelled",)),), "cancelled_on"),
        # Relocation has not removed the threat while an old house stands (ZHDD04B).
        Given((("measure", ("C",)), ("status", _AFTER_ACCEPTANCE)), "old_houses_standing", 0),
    ),
    source=_SOURCE,
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
            name="hazard_sites",
            type=FieldType.UUID,
            title=Text(zh="灾害点", en="Hazard sites"),
            nullable=False,
            many=True,
            refers_to=Reference("hazard_sites"),
            aliases=("site_no", "统一编号"),
        ),
        Field(
            name="measure",
            type=FieldType.TEXT,
            title=Text(zh="防治措施", en="Measure"),
            nullable=False,
            codes=MEASURE,
            aliases=("防治措施",),
        ),
        Field(
            name="status",
            type=FieldType.TEXT,
            title=Text(zh="状态", en="State"),
            nullable=False,
            codes=PROJECT_STATUS,
            aliases=("状态",),
        ),
        Field(
            name="households_to_relocate",
            type=FieldType.INTEGER,
            title=Text(zh="应搬迁户数", en="Households to relocate"),
            minimum=Decimal(0),
        ),
        Field(
            name="households_relocated",
            type=FieldType.INTEGER,
            title=Text(zh="已搬迁户数", en="Households relocated"),
            minimum=Decimal(0),
        ),
        Field(
            name="old_houses_standing",
            type=FieldType.INTEGER,
            title=Text(zh="旧房未拆除数", en="Old houses still standing"),
            description=Text(
                zh="为空表示未知，未知时搬迁项目不能验收",
                en="Empty: unknown, and a relocation is not accepted while it is",
            ),
            minimum=Decimal(0),
            aliases=("旧房未拆除",),
        ),
        Field(
            name="designer",
            type=FieldType.TEXT,
            title=Text(zh="设计单位", en="Designer"),
            max_length=200,
        ),
        Field(
            name="contractor",
            type=FieldType.TEXT,
            title=Text(zh="施工单位", en="Contractor"),
            max_length=200,
        ),
        Field(
            name="measure_set_on",
            type=FieldType.DATE,
            title=Text(zh="措施确定日期", en="Measure decided on"),
        ),
        *_dated_stage("design", "设计", "Design"),
        *_dated_stage("works", "开工", "Works begun"),
        *_dated_stage("completed", "竣工", "Completed"),
        *_dated_stage("accepted", "验收", "Accepted"),
        Field(
            name="acceptance_document",
            type=FieldType.TEXT,
            title=Text(zh="验收文号", en="Acceptance document"),
            max_length=200,
        ),
        Field(
            name="cancellation_requested_on",
            type=FieldType.DATE,
            title=Text(zh="申请核销日期", en="Cancellation requested on"),
        ),
        Field(
            name="cancelled_on", type=FieldType.DATE, title=Text(zh="核销日期", en="Cancelled on")
        ),
        Field(name="void_on", type=FieldType.DATE, title=Text(zh="误报认定日期", en="Void on")),
    ),
)

remediation_programmes = Collection(
    id="remediation_programmes",
    title=Text(zh="治理计划", en="Remediation programmes"),
    description=Text(
        zh="一批应治理的灾害点及其期限。成员在冻结日期登记后不再改变：计划的完成率以当时的名单为分母，"
        "后来新增的灾害点不计入，已核销的也不移出。",
        en="A list of sites to be treated by a day. Once the day of freezing is given its members do not "
        "change: how far the programme is, is told of that list; sites found later do not enter it and "
        "cancelled ones do not leave it.",
    ),
    key=("programme_no",),
    label="name",
    period=Period("baseline_on", "closed_on"),
    rules=(
        InOrder("baseline_on", "target_on"),
        InOrder("baseline_on", "closed_on"),
        Fixed(("hazard_sites", "baseline_on", "frozen_on"), once="frozen_on"),
    ),
    source=_SOURCE,
    subject=_SUBJECT,
    fields=(
        Field(
            name="programme_no",
            type=FieldType.TEXT,
            title=Text(zh="计划编号", en="Programme number"),
            nullable=False,
            max_length=60,
            aliases=("计划编号",),
        ),
        Field(
            name="name",
            type=FieldType.TEXT,
            title=Text(zh="计划名称", en="Name"),
            nullable=False,
            max_length=200,
            aliases=("计划名称",),
        ),
        Field(
            name="name_en",
            type=FieldType.TEXT,
            title=Text(zh="英文名称", en="English name"),
            max_length=200,
        ),
        Field(
            name="baseline_on",
            type=FieldType.DATE,
            title=Text(zh="基准日期", en="Baseline day"),
            nullable=False,
        ),
        Field(
            name="target_on", type=FieldType.DATE, title=Text(zh="目标完成日期", en="Target day")
        ),
        Field(name="closed_on", type=FieldType.DATE, title=Text(zh="结束日期", en="Closed on")),
        Field(
            name="frozen_on",
            type=FieldType.DATE,
            title=Text(zh="成员冻结日期", en="Members frozen on"),
            description=Text(
                zh="登记后成员、基准日期与本日期不再改变",
                en="Once given, the members, the baseline and this day do not change",
            ),
        ),
        Field(
            name="hazard_sites",
            type=FieldType.UUID,
            title=Text(zh="成员灾害点", en="Member sites"),
            many=True,
            refers_to=Reference("hazard_sites"),
            aliases=("site_no", "统一编号"),
        ),
        DOCUMENT_NO,
    ),
)
