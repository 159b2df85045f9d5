"""Livelihood projects (我为群众办实事): what was promised to residents, and how far it is.

The announcement of 2021 counts seven projects and names only their fields, so a project may stand
here without a name; none is made up.
"""

from geoservice.description.collection import (
    Collection,
    Field,
    FieldType,
    InOrder,
    Source,
)
from geoservice.domain.code_lists import LIVELIHOOD_FIELD, WORK_STATUS
from geoservice.languages import Text

livelihood_projects = Collection(
    id="livelihood_projects",
    title=Text(zh="民生项目", en="Livelihood projects"),
    description=Text(
        zh="“我为群众办实事”重点民生项目。名称、领域、状态未提供时为空，不作推测；空不等于“未开展”。",
        en="The priority projects for residents. A name, field or state that was not supplied is empty "
        "and never guessed; empty does not mean that nothing is done.",
    ),
    key=("project_no",),
    rules=(InOrder("scheduled_from", "scheduled_to"),),
    source=Source(
        Text(
            zh="市自然资源局 “我为群众办实事”工作台账",
            en="The bureau's ledger of work for residents",
        )
    ),
    subject=Text(zh="民生项目", en="Livelihood projects"),
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
            description=Text(zh="提供之前为空", en="Empty until it is supplied"),
            max_length=200,
            aliases=("项目名称",),
        ),
        Field(
            name="field",
            type=FieldType.TEXT,
            title=Text(zh="领域", en="Field of work"),
            codes=LIVELIHOOD_FIELD,
            aliases=("领域",),
        ),
        Field(
            name="responsible_org",
            type=FieldType.TEXT,
            title=Text(zh="责任单位", en="Responsible organization"),
            max_length=200,
            aliases=("责任单位",),
        ),
        Field(
            name="status",
            type=FieldType.TEXT,
            title=Text(zh="状态", en="State"),
            codes=WORK_STATUS,
            aliases=("状态",),
        ),
        Field(
            name="scheduled_from",
            type=FieldType.DATE,
            title=Text(zh="计划开始日期", en="Scheduled from"),
        ),
        Field(
            name="scheduled_to",
            type=FieldType.DATE,
            title=Text(zh="计划完成日期", en="Scheduled to"),
        ),
        Field(
            name="source_note",
            type=FieldType.TEXT,
            title=Text(zh="来源说明", en="Note on the source"),
            max_length=1000,
        ),
    ),
)
