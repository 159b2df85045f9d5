"""Remediation projects: what is done at hazard sites, and how far it is."""

from decimal import Decimal

from geoservice.description.collection import (
    FEN,
    Collection,
    Field,
    FieldType,
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
    YELLOW,
    Classification,
    Style,
    Symbol,
    SymbolClass,
)
from geoservice.domain.code_lists import MEASURE, PROJECT_STATUS
from geoservice.languages import Text

REMEDIATION_MEASURES = ("C", "D", "E")
"""The measures that end a threat; A and B watch it (ZHAA01A756)."""


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
        zh="对一处或多处地质灾害点的治理：措施、状态、各阶段日期与已落实资金。",
        en="The treatment of one or more hazard sites: measure, state, dates of its stages, funds secured.",
    ),
    subject=Text(zh="综合治理", en="Remediation"),
    style=_BY_STATUS,
    key=("project_no",),
    label="name",
    period=Period("measure_set_on", "cancelled_on", open_start=True),
    rules=(
        InOrder("design_on", "works_on"),
        InOrder("works_on", "completed_on"),
        InOrder("completed_on", "accepted_on"),
        InOrder("accepted_on", "cancelled_on"),
    ),
    source=Source(
        Text(zh="市自然资源局 地质灾害综合治理台账", en="The bureau's register of remediation")
    ),
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
            name="funds_secured_fen",
            type=FieldType.LONG,
            title=Text(zh="已落实资金", en="Funds secured"),
            unit=FEN,
            minimum=Decimal(0),
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
            name="cancelled_on", type=FieldType.DATE, title=Text(zh="核销日期", en="Cancelled on")
        ),
    ),
)
