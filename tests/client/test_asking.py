"""Asking: questions as functions, and answers that say the same as the service's documents."""

import datetime
import inspect
import json
import math
from decimal import Decimal

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geoservice.client import Client, errors
from geoservice.client.answers import Answer

DAY = "2021-06-25"
ASKED = [
    ("remediation_sites_near_schools", {"as_of": DAY}),
    ("nearest_facilities", {"as_of": DAY, "k": 1}),
    ("reserves_meeting_hazards", {"as_of": "2026-07-01"}),
    ("hazard_counts", {"as_of": "2022-07-31"}),
    ("hazard_stock_flow", {"from": DAY, "to": "2022-07-31", "by": "events"}),
    ("programme_status", {"as_of": "2021-12-31", "by": "funds"}),
    ("treatment_priority", {"as_of": DAY}),
    ("quota_reservation", {"as_of": "2021-12-31", "rule": "SYN-GZ-2021-YL", "by": "days"}),
    ("quota_parcel_conflicts", {"as_of": "2022-07-31"}),
    ("public_land_progress", {"as_of": "2026-07-01"}),
    ("near", {"this": "hazard_sites", "that": "zones", "distance_m": 500, "as_of": DAY}),
    ("nearest", {"this": "hazard_sites", "that": "zones", "as_of": DAY}),
    ("check", {"geometry": "113.712,22.8477", "as_of": DAY}),
]


@pytest.fixture
def english(connect_as) -> Client:
    return Client(connect_as(language="en"))


@pytest.fixture
def silent(city, monkeypatch) -> Client:
    """A client whose questions are known, and that may ask nothing any more."""

    def refuse(*_args, **_more):
        raise AssertionError("nothing was to be asked")

    list(city.questions)
    for name in ("arrow", "send"):
        monkeypatch.setattr(city.connection, name, refuse)
    return city


def of_json(value):
    """A value of a frame as JSON has it."""
    if isinstance(value, list):
        return value
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat() if value.tzinfo else value.date().isoformat()
    return value.item() if isinstance(value, np.generic) else value


# The same as the documents of the service


@pytest.mark.parametrize(("question", "given"), ASKED, ids=[each for each, _ in ASKED])
def test_rows_and_account_are_those_of_the_document(city, question, given):
    answer = city.ask(question, **given)
    document = city.connection.json(f"/questions/{question}", {**given, "limit": 10_000})
    features = document["features"]
    assert list(answer.gdf.index) == [feature["id"] for feature in features]
    for name in answer.gdf.columns.drop("geometry", errors="ignore"):
        found = [of_json(value) for value in answer.gdf[name]]
        said = [feature["properties"][name] for feature in features]
        assert [each is None for each in found] == [each is None for each in said], name
        pairs = [(own, other) for own, other in zip(found, said, strict=True) if own is not None]
        if pd.api.types.is_float_dtype(answer.gdf[name]):
            # Sums of doubles depend on the order in which the database adds them, by the last digit.
            assert all(math.isclose(own, other, rel_tol=1e-14) for own, other in pairs), name
        elif pd.api.types.is_datetime64_any_dtype(answer.gdf[name]):
            assert all(pd.Timestamp(own) == pd.Timestamp(other) for own, other in pairs), name
        else:
            assert all(own == other for own, other in pairs), name
    if isinstance(answer.gdf, gpd.GeoDataFrame):
        texts = [json.dumps(each["geometry"]) if each["geometry"] else None for each in features]
        shapes = shapely.from_geojson(texts)
        own = answer.gdf.geometry.to_numpy()
        assert (shapely.is_missing(own) == [each["geometry"] is None for each in features]).all()
        # Documents hold seven decimals, frames all.
        same = shapely.equals_exact(own, shapes, tolerance=1e-7)
        assert (same | shapely.is_missing(own)).all()
        assert answer.gdf.crs == "EPSG:4490"
    for name in ("counts", "coverage", "issues", "method", "data_version", "as_of", "title"):
        assert answer.account[name] == document[name]
    assert len(answer) == len(features)


def test_the_published_figures_come_out(city):
    """Counts of datasets/dongguan/README.md: 43 pairs within 500 m, certain 33, possible 11, unknown 3."""
    answer = city.questions.remediation_sites_near_schools(as_of=datetime.date(2021, 6, 25))
    assert answer.counts["pairs_within_distance"] == 43
    assert answer.gdf["certainty"].value_counts().to_dict() == {
        "certain": 33,
        "possible": 11,
        "unknown": 3,
    }
    counted = city.ask("hazard_counts", as_of="2022-07-31", by=["register_kind"]).gdf
    assert dict(zip(counted["register_kind"], counted["sites"], strict=True)) == {
        "hidden_danger": 115,
        "risk_point": 37,
    }


def test_a_word_of_python_gets_an_underscore(city):
    """114 + 9 new + 1 again - 8 cancelled - 1 merged + 1 - 1 = 115."""
    flow = city.questions.hazard_stock_flow(from_=DAY, to="2022-07-31")
    assert (flow.counts["opening"], flow.counts["closing"]) == (114, 115)
    assert (flow.counts["new"], flow.counts["cancelled"]) == (9, 8)
    assert flow.as_of is None


def test_a_long_geometry_is_posted_and_means_the_same(city, monkeypatch):
    bodies = []
    arrow = city.connection.arrow

    def heard(path, parameters=None, *, body=None):
        bodies.append(body)
        return arrow(path, parameters, body=body)

    monkeypatch.setattr(city.connection, "arrow", heard)
    circle = shapely.Point(113.75, 22.95).buffer(0.01, quad_segs=128)
    answer = city.ask("check", geometry=circle, as_of=DAY)
    assert bodies[0]["as_of"] == DAY
    square = city.ask("check", geometry=shapely.box(113.74, 22.94, 113.76, 22.96), as_of=DAY)
    assert bodies[1] is None
    towns = [each.gdf.set_index("collection").loc["towns", "state"] for each in (answer, square)]
    assert towns == ["yes", "yes"]


# Functions


def test_a_question_has_a_signature_and_words(english):
    question = english.questions.remediation_sites_near_schools
    signature = inspect.signature(question)
    distance = signature.parameters["distance_m"]
    assert (distance.default, distance.annotation) == (500, float)
    assert distance.kind is inspect.Parameter.KEYWORD_ONLY
    assert signature.parameters["as_of"].default is None
    assert signature.return_annotation is Answer
    assert not {"limit", "cursor"} & set(signature.parameters)
    help = inspect.getdoc(question)
    assert "number (0, 50000] m; default 500" in help
    assert "- junior_school: " in help
    assert "default today" in help
    required = inspect.signature(english.questions.hazard_stock_flow).parameters["from_"]
    assert required.default is inspect.Parameter.empty


def test_words_are_those_of_the_clients_language(city, english):
    assert city.questions["hazard_counts"].title == "某日有多少灾害点、威胁多少人与资产"
    assert "默认 今天" in city.questions.hazard_counts.__doc__
    assert english.questions["hazard_counts"].title == "How many hazard sites, people and assets"


def test_questions_are_completed(city):
    assert "hazard_counts" in dir(city.questions)
    assert "hazard_counts" in city.questions._ipython_key_completions_()
    assert not hasattr(city.questions, "hazard_count")
    assert city.questions.get("hazard_count") is None
    assert list(city.questions) == list(city.questions.to_frame().index)


@pytest.mark.parametrize(
    "ask",
    [
        lambda city: city.questions.hazard_count(),
        lambda city: city.questions["hazard_count"],
        lambda city: city.ask("hazard_count"),
    ],
)
def test_an_unknown_question_is_refused_with_the_nearest(silent, ask):
    with pytest.raises(errors.UnknownQuestion) as refusal:
        ask(silent)
    assert refusal.value.nearest == ["hazard_counts"]


def test_an_unknown_parameter_is_refused_with_the_nearest_before_any_request(silent):
    with pytest.raises(errors.UnknownParameter) as refusal:
        silent.questions.near(this="hazard_sites", that="facilities", distance=5)
    assert refusal.value.nearest == ["distance_m"]
    with pytest.raises(errors.UnknownParameter):
        silent.ask("hazard_counts", limit=5)  # every row comes


@pytest.mark.parametrize(
    ("given", "name", "allowed"),
    [
        ({"distance_m": "500"}, "distance_m", "(0, 50000] m"),
        ({"distance_m": True}, "distance_m", "(0, 50000] m"),
        ({"distance_m": 0}, "distance_m", "(0, 50000] m"),
        ({"distance_m": 50_000.1}, "distance_m", "(0, 50000] m"),
        ({"distance_m": math.nan}, "distance_m", "(0, 50000] m"),
        ({"distance_m": Decimal("Infinity")}, "distance_m", "(0, 50000] m"),
        ({"by": "school"}, "by", "pairs"),
        ({"facility_kinds": ["school"]}, "facility_kinds", "primary_school"),
        ({"facility_kinds": 5}, "facility_kinds", "primary_school"),
        ({"as_of": "25.6.2021"}, "as_of", "2024-01-31"),
        ({"as_of": pd.Timestamp("2021-06-25 08:00")}, "as_of", "2024-01-31"),
        ({"known_at": datetime.datetime(2021, 6, 25)}, "known_at", "+08:00"),
        ({"town": 441900121}, "town", "文本"),
    ],
)
def test_a_value_of_another_kind_is_refused_before_any_request(silent, given, name, allowed):
    with pytest.raises(errors.BadParameter) as refusal:
        silent.ask("remediation_sites_near_schools", **given)
    assert refusal.value.parts["name"] == name
    assert allowed in str(refusal.value)


def test_what_must_be_given_is_missed_before_any_request(silent):
    with pytest.raises(errors.BadParameter, match="from_"):
        silent.ask("hazard_stock_flow", to="2022-07-31")


@pytest.mark.parametrize(
    ("number", "sent"),
    [(500, 500), (np.int64(500), 500), (np.float32(0.5), 0.5), (Decimal("12.5"), 12.5)],
)
def test_numbers_of_every_kind_are_taken(city, number, sent):
    assert city.questions.near.parameters["distance_m"].sent(number) == sent


@pytest.mark.parametrize("day", [DAY, datetime.date(2021, 6, 25), pd.Timestamp(DAY)])
def test_days_of_every_kind_are_taken(city, day):
    assert city.questions.hazard_counts.parameters["as_of"].sent(day) == DAY


def test_whole_numbers_and_lists_are_taken(city):
    parameters = city.questions.nearest_facilities.parameters
    assert parameters["k"].sent(3.0) == 3
    with pytest.raises(errors.BadParameter):
        parameters["k"].sent(2.5)
    kinds = ["kindergarten", "primary_school"]
    for given in (kinds, tuple(kinds), np.array(kinds), "kindergarten, primary_school"):
        assert parameters["facility_kinds"].sent(given) == kinds
    assert parameters["per_kind"].sent(np.True_) is True
    with pytest.raises(errors.BadParameter):
        parameters["per_kind"].sent("true")


def test_a_collection_stands_for_its_id(city):
    question = city.questions.near
    sent = question.sent({"this": city["hazard_sites"], "that": "zones", "distance_m": 1})
    assert sent["this"] == "hazard_sites"


def test_geometries_are_sent_in_degrees_and_need_a_crs(city):
    parameter = city.questions.check.parameters["geometry"]
    here = gpd.GeoSeries([shapely.Point(113.712, 22.8477)], crs="EPSG:4490")
    for given in (here.to_crs(4547), gpd.GeoDataFrame(geometry=here).to_crs(4526), here.iloc[0]):
        x, y = json.loads(parameter.sent(given))["coordinates"]
        assert (x, y) == pytest.approx((113.712, 22.8477), abs=1e-9)
    with pytest.raises(errors.BadGeometry, match="set_crs"):
        parameter.sent(gpd.GeoSeries([shapely.Point(1, 2)]))
    with pytest.raises(errors.BadGeometry, match="2"):
        parameter.sent(pd.concat([here, here]))
    with pytest.raises(errors.BadGeometry, match="Self-intersection"):
        parameter.sent(shapely.Polygon([(113, 22), (114, 23), (114, 22), (113, 23)]))
    with pytest.raises(errors.BadParameter):
        parameter.sent(5)


# Answers


def test_a_refusal_of_the_service_is_typed(city):
    with pytest.raises(errors.UnknownCollection) as refusal:
        city.ask("near", this="hazard_site", that="zones", distance_m=5)
    assert refusal.value.status == 404
    assert refusal.value.nearest[0] == "hazard_sites"


def test_given_parameters_are_told_from_defaults(city):
    answer = city.ask("remediation_sites_near_schools", as_of=DAY, distance_m=500)
    assert dict(answer.given) == {"as_of": DAY, "distance_m": 500}
    assert answer.parameters["metric"] == "geodesic"
    assert f"<strong>{DAY}</strong>" in answer._repr_html_()


def test_a_frame_says_where_it_comes_from(city):
    attributes = city.ask("remediation_sites_near_schools", as_of=DAY).gdf.attrs["geoservice"]
    assert attributes["question"] == "remediation_sites_near_schools"
    assert attributes["as_of"] == DAY
    assert attributes["fields"]["distance_m"] == {"title": "距离", "unit": "m"}
    assert attributes["query"].endswith(
        "/questions/remediation_sites_near_schools?as_of=2021-06-25"
    )
    assert attributes["returned"] == 47


def test_no_rows_are_a_none_only_where_all_is_known(english):
    """Hazard sites and zones are stated to be complete for the whole area, risk zones are not."""
    none = english.ask("near", this="hazard_sites", that="zones", distance_m=0.01, as_of=DAY)
    unknown = english.ask("near", this="risk_zones", that="zones", distance_m=0.01, as_of=DAY)
    assert len(none) == len(unknown) == 0
    assert {each.status for each in none.coverage} == {"complete"}
    assert {each.status for each in unknown.coverage} == {"complete", "partial"}
    for shown in (none._repr_html_(), repr(none)):
        assert "None: the layers are stated to be complete" in shown
    for shown in (unknown._repr_html_(), repr(unknown)):
        assert "that does not mean none" in shown
        assert "None: " not in shown
    assert list(none.gdf.columns) == list(
        english.ask("near", this="hazard_sites", that="zones", distance_m=5000, as_of=DAY).gdf
    )


def test_a_card_tells_figures_coverage_issues_and_method(english):
    answer = english.ask("programme_status", as_of="2021-12-31")
    card = answer._repr_html_()
    for said in ("2021-12-31", "✓ complete", "old-house-standing", answer.issues[0].statement):
        assert said in card
    assert "Members are the sites of the frozen list" in card
    near = english.ask("remediation_sites_near_schools", as_of=DAY)
    assert near.count_titles["certainty.possible"] in near._repr_html_()
    assert "◐ partial: not listed does not mean not there" in near._repr_html_()
    assert "✓ complete: what is not listed is not there" in near._repr_html_()


def test_a_card_escapes_what_it_shows(english, monkeypatch):
    answer = english.ask("hazard_counts", as_of=DAY, by="register_kind")
    answer.account["title"] = "<script>alert(1)</script>"
    answer.gdf.loc[answer.gdf.index[0], "register_kind"] = "<b>x</b>"
    card = answer._repr_html_()
    assert "<script>" not in card
    assert "<b>x" not in card


def test_files_have_the_same_rows_and_reports_the_account(city, tmp_path):
    answer = city.ask("remediation_sites_near_schools", as_of=DAY)
    table = gpd.read_parquet(answer.to_file(tmp_path / "near.parquet").path)
    assert list(table["distance_m"]) == list(answer.gdf["distance_m"])
    answer.to_file(tmp_path / "near.arrow")
    report = answer.to_file(tmp_path / "near.html")
    assert report.format == "report"
    assert "2021-06-25" in report.path.read_text("utf-8")
    assert answer.to_file(tmp_path / "near.pdf").path.read_bytes().startswith(b"%PDF")
    assert answer.to_file(tmp_path / "near.xlsx").path.read_bytes().startswith(b"PK")
    with pytest.raises(errors.UnknownFormat):
        answer.to_file(tmp_path / "near.dwg")


def test_a_file_is_of_the_instant_of_its_answer(connect_as, tmp_path):
    """A school that somebody enters afterwards is in the next answer, and not in this one's file."""
    planner = Client(connect_as("editor"))
    schools = planner["facilities"]
    before = planner.ask("remediation_sites_near_schools", as_of=DAY)
    with schools.edit(reason="a test") as edit:
        edit.insert(
            facility_no="CLIENT-ASKING-1",
            name="客户端测试小学",
            kind="primary_school",
            status="operating",
            opened_on="2020-09-01",
            geometry=shapely.Point(113.7125, 22.8480),
        )
    uid = edit.change.features["id"].iloc[0]
    try:
        after = planner.ask("remediation_sites_near_schools", as_of=DAY)
        written = before.to_file(tmp_path / "before.csv").path.read_text("utf-8")
    finally:
        with schools.edit() as edit:
            edit.delete(uid)
    assert "CLIENT-ASKING-1" in set(after.gdf["facility_no"])
    assert "CLIENT-ASKING-1" not in written
    assert len(written.splitlines()) == 1 + len(before)
