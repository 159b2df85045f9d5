"""What a report says beside its rows, in both languages."""

from datetime import UTC, datetime

import pytest

from geoservice import __version__
from geoservice.catalog import Catalog
from geoservice.regions import region
from geoservice.reports.report import Report, report
from tests.reports.answers import NAME, account

GENERATED = datetime(2021, 10, 8, 8, 0, tzinfo=UTC)


def told(language: str, *, synthetic: tuple[str, ...] = (), **changes: object) -> Report:
    return report(
        account(**changes),
        given=("distance_m", "kinds"),
        columns=(NAME,),
        row_count=12,
        catalog=Catalog(),
        change_times={7: datetime(2021, 9, 30, 9, 0, tzinfo=UTC)},
        synthetic=synthetic,
        region=region(),
        language=language,
        generated_at=GENERATED,
    )


def test_parameters_are_told_by_their_titles_and_defaults_are_marked():
    found = {each.name: each for each in told("zh").parameters}
    assert (found["distance_m"].title, found["distance_m"].value) == ("距离", "500 m")
    assert found["kinds"].value == "学校 (school)、诊所 (clinic)"
    assert found["layer"].value == "公共服务设施 (facilities)"
    assert (found["town"].value, found["town"].is_default) == ("全部", True)
    assert not found["distance_m"].is_default
    assert "limit" not in found  # a report has every row
    in_english = {each.name: each.value for each in told("en").parameters}
    assert in_english["kinds"] == "School (school), Clinic (clinic)"
    assert in_english["town"] == "all"


def test_a_parameter_kept_as_json_is_told_the_same():
    kept = {"distance_m": 500.0, "kinds": ["school"], "town": None, "as_of": "2021-06-25"}
    found = {each.name: each.value for each in told("en", values=kept).parameters}
    assert found["kinds"] == "School (school)"
    assert found["as_of"] == "2021-06-25"
    assert found["layer"] == "not given"


def test_figures_have_titles_units_and_what_is_not_known_is_said():
    found = {each.name: (each.title, each.value) for each in told("zh").figures}
    assert found["pairs"] == ("对", "12")
    assert found["excluded.cancelled"] == ("未计入：已核销", "未知")
    assert found["paid_fen"] == ("支付资金", "840,400.00 元 = 84.04 万元")
    in_english = {each.name: each.value for each in told("en").figures}
    assert in_english["excluded.cancelled"] == "unknown"


def test_a_decimal_figure_kept_as_text_is_a_quantity():
    (figure,) = told("en", counts={"paid_fen": "1000000"}).figures
    assert figure.value == "10,000.00 yuan = 1.00 × 10,000 yuan"


def test_what_is_least_known_comes_first_and_is_never_reassuring():
    facilities, towns = told("en").coverage
    assert (facilities.status, facilities.is_reassuring) == ("no data", False)
    assert (towns.status, towns.is_reassuring) == ("complete", True)
    (issue,) = told("zh").issues
    assert (issue.subject, issue.status, issue.text) == ("late", "3", "三处补报")


def test_the_days_and_instants_are_those_of_the_region():
    found = told("zh")
    assert found.as_of == "2021-06-25"
    assert found.known_at == "2021-10-01 00:30:00 UTC+08:00"
    assert found.generated_at == "2021-10-08 16:00:00 UTC+08:00"
    assert found.program == f"geoservice {__version__}"


def test_the_version_of_the_data_has_the_time_of_its_change():
    changed, unchanged = told("zh", data_version={"facilities": 7, "towns": 0}).data_version
    assert (changed.title, changed.change, changed.at) == (
        "公共服务设施",
        7,
        "2021-09-30 17:00:00 UTC+08:00",
    )
    assert (unchanged.change, unchanged.at) == (0, "")


def test_a_layer_that_is_gone_is_told_by_its_id():
    assert told("zh", data_version={"gone": 1}).data_version[0].title == "gone"


def test_sources_are_those_of_the_question_and_of_what_it_consulted():
    found = told("zh", data_version={"towns": 0, "villages": 0}).sources
    assert found[0] == "GB 22021-2008"
    assert found[1] == "镇街与园区、村与社区：国家统计局 统计用区划代码"


@pytest.mark.parametrize(("language", "word"), [("zh", "合成演示数据"), ("en", "SYNTHETIC")])
def test_synthetic_data_is_called_so(language, word):
    assert word in str(told(language, synthetic=("facilities",)).synthetic)
    assert told(language, synthetic=("hazard_sites",)).synthetic is None
