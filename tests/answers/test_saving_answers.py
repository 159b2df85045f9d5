"""An answer under a name: a collection with the rows of the question, and the account of its asking."""

import json
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from geoservice.answers import saved_answer, saved_answers
from geoservice.answers.comparison import CHANGE, CHANGES
from geoservice.answers.layer import ROW_ID
from geoservice.answers.rows import named_uuid
from geoservice.description.collection import Collection, Field, FieldType, GeometryType
from geoservice.domain.facilities import facilities
from geoservice.errors import (
    AlreadyExists,
    BadParameter,
    MissingParameter,
    NotOwnAnswer,
    TooLarge,
    UnknownAnswer,
    UnknownCollection,
    UnknownParameter,
    UnknownProperty,
)
from geoservice.languages import Text
from geoservice.questions import all_questions, asking
from geoservice.questions.asking import today
from geoservice.regions import region
from geoservice.store import publishing
from geoservice.store.encoding import feature_text
from geoservice.store.publishing import withdraw
from geoservice.store.system import answer_accounts, changes, published_collections
from geoservice.store.system import answers as answers_table
from geoservice.store.tables import tables
from tests.answers.conftest import NEAR_SCHOOLS, Answers
from tests.questions.worlds import HERE, asked, place

DNS = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


def features_of(answers: Answers, name: str) -> list[dict[str, Any]]:
    """The features of a layer as its readers get them, with the ids that the question gave them."""
    layer = answers.registry.collection(name)
    table = tables().current(layer)
    names = [field.name for field in layer.fields]
    rows = feature_text(table, names, geometry="geom" if layer.geometry else None)
    found = [json.loads(row.feature) for row in answers.database.rows(rows)]
    for each in found:
        each["id"] = each["properties"].pop(ROW_ID.name)
    return sorted(found, key=lambda each: each["id"])


def question_features(answers: Answers, question: str, **given: object) -> list[dict[str, Any]]:
    found = asked(answers.database, question, **given).features
    return sorted(found, key=lambda each: each["id"])


def test_a_layer_has_the_rows_of_the_answer(answers: Answers, world: Any) -> None:
    world.site()
    for distance_m in (100, 200, 499, 600):
        world.school(place(distance_m))
    saved = answers.save("near_schools", distance_m=500)
    expected = question_features(answers, NEAR_SCHOOLS, distance_m=500)
    assert saved.row_count == len(expected) == 3
    assert features_of(answers, "near_schools") == expected


def test_a_row_whose_features_touch_is_kept_as_the_question_shows_it(
    answers: Answers, world: Any
) -> None:
    world.site()
    world.school(HERE)
    answers.save("touching")
    (feature,) = features_of(answers, "touching")
    assert feature["geometry"]["coordinates"] == [[113.75, 23], [113.75, 23]]
    assert [feature] == question_features(answers, NEAR_SCHOOLS)


@pytest.mark.parametrize(
    ("question", "given"),
    [
        ("remediation_sites_near_schools", {"by": "sites"}),
        ("nearest_facilities", {"k": 2}),
        ("hazard_counts", {}),
        ("near", {"this": "hazard_sites", "that": "facilities", "distance_m": 500}),
        ("check", {"geometry": "POINT(113.75 23)"}),
    ],
)
def test_answers_of_every_shape_are_kept(
    answers: Answers, world: Any, question: str, given: dict[str, object]
) -> None:
    world.site()
    world.school(place(100))
    world.school(None)
    expected = question_features(answers, question, **given)
    assert expected
    answers.save("kept", question, **given)
    assert features_of(answers, "kept") == expected


def test_an_answer_without_geometry_is_a_layer_without_geometry(
    answers: Answers, world: Any
) -> None:
    world.site()
    answers.save("counts", "hazard_counts")
    assert answers.registry.collection("counts").geometry is None


def test_an_answer_without_rows_is_an_empty_layer(answers: Answers) -> None:
    saved = answers.save("nothing")
    assert (saved.row_count, answers.rows("nothing")) == (0, [])
    assert answers.refresh("nothing").change_id is None


@pytest.mark.parametrize("question", all_questions(region()), ids=lambda each: each.description.id)
def test_no_question_has_a_column_that_a_layer_cannot_have(question: Any) -> None:
    names = {column.name for column in question.description.columns}
    assert not names & {ROW_ID.name, CHANGE, CHANGES, "geom", "uid", "id"}
    for column in question.description.columns:
        digits = (38, 2) if column.type is FieldType.DECIMAL else None
        Field(name=column.name, type=column.type, title=column.title, digits=digits)


def test_what_was_asked_is_kept_with_every_default(answers: Answers, world: Any) -> None:
    world.site()
    world.school(place(100))
    saved = answers.save("near_schools", distance_m="400", town="")
    day = today(answers.region).isoformat()
    assert saved.given == {"distance_m": "400", "town": ""}
    assert saved.parameters["distance_m"] == 400
    assert saved.parameters["as_of"] == day
    assert saved.parameters["metric"] == "geodesic"
    assert saved.parameters["by"] == "pairs"
    assert not {"limit", "cursor"} & {*saved.parameters}
    head = asked(answers.database, NEAR_SCHOOLS, distance_m=400).answer.head("en")
    account = saved.account(answers.region).head("en")
    changing = ("known_at", "parameters", "numberReturned")
    assert account.keys() == head.keys() - {"numberReturned"}
    for name in head.keys() - {*changing}:
        assert account[name] == head[name], name
    assert saved.saved_by == "saver"
    assert saved.refreshed_at is None
    assert saved_answers(answers.database) == [saved]


def test_a_layer_tells_what_it_answers(answers: Answers, world: Any) -> None:
    world.site()
    version = answers.database.scalar(sa.select(sa.func.max(changes.c.id)))
    answers.save("near_schools", as_of="2024-02-29")
    layer = answers.registry.collection("near_schools")
    assert layer.title.en == "Remediation sites near schools (2024-02-29)"
    assert layer.title.zh.endswith("（2024-02-29）")
    assert layer.subject == Text(zh="已存回答", en="Saved answers")
    for part in (NEAR_SCHOOLS, "distance_m=500", f"remediation_projects {version}", "geodesic"):
        assert part in layer.description.zh
        assert part in layer.description.en
    assert not layer.editable
    answers.save("titled", title="重点学校")
    assert answers.registry.collection("titled").title == Text(zh="重点学校", en="重点学校")


def test_rows_figures_and_version_are_of_one_state_of_the_data(
    answers: Answers, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.site()
    world.school(place(100))
    before = answers.database.scalar(sa.select(sa.func.max(changes.c.id)))
    read_versions = asking._data_versions
    committed = []

    def read_after_an_edit(*arguments: Any) -> Any:
        committed.append(world.school(place(200)))  # between the rows and the version of the data
        return read_versions(*arguments)

    monkeypatch.setattr(asking, "_data_versions", read_after_an_edit)
    saved = answers.save("near_schools")
    monkeypatch.undo()
    assert len(committed) == 1
    assert saved.row_count == saved.counts["pairs"] == 1
    assert saved.data_version["facilities"] == before
    assert answers.refresh("near_schools").entered == 1


def test_as_many_rows_as_allowed_are_saved_and_not_one_more(answers: Answers, world: Any) -> None:
    world.site()
    for distance_m in (100, 200, 300):
        world.school(place(distance_m))
    few = replace(answers, most_rows=3)
    assert few.save("three").row_count == 3
    world.school(place(400))
    for too_many in (lambda: few.save("four"), lambda: few.refresh("three")):
        with pytest.raises(TooLarge, match="max_answer_rows"):
            too_many()
    answers.registry.refresh()
    assert "four" not in answers.registry.catalog
    assert answers.database.scalar(sa.select(sa.func.to_regclass("published.four"))) is None
    assert len(answers.rows("three")) == 3


@pytest.mark.parametrize("paging", ["limit", "cursor"])
def test_an_answer_has_no_pages(answers: Answers, paging: str) -> None:
    with pytest.raises(UnknownParameter, match=paging):
        answers.save("some", **{paging: "1"})


@pytest.mark.parametrize("name", ["", "Near", "1st", "a-b", "a" * 45, 'x"; DROP', "近"])
def test_a_name_is_that_of_a_collection(answers: Answers, name: str) -> None:
    with pytest.raises(BadParameter, match="name"):
        answers.save(name)
    assert answers.save("a" * 44).name == "a" * 44


def test_a_name_that_is_taken_is_refused(answers: Answers, world: Any) -> None:
    answers.save("mine")
    with answers.database.ownership() as connection:
        publishing.create(connection, vaults())
    for save in (answers.save, answers.replace):
        for name in ("hazard_sites", "vaults", "vaults_history", "mine_history"):
            with pytest.raises(AlreadyExists, match=name):
                save(name)
    with pytest.raises(AlreadyExists, match="mine"):
        answers.save("mine")


def test_a_replaced_answer_is_saved_anew(answers: Answers, world: Any) -> None:
    world.site()
    world.school(place(100))
    answers.save("mine")
    again = answers.replace("mine", by="sites")
    assert (again.row_count, again.given) == (1, {"by": "sites"})
    assert "facility_count" in answers.registry.collection("mine").by_name
    assert answers.column("mine", "facility_count") == [1]
    with pytest.raises(NotOwnAnswer):
        answers.by("another").replace("mine")
    assert answers.by("root", is_admin=True).replace("mine").saved_by == "root"


@pytest.mark.parametrize("way", ["remove", "withdraw"])
def test_nothing_remains_of_an_answer_that_is_taken_away(answers: Answers, way: str) -> None:
    answers.save("mine")
    if way == "remove":
        answers.remove("mine")
    else:
        withdraw(answers.database, answers.registry, "mine")
    assert saved_answers(answers.database) == []
    for table in (answers_table, answer_accounts, published_collections):
        assert answers.database.rows(sa.select(table)) == []
    with pytest.raises(UnknownAnswer, match="mine"):
        saved_answer(answers.database, "mine")
    with pytest.raises(UnknownCollection):
        answers.registry.collection("mine")
    answers.save("mine")


def test_only_who_saved_it_or_an_administrator_removes_or_refreshes(answers: Answers) -> None:
    answers.save("mine")
    for forbidden in (answers.by("another").remove, answers.by("another").refresh):
        with pytest.raises(NotOwnAnswer, match="mine"):
            forbidden("mine")
    assert answers.by("root", is_admin=True).refresh("mine").change_id is None
    answers.by("root", is_admin=True).remove("mine")


def test_a_question_asked_wrongly_saves_nothing(answers: Answers) -> None:
    with pytest.raises(MissingParameter, match="this"):
        answers.save("wrong", "near")
    assert saved_answers(answers.database) == []


def test_a_private_field_cannot_be_reached_through_an_answer(
    answers: Answers, add: Any, world: Any
) -> None:
    with answers.database.ownership() as connection:
        publishing.create(connection, vaults())
    answers.registry.refresh()
    add(vaults(), name="north", keeper="Zaphod", geom="POINT(113.75 23)")
    world.school(place(100))
    sides = {"this": "vaults", "that": "facilities", "distance_m": 500}
    with pytest.raises(UnknownProperty, match="keeper"):
        answers.save("kept", "near", this_filter="keeper = 'Zaphod'", **sides)
    answers.save("kept", "near", **sides)
    assert len(answers.rows("kept")) == 1
    assert "Zaphod" not in str(features_of(answers, "kept"))


def test_an_answer_about_a_saved_answer_is_saved(answers: Answers, world: Any) -> None:
    world.site()
    world.school(place(100))
    answers.save("near_schools")
    sides = {"this": "near_schools", "that": facilities.id, "distance_m": 500}
    assert answers.save("second", "near", **sides).row_count == 1


def test_the_id_of_a_row_is_that_of_the_standard(database: Any) -> None:
    # RFC 9562, appendix B.2
    statement = sa.select(named_uuid(DNS, sa.literal("www.example.com", sa.Text)))
    assert str(database.scalar(statement)) == "5c146b14-3c52-8afd-938a-375d0df1fbf6"


def vaults() -> Collection:
    return Collection(
        id="vaults",
        title=Text(zh="库房", en="Vaults"),
        description=Text(zh="测试", en="Test"),
        geometry=GeometryType.POINT,
        published=True,
        label="name",
        fields=(
            Field(name="name", type=FieldType.TEXT, title=Text(zh="名称", en="Name")),
            Field(name="keeper", type=FieldType.TEXT, title=Text(zh="人", en="Who"), private=True),
        ),
    )


def test_a_day_that_was_given_stands_in_the_account(answers: Answers) -> None:
    saved = answers.save("then", as_of=date(2020, 1, 1).isoformat())
    assert saved.parameters["as_of"] == saved.given["as_of"] == "2020-01-01"
