"""The hazard layers that land is laid against: influence zones, risk zones, and sites within D."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from geoservice.domain.code_lists import RISK_LEVEL
from geoservice.domain.hazards import hazard_sites, risk_zones
from geoservice.languages import Text
from geoservice.questions.contract import Asking, Figures
from geoservice.questions.overlay import Layer
from geoservice.questions.proximity import Side
from geoservice.questions.sides import rows_of, true_then
from geoservice.store.statements import Condition

LAYERS: Mapping[str, Text] = {
    "influence_zones": Text(zh="灾害点影响范围", en="influence zones of hazard sites"),
    "risk_zones": Text(zh="地质灾害风险区", en="risk zones"),
    "sites_within": Text(zh="D 米以内的灾害点", en="hazard sites within D"),
}


def hazard_layers(asking: Asking) -> list[Layer]:
    """The hazard layers asked for; sites whatever their register, so that those left out are counted."""
    zones = rows_of(asking, risk_zones, "risk_zone")
    influencing = rows_of(asking, hazard_sites, "influencing_site")
    sites = rows_of(asking, hazard_sites, "near_site")
    in_force = (*true_then(asking, risk_zones, zones), zones.c.risk_level.in_(_levels(asking)))
    every = (
        Layer("influence_zones", Side(hazard_sites, influencing, ("influence_zone",))),
        Layer("risk_zones", Side(risk_zones, zones, ("geom",), in_force)),
        Layer(
            "sites_within",
            Side(hazard_sites, sites, hazard_sites.best_geometry),
            asking.number("distance_m"),
        ),
    )
    return [layer for layer in every if layer.name in asking.texts("layers")]


def _levels(asking: Asking) -> tuple[str, ...]:
    codes = tuple(code.code for code in RISK_LEVEL)  # from the highest
    return codes[: codes.index(asking.text("risk_level_at_least") or "low") + 1]


def hazards_named(asking: Asking) -> sa.Subquery:
    """What hazard features are called: `uid`, `no`, `name`."""
    sites = rows_of(asking, hazard_sites, "shown_site")
    zones = rows_of(asking, risk_zones, "shown_zone")
    return sa.union_all(
        sa.select(sites.c.uid, sites.c.site_no.label("no"), sites.c.name),
        sa.select(zones.c.uid, zones.c.zone_no, zones.c.name),
    ).subquery("hazards")


def figures_of_layers(asking: Asking, layers: Sequence[Layer], then: sa.CTE) -> list[Figures]:
    """How many features of each layer count, and how many zones are below the level asked for.

    `then` tells which sites were registered on the day.
    """
    found = []
    for layer in layers:
        rows = layer.side.rows
        there: tuple[Condition, ...] = (layer.side.geometry.is_not(None),)
        if layer.side.collection is hazard_sites:
            listed = then.c.register_kind.in_(asking.texts("register_kind"))
            there = (*there, rows.c.uid.in_(sa.select(then.c.hazard_site).where(listed)))
        found.append(
            sa.select(sa.func.count().label(f"considered.{layer.name}"))
            .select_from(rows)
            .where(*layer.side.where, *there)
        )
    if "risk_zones" in asking.texts("layers"):
        zones = rows_of(asking, risk_zones, "lower_zone")
        found.append(
            sa.select(sa.func.count().label("excluded.lower_risk_zones"))
            .select_from(zones)
            .where(
                *true_then(asking, risk_zones, zones),
                zones.c.risk_level.not_in(_levels(asking)),
            )
        )
    return found
