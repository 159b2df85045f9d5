"""A style is data: it refuses what cannot be drawn, and comes back from storage as it went in."""

import json
from dataclasses import replace

import pytest

from geoservice.catalog import built_in_collections
from geoservice.description.style import Classification, Label, Shape, Style, Symbol, SymbolClass
from geoservice.domain.hazards import hazard_sites
from geoservice.languages import Text
from geoservice.store.publishing import from_json, to_json

WRITTEN_OUT = Style(
    symbol=Symbol(fill="#56b4e9", fill_opacity=0.5, dash_mm=(4, 1), shape=Shape.STAR, size_mm=2.5),
    classification=Classification(
        field="type_code",
        classes=(
            SymbolClass(code="01", symbol=Symbol(), title=Text(zh="滑坡", en="landslide")),
            SymbolClass(code="02", symbol=Symbol()),
        ),
    ),
    label=Label(field="name", max_scale_denominator=5000, size_pt=7.5),
    min_scale_denominator=100,
    max_scale_denominator=50_000,
)


@pytest.mark.parametrize("collection", built_in_collections(), ids=lambda each: each.id)
def test_a_description_comes_back_from_storage_with_its_style(collection):
    assert from_json(json.loads(json.dumps(to_json(collection)))) == collection


def test_every_part_of_a_style_comes_back_from_storage():
    styled = replace(hazard_sites, style=WRITTEN_OUT)
    assert from_json(json.loads(json.dumps(to_json(styled)))).style == WRITTEN_OUT


def test_a_description_stored_before_there_were_styles_has_none():
    stored = to_json(hazard_sites)
    assert isinstance(stored, dict)
    older = {name: value for name, value in stored.items() if name not in ("style", "subject")}
    assert from_json(older) == replace(hazard_sites, style=None, subject=None)


@pytest.mark.parametrize("colour", ["red", "#fff", "#FF0000", "#ff00000", "ff0000", ""])
def test_a_colour_is_six_hexadecimal_digits(colour):
    with pytest.raises(ValueError, match="colour"):
        Symbol(stroke=colour)


@pytest.mark.parametrize("opacity", [-0.01, 1.01])
def test_an_opacity_beyond_its_bounds_is_refused(opacity):
    with pytest.raises(ValueError, match="opacity"):
        Symbol(fill="#000000", fill_opacity=opacity)


@pytest.mark.parametrize("opacity", [0, 1])
def test_an_opacity_at_its_bounds_is_taken(opacity):
    assert Symbol(fill="#000000", fill_opacity=opacity).fill_opacity == opacity


def test_a_dash_without_a_gap_is_refused():
    with pytest.raises(ValueError, match="gap"):
        Symbol(dash_mm=(4,))


def test_a_code_has_one_class():
    twice = (SymbolClass(code="a", symbol=Symbol()), SymbolClass(code="a", symbol=Symbol()))
    with pytest.raises(ValueError, match="own code"):
        Classification(field="type_code", classes=twice)


def test_a_classification_has_classes():
    with pytest.raises(ValueError, match="classes"):
        Classification(field="type_code", classes=())


@pytest.mark.parametrize(("nearest", "furthest"), [(1000, 1000), (1001, 1000)])
def test_a_range_of_scales_that_holds_nothing_is_refused(nearest, furthest):
    with pytest.raises(ValueError, match="empty"):
        Style(symbol=Symbol(), min_scale_denominator=nearest, max_scale_denominator=furthest)


@pytest.mark.parametrize(
    "style",
    [
        Style(symbol=Symbol(), label=Label(field="no_such_field")),
        Style(
            symbol=Symbol(),
            classification=Classification(
                field="no_such_field", classes=(SymbolClass(code="a", symbol=Symbol()),)
            ),
        ),
    ],
)
def test_a_style_names_fields_of_its_collection(style):
    with pytest.raises(ValueError, match="no_such_field"):
        replace(hazard_sites, style=style)


def test_a_class_of_a_built_in_collection_has_a_title_or_a_code_of_the_fields_list():
    for collection in built_in_collections():
        classified = collection.style.classification if collection.style else None
        for each in classified.classes if classified else ():
            codes = collection.by_name[classified.field].codes
            assert each.title is not None or (codes is not None and each.code in codes)
