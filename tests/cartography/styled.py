"""Small collections with every kind of geometry, whose styles are known by heart."""

from geoservice.description.code_list import code_list
from geoservice.description.collection import (
    METRE,
    CodePair,
    Collection,
    Field,
    FieldType,
    GeometryType,
    Period,
    Source,
)
from geoservice.description.style import Classification, Label, Shape, Style, Symbol, SymbolClass
from geoservice.languages import Text

COLOURS = code_list(
    "colours", Text(zh="颜色", en="Colours"), "test", "r | 红 | red\nb | 蓝 | blue\no'x | 怪 | odd"
)
SIZES_A = code_list("sizes_a", Text(zh="甲", en="A"), "test", "1 | 小 | small\n2 | 大 | large")
SIZES_B = code_list("sizes_b", Text(zh="乙", en="B"), "test", "1 | 小 | small\n2 | 巨 | huge")


def field(name: str, type: FieldType = FieldType.TEXT, **more: object) -> Field:
    return Field(name=name, type=type, title=Text(zh=f"{name}名", en=f"{name} title"), **more)


def collection(id: str, geometry: GeometryType | None, **more: object) -> Collection:
    return Collection(
        **{
            "id": id,
            "title": Text(zh=f"{id}层", en=f"{id} layer"),
            "description": Text(zh="<测试> & \x01", en="<test> & \x01"),
            "fields": (field("name"),),
            "label": "name",
            "geometry": geometry,
            "published": True,
            **more,
        }
    )


stations = collection(
    "stations",
    GeometryType.POINT,
    fields=(
        field("name"),
        field("colour", codes=COLOURS),
        field("colours", codes=COLOURS, many=True),
        field("size_set"),
        field("size", nullable=False),
        field("height", FieldType.NUMBER, unit=METRE),
        field("built", FieldType.DATE),
        field("closed", FieldType.DATE),
        field("seen", FieldType.DATETIME),
        field("open", FieldType.BOOLEAN),
        field("地块 号"),
        field("outline", FieldType.GEOMETRY, geometry=GeometryType.POLYGON),
        field("secret", private=True),
    ),
    rules=(CodePair("size_set", "size", (SIZES_A, SIZES_B)),),
    period=Period("built", "closed"),
    source=Source(
        Text(zh="来源", en="Source"),
        publisher="局",
        licence="CC BY 4.0",
        url="https://example.org/",
    ),
    style=Style(
        symbol=Symbol(fill="#bbbbbb", shape=Shape.CROSS, size_mm=2.8),
        classification=Classification(
            field="colour",
            classes=(
                SymbolClass(
                    code="r", symbol=Symbol(fill="#d55e00", shape=Shape.DIAMOND, size_mm=2.8)
                ),
                SymbolClass(
                    code="o'x",
                    symbol=Symbol(fill="#0072b2", stroke_width_mm=0.56),
                    title=Text(zh="怪的", en="odd one"),
                ),
            ),
        ),
        label=Label(field="name", max_scale_denominator=10_000, size_pt=8),
        min_scale_denominator=500,
        max_scale_denominator=200_000,
    ),
)
roads = collection(
    "roads",
    GeometryType.MULTI_LINE_STRING,
    style=Style(symbol=Symbol(stroke="#009e73", stroke_width_mm=0.7, dash_mm=(2.8, 1.4))),
)
areas = collection("areas", GeometryType.MULTI_POLYGON)
borders = collection(
    "borders",
    GeometryType.POLYGON,
    style=Style(symbol=Symbol(stroke="#444444", stroke_width_mm=0.5, dash_mm=(4, 1))),
)
sketches = collection("sketches", GeometryType.GEOMETRY)
ledger = collection(
    "ledger",
    None,
    fields=(field("name"), field("colour", codes=COLOURS)),
    style=Style(
        symbol=Symbol(),
        classification=Classification(
            field="colour",
            classes=(
                SymbolClass(code="r", symbol=Symbol(fill="#f0e442")),
                SymbolClass(code="o'x", symbol=Symbol(fill="#0072b2")),
            ),
        ),
    ),
)
ALL = (stations, roads, areas, borders, sketches, ledger)
