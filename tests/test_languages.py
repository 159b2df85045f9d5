"""The choice between the two languages."""

import pytest

from geoservice.languages import Text, as_language, preferred_language


def test_a_text_is_spoken_in_either_language():
    text = Text(zh="东莞", en="Dongguan")
    assert (text.spoken("zh"), text.spoken("en")) == ("东莞", "Dongguan")


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("zh-Hans-CN", "zh"),
        ("zh_CN.UTF-8", "zh"),
        ("EN", "en"),
        (" en-GB ", "en"),
        ("en.UTF-8", "en"),
        ("*", None),
        ("", None),
        ("C.UTF-8", None),
        ("english", None),
        ("de", None),
    ],
)
def test_a_tag_names_a_language_or_none_of_ours(tag, language):
    assert as_language(tag) == language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("de, fr;q=0.9", "zh"),
        ("de, en;q=0.1", "en"),
        ("en;q=0.4, zh;q=0.5", "zh"),
        ("en;q=0.5, zh;q=0.4", "en"),
        ("en, zh", "en"),
        ("zh, en", "zh"),
        ("zh;q=0, en", "en"),
        ("zh;q=0, en;q=0.0", "zh"),
        ("en;q=high, zh;q=0.1", "zh"),
        ("en; q=0.2, zh;q=0.1", "en"),
        (";;;,,,q=1", "zh"),
        ("en;q=nan, zh;q=0.1", "zh"),
        ("x" * 100_000 + ", en", "zh"),
    ],
)
def test_the_best_of_our_languages_is_chosen_from_a_header(header, language):
    assert preferred_language(header) == language
