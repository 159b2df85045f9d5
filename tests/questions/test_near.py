"""The general verb `near`: any two collections, each with its filter."""

import pytest
from worlds import asked, place

from geoservice.errors import BadFilter, BadParameter, MissingParameter, UnknownCollection


def test_each_side_has_its_filter(world, database):
    world.site(name="one")
    world.site(name="two")
    world.school(place(100), kind="hospital")
    world.school(place(100), kind="kindergarten")
    given = {"this": "hazard_sites", "that": "facilities", "distance_m": 500}
    assert asked(database, "near", **given).counts["pairs"] == 4
    one = asked(database, "near", **given, this_filter="name = 'one'")
    assert one.counts["pairs"] == 2
    assert one.counts["considered"] == {"these": 1, "those": 2}
    (row,) = asked(
        database, "near", **given, this_filter="name = 'two'", that_filter="kind = 'hospital'"
    ).rows
    assert (row["this_name"], row["certainty"]) == ("two", "certain")


def test_a_filter_that_is_none_or_names_no_field_is_refused(world, database):
    given = {"this": "hazard_sites", "that": "facilities", "distance_m": 500}
    with pytest.raises(BadFilter):
        asked(database, "near", **given, this_filter="name = ")
    with pytest.raises(BadParameter):
        asked(database, "near", **given, that_filter="no_such_field = 1")


def test_the_town_is_that_of_this_side(world, database):
    world.site(town_code="441900121")
    world.school(place(10), town_code="441900119")
    given = {"this": "hazard_sites", "that": "facilities", "distance_m": 500}
    assert asked(database, "near", **given, town="441900121").counts["pairs"] == 1
    assert asked(database, "near", **given, town="441900119").counts["pairs"] == 0


def test_distance_and_both_collections_must_be_given(database):
    with pytest.raises(MissingParameter) as refusal:
        asked(database, "near", this="hazard_sites", that="facilities")
    assert refusal.value.parts["name"] == "distance_m"
    with pytest.raises(MissingParameter):
        asked(database, "near", this="hazard_sites", distance_m=1)


@pytest.mark.parametrize(
    ("that", "error"), [("volcanoes", UnknownCollection), ("hazard_assessments", BadParameter)]
)
def test_both_collections_must_exist_and_have_geometry(database, that, error):
    with pytest.raises(error):
        asked(database, "near", this="facilities", that=that, distance_m=1)


def test_both_directions_give_the_same_pairs(world, database):
    for metres in (0, 300, 600):
        world.site(place(metres))
        world.school(place(metres + 200))
    forward = asked(database, "near", this="hazard_sites", that="facilities", distance_m=450)
    back = asked(database, "near", this="facilities", that="hazard_sites", distance_m=450)
    pairs = {(row["this_uid"], row["that_uid"]) for row in forward.rows}
    assert pairs == {(row["that_uid"], row["this_uid"]) for row in back.rows}
    # Site n and school m are 200 + 300 (m - n) metres apart: five of nine pairs are within 450 m.
    assert len(pairs) == sum(abs(200 + 300 * (m - n)) <= 450 for m in range(3) for n in range(3))


def test_collections_without_an_accuracy_give_pairs_of_unknown_certainty(world, database, add):
    from geoservice.domain.places import towns

    area = "MULTIPOLYGON(((113.7 22.9,113.8 22.9,113.8 23.1,113.7 22.9)))"
    add(towns, code="441900121", name="镇", kind="town", parent_code="441900", geom=area)
    world.site((113.79, 22.95))
    (row,) = asked(database, "near", this="towns", that="hazard_sites", distance_m=1).rows
    assert (row["distance_m"], row["certainty"]) == (0, "unknown")
    assert row["geometry_basis"] == "multipolygon-point"
