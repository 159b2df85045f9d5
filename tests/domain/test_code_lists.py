"""Code lists: unique, in two languages, with their source; and never a code without its set."""

import pytest

from geoservice.catalog import built_in_collections
from geoservice.description.code_list import CodeList, code_list
from geoservice.description.collection import CodePair
from geoservice.domain import code_lists as module
from geoservice.domain.code_lists import (
    ALL_CODE_LISTS,
    FACILITY_KIND,
    LAND_USE_2023,
    LAND_USE_GBT21010,
    SCHOOL_KINDS,
)
from geoservice.languages import Text


def is_chinese(text: str) -> bool:
    return any("一" <= character <= "鿿" for character in text)


def test_the_lists_are_all_that_are_declared_and_no_two_have_one_id():
    declared = [value for value in vars(module).values() if isinstance(value, CodeList)]
    assert {codes.id for codes in declared} == {codes.id for codes in ALL_CODE_LISTS}
    assert len({codes.id for codes in ALL_CODE_LISTS}) == len(ALL_CODE_LISTS)


def test_every_list_that_a_collection_uses_is_among_them():
    for collection in built_in_collections():
        for field in collection.fields:
            assert field.codes is None or field.codes in ALL_CODE_LISTS
        for rule in collection.rules:
            if isinstance(rule, CodePair):
                assert set(rule.lists) <= set(ALL_CODE_LISTS)


@pytest.mark.parametrize("codes", ALL_CODE_LISTS, ids=lambda codes: codes.id)
def test_every_code_has_a_chinese_and_an_english_title_and_a_source(codes: CodeList):
    assert codes.source
    for title in (codes.title, *(code.title for code in codes)):
        assert is_chinese(title.zh), title
        assert title.en, title
        assert not is_chinese(title.en), title


@pytest.mark.parametrize("codes", ALL_CODE_LISTS, ids=lambda codes: codes.id)
def test_no_code_and_no_title_appears_twice_and_every_parent_is_in_the_list(codes: CodeList):
    assert len({code.code for code in codes}) == len(codes.codes)
    assert len({code.title.zh for code in codes}) == len(codes.codes)
    assert {code.parent for code in codes} - {None} <= set(codes.by_code)


@pytest.mark.parametrize(
    ("code", "guide", "standard"),
    [
        ("0601", "农村道路", "工业用地"),
        ("0702", "城镇社区服务设施用地", "农村宅基地"),
        ("0803", "文化用地", "教育用地"),
        ("0804", "教育用地", "科研用地"),
        ("0805", "体育用地", "医疗卫生用地"),
        ("0806", "医疗卫生用地", "社会福利用地"),
        ("0807", "社会福利用地", "文化设施用地"),
        ("1201", "铁路用地", "空闲地"),
        ("1207", "城镇村道路用地", "裸岩石砾地"),
    ],
)
def test_the_same_digits_are_other_land_in_the_guide_and_in_the_standard(code, guide, standard):
    assert LAND_USE_2023.by_code[code].title.zh == guide
    assert LAND_USE_GBT21010.by_code[code].title.zh == standard


def test_0804_of_the_standard_never_reads_as_education():
    assert "教育" not in LAND_USE_GBT21010.by_code["0804"].title.zh
    assert "education" not in LAND_USE_GBT21010.by_code["0804"].title.en


@pytest.mark.parametrize(
    "code", [code for code in LAND_USE_2023 if code.parent], ids=lambda code: code.code
)
def test_a_land_use_lies_under_the_code_it_begins_with(code):
    assert code.parent == code.code[:-2]


def test_the_guide_does_not_tell_primary_from_secondary_schools():
    assert LAND_USE_2023.by_code["080403"].title.zh == "中小学用地"
    assert "080403" not in {code.parent for code in LAND_USE_2023}


def test_schools_are_kinds_of_education_below_university():
    assert {FACILITY_KIND.by_code[kind].parent for kind in SCHOOL_KINDS} == {"education"}
    assert {"university", "vocational_school"}.isdisjoint(SCHOOL_KINDS)


def test_a_code_that_appears_twice_is_refused():
    with pytest.raises(ValueError, match="appears twice"):
        code_list("x", Text(zh="表", en="x"), "source", "1 | 甲 | a\n1 | 乙 | b")


def test_a_list_is_read_from_lines():
    codes = code_list("x", Text(zh="表", en="x"), "source", "\n 1 | 甲 | a\n\n 11 | 乙 | b | 1 \n")
    assert [(c.code, c.title.zh, c.title.en, c.parent) for c in codes] == [
        ("1", "甲", "a", None),
        ("11", "乙", "b", "1"),
    ]
    assert "1" in codes
    assert "2" not in codes
