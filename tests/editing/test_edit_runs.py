"""Many operations alike are sent at once, and mean the same as one after the other."""

from uuid import UUID, uuid4

import psycopg
import pytest
import shapely

from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_sites
from geoservice.editing.carrying_out import EditLimits
from geoservice.editing.locks import Wanted, lock
from geoservice.editing.operations import Author, Delete, Insert, Replace, Update
from geoservice.editing.runs import runs
from geoservice.errors import (
    ChangedMeanwhile,
    FeatureLocked,
    FeatureNotLocked,
    Forbidden,
    RejectedFeature,
    TooLarge,
    UnknownFeature,
)
from tests.editing.conftest import CHANGAN, FACILITY, OF_HUMEN, counts, row

POINT = shapely.to_wkb(shapely.Point(113.75, 23.0))
SITE = {"site_no": "1", "name": "示例", "register_kind": "hidden_danger", "type_code": "02"}


@pytest.fixture
def uids(carried_out) -> list[UUID]:
    """Three facilities, numbered 1, 2, 3."""
    operations = [
        Insert(collection=facilities, values=FACILITY | {"facility_no": str(n), "geom": POINT})
        for n in (1, 2, 3)
    ]
    return [each.features[0].uid for each in carried_out(*operations).done]


def renamed(uid: UUID, name: str, version: int | None = None) -> Update:
    return Update(collection=facilities, which=uid, values={"name": name}, version=version)


def renumbered(uid: UUID, number: int) -> Update:
    return Update(collection=facilities, which=uid, values={"facility_no": str(number)})


def names(database, uids) -> list[str]:
    return [row(database, facilities, uid).name for uid in uids]


def test_operations_are_alike_if_they_name_the_same_fields_of_different_features(uids):
    a, b, c = uids
    moved = Update(collection=facilities, which=b, values={"geom": POINT})
    deletions = [Delete(collection=facilities, which=each) for each in uids]
    listed = Update(collection=facilities, which=b, values={"name": "x", "geom": POINT})
    assert [*runs([])] == []
    assert [*runs([renamed(a, "x"), renamed(b, "y", 1), renamed(c, "z")])] == [range(3)]
    assert [*runs([renamed(a, "x"), renamed(b, "y"), renamed(a, "z")])] == [range(2), range(2, 3)]
    assert [*runs([renamed(a, "x"), moved, listed])] == [range(1), range(1, 2), range(2, 3)]
    assert [*runs([renamed(a, "x"), *deletions])] == [range(1), range(1, 4)]


def test_each_feature_gets_its_own_values(carried_out, database, uids):
    outcome = carried_out(
        *(renamed(uid, name, 1) for uid, name in zip(uids, ("甲", "乙", "小学"), strict=True))
    )
    assert [each.features[0].uid for each in outcome.done] == uids
    assert [each.features[0].version for each in outcome.done] == [2, 2, 1]
    assert names(database, uids) == ["甲", "乙", "小学"]
    assert counts(database, outcome.change_id) == {"facilities": (0, 2, 0)}


def test_geometries_and_absent_values_are_each_ones_own(carried_out, database, uids):
    elsewhere = shapely.to_wkb(shapely.Point(1 / 3, 2 / 3))
    geometries = [elsewhere, None, POINT]
    carried_out(
        *(
            Update(collection=facilities, which=uid, values={"geom": geom, "capacity": capacity})
            for uid, geom, capacity in zip(uids, geometries, (1, None, 3), strict=True)
        )
    )
    stored = [row(database, facilities, uid) for uid in uids]
    assert [each.capacity for each in stored] == [1, None, 3]
    assert shapely.from_wkb(str(stored[0].geom)) == shapely.from_wkb(elsewhere)
    assert stored[1].geom is None


def test_updates_that_name_nothing_compare_the_versions(carried_out, uids):
    nothing = [Update(collection=facilities, which=uid, values={}, version=1) for uid in uids]
    outcome = carried_out(*nothing)
    assert outcome.change_id is None
    assert [each.features[0].version for each in outcome.done] == [1, 1, 1]


def test_replacements_take_away_what_they_do_not_name(carried_out, database):
    values = [SITE | {"site_no": str(n), "slope_height_m": 5.0, "geom": POINT} for n in (1, 2)]
    made = carried_out(*(Insert(collection=hazard_sites, values=each) for each in values))
    sites = [each.features[0].uid for each in made.done]
    carried_out(
        *(
            Replace(collection=hazard_sites, which=uid, values=SITE | {"site_no": str(n)})
            for n, uid in enumerate(sites)
        )
    )
    for uid in sites:
        stored = row(database, hazard_sites, uid)
        assert (stored.geom, stored.slope_height_m) == (None, None)
        assert stored.site_no_scheme == "national_12"


def test_the_one_that_is_missing_or_changed_is_named(carried_out, database, uids):
    a, b, c = uids
    carried_out(renamed(b, "乙"))
    with pytest.raises(ChangedMeanwhile) as changed:
        carried_out(renamed(a, "x", 1), renamed(b, "y", 1), renamed(c, "z", 1))
    assert changed.value.text("en").startswith("2 of 3: ")
    with pytest.raises(UnknownFeature) as unknown:
        carried_out(*(Delete(collection=facilities, which=each) for each in (a, c, uuid4())))
    assert unknown.value.text("en").startswith("3 of 3: ")
    assert names(database, uids) == ["小学", "乙", "小学"]


def test_the_one_that_breaks_a_rule_is_named_with_its_value(carried_out, uids):
    values = [{"kind": kind} for kind in ("primary_school", "castle", "keep")]
    with pytest.raises(RejectedFeature) as refusal:
        carried_out(
            *(
                Update(collection=facilities, which=uid, values=each)
                for uid, each in zip(uids, values, strict=True)
            )
        )
    assert refusal.value.text("en").startswith("2 of 3: facilities: field kind")
    assert refusal.value.parts["value"] == "castle"


def test_numbers_move_on_if_the_order_of_the_operations_frees_them(carried_out, database, uids):
    def numbers() -> list[str]:
        return [row(database, facilities, uid).facility_no for uid in uids]

    a, b, c = uids
    carried_out(renumbered(c, 4), renumbered(b, 3), renumbered(a, 2))
    assert numbers() == ["2", "3", "4"]
    carried_out(renumbered(a, 1), renumbered(b, 2), renumbered(c, 3))
    assert numbers() == ["1", "2", "3"]


def test_two_features_cannot_get_the_number_of_one(carried_out, uids):
    with pytest.raises(RejectedFeature) as refusal:
        carried_out(renumbered(uids[0], 8), renumbered(uids[1], 9), renumbered(uids[2], 9))
    assert refusal.value.text("en").startswith("3 of 3: ")


def test_features_of_other_towns_are_not_passed_over(carried_out, database, uids):
    values = FACILITY | {"facility_no": "9", "town_code": CHANGAN}
    other = carried_out(Insert(collection=facilities, values=values)).done[0].features[0].uid
    for operations in (
        [renamed(each, "x") for each in (*uids, other)],
        [Delete(collection=facilities, which=each) for each in (*uids, other)],
    ):
        with pytest.raises(Forbidden) as refusal:
            carried_out(*operations, author=OF_HUMEN)
        assert refusal.value.text("en").startswith("4 of 4: ")
    assert names(database, uids) == ["小学"] * 3


def test_a_locked_feature_is_named_and_one_that_is_not_held_too(carried_out, database, uids):
    owner = Author(name="李", door="test")
    held = lock(database, owner, [Wanted(facilities, (uids[1],))], minutes=5)
    with pytest.raises(FeatureLocked) as locked:
        carried_out(*(renamed(each, "x") for each in uids))
    assert locked.value.text("en").startswith("2 of 3: ")
    under = Author(name="李", door="test", lock_id=held.id)
    with pytest.raises(FeatureNotLocked) as not_locked:
        carried_out(*(renamed(each, "x") for each in (uids[1], uids[2])), author=under)
    assert not_locked.value.text("en").startswith("2 of 2: ")


def test_features_of_a_run_count_against_the_limit(carried_out, database, uids):
    operations = [renamed(each, "x") for each in uids]
    with pytest.raises(TooLarge):
        carried_out(*operations, limits=EditLimits(max_tx_features=2))
    assert names(database, uids) == ["小学"] * 3
    carried_out(*operations, limits=EditLimits(max_tx_features=3))


def test_locks_are_looked_up_by_an_index_however_few_there_are(carried_out, database, uids):
    plans: list[str] = []
    with psycopg.connect(database.url.replace("+psycopg", "")) as connection:
        connection.add_notice_handler(lambda told: plans.append(told.message_primary or ""))
        connection.execute("load 'auto_explain'")
        for setting in (
            "auto_explain.log_min_duration = 0",
            "auto_explain.log_nested_statements = on",
            "auto_explain.log_level = notice",
            "client_min_messages = notice",
        ):
            connection.execute(f"set {setting}")
        connection.execute("update registers.facilities set name = 'x'")
        connection.rollback()
    lookups = [each for each in plans if "locked_features" in each]
    assert len(lookups) == len(uids)
    for each in lookups:
        assert "using locked_features_pkey" in each
        assert "Index Cond: ((collection = 'facilities'::text) AND (uid =" in each
