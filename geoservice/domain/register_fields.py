"""Fields that many registers word alike: where a thing is, since when, by which document.

Written once so that they are called, described and found in files alike. No subject is known here.
"""

from geoservice.description.collection import Field, FieldType, Reference
from geoservice.languages import Text

TOWN_CODE = Field(
    name="town_code",
    type=FieldType.TEXT,
    title=Text(zh="所在镇街代码", en="Town code"),
    description=Text(zh="9 位统计用区划代码", en="9 digits"),
    max_length=12,
    refers_to=Reference("towns", "code"),
    aliases=("镇街代码", "town_code9", "XZQDM"),
)

VILLAGE_CODE = Field(
    name="village_code",
    type=FieldType.TEXT,
    title=Text(zh="所在村代码", en="Village code"),
    description=Text(zh="12 位统计用区划代码", en="12 digits"),
    max_length=12,
    refers_to=Reference("villages", "code"),
    aliases=("村代码", "village_code12"),
)

VALIDITY: tuple[Field, ...] = (
    Field(name="valid_from", type=FieldType.DATE, title=Text(zh="启用日期", en="Valid from")),
    Field(
        name="valid_to", type=FieldType.DATE, title=Text(zh="停用日期", en="Valid to (exclusive)")
    ),
)

DOCUMENT_NO = Field(
    name="document_no",
    type=FieldType.TEXT,
    title=Text(zh="文号", en="Document number"),
    max_length=200,
    aliases=("文号", "批复文号", "批文号"),
)

NOTE = Field(
    name="note",
    type=FieldType.TEXT,
    title=Text(zh="备注", en="Note"),
    max_length=1000,
    aliases=("备注", "BZ"),
)
