"""What the service refuses becomes a typed error that says what would be right."""

import pickle

import pytest

from geoservice import errors as service_errors
from geoservice.client import errors
from geoservice.client.errors import Problem, error_of, nearest_names
from geoservice.doors.http.problems import INTERNAL_CODE, STATUSES, status_of


def _kinds(root):
    yield root
    for branch in root.__subclasses__():
        yield from _kinds(branch)


_REFUSALS = {
    kind.code: status_of(kind.__new__(kind))
    for kind in _kinds(service_errors.GeoserviceError)
    if "code" in vars(kind) and kind is not service_errors.GeoserviceError
} | {INTERNAL_CODE: 500}

_FAMILIES = {
    400: errors.BadRequest, 401: errors.Unauthenticated, 403: errors.Forbidden, 404: errors.NotFound,
    405: errors.BadRequest, 406: errors.BadRequest, 409: errors.Conflict, 412: errors.ChangedMeanwhile,
    413: errors.TooLarge, 414: errors.TooLarge, 415: errors.Malformed, 422: errors.Rejected,
    423: errors.Locked, 428: errors.Conflict, 429: errors.TooManyAttempts, 500: errors.ServiceFault,
    503: errors.Unavailable,
}  # fmt: skip


@pytest.mark.parametrize(("code", "status"), sorted(_REFUSALS.items()))
def test_every_code_of_the_service_has_a_class_that_fits_its_status(code, status):
    error = error_of(Problem("t", "d", code, status), "en")
    assert code in type(error).codes
    assert isinstance(error, _FAMILIES[status])


def test_every_status_of_the_service_has_a_family():
    assert set(STATUSES.values()) == _FAMILIES.keys()


def test_no_code_belongs_to_two_classes():
    codes = [code for kind in _kinds(errors.GeoserviceError) for code in kind.codes]
    assert len(codes) == len(set(codes))


def test_every_class_names_codes_of_its_own():
    for kind in _kinds(errors.GeoserviceError):
        assert "codes" in vars(kind), kind


def test_a_code_that_is_new_to_us_is_typed_by_its_status():
    assert type(error_of(Problem("t", "d", "new", 404), "en")) is errors.NotFound
    assert type(error_of(Problem("t", "d", "new", 418), "en")) is errors.BadRequest
    assert type(error_of(Problem("t", "d", "new", 503), "en")) is errors.Unavailable
    assert type(error_of(Problem("t", "d", "new", 599), "en")) is errors.ServiceFault


def test_a_refused_name_is_told_with_the_nearest_valid_ones(connection, connect_as):
    with pytest.raises(errors.UnknownCollection) as zh:
        connection.json("/collections/hazard_site")
    with pytest.raises(errors.UnknownCollection) as en:
        connect_as(language="en").json("/collections/hazard_site")
    assert zh.value.nearest[0] == "hazard_sites"
    assert zh.value.parts["value"] == "hazard_site"
    assert zh.value.status == 404
    assert zh.value.code == "unknown-collection"
    assert len(zh.value.request_id) == 32
    assert "没有图层“hazard_site”" in str(zh.value)
    assert "您是否要用：hazard_sites" in str(zh.value)
    assert "There is no collection “hazard_site”" in str(en.value)
    assert "Did you mean hazard_sites" in str(en.value)


def test_a_filter_is_shown_with_a_caret_under_the_mistake(connect_as):
    with pytest.raises(errors.BadFilter) as found:
        connect_as(language="en").json(
            "/collections/hazard_sites/items", {"filter": "name = 'x' AND AND plan_level = '1'"}
        )
    shown = str(found.value).splitlines()
    assert shown[-2] == "  name = 'x' AND AND plan_level = '1'"
    assert shown[-1] == " " * (1 + found.value.position) + "^"


def test_a_caret_stands_under_its_character_behind_chinese_ones():
    problem = Problem("t", "d", "bad-filter", 400, {"position": 8, "filter": "名称 = '虎' 门"})
    # 名, 称 and 虎 are two columns wide each: what stands before the eighth character fills 10 columns.
    assert str(error_of(problem, "zh")).splitlines()[-2:] == [
        "  名称 = '虎' 门",
        "  　　   " + " 　^",
    ]


def test_a_caret_stays_in_its_line_and_near_the_mistake():
    text = "a = 1\nAND " + "b = 2 AND " * 30 + "c = = 3"
    position = text.index("= 3") + 1
    problem = Problem("t", "d", "bad-filter", 400, {"position": position, "filter": text})
    line, caret = str(error_of(problem, "en")).splitlines()[-2:]
    assert len(line) <= 122
    assert line[caret.index("^") :] == "= 3"


@pytest.mark.parametrize("position", [None, 0, -1, "3"])
def test_no_caret_is_shown_where_no_place_is_known(position):
    problem = Problem("t", "d", "bad-filter", 400, {"position": position, "filter": "a = 1"})
    assert "^" not in str(error_of(problem, "en"))


def test_a_mistake_found_here_speaks_both_languages():
    parts = {"collection": "towns", "value": "nmae", "allowed": ["code", "name"]}
    assert str(errors.UnknownProperty("zh", **parts)) == (
        "towns 没有字段“nmae”；可用：code, name。\n您是否要用：name？"
    )
    assert str(errors.UnknownProperty("en", **parts)) == (
        "towns has no field “nmae”; available: code, name.\nDid you mean name?"
    )


def test_too_many_features_names_three_ways_out():
    text = str(errors.TooManyFeatures("en", matched=2_000_000, limit=1_000_000))
    assert all(way in text for way in ("within()", "iter_batches()", "max_features=…"))


def test_an_unknown_parameter_is_found_by_its_name():
    parts = {"parameter": "distnce_m", "allowed": ["distance_m", "facility_kinds"]}
    error = error_of(Problem("t", "d", "unknown-parameter", 400, parts), "en")
    assert error.nearest == ["distance_m"]


def test_nothing_is_near_to_what_is_far_or_no_name():
    assert nearest_names("xyz", ["distance_m"]) == []
    assert nearest_names(17, ["17"]) == []
    assert nearest_names("Distance_M", ["distance_m"]) == ["distance_m"]


def test_errors_survive_another_process():
    problem = Problem("标题", "说明", "changed-meanwhile", 412, {"value": "a", "actual": 3}, "4711")
    for error in (
        error_of(problem, "zh"),
        errors.UnknownProperty("en", collection="c", value="v", allowed=["a"]),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert again.parts == error.parts


def test_a_fault_of_the_service_shows_the_id_by_which_it_is_found():
    assert "4711" in str(error_of(Problem("t", "d", "internal", 500, {}, "4711"), "en"))
    assert "4711" not in str(error_of(Problem("t", "d", "bad-bbox", 400, {}, "4711"), "en"))
