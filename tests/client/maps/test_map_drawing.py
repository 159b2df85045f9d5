"""What a map shows before it is drawn: parts, classes, words, counts, notes, what it refuses."""

import geopandas as gpd
import pandas as pd
import pytest
from map_frames import frame

from geoservice.client import errors, maps
from geoservice.client.maps.drawing import AREA, LINE, POINT, drawing


def test_a_geometry_of_several_kinds_is_parts_of_one_row():
    drawn = drawing(frame("mixed", "point"))
    assert sorted(drawn.dimensions.tolist()) == [POINT, POINT, LINE, AREA]
    assert sorted(drawn.rows.tolist()) == [0, 0, 0, 1]
    assert [each.count for each in drawn.appearance.present] == [2]


def test_features_without_a_position_are_not_drawn_but_told():
    drawn = drawing(frame("point", "none", "empty"))
    assert drawn.rows.tolist() == [0]
    assert drawn.notes[0].startswith("3 个要素 · 其中 2 个没有位置，未画出")
    assert [each.count for each in drawn.appearance.present] == [1]


def test_a_frame_without_rows_is_a_map_without_features():
    drawn = drawing(frame())
    assert len(drawn.geometries) == 0
    assert drawn.notes[0].startswith("0 个要素")
    assert drawn.extent == (73.0, 18.0, 135.0, 54.0)


def test_the_notes_say_dates_sources_and_that_data_is_synthetic():
    assert drawing(frame("point")).notes == (
        "1 个要素 · 截至 2021-06-25 · 按 2021-07-01 00:30 UTC 时所知",
        "来源：某局 · CC BY 4.0",
        "合成演示数据，不得用于土地或安全决策。",
    )


def test_data_that_is_not_synthetic_is_not_called_so():
    assert not any("合成" in note for note in drawing(frame("point", synthetic=False)).notes)


def test_coordinates_in_a_plane_become_longitude_and_latitude():
    drawn = drawing(frame("point").to_crs(4547))
    (found,) = drawn.geometries
    assert (found.x, found.y) == (pytest.approx(113.75, abs=1e-7), pytest.approx(23.05, abs=1e-7))


def test_a_single_point_is_shown_with_its_surroundings():
    west, south, east, north = drawing(frame("point")).extent
    assert (east - west, north - south) == (pytest.approx(0.01), pytest.approx(0.01))
    assert (west + east) / 2 == pytest.approx(113.75)


def test_words_have_titles_with_units():
    words = drawing(frame("point", "line")).words
    assert list(words.columns) == ["名称", "高（m）"]
    assert words["高（m）"].tolist() == ["0", "1"]


def test_the_class_is_told_in_words_too():
    words = drawing(frame("point", "line"), color="name", tooltip=["height"]).words
    assert list(words.columns) == ["图例", "高（m）"]
    assert words["图例"].tolist() == ["<i>point</i>", "<i>line</i>"]


def test_lists_and_truths_are_spoken():
    data = frame("point")
    data["tags"] = [["a", "b"]]
    data["open"] = pd.Series([True], dtype="boolean")
    words = drawing(data, tooltip=["tags", "open"]).words
    assert words.iloc[0].tolist() == ["a、b", "是"]


def test_an_answer_is_coloured_by_its_certainty():
    data = frame("point", "point", "point")
    data["certainty"] = pd.Series(["unknown", "certain", "certain"], dtype="string")
    looks = drawing(data).appearance
    assert [(each.title, each.count) for each in looks.present] == [
        ("确定", 2),
        ("未知：精度未说明", 1),
    ]


@pytest.mark.parametrize("options", [{"color": "nmae"}, {"tooltip": ["height", "nmae"]}])
def test_a_column_that_is_not_there_is_refused_with_the_nearest_name(options):
    with pytest.raises(errors.UnknownProperty) as refused:
        maps.explore(frame("point"), static=True, **options)
    assert refused.value.nearest == ["name"]


def test_data_without_geometry_cannot_be_drawn():
    with pytest.raises(errors.BadGeometry, match="没有位置"):
        drawing(pd.DataFrame({"name": ["x"]}))


def test_a_frame_without_a_crs_is_refused():
    with pytest.raises(errors.BadGeometry, match="set_crs"):
        drawing(frame("point", crs=None))


def test_what_holds_or_gives_a_frame_is_drawn_as_the_frame():
    class Holding:
        gdf: gpd.GeoDataFrame = frame("point")

    class Giving:
        def to_gdf(self) -> gpd.GeoDataFrame:
            return frame("point")

    for source in (Holding(), Giving()):
        assert drawing(source).notes == drawing(frame("point")).notes


def test_a_title_can_be_given():
    assert drawing(frame("point"), title="另一个").title == "另一个"
