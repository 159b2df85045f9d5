"""The collection that shows the code lists, written by the store from the declarations."""

from geoservice.description.collection import Collection, Field, FieldType, Source
from geoservice.languages import Text

code_lists = Collection(
    id="code_lists",
    title=Text(zh="代码表", en="Code lists"),
    description=Text(
        zh="各图层所用的代码及含义。同一数字在不同代码表中含义不同，因此代码总与代码表一起给出。",
        en="The codes that the layers use. The same digits mean different things in different sets, "
        "so a code always comes with its set.",
    ),
    key=("code_set", "code"),
    subject=Text(zh="代码", en="Codes"),
    label="name_zh",
    editable=False,
    source=Source(
        Text(zh="各标准原文，见 source 字段", en="The standards named in the field source")
    ),
    fields=(
        Field(
            name="code_set",
            type=FieldType.TEXT,
            title=Text(zh="代码表", en="Code set"),
            nullable=False,
        ),
        Field(
            name="code_set_title_zh",
            type=FieldType.TEXT,
            title=Text(zh="代码表名称（中文）", en="Title of the set in Chinese"),
            nullable=False,
        ),
        Field(
            name="code_set_title_en",
            type=FieldType.TEXT,
            title=Text(zh="代码表名称（英文）", en="Title of the set in English"),
            nullable=False,
        ),
        Field(name="code", type=FieldType.TEXT, title=Text(zh="代码", en="Code"), nullable=False),
        Field(
            name="name_zh",
            type=FieldType.TEXT,
            title=Text(zh="中文名称", en="Chinese name"),
            nullable=False,
        ),
        Field(
            name="name_en",
            type=FieldType.TEXT,
            title=Text(zh="英文名称", en="English name"),
            nullable=False,
        ),
        Field(name="parent", type=FieldType.TEXT, title=Text(zh="上级代码", en="Parent code")),
        Field(
            name="position",
            type=FieldType.INTEGER,
            title=Text(zh="次序", en="Position"),
            nullable=False,
        ),
        Field(
            name="source", type=FieldType.TEXT, title=Text(zh="依据", en="Source"), nullable=False
        ),
    ),
)
