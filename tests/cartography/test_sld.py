"""SLD 1.1: the elements in the order of the schema, sizes in pixels of 0.28 mm, all in the language."""

from dataclasses import replace

import pytest
from lxml import etree
from styled import ALL, areas, ledger, roads, sketches, stations

from geoservice.cartography.sld import sld
from geoservice.catalog import built_in_collections

SPACES = {
    "sld": "http://www.opengis.net/sld",
    "se": "http://www.opengis.net/se",
    "ogc": "http://www.opengis.net/ogc",
}
DRAWN = [each for each in (*built_in_collections(), *ALL) if each.geometry]

# The order of children in the schemas of OGC 05-077r4 and 05-078r4, as far as they are written.
ORDER = {
    "StyledLayerDescriptor": ["NamedLayer"],
    "NamedLayer": ["Name", "UserStyle"],
    "UserStyle": ["Name", "Description", "IsDefault", "FeatureTypeStyle"],
    "FeatureTypeStyle": ["FeatureTypeName", "Rule"],
    "Rule": [
        *("Name", "Description", "Filter"),
        *("MinScaleDenominator", "MaxScaleDenominator"),
        *("LineSymbolizer", "PolygonSymbolizer", "PointSymbolizer", "TextSymbolizer"),
    ],
    "Description": ["Title", "Abstract"],
    "PointSymbolizer": ["Graphic"],
    "Graphic": ["Mark", "Size", "Rotation"],
    "Mark": ["WellKnownName", "Fill", "Stroke"],
    "PolygonSymbolizer": ["Fill", "Stroke"],
    "LineSymbolizer": ["Stroke"],
    "TextSymbolizer": ["Label", "Font", "Halo", "Fill"],
    "Halo": ["Radius", "Fill"],
    "PropertyIsEqualTo": ["PropertyName", "Literal"],
}


def parsed(collection, language="zh"):
    return etree.fromstring(sld(collection, language))


def found(tree, path: str) -> list[str]:
    return tree.xpath(path, namespaces=SPACES)


@pytest.mark.parametrize("collection", DRAWN, ids=lambda each: each.id)
def test_children_stand_in_the_order_of_the_schema(collection):
    for parent in parsed(collection).iter():
        names = [etree.QName(child).localname for child in parent]
        order = ORDER.get(etree.QName(parent).localname)
        if order is not None:
            assert names == sorted(names, key=order.index)


@pytest.mark.parametrize("collection", DRAWN, ids=lambda each: each.id)
def test_every_rule_draws_something_with_a_mark_of_the_standard(collection):
    tree = parsed(collection)
    for rule in found(tree, "//se:Rule"):
        assert any(etree.QName(child).localname.endswith("Symbolizer") for child in rule)
    standard = {"square", "circle", "triangle", "star", "cross", "x"}
    assert {*found(tree, "//se:WellKnownName/text()")} <= standard


def test_the_layer_is_named_as_in_wfs_and_titled_in_the_language():
    for language, title in (("zh", "stations层"), ("en", "stations layer")):
        tree = parsed(stations, language)
        assert found(tree, "//sld:NamedLayer/se:Name/text()") == ["gs:stations"]
        assert found(tree, "//sld:UserStyle/se:Description/se:Title/text()") == [title]
        assert tree.nsmap["gs"] == "urn:geoservice:collections"
        assert tree.get("version") == "1.1.0"


def test_a_class_is_a_rule_with_its_code_and_what_it_means():
    rules = found(parsed(stations), "//se:Rule[ogc:Filter/ogc:PropertyIsEqualTo]")
    seen = [
        (
            found(rule, "string(se:Description/se:Title)"),
            found(rule, "string(.//ogc:PropertyName)"),
            found(rule, "string(.//ogc:Literal)"),
        )
        for rule in rules
    ]
    assert seen == [("红", "colour", "r"), ("怪的", "colour", "o'x")]


def test_what_is_in_no_class_or_has_no_code_is_drawn_by_a_rule_of_its_own():
    rule = found(parsed(stations), "//se:Rule[se:Name='other']")[0]
    assert found(rule, "string(se:Description/se:Title)") == "其他"
    assert found(rule, "ogc:Filter/ogc:Or/ogc:PropertyIsNull/ogc:PropertyName/text()") == ["colour"]
    codes = "ogc:Filter/ogc:Or/ogc:Not/ogc:Or/ogc:PropertyIsEqualTo/ogc:Literal/text()"
    assert found(rule, codes) == ["r", "o'x"]


def test_one_class_alone_is_negated_without_an_or():
    classification = replace(
        stations.style.classification, classes=stations.style.classification.classes[:1]
    )
    one = replace(stations, style=replace(stations.style, classification=classification))
    rule = found(parsed(one), "//se:Rule[se:Name='other']")[0]
    assert len(found(rule, "ogc:Filter/ogc:Or/ogc:Not/ogc:PropertyIsEqualTo")) == 1


def test_sizes_are_pixels_of_28_hundredths_of_a_millimetre():
    tree = parsed(stations)
    assert found(tree, "//se:Size/text()") == ["10", "10.71", "10"]  # 2.8, 3 and 2.8 mm
    widths = found(tree, "//se:SvgParameter[@name='stroke-width']/text()")
    assert widths == ["0.71", "2", "0.71"]  # 0.2, 0.56 and 0.2 mm
    dashes = found(parsed(roads), "//se:SvgParameter[@name='stroke-dasharray']/text()")
    assert dashes == ["10 5"]  # 2.8 and 1.4 mm


def test_a_diamond_is_a_square_turned_by_45_degrees():
    graphic = found(parsed(stations), "(//se:Graphic)[1]")[0]
    assert found(graphic, "string(.//se:WellKnownName)") == "square"
    assert found(graphic, "string(se:Rotation)") == "45"


def test_the_rules_have_the_scales_of_the_layer_and_labels_their_own():
    tree = parsed(stations)
    assert {*found(tree, "//se:MinScaleDenominator/text()")} == {"500"}
    furthest = found(tree, "//se:MaxScaleDenominator/text()")
    assert furthest == ["200000", "200000", "200000", "10000"]
    label = found(tree, "//se:Rule[se:TextSymbolizer]")[0]
    assert found(label, "se:MaxScaleDenominator/text()") == ["10000"]
    assert found(label, ".//se:Label/ogc:PropertyName/text()") == ["name"]


def test_a_layer_without_a_style_of_its_own_is_drawn_by_its_geometry():
    area = parsed(areas)
    assert found(area, "//se:PolygonSymbolizer//se:SvgParameter[@name='fill']/text()") == [
        "#0072b2"
    ]
    assert found(area, "//se:SvgParameter[@name='fill-opacity']/text()") == ["0.25"]
    assert len(found(parsed(sketches), "//se:LineSymbolizer | //se:PointSymbolizer")) == 2


def test_a_character_that_xml_does_not_have_is_shown_as_such():
    text = found(parsed(areas), "string(//se:Abstract)")
    assert text == "<测试> & \ufffd"


def test_a_table_has_nothing_to_draw():
    with pytest.raises(ValueError, match="ledger"):
        sld(ledger, "zh")


def test_the_same_style_is_the_same_bytes():
    assert sld(stations, "en") == sld(stations, "en")
