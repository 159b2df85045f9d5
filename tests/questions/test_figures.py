"""Every figure of every question has a name in both languages."""

import pytest

from geoservice.questions import all_questions
from geoservice.questions.asking import planned
from geoservice.questions.figures import figure_title
from geoservice.regions import region

ASKED = {
    "near": {"this": "hazard_sites", "that": "facilities", "distance_m": "500"},
    "nearest": {"this": "hazard_sites", "that": "facilities"},
    "check": {"geometry": "113.8,22.9"},
    "hazard_stock_flow": {"from": "2021-06-25", "to": "2022-07-31"},
}


@pytest.mark.parametrize("question", all_questions(region()), ids=lambda each: each.description.id)
def test_every_figure_is_named(question, registry):
    given = ASKED.get(question.description.id, {})
    _, plan = planned(question, given, registry=registry, region=region())
    names = [column.name for statement in plan.figures for column in statement.selected_columns]
    assert names
    for name in names:
        title = figure_title(name)
        assert title.zh
        assert title.en


def test_a_path_is_named_by_its_parts():
    assert figure_title("excluded.cancelled").en == "left out: cancelled"
    assert figure_title("unknown.sites_without_position").zh == "未知：没有位置的灾害点"


def test_a_figure_that_was_never_named_is_noticed():
    with pytest.raises(KeyError):
        figure_title("excluded.forgotten")
