"""Coverage statements: for which area and time a register is known to be complete.

Without one, an empty answer says nothing: “no site found” and “nobody has looked” read alike.
"""

from dataclasses import replace

from geoservice.description.collection import (
    Collection,
    Field,
    FieldType,
    GeometryType,
    InOrder,
    Period,
    Source,
)
from geoservice.description.style import (
    BLACK,
    BLUISH_GREEN,
    GREY,
    VERMILLION,
    YELLOW,
    Classification,
    Style,
    Symbol,
    SymbolClass,
)
from geoservice.domain.code_lists import COVERAGE_STATUS
from geoservice.domain.register_fields import NOTE, TOWN_CODE, VALIDITY
from geoservice.languages import Text

_BY_STATUS = Style(
    symbol=Symbol(fill=GREY, fill_opacity=0.3),
    classification=Classification(
        field="status",
        classes=tuple(
            SymbolClass(code=code, symbol=Symbol(fill=fill, fill_opacity=0.3))
            for code, fill in (
                ("complete", BLUISH_GREEN),
                ("partial", YELLOW),
                ("none", VERMILLION),
                ("unknown", BLACK),
            )
        ),
    ),
)

coverage_statements = Collection(
    id="coverage_statements",
    title=Text(zh="数据完整性声明", en="Coverage statements"),
    description=Text(
        zh="某图层在某范围、某时段内是否完整。给出镇街代码时范围为该镇街；否则为图形；两者皆无则为全域。"
        "没有声明的地方，查不到不等于没有。",
        en="Whether a collection is complete in an area and a time. The area is the town if one is named, "
        "else the shape, else the whole region. Where nothing is stated, nothing found does not mean that "
        "there is nothing.",
    ),
    geometry=GeometryType.MULTI_POLYGON,
    key=("statement_no",),
    period=Period("valid_from", "valid_to"),
    rules=(InOrder("valid_from", "valid_to"),),
    source=Source(Text(zh="各数据提供单位的声明", en="Statements of those who supply the data")),
    subject=Text(zh="数据完整性", en="Completeness of data"),
    style=_BY_STATUS,
    fields=(
        Field(
            name="statement_no",
            type=FieldType.TEXT,
            title=Text(zh="声明编号", en="Statement number"),
            nullable=False,
            max_length=60,
            aliases=("声明编号",),
        ),
        Field(
            name="dataset",
            type=FieldType.TEXT,
            title=Text(zh="图层", en="Collection"),
            description=Text(zh="图层的标识", en="The id of a collection"),
            nullable=False,
            max_length=48,
        ),
        Field(
            name="status",
            type=FieldType.TEXT,
            title=Text(zh="完整性", en="Completeness"),
            nullable=False,
            codes=COVERAGE_STATUS,
        ),
        TOWN_CODE,
        *(replace(VALIDITY[0], nullable=False), VALIDITY[1]),
        Field(
            name="stated_by",
            type=FieldType.TEXT,
            title=Text(zh="声明单位", en="Stated by"),
            max_length=200,
        ),
        NOTE,
    ),
)
