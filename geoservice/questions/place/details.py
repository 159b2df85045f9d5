"""What a layer's features say together about a place, in codes: one entry for each layer that has any.

The codes are those of the code lists, so that a detail reads the same in every language.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from geoservice.description.code_list import CodeList
from geoservice.domain.code_lists import RISK_LEVEL
from geoservice.domain.facilities import facilities
from geoservice.domain.hazards import hazard_assessments, hazard_sites, risk_zones
from geoservice.domain.land import education_projects, land_parcels, land_reserves, zones
from geoservice.domain.planning import control_lines, plans
from geoservice.domain.quota import quota_accounts, quota_entries, quota_parcels
from geoservice.domain.quota_movements import CHARGING_TYPES
from geoservice.questions.contract import Asking
from geoservice.questions.sides import rows_of

Value = Callable[[Asking, sa.FromClause], sa.ColumnElement[str | None]]


@dataclass(frozen=True)
class Detail:
    """One thing that features say: a text of each, of which the different ones are named in order.

    With `ranked` only the first of them in the order of that list is named.
    """

    name: str
    value: Value
    ranked: CodeList | None = None

    def rank(self, value: sa.ColumnElement[Any]) -> sa.ColumnElement[int | None]:
        """The place of a value in the list, from 1; null if there is no list."""
        if self.ranked is None:
            return sa.cast(sa.null(), sa.Integer)
        codes = sa.literal([code.code for code in self.ranked], sa.ARRAY(sa.Text))
        return sa.func.array_position(codes, value, type_=sa.Integer)


def _field(name: str) -> Value:
    return lambda _asking, rows: sa.cast(rows.c[name], sa.Text)


def _latest_risk(asking: Asking, sites: sa.FromClause) -> sa.ColumnElement[str | None]:
    """The risk level that the latest assessment on or before the day gives; see `assessments`."""
    rows = rows_of(asking, hazard_assessments, "assessment")
    return (
        sa.select(rows.c.risk_level)
        .where(rows.c.hazard_site == sites.c.uid, rows.c.assessed_on <= asking.as_of)
        .order_by(rows.c.assessed_on.desc(), rows.c.recorded_at.desc(), rows.c.uid.desc())
        .limit(1)
        .scalar_subquery()
    )


def _charge(asking: Asking, parcels: sa.FromClause) -> sa.ColumnElement[str | None]:
    """What a parcel has consumed by the day and not had reversed: `kind/year/m²`, or `no`."""
    entries = rows_of(asking, quota_entries, "entry")
    reversals = rows_of(asking, quota_entries, "reversal")
    accounts = rows_of(asking, quota_accounts, "account")
    is_reversed = sa.exists().where(
        reversals.c.reverses == entries.c.uid, reversals.c.booked_on <= asking.as_of
    )
    charges = (
        sa.select(
            accounts.c.quota_kind, accounts.c.year, sa.func.sum(entries.c.amount_m2).label("m2")
        )
        .select_from(entries.join(accounts, accounts.c.uid == entries.c.to_account))
        .where(
            entries.c.quota_parcel == parcels.c.uid,
            entries.c.entry_type.in_(CHARGING_TYPES),
            entries.c.booked_on <= asking.as_of,
            sa.not_(is_reversed),
        )
        .group_by(accounts.c.quota_kind, accounts.c.year)
        .correlate(parcels)
        .subquery("charges")
    )
    one = sa.func.concat_ws("/", *charges.c, type_=sa.Text)
    in_order: aggregate_order_by[str] = aggregate_order_by(sa.literal_column("'+'"), one)
    charged = sa.select(sa.func.string_agg(one, in_order)).scalar_subquery()
    return sa.func.coalesce(charged, "no", type_=sa.Text)


DETAILS: Mapping[str, tuple[Detail, ...]] = {
    control_lines.id: (Detail("kind", _field("kind")),),
    education_projects.id: (Detail("land_status", _field("land_status")),),
    facilities.id: (Detail("kind", _field("kind")),),
    hazard_sites.id: (
        Detail("register_kind", _field("register_kind")),
        Detail("risk_level", _latest_risk, RISK_LEVEL),
    ),
    land_parcels.id: (Detail("land_use_code", _field("land_use_code")),),
    land_reserves.id: (
        Detail("status", _field("status")),
        Detail("purpose_kind", _field("purpose_kind")),
    ),
    plans.id: (Detail("level", _field("level")),),
    quota_parcels.id: (Detail("charged", _charge),),
    risk_zones.id: (Detail("risk_level", _field("risk_level"), RISK_LEVEL),),
    zones.id: (Detail("kind", _field("kind")),),
}
"""By layer; a layer that is not here has no detail."""
