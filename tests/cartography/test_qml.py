"""QML as it is written: what QGIS makes of it, another test asks QGIS itself."""

import pytest
from lxml import etree
from styled import ALL, areas, borders, ledger, sketches, stations

from geoservice.cartography.appearance import meanings
from geoservice.cartography.qml import qml
from geoservice.catalog import built_in_collections
from geoservice.domain.hazards import hazard_sites


def parsed(collection, language="zh"):
    return etree.fromstring(qml(collection, language))


@pytest.mark.parametrize("collection", [*built_in_collections(), *ALL], ids=lambda each: each.id)
def test_every_collection_has_a_style_in_both_languages(collection):
    kinds = {"Point": "0", "MultiLineString": "1", "Polygon": "2", "MultiPolygon": "2"}
    kinds |= {"Geometry": "3", "None": "4"}
    for language in ("zh", "en"):
        tree = parsed(collection, language)
        assert tree.tag == "qgis"
        assert tree.findtext("layerGeometryType") == kinds[str(collection.geometry)]


def test_classes_are_categories_with_the_titles_of_the_language():
    for language, titles in (("zh", ["红", "怪的", "其他"]), ("en", ["red", "odd one", "other"])):
        renderer = parsed(stations, language).find("renderer-v2")
        assert renderer.get("type") == "categorizedSymbol"
        assert renderer.get("attr") == "colour"
        categories = renderer.findall("categories/category")
        assert [each.get("value") for each in categories] == ["r", "o'x", ""]
        assert [each.get("label") for each in categories] == titles


def test_a_layer_without_classes_has_one_symbol():
    assert parsed(areas).find("renderer-v2").get("type") == "singleSymbol"


def test_mixed_geometry_and_tables_have_no_renderer():
    assert parsed(sketches).find("renderer-v2") is None
    assert parsed(ledger).find("renderer-v2") is None


def test_the_dashed_outline_of_an_area_is_a_line_with_its_pattern():
    layer = parsed(borders).find("renderer-v2/symbols/symbol/layer")
    values = {each.get("name"): each.get("value") for each in layer.findall("Option/Option")}
    assert layer.get("class") == "SimpleLine"
    assert (values["customdash"], values["use_custom_dash"]) == ("4;1", "1")


def test_private_fields_are_not_mentioned():
    assert b"secret" not in qml(stations, "zh")
    assert b"secret" not in qml(stations, "en")


def test_aliases_have_the_unit():
    aliases = {
        language: {
            each.get("field"): each.get("name")
            for each in parsed(stations, language).findall("aliases/alias")
        }
        for language in ("zh", "en")
    }
    assert aliases["zh"]["height"] == "height名（m）"
    assert aliases["en"]["height"] == "height title (m)"
    assert aliases["zh"]["uid"] == "要素编号"
    assert aliases["zh"]["地块 号"] == "地块 号名"


def test_only_the_id_is_closed_to_editing():
    closed = parsed(stations).findall("editable/field")
    assert [(each.get("name"), each.get("editable")) for each in closed] == [("uid", "0")]


def test_a_code_that_two_lists_understand_differently_has_both_meanings():
    found = meanings(stations, stations.by_name["size"])
    assert found["1"].zh == "小"
    assert found["2"].zh == "大（甲）／巨（乙）"
    assert found["2"].en == "large (A) / huge (B)"


def test_06_is_a_subsidence_in_one_list_of_hazards_and_a_fissure_in_the_other():
    found = meanings(hazard_sites, hazard_sites.by_name["type_code"])
    assert found["06"].zh == "地面沉降（灾害类型（甲表））／地裂缝（灾害类型（乙表））"
    assert found["01"].zh == "滑坡"
    assert found["05"].zh == "地裂缝"


def test_the_cells_of_a_table_have_the_colours_of_its_classes_and_legible_text():
    cells = parsed(ledger).findall("conditionalstyles/fieldstyles/fieldstyle/style")
    seen = [
        (each.get("rule"), each.get("background_color"), each.get("text_color")) for each in cells
    ]
    assert seen == [
        ("@value = 'r'", "#f0e442", "#000000"),
        ("@value = 'o''x'", "#0072b2", "#ffffff"),
    ]
