"""Saving answers, refreshing and comparing them, from the client."""

from datetime import UTC, datetime

import pandas as pd
import pytest
import shapely

from geoservice.client import Client, SavedAnswer, errors

QUESTION, DAY = "remediation_sites_near_schools", "2021-06-25"


@pytest.fixture
def analyst(connect_as) -> Client:
    return Client(connect_as("analyst"))


@pytest.fixture
def saved(analyst):
    """Saves an answer under a name, and takes it away afterwards."""
    made: list[SavedAnswer] = []

    def save(name: str, **parameters: object) -> SavedAnswer:
        given = {"as_of": DAY, **parameters}
        made.append(analyst.ask(QUESTION, **given).save(name, reason="a test"))
        return made[-1]

    yield save
    for each in made:
        each.remove()


def test_a_saved_answer_is_a_layer_with_its_account(analyst, city, saved):
    answer = analyst.ask(QUESTION, as_of=DAY)
    layer = saved("client_layer")
    frame = city["client_layer"].to_gdf()
    assert set(frame["row_id"]) == set(answer.gdf.index)
    assert layer.account["counts"] == dict(answer.counts)
    assert dict(layer.given) == {"as_of": DAY}
    assert layer.question == QUESTION
    assert layer.where(certainty="certain").count() == 33
    assert city.answers["client_layer"].id in list(city.answers)
    assert city.answers.to_frame().loc["client_layer", "rows"] == 47


def test_a_title_may_be_given(analyst):
    layer = analyst.ask("hazard_counts", as_of=DAY).save("client_titled", title="各镇街")
    try:
        assert layer.title == "各镇街"
    finally:
        layer.remove()
    assert "client_titled" not in analyst.answers


def test_a_name_that_is_taken_is_refused_unless_it_is_to_be_replaced(analyst, saved):
    saved("client_taken")
    narrower = analyst.ask(QUESTION, as_of=DAY, distance_m=300)
    with pytest.raises(errors.AlreadyExists, match="client_taken"):
        narrower.save("client_taken")
    assert len(analyst["client_taken"].to_gdf()) == 47
    narrower.save("client_taken", replace=True)
    assert len(analyst["client_taken"].to_gdf()) == len(narrower)


def test_an_unknown_answer_is_refused_with_the_nearest(analyst, saved):
    saved("client_nearest")
    with pytest.raises(errors.UnknownAnswer) as refusal:
        analyst.answers["client_nearst"]
    assert refusal.value.nearest == ["client_nearest"]
    assert analyst.answers.get("client_nearst") is None


def test_saving_without_a_key_says_what_to_do(city):
    with pytest.raises(errors.Unauthenticated, match=r"login\(\).*GEOSERVICE_KEY"):
        city.ask("hazard_counts").save("client_nobody")


def test_a_comparison_tells_what_entered_left_and_changed(analyst, saved):
    wide, narrow = saved("client_wide"), saved("client_narrow", distance_m=300)
    rows = {each.id: each.to_gdf().set_index("row_id") for each in (wide, narrow)}
    both = rows[wide.id].index.intersection(rows[narrow.id].index)
    certainties = [rows[each.id].loc[both, "certainty"] for each in (wide, narrow)]
    comparison = wide.compare(narrow)
    assert comparison.counts == {
        "entered": len(rows[wide.id]) - len(both),
        "left": len(rows[narrow.id]) - len(both),
        "changed": int((certainties[0] != certainties[1]).sum()),
        "unchanged": int((certainties[0] == certainties[1]).sum()),
    }
    assert comparison.parameters == {"distance_m": (300, 500)}
    changed = comparison.gdf[comparison.gdf["change"] == "changed"]
    for _, row in changed.iterrows():
        assert row["changes"]["certainty"] == ("possible", "certain")
    entered = comparison.gdf[comparison.gdf["change"] == "entered"]
    assert set(entered["row_id"]) == set(rows[wide.id].index) - set(both)
    assert comparison.gdf.dtypes["distance_m"] == "float64"
    assert "300 → 500" in comparison._repr_html_()
    backwards = narrow.compare("client_wide").counts
    assert backwards["left"] == comparison.counts["entered"]


def test_equal_answers_compare_to_an_empty_frame_with_the_same_columns(saved):
    one, other = saved("client_one"), saved("client_other")
    comparison = one.compare(other)
    assert comparison.counts == {"entered": 0, "left": 0, "changed": 0, "unchanged": 47}
    assert len(comparison.gdf) == 0
    assert list(comparison.gdf)[:2] == ["change", "changes"]
    assert comparison.gdf.dtypes["distance_m"] == "float64"


def test_what_cannot_be_compared_is_refused(analyst, saved):
    layer = saved("client_alone")
    other = analyst.ask("hazard_counts", as_of=DAY).save("client_counts")
    try:
        with pytest.raises(errors.NotComparable):
            layer.compare(other)
    finally:
        other.remove()
    with pytest.raises(errors.BadParameter):
        layer.compare()
    with pytest.raises(errors.BadParameter):
        layer.compare("client_alone", known_at=datetime.now(UTC))
    with pytest.raises(errors.BadDatetime):
        layer.compare(known_at="2021-06-25")
    with pytest.raises(errors.UnknownAnswer):
        layer.compare("client_nothing")
    with pytest.raises(errors.BadParameter):
        layer.compare(known_at="2021-06-25T00:00:00Z")


def test_a_refresh_tells_what_has_changed_since(connect_as, saved):
    layer = saved("client_refreshed")
    assert layer.refresh() == {"change": None, "entered": 0, "left": 0, "changed": 0}
    before = pd.Timestamp.now("UTC")
    schools = Client(connect_as("editor"))["facilities"]
    with schools.edit(reason="a test") as edit:
        edit.insert(
            {"facility_no": "CLIENT-SAVED-1", "name": "客户端测试小学", "kind": "primary_school"},
            status="operating",
            opened_on="2020-09-01",
            geometry=shapely.Point(113.7125, 22.8480),
        )
    try:
        done = layer.refresh(reason="a new school")
        since = layer.compare(known_at=before)
    finally:
        with schools.edit() as removal:
            removal.delete(edit.change.features["id"].iloc[0])
    assert done["entered"] == since.counts["entered"] > 0
    assert set(since.gdf["facility_no"]) == {"CLIENT-SAVED-1"}
    assert layer.refresh()["left"] == done["entered"]


def test_only_whoever_saved_it_refreshes_it(connect_as, saved):
    saved("client_owned")
    with pytest.raises(errors.Forbidden):
        Client(connect_as("editor")).answers["client_owned"].refresh()
