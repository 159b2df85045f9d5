"""The rules of hazard sites: how a threat is graded, and which gradings and codes never mix."""

from decimal import Decimal

import pytest

from geoservice.description.collection import FieldType
from geoservice.domain.code_lists import (
    HAZARD_TYPE_A,
    HAZARD_TYPE_B,
    MEASURE,
    REGISTER_KIND,
    RISK_LEVEL,
    SIZE_GRADE,
    THREAT_GRADE,
    THREAT_OBJECT,
)
from geoservice.domain.hazards import (
    ThreatGrade,
    hazard_assessments,
    hazard_sites,
    threat_grade,
)
from geoservice.domain.remediation import REMEDIATION_MEASURES


@pytest.mark.parametrize(
    ("people", "assets_wan", "code"),
    [
        (99, "499", "D"),
        (99, "499.99", "D"),
        (0, "0", "D"),
        (100, "10", "C"),  # people decide
        (0, "500", "C"),  # assets decide
        (499, "4999.99", "C"),
        (500, "0", "B"),
        (5, "5000", "B"),
        (999, "9999.99", "B"),
        (1000, "0", "A"),
        (0, "10000", "A"),
    ],
)
def test_the_higher_of_people_and_assets_decides_and_a_bound_counts_as_reached(
    people, assets_wan, code
):
    assert threat_grade(people, Decimal(assets_wan)) == ThreatGrade(code, complete=True)


@pytest.mark.parametrize(
    ("people", "assets_wan", "code"),
    [(None, "300", "D"), (None, "500", "C"), (99, None, "D"), (500, None, "B")],
)
def test_with_one_figure_missing_the_grade_is_a_lower_bound(people, assets_wan, code):
    grade = threat_grade(people, assets_wan and Decimal(assets_wan))
    assert grade == ThreatGrade(code, complete=False)


@pytest.mark.parametrize(("people", "assets_wan"), [(1000, None), (None, Decimal(10_000))])
def test_a_missing_figure_cannot_raise_the_highest_grade(people, assets_wan):
    assert threat_grade(people, assets_wan) == ThreatGrade("A", complete=True)


def test_without_any_figure_there_is_no_grade():
    assert threat_grade(None, None) is None


def test_the_two_tables_of_types_agree_on_the_first_five_and_disagree_on_fissure_and_subsidence():
    first, second = (
        {code.title.zh: code.code for code in codes} for codes in (HAZARD_TYPE_A, HAZARD_TYPE_B)
    )
    shared = ("不稳定斜坡", "滑坡", "崩塌", "泥石流", "地面塌陷")
    assert [first[name] for name in shared] == [second[name] for name in shared]
    assert (first["地裂缝"], second["地裂缝"]) == ("05", "06")
    assert (first["地面沉降"], second["地面沉降"]) == ("06", "07")
    assert HAZARD_TYPE_A.by_code["06"].title != HAZARD_TYPE_B.by_code["06"].title
    assert HAZARD_TYPE_A.by_code["07"].title != HAZARD_TYPE_B.by_code["07"].title
    assert "05" not in HAZARD_TYPE_B


def test_threat_size_and_risk_are_three_columns_with_three_lists():
    lists = {
        name: hazard_assessments.by_name[name].codes
        for name in ("threat_grade_declared", "size_grade", "risk_level")
    }
    assert lists == {
        "threat_grade_declared": THREAT_GRADE,
        "size_grade": SIZE_GRADE,
        "risk_level": RISK_LEVEL,
    }


def test_the_threat_grade_runs_from_a_extra_large_to_d_small():
    assert [(code.code, code.title.zh) for code in THREAT_GRADE] == [
        ("A", "特大型"),
        ("B", "大型"),
        ("C", "中型"),
        ("D", "小型"),
    ]


def test_no_loss_grade_is_mixed_into_assessments_made_before_an_event():
    assert not [name for name in hazard_assessments.by_name if "loss" in name or "death" in name]


def test_a_computed_grade_is_no_column_that_could_overwrite_the_declared_one():
    assert {name for name in hazard_assessments.by_name if "threat_grade" in name} == {
        "threat_grade_declared"
    }


def test_the_two_registers_are_told_apart_in_every_site():
    kind = hazard_sites.by_name["register_kind"]
    assert [code.title.zh for code in REGISTER_KIND] == ["隐患点", "风险点"]
    assert (kind.nullable, kind.default) == (False, None)


def test_a_type_is_stored_with_its_table():
    assert hazard_sites.by_name["type_set"].nullable is False
    assert hazard_sites.by_name["type_code"].nullable is False


def test_a_site_number_is_text_of_any_shape_unique_in_its_scheme():
    number = hazard_sites.by_name["site_no"]
    assert (number.type, number.max_length) == (FieldType.TEXT, 40)
    assert number.codes is None
    assert hazard_sites.key == ("site_no_scheme", "site_no")


def test_works_relocation_and_removal_end_a_threat_and_monitoring_watches_it():
    assert [MEASURE.by_code[code].title.zh for code in REMEDIATION_MEASURES] == [
        "搬迁避让",
        "工程治理",
        "排危除险",
    ]
    watching = set(MEASURE.by_code) - set(REMEDIATION_MEASURES)
    assert {MEASURE.by_code[code].title.zh for code in watching} == {"群测群防", "专业监测"}


def test_a_threatened_school_can_be_declared():
    assert THREAT_OBJECT.by_code["C"].title.zh == "学校"
    assert hazard_assessments.by_name["threat_objects"].many


@pytest.mark.parametrize("collection", [hazard_sites, hazard_assessments], ids=lambda each: each.id)
def test_no_person_is_named(collection):
    words = ("phone", "person", "contact", "monitor", "负责", "电话", "监测人", "责任人")
    for field in collection.fields:
        told = f"{field.name} {field.title.zh} {field.title.en.lower()}"
        assert not [word for word in words if word in told], field.name
