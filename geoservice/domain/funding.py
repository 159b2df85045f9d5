"""Funding of remediation: what was planned, secured, committed and paid, entry by entry.

A sum is only ever taken within one kind: the kinds are stages that the same money passes, so adding
them would count it up to four times.
"""

from geoservice.description.collection import (
    FEN,
    Collection,
    Field,
    FieldType,
    Period,
    Reference,
    Source,
)
from geoservice.domain.code_lists import FUNDING_KIND
from geoservice.domain.register_fields import DOCUMENT_NO, NOTE
from geoservice.languages import Text

funding_entries = Collection(
    id="funding_entries",
    title=Text(zh="资金台账分录", en="Funding entries"),
    description=Text(
        zh="治理计划的资金，一笔一行，金额为整数分。计划、落实、合同、支付是同一笔钱的先后阶段，"
        "只能分别合计，不可相加。更正以负数分录记入，不改写原分录。项目与灾害点均为空表示尚未分配。",
        en="The money of a remediation programme, one amount a row, in whole fen. Planned, secured, "
        "committed and paid are stages of the same money: each is summed by itself, and they are never "
        "added. A correction is a negative entry; the earlier one stays. An entry without project and "
        "without site is not allocated.",
    ),
    key=("entry_no",),
    period=Period("booked_on"),
    source=Source(Text(zh="市自然资源局 治理资金台账", en="The bureau's ledger of funding")),
    subject=Text(zh="治理资金", en="Funding"),
    fields=(
        Field(
            name="entry_no",
            type=FieldType.TEXT,
            title=Text(zh="分录编号", en="Entry number"),
            nullable=False,
            max_length=60,
            aliases=("分录编号", "凭证号"),
        ),
        Field(
            name="programme",
            type=FieldType.UUID,
            title=Text(zh="治理计划", en="Programme"),
            nullable=False,
            refers_to=Reference("remediation_programmes"),
            aliases=("programme_no", "计划编号"),
        ),
        Field(
            name="project",
            type=FieldType.UUID,
            title=Text(zh="治理项目", en="Project"),
            refers_to=Reference("remediation_projects"),
            aliases=("project_no", "项目编号"),
        ),
        Field(
            name="hazard_site",
            type=FieldType.UUID,
            title=Text(zh="灾害点", en="Hazard site"),
            refers_to=Reference("hazard_sites"),
            aliases=("site_no", "统一编号"),
        ),
        Field(
            name="kind",
            type=FieldType.TEXT,
            title=Text(zh="资金阶段", en="Stage of the money"),
            nullable=False,
            codes=FUNDING_KIND,
            aliases=("资金阶段",),
        ),
        Field(
            name="amount_fen",
            type=FieldType.LONG,
            title=Text(zh="金额", en="Amount"),
            description=Text(
                zh="整数分；负数更正先前的分录",
                en="Whole fen; a negative amount corrects an earlier entry",
            ),
            unit=FEN,
            nullable=False,
        ),
        Field(
            name="booked_on",
            type=FieldType.DATE,
            title=Text(zh="记账日期", en="Booked on"),
            nullable=False,
            aliases=("记账日期",),
        ),
        Field(
            name="funding_source",
            type=FieldType.TEXT,
            title=Text(zh="资金来源", en="Source of the money"),
            max_length=200,
            aliases=("资金来源",),
        ),
        DOCUMENT_NO,
        NOTE,
    ),
)
