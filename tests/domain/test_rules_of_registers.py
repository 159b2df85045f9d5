"""The registers of land, plans, funds and progress: their keys, the ways of their states, their duties."""

from decimal import Decimal

import pytest

from geoservice.catalog import Catalog
from geoservice.description.collection import (
    CodePair,
    Collection,
    Computed,
    FieldType,
    Fixed,
    GeometryType,
    Given,
    InOrder,
    Measure,
    Period,
    Steps,
)
from geoservice.domain.code_lists import LAND_USE_2023, LAND_USE_GBT21010

CATALOG = Catalog()
AREA = GeometryType.MULTI_POLYGON


def rules(collection: str, kind: type) -> list:
    return [rule for rule in CATALOG[collection].rules if isinstance(rule, kind)]


@pytest.mark.parametrize(
    ("id", "key", "geometry", "required"),
    [
        ("risk_zones", ("zone_no",), AREA, True),
        ("register_periods", ("hazard_site", "started_on"), None, False),
        ("remediation_programmes", ("programme_no",), None, False),
        ("funding_entries", ("entry_no",), None, False),
        ("land_parcels", ("parcel_no",), AREA, True),
        ("land_reserves", ("reserve_no",), AREA, True),
        ("education_projects", ("project_no",), GeometryType.POINT, False),
        ("zones", ("zone_no",), AREA, True),
        ("plans", ("plan_no", "version_no"), AREA, False),
        ("control_lines", ("line_no",), AREA, True),
        ("targets", ("target_no",), None, False),
        ("livelihood_projects", ("project_no",), None, False),
        ("coverage_statements", ("statement_no",), AREA, False),
    ],
)
def test_a_register_is_there_with_its_key_and_its_geometry(id, key, geometry, required):
    collection = CATALOG[id]
    assert collection.key == key
    assert (collection.geometry, collection.geometry_required) == (geometry, required)
    assert all(not collection.by_name[name].nullable for name in key)


@pytest.mark.parametrize("collection", list(CATALOG), ids=lambda each: each.id)
def test_a_layer_with_geometry_has_a_style_and_every_layer_a_subject(collection: Collection):
    assert collection.geometry is None or collection.style is not None
    assert collection.subject is not None


@pytest.mark.parametrize("collection", list(CATALOG), ids=lambda each: each.id)
def test_a_column_of_a_file_is_never_two_fields(collection: Collection):
    names = [name.lower() for field in collection.fields for name in {field.name, *field.aliases}]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("collection", list(CATALOG), ids=lambda each: each.id)
def test_a_period_with_two_ends_is_in_order(collection: Collection):
    if collection.period and collection.period.end and collection.id != "remediation_projects":
        period = collection.period
        assert InOrder(period.start, period.end or "") in collection.rules


def test_a_rule_of_a_state_names_codes_of_its_list():
    for collection in CATALOG:
        for rule in collection.rules:
            if isinstance(rule, Steps):
                codes = collection.by_name[rule.field].codes
                assert codes is not None
                for before, after in rule.allowed:
                    assert {before, *after} <= set(codes.by_code)
                    assert before not in after
            if isinstance(rule, Given):
                for name, states in rule.when:
                    codes = collection.by_name[name].codes
                    assert codes is not None
                    assert set(states) <= set(codes.by_code)


# The workflow of a remediation project, cancellation only after acceptance: 川自然资发〔2022〕30号,
# 苏自然资规发〔2020〕1号. A row is the state before, a mark an allowed state after.
_STATES = (
    *("measure_set", "design", "in_works", "completed", "accepted"),
    *("cancellation_requested", "cancelled", "void"),
)
_PROJECT_STEPS = {
    "measure_set": ". x x . . . . x",
    "design": ". . x . . . . x",
    "in_works": ". . . x . . . x",
    "completed": ". . x . x . . x",
    "accepted": ". . . . . x . .",
    "cancellation_requested": ". . . . x . x .",
    "cancelled": ". . . . . . . .",
    "void": ". . . . . . . .",
}


def test_a_remediation_project_goes_the_ways_of_the_procedure_and_no_others():
    (steps,) = rules("remediation_projects", Steps)
    assert steps.field == "status"
    allowed = {(before, after) for before, afters in steps.allowed for after in afters}
    assert allowed == {
        (before, after)
        for before, marks in _PROJECT_STEPS.items()
        for after, mark in zip(_STATES, marks.split(), strict=True)
        if mark == "x"
    }


_RESERVE_STATES = ("intended", "planned", "approved", "supplied", "built", "cancelled")
_RESERVE_STEPS = {
    "intended": ". x . . . x",
    "planned": ". . x . . x",
    "approved": ". . . x . x",
    "supplied": ". . . . x x",
    "built": ". . . . . .",
    "cancelled": ". . . . . .",
}


def test_a_reserve_goes_from_intention_to_built_and_can_be_cancelled_until_then():
    (steps,) = rules("land_reserves", Steps)
    assert steps.field == "status"
    allowed = {(before, after) for before, afters in steps.allowed for after in afters}
    assert allowed == {
        (before, after)
        for before, marks in _RESERVE_STEPS.items()
        for after, mark in zip(_RESERVE_STATES, marks.split(), strict=True)
        if mark == "x"
    }


@pytest.mark.parametrize(
    ("collection", "states", "field"),
    [
        (
            "remediation_projects",
            {"completed", "accepted", "cancellation_requested", "cancelled"},
            "completed_on",
        ),
        (
            "remediation_projects",
            {"accepted", "cancellation_requested", "cancelled"},
            "accepted_on",
        ),
        ("remediation_projects", {"cancelled"}, "cancelled_on"),
        ("land_reserves", {"planned"}, "planned_on"),
        ("land_reserves", {"approved"}, "approved_on"),
        ("land_reserves", {"supplied"}, "supplied_on"),
        ("land_reserves", {"built"}, "built_on"),
        ("land_reserves", {"cancelled"}, "cancelled_on"),
        ("plans", {"in_force", "repealed"}, "in_force_from"),
        ("plans", {"repealed"}, "in_force_to"),
    ],
)
def test_a_state_that_was_reached_has_its_date(collection, states, field):
    found = [
        set(rule.when[0][1])
        for rule in rules(collection, Given)
        if rule.field == field and len(rule.when) == 1 and rule.when[0][0] == "status"
    ]
    assert found == [states]


def test_a_relocation_is_not_accepted_while_an_old_house_stands():
    (rule,) = (each for each in rules("remediation_projects", Given) if each.value is not None)
    assert rule.field == "old_houses_standing"
    assert rule.value == 0
    assert {name: set(codes) for name, codes in rule.when} == {
        "measure": {"C"},
        "status": {"accepted", "cancellation_requested", "cancelled"},
    }


def test_an_acceptance_document_is_not_asked_of_registers_that_lack_it():
    assert CATALOG["remediation_projects"].by_name["acceptance_document"].nullable
    assert "acceptance_document" not in {
        rule.field for rule in rules("remediation_projects", Given)
    }


def test_the_members_of_a_programme_are_fixed_once_they_are_frozen():
    (fixed,) = rules("remediation_programmes", Fixed)
    assert set(fixed.fields) == {"hazard_sites", "baseline_on", "frozen_on"}
    assert fixed.once == "frozen_on"
    members = CATALOG["remediation_programmes"].by_name["hazard_sites"]
    assert members.many
    assert members.refers_to is not None
    assert members.refers_to.collection == "hazard_sites"


def test_secured_funds_are_entries_not_a_figure_of_a_project():
    assert "funds_secured_fen" not in CATALOG["remediation_projects"].by_name
    entries = CATALOG["funding_entries"]
    amount = entries.by_name["amount_fen"]
    assert amount.type is FieldType.LONG
    assert amount.minimum is None  # a correction is negative
    assert not entries.by_name["programme"].nullable
    assert entries.by_name["project"].nullable
    assert entries.by_name["hazard_site"].nullable
    assert entries.period == Period("booked_on")


@pytest.mark.parametrize("id", ["land_parcels", "land_reserves", "zones", "quota_parcels"])
def test_a_declared_area_stands_beside_two_measured_ones_and_the_difference(id):
    fields = CATALOG[id].by_name
    declared = fields["area_declared_m2"]
    assert (declared.type, declared.digits) == (FieldType.DECIMAL, (14, 2))
    assert declared.minimum == Decimal(0)
    assert declared.computed is None
    assert "TBMJ" in declared.aliases
    assert fields["area_ellipsoid_m2"].computed == Computed(Measure.ELLIPSOID_AREA)
    assert fields["area_plane_m2"].computed == Computed(Measure.PLANE_AREA)
    assert fields["area_difference_m2"].computed == Computed(
        Measure.ELLIPSOID_AREA, "area_declared_m2"
    )


@pytest.mark.parametrize("id", ["risk_zones", "plans", "control_lines"])
def test_what_declares_no_area_is_only_measured(id):
    assert CATALOG[id].computed_fields == {"area_ellipsoid_m2", "area_plane_m2"}
    assert "area_declared_m2" not in CATALOG[id].by_name


@pytest.mark.parametrize("id", ["land_parcels", "land_reserves"])
def test_a_land_use_is_a_pair_of_one_of_the_two_sets(id):
    assert rules(id, CodePair) == [
        CodePair("land_use_set", "land_use_code", (LAND_USE_2023, LAND_USE_GBT21010))
    ]
    assert "YDYHFLDM" in CATALOG[id].by_name["land_use_code"].aliases


@pytest.mark.parametrize("column", ["DLBM", "GHDLBM", "JQDLBM"])
def test_a_column_whose_set_a_file_does_not_say_is_not_taken_for_a_land_use(column):
    """0702 under DLBM is a rural homestead; under the default set it would be community services."""
    for id in ("land_parcels", "land_reserves"):
        assert all(column not in field.aliases for field in CATALOG[id].fields)


def test_a_reserve_with_unknown_land_use_leaves_both_halves_of_the_pair_empty():
    fields = CATALOG["land_reserves"].by_name
    for name in ("land_use_set", "land_use_code"):
        assert fields[name].nullable
        assert fields[name].default is None


@pytest.mark.parametrize("stage", ["kindergarten", "primary", "junior", "senior"])
def test_unknown_seats_are_empty_not_none(stage):
    seats = CATALOG["education_projects"].by_name[f"seats_{stage}"]
    assert seats.nullable
    assert seats.default is None
    assert seats.minimum == 0


def test_a_livelihood_project_may_stand_without_a_name():
    fields = CATALOG["livelihood_projects"].by_name
    assert [name for name, field in fields.items() if not field.nullable] == ["project_no"]
