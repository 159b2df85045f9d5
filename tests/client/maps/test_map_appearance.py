"""Classes and symbols: no row without a class, legends that say what was done, no colour alone."""

import pandas as pd
import pytest

from geoservice.client.maps import appearance
from geoservice.client.maps.appearance import QUALITATIVE, SEQUENTIAL, by_style, by_values

LEGEND = {
    "field": "kind",
    "field_title": "种类",
    "classes": [
        {
            "code": code,
            "title": title,
            "fill": fill,
            "fill_opacity": 1,
            "stroke": "#000000",
            "stroke_width_mm": 0.2,
            "dash_mm": [],
            "shape": shape,
            "size_mm": 4,
        }
        for code, title, fill, shape in (
            ("a", "甲", "#0072b2", "square"),
            ("b", "乙", "#e69f00", "triangle"),
            (None, "其他", "#bbbbbb", "cross"),
        )
    ],
}


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [part / 255 for part in bytes.fromhex(colour[1:])]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_style_gives_each_row_the_class_of_its_code_and_all_others_the_last():
    frame = pd.DataFrame({"kind": pd.Series(["b", "a", "x", None, "b"], dtype="string")})
    looks = by_style(frame, LEGEND)
    assert looks.title == "种类"
    assert looks.class_of.tolist() == [1, 0, 2, 2, 1]
    assert [(each.title, each.count) for each in looks.classes] == [
        ("甲", 1),
        ("乙", 2),
        ("其他", 2),
    ]
    assert [each.symbol.shape for each in looks.classes] == ["square", "triangle", "cross"]


def test_a_style_without_its_field_in_the_frame_says_nothing():
    assert by_style(pd.DataFrame({"name": ["x"]}), LEGEND) is None


def test_a_style_without_classes_is_one_symbol():
    plain = LEGEND | {"field": None, "field_title": None, "classes": LEGEND["classes"][-1:]}
    looks = by_style(pd.DataFrame({"name": ["x", "y"]}), plain)
    assert looks.title is None
    assert looks.class_of.tolist() == [0, 0]


def test_codes_have_their_meanings_in_their_order_and_no_value_is_no_data():
    values = pd.Series(["late", "early", None, "late"], dtype="string")
    titles = {"early": "早", "middle": "中", "late": "晚"}
    looks = by_values(values, "阶段", titles, "point", "zh")
    assert [(each.title, each.count) for each in looks.classes] == [
        ("早", 1),
        ("晚", 2),
        ("没有数据", 1),
    ]
    assert looks.class_of.tolist() == [1, 0, 2, 1]


def test_a_value_that_the_list_of_codes_lacks_is_shown_as_it_is_after_the_known_ones():
    looks = by_values(pd.Series(["?", "a"]), "x", {"a": "甲"}, "area", "zh")
    assert [each.title for each in looks.present] == ["甲", "?"]


@pytest.mark.parametrize(("values", "shown"), [(7, 7), (8, 7)])
def test_seven_values_have_their_own_class_and_of_more_the_rarest_share_one(values, shown):
    column = pd.Series([f"v{n}" for n in range(values) for _ in range(n + 1)])
    looks = by_values(column, "x", {}, "point", "en")
    assert len(looks.present) == shown
    assert sum(each.count for each in looks.classes) == len(column)
    if values == 8:
        # v0 and v1 are the two rarest, with one row and two.
        assert (looks.present[-1].title, looks.present[-1].count) == ("other (2 values)", 3)


def test_numbers_are_five_classes_with_as_many_rows_each_and_the_stated_bounds():
    looks = by_values(pd.Series(range(1, 101)), "m", {}, "point", "en")
    # Quantiles of 1 … 100 by linear interpolation: 1, 20.8, 40.6, 60.4, 80.2, 100.
    assert [each.title for each in looks.present] == [
        "1 – 20.8",
        "> 20.8 – 40.6",
        "> 40.6 – 60.4",
        "> 60.4 – 80.2",
        "> 80.2 – 100",
    ]
    assert [each.count for each in looks.present] == [20] * 5
    assert looks.title == "m (about as many in each class)"


def test_a_bound_belongs_to_the_class_below_it():
    looks = by_values(pd.Series([0.0, 10, 20, 30, 40, 50]), "m", {}, "line", "en")
    assert looks.present[0].title == "0 – 10"
    assert looks.class_of.tolist() == [0, 0, 1, 2, 3, 4]


def test_rows_are_in_the_class_that_the_rounded_bounds_say():
    # The quantiles are 1.00004, 2.00004, …; the legend says 1 and 2, so 2.00003 is above 2.
    values = pd.Series([1.00004, 2.00004, 3.00004, 4.00004, 5.00004, 6.00004])
    looks = by_values(values, "m", {}, "point", "en")
    assert looks.present[0].title == "1 – 2"
    assert looks.class_of.tolist() == [0, 1, 2, 3, 4, 4]


@pytest.mark.parametrize("numbers", [[7.0], [7.0, 7.0, 7.0]])
def test_one_number_is_one_class(numbers):
    looks = by_values(pd.Series(numbers), "m", {}, "point", "en")
    assert [(each.title, each.count) for each in looks.present] == [("7", len(numbers))]
    assert looks.title == "m"


@pytest.mark.parametrize("dtype", ["float64", "Int64", "string", "boolean"])
def test_a_column_without_any_value_is_all_no_data(dtype):
    looks = by_values(pd.Series([None, None], dtype=dtype), "m", {}, "point", "en")
    assert [(each.title, each.count) for each in looks.present] == [("no data", 2)]


@pytest.mark.parametrize("dtype", ["float64", "Int64", "string", "boolean"])
def test_no_rows_are_no_classes(dtype):
    looks = by_values(pd.Series([], dtype=dtype), "m", {}, "area", "zh")
    assert looks.present == []
    assert looks.class_of.tolist() == []


def test_an_unknown_number_is_no_data_and_never_in_the_lowest_class():
    looks = by_values(pd.Series([1, None, 3], dtype="Int64"), "m", {}, "point", "en")
    assert looks.classes[looks.class_of[1]].title == "no data"


def test_truths_are_spoken():
    looks = by_values(pd.Series([True, False, None], dtype="boolean"), "x", {}, "point", "zh")
    assert [each.title for each in looks.present] == ["是", "否", "没有数据"]


@pytest.mark.parametrize("kind", ["point", "line", "area", "mixed"])
def test_classes_of_codes_differ_in_shape_as_well_as_in_colour(kind):
    looks = by_values(pd.Series([f"v{n}" for n in range(7)]), "x", {}, kind, "en")
    assert len({each.symbol.shape for each in looks.present}) == 7
    dots = [appearance.as_dot(each.symbol, kind) for each in looks.present]
    assert len({(dot.fill, dot.shape) for dot in dots}) == 7


def test_steps_of_numbers_are_darker_and_larger_the_more():
    shades = [luminance(colour) for colour in SEQUENTIAL]
    assert shades == sorted(shades, reverse=True)
    looks = by_values(pd.Series(range(100)), "m", {}, "point", "en")
    sizes = [each.symbol.size_mm for each in looks.present]
    assert sizes == sorted(set(sizes))


def test_lines_of_classes_stand_out_from_the_land():
    # 1.4.11 of WCAG 2.2 wants 3; the palest colours keep 1.9 and are told by dash or width as well.
    land = luminance("#fbfaf6") + 0.05
    for colour in (*QUALITATIVE[:-1], *SEQUENTIAL):
        assert land / (luminance(colour) + 0.05) > 1.9, colour
