"""What question 1 makes of sites that were in a register before, or in the other one."""

import pytest
from worlds import place

from geoservice.domain.hazards import register_periods

HIDDEN, RISK_POINT = "hidden_danger", "risk_point"


def earlier(add, site, started_on, ended_on, end_kind="cancelled", register_kind=HIDDEN):
    add(
        register_periods,
        hazard_site=site,
        register_kind=register_kind,
        started_on=started_on,
        ended_on=ended_on,
        end_kind=end_kind,
    )


@pytest.mark.parametrize(
    ("as_of", "counted", "excluded"),
    [
        ("2015-12-31", 0, "not_registered"),
        ("2016-01-01", 1, None),
        ("2017-12-31", 1, None),
        ("2018-01-01", 0, "cancelled"),
        ("2019-12-31", 0, "cancelled"),
        ("2020-01-01", 1, None),
    ],
)
def test_a_site_counts_in_each_of_its_periods_and_is_cancelled_between_them(
    world, add, near_schools, as_of, counted, excluded
):
    site = world.site(registered_on="2020-01-01")
    earlier(add, site, "2016-01-01", "2018-01-01")
    world.school(place(10))
    counts = near_schools(as_of=as_of).counts
    assert counts["considered"]["sites"] == counted
    reasons = {reason: number for reason, number in counts["excluded"].items() if number}
    assert reasons == ({excluded: 1} if excluded else {})


@pytest.mark.parametrize(
    ("as_of", "register"), [("2019-12-31", RISK_POINT), ("2020-01-01", HIDDEN)]
)
def test_the_register_of_a_site_is_that_of_the_day(world, add, near_schools, as_of, register):
    site = world.site(registered_on="2020-01-01")
    earlier(add, site, "2016-01-01", "2020-01-01", "reclassified", RISK_POINT)
    world.school(place(10))
    for asked_for in (HIDDEN, RISK_POINT):
        counts = near_schools(as_of=as_of, register_kind=asked_for).counts
        assert counts["considered"]["sites"] == (asked_for == register)
        assert counts["excluded"]["other_register"] == (asked_for != register)


@pytest.mark.parametrize(("as_of", "treated"), [("2021-06-24", 1), ("2021-06-25", 0)])
def test_a_project_counts_until_the_day_on_which_it_is_void(world, near_schools, as_of, treated):
    site = world.site(measure=None)
    world.project(site, status="void", void_on="2021-06-25")
    world.school(place(10))
    assert near_schools(as_of=as_of).counts["considered"]["sites"] == treated
