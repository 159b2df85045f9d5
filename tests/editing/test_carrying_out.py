"""Operations are carried out all or none, and say which one stood in the way."""

from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import pytest
import shapely
import sqlalchemy as sa

from geoservice.domain.code_lists import code_lists
from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_assessments, hazard_sites
from geoservice.editing.carrying_out import EditLimits
from geoservice.editing.operations import Delete, Insert, Replace, Restore, Update
from geoservice.errors import (
    ChangedMeanwhile,
    ConditionRequired,
    FeatureInUse,
    Forbidden,
    RejectedFeature,
    TooLarge,
    UnknownFeature,
    UnknownVersion,
)
from geoservice.query.filter import Compare, Comparison, Literal, Property
from geoservice.store.system import changes
from geoservice.store.tables import tables
from tests.editing.conftest import FACILITY, chain, counts, number_of_changes, row

POINT = shapely.to_wkb(shapely.Point(113.75, 23.0))
OTHER_POINT = shapely.to_wkb(shapely.Point(113.76, 23.01))
SITE = {
    "site_no": "441900020001",
    "name": "示例",
    "register_kind": "hidden_danger",
    "type_code": "02",
}


def new(number: int = 1, **values: object) -> Insert:
    return Insert(
        collection=facilities,
        values=FACILITY | {"facility_no": str(number), "geom": POINT} | values,
    )


def named(name: str) -> Compare:
    field = facilities.by_name["name"]
    return Compare(Comparison.EQUAL, Property("name", field), Literal(name))


def insert(carried_out, number: int = 1, **values: object) -> UUID:
    return carried_out(new(number, **values)).done[0].features[0].uid


def test_a_new_feature_is_version_one_and_its_change_says_who_and_why(carried_out, database):
    outcome = carried_out(new())
    (feature,) = outcome.done[0].features
    assert feature.version == 1
    stored = row(database, facilities, feature.uid)
    assert (stored.name, stored.version, stored.change_id) == ("小学", 1, outcome.change_id)
    change = database.row(sa.select(changes).where(changes.c.id == outcome.change_id))
    assert (change.actor, change.door, change.reason) == ("李", "test", "现场核实")
    assert counts(database, outcome.change_id) == {"facilities": (1, 0, 0)}


def test_a_new_feature_gets_the_default_of_what_must_be_there(carried_out, database):
    values = SITE | {"site_no_scheme": None}
    (done,) = carried_out(Insert(collection=hazard_sites, values=values)).done
    assert row(database, hazard_sites, done.features[0].uid).site_no_scheme == "national_12"


def test_an_update_keeps_what_it_does_not_name(carried_out, database):
    uid = insert(carried_out)
    outcome = carried_out(
        Update(collection=facilities, which=uid, values={"name": "中心小学"}, version=1)
    )
    assert outcome.done[0].features[0].version == 2
    stored = row(database, facilities, uid)
    assert (stored.name, stored.kind, stored.geom is not None) == (
        "中心小学",
        "primary_school",
        True,
    )
    assert counts(database, outcome.change_id) == {"facilities": (0, 1, 0)}


def test_an_update_can_take_a_value_away(carried_out, database):
    uid = insert(carried_out)
    carried_out(Update(collection=facilities, which=uid, values={"town_code": None}))
    assert row(database, facilities, uid).town_code is None


def test_two_unconditional_updates_of_different_fields_are_both_kept(carried_out, database):
    uid = insert(carried_out)
    carried_out(Update(collection=facilities, which=uid, values={"name": "甲"}))
    carried_out(Update(collection=facilities, which=uid, values={"geom": OTHER_POINT}))
    stored = row(database, facilities, uid)
    assert stored.name == "甲"
    assert shapely.from_wkb(str(stored.geom)) == shapely.from_wkb(OTHER_POINT)
    assert [each.version for each in chain(database, facilities, uid)] == [1, 2, 3]


def test_a_version_that_is_not_the_current_one_is_told_with_the_current_one(carried_out, database):
    uid = insert(carried_out)
    carried_out(Update(collection=facilities, which=uid, values={"name": "甲"}, version=1))
    for late in (
        Update(collection=facilities, which=uid, values={"name": "乙"}, version=1),
        Replace(collection=facilities, which=uid, values=FACILITY, version=1),
        Delete(collection=facilities, which=uid, version=1),
        Restore(collection=facilities, which=uid, to_version=1, version=1),
    ):
        with pytest.raises(ChangedMeanwhile) as refusal:
            carried_out(late)
        assert (refusal.value.parts["actual"], refusal.value.parts["expected"]) == (2, 1)
    assert row(database, facilities, uid).name == "甲"


def test_a_feature_that_is_not_there_is_unknown_to_every_operation(carried_out):
    missing = uuid4()
    for operation in (
        Update(collection=facilities, which=missing, values={"name": "甲"}),
        Update(collection=facilities, which=missing, values={}),
        Replace(collection=facilities, which=missing, values=FACILITY),
        Delete(collection=facilities, which=missing),
    ):
        with pytest.raises(UnknownFeature):
            carried_out(operation)
    with pytest.raises(UnknownVersion):
        carried_out(Restore(collection=facilities, which=missing, to_version=1))


def test_an_update_that_changes_nothing_keeps_its_version_and_makes_no_change(
    carried_out, database
):
    uid = insert(carried_out)
    before = number_of_changes(database)
    outcome = carried_out(
        Update(collection=facilities, which=uid, values={"name": "小学", "geom": POINT}),
        Update(collection=facilities, which=uid, values={}),
    )
    assert outcome.change_id is None
    assert [each.features[0].version for each in outcome.done] == [1, 1]
    assert number_of_changes(database) == before


def test_what_stays_the_same_is_not_counted(carried_out, database):
    first, second = insert(carried_out, 1), insert(carried_out, 2, name="中学")
    outcome = carried_out(
        Update(collection=facilities, which=first, values={"name": "小学"}),
        Update(collection=facilities, which=second, values={"name": "小学"}),
        Update(collection=facilities, which=second, values={"name": "小学"}),
        new(3),
        Delete(collection=facilities, which=first),
    )
    assert counts(database, outcome.change_id) == {"facilities": (1, 1, 1)}


def test_a_replacement_takes_away_what_it_does_not_name(carried_out, database):
    site = (
        carried_out(
            Insert(collection=hazard_sites, values=SITE | {"geom": POINT, "slope_height_m": 5.0})
        )
        .done[0]
        .features[0]
        .uid
    )
    carried_out(
        Replace(collection=hazard_sites, which=site, values=SITE | {"name": "滑坡"}, version=1)
    )
    stored = row(database, hazard_sites, site)
    assert (stored.name, stored.geom, stored.slope_height_m) == ("滑坡", None, None)
    assert stored.site_no_scheme == "national_12"


def test_a_replacement_leaves_private_fields_that_its_author_does_not_see(carried_out, database):
    veiled = replace(
        hazard_sites,
        fields=tuple(replace(each, private=each.name == "address") for each in hazard_sites.fields),
    )
    operation = Insert(collection=hazard_sites, values=SITE | {"address": "路 1 号"})
    site = carried_out(operation).done[0].features[0].uid
    carried_out(Replace(collection=veiled, which=site, values=SITE | {"name": "甲"}))
    assert row(database, hazard_sites, site).address == "路 1 号"
    carried_out(Replace(collection=veiled.unveiled, which=site, values=SITE))
    assert row(database, hazard_sites, site).address is None


def test_a_replacement_without_a_value_that_must_be_there_is_refused(carried_out):
    uid = insert(carried_out)
    with pytest.raises(RejectedFeature) as refusal:
        carried_out(Replace(collection=facilities, which=uid, values={"name": "甲"}))
    assert refusal.value.parts["reason"].en == "it must be given"


def test_operations_are_done_in_their_order(carried_out, database):
    uid = insert(carried_out)
    outcome = carried_out(
        Update(collection=facilities, which=uid, values={"name": "甲"}, version=1),
        Update(collection=facilities, which=uid, values={"name": "乙"}, version=2),
        Delete(collection=facilities, which=uid, version=3),
        new(1),
    )
    assert [each.features[0].version for each in outcome.done] == [2, 3, None, 1]
    assert [each.name for each in chain(database, facilities, uid)] == ["小学", "甲", "乙"]
    assert counts(database, outcome.change_id) == {"facilities": (1, 2, 1)}


def test_one_bad_feature_in_a_thousand_leaves_nothing_and_is_named(carried_out, database):
    operations = [new(number) for number in range(1000)]
    operations[617] = new(617, kind="castle")
    before = number_of_changes(database)
    with pytest.raises(RejectedFeature) as refusal:
        carried_out(*operations)
    assert refusal.value.text("en").startswith("618 of 1000: facilities: field kind")
    assert refusal.value.text("zh").startswith("第 618 项（共 1000 项）：")
    assert refusal.value.parts["value"] == "castle"
    table = tables().current(facilities)
    assert database.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    assert number_of_changes(database) == before


def test_a_label_names_the_operation(carried_out):
    with pytest.raises(UnknownFeature) as refusal:
        carried_out(new(), Delete(collection=facilities, which=uuid4(), label="删除旧设施"))
    assert refusal.value.text("zh").startswith("删除旧设施：")


def test_a_key_that_another_feature_has_is_told_with_its_value(carried_out):
    carried_out(new(7))
    with pytest.raises(RejectedFeature) as refusal:
        carried_out(new(7))
    assert (refusal.value.parts["field"], refusal.value.parts["value"]) == ("facility_no", "7")
    with pytest.raises(RejectedFeature) as refusal:
        carried_out(new(8), new(9), new(8))
    assert refusal.value.text("en").startswith("3 of 3: ")


def test_a_reference_to_nothing_is_told_with_its_value(carried_out):
    missing = uuid4()
    with pytest.raises(RejectedFeature) as refusal:
        carried_out(
            Insert(
                collection=hazard_assessments,
                values={"hazard_site": missing, "assessed_on": date(2021, 4, 1)},
            )
        )
    assert refusal.value.parts["value"] == str(missing)


def test_a_feature_that_others_refer_to_is_not_deleted(carried_out):
    site = carried_out(Insert(collection=hazard_sites, values=SITE)).done[0].features[0].uid
    carried_out(
        Insert(
            collection=hazard_assessments,
            values={"hazard_site": site, "assessed_on": date(2021, 4, 1)},
        )
    )
    with pytest.raises(FeatureInUse) as refusal:
        carried_out(Delete(collection=hazard_sites, which=site))
    assert refusal.value.text("en") == f"{site} is still used by hazard_assessments."


def test_a_site_into_which_another_was_merged_is_not_deleted(carried_out):
    site = carried_out(Insert(collection=hazard_sites, values=SITE)).done[0].features[0].uid
    merged = SITE | {"site_no": "441900020002", "merged_into": site}
    carried_out(Insert(collection=hazard_sites, values=merged))
    with pytest.raises(FeatureInUse, match="hazard_sites"):
        carried_out(Delete(collection=hazard_sites, which=site))
    with pytest.raises(RejectedFeature) as refusal:
        carried_out(
            Insert(
                collection=hazard_sites, values=merged | {"merged_into": uuid4(), "site_no": "3"}
            )
        )
    assert refusal.value.parts["field"] == "merged_into"


def test_a_dry_run_tells_what_would_be_and_changes_nothing(carried_out, database):
    uid = insert(carried_out)
    before = number_of_changes(database)
    outcome = carried_out(
        new(2),
        Update(collection=facilities, which=uid, values={"name": "甲"}),
        Delete(collection=facilities, which=uid),
        dry_run=True,
    )
    assert outcome.change_id is None
    assert [each.features[0].version for each in outcome.done] == [1, 2, None]
    assert number_of_changes(database) == before
    assert [each.name for each in chain(database, facilities, uid)] == ["小学"]
    with pytest.raises(RejectedFeature):
        carried_out(new(3, kind="castle"), dry_run=True)


def test_a_condition_selects_what_is_changed_and_deleted(carried_out, database):
    ids = sorted(insert(carried_out, number) for number in range(3))
    other = insert(carried_out, 9, name="中学")
    changed = carried_out(
        Update(collection=facilities, which=named("小学"), values={"status": "closed"})
    )
    assert [each.uid for each in changed.done[0].features] == ids
    deleted = carried_out(Delete(collection=facilities, which=named("小学")))
    assert [each.version for each in deleted.done[0].features] == [None] * 3
    assert counts(database, deleted.change_id) == {"facilities": (0, 0, 3)}
    assert row(database, facilities, other) is not None
    nothing = carried_out(Delete(collection=facilities, which=named("小学")))
    assert (nothing.change_id, nothing.done[0].features) == (None, ())


def test_a_version_with_a_condition_makes_no_sense():
    with pytest.raises(ValueError, match="one feature"):
        Delete(collection=facilities, which=named("小学"), version=1)


def test_a_transaction_has_at_most_so_many_operations(carried_out):
    limits = EditLimits(max_tx_operations=2)
    carried_out(new(1), new(2), limits=limits)
    with pytest.raises(TooLarge) as refusal:
        carried_out(new(3), new(4), new(5), limits=limits)
    assert refusal.value.parts["limit_name"] == "max_tx_operations"


def test_a_transaction_touches_at_most_so_many_features(carried_out, database):
    limits = EditLimits(max_tx_features=3)
    carried_out(*(new(number) for number in range(3)), limits=limits)
    carried_out(
        Update(collection=facilities, which=named("小学"), values={"name": "甲"}), limits=limits
    )
    insert(carried_out, 4, name="甲")
    too_many = Update(collection=facilities, which=named("甲"), values={"name": "乙"})
    with pytest.raises(TooLarge) as refusal:
        carried_out(too_many, limits=limits)
    assert (refusal.value.parts["limit_name"], refusal.value.parts["actual"]) == (
        "max_tx_features",
        4,
    )
    with pytest.raises(TooLarge):
        carried_out(*(new(number) for number in range(10, 14)), limits=limits)
    names = sa.select(tables().current(facilities).c.name).distinct()
    assert database.rows(names) == [("甲",)]


def test_a_change_says_whether_versions_were_disregarded(carried_out, database):
    def is_unconditional(outcome) -> bool:
        of = sa.select(changes.c.is_unconditional).where(changes.c.id == outcome.change_id)
        return database.scalar(of)

    uid = insert(carried_out)
    with_version = Update(collection=facilities, which=uid, values={"name": "甲"}, version=1)
    without = Update(collection=facilities, which=uid, values={"name": "乙"})
    assert not is_unconditional(carried_out(new(2)))
    assert not is_unconditional(carried_out(with_version))
    assert is_unconditional(carried_out(new(3), without))


def test_where_a_version_is_required_an_edit_without_one_is_refused(carried_out):
    uid = insert(carried_out)
    required = {"version_required": {"facilities"}}
    with pytest.raises(ConditionRequired):
        carried_out(Delete(collection=facilities, which=uid), **required)
    carried_out(new(2), Delete(collection=facilities, which=uid, version=1), **required)
    other = insert(carried_out, 3)
    carried_out(Delete(collection=facilities, which=other), version_required={"towns"})


def test_a_collection_that_is_not_editable_is_not_edited(carried_out):
    with pytest.raises(Forbidden, match="code_lists"):
        carried_out(Insert(collection=code_lists, values={}))


# Restoring


def test_an_update_is_undone_exactly(carried_out, database):
    uid = insert(carried_out, geom=shapely.to_wkb(shapely.Point(1 / 3, 2 / 3)))
    carried_out(Update(collection=facilities, which=uid, values={"name": "甲", "geom": POINT}))
    outcome = carried_out(Restore(collection=facilities, which=uid, to_version=1, version=2))
    assert outcome.done[0].features[0].version == 3
    first, second, third = chain(database, facilities, uid)
    assert (first.name, second.name, third.name) == ("小学", "甲", "小学")
    assert third.geom == first.geom != second.geom
    assert counts(database, outcome.change_id) == {"facilities": (0, 1, 0)}


def test_a_deleted_feature_comes_back_exactly_and_goes_on_with_its_versions(carried_out, database):
    uid = insert(carried_out, geom=shapely.to_wkb(shapely.Point(1 / 3, 2 / 3)))
    carried_out(Update(collection=facilities, which=uid, values={"name": "甲"}))
    carried_out(Delete(collection=facilities, which=uid))
    outcome = carried_out(Restore(collection=facilities, which=uid, to_version=1))
    assert outcome.done[0].features[0].version == 3
    assert counts(database, outcome.change_id) == {"facilities": (1, 0, 0)}
    carried_out(Update(collection=facilities, which=uid, values={"name": "乙"}, version=3))
    versions = chain(database, facilities, uid)
    assert [each.version for each in versions] == [1, 2, 3, 4]
    assert [each.name for each in versions] == ["小学", "甲", "小学", "乙"]
    assert versions[2].geom == versions[0].geom
    assert versions[2].recorded_at >= versions[1].superseded_at


def test_a_feature_is_restored_and_deleted_again_and_again(carried_out, database):
    uid = insert(carried_out)
    for _ in range(3):
        carried_out(
            Delete(collection=facilities, which=uid),
            Restore(collection=facilities, which=uid, to_version=1),
        )
    assert [each.version for each in chain(database, facilities, uid)] == [1, 2, 3, 4]


def test_to_restore_the_current_version_changes_nothing(carried_out):
    uid = insert(carried_out)
    outcome = carried_out(Restore(collection=facilities, which=uid, to_version=1))
    assert (outcome.change_id, outcome.done[0].features[0].version) == (None, 1)


def test_a_version_that_never_was_is_not_restored(carried_out):
    uid = insert(carried_out)
    with pytest.raises(UnknownVersion):
        carried_out(Restore(collection=facilities, which=uid, to_version=2))
    carried_out(Delete(collection=facilities, which=uid))
    with pytest.raises(UnknownVersion):
        carried_out(Restore(collection=facilities, which=uid, to_version=2))


def test_a_restored_feature_obeys_the_rules_of_today(carried_out):
    uid = insert(carried_out, 1)
    carried_out(Delete(collection=facilities, which=uid))
    insert(carried_out, 1)
    with pytest.raises(RejectedFeature, match="facility_no"):
        carried_out(Restore(collection=facilities, which=uid, to_version=1))
