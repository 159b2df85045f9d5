"""What entered, what left and what changed between two saved answers, or since an instant."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from geoservice.answers.rows import differs
from geoservice.errors import (
    BadCursor,
    BadParameter,
    MissingParameter,
    NotComparable,
    UnknownAnswer,
)
from geoservice.store.database import Database
from tests.answers.conftest import Answers
from tests.answers.test_refreshing_answers import move
from tests.questions.worlds import place


def features(comparison: Any) -> list[dict[str, Any]]:
    return json.loads(f"[{comparison.features}]")


def told(comparison: Any) -> set[tuple[str, str]]:
    """(what happened, name of the school) of each row."""
    rows = (each["properties"] for each in features(comparison))
    return {(row["change"], row["facility_name"]) for row in rows}


def test_two_answers_are_compared_both_ways(answers: Answers, world: Any) -> None:
    world.site()
    for distance_m in (100, 200, 300):
        world.school(place(distance_m))  # school 3, 4, 5
    answers.save("within_250", distance_m=250)
    answers.save("within_350", distance_m=350)
    wider = answers.compare("within_350", "within_250")
    assert wider.counts == {"entered": 1, "left": 0, "changed": 0, "unchanged": 2}
    assert told(wider) == {("entered", "school 5")}
    assert wider.parameters == {"distance_m": (250.0, 350.0)}
    assert (wider.old.name, wider.new.name) == ("within_250", "within_350")
    narrower = answers.compare("within_250", "within_350")
    assert narrower.counts == {"entered": 0, "left": 1, "changed": 0, "unchanged": 2}
    assert told(narrower) == {("left", "school 5")}
    assert narrower.parameters == {"distance_m": (350.0, 250.0)}
    (feature,) = features(narrower)
    assert feature["properties"]["distance_m"] == pytest.approx(300, abs=1e-6)
    assert feature["geometry"]["type"] == "LineString"
    same = answers.compare("within_250", "within_250")
    assert same.counts == {"entered": 0, "left": 0, "changed": 0, "unchanged": 2}
    assert (same.features, same.parameters) == ("", {})


def test_an_answer_is_compared_with_itself_at_an_earlier_instant(
    answers: Answers, world: Any
) -> None:
    world.site()
    nears, leaves = world.school(place(200)), world.school(place(300))  # school 3, 4
    world.school(place(100))
    saved = answers.save("near_schools")
    move(answers.database, nears, 150)
    move(answers.database, leaves, 900)
    world.school(place(400))  # school 6
    refreshed = answers.refresh("near_schools").answer
    since = answers.compare("near_schools", known_at=saved.at)
    assert since.counts == {"entered": 1, "left": 1, "changed": 1, "unchanged": 1}
    assert told(since) == {("entered", "school 6"), ("left", "school 4"), ("changed", "school 3")}
    kinds = [each["properties"]["change"] for each in features(since)]
    assert kinds == ["entered", "left", "changed"]
    (changed,) = (each for each in features(since) if each["properties"]["change"] == "changed")
    pairs = changed["properties"]["changes"]
    assert list(pairs) == ["distance_m", "point_distance_m", "geometry"]
    assert pairs["distance_m"] == [pytest.approx(200, abs=1e-6), pytest.approx(150, abs=1e-6)]
    old_line, new_line = pairs["geometry"]
    assert old_line["coordinates"][1] == pytest.approx(place(200), abs=1e-7)
    assert new_line == changed["geometry"]
    assert (since.old.data_version, since.new.data_version) == (
        saved.data_version, refreshed.data_version,
    )  # fmt: skip
    nothing = answers.compare("near_schools", known_at=refreshed.at)
    assert nothing.counts == {"entered": 0, "left": 0, "changed": 0, "unchanged": 3}


def test_an_answer_without_geometry_is_compared(answers: Answers, world: Any) -> None:
    world.site()
    saved = answers.save("counts", "hazard_counts")
    assert saved.row_count > 0
    world.site()
    done = answers.refresh("counts")
    since = answers.compare("counts", known_at=saved.at)
    assert since.counts["changed"] == done.changed > 0
    for each in features(since):
        assert each["geometry"] is None
        assert each["properties"]["changes"]


def test_answers_to_different_questions_are_not_compared(answers: Answers, world: Any) -> None:
    answers.save("near_schools")
    answers.save("counts", "hazard_counts")
    answers.save("by_site", by="sites")
    with pytest.raises(NotComparable, match=r"counts.*near_schools"):
        answers.compare("counts", "near_schools")
    with pytest.raises(NotComparable, match=r"by_site.*near_schools"):
        answers.compare("by_site", "near_schools")
    with pytest.raises(UnknownAnswer, match="hazard_sites"):
        answers.compare("counts", "hazard_sites")


def test_a_comparison_needs_one_other_side(answers: Answers) -> None:
    saved = answers.save("mine")
    with pytest.raises(MissingParameter, match="with"):
        answers.compare("mine")
    with pytest.raises(BadParameter, match="known_at"):
        answers.compare("mine", "mine", known_at=saved.at)
    before = saved.saved_at - timedelta(microseconds=1)
    with pytest.raises(BadParameter, match="known_at"):
        answers.compare("mine", known_at=before)
    at_once = answers.compare("mine", known_at=saved.saved_at)
    assert at_once.counts["unchanged"] == 0


def test_pages_hold_every_difference_once_in_one_order(answers: Answers, world: Any) -> None:
    world.site()
    for distance_m in range(10, 80, 10):
        world.school(place(distance_m))
    answers.save("few", distance_m=5)
    answers.save("all", distance_m=100)
    whole = features(answers.compare("all", "few"))
    assert len(whole) == 7
    for limit in (1, 3, 6, 7, 8):
        found: list[Any] = []
        cursor = None
        while True:
            page = answers.compare("all", "few", limit=limit, cursor=cursor)
            assert page.counts["entered"] == 7
            assert page.returned == len(features(page)) <= limit
            found += features(page)
            cursor = page.next_cursor
            if cursor is None:
                break
        assert found == whole


def test_a_page_token_belongs_to_one_state_of_one_comparison(answers: Answers, world: Any) -> None:
    world.site()
    for distance_m in (10, 20):
        world.school(place(distance_m))
    answers.save("few", distance_m=5)
    answers.save("all", distance_m=100)
    cursor = answers.compare("all", "few", limit=1).next_cursor
    assert cursor is not None
    assert answers.compare("all", "few", limit=1, cursor=cursor).returned == 1
    with pytest.raises(BadCursor):
        answers.compare("few", "all", limit=1, cursor=cursor)
    answers.refresh("few")
    for wrong in (cursor, "", "AAAA", "W10=", "é"):
        with pytest.raises(BadCursor):
            answers.compare("all", "few", limit=1, cursor=wrong)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (0.0, 1e-6, False),
        (0.0, 1.01e-6, True),
        (-1e-6, 0.0, False),
        (1.0, 1.0 + 0.9e-6, False),
        (1.0, 1.0 - 1.1e-6, True),
        (1e9, 1e9 + 999, False),
        (1e9, 1e9 + 1001, True),
        (None, 0.0, True),
        (0.0, None, True),
        (None, None, False),
    ],
)
def test_numbers_differ_beyond_the_tolerance(
    database: Database, old: float | None, new: float | None, expected: bool
) -> None:
    values = (sa.cast(each, sa.Double) for each in (old, new))
    assert database.scalar(sa.select(differs(*values))) is expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [("a", "a", False), ("a", "b", True), ("", None, True), (None, None, False)],
)
def test_other_values_differ_when_they_are_not_the_same(
    database: Database, old: str | None, new: str | None, expected: bool
) -> None:
    values = (sa.cast(each, sa.Text) for each in (old, new))
    assert database.scalar(sa.select(differs(*values))) is expected


def test_an_instant_to_come_is_now(answers: Answers) -> None:
    answers.save("mine")
    later = answers.compare("mine", known_at=datetime(2999, 1, 1, tzinfo=UTC))
    assert later.old == later.new
