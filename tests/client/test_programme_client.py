"""The remediation programme from the client. Figures: datasets/dongguan/README.md."""

import pandas as pd
import pytest

from geoservice.client import errors

FEN = 100_000_000  # in a million yuan


def test_the_status_is_by_stages_and_all_members_are_in_one(city):
    status = city.programme.status(as_of="2021-06-25").gdf
    members = status["members"].astype(int)
    assert members.sum() == 114
    # 22 measure decided, 31 design, 37 works, 13 completed, 7 accepted are projects; four of them
    # are for two sites each.
    assert members.loc[["measure_set", "design", "in_works", "completed", "accepted"]].sum() == 114


def test_the_money_is_in_exactly_one_place(city):
    """Secured 95.80 M yuan: 91.00 M for single projects and 4.80 M not allocated."""
    money = city.programme.money(as_of="2021-12-31").gdf
    parts = money.groupby("part")["secured_fen"].sum()
    assert parts["total"] == 95.80 * FEN
    assert parts["unallocated"] == 4.80 * FEN
    assert parts.drop("total").sum() == parts["total"]


def test_members_and_priorities_are_asked(city):
    members = city.programme.members(as_of="2021-12-31")
    assert len(members) == 114
    assert members.gdf.crs == "EPSG:4490"
    priority = city.programme.priority(as_of="2021-06-25", weight_risk=2)
    assert priority.parameters["weight_risk"] == 2
    assert priority.gdf["rank"].iloc[0] == 1
    assert priority.gdf["score"].dropna().is_monotonic_decreasing


def test_projects_and_money_are_queries(city):
    assert city.programme.projects().count() == 117
    assert city.programme.funding().count() == 602
    started = city.programme.projects().where("works_on <= DATE('2021-06-25')")
    assert 0 < started.count() < 117
    paid = city.programme.funding().where(kind="paid").to_gdf()
    assert isinstance(paid, pd.DataFrame)
    assert round(paid["amount_fen"].sum() / FEN, 2) == 67.62


def test_a_programme_that_is_not_there_is_refused(city):
    with pytest.raises(errors.GeoserviceError, match="SYN-P-2021-114"):
        city.programme.status(programme="NOPE")
    with pytest.raises(errors.UnknownParameter):
        city.programme.money(asof="2021-12-31")
    with pytest.raises(TypeError):
        city.programme.money(by="stages")
